// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

// The frame of an upcall is laid out as Linux's signal frame.

const (
	_SIGILL  = 0x4
	_SIGTRAP = 0x5
	_SIGBUS  = 0x7
	_SIGFPE  = 0x8
	_SIGSEGV = 0xb
	_SIGTICK = 0x17

	_FPE_INTDIV = 0x1
	_FPE_INTOVF = 0x2

	_BUS_ADRERR = 0x2

	_SEGV_MAPERR = 0x1
	_SEGV_ACCERR = 0x2
)

type timespec struct {
	tv_sec  int64
	tv_nsec int64
}

type siginfo struct {
	si_signo int32
	si_errno int32
	si_code  int32
	// below here is a union; si_addr is the only field we use
	si_addr uint64
}

type stackt struct {
	ss_sp     *byte
	ss_flags  int32
	pad_cgo_0 [4]byte
	ss_size   uintptr
}

type ucontext struct {
	uc_flags    uint64
	uc_link     *ucontext
	uc_stack    stackt
	uc_mcontext sigcontext
	// below here are the signal mask and the floating point state
}

type sigcontext struct {
	r8          uint64
	r9          uint64
	r10         uint64
	r11         uint64
	r12         uint64
	r13         uint64
	r14         uint64
	r15         uint64
	rdi         uint64
	rsi         uint64
	rbp         uint64
	rbx         uint64
	rdx         uint64
	rax         uint64
	rcx         uint64
	rsp         uint64
	rip         uint64
	eflags      uint64
	cs          uint16
	gs          uint16
	fs          uint16
	__pad0      uint16
	err         uint64
	trapno      uint64
	oldmask     uint64
	cr2         uint64
	fpstate     uintptr
	__reserved1 [8]uint64
}
