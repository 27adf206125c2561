// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package register

import (
	"os"
	"runtime/dios"
	"strings"
	"sync"
	"time"
)

func echo(ch *dios.Chan[int, int]) {}

var (
	early  = dios.Register("early", echo)
	table  = map[string]any{"x": dios.Register("in a table", echo)}
	called = func() any { return dios.Register("called at once", echo) }()
	once   = sync.OnceFunc(func() { dios.Register("once", echo) }) // want `registered too late`
)

func init() {
	dios.Register("init", echo)
	helper("by a helper")
	go dios.Register("in a goroutine", echo) // want `registered too late`
	defer func() { dios.RegisterWorker("deferred", func(int) (int, error) { return 0, nil }) }()
}

func helper(name string) {
	dios.Register(name, echo)
	if name != "" {
		helper("")
	}
}

func both() { dios.Register("both", echo) } // want `registered too late`

func init() { both() }

func Later() { both() }

func Exported() { dios.Register("exported", echo) } // want `registered too late`

func main() {
	dios.Register("main", echo) // want `registered too late`
}

func init() { value = valued }

var value func()

func valued() { dios.Register("as a value", echo) } // want `registered too late`

var global = 3

func init() {
	const n = 1
	const more = 2
	words := strings.Fields("a b")
	start := time.Now()
	arg := os.Args[1]
	second := arg + "x"
	var total int
	for i, name := range []string{"x", "y"} {
		total += i
		dios.Register(name, func(ch *dios.Chan[int, int]) {
			local := time.Now()
			_ = local
			ch.Send(n + more + i + total + len(name) + len(words) + global)
		})
	}
	dios.Register("time", func(ch *dios.Chan[int, int]) {
		ch.Send(int(time.Since(start))) // want `uses start, which a new task computes anew, from what time.Now returns`
		ch.Send(int(time.Since(start)))
	})
	dios.Register("args", func(ch *dios.Chan[int, int]) {
		ch.Send(len(second)) // want `uses second, which a new task computes anew, from os.Args`
	})
}
