// SPDX-License-Identifier: GPL-2.0
/* test_select.c - waiting: one winner, turns, deadlines, and no wake-up lost. */
#include <unistd.h>
#include "test.h"

#define SECOND	1000000000ull

static struct dios_wait on(u64 ref)
{
	return (struct dios_wait){ .ref = ref, .rights = DIOS_R_READ };
}

TEST(select_finds_the_one_that_is_ready)
{
	struct dios_task *t = pure();
	struct dios_wait w[10];
	u64 never, due, selected;
	u32 n, i;

	OK(t_timer(t, 0, 0, &never));
	OK(t_timer(t, 1, 0, &due));
	for (n = 1; n <= 10; n++)
		for (i = 0; i < n; i++) {
			u32 k;

			for (k = 0; k < n; k++)
				w[k] = on(k == i ? due : never);
			selected = 77;
			OK(t_select(t, w, n, &selected, 0));
			CHECK_EQ(selected, i);
			OK(t_select(t, w, n, &selected, -1));
			CHECK_EQ(selected, i);
		}
	CHECK_EQ(stat_get(STAT_WATCHES), 0);
	quit(t);
}

TEST(select_takes_nothing)
{
	struct dios_task *t = pure();
	u64 due;
	u32 i;

	OK(t_timer(t, 1, 0, &due));
	for (i = 0; i < 5; i++)
		OK(t_select_one(t, due, DIOS_R_READ, -1));
	quit(t);
}

/* Several are ready: none waits long for its turn, whatever else is selected between. */
TEST(each_gets_its_turn)
{
	enum { MOST = 64 };
	struct dios_task *t = pure();
	struct dios_wait w[MOST];
	u64 due, selected;
	u32 n, stride, i, k, won[MOST];

	OK(t_timer(t, 1, 0, &due));
	for (i = 0; i < MOST; i++)
		w[i] = on(due);
	for (n = 2; n <= MOST; n = n < 9 ? n + 1 : n + 11)
		for (stride = 1; stride <= 4; stride++) {
			memset(won, 0, sizeof(won));
			for (i = 0; i < 4 * n; i++) {
				OK(t_select(t, w, n, &selected, -1));
				won[selected]++;
				for (k = 1; k < stride; k++)
					OK(t_select(t, w, 1, &selected, 0));
			}
			for (i = 0; i < n; i++)
				if (!won[i])
					test_fail(__FILE__, __LINE__, "%u of %u never won, stride %u",
						  i, n, stride);
		}
	quit(t);
}

TEST(select_until_the_deadline)
{
	struct dios_task *t = pure();
	u64 never, now = dal_now();

	hosted_never_sleep = true;
	OK(t_timer(t, 0, 0, &never));
	FAILS(DIOS_ETIMEDOUT, t_select_one(t, never, DIOS_R_READ, 0));
	FAILS(DIOS_ETIMEDOUT, t_select_one(t, never, DIOS_R_READ, 1));
	FAILS(DIOS_ETIMEDOUT, t_select_one(t, never, DIOS_R_READ, now));
	CHECK_EQ(dal_now(), now);
	FAILS(DIOS_ETIMEDOUT, t_select_one(t, never, DIOS_R_READ, now + SECOND));
	CHECK_EQ(dal_now(), now + SECOND);
	/* Nothing at all: a sleep. */
	FAILS(DIOS_ETIMEDOUT, t_select(t, NULL, 0, NULL, now + 2 * SECOND));
	CHECK_EQ(dal_now(), now + 2 * SECOND);
	quit(t);
}

TEST(select_until_a_timer)
{
	struct dios_task *t = pure();
	u64 a, b, selected, now = dal_now();
	struct dios_wait w[2];

	hosted_never_sleep = true;
	OK(t_timer(t, now + 2 * SECOND, 0, &a));
	OK(t_timer(t, now + SECOND, 0, &b));
	w[0] = on(a);
	w[1] = on(b);
	OK(t_select(t, w, 2, &selected, -1));
	CHECK_EQ(selected, 1);
	CHECK_EQ(dal_now(), now + SECOND);
	OK(t_delete(t, b));
	FAILS(DIOS_ETIMEDOUT, t_select(t, w, 1, &selected, now + 3 * SECOND / 2));
	OK(t_select(t, w, 1, &selected, now + 3 * SECOND));
	CHECK_EQ(dal_now(), now + 2 * SECOND);
	quit(t);
}

TEST(an_upcall_ends_a_wait)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {};
	u64 never;

	OK(t_timer(t, 0, 0, &never));
	hosted_interrupt(t);
	FAILS(DIOS_EINTR, t_select_one(t, never, DIOS_R_READ, -1));
	hosted_interrupt(t);
	FAILS(DIOS_EINTR, t_select(t, NULL, 0, NULL, -1));
	hosted_interrupt(t);
	FAILS(DIOS_EINTR, t_buf(t, DIOS_ACQUIRE_READ, 0, never, 0, &iov));
	/* Not one that need not wait. */
	hosted_interrupt(t);
	OK(t_select_one(t, t->start.random, DIOS_R_READ, -1));
	quit(t);
}

TEST(rights_say_what_is_waited_for)
{
	struct dios_task *t = pure();
	struct dios_wait w = { .rights = DIOS_R_READ | DIOS_R_WRITE };
	u64 never, selected;

	OK(t_timer(t, 0, 0, &never));
	FAILS(DIOS_ETIMEDOUT, t_select_one(t, never, DIOS_R_READ, 0));
	OK(t_select_one(t, never, DIOS_R_WRITE, 0));
	w.ref = never;
	OK(t_select(t, &w, 1, &selected, 0));
	quit(t);
}

TEST(a_zombie_is_ready)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {};
	u64 never;

	OK(t_timer(t, 0, 0, &never));
	OK(t_zombify(t, never));
	OK(t_select_one(t, never, DIOS_R_READ, -1));
	FAILS(DIOS_EZOMBIE, t_buf(t, DIOS_ACQUIRE_READ, 0, never, 0, &iov));
	quit(t);
}

/* The same object twice, and many of them. */
TEST(select_as_many_as_there_may_be)
{
	struct dios_task *t = pure();
	static struct dios_wait w[DIOS_MAX_WAITS];
	u64 timer, selected, now = dal_now();
	u32 i;

	hosted_never_sleep = true;
	OK(t_timer(t, now + SECOND, 0, &timer));
	for (i = 0; i < DIOS_MAX_WAITS; i++)
		w[i] = on(timer);
	FAILS(DIOS_ETIMEDOUT, t_select(t, w, DIOS_MAX_WAITS, &selected, now + 1));
	OK(t_select(t, w, DIOS_MAX_WAITS, &selected, -1));
	CHECK_EQ(dal_now(), now + SECOND);
	CHECK_EQ(stat_get(STAT_WATCHES), 0);
	quit(t);
}

/* Those that are kept. */

static void selects(struct dios_task *t, struct dios_wait add, u64 ref, u32 rights)
{
	struct dios_wait got = { 77, 77, 77 };

	OK(t_select_kept(t, &add, add.ref ? 1 : 0, &got, 0));
	CHECK_EQ(got.ref, ref);
	CHECK_EQ(got.rights, rights);
	CHECK_EQ(got.len, 0);
}

static void selects_none(struct dios_task *t, struct dios_wait add)
{
	struct dios_wait got = { 77, 77, 77 };

	/* Not FAILS(): what was added stays. */
	CHECK_EQ(t_select_kept(t, &add, add.ref ? 1 : 0, &got, 0), -DIOS_ETIMEDOUT);
	CHECK_EQ(got.ref, 77);
}

static const struct dios_wait nothing;

TEST(what_is_kept_is_selected_once)
{
	struct dios_task *t = pure();
	u64 a, b, never, now = dal_now();

	OK(t_timer(t, now + SECOND, 0, &a));
	OK(t_timer(t, now + 2 * SECOND, 0, &b));
	OK(t_timer(t, 0, 0, &never));
	selects_none(t, nothing);
	selects_none(t, on(b));
	selects_none(t, on(never));
	selects_none(t, on(a));
	selects_none(t, on(a));			/* twice is once */
	CHECK_EQ(stat_get(STAT_WATCHES), 3);
	hosted_clock_add(SECOND);
	selects(t, nothing, a, DIOS_R_READ);
	selects_none(t, nothing);		/* though it is ready still */
	selects(t, on(a), a, DIOS_R_READ);
	hosted_clock_add(SECOND);
	selects(t, on(a), b, DIOS_R_READ);	/* the first to be ready */
	selects(t, nothing, a, DIOS_R_READ);
	selects_none(t, nothing);
	CHECK_EQ(stat_get(STAT_WATCHES), 1);
	/* It dies; and another select is not in the way. */
	OK(t_zombify(t, never));
	OK(t_select_one(t, never, DIOS_R_READ, 0));
	selects(t, nothing, never, DIOS_R_READ);
	CHECK_EQ(stat_get(STAT_WATCHES), 0);
	quit(t);
}

TEST(what_is_kept_goes_with_its_reference)
{
	struct dios_task *t = pure();
	u64 a, b, now = dal_now();

	OK(t_timer(t, now + SECOND, 0, &a));
	OK(t_timer(t, now + SECOND, 0, &b));
	selects_none(t, on(a));
	selects_none(t, on(b));
	OK(t_delete(t, a));
	hosted_clock_add(SECOND);
	selects(t, nothing, b, DIOS_R_READ);
	selects_none(t, nothing);
	/* One that has fired, and was not looked at. */
	OK(t_timer(t, now + 2 * SECOND, 0, &a));
	selects_none(t, on(a));
	hosted_clock_add(SECOND);
	OK(t_delete(t, a));
	selects_none(t, nothing);
	OK(t_timer(t, 1, 0, &a));
	selects(t, on(a), a, DIOS_R_READ);
	/* With the task. */
	OK(t_timer(t, 0, 0, &a));
	selects_none(t, on(a));
	quit(t);
	CHECK_EQ(stat_get(STAT_WATCHES), 0);
}

/* Rights add up, each is taken away when it was selected, and the room is the last one. */
TEST(what_is_kept_for_reading_and_writing)
{
	struct dios_task *t = pure();
	struct dios_wait both = { .rights = DIOS_R_READ | DIOS_R_WRITE, .len = 4088 }, w;
	struct dios_iov iov = {};
	u64 fifo;

	OK(t_create(t, 0, DIOS_T_FIFO, &(struct dios_fifo){ 4096 }, sizeof(struct dios_fifo), NULL, &fifo));
	both.ref = fifo;
	selects(t, both, fifo, DIOS_R_WRITE);
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, fifo, 100, &iov));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, fifo, 100, &iov), 100);
	w = both;
	w.rights = DIOS_R_WRITE;
	selects(t, w, fifo, DIOS_R_READ);	/* not so much room as w waits for */
	selects_none(t, nothing);
	w.len = 1000;
	selects(t, w, fifo, DIOS_R_WRITE);
	selects_none(t, nothing);
	w.rights = DIOS_R_READ;
	FAILS(DIOS_EINVAL, t_select_kept(t, &w, 1, &both, 0));
	quit(t);
}

/* A bad one, and nothing was added. */
TEST(all_are_kept_or_none)
{
	struct dios_task *t = pure();
	struct dios_wait w[2], got;
	u64 due;

	OK(t_timer(t, 1, 0, &due));
	w[0] = on(due);
	w[1] = on(due + 1);
	FAILS(DIOS_EBADREF, t_select_kept(t, w, 2, &got, 0));
	w[1] = on(due);
	w[1].rights = 0;
	FAILS(DIOS_EINVAL, t_select_kept(t, w, 2, &got, 0));
	selects_none(t, nothing);
	quit(t);
}

TEST(many_are_kept)
{
	enum { N = 3 * DIOS_MAX_WAITS };
	struct dios_task *t = pure();
	struct dios_wait w;
	static u64 refs[N];
	u64 now = dal_now();
	u32 i;

	for (i = 0; i < N; i++) {
		OK(t_timer(t, now + SECOND + i, 0, &refs[i]));
		selects_none(t, on(refs[i]));
	}
	hosted_never_sleep = true;
	for (i = 0; i < N; i++) {
		OK(t_select_kept(t, NULL, 0, &w, -1));
		CHECK_EQ(w.ref, refs[i]);
	}
	FAILS(DIOS_ETIMEDOUT, t_select_kept(t, NULL, 0, &w, dal_now() + 1));
	quit(t);
}

TEST(an_upcall_ends_a_wait_for_what_is_kept)
{
	struct dios_task *t = pure();
	struct dios_wait w, got;
	u64 timer;

	OK(t_timer(t, dal_now() + SECOND, 0, &timer));
	w = on(timer);
	hosted_interrupt(t);
	CHECK_EQ(t_select_kept(t, &w, 1, &got, -1), -DIOS_EINTR);
	hosted_clock_add(SECOND);
	selects(t, nothing, timer, DIOS_R_READ);
	quit(t);
}

/* With threads.  A task that waits is woken by what another does. */

struct waiter {
	pthread_t thread;
	struct dios_task *t;
	u64 ref;
	s64 ret;
	u32 rounds;
	bool kept;
};

static void *select_once(void *arg)
{
	struct waiter *w = arg;

	w->ret = t_select_one(w->t, w->ref, DIOS_R_READ, -1);
	return NULL;
}

static void waits(struct waiter *w, void *(*fn)(void *), struct dios_task *from, u64 ref)
{
	u8 name[DIOS_NAME_SIZE];

	w->t = pure();
	/* Through a name: the tasks do not know each other. */
	OK(in_root(ref_find(from, ref, 0)->obj, name, DIOS_R_READ | DIOS_R_WRITE));
	OK(t_lookup(w->t, 0, name, &w->ref));
	name_del(ref_find(from, ref, 0)->obj);
	CHECK(!pthread_create(&w->thread, NULL, fn, w));
}

TEST(all_who_wait_are_woken)
{
	enum { N = 8 };
	struct dios_task *t = pure();
	struct waiter w[N];
	u64 timer;
	u32 i, how;

	for (how = 0; how < 3; how++) {
		OK(t_timer(t, dal_now() + SECOND, 0, &timer));
		for (i = 0; i < N; i++) {
			waits(&w[i], select_once, t, timer);
			hosted_until_blocked(w[i].t);
		}
		CHECK_EQ(stat_get(STAT_WATCHES), N);
		switch (how) {
		case 0:		/* it is due */
			hosted_clock_add(SECOND);
			break;
		case 1:		/* it dies */
			OK(t_zombify(t, timer));
			break;
		case 2:		/* they are interrupted */
			for (i = 0; i < N; i++)
				hosted_interrupt(w[i].t);
			break;
		}
		for (i = 0; i < N; i++) {
			CHECK(!pthread_join(w[i].thread, NULL));
			CHECK_EQ(w[i].ret, how == 2 ? -DIOS_EINTR : 0);
			quit(w[i].t);
		}
		CHECK_EQ(stat_get(STAT_WATCHES), 0);
		OK(t_delete(t, timer));
	}
	quit(t);
}

static u64 deadline;

static void *select_to_deadline(void *arg)
{
	struct waiter *w = arg;

	w->ret = t_select_one(w->t, w->ref, DIOS_R_READ, deadline);
	return NULL;
}

TEST(a_deadline_ends_a_sleep)
{
	struct dios_task *t = pure();
	struct waiter w;
	u64 timer;

	deadline = dal_now() + SECOND;
	OK(t_timer(t, 0, 0, &timer));
	waits(&w, select_to_deadline, t, timer);
	hosted_until_blocked(w.t);
	hosted_clock_add(SECOND - 1);
	hosted_until_blocked(w.t);
	hosted_clock_add(1);
	CHECK(!pthread_join(w.thread, NULL));
	CHECK_EQ(w.ret, -DIOS_ETIMEDOUT);
	quit(w.t);
	quit(t);
}

/*
 * Lost wake-ups.  Each round, one thread sets the timer due while the other is
 * on its way to sleep; if the wake-up fell between the look and the
 * sleep, the test would hang.
 */
static void *select_in_rounds(void *arg)
{
	struct waiter *w = arg;
	struct dios_iov iov = {};
	u32 i;

	for (i = 0; i < w->rounds; i++) {
		if (w->kept) {
			struct dios_wait add = on(w->ref), got;

			OK(t_select_kept(w->t, &add, 1, &got, -1));
			CHECK_EQ(got.ref, w->ref);
		} else {
			OK(t_select_one(w->t, w->ref, DIOS_R_READ, -1));
		}
		OK(t_buf(w->t, DIOS_ACQUIRE_READ, 0, w->ref, 0, &iov));
		CHECK_EQ(((struct dios_timer_state *)hosted_ptr(iov.addr))->count, 1);
		CHECK_EQ(t_buf(w->t, DIOS_COMMIT_READ, 0, w->ref, iov.len, &iov), iov.len);
		OK(t_release(w->t, DIOS_RELEASE_READ, 0, w->ref, &iov));
		iov.addr = 0;
	}
	return NULL;
}

static void rounds(bool kept)
{
	struct dios_task *t = pure();
	struct waiter w = { .rounds = 2000, .kept = kept };
	struct dios_iov iov = {};
	struct dios_timer *set;
	struct dios_ref *ref;
	u64 timer;
	u32 i;

	OK(t_timer(t, 0, 0, &timer));
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, timer, 0, &iov));
	set = hosted_ptr(iov.addr);
	ref = ref_find(t, timer, 0);
	waits(&w, select_in_rounds, t, timer);
	for (i = 0; i < w.rounds; i++) {
		set->first = i % 2 ? 1 : dal_now() + 1;	/* due at once, and by the clock */
		CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, timer, iov.len, &iov), iov.len);
		hosted_clock_add(1);
		while (object_ready(ref->obj, DIOS_R_READ, 0))
			usleep(i % 7);
	}
	CHECK(!pthread_join(w.thread, NULL));
	quit(w.t);
	quit(t);
}

TEST(no_wake_up_is_lost)
{
	rounds(false);
	rounds(true);
}
