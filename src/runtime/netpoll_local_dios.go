// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

import _ "unsafe" // for go:linkname

// Polling what is no object.
//
// A pipe of package syscall lives inside the task. The kernel does not know
// it, so the poller cannot ask dios_select; the goroutine that writes to the
// pipe says that it can be read. Its descriptor is a small number, where
// those of objects are references, so the two are not mixed up.

// netpollLocal are the open descriptors of this kind, by number.
// One thread runs Go code, and nothing here is called by an upcall; but
// goroutines are preempted, so there is a lock.
var netpollLocal struct {
	lock mutex
	pds  []*pollDesc
}

func netpollisLocal(fd uintptr) bool { return fd>>32 == 0 }

func netpollopenLocal(fd uintptr, pd *pollDesc) int32 {
	s := &netpollLocal
	if fd >= uintptr(len(s.pds)) {
		pds := make([]*pollDesc, max(fd+1, 16, 2*uintptr(len(s.pds))))
		lock(&s.lock)
		if len(s.pds) < len(pds) {
			copy(pds, s.pds)
			s.pds = pds
		}
		unlock(&s.lock)
	}
	errno := int32(0)
	lock(&s.lock)
	if s.pds[fd] == nil {
		s.pds[fd] = pd
	} else {
		errno = 17 // syscall.EEXIST, as epoll says of a second time
	}
	unlock(&s.lock)
	return errno
}

func netpollcloseLocal(fd uintptr) {
	s := &netpollLocal
	lock(&s.lock)
	s.pds[fd] = nil
	unlock(&s.lock)
}

// syscall_pollReady says that descriptor fd can be read or written, by mode:
// 'r' or 'w'. A goroutine that waits for that becomes runnable; if none
// waits, the next one that would does not.
//
//go:linkname syscall_pollReady syscall.diosPollReady
func syscall_pollReady(fd uintptr, mode int32) {
	s := &netpollLocal
	lock(&s.lock)
	var pd *pollDesc
	if fd < uintptr(len(s.pds)) {
		pd = s.pds[fd]
	}
	unlock(&s.lock)
	if pd == nil {
		return // not polled
	}
	delta := int32(0)
	gp := netpollunblock(pd, mode, true, &delta)
	if gp != nil {
		netpollgoready(gp, 3)
	}
	netpollAdjustWaiters(delta)
}
