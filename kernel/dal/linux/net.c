// SPDX-License-Identifier: GPL-2.0
/*
 * net.c - sockets of Linux for STREAM and DGRAM.
 *
 * A pure task is in the network name space of the process that ran it first, with
 * what that one's user may do there (ports below 1024), whoever runs it further
 * on: itself it runs in the host's name space and without capabilities.  A task that
 * makes Linux calls is where Linux says it is, as with its own sockets.
 *
 * They are made as for a program (kern 0), so that security modules see them so and
 * they hold their name space; and used without waiting.
 *
 * Linux calls us back when something may be possible, from interrupts and with the
 * socket locked.  A callback finds the dal_sock by sk_user_data, under RCU; close takes
 * that away, and what wake is called with, before it gives the socket back.
 * Connections that a listener has not given yet have our callbacks too, copied from
 * it, but no sk_user_data.
 *
 * Locks: the socket's own, then sk_callback_lock, for changing the callbacks;
 * s->lock, taken in callbacks, before obj->lock.
 */
#include <linux/cred.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/socket.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/uio.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>
#include "linux.h"

#define V4_AT		12	/* where an IPv4 address is in an IPv6 one */
#define LINGER_HOST	0xffffffff

struct dal_sock {
	struct socket *sock;
	struct rcu_head rcu;
	int err;			/* of a datagram, seen while another was dropped; the reader's */
	/* Set once: what Linux had in the place of our callbacks. */
	void (*state_change)(struct sock *sk);
	void (*data_ready)(struct sock *sk);
	void (*write_space)(struct sock *sk);
	void (*error_report)(struct sock *sk);

	spinlock_t lock;
	/* lock guards these. */
	dal_wake_fn wake;
	void *arg;			/* NULL: closed */
};

/* Whose network a task has. */

void dal_net_inherit(struct dal_task *d)
{
	struct dal_task *parent;

	rcu_read_lock();
	parent = dal_find(current);
	rcu_read_unlock();
	/* The one who runs it is current: what was found stays. */
	if (parent && parent->net) {
		d->net = get_net(parent->net);
		d->net_cred = get_cred(parent->net_cred);
	} else {
		d->net = get_net(current->nsproxy->net_ns);
		d->net_cred = get_current_cred();
	}
}

void dal_net_free(struct dal_task *d)
{
	if (!d->net)
		return;
	put_net(d->net);
	put_cred(d->net_cred);
}

/* Callbacks that were under way when the last socket was closed. */
void dal_net_exit(void)
{
	synchronize_net();
}

/* Addresses. */

static bool is_v4(const struct dios_addr *a)
{
	return ipv6_addr_v4mapped((const struct in6_addr *)a->ip);
}

static bool is_zero(const struct dios_addr *a)
{
	return ipv6_addr_any((const struct in6_addr *)a->ip);
}

static int to_linux(struct sock *sk, const struct dios_addr *a, struct sockaddr_storage *out,
		    int *len)
{
	struct sockaddr_in6 *in6 = (void *)out;
	struct sockaddr_in *in = (void *)out;

	memset(out, 0, sizeof(*out));
	if (sk->sk_family == AF_INET) {
		if (!is_v4(a) && !is_zero(a))
			return -DIOS_EINVAL;
		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip + V4_AT, sizeof(in->sin_addr));
		*len = sizeof(*in);
		return 0;
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(a->port);
	in6->sin6_scope_id = a->scope;
	memcpy(&in6->sin6_addr, a->ip, sizeof(a->ip));
	*len = sizeof(*in6);
	return 0;
}

static void from_linux(const struct sockaddr_storage *ss, struct dios_addr *out)
{
	const struct sockaddr_in6 *in6 = (const void *)ss;
	const struct sockaddr_in *in = (const void *)ss;

	memset(out, 0, sizeof(*out));
	if (ss->ss_family == AF_INET) {
		ipv6_addr_set_v4mapped(in->sin_addr.s_addr, (struct in6_addr *)out->ip);
		out->port = ntohs(in->sin_port);
	} else if (ss->ss_family == AF_INET6) {
		memcpy(out->ip, &in6->sin6_addr, sizeof(out->ip));
		out->port = ntohs(in6->sin6_port);
		out->scope = in6->sin6_scope_id;
	}
}

/* Callbacks. */

static void wake(struct dal_sock *s, u32 rights)
{
	unsigned long flags;

	spin_lock_irqsave(&s->lock, flags);
	if (s->arg)
		s->wake(s->arg, rights);
	spin_unlock_irqrestore(&s->lock, flags);
}

static void on_state_change(struct sock *sk)
{
	struct dal_sock *s;

	rcu_read_lock();
	s = rcu_dereference_sk_user_data(sk);
	if (s) {
		s->state_change(sk);
		wake(s, DIOS_R_ALL);
	}
	rcu_read_unlock();
}

static void on_data_ready(struct sock *sk)
{
	struct dal_sock *s;

	rcu_read_lock();
	s = rcu_dereference_sk_user_data(sk);
	if (s) {
		s->data_ready(sk);
		wake(s, DIOS_R_READ);
	}
	rcu_read_unlock();
}

static void on_write_space(struct sock *sk)
{
	struct dal_sock *s;

	rcu_read_lock();
	s = rcu_dereference_sk_user_data(sk);
	if (s) {
		s->write_space(sk);
		wake(s, DIOS_R_WRITE);
	}
	rcu_read_unlock();
}

static void on_error(struct sock *sk)
{
	struct dal_sock *s;

	rcu_read_lock();
	s = rcu_dereference_sk_user_data(sk);
	if (s) {
		s->error_report(sk);
		wake(s, DIOS_R_ALL);
	}
	rcu_read_unlock();
}

/* listener's callbacks are those that a connection of it has now: not what Linux had. */
static struct dal_sock *sock_new(struct socket *sock, const struct dal_sock *listener,
				 dal_wake_fn wake, void *arg)
{
	struct dal_sock *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	struct sock *sk = sock->sk;

	if (!s) {
		sock_release(sock);
		return ERR_PTR(-DIOS_ENOMEM);
	}
	s->sock = sock;
	spin_lock_init(&s->lock);
	s->wake = wake;
	s->arg = arg;
	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	s->state_change = listener ? listener->state_change : sk->sk_state_change;
	s->data_ready = listener ? listener->data_ready : sk->sk_data_ready;
	s->write_space = listener ? listener->write_space : sk->sk_write_space;
	s->error_report = listener ? listener->error_report : sk->sk_error_report;
	__rcu_assign_sk_user_data_with_flags(sk, s, SK_USER_DATA_NOCOPY);
	sk->sk_state_change = on_state_change;
	sk->sk_data_ready = on_data_ready;
	sk->sk_write_space = on_write_space;
	sk->sk_error_report = on_error;
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
	return s;
}

void dal_sock_close(struct dal_sock *s)
{
	struct sock *sk = s->sock->sk;
	unsigned long flags;

	/* Whoever has the socket locked may be calling us. */
	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_sk_user_data(sk, NULL);
	sk->sk_state_change = s->state_change;
	sk->sk_data_ready = s->data_ready;
	sk->sk_write_space = s->write_space;
	sk->sk_error_report = s->error_report;
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
	spin_lock_irqsave(&s->lock, flags);
	s->arg = NULL;
	spin_unlock_irqrestore(&s->lock, flags);
	sock_release(s->sock);
	kfree_rcu(s, rcu);
}

/* Making one. */

static int set_int(struct socket *sock, int level, int name, int value)
{
	sockptr_t p = KERNEL_SOCKPTR(&value);

	if (level == SOL_SOCKET)
		return sock_setsockopt(sock, level, name, p, sizeof(value));
	return sock->ops->setsockopt(sock, level, name, p, sizeof(value));
}

static int create(struct net *net, u32 type, u32 flags, struct socket **sock)
{
	int kind = type == DIOS_T_STREAM ? SOCK_STREAM : SOCK_DGRAM;
	int proto = type == DIOS_T_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
	int err;

	if (!(flags & DIOS_NET_V4)) {
		err = __sock_create(net, AF_INET6, kind, proto, sock, 0);
		if (!err)
			err = set_int(*sock, SOL_IPV6, IPV6_V6ONLY, !!(flags & DIOS_NET_V6));
		/* A host without IPv6 has IPv4, for those who take either. */
		if (err != -EAFNOSUPPORT || flags & DIOS_NET_V6)
			return err;
	}
	return __sock_create(net, AF_INET, kind, proto, sock, 0);
}

static int set_up(struct socket *sock, u32 type, u32 flags, const struct dios_addr *local,
		  bool bind)
{
	struct sockaddr_storage ss;
	int len, err = 0;

	if (type == DIOS_T_STREAM) {
		err = set_int(sock, SOL_TCP, TCP_NODELAY, 1);
		err = err ?: set_int(sock, SOL_SOCKET, SO_OOBINLINE, 1);
		/* As every server wants it: not to wait for old connections' ends. */
		if (bind)
			err = err ?: set_int(sock, SOL_SOCKET, SO_REUSEADDR, 1);
	}
	if (flags & DIOS_NET_REUSEPORT)
		err = err ?: set_int(sock, SOL_SOCKET, SO_REUSEPORT, 1);
	if (flags & DIOS_NET_BROADCAST)
		err = err ?: set_int(sock, SOL_SOCKET, SO_BROADCAST, 1);
	if (err || !bind)
		return dal_err(err);
	err = to_linux(sock->sk, local, &ss, &len);
	return err ? err : dal_err(kernel_bind(sock, (struct sockaddr *)&ss, len));
}

struct dal_sock *dal_sock_open(struct dios_task *t, u32 type, u32 flags,
			       const struct dios_addr *local, dal_wake_fn wake, void *arg)
{
	struct dal_task *d = t->dal;
	bool bind = local->port || !is_zero(local);
	const struct cred *own = NULL;
	struct socket *sock = NULL;
	int err;

	if (d->net)
		own = override_creds(d->net_cred);
	err = dal_err(create(d->net ? d->net : current->nsproxy->net_ns, type, flags, &sock));
	if (!err)
		err = set_up(sock, type, flags, local, bind);
	if (own)
		revert_creds(own);
	if (err) {
		if (sock)
			sock_release(sock);
		return ERR_PTR(err);
	}
	return sock_new(sock, NULL, wake, arg);
}

int dal_sock_listen(struct dal_sock *s, u32 backlog)
{
	return dal_err(kernel_listen(s->sock, min_t(u32, backlog, INT_MAX)));
}

int dal_sock_connect(struct dal_sock *s, const struct dios_addr *remote)
{
	struct sockaddr_storage ss;
	int len, err = to_linux(s->sock->sk, remote, &ss, &len);

	if (err)
		return err;
	err = kernel_connect(s->sock, (struct sockaddr *)&ss, len, O_NONBLOCK);
	return err == -EINPROGRESS ? 0 : dal_err(err);
}

struct dal_sock *dal_sock_accept(struct dal_sock *s, dal_wake_fn wake, void *arg)
{
	struct socket *sock;
	int err;

	do
		err = kernel_accept(s->sock, &sock, O_NONBLOCK);
	while (err == -ECONNABORTED);
	if (err)
		return ERR_PTR(dal_err(err));
	return sock_new(sock, s, wake, arg);
}

/* Using it. */

ssize_t dal_sock_peek(struct dal_sock *s, void *buf, size_t len, struct dios_addr *from,
		      u32 *full)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct sockaddr_storage ss = {};
	struct msghdr msg = {};
	ssize_t n = s->err;

	if (n) {
		s->err = 0;
		return n;
	}
	if (from)
		msg.msg_name = &ss;
	n = kernel_recvmsg(s->sock, &msg, &vec, 1, len,
			   MSG_PEEK | MSG_DONTWAIT | (full ? MSG_TRUNC : 0));
	if (n < 0)
		return dal_err(n);
	if (from)
		from_linux(&ss, from);
	if (full)
		*full = n;
	return min_t(size_t, n, len);
}

/* Linux drops what it is told to cut. */
void dal_sock_drop(struct dal_sock *s, size_t len)
{
	bool stream = s->sock->type == SOCK_STREAM;
	ssize_t n;

	do {
		struct kvec vec = { .iov_len = stream ? len : 0 };
		struct msghdr msg = {};

		if (stream && !len)
			break;
		n = kernel_recvmsg(s->sock, &msg, &vec, 1, vec.iov_len, MSG_TRUNC | MSG_DONTWAIT);
		if (stream && n > 0)
			len -= n;
		/* An error of another datagram comes first; it is for the next reader. */
		if (!stream && n < 0 && n != -EAGAIN)
			s->err = dal_err(n);
	} while (stream ? n > 0 : n < 0 && n != -EAGAIN);
}

ssize_t dal_sock_send(struct dal_sock *s, const void *buf, size_t len,
		      const struct dios_addr *to)
{
	struct kvec vec = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct sockaddr_storage ss;
	int err;

	if (to) {
		err = to_linux(s->sock->sk, to, &ss, &msg.msg_namelen);
		if (err)
			return err;
		msg.msg_name = &ss;
	}
	return dal_err(kernel_sendmsg(s->sock, &msg, &vec, 1, len));
}

int dal_sock_end(struct dal_sock *s)
{
	/* To end one that is not connected yet would be to give it up. */
	if ((1 << READ_ONCE(s->sock->sk->sk_state)) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		return -DIOS_EAGAIN;
	return dal_err(kernel_sock_shutdown(s->sock, SHUT_WR));
}

static u32 dgram_ready(struct dal_sock *s)
{
	struct sock *sk = s->sock->sk;
	u32 ready = 0;

	if (READ_ONCE(sk->sk_err) || READ_ONCE(s->err))
		return DIOS_R_READ | DIOS_R_WRITE;
	if (!skb_queue_empty_lockless(&sk->sk_receive_queue) ||
	    !skb_queue_empty_lockless(&udp_sk(sk)->reader_queue))
		ready |= DIOS_R_READ;
	if (sock_writeable(sk))
		ready |= DIOS_R_WRITE;
	return ready;
}

u32 dal_sock_ready(struct dal_sock *s)
{
	u32 ready = 0;
	__poll_t mask;

	if (s->sock->type != SOCK_STREAM)
		return dgram_ready(s);
	/* Without a table it takes no lock and only looks; and asks to be told of room. */
	mask = tcp_poll(NULL, s->sock, NULL);
	if (mask & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		ready |= DIOS_R_READ;
	if (mask & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		ready |= DIOS_R_WRITE;
	return ready;
}

static u32 state_of(struct sock *sk)
{
	if (sk->sk_type != SOCK_STREAM)
		return DIOS_NET_OPEN;
	switch (READ_ONCE(sk->sk_state)) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return DIOS_NET_CONNECTING;
	case TCP_ESTABLISHED:
		return DIOS_NET_CONNECTED;
	case TCP_LISTEN:
		return DIOS_NET_LISTENING;
	}
	return DIOS_NET_ENDED;
}

static void address(struct socket *sock, bool peer, struct dios_addr *out)
{
	struct sockaddr_storage ss = {};
	int err = peer ? kernel_getpeername(sock, (struct sockaddr *)&ss) :
			 kernel_getsockname(sock, (struct sockaddr *)&ss);

	if (err >= 0)
		from_linux(&ss, out);
}

void dal_sock_info(struct dal_sock *s, struct dios_net_info *out)
{
	struct sock *sk = s->sock->sk;
	struct tcp_sock *tp = tcp_sk(sk);

	address(s->sock, false, &out->local);
	address(s->sock, true, &out->remote);
	lock_sock(sk);
	out->error = -dal_err(-READ_ONCE(sk->sk_err));
	out->state = out->error && sk->sk_type == SOCK_STREAM ? DIOS_NET_FAILED : state_of(sk);
	out->send_buf = READ_ONCE(sk->sk_sndbuf) / 2;
	out->recv_buf = READ_ONCE(sk->sk_rcvbuf) / 2;
	if (sk->sk_type == SOCK_STREAM) {
		out->nodelay = !!(tp->nonagle & TCP_NAGLE_OFF);
		if (sock_flag(sk, SOCK_KEEPOPEN))
			out->keepalive_s = keepalive_time_when(tp) / HZ;
		out->keepalive_interval_s = keepalive_intvl_when(tp) / HZ;
		out->keepalive_count = keepalive_probes(tp);
		out->linger_s = sock_flag(sk, SOCK_LINGER) ? sk->sk_lingertime / HZ : LINGER_HOST;
	}
	release_sock(sk);
}

static int set_linger(struct socket *sock, u32 seconds)
{
	struct linger l = { .l_onoff = seconds != LINGER_HOST, .l_linger = seconds };

	if (!l.l_onoff)
		l.l_linger = 0;
	return sock_setsockopt(sock, SOL_SOCKET, SO_LINGER, KERNEL_SOCKPTR(&l), sizeof(l));
}

static int set_keepalive(struct socket *sock, const struct dios_net_info *in,
			 const struct dios_net_info *was)
{
	int err = 0;

	if (in->keepalive_s != was->keepalive_s) {
		err = set_int(sock, SOL_SOCKET, SO_KEEPALIVE, !!in->keepalive_s);
		if (in->keepalive_s)
			err = err ?: set_int(sock, SOL_TCP, TCP_KEEPIDLE, in->keepalive_s);
	}
	if (in->keepalive_interval_s != was->keepalive_interval_s)
		err = err ?: set_int(sock, SOL_TCP, TCP_KEEPINTVL, in->keepalive_interval_s);
	if (in->keepalive_count != was->keepalive_count)
		err = err ?: set_int(sock, SOL_TCP, TCP_KEEPCNT, in->keepalive_count);
	return err;
}

int dal_sock_set(struct dal_sock *s, const struct dios_net_info *in)
{
	struct socket *sock = s->sock;
	struct dios_net_info was = {};
	int err = 0;

	dal_sock_info(s, &was);
	/* A size that is set is no longer the host's to adapt. */
	if (in->send_buf != was.send_buf)
		err = set_int(sock, SOL_SOCKET, SO_SNDBUF, in->send_buf);
	if (in->recv_buf != was.recv_buf)
		err = err ?: set_int(sock, SOL_SOCKET, SO_RCVBUF, in->recv_buf);
	if (sock->type != SOCK_STREAM)
		return dal_err(err);
	if (in->nodelay != was.nodelay)
		err = err ?: set_int(sock, SOL_TCP, TCP_NODELAY, in->nodelay);
	if (in->linger_s != was.linger_s)
		err = err ?: set_linger(sock, in->linger_s);
	err = err ?: set_keepalive(sock, in, &was);
	return dal_err(err);
}
