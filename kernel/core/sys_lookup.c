// SPDX-License-Identifier: GPL-2.0
/*
 * sys_lookup.c - references to the objects of a name.
 *
 * A task looks into its own group and into those it has references to, or into the
 * one it gives.  It looks into each of them, whatever it has found, and into no other:
 * so a name that lies elsewhere and one that does not exist take the same time.
 *
 * Locks: task->lock, while the task's groups are listed; names.store_lock and names.lock, by name_get().
 */
#include "core.h"

#define SETS_ON_STACK	4

/* Where to look, and what was found there. */
struct place {
	struct dios_names *set;
	struct dios_object *obj;	/* a hold; NULL: nothing */
	u32 rights;
};

struct search {
	struct place some[SETS_ON_STACK], *places;
	u32 n;				/* places */
	u32 found;			/* places that have an object */
};

static void search_end(struct search *s)
{
	u32 i;

	for (i = 0; i < s->n; i++)
		if (s->places[i].obj)
			object_put(s->places[i].obj);
	if (s->places != s->some)
		kvfree(s->places);
}

static void add_place(struct search *s, struct dios_object *group)
{
	s->places[s->n++] = (struct place){ .set = group->ops->names(group) };
}

/*
 * The task's groups; the references hold them until the call ends.  False: there is no
 * room for all of them.
 */
static bool list_groups(struct dios_task *t, struct search *s, u32 room)
{
	struct dios_ref *ref;
	bool fits;

	s->n = 0;
	add_place(s, t->group);
	spin_lock(&t->lock);
	fits = t->ngroups < room;
	if (fits)
		list_for_each_entry(ref, &t->groups, in_groups)
			if (ref->obj != t->group)
				add_place(s, ref->obj);
	spin_unlock(&t->lock);
	return fits;
}

static int older(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->set->number < y->set->number ? -1 : x->set->number > y->set->number;
}

/* Each group once, however many references to it there are: the own one, then by age. */
static void sort_places(struct search *s)
{
	struct place *p = s->places;
	u32 i, n = 1;

	if (s->n > 2)
		sort(p + 1, s->n - 1, sizeof(*p), older, NULL);
	for (i = 1; i < s->n; i++)
		if (p[i].set != p[n - 1].set)
			p[n++] = p[i];
	s->n = n;
}

static int search_all(struct dios_task *t, struct search *s)
{
	u32 room = SETS_ON_STACK;

	/* Somebody may give the task another one meanwhile. */
	while (!list_groups(t, s, room)) {
		if (s->places != s->some)
			kvfree(s->places);
		room = READ_ONCE(t->ngroups) + 1 + SETS_ON_STACK;
		s->places = kvmalloc_array(room, sizeof(*s->places), GFP_KERNEL_ACCOUNT);
		if (!s->places) {
			s->places = s->some;
			s->n = 0;
			return -DIOS_ENOMEM;
		}
	}
	sort_places(s);
	return 0;
}

static int search_one(struct dios_task *t, u64 id, struct search *s)
{
	struct dios_ref *ref = ref_find_alive(t, id, DIOS_R_READ);
	struct dios_names *set;

	if (IS_ERR(ref))
		return PTR_ERR(ref);
	set = ref->obj->ops->names(ref->obj);
	if (IS_ERR(set))
		return PTR_ERR(set);
	add_place(s, ref->obj);
	return 0;
}

static int search_name(struct search *s, bool public, const u8 name[DIOS_NAME_SIZE])
{
	struct place *p;
	int err = 0;

	for (p = s->places; p < s->places + s->n; p++) {
		p->obj = name_get(p->set, public, name, &p->rights);
		if (IS_ERR(p->obj)) {
			err = PTR_ERR(p->obj);
			p->obj = NULL;
		}
		s->found += !!p->obj;
	}
	return err;
}

/* References in no table yet, to what was found. */
static int refs_new(struct search *s, struct dios_ref **refs)
{
	u32 i, n = 0;

	for (i = 0; i < s->n; i++) {
		struct place *p = &s->places[i];

		if (!p->obj)
			continue;
		refs[n] = ref_new(p->obj, p->rights);
		if (IS_ERR(refs[n])) {
			int err = PTR_ERR(refs[n]);

			grants_free(refs, n);
			return err;
		}
		n++;
	}
	return 0;
}

/* All that was found becomes the task's, or nothing. */
static int give(struct dios_task *t, struct search *s, u64 urefs, u64 ucount)
{
	struct dios_ref *one, **refs = &one;
	u64 n = s->found;
	u32 i;
	int err;

	if (n > 1)
		refs = kvmalloc_array(n, sizeof(*refs), GFP_KERNEL_ACCOUNT);
	if (!refs)
		return -DIOS_ENOMEM;
	err = refs_new(s, refs);
	if (err)
		goto out;
	err = ref_reserve(t, refs, n);
	if (err)
		goto free;
	for (i = 0; i < n && !err; i++)
		err = dal_copy_out(urefs + i * sizeof(u64), &refs[i]->id, sizeof(u64));
	if (!err)
		err = dal_copy_out(ucount, &n, sizeof(n));
	if (err) {
		ref_unreserve(t, refs, n);
		goto free;
	}
	err = ref_publish(t, refs, n);
	if (!err)
		goto out;
free:
	grants_free(refs, n);
out:
	if (refs != &one)
		kvfree(refs);
	return err;
}

/* syscall/dios: Lookup */
s64 sys_lookup(struct dios_task *t, const u64 a[6])
{
	u64 flags = a[0], uname = a[1], urefs = a[2], ucount = a[3], ugroup = a[4];
	struct search s = { .places = s.some };
	u8 name[DIOS_NAME_SIZE];
	u64 room, found;
	int err;

	if (flags & ~(u64)(DIOS_LOOKUP_LOCAL_ONLY | DIOS_LOOKUP_PUBLIC | DIOS_LOOKUP_GROUP))
		return -DIOS_EINVAL;
	if (dal_copy_in(name, uname, sizeof(name)) ||
	    dal_copy_in(&room, ucount, sizeof(room)))
		return -DIOS_EFAULT;
	err = flags & DIOS_LOOKUP_GROUP ? search_one(t, ugroup, &s) : search_all(t, &s);
	if (err)
		return err;
	err = search_name(&s, flags & DIOS_LOOKUP_PUBLIC, name);
	found = s.found;
	if (err)
		;	/* the store failed: nobody knows what there is */
	else if (!found)
		err = -DIOS_ENOENT;
	else if (room < found)
		err = dal_copy_out(ucount, &found, sizeof(found)) ? -DIOS_EFAULT : -DIOS_ETOOBIG;
	else
		err = give(t, &s, urefs, ucount);
	search_end(&s);
	return err;
}
