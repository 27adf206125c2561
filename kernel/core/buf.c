// SPDX-License-Identifier: GPL-2.0
/*
 * buf.c - memory lent to a task: from acquire to release.
 *
 * A buffer belongs to the reference it was acquired through, and to the one
 * task that has the reference.  A type's acquire operation fills it, with
 * buf_lend() for pages that kernel and task share; its unlend operation takes
 * the memory back, on release, when the reference is deleted, and when the task ends.
 *
 * Locks: none.  Only the task itself touches its buffers.
 */
#include "core.h"

struct dios_buf *buf_new(bool write)
{
	struct dios_buf *buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);

	if (!buf)
		return ERR_PTR(-DIOS_ENOMEM);
	INIT_LIST_HEAD(&buf->link);
	buf->write = write;
	stat_add(STAT_BUFS, 1);
	return buf;
}

/* Take a buffer back: its memory, if it has any yet, and itself. */
void buf_free(struct dios_task *t, struct dios_ref *ref, struct dios_buf *buf)
{
	list_del(&buf->link);
	if (buf->size)
		ref->obj->ops->unlend(t, buf);
	kfree(buf);
	stat_add(STAT_BUFS, -1);
}

/**
 * buf_find() - Find the buffer that a program names by its memory.
 * @ref:	the reference it was acquired through
 * @iov:	as the program passed it
 * @write:	acquired to write
 * @part:	a piece of the buffer will do
 *
 * Return: the buffer, or NULL.
 */
struct dios_buf *buf_find(struct dios_ref *ref, const struct dios_iov *iov, bool write,
			  bool part)
{
	struct dios_buf *buf;

	list_for_each_entry(buf, &ref->bufs, link) {
		if (buf->write != write)
			continue;
		if (iov->addr == buf->addr && iov->len == buf->len)
			return buf;
		if (part && iov->addr >= buf->addr && iov->len <= buf->len &&
		    iov->addr - buf->addr <= buf->len - iov->len)
			return buf;
	}
	return NULL;
}

/**
 * buf_lend() - Fill a buffer with zeroed pages that kernel and task share.
 * @l:		an acquire; l->buf and l->iov are set
 * @len:	bytes, 1 to DIOS_MAX_KBUF
 *
 * Context: The task's own.  May sleep.
 * Return: 0; -DIOS_EINVAL, -DIOS_EQUOTA, -DIOS_ENOMEM, -DIOS_EBUSY.
 */
int buf_lend(struct dios_lend *l, size_t len)
{
	struct dios_buf *buf = l->buf;
	struct dal_pages *pages;
	size_t size;
	int err;

	if (!len || len > DIOS_MAX_KBUF)
		return -DIOS_EINVAL;
	size = ALIGN(len, DIOS_PAGE_SIZE);
	if (l->task->lent + size > dios_quota_lent)
		return -DIOS_EQUOTA;
	pages = dal_pages_alloc(size);
	if (IS_ERR(pages))
		return PTR_ERR(pages);
	err = dal_map_pages(pages, size, buf->write, l->iov.addr,
			    l->flags & DIOS_BUF_FIXED, &buf->addr);
	if (err) {
		dal_pages_free(pages);
		return err;
	}
	buf->pages = pages;
	buf->kernel = dal_pages_kernel(pages);
	buf->len = len;
	buf->size = size;
	l->task->lent += size;
	stat_add(STAT_LENT, size);
	return 0;
}

/* The unlend operation of types that use buf_lend(). */
void buf_unlend(struct dios_task *t, struct dios_buf *buf)
{
	dal_unmap(t, buf->addr, buf->size);
	dal_pages_free(buf->pages);
	t->lent -= buf->size;
	stat_add(STAT_LENT, -(s64)buf->size);
}
