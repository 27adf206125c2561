// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import (
	"internal/runtime/syscall/dios"
	"unsafe"
)

// A treeEnd is one of the two FIFOs of a tree, as a stream of bytes.
//
// No other task has this end, and one goroutine at a time uses it. So all room, or
// all that is there, is lent and stays lent (DIOS_BUF_BATCH): requests that are
// sent together are one call, and so are the replies to them.
type treeEnd struct {
	ref      uint64
	mode     int
	pd       uintptr  // the poller's, once somebody had to wait; 0: none
	iov      dios.Iov // what is lent, if acquired
	acquired bool
	pos      int    // bytes of iov that were read, or written and not published
	later    bool   // to write: what is not published will be, later
	least    int    // to write: for so long a record there is room at least when something is lent
	rec      []byte // to read: what is left of the record at pos
	span     int    // of that record
}

const treeFrame = int(unsafe.Sizeof(dios.Record{}))

func treeSpan(n int) int { return treeFrame + (n+7)&^7 }

// lent returns what is lent and was not used.
func (e *treeEnd) lent() []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&e.iov.Addr)), e.iov.Len)[e.pos:]
}

func (e *treeEnd) close() {
	deleteRef(e.ref)
	if e.pd != 0 {
		pollUnblock(e.pd)
		pollClose(e.pd)
	}
}

// again calls try until it is not interrupted, nor has to wait. Where nothing else goes on in
// the task it waits in the kernel, as its flags say then, and else in the poller: for what
// there is to read, or for room for n bytes.
func (e *treeEnd) again(n int, try func(flags uintptr) int64) Errno {
	for {
		flags := uintptr(dios.BUF_NONBLOCK)
		if alone() {
			flags = 0
		}
		switch r := try(flags); {
		case r >= 0:
			return 0
		case r == -dios.EINTR:
		case r == -dios.EAGAIN:
			if e.pd == 0 {
				e.pd = pollOpen(uintptr(e.ref))
			}
			if pollReset(e.pd, e.mode) == 0 {
				pollWait(e.pd, e.mode, uint32(n))
			}
		default:
			return fromDIOS(int(-r))
		}
	}
}

// read reads some of what has come, and waits until something has.
func (e *treeEnd) read(p []byte) (int, Errno) {
	for len(e.rec) == 0 {
		e.pos += e.span
		e.span = 0
		if e.pos < int(e.iov.Len) {
			// The length is read once: the service could change it.
			mem := e.lent()
			n := min(int(*(*uint32)(unsafe.Pointer(&mem[0]))), len(mem)-treeFrame)
			e.rec, e.span = mem[treeFrame:treeFrame+n], treeSpan(n)
			continue
		}
		err := e.again(0, func(flags uintptr) (r int64) {
			if e.acquired {
				r = dios.Syscall6(dios.SYS_COMMIT_READ, flags|dios.BUF_NEXT, uintptr(e.ref), uintptr(e.pos), uintptr(unsafe.Pointer(&e.iov)), 0, 0)
			} else {
				r = dios.Syscall6(dios.SYS_ACQUIRE_READ, flags|dios.BUF_BATCH, uintptr(e.ref), 0, uintptr(unsafe.Pointer(&e.iov)), 0, 0)
				e.acquired = r >= 0
			}
			e.pos = 0
			return r
		})
		if err != 0 {
			e.iov.Len = 0
			return 0, err
		}
	}
	n := copy(p, e.rec)
	e.rec = e.rec[n:]
	return n, 0
}

// write makes a record of p, which publish shows to the service: at the latest when
// there is no room for another.
func (e *treeEnd) write(p []byte) Errno {
	for e.pos+treeSpan(len(p)) > int(e.iov.Len) {
		if e.pos > 0 {
			if err := e.publish(); err != 0 {
				return err
			}
			continue
		}
		err := e.again(len(p), func(flags uintptr) (r int64) {
			if e.acquired && e.iov.Len == 0 && len(p) <= e.least {
				return dios.Syscall6(dios.SYS_COMMIT_WRITE, flags|dios.BUF_NEXT, uintptr(e.ref), 0, uintptr(unsafe.Pointer(&e.iov)), 0, 0)
			}
			// What was lent is too little. Given back, it is there for us again,
			// with what has become free.
			if e.acquired {
				dios.Syscall6(dios.SYS_RELEASE_WRITE, 0, uintptr(e.ref), uintptr(unsafe.Pointer(&e.iov)), 0, 0, 0)
			}
			e.iov = dios.Iov{}
			e.least = len(p)
			r = dios.Syscall6(dios.SYS_ACQUIRE_WRITE, flags|dios.BUF_BATCH, uintptr(e.ref), uintptr(len(p)), uintptr(unsafe.Pointer(&e.iov)), 0, 0)
			e.acquired = r >= 0
			return r
		})
		if err != 0 {
			return err
		}
	}
	mem := e.lent()
	*(*dios.Record)(unsafe.Pointer(&mem[0])) = dios.Record{Len: uint32(len(p))}
	copy(mem[treeFrame:], p)
	e.pos += treeSpan(len(p))
	return 0
}

// publish shows the service what was written.
func (e *treeEnd) publish() Errno {
	if e.pos == 0 {
		return 0
	}
	r := dios.Syscall6(dios.SYS_COMMIT_WRITE, dios.BUF_NEXT|dios.BUF_NONBLOCK, uintptr(e.ref), uintptr(e.pos), uintptr(unsafe.Pointer(&e.iov)), 0, 0)
	e.pos = 0
	if r >= 0 || r == -dios.EAGAIN || r == -dios.EINTR {
		return 0 // with room for more, or without
	}
	return fromDIOS(int(-r))
}

// publishLater has what was written published when the task waits for something, or at its
// next tick, unless it is published before. Now has to come before any other use.
func (e *treeEnd) publishLater() {
	if e.pos > 0 {
		e.later = true
		diosLater(uintptr(e.ref), uintptr(e.pos), unsafe.Pointer(&e.iov))
	}
}

func (e *treeEnd) now() {
	if e.later {
		e.later = false
		if !diosNotLater() {
			e.pos = 0 // it is published
		}
	}
}

//go:linkname diosLater runtime.diosLater
func diosLater(ref, span uintptr, iov unsafe.Pointer)

//go:linkname diosNotLater runtime.diosNotLater
func diosNotLater() bool
