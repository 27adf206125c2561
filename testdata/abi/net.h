/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* net.h - what the programs about STREAM and DGRAM share. */

/* A call that an upcall may end is made again. */
#define again(call)	({ s64 r_; while ((r_ = (call)) == -DIOS_EINTR); r_; })

static struct dios_addr v4(u8 a, u8 b, u8 c, u8 d, u32 port)
{
	return (struct dios_addr){ .ip = { [10] = 0xff, 0xff, a, b, c, d }, .port = port };
}

static struct dios_addr v6(u8 last, u32 port)
{
	return (struct dios_addr){ .ip = { [15] = last }, .port = port };
}

#define LOCAL(port)	v4(127, 0, 0, 1, port)

static int same_addr(struct dios_addr a, struct dios_addr b)
{
	return same(&a, &b, sizeof(a));
}

static s64 new_stream(struct dios_stream spec, u64 *ref)
{
	return create(0, DIOS_T_STREAM, ADDR(&spec), 0, ADDR(ref));
}

static s64 new_dgram(struct dios_dgram spec, u64 *ref)
{
	return create(0, DIOS_T_DGRAM, ADDR(&spec), 0, ADDR(ref));
}

static u64 listen_at(struct dios_addr local, u32 backlog)
{
	struct dios_stream spec = { .mode = DIOS_STREAM_LISTEN, .backlog = backlog, .local = local };
	u64 ref = POISON;

	is(new_stream(spec, &ref), 0);
	return ref;
}

static u64 dial(struct dios_addr remote)
{
	struct dios_stream spec = { .mode = DIOS_STREAM_DIAL, .remote = remote };
	u64 ref = POISON;

	is(new_stream(spec, &ref), 0);
	return ref;
}

static struct dios_net_info info(u64 ref)
{
	struct dios_net_info i;
	struct dios_iov iov = { 0, 0 };

	memset(&i, 0x5a, sizeof(i));
	if (is(acquire_read(DIOS_BUF_INFO, ref, 0, ADDR(&iov)), 0)) {
		ok(iov.len == sizeof(i));
		i = *(struct dios_net_info *)iov.addr;
		is(release_read(0, ref, ADDR(&iov)), 0);
	}
	return i;
}

/* Wait at most some seconds: 0, or -DIOS_ETIMEDOUT. */
static s64 wait_ready(u64 ref, u32 rights)
{
	struct dios_wait w = { ref, rights, 0 };
	u64 selected;

	return again(selects(0, ADDR(&w), 1, ADDR(&selected), now() + 20 * SECOND));
}

static int ready(u64 ref, u32 rights)
{
	struct dios_wait w = { ref, rights, 0 };
	u64 selected;

	return again(selects(0, ADDR(&w), 1, ADDR(&selected), 0)) == 0;
}

/* The next connection of a listener. */
static struct dios_accept accept(u64 l)
{
	struct dios_accept a;
	struct dios_iov iov = { 0, 0 };

	memset(&a, 0x5a, sizeof(a));
	if (is(again(acquire_read(0, l, 0, ADDR(&iov))), 0)) {
		ok(iov.len == sizeof(a));
		a = *(struct dios_accept *)iov.addr;
		is(commit_read(0, l, iov.len, ADDR(&iov)), sizeof(a));
		is(release_read(0, l, ADDR(&iov)), 0);
	}
	return a;
}

/* Write all of it. */
static s64 put(u64 flags, u64 ref, const void *p, u64 len)
{
	struct dios_iov iov = { 0, 0 };
	s64 n;

	is(acquire_write(0, ref, len ? len : 1, ADDR(&iov)), 0);
	memcpy((void *)iov.addr, p, len);
	n = again(commit_write(flags, ref, len, ADDR(&iov)));
	is(release_write(0, ref, ADDR(&iov)), 0);
	return n;
}

/* Read exactly these bytes, in whatever pieces. */
static void expect(u64 ref, const char *want)
{
	u64 len = length(want), got = 0;
	struct dios_iov iov = { 0, 0 };
	s64 r;

	r = again(acquire_read(0, ref, 0, ADDR(&iov)));
	while (is(r < 0 ? r : 0, 0)) {
		ok(got + iov.len <= len && same((void *)iov.addr, want + got, iov.len));
		got += iov.len;
		if (got >= len)
			break;
		r = commit_read(DIOS_BUF_NEXT, ref, iov.len, ADDR(&iov));
	}
	ok(got == len);
	is(commit_read(0, ref, iov.len, ADDR(&iov)), iov.len);
	iov.len = 0;
	is(release_read(0, ref, ADDR(&iov)), 0);
}
