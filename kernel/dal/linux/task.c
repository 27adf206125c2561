// SPDX-License-Identifier: GPL-2.0
/*
 * task.c - Linux tasks that are DIOS tasks: how they begin and end.
 *
 * - dal_start_task() has the host's usermode helper make a child that execs the
 *   program; start_in_child() runs in it, before exec, and makes it ours.
 * - A legacy-limbo process opens /dev/dios: dev_open().
 * - dal_find() finds a Linux task's state.  Only current asks, so what it finds
 *   stays while current is in the kernel (see file_release).
 * - end() is called once, by whoever notices first that the program is over.
 *
 * Locks: hash_lock guards changes of dal_tasks; readers use RCU.
 */
#include <linux/anon_inodes.h>
#include <linux/cgroup.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/cputime.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/securebits.h>
#include <linux/umh.h>
#include <linux/user_namespace.h>
#include "linux.h"

DEFINE_HASHTABLE(dal_tasks, DAL_TASKS_BITS);
static DEFINE_SPINLOCK(hash_lock);
static struct workqueue_struct *releases;	/* of states whose owner is in a call */

u32 dal_uid(void)
{
	return from_kuid_munged(&init_user_ns, current_uid());
}

/* The state becomes that of the running Linux task. */
static void attach(struct dal_task *d)
{
	d->task = get_task_struct(current);
	spin_lock(&hash_lock);
	hash_add_rcu(dal_tasks, &d->link, (unsigned long)d->task);
	spin_unlock(&hash_lock);
	set_task_syscall_work(current, SECCOMP);
}

static void detach(struct dal_task *d)
{
	if (!d->task)
		return;
	spin_lock(&hash_lock);
	hash_del_rcu(&d->link);
	spin_unlock(&hash_lock);
	if (d->task == current)
		dal_flag_clear(current);
}

static struct dal_task *state_new(struct dios_task *t, bool by_run)
{
	struct dal_task *d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);

	if (!d)
		return NULL;
	d->t = t;
	d->by_run = by_run;
	init_completion(&d->gone);
	dal_tick_init(d);
	t->dal = d;
	return d;
}

/* Called by core when the last hold on the DIOS task is gone. */
void dal_task_free(struct dal_task *d)
{
	if (d->task)
		put_task_struct(d->task);
	if (d->mm)
		mmdrop(d->mm);
	dal_net_free(d);
	kfree_rcu(d, rcu);
}

static bool is_fault(int sig)
{
	return sig == SIGILL || sig == SIGTRAP || sig == SIGBUS || sig == SIGFPE ||
	       sig == SIGSEGV;
}

/* How the program ended, from what Linux knows of a task that is exiting. */
static void status_of(struct dal_task *d, struct dios_task_status *st)
{
	struct task_struct *task = d->task;
	int sig = task->exit_code & 0x7f;
	u64 user, system;

	if (!(task->flags & PF_EXITING)) {
		/* It closed its state's file, and dies of that. */
		st->how = DIOS_END_KILLED;
		st->status = SIGKILL;
	} else if (!sig) {
		st->how = DIOS_END_EXIT;
		st->status = task->exit_code >> 8 & 0xff;
	} else {
		st->how = is_fault(sig) ? DIOS_END_FAULT : DIOS_END_KILLED;
		st->status = sig;
	}
	task_cputime_adjusted(task, &user, &system);
	st->user_ns = user;
	st->system_ns = system;
	if (task == current)
		st->max_rss = (u64)task->signal->maxrss << PAGE_SHIFT;
}

/* End it, once.  The caller has a hold, its own or the file's. */
static void end(struct dal_task *d)
{
	struct dios_task_status st = {};

	if (test_and_set_bit(0, &d->ended))
		return;
	dal_tick_stop(d);
	if (d->task)
		status_of(d, &st);
	else
		st.how = DIOS_END_KILLED;
	d->phase = DAL_ENDED;
	dios_task_end(d->t, &st);
	detach(d);
	complete(&d->gone);
}

/*
 * Every close of the file by every process that has it comes here; only the
 * owner's exit matters.  Its memory is gone by now.
 */
static int file_flush(struct file *file, fl_owner_t id)
{
	struct dal_task *d = file->private_data;

	if (current == d->task && current->flags & PF_EXITING)
		end(d);
	return 0;
}

/* Nobody has the file any more, and no call is under way. */
static void release(struct dal_task *d)
{
	if (!test_bit(0, &d->ended)) {
		/* A task that run started is nothing without its state. */
		if (d->by_run && d->task)
			send_sig(SIGKILL, d->task, 1);
		end(d);
	}
	object_put(&d->t->obj);
}

/* The owner is in a call, or died in it. */
static bool is_in_call(struct dal_task *d)
{
	return READ_ONCE(d->in_call) && !(READ_ONCE(d->task->flags) & PF_EXITING);
}

static void release_later(struct work_struct *work)
{
	struct dal_task *d = container_of(to_delayed_work(work), struct dal_task, release);

	if (is_in_call(d)) {
		wake_up_process(d->task);
		queue_delayed_work(releases, &d->release, msecs_to_jiffies(10));
		return;
	}
	release(d);
	module_put(THIS_MODULE);
}

/*
 * The last close.  Usually the task has ended.  Not so when a program with
 * Linux calls closed the file itself; then a child that had it too may be the
 * one who comes here, while the owner makes a call, or ends its state itself
 * because it has become another program.  The owner leaves its call before
 * anything goes; the hook has set in_call under RCU.  The call may be a console
 * write that blocks for as long as its reader likes, so nobody waits here.
 */
static int file_release(struct inode *inode, struct file *file)
{
	struct dal_task *d = file->private_data;

	if (d->task && d->task != current) {
		detach(d);
		WRITE_ONCE(d->closing, true);
		synchronize_rcu();
		if (is_in_call(d)) {
			__module_get(THIS_MODULE);
			INIT_DELAYED_WORK(&d->release, release_later);
			queue_delayed_work(releases, &d->release, 0);
			return 0;
		}
	}
	release(d);
	return 0;
}

static const struct file_operations anchor_fops = {
	.owner		= THIS_MODULE,
	.flush		= file_flush,
	.release	= file_release,
	.llseek		= noop_llseek,
};

/*
 * From 6.7 on a task keeps whom to charge for the kernel's memory, until it is moved to
 * another cgroup, which sets bit 0 (mm/memcontrol.c, CURRENT_OBJCG_UPDATE_BIT).  A
 * child of the host's helper looks before exec, when it has no memory yet, and keeps
 * that it is nobody.  So it is told to look again.
 */
static void charge_current(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0) && defined(CONFIG_MEMCG)
	set_bit(0, (unsigned long *)&current->objcg);
#endif
}

/* The memory of the new program is there: from now on this is its state. */
bool dal_bind(struct dal_task *d)
{
	if (d->phase != DAL_LOADED) {
		/* A legacy-limbo process has become another program. */
		end(d);
		return false;
	}
	mmgrab(current->mm);
	d->mm = current->mm;
	d->phase = DAL_RUNNING;
	charge_current();
	task_lock(current);
	strscpy_pad(current->comm, d->t->comm, sizeof(current->comm));
	task_unlock(current);
	return true;
}

/*
 * A descriptor of 3 or more: a program with Linux calls takes 0 to 2 for its
 * standard streams.
 */
static int high_fd(unsigned int flags)
{
	int low[3], n = 0, fd;

	for (;;) {
		fd = get_unused_fd_flags(flags);
		if (fd < 0 || fd > 2)
			break;
		low[n++] = fd;
	}
	while (n)
		put_unused_fd(low[--n]);
	return fd;
}

/*
 * The child becomes the user who runs it, c being a copy of his credentials made for
 * this: groups, capabilities (a pure task needs none), and what is counted for him.
 * What security modules know of him moves too: a domain of Landlock's or a profile
 * of AppArmor's that binds him binds what he starts.  c gets the helper's for
 * them, and takes those along when it is put.
 */
static void become(struct cred *new, struct cred *c, bool pure)
{
	new->uid = c->uid;
	new->gid = c->gid;
	new->suid = c->suid;
	new->sgid = c->sgid;
	new->euid = c->euid;
	new->egid = c->egid;
	new->fsuid = c->fsuid;
	new->fsgid = c->fsgid;
	set_groups(new, c->group_info);
	swap(new->user, c->user);
	swap(new->ucounts, c->ucounts);
#ifdef CONFIG_SECURITY
	swap(new->security, c->security);
#endif
	new->securebits = c->securebits;
	new->cap_inheritable = c->cap_inheritable;
	new->cap_permitted = c->cap_permitted;
	new->cap_effective = c->cap_effective;
	new->cap_bset = c->cap_bset;
	new->cap_ambient = c->cap_ambient;
	if (pure) {
		/* Not even root's exec gives any back. */
		new->securebits |= issecure_mask(SECURE_NOROOT);
		new->cap_inheritable = new->cap_permitted = new->cap_effective =
			new->cap_bset = new->cap_ambient = (kernel_cap_t){};
	}
}

/*
 * The child joins the cgroups of the one who runs it.  Moving a task waits for all
 * CPUs, which takes longer than all the rest of a start; mostly in a machine
 * without a service manager it is there already.
 */
static int join_cgroups(struct task_struct *parent)
{
	bool there;

	rcu_read_lock();
	there = task_css_set(parent) == task_css_set(current);
	rcu_read_unlock();
	return there ? 0 : cgroup_attach_task_all(parent, current);
}

/* In the helper's child, before it execs.  An error ends the child. */
static int start_in_child(struct subprocess_info *info, struct cred *new)
{
	struct dal_task *d = info->data;
	bool pure = d->t->brand == DIOS_BRAND_PURE;
	struct sighand_struct *sig = rcu_dereference_protected(current->sighand, true);
	char *path = (char *)info->path;
	int exe_fd, fd, err;

	err = join_cgroups(d->parent);
	if (err)
		return err;
	fd = high_fd(0);
	if (fd < 0)
		return fd;
	exe_fd = high_fd(O_CLOEXEC);
	if (exe_fd < 0) {
		put_unused_fd(fd);
		return exe_fd;
	}
	snprintf(path, 32, "/proc/self/fd/%d", exe_fd);
	become(new, d->cred, pure);
	task_lock(current->group_leader);
	memcpy(current->signal->rlim, d->rlim, sizeof(d->rlim));
	task_unlock(current->group_leader);
	task_set_no_new_privs(current);
	if (pure) {
		/* A console whose reader is gone is an error, not a death. */
		spin_lock_irq(&sig->siglock);
		sig->action[SIGPIPE - 1].sa.sa_handler = SIG_IGN;
		spin_unlock_irq(&sig->siglock);
	}
	attach(d);
	fd_install(exe_fd, get_file(d->exe));
	fd_install(fd, d->anchor);
	d->anchor = NULL;
	return 0;
}

/*
 * May the caller start a program that makes Linux calls?  It runs where the
 * host's helpers run, so nobody gets out of a name space, a root or a filter of
 * his own by starting one.
 */
static bool is_at_home(void)
{
	struct path root, home;
	bool same;

	if (current->nsproxy != init_task.nsproxy || current->seccomp.mode != SECCOMP_MODE_DISABLED)
		return false;
	get_fs_root(current->fs, &root);
	get_fs_root(init_task.fs, &home);
	same = path_equal(&root, &home);
	path_put(&home);
	path_put(&root);
	return same;
}

static int start(struct dal_task *d, char **argv, char **env)
{
	char path[32] = "/proc/self/fd/";	/* start_in_child() writes the number */
	struct subprocess_info *info;
	int err;

	/* Capabilities of another user name space mean nothing where the child runs. */
	if (current_user_ns() != &init_user_ns)
		return -EPERM;
	if (d->t->brand != DIOS_BRAND_PURE && !is_at_home()) {
		pr_warn_ratelimited("%s[%d]: cannot run a dios-limbo program from a name space, a root or a filter of its own\n",
				    current->comm, task_pid_nr(current));
		return -EPERM;
	}
	d->anchor = anon_inode_getfile("[dios]", &anchor_fops, d, O_RDWR);
	if (IS_ERR(d->anchor)) {
		err = PTR_ERR(d->anchor);
		d->anchor = NULL;
		return err;
	}
	object_get(&d->t->obj);		/* the file's */
	d->cred = prepare_creds();
	if (!d->cred)
		return -ENOMEM;
	d->parent = current;
	task_lock(current->group_leader);
	memcpy(d->rlim, current->signal->rlim, sizeof(d->rlim));
	task_unlock(current->group_leader);

	err = -ENOMEM;
	info = call_usermodehelper_setup(path, argv, env, GFP_KERNEL_ACCOUNT,
					 start_in_child, NULL, d);
	if (info)
		err = call_usermodehelper_exec(info, UMH_WAIT_EXEC);
	abort_creds(d->cred);
	d->cred = NULL;
	return err;
}

int dal_start_task(struct dios_task *t, struct dal_exe *e, char **argv, char **env)
{
	struct dal_task *d = state_new(t, true);
	struct file *anchor;
	int err;

	if (!d) {
		dios_task_end(t, NULL);
		return -DIOS_ENOMEM;
	}
	if (t->brand == DIOS_BRAND_PURE)
		dal_net_inherit(d);
	/* The running task's own hold is dropped by dios_task_end(). */
	object_get(&t->obj);
	d->exe = get_file(e->file);
	err = start(d, argv, env);
	fput(d->exe);
	d->exe = NULL;
	if (err) {
		anchor = d->anchor;
		if (anchor || !d->task)
			end(d);		/* the child never had it */
		else
			wait_for_completion(&d->gone);
		if (anchor)
			fput(anchor);
		if (err == -ENOENT)
			pr_warn_once("run: needs /proc mounted where the host runs its helpers\n");
	}
	object_put(&t->obj);
	/* Linux found something in the file that we did not look at. */
	return err == -EINVAL ? -DIOS_EBADEXE : dal_err(err);
}

void dal_exit(struct dios_task *t, u32 status)
{
	t->dal->exiting = true;
	t->dal->status = status;
}

void dal_kill(struct dios_task *t)
{
	struct dal_task *d = t->dal;

	if (d && READ_ONCE(d->task))
		send_sig(SIGKILL, d->task, 1);
}

/* Resident pages, exactly: later kernels count on each CPU, and a small program would have none. */
static u64 rss_of(struct mm_struct *mm)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	return get_mm_rss(mm);
#else
	return percpu_counter_sum_positive(&mm->rss_stat[MM_FILEPAGES]) +
	       percpu_counter_sum_positive(&mm->rss_stat[MM_ANONPAGES]) +
	       percpu_counter_sum_positive(&mm->rss_stat[MM_SHMEMPAGES]);
#endif
}

void dal_task_info(struct dios_task *t, struct dios_task_info *out)
{
	struct dal_task *d = t->dal;
	struct mm_struct *mm;
	u64 user, system;

	if (!d || !READ_ONCE(d->task))
		return;
	if (READ_ONCE(d->blocked))
		out->state = DIOS_TASK_WAITING;
	task_cputime_adjusted(d->task, &user, &system);
	out->user_ns = user;
	out->system_ns = system;
	/* NULL when it is on its way out. */
	mm = get_task_mm(d->task);
	if (!mm)
		return;
	out->rss = rss_of(mm) << PAGE_SHIFT;
	/* Linux notes the most only now and then. */
	out->max_rss = max((u64)READ_ONCE(mm->hiwater_rss) << PAGE_SHIFT, out->rss);
	mmput(mm);
}

/* The brand of the program that is running. */
static int own_brand(u32 *brand)
{
	struct file *exe = NULL;
	int err = -EPERM;

	if (!current->mm)
		return -EPERM;
	mmap_read_lock(current->mm);
	exe = rcu_dereference_protected(current->mm->exe_file, true);
	if (exe)
		get_file(exe);
	mmap_read_unlock(current->mm);
	if (exe) {
		err = dal_file_brand(exe, brand);
		fput(exe);
	}
	return err;
}

static int to_linux(int err)
{
	return err == -DIOS_EQUOTA ? -EUSERS : -ENOMEM;
}

/* A legacy-limbo process that may open the device gets the DIOS calls. */
static int dev_open(struct inode *inode, struct file *file)
{
	struct dal_task *d;
	struct dios_task *t;
	u32 brand;

	rcu_read_lock();
	d = dal_find(current);
	rcu_read_unlock();
	if (d)
		return -EBUSY;
	if (own_brand(&brand) || brand != DIOS_BRAND_LEGACY_LIMBO) {
		pr_warn_ratelimited("%s[%d]: /dev/dios is for programs branded legacy-limbo\n",
				    current->comm, task_pid_nr(current));
		return -EPERM;
	}
	t = dios_task_open(brand, current->comm);
	if (IS_ERR(t))
		return to_linux(PTR_ERR(t));
	d = state_new(t, false);
	if (!d) {
		dios_task_end(t, NULL);
		return -ENOMEM;
	}
	object_get(&t->obj);		/* the file's */
	mmgrab(current->mm);
	d->mm = current->mm;
	d->phase = DAL_RUNNING;
	file->private_data = d;
	attach(d);
	return 0;
}

static const struct file_operations dev_fops = {
	.owner		= THIS_MODULE,
	.open		= dev_open,
	.flush		= file_flush,
	.release	= file_release,
	.llseek		= noop_llseek,
};

static struct miscdevice dev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "dios",
	.fops	= &dev_fops,
	.mode	= 0660,
};

int dal_dev_init(void)
{
	int err;

	releases = alloc_workqueue("dios", WQ_UNBOUND, 0);
	if (!releases)
		return -ENOMEM;
	err = misc_register(&dev);
	if (err)
		destroy_workqueue(releases);
	return err;
}

void dal_dev_exit(void)
{
	misc_deregister(&dev);
	destroy_workqueue(releases);
	rcu_barrier();
}
