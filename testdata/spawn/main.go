// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Spawn starts many tasks, one after another and then at once, and stops in
// between, that somebody may count what there is: it says where it is, and goes on
// when it reads a line. Each task answers a question.
//
//	spawn [ONE-AFTER-ANOTHER [AT-ONCE]]
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/dios"
	"strconv"
)

var square = dios.Register("square", func(ch *dios.Chan[int, int]) {
	for n := range ch.All() {
		ch.Send(n * n)
	}
})

type child = dios.Child[int, int]

// ask asks a task, and end ends it.
func ask(c *child, n int) {
	if err := c.Send(n); err != nil {
		panic(err)
	}
	if got := dios.Must(c.Recv()); got != n*n {
		panic(fmt.Sprint("the square of ", n, " is not ", got))
	}
}

func end(c *child) {
	if err := c.CloseSend(); err != nil {
		panic(err)
	}
	if err := c.Wait(context.Background()); err != nil {
		panic(err)
	}
	if err := c.Close(); err != nil {
		panic(err)
	}
}

func oneByOne(n int) {
	for i := range n {
		c := dios.Must(square.Spawn())
		ask(c, i)
		end(c)
	}
}

func atOnce(n int, all func()) {
	children := make([]*child, n)
	for i := range children {
		children[i] = dios.Must(square.Spawn())
	}
	for i, c := range children {
		ask(c, i)
	}
	all()
	for _, c := range children {
		end(c)
	}
}

var in = bufio.NewScanner(os.Stdin)

// stop says where the program is, and waits for a line. What the collector gives
// back is given back by then.
func stop(where string) {
	runtime.GC()
	runtime.GC()
	fmt.Println(where)
	if !in.Scan() {
		os.Exit(1)
	}
}

func main() {
	many := [2]int{1000, 100}
	for i, arg := range os.Args[1:] {
		n, err := strconv.Atoi(arg)
		if err != nil {
			panic(err)
		}
		many[i] = n
	}
	oneByOne(2)
	atOnce(2, func() {})
	stop("ready")
	oneByOne(many[0])
	stop("one after another")
	atOnce(many[1], func() { stop("at once") })
	stop("done")
}
