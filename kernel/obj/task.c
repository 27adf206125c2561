// SPDX-License-Identifier: GPL-2.0
/*
 * task.c - TASK: a running program, as others see it.
 *
 * The object is part of struct dios_task and outlives the program while
 * somebody holds it.  Reading waits until the task has ended and lends its
 * status.  DIOS_DELETE_ZOMBIFY kills the program; the object itself stays, so that
 * the status can be read.
 *
 * Locks: task->lock guards ended and status; obj->lock is not enough to read
 * them, so ready() reads ended alone, which is set once.
 */
#include "types.h"

static struct dios_task *task_of(struct dios_object *obj)
{
	return container_of(obj, struct dios_task, obj);
}

static bool task_ready(struct dios_object *obj, u32 rights, u32 len)
{
	return rights & DIOS_R_WRITE || READ_ONCE(task_of(obj)->ended);
}

static int task_acquire_read(struct dios_lend *l)
{
	struct dios_task *t = task_of(l->ref->obj);
	int err;

	if (l->len > sizeof(struct dios_task_status))
		return -DIOS_EINVAL;
	err = object_wait(l->task, &t->obj, DIOS_R_READ, l->flags);
	if (err)
		return err;
	err = buf_lend(l, sizeof(struct dios_task_status));
	if (err)
		return err;
	spin_lock(&t->lock);
	memcpy(l->buf->kernel, &t->status, sizeof(t->status));
	spin_unlock(&t->lock);
	return 0;
}

/* Each number for itself is true a moment ago. */
static void task_info(struct dios_object *obj, void *out)
{
	struct dios_task *t = task_of(obj);
	struct dios_task_info *info = out;

	memset(info, 0, sizeof(*info));
	info->state = DIOS_TASK_RUNNING;
	info->brand = t->brand;
	dal_task_info(t, info);
	info->calls = READ_ONCE(t->calls);
	info->memory = READ_ONCE(t->memory);
	info->lent = READ_ONCE(t->lent);
	spin_lock(&t->lock);
	info->refs = t->nrefs;
	if (t->ended) {
		info->state = DIOS_TASK_ENDED;
		info->user_ns = t->status.user_ns;
		info->system_ns = t->status.system_ns;
		info->max_rss = t->status.max_rss;
		info->calls = t->status.calls;
		info->rss = info->memory = info->lent = info->refs = 0;
	}
	spin_unlock(&t->lock);
}

/* A task ends once: the status that was read stays true. */
static ssize_t task_commit_read(struct dios_lend *l)
{
	return l->len;
}

static struct dios_task *task_task(struct dios_object *obj, struct dios_task *self)
{
	return task_of(obj);
}

static int task_zombify(struct dios_object *obj)
{
	dal_kill(task_of(obj));
	return 0;
}

static u64 task_size(struct dios_object *obj, u32 right)
{
	return right == DIOS_R_READ ? sizeof(struct dios_task_status) : 0;
}

const struct dios_object_ops task_ops = {
	.name		= "task",
	.type		= DIOS_T_TASK,
	.rights		= DIOS_R_READ | DIOS_R_WRITE,
	.proximity	= DIOS_P_MEMORY,
	.info_size	= sizeof(struct dios_task_info),
	.make		= obj_make_none,
	.acquire_read	= task_acquire_read,
	.commit_read	= task_commit_read,
	.acquire_write	= obj_acquire_none,
	.commit_write	= obj_commit_none,
	.discard	= obj_discard_none,
	.unlend		= buf_unlend,
	.info		= task_info,
	.set_info	= obj_set_info_none,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= task_ready,
	.task		= task_task,
	.exe		= obj_exe_none,
	.names		= obj_names_none,
	.size		= task_size,
	.zombify	= task_zombify,
	.kill		= obj_kill_nothing,
	.free		= task_free,
};
