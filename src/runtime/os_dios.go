// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

import (
	"internal/goarch"
	"internal/runtime/atomic"
	"internal/runtime/syscall/dios"
	"unsafe"
)

// A DIOS task is one thread. There is one M, one P, and no sysmon; what
// sysmon does elsewhere is in tick_dios.go.

// What the assembly needs of package dios.
const (
	_SYS_DELETE        = dios.SYS_DELETE
	_SYS_ACQUIRE_READ  = dios.SYS_ACQUIRE_READ
	_SYS_ACQUIRE_WRITE = dios.SYS_ACQUIRE_WRITE
	_SYS_COMMIT_WRITE  = dios.SYS_COMMIT_WRITE
	_EHOST             = dios.EHOST
	_REF_SELF          = dios.REF_SELF
	_START_ERR         = unsafe.Offsetof(dios.Start{}.Err)

	_AT_NULL         = 0  // End of vector
	_AT_PAGESZ       = 6  // System physical page size
	_AT_RANDOM       = 25 // address of 16 random bytes
	_AT_HWCAP2       = 26 // what the CPU and the kernel let programs do
	_HWCAP2_FSGSBASE = 2  // of _AT_HWCAP2: programs may use WRFSBASE

	_EXIT_NOSTART = 125 // status of a program that could not start
)

// The messages of a program that cannot start.
var (
	msgNoDIOS     = "this is a DIOS program; run it with \"dios run FILE\"\n"
	msgNoFSGSBASE = "dios: this program needs a CPU and a kernel with FSGSBASE\n"
	msgNewDIOS    = "dios: this program was built for another version of DIOS\n"
)

// diosStart is the task's start page. _rt0_amd64_dios acquires it, and it
// stays mapped, read-only, as long as the task lives.
var diosStart *dios.Start

//go:linkname syscall_diosStart syscall.diosStart
func syscall_diosStart() *dios.Start {
	return diosStart
}

type mOS struct{}

func sysargs(argc int32, argv **byte) {
	n := argc + 1

	// skip over argv, envp to get to auxv
	for argv_index(argv, n) != nil {
		n++
	}

	// skip NULL separator
	n++

	// now argv+n is auxv
	auxvp := (*[1 << 28]uintptr)(add(unsafe.Pointer(argv), uintptr(n)*goarch.PtrSize))
	pairs := sysauxv(auxvp[:])
	auxv = auxvp[: pairs*2 : pairs*2]
}

func sysauxv(auxv []uintptr) (pairs int) {
	var i int
	for ; auxv[i] != _AT_NULL; i += 2 {
		tag, val := auxv[i], auxv[i+1]
		switch tag {
		case _AT_RANDOM:
			startupRand = (*[16]byte)(unsafe.Pointer(val))[:]

		case _AT_PAGESZ:
			physPageSize = val
		}

		vdsoauxv(tag, val)
	}
	return i / 2
}

func osinit() {
	if diosStart.Magic != dios.START_MAGIC || diosStart.ABI != dios.ABI_VERSION {
		writeErrStr(msgNewDIOS)
		exit(_EXIT_NOSTART)
	}
	numCPUStartup = getCPUCount()

	// The kernel backs memory with huge pages where it can. The scavenger
	// then gives whole ones back, in one call instead of thirty.
	physHugePageSize = 2 << 20
}

func getCPUCount() int32 {
	return 1
}

func goenvs() {
	goenvs_unix()
}

// Called to do synchronous initialization of Go code built with
// -buildmode=c-archive or -buildmode=c-shared, which dios does not have.
func libpreinit() {}

// Called to initialize a new m (including the bootstrap m).
// Called on the parent thread (main thread in case of bootstrap), can allocate memory.
func mpreinit(mp *m) {
	mp.gsignal = malg(32 * 1024)
	mp.gsignal.m = mp
}

// Called to initialize a new m (including the bootstrap m).
// Called on the new thread, cannot allocate memory.
func minit() {
	mp := getg().m
	mp.procid = 1
	upcallInit(mp.gsignal)
}

// A task has one M, which lives as long as the task.
func unminit()       {}
func mdestroy(mp *m) {}

// May run with m.p==nil, so write barriers are not allowed.
//
//go:nowritebarrier
func newosproc(mp *m) {
	throw("newosproc: a task has one thread")
}

//go:nosplit
func newosproc0(stacksize uintptr, fn unsafe.Pointer) {
	throw("newosproc: a task has one thread")
}

func exitThread(wait *atomic.Uint32) {
	throw("exitThread: a task has one thread")
}

// exit ends the task. Nothing is flushed: output is committed as it is written.
//
//go:nosplit
func exit(code int32) {
	dios.Syscall6(dios.SYS_DELETE, uintptr(code)&dios.DELETE_STATUS, dios.REF_SELF, 0, 0, 0, 0)
	abort() // not reached: the task's own reference is always good
}

// crash ends the task by a fault, so that whoever waits for it sees that it
// did not end by itself.
//
//go:nosplit
func crash() {
	upcallStop()
	*(*int32)(nil) = 0
}

// usleep stops the task, all its goroutines, for usec microseconds.
//
//go:nosplit
func usleep(usec uint32) {
	deadline := nanotime1() + int64(usec)*1000
	for {
		r := dios.Syscall6(dios.SYS_SELECT, 0, 0, 0, 0, uintptr(deadline), 0)
		if r != -dios.EINTR {
			return
		}
	}
}

//go:nosplit
func usleep_no_g(usec uint32) {
	usleep(usec)
}

// The one thread of a task has nobody to yield to.
//
//go:nosplit
func osyield() {}

//go:nosplit
func osyield_no_g() {}

// The runtime's own files: there are none.

func open(name *byte, mode, perm int32) int32        { return -1 }
func closefd(fd int32) int32                         { return -1 }
func read(fd int32, p unsafe.Pointer, n int32) int32 { return -1 }

// os_sigpipe ends the task when nobody is left to read its standard output or
// error: with the status of a program that SIGPIPE killed, as a filter whose
// reader has gone is expected to. Many programs look at no error of Println.
//
//go:linkname os_sigpipe os.sigpipe
func os_sigpipe() { exit(128 + 13) }

// A stream is standard output or standard error: a reference from the start
// page, and its one buffer; but of a FIFO, which others may write to as well,
// room is acquired for each write. The runtime's own output (panics, print, traces)
// and package syscall's go through the same buffer, each write is committed
// at once, and so the order of output is the order of writes.
type diosStream struct {
	buf    uintptr // 0: not acquired yet
	fifo   bool
	closed bool // by the program; its reference is deleted
}

// diosStreamBuf is the size of a stream's buffer, in bytes.
const diosStreamBuf = 64 << 10

var diosStreams [2]diosStream // of descriptors 1 and 2

// diosWrite writes n bytes at p to standard output (fd 1) or standard error
// (fd 2). It returns how many bytes were taken, which are fewer than n only
// when the stream stopped, or -E when there were none.
// It waits, and every goroutine with it, while the stream takes no more.
//
// nosplit: it runs in upcalls and when there is no stack left.
//
//go:nosplit
func diosWrite(fd uintptr, p unsafe.Pointer, n int) int {
	var ref uint64
	switch fd {
	case 1:
		ref = diosStart.Out
	case 2:
		ref = diosStart.Err
	}
	if ref == dios.REF_NONE {
		return -dios.EBADREF
	}

	s := &diosStreams[fd-1]
	if s.closed {
		return -dios.EBADREF
	}
	var iov dios.Iov
	if s.buf == 0 && !s.fifo {
		s.fifo = diosType(ref) == dios.T_FIFO
	}
	if s.fifo {
		return diosWriteFIFO(ref, p, n)
	}
	if s.buf == 0 {
		r := dios.Syscall6(dios.SYS_ACQUIRE_WRITE, 0, uintptr(ref), diosStreamBuf, uintptr(unsafe.Pointer(&iov)), 0, 0)
		if r < 0 {
			return int(r)
		}
		s.buf = uintptr(iov.Addr)
	}

	done := 0
	for done < n {
		m := min(n-done, diosStreamBuf)
		memmove(unsafe.Pointer(s.buf), add(p, uintptr(done)), uintptr(m))
		for off := 0; off < m; {
			iov.Addr = uint64(s.buf) + uint64(off)
			iov.Len = uint64(m - off)
			r := dios.Syscall6(dios.SYS_COMMIT_WRITE, 0, uintptr(ref), uintptr(m-off), uintptr(unsafe.Pointer(&iov)), 0, 0)
			if r == -dios.EINTR {
				continue
			}
			if r <= 0 {
				if done > 0 {
					return done
				}
				return int(r)
			}
			off += int(r)
			done += int(r)
		}
	}
	return done
}

// diosType returns the type of the object of a reference; 0 if that is not
// known.
//
//go:nosplit
func diosType(ref uint64) (typ uint32) {
	var iov dios.Iov
	if dios.Syscall6(dios.SYS_ACQUIRE_READ, dios.BUF_INFO, dios.REF_SELF, 0, uintptr(unsafe.Pointer(&iov)), 0, 0) < 0 {
		return 0
	}
	off := uintptr(uint32(ref)) * unsafe.Sizeof(dios.Info{})
	if off < uintptr(iov.Len) {
		typ = (*dios.Info)(unsafe.Pointer(uintptr(iov.Addr) + off)).Type
	}
	dios.Syscall6(dios.SYS_RELEASE_READ, 0, dios.REF_SELF, uintptr(unsafe.Pointer(&iov)), 0, 0, 0)
	return typ
}

// diosWriteFIFO is diosWrite to a FIFO: in records that fit into any.
//
//go:nosplit
func diosWriteFIFO(ref uint64, p unsafe.Pointer, n int) int {
	done := 0
	for done < n {
		m := min(n-done, dios.PAGE_SIZE-int(unsafe.Sizeof(dios.Record{})))
		var iov dios.Iov
		r := dios.Syscall6(dios.SYS_ACQUIRE_WRITE, 0, uintptr(ref), uintptr(m), uintptr(unsafe.Pointer(&iov)), 0, 0)
		if r == -dios.EINTR {
			continue
		}
		if r >= 0 {
			memmove(unsafe.Pointer(uintptr(iov.Addr)), add(p, uintptr(done)), uintptr(m))
			r = dios.Syscall6(dios.SYS_RELEASE_WRITE, dios.BUF_COMMIT, uintptr(ref), uintptr(unsafe.Pointer(&iov)), 0, 0, 0)
		}
		if r < 0 {
			if done > 0 {
				return done
			}
			return int(r)
		}
		done += m
	}
	return done
}

//go:linkname syscall_diosWrite syscall.diosWrite
//go:nosplit
func syscall_diosWrite(fd uintptr, p unsafe.Pointer, n int) int {
	return diosWrite(fd, p, n)
}

// syscall_diosCloseOut closes standard output (fd 1) or standard error (fd 2):
// it deletes the reference, so that the reader of a pipe sees its end. What
// the runtime itself would write there later is lost.
//
//go:linkname syscall_diosCloseOut syscall.diosCloseOut
func syscall_diosCloseOut(fd uintptr) {
	diosStreams[fd-1].closed = true // first: a tick or a fault may write
	ref := diosStart.Out
	if fd == 2 {
		ref = diosStart.Err
	}
	dios.Syscall6(dios.SYS_DELETE, 0, uintptr(ref), 0, 0, 0, 0)
}

// write1 writes n bytes at p to fd.
// It returns a non-negative number of bytes written or a negative errno value.
//
//go:nosplit
func write1(fd uintptr, p unsafe.Pointer, n int32) int32 {
	return int32(diosWrite(fd, p, int(n)))
}

// Random bytes come from the RANDOM object on the start page, a buffer full
// at a time: random.buf[random.pos:random.len] were not given out yet.
var diosRandomBuf struct {
	buf uintptr // 0: not acquired yet
	len uintptr
	pos uintptr
}

// diosRandomLen is the size of the buffer, in bytes. It is small: what was
// given out stays in memory until the buffer is filled anew.
const diosRandomLen = 512

// diosRandom fills n bytes at p with random bytes of the kernel. It returns
// 0 or -E.
//
// nosplit: the buffer must not change hands in the middle. It does not
// allocate: it may run before mallocinit.
//
//go:nosplit
func diosRandom(p unsafe.Pointer, n int) int {
	b := &diosRandomBuf
	for n > 0 {
		if b.pos == b.len {
			var iov dios.Iov
			var r int64
			if b.buf == 0 {
				r = dios.Syscall6(dios.SYS_ACQUIRE_READ, 0, uintptr(diosStart.Random), diosRandomLen, uintptr(unsafe.Pointer(&iov)), 0, 0)
			} else {
				iov.Addr = uint64(b.buf)
				iov.Len = uint64(b.len)
				r = dios.Syscall6(dios.SYS_COMMIT_READ, dios.BUF_NEXT, uintptr(diosStart.Random), b.len, uintptr(unsafe.Pointer(&iov)), 0, 0)
			}
			if r == -dios.EINTR {
				continue
			}
			if r < 0 {
				return int(r)
			}
			b.buf = uintptr(iov.Addr)
			b.len = uintptr(iov.Len)
			b.pos = 0
		}
		m := min(uintptr(n), b.len-b.pos)
		memmove(p, unsafe.Pointer(b.buf+b.pos), m)
		b.pos += m
		p = add(p, m)
		n -= int(m)
	}
	return 0
}

//go:linkname syscall_diosRandom syscall.diosRandom
//go:nosplit
func syscall_diosRandom(p unsafe.Pointer, n int) int {
	return diosRandom(p, n)
}

func readRandom(r []byte) int {
	if len(r) == 0 || diosRandom(unsafe.Pointer(&r[0]), len(r)) < 0 {
		return 0
	}
	return len(r)
}

// A new M's stack and signal state: there is no new M.

type gsignalStack struct{}
type sigset struct{}

//go:nosplit
func sigsave(p *sigset) {}

//go:nosplit
func msigrestore(sigmask sigset) {}

//go:nosplit
//go:nowritebarrierrec
func clearSignalHandlers() {}

//go:nosplit
func sigblock(exiting bool) {}

// Upcalls are set up by minit.
func initsig(preinit bool) {}

// No task gets signals: nothing to enable for package os/signal.

const _NSIG = 0

func sigenable(sig uint32)  {}
func sigdisable(sig uint32) {}
func sigignore(sig uint32)  {}
