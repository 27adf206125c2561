/* brand: dios-limbo */
/* A DIOS task that makes Linux calls too: consoles, imported programs, bad ones above all. */
#include "abi.h"
#include "linux.h"

static u8 image[1 << 20];
static u64 image_len;

static void self(void)
{
	ok(start->brand == DIOS_BRAND_DIOS_LIMBO && start->exe);
	ok(linux3(L_GETPID, 0, 0, 0) > 1);
	/* It was given no descriptors. */
	is(l_close(0), -9);
	is(l_close(1), -9);
	is(l_close(2), -9);
	/* It has its DIOS state already, and another brand than /dev/dios is for. */
	ok(l_open("/dev/dios", L_RDWR) < 0);
	/* It cannot become another program. */
	is(linux3(L_EXECVE, ADDR("/bin/busybox"), 0, 0), -L_EPERM);
	is(linux3(L_EXECVE, ADDR("/proc/self/exe"), 0, 0), -L_EPERM);
	/* A child is a plain process: it has no DIOS. */
	{
		int pid = l_fork();

		if (pid == 0) {
			u64 ref;
			s64 err = create(0, DIOS_T_RANDOM, 0, 0, ADDR(&ref));

			linux3(L_EXIT, err == -DIOS_EHOST ? 5 : 6, 0, 0);
		}
		ok(l_wait(pid) == 5);
		ok(is_ref(start->out));
	}
}

static s64 console(u32 fd, u64 *ref)
{
	struct dios_console spec = { fd, 0 };

	*ref = POISON;
	return create(0, DIOS_T_CONSOLE, ADDR(&spec), 0, ADDR(ref));
}

static void consoles(void)
{
	struct dios_console spec = { 0, 1 };
	struct dios_iov iov = { 0, 0 }, part;
	char back[32];
	u64 ref, other;
	int fd, pipe[2];

	is(console(0, &ref), -DIOS_EINVAL);		/* not open */
	is(console(1000000, &ref), -DIOS_EINVAL);
	is(console(~0, &ref), -DIOS_EINVAL);
	fd = l_open("/tmp/dios_limbo", L_RDWR | L_CREAT | L_TRUNC);
	ok(fd >= 0);
	spec.fd = fd;
	is(create(0, DIOS_T_CONSOLE, ADDR(&spec), 0, ADDR(&ref)), -DIOS_EINVAL);	/* pad */
	is(create(0, DIOS_T_CONSOLE, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	for each_bad_in(i, sizeof(spec))
		is(create(0, DIOS_T_CONSOLE, bad_in(i, sizeof(spec)), 0, ADDR(&ref)), -DIOS_EFAULT);
	ok(ref == POISON);
	is(console(fd, &ref), 0);
	/* The console outlives the descriptor. */
	is(acquire_write(0, ref, 32, ADDR(&iov)), 0);
	memcpy((void *)iov.addr, "one two three", 13);
	is(commit_write(0, ref, 8, ADDR(&iov)), 8);
	l_close(fd);
	part = (struct dios_iov){ iov.addr + 8, 5 };
	is(commit_write(0, ref, 5, ADDR(&part)), 5);
	is(delete(0, ref), 0);
	fd = l_open("/tmp/dios_limbo", L_RDONLY);
	is(linux3(L_READ, fd, ADDR(back), sizeof(back)), 13);
	ok(same(back, "one two three", 13));
	is(console(fd, &ref), 0);			/* not for writing */
	is(acquire_write(0, ref, 0, ADDR(&iov)), -DIOS_EPERM);
	is(delete(0, ref), 0);
	l_close(fd);
	fd = l_open("/tmp/dios_limbo", L_PATH);
	ok(console(fd, &ref) < 0);
	l_close(fd);
	fd = l_open("/", L_RDONLY | L_DIRECTORY);
	ok(console(fd, &ref) < 0);
	l_close(fd);
	fd = l_open("/dev/null", L_WRONLY);
	is(console(fd, &ref), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
	is(commit_write(0, ref, 4096, ADDR(&iov)), 4096);
	is(delete(0, ref), 0);
	l_close(fd);
	/* Nobody reads any more. */
	l_ignore(13);
	is(linux3(L_PIPE, ADDR(pipe), 0, 0), 0);
	is(console(pipe[1], &ref), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
	is(commit_write(0, ref, 100, ADDR(&iov)), 100);
	is(console(pipe[0], &other), 0);
	is(acquire_write(0, other, 0, ADDR(&iov)), -DIOS_EPERM);
	is(delete(0, other), 0);
	l_close(pipe[0]);
	l_close(pipe[1]);
}

/* In a pipe whose reader is gone, and through release too. */
static void broken_pipe(void)
{
	struct dios_iov iov = { 0, 0 };
	int pipe[2];
	u64 ref;

	is(linux3(L_PIPE, ADDR(pipe), 0, 0), 0);
	is(console(pipe[1], &ref), 0);
	l_close(pipe[1]);
	is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
	l_close(pipe[0]);
	is(commit_write(0, ref, 1, ADDR(&iov)), -DIOS_EPIPE);
	is(release_write(DIOS_BUF_COMMIT, ref, ADDR(&iov)), -DIOS_EPIPE);
	is(release_write(0, ref, ADDR(&iov)), -DIOS_EBADBUF);
	is(delete(0, ref), 0);
}

static s64 import(u32 fd, u64 *ref)
{
	struct dios_import spec = { fd, 0 };

	*ref = POISON;
	return create(DIOS_CREATE_IMPORT, DIOS_T_BLOB, ADDR(&spec), 0, ADDR(ref));
}

static void imports(void)
{
	struct dios_import spec = { 0, 1 };
	u64 ref;
	int fd, pipe[2];

	is(import(0, &ref), -DIOS_EINVAL);
	is(import(~0, &ref), -DIOS_EINVAL);
	fd = l_open("/proc/self/exe", L_RDONLY);
	spec.fd = fd;
	is(create(DIOS_CREATE_IMPORT, DIOS_T_BLOB, ADDR(&spec), 0, ADDR(&ref)), -DIOS_EINVAL);
	is(create(DIOS_CREATE_IMPORT, DIOS_T_BLOB, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	for each_bad_in(i, sizeof(spec))
		is(create(DIOS_CREATE_IMPORT, DIOS_T_BLOB, bad_in(i, sizeof(spec)), 0, ADDR(&ref)), -DIOS_EFAULT);
	ok(ref == POISON);
	is(import(fd, &ref), 0);
	l_close(fd);
	{
		struct dios_iov iov = { 0, 0 };

		is(acquire_read(0, ref, 0, ADDR(&iov)), -DIOS_EPERM);
		is(delete(DIOS_DELETE_ZOMBIFY, ref), -DIOS_EPERM);
		is(with_rights(ref, DIOS_R_READ), -DIOS_EPERM);
	}
	is(delete(0, ref), 0);
	fd = l_open("/", L_RDONLY | L_DIRECTORY);
	is(import(fd, &ref), -DIOS_EINVAL);
	l_close(fd);
	fd = l_open("/dev/null", L_RDWR);
	is(import(fd, &ref), -DIOS_EINVAL);
	l_close(fd);
	is(linux3(L_PIPE, ADDR(pipe), 0, 0), 0);
	is(import(pipe[0], &ref), -DIOS_EINVAL);
	l_close(pipe[0]);
	l_close(pipe[1]);
	fd = l_open("/proc/self/exe", L_PATH);
	is(import(fd, &ref), -DIOS_EINVAL);
	l_close(fd);
	/* Not executable, for nobody: then not for root. */
	fd = l_open("/tmp/dios_limbo", L_RDWR | L_CREAT | L_TRUNC);
	l_close(fd);
	linux3(L_CHMOD, ADDR("/tmp/dios_limbo"), 0644, 0);
	fd = l_open("/tmp/dios_limbo", L_RDONLY);
	is(import(fd, &ref), -DIOS_EPERM);
	l_close(fd);
	linux3(L_CHMOD, ADDR("/tmp/dios_limbo"), 0755, 0);
	fd = l_open("/tmp/dios_limbo", L_WRONLY);
	is(import(fd, &ref), -DIOS_EINVAL);	/* not open for reading */
	l_close(fd);
}

static u64 load(void)
{
	int fd = l_open("/proc/self/exe", L_RDONLY);
	s64 n, len = 0;

	while ((n = linux3(L_READ, fd, ADDR(image) + len, sizeof(image) - len)) > 0)
		len += n;
	l_close(fd);
	return len;
}

/* Start the first len bytes of the image; what run says, or 1000 + its status. */
static s64 start_image(u64 len)
{
	char argv[] = "self\0image";
	struct dios_run spec = {
		.argv = ADDR(argv), .argv_len = sizeof(argv), .argc = 2,
		.out = start->out, .err = start->err,
	};
	u64 ref, task = POISON;
	int fd;
	s64 err;

	linux3(L_UNLINK, ADDR("/tmp/image"), 0, 0);
	fd = l_open("/tmp/image", L_RDWR | L_CREAT | L_TRUNC);
	if (linux3(L_WRITE, fd, ADDR(image), len) != (s64)len)
		return -1000;
	l_close(fd);
	fd = l_open("/tmp/image", L_RDONLY);
	err = import(fd, &ref);
	l_close(fd);
	if (err)
		return err;
	err = start_task(0, ref, ADDR(&spec), ADDR(&task));
	delete(0, ref);
	if (err) {
		ok(task == POISON || !is_ref(task));
		return err;
	}
	{
		struct dios_task_status st = wait_for(task);

		return 1000 * (1 + st.how) + st.status;
	}
}

static u64 get(u32 at, u32 n)
{
	u64 v = 0;

	memcpy(&v, image + at, n);
	return v;
}

static void put(u32 at, u32 n, u64 v)
{
	memcpy(image + at, &v, n);
}

/* With n bytes at a place changed to v. */
static s64 changed(u32 at, u32 n, u64 v)
{
	u64 old = get(at, n);
	s64 r;

	about = "changed";
	about_number = (u64)at << 32 | (u32)v;
	put(at, n, v);
	r = start_image(image_len);
	put(at, n, old);
	return r;
}

static void images(void)
{
	u64 phoff, len, i, load_at = 0, top = 0;

	image_len = load();
	ok(image_len > 1000);
	is(start_image(image_len), 1033);

	phoff = get(32, 8);
	for (i = 0; i < get(56, 2); i++) {
		u64 p = phoff + i * 56, end = get(p + 8, 8) + get(p + 32, 8);

		if (get(p, 4) != 1)
			continue;
		if (!load_at)
			load_at = p;	/* the first one, which is not empty */
		if (end > top)
			top = end;
	}
	/* Cut off anywhere before the end of what is loaded. */
	for (len = 0; len < 700; len += 1 + len / 7) {
		about = "length";
		about_number = len;
		is(start_image(len), -DIOS_EBADEXE);
	}
	about_number = top - 1;
	is(start_image(top - 1), -DIOS_EBADEXE);
	about = NULL;
	is(start_image(top), 1033);			/* section headers are nobody's need */

	for (i = 0; i < 4; i++)
		is(changed(i, 1, 'x'), -DIOS_EBADEXE);
	is(changed(4, 1, 1), -DIOS_EBADEXE);		/* 32 bits */
	is(changed(4, 1, 0), -DIOS_EBADEXE);
	is(changed(5, 1, 2), -DIOS_EBADEXE);		/* big-endian */
	is(changed(6, 1, 0), -DIOS_EBADEXE);		/* version */
	is(changed(16, 2, 1), -DIOS_EBADEXE);		/* an object */
	is(changed(16, 2, 3), -DIOS_EBADEXE);		/* a library */
	is(changed(16, 2, 4), -DIOS_EBADEXE);		/* a core */
	is(changed(18, 2, 3), -DIOS_EBADEXE);		/* i386 */
	is(changed(18, 2, 183), -DIOS_EBADEXE);		/* arm64 */
	/* The brand. */
	is(changed(7, 1, 0), -DIOS_EBRAND);
	is(changed(7, 1, 3), -DIOS_EBRAND);
	is(changed(7, 1, 9), -DIOS_EBRAND);
	is(changed(8, 1, DIOS_BRAND_LEGACY_LIMBO), -DIOS_EBRAND);
	for (i = 0; i < 256; i++)
		if (i != DIOS_BRAND_PURE && i != DIOS_BRAND_DIOS_LIMBO)
			is(changed(8, 1, i), -DIOS_EBRAND);
	/* The program headers. */
	is(changed(32, 8, image_len), -DIOS_EBADEXE);
	is(changed(32, 8, ~0ULL), -DIOS_EBADEXE);
	is(changed(32, 8, 1ULL << 63), -DIOS_EBADEXE);
	is(changed(54, 2, 0), -DIOS_EBADEXE);
	is(changed(54, 2, 55), -DIOS_EBADEXE);
	is(changed(54, 2, 32), -DIOS_EBADEXE);
	is(changed(56, 2, 0), -DIOS_EBADEXE);
	is(changed(56, 2, 0xffff), -DIOS_EBADEXE);
	is(changed(load_at, 4, 3), -DIOS_EBADEXE);	/* wants an interpreter */
	is(changed(load_at + 8, 8, image_len), -DIOS_EBADEXE);
	is(changed(load_at + 8, 8, ~0ULL), -DIOS_EBADEXE);
	is(changed(load_at + 32, 8, image_len + 1), -DIOS_EBADEXE);
	is(changed(load_at + 32, 8, ~0ULL), -DIOS_EBADEXE);
	is(changed(load_at + 40, 8, 0), -DIOS_EBADEXE);	/* less memory than file */
	/* A start where nothing is: the task begins and dies. */
	is(changed(24, 8, 0), 2000 + DIOS_UP_SEGV);
	is(changed(24, 8, 0x10), 2000 + DIOS_UP_SEGV);
	is(changed(24, 8, 1ULL << 63), -DIOS_EBADEXE);
	/* A segment in the kernel's part, or over everything: an error, or a death, no more. */
	for (i = 16; i <= 24; i += 8) {
		ok(changed(load_at + i, 8, 0xffff800000000000) != 1033 || i == 24);
		ok(changed(load_at + i, 8, 0) != 1000 || i == 24);
	}
	ok(changed(load_at + 40, 8, 1ULL << 46) != 1000);
	ok(changed(load_at + 40, 8, 1ULL << 63) != 1000);
	about = NULL;
	is(start_image(image_len), 1033);
}

/* Damage at random: nothing worse than an error or a dead task. */
static void random_images(void)
{
	u64 round, x = 88172645463325252ULL, i;
	u8 saved[1024];

	memcpy(saved, image, sizeof(saved));
	for (round = 0; round < 150; round++) {
		for (i = 0; i < 1 + round % 4; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			/* Not the brand: it would only be refused. */
			image[9 + x % (64 + 56 * 6 - 9)] = x >> 32;
		}
		about = "round";
		about_number = round;
		start_image(image_len);
		memcpy(image, saved, sizeof(saved));
	}
	about = NULL;
	is(start_image(image_len), 1033);
}

/* Open for writing: Linux does not run what may change. */
static void busy(void)
{
	char argv[] = "self\0image";
	struct dios_run spec = { .argv = ADDR(argv), .argv_len = sizeof(argv), .argc = 2 };
	u64 ref, task = POISON;
	int fd = l_open("/tmp/image", L_RDWR);
	s64 err;

	is(import(fd, &ref), 0);
	err = start_task(0, ref, ADDR(&spec), ADDR(&task));
	is(err, -DIOS_EBUSY);
	ok(task == POISON || !is_ref(task));
	l_close(fd);
	is(delete(0, ref), 0);
	linux3(L_UNLINK, ADDR("/tmp/image"), 0, 0);
	linux3(L_UNLINK, ADDR("/tmp/dios_limbo"), 0, 0);
}

/* Ends that only Linux calls bring about. */
static void ends(void)
{
	static const struct { const char *what; u32 how, status; } ends[] = {
		{ "exit_group", DIOS_END_EXIT, 7 },
		{ "exit", DIOS_END_EXIT, 8 },
		{ "kill", DIOS_END_KILLED, 15 },
		{ "close", DIOS_END_KILLED, 9 },
	};
	struct dios_task_status st;
	u64 task, i;

	for (i = 0; i < COUNT(ends); i++) {
		about = ends[i].what;
		if (!is(start_self(ends[i].what, NULL, 0, &task), 0))
			continue;
		st = wait_for(task);
		is(st.how, ends[i].how);
		is(st.status, ends[i].status);
	}
	about = NULL;
}

static int child(const char *what)
{
	int i;

	if (equal(what, "image"))
		return 33;
	if (equal(what, "exit_group"))
		linux3(231, 7, 0, 0);
	if (equal(what, "exit"))
		linux3(L_EXIT, 8, 0, 0);
	if (equal(what, "kill"))
		linux3(62, linux3(L_GETPID, 0, 0, 0), 15, 0);
	if (equal(what, "close")) {
		for (i = 0; i < 100; i++)
			l_close(i);	/* its state hangs on one of them */
		for (;;)
			selects(0, 0, 0, 0, 1);
	}
	/* For guards.c. */
	if (equal(what, "landlock")) {
		i = l_open("/tmp/landlock", L_WRONLY);
		return i < 0 ? -i : 0;
	}
	if (equal(what, "cgroup")) {	/* what follows the first slash in it */
		char text[64] = "";

		linux3(L_READ, l_open("/proc/self/cgroup", L_RDONLY), ADDR(text), sizeof(text) - 1);
		for (i = 0; text[i] && text[i] != '/'; i++)
			;
		return text[i] ? text[i + 1] : 98;
	}
	if (equal(what, "sleep"))
		selects(0, 0, 0, 0, ~0ULL);
	return 99;
}

static int run(int argc, char **argv)
{
	if (argc > 1)
		return child(argv[1]);
	self();
	consoles();
	broken_pipe();
	imports();
	images();
	random_images();
	busy();
	ends();
	return 0;
}
