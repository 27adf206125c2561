// SPDX-License-Identifier: GPL-2.0
/*
 * test_blob.c - blobs: what readers and writers see, what the store keeps, and what is
 * left of it after a crash at any step of any operation.
 */
#include <stdio.h>
#include "test.h"

#define K	DIOS_PAGE_SIZE
#define READ	DIOS_ACQUIRE_READ
#define WRITE	DIOS_ACQUIRE_WRITE

static const u8 the_name[DIOS_NAME_SIZE] = "the blob";

static s64 t_blob(struct dios_task *t, u64 size, u64 flags, u8 *name, u64 *ref)
{
	struct dios_blob spec = { size };

	return t_create(t, flags, DIOS_T_BLOB, &spec, sizeof(spec), name, ref);
}

/* acquire at an offset. */
static s64 at(struct dios_task *t, u32 nr, u64 ref, u64 off, u64 len, struct dios_iov *iov)
{
	struct dios_iov *u = hosted_map(t, sizeof(*u), true);
	s64 ret;

	*iov = (struct dios_iov){};
	ret = hosted_call6(t, nr, DIOS_BUF_AT, ref, len, hosted_addr(u), 0, off);
	*iov = *u;
	hosted_unmap(t, u);
	return ret;
}

/* Write len bytes of this value at off. */
static s64 put(struct dios_task *t, u64 ref, u64 off, u64 len, u8 value)
{
	struct dios_iov iov;
	s64 ret = at(t, WRITE, ref, off, len, &iov);

	if (ret)
		return ret;
	memset(hosted_ptr(iov.addr), value, len);
	ret = t_buf(t, DIOS_COMMIT_WRITE, 0, ref, len, &iov);
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, ref, &iov));
	return ret == (s64)len ? 0 : ret;
}

static struct dios_blob_info info(struct dios_task *t, u64 ref)
{
	struct dios_iov iov = {};
	struct dios_blob_info in;

	OK(t_buf(t, READ, DIOS_BUF_INFO, ref, 0, &iov));
	memcpy(&in, hosted_ptr(iov.addr), sizeof(in));
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
	return in;
}

static s64 set_size(struct dios_task *t, u64 ref, u64 size)
{
	struct dios_iov iov = {};
	s64 ret = t_buf(t, WRITE, DIOS_BUF_INFO, ref, 0, &iov);

	if (ret)
		return ret;
	((struct dios_blob_info *)hosted_ptr(iov.addr))->size = size;
	ret = t_buf(t, DIOS_COMMIT_WRITE, 0, ref, sizeof(struct dios_blob_info), &iov);
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, ref, &iov));
	return ret == sizeof(struct dios_blob_info) ? 0 : ret;
}

/* Is it n bytes of this value from off on? */
static bool is_all(struct dios_task *t, u64 ref, u64 off, u64 n, u8 value)
{
	struct dios_iov iov;
	bool same = true;
	u8 *p;
	u64 i;

	OK(at(t, READ, ref, off / K * K, n + off % K, &iov));
	CHECK_EQ(iov.len, n + off % K);
	p = hosted_ptr(iov.addr);
	for (i = 0; i < n; i++)
		same &= p[off % K + i] == value;
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
	return same;
}

static void add_charged(struct dios_user *u, void *sum)
{
	*(s64 *)sum += atomic64_read(&u->used[USE_STORE]);
}

/* Bytes of the store that users are charged for. */
static s64 charged(void)
{
	s64 sum = 0;

	user_list(add_charged, &sum);
	return sum;
}

static s64 find(struct dios_task *t, const u8 *name, u64 *ref)
{
	return t_lookup(t, DIOS_LOOKUP_PUBLIC, name, ref);
}

static s64 make_public(struct dios_task *t, u64 size, u64 *ref)
{
	u8 name[DIOS_NAME_SIZE];

	memcpy(name, the_name, sizeof(name));
	return t_blob(t, size, DIOS_CREATE_PUBLIC, name, ref);
}

TEST(without_a_store_there_are_no_blobs)
{
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE] = {};
	u64 ref;

	FAILS(DIOS_ENOTSUP, t_blob(t, 0, 0, NULL, &ref));
	FAILS(DIOS_ENOTSUP, t_blob(t, 1, 0, name, &ref));
	FAILS(DIOS_ENOENT, find(t, the_name, &ref));
	quit(t);
}

TEST(sizes_of_blobs)
{
	static const u64 sizes[] = { 0, 1, K - 1, K, K + 1, 5 << 20, 1ull << 32, DIOS_MAX_BLOB };
	struct dios_task *t = pure();
	struct dios_iov iov;
	u64 ref, i;

	hosted_store(true);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 size = sizes[i];

		OK(t_blob(t, size, 0, NULL, &ref));
		CHECK_EQ(info(t, ref).size, size);
		CHECK_EQ(info(t, ref).version, 0);
		CHECK(info(t, ref).modified);
		CHECK_EQ(hosted_store_room(), ALIGN(size, K) / K);
		FAILS(DIOS_EEND, at(t, READ, ref, ALIGN(size, K), 1, &iov));
		FAILS(DIOS_EEND, at(t, READ, ref, ALIGN(size, K), 0, &iov));
		FAILS(DIOS_EEND, at(t, READ, ref, -4096ull, 0, &iov));
		FAILS(DIOS_EEND, at(t, WRITE, ref, DIOS_MAX_BLOB, 1, &iov));
		FAILS(DIOS_EEND, at(t, WRITE, ref, DIOS_MAX_BLOB - 1, 2, &iov));
		FAILS(DIOS_EEND, at(t, WRITE, ref, ~0ull, 2, &iov));
		FAILS(DIOS_EEND, at(t, WRITE, ref, size, 0, &iov));
		FAILS(DIOS_EINVAL, at(t, WRITE, ref, 0, DIOS_MAX_KBUF + 1, &iov));
		FAILS(DIOS_EINVAL, set_size(t, ref, DIOS_MAX_BLOB + 1));
		if (size) {
			u64 last = (size - 1) / K * K;

			OK(at(t, READ, ref, last, 0, &iov));
			CHECK_EQ(iov.len, size - last);
			CHECK(!hosted_writable(t, iov.addr));
			CHECK_EQ(*(u8 *)hosted_ptr(iov.addr), 0);
			OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
			OK(at(t, READ, ref, last, ~0ull, &iov));
			CHECK_EQ(iov.len, size - last);
			/* What is mapped costs no kernel memory. */
			CHECK_EQ(stat_get(STAT_LENT), 0);
			OK(put(t, ref, size - 1, 1, 7));
			CHECK_EQ(((u8 *)hosted_ptr(iov.addr))[iov.len - 1], 7);
			CHECK_EQ(info(t, ref).size, size);
		}
		OK(t_delete(t, ref));
		CHECK_EQ(hosted_store_files(), 0);
	}
	FAILS(DIOS_EINVAL, t_blob(t, DIOS_MAX_BLOB + 1, 0, NULL, &ref));
	FAILS(DIOS_EINVAL, t_blob(t, ~0ull, 0, NULL, &ref));
	quit(t);
}

TEST(reading_begins_at_a_page)
{
	struct dios_task *t = pure();
	struct dios_iov iov;
	u64 ref, off;

	hosted_store(true);
	OK(t_blob(t, 2 * K, 0, NULL, &ref));
	for (off = 1; off < K; off += 511)
		FAILS(DIOS_EINVAL, at(t, READ, ref, off, 1, &iov));
	OK(at(t, READ, ref, K, 1, &iov));
	/* But for who brings his own memory. */
	OK(put(t, ref, 5, 3, 9));
	OK(t_buf(t, WRITE, 0, ref, 8, &iov));
	quit(t);
}

TEST(a_window_has_the_bytes_that_are_there)
{
	struct dios_task *t = pure();
	struct dios_iov iov, part;
	u64 ref;
	u8 *p;

	hosted_store(true);
	OK(t_blob(t, 100, 0, NULL, &ref));
	OK(put(t, ref, 10, 20, 1));
	OK(at(t, WRITE, ref, 5, 200, &iov));
	p = hosted_ptr(iov.addr);
	CHECK(!p[4] && p[5] == 1 && p[24] == 1 && !p[25] && !p[199]);
	/* Nobody sees it until it is committed, and then only the part that was. */
	memset(p, 2, 200);
	CHECK(is_all(t, ref, 10, 20, 1));
	part = (struct dios_iov){ iov.addr + 10, 50 };
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 3, &part), 3);
	CHECK(is_all(t, ref, 10, 5, 1) && is_all(t, ref, 15, 3, 2) && is_all(t, ref, 18, 12, 1));
	CHECK_EQ(info(t, ref).size, 100);
	CHECK_EQ(info(t, ref).version, 2);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 0, &iov), 0);
	CHECK_EQ(info(t, ref).version, 2);
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 201, &iov));
	FAILS(DIOS_ENOTSUP, t_buf(t, DIOS_COMMIT_WRITE, DIOS_BUF_NEXT, ref, 1, &iov));
	FAILS(DIOS_ENOTSUP, t_buf(t, DIOS_COMMIT_WRITE, DIOS_BUF_END, ref, 1, &iov));
	/* The whole makes it longer. */
	OK(t_release(t, DIOS_RELEASE_WRITE, DIOS_BUF_COMMIT, ref, &iov));
	CHECK_EQ(info(t, ref).size, 205);
	CHECK(is_all(t, ref, 5, 200, 2) && is_all(t, ref, 0, 5, 0));
	/* Far behind the end: zeros in between, with room for them. */
	OK(put(t, ref, 3 * K + 1, 1, 3));
	CHECK_EQ(info(t, ref).size, 3 * K + 2);
	CHECK(is_all(t, ref, 205, 3 * K + 1 - 205, 0) && is_all(t, ref, 3 * K + 1, 1, 3));
	CHECK_EQ(hosted_store_room(), 4);
	quit(t);
}

TEST(a_reader_is_told_that_somebody_wrote)
{
	struct dios_task *t = pure(), *w = pure();
	struct dios_iov iov, copy, own = {};
	u64 ref, theirs, other;

	hosted_store(true);
	OK(make_public(t, K, &ref));
	OK(find(w, the_name, &theirs));
	OK(t_blob(t, K, 0, NULL, &other));
	OK(at(t, READ, ref, 0, 0, &iov));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, ref, 1, &iov), 1);
	OK(put(w, theirs, 0, 10, 1));
	FAILS(DIOS_ESTALE, t_buf(t, DIOS_COMMIT_READ, 0, ref, 1, &iov));
	CHECK_EQ(*(u8 *)hosted_ptr(iov.addr), 1);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, ref, 1, &iov), 1);
	OK(set_size(w, theirs, K));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, ref, K, &iov), K);
	OK(set_size(w, theirs, K / 2));
	FAILS(DIOS_ESTALE, t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, ref, K, &iov));
	/* Into a buffer of one's own it is copied, at any place, and again with NEXT. */
	OK(put(w, theirs, 100, 50, 5));
	OK(at(t, WRITE, other, 0, 64, &own));
	copy = own;
	{
		struct dios_iov *u = hosted_map(t, sizeof(*u), true);

		*u = own;
		OK(hosted_call6(t, READ, DIOS_BUF_AT | DIOS_BUF_BORROW, ref, 0, hosted_addr(u), other, 99));
		copy = *u;
		hosted_unmap(t, u);
	}
	CHECK_EQ(copy.addr, own.addr);
	CHECK_EQ(copy.len, 64);
	CHECK(((u8 *)hosted_ptr(copy.addr))[0] == 0 && ((u8 *)hosted_ptr(copy.addr))[1] == 5);
	OK(put(w, theirs, 100, 1, 6));
	FAILS(DIOS_ESTALE, t_buf(t, DIOS_COMMIT_READ, 0, ref, 64, &copy));
	CHECK_EQ(((u8 *)hosted_ptr(copy.addr))[1], 6);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, ref, 64, &copy), 64);
	/* And from there to the other blob, as it lies. */
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, other, 64, &own), 64);
	CHECK(is_all(t, other, 1, 1, 6) && is_all(t, other, 2, 49, 5));
	/* What is mapped is the store's own memory. */
	FAILS(DIOS_ENOTSUP, t_take(t, WRITE, DIOS_BUF_BORROW, other, 0, &iov, ref));
	OK(t_zombify(w, theirs));
	quit(t);
	quit(w);
}

TEST(cut_and_made_longer)
{
	struct dios_task *t = pure();
	struct dios_iov iov;
	u64 ref;
	u8 *p;

	hosted_store(true);
	OK(t_blob(t, 4 * K, 0, NULL, &ref));
	OK(put(t, ref, 0, 4 * K, 1));
	OK(at(t, READ, ref, 0, 0, &iov));
	p = hosted_ptr(iov.addr);
	OK(set_size(t, ref, K + 10));
	CHECK_EQ(hosted_store_room(), 2);
	/* Who has it mapped finds zeros, and no hole. */
	CHECK(p[K + 9] == 1 && !p[K + 10] && !p[4 * K - 1]);
	OK(set_size(t, ref, 4 * K));
	CHECK(is_all(t, ref, 0, K + 10, 1) && is_all(t, ref, K + 10, 3 * K - 10, 0));
	CHECK_EQ(hosted_store_room(), 4);
	OK(set_size(t, ref, 0));
	CHECK_EQ(hosted_store_room(), 0);
	CHECK(!p[0]);
	CHECK_EQ(info(t, ref).version, 4);
	quit(t);
}

TEST(a_named_blob_stays)
{
	struct dios_task *t = pure(), *u;
	u8 random[DIOS_NAME_SIZE] = {};
	u64 ref, again, r[2];

	hosted_store(true);
	OK(make_public(t, 100, &ref));
	OK(put(t, ref, 0, 100, 1));
	FAILS(DIOS_EEXIST, make_public(t, 100, &again));
	OK(t_blob(t, 10, 0, random, &again));
	OK(put(t, again, 5, 1, 2));
	quit(t);
	CHECK_EQ(stat_get(STAT_OBJECTS), 1);	/* the root group */
	CHECK_EQ(hosted_store_files(), 2);
	hosted_reboot();

	t = pure();
	u = pure();
	/* Whoever makes anything of that name now must know of it. */
	FAILS(DIOS_EEXIST, make_public(t, 100, &again));
	{
		u8 name[DIOS_NAME_SIZE];

		memcpy(name, the_name, sizeof(name));
		FAILS(DIOS_EEXIST, t_create(t, DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, NULL, 0, name, &again));
	}
	OK(find(t, the_name, &r[0]));
	OK(find(u, the_name, &r[1]));
	CHECK(ref_find(t, r[0], 0)->obj == ref_find(u, r[1], 0)->obj);
	CHECK_EQ(info(t, r[0]).size, 100);
	CHECK_EQ(info(t, r[0]).version, 1);
	CHECK(is_all(t, r[0], 0, 100, 1));
	/* A name of the other space is another name. */
	FAILS(DIOS_ENOENT, t_lookup(t, 0, the_name, &again));
	FAILS(DIOS_ENOENT, find(t, random, &again));
	OK(t_lookup(t, 0, random, &again));
	CHECK(is_all(t, again, 5, 1, 2));
	/* It dies for all, and is made anew. */
	OK(t_zombify(u, r[1]));
	FAILS(DIOS_ENOENT, find(t, the_name, &again));
	FAILS(DIOS_EZOMBIE, put(t, r[0], 0, 1, 1));
	OK(make_public(t, 1, &again));
	CHECK_EQ(info(t, again).version, 0);
	OK(t_zombify(t, again));
	quit(t);
	quit(u);
	hosted_reboot();
	CHECK_EQ(hosted_store_files(), 1);
}

/* What one's own group, and a reference with fewer rights, make of a name. */
TEST(names_and_rights_of_blobs)
{
	struct dios_task *t = pure();
	struct dios_group spec = { DIOS_R_ALL, 0 };
	u8 name[DIOS_NAME_SIZE] = "name", other[DIOS_NAME_SIZE] = "other";
	struct dios_iov iov;
	u64 ref, less, group, got, *w;

	hosted_store(true);
	OK(t_blob(t, K, 0, NULL, &ref));
	CHECK_EQ(ref_find(t, ref, 0)->rights, DIOS_R_ALL);
	OK(put(t, ref, 0, K, 4));
	OK(put(t, ref, 0, K, 5));
	OK(put(t, ref, 0, K, 6));
	OK(t_copy_one(t, ref, DIOS_R_READ, DIOS_REF_SELF, &less));
	OK(t_create(t, 0, DIOS_T_GROUP, &spec, sizeof(spec), NULL, &group));
	/* Another group is gone when the node is: its names cannot be kept. */
	w = hosted_map(t, 4096, true);
	w[0] = ref;
	memcpy(w + 8, name, sizeof(name));
	FAILS(DIOS_ENOTSUP, hosted_call6(t, DIOS_CREATE, DIOS_CREATE_NAME | DIOS_CREATE_PUBLIC | DIOS_CREATE_GROUP,
					 DIOS_T_BLOB, 0, hosted_addr(w + 8), hosted_addr(w), group));
	w[16] = K;
	FAILS(DIOS_ENOTSUP, hosted_call6(t, DIOS_CREATE, DIOS_CREATE_PUBLIC | DIOS_CREATE_GROUP,
					 DIOS_T_BLOB, hosted_addr(w + 16), hosted_addr(w + 8), hosted_addr(w), group));
	w[0] = less;
	OK(hosted_call(t, DIOS_CREATE, DIOS_CREATE_NAME | DIOS_CREATE_PUBLIC, DIOS_T_BLOB, 0,
		       hosted_addr(w + 8), hosted_addr(w)));
	memcpy(w + 8, other, sizeof(other));
	FAILS(DIOS_EBUSY, hosted_call(t, DIOS_CREATE, DIOS_CREATE_NAME | DIOS_CREATE_PUBLIC, DIOS_T_BLOB, 0,
				      hosted_addr(w + 8), hosted_addr(w)));
	quit(t);
	hosted_reboot();
	t = pure();
	OK(find(t, name, &got));
	CHECK_EQ(ref_find(t, got, 0)->rights, DIOS_R_READ);
	CHECK_EQ(info(t, got).version, 3);
	CHECK(is_all(t, got, 0, K, 6));
	FAILS(DIOS_EPERM, at(t, WRITE, got, 0, 1, &iov));
	FAILS(DIOS_EPERM, t_zombify(t, got));
	FAILS(DIOS_ENOENT, find(t, other, &got));
	quit(t);
}

TEST(an_unnamed_blob_goes)
{
	struct dios_task *t = pure();
	u64 ref, dead;

	hosted_store(true);
	OK(t_blob(t, K, 0, NULL, &ref));
	OK(put(t, ref, 0, K, 1));
	CHECK_EQ(hosted_store_files(), 1);
	OK(t_delete(t, ref));
	CHECK_EQ(hosted_store_files(), 0);
	OK(t_blob(t, K, 0, NULL, &ref));
	OK(t_blob(t, K, 0, NULL, &dead));
	OK(t_zombify(t, dead));
	FAILS(DIOS_EZOMBIE, put(t, dead, 0, 1, 1));
	OK(t_delete(t, dead));
	CHECK_EQ(hosted_store_files(), 1);
	/* Or with the next load, when the node went first. */
	hosted_crash(1, 1);
	FAILS(DIOS_EIO, put(t, ref, 0, K, 1));
	quit(t);
	hosted_reboot();
	CHECK_EQ(hosted_store_files(), 0);
}

/* No room, at each place where some is wanted: nothing has changed. */
TEST(no_room)
{
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE];
	u64 ref, big;
	s64 ret;

	hosted_store(true);
	memcpy(name, the_name, sizeof(name));
	EACH(FAIL_ROOM, DIOS_EQUOTA, ret, t_blob(t, K, DIOS_CREATE_PUBLIC, name, &ref));
	CHECK_EQ(hosted_store_files(), 1);
	OK(put(t, ref, 0, K, 1));
	EACH(FAIL_ROOM, DIOS_EQUOTA, ret, put(t, ref, 0, 10 * K, 2));
	CHECK_EQ(info(t, ref).version, 2);
	OK(set_size(t, ref, K));
	hosted_fail(FAIL_ROOM, 1);
	FAILS(DIOS_EQUOTA, set_size(t, ref, 100 * K));
	hosted_fail(FAIL_ROOM, 2);
	FAILS(DIOS_EQUOTA, put(t, ref, K / 2, DIOS_MAX_KBUF, 3));
	hosted_fail(FAIL_ROOM, 0);
	CHECK(is_all(t, ref, 0, K, 2));
	CHECK_EQ(info(t, ref).size, K);
	/* What is there already can always be written. */
	OK(t_blob(t, 10 * K, 0, NULL, &big));
	hosted_fail(FAIL_ROOM, 1);
	OK(put(t, big, 0, 10 * K, 3));
	CHECK(!hosted_failed(FAIL_ROOM));
	hosted_fail(FAIL_ROOM, 0);
	OK(t_zombify(t, ref));
	quit(t);
}

TEST(no_memory_for_blobs)
{
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE];
	struct dios_iov iov = {};
	u64 ref;
	s64 ret;

	hosted_store(true);
	memcpy(name, the_name, sizeof(name));
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, t_blob(t, K, DIOS_CREATE_PUBLIC, name, &ref));
	OK(t_buf(t, WRITE, 0, ref, 0, &iov));
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, t_buf(t, DIOS_COMMIT_WRITE, 0, ref, K, &iov));
	CHECK_EQ(info(t, ref).version, 1);
	iov = (struct dios_iov){};
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, t_buf(t, READ, 0, ref, 0, &iov));
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
	EACH(FAIL_MAP, DIOS_ENOMEM, ret, t_buf(t, READ, 0, ref, 0, &iov));
	quit(t);
	t = pure();
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, find(t, the_name, &ref));
	CHECK(is_all(t, ref, 0, K, 0));
	CHECK_EQ(info(t, ref).version, 1);
	EACH(FAIL_COPY, DIOS_EFAULT, ret, find(t, the_name, &ref));
	OK(t_zombify(t, ref));
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_blob(t, K, DIOS_CREATE_PUBLIC, name, &ref));
	CHECK_EQ(hosted_store_files(), 1);
	OK(t_zombify(t, ref));
	quit(t);
}

/*
 * A history: what is done to the blob, and what it is then. It is what it was before an
 * operation, or what it is after it; which of the two is known once that has returned.
 */

#define MODEL	(6 * K)

struct state {
	bool there;
	u64 size, version;
	u8 bytes[MODEL];
};

static struct state before, after;

static u64 ref;

static s64 op_create(struct dios_task *t)
{
	after.there = true;
	after.size = 3 * K;
	after.version = 0;
	return make_public(t, 3 * K, &ref);
}

static s64 op_put(struct dios_task *t, u64 off, u64 len, u8 value)
{
	memset(after.bytes + off, value, len);
	after.size = max(after.size, off + len);
	after.version++;
	return put(t, ref, off, len, value);
}

static s64 op_size(struct dios_task *t, u64 size)
{
	if (size < after.size)
		memset(after.bytes + size, 0, after.size - size);
	after.size = size;
	after.version++;
	return set_size(t, ref, size);
}

static s64 op_zombify(struct dios_task *t)
{
	after = (struct state){};
	return t_zombify(t, ref);
}

/* Unnamed, written, then named. */
static s64 op_name(struct dios_task *t)
{
	u64 *w = hosted_map(t, 4096, true);
	s64 ret;

	after.there = true;
	after.size = 2 * K + 9;
	after.version = 1;
	memset(after.bytes, 9, 2 * K + 9);
	ret = t_blob(t, 0, 0, NULL, &ref);
	if (!ret)
		ret = put(t, ref, 0, 2 * K + 9, 9);
	w[0] = ref;
	memcpy(w + 8, the_name, DIOS_NAME_SIZE);
	if (!ret)
		ret = hosted_call(t, DIOS_CREATE, DIOS_CREATE_NAME | DIOS_CREATE_PUBLIC, DIOS_T_BLOB, 0,
				  hosted_addr(w + 8), hosted_addr(w));
	hosted_unmap(t, w);
	return ret;
}

/* Nobody has it for a moment: the next finds it in the store. */
static s64 op_again(struct dios_task *t)
{
	s64 ret = t_delete(t, ref);

	return ret ? ret : find(t, the_name, &ref);
}

static s64 history_op(struct dios_task *t, u32 n)
{
	switch (n) {
	case 0: return op_create(t);
	case 1: return op_put(t, 0, 3 * K, 1);
	case 2: return op_put(t, K - 100, 1000, 2);
	case 3: return op_put(t, 2 * K, 2 * K + 7, 3);
	case 4: return op_size(t, K - 50);
	case 5: return op_size(t, 4 * K);
	case 6: return op_again(t);
	case 7: return op_put(t, K - 60, 20, 4);
	case 8: return op_put(t, 5 * K, 100, 5);
	case 9: return op_size(t, 10);
	case 10: return op_put(t, 10, 4 * K, 6);
	case 11: return op_zombify(t);
	case 12: return op_name(t);
	case 13: return op_put(t, 0, 2 * K, 7);
	case 14: return op_again(t);
	case 15: return op_put(t, 0, 1, 8);
	}
	return 1;
}

static bool is_state(struct dios_task *t, bool there, const struct state *s)
{
	struct dios_blob_info in;
	struct dios_iov iov;
	bool same;

	if (!there || !s->there)
		return there == s->there;
	in = info(t, ref);
	if (in.size != s->size || in.version != s->version)
		return false;
	if (!in.size)
		return true;
	OK(at(t, READ, ref, 0, 0, &iov));
	CHECK_EQ(iov.len, s->size);
	/* Behind its end the page is zero. */
	same = !memcmp(hosted_ptr(iov.addr), s->bytes, ALIGN(s->size, K));
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
	return same;
}

/* The store has one of the two; returns which: 0 both, 1 before, 2 after. */
static int which(struct dios_task *t, const char *what, u32 n, u32 step, u32 seed)
{
	s64 had = charged(), ret = find(t, the_name, &ref);
	bool b, a;

	/* What it has was known before. */
	CHECK_EQ(charged(), had);

	if (ret && ret != -DIOS_ENOENT)
		test_fail(__FILE__, __LINE__, "%s, operation %u, step %u, seed %u: lookup says %lld", what, n,
			  step, seed, (long long)ret);
	b = is_state(t, !ret, &before);
	a = is_state(t, !ret, &after);
	if (!b && !a)
		test_fail(__FILE__, __LINE__, "%s, operation %u, step %u, seed %u: neither the old nor the new", what,
			  n, step, seed);
	return b && a ? 0 : b ? 1 : 2;
}

/* Run the history until an operation fails; returns which, or -1 when all was done. */
static int history(struct dios_task *t)
{
	u32 n;
	s64 ret;

	before = after = (struct state){};
	for (n = 0; ; n++) {
		ret = history_op(t, n);
		if (ret == 1)
			return -1;
		if (ret) {
			CHECK_EQ(ret, -DIOS_EIO);
			return n;
		}
		before = after;
	}
}

/* The history, on a store of its own that crashes at a step.  The node is back on return. */
static int crashing_history(u32 step, u32 seed)
{
	struct dios_task *t;
	int n;

	hosted_store(true);
	hosted_crash(step, seed);
	t = pure();
	n = history(t);
	CHECK_EQ(hosted_crashed(), n >= 0);
	quit(t);
	hosted_reboot();
	return n;
}

/* After another crash of that store: what is there?  It is not needed any more. */
static void look_at_last(int n, u32 step, u32 seed)
{
	struct dios_task *t;

	hosted_reboot();
	t = pure();
	which(t, "second crash", n, step, seed);
	quit(t);
	hosted_store(false);
}

#define SEEDS	12

TEST(a_crash_at_any_step)
{
	u32 step, seed, old = 0, new = 0;
	struct dios_task *t;
	int n = 0;

	for (seed = 0; seed < SEEDS; seed++) {
		for (step = 1, n = 0; n >= 0; step++) {
			test_goes_on();
			n = crashing_history(step, seed);
			t = pure();
			switch (which(t, "crash", n, step, seed)) {
			case 1: old++; break;
			case 2: new++; break;
			}
			/* It is as good as ever. */
			if (!find(t, the_name, &ref)) {
				OK(put(t, ref, 0, 10, 0x77));
				OK(put(t, ref, 5, K, 0x78));
				CHECK(is_all(t, ref, 0, 5, 0x77) && is_all(t, ref, 5, K, 0x78));
				/* A record that was torn may have room that nobody knows of. */
				CHECK(charged() > 0 && charged() <= hosted_store_room() * (s64)K);
				OK(t_zombify(t, ref));
			}
			quit(t);
			CHECK_EQ(charged(), 0);
			CHECK_EQ(hosted_store_files(), 0);
			hosted_store(false);
		}
		CHECK(step > 60);
	}
	/* Both happen, or the test shows nothing. */
	CHECK(old > 100 && new > 100);
}

/* A second crash, while the first is being mended. */
TEST(a_crash_in_a_recovery)
{
	u32 step, again, seed;
	struct dios_task *t;
	bool crashed;
	int n = 0;
	s64 ret;

	for (seed = 2; seed < 5; seed++) {
		for (step = 1, n = 0; n >= 0; step++) {
			test_goes_on();
			for (again = 1, crashed = true; crashed; again++) {
				n = crashing_history(step, seed);
				hosted_crash(again, seed + 10 * again);
				t = pure();
				ret = find(t, the_name, &ref);
				crashed = hosted_crashed();
				CHECK(crashed ? ret == -DIOS_EIO : ret <= 0);
				quit(t);
				look_at_last(n, step, seed);
			}
		}
	}
}

/* A crash, a recovery, and a crash in what is done then. */
TEST(a_crash_after_a_recovery)
{
	u32 step, again, seed, k;
	struct dios_task *t;
	bool crashed;
	int n = 0;
	s64 ret;

	for (seed = 2; seed < 5; seed++) {
		for (step = 1, n = 0; n >= 0; step++) {
			test_goes_on();
			for (again = 1, crashed = true; crashed; again++) {
				n = crashing_history(step, seed);
				t = pure();
				if (which(t, "first crash", n, step, seed) == 1)
					after = before;
				before = after;
				hosted_crash(again, seed + 10 * again);
				ret = before.there ? 0 : -DIOS_EIO;
				for (k = 0; !ret && k < 2; k++) {
					ret = op_put(t, K * k, 3 * K, 0x20 + k);
					if (!ret)
						before = after;
				}
				CHECK(!ret || ret == -DIOS_EIO);
				crashed = hosted_crashed();
				quit(t);
				look_at_last(n, step, seed);
			}
		}
	}
}

/* Naming fails at each step, and succeeds later, when there are other bytes. */
TEST(a_name_at_the_second_try)
{
	struct dios_task *t;
	struct dios_iov iov;
	u32 step, again;
	bool failed = true;
	u64 *w, blob;
	s64 ret;

	for (step = 1; failed; step++) {
		hosted_store(true);
		t = pure();
		w = hosted_map(t, 4096, true);
		OK(t_blob(t, 10, 0, NULL, &blob));
		OK(put(t, blob, 0, 10, 1));
		w[0] = blob;
		memcpy(w + 8, the_name, DIOS_NAME_SIZE);
		for (again = 0, ret = -1; ret && again < 2; again++) {
			hosted_fail(FAIL_STORE, again ? 0 : step);
			ret = hosted_call(t, DIOS_CREATE, DIOS_CREATE_NAME | DIOS_CREATE_PUBLIC, DIOS_T_BLOB, 0,
					  hosted_addr(w + 8), hosted_addr(w));
			failed = hosted_failed(FAIL_STORE);
			hosted_fail(FAIL_STORE, 0);
			if (!ret)
				break;
			CHECK_EQ(ret, -DIOS_EIO);
			/* Either it can be used as before, or not at all. */
			if (at(t, WRITE, blob, 0, 1, &iov))
				break;
			OK(put(t, blob, 0, 3 * K, 2));
		}
		if (!ret && again)
			failed = true;
		quit(t);
		hosted_crash(1000, 0);
		hosted_reboot();
		t = pure();
		if (!ret) {
			OK(find(t, the_name, &blob));
			CHECK(again ? is_all(t, blob, 0, 3 * K, 2) : is_all(t, blob, 0, 10, 1));
		} else if (!find(t, the_name, &blob)) {
			CHECK(is_all(t, blob, 0, 10, 1));
		}
		quit(t);
		hosted_store(false);
	}
	CHECK(step > 5);
}

/*
 * The host fails once, and the program goes on: it tries again, and when that fails too drops the
 * blob and looks it up.  Nothing of what was committed before is lost by that.
 */
TEST(a_failure_and_on)
{
	static const u32 ops[] = { 1, 2, 3, 4, 5, 7, 8, 9, 10, 13, 2, 3, 15 };
	u32 step, stop, k;
	struct dios_task *t;
	bool failed = true;
	s64 ret;

	for (stop = 1; stop <= ARRAY_SIZE(ops); stop++) {
		for (step = 1, failed = true; failed; step++) {
			test_goes_on();
			hosted_store(true);
			t = pure();
			before = after = (struct state){};
			OK(history_op(t, 0));
			before = after;
			hosted_fail(FAIL_STORE, step);
			for (k = 0; k < stop; ) {
				ret = history_op(t, ops[k]);
				if (ret) {
					CHECK_EQ(ret, -DIOS_EIO);
					after = before;
					ret = history_op(t, ops[k]);
				}
				if (ret) {
					OK(t_delete(t, ref));
					if (which(t, "failure", ops[k], step, stop) == 1) {
						after = before;
						continue;
					}
				}
				before = after;
				k++;
			}
			failed = hosted_failed(FAIL_STORE);
			hosted_fail(FAIL_STORE, 0);
			quit(t);
			hosted_crash(1000, 0);
			hosted_reboot();
			t = pure();
			which(t, "failure, reboot", stop, step, 0);
			quit(t);
			hosted_store(false);
		}
	}
}

/*
 * The host fails once and lives on: the operation failed, and what there is afterwards is whole;
 * to find that out, drop the blob and look it up again.
 */
TEST(a_failure_at_any_step)
{
	struct dios_task *t, *u;
	u32 step;
	s64 ret;
	int n = 0;

	for (step = 1; n >= 0; step++) {
		hosted_store(true);
		t = pure();
		hosted_fail(FAIL_STORE, step);
		n = history(t);
		hosted_fail(FAIL_STORE, 0);
		/* Until then it is that, or it says so. */
		u = pure();
		ret = find(u, the_name, &ref);
		if (!ret) {
			struct dios_iov iov;

			ret = at(u, READ, ref, 0, 0, &iov);
			if (!ret || ret == -DIOS_EEND)
				which(u, "failure, kept", n, step, 0);
			else
				CHECK_EQ(ret, -DIOS_EIO);
		}
		quit(u);
		quit(t);
		t = pure();
		which(t, "failure", n, step, 0);
		quit(t);
		hosted_crash(1000, 0);
		hosted_reboot();
		t = pure();
		which(t, "failure, reboot", n, step, 0);
		quit(t);
		hosted_store(false);
	}
	CHECK(step > 60);
}

/* Limits. */

static struct dios_task *of(u32 uid)
{
	struct dios_task *t;

	hosted_uid = uid;
	t = pure();
	hosted_uid = 0;
	return t;
}

static s64 used(struct dios_task *t)
{
	return atomic64_read(&t->user->used[USE_STORE]);
}

/* Whoever writes, the room is of the user who made it. */
TEST(no_more_of_the_store_than_a_user_may_have)
{
	struct dios_task *a = of(1), *b = of(2);
	u64 mine, theirs, big, n;
	u8 name[DIOS_NAME_SIZE];

	hosted_store(true);
	dios_quota_user[USE_STORE] = 10 * K;
	OK(t_blob(a, 4 * K - 1, 0, NULL, &mine));
	CHECK_EQ(used(a), 4 * K);
	n = stat_get(STAT_OBJECTS);
	FAILS(DIOS_EQUOTA, t_blob(a, 6 * K + 1, 0, NULL, &big));
	CHECK_EQ(stat_get(STAT_OBJECTS), n);
	CHECK_EQ(hosted_store_files(), 1);
	CHECK_EQ(used(a), 4 * K);
	/* Another user has as much again. */
	OK(t_blob(b, 10 * K, 0, NULL, &big));
	OK(t_delete(b, big));
	CHECK_EQ(used(b), 0);
	OK(t_delete(a, mine));
	CHECK_EQ(used(a), 0);

	/* A name takes a head and a record, a page each; a commit takes a record of its length once. */
	OK(make_public(a, 4 * K, &mine));
	CHECK_EQ(used(a), 6 * K);
	OK(find(b, the_name, &theirs));
	OK(put(b, theirs, 5, K + 1, 1));
	CHECK_EQ(used(a), 9 * K);
	CHECK_EQ(used(b), 0);
	FAILS(DIOS_EQUOTA, put(b, theirs, 0, K + 1, 2));	/* the other record */
	FAILS(DIOS_EQUOTA, put(a, mine, 4 * K, 2 * K, 2));
	FAILS(DIOS_EQUOTA, set_size(a, mine, 5 * K + 1));
	CHECK_EQ(info(a, mine).version, 1);
	CHECK_EQ(info(a, mine).size, 4 * K);
	CHECK(is_all(a, mine, 5, K + 1, 1));
	CHECK_EQ(used(a), 9 * K);
	OK(set_size(a, mine, 5 * K));
	CHECK_EQ(used(a), 10 * K);
	memset(name, 0, sizeof(name));
	FAILS(DIOS_EQUOTA, t_blob(a, 0, 0, name, &big));
	CHECK_EQ(used(a), 10 * K);
	/* Its own bytes it can change, and give back. */
	OK(put(a, mine, 0, K + 1, 3));
	OK(set_size(a, mine, 1));
	CHECK_EQ(used(a), 6 * K);
	CHECK_EQ(hosted_store_room(), 6);

	/* Lowered: nothing goes, nothing comes. */
	dios_quota_user[USE_STORE] = K;
	FAILS(DIOS_EQUOTA, put(a, mine, 0, 2 * K, 4));
	OK(put(a, mine, 0, 1, 4));
	FAILS(DIOS_EQUOTA, t_blob(a, 1, 0, NULL, &big));
	dios_quota_user[USE_STORE] = 0;
	OK(put(a, mine, 0, 2 * K, 5));
	quit(a);
	quit(b);
	CHECK_EQ(stat_get(STAT_USERS), 0);

	/* It is his when nobody has it, and when the node has gone. */
	n = charged();
	CHECK_EQ(n, hosted_store_room() * K);
	a = of(1);
	CHECK_EQ(used(a), n);
	quit(a);
	hosted_reboot();
	CHECK_EQ(charged(), n);
	dios_quota_user[USE_STORE] = n;
	a = of(1);
	b = of(2);
	CHECK_EQ(used(a), n);
	FAILS(DIOS_EQUOTA, t_blob(a, 1, 0, NULL, &big));
	OK(find(b, the_name, &theirs));
	CHECK_EQ(used(a), n);
	FAILS(DIOS_EQUOTA, put(b, theirs, 3 * K, 1, 1));
	/* Until the last one who has it is gone. */
	OK(t_zombify(b, theirs));
	CHECK_EQ(used(a), n);
	OK(t_delete(b, theirs));
	CHECK_EQ(used(a), 0);
	OK(t_blob(a, n, 0, NULL, &big));
	quit(b);
	quit(a);
	dios_quota_user[USE_STORE] = 0;
}

/* What the host could not do is not charged. */
TEST(a_failure_is_not_charged)
{
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE];
	s64 had, ret;
	u32 step;
	u64 blob;

	hosted_store(true);
	memcpy(name, the_name, sizeof(name));
	for (step = 1; ; step++) {
		hosted_fail(FAIL_ROOM, step);
		ret = t_blob(t, 3 * K, DIOS_CREATE_PUBLIC, name, &blob);
		if (!ret)
			break;
		CHECK_EQ(ret, -DIOS_EQUOTA);
		CHECK_EQ(used(t), 0);
	}
	CHECK(step > 2);
	had = used(t);
	for (step = 1; ; step++) {
		hosted_fail(FAIL_ROOM, step);
		ret = put(t, blob, 2 * K, 5 * K, 1);
		if (!ret)
			break;
		CHECK_EQ(ret, -DIOS_EQUOTA);
		CHECK_EQ(used(t), had);
	}
	CHECK(step > 2);
	hosted_fail(FAIL_ROOM, 0);
	CHECK_EQ(used(t), hosted_store_room() * K);
	quit(t);
}

/* Programs. */

static struct dios_task *child_may_end;

static u32 waits(struct dios_task *t, int argc, char **argv, char **env)
{
	while (!READ_ONCE(child_may_end))
		sched_yield();
	return 3;
}

TEST(a_program_from_the_store)
{
	struct dios_task *t = pure();
	struct run r = { .argv = { "program" } };
	struct dios_iov iov;
	u8 elf[256];
	size_t size = hosted_elf(elf, sizeof(elf), DIOS_OSABI, DIOS_BRAND_PURE);
	u64 blob, child, got;

	hosted_store(true);
	hosted_store_main = waits;
	OK(make_public(t, size, &blob));
	r.exe = blob;
	FAILS(DIOS_EBADEXE, t_run(t, &r, &child));
	OK(at(t, WRITE, blob, 0, size, &iov));
	memcpy(hosted_ptr(iov.addr), elf, size);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, blob, size, &iov), size);
	/* What is behind the end of the blob is no part of the program. */
	OK(set_size(t, blob, size - 1));
	FAILS(DIOS_EBADEXE, t_run(t, &r, &child));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, blob, size, &iov), size);
	OK(t_run(t, &r, &child));
	FAILS(DIOS_EBUSY, put(t, blob, 0, 1, 0));
	FAILS(DIOS_EBUSY, put(t, blob, size, 1, 0));
	FAILS(DIOS_EBUSY, set_size(t, blob, 0));
	FAILS(DIOS_EBUSY, t_buf(t, DIOS_COMMIT_WRITE, 0, blob, size, &iov));
	/* Without a reference it is the same blob still. */
	OK(t_delete(t, blob));
	OK(find(t, the_name, &got));
	FAILS(DIOS_EBUSY, put(t, got, 0, 1, 0));
	WRITE_ONCE(child_may_end, t);
	CHECK_EQ(status_of(t, child).status, 3);
	hosted_join();
	OK(put(t, got, size, 1, 0));
	OK(t_zombify(t, got));
	quit(t);
}

/* Whatever a pure task writes, it starts nothing that may do more than it. */
TEST(a_pure_task_starts_no_limbo_program_it_could_have_written)
{
	struct dios_task *t = pure(), *l = limbo();
	struct run r = { .argv = { "program" } };
	struct dios_iov iov;
	u8 elf[256];
	size_t size = hosted_elf(elf, sizeof(elf), DIOS_OSABI, DIOS_BRAND_DIOS_LIMBO);
	u64 child;

	hosted_store(true);
	hosted_store_main = waits;
	WRITE_ONCE(child_may_end, t);
	OK(make_public(t, size, &r.exe));
	OK(at(t, WRITE, r.exe, 0, size, &iov));
	memcpy(hosted_ptr(iov.addr), elf, size);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, r.exe, size, &iov), size);
	FAILS(DIOS_EPERM, t_run(t, &r, &child));
	OK(find(l, the_name, &r.exe));
	OK(t_run(l, &r, &child));
	CHECK_EQ(status_of(l, child).status, 3);
	hosted_join();
	OK(t_zombify(l, r.exe));
	quit(l);
	quit(t);
}

/* Many readers and writers of one blob: who validates sees one write, whole. */

#define BLOCK	(3 * K)

static u32 writers_left;

static void *writer(void *arg)
{
	struct dios_task *t = pure();
	u64 mine;
	u32 i;

	OK(find(t, the_name, &mine));
	for (i = 0; i < 60; i++)
		OK(put(t, mine, 0, BLOCK, (u8)(long)arg + i));
	quit(t);
	__atomic_fetch_sub(&writers_left, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *reader(void *arg)
{
	struct dios_task *t = pure();
	struct dios_iov iov;
	static u32 good;
	u8 copy[BLOCK];
	u64 mine, i;
	s64 ret;

	OK(find(t, the_name, &mine));
	OK(at(t, READ, mine, 0, 0, &iov));
	do {
		memcpy(copy, hosted_ptr(iov.addr), BLOCK);
		ret = t_buf(t, DIOS_COMMIT_READ, 0, mine, BLOCK, &iov);
		if (ret == -DIOS_ESTALE)
			continue;
		CHECK_EQ(ret, BLOCK);
		for (i = 1; i < BLOCK; i++)
			CHECK_EQ(copy[i], copy[0]);
		__atomic_fetch_add(&good, 1, __ATOMIC_RELAXED);
	} while (READ_ONCE(writers_left));
	CHECK(READ_ONCE(good));
	quit(t);
	return NULL;
}

TEST(readers_and_writers)
{
	struct dios_task *t = pure();
	pthread_t threads[5];
	u64 first;
	u32 i;

	hosted_store(true);
	OK(make_public(t, BLOCK, &first));
	writers_left = 2;
	for (i = 0; i < 5; i++)
		CHECK(!pthread_create(&threads[i], NULL, i < 2 ? writer : reader, (void *)(i * 100L)));
	for (i = 0; i < 5; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(info(t, first).version, 120);
	OK(t_zombify(t, first));
	quit(t);
}

/* Found, dropped, made and killed by several at once: one object at a time, or none. */
static void *finder(void *arg)
{
	struct dios_task *t = pure();
	u64 mine;
	s64 ret;
	u32 i;

	for (i = 0; i < 200; i++) {
		ret = find(t, the_name, &mine);
		CHECK(!ret || ret == -DIOS_ENOENT);
		if (ret) {
			ret = make_public(t, K, &mine);
			CHECK(!ret || ret == -DIOS_EEXIST);
		}
		if (ret)
			continue;
		ret = put(t, mine, 0, K, i);
		CHECK(!ret || ret == -DIOS_EZOMBIE);
		if (i % 5 == (u64)arg)
			OK(t_zombify(t, mine));
		OK(t_delete(t, mine));
	}
	quit(t);
	return NULL;
}

TEST(found_and_lost_at_once)
{
	struct dios_task *t = pure();
	pthread_t threads[4];
	u32 i;

	hosted_store(true);
	for (i = 0; i < 4; i++)
		CHECK(!pthread_create(&threads[i], NULL, finder, (void *)(long)i));
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK(hosted_store_files() <= 1);
	quit(t);
}

/* Another task acts between any two steps of a commit, and of a look-up. */

static struct dios_task *other;
static u64 others;

static void other_writes(void)
{
	OK(put(other, others, 0, K, 2));
}

static void other_finds(void)
{
	OK(find(other, the_name, &others));
}

static void other_zombifies(void)
{
	OK(t_zombify(other, others));
}

TEST(steps_of_blobs)
{
	struct dios_task *t = pure();
	struct dios_iov iov;
	u64 mine;
	u32 n;
	bool met;
	s64 ret;

	hosted_store(true);
	other = pure();
	for (n = 1, met = true; met; n++) {
		OK(make_public(t, K, &mine));
		OK(find(other, the_name, &others));
		OK(at(t, WRITE, mine, 0, K, &iov));
		memset(hosted_ptr(iov.addr), 1, K);
		hosted_step(n, other_writes);
		CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, mine, K, &iov), K);
		met = hosted_step(0, NULL);
		CHECK_EQ(info(t, mine).version, 1 + met);
		CHECK(is_all(t, mine, 0, K, 1) || is_all(t, mine, 0, K, 2));
		OK(t_delete(t, mine));
		OK(t_delete(other, others));
		/* Loaded by both at once. */
		hosted_step(n, other_finds);
		OK(find(t, the_name, &mine));
		if (!hosted_step(0, NULL))
			OK(find(other, the_name, &others));
		CHECK(ref_find(t, mine, 0)->obj == ref_find(other, others, 0)->obj);
		hosted_step(n, other_zombifies);
		ret = put(t, mine, 0, K, 3);
		CHECK(!ret || ret == -DIOS_EZOMBIE);
		if (!hosted_step(0, NULL))
			OK(t_zombify(other, others));
		OK(t_delete(t, mine));
		OK(t_delete(other, others));
		CHECK_EQ(hosted_store_files(), 0);
	}
	CHECK(n > 3);
	quit(t);
	quit(other);
}
