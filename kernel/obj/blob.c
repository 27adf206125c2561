// SPDX-License-Identifier: GPL-2.0
/*
 * blob.c - BLOB: a program imported from the host's files.
 *
 * A program that may make Linux calls imports a file that it may execute; the
 * object is what run starts, and can be handed on.  It has the EXEC right and
 * no bytes to acquire.
 *
 * Blobs of the node's own durable store are not made yet: ENOTSUP.
 *
 * Locks: none; the object does not change.
 */
#include "types.h"

struct blob {
	struct dios_object obj;
	struct dal_exe *exe;
};

static struct blob *blob_of(struct dios_object *obj)
{
	return container_of(obj, struct blob, obj);
}

static struct dios_object *blob_make(struct dios_task *t, u64 flags, const void *spec)
{
	const struct dios_import *in = spec;
	struct blob *b;

	if (!task_may_call_host(t))
		return ERR_PTR(-DIOS_EPERM);
	if (in->pad)
		return ERR_PTR(-DIOS_EINVAL);
	b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	if (!b)
		return ERR_PTR(-DIOS_ENOMEM);
	b->exe = dal_exe_import(in->fd);
	if (IS_ERR(b->exe)) {
		int err = PTR_ERR(b->exe);

		kfree(b);
		return ERR_PTR(err);
	}
	object_init(&b->obj, dios_types[DIOS_T_BLOB]);
	return &b->obj;
}

static struct dal_exe *blob_exe(struct dios_object *obj)
{
	return blob_of(obj)->exe;
}

static void blob_free(struct dios_object *obj)
{
	struct blob *b = blob_of(obj);

	dal_exe_put(b->exe);
	kfree(b);
}

const struct dios_object_ops blob_ops = {
	.name		= "blob",
	.type		= DIOS_T_BLOB,
	.rights		= DIOS_R_EXEC,
	.proximity	= DIOS_P_DISK,
	.spec_size	= sizeof(struct dios_import),
	.made_by_program = true,
	.make		= blob_make,
	.acquire_read	= obj_acquire_none,
	.commit_read	= obj_commit_none,
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
	.exe		= blob_exe,
	.names		= obj_names_none,
	.size		= obj_size_none,
	.zombify	= obj_zombify_none,
	.kill		= obj_kill_nothing,
	.free		= blob_free,
};
