/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* linux.h - the Linux calls that the programs which may make them use. */

#define L_READ		0
#define L_WRITE		1
#define L_OPEN		2
#define L_CLOSE		3
#define L_LSEEK		8
#define L_SIGACTION	13
#define L_PIPE		22
#define L_GETPID	39
#define L_FORK		57
#define L_EXECVE	59
#define L_EXIT		60
#define L_WAIT4		61
#define L_UNLINK	87
#define L_CHMOD		90
#define L_DUP2		33

#define L_RDONLY	0
#define L_WRONLY	1
#define L_RDWR		2
#define L_CREAT		0100
#define L_TRUNC		01000
#define L_DIRECTORY	0200000
#define L_PATH		010000000

#define L_EPERM		1
#define L_EBUSY		16

static s64 linux3(u64 nr, u64 a, u64 b, u64 c)
{
	return syscall6(nr, a, b, c, 0, 0, 0);
}

static s64 l_open(const char *path, int flags)
{
	return linux3(L_OPEN, ADDR(path), flags, 0755);
}

static s64 l_close(int fd)
{
	return linux3(L_CLOSE, fd, 0, 0);
}

static s64 l_fork(void)
{
	return linux3(L_FORK, 0, 0, 0);
}

/* The exit status of a child, or 128 + the signal that ended it. */
static int l_wait(int pid)
{
	int status = 0;

	if (syscall6(L_WAIT4, pid, ADDR(&status), 0, 0, 0, 0) != pid)
		return -1;
	return status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

/* What execve of it in a child says: its status, or -errno as 256 - errno. */
static int l_exec_in_child(const char *path)
{
	const char *argv[] = { "program", "child", NULL }, *env[] = { NULL };
	int pid = l_fork();
	s64 err;

	if (pid == 0) {
		err = syscall6(L_EXECVE, ADDR(path), ADDR(argv), ADDR(env), 0, 0, 0);
		linux3(L_EXIT, 256 + err, 0, 0);
	}
	return l_wait(pid);
}

/* A signal that is not asked for: a pipe without a reader is an error then. */
static void l_ignore(int sig)
{
	u64 sa[4] = { 1, 0, 0, 0 };

	syscall6(L_SIGACTION, sig, ADDR(sa), 0, 8, 0, 0);
}
