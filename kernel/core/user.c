// SPDX-License-Identifier: GPL-2.0
/*
 * user.c - what a task, and a user of the host, may have.
 *
 * Everything a program can make is counted twice: for the task, and for the user
 * whose process ran it, over all of that user's tasks.  The first limit keeps a
 * program that has gone wrong small, the second one keeps a user from going
 * around it with more tasks.
 *
 * - A task finds its user when it is made, by the uid of the running process, and
 *   holds it; so does each object that create made, because it may outlive its
 *   creator.
 * - To give something: user_charge() or task_charge(), before anything else
 *   changes; EQUOTA means that nothing was counted.
 * - To take it back: user_uncharge() or task_uncharge() with the same number.
 *
 * A limit that is lowered below what is in use takes nothing away; it
 * refuses more.
 *
 * What a user has in the store outlives his tasks and objects.  So he stays in the list for it, without
 * a hold; at load, dios_store.count() finds such users.
 *
 * Locks: users.lock guards the list and the last put; it is taken before nothing.
 */
#include "core.h"

/* Limits of one task. */
unsigned int dios_quota_refs = 65536;
unsigned long dios_quota_lent = 64 << 20;
unsigned long dios_quota_memory;
/* Of the node. */
unsigned int dios_quota_tasks = 4096;
/* Of one user; 0: no limit. */
unsigned long dios_quota_user[USE_N] = {
	[USE_OBJECTS]	= 262144,
	[USE_REFS]	= 262144,
	[USE_TASKS]	= 2048,
	[USE_LENT]	= 256 << 20,
};

static const char *const names[USE_N] = {
	[USE_OBJECTS]	= "objects",
	[USE_REFS]	= "refs",
	[USE_TASKS]	= "tasks",
	[USE_LENT]	= "lent",
	[USE_MEMORY]	= "memory",
	[USE_STORE]	= "store",
};

static struct {
	spinlock_t lock;
	struct list_head list;
} users = {
	.lock = __SPIN_LOCK_UNLOCKED(users.lock),
	.list = LIST_HEAD_INIT(users.list),
};

/* The user of that number, with one more hold, or NULL. */
static struct dios_user *find_locked(u32 uid)
{
	struct dios_user *u;

	lockdep_assert_held(&users.lock);
	list_for_each_entry(u, &users.list, link) {
		if (u->uid != uid)
			continue;
		/* Without a hold he is not counted; only under the lock it comes to that, or back. */
		if (!refcount_inc_not_zero(&u->holds)) {
			refcount_set(&u->holds, 1);
			stat_add(STAT_USERS, 1);
		}
		return u;
	}
	return NULL;
}

/**
 * user_get() - Find what is known of a user, or begin to know something.
 * @uid:	the host's number
 *
 * Context: May sleep.
 * Return: the user with one more hold, to be dropped with user_put();
 * ERR_PTR(-DIOS_ENOMEM).
 */
struct dios_user *user_get(u32 uid)
{
	struct dios_user *u, *made;

	spin_lock(&users.lock);
	u = find_locked(uid);
	spin_unlock(&users.lock);
	if (u)
		return u;
	made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);
	if (!made)
		return ERR_PTR(-DIOS_ENOMEM);
	refcount_set(&made->holds, 1);
	made->uid = uid;
	spin_lock(&users.lock);
	u = find_locked(uid);	/* another task of the same user was faster? */
	if (!u)
		list_add_tail(&made->link, &users.list);
	spin_unlock(&users.lock);
	if (u) {
		kfree(made);
		return u;
	}
	stat_add(STAT_USERS, 1);
	return made;
}

void user_hold(struct dios_user *u)
{
	refcount_inc(&u->holds);
}

/*
 * The last hold takes the user out of the list, if he has nothing in the store; nobody can find
 * it in between.  Only who has a hold changes what he has there.
 */
void user_put(struct dios_user *u)
{
	bool last, free = false;

	if (refcount_dec_not_one(&u->holds))
		return;
	spin_lock(&users.lock);
	last = refcount_dec_and_test(&u->holds);
	if (last) {
		stat_add(STAT_USERS, -1);
		free = !atomic64_read(&u->used[USE_STORE]);
	}
	if (free)
		list_del(&u->link);
	spin_unlock(&users.lock);
	if (free)
		kfree(u);
}

/* The store goes: so does what is known of users for its sake.  No task is left, and no object. */
void users_exit(void)
{
	struct dios_user *u, *next;

	list_for_each_entry_safe(u, next, &users.list, link) {
		list_del(&u->link);
		kfree(u);
	}
}

/* Count what is there already, whatever the limit is. */
void user_add(struct dios_user *u, enum dios_use what, u64 n)
{
	atomic64_add(n, &u->used[what]);
}

/**
 * user_charge() - Count something more for a user.
 * @u:		the user
 * @what:	what
 * @n:		how many, or bytes
 *
 * Context: Any.
 * Return: 0; -DIOS_EQUOTA: nothing was counted.
 */
int user_charge(struct dios_user *u, enum dios_use what, u64 n)
{
	u64 quota = READ_ONCE(dios_quota_user[what]);
	u64 used = atomic64_add_return(n, &u->used[what]);

	if (!quota || used <= quota)
		return 0;
	atomic64_add(-n, &u->used[what]);
	return -DIOS_EQUOTA;
}

void user_uncharge(struct dios_user *u, enum dios_use what, u64 n)
{
	atomic64_add(-n, &u->used[what]);
}

/* Where a task keeps its own count of bytes, and its limit. */
static u64 *own(struct dios_task *t, enum dios_use what, u64 *quota)
{
	if (what == USE_LENT) {
		*quota = READ_ONCE(dios_quota_lent);
		return &t->lent;
	}
	*quota = READ_ONCE(dios_quota_memory);
	if (!*quota)
		*quota = U64_MAX;
	return &t->memory;
}

/**
 * task_charge() - Count bytes for a task and its user.
 * @t:		the running task
 * @what:	USE_LENT or USE_MEMORY
 * @n:		bytes
 *
 * Context: The task's own.
 * Return: 0; -DIOS_EQUOTA: nothing was counted.
 */
int task_charge(struct dios_task *t, enum dios_use what, u64 n)
{
	u64 quota, *used = own(t, what, &quota);
	int err;

	if (n > quota - min(*used, quota))
		return -DIOS_EQUOTA;
	err = user_charge(t->user, what, n);
	if (!err)
		WRITE_ONCE(*used, *used + n);
	return err;
}

void task_uncharge(struct dios_task *t, enum dios_use what, u64 n)
{
	u64 quota, *used = own(t, what, &quota);

	WRITE_ONCE(*used, *used - n);
	user_uncharge(t->user, what, n);
}

/**
 * object_charge() - Count a new object, and the memory that it says it has, for a user.
 * @obj:	nobody but the caller knows it yet
 * @u:		who has it made
 *
 * Return: 0; -DIOS_EQUOTA: nothing was counted, and the caller puts the object.
 */
int object_charge(struct dios_object *obj, struct dios_user *u)
{
	int err = user_charge(u, USE_OBJECTS, 1);

	if (err)
		return err;
	err = user_charge(u, USE_MEMORY, obj->memory);
	if (err) {
		user_uncharge(u, USE_OBJECTS, 1);
		return err;
	}
	user_hold(u);
	obj->user = u;
	return 0;
}

/* The object is about to be freed. */
void object_uncharge(struct dios_object *obj)
{
	if (!obj->user)
		return;
	user_uncharge(obj->user, USE_OBJECTS, 1);
	user_uncharge(obj->user, USE_MEMORY, obj->memory);
	user_put(obj->user);
}

/* Call fn for each user, under users.lock: fn must not sleep. */
void user_list(void (*fn)(struct dios_user *u, void *arg), void *arg)
{
	struct dios_user *u;

	spin_lock(&users.lock);
	list_for_each_entry(u, &users.list, link)
		fn(u, arg);
	spin_unlock(&users.lock);
}

const char *use_name(enum dios_use what)
{
	return names[what];
}
