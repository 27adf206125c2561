// SPDX-License-Identifier: GPL-2.0
/*
 * buf.c - memory lent to a task: from acquire to release.
 *
 * A buffer belongs to the reference it was acquired through, and to the one
 * task that has the reference.  A type's acquire operation fills it; its unlend
 * operation takes the memory back, on release, when the reference is deleted,
 * and when the task ends.  Where the memory comes from:
 *
 * - buf_lend(): pages that kernel and task share, made for this buffer; or those of
 *   the buffer to move or to borrow.
 * - buf_lend_pages(): pages that the type has made for this buffer, and the kernel does
 *   not see: bytes of a file.
 * - buf_lend_view(): a part of the object's own memory, which is mapped once for
 *   each reference and stays until the reference is deleted.
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
	if (buf->size && buf->info)
		buf_unlend(t, ref->obj, buf);
	else if (buf->size)
		ref->obj->ops->unlend(t, ref->obj, buf);
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

/* Another buffer has its memory now, and what is in it. */
void buf_moved(struct dios_task *t, struct dios_ref *from, struct dios_buf *src)
{
	src->moved = true;
	buf_free(t, from, src);
}

/* How long a buffer shall be when the program leaves it to the object. */
size_t buf_len(const struct dios_lend *l, size_t usual)
{
	return l->len ? l->len : l->src ? l->src->len : usual;
}

/* Map pages that were made for this: mem has one user. */
static struct dios_mem *mem_new(struct dios_lend *l, struct dal_pages *pages, size_t size,
				bool write)
{
	struct dios_mem *mem = kzalloc(sizeof(*mem), GFP_KERNEL_ACCOUNT);
	int err;

	if (!mem)
		return ERR_PTR(-DIOS_ENOMEM);
	err = dal_map_pages(pages, size, write, l->iov.addr, l->flags & DIOS_BUF_FIXED,
			    &mem->addr);
	if (err) {
		kfree(mem);
		return ERR_PTR(err);
	}
	mem->users = 1;
	mem->size = size;
	mem->pages = pages;
	mem->kernel = dal_pages_kernel(pages);
	return mem;
}

/* One user fewer; the last one unmaps it, and frees what was made for it. */
void mem_put(struct dios_task *t, struct dios_mem *mem)
{
	if (--mem->users)
		return;
	dal_unmap(t, mem->addr, mem->size);
	if (mem->obj)
		object_put(mem->obj);
	else
		dal_pages_free(mem->pages);
	if (mem->charged) {
		task_uncharge(t, USE_LENT, mem->charged);
		stat_add(STAT_LENT, -(s64)mem->charged);
	}
	kfree(mem);
}

/* The first len bytes of the buffer to move or to borrow. */
static int lend_src(struct dios_lend *l, size_t len)
{
	struct dios_buf *buf = l->buf, *src = l->src;

	if (len > src->len)
		return -DIOS_EINVAL;
	src->mem->users++;
	buf->mem = src->mem;
	buf->addr = src->addr;
	buf->kernel = src->kernel;
	buf->len = len;
	buf->size = src->size;
	return 0;
}

/**
 * buf_lend() - Fill a buffer with pages that kernel and task share.
 * @l:		an acquire; l->buf and l->iov are set
 * @len:	bytes, 1 to DIOS_MAX_KBUF
 *
 * The pages are zero, unless they are those of a buffer to move or to borrow.
 *
 * Context: The task's own.  May sleep.
 * Return: 0; -DIOS_EINVAL, -DIOS_EQUOTA, -DIOS_ENOMEM, -DIOS_EBUSY.
 */
int buf_lend(struct dios_lend *l, size_t len)
{
	struct dios_buf *buf = l->buf;
	struct dal_pages *pages;
	struct dios_mem *mem;
	size_t size;
	int err;

	if (!len || len > DIOS_MAX_KBUF)
		return -DIOS_EINVAL;
	if (l->src)
		return lend_src(l, len);
	size = ALIGN(len, DIOS_PAGE_SIZE);
	err = task_charge(l->task, USE_LENT, size);
	if (err)
		return err;
	pages = dal_pages_alloc(size);
	if (IS_ERR(pages)) {
		err = PTR_ERR(pages);
		goto uncharge;
	}
	mem = mem_new(l, pages, size, buf->write);
	if (IS_ERR(mem)) {
		err = PTR_ERR(mem);
		goto free;
	}
	mem->charged = size;
	stat_add(STAT_LENT, size);
	buf->mem = mem;
	buf->addr = mem->addr;
	buf->kernel = mem->kernel;
	buf->len = len;
	buf->size = size;
	return 0;

free:
	dal_pages_free(pages);
uncharge:
	task_uncharge(l->task, USE_LENT, size);
	return err;
}

/**
 * buf_lend_pages() - Fill a buffer with pages that were made for it.
 * @l:		an acquire; l->buf and l->iov are set
 * @pages:	lazy ones; on success they go with the buffer
 * @len:	bytes
 *
 * Context: The task's own.  May sleep.
 * Return: 0; -DIOS_ENOMEM, -DIOS_EBUSY.
 */
int buf_lend_pages(struct dios_lend *l, struct dal_pages *pages, size_t len)
{
	struct dios_buf *buf = l->buf;
	struct dios_mem *mem;

	mem = mem_new(l, pages, ALIGN(len, DIOS_PAGE_SIZE), buf->write);
	if (IS_ERR(mem))
		return PTR_ERR(mem);
	buf->mem = mem;
	buf->addr = mem->addr;
	buf->len = len;
	buf->size = mem->size;
	return 0;
}

/**
 * buf_lend_view() - Have an object's own memory mapped for its reference.
 * @l:		an acquire; l->iov is where the mapping shall be
 * @pages:	the object's, which outlive the reference
 * @size:	bytes to map
 * @write:	the task may write it
 *
 * The mapping is made by the first acquire and stays until the reference is deleted.
 * The buffer counts as a user of it; the caller sets addr, kernel, len and size,
 * with size not 0.
 *
 * Context: The task's own.  May sleep.
 * Return: 0; -DIOS_ENOMEM; -DIOS_EBUSY, when it is mapped elsewhere than the program
 * demands, or something else is there.
 */
int buf_lend_view(struct dios_lend *l, struct dal_pages *pages, size_t size, bool write)
{
	struct dios_mem *mem = l->ref->view;

	if (!mem) {
		mem = mem_new(l, pages, size, write);
		if (IS_ERR(mem))
			return PTR_ERR(mem);
		/* A buffer that was borrowed may outlive the reference. */
		object_get(l->ref->obj);
		mem->obj = l->ref->obj;
		l->ref->view = mem;
	} else if (l->flags & DIOS_BUF_FIXED && l->iov.addr != mem->addr) {
		return -DIOS_EBUSY;
	}
	mem->users++;
	l->buf->mem = mem;
	return 0;
}

/* The unlend operation of types whose buffers are memory only. */
void buf_unlend(struct dios_task *t, struct dios_object *obj, struct dios_buf *buf)
{
	mem_put(t, buf->mem);
}
