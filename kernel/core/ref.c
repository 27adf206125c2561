// SPDX-License-Identifier: GPL-2.0
/*
 * ref.c - the reference table of a task.
 *
 * A reference is a number a program holds instead of an object: a slot and
 * the slot's generation, so that a stale number is never another object's.
 *
 * - To turn a number into an object, call ref_find() with the rights needed.
 * - To give references: ref_new() for each, ref_reserve() gets the numbers,
 *   then, when nothing can fail any more, ref_publish() makes them valid.
 *   Several are reserved and published together: all or none.
 * - ref_del() takes one away with its buffers; ref_del_all() ends the table.
 *
 * A number is never used twice: a slot whose generations are used up is left.
 *
 * Locks: task->lock, which guards slots; names.lock is taken before it, obj->lock
 * after it.
 */
#include "core.h"

#define SLOTS_MIN	16

static u64 make_id(u32 slot, u32 gen)
{
	return (u64)gen << 32 | slot;
}

/**
 * ref_find() - Find what a number of a task stands for.
 * @t:		the running task
 * @id:		reference number, as the program passed it
 * @need:	DIOS_R_* rights it must carry; 0: any
 *
 * Context: The task's own.  Does not sleep.
 * Return: the reference, valid until the call ends or deletes it;
 * ERR_PTR of -DIOS_EBADREF or -DIOS_EPERM.
 */
struct dios_ref *ref_find(struct dios_task *t, u64 id, u32 need)
{
	struct dios_ref *ref = NULL;
	u32 slot = (u32)id;

	spin_lock(&t->lock);
	if (slot < t->nslots) {
		slot = array_index_nospec(slot, t->nslots);
		ref = t->slots[slot].ref;
		if (ref && ref->id != id)
			ref = NULL;
	}
	spin_unlock(&t->lock);
	if (!ref)
		return ERR_PTR(-DIOS_EBADREF);
	if ((ref->rights & need) != need)
		return ERR_PTR(-DIOS_EPERM);
	return ref;
}

struct dios_ref *ref_find_alive(struct dios_task *t, u64 id, u32 need)
{
	struct dios_ref *ref = ref_find(t, id, need);

	if (!IS_ERR(ref) && object_dead(ref->obj))
		return ERR_PTR(-DIOS_EZOMBIE);
	return ref;
}

/* A reference in no table yet; it takes a hold of its own. */
struct dios_ref *ref_new(struct dios_object *obj, u32 rights)
{
	struct dios_ref *ref = kzalloc(sizeof(*ref), GFP_KERNEL_ACCOUNT);

	if (!ref)
		return ERR_PTR(-DIOS_ENOMEM);
	object_get(obj);
	ref->obj = obj;
	ref->rights = rights;
	INIT_LIST_HEAD(&ref->bufs);
	INIT_LIST_HEAD(&ref->watch.fired);
	INIT_LIST_HEAD(&ref->in_groups);
	obj->ops->opened(obj, rights);
	stat_add(STAT_REFS, 1);
	return ref;
}

/* The end of a reference that is in no table; it has no buffers. */
void ref_free(struct dios_ref *ref)
{
	ref->obj->ops->closed(ref->obj, ref->rights);
	object_put(ref->obj);
	kfree(ref);
	stat_add(STAT_REFS, -1);
}

/* Make room for n more free slots than are used.  task->lock is not held. */
static int grow(struct dios_task *t, u32 had, u32 n)
{
	struct dios_slot *slots, *old = NULL;
	u32 want, i;

	want = max_t(u32, SLOTS_MIN, had + max(had, n));
	if (table_back(t, want))
		return -DIOS_ENOMEM;
	slots = kvcalloc(want, sizeof(*slots), GFP_KERNEL_ACCOUNT);
	if (!slots)
		return -DIOS_ENOMEM;
	spin_lock(&t->lock);
	/* Else the table has come meanwhile: the caller looks, and comes again. */
	if (t->nslots < want && table_backed_locked(t, want)) {
		if (t->nslots)
			memcpy(slots, t->slots, t->nslots * sizeof(*slots));
		/* Low slots first: the free list is made from the end. */
		for (i = want; i-- > t->nslots; ) {
			slots[i].gen = 1;
			slots[i].next = t->free;
			t->free = i + 1;
		}
		old = t->slots;
		t->slots = slots;
		t->nslots = want;
		slots = NULL;
	}
	spin_unlock(&t->lock);
	kvfree(old);
	kvfree(slots);
	return 0;
}

/**
 * ref_reserve() - Get numbers for new references.
 * @t:		the task that shall have them
 * @refs:	from ref_new(); their ids are set
 * @n:		how many
 *
 * The numbers mean nothing until ref_publish().
 *
 * Context: Any task's.  May sleep.
 * Return: 0; -DIOS_ENOMEM, -DIOS_EQUOTA, -DIOS_EZOMBIE (the task has ended).
 * On error nothing is reserved.
 */
int ref_reserve(struct dios_task *t, struct dios_ref **refs, u32 n)
{
	u32 i, had;
	int err = user_charge(t->user, USE_REFS, n);

	if (err)
		return err;
	spin_lock(&t->lock);
	for (i = 0; i < n; ) {
		if (t->ended) {
			err = -DIOS_EZOMBIE;
			break;
		}
		if (t->nrefs + n - i > dios_quota_refs) {
			err = -DIOS_EQUOTA;
			break;
		}
		if (!t->free) {
			had = t->nslots;
			spin_unlock(&t->lock);
			err = grow(t, had, n);
			spin_lock(&t->lock);
			if (err)
				break;
			continue;
		}
		had = t->free - 1;
		t->free = t->slots[had].next;
		t->nrefs++;
		refs[i++]->id = make_id(had, t->slots[had].gen);
	}
	spin_unlock(&t->lock);
	if (err) {
		user_uncharge(t->user, USE_REFS, n - i);
		ref_unreserve(t, refs, i);
	}
	return err;
}

/* The slot of id is free again, with its next generation. */
static void slot_free_locked(struct dios_task *t, u64 id)
{
	struct dios_slot *s = &t->slots[(u32)id];

	lockdep_assert_held(&t->lock);
	if (s->ref)
		table_del_locked(t, s->ref);
	if (s->ref && !list_empty(&s->ref->in_groups)) {
		list_del_init(&s->ref->in_groups);
		t->ngroups--;
	}
	s->ref = NULL;
	t->nrefs--;
	user_uncharge(t->user, USE_REFS, 1);
	if (++s->gen == 0)	/* used up: the slot is never used again */
		return;
	s->next = t->free;
	t->free = (u32)id + 1;
}

void ref_unreserve(struct dios_task *t, struct dios_ref **refs, u32 n)
{
	spin_lock(&t->lock);
	while (n--)
		slot_free_locked(t, refs[n]->id);
	spin_unlock(&t->lock);
}

static void publish_locked(struct dios_task *t, struct dios_ref *ref)
{
	lockdep_assert_held(&t->lock);
	t->slots[(u32)ref->id].ref = ref;
	table_add_locked(t, ref);
	if (ref->obj->ops->type == DIOS_T_GROUP && ref->rights & DIOS_R_READ) {
		list_add_tail(&ref->in_groups, &t->groups);
		t->ngroups++;
	}
}

/**
 * ref_publish() - Make reserved references valid.
 * @t:		the task that gets them
 * @refs:	from ref_reserve(); they belong to the table now
 * @n:		how many
 *
 * Return: 0; -DIOS_EZOMBIE when the task has ended: nothing was given, and the
 * references are still the caller's, unreserved.
 */
int ref_publish(struct dios_task *t, struct dios_ref **refs, u32 n)
{
	bool ended;
	u32 i;

	spin_lock(&t->lock);
	ended = t->ended;
	for (i = 0; i < n && !ended; i++)
		publish_locked(t, refs[i]);
	spin_unlock(&t->lock);
	if (!ended)
		return 0;
	ref_unreserve(t, refs, n);
	return -DIOS_EZOMBIE;
}

static void bufs_free(struct dios_task *t, struct dios_ref *ref)
{
	struct dios_buf *buf, *next;

	list_for_each_entry_safe(buf, next, &ref->bufs, link)
		buf_free(t, ref, buf);
	if (ref->view)
		mem_put(t, ref->view);
}

/* Take a reference out of its table, with its buffers.  The task's own context. */
void ref_del(struct dios_task *t, struct dios_ref *ref)
{
	spin_lock(&t->lock);
	slot_free_locked(t, ref->id);
	spin_unlock(&t->lock);
	object_unkeep(&ref->watch);
	bufs_free(t, ref);
	ref_free(ref);
}

/*
 * The end of the table.  t->ended is set, so no reference is added any more; but
 * a copy that came too late may still be growing the table.
 */
void ref_del_all(struct dios_task *t)
{
	struct dios_ref *ref;
	u32 i;

	spin_lock(&t->lock);
	for (i = 0; i < t->nslots; i++) {
		ref = t->slots[i].ref;
		if (!ref)
			continue;
		spin_unlock(&t->lock);
		ref_del(t, ref);
		spin_lock(&t->lock);
	}
	spin_unlock(&t->lock);
}
