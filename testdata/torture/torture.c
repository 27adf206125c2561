/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * torture.c - any calls of several tasks at once, in any order, with kills.
 *
 *	torture root SEED MS PLAYERS
 *
 * The root keeps so many players running for so long. A player makes random
 * calls, mostly with what it really has, now and then with nonsense, and ends
 * after a while in one way or another; the root, and the players among
 * themselves, kill each other at any time, also in the middle of a call that
 * waits. They share objects by what the root hands them at the start, by what
 * they copy to each other, and by public names. The seed decides what each
 * player tries; how the players interleave is the machine's.
 *
 * What must hold is what any program may rely on, whatever the others do: an
 * error is one of DIOS's; memory that was lent can be read, or written, to its
 * last byte; nobody's private memory changes; a task ends only in a way that
 * somebody chose. What is left over at the end, the runner looks at.
 *
 * The same file is put twice into the machine, branded dios-limbo and pure: the
 * root and some of the players make Linux calls too.
 *
 * A new type is a line in types[], with a function that makes a spec.
 */
#include "../abi/abi.h"
#include "../abi/linux.h"

#define PURE	"/torture/pure"
#define LIMBO	"/torture/limbo"

static u64 state;	/* of the generator */

static u64 random64(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dULL;
}

/* A number below n. */
static u32 below(u32 n)
{
	return (random64() >> 33) % n;
}

static int one_in(u32 n)
{
	return below(n) == 0;
}

static void seed(u64 s)
{
	state = (s + 1) * 0x9e3779b97f4a7c15ULL;
	random64();
}

/* --- what a player has --- */

static struct dios_start me;	/* a copy of the start page */
static u64 null;		/* a console that goes nowhere */
static int patient;		/* may wait for ever: somebody will kill it */

/* Some references it has, or had. */
static struct have {
	u64 ref;
	u32 type;		/* 0: unknown */
} have[48];
static u32 nhave;

/* Some buffers it has, or had. */
static struct lent {
	u64 ref;
	u32 type;
	int write;		/* acquired to write */
	int can;		/* and the memory can be written */
	int wild;		/* others fill it: it may hold anything */
	u64 mark;		/* else, what private memory holds */
	struct dios_iov iov;
} lent[24];
static u32 nlent;
static struct dios_iov control_buf;	/* of SELF, not played with */

/* A reference is gone, and its buffers with it. */
static void forget(u64 ref)
{
	u32 i;

	for (i = 0; i < nhave; )
		if (have[i].ref == ref)
			have[i] = have[--nhave];
		else
			i++;
	for (i = 0; i < nlent; )
		if (lent[i].ref == ref)
			lent[i] = lent[--nlent];
		else
			i++;
}

static void keep(u64 ref, u32 type)
{
	u64 old;

	if (nhave == COUNT(have)) {
		/* Most of what is forgotten is given back; the rest the kernel must. */
		old = have[below(nhave)].ref;
		if (!one_in(8))
			delete(0, old);
		forget(old);
	}
	have[nhave++] = (struct have){ ref, type };
}

static u64 odd_number(void)
{
	static const u64 odd[] = {
		0, 1, 7, 8, 4095, 4096, 4097, 65536, DIOS_MAX_KBUF, DIOS_MAX_KBUF + 1, 1ULL << 31,
		1ULL << 32, 1ULL << 47, 1ULL << 63, ~0ULL,
	};

	return one_in(4) ? random64() >> below(64) : odd[below(COUNT(odd))];
}

static struct have *any(void)
{
	static struct have other;

	if (nhave && !one_in(12))
		return &have[below(nhave)];
	other = (struct have){ 0, 0 };
	switch (below(4)) {
	case 0:
		other = (struct have){ DIOS_REF_SELF, DIOS_T_SELF };
		break;
	case 1:
		other = (struct have){ me.random, DIOS_T_RANDOM };
		break;
	case 2:
		/* What another task copied to it has a number that nobody told it. */
		other.ref = (u64)(1 + below(4)) << 32 | (5 + below(40));
		break;
	case 3:
		other.ref = odd_number();
		break;
	}
	/* Where a failure is reported is not played with. */
	if (other.ref == me.err)
		other.ref = 0;
	return &other;
}

static u64 ref_of(u32 type)
{
	u32 i, n;

	for (i = 0; i < 8 && nhave; i++) {
		n = below(nhave);
		if (have[n].type == type)
			return have[n].ref;
	}
	return any()->ref;
}

/* Its own memory, or an address that cannot be used: never another place of its own. */
static u64 address(void *p)
{
	static const u64 bad[] = {
		0, 1, 8, PAGE - 4, EDGE + PAGE, EDGE + PAGE - 4, EDGE - 1, 0x7ffffffff000ULL,
		0x800000000000ULL, 0xffff888000000000ULL, 0xffffffff81000000ULL, -8ULL, ~0ULL,
	};

	return one_in(24) ? bad[below(COUNT(bad))] : ADDR(p);
}

static u64 flags(u64 known)
{
	if (one_in(40))
		return random64() >> below(64);
	return one_in(2) ? 0 : random64() & known;
}

/* A result that a call may have. */
static s64 result(const char *file, int at, const char *what, s64 r)
{
	check_ok(file, at, what, r > -DIOS_EHOST);
	return r;
}
#define did(call)	result(__FILE__, __LINE__, #call, (call))

/* --- the types --- */

static u64 clock(void)
{
	static u64 timer;
	struct dios_timer spec = { 1, 0 };
	struct dios_iov iov = { 0, 0 };
	u64 ns = 0;

	if (!timer && create(0, DIOS_T_TIMER, ADDR(&spec), 0, ADDR(&timer)))
		return 0;
	/* The player may have set it anew by a number that it guessed. */
	while (acquire_read(DIOS_BUF_NONBLOCK, timer, 0, ADDR(&iov)) == -DIOS_EINTR)
		;
	if (iov.addr) {
		ns = ((struct dios_timer_state *)iov.addr)->now;
		release_read(0, timer, ADDR(&iov));
	}
	return ns;
}

static u64 spec[16];

static void spec_privmem(void)
{
	spec[0] = PAGE * (1 + below(32));
}

static void spec_shmem(void)
{
	spec[0] = PAGE * (1 + below(64));
}

static void spec_fifo(void)
{
	spec[0] = PAGE << below(6);
}

/* In the store: those with a name stay there when the game is over, and are found by the next. */
static void spec_blob(void)
{
	spec[0] = below(4) ? below(256 * 1024) : 0;
}

static void spec_group(void)
{
	spec[0] = 1 + below(DIOS_R_ALL);
}

/* One of a few ports of this machine. */
static void address_of(struct dios_addr *a)
{
	memset(a, 0, sizeof(*a));
	a->ip[10] = a->ip[11] = 0xff;
	a->ip[12] = 127;
	a->ip[15] = 1;
	a->port = 5000 + below(4);
}

static void spec_stream(void)
{
	struct dios_stream *in = (struct dios_stream *)spec;

	memset(in, 0, sizeof(*in));
	in->mode = one_in(2) ? DIOS_STREAM_DIAL : DIOS_STREAM_LISTEN;
	in->backlog = in->mode == DIOS_STREAM_LISTEN ? 1 + below(3) : 0;
	in->flags = one_in(4) ? DIOS_NET_REUSEPORT : 0;
	address_of(in->mode == DIOS_STREAM_LISTEN ? &in->local : &in->remote);
}

static void spec_dgram(void)
{
	struct dios_dgram *in = (struct dios_dgram *)spec;

	memset(in, 0, sizeof(*in));
	in->flags = one_in(2) ? DIOS_NET_REUSEPORT : 0;
	address_of(&in->local);
	if (one_in(2))
		address_of(&in->remote);
}

static void spec_timer(void)
{
	spec[0] = one_in(3) ? 1 : one_in(4) ? 0 : clock() + below(20) * MS;
	spec[1] = spec[0] && one_in(2) ? 100000 + below(20 * MS) : 0;
}

/* Linux descriptors: some that are something. */
static void spec_fd(void)
{
	static const char *const paths[] = { "/dev/null", "/dev/zero", PURE, LIMBO, "/proc/self/exe" };
	u32 n = below(COUNT(paths));
	/* A program that is open for writing cannot be run, not even by the root. */
	int fd = l_open(paths[n], n < 2 && one_in(2) ? L_RDWR : L_RDONLY);
	int pipe[2];

	if (fd >= 0 && patient && one_in(4) && linux3(L_PIPE, ADDR(pipe), 0, 0) == 0) {
		/* A console that nobody reads, and soon nobody can: who writes to it may wait. */
		l_close(fd);
		fd = pipe[1];
		if (one_in(2))
			l_close(pipe[0]);
	}
	spec[0] = fd < 0 ? 1000 : fd;
}

static const struct type {
	u32 type;
	const char *name;
	void (*spec)(void);	/* fills spec; NULL: the type has none */
	u64 flags;		/* of create, without which it is nothing */
	int limbo;		/* only for those who make Linux calls */
	u32 shared;		/* the rights that the root hands out; 0: it has none of it */
} types[] = {
	{ DIOS_T_PRIVMEM, "privmem", spec_privmem, 0, 0, 0 },
	{ DIOS_T_RANDOM, "random", NULL, 0, 0, DIOS_R_READ },
	{ DIOS_T_TIMER, "timer", spec_timer, 0, 0, DIOS_R_READ | DIOS_R_WRITE },
	{ DIOS_T_SHMEM, "shmem", spec_shmem, 0, 0, DIOS_R_READ | DIOS_R_WRITE },
	{ DIOS_T_FIFO, "fifo", spec_fifo, 0, 0, DIOS_R_READ | DIOS_R_WRITE },
	{ DIOS_T_FIFO, "fifo", spec_fifo, 0, 0, DIOS_R_READ | DIOS_R_WRITE },	/* more of them */
	{ DIOS_T_STREAM, "stream", spec_stream, 0, 0, DIOS_R_READ | DIOS_R_WRITE },
	{ DIOS_T_DGRAM, "dgram", spec_dgram, 0, 0, DIOS_R_READ | DIOS_R_WRITE },
	{ DIOS_T_GROUP, "group", spec_group, 0, 0, DIOS_R_READ | DIOS_R_WRITE },
	{ DIOS_T_BLOB, "blob", spec_blob, 0, 0, DIOS_R_ALL },
	{ DIOS_T_CONSOLE, "console", spec_fd, 0, 1, 0 },
	{ DIOS_T_BLOB, "program", spec_fd, DIOS_CREATE_IMPORT, 1, 0 },
};

/* --- moves --- */

static u8 name[DIOS_NAME_SIZE];

/* One of a few names that everybody knows. */
static void choose_name(void)
{
	memset(name, 0, sizeof(name));
	memcpy(name, "torture", 7);
	name[8] = below(12);
}

static void move_create(void)
{
	const struct type *t = &types[below(COUNT(types))];
	u64 f = t->flags, type = t->type, ref = 0, names = 0, group = 0;

	if (t->limbo && me.brand == DIOS_BRAND_PURE && !one_in(8))
		return;
	if (t->spec && !(t->limbo && me.brand == DIOS_BRAND_PURE))
		t->spec();
	if (one_in(3)) {
		choose_name();
		names = address(name);
		f |= one_in(2) ? DIOS_CREATE_PUBLIC : 0;
		f |= one_in(4) ? DIOS_CREATE_GROUP : 0;
		group = ref_of(DIOS_T_GROUP);
		if (one_in(4)) {
			/* For something that it has already. */
			struct have h = *any();

			ref = h.ref;
			did(syscall6(DIOS_CREATE, f | DIOS_CREATE_NAME, h.type, 0, names, ADDR(&ref), group));
			return;
		}
	}
	if (one_in(30))
		spec[below(2)] = odd_number();
	if (one_in(60))
		type = below(DIOS_T_MAX + 2);
	if (did(syscall6(DIOS_CREATE, one_in(60) ? flags(~0ULL) : f, type, t->spec ? address(spec) : 0,
			 names, address(&ref), group)) == 0 && ref)
		keep(ref, type);
	if (t->limbo && me.brand != DIOS_BRAND_PURE)
		l_close(spec[0]);
}

static void move_lookup(void)
{
	u64 refs[4] = { 0 }, room = one_in(20) ? below(3) : COUNT(refs), i;
	u64 f = flags(DIOS_LOOKUP_LOCAL_ONLY) | DIOS_LOOKUP_PUBLIC | (one_in(4) ? DIOS_LOOKUP_GROUP : 0);

	choose_name();
	if (did(syscall6(DIOS_LOOKUP, f, address(name), address(refs), ADDR(&room), ref_of(DIOS_T_GROUP), POISON)))
		return;
	ok(room && room <= COUNT(refs));
	for (i = 0; i < COUNT(refs); i++)
		if (refs[i])
			keep(refs[i], 0);
}

static void move_delete(void)
{
	struct have h = *any();

	if (h.ref == DIOS_REF_SELF)
		return;		/* the end comes soon enough */
	if (one_in(5)) {
		did(delete(DIOS_DELETE_ZOMBIFY, h.ref));
		return;
	}
	if (did(delete(flags(0), h.ref)) == 0)
		forget(h.ref);
}

static struct dios_grant grants[8];

static u32 choose_grants(void)
{
	u32 n = 1 + below(COUNT(grants)), i;

	for (i = 0; i < n; i++)
		grants[i] = (struct dios_grant){
			.ref = any()->ref, .rights = one_in(20) ? below(9) : one_in(2) ? DIOS_R_READ : DIOS_R_WRITE,
			.pad = one_in(200) };
	/* Several are rarely all right. */
	return one_in(3) ? n : 1;
}

static void move_copy(void)
{
	u64 target = one_in(2) ? DIOS_REF_SELF : ref_of(DIOS_T_TASK);
	u32 n = choose_grants(), i;

	if (did(copy(flags(0), address(grants), one_in(40) ? odd_number() : n, target)) == 0 &&
	    target == DIOS_REF_SELF)
		for (i = 0; i < n; i++)
			keep(grants[i].out, 0);
}

/* A child that plays for a short while and never waits for ever. */
static void move_run(void)
{
	char argv[] = "torture\0short\0........";
	struct dios_run s = {
		.argv = ADDR(argv), .argv_len = sizeof(argv), .argc = 3,
		.out = null, .err = me.err, .refs = ADDR(grants),
	};
	u64 task = 0, exe = one_in(2) ? me.exe : ref_of(DIOS_T_BLOB);
	u32 i;

	for (i = 0; i < 8; i++)
		argv[14 + i] = 'a' + below(26);
	s.nrefs = one_in(3) ? choose_grants() : 0;
	if (one_in(4))
		s.in = any()->ref;
	if (one_in(6))
		s.out = any()->ref;
	if (one_in(6))
		s.group = ref_of(DIOS_T_GROUP);
	if (one_in(50))
		s.argc = below(5);
	if (one_in(50))
		s.node = below(3);
	if (did(start_task(flags(0), exe, address(&s), address(&task))) == 0 && task)
		keep(task, DIOS_T_TASK);
}

static void move_select(void)
{
	static struct dios_wait waits[40];
	u32 n = one_in(8) ? below(COUNT(waits)) : below(6), i;
	u64 selected = ~0ULL, at = address(&selected), count = one_in(50) ? odd_number() : n, f = flags(0);
	s64 deadline;

	for (i = 0; i < n; i++)
		waits[i] = (struct dios_wait){
			.ref = any()->ref, .rights = one_in(3) ? DIOS_R_WRITE : DIOS_R_READ,
			.len = one_in(4) ? below(5000) : 0 };
	if (patient && one_in(20))
		deadline = one_in(3) ? -2 : -1;
	else
		deadline = one_in(2) ? 0 : clock() + below(5 * MS);
	/* Of what it keeps select says the reference. */
	if (did(selects(f, address(waits), count, at, deadline)) == 0 && at == ADDR(&selected) &&
	    !(f & DIOS_SELECT_KEEP))
		ok(selected < count);
}

/* Look at every page of it, and write where that is allowed. */
static void touch(struct lent *l)
{
	volatile u8 *p = (volatile u8 *)l->iov.addr;
	u64 i;
	u8 sum = 0;

	if (!l->iov.len)
		return;
	for (i = 0; i < l->iov.len; i += PAGE)
		sum += p[i];
	sum += p[l->iov.len - 1];
	if (l->can) {
		p[0] = sum;
		p[l->iov.len - 1] = sum;
	}
}

/* Private memory is zero at first, and then what was written. */
static void private(struct lent *l, u64 mark)
{
	u64 *p = (u64 *)l->iov.addr, *last = (u64 *)(l->iov.addr + l->iov.len - 8);

	if (!l->can || l->iov.len < PAGE)
		return;
	ok(l->wild || (*p == l->mark && *last == l->mark));
	*p = *last = l->mark = mark;
}

/* The first len bytes of it were given back, whole pages: they are zero, and the others as they were. */
static void discarded(struct lent *l, u64 len)
{
	u64 *p = (u64 *)l->iov.addr, *last = (u64 *)(l->iov.addr + l->iov.len - 8);

	ok(*p == 0 && *last == (len == l->iov.len ? 0 : l->mark));
	*p = *last = l->mark;
}

static s64 acquires(int write, u64 f, u64 ref, u64 len, struct dios_iov *iov, u64 from)
{
	u64 off = one_in(4) ? odd_number() : PAGE * below(4);

	return did(syscall6(write ? DIOS_ACQUIRE_WRITE : DIOS_ACQUIRE_READ, f, ref, len, ADDR(iov), from, off));
}

static void move_acquire(void)
{
	struct have h = *any();
	int write = one_in(2);
	u64 f = flags(DIOS_BUF_FIXED | DIOS_BUF_NONBLOCK | DIOS_BUF_BATCH | DIOS_BUF_SPARSE |
		      (one_in(6) ? DIOS_BUF_AT | DIOS_BUF_INFO : 0));
	u64 len = one_in(5) ? odd_number() : one_in(2) ? 0 : below(5000);
	struct lent *l;
	struct dios_iov iov = { 0, 0 };

	if (h.type == DIOS_T_PRIVMEM) {
		write = 1;
		f &= ~(u64)DIOS_BUF_AT;
	}
	if (!patient || !one_in(6))
		f |= DIOS_BUF_NONBLOCK;
	if (f & DIOS_BUF_FIXED || one_in(10))
		iov.addr = 0x10000000ULL + below(1000) * 0x10000ULL;
	if (one_in(60))
		iov.addr = odd_number();
	if (nlent == COUNT(lent) || acquires(write, f, h.ref, len, &iov, h.ref))
		return;
	l = &lent[nlent++];
	*l = (struct lent){ .ref = h.ref, .type = f & DIOS_BUF_INFO ? 0 : h.type, .write = write,
			    .can = write, .iov = iov };
	if (l->type == DIOS_T_PRIVMEM)
		private(l, random64());
	touch(l);
	if (l->type == DIOS_T_PRIVMEM)
		*(u64 *)iov.addr = *(u64 *)(iov.addr + iov.len - 8) = l->mark;
	/* Of a listener: somebody has dialled.  To keep that, this very buffer may have to go. */
	if (l->type == DIOS_T_STREAM && !write && iov.len == sizeof(struct dios_accept))
		keep(((struct dios_accept *)iov.addr)->ref, DIOS_T_STREAM);
}

/* A buffer changes hands, or has two of them. */
static void move_buffer(void)
{
	struct have h = *any();
	struct lent *from, *l;
	struct dios_iov iov;
	u64 f = one_in(2) ? DIOS_BUF_MOVE : DIOS_BUF_BORROW;
	int write = one_in(2), last;

	if (!nlent || nlent == COUNT(lent))
		return;
	from = &lent[below(nlent)];
	iov = from->iov;
	if (iov.addr == control_buf.addr)
		return;
	if (one_in(30))
		f |= flags(0x3ff);
	if (!patient)
		f |= DIOS_BUF_NONBLOCK;
	if (acquires(write, f, h.ref, one_in(3) ? below(5000) : 0, &iov, from->ref))
		return;
	if ((f & 3) == DIOS_BUF_MOVE) {
		from->ref = h.ref;
		from->type = 0;
		from->write = write;
		from->iov = iov;
		touch(from);
		return;
	}
	if (!(f & DIOS_BUF_BORROW)) {
		/* Nonsense that made sense: it is nobody's any more. */
		return;
	}
	/* Who has it too may fill it at any time. */
	for (last = nlent, l = lent; l < lent + last; l++)
		if (l->iov.addr == from->iov.addr)
			l->wild = 1;
	lent[nlent] = (struct lent){ .ref = h.ref, .write = write, .can = from->can, .iov = iov };
	touch(&lent[nlent++]);
}

static void move_commit(void)
{
	struct lent *l;
	struct dios_iov iov, tried;
	u64 len, ref, at, f = flags(DIOS_BUF_NONBLOCK);
	s64 r;

	if (!nlent)
		return;
	l = &lent[below(nlent)];
	if (l->ref == DIOS_REF_SELF && l->write)
		return;		/* move_upcalls() does it, with sense */
	iov = l->iov;
	len = one_in(4) ? odd_number() : iov.len;
	ref = one_in(30) ? any()->ref : l->ref;
	if (one_in(30))
		iov.len /= 2;
	if (!patient)
		f |= DIOS_BUF_NONBLOCK;
	f |= one_in(2) ? DIOS_BUF_NEXT : 0;
	at = address(&iov);
	tried = iov;
	if (l->write)
		r = did(commit_write(f, ref, len, at));
	else
		r = did(commit_read(f, ref, len, at));
	if (r >= 0)
		ok((u64)r <= len);
	/* With NEXT iov says where the following is, also when there is none. */
	if (ref == l->ref && !same(&iov, &tried, sizeof(iov)))
		l->iov = iov;
	touch(l);
	if (l->type == DIOS_T_PRIVMEM)
		*(u64 *)l->iov.addr = *(u64 *)(l->iov.addr + l->iov.len - 8) = l->mark;
}

static void move_release(void)
{
	struct lent *l;
	struct dios_iov iov;
	u64 f = 0;
	s64 r;
	u32 at;

	if (!nlent)
		return;
	at = below(nlent);
	l = &lent[at];
	iov = l->iov;
	if (l->type == DIOS_T_PRIVMEM)
		private(l, l->mark);
	if (l->write && one_in(3)) {
		/* A release that commits waits until all is taken, for a STREAM's other side too. */
		f = one_in(2) ? DIOS_BUF_DISCARD : patient ? DIOS_BUF_COMMIT : 0;
		if (l->ref == DIOS_REF_SELF)
			f = 0;
	}
	if (f == DIOS_BUF_DISCARD && one_in(3))
		iov.len = PAGE * (1 + below(4));
	if (one_in(50))
		iov.len = odd_number();
	r = did(l->write ? release_write(f, l->ref, ADDR(&iov)) : release_read(f, l->ref, ADDR(&iov)));
	if (f == DIOS_BUF_DISCARD) {
		if (r == 0 && l->type == DIOS_T_PRIVMEM)
			discarded(l, iov.len);
		return;
	}
	/* With COMMIT it is given back also when that fails, unless it was no buffer. */
	if (r == 0 || (f == DIOS_BUF_COMMIT && r != -DIOS_EBADBUF && r != -DIOS_EBADREF))
		lent[at] = lent[--nlent];
}

/* --- upcalls --- */

/* Room for some ticks within ticks, when the machine is slow. */
static u8 stack[1 << 18] __attribute__((aligned(4096)));
static volatile u32 ticks;

extern void restorer(void);
asm("restorer:\n\tmov $15, %eax\n\tsyscall\n\thlt\n");

static void upcall(u32 kind, u8 *info, u8 *context)
{
	if (kind == DIOS_UP_TICK) {
		ticks++;
		return;
	}
	if (kind == DIOS_UP_ILL)
		leave(0);	/* its own ud2 */
	/* Linux's si_addr, and uc_mcontext.rip. */
	about = "rip";
	about_number = *(u64 *)(context + 40 + 16 * 8);
	check_is(__FILE__, kind, "fault", *(u64 *)(info + 16), 0);
	leave(1);
}

/* Faults are said; and maybe from now on a tick interrupts it, also while it waits. */
static void set_upcalls(u64 tick)
{
	struct dios_control *c = (struct dios_control *)control_buf.addr;

	*c = (struct dios_control){ ADDR(upcall), ADDR(restorer), ADDR(stack), sizeof(stack), tick };
	did(commit_write(0, DIOS_REF_SELF, sizeof(*c), ADDR(&control_buf)));
}

static void move_upcalls(void)
{
	struct dios_control *c = (struct dios_control *)control_buf.addr;

	if (one_in(6)) {
		*c = (struct dios_control){ 0, 0, 0, 0, 0 };
	} else if (one_in(6)) {
		c->stack_len = below(8192);	/* too small */
	} else {
		set_upcalls(one_in(3) ? 0 : MS + below(9 * MS));
		return;
	}
	did(commit_write(0, DIOS_REF_SELF, sizeof(*c), ADDR(&control_buf)));
}

/* --- Linux calls, of those who may --- */

static void move_linux(void)
{
	int pid;

	if (me.brand == DIOS_BRAND_PURE) {
		ok(linux3(L_GETPID, 0, 0, 0) == -DIOS_EHOST);
		return;
	}
	switch (below(6)) {
	case 0:
		pid = l_fork();
		if (pid == 0) {
			u64 ref;

			/* It has the flag and the file, not the state. */
			if (one_in(2))
				create(0, DIOS_T_RANDOM, 0, 0, ADDR(&ref));
			linux3(L_EXIT, 0, 0, 0);
		}
		if (pid > 0)
			l_wait(pid);
		break;
	case 1:
		ok(linux3(L_GETPID, 0, 0, 0) > 1);
		break;
	case 2:
		/* Without its state it is to die. */
		if (one_in(60)) {
			u32 i;

			for (i = 0; i < 64; i++)
				l_close(i);
			for (;;)
				linux3(24, 0, 0, 0);	/* sched_yield */
		}
		break;
	case 3:
		if (one_in(60))
			linux3(62, linux3(L_GETPID, 0, 0, 0), 9, 0);
		break;
	default:
		linux3(24, 0, 0, 0);
	}
}

static void (*const moves[])(void) = {
	move_create, move_create, move_create, move_lookup, move_lookup, move_delete,
	move_delete, move_copy, move_copy, move_select, move_select, move_acquire,
	move_acquire, move_acquire, move_acquire, move_commit, move_commit, move_commit,
	move_release, move_release, move_buffer, move_buffer, move_linux,
};

/* --- a player --- */

static u64 number_of(const char *s)
{
	u64 n = 0;

	while (*s)
		n = n * 10 + (*s++ - '0');
	return n;
}

static int play(int argc, char **argv, int is_short)
{
	u64 n, s = 0;
	const char *p = argv[2];

	while (*p)
		s = s * 131 + *p++;
	seed(s);
	me = *start;
	null = me.out;
	/* Failures, and only they, are said where the root hears them. */
	me.out = me.err;
	release_write(0, null, ADDR(&out_buf));
	out_buf = (struct dios_iov){ 0, 0 };
	if (acquire_write(0, me.err, PAGE, ADDR(&out_buf)))
		leave(99);
	start = &me;
	if (acquire_write(0, DIOS_REF_SELF, 0, ADDR(&control_buf)))
		leave(99);
	set_upcalls(0);
	if (me.brand == DIOS_BRAND_DIOS_LIMBO)
		l_ignore(13);	/* SIGPIPE, as the kernel does for a pure task */
	patient = !is_short;
	for (n = 0; n < start->nrefs; n++)
		keep(start->refs[n].ref, start->refs[n].type);
	for (n = is_short ? below(60) : below(4000); n > 0 && failures < 3; n--) {
		if (!is_short && one_in(100))
			move_run();
		else if (one_in(150))
			move_upcalls();
		else
			moves[below(COUNT(moves))]();
	}
	if (failures)
		return 1;
	switch (is_short ? 0 : below(8)) {
	case 0:
		asm volatile("ud2");
		break;
	case 1:
		for (;;)	/* the root has to end it */
			asm volatile("pause");
	case 2:
		for (;;)
			selects(0, 0, 0, 0, -1);
	}
	return 0;
}

/* --- the root --- */

#define PLAYERS_MAX	16

static struct player {
	u64 task;
} players[PLAYERS_MAX];
static u64 exes[2];
static struct have pool[10];
static u64 started, killed, of[3], calls;

static u64 import(const char *path)
{
	int fd = l_open(path, L_RDONLY);
	struct dios_import in = { fd, 0 };
	u64 ref = 0;

	is(create(DIOS_CREATE_IMPORT, DIOS_T_BLOB, ADDR(&in), 0, ADDR(&ref)), 0);
	l_close(fd);
	return ref;
}

static u64 null_console(void)
{
	int fd = l_open("/dev/null", L_WRONLY);
	struct dios_console in = { fd, 0 };
	u64 ref = 0;

	is(create(0, DIOS_T_CONSOLE, ADDR(&in), 0, ADDR(&ref)), 0);
	l_close(fd);
	return ref;
}

/* What the players have in common; they may have killed it. */
static void renew(u32 i)
{
	const struct type *t;
	u64 ref = 0;

	do
		t = &types[below(COUNT(types))];
	while (!t->shared);
	if (t->spec)
		t->spec();
	/* All ports may be taken. */
	if (create(t->flags, t->type, t->spec ? ADDR(spec) : 0, 0, ADDR(&ref))) {
		ok(t->type == DIOS_T_STREAM || t->type == DIOS_T_DGRAM);
		return;
	}
	if (pool[i].ref)
		delete(0, pool[i].ref);
	pool[i] = (struct have){ ref, t - types };
}

/* One end of it, or both. */
static u32 some_rights(u32 i)
{
	u32 all = types[pool[i].type].shared, some = all & (1 + below(3));

	return some ? some : all;
}

static void start_player(struct player *p, u32 n)
{
	char argv[32] = "torture\0play\0";
	struct dios_grant g[16];
	struct dios_run s = { .argv = ADDR(argv), .argc = 3, .out = null, .err = start->out,
			      .refs = ADDR(g) };
	u32 i, len = 13, k = 0;
	s64 r;

	for (i = 0; i < 12; i++)
		argv[len++] = 'a' + below(26);
	argv[len++] = 0;
	s.argv_len = len;
	for (i = 0; i < COUNT(pool); i++)
		if (pool[i].ref && one_in(2))
			g[k++] = (struct dios_grant){ .ref = pool[i].ref, .rights = some_rights(i) };
	for (i = 0; i < n && k < COUNT(g); i++)
		if (&players[i] != p && players[i].task && one_in(3))
			g[k++] = (struct dios_grant){ .ref = players[i].task,
						      .rights = one_in(2) ? DIOS_R_READ : DIOS_R_READ | DIOS_R_WRITE };
	s.nrefs = k;
	p->task = 0;
	/* A pool that a player has killed is no good any more. */
	while ((r = start_task(0, exes[one_in(3)], ADDR(&s), ADDR(&p->task))) == -DIOS_EZOMBIE && s.nrefs) {
		for (i = 0; i < COUNT(pool); i++)
			renew(i);
		s.nrefs = 0;
	}
	started++;
	if (!is(r, 0))
		p->task = 0;
}

static void reap(struct player *p)
{
	struct dios_task_status st = wait_for(p->task);

	p->task = 0;
	ok(st.how <= DIOS_END_KILLED);
	of[st.how % 3]++;
	calls += st.calls;
	about = "status";
	about_number = (u64)st.how << 32 | st.status;
	if (st.how == DIOS_END_EXIT)
		ok(st.status == 0);
	else if (st.how == DIOS_END_FAULT)
		ok(st.status == DIOS_UP_ILL);
	else
		ok(st.status == 9);
	about = NULL;
}

static int root(int argc, char **argv)
{
	u64 ms, end, tick, n, i, selected, pace;
	struct dios_wait w[PLAYERS_MAX + 1];
	struct dios_timer ts;
	s64 r;

	if (argc != 5)
		return 2;
	seed(number_of(argv[2]));
	ms = number_of(argv[3]);
	n = number_of(argv[4]);
	pace = (20 * MS) << below(6);	/* some games are calmer */
	if (!n || n > PLAYERS_MAX)
		return 2;
	me = *start;
	exes[0] = import(PURE);
	exes[1] = import(LIMBO);
	null = null_console();
	for (i = 0; i < COUNT(pool); i++)
		renew(i);
	end = clock() + ms * MS;
	tick = new_timer(0, 0);
	while (clock() < end && !failures) {
		for (i = 0; i < n; i++) {
			if (!players[i].task)
				start_player(&players[i], n);
			w[i] = (struct dios_wait){ players[i].task, DIOS_R_READ, 0 };
		}
		if (failures)
			break;
		/* The next kill. */
		ts = (struct dios_timer){ clock() + (one_in(4) ? below(2 * MS) : below(pace)), 0 };
		delete(0, tick);
		is(create(0, DIOS_T_TIMER, ADDR(&ts), 0, ADDR(&tick)), 0);
		w[n] = (struct dios_wait){ tick, DIOS_R_READ, 0 };
		r = selects(0, ADDR(w), n + 1, ADDR(&selected), -1);
		if (!is(r, 0))
			break;
		if (selected < n) {
			reap(&players[selected]);
			continue;
		}
		i = below(n);
		is(delete(DIOS_DELETE_ZOMBIFY, players[i].task), 0);
		killed++;
		if (one_in(2))
			reap(&players[i]);
		renew(below(COUNT(pool)));
	}
	for (i = 0; i < n; i++)
		if (players[i].task) {
			is(delete(DIOS_DELETE_ZOMBIFY, players[i].task), 0);
			reap(&players[i]);
		}
	say_dec(started);
	say(" players, ");
	say_dec(of[DIOS_END_EXIT]);
	say(" ended, ");
	say_dec(of[DIOS_END_FAULT]);
	say(" faulted, ");
	say_dec(of[DIOS_END_KILLED]);
	say(" killed; ");
	say_dec(calls);
	say(" calls\n");
	return 0;
}

static int run(int argc, char **argv)
{
	if (argc > 1 && equal(argv[1], "root"))
		return root(argc, argv);
	if (argc > 2 && equal(argv[1], "play"))
		return play(argc, argv, 0);
	if (argc > 2 && equal(argv[1], "short"))
		return play(argc, argv, 1);
	return 2;
}
