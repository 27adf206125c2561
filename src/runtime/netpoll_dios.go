// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

import (
	"internal/runtime/syscall/dios"
	"unsafe"
)

// The poller, over dios_select. All waiting of an idle task is done here:
// for references, and for the next timer.
//
// dios_select is like poll(2). Differences:
//   - a descriptor is a reference: the number that internal/poll opens is one;
//   - one call finds one that is ready, each in its turn;
//   - times are absolute, in nanoseconds of nanotime;
//   - a dead object is ready for everything.
//
// It is level triggered, so a reference is waited for only while a goroutine
// waits: netpollarm adds it, and its event takes it away.

// netpollSubs are the references waited for. They are not in the heap,
// because netpoll runs without a P and so without write barriers.
var netpollSubs struct {
	lock  mutex
	n     int
	cap   int
	waits *[1 << 20]dios.Wait // what dios_select is given
	owner *[1 << 20]netpollOwner
}

// A netpollOwner is who waits.
type netpollOwner struct {
	pd   *pollDesc
	mode int32 // 'r' or 'w'
}

const netpollSubSize = unsafe.Sizeof(dios.Wait{}) + unsafe.Sizeof(netpollOwner{})

func netpollinit() {
	lockInit(&netpollSubs.lock, lockRankNetpollInit)
}

func netpollIsPollDescriptor(fd uintptr) bool {
	return false
}

func netpollopen(fd uintptr, pd *pollDesc) int32 {
	if netpollisLocal(fd) {
		return netpollopenLocal(fd, pd)
	}
	return 0
}

func netpollclose(fd uintptr) int32 {
	if netpollisLocal(fd) {
		netpollcloseLocal(fd)
		return 0
	}
	s := &netpollSubs
	lock(&s.lock)
	for i := 0; i < s.n; {
		if pd := s.owner[i].pd; pd.fd == fd && pd.closing {
			netpolldisarm(i)
		} else {
			i++
		}
	}
	unlock(&s.lock)
	return 0
}

// netpollarm waits for pd's reference in mode. The next event there takes
// that away.
func netpollarm(pd *pollDesc, mode int) { netpollarmRoom(pd, mode, 0) }

// netpollarmRoom is netpollarm; for a FIFO and mode 'w' it waits for room for
// a record of room bytes.
func netpollarmRoom(pd *pollDesc, mode int, room uint32) {
	if netpollisLocal(pd.fd) {
		return // syscall_pollReady tells
	}
	s := &netpollSubs
	o := netpollOwner{pd, int32(mode)}
	lock(&s.lock)
	for i := 0; i < s.n; i++ {
		if s.owner[i] == o {
			// Armed by a goroutine that has stopped waiting.
			s.waits[i].Len = room
			unlock(&s.lock)
			return
		}
	}
	if s.n == s.cap {
		netpollgrow()
	}
	w := dios.Wait{Ref: uint64(pd.fd), Rights: dios.R_READ}
	if mode == 'w' {
		w.Rights = dios.R_WRITE
		w.Len = room
	}
	s.waits[s.n] = w
	s.owner[s.n] = o
	s.n++
	unlock(&s.lock)
}

// netpolldisarm takes away the i'th of netpollSubs.
func netpolldisarm(i int) {
	s := &netpollSubs
	s.n--
	s.waits[i] = s.waits[s.n]
	s.owner[i] = s.owner[s.n]
}

// netpollgrow doubles netpollSubs, to at least two pages.
func netpollgrow() {
	s := &netpollSubs
	old, oldcap := unsafe.Pointer(s.waits), uintptr(s.cap)
	newcap := max(2*oldcap, 2*dios.PAGE_SIZE/netpollSubSize)
	p := sysAlloc(newcap*netpollSubSize, &memstats.other_sys, "netpoll")
	if p == nil {
		throw("runtime: no memory for netpoll")
	}
	waits := (*[1 << 20]dios.Wait)(p)
	owner := (*[1 << 20]netpollOwner)(add(p, newcap*unsafe.Sizeof(dios.Wait{})))
	if old != nil {
		memmove(unsafe.Pointer(waits), unsafe.Pointer(s.waits), oldcap*unsafe.Sizeof(dios.Wait{}))
		memmove(unsafe.Pointer(owner), unsafe.Pointer(s.owner), oldcap*unsafe.Sizeof(netpollOwner{}))
		sysFree(old, oldcap*netpollSubSize, &memstats.other_sys)
	}
	s.waits, s.owner, s.cap = waits, owner, int(newcap)
}

// There is no other M to wake.
func netpollBreak() {}

// netpollselect calls dios_select for count of netpollSubs from base.
// It returns the index of the one that is ready, or -E.
//
//go:nosplit
func netpollselect(base, count int, deadline int64) int64 {
	var selected uint64
	var p unsafe.Pointer
	if count > 0 {
		p = unsafe.Pointer(&netpollSubs.waits[base])
	}
	r := dios.Syscall6(dios.SYS_SELECT, 0, uintptr(p), uintptr(count), uintptr(unsafe.Pointer(&selected)), uintptr(deadline), 0)
	if r < 0 {
		return r
	}
	return int64(selected)
}

// netpoll checks for references that are ready.
// Returns a list of goroutines that become runnable,
// and a delta to add to netpollWaiters.
// This must never return an empty list with a non-zero delta.
//
// delay < 0: blocks, but not for ever: the scheduler looks for garbage
// collections that are due, as sysmon does
// delay == 0: does not block, just polls
// delay > 0: block for up to that many nanoseconds
func netpoll(delay int64) (gList, int32) {
	s := &netpollSubs
	lock(&s.lock)

	if delay < 0 || delay > forcegcperiod/2 {
		delay = forcegcperiod / 2
	}
	if s.n > dios.MAX_WAITS && delay > 1e6 {
		// They do not fit in one call. Poll the others often.
		delay = 1e6
	}
	deadline := int64(0)
	if delay > 0 {
		deadline = nanotime() + delay
	}

	var toRun gList
	delta := int32(0)
	for base := 0; ; {
		count := min(s.n-base, dios.MAX_WAITS)
		if count == 0 && deadline == 0 {
			break
		}
		i := netpollselect(base, count, deadline)
		if i == -dios.EBADREF || i == -dios.EPERM {
			// One of them was deleted, or cannot be waited for.
			// Whoever waits will find out why.
			for i = 0; i < int64(count); i++ {
				r := netpollselect(base+int(i), 1, 0)
				if r == -dios.EBADREF || r == -dios.EPERM {
					break
				}
			}
			if i == int64(count) {
				i = -dios.EINTR
			}
		}
		if i >= 0 {
			o := s.owner[base+int(i)]
			netpolldisarm(base + int(i))
			delta += netpollready(&toRun, o.pd, o.mode)
			deadline = 0 // see if there are more, but don't wait
			continue
		}
		if i != -dios.ETIMEDOUT && i != -dios.EINTR {
			println("runtime: dios_select failed with", -i)
			throw("runtime: netpoll failed")
		}
		base += count
		if base >= s.n {
			break
		}
		deadline = 0
	}

	unlock(&s.lock)
	return toRun, delta
}
