// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Fibtasks measures Fibonacci numbers by the definition, with a task for each
// call: figure 4.8 of the dissertation. On Linux it is a process for each
// call, and pipes.
package main

import (
	"fmt"
	"time"
)

func main() {
	if isChild() {
		return
	}
	fib(2) // warm up
	start := time.Now()
	if fib(8) != 21 {
		panic("fib(8) is not 21")
	}
	fmt.Printf("BenchmarkFibTasks8 1 %d ns/op\n", time.Since(start).Nanoseconds())
}
