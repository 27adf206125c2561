// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Scavenge uses much memory, gives it back, says so, and waits for a moment in
// which one can look from outside at how much it has.
package main

import (
	"fmt"
	"runtime/debug"
	"time"
)

func main() {
	const mib = 1 << 20
	var blocks [][]byte
	for i := range 150 {
		b := make([]byte, mib)
		for j := 0; j < len(b); j += 4096 {
			b[j] = byte(i)
		}
		blocks = append(blocks, b)
	}
	fmt.Println("used", len(blocks))
	time.Sleep(2 * time.Second)
	blocks = nil
	debug.FreeOSMemory()
	fmt.Println("freed")
	time.Sleep(3 * time.Second)
	// It can have it again.
	b := make([]byte, 50*mib)
	for j := range b {
		if b[j] != 0 {
			fmt.Println("not zero at", j)
			break
		}
		b[j] = 1
	}
	fmt.Println("done")
}
