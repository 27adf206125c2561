// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import (
	"internal/runtime/syscall/dios"
	"internal/strconv"
	"sync"
	"unsafe"
)

// Package syscall for dios.
//
// DIOS has twelve calls and no files, processes, users or signals. Package
// syscall/dios has the calls. This package has what the standard library and
// portable programs expect to find here:
//
//   - errors_dios.go: Errno, with POSIX's names;
//   - fd_dios.go: small descriptors, for the streams a task has;
//   - pipe_dios.go: pipes, which live inside the task;
//   - fs_dios.go, tree_dios.go: files, of a service;
//   - net_dios.go: sockets;
//   - this file: the rest.
//
// A call is made without telling the scheduler (there is one thread, which
// nobody could take over), so one that waits stops every goroutine.

// Pushed by package runtime.

// diosStart returns the task's start page, which is read-only and never nil.
func diosStart() *dios.Start

// diosWrite writes n bytes at p to standard output (fd 1) or error (fd 2). It
// returns how many were taken, or the negative number of an error of DIOS.
//
//go:noescape
func diosWrite(fd uintptr, p unsafe.Pointer, n int) int

// diosCloseOut closes standard output (fd 1) or error (fd 2), for good.
func diosCloseOut(fd uintptr)

// diosRandom fills n bytes at p with random bytes. It returns 0, or the
// negative number of an error of DIOS.
//
//go:noescape
func diosRandom(p unsafe.Pointer, n int) int

// Syscall makes a DIOS call. Package syscall/dios has them with types.
//
//go:uintptrescapes
func Syscall(trap, a1, a2, a3 uintptr) (r1, r2 uintptr, err Errno) {
	return Syscall6(trap, a1, a2, a3, 0, 0, 0)
}

// Syscall6 makes a DIOS call. Package syscall/dios has them with types.
//
//go:uintptrescapes
func Syscall6(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err Errno) {
	r := dios.Syscall6(trap, a1, a2, a3, a4, a5, a6)
	if r < 0 {
		return ^uintptr(0), 0, fromDIOS(int(-r))
	}
	return uintptr(r), 0, 0
}

// RawSyscall is [Syscall]: the scheduler takes no part in either.
//
//go:uintptrescapes
func RawSyscall(trap, a1, a2, a3 uintptr) (r1, r2 uintptr, err Errno) {
	return Syscall6(trap, a1, a2, a3, 0, 0, 0)
}

// RawSyscall6 is [Syscall6]: the scheduler takes no part in either.
//
//go:uintptrescapes
func RawSyscall6(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err Errno) {
	return Syscall6(trap, a1, a2, a3, a4, a5, a6)
}

// RandomGet fills b with random bytes from the kernel's generator, for
// package crypto/internal/sysrand. It fills all of b, or returns an error.
func RandomGet(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if e := diosRandom(unsafe.Pointer(unsafe.SliceData(b)), len(b)); e < 0 {
		return fromDIOS(-e)
	}
	return nil
}

// now is time.now, from package runtime.
//
//go:linkname now time.now
func now() (sec int64, nsec int32, mono int64)

func Gettimeofday(tv *Timeval) error {
	sec, nsec, _ := now()
	tv.Sec = sec
	tv.Usec = int64(nsec / 1000)
	return nil
}

type Timespec struct {
	Sec  int64
	Nsec int64
}

type Timeval struct {
	Sec  int64
	Usec int64
}

func setTimespec(sec, nsec int64) Timespec {
	return Timespec{Sec: sec, Nsec: nsec}
}

func setTimeval(sec, usec int64) Timeval {
	return Timeval{Sec: sec, Usec: usec}
}

// Sysctl has one key, kern.hostname, for package os. A node has a number and
// no name.
func Sysctl(key string) (string, error) {
	if key == "kern.hostname" {
		return "dios-" + strconv.Itoa(int(diosStart().Node)), nil
	}
	return "", ENOSYS
}

// There are no users. As on Windows, the numbers are -1.

func Getuid() int  { return -1 }
func Geteuid() int { return -1 }
func Getgid() int  { return -1 }
func Getegid() int { return -1 }

func Getgroups() ([]int, error) { return nil, enousers }

// Processes. A task is not one: it has no number. See exec_dios.go for those
// that it starts.

var pid struct {
	once sync.Once
	n    int
}

// Getpid returns a number that tells this task from others well enough for
// what programs do with it: name temporary things and mark log lines. It is
// drawn at random; nothing in DIOS knows it.
func Getpid() int {
	pid.once.Do(func() {
		var b [4]byte
		RandomGet(b[:]) // leaves zeros when it fails, which give 2
		pid.n = 2 + int(uint32(b[0])|uint32(b[1])<<8|uint32(b[2]&0x3f)<<16)
	})
	return pid.n
}

// Getppid returns 0: a task does not know who started it.
func Getppid() int { return 0 }

// Kill does what a signal that nobody handles does, when pid is the task's
// own: mostly it ends the task. A task that this one started can be killed.
// Signal 0 only asks.
func Kill(pid int, sig Signal) error {
	if p := findProcess(pid); p != nil {
		return p.kill(sig)
	}
	if pid != Getpid() {
		return ESRCH
	}
	switch sig {
	case 0, SIGCHLD, SIGCONT, SIGURG, SIGWINCH:
		return nil
	case SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU:
		return ENOTSUP // there is nobody who could continue it
	}
	if sig < 0 || sig > 64 {
		return EINVAL
	}
	Exit(128 + int(sig))
	return nil
}

var ForkLock sync.RWMutex

// A WaitStatus is laid out as on Linux: the exit status in the second byte.
type WaitStatus uint32

func (w WaitStatus) Exited() bool       { return w&0x7f == 0 }
func (w WaitStatus) Signaled() bool     { return w&0x7f != 0 }
func (w WaitStatus) CoreDump() bool     { return false }
func (w WaitStatus) Stopped() bool      { return false }
func (w WaitStatus) Continued() bool    { return false }
func (w WaitStatus) StopSignal() Signal { return -1 }
func (w WaitStatus) TrapCause() int     { return -1 }

func (w WaitStatus) ExitStatus() int {
	if !w.Exited() {
		return -1
	}
	return int(w>>8) & 0xff
}

func (w WaitStatus) Signal() Signal {
	if !w.Signaled() {
		return -1
	}
	return Signal(w & 0x7f)
}

type Rusage struct {
	Utime  Timeval
	Stime  Timeval
	Maxrss int64
}

type Rlimit struct {
	Cur uint64
	Max uint64
}

const RLIMIT_NOFILE = 7

func Getrlimit(which int, lim *Rlimit) error { return ENOSYS }

// A Signal is a number describing a process signal.
// It implements the [os.Signal] interface.
//
// Programs name signals, so they are here; nothing sends one on dios.
type Signal int

const (
	SIGHUP    Signal = 1
	SIGINT    Signal = 2
	SIGQUIT   Signal = 3
	SIGILL    Signal = 4
	SIGTRAP   Signal = 5
	SIGABRT   Signal = 6
	SIGBUS    Signal = 7
	SIGFPE    Signal = 8
	SIGKILL   Signal = 9
	SIGUSR1   Signal = 10
	SIGSEGV   Signal = 11
	SIGUSR2   Signal = 12
	SIGPIPE   Signal = 13
	SIGALRM   Signal = 14
	SIGTERM   Signal = 15
	SIGCHLD   Signal = 17
	SIGCONT   Signal = 18
	SIGSTOP   Signal = 19
	SIGTSTP   Signal = 20
	SIGTTIN   Signal = 21
	SIGTTOU   Signal = 22
	SIGURG    Signal = 23
	SIGXCPU   Signal = 24
	SIGXFSZ   Signal = 25
	SIGVTALRM Signal = 26
	SIGPROF   Signal = 27
	SIGWINCH  Signal = 28
	SIGIO     Signal = 29
	SIGPWR    Signal = 30
	SIGSYS    Signal = 31
)

func (s Signal) Signal() {}

func (s Signal) String() string {
	if 0 <= s && int(s) < len(signals) && signals[s] != "" {
		return signals[s]
	}
	return "signal " + strconv.Itoa(int(s))
}

var signals = [...]string{
	SIGHUP:    "hangup",
	SIGINT:    "interrupt",
	SIGQUIT:   "quit",
	SIGILL:    "illegal instruction",
	SIGTRAP:   "trace/breakpoint trap",
	SIGABRT:   "aborted",
	SIGBUS:    "bus error",
	SIGFPE:    "floating point exception",
	SIGKILL:   "killed",
	SIGUSR1:   "user defined signal 1",
	SIGSEGV:   "segmentation fault",
	SIGUSR2:   "user defined signal 2",
	SIGPIPE:   "broken pipe",
	SIGALRM:   "alarm clock",
	SIGTERM:   "terminated",
	SIGCHLD:   "child exited",
	SIGCONT:   "continued",
	SIGSTOP:   "stopped (signal)",
	SIGTSTP:   "stopped",
	SIGTTIN:   "stopped (tty input)",
	SIGTTOU:   "stopped (tty output)",
	SIGURG:    "urgent I/O condition",
	SIGXCPU:   "CPU time limit exceeded",
	SIGXFSZ:   "file size limit exceeded",
	SIGVTALRM: "virtual timer expired",
	SIGPROF:   "profiling timer expired",
	SIGWINCH:  "window changed",
	SIGIO:     "I/O possible",
	SIGPWR:    "power failure",
	SIGSYS:    "bad system call",
}
