// SPDX-License-Identifier: GPL-2.0
/*
 * test_step.c - what another task does between any two steps of a call.
 *
 * A call's steps end where it gives back a lock.  Each test makes the call
 * again and again, and lets the other act after the first step, after the
 * second, and so on, until the call is over before that.  So every order of
 * the two is tried, in one thread and always in the same way.
 *
 * A wait that would sleep for ever ends with EINTR (hosted_never_sleep): that
 * is what a lost wake-up looks like here.
 */
#include "test.h"

#define MS	1000000ull

static struct dios_task *a, *b;		/* who makes the call, and the other */
static u64 ref_a, ref_b;		/* what it is about, in each one's table */
static u8 name[DIOS_NAME_SIZE] = "between";
static struct dios_iov iov;
static u64 found;
static s64 ret;

static void each_step(void (*set_up)(void), void (*call)(void), void (*other)(void),
		      void (*check)(bool stepped))
{
	struct counts nothing;
	bool stepped = true;
	u32 n;

	hosted_never_sleep = true;
	counts_take(&nothing);
	for (n = 1; stepped; n++) {
		a = limbo();
		b = pure();
		iov = (struct dios_iov){};
		set_up();
		hosted_step(n, other);
		call();
		stepped = hosted_step(0, NULL);
		check(stepped);
		if (b)
			quit(b);
		quit(a);
		counts_same(__FILE__, __LINE__, "after a step", &nothing);
	}
	/* There was something between. */
	CHECK(n > 3);
}

/* Worlds: a timer that both have, due soon or never; a task that knows the other. */

static void timer_at(u64 first)
{
	struct dios_timer spec = { first, 0 };

	OK(t_create(a, DIOS_CREATE_PUBLIC, DIOS_T_TIMER, &spec, sizeof(spec), name, &ref_a));
	OK(t_lookup(b, DIOS_LOOKUP_PUBLIC, name, &ref_b));
}

static void soon(void)
{
	timer_at(dal_now() + MS);
}

static void never(void)
{
	timer_at(0);
}

static void only_b_has_it(void)
{
	timer_at(0);
	OK(t_delete(a, ref_a));
}

static void nothing_yet(void)
{
}

static void a_knows_b(void)
{
	OK(task_add_ref(a, &b->obj, DIOS_R_READ | DIOS_R_WRITE, &ref_a));
}

static void b_knows_a(void)
{
	OK(task_add_ref(b, &a->obj, DIOS_R_READ | DIOS_R_WRITE, &ref_b));
}

/* Calls of a. */

static void selects(void)
{
	ret = t_select_one(a, ref_a, DIOS_R_READ, -1);
}

static void selects_many(void)
{
	struct dios_wait w[9];
	u32 i;

	for (i = 0; i < 9; i++)
		w[i] = (struct dios_wait){ .ref = ref_a, .rights = DIOS_R_READ };
	ret = t_select(a, w, 9, &found, -1);
}

static void acquires(void)
{
	ret = t_buf(a, DIOS_ACQUIRE_READ, 0, ref_a, 0, &iov);
}

static void looks_up(void)
{
	ret = t_lookup(a, DIOS_LOOKUP_PUBLIC, name, &found);
}

static void creates(void)
{
	struct dios_timer spec = { 0, 0 };

	ret = t_create(a, DIOS_CREATE_PUBLIC, DIOS_T_TIMER, &spec, sizeof(spec), name, &ref_a);
}

static s64 copies_from(struct dios_task *t, struct dios_grant g[DIOS_MAX_GRANTS], u64 to)
{
	u32 n;

	for (n = 0; n < DIOS_MAX_GRANTS; n++)
		g[n] = (struct dios_grant){ .ref = t->start.random, .rights = DIOS_R_READ };
	return t_copy(t, g, DIOS_MAX_GRANTS, to);
}

static void copies(void)
{
	struct dios_grant g[DIOS_MAX_GRANTS];

	ret = copies_from(a, g, ref_a);
}

/* What the other does. */

static void time_passes(void)
{
	hosted_clock_add(MS);
}

static void zombifies(void)
{
	OK(t_zombify(b, ref_b));
}

static void deletes(void)
{
	OK(t_delete(b, ref_b));
}

static void ends(void)
{
	quit(b);
	b = NULL;
}

static void interrupts(void)
{
	hosted_interrupt(a);
}

static void set_timer(struct dios_task *t, u64 ref, u64 first)
{
	struct dios_timer in = { first, 0 };
	struct dios_iov w = {};

	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, 0, &w));
	memcpy(hosted_ptr(w.addr), &in, sizeof(in));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, ref, w.len, &w), w.len);
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, ref, &w));
}

static void sets_it_later(void)
{
	set_timer(b, ref_b, dal_now() + MS);
}

static void sets_it_off(void)
{
	set_timer(b, ref_b, 0);
}

static void finds_and_kills(void)
{
	u64 ref;

	if (t_lookup(b, DIOS_LOOKUP_PUBLIC, name, &ref))
		return;
	OK(t_zombify(b, ref));
	OK(t_delete(b, ref));
}

static void takes_the_name(void)
{
	s64 err = t_create(b, DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, NULL, 0, name, &ref_b);

	CHECK(!err || err == -DIOS_EEXIST);
	found = !err;
}

/* What must hold then. */

static void was_woken(bool stepped)
{
	CHECK_EQ(ret, 0);
}

static void was_woken_if_it_died(bool stepped)
{
	CHECK_EQ(ret, stepped ? 0 : -DIOS_EINTR);
}

static void saw_it_die(bool stepped)
{
	CHECK_EQ(ret, stepped ? -DIOS_EZOMBIE : -DIOS_EINTR);
}

static void was_interrupted(bool stepped)
{
	CHECK_EQ(ret, -DIOS_EINTR);
}

static void got_the_count(bool stepped)
{
	CHECK_EQ(ret, 0);
	CHECK_EQ(((struct dios_timer_state *)hosted_ptr(iov.addr))->count, 1);
}

static void found_or_not(bool stepped)
{
	CHECK(!ret || ret == -DIOS_ENOENT);
}

static void given_or_not(bool stepped)
{
	CHECK(!ret || ret == -DIOS_EZOMBIE);
}

TEST(a_timer_fires_during_select)
{
	each_step(soon, selects, time_passes, was_woken);
	each_step(soon, selects_many, time_passes, was_woken);
}

TEST(a_timer_fires_during_acquire)
{
	each_step(soon, acquires, time_passes, got_the_count);
}

TEST(an_object_dies_during_select)
{
	each_step(never, selects, zombifies, was_woken_if_it_died);
}

TEST(an_object_dies_during_acquire)
{
	each_step(never, acquires, zombifies, saw_it_die);
}

TEST(an_upcall_during_a_wait)
{
	each_step(never, selects, interrupts, was_interrupted);
	each_step(never, acquires, interrupts, was_interrupted);
}

TEST(a_timer_is_set_during_a_wait)
{
	each_step(never, selects, sets_it_later, was_woken_if_it_died);
}

/* Both set it.  The host's timer follows the object, whoever came last. */
static void sets_it(void)
{
	set_timer(a, ref_a, dal_now() + MS);
}

static void does_what_was_said_last(bool stepped)
{
	struct dios_object *obj = ref_find(a, ref_a, 0)->obj;
	s64 err;

	err = t_select_one(a, ref_a, DIOS_R_READ, dal_now() + 10 * MS);
	CHECK(!err || err == -DIOS_ETIMEDOUT);
	if (!stepped)
		CHECK_EQ(err, 0);
	/* Reading says the same as waiting, and when it was off it is not due next. */
	CHECK_EQ(!err, object_ready(obj, DIOS_R_READ, 0));
	err = t_buf(a, DIOS_ACQUIRE_READ, DIOS_BUF_NONBLOCK, ref_a, 0, &iov);
	CHECK(!err || err == -DIOS_EAGAIN);
	if (!err)
		CHECK_EQ(((struct dios_timer_state *)hosted_ptr(iov.addr))->next, 0);
}

TEST(two_set_one_timer)
{
	each_step(never, sets_it, sets_it_off, does_what_was_said_last);
}

TEST(the_last_reference_goes_during_lookup)
{
	each_step(only_b_has_it, looks_up, deletes, found_or_not);
}

TEST(an_object_dies_during_lookup)
{
	each_step(never, looks_up, zombifies, found_or_not);
}

/* A public name is seen by others before create has returned. */
TEST(a_new_object_is_found_and_killed)
{
	each_step(nothing_yet, creates, finds_and_kills, was_woken);
}

static void one_has_it(bool stepped)
{
	if (!stepped)
		CHECK_EQ(ret, 0);
	else
		CHECK_EQ(ret, found ? -DIOS_EEXIST : 0);
}

TEST(a_name_is_taken_during_create)
{
	each_step(nothing_yet, creates, takes_the_name, one_has_it);
}

TEST(the_target_of_a_copy_ends)
{
	each_step(a_knows_b, copies, ends, given_or_not);
}

TEST(a_copy_arrives_while_its_target_ends)
{
	each_step(a_knows_b, ends, copies, given_or_not);
}

TEST(a_task_ends_while_it_is_waited_for)
{
	each_step(a_knows_b, acquires, ends, was_woken_if_it_died);
	each_step(a_knows_b, selects, ends, was_woken_if_it_died);
}

/* Two give to a task: its table grows for both, and each number is one's. */
static struct dios_grant grants_a[DIOS_MAX_GRANTS], grants_b[DIOS_MAX_GRANTS];

static void a_gives_itself(void)
{
	OK(copies_from(a, grants_a, DIOS_REF_SELF));
}

static void b_gives_a(void)
{
	OK(copies_from(b, grants_b, ref_b));
}

static void all_arrived(bool stepped)
{
	u32 i;

	CHECK_EQ(a->nrefs, 3 + DIOS_MAX_GRANTS * (1 + stepped));
	for (i = 0; i < DIOS_MAX_GRANTS; i++) {
		OK(t_delete(a, grants_a[i].out));
		if (stepped)
			OK(t_delete(a, grants_b[i].out));
	}
}

TEST(a_table_grows_for_two)
{
	each_step(b_knows_a, a_gives_itself, b_gives_a, all_arrived);
}
