// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

//
// What a task needs assembly for: TLS, the vDSO, upcalls.
// The DIOS calls are in internal/runtime/syscall/dios.
//

#include "go_asm.h"
#include "go_tls.h"
#include "textflag.h"
#include "cgo/abi_amd64.h"

// func settls()
// DI is the address of m.tls. Compiled code finds the g at -8(FS), so FS is
// 8 past m.tls. The instruction does what Linux's arch_prctl does; DIOS has
// no such call. _rt0_amd64_dios has looked whether the CPU has it.
TEXT runtime·settls(SB),NOSPLIT,$32
	ADDQ	$8, DI
	WRFSBASEQ	DI
	RET

// func vdsoClockGettime1(clock int32, ts *timespec) int32
// It returns what the vDSO returned, which is not 0 when it could not tell
// the time without a Linux call.
TEXT runtime·vdsoClockGettime1(SB),NOSPLIT,$16-20
	MOVL	clock+0(FP), DI
	MOVQ	ts+8(FP), SI

	// We don't know how much stack space the vDSO code will need,
	// so switch to g0.
	MOVQ	SP, R12	// Save old SP; R12 unchanged by C code.

	MOVQ	g_m(R14), BX // BX unchanged by C code.

	// Set vdsoPC and vdsoSP for the traceback of a tick.
	// Save the old values on stack and restore them on exit,
	// so this function is reentrant.
	MOVQ	m_vdsoPC(BX), CX
	MOVQ	m_vdsoSP(BX), DX
	MOVQ	CX, 0(SP)
	MOVQ	DX, 8(SP)

	LEAQ	clock+0(FP), DX
	MOVQ	-8(DX), CX
	MOVQ	CX, m_vdsoPC(BX)
	MOVQ	DX, m_vdsoSP(BX)

	CMPQ	R14, m_curg(BX)	// Only switch if on curg.
	JNE	noswitch

	MOVQ	m_g0(BX), DX
	MOVQ	(g_sched+gobuf_sp)(DX), SP	// Set SP to g0 stack

noswitch:
	ANDQ	$~15, SP	// Align for C code

	MOVQ	runtime·vdsoClockgettimeSym(SB), AX
	CALL	AX
	MOVQ	R12, SP		// Restore real SP
	// Restore vdsoPC, vdsoSP
	// We don't worry about being interrupted between the two stores.
	// If we are not in an upcall, we'll restore vdsoSP to 0,
	// and no one will care about vdsoPC.
	MOVQ	8(SP), CX
	MOVQ	CX, m_vdsoSP(BX)
	MOVQ	0(SP), CX
	MOVQ	CX, m_vdsoPC(BX)
	MOVL	AX, ret+16(FP)
	RET

// The entry of upcalls, in C's calling convention: the kind, its info and
// the interrupted registers are in DI, SI, DX.
TEXT runtime·sigtramp(SB),NOSPLIT|TOPFRAME|NOFRAME,$0
	// Transition from C ABI to Go ABI.
	PUSH_REGS_HOST_TO_ABI0()

	// Set up ABIInternal environment: g in R14, cleared X15.
	get_tls(R12)
	MOVQ	g(R12), R14
	PXOR	X15, X15

	// Reserve space for spill slots.
	NOP	SP		// disable vet stack checking
	ADJSP   $24

	// Call into the Go upcall handler
	MOVQ	DI, AX	// kind
	MOVQ	SI, BX	// info
	MOVQ	DX, CX	// context
	CALL	·sigtrampgo<ABIInternal>(SB)

	ADJSP	$-24

	POP_REGS_HOST_TO_ABI0()
	RET

// The return half of an upcall. It is the host's rt_sigreturn, the one Linux
// call a pure task has.
TEXT runtime·sigreturn(SB),NOSPLIT|NOFRAME,$0
	MOVQ	$15, AX
	SYSCALL
	INT	$3	// not reached
