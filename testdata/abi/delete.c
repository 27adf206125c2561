/* brand: pure */
/* delete: a reference goes, an object dies, a task ends. */
#include "abi.h"

static void once(void)
{
	u64 ref = new_random(), other;

	is(delete(0, ref), 0);
	is(delete(0, ref), -DIOS_EBADREF);
	for each_bad_ref(r) {
		is(delete(0, r), -DIOS_EBADREF);
		is(delete(DIOS_DELETE_ZOMBIFY, r), -DIOS_EBADREF);
	}
	/* The numbers that are near it mean nothing. */
	ref = new_random();
	other = new_random();
	is(delete(0, ref + (1ULL << 32)), -DIOS_EBADREF);
	is(delete(0, ref - (1ULL << 32)), -DIOS_EBADREF);
	is(delete(0, ref ^ (1ULL << 63)), -DIOS_EBADREF);
	is(delete(0, ref & 0xffffffff), -DIOS_EBADREF);
	is(delete(0, ref), 0);
	is(delete(0, other), 0);
}

/* A number that was deleted is never another object's. */
static void stale(void)
{
	static u64 old[5000];
	u64 i, n;

	for (i = 0; i < COUNT(old); i++) {
		old[i] = new_random();
		delete(0, old[i]);
	}
	n = new_random();
	for (i = 0; i < COUNT(old); i++)
		if (old[i] == n || is_ref(old[i]) || delete(0, old[i]) != -DIOS_EBADREF)
			break;
	ok(i == COUNT(old));
	for (i = 1; i < COUNT(old); i++)
		if (old[i] == old[i - 1])
			break;
	ok(i == COUNT(old));
	is(delete(0, n), 0);
}

static void flags(void)
{
	u64 ref = new_timer(0, 0), f;

	for each_bad_flag(f, DIOS_DELETE_ZOMBIFY)
		is(delete(f, ref), -DIOS_EINVAL);
	/* A status is for the task itself. */
	is(delete(3, ref), -DIOS_EINVAL);
	is(delete(DIOS_DELETE_ZOMBIFY | 3, ref), -DIOS_EINVAL);
	ok(is_ref(ref));
	/* The task itself is not zombified, and knows no more than a status. */
	for (f = 0x100; f; f <<= 1) {
		about = "flags";
		about_number = f;
		is(delete(f, DIOS_REF_SELF), -DIOS_EINVAL);
		is(delete(f | 7, DIOS_REF_SELF), -DIOS_EINVAL);
	}
	about = NULL;
	is(delete(0, ref), 0);
}

static void zombify(void)
{
	u64 ref = new_timer(0, 0), reader, both, selected, random;
	struct dios_wait w;
	struct dios_iov iov = { 0, 0 }, buf = { 0, 0 };
	struct dios_grant g;

	reader = with_rights(ref, DIOS_R_READ);
	both = with_rights(ref, DIOS_R_READ | DIOS_R_WRITE);
	is(delete(DIOS_DELETE_ZOMBIFY, reader), -DIOS_EPERM);
	is(acquire_write(0, both, 0, ADDR(&buf)), 0);

	is(delete(DIOS_DELETE_ZOMBIFY, both), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, both), 0);	/* dead already */
	/* Dead for all, through every reference. */
	is(acquire_read(0, ref, 0, ADDR(&iov)), -DIOS_EZOMBIE);
	is(acquire_read(0, reader, 0, ADDR(&iov)), -DIOS_EZOMBIE);
	is(acquire_write(0, both, 0, ADDR(&iov)), -DIOS_EZOMBIE);
	ok(iov.addr == 0 && iov.len == 0);
	is(commit_write(0, both, 16, ADDR(&buf)), -DIOS_EZOMBIE);
	g = (struct dios_grant){ .ref = ref, .rights = DIOS_R_READ };
	is(copy(0, ADDR(&g), 1, DIOS_REF_SELF), -DIOS_EZOMBIE);
	/* Ready, so that nobody waits for ever. */
	w = (struct dios_wait){ reader, DIOS_R_READ, 0 };
	is(selects(0, ADDR(&w), 1, ADDR(&selected), -1), 0);
	/* What was lent is there until it is given back. */
	*(volatile u64 *)buf.addr = 1;
	is(release_write(0, both, ADDR(&buf)), 0);
	is(delete(0, ref), 0);
	is(delete(0, reader), 0);
	is(delete(0, both), 0);

	/* Some do not die. */
	random = new_random();
	is(delete(DIOS_DELETE_ZOMBIFY, random), -DIOS_EPERM);	/* no right to WRITE */
	is(delete(DIOS_DELETE_ZOMBIFY, start->out), -DIOS_ENOTSUP);
	is(delete(0, random), 0);
}

/* Buffers go with the reference, not before. */
static void buffers(void)
{
	u64 ref = new_random(), same, mem = new_privmem(4 * PAGE);
	struct dios_iov a = { 0, 0 }, b = { 0, 0 }, m = { 0, 0 };

	is(acquire_read(0, ref, PAGE, ADDR(&a)), 0);
	same = with_rights(ref, DIOS_R_READ);
	is(acquire_read(0, same, PAGE, ADDR(&b)), 0);
	is(delete(0, ref), 0);
	is(release_read(0, ref, ADDR(&a)), -DIOS_EBADREF);
	/* Its place is free. */
	is(create(0, DIOS_T_RANDOM, 0, 0, a.addr), -DIOS_EFAULT);
	ok(*(volatile u8 *)b.addr >= 0);
	is(release_read(0, same, ADDR(&b)), 0);
	is(delete(0, same), 0);

	is(acquire_write(0, mem, 0, ADDR(&m)), 0);
	*(volatile u64 *)m.addr = 1;
	is(delete(0, mem), 0);
	is(create(0, DIOS_T_RANDOM, 0, 0, m.addr), -DIOS_EFAULT);
}

/* The ends of tasks: children of this program that do it. */
static void ends(void)
{
	static const struct { const char *what; u32 how, status; } ends[] = {
		{ "exit 0", DIOS_END_EXIT, 0 },
		{ "exit 1", DIOS_END_EXIT, 1 },
		{ "exit 255", DIOS_END_EXIT, 255 },
		{ "read 16", DIOS_END_FAULT, DIOS_UP_SEGV },
		{ "divide", DIOS_END_FAULT, DIOS_UP_FPE },
		{ "illegal", DIOS_END_FAULT, DIOS_UP_ILL },
		{ "breakpoint", DIOS_END_FAULT, DIOS_UP_TRAP },
	};
	struct dios_task_status st;
	u64 ref, i;

	for (i = 0; i < COUNT(ends); i++) {
		about = ends[i].what;
		if (!is(start_self(ends[i].what, NULL, 0, &ref), 0))
			continue;
		st = wait_for(ref);
		ok(st.how == ends[i].how);
		ok(st.status == ends[i].status);
		ok(st.calls > 0 && st.calls < 100);
	}
	about = NULL;
	/* Zombified while it waits, and while it loops. */
	is(start_self("wait", NULL, 0, &ref), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, ref), 0);
	st = wait_for(ref);
	ok(st.how == DIOS_END_KILLED && st.status == 9);
	is(start_self("loop", NULL, 0, &ref), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, ref), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, ref), 0);
	st = wait_for(ref);
	ok(st.how == DIOS_END_KILLED && st.status == 9);
	/* To drop the reference does not kill. */
	is(start_self("exit 0", NULL, 0, &ref), 0);
	is(delete(0, ref), 0);
}

static int child(const char *what)
{
	struct dios_iov iov = { 0, 0 };

	if (equal(what, "exit 0"))
		leave(0);
	if (equal(what, "exit 1"))
		leave(1);
	if (equal(what, "exit 255"))
		leave(255);
	if (equal(what, "read 16"))
		return *(volatile int *)16;
	if (equal(what, "divide"))
		asm volatile("xor %%ecx, %%ecx\n\tmov $1, %%eax\n\tcltd\n\tidiv %%ecx" ::: "eax", "ecx", "edx");
	if (equal(what, "illegal"))
		asm volatile("ud2");
	if (equal(what, "breakpoint"))
		asm volatile("int3");
	if (equal(what, "wait"))
		acquire_read(0, new_timer(0, 0), 0, ADDR(&iov));
	if (equal(what, "loop"))
		for (;;)
			asm volatile("");
	return 99;
}

static int run(int argc, char **argv)
{
	if (argc > 1)
		return child(argv[1]);
	once();
	stale();
	flags();
	zombify();
	buffers();
	ends();
	return 0;
}
