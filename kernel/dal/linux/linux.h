/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux.h - what the files of the Linux DAL share.
 *
 * A Linux task that may make DIOS calls has a struct dal_task.  It hangs on
 * a file in the task's descriptor table, so that exit, however it happens,
 * gives it back: an anonymous one for a task that run started, /dev/dios
 * for a legacy-limbo process that opened it.  The file has a hold on the
 * DIOS task.
 *
 * Life:  STARTING  run made it; the host's child execs the program
 *        LOADED    exec has seen the right file and brand (exec.c)
 *        RUNNING   bound to the new program's memory, at its first call (entry.c)
 *        ENDED     dios_task_end() was called, or is being called
 */
#ifndef DIOS_DAL_LINUX_H
#define DIOS_DAL_LINUX_H

#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/hrtimer.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/version.h>
#include <linux/workqueue.h>
#include "../../core/core.h"

#define DAL_WATCHES	4	/* queues a file may be waited for in; a terminal has 2 */

enum dal_phase { DAL_STARTING, DAL_LOADED, DAL_RUNNING, DAL_ENDED };

struct dal_task {
	struct dios_task *t;		/* set once; held by the file */
	struct hlist_node link;		/* in the hash by task, RCU */
	struct rcu_head rcu;
	bool by_run;			/* run started it; else it opened /dev/dios */

	/* Written by the task itself, or before it runs. */
	enum dal_phase phase;
	struct task_struct *task;	/* a reference */
	struct mm_struct *mm;		/* the program's memory, mmgrab; NULL until RUNNING */
	bool in_call;			/* between dal_enter() and the end of the call */
	bool exiting;			/* dal_exit() was called */
	u32 status;

	/* Waiting. */
	bool woken;
	bool spinning;			/* it looks at woken itself: no need to wake it */
	u32 spin_ns;			/* how long to look before it sleeps; only the task */
	u64 woken_at;			/* when it was last woken from sleep; a hint for spin_ns */
	bool blocked;
	bool closing;			/* its file is gone: wake up and leave */
	struct delayed_work release;	/* then, if that finds it in a call */

	/* The preemption tick. */
	struct hrtimer tick;
	u64 tick_ns;			/* 0: off */
	bool tick_off;			/* fired while blocked; restart on return */

	/* Set once.  A pure task's network, and what its user may do there; else NULL. */
	struct net *net;
	const struct cred *net_cred;

	unsigned long ended;		/* bit 0: somebody has begun to end it */

	/* Only while starting. */
	struct file *anchor;		/* not yet installed in the child */
	struct file *exe;
	struct cred *cred;		/* a copy of those of the one who runs it */
	struct task_struct *parent;
	struct rlimit rlim[RLIM_NLIMITS];
	struct completion gone;		/* ended */
};

struct dal_console {
	struct file *file;
	/* Of one that can be read. */
	dal_wake_fn wake;
	void *arg;
	struct poll_table_struct table;
	struct dal_watch {
		struct wait_queue_entry entry;
		struct wait_queue_head *head;	/* NULL: it has gone before the file */
		struct dal_console *console;
	} watches[DAL_WATCHES];
	u32 nwatches;
};

struct dal_exe {
	refcount_t holds;
	struct file *file;
	bool in_store;
	u64 size;		/* in_store: bytes of it that are the program */
};

extern bool dal_linux_fatal;	/* a pure task's Linux call kills it */

/* Linux's error as DIOS's.  The one place for it. */
int dal_err(int err);

/* task.c */
#define DAL_TASKS_BITS	10
extern struct hlist_head dal_tasks[1 << DAL_TASKS_BITS];	/* by Linux task */

/* A Linux task's state, or NULL.  Under RCU.  Inline: each call comes through it. */
static __always_inline struct dal_task *dal_find(struct task_struct *task)
{
	struct dal_task *d;

	hash_for_each_possible_rcu(dal_tasks, d, link, (unsigned long)task)
		if (d->task == task)
			return d;
	return NULL;
}

/*
 * Take the flag from a task that is no DIOS task any more.  A filter of its own
 * needs the same flag; another thread may be giving it one now.
 */
static inline void dal_flag_clear(struct task_struct *task)
{
	clear_task_syscall_work(task, SECCOMP);
	smp_mb__after_atomic();
	if (READ_ONCE(task->seccomp.mode) != SECCOMP_MODE_DISABLED)
		set_task_syscall_work(task, SECCOMP);
}

bool dal_bind(struct dal_task *d);
int dal_dev_init(void);
void dal_dev_exit(void);

/* hook.S, which calls the other two */
void dal_hook(void);

/* entry.c */
struct dal_entered {
	long how;			/* in rax: what __secure_computing returns, or DAL_* */
	struct dal_task *d;		/* in rdx, for dal_judged() */
};
struct dal_entered dal_enter(void);
int dal_judged(int verdict, struct dal_task *d);
int dal_entry_init(void);
void dal_entry_exit(void);

/* exec.c */
int dal_exec_init(void);
void dal_exec_exit(void);
int dal_file_brand(struct file *file, u32 *brand);
struct dal_exe *dal_exe_new(struct file *file, bool in_store);

/* mm.c */
struct dal_pages *dal_pages_of_file(struct file *file, u64 off, size_t len);

/* store.c */
extern char *dal_store_path;
int dal_store_init(void);
void dal_store_exit(void);

/* wait.c */
void dal_tick_init(struct dal_task *d);
void dal_tick_stop(struct dal_task *d);
void dal_block(struct dal_task *d);
void dal_unblock(struct dal_task *d);

/* console.c */
void dal_console_exit(void);

/* net.c */
void dal_net_inherit(struct dal_task *d);
void dal_net_free(struct dal_task *d);
void dal_net_exit(void);

/* debug.c */
void dal_debug_init(void);
void dal_debug_exit(void);
void dal_debug_start(void);

#endif /* DIOS_DAL_LINUX_H */
