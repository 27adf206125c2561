/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * kernel.c - private memory objects for the tests of malloc: what the kernel promises, and a
 * limit on how much it gives. A use that the kernel would refuse, or that is a mistake, ends the test.
 */
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include "test.h"
#include "kernel.h"

#define MAX_OBJECTS	200000

static struct object {
	size_t size;	/* 0: none */
	void *at;	/* NULL: not mapped */
} objects[MAX_OBJECTS];
static unsigned int next = 1;

size_t kernel_mapped, kernel_quota = SIZE_MAX;
unsigned int kernel_objects;
unsigned long kernel_calls;

long dios_create(__u64 flags, __u64 type, const void *spec, void *name, dios_ref *ref, dios_ref group)
{
	size_t size = ((const struct dios_privmem *)spec)->size;
	unsigned int i;

	(void)group;
	kernel_calls++;
	check(!flags && type == DIOS_T_PRIVMEM && !name && size && size % DIOS_PAGE_SIZE == 0, "create of %zu", size);
	/* Numbers come back late. */
	for (i = 1; i < MAX_OBJECTS; i++, next++) {
		struct object *o = &objects[next % MAX_OBJECTS];

		if (o->size || next % MAX_OBJECTS == 0)
			continue;
		o->size = size;
		*ref = next++ % MAX_OBJECTS;
		kernel_objects++;
		return 0;
	}
	return -DIOS_EQUOTA;
}

static struct object *object_of(dios_ref ref)
{
	check(ref && ref < MAX_OBJECTS && objects[ref].size, "no reference %llu", ref);
	return &objects[ref];
}

long dios_acquire_write(__u64 flags, dios_ref ref, __u64 len, struct dios_iov *iov, dios_ref from, __u64 off)
{
	struct object *o = object_of(ref);

	(void)from;
	(void)off;
	kernel_calls++;
	check(!flags && !o->at && (!len || len == o->size));
	if (o->size > kernel_quota - (kernel_mapped < kernel_quota ? kernel_mapped : kernel_quota))
		return -DIOS_EQUOTA;
	o->at = mmap(NULL, o->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (o->at == MAP_FAILED) {
		o->at = NULL;
		return -DIOS_ENOMEM;
	}
	kernel_mapped += o->size;
	iov->addr = (uintptr_t)o->at;
	iov->len = o->size;
	return 0;
}

long dios_delete(__u64 flags, dios_ref ref)
{
	struct object *o = object_of(ref);

	kernel_calls++;
	check(!flags);
	if (o->at) {
		munmap(o->at, o->size);
		kernel_mapped -= o->size;
	}
	*o = (struct object){ 0 };
	kernel_objects--;
	return 0;
}

_Noreturn void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\n", stderr);
	_Exit(134);
}
