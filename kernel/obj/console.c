// SPDX-License-Identifier: GPL-2.0
/*
 * console.c - CONSOLE: where a program's text goes, and where it comes from.
 *
 * A program that may make Linux calls binds one to a descriptor of its own
 * and hands it to the tasks it runs; a task that was handed none writes to the
 * node's.  Writing lends a buffer that stays: each commit_write passes the
 * text in it on, at once and in order, and may take less than it was given.
 *
 * Reading lends what input there is, up to the length asked for.  A commit consumes as much
 * of it as it says; the rest is there again, for whoever reads next, and so is all
 * of a buffer that was released, or whose task has ended, without one.  The host's file
 * gives what it has only once, so the object keeps what was not consumed.
 *
 * One task at a time has input; others wait for their turn, as with a FIFO.
 *
 * Locks: obj->lock guards the turn.  Who has it may use what is kept.  The host orders
 * writers of one file.
 */
#include "types.h"

#define BUF_DEFAULT	4096	/* bytes lent when the program does not say */

struct console {
	struct dios_object obj;
	struct dal_console *host;	/* set once */
	/* obj->lock guards these. */
	struct dios_buf *reader;	/* whose turn it is, or NULL */
	bool turned_away;		/* somebody came while it was another's turn */
	/* Only who has the turn; others may look whether it is 0. */
	u8 *kept;			/* input that was read and not consumed, or NULL */
	size_t kept_at, kept_len;	/* where it begins, and how much it is */
};

static struct console *console_of(struct dios_object *obj)
{
	return container_of(obj, struct console, obj);
}

/* The host: there may be input. */
static void console_wake(void *arg, u32 rights)
{
	struct console *c = arg;

	object_wake_for(&c->obj, rights);
}

/* spec NULL is the kernel asking for the node's console. */
static struct dios_object *console_make(struct dios_task *t, u64 flags, const void *spec)
{
	const struct dios_console *in = spec;
	u32 rights = DIOS_R_WRITE;
	struct console *c;

	if (in && in->pad)
		return ERR_PTR(-DIOS_EINVAL);
	c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	if (!c)
		return ERR_PTR(-DIOS_ENOMEM);
	/* Before the host can wake it. */
	object_init(&c->obj, dios_types[DIOS_T_CONSOLE]);
	c->host = in ? dal_console_open(in->fd, &rights, console_wake, c) : dal_console_node();
	if (IS_ERR(c->host)) {
		int err = PTR_ERR(c->host);

		object_put(&c->obj);
		return ERR_PTR(err);
	}
	c->obj.rights = rights;
	return &c->obj;
}

static bool turn_take(struct console *c, struct dios_buf *buf)
{
	unsigned long flags;
	bool mine;

	spin_lock_irqsave(&c->obj.lock, flags);
	mine = !c->reader;
	if (mine)
		WRITE_ONCE(c->reader, buf);
	else
		c->turned_away = true;
	spin_unlock_irqrestore(&c->obj.lock, flags);
	return mine;
}

/* Is it nobody's turn?  Who asks while it is somebody's wants to know when it ends. */
static bool turn_free(struct console *c)
{
	unsigned long flags;
	bool free;

	spin_lock_irqsave(&c->obj.lock, flags);
	free = !c->reader;
	if (!free)
		c->turned_away = true;
	spin_unlock_irqrestore(&c->obj.lock, flags);
	return free;
}

static bool console_ready(struct dios_object *obj, u32 rights, u32 len)
{
	struct console *c = console_of(obj);

	if (rights & DIOS_R_WRITE)
		return true;
	return turn_free(c) && (READ_ONCE(c->kept_len) || dal_console_ready(c->host));
}

/* Wake only who came meanwhile: two that find nothing must not wake each other for ever. */
static void turn_leave(struct console *c)
{
	unsigned long flags;

	spin_lock_irqsave(&c->obj.lock, flags);
	WRITE_ONCE(c->reader, NULL);
	if (c->turned_away || c->kept_len)
		object_wake_for_locked(&c->obj, DIOS_R_READ);
	c->turned_away = false;
	spin_unlock_irqrestore(&c->obj.lock, flags);
}

/*
 * The first n bytes of the buffer, which has the turn, are consumed; the rest of
 * it is kept.  What was kept already is what the buffer has.
 * Return: 0, or -DIOS_ENOMEM and nothing has changed.
 */
static int consume(struct console *c, struct dios_buf *buf, size_t n)
{
	if (c->kept) {
		c->kept_at += n;
		WRITE_ONCE(c->kept_len, c->kept_len - n);
		if (!c->kept_len) {
			kvfree(c->kept);
			c->kept = NULL;
		}
	} else if (n < buf->len) {
		c->kept = kvmalloc(buf->len - n, GFP_KERNEL_ACCOUNT);
		if (!c->kept)
			return -DIOS_ENOMEM;
		memcpy(c->kept, buf->kernel + n, buf->len - n);
		c->kept_at = 0;
		WRITE_ONCE(c->kept_len, buf->len - n);
	}
	buf->len = 0;
	return 0;
}

/* Fill the buffer if there is something; it has the turn then, and else has not. */
static int try_fill(struct dios_lend *l)
{
	struct console *c = console_of(l->ref->obj);
	struct dios_buf *buf = l->buf;
	ssize_t n;

	if (!turn_take(c, buf))
		return -DIOS_EAGAIN;
	if (c->kept) {
		n = min(c->kept_len, (size_t)buf->off);
		memcpy(buf->kernel, c->kept + c->kept_at, n);
	} else {
		n = dal_console_read(l->task, c->host, buf->kernel, buf->off);
	}
	if (n > 0) {
		buf->len = n;
		return 0;
	}
	turn_leave(c);
	return n ? n : -DIOS_EPIPE;
}

/* The host never waits: its file wakes us. */
static int fill(struct dios_lend *l)
{
	struct dios_watch w;
	int err = try_fill(l);

	if (err != -DIOS_EAGAIN || l->flags & DIOS_BUF_NONBLOCK)
		return err;
	object_watch(l->ref->obj, &w, l->task, DIOS_R_READ);
	for (;;) {
		dal_wait_begin(l->task);
		err = try_fill(l);
		if (err != -DIOS_EAGAIN)
			break;
		err = dal_wait(l->task, -1);
		if (err)
			break;
	}
	object_unwatch(&w);
	return err;
}

/* buf->off is how much the program asked for.  The memory comes first: no input is lost for it. */
static int console_acquire_read(struct dios_lend *l)
{
	int err = buf_lend(l, buf_len(l, BUF_DEFAULT));

	if (err)
		return err;
	l->buf->off = l->buf->len;
	l->buf->len = 0;
	return fill(l);
}

/* A buffer without the turn has nothing in it. */
static bool has_turn(struct console *c, struct dios_buf *buf)
{
	return READ_ONCE(c->reader) == buf;
}

static ssize_t console_commit_read(struct dios_lend *l)
{
	struct console *c = console_of(l->ref->obj);
	int err = 0;

	if (has_turn(c, l->buf)) {
		err = consume(c, l->buf, l->len);
		if (err)
			return err;
		turn_leave(c);
	}
	l->buf->len = 0;
	if (l->flags & DIOS_BUF_NEXT)
		err = fill(l);
	return err ? err : l->len;
}

static int console_acquire_write(struct dios_lend *l)
{
	return buf_lend(l, buf_len(l, BUF_DEFAULT));
}

static ssize_t console_commit_write(struct dios_lend *l)
{
	struct console *c = console_of(l->ref->obj);

	if (!l->len)
		return 0;
	return dal_console_write(l->task, c->host,
				 l->buf->kernel + (l->iov.addr - l->buf->addr), l->len);
}

/*
 * What was not consumed is kept; only when there is no memory for that it is lost.  A
 * buffer that was moved was consumed.
 */
static void console_unlend(struct dios_task *t, struct dios_object *obj, struct dios_buf *buf)
{
	struct console *c = console_of(obj);

	if (has_turn(c, buf)) {
		consume(c, buf, buf->moved ? buf->len : 0);
		turn_leave(c);
	}
	mem_put(t, buf->mem);
}

static u64 console_size(struct dios_object *obj, u32 right)
{
	return obj->rights & right ? BUF_DEFAULT : 0;
}

static void console_free(struct dios_object *obj)
{
	struct console *c = console_of(obj);

	if (!IS_ERR(c->host))
		dal_console_close(c->host);
	kvfree(c->kept);
	kfree(c);
}

const struct dios_object_ops console_ops = {
	.name		= "console",
	.type		= DIOS_T_CONSOLE,
	.rights		= DIOS_R_READ | DIOS_R_WRITE,
	.proximity	= DIOS_P_DEVICE,
	.spec_size	= sizeof(struct dios_console),
	.made_by_program = true,
	.spends		= DIOS_R_READ,
	.host_only	= true,
	.asks_host	= true,
	.make		= console_make,
	.acquire_read	= console_acquire_read,
	.commit_read	= console_commit_read,
	.acquire_write	= console_acquire_write,
	.commit_write	= console_commit_write,
	.discard	= obj_discard_none,
	.unlend		= console_unlend,
	.info		= obj_info_none,
	.set_info	= obj_set_info_none,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= console_ready,
	.task		= obj_task_none,
	.exe		= obj_exe_none,
	.names		= obj_names_none,
	.size		= console_size,
	.zombify	= obj_zombify_none,
	.kill		= obj_kill_nothing,
	.free		= console_free,
};
