/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * unload.c - load and unload the module, many times, while others go on.
 *
 *	unload TIMES
 *
 * A Linux process. Each time it starts a legacy-limbo process that opens
 * /dev/dios, runs a pure task and makes calls: until all of them have ended the
 * module must not go. Then it must, and come again. Meanwhile one process makes
 * Linux calls under a seccomp filter, which come by the same way as DIOS's, and one
 * makes children; and children of the limbo process, which have its flag and not
 * its state, make their first call when the module is gone, or is just going.
 */
#define LINUX_PROCESS
#include "../abi/abi.h"
#include "../abi/linux.h"

#define L_NANOSLEEP	35
#define L_CLONE		56
#define L_CLONE_FILES	0x400
#define L_SIGCHLD	17
#define L_KILL		62
#define L_PRCTL		157
#define L_DELETE_MODULE	176
#define L_FINIT_MODULE	313
#define L_GETPPID	110
#define L_ENOENT	2
#define L_EAGAIN	11
#define L_NONBLOCK	04000
#define KILLED		(128 + 9)

static s64 unload(void)
{
	return linux3(L_DELETE_MODULE, ADDR("dios"), L_NONBLOCK, 0);
}

static s64 load(void)
{
	int fd = l_open("/lib/modules/dios.ko", L_RDONLY);
	s64 err = fd < 0 ? fd : linux3(L_FINIT_MODULE, fd, ADDR(""), 0);

	l_close(fd);
	return err;
}

static u64 tsc(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

static void nap(u64 ns)
{
	u64 t[2] = { ns / SECOND, ns % SECOND };

	linux3(L_NANOSLEEP, ADDR(t), 0, 0);
}

/* --- others, until they are killed --- */

static void filtered(void)
{
	/* struct sock_filter: return SECCOMP_RET_ALLOW */
	static struct { unsigned short code; u8 jt, jf; u32 k; } filter = { 0x06, 0, 0, 0x7fff0000 };
	struct { unsigned short len; void *filter; } prog = { 1, &filter };
	u32 i = 0;

	if (syscall6(L_PRCTL, 38, 1, 0, 0, 0, 0) ||		/* PR_SET_NO_NEW_PRIVS */
	    syscall6(L_PRCTL, 22, 2, ADDR(&prog), 0, 0, 0))	/* PR_SET_SECCOMP, filter */
		linux3(L_EXIT, 9, 0, 0);
	/* It sleeps in between: the module's end waits until each task has left its calls. */
	while (linux3(L_GETPPID, 0, 0, 0) > 0)
		if (i++ % 64 == 0)
			nap(MS);
	linux3(L_EXIT, 8, 0, 0);
}

static void forking(void)
{
	for (;;) {
		int pid = l_fork();

		if (pid == 0)
			linux3(L_EXIT, 0, 0, 0);
		if (l_wait(pid) != 0)
			linux3(L_EXIT, 8, 0, 0);
	}
}

/* --- traffic --- */

static int start_traffic(int *ready, int *stop)
{
	const char *argv[] = { "limbo", "traffic", NULL }, *env[] = { NULL };
	int up[2], down[2], pid;

	if (linux3(L_PIPE, ADDR(up), 0, 0) || linux3(L_PIPE, ADDR(down), 0, 0))
		return -1;
	pid = l_fork();
	if (pid == 0) {
		linux3(L_DUP2, down[0], 0, 0);
		linux3(L_DUP2, up[1], 1, 0);
		l_close(up[0]);
		l_close(up[1]);
		l_close(down[0]);
		l_close(down[1]);
		syscall6(L_EXECVE, ADDR("/unload/limbo"), ADDR(argv), ADDR(env), 0, 0, 0);
		linux3(L_EXIT, 97, 0, 0);
	}
	l_close(up[1]);
	l_close(down[0]);
	*ready = up[0];
	*stop = down[1];
	return pid;
}

/* The legacy-limbo process: 0 when all went well. */
static int traffic(void)
{
	struct dios_import import;
	char argv[] = "pure\0quiet";
	struct dios_run spec = { .argv = ADDR(argv), .argv_len = sizeof(argv), .argc = 2 };
	u64 exe, task = 0, i;
	int fd, pid, dev = l_open("/dev/dios", L_RDWR);

	if (dev < 0)
		return 10;
	fd = l_open("/unload/pure", L_RDONLY);
	import = (struct dios_import){ fd, 0 };
	is(create(DIOS_CREATE_IMPORT, DIOS_T_BLOB, ADDR(&import), 0, ADDR(&exe)), 0);
	l_close(fd);
	is(start_task(0, exe, ADDR(&spec), ADDR(&task)), 0);
	linux3(L_WRITE, 1, ADDR("r"), 1);
	/* Until the other end of standard input is closed. */
	pid = l_fork();
	if (pid == 0) {
		char c;

		l_close(dev);
		linux3(L_READ, 0, ADDR(&c), 1);
		linux3(L_EXIT, 0, 0, 0);
	}
	for (i = 0; syscall6(L_WAIT4, pid, 0, 1, 0, 0, 0) == 0; i++) {
		u64 ref = new_timer(1, 0);
		struct dios_iov iov = { 0, 0 };

		is(acquire_read(0, ref, 0, ADDR(&iov)), 0);
		if (i % 2)
			is(delete(DIOS_DELETE_ZOMBIFY, ref), 0);
		if (i % 4)
			is(delete(0, ref), 0);
	}
	/*
	 * A child with the same descriptors: when the device is closed here, it has
	 * the flag still, and nothing that keeps the module. Its first call comes
	 * within a second or two, when the module may be there, going, gone or back.
	 */
	pid = linux3(L_CLONE, L_CLONE_FILES | L_SIGCHLD, 0, 0);
	if (pid == 0) {
		u64 from = tsc(), wait = (from >> 4) % (2 * SECOND);

		while (tsc() - from < wait)
			;
		linux3(L_EXIT, linux3(L_GETPPID, 0, 0, 0) > 0 ? 0 : 1, 0, 0);
	}
	ok(pid > 0);
	l_close(dev);
	is(create(0, DIOS_T_RANDOM, 0, 0, ADDR(&task)), -DIOS_EHOST);
	return failures ? 1 : 0;
}

/* --- the test --- */

static int run(int argc, char **argv)
{
	u64 times = 0, i, k, refused = 0;
	int other[2], ready = -1, stop = -1, pid, status;
	char c, *p;
	s64 err;

	if (argc != 2)
		return 2;
	if (equal(argv[1], "traffic"))
		return traffic();
	for (p = argv[1]; *p; p++)
		times = times * 10 + *p - '0';
	other[0] = l_fork();
	if (other[0] == 0)
		filtered();
	other[1] = l_fork();
	if (other[1] == 0)
		forking();

	for (i = 0; i < times && failures < 3; i++) {
		about = "round";
		about_number = i;
		pid = start_traffic(&ready, &stop);
		ok(pid > 0);
		is(linux3(L_READ, ready, ADDR(&c), 1), 1);
		for (k = 0; k < 3; k++)
			is(unload(), -L_EAGAIN);
		/* Half of them end, half are ended. */
		if (i % 2)
			linux3(L_KILL, pid, 9, 0);
		l_close(stop);
		status = l_wait(pid);
		if (i % 2)
			is(status, KILLED);
		else
			is(status, 0);
		l_close(ready);
		/* Its task ends a moment later. */
		for (k = 0; k < 5000; k++) {
			err = unload();
			if (err != -L_EAGAIN)
				break;
			refused++;
			nap(MS);
		}
		is(err, 0);
		is(unload(), -L_ENOENT);
		is(l_open("/dev/dios", L_RDWR), -L_ENOENT);
		is(load(), 0);
	}
	about = NULL;
	for (i = 0; i < COUNT(other); i++) {
		linux3(L_KILL, other[i], 9, 0);
		ok(l_wait(other[i]) == KILLED);	/* not ended before */
	}
	say_dec(refused);
	say(" times refused, ");
	say_dec(checks);
	say(" checks made\n");
	return 0;
}
