// SPDX-License-Identifier: GPL-2.0
/*
 * random.c - RANDOM: bytes from the node's CSPRNG.
 *
 * acquire_read lends a buffer of them; commit_read with DIOS_BUF_NEXT fills it anew, so
 * that a program maps a buffer once and makes one call for each refill.
 *
 * Locks: none; the object has no state.
 */
#include "types.h"

#define BUF_DEFAULT	4096	/* bytes lent when the program does not say */

static struct dios_object *random_make(struct dios_task *t, u64 flags, const void *spec)
{
	struct dios_object *obj = kzalloc(sizeof(*obj), GFP_KERNEL_ACCOUNT);

	if (!obj)
		return ERR_PTR(-DIOS_ENOMEM);
	object_init(obj, dios_types[DIOS_T_RANDOM]);
	return obj;
}

static int random_acquire_read(struct dios_lend *l)
{
	int err = buf_lend(l, buf_len(l, BUF_DEFAULT));

	if (!err)
		dal_random(l->buf->kernel, l->buf->len);
	return err;
}

static ssize_t random_commit_read(struct dios_lend *l)
{
	if (l->flags & DIOS_BUF_NEXT)
		dal_random(l->buf->kernel, l->buf->len);
	return l->len;
}

static u64 random_size(struct dios_object *obj, u32 right)
{
	return right == DIOS_R_READ ? BUF_DEFAULT : 0;
}

const struct dios_object_ops random_ops = {
	.name		= "random",
	.type		= DIOS_T_RANDOM,
	.rights		= DIOS_R_READ,
	.proximity	= DIOS_P_CPU,
	.made_by_program = true,
	.make		= random_make,
	.acquire_read	= random_acquire_read,
	.commit_read	= random_commit_read,
	.acquire_write	= obj_acquire_none,
	.commit_write	= obj_commit_none,
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
	.size		= random_size,
	.zombify	= obj_zombify_none,
	.kill		= obj_kill_nothing,
	.free		= obj_free_plain,
};
