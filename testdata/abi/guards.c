/* brand: legacy-limbo */
/*
 * What binds a Linux process binds what it does by DIOS: its own seccomp filter, its
 * Landlock domain, its limits, its cgroup.  And what it may have without asking: the node's console.
 */
#define LINUX_PROCESS
#include "abi.h"
#include "linux.h"

#define L_EACCES	13
#define L_EAGAIN	11
#define L_MKDIR		83
#define L_RMDIR		84
#define L_PRCTL		157
#define L_SETRLIMIT	160
#define L_SETUID	105
#define L_SETGID	106
#define L_NANOSLEEP	35
#define L_MOUNT		165
#define L_UMOUNT	166
#define L_SETXATTR	188
#define L_REMOVEXATTR	197
#define L_SECCOMP	317
#define L_LANDLOCK_CREATE	444
#define L_LANDLOCK_RESTRICT	446

static void quit(int status)
{
	linux3(L_EXIT, status, 0, 0);
}

static void nap(u64 ns)
{
	u64 t[2] = { 0, ns };

	linux3(L_NANOSLEEP, ADDR(t), 0, 0);
}

/* What a child says: the line of the first check that failed, or 0. */
#define must(cond)	do { if (!(cond)) quit(__LINE__ & 0xff ? __LINE__ & 0xff : 1); } while (0)

/* A filter with a verdict about one call; all others are allowed. */
static s64 filter(u32 nr, u32 verdict)
{
	struct { unsigned short code; u8 yes, no; u32 k; } code[] = {
		{ 0x20, 0, 0, 0 },		/* the number */
		{ 0x15, 0, 1, nr },
		{ 0x06, 0, 0, verdict },
		{ 0x06, 0, 0, 0x7fff0000 },	/* allow */
	};
	struct { unsigned short len; void *code; } program = { COUNT(code), code };

	must(linux3(L_PRCTL, 38, 1, 0) == 0);	/* no new privileges */
	return linux3(L_SECCOMP, 1, 0, ADDR(&program));
}

static int filtered(u32 verdict)
{
	u64 ref = POISON;
	int pid = l_fork();

	if (pid)
		return l_wait(pid);
	must(l_open("/dev/dios", L_RDWR) >= 0);
	must(create(0, DIOS_T_RANDOM, 0, 0, ADDR(&ref)) == 0);
	must(filter(DIOS_DELETE, verdict) == 0);
	/* What it is told of is not done; all else is. */
	must(delete(0, ref) == -77);
	must(create(0, DIOS_T_RANDOM, 0, 0, ADDR(&ref)) == 0);
	must(linux3(L_GETPID, 0, 0, 0) > 1);
	must(delete(0, ref) == -77);
	/* A second one is asked too. */
	must(filter(L_GETPID, 0x50000 | 78) == 0);
	must(linux3(L_GETPID, 0, 0, 0) == -78);
	must(delete(0, ref) == -77);
	must(create(0, DIOS_T_RANDOM, 0, 0, ADDR(&ref)) == 0);
	quit(0);
	return 0;
}

static void filters(void)
{
	is(filtered(0x50000 | 77), 0);		/* an error */
	is(filtered(0x80000000), 128 + 31);	/* death */
}

static u64 import(const char *path)
{
	struct dios_import spec = { l_open(path, L_RDONLY), 0 };
	u64 ref = 0;

	must(create(DIOS_CREATE_IMPORT, DIOS_T_BLOB, ADDR(&spec), 0, ADDR(&ref)) == 0);
	l_close(spec.fd);
	return ref;
}

static s64 start_with(u64 exe, char *argv, u64 len, u64 *task)
{
	struct dios_run spec = { .argv = ADDR(argv), .argv_len = len, .argc = 2 };

	return start_task(0, exe, ADDR(&spec), ADDR(task));
}

/* A child may not write files where its maker may not. */
static void landlock(void)
{
	char argv[] = "self\0landlock";
	u64 rights = 2, exe, task;	/* to write files, which nobody may then */
	struct dios_task_status st;
	int pid = l_fork();

	if (pid) {
		is(l_wait(pid), 0);
		return;
	}
	must(l_open("/dev/dios", L_RDWR) >= 0);
	exe = import("/abi/dios_limbo");
	l_close(l_open("/tmp/landlock", L_RDWR | L_CREAT));
	/* As it is without. */
	must(start_with(exe, argv, sizeof(argv), &task) == 0);
	st = wait_for(task);
	must(st.how == DIOS_END_EXIT && st.status == 0);
	must(linux3(L_PRCTL, 38, 1, 0) == 0);
	pid = linux3(L_LANDLOCK_CREATE, ADDR(&rights), 8, 0);
	must(pid >= 0);
	must(linux3(L_LANDLOCK_RESTRICT, pid, 0, 0) == 0);
	must(l_open("/tmp/landlock", L_RDWR) == -L_EACCES);
	must(start_with(exe, argv, sizeof(argv), &task) == 0);
	st = wait_for(task);
	must(st.how == DIOS_END_EXIT && st.status == L_EACCES);
	quit(0);
}

/* A user's children are counted, and have the node's console, which he may not open. */
static void user(void)
{
	char argv[] = "self\0sleep";
	u64 limit[2] = { 2, 2 }, exe, task;
	int pid = l_fork(), i;

	if (pid) {
		is(l_wait(pid), 0);
		return;
	}
	must(l_open("/dev/dios", L_RDWR) >= 0);
	exe = import("/abi/dios_limbo");
	must(linux3(L_SETGID, 1234, 0, 0) == 0 && linux3(L_SETUID, 1234, 0, 0) == 0);
	must(linux3(L_SETRLIMIT, 6, ADDR(limit), 0) == 0);	/* processes */
	must(l_open("/dev/console", L_WRONLY) == -L_EACCES);
	pid = l_fork();
	if (!pid)
		quit(3);
	must(pid > 0 && l_wait(pid) == 3);
	must(start_with(exe, argv, sizeof(argv), &task) == 0);
	must(l_fork() == -L_EAGAIN);
	must(delete(DIOS_DELETE_ZOMBIFY, task) == 0);
	wait_for(task);
	/* It is not counted any more, soon. */
	for (i = 0; i < 1000; i++) {
		pid = l_fork();
		if (!pid)
			quit(3);
		if (pid > 0)
			break;
		must(pid == -L_EAGAIN);
	}
	must(pid > 0 && l_wait(pid) == 3);
	quit(0);
}

/* A child is in the cgroup of its maker, be it the host's own or another. */
static int child_in(const char *group)
{
	char argv[] = "self\0cgroup";
	struct dios_task_status st;
	int pid = l_fork(), fd;
	u64 task;

	if (pid)
		return l_wait(pid);
	if (group) {
		fd = l_open(group, L_WRONLY);
		must(linux3(L_WRITE, fd, ADDR("0"), 1) == 1);
		l_close(fd);
	}
	must(l_open("/dev/dios", L_RDWR) >= 0);
	must(start_with(import("/abi/dios_limbo"), argv, sizeof(argv), &task) == 0);
	st = wait_for(task);
	must(st.how == DIOS_END_EXIT);
	quit(st.status);
	return 0;
}

static void cgroups(void)
{
	static const char top[] = "/tmp/cgroup", sub[] = "/tmp/cgroup/g", type[] = "cgroup2";
	s64 err = 0;
	int i;

	linux3(L_MKDIR, ADDR(top), 0755, 0);
	is(syscall6(L_MOUNT, ADDR(type), ADDR(top), ADDR(type), 0, 0, 0), 0);
	is(linux3(L_MKDIR, ADDR(sub), 0755, 0), 0);
	is(child_in(0), '\n');
	is(child_in("/tmp/cgroup/g/cgroup.procs"), 'g');
	/* Linux may still be busy with the one that ended. */
	for (i = 0; i < 100 && (err = linux3(L_RMDIR, ADDR(sub), 0, 0)) == -L_EBUSY; i++)
		nap(10 * MS);
	is(err, 0);
	is(linux3(L_UMOUNT, ADDR(top), 0, 0), 0);
	is(linux3(L_RMDIR, ADDR(top), 0, 0), 0);
}

/* A file with capabilities is as little to be branded as one that sets the user. */
static void capabilities(void)
{
	static const char path[] = "/abi/legacy_limbo", name[] = "security.capability";
	u32 caps[5] = { 0x02000000, 1, 0, 0, 0 };

	is(l_exec_in_child(path), 3);
	is(syscall6(L_SETXATTR, ADDR(path), ADDR(name), ADDR(caps), sizeof(caps), 0, 0), 0);
	is(l_exec_in_child(path), 256 - L_EPERM);
	is(linux3(L_REMOVEXATTR, ADDR(path), ADDR(name), 0), 0);
	is(linux3(L_CHMOD, ADDR(path), 04755, 0), 0);
	is(l_exec_in_child(path), 256 - L_EPERM);
	is(linux3(L_CHMOD, ADDR(path), 0755, 0), 0);
	is(l_exec_in_child(path), 3);
}

/*
 * The last one to close the device does so while its owner is in a call, which ends
 * only when that one goes on: it reads what the owner writes.
 */
static void closed_in_call(void)
{
	static char bytes[65536];
	struct dios_iov iov = { 0, 0 };
	struct dios_console spec;
	int pid = l_fork(), dev, pipe[2], child;
	u64 ref;

	if (pid) {
		is(l_wait(pid), 0);
		return;
	}
	dev = l_open("/dev/dios", L_RDWR);
	must(dev >= 0);
	must(linux3(L_PIPE, ADDR(pipe), 0, 0) == 0);
	must(linux3(L_WRITE, pipe[1], ADDR(bytes), sizeof(bytes)) == sizeof(bytes));
	spec = (struct dios_console){ pipe[1], 0 };
	must(create(0, DIOS_T_CONSOLE, ADDR(&spec), 0, ADDR(&ref)) == 0);
	must(acquire_write(0, ref, 0, ADDR(&iov)) == 0);
	child = l_fork();
	if (!child) {
		nap(50 * MS);		/* the owner is in its call */
		l_close(dev);
		linux3(L_READ, pipe[0], ADDR(bytes), sizeof(bytes));
		quit(5);
	}
	l_close(dev);
	must(commit_write(0, ref, 1, ADDR(&iov)) == 1);
	must(delete(0, ref) == -DIOS_EHOST);
	must(l_wait(child) == 5);
	quit(0);
}

static int run(int argc, char **argv)
{
	filters();
	landlock();
	user();
	cgroups();
	capabilities();
	closed_in_call();
	return 0;
}
