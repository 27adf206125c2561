// SPDX-License-Identifier: GPL-2.0
/*
 * entry.c - how a program's call reaches DIOS on a stock kernel.
 *
 * A per-task flag (SYSCALL_WORK_SECCOMP) sends a task's system calls through the
 * slow entry path, which calls __secure_computing.  ftrace lets us stand in
 * for that function: hook.S calls dal_enter(), which does the call.  Other tasks
 * keep the fast path and pay nothing.
 *
 * dal_enter() returns what __secure_computing would: 0, Linux makes its call, with
 * the number read again from the registers; -1, it does not, and the
 * result is in regs->ax.
 *
 * A task that has a real seccomp filter too goes on to the original, which judges
 * DIOS calls as any other: what it allows is done by dal_judged().
 *
 * The original calls BUG() for a task with the flag and no seccomp mode, so the
 * hook must not miss one: FTRACE_OPS_FL_PERMANENT keeps it in while the
 * module is loaded, and the module stays while a task lives.
 *
 * Locks: none.
 */
#include <linux/compat.h>
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/seccomp.h>
#include <asm/syscall.h>
#include "linux.h"
#include "hook.h"
#define CREATE_TRACE_POINTS
#include "trace.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define register_ftrace_direct register_ftrace_direct_multi
#define unregister_ftrace_direct(ops, addr, free) unregister_ftrace_direct_multi(ops, addr)
#endif

bool dal_linux_fatal;

static bool is_dios(u64 nr)
{
	return (u32)nr - DIOS_CREATE < DIOS_NCALL && !in_ia32_syscall();
}

static int refuse(struct pt_regs *regs)
{
	if (dal_linux_fatal) {
		pr_warn_ratelimited("%s[%d]: pure task made Linux call %d: killed\n",
				    current->comm, task_pid_nr(current),
				    (int)regs->orig_ax);
		force_sig(SIGSYS);
	}
	regs->ax = -ENOSYS;
	return -1;
}

/* A Linux call of a task that has DIOS state. */
static int enter_linux(struct dal_task *d, struct pt_regs *regs)
{
	if (d->t->brand != DIOS_BRAND_PURE)
		return 0;
	/* The return half of an upcall. */
	if ((u32)regs->orig_ax == __NR_rt_sigreturn && !in_ia32_syscall())
		return 0;
	return refuse(regs);
}

static int enter_dios(struct dal_task *d, struct pt_regs *regs)
{
	const u64 args[6] = { regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9 };
	const u32 nr = regs->orig_ax;
	s64 ret;

	trace_dios_enter(d->t->number, nr, args);
	ret = dios_dispatch(d->t, nr, args);
	trace_dios_exit(d->t->number, nr, ret);
	if (d->exiting) {
		/* Linux ends the task in its own way. */
		regs->orig_ax = __NR_exit_group;
		regs->di = d->status;
		return 0;
	}
	regs->ax = ret;
	return -1;
}

/* The call of a task with DIOS state; in_call is set. */
static int enter(struct dal_task *d)
{
	struct pt_regs *regs = task_pt_regs(current);
	int ret = 0;

	if (likely(d->mm == current->mm) || dal_bind(d))
		ret = is_dios(regs->orig_ax) ? enter_dios(d, regs) : enter_linux(d, regs);
	WRITE_ONCE(d->in_call, false);
	return ret;
}

/*
 * In place of __secure_computing.
 *
 * Preemption is off, which is RCU's read side, until in_call is set: from then
 * on the state stays until in_call is false again (see file_release).
 */
struct dal_entered dal_enter(void)
{
	struct dal_task *d;

	preempt_disable_notrace();
	d = dal_find(current);
	if (d)
		WRITE_ONCE(d->in_call, true);
	preempt_enable_notrace();
	if (unlikely(current->seccomp.mode != SECCOMP_MODE_DISABLED))
		return (struct dal_entered){ d ? DAL_FILTER : DAL_ORIGINAL, d };
	/* A fork child has the flag, not the state. */
	if (unlikely(!d)) {
		dal_flag_clear(current);
		return (struct dal_entered){ 0 };
	}
	return (struct dal_entered){ enter(d) };
}

/*
 * The task's own filter has judged its call: 0, or -1 and the result is there.  The
 * state is there still, in the hash or not: dal_enter() has set in_call.
 */
int dal_judged(int verdict, struct dal_task *d)
{
	if (!verdict)
		return enter(d);
	WRITE_ONCE(d->in_call, false);
	return verdict;
}

static struct ftrace_ops ops;

int dal_entry_init(void)
{
	int err;

	err = ftrace_set_filter(&ops, "__secure_computing", strlen("__secure_computing"), 0);
	if (!err)
		err = register_ftrace_direct(&ops, (unsigned long)dal_hook);
	if (err) {
		pr_err("cannot attach to __secure_computing: %d; does another module, a live patch or ftrace_enabled=0 hold it?\n",
		       err);
		ftrace_free_filter(&ops);
	} else {	/* not before: older kernels set the flags anew */
		ops.flags |= FTRACE_OPS_FL_PERMANENT;
	}
	return err;
}

/*
 * No DIOS task is left, but a fork child or a thread of one that has made no
 * call since has the flag still, and without us its next call would BUG().
 * Twice, because one may be made while we look; then its maker has none.
 */
static void clear_flags(void)
{
	struct task_struct *process, *task;
	int i;

	for (i = 0; i < 2; i++) {
		rcu_read_lock();
		for_each_process_thread(process, task)
			if (test_task_syscall_work(task, SECCOMP))
				dal_flag_clear(task);
		rcu_read_unlock();
	}
}

void dal_entry_exit(void)
{
	clear_flags();
	unregister_ftrace_direct(&ops, (unsigned long)dal_hook, false);
	/* A fork child without state may still be in dal_hook. */
	synchronize_rcu_tasks();
	/* Older kernels do not when they unregister: each load would lose some memory. */
	ftrace_free_filter(&ops);
}
