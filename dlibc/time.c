/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * time.c - clocks.
 *
 * The host's vDSO, which the kernel maps in every task, is an ELF file in memory; its
 * clock_gettime reads the time without a call. When the host's clock source is not the TSC it
 * makes a Linux call, which a task does not have, and fails. The host does not come back from
 * that, so it is asked no more then.
 */
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include "dlibc.h"

#define NSEC	1000000000LL

#define CLOCK_REALTIME_COARSE	5	/* never makes a Linux call */

/* --- the vDSO --- */

#define AT_SYSINFO_EHDR	33
#define PT_LOAD		1
#define PT_DYNAMIC	2
#define DT_HASH		4
#define DT_STRTAB	5
#define DT_SYMTAB	6
#define DT_GNU_HASH	0x6ffffef5

struct elf_head {
	unsigned char ident[16];
	__u16 type, machine;
	__u32 version;
	__u64 entry, phoff, shoff;
	__u32 flags;
	__u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
	__u32 type, flags;
	__u64 off, vaddr, paddr, filesz, memsz, align;
};

struct elf_dyn {
	__s64 tag;
	__u64 value;
};

struct elf_sym {
	__u32 name;
	unsigned char info, other;
	__u16 section;
	__u64 value, size;
};

/* How many symbols there are: the old hash table says it, the new one has to be looked through. */
static __u32 count_symbols(const __u32 *hash, const __u32 *gnu)
{
	const __u32 *buckets, *chain;
	__u32 i, last = 0;

	if (hash)
		return hash[1];
	if (!gnu)
		return 0;
	/* Heads: buckets, the first symbol that is hashed, words of 8 bytes in the filter, shift. */
	buckets = gnu + 4 + 2 * gnu[2];
	chain = buckets + gnu[0];
	for (i = 0; i < gnu[0]; i++)
		if (buckets[i] > last)
			last = buckets[i];
	if (last < gnu[1])
		return gnu[1];
	while (!(chain[last - gnu[1]] & 1))
		last++;
	return last + 1;
}

static void *vdso_symbol(const char *name)
{
	const struct elf_head *head = NULL;
	const struct elf_segment *seg;
	const struct elf_dyn *dyn = NULL;
	const struct elf_sym *sym = NULL;
	const __u32 *hash = NULL, *gnu = NULL;
	const char *strings = NULL, *base = NULL;
	const __u64 *a;
	__u32 i, n;

	for (a = auxv; a[0]; a += 2)
		if (a[0] == AT_SYSINFO_EHDR)
			head = (const void *)(uintptr_t)a[1];
	if (!head)
		return NULL;
	seg = (const void *)((const char *)head + head->phoff);
	for (i = 0; i < head->phnum; i++) {
		if (seg[i].type == PT_LOAD && !base)
			base = (const char *)head + seg[i].off - seg[i].vaddr;
		if (seg[i].type == PT_DYNAMIC)
			dyn = (const void *)((const char *)head + seg[i].off);
	}
	if (!base || !dyn)
		return NULL;
	for (; dyn->tag; dyn++) {
		const void *p = base + dyn->value;

		switch (dyn->tag) {
		case DT_HASH:
			hash = p;
			break;
		case DT_GNU_HASH:
			gnu = p;
			break;
		case DT_STRTAB:
			strings = p;
			break;
		case DT_SYMTAB:
			sym = p;
			break;
		}
	}
	if (!strings || !sym)
		return NULL;
	n = count_symbols(hash, gnu);
	for (i = 0; i < n; i++)
		if (sym[i].section && !strcmp(strings + sym[i].name, name))
			return (void *)(uintptr_t)(base + sym[i].value);
	return NULL;
}

static int (*vdso_gettime)(clockid_t, struct timespec *);
static bool looked, imprecise;

static bool vdso(clockid_t clock, struct timespec *t)
{
	if (!looked) {
		looked = true;
		vdso_gettime = (int (*)(clockid_t, struct timespec *))vdso_symbol("__vdso_clock_gettime");
	}
	return vdso_gettime && !vdso_gettime(clock, t);
}

/* --- the clocks --- */

/* What a timer says that is due at once; it is asked only after its interrupt. */
static __u64 timer_now(void)
{
	struct dios_timer spec = { .first = 1 };
	struct dios_iov iov = { 0, 0 };
	dios_ref ref;
	__u64 now;
	long err;

	err = dios_create(0, DIOS_T_TIMER, &spec, NULL, &ref, 0);
	if (err)
		panic("no clock: %s", dios_error_text(err));
	do
		err = dios_acquire_read(0, ref, 0, &iov, 0, 0);
	while (err == -DIOS_EINTR);
	if (err)
		panic("no clock: %s", dios_error_text(err));
	now = ((const struct dios_timer_state *)(uintptr_t)iov.addr)->now;
	dios_delete(0, ref);
	return now;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	__u64 now;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return -1;
	if (!imprecise && vdso(clock, t))
		return 0;
	imprecise = true;
	if (clock == CLOCK_REALTIME)
		return vdso(CLOCK_REALTIME_COARSE, t) ? 0 : -1;
	now = timer_now();
	t->tv_sec = now / NSEC;
	t->tv_nsec = now % NSEC;
	return 0;
}

__u64 dios_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC + t.tv_nsec;
}

int nanosleep(const struct timespec *t, struct timespec *rest)
{
	__s64 deadline, ns;
	__u64 selected;

	(void)rest;
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= NSEC)
		return -1;
	if (__builtin_mul_overflow(t->tv_sec, NSEC, &ns) || __builtin_add_overflow(ns, t->tv_nsec, &ns) ||
	    __builtin_add_overflow((__s64)dios_now(), ns, &deadline))
		deadline = -1;
	while (dios_select(0, NULL, 0, &selected, deadline) == -DIOS_EINTR)
		;
	return 0;
}
