/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * heap.h - what malloc.c needs of a heap. There are two: heap_pool.c and heap_simple.c.
 *
 * Sizes are at most PTRDIFF_MAX; alignments are powers of two, at least 16.
 */
#ifndef DLIBC_HEAP_H
#define DLIBC_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#define HEAP_ALIGN	16

/* zero: out, the memory is zero. Return: at least size bytes, or NULL. */
void *heap_alloc(size_t size, size_t align, bool *zero);
void heap_free(void *p);

/* How many bytes p has. */
size_t heap_size(const void *p);

/* Make p have at least size bytes, where it is. Return: whether it has; if not nothing has changed. */
bool heap_resize(void *p, size_t size);

#endif
