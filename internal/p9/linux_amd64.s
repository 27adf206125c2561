// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build linux || dios

#include "textflag.h"

// func linuxCall(nr, a1, a2, a3, a4, a5 uintptr) uintptr
TEXT ·linuxCall(SB),NOSPLIT,$0-56
	MOVQ	nr+0(FP), AX
	MOVQ	a1+8(FP), DI
	MOVQ	a2+16(FP), SI
	MOVQ	a3+24(FP), DX
	MOVQ	a4+32(FP), R10
	MOVQ	a5+40(FP), R8
	SYSCALL
	MOVQ	AX, ret+48(FP)
	RET
