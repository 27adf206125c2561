// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Fib computes Fibonacci numbers by the definition: control flow and calls.
package main

import "fmt"

func fib(n uint) uint {
	switch n {
	case 0:
		return 0
	case 1:
		return 1
	}
	return fib(n-2) + fib(n-1)
}

func main() {
	fmt.Println("fib(10) =", fib(10))
	fmt.Println("fib(27) =", fib(27))
}
