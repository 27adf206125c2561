/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * alloc.c - what malloc and free cost, by size: the data of figures 4.1 to 4.5 of the dissertation.
 *
 * The same source with both heaps of dlibc, and with the host's library on Linux. Besides
 * times there are for many small allocations, as in figures 4.2 and 4.3, time in the program and in
 * the kernel, page faults, and on DIOS its calls. Time in the kernel and page faults are
 * Linux's to tell: on DIOS the program is branded dios-limbo, so that it can ask.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define KIB	1024UL
#define MIB	(1024 * KIB)

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void result(const char *name, unsigned long size, unsigned int n, uint64_t ns)
{
	printf("Benchmark%s/size=%lu %u %lu.%lu ns/op\n", name, size, n, (unsigned long)(ns / n), (unsigned long)(ns * 10 / n % 10));
}

#define MAX	100

/* So many of each size, allocated and then freed. */
static void sizes(const char *alloc, const char *release, unsigned long from, unsigned long to, unsigned long step, unsigned int n)
{
	void *p[MAX];
	unsigned long size;
	unsigned int i;
	uint64_t t;

	for (size = from; size <= to; size += step) {
		t = now();
		for (i = 0; i < n; i++) {
			p[i] = malloc(size);
			if (!p[i]) {
				printf("no memory\n");
				exit(1);
			}
		}
		result(alloc, size, n, now() - t);
		t = now();
		for (i = 0; i < n; i++)
			free(p[i]);
		result(release, size, n, now() - t);
	}
}

#define ROUNDS	25
#define SMALL	1600

/* The work of figures 4.2 and 4.3, often enough for the host's accounts. */
static void small(void)
{
	static void *p[SMALL];
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < SMALL; i++)
			p[i] = malloc(64 * (1 + i / 100));
		for (i = 0; i < SMALL; i++)
			free(p[i]);
	}
}

/* As Linux's struct rusage. */
struct usage {
	long user_s, user_us, system_s, system_us;
	long other[14];
};
#define MINFLT	4	/* of other */

static void usage(struct usage *u)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(98L), "D"(0L), "S"(u) : "rcx", "r11", "memory");
	if (ret) {
		printf("no rusage: %ld\n", ret);
		exit(1);
	}
}

static void small_usage(void)
{
	const unsigned long n = ROUNDS * SMALL;
	struct usage a, b;
	long user, system;

	usage(&a);
	small();
	usage(&b);
	user = (b.user_s - a.user_s) * 1000000 + b.user_us - a.user_us;
	system = (b.system_s - a.system_s) * 1000000 + b.system_us - a.system_us;
	printf("BenchmarkSmall %lu %lu user-ns/op %lu system-ns/op %lu faults/1000op\n", n, user * 1000 / n, system * 1000 / n,
	       (b.other[MINFLT] - a.other[MINFLT]) * 1000 / n);
}

#if __has_include(<dios.h>)

#include <dios.h>

static int with_small(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		small();
	return 0;
}
DIOS_ENTRY(with_small);

/* What a task needs that allocates, less what one does that does not. */
static void small_calls(void)
{
	char *const argv[] = { "alloc", "small", NULL };
	struct dios_task_status with, without;
	dios_ref task;

	if (dios_spawn("with_small", argv, NULL, 0, &task) || dios_join(task, &with) ||
	    dios_spawn("with_small", NULL, NULL, 0, &task) || dios_join(task, &without)) {
		printf("spawn failed\n");
		exit(1);
	}
	printf("BenchmarkSmallCalls %d %llu calls/1000op\n", ROUNDS * SMALL, (with.calls - without.calls) * 1000 / (ROUNDS * SMALL));
}

/* Figure 4.6, with the cheapest memory that may have a name: private memory may not. */
static void objects(const char *name, void *id)
{
	enum { n = 1000 };
	static dios_ref refs[n];
	struct dios_shmem spec = { DIOS_PAGE_SIZE };
	uint64_t t;
	int i;

	t = now();
	for (i = 0; i < n; i++)
		if (dios_create(0, DIOS_T_SHMEM, &spec, id, &refs[i], 0)) {
			printf("create failed\n");
			exit(1);
		}
	t = now() - t;
	for (i = 0; i < n; i++)
		dios_delete(0, refs[i]);
	printf("Benchmark%s %d %lu ns/op\n", name, n, (unsigned long)(t / n));
}

static void dios_only(void)
{
	unsigned char id[DIOS_NAME_SIZE];

	small_calls();
	objects("CreateSHMEM/anonymous", NULL);
	objects("CreateSHMEM/named", id);
}

#else

static void dios_only(void)
{
}

#endif

int main(void)
{
	sizes("Malloc", "Free", 64, KIB, 64, 100);			/* 4.1 */
	small_usage();							/* 4.2, 4.3 */
	sizes("MallocLarge", "FreeLarge", MIB, 32 * MIB, MIB, 20);	/* 4.4 */
	sizes("MallocMiddle", "FreeMiddle", 16 * KIB, 512 * KIB, 16 * KIB, 20);	/* 4.5 */
	dios_only();							/* 4.2, 4.6 */
	return 0;
}
