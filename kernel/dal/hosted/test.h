/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test.h - the tests of the core, and what they share.
 *
 * TEST(name) is a test; each runs in a process of its own, so that one that
 * stops does not stop the others, and what it leaves is its own:
 * afterwards nothing may be there any more, no object, no memory, no page.
 */
#ifndef DIOS_HOSTED_TEST_H
#define DIOS_HOSTED_TEST_H

#include "hosted.h"

struct test {
	const char *file, *name;
	void (*fn)(void);
	bool stops;		/* by hosted_bug() */
	struct test *next;
};
void test_add(struct test *t);

#define TEST_(fn_, stops_)						\
	static void fn_(void);						\
	static struct test fn_##_test = {				\
		.file = __FILE__, .name = #fn_, .fn = fn_, .stops = stops_ };	\
	__attribute__((constructor)) static void fn_##_add(void)	\
	{								\
		test_add(&fn_##_test);					\
	}								\
	static void fn_(void)
#define TEST(fn)	TEST_(fn, false)
#define TEST_STOPS(fn)	TEST_(fn, true)

/* The test fails here. */
void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* A long test that has come further: it does not hang, the machine is busy. */
void test_goes_on(void);

#define CHECK(ok)	do { if (!(ok)) test_fail(__FILE__, __LINE__, "not so: %s", #ok); } while (0)
#define CHECK_EQ(a, b) do {						\
	long long a_ = (long long)(a), b_ = (long long)(b);		\
	if (a_ != b_)							\
		test_fail(__FILE__, __LINE__, "%s is %lld, not %s, %lld", #a, a_, #b, b_);	\
} while (0)

/* What is there now: everything that could be left over. */
struct counts {
	s64 stat[STAT_N], types[DIOS_T_MAX + 1];
	s64 used[USE_N];	/* what is charged to all users */
	s64 slots;		/* numbers reserved or in use, of all tasks */
	s64 allocs, handles, pages;
};
void counts_take(struct counts *c);
/* Fails the test when something is different. */
void counts_same(const char *file, int line, const char *what, const struct counts *before);

/* The call fails so, and leaves nothing behind nor takes anything away. */
#define FAILS(err, call) do {						\
	struct counts before_;						\
	s64 ret_;							\
	counts_take(&before_);						\
	ret_ = (call);							\
	if (ret_ != -(err))						\
		test_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #call,	\
			  (long long)ret_, (long long)-(err));		\
	counts_same(__FILE__, __LINE__, #call, &before_);		\
} while (0)

#define OK(call)	CHECK_EQ(call, 0)

/*
 * Make one host function fail at each of its uses in the call, until the call
 * no longer meets a failure; it fails so each time, with nothing left.
 * Afterwards the call has succeeded, and ret is its result.
 */
#define EACH(what, err, ret, call) do {					\
	u32 n_ = 0;							\
	for (;;) {							\
		struct counts before_;					\
		counts_take(&before_);					\
		hosted_fail(what, ++n_);				\
		ret = (call);						\
		hosted_fail(what, 0);					\
		if (ret >= 0)						\
			break;						\
		if (ret != -(err))					\
			test_fail(__FILE__, __LINE__, "%s, failure %u: %lld", #call, n_, (long long)ret);	\
		counts_same(__FILE__, __LINE__, #call, &before_);	\
	}								\
} while (0)

/*
 * Calls with arguments of the test's own: they are copied to memory of the
 * task, and the results back.
 */
struct dios_task *pure(void);
struct dios_task *limbo(void);
void quit(struct dios_task *t);

s64 call(struct dios_task *t, u32 nr, u64 a, u64 b, u64 c, u64 d, u64 e);
s64 t_create(struct dios_task *t, u64 flags, u64 type, const void *spec, size_t spec_len,
	     u8 *name, u64 *ref);
s64 t_timer(struct dios_task *t, u64 first, u64 period, u64 *ref);
s64 t_privmem(struct dios_task *t, u64 size, u64 *ref);
s64 t_random(struct dios_task *t, u64 *ref);
s64 t_console(struct dios_task *t, u32 fd, u64 *ref);
s64 t_import(struct dios_task *t, u32 fd, u64 *ref);
s64 t_lookup(struct dios_task *t, u64 flags, const u8 *name, u64 *ref);
s64 t_delete(struct dios_task *t, u64 ref);
s64 t_zombify(struct dios_task *t, u64 ref);
s64 t_copy(struct dios_task *t, struct dios_grant *g, u64 n, u64 target);
s64 t_copy_one(struct dios_task *t, u64 ref, u32 rights, u64 target, u64 *out);
s64 t_select(struct dios_task *t, const struct dios_wait *w, u64 n, u64 *selected, s64 deadline);
s64 t_select_kept(struct dios_task *t, const struct dios_wait *w, u64 n, struct dios_wait *selected,
		  s64 deadline);
s64 t_select_one(struct dios_task *t, u64 ref, u32 rights, s64 deadline);

/* nr is DIOS_ACQUIRE_READ, ...; iov in and out. */
s64 t_buf(struct dios_task *t, u32 nr, u64 flags, u64 ref, u64 len, struct dios_iov *iov);
/* acquire by DIOS_BUF_MOVE or DIOS_BUF_BORROW. */
s64 t_take(struct dios_task *t, u32 nr, u64 flags, u64 ref, u64 len, struct dios_iov *iov, u64 from);
s64 t_release(struct dios_task *t, u32 nr, u64 flags, u64 ref, const struct dios_iov *iov);

/* Start the program of a descriptor, with so many strings and grants. */
struct run {
	u64 exe, in, out, err, node, group;
	const char *argv[4], *env[4], *entry;
	struct dios_grant *grants;
	u32 ngrants;
};
s64 t_run(struct dios_task *t, const struct run *r, u64 *ref);

/* A file with a smallest pure program in it, whose code is this function. */
u32 program(hosted_main main);
/* A descriptor that can be written, and one that can be read. */
u32 console(void);
u32 keyboard(void);

/* A random name in the root group, out. */
int in_root(struct dios_object *obj, u8 *name, u32 rights);

/* The task behind a TASK reference of t; it stays while t has the reference. */
struct dios_task *task_of_ref(struct dios_task *t, u64 ref);

/* Read a TASK's status: waits until it has ended. */
struct dios_task_status status_of(struct dios_task *t, u64 ref);

#endif /* DIOS_HOSTED_TEST_H */
