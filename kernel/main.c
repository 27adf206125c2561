// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - dios.ko: parameters, load and unload.
 */
#include <linux/module.h>
#include "dal/linux/linux.h"

module_param_named(quota_refs, dios_quota_refs, uint, 0644);
MODULE_PARM_DESC(quota_refs, "references a task may have");
module_param_named(quota_lent, dios_quota_lent, ulong, 0644);
MODULE_PARM_DESC(quota_lent, "bytes of kernel pages lent to a task");
module_param_named(quota_memory, dios_quota_memory, ulong, 0644);
MODULE_PARM_DESC(quota_memory, "bytes of private memory of a task; 0: no limit");
module_param_named(quota_tasks, dios_quota_tasks, uint, 0644);
MODULE_PARM_DESC(quota_tasks, "tasks on the node");
module_param_named(quota_user_objects, dios_quota_user[USE_OBJECTS], ulong, 0644);
MODULE_PARM_DESC(quota_user_objects, "objects that a user's tasks may have made; 0: no limit");
module_param_named(quota_user_refs, dios_quota_user[USE_REFS], ulong, 0644);
MODULE_PARM_DESC(quota_user_refs, "references that a user's tasks may have; 0: no limit");
module_param_named(quota_user_tasks, dios_quota_user[USE_TASKS], ulong, 0644);
MODULE_PARM_DESC(quota_user_tasks, "tasks of a user; 0: no limit");
module_param_named(quota_user_lent, dios_quota_user[USE_LENT], ulong, 0644);
MODULE_PARM_DESC(quota_user_lent, "bytes of kernel pages lent to a user's tasks; 0: no limit");
module_param_named(quota_user_memory, dios_quota_user[USE_MEMORY], ulong, 0644);
MODULE_PARM_DESC(quota_user_memory, "bytes of private memory of a user's tasks, and of FIFOs and SHMEMs they made; 0: no limit");
module_param_named(quota_user_store, dios_quota_user[USE_STORE], ulong, 0644);
MODULE_PARM_DESC(quota_user_store, "bytes of the store that a user's blobs may have; 0: no limit");
module_param_named(store, dal_store_path, charp, 0444);
MODULE_PARM_DESC(store, "folder of the node's blobs, which root alone may use; without it there are none");
module_param_named(linux_fatal, dal_linux_fatal, bool, 0644);
MODULE_PARM_DESC(linux_fatal, "kill a pure task that makes a Linux call (default: ENOSYS)");

static int __init store_init(void)
{
	int err = dal_store_init();

	if (err)
		return err;
	err = dios_store.count();
	if (!err)
		return 0;
	pr_err("store: what is in it cannot be counted: error %d\n", err);
	users_exit();
	dal_store_exit();
	return err == -DIOS_ENOMEM ? -ENOMEM : -EIO;
}

static void store_exit(void)
{
	users_exit();
	dal_store_exit();
}

static int __init dios_init(void)
{
	int err;

	if (calls_check()) {
		pr_err("a call or an operation is missing\n");
		return -EINVAL;
	}
	err = store_init();
	if (err)
		return err;
	if (names_init()) {
		store_exit();
		return -ENOMEM;
	}
	err = dal_entry_init();
	if (err) {
		names_exit();
		store_exit();
		return err;
	}
	dal_exec_init();
	err = dal_dev_init();
	if (err) {
		dal_exec_exit();
		dal_entry_exit();
		names_exit();
		store_exit();
		return err;
	}
	dal_debug_init();
	pr_info("DIOS, ABI %d\n", DIOS_ABI_VERSION);
	return 0;
}

/* No task lives: each has a file of ours, which holds the module. */
static void __exit dios_exit(void)
{
	dal_debug_exit();
	dal_dev_exit();
	dal_exec_exit();
	dal_entry_exit();
	names_exit();
	store_exit();
	dal_net_exit();
}

module_init(dios_init);
module_exit(dios_exit);

MODULE_DESCRIPTION("DIOS, a distributed operating system, on Linux");
MODULE_AUTHOR("The DIOS Authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
MODULE_INFO(dios_abi, __stringify(DIOS_ABI_VERSION));
