// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

#include "go_asm.h"
#include "textflag.h"

// The kernel starts a task as Linux starts a process: argc, argv, the
// environment and the auxiliary vector on the stack. What is DIOS's own is
// on the start page, which the task asks for.
//
// Asking is the first thing a program does, because it also tells where the
// program runs: no call of DIOS answers EHOST, but a Linux without DIOS gives
// that for every number it does not know. Only then are Linux calls made, to
// say so and exit.
TEXT _rt0_amd64_dios(SB),NOSPLIT|NOFRAME,$0
	SUBQ	$16, SP				// a struct dios_iov
	MOVQ	$0, 0(SP)			// addr: anywhere
	MOVQ	$0, 8(SP)			// len
	MOVQ	$const__SYS_ACQUIRE_READ, AX
	MOVQ	$0, DI				// flags
	MOVQ	$const__REF_SELF, SI		// ref
	MOVQ	$0, DX				// len: all there is
	MOVQ	SP, R10				// iov
	SYSCALL
	MOVQ	0(SP), R12			// the start page
	ADDQ	$16, SP
	CMPQ	AX, $-const__EHOST
	JEQ	nodios
	TESTQ	AX, AX
	JLT	failed
	MOVQ	R12, runtime·diosStart(SB)

	// runtime·settls needs WRFSBASE. The kernel says in AT_HWCAP2 whether
	// programs may use it. Look there, lest it be an illegal instruction.
	MOVQ	0(SP), AX			// argc
	LEAQ	16(SP)(AX*8), BX		// the environment: past argc, argv and a nil
env:
	MOVQ	0(BX), AX
	ADDQ	$8, BX
	TESTQ	AX, AX
	JNE	env
auxv:
	MOVQ	0(BX), AX			// tag
	MOVQ	8(BX), DX			// value
	ADDQ	$16, BX
	CMPQ	AX, $const__AT_HWCAP2
	JEQ	hwcap2
	TESTQ	AX, AX				// AT_NULL
	JNE	auxv
	JMP	nofsgsbase
hwcap2:
	TESTQ	$const__HWCAP2_FSGSBASE, DX
	JEQ	nofsgsbase
	JMP	_rt0_amd64(SB)

nodios:
	MOVQ	$1, AX				// Linux's write
	MOVQ	$2, DI
	MOVQ	runtime·msgNoDIOS+0(SB), SI
	MOVQ	runtime·msgNoDIOS+8(SB), DX
	SYSCALL
	MOVQ	$231, AX			// Linux's exit_group
	MOVQ	$const__EXIT_NOSTART, DI
	SYSCALL
	INT	$3				// not reached

nofsgsbase:
	// There is no g for write1: do here what it does.
	MOVQ	const__START_ERR(R12), R13	// standard error
	SUBQ	$16, SP				// a struct dios_iov
	MOVQ	$0, 0(SP)
	MOVQ	$0, 8(SP)
	MOVQ	$const__SYS_ACQUIRE_WRITE, AX
	MOVQ	$0, DI
	MOVQ	R13, SI
	MOVQ	runtime·msgNoFSGSBASE+8(SB), DX
	MOVQ	SP, R10
	SYSCALL
	TESTQ	AX, AX
	JLT	failed
	MOVQ	0(SP), DI
	MOVQ	runtime·msgNoFSGSBASE+0(SB), SI
	MOVQ	runtime·msgNoFSGSBASE+8(SB), CX
	CLD
	REP;	MOVSB
	MOVQ	$const__SYS_COMMIT_WRITE, AX
	MOVQ	$0, DI
	MOVQ	R13, SI
	MOVQ	runtime·msgNoFSGSBASE+8(SB), DX
	MOVQ	SP, R10
	SYSCALL

failed:
	MOVQ	$const__SYS_DELETE, AX
	MOVQ	$const__EXIT_NOSTART, DI
	MOVQ	$const__REF_SELF, SI
	SYSCALL
	INT	$3				// not reached
