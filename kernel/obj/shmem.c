// SPDX-License-Identifier: GPL-2.0
/*
 * shmem.c - SHMEM: the same pages in every task that acquires them.
 *
 * The memory is mapped once for each reference, writable when the reference
 * has the WRITE right; a buffer is all of it or, with DIOS_BUF_AT, a part.
 *
 * Who only wants memory needs no commit.  Who wants to read what was written as a
 * whole says so with commits: acquire_write begins to write and commit_write ends it;
 * with DIOS_BUF_NEXT it begins anew.  commit_read says ESTALE when somebody
 * wrote since the buffer was acquired or last committed, or is writing now: what
 * was read may be neither the old nor the new.  This is a sequence lock
 * whose counts only the kernel writes.
 *
 * Locks: obj->lock guards version and writing.
 */
#include "types.h"

struct shmem {
	struct dios_object obj;
	u64 size;			/* set once */
	struct dal_pages *pages;	/* set once */
	/* obj->lock guards these. */
	u64 version;			/* writes that have ended */
	u32 writing;			/* writes that have begun and not ended */
};

static struct shmem *shmem_of(struct dios_object *obj)
{
	return container_of(obj, struct shmem, obj);
}

static struct dios_object *shmem_make(struct dios_task *t, u64 flags, const void *spec)
{
	const struct dios_shmem *in = spec;
	struct shmem *m;

	if (!in->size || in->size % DIOS_PAGE_SIZE || in->size > DIOS_MAX_SHMEM)
		return ERR_PTR(-DIOS_EINVAL);
	m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);
	if (!m)
		return ERR_PTR(-DIOS_ENOMEM);
	m->size = in->size;
	m->pages = dal_pages_alloc_lazy(m->size);
	if (IS_ERR(m->pages)) {
		int err = PTR_ERR(m->pages);

		kfree(m);
		return ERR_PTR(err);
	}
	object_init(&m->obj, dios_types[DIOS_T_SHMEM]);
	m->obj.memory = m->size;
	return &m->obj;
}

/* Both ways to acquire: the whole, or len bytes at off. */
static int lend(struct dios_lend *l)
{
	struct shmem *m = shmem_of(l->ref->obj);
	struct dios_buf *buf = l->buf;
	u64 len;
	int err;

	if (l->src)
		return -DIOS_ENOTSUP;
	if (l->off >= m->size)
		return -DIOS_EEND;
	len = l->len ? l->len : m->size - l->off;
	if (len > m->size - l->off)
		return -DIOS_EEND;
	err = buf_lend_view(l, m->pages, m->size, l->ref->rights & DIOS_R_WRITE);
	if (err)
		return err;
	buf->addr = buf->mem->addr + l->off;
	buf->len = len;
	buf->size = len;
	return 0;
}

/* buf->off of a read buffer is the version it was read from, or may have been. */
static int shmem_acquire_read(struct dios_lend *l)
{
	struct shmem *m = shmem_of(l->ref->obj);
	unsigned long flags;
	int err = lend(l);

	if (err)
		return err;
	spin_lock_irqsave(&m->obj.lock, flags);
	l->buf->off = m->version;
	spin_unlock_irqrestore(&m->obj.lock, flags);
	return 0;
}

static ssize_t shmem_commit_read(struct dios_lend *l)
{
	struct shmem *m = shmem_of(l->ref->obj);
	unsigned long flags;
	bool stale;

	spin_lock_irqsave(&m->obj.lock, flags);
	stale = m->writing || l->buf->off != m->version;
	l->buf->off = m->version;
	spin_unlock_irqrestore(&m->obj.lock, flags);
	return stale ? -DIOS_ESTALE : l->len;
}

/* buf->off of a write buffer is 1 while it is being written. */
static void begin_locked(struct shmem *m, struct dios_buf *buf)
{
	buf->off = 1;
	m->writing++;
}

static void end_locked(struct shmem *m, struct dios_buf *buf)
{
	buf->off = 0;
	m->writing--;
	m->version++;
}

static int shmem_acquire_write(struct dios_lend *l)
{
	struct shmem *m = shmem_of(l->ref->obj);
	unsigned long flags;
	int err = lend(l);

	if (err)
		return err;
	spin_lock_irqsave(&m->obj.lock, flags);
	begin_locked(m, l->buf);
	spin_unlock_irqrestore(&m->obj.lock, flags);
	return 0;
}

static ssize_t shmem_commit_write(struct dios_lend *l)
{
	struct shmem *m = shmem_of(l->ref->obj);
	unsigned long flags;

	spin_lock_irqsave(&m->obj.lock, flags);
	if (l->buf->off)
		end_locked(m, l->buf);
	if (l->flags & DIOS_BUF_NEXT)
		begin_locked(m, l->buf);
	spin_unlock_irqrestore(&m->obj.lock, flags);
	return l->len;
}

/* What was written and not committed is there all the same: readers must know. */
static void shmem_unlend(struct dios_task *t, struct dios_object *obj, struct dios_buf *buf)
{
	struct shmem *m = shmem_of(obj);
	unsigned long flags;

	if (buf->write) {
		spin_lock_irqsave(&m->obj.lock, flags);
		if (buf->off)
			end_locked(m, buf);
		spin_unlock_irqrestore(&m->obj.lock, flags);
	}
	mem_put(t, buf->mem);
}

static void shmem_info(struct dios_object *obj, void *out)
{
	struct shmem *m = shmem_of(obj);
	struct dios_shmem_info *info = out;
	unsigned long flags;

	info->size = m->size;
	spin_lock_irqsave(&obj->lock, flags);
	info->version = m->version;
	spin_unlock_irqrestore(&obj->lock, flags);
}

static void shmem_free(struct dios_object *obj)
{
	struct shmem *m = shmem_of(obj);

	dal_pages_free(m->pages);
	kfree(m);
}

static u64 shmem_size(struct dios_object *obj, u32 right)
{
	return shmem_of(obj)->size;
}

const struct dios_object_ops shmem_ops = {
	.name		= "shmem",
	.type		= DIOS_T_SHMEM,
	.rights		= DIOS_R_READ | DIOS_R_WRITE,
	.proximity	= DIOS_P_MEMORY,
	.spec_size	= sizeof(struct dios_shmem),
	.info_size	= sizeof(struct dios_shmem_info),
	.made_by_program = true,
	.parts		= true,
	.follows	= true,
	.make		= shmem_make,
	.acquire_read	= shmem_acquire_read,
	.commit_read	= shmem_commit_read,
	.acquire_write	= shmem_acquire_write,
	.commit_write	= shmem_commit_write,
	.discard	= obj_discard_none,
	.unlend		= shmem_unlend,
	.info		= shmem_info,
	.set_info	= obj_set_info_none,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= obj_ready_always,
	.task		= obj_task_none,
	.exe		= obj_exe_none,
	.names		= obj_names_none,
	.size		= shmem_size,
	.zombify	= obj_zombify,
	.kill		= obj_kill_nothing,
	.free		= shmem_free,
};
