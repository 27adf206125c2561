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
	}
}
