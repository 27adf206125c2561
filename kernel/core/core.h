/* SPDX-License-Identifier: GPL-2.0 */
/*
 * core.h - objects, references, buffers and tasks: what the object types in
 * obj/ and the host in dal/ know of the core.
 *
 * A hold is the kernel's count on an object; a reference is a program's
 * number for it.  docs/objects.md has the words.
 *
 * Locks, in the order they are taken:
 *   names.store_lock	(mutex)		names of the root group and the store, together
 *   blob->lock	(mutex)		a blob's bytes, while they are written (obj/blob.c)
 *   names.lock	(spin)		the name table, and the sets of names
 *   task->lock	(spin)		the reference table of a task
 *   obj->lock	(spin, irqsave)	watches and the dead mark; timers take it
 *				in interrupts
 *   task->fired_lock	(spin, irqs off)	kept watches that fired
 * A task's references and buffers are added by anybody (copy), but removed
 * and used only by the task itself: it is single-threaded.  So a struct
 * dios_ref found in a call stays until the call ends.
 */
#ifndef DIOS_CORE_H
#define DIOS_CORE_H

#include "../dal/dal.h"

struct dios_object_ops;

struct dios_object {
	refcount_t holds;
	const struct dios_object_ops *ops;	/* set once at creation */
	u32 rights;				/* likewise; what its creator gets */
	struct dios_user *user;			/* who is charged for it, or NULL; held */
	u64 memory;				/* bytes of its own, set by make */

	spinlock_t lock;
	/* lock guards these. */
	bool dead;			/* a zombie; never cleared */
	bool named;			/* it has a name */
	struct list_head watches;	/* who waits: struct dios_watch */
	struct hlist_head shown;	/* where tasks see it: struct dios_shown */

	/* names.lock guards these. */
	struct hlist_node name_link;	/* in the table */
	struct list_head name_in_set;
	struct dios_names *name_set;	/* where its name lies; NULL: anonymous */
	bool name_had;			/* it has had a name; never cleared */
	bool name_public;
	u32 name_rights;		/* what a lookup gives */
	u8 name[DIOS_NAME_SIZE];
};

/* A set of names: what a GROUP is for the name table. */
struct dios_names {
	u64 number;			/* set once; of all sets that ever were */
	u32 rights;			/* set once; the most that a lookup gives */
	/* names.lock guards these. */
	bool dead;			/* takes no more names */
	u64 count;
	struct list_head list;		/* struct dios_object, by name_in_set */
};

/* An entry of a task's table that shows an object; core/table.c. */
struct dios_shown {
	struct hlist_node link;
	struct dios_info *info;
};

/* One task waiting for one object; lives on the waiter's side. */
struct dios_watch {
	struct list_head link;
	struct dios_object *obj;
	struct dios_task *task;
	u32 rights;			/* what for: DIOS_R_READ, DIOS_R_WRITE; 0: kept no more */
	/* Of a watch that is kept, which lies in a struct dios_ref. */
	bool kept;
	u32 len;			/* WRITE: room for so long a record */
	struct list_head fired;		/* in task->fired, which has the lock; or empty */
};

/*
 * Pages that kernel and task share, mapped into the task.  The buffers made of
 * them count as users; a buffer that was borrowed has the same memory.  Only the task
 * itself touches it.
 */
struct dios_mem {
	u32 users;
	struct dios_object *obj;	/* whose own it is, with a hold; NULL: made for a buffer */
	u64 addr;			/* in the task */
	u64 size;			/* bytes mapped, whole pages */
	u64 charged;			/* bytes lent to the task, of size */
	struct dal_pages *pages;
	void *kernel;			/* the pages in the kernel */
};

/* One piece of memory lent through a reference. */
struct dios_buf {
	struct list_head link;		/* in ref->bufs */
	u64 addr;			/* in the task; bytes */
	u64 len;			/* bytes lent */
	u64 size;			/* bytes mapped, whole pages; 0: no memory yet */
	bool write;
	bool info;			/* DIOS_BUF_INFO */
	bool batch;			/* DIOS_BUF_BATCH */
	bool undone;			/* at its end: its acquire has failed after all */
	bool moved;			/* at its end: another buffer has its memory and what is in it */
	struct dios_mem *mem;		/* NULL for private memory */
	void *kernel;			/* where addr is in the kernel, or NULL */
	u64 off;			/* the type's own: where in the object, or what version */
	u64 version;			/* the type's own: what version was read */
};

/* What a reference number stands for. */
struct dios_ref {
	struct dios_object *obj;	/* one hold */
	u64 id;				/* generation << 32 | slot */
	u32 rights;
	struct list_head in_groups;	/* task->groups, of a GROUP with READ; task->lock */
	/* Only the task itself. */
	struct list_head bufs;		/* struct dios_buf */
	struct dios_mem *view;		/* the object's own memory, once mapped; or NULL */
	struct dios_watch watch;	/* kept for select; obj->lock guards its rights and len */
};

struct dios_slot {
	struct dios_ref *ref;		/* NULL: free */
	u32 gen;			/* of the next or the current reference */
	u32 next;			/* free list: slot + 1; 0 ends it */
};

/* A task.  Its TASK object is part of it: whoever holds obj holds the task. */
struct dios_task {
	struct dios_object obj;

	/* Set once before the task runs. */
	struct dal_task *dal;
	u32 brand;
	u32 number;			/* for messages and listings only */
	struct dios_user *user;		/* whose it is; held */
	struct list_head link;		/* in the list of all tasks */
	struct dios_object *group;	/* its own, a GROUP; a hold */
	struct dios_object *exe_obj;	/* what it runs; a hold; NULL for a process of the host's */
	struct dal_exe *exe;		/* a hold on that, until it has ended */
	struct dios_start start;	/* what its start page says */
	char comm[16];

	spinlock_t lock;
	/* lock guards these. */
	struct dios_slot *slots;
	u32 nslots;
	u32 free;			/* first free slot + 1 */
	u32 nrefs;
	struct list_head groups;	/* struct dios_ref, of GROUPs with READ */
	u32 ngroups;
	struct dios_table *table;	/* what it sees of its references; NULL: it never asked */
	bool ended;			/* no reference is added any more */
	struct dios_task_status status;	/* valid once ended */

	spinlock_t fired_lock;
	/* fired_lock guards this. */
	struct list_head fired;		/* kept watches to look at: struct dios_watch */

	/* Only the task itself. */
	u64 lent;			/* bytes of kernel pages lent to it */
	u64 memory;			/* bytes of private memory */
	u64 calls;
	u32 call;			/* the call it is in: DIOS_CREATE...; 0: none */
	u32 turn;			/* where select starts looking */
};

/* A decoded buffer call, handed to an operation. */
struct dios_lend {
	struct dios_task *task;
	struct dios_ref *ref;
	struct dios_buf *buf;		/* acquire: new and empty; else the one found */
	struct dios_buf *src;		/* acquire by MOVE or BORROW: the buffer to take; else NULL */
	struct dios_ref *from;		/* with src: the reference that has it */
	u64 flags;			/* DIOS_BUF_* */
	u64 len;			/* as the program passed it */
	u64 off;			/* acquire: where in the object; 0 without DIOS_BUF_AT */
	struct dios_iov iov;		/* as the program passed it; what acquire returns */
};

/*
 * The operations of a type.  No slot is empty: obj_*_none are the defaults.
 *
 * op		may sleep	on return
 * make		yes		the object has one hold, the caller's; spec was
 *				copied in, spec_size bytes (NULL when that is 0)
 * acquire_*	yes		0: buf is mapped (buf_lend or its own way); error:
 *				buf has nothing
 * commit_*	yes		bytes taken, or an error; the buffer stays.  With
 *				DIOS_BUF_NEXT, buf is the following one, also on error
 * discard	yes		the pages of lend->iov are free and read as zero
 * unlend	yes		buf's memory is gone; called for each buffer once,
 *				also when the task has ended.  Not for DIOS_BUF_INFO
 * info		yes		out, info_size bytes, says what is known
 * set_info	yes		what can be changed is; in is the kernel's own copy
 * opened	no		one more reference with these rights
 * closed	yes		one fewer; its buffers are gone already
 * ready	no		whether acquire with these rights, of len bytes when it is a
 *				FIFO's room, would not wait; any context, obj->lock held
 * task		no		the task that copy may give references to, held by obj
 * exe		no		the program that run may start, with a hold for the caller: it
 *				does not change until the hold is dropped, before obj's
 * names	no		the set of names that obj is, owned by obj
 * size		no		bytes of a buffer, to read or to write, when len is 0; 0: it
 *				depends, or none.  Any context, obj->lock held.  When it
 *				changes, object_shown_locked()
 * zombify	yes		DIOS_DELETE_ZOMBIFY; obj_zombify makes it a zombie
 * kill		no		called once, when the object has become a zombie
 * free		yes		everything is gone, the object's memory too
 */
struct dios_object_ops {
	const char *name;
	u32 type;
	u32 rights;		/* what its creator gets, if make does not take some away */
	u32 spec_size;
	bool made_by_program;	/* create makes it; else only the kernel does */
	bool host_only;		/* create needs a brand that may make Linux calls */
	bool private;		/* never copied, handed over or named */
	bool durable;		/* a name puts it into the store */
	bool parts;		/* acquire takes DIOS_BUF_AT */
	bool batches;		/* acquire takes DIOS_BUF_BATCH */
	bool sparse;		/* acquire takes DIOS_BUF_SPARSE */
	bool follows;		/* commit_write takes DIOS_BUF_NEXT */
	u32 spends;		/* DIOS_R_*: the commits that change what the buffer is without DIOS_BUF_NEXT, too */
	bool ends;		/* commit_write takes DIOS_BUF_END */
	bool lends_info;	/* acquire takes DIOS_BUF_INFO itself */
	bool asks_host;		/* ready may sleep, and has nothing locked */
	u32 proximity;		/* DIOS_P_* */
	u32 info_size;		/* bytes of what DIOS_BUF_INFO lends; 0: nothing */
	struct dios_object *(*make)(struct dios_task *t, u64 flags, const void *spec);
	int (*acquire_read)(struct dios_lend *l);
	ssize_t (*commit_read)(struct dios_lend *l);
	int (*acquire_write)(struct dios_lend *l);
	ssize_t (*commit_write)(struct dios_lend *l);
	int (*discard)(struct dios_lend *l);
	void (*unlend)(struct dios_task *t, struct dios_object *obj, struct dios_buf *buf);
	void (*info)(struct dios_object *obj, void *out);
	int (*set_info)(struct dios_lend *l, const void *in);
	void (*opened)(struct dios_object *obj, u32 rights);
	void (*closed)(struct dios_object *obj, u32 rights);
	bool (*ready)(struct dios_object *obj, u32 rights, u32 len);
	struct dios_task *(*task)(struct dios_object *obj, struct dios_task *self);
	struct dal_exe *(*exe)(struct dios_object *obj);
	struct dios_names *(*names)(struct dios_object *obj);
	u64 (*size)(struct dios_object *obj, u32 right);
	int (*zombify)(struct dios_object *obj);
	void (*kill)(struct dios_object *obj);
	void (*free)(struct dios_object *obj);
};

#define DIOS_SPEC_MAX	64	/* bytes of the largest spec */
#define DIOS_INFO_MAX	96	/* bytes of the largest info but SELF's */

/*
 * The node's store, as far as names go: durable objects that lie in the root group are
 * found there when no task has them.  All but there() are called under names.store_lock, and
 * may sleep.  Errors are -DIOS_EIO, -DIOS_EQUOTA, -DIOS_ENOMEM, -DIOS_EBUSY.
 *
 * there	whether this node has one
 * has		whether a name is in it: 1, 0 or an error
 * keep		a durable object is in it under that name, and on disk
 * forget	it is in it no more, on disk neither; an error: perhaps it is
 * load		the object of a name, with one hold, and what a lookup gives; NULL: no such name
 * count	at load, before anything else: charge each user for what he has in it
 */
struct dios_store_ops {
	bool (*there)(void);
	int (*has)(bool public, const u8 name[DIOS_NAME_SIZE]);
	int (*keep)(struct dios_object *obj, bool public, const u8 name[DIOS_NAME_SIZE], u32 rights);
	int (*forget)(struct dios_object *obj);
	struct dios_object *(*load)(bool public, const u8 name[DIOS_NAME_SIZE], u32 *rights);
	int (*count)(void);
};

/* In obj/, where the durable type is. */
extern const struct dios_store_ops dios_store;

/* The types, by number; main.c and the hosted tests fill it from obj/. */
extern const struct dios_object_ops *const dios_types[DIOS_T_MAX + 1];

/* object.c */
void object_init(struct dios_object *obj, const struct dios_object_ops *ops);
void object_get(struct dios_object *obj);
bool object_get_unless_free(struct dios_object *obj);
void object_put(struct dios_object *obj);
void object_kill(struct dios_object *obj);
bool object_dead(struct dios_object *obj);
void object_watch(struct dios_object *obj, struct dios_watch *w, struct dios_task *t,
		  u32 rights);
void object_unwatch(struct dios_watch *w);
void object_keep(struct dios_object *obj, struct dios_watch *w, struct dios_task *t,
		 u32 rights, u32 len);
void object_unkeep(struct dios_watch *w);
struct dios_watch *object_fired(struct dios_task *t, u32 *rights);
void object_wake(struct dios_object *obj);
void object_wake_locked(struct dios_object *obj);
void object_wake_for_locked(struct dios_object *obj, u32 rights);
void object_wake_for(struct dios_object *obj, u32 rights);
bool object_ready(struct dios_object *obj, u32 rights, u32 len);
int object_wait(struct dios_task *t, struct dios_object *obj, u32 rights, u64 flags);
int object_take(struct dios_lend *l, int (*take_locked)(struct dios_lend *l));

struct dios_object *obj_make_none(struct dios_task *t, u64 flags, const void *spec);
int obj_acquire_none(struct dios_lend *l);
ssize_t obj_commit_none(struct dios_lend *l);
int obj_discard_none(struct dios_lend *l);
void obj_info_none(struct dios_object *obj, void *out);
int obj_set_info_none(struct dios_lend *l, const void *in);
void obj_opened_nothing(struct dios_object *obj, u32 rights);
bool obj_ready_always(struct dios_object *obj, u32 rights, u32 len);
struct dios_task *obj_task_none(struct dios_object *obj, struct dios_task *self);
struct dal_exe *obj_exe_none(struct dios_object *obj);
struct dios_names *obj_names_none(struct dios_object *obj);
u64 obj_size_none(struct dios_object *obj, u32 right);
int obj_zombify(struct dios_object *obj);
int obj_zombify_none(struct dios_object *obj);
void obj_kill_nothing(struct dios_object *obj);
void obj_free_plain(struct dios_object *obj);

/* name.c */
int names_init(void);
void names_exit(void);
struct dios_object *names_root(void);
void names_set_init(struct dios_names *s, u32 rights);
void names_set_kill(struct dios_names *s);
u64 names_count(struct dios_names *s);
void names_list(void (*fn)(const struct dios_object *obj, void *arg), void *arg);
int name_add(struct dios_object *obj, struct dios_names *s, bool public,
	     const u8 name[DIOS_NAME_SIZE], u32 rights);
int name_forget(struct dios_object *obj);
void name_del(struct dios_object *obj);
void name_del_last(struct dios_object *obj);
struct dios_object *name_get(struct dios_names *s, bool public,
			     const u8 name[DIOS_NAME_SIZE], u32 *rights);

/* ref.c */
struct dios_ref *ref_find(struct dios_task *t, u64 id, u32 need);
struct dios_ref *ref_find_alive(struct dios_task *t, u64 id, u32 need);
struct dios_ref *ref_new(struct dios_object *obj, u32 rights);
void ref_free(struct dios_ref *ref);
int ref_reserve(struct dios_task *t, struct dios_ref **refs, u32 n);
void ref_unreserve(struct dios_task *t, struct dios_ref **refs, u32 n);
int ref_publish(struct dios_task *t, struct dios_ref **refs, u32 n);
void ref_del(struct dios_task *t, struct dios_ref *ref);
void ref_del_all(struct dios_task *t);

/* table.c */
int table_lend(struct dios_lend *l);
int table_back(struct dios_task *t, u32 slots);
bool table_backed_locked(struct dios_task *t, u32 slots);
void table_add_locked(struct dios_task *t, struct dios_ref *ref);
void table_del_locked(struct dios_task *t, struct dios_ref *ref);
void table_free(struct dios_task *t);
void object_shown_locked(struct dios_object *obj);

/* sys_obj.c */
int grants_new(struct dios_task *t, const struct dios_grant *g, u32 n,
	       struct dios_ref **refs);
void grants_free(struct dios_ref **refs, u32 n);

/* buf.c */
struct dios_buf *buf_new(bool write);
void buf_free(struct dios_task *t, struct dios_ref *ref, struct dios_buf *buf);
struct dios_buf *buf_find(struct dios_ref *ref, const struct dios_iov *iov, bool write,
			  bool part);
void buf_moved(struct dios_task *t, struct dios_ref *from, struct dios_buf *src);
size_t buf_len(const struct dios_lend *l, size_t usual);
int buf_lend(struct dios_lend *l, size_t len);
int buf_lend_pages(struct dios_lend *l, struct dal_pages *pages, size_t len);
int buf_lend_view(struct dios_lend *l, struct dal_pages *pages, size_t size, bool write);
void buf_unlend(struct dios_task *t, struct dios_object *obj, struct dios_buf *buf);
void mem_put(struct dios_task *t, struct dios_mem *mem);

/* task.c */
struct dios_task *task_new(u32 brand, const char *comm, struct dios_object *group);
int task_add_ref(struct dios_task *t, struct dios_object *obj, u32 rights, u64 *id);
bool task_may_call_host(const struct dios_task *t);
void task_free(struct dios_object *obj);
void task_list(void (*fn)(struct dios_task *t, void *arg), void *arg);
struct dios_task *task_after(u32 number);

/* exe.c */
int exe_check(struct dal_exe *e, u32 *brand);
int elf_brand(const u8 *head, size_t len, u32 *brand);

/* The host calls these three. */
s64 dios_dispatch(struct dios_task *t, u32 nr, const u64 args[6]);
struct dios_task *dios_task_open(u32 brand, const char *comm);
void dios_task_end(struct dios_task *t, const struct dios_task_status *status);

/* dispatch.c: the calls. */
int calls_check(void);
const char *call_name(u32 nr);
s64 sys_create(struct dios_task *t, const u64 a[6]);
s64 sys_lookup(struct dios_task *t, const u64 a[6]);
s64 sys_delete(struct dios_task *t, const u64 a[6]);
s64 sys_copy(struct dios_task *t, const u64 a[6]);
s64 sys_run(struct dios_task *t, const u64 a[6]);
s64 sys_select(struct dios_task *t, const u64 a[6]);
s64 sys_acquire_read(struct dios_task *t, const u64 a[6]);
s64 sys_commit_read(struct dios_task *t, const u64 a[6]);
s64 sys_release_read(struct dios_task *t, const u64 a[6]);
s64 sys_acquire_write(struct dios_task *t, const u64 a[6]);
s64 sys_commit_write(struct dios_task *t, const u64 a[6]);
s64 sys_release_write(struct dios_task *t, const u64 a[6]);

/* stat.c: what is there now; the tests compare before and after. */
enum dios_stat {
	STAT_OBJECTS, STAT_ZOMBIES, STAT_NAMES, STAT_REFS, STAT_BUFS, STAT_WATCHES,
	STAT_TASKS, STAT_LENT, STAT_HOLDS, STAT_USERS, STAT_N
};
void stat_add(enum dios_stat which, s64 n);
s64 stat_get(enum dios_stat which);
const char *stat_name(enum dios_stat which);
void stat_type_add(u32 type, s64 n);
s64 stat_type_get(u32 type);

/* What one task has; a listing's view, each number for itself true a moment ago. */
struct dios_task_use {
	u32 refs;
	u32 zombies;			/* references to dead objects */
	u32 types[DIOS_T_MAX + 1];	/* references by type */
};
void stat_task(struct dios_task *t, struct dios_task_use *use);

/* user.c: what a task, and a user, may have. */
enum dios_use {
	USE_OBJECTS,	/* that create made and that are not freed yet */
	USE_REFS,	/* of all tasks */
	USE_TASKS,
	USE_LENT,	/* bytes of kernel pages lent */
	USE_MEMORY,	/* bytes of private memory mapped, and of objects with memory of their own */
	USE_STORE,	/* bytes of the store that his blobs have */
	USE_N
};

/* A user of the host who has tasks, or objects, or something in the store. */
struct dios_user {
	refcount_t holds;		/* 0: he has something in the store, and nothing else */
	u32 uid;			/* set once */
	struct list_head link;		/* in the list of users; users.lock */
	atomic64_t used[USE_N];
};
struct dios_user *user_get(u32 uid);
void user_hold(struct dios_user *u);
void user_put(struct dios_user *u);
void users_exit(void);
void user_add(struct dios_user *u, enum dios_use what, u64 n);
int user_charge(struct dios_user *u, enum dios_use what, u64 n);
void user_uncharge(struct dios_user *u, enum dios_use what, u64 n);
int task_charge(struct dios_task *t, enum dios_use what, u64 n);
void task_uncharge(struct dios_task *t, enum dios_use what, u64 n);
int object_charge(struct dios_object *obj, struct dios_user *u);
void object_uncharge(struct dios_object *obj);
void user_list(void (*fn)(struct dios_user *u, void *arg), void *arg);
const char *use_name(enum dios_use what);

/* The limits; module parameters. */
extern unsigned int dios_quota_refs;		/* of a task: references */
extern unsigned long dios_quota_lent;		/* of a task: bytes of kernel pages lent */
extern unsigned long dios_quota_memory;		/* of a task: bytes of private memory; 0: no limit */
extern unsigned int dios_quota_tasks;		/* of the node: tasks */
extern unsigned long dios_quota_user[USE_N];	/* of a user; 0: no limit */

#endif /* DIOS_CORE_H */
