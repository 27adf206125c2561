// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package dios has the declarations of runtime/dios that the tests use.
package dios

type Ref uint64

func (r Ref) Delete() error                    { return nil }
func (r Ref) Limit(rights uint32) (Ref, error) { return r, nil }

func NewGroup(rights uint32) (Ref, error) { return 0, nil }

type Chan[In, Out any] struct{}

func (c *Chan[In, Out]) Send(v Out) error { return nil }

func NewChan[In, Out any](r *Reader, w *Writer) *Chan[In, Out] { return nil }

type Func[In, Out any] struct{}

func Register[In, Out any](name string, f func(ch *Chan[In, Out])) *Func[In, Out] { return nil }

type Worker[In, Out any] struct{}

func RegisterWorker[In, Out any](name string, f func(In) (Out, error)) *Worker[In, Out] { return nil }

type Reader struct{}

func (r *Reader) Next() ([]byte, error) { return nil, nil }
func (r *Reader) Done() error           { return nil }
func (r *Reader) Close() error          { return nil }

type Writer struct{}

func (w *Writer) Room(n int) ([]byte, error) { return nil, nil }
func (w *Writer) Commit(n int) error         { return nil }
func (w *Writer) Close() error               { return nil }
