// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import (
	"internal/runtime/syscall/dios"
	"sync"
	"unsafe"
)

// Objects as streams of bytes: a FIFO to or from another task, and standard
// input, which may be a CONSOLE too. Where the records begin is lost, as
// between a pipe's writes.

// From package runtime; see runtime/entry_dios.go.

//go:linkname pollOpen runtime.diosPollOpen
func pollOpen(ref uintptr) uintptr

//go:linkname pollClose runtime.diosPollClose
func pollClose(pd uintptr)

//go:linkname pollUnblock runtime.diosPollUnblock
func pollUnblock(pd uintptr)

//go:linkname pollReset runtime.diosPollReset
func pollReset(pd uintptr, mode int) int

//go:linkname pollWait runtime.diosPollWait
func pollWait(pd uintptr, mode int, n uint32) int

// alone reports whether this goroutine may wait in the kernel, because
// nothing else goes on in the task.
//
//go:linkname alone runtime.diosAlone
func alone() bool

// An objectEnd is a reference that bytes are read from, or written to.
//
// Several goroutines may wait for it, some in the poller for their descriptor
// and some here. One goroutine of its own waits for the object, as long as
// somebody does, and wakes them all.
type objectEnd struct {
	ref  uint64
	mode int // 'r' or 'w'

	mu      sync.Mutex
	changed sync.Cond
	pd      uintptr // 0: nobody had to wait yet
	waiting bool    // the goroutine is there
	f       *file   // what it waits for, if it is
	waiter  func()  // it: made once, for to start it is not to allocate
	closed  bool
	left    []byte // of a record that was read, what nobody took
}

// pipeRoom is the room that a write waits for: a write of up to so many bytes
// is not torn.
const pipeRoom = pipeWhole

func newObjectEnd(ref uint64, mode int) *objectEnd {
	e := &objectEnd{ref: ref, mode: mode}
	e.changed.L = &e.mu
	return e
}

// do calls try, which does not wait but as its flags say, until it succeeds, or
// fails otherwise than with EAGAIN, or f is nonblock. When nothing else goes on it
// waits in the kernel, which is one call for four.
func (e *objectEnd) do(f *file, try func(flags uintptr) (int, Errno)) (int, Errno) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		if e.closed {
			return 0, EBADF
		}
		flags := uintptr(dios.BUF_NONBLOCK)
		if !f.nonblock.Load() && alone() {
			flags = 0
		}
		n, err := try(flags)
		if err == EINTR {
			continue
		}
		if err != EAGAIN {
			return n, err
		}
		if !e.waiting {
			e.waiting = true
			if e.pd == 0 {
				e.pd = pollOpen(uintptr(e.ref))
				e.waiter = e.wait
			}
			e.f = f
			go e.waiter()
		}
		if f.nonblock.Load() {
			return 0, EAGAIN
		}
		e.changed.Wait()
	}
}

// wait waits for the object, and wakes who waits for e.f.
func (e *objectEnd) wait() {
	if pollReset(e.pd, e.mode) == 0 {
		pollWait(e.pd, e.mode, e.room())
	}
	e.mu.Lock()
	f := e.f
	e.waiting = false
	if e.closed {
		pollClose(e.pd)
	}
	e.mu.Unlock()
	e.changed.Broadcast()
	f.ready(int32(e.mode))
}

func (e *objectEnd) room() uint32 {
	if e.mode == 'w' {
		return pipeRoom
	}
	return 0
}

func (e *objectEnd) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.closed = true
	deleteRef(e.ref) // the other side is to know at once
	e.ref = 0
	if e.pd != 0 {
		pollUnblock(e.pd)
		if !e.waiting {
			pollClose(e.pd)
		}
	}
}

// read takes what has come. The end of the stream is 0 bytes.
func (e *objectEnd) read(f *file, b []byte) (int, Errno) {
	return e.do(f, func(flags uintptr) (int, Errno) {
		for len(e.left) == 0 {
			var iov dios.Iov
			r := dios.Syscall6(dios.SYS_ACQUIRE_READ, flags, uintptr(e.ref), 0, uintptr(unsafe.Pointer(&iov)), 0, 0)
			switch {
			case r == -dios.EPIPE:
				return 0, 0
			case r < 0:
				return 0, fromDIOS(int(-r))
			}
			// A buffer full of a console's is not a record: leave the rest.
			data := unsafe.Slice(*(**byte)(unsafe.Pointer(&iov.Addr)), iov.Len)
			n := copy(b, data)
			e.left = append(e.left, data[n:]...)
			dios.Syscall6(dios.SYS_COMMIT_READ, 0, uintptr(e.ref), uintptr(iov.Len), uintptr(unsafe.Pointer(&iov)), 0, 0)
			dios.Syscall6(dios.SYS_RELEASE_READ, 0, uintptr(e.ref), uintptr(unsafe.Pointer(&iov)), 0, 0, 0)
			if n > 0 {
				return n, 0
			}
			// An empty record is not the end.
		}
		n := copy(b, e.left)
		e.left = e.left[n:]
		if len(e.left) == 0 {
			e.left = nil
		}
		return n, 0
	})
}

// write writes as much of b as there is room for, but not a part of what is
// no longer than pipeWhole.
func (e *objectEnd) write(f *file, b []byte) (int, Errno) {
	return e.do(f, func(flags uintptr) (int, Errno) {
		var iov dios.Iov
		r := dios.Syscall6(dios.SYS_ACQUIRE_WRITE, flags|dios.BUF_BATCH, uintptr(e.ref), uintptr(min(len(b), pipeWhole)), uintptr(unsafe.Pointer(&iov)), 0, 0)
		if r < 0 {
			return 0, fromDIOS(int(-r))
		}
		const head = int(unsafe.Sizeof(dios.Record{}))
		mem := unsafe.Slice(*(**byte)(unsafe.Pointer(&iov.Addr)), iov.Len)
		n := copy(mem[head:], b)
		*(*dios.Record)(unsafe.Pointer(&mem[0])) = dios.Record{Len: uint32(n)}
		span := head + (n+7)&^7
		r = dios.Syscall6(dios.SYS_COMMIT_WRITE, 0, uintptr(e.ref), uintptr(span), uintptr(unsafe.Pointer(&iov)), 0, 0)
		// Others may write to the same FIFO: do not keep the room.
		dios.Syscall6(dios.SYS_RELEASE_WRITE, 0, uintptr(e.ref), uintptr(unsafe.Pointer(&iov)), 0, 0, 0)
		if r < 0 {
			return 0, fromDIOS(int(-r))
		}
		return n, 0
	})
}

// input is an object as standard input: bytes come out of it.
type input struct{ *objectEnd }

func (input) write(f *file, b []byte) (int, Errno) { return 0, EBADF }
func (input) mode() uint32                         { return S_IFIFO | S_IRUSR }
func (input) pollable()                            {}

// makeFIFO makes a FIFO and returns a reference to each end.
func makeFIFO(size int) (r, w uint64, e Errno) {
	var ref uint64
	spec := dios.Fifo{Size: uint64(size)}
	if e := dios.Syscall6(dios.SYS_CREATE, 0, dios.T_FIFO, uintptr(unsafe.Pointer(&spec)), 0, uintptr(unsafe.Pointer(&ref)), 0); e < 0 {
		return 0, 0, fromDIOS(int(-e))
	}
	ends := [2]dios.Grant{{Ref: ref, Rights: dios.R_READ}, {Ref: ref, Rights: dios.R_WRITE}}
	err := dios.Syscall6(dios.SYS_COPY, 0, uintptr(unsafe.Pointer(&ends)), 2, dios.REF_SELF, 0, 0)
	deleteRef(ref)
	if err < 0 {
		return 0, 0, fromDIOS(int(-err))
	}
	return ends[0].Out, ends[1].Out, 0
}
