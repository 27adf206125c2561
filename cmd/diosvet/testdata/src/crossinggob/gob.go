// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package crossinggob

import (
	"runtime/dios"
	_ "runtime/dios/gob"
	"time"
)

type (
	tree  struct{ Left, Right *tree }
	event struct {
		At   time.Time
		Call func() // left out
	}
	hidden struct{ p *int }
	calls  struct{ All []func() }
)

var (
	_ = dios.Register("ok", func(*dios.Chan[map[string][]string, tree]) {})
	_ = dios.Register("ok", func(*dios.Chan[event, any]) {})

	_ = dios.Register("bad", func(*dios.Chan[func(), int]) {})           // want `encodes no functions`
	_ = dios.Register("bad", func(*dios.Chan[map[int]chan int, int]) {}) // want `encodes no Go channels`
	_ = dios.Register("bad", func(*dios.Chan[hidden, int]) {})           // want `cannot carry hidden: it has no exported fields`
	_ = dios.Register("bad", func(*dios.Chan[calls, int]) {})            // want `cannot carry calls: encoding/gob encodes no functions`
)
