// SPDX-License-Identifier: GPL-2.0
/* test_name.c - names: random ones, public ones, and what they lead to. */
#include "test.h"

static s64 named(struct dios_task *t, u64 flags, u8 *name, u64 *ref)
{
	return t_create(t, flags, DIOS_T_RANDOM, NULL, 0, name, ref);
}

TEST(random_names_are_all_different)
{
	enum { N = 500 };
	static u8 names[N][DIOS_NAME_SIZE];
	struct dios_task *t = pure();
	u64 ref;
	u32 i, k;

	for (i = 0; i < N; i++)
		OK(named(t, 0, names[i], &ref));
	CHECK_EQ(stat_get(STAT_NAMES), N);
	for (i = 0; i < N; i++)
		for (k = 0; k < i; k++)
			CHECK(memcmp(names[i], names[k], DIOS_NAME_SIZE));
	for (i = 0; i < N; i++)
		OK(t_lookup(t, 0, names[i], &ref));
	quit(t);
}

/* What the caller had in the buffer is no part of a random name. */
TEST(a_random_name_is_the_kernels)
{
	struct dios_task *t = pure();
	u8 a[DIOS_NAME_SIZE] = { 1 }, b[DIOS_NAME_SIZE] = { 1 };
	u64 ref;

	OK(named(t, 0, a, &ref));
	CHECK(a[0] != 1 || a[1] || a[2] || a[3]);
	FAILS(DIOS_ENOENT, t_lookup(t, 0, b, &ref));
	quit(t);
}

TEST(who_knows_the_name_gets_the_object)
{
	struct dios_task *a = pure(), *b = pure();
	u8 name[DIOS_NAME_SIZE];
	struct dios_timer spec = { 0, 0 };
	u64 mine, theirs;

	OK(t_create(a, 0, DIOS_T_TIMER, &spec, sizeof(spec), name, &mine));
	OK(t_lookup(b, 0, name, &theirs));
	CHECK(ref_find(a, mine, 0)->obj == ref_find(b, theirs, 0)->obj);
	CHECK_EQ(ref_find(b, theirs, 0)->rights, DIOS_R_READ | DIOS_R_WRITE);
	OK(t_lookup(b, DIOS_LOOKUP_LOCAL_ONLY, name, &theirs));
	quit(a);
	/* It lives as long as somebody has it. */
	OK(t_lookup(b, 0, name, &theirs));
	quit(b);
}

TEST(a_name_one_bit_off_is_no_name)
{
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE];
	u64 ref;
	u32 i;

	OK(named(t, 0, name, &ref));
	for (i = 0; i < DIOS_NAME_SIZE * 8; i++) {
		name[i / 8] ^= 1 << i % 8;
		FAILS(DIOS_ENOENT, t_lookup(t, 0, name, &ref));
		name[i / 8] ^= 1 << i % 8;
	}
	OK(t_lookup(t, 0, name, &ref));
	quit(t);
}

TEST(public_names_are_the_callers_and_single)
{
	struct dios_task *a = pure(), *b = pure();
	u8 name[DIOS_NAME_SIZE] = "the one", zero[DIOS_NAME_SIZE] = {};
	u64 ref, got;

	OK(named(a, DIOS_CREATE_PUBLIC, name, &ref));
	CHECK(!strcmp((char *)name, "the one"));
	FAILS(DIOS_EEXIST, named(a, DIOS_CREATE_PUBLIC, name, &got));
	FAILS(DIOS_EEXIST, named(b, DIOS_CREATE_PUBLIC, name, &got));
	OK(t_lookup(b, DIOS_LOOKUP_PUBLIC, name, &got));
	OK(named(a, DIOS_CREATE_PUBLIC, zero, &got));
	/* Free again when the last reference has gone. */
	OK(t_delete(a, ref));
	FAILS(DIOS_EEXIST, named(a, DIOS_CREATE_PUBLIC, name, &ref));
	quit(b);
	OK(named(a, DIOS_CREATE_PUBLIC, name, &ref));
	quit(a);
}

TEST(the_two_name_spaces_are_apart)
{
	struct dios_task *t = pure();
	u8 secret[DIOS_NAME_SIZE], open[DIOS_NAME_SIZE] = "open";
	u64 ref, got;

	OK(named(t, 0, secret, &ref));
	OK(named(t, DIOS_CREATE_PUBLIC, open, &ref));
	FAILS(DIOS_ENOENT, t_lookup(t, DIOS_LOOKUP_PUBLIC, secret, &got));
	FAILS(DIOS_ENOENT, t_lookup(t, 0, open, &got));
	/* The bytes of a private name are free in the public space. */
	OK(named(t, DIOS_CREATE_PUBLIC, secret, &ref));
	OK(t_lookup(t, DIOS_LOOKUP_PUBLIC, secret, &got));
	CHECK(ref_find(t, got, 0)->obj == ref_find(t, ref, 0)->obj);
	quit(t);
}

TEST(a_name_dies_with_its_object)
{
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE];
	u64 ref, got;

	OK(named(t, 0, name, &ref));
	OK(t_delete(t, ref));
	CHECK_EQ(stat_get(STAT_NAMES), 0);
	FAILS(DIOS_ENOENT, t_lookup(t, 0, name, &got));
	quit(t);
}

TEST(a_zombie_has_no_name)
{
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE] = "timer";
	struct dios_timer spec = { 0, 0 };
	u64 ref, got;

	OK(t_create(t, DIOS_CREATE_PUBLIC, DIOS_T_TIMER, &spec, sizeof(spec), name, &ref));
	OK(t_zombify(t, ref));
	CHECK_EQ(stat_get(STAT_NAMES), 0);
	CHECK_EQ(stat_get(STAT_ZOMBIES), 1);
	FAILS(DIOS_ENOENT, t_lookup(t, DIOS_LOOKUP_PUBLIC, name, &got));
	OK(t_create(t, DIOS_CREATE_PUBLIC, DIOS_T_TIMER, &spec, sizeof(spec), name, &got));
	/* The zombie's end does not take the new one's name. */
	OK(t_delete(t, ref));
	CHECK_EQ(stat_get(STAT_ZOMBIES), 0);
	OK(t_lookup(t, DIOS_LOOKUP_PUBLIC, name, &got));
	quit(t);
}

/* Between the last put and the end of the name: an object without a hold. */
TEST(a_dying_object_is_not_found)
{
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE];
	struct dios_object *obj;
	u64 ref, got;
	u32 rights;

	OK(named(t, 0, name, &ref));
	obj = ref_find(t, ref, 0)->obj;
	refcount_set(&obj->holds, 0);
	CHECK(!name_get(t->group->ops->names(t->group), false, name, &rights));
	FAILS(DIOS_ENOENT, t_lookup(t, 0, name, &got));
	CHECK_EQ(refcount_read(&obj->holds), 0);
	refcount_set(&obj->holds, 1);
	quit(t);
}

struct listed {
	u32 public, random;
};

static void list_name(const struct dios_object *obj, void *arg)
{
	struct listed *l = arg;

	CHECK(obj->name_set);
	if (obj->name_public)
		l->public++;
	else
		l->random++;
}

/* Each object that has a name is listed once, and no other. */
TEST(names_are_listed)
{
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE] = "listed";
	struct dios_object *obj;
	struct listed l = {};
	u64 ref;
	u32 i;

	names_list(list_name, &l);
	CHECK_EQ(l.public + l.random, 0);
	OK(named(t, DIOS_CREATE_PUBLIC, name, &ref));
	for (i = 0; i < 100; i++)
		OK(named(t, 0, name, &ref));
	names_list(list_name, &l);
	CHECK_EQ(l.public, 1);
	CHECK_EQ(l.random, 100);

	/* One without a hold is on its way out. */
	obj = ref_find(t, ref, 0)->obj;
	refcount_set(&obj->holds, 0);
	names_list(list_name, &l);
	CHECK_EQ(l.random, 199);
	refcount_set(&obj->holds, 1);
	quit(t);
}

TEST(an_object_without_a_name_touches_no_table)
{
	struct dios_task *t = pure();
	u64 ref;

	OK(t_random(t, &ref));
	CHECK_EQ(stat_get(STAT_NAMES), 0);
	CHECK(!ref_find(t, ref, 0)->obj->name_had);
	quit(t);
}

TEST(lookup_without_room_says_how_many)
{
	struct dios_task *t = pure();
	u64 *u = hosted_map(t, DIOS_PAGE_SIZE, true), ref;
	u8 name[DIOS_NAME_SIZE] = "x";

	OK(named(t, DIOS_CREATE_PUBLIC, name, &ref));
	memcpy(&u[8], name, sizeof(name));
	u[0] = 0;
	u[1] = 77;
	FAILS(DIOS_ETOOBIG, call(t, DIOS_LOOKUP, DIOS_LOOKUP_PUBLIC, hosted_addr(&u[8]),
				 hosted_addr(&u[1]), hosted_addr(&u[0]), 0));
	CHECK_EQ(u[0], 1);
	CHECK_EQ(u[1], 77);
	u[0] = ~0ull;
	OK(call(t, DIOS_LOOKUP, DIOS_LOOKUP_PUBLIC, hosted_addr(&u[8]), hosted_addr(&u[1]),
		hosted_addr(&u[0]), 0));
	CHECK_EQ(u[0], 1);
	CHECK(u[1] != 77);
	quit(t);
}
