// SPDX-License-Identifier: GPL-2.0
/*
 * test_race.c - tasks that run at the same time, for the thread sanitizer: what
 * one does while another ends, grows, looks up, kills.
 */
#include <sched.h>
#include "test.h"

#define TASKS	4

struct racer {
	pthread_t thread;
	struct dios_task *t;
	u32 n;
	u64 ref;
	void *arg;
};

static void race(void *(*fn)(void *), struct racer *r, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		r[i].n = i;
		CHECK(!pthread_create(&r[i].thread, NULL, fn, &r[i]));
	}
	for (i = 0; i < n; i++)
		CHECK(!pthread_join(r[i].thread, NULL));
}

/* Public names that all want, and take from each other. */
static void *fights_for_names(void *arg)
{
	struct racer *r = arg;
	struct dios_timer spec = { 0, 0 };
	u32 i, seed = r->n;
	u64 ref;
	s64 err;

	for (i = 0; i < 2000; i++) {
		u8 name[DIOS_NAME_SIZE] = {};

		seed = seed * 1664525 + 1013904223;
		name[0] = seed >> 30;
		switch (seed >> 28 & 3) {
		case 0:
			err = t_create(r->t, DIOS_CREATE_PUBLIC, DIOS_T_TIMER, &spec, sizeof(spec), name, &ref);
			CHECK(!err || err == -DIOS_EEXIST);
			break;
		case 1:
			err = t_create(r->t, 0, DIOS_T_TIMER, &spec, sizeof(spec), name, &ref);
			CHECK(!err);
			break;
		default:
			err = t_lookup(r->t, DIOS_LOOKUP_PUBLIC, name, &ref);
			CHECK(!err || err == -DIOS_ENOENT);
		}
		if (err)
			continue;
		if (seed >> 26 & 1)
			OK(t_zombify(r->t, ref));
		OK(t_delete(r->t, ref));
	}
	return NULL;
}

TEST(names_come_and_go)
{
	struct racer r[TASKS];
	u32 i;

	for (i = 0; i < TASKS; i++)
		r[i].t = pure();
	race(fights_for_names, r, TASKS);
	CHECK_EQ(stat_get(STAT_NAMES), 0);
	CHECK_EQ(stat_get(STAT_ZOMBIES), 0);
	for (i = 0; i < TASKS; i++)
		quit(r[i].t);
}

/* Named objects share buckets: one's end meets the others' beginnings there. */
static void *fills_buckets(void *arg)
{
	enum { LIVE = 64 };
	struct dios_object *objs[LIVE] = {};
	u8 name[DIOS_NAME_SIZE];
	u32 i;

	for (i = 0; i < 10000; i++) {
		if (objs[i % LIVE])
			object_put(objs[i % LIVE]);
		objs[i % LIVE] = dios_types[DIOS_T_RANDOM]->make(NULL, 0, NULL);
		OK(in_root(objs[i % LIVE], name, DIOS_R_READ));
	}
	for (i = 0; i < LIVE; i++)
		object_put(objs[i]);
	return NULL;
}

TEST(names_share_buckets)
{
	struct racer r[TASKS];

	race(fills_buckets, r, TASKS);
	CHECK_EQ(stat_get(STAT_NAMES), 0);
}

/* Several give to one that makes and deletes references itself, then ends. */

static struct racer target;
static u32 arrived;

static void *gives(void *arg)
{
	struct racer *r = arg;
	struct dios_grant g[20];
	u32 i, k;
	s64 err = 0;

	for (i = 0; i < 2000 && !err; i++) {
		for (k = 0; k < 20; k++)
			g[k] = (struct dios_grant){ .ref = r->t->start.random, .rights = DIOS_R_READ };
		err = t_copy(r->t, g, 1 + i % 20, r->ref);
		CHECK(!err || err == -DIOS_EZOMBIE || err == -DIOS_EQUOTA);
		if (!err)
			__atomic_fetch_add(&arrived, 1, __ATOMIC_RELAXED);
		if (err == -DIOS_EQUOTA)
			err = 0;
	}
	return NULL;
}

static u32 takes(struct dios_task *t, int argc, char **argv, char **env)
{
	struct dios_ref *r;
	u32 i, slots, until = argv[1][0] - '0';
	u64 ref;

	for (i = 0; __atomic_load_n(&arrived, __ATOMIC_RELAXED) < until; i++) {
		if (!t_random(t, &ref))
			OK(t_delete(t, ref));
		/* What came is there, whole. */
		spin_lock(&t->lock);
		slots = t->nslots;
		r = t->slots[i % slots].ref;
		ref = r ? r->id : 0;
		spin_unlock(&t->lock);
		if (ref && ref != DIOS_REF_SELF && i % 3)
			OK(t_delete(t, ref));
		sched_yield();
	}
	return 0;
}

TEST(copy_to_a_task_that_ends)
{
	struct dios_task *t = limbo();
	char until[2] = "0";
	struct run r = { .argv = { "p", until } };
	struct racer givers[TASKS];
	u32 i, round;
	u64 child;

	OK(t_import(t, program(takes), &r.exe));
	for (round = 0; round < 40; round++) {
		arrived = 0;
		until[0] = '0' + round % 10;
		OK(t_run(t, &r, &child));
		for (i = 0; i < TASKS; i++) {
			struct dios_object *obj = ref_find(t, child, 0)->obj;

			givers[i].t = pure();
			OK(task_add_ref(givers[i].t, obj, DIOS_R_WRITE, &givers[i].ref));
		}
		race(gives, givers, TASKS);
		CHECK_EQ(status_of(t, child).how, DIOS_END_EXIT);
		hosted_join();
		for (i = 0; i < TASKS; i++)
			quit(givers[i].t);
		OK(t_delete(t, child));
	}
	quit(t);
	CHECK_EQ(stat_get(STAT_REFS), 0);
}

/* The same, with a target whose table grows while it ends. */
static void *grows(void *arg)
{
	struct racer *r = arg;
	struct dios_grant g[DIOS_MAX_GRANTS];
	u32 k;

	for (k = 0; k < DIOS_MAX_GRANTS; k++)
		g[k] = (struct dios_grant){ .ref = r->t->start.random, .rights = DIOS_R_READ };
	__atomic_fetch_add(&arrived, 1, __ATOMIC_RELAXED);
	while (!t_copy(r->t, g, DIOS_MAX_GRANTS, r->ref))
		;
	return NULL;
}

static void *ends(void *arg)
{
	while (__atomic_load_n(&arrived, __ATOMIC_RELAXED) < TASKS)
		sched_yield();
	quit(target.t);
	return NULL;
}

TEST(a_table_grows_while_its_task_ends)
{
	struct racer givers[TASKS];
	u32 i, round;

	for (round = 0; round < 100; round++) {
		arrived = 0;
		target.t = pure();
		object_get(&target.t->obj);
		for (i = 0; i < TASKS; i++) {
			givers[i].t = pure();
			OK(task_add_ref(givers[i].t, &target.t->obj, DIOS_R_WRITE, &givers[i].ref));
		}
		CHECK(!pthread_create(&target.thread, NULL, ends, NULL));
		race(grows, givers, TASKS);
		CHECK(!pthread_join(target.thread, NULL));
		CHECK_EQ(target.t->nrefs, 0);
		for (i = 0; i < TASKS; i++)
			quit(givers[i].t);
		object_put(&target.t->obj);
	}
}

/* Tasks are started, waited for, and killed, by several at once. */
static u32 dies_or_lives(struct dios_task *t, int argc, char **argv, char **env)
{
	struct dios_iov iov = {};
	u64 timer;

	OK(t_timer(t, dal_now() + 1000, 0, &timer));
	iov.addr = 0;
	t_buf(t, DIOS_ACQUIRE_READ, 0, timer, 0, &iov);
	return 0;
}

static void *runs(void *arg)
{
	struct racer *r = arg;
	struct run run = { .argv = { "p" }, .exe = r->ref };
	struct dios_task_status st;
	u64 child;
	u32 i;

	for (i = 0; i < 25; i++) {
		OK(t_run(r->t, &run, &child));
		switch ((i + r->n) % 3) {
		case 0:
			OK(t_zombify(r->t, child));
			st = status_of(r->t, child);
			CHECK(st.how == DIOS_END_KILLED || st.how == DIOS_END_EXIT);
			break;
		case 1:
			hosted_clock_add(1000);
			OK(t_zombify(r->t, child));
			status_of(r->t, child);
			break;
		default:
			while (t_select_one(r->t, child, DIOS_R_READ, 0))
				hosted_clock_add(1000);
		}
		OK(t_delete(r->t, child));
	}
	return NULL;
}

TEST(tasks_run_and_die)
{
	struct racer r[TASKS];
	u32 i, fd = program(dies_or_lives);

	for (i = 0; i < TASKS; i++) {
		r[i].t = limbo();
		OK(t_import(r[i].t, fd, &r[i].ref));
	}
	race(runs, r, TASKS);
	hosted_join();
	CHECK_EQ(stat_get(STAT_TASKS), TASKS);
	for (i = 0; i < TASKS; i++)
		quit(r[i].t);
}

/* Everybody waits for it, and everybody kills it. */
static void *waits_and_kills(void *arg)
{
	struct racer *r = arg;
	s64 ret;

	if (r->n % 2) {
		ret = t_select_one(r->t, r->ref, DIOS_R_READ, -1);
		CHECK_EQ(ret, 0);
	}
	OK(t_zombify(r->t, r->ref));
	OK(t_delete(r->t, r->ref));
	return NULL;
}

TEST(an_object_dies_once)
{
	struct racer r[TASKS];
	struct dios_timer spec = { 0, 0 };
	u8 name[DIOS_NAME_SIZE];
	u32 i, round;

	for (i = 0; i < TASKS; i++)
		r[i].t = pure();
	for (round = 0; round < 200; round++) {
		OK(t_create(r[0].t, 0, DIOS_T_TIMER, &spec, sizeof(spec), name, &r[0].ref));
		for (i = 1; i < TASKS; i++)
			OK(t_lookup(r[i].t, 0, name, &r[i].ref));
		race(waits_and_kills, r, TASKS);
		CHECK_EQ(stat_get(STAT_ZOMBIES), 0);
		CHECK_EQ(stat_get(STAT_NAMES), 0);
		CHECK_EQ(stat_type_get(DIOS_T_TIMER), 0);
	}
	for (i = 0; i < TASKS; i++)
		quit(r[i].t);
}

/* Several write to one console: each text is whole. */
static void *writes(void *arg)
{
	struct racer *r = arg;
	struct dios_iov iov = {};
	u32 i;

	OK(t_buf(r->t, DIOS_ACQUIRE_WRITE, 0, r->ref, 0, &iov));
	memset(hosted_ptr(iov.addr), 'a' + r->n, 8);
	for (i = 0; i < 200; i++)
		CHECK_EQ(t_buf(r->t, DIOS_COMMIT_WRITE, 0, r->ref, 8, &iov), 8);
	return NULL;
}

TEST(many_write_to_one_console)
{
	struct racer r[TASKS];
	u32 i, k, fd = console();
	char *out = hosted_file(fd)->out;

	for (i = 0; i < TASKS; i++) {
		r[i].t = limbo();
		OK(t_console(r[i].t, fd, &r[i].ref));
	}
	race(writes, r, TASKS);
	CHECK_EQ(hosted_file(fd)->len, TASKS * 200 * 8);
	for (i = 0; i < TASKS * 200; i++)
		for (k = 1; k < 8; k++)
			CHECK_EQ(out[i * 8 + k], out[i * 8]);
	for (i = 0; i < TASKS; i++)
		quit(r[i].t);
}
