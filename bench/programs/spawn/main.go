// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Spawn measures how long it takes to start a Go program, this one, and to wait
// for its end.
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		os.Exit(3) // the child
	}
	const n = 20
	spawn() // warm up
	start := time.Now()
	for range n {
		spawn()
	}
	fmt.Printf("BenchmarkSpawn %d %d ns/op\n", n, time.Since(start).Nanoseconds()/n)
}
