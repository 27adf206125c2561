// SPDX-License-Identifier: GPL-2.0
/*
 * object.c - the life of an object, and waiting for it.
 *
 * - A type's make() calls object_init(); the object then has one hold.
 * - object_get() and object_put() count holds; the last put calls ops->free.
 * - object_kill() makes a zombie: no name leads to it, every waiter wakes, and
 *   nobody starts an operation on it any more.  Its memory goes with the last hold.
 * - object_watch() registers a waiter, object_wake() wakes all of them.
 * - object_keep() registers one that stays while its task does other things: a
 *   wake puts it on the task's list of those to look at, and object_fired() looks.
 *
 * Why late users of a zombie are harmless: an operation in flight has a
 * hold through its reference, so ops->free cannot run under it.
 *
 * Locks: obj->lock (irqsave); task->fired_lock inside it, the innermost but the host's own.
 */
#include "core.h"

/**
 * object_init() - Make the common part of a new object.
 * @obj:	memory that ops->free will free
 * @ops:	the type
 *
 * Return: nothing; the object has one hold, the caller's.
 */
void object_init(struct dios_object *obj, const struct dios_object_ops *ops)
{
	refcount_set(&obj->holds, 1);
	obj->ops = ops;
	obj->rights = ops->rights;
	spin_lock_init(&obj->lock);
	obj->dead = false;
	obj->named = false;
	INIT_LIST_HEAD(&obj->watches);
	INIT_HLIST_HEAD(&obj->shown);
	INIT_HLIST_NODE(&obj->name_link);
	obj->name_set = NULL;
	obj->name_had = false;
	obj->user = NULL;
	obj->memory = 0;
	stat_add(STAT_HOLDS, 1);
	stat_add(STAT_OBJECTS, 1);
	stat_type_add(ops->type, 1);
}

void object_get(struct dios_object *obj)
{
	refcount_inc(&obj->holds);
	stat_add(STAT_HOLDS, 1);
}

/* For finders that have no hold: the object may be on its way out. */
bool object_get_unless_free(struct dios_object *obj)
{
	if (!refcount_inc_not_zero(&obj->holds))
		return false;
	stat_add(STAT_HOLDS, 1);
	return true;
}

void object_put(struct dios_object *obj)
{
	stat_add(STAT_HOLDS, -1);
	if (!refcount_dec_and_test(&obj->holds))
		return;
	name_del_last(obj);
	if (obj->dead)
		stat_add(STAT_ZOMBIES, -1);
	stat_add(STAT_OBJECTS, -1);
	stat_type_add(obj->ops->type, -1);
	object_uncharge(obj);
	obj->ops->free(obj);
}

void object_kill(struct dios_object *obj)
{
	unsigned long flags;
	bool first;

	spin_lock_irqsave(&obj->lock, flags);
	first = !obj->dead;
	if (first) {
		WRITE_ONCE(obj->dead, true);
		object_shown_locked(obj);
		object_wake_locked(obj);
	}
	spin_unlock_irqrestore(&obj->lock, flags);
	if (!first)
		return;
	name_del(obj);
	stat_add(STAT_ZOMBIES, 1);
	obj->ops->kill(obj);
}

bool object_dead(struct dios_object *obj)
{
	return READ_ONCE(obj->dead);
}

static void watch_locked(struct dios_object *obj, struct dios_watch *w, struct dios_task *t,
			 u32 rights)
{
	lockdep_assert_held(&obj->lock);
	w->obj = obj;
	w->task = t;
	w->rights = rights;
	w->kept = false;
	list_add_tail(&w->link, &obj->watches);
	stat_add(STAT_WATCHES, 1);
}

static void unwatch_locked(struct dios_watch *w)
{
	lockdep_assert_held(&w->obj->lock);
	list_del(&w->link);
	stat_add(STAT_WATCHES, -1);
}

void object_watch(struct dios_object *obj, struct dios_watch *w, struct dios_task *t,
		  u32 rights)
{
	unsigned long flags;

	spin_lock_irqsave(&obj->lock, flags);
	watch_locked(obj, w, t, rights);
	spin_unlock_irqrestore(&obj->lock, flags);
}

void object_unwatch(struct dios_watch *w)
{
	unsigned long flags;

	spin_lock_irqsave(&w->obj->lock, flags);
	unwatch_locked(w);
	spin_unlock_irqrestore(&w->obj->lock, flags);
}

/* Something may have become ready: its task shall look.  The object's lock is held. */
static void fire_locked(struct dios_watch *w)
{
	struct dios_task *t = w->task;

	spin_lock(&t->fired_lock);
	if (list_empty(&w->fired))
		list_add_tail(&w->fired, &t->fired);
	spin_unlock(&t->fired_lock);
}

/**
 * object_keep() - Watch an object until it is ready, whatever the task does meanwhile.
 * @obj:	the object
 * @w:		the reference's; kept already, or its rights are 0
 * @t:		the running task
 * @rights:	DIOS_R_READ, DIOS_R_WRITE: what for, in addition
 * @len:	for DIOS_R_WRITE, how much room
 *
 * Context: The task's own.  Does not sleep.
 */
void object_keep(struct dios_object *obj, struct dios_watch *w, struct dios_task *t,
		 u32 rights, u32 len)
{
	unsigned long flags;

	spin_lock_irqsave(&obj->lock, flags);
	if (!w->rights)
		watch_locked(obj, w, t, 0);
	w->kept = true;
	w->rights |= rights;
	if (rights & DIOS_R_WRITE)
		w->len = len;
	fire_locked(w);		/* it may be ready already */
	spin_unlock_irqrestore(&obj->lock, flags);
}

/* Keep the watch for these rights no more; it may be kept for none already. */
static void unkeep_locked(struct dios_watch *w, u32 rights)
{
	if (!w->rights)
		return;
	w->rights &= ~rights;
	if (!w->rights)
		unwatch_locked(w);
}

/* The reference goes, and its watch with it. */
void object_unkeep(struct dios_watch *w)
{
	unsigned long flags;

	if (!w->kept)
		return;
	spin_lock_irqsave(&w->obj->lock, flags);
	unkeep_locked(w, DIOS_R_ALL);
	spin_lock(&w->task->fired_lock);
	list_del_init(&w->fired);
	spin_unlock(&w->task->fired_lock);
	spin_unlock_irqrestore(&w->obj->lock, flags);
}

/**
 * object_fired() - Look at the kept watches that fired.
 * @t:		the running task
 * @rights:	what the object is ready for, of what it was watched for
 *
 * The watch is kept no more for what the object is ready for.
 *
 * Context: The task's own.  May sleep, for an object that asks the host.
 * Return: the watch of one that is ready, the first to fire; or NULL.
 */
struct dios_watch *object_fired(struct dios_task *t, u32 *rights)
{
	struct dios_object *obj;
	struct dios_watch *w;
	unsigned long flags;
	u32 ready;

	for (;;) {
		spin_lock_irqsave(&t->fired_lock, flags);
		w = list_empty(&t->fired) ? NULL : list_first_entry(&t->fired, struct dios_watch, fired);
		if (w)
			list_del_init(&w->fired);
		spin_unlock_irqrestore(&t->fired_lock, flags);
		if (!w)
			return NULL;
		/* What becomes ready from here on fires it again. */
		obj = w->obj;
		ready = w->rights;
		if (ready & DIOS_R_READ && !object_ready(obj, DIOS_R_READ, 0))
			ready &= ~DIOS_R_READ;
		if (ready & DIOS_R_WRITE && !object_ready(obj, DIOS_R_WRITE, w->len))
			ready &= ~DIOS_R_WRITE;
		if (!ready)
			continue;
		spin_lock_irqsave(&obj->lock, flags);
		unkeep_locked(w, ready);
		spin_unlock_irqrestore(&obj->lock, flags);
		*rights = ready;
		return w;
	}
}

/* The waiters cannot go away here: they unwatch under obj->lock. */
void object_wake_for_locked(struct dios_object *obj, u32 rights)
{
	struct dios_watch *w;

	lockdep_assert_held(&obj->lock);
	list_for_each_entry(w, &obj->watches, link)
		if (w->rights & rights) {
			if (w->kept)
				fire_locked(w);
			dal_wake(w->task);
		}
}

void object_wake_locked(struct dios_object *obj)
{
	object_wake_for_locked(obj, DIOS_R_ALL);
}

void object_wake_for(struct dios_object *obj, u32 rights)
{
	unsigned long flags;

	spin_lock_irqsave(&obj->lock, flags);
	object_wake_for_locked(obj, rights);
	spin_unlock_irqrestore(&obj->lock, flags);
}

void object_wake(struct dios_object *obj)
{
	object_wake_for(obj, DIOS_R_ALL);
}

/* A zombie is ready for everything: using it fails at once. */
bool object_ready(struct dios_object *obj, u32 rights, u32 len)
{
	unsigned long flags;
	bool ready;

	if (obj->ops->asks_host)
		return object_dead(obj) || obj->ops->ready(obj, rights, len);
	spin_lock_irqsave(&obj->lock, flags);
	ready = obj->dead || obj->ops->ready(obj, rights, len);
	spin_unlock_irqrestore(&obj->lock, flags);
	return ready;
}

/**
 * object_wait() - Wait until an object can be acquired.
 * @t:		the running task
 * @obj:	the object, held by the caller
 * @rights:	DIOS_R_READ or DIOS_R_WRITE
 * @flags:	DIOS_BUF_NONBLOCK, or others, which are ignored
 *
 * Context: The task's own.  Sleeps unless DIOS_BUF_NONBLOCK.
 * Return: 0; -DIOS_EAGAIN, -DIOS_EINTR, -DIOS_EZOMBIE.
 */
int object_wait(struct dios_task *t, struct dios_object *obj, u32 rights, u64 flags)
{
	struct dios_watch w;
	int err;

	if (flags & DIOS_BUF_NONBLOCK) {
		if (object_dead(obj))
			return -DIOS_EZOMBIE;
		return object_ready(obj, rights, 0) ? 0 : -DIOS_EAGAIN;
	}
	object_watch(obj, &w, t, rights);
	do {
		dal_wait_begin(t);
		err = 0;
		if (object_dead(obj)) {
			err = -DIOS_EZOMBIE;
			break;
		}
		if (object_ready(obj, rights, 0))
			break;
		err = dal_wait(t, -1);
	} while (!err);
	object_unwatch(&w);
	return err;
}

static int try_locked(struct dios_lend *l, int (*take_locked)(struct dios_lend *l))
{
	return l->ref->obj->dead ? -DIOS_EZOMBIE : take_locked(l);
}

/**
 * object_take() - Take something of an object, and wait until it is there.
 * @l:			an acquire or a commit
 * @take_locked:	takes it, or says -DIOS_EAGAIN; called with obj->lock held, again
 *			each time the task was woken
 *
 * One lock for a try, and for what makes the task be woken: this is the path of
 * every message.
 *
 * Context: The task's own.  Sleeps unless DIOS_BUF_NONBLOCK.
 * Return: what take_locked said, but -DIOS_EAGAIN only with DIOS_BUF_NONBLOCK;
 * -DIOS_EINTR, -DIOS_EZOMBIE.
 */
int object_take(struct dios_lend *l, int (*take_locked)(struct dios_lend *l))
{
	struct dios_object *obj = l->ref->obj;
	struct dios_watch w;
	unsigned long flags;
	int err, slept = 0;

	spin_lock_irqsave(&obj->lock, flags);
	err = try_locked(l, take_locked);
	if (err != -DIOS_EAGAIN || l->flags & DIOS_BUF_NONBLOCK) {
		spin_unlock_irqrestore(&obj->lock, flags);
		return err;
	}
	watch_locked(obj, &w, l->task, l->buf->write ? DIOS_R_WRITE : DIOS_R_READ);
	while (err == -DIOS_EAGAIN && !slept) {
		dal_wait_begin(l->task);
		spin_unlock_irqrestore(&obj->lock, flags);
		slept = dal_wait(l->task, -1);
		spin_lock_irqsave(&obj->lock, flags);
		err = try_locked(l, take_locked);
	}
	unwatch_locked(&w);
	spin_unlock_irqrestore(&obj->lock, flags);
	/* What came with the interruption is not left lying. */
	return err == -DIOS_EAGAIN ? slept : err;
}

/* What a type that lacks an operation has in its place. */

struct dios_object *obj_make_none(struct dios_task *t, u64 flags, const void *spec)
{
	return ERR_PTR(-DIOS_ENOTSUP);
}

int obj_acquire_none(struct dios_lend *l)
{
	return -DIOS_ENOTSUP;
}

ssize_t obj_commit_none(struct dios_lend *l)
{
	return -DIOS_ENOTSUP;
}

int obj_discard_none(struct dios_lend *l)
{
	return -DIOS_ENOTSUP;
}

void obj_info_none(struct dios_object *obj, void *out)
{
}

int obj_set_info_none(struct dios_lend *l, const void *in)
{
	return -DIOS_ENOTSUP;
}

void obj_opened_nothing(struct dios_object *obj, u32 rights)
{
}

bool obj_ready_always(struct dios_object *obj, u32 rights, u32 len)
{
	return true;
}

struct dios_task *obj_task_none(struct dios_object *obj, struct dios_task *self)
{
	return ERR_PTR(-DIOS_EINVAL);
}

struct dal_exe *obj_exe_none(struct dios_object *obj)
{
	return ERR_PTR(-DIOS_EINVAL);
}

struct dios_names *obj_names_none(struct dios_object *obj)
{
	return ERR_PTR(-DIOS_EINVAL);
}

u64 obj_size_none(struct dios_object *obj, u32 right)
{
	return 0;
}

int obj_zombify(struct dios_object *obj)
{
	object_kill(obj);
	return 0;
}

int obj_zombify_none(struct dios_object *obj)
{
	return -DIOS_ENOTSUP;
}

void obj_kill_nothing(struct dios_object *obj)
{
}

/* For a type whose struct begins with the object and holds nothing else. */
void obj_free_plain(struct dios_object *obj)
{
	kfree(obj);
}
