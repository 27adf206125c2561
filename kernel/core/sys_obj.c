// SPDX-License-Identifier: GPL-2.0
/*
 * sys_obj.c - create, delete, copy: objects and who may use them.
 *
 * Each call decodes first: everything that can fail on bad input does so
 * before any state changes.  New references are reserved, their numbers are
 * written to the program, and only then are they published: a bad address
 * leaves nothing behind.
 */
#include "core.h"

#define CREATE_FLAGS	(DIOS_CREATE_PUBLIC | DIOS_CREATE_IMPORT | DIOS_CREATE_NAME |	\
			 DIOS_CREATE_GROUP)

/* A name that an object is to get. */
struct naming {
	struct dios_names *set;		/* NULL: none */
	bool public;
	u8 name[DIOS_NAME_SIZE];
};

static int decode_naming(struct dios_task *t, const u64 a[6], struct naming *n)
{
	u64 flags = a[0], uname = a[3], ugroup = a[5];
	struct dios_object *group = t->group;
	struct dios_ref *ref;

	n->set = NULL;
	if (!uname)
		return 0;
	if (flags & DIOS_CREATE_GROUP) {
		ref = ref_find_alive(t, ugroup, DIOS_R_WRITE);
		if (IS_ERR(ref))
			return PTR_ERR(ref);
		group = ref->obj;
	}
	n->set = group->ops->names(group);
	if (IS_ERR(n->set))
		return PTR_ERR(n->set);
	n->public = flags & DIOS_CREATE_PUBLIC;
	if (n->public)
		return dal_copy_in(n->name, uname, sizeof(n->name));
	dal_random(n->name, sizeof(n->name));
	return 0;
}

/* The program reads the name before anybody can find it. */
static int name_out(const struct naming *n, u64 uname)
{
	return n->set && !n->public ? dal_copy_out(uname, n->name, sizeof(n->name)) : 0;
}

static int name_give(const struct naming *n, struct dios_object *obj, u32 rights)
{
	return n->set ? name_add(obj, n->set, n->public, n->name, rights) : 0;
}

/* DIOS_CREATE_NAME: a name for the object of a reference. */
static s64 create_name(struct dios_task *t, const u64 a[6], const struct dios_object_ops *ops)
{
	u64 uname = a[3], uref = a[4], id;
	struct dios_ref *ref;
	struct naming n;
	int err;

	if (ops->private)
		return -DIOS_EINVAL;
	err = decode_naming(t, a, &n);
	if (err)
		return err;
	if (dal_copy_in(&id, uref, sizeof(id)))
		return -DIOS_EFAULT;
	ref = ref_find_alive(t, id, 0);
	if (IS_ERR(ref))
		return PTR_ERR(ref);
	if (ref->obj->ops->type != ops->type)
		return -DIOS_EINVAL;
	/* It would keep the name for ever. */
	if (ref->obj == names_root())
		return -DIOS_EPERM;
	err = name_out(&n, uname);
	return err ? err : name_give(&n, ref->obj, ref->rights);
}

static s64 create_object(struct dios_task *t, const u64 a[6], const struct dios_object_ops *ops)
{
	u64 flags = a[0], uspec = a[2], uname = a[3], uref = a[4];
	u8 spec[DIOS_SPEC_MAX] __aligned(8);
	struct dios_object *obj;
	struct dios_ref *ref;
	struct naming n;
	int err;

	if (!ops->made_by_program)
		return -DIOS_EPERM;
	if (ops->private && uname)
		return -DIOS_EINVAL;
	if (ops->host_only && !task_may_call_host(t))
		return -DIOS_EPERM;
	if (!ops->spec_size != !uspec)
		return -DIOS_EINVAL;
	if (uspec && dal_copy_in(spec, uspec, ops->spec_size))
		return -DIOS_EFAULT;
	err = decode_naming(t, a, &n);
	if (err)
		return err;

	obj = ops->make(t, flags, uspec ? spec : NULL);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	err = object_charge(obj, t->user);
	ref = err ? ERR_PTR(err) : ref_new(obj, obj->rights);
	object_put(obj);	/* the reference holds it now */
	if (IS_ERR(ref))
		return PTR_ERR(ref);
	err = ref_reserve(t, &ref, 1);
	if (err)
		goto free;
	err = dal_copy_out(uref, &ref->id, sizeof(ref->id));
	if (!err)
		err = name_out(&n, uname);
	if (!err)
		err = name_give(&n, obj, obj->rights);
	if (err) {
		ref_unreserve(t, &ref, 1);
		goto free;
	}
	err = ref_publish(t, &ref, 1);
	if (err)
		goto free;
	return 0;

free:
	ref_free(ref);
	return err;
}

/* syscall/dios: Create */
s64 sys_create(struct dios_task *t, const u64 a[6])
{
	u64 flags = a[0], type = a[1], uspec = a[2], uname = a[3];
	const struct dios_object_ops *ops;

	if (flags & ~(u64)CREATE_FLAGS)
		return -DIOS_EINVAL;
	if (type < 1 || type > DIOS_T_MAX)
		return -DIOS_EINVAL;
	ops = dios_types[array_index_nospec(type, DIOS_T_MAX + 1)];
	if (flags & DIOS_CREATE_IMPORT && type != DIOS_T_BLOB)
		return -DIOS_EINVAL;
	if (flags & (DIOS_CREATE_PUBLIC | DIOS_CREATE_NAME | DIOS_CREATE_GROUP) && !uname)
		return -DIOS_EINVAL;
	if (!(flags & DIOS_CREATE_NAME))
		return create_object(t, a, ops);
	if (flags & DIOS_CREATE_IMPORT || uspec)
		return -DIOS_EINVAL;
	return create_name(t, a, ops);
}

/* syscall/dios: Delete, Exit */
s64 sys_delete(struct dios_task *t, const u64 a[6])
{
	u64 flags = a[0], id = a[1];
	struct dios_ref *ref;

	if (id == DIOS_REF_SELF) {
		if (flags & ~(u64)DIOS_DELETE_STATUS)
			return -DIOS_EINVAL;
		dal_exit(t, flags & DIOS_DELETE_STATUS);
		return 0;
	}
	if (flags & ~(u64)DIOS_DELETE_ZOMBIFY)
		return -DIOS_EINVAL;
	ref = ref_find(t, id, flags & DIOS_DELETE_ZOMBIFY ? DIOS_R_WRITE : 0);
	if (IS_ERR(ref))
		return PTR_ERR(ref);
	if (flags & DIOS_DELETE_ZOMBIFY)
		return ref->obj->ops->zombify(ref->obj);
	ref_del(t, ref);
	return 0;
}

/* A new reference like one of t's, with the rights of g; nothing is given yet. */
static struct dios_ref *grant_new(struct dios_task *t, const struct dios_grant *g)
{
	struct dios_ref *ref;

	if (g->pad || !g->rights || g->rights & ~DIOS_R_ALL)
		return ERR_PTR(-DIOS_EINVAL);
	ref = ref_find_alive(t, g->ref, g->rights);
	if (IS_ERR(ref))
		return ref;
	if (ref->obj->ops->private)
		return ERR_PTR(-DIOS_EPERM);
	return ref_new(ref->obj, g->rights);
}

/**
 * grants_new() - Make the references that a program wants to give.
 * @t:		the running task
 * @g:		copied in
 * @n:		how many
 * @refs:	out, to be published or ended with grants_free()
 *
 * Return: 0; -DIOS_EINVAL, -DIOS_EBADREF, -DIOS_EPERM, -DIOS_EZOMBIE,
 * -DIOS_ENOMEM.  On error nothing was made.
 */
int grants_new(struct dios_task *t, const struct dios_grant *g, u32 n,
	       struct dios_ref **refs)
{
	u32 i;

	for (i = 0; i < n; i++) {
		refs[i] = grant_new(t, &g[i]);
		if (IS_ERR(refs[i])) {
			int err = PTR_ERR(refs[i]);

			grants_free(refs, i);
			return err;
		}
	}
	return 0;
}

void grants_free(struct dios_ref **refs, u32 n)
{
	while (n--)
		ref_free(refs[n]);
}

/* syscall/dios: Copy */
s64 sys_copy(struct dios_task *t, const u64 a[6])
{
	u64 flags = a[0], ugrants = a[1], n = a[2], utarget = a[3];
	struct dios_grant *g;
	struct dios_ref **refs, *ref;
	struct dios_task *target;
	size_t size;
	u32 i;
	int err;

	if (flags || !n || n > DIOS_MAX_GRANTS)
		return -DIOS_EINVAL;
	ref = ref_find(t, utarget, DIOS_R_WRITE);
	if (IS_ERR(ref))
		return PTR_ERR(ref);
	target = ref->obj->ops->task(ref->obj, t);
	if (IS_ERR(target))
		return PTR_ERR(target);
	size = n * sizeof(*g);
	g = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	refs = kvmalloc_array(n, sizeof(*refs), GFP_KERNEL_ACCOUNT);
	err = -DIOS_ENOMEM;
	if (!g || !refs)
		goto out;
	err = -DIOS_EFAULT;
	if (dal_copy_in(g, ugrants, size))
		goto out;
	err = grants_new(t, g, n, refs);
	if (err)
		goto out;
	err = ref_reserve(target, refs, n);
	if (err)
		goto free;
	for (i = 0; i < n; i++)
		g[i].out = refs[i]->id;
	if (dal_copy_out(ugrants, g, size)) {
		ref_unreserve(target, refs, n);
		err = -DIOS_EFAULT;
		goto free;
	}
	err = ref_publish(target, refs, n);
	if (!err)
		goto out;
free:
	grants_free(refs, n);
out:
	kvfree(refs);
	kvfree(g);
	return err;
}
