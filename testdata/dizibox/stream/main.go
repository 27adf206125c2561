// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Stream is a Go program for DiziBox's tests: it reads its input, or makes some.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime/dios"
	"strconv"
	"strings"
	"time"
)

func main() {
	switch os.Args[1] {
	case "fill":
		n, err := strconv.Atoi(os.Args[2])
		if err != nil {
			panic(err)
		}
		w := bufio.NewWriter(os.Stdout)
		for range n {
			w.WriteString(strings.Repeat("x", 99) + "\n")
		}
		w.Flush()
	case "upper":
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			fmt.Println(strings.ToUpper(in.Text()))
		}
		if err := in.Err(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "count":
		// While one goroutine waits for input another one goes on.
		ticks := make(chan int)
		stop := make(chan bool)
		go func() {
			n := 0
			for {
				select {
				case <-stop:
					ticks <- n
					return
				case <-time.After(10 * time.Millisecond):
					n++
				}
			}
		}()
		n, err := io.Copy(io.Discard, os.Stdin)
		stop <- true
		fmt.Println(n, err, <-ticks >= 5)
	case "name":
		// A blob whose name is random; it stays.
		b := dios.Must(dios.NewBlob(3))
		dios.Must(b.WriteAt([]byte("Go\n"), 0))
		fmt.Println(dios.Must(b.Ref().SetName(0)))
	case "publish":
		// Names of objects that go with this task.
		dios.Must(0, dios.Must(dios.NewShared(4096)).Ref().SetPublicName(dios.Must(dios.PublicName("stream")), 0))
		dios.Must(dios.Must(dios.NewShared(4096)).Ref().SetName(0))
		time.Sleep(time.Hour)
	}
}
