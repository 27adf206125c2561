// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Panic panics in the way its argument says and does not recover: message and
// traceback on standard error, status 2.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
)

type point struct{ x, y int }

type stringer struct{}

func (stringer) String() string { return "a stringer" }

type badError struct{}

func (badError) Error() string { panic("panic in Error") }

func main() {
	fmt.Println("standard output")
	fmt.Fprintln(os.Stderr, "standard error")
	println("println", 1, true, 2.5, "x")
	defer fmt.Println("deferred")
	what := "string"
	if len(os.Args) > 1 {
		what = os.Args[1]
	}
	outer(what)
}

//go:noinline
func outer(what string) {
	inner(what)
}

//go:noinline
func inner(what string) {
	switch what {
	case "string":
		panic("a string\nof two lines")
	case "error":
		panic(fmt.Errorf("outside: %w", errors.New("inside")))
	case "number":
		panic(42)
	case "struct":
		panic(point{1, 2})
	case "stringer":
		panic(stringer{})
	case "nil":
		panic(nil)
	case "badError":
		panic(badError{})
	case "nested":
		defer func() {
			panic("second")
		}()
		panic("first")
	case "again":
		defer func() {
			r := recover()
			panic(r)
		}()
		panic("repanicked")
	case "goroutine":
		done := make(chan bool)
		go func() {
			panic("in a goroutine")
		}()
		<-done
	case "goexit":
		defer fmt.Println("goexit of main")
		runtime.Goexit()
	case "map":
		var m map[string]int
		m["x"] = 1
	case "fatal":
		var mu noMutex
		mu.unlock()
	}
}

// noMutex is unlocked without being locked: an error that cannot be recovered.
type noMutex struct{ mu sync.Mutex }

func (m *noMutex) unlock() {
	defer func() { recover() }()
	m.mu.Unlock()
}
