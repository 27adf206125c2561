// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Roundtrip measures how long it takes to send 8 bytes to another task and to
// get them back. On Linux it is a process, and pipes.
package main

import (
	"fmt"
	"time"
)

func main() {
	if isChild() {
		return
	}
	roundTrip := start()
	const n = 2000
	var took time.Duration
	for range 2 { // the first warms up
		begin := time.Now()
		for i := range uint64(n) {
			if roundTrip(i) != i {
				panic("not what was sent")
			}
		}
		took = time.Since(begin)
	}
	fmt.Printf("BenchmarkChanRoundTrip8 %d %d ns/op\n", n, took.Nanoseconds()/n)
}
