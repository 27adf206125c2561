/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shim.h - the Linux interfaces that core/ and obj/ borrow by name, for a
 * process of the host.
 *
 * Same names, same contracts, and stricter: what the kernel would only
 * notice with lockdep or KASAN stops the test here.
 *
 *   types	u8 to u64, bool; ALIGN, min, max, container_of, ARRAY_SIZE, ...
 *   list_head	doubly linked lists; hlist, lists with a one-pointer head
 *   refcount_t	stops on resurrection, underflow and overflow
 *   atomic64_t	a counter
 *   spinlock_t	a pthread mutex that knows its owner and whether interrupts
 *		use it; sleeping under one stops the test
 *   kmalloc	and kin: counted, filled with rubbish, can be made to fail
 *   mutex	a pthread mutex; nothing that spins is held when it is taken
 *   siphash	SipHash-2-4
 *   sort	of an array
 */
#ifndef DIOS_HOSTED_SHIM_H
#define DIOS_HOSTED_SHIM_H

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include "../../../abi/dios.h"

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

#define S64_MAX		((s64)(~0ULL >> 1))
#define U64_MAX		(~0ULL)

/* A rule of the kernel was broken: say which, and stop. */
void hosted_bug(const char *file, int line, const char *what) __attribute__((noreturn));
#define BUG_ON(bad)	do { if (bad) hosted_bug(__FILE__, __LINE__, #bad); } while (0)

/* What compilers and headers of the kernel define. */

#define __aligned(n)	__attribute__((aligned(n)))
#define __must_check	__attribute__((warn_unused_result))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define barrier()	__asm__ __volatile__("" ::: "memory")

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)

#define BUILD_BUG_ON(bad)	_Static_assert(!(bad), #bad)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define ALIGN(x, a)		(((x) + (typeof(x))(a) - 1) & ~((typeof(x))(a) - 1))

/* Different types do not compare: the addresses of the copies would not. */
#define min(x, y) ({				\
	typeof(x) min_x_ = (x);			\
	typeof(y) min_y_ = (y);			\
	(void)(&min_x_ == &min_y_);		\
	min_x_ < min_y_ ? min_x_ : min_y_; })
#define max(x, y) ({				\
	typeof(x) max_x_ = (x);			\
	typeof(y) max_y_ = (y);			\
	(void)(&max_x_ == &max_y_);		\
	max_x_ > max_y_ ? max_x_ : max_y_; })
#define min_t(type, x, y)	({ type min_a_ = (x), min_b_ = (y); min(min_a_, min_b_); })
#define swap(a, b)	do { typeof(a) swap_ = (a); (a) = (b); (b) = swap_; } while (0)
#define max_t(type, x, y)	({ type max_a_ = (x), max_b_ = (y); max(max_a_, max_b_); })

/* No speculation here: only the clamp. */
#define array_index_nospec(i, n) ({		\
	typeof(i) index_ = (i);			\
	index_ < (n) ? index_ : 0; })

static inline ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t len = strnlen(src, size);

	if (!size)
		return -7;	/* E2BIG */
	if (len == size)
		len--;
	memcpy(dst, src, len);
	dst[len] = 0;
	return src[len] ? -7 : (ssize_t)len;
}

/* Errors as pointers. */

#define MAX_ERRNO	4095

static inline void *ERR_PTR(long err)
{
	return (void *)err;
}

static inline void *ERR_CAST(const void *p)
{
	return (void *)p;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

static inline bool IS_ERR(const void *p)
{
	return (unsigned long)p >= (unsigned long)-MAX_ERRNO;
}

static inline bool IS_ERR_OR_NULL(const void *p)
{
	return !p || IS_ERR(p);
}

/* Lists.  A deleted node points nowhere good, so that a second deletion is seen. */

#define LIST_POISON	((void *)0xdead000000000100)

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }

static inline void INIT_LIST_HEAD(struct list_head *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list_head *l)
{
	return l->next == l;
}

static inline void hosted_list_insert(struct list_head *n, struct list_head *before,
				      struct list_head *after)
{
	BUG_ON(before->next != after || after->prev != before);
	n->prev = before;
	n->next = after;
	before->next = after->prev = n;
}

static inline void list_add(struct list_head *n, struct list_head *head)
{
	hosted_list_insert(n, head, head->next);
}

static inline void list_add_tail(struct list_head *n, struct list_head *head)
{
	hosted_list_insert(n, head->prev, head);
}

static inline void hosted_list_cut(struct list_head *n)
{
	BUG_ON(n->next == LIST_POISON || n->prev == LIST_POISON);
	BUG_ON(n->next->prev != n || n->prev->next != n);
	n->next->prev = n->prev;
	n->prev->next = n->next;
}

static inline void list_del(struct list_head *n)
{
	hosted_list_cut(n);
	n->next = n->prev = LIST_POISON;
}

static inline void list_del_init(struct list_head *n)
{
	hosted_list_cut(n);
	INIT_LIST_HEAD(n);
}

#define list_entry(p, type, member)	container_of(p, type, member)
#define list_first_entry(head, type, member) \
	list_entry((head)->next, type, member)
#define list_next_entry(pos, member) \
	list_entry((pos)->member.next, typeof(*(pos)), member)

#define list_for_each_entry(pos, head, member)				\
	for (pos = list_first_entry(head, typeof(*pos), member);	\
	     &pos->member != (head);					\
	     pos = list_next_entry(pos, member))

#define list_for_each_entry_safe(pos, n, head, member)			\
	for (pos = list_first_entry(head, typeof(*pos), member),	\
	     n = list_next_entry(pos, member);				\
	     &pos->member != (head);					\
	     pos = n, n = list_next_entry(n, member))

/*
 * Lists with a head of one pointer, for hash tables.  link is the address of
 * the pointer to this node, NULL when it is in no list; hlist_unhashed_lockless()
 * may look at it without the lock.
 */
struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

static inline void INIT_HLIST_NODE(struct hlist_node *n)
{
	n->next = NULL;
	n->pprev = NULL;
}

#define INIT_HLIST_HEAD(h)	((h)->first = NULL)

static inline bool hlist_unhashed(const struct hlist_node *n)
{
	return !n->pprev;
}

static inline bool hlist_unhashed_lockless(const struct hlist_node *n)
{
	return !READ_ONCE(n->pprev);
}

static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *head)
{
	BUG_ON(!hlist_unhashed(n));
	n->next = head->first;
	if (n->next)
		WRITE_ONCE(n->next->pprev, &n->next);
	head->first = n;
	WRITE_ONCE(n->pprev, &head->first);
}

static inline void hlist_del_init(struct hlist_node *n)
{
	if (hlist_unhashed(n))
		return;
	BUG_ON(*n->pprev != n);
	*n->pprev = n->next;
	if (n->next)
		WRITE_ONCE(n->next->pprev, n->pprev);
	n->next = NULL;
	WRITE_ONCE(n->pprev, NULL);
}

#define hosted_hlist_entry(p, type, member) ({		\
	struct hlist_node *hlist_p_ = (p);		\
	hlist_p_ ? container_of(hlist_p_, type, member) : NULL; })

#define hlist_for_each_entry(pos, head, member)					\
	for (pos = hosted_hlist_entry((head)->first, typeof(*pos), member);	\
	     pos;								\
	     pos = hosted_hlist_entry((pos)->member.next, typeof(*pos), member))

/* Counts of holds.  The kernel saturates and warns; here the test stops. */

typedef struct {
	int n;
} refcount_t;

#define REFCOUNT_MAX	0x3fffffff

static inline void refcount_set(refcount_t *r, int n)
{
	__atomic_store_n(&r->n, n, __ATOMIC_RELAXED);
}

static inline int refcount_read(const refcount_t *r)
{
	return __atomic_load_n(&r->n, __ATOMIC_RELAXED);
}

static inline void refcount_inc(refcount_t *r)
{
	int old = __atomic_fetch_add(&r->n, 1, __ATOMIC_RELAXED);

	BUG_ON(old <= 0 || old >= REFCOUNT_MAX);
}

static inline __must_check bool refcount_inc_not_zero(refcount_t *r)
{
	int old = refcount_read(r);

	do {
		if (!old)
			return false;
		BUG_ON(old < 0 || old >= REFCOUNT_MAX);
	} while (!__atomic_compare_exchange_n(&r->n, &old, old + 1, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

/* What others did before their last use is done before ours. */
static inline __must_check bool refcount_dec_and_test(refcount_t *r)
{
	int old = __atomic_fetch_sub(&r->n, 1, __ATOMIC_ACQ_REL);

	BUG_ON(old <= 0);
	return old == 1;
}

/* False: it is the last, and is still there. */
static inline __must_check bool refcount_dec_not_one(refcount_t *r)
{
	int old = refcount_read(r);

	do {
		BUG_ON(old <= 0);
		if (old == 1)
			return false;
	} while (!__atomic_compare_exchange_n(&r->n, &old, old - 1, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	return true;
}

typedef struct {
	s64 n;
} atomic64_t;

static inline void atomic64_add(s64 n, atomic64_t *a)
{
	__atomic_fetch_add(&a->n, n, __ATOMIC_RELAXED);
}

static inline s64 atomic64_add_return(s64 n, atomic64_t *a)
{
	return __atomic_add_fetch(&a->n, n, __ATOMIC_SEQ_CST);
}

static inline s64 atomic64_read(const atomic64_t *a)
{
	return __atomic_load_n(&a->n, __ATOMIC_RELAXED);
}

/*
 * Locks.  A spinlock is a mutex, so that the thread sanitizer knows it and
 * a waiter yields.  It stops the test when it is taken twice, given back by
 * another, taken in an interrupt and somewhere with interrupts on, or when
 * its owner sleeps.
 */
typedef struct {
	pthread_mutex_t mutex;
	void *owner;		/* hosted_me() */
	u32 uses;		/* HOSTED_LOCK_*: where it was taken so far */
} spinlock_t;

#define HOSTED_LOCK_IRQ		1	/* in an interrupt */
#define HOSTED_LOCK_IRQS_ON	2	/* with interrupts on */

#define __SPIN_LOCK_UNLOCKED(name)	{ .mutex = PTHREAD_MUTEX_INITIALIZER }

void spin_lock_init(spinlock_t *l);
void spin_lock(spinlock_t *l);
void spin_unlock(spinlock_t *l);
unsigned long hosted_irq_save(void);
void hosted_irq_restore(unsigned long flags);
bool hosted_holds(const spinlock_t *l);

#define spin_lock_irqsave(l, flags)		\
	do { (flags) = hosted_irq_save(); spin_lock(l); } while (0)
#define spin_unlock_irqrestore(l, flags)	\
	do { spin_unlock(l); hosted_irq_restore(flags); } while (0)

/* A lock whose owner may sleep. */
struct mutex {
	pthread_mutex_t mutex;
};

void mutex_init(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

#define lockdep_assert_held(l)	BUG_ON(!hosted_holds(l))

/* Called by all that may sleep: no spinlock is held, this is no interrupt. */
void might_sleep(void);

/* Memory.  hosted.h says how to make it fail. */

typedef u32 gfp_t;
#define GFP_ATOMIC		1u	/* does not sleep */
#define GFP_KERNEL		2u
#define GFP_KERNEL_ACCOUNT	4u

void *hosted_alloc(size_t n, size_t size, gfp_t gfp, bool zero);
void hosted_free(const void *p);

#define kmalloc(size, gfp)		hosted_alloc(1, size, gfp, false)
#define kzalloc(size, gfp)		hosted_alloc(1, size, gfp, true)
#define kmalloc_array(n, size, gfp)	hosted_alloc(n, size, gfp, false)
#define kcalloc(n, size, gfp)		hosted_alloc(n, size, gfp, true)
#define kvmalloc(size, gfp)		hosted_alloc(1, size, gfp, false)
#define kvzalloc(size, gfp)		hosted_alloc(1, size, gfp, true)
#define kvmalloc_array(n, size, gfp)	hosted_alloc(n, size, gfp, false)
#define kvcalloc(n, size, gfp)		hosted_alloc(n, size, gfp, true)
#define kfree(p)			hosted_free(p)
#define kvfree(p)			hosted_free(p)

/* A keyed hash that cannot be made to collide by who does not know the key. */

typedef struct {
	u64 key[2];
} siphash_key_t;

u64 hosted_siphash(const void *data, size_t len, const siphash_key_t *key);

#define siphash(data, len, key)	hosted_siphash(data, len, key)

/* swap is NULL: the elements are plain bytes. */
#define sort(base, n, size, compare, swap)	qsort(base, n, size, compare)

#endif /* DIOS_HOSTED_SHIM_H */
