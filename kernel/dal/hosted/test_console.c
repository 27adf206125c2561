// SPDX-License-Identifier: GPL-2.0
/* test_console.c - input: what is read once, what is there again, whose turn it is, and its end. */
#include <sched.h>
#include "test.h"

#define NONBLOCK	DIOS_BUF_NONBLOCK
#define NEXT		DIOS_BUF_NEXT

static s64 acquire(struct dios_task *t, u64 flags, u64 ref, u64 len, struct dios_iov *iov)
{
	*iov = (struct dios_iov){};
	return t_buf(t, DIOS_ACQUIRE_READ, flags, ref, len, iov);
}

static s64 commit(struct dios_task *t, u64 flags, u64 ref, u64 len, struct dios_iov *iov)
{
	return t_buf(t, DIOS_COMMIT_READ, flags, ref, len, iov);
}

static void release(struct dios_task *t, u64 ref, struct dios_iov *iov)
{
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, iov));
}

static bool has(const struct dios_iov *iov, const char *text)
{
	return iov->len == strlen(text) && !memcmp(hosted_ptr(iov->addr), text, iov->len);
}

TEST(rights_are_those_of_the_descriptor)
{
	struct dios_task *t = limbo();
	u32 in = keyboard(), out = console(), both = keyboard(), none = program(NULL);
	struct dios_iov iov = {};
	u64 ref;

	OK(t_console(t, in, &ref));
	CHECK_EQ(ref_find(t, ref, 0)->rights, DIOS_R_READ);
	FAILS(DIOS_EPERM, t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, 0, &iov));
	OK(t_console(t, out, &ref));
	CHECK_EQ(ref_find(t, ref, 0)->rights, DIOS_R_WRITE);
	FAILS(DIOS_EPERM, t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, ref, 0, &iov));
	hosted_file(both)->writable = true;
	OK(t_console(t, both, &ref));
	CHECK_EQ(ref_find(t, ref, 0)->rights, DIOS_R_READ | DIOS_R_WRITE);
	FAILS(DIOS_EPERM, t_console(t, none, &ref));
	quit(t);
}

TEST(input_is_read)
{
	struct dios_task *t = limbo();
	u32 fd = keyboard();
	struct dios_iov iov;
	u64 ref;

	OK(t_console(t, fd, &ref));
	FAILS(DIOS_EAGAIN, acquire(t, NONBLOCK, ref, 0, &iov));
	CHECK_EQ(t_select_one(t, ref, DIOS_R_READ, 0), -DIOS_ETIMEDOUT);
	hosted_input(fd, "hello");
	OK(t_select_one(t, ref, DIOS_R_READ, -1));
	OK(acquire(t, 0, ref, 0, &iov));
	CHECK(has(&iov, "hello"));
	CHECK(!hosted_writable(t, iov.addr));
	CHECK_EQ(commit(t, NEXT | NONBLOCK, ref, 5, &iov), -DIOS_EAGAIN);
	CHECK_EQ(iov.len, 0);
	hosted_input(fd, "more");
	CHECK_EQ(commit(t, NEXT | NONBLOCK, ref, 0, &iov), 0);
	CHECK(has(&iov, "more"));
	hosted_input(fd, NULL);
	CHECK_EQ(commit(t, NEXT, ref, 4, &iov), -DIOS_EPIPE);
	OK(t_select_one(t, ref, DIOS_R_READ, -1));
	FAILS(DIOS_EPIPE, acquire(t, 0, ref, 0, &(struct dios_iov){}));
	release(t, ref, &iov);
	quit(t);
}

TEST(what_was_not_consumed_is_there_again)
{
	struct dios_task *t = limbo();
	u32 fd = keyboard();
	struct dios_iov iov;
	u64 ref;

	OK(t_console(t, fd, &ref));
	hosted_input(fd, "abcdefgh");
	hosted_input(fd, NULL);
	/* Released without a commit. */
	OK(acquire(t, 0, ref, 3, &iov));
	CHECK(has(&iov, "abc"));
	release(t, ref, &iov);
	OK(acquire(t, 0, ref, 2, &iov));
	CHECK(has(&iov, "ab"));
	/* Consumed in part. */
	CHECK_EQ(commit(t, NEXT, ref, 1, &iov), 1);
	CHECK(has(&iov, "bc"));
	CHECK_EQ(commit(t, 0, ref, 0, &iov), 0);
	CHECK_EQ(iov.len, 0);
	/* Without the turn there is nothing to consume. */
	FAILS(DIOS_EINVAL, commit(t, 0, ref, 1, &iov));
	CHECK_EQ(commit(t, NEXT, ref, 0, &iov), 0);
	CHECK(has(&iov, "bc"));
	CHECK_EQ(commit(t, NEXT, ref, 2, &iov), 2);
	CHECK(has(&iov, "de"));
	release(t, ref, &iov);
	/* Kept is two bytes, and the host has three more. */
	OK(acquire(t, 0, ref, 100, &iov));
	CHECK(has(&iov, "de"));
	CHECK_EQ(commit(t, NEXT, ref, 2, &iov), 2);
	CHECK(has(&iov, "fgh"));
	release(t, ref, &iov);
	OK(t_select_one(t, ref, DIOS_R_READ, -1));
	OK(acquire(t, 0, ref, 0, &iov));
	CHECK(has(&iov, "fgh"));
	quit(t);
}

TEST(an_acquire_that_fails_loses_nothing)
{
	struct dios_task *t = limbo();
	u32 fd = keyboard();
	struct dios_iov iov = {};
	u64 ref, big = DIOS_MAX_KBUF;
	s64 ret;

	OK(t_console(t, fd, &ref));
	hosted_input(fd, "text");
	hosted_input(fd, NULL);
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_ACQUIRE_READ, 0, ref, big + 1, &iov));
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &iov));
	CHECK(has(&iov, "text"));
	release(t, ref, &iov);
	EACH(FAIL_MAP, DIOS_ENOMEM, ret, acquire(t, 0, ref, 0, &iov));
	CHECK(has(&iov, "text"));
	release(t, ref, &iov);
	dios_quota_lent = 0;
	FAILS(DIOS_EQUOTA, acquire(t, 0, ref, 0, &iov));
	dios_quota_lent = 64 << 20;
	/* The place for the buffer's address cannot be written. */
	for (u32 n = 1; n < 3; n++) {
		hosted_fail(FAIL_COPY, n);
		CHECK_EQ(acquire(t, 0, ref, 0, &iov), -DIOS_EFAULT);
		hosted_fail(FAIL_COPY, 0);
	}
	/* No memory to keep the rest: nothing is consumed. */
	OK(acquire(t, 0, ref, 0, &iov));
	CHECK(has(&iov, "text"));
	CHECK_EQ(commit(t, 0, ref, 4, &iov), 4);
	release(t, ref, &iov);
	quit(t);
}

TEST(a_part_is_consumed_only_with_memory_for_the_rest)
{
	struct dios_task *t = limbo();
	u32 fd = keyboard();
	struct dios_iov iov;
	u64 ref;

	OK(t_console(t, fd, &ref));
	hosted_input(fd, "text");
	OK(acquire(t, 0, ref, 0, &iov));
	hosted_fail(FAIL_ALLOC, 1);
	CHECK_EQ(commit(t, 0, ref, 1, &iov), -DIOS_ENOMEM);
	CHECK(has(&iov, "text"));
	CHECK_EQ(commit(t, NEXT | NONBLOCK, ref, 1, &iov), 1);
	CHECK(has(&iov, "ext"));
	quit(t);
}

TEST(one_has_input_at_a_time)
{
	struct dios_task *a = limbo(), *b = pure();
	u32 fd = keyboard();
	struct dios_iov iov, other;
	u64 ref, there;

	OK(t_console(a, fd, &ref));
	OK(task_add_ref(b, ref_find(a, ref, 0)->obj, DIOS_R_READ, &there));
	hosted_input(fd, "onetwo");
	OK(acquire(a, 0, ref, 3, &iov));
	FAILS(DIOS_EAGAIN, acquire(b, NONBLOCK, there, 0, &other));
	CHECK_EQ(t_select_one(b, there, DIOS_R_READ, 0), -DIOS_ETIMEDOUT);
	CHECK_EQ(commit(a, 0, ref, 3, &iov), 3);
	OK(t_select_one(b, there, DIOS_R_READ, 0));
	OK(acquire(b, NONBLOCK, there, 0, &other));
	CHECK(has(&other, "two"));
	/* With its end it comes back. */
	quit(b);
	CHECK_EQ(commit(a, NEXT | NONBLOCK, ref, 0, &iov), 0);
	CHECK(has(&iov, "two"));
	quit(a);
}

/* Input that goes on as it is: moved it is consumed, borrowed it is not. */
TEST(input_goes_to_an_output)
{
	struct dios_task *t = limbo();
	u32 fd = keyboard(), to = console();
	struct dios_iov iov, copy;
	u64 in, out;

	OK(t_console(t, fd, &in));
	OK(t_console(t, to, &out));
	hosted_input(fd, "through");
	OK(acquire(t, 0, in, 0, &iov));
	copy = iov;
	OK(t_take(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_BORROW, out, 0, &copy, in));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, out, copy.len, &copy), 7);
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, out, &copy));
	release(t, in, &iov);
	OK(acquire(t, 0, in, 0, &iov));
	CHECK(has(&iov, "through"));
	copy = iov;
	OK(t_take(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_MOVE, out, 0, &copy, in));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, out, copy.len, &copy), 7);
	FAILS(DIOS_EAGAIN, acquire(t, NONBLOCK, in, 0, &iov));
	CHECK_EQ(hosted_file(to)->len, 14);
	/* The other way: a buffer that was acquired to write is filled. */
	hosted_input(fd, "back");
	OK(t_take(t, DIOS_ACQUIRE_READ, DIOS_BUF_MOVE, in, 0, &copy, out));
	CHECK(has(&copy, "back"));
	quit(t);
}

TEST(an_error_of_the_host_is_told)
{
	struct dios_task *t = limbo();
	u32 fd = keyboard();
	struct dios_iov iov;
	u64 ref;

	OK(t_console(t, fd, &ref));
	hosted_file(fd)->read_err = -DIOS_EIO;
	FAILS(DIOS_EIO, acquire(t, 0, ref, 0, &iov));
	hosted_file(fd)->read_err = 0;
	hosted_input(fd, "ok");
	OK(acquire(t, 0, ref, 0, &iov));
	hosted_file(fd)->read_err = -DIOS_EIO;
	CHECK_EQ(commit(t, NEXT, ref, 2, &iov), -DIOS_EIO);
	quit(t);
}

/* Waiting: woken by input, by the end, by an upcall, by a kill. */

struct waiter {
	pthread_t thread;
	struct dios_task *t;
	u64 ref;
	s64 ret;
	char got[16];
};

static void *waits(void *arg)
{
	struct waiter *w = arg;
	struct dios_iov iov;

	w->ret = acquire(w->t, 0, w->ref, 0, &iov);
	if (!w->ret) {
		memcpy(w->got, hosted_ptr(iov.addr), min(iov.len, (u64)sizeof(w->got) - 1));
		CHECK_EQ(commit(w->t, 0, w->ref, iov.len, &iov), strlen(w->got));
		release(w->t, w->ref, &iov);
	}
	return NULL;
}

TEST(waiting_for_input_ends)
{
	struct waiter w = { .t = limbo() };
	u32 fd = keyboard(), how;

	OK(t_console(w.t, fd, &w.ref));
	for (how = 0; how < 4; how++) {
		CHECK(!pthread_create(&w.thread, NULL, waits, &w));
		hosted_until_blocked(w.t);
		switch (how) {
		case 0:
			hosted_input(fd, "line");
			break;
		case 1:
			hosted_interrupt(w.t);
			break;
		case 2:
			hosted_input(fd, NULL);
			break;
		case 3:
			hosted_file(fd)->ended = false;
			dal_kill(w.t);
			break;
		}
		CHECK(!pthread_join(w.thread, NULL));
		CHECK_EQ(w.ret, how == 0 ? 0 : how == 2 ? -DIOS_EPIPE : -DIOS_EINTR);
		CHECK_EQ(stat_get(STAT_BUFS), 0);
		if (how == 2)
			hosted_file(fd)->ended = false;
	}
	CHECK(!strcmp(w.got, "line"));
	hosted_task_end(w.t, DIOS_END_KILLED, 9);
}

/* Many read what one types: each byte comes to one of them, and the end to all. */

#define READERS	4

static u32 seen[256];

static void *reads_all(void *arg)
{
	struct waiter *w = arg;
	struct dios_iov iov;
	u32 i, n = 0;
	s64 ret;

	ret = acquire(w->t, 0, w->ref, 5, &iov);
	while (ret >= 0) {
		/* A part of it; what is left comes to somebody again. */
		n = (n + 1) % (iov.len + 1);
		for (i = 0; i < n; i++)
			__atomic_fetch_add(&seen[((u8 *)hosted_ptr(iov.addr))[i]], 1, __ATOMIC_RELAXED);
		ret = commit(w->t, NEXT, w->ref, n, &iov);
	}
	w->ret = ret;
	return NULL;
}

TEST(each_byte_is_read_once)
{
	struct waiter w[READERS];
	struct dios_task *t = limbo();
	u32 fd = keyboard(), i, k;
	u64 ref;

	OK(t_console(t, fd, &ref));
	for (i = 0; i < READERS; i++) {
		w[i].t = pure();
		OK(task_add_ref(w[i].t, ref_find(t, ref, 0)->obj, DIOS_R_READ, &w[i].ref));
		CHECK(!pthread_create(&w[i].thread, NULL, reads_all, &w[i]));
	}
	for (k = 0; k < 10; k++)
		for (i = 1; i < 256; i++) {
			char c[2] = { i };

			hosted_input(fd, c);
			if (i % 16 == 0)
				sched_yield();
		}
	hosted_input(fd, NULL);
	for (i = 0; i < READERS; i++) {
		CHECK(!pthread_join(w[i].thread, NULL));
		CHECK_EQ(w[i].ret, -DIOS_EPIPE);
		quit(w[i].t);
	}
	for (i = 1; i < 256; i++)
		CHECK_EQ(seen[i], 10);
	quit(t);
}

/* The same by a watch that is kept: what it fires for may have gone again. */
TEST(input_fires_a_kept_watch)
{
	struct dios_task *t = limbo();
	struct dios_wait w = { .rights = DIOS_R_READ }, out = {};
	struct dios_iov iov;
	u32 fd = keyboard();

	OK(t_console(t, fd, &w.ref));
	CHECK_EQ(t_select_kept(t, &w, 1, &out, 0), -DIOS_ETIMEDOUT);
	hosted_input(fd, "x");
	OK(acquire(t, 0, w.ref, 0, &iov));
	CHECK_EQ(t_select_kept(t, NULL, 0, &out, 0), -DIOS_ETIMEDOUT);
	CHECK_EQ(commit(t, 0, w.ref, 1, &iov), 1);
	CHECK_EQ(t_select_kept(t, NULL, 0, &out, 0), -DIOS_ETIMEDOUT);
	/* What comes while somebody has the turn is ready when that is over. */
	hosted_input(fd, "y");
	OK(acquire(t, 0, w.ref, 0, &iov));
	hosted_input(fd, "z");
	CHECK_EQ(t_select_kept(t, NULL, 0, &out, 0), -DIOS_ETIMEDOUT);
	CHECK_EQ(commit(t, 0, w.ref, 1, &iov), 1);
	OK(t_select_kept(t, NULL, 0, &out, 0));
	CHECK(out.ref == w.ref && out.rights == DIOS_R_READ);
	quit(t);
}
