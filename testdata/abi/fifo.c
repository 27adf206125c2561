/* brand: pure */
/* FIFO between tasks: records in order, both ends, and a peer that dies or lies. */
#include "abi.h"

#define RING	16384

static u64 new_fifo(u64 size)
{
	struct dios_fifo spec = { size };
	u64 ref = POISON;

	is(create(0, DIOS_T_FIFO, ADDR(&spec), 0, ADDR(&ref)), 0);
	return ref;
}

/* A call that an upcall may end is made again. */
#define again(call)	({ s64 r_; while ((r_ = (call)) == -DIOS_EINTR); r_; })

static void arguments(void)
{
	static const u64 sizes[] = { 0, 1, PAGE - 1, PAGE + 1, 3 * PAGE, 2 * DIOS_MAX_FIFO, 1ULL << 63, ~0ULL };
	struct dios_fifo spec;
	struct dios_iov iov = { 0, POISON };
	u64 ref = POISON, i, r, w;

	for (i = 0; i < COUNT(sizes); i++) {
		spec.size = sizes[i];
		is(create(0, DIOS_T_FIFO, ADDR(&spec), 0, ADDR(&ref)), -DIOS_EINVAL);
	}
	is(create(0, DIOS_T_FIFO, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	for each_bad_in(k, sizeof(spec))
		is(create(0, DIOS_T_FIFO, bad_in(k, sizeof(spec)), 0, ADDR(&ref)), -DIOS_EFAULT);
	ok(ref == POISON);
	ref = new_fifo(PAGE);
	is(acquire_write(0, ref, 0, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_write(0, ref, PAGE - 7, ADDR(&iov)), -DIOS_ETOOBIG);
	is(acquire_write(0, ref, ~0ULL, ADDR(&iov)), -DIOS_ETOOBIG);
	is(acquire_write(DIOS_BUF_AT, ref, 1, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_read(0, ref, 1, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&iov)), -DIOS_EAGAIN);
	is(acquire_read(DIOS_BUF_NONBLOCK | DIOS_BUF_BATCH, ref, 0, ADDR(&iov)), -DIOS_EAGAIN);
	ok(iov.addr == 0 && iov.len == POISON);
	r = with_rights(ref, DIOS_R_READ);
	w = with_rights(ref, DIOS_R_WRITE);
	is(acquire_read(DIOS_BUF_NONBLOCK, w, 0, ADDR(&iov)), -DIOS_EPERM);
	is(acquire_write(DIOS_BUF_NONBLOCK, r, 1, ADDR(&iov)), -DIOS_EPERM);
	for each_bad_in(k, sizeof(iov))
		is(acquire_write(DIOS_BUF_NONBLOCK, w, 1, bad_in(k, sizeof(iov))), -DIOS_EFAULT);
	/* The turn was not taken by those. */
	is(acquire_write(DIOS_BUF_NONBLOCK, w, PAGE - 8, ADDR(&iov)), 0);
	ok(iov.len == PAGE - 8);
	is(commit_write(0, w, PAGE - 7, ADDR(&iov)), -DIOS_EINVAL);
	is(commit_write(DIOS_BUF_END, w, 1, ADDR(&iov)), -DIOS_ENOTSUP);
	is(delete(0, w), 0);
	is(delete(0, r), 0);
	is(delete(0, ref), 0);
}

/* select with the size of the record there must be room for. */
static void room(void)
{
	u64 ref = new_fifo(PAGE), selected = POISON;
	struct dios_wait w = { ref, DIOS_R_WRITE, 0 };
	struct dios_iov iov = { 0, 0 };

	is(selects(0, ADDR(&w), 1, ADDR(&selected), 0), 0);
	w.len = PAGE - 8;
	is(selects(0, ADDR(&w), 1, ADDR(&selected), 0), 0);
	w.len = PAGE - 7;	/* never: so acquire must say it */
	is(selects(0, ADDR(&w), 1, ADDR(&selected), 0), 0);
	w.rights = DIOS_R_READ;
	is(selects(0, ADDR(&w), 1, ADDR(&selected), 0), -DIOS_EINVAL);
	w.len = 0;
	is(selects(0, ADDR(&w), 1, ADDR(&selected), 0), -DIOS_ETIMEDOUT);
	is(acquire_write(0, ref, 1000, ADDR(&iov)), 0);
	w.rights = DIOS_R_WRITE;
	is(selects(0, ADDR(&w), 1, ADDR(&selected), 0), -DIOS_ETIMEDOUT);
	is(commit_write(0, ref, 1000, ADDR(&iov)), 1000);
	w.len = PAGE - 1016;
	is(selects(0, ADDR(&w), 1, ADDR(&selected), 0), 0);
	w.len = PAGE - 1015;
	is(selects(0, ADDR(&w), 1, ADDR(&selected), 0), -DIOS_ETIMEDOUT);
	w.rights = DIOS_R_READ;
	w.len = 0;
	is(selects(0, ADDR(&w), 1, ADDR(&selected), 0), 0);
	is(delete(0, ref), 0);
}

/* A child sends back what it gets, until there is no more. */
static int echo(void)
{
	struct dios_iov in = { 0, 0 }, out = { 0, 0 };
	u64 from = start->refs[0].ref, to = start->refs[1].ref;
	s64 r;

	r = again(acquire_read(0, from, 0, ADDR(&in)));
	while (r >= 0) {
		is(again(acquire_write(0, to, in.len ? in.len : 1, ADDR(&out))), 0);
		memcpy((void *)out.addr, (void *)in.addr, in.len);
		is(commit_write(0, to, in.len, ADDR(&out)), in.len);
		is(release_write(0, to, ADDR(&out)), 0);
		out = (struct dios_iov){ 0, 0 };
		r = commit_read(DIOS_BUF_NEXT, from, in.len, ADDR(&in));
		while (r == -DIOS_EINTR)
			r = commit_read(DIOS_BUF_NEXT, from, 0, ADDR(&in));
	}
	is(r, -DIOS_EPIPE);
	return failures ? 1 : 7;
}

static void echoes(void)
{
	u64 there = new_fifo(RING), back = new_fifo(RING), task, i, k, len;
	struct dios_grant g[2] = {
		{ .ref = there, .rights = DIOS_R_READ }, { .ref = back, .rights = DIOS_R_WRITE },
	};
	struct dios_iov out, in;
	struct dios_task_status st;
	u64 w, r;
	u8 *p;

	is(start_self("echo", g, 2, &task), 0);
	w = with_rights(there, DIOS_R_WRITE);
	r = with_rights(back, DIOS_R_READ);
	is(delete(0, there), 0);
	is(delete(0, back), 0);
	for (i = 0; i < 300; i++) {
		len = i * 59 % (RING - 8);
		out = in = (struct dios_iov){ 0, 0 };
		is(again(acquire_write(0, w, len ? len : 1, ADDR(&out))), 0);
		p = (void *)out.addr;
		for (k = 0; k < len; k++)
			p[k] = i + k;
		is(commit_write(0, w, len, ADDR(&out)), len);
		is(release_write(0, w, ADDR(&out)), 0);
		is(again(acquire_read(0, r, 0, ADDR(&in))), 0);
		ok(in.len == len);
		p = (void *)in.addr;
		for (k = 0; k < len && p[k] == (u8)(i + k); k++)
			;
		ok(k == len);
		is(commit_read(0, r, len, ADDR(&in)), len);
		is(release_read(0, r, ADDR(&in)), 0);
	}
	is(delete(0, w), 0);
	/* The child sees the end of its input, ends, and so does what we read. */
	in = (struct dios_iov){ 0, 0 };
	is(again(acquire_read(0, r, 0, ADDR(&in))), -DIOS_EPIPE);
	st = wait_for(task);
	ok(st.how == DIOS_END_EXIT && st.status == 7);
	is(delete(0, r), 0);
}

/* A child that is killed while it waits, in each way, leaves nothing. */
static int waits(const char *how)
{
	struct dios_iov iov = { 0, 0 };
	u64 ref = start->refs[0].ref;

	if (equal(how, "read")) {
		again(acquire_read(0, ref, 0, ADDR(&iov)));
	} else {
		is(again(acquire_write(0, ref, PAGE - 8, ADDR(&iov))), 0);
		while (commit_write(DIOS_BUF_NEXT, ref, iov.len, ADDR(&iov)) == -DIOS_EINTR)
			;
	}
	return 1;
}

static void killed(const char *how)
{
	u64 ref = new_fifo(PAGE), task, selected;
	struct dios_grant g = { .ref = ref, .rights = DIOS_R_READ | DIOS_R_WRITE };
	struct dios_wait w = { ref, DIOS_R_READ, 0 };
	struct dios_iov iov = { 0, 0 };
	struct dios_task_status st;

	is(start_self(how, &g, 1, &task), 0);
	if (equal(how, "write"))
		is(again(selects(0, ADDR(&w), 1, ADDR(&selected), -1)), 0);
	else
		again(selects(0, 0, 0, 0, now() + 50 * MS));
	is(delete(DIOS_DELETE_ZOMBIFY, task), 0);
	st = wait_for(task);
	ok(st.how == DIOS_END_KILLED);
	/* Its turn, and what it had published, are ours now. */
	if (equal(how, "write")) {
		is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&iov)), 0);
		is(commit_read(0, ref, 0, ADDR(&iov)), 0);
		is(release_read(0, ref, ADDR(&iov)), 0);
		iov = (struct dios_iov){ 0, 0 };
	}
	is(acquire_write(DIOS_BUF_NONBLOCK, ref, PAGE - 8, ADDR(&iov)), 0);
	is(delete(0, ref), 0);
}

/* The object dies under two who wait. */
static void zombie(void)
{
	u64 ref = new_fifo(PAGE), task;
	struct dios_grant g = { .ref = ref, .rights = DIOS_R_READ };
	struct dios_task_status st;

	is(start_self("zombie", &g, 1, &task), 0);
	again(selects(0, 0, 0, 0, now() + 30 * MS));
	is(delete(DIOS_DELETE_ZOMBIFY, ref), 0);
	st = wait_for(task);
	ok(st.how == DIOS_END_EXIT && st.status == 3);
	is(delete(0, ref), 0);
}

static int run(int argc, char **argv)
{
	struct dios_iov iov = { 0, 0 };

	if (argc > 1 && equal(argv[1], "echo"))
		return echo();
	if (argc > 1 && equal(argv[1], "zombie"))
		return again(acquire_read(0, start->refs[0].ref, 0, ADDR(&iov))) == -DIOS_EZOMBIE ? 3 : 1;
	if (argc > 1)
		return waits(argv[1]);
	arguments();
	room();
	echoes();
	killed("read");
	killed("write");
	zombie();
	return 0;
}
