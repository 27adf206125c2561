/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * program.c - what DiziBox's tests run: it does what its arguments say, in order.
 *
 *	args		print all arguments, each in brackets
 *	env		print the environment, a line each
 *	out, err	print a word to standard output, or error
 *	exit N		end with status N
 *	crash		write to address 0
 *	loop, sleep	run, or wait, for ever
 */
#include <stddef.h>
#include "../../abi/dios.h"

static long call(long nr, long a, long b, long c, long d, long e)
{
	register long r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = 0;
	long ret;

	asm volatile("syscall" : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

static void end(int status)
{
	call(DIOS_DELETE, status & DIOS_DELETE_STATUS, DIOS_REF_SELF, 0, 0, 0);
	for (;;)
		;
}

/* Standard output and error, each with its buffer. */
static struct {
	__u64 ref;
	struct dios_iov iov;
} to[2];

static void put(int i, const char *s)
{
	char *buf = (char *)to[i].iov.addr;

	while (*s) {
		struct dios_iov iov = to[i].iov;
		long n = 0;

		for (; s[n] && (__u64)n < iov.len; n++)
			buf[n] = s[n];
		n = call(DIOS_COMMIT_WRITE, 0, to[i].ref, n, (long)&iov, 0);
		if (n <= 0)
			end(100 - n);
		s += n;
	}
}

static int is(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

__attribute__((used)) static void start(long *sp)
{
	long argc = sp[0], i, j;
	char **argv = (char **)(sp + 1), **env = argv + argc + 1;
	struct dios_iov iov = {};
	struct dios_start *page;
	int status = 0;

	if (call(DIOS_ACQUIRE_READ, 0, DIOS_REF_SELF, 0, (long)&iov, 0) < 0)
		end(99);
	page = (struct dios_start *)iov.addr;
	to[0].ref = page->out;
	to[1].ref = page->err;
	for (i = 0; i < 2; i++)
		if (call(DIOS_ACQUIRE_WRITE, 0, to[i].ref, 4096, (long)&to[i].iov, 0) < 0)
			end(98);

	for (i = 1; i < argc; i++) {
		if (is(argv[i], "args")) {
			for (j = 0; j < argc; j++) {
				put(0, "[");
				put(0, argv[j]);
				put(0, "]");
			}
			put(0, "\n");
			break;
		} else if (is(argv[i], "env")) {
			for (; *env; env++) {
				put(0, *env);
				put(0, "\n");
			}
		} else if (is(argv[i], "out")) {
			put(0, "out\n");
		} else if (is(argv[i], "err")) {
			put(1, "err\n");
		} else if (is(argv[i], "exit") && i + 1 < argc) {
			for (i++, j = 0; argv[i][j]; j++)
				status = status * 10 + argv[i][j] - '0';
		} else if (is(argv[i], "crash")) {
			*(volatile char *)0 = 0;
		} else if (is(argv[i], "loop")) {
			for (;;)
				;
		} else if (is(argv[i], "sleep")) {
			call(DIOS_SELECT, 0, 0, 0, 0, -1);
		} else {
			end(97);
		}
	}
	end(status);
}

asm(".globl _start\n"
    "_start:\n"
    "	mov %rsp, %rdi\n"
    "	and $-16, %rsp\n"
    "	call start\n");
