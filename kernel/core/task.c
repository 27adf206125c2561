// SPDX-License-Identifier: GPL-2.0
/*
 * task.c - the life of a task.
 *
 * - task_new() makes a task with its SELF reference; nothing runs yet.
 * - sys_run gives it references and has the host start it; or the host opens
 *   one for a legacy-limbo process, with dios_task_open().
 * - dios_task_end() is called once by the host when the program has ended,
 *   however it ended: its references and buffers go, its status stays in the
 *   TASK object for whoever waits.
 *
 * A running task has a hold on itself, dropped by dios_task_end().
 *
 * Locks: tasks.lock guards the list of tasks; it is taken before nothing.
 */
#include "core.h"

static struct {
	spinlock_t lock;
	struct list_head list;
	u32 last;		/* number of the newest task */
} tasks = {
	.lock = __SPIN_LOCK_UNLOCKED(tasks.lock),
	.list = LIST_HEAD_INIT(tasks.list),
};

bool task_may_call_host(const struct dios_task *t)
{
	return t->brand == DIOS_BRAND_DIOS_LIMBO ||
	       t->brand == DIOS_BRAND_LEGACY_LIMBO;
}

/* Give a task that does not run yet, or is the running one, a reference. */
int task_add_ref(struct dios_task *t, struct dios_object *obj, u32 rights, u64 *id)
{
	struct dios_ref *ref = ref_new(obj, rights);
	int err;

	if (IS_ERR(ref))
		return PTR_ERR(ref);
	err = ref_reserve(t, &ref, 1);
	if (!err)
		err = ref_publish(t, &ref, 1);
	if (err) {
		ref_free(ref);
		return err;
	}
	*id = ref->id;
	return 0;
}

/* Make an object of a type and give it to a task in one go. */
static int add_new(struct dios_task *t, u32 type, u64 *id)
{
	const struct dios_object_ops *ops = dios_types[type];
	struct dios_object *obj = ops->make(t, 0, NULL);
	int err;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	err = task_add_ref(t, obj, obj->rights, id);
	object_put(obj);
	return err;
}

/**
 * task_new() - Make a task that does not run yet.
 * @brand:	DIOS_BRAND_*
 * @comm:	what to call it in listings
 * @group:	the GROUP that becomes its own
 *
 * It has references to itself, to a RANDOM object and to its group.
 *
 * Context: May sleep.
 * Return: the task, with one hold on its obj, to be dropped with
 * dios_task_end(); ERR_PTR(-DIOS_ENOMEM), ERR_PTR(-DIOS_EQUOTA).
 */
struct dios_task *task_new(u32 brand, const char *comm, struct dios_object *group)
{
	struct dios_user *user = user_get(dal_uid());
	struct dios_task *t;
	int err;

	if (IS_ERR(user))
		return ERR_CAST(user);
	err = -DIOS_EQUOTA;
	if (stat_get(STAT_TASKS) >= READ_ONCE(dios_quota_tasks) ||
	    user_charge(user, USE_TASKS, 1))
		goto put;
	err = -DIOS_ENOMEM;
	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		goto uncharge;
	t->user = user;
	object_init(&t->obj, dios_types[DIOS_T_TASK]);
	spin_lock_init(&t->lock);
	spin_lock_init(&t->fired_lock);
	INIT_LIST_HEAD(&t->fired);
	INIT_LIST_HEAD(&t->groups);
	object_get(group);
	t->group = group;
	t->brand = brand;
	strscpy(t->comm, comm, sizeof(t->comm));
	t->start.magic = DIOS_START_MAGIC;
	t->start.abi = DIOS_ABI_VERSION;
	t->start.brand = brand;
	t->start.node = 1;

	spin_lock(&tasks.lock);
	t->number = ++tasks.last;
	list_add_tail(&t->link, &tasks.list);
	spin_unlock(&tasks.lock);
	stat_add(STAT_TASKS, 1);

	/* SELF comes first: its number is DIOS_REF_SELF in every task. */
	err = add_new(t, DIOS_T_SELF, &t->start.self);
	if (!err)
		err = add_new(t, DIOS_T_RANDOM, &t->start.random);
	if (!err)
		err = task_add_ref(t, group, DIOS_R_READ | DIOS_R_WRITE, &t->start.group);
	if (err) {
		dios_task_end(t, NULL);
		return ERR_PTR(err);
	}
	return t;

uncharge:
	user_uncharge(user, USE_TASKS, 1);
put:
	user_put(user);
	return ERR_PTR(err);
}

/* The host: the running process, of a brand that may, becomes a task of the root group. */
struct dios_task *dios_task_open(u32 brand, const char *comm)
{
	return task_new(brand, comm, names_root());
}

/**
 * dios_task_end() - The program has ended.
 * @t:		the task; the caller's hold is dropped
 * @status:	how it ended; NULL for one that never ran
 *
 * Context: The task's own on its way out, or another once nothing of the task
 * runs any more.  May sleep.
 */
void dios_task_end(struct dios_task *t, const struct dios_task_status *status)
{
	spin_lock(&t->lock);
	if (status)
		t->status = *status;
	else
		t->status.how = DIOS_END_KILLED;
	t->status.calls = t->calls;
	WRITE_ONCE(t->ended, true);	/* task_ready() looks without the lock */
	spin_unlock(&t->lock);

	ref_del_all(t);
	object_put(t->group);
	if (t->exe_obj) {
		dal_exe_put(t->exe);
		object_put(t->exe_obj);
	}
	spin_lock(&tasks.lock);
	list_del(&t->link);
	spin_unlock(&tasks.lock);
	stat_add(STAT_TASKS, -1);
	user_uncharge(t->user, USE_TASKS, 1);

	object_wake(&t->obj);
	object_put(&t->obj);
}

/* The last hold on the TASK object is gone. */
void task_free(struct dios_object *obj)
{
	struct dios_task *t = container_of(obj, struct dios_task, obj);

	if (t->dal)
		dal_task_free(t->dal);
	table_free(t);
	user_put(t->user);
	kvfree(t->slots);
	kfree(t);
}

/* Call fn for each task, under tasks.lock: fn must not sleep. */
void task_list(void (*fn)(struct dios_task *t, void *arg), void *arg)
{
	struct dios_task *t;

	spin_lock(&tasks.lock);
	list_for_each_entry(t, &tasks.list, link)
		fn(t, arg);
	spin_unlock(&tasks.lock);
}

/**
 * task_after() - Go through the tasks one by one.
 * @number:	of the one before; 0 for the first
 *
 * Return: the next one, with a hold, to be dropped with object_put() of its obj; NULL:
 * there is no more.
 */
struct dios_task *task_after(u32 number)
{
	struct dios_task *t, *found = NULL;

	spin_lock(&tasks.lock);
	/* New ones go to the end: the numbers are in order. */
	list_for_each_entry(t, &tasks.list, link) {
		if (t->number > number && object_get_unless_free(&t->obj)) {
			found = t;
			break;
		}
	}
	spin_unlock(&tasks.lock);
	return found;
}
