/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * brands.h - which calls a brand makes: each Linux number, by each of the three ways
 * into the kernel, with arguments that make nearly all of them fail at once.
 *
 *	process record FILE	legacy: note in FILE what this kernel does not have
 *	process compare FILE	legacy and legacy-limbo: the same, also with /dev/dios open
 *	task compare FILE	dios-limbo: the same
 *	task none		pure: no number does anything (linux_fatal=0)
 *
 * What a call that Linux has returns is Linux's business; here it only must not
 * be -ENOSYS. It is made in the task itself, since a fork child of it is none.
 */
#include "../abi/abi.h"
#include "../abi/linux.h"

#define NUMBERS	1024
#define X32	0x40000000

enum { SYSCALL, SYSCALL_X32, INT80, WAYS };
static const char *const ways[] = { "syscall", "x32", "int 0x80" };

/* Numbers that would end the test, or never return: why, by way. */
static const struct skip {
	int way;
	u32 nr;
	const char *why;
} skips[] = {
	{ SYSCALL, 15, "rt_sigreturn: takes its registers from the stack" },
	{ SYSCALL, 34, "pause: never returns" },
	{ SYSCALL, 57, "fork: the child would go on with the test" },
	{ SYSCALL, 58, "vfork: the child would go on, on the same stack" },
	{ SYSCALL, 60, "exit" },
	{ SYSCALL, 231, "exit_group" },
	{ SYSCALL, 335, "uretprobe, since 6.11: a fault for who does not come from its trampoline" },
	{ SYSCALL_X32, 15, "as above, where there is x32" },
	{ SYSCALL_X32, 34, "pause" },
	{ SYSCALL_X32, 57, "fork" },
	{ SYSCALL_X32, 58, "vfork" },
	{ SYSCALL_X32, 60, "exit" },
	{ SYSCALL_X32, 231, "exit_group" },
	{ SYSCALL_X32, 335, "uretprobe" },
	{ SYSCALL_X32, 513, "x32's rt_sigreturn" },
	{ INT80, 1, "exit" },
	{ INT80, 2, "fork" },
	{ INT80, 29, "pause" },
	{ INT80, 72, "sigsuspend: never returns, whatever its arguments" },
	{ INT80, 119, "sigreturn" },
	{ INT80, 173, "rt_sigreturn" },
	{ INT80, 190, "vfork" },
	{ INT80, 252, "exit_group" },
};

static u8 missing[WAYS][NUMBERS];

static int skipped(int way, u32 nr)
{
	u32 i;

	for (i = 0; i < COUNT(skips); i++)
		if (skips[i].way == way && skips[i].nr == nr)
			return 1;
	return 0;
}

static s64 int80(u64 nr)
{
	s64 ret;

	/* Linux takes six registers there too; ebp is the frame's. */
	asm volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(-1ULL), "c"(-1ULL), "d"(-1ULL), "S"(-1ULL), "D"(-1ULL)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static s64 call(int way, u32 nr)
{
	switch (way) {
	case SYSCALL:
		return syscall6(nr, -1, -1, -1, -1, -1, -1);
	case SYSCALL_X32:
		return syscall6(X32 | nr, -1, -1, -1, -1, -1, -1);
	}
	return int80(nr);
}

static s64 linux_call(int way, u32 nr)
{
	s64 r = call(way, nr);

	/* alarm: none is to ring. */
	if ((way != INT80 && nr == 37) || (way == INT80 && nr == 27))
		linux3(37, 0, 0, 0);
	return r;
}

static void say_way(int way, u32 nr)
{
	about = ways[way];
	about_number = nr;
}

static void record(const char *file)
{
	int fd = l_open(file, L_RDWR | L_CREAT | L_TRUNC), way;
	u32 nr;

	ok(fd >= 0);
	for (way = 0; way < WAYS; way++)
		for (nr = 0; nr < NUMBERS; nr++)
			if (!skipped(way, nr))
				missing[way][nr] = linux_call(way, nr) == -DIOS_EHOST;
	is(linux3(L_WRITE, fd, ADDR(missing), sizeof(missing)), sizeof(missing));
	l_close(fd);
	/* It has most of the low numbers, and none of the high ones. */
	ok(!missing[SYSCALL][39] && !missing[INT80][20]);
	ok(missing[SYSCALL][1023] && missing[INT80][1023] && missing[SYSCALL_X32][1023]);
}

static void load(const char *file)
{
	int fd = l_open(file, L_RDONLY);

	ok(fd >= 0);
	is(linux3(L_READ, fd, ADDR(missing), sizeof(missing)), sizeof(missing));
	l_close(fd);
}

static void compare(void)
{
	int way;
	u32 nr;

	for (way = 0; way < WAYS; way++)
		for (nr = 0; nr < NUMBERS; nr++) {
			if (skipped(way, nr))
				continue;
			say_way(way, nr);
			ok((linux_call(way, nr) == -DIOS_EHOST) == missing[way][nr]);
		}
	about = NULL;
}

static void none(void)
{
	int way;
	u32 nr;

	for (way = 0; way < WAYS; way++)
		for (nr = 0; nr < NUMBERS; nr++) {
			if (way == SYSCALL && nr == 15)
				continue;	/* the return half of an upcall, which a pure task has */
			say_way(way, nr);
			is(call(way, nr), -DIOS_EHOST);
		}
	about = NULL;
}

/* DIOS's numbers: by the front door only, and only who may. */
static void dios(int may)
{
	u32 nr;
	int way;

	for (way = 0; way < WAYS; way++)
		for (nr = DIOS_CREATE; nr <= DIOS_RELEASE_WRITE; nr++) {
			say_way(way, nr);
			if (may && way == SYSCALL)
				ok(call(way, nr) == -DIOS_EINVAL);
			else
				is(call(way, nr), -DIOS_EHOST);
		}
	about = NULL;
}
