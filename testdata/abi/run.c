/* brand: pure */
/* run: what a child gets is what it was given; what is wrong starts nothing. */
#include "abi.h"

static char argv_bytes[] = "self\0exit";
static char env_bytes[] = "A=1\0B=";

static struct dios_run spec_for(void)
{
	return (struct dios_run){
		.argv = ADDR(argv_bytes), .argv_len = sizeof(argv_bytes), .argc = 2,
		.env = ADDR(env_bytes), .env_len = sizeof(env_bytes), .envc = 2,
		.out = start->out, .err = start->err,
	};
}

static void expect(struct dios_run *spec, u32 how, u32 status)
{
	struct dios_task_status st;
	u64 task = POISON;

	if (!is(start_task(0, start->exe, ADDR(spec), ADDR(&task)), 0))
		return;
	ok(task >> 32);
	st = wait_for(task);
	ok(st.how == how);
	ok(st.status == status);
}

/* One thing is wrong: the error, no task, and nothing changed. */
static void refuse(struct dios_run *spec, s64 want)
{
	struct dios_run before = *spec;
	u64 task = POISON;

	is(start_task(0, start->exe, ADDR(spec), ADDR(&task)), want);
	ok(task == POISON || !is_ref(task));
	ok(same(&before, spec, sizeof(before)));
}

static void strings(void)
{
	static char big[DIOS_MAX_ARGS + 1];
	struct dios_run s = spec_for();

	expect(&s, DIOS_END_EXIT, 42);
	s.argc = 0;
	refuse(&s, -DIOS_EINVAL);
	s.argc = 1;			/* two strings are there */
	refuse(&s, -DIOS_EINVAL);
	s.argc = 3;
	refuse(&s, -DIOS_EINVAL);
	s.argc = ~0;
	refuse(&s, -DIOS_ETOOBIG);
	s = spec_for();
	s.argv_len--;			/* the last NUL is missing */
	refuse(&s, -DIOS_EINVAL);
	s.argv_len = 0;
	refuse(&s, -DIOS_EINVAL);
	s.argv_len = DIOS_MAX_ARGS + 1;
	s.argv = ADDR(big);
	refuse(&s, -DIOS_ETOOBIG);
	s.argv_len = ~0ULL;
	refuse(&s, -DIOS_ETOOBIG);
	s.argv_len = 1ULL << 63;
	refuse(&s, -DIOS_ETOOBIG);
	for each_bad_in(i, sizeof(argv_bytes)) {
		s = spec_for();
		s.argv = bad_in(i, sizeof(argv_bytes));
		refuse(&s, -DIOS_EFAULT);
		s = spec_for();
		s.env = bad_in(i, sizeof(env_bytes));
		refuse(&s, -DIOS_EFAULT);
	}
	s = spec_for();
	s.envc = 1;
	refuse(&s, -DIOS_EINVAL);
	s.envc = 3;
	refuse(&s, -DIOS_EINVAL);
	s = spec_for();
	s.env_len = DIOS_MAX_ARGS + 1;
	s.env = ADDR(big);
	refuse(&s, -DIOS_ETOOBIG);
	s.envc = 0;			/* bytes, but no strings */
	s.env_len = 1;
	refuse(&s, -DIOS_EINVAL);
	s.env_len = 0;
	s.env = 0;
	expect(&s, DIOS_END_EXIT, 42);
	s.env = POISON;			/* no bytes: nobody looks */
	expect(&s, DIOS_END_EXIT, 42);

	/* As long as it may be: one string, and many. */
	memset(big, 'x', sizeof(big));
	memcpy(big, "self\0long", 10);
	big[DIOS_MAX_ARGS - 1] = 0;
	s = spec_for();
	s.argv = ADDR(big);
	s.argv_len = DIOS_MAX_ARGS;
	s.argc = 3;
	expect(&s, DIOS_END_EXIT, 43);
	memset(big, 0, sizeof(big));
	memcpy(big, "self\0many", 10);
	s.argc = 8192;
	s.argv_len = 10 + 8190;
	expect(&s, DIOS_END_EXIT, 44);
	s.argc++;
	s.argv_len++;
	refuse(&s, -DIOS_ETOOBIG);
}

static void fields(void)
{
	struct dios_run s = spec_for();
	u32 i;

	/* Files are two of the references that are handed over, and there is none. */
	s.files = 1;
	refuse(&s, -DIOS_EINVAL);
	s.files = 2;
	refuse(&s, -DIOS_EINVAL);
	s.files = ~0;
	refuse(&s, -DIOS_EINVAL);
	s = spec_for();
	s.node = 1;			/* this one */
	expect(&s, DIOS_END_EXIT, 42);
	s.node = 2;
	refuse(&s, -DIOS_ENOTSUP);
	s.node = ~0ULL;
	refuse(&s, -DIOS_ENOTSUP);
	s = spec_for();
	memset(s.entry, 'e', sizeof(s.entry));
	refuse(&s, -DIOS_EINVAL);
	s.entry[63] = 0;
	memcpy(argv_bytes + 5, "entr", 4);
	expect(&s, DIOS_END_EXIT, 45);
	memcpy(argv_bytes + 5, "exit", 4);
	for (i = 0; i < COUNT(bad_refs); i++) {
		if (!bad_refs[i])
			continue;	/* none */
		about = "reference";
		about_number = bad_refs[i];
		s = spec_for();
		s.in = bad_refs[i];
		refuse(&s, -DIOS_EBADREF);
		s = spec_for();
		s.out = bad_refs[i];
		refuse(&s, -DIOS_EBADREF);
		s = spec_for();
		s.err = bad_refs[i];
		refuse(&s, -DIOS_EBADREF);
	}
	about = NULL;
}

static void streams(void)
{
	struct dios_run s = spec_for();
	u64 mem = new_privmem(PAGE), random = new_random(), timer = new_timer(0, 0), reader;

	s.in = start->out;		/* cannot be read */
	refuse(&s, -DIOS_EPERM);
	s = spec_for();
	s.out = random;			/* cannot be written */
	refuse(&s, -DIOS_EPERM);
	s = spec_for();
	s.err = random;
	refuse(&s, -DIOS_EPERM);
	s.err = mem;			/* private */
	refuse(&s, -DIOS_EPERM);
	s.err = DIOS_REF_SELF;
	refuse(&s, -DIOS_EPERM);
	s = spec_for();
	s.in = random;
	memcpy(argv_bytes + 5, "stdi", 4);
	expect(&s, DIOS_END_EXIT, 46);
	memcpy(argv_bytes + 5, "exit", 4);
	reader = with_rights(timer, DIOS_R_READ);
	is(delete(DIOS_DELETE_ZOMBIFY, timer), 0);
	s.in = reader;
	refuse(&s, -DIOS_EZOMBIE);
	is(delete(0, mem), 0);
	is(delete(0, random), 0);
	is(delete(0, timer), 0);
	is(delete(0, reader), 0);
}

static void grants(void)
{
	static struct dios_grant g[DIOS_MAX_GRANTS + 1];
	struct dios_run s = spec_for();
	u64 timer = new_timer(1, 0), random = new_random(), mem = new_privmem(PAGE), i;

	for (i = 0; i < COUNT(g); i++)
		g[i] = (struct dios_grant){ .ref = i % 2 ? random : timer, .rights = DIOS_R_READ };
	memcpy(argv_bytes + 5, "refs", 4);
	s.refs = ADDR(g);
	s.nrefs = DIOS_MAX_GRANTS;
	s.files = 1;
	refuse(&s, -DIOS_EINVAL);
	s.files = 3;
	refuse(&s, -DIOS_EINVAL);
	s.files = 2;
	memcpy(argv_bytes + 5, "file", 4);
	expect(&s, DIOS_END_EXIT, 48);
	s.files = 0;
	memcpy(argv_bytes + 5, "refs", 4);
	expect(&s, DIOS_END_EXIT, 47);
	s.nrefs = DIOS_MAX_GRANTS + 1;
	refuse(&s, -DIOS_ETOOBIG);
	s.nrefs = ~0;
	refuse(&s, -DIOS_ETOOBIG);
	s.nrefs = DIOS_MAX_GRANTS;
	g[100].out = 1;
	refuse(&s, -DIOS_EINVAL);
	g[100].out = 0;
	g[100].pad = 1;
	refuse(&s, -DIOS_EINVAL);
	g[100].pad = 0;
	g[100].rights = 0;
	refuse(&s, -DIOS_EINVAL);
	g[100].rights = 8;
	refuse(&s, -DIOS_EINVAL);
	g[100].rights = DIOS_R_READ | DIOS_R_EXEC;
	refuse(&s, -DIOS_EPERM);
	g[100].rights = DIOS_R_READ;
	g[100].ref = mem;
	refuse(&s, -DIOS_EPERM);
	g[100].ref = DIOS_REF_SELF;
	refuse(&s, -DIOS_EPERM);
	for each_bad_ref(r) {
		g[100].ref = r;
		refuse(&s, -DIOS_EBADREF);
	}
	g[100].ref = timer;
	s.nrefs = 1;
	for each_bad_in(i, sizeof(g[0])) {
		s.refs = bad_in(i, sizeof(g[0]));
		refuse(&s, -DIOS_EFAULT);
	}
	s.refs = 0;
	refuse(&s, -DIOS_EFAULT);
	s.nrefs = 0;			/* nobody looks */
	s.refs = POISON;
	memcpy(argv_bytes + 5, "exit", 4);
	expect(&s, DIOS_END_EXIT, 42);
	is(delete(0, timer), 0);
	is(delete(0, random), 0);
	is(delete(0, mem), 0);
}

static void arguments(void)
{
	struct dios_run s = spec_for();
	u64 task = POISON, timer = new_timer(0, 0), random = new_random();

	for each_bad_flag(f, 0) {
		is(start_task(f, start->exe, ADDR(&s), ADDR(&task)), -DIOS_EINVAL);
		is(start_task(f, 0, 8, 8), -DIOS_EINVAL);
	}
	for each_bad_ref(r)
		is(start_task(0, r, ADDR(&s), ADDR(&task)), -DIOS_EBADREF);
	/* Not to be executed. */
	is(start_task(0, timer, ADDR(&s), ADDR(&task)), -DIOS_EPERM);
	is(start_task(0, random, ADDR(&s), ADDR(&task)), -DIOS_EPERM);
	is(start_task(0, DIOS_REF_SELF, ADDR(&s), ADDR(&task)), -DIOS_EPERM);
	is(start_task(0, start->exe, 0, ADDR(&task)), -DIOS_EFAULT);
	for each_bad_in(i, sizeof(s))
		is(start_task(0, start->exe, bad_in(i, sizeof(s)), ADDR(&task)), -DIOS_EFAULT);
	ok(task == POISON);
	is(start_task(0, start->exe, ADDR(&s), 0), -DIOS_EFAULT);
	for each_bad_out(i, 8)
		is(start_task(0, start->exe, ADDR(&s), bad_out(i, 8)), -DIOS_EFAULT);
	/* The program cannot be read, written or killed, only run. */
	{
		struct dios_iov iov = { 0, 0 };

		is(acquire_read(0, start->exe, 0, ADDR(&iov)), -DIOS_EPERM);
		is(acquire_write(0, start->exe, 0, ADDR(&iov)), -DIOS_EPERM);
		is(delete(DIOS_DELETE_ZOMBIFY, start->exe), -DIOS_EPERM);
		is(acquire_read(0, start->exe, 0, ADDR(&iov)), -DIOS_EPERM);
	}
	is(delete(0, timer), 0);
	is(delete(0, random), 0);
}

/* Many at once, and one after the other. */
static void many(void)
{
	struct dios_run s = spec_for();
	struct dios_task_status st;
	u64 task[20], i;

	for (i = 0; i < COUNT(task); i++)
		is(start_task(0, start->exe, ADDR(&s), ADDR(&task[i])), 0);
	for (i = 0; i < COUNT(task); i++) {
		st = wait_for(task[i]);
		ok(st.how == DIOS_END_EXIT && st.status == 42);
	}
}

/* The status can be read again, and from a reference with READ alone. */
static void status(void)
{
	struct dios_run s = spec_for();
	struct dios_task_status st;
	struct dios_iov iov = { 0, 0 };
	u64 task, reader;

	is(start_task(0, start->exe, ADDR(&s), ADDR(&task)), 0);
	reader = with_rights(task, DIOS_R_READ);
	is(acquire_read(0, reader, 1, ADDR(&iov)), 0);
	ok(iov.len == sizeof(st));
	st = *(struct dios_task_status *)iov.addr;
	ok(st.how == DIOS_END_EXIT && st.status == 42);
	ok(st.user_ns + st.system_ns < 10 * SECOND);
	ok(st.calls >= 3 && st.calls < 50);
	is(commit_read(0, reader, sizeof(st), ADDR(&iov)), sizeof(st));
	is(release_read(0, reader, ADDR(&iov)), 0);
	is(acquire_read(0, reader, sizeof(st) + 1, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_write(0, task, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	st = wait_for(reader);
	ok(st.how == DIOS_END_EXIT && st.status == 42);
	is(delete(DIOS_DELETE_ZOMBIFY, task), 0);	/* it has ended: nothing happens */
	st = wait_for(task);
	ok(st.how == DIOS_END_EXIT && st.status == 42);
}

/* What a child sees of itself. */
static int child(int argc, char **argv)
{
	struct dios_iov iov = { 0, 0 };
	char **env = argv + argc + 1;
	u32 i;

	ok(start->magic == DIOS_START_MAGIC && start->abi == DIOS_ABI_VERSION);
	ok(start->brand == DIOS_BRAND_PURE && start->node == 1 && start->self == DIOS_REF_SELF);
	ok(start->exe && start->out && start->err && start->random);
	ok(start->files == (equal(argv[1], "file") ? 2 : 0));
	ok(equal(argv[0], "self"));
	ok(!argv[argc]);
	if (equal(argv[1], "exit")) {
		ok(argc == 2);
		ok(!env[0] || (equal(env[0], "A=1") && equal(env[1], "B=") && !env[2]));
		ok(!start->nrefs && !start->in && !start->entry[0]);
		return 42;
	}
	if (equal(argv[1], "long")) {
		ok(argc == 3 && length(argv[2]) == DIOS_MAX_ARGS - 11 && argv[2][0] == 'x');
		return 43;
	}
	if (equal(argv[1], "many")) {
		ok(argc == 8192 && !argv[2][0] && !argv[8191][0]);
		return 44;
	}
	if (equal(argv[1], "entr")) {
		ok(length((char *)start->entry) == 63 && start->entry[62] == 'e');
		return 45;
	}
	if (equal(argv[1], "stdi")) {
		ok(start->in && start->in != start->random);
		is(acquire_read(0, start->in, 100, ADDR(&iov)), 0);
		ok(iov.len == 100);
		return 46;
	}
	if (equal(argv[1], "refs")) {
		ok(start->nrefs == DIOS_MAX_GRANTS);
		for (i = 0; i < start->nrefs; i++) {
			struct dios_start_ref *r = &start->refs[i];

			iov = (struct dios_iov){ 0, 0 };
			ok(r->type == (i % 2 ? DIOS_T_RANDOM : DIOS_T_TIMER));
			ok(r->rights == DIOS_R_READ);
			is(acquire_read(0, r->ref, 1, ADDR(&iov)), 0);
			is(acquire_write(0, r->ref, 1, ADDR(&iov)), -DIOS_EPERM);
		}
		return 47;
	}
	if (equal(argv[1], "file")) {
		ok(start->nrefs == DIOS_MAX_GRANTS);
		return 48;
	}
	return 99;
}

static int run(int argc, char **argv)
{
	if (argc > 1)
		return child(argc, argv);
	strings();
	fields();
	streams();
	grants();
	arguments();
	many();
	status();
	return 0;
}
