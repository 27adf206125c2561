// SPDX-License-Identifier: GPL-2.0
/*
 * later.c - the types that DIOS has and this kernel does not make yet.
 *
 * Creating one says ENOTSUP, whatever its spec; each leaves this file when
 * it gets one of its own.
 */
#include "types.h"

#define LATER(var, title, number)			\
const struct dios_object_ops var = {			\
	.name		= title,			\
	.type		= number,			\
	.made_by_program = true,			\
	.make		= obj_make_none,		\
	.acquire_read	= obj_acquire_none,		\
	.commit_read	= obj_commit_none,		\
	.acquire_write	= obj_acquire_none,		\
	.commit_write	= obj_commit_none,		\
	.discard	= obj_discard_none,		\
	.unlend		= buf_unlend,			\
	.info		= obj_info_none,		\
	.set_info	= obj_set_info_none,		\
	.opened		= obj_opened_nothing,		\
	.closed		= obj_opened_nothing,		\
	.ready		= obj_ready_always,		\
	.task		= obj_task_none,		\
	.exe		= obj_exe_none,			\
	.names		= obj_names_none,		\
	.zombify	= obj_zombify_none,		\
	.kill		= obj_kill_nothing,		\
	.free		= obj_free_plain,		\
}

LATER(stream_ops, "stream", DIOS_T_STREAM);
LATER(dgram_ops,  "dgram",  DIOS_T_DGRAM);
