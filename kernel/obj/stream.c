// SPDX-License-Identifier: GPL-2.0
/*
 * stream.c - STREAM: a TCP connection, or a listener.
 *
 * A connection:
 * - It is made at once and connects by itself: it is ready to be written when it is
 *   connected, or when it is known that it cannot be.
 * - acquire_read lends bytes that have come; commit_read consumes as many as it says,
 *   and with DIOS_BUF_NEXT lends what follows.  EPIPE: the other side has ended.
 * - commit_write returns how many bytes were taken, and waits while none is.  DIOS_BUF_END
 *   with the last ones says that nothing follows.
 * - The first error is the connection's end, and what every later use says.
 *
 * A listener:
 * - acquire_read lends struct dios_accept, with the number of a reference that the
 *   task has then.  The number is reserved before the connection is taken from the
 *   host, so none is lost when the task may have no more; one that could not be told to
 *   the task waits, for the next that asks.
 *
 * Locks: obj->lock guards what changes, besides what endpoint.c says.
 */
#include "endpoint.h"

#define FLAGS		(DIOS_NET_V4 | DIOS_NET_V6 | DIOS_NET_REUSEPORT)
#define READ_DEFAULT	65536	/* bytes of a buffer when the program does not say */
#define RIGHTS		(DIOS_R_READ | DIOS_R_WRITE)

struct stream {
	struct endpoint end;
	bool listens;			/* set once */
	struct dios_addr remote;	/* set once: where it was dialled to */
	struct list_head link;		/* in returned of its listener */
	/* obj->lock guards these. */
	int error;			/* the first one; 0: none yet */
	struct list_head returned;	/* listener: connections nobody was told of, each with a hold */
};

static struct stream *stream_of(struct dios_object *obj)
{
	return container_of(obj, struct stream, end.obj);
}

/* One without a socket yet. */
static struct stream *stream_new(void)
{
	struct stream *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	INIT_LIST_HEAD(&s->link);
	INIT_LIST_HEAD(&s->returned);
	object_init(&s->end.obj, dios_types[DIOS_T_STREAM]);
	return s;
}

static int check(const struct dios_stream *in, u32 *net)
{
	bool dial = in->mode == DIOS_STREAM_DIAL;

	if ((!dial && in->mode != DIOS_STREAM_LISTEN) || in->flags & ~FLAGS || in->pad)
		return -DIOS_EINVAL;
	if (dial ? in->backlog : !in->backlog || !endpoint_any(&in->remote))
		return -DIOS_EINVAL;
	return endpoint_check(&in->local, &in->remote, net);
}

/* The socket of s, bound; connecting or listening. */
static int open(struct stream *s, struct dios_task *t, u32 net, const struct dios_stream *in)
{
	struct dal_sock *sock = dal_sock_open(t, DIOS_T_STREAM, net, &in->local,
					      endpoint_wake, &s->end);

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	s->end.sock = sock;
	if (s->listens)
		return dal_sock_listen(sock, in->backlog);
	/* Why it cannot be is for whoever uses it, whenever it is known. */
	s->error = dal_sock_connect(sock, &in->remote);
	return 0;
}

static struct dios_object *stream_make(struct dios_task *t, u64 flags, const void *spec)
{
	const struct dios_stream *in = spec;
	u32 net = in->flags;
	struct stream *s;
	int err = check(in, &net);

	if (err)
		return ERR_PTR(err);
	s = stream_new();
	if (!s)
		return ERR_PTR(-DIOS_ENOMEM);
	s->listens = in->mode == DIOS_STREAM_LISTEN;
	s->remote = in->remote;
	err = open(s, t, net, in);
	if (err) {
		object_put(&s->end.obj);
		return ERR_PTR(err);
	}
	return &s->end.obj;
}

/* An error of the connection, and not of this use of it. */
static bool is_final(int err)
{
	return err == -DIOS_EREFUSED || err == -DIOS_ERESET || err == -DIOS_EUNREACH ||
	       err == -DIOS_ETIMEDOUT || err == -DIOS_EADDR;
}

/* What a use of the connection says.  The host tells an error once, and then only that it is over. */
static int final_error(struct stream *s, int err)
{
	unsigned long flags;

	spin_lock_irqsave(&s->end.obj.lock, flags);
	if (is_final(err) && !s->error)
		s->error = err;
	if ((is_final(err) || err == -DIOS_EPIPE) && s->error)
		err = s->error;
	spin_unlock_irqrestore(&s->end.obj.lock, flags);
	return err;
}

/* A connection's bytes.  buf->off is the room there is. */
static int fill_bytes(struct dios_lend *l)
{
	struct stream *s = stream_of(l->ref->obj);
	struct dios_buf *buf = l->buf;
	struct dal_sock *sock;
	ssize_t n;
	int err = endpoint_lend(l, buf->off);

	if (err)
		return err;
	buf->len = 0;
	sock = endpoint_get(&s->end);
	if (!sock)
		return -DIOS_EZOMBIE;
	n = dal_sock_peek(sock, buf->kernel, buf->off, NULL, NULL);
	endpoint_put(&s->end);
	if (n <= 0)
		return n == -DIOS_EAGAIN ? n : final_error(s, n ? n : -DIOS_EPIPE);
	buf->len = n;
	return 0;
}

/* One that another acquire could not tell its task of; its hold is the caller's. */
static struct stream *take_returned(struct stream *s)
{
	struct stream *c = NULL;
	unsigned long flags;

	spin_lock_irqsave(&s->end.obj.lock, flags);
	if (!list_empty(&s->returned)) {
		c = list_first_entry(&s->returned, struct stream, link);
		list_del_init(&c->link);
	}
	spin_unlock_irqrestore(&s->end.obj.lock, flags);
	return c;
}

/* Keep it for the next that asks; takes the hold. */
static void give_back(struct stream *s, struct stream *c)
{
	unsigned long flags;
	bool dead;

	spin_lock_irqsave(&s->end.obj.lock, flags);
	dead = s->end.obj.dead;
	if (!dead) {
		list_add(&c->link, &s->returned);
		object_wake_for_locked(&s->end.obj, DIOS_R_READ);
	}
	spin_unlock_irqrestore(&s->end.obj.lock, flags);
	if (dead)
		object_put(&c->end.obj);
}

/* Give c the next connection of the host. */
static int accept(struct stream *s, struct stream *c)
{
	struct dal_sock *sock = endpoint_get(&s->end), *got;

	if (!sock)
		return -DIOS_EZOMBIE;
	got = dal_sock_accept(sock, endpoint_wake, &c->end);
	endpoint_put(&s->end);
	if (IS_ERR(got))
		return PTR_ERR(got);
	c->end.sock = got;
	return 0;
}

/* A reference to c, which gets a connection if it has none; in the task's table. */
static int tell(struct dios_lend *l, struct stream *s, struct stream *c)
{
	struct dios_accept *out = l->buf->kernel, told = {};
	struct dios_net_info info;
	struct dios_ref *ref;
	int err;

	ref = ref_new(&c->end.obj, RIGHTS);
	if (IS_ERR(ref))
		return PTR_ERR(ref);
	err = ref_reserve(l->task, &ref, 1);
	if (err)
		goto free;
	if (!c->end.sock) {
		err = accept(s, c);
		if (err) {
			ref_unreserve(l->task, &ref, 1);
			goto free;
		}
	}
	endpoint_info(&c->end.obj, &info);
	told.ref = ref->id;
	told.local = info.local;
	told.remote = info.remote;
	err = ref_publish(l->task, &ref, 1);
	if (err)
		goto free;
	memcpy(out, &told, sizeof(told));
	/* The task may be able to write the buffer: what undo needs is not in it. */
	l->buf->off = told.ref;
	l->buf->len = sizeof(told);
	return 0;
free:
	ref_free(ref);
	return err;
}

/* A listener's next connection. */
static int fill_accept(struct dios_lend *l)
{
	struct stream *s = stream_of(l->ref->obj), *c;
	int err = endpoint_lend(l, sizeof(struct dios_accept));

	if (err)
		return err;
	l->buf->len = 0;
	c = take_returned(s);
	if (!c) {
		c = stream_new();
		if (!c)
			return -DIOS_ENOMEM;
		err = object_charge(&c->end.obj, l->task->user);
		if (err) {
			object_put(&c->end.obj);
			return err;
		}
	}
	err = tell(l, s, c);
	if (err && c->end.sock)
		give_back(s, c);
	else
		object_put(&c->end.obj);	/* the reference holds it now */
	/* Another buffer may have the next one. */
	endpoint_leave(&s->end, l->buf);
	return err;
}

static int stream_acquire_read(struct dios_lend *l)
{
	struct stream *s = stream_of(l->ref->obj);
	size_t len = buf_len(l, s->listens ? sizeof(struct dios_accept) : READ_DEFAULT);

	if (len > DIOS_MAX_KBUF || (l->src && len > l->src->len) ||
	    (s->listens && len < sizeof(struct dios_accept)))
		return -DIOS_EINVAL;
	l->buf->off = s->listens ? DIOS_REF_NONE : len;
	return endpoint_read(l, s->listens ? fill_accept : fill_bytes);
}

static ssize_t stream_commit_read(struct dios_lend *l)
{
	struct stream *s = stream_of(l->ref->obj);

	return endpoint_commit_read(l, l->len, s->listens ? fill_accept : fill_bytes);
}

static int stream_acquire_write(struct dios_lend *l)
{
	if (stream_of(l->ref->obj)->listens)
		return -DIOS_ENOTSUP;
	return buf_lend(l, buf_len(l, READ_DEFAULT));
}

static ssize_t try_send(struct dal_sock *sock, struct dios_lend *l)
{
	return dal_sock_send(sock, l->buf->kernel + (l->iov.addr - l->buf->addr), l->len, NULL);
}

static ssize_t try_end(struct dal_sock *sock, struct dios_lend *l)
{
	return dal_sock_end(sock);
}

static ssize_t stream_commit_write(struct dios_lend *l)
{
	struct stream *s = stream_of(l->ref->obj);
	ssize_t n = 0;
	int err;

	if (l->len)
		n = endpoint_write(l, try_send);
	/* Who gives the buffer back cannot try again. */
	while (n >= 0 && l->flags & DIOS_BUF_COMMIT && n < l->len) {
		l->iov.addr += n;
		l->len -= n;
		n = endpoint_write(l, try_send);
	}
	if (n < 0)
		return final_error(s, n);
	/* What was not taken yet comes before the end. */
	if (l->flags & DIOS_BUF_END && n == l->len) {
		err = endpoint_write(l, try_end);
		if (err)
			return final_error(s, err);
	}
	return n;
}

/* A connection that the task was not told of after all is taken back from it. */
static void undo_accept(struct dios_task *t, struct stream *s, u64 id)
{
	struct dios_ref *ref = ref_find(t, id, 0);
	struct stream *c;

	if (IS_ERR(ref))
		return;
	c = stream_of(ref->obj);
	object_get(&c->end.obj);
	ref_del(t, ref);
	give_back(s, c);
}

static void stream_unlend(struct dios_task *t, struct dios_object *obj, struct dios_buf *buf)
{
	struct stream *s = stream_of(obj);

	if (buf->undone && s->listens && buf->len)
		undo_accept(t, s, buf->off);
	endpoint_unlend(t, obj, buf);
}

static void stream_info(struct dios_object *obj, void *out)
{
	struct stream *s = stream_of(obj);
	struct dios_net_info *info = out;

	endpoint_info(obj, info);
	if (endpoint_any(&info->remote))
		info->remote = s->remote;
	if (READ_ONCE(s->error)) {
		info->error = -READ_ONCE(s->error);
		info->state = DIOS_NET_FAILED;
	}
}

static int stream_set_info(struct dios_lend *l, const void *in)
{
	return endpoint_set(l, in);
}

static bool stream_ready(struct dios_object *obj, u32 rights, u32 len)
{
	struct stream *s = stream_of(obj);

	if (rights & DIOS_R_READ && !s->end.reader && !list_empty(&s->returned))
		return true;
	/* A listener is not written: acquire_write says so at once. */
	if (rights & DIOS_R_WRITE && s->listens)
		return true;
	return endpoint_ready(obj, rights, len);
}

/* Nobody will ask for them. */
static void drop_returned(struct stream *s)
{
	struct stream *c;

	while ((c = take_returned(s)))
		object_put(&c->end.obj);
}

static int stream_zombify(struct dios_object *obj)
{
	int err = endpoint_zombify(obj);

	drop_returned(stream_of(obj));
	return err;
}

static void stream_free(struct dios_object *obj)
{
	struct stream *s = stream_of(obj);

	drop_returned(s);
	endpoint_close(&s->end);
	kfree(s);
}

const struct dios_object_ops stream_ops = {
	.name		= "stream",
	.type		= DIOS_T_STREAM,
	.rights		= RIGHTS,
	.spec_size	= sizeof(struct dios_stream),
	.info_size	= sizeof(struct dios_net_info),
	.made_by_program = true,
	.spends		= DIOS_R_READ,
	.ends		= true,
	.make		= stream_make,
	.acquire_read	= stream_acquire_read,
	.commit_read	= stream_commit_read,
	.acquire_write	= stream_acquire_write,
	.commit_write	= stream_commit_write,
	.discard	= obj_discard_none,
	.unlend		= stream_unlend,
	.info		= stream_info,
	.set_info	= stream_set_info,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= stream_ready,
	.task		= obj_task_none,
	.exe		= obj_exe_none,
	.names		= obj_names_none,
	.size		= obj_size_none,
	.zombify	= stream_zombify,
	.kill		= obj_kill_nothing,
	.free		= stream_free,
};
