// SPDX-License-Identifier: GPL-2.0
/*
 * group.c - GROUP: a set of names.
 *
 * Who has the READ right finds the names in it, with the rights they were given less
 * those that the group takes away; who has the WRITE right puts names into it.  A task
 * finds names only in its own group and in those it has references to.
 *
 * A group holds none of the objects whose names lie in it.  When it dies, its names
 * go and the objects stay.  The node's root group cannot be killed.
 *
 * Locks: none here; core/name.c has the lock of all names.
 */
#include "types.h"

struct group {
	struct dios_object obj;
	struct dios_names names;
	bool root;			/* set once */
};

static struct group *group_of(struct dios_object *obj)
{
	return container_of(obj, struct group, obj);
}

/* spec NULL is the kernel making the root group. */
static struct dios_object *group_make(struct dios_task *t, u64 flags, const void *spec)
{
	const struct dios_group *in = spec;
	struct group *g;

	if (in && (in->pad || !in->rights || in->rights & ~DIOS_R_ALL))
		return ERR_PTR(-DIOS_EINVAL);
	g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);
	if (!g)
		return ERR_PTR(-DIOS_ENOMEM);
	g->root = !in;
	names_set_init(&g->names, in ? in->rights : DIOS_R_ALL);
	object_init(&g->obj, dios_types[DIOS_T_GROUP]);
	return &g->obj;
}

static void group_info(struct dios_object *obj, void *out)
{
	struct group *g = group_of(obj);
	struct dios_group_info *info = out;

	info->names = names_count(&g->names);
	info->rights = g->names.rights;
	info->pad = 0;
}

static struct dios_names *group_names(struct dios_object *obj)
{
	return &group_of(obj)->names;
}

/* Every process that opens DIOS is in the root group: nobody takes it from the others. */
static int group_zombify(struct dios_object *obj)
{
	return group_of(obj)->root ? obj_zombify_none(obj) : obj_zombify(obj);
}

static void group_kill(struct dios_object *obj)
{
	names_set_kill(&group_of(obj)->names);
}

static void group_free(struct dios_object *obj)
{
	names_set_kill(&group_of(obj)->names);
	kfree(group_of(obj));
}

const struct dios_object_ops group_ops = {
	.name		= "group",
	.type		= DIOS_T_GROUP,
	.rights		= DIOS_R_READ | DIOS_R_WRITE,
	.spec_size	= sizeof(struct dios_group),
	.made_by_program = true,
	.proximity	= DIOS_P_MEMORY,
	.info_size	= sizeof(struct dios_group_info),
	.make		= group_make,
	.acquire_read	= obj_acquire_none,
	.commit_read	= obj_commit_none,
	.acquire_write	= obj_acquire_none,
	.commit_write	= obj_commit_none,
	.discard	= obj_discard_none,
	.unlend		= buf_unlend,
	.info		= group_info,
	.set_info	= obj_set_info_none,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= obj_ready_always,
	.task		= obj_task_none,
	.exe		= obj_exe_none,
	.names		= group_names,
	.size		= obj_size_none,
	.zombify	= group_zombify,
	.kill		= group_kill,
	.free		= group_free,
};
