/* brand: pure */
/* STREAM: TCP over 127.0.0.1 and ::1; every argument, both ends, errors, and death. */
#include "abi.h"
#include "net.h"

static void arguments(void)
{
	const struct dios_stream to = { .mode = DIOS_STREAM_DIAL, .remote = LOCAL(9) };
	const struct dios_stream at = { .mode = DIOS_STREAM_LISTEN, .backlog = 1, .local = LOCAL(0) };
	static const u64 longs[] = { DIOS_MAX_KBUF + 1, 1ULL << 32, ~0ULL };
	struct dios_stream s;
	struct dios_iov iov = { 0, POISON };
	u64 ref = POISON, i, r;

#define BAD(from, field, value) do {				\
	s = from;						\
	s.field = value;					\
	is(new_stream(s, &ref), -DIOS_EINVAL);			\
} while (0)
	BAD(at, mode, 0);
	BAD(at, mode, 3);
	BAD(at, mode, 0x80000001);
	for each_bad_flag(f, DIOS_NET_V4 | DIOS_NET_V6 | DIOS_NET_REUSEPORT)
		if (f >> 32 == 0)
			BAD(at, flags, f);
	BAD(at, flags, DIOS_NET_V4 | DIOS_NET_V6);
	BAD(at, flags, DIOS_NET_V6);
	BAD(at, backlog, 0);
	BAD(at, pad, 1);
	BAD(at, local.port, 65536);
	BAD(at, local.scope, 1);
	BAD(at, remote.port, 1);
	BAD(at, remote, LOCAL(0));
	BAD(to, backlog, 1);
	BAD(to, flags, DIOS_NET_V6);
	BAD(to, remote.port, 0xffffffff);
	BAD(to, remote.scope, 1);
	BAD(to, local, v6(1, 0));
	BAD(to, local.port, 65536);
#undef BAD
	is(create(0, DIOS_T_STREAM, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	for each_bad_in(k, sizeof(s))
		is(create(0, DIOS_T_STREAM, bad_in(k, sizeof(s)), 0, ADDR(&ref)), -DIOS_EFAULT);
	s = at;
	for each_bad_out(k, sizeof(ref))
		is(create(0, DIOS_T_STREAM, ADDR(&s), 0, bad_out(k, sizeof(ref))), -DIOS_EFAULT);
	s.local = v4(192, 0, 2, 1, 0);
	is(new_stream(s, &ref), -DIOS_EADDR);
	s.local = v6(9, 0);
	is(new_stream(s, &ref), -DIOS_EADDR);
	ok(ref == POISON);

	is(new_stream(at, &ref), 0);
	is(acquire_write(0, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&iov)), -DIOS_EAGAIN);
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, sizeof(struct dios_accept) - 1, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_read(DIOS_BUF_AT, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_read(DIOS_BUF_BATCH, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	for (i = 0; i < COUNT(longs); i++)
		is(acquire_read(DIOS_BUF_NONBLOCK, ref, longs[i], ADDR(&iov)), -DIOS_EINVAL);
	ok(iov.addr == 0 && iov.len == POISON);
	ok(info(ref).state == DIOS_NET_LISTENING && info(ref).error == 0);
	r = with_rights(ref, DIOS_R_WRITE);
	is(acquire_read(DIOS_BUF_NONBLOCK, r, 0, ADDR(&iov)), -DIOS_EPERM);
	is(delete(0, r), 0);
	is(delete(0, ref), 0);
}

/* What a pair of ends can do, by either IP. */
static void connection(struct dios_addr at)
{
	u64 l = listen_at(at, 5), a, b;
	struct dios_net_info i = info(l);
	struct dios_accept got;
	struct dios_iov iov = { 0, 0 }, other = { 0, 0 };

	at.port = i.local.port;
	ok(at.port && same_addr(i.local, at));
	ok(!ready(l, DIOS_R_READ));
	a = dial(at);
	is(wait_ready(a, DIOS_R_WRITE), 0);
	is(wait_ready(l, DIOS_R_READ), 0);
	got = accept(l);
	b = got.ref;
	ok(same_addr(got.local, at) && same_addr(info(a).remote, at));
	ok(same_addr(got.remote, info(a).local) && same_addr(info(b).remote, got.remote));
	ok(info(a).state == DIOS_NET_CONNECTED && info(b).state == DIOS_NET_CONNECTED);
	ok(!ready(l, DIOS_R_READ) && !ready(a, DIOS_R_READ) && !ready(b, DIOS_R_READ));
	ok(ready(a, DIOS_R_WRITE) && ready(b, DIOS_R_WRITE));
	is(put(0, a, "hello", 5), 5);
	is(wait_ready(b, DIOS_R_READ), 0);
	expect(b, "hello");
	ok(!ready(b, DIOS_R_READ));
	is(acquire_read(DIOS_BUF_NONBLOCK, b, 0, ADDR(&iov)), -DIOS_EAGAIN);
	/* Bytes stay until they are committed, and one buffer at a time has them. */
	is(put(0, b, "0123456789", 10), 10);
	is(again(acquire_read(0, a, 4, ADDR(&iov))), 0);
	ok(iov.len == 4 && same((void *)iov.addr, "0123", 4));
	ok(!ready(a, DIOS_R_READ));
	is(acquire_read(DIOS_BUF_NONBLOCK, a, 4, ADDR(&other)), -DIOS_EAGAIN);
	is(release_read(0, a, ADDR(&iov)), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(again(acquire_read(0, a, 6, ADDR(&iov))), 0);
	ok(iov.len == 6);
	is(commit_read(0, a, 7, ADDR(&iov)), -DIOS_EINVAL);
	is(commit_read(DIOS_BUF_NEXT, a, 3, ADDR(&iov)), 3);
	ok(iov.len == 6 && same((void *)iov.addr, "345678", 6));
	is(commit_read(DIOS_BUF_NEXT, a, 6, ADDR(&iov)), 6);
	ok(iov.len == 1 && *(char *)iov.addr == '9');
	is(commit_read(DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, a, 1, ADDR(&iov)), -DIOS_EAGAIN);
	ok(iov.len == 0);
	is(commit_read(DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, a, 0, ADDR(&iov)), -DIOS_EAGAIN);
	/* Half of it ends. */
	is(put(DIOS_BUF_END, a, "bye", 3), 3);
	is(put(0, a, "x", 1), -DIOS_EPIPE);
	expect(b, "bye");
	other = (struct dios_iov){ 0, 0 };
	is(again(acquire_read(0, b, 0, ADDR(&other))), -DIOS_EPIPE);
	ok(ready(b, DIOS_R_READ) && info(b).state == DIOS_NET_ENDED);
	is(put(0, b, "still", 5), 5);
	is(again(commit_read(DIOS_BUF_NEXT, a, 0, ADDR(&iov))), 0);
	ok(iov.len == 5);
	is(put(DIOS_BUF_END, b, "", 0), 0);
	is(again(commit_read(DIOS_BUF_NEXT, a, 5, ADDR(&iov))), -DIOS_EPIPE);
	is(delete(0, a), 0);
	is(delete(0, b), 0);
	is(delete(0, l), 0);
}

/* One socket for both IPs, and for one only. */
static void both_ips(void)
{
	struct dios_stream s = { .mode = DIOS_STREAM_LISTEN, .backlog = 4 };
	u64 l, a, b;
	u32 port;

	is(new_stream(s, &l), 0);
	port = info(l).local.port;
	a = dial(LOCAL(port));
	b = dial(v6(1, port));
	is(wait_ready(a, DIOS_R_WRITE), 0);
	is(wait_ready(b, DIOS_R_WRITE), 0);
	ok(info(a).state == DIOS_NET_CONNECTED && info(b).state == DIOS_NET_CONNECTED);
	is(delete(0, accept(l).ref), 0);
	is(delete(0, accept(l).ref), 0);
	is(delete(0, a), 0);
	is(delete(0, b), 0);
	is(delete(0, l), 0);
	s.flags = DIOS_NET_V6;
	is(new_stream(s, &l), 0);
	port = info(l).local.port;
	a = dial(LOCAL(port));
	is(wait_ready(a, DIOS_R_WRITE), 0);
	ok(info(a).error == DIOS_EREFUSED);
	is(delete(0, a), 0);
	/* The other half of the port is somebody else's. */
	s.flags = DIOS_NET_V4;
	s.local.port = port;
	is(new_stream(s, &b), 0);
	is(new_stream(s, &a), -DIOS_EBUSY);
	is(delete(0, b), 0);
	s.flags |= DIOS_NET_REUSEPORT;
	is(new_stream(s, &a), 0);
	is(new_stream(s, &b), 0);
	is(delete(0, b), 0);
	is(delete(0, a), 0);
	is(delete(0, l), 0);
}

/* Whom it cannot reach, said by every use. */
static void failures_of_dial(void)
{
	static const struct { struct dios_addr to; s64 err; } cases[] = {
		{ { .ip = { [10] = 0xff, 0xff, 127, 0, 0, 1 }, .port = 1 }, DIOS_EREFUSED },
		{ { .ip = { [15] = 1 }, .port = 1 }, DIOS_EREFUSED },
		{ { .ip = { [10] = 0xff, 0xff, 192, 0, 2, 1 }, .port = 1 }, DIOS_EUNREACH },
		{ { .ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, .port = 1 }, DIOS_EUNREACH },
	};
	struct dios_iov iov = { 0, 0 }, w;
	u64 i, k, ref;

	for (i = 0; i < COUNT(cases); i++) {
		about = "case";
		about_number = i;
		ref = dial(cases[i].to);
		is(wait_ready(ref, DIOS_R_WRITE), 0);
		ok(ready(ref, DIOS_R_READ));
		ok(info(ref).state == DIOS_NET_FAILED && info(ref).error == cases[i].err);
		ok(same_addr(info(ref).remote, cases[i].to));
		w = (struct dios_iov){ 0, 0 };
		is(acquire_write(0, ref, 1, ADDR(&w)), 0);
		for (k = 0; k < 2; k++) {
			is(commit_write(0, ref, 1, ADDR(&w)), -cases[i].err);
			is(commit_write(DIOS_BUF_END, ref, 0, ADDR(&w)), -cases[i].err);
			is(acquire_read(0, ref, 0, ADDR(&iov)), -cases[i].err);
		}
		ok(info(ref).error == cases[i].err);
		is(delete(0, ref), 0);
	}
	about = NULL;
}

/* A backlog that is full: connecting takes long, and until then nothing is possible. */
static void connecting(void)
{
	u64 l = listen_at(LOCAL(0), 1), refs[8], ref = 0, i, n = 0;
	struct dios_iov iov = { 0, 0 }, w = { 0, 0 };
	u32 port = info(l).local.port;

	while (n < COUNT(refs)) {
		refs[n++] = ref = dial(LOCAL(port));
		again(selects(0, 0, 0, 0, now() + 20 * MS));
		if (info(ref).state == DIOS_NET_CONNECTING)
			break;
	}
	ok(info(ref).state == DIOS_NET_CONNECTING && info(ref).error == 0);
	ok(!ready(ref, DIOS_R_READ) && !ready(ref, DIOS_R_WRITE));
	is(acquire_write(0, ref, 4, ADDR(&w)), 0);
	is(commit_write(DIOS_BUF_NONBLOCK, ref, 4, ADDR(&w)), -DIOS_EAGAIN);
	is(commit_write(DIOS_BUF_NONBLOCK | DIOS_BUF_END, ref, 0, ADDR(&w)), -DIOS_EAGAIN);
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&iov)), -DIOS_EAGAIN);
	/* It goes on when there is room. */
	is(delete(0, accept(l).ref), 0);
	is(delete(0, accept(l).ref), 0);
	is(wait_ready(ref, DIOS_R_WRITE), 0);
	is(commit_write(0, ref, 4, ADDR(&w)), 4);
	for (i = 0; i < n; i++)
		is(delete(0, refs[i]), 0);
	is(delete(0, l), 0);
}

static void pair(u64 *a, u64 *b)
{
	u64 l = listen_at(LOCAL(0), 1);

	*a = dial(LOCAL(info(l).local.port));
	*b = accept(l).ref;
	is(wait_ready(*a, DIOS_R_WRITE), 0);
	is(delete(0, l), 0);
}

/* Unread bytes of one that goes cut the other off; what that one has is still there. */
static void reset(void)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_net_info *in;
	u64 a, b;

	pair(&a, &b);
	is(put(0, a, "unread", 6), 6);
	is(put(0, b, "got", 3), 3);
	is(wait_ready(b, DIOS_R_READ), 0);
	is(delete(0, b), 0);
	is(wait_ready(a, DIOS_R_READ), 0);
	expect(a, "got");
	is(again(acquire_read(0, a, 0, ADDR(&iov))), -DIOS_ERESET);
	is(acquire_read(0, a, 0, ADDR(&iov)), -DIOS_ERESET);
	is(put(0, a, "x", 1), -DIOS_ERESET);
	ok(info(a).state == DIOS_NET_FAILED && info(a).error == DIOS_ERESET);
	is(delete(0, a), 0);
	/* And so does a linger of 0. */
	pair(&a, &b);
	is(acquire_write(DIOS_BUF_INFO, b, 0, ADDR(&iov)), 0);
	in = (void *)iov.addr;
	in->linger_s = 0;
	is(commit_write(0, b, iov.len, ADDR(&iov)), sizeof(*in));
	is(delete(0, b), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(again(acquire_read(0, a, 0, ADDR(&iov))), -DIOS_ERESET);
	is(delete(0, a), 0);
}

static void options(void)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_net_info was, *in, got;
	u64 a, b, r;

	pair(&a, &b);
	is(acquire_write(DIOS_BUF_INFO, a, 0, ADDR(&iov)), 0);
	in = (void *)iov.addr;
	was = *in;
	ok(was.nodelay == 1 && was.keepalive_s == 0 && was.linger_s == 0xffffffff && was.send_buf && was.recv_buf);
	ok(was.keepalive_interval_s && was.keepalive_count);
#define BAD(field, value) do {						\
	*in = was;							\
	in->field = value;						\
	is(commit_write(0, a, sizeof(was), ADDR(&iov)), -DIOS_EINVAL);	\
} while (0)
	BAD(nodelay, 2);
	BAD(keepalive_s, 32768);
	BAD(keepalive_interval_s, 0);
	BAD(keepalive_interval_s, 32768);
	BAD(keepalive_count, 0);
	BAD(keepalive_count, 128);
	BAD(linger_s, 65536);
	BAD(linger_s, 0xfffffffe);
	BAD(send_buf, 0xffffffff);
	BAD(recv_buf, 0xffffffff);
	BAD(pad, 1);
#undef BAD
	*in = was;
	is(commit_write(0, a, sizeof(was) - 1, ADDR(&iov)), -DIOS_EINVAL);
	got = info(a);
	ok(same(&got, &was, sizeof(was)));
	/* Each by itself, and back. */
#define SET(field, value) do {						\
	*in = was;							\
	in->field = value;						\
	is(commit_write(0, a, sizeof(was), ADDR(&iov)), sizeof(was));	\
	ok(info(a).field == value);					\
	*in = was;							\
	is(commit_write(0, a, sizeof(was), ADDR(&iov)), sizeof(was));	\
	ok(info(a).field == was.field);					\
} while (0)
	SET(nodelay, 0);
	SET(keepalive_s, 30);
	SET(keepalive_interval_s, 7);
	SET(keepalive_count, 3);
	SET(linger_s, 0);
	SET(linger_s, 5);
#undef SET
	in->send_buf = 20000;
	in->recv_buf = 30000;
	is(commit_write(0, a, sizeof(was), ADDR(&iov)), sizeof(was));
	ok(info(a).send_buf == 20000 && info(a).recv_buf == 30000);
	in->state = 77;
	in->local.port = 77;
	is(commit_write(0, a, sizeof(was), ADDR(&iov)), sizeof(was));
	ok(info(a).state == was.state && info(a).local.port == was.local.port);
	r = with_rights(a, DIOS_R_READ);
	is(acquire_write(DIOS_BUF_INFO, r, 0, ADDR(&iov)), -DIOS_EPERM);
	is(delete(0, r), 0);
	is(delete(0, a), 0);
	is(delete(0, b), 0);
}

/* No connection is lost to a bad address. */
static void bad_addresses(void)
{
	u64 l = listen_at(LOCAL(0), 8), a = dial(LOCAL(info(l).local.port)), b;
	struct dios_iov iov = { 0, 0 };

	is(put(0, a, "first", 5), 5);
	is(wait_ready(l, DIOS_R_READ), 0);
	for each_bad_in(k, sizeof(iov))
		is(acquire_read(0, l, 0, bad_in(k, sizeof(iov))), -DIOS_EFAULT);
	/* It can be read there, but not written: the connection is taken, and goes back. */
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_read(0, start->random, 16, ADDR(&iov)), 0);
	is(acquire_read(DIOS_BUF_NONBLOCK, l, 0, ADDR(&error_names)), -DIOS_EFAULT);
	ok(ready(l, DIOS_R_READ));
	b = accept(l).ref;
	expect(b, "first");
	/* The same with bytes. */
	is(put(0, a, "second", 6), 6);
	is(wait_ready(b, DIOS_R_READ), 0);
	is(acquire_read(DIOS_BUF_NONBLOCK, b, 0, ADDR(&error_names)), -DIOS_EFAULT);
	expect(b, "second");
	is(release_read(0, start->random, ADDR(&iov)), 0);
	is(delete(0, a), 0);
	is(delete(0, b), 0);
	is(delete(0, l), 0);
}

/* A FIFO's record, and a stream's bytes, go into a stream as they lie. */
static void pass_through(void)
{
	struct dios_fifo spec = { PAGE };
	struct dios_iov r = { 0, 0 }, same_iov;
	u64 fifo, a, b, c, d;

	pair(&a, &b);
	pair(&c, &d);
	is(create(0, DIOS_T_FIFO, ADDR(&spec), 0, ADDR(&fifo)), 0);
	is(put(0, fifo, "record", 6), 6);
	is(acquire_read(0, fifo, 0, ADDR(&r)), 0);
	same_iov = r;
	is(syscall6(DIOS_ACQUIRE_WRITE, DIOS_BUF_BORROW, a, 0, ADDR(&same_iov), fifo, 0), 0);
	is(again(commit_write(0, a, 6, ADDR(&same_iov))), 6);
	is(wait_ready(b, DIOS_R_READ), 0);
	r = (struct dios_iov){ 0, 0 };
	is(again(acquire_read(0, b, 0, ADDR(&r))), 0);
	is(syscall6(DIOS_ACQUIRE_WRITE, DIOS_BUF_MOVE, c, 0, ADDR(&r), b, 0), 0);
	is(again(commit_write(0, c, 6, ADDR(&r))), 6);
	expect(d, "record");
	is(release_write(DIOS_BUF_COMMIT, c, ADDR(&r)), 0);
	expect(d, "record");
	/* The bytes that were moved on are not here any more. */
	is(put(0, a, "more", 4), 4);
	expect(b, "more");
	is(delete(0, fifo), 0);
	is(delete(0, a), 0);
	is(delete(0, b), 0);
	is(delete(0, c), 0);
	is(delete(0, d), 0);
}

#define BULK	(1 << 20)

/* A child sends much, in pieces of its own; so the room is used up again and again. */
static int bulk(void)
{
	struct dios_iov iov = { 0, 0 }, part;
	u64 ref = start->refs[0].ref, sent = 0, i;
	s64 n;

	is(acquire_write(0, ref, 100000, ADDR(&iov)), 0);
	while (sent < BULK) {
		for (i = 0; i < iov.len; i++)
			((u8 *)iov.addr)[i] = (sent + i) * 31 >> 3;
		part = (struct dios_iov){ iov.addr, iov.len < BULK - sent ? iov.len : BULK - sent };
		/* All of this piece, before the next is made. */
		while (part.len) {
			n = again(commit_write(0, ref, part.len, ADDR(&part)));
			if (!ok(n > 0))
				return 1;
			part.addr += n;
			part.len -= n;
			sent += n;
		}
	}
	return failures ? 1 : 5;
}

static void much(void)
{
	struct dios_iov iov = { 0, 0 };
	u64 a, b, task, got = 0, wrong = 0, i;
	struct dios_grant g;
	struct dios_task_status st;
	s64 r;

	pair(&a, &b);
	g = (struct dios_grant){ .ref = a, .rights = DIOS_R_WRITE };
	is(start_self("bulk", &g, 1, &task), 0);
	is(delete(0, a), 0);
	r = again(acquire_read(0, b, 0, ADDR(&iov)));
	while (r >= 0) {
		for (i = 0; i < iov.len; i++)
			wrong += ((u8 *)iov.addr)[i] != (u8)((got + i) * 31 >> 3);
		got += iov.len;
		r = commit_read(DIOS_BUF_NEXT, b, iov.len, ADDR(&iov));
		while (r == -DIOS_EINTR)
			r = commit_read(DIOS_BUF_NEXT, b, 0, ADDR(&iov));
	}
	/* The child's end was the connection's, and all it had sent has come. */
	is(r, -DIOS_EPIPE);
	is(got, BULK);
	is(wrong, 0);
	st = wait_for(task);
	ok(st.how == DIOS_END_EXIT && st.status == 5);
	is(delete(0, b), 0);
}

/* Children wait in each way until they are killed. */
static int waits(const char *how)
{
	struct dios_iov iov = { 0, 0 };
	u64 ref = start->refs[0].ref;

	if (equal(how, "read")) {
		again(acquire_read(0, ref, 0, ADDR(&iov)));
	} else {
		is(acquire_write(0, ref, 50000, ADDR(&iov)), 0);
		while (again(commit_write(0, ref, iov.len, ADDR(&iov))) > 0)
			;
	}
	return 1;
}

static void killed(const char *how, u64 ref)
{
	struct dios_grant g = { .ref = ref, .rights = DIOS_R_READ | DIOS_R_WRITE };
	struct dios_task_status st;
	u64 task;

	is(start_self(how, &g, 1, &task), 0);
	is(delete(0, ref), 0);
	again(selects(0, 0, 0, 0, now() + 100 * MS));
	is(delete(DIOS_DELETE_ZOMBIFY, task), 0);
	st = wait_for(task);
	ok(st.how == DIOS_END_KILLED);
}

static void deaths(void)
{
	struct dios_iov iov = { 0, 0 };
	u64 a, b, l, refs[8], ref = 0, i, n = 0;

	pair(&a, &b);
	killed("read", a);
	is(again(acquire_read(0, b, 0, ADDR(&iov))), -DIOS_EPIPE);
	is(delete(0, b), 0);
	/* With bytes that nobody took. */
	pair(&a, &b);
	killed("write", a);
	is(wait_ready(b, DIOS_R_READ), 0);
	is(delete(0, b), 0);
	/* In accept. */
	killed("read", listen_at(LOCAL(0), 1));
	/* While it connects. */
	l = listen_at(LOCAL(0), 1);
	while (n < COUNT(refs)) {
		ref = dial(LOCAL(info(l).local.port));
		again(selects(0, 0, 0, 0, now() + 20 * MS));
		if (info(ref).state == DIOS_NET_CONNECTING)
			break;
		refs[n++] = ref;
	}
	ok(n < COUNT(refs));
	killed("write", ref);
	for (i = 0; i < n; i++)
		is(delete(0, refs[i]), 0);
	/* A listener goes with connections that wait. */
	is(delete(0, l), 0);
}

/* The object dies under one who waits; its socket goes, also while references stay. */
static void zombies(void)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_grant g;
	struct dios_task_status st;
	u64 a, b, task, l;
	u32 port;

	pair(&a, &b);
	g = (struct dios_grant){ .ref = a, .rights = DIOS_R_READ };
	is(start_self("zombie", &g, 1, &task), 0);
	again(selects(0, 0, 0, 0, now() + 50 * MS));
	is(delete(DIOS_DELETE_ZOMBIFY, a), 0);
	st = wait_for(task);
	ok(st.how == DIOS_END_EXIT && st.status == 3);
	is(again(acquire_read(0, b, 0, ADDR(&iov))), -DIOS_EPIPE);
	is(acquire_read(0, a, 0, ADDR(&iov)), -DIOS_EZOMBIE);
	ok(ready(a, DIOS_R_READ) && ready(a, DIOS_R_WRITE));
	l = listen_at(LOCAL(0), 1);
	port = info(l).local.port;
	is(delete(DIOS_DELETE_ZOMBIFY, l), 0);
	is(delete(0, listen_at(LOCAL(port), 1)), 0);
	is(delete(0, l), 0);
	is(delete(0, a), 0);
	is(delete(0, b), 0);
}

static int run(int argc, char **argv)
{
	struct dios_iov iov = { 0, 0 };
	u64 low;

	if (argc > 1 && equal(argv[1], "bulk"))
		return bulk();
	if (argc > 1 && equal(argv[1], "zombie"))
		return again(acquire_read(0, start->refs[0].ref, 0, ADDR(&iov))) == -DIOS_EZOMBIE ? 3 : 1;
	if (argc > 1 && (equal(argv[1], "low") || equal(argv[1], "user"))) {
		/* Ports below 1024, of root and of somebody; and of what those run. */
		struct dios_stream s = { .mode = DIOS_STREAM_LISTEN, .backlog = 1, .local = LOCAL(80) };
		int want = equal(argv[1], "low") ? 0 : -DIOS_EPERM;

		is(new_stream(s, &low), want);
		if (!want)
			is(delete(0, low), 0);
		if (!start->nrefs) {
			struct dios_grant g = { .ref = start->random, .rights = DIOS_R_READ };
			u64 task;

			is(start_self(argv[1], &g, 1, &task), 0);
			is(wait_for(task).status, 4);
		}
		return failures ? 1 : 4;
	}
	if (argc > 1)
		return waits(argv[1]);
	arguments();
	connection(LOCAL(0));
	connection(v6(1, 0));
	both_ips();
	failures_of_dial();
	connecting();
	reset();
	options();
	bad_addresses();
	pass_through();
	much();
	deaths();
	zombies();
	return 0;
}
