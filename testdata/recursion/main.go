// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Recursion goes deep, so that stacks grow and move, in the first goroutine and
// in others, with pointers into them.
package main

import (
	"fmt"
	"sync"
)

func depth(n int) int {
	if n == 0 {
		return 0
	}
	return 1 + depth(n-1)
}

// link holds pointers to its callers' variables; they must follow when the
// stack moves.
func link(n int, up *int) int {
	here := n
	var pad [8]int
	pad[n%8] = n
	if n > 0 {
		link(n-1, &here)
	}
	*up += here + pad[n%8] - n
	return *up
}

func ackermann(m, n int) int {
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return ackermann(m-1, 1)
	}
	return ackermann(m-1, ackermann(m, n-1))
}

// deferred runs a deferred call and a recover at every level.
func deferred(n int) (sum int) {
	defer func() {
		if r := recover(); r != nil {
			sum = r.(int) + 1
			if n%500 != 0 {
				panic(sum)
			}
		}
	}()
	if n == 0 {
		panic(0)
	}
	return deferred(n-1) + 1
}

func main() {
	fmt.Println(depth(10), depth(100_000), depth(500_000))
	total := 0
	fmt.Println(link(100_000, &total), total)
	fmt.Println(ackermann(2, 300), ackermann(3, 6))
	fmt.Println(deferred(500))
	var wg sync.WaitGroup
	results := make([]int, 100)
	for i := range results {
		wg.Go(func() { results[i] = depth(100 * i) })
	}
	wg.Wait()
	sum := 0
	for _, v := range results {
		sum += v
	}
	fmt.Println(sum)
	c := make(chan int)
	go func() { c <- depth(200_000) }()
	fmt.Println(<-c)
}
