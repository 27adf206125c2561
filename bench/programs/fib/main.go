// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Fib measures calls and arithmetic: Fibonacci's number 30, by the definition.
package main

import (
	"fmt"
	"time"
)

// An emulator's jump from one page of code to another is slow: a function that
// lies across two takes up to twice as long. Where it lies is up to the linker,
// and nothing that is to be measured. So there are two that are the same: they
// are small and lie side by side, and at most one of them lies across pages.

//go:noinline
func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-2) + fib(n-1)
}

//go:noinline
func fibToo(n int) int {
	if n < 2 {
		return n
	}
	return fibToo(n-2) + fibToo(n-1)
}

func measure(f func(int) int) int64 {
	f(25) // warm up
	const rounds = 3
	start := time.Now()
	for range rounds {
		if f(30) != 832040 {
			panic("wrong")
		}
	}
	return time.Since(start).Nanoseconds() / rounds
}

func main() {
	fmt.Printf("BenchmarkFib30 3 %d ns/op\n", min(measure(fib), measure(fibToo)))
}
