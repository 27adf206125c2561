// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Stackoverflow recurses without end: the runtime says so, and the status is 2.
// The limit is small, so that it does not first fill the memory.
package main

import (
	"fmt"
	"runtime/debug"
)

func down(n int) int {
	return down(n+1) + 1
}

func main() {
	debug.SetMaxStack(1 << 20)
	fmt.Println("before")
	fmt.Println(down(0))
}
