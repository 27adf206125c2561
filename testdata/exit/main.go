// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Exit ends with the status that its argument says, or by return without one.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	defer fmt.Println("deferred")
	if len(os.Args) < 2 {
		fmt.Println("return")
		return
	}
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	fmt.Print("no newline at the end of standard output")
	fmt.Fprint(os.Stderr, "nor of standard error")
	go func() {
		for {
		}
	}()
	os.Exit(n)
}
