// SPDX-License-Identifier: GPL-2.0
/*
 * console.c - where a console's text goes and comes from: a file of the process that
 * made it, or the node's own console.  And Linux's errors as DIOS's.
 *
 * A console that can be read has an entry in the wait queues of its file, as long as
 * it lives: the file then tells when there may be input, and reading never waits.  It holds the
 * file, and so the queues; one that goes earlier (POLLFREE) says so.
 *
 * Locks: f_pos_lock of the file, for files that have a position.  A wait queue's lock is
 * held when the object is woken.
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
	struct dal_console *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);

	if (!c) {
		fput(file);
		return ERR_PTR(-DIOS_ENOMEM);
	}
	c->file = file;
	return c;
}

#define READABLE	(EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLHUP | EPOLLERR)

/* Called by the file, with the queue's lock held. */
static int watch_woken(struct wait_queue_entry *entry, unsigned int mode, int sync, void *key)
{
	struct dal_watch *w = container_of(entry, struct dal_watch, entry);
	struct dal_console *c = w->console;
	__poll_t what = key_to_poll(key);

	if (!what || what & (READABLE | POLLFREE))
		c->wake(c->arg, DIOS_R_READ);
	if (what & POLLFREE) {
		list_del_init(&entry->entry);
		/* Pairs with unwatch(): the queue is there no longer than RCU says. */
		smp_store_release(&w->head, NULL);
	}
	return 0;
}

static void watch(struct file *file, struct wait_queue_head *head, struct poll_table_struct *table)
{
	struct dal_console *c = container_of(table, struct dal_console, table);
	struct dal_watch *w = &c->watches[c->nwatches++];

	if (c->nwatches > DAL_WATCHES)
		return;
	init_waitqueue_func_entry(&w->entry, watch_woken);
	w->console = c;
	w->head = head;
	add_wait_queue(head, &w->entry);
}

static void unwatch(struct dal_watch *w)
{
	struct wait_queue_head *head;

	rcu_read_lock();
	head = smp_load_acquire(&w->head);
	if (head) {
		spin_lock_irq(&head->lock);
		list_del_init(&w->entry.entry);
		spin_unlock_irq(&head->lock);
	}
	rcu_read_unlock();
}

/* Have the file tell when there is input.  -ENOTSUP: it has too many queues. */
static int watch_file(struct dal_console *c, dal_wake_fn wake, void *arg)
{
	c->wake = wake;
	c->arg = arg;
	init_poll_funcptr(&c->table, watch);
	c->table._key = READABLE;
	vfs_poll(c->file, &c->table);
	if (c->nwatches <= DAL_WATCHES)
		return 0;
	c->nwatches = DAL_WATCHES;
	return -DIOS_ENOTSUP;
}

struct dal_console *dal_console_open(u32 fd, u32 *rights, dal_wake_fn wake, void *arg)
{
	struct file *file = fget(fd);
	struct dal_console *c;
	int err = 0;

	if (!file)
		return ERR_PTR(-DIOS_EINVAL);
	*rights = 0;
	if (file->f_mode & FMODE_CAN_READ && file->f_op->read_iter)
		*rights |= DIOS_R_READ;
	if (file->f_mode & FMODE_CAN_WRITE && file->f_op->write_iter)
		*rights |= DIOS_R_WRITE;
	if (!*rights)
		err = file->f_mode & (FMODE_READ | FMODE_WRITE) ? -DIOS_ENOTSUP : -DIOS_EPERM;
	if (err) {
		fput(file);
		return ERR_PTR(err);
	}
	c = console_new(file);
	if (IS_ERR(c) || !(*rights & DIOS_R_READ))
		return c;
	err = watch_file(c, wake, arg);
	if (err) {
		dal_console_close(c);
		return ERR_PTR(err);
	}
	return c;
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

/* A file with a position: its reads do not wait for others, but look at the offset together. */
static bool has_position(struct file *file)
{
	umode_t mode = file_inode(file)->i_mode;

	return S_ISREG(mode) || S_ISBLK(mode);
}

static ssize_t read_iter(struct file *file, void *buf, size_t len, loff_t *pos)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct iov_iter iter;
	struct kiocb io;
	ssize_t n;

	init_sync_kiocb(&io, file);
	io.ki_pos = *pos;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	iov_iter_kvec(&iter, READ, &vec, 1, len);
#else
	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, len);
#endif
	n = file->f_op->read_iter(&io, &iter);
	*pos = io.ki_pos;
	return n;
}

/*
 * What is there, without waiting for more.  That is a property of the open file, which is
 * others' too, and few files know of it for a single read.  But a read that may wait takes
 * what is there first, and does not begin to wait while a signal is pending.  So
 * one seems to be, as when the freezer wants a task's attention.
 */
static ssize_t read_now(struct file *file, void *buf, size_t len)
{
	struct sighand_struct *sig = rcu_dereference_protected(current->sighand, true);
	loff_t pos = 0;
	ssize_t n;

	set_thread_flag(TIF_SIGPENDING);
	n = read_iter(file, buf, len, &pos);
	spin_lock_irq(&sig->siglock);
	recalc_sigpending();
	spin_unlock_irq(&sig->siglock);
	return dal_err(n) == -DIOS_EINTR ? -EAGAIN : n;
}

static ssize_t read_file(struct file *file, void *buf, size_t len)
{
	loff_t none = 0;
	ssize_t n;

	if (has_position(file)) {
		mutex_lock(&file->f_pos_lock);
		n = read_iter(file, buf, len, &file->f_pos);
		mutex_unlock(&file->f_pos_lock);
		return n;
	}
	return file_can_poll(file) ? read_now(file, buf, len) : read_iter(file, buf, len, &none);
}

ssize_t dal_console_read(struct dios_task *t, struct dal_console *c, void *buf, size_t len)
{
	ssize_t n;

	dal_block(t->dal);
	n = read_file(c->file, buf, len);
	dal_unblock(t->dal);
	return n < 0 ? dal_err(n) : n;
}

bool dal_console_ready(struct dal_console *c)
{
	return vfs_poll(c->file, NULL) & READABLE;
}

void dal_console_close(struct dal_console *c)
{
	while (c->nwatches)
		unwatch(&c->watches[--c->nwatches]);
	fput(c->file);
	kfree(c);
}
