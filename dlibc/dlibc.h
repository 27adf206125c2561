/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* dlibc.h - what the files of the library share, and programs do not see. */
#ifndef DLIBC_H
#define DLIBC_H

#include <stdarg.h>
#include <stddef.h>
#include <dios.h>

/* crt.c */
extern const char *program;		/* argv[0], or "program" */
extern const __u64 *auxv;		/* pairs of a tag and a value; the last tag is 0 */

/* stdio.c */
int flush_all(void);
__attribute__((format(printf, 1, 2))) _Noreturn void panic(const char *format, ...);

/*
 * format.c: puts out what a printf does, piece by piece.
 * Return: how many bytes, or -1 when they are more than INT_MAX.
 */
int format_to(void (*put)(void *to, const char *s, size_t n), void *to, const char *format, va_list args);

/* mem.c: a private memory object of its own, zero, at a place that the kernel chooses. NULL: an error. */
void *mem_map(size_t len, dios_ref *ref);
void mem_unmap(dios_ref ref);

/* Names that are registered with DIOS_ENTRY, put together by the linker. */
extern const struct dios_entry __start_dios_entries[] __attribute__((weak));
extern const struct dios_entry __stop_dios_entries[] __attribute__((weak));

#define ALIGN_UP(n, to)	(((n) + (to) - 1) & ~((size_t)(to) - 1))

#endif
