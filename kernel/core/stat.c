// SPDX-License-Identifier: GPL-2.0
/*
 * stat.c - what is there now.
 *
 * Counts of everything that can be left over.  The tests compare them before
 * and after each program; the host shows them.
 *
 * Locks: task->lock, in stat_task().
 */
#include "core.h"

static atomic64_t counts[STAT_N];
static atomic64_t types[DIOS_T_MAX + 1];

static const char *const names[STAT_N] = {
	[STAT_OBJECTS]	= "objects",
	[STAT_ZOMBIES]	= "zombies",
	[STAT_NAMES]	= "names",
	[STAT_REFS]	= "refs",
	[STAT_BUFS]	= "bufs",
	[STAT_WATCHES]	= "watches",
	[STAT_TASKS]	= "tasks",
	[STAT_LENT]	= "lent_bytes",
	[STAT_HOLDS]	= "holds",
	[STAT_USERS]	= "users",
};

void stat_add(enum dios_stat which, s64 n)
{
	atomic64_add(n, &counts[which]);
}

s64 stat_get(enum dios_stat which)
{
	return atomic64_read(&counts[which]);
}

const char *stat_name(enum dios_stat which)
{
	return names[which];
}

void stat_type_add(u32 type, s64 n)
{
	atomic64_add(n, &types[type]);
}

s64 stat_type_get(u32 type)
{
	return atomic64_read(&types[type]);
}

/**
 * stat_task() - Look at what a task has.
 * @t:		held by the caller
 * @use:	out
 *
 * Context: Does not sleep.
 */
void stat_task(struct dios_task *t, struct dios_task_use *use)
{
	struct dios_object *obj;
	u32 i;

	memset(use, 0, sizeof(*use));
	spin_lock(&t->lock);
	for (i = 0; i < t->nslots; i++) {
		if (!t->slots[i].ref)
			continue;
		obj = t->slots[i].ref->obj;
		use->refs++;
		use->zombies += object_dead(obj);
		use->types[obj->ops->type]++;
	}
	spin_unlock(&t->lock);
}
