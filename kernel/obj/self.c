// SPDX-License-Identifier: GPL-2.0
/*
 * self.c - SELF: a task's view of itself.
 *
 * Reading lends the start page: what the kernel tells a new task.  Writing
 * lends the control page: what the task asks of the kernel, taken by commit.
 * With DIOS_BUF_INFO the table of the task's references is lent, core/table.c.
 * The kernel's copy is t->start; the lent page is never read back.
 *
 * Locks: none.  Only its own task has a reference.
 */
#include "types.h"

#define STACK_MIN	8192
#define TICK_MIN	1000000ULL		/* nanoseconds */
#define TICK_MAX	3600000000000ULL
#define ADDR_END	0x800000000000ULL	/* end of a program's addresses */

static struct dios_object *self_make(struct dios_task *t, u64 flags, const void *spec)
{
	struct dios_object *obj = kzalloc(sizeof(*obj), GFP_KERNEL_ACCOUNT);

	if (!obj)
		return ERR_PTR(-DIOS_ENOMEM);
	object_init(obj, dios_types[DIOS_T_SELF]);
	return obj;
}

static int self_acquire_read(struct dios_lend *l)
{
	int err;

	if (l->flags & DIOS_BUF_INFO)
		return table_lend(l);
	if (l->len > sizeof(struct dios_start))
		return -DIOS_EINVAL;
	err = buf_lend(l, sizeof(struct dios_start));
	if (!err)
		memcpy(l->buf->kernel, &l->task->start, sizeof(struct dios_start));
	return err;
}

/* The start page does not change, and the table of references changes under the eyes. */
static ssize_t self_commit_read(struct dios_lend *l)
{
	return l->len;
}

static int self_acquire_write(struct dios_lend *l)
{
	if (l->flags & DIOS_BUF_INFO)
		return -DIOS_ENOTSUP;
	if (l->len > sizeof(struct dios_control))
		return -DIOS_EINVAL;
	return buf_lend(l, sizeof(struct dios_control));
}

static bool control_ok(const struct dios_control *c)
{
	if (c->tick && (c->tick < TICK_MIN || c->tick > TICK_MAX))
		return false;
	if (!c->entry)
		return !c->tick;
	return c->entry < ADDR_END && c->restorer && c->restorer < ADDR_END &&
	       c->stack && c->stack < ADDR_END && c->stack_len >= STACK_MIN &&
	       c->stack_len <= ADDR_END - c->stack;
}

static ssize_t self_commit_write(struct dios_lend *l)
{
	struct dios_control c;
	int err;

	if (l->len != sizeof(c) || l->iov.addr != l->buf->addr)
		return -DIOS_EINVAL;
	/* The task can still write the page: look at one copy only. */
	memcpy(&c, l->buf->kernel, sizeof(c));
	barrier();
	if (!control_ok(&c))
		return -DIOS_EINVAL;
	err = dal_set_upcalls(l->task, &c);
	return err ? err : l->len;
}

/* Copy to oneself: the target is the running task. */
static struct dios_task *self_task(struct dios_object *obj, struct dios_task *self)
{
	return self;
}

static u64 self_size(struct dios_object *obj, u32 right)
{
	return right == DIOS_R_READ ? sizeof(struct dios_start) : sizeof(struct dios_control);
}

const struct dios_object_ops self_ops = {
	.name		= "self",
	.type		= DIOS_T_SELF,
	.rights		= DIOS_R_READ | DIOS_R_WRITE,
	.private	= true,
	.lends_info	= true,
	.proximity	= DIOS_P_CPU,
	.make		= self_make,
	.acquire_read	= self_acquire_read,
	.commit_read	= self_commit_read,
	.acquire_write	= self_acquire_write,
	.commit_write	= self_commit_write,
	.discard	= obj_discard_none,
	.unlend		= buf_unlend,
	.info		= obj_info_none,
	.set_info	= obj_set_info_none,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= obj_ready_always,
	.task		= self_task,
	.exe		= obj_exe_none,
	.names		= obj_names_none,
	.size		= self_size,
	.zombify	= obj_zombify_none,
	.kill		= obj_kill_nothing,
	.free		= obj_free_plain,
};
