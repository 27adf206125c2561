// SPDX-License-Identifier: GPL-2.0
/*
 * sys_buf.c - acquire, commit, release: the memory of objects.
 *
 * The calls find the reference and the buffer; what they mean is the type's
 * business: obj->ops is the second of the two look-ups of a call.
 */
#include "core.h"

#define ADDR_MIN	0x10000	/* nothing is ever mapped below: nil stays unmapped */

#define TAKE		(DIOS_BUF_MOVE | DIOS_BUF_BORROW)
#define ACQUIRE_FLAGS	(TAKE | DIOS_BUF_NONBLOCK | DIOS_BUF_FIXED | DIOS_BUF_INFO |	\
			 DIOS_BUF_AT | DIOS_BUF_BATCH | DIOS_BUF_SPARSE)

/* Flags of acquire that do not go together. */
static bool flags_ok(u64 flags)
{
	if (flags & ~(u64)ACQUIRE_FLAGS || (flags & TAKE) == TAKE)
		return false;
	if (flags & DIOS_BUF_INFO && flags & (TAKE | DIOS_BUF_AT | DIOS_BUF_BATCH | DIOS_BUF_SPARSE))
		return false;
	return !(flags & TAKE && flags & (DIOS_BUF_FIXED | DIOS_BUF_BATCH | DIOS_BUF_SPARSE));
}

/*
 * The buffer to move or to borrow, of reference id.  To be filled it must be the task's
 * to write; and what is the object's own can be lent twice but not given away.
 */
static int decode_src(struct dios_task *t, u64 id, bool write, struct dios_lend *l)
{
	struct dios_ref *from = ref_find(t, id, 0);

	if (IS_ERR(from))
		return PTR_ERR(from);
	l->src = buf_find(from, &l->iov, true, false);
	if (!l->src && write)
		l->src = buf_find(from, &l->iov, false, false);
	if (!l->src)
		return -DIOS_EBADBUF;
	/* Private memory and lazy pages the kernel does not see. */
	if (!l->src->kernel || (l->src->mem->obj && l->flags & DIOS_BUF_MOVE))
		return -DIOS_ENOTSUP;
	l->from = from;
	return 0;
}

/* What both acquire calls check; l->ref, l->src and l->iov are set. */
static int decode_acquire(struct dios_task *t, const u64 a[6], bool write,
			  struct dios_lend *l)
{
	u64 flags = a[0], id = a[1], uiov = a[3];
	const struct dios_object_ops *ops;

	if (!flags_ok(flags))
		return -DIOS_EINVAL;
	if (dal_copy_in(&l->iov, uiov, sizeof(l->iov)))
		return -DIOS_EFAULT;
	if (!(flags & TAKE) &&
	    (l->iov.addr % DIOS_PAGE_SIZE || (l->iov.addr && l->iov.addr < ADDR_MIN) ||
	     (flags & DIOS_BUF_FIXED && !l->iov.addr)))
		return -DIOS_EINVAL;
	l->ref = ref_find_alive(t, id, write ? DIOS_R_WRITE : DIOS_R_READ);
	if (IS_ERR(l->ref))
		return PTR_ERR(l->ref);
	ops = l->ref->obj->ops;
	if ((flags & DIOS_BUF_AT && !ops->parts) || (flags & DIOS_BUF_BATCH && !ops->batches) ||
	    (flags & DIOS_BUF_SPARSE && !ops->sparse))
		return -DIOS_ENOTSUP;
	l->task = t;
	l->flags = flags;
	l->len = a[2];
	l->off = flags & DIOS_BUF_AT ? a[5] : 0;
	l->src = NULL;
	return flags & TAKE ? decode_src(t, a[4], write, l) : 0;
}

/* What is known of the object, in a buffer of its own. */
static int acquire_info(struct dios_lend *l)
{
	struct dios_object *obj = l->ref->obj;
	int err;

	l->buf->info = true;
	if (!obj->ops->info_size || (l->buf->write && obj->ops->set_info == obj_set_info_none))
		return -DIOS_ENOTSUP;
	if (l->len && l->len != obj->ops->info_size)
		return -DIOS_EINVAL;
	err = buf_lend(l, obj->ops->info_size);
	if (!err)
		obj->ops->info(obj, l->buf->kernel);
	return err;
}

static int acquire(struct dios_lend *l, bool write, u64 uiov)
{
	const struct dios_object_ops *ops = l->ref->obj->ops;
	struct dios_buf *buf = buf_new(write);
	int err;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	l->buf = buf;
	if (l->flags & DIOS_BUF_INFO && !ops->lends_info)
		err = acquire_info(l);
	else
		err = write ? ops->acquire_write(l) : ops->acquire_read(l);
	if (!err) {
		l->iov.addr = buf->addr;
		l->iov.len = buf->len;
		if (dal_copy_out(uiov, &l->iov, sizeof(l->iov)))
			err = -DIOS_EFAULT;
	}
	if (err) {
		buf->undone = true;
		buf_free(l->task, l->ref, buf);
		return err;
	}
	list_add_tail(&buf->link, &l->ref->bufs);
	if (l->flags & DIOS_BUF_MOVE)
		buf_moved(l->task, l->from, l->src);
	return 0;
}

/* syscall/dios: AcquireRead */
s64 sys_acquire_read(struct dios_task *t, const u64 a[6])
{
	struct dios_lend l;
	int err = decode_acquire(t, a, false, &l);

	return err ? err : acquire(&l, false, a[3]);
}

/* syscall/dios: AcquireWrite */
s64 sys_acquire_write(struct dios_task *t, const u64 a[6])
{
	struct dios_lend l;
	int err = decode_acquire(t, a, true, &l);

	return err ? err : acquire(&l, true, a[3]);
}

/* What commit and release check: the reference, and the buffer in it. */
static int decode_buf(struct dios_task *t, u64 flags, u64 known, u64 id, u64 uiov,
		      bool write, bool part, struct dios_lend *l)
{
	if (flags & ~known)
		return -DIOS_EINVAL;
	if (dal_copy_in(&l->iov, uiov, sizeof(l->iov)))
		return -DIOS_EFAULT;
	l->ref = ref_find(t, id, 0);
	if (IS_ERR(l->ref))
		return PTR_ERR(l->ref);
	l->buf = buf_find(l->ref, &l->iov, write, part);
	if (!l->buf)
		return -DIOS_EBADBUF;
	l->task = t;
	l->flags = flags;
	return 0;
}

/* The buffer of what is known: read again, or written. */
static ssize_t commit_info(struct dios_lend *l, u32 need)
{
	const struct dios_object_ops *ops = l->ref->obj->ops;
	u8 in[DIOS_INFO_MAX] __aligned(8);
	int err;

	if (need == DIOS_R_READ) {
		if (l->flags & DIOS_BUF_NEXT)
			ops->info(l->ref->obj, l->buf->kernel);
		return l->len;
	}
	if (l->len != ops->info_size || l->iov.addr != l->buf->addr ||
	    l->flags & (DIOS_BUF_NEXT | DIOS_BUF_END))
		return -DIOS_EINVAL;
	/* The task can still write the buffer: look at one copy only. */
	memcpy(in, l->buf->kernel, ops->info_size);
	barrier();
	err = ops->set_info(l, in);
	return err ? err : l->len;
}

static ssize_t commit(struct dios_lend *l, u64 len, u32 need)
{
	const struct dios_object_ops *ops = l->ref->obj->ops;

	if (len > l->iov.len)
		return -DIOS_EINVAL;
	if ((l->ref->rights & need) != need)
		return -DIOS_EPERM;
	if (object_dead(l->ref->obj))
		return -DIOS_EZOMBIE;
	l->len = len;
	if (l->buf->info)
		return commit_info(l, need);
	if (need == DIOS_R_WRITE && ((l->flags & DIOS_BUF_NEXT && !ops->follows) ||
				     (l->flags & DIOS_BUF_END && !ops->ends)))
		return -DIOS_ENOTSUP;
	return need == DIOS_R_WRITE ? ops->commit_write(l) : ops->commit_read(l);
}

/* Commit, and say where the buffer is when it has moved: the program must name it. */
static ssize_t commit_and_tell(struct dios_lend *l, u64 len, u32 need, u64 uiov)
{
	struct dios_buf *buf = l->buf;
	u64 addr = buf->addr, had = buf->len;
	ssize_t n;

	/* What cannot be told is found before anything is taken. */
	if ((l->flags & DIOS_BUF_NEXT || (l->ref->obj->ops->spends & need && !buf->info)) &&
	    dal_copy_out(uiov, &l->iov, sizeof(l->iov)))
		return -DIOS_EFAULT;
	n = commit(l, len, need);
	if (buf->addr == addr && buf->len == had)
		return n;
	l->iov.addr = buf->addr;
	l->iov.len = buf->len;
	return dal_copy_out(uiov, &l->iov, sizeof(l->iov)) ? -DIOS_EFAULT : n;
}

/* syscall/dios: CommitRead */
s64 sys_commit_read(struct dios_task *t, const u64 a[6])
{
	struct dios_lend l;
	int err = decode_buf(t, a[0], DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, a[1], a[3],
			     false, false, &l);

	return err ? err : commit_and_tell(&l, a[2], DIOS_R_READ, a[3]);
}

/* syscall/dios: CommitWrite */
s64 sys_commit_write(struct dios_task *t, const u64 a[6])
{
	struct dios_lend l;
	int err = decode_buf(t, a[0], DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK | DIOS_BUF_END,
			     a[1], a[3], true, true, &l);

	return err ? err : commit_and_tell(&l, a[2], DIOS_R_WRITE, a[3]);
}

/* syscall/dios: ReleaseRead */
s64 sys_release_read(struct dios_task *t, const u64 a[6])
{
	struct dios_lend l;
	int err = decode_buf(t, a[0], 0, a[1], a[2], false, false, &l);

	if (!err)
		buf_free(t, l.ref, l.buf);
	return err;
}

/* syscall/dios: ReleaseWrite */
s64 sys_release_write(struct dios_task *t, const u64 a[6])
{
	bool discard = a[0] & DIOS_BUF_DISCARD;
	struct dios_lend l;
	ssize_t n = 0;
	int err;

	if (discard && a[0] & DIOS_BUF_COMMIT)
		return -DIOS_EINVAL;
	err = decode_buf(t, a[0], DIOS_BUF_DISCARD | DIOS_BUF_COMMIT, a[1], a[2], true,
			 discard, &l);
	if (err)
		return err;
	if (discard) {
		if (!l.iov.len || (l.iov.addr | l.iov.len) % DIOS_PAGE_SIZE)
			return -DIOS_EINVAL;
		return l.ref->obj->ops->discard(&l);
	}
	if (a[0] & DIOS_BUF_COMMIT)
		n = commit(&l, l.iov.len, DIOS_R_WRITE);
	buf_free(t, l.ref, l.buf);
	return n < 0 ? n : 0;
}
