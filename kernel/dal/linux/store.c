// SPDX-License-Identifier: GPL-2.0
/*
 * store.c - the node's store of blobs: a folder of Linux's, named at load (store=PATH).
 *
 * The folder must be on a file system that has sparse files, fallocate, and a sync that reaches
 * the disk: ext4, xfs, btrfs; tmpfs, for a store that need not last. A blob is run from
 * it, so it must not be mounted noexec. It is to be root's, and nobody else's.
 *
 * - Changes are made by a worker of the kernel, dal_store_do(). A write of a task that is killed
 *   ends in the middle, and with a signal when the file is longer than the task may make
 *   one; a worker has neither kills nor limits.
 * - A file is open for writing only while it is changed: no program can be run from one that is.
 *   The worker closes it at once, where a task would do so on its way out.
 *
 * Locks: the folder's own, by Linux's functions.
 */
#include <linux/cred.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/workqueue.h>
#include "linux.h"

char *dal_store_path;

static struct {
	struct path dir;
	struct file *file;		/* of dir; NULL: there is no store */
	const struct cred *cred;	/* the kernel's: no user may reach into it */
	struct workqueue_struct *worker;
} store;

struct dal_file {
	struct file *file;		/* to read, map and run */
	struct file *write;		/* between begin and end */
};

static int file_err(int err)
{
	switch (err) {
	case -ENOENT:
		return -DIOS_ENOENT;
	case -EEXIST:
		return -DIOS_EEXIST;
	case -ENOSPC:
	case -EDQUOT:
	case -EFBIG:
		return -DIOS_EQUOTA;
	case -ENOMEM:
		return -DIOS_ENOMEM;
	case -ETXTBSY:
		return -DIOS_EBUSY;
	case -EOPNOTSUPP:
		return -DIOS_ENOTSUP;
	}
	return err < 0 ? -DIOS_EIO : err;
}

bool dal_store_there(void)
{
	return store.file;
}

struct job {
	struct work_struct work;
	int (*fn)(void *arg);
	void *arg;
	int ret;
};

static void job_run(struct work_struct *work)
{
	struct job *j = container_of(work, struct job, work);

	j->ret = j->fn(j->arg);
}

int dal_store_do(int (*fn)(void *arg), void *arg)
{
	struct job j = { .fn = fn, .arg = arg };

	INIT_WORK_ONSTACK(&j.work, job_run);
	queue_work(store.worker, &j.work);
	flush_work(&j.work);
	destroy_work_on_stack(&j.work);
	return j.ret;
}

int dal_store_sync(void)
{
	return file_err(vfs_fsync(store.file, 0));
}

static struct file *open_in_store(const char *name, int flags)
{
	const struct cred *old = override_creds(store.cred);
	struct file *file = file_open_root(&store.dir, name, flags | O_LARGEFILE | O_NOFOLLOW, 0555);

	revert_creds(old);
	return file;
}

static struct file *open_again(struct file *file, int flags)
{
	return dentry_open(&file->f_path, flags | O_LARGEFILE, store.cred);
}

static struct dal_file *file_new(void)
{
	return kzalloc(sizeof(struct dal_file), GFP_KERNEL_ACCOUNT);
}

struct dal_file *dal_file_open(const char *name)
{
	struct dal_file *f = file_new();
	int err;

	if (!f)
		return ERR_PTR(-DIOS_ENOMEM);
	f->file = open_in_store(name, O_RDONLY);
	if (IS_ERR(f->file)) {
		err = file_err(PTR_ERR(f->file));
		kfree(f);
		return ERR_PTR(err);
	}
	if (!S_ISREG(file_inode(f->file)->i_mode)) {
		dal_file_put(f);
		return ERR_PTR(-DIOS_EIO);
	}
	return f;
}

struct dal_file *dal_file_make(const char *name)
{
	struct dal_file *f = file_new();
	int err;

	if (!f)
		return ERR_PTR(-DIOS_ENOMEM);
	f->write = open_in_store(name, O_RDWR | O_CREAT | O_EXCL);
	if (IS_ERR(f->write)) {
		err = file_err(PTR_ERR(f->write));
		kfree(f);
		return ERR_PTR(err);
	}
	f->file = open_again(f->write, O_RDONLY);
	if (IS_ERR(f->file)) {
		err = file_err(PTR_ERR(f->file));
		dal_file_end(f);
		dal_file_remove(name);
		kfree(f);
		return ERR_PTR(err);
	}
	return f;
}

void dal_file_put(struct dal_file *f)
{
	fput(f->file);
	kfree(f);
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define map_of(mnt)	mnt_user_ns(mnt)
#define OLD_MAP		old_mnt_userns
#define NEW_MAP		new_mnt_userns
#else
#define map_of(mnt)	mnt_idmap(mnt)
#define OLD_MAP		old_mnt_idmap
#define NEW_MAP		new_mnt_idmap
#endif

static int rename_in(struct dentry *dir, struct dentry *from, struct dentry *to)
{
	struct renamedata rd = {
		.OLD_MAP	= map_of(store.dir.mnt),
		.old_dir	= d_inode(dir),
		.old_dentry	= from,
		.NEW_MAP	= map_of(store.dir.mnt),
		.new_dir	= d_inode(dir),
		.new_dentry	= to,
	};

	if (d_is_negative(from))
		return -ENOENT;
	if (d_is_positive(to))
		return -EEXIST;
	return vfs_rename(&rd);
}

int dal_file_rename(const char *from, const char *to)
{
	struct dentry *dir = store.dir.dentry, *a, *b;
	int err = mnt_want_write(store.dir.mnt);

	if (err)
		return file_err(err);
	lock_rename(dir, dir);
	a = lookup_one_len(from, dir, strlen(from));
	b = lookup_one_len(to, dir, strlen(to));
	err = IS_ERR(a) ? PTR_ERR(a) : IS_ERR(b) ? PTR_ERR(b) : rename_in(dir, a, b);
	if (!IS_ERR(a))
		dput(a);
	if (!IS_ERR(b))
		dput(b);
	unlock_rename(dir, dir);
	mnt_drop_write(store.dir.mnt);
	return file_err(err);
}

int dal_file_remove(const char *name)
{
	struct dentry *dir = store.dir.dentry, *d;
	int err = mnt_want_write(store.dir.mnt);

	if (err)
		return file_err(err);
	inode_lock_nested(d_inode(dir), I_MUTEX_PARENT);
	d = lookup_one_len(name, dir, strlen(name));
	if (IS_ERR(d)) {
		err = PTR_ERR(d);
	} else {
		err = d_is_negative(d) ? -ENOENT : vfs_unlink(map_of(store.dir.mnt), d_inode(dir), d, NULL);
		dput(d);
	}
	inode_unlock(d_inode(dir));
	mnt_drop_write(store.dir.mnt);
	return file_err(err);
}

int dal_file_begin(struct dal_file *f)
{
	struct file *write = open_again(f->file, O_RDWR);

	if (IS_ERR(write))
		return file_err(PTR_ERR(write));
	f->write = write;
	return 0;
}

void dal_file_end(struct dal_file *f)
{
	__fput_sync(f->write);
	f->write = NULL;
}

int dal_file_read(struct dal_file *f, void *dst, size_t len, u64 off)
{
	const struct cred *old = override_creds(store.cred);
	loff_t pos = off;
	ssize_t n = 1;

	while (len && n > 0) {
		n = kernel_read(f->file, dst, len, &pos);
		if (n > 0) {
			dst += n;
			len -= n;
		}
	}
	revert_creds(old);
	if (n < 0)
		return file_err(n);
	memset(dst, 0, len);
	return 0;
}

int dal_file_write(struct dal_file *f, const void *src, size_t len, u64 off)
{
	loff_t pos = off;
	ssize_t n;

	while (len) {
		n = kernel_write(f->write, src, len, &pos);
		if (n <= 0)
			return n ? file_err(n) : -DIOS_EIO;
		src += n;
		len -= n;
	}
	return 0;
}

int dal_file_reserve(struct dal_file *f, u64 off, u64 len)
{
	return file_err(vfs_fallocate(f->write, 0, off, len));
}

int dal_file_clear(struct dal_file *f, u64 off, u64 len)
{
	return file_err(vfs_fallocate(f->write, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len));
}

int dal_file_sync(struct dal_file *f)
{
	return file_err(vfs_fsync(f->write, 1));
}

struct dal_pages *dal_file_pages(struct dal_file *f, u64 off, size_t len)
{
	return dal_pages_of_file(f->file, off, len);
}

struct dal_exe *dal_file_exe(struct dal_file *f)
{
	return dal_exe_new(get_file(f->file), true);
}

/* Load and unload. */

#define SWEEP_BATCH	32

struct sweep {
	struct dir_context ctx;
	char first;			/* of the names that are wanted; 0: all */
	u32 n;
	char names[SWEEP_BATCH][DAL_FILE_NAME];
};

static bool sweep_entry(struct dir_context *ctx, const char *name, int len, loff_t off, u64 ino,
			unsigned int type)
{
	struct sweep *s = container_of(ctx, struct sweep, ctx);

	if ((s->first && name[0] != s->first) || len >= DAL_FILE_NAME)
		return true;
	/* What is refused comes first the next time. */
	if (s->n == SWEEP_BATCH)
		return false;
	memcpy(s->names[s->n], name, len);
	s->names[s->n++][len] = 0;
	return true;
}

/* Some of the files; 1: there may be more. */
static int sweep_some(void *arg)
{
	struct sweep *s = arg;
	struct file *dir = open_again(store.file, O_RDONLY | O_DIRECTORY);
	u32 i;
	int err;

	if (IS_ERR(dir))
		return file_err(PTR_ERR(dir));
	s->ctx.pos = 0;
	s->n = 0;
	err = file_err(iterate_dir(dir, &s->ctx));
	__fput_sync(dir);
	for (i = 0; i < s->n && !err; i++)
		err = dal_file_remove(s->names[i]);
	return err ? err : s->n == SWEEP_BATCH;
}

int dal_store_sweep(char first)
{
	struct sweep *s = kzalloc(sizeof(*s), GFP_KERNEL);
	int err;

	if (!s)
		return -DIOS_ENOMEM;
	s->ctx.actor = sweep_entry;
	s->first = first;
	do
		err = dal_store_do(sweep_some, s);
	while (err > 0);
	kfree(s);
	return err;
}

int dal_store_each(int (*fn)(const char *name))
{
	struct sweep *s = kzalloc(sizeof(*s), GFP_KERNEL);
	struct file *dir;
	int err = -DIOS_ENOMEM;
	u32 i;

	if (!s)
		return err;
	s->ctx.actor = sweep_entry;
	dir = open_again(store.file, O_RDONLY | O_DIRECTORY);
	if (IS_ERR(dir)) {
		err = file_err(PTR_ERR(dir));
		goto free;
	}
	/* fn opens files there, which the folder's lock forbids while it is read. */
	do {
		s->n = 0;
		err = file_err(iterate_dir(dir, &s->ctx));
		for (i = 0; i < s->n && !err; i++)
			err = fn(s->names[i]);
	} while (s->n && !err);
	fput(dir);
free:
	kfree(s);
	return err;
}

int dal_store_init(void)
{
	int err;

	if (!dal_store_path || !*dal_store_path)
		return 0;
	err = kern_path(dal_store_path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &store.dir);
	if (err)
		goto say;
	err = -ENOMEM;
	store.cred = prepare_kernel_cred(&init_task);
	if (!store.cred)
		goto put_path;
	store.worker = alloc_workqueue("dios-store", WQ_UNBOUND, 0);
	if (!store.worker)
		goto put_cred;
	store.file = dentry_open(&store.dir, O_RDONLY | O_DIRECTORY, store.cred);
	if (IS_ERR(store.file)) {
		err = PTR_ERR(store.file);
		store.file = NULL;
		goto put_worker;
	}
	/* What had no name when the node went. */
	if (!dal_store_sweep('t'))
		return 0;
	err = -EIO;
	fput(store.file);
	store.file = NULL;
put_worker:
	destroy_workqueue(store.worker);
put_cred:
	put_cred(store.cred);
put_path:
	path_put(&store.dir);
say:
	pr_err("store=%s: error %d: give a folder that root can write, or no store\n", dal_store_path, err);
	return err;
}

void dal_store_exit(void)
{
	if (!store.file)
		return;
	destroy_workqueue(store.worker);
	fput(store.file);
	store.file = NULL;
	put_cred(store.cred);
	path_put(&store.dir);
}
