// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Fib measures calls and arithmetic: Fibonacci's number 30, by the definition.
package main

import (
	"fmt"
	"time"
)

//go:noinline
func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-2) + fib(n-1)
}

func main() {
	fib(25) // warm up
	const rounds = 3
	start := time.Now()
	for range rounds {
		if fib(30) != 832040 {
			panic("wrong")
		}
	}
	fmt.Printf("BenchmarkFib30 %d %d ns/op\n", rounds, time.Since(start).Nanoseconds()/rounds)
}
