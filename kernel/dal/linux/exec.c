// SPDX-License-Identifier: GPL-2.0
/*
 * exec.c - brands, at the time Linux execs a file; and program files.
 *
 * A binary format, first in the list, looks at every exec before anything is
 * mapped.  It loads nothing: it refuses (EPERM, so that a shell does not
 * take the file for a script), or says ENOEXEC and the ELF loader goes on.
 *
 *   brand         exec by a process	exec by run
 *   legacy        goes on		refused
 *   legacy-limbo  goes on		refused
 *   pure          refused		goes on
 *   dios-limbo    refused		goes on
 *   unknown       refused		refused
 *
 * Locks: none.
 */
#include <linux/binfmts.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/xattr.h>
#include "linux.h"

static const char *brand_name(u32 brand)
{
	switch (brand) {
	case DIOS_BRAND_PURE:
		return "pure";
	case DIOS_BRAND_DIOS_LIMBO:
		return "dios-limbo";
	case DIOS_BRAND_LEGACY_LIMBO:
		return "legacy-limbo";
	}
	return "with an unknown number";
}

/* By run: exactly the file and brand that run has checked. */
static int load_by_run(struct dal_task *d, struct linux_binprm *bprm, u32 brand)
{
	if (brand != d->t->brand || file_inode(bprm->file) != file_inode(d->exe))
		return -EPERM;
	d->phase = DAL_LOADED;
	dal_debug_start();
	return -ENOEXEC;
}

static bool has_capabilities(struct file *file)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	ssize_t n = vfs_getxattr(file_mnt_user_ns(file), file->f_path.dentry, XATTR_NAME_CAPS, NULL, 0);
#else
	ssize_t n = vfs_getxattr(file_mnt_idmap(file), file->f_path.dentry, XATTR_NAME_CAPS, NULL, 0);
#endif

	return n != -ENODATA && n != -EOPNOTSUPP;
}

static int load_binary(struct linux_binprm *bprm)
{
	u32 brand = DIOS_BRAND_LEGACY;
	struct dal_task *d;

	elf_brand(bprm->buf, sizeof(bprm->buf), &brand);
	rcu_read_lock();
	d = dal_find(current);
	rcu_read_unlock();
	if (d && d->phase == DAL_STARTING)
		return load_by_run(d, bprm, brand);
	if (d && d->by_run) {
		pr_warn_ratelimited("%s[%d]: a DIOS task cannot become another program; use dios_run\n",
				    current->comm, task_pid_nr(current));
		return -EPERM;
	}
	if (brand == DIOS_BRAND_LEGACY)
		return -ENOEXEC;
	if (brand != DIOS_BRAND_LEGACY_LIMBO) {
		pr_warn_ratelimited("exec: %s is branded %s: a DIOS task, started by dios_run (for example from DiziBox)\n",
				    bprm->filename, brand_name(brand));
		return -EPERM;
	}
	if (file_inode(bprm->file)->i_mode & (S_ISUID | S_ISGID)) {
		pr_warn_ratelimited("exec: %s is branded legacy-limbo and set-user-ID or set-group-ID: clear one of them\n",
				    bprm->filename);
		return -EPERM;
	}
	if (has_capabilities(bprm->file)) {
		pr_warn_ratelimited("exec: %s is branded legacy-limbo and has file capabilities: remove one of them\n",
				    bprm->filename);
		return -EPERM;
	}
	return -ENOEXEC;
}

static struct linux_binfmt format = {
	.module		= THIS_MODULE,
	.load_binary	= load_binary,
};

int dal_exec_init(void)
{
	__register_binfmt(&format, 1);
	return 0;
}

void dal_exec_exit(void)
{
	unregister_binfmt(&format);
}

int dal_file_brand(struct file *file, u32 *brand)
{
	u8 head[16];
	loff_t pos = 0;
	ssize_t n = kernel_read(file, head, sizeof(head), &pos);

	if (n < 0)
		return n;
	return elf_brand(head, n, brand) ? -ENOEXEC : 0;
}

/* The file becomes that of the program, also when there is none. */
struct dal_exe *dal_exe_new(struct file *file, bool in_store)
{
	struct dal_exe *e = kmalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);

	if (!e) {
		fput(file);
		return ERR_PTR(-DIOS_ENOMEM);
	}
	refcount_set(&e->holds, 1);
	e->file = file;
	e->in_store = in_store;
	e->size = 0;
	return e;
}

struct dal_exe *dal_exe_import(u32 fd)
{
	struct file *file = fget(fd);
	int err = -DIOS_EINVAL;

	if (!file)
		return ERR_PTR(-DIOS_EINVAL);
	if (!S_ISREG(file_inode(file)->i_mode) || !(file->f_mode & FMODE_READ))
		goto put;
	err = -DIOS_EPERM;
	if (file->f_path.mnt->mnt_flags & MNT_NOEXEC ||
	    file_inode(file)->i_sb->s_iflags & SB_I_NOEXEC ||
	    file_permission(file, MAY_EXEC))
		goto put;
	return dal_exe_new(file, false);
put:
	fput(file);
	return ERR_PTR(err);
}

ssize_t dal_exe_read(struct dal_exe *e, void *dst, size_t len, u64 off)
{
	loff_t pos = off;
	ssize_t n;

	if (e->in_store)
		len = off < e->size ? min_t(u64, len, e->size - off) : 0;
	n = kernel_read(e->file, dst, len, &pos);
	return n < 0 ? -DIOS_EIO : n;
}

u64 dal_exe_size(struct dal_exe *e)
{
	return e->in_store ? READ_ONCE(e->size) : i_size_read(file_inode(e->file));
}

void dal_exe_set_size(struct dal_exe *e, u64 size)
{
	WRITE_ONCE(e->size, size);
}

void dal_exe_get(struct dal_exe *e)
{
	refcount_inc(&e->holds);
}

bool dal_exe_shared(struct dal_exe *e)
{
	return refcount_read(&e->holds) > 1;
}

void dal_exe_put(struct dal_exe *e)
{
	if (!refcount_dec_and_test(&e->holds))
		return;
	fput(e->file);
	kfree(e);
}
