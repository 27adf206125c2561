// SPDX-License-Identifier: GPL-2.0
/*
 * dgram.c - DGRAM: datagrams, UDP.
 *
 * A buffer holds one datagram, behind a head that says from where, or where to.
 * acquire_read lends the next one, cut to the room there is; commit_read consumes
 * it.  commit_write sends what is in the buffer, as one datagram.
 *
 * What another host, or this one, says of a datagram that could not be delivered
 * comes with a later use, once, and only when the DGRAM has a remote.
 *
 * Locks: as endpoint.c.
 */
#include "endpoint.h"

#define FLAGS	(DIOS_NET_V4 | DIOS_NET_V6 | DIOS_NET_REUSEPORT | DIOS_NET_BROADCAST)
#define HEAD	sizeof(struct dios_dgram_head)
#define MOST	(HEAD + DIOS_MAX_DGRAM)

struct dgram {
	struct endpoint end;
	bool connected;			/* set once: it has a remote */
};

static struct dgram *dgram_of(struct dios_object *obj)
{
	return container_of(obj, struct dgram, end.obj);
}

static struct dios_object *dgram_make(struct dios_task *t, u64 flags, const void *spec)
{
	const struct dios_dgram *in = spec;
	u32 net = in->flags;
	struct dgram *d;
	int err;

	if (in->pad || in->flags & ~FLAGS)
		return ERR_PTR(-DIOS_EINVAL);
	err = endpoint_check(&in->local, &in->remote, &net);
	if (err)
		return ERR_PTR(err);
	d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		return ERR_PTR(-DIOS_ENOMEM);
	object_init(&d->end.obj, dios_types[DIOS_T_DGRAM]);
	d->connected = !endpoint_any(&in->remote);
	d->end.sock = dal_sock_open(t, DIOS_T_DGRAM, net, &in->local, endpoint_wake, &d->end);
	if (IS_ERR(d->end.sock)) {
		err = PTR_ERR(d->end.sock);
		d->end.sock = NULL;
	} else if (d->connected) {
		err = dal_sock_connect(d->end.sock, &in->remote);
	}
	if (err) {
		object_put(&d->end.obj);
		return ERR_PTR(err);
	}
	return &d->end.obj;
}

/* buf->off is the room there is, the head included. */
static int fill(struct dios_lend *l)
{
	struct endpoint *e = endpoint_of(l->ref->obj);
	struct dios_dgram_head head = {};
	struct dios_buf *buf = l->buf;
	struct dal_sock *sock;
	ssize_t n;
	int err = endpoint_lend(l, buf->off);

	if (err)
		return err;
	buf->len = 0;
	sock = endpoint_get(e);
	if (!sock)
		return -DIOS_EZOMBIE;
	n = dal_sock_peek(sock, buf->kernel + HEAD, buf->off - HEAD, &head.addr, &head.len);
	endpoint_put(e);
	if (n < 0)
		return n;
	memcpy(buf->kernel, &head, HEAD);
	buf->len = HEAD + n;
	return 0;
}

static int dgram_acquire_read(struct dios_lend *l)
{
	size_t len = buf_len(l, MOST);

	if (len < HEAD || len > DIOS_MAX_KBUF || (l->src && len > l->src->len))
		return -DIOS_EINVAL;
	l->buf->off = len;
	return endpoint_read(l, fill);
}

static ssize_t dgram_commit_read(struct dios_lend *l)
{
	return endpoint_commit_read(l, 0, fill);
}

static int dgram_acquire_write(struct dios_lend *l)
{
	size_t len = buf_len(l, MOST);

	if (len < HEAD)
		return -DIOS_EINVAL;
	return buf_lend(l, len);
}

static ssize_t try_send(struct dal_sock *sock, struct dios_lend *l)
{
	u8 *p = l->buf->kernel + (l->iov.addr - l->buf->addr);
	struct dios_dgram_head head;
	bool anywhere;
	ssize_t n;

	/* The task can still write it: look at one copy only. */
	memcpy(&head, p, HEAD);
	barrier();
	anywhere = endpoint_any(&head.addr);
	if (head.len || head.pad || anywhere != dgram_of(l->ref->obj)->connected)
		return -DIOS_EINVAL;
	if (!anywhere) {
		u32 net = 0;

		if (endpoint_check(&head.addr, &head.addr, &net))
			return -DIOS_EINVAL;
	}
	n = dal_sock_send(sock, p + HEAD, l->len - HEAD, anywhere ? NULL : &head.addr);
	return n < 0 ? n : n + (ssize_t)HEAD;
}

static ssize_t dgram_commit_write(struct dios_lend *l)
{
	if (l->len < HEAD)
		return -DIOS_EINVAL;
	if (l->len > MOST)
		return -DIOS_ETOOBIG;
	return endpoint_write(l, try_send);
}

static int dgram_set_info(struct dios_lend *l, const void *in)
{
	return endpoint_set(l, in);
}

static void dgram_free(struct dios_object *obj)
{
	struct dgram *d = dgram_of(obj);

	endpoint_close(&d->end);
	kfree(d);
}

const struct dios_object_ops dgram_ops = {
	.name		= "dgram",
	.type		= DIOS_T_DGRAM,
	.rights		= DIOS_R_READ | DIOS_R_WRITE,
	.spec_size	= sizeof(struct dios_dgram),
	.info_size	= sizeof(struct dios_net_info),
	.made_by_program = true,
	.spends		= DIOS_R_READ,
	.make		= dgram_make,
	.acquire_read	= dgram_acquire_read,
	.commit_read	= dgram_commit_read,
	.acquire_write	= dgram_acquire_write,
	.commit_write	= dgram_commit_write,
	.discard	= obj_discard_none,
	.unlend		= endpoint_unlend,
	.info		= endpoint_info,
	.set_info	= dgram_set_info,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= endpoint_ready,
	.task		= obj_task_none,
	.exe		= obj_exe_none,
	.names		= obj_names_none,
	.size		= obj_size_none,
	.zombify	= endpoint_zombify,
	.kill		= obj_kill_nothing,
	.free		= dgram_free,
};
