// SPDX-License-Identifier: GPL-2.0
/* test_shim.c - what the other tests stand on: does it notice what it should? */
#include "test.h"

/* The vector of the paper's appendix A. */
TEST(siphash_is_that_of_the_paper)
{
	siphash_key_t key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
	u8 in[15];
	u32 i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = i;
	CHECK(hosted_siphash(in, sizeof(in), &key) == 0xa129ca6149be45e5);
}

TEST(lists_keep_their_order)
{
	struct item {
		struct list_head link;
		int n;
	} a = { .n = 1 }, b = { .n = 2 }, c = { .n = 3 }, *p, *next;
	struct list_head head = LIST_HEAD_INIT(head);
	int seen = 0;

	CHECK(list_empty(&head));
	list_add_tail(&b.link, &head);
	list_add_tail(&c.link, &head);
	list_add(&a.link, &head);
	list_for_each_entry(p, &head, link)
		seen = seen * 10 + p->n;
	CHECK_EQ(seen, 123);
	list_for_each_entry_safe(p, next, &head, link)
		if (p->n != 2)
			list_del(&p->link);
	CHECK(head.next == &b.link && head.prev == &b.link);
}

TEST(hlists_can_be_asked_without_a_lock)
{
	struct item {
		struct hlist_node link;
		int n;
	} a = { .n = 1 }, b = { .n = 2 }, *p;
	struct hlist_head head = {};
	int seen = 0;

	INIT_HLIST_NODE(&a.link);
	CHECK(hlist_unhashed(&a.link));
	hlist_add_head(&a.link, &head);
	hlist_add_head(&b.link, &head);
	hlist_for_each_entry(p, &head, link)
		seen = seen * 10 + p->n;
	CHECK_EQ(seen, 21);
	hlist_del_init(&b.link);
	CHECK(hlist_unhashed_lockless(&b.link) && !hlist_unhashed_lockless(&a.link));
	hlist_del_init(&a.link);
	CHECK(!head.first);
}

TEST(strings_are_cut)
{
	char s[4];

	CHECK_EQ(strscpy(s, "abc", sizeof(s)), 3);
	CHECK_EQ(strscpy(s, "abcd", sizeof(s)), -7);
	CHECK(!strcmp(s, "abc"));
}

TEST(numbers)
{
	CHECK_EQ(min(3, 4), 3);
	CHECK_EQ(max_t(u32, 3, -1), 0xffffffffu);
	CHECK_EQ(ALIGN((size_t)1, DIOS_PAGE_SIZE), 4096);
	CHECK_EQ(array_index_nospec(4u, 4u), 0);
	CHECK_EQ(array_index_nospec(3u, 4u), 3);
	CHECK(IS_ERR(ERR_PTR(-DIOS_EPERM)) && !IS_ERR(NULL));
}

TEST(memory_is_counted_and_fails_when_told)
{
	s64 had = hosted_allocs();
	void *p, *q;

	hosted_fail(FAIL_ALLOC, 2);
	p = kmalloc(8, GFP_KERNEL);
	q = kmalloc(8, GFP_KERNEL);
	CHECK(p && !q && hosted_failed(FAIL_ALLOC));
	CHECK_EQ(hosted_allocs(), had + 1);
	CHECK(((u8 *)p)[7] == 0xa5);
	kfree(p);
	CHECK(!kvmalloc_array(~0ul / 2, 3, GFP_KERNEL));
}

TEST(a_task_reaches_only_its_own_memory)
{
	struct dios_task *a = pure(), *b = pure();
	u8 *p = hosted_map(a, 2 * DIOS_PAGE_SIZE, true);
	u8 *r = hosted_map(a, DIOS_PAGE_SIZE, false);
	u64 at = hosted_addr(p);

	CHECK(hosted_writable(a, at) && hosted_writable(a, at + 8191));
	CHECK(!hosted_readable(a, at + 8192) && !hosted_readable(a, at - 1));
	CHECK(!hosted_readable(b, at));
	CHECK(hosted_readable(a, hosted_addr(r)) && !hosted_writable(a, hosted_addr(r)));
	CHECK(!hosted_readable(a, 0) && !hosted_readable(a, ~0ull));
	hosted_unmap(a, p);
	CHECK(!hosted_readable(a, at) && !hosted_readable(a, at + 4096));
	quit(a);
	quit(b);
}

static spinlock_t lock = __SPIN_LOCK_UNLOCKED(lock);

TEST_STOPS(stops_a_lock_taken_twice)
{
	spin_lock(&lock);
	spin_lock(&lock);
}

TEST_STOPS(stops_an_unlock_by_another)
{
	spin_unlock(&lock);
}

TEST_STOPS(stops_an_assertion_of_a_lock)
{
	lockdep_assert_held(&lock);
}

TEST_STOPS(stops_sleeping_under_a_lock)
{
	spin_lock(&lock);
	kfree(kmalloc(1, GFP_KERNEL));
}

static void in_irq(void *arg, u64 now)
{
	spin_lock(&lock);
	spin_unlock(&lock);
}

TEST_STOPS(stops_a_lock_shared_with_an_interrupt)
{
	struct dal_timer *tm = dal_timer_new(in_irq, NULL);

	spin_lock(&lock);
	spin_unlock(&lock);
	dal_timer_set(tm, 1);
	hosted_clock_add(1);
}

TEST_STOPS(stops_a_resurrection)
{
	refcount_t r;

	refcount_set(&r, 0);
	refcount_inc(&r);
}

TEST_STOPS(stops_an_underflow)
{
	refcount_t r;

	refcount_set(&r, 0);
	CHECK(!refcount_dec_and_test(&r));
}

TEST_STOPS(stops_a_second_deletion)
{
	struct list_head head = LIST_HEAD_INIT(head), n;

	list_add(&n, &head);
	list_del(&n);
	list_del(&n);
}
