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
 *	cat		copy standard input to standard output
 *	fill N		print N lines of 1000 bytes
 *	burn		compute for a while
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

/* Standard output and error: CONSOLE or FIFO, so room is acquired for each write. */
static __u64 to[2];

static void put_bytes(int i, const char *s, long len)
{
	while (len) {
		struct dios_iov iov = {};
		long n = len < 2048 ? len : 2048, j, err;

		err = call(DIOS_ACQUIRE_WRITE, 0, to[i], n, (long)&iov, 0);
		if (err < 0)
			end(100 - err);
		for (j = 0; j < n; j++)
			((char *)iov.addr)[j] = s[j];
		err = call(DIOS_RELEASE_WRITE, DIOS_BUF_COMMIT, to[i], (long)&iov, 0, 0);
		if (err < 0)
			end(100 - err);
		s += n;
		len -= n;
	}
}

static void put(int i, const char *s)
{
	long n = 0;

	while (s[n])
		n++;
	put_bytes(i, s, n);
}

static long number(const char *s)
{
	long n = 0;

	for (; *s; s++)
		n = n * 10 + *s - '0';
	return n;
}

static void cat(__u64 in)
{
	if (!in) {
		put(0, "no input\n");
		return;
	}
	for (;;) {
		struct dios_iov iov = {};
		long err = call(DIOS_ACQUIRE_READ, 0, in, 0, (long)&iov, 0);

		if (err == -DIOS_EPIPE)
			return;
		if (err < 0)
			end(100 - err);
		put_bytes(0, (char *)iov.addr, iov.len);
		err = call(DIOS_COMMIT_READ, 0, in, iov.len, (long)&iov, 0);
		if (err < 0)
			end(100 - err);
		call(DIOS_RELEASE_READ, 0, in, (long)&iov, 0, 0);
	}
}

static void fill(long lines)
{
	static char line[1001];
	long i;

	for (i = 0; i < 999; i++)
		line[i] = 'a' + i % 26;
	line[999] = '\n';
	while (lines--)
		put(0, line);
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
	to[0] = page->out;
	to[1] = page->err;

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
			status = number(argv[++i]);
		} else if (is(argv[i], "cat")) {
			cat(page->in);
		} else if (is(argv[i], "fill") && i + 1 < argc) {
			fill(number(argv[++i]));
		} else if (is(argv[i], "burn")) {
			volatile long n = 30000000;

			while (n)
				n--;
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
