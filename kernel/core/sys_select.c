// SPDX-License-Identifier: GPL-2.0
/*
 * sys_select.c - wait until one of several references is ready.
 *
 * The task watches every object, looks, and sleeps; a watch that fires between
 * the look and the sleep makes the sleep return at once (dal_wait_begin).
 * It looks from another place each time, so that of several ready objects
 * each gets its turn.  Steps of the golden section visit every place soon, also
 * when a program's other selects, in between, take steps too.
 *
 * With DIOS_SELECT_KEEP the watches stay between calls, each in its reference, and those
 * that fired are on a list: so a call costs the same however many are waited for.
 *
 * Locks: obj->lock, by object_*().
 */
#include "core.h"

#define WATCHES_ON_STACK	4
#define GOLDEN			0x9e3779b9u	/* 2^32 / 1.618... */

struct wait {
	struct dios_watch watch;
	u32 rights;
	u32 len;
};

/* Index of a ready one, or -1. */
static int look(struct wait *w, u32 n, u32 from)
{
	u32 i, k;

	for (i = 0; i < n; i++) {
		k = from + i < n ? from + i : from + i - n;
		if (object_ready(w[k].watch.obj, w[k].rights, w[k].len))
			return k;
	}
	return -1;
}

/* Find the objects; the references hold them until the call ends. */
static int decode(struct dios_task *t, const struct dios_wait *in, u32 n, struct wait *w)
{
	struct dios_ref *ref;
	u32 i;

	for (i = 0; i < n; i++) {
		if (!in[i].rights ||
		    in[i].rights & ~(DIOS_R_READ | DIOS_R_WRITE))
			return -DIOS_EINVAL;
		ref = ref_find(t, in[i].ref, in[i].rights);
		if (IS_ERR(ref))
			return PTR_ERR(ref);
		if (in[i].len && !(in[i].rights & DIOS_R_WRITE && ref->obj->ops->batches))
			return -DIOS_EINVAL;
		w[i].watch.obj = ref->obj;
		w[i].len = in[i].len;
		w[i].rights = in[i].rights;
	}
	return 0;
}

/* The watches go into the references, which decode() has found. */
static void keep(struct dios_task *t, const struct dios_wait *in, u32 n)
{
	struct dios_ref *ref;
	u32 i;

	for (i = 0; i < n; i++) {
		ref = ref_find(t, in[i].ref, in[i].rights);
		object_keep(ref->obj, &ref->watch, t, in[i].rights, in[i].len);
	}
}

/* Wait for one of those that are kept. */
static int wait_for_kept(struct dios_task *t, s64 deadline, struct dios_wait *out)
{
	struct dios_watch *w = object_fired(t, &out->rights);
	int err = 0;

	if (!w && !deadline)
		return -DIOS_ETIMEDOUT;
	while (!w && !err) {
		dal_wait_begin(t);
		w = object_fired(t, &out->rights);
		if (!w)
			err = dal_wait(t, deadline);
	}
	if (!w)
		return err;
	out->ref = container_of(w, struct dios_ref, watch)->id;
	out->len = 0;
	return 0;
}

/* Return: 0, or an error; then nothing was selected. */
static int select_kept(struct dios_task *t, s64 deadline, u64 uselected)
{
	struct dios_wait out;
	struct dios_ref *ref;
	int err = wait_for_kept(t, deadline, &out);

	if (err || !dal_copy_out(uselected, &out, sizeof(out)))
		return err;
	/* Nobody was told: as it was. */
	ref = ref_find(t, out.ref, 0);
	object_keep(ref->obj, &ref->watch, t, out.rights, ref->watch.len);
	return -DIOS_EFAULT;
}

static int wait_for_one(struct dios_task *t, struct wait *w, u32 n, s64 deadline)
{
	u32 i, from = (u64)(t->turn += GOLDEN) * n >> 32;
	int winner, err = 0;

	winner = look(w, n, from);
	if (winner >= 0)
		return winner;
	if (!deadline)
		return -DIOS_ETIMEDOUT;
	for (i = 0; i < n; i++)
		object_watch(w[i].watch.obj, &w[i].watch, t, w[i].rights);
	do {
		dal_wait_begin(t);
		winner = look(w, n, from);
		if (winner >= 0)
			break;
		err = dal_wait(t, deadline);
	} while (!err);
	for (i = 0; i < n; i++)
		object_unwatch(&w[i].watch);
	return winner >= 0 ? winner : err;
}

/* syscall/dios: Select */
s64 sys_select(struct dios_task *t, const u64 a[6])
{
	u64 flags = a[0], uwaits = a[1], n = a[2], uselected = a[3];
	s64 deadline = a[4];
	struct dios_wait some_in[WATCHES_ON_STACK], *in = some_in;
	struct wait some[WATCHES_ON_STACK], *w = some;
	u64 selected;
	int err;

	if (flags & ~DIOS_SELECT_KEEP || n > DIOS_MAX_WAITS || deadline < -1)
		return -DIOS_EINVAL;
	if (n > WATCHES_ON_STACK) {
		in = kvmalloc_array(n, sizeof(*in), GFP_KERNEL_ACCOUNT);
		w = kvmalloc_array(n, sizeof(*w), GFP_KERNEL_ACCOUNT);
		err = -DIOS_ENOMEM;
		if (!in || !w)
			goto out;
	}
	err = -DIOS_EFAULT;
	if (n && dal_copy_in(in, uwaits, n * sizeof(*in)))
		goto out;
	err = decode(t, in, n, w);
	if (err)
		goto out;
	if (flags & DIOS_SELECT_KEEP) {
		keep(t, in, n);
		err = select_kept(t, deadline, uselected);
		goto out;
	}
	err = wait_for_one(t, w, n, deadline);
	if (err < 0)
		goto out;
	selected = err;
	err = dal_copy_out(uselected, &selected, sizeof(selected)) ? -DIOS_EFAULT : 0;
out:
	if (n > WATCHES_ON_STACK) {
		kvfree(in);
		kvfree(w);
	}
	return err;
}
