// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package main

import "runtime/dios"

var echo = dios.Register("echo", func(ch *dios.Chan[uint64, uint64]) {
	for v := range ch.All() {
		ch.Send(v)
	}
})

// start starts a task, and returns what makes a round trip to it.
func start() func(v uint64) uint64 {
	c := dios.Must(echo.Spawn())
	return func(v uint64) uint64 {
		c.Send(v)
		return dios.Must(c.Recv())
	}
}

func isChild() bool { return false } // a task function never gets to main
