// SPDX-License-Identifier: GPL-2.0
/*
 * test_user.c - users, and what they may have; what a listing sees of a task.
 *
 * Each limit: up to it, one more, nothing lost by the refusal, the other user not
 * bothered, and room again when something was given back.
 */
#include "test.h"

/* A new task of that user. */
static struct dios_task *of(u32 uid)
{
	struct dios_task *t;

	hosted_uid = uid;
	t = limbo();
	hosted_uid = 0;
	return t;
}

static s64 used(const struct dios_task *t, enum dios_use what)
{
	return atomic64_read(&t->user->used[what]);
}

static s64 t_fifo(struct dios_task *t, u64 size, u64 *ref)
{
	struct dios_fifo spec = { .size = size };

	return t_create(t, 0, DIOS_T_FIFO, &spec, sizeof(spec), NULL, ref);
}

static s64 t_shmem(struct dios_task *t, u64 size, u64 *ref)
{
	struct dios_shmem spec = { .size = size };

	return t_create(t, 0, DIOS_T_SHMEM, &spec, sizeof(spec), NULL, ref);
}

TEST(tasks_of_a_user_share_him)
{
	struct dios_task *a = of(7), *b = of(7), *c = of(8);

	CHECK(a->user == b->user && a->user != c->user);
	CHECK_EQ(a->user->uid, 7);
	CHECK_EQ(stat_get(STAT_USERS), 2);
	CHECK_EQ(used(a, USE_TASKS), 2);
	CHECK_EQ(used(a, USE_REFS), a->nrefs + b->nrefs);
	quit(a);
	CHECK_EQ(stat_get(STAT_USERS), 2);
	CHECK_EQ(used(b, USE_REFS), b->nrefs);
	quit(b);
	CHECK_EQ(stat_get(STAT_USERS), 1);
	quit(c);
	CHECK_EQ(stat_get(STAT_USERS), 0);
}

TEST(no_more_tasks_than_a_user_may_have)
{
	struct dios_task *a = of(1), *b = of(1), *other;
	struct run r = { .argv = { "p" } };
	u64 ref;

	OK(t_import(a, program(NULL), &r.exe));
	dios_quota_user[USE_TASKS] = 2;
	CHECK_EQ(PTR_ERR(of(1)), -DIOS_EQUOTA);
	hosted_uid = 1;
	FAILS(DIOS_EQUOTA, t_run(a, &r, &ref));
	other = of(2);
	CHECK(!IS_ERR(other));
	quit(b);
	b = of(1);
	CHECK(!IS_ERR(b));
	quit(b);
	quit(other);
	quit(a);
}

TEST(no_more_objects_than_a_user_may_have)
{
	struct dios_task *a = of(1), *b = of(1), *other = of(2);
	u64 ref, last;
	u8 name[DIOS_NAME_SIZE];
	u32 i;

	dios_quota_user[USE_OBJECTS] = 5;
	for (i = 0; i < 5; i++)
		OK(t_random(i % 2 ? a : b, &last));
	FAILS(DIOS_EQUOTA, t_random(a, &ref));
	FAILS(DIOS_EQUOTA, t_timer(b, 0, 0, &ref));
	FAILS(DIOS_EQUOTA, t_fifo(b, DIOS_PAGE_SIZE, &ref));
	FAILS(DIOS_EQUOTA, t_create(a, 0, DIOS_T_RANDOM, NULL, 0, name, &ref));
	CHECK_EQ(used(a, USE_OBJECTS), 5);
	/* What the kernel gives every task, SELF for one, is not among them. */
	quit(of(1));
	OK(t_random(other, &ref));
	OK(t_delete(b, last));
	OK(t_random(a, &ref));
	FAILS(DIOS_EQUOTA, t_random(a, &ref));
	/* Lowered below what is there: nothing goes, nothing comes. */
	dios_quota_user[USE_OBJECTS] = 1;
	FAILS(DIOS_EQUOTA, t_random(b, &ref));
	dios_quota_user[USE_OBJECTS] = 0;
	OK(t_random(b, &ref));
	quit(a);
	quit(b);
	quit(other);
}

/* An object may outlive who made it: then it is his still. */
TEST(an_object_stays_its_creators)
{
	struct dios_task *a = of(1), *b = of(2);
	u8 name[DIOS_NAME_SIZE];
	struct dios_user *u = a->user;
	u64 mine, yours;

	OK(t_create(a, 0, DIOS_T_RANDOM, NULL, 0, name, &mine));
	OK(t_lookup(b, 0, name, &yours));
	quit(a);
	CHECK_EQ(stat_get(STAT_USERS), 2);
	CHECK_EQ(atomic64_read(&u->used[USE_OBJECTS]), 1);
	CHECK_EQ(used(b, USE_OBJECTS), 0);
	OK(t_delete(b, yours));
	CHECK_EQ(stat_get(STAT_USERS), 1);
	quit(b);
}

TEST(no_more_references_than_a_user_may_have)
{
	struct dios_task *a = of(1), *b = of(1), *other = of(2);
	struct dios_grant g[20];
	u8 name[DIOS_NAME_SIZE];
	u64 ref, out;
	u32 i, had;

	OK(t_create(a, 0, DIOS_T_RANDOM, NULL, 0, name, &ref));
	had = used(a, USE_REFS);
	dios_quota_user[USE_REFS] = had + 10;
	for (i = 0; i < ARRAY_SIZE(g); i++)
		g[i] = (struct dios_grant){ .ref = ref, .rights = DIOS_R_READ };
	FAILS(DIOS_EQUOTA, t_copy(a, g, 11, DIOS_REF_SELF));
	OK(t_copy(a, g, 10, DIOS_REF_SELF));
	CHECK_EQ(used(a, USE_REFS), had + 10);
	FAILS(DIOS_EQUOTA, t_random(b, &out));
	FAILS(DIOS_EQUOTA, t_lookup(b, 0, name, &out));
	OK(t_lookup(other, 0, name, &out));
	OK(t_delete(a, g[3].out));
	OK(t_lookup(b, 0, name, &out));
	CHECK_EQ(used(a, USE_REFS), had + 10);
	quit(a);
	quit(b);
	quit(other);
}

static u32 sleeps(struct dios_task *t, int argc, char **argv, char **env)
{
	t_select(t, NULL, 0, NULL, -1);
	return 0;
}

/* A process that has become another user's runs a task: that one is the other's. */
TEST(copy_over_the_quota_of_the_targets_user)
{
	struct dios_task *t = of(1), *child;
	struct run r = { .argv = { "p" } };
	u64 ref, out;

	OK(t_import(t, program(sleeps), &r.exe));
	hosted_uid = 2;
	OK(t_run(t, &r, &ref));
	child = task_of_ref(t, ref);
	CHECK_EQ(child->user->uid, 2);
	hosted_until_blocked(child);
	dios_quota_user[USE_REFS] = used(child, USE_REFS);
	FAILS(DIOS_EQUOTA, t_copy_one(t, t->start.random, DIOS_R_READ, ref, &out));
	dios_quota_user[USE_REFS]++;
	OK(t_copy_one(t, t->start.random, DIOS_R_READ, ref, &out));
	OK(t_zombify(t, ref));
	hosted_join();
	quit(t);
}

TEST(no_more_lent_bytes_than_a_user_may_have)
{
	struct dios_task *a = of(1), *b = of(1), *other = of(2);
	struct dios_iov mine = {}, yours = {}, no = {};

	dios_quota_user[USE_LENT] = 3 * DIOS_PAGE_SIZE;
	OK(t_buf(a, DIOS_ACQUIRE_READ, 0, a->start.random, DIOS_PAGE_SIZE + 1, &mine));
	OK(t_buf(b, DIOS_ACQUIRE_READ, 0, b->start.random, 1, &yours));
	CHECK_EQ(used(a, USE_LENT), 3 * DIOS_PAGE_SIZE);
	FAILS(DIOS_EQUOTA, t_buf(b, DIOS_ACQUIRE_READ, 0, b->start.random, 1, &no));
	FAILS(DIOS_EQUOTA, t_buf(a, DIOS_ACQUIRE_READ, 0, DIOS_REF_SELF, 0, &no));
	OK(t_buf(other, DIOS_ACQUIRE_READ, 0, other->start.random, 3 * DIOS_PAGE_SIZE, &no));
	OK(t_release(a, DIOS_RELEASE_READ, 0, a->start.random, &mine));
	CHECK_EQ(used(a, USE_LENT), DIOS_PAGE_SIZE);
	no = (struct dios_iov){};
	OK(t_buf(b, DIOS_ACQUIRE_READ, 0, b->start.random, 2 * DIOS_PAGE_SIZE, &no));
	quit(a);
	quit(b);
	quit(other);
}

TEST(no_more_memory_than_a_user_may_have)
{
	struct dios_task *a = of(1), *b = of(1);
	struct dios_iov iov = {}, no = {};
	u64 mem, more, fifo, shmem;

	dios_quota_user[USE_MEMORY] = 8 * DIOS_PAGE_SIZE;
	/* Private memory counts when it is mapped, an object's own when it is made. */
	OK(t_privmem(a, 4 * DIOS_PAGE_SIZE, &mem));
	OK(t_privmem(b, 4 * DIOS_PAGE_SIZE, &more));
	CHECK_EQ(used(a, USE_MEMORY), 0);
	OK(t_buf(a, DIOS_ACQUIRE_WRITE, 0, mem, 0, &iov));
	OK(t_fifo(b, DIOS_PAGE_SIZE, &fifo));
	OK(t_shmem(b, 2 * DIOS_PAGE_SIZE, &shmem));
	CHECK_EQ(used(a, USE_MEMORY), 7 * DIOS_PAGE_SIZE);
	CHECK_EQ(a->memory, 4 * DIOS_PAGE_SIZE);
	CHECK_EQ(b->memory, 0);
	FAILS(DIOS_EQUOTA, t_buf(b, DIOS_ACQUIRE_WRITE, 0, more, 0, &no));
	FAILS(DIOS_EQUOTA, t_fifo(a, 2 * DIOS_PAGE_SIZE, &no.addr));
	FAILS(DIOS_EQUOTA, t_shmem(a, 2 * DIOS_PAGE_SIZE, &no.addr));
	OK(t_delete(b, shmem));
	OK(t_delete(b, fifo));
	no = (struct dios_iov){};
	OK(t_buf(b, DIOS_ACQUIRE_WRITE, 0, more, 0, &no));
	CHECK_EQ(used(a, USE_MEMORY), 8 * DIOS_PAGE_SIZE);
	quit(a);
	CHECK_EQ(used(b, USE_MEMORY), 4 * DIOS_PAGE_SIZE);
	quit(b);
}

/* A count that would overflow is over every limit. */
TEST(as_much_as_there_are_numbers)
{
	struct dios_task *t = of(1);

	dios_quota_user[USE_MEMORY] = S64_MAX;
	CHECK_EQ(user_charge(t->user, USE_MEMORY, S64_MAX), 0);
	CHECK_EQ(user_charge(t->user, USE_MEMORY, S64_MAX), -DIOS_EQUOTA);
	CHECK_EQ(user_charge(t->user, USE_MEMORY, 1), -DIOS_EQUOTA);
	user_uncharge(t->user, USE_MEMORY, S64_MAX);
	CHECK_EQ(used(t, USE_MEMORY), 0);
	quit(t);
}

static s64 task_of_a_new_user(struct dios_task **t)
{
	*t = of(99);
	return IS_ERR(*t) ? PTR_ERR(*t) : 0;
}

TEST(no_memory_for_a_user)
{
	struct dios_task *t;
	s64 ret;

	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, task_of_a_new_user(&t));
	quit(t);
}

/* Users come and go under each other's hands. */
static void *comes_and_goes(void *arg)
{
	u32 i;

	for (i = 0; i < 2000; i++) {
		struct dios_task *t = of(i % 3);

		CHECK_EQ(t->user->uid, i % 3);
		quit(t);
	}
	return NULL;
}

TEST(users_come_and_go)
{
	pthread_t threads[4];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		CHECK(!pthread_create(&threads[i], NULL, comes_and_goes, NULL));
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(stat_get(STAT_USERS), 0);
}

static void listed(struct dios_user *u, void *arg)
{
	*(u32 *)arg = *(u32 *)arg * 10 + u->uid;
}

TEST(users_are_listed)
{
	struct dios_task *a = of(3), *b = of(4), *c = of(3);
	u32 uids = 0;

	user_list(listed, &uids);
	CHECK_EQ(uids, 34);
	quit(a);
	quit(b);
	quit(c);
}

TEST(tasks_one_after_the_other)
{
	struct dios_task *a = pure(), *b = pure(), *c = pure(), *t;

	t = task_after(0);
	CHECK(t == a);
	object_put(&t->obj);
	t = task_after(a->number);
	CHECK(t == b);
	/* One that ends while it is held is passed, and whoever comes next is found. */
	quit(b);
	CHECK(task_after(t->number) == c);
	object_put(&t->obj);
	object_put(&c->obj);
	CHECK(!task_after(c->number));
	quit(a);
	quit(c);
}

TEST(what_a_task_has)
{
	struct dios_task *t = pure();
	struct dios_task_use use;
	u64 timer, a, b;
	u32 i, sum = 0;

	OK(t_timer(t, 0, 0, &timer));
	OK(t_copy_one(t, timer, DIOS_R_READ, DIOS_REF_SELF, &a));
	OK(t_random(t, &b));
	OK(t_zombify(t, timer));
	stat_task(t, &use);
	CHECK_EQ(use.refs, t->nrefs);
	CHECK_EQ(use.types[DIOS_T_SELF], 1);
	CHECK_EQ(use.types[DIOS_T_TIMER], 2);
	CHECK_EQ(use.types[DIOS_T_RANDOM], 2);
	CHECK_EQ(use.zombies, 2);
	for (i = 0; i <= DIOS_T_MAX; i++)
		sum += use.types[i];
	CHECK_EQ(sum, use.refs);
	quit(t);
}

static void *waits(void *arg)
{
	struct dios_task *t = arg;

	CHECK_EQ(t_select(t, NULL, 0, NULL, -1), -DIOS_EINTR);
	return NULL;
}

TEST(the_call_a_task_is_in)
{
	struct dios_task *t = pure();
	pthread_t thread;

	CHECK_EQ(t->call, 0);
	CHECK(!pthread_create(&thread, NULL, waits, t));
	hosted_until_blocked(t);
	CHECK_EQ(READ_ONCE(t->call), DIOS_SELECT);
	hosted_interrupt(t);
	pthread_join(thread, NULL);
	CHECK_EQ(t->call, 0);
	quit(t);
}

/* Every hold is somebody's, and goes with him. */
TEST(holds_are_counted)
{
	s64 none = stat_get(STAT_HOLDS), had;
	struct dios_task *t = pure();
	u64 ref, copy;

	had = stat_get(STAT_HOLDS);
	CHECK(had > none);
	OK(t_random(t, &ref));
	CHECK_EQ(stat_get(STAT_HOLDS), had + 1);
	OK(t_copy_one(t, ref, DIOS_R_READ, DIOS_REF_SELF, &copy));
	CHECK_EQ(stat_get(STAT_HOLDS), had + 2);
	OK(t_delete(t, ref));
	OK(t_delete(t, copy));
	CHECK_EQ(stat_get(STAT_HOLDS), had);
	quit(t);
	CHECK_EQ(stat_get(STAT_HOLDS), none);
}
