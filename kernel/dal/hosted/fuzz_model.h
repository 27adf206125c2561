/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuzz_model.h - what two tasks should have, by the book (docs/objects.md, abi/dios.h).
 *
 * The model knows objects, references with rights, names and buffers, and nothing of how
 * the kernel keeps them. fuzz_calls.c tells it of each call and its result; it
 * says whether that result may be, and does the same to its own tables. After
 * each call the two are compared.
 *
 * A result is wrong when it was allowed and must not, or when its error says what
 * is not so. Which of several errors comes first is not the model's business.
 */
#ifndef DIOS_HOSTED_FUZZ_MODEL_H
#define DIOS_HOSTED_FUZZ_MODEL_H

#include "hosted.h"
#include "fuzz_net.h"
#include "fuzz_blob.h"

#define M_TASKS	2
#define M_MAX	1024

struct m_object {
	u32 type, refs, name_rights;
	u32 player;			/* whose TASK it is; M_TASKS: nobody's here */
	u32 mask;			/* of a GROUP: the most that a look-up in it gives */
	struct m_object *group;		/* where its name lies */
	struct dios_object *kernel;	/* which one it is, to know it again; NULL until it has a reference */
	bool dead, named, public;
	bool ghost;			/* nobody has a reference; a borrowed buffer may keep it */
	u8 name[DIOS_NAME_SIZE];
	struct m_net *net;		/* of a STREAM or DGRAM */
	struct m_blob *blob;		/* of a BLOB in the store */
};

struct m_ref {
	u64 id;
	u32 rights;
	struct m_object *obj;
};

struct m_buf {
	u64 ref, addr, len;
	bool write, info;
	bool taken;			/* has what was read of a STREAM or DGRAM */
	u64 room;			/* bytes that it can be filled with */
	u64 off, version;		/* of a BLOB: where it lies, and what was read */
	bool mapped;			/* likewise: always up to date */
};

static struct m_object m_objects[M_MAX];	/* the root group is the first, then by age */
static u32 m_nobjects;

static struct m_task {
	struct dios_task *t;
	struct m_ref refs[M_MAX];
	struct m_buf bufs[M_MAX];
	u64 used[M_MAX];		/* every number it ever had */
	u32 nrefs, nbufs, nused;
} m_tasks[M_TASKS];

/* What its creator may do, and whether it can be killed or given away. */
static const struct m_type {
	u32 rights;
	bool immortal, private;
} m_types[DIOS_T_MAX + 1] = {
	[DIOS_T_SELF]		= { DIOS_R_READ | DIOS_R_WRITE, true, true },
	[DIOS_T_TASK]		= { DIOS_R_READ | DIOS_R_WRITE, false, false },
	[DIOS_T_CONSOLE]	= { DIOS_R_WRITE, true, false },
	[DIOS_T_PRIVMEM]	= { DIOS_R_READ | DIOS_R_WRITE, false, true },
	[DIOS_T_RANDOM]		= { DIOS_R_READ, true, false },
	[DIOS_T_TIMER]		= { DIOS_R_READ | DIOS_R_WRITE, false, false },
	[DIOS_T_SHMEM]		= { DIOS_R_READ | DIOS_R_WRITE, false, false },
	[DIOS_T_FIFO]		= { DIOS_R_READ | DIOS_R_WRITE, false, false },
	[DIOS_T_STREAM]		= { DIOS_R_READ | DIOS_R_WRITE, false, false },
	[DIOS_T_DGRAM]		= { DIOS_R_READ | DIOS_R_WRITE, false, false },
	[DIOS_T_BLOB]		= { DIOS_R_EXEC, true, false },
	[DIOS_T_GROUP]		= { DIOS_R_READ | DIOS_R_WRITE, false, false },
};

static struct m_ref *m_find(u32 who, u64 id)
{
	u32 i;

	for (i = 0; i < m_tasks[who].nrefs; i++)
		if (m_tasks[who].refs[i].id == id)
			return &m_tasks[who].refs[i];
	return NULL;
}

static struct m_buf *m_find_buf(u32 who, u64 ref, u64 addr, u64 len, bool write, bool part)
{
	struct m_buf *b;
	u32 i;

	for (i = 0; i < m_tasks[who].nbufs; i++) {
		b = &m_tasks[who].bufs[i];
		if (b->ref != ref || b->write != write)
			continue;
		if (b->addr == addr && b->len == len)
			return b;
		if (part && addr >= b->addr && len <= b->len && addr - b->addr <= b->len - len)
			return b;
	}
	return NULL;
}

static struct m_object *m_object_new(u32 type)
{
	struct m_object *o = &m_objects[m_nobjects++];

	BUG_ON(m_nobjects == M_MAX);
	memset(o, 0, sizeof(*o));
	o->type = type;
	o->player = M_TASKS;
	return o;
}

static void m_add(u32 who, u64 id, struct m_object *obj, u32 rights)
{
	struct m_task *t = &m_tasks[who];
	struct dios_ref *ref = ref_find(t->t, id, 0);
	u32 i;

	BUG_ON(IS_ERR(ref) || (obj->kernel && obj->kernel != ref->obj));
	obj->kernel = ref->obj;
	for (i = 0; i < t->nused; i++)
		BUG_ON(t->used[i] == id);	/* a number is never used twice */
	BUG_ON(t->nused == M_MAX || t->nrefs == M_MAX);
	t->used[t->nused++] = id;
	t->refs[t->nrefs++] = (struct m_ref){ id, rights, obj };
	obj->refs++;
}

/* The others keep their order: of several that are the same the oldest is meant. */
static void m_del_buf(u32 who, struct m_buf *b)
{
	struct m_task *t = &m_tasks[who];

	if (b->taken)
		m_find(who, b->ref)->obj->net->taken = false;
	memmove(b, b + 1, (t->bufs + t->nbufs-- - (b + 1)) * sizeof(*b));
}

static struct m_buf *m_add_buf(u32 who, u64 ref, const struct dios_iov *iov, bool write)
{
	struct m_buf *b = &m_tasks[who].bufs[m_tasks[who].nbufs++];

	BUG_ON(m_tasks[who].nbufs == M_MAX);
	*b = (struct m_buf){ .ref = ref, .addr = iov->addr, .len = iov->len, .write = write };
	return b;
}

/* It has no name any more; and if it is a group, nothing has a name in it. */
static void m_end(struct m_object *o)
{
	u32 i;

	o->named = false;
	for (i = 0; i < m_nobjects; i++)
		if (m_objects[i].group == o)
			m_objects[i].named = false;
}

static void m_del(u32 who, struct m_ref *r)
{
	struct m_task *t = &m_tasks[who];
	u32 i;

	for (i = 0; i < t->nbufs; )
		if (t->bufs[i].ref == r->id)
			m_del_buf(who, &t->bufs[i]);
		else
			i++;
	if (!--r->obj->refs) {
		r->obj->ghost = true;
		n_close(r->obj->net);
	}
	if (r->obj->ghost && r->obj->type == DIOS_T_GROUP)
		m_end(r->obj);
	*r = t->refs[--t->nrefs];
}

/* What may be said of a reference that a call needs with rights, alive or not. */
static void m_judge(u32 who, s64 ret, u64 id, u32 need, bool alive)
{
	struct m_ref *r = m_find(who, id);

	if (ret >= 0) {
		BUG_ON(!r || (r->rights & need) != need || (alive && r->obj->dead));
	} else if (ret == -DIOS_EBADREF) {
		BUG_ON(r);
	} else if (ret == -DIOS_EZOMBIE) {
		BUG_ON(!r || !r->obj->dead);
	}
}

/* The game begins: what the kernel gave each task. */
static void m_begin(u32 who, struct dios_task *t)
{
	if (!who) {
		m_nobjects = n_n = b_n = 0;
		b_unknown = b_failed_once = false;
		m_object_new(DIOS_T_GROUP)->mask = DIOS_R_ALL;
		m_objects[0].refs = 1;	/* the node's */
	}
	m_tasks[who].t = t;
	m_tasks[who].nrefs = m_tasks[who].nbufs = m_tasks[who].nused = 0;
	m_add(who, DIOS_REF_SELF, m_object_new(DIOS_T_SELF), DIOS_R_READ | DIOS_R_WRITE);
	m_add(who, t->start.random, m_object_new(DIOS_T_RANDOM), DIOS_R_READ);
	m_add(who, t->start.group, &m_objects[0], DIOS_R_READ | DIOS_R_WRITE);
}

/* The one with this name in a group. */
static struct m_object *m_named(struct m_object *group, const u8 *name, bool public)
{
	u32 i;

	for (i = 0; i < m_nobjects; i++)
		if (m_objects[i].named && m_objects[i].group == group && m_objects[i].public == public &&
		    !memcmp(m_objects[i].name, name, DIOS_NAME_SIZE))
			return &m_objects[i];
	return NULL;
}

/* Where create puts a name; NULL: nowhere. */
static struct m_object *m_group(u32 who, u64 flags, u64 id)
{
	struct m_ref *r;

	if (!(flags & DIOS_CREATE_GROUP))
		return &m_objects[0];
	r = m_find(who, id);
	return r && r->obj->type == DIOS_T_GROUP && r->rights & DIOS_R_WRITE && !r->obj->dead ? r->obj : NULL;
}

static void m_set_name(struct m_object *o, struct m_object *group, const u8 *name, bool public, u32 rights)
{
	struct m_object *old = m_named(group, name, public);

	BUG_ON(!group || o->named || (old && (!old->ghost || old->blob)));
	/* What lasts lies where names last. */
	BUG_ON(o->blob && group != &m_objects[0]);
	if (old)
		old->named = false;	/* so it is gone */
	o->named = true;
	o->public = public;
	o->group = group;
	o->name_rights = rights;
	memcpy(o->name, name, DIOS_NAME_SIZE);
}

/* In a node with a store, a BLOB that is not imported. */
static u32 m_rights(u32 type, u64 flags)
{
	return type == DIOS_T_BLOB && !(flags & DIOS_CREATE_IMPORT) ? DIOS_R_ALL : m_types[type].rights;
}

/* size: of a BLOB. */
static void m_create(u32 who, s64 ret, u32 type, u64 id, const u8 *name, u64 flags, u64 group, u32 mask, u64 size)
{
	struct m_object *in = m_group(who, flags, group), *o;
	bool public = flags & DIOS_CREATE_PUBLIC;
	u32 rights;

	if (type == DIOS_T_BLOB)
		b_failed(ret);
	if (ret == -DIOS_EEXIST)
		BUG_ON(!name || !in || !m_named(in, name, public));
	if (ret)
		return;
	rights = m_rights(type, flags);
	BUG_ON(!m_types[type].rights);		/* one that the model does not know */
	o = m_object_new(type);
	o->mask = mask;
	if (type == DIOS_T_BLOB && !(flags & DIOS_CREATE_IMPORT))
		o->blob = b_new(size);
	if (name)
		m_set_name(o, in, name, public, rights);
	m_add(who, id, o, rights);
}

/* The socket of a reference: the host is asked what it knows of it. */
static struct dal_sock *m_sock(u32 who, u64 id)
{
	/* A STREAM or DGRAM begins with its object, and names itself to the host. */
	return hosted_net_sock(ref_find(m_tasks[who].t, id, 0)->obj);
}

/* And it is a STREAM or a DGRAM.  waited: how many connections there were where it dials to. */
static void m_create_net(u32 who, s64 ret, u32 type, u64 id, const void *spec, u32 waited)
{
	const struct dios_stream *in = spec;

	if (ret) {
		if (type == DIOS_T_STREAM && n_waiting(&in->remote) > waited)
			n_not_made(&in->remote);
		return;
	}
	m_find(who, id)->obj->net = type == DIOS_T_STREAM ? n_stream(m_sock(who, id), spec) :
							    n_dgram(m_sock(who, id), spec);
}

/* DIOS_CREATE_NAME: for the object of a reference. */
static void m_name(u32 who, s64 ret, u64 id, const u8 *name, u64 flags, u64 group)
{
	struct m_object *in = m_group(who, flags, group);
	struct m_ref *r = m_find(who, id);

	if (ret == -DIOS_EBUSY)
		BUG_ON(!r || !r->obj->named);
	if (r && r->obj->blob)
		b_failed(ret);
	if (ret)
		return;
	BUG_ON(!r || r->obj->dead || m_types[r->obj->type].private);
	m_set_name(r->obj, in, name, flags & DIOS_CREATE_PUBLIC, r->rights);
}

/* Does the task look into this group? */
static bool m_sees(u32 who, struct m_object *group, u64 flags, u64 id)
{
	struct m_ref *r;
	u32 i;

	if (flags & DIOS_LOOKUP_GROUP) {
		r = m_find(who, id);
		return r && r->obj == group && r->rights & DIOS_R_READ;
	}
	for (i = 0; i < m_tasks[who].nrefs; i++)
		if (m_tasks[who].refs[i].obj == group && m_tasks[who].refs[i].rights & DIOS_R_READ)
			return true;
	return group == &m_objects[0];
}

static void m_lookup(u32 who, s64 ret, const u8 *name, u64 flags, u64 group, const u64 *ids, u64 n)
{
	struct { struct m_object *obj; u32 rights; } got[M_MAX];
	struct m_object *o, *in;
	struct dios_ref *r;
	u32 i, found = 0, ghosts = 0;

	for (i = 0; i < m_nobjects; i++) {
		in = &m_objects[i];
		if (in->type != DIOS_T_GROUP || in->dead || !m_sees(who, in, flags, group))
			continue;
		o = m_named(in, name, flags & DIOS_LOOKUP_PUBLIC);
		/* Nothing keeps a group but its references. */
		if (!o || !(o->name_rights & in->mask) || in->ghost)
			continue;
		BUG_ON(o->dead);
		/* A BLOB is found in the store, as another object. */
		if (o->ghost && o->blob && !ret) {
			o->ghost = false;
			o->kernel = NULL;
		}
		if (o->ghost && !o->blob) {
			r = ret || found == n ? ERR_PTR(-1) : ref_find(m_tasks[who].t, ids[found], 0);
			if (IS_ERR(r) || r->obj != o->kernel) {
				ghosts++;
				continue;
			}
			o->ghost = false;
		}
		if (!ret) {
			BUG_ON(found >= n);
			got[found].obj = o;
			got[found].rights = o->name_rights & in->mask;
		}
		found++;
	}
	if (!ret)
		BUG_ON(found != n || !n);
	/* Only now: a group that was found lets nobody look into it in the same call. */
	for (i = 0; !ret && i < n; i++)
		m_add(who, ids[i], got[i].obj, got[i].rights);
	if (ret == -DIOS_ENOENT)
		BUG_ON(found);
	if (ret == -DIOS_ETOOBIG)
		BUG_ON(found > n || found + ghosts < n);
}

static void m_delete(u32 who, s64 ret, u64 id, bool zombify)
{
	struct m_ref *r = m_find(who, id);

	m_judge(who, ret, id, zombify ? DIOS_R_WRITE : 0, false);
	if (zombify && r && r->obj->blob)
		b_failed(ret);
	if (ret || id == DIOS_REF_SELF)
		return;
	if (!zombify) {
		m_del(who, r);
		return;
	}
	BUG_ON(m_types[r->obj->type].immortal && !r->obj->blob);
	/* A task is killed, and its object goes on. */
	if (r->obj->type == DIOS_T_TASK)
		return;
	BUG_ON(r->obj == &m_objects[0]);	/* the root group */
	r->obj->dead = true;
	n_close(r->obj->net);
	m_end(r->obj);
}

static void m_copy(u32 who, s64 ret, const struct dios_grant *g, u32 n, u64 target)
{
	struct m_ref *r, *to = m_find(who, target);
	u32 i, whom = who;

	if (ret)
		return;
	BUG_ON(!to || !(to->rights & DIOS_R_WRITE));
	if (target != DIOS_REF_SELF) {
		whom = to->obj->player;
		BUG_ON(whom >= M_TASKS);	/* no task, or one that has ended */
	}
	for (i = 0; i < n; i++) {
		r = m_find(who, g[i].ref);
		BUG_ON(!r || (r->rights & g[i].rights) != g[i].rights || !g[i].rights);
		BUG_ON(r->obj->dead || m_types[r->obj->type].private);
		m_add(whom, g[i].out, r->obj, g[i].rights);
	}
}

static void m_run(u32 who, s64 ret, u64 exe, u64 id)
{
	if (ret)
		return;			/* which of its many references was wrong? */
	m_judge(who, ret, exe, DIOS_R_EXEC, true);
	m_add(who, id, m_object_new(DIOS_T_TASK), m_types[DIOS_T_TASK].rights);
}

/* Is it ready for certain?  Of a timer or a FIFO the model does not say. */
static bool m_ready(const struct m_ref *r, u32 rights)
{
	switch (r->obj->type) {
	case DIOS_T_RANDOM:
	case DIOS_T_CONSOLE:
	case DIOS_T_SHMEM:
		return true;
	case DIOS_T_TIMER:
		return r->obj->dead || rights & DIOS_R_WRITE;
	case DIOS_T_STREAM:
	case DIOS_T_DGRAM:
		return r->obj->dead || n_ready(r->obj->net, rights);
	}
	return r->obj->dead;
}

static void m_select(u32 who, s64 ret, const struct dios_wait *w, u32 n, u64 selected)
{
	struct m_ref *r;
	bool known = true;
	u32 i;

	for (i = 0; i < n; i++) {
		r = m_find(who, w[i].ref);
		if (!r) {
			known = false;
			continue;
		}
		if (!ret)
			BUG_ON((r->rights & w[i].rights) != w[i].rights);
		if (ret == -DIOS_ETIMEDOUT)
			BUG_ON(m_ready(r, w[i].rights));
	}
	if (!ret) {
		BUG_ON(!known || selected >= n);
		r = m_find(who, w[selected].ref);
		BUG_ON(r->obj->net && !m_ready(r, w[selected].rights));
	}
	if (ret == -DIOS_EBADREF)
		BUG_ON(known);
}

/* A buffer of a STREAM or DGRAM was filled. */
static void m_filled(u32 who, struct m_ref *r, struct m_buf *b)
{
	const struct dios_accept *told = hosted_ptr(b->addr);
	struct m_object *o;

	if (!r->obj->net->listens) {
		n_filled(r->obj->net, hosted_ptr(b->addr), b->len, b->room);
		b->taken = true;
		return;
	}
	BUG_ON(b->len != sizeof(*told));
	o = m_object_new(DIOS_T_STREAM);
	m_add(who, told->ref, o, m_types[DIOS_T_STREAM].rights);
	o->net = n_accepted(r->obj->net, told, m_sock(who, told->ref));
}

/* len, off: as they were asked for. */
static void m_lent_blob(struct m_blob *blob, struct m_buf *b, bool take, u64 len, u64 off)
{
	const struct dios_blob_info *info = hosted_ptr(b->addr);

	if (b->info) {
		BUG_ON(info->size != blob->size || info->version != blob->version);
		return;
	}
	b->off = off;
	b->version = blob->version;
	b->mapped = !b->write && !take;
	if (!b->write)
		BUG_ON(off >= blob->size || b->len > blob->size - off);
	if (!take || !b->write)
		b_same(blob, hosted_ptr(b->addr), off, b->len);
	if (!take && len)
		BUG_ON(b->len != (b->write ? len : min_t(u64, len, blob->size - off)));
}

static void m_acquire(u32 who, s64 ret, u64 flags, u64 id, bool write, u64 len, const struct dios_iov *asked,
		      u64 from, u64 off, const struct dios_iov *got)
{
	bool take = flags & (DIOS_BUF_MOVE | DIOS_BUF_BORROW);
	struct m_ref *r = m_find(who, id);
	struct m_net *e = r ? r->obj->net : NULL;
	struct m_buf *src = NULL, *b;

	if (take) {
		src = m_find_buf(who, from, asked->addr, asked->len, true, false);
		if (!src && write)
			src = m_find_buf(who, from, asked->addr, asked->len, false, false);
	}
	if (ret == -DIOS_EBADBUF)
		BUG_ON(!take || src);
	if (ret == -DIOS_EBADREF && take && !m_find(who, from))
		return;
	m_judge(who, ret, id, write ? DIOS_R_WRITE : DIOS_R_READ, true);
	if (ret == -DIOS_EEND && r && r->obj->blob)
		BUG_ON(!write && off < r->obj->blob->size);
	if (ret) {
		if (e && !write)
			n_failed(e, ret, DIOS_R_READ, flags & DIOS_BUF_NONBLOCK);
		return;
	}
	b = m_add_buf(who, id, got, write);
	b->info = flags & DIOS_BUF_INFO;
	if (e && b->info)
		n_info(e, hosted_ptr(got->addr));
	b->room = len ? len : take ? src->len : e && e->type == DIOS_T_STREAM ? 65536 : N_HEAD + DIOS_MAX_DGRAM;
	if (e && !write && !b->info)
		m_filled(who, r, b);
	if (r->obj->blob)
		m_lent_blob(r->obj->blob, b, take, len, off);
	if (!take)
		return;
	BUG_ON(!src || got->addr != src->addr || got->len > src->len);
	if (!(flags & DIOS_BUF_MOVE))
		return;
	/* What it had counts as read. */
	e = m_find(who, from)->obj->net;
	if (src->taken && !e->closed)
		n_drop(e, src->len);
	m_del_buf(who, src);
}

/* What was read is, and the buffer has perhaps been filled anew. */
static void m_commit_net(u32 who, s64 ret, struct m_ref *r, struct m_buf *b, u64 flags, u64 len)
{
	struct m_net *e = r->obj->net;

	/* The commit comes first, and counts. */
	if (b->taken && (ret >= 0 || !b->len)) {
		n_drop(e, len);
		e->taken = b->taken = false;
	}
	if (ret < 0)
		n_failed(e, ret, DIOS_R_READ, flags & DIOS_BUF_NONBLOCK);
	else if (flags & DIOS_BUF_NEXT)
		m_filled(who, r, b);
	else
		BUG_ON(b->len);
}

/* What is read is as somebody has written it, or is said to be stale; then it is up to date. */
static void m_read_blob(s64 ret, struct m_blob *blob, struct m_buf *b, u64 flags)
{
	bool stale = b->version != blob->version;

	if (ret < 0 && ret != -DIOS_ESTALE)
		return;
	BUG_ON(stale != (ret == -DIOS_ESTALE));
	b->version = blob->version;
	if (b->mapped || stale || flags & DIOS_BUF_NEXT)
		b_same(blob, hosted_ptr(b->addr), b->off, b->len);
}

/* asked: the buffer, or a part of it. */
static void m_write_blob(s64 ret, struct m_blob *blob, struct m_buf *b, u64 len, const struct dios_iov *asked,
			 const u8 *data)
{
	b_failed(ret);
	if (ret < 0 || !len)
		return;
	if (b->info)
		b_set_size(blob, ((const struct dios_blob_info *)data)->size);
	else
		b_write(blob, data, b->off + (asked->addr - b->addr), len);
}

/* data: what was in the buffer, of a write. */
static void m_commit(u32 who, s64 ret, u64 flags, u64 id, bool write, u64 len, const struct dios_iov *asked,
		     const struct dios_iov *got, const u8 *data)
{
	struct m_buf *b = m_find_buf(who, id, asked->addr, asked->len, write, write);
	struct m_ref *r = m_find(who, id);

	if (ret == -DIOS_EBADBUF)
		BUG_ON(b);
	m_judge(who, ret, id, ret < 0 ? 0 : write ? DIOS_R_WRITE : DIOS_R_READ, true);
	if (ret >= 0)
		BUG_ON(!b || (u64)ret > len || len > asked->len);
	/* It has gone on to another place. */
	if (b && (got->addr != asked->addr || got->len != asked->len)) {
		b->addr = got->addr;
		b->len = got->len;
	}
	if (b && r->obj->blob && write)
		m_write_blob(ret, r->obj->blob, b, len, asked, data);
	else if (b && r->obj->blob && !b->info)
		m_read_blob(ret, r->obj->blob, b, flags);
	if (!b || b->info || !r->obj->net)
		return;
	if (write)
		n_written(r->obj->net, ret, flags, data, len);
	else
		m_commit_net(who, ret, r, b, flags, len);
}

static void m_release(u32 who, s64 ret, u64 id, bool write, u64 flags, const struct dios_iov *asked,
		      const u8 *data)
{
	bool part = write && flags & DIOS_BUF_DISCARD;
	struct m_buf *b = m_find_buf(who, id, asked->addr, asked->len, write, part);
	struct m_ref *r = m_find(who, id);

	if (ret == -DIOS_EBADBUF)
		BUG_ON(b);
	if (ret == -DIOS_EBADREF)
		BUG_ON(m_find(who, id));
	if (ret >= 0)
		BUG_ON(!b);
	if (b && write && flags == DIOS_BUF_COMMIT && !b->info && r->obj->net && ret != -DIOS_EFAULT)
		n_released(r->obj->net, ret, data, asked->len);
	if (b && write && flags == DIOS_BUF_COMMIT && r->obj->blob)
		m_write_blob(ret, r->obj->blob, b, asked->len, asked, data);
	/* With COMMIT it is given back whatever the commit says. */
	if (ret == 0 ? !part : b && write && flags == DIOS_BUF_COMMIT && ret != -DIOS_EFAULT)
		m_del_buf(who, b);
}

/* The kernel has exactly what the model has. */
static void m_compare(u32 who)
{
	struct m_task *m = &m_tasks[who];
	struct dios_task *t = m->t;
	struct dios_buf *buf;
	struct dios_ref *r;
	struct m_ref *want;
	u32 i, k, nbufs = 0, nrefs = 0;
	bool found[M_MAX] = {};

	for (i = 0; i < t->nslots; i++) {
		r = t->slots[i].ref;
		if (!r)
			continue;
		nrefs++;
		want = m_find(who, r->id);
		BUG_ON(!want || want->rights != r->rights);
		BUG_ON(want->obj->type != r->obj->ops->type || want->obj->dead != r->obj->dead);
		BUG_ON(want->obj->named != !!r->obj->name_set);
		list_for_each_entry(buf, &r->bufs, link) {
			nbufs++;
			for (k = 0; k < m->nbufs; k++)
				if (!found[k] && m->bufs[k].ref == r->id && m->bufs[k].addr == buf->addr &&
				    m->bufs[k].len == buf->len && m->bufs[k].write == buf->write)
					break;
			BUG_ON(k == m->nbufs);
			found[k] = true;
		}
	}
	BUG_ON(nrefs != m->nrefs || nbufs != m->nbufs);
}

#endif /* DIOS_HOSTED_FUZZ_MODEL_H */
