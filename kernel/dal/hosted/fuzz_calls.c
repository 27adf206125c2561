// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_calls.c - any calls of two tasks, in any order.
 *
 * The input says what happens: which task, which call, its arguments.  When it
 * is used up, a generator seeded with it goes on, so that short inputs make long
 * games, and each is the same every time.  References and buffers come from what
 * the tasks really have, most of the time, so that calls get far; nonsense is
 * mixed in.  One thread plays both tasks.
 *
 * What must hold: each result is one that the model (fuzz_model.h) allows, and
 * afterwards the tasks have what the model has; a call that fails changes no count; no
 * count is negative; a task's own counts are those of its table; at the end nothing is left.
 */
#include <stdio.h>
#include "fuzz_model.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* Arguments of a call, in memory of the task. */
struct args {
	u64 out[4];
	u8 name[DIOS_NAME_SIZE];
	u64 spec[8];
	struct dios_iov iov;
	struct dios_run run;
	char strings[16];
	struct dios_grant grants[8];
	struct dios_wait waits[8];
};

struct player {
	struct dios_task *t;
	struct args *u;
	u64 refs[32];		/* some it has, or had */
	u32 nrefs;
	struct lent {
		u64 ref;
		bool write;
		struct dios_iov iov;
	} lent[8];		/* some buffers it has, or had */
	u32 nlent;
};

static struct player players[2];

#define STREAMS	50		/* a theme below: over a STREAM */
#define DGRAMS	100		/* below this: by DGRAMs */
#define BLOBS	150		/* below this: by a BLOB; there is a store */

static const u8 *in, *in_end;
static u64 seed;
static u8 theme;		/* of a game: some begin with two who talk */
static bool counted;		/* the call has failed, and what it did first counts */

static bool stored(void)
{
	return theme >= DGRAMS && theme < BLOBS;
}

static u8 byte(void)
{
	if (in < in_end)
		return *in++;
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return seed >> 56;
}

static u64 word(void)
{
	u64 w = 0;
	u32 n = byte() % 9;

	while (n--)
		w = w << 8 | byte();
	return w;
}

/* A number that matters to something, or any. */
static u64 number(void)
{
	static const u64 known[] = {
		0, 1, 2, 3, 4, 8, 15, 16, 24, 40, 64, 4095, 4096, 4097, 8192, 65536, 100000,
		1000000, DIOS_MAX_KBUF, DIOS_MAX_KBUF + 1, 1ull << 31, 1ull << 32, S64_MAX, ~0ull,
	};
	u8 b = byte();

	return b < ARRAY_SIZE(known) ? known[b] : b < 200 ? b : word();
}

static void keep_ref(struct player *p, u64 ref)
{
	p->refs[p->nrefs++ % ARRAY_SIZE(p->refs)] = ref;
}

static u64 any_ref(struct player *p)
{
	u8 b = byte();

	switch (b >> 4) {
	case 0:
		return DIOS_REF_SELF;
	case 1:
		return b & 1 ? p->t->start.random : p->t->start.group;
	case 2:
		return b & 15 ? (u64)byte() << 32 | (b & 15) : word();
	}
	return p->nrefs ? p->refs[b % ARRAY_SIZE(p->refs) % p->nrefs] : b;
}

static u32 number_of(struct player *p)
{
	return p - players;
}

/* What is at an address of the task; only where it can be reached. */
static void fetch(struct player *p, u64 addr, void *out, size_t len)
{
	memset(out, 0, len);
	if (hosted_readable(p->t, addr) && hosted_readable(p->t, addr + len - 1))
		memcpy(out, hosted_ptr(addr), len);
}

static u64 fetch_id(struct player *p, u64 addr)
{
	u64 id;

	fetch(p, addr, &id, sizeof(id));
	return id;
}

static u64 address(struct player *p, void *of)
{
	u8 b = byte();

	if (b < 240)
		return hosted_addr(of);
	if (b < 248)
		return 0;
	return b < 252 ? hosted_addr((u8 *)p->u + DIOS_PAGE_SIZE - b % 16) : word();
}

static u64 flags(u64 known)
{
	u8 b = byte();

	return b < 100 ? 0 : b < 250 ? word() & known : word();
}

static struct lent *any_lent(struct player *p)
{
	static struct lent none;
	u8 b = byte();

	return p->nlent ? &p->lent[b % ARRAY_SIZE(p->lent) % p->nlent] : &none;
}

/* Somewhere in the network: mostly one of few places. */
static struct dios_addr somewhere(void)
{
	static const u32 ports[] = { 5000, 5001, 40000, 40001, 40002, 0, 80 };
	u8 b = byte();
	u32 port = ports[byte() % (b < 200 ? 2 : ARRAY_SIZE(ports))];
	struct dios_addr any;

	if (b < 200)
		return b < 100 ? hosted_v4(127, 0, 0, 1, port) : b < 150 ? hosted_v6(1, port) : hosted_v6(0, port);
	if (b < 210)
		return hosted_v4(HOSTED_SILENT, port);
	if (b < 220)
		return hosted_v4(10, 0, 0, 1, port);
	if (b < 230)
		return hosted_v4(0, 0, 0, 0, port);
	if (b < 240)
		return (struct dios_addr){};
	any = (struct dios_addr){ .port = number(), .scope = byte() % 2 };
	any.ip[b % 16] = byte();
	return any;
}

static void stream_spec(struct dios_stream *s)
{
	memset(s, 0, sizeof(*s));
	s->mode = byte() < 250 ? 1 + byte() % 2 : number();
	s->flags = byte() < 200 ? 0 : byte() % 16;
	s->pad = byte() == 255;
	if (s->mode == DIOS_STREAM_LISTEN) {
		s->local = somewhere();
		s->backlog = byte() < 250 ? 1 + byte() % 4 : number();
	} else {
		s->remote = somewhere();
		s->backlog = byte() > 250;
	}
	if (byte() < 20)
		s->local = somewhere();
	if (byte() < 10)
		s->remote = somewhere();
}

static void dgram_spec(struct dios_dgram *s)
{
	memset(s, 0, sizeof(*s));
	s->flags = byte() < 200 ? 0 : byte() % 16;
	s->pad = byte() == 255;
	if (byte() < 200)
		s->local = somewhere();
	if (byte() < 128)
		s->remote = somewhere();
}

/* A program that makes a few calls and ends. */
static u32 child(struct dios_task *t, int argc, char **argv, char **env)
{
	struct args *u = hosted_map(t, sizeof(*u), true);

	hosted_call(t, DIOS_ACQUIRE_READ, 0, DIOS_REF_SELF, 0, hosted_addr(&u->iov), 0);
	hosted_call(t, DIOS_CREATE, 0, DIOS_T_RANDOM, 0, hosted_addr(u->name), hosted_addr(u->out));
	if (t->start.nrefs)
		hosted_call(t, DIOS_DELETE, 0, t->start.refs[0].ref, 0, 0, 0);
	return hosted_call(t, DIOS_DELETE, 7, DIOS_REF_SELF, 0, 0, 0);
}

static s64 create(struct player *p)
{
	struct args *u = p->u;
	u64 f = flags(DIOS_CREATE_PUBLIC | DIOS_CREATE_IMPORT | DIOS_CREATE_NAME | DIOS_CREATE_GROUP);
	u64 type = byte() % 14, spec = hosted_addr(u->spec), name, out, group, id;
	u8 called[DIOS_NAME_SIZE], described[sizeof(u->spec)];
	u32 mask, waited;
	s64 ret;

	u->spec[0] = number();
	u->spec[1] = number();
	if (theme < BLOBS && byte() < 80)
		type = theme < STREAMS ? DIOS_T_STREAM : theme < DGRAMS ? DIOS_T_DGRAM : DIOS_T_BLOB;
	switch (type) {
	case DIOS_T_STREAM:
		stream_spec((void *)u->spec);
		break;
	case DIOS_T_DGRAM:
		dgram_spec((void *)u->spec);
		break;
	case DIOS_T_GROUP:
		if (byte() < 220)
			u->spec[0] = 1 + byte() % DIOS_R_ALL;
		break;
	case DIOS_T_PRIVMEM:
	case DIOS_T_SHMEM:
		if (byte() < 220)
			u->spec[0] = u->spec[0] % 64 * DIOS_PAGE_SIZE;
		break;
	case DIOS_T_FIFO:
		if (byte() < 220)
			u->spec[0] = DIOS_PAGE_SIZE << u->spec[0] % 6;
		break;
	case DIOS_T_TIMER:
		u->spec[0] += byte() < 128 ? dal_now() : 0;
		break;
	case DIOS_T_CONSOLE:
	case DIOS_T_BLOB:
		if (type == DIOS_T_BLOB && stored() && byte() < 200) {
			f &= ~(u64)DIOS_CREATE_IMPORT;
			break;
		}
		u->spec[0] %= 4;
		if (type == DIOS_T_BLOB && byte() < 200)
			f |= DIOS_CREATE_IMPORT;
		break;
	case DIOS_T_RANDOM:
		spec = 0;
		break;
	}
	name = byte() < 100 ? 0 : address(p, u->name);
	memset(u->name, byte() & 3, sizeof(u->name));
	fetch(p, name, called, sizeof(called));
	out = address(p, u->out);
	u->out[0] = any_ref(p);
	id = fetch_id(p, out);
	group = any_ref(p);
	if (f & DIOS_CREATE_NAME && byte() < 200)
		spec = 0;
	mask = u->spec[0];
	memcpy(described, u->spec, sizeof(described));
	waited = n_waiting(&((struct dios_stream *)described)->remote);
	ret = hosted_call6(p->t, DIOS_CREATE, f, type, spec ? hosted_addr(u->spec) : 0, name, out, group);
	if (!ret && !(f & DIOS_CREATE_PUBLIC))
		fetch(p, name, called, sizeof(called));
	if (f & DIOS_CREATE_NAME) {
		m_name(number_of(p), ret, id, called, f, group);
		return ret;
	}
	m_create(number_of(p), ret, type, fetch_id(p, out), name ? called : NULL, f, group, mask,
		 *(u64 *)described);
	if (type == DIOS_T_STREAM || type == DIOS_T_DGRAM) {
		m_create_net(number_of(p), ret, type, fetch_id(p, out), described, waited);
		counted = ret && n_waiting(&((struct dios_stream *)described)->remote) > waited;
	}
	if (!ret)
		keep_ref(p, fetch_id(p, out));
	return ret;
}

static s64 lookup(struct player *p)
{
	struct args *u = p->u;
	u64 f, name, group;
	u8 called[DIOS_NAME_SIZE];
	s64 ret;
	u32 i;

	if (byte() < 128)
		memset(u->name, byte() & 3, sizeof(u->name));
	u->out[0] = number() % ARRAY_SIZE(u->out);
	f = flags(DIOS_LOOKUP_LOCAL_ONLY | DIOS_LOOKUP_PUBLIC | DIOS_LOOKUP_GROUP);
	name = address(p, u->name);
	group = any_ref(p);
	fetch(p, name, called, sizeof(called));
	ret = hosted_call(p->t, DIOS_LOOKUP, f, name, hosted_addr(&u->out[1]), hosted_addr(u->out), group);
	m_lookup(number_of(p), ret, called, f, group, &u->out[1], u->out[0]);
	for (i = 1; !ret && i <= u->out[0]; i++)
		keep_ref(p, u->out[i]);
	return ret;
}

static void grants(struct player *p, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		p->u->grants[i] = (struct dios_grant){
			.ref = any_ref(p), .rights = 1 + byte() % 9, .pad = byte() == 255 };
}

static s64 copy(struct player *p)
{
	struct player *to = p;
	u64 target = any_ref(p), count, at;
	struct dios_grant given[8];
	u32 n = 1 + byte() % 8, i;
	s64 ret;

	grants(p, n);
	at = address(p, p->u->grants);
	count = byte() < 250 ? n : word();
	ret = hosted_call(p->t, DIOS_COPY, flags(0), at, count, target, 0);
	if (ret || !count || count > ARRAY_SIZE(given)) {
		BUG_ON(!ret);	/* more than there were */
		return ret;
	}
	fetch(p, at, given, count * sizeof(given[0]));
	m_copy(number_of(p), ret, given, count, target);
	/* What went to another is his to use. */
	if (target != DIOS_REF_SELF)
		to = &players[m_find(number_of(p), target)->obj->player];
	for (i = 0; i < count; i++)
		keep_ref(to, given[i].out);
	return ret;
}

static s64 delete(struct player *p)
{
	u64 ref = any_ref(p), f;
	s64 ret;

	/* The end comes soon enough. */
	if (ref == DIOS_REF_SELF && byte() < 250)
		return 0;
	f = flags(DIOS_DELETE_ZOMBIFY);
	ret = hosted_call(p->t, DIOS_DELETE, f, ref, 0, 0, 0);
	m_delete(number_of(p), ret, ref, f & DIOS_DELETE_ZOMBIFY);
	return ret;
}

static s64 run(struct player *p)
{
	struct args *u = p->u;
	struct dios_run *s = &u->run;
	u64 exe, at, out;
	s64 ret;

	memset(s, 0, sizeof(*s));
	memcpy(u->strings, "prog\0a\0\0b=1\0", 13);
	s->argv = address(p, u->strings);
	s->argv_len = byte() < 240 ? 8 : number();
	s->argc = byte() < 240 ? 3 : number();
	s->env = address(p, u->strings + 8);
	s->env_len = byte() < 240 ? 4 : number();
	s->envc = byte() < 240 ? 1 : number();
	s->nrefs = byte() % 9;
	grants(p, s->nrefs % 9);
	s->refs = address(p, u->grants);
	if (byte() < 100) {
		s->in = any_ref(p);
		s->out = any_ref(p);
		s->err = any_ref(p);
	}
	s->node = byte() % 3;
	s->group = byte() < 100 ? any_ref(p) : 0;
	s->files = byte() < 200 ? 0 : byte() % 4;
	exe = any_ref(p);
	at = address(p, s);
	out = address(p, u->out);
	ret = hosted_call(p->t, DIOS_RUN, flags(0), exe, at, out, 0);
	hosted_join();
	m_run(number_of(p), ret, exe, fetch_id(p, out));
	if (!ret)
		keep_ref(p, fetch_id(p, out));
	return ret;
}

static s64 sleep_on(struct player *p)
{
	struct args *u = p->u;
	struct dios_wait asked[8];
	u32 n = byte() % 9, i;
	u64 count, at, waits, f = flags(DIOS_SELECT_KEEP);
	s64 ret, deadline;

	for (i = 0; i < n; i++)
		u->waits[i] = (struct dios_wait){ .ref = any_ref(p), .rights = 1 + byte() % 4,
						  .len = byte() > 250 ? number() : 0 };
	count = byte() < 250 ? n : word();
	at = address(p, u->out);
	waits = address(p, u->waits);
	deadline = byte() < 128 ? number() : dal_now() + number();
	fetch(p, waits, asked, n * sizeof(asked[0]));
	u->out[0] = ~0ull;
	ret = hosted_call(p->t, DIOS_SELECT, f, waits, count, at, deadline);
	/* Which of those that are kept is selected the model does not know. */
	if (count == n && f != DIOS_SELECT_KEEP)
		m_select(number_of(p), ret, asked, n, ret ? 0 : fetch_id(p, at));
	return ret;
}

/* What was accepted is the task's. */
static void accepted(struct player *p, u64 ref, const struct dios_iov *v)
{
	struct m_ref *r = m_find(number_of(p), ref);

	if (r->obj->net && r->obj->net->listens && v->len == sizeof(struct dios_accept))
		keep_ref(p, fetch_id(p, v->addr));
}

static s64 acquire(struct player *p, u32 nr)
{
	struct dios_iov *iov = &p->u->iov, asked;
	bool write = nr == DIOS_ACQUIRE_WRITE;
	u64 ref = any_ref(p), from = 0, f = flags(0x2fff), off = number(), len = byte() < 200 ? 0 : number();
	struct lent *l;
	u8 b = byte();
	s64 ret;

	*iov = (struct dios_iov){};
	if (stored() && byte() < 120) {
		f = DIOS_BUF_AT;
		off = write ? number() % 20000 : byte() % 4 * DIOS_PAGE_SIZE;
	}
	if (b >= 200)
		iov->addr = b < 230 ? HOSTED_USER + (u64)byte() * 65536 : word();
	/* One that changes hands: mostly as it was lent. */
	if (b < 80) {
		l = any_lent(p);
		f = (f & DIOS_BUF_AT) | (b & 1 ? DIOS_BUF_MOVE : DIOS_BUF_BORROW);
		from = b < 75 ? l->ref : any_ref(p);
		*iov = l->iov;
	}
	asked = *iov;
	if (byte() > 240)	/* what it gets cannot be told */
		hosted_fail(FAIL_COPY, 2);
	ret = hosted_call6(p->t, nr, f, ref, len, hosted_addr(iov), from, off);
	m_acquire(number_of(p), ret, f, ref, write, len, &asked, from, f & DIOS_BUF_AT ? off : 0, iov);
	/* A connection that the task could not be told of waits in the kernel now. */
	counted = ret == -DIOS_EFAULT && m_find(number_of(p), ref) && m_find(number_of(p), ref)->obj->net;
	if (!ret) {
		if (!write && !(f & DIOS_BUF_INFO))
			accepted(p, ref, iov);
		p->lent[p->nlent++ % ARRAY_SIZE(p->lent)] = (struct lent){
			.ref = ref, .write = write, .iov = *iov };
		if (!iov->len)
			return 0;
		BUG_ON(!hosted_readable(p->t, iov->addr));
		BUG_ON(!hosted_readable(p->t, iov->addr + iov->len - 1));
		/* What is read can be written only where an object's own memory is shared. */
		if (!from && (write || !ref_find(p->t, ref, 0)->view))
			BUG_ON(hosted_writable(p->t, iov->addr + iov->len - 1) != write);
	}
	return ret;
}

/* What the program has in a buffer that it commits, where the model follows the bytes. */
static const u8 *written(struct player *p, u64 ref, bool write, const struct dios_iov *v)
{
	static u8 data[DIOS_MAX_KBUF];
	struct m_ref *r = m_find(number_of(p), ref);

	if (r && (r->obj->net || r->obj->blob) && write && m_find_buf(number_of(p), ref, v->addr, v->len, true, true))
		memcpy(data, hosted_ptr(v->addr), v->len);
	return data;
}

/* commit or release: mostly of a buffer as it was lent. */
static s64 buffer(struct player *p, bool release)
{
	struct dios_iov *iov = &p->u->iov, asked, got;
	struct lent *l = any_lent(p);
	u64 ref = l->ref, len, at, f;
	bool write = l->write;
	const u8 *data;
	u8 b = byte();
	s64 ret;

	*iov = l->iov;
	len = iov->len;
	if (b >= 200) {		/* a part of it */
		iov->addr += b & 1 ? DIOS_PAGE_SIZE : number();
		iov->len -= b & 1 ? DIOS_PAGE_SIZE : number();
		len = number();
	}
	if (b < 200 && b % 4 == 3)
		len = len ? number() % len : 0;
	if (b % 16 == 2)
		ref = any_ref(p);
	if (b % 16 == 4)
		write = !write;
	at = address(p, iov);
	fetch(p, at, &asked, sizeof(asked));
	data = written(p, ref, write, &asked);
	if (release) {
		f = flags(DIOS_BUF_DISCARD | DIOS_BUF_COMMIT);
		ret = hosted_call(p->t, write ? DIOS_RELEASE_WRITE : DIOS_RELEASE_READ, f, ref, at, 0, 0);
		m_release(number_of(p), ret, ref, write, f, &asked, data);
		return ret;
	}
	f = flags(DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK | (write && byte() < 60 ? DIOS_BUF_END : 0));
	/* The iov comes in, and its place is tried; that it fails later only another thread could do. */
	hosted_fail(FAIL_COPY, byte() < 230 ? 0 : 1 + byte() % 2);
	if (stored() && byte() > 230)
		hosted_fail(FAIL_ROOM, 1);
	ret = hosted_call(p->t, write ? DIOS_COMMIT_WRITE : DIOS_COMMIT_READ, f, ref, len, at, 0);
	fetch(p, at, &got, sizeof(got));
	m_commit(number_of(p), ret, f, ref, write, len, &asked, &got, data);
	/* A datagram that was read is gone. */
	counted = ret < 0 && f & DIOS_BUF_NEXT && asked.len && !got.len && m_find(number_of(p), ref)->obj->net;
	if (ret >= 0 && !write)
		accepted(p, ref, &got);
	if (l->ref == ref && l->iov.addr == asked.addr && l->iov.len == asked.len)
		l->iov = got;
	return ret;
}

/* The program writes what it was lent. */
static void scribble(struct player *p)
{
	struct lent *l = any_lent(p);
	struct m_ref *r = m_find(number_of(p), l->ref);
	struct dios_iov *v = &l->iov;
	struct dios_dgram_head *head;
	u64 i, n;

	/* What a DGRAM would not send is of little use. */
	if (r && r->obj->type == DIOS_T_DGRAM && l->write && byte() < 230 && v->len >= sizeof(*head) &&
	    hosted_writable(p->t, v->addr) && hosted_writable(p->t, v->addr + sizeof(*head) - 1)) {
		head = hosted_ptr(v->addr);
		memset(head, 0, sizeof(*head));
		if (byte() < 200)
			head->addr = somewhere();
		return;
	}
	/* The size of a BLOB. */
	if (r && r->obj->blob && v->len == sizeof(struct dios_blob_info) && byte() < 200 &&
	    hosted_writable(p->t, v->addr)) {
		*(u64 *)hosted_ptr(v->addr) = number() % 20000;
		return;
	}
	for (i = 0; i + 8 <= v->len && i < 40; i += 8) {
		n = number();
		if (hosted_writable(p->t, v->addr + i) && hosted_writable(p->t, v->addr + i + 7))
			memcpy(hosted_ptr(v->addr + i), &n, 8);
	}
}

struct counts {
	s64 n[STAT_N], types[DIOS_T_MAX + 1], allocs, handles, pages;
};

/* Watches that select was asked to keep: they stay, whatever the call says then. */
static s64 kept(void)
{
	struct dios_task *t;
	s64 n = 0;
	u32 i, k;

	for (k = 0; k < 2; k++) {
		t = players[k].t;
		for (i = 0; t && i < t->nslots; i++)
			n += t->slots[i].ref && t->slots[i].ref->watch.rights;
	}
	return n;
}

static void take(struct counts *c)
{
	u32 i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < STAT_N; i++) {
		c->n[i] = stat_get(i);
		BUG_ON(c->n[i] < 0);
	}
	c->n[STAT_WATCHES] -= kept();
	for (i = 1; i <= DIOS_T_MAX; i++) {
		c->types[i] = stat_type_get(i);
		BUG_ON(c->types[i] < 0);
	}
	c->allocs = hosted_allocs();
	c->handles = hosted_handles();
	c->pages = hosted_pages();
}

/* The bytes of a piece of memory, which several buffers may have. */
static u64 once(struct dios_mem *mem, struct dios_mem **seen, u32 *n)
{
	u32 i;

	for (i = 0; i < *n; i++)
		if (seen[i] == mem)
			return 0;
	BUG_ON(*n == 256);
	seen[(*n)++] = mem;
	return mem->charged;
}

/* The counts of the node are those of the two tables, and these the model's. */
static void check_tables(void)
{
	struct dios_task *t;
	struct dios_buf *buf;
	struct dios_ref *r;
	struct dios_mem *seen[256];
	s64 refs = 0, bufs = 0, lent = 0;
	u64 of_task, memory;
	u32 i, k, own, nseen;

	for (k = 0; k < 2; k++) {
		t = players[k].t;
		own = of_task = memory = nseen = 0;
		for (i = 0; i < t->nslots; i++) {
			r = t->slots[i].ref;
			if (!r)
				continue;
			own++;
			BUG_ON(r->id != ((u64)t->slots[i].gen << 32 | i));
			BUG_ON(!r->rights || r->rights & ~DIOS_R_ALL);
			BUG_ON(refcount_read(&r->obj->holds) < 1);
			BUG_ON(r->obj->dead && !hlist_unhashed(&r->obj->name_link));
			list_for_each_entry(buf, &r->bufs, link) {
				bufs++;
				BUG_ON(!buf->size);
				if (buf->len)
					BUG_ON(!hosted_readable(t, buf->addr + buf->len - 1));
				if (buf->mem)
					of_task += once(buf->mem, seen, &nseen);
				else
					memory += buf->size;
			}
			if (r->view)
				of_task += once(r->view, seen, &nseen);
		}
		BUG_ON(own != t->nrefs || of_task != t->lent || memory != t->memory);
		refs += own;
		lent += of_task;
		m_compare(k);
	}
	BUG_ON(refs != stat_get(STAT_REFS) || bufs != stat_get(STAT_BUFS) ||
	       lent != stat_get(STAT_LENT) || kept() != stat_get(STAT_WATCHES));
}

/*
 * How many references have their object's own memory mapped, and how many tasks have
 * a table of their references.  They stay, also when the acquire that made them could
 * not tell the program so.
 */
static u32 views(void)
{
	struct dios_task *t;
	u32 i, k, n = 0;

	for (k = 0; k < 2; k++) {
		t = players[k].t;
		n += !!t->table;
		for (i = 0; i < t->nslots; i++)
			n += t->slots[i].ref && t->slots[i].ref->view;
	}
	return n;
}

static void play(struct player *p)
{
	struct counts before, after;
	u32 mapped = views();
	u8 op = byte();
	s64 ret = 0;
	bool commit_and_release = false;

	counted = false;
	take(&before);
	/* Sometimes the host fails. */
	if (op >= 200)
		hosted_fail(byte() % FAIL_N, 1 + byte() % 16);
	switch (op % 16) {
	case 0:
	case 1:
		ret = create(p);
		break;
	case 2:
		ret = lookup(p);
		break;
	case 3:
		ret = delete(p);
		break;
	case 4:
		ret = copy(p);
		break;
	case 5:
		ret = run(p);
		break;
	case 6:
		ret = sleep_on(p);
		break;
	case 7:
	case 8:
	case 9:
		ret = acquire(p, op & 16 ? DIOS_ACQUIRE_READ : DIOS_ACQUIRE_WRITE);
		break;
	case 10:
	case 11:
		ret = buffer(p, false);
		break;
	case 12:
		ret = buffer(p, true);
		/* This one gives the buffer back also when the commit fails. */
		commit_and_release = true;
		break;
	case 13:
		scribble(p);
		break;
	case 14:
		hosted_clock_add(number() & S64_MAX >> 8);
		if (byte() < 30) {
			hosted_net_answer(-DIOS_ETIMEDOUT);
			n_answered(-DIOS_ETIMEDOUT);
		}
		break;
	case 15:
		hosted_interrupt(p->t);
		break;
	}
	b_failed_once |= hosted_failed(FAIL_STORE);
	for (op = 0; op < FAIL_N; op++)
		hosted_fail(op, 0);
	take(&after);
	if (b_unknown)
		return;
	if (ret < 0) {
		BUG_ON(ret <= -DIOS_EHOST);
		BUG_ON(!commit_and_release && !counted && mapped == views() &&
		       memcmp(&before, &after, sizeof(before)));
	}
	check_tables();
}

static void set_up(void)
{
	static bool done;
	static u8 elf[256];
	struct hosted_file *f;

	if (done)
		return;
	done = true;
	hosted_never_sleep = true;
	dios_quota_refs = 100;
	dios_quota_lent = 4 << 20;
	dios_quota_memory = 8 << 20;
	dios_quota_tasks = 3;
	BUG_ON(calls_check());
	BUG_ON(names_init());
	f = hosted_file(0);
	f->open = f->regular = f->executable = true;
	f->size = f->really = hosted_elf(elf, sizeof(elf), DIOS_OSABI, DIOS_BRAND_PURE);
	f->bytes = elf;
	f->main = child;
	*hosted_file(1) = *f;
	hosted_file(1)->main = NULL;
	hosted_file(2)->open = hosted_file(2)->writable = true;
	hosted_file(3)->open = hosted_file(3)->writable = true;
	hosted_file(3)->most = 3;
}

/* How some games begin. */
static void begin_with(struct player *p, u64 type, const void *spec, size_t len)
{
	struct args *u = p->u;

	memcpy(u->spec, spec, len);
	BUG_ON(hosted_call6(p->t, DIOS_CREATE, 0, type, hosted_addr(u->spec), 0, hosted_addr(u->out), 0));
	m_create(number_of(p), 0, type, u->out[0], NULL, 0, 0, 0, *(const u64 *)spec);
	if (type != DIOS_T_BLOB)
		m_create_net(number_of(p), 0, type, u->out[0], spec, 0);
	keep_ref(p, u->out[0]);
}

static void begin_buffer(struct player *p, u64 ref, bool write, u64 len, u64 f)
{
	struct dios_iov *iov = &p->u->iov, asked = {};

	*iov = asked;
	BUG_ON(hosted_call6(p->t, write ? DIOS_ACQUIRE_WRITE : DIOS_ACQUIRE_READ, f, ref, len, hosted_addr(iov), 0, 0));
	m_acquire(number_of(p), 0, f, ref, write, len, &asked, 0, 0, iov);
	p->lent[p->nlent++] = (struct lent){ .ref = ref, .write = write, .iov = *iov };
}

/* Both say something. */
static void begin_talk(struct player *p, u64 ref, const void *data, u64 len)
{
	struct dios_iov *iov = &p->u->iov, asked;

	begin_buffer(p, ref, true, 200, 0);
	asked = *iov;
	memcpy(hosted_ptr(iov->addr), data, len);
	BUG_ON(hosted_call(p->t, DIOS_COMMIT_WRITE, 0, ref, len, hosted_addr(iov), 0) != len);
	m_commit(number_of(p), len, 0, ref, true, len, &asked, iov, data);
}

/* The first has a listener, and a connection that it has accepted; the second is its other side, and dials again. */
static void begin_with_streams(void)
{
	struct dios_stream l = { .mode = DIOS_STREAM_LISTEN, .backlog = 3, .local = hosted_v4(127, 0, 0, 1, 5000) };
	struct dios_stream d = { .mode = DIOS_STREAM_DIAL, .remote = hosted_v4(127, 0, 0, 1, 5000) };
	struct player *p = &players[0];

	begin_with(p, DIOS_T_STREAM, &l, sizeof(l));
	begin_with(&players[1], DIOS_T_STREAM, &d, sizeof(d));
	begin_talk(&players[1], players[1].u->out[0], "a few words", 11);
	begin_buffer(p, p->u->out[0], false, 0, 0);
	accepted(p, p->u->out[0], &p->u->iov);
	begin_talk(p, fetch_id(p, p->u->iov.addr), "and back again", 14);
	begin_with(&players[1], DIOS_T_STREAM, &d, sizeof(d));
}

/* The first sends to anybody, the second to the first only. */
static void begin_with_dgrams(void)
{
	struct dios_dgram a = { .local = hosted_v4(127, 0, 0, 1, 5000) };
	struct dios_dgram b = { .local = hosted_v4(127, 0, 0, 1, 5001), .remote = a.local };
	struct { struct dios_dgram_head head; char text[8]; } word = { .text = "a word" };

	begin_with(&players[0], DIOS_T_DGRAM, &a, sizeof(a));
	begin_with(&players[1], DIOS_T_DGRAM, &b, sizeof(b));
	begin_talk(&players[1], players[1].u->out[0], &word, sizeof(word));
}

/* The first has a blob, which the second can find. */
static void begin_with_blob(void)
{
	struct args *u = players[0].u;
	struct dios_blob b = { .size = 6000 };
	u64 ref;

	begin_with(&players[0], DIOS_T_BLOB, &b, sizeof(b));
	ref = u->out[0];
	memset(u->name, 1, sizeof(u->name));
	BUG_ON(hosted_call6(players[0].t, DIOS_CREATE, DIOS_CREATE_NAME | DIOS_CREATE_PUBLIC, DIOS_T_BLOB, 0,
			    hosted_addr(u->name), hosted_addr(u->out), 0));
	m_name(0, 0, ref, u->name, DIOS_CREATE_NAME | DIOS_CREATE_PUBLIC, 0);
	begin_talk(&players[0], ref, "some words", 10);
	begin_buffer(&players[0], ref, true, 0, DIOS_BUF_INFO);
}

/* The node goes, and comes again: what has a name is there, as it was committed last. */
static void find_again(void)
{
	struct dios_task *t;
	struct dios_iov *iov;
	struct m_object *o;
	u32 i, named = 0;
	u64 *u;

	for (i = 0; i < m_nobjects; i++)
		named += m_objects[i].blob && m_objects[i].named;
	/* What has no name is gone already, unless the disk failed: then the next load takes it away. */
	BUG_ON(hosted_store_files() != named && !b_failed_once);
	hosted_reboot();
	t = hosted_task_new(DIOS_BRAND_PURE);
	u = hosted_map(t, 4096, true);
	iov = (struct dios_iov *)(u + 8);
	for (i = 0; i < m_nobjects; i++) {
		o = &m_objects[i];
		if (!o->blob || !o->named)
			continue;
		memcpy(u + 4, o->name, DIOS_NAME_SIZE);
		u[0] = 1;
		BUG_ON(hosted_call(t, DIOS_LOOKUP, o->public ? DIOS_LOOKUP_PUBLIC : 0, hosted_addr(u + 4),
				   hosted_addr(u + 1), hosted_addr(u), 0));
		BUG_ON(ref_find(t, u[1], 0)->rights != o->name_rights);
		*iov = (struct dios_iov){};
		if (o->name_rights & DIOS_R_READ && o->blob->size && o->blob->size <= B_BYTES) {
			BUG_ON(hosted_call6(t, DIOS_ACQUIRE_READ, 0, u[1], 0, hosted_addr(iov), 0, 0));
			BUG_ON(iov->len != o->blob->size);
			b_same(o->blob, hosted_ptr(iov->addr), 0, iov->len);
		}
		hosted_call(t, DIOS_DELETE, 0, u[1], 0, 0, 0);
	}
	hosted_task_end(t, DIOS_END_EXIT, 0);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const siphash_key_t key;
	struct counts nothing, c;
	u32 i, n;

	set_up();
	take(&nothing);
	hosted_net_begin();
	in = data;
	in_end = data + size;
	seed = hosted_siphash(data, size, &key);
	hosted_file(2)->len = hosted_file(3)->len = hosted_node_console.len = 0;
	theme = byte();
	hosted_store(stored());
	hosted_file(2)->write_err = byte() < 10 ? -DIOS_EPIPE : 0;
	for (i = 0; i < 2; i++) {
		players[i] = (struct player){ .t = hosted_task_new(i ? DIOS_BRAND_PURE : DIOS_BRAND_LEGACY_LIMBO) };
		BUG_ON(IS_ERR(players[i].t));
		players[i].u = hosted_map(players[i].t, sizeof(struct args), true);
		m_begin(i, players[i].t);
	}
	/* They know each other. */
	for (i = 0; i < 2; i++) {
		struct m_object *obj = m_object_new(DIOS_T_TASK);
		u64 ref;

		obj->player = !i;
		BUG_ON(task_add_ref(players[i].t, &players[!i].t->obj, DIOS_R_READ | DIOS_R_WRITE, &ref));
		m_add(i, ref, obj, DIOS_R_READ | DIOS_R_WRITE);
		keep_ref(&players[i], ref);
	}
	if (theme < STREAMS)
		begin_with_streams();
	else if (theme < DGRAMS)
		begin_with_dgrams();
	else if (stored())
		begin_with_blob();
	for (n = 0; n < 100; n++) {
		struct player *p = &players[byte() & 1];

		play(p);
		if (hosted_ending(p->t) || b_unknown)
			break;
	}
	for (i = 0; i < 2; i++) {
		hosted_task_end(players[i].t, DIOS_END_EXIT, 0);
		players[i].t = NULL;
	}
	if (stored() && !b_unknown)
		find_again();
	/* Who has something in the store is known as long as there is one. */
	hosted_store(false);
	take(&c);
	BUG_ON(memcmp(&c, &nothing, sizeof(c)));
	return 0;
}
