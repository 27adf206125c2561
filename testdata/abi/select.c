/* brand: pure */
/* select: one winner, its turn for each, and an end at the deadline. */
#include "abi.h"

static void deadlines(void)
{
	u64 before, after, selected = POISON, never = new_timer(0, 0);
	struct dios_wait w = { never, DIOS_R_READ, 0 };

	is(selects(0, 0, 0, 0, 0), -DIOS_ETIMEDOUT);
	is(selects(0, ADDR(&w), 1, ADDR(&selected), 0), -DIOS_ETIMEDOUT);
	is(selects(0, ADDR(&w), 1, ADDR(&selected), 1), -DIOS_ETIMEDOUT);	/* long ago */
	before = now();
	is(selects(0, 0, 0, 0, before + 20 * MS), -DIOS_ETIMEDOUT);
	after = now();
	ok(after >= before + 20 * MS);
	before = after;
	is(selects(0, ADDR(&w), 1, ADDR(&selected), before + 20 * MS), -DIOS_ETIMEDOUT);
	ok(now() >= before + 20 * MS);
	ok(selected == POISON);
	is(selects(0, ADDR(&w), 1, ADDR(&selected), -2), -DIOS_EINVAL);
	is(selects(0, ADDR(&w), 1, ADDR(&selected), 1ULL << 63), -DIOS_EINVAL);
	is(delete(0, never), 0);
}

static void wakes(void)
{
	u64 start_at = now(), selected = POISON, never = new_timer(0, 0), task;
	u64 soon = new_timer(start_at + 20 * MS, 0);
	struct dios_wait w[3] = {
		{ never, DIOS_R_READ, 0 }, { soon, DIOS_R_READ, 0 }, { never, DIOS_R_READ, 0 },
	};
	struct dios_task_status st;

	is(selects(0, ADDR(w), 3, ADDR(&selected), -1), 0);
	ok(selected == 1);
	ok(now() >= start_at + 20 * MS);
	/* Still ready: select takes nothing. */
	is(selects(0, ADDR(w), 3, ADDR(&selected), 0), 0);
	ok(selected == 1);
	/* A timer can be written at any time, and so can a console. */
	w[0].rights = DIOS_R_WRITE;
	is(selects(0, ADDR(w), 1, ADDR(&selected), -1), 0);
	ok(selected == 0);
	w[0] = (struct dios_wait){ start->out, DIOS_R_WRITE, 0 };
	is(selects(0, ADDR(w), 1, ADDR(&selected), -1), 0);
	is(delete(0, soon), 0);

	/* The end of a task. */
	is(start_self("child", NULL, 0, &task), 0);
	w[0] = (struct dios_wait){ never, DIOS_R_READ, 0 };
	w[1] = (struct dios_wait){ task, DIOS_R_READ, 0 };
	is(selects(0, ADDR(w), 2, ADDR(&selected), -1), 0);
	ok(selected == 1);
	st = wait_for(task);
	ok(st.how == DIOS_END_EXIT && st.status == 3);
	is(delete(0, never), 0);
}

/* An object that dies while it is waited for: a child kills it. */
static void dies(void)
{
	u64 timer = new_timer(0, 0), selected = POISON, task;
	struct dios_grant g = { .ref = timer, .rights = DIOS_R_READ | DIOS_R_WRITE };
	struct dios_wait w = { timer, DIOS_R_READ, 0 };
	struct dios_iov iov = { 0, 0 };
	struct dios_task_status st;

	is(start_self("kill", &g, 1, &task), 0);
	is(selects(0, ADDR(&w), 1, ADDR(&selected), -1), 0);
	ok(selected == 0);
	is(acquire_read(0, timer, 0, ADDR(&iov)), -DIOS_EZOMBIE);
	st = wait_for(task);
	ok(st.how == DIOS_END_EXIT && st.status == 0);
	is(delete(0, timer), 0);
}

/* When several are ready each gets its turn. */
static void turns(void)
{
	u64 t = new_timer(1, 0), selected, i;
	u32 won[5] = { 0 };
	struct dios_wait w[5];

	for (i = 0; i < 5; i++)
		w[i] = (struct dios_wait){ t, DIOS_R_READ, 0 };
	for (i = 0; i < 100; i++) {
		is(selects(0, ADDR(w), 5, ADDR(&selected), 0), 0);
		if (ok(selected < 5))
			won[selected]++;
	}
	for (i = 0; i < 5; i++)
		ok(won[i] >= 10);
	is(delete(0, t), 0);
}

static void many(void)
{
	static struct dios_wait w[DIOS_MAX_WAITS + 1];
	u64 never = new_timer(0, 0), t = new_timer(1, 0), selected = POISON, i;

	for (i = 0; i < COUNT(w); i++)
		w[i] = (struct dios_wait){ never, DIOS_R_READ, 0 };
	for (i = 0; i < DIOS_MAX_WAITS; i += 341) {
		w[i].ref = t;
		is(selects(0, ADDR(w), DIOS_MAX_WAITS, ADDR(&selected), -1), 0);
		ok(selected == i);
		w[i].ref = never;
	}
	is(selects(0, ADDR(w), DIOS_MAX_WAITS, ADDR(&selected), now() + 5 * MS), -DIOS_ETIMEDOUT);
	selected = POISON;
	is(selects(0, ADDR(w), DIOS_MAX_WAITS + 1, ADDR(&selected), 0), -DIOS_EINVAL);
	is(selects(0, ADDR(w), 1ULL << 32, ADDR(&selected), 0), -DIOS_EINVAL);
	is(selects(0, ADDR(w), ~0ULL, ADDR(&selected), 0), -DIOS_EINVAL);
	ok(selected == POISON);
	is(delete(0, never), 0);
	is(delete(0, t), 0);
}

static void arguments(void)
{
	u64 t = new_timer(1, 0), r = with_rights(t, DIOS_R_READ), selected = POISON, i;
	struct dios_wait w[2] = { { t, DIOS_R_READ, 0 }, { t, DIOS_R_READ, 0 } };

	for each_bad_flag(f, DIOS_SELECT_KEEP) {
		is(selects(f, ADDR(w), 1, ADDR(&selected), 0), -DIOS_EINVAL);
		is(selects(f, 8, 5000, 8, -5), -DIOS_EINVAL);
	}
	for each_bad_ref(b) {
		w[1].ref = b;
		is(selects(0, ADDR(w), 2, ADDR(&selected), 0), -DIOS_EBADREF);
	}
	w[1].ref = t;
	w[1].rights = 0;
	is(selects(0, ADDR(w), 2, ADDR(&selected), 0), -DIOS_EINVAL);
	for (i = 2; i < 32; i++) {
		w[1].rights = DIOS_R_READ | 1U << i;
		is(selects(0, ADDR(w), 2, ADDR(&selected), 0), -DIOS_EINVAL);
	}
	w[1] = (struct dios_wait){ t, DIOS_R_READ, 1 };
	is(selects(0, ADDR(w), 2, ADDR(&selected), 0), -DIOS_EINVAL);
	w[1] = (struct dios_wait){ r, DIOS_R_WRITE, 0 };
	is(selects(0, ADDR(w), 2, ADDR(&selected), 0), -DIOS_EPERM);
	w[1].rights = DIOS_R_READ | DIOS_R_WRITE;
	is(selects(0, ADDR(w), 2, ADDR(&selected), 0), -DIOS_EPERM);
	is(selects(0, 0, 1, ADDR(&selected), 0), -DIOS_EFAULT);
	for each_bad_in(i, sizeof(w[0]))
		is(selects(0, bad_in(i, sizeof(w[0])), 1, ADDR(&selected), 0), -DIOS_EFAULT);
	/* The second is out of reach. */
	*(struct dios_wait *)(EDGE + PAGE - sizeof(w[0])) = w[0];
	is(selects(0, EDGE + PAGE - sizeof(w[0]), 2, ADDR(&selected), 0), -DIOS_EFAULT);
	is(selects(0, EDGE + PAGE - sizeof(w[0]), 1, ADDR(&selected), 0), 0);
	selected = POISON;
	is(selects(0, ADDR(w), 1, 0, 0), -DIOS_EFAULT);
	for each_bad_out(i, 8)
		is(selects(0, ADDR(w), 1, bad_out(i, 8), 0), -DIOS_EFAULT);
	ok(selected == POISON);
	/* What was kept is selected when it could not be told the first time. */
	w[0] = (struct dios_wait){ t, DIOS_R_READ, 0 };
	is(selects(DIOS_SELECT_KEEP, ADDR(w), 1, 0, 0), -DIOS_EFAULT);
	for each_bad_out(i, sizeof(w[0]))
		is(selects(DIOS_SELECT_KEEP, 0, 0, bad_out(i, sizeof(w[0])), 0), -DIOS_EFAULT);
	is(selects(DIOS_SELECT_KEEP, 0, 0, ADDR(&w[1]), 0), 0);
	ok(w[1].ref == t && w[1].rights == DIOS_R_READ && w[1].len == 0);
	is(selects(DIOS_SELECT_KEEP, 0, 0, ADDR(&w[1]), 0), -DIOS_ETIMEDOUT);
	is(delete(0, t), 0);
	is(delete(0, r), 0);
}

static void set_timer(u64 ref, u64 first)
{
	struct dios_iov iov = { 0, 0 };

	is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
	*(struct dios_timer *)iov.addr = (struct dios_timer){ first, 0 };
	is(release_write(DIOS_BUF_COMMIT, ref, ADDR(&iov)), 0);
}

/* References that are waited for by several calls, each until it is ready. */
static void kept(void)
{
	u64 never = new_timer(0, 0), a = new_timer(0, 0), b = new_timer(0, 0), at, task;
	struct dios_wait w = { never, DIOS_R_READ, 0 }, got = { POISON, 0, 0 };
	struct dios_task_status st;
	s64 r;

	is(selects(DIOS_SELECT_KEEP, ADDR(&w), 1, ADDR(&got), 0), -DIOS_ETIMEDOUT);
	w.ref = b;
	is(selects(DIOS_SELECT_KEEP, ADDR(&w), 1, ADDR(&got), 0), -DIOS_ETIMEDOUT);
	w.ref = a;
	is(selects(DIOS_SELECT_KEEP, ADDR(&w), 1, ADDR(&got), now() + 1), -DIOS_ETIMEDOUT);
	ok(got.ref == POISON);
	at = now() + 20 * MS;
	set_timer(a, at);
	while ((r = selects(DIOS_SELECT_KEEP, 0, 0, ADDR(&got), -1)) == -DIOS_EINTR)
		;
	is(r, 0);
	ok(got.ref == a && got.rights == DIOS_R_READ && now() >= at);
	at = now() + 20 * MS;
	set_timer(b, at);
	while ((r = selects(DIOS_SELECT_KEEP, 0, 0, ADDR(&got), -1)) == -DIOS_EINTR)
		;
	is(r, 0);
	ok(got.ref == b && now() >= at);
	/* Each only once. */
	is(selects(DIOS_SELECT_KEEP, 0, 0, ADDR(&got), now() + 1), -DIOS_ETIMEDOUT);
	/* A number that is used again is another reference. */
	is(delete(0, never), 0);
	never = new_timer(1, 0);
	is(selects(DIOS_SELECT_KEEP, 0, 0, ADDR(&got), 0), -DIOS_ETIMEDOUT);
	/* The end of a task. */
	is(start_self("child", NULL, 0, &task), 0);
	w.ref = task;
	while ((r = selects(DIOS_SELECT_KEEP, ADDR(&w), 1, ADDR(&got), -1)) == -DIOS_EINTR)
		;
	is(r, 0);
	ok(got.ref == task);
	st = wait_for(task);
	ok(st.how == DIOS_END_EXIT && st.status == 3);
	is(delete(0, never), 0);
	is(delete(0, a), 0);
	is(delete(0, b), 0);
}

static int run(int argc, char **argv)
{
	if (argc > 1 && equal(argv[1], "kill")) {
		selects(0, 0, 0, 0, now() + 20 * MS);
		is(delete(DIOS_DELETE_ZOMBIFY, start->refs[0].ref), 0);
		return 0;
	}
	if (argc > 1)
		return 3;
	deadlines();
	wakes();
	dies();
	turns();
	many();
	arguments();
	kept();
	return 0;
}
