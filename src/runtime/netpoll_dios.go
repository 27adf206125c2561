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
// With DIOS_SELECT_KEEP dios_select is like epoll(7) with EPOLLONESHOT.
// Differences:
//   - a descriptor is a reference: the number that internal/poll opens is one;
//   - adding and waiting are one call, which finds one that is ready, each in
//     its turn;
//   - times are absolute, in nanoseconds of nanotime;
//   - a dead object is ready for everything;
//   - a reference that is deleted is waited for no more, and nobody is told.
//
// A reference is waited for only while a goroutine waits: netpollarm adds it,
// and its event takes it away. A call costs the same however many there are.

// A netpollRef is what is known of the reference in a slot of the task's
// table of references.
type netpollRef struct {
	ref     uintptr   // 0: not open
	pd      *pollDesc // who opened it
	pending int32     // 1 + index in netpollRefs.pending, or 0
	rights  uint32    // DIOS_R_... that the kernel waits for, or shall
}

// netpollRefs are the open references, by slot. They are not in the heap,
// because netpoll runs without a P and so without write barriers.
var netpollRefs struct {
	lock    mutex
	tab     *[1 << 20]netpollRef
	pending *[1 << 20]dios.Wait // to be added by the next dios_select
	cap     int                 // of both
	n       int                 // of pending
	waiting int                 // of tab, those with rights
}

const netpollRefSize = unsafe.Sizeof(netpollRef{}) + unsafe.Sizeof(dios.Wait{})

func netpollinit() {
	lockInit(&netpollRefs.lock, lockRankNetpollInit)
}

func netpollIsPollDescriptor(fd uintptr) bool {
	return false
}

func netpollopen(fd uintptr, pd *pollDesc) int32 {
	if netpollisLocal(fd) {
		errno := netpollopenLocal(fd, pd)
		fd = netpollref(fd)
		if fd == 0 || errno != 0 {
			return errno
		}
	}
	s := &netpollRefs
	slot := int(uint32(fd))
	if slot >= len(s.tab) {
		return 12 // syscall.ENOMEM
	}
	lock(&s.lock)
	for slot >= s.cap {
		netpollgrow()
	}
	r := &s.tab[slot]
	if r.ref == fd {
		unlock(&s.lock)
		return 17 // syscall.EEXIST, as epoll says of a second time
	}
	netpollforget(r) // an older reference in the same slot, deleted before it was closed
	*r = netpollRef{ref: fd, pd: pd}
	unlock(&s.lock)
	return 0
}

func netpollclose(fd uintptr) int32 {
	if netpollisLocal(fd) {
		ref := netpollref(fd)
		netpollcloseLocal(fd)
		fd = ref
		if fd == 0 {
			return 0
		}
	}
	s := &netpollRefs
	lock(&s.lock)
	if r := &s.tab[uint32(fd)]; r.ref == fd {
		netpollforget(r)
	}
	unlock(&s.lock)
	return 0
}

// netpollforget makes the slot free. What the kernel waits for still it will
// not find in tab.
func netpollforget(r *netpollRef) {
	s := &netpollRefs
	if r.pending != 0 {
		i := r.pending - 1
		s.n--
		s.pending[i] = s.pending[s.n]
		s.tab[uint32(s.pending[i].Ref)].pending = i + 1
	}
	r.disarm(r.rights)
	*r = netpollRef{}
}

// disarm says that the reference is not waited for any more, for rights.
func (r *netpollRef) disarm(rights uint32) {
	if r.rights != 0 && r.rights&^rights == 0 {
		netpollRefs.waiting--
	}
	r.rights &^= rights
}

// netpollarm waits for pd's reference in mode. The next event there takes
// that away.
func netpollarm(pd *pollDesc, mode int) { netpollarmRoom(pd, mode, 0) }

// netpollarmRoom is netpollarm; for a FIFO and mode 'w' it waits for room for
// a record of room bytes.
func netpollarmRoom(pd *pollDesc, mode int, room uint32) {
	ref := netpollref(pd.fd)
	if ref == 0 {
		return // syscall_pollReady tells
	}
	w := dios.Wait{Ref: uint64(ref), Rights: dios.R_READ}
	if mode == 'w' {
		w.Rights = dios.R_WRITE
		w.Len = room
	}
	s := &netpollRefs
	lock(&s.lock)
	r := &s.tab[uint32(ref)]
	// It may be there already, for a goroutine that has stopped waiting.
	if r.rights&w.Rights == 0 || mode == 'w' {
		if r.rights == 0 {
			s.waiting++
		}
		r.rights |= w.Rights
		if r.pending == 0 {
			s.pending[s.n] = w
			s.n++
			r.pending = int32(s.n)
		} else {
			p := &s.pending[r.pending-1]
			p.Rights |= w.Rights
			if mode == 'w' {
				p.Len = w.Len
			}
		}
	}
	unlock(&s.lock)
}

// netpollgrow doubles netpollRefs, to at least four pages.
func netpollgrow() {
	s := &netpollRefs
	old, oldcap := unsafe.Pointer(s.tab), uintptr(s.cap)
	newcap := max(2*oldcap, 4*dios.PAGE_SIZE/netpollRefSize)
	p := sysAlloc(newcap*netpollRefSize, &memstats.other_sys, "netpoll")
	if p == nil {
		throw("runtime: no memory for netpoll")
	}
	tab := (*[1 << 20]netpollRef)(p)
	pending := (*[1 << 20]dios.Wait)(add(p, newcap*unsafe.Sizeof(netpollRef{})))
	if old != nil {
		memmove(unsafe.Pointer(tab), unsafe.Pointer(s.tab), oldcap*unsafe.Sizeof(netpollRef{}))
		memmove(unsafe.Pointer(pending), unsafe.Pointer(s.pending), uintptr(s.n)*unsafe.Sizeof(dios.Wait{}))
		sysFree(old, oldcap*netpollRefSize, &memstats.other_sys)
	}
	s.tab, s.pending, s.cap = tab, pending, int(newcap)
}

// There is no other M to wake.
func netpollBreak() {}

// netpollselect calls dios_select, which adds count of what is pending, and
// waits until deadline. It returns 0, and in event who is ready, or -E.
//
//go:nosplit
func netpollselect(count int, deadline int64, event *dios.Wait) int64 {
	var p unsafe.Pointer
	if count > 0 {
		p = unsafe.Pointer(&netpollRefs.pending[netpollRefs.n-count])
	}
	return dios.Syscall6(dios.SYS_SELECT, dios.SELECT_KEEP, uintptr(p), uintptr(count), uintptr(unsafe.Pointer(event)), uintptr(deadline), 0)
}

// netpolladded takes the last count away from what is pending.
func netpolladded(count int) {
	s := &netpollRefs
	for ; count > 0; count-- {
		s.n--
		s.tab[uint32(s.pending[s.n].Ref)].pending = 0
	}
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
	s := &netpollRefs
	lock(&s.lock)

	if delay < 0 || delay > forcegcperiod/2 {
		delay = forcegcperiod / 2
	}
	deadline := int64(0)
	if delay > 0 {
		deadline = nanotime() + delay
	}

	var toRun gList
	delta := int32(0)
	for s.waiting > 0 || deadline > 0 {
		var event dios.Wait
		count := min(s.n, dios.MAX_WAITS)
		until := deadline
		if count < s.n {
			until = 0 // there are more to add first
		}
		e := netpollselect(count, until, &event)
		switch e {
		case 0:
			netpolladded(count)
			r := &s.tab[uint32(event.Ref)]
			if r.ref != uintptr(event.Ref) {
				continue // closed meanwhile
			}
			r.disarm(event.Rights)
			mode := int32(0)
			if event.Rights&dios.R_READ != 0 {
				mode += 'r'
			}
			if event.Rights&dios.R_WRITE != 0 {
				mode += 'w'
			}
			delta += netpollready(&toRun, r.pd, mode)
			deadline = 0 // see if there are more, but don't wait
			continue
		case -dios.ETIMEDOUT, -dios.EINTR:
			netpolladded(count)
			if s.n > 0 {
				continue
			}
		case -dios.EBADREF, -dios.EPERM:
			// One of them was deleted, or cannot be waited for, and none
			// was added. Whoever waits for the last finds out by trying;
			// if it is another one, that is the last soon.
			w := s.pending[s.n-1]
			netpolladded(1)
			r := &s.tab[uint32(w.Ref)]
			r.disarm(w.Rights)
			if w.Rights&dios.R_READ != 0 {
				delta += netpollready(&toRun, r.pd, 'r')
			}
			if w.Rights&dios.R_WRITE != 0 {
				delta += netpollready(&toRun, r.pd, 'w')
			}
			deadline = 0
			continue
		default:
			println("runtime: dios_select failed with", -e)
			throw("runtime: netpoll failed")
		}
		break
	}

	unlock(&s.lock)
	return toRun, delta
}
