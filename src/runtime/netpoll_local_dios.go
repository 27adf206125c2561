// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

import _ "unsafe" // for go:linkname

// Polling the descriptors of package syscall, which are small numbers, where
// those of objects are references; so the two are not mixed up.
//
// A pipe lives inside the task. The kernel does not know it, so the poller
// cannot ask dios_select; the goroutine that writes to the pipe says that it
// can be read. A socket has an object behind it, and syscall says which.

// netpollLocal are the open descriptors of this kind, by number.
// One thread runs Go code, and nothing here is called by an upcall; but
// goroutines are preempted, so there is a lock.
var netpollLocal struct {
	lock mutex
	pds  []*pollDesc
	refs []uintptr // as long as pds; 0: no object is behind it
}

func netpollisLocal(fd uintptr) bool { return fd>>32 == 0 }

func netpollopenLocal(fd uintptr, pd *pollDesc) int32 {
	s := &netpollLocal
	netpollgrowLocal(fd)
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

// netpollgrowLocal makes room for fd.
func netpollgrowLocal(fd uintptr) {
	s := &netpollLocal
	if fd < uintptr(len(s.pds)) {
		return
	}
	n := max(fd+1, 16, 2*uintptr(len(s.pds)))
	pds := make([]*pollDesc, n)
	refs := make([]uintptr, n)
	lock(&s.lock)
	if len(s.pds) < len(pds) {
		copy(pds, s.pds)
		copy(refs, s.refs)
		s.pds, s.refs = pds, refs
	}
	unlock(&s.lock)
}

// netpollref returns the reference to wait for, or 0 for a descriptor that
// syscall_pollReady tells about.
func netpollref(fd uintptr) uintptr {
	if !netpollisLocal(fd) {
		return fd
	}
	s := &netpollLocal
	ref := uintptr(0)
	lock(&s.lock)
	if fd < uintptr(len(s.refs)) {
		ref = s.refs[fd]
	}
	unlock(&s.lock)
	return ref
}

// syscall_pollRef says that descriptor fd stands for an object, so that
// the kernel tells when it is ready, and for ref, which no other does; or, with
// ref 0, that it does not any more. It is not polled meanwhile.
//
//go:linkname syscall_pollRef syscall.diosPollRef
func syscall_pollRef(fd uintptr, ref uintptr) {
	s := &netpollLocal
	netpollgrowLocal(fd)
	lock(&s.lock)
	s.refs[fd] = ref
	unlock(&s.lock)
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
