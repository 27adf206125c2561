/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * exhaust.c - malloc at the end of what the task may have gives NULL, nothing is lost by that, and
 * the program goes on. The runner sets the quota.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dios.h>

static void *blocks[20000];

static size_t take_all(size_t size)
{
	size_t n;

	for (n = 0; n < sizeof(blocks) / sizeof(blocks[0]) && (blocks[n] = malloc(size)); n++)
		memset(blocks[n], 1, 1);
	return n;
}

static void free_all(size_t n)
{
	while (n)
		free(blocks[--n]);
}

static void sizes(size_t size)
{
	size_t n = take_all(size), again;
	char *p;

	/* There is no more, of any size. */
	p = n ? realloc(blocks[0], 64 << 20) : NULL;
	printf("%zu: %s, %s, %s, %s", size, n ? "some" : "none", n < 20000 ? "not all" : "all",
	       malloc(64 << 20) ? "more" : "no more", p ? "more" : "no more");
	free_all(n);
	again = take_all(size);
	printf(", again %s\n", again == n ? "as many" : "fewer or more");
	free_all(again);
}

int main(void)
{
	sizes(2000);
	sizes(100000);
	sizes(1000000);
	printf("%s\n", dios_error_text(-DIOS_EQUOTA));
	return 0;
}
