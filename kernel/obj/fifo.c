// SPDX-License-Identifier: GPL-2.0
/*
 * fifo.c - FIFO: a one-way stream of records in shared memory.
 *
 * The records lie in a ring that is mapped once for each reference and seen
 * twice in a row, so that each of them is one piece of memory: nothing is copied, mapped or
 * unmapped for a message.  A record is a head (struct dios_record) and its bytes,
 * up to the next multiple of 8.
 *
 *        head                    tail
 *   -------v-----------------------v---------------
 *    room  | record | record | ... | room, lent to the writer
 *   -------^-----------------------^---------------
 *          lent to the reader
 *
 * - acquire_write lends room for one record, or with DIOS_BUF_BATCH all there is, for
 *   records that the program frames itself; commit_write publishes.
 * - acquire_read lends the next record, or with DIOS_BUF_BATCH all; commit_read consumes.
 * - Room is lent to one writer at a time and records to one reader; others
 *   wait for their turn, which comes with the commit, or the release without one: then
 *   the record stays, and the room stays free.
 * - With DIOS_BUF_NEXT a commit goes on to the following record or room: one call a message.
 * - Without a reference that has the other right the stream has ended: EPIPE, for a reader
 *   after it has read all.
 *
 * The ring can be written by whoever has the WRITE right, at any time, also behind a
 * commit.  So the kernel takes only a length from it, once, and
 * cuts it to what is there; where records begin and end is known from head and tail,
 * which are not in the ring.
 *
 * Locks: obj->lock guards what changes.
 */
#include "types.h"

#define HEAD		sizeof(struct dios_record)
#define ALIGNMENT	8

struct fifo {
	struct dios_object obj;
	u64 size;			/* set once; a power of two */
	struct dal_pages *pages;	/* set once */
	u8 *ring;			/* set once; seen twice in a row */
	/* obj->lock guards these. */
	u64 head, tail;			/* bytes consumed and published, ever */
	struct dios_buf *reader;	/* who has records, or NULL */
	struct dios_buf *writer;	/* who has room, or NULL */
	u32 readers, writers;		/* references with the right */
};

static struct fifo *fifo_of(struct dios_object *obj)
{
	return container_of(obj, struct fifo, obj);
}

static struct dios_object *fifo_make(struct dios_task *t, u64 flags, const void *spec)
{
	const struct dios_fifo *in = spec;
	struct fifo *f;

	if (in->size < DIOS_PAGE_SIZE || in->size > DIOS_MAX_FIFO || in->size & (in->size - 1))
		return ERR_PTR(-DIOS_EINVAL);
	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return ERR_PTR(-DIOS_ENOMEM);
	f->size = in->size;
	f->pages = dal_pages_alloc_ring(f->size);
	if (IS_ERR(f->pages)) {
		int err = PTR_ERR(f->pages);

		kfree(f);
		return ERR_PTR(err);
	}
	f->ring = dal_pages_kernel(f->pages);
	object_init(&f->obj, dios_types[DIOS_T_FIFO]);
	f->obj.memory = f->size;
	return &f->obj;
}

/* Bytes of a record in the ring. */
static u64 span_of(u64 len)
{
	return HEAD + ALIGN(len, ALIGNMENT);
}

/* Where a position is in the ring. */
static u64 at(struct fifo *f, u64 pos)
{
	return pos & (f->size - 1);
}

/*
 * Lend the next record, or all, to buf.  buf->off is what a commit of the record
 * consumes.
 * Return: 0, or -DIOS_EAGAIN, or -DIOS_EPIPE: nothing will come.
 */
static int take_records_locked(struct fifo *f, struct dios_buf *buf)
{
	u64 used = f->tail - f->head, len;

	lockdep_assert_held(&f->obj.lock);
	if (f->reader)
		return -DIOS_EAGAIN;
	if (!used)
		return f->writers ? -DIOS_EAGAIN : -DIOS_EPIPE;
	buf->kernel = f->ring + at(f, f->head);
	if (buf->batch) {
		buf->len = used;
	} else {
		/* Whatever the writer has put there since. */
		len = READ_ONCE(((struct dios_record *)buf->kernel)->len);
		buf->kernel += HEAD;
		buf->len = min(len, used - HEAD);
		buf->off = span_of(buf->len);
	}
	f->reader = buf;
	return 0;
}

/*
 * Lend room to buf: for a record of buf->off bytes, or all there is, but at least so many
 * for a batch.
 * Return: 0, or -DIOS_EAGAIN, or -DIOS_EPIPE: nobody will read it.
 */
static int take_room_locked(struct fifo *f, struct dios_buf *buf)
{
	u64 room = f->size - (f->tail - f->head);

	lockdep_assert_held(&f->obj.lock);
	if (!f->readers)
		return -DIOS_EPIPE;
	if (f->writer || room < span_of(buf->off))
		return -DIOS_EAGAIN;
	buf->kernel = f->ring + at(f, f->tail);
	if (buf->batch) {
		buf->len = room;
	} else {
		buf->kernel += HEAD;
		buf->len = buf->off;
	}
	f->writer = buf;
	return 0;
}

static int take_locked(struct dios_lend *l)
{
	struct fifo *f = fifo_of(l->ref->obj);

	return l->buf->write ? take_room_locked(f, l->buf) : take_records_locked(f, l->buf);
}

/*
 * The buffer has nothing any more: no turn, and no bytes.  Both sides may have
 * waited for that: the next reader or writer for the turn, and a writer for room.
 */
static void leave_locked(struct fifo *f, struct dios_buf *buf)
{
	if (f->reader == buf)
		f->reader = NULL;
	if (f->writer == buf)
		f->writer = NULL;
	buf->len = 0;
}

/* Give the turn back, if buf has it. */
static void leave(struct fifo *f, struct dios_buf *buf)
{
	unsigned long flags;

	spin_lock_irqsave(&f->obj.lock, flags);
	if (f->reader == buf || f->writer == buf) {
		leave_locked(f, buf);
		object_wake_locked(&f->obj);
	}
	spin_unlock_irqrestore(&f->obj.lock, flags);
}

/* Where what buf has taken lies in the task. */
static void place(struct fifo *f, struct dios_buf *buf)
{
	buf->addr = buf->mem->addr + ((u8 *)buf->kernel - f->ring);
}

/* First the turn, which may be to wait for, then the mapping. */
static int acquire(struct dios_lend *l)
{
	struct fifo *f = fifo_of(l->ref->obj);
	struct dios_buf *buf = l->buf;
	int err;

	if (l->src)
		return -DIOS_ENOTSUP;
	buf->batch = l->flags & DIOS_BUF_BATCH;
	err = object_take(l, take_locked);
	if (err)
		return err;
	err = buf_lend_view(l, f->pages, 2 * f->size, l->ref->rights & DIOS_R_WRITE);
	if (err) {
		leave(f, buf);
		return err;
	}
	buf->size = f->size;
	place(f, buf);
	return 0;
}

static int fifo_acquire_read(struct dios_lend *l)
{
	return l->len ? -DIOS_EINVAL : acquire(l);
}

static int fifo_acquire_write(struct dios_lend *l)
{
	struct fifo *f = fifo_of(l->ref->obj);

	if (!l->len && !(l->flags & DIOS_BUF_BATCH))
		return -DIOS_EINVAL;
	if (l->len > f->size - HEAD)
		return -DIOS_ETOOBIG;
	l->buf->off = l->len;
	return acquire(l);
}

/*
 * Finish with what buf has, once, and with DIOS_BUF_NEXT go on to what follows,
 * under the same lock.
 */
static int commit_locked(struct dios_lend *l)
{
	struct fifo *f = fifo_of(l->ref->obj);
	struct dios_buf *buf = l->buf;
	u64 span;

	if (f->reader == buf || f->writer == buf) {
		if (buf->batch)
			span = l->len;
		else
			span = buf->write ? span_of(l->len) : buf->off;
		if (buf->write)
			f->tail += span;
		else
			f->head += span;
		leave_locked(f, buf);
		object_wake_locked(&f->obj);
	}
	return l->flags & DIOS_BUF_NEXT ? take_locked(l) : 0;
}

static ssize_t commit(struct dios_lend *l)
{
	int err = object_take(l, commit_locked);

	if (err)
		return err;
	if (l->flags & DIOS_BUF_NEXT)
		place(fifo_of(l->ref->obj), l->buf);
	return l->len;
}

static ssize_t fifo_commit_read(struct dios_lend *l)
{
	/* A batch ends where a record does. */
	if (l->buf->batch && l->len % ALIGNMENT)
		return -DIOS_EINVAL;
	return commit(l);
}

/* Is this a whole number of records? */
static bool frames_ok(const u8 *p, u64 len)
{
	const struct dios_record *r;
	u64 span, off;

	if (len % ALIGNMENT)
		return false;
	for (off = 0; off < len; off += span) {
		r = (const void *)(p + off);
		span = span_of(READ_ONCE(r->len));
		if (READ_ONCE(r->pad) || span > len - off)
			return false;
	}
	return true;
}

static ssize_t fifo_commit_write(struct dios_lend *l)
{
	struct fifo *f = fifo_of(l->ref->obj);
	struct dios_buf *buf = l->buf;
	struct dios_record *head;

	if (l->iov.addr != buf->addr)
		return -DIOS_EINVAL;
	/* Whose turn it is only this task can change, if it is its own. */
	if (READ_ONCE(f->writer) == buf) {
		if (!READ_ONCE(f->readers))
			return -DIOS_EPIPE;
		if (buf->batch && !frames_ok(buf->kernel, l->len))
			return -DIOS_EINVAL;
		if (!buf->batch) {
			head = buf->kernel - HEAD;
			WRITE_ONCE(head->len, l->len);
			WRITE_ONCE(head->pad, 0);
		}
	}
	return commit(l);
}

static void fifo_unlend(struct dios_task *t, struct dios_object *obj, struct dios_buf *buf)
{
	leave(fifo_of(obj), buf);
	mem_put(t, buf->mem);
}

static void fifo_opened(struct dios_object *obj, u32 rights)
{
	struct fifo *f = fifo_of(obj);
	unsigned long flags;

	spin_lock_irqsave(&obj->lock, flags);
	f->readers += !!(rights & DIOS_R_READ);
	f->writers += !!(rights & DIOS_R_WRITE);
	spin_unlock_irqrestore(&obj->lock, flags);
}

/* The other side wakes when this one is gone. */
static void fifo_closed(struct dios_object *obj, u32 rights)
{
	struct fifo *f = fifo_of(obj);
	unsigned long flags;

	spin_lock_irqsave(&obj->lock, flags);
	f->readers -= !!(rights & DIOS_R_READ);
	f->writers -= !!(rights & DIOS_R_WRITE);
	if (!f->readers || !f->writers)
		object_wake_locked(obj);
	spin_unlock_irqrestore(&obj->lock, flags);
}

static void fifo_info(struct dios_object *obj, void *out)
{
	struct fifo *f = fifo_of(obj);
	struct dios_fifo_info *info = out;
	unsigned long flags;

	spin_lock_irqsave(&obj->lock, flags);
	info->size = f->size;
	info->used = f->tail - f->head;
	info->readers = f->readers;
	info->writers = f->writers;
	spin_unlock_irqrestore(&obj->lock, flags);
}

static bool fifo_ready(struct dios_object *obj, u32 rights, u32 len)
{
	struct fifo *f = fifo_of(obj);
	u64 used = f->tail - f->head;

	if (rights & DIOS_R_READ && !f->reader && (used || !f->writers))
		return true;
	/* A record that can never fit is ready: acquire_write says so. */
	return rights & DIOS_R_WRITE &&
	       (!f->readers || len > f->size - HEAD ||
		(!f->writer && f->size - used >= span_of(len ? len : 1)));
}

static void fifo_free(struct dios_object *obj)
{
	struct fifo *f = fifo_of(obj);

	dal_pages_free(f->pages);
	kfree(f);
}

const struct dios_object_ops fifo_ops = {
	.name		= "fifo",
	.type		= DIOS_T_FIFO,
	.rights		= DIOS_R_READ | DIOS_R_WRITE,
	.proximity	= DIOS_P_MEMORY,
	.spec_size	= sizeof(struct dios_fifo),
	.info_size	= sizeof(struct dios_fifo_info),
	.made_by_program = true,
	.batches	= true,
	.spends		= DIOS_R_READ | DIOS_R_WRITE,
	.follows	= true,
	.make		= fifo_make,
	.acquire_read	= fifo_acquire_read,
	.commit_read	= fifo_commit_read,
	.acquire_write	= fifo_acquire_write,
	.commit_write	= fifo_commit_write,
	.discard	= obj_discard_none,
	.unlend		= fifo_unlend,
	.info		= fifo_info,
	.set_info	= obj_set_info_none,
	.opened		= fifo_opened,
	.closed		= fifo_closed,
	.ready		= fifo_ready,
	.task		= obj_task_none,
	.exe		= obj_exe_none,
	.names		= obj_names_none,
	.size		= obj_size_none,
	.zombify	= obj_zombify,
	.kill		= obj_kill_nothing,
	.free		= fifo_free,
};
