// SPDX-License-Identifier: GPL-2.0
/* test_net.c - STREAM and DGRAM: connections, bytes and datagrams, ends, errors, death. */
#include "test.h"

#define V4(port)	hosted_v4(127, 0, 0, 1, port)
#define NONBLOCK	DIOS_BUF_NONBLOCK

static s64 stream(struct dios_task *t, const struct dios_stream *spec, u64 *ref)
{
	return t_create(t, 0, DIOS_T_STREAM, spec, sizeof(*spec), NULL, ref);
}

static s64 dgram(struct dios_task *t, const struct dios_dgram *spec, u64 *ref)
{
	return t_create(t, 0, DIOS_T_DGRAM, spec, sizeof(*spec), NULL, ref);
}

static u64 listener(struct dios_task *t, u32 port)
{
	struct dios_stream spec = { .mode = DIOS_STREAM_LISTEN, .backlog = 4, .local = V4(port) };
	u64 ref = 0;

	OK(stream(t, &spec, &ref));
	return ref;
}

static u64 dial(struct dios_task *t, struct dios_addr to)
{
	struct dios_stream spec = { .mode = DIOS_STREAM_DIAL, .remote = to };
	u64 ref = 0;

	OK(stream(t, &spec, &ref));
	return ref;
}

static u64 accept(struct dios_task *t, u64 ref)
{
	struct dios_iov iov = {};
	u64 got;

	OK(t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, ref, 0, &iov));
	CHECK_EQ(iov.len, sizeof(struct dios_accept));
	got = ((struct dios_accept *)hosted_ptr(iov.addr))->ref;
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
	return got;
}

/* Two ends of a connection. */
static void pair(struct dios_task *t, u64 *a, u64 *b)
{
	u64 l = listener(t, 7000);

	*a = dial(t, V4(7000));
	*b = accept(t, l);
	OK(t_delete(t, l));
}

static s64 put(struct dios_task *t, u64 flags, u64 ref, const void *p, u64 len)
{
	struct dios_iov iov = {};
	s64 n;

	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, len ? len : 1, &iov));
	memcpy(hosted_ptr(iov.addr), p, len);
	n = t_buf(t, DIOS_COMMIT_WRITE, flags, ref, len, &iov);
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, ref, &iov));
	return n;
}

static void expect(struct dios_task *t, u64 ref, const char *want)
{
	u64 len = strlen(want);
	struct dios_iov iov = {};

	OK(t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, ref, 0, &iov));
	CHECK_EQ(iov.len, len);
	CHECK(!memcmp(hosted_ptr(iov.addr), want, len));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, ref, len, &iov), len);
	CHECK_EQ(iov.len, 0);
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
}

static struct dios_net_info info(struct dios_task *t, u64 ref)
{
	struct dios_net_info i;
	struct dios_iov iov = {};

	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_INFO, ref, 0, &iov));
	CHECK_EQ(iov.len, sizeof(i));
	i = *(struct dios_net_info *)hosted_ptr(iov.addr);
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
	return i;
}

static bool readable(struct dios_task *t, u64 ref)
{
	return !t_select_one(t, ref, DIOS_R_READ, 0);
}

static bool writable(struct dios_task *t, u64 ref)
{
	return !t_select_one(t, ref, DIOS_R_WRITE, 0);
}

TEST(stream_specs)
{
	const struct dios_stream good = { .mode = DIOS_STREAM_LISTEN, .backlog = 1 };
	const struct dios_stream to = { .mode = DIOS_STREAM_DIAL, .remote = V4(1) };
	struct dios_task *t = pure();
	struct dios_stream s;
	u64 ref = 7;

#define BAD(from, field, value) do {					\
	s = from;							\
	s.field = value;						\
	FAILS(DIOS_EINVAL, stream(t, &s, &ref));			\
} while (0)
	BAD(good, mode, 0);
	BAD(good, mode, 3);
	BAD(good, flags, DIOS_NET_BROADCAST);
	BAD(good, flags, 0x10);
	BAD(good, flags, DIOS_NET_V4 | DIOS_NET_V6);
	BAD(good, backlog, 0);
	BAD(good, pad, 1);
	BAD(good, local.port, 65536);
	BAD(good, local.scope, 1);
	BAD(good, remote.port, 1);
	BAD(good, remote, V4(0));
	BAD(to, backlog, 1);
	BAD(to, flags, DIOS_NET_V6);
	BAD(to, local, hosted_v6(1, 0));
	BAD(to, remote.port, 65536);
#undef BAD
	CHECK_EQ(ref, 7);
	s = good;
	s.local = V4(80);
	FAILS(DIOS_EPERM, stream(t, &s, &ref));
	hosted_low_ports = true;
	OK(stream(t, &s, &ref));
	FAILS(DIOS_EBUSY, stream(t, &s, &ref));
	s.local = hosted_v4(192, 0, 2, 7, 0);
	FAILS(DIOS_EADDR, stream(t, &s, &ref));
	quit(t);
}

TEST(a_connection)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {};
	struct dios_net_info i;
	u64 l, a, b;

	l = listener(t, 0);
	i = info(t, l);
	CHECK(i.state == DIOS_NET_LISTENING && i.local.port >= 1024 && !i.remote.port);
	CHECK(!readable(t, l));
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, l, 0, &iov));
	FAILS(DIOS_ENOTSUP, t_buf(t, DIOS_ACQUIRE_WRITE, NONBLOCK, l, 0, &iov));
	a = dial(t, V4(i.local.port));
	CHECK(readable(t, l));
	b = accept(t, l);
	CHECK(!readable(t, l));
	CHECK(info(t, a).remote.port == i.local.port && info(t, b).local.port == i.local.port);
	CHECK(info(t, a).local.port == info(t, b).remote.port);
	CHECK(info(t, a).state == DIOS_NET_CONNECTED && info(t, a).nodelay);
	CHECK(writable(t, a) && !readable(t, a) && writable(t, b) && !readable(t, b));
	CHECK_EQ(put(t, 0, a, "hello", 5), 5);
	CHECK(readable(t, b));
	expect(t, b, "hello");
	CHECK(!readable(t, b));
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, b, 0, &iov));
	/* Half of it ends; the other half goes on. */
	CHECK_EQ(put(t, DIOS_BUF_END, a, "bye", 3), 3);
	FAILS(DIOS_EPIPE, put(t, 0, a, "x", 1));
	expect(t, b, "bye");
	CHECK(readable(t, b));
	FAILS(DIOS_EPIPE, t_buf(t, DIOS_ACQUIRE_READ, 0, b, 0, &iov));
	CHECK(info(t, b).state == DIOS_NET_ENDED);
	CHECK_EQ(put(t, 0, b, "still", 5), 5);
	expect(t, a, "still");
	CHECK_EQ(put(t, DIOS_BUF_END, b, "", 0), 0);
	FAILS(DIOS_EPIPE, t_buf(t, DIOS_ACQUIRE_READ, 0, a, 0, &iov));
	quit(t);
}

/* What is not committed is there again; part of it, when part was. */
TEST(bytes_are_there_until_they_are_committed)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {}, other = {};
	u64 a, b;

	pair(t, &a, &b);
	put(t, 0, a, "0123456789", 10);
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, b, 4, &iov));
	CHECK_EQ(iov.len, 4);
	/* One buffer at a time has them. */
	CHECK(!readable(t, b));
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, b, 4, &other));
	OK(t_release(t, DIOS_RELEASE_READ, 0, b, &iov));
	CHECK(readable(t, b));
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, b, 4, &iov));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, b, 3, &iov), 3);
	CHECK_EQ(iov.len, 4);
	CHECK(!memcmp(hosted_ptr(iov.addr), "3456", 4));
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_READ, 0, b, 5, &iov));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, b, 4, &iov), 4);
	CHECK_EQ(iov.len, 3);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | NONBLOCK, b, 3, &iov), -DIOS_EAGAIN);
	CHECK_EQ(iov.len, 0);
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | NONBLOCK, b, 0, &iov));
	put(t, DIOS_BUF_END, a, "z", 1);
	OK(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, b, 0, &iov));
	CHECK_EQ(iov.len, 1);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, b, 1, &iov), -DIOS_EPIPE);
	FAILS(DIOS_EPIPE, t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, b, 0, &iov));
	quit(t);
}

/* A commit that cannot say what is left of the buffer takes nothing. */
TEST(bytes_are_there_when_the_commit_faults)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {};
	u64 a, b;

	pair(t, &a, &b);
	put(t, 0, a, "0123", 4);
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, b, 0, &iov));
	hosted_fail(FAIL_COPY, 2);	/* the first brings it in */
	FAILS(DIOS_EFAULT, t_buf(t, DIOS_COMMIT_READ, 0, b, 4, &iov));
	hosted_fail(FAIL_COPY, 0);
	OK(t_release(t, DIOS_RELEASE_READ, 0, b, &iov));
	expect(t, b, "0123");
	quit(t);
}

TEST(a_stream_that_is_full)
{
	struct dios_task *t = pure();
	struct dios_iov w = {}, r = {};
	u64 a, b, sent = 0;
	s64 n;

	pair(t, &a, &b);
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, a, 10000, &w));
	while ((n = t_buf(t, DIOS_COMMIT_WRITE, NONBLOCK, a, 10000, &w)) > 0)
		sent += n;
	CHECK_EQ(n, -DIOS_EAGAIN);
	CHECK(sent && !writable(t, a));
	hosted_interrupt(t);
	FAILS(DIOS_EINTR, t_buf(t, DIOS_COMMIT_WRITE, 0, a, 10000, &w));
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, b, 100, &r));
	CHECK(!writable(t, a));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, b, 100, &r), 100);
	CHECK(writable(t, a));
	/* Not all of it: so it is not the end yet. */
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, DIOS_BUF_END, a, 10000, &w), 100);
	CHECK(info(t, a).state == DIOS_NET_CONNECTED);
	quit(t);
}

TEST(connections_that_fail)
{
	static const struct { u8 ip[4]; int error; } cases[] = {
		{ { 127, 0, 0, 1 }, DIOS_EREFUSED }, { { 192, 0, 2, 9 }, DIOS_EUNREACH },
		{ { HOSTED_SILENT }, DIOS_ETIMEDOUT },
	};
	struct dios_task *t = pure();
	struct dios_iov iov = {}, w = {};
	u32 i, k;
	u64 ref;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u8 *ip = cases[i].ip;

		ref = dial(t, hosted_v4(ip[0], ip[1], ip[2], ip[3], 9));
		OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, 10, &w));
		if (cases[i].error == DIOS_ETIMEDOUT) {
			CHECK(!readable(t, ref) && !writable(t, ref));
			CHECK_EQ(info(t, ref).state, DIOS_NET_CONNECTING);
			FAILS(DIOS_EAGAIN, t_buf(t, DIOS_COMMIT_WRITE, NONBLOCK, ref, 1, &w));
			FAILS(DIOS_EAGAIN, t_buf(t, DIOS_COMMIT_WRITE, NONBLOCK | DIOS_BUF_END, ref, 0, &w));
			FAILS(DIOS_EAGAIN, t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, ref, 0, &iov));
			hosted_net_answer(-DIOS_ETIMEDOUT);
		}
		CHECK(readable(t, ref) && writable(t, ref));
		CHECK_EQ(info(t, ref).error, cases[i].error);
		CHECK_EQ(info(t, ref).state, DIOS_NET_FAILED);
		CHECK_EQ(info(t, ref).remote.port, 9);
		/* Every use says so. */
		for (k = 0; k < 2; k++) {
			FAILS(cases[i].error, t_buf(t, DIOS_COMMIT_WRITE, 0, ref, 1, &w));
			FAILS(cases[i].error, t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &iov));
			FAILS(cases[i].error, t_buf(t, DIOS_COMMIT_WRITE, DIOS_BUF_END, ref, 0, &w));
			CHECK_EQ(info(t, ref).error, cases[i].error);
		}
		OK(t_release(t, DIOS_RELEASE_WRITE, 0, ref, &w));
		w = (struct dios_iov){};
		OK(t_delete(t, ref));
	}
	quit(t);
}

/* Unread bytes of one that goes away cut the other off; what that one had got is still there. */
TEST(a_connection_that_is_reset)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {};
	u64 a, b;

	pair(t, &a, &b);
	put(t, 0, a, "unread", 6);
	put(t, 0, b, "got", 3);
	OK(t_delete(t, b));
	expect(t, a, "got");
	FAILS(DIOS_ERESET, t_buf(t, DIOS_ACQUIRE_READ, 0, a, 0, &iov));
	FAILS(DIOS_ERESET, put(t, 0, a, "x", 1));
	FAILS(DIOS_ERESET, t_buf(t, DIOS_ACQUIRE_READ, 0, a, 0, &iov));
	CHECK_EQ(info(t, a).state, DIOS_NET_FAILED);
	quit(t);
}

/* A connection that was accepted is an object like one that create made. */
TEST(no_connection_over_the_users_quota)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {};
	u64 l = listener(t, 7000), b;
	s64 had;

	dial(t, V4(7000));
	had = atomic64_read(&t->user->used[USE_OBJECTS]);
	CHECK_EQ(had, 2);
	dios_quota_user[USE_OBJECTS] = had;
	FAILS(DIOS_EQUOTA, t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, l, 0, &iov));
	dios_quota_user[USE_OBJECTS] = had + 1;
	b = accept(t, l);
	CHECK_EQ(atomic64_read(&t->user->used[USE_OBJECTS]), had + 1);
	OK(t_delete(t, b));
	CHECK_EQ(atomic64_read(&t->user->used[USE_OBJECTS]), had);
	quit(t);
}

/* A connection is not lost when its task cannot be told of it. */
TEST(no_connection_is_lost)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {}, w;
	u64 l = listener(t, 7000), a = dial(t, V4(7000)), b, quota = dios_quota_refs;
	u8 *page = hosted_map(t, 4096, true);
	s64 ret;

	put(t, 0, a, "first", 5);
	/* The copy of the iov that acquire returns fails. */
	hosted_fail(FAIL_COPY, 2);
	CHECK_EQ(hosted_call6(t, DIOS_ACQUIRE_READ, NONBLOCK, l, 0, hosted_addr(page), 0, 0), -DIOS_EFAULT);
	hosted_fail(FAIL_COPY, 0);
	CHECK(readable(t, l));
	dios_quota_refs = 0;
	FAILS(DIOS_EQUOTA, t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, l, 0, &iov));
	dios_quota_refs = quota;
	CHECK(readable(t, l));
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, hosted_call6(t, DIOS_ACQUIRE_READ, NONBLOCK, l, 0, hosted_addr(page), 0, 0));
	memcpy(&iov, page, sizeof(iov));
	b = ((struct dios_accept *)hosted_ptr(iov.addr))->ref;
	expect(t, b, "first");
	CHECK(!readable(t, l));
	/* One call for each further one; the buffer stays. */
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | NONBLOCK, l, iov.len, &iov), -DIOS_EAGAIN);
	CHECK_EQ(iov.len, 0);
	dial(t, V4(7000));
	dial(t, V4(7000));
	OK(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | NONBLOCK, l, 0, &iov));
	CHECK_EQ(iov.len, sizeof(struct dios_accept));
	/* Another buffer may have the next. */
	w = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, l, 0, &w));
	/* One that waits goes with its listener, and one that was taken back too. */
	a = dial(t, V4(7000));
	hosted_fail(FAIL_COPY, 2);
	CHECK_EQ(hosted_call6(t, DIOS_ACQUIRE_READ, NONBLOCK, l, 0, hosted_addr(page), 0, 0), -DIOS_EFAULT);
	hosted_fail(FAIL_COPY, 0);
	dial(t, V4(7000));
	OK(t_delete(t, l));
	w = (struct dios_iov){};
	FAILS(DIOS_EPIPE, t_buf(t, DIOS_ACQUIRE_READ, 0, a, 0, &w));
	quit(t);
}

TEST(a_full_backlog_refuses)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {};
	u64 l = listener(t, 7000), ref;
	u32 i;

	for (i = 0; i < 4; i++)
		dial(t, V4(7000));
	ref = dial(t, V4(7000));
	FAILS(DIOS_EREFUSED, t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &iov));
	accept(t, l);
	ref = dial(t, V4(7000));
	CHECK_EQ(info(t, ref).state, DIOS_NET_CONNECTED);
	quit(t);
}

TEST(options_of_a_connection)
{
	struct dios_task *t = pure();
	struct dios_net_info want, *p, got;
	struct dios_iov iov = {};
	u64 a, b, r;

	pair(t, &a, &b);
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_INFO, a, 0, &iov));
	p = hosted_ptr(iov.addr);
	want = *p;
#define BAD(field, value) do {						\
	*p = want;							\
	p->field = value;						\
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, a, sizeof(*p), &iov)); \
} while (0)
	BAD(nodelay, 2);
	BAD(keepalive_s, 32768);
	BAD(keepalive_interval_s, 0);
	BAD(keepalive_interval_s, 32768);
	BAD(keepalive_count, 0);
	BAD(keepalive_count, 128);
	BAD(linger_s, 65536);
	BAD(send_buf, (1u << 30) + 1);
	BAD(recv_buf, ~0u);
	BAD(pad, 1);
#undef BAD
	*p = want;
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, a, sizeof(*p) - 1, &iov));
	got = info(t, a);
	CHECK(!memcmp(&got, &want, sizeof(want)));
	p->nodelay = 0;
	p->keepalive_s = 30;
	p->linger_s = 0;
	p->state = 99;
	p->local.port = 99;
	want.nodelay = 0;
	want.keepalive_s = 30;
	want.linger_s = 0;
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, a, sizeof(*p), &iov), sizeof(*p));
	got = info(t, a);
	CHECK(!memcmp(&got, &want, sizeof(want)));
	OK(t_copy_one(t, a, DIOS_R_READ, DIOS_REF_SELF, &r));
	FAILS(DIOS_EPERM, t_buf(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_INFO, r, 0, &iov));
	quit(t);
}

/* Every use of a zombie fails, and nothing of the socket stays with the references to it. */
TEST(a_dead_stream)
{
	struct dios_task *t = pure();
	struct dios_iov r = {}, w = {}, i = {}, again = {};
	u64 a, b, l;
	s64 before;

	pair(t, &a, &b);
	put(t, 0, a, "x", 1);
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, b, 0, &r));
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, b, 0, &w));
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_INFO, b, 0, &i));
	before = hosted_handles();
	OK(t_zombify(t, b));
	CHECK_EQ(hosted_handles(), before - 1);
	FAILS(DIOS_EZOMBIE, t_buf(t, DIOS_COMMIT_READ, 0, b, 1, &r));
	FAILS(DIOS_EZOMBIE, t_buf(t, DIOS_COMMIT_WRITE, 0, b, 1, &w));
	FAILS(DIOS_EZOMBIE, t_buf(t, DIOS_COMMIT_WRITE, 0, b, i.len, &i));
	FAILS(DIOS_EZOMBIE, t_buf(t, DIOS_ACQUIRE_READ, 0, b, 0, &again));
	CHECK(readable(t, b) && writable(t, b));
	OK(t_zombify(t, b));
	OK(t_release(t, DIOS_RELEASE_READ, 0, b, &r));
	FAILS(DIOS_ERESET, t_buf(t, DIOS_ACQUIRE_READ, 0, a, 0, &again));
	l = listener(t, 7001);
	a = dial(t, V4(7001));
	OK(t_zombify(t, l));
	FAILS(DIOS_EPIPE, t_buf(t, DIOS_ACQUIRE_READ, 0, a, 0, &again));
	/* Its port is free at once. */
	listener(t, 7001);
	quit(t);
}

static struct {
	struct dios_task *t;
	u64 ref;
} victim;

static void zombify_now(void)
{
	OK(t_zombify(victim.t, victim.ref));
}

/* Killed by another task at each place of an operation where it could be. */
TEST(killed_in_the_middle)
{
	struct dios_task *t = pure(), *other = pure();
	struct dios_addr to = V4(7000);
	s64 handles = hosted_handles();
	u32 n, what;

	for (what = 0; what < 4; what++)
		for (n = 1; ; n++) {
			u64 l = listener(t, 7000), a = dial(t, to), b = accept(t, l);
			struct dios_iov iov = {};
			struct dios_ref *r;
			bool happened;
			s64 ret;

			put(t, 0, a, "abc", 3);
			dial(t, to);
			if (what == 1)
				OK(t_buf(t, DIOS_ACQUIRE_READ, 0, b, 0, &iov));
			if (what == 2)
				OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, b, 3, &iov));
			r = ref_new(ref_find(t, what == 3 ? l : b, 0)->obj, DIOS_R_WRITE);
			OK(ref_reserve(other, &r, 1));
			OK(ref_publish(other, &r, 1));
			victim.t = other;
			victim.ref = r->id;
			hosted_step(n, zombify_now);
			if (what == 0)
				ret = t_buf(t, DIOS_ACQUIRE_READ, 0, b, 0, &iov);
			else if (what == 1)
				ret = t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | NONBLOCK, b, 1, &iov);
			else if (what == 2)
				ret = t_buf(t, DIOS_COMMIT_WRITE, 0, b, 3, &iov);
			else
				ret = t_buf(t, DIOS_ACQUIRE_READ, 0, l, 0, &iov);
			happened = hosted_step(0, NULL);
			CHECK(ret >= 0 || ret == -DIOS_EZOMBIE);
			quit(t);
			quit(other);
			t = pure();
			other = pure();
			CHECK_EQ(hosted_handles(), handles);
			if (!happened)
				break;
			CHECK(n < 1000);
		}
	quit(t);
	quit(other);
}

static s64 send_to(struct dios_task *t, u64 ref, const struct dios_addr *to, const void *p, u64 len)
{
	struct dios_dgram_head head = {};
	struct dios_iov iov = {};
	s64 n;

	if (to)
		head.addr = *to;
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, ref, sizeof(head) + len, &iov));
	memcpy(hosted_ptr(iov.addr), &head, sizeof(head));
	memcpy(hosted_ptr(iov.addr) + sizeof(head), p, len);
	n = t_buf(t, DIOS_COMMIT_WRITE, NONBLOCK, ref, sizeof(head) + len, &iov);
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, ref, &iov));
	return n < 0 ? n : n - (s64)sizeof(head);
}

TEST(datagrams)
{
	struct dios_dgram spec = { .local = V4(5000) }, bad;
	struct dios_task *t = pure();
	struct dios_iov iov = {}, w = {};
	struct dios_dgram_head *head;
	struct dios_addr to = V4(5000), nobody = V4(5999), far = hosted_v4(192, 0, 2, 9, 1), six = hosted_v6(1, 5000);
	u64 a, b, c;

#define BAD(field, value) do {						\
	bad = spec;							\
	bad.field = value;						\
	FAILS(DIOS_EINVAL, dgram(t, &bad, &a));				\
} while (0)
	BAD(flags, 0x10);
	BAD(flags, DIOS_NET_V6);
	BAD(flags, DIOS_NET_V4 | DIOS_NET_V6);
	BAD(pad, 1);
	BAD(local.port, 65536);
	BAD(remote, hosted_v6(1, 1));
#undef BAD
	OK(dgram(t, &spec, &a));
	FAILS(DIOS_EBUSY, dgram(t, &spec, &b));
	spec = (struct dios_dgram){};
	OK(dgram(t, &spec, &b));
	CHECK(info(t, b).state == DIOS_NET_OPEN && !readable(t, a) && writable(t, a));
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, a, 0, &iov));
	CHECK_EQ(send_to(t, b, &to, "hello", 5), 5);
	CHECK_EQ(send_to(t, b, &to, "", 0), 0);
	CHECK_EQ(send_to(t, b, &to, "third one", 9), 9);
	CHECK(readable(t, a));
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_ACQUIRE_READ, 0, a, 31, &iov));
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, a, 36, &iov));
	head = hosted_ptr(iov.addr);
	CHECK(iov.len == 36 && head->len == 5 && !memcmp(head + 1, "hell", 4));
	CHECK_EQ(head->addr.port, info(t, b).local.port);
	CHECK(!readable(t, a));
	/* Not committed: there again, whole. */
	OK(t_release(t, DIOS_RELEASE_READ, 0, a, &iov));
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, a, 0, &iov));
	CHECK(iov.len == 37);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, a, iov.len, &iov), 37);
	CHECK_EQ(iov.len, 32);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, a, iov.len, &iov), 32);
	CHECK_EQ(iov.len, 41);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT | NONBLOCK, a, 0, &iov), -DIOS_EAGAIN);
	FAILS(DIOS_EINVAL, send_to(t, b, NULL, "x", 1));
	FAILS(DIOS_EUNREACH, send_to(t, b, &far, "x", 1));
	FAILS(DIOS_EINVAL, send_to(t, a, &six, "x", 1));
	/* Nobody there: one that is not connected does not hear of it. */
	CHECK_EQ(send_to(t, b, &nobody, "x", 1), 1);
	CHECK_EQ(send_to(t, b, &to, "y", 1), 1);
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, b, 0, &w));
	memset(hosted_ptr(w.addr), 0, w.len);
	CHECK_EQ(w.len, 32 + DIOS_MAX_DGRAM);
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, b, 31, &w));
	FAILS(DIOS_ENOTSUP, t_buf(t, DIOS_COMMIT_WRITE, DIOS_BUF_END, b, 32, &w));
	((struct dios_dgram_head *)hosted_ptr(w.addr))->addr = to;
	((struct dios_dgram_head *)hosted_ptr(w.addr))->len = 1;
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, b, 32, &w));
	((struct dios_dgram_head *)hosted_ptr(w.addr))->len = 0;
	((struct dios_dgram_head *)hosted_ptr(w.addr))->addr.port = 65536;
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, b, 32, &w));
	OK(t_release(t, DIOS_RELEASE_WRITE, 0, b, &w));
	w = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, b, 33 + DIOS_MAX_DGRAM, &w));
	FAILS(DIOS_ETOOBIG, t_buf(t, DIOS_COMMIT_WRITE, 0, b, 33 + DIOS_MAX_DGRAM, &w));
	/* Connected. */
	spec.remote = nobody;
	OK(dgram(t, &spec, &c));
	FAILS(DIOS_EINVAL, send_to(t, c, &to, "x", 1));
	CHECK_EQ(send_to(t, c, NULL, "x", 1), 1);
	CHECK(readable(t, c));
	iov = (struct dios_iov){};
	FAILS(DIOS_EREFUSED, t_buf(t, DIOS_ACQUIRE_READ, 0, c, 0, &iov));
	FAILS(DIOS_EAGAIN, t_buf(t, DIOS_ACQUIRE_READ, NONBLOCK, c, 0, &iov));
	quit(t);
}

/* Each failure of memory in the making leaves nothing. */
TEST(no_memory_for_a_socket)
{
	struct dios_stream s = { .mode = DIOS_STREAM_LISTEN, .backlog = 4, .local = V4(7000) };
	struct dios_task *t = pure();
	struct dios_iov iov;
	u64 *words = hosted_map(t, 4096, true), ref, a, b;
	s64 ret;

	memcpy(words + 8, &s, sizeof(s));
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, hosted_call6(t, DIOS_CREATE, 0, DIOS_T_STREAM, hosted_addr(words + 8), 0, hosted_addr(words), 0));
	ref = words[0];
	OK(t_delete(t, ref));
	pair(t, &a, &b);
	put(t, 0, a, "abc", 3);
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, (iov = (struct dios_iov){}, t_buf(t, DIOS_ACQUIRE_READ, 0, b, 0, &iov)));
	CHECK_EQ(iov.len, 3);
	OK(t_release(t, DIOS_RELEASE_READ, 0, b, &iov));
	EACH(FAIL_MAP, DIOS_ENOMEM, ret, (iov = (struct dios_iov){}, t_buf(t, DIOS_ACQUIRE_READ, 0, b, 0, &iov)));
	CHECK_EQ(iov.len, 3);
	quit(t);
}

/* A record of a FIFO goes into a stream, and a stream's bytes into another, as they lie. */
TEST(bytes_pass_through)
{
	struct dios_task *t = pure();
	struct dios_fifo spec = { 4096 };
	struct dios_iov iov = {}, same;
	u64 a, b, c, d, fifo;

	pair(t, &a, &b);
	pair(t, &c, &d);
	OK(t_create(t, 0, DIOS_T_FIFO, &spec, sizeof(spec), NULL, &fifo));
	CHECK_EQ(put(t, 0, fifo, "record", 6), 6);
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, fifo, 0, &iov));
	same = iov;
	OK(t_take(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_BORROW, a, 0, &same, fifo));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, a, 6, &same), 6);
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, b, 0, &iov));
	same = iov;
	OK(t_take(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_BORROW, c, 0, &same, b));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, c, 6, &same), 6);
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, 0, b, 6, &iov), 6);
	expect(t, d, "record");
	/* Moved, the bytes are the other's, and not here any more. */
	put(t, 0, a, "again", 5);
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, b, 0, &iov));
	OK(t_take(t, DIOS_ACQUIRE_WRITE, DIOS_BUF_MOVE, c, 0, &iov, b));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, c, 5, &iov), 5);
	expect(t, d, "again");
	put(t, 0, a, "more", 4);
	expect(t, b, "more");
	/* What does not fit is sent nevertheless, when the buffer is given back. */
	iov = (struct dios_iov){};
	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, c, 100, &iov));
	OK(t_release(t, DIOS_RELEASE_WRITE, DIOS_BUF_COMMIT, c, &iov));
	quit(t);
}

struct end {
	pthread_t thread;
	struct dios_task *t;
	u64 ref;
};

#define TOTAL	(1 << 20)

static void *sends(void *arg)
{
	struct end *e = arg;
	struct dios_iov iov = {}, part;
	u64 sent, i;
	s64 n;

	OK(t_buf(e->t, DIOS_ACQUIRE_WRITE, 0, e->ref, 5000, &iov));
	for (sent = 0; sent < TOTAL; sent += n) {
		for (i = 0; i < 5000; i++)
			((u8 *)hosted_ptr(iov.addr))[i] = (sent + i) * 31 >> 3;
		part = (struct dios_iov){ iov.addr, min_t(u64, 5000, TOTAL - sent) };
		n = t_buf(e->t, DIOS_COMMIT_WRITE, 0, e->ref, part.len, &part);
		CHECK(n > 0);
	}
	quit(e->t);
	return NULL;
}

static void *receives(void *arg)
{
	struct end *e = arg;
	struct dios_iov iov = {};
	u64 got = 0, i;
	s64 err;

	err = t_buf(e->t, DIOS_ACQUIRE_READ, 0, e->ref, 7777, &iov);
	while (err >= 0) {
		for (i = 0; i < iov.len; i++)
			CHECK(((u8 *)hosted_ptr(iov.addr))[i] == (u8)((got + i) * 31 >> 3));
		got += iov.len;
		err = t_buf(e->t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, e->ref, iov.len, &iov);
	}
	CHECK_EQ(err, -DIOS_EPIPE);
	CHECK_EQ(got, TOTAL);
	quit(e->t);
	return NULL;
}

TEST(two_tasks_and_a_stream)
{
	struct end w = { .t = pure() }, r = { .t = pure() };
	u64 l = listener(r.t, 7000);

	w.ref = dial(w.t, V4(7000));
	r.ref = accept(r.t, l);
	OK(t_delete(r.t, l));
	CHECK(!pthread_create(&r.thread, NULL, receives, &r));
	CHECK(!pthread_create(&w.thread, NULL, sends, &w));
	CHECK(!pthread_join(w.thread, NULL));
	CHECK(!pthread_join(r.thread, NULL));
}

static void *reads_until_dead(void *arg)
{
	struct end *e = arg;
	struct dios_iov iov = {};

	CHECK_EQ(t_buf(e->t, DIOS_ACQUIRE_READ, 0, e->ref, 0, &iov), -DIOS_EZOMBIE);
	return NULL;
}

static void *writes_until_dead(void *arg)
{
	struct end *e = arg;
	struct dios_iov iov = {};
	s64 n;

	OK(t_buf(e->t, DIOS_ACQUIRE_WRITE, 0, e->ref, 8000, &iov));
	do
		n = t_buf(e->t, DIOS_COMMIT_WRITE, 0, e->ref, 8000, &iov);
	while (n > 0);
	CHECK_EQ(n, -DIOS_EZOMBIE);
	return NULL;
}

/* Who waits in a stream that is killed wakes. */
TEST(a_death_wakes_who_waits)
{
	void *(*const what[])(void *) = { reads_until_dead, writes_until_dead };
	struct dios_task *t = pure();
	struct end e = { .t = pure() };
	struct dios_ref *r;
	u32 i;
	u64 a, b;

	for (i = 0; i < ARRAY_SIZE(what); i++) {
		pair(t, &a, &b);
		r = ref_new(ref_find(t, b, 0)->obj, DIOS_R_READ | DIOS_R_WRITE);
		OK(ref_reserve(e.t, &r, 1));
		OK(ref_publish(e.t, &r, 1));
		e.ref = r->id;
		CHECK(!pthread_create(&e.thread, NULL, what[i], &e));
		hosted_until_blocked(e.t);
		OK(t_zombify(t, b));
		CHECK(!pthread_join(e.thread, NULL));
		OK(t_delete(t, a));
		OK(t_delete(t, b));
	}
	quit(e.t);
	quit(t);
}
