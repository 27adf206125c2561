/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dal.h - the DIOS adaptation layer: all that DIOS needs from its host.
 *
 * core/ and obj/ see the host only through this file.  There are two hosts:
 * dal/linux, the module, and dal/hosted, a user-space library for tests
 * under sanitizers.  The file has two parts.
 *
 * 1. Borrowed by name.  A few Linux interfaces are used under their own
 *    names, so that the core reads as Linux and lockdep and sparse work:
 *    list_head and hlist, refcount_t, atomic64_t, spinlock_t with
 *    irqsave, kmalloc, kvmalloc and kin, ERR_PTR, container_of, siphash,
 *    sort, mutex, array_index_nospec, min, READ_ONCE, smp_store_release, barrier.  dal/hosted/shim.h has the list.
 *
 * 2. Asked of the host.  The functions below.  Each says when it is called,
 *    whether it may sleep, who owns the result, and what failure means.
 *    Errors are -DIOS_E..., never the host's.
 */
#ifndef DIOS_DAL_H
#define DIOS_DAL_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/mm.h>
#include <linux/err.h>
#include <linux/nospec.h>
#include <linux/siphash.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/minmax.h>
#include <linux/build_bug.h>
#include <linux/printk.h>
#else
#include "hosted/shim.h"
#endif

#include "../../abi/dios.h"

struct dios_task;
struct dal_task;	/* the host's side of a task */
struct dal_pages;	/* memory that kernel and task share */
struct dal_console;	/* where a console's text goes */
struct dal_exe;		/* a program file */
struct dal_timer;	/* a timer of the host */
struct dal_sock;	/* a socket of the host */
struct dal_file;	/* a file of the store */

/*
 * The caller's memory.  Only in a call, from the task's own context.  May
 * sleep.  -DIOS_EFAULT when any byte cannot be reached; then nothing may be
 * assumed of the destination.
 */
int dal_copy_in(void *dst, u64 src, size_t len);
int dal_copy_out(u64 dst, const void *src, size_t len);

/* The host's number of the user whose process is running.  In a call, or when a task is made. */
u32 dal_uid(void);

/* CLOCK_MONOTONIC nanoseconds.  Any context. */
u64 dal_now(void);

/* Nanoseconds since 1970.  Any context. */
u64 dal_real_time(void);

/* len bytes from the CSPRNG.  May sleep while the host has no entropy yet. */
void dal_random(void *dst, size_t len);

/*
 * Waiting.  dal_wait() sleeps until dal_wake() has been called for the task
 * since the last dal_wait_begin(), the deadline (absolute, nanoseconds; -1:
 * for ever) has passed, or an upcall or a kill is due.  It is called with
 * nothing locked, from the task's own context.  dal_wake() is called from
 * any context, with spinlocks held.
 * Return: 0 woken, -DIOS_ETIMEDOUT, -DIOS_EINTR.
 */
void dal_wait_begin(struct dios_task *t);
int dal_wait(struct dios_task *t, s64 deadline);
void dal_wake(struct dios_task *t);

/*
 * Pages that kernel and task share: zeroed, charged to the task that is
 * running.  dal_pages_kernel() is their address in the kernel, or NULL.  The pages
 * live until both dal_pages_free() was called and no task has them mapped.
 * May sleep.  ERR_PTR(-DIOS_ENOMEM).
 *
 * A ring is seen twice in a row, in the kernel and, mapped with 2 * len, in a
 * task: what runs over its end goes on at its start.  Lazy pages are backed
 * when they are touched, and the kernel does not see them; dal_pages_back() backs the one
 * at off, which stays, and says where the kernel sees it: the same each time, also when
 * several tasks ask at once.
 */
struct dal_pages *dal_pages_alloc(size_t len);
struct dal_pages *dal_pages_alloc_ring(size_t len);
struct dal_pages *dal_pages_alloc_lazy(size_t len);
void *dal_pages_kernel(struct dal_pages *p);
void *dal_pages_back(struct dal_pages *p, size_t off);
void dal_pages_free(struct dal_pages *p);

/*
 * Map into the running task, len bytes from the first page.  addr is a hint (0: none), or with
 * fixed the only place wanted (-DIOS_EBUSY when it is taken).  Read-only pages
 * can never be made writable by the task.  May sleep.
 * Return: 0 and *out; -DIOS_ENOMEM, -DIOS_EBUSY, -DIOS_EINVAL.
 */
int dal_map_pages(struct dal_pages *p, size_t len, bool writable, u64 addr,
		  bool fixed, u64 *out);

/*
 * Private zeroed memory, backed lazily, and when it is sparse page by page; otherwise as
 * dal_map_pages().
 */
int dal_map_anon(size_t len, u64 addr, bool fixed, bool sparse, u64 *out);

/* Free the pages of a part of what dal_map_anon() mapped; it reads as zero, and is not sparse. */
int dal_discard(u64 addr, size_t len);

/*
 * Undo a mapping of t.  Does nothing when t's memory is gone already (it has
 * ended) or is not the running task's.
 */
void dal_unmap(struct dios_task *t, u64 addr, size_t len);

/*
 * Install the upcalls of the running task; c was checked.  Entry 0 removes
 * them.  -DIOS_ENOTSUP for a process that is no DIOS task.
 */
int dal_set_upcalls(struct dios_task *t, const struct dios_control *c);

/* Something may be possible now, of DIOS_R_*.  Called from any context, and does not sleep. */
typedef void (*dal_wake_fn)(void *arg, u32 rights);

/*
 * Consoles.  dal_console_open() binds a descriptor of the running process, and
 * says for what it can be used: DIOS_R_READ, DIOS_R_WRITE; dal_console_node() is the
 * node's own, to write.  dal_console_write() may sleep and may write less than len.  The
 * caller owns the result and ends it with dal_console_close().
 *
 * dal_console_read() does not wait for input: 0 is its end, -DIOS_EAGAIN that there is none
 * now, and wake(arg, DIOS_R_READ) is called, until dal_console_close(), whenever that may
 * have changed.  dal_console_ready() says whether it would not be -DIOS_EAGAIN.  Both may
 * sleep for the host's own reasons.  A file that cannot tell is always ready, and
 * reading it waits.
 * Errors: open -DIOS_EINVAL (no such descriptor), -DIOS_EPERM (open neither to read nor
 * to write), -DIOS_ENOTSUP; write -DIOS_EPIPE, -DIOS_EIO, -DIOS_EINTR; read -DIOS_EIO, -DIOS_EINTR.
 */
struct dal_console *dal_console_open(u32 fd, u32 *rights, dal_wake_fn wake, void *arg);
struct dal_console *dal_console_node(void);
ssize_t dal_console_write(struct dios_task *t, struct dal_console *c,
			  const void *buf, size_t len);
ssize_t dal_console_read(struct dios_task *t, struct dal_console *c, void *buf, size_t len);
bool dal_console_ready(struct dal_console *c);
void dal_console_close(struct dal_console *c);

/*
 * Programs.  dal_exe_import() binds a descriptor of the running process to a
 * regular file it may execute, dal_file_exe() a file of the store.  Both give one
 * hold; dal_exe_get() takes more, dal_exe_put() drops one, and dal_exe_shared() says
 * whether there is another than the caller's.  dal_exe_read() reads
 * at an offset: the number of bytes, fewer only at the end, or an error.
 * Errors: import -DIOS_EINVAL (no such descriptor, no regular file),
 * -DIOS_EPERM (not executable for the caller); read -DIOS_EIO.
 */
struct dal_exe *dal_exe_import(u32 fd);
ssize_t dal_exe_read(struct dal_exe *e, void *dst, size_t len, u64 off);
u64 dal_exe_size(struct dal_exe *e);
void dal_exe_get(struct dal_exe *e);
void dal_exe_put(struct dal_exe *e);
bool dal_exe_shared(struct dal_exe *e);

/*
 * Start t, a task that core has made, running program e.  argv and env are
 * arrays ended by NULL; they belong to the caller again on return.
 * The host calls dios_task_end() exactly once: on success when the task has
 * ended, on failure before it returns.  May sleep.
 * Errors: -DIOS_ENOMEM, -DIOS_EBADEXE, -DIOS_EBRAND, -DIOS_ETOOBIG, -DIOS_EIO.
 */
int dal_start_task(struct dios_task *t, struct dal_exe *e, char **argv,
		   char **env);

/* Free the host's side of a task; the last thing before the task is freed. */
void dal_task_free(struct dal_task *d);

/* End the running task when its call returns, with this status. */
void dal_exit(struct dios_task *t, u32 status);

/*
 * What the host knows of a task that has not ended, or has a moment ago: state, times
 * and resident memory.  The caller holds t.  May sleep.
 */
void dal_task_info(struct dios_task *t, struct dios_task_info *out);

/* End a task that may be running anywhere.  Any context. */
void dal_kill(struct dios_task *t);

/*
 * Timers.  fn is called once when the time has come, in any context, and must
 * not sleep.  dal_timer_set() replaces the time (0: off); it is called from
 * any context, with spinlocks held, and from fn.  Another fn may be under way
 * then: the caller's lock orders the two.  dal_timer_free() returns when fn no
 * longer runs; may sleep.
 */
struct dal_timer *dal_timer_new(void (*fn)(void *arg, u64 now), void *arg);
void dal_timer_set(struct dal_timer *t, u64 when);
void dal_timer_free(struct dal_timer *t);

/*
 * Sockets: TCP (DIOS_T_STREAM) and UDP (DIOS_T_DGRAM) of the host, in the network that
 * the running task is in and with what its user may do there.  Nothing waits for
 * the network: what cannot be done now is -DIOS_EAGAIN, and wake(arg, rights) is
 * called, from any context and not to sleep, whenever that may have changed.  All may
 * sleep but dal_sock_ready(), and dal_sock_close() may wait as long as linger_s says.
 *
 * dal_sock_open() makes one and binds it to local, unless that is all zero; flags
 * are DIOS_NET_*, and neither V4 nor V6 means both.  dal_sock_close() ends it, and wake is
 * not called any more.
 * Errors: open and listen -DIOS_EBUSY, -DIOS_EADDR, -DIOS_EPERM, -DIOS_ENOMEM, -DIOS_EQUOTA, -DIOS_ENOTSUP;
 * connect, of a DIOS_T_STREAM only what is known at once, -DIOS_EUNREACH, -DIOS_EADDR, -DIOS_EPERM,
 * -DIOS_EREFUSED.
 */
struct dal_sock *dal_sock_open(struct dios_task *t, u32 type, u32 flags,
			       const struct dios_addr *local, dal_wake_fn wake, void *arg);
int dal_sock_listen(struct dal_sock *s, u32 backlog);
int dal_sock_connect(struct dal_sock *s, const struct dios_addr *remote);
void dal_sock_close(struct dal_sock *s);

/* A connection that a listener has, as a socket of the caller's; -DIOS_EAGAIN. */
struct dal_sock *dal_sock_accept(struct dal_sock *s, dal_wake_fn wake, void *arg);

/*
 * Look at the next bytes, or the next datagram: from says whose it is, and full how
 * long.  They stay until dal_sock_drop(), of so many bytes or of the datagram; one
 * caller at a time does both.  Return: the bytes that are in buf; 0: the stream's end.
 * dal_sock_send() returns how many bytes it took; a datagram goes whole, to a place
 * or to where the socket is connected (NULL).  dal_sock_end() says that no more comes.
 * Errors: -DIOS_EREFUSED, -DIOS_ERESET, -DIOS_EUNREACH, -DIOS_ETIMEDOUT, each once; -DIOS_EPIPE,
 * -DIOS_ENOMEM, -DIOS_ETOOBIG, -DIOS_EPERM, -DIOS_EADDR, -DIOS_EINVAL.
 */
ssize_t dal_sock_peek(struct dal_sock *s, void *buf, size_t len, struct dios_addr *from,
		      u32 *full);
void dal_sock_drop(struct dal_sock *s, size_t len);
ssize_t dal_sock_send(struct dal_sock *s, const void *buf, size_t len,
		      const struct dios_addr *to);
int dal_sock_end(struct dal_sock *s);

/* DIOS_R_READ, DIOS_R_WRITE: what would not be -DIOS_EAGAIN.  Any context, locks held. */
u32 dal_sock_ready(struct dal_sock *s);

/* What is known of it, and can be changed; in was checked.  What is as it was is not touched. */
void dal_sock_info(struct dal_sock *s, struct dios_net_info *out);
int dal_sock_set(struct dal_sock *s, const struct dios_net_info *in);

/*
 * The store: a folder of sparse files, or none.  All of it may sleep.
 *
 * dal_store_do() calls fn where nothing stops it half-way: neither a kill of the
 * running task nor its limits.  What changes the store is called in fn only.
 *
 * dal_file_open() finds a file, dal_file_make() makes an empty one, begun;
 * dal_file_put() ends the use of it, and the file stays.  Changing one lies between
 * dal_file_begin(), which is -DIOS_EBUSY while a program runs from it, and dal_file_end().
 *
 * dal_file_read() fills len bytes; where nothing was written they are zero.
 * dal_file_write() writes all of them, or fails.  dal_file_reserve() takes room, so that
 * writing there does not fail for lack of it, and changes no byte; dal_file_clear() makes
 * bytes zero and gives the room back.  All three are seen at once by whoever
 * reads or has it mapped.  After a crash each byte, or each whole block for clear, has the old or
 * the new value; but what was done before dal_file_sync() is on disk when that returns.
 *
 * dal_file_rename(), which replaces nothing, and dal_file_remove() are
 * seen at once; after a crash either none, or all up to some moment are done, and those
 * before dal_store_sync() are.  A removed file stays as long as it is used.
 * dal_store_sweep() removes all files whose names begin so; at load only.
 * dal_store_each() calls fn for each file, until it returns an error; likewise.
 *
 * dal_file_pages() are bytes of the file for dal_map_pages(), read-only: off and len
 * are multiples of the page.
 *
 * Errors: -DIOS_ENOENT (open, rename, remove), -DIOS_EEXIST (make, rename), -DIOS_EQUOTA (no
 * room), -DIOS_ENOMEM, -DIOS_EBUSY (begin), -DIOS_ENOTSUP (no store, or its host lacks it), -DIOS_EIO.
 */
#define DAL_FILE_NAME	80	/* bytes of a name, the NUL included; letters and digits */

bool dal_store_there(void);
int dal_store_do(int (*fn)(void *arg), void *arg);
int dal_store_sync(void);
int dal_store_sweep(char first);
int dal_store_each(int (*fn)(const char *name));

struct dal_file *dal_file_open(const char *name);
struct dal_file *dal_file_make(const char *name);
void dal_file_put(struct dal_file *f);
int dal_file_rename(const char *from, const char *to);
int dal_file_remove(const char *name);

int dal_file_begin(struct dal_file *f);
void dal_file_end(struct dal_file *f);
int dal_file_read(struct dal_file *f, void *dst, size_t len, u64 off);
int dal_file_write(struct dal_file *f, const void *src, size_t len, u64 off);
int dal_file_reserve(struct dal_file *f, u64 off, u64 len);
int dal_file_clear(struct dal_file *f, u64 off, u64 len);
int dal_file_sync(struct dal_file *f);

struct dal_pages *dal_file_pages(struct dal_file *f, u64 off, size_t len);

/* The program in the first bytes of a file; the caller says how many there are. */
struct dal_exe *dal_file_exe(struct dal_file *f);
void dal_exe_set_size(struct dal_exe *e, u64 size);

#endif /* DIOS_DAL_H */
