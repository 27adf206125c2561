// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Index uses an index that is out of range: the panic is printed to standard
// error with a traceback, and the status is 2.
package main

import "fmt"

func main() {
	x := []int{0, 2, 3}
	fmt.Println("before")
	fmt.Println(element(x, 8))
	fmt.Println("after")
}

//go:noinline
func element(x []int, i int) int {
	return x[i]
}
