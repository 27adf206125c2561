// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Spawn measures how long it takes to start a Go program, this one, and to wait
// for its end; on DIOS also with much memory in the parent.
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

var memory [][]byte

func main() {
	if len(os.Args) > 1 {
		os.Exit(3) // the child
	}
	measure("Spawn")
	if runtime.GOOS == "dios" {
		use(10 << 20)
		measure("Spawn10M")
		use(1 << 30)
		measure("Spawn1G")
	}
}

func measure(name string) {
	const n = 50
	runtime.GC() // or what was left of making the memory would be measured with it
	spawn()      // warm up
	start := time.Now()
	for range n {
		spawn()
	}
	fmt.Printf("Benchmark%s %d %d ns/op\n", name, n, time.Since(start).Nanoseconds()/n)
}

// use makes it size bytes that this program has, and has written to.
func use(size int) {
	const piece = 1 << 20
	for len(memory)*piece < size {
		b := make([]byte, piece)
		for i := 0; i < piece; i += 4096 {
			b[i] = 1
		}
		memory = append(memory, b)
	}
}
