// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Deadlock waits for what cannot come: the runtime notices, says so, and the
// status is 2.
package main

import (
	"fmt"
	"os"
	"sync"
)

func main() {
	fmt.Println("before")
	what := "receive"
	if len(os.Args) > 1 {
		what = os.Args[1]
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	switch what {
	case "receive":
		<-make(chan int)
	case "send":
		make(chan int) <- 1
	case "select":
		select {}
	case "mutex":
		mu.Lock()
		mu.Lock()
	case "waitgroup":
		wg.Add(1)
		wg.Wait()
	case "two": // each waits for the other
		a, b := make(chan int), make(chan int)
		go func() {
			<-a
			b <- 1
		}()
		<-b
		a <- 1
	}
	fmt.Println("after")
}
