/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * heap.c - the heap under load: sizes from a byte to tens of megabytes, in any order, and what was
 * written is there until it is freed. It prints what must be, and so the same everywhere.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NSLOTS	400

static struct slot {
	unsigned char *p;
	size_t size;
	unsigned char mark;
} slots[NSLOTS];

static uint32_t state = 1;

static uint32_t below(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static size_t some_size(void)
{
	uint32_t kind = below(100);

	/* Not 0: the host's realloc frees then. */
	return 1 + (kind < 80 ? below(512) : kind < 95 ? below(20000) : below(600000));
}

static unsigned long wrong;

static void look(const struct slot *s, size_t n)
{
	size_t i, step = n / 100 + 1;

	for (i = 0; i < n; i += step)
		wrong += s->p[i] != s->mark;
	wrong += n && s->p[n - 1] != s->mark;
}

static void fill(struct slot *s)
{
	s->mark = below(256);
	memset(s->p, s->mark, s->size);
}

static void operations(void)
{
	unsigned long bytes = 0;
	size_t size, i;
	struct slot *s;
	int n;

	for (n = 0; n < 10000; n++) {
		s = &slots[below(NSLOTS)];
		size = some_size();
		bytes += size;
		if (s->p && below(3)) {
			look(s, s->size);
			free(s->p);
			s->p = NULL;
		} else if (s->p) {
			s->p = realloc(s->p, size);
			look(s, size < s->size ? size : s->size);
			s->size = size;
			fill(s);
		} else {
			if (below(2)) {
				s->p = calloc(size, 1);
				for (i = 0; i < size; i += size / 50 + 1)
					wrong += s->p[i] != 0;
			} else {
				s->p = malloc(size);
			}
			s->size = size;
			wrong += (uintptr_t)s->p % 16 != 0;
			fill(s);
		}
	}
	for (n = 0; n < NSLOTS; n++) {
		if (slots[n].p)
			look(&slots[n], slots[n].size);
		free(slots[n].p);
	}
	printf("%lu bytes in all, %lu wrong\n", bytes, wrong);
}

/* Large ones are zero, writable to the end, and touched in a few places only. */
static void large(void)
{
	size_t size;

	for (size = (size_t)1 << 20; size <= (size_t)32 << 20; size *= 2) {
		unsigned char *p = calloc(1, size);

		p[0] = 1;
		p[size - 1] = 2;
		p = realloc(p, size + size / 2);
		wrong += p[0] != 1 || p[size - 1] != 2 || p[size / 2] != 0;
		p[size + size / 2 - 1] = 3;
		free(p);
		printf("%zu: %lu wrong\n", size, wrong);
	}
}

/* Every second of many goes, what comes then fills the holes, and all of it goes in another order. */
static void holes(void)
{
	enum { n = 4000 };
	static char *p[n];
	int i, round;

	for (i = 0; i < n; i++) {
		p[i] = malloc(32 + i % 200);
		memset(p[i], i, 32);
	}
	for (round = 0; round < 3; round++) {
		for (i = round % 2; i < n; i += 2)
			free(p[i]);
		for (i = round % 2; i < n; i += 2) {
			p[i] = malloc(32 + (i * 7 + round) % 200);
			memset(p[i], i, 32);
		}
	}
	for (i = 0; i < n; i++)
		wrong += p[i * 1009 % n][31] != (char)(i * 1009 % n);
	for (i = 0; i < n; i++)
		free(p[i * 1009 % n]);
	printf("holes: %lu wrong\n", wrong);
}

static void aligned(void)
{
	size_t align;
	int i;

	for (align = 16; align <= 65536; align *= 2) {
		void *p[10];

		for (i = 0; i < 10; i++) {
			p[i] = aligned_alloc(align, align * (i % 3 + 1));
			wrong += !p[i] || (uintptr_t)p[i] % align;
			memset(p[i], 0xff, align * (i % 3 + 1));
		}
		for (i = 0; i < 10; i++)
			free(p[i]);
	}
	printf("aligned: %lu wrong\n", wrong);
}

/* A size that cannot be is refused, also when it is the product of two that can. */
static volatile size_t huge = SIZE_MAX, product = (size_t)1 << 32;	/* not to be known to the compiler */

static void impossible(void)
{
	char *p = malloc(100);

	printf("%d %d %d %d %d\n", malloc(huge) == NULL, malloc(huge / 2) == NULL, calloc(huge / 2, 3) == NULL,
	       calloc(product, product) == NULL, realloc(p, huge - 8) == NULL);
	free(p);
	p = malloc(0);
	printf("%d\n", p != NULL);
	free(p);
	free(NULL);
}

int main(void)
{
	operations();
	large();
	holes();
	aligned();
	impossible();
	return wrong != 0;
}
