/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * stdio.h - formatted output, to memory and to the task's two outputs.
 *
 * Conversions: d i u o x X c s p %, with the flags - + space # 0, width and precision, also
 * as *, and the lengths hh h l ll j z t. There is no floating point, and %n is not
 * known: a conversion that is not known is put out as it stands.
 *
 * Standard output is written at the end of a line, when its buffer is full, and
 * at exit; standard error at once. There is no input and there are no files.
 */
#ifndef DLIBC_STDIO_H
#define DLIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>

#define EOF	(-1)
#define BUFSIZ	4096

typedef struct dlibc_file FILE;
extern FILE *const stdout, *const stderr;

#define stdout	stdout
#define stderr	stderr

#define DLIBC_FORMAT(f, a)	__attribute__((format(printf, f, a)))

int printf(const char *restrict format, ...) DLIBC_FORMAT(1, 2);
int fprintf(FILE *restrict f, const char *restrict format, ...) DLIBC_FORMAT(2, 3);
int vprintf(const char *restrict format, va_list args) DLIBC_FORMAT(1, 0);
int vfprintf(FILE *restrict f, const char *restrict format, va_list args) DLIBC_FORMAT(2, 0);

/*
 * At most size bytes, the NUL included, which is always there unless size is 0.
 * Return: what the length would be with room enough; -1: more than INT_MAX.
 */
int snprintf(char *restrict to, size_t size, const char *restrict format, ...) DLIBC_FORMAT(3, 4);
int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list args) DLIBC_FORMAT(3, 0);

int putchar(int c);
int puts(const char *s);
int fputc(int c, FILE *f);
int fputs(const char *restrict s, FILE *restrict f);
size_t fwrite(const void *restrict p, size_t size, size_t n, FILE *restrict f);

/* Return: 0, or EOF when something could not be written; f NULL: both. */
int fflush(FILE *f);
int ferror(FILE *f);

#define putc(c, f)	fputc(c, f)

#endif
