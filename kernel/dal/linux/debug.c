// SPDX-License-Identifier: GPL-2.0
/*
 * debug.c - /sys/kernel/debug/dios: what is there now.
 *
 *   stat	a line for each count: name, blank, number
 *   tasks	a line for each task: number, pid, brand, name, references,
 *		bytes lent, bytes of private memory, calls
 *
 * Locks: tasks.lock, by task_list().
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include "linux.h"

static struct dentry *dir;

static int stat_show(struct seq_file *m, void *v)
{
	u32 i;

	for (i = 0; i < STAT_N; i++)
		seq_printf(m, "%s %lld\n", stat_name(i), stat_get(i));
	for (i = 1; i <= DIOS_T_MAX; i++)
		seq_printf(m, "type_%s %lld\n", dios_types[i]->name, stat_type_get(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stat);

static void show_task(struct dios_task *t, void *m)
{
	struct dal_task *d = t->dal;

	seq_printf(m, "%u %d 0x%02x %s %u %llu %llu %llu\n", t->number,
		   d && d->task ? task_pid_nr(d->task) : 0, t->brand, t->comm,
		   t->nrefs, t->lent, t->memory, t->calls);
}

static int tasks_show(struct seq_file *m, void *v)
{
	task_list(show_task, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(tasks);

/* Without debugfs there is nothing to see; everything else works. */
void dal_debug_init(void)
{
	dir = debugfs_create_dir("dios", NULL);
	debugfs_create_file("stat", 0444, dir, NULL, &stat_fops);
	debugfs_create_file("tasks", 0400, dir, NULL, &tasks_fops);
}

void dal_debug_exit(void)
{
	debugfs_remove_recursive(dir);
}
