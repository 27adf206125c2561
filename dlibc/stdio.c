/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * stdio.c - the two outputs.
 *
 * An output is a reference on the start page: a CONSOLE, or where whoever started the task redirects
 * it a FIFO or a STREAM. What is in the buffer is written as one piece: acquire, commit,
 * release, which all of them have.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlibc.h"

struct dlibc_file {
	bool err;		/* standard error: written at once */
	bool failed;
	bool line;		/* a line ends in buf */
	size_t n;		/* bytes in buf */
	char buf[BUFSIZ];
};

static struct dlibc_file out = { .err = false }, err = { .err = true };

FILE *const stdout = &out;
FILE *const stderr = &err;

/*
 * Write some of p, as much as the other side takes at once.
 * Return: how many bytes, or an error.
 */
static long write_some(dios_ref ref, const char *p, size_t n)
{
	struct dios_iov iov = { 0, 0 }, part;
	long r;

	do {
		r = dios_acquire_write(0, ref, n, &iov, 0, 0);
		/* A FIFO may be too short for so long a record. */
		if (r == -DIOS_ETOOBIG)
			n /= 2;
	} while (r == -DIOS_EINTR || (r == -DIOS_ETOOBIG && n));
	if (r)
		return r;
	if (n > iov.len)
		n = iov.len;
	memcpy((void *)(uintptr_t)iov.addr, p, n);
	do {
		part = iov;
		r = dios_commit_write(0, ref, n, &part);
	} while (r == -DIOS_EINTR);
	dios_release_write(0, ref, &iov);
	return r;
}

/* What is in the buffer is gone afterwards, written or not. */
static int flush(FILE *f)
{
	dios_ref ref = f->err ? dios_start()->err : dios_start()->out;
	size_t done = 0;
	long n = 0;

	while (done < f->n && n >= 0) {
		n = write_some(ref, f->buf + done, f->n - done);
		if (n > 0)
			done += n;
	}
	f->n = 0;
	f->line = false;
	if (n < 0)
		f->failed = true;
	return n < 0 ? EOF : 0;
}

static void put(void *to, const char *s, size_t n)
{
	FILE *f = to;

	while (n) {
		size_t room = sizeof(f->buf) - f->n, some = n < room ? n : room;

		memcpy(f->buf + f->n, s, some);
		f->line |= !!memchr(s, '\n', some);
		f->n += some;
		s += some;
		n -= some;
		if (f->n == sizeof(f->buf))
			flush(f);
	}
}

/* The end of a call. */
static int end(FILE *f)
{
	if (f->err || f->line)
		flush(f);
	return f->failed ? EOF : 0;
}

int fflush(FILE *f)
{
	return f ? flush(f) : flush_all();
}

int flush_all(void)
{
	int a = flush(&out), b = flush(&err);

	return a || b ? EOF : 0;
}

int ferror(FILE *f)
{
	return f->failed;
}

size_t fwrite(const void *restrict p, size_t size, size_t n, FILE *restrict f)
{
	size_t bytes;

	if (__builtin_mul_overflow(size, n, &bytes) || !bytes)
		return 0;
	put(f, p, bytes);
	return end(f) ? 0 : n;
}

int fputs(const char *restrict s, FILE *restrict f)
{
	put(f, s, strlen(s));
	return end(f);
}

int puts(const char *s)
{
	put(stdout, s, strlen(s));
	put(stdout, "\n", 1);
	return end(stdout);
}

int fputc(int c, FILE *f)
{
	char byte = c;

	put(f, &byte, 1);
	return end(f) ? EOF : (unsigned char)byte;
}

int putchar(int c)
{
	return fputc(c, stdout);
}

int vfprintf(FILE *restrict f, const char *restrict format, va_list args)
{
	int n = format_to(put, f, format, args);

	return end(f) ? EOF : n;
}

int vprintf(const char *restrict format, va_list args)
{
	return vfprintf(stdout, format, args);
}

int fprintf(FILE *restrict f, const char *restrict format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vfprintf(f, format, args);
	va_end(args);
	return n;
}

int printf(const char *restrict format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vfprintf(stdout, format, args);
	va_end(args);
	return n;
}

void panic(const char *format, ...)
{
	va_list args;

	flush(&out);
	put(&err, program, strlen(program));
	put(&err, ": ", 2);
	va_start(args, format);
	format_to(put, &err, format, args);
	va_end(args);
	put(&err, "\n", 1);
	flush(&err);
	abort();
}

void assert_failed(const char *what, const char *file, int line, const char *function)
{
	/* As the host's library says it; the name without its folder. */
	const char *slash = strrchr(program, '/');

	fprintf(stderr, "%s: %s:%d: %s: Assertion `%s' failed.\n", slash ? slash + 1 : program, file, line, function, what);
	abort();
}
