// SPDX-License-Identifier: GPL-2.0
/*
 * net.c - a network in memory, for the second host.
 *
 * It has two addresses, 127.0.0.1 and ::1, and does at once what it is told: a
 * connection is made, and bytes and datagrams are there, when the call returns.  So a
 * test with one thread is the same each time.  HOSTED_SILENT is a host that does not
 * answer until hosted_net_answer(); every other address cannot be reached.
 *
 * Locks: net.lock, before obj->lock, which wake functions take.  What dal_sock_ready()
 * says is kept in the socket, since it is called with obj->lock held.
 */
#include "hosted.h"

#define ROOM		HOSTED_ROOM
#define DGRAMS		HOSTED_DGRAMS
#define PORT_FIRST	40000
#define PORT_LOW	1024

struct dgram {
	struct list_head link;
	struct dios_addr from;
	u32 len;
	u8 bytes[];
};

struct dal_sock {
	struct list_head link;		/* net.socks, or backlog of its listener */
	u32 type, flags;
	dal_wake_fn wake;
	void *arg;			/* NULL: nobody has it yet */
	u32 ready;			/* atomic */

	/* net.lock guards these. */
	struct dios_net_info info;
	bool bound;
	int err;			/* told once */
	struct dal_sock *peer;		/* NULL: none, or it is gone */
	bool ended, peer_ended;
	u8 bytes[ROOM];
	u32 len;
	struct list_head waiting;	/* listener: connections; DGRAM: struct dgram */
	u32 nwaiting, backlog;
};

static struct {
	spinlock_t lock;
	struct list_head socks;
	u32 port;
} net = {
	.lock = __SPIN_LOCK_UNLOCKED(net.lock),
	.socks = LIST_HEAD_INIT(net.socks),
	.port = PORT_FIRST,
};

bool hosted_low_ports;

struct dios_addr hosted_v4(u8 a, u8 b, u8 c, u8 d, u32 port)
{
	return (struct dios_addr){
		.ip = { [10] = 0xff, 0xff, a, b, c, d }, .port = port,
	};
}

struct dios_addr hosted_v6(u8 last, u32 port)
{
	return (struct dios_addr){ .ip = { [15] = last }, .port = port };
}

static bool same_ip(const struct dios_addr *a, const struct dios_addr *b)
{
	return !memcmp(a->ip, b->ip, sizeof(a->ip));
}

static bool is_any(const struct dios_addr *a)
{
	struct dios_addr v4 = hosted_v4(0, 0, 0, 0, 0), v6 = {};

	return same_ip(a, &v4) || same_ip(a, &v6);
}

static bool is_v4(const struct dios_addr *a)
{
	struct dios_addr v4 = hosted_v4(0, 0, 0, 0, 0);

	return !memcmp(a->ip, v4.ip, 12);
}

static bool is_here(const struct dios_addr *a)
{
	struct dios_addr v4 = hosted_v4(127, 0, 0, 1, 0), v6 = hosted_v6(1, 0);

	return same_ip(a, &v4) || same_ip(a, &v6);
}

static bool is_silent(const struct dios_addr *a)
{
	struct dios_addr silent = hosted_v4(HOSTED_SILENT, 0);

	return same_ip(a, &silent);
}

/* What does not wait now; who waits for it wakes. */
static void tell(struct dal_sock *s)
{
	u32 was = READ_ONCE(s->ready), now = 0;
	bool open = s->info.state == DIOS_NET_CONNECTED || s->info.state == DIOS_NET_ENDED;

	lockdep_assert_held(&net.lock);
	if (s->err || s->info.state == DIOS_NET_FAILED)
		now = DIOS_R_READ | DIOS_R_WRITE;
	if (s->nwaiting || (open && (s->len || s->peer_ended)))
		now |= DIOS_R_READ;
	if (s->type == DIOS_T_DGRAM ||
	    (open && (s->ended || !s->peer || s->peer->len < ROOM)))
		now |= DIOS_R_WRITE;
	WRITE_ONCE(s->ready, now);
	if (s->arg && now & ~was)
		s->wake(s->arg, now & ~was);
}

/* Who is at this address.  any: a listener, or a DGRAM, at any address of this host. */
static struct dal_sock *find(u32 type, u32 state, const struct dios_addr *at)
{
	struct dal_sock *s;

	list_for_each_entry(s, &net.socks, link)
		if (s->type == type && s->info.state == state && s->info.local.port == at->port &&
		    (same_ip(&s->info.local, at) || is_any(&s->info.local)) &&
		    !(s->flags & (is_v4(at) ? DIOS_NET_V6 : DIOS_NET_V4)))
			return s;
	return NULL;
}

static bool taken(struct dal_sock *s, u32 port)
{
	struct dal_sock *o;

	list_for_each_entry(o, &net.socks, link)
		if (o != s && o->bound && o->type == s->type && o->info.local.port == port &&
		    !(o->flags & s->flags & DIOS_NET_REUSEPORT))
			return true;
	return false;
}

static int bind(struct dal_sock *s, const struct dios_addr *local)
{
	lockdep_assert_held(&net.lock);
	if (!is_any(local) && !is_here(local))
		return -DIOS_EADDR;
	if (local->port && local->port < PORT_LOW && !hosted_low_ports)
		return -DIOS_EPERM;
	if (local->port && taken(s, local->port))
		return -DIOS_EBUSY;
	s->info.local = *local;
	while (!s->info.local.port || taken(s, s->info.local.port))
		s->info.local.port = net.port++;
	s->bound = true;
	return 0;
}

static struct dal_sock *sock_new(u32 type, u32 flags, dal_wake_fn wake, void *arg)
{
	struct dal_sock *s = kzalloc(sizeof(*s), GFP_ATOMIC);

	if (!s)
		return NULL;
	INIT_LIST_HEAD(&s->waiting);
	s->type = type;
	s->flags = flags;
	s->wake = wake;
	s->arg = arg;
	s->info.send_buf = s->info.recv_buf = ROOM;
	if (type == DIOS_T_STREAM) {
		s->info.nodelay = 1;
		s->info.keepalive_interval_s = 75;
		s->info.keepalive_count = 9;
		s->info.linger_s = 0xffffffff;
	}
	hosted_handle(1);
	return s;
}

struct dal_sock *dal_sock_open(struct dios_task *t, u32 type, u32 flags,
			       const struct dios_addr *local, dal_wake_fn wake, void *arg)
{
	struct dal_sock *s;
	unsigned long irq;
	int err = 0;

	might_sleep();
	s = sock_new(type, flags, wake, arg);
	if (!s)
		return ERR_PTR(-DIOS_ENOMEM);
	spin_lock_irqsave(&net.lock, irq);
	list_add(&s->link, &net.socks);
	if (local->port || !is_any(local) || is_v4(local))
		err = bind(s, local);
	if (type == DIOS_T_DGRAM) {
		s->info.state = DIOS_NET_OPEN;
		tell(s);
	}
	spin_unlock_irqrestore(&net.lock, irq);
	if (!err)
		return s;
	dal_sock_close(s);
	return ERR_PTR(err);
}

int dal_sock_listen(struct dal_sock *s, u32 backlog)
{
	unsigned long irq;
	int err = 0;

	might_sleep();
	spin_lock_irqsave(&net.lock, irq);
	if (!s->bound)
		err = bind(s, &s->info.local);
	s->info.state = DIOS_NET_LISTENING;
	s->backlog = backlog;
	spin_unlock_irqrestore(&net.lock, irq);
	return err;
}

/* A connection of two sockets; the listener's side waits to be accepted. */
static int join(struct dal_sock *s, const struct dios_addr *remote)
{
	struct dal_sock *l = find(DIOS_T_STREAM, DIOS_NET_LISTENING, remote), *other;

	if (!l || l->nwaiting == l->backlog)
		return -DIOS_EREFUSED;
	other = sock_new(DIOS_T_STREAM, l->flags, l->wake, NULL);
	if (!other)
		return -DIOS_ENOMEM;
	list_add_tail(&other->link, &l->waiting);
	l->nwaiting++;
	s->peer = other;
	other->peer = s;
	s->info.local.port = s->info.local.port ? s->info.local.port : net.port++;
	memcpy(s->info.local.ip, remote->ip, sizeof(remote->ip));
	s->info.remote = other->info.local = *remote;
	other->info.remote = s->info.local;
	s->info.state = other->info.state = DIOS_NET_CONNECTED;
	tell(other);
	tell(l);
	return 0;
}

int dal_sock_connect(struct dal_sock *s, const struct dios_addr *remote)
{
	struct dios_addr none = {};
	unsigned long irq;
	int err = 0;

	might_sleep();
	spin_lock_irqsave(&net.lock, irq);
	if (is_silent(remote))
		s->info.state = DIOS_NET_CONNECTING;
	else if (!is_here(remote))
		err = -DIOS_EUNREACH;
	if (!err && s->type == DIOS_T_DGRAM) {
		s->info.state = DIOS_NET_OPEN;
		if (!s->bound)
			err = bind(s, &none);
		s->info.remote = *remote;
	} else if (!err && !is_silent(remote)) {
		/* Known at once, but told as the network tells it: later. */
		s->err = join(s, remote);
		s->info.error = -s->err;
	}
	if (err || s->err)
		s->info.state = DIOS_NET_FAILED;
	tell(s);
	spin_unlock_irqrestore(&net.lock, irq);
	return err;
}

void hosted_net_begin(void)
{
	BUG_ON(!list_empty(&net.socks));
	net.port = PORT_FIRST;
}

struct dal_sock *hosted_net_sock(const void *arg)
{
	struct dal_sock *s;
	unsigned long irq;
	bool found = false;

	spin_lock_irqsave(&net.lock, irq);
	list_for_each_entry(s, &net.socks, link) {
		found = s->arg == arg;
		if (found)
			break;
	}
	spin_unlock_irqrestore(&net.lock, irq);
	BUG_ON(!found);
	return s;
}

u32 hosted_net_waiting(struct dal_sock *s)
{
	unsigned long irq;
	u32 n;

	spin_lock_irqsave(&net.lock, irq);
	n = s->nwaiting;
	spin_unlock_irqrestore(&net.lock, irq);
	return n;
}

void hosted_net_answer(int err)
{
	struct dal_sock *s;
	unsigned long irq;

	spin_lock_irqsave(&net.lock, irq);
	list_for_each_entry(s, &net.socks, link) {
		if (s->info.state != DIOS_NET_CONNECTING)
			continue;
		s->err = err;
		s->info.error = -err;
		s->info.state = DIOS_NET_FAILED;
		tell(s);
	}
	spin_unlock_irqrestore(&net.lock, irq);
}

static void drop_dgrams(struct dal_sock *s)
{
	struct dgram *d, *next;

	list_for_each_entry_safe(d, next, &s->waiting, link)
		kfree(d);
}

/* The other side sees its end, or, when there is something unread, that it was cut off. */
static void part(struct dal_sock *s)
{
	struct dal_sock *p = s->peer;

	if (!p)
		return;
	p->peer = NULL;
	p->peer_ended = true;
	if (s->len && !p->err) {
		p->err = -DIOS_ERESET;
		p->info.error = DIOS_ERESET;
		p->info.state = DIOS_NET_FAILED;
	} else if (p->info.state == DIOS_NET_CONNECTED) {
		p->info.state = DIOS_NET_ENDED;
	}
	tell(p);
}

static void sock_free(struct dal_sock *s)
{
	part(s);
	kfree(s);
	hosted_handle(-1);
}

void dal_sock_close(struct dal_sock *s)
{
	struct dal_sock *c, *next;
	unsigned long irq;

	might_sleep();
	spin_lock_irqsave(&net.lock, irq);
	list_del(&s->link);
	s->arg = NULL;
	if (s->type == DIOS_T_DGRAM)
		drop_dgrams(s);
	else
		list_for_each_entry_safe(c, next, &s->waiting, link)
			sock_free(c);
	sock_free(s);
	spin_unlock_irqrestore(&net.lock, irq);
}

struct dal_sock *dal_sock_accept(struct dal_sock *s, dal_wake_fn wake, void *arg)
{
	struct dal_sock *c = ERR_PTR(-DIOS_EAGAIN);
	unsigned long irq;

	might_sleep();
	spin_lock_irqsave(&net.lock, irq);
	if (s->nwaiting) {
		c = list_first_entry(&s->waiting, struct dal_sock, link);
		list_del(&c->link);
		s->nwaiting--;
		list_add(&c->link, &net.socks);
		c->wake = wake;
		c->arg = arg;
		tell(s);
	}
	spin_unlock_irqrestore(&net.lock, irq);
	return c;
}

static ssize_t peek_dgram(struct dal_sock *s, void *buf, size_t len, struct dios_addr *from,
			  u32 *full)
{
	struct dgram *d;

	if (!s->nwaiting)
		return -DIOS_EAGAIN;
	d = list_first_entry(&s->waiting, struct dgram, link);
	*from = d->from;
	*full = d->len;
	len = min_t(size_t, len, d->len);
	memcpy(buf, d->bytes, len);
	return len;
}

ssize_t dal_sock_peek(struct dal_sock *s, void *buf, size_t len, struct dios_addr *from,
		      u32 *full)
{
	unsigned long irq;
	ssize_t n;

	might_sleep();
	spin_lock_irqsave(&net.lock, irq);
	if (s->type == DIOS_T_STREAM && s->len) {
		n = min_t(size_t, len, s->len);
		memcpy(buf, s->bytes, n);
	} else if (s->err) {
		n = s->err;
		s->err = 0;
		tell(s);
	} else if (s->type == DIOS_T_DGRAM) {
		n = peek_dgram(s, buf, len, from, full);
	} else if (s->info.state == DIOS_NET_CONNECTING) {
		n = -DIOS_EAGAIN;
	} else if (s->info.state == DIOS_NET_FAILED) {
		n = -DIOS_EPIPE;
	} else {
		n = s->peer_ended ? 0 : -DIOS_EAGAIN;
	}
	spin_unlock_irqrestore(&net.lock, irq);
	return n;
}

void dal_sock_drop(struct dal_sock *s, size_t len)
{
	struct dgram *d;
	unsigned long irq;

	might_sleep();
	spin_lock_irqsave(&net.lock, irq);
	if (s->type == DIOS_T_DGRAM) {
		BUG_ON(!s->nwaiting);
		d = list_first_entry(&s->waiting, struct dgram, link);
		list_del(&d->link);
		kfree(d);
		s->nwaiting--;
	} else {
		BUG_ON(len > s->len);
		memmove(s->bytes, s->bytes + len, s->len - len);
		s->len -= len;
		if (s->peer)
			tell(s->peer);
	}
	tell(s);
	spin_unlock_irqrestore(&net.lock, irq);
}

static ssize_t send_dgram(struct dal_sock *s, const void *buf, size_t len,
			  const struct dios_addr *to)
{
	struct dios_addr none = {};
	struct dal_sock *other;
	struct dgram *d;
	int err = s->bound ? 0 : bind(s, &none);

	if (err)
		return err;
	if (len > DIOS_MAX_DGRAM)
		return -DIOS_ETOOBIG;
	if (!to)
		to = &s->info.remote;
	if (s->flags & (is_v4(to) ? DIOS_NET_V6 : DIOS_NET_V4))
		return -DIOS_EINVAL;
	if (!is_here(to))
		return -DIOS_EUNREACH;
	other = find(DIOS_T_DGRAM, DIOS_NET_OPEN, to);
	if (!other) {
		/* Only one that is connected hears of it. */
		if (s->info.remote.port)
			s->err = -DIOS_EREFUSED;
		tell(s);
		return len;
	}
	if (other->nwaiting == DGRAMS)
		return len;	/* lost, as datagrams are */
	d = kzalloc(sizeof(*d) + len, GFP_ATOMIC);
	if (!d)
		return -DIOS_ENOMEM;
	d->from = s->info.local;
	if (is_any(&d->from))
		memcpy(d->from.ip, to->ip, sizeof(to->ip));
	if (other->info.remote.port && (other->info.remote.port != d->from.port ||
					!same_ip(&other->info.remote, &d->from))) {
		kfree(d);
		return len;
	}
	d->len = len;
	memcpy(d->bytes, buf, len);
	list_add_tail(&d->link, &other->waiting);
	other->nwaiting++;
	tell(other);
	return len;
}

static ssize_t send_bytes(struct dal_sock *s, const void *buf, size_t len)
{
	struct dal_sock *p = s->peer;

	if (s->info.state == DIOS_NET_CONNECTING)
		return -DIOS_EAGAIN;
	if (s->ended || !p)
		return -DIOS_EPIPE;
	len = min_t(size_t, len, ROOM - p->len);
	if (!len)
		return -DIOS_EAGAIN;
	memcpy(p->bytes + p->len, buf, len);
	p->len += len;
	tell(p);
	tell(s);
	return len;
}

ssize_t dal_sock_send(struct dal_sock *s, const void *buf, size_t len,
		      const struct dios_addr *to)
{
	unsigned long irq;
	ssize_t n = 0;

	might_sleep();
	spin_lock_irqsave(&net.lock, irq);
	if (s->err) {
		n = s->err;
		s->err = 0;
		tell(s);
	} else {
		n = s->type == DIOS_T_DGRAM ? send_dgram(s, buf, len, to) :
					      send_bytes(s, buf, len);
	}
	spin_unlock_irqrestore(&net.lock, irq);
	return n;
}

int dal_sock_end(struct dal_sock *s)
{
	unsigned long irq;
	int err = 0;

	might_sleep();
	spin_lock_irqsave(&net.lock, irq);
	if (s->info.state == DIOS_NET_CONNECTING) {
		err = -DIOS_EAGAIN;
	} else if (s->info.state == DIOS_NET_FAILED) {
		err = s->err ? s->err : -DIOS_EPIPE;
		s->err = 0;
	} else if (!s->ended) {
		s->ended = true;
		s->info.state = DIOS_NET_ENDED;
		if (s->peer) {
			s->peer->peer_ended = true;
			s->peer->info.state = DIOS_NET_ENDED;
			tell(s->peer);
		}
	}
	tell(s);
	spin_unlock_irqrestore(&net.lock, irq);
	return err;
}

u32 dal_sock_ready(struct dal_sock *s)
{
	return READ_ONCE(s->ready);
}

void dal_sock_info(struct dal_sock *s, struct dios_net_info *out)
{
	unsigned long irq;

	might_sleep();
	spin_lock_irqsave(&net.lock, irq);
	*out = s->info;
	if (!s->err && s->type == DIOS_T_DGRAM)
		out->error = 0;
	spin_unlock_irqrestore(&net.lock, irq);
}

int dal_sock_set(struct dal_sock *s, const struct dios_net_info *in)
{
	struct dios_net_info new = *in;
	unsigned long irq;

	might_sleep();
	spin_lock_irqsave(&net.lock, irq);
	new.local = s->info.local;
	new.remote = s->info.remote;
	new.state = s->info.state;
	new.error = s->info.error;
	s->info = new;
	spin_unlock_irqrestore(&net.lock, irq);
	return 0;
}
