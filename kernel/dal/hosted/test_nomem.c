// SPDX-License-Identifier: GPL-2.0
/*
 * test_nomem.c - the host has no memory, at each place where it is asked.
 *
 * EACH() fails the first allocation of a call, then the second, until the call
 * succeeds; each failure is ENOMEM and leaves all counts as they were.
 */
#include "test.h"

/* One of each of what the host can refuse. */
static const enum hosted_fault kinds[] = { FAIL_ALLOC, FAIL_MAP };

#define EVERYWHERE(ret, call, undo) do {				\
	for (u32 k_ = 0; k_ < ARRAY_SIZE(kinds); k_++) {		\
		EACH(kinds[k_], DIOS_ENOMEM, ret, call);		\
		undo;							\
	}								\
} while (0)

static s64 new_task(struct dios_task **t)
{
	*t = hosted_task_new(DIOS_BRAND_PURE);
	return IS_ERR(*t) ? PTR_ERR(*t) : 0;
}

TEST(no_memory_for_a_task)
{
	struct dios_task *t;
	s64 ret;

	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, new_task(&t));
	quit(t);
}

TEST(no_memory_for_create)
{
	struct dios_task *t = limbo();
	u32 con = console(), file = program(NULL);
	u8 name[DIOS_NAME_SIZE];
	u64 ref;
	s64 ret;

	EVERYWHERE(ret, t_random(t, &ref), OK(t_delete(t, ref)));
	EVERYWHERE(ret, t_timer(t, 1, 0, &ref), OK(t_delete(t, ref)));
	EVERYWHERE(ret, t_privmem(t, DIOS_PAGE_SIZE, &ref), OK(t_delete(t, ref)));
	EVERYWHERE(ret, t_console(t, con, &ref), OK(t_delete(t, ref)));
	EVERYWHERE(ret, t_import(t, file, &ref), OK(t_delete(t, ref)));
	EVERYWHERE(ret, t_create(t, 0, DIOS_T_RANDOM, NULL, 0, name, &ref), OK(t_delete(t, ref)));
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, t_create(t, DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, NULL, 0, name, &ref));
	EVERYWHERE(ret, t_lookup(t, DIOS_LOOKUP_PUBLIC, name, &ref), OK(t_delete(t, ref)));
	quit(t);
}

TEST(no_memory_for_copy)
{
	struct dios_task *t = pure();
	struct dios_grant g[DIOS_MAX_GRANTS];
	u32 i;
	s64 ret;

	for (i = 0; i < DIOS_MAX_GRANTS; i++)
		g[i] = (struct dios_grant){ .ref = t->start.random, .rights = DIOS_R_READ };
	EVERYWHERE(ret, t_copy(t, g, DIOS_MAX_GRANTS, DIOS_REF_SELF), (void)0);
	for (i = 0; i < DIOS_MAX_GRANTS; i++)
		OK(t_delete(t, g[i].out));
	/* Once grown, the table needs no more memory, the references do. */
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, t_copy(t, g, DIOS_MAX_GRANTS, DIOS_REF_SELF));
	quit(t);
}

static u32 sees_its_arguments(struct dios_task *t, int argc, char **argv, char **env)
{
	return argc == 3 && !strcmp(argv[2], "c") && !strcmp(env[0], "A=1") && !env[1] &&
	       t->start.nrefs == 5 ? 7 : 1;
}

TEST(no_memory_for_run)
{
	struct dios_task *t = limbo();
	struct dios_grant g[5] = {};
	struct run r = { .argv = { "a", "b", "c" }, .env = { "A=1" }, .grants = g, .ngrants = 5 };
	u64 timer, ref;
	u32 i;
	s64 ret;

	OK(t_import(t, program(sees_its_arguments), &r.exe));
	OK(t_timer(t, 0, 0, &timer));
	for (i = 0; i < 5; i++)
		g[i] = (struct dios_grant){ .ref = timer, .rights = DIOS_R_READ };
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, t_run(t, &r, &ref));
	CHECK_EQ(status_of(t, ref).status, 7);
	OK(t_delete(t, ref));
	hosted_join();
	EACH(FAIL_START, DIOS_ENOMEM, ret, t_run(t, &r, &ref));
	CHECK_EQ(status_of(t, ref).status, 7);
	OK(t_delete(t, ref));
	hosted_join();
	OK(t_console(t, console(), &r.out));
	r.err = r.out;
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, t_run(t, &r, &ref));
	CHECK_EQ(status_of(t, ref).status, 7);
	quit(t);
}

TEST(no_memory_for_acquire)
{
	struct dios_task *t = limbo();
	struct dios_iov iov;
	u64 timer, mem, con, task;
	struct run r = { .argv = { "p" } };
	s64 ret;

	OK(t_import(t, program(sees_its_arguments), &r.exe));
	OK(t_timer(t, 1, 0, &timer));
	OK(t_privmem(t, 8 * DIOS_PAGE_SIZE, &mem));
	OK(t_console(t, console(), &con));
	OK(t_run(t, &r, &task));
	status_of(t, task);
	hosted_join();

#define ACQUIRE(direction, ref) do {							\
	iov = (struct dios_iov){};							\
	EVERYWHERE(ret, t_buf(t, DIOS_ACQUIRE_##direction, 0, ref, 0, &iov),		\
		   OK(t_release(t, DIOS_RELEASE_##direction, 0, ref, &iov));		\
		   CHECK(!hosted_readable(t, iov.addr));				\
		   iov = (struct dios_iov){});						\
} while (0)
	ACQUIRE(READ, DIOS_REF_SELF);
	ACQUIRE(WRITE, DIOS_REF_SELF);
	ACQUIRE(READ, t->start.random);
	ACQUIRE(READ, timer);
	ACQUIRE(WRITE, timer);
	ACQUIRE(WRITE, mem);
	ACQUIRE(WRITE, con);
	ACQUIRE(READ, task);
	quit(t);
}

TEST(no_memory_for_discard)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {};
	u64 mem;
	u8 *p;
	s64 ret;

	OK(t_privmem(t, DIOS_PAGE_SIZE, &mem));
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, mem, 0, &iov));
	p = hosted_ptr(iov.addr);
	*p = 1;
	EACH(FAIL_MAP, DIOS_ENOMEM, ret, t_release(t, DIOS_RELEASE_WRITE, DIOS_BUF_DISCARD, mem, &iov));
	CHECK_EQ(*p, 0);
	quit(t);
}

TEST(no_memory_for_select)
{
	struct dios_task *t = pure();
	struct dios_wait w[100];
	u64 timer, selected;
	u32 i;
	s64 ret;

	OK(t_timer(t, 1, 0, &timer));
	for (i = 0; i < ARRAY_SIZE(w); i++)
		w[i] = (struct dios_wait){ .ref = timer, .rights = DIOS_R_READ };
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, t_select(t, w, ARRAY_SIZE(w), &selected, -1));
	/* A few need no memory at all. */
	hosted_fail(FAIL_ALLOC, 1);
	OK(t_select(t, w, 4, &selected, -1));
	CHECK(!hosted_failed(FAIL_ALLOC));
	quit(t);
}
