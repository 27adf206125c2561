// SPDX-License-Identifier: GPL-2.0
/*
 * console.c - CONSOLE: where a program's text goes.
 *
 * A program that may make Linux calls binds one to a descriptor of its own
 * and hands it to the tasks it runs; a task that was handed none gets the
 * node's.  Writing lends a buffer that stays: each commit_write passes the
 * text in it on, at once and in order, and may take less than it was given.
 *
 * Locks: none here; the host orders writers of one file.
 */
#include "types.h"

#define BUF_DEFAULT	4096	/* bytes lent when the program does not say */

struct console {
	struct dios_object obj;
	struct dal_console *host;
};

static struct console *console_of(struct dios_object *obj)
{
	return container_of(obj, struct console, obj);
}

/* spec NULL is the kernel asking for the node's console. */
static struct dios_object *console_make(struct dios_task *t, u64 flags, const void *spec)
{
	const struct dios_console *in = spec;
	struct console *c;

	if (in && in->pad)
		return ERR_PTR(-DIOS_EINVAL);
	c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	if (!c)
		return ERR_PTR(-DIOS_ENOMEM);
	c->host = in ? dal_console_open(in->fd) : dal_console_node();
	if (IS_ERR(c->host)) {
		int err = PTR_ERR(c->host);

		kfree(c);
		return ERR_PTR(err);
	}
	object_init(&c->obj, dios_types[DIOS_T_CONSOLE]);
	return &c->obj;
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

static void console_free(struct dios_object *obj)
{
	struct console *c = console_of(obj);

	dal_console_close(c->host);
	kfree(c);
}

static u64 console_size(struct dios_object *obj, u32 right)
{
	return right == DIOS_R_WRITE ? BUF_DEFAULT : 0;
}

const struct dios_object_ops console_ops = {
	.name		= "console",
	.type		= DIOS_T_CONSOLE,
	.rights		= DIOS_R_WRITE,
	.proximity	= DIOS_P_DEVICE,
	.spec_size	= sizeof(struct dios_console),
	.made_by_program = true,
	.host_only	= true,
	.make		= console_make,
	.acquire_read	= obj_acquire_none,
	.commit_read	= obj_commit_none,
	.acquire_write	= console_acquire_write,
	.commit_write	= console_commit_write,
	.discard	= obj_discard_none,
	.unlend		= buf_unlend,
	.info		= obj_info_none,
	.set_info	= obj_set_info_none,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= obj_ready_always,
	.task		= obj_task_none,
	.exe		= obj_exe_none,
	.names		= obj_names_none,
	.size		= console_size,
	.zombify	= obj_zombify_none,
	.kill		= obj_kill_nothing,
	.free		= console_free,
};
