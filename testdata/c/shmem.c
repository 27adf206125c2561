/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * shmem.c - two tasks share memory: what one writes the other sees, and who reads with commits
 * never takes for whole what was half written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dios.h>

#define SIZE	(3 * DIOS_PAGE_SIZE)
#define WORDS	(SIZE / sizeof(unsigned int))
#define ROUNDS	200

/* All words are the same, or somebody writes. */
static int writer(int argc, char **argv)
{
	dios_ref mem = dios_start()->refs[0].ref;
	struct dios_iov iov = { 0, 0 };
	volatile unsigned int *p;
	unsigned int i, round;
	long err;

	(void)argc;
	(void)argv;
	if (dios_acquire_write(0, mem, 0, &iov, 0, 0) || iov.len != SIZE)
		return 1;
	p = (volatile unsigned int *)(uintptr_t)iov.addr;
	for (round = 1; round <= ROUNDS; round++) {
		for (i = 0; i < WORDS; i++)
			p[i] = round;
		err = dios_commit_write(round < ROUNDS ? DIOS_BUF_NEXT : 0, mem, iov.len, &iov);
		if (err < 0)
			return 2;
	}
	return 0;
}
DIOS_ENTRY(writer);

int main(void)
{
	struct dios_shmem spec = { SIZE };
	struct dios_grant grant = { .rights = DIOS_R_READ | DIOS_R_WRITE };
	struct dios_iov iov = { 0, 0 }, info = { 0, 0 };
	volatile unsigned int *p;
	unsigned int i, torn = 0, last = 0, backwards = 0, seen;
	dios_ref mem, task;
	long err;

	if (dios_create(0, DIOS_T_SHMEM, &spec, NULL, &mem, 0))
		return 1;
	grant.ref = mem;
	err = dios_acquire_read(0, mem, 0, &iov, 0, 0);
	if (err || iov.len != SIZE)
		return 1;
	p = (volatile unsigned int *)(uintptr_t)iov.addr;
	for (i = 0; i < WORDS && !p[i]; i++)
		;
	printf("%s\n", i == WORDS ? "zero at first" : "not zero");
	if (dios_spawn("writer", NULL, &grant, 1, &task))
		return 1;
	do {
		int whole = 1;

		seen = p[0];
		for (i = 1; i < WORDS; i++)
			whole &= p[i] == seen;
		err = dios_commit_read(0, mem, iov.len, &iov);
		if (err == -DIOS_ESTALE || err == -DIOS_EINTR)
			continue;
		if (err < 0) {
			printf("%s\n", dios_error_text(err));
			return 1;
		}
		torn += !whole;
		backwards += seen < last;
		last = seen;
	} while (last < ROUNDS);
	printf("status %ld, %u torn, %u backwards\n", dios_join(task, NULL), torn, backwards);
	if (dios_acquire_read(DIOS_BUF_INFO, mem, 0, &info, 0, 0))
		return 1;
	printf("version %llu of %llu bytes\n", ((struct dios_shmem_info *)(uintptr_t)info.addr)->version,
	       ((struct dios_shmem_info *)(uintptr_t)info.addr)->size);
	dios_delete(0, mem);
	return 0;
}
