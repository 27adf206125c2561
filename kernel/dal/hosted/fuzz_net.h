/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuzz_net.h - what STREAM and DGRAM should do, by the book (docs/objects.md); a part of fuzz_model.h.
 *
 * It follows every connection and every datagram: what was sent is there once, whole and
 * in order, until a commit has read it. What the network itself does (net.c) it knows, or
 * asks: where a socket is bound, and whether it is connected.
 */
#ifndef DIOS_HOSTED_FUZZ_NET_H
#define DIOS_HOSTED_FUZZ_NET_H

#define N_MAX		512
#define N_WAITING	128
#define N_HEAD		sizeof(struct dios_dgram_head)
#define N_KEPT		256	/* bytes of a datagram that are compared */

struct m_net {
	u32 type, flags;
	struct dal_sock *sock;		/* the host's, to ask it; NULL: in nobody's hands yet */
	bool closed;
	struct dios_addr local, remote;
	bool taken;			/* a buffer has what was read */

	/* A connection, seen from one side. */
	bool connecting, ended, eof;	/* eof: the other side has ended, or is gone */
	int fail;			/* what every use says once it has all bytes; 0: nothing */
	bool unsure;			/* it failed for want of memory: the model does not say how */
	struct m_net *peer;		/* NULL: none, or gone */
	u8 bytes[HOSTED_ROOM];		/* to be read */
	u32 len;

	/* A listener. */
	bool listens;
	struct m_net *waiting[N_WAITING];
	u32 nwaiting, backlog;

	/* A DGRAM. */
	bool refused;			/* the next use says so */
	struct {
		struct dios_addr from;
		u32 len;
		u8 bytes[N_KEPT];
	} dgrams[HOSTED_DGRAMS];
	u32 ndgrams;
};

static struct m_net n_all[N_MAX];	/* by age */
static u32 n_n;

static struct m_net *n_new(u32 type, struct dal_sock *sock)
{
	struct m_net *e = &n_all[n_n++];

	BUG_ON(n_n == N_MAX);
	memset(e, 0, sizeof(*e));
	e->type = type;
	e->sock = sock;
	return e;
}

static bool n_same_ip(const struct dios_addr *a, const struct dios_addr *b)
{
	return !memcmp(a->ip, b->ip, sizeof(a->ip));
}

static bool n_same(const struct dios_addr *a, const struct dios_addr *b)
{
	return n_same_ip(a, b) && a->port == b->port;
}

static bool n_is(const struct dios_addr *a, struct dios_addr b)
{
	return n_same_ip(a, &b);
}

static bool n_zero_ip(const struct dios_addr *a)
{
	return n_is(a, hosted_v6(0, 0));
}

static bool n_v4(const struct dios_addr *a)
{
	struct dios_addr none = hosted_v4(0, 0, 0, 0, 0);

	return !memcmp(a->ip, none.ip, 12);
}

static bool n_here(const struct dios_addr *a)
{
	return n_is(a, hosted_v4(127, 0, 0, 1, 0)) || n_is(a, hosted_v6(1, 0));
}

/* Which IP an address demands. */
static u32 n_family(const struct dios_addr *a)
{
	return n_zero_ip(a) ? 0 : n_v4(a) ? DIOS_NET_V4 : DIOS_NET_V6;
}

/* May create take these addresses? */
static bool n_addresses(u32 flags, const struct dios_addr *a, const struct dios_addr *b)
{
	u32 all = flags | n_family(a) | n_family(b);

	return a->port <= 65535 && b->port <= 65535 &&
	       (all & (DIOS_NET_V4 | DIOS_NET_V6)) != (DIOS_NET_V4 | DIOS_NET_V6);
}

static bool n_unset(const struct dios_addr *a)
{
	return n_zero_ip(a) && !a->port && !a->scope;
}

static struct dios_net_info n_ask(struct dal_sock *sock)
{
	struct dios_net_info info;

	dal_sock_info(sock, &info);
	return info;
}

/* Who gets what is sent there: the youngest at that port. */
static struct m_net *n_find(u32 type, const struct dios_addr *at)
{
	struct m_net *e;

	for (e = n_all + n_n; e-- > n_all; )
		if (e->type == type && !e->closed && e->listens == (type == DIOS_T_STREAM) &&
		    e->local.port == at->port &&
		    (n_same_ip(&e->local, at) || n_zero_ip(&e->local) ||
		     n_is(&e->local, hosted_v4(0, 0, 0, 0, 0))) &&
		    !(e->flags & (n_v4(at) ? DIOS_NET_V6 : DIOS_NET_V4)))
			return e;
	return NULL;
}

/* The side of a connection that waits to be accepted. */
static struct m_net *n_wait(struct m_net *listener, const struct dios_addr *at)
{
	struct m_net *e = n_new(DIOS_T_STREAM, NULL);

	BUG_ON(listener->nwaiting == N_WAITING);
	listener->waiting[listener->nwaiting++] = e;
	e->local = *at;
	return e;
}

/* What came of dialling. */
static void n_dialled(struct m_net *e, const struct dios_net_info *info)
{
	struct m_net *listener = n_find(DIOS_T_STREAM, &e->remote), *other;

	switch (info->state) {
	case DIOS_NET_CONNECTING:
		BUG_ON(!n_is(&e->remote, hosted_v4(HOSTED_SILENT, 0)));
		e->connecting = true;
		return;
	case DIOS_NET_CONNECTED:
		BUG_ON(!listener);
		other = n_wait(listener, &e->remote);
		other->remote = e->local;
		other->peer = e;
		e->peer = other;
		return;
	}
	BUG_ON(info->state != DIOS_NET_FAILED);
	e->fail = info->error ? -(int)info->error : -DIOS_EUNREACH;
	BUG_ON(e->fail == -DIOS_EUNREACH && n_here(&e->remote));
	BUG_ON(e->fail == -DIOS_EREFUSED && listener && hosted_net_waiting(listener->sock) < listener->backlog);
	e->unsure = e->fail == -DIOS_ENOMEM;
}

/* How many the host has for whoever is there. */
static u32 n_waiting(const struct dios_addr *at)
{
	struct m_net *listener = n_find(DIOS_T_STREAM, at);

	return listener ? hosted_net_waiting(listener->sock) : 0;
}

/* A STREAM that could not be given to its task after all was connected before, and then closed. */
static void n_not_made(const struct dios_addr *at)
{
	n_wait(n_find(DIOS_T_STREAM, at), at)->eof = true;
}

static struct m_net *n_stream(struct dal_sock *sock, const struct dios_stream *in)
{
	struct dios_net_info info = n_ask(sock);
	struct m_net *e = n_new(DIOS_T_STREAM, sock);

	BUG_ON(in->mode != DIOS_STREAM_DIAL && in->mode != DIOS_STREAM_LISTEN);
	BUG_ON(in->flags & ~(DIOS_NET_V4 | DIOS_NET_V6 | DIOS_NET_REUSEPORT) || in->pad);
	BUG_ON(!n_addresses(in->flags, &in->local, &in->remote));
	e->listens = in->mode == DIOS_STREAM_LISTEN;
	BUG_ON(e->listens ? !in->backlog || !n_unset(&in->remote) : in->backlog);
	e->flags = in->flags | n_family(&in->local) | n_family(&in->remote);
	e->backlog = in->backlog;
	e->local = info.local;
	e->remote = in->remote;
	BUG_ON(in->local.port && in->local.port != e->local.port);
	if (!e->listens)
		n_dialled(e, &info);
	return e;
}

static struct m_net *n_dgram(struct dal_sock *sock, const struct dios_dgram *in)
{
	struct m_net *e = n_new(DIOS_T_DGRAM, sock);

	BUG_ON(in->flags & ~(DIOS_NET_V4 | DIOS_NET_V6 | DIOS_NET_REUSEPORT | DIOS_NET_BROADCAST) || in->pad);
	BUG_ON(!n_addresses(in->flags, &in->local, &in->remote));
	e->flags = in->flags | n_family(&in->local) | n_family(&in->remote);
	e->local = n_ask(sock).local;
	e->remote = in->remote;
	BUG_ON(!n_unset(&in->remote) && !n_here(&in->remote) &&
	       !n_is(&in->remote, hosted_v4(HOSTED_SILENT, 0)));
	return e;
}

/* The socket goes. */
static void n_close(struct m_net *e)
{
	u32 i;

	if (!e || e->closed)
		return;
	e->closed = true;
	if (e->peer) {
		e->peer->peer = NULL;
		e->peer->eof = true;
		if (e->len && !e->peer->fail)
			e->peer->fail = -DIOS_ERESET;
	}
	for (i = 0; i < e->nwaiting; i++)
		n_close(e->waiting[i]);
}

/* The host that was silent has answered. */
static void n_answered(int err)
{
	u32 i;

	for (i = 0; i < n_n; i++)
		if (n_all[i].connecting && !n_all[i].closed) {
			n_all[i].connecting = false;
			n_all[i].fail = err;
		}
}

static bool n_has(const struct m_net *e)
{
	if (e->type == DIOS_T_DGRAM)
		return e->ndgrams || e->refused;
	return e->listens ? e->nwaiting : e->len || e->eof || e->fail;
}

/* Would acquire, or commit_write, go on at once? */
static bool n_ready(const struct m_net *e, u32 rights)
{
	if (rights & DIOS_R_READ && n_has(e) && !e->taken)
		return true;
	if (!(rights & DIOS_R_WRITE))
		return false;
	if (e->type == DIOS_T_DGRAM || e->listens || e->fail)
		return true;
	return !e->connecting && (e->ended || !e->peer || e->peer->len < HOSTED_ROOM);
}

/* A use has failed: may it, and so? */
static void n_failed(struct m_net *e, s64 ret, u32 right, bool nonblock)
{
	if (e->closed || e->unsure)
		return;
	if (e->type == DIOS_T_DGRAM)
		e->local = n_ask(e->sock).local;	/* trying to send has bound it */
	switch (ret) {
	case -DIOS_EAGAIN:
		BUG_ON(!nonblock);
		/* fall through */
	case -DIOS_EINTR:
		BUG_ON(n_ready(e, right));
		break;
	case -DIOS_EPIPE:
		BUG_ON(e->type == DIOS_T_DGRAM || e->listens || e->fail);
		BUG_ON(right == DIOS_R_READ ? e->len || !e->eof : !e->ended && e->peer);
		break;
	case -DIOS_EREFUSED:
		if (e->type == DIOS_T_DGRAM) {
			BUG_ON(!e->refused);
			e->refused = false;
			break;
		}
		/* fall through */
	case -DIOS_ERESET:
	case -DIOS_ETIMEDOUT:
		BUG_ON(ret != e->fail || (right == DIOS_R_READ && e->len));
		break;
	case -DIOS_EUNREACH:
		BUG_ON(e->type == DIOS_T_STREAM && (ret != e->fail || (right == DIOS_R_READ && e->len)));
		break;
	}
}

/* What is first was read. */
static void n_drop(struct m_net *e, u32 len)
{
	if (e->type == DIOS_T_DGRAM) {
		BUG_ON(!e->ndgrams);
		e->ndgrams--;
		memmove(&e->dgrams[0], &e->dgrams[1], e->ndgrams * sizeof(e->dgrams[0]));
		return;
	}
	BUG_ON(len > e->len);
	e->len -= len;
	memmove(e->bytes, e->bytes + len, e->len);
}

/* A buffer was filled: is it what comes next, and all of it that there is room for? */
static void n_filled(struct m_net *e, const u8 *p, u64 len, u64 room)
{
	const struct dios_dgram_head *head = (const void *)p;

	BUG_ON(e->taken);
	e->taken = true;
	if (e->type == DIOS_T_STREAM) {
		BUG_ON(!e->len || len != min_t(u64, room, e->len) || memcmp(p, e->bytes, len));
		return;
	}
	BUG_ON(!e->ndgrams || e->refused || head->pad);
	BUG_ON(head->len != e->dgrams[0].len || !n_same(&head->addr, &e->dgrams[0].from));
	BUG_ON(len != min_t(u64, room, N_HEAD + head->len));
	BUG_ON(memcmp(head + 1, e->dgrams[0].bytes, min_t(u64, len - N_HEAD, N_KEPT)));
}

/* A connection that a listener has lent: it is the one that waits longest. */
static struct m_net *n_accepted(struct m_net *listener, const struct dios_accept *told, struct dal_sock *sock)
{
	struct m_net *e = listener->waiting[0];

	BUG_ON(!listener->nwaiting);
	listener->nwaiting--;
	memmove(&listener->waiting[0], &listener->waiting[1], listener->nwaiting * sizeof(e));
	BUG_ON(!n_same(&told->local, &e->local));
	/* Nobody knows where one was that is gone already. */
	BUG_ON(e->remote.port && !n_same(&told->remote, &e->remote));
	e->remote = told->remote;
	e->sock = sock;
	return e;
}

static void n_send_dgram(struct m_net *e, const u8 *p, u32 len)
{
	const struct dios_dgram_head *head = (const void *)p;
	bool connected = !n_unset(&e->remote);
	struct dios_addr to = connected ? e->remote : head->addr, from;
	struct m_net *other = n_find(DIOS_T_DGRAM, &to);

	BUG_ON(len < N_HEAD || len - N_HEAD > DIOS_MAX_DGRAM || head->len || head->pad);
	BUG_ON(e->refused || connected != n_unset(&head->addr));
	BUG_ON(!n_here(&to) || e->flags & (n_v4(&to) ? DIOS_NET_V6 : DIOS_NET_V4));
	e->local = from = n_ask(e->sock).local;	/* it has one now */
	if (!other) {
		e->refused = connected;
		return;
	}
	if (n_zero_ip(&from) || n_is(&from, hosted_v4(0, 0, 0, 0, 0)))
		memcpy(from.ip, to.ip, sizeof(to.ip));
	if (other->ndgrams == HOSTED_DGRAMS || (other->remote.port && !n_same(&other->remote, &from)))
		return;
	other->dgrams[other->ndgrams].from = from;
	other->dgrams[other->ndgrams].len = len - N_HEAD;
	memcpy(other->dgrams[other->ndgrams++].bytes, head + 1, min_t(u32, len - N_HEAD, N_KEPT));
}

/* How much of len bytes the other side has room for. */
static u32 n_room(const struct m_net *e, u64 len)
{
	return e->ended || !e->peer || e->fail ? 0 : min_t(u64, len, HOSTED_ROOM - e->peer->len);
}

static void n_send_bytes(struct m_net *e, const u8 *p, u64 len)
{
	memcpy(e->peer->bytes + e->peer->len, p, len);
	e->peer->len += len;
}

/* commit_write has said so. */
static void n_written(struct m_net *e, s64 ret, u64 flags, const u8 *p, u64 len)
{
	if (ret < 0) {
		n_failed(e, ret, DIOS_R_WRITE, flags & DIOS_BUF_NONBLOCK);
		return;
	}
	if (e->type == DIOS_T_DGRAM) {
		BUG_ON((u64)ret != len);
		n_send_dgram(e, p, len);
		return;
	}
	if (!len && !(flags & DIOS_BUF_END))
		return;			/* nothing is asked of it */
	BUG_ON(e->listens || e->connecting || e->fail);
	BUG_ON((u64)ret != n_room(e, len) || (len && !ret));
	if (ret)
		n_send_bytes(e, p, ret);
	if (flags & DIOS_BUF_END && (u64)ret == len) {
		e->ended = true;
		if (e->peer)
			e->peer->eof = true;
	}
}

/* release_write with DIOS_BUF_COMMIT has: what there was room for is sent, also when it was not all. */
static void n_released(struct m_net *e, s64 ret, const u8 *p, u64 len)
{
	u32 room = n_room(e, len);

	if (e->type == DIOS_T_DGRAM) {
		n_written(e, ret ? ret : (s64)len, 0, p, len);
		return;
	}
	if (ret != 0 && ret != -DIOS_EINTR) {
		n_failed(e, ret, DIOS_R_WRITE, false);
		return;
	}
	BUG_ON(e->fail || (ret == 0) != (room == len));
	if (room)
		n_send_bytes(e, p, room);
}

/* What DIOS_BUF_INFO lends. */
static void n_info(const struct m_net *e, const struct dios_net_info *info)
{
	u32 state = e->ended || e->eof ? DIOS_NET_ENDED : DIOS_NET_CONNECTED;

	if (e->type == DIOS_T_DGRAM)
		state = DIOS_NET_OPEN;
	else if (e->listens)
		state = DIOS_NET_LISTENING;
	else if (e->connecting)
		state = DIOS_NET_CONNECTING;
	else if (e->fail)
		state = DIOS_NET_FAILED;
	BUG_ON(info->state != state);
	BUG_ON(info->local.port != e->local.port || !n_same(&info->remote, &e->remote));
	BUG_ON(e->type == DIOS_T_STREAM && e->fail && !e->unsure && info->error != (u32)-e->fail);
}

#endif /* DIOS_HOSTED_FUZZ_NET_H */
