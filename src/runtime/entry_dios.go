// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

import _ "unsafe" // for go:linkname

// What package runtime/dios needs of the scheduler: to run a task function in
// place of main, and to wait for references.

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
	return runqempty(pp) && sched.runq.empty() &&
		pp.timers.minWhenHeap.Load() == 0 && pp.timers.minWhenModified.Load() == 0 &&
		!netpollAnyWaiters() &&
		gcphase == _GCoff && gcBlackenEnabled == 0 && scavenger.sysmonWake.Load() == 0
}
