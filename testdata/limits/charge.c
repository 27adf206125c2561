/* brand: dios-limbo */
/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * Has the kernel give it memory, and looks at what Linux charges its cgroup, which the
 * runner has put it into, for it: /sys/fs/cgroup/dios.
 *
 *	charge MIB	takes so many MiB of each kind and checks
 */
#include "../abi/abi.h"

#define MIB	(1ULL << 20)

/* Bytes charged now. */
static u64 charged(void)
{
	static const char path[] = "/sys/fs/cgroup/dios/memory.current";
	char text[32] = "";
	u64 n = 0;
	s64 fd = syscall6(2, ADDR(path), 0, 0, 0, 0, 0), i;

	if (!ok(fd >= 0))
		return 0;
	i = syscall6(0, fd, ADDR(text), sizeof(text) - 1, 0, 0, 0);
	ok(i > 0);
	syscall6(3, fd, 0, 0, 0, 0, 0);
	for (i = 0; text[i] >= '0' && text[i] <= '9'; i++)
		n = n * 10 + text[i] - '0';
	return n;
}

/* At least so much more than before; Linux counts in batches. */
static void grew(const char *what, u64 before, u64 by)
{
	u64 after = charged();

	about = what;
	about_number = after - before;
	ok(after >= before && after - before >= by - by / 8);
	about = NULL;
}

static void lent(u64 mib)
{
	u64 before = charged(), i;
	struct dios_iov iov;

	for (i = 0; i < mib; i++) {
		iov = (struct dios_iov){ 0, 0 };
		is(acquire_read(0, start->random, MIB, ADDR(&iov)), 0);
	}
	grew("lent", before, mib * MIB);
}

static void fifo(u64 mib)
{
	u64 before = charged(), ref;
	struct dios_fifo spec = { .size = MIB };

	while (spec.size < mib * MIB)
		spec.size *= 2;
	is(create(0, DIOS_T_FIFO, ADDR(&spec), 0, ADDR(&ref)), 0);
	grew("fifo", before, spec.size);
}

static void touched(const char *what, u64 type, u64 mib)
{
	u64 before = charged(), ref, i, size = mib * MIB;
	struct dios_iov iov = { 0, 0 };

	is(create(0, type, ADDR(&size), 0, ADDR(&ref)), 0);
	is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
	for (i = 0; i < size; i += PAGE)
		*(volatile u8 *)(iov.addr + i) = 1;
	grew(what, before, size);
}

static void references(u64 mib)
{
	u64 before = charged(), i;

	/* An object and its reference are over 200 bytes. */
	for (i = 0; i < 8000; i++)
		if (create(0, DIOS_T_RANDOM, 0, 0, ADDR(&(u64){ 0 })))
			break;
	ok(i == 8000);
	grew("references", before, 8000 * 200);
}

static int run(int argc, char **argv)
{
	u64 mib = argv[1][0] - '0';

	lent(mib);
	fifo(mib);
	touched("privmem", DIOS_T_PRIVMEM, mib);
	touched("shmem", DIOS_T_SHMEM, mib);
	references(mib);
	say("all of it\n");
	return 0;
}
