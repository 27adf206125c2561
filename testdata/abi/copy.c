/* brand: pure */
/* copy: rights shrink, all are given or none. */
#include "abi.h"

static void shrink(void)
{
	u64 ref = new_timer(1, 0), r, w, rr;
	struct dios_iov iov = { 0, 0 };
	struct dios_grant g;

	r = with_rights(ref, DIOS_R_READ);
	w = with_rights(ref, DIOS_R_WRITE);
	rr = with_rights(r, DIOS_R_READ);
	ok(r != ref && w != ref && r != w && rr != r);
	is(acquire_write(0, r, 0, ADDR(&iov)), -DIOS_EPERM);
	is(acquire_read(0, w, 0, ADDR(&iov)), -DIOS_EPERM);
	is(acquire_read(0, rr, 0, ADDR(&iov)), 0);
	/* They never grow. */
	is(with_rights(r, DIOS_R_WRITE), -DIOS_EPERM);
	is(with_rights(r, DIOS_R_READ | DIOS_R_WRITE), -DIOS_EPERM);
	is(with_rights(ref, DIOS_R_EXEC), -DIOS_EPERM);
	is(with_rights(ref, DIOS_R_ALL), -DIOS_EPERM);
	/* None, and unknown ones. */
	is(with_rights(ref, 0), -DIOS_EINVAL);
	is(with_rights(ref, 8), -DIOS_EINVAL);
	is(with_rights(ref, 1 | 1U << 31), -DIOS_EINVAL);
	g = (struct dios_grant){ .ref = ref, .rights = DIOS_R_READ, .pad = 1 };
	is(copy(0, ADDR(&g), 1, DIOS_REF_SELF), -DIOS_EINVAL);
	g.pad = 1U << 31;
	is(copy(0, ADDR(&g), 1, DIOS_REF_SELF), -DIOS_EINVAL);
	is(delete(0, ref), 0);
	is(delete(0, r), 0);
	is(delete(0, w), 0);
	is(delete(0, rr), 0);
	is(with_rights(ref, DIOS_R_READ), -DIOS_EBADREF);
}

static void not_given(void)
{
	u64 mem = new_privmem(PAGE);

	is(with_rights(DIOS_REF_SELF, DIOS_R_READ), -DIOS_EPERM);
	is(with_rights(mem, DIOS_R_READ), -DIOS_EPERM);
	is(delete(0, mem), 0);
	for each_bad_ref(r)
		is(with_rights(r, DIOS_R_READ), -DIOS_EBADREF);
}

static void all_or_none(void)
{
	static struct dios_grant g[DIOS_MAX_GRANTS + 1];
	u64 ref = new_random(), i, wrong;

	for (i = 0; i < COUNT(g); i++)
		g[i] = (struct dios_grant){ .ref = ref, .out = POISON, .rights = DIOS_R_READ };
	is(copy(0, ADDR(g), 0, DIOS_REF_SELF), -DIOS_EINVAL);
	is(copy(0, ADDR(g), DIOS_MAX_GRANTS + 1, DIOS_REF_SELF), -DIOS_EINVAL);
	is(copy(0, ADDR(g), 1ULL << 32 | 1, DIOS_REF_SELF), -DIOS_EINVAL);
	is(copy(0, ADDR(g), ~0ULL, DIOS_REF_SELF), -DIOS_EINVAL);
	/* One is wrong, at each place. */
	for (wrong = 0; wrong < DIOS_MAX_GRANTS; wrong += 9) {
		about = "grant";
		about_number = wrong;
		g[wrong].ref = POISON;
		is(copy(0, ADDR(g), DIOS_MAX_GRANTS, DIOS_REF_SELF), -DIOS_EBADREF);
		g[wrong].ref = ref;
		g[wrong].rights = DIOS_R_WRITE;
		is(copy(0, ADDR(g), DIOS_MAX_GRANTS, DIOS_REF_SELF), -DIOS_EPERM);
		g[wrong].rights = DIOS_R_READ;
		for (i = 0; i < COUNT(g); i++)
			if (g[i].out != POISON)
				break;
		ok(i == COUNT(g));
	}
	about = NULL;
	is(copy(0, ADDR(g), DIOS_MAX_GRANTS, DIOS_REF_SELF), 0);
	ok(g[DIOS_MAX_GRANTS].out == POISON);
	for (i = 0; i < DIOS_MAX_GRANTS; i++)
		if (g[i].ref != ref || g[i].rights != DIOS_R_READ || delete(0, g[i].out))
			break;
	ok(i == DIOS_MAX_GRANTS);
	is(delete(0, ref), 0);
}

static void arguments(void)
{
	u64 ref = new_timer(0, 0), r, i;
	struct dios_grant g = { .ref = ref, .out = POISON, .rights = DIOS_R_READ };

	for each_bad_flag(f, 0) {
		is(copy(f, ADDR(&g), 1, DIOS_REF_SELF), -DIOS_EINVAL);
		is(copy(f, 8, 0, 0), -DIOS_EINVAL);
	}
	is(copy(0, 0, 1, DIOS_REF_SELF), -DIOS_EFAULT);
	for each_bad_in(i, sizeof(g))
		is(copy(0, bad_in(i, sizeof(g)), 1, DIOS_REF_SELF), -DIOS_EFAULT);
	for each_bad_ref(t)
		is(copy(0, ADDR(&g), 1, t), -DIOS_EBADREF);
	/* The target is no task. */
	is(copy(0, ADDR(&g), 1, ref), -DIOS_EINVAL);
	is(copy(0, ADDR(&g), 1, start->out), -DIOS_EINVAL);
	r = with_rights(ref, DIOS_R_READ);
	is(copy(0, ADDR(&g), 1, r), -DIOS_EPERM);
	ok(g.out == POISON);
	/* No reference is left by the failures. */
	for (i = 0; i < 70000; i++)
		if (copy(0, EDGE + PAGE - sizeof(g) + 8, 1, DIOS_REF_SELF) != -DIOS_EFAULT)
			break;
	ok(i == 70000);
	is(delete(0, r), 0);
	is(delete(0, ref), 0);
}

/*
 * Grants in read-only memory: their numbers cannot be told, so nothing is given.
 * Such memory with a reference in it is the start page, where the one for
 * standard error and the first bytes of the entry look like a grant.
 */
static int read_only_child(void)
{
	u64 i;

	for (i = 0; i < 70000; i++)
		if (copy(0, ADDR(&start->err), 1, DIOS_REF_SELF) != -DIOS_EFAULT)
			break;
	ok(i == 70000);
	return 0;
}

static void read_only(void)
{
	struct dios_task_status st;
	u64 task;

	self_entry = "\x02";	/* DIOS_R_WRITE */
	is(start_self("read-only", NULL, 0, &task), 0);
	self_entry = "";
	st = wait_for(task);
	ok(st.how == DIOS_END_EXIT && st.status == 0);
}

/* To another task. */
static void to_child(void)
{
	u64 ref = new_timer(1, 0), go = new_timer(0, 0), task, reader;
	struct dios_grant g, give[] = { { .ref = go, .rights = DIOS_R_READ } };
	struct dios_task_status st;

	is(start_self("receive", give, 1, &task), 0);
	reader = with_rights(task, DIOS_R_READ);
	g = (struct dios_grant){ .ref = ref, .out = POISON, .rights = DIOS_R_READ };
	is(copy(0, ADDR(&g), 1, reader), -DIOS_EPERM);
	ok(g.out == POISON);
	is(copy(0, ADDR(&g), 1, task), 0);
	ok(g.out != POISON && g.out >> 32);
	/* It is a number of the child's, not of ours. */
	g.ref = ref;
	is(delete(DIOS_DELETE_ZOMBIFY, go), 0);		/* now it looks */
	st = wait_for(reader);
	ok(st.how == DIOS_END_EXIT && st.status == 7);
	/* It has ended, and takes nothing any more. */
	is(copy(0, ADDR(&g), 1, task), -DIOS_EZOMBIE);
	is(delete(0, task), 0);
	is(delete(0, go), 0);
	is(delete(0, ref), 0);
}

/* The child: wait until the timer that was handed over dies, then look for a
 * second one among the numbers near it.
 */
static int receive(void)
{
	struct dios_iov iov = { 0, 0 };
	u64 go = start->refs[0].ref, slot;

	is(acquire_read(0, go, 0, ADDR(&iov)), -DIOS_EZOMBIE);
	for (slot = 0; slot < 64; slot++) {
		u64 ref = 1ULL << 32 | slot;

		iov = (struct dios_iov){ 0, 0 };
		if (ref != go && acquire_read(DIOS_BUF_NONBLOCK, ref, sizeof(struct dios_timer_state), ADDR(&iov)) == 0 &&
		    iov.len == sizeof(struct dios_timer_state)) {
			is(acquire_write(0, ref, 0, ADDR(&iov)), -DIOS_EPERM);
			return 7;
		}
	}
	return 8;
}

static int run(int argc, char **argv)
{
	if (argc > 1)
		return equal(argv[1], "receive") ? receive() : read_only_child();
	shrink();
	not_given();
	all_or_none();
	arguments();
	read_only();
	to_child();
	return 0;
}
