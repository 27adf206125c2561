// SPDX-License-Identifier: GPL-2.0
/*
 * dispatch.c - the table of the calls.
 *
 * The first of the two look-ups a call makes; the second is obj->ops.
 * abi/dios.h has the numbers and the manual of each call.
 */
#include "core.h"

struct dios_call {
	const char *name;
	s64 (*fn)(struct dios_task *t, const u64 a[6]);
};

#define NR(call)	((call) - DIOS_CREATE)

static const struct dios_call calls[] = {
	[NR(DIOS_CREATE)]	 = { "create",		sys_create },
	[NR(DIOS_LOOKUP)]	 = { "lookup",		sys_lookup },
	[NR(DIOS_DELETE)]	 = { "delete",		sys_delete },
	[NR(DIOS_COPY)]		 = { "copy",		sys_copy },
	[NR(DIOS_RUN)]		 = { "run",		sys_run },
	[NR(DIOS_SELECT)]	 = { "select",		sys_select },
	[NR(DIOS_ACQUIRE_READ)]	 = { "acquire_read",	sys_acquire_read },
	[NR(DIOS_COMMIT_READ)]	 = { "commit_read",	sys_commit_read },
	[NR(DIOS_RELEASE_READ)]	 = { "release_read",	sys_release_read },
	[NR(DIOS_ACQUIRE_WRITE)] = { "acquire_write",	sys_acquire_write },
	[NR(DIOS_COMMIT_WRITE)]	 = { "commit_write",	sys_commit_write },
	[NR(DIOS_RELEASE_WRITE)] = { "release_write",	sys_release_write },
};

_Static_assert(ARRAY_SIZE(calls) == DIOS_NCALL, "a call for each number");

/**
 * dios_dispatch() - Make a call for the running task.
 * @t:		the task
 * @nr:		DIOS_CREATE to DIOS_RELEASE_WRITE; the host has checked it
 * @args:	the six argument registers, copied
 *
 * Return: what the program gets in rax.
 */
s64 dios_dispatch(struct dios_task *t, u32 nr, const u64 args[6])
{
	s64 ret;

	WRITE_ONCE(t->call, nr);
	nr = array_index_nospec(nr - DIOS_CREATE, DIOS_NCALL);
	WRITE_ONCE(t->calls, t->calls + 1);	/* task_info() looks */
	ret = calls[nr].fn(t, args);
	WRITE_ONCE(t->call, 0);
	return ret;
}

const char *call_name(u32 nr)
{
	return nr - DIOS_CREATE < DIOS_NCALL ? calls[nr - DIOS_CREATE].name : "?";
}

/* At load: no hole in the table of calls, nor in any type's operations, and no struct larger than the room for it. */
int calls_check(void)
{
	const struct dios_object_ops *o;
	u32 i;

	for (i = 0; i < DIOS_NCALL; i++)
		if (!calls[i].fn || !calls[i].name)
			return -DIOS_EINVAL;
	for (i = 1; i <= DIOS_T_MAX; i++) {
		o = dios_types[i];
		if (!o || o->type != i || !o->name || !o->make ||
		    !o->acquire_read || !o->commit_read || !o->acquire_write ||
		    !o->commit_write || !o->discard || !o->unlend || !o->info ||
		    !o->set_info || !o->opened || !o->closed || !o->ready ||
		    !o->task || !o->exe || !o->names ||
		    !o->size || !o->zombify || !o->kill || !o->free ||
		    o->spec_size > DIOS_SPEC_MAX || o->info_size > DIOS_INFO_MAX)
			return -DIOS_EINVAL;
	}
	return 0;
}
