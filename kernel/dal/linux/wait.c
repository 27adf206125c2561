// SPDX-License-Identifier: GPL-2.0
/*
 * wait.c - time: waiting, timers, the preemption tick, upcalls; and randomness.
 *
 * A task that waits says so first (woken = false), then looks, then sleeps;
 * dal_wake() sets woken and wakes it.  Both look at the object under obj->lock,
 * so one of them sees the other.
 *
 * To sleep and be woken costs two switches and, from another CPU, an interrupt.  So where
 * there are several CPUs, and nobody else wants this one, a task looks at woken
 * for a while before it sleeps, but only if its last waits were so short that this
 * pays: a task that waits for long burns nothing.
 *
 * The tick is a timer that sends SIGURG; it stops by itself while the task is
 * blocked, and starts again on the way out.
 *
 * Locks: siglock for the signal actions.  Timers run in interrupts.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include "linux.h"

u64 dal_real_time(void)
{
	return ktime_get_real_ns();
}

u64 dal_now(void)
{
	return ktime_get_ns();
}

void dal_random(void *dst, size_t len)
{
	wait_for_random_bytes();
	get_random_bytes(dst, len);
}

static enum hrtimer_restart tick_fire(struct hrtimer *timer)
{
	struct dal_task *d = container_of(timer, struct dal_task, tick);

	/* Pairs with dal_unblock(): one of the two takes tick_off back and restarts it. */
	WRITE_ONCE(d->tick_off, true);
	smp_mb();
	if (READ_ONCE(d->blocked) || !xchg(&d->tick_off, false))
		return HRTIMER_NORESTART;
	/*
	 * Not while the upcall of another one runs.  Where that takes longer than the time between two,
	 * its end would be the beginning of the next, and the task do nothing else.
	 */
	if (!sigismember(&d->task->blocked, SIGURG))
		send_sig(SIGURG, d->task, 1);
	hrtimer_forward_now(timer, ns_to_ktime(d->tick_ns));
	return HRTIMER_RESTART;
}

void dal_tick_init(struct dal_task *d)
{
	hrtimer_init(&d->tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	d->tick.function = tick_fire;
}

void dal_tick_stop(struct dal_task *d)
{
	d->tick_ns = 0;
	hrtimer_cancel(&d->tick);
}

void dal_block(struct dal_task *d)
{
	WRITE_ONCE(d->blocked, true);
}

void dal_unblock(struct dal_task *d)
{
	WRITE_ONCE(d->blocked, false);
	if (!d->tick_ns)
		return;
	smp_mb();
	if (READ_ONCE(d->tick_off) && xchg(&d->tick_off, false))
		hrtimer_start(&d->tick, ns_to_ktime(d->tick_ns), HRTIMER_MODE_REL);
}

void dal_wait_begin(struct dios_task *t)
{
	WRITE_ONCE(t->dal->woken, false);
}

#define SPIN_MAX	50000		/* nanoseconds */
#define SPIN_MIN	1000

/* Must it leave at once, whatever it waits for? */
static bool must_leave(struct dal_task *d)
{
	return signal_pending(current) || READ_ONCE(d->closing);
}

/*
 * Look for a while.  Half as long the next time if that was in vain.
 */
static void spin(struct dal_task *d)
{
	u64 end = ktime_get_ns() + d->spin_ns;

	WRITE_ONCE(d->spinning, true);
	while (!READ_ONCE(d->woken)) {
		if (need_resched() || !single_task_running() || must_leave(d) ||
		    ktime_get_ns() >= end) {
			d->spin_ns = d->spin_ns / 2 < SPIN_MIN ? 0 : d->spin_ns / 2;
			break;
		}
		cpu_relax();
	}
	WRITE_ONCE(d->spinning, false);
	/* Pairs with dal_wake(): who saw spinning has set woken, and we see that. */
	smp_mb();
}

int dal_wait(struct dios_task *t, s64 deadline)
{
	struct dal_task *d = t->dal;
	ktime_t when = deadline;
	bool several = num_online_cpus() > 1;
	u64 since = 0;
	int err = 0;

	dal_block(d);
	if (several && d->spin_ns)
		spin(d);
	if (several)
		since = ktime_get_ns();
	set_current_state(TASK_INTERRUPTIBLE);
	if (!READ_ONCE(d->woken)) {
		if (must_leave(d))
			err = -DIOS_EINTR;
		else if (deadline == -1)
			schedule();
		else if (!schedule_hrtimeout_range(&when, 0, HRTIMER_MODE_ABS))
			err = -DIOS_ETIMEDOUT;
		/*
		 * Had it looked for that long, it would not have slept.  What
		 * the waking itself took does not count: an emulated machine
		 * takes longer for that alone.
		 */
		if (several && READ_ONCE(d->woken) &&
		    (s64)(READ_ONCE(d->woken_at) - since) < SPIN_MAX)
			d->spin_ns = SPIN_MAX;
	}
	__set_current_state(TASK_RUNNING);
	dal_unblock(d);
	return READ_ONCE(d->woken) ? 0 : err;
}

void dal_wake(struct dios_task *t)
{
	struct dal_task *d = t->dal;

	WRITE_ONCE(d->woken, true);
	/* Pairs with spin(). */
	smp_mb();
	if (READ_ONCE(d->spinning))
		return;
	if (num_online_cpus() > 1)
		WRITE_ONCE(d->woken_at, ktime_get_ns());
	wake_up_process(d->task);
}

/* Upcalls are signals, set up by us: the task cannot make the calls to do it. */
int dal_set_upcalls(struct dios_task *t, const struct dios_control *c)
{
	static const int signals[] = {
		DIOS_UP_ILL, DIOS_UP_TRAP, DIOS_UP_BUS, DIOS_UP_FPE, DIOS_UP_SEGV, DIOS_UP_TICK,
	};
	struct sighand_struct *sig = rcu_dereference_protected(current->sighand, true);
	struct dal_task *d = t->dal;
	struct k_sigaction *sa;
	int i;

	BUILD_BUG_ON(DIOS_UP_ILL != SIGILL || DIOS_UP_TRAP != SIGTRAP ||
		     DIOS_UP_BUS != SIGBUS || DIOS_UP_FPE != SIGFPE ||
		     DIOS_UP_SEGV != SIGSEGV || DIOS_UP_TICK != SIGURG);
	if (!d->by_run)
		return -DIOS_ENOTSUP;
	dal_tick_stop(d);
	spin_lock_irq(&sig->siglock);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sa = &sig->action[signals[i] - 1];
		memset(sa, 0, sizeof(*sa));
		if (!c->entry)
			continue;	/* zero is the default action */
		sa->sa.sa_handler = (__sighandler_t)c->entry;
		sa->sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTORER;
		/* A fault may come in any upcall; a tick in that of a tick would fill the stack. */
		if (signals[i] != DIOS_UP_TICK)
			sa->sa.sa_flags |= SA_NODEFER;
		sa->sa.sa_restorer = (__sigrestore_t)c->restorer;
	}
	spin_unlock_irq(&sig->siglock);
	current->sas_ss_sp = c->entry ? c->stack : 0;
	current->sas_ss_size = c->entry ? c->stack_len : 0;
	current->sas_ss_flags = c->entry ? 0 : SS_DISABLE;
	d->tick_ns = c->tick;
	d->tick_off = false;
	if (d->tick_ns)
		hrtimer_start(&d->tick, ns_to_ktime(d->tick_ns), HRTIMER_MODE_REL);
	return 0;
}

struct dal_timer {
	struct hrtimer timer;
	void (*fn)(void *arg, u64 now);
	void *arg;
};

static enum hrtimer_restart timer_fire(struct hrtimer *timer)
{
	struct dal_timer *t = container_of(timer, struct dal_timer, timer);

	/* fn, or another CPU meanwhile, starts it again by dal_timer_set(). */
	t->fn(t->arg, ktime_get_ns());
	return HRTIMER_NORESTART;
}

struct dal_timer *dal_timer_new(void (*fn)(void *arg, u64 now), void *arg)
{
	struct dal_timer *t = kmalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);

	if (!t)
		return ERR_PTR(-DIOS_ENOMEM);
	t->fn = fn;
	t->arg = arg;
	hrtimer_init(&t->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	t->timer.function = timer_fire;
	return t;
}

void dal_timer_set(struct dal_timer *t, u64 when)
{
	if (when)
		hrtimer_start(&t->timer, ns_to_ktime(when), HRTIMER_MODE_ABS);
	else
		/* Not hrtimer_cancel(): fn may be waiting for the caller's lock. */
		hrtimer_try_to_cancel(&t->timer);
}

void dal_timer_free(struct dal_timer *t)
{
	hrtimer_cancel(&t->timer);
	kfree(t);
}
