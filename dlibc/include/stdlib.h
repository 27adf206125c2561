/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* stdlib.h - memory, numbers from text, and how a program ends. */
#ifndef DLIBC_STDLIB_H
#define DLIBC_STDLIB_H

#include <stddef.h>

#define EXIT_SUCCESS	0
#define EXIT_FAILURE	1

/*
 * Memory. There are two heaps, and the linker is told which: the pooled one of libdlibc.a, or
 * with heap_simple.o before it one object of the kernel for each allocation. All
 * is aligned to 16 bytes at least. NULL: no memory, or over the quota.
 */
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t size);
void *aligned_alloc(size_t align, size_t size);
void free(void *p);

/* With libdlibc-debug.a: abort() with a message when something was written before or behind an allocation. */
void malloc_check(void);

/* Out of range: the nearest that there is. */
long strtol(const char *restrict s, char **restrict end, int base);
unsigned long strtoul(const char *restrict s, char **restrict end, int base);
long long strtoll(const char *restrict s, char **restrict end, int base);
unsigned long long strtoull(const char *restrict s, char **restrict end, int base);
int atoi(const char *s);
long atol(const char *s);

static inline int abs(int n) { return n < 0 ? -n : n; }
static inline long labs(long n) { return n < 0 ? -n : n; }

void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t n, size_t size, int (*compare)(const void *, const void *));

char *getenv(const char *name);

/* exit calls what atexit was given, last first, and writes what is to be written; _Exit only ends the task. */
_Noreturn void exit(int status);
_Noreturn void _Exit(int status);
int atexit(void (*f)(void));

/* Ends the task with status 134, which is that of a process that aborts on Linux. */
_Noreturn void abort(void);

#endif
