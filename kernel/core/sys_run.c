// SPDX-License-Identifier: GPL-2.0
/*
 * sys_run.c - start a program as a new task.
 *
 * Everything is decoded before the task is made: strings, entry, the program,
 * the references to hand over.  The new task's table is filled before it
 * runs; what it was given stands in its start page.  If the host cannot
 * start it, the whole task goes again.
 */
#include "core.h"

#define STRINGS_MAX	8192	/* pointers in argv, and in env */

/* What a decoded run needs; ended with args_free() in every state. */
struct run_args {
	struct dios_run spec;
	char *argv_bytes, *env_bytes;
	char **argv, **env;
	struct dios_grant *grants;
	struct dios_ref **refs;
	u32 nrefs;			/* how many of refs there are */
	struct dal_exe *exe;		/* a hold, or NULL or an error */
	struct dios_object *exe_obj, *in, *out, *err;	/* held by the caller's references */
	struct dios_object *group;	/* likewise, or the caller's own */
	u32 brand;
};

static void args_free(struct run_args *r)
{
	if (!IS_ERR_OR_NULL(r->exe))
		dal_exe_put(r->exe);
	grants_free(r->refs, r->nrefs);
	kvfree(r->refs);
	kvfree(r->grants);
	kvfree(r->argv);
	kvfree(r->env);
	kvfree(r->argv_bytes);
	kvfree(r->env_bytes);
}

/* n strings, one after the other in len bytes: a copy and an array ended by NULL. */
static int decode_strings(u64 addr, u64 len, u32 n, char **bytes, char ***array)
{
	char *p, *end, **v;
	u32 i;

	if (len > DIOS_MAX_ARGS || n > STRINGS_MAX)
		return -DIOS_ETOOBIG;
	if (len < n)
		return -DIOS_EINVAL;
	*bytes = kvmalloc(len + 1, GFP_KERNEL_ACCOUNT);
	*array = v = kvmalloc_array(n + 1, sizeof(*v), GFP_KERNEL_ACCOUNT);
	if (!*bytes || !v)
		return -DIOS_ENOMEM;
	if (len && dal_copy_in(*bytes, addr, len))
		return -DIOS_EFAULT;
	p = *bytes;
	end = p + len;
	for (i = 0; i < n; i++) {
		v[i] = p;
		p = memchr(p, 0, end - p);
		if (!p)
			return -DIOS_EINVAL;
		p++;
	}
	v[n] = NULL;
	return p == end ? 0 : -DIOS_EINVAL;
}

/* The object for a standard stream; *obj stays NULL for none. */
static int decode_stream(struct dios_task *t, u64 id, u32 need, struct dios_object **obj)
{
	struct dios_ref *ref;

	if (id == DIOS_REF_NONE)
		return 0;
	ref = ref_find_alive(t, id, need);
	if (IS_ERR(ref))
		return PTR_ERR(ref);
	if (ref->obj->ops->private)
		return -DIOS_EPERM;
	*obj = ref->obj;
	return 0;
}

/*
 * The child's own group.  It gets the same two rights that the caller must have: it
 * finds what others put there, and others find what it puts there.
 */
static int decode_group(struct dios_task *t, u64 id, struct dios_object **group)
{
	struct dios_ref *ref;

	*group = t->group;
	if (id == DIOS_REF_NONE)
		return 0;
	ref = ref_find_alive(t, id, DIOS_R_READ | DIOS_R_WRITE);
	if (IS_ERR(ref))
		return PTR_ERR(ref);
	*group = ref->obj;
	return IS_ERR(ref->obj->ops->names(ref->obj)) ? -DIOS_EINVAL : 0;
}

static int decode_refs(struct dios_task *t, struct run_args *r)
{
	u32 i, n = r->spec.nrefs;
	int err;

	if (n > DIOS_MAX_GRANTS)
		return -DIOS_ETOOBIG;
	if (!n)
		return 0;
	r->grants = kvmalloc_array(n, sizeof(*r->grants), GFP_KERNEL_ACCOUNT);
	r->refs = kvmalloc_array(n, sizeof(*r->refs), GFP_KERNEL_ACCOUNT);
	if (!r->grants || !r->refs)
		return -DIOS_ENOMEM;
	if (dal_copy_in(r->grants, r->spec.refs, n * sizeof(*r->grants)))
		return -DIOS_EFAULT;
	for (i = 0; i < n; i++)
		if (r->grants[i].out)
			return -DIOS_EINVAL;
	err = grants_new(t, r->grants, n, r->refs);
	if (!err)
		r->nrefs = n;
	return err;
}

/*
 * A task that may not make Linux calls could write a program that does.  So it gets one started
 * only from an object that nobody can write: a file that somebody who makes
 * them has imported, and handed to it.
 */
static bool may_run(const struct dios_task *t, const struct run_args *r)
{
	return r->brand != DIOS_BRAND_DIOS_LIMBO || task_may_call_host(t) ||
	       !(r->exe_obj->ops->rights & DIOS_R_WRITE);
}

static int decode(struct dios_task *t, u64 id, u64 uspec, struct run_args *r)
{
	struct dios_run *s = &r->spec;
	struct dios_ref *ref;
	int err;

	if (dal_copy_in(s, uspec, sizeof(*s)))
		return -DIOS_EFAULT;
	if ((s->files && s->files != 2) || s->files > s->nrefs)
		return -DIOS_EINVAL;
	if (!s->argc || !memchr(s->entry, 0, sizeof(s->entry)))
		return -DIOS_EINVAL;
	if (s->node && s->node != t->start.node)
		return -DIOS_ENOTSUP;
	ref = ref_find_alive(t, id, DIOS_R_EXEC);
	if (IS_ERR(ref))
		return PTR_ERR(ref);
	r->exe_obj = ref->obj;
	r->exe = ref->obj->ops->exe(ref->obj);
	if (IS_ERR(r->exe))
		return PTR_ERR(r->exe);
	err = decode_group(t, s->group, &r->group);
	if (!err)
		err = decode_stream(t, s->in, DIOS_R_READ, &r->in);
	if (!err)
		err = decode_stream(t, s->out, DIOS_R_WRITE, &r->out);
	if (!err)
		err = decode_stream(t, s->err, DIOS_R_WRITE, &r->err);
	if (!err)
		err = decode_strings(s->argv, s->argv_len, s->argc, &r->argv_bytes, &r->argv);
	if (!err)
		err = decode_strings(s->env, s->env_len, s->envc, &r->env_bytes, &r->env);
	if (!err)
		err = decode_refs(t, r);
	if (!err)
		err = exe_check(r->exe, &r->brand);
	if (!err && !may_run(t, r))
		err = -DIOS_EPERM;
	return err;
}

/* A standard output of the child: the one asked for, or the node's console. */
static int give_output(struct dios_task *child, struct dios_object *obj, u64 *id)
{
	int err;

	if (obj)
		return task_add_ref(child, obj, DIOS_R_WRITE, id);
	obj = dios_types[DIOS_T_CONSOLE]->make(child, 0, NULL);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	err = task_add_ref(child, obj, DIOS_R_WRITE, id);
	object_put(obj);
	return err;
}

/* Fill the reference table and the start page of a task that does not run yet. */
static int give(struct dios_task *child, struct run_args *r)
{
	struct dios_start *st = &child->start;
	u32 i;
	int err;

	memcpy(st->entry, r->spec.entry, sizeof(st->entry));
	/* As long as it runs nobody changes the program. */
	object_get(r->exe_obj);
	child->exe_obj = r->exe_obj;
	dal_exe_get(r->exe);
	child->exe = r->exe;
	err = task_add_ref(child, r->exe_obj, DIOS_R_EXEC, &st->exe);
	if (!err && r->in)
		err = task_add_ref(child, r->in, DIOS_R_READ, &st->in);
	if (!err)
		err = give_output(child, r->out, &st->out);
	if (!err)
		err = give_output(child, r->err, &st->err);
	if (!err)
		err = ref_reserve(child, r->refs, r->nrefs);
	if (err)
		return err;
	for (i = 0; i < r->nrefs; i++) {
		st->refs[i].ref = r->refs[i]->id;
		st->refs[i].type = r->refs[i]->obj->ops->type;
		st->refs[i].rights = r->refs[i]->rights;
	}
	st->nrefs = r->nrefs;
	st->files = r->spec.files;
	err = ref_publish(child, r->refs, r->nrefs);
	if (!err)
		r->nrefs = 0;	/* they belong to the child now */
	return err;
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* syscall/dios: Run */
s64 sys_run(struct dios_task *t, const u64 a[6])
{
	u64 flags = a[0], id = a[1], uspec = a[2], uref = a[3];
	struct run_args r = {};
	struct dios_task *child;
	struct dios_ref *ref;
	int err;

	if (flags)
		return -DIOS_EINVAL;
	err = decode(t, id, uspec, &r);
	if (err)
		goto out;

	child = task_new(r.brand, base(r.argv[0]), r.group);
	if (IS_ERR(child)) {
		err = PTR_ERR(child);
		goto out;
	}
	ref = ref_new(&child->obj, dios_types[DIOS_T_TASK]->rights);
	if (IS_ERR(ref)) {
		err = PTR_ERR(ref);
		goto end;
	}
	err = give(child, &r);
	if (err)
		goto free;
	err = ref_reserve(t, &ref, 1);
	if (err)
		goto free;
	err = -DIOS_EFAULT;
	if (dal_copy_out(uref, &ref->id, sizeof(ref->id)))
		goto unreserve;
	err = dal_start_task(child, r.exe, r.argv, r.env);
	if (err) {
		/* The host has ended the task already, or never knew it. */
		ref_unreserve(t, &ref, 1);
		ref_free(ref);
		goto out;
	}
	err = ref_publish(t, &ref, 1);
	if (err)		/* the caller itself was ended meanwhile */
		ref_free(ref);
	goto out;

unreserve:
	ref_unreserve(t, &ref, 1);
free:
	ref_free(ref);
end:
	dios_task_end(child, NULL);
out:
	args_free(&r);
	return err;
}
