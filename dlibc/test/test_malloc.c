/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * test_malloc.c - malloc against a model: what is allocated holds what was written there, whatever else happens.
 *
 * The same test for each heap, and with the checks of a debug build.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"
#include "kernel.h"

void *dl_malloc(size_t);
void *dl_calloc(size_t, size_t);
void *dl_realloc(void *, size_t);
void *dl_aligned_alloc(size_t, size_t);
void dl_free(void *);
void malloc_check(void);

static bool simple, debug;

#define NSLOTS	1500

static struct slot {
	unsigned char *p;
	size_t size;
	uint64_t seed;
} slots[NSLOTS];

static unsigned char byte(uint64_t seed, size_t i)
{
	return (seed + i * 0x9e3779b97f4a7c15ULL) >> 56;
}

/* All of what is small; of what is large some at both ends and between. */
static size_t step(size_t size)
{
	return size < 4096 ? 1 : size / 977;
}

static void write_slot(struct slot *s, size_t from)
{
	size_t i, d = step(s->size);

	(void)from;
	for (i = 0; i < s->size; i += d)
		s->p[i] = byte(s->seed, i);
	if (s->size)
		s->p[s->size - 1] = byte(s->seed, s->size - 1);
}

static void look(const struct slot *s)
{
	size_t i, d = step(s->size);

	for (i = 0; i < s->size; i += d)
		check(s->p[i] == byte(s->seed, i), "byte %zu of %zu at %p", i, s->size, (void *)s->p);
	if (s->size)
		check(s->p[s->size - 1] == byte(s->seed, s->size - 1), "the last of %zu", s->size);
}

static size_t some_size(void)
{
	switch (below(16)) {
	case 0:
		return below(4) ? below(300000) : below(3000000);
	case 1:
	case 2:
		return below(20000);
	case 3:
		return below(3);
	case 4:
		return 262144 - 40 + below(80);	/* where a region of its own begins */
	default:
		return below(600);
	}
}

static void aligned(const void *p, size_t align)
{
	check((uintptr_t)p % align == 0, "%p to %zu", p, align);
}

static void one(struct slot *s)
{
	size_t size = some_size(), i, align;
	struct slot old = *s;
	unsigned char *p;

	if (s->p)
		look(s);
	if (!s->p) {
		switch (below(4)) {
		case 0:
			align = 1UL << below(16);
			s->p = dl_aligned_alloc(align, size);
			aligned(s->p, align);
			break;
		case 1:
			s->p = dl_calloc(below(2) ? 1 : size, 1);
			size = s->p ? size : 0;
			dl_free(s->p);
			s->p = dl_calloc(size, 1);
			for (i = 0; s->p && i < size; i++)
				check(!s->p[i], "calloc %zu: byte %zu", size, i);
			break;
		default:
			s->p = dl_malloc(size);
		}
		aligned(s->p, 16);
		s->size = s->p ? size : 0;
		s->seed = random64();
		write_slot(s, 0);
		return;
	}
	if (below(2)) {
		dl_free(s->p);
		*s = (struct slot){ 0 };
		return;
	}
	p = dl_realloc(s->p, size);
	if (!p) {
		look(s);	/* nothing has changed */
		return;
	}
	aligned(p, 16);
	/* As much as both have is what it was. */
	for (i = 0; i < size && i < old.size; i += step(old.size))
		check(p[i] == byte(old.seed, i), "realloc %zu to %zu: byte %zu", old.size, size, i);
	s->p = p;
	s->size = size;
	write_slot(s, 0);
}

/* What is kept when all is free. */
static void all_free(const char *when)
{
	unsigned int i;

	for (i = 0; i < NSLOTS; i++) {
		if (slots[i].p)
			look(&slots[i]);
		dl_free(slots[i].p);
		slots[i] = (struct slot){ 0 };
	}
	if (simple)
		check(!kernel_objects && !kernel_mapped, "%s: %u objects left", when, kernel_objects);
	else	/* one region, and nodes of the table */
		check(kernel_mapped <= (4 << 20) + 5 * 65536, "%s: %zu bytes left", when, kernel_mapped);
}

static void random_operations(unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		/* Now and then there is little memory for a while. */
		if (i % 5000 == 4000)
			kernel_quota = kernel_mapped + below(300000);
		if (i % 5000 == 0)
			kernel_quota = SIZE_MAX;
		/* Mostly many, at times few. */
		one(&slots[below(i % 20000 < 15000 ? NSLOTS : 50)]);
	}
	kernel_quota = SIZE_MAX;
	malloc_check();
	all_free("random");
}

static void edges(void)
{
	void *a = dl_malloc(0), *b = dl_malloc(0);
	size_t huge[] = { SIZE_MAX, SIZE_MAX - 15, (size_t)PTRDIFF_MAX + 1, PTRDIFF_MAX, (size_t)1 << 62, (size_t)1 << 47 }, i;
	unsigned int objects = kernel_objects;

	check(a && b && a != b);
	for (i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		check(!dl_malloc(huge[i]), "malloc %zx", huge[i]);
		check(!dl_calloc(huge[i], 1), "calloc %zx", huge[i]);
		check(!dl_calloc(2, huge[i] / 2), "calloc 2 %zx", huge[i]);
		check(!dl_realloc(a, huge[i]), "realloc %zx", huge[i]);
		check(!dl_aligned_alloc(64, huge[i]), "aligned_alloc %zx", huge[i]);
		check(!dl_aligned_alloc((size_t)1 << 63, huge[i]), "aligned_alloc 1<<63");
	}
	check(!dl_calloc(SIZE_MAX / 2, 3));
	check(!dl_calloc((size_t)1 << 32, (size_t)1 << 32));
	check(!dl_aligned_alloc(0, 10) && !dl_aligned_alloc(24, 10));
	check(kernel_objects == objects, "%u objects, %u before", kernel_objects, objects);
	dl_free(a);
	dl_free(b);
	dl_free(NULL);
	a = dl_realloc(NULL, 10);
	check(a);
	dl_free(a);
	all_free("edges");
}

/* Holes are filled again, and neighbours grow together. */
static void fragmentation(void)
{
	enum { n = 20000 };
	static unsigned char *p[n];
	unsigned char *large[20];
	size_t had, i;

	for (i = 0; i < n; i++)
		p[i] = dl_malloc(40 + i % 160);
	had = kernel_mapped;
	for (i = 0; i < n; i += 2)
		dl_free(p[i]);
	for (i = 0; i < n; i += 2)
		p[i] = dl_malloc(40 + i % 160);
	check(kernel_mapped <= had, "holes: %zu, %zu before", kernel_mapped, had);
	for (i = 0; i < n; i++)
		dl_free(p[(i * 7919) % n]);
	/* What was in small pieces gives large ones. */
	for (i = 0; i < 20; i++)
		large[i] = dl_malloc(100000);
	check(kernel_mapped <= had, "large: %zu, %zu before", kernel_mapped, had);
	for (i = 0; i < 20; i++)
		dl_free(large[i]);
	all_free("fragmentation");
}

/* One allocation after the other until there is no more, and all of it once more. */
static void exhaustion(void)
{
	static void *p[100000];
	size_t n, m, i;

	kernel_quota = kernel_mapped + (8 << 20);
	for (n = 0; (p[n] = dl_malloc(1000)); n++)
		memset(p[n], n, 1000);
	check(n > (simple ? 1000 : 6000), "only %zu", n);
	check(!dl_malloc(1000));
	for (i = 0; i < n; i++)
		dl_free(p[i]);
	for (m = 0; (p[m] = dl_malloc(1000)); m++)
		;
	check(m == n, "%zu, %zu before", m, n);
	for (i = 0; i < m; i++)
		dl_free(p[i]);
	kernel_quota = SIZE_MAX;
	all_free("exhaustion");
}

/* Few calls for many allocations: figure 4.2. */
static void calls(void)
{
	unsigned long before = kernel_calls, n;
	static void *p[1600];
	int i;

	for (i = 0; i < 1600; i++)
		p[i] = dl_malloc(i % 1024);
	for (i = 0; i < 1600; i++)
		dl_free(p[i]);
	n = kernel_calls - before;
	if (simple)
		check(n == 3 * 1600, "%lu calls", n);
	else
		check(n <= 20, "%lu calls", n);
}

static unsigned char *block;

static void behind(void)
{
	block[40] = 1;
	dl_free(block);
}

static void last_behind(void)
{
	block[55] = 1;
	malloc_check();
}

static void before(void)
{
	block[-1] = 1;
	dl_free(block);
}

static void resized(void)
{
	block[40] = 1;
	block = dl_realloc(block, 50);
}

static void twice(void)
{
	dl_free(block);
	dl_free(block);
}

static void never(void)
{
	static uint64_t words[64];

	dl_free(words + 32);
}

/* Mistakes end a debug build with a message; each in a process of its own. */
static void mistakes(void)
{
	static const struct {
		void (*make)(void);
		const char *message;
	} all[] = {
		{ behind, "free: written 1 bytes behind the 40 of an allocation: 0x" },
		{ last_behind, "malloc_check: written 16 bytes behind the 40 of an allocation: 0x" },
		{ before, "free: not from malloc, or written before it: 0x" },
		{ resized, "realloc: written 1 bytes behind the 40 of an allocation: 0x" },
		{ twice, "free: not from malloc, or written before it: 0x" },
		{ never, "free: not from malloc, or written before it: 0x" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char text[200] = "";
		int ends[2], status;
		ssize_t n;
		pid_t pid;

		check(!pipe(ends));
		pid = fork();
		if (!pid) {
			dup2(ends[1], 2);
			block = dl_malloc(40);
			all[i].make();
			_exit(0);
		}
		close(ends[1]);
		n = read(ends[0], text, sizeof(text) - 1);
		close(ends[0]);
		check(waitpid(pid, &status, 0) == pid);
		check(n > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 134, "mistake %u: status %x", i, status);
		check(!strncmp(text, all[i].message, strlen(all[i].message)), "mistake %u: %s", i, text);
	}
	/* What was freed is gone, and what is new is nothing. */
	block = dl_malloc(40);
	check(block[0] == 0xa5 && block[39] == 0xa5);
	dl_free(block);
}

int main(int argc, char **argv)
{
	simple = strstr(argv[0], "simple");
	debug = strstr(argv[0], "debug");
	begin(argc, argv, 100000);
	edges();
	calls();
	random_operations(rounds);
	fragmentation();
	exhaustion();
	if (debug)
		mistakes();
	printf("malloc, %s: %lu operations\n", simple ? "simple" : debug ? "debug" : "pool", rounds);
	return 0;
}
