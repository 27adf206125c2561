// SPDX-License-Identifier: GPL-2.0
/* test_table.c - what a task sees of its references without a call. */
#include <sched.h>
#include "test.h"

/* The table, and how many entries it has. */
static struct dios_info *table(struct dios_task *t, u32 *n)
{
	struct dios_iov iov = {};

	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_INFO, DIOS_REF_SELF, 0, &iov));
	*n = iov.len / sizeof(struct dios_info);
	return hosted_ptr(iov.addr);
}

/* It says what the reference table says. */
static void check(struct dios_task *t, struct dios_info *tab, u32 n)
{
	static const struct dios_info none;
	struct dios_object *obj;
	struct dios_ref *ref;
	u32 i;

	for (i = 0; i < n; i++) {
		ref = i < t->nslots ? t->slots[i].ref : NULL;
		if (!ref) {
			CHECK(!memcmp(&tab[i], &none, sizeof(none)));
			continue;
		}
		obj = ref->obj;
		CHECK(tab[i].ref == ref->id);
		CHECK_EQ(tab[i].type, obj->ops->type);
		CHECK_EQ(tab[i].rights, ref->rights);
		CHECK_EQ(tab[i].proximity, obj->ops->proximity);
		CHECK_EQ(tab[i].state, (obj->dead ? DIOS_INFO_DEAD : 0) | (obj->name_set ? DIOS_INFO_NAMED : 0));
		CHECK(tab[i].read_size == obj->ops->size(obj, DIOS_R_READ));
		CHECK(tab[i].write_size == obj->ops->size(obj, DIOS_R_WRITE));
		CHECK(!tab[i].pad[0] && !tab[i].pad[1] && !tab[i].pad[2]);
	}
}

TEST(a_table_is_made_when_it_is_asked_for)
{
	struct dios_task *t = pure();
	struct dios_info *tab;
	u32 n;

	CHECK(!t->table);
	tab = table(t, &n);
	CHECK_EQ(n, dios_quota_refs);
	check(t, tab, n);
	CHECK_EQ(tab[0].type, DIOS_T_SELF);
	CHECK(tab[0].ref == DIOS_REF_SELF);
	CHECK(tab[0].proximity == DIOS_P_CPU);
	CHECK(!hosted_writable(t, hosted_addr(tab)));
	quit(t);
}

TEST(it_follows_what_happens)
{
	struct dios_task *t = pure();
	u64 timer, mem, less, refs[300];
	struct dios_info *tab;
	u8 name[DIOS_NAME_SIZE];
	u32 n, i;

	OK(t_timer(t, 0, 0, &timer));
	tab = table(t, &n);
	check(t, tab, n);
	OK(t_privmem(t, 3 * DIOS_PAGE_SIZE, &mem));
	CHECK(tab[(u32)mem].write_size == 3 * DIOS_PAGE_SIZE && !tab[(u32)mem].read_size);
	OK(t_copy_one(t, timer, DIOS_R_READ, DIOS_REF_SELF, &less));
	CHECK_EQ(tab[(u32)less].rights, DIOS_R_READ);
	check(t, tab, n);
	OK(in_root(ref_find(t, timer, 0)->obj, name, DIOS_R_READ));
	CHECK(tab[(u32)timer].state == DIOS_INFO_NAMED && tab[(u32)less].state == DIOS_INFO_NAMED);
	OK(t_zombify(t, timer));
	CHECK(tab[(u32)timer].state == DIOS_INFO_DEAD && tab[(u32)less].state == DIOS_INFO_DEAD);
	OK(t_delete(t, timer));
	CHECK(!tab[(u32)timer].ref);
	check(t, tab, n);
	/* The reference table grows, and with it what is backed. */
	for (i = 0; i < 300; i++)
		OK(t_random(t, &refs[i]));
	check(t, tab, n);
	for (i = 0; i < 300; i += 2)
		OK(t_delete(t, refs[i]));
	check(t, tab, n);
	quit(t);
}

/* Asked for again it is the same; released it is there for the next time. */
TEST(it_is_lent_as_often_as_wanted)
{
	struct dios_task *t = pure();
	struct dios_iov a = {}, b = {}, c = { 0x20000000, 0 }, start = {};
	u32 n = dios_quota_refs;

	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_INFO, DIOS_REF_SELF, 64, &a));
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_INFO, DIOS_REF_SELF,
				 n * sizeof(struct dios_info) + 1, &b));
	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_INFO, DIOS_REF_SELF, 0, &b));
	CHECK(a.addr == b.addr && a.len == b.len);
	FAILS(DIOS_EBUSY, t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_INFO | DIOS_BUF_FIXED, DIOS_REF_SELF, 0, &c));
	FAILS(DIOS_ENOTSUP, t_buf(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_INFO, DIOS_REF_SELF, 0, &c));
	/* The start page is another thing. */
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, DIOS_REF_SELF, 0, &start));
	CHECK(start.addr != a.addr && *(u64 *)hosted_ptr(start.addr) == DIOS_START_MAGIC);
	OK(t_buf(t, DIOS_COMMIT_READ, 0, DIOS_REF_SELF, 0, &a));
	OK(t_release(t, DIOS_RELEASE_READ, 0, DIOS_REF_SELF, &a));
	OK(t_release(t, DIOS_RELEASE_READ, 0, DIOS_REF_SELF, &b));
	FAILS(DIOS_EBADBUF, t_release(t, DIOS_RELEASE_READ, 0, DIOS_REF_SELF, &b));
	CHECK(((struct dios_info *)hosted_ptr(a.addr))->ref == DIOS_REF_SELF);
	quit(t);
}

TEST(a_table_fails_at_each_step)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {};
	u64 refs[200];
	u32 i, round;
	s64 ret;

	for (i = 0; i < 200; i++)
		OK(t_random(t, &refs[i]));
	for (round = 0; round < 2; round++) {
		u32 n = 0;

		/* The second time it is there already, or half of it. */
		for (;;) {
			hosted_fail(round ? FAIL_MAP : FAIL_ALLOC, ++n);
			ret = t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_INFO, DIOS_REF_SELF, 0, &iov);
			hosted_fail(round ? FAIL_MAP : FAIL_ALLOC, 0);
			if (!ret)
				break;
			CHECK_EQ(ret, -DIOS_ENOMEM);
		}
		OK(t_release(t, DIOS_RELEASE_READ, 0, DIOS_REF_SELF, &iov));
		if (!round) {
			CHECK(n > 3);
			quit(t);
			t = pure();
			iov = (struct dios_iov){};
		}
	}
	/* Slots cannot be had without their entries. */
	for (i = 0; t->nslots < 128; i++) {
		hosted_fail(FAIL_MAP, 1);
		ret = t_random(t, &refs[0]);
		if (hosted_failed(FAIL_MAP))
			CHECK_EQ(ret, -DIOS_ENOMEM);
		hosted_fail(FAIL_MAP, 0);
		if (ret)
			OK(t_random(t, &refs[0]));
	}
	quit(t);
}

TEST(a_quota_that_grows_is_not_seen)
{
	struct dios_task *t;
	struct dios_info *tab;
	u64 ref;
	u32 n, i;

	dios_quota_refs = 64;
	t = pure();
	tab = table(t, &n);
	CHECK_EQ(n, 64);
	dios_quota_refs = 200;
	for (i = 0; i < 150; i++)
		OK(t_random(t, &ref));
	check(t, tab, n);
	quit(t);
}

/* Others give references, and kill and name what they refer to, while it is made and used. */

#define TASKS	3

static struct dios_task *target;
static bool over;

static void *meddles(void *arg)
{
	struct dios_task *t = arg;
	struct dios_object *obj;
	u64 to, ref, out;
	u8 name[DIOS_NAME_SIZE];
	u32 i;
	s64 err;

	OK(task_add_ref(t, &target->obj, DIOS_R_WRITE, &to));
	for (i = 0; !__atomic_load_n(&over, __ATOMIC_RELAXED); i++) {
		OK(t_timer(t, 0, 0, &ref));
		err = t_copy_one(t, ref, DIOS_R_READ | DIOS_R_WRITE, to, &out);
		CHECK(!err || err == -DIOS_EQUOTA);
		obj = ref_find(t, ref, 0)->obj;
		if (i % 3 == 0)
			OK(in_root(obj, name, DIOS_R_READ));
		if (i % 2 == 0)
			OK(t_zombify(t, ref));
		OK(t_delete(t, ref));
		sched_yield();
	}
	return NULL;
}

TEST(others_change_what_it_shows)
{
	struct dios_task *t[TASKS];
	pthread_t thread[TASKS];
	struct dios_info *tab = NULL;
	u32 i, k, n, seen = 0;
	u64 id;

	for (k = 0; k < 10; k++) {
		target = pure();
		over = false;
		for (i = 0; i < TASKS; i++) {
			t[i] = pure();
			CHECK(!pthread_create(&thread[i], NULL, meddles, t[i]));
		}
		for (i = 0; i < 20 * k; i++)
			sched_yield();
		tab = table(target, &n);
		for (i = 0; seen < 300 * (k + 1); i = (i + 1) % n) {
			id = __atomic_load_n(&tab[i].ref, __ATOMIC_ACQUIRE);
			if (!id) {
				if (i > 200)
					i = 0;
				sched_yield();
				continue;
			}
			if (tab[i].type != DIOS_T_TIMER)
				continue;
			CHECK_EQ(tab[i].rights, DIOS_R_READ | DIOS_R_WRITE);
			CHECK(tab[i].read_size == sizeof(struct dios_timer_state));
			seen++;
			OK(t_delete(target, id));
			/* Unless another one came there. */
			CHECK(__atomic_load_n(&tab[i].ref, __ATOMIC_ACQUIRE) != id);
		}
		__atomic_store_n(&over, true, __ATOMIC_RELAXED);
		for (i = 0; i < TASKS; i++) {
			CHECK(!pthread_join(thread[i], NULL));
			quit(t[i]);
		}
		check(target, tab, n);
		quit(target);
	}
}
