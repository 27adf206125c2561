/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hosted.h - the second host of DIOS: a process, for tests under sanitizers.
 *
 * A DIOS task is a thread, and what the kernel and its interrupts would do the
 * test does by hand: it moves the clock, interrupts waits, and makes the
 * host fail.  So a test that uses one thread is the same each time.
 *
 * - hosted_task_new() makes a task that the calling thread plays: it makes
 *   the task's calls with hosted_call() and ends it with hosted_task_end().
 * - A program that run starts is a C function, registered with hosted_file();
 *   it has a thread of its own, ends by returning or by delete of SELF, and
 *   hosted_join() waits for all of them.
 *
 * A task's memory lies in one arena.  Its addresses are no pointers: they
 * begin at HOSTED_USER, so that a kernel that follows one faults;
 * hosted_ptr() and hosted_addr() translate.  Every mapping has an
 * unmapped page behind it.  Pages belong to one task: the others get EFAULT.
 */
#ifndef DIOS_HOSTED_H
#define DIOS_HOSTED_H

#include "../../core/core.h"

/* Tasks and calls. */

struct dios_task *hosted_task_new(u32 brand);
void hosted_task_end(struct dios_task *t, u32 how, u32 status);

/*
 * Make a call as a task.  It checks what must hold after each call: no lock
 * is held.  In the thread of a program it does not return when the task is
 * to end.
 */
s64 hosted_call6(struct dios_task *t, u32 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
s64 hosted_call(struct dios_task *t, u32 nr, u64 a, u64 b, u64 c, u64 d, u64 e);

/* The task has asked to end (delete of SELF), or was killed: end it. */
bool hosted_ending(struct dios_task *t);
u32 hosted_exit_status(struct dios_task *t);

/* An upcall is due: the call that waits, or the next that would, ends with EINTR. */
void hosted_interrupt(struct dios_task *t);

/* Wait until the task sleeps in dal_wait(). */
void hosted_until_blocked(struct dios_task *t);

/* What the task asked for by its control page. */
const struct dios_control *hosted_upcalls(struct dios_task *t);

/* Wait for the threads of all programs. */
void hosted_join(void);

/* Memory of a task. */

#define HOSTED_USER	0x10000000ULL		/* the arena's first address */
#define HOSTED_ARENA	(64ULL << 20)		/* bytes */

/* Fresh zeroed pages of a task; they go when it ends, or with hosted_unmap(). */
void *hosted_map(struct dios_task *t, size_t len, bool writable);
void hosted_unmap(struct dios_task *t, void *p);
void *hosted_ptr(u64 addr);
u64 hosted_addr(const void *p);

/* May the task read, and write, this byte? */
bool hosted_readable(struct dios_task *t, u64 addr);
bool hosted_writable(struct dios_task *t, u64 addr);

/* Is this byte of private memory backed page by page? */
bool hosted_sparse(u64 addr);

/* Pages mapped by all tasks. */
s64 hosted_pages(void);

/* Whose process the calling thread is; a program's thread is its parent's. */
extern __thread u32 hosted_uid;

/* The clock stands still but for these; timers that are due fire here. */
void hosted_clock_set(u64 now);
void hosted_clock_add(u64 ns);

/*
 * For one thread that plays all tasks: a wait that would sleep moves the clock
 * to the next timer or the deadline instead, and ends with EINTR when
 * there is neither.
 */
extern bool hosted_never_sleep;

/*
 * Make the host fail, in the calling thread only: the n-th time from now, 1 is
 * the next; 0: not.  hosted_failed() says whether it came to that.
 */
enum hosted_fault {
	FAIL_ALLOC,	/* kmalloc and kin */
	FAIL_COPY,	/* dal_copy_in, dal_copy_out */
	FAIL_MAP,	/* dal_pages_alloc, dal_map_*, dal_discard */
	FAIL_START,	/* the thread of a program */
	FAIL_STORE,	/* what changes the store: -DIOS_EIO */
	FAIL_ROOM,	/* dal_file_reserve: -DIOS_EQUOTA */
	FAIL_N
};
void hosted_fail(enum hosted_fault what, u32 n);
bool hosted_failed(enum hosted_fault what);
bool hosted_fails(enum hosted_fault what);	/* for the host itself: does it, now? */

/*
 * What another CPU might do in between: the n-th time from now that the calling
 * thread has given back its last lock, fn runs, once.  It may make calls of other
 * tasks, end them, and move the clock.  0: no more.  True: it has run since
 * it was set last.
 */
bool hosted_step(u32 n, void (*fn)(void));

/* Memory that was allocated and not freed; host objects that were made and not put. */
s64 hosted_allocs(void);
s64 hosted_handles(void);

void hosted_handle(s64 n);	/* one more, or fewer, of those */

/*
 * The network: 127.0.0.1 and ::1, and a host that is silent until it answers, with an
 * error: -DIOS_E...
 */
#define HOSTED_SILENT	192, 0, 2, 1
struct dios_addr hosted_v4(u8 a, u8 b, u8 c, u8 d, u32 port);
struct dios_addr hosted_v6(u8 last, u32 port);	/* ::last */
void hosted_net_answer(int err);
#define HOSTED_ROOM	16384			/* bytes a connection keeps for its reader */
#define HOSTED_DGRAMS	8			/* datagrams a socket keeps; the others are lost */
void hosted_net_begin(void);			/* nobody has a socket: ports begin anew */
struct dal_sock *hosted_net_sock(const void *arg);	/* the one that wakes with arg */
u32 hosted_net_waiting(struct dal_sock *s);	/* connections, or datagrams, that wait there */
extern bool hosted_low_ports;			/* ports below 1024 may be bound */

typedef u32 (*hosted_main)(struct dios_task *t, int argc, char **argv, char **env);

/*
 * The store: files in memory, each as programs see it and as it is on disk.  There is none
 * until hosted_store(true).
 *
 * hosted_crash() makes the n-th change from now, 1 is the next, the last: of it and of all
 * changes that were not synced some bytes get to disk, chosen by seed (0: none, 1: all), and
 * of names those up to some moment; from then on the store only fails.  0: no more.
 * hosted_crashed() says whether it came to that.  hosted_reboot() is for when no task is left: what
 * was on disk is what there is, and the load sweeps.
 */
void hosted_store(bool there);
void hosted_crash(u32 n, u32 seed);
bool hosted_crashed(void);
void hosted_reboot(void);
u32 hosted_store_files(void);			/* how many there are */
s64 hosted_store_room(void);			/* pages they have reserved */

/* What programs in the store run. */
extern hosted_main hosted_store_main;

/* len bytes of a host's file from off, for tasks to map. */
struct dal_pages *hosted_pages_of(int fd, u64 off, size_t len);

/*
 * Descriptors.  What dal_console_open() and dal_exe_import() find: a test
 * fills it in.
 */
#define HOSTED_FILES	16

struct hosted_file {
	bool open;

	/* As a console. */
	bool writable;
	char out[1 << 16];	/* what was written */
	size_t len;
	size_t most;		/* bytes one write takes at most; 0: all */
	int write_err;		/* -DIOS_E...: writing fails */

	/* As a source of input: hosted_input() gives it more. */
	bool readable;
	bool ended;		/* no more comes */
	char in[1 << 12];
	size_t in_len, in_at;	/* what is there, and what was read of it */
	struct list_head readers;	/* struct dal_console */

	/* As a program. */
	bool regular, executable;
	const void *bytes;
	size_t size;		/* what the host says it has */
	size_t really;		/* what can be read */
	int read_err;		/* reading fails */
	hosted_main main;	/* what runs; NULL: the host cannot load it */
};
struct hosted_file *hosted_file(u32 fd);

/* Somebody types; NULL: the end of input.  From any thread. */
void hosted_input(u32 fd, const char *text);
/* A program: of a descriptor, or of the store. */
struct dal_exe {
	refcount_t holds;
	struct hosted_file *fd_file;
	struct dal_file *file;	/* with a use of its own */
	u64 size;		/* of file */
};
struct dal_exe *hosted_exe_new(void);
extern struct hosted_file hosted_node_console;
extern bool hosted_no_node_console;	/* the node has none: EIO */

/* Bytes of a smallest program of this brand; returns how many. */
size_t hosted_elf(u8 *out, size_t room, u8 osabi, u8 brand);

#endif /* DIOS_HOSTED_H */
