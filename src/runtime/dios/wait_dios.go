// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	sys "syscall/dios"
	"time"
	_ "unsafe" // for go:linkname
)

// From package runtime. A descriptor of its poller is a number here.

//go:linkname pollOpen runtime.diosPollOpen
func pollOpen(ref uintptr) uintptr

//go:linkname pollClose runtime.diosPollClose
func pollClose(pd uintptr)

//go:linkname pollUnblock runtime.diosPollUnblock
func pollUnblock(pd uintptr)

//go:linkname pollReset runtime.diosPollReset
func pollReset(pd uintptr, mode int) int

//go:linkname pollSetDeadline runtime.diosPollSetDeadline
func pollSetDeadline(pd uintptr, d int64, mode int)

//go:linkname pollWait runtime.diosPollWait
func pollWait(pd uintptr, mode int, n uint32) int

// alone reports whether this goroutine may wait in the kernel, because
// nothing else goes on in the task.
//
//go:linkname alone runtime.diosAlone
func alone() bool

// A port is a reference and the goroutines that use it in one direction. One
// at a time has its turn; it, too, may have to wait, for what the object has
// not got yet.
//
// How a goroutine waits: it asks the kernel with BufNonblock, and when there
// is nothing parks in the poller, until dios_select says that there is. When
// it is alone in the task it lets the kernel wait instead, which is one call
// for three. Whatever could interrupt the wait (a deadline, a context, Close)
// needs a timer or another goroutine, and then it is not alone.
type port struct {
	ref    sys.Ref
	mode   int           // 'r' or 'w'
	turn   chan struct{} // holds a value while a goroutine has the turn
	closed atomic.Bool
	timed  atomic.Bool // a deadline was set, ever

	mu       sync.Mutex
	pd       uintptr   // the poller's, once somebody had to wait; 0: none
	deadline time.Time // what SetDeadline said
}

func (p *port) init(ref sys.Ref, mode int) {
	p.ref = ref
	p.mode = mode
	p.turn = make(chan struct{}, 1)
}

// begin waits for the turn. After an error the caller does not have it.
func (p *port) begin(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
	default:
		select {
		case p.turn <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if p.closed.Load() {
		p.end()
		return os.ErrClosed
	}
	if ctx.Done() != nil && ctx.Err() != nil {
		p.end()
		return ctx.Err()
	}
	if p.timed.Load() {
		if err := pollError(pollReset(p.pd, p.mode)); err != nil {
			p.end()
			return err
		}
	}
	return nil
}

func (p *port) end() { <-p.turn }

// wait parks until the reference is ready: to be read; or to be written, a
// record of room bytes. The caller has the turn.
func (p *port) wait(ctx context.Context, room int) error {
	pd := p.desc()
	if pd == 0 {
		return os.ErrClosed
	}
	if ctx.Done() != nil {
		canceled := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			pollSetDeadline(pd, -1, p.mode)
			close(canceled)
		})
		defer func() {
			if !stop() {
				<-canceled
				p.mu.Lock()
				p.setDeadline()
				p.mu.Unlock()
			}
		}()
	}
	err := pollError(pollReset(pd, p.mode))
	if err == nil {
		err = pollError(pollWait(pd, p.mode, uint32(room)))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// desc returns the poller's descriptor; 0 after close.
func (p *port) desc() uintptr {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() {
		return 0
	}
	if p.pd == 0 {
		p.pd = pollOpen(uintptr(p.ref))
	}
	return p.pd
}

// SetDeadline makes a wait that lasts until t end with
// os.ErrDeadlineExceeded, those under way too. The zero Time takes it back.
func (p *port) SetDeadline(t time.Time) error {
	if p.desc() == 0 {
		return os.ErrClosed
	}
	p.timed.Store(true)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deadline = t
	p.setDeadline()
	return nil
}

// setDeadline tells the poller the deadline. The caller has p.mu.
func (p *port) setDeadline() {
	if p.pd == 0 {
		return // closed
	}
	d := int64(0)
	if !p.deadline.IsZero() {
		if d = int64(time.Until(p.deadline)); d <= 0 {
			d = -1
		}
	}
	pollSetDeadline(p.pd, d, p.mode)
}

// close deletes the reference. Whoever waits gets os.ErrClosed.
func (p *port) close() error {
	if p.closed.Swap(true) {
		return os.ErrClosed
	}
	p.mu.Lock()
	if p.pd != 0 {
		pollUnblock(p.pd)
	}
	p.mu.Unlock()
	p.turn <- struct{}{} // whoever had the turn leaves now
	p.mu.Lock()
	if p.pd != 0 {
		pollClose(p.pd)
		p.pd = 0
	}
	p.mu.Unlock()
	err := sys.Delete(0, p.ref)
	p.end()
	return err
}

// pollError turns a result of the poller into an error.
func pollError(e int) error {
	switch e {
	case 0:
		return nil
	case 1:
		return os.ErrClosed
	case 2:
		return os.ErrDeadlineExceeded
	}
	return sys.EINVAL // not reached: references can be polled
}
