/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hook.S - what stands at the start of __secure_computing.
 *
 * ftrace makes the call there come here; the return address is the rest of that
 * function, the one above it its caller.  So there are two ways out: to
 * return is to let the original go on, to return past it to its caller is to
 * have been in its place.  A filter's verdict is had by calling the rest.
 *
 * Nothing need be saved: the only argument is NULL wherever x86 calls it.
 */
#include <linux/linkage.h>
#include <linux/version.h>
#include <asm/nospec-branch.h>
#include <asm/unwind_hints.h>
#include "hook.h"

SYM_CODE_START(dal_hook)
	UNWIND_HINT_FUNC
	ANNOTATE_NOENDBR
	call	dal_enter
	testq	%rax, %rax
	jg	.Lfilter
	addq	$8, %rsp
	RET

.Lfilter:
	cmpl	$DAL_FILTER, %eax
	je	.Ljudge
	xorl	%edi, %edi
	RET

.Ljudge:
	movq	(%rsp), %rcx
	movq	%rdx, (%rsp)	/* the state, where the return address was */
	leaq	.Ljudged(%rip), %rax
	pushq	%rax
	pushq	%rcx
	xorl	%edi, %edi
	RET
.Ljudged:
	UNWIND_HINT_FUNC
	popq	%rsi
	UNWIND_HINT_FUNC
	movl	%eax, %edi
	jmp	dal_judged
SYM_CODE_END(dal_hook)
