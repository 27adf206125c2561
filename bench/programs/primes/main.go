// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Primes measures the sum of the primes below 1000, with 12 tasks that tell
// which numbers are prime and 8 that add them: figure 4.10 of the
// dissertation. On Linux they are processes, and the channels pipes.
package main

import (
	"fmt"
	"time"
)

const mappers, reducers, limit = 12, 8, 1000

// A child is a task or process; it gets numbers, and sends numbers.
type child interface {
	send(n int)
	end() // of what is sent
	recv() (n int, ok bool)
}

func isPrime(n int) bool {
	for i := 2; i < n; i++ {
		if n%i == 0 {
			return false
		}
	}
	return n > 1
}

func sumPrimes() int {
	var maps [mappers]child
	var reduces [reducers]child
	for i := range maps {
		maps[i] = spawn("filter")
	}
	for i := range reduces {
		reduces[i] = spawn("sum")
	}
	for n := range limit {
		maps[n%mappers].send(n)
	}
	next, total := 0, 0
	for _, m := range maps {
		m.end()
		for n, ok := m.recv(); ok; n, ok = m.recv() {
			reduces[next%reducers].send(n)
			next++
		}
	}
	for _, r := range reduces {
		r.end()
		n, _ := r.recv()
		total += n
	}
	return total
}

func main() {
	if isChild() {
		return
	}
	sumPrimes() // warm up
	start := time.Now()
	if n := sumPrimes(); n != 76127 {
		panic(n)
	}
	fmt.Printf("BenchmarkPrimes 1 %d ns/op\n", time.Since(start).Nanoseconds())
}
