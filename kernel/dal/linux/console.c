// SPDX-License-Identifier: GPL-2.0
/*
 * console.c - where a console's text goes: a file of the process that made it,
 * or the node's own console.  And Linux's errors as DIOS's.
 *
 * Locks: f_pos_lock of the file, for files that have a position.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/init_task.h>
#include <linux/uio.h>
#include "linux.h"

int dal_err(int err)
{
	if (err >= 0)
		return err;
	switch (err) {
	case -ENOMEM:
	case -ENOBUFS:
		return -DIOS_ENOMEM;
	case -EFAULT:
		return -DIOS_EFAULT;
	case -EINVAL:
	case -EBADF:
		return -DIOS_EINVAL;
	case -EPERM:
	case -EACCES:
		return -DIOS_EPERM;
	case -EEXIST:
	case -EBUSY:
	case -ETXTBSY:
	case -EADDRINUSE:
		return -DIOS_EBUSY;
	case -ENOEXEC:
	case -ELIBBAD:
		return -DIOS_EBADEXE;
	case -E2BIG:
	case -EMSGSIZE:
		return -DIOS_ETOOBIG;
	case -EPIPE:
	case -ENOTCONN:
		return -DIOS_EPIPE;
	case -EAGAIN:
		return -DIOS_EAGAIN;
	case -EINTR:
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
		return -DIOS_EINTR;
	case -ECONNREFUSED:
		return -DIOS_EREFUSED;
	case -ECONNRESET:
	case -ECONNABORTED:
		return -DIOS_ERESET;
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -ENETDOWN:
	case -EHOSTDOWN:
	case -ENONET:
	case -EPROTO:
		return -DIOS_EUNREACH;
	case -ETIMEDOUT:
		return -DIOS_ETIMEDOUT;
	case -EADDRNOTAVAIL:
		return -DIOS_EADDR;
	case -EAFNOSUPPORT:
	case -EPROTONOSUPPORT:
	case -EOPNOTSUPP:
	case -ENOPROTOOPT:
		return -DIOS_ENOTSUP;
	case -EDQUOT:
	case -EMFILE:
	case -ENFILE:
		return -DIOS_EQUOTA;
	}
	return -DIOS_EIO;
}

static struct dal_console *console_new(struct file *file)
{
	struct dal_console *c = kmalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);

	if (!c) {
		fput(file);
		return ERR_PTR(-DIOS_ENOMEM);
	}
	c->file = file;
	return c;
}

struct dal_console *dal_console_open(u32 fd)
{
	struct file *file = fget(fd);
	int err = 0;

	if (!file)
		return ERR_PTR(-DIOS_EINVAL);
	if (!(file->f_mode & FMODE_WRITE))
		err = -DIOS_EPERM;
	else if (!(file->f_mode & FMODE_CAN_WRITE) || !file->f_op->write_iter)
		err = -DIOS_ENOTSUP;
	if (err) {
		fput(file);
		return ERR_PTR(err);
	}
	return console_new(file);
}

/* Opened as the host itself: it is there for all tasks, whatever their users may open. */
struct dal_console *dal_console_node(void)
{
	struct cred *host = prepare_kernel_cred(&init_task);
	const struct cred *old;
	struct file *file;
	struct path root;

	if (!host)
		return ERR_PTR(-DIOS_ENOMEM);
	old = override_creds(host);
	get_fs_root(init_task.fs, &root);
	file = file_open_root(&root, "/dev/console", O_WRONLY | O_NOCTTY, 0);
	path_put(&root);
	revert_creds(old);
	put_cred(host);
	return IS_ERR(file) ? ERR_PTR(dal_err(PTR_ERR(file))) : console_new(file);
}

/*
 * Not kernel_write() for all: it refuses files that have both ways of
 * writing, such as /dev/null.  Regular files need what it does around the write.
 */
static ssize_t write_file(struct file *file, const void *buf, size_t len)
{
	struct kvec vec = { .iov_base = (void *)buf, .iov_len = len };
	struct iov_iter iter;
	struct kiocb io;
	ssize_t n;

	if (S_ISREG(file_inode(file)->i_mode)) {
		mutex_lock(&file->f_pos_lock);
		n = kernel_write(file, buf, len, &file->f_pos);
		mutex_unlock(&file->f_pos_lock);
		return n;
	}
	init_sync_kiocb(&io, file);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	iov_iter_kvec(&iter, WRITE, &vec, 1, len);
#else
	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, len);
#endif
	return file->f_op->write_iter(&io, &iter);
}

ssize_t dal_console_write(struct dios_task *t, struct dal_console *c,
			  const void *buf, size_t len)
{
	ssize_t n;

	dal_block(t->dal);
	n = write_file(c->file, buf, len);
	dal_unblock(t->dal);
	return n < 0 ? dal_err(n) : n;
}

void dal_console_close(struct dal_console *c)
{
	fput(c->file);
	kfree(c);
}
