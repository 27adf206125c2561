/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace.h - the tracepoints dios:dios_enter and dios:dios_exit, around each call.
 *
 * While nobody has switched one on it costs an instruction that does nothing.  perf,
 * bpftrace and /sys/kernel/tracing/events/dios/ use them by their fields:
 *
 *   bpftrace -e 'tracepoint:dios:dios_exit { @[args.nr, args.ret] = count(); }'
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM dios

#if !defined(DIOS_DAL_LINUX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define DIOS_DAL_LINUX_TRACE_H

#include <linux/tracepoint.h>
#include "../../../abi/dios.h"

#ifndef DIOS_TRACE_CALLS
#define DIOS_TRACE_CALLS					\
	{ DIOS_CREATE,		"create" },			\
	{ DIOS_LOOKUP,		"lookup" },			\
	{ DIOS_DELETE,		"delete" },			\
	{ DIOS_COPY,		"copy" },			\
	{ DIOS_RUN,		"run" },			\
	{ DIOS_SELECT,		"select" },			\
	{ DIOS_ACQUIRE_READ,	"acquire_read" },		\
	{ DIOS_COMMIT_READ,	"commit_read" },		\
	{ DIOS_RELEASE_READ,	"release_read" },		\
	{ DIOS_ACQUIRE_WRITE,	"acquire_write" },		\
	{ DIOS_COMMIT_WRITE,	"commit_write" },		\
	{ DIOS_RELEASE_WRITE,	"release_write" }

/* The reference among a call's arguments; 0 for a call that has none. */
static inline u64 dios_trace_ref(u32 nr, const u64 *args)
{
	switch (nr) {
	case DIOS_CREATE:	/* a type */
	case DIOS_LOOKUP:	/* a name */
	case DIOS_SELECT:	/* a list */
		return 0;
	case DIOS_COPY:
		return args[3];
	}
	return args[1];
}
#endif

/*
 * What the program passed; nothing of it was looked at yet.  args are those after
 * the flags, registers that the call does not use too.
 */
TRACE_EVENT(dios_enter,
	TP_PROTO(u32 task, u32 nr, const u64 *args),
	TP_ARGS(task, nr, args),
	TP_STRUCT__entry(
		__field(u32, task)
		__field(u32, nr)
		__field(u64, flags)
		__field(u64, ref)
		__array(u64, args, 4)
	),
	TP_fast_assign(
		__entry->task = task;
		__entry->nr = nr;
		__entry->flags = args[0];
		__entry->ref = dios_trace_ref(nr, args);
		memcpy(__entry->args, args + 1, sizeof(__entry->args));
	),
	TP_printk("task=%u call=%s flags=0x%llx ref=0x%llx args=0x%llx,0x%llx,0x%llx,0x%llx",
		  __entry->task, __print_symbolic(__entry->nr, DIOS_TRACE_CALLS),
		  __entry->flags, __entry->ref, __entry->args[0], __entry->args[1],
		  __entry->args[2], __entry->args[3])
);

/* What the program gets: 0 or more, or -DIOS_E.... */
TRACE_EVENT(dios_exit,
	TP_PROTO(u32 task, u32 nr, s64 ret),
	TP_ARGS(task, nr, ret),
	TP_STRUCT__entry(
		__field(u32, task)
		__field(u32, nr)
		__field(s64, ret)
	),
	TP_fast_assign(
		__entry->task = task;
		__entry->nr = nr;
		__entry->ret = ret;
	),
	TP_printk("task=%u call=%s ret=%lld", __entry->task,
		  __print_symbolic(__entry->nr, DIOS_TRACE_CALLS), __entry->ret)
);

#endif /* DIOS_DAL_LINUX_TRACE_H */

/* Outside: the generator reads this file again, by these names. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
