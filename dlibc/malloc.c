/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * malloc.c - the functions of stdlib.h over a heap.
 *
 * With DLIBC_DEBUG an allocation lies between a head and a tail that are looked at
 * when it is freed or resized, at exit, and whenever malloc_check is called:
 *
 *	| ... | struct guard | what the program has | tail |
 *	^ what the heap gave
 *
 * New memory is filled with 0xa5 then, and what was freed with 0xdd.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "dlibc.h"
#include "heap.h"

#ifndef DLIBC_DEBUG

static void *alloc(size_t size, size_t align, bool *zero)
{
	return heap_alloc(size, align, zero);
}

static void release(void *p)
{
	heap_free(p);
}

static size_t size_of(const void *p)
{
	return heap_size(p);
}

static bool resize(void *p, size_t size)
{
	return heap_resize(p, size);
}

void malloc_check(void)
{
}

#else

#define MAGIC	0x64756172676d656dULL
#define TAIL	16

struct guard {
	struct guard *next, *prev;
	void *block;		/* what the heap gave */
	size_t size;		/* what the program asked for */
	uint64_t check[2];	/* its address, scrambled */
};
_Static_assert(sizeof(struct guard) % HEAP_ALIGN == 0, "guard");

static struct guard all = { .next = &all, .prev = &all };

static struct guard *guard_of(const void *p)
{
	return (struct guard *)p - 1;
}

static void look(const struct guard *g, const char *who)
{
	const unsigned char *p = (const unsigned char *)(g + 1);
	size_t i;

	/* Everything else about it may be wrong then. */
	if (g->check[0] != ((uintptr_t)g ^ MAGIC) || g->check[1] != ~g->check[0])
		panic("%s: not from malloc, or written before it: %p", who, (const void *)p);
	for (i = 0; i < TAIL; i++)
		if (p[g->size + i] != 0xfd)
			panic("%s: written %zu bytes behind the %zu of an allocation: %p", who, i + 1, g->size, (const void *)p);
}

static void *alloc(size_t size, size_t align, bool *zero)
{
	size_t before = ALIGN_UP(sizeof(struct guard), align), sum;
	struct guard *g;
	char *block;

	if (__builtin_add_overflow(size, before + TAIL, &sum) || sum > PTRDIFF_MAX)
		return NULL;
	block = heap_alloc(sum, align, zero);
	if (!block)
		return NULL;
	*zero = false;
	g = guard_of(block + before);
	g->block = block;
	g->size = size;
	g->check[0] = (uintptr_t)g ^ MAGIC;
	g->check[1] = ~g->check[0];
	memset(block + before, 0xa5, size);
	memset(block + before + size, 0xfd, TAIL);
	g->next = all.next;
	g->prev = &all;
	all.next->prev = g;
	all.next = g;
	return block + before;
}

static void release(void *p)
{
	struct guard *g = guard_of(p);

	look(g, "free");
	g->next->prev = g->prev;
	g->prev->next = g->next;
	memset(p, 0xdd, g->size);
	g->check[0] = 0;
	heap_free(g->block);
}

static size_t size_of(const void *p)
{
	look(guard_of(p), "realloc");
	return guard_of(p)->size;
}

/* Always somewhere else, so that who keeps the old address finds out. */
static bool resize(void *p, size_t size)
{
	(void)p;
	(void)size;
	return false;
}

void malloc_check(void)
{
	struct guard *g;

	for (g = all.next; g != &all; g = g->next)
		look(g, "malloc_check");
}

#endif

void *malloc(size_t size)
{
	bool zero;

	return size > PTRDIFF_MAX ? NULL : alloc(size, HEAP_ALIGN, &zero);
}

void *calloc(size_t n, size_t size)
{
	size_t bytes;
	bool zero;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > PTRDIFF_MAX)
		return NULL;
	p = alloc(bytes, HEAP_ALIGN, &zero);
	if (p && !zero)
		memset(p, 0, bytes);
	return p;
}

void *aligned_alloc(size_t align, size_t size)
{
	bool zero;

	if (!align || align & (align - 1) || align > PTRDIFF_MAX || size > PTRDIFF_MAX - align)
		return NULL;
	return alloc(size, align < HEAP_ALIGN ? HEAP_ALIGN : align, &zero);
}

void *realloc(void *p, size_t size)
{
	size_t old;
	void *q;

	if (!p)
		return malloc(size);
	if (size > PTRDIFF_MAX)
		return NULL;
	old = size_of(p);
	if (resize(p, size))
		return p;
	q = malloc(size);
	if (!q)
		return NULL;
	memcpy(q, p, old < size ? old : size);
	release(p);
	return q;
}

void free(void *p)
{
	if (p)
		release(p);
}
