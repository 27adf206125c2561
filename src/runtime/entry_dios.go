// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

import (
	"internal/runtime/syscall/dios"
	"unsafe"
)

// What packages runtime/dios and syscall need of the scheduler: to run a task function in
// place of main, to wait for references, and to do something before that.

// haveEntry says whether a program can be started to run something else
// than main: a task function, by the name that is on the start page.
const haveEntry = true

// diosEntry runs the task function that the start page names. Package
// runtime/dios sets it.
//
//go:linkname diosEntry
var diosEntry func()

const _EXIT_NOENTRY = 127 // status of a program that lacks the task function

// entryMain returns what the main goroutine runs when the packages are
// initialized.
func entryMain(main func()) func() {
	if diosStart.Entry[0] == 0 {
		return main
	}
	if diosEntry == nil {
		// Without package runtime/dios there are no task functions.
		writeErrStr("dios: this program has no task function \"")
		writeErrStr(gostringnocopy(&diosStart.Entry[0]))
		writeErrStr("\"\n")
		exit(_EXIT_NOENTRY)
	}
	return diosEntry
}

// diosInitDone reports whether main has begun, or what runs in its place.
//
//go:linkname diosInitDone
func diosInitDone() bool { return mainInitDone.Load() }

//go:linkname diosPollOpen
func diosPollOpen(ref uintptr) *pollDesc {
	netpollGenericInit()
	pd, _ := poll_runtime_pollOpen(ref) // never fails for a reference
	return pd
}

//go:linkname diosPollClose
func diosPollClose(pd *pollDesc) { poll_runtime_pollClose(pd) }

//go:linkname diosPollUnblock
func diosPollUnblock(pd *pollDesc) { poll_runtime_pollUnblock(pd) }

//go:linkname diosPollReset
func diosPollReset(pd *pollDesc, mode int) int { return poll_runtime_pollReset(pd, mode) }

//go:linkname diosPollSetDeadline
func diosPollSetDeadline(pd *pollDesc, d int64, mode int) { poll_runtime_pollSetDeadline(pd, d, mode) }

// diosPollWait is poll_runtime_pollWait, which in addition can wait for room
// for a record of n bytes, when pd's reference is to a FIFO and mode is 'w'.
//
//go:linkname diosPollWait
func diosPollWait(pd *pollDesc, mode int, n uint32) int {
	errcode := netpollcheckerr(pd, int32(mode))
	if errcode != pollNoError {
		return errcode
	}
	netpollarmRoom(pd, mode, n)
	for !netpollblock(pd, int32(mode), false) {
		errcode = netpollcheckerr(pd, int32(mode))
		if errcode != pollNoError {
			return errcode
		}
	}
	return pollNoError
}

// diosAlone reports whether the goroutine that calls it is the only thing that
// happens in this task: none else is runnable, none waits for a reference or a
// time, and no garbage is being collected. It may then wait in the kernel
// itself, in one call. Otherwise it would stop the others, and has to park.
//
//go:linkname diosAlone
func diosAlone() bool {
	pp := getg().m.p.ptr()
	if !runqempty(pp) || !sched.runq.empty() ||
		pp.timers.minWhenHeap.Load() != 0 || pp.timers.minWhenModified.Load() != 0 ||
		netpollAnyWaiters() ||
		gcphase != _GCoff || gcBlackenEnabled != 0 || scavenger.sysmonWake.Load() != 0 {
		return false
	}
	commitLater()
	return true
}

// later is a commit of records to a FIFO that can wait: until the task waits
// for something, or the next tick, or more is to be said.
var later struct {
	ref, span uintptr
	iov       uintptr // of the room that was lent; 0: there is no commit. Not in the way of write barriers: who gave it keeps it
}

// diosLater says that so many bytes of the room lent are to be committed, with
// DIOS_BUF_NEXT. There is one such commit in a task.
//
//go:linkname diosLater
func diosLater(ref, span uintptr, iov unsafe.Pointer) {
	later.ref, later.span, later.iov = ref, span, uintptr(iov)
}

// diosNotLater takes that back. It reports whether the commit has not been yet.
//
//go:linkname diosNotLater
func diosNotLater() bool {
	is := later.iov != 0
	later.iov = 0
	return is
}

// commitLater does the commit, if there is one. Who asked for it sees by the next call
// whether it failed.
func commitLater() {
	if iov := later.iov; iov != 0 {
		later.iov = 0
		dios.Syscall6(dios.SYS_COMMIT_WRITE, dios.BUF_NEXT|dios.BUF_NONBLOCK, later.ref, later.span, iov, 0, 0)
	}
}
