// SPDX-License-Identifier: GPL-2.0
/*
 * privmem.c - PRIVMEM: private memory.
 *
 * acquire_write maps the whole object, once, lazily backed (with DIOS_BUF_SPARSE
 * page by page, until a part is discarded) and zero; there is
 * nothing to commit, since nobody else sees it.  DIOS_BUF_DISCARD frees pages of it
 * and keeps the mapping.  Release, or deleting the one reference, unmaps.
 *
 * Locks: none.  The object has one reference, of one task.
 */
#include "types.h"

struct privmem {
	struct dios_object obj;
	u64 size;
};

static struct privmem *privmem_of(struct dios_object *obj)
{
	return container_of(obj, struct privmem, obj);
}

static struct dios_object *privmem_make(struct dios_task *t, u64 flags, const void *spec)
{
	const struct dios_privmem *in = spec;
	struct privmem *m;

	if (!in->size || in->size % DIOS_PAGE_SIZE || in->size > S64_MAX)
		return ERR_PTR(-DIOS_EINVAL);
	m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);
	if (!m)
		return ERR_PTR(-DIOS_ENOMEM);
	m->size = in->size;
	object_init(&m->obj, dios_types[DIOS_T_PRIVMEM]);
	return &m->obj;
}

static int privmem_acquire_write(struct dios_lend *l)
{
	struct privmem *m = privmem_of(l->ref->obj);
	struct dios_task *t = l->task;
	int err;

	if (l->src)
		return -DIOS_ENOTSUP;
	if (l->len && l->len != m->size)
		return -DIOS_EINVAL;
	if (!list_empty(&l->ref->bufs))
		return -DIOS_EBUSY;
	err = task_charge(t, USE_MEMORY, m->size);
	if (err)
		return err;
	err = dal_map_anon(m->size, l->iov.addr, l->flags & DIOS_BUF_FIXED,
			   l->flags & DIOS_BUF_SPARSE, &l->buf->addr);
	if (err) {
		task_uncharge(t, USE_MEMORY, m->size);
		return err;
	}
	l->buf->len = m->size;
	l->buf->size = m->size;
	return 0;
}

static ssize_t privmem_commit_write(struct dios_lend *l)
{
	return l->len;
}

static int privmem_discard(struct dios_lend *l)
{
	return dal_discard(l->iov.addr, l->iov.len);
}

static void privmem_unlend(struct dios_task *t, struct dios_object *obj,
			   struct dios_buf *buf)
{
	dal_unmap(t, buf->addr, buf->size);
	task_uncharge(t, USE_MEMORY, buf->size);
}

static u64 privmem_size(struct dios_object *obj, u32 right)
{
	return right == DIOS_R_WRITE ? container_of(obj, struct privmem, obj)->size : 0;
}

const struct dios_object_ops privmem_ops = {
	.name		= "privmem",
	.type		= DIOS_T_PRIVMEM,
	.rights		= DIOS_R_READ | DIOS_R_WRITE,
	.proximity	= DIOS_P_CPU,
	.spec_size	= sizeof(struct dios_privmem),
	.made_by_program = true,
	.private	= true,
	.sparse		= true,
	.make		= privmem_make,
	.acquire_read	= obj_acquire_none,
	.commit_read	= obj_commit_none,
	.acquire_write	= privmem_acquire_write,
	.commit_write	= privmem_commit_write,
	.discard	= privmem_discard,
	.unlend		= privmem_unlend,
	.info		= obj_info_none,
	.set_info	= obj_set_info_none,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= obj_ready_always,
	.task		= obj_task_none,
	.exe		= obj_exe_none,
	.names		= obj_names_none,
	.size		= privmem_size,
	.zombify	= obj_zombify,
	.kill		= obj_kill_nothing,
	.free		= obj_free_plain,
};
