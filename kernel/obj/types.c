// SPDX-License-Identifier: GPL-2.0
/* types.c - the types of objects, by number: core finds them here. */
#include "types.h"

const struct dios_object_ops *const dios_types[DIOS_T_MAX + 1] = {
	[DIOS_T_SELF]		= &self_ops,
	[DIOS_T_TASK]		= &task_ops,
	[DIOS_T_CONSOLE]	= &console_ops,
	[DIOS_T_PRIVMEM]	= &privmem_ops,
	[DIOS_T_RANDOM]		= &random_ops,
	[DIOS_T_TIMER]		= &timer_ops,
	[DIOS_T_SHMEM]		= &shmem_ops,
	[DIOS_T_FIFO]		= &fifo_ops,
	[DIOS_T_STREAM]		= &stream_ops,
	[DIOS_T_DGRAM]		= &dgram_ops,
	[DIOS_T_BLOB]		= &blob_ops,
	[DIOS_T_GROUP]		= &group_ops,
};
