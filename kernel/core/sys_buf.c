// SPDX-License-Identifier: GPL-2.0
/*
 * sys_buf.c - acquire, commit, release: the memory of objects.
 *
 * The calls find the reference and the buffer; what they mean is the type's
 * business: obj->ops is the second of the two look-ups of a call.
 */
#include "core.h"

#define ADDR_MIN	0x10000	/* nothing is ever mapped below: nil stays unmapped */

/* What both acquire calls check; l->ref and l->iov are set. */
static int decode_acquire(struct dios_task *t, const u64 a[6], u32 need,
			  struct dios_lend *l)
{
	u64 flags = a[0], id = a[1], uiov = a[3];

	if (flags & ~(u64)(DIOS_BUF_MOVE | DIOS_BUF_BORROW | DIOS_BUF_NONBLOCK |
			   DIOS_BUF_FIXED))
		return -DIOS_EINVAL;
	if (dal_copy_in(&l->iov, uiov, sizeof(l->iov)))
		return -DIOS_EFAULT;
	if (l->iov.addr % DIOS_PAGE_SIZE ||
	    (l->iov.addr && l->iov.addr < ADDR_MIN) ||
	    (flags & DIOS_BUF_FIXED && !l->iov.addr))
		return -DIOS_EINVAL;
	l->ref = ref_find_alive(t, id, need);
	if (IS_ERR(l->ref))
		return PTR_ERR(l->ref);
	/* Moving and borrowing come with the types that share buffers. */
	if (flags & (DIOS_BUF_MOVE | DIOS_BUF_BORROW))
		return -DIOS_ENOTSUP;
	l->task = t;
	l->flags = flags;
	l->len = a[2];
	return 0;
}

static int acquire(struct dios_lend *l, bool write, u64 uiov)
{
	const struct dios_object_ops *ops = l->ref->obj->ops;
	struct dios_buf *buf = buf_new(write);
	int err;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	l->buf = buf;
	err = write ? ops->acquire_write(l) : ops->acquire_read(l);
	if (!err) {
		l->iov.addr = buf->addr;
		l->iov.len = buf->len;
		if (dal_copy_out(uiov, &l->iov, sizeof(l->iov)))
			err = -DIOS_EFAULT;
	}
	if (err) {
		buf_free(l->task, l->ref, buf);
		return err;
	}
	list_add_tail(&buf->link, &l->ref->bufs);
	return 0;
}

/* syscall/dios: AcquireRead */
s64 sys_acquire_read(struct dios_task *t, const u64 a[6])
{
	struct dios_lend l;
	int err = decode_acquire(t, a, DIOS_R_READ, &l);

	return err ? err : acquire(&l, false, a[3]);
}

/* syscall/dios: AcquireWrite */
s64 sys_acquire_write(struct dios_task *t, const u64 a[6])
{
	struct dios_lend l;
	int err = decode_acquire(t, a, DIOS_R_WRITE, &l);

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
	return need == DIOS_R_WRITE ? ops->commit_write(l) : ops->commit_read(l);
}

/* syscall/dios: CommitRead */
s64 sys_commit_read(struct dios_task *t, const u64 a[6])
{
	struct dios_lend l;
	ssize_t n;
	int err = decode_buf(t, a[0], DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, a[1], a[3],
			     false, false, &l);

	if (err)
		return err;
	n = commit(&l, a[2], DIOS_R_READ);
	if (n < 0)
		return n;
	l.iov.len = l.buf->len;
	return dal_copy_out(a[3], &l.iov, sizeof(l.iov)) ? -DIOS_EFAULT : n;
}

/* syscall/dios: CommitWrite */
s64 sys_commit_write(struct dios_task *t, const u64 a[6])
{
	struct dios_lend l;
	int err = decode_buf(t, a[0], DIOS_BUF_NONBLOCK, a[1], a[3], true, true, &l);

	return err ? err : commit(&l, a[2], DIOS_R_WRITE);
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
