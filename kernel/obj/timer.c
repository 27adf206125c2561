// SPDX-License-Identifier: GPL-2.0
/*
 * timer.c - TIMER: a point in time, once or periodically.
 *
 * Ready to read when it has been due.  acquire_read waits for that and lends
 * the state; commit_read takes the count that the state showed, and with
 * DIOS_BUF_NEXT waits for the next one.  Writing sets it anew.
 *
 * The host's timer runs only while nothing is due: once it is, the timer is
 * ready until somebody reads it, and the periods in between are counted then.
 * So a program makes no more interrupts than it makes calls, however many
 * timers it has.
 *
 * Locks: obj->lock guards count, next and period, and orders the setting of the
 * host's timer, which runs in an interrupt.
 */
#include "types.h"

#define PERIOD_MIN	100000		/* nanoseconds: no flood of interrupts */

struct timer {
	struct dios_object obj;
	struct dal_timer *host;
	/* obj->lock guards these. */
	u64 count;		/* due since the last commit_read */
	u64 next;		/* absolute; 0: off */
	u64 period;
};

static struct timer *timer_of(struct dios_object *obj)
{
	return container_of(obj, struct timer, obj);
}

/* Count what has become due, and have the host call when the next is. */
static void update_locked(struct timer *tm, u64 now)
{
	u64 missed;

	lockdep_assert_held(&tm->obj.lock);
	if (tm->next && now >= tm->next) {
		missed = tm->period ? (now - tm->next) / tm->period : 0;
		tm->count += 1 + missed;
		tm->next = tm->period ? tm->next + (1 + missed) * tm->period : 0;
	}
	dal_timer_set(tm->host, tm->count || tm->obj.dead ? 0 : tm->next);
	if (tm->count)
		object_wake_locked(&tm->obj);
}

/* The host's timer fired. */
static void timer_due(void *arg, u64 now)
{
	struct timer *tm = arg;
	unsigned long flags;

	spin_lock_irqsave(&tm->obj.lock, flags);
	update_locked(tm, now);
	spin_unlock_irqrestore(&tm->obj.lock, flags);
}

static bool spec_ok(const struct dios_timer *in)
{
	return in->first <= S64_MAX && in->period <= S64_MAX / 2 &&
	       (!in->period || (in->period >= PERIOD_MIN && in->first));
}

static void set(struct timer *tm, const struct dios_timer *in)
{
	unsigned long flags;

	spin_lock_irqsave(&tm->obj.lock, flags);
	tm->count = 0;
	tm->next = in->first;
	tm->period = in->period;
	update_locked(tm, dal_now());
	spin_unlock_irqrestore(&tm->obj.lock, flags);
}

static struct dios_object *timer_make(struct dios_task *t, u64 flags, const void *spec)
{
	struct timer *tm;

	if (!spec_ok(spec))
		return ERR_PTR(-DIOS_EINVAL);
	tm = kzalloc(sizeof(*tm), GFP_KERNEL_ACCOUNT);
	if (!tm)
		return ERR_PTR(-DIOS_ENOMEM);
	tm->host = dal_timer_new(timer_due, tm);
	if (IS_ERR(tm->host)) {
		int err = PTR_ERR(tm->host);

		kfree(tm);
		return ERR_PTR(err);
	}
	object_init(&tm->obj, dios_types[DIOS_T_TIMER]);
	set(tm, spec);
	return &tm->obj;
}

static bool timer_ready(struct dios_object *obj, u32 rights, u32 len)
{
	return rights & DIOS_R_WRITE || timer_of(obj)->count;
}

static void show(struct timer *tm, struct dios_timer_state *out)
{
	struct dios_timer_state s = { .now = dal_now() };
	unsigned long flags;

	spin_lock_irqsave(&tm->obj.lock, flags);
	update_locked(tm, s.now);
	s.count = tm->count;
	s.next = tm->next;
	spin_unlock_irqrestore(&tm->obj.lock, flags);
	memcpy(out, &s, sizeof(s));
}

static int timer_acquire_read(struct dios_lend *l)
{
	struct timer *tm = timer_of(l->ref->obj);
	int err;

	if (l->len > sizeof(struct dios_timer_state))
		return -DIOS_EINVAL;
	err = object_wait(l->task, &tm->obj, DIOS_R_READ, l->flags);
	if (!err)
		err = buf_lend(l, sizeof(struct dios_timer_state));
	if (!err)
		show(tm, l->buf->kernel);
	return err;
}

static ssize_t timer_commit_read(struct dios_lend *l)
{
	struct timer *tm = timer_of(l->ref->obj);
	const struct dios_timer_state *shown = l->buf->kernel;
	unsigned long flags;
	int err;

	/* Another reader may have taken some of it: never below zero. */
	spin_lock_irqsave(&tm->obj.lock, flags);
	tm->count -= min(tm->count, READ_ONCE(shown->count));
	update_locked(tm, dal_now());
	spin_unlock_irqrestore(&tm->obj.lock, flags);
	if (l->flags & DIOS_BUF_NEXT) {
		err = object_wait(l->task, &tm->obj, DIOS_R_READ, l->flags);
		/* What was shown is taken already, so it must not be taken again. */
		show(tm, l->buf->kernel);
		if (err)
			return err;
	} else {
		show(tm, l->buf->kernel);
	}
	return l->len;
}

static int timer_acquire_write(struct dios_lend *l)
{
	if (l->len > sizeof(struct dios_timer))
		return -DIOS_EINVAL;
	return buf_lend(l, sizeof(struct dios_timer));
}

static ssize_t timer_commit_write(struct dios_lend *l)
{
	struct dios_timer in;

	if (l->len != sizeof(in) || l->iov.addr != l->buf->addr)
		return -DIOS_EINVAL;
	/* The task can still write the buffer: look at one copy only. */
	memcpy(&in, l->buf->kernel, sizeof(in));
	barrier();
	if (!spec_ok(&in))
		return -DIOS_EINVAL;
	set(timer_of(l->ref->obj), &in);
	return l->len;
}

static void timer_kill(struct dios_object *obj)
{
	static const struct dios_timer off;

	set(timer_of(obj), &off);
}

static void timer_free(struct dios_object *obj)
{
	struct timer *tm = timer_of(obj);

	dal_timer_free(tm->host);
	kfree(tm);
}

static u64 timer_size(struct dios_object *obj, u32 right)
{
	return right == DIOS_R_READ ? sizeof(struct dios_timer_state) : sizeof(struct dios_timer);
}

const struct dios_object_ops timer_ops = {
	.name		= "timer",
	.type		= DIOS_T_TIMER,
	.rights		= DIOS_R_READ | DIOS_R_WRITE,
	.proximity	= DIOS_P_MEMORY,
	.spec_size	= sizeof(struct dios_timer),
	.made_by_program = true,
	.make		= timer_make,
	.acquire_read	= timer_acquire_read,
	.commit_read	= timer_commit_read,
	.acquire_write	= timer_acquire_write,
	.commit_write	= timer_commit_write,
	.discard	= obj_discard_none,
	.unlend		= buf_unlend,
	.info		= obj_info_none,
	.set_info	= obj_set_info_none,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= timer_ready,
	.task		= obj_task_none,
	.exe		= obj_exe_none,
	.names		= obj_names_none,
	.size		= timer_size,
	.zombify	= obj_zombify,
	.kill		= timer_kill,
	.free		= timer_free,
};
