/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * heap_simple.c - a heap of one private memory object for each allocation.
 *
 *	| struct head | what the program has | to the end of the page |
 *	^ the object begins
 *
 * The head tells which object it is. Three calls for each allocation, and a page at
 * least: it is here to be compared with heap_pool.c.
 */
#include <stdint.h>
#include "dlibc.h"
#include "heap.h"

struct head {
	dios_ref ref;
	size_t size;		/* bytes from behind the head to the end */
};
_Static_assert(sizeof(struct head) == HEAP_ALIGN, "head");

static struct head *head_of(const void *p)
{
	return (struct head *)p - 1;
}

void *heap_alloc(size_t size, size_t align, bool *zero)
{
	/* Behind the head the next aligned address is at most align from the start. */
	size_t len = ALIGN_UP(size + align, DIOS_PAGE_SIZE);
	dios_ref ref;
	char *object = mem_map(len, &ref), *p;

	if (!object)
		return NULL;
	p = (char *)ALIGN_UP((uintptr_t)object + sizeof(struct head), align);
	*head_of(p) = (struct head){ ref, object + len - p };
	*zero = true;
	return p;
}

void heap_free(void *p)
{
	mem_unmap(head_of(p)->ref);
}

size_t heap_size(const void *p)
{
	return head_of(p)->size;
}

bool heap_resize(void *p, size_t size)
{
	size_t has = head_of(p)->size;

	/* What is less than half as long is worth a smaller object. */
	return size <= has && (size >= has / 2 || has < DIOS_PAGE_SIZE);
}
