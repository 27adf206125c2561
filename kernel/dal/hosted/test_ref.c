// SPDX-License-Identifier: GPL-2.0
/* test_ref.c - the reference table: numbers, growth, quota, all or none. */
#include "test.h"

#define SLOT(ref)	((u32)(ref))
#define GEN(ref)	((u32)((ref) >> 32))

TEST(the_first_reference_is_self)
{
	struct dios_task *t = pure();
	struct dios_ref *r = ref_find(t, DIOS_REF_SELF, DIOS_R_READ | DIOS_R_WRITE);

	CHECK(!IS_ERR(r));
	CHECK_EQ(r->obj->ops->type, DIOS_T_SELF);
	CHECK_EQ(t->start.self, DIOS_REF_SELF);
	CHECK_EQ(t->start.magic, DIOS_START_MAGIC);
	quit(t);
}

TEST(a_deleted_number_is_never_a_reference_again)
{
	struct dios_task *t = pure();
	u64 first, ref, i;

	OK(t_random(t, &first));
	OK(t_delete(t, first));
	for (i = 1; i < 100; i++) {
		OK(t_random(t, &ref));
		CHECK_EQ(SLOT(ref), SLOT(first));
		CHECK_EQ(GEN(ref), GEN(first) + i);
		FAILS(DIOS_EBADREF, t_delete(t, first));
		FAILS(DIOS_EBADREF, t_delete(t, ref + (1ull << 32)));
		FAILS(DIOS_EBADREF, t_delete(t, SLOT(ref)));
		OK(t_delete(t, ref));
	}
	quit(t);
}

TEST(numbers_that_never_were)
{
	static const u64 bad[] = { 0, 1, 2, 0x100000003, 0x1ffffffff, 0xffffffff00000000, ~0ull,
				   DIOS_REF_SELF + 1000, 0x200000000, 0x7fffffffffffffff };
	struct dios_task *t = pure();
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(PTR_ERR(ref_find(t, bad[i], 0)), -DIOS_EBADREF);
		FAILS(DIOS_EBADREF, t_delete(t, bad[i]));
	}
	quit(t);
}

/* Others' numbers mean nothing, or something of one's own. */
TEST(a_number_means_something_in_its_own_table_only)
{
	struct dios_task *a = pure(), *b = pure();
	u64 ref;

	OK(t_random(a, &ref));
	FAILS(DIOS_EBADREF, t_delete(b, ref));
	OK(t_delete(a, ref));
	quit(a);
	quit(b);
}

TEST(a_number_needs_the_rights)
{
	struct dios_task *t = pure();
	u64 timer, less;

	OK(t_timer(t, 0, 0, &timer));
	OK(t_copy_one(t, timer, DIOS_R_READ, DIOS_REF_SELF, &less));
	CHECK(!IS_ERR(ref_find(t, less, 0)));
	CHECK(!IS_ERR(ref_find(t, less, DIOS_R_READ)));
	CHECK_EQ(PTR_ERR(ref_find(t, less, DIOS_R_WRITE)), -DIOS_EPERM);
	CHECK_EQ(PTR_ERR(ref_find(t, less, DIOS_R_READ | DIOS_R_WRITE)), -DIOS_EPERM);
	CHECK_EQ(PTR_ERR(ref_find(t, timer, DIOS_R_EXEC)), -DIOS_EPERM);
	/* A stale number is stale before it lacks a right. */
	OK(t_delete(t, less));
	CHECK_EQ(PTR_ERR(ref_find(t, less, DIOS_R_WRITE)), -DIOS_EBADREF);
	quit(t);
}

TEST(the_table_grows_and_every_number_stays)
{
	enum { N = 3000 };
	struct dios_task *t = pure();
	static u64 refs[N];
	struct dios_ref *r;
	u32 i;

	for (i = 0; i < N; i++)
		OK(t_timer(t, i + 1, 0, &refs[i]));
	CHECK_EQ(stat_type_get(DIOS_T_TIMER), N);
	for (i = 0; i < N; i++) {
		r = ref_find(t, refs[i], DIOS_R_READ);
		CHECK(!IS_ERR(r) && r->id == refs[i]);
		CHECK(!i || SLOT(refs[i]) != SLOT(refs[i - 1]));
	}
	for (i = 0; i < N; i += 2)
		OK(t_delete(t, refs[i]));
	for (i = 0; i < N; i++)
		CHECK_EQ(IS_ERR(ref_find(t, refs[i], 0)), i % 2 == 0);
	CHECK_EQ(stat_type_get(DIOS_T_TIMER), N / 2);
	quit(t);
	CHECK_EQ(stat_get(STAT_REFS), 0);
}

TEST(no_more_references_than_the_quota)
{
	struct dios_task *t = pure();
	u64 ref, last = 0;
	u32 n;

	dios_quota_refs = 40;
	for (n = t->nrefs; n < dios_quota_refs; n++)
		OK(t_random(t, &last));
	FAILS(DIOS_EQUOTA, t_random(t, &ref));
	FAILS(DIOS_EQUOTA, t_copy_one(t, last, DIOS_R_READ, DIOS_REF_SELF, &ref));
	CHECK_EQ(t->nrefs, dios_quota_refs);
	OK(t_delete(t, last));
	OK(t_random(t, &ref));
	FAILS(DIOS_EQUOTA, t_random(t, &last));
	quit(t);
}

TEST(a_slot_whose_numbers_are_used_up_is_left)
{
	struct dios_task *t = pure();
	u64 ref, other;
	u32 slot, i, gens = 0;

	OK(t_random(t, &ref));
	slot = SLOT(ref);
	OK(t_delete(t, ref));
	CHECK_EQ(t->free, slot + 1);
	t->slots[slot].gen = 0xffffffff;
	OK(t_random(t, &ref));
	CHECK_EQ(ref, 0xffffffffull << 32 | slot);
	OK(t_delete(t, ref));
	for (i = 0; i < 200; i++) {
		OK(t_random(t, &other));
		CHECK(SLOT(other) != slot);
		CHECK(GEN(other) != 0);
	}
	FAILS(DIOS_EBADREF, t_delete(t, ref));
	FAILS(DIOS_EBADREF, t_delete(t, slot));
	for (i = 0; i < t->nslots; i++)
		gens += t->slots[i].gen == 0;
	CHECK_EQ(gens, 1);
	quit(t);
}

/* Straight to ref.c: what copy and run are made of. */

static void many(struct dios_task *t, struct dios_ref **refs, u32 n)
{
	struct dios_ref *r = ref_find(t, t->start.random, 0);
	u32 i;

	for (i = 0; i < n; i++) {
		refs[i] = ref_new(r->obj, DIOS_R_READ);
		CHECK(!IS_ERR(refs[i]));
	}
}

TEST(all_numbers_are_reserved_or_none)
{
	enum { N = 20 };
	struct dios_task *t = pure();
	struct dios_ref *refs[N];
	u32 had = t->nrefs;

	many(t, refs, N);
	dios_quota_refs = had + N - 1;
	FAILS(DIOS_EQUOTA, ref_reserve(t, refs, N));
	CHECK_EQ(t->nrefs, had);
	dios_quota_refs = had + N;
	OK(ref_reserve(t, refs, N));
	CHECK_EQ(t->nrefs, had + N);
	/* A number that is reserved is none yet. */
	CHECK_EQ(PTR_ERR(ref_find(t, refs[0]->id, 0)), -DIOS_EBADREF);
	OK(ref_publish(t, refs, N));
	CHECK(ref_find(t, refs[0]->id, 0) == refs[0]);
	CHECK(ref_find(t, refs[N - 1]->id, 0) == refs[N - 1]);
	quit(t);
}

TEST(numbers_that_were_reserved_in_vain_never_come_back)
{
	struct dios_task *t = pure();
	struct dios_ref *ref;
	u64 vain;

	many(t, &ref, 1);
	OK(ref_reserve(t, &ref, 1));
	vain = ref->id;
	ref_unreserve(t, &ref, 1);
	OK(ref_reserve(t, &ref, 1));
	CHECK_EQ(SLOT(ref->id), SLOT(vain));
	CHECK(ref->id != vain);
	OK(ref_publish(t, &ref, 1));
	CHECK_EQ(PTR_ERR(ref_find(t, vain, 0)), -DIOS_EBADREF);
	quit(t);
}

TEST(memory_runs_out_while_the_table_grows)
{
	enum { N = 100 };
	struct dios_task *t = pure();
	struct dios_ref *refs[N];
	u32 had = t->nrefs;

	many(t, refs, N);
	hosted_fail(FAIL_ALLOC, 1);
	FAILS(DIOS_ENOMEM, ref_reserve(t, refs, N));
	CHECK(hosted_failed(FAIL_ALLOC));
	CHECK_EQ(t->nrefs, had);
	OK(ref_reserve(t, refs, N));
	OK(ref_publish(t, refs, N));
	quit(t);
}

TEST(a_task_that_has_ended_is_given_nothing)
{
	struct dios_task *t = pure(), *other = pure();
	struct dios_ref *refs[2], *late[2];

	many(other, refs, 2);
	many(other, late, 2);
	object_get(&t->obj);
	OK(ref_reserve(t, refs, 2));
	quit(t);
	CHECK_EQ(t->nrefs, 2);
	CHECK_EQ(ref_reserve(t, late, 2), -DIOS_EZOMBIE);
	CHECK_EQ(ref_publish(t, refs, 2), -DIOS_EZOMBIE);
	CHECK_EQ(t->nrefs, 0);
	grants_free(refs, 2);
	grants_free(late, 2);
	object_put(&t->obj);
	quit(other);
}
