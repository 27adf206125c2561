// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Preempt has goroutines in loops without a call in them, on one processor. The
// others still run: timers, channels, the collector.
package main

import (
	"fmt"
	"runtime"
	"time"
)

var n uint64

func main() {
	runtime.GOMAXPROCS(1)
	for range 2 {
		go func() {
			for {
				n++
			}
		}()
	}
	for i := range 3 {
		time.Sleep(time.Millisecond)
		fmt.Println("woke up", i)
	}
	c := make(chan int)
	go func() {
		for i := range 5 {
			c <- i
		}
		close(c)
	}()
	for v := range c {
		fmt.Println("received", v)
	}
	runtime.GC() // must stop the loops to begin
	fmt.Println("collected")
	done := make(chan bool)
	time.AfterFunc(time.Millisecond, func() { close(done) })
	<-done
	fmt.Println("done")
}
