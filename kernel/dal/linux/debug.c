// SPDX-License-Identifier: GPL-2.0
/*
 * debug.c - /sys/kernel/debug/dios: what is there now.
 *
 *   stat	a line for each count: name, blank, number
 *   tasks	a line for each task, after one with the names of the columns
 *   users	a line for each user who has tasks or objects, likewise
 *   names	a line for each name of an object that is in memory, likewise; what the store
 *		has besides is in its folder
 *   stop	for a debugger: written N, the Nth program that run starts from then on
 *		stops before its first instruction, as by SIGSTOP; read, its pid, or 0
 *
 * A column is a word without blanks.  The last one of tasks, comm, goes to the
 * end of the line; the one before, types, is how many references to each type the task has,
 * as TYPE:N,TYPE:N, or -.  bin/dios top reads the first three.  The last one of names, name, goes to
 * the end of the line too; of a random name it is -, because who knows one may use it.
 *
 * Locks: users.lock, by user_list(); names.lock, by names_list(); the rest is held while it
 * is shown.
 */
#include <linux/debugfs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/string_helpers.h>
#include "linux.h"

static struct dentry *dir;
static atomic_t stop_in;	/* how many programs until the one that stops; 0: none does */
static pid_t stopped;

static bool is_blocked(struct dios_task *t)
{
	return t->dal && READ_ONCE(t->dal->blocked);
}

/* Tasks that wait for something now. */
static u32 count_waiters(void)
{
	struct dios_task *t;
	u32 n = 0, number = 0;

	while ((t = task_after(number))) {
		number = t->number;
		n += is_blocked(t);
		object_put(&t->obj);
	}
	return n;
}

static int stat_show(struct seq_file *m, void *v)
{
	u32 i;

	for (i = 0; i < STAT_N; i++)
		seq_printf(m, "%s %lld\n", stat_name(i), stat_get(i));
	seq_printf(m, "waiters %u\n", count_waiters());
	for (i = 1; i <= DIOS_T_MAX; i++)
		seq_printf(m, "type_%s %lld\n", dios_types[i]->name, stat_type_get(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stat);

static void show_types(struct seq_file *m, const struct dios_task_use *use)
{
	const char *comma = "";
	u32 i;

	for (i = 1; i <= DIOS_T_MAX; i++) {
		if (!use->types[i])
			continue;
		seq_printf(m, "%s%s:%u", comma, dios_types[i]->name, use->types[i]);
		comma = ",";
	}
	if (!*comma)
		seq_puts(m, "-");
}

static void show_task(struct seq_file *m, struct dios_task *t)
{
	struct dal_task *d = t->dal;
	u32 call = READ_ONCE(t->call);
	struct dios_task_use use;

	stat_task(t, &use);
	seq_printf(m, "%u %d %u 0x%02x %s %s %u %u %llu %llu %llu ", t->number,
		   d && d->task ? task_pid_nr(d->task) : 0, t->user->uid, t->brand,
		   is_blocked(t) ? "blocked" : "running", call ? call_name(call) : "-",
		   use.refs, use.zombies, READ_ONCE(t->lent), READ_ONCE(t->memory),
		   READ_ONCE(t->calls));
	show_types(m, &use);
	seq_putc(m, ' ');
	seq_escape(m, t->comm, "\n\\");
	seq_putc(m, '\n');
}

static int tasks_show(struct seq_file *m, void *v)
{
	struct dios_task *t;
	u32 number = 0;

	seq_puts(m, "number pid uid brand state call refs zombies lent memory calls types comm\n");
	while ((t = task_after(number))) {
		number = t->number;
		show_task(m, t);
		object_put(&t->obj);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(tasks);

static void show_user(struct dios_user *u, void *m)
{
	u32 i;

	seq_printf(m, "%u", u->uid);
	for (i = 0; i < USE_N; i++)
		seq_printf(m, " %lld", atomic64_read(&u->used[i]));
	seq_putc(m, '\n');
}

static int users_show(struct seq_file *m, void *v)
{
	u32 i;

	seq_puts(m, "uid");
	for (i = 0; i < USE_N; i++)
		seq_printf(m, " %s", use_name(i));
	seq_putc(m, '\n');
	user_list(show_user, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(users);

static void show_name(const struct dios_object *obj, void *arg)
{
	struct seq_file *m = arg;
	u32 len = DIOS_NAME_SIZE;

	while (len && !obj->name[len - 1])
		len--;
	seq_printf(m, "%llu %s %s %c%c%c ", obj->name_set->number,
		   obj->name_public ? "public" : "random", obj->ops->name,
		   obj->name_rights & DIOS_R_READ ? 'r' : '-',
		   obj->name_rights & DIOS_R_WRITE ? 'w' : '-',
		   obj->name_rights & DIOS_R_EXEC ? 'x' : '-');
	if (obj->name_public)
		seq_escape_mem(m, obj->name, len, ESCAPE_NAP | ESCAPE_APPEND | ESCAPE_OCTAL, "\\");
	else
		seq_putc(m, '-');
	seq_putc(m, '\n');
}

static int names_show(struct seq_file *m, void *v)
{
	seq_puts(m, "group space type rights name\n");
	names_list(show_name, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(names);

/* In the exec of a program by run.  What stops is what comes after the exec. */
void dal_debug_start(void)
{
	if (atomic_dec_if_positive(&stop_in))
		return;
	send_sig(SIGSTOP, current, 1);
	WRITE_ONCE(stopped, task_pid_nr(current));
}

static int stop_get(void *data, u64 *val)
{
	*val = READ_ONCE(stopped);
	return 0;
}

static int stop_set(void *data, u64 val)
{
	if (val > INT_MAX)
		return -EINVAL;
	WRITE_ONCE(stopped, 0);
	atomic_set(&stop_in, val);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(stop_fops, stop_get, stop_set, "%llu\n");

/* Without debugfs there is nothing to see; everything else works. */
void dal_debug_init(void)
{
	dir = debugfs_create_dir("dios", NULL);
	debugfs_create_file("stat", 0444, dir, NULL, &stat_fops);
	debugfs_create_file("tasks", 0400, dir, NULL, &tasks_fops);
	debugfs_create_file("users", 0400, dir, NULL, &users_fops);
	debugfs_create_file("names", 0400, dir, NULL, &names_fops);
	debugfs_create_file_unsafe("stop", 0600, dir, NULL, &stop_fops);
}

void dal_debug_exit(void)
{
	debugfs_remove_recursive(dir);
}
