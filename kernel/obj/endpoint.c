// SPDX-License-Identifier: GPL-2.0
/*
 * endpoint.c - what STREAM and DGRAM have in common.
 *
 * The host's socket never waits; the tasks wait for the object, which the socket's
 * wake function wakes.  Who uses the socket has it counted: a zombie's is closed
 * by the last one that leaves, so that nothing of it stays behind with the
 * references that still are there.
 *
 * To read is to look: what lies in a buffer is in the socket too, until a commit drops
 * it there.  So nothing is lost when a buffer is released without a commit, or its
 * task dies; and one buffer at a time has what was read.
 *
 * Locks: obj->lock guards what changes.  The host's own are taken before it, in
 * wake functions, and never under it.
 */
#include "endpoint.h"

#define V4_AT		12	/* where an IPv4 address is in an IPv6 one */
#define PORT_MAX	65535
#define KEEPALIVE_MAX	32767
#define COUNT_MAX	127
#define LINGER_MAX	65535
#define LINGER_HOST	0xffffffff
#define BUF_MAX		(1 << 30)

static bool is_v4(const struct dios_addr *a)
{
	static const u8 prefix[V4_AT] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(a->ip, prefix, V4_AT);
}

static bool ip_is_zero(const struct dios_addr *a)
{
	static const u8 zero[sizeof(a->ip)];

	return !memcmp(a->ip, zero, sizeof(zero));
}

/* All zero: any address, any port. */
bool endpoint_any(const struct dios_addr *a)
{
	return !a->port && !a->scope && ip_is_zero(a);
}

/* fe80::/10, and groups of the link. */
static bool link_local(const struct dios_addr *a)
{
	return (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80) ||
	       (a->ip[0] == 0xff && (a->ip[1] & 0x0f) == 0x02);
}

static bool addr_ok(const struct dios_addr *a, u32 flags)
{
	if (a->port > PORT_MAX || (a->scope && !link_local(a)))
		return false;
	if (ip_is_zero(a))
		return true;
	return !(flags & (is_v4(a) ? DIOS_NET_V6 : DIOS_NET_V4));
}

/**
 * endpoint_check() - Check two addresses, and which IP they mean.
 * @local:	as the program passed it
 * @remote:	as the program passed it
 * @flags:	in DIOS_NET_*; out with the V4 or V6 that an address demands
 *
 * Return: 0 or -DIOS_EINVAL.
 */
int endpoint_check(const struct dios_addr *local, const struct dios_addr *remote, u32 *flags)
{
	const struct dios_addr *both[] = { local, remote };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		if (!addr_ok(both[i], *flags))
			return -DIOS_EINVAL;
		if (!ip_is_zero(both[i]))
			*flags |= is_v4(both[i]) ? DIOS_NET_V4 : DIOS_NET_V6;
	}
	return (*flags & DIOS_NET_V4 && *flags & DIOS_NET_V6) ? -DIOS_EINVAL : 0;
}

/* The socket, to be used until endpoint_put(); NULL: the object is dead. */
struct dal_sock *endpoint_get(struct endpoint *e)
{
	struct dal_sock *sock = NULL;
	unsigned long flags;

	spin_lock_irqsave(&e->obj.lock, flags);
	if (!e->obj.dead) {
		sock = e->sock;
		e->users++;
	}
	spin_unlock_irqrestore(&e->obj.lock, flags);
	return sock;
}

/* Close the socket of a zombie that nobody uses any more. */
static void close_dead(struct endpoint *e, u32 left)
{
	struct dal_sock *sock = NULL;
	unsigned long flags;

	spin_lock_irqsave(&e->obj.lock, flags);
	e->users -= left;
	if (e->obj.dead && !e->users) {
		sock = e->sock;
		e->sock = NULL;
	}
	spin_unlock_irqrestore(&e->obj.lock, flags);
	if (sock)
		dal_sock_close(sock);
}

void endpoint_put(struct endpoint *e)
{
	close_dead(e, 1);
}

int endpoint_zombify(struct dios_object *obj)
{
	object_kill(obj);
	close_dead(endpoint_of(obj), 0);
	return 0;
}

/* For ops->free: nobody uses it. */
void endpoint_close(struct endpoint *e)
{
	if (e->sock)
		dal_sock_close(e->sock);
}

/* The host says that something may be possible now.  The object lives while its socket does. */
void endpoint_wake(void *arg, u32 rights)
{
	struct endpoint *e = arg;

	object_wake_for(&e->obj, rights);
}

/* Have memory for what will be read; once for a buffer. */
int endpoint_lend(struct dios_lend *l, size_t len)
{
	return l->buf->size ? 0 : buf_lend(l, len);
}

/* The types' own ready says whether there is something and nobody has it. */
static int take_turn_locked(struct dios_lend *l)
{
	struct endpoint *e = endpoint_of(l->ref->obj);

	lockdep_assert_held(&e->obj.lock);
	if (!e->obj.ops->ready(&e->obj, DIOS_R_READ, 0))
		return -DIOS_EAGAIN;
	e->reader = l->buf;
	return 0;
}

/* Give the turn back, if buf has it. */
void endpoint_leave(struct endpoint *e, struct dios_buf *buf)
{
	unsigned long flags;

	spin_lock_irqsave(&e->obj.lock, flags);
	if (e->reader == buf) {
		e->reader = NULL;
		object_wake_for_locked(&e->obj, DIOS_R_READ);
	}
	spin_unlock_irqrestore(&e->obj.lock, flags);
}

/* Wait until there is something, and fill the buffer with it, which has the turn then. */
int endpoint_read(struct dios_lend *l, endpoint_fill fill)
{
	struct endpoint *e = endpoint_of(l->ref->obj);
	int err;

	do {
		err = object_take(l, take_turn_locked);
		if (err)
			return err;
		err = fill(l);
		if (!err)
			return 0;
		endpoint_leave(e, l->buf);
		/* A datagram that was broken, a connection that is gone again. */
	} while (err == -DIOS_EAGAIN && !(l->flags & DIOS_BUF_NONBLOCK));
	return err;
}

/* What was read is no longer the socket's.  The caller has the turn; false: the object is dead. */
static bool drop(struct endpoint *e, size_t len)
{
	struct dal_sock *sock = endpoint_get(e);

	if (!sock)
		return false;
	dal_sock_drop(sock, len);
	endpoint_put(e);
	return true;
}

/* len is what the commit consumes, if the buffer has something. */
ssize_t endpoint_commit_read(struct dios_lend *l, size_t len, endpoint_fill fill)
{
	struct endpoint *e = endpoint_of(l->ref->obj);
	int err = 0;

	/* Only this task makes it lose its turn. */
	if (READ_ONCE(e->reader) == l->buf) {
		if (!drop(e, len))
			return -DIOS_EZOMBIE;
		endpoint_leave(e, l->buf);
	}
	l->buf->len = 0;
	if (l->flags & DIOS_BUF_NEXT)
		err = endpoint_read(l, fill);
	return err ? err : l->len;
}

static ssize_t try_write(struct dios_lend *l, endpoint_try try)
{
	struct endpoint *e = endpoint_of(l->ref->obj);
	struct dal_sock *sock = endpoint_get(e);
	ssize_t n;

	if (!sock)
		return -DIOS_EZOMBIE;
	n = try(sock, l);
	endpoint_put(e);
	return n;
}

/* Wait until it can be done, which then says what came of it.  try may sleep. */
ssize_t endpoint_write(struct dios_lend *l, endpoint_try try)
{
	ssize_t n = try_write(l, try);
	struct dios_watch w;
	int err;

	if (n != -DIOS_EAGAIN || l->flags & DIOS_BUF_NONBLOCK)
		return n;
	object_watch(l->ref->obj, &w, l->task, DIOS_R_WRITE);
	for (;;) {
		dal_wait_begin(l->task);
		n = try_write(l, try);
		if (n != -DIOS_EAGAIN)
			break;
		err = dal_wait(l->task, -1);
		if (err) {
			n = err;
			break;
		}
	}
	object_unwatch(&w);
	return n;
}

/* What was moved on was read. */
void endpoint_unlend(struct dios_task *t, struct dios_object *obj, struct dios_buf *buf)
{
	struct endpoint *e = endpoint_of(obj);

	if (buf->moved && READ_ONCE(e->reader) == buf)
		drop(e, buf->len);
	endpoint_leave(e, buf);
	mem_put(t, buf->mem);
}

void endpoint_info(struct dios_object *obj, void *out)
{
	struct endpoint *e = endpoint_of(obj);
	struct dal_sock *sock = endpoint_get(e);

	memset(out, 0, sizeof(struct dios_net_info));
	if (!sock)
		return;
	dal_sock_info(sock, out);
	endpoint_put(e);
}

/* What may be set: everything is checked before anything is. */
int endpoint_set(struct dios_lend *l, const struct dios_net_info *in)
{
	struct endpoint *e = endpoint_of(l->ref->obj);
	struct dal_sock *sock;
	int err;

	if (in->nodelay > 1 || in->keepalive_s > KEEPALIVE_MAX ||
	    (in->linger_s > LINGER_MAX && in->linger_s != LINGER_HOST) ||
	    in->send_buf > BUF_MAX || in->recv_buf > BUF_MAX || in->pad)
		return -DIOS_EINVAL;
	if (e->obj.ops->type == DIOS_T_STREAM &&
	    (in->keepalive_interval_s - 1 >= KEEPALIVE_MAX || in->keepalive_count - 1 >= COUNT_MAX))
		return -DIOS_EINVAL;
	sock = endpoint_get(e);
	if (!sock)
		return -DIOS_EZOMBIE;
	err = dal_sock_set(sock, in);
	endpoint_put(e);
	return err;
}

bool endpoint_ready(struct dios_object *obj, u32 rights, u32 len)
{
	struct endpoint *e = endpoint_of(obj);
	u32 ready = dal_sock_ready(e->sock);

	if (e->reader)
		ready &= ~DIOS_R_READ;
	return rights & ready;
}
