/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * heap_pool.c - a heap in pools: calls of the kernel are shared by many allocations.
 *
 * A region of private memory is cut into chunks, without gaps, up to a fence:
 *
 *	| chunk | chunk | free chunk ... | chunk | fence |
 *
 * A chunk begins with two words. The second, head, is its size and some flags. The first,
 * prev_size, belongs to the chunk before it: it is that one's size if it is free, so that
 * the two can be put together, and else its last eight bytes. So an allocation
 * costs eight bytes, and what is freed grows together with free neighbours at once.
 *
 * Free chunks are in lists by size, small ones each size apart, others in eight lists for
 * each power of two; a bit map tells which lists have any. An allocation takes from the
 * first that is sure to fit, and gives back what it does not need. All that takes
 * a number of steps that does not depend on how much there is, until the kernel gives no more.
 *
 * Regions grow with the heap, from 256 KiB to 4 MiB; one that has become free
 * is kept, a second one is given back. What is as large as the smallest region gets one
 * of its own, as in dlmalloc, and gives it back when it is freed: that is what the table in region.c is for.
 */
#include <stdint.h>
#include <string.h>
#include "dlibc.h"
#include "heap.h"
#include "region.h"

#define DIRECT_SIZE	((size_t)256 << 10)	/* from here on a region of its own */
#define MIN_REGION	((size_t)256 << 10)
#define MAX_REGION	((size_t)4 << 20)

/* Flags in head; sizes are multiples of 16. */
#define PREV_USED	1	/* so prev_size is not a size */
#define USED		2
#define FIRST		4	/* of its region */
#define DIRECT		8	/* it has a region of its own; prev_size is where it begins there */
#define FLAGS		15

struct chunk {
	size_t prev_size;
	size_t head;
	/* Only while it is free; else what the program has begins here. */
	struct chunk *next, *prev;
};

#define HEAD		offsetof(struct chunk, next)
#define OVERHEAD	sizeof(size_t)
#define MIN_CHUNK	sizeof(struct chunk)

_Static_assert(HEAD == HEAP_ALIGN, "what the program has is aligned");

/* --- chunks --- */

static struct chunk *chunk_of(const void *p)
{
	return (struct chunk *)((char *)p - HEAD);
}

static void *memory_of(struct chunk *c)
{
	return (char *)c + HEAD;
}

static size_t size_of(const struct chunk *c)
{
	return c->head & ~(size_t)FLAGS;
}

static struct chunk *at(const struct chunk *c, size_t off)
{
	return (struct chunk *)((char *)c + off);
}

static struct chunk *after(const struct chunk *c)
{
	return at(c, size_of(c));
}

/* How large a chunk for so many bytes is. */
static size_t chunk_size(size_t size)
{
	size_t n = ALIGN_UP(size + OVERHEAD, HEAP_ALIGN);

	return n < MIN_CHUNK ? MIN_CHUNK : n;
}

/* --- lists of free chunks --- */

#define SMALL		512	/* below, a list for each size */
#define NSMALL		(SMALL / HEAP_ALIGN)
#define SMALL_LOG	9
#define MAX_LOG		22	/* no chunk is larger than a region */
#define NLISTS		(NSMALL + (MAX_LOG - SMALL_LOG) * 8)
#define NWORDS		((NLISTS + 63) / 64)
#define LOOK_AT		8	/* so many of a list are looked at that may not fit */

_Static_assert(MAX_REGION <= (size_t)1 << MAX_LOG, "lists for every size");

static struct chunk *lists[NLISTS];
static uint64_t map[NWORDS];

static unsigned int list_of(size_t size)
{
	unsigned int log;

	if (size < SMALL)
		return size / HEAP_ALIGN;
	log = 63 - __builtin_clzl(size);
	return NSMALL + (log - SMALL_LOG) * 8 + (size >> (log - 3) & 7);
}

static void list_add(struct chunk *c)
{
	unsigned int i = list_of(size_of(c));

	c->prev = NULL;
	c->next = lists[i];
	if (c->next)
		c->next->prev = c;
	lists[i] = c;
	map[i / 64] |= 1ULL << i % 64;
}

static void list_del(struct chunk *c)
{
	unsigned int i;

	if (c->next)
		c->next->prev = c->prev;
	if (c->prev) {
		c->prev->next = c->next;
		return;
	}
	i = list_of(size_of(c));
	lists[i] = c->next;
	if (!c->next)
		map[i / 64] &= ~(1ULL << i % 64);
}

/* The first list after this one that has any; NLISTS: none. */
static unsigned int list_after(unsigned int i)
{
	unsigned int w = ++i / 64;
	uint64_t bits;

	if (w >= NWORDS)
		return NLISTS;
	for (bits = map[w] >> i % 64 << i % 64; !bits; bits = map[w])
		if (++w == NWORDS)
			return NLISTS;
	return w * 64 + __builtin_ctzll(bits);
}

/* --- regions --- */

static size_t pooled;		/* bytes of all regions */
static struct chunk *spare;	/* a region that is free as a whole, or NULL */

static struct chunk *region_add(size_t size)
{
	size_t least = ALIGN_UP(size + HEAD, DIOS_PAGE_SIZE), len = MIN_REGION;
	struct chunk *c = NULL;

	while (len < pooled / 2 && len < MAX_REGION)
		len *= 2;
	/* Near the quota a small one may still be had. */
	for (; len > least && !(c = region_map(len)); len /= 2)
		;
	if (!c) {
		len = least;
		c = region_map(len);
	}
	if (!c)
		return NULL;
	pooled += len;
	c->head = (len - HEAD) | PREV_USED | FIRST;
	after(c)->prev_size = len - HEAD;
	after(c)->head = USED;		/* the fence: a chunk of 0 bytes */
	list_add(c);
	return c;
}

/* --- taking and giving back --- */

/* What a chunk has beyond size becomes a free chunk. The one after it is used, or the fence. */
static void cut(struct chunk *c, size_t size)
{
	size_t rest = size_of(c) - size;
	struct chunk *r;

	if (rest < MIN_CHUNK)
		return;
	c->head -= rest;
	r = after(c);
	r->head = rest | PREV_USED;
	after(r)->prev_size = rest;
	after(r)->head &= ~(size_t)PREV_USED;
	list_add(r);
}

static struct chunk *fitting(size_t size)
{
	unsigned int i = list_of(size), n = 0;
	struct chunk *c;

	for (c = lists[i]; c && n < LOOK_AT; c = c->next, n++)
		if (size_of(c) >= size)
			return c;
	i = list_after(i);
	return i < NLISTS ? lists[i] : NULL;
}

static struct chunk *take(size_t size)
{
	struct chunk *c = fitting(size);

	if (!c)
		c = region_add(size);
	/* Those that were not looked at. */
	if (!c)
		for (c = lists[list_of(size)]; c && size_of(c) < size; c = c->next)
			;
	if (!c)
		return NULL;
	if (c == spare)
		spare = NULL;
	list_del(c);
	c->head |= USED;
	after(c)->head |= PREV_USED;
	cut(c, size);
	return c;
}

static void give_back(struct chunk *c)
{
	struct chunk *n = after(c), *p;

	c->head &= ~(size_t)USED;
	if (!(c->head & PREV_USED)) {
		p = (struct chunk *)((char *)c - c->prev_size);
		list_del(p);
		p->head += size_of(c);
		c = p;
	}
	if (!(n->head & USED)) {
		list_del(n);
		c->head += size_of(n);
		n = after(c);
	}
	if (c->head & FIRST && !size_of(n)) {
		if (spare) {
			pooled -= size_of(c) + HEAD;
			region_unmap(c);
			return;
		}
		spare = c;
	}
	n->prev_size = size_of(c);
	n->head &= ~(size_t)PREV_USED;
	list_add(c);
}

static void *direct_alloc(size_t size, size_t align)
{
	/* Behind the head the next aligned address is at most align from the start. */
	size_t len = ALIGN_UP(size + align, DIOS_PAGE_SIZE);
	char *start = region_map(len), *p;
	struct chunk *c;

	if (!start)
		return NULL;
	p = (char *)ALIGN_UP((uintptr_t)start + HEAD, align);
	c = chunk_of(p);
	c->prev_size = (char *)c - start;
	c->head = (start + len - (char *)c) | PREV_USED | USED | DIRECT;
	return p;
}

/* --- what malloc.c sees --- */

void *heap_alloc(size_t size, size_t align, bool *zero)
{
	struct chunk *c, *a;
	size_t n;

	*zero = size >= DIRECT_SIZE || align >= DIRECT_SIZE || size + align >= DIRECT_SIZE;
	if (*zero)
		return direct_alloc(size, align);
	n = chunk_size(size);
	if (align == HEAP_ALIGN) {
		c = take(n);
		return c ? memory_of(c) : NULL;
	}
	/* What lies before the aligned part is a chunk of its own, which is given back. */
	c = take(n + align + MIN_CHUNK);
	if (!c)
		return NULL;
	a = chunk_of((void *)ALIGN_UP((uintptr_t)memory_of(c), align));
	if (a != c) {
		if ((char *)a - (char *)c < (ptrdiff_t)MIN_CHUNK)
			a = at(a, align);
		a->head = (size_of(c) - ((char *)a - (char *)c)) | PREV_USED | USED;
		c->head -= size_of(a);
		give_back(c);
	}
	/* What lies behind it may be followed by a free chunk, and belongs to it then. */
	heap_resize(memory_of(a), size);
	return memory_of(a);
}

static struct chunk *used_chunk(const void *p)
{
	struct chunk *c = chunk_of(p);

	if ((uintptr_t)p % HEAP_ALIGN || !(c->head & USED))
		panic("free: not allocated: %p", p);
	return c;
}

void heap_free(void *p)
{
	struct chunk *c = used_chunk(p);

	if (c->head & DIRECT)
		region_unmap((char *)c - c->prev_size);
	else
		give_back(c);
}

size_t heap_size(const void *p)
{
	struct chunk *c = used_chunk(p);

	return size_of(c) - (c->head & DIRECT ? HEAD : OVERHEAD);
}

bool heap_resize(void *p, size_t size)
{
	struct chunk *c = used_chunk(p), *n = after(c);
	size_t want;

	if (c->head & DIRECT)
		return size <= size_of(c) - HEAD && size >= (size_of(c) - HEAD) / 2;
	if (size >= DIRECT_SIZE)
		return false;
	want = chunk_size(size);
	if (want > size_of(c) && (n->head & USED || size_of(c) + size_of(n) < want))
		return false;
	if (!(n->head & USED)) {
		list_del(n);
		c->head += size_of(n);
		after(c)->head |= PREV_USED;
	}
	cut(c, want);
	return true;
}
