// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package crossing

import "runtime/dios"

type (
	point  struct{ X, Y int32 }
	line   struct{ From, To point }
	linked struct{ next *linked }
	named  struct{ Name string }
	coded  struct{ p *int }
	half   struct{ p *int }
)

func (c coded) MarshalBinary() ([]byte, error)     { return nil, nil }
func (c *coded) UnmarshalBinary(data []byte) error { return nil }
func (c half) MarshalBinary() ([]byte, error)      { return nil, nil }

var (
	_ = dios.Register("ok", func(*dios.Chan[int, line]) {})
	_ = dios.Register("ok", func(*dios.Chan[string, []byte]) {})
	_ = dios.Register("ok", func(*dios.Chan[[4]point, []line]) {})
	_ = dios.Register("ok", func(*dios.Chan[coded, *coded]) {})
	_ = dios.Register("ok", func(*dios.Chan[struct{}, [0]*int]) {})

	_ = dios.Register("bad", func(*dios.Chan[*int, int]) {})                   // want `cannot carry \*int: a pointer means nothing to another task`
	_ = dios.Register("bad", func(*dios.Chan[int, func()]) {})                 // want `cannot carry func\(\): a function is of this task's memory`
	_ = dios.Register("bad", func(*dios.Chan[int, chan int]) {})               // want `cannot carry chan int: a Go channel`
	_ = dios.Register("bad", func(*dios.Chan[map[string]int, int]) {})         // want `cannot carry map\[string\]int: it has pointers`
	_ = dios.Register("bad", func(*dios.Chan[linked, int]) {})                 // want `cannot carry linked: it has pointers`
	_ = dios.Register("bad", func(*dios.Chan[named, int]) {})                  // want `cannot carry named: it has pointers`
	_ = dios.Register("bad", func(*dios.Chan[[]string, int]) {})               // want `cannot carry \[\]string: it has pointers`
	_ = dios.Register("bad", func(*dios.Chan[half, any]) {})                   // want `cannot carry half` `cannot carry any`
	_ = dios.RegisterWorker("bad", func(error) (int, error) { return 0, nil }) // want `cannot carry error`
	_ = dios.NewChan[int, *point](nil, nil)                                    // want `cannot carry \*point`
)

// Whoever instantiates it decides.
func generic[T any](f func(*dios.Chan[T, []T])) { dios.NewChan[T, []T](nil, nil) }
