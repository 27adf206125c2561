// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package main

import "runtime/dios"

var functions = map[string]*dios.Func[int, int]{
	"filter": dios.Register("filter", func(ch *dios.Chan[int, int]) {
		for n := range ch.All() {
			if isPrime(n) {
				ch.Send(n)
			}
		}
	}),
	"sum": dios.Register("sum", func(ch *dios.Chan[int, int]) {
		total := 0
		for n := range ch.All() {
			total += n
		}
		ch.Send(total)
	}),
}

type task struct{ *dios.Child[int, int] }

func spawn(what string) child { return task{dios.Must(functions[what].Spawn())} }

func (t task) send(n int) { t.Send(n) }
func (t task) end()       { t.CloseSend() }

func (t task) recv() (int, bool) {
	n, err := t.Recv()
	return n, err == nil
}

func isChild() bool { return false } // a task function never gets to main
