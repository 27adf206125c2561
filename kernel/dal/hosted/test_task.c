// SPDX-License-Identifier: GPL-2.0
/* test_task.c - tasks: what they start with, and how they end, whatever they hold. */
#include <sched.h>
#include "test.h"

static u32 returns_3(struct dios_task *t, int argc, char **argv, char **env)
{
	return 3;
}

/* delete of SELF does not return. */
static u32 exits_200(struct dios_task *t, int argc, char **argv, char **env)
{
	call(t, DIOS_DELETE, 200, DIOS_REF_SELF, 0, 0, 0);
	return 1;
}

/* What it was handed says what it waits for. */
static u32 waits_for_the_first(struct dios_task *t, int argc, char **argv, char **env)
{
	return -t_select_one(t, t->start.refs[0].ref, DIOS_R_READ, -1);
}

static u32 checks_its_start_page(struct dios_task *t, int argc, char **argv, char **env)
{
	struct dios_iov iov = {};
	struct dios_start s;

	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, DIOS_REF_SELF, 0, &iov));
	memcpy(&s, hosted_ptr(iov.addr), sizeof(s));
	CHECK_EQ(s.brand, DIOS_BRAND_PURE);
	CHECK(!strcmp((char *)s.entry, "worker"));
	CHECK_EQ(argc, 2);
	CHECK(!strcmp(argv[0], "/bin/prog") && !strcmp(argv[1], "") && !argv[2]);
	CHECK(!strcmp(env[0], "A=1") && !strcmp(env[1], "B=") && !env[2]);
	CHECK(!strcmp(t->comm, "prog"));
	CHECK_EQ(s.nrefs, 2);
	CHECK(s.refs[0].type == DIOS_T_TIMER && s.refs[0].rights == DIOS_R_READ);
	CHECK(s.refs[1].type == DIOS_T_RANDOM && s.refs[1].rights == DIOS_R_READ);
	CHECK_EQ(ref_find(t, s.refs[0].ref, 0)->rights, DIOS_R_READ);
	CHECK_EQ(ref_find(t, s.exe, 0)->rights, DIOS_R_EXEC);
	CHECK_EQ(ref_find(t, s.in, 0)->rights, DIOS_R_READ);
	CHECK_EQ(ref_find(t, s.out, 0)->rights, DIOS_R_WRITE);
	CHECK_EQ(ref_find(t, s.err, 0)->obj->ops->type, DIOS_T_CONSOLE);
	/* A page only for reading. */
	CHECK(!hosted_writable(t, iov.addr));
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, s.out, 0, &iov));
	strcpy(hosted_ptr(iov.addr), "out");
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, s.out, 3, &iov), 3);
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, s.err, 0, &iov));
	strcpy(hosted_ptr(iov.addr), "err");
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, s.err, 3, &iov), 3);
	return 0;
}

static struct dios_task_status run_and_wait(struct dios_task *t, const struct run *r)
{
	struct dios_task_status st;
	u64 ref;

	OK(t_run(t, r, &ref));
	st = status_of(t, ref);
	OK(t_delete(t, ref));
	return st;
}

TEST(a_program_and_its_start_page)
{
	struct dios_task *t = limbo();
	struct dios_grant g[2] = {};
	struct run r = { .argv = { "/bin/prog", "" }, .env = { "A=1", "B=" }, .entry = "worker",
			 .grants = g, .ngrants = 2, .node = 1 };
	u32 con = console();
	struct dios_task_status st;

	OK(t_import(t, program(checks_its_start_page), &r.exe));
	OK(t_timer(t, 0, 0, &g[0].ref));
	g[0].rights = g[1].rights = DIOS_R_READ;
	g[1].ref = t->start.random;
	r.in = g[0].ref;
	OK(t_console(t, con, &r.out));
	st = run_and_wait(t, &r);
	CHECK_EQ(st.how, DIOS_END_EXIT);
	CHECK_EQ(st.status, 0);
	CHECK(st.calls >= 5);
	CHECK(hosted_file(con)->len == 3 && !memcmp(hosted_file(con)->out, "out", 3));
	/* No err was given: the node's console. */
	CHECK(hosted_node_console.len == 3 && !memcmp(hosted_node_console.out, "err", 3));
	quit(t);
}

TEST(statuses)
{
	struct dios_task *t = limbo();
	struct run r = { .argv = { "p" } };
	struct dios_task_status st;

	OK(t_import(t, program(returns_3), &r.exe));
	st = run_and_wait(t, &r);
	CHECK(st.how == DIOS_END_EXIT && st.status == 3);
	OK(t_import(t, program(exits_200), &r.exe));
	st = run_and_wait(t, &r);
	CHECK(st.how == DIOS_END_EXIT && st.status == 200);
	CHECK_EQ(st.calls, 1);
	quit(t);
}

/* The status stays for whoever waits, and for as often as he asks. */
TEST(a_status_outlives_the_program)
{
	struct dios_task *t = limbo();
	struct run r = { .argv = { "p" } };
	struct dios_iov a = {}, b = {};
	u64 ref;

	OK(t_import(t, program(returns_3), &r.exe));
	OK(t_run(t, &r, &ref));
	hosted_join();
	CHECK_EQ(stat_type_get(DIOS_T_TASK), 2);
	CHECK_EQ(stat_get(STAT_TASKS), 1);
	OK(t_select_one(t, ref, DIOS_R_READ, 0));
	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_NONBLOCK, ref, 0, &a));
	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_NONBLOCK, ref, 0, &b));
	CHECK(!memcmp(hosted_ptr(a.addr), hosted_ptr(b.addr), sizeof(struct dios_task_status)));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, ref, a.len, &a), a.len);
	/* Killing it now changes nothing. */
	OK(t_zombify(t, ref));
	CHECK_EQ(status_of(t, ref).status, 3);
	quit(t);
}

TEST(kill_while_it_waits)
{
	struct dios_task *t = limbo();
	struct dios_grant g = { .rights = DIOS_R_READ };
	struct run r = { .argv = { "p" }, .grants = &g, .ngrants = 1 };
	struct dios_task_status st;
	struct dios_iov iov = {};
	u64 ref;

	OK(t_import(t, program(waits_for_the_first), &r.exe));
	OK(t_timer(t, 0, 0, &g.ref));
	OK(t_run(t, &r, &ref));
	hosted_until_blocked(task_of_ref(t, ref));
	FAILS(DIOS_ETIMEDOUT, t_select_one(t, ref, DIOS_R_READ, 0));
	OK(t_select_one(t, ref, DIOS_R_WRITE, 0));
	CHECK_EQ(stat_get(STAT_WATCHES), 1);
	iov.addr = 0;
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_NONBLOCK, ref, 0, &iov));
	OK(t_zombify(t, ref));
	st = status_of(t, ref);
	CHECK_EQ(st.how, DIOS_END_KILLED);
	hosted_join();
	CHECK_EQ(stat_get(STAT_WATCHES), 0);
	quit(t);
}

/* Killing needs the right, and what was delegated has it or has not. */
TEST(kill_needs_the_right)
{
	struct dios_task *t = limbo();
	struct dios_grant g = { .rights = DIOS_R_READ };
	struct run r = { .argv = { "p" }, .grants = &g, .ngrants = 1 };
	u64 ref, watch;

	OK(t_import(t, program(waits_for_the_first), &r.exe));
	OK(t_timer(t, 0, 0, &g.ref));
	OK(t_run(t, &r, &ref));
	hosted_until_blocked(task_of_ref(t, ref));
	OK(t_copy_one(t, ref, DIOS_R_READ, DIOS_REF_SELF, &watch));
	FAILS(DIOS_EPERM, t_zombify(t, watch));
	FAILS(DIOS_EPERM, t_copy_one(t, g.ref, DIOS_R_READ, watch, &watch));
	OK(t_zombify(t, ref));
	CHECK_EQ(status_of(t, watch).how, DIOS_END_KILLED);
	quit(t);
}

/* A program that waits for an object that dies. */
TEST(a_zombie_wakes_who_waits)
{
	struct dios_task *t = limbo();
	struct dios_grant g = { .rights = DIOS_R_READ };
	struct run r = { .argv = { "p" }, .grants = &g, .ngrants = 1 };
	u64 ref;

	OK(t_import(t, program(waits_for_the_first), &r.exe));
	OK(t_timer(t, 0, 0, &g.ref));
	OK(t_run(t, &r, &ref));
	hosted_until_blocked(task_of_ref(t, ref));
	OK(t_zombify(t, g.ref));
	CHECK_EQ(status_of(t, ref).status, 0);
	quit(t);
}

static u32 acquires_the_first(struct dios_task *t, int argc, char **argv, char **env)
{
	struct dios_iov iov = {};

	return -t_buf(t, DIOS_ACQUIRE_READ, 0, t->start.refs[0].ref, 0, &iov);
}

TEST(an_acquire_ends_when_the_object_dies)
{
	struct dios_task *t = limbo();
	struct dios_grant g = { .rights = DIOS_R_READ };
	struct run r = { .argv = { "p" }, .grants = &g, .ngrants = 1 };
	u64 ref;

	OK(t_import(t, program(acquires_the_first), &r.exe));
	OK(t_timer(t, 0, 0, &g.ref));
	OK(t_run(t, &r, &ref));
	hosted_until_blocked(task_of_ref(t, ref));
	OK(t_zombify(t, g.ref));
	CHECK_EQ(status_of(t, ref).status, DIOS_EZOMBIE);
	quit(t);
}

TEST(an_acquire_ends_with_an_upcall)
{
	struct dios_task *t = limbo();
	struct dios_grant g = { .rights = DIOS_R_READ };
	struct run r = { .argv = { "p" }, .grants = &g, .ngrants = 1 };
	u64 ref;

	OK(t_import(t, program(acquires_the_first), &r.exe));
	OK(t_timer(t, 0, 0, &g.ref));
	OK(t_run(t, &r, &ref));
	hosted_until_blocked(task_of_ref(t, ref));
	hosted_interrupt(task_of_ref(t, ref));
	CHECK_EQ(status_of(t, ref).status, DIOS_EINTR);
	quit(t);
}

/* Everything at once: all kinds of objects, buffers, names, a wait. */
static u32 holds_everything(struct dios_task *t, int argc, char **argv, char **env)
{
	struct dios_timer spec = { 0, 0 };
	u8 name[DIOS_NAME_SIZE];
	struct dios_iov iov;
	u64 ref, timer;
	u32 i;

	for (i = 0; i < 40; i++) {
		OK(t_create(t, 0, DIOS_T_TIMER, &spec, sizeof(spec), name, &timer));
		OK(t_privmem(t, DIOS_PAGE_SIZE, &ref));
		iov = (struct dios_iov){};
		OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, 0, &iov));
		iov = (struct dios_iov){};
		OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, timer, 0, &iov));
		iov = (struct dios_iov){};
		OK(t_buf(t, DIOS_ACQUIRE_READ, 0, t->start.random, 5000, &iov));
		iov = (struct dios_iov){};
		OK(t_buf(t, DIOS_ACQUIRE_READ, 0, DIOS_REF_SELF, 0, &iov));
		iov = (struct dios_iov){};
		OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, t->start.out, 0, &iov));
		if (i % 2)
			OK(t_zombify(t, timer));
	}
	OK(t_timer(t, dal_now() + 5, 100000, &timer));
	OK(t_timer(t, 0, 0, &timer));
	if (argc > 1)
		return t_select_one(t, timer, DIOS_R_READ, -1);
	return 0;
}

TEST(the_end_gives_everything_back)
{
	struct dios_task *t = limbo();
	struct run exits = { .argv = { "p" } }, killed = { .argv = { "p", "wait" } };
	struct counts before;
	u64 ref;

	OK(t_import(t, program(holds_everything), &exits.exe));
	killed.exe = exits.exe;
	counts_take(&before);

	CHECK_EQ(run_and_wait(t, &exits).how, DIOS_END_EXIT);
	hosted_join();
	counts_same(__FILE__, __LINE__, "exit", &before);

	OK(t_run(t, &killed, &ref));
	hosted_until_blocked(task_of_ref(t, ref));
	CHECK(stat_get(STAT_BUFS) > 100 && stat_get(STAT_ZOMBIES) == 20);
	OK(t_zombify(t, ref));
	CHECK_EQ(status_of(t, ref).how, DIOS_END_KILLED);
	OK(t_delete(t, ref));
	hosted_join();
	counts_same(__FILE__, __LINE__, "kill", &before);
	quit(t);
}

/* Nobody waits for it: it goes by itself. */
TEST(a_task_nobody_knows)
{
	struct dios_task *t = limbo();
	struct run r = { .argv = { "p" } };
	u64 ref;
	u32 i;

	OK(t_import(t, program(holds_everything), &r.exe));
	for (i = 0; i < 10; i++) {
		OK(t_run(t, &r, &ref));
		if (i % 2)
			OK(t_delete(t, ref));
	}
	quit(t);
}

/* Its own TASK reference, and those of others, in a ring: no hold keeps itself. */
TEST(tasks_that_hold_each_other)
{
	struct dios_task *t = limbo();
	struct dios_grant g = { .rights = DIOS_R_READ };
	struct run r = { .argv = { "p" }, .grants = &g, .ngrants = 1 };
	u64 a, b, out;

	OK(t_import(t, program(waits_for_the_first), &r.exe));
	OK(t_timer(t, 0, 0, &g.ref));
	OK(t_run(t, &r, &a));
	OK(t_run(t, &r, &b));
	OK(t_copy_one(t, a, DIOS_R_READ | DIOS_R_WRITE, a, &out));
	OK(t_copy_one(t, a, DIOS_R_READ, b, &out));
	OK(t_copy_one(t, b, DIOS_R_READ, a, &out));
	CHECK(IS_ERR(ref_find(t, out, 0)) || ref_find(t, out, 0)->id == out);
	OK(t_zombify(t, a));
	OK(t_zombify(t, b));
	OK(t_delete(t, a));
	OK(t_delete(t, b));
	hosted_join();
	CHECK_EQ(stat_type_get(DIOS_T_TASK), 1);
	quit(t);
}

TEST(what_is_copied_arrives)
{
	struct dios_task *t = limbo(), *child;
	struct dios_grant g = { .rights = DIOS_R_READ };
	struct run r = { .argv = { "p" }, .grants = &g, .ngrants = 1 };
	u64 ref, out;

	OK(t_import(t, program(waits_for_the_first), &r.exe));
	OK(t_timer(t, 0, 0, &g.ref));
	OK(t_run(t, &r, &ref));
	child = task_of_ref(t, ref);
	OK(t_copy_one(t, g.ref, DIOS_R_WRITE, ref, &out));
	CHECK_EQ(ref_find(child, out, 0)->rights, DIOS_R_WRITE);
	CHECK(ref_find(child, out, 0)->obj == ref_find(t, g.ref, 0)->obj);
	OK(t_zombify(t, ref));
	hosted_join();
	FAILS(DIOS_EZOMBIE, t_copy_one(t, g.ref, DIOS_R_READ, ref, &out));
	quit(t);
}

/* The quota is the target's. */
TEST(copy_over_the_quota_of_the_target)
{
	struct dios_task *t = limbo();
	struct dios_grant g[50] = {};
	struct run r = { .argv = { "p" }, .grants = g, .ngrants = 1 };
	u64 timer, ref;
	u32 i, had;

	OK(t_import(t, program(waits_for_the_first), &r.exe));
	OK(t_timer(t, 0, 0, &timer));
	g[0] = (struct dios_grant){ .ref = timer, .rights = DIOS_R_READ };
	OK(t_run(t, &r, &ref));
	hosted_until_blocked(task_of_ref(t, ref));
	for (i = 0; i < 50; i++)
		g[i] = (struct dios_grant){ .ref = timer, .rights = DIOS_R_READ };
	had = task_of_ref(t, ref)->nrefs;
	dios_quota_refs = had + 49;
	FAILS(DIOS_EQUOTA, t_copy(t, g, 50, ref));
	CHECK_EQ(task_of_ref(t, ref)->nrefs, had);
	OK(t_copy(t, g, 49, ref));
	OK(t_zombify(t, ref));
	quit(t);
}

TEST(no_more_tasks_than_the_quota)
{
	struct dios_task *t = limbo(), *u;

	dios_quota_tasks = 2;
	u = pure();
	CHECK_EQ(PTR_ERR(pure()), -DIOS_EQUOTA);
	quit(u);
	u = pure();
	CHECK(!IS_ERR(u));
	quit(u);
	quit(t);
}

static u32 runs_itself(struct dios_task *t, int argc, char **argv, char **env)
{
	struct run r = { .exe = t->start.exe, .argv = { "p", argv[1] + 1 } };

	if (!*argv[1])
		return 0;
	return run_and_wait(t, &r).status + 1;
}

/* A chain of tasks, each with the executable it was started from. */
TEST(tasks_run_tasks)
{
	struct dios_task *t = limbo();
	struct run r = { .argv = { "p", "12345678" } };

	OK(t_import(t, program(runs_itself), &r.exe));
	CHECK_EQ(run_and_wait(t, &r).status, 8);
	quit(t);
}

static void listed(struct dios_task *t, void *arg)
{
	(*(u32 *)arg)++;
	CHECK(t->number);
}

TEST(tasks_are_listed)
{
	struct dios_task *a = pure(), *b = pure();
	u32 n = 0;

	CHECK(a->number != b->number);
	task_list(listed, &n);
	CHECK_EQ(n, 2);
	quit(a);
	n = 0;
	task_list(listed, &n);
	CHECK_EQ(n, 1);
	quit(b);
}

TEST(the_calls_have_names)
{
	CHECK(!strcmp(call_name(DIOS_CREATE), "create"));
	CHECK(!strcmp(call_name(DIOS_RELEASE_WRITE), "release_write"));
	CHECK(!strcmp(call_name(DIOS_RELEASE_WRITE + 1), "?"));
	CHECK(!strcmp(call_name(DIOS_CREATE - 1), "?"));
}

static u32 waits_for_ever(struct dios_task *t, int argc, char **argv, char **env)
{
	t_select_one(t, t->start.refs[0].ref, DIOS_R_READ, -1);
	return 0;
}

TEST(a_task_is_looked_at_while_it_runs)
{
	struct dios_task *t = limbo();
	struct run r = { .argv = { "p" } };
	struct dios_grant g = { .rights = DIOS_R_READ };
	struct dios_task_info *info;
	struct dios_iov iov = {};
	u64 task;

	OK(t_timer(t, 0, 0, &g.ref));
	r.grants = &g;
	r.ngrants = 1;
	OK(t_import(t, program(waits_for_ever), &r.exe));
	OK(t_run(t, &r, &task));
	hosted_until_blocked(task_of_ref(t, task));
	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_INFO, task, 0, &iov));
	info = hosted_ptr(iov.addr);
	CHECK(info->state == DIOS_TASK_WAITING && info->brand == DIOS_BRAND_PURE);
	CHECK(info->calls == 1 && info->refs == 7 && !info->pad);
	OK(t_zombify(t, task));
	CHECK_EQ(status_of(t, task).how, DIOS_END_KILLED);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, task, 0, &iov), 0);
	CHECK(info->state == DIOS_TASK_ENDED && info->calls == 1 && !info->refs);
	quit(t);
}
