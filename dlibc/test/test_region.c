/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* test_region.c - the table of regions against a list, with its inside looked at. */
#include "test.h"
#include "../region.c"

#define NREGIONS	3000

static struct {
	char *start;
	size_t len;
} regions[NREGIONS];

/* Return: how many nodes there are. */
static unsigned int look_at(const struct node *t, uintptr_t from, uintptr_t to)
{
	if (t == &nil)
		return 0;
	check(t->start >= from && t->start + t->len <= to, "order");
	check(t->left->level == t->level - 1, "a red link to the left");
	check(t->right->level == t->level || t->right->level == t->level - 1, "levels");
	check(t->right->right->level < t->level, "two red links");
	return 1 + look_at(t->left, from, t->start) + look_at(t->right, t->start + t->len, to);
}

static void add(unsigned int i)
{
	size_t len = (1 + below(4)) * DIOS_PAGE_SIZE;

	regions[i].start = region_map(len);
	check(regions[i].start, "no memory");
	regions[i].len = len;
}

static void drop(unsigned int i)
{
	region_unmap(regions[i].start);
	regions[i].start = NULL;
}

static void ask(unsigned int i)
{
	size_t len = 0, off = below(regions[i].len);

	check(region_find(regions[i].start + off, &len) == regions[i].start && len == regions[i].len, "find");
}

int main(int argc, char **argv)
{
	unsigned int i, n = 0, level = 0, k;
	unsigned long round;
	size_t len;

	begin(argc, argv, 60000);
	check(!region_find(&n, &len), "found where nothing is");
	for (round = 0; round < rounds; round++) {
		/* More, then fewer, to the end. */
		int grow = round % 20000 < 10000;

		i = below(NREGIONS);
		if (!regions[i].start && (grow || !below(4))) {
			add(i);
			n++;
		} else if (regions[i].start && (!grow || !below(4))) {
			char *start = regions[i].start;

			ask(i);
			drop(i);
			n--;
			check(!region_find(start, &len), "found what is gone");
		}
		if (round % 500 == 0)
			check(look_at(root, 0, UINTPTR_MAX) == n, "lost");
		if (root->level > level)
			level = root->level;
	}
	for (i = 0; i < NREGIONS; i++)
		if (regions[i].start)
			ask(i);
	/* A path has at most two nodes of each level. */
	for (k = 0; 1U << k < NREGIONS; k++)
		;
	check(level <= k, "a tree of %u levels", level);
	for (i = 0; i < NREGIONS; i++)
		if (regions[i].start)
			drop(i);
	check(root == &nil, "not empty");
	printf("region: %lu operations, %u levels\n", rounds, level);
	return 0;
}
