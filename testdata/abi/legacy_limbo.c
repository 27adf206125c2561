/* brand: legacy-limbo */
/* A Linux process that opens /dev/dios: then, and for that thread only, DIOS calls. */
#define LINUX_PROCESS
#include "abi.h"
#include "linux.h"

static int dev = -1;

static s64 try(void)
{
	u64 ref = POISON;
	s64 err = create(0, DIOS_T_RANDOM, 0, 0, ADDR(&ref));

	return err ? err : delete(0, ref);
}

static void before(void)
{
	u64 nr, out[8] = { 0 };

	for (nr = DIOS_CREATE; nr <= DIOS_RELEASE_WRITE; nr++)
		is(syscall6(nr, 0, DIOS_T_RANDOM, 0, 0, ADDR(out), 0), -DIOS_EHOST);
}

static void opened(void)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_start *s;

	dev = l_open("/dev/dios", L_RDWR);
	ok(dev >= 0);
	is(try(), 0);
	is(l_open("/dev/dios", L_RDWR), -L_EBUSY);
	is(try(), 0);
	is(acquire_read(0, DIOS_REF_SELF, 0, ADDR(&iov)), 0);
	s = (struct dios_start *)iov.addr;
	ok(s->magic == DIOS_START_MAGIC && s->abi == DIOS_ABI_VERSION);
	ok(s->brand == DIOS_BRAND_LEGACY_LIMBO && s->self == DIOS_REF_SELF);
	ok(!s->exe && !s->in && !s->nrefs && s->random);
	is(release_read(0, DIOS_REF_SELF, ADDR(&iov)), 0);
	/* Its faults are signals; upcalls are for tasks. */
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, DIOS_REF_SELF, 0, ADDR(&iov)), 0);
	*(struct dios_control *)iov.addr = (struct dios_control){ ADDR(opened), ADDR(opened), 1 << 20, 65536, 0 };
	is(commit_write(0, DIOS_REF_SELF, sizeof(struct dios_control), ADDR(&iov)), -DIOS_ENOTSUP);
	is(release_write(0, DIOS_REF_SELF, ADDR(&iov)), 0);
	/* Linux calls are what they were. */
	ok(linux3(L_GETPID, 0, 0, 0) > 1);
}

/* A child has no DIOS; it may open it for itself. */
static void forked(void)
{
	int pid = l_fork();

	if (pid == 0) {
		if (try() != -DIOS_EHOST)
			linux3(L_EXIT, 11, 0, 0);
		if (try() != -DIOS_EHOST)
			linux3(L_EXIT, 12, 0, 0);
		l_close(dev);
		if (l_open("/dev/dios", L_RDWR) < 0)
			linux3(L_EXIT, 13, 0, 0);
		if (try() != 0)
			linux3(L_EXIT, 14, 0, 0);
		linux3(L_EXIT, 5, 0, 0);
	}
	ok(l_wait(pid) == 5);
	is(try(), 0);
	/* Another program does not inherit it either. */
	ok(l_exec_in_child("/abi/legacy_limbo") == 3);
	is(try(), 0);
	/* And what it is: no program of DIOS starts by exec. */
	ok(l_exec_in_child("/abi/linux") == 256 - L_EPERM);
}

/* What the shell does: import, make consoles, run, wait. */
static void run_one(void)
{
	char argv[] = "linux\0unknown", env[] = "A=1";
	struct dios_import import;
	struct dios_console console;
	struct dios_run spec = { .argv = ADDR(argv), .argv_len = sizeof(argv), .argc = 2,
				 .env = ADDR(env), .env_len = sizeof(env), .envc = 1 };
	struct dios_task_status st;
	u64 exe, task = POISON;
	int fd = l_open("/abi/linux", L_RDONLY);

	ok(fd >= 0);
	import = (struct dios_import){ fd, 0 };
	is(create(DIOS_CREATE_IMPORT, DIOS_T_BLOB, ADDR(&import), 0, ADDR(&exe)), 0);
	l_close(fd);
	console = (struct dios_console){ 1, 0 };
	is(create(0, DIOS_T_CONSOLE, ADDR(&console), 0, ADDR(&spec.out)), 0);
	is(start_task(0, exe, ADDR(&spec), ADDR(&task)), 0);
	st = wait_for(task);
	/* linux_fatal decides which of the two. */
	ok((st.how == DIOS_END_EXIT && st.status == 99) || (st.how == DIOS_END_KILLED && st.status == 31));
	is(delete(0, exe), 0);
	is(delete(0, spec.out), 0);
	/* A Linux program is not run so. */
	fd = l_open("/abi/legacy", L_RDONLY);
	import.fd = fd;
	spec.out = 0;
	is(create(DIOS_CREATE_IMPORT, DIOS_T_BLOB, ADDR(&import), 0, ADDR(&exe)), 0);
	is(start_task(0, exe, ADDR(&spec), ADDR(&task)), -DIOS_EBRAND);
	is(delete(0, exe), 0);
	l_close(fd);
}

/* Everything it has goes when it closes the device; it can open it again. */
static void closed(void)
{
	struct dios_iov iov = { 0, 0 };
	u64 ref = new_random();
	int pid, i;

	is(acquire_read(0, ref, 0, ADDR(&iov)), 0);
	l_close(dev);
	is(try(), -DIOS_EHOST);
	for (i = 0; i < 20; i++) {
		dev = l_open("/dev/dios", L_RDWR);
		ok(dev >= 0);
		is(try(), 0);
		is(delete(0, ref), -DIOS_EBADREF);
		l_close(dev);
		is(try(), -DIOS_EHOST);
	}
	/* A child keeps the file, and with it nothing of ours. */
	dev = l_open("/dev/dios", L_RDWR);
	is(try(), 0);
	pid = l_fork();
	if (pid == 0) {
		s64 t[2] = { 0, 50 * MS };

		l_close(0);
		linux3(35, ADDR(t), 0, 0);	/* nanosleep */
		linux3(L_EXIT, try() == -DIOS_EHOST ? 5 : 6, 0, 0);
	}
	is(l_wait(pid), 5);
	is(try(), 0);
	/* The end, in DIOS's way. */
	pid = l_fork();
	if (pid == 0) {
		if (l_open("/dev/dios", L_RDWR) >= 0)
			delete(77, DIOS_REF_SELF);
		linux3(L_EXIT, 1, 0, 0);
	}
	is(l_wait(pid), 77);
}

static int run(int argc, char **argv)
{
	if (argc > 1)
		return try() == -DIOS_EHOST ? 3 : 4;
	before();
	opened();
	forked();
	run_one();
	closed();
	return 0;
}
