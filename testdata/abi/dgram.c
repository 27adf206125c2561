/* brand: pure */
/* DGRAM: UDP over 127.0.0.1 and ::1; every argument, cut datagrams, errors, and death. */
#include "abi.h"
#include "net.h"

#define HEAD	sizeof(struct dios_dgram_head)

static u64 bound(struct dios_addr local, u32 flags)
{
	struct dios_dgram spec = { .local = local, .flags = flags };
	u64 ref = POISON;

	is(new_dgram(spec, &ref), 0);
	return ref;
}

/* Send one; what was taken, without the head. */
static s64 send_to(u64 ref, struct dios_addr to, const void *p, u64 len)
{
	struct dios_dgram_head head = { .addr = to };
	struct dios_iov iov = { 0, 0 };
	s64 n;

	is(acquire_write(0, ref, HEAD + len, ADDR(&iov)), 0);
	memcpy((void *)iov.addr, &head, HEAD);
	memcpy((void *)(iov.addr + HEAD), p, len);
	n = again(commit_write(0, ref, HEAD + len, ADDR(&iov)));
	is(release_write(0, ref, ADDR(&iov)), 0);
	return n < 0 ? n : n - (s64)HEAD;
}

static const struct dios_addr nowhere;

static void arguments(void)
{
	const struct dios_dgram at = { .local = LOCAL(0) };
	struct dios_dgram s;
	struct dios_iov iov = { 0, POISON };
	struct dios_dgram_head *head;
	u64 ref = POISON, r;

#define BAD(field, value) do {				\
	s = at;						\
	s.field = value;				\
	is(new_dgram(s, &ref), -DIOS_EINVAL);		\
} while (0)
	for each_bad_flag(f, DIOS_NET_V4 | DIOS_NET_V6 | DIOS_NET_REUSEPORT | DIOS_NET_BROADCAST)
		if (f >> 32 == 0)
			BAD(flags, f);
	BAD(flags, DIOS_NET_V4 | DIOS_NET_V6);
	BAD(flags, DIOS_NET_V6);
	BAD(pad, 1);
	BAD(local.port, 65536);
	BAD(local.scope, 1);
	BAD(remote.port, 65536);
	BAD(remote, v6(1, 1));
#undef BAD
	is(create(0, DIOS_T_DGRAM, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	for each_bad_in(k, sizeof(s))
		is(create(0, DIOS_T_DGRAM, bad_in(k, sizeof(s)), 0, ADDR(&ref)), -DIOS_EFAULT);
	s = at;
	s.local = v4(192, 0, 2, 1, 0);
	is(new_dgram(s, &ref), -DIOS_EADDR);
	s = at;
	s.remote = v4(192, 0, 2, 1, 9);
	s.local = nowhere;
	is(new_dgram(s, &ref), -DIOS_EUNREACH);
	ok(ref == POISON);

	ref = bound(LOCAL(0), 0);
	is(acquire_read(0, ref, HEAD - 1, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_read(0, ref, DIOS_MAX_KBUF + 1, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, HEAD, ADDR(&iov)), -DIOS_EAGAIN);
	is(acquire_read(DIOS_BUF_BATCH, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_write(0, ref, HEAD - 1, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_write(0, ref, DIOS_MAX_KBUF + 1, ADDR(&iov)), -DIOS_EINVAL);
	ok(iov.addr == 0 && iov.len == POISON);
	is(acquire_write(0, ref, HEAD + DIOS_MAX_DGRAM + 1, ADDR(&iov)), 0);
	head = (void *)iov.addr;
	is(commit_write(0, ref, HEAD - 1, ADDR(&iov)), -DIOS_EINVAL);
	is(commit_write(0, ref, HEAD, ADDR(&iov)), -DIOS_EINVAL);	/* to nobody */
	head->addr = info(ref).local;
	is(commit_write(0, ref, HEAD + DIOS_MAX_DGRAM + 1, ADDR(&iov)), -DIOS_ETOOBIG);
	is(commit_write(DIOS_BUF_END, ref, HEAD, ADDR(&iov)), -DIOS_ENOTSUP);
	is(commit_write(DIOS_BUF_NEXT, ref, HEAD, ADDR(&iov)), -DIOS_ENOTSUP);
	head->len = 1;
	is(commit_write(0, ref, HEAD, ADDR(&iov)), -DIOS_EINVAL);
	head->len = 0;
	head->pad = 1;
	is(commit_write(0, ref, HEAD, ADDR(&iov)), -DIOS_EINVAL);
	head->pad = 0;
	head->addr.port = 65536;
	is(commit_write(0, ref, HEAD, ADDR(&iov)), -DIOS_EINVAL);
	head->addr = v6(1, 1);
	is(commit_write(0, ref, HEAD, ADDR(&iov)), -DIOS_EINVAL);
	head->addr = v4(192, 0, 2, 1, 1);
	r = commit_write(0, ref, HEAD, ADDR(&iov));
	ok(r == (u64)-DIOS_EUNREACH || r == (u64)-DIOS_EINVAL);	/* bound to 127.0.0.1 */
	head->addr = v4(127, 255, 255, 255, 9);
	is(commit_write(0, ref, HEAD, ADDR(&iov)), -DIOS_EPERM);
	is(delete(0, ref), 0);
	ref = bound(LOCAL(0), DIOS_NET_BROADCAST);
	is(send_to(ref, v4(127, 255, 255, 255, 9), "x", 1), 1);
	is(delete(0, ref), 0);
}

static void datagrams(struct dios_addr at, u32 flags)
{
	u64 a = bound(at, flags), b = bound(at, flags);
	struct dios_addr to = info(a).local, from = info(b).local;
	struct dios_iov iov = { 0, 0 }, w = { 0, 0 };
	struct dios_dgram_head *head;
	struct dios_dgram s = { .local = to };
	u64 c, i;

	ok(info(a).state == DIOS_NET_OPEN && to.port && from.port && to.port != from.port);
	is(new_dgram(s, &c), -DIOS_EBUSY);
	ok(!ready(a, DIOS_R_READ) && ready(a, DIOS_R_WRITE));
	is(send_to(b, to, "hello", 5), 5);
	is(send_to(b, to, "", 0), 0);
	is(send_to(b, to, "third one", 9), 9);
	is(wait_ready(a, DIOS_R_READ), 0);
	/* Cut to the room there is, and told so; and whole for the next. */
	is(again(acquire_read(0, a, HEAD + 4, ADDR(&iov))), 0);
	head = (void *)iov.addr;
	ok(iov.len == HEAD + 4 && head->len == 5 && same(head + 1, "hell", 4) && same_addr(head->addr, from));
	ok(!ready(a, DIOS_R_READ));
	is(release_read(0, a, ADDR(&iov)), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(again(acquire_read(0, a, 0, ADDR(&iov))), 0);
	head = (void *)iov.addr;
	ok(iov.len == HEAD + 5 && head->len == 5 && same(head + 1, "hello", 5));
	is(commit_read(DIOS_BUF_NEXT, a, iov.len, ADDR(&iov)), HEAD + 5);
	ok(iov.len == HEAD && head->len == 0);
	/* It is consumed whatever the length says. */
	is(commit_read(DIOS_BUF_NEXT, a, 0, ADDR(&iov)), 0);
	ok(iov.len == HEAD + 9 && head->len == 9);
	is(commit_read(DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, a, iov.len, ADDR(&iov)), -DIOS_EAGAIN);
	ok(iov.len == 0);
	/* The longest. */
	is(acquire_write(0, b, 0, ADDR(&w)), 0);
	ok(w.len == HEAD + DIOS_MAX_DGRAM);
	memset((void *)w.addr, 0, HEAD);
	((struct dios_dgram_head *)w.addr)->addr = to;
	for (i = HEAD; i < w.len; i++)
		((u8 *)w.addr)[i] = i;
	is(again(commit_write(0, b, w.len, ADDR(&w))), HEAD + DIOS_MAX_DGRAM);
	is(again(commit_read(DIOS_BUF_NEXT, a, 0, ADDR(&iov))), 0);
	ok(iov.len == HEAD + DIOS_MAX_DGRAM && same((void *)(iov.addr + HEAD), (void *)(w.addr + HEAD), DIOS_MAX_DGRAM));
	is(delete(0, a), 0);
	is(delete(0, b), 0);
}

/* One that has a remote: whom it hears, and what it hears of a datagram that found nobody. */
static void connected(void)
{
	u64 a = bound(LOCAL(0), 0), b, c, other = bound(LOCAL(0), 0);
	struct dios_dgram s = { .remote = info(a).local };
	struct dios_iov iov = { 0, 0 };

	is(new_dgram(s, &b), 0);
	ok(same_addr(info(b).remote, s.remote));
	is(send_to(b, s.remote, "x", 1), -DIOS_EINVAL);
	is(send_to(b, nowhere, "x", 1), 1);
	is(wait_ready(a, DIOS_R_READ), 0);
	is(send_to(other, info(b).local, "not this", 8), 8);
	is(send_to(a, info(b).local, "this", 4), 4);
	is(wait_ready(b, DIOS_R_READ), 0);
	is(again(acquire_read(0, b, 0, ADDR(&iov))), 0);
	ok(iov.len == HEAD + 4);
	is(commit_read(0, b, iov.len, ADDR(&iov)), HEAD + 4);
	is(delete(0, a), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(send_to(b, nowhere, "x", 1), 1);
	is(wait_ready(b, DIOS_R_READ), 0);
	is(acquire_read(0, b, 0, ADDR(&iov)), -DIOS_EREFUSED);
	/* Once. */
	is(acquire_read(DIOS_BUF_NONBLOCK, b, 0, ADDR(&iov)), -DIOS_EAGAIN);
	ok(info(b).error == 0);
	is(send_to(b, nowhere, "x", 1), 1);
	is(wait_ready(b, DIOS_R_READ), 0);
	is(send_to(b, nowhere, "x", 1), -DIOS_EREFUSED);
	/* One that has none does not hear of it. */
	is(send_to(other, s.remote, "x", 1), 1);
	is(acquire_read(DIOS_BUF_NONBLOCK, other, 0, ADDR(&iov)), -DIOS_EAGAIN);
	/* By either IP from one socket. */
	s = (struct dios_dgram){ };
	is(new_dgram(s, &c), 0);
	is(send_to(c, info(other).local, "4", 1), 1);
	is(wait_ready(other, DIOS_R_READ), 0);
	is(send_to(c, v6(1, info(c).local.port), "6", 1), 1);
	is(wait_ready(c, DIOS_R_READ), 0);
	is(delete(0, c), 0);
	is(delete(0, b), 0);
	is(delete(0, other), 0);
}

static void options(void)
{
	u64 a = bound(LOCAL(0), 0);
	struct dios_iov iov = { 0, 0 };
	struct dios_net_info *in;

	is(acquire_write(DIOS_BUF_INFO, a, 0, ADDR(&iov)), 0);
	in = (void *)iov.addr;
	in->send_buf = 30000;
	in->recv_buf = 40000;
	is(commit_write(0, a, iov.len, ADDR(&iov)), sizeof(*in));
	ok(info(a).send_buf == 30000 && info(a).recv_buf == 40000);
	in->pad = 1;
	is(commit_write(0, a, iov.len, ADDR(&iov)), -DIOS_EINVAL);
	is(delete(0, a), 0);
}

static void deaths(void)
{
	u64 a = bound(LOCAL(0), 0), task;
	struct dios_grant g = { .ref = a, .rights = DIOS_R_READ };
	struct dios_iov iov = { 0, 0 };

	is(start_self("read", &g, 1, &task), 0);
	again(selects(0, 0, 0, 0, now() + 50 * MS));
	is(delete(DIOS_DELETE_ZOMBIFY, task), 0);
	ok(wait_for(task).how == DIOS_END_KILLED);
	/* Whoever waited for it has nothing of it. */
	is(send_to(a, info(a).local, "mine", 4), 4);
	is(again(acquire_read(0, a, 0, ADDR(&iov))), 0);
	is(release_read(0, a, ADDR(&iov)), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(commit_read(0, a, 0, ADDR(&iov)), -DIOS_EBADBUF);
	is(start_self("zombie", &g, 1, &task), 0);
	is(wait_for(task).status, 2);
	is(again(acquire_read(0, a, 0, ADDR(&iov))), 0);
	is(commit_read(0, a, iov.len, ADDR(&iov)), HEAD + 4);
	is(start_self("zombie", &g, 1, &task), 0);
	again(selects(0, 0, 0, 0, now() + 50 * MS));
	is(delete(DIOS_DELETE_ZOMBIFY, a), 0);
	is(wait_for(task).status, 3);
	is(delete(0, a), 0);
}

static int run(int argc, char **argv)
{
	struct dios_iov iov = { 0, 0 };
	s64 r;

	if (argc > 1) {
		/* A task that ends with what it read leaves it. */
		r = again(acquire_read(0, start->refs[0].ref, 0, ADDR(&iov)));
		return r == 0 ? 2 : r == -DIOS_EZOMBIE ? 3 : 1;
	}
	arguments();
	datagrams(LOCAL(0), 0);
	datagrams(v6(1, 0), 0);
	datagrams(v6(1, 0), DIOS_NET_V6);
	connected();
	options();
	deaths();
	return 0;
}
