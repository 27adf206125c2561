// SPDX-License-Identifier: GPL-2.0
/* test_buf.c - lent memory: what it shows, whose it is, and that it comes back. */
#include "test.h"

static struct dios_iov acquire(struct dios_task *t, u32 nr, u64 ref, u64 len)
{
	struct dios_iov iov = {};

	OK(t_buf(t, nr, 0, ref, len, &iov));
	return iov;
}

TEST(random_bytes_and_more_of_them)
{
	struct dios_task *t = pure();
	struct dios_iov iov = acquire(t, DIOS_ACQUIRE_READ, t->start.random, 0);
	u8 first[4096], zero[4096] = {};

	CHECK_EQ(iov.len, 4096);
	CHECK(hosted_readable(t, iov.addr) && !hosted_writable(t, iov.addr));
	memcpy(first, hosted_ptr(iov.addr), sizeof(first));
	CHECK(memcmp(first, zero, sizeof(first)));
	/* It stays what it is until more is asked for. */
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, t->start.random, 100, &iov), 100);
	CHECK(!memcmp(first, hosted_ptr(iov.addr), sizeof(first)));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, t->start.random, 4096, &iov), 4096);
	CHECK(memcmp(first, hosted_ptr(iov.addr), sizeof(first)));
	quit(t);
}

/* What lies behind the bytes that were asked for is nobody's old memory. */
TEST(the_rest_of_a_lent_page_is_zero)
{
	struct dios_task *t = pure();
	struct dios_iov iov = acquire(t, DIOS_ACQUIRE_READ, t->start.random, 5);
	u8 *p = hosted_ptr(iov.addr);
	u32 i;

	CHECK_EQ(iov.len, 5);
	for (i = 5; i < DIOS_PAGE_SIZE; i++)
		CHECK_EQ(p[i], 0);
	CHECK(!hosted_readable(t, iov.addr + DIOS_PAGE_SIZE));
	quit(t);
}

TEST(sizes)
{
	static const u64 sizes[] = { 1, 4095, 4096, 4097, 65536, DIOS_MAX_KBUF - 1, DIOS_MAX_KBUF };
	struct dios_task *t = pure();
	struct dios_iov iov;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		iov = acquire(t, DIOS_ACQUIRE_READ, t->start.random, sizes[i]);
		CHECK_EQ(iov.len, sizes[i]);
		CHECK(hosted_readable(t, iov.addr + iov.len - 1));
		CHECK_EQ(stat_get(STAT_LENT), ALIGN(sizes[i], DIOS_PAGE_SIZE));
		CHECK_EQ(t->lent, ALIGN(sizes[i], DIOS_PAGE_SIZE));
		OK(t_release(t, DIOS_RELEASE_READ, 0, t->start.random, &iov));
		CHECK(!hosted_readable(t, iov.addr));
		CHECK_EQ(t->lent, 0);
	}
	quit(t);
}

TEST(several_buffers_of_one_reference)
{
	enum { N = 20 };
	struct dios_task *t = pure();
	struct dios_iov iov[N], bad;
	u32 i, k;

	for (i = 0; i < N; i++)
		iov[i] = acquire(t, DIOS_ACQUIRE_READ, t->start.random, 1 + i);
	CHECK_EQ(stat_get(STAT_BUFS), N);
	for (i = 0; i < N; i++)
		for (k = 0; k < i; k++)
			CHECK(iov[i].addr != iov[k].addr);
	for (i = 0; i < N; i += 2) {
		OK(t_release(t, DIOS_RELEASE_READ, 0, t->start.random, &iov[i]));
		FAILS(DIOS_EBADBUF, t_release(t, DIOS_RELEASE_READ, 0, t->start.random, &iov[i]));
	}
	for (i = 1; i < N; i += 2) {
		bad = (struct dios_iov){ iov[i].addr, 0 };
		FAILS(DIOS_EBADBUF, t_release(t, DIOS_RELEASE_READ, 0, t->start.random, &bad));
		CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, t->start.random, iov[i].len, &iov[i]), iov[i].len);
	}
	CHECK_EQ(stat_get(STAT_BUFS), N / 2);
	quit(t);
	CHECK_EQ(stat_get(STAT_BUFS), 0);
	CHECK_EQ(stat_get(STAT_LENT), 0);
}

TEST(buffers_go_with_their_reference)
{
	struct dios_task *t = pure();
	struct dios_iov a, b;
	u64 ref;

	OK(t_random(t, &ref));
	a = acquire(t, DIOS_ACQUIRE_READ, ref, 10000);
	b = acquire(t, DIOS_ACQUIRE_READ, t->start.random, 1);
	OK(t_delete(t, ref));
	CHECK(!hosted_readable(t, a.addr) && hosted_readable(t, b.addr));
	CHECK_EQ(t->lent, DIOS_PAGE_SIZE);
	quit(t);
}

TEST(no_more_lent_bytes_than_the_quota)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {}, more = {};

	dios_quota_lent = 3 * DIOS_PAGE_SIZE;
	FAILS(DIOS_EQUOTA, t_buf(t, DIOS_ACQUIRE_READ, 0, t->start.random, 3 * DIOS_PAGE_SIZE + 1, &iov));
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, t->start.random, 2 * DIOS_PAGE_SIZE, &iov));
	FAILS(DIOS_EQUOTA, t_buf(t, DIOS_ACQUIRE_READ, 0, t->start.random, DIOS_PAGE_SIZE + 1, &more));
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, t->start.random, 1, &more));
	more.addr = 0;
	FAILS(DIOS_EQUOTA, t_buf(t, DIOS_ACQUIRE_READ, 0, DIOS_REF_SELF, 0, &more));
	OK(t_release(t, DIOS_RELEASE_READ, 0, t->start.random, &iov));
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, DIOS_REF_SELF, 0, &more));
	quit(t);
}

TEST(hints_and_fixed_places)
{
	struct dios_task *t = pure();
	u64 free = HOSTED_USER + (32 << 20);
	struct dios_iov iov = { .addr = free }, again = { .addr = free };

	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, t->start.random, 8192, &iov));
	CHECK_EQ(iov.addr, free);
	/* A hint that is taken is no error; a wish is. */
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, t->start.random, 8192, &again));
	CHECK(again.addr != free);
	again.addr = free + 4096;
	FAILS(DIOS_EBUSY, t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_FIXED, t->start.random, 1, &again));
	again.addr = free + 8192;
	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_FIXED, t->start.random, 1, &again));
	CHECK_EQ(again.addr, free + 8192);
	quit(t);
}

/* Private memory. */

TEST(private_memory_is_mapped_once)
{
	struct dios_task *t = pure();
	struct dios_iov iov, again = {};
	u64 mem, i;
	u8 *p;

	OK(t_privmem(t, 1 << 20, &mem));
	iov = acquire(t, DIOS_ACQUIRE_WRITE, mem, 1 << 20);
	CHECK_EQ(iov.len, 1 << 20);
	CHECK_EQ(t->memory, 1 << 20);
	CHECK_EQ(stat_get(STAT_LENT), 0);
	FAILS(DIOS_EBUSY, t_buf(t, DIOS_ACQUIRE_WRITE, 0, mem, 0, &again));
	p = hosted_ptr(iov.addr);
	for (i = 0; i < iov.len; i += 4096)
		CHECK_EQ(p[i], 0);
	memset(p, 1, iov.len);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, mem, iov.len, &iov), iov.len);
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, mem, &iov));
	CHECK(!hosted_readable(t, iov.addr));
	CHECK_EQ(t->memory, 0);
	iov = acquire(t, DIOS_ACQUIRE_WRITE, mem, 0);
	CHECK_EQ(*(u8 *)hosted_ptr(iov.addr), 0);
	OK(t_delete(t, mem));
	CHECK(!hosted_readable(t, iov.addr));
	quit(t);
}

TEST(discarded_pages_read_zero_and_stay)
{
	struct dios_task *t = pure();
	struct dios_iov iov, part;
	u64 mem;
	u8 *p;

	OK(t_privmem(t, 4 * DIOS_PAGE_SIZE, &mem));
	iov = acquire(t, DIOS_ACQUIRE_WRITE, mem, 0);
	p = hosted_ptr(iov.addr);
	memset(p, 1, iov.len);
#define DISCARD(at, n)	(part = (struct dios_iov){ iov.addr + (at), n },		\
			 t_release(t, DIOS_RELEASE_WRITE, DIOS_BUF_DISCARD, mem, &part))
	FAILS(DIOS_EINVAL, DISCARD(0, 0));
	FAILS(DIOS_EINVAL, DISCARD(1, 4096));
	FAILS(DIOS_EINVAL, DISCARD(0, 4095));
	FAILS(DIOS_EBADBUF, DISCARD(0, 5 * 4096));
	FAILS(DIOS_EBADBUF, DISCARD(4096, 4 * 4096));
	FAILS(DIOS_EBADBUF, DISCARD(-4096, 4096));
	FAILS(DIOS_EBADBUF, DISCARD(4096, -4096ull));
	CHECK_EQ(p[0] + p[4096], 2);
	OK(DISCARD(4096, 8192));
	CHECK(p[4095] == 1 && p[4096] == 0 && p[12287] == 0 && p[12288] == 1);
	OK(DISCARD(0, 4 * 4096));
	CHECK(!p[0] && !p[12288]);
	p[5000] = 9;
	/* Without the flag, only the whole goes. */
	part = (struct dios_iov){ iov.addr, 4096 };
	FAILS(DIOS_EBADBUF, t_release(t, DIOS_RELEASE_WRITE, 0, mem, &part));
	FAILS(DIOS_EBADBUF, t_release(t, DIOS_RELEASE_WRITE, DIOS_BUF_COMMIT, mem, &part));
	OK(t_release(t, DIOS_RELEASE_WRITE, DIOS_BUF_COMMIT, mem, &iov));
	quit(t);
}

TEST(sparse_until_it_is_discarded)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {}, part;
	u64 mem;

	OK(t_privmem(t, 4 * DIOS_PAGE_SIZE, &mem));
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_SPARSE, mem, 0, &iov));
	CHECK(hosted_sparse(iov.addr) && hosted_sparse(iov.addr + iov.len - 1));
	part = (struct dios_iov){ iov.addr + 4096, 8192 };
	OK(t_release(t, DIOS_RELEASE_WRITE, DIOS_BUF_DISCARD, mem, &part));
	CHECK(hosted_sparse(iov.addr) && !hosted_sparse(iov.addr + 4096));
	CHECK(!hosted_sparse(iov.addr + 8192) && hosted_sparse(iov.addr + 12288));
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, mem, &iov));
	iov = acquire(t, DIOS_ACQUIRE_WRITE, mem, 0);
	CHECK(!hosted_sparse(iov.addr));
	/* Nothing else is. */
	part = (struct dios_iov){};
	FAILS(DIOS_ENOTSUP, t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_SPARSE, t->start.random, 8, &part));
	quit(t);
}

TEST(no_more_private_memory_than_the_quota)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {}, none = {};
	u64 a, b, big;

	OK(t_privmem(t, 2 * DIOS_PAGE_SIZE, &a));
	OK(t_privmem(t, 2 * DIOS_PAGE_SIZE, &b));
	OK(t_privmem(t, S64_MAX & ~4095ull, &big));
	dios_quota_memory = 3 * DIOS_PAGE_SIZE;
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, a, 0, &iov));
	FAILS(DIOS_EQUOTA, t_buf(t, DIOS_ACQUIRE_WRITE, 0, b, 0, &none));
	FAILS(DIOS_EQUOTA, t_buf(t, DIOS_ACQUIRE_WRITE, 0, big, 0, &none));
	/* The quota was lowered below what is in use. */
	dios_quota_memory = DIOS_PAGE_SIZE;
	FAILS(DIOS_EQUOTA, t_buf(t, DIOS_ACQUIRE_WRITE, 0, b, 0, &none));
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, a, &iov));
	dios_quota_memory = 2 * DIOS_PAGE_SIZE;
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, b, 0, &none));
	/* Without one it is the host who refuses. */
	dios_quota_memory = 0;
	none.addr = 0;
	FAILS(DIOS_ENOMEM, t_buf(t, DIOS_ACQUIRE_WRITE, 0, big, 0, &none));
	quit(t);
}

TEST(dead_memory_is_still_there)
{
	struct dios_task *t = pure();
	struct dios_iov iov;
	u64 mem;

	OK(t_privmem(t, DIOS_PAGE_SIZE, &mem));
	iov = acquire(t, DIOS_ACQUIRE_WRITE, mem, 0);
	OK(t_zombify(t, mem));
	CHECK_EQ(stat_get(STAT_ZOMBIES), 1);
	OK(t_zombify(t, mem));
	CHECK_EQ(stat_get(STAT_ZOMBIES), 1);
	*(u8 *)hosted_ptr(iov.addr) = 1;
	FAILS(DIOS_EZOMBIE, t_buf(t, DIOS_COMMIT_WRITE, 0, mem, 1, &iov));
	/* COMMIT fails, and the buffer is given back all the same. */
	CHECK_EQ(t_release(t, DIOS_RELEASE_WRITE, DIOS_BUF_COMMIT, mem, &iov), -DIOS_EZOMBIE);
	CHECK(!hosted_readable(t, iov.addr));
	CHECK_EQ(stat_get(STAT_BUFS), 0);
	quit(t);
}

/* Consoles. */

TEST(text_goes_to_the_console)
{
	struct dios_task *t = limbo();
	u32 fd = console();
	struct hosted_file *f = hosted_file(fd);
	struct dios_iov iov, part;
	u64 con;
	char *p;

	OK(t_console(t, fd, &con));
	iov = acquire(t, DIOS_ACQUIRE_WRITE, con, 0);
	CHECK_EQ(iov.len, 4096);
	p = hosted_ptr(iov.addr);
	strcpy(p, "hello, world\n");
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, con, 13, &iov), 13);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, con, 0, &iov), 0);
	CHECK(f->len == 13 && !memcmp(f->out, "hello, world\n", 13));
	/* A part of the buffer. */
	part = (struct dios_iov){ iov.addr + 7, 6 };
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, con, 5, &part), 5);
	CHECK(f->len == 18 && !memcmp(f->out + 13, "world", 5));
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, con, 7, &part));
	part = (struct dios_iov){ iov.addr + 4096, 0 };
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, con, 0, &part), 0);
	/* The host takes less. */
	f->most = 3;
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, con, 13, &iov), 3);
	f->write_err = -DIOS_EPIPE;
	FAILS(DIOS_EPIPE, t_buf(t, DIOS_COMMIT_WRITE, 0, con, 13, &iov));
	/* COMMIT of release writes the whole buffer, and gives it back when that fails. */
	CHECK_EQ(t_release(t, DIOS_RELEASE_WRITE, DIOS_BUF_COMMIT, con, &iov), -DIOS_EPIPE);
	CHECK_EQ(stat_get(STAT_BUFS), 0);
	f->write_err = f->most = f->len = 0;
	iov = acquire(t, DIOS_ACQUIRE_WRITE, con, 3);
	memcpy(hosted_ptr(iov.addr), "abc", 3);
	OK(t_release(t, DIOS_RELEASE_WRITE, DIOS_BUF_COMMIT, con, &iov));
	CHECK(f->len == 3 && !memcmp(f->out, "abc", 3));
	quit(t);
}

/* The start page. */

TEST(the_start_page_is_a_copy)
{
	struct dios_task *t = pure();
	struct dios_iov iov = acquire(t, DIOS_ACQUIRE_READ, DIOS_REF_SELF, 0);
	struct dios_start st;

	CHECK_EQ(iov.len, sizeof(st));
	memcpy(&st, hosted_ptr(iov.addr), sizeof(st));
	CHECK_EQ(st.magic, DIOS_START_MAGIC);
	CHECK_EQ(st.abi, DIOS_ABI_VERSION);
	CHECK_EQ(st.brand, DIOS_BRAND_PURE);
	CHECK_EQ(st.self, DIOS_REF_SELF);
	CHECK_EQ(st.node, 1);
	CHECK(!st.exe && !st.in && !st.out && !st.err && st.random && !st.nrefs);
	CHECK(!hosted_writable(t, iov.addr));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, DIOS_REF_SELF, iov.len, &iov), iov.len);
	OK(t_release(t, DIOS_RELEASE_READ, 0, DIOS_REF_SELF, &iov));
	quit(t);
}
