// SPDX-License-Identifier: GPL-2.0
/* test_timer.c - timers: when they are due, how often, and what sets them. */
#include "test.h"

#define MS	1000000ull

/* Read the state without taking anything. */
static struct dios_timer_state look(struct dios_task *t, u64 ref)
{
	struct dios_timer_state s = {};
	struct dios_iov iov = {};
	s64 err = t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_NONBLOCK, ref, 0, &iov);

	if (err) {
		CHECK_EQ(err, -DIOS_EAGAIN);
		return s;
	}
	CHECK_EQ(iov.len, sizeof(s));
	memcpy(&s, hosted_ptr(iov.addr), sizeof(s));
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
	return s;
}

/* Read the state and take the count. */
static struct dios_timer_state take(struct dios_task *t, u64 ref)
{
	struct dios_timer_state s;
	struct dios_iov iov = {};

	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &iov));
	memcpy(&s, hosted_ptr(iov.addr), sizeof(s));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, ref, iov.len, &iov), iov.len);
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
	return s;
}

static s64 set(struct dios_task *t, u64 ref, u64 first, u64 period)
{
	struct dios_timer in = { first, period };
	struct dios_iov iov = {};
	s64 ret;

	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, 0, &iov));
	memcpy(hosted_ptr(iov.addr), &in, sizeof(in));
	ret = t_buf(t, DIOS_COMMIT_WRITE, 0, ref, iov.len, &iov);
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, ref, &iov));
	return ret;
}

TEST(once)
{
	struct dios_task *t = pure();
	u64 ref, now = dal_now();
	struct dios_timer_state s;

	OK(t_timer(t, now + 10 * MS, 0, &ref));
	CHECK_EQ(look(t, ref).count, 0);
	hosted_clock_add(10 * MS - 1);
	CHECK_EQ(look(t, ref).count, 0);
	hosted_clock_add(1);
	s = look(t, ref);
	CHECK_EQ(s.count, 1);
	CHECK_EQ(s.now, now + 10 * MS);
	CHECK_EQ(s.next, 0);
	hosted_clock_add(1000 * MS);
	CHECK_EQ(look(t, ref).count, 1);
	CHECK_EQ(take(t, ref).count, 1);
	CHECK_EQ(look(t, ref).count, 0);
	FAILS(DIOS_ETIMEDOUT, t_select_one(t, ref, DIOS_R_READ, 0));
	quit(t);
}

TEST(periods_count)
{
	struct dios_task *t = pure();
	u64 ref, now = dal_now();
	struct dios_timer_state s;
	u32 i;

	OK(t_timer(t, now + 10 * MS, 3 * MS, &ref));
	hosted_clock_add(10 * MS);
	for (i = 1; i < 10; i++) {
		s = look(t, ref);
		CHECK_EQ(s.count, i);
		CHECK_EQ(s.next, now + 10 * MS + i * 3 * MS);
		hosted_clock_add(3 * MS);
	}
	CHECK_EQ(take(t, ref).count, 10);
	/* Missed ones count, all at once. */
	hosted_clock_add(3000 * MS + 1);
	s = look(t, ref);
	CHECK_EQ(s.count, 1000);
	CHECK_EQ(s.next, now + 10 * MS + 1010 * 3 * MS);
	CHECK(s.next > s.now && s.next - s.now < 3 * MS);
	CHECK_EQ(take(t, ref).count, 1000);
	CHECK_EQ(look(t, ref).count, 0);
	hosted_clock_add(3 * MS);
	CHECK_EQ(take(t, ref).count, 1);
	quit(t);
}

/* From creation, to a time long past: the phase is kept. */
TEST(a_first_time_that_is_past)
{
	struct dios_task *t = pure();
	u64 ref, now = dal_now();
	struct dios_timer_state s;

	OK(t_timer(t, 1, 0, &ref));
	OK(t_select_one(t, ref, DIOS_R_READ, 0));
	CHECK_EQ(take(t, ref).count, 1);
	OK(t_timer(t, now - 10 * MS, 4 * MS, &ref));
	s = take(t, ref);
	CHECK_EQ(s.count, 3);
	CHECK_EQ(s.next, now + 2 * MS);
	quit(t);
}

/* A timer nobody reads makes no interrupts. */
TEST(the_host_is_asked_only_while_nothing_is_due)
{
	struct dios_task *t = pure();
	u64 ref, start = dal_now();

	hosted_never_sleep = true;
	OK(t_timer(t, start + MS, MS, &ref));
	OK(t_select_one(t, ref, DIOS_R_READ, -1));
	CHECK_EQ(dal_now(), start + MS);
	/* There is no next event: the sleep goes to its own end. */
	CHECK_EQ(t_select(t, NULL, 0, NULL, -1), -DIOS_EINTR);
	CHECK_EQ(dal_now(), start + MS);
	CHECK_EQ(t_select(t, NULL, 0, NULL, start + 100 * MS), -DIOS_ETIMEDOUT);
	CHECK_EQ(take(t, ref).count, 100);
	OK(t_select_one(t, ref, DIOS_R_READ, -1));
	CHECK_EQ(dal_now(), start + 101 * MS);
	quit(t);
}

TEST(commit_with_next_waits_for_the_next)
{
	struct dios_task *t = pure();
	struct dios_timer_state *s;
	struct dios_iov iov = {};
	u64 ref, now = dal_now();
	u32 i;

	hosted_never_sleep = true;
	OK(t_timer(t, now + MS, MS, &ref));
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &iov));
	s = hosted_ptr(iov.addr);
	for (i = 1; i < 20; i++) {
		CHECK_EQ(s->count, 1);
		CHECK_EQ(s->now, now + i * MS);
		CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, ref, iov.len, &iov), iov.len);
	}
	/* NONBLOCK: taken, and nothing to show yet. */
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, iov.len, &iov),
		 -DIOS_EAGAIN);
	CHECK_EQ(s->count, 0);
	hosted_clock_add(MS);
	/* The count in the buffer is 0: this takes nothing that was not shown. */
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, iov.len, &iov), iov.len);
	CHECK_EQ(s->count, 1);
	/* Interrupted: taken, not twice. */
	OK(set(t, ref, 0, 0) - 16);
	hosted_interrupt(t);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, ref, iov.len, &iov), -DIOS_EINTR);
	CHECK_EQ(s->count, 0);
	quit(t);
}

/* Two buffers show the same count: it is taken once. */
TEST(a_count_is_taken_once)
{
	struct dios_task *t = pure();
	struct dios_iov a = {}, b = {};
	u64 ref;

	OK(t_timer(t, dal_now() + MS, MS, &ref));
	hosted_clock_add(5 * MS);
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &a));
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &b));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, ref, a.len, &a), a.len);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, ref, b.len, &b), b.len);
	CHECK_EQ(look(t, ref).count, 0);
	hosted_clock_add(MS);
	CHECK_EQ(look(t, ref).count, 1);
	quit(t);
}

TEST(set_anew)
{
	struct dios_task *t = pure();
	u64 ref, now = dal_now();

	OK(t_timer(t, now + 10 * MS, 0, &ref));
	CHECK_EQ(set(t, ref, now + 20 * MS, 0), 16);		/* later */
	hosted_clock_add(10 * MS);
	CHECK_EQ(look(t, ref).count, 0);
	hosted_clock_add(10 * MS);
	CHECK_EQ(look(t, ref).count, 1);
	CHECK_EQ(set(t, ref, now + 1000 * MS, 0), 16);	/* the count goes */
	CHECK_EQ(look(t, ref).count, 0);
	CHECK_EQ(set(t, ref, now + 25 * MS, 0), 16);		/* earlier */
	hosted_clock_add(5 * MS);
	CHECK_EQ(look(t, ref).count, 1);
	CHECK_EQ(set(t, ref, now + 30 * MS, MS), 16);
	CHECK_EQ(set(t, ref, 0, 0), 16);			/* off */
	hosted_clock_add(1000 * MS);
	CHECK_EQ(look(t, ref).count, 0);
	CHECK_EQ(set(t, ref, 1, 0), 16);			/* at once */
	CHECK_EQ(look(t, ref).count, 1);
	FAILS(DIOS_EINVAL, set(t, ref, 0, 100000));
	FAILS(DIOS_EINVAL, set(t, ref, ~0ull, 0));
	CHECK_EQ(look(t, ref).count, 1);
	quit(t);
}

TEST(a_dead_timer_is_never_due)
{
	struct dios_task *t = pure();
	struct dios_ref *r;
	u64 ref;

	OK(t_timer(t, dal_now() + MS, MS, &ref));
	r = ref_find(t, ref, 0);
	OK(t_zombify(t, ref));
	hosted_never_sleep = true;
	/* No event is left. */
	CHECK_EQ(t_select(t, NULL, 0, NULL, -1), -DIOS_EINTR);
	hosted_clock_add(10 * MS);
	CHECK(r->obj->dead && !r->obj->ops->ready(r->obj, DIOS_R_READ, 0));
	quit(t);
}

TEST(a_timer_goes_while_it_is_armed)
{
	struct dios_task *t = pure();
	u64 ref;
	u32 i;

	for (i = 0; i < 10; i++) {
		OK(t_timer(t, dal_now() + MS, MS, &ref));
		OK(t_delete(t, ref));
	}
	hosted_clock_add(10 * MS);
	OK(t_timer(t, dal_now() + MS, MS, &ref));
	quit(t);
	hosted_clock_add(10 * MS);
}

TEST(many_timers_fire_in_order)
{
	enum { N = 200 };
	struct dios_task *t = pure();
	u64 refs[N], now = dal_now(), selected;
	struct dios_wait w[N];
	u32 i;

	hosted_never_sleep = true;
	for (i = 0; i < N; i++) {
		OK(t_timer(t, now + (i * 7919 % N + 1) * MS, 0, &refs[i]));
		w[i] = (struct dios_wait){ .ref = refs[i], .rights = DIOS_R_READ };
	}
	for (i = 1; i <= N; i++) {
		OK(t_select(t, w, N, &selected, -1));
		CHECK_EQ(dal_now(), now + i * MS);
		CHECK_EQ(selected * 7919 % N + 1, i);
		CHECK_EQ(take(t, refs[selected]).count, 1);
	}
	quit(t);
}

/*
 * Two tasks share a timer: each sets it and reads it while it fires.  Whatever
 * the order, the timer does what it was told last: it is due in the end.
 */

struct sharer {
	pthread_t thread;
	struct dios_task *t;
	u64 ref;
	u32 seed;
};

static void *share(void *arg)
{
	struct sharer *s = arg;
	struct dios_iov iov = {};
	u32 i;

	for (i = 0; i < 300; i++) {
		s->seed = s->seed * 1664525 + 1013904223;
		switch (s->seed >> 29) {
		case 0:
			set(s->t, s->ref, 0, 0);
			break;
		case 1:
			set(s->t, s->ref, dal_now() + (s->seed >> 10 & 0xfff), 100000);
			break;
		case 2:
			set(s->t, s->ref, 1, 0);
			break;
		case 3:
			hosted_clock_add(50000);
			break;
		default:
			if (t_buf(s->t, DIOS_ACQUIRE_READ, DIOS_BUF_NONBLOCK, s->ref, 0, &iov))
				break;
			t_buf(s->t, DIOS_COMMIT_READ, 0, s->ref, iov.len, &iov);
			OK(t_release(s->t, DIOS_RELEASE_READ, 0, s->ref, &iov));
			iov.addr = 0;
		}
	}
	return NULL;
}

TEST(tasks_share_a_timer)
{
	enum { N = 4 };
	struct sharer s[N];
	struct dios_timer spec = { 0, 0 };
	u8 name[DIOS_NAME_SIZE];
	u32 i;

	for (i = 0; i < N; i++) {
		s[i].t = pure();
		s[i].seed = i * 12345;
		if (!i)
			OK(t_create(s[0].t, 0, DIOS_T_TIMER, &spec, sizeof(spec), name, &s[0].ref));
		else
			OK(t_lookup(s[i].t, 0, name, &s[i].ref));
	}
	for (i = 0; i < N; i++)
		CHECK(!pthread_create(&s[i].thread, NULL, share, &s[i]));
	for (i = 0; i < N; i++)
		CHECK(!pthread_join(s[i].thread, NULL));
	CHECK_EQ(set(s[0].t, s[0].ref, dal_now() + MS, 0), 16);
	hosted_clock_add(MS);
	CHECK_EQ(take(s[1].t, s[1].ref).count, 1);
	for (i = 0; i < N; i++)
		quit(s[i].t);
}
