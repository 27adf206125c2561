/* brand: legacy-limbo */
/* CONSOLE input: a pipe, a file, nothing, a terminal; alone, and as a task's standard input. */
#define LINUX_PROCESS
#include "abi.h"
#include "linux.h"

#define L_IOCTL		16
#define L_NANOSLEEP	35
#define L_KILL		62
#define L_SETSID	112
#define L_NONBLOCK	04000
#define L_NOCTTY	0400
#define L_F_GETFL	3
#define L_FCNTL		72

#define again(call)	({ s64 r_; while ((r_ = (call)) == -DIOS_EINTR); r_; })

static void nap(u64 ns)
{
	s64 t[2] = { 0, ns };

	linux3(L_NANOSLEEP, ADDR(t), 0, 0);
}

static u64 console(int fd)
{
	struct dios_console spec = { fd, 0 };
	u64 ref = POISON;

	is(create(0, DIOS_T_CONSOLE, ADDR(&spec), 0, ADDR(&ref)), 0);
	return ref;
}

/* A console of a pipe, and the end to write. */
static u64 pipe_console(int *to)
{
	int p[2];
	u64 ref;

	is(linux3(L_PIPE, ADDR(p), 0, 0), 0);
	ref = console(p[0]);
	l_close(p[0]);
	*to = p[1];
	return ref;
}

static void put(int fd, const char *s)
{
	is(linux3(L_WRITE, fd, ADDR(s), length(s)), length(s));
}

static int holds(const struct dios_iov *iov, const char *s)
{
	return iov->len == length(s) && same((void *)iov->addr, s, iov->len);
}

static s64 ready(u64 ref, u64 deadline)
{
	struct dios_wait w = { ref, DIOS_R_READ, 0 };
	u64 selected;

	return again(selects(0, ADDR(&w), 1, ADDR(&selected), deadline));
}

static void pipes(void)
{
	struct dios_iov iov = { 0, POISON }, other = { 0, 0 };
	int to;
	u64 ref = pipe_console(&to), wr = console(to);

	/* The rights are those of the descriptor. */
	is(acquire_write(0, ref, 0, ADDR(&iov)), -DIOS_EPERM);
	is(acquire_read(DIOS_BUF_NONBLOCK, wr, 0, ADDR(&iov)), -DIOS_EPERM);
	is(with_rights(ref, DIOS_R_READ | DIOS_R_WRITE), -DIOS_EPERM);
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&iov)), -DIOS_EAGAIN);
	is(acquire_read(0, ref, DIOS_MAX_KBUF + 1, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_read(DIOS_BUF_AT, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_read(DIOS_BUF_BATCH, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_read(DIOS_BUF_INFO, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_read(1ULL << 40, ref, 0, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, 8), -DIOS_EFAULT);
	is(ready(ref, 0), -DIOS_ETIMEDOUT);
	ok(iov.addr == 0 && iov.len == POISON);
	put(to, "hello");
	is(ready(ref, -1), 0);
	/* Where the buffer would be told cannot be written: the text is not lost. */
	is(acquire_read(0, ref, 0, ADDR(&error_names)), -DIOS_EFAULT);
	is(acquire_read(0, ref, 0, ADDR(&iov)), 0);
	ok(holds(&iov, "hello"));
	/* One at a time, also of one task. */
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&other)), -DIOS_EAGAIN);
	is(commit_read(0, ref, 6, ADDR(&iov)), -DIOS_EINVAL);
	is(commit_read(DIOS_BUF_NEXT, ref, 1, ADDR(&iov)), 1);
	ok(holds(&iov, "ello"));
	is(commit_read(DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, 4, ADDR(&iov)), -DIOS_EAGAIN);
	ok(iov.len == 0);
	put(to, "more");
	is(commit_read(DIOS_BUF_NEXT, ref, 0, ADDR(&iov)), 0);
	ok(holds(&iov, "more"));
	is(release_read(0, ref, ADDR(&iov)), 0);
	iov.addr = 0;
	is(acquire_read(0, ref, 2, ADDR(&iov)), 0);
	ok(holds(&iov, "mo"));
	is(commit_read(DIOS_BUF_NEXT, ref, 2, ADDR(&iov)), 2);
	ok(holds(&iov, "re"));
	/* The end, as often as it is asked for. */
	is(delete(0, wr), 0);
	l_close(to);
	is(commit_read(DIOS_BUF_NEXT, ref, 2, ADDR(&iov)), -DIOS_EPIPE);
	is(commit_read(DIOS_BUF_NEXT, ref, 0, ADDR(&iov)), -DIOS_EPIPE);
	is(ready(ref, -1), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, ref), -DIOS_EPERM);
	is(delete(0, ref), 0);
}

/* More than a pipe holds, in pieces. */
static void much(void)
{
	static u8 page[65536];
	struct dios_iov iov = { 0, 0 };
	u64 ref, i, total = 0, wrong = 0;
	int to, pid;
	s64 r;

	ref = pipe_console(&to);
	pid = l_fork();
	if (pid == 0) {
		for (i = 0; i < sizeof(page); i++)
			page[i] = i * 7;
		for (i = 0; i < 16; i++)
			linux3(L_WRITE, to, ADDR(page), sizeof(page));
		linux3(L_EXIT, 0, 0, 0);
	}
	l_close(to);
	r = again(acquire_read(0, ref, 30000, ADDR(&iov)));
	while (r >= 0) {
		for (i = 0; i < iov.len; i++)
			wrong += ((u8 *)iov.addr)[i] != (u8)((total + i) * 7);
		total += iov.len;
		r = again(commit_read(DIOS_BUF_NEXT, ref, iov.len, ADDR(&iov)));
	}
	is(r, -DIOS_EPIPE);
	is(total, 16 * sizeof(page));
	is(wrong, 0);
	is(l_wait(pid), 0);
	is(delete(0, ref), 0);
}

/* A regular file: always ready; its position is that of the open file. */
static void regular(void)
{
	struct dios_iov iov = { 0, 0 };
	int fd = l_open("/tmp/input_limbo", L_RDWR | L_CREAT | L_TRUNC);
	u64 ref;

	put(fd, "from a file");
	is(linux3(L_LSEEK, fd, 5, 0), 5);
	ref = console(fd);
	is(ready(ref, 0), 0);
	is(acquire_read(0, ref, 1, ADDR(&iov)), 0);
	ok(holds(&iov, "a"));
	is(linux3(L_LSEEK, fd, 0, 1), 6);
	is(commit_read(DIOS_BUF_NEXT, ref, 1, ADDR(&iov)), 1);
	ok(holds(&iov, " "));
	is(release_read(0, ref, ADDR(&iov)), 0);
	iov.addr = 0;
	is(acquire_read(0, ref, 0, ADDR(&iov)), 0);
	ok(holds(&iov, " "));
	is(commit_read(DIOS_BUF_NEXT, ref, 1, ADDR(&iov)), 1);
	ok(holds(&iov, "file"));
	is(commit_read(DIOS_BUF_NEXT, ref, 4, ADDR(&iov)), -DIOS_EPIPE);
	is(ready(ref, 0), 0);
	is(delete(0, ref), 0);
	l_close(fd);
	linux3(L_UNLINK, ADDR("/tmp/input_limbo"), 0, 0);
}

static void devices(void)
{
	struct dios_console spec = { 0, 0 };
	struct dios_iov iov = { 0, 0 };
	u64 ref = POISON, i;
	int fd = l_open("/dev/null", L_RDWR);

	ref = console(fd);
	is(ready(ref, 0), 0);
	is(acquire_read(0, ref, 0, ADDR(&iov)), -DIOS_EPIPE);
	is(delete(0, ref), 0);
	l_close(fd);
	fd = l_open("/dev/zero", L_RDONLY);
	ref = console(fd);
	is(acquire_read(0, ref, 3 * PAGE, ADDR(&iov)), 0);
	ok(iov.len > 0 && iov.len <= 3 * PAGE);
	for (i = 0; i < iov.len && !((u8 *)iov.addr)[i]; i++)
		;
	ok(i == iov.len);
	is(delete(0, ref), 0);
	l_close(fd);
	/* A folder has no text, and a path is no open file. */
	spec.fd = l_open("/tmp", L_RDONLY | L_DIRECTORY);
	is(create(0, DIOS_T_CONSOLE, ADDR(&spec), 0, ADDR(&ref)), -DIOS_ENOTSUP);
	l_close(spec.fd);
	spec.fd = l_open("/tmp", L_PATH);
	is(create(0, DIOS_T_CONSOLE, ADDR(&spec), 0, ADDR(&ref)), -DIOS_EINVAL);
	l_close(spec.fd);
}

/* A terminal gives lines, and an end that is not for ever. */
static void terminal(void)
{
	struct dios_iov iov = { 0, 0 };
	char path[] = "/dev/pts/00";
	int master = l_open("/dev/ptmx", L_RDWR | L_NOCTTY), slave, n = -1;
	u64 ref;

	ok(master >= 0);
	is(linux3(L_IOCTL, master, 0x40045431, ADDR(&(int){ 0 })), 0);	/* TIOCSPTLCK */
	is(linux3(L_IOCTL, master, 0x80045430, ADDR(&n)), 0);		/* TIOCGPTN */
	path[9] = n > 9 ? '0' + n / 10 : '0' + n;
	path[10] = n > 9 ? '0' + n % 10 : 0;
	slave = l_open(path, L_RDWR | L_NOCTTY);
	ok(slave >= 0);
	ref = console(slave);
	l_close(slave);
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&iov)), -DIOS_EAGAIN);
	put(master, "li");
	nap(20 * MS);
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&iov)), -DIOS_EAGAIN);
	is(ready(ref, 0), -DIOS_ETIMEDOUT);
	put(master, "ne\nsecond\n");
	is(ready(ref, -1), 0);
	is(again(acquire_read(0, ref, 0, ADDR(&iov))), 0);
	ok(holds(&iov, "line\n"));
	is(commit_read(DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, 5, ADDR(&iov)), 5);
	ok(holds(&iov, "second\n"));
	put(master, "\4");
	is(again(commit_read(DIOS_BUF_NEXT, ref, 7, ADDR(&iov))), -DIOS_EPIPE);
	put(master, "third\n");
	is(again(commit_read(DIOS_BUF_NEXT, ref, 0, ADDR(&iov))), 0);
	ok(holds(&iov, "third\n"));
	is(commit_read(0, ref, 6, ADDR(&iov)), 6);
	/* It is hung up under who could wait for it. */
	l_close(master);
	is(ready(ref, -1), 0);
	iov.addr = 0;
	is(acquire_read(0, ref, 0, ADDR(&iov)), -DIOS_EPIPE);
	is(delete(0, ref), 0);
}

/* Two consoles of one pipe, and the process itself: who comes too late waits, or is told. */
static void rivals(void)
{
	struct dios_iov iov = { 0, 0 }, late = { 0, 0 };
	int p[2], flags;
	u64 a, b;
	char c;

	is(linux3(L_PIPE, ADDR(p), 0, 0), 0);
	a = console(p[0]);
	b = console(p[0]);
	flags = linux3(L_FCNTL, p[0], L_F_GETFL, 0);
	put(p[1], "x");
	is(ready(a, -1), 0);
	is(ready(b, -1), 0);
	is(acquire_read(0, a, 0, ADDR(&iov)), 0);
	is(acquire_read(DIOS_BUF_NONBLOCK, b, 0, ADDR(&late)), -DIOS_EAGAIN);
	is(ready(b, 0), -DIOS_ETIMEDOUT);
	put(p[1], "y");
	is(linux3(L_READ, p[0], ADDR(&c), 1), 1);
	is(acquire_read(DIOS_BUF_NONBLOCK, b, 0, ADDR(&late)), -DIOS_EAGAIN);
	/* The open file is as it was. */
	is(linux3(L_FCNTL, p[0], L_F_GETFL, 0), flags);
	ok(!(flags & L_NONBLOCK));
	l_close(p[1]);
	is(acquire_read(0, b, 0, ADDR(&late)), -DIOS_EPIPE);
	is(delete(0, a), 0);
	is(delete(0, b), 0);
	l_close(p[0]);
}

/* Waiting ends by input, by the end, and by a kill. */
static void waiting(void)
{
	struct dios_iov iov = { 0, 0 };
	int to, pid, round;
	u64 ref = pipe_console(&to);

	for (round = 0; round < 2; round++) {
		pid = l_fork();
		if (pid == 0) {
			nap(30 * MS);
			if (!round)
				linux3(L_WRITE, to, ADDR("text"), 4);
			linux3(L_EXIT, 0, 0, 0);
		}
		if (round) {
			l_close(to);
			is(again(acquire_read(0, ref, 0, ADDR(&iov))), -DIOS_EPIPE);
		} else {
			is(ready(ref, -1), 0);
			is(again(acquire_read(0, ref, 0, ADDR(&iov))), 0);
			ok(holds(&iov, "text"));
			is(commit_read(0, ref, 4, ADDR(&iov)), 4);
			is(release_read(0, ref, ADDR(&iov)), 0);
			iov.addr = 0;
		}
		is(l_wait(pid), 0);
	}
	is(delete(0, ref), 0);

	for (round = 0; round < 3; round++) {
		pid = l_fork();
		if (pid == 0) {
			struct dios_wait w;
			u64 selected;

			if (l_open("/dev/dios", L_RDWR) < 0)
				linux3(L_EXIT, 1, 0, 0);
			ref = pipe_console(&to);
			w = (struct dios_wait){ ref, DIOS_R_READ, 0 };
			if (round == 2)
				selects(0, ADDR(&w), 1, ADDR(&selected), -1);
			else
				acquire_read(0, ref, 0, ADDR(&iov));
			linux3(L_EXIT, 2, 0, 0);
		}
		nap(30 * MS);
		is(linux3(L_KILL, pid, round ? 9 : 15, 0), 0);
		is(l_wait(pid), 128 + (round ? 9 : 15));
	}
}

/* A task with this as its standard input; out is the pipe's. */
static u64 start_input(const char *what, u64 in, u64 out)
{
	char argv[32] = "input";
	struct dios_import import = { l_open("/abi/input", L_RDONLY), 0 };
	struct dios_run spec = { .argv = ADDR(argv), .argc = 2, .in = in, .out = out, .err = out };
	u64 exe = POISON, task = POISON;

	memcpy(argv + 6, what, length(what));
	spec.argv_len = 6 + length(what) + 1;
	is(create(DIOS_CREATE_IMPORT, DIOS_T_BLOB, ADDR(&import), 0, ADDR(&exe)), 0);
	l_close(import.fd);
	is(start_task(0, exe, ADDR(&spec), ADDR(&task)), 0);
	is(delete(0, exe), 0);
	return task;
}

static void tasks(void)
{
	struct dios_run bad = { .argv = ADDR("x"), .argc = 1, .argv_len = 2 };
	struct dios_iov iov = { 0, 0 };
	struct dios_task_status st;
	int to, p[2];
	u64 in = pipe_console(&to), out, task;
	char back[64];

	is(linux3(L_PIPE, ADDR(p), 0, 0), 0);
	out = console(p[1]);
	task = start_input("cat", in, out);
	put(to, "one ");
	is(linux3(L_READ, p[0], ADDR(back), sizeof(back)), 4);
	put(to, "two");
	is(linux3(L_READ, p[0], ADDR(back), sizeof(back)), 3);
	ok(same(back, "two", 3));
	/*
	 * Killed while it waits: what comes then is the next one's.  Before that it says
	 * that it has consumed the last piece, which would be there again else.
	 */
	nap(100 * MS);
	is(delete(DIOS_DELETE_ZOMBIFY, task), 0);
	st = wait_for(task);
	ok(st.how == DIOS_END_KILLED && st.status == 9);
	put(to, "abc");
	task = start_input("bytes", in, out);
	is(linux3(L_READ, p[0], ADDR(back), 1), 1);
	is(linux3(L_READ, p[0], ADDR(back + 1), 1), 1);
	is(linux3(L_READ, p[0], ADDR(back + 2), 1), 1);
	ok(same(back, "abc", 3));
	nap(100 * MS);
	is(delete(DIOS_DELETE_ZOMBIFY, task), 0);
	ok(wait_for(task).how == DIOS_END_KILLED);
	/* What a task did not consume the next one reads. */
	put(to, "abcdefgh");
	ok(wait_for(start_input("three", in, out)).status == 5);
	is(again(acquire_read(0, in, 0, ADDR(&iov))), 0);
	ok(holds(&iov, "defgh"));
	is(commit_read(0, in, 5, ADDR(&iov)), 5);
	is(release_read(0, in, ADDR(&iov)), 0);
	ok(wait_for(start_input("write", in, out)).status == 7);
	task = start_input("select", in, out);
	nap(20 * MS);
	put(to, "x");
	ok(wait_for(task).status == 8);
	task = start_input("cat", in, out);
	is(linux3(L_READ, p[0], ADDR(back), sizeof(back)), 1);
	l_close(to);
	st = wait_for(task);
	ok(st.how == DIOS_END_EXIT && st.status == 1);
	/* Its creator goes while a task waits: the task has the file still. */
	bad.in = out;			/* cannot be read */
	is(start_task(0, in, ADDR(&bad), ADDR(&task)), -DIOS_EPERM);
	is(delete(0, in), 0);
	in = pipe_console(&to);
	task = start_input("wait", in, out);
	is(delete(0, in), 0);
	put(to, "x");
	ok(wait_for(task).status == 9);
	l_close(to);
	is(delete(0, out), 0);
	l_close(p[0]);
	l_close(p[1]);
}

static int run(int argc, char **argv)
{
	ok(l_open("/dev/dios", L_RDWR) >= 0);
	pipes();
	much();
	regular();
	devices();
	terminal();
	rivals();
	waiting();
	tasks();
	return 0;
}
