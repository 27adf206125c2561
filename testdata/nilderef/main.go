// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Nilderef does what a program must not do, again and again, and recovers each
// time: faults become the panics that Go promises, with the right words.
//
// With an argument it does one of them and does not recover.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"unsafe"
)

type thing struct {
	a int
	b [10000]byte
	c int
}

func (t thing) method() int { return t.a }

type iface interface{ method() int }

var (
	nothing  *thing
	noMap    map[string]int
	noFunc   func()
	noIface  iface
	anything any = "text"
	zero     int
	minusOne = -1
	three    = []int{1, 2, 3}
	four     = 4
	sink     any
	sinkInt  int
	sinkByte byte
)

var wrongs = []struct {
	name string
	do   func()
}{
	{"read nil", func() { sinkInt = nothing.a }},
	{"write nil", func() { nothing.a = 1 }},
	{"read far beyond nil", func() { sinkInt = nothing.c }},
	{"element of nil", func() { sinkByte = nothing.b[four] }},
	{"copy nil", func() { sink = *nothing }},
	{"method through nil", func() { sinkInt = nothing.method() }},
	{"nil interface", func() { noIface.method() }},
	{"nil function", func() { noFunc() }},
	{"nil map", func() { noMap["x"] = 1 }},
	{"divide", func() { sinkInt = 1 / zero }},
	{"modulo", func() { sinkInt = four % zero }},
	{"index", func() { sinkInt = three[four] }},
	{"negative index", func() { sinkInt = three[minusOne] }},
	{"slice", func() { three = three[four:] }},
	{"slice to array", func() { sink = [4]int(three) }},
	{"string index", func() { sinkByte = "abc"[four] }},
	{"conversion", func() { sinkInt = anything.(int) }},
	{"other interface", func() { sink = anything.(iface) }},
	{"make", func() { sink = make([]int, minusOne) }},
	{"shift", func() { sinkInt = 1 << minusOne }},
	{"close twice", func() { c := make(chan int); close(c); close(c) }},
	{"close nil", func() { var c chan int; close(c) }},
	{"unhashable", func() { sink = map[any]int{[]int{1}: 1} }},
	{"compare", func() { var a, b any = []int{1}, []int{1}; sink = a == b }},
}

func main() {
	if len(os.Args) > 1 {
		for _, w := range wrongs {
			if w.name == os.Args[1] {
				w.do()
				fmt.Println("nothing happened")
			}
		}
		if os.Args[1] == "bad address" {
			sinkInt = *(*int)(unsafe.Pointer(bad))
		}
		if os.Args[1] == "bad jump" {
			p := &bad
			f := *(*func())(unsafe.Pointer(&p))
			f()
		}
		fmt.Println("no such wrong:", os.Args[1])
		os.Exit(1)
	}
	for range 3 {
		for _, w := range wrongs {
			attempt(w.name, w.do)
		}
	}
	// Many, in case something is used up.
	for range 20000 {
		func() {
			defer func() { recover() }()
			nothing.a = 1
		}()
	}
	// In another goroutine, deep in a stack that just grew.
	done := make(chan bool)
	go func() {
		defer close(done)
		deep(10000)
	}()
	<-done
	badAddress()
	fmt.Println("done")
}

func deep(n int) {
	if n == 0 {
		attempt("deep", func() { nothing.a = 1 })
		return
	}
	deep(n - 1)
}

func attempt(name string, do func()) {
	defer func() {
		r := recover()
		var re runtime.Error
		err, ok := r.(error)
		fmt.Printf("%s: %v (%v)\n", name, r, ok && errors.As(err, &re))
	}()
	do()
	fmt.Println(name, "did nothing")
}

// bad is an address where nothing is, on the first pages that are no nil either.
var bad uintptr = 0x12345000

// badAddress reads where nothing is; that is fatal unless it is asked to panic.
func badAddress() {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	attempt("bad address", func() { sinkInt = *(*int)(unsafe.Pointer(bad)) })
	defer func() {
		r := recover()
		a, ok := r.(interface{ Addr() uintptr })
		fmt.Println("address known:", ok && a.Addr() == bad)
	}()
	*(*int)(unsafe.Pointer(bad)) = 1
}
