// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Export guts for testing.

package runtime

import "unsafe"

// MemReserve makes a region of n bytes.
func MemReserve(n uintptr) unsafe.Pointer { return sysReserveOS(nil, n, "test") }
func MemFree(p unsafe.Pointer, n uintptr) { sysFreeOS(p, n) }

// MemDiscard gives back the pages of n bytes at p.
func MemDiscard(p unsafe.Pointer, n uintptr) { sysUnusedOS(p, n) }

// MemRegion returns the region that p lies in.
func MemRegion(p uintptr) (base, size uintptr, ok bool) {
	systemstack(func() {
		if i := memFind(p); i >= 0 {
			base, size, ok = memRegions.tab[i].base, memRegions.tab[i].size, true
		}
	})
	return
}

// MemOrdered returns the number of regions, and whether they are in order.
func MemOrdered() (n int, ordered bool) {
	systemstack(func() {
		ordered = true
		n = memRegions.n
		for i := 1; i < n; i++ {
			if a := &memRegions.tab[i-1]; a.base+a.size > memRegions.tab[i].base {
				ordered = false
			}
		}
	})
	return
}

// A PollDesc waits for a reference.
type PollDesc struct{ pd *pollDesc }

func PollOpen(ref uint64) (PollDesc, int) {
	netpollGenericInit()
	pd, errno := poll_runtime_pollOpen(uintptr(ref))
	return PollDesc{pd}, errno
}

func (d PollDesc) Close() {
	poll_runtime_pollUnblock(d.pd)
	poll_runtime_pollClose(d.pd)
}

// CloseUnblocked closes what was unblocked.
func (d PollDesc) CloseUnblocked() { poll_runtime_pollClose(d.pd) }

func (d PollDesc) Unblock() { poll_runtime_pollUnblock(d.pd) }

// SetDeadline sets the time that Wait waits, in nanoseconds.
func (d PollDesc) SetDeadline(ns int64) { poll_runtime_pollSetDeadline(d.pd, ns, 'r') }

// Wait waits until the reference can be read.
func (d PollDesc) Wait() int {
	if e := poll_runtime_pollReset(d.pd, 'r'); e != 0 {
		return e
	}
	return poll_runtime_pollWait(d.pd, 'r')
}

const (
	PollErrClosing = pollErrClosing
	PollErrTimeout = pollErrTimeout
)

// PollSubs returns how many references netpoll waits for.
func PollSubs() int { return netpollRefs.waiting }

// TimerNow is the clock of a host without TSC.
func TimerNow() int64 { return timerNow() }
