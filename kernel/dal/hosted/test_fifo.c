// SPDX-License-Identifier: GPL-2.0
/* test_fifo.c - FIFO and SHMEM: records in order, turns, ends, and what writers break. */
#include <sched.h>
#include "test.h"

static u64 new_fifo(struct dios_task *t, u64 size)
{
	struct dios_fifo spec = { size };
	u64 ref = 0;

	OK(t_create(t, 0, DIOS_T_FIFO, &spec, sizeof(spec), NULL, &ref));
	return ref;
}

static u64 new_shmem(struct dios_task *t, u64 size)
{
	struct dios_shmem spec = { size };
	u64 ref = 0;

	OK(t_create(t, 0, DIOS_T_SHMEM, &spec, sizeof(spec), NULL, &ref));
	return ref;
}

/* Give another task a reference, as copy would with a reference to it. */
static u64 give(struct dios_task *from, u64 id, u32 rights, struct dios_task *to)
{
	struct dios_ref *r = ref_new(ref_find(from, id, 0)->obj, rights);

	OK(ref_reserve(to, &r, 1));
	OK(ref_publish(to, &r, 1));
	return r->id;
}

/* Write one record. */
static void put(struct dios_task *t, u64 ref, const void *p, u64 len)
{
	struct dios_iov iov = {};

	/* A record may be empty, but not its room. */
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_NONBLOCK, ref, max_t(u64, len, 1), &iov));
	CHECK_EQ(iov.len, max_t(u64, len, 1));
	memcpy(hosted_ptr(iov.addr), p, len);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, ref, len, &iov), len);
	CHECK_EQ(iov.len, 0);
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, ref, &iov));
}

static void expect(struct dios_task *t, u64 ref, const void *p, u64 len)
{
	struct dios_iov iov = {};

	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_NONBLOCK, ref, 0, &iov));
	CHECK_EQ(iov.len, len);
	CHECK(!memcmp(hosted_ptr(iov.addr), p, len));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, ref, len, &iov), len);
	CHECK_EQ(iov.len, 0);
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
}

TEST(fifo_sizes)
{
	static const u64 bad[] = { 0, 1, 2048, 4097, 8191, 12288, DIOS_MAX_FIFO * 2, ~0ull };
	struct dios_task *t = pure();
	struct dios_fifo spec;
	u64 ref = 7;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		spec.size = bad[i];
		FAILS(DIOS_EINVAL, t_create(t, 0, DIOS_T_FIFO, &spec, sizeof(spec), NULL, &ref));
	}
	for (spec.size = DIOS_PAGE_SIZE; spec.size <= 1 << 20; spec.size *= 2) {
		OK(t_create(t, 0, DIOS_T_FIFO, &spec, sizeof(spec), NULL, &ref));
		put(t, ref, "one", 3);
		expect(t, ref, "one", 3);
		OK(t_delete(t, ref));
	}
	quit(t);
}

TEST(records_keep_their_order_and_their_ends)
{
	struct dios_task *t = pure();
	u64 ref = new_fifo(t, 4096);
	u8 big[4088], out[4088];
	u32 i, k, len;

	for (i = 0; i < 500; i++) {
		for (k = 0; k < 3; k++) {
			len = (i * 7 + k * 131) % 1000;
			memset(out, i + k, len);
			put(t, ref, out, len);
		}
		for (k = 0; k < 3; k++) {
			len = (i * 7 + k * 131) % 1000;
			memset(out, i + k, len);
			expect(t, ref, out, len);
		}
	}
	/* The largest there is, over the end of the ring. */
	for (i = 0; i < sizeof(big); i++)
		big[i] = i;
	put(t, ref, big, sizeof(big));
	expect(t, ref, big, sizeof(big));
	quit(t);
}

TEST(too_big_full_and_empty)
{
	struct dios_task *t = pure();
	u64 ref = new_fifo(t, 4096);
	struct dios_iov iov = {};
	u8 half[2040] = {};

	FAILS(DIOS_ETOOBIG, t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, 4089, &iov));
	FAILS(DIOS_ETOOBIG, t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, ~0ull, &iov));
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, 0, &iov));
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 1, &iov));
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_NONBLOCK, ref, 0, &iov));
	put(t, ref, half, sizeof(half));
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_NONBLOCK, ref, 2041, &iov));
	put(t, ref, half, sizeof(half));
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_NONBLOCK, ref, 1, &iov));
	expect(t, ref, half, sizeof(half));
	put(t, ref, half, sizeof(half));
	quit(t);
}

TEST(one_call_a_message)
{
	struct dios_task *t = pure();
	u64 ref = new_fifo(t, 4096);
	struct dios_iov w = {}, r = {};
	u32 i;

	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, 8, &w));
	*(u64 *)hosted_ptr(w.addr) = 0;
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, DIOS_BUF_NEXT, ref, 8, &w), 8);
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &r));
	for (i = 1; i < 2000; i++) {
		*(u64 *)hosted_ptr(w.addr) = i;
		CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, DIOS_BUF_NEXT, ref, 8, &w), 8);
		CHECK_EQ(*(u64 *)hosted_ptr(r.addr), i - 1);
		CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, ref, 8, &r), 8);
	}
	/* The last one is consumed although nothing follows, and the buffer stays. */
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, 8, &r), -DIOS_EAGAIN);
	CHECK_EQ(r.len, 0);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, 0, &r), -DIOS_EAGAIN);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 3, &w), 3);
	CHECK_EQ(w.len, 0);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, 0, &r), 0);
	CHECK_EQ(r.len, 3);
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &r));
	/* Released without a commit, it is there again. */
	r = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &r));
	CHECK_EQ(r.len, 3);
	quit(t);
}

/* A commit that could not be told is none: neither a record comes of it, nor does one go. */
TEST(nothing_is_taken_that_cannot_be_told)
{
	struct dios_task *t = pure();
	u64 ref = new_fifo(t, 4096);
	struct dios_iov w = {}, r = {};

	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, 8, &w));
	hosted_fail(FAIL_COPY, 2);	/* the first is the iovec, in */
	FAILS(DIOS_EFAULT, t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 8, &w));
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_NONBLOCK, ref, 0, &r));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 8, &w), 8);
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &r));
	hosted_fail(FAIL_COPY, 2);
	FAILS(DIOS_EFAULT, t_buf(t, DIOS_COMMIT_READ, 0, ref, 8, &r));
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &r));
	expect(t, ref, hosted_ptr(r.addr), 8);
	quit(t);
}

TEST(batches)
{
	struct dios_task *t = pure();
	u64 ref = new_fifo(t, 4096);
	struct dios_iov iov = {};
	struct dios_record *rec;
	u8 *p;
	u32 n;

	OK(t_buf(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_BATCH, ref, 0, &iov));
	CHECK_EQ(iov.len, 4096);
	p = hosted_ptr(iov.addr);
	for (n = 0; n < 10; n++) {
		rec = (void *)(p + n * 16);
		*rec = (struct dios_record){ .len = n < 9 ? n % 9 : 8 };
		memset(p + n * 16 + 8, n, 8);
	}
	/* Not whole records. */
	((struct dios_record *)p)->pad = 1;
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 160, &iov));
	((struct dios_record *)p)->pad = 0;
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 159, &iov));
	((struct dios_record *)p)->len = 8;
	((struct dios_record *)(p + 144))->len = 9;
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 160, &iov));
	((struct dios_record *)(p + 144))->len = 0xffffffff;
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 160, &iov));
	for (n = 0; n < 10; n++)
		((struct dios_record *)(p + n * 16))->len = 8;
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 160, &iov), 160);
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, ref, &iov));
	for (n = 0; n < 4; n++) {
		u8 want[8];

		memset(want, n, 8);
		expect(t, ref, want, 8);
	}
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_BATCH, ref, 0, &iov));
	CHECK_EQ(iov.len, 96);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, ref, 32, &iov), 32);
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_BATCH, ref, 0, &iov));
	CHECK_EQ(iov.len, 64);
	quit(t);
}

/* A head that the writer changed behind its commit harms nobody but the reader's records. */
TEST(a_head_is_cut_to_what_is_there)
{
	struct dios_task *t = pure();
	u64 ref = new_fifo(t, 4096);
	struct dios_iov w = {}, r = {};

	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, 8, &w));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 8, &w), 8);
	((struct dios_record *)hosted_ptr(w.addr - 8))->len = 0xfffffff0;
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &r));
	CHECK_EQ(r.len, 8);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, ref, 8, &r), 8);
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, 0, &r));
	quit(t);
}

TEST(ends_of_a_stream)
{
	struct dios_task *t = pure();
	u64 ref = new_fifo(t, 4096), reader, writer;
	struct dios_iov iov = {}, w = {};

	OK(t_copy_one(t, ref, DIOS_R_READ, DIOS_REF_SELF, &reader));
	OK(t_copy_one(t, ref, DIOS_R_WRITE, DIOS_REF_SELF, &writer));
	OK(t_delete(t, ref));
	put(t, writer, "last", 4);
	CHECK_EQ(t_select_one(t, writer, DIOS_R_WRITE, 0), 0);
	OK(t_delete(t, writer));
	CHECK_EQ(t_select_one(t, reader, DIOS_R_READ, 0), 0);
	expect(t, reader, "last", 4);
	CHECK_EQ(t_select_one(t, reader, DIOS_R_READ, 0), 0);
	FAILS(DIOS_EPIPE, t_buf(t, DIOS_ACQUIRE_READ, 0, reader, 0, &iov));
	OK(t_delete(t, reader));

	ref = new_fifo(t, 4096);
	OK(t_copy_one(t, ref, DIOS_R_WRITE, DIOS_REF_SELF, &writer));
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, writer, 8, &w));
	OK(t_delete(t, ref));
	CHECK_EQ(t_select_one(t, writer, DIOS_R_WRITE, 0), 0);
	FAILS(DIOS_EPIPE, t_buf(t, DIOS_COMMIT_WRITE, 0, writer, 8, &w));
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, writer, &w));
	FAILS(DIOS_EPIPE, t_buf(t, DIOS_ACQUIRE_WRITE, 0, writer, 8, &iov));
	quit(t);
}

TEST(a_turn_is_given_back_by_death)
{
	struct dios_task *a = pure(), *b = pure();
	struct dios_iov iov = {}, other = {};
	u64 ref = new_fifo(a, 4096), theirs = give(a, ref, DIOS_R_READ | DIOS_R_WRITE, b);

	OK(t_buf(b, DIOS_ACQUIRE_WRITE, 0, theirs, 8, &other));
	FAILS(DIOS_EAGAIN, t_buf(a, DIOS_ACQUIRE_WRITE, DIOS_BUF_NONBLOCK, ref, 8, &iov));
	quit(b);
	OK(t_buf(a, DIOS_ACQUIRE_WRITE, DIOS_BUF_NONBLOCK, ref, 8, &iov));
	quit(a);
}

struct end {
	pthread_t thread;
	struct dios_task *t;
	u64 ref;
};

#define MESSAGES	20000

static void *sends(void *arg)
{
	struct end *e = arg;
	struct dios_iov iov = {};
	u64 i;
	s64 err;

	OK(t_buf(e->t, DIOS_ACQUIRE_WRITE, 0, e->ref, 8, &iov));
	for (i = 0; i < MESSAGES; i++) {
		memcpy(hosted_ptr(iov.addr), &i, 8);
		err = t_buf(e->t, DIOS_COMMIT_WRITE, DIOS_BUF_NEXT, e->ref, 8, &iov);
		CHECK(err == 8);
	}
	quit(e->t);
	return NULL;
}

static void *receives(void *arg)
{
	struct end *e = arg;
	struct dios_iov iov = {};
	u64 i, got;
	s64 err;

	OK(t_buf(e->t, DIOS_ACQUIRE_READ, 0, e->ref, 0, &iov));
	for (i = 0; i < MESSAGES; i++) {
		memcpy(&got, hosted_ptr(iov.addr), 8);
		CHECK(got == i);
		err = t_buf(e->t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, e->ref, 8, &iov);
		CHECK(err == (i < MESSAGES - 1 ? 8 : -DIOS_EPIPE));
	}
	quit(e->t);
	return NULL;
}

TEST(two_tasks_at_once)
{
	struct dios_task *t = pure();
	struct end w = { .t = pure() }, r = { .t = pure() };
	u64 ref = new_fifo(t, 4096);

	w.ref = give(t, ref, DIOS_R_WRITE, w.t);
	r.ref = give(t, ref, DIOS_R_READ, r.t);
	OK(t_delete(t, ref));
	CHECK(!pthread_create(&r.thread, NULL, receives, &r));
	CHECK(!pthread_create(&w.thread, NULL, sends, &w));
	CHECK(!pthread_join(w.thread, NULL));
	CHECK(!pthread_join(r.thread, NULL));
	quit(t);
}

TEST(shared_memory_is_shared)
{
	struct dios_task *a = pure(), *b = pure();
	u64 ra = new_shmem(a, 8192), rb = give(a, ra, DIOS_R_READ, b);
	struct dios_iov w = {}, r = {};

	OK(t_buf(a, DIOS_ACQUIRE_WRITE, 0, ra, 0, &w));
	OK(t_buf(b, DIOS_ACQUIRE_READ, 0, rb, 0, &r));
	CHECK_EQ(w.len, 8192);
	CHECK(hosted_writable(a, w.addr) && !hosted_writable(b, r.addr));
	/* Being written, then written, then the same again. */
	FAILS(DIOS_ESTALE, t_buf(b, DIOS_COMMIT_READ, 0, rb, 1, &r));
	memcpy(hosted_ptr(w.addr + 5000), "hello", 5);
	CHECK(!memcmp(hosted_ptr(r.addr + 5000), "hello", 5));
	CHECK_EQ(t_buf(a, DIOS_COMMIT_WRITE, 0, ra, 8192, &w), 8192);
	FAILS(DIOS_ESTALE, t_buf(b, DIOS_COMMIT_READ, 0, rb, 1, &r));
	CHECK_EQ(t_buf(b, DIOS_COMMIT_READ, 0, rb, 1, &r), 1);
	CHECK_EQ(t_buf(a, DIOS_COMMIT_WRITE, DIOS_BUF_NEXT, ra, 0, &w), 0);
	FAILS(DIOS_ESTALE, t_buf(b, DIOS_COMMIT_READ, 0, rb, 1, &r));
	OK(t_release(a, DIOS_RELEASE_WRITE, 0, ra, &w));
	FAILS(DIOS_ESTALE, t_buf(b, DIOS_COMMIT_READ, 0, rb, 1, &r));
	CHECK_EQ(t_buf(b, DIOS_COMMIT_READ, 0, rb, 1, &r), 1);
	/* It is there as long as somebody has it. */
	quit(a);
	CHECK(!memcmp(hosted_ptr(r.addr + 5000), "hello", 5));
	quit(b);
}

TEST(moved_and_borrowed)
{
	struct dios_task *t = limbo();
	struct dios_iov iov = {}, same, r = {};
	u64 con, fifo = new_fifo(t, 4096), shm = new_shmem(t, 4096);
	u32 fd = console();

	OK(t_console(t, fd, &con));
	/* Random bytes to a console, without a copy. */
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, t->start.random, 100, &iov));
	same = iov;
	OK(t_take(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_BORROW, con, 0, &same, t->start.random));
	CHECK(same.addr == iov.addr && same.len == 100);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, con, 100, &same), 100);
	CHECK(!memcmp(hosted_file(fd)->out, hosted_ptr(iov.addr), 100));
	OK(t_release(t, DIOS_RELEASE_READ, 0, t->start.random, &iov));
	CHECK(hosted_readable(t, iov.addr));
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, con, &same));
	CHECK(!hosted_readable(t, iov.addr));
	/* Moved, it is the console's alone. */
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, t->start.random, 100, &iov));
	FAILS(DIOS_EBADBUF, t_take(t, DIOS_ACQUIRE_READ, DIOS_BUF_MOVE, t->start.random, 0, &iov, t->start.random));
	OK(t_take(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_MOVE, con, 0, &iov, t->start.random));
	FAILS(DIOS_EBADBUF, t_release(t, DIOS_RELEASE_READ, 0, t->start.random, &iov));
	/* A buffer made to be written can be filled. */
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, con, 64, &iov));
	same = iov;
	FAILS(DIOS_EINVAL, t_take(t, DIOS_ACQUIRE_READ, DIOS_BUF_BORROW, t->start.random, 65, &same, con));
	OK(t_take(t, DIOS_ACQUIRE_READ, DIOS_BUF_BORROW, t->start.random, 50, &same, con));
	CHECK(same.len == 50 && *(u64 *)hosted_ptr(iov.addr));
	/* A record goes to a console as it lies in the ring, and outlives the reference. */
	put(t, fifo, "record", 6);
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, fifo, 0, &r));
	same = r;
	FAILS(DIOS_ENOTSUP, t_take(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_MOVE, con, 0, &same, fifo));
	OK(t_take(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_BORROW, con, 0, &same, fifo));
	OK(t_delete(t, fifo));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, con, 6, &same), 6);
	CHECK(!memcmp(hosted_file(fd)->out + 100, "record", 6));
	/* What the kernel does not see. */
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, shm, 0, &iov));
	FAILS(DIOS_ENOTSUP, t_take(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_BORROW, con, 0, &iov, shm));
	quit(t);
}
