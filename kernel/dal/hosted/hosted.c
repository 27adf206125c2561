// SPDX-License-Identifier: GPL-2.0
/*
 * hosted.c - the DAL over a process of the host: threads, one arena of memory,
 * a clock that is moved by hand.
 *
 * Locks, in the order they are taken (the core's own in between):
 *   host.firing	held while timers run: dal_timer_free() waits for it
 *   input_lock		what is typed; consoles are woken under it
 *   (the core's locks)
 *   host.timers_lock	the list of timers
 *   host.tasks_lock	the list of tasks
 *   dal_task->lock	waiting
 *   arena.lock		which page belongs to whom; nothing is taken under it
 */
#include <setjmp.h>
#include <stdio.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>
#include "hosted.h"

bool hosted_never_sleep;
__thread u32 hosted_uid;

struct dal_task {
	struct dios_task *t;
	struct list_head link;		/* host.tasks */
	bool played;			/* by a thread of the test */
	bool gone;			/* its memory is */
	u64 pages;			/* of the arena; arena.lock */

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* lock guards these. */
	bool woken;
	bool blocked;
	bool upcall;
	bool killed;

	/* Only the task itself. */
	bool exiting;
	u32 status;
	struct dios_control control;
	jmp_buf leave;			/* a program's way out of a call */

	/* Only a program that run started. */
	hosted_main main;
	int argc;
	char **argv, **env;
};

struct dal_timer {
	struct list_head link;		/* host.timers */
	void (*fn)(void *arg, u64 now);
	void *arg;
	u64 when;			/* 0: off; timers_lock */
};

static struct {
	pthread_mutex_t firing, timers_lock, tasks_lock;
	struct list_head timers, tasks;
	u64 now;
	s64 allocs, handles;		/* outstanding */
	u64 random;
	pthread_t threads[4096];	/* programs not joined yet; tasks_lock */
	u32 nthreads;
} host = {
	.firing = PTHREAD_MUTEX_INITIALIZER,
	.timers_lock = PTHREAD_MUTEX_INITIALIZER,
	.tasks_lock = PTHREAD_MUTEX_INITIALIZER,
	.timers = LIST_HEAD_INIT(host.timers),
	.tasks = LIST_HEAD_INIT(host.tasks),
	.now = 1000000000,
};

/* What a CPU would know. */
static __thread struct {
	struct dios_task *task;		/* who makes a call now */
	u32 locks;			/* spinlocks held */
	u32 mutexes;			/* mutexes held */
	u32 irqs_off;			/* spin_lock_irqsave()s */
	bool irq;			/* a timer runs */
	u32 fail[FAIL_N];		/* fails when it counts down to 0 */
	bool failed[FAIL_N];
	u32 step;			/* locks to give back until step_fn */
	bool stepped;
	void (*step_fn)(void);
} cpu;

void hosted_bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: BUG: %s\n", file, line, what);
	abort();
}

/* Spinlocks. */

static void *hosted_me(void)
{
	return &cpu;
}

void spin_lock_init(spinlock_t *l)
{
	pthread_mutex_init(&l->mutex, NULL);
	WRITE_ONCE(l->owner, NULL);
	l->uses = 0;
}

bool hosted_holds(const spinlock_t *l)
{
	return READ_ONCE(l->owner) == hosted_me();
}

void spin_lock(spinlock_t *l)
{
	u32 use = cpu.irq ? HOSTED_LOCK_IRQ : cpu.irqs_off ? 0 : HOSTED_LOCK_IRQS_ON;

	BUG_ON(hosted_holds(l));
	pthread_mutex_lock(&l->mutex);
	WRITE_ONCE(l->owner, hosted_me());
	cpu.locks++;
	/* An interrupt would wait for ever for the one it has interrupted. */
	l->uses |= use;
	BUG_ON(l->uses == (HOSTED_LOCK_IRQ | HOSTED_LOCK_IRQS_ON));
}

bool hosted_step(u32 n, void (*fn)(void))
{
	bool stepped = cpu.stepped;

	cpu.step = n;
	cpu.step_fn = fn;
	cpu.stepped = false;
	return stepped;
}

/* A lock was given back. */
static void step(void)
{
	struct dios_task *t = cpu.task;

	if (cpu.locks || cpu.mutexes || cpu.irqs_off || cpu.irq || !cpu.step || --cpu.step)
		return;
	cpu.stepped = true;
	cpu.task = NULL;
	cpu.step_fn();
	cpu.task = t;
}

void spin_unlock(spinlock_t *l)
{
	BUG_ON(!hosted_holds(l));
	WRITE_ONCE(l->owner, NULL);
	cpu.locks--;
	pthread_mutex_unlock(&l->mutex);
	step();
}

unsigned long hosted_irq_save(void)
{
	return cpu.irqs_off++;
}

void hosted_irq_restore(unsigned long flags)
{
	cpu.irqs_off--;
	BUG_ON(cpu.irqs_off != flags);
	step();
}

void might_sleep(void)
{
	BUG_ON(cpu.locks || cpu.irqs_off || cpu.irq);
}

void mutex_init(struct mutex *m)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

void mutex_lock(struct mutex *m)
{
	might_sleep();
	BUG_ON(pthread_mutex_lock(&m->mutex));
	cpu.mutexes++;
}

void mutex_unlock(struct mutex *m)
{
	might_sleep();
	cpu.mutexes--;
	BUG_ON(pthread_mutex_unlock(&m->mutex));
	step();
}

/* Failing on purpose. */

void hosted_fail(enum hosted_fault what, u32 n)
{
	cpu.fail[what] = n;
	cpu.failed[what] = false;
}

bool hosted_failed(enum hosted_fault what)
{
	return cpu.failed[what];
}

static bool fails(enum hosted_fault what)
{
	if (!cpu.fail[what] || --cpu.fail[what])
		return false;
	cpu.failed[what] = true;
	return true;
}

bool hosted_fails(enum hosted_fault what)
{
	return fails(what);
}

/* Memory of the kernel.  The sanitizer sees its bounds and its end. */

void *hosted_alloc(size_t n, size_t size, gfp_t gfp, bool zero)
{
	size_t len;
	void *p;

	if (gfp != GFP_ATOMIC)
		might_sleep();
	if (__builtin_mul_overflow(n, size, &len) || fails(FAIL_ALLOC))
		return NULL;
	p = malloc(len ? len : 1);
	if (!p)
		return NULL;
	memset(p, zero ? 0 : 0xa5, len);
	__atomic_fetch_add(&host.allocs, 1, __ATOMIC_RELAXED);
	return p;
}

void hosted_free(const void *p)
{
	if (!p)
		return;
	__atomic_fetch_sub(&host.allocs, 1, __ATOMIC_RELAXED);
	free((void *)p);
}

s64 hosted_allocs(void)
{
	return __atomic_load_n(&host.allocs, __ATOMIC_RELAXED);
}

void hosted_handle(s64 n)
{
	__atomic_fetch_add(&host.handles, n, __ATOMIC_RELAXED);
}

s64 hosted_handles(void)
{
	return __atomic_load_n(&host.handles, __ATOMIC_RELAXED);
}

/* SipHash-2-4, after its paper (Aumasson and Bernstein, 2012). */

static u64 rotl(u64 x, u32 n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(u64 v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static void sip_word(u64 v[4], u64 m)
{
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
}

u64 hosted_siphash(const void *data, size_t len, const siphash_key_t *key)
{
	u64 v[4] = {
		key->key[0] ^ 0x736f6d6570736575, key->key[1] ^ 0x646f72616e646f6d,
		key->key[0] ^ 0x6c7967656e657261, key->key[1] ^ 0x7465646279746573,
	};
	const u8 *p = data;
	size_t left;
	u64 m;
	int i;

	for (left = len; left >= 8; left -= 8, p += 8) {
		memcpy(&m, p, 8);
		sip_word(v, m);
	}
	m = 0;
	memcpy(&m, p, left);
	sip_word(v, m | (u64)len << 56);
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Never twice the same, and the same in each run of a test. */
void dal_random(void *dst, size_t len)
{
	static const siphash_key_t key = { { 0x0123456789abcdef, 0xfedcba9876543210 } };
	u8 *p = dst;
	u64 n, w;

	might_sleep();
	while (len) {
		n = __atomic_add_fetch(&host.random, 1, __ATOMIC_RELAXED);
		w = hosted_siphash(&n, sizeof(n), &key);
		n = len < sizeof(w) ? len : sizeof(w);
		memcpy(p, &w, n);
		p += n;
		len -= n;
	}
}

/* Memory of the tasks. */

#define PAGES	(HOSTED_ARENA / DIOS_PAGE_SIZE)

static struct {
	pthread_mutex_t lock;
	u8 *base;
	struct {
		struct dios_task *owner;	/* NULL: nothing is mapped */
		bool writable;
		bool sparse;
	} pages[PAGES];
	u32 next;				/* where to look first */
	s64 mapped;
} arena = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void arena_map(void)
{
	arena.base = mmap(NULL, HOSTED_ARENA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			  -1, 0);
	BUG_ON(arena.base == MAP_FAILED);
}

/* Several threads may make the first task. */
static void arena_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, arena_map);
}

void *hosted_ptr(u64 addr)
{
	BUG_ON(addr < HOSTED_USER || addr >= HOSTED_USER + HOSTED_ARENA);
	return arena.base + (addr - HOSTED_USER);
}

u64 hosted_addr(const void *p)
{
	BUG_ON((u8 *)p < arena.base || (u8 *)p >= arena.base + HOSTED_ARENA);
	return HOSTED_USER + ((u8 *)p - arena.base);
}

s64 hosted_pages(void)
{
	s64 n;

	pthread_mutex_lock(&arena.lock);
	n = arena.mapped;
	pthread_mutex_unlock(&arena.lock);
	return n;
}

/* How many bytes from addr a task can reach. */
static size_t reach(struct dios_task *t, u64 addr, size_t len, bool write)
{
	size_t n = 0, page;

	if (addr < HOSTED_USER)
		return 0;
	pthread_mutex_lock(&arena.lock);
	while (n < len) {
		page = (addr - HOSTED_USER + n) / DIOS_PAGE_SIZE;
		if (addr + n < addr || page >= PAGES || arena.pages[page].owner != t ||
		    (write && !arena.pages[page].writable))
			break;
		n += DIOS_PAGE_SIZE - (addr + n) % DIOS_PAGE_SIZE;
	}
	pthread_mutex_unlock(&arena.lock);
	return n < len ? n : len;
}

bool hosted_readable(struct dios_task *t, u64 addr)
{
	return reach(t, addr, 1, false);
}

bool hosted_writable(struct dios_task *t, u64 addr)
{
	return reach(t, addr, 1, true);
}

bool hosted_sparse(u64 addr)
{
	BUG_ON(addr < HOSTED_USER || addr - HOSTED_USER >= HOSTED_ARENA);
	return arena.pages[(addr - HOSTED_USER) / DIOS_PAGE_SIZE].sparse;
}

/* A copy that faults has copied what came before: nobody may count on that. */
int dal_copy_in(void *dst, u64 src, size_t len)
{
	size_t n;

	might_sleep();
	BUG_ON(!cpu.task);
	memset(dst, 0xa5, len);
	n = fails(FAIL_COPY) ? 0 : reach(cpu.task, src, len, false);
	if (n)
		memcpy(dst, hosted_ptr(src), n);
	return n < len ? -DIOS_EFAULT : 0;
}

int dal_copy_out(u64 dst, const void *src, size_t len)
{
	size_t n;

	might_sleep();
	BUG_ON(!cpu.task);
	n = fails(FAIL_COPY) ? 0 : reach(cpu.task, dst, len, true);
	if (n)
		memcpy(hosted_ptr(dst), src, n);
	return n < len ? -DIOS_EFAULT : 0;
}

/*
 * Pages of kernel and task: a file in memory, mapped into both.  All are backed
 * lazily, those called lazy too, which the kernel does not see.
 */
struct dal_pages {
	int fd;
	size_t len;		/* of the file */
	size_t seen;		/* bytes mapped: twice len for a ring */
	u64 off;		/* where in the file */
	void *kernel;		/* or NULL */
	void *backed;		/* where dal_pages_back() shows them, or NULL */
};

/* Map so much of the pages at a place that is reserved already. */
static void map_pages_at(void *at, int fd, u64 file_off, size_t file_len, size_t len, int prot)
{
	size_t off;
	void *got;

	for (off = 0; off < len; off += file_len) {
		got = mmap(at + off, min(len - off, file_len), prot, MAP_SHARED | MAP_FIXED, fd,
			   file_off);
		BUG_ON(got == MAP_FAILED);
	}
}

static struct dal_pages *pages_new(size_t len, size_t seen)
{
	struct dal_pages *p;

	might_sleep();
	BUG_ON(!len || len % DIOS_PAGE_SIZE);
	if (fails(FAIL_MAP))
		return ERR_PTR(-DIOS_ENOMEM);
	p = kmalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return ERR_PTR(-DIOS_ENOMEM);
	memset(p, 0, sizeof(*p));
	p->len = len;
	p->seen = seen;
	hosted_handle(1);
	return p;
}

struct dal_pages *hosted_pages_of(int fd, u64 off, size_t len)
{
	struct dal_pages *p = pages_new(len, len);

	if (IS_ERR(p))
		return p;
	p->fd = dup(fd);
	p->off = off;
	BUG_ON(p->fd < 0);
	return p;
}

static struct dal_pages *pages_alloc(size_t len, size_t seen, bool kernel)
{
	struct dal_pages *p = pages_new(len, seen);

	if (IS_ERR(p))
		return p;
	p->fd = memfd_create("dios", MFD_CLOEXEC);
	BUG_ON(p->fd < 0 || ftruncate(p->fd, len));
	if (kernel) {
		p->kernel = mmap(NULL, seen, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		BUG_ON(p->kernel == MAP_FAILED);
		map_pages_at(p->kernel, p->fd, 0, len, seen, PROT_READ | PROT_WRITE);
	}
	return p;
}

struct dal_pages *dal_pages_alloc(size_t len)
{
	return pages_alloc(len, len, true);
}

struct dal_pages *dal_pages_alloc_ring(size_t len)
{
	return pages_alloc(len, 2 * len, true);
}

struct dal_pages *dal_pages_alloc_lazy(size_t len)
{
	return pages_alloc(len, len, false);
}

void *dal_pages_kernel(struct dal_pages *p)
{
	return p->kernel;
}

void *dal_pages_back(struct dal_pages *p, size_t off)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	might_sleep();
	BUG_ON(p->kernel || off % DIOS_PAGE_SIZE || off >= p->len);
	if (fails(FAIL_MAP))
		return ERR_PTR(-DIOS_ENOMEM);
	pthread_mutex_lock(&lock);
	if (!p->backed) {
		p->backed = mmap(NULL, p->len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		BUG_ON(p->backed == MAP_FAILED);
		map_pages_at(p->backed, p->fd, 0, p->len, p->len, PROT_READ | PROT_WRITE);
	}
	pthread_mutex_unlock(&lock);
	return p->backed + off;
}

void dal_pages_free(struct dal_pages *p)
{
	if (p->backed)
		munmap(p->backed, p->len);
	if (p->kernel)
		munmap(p->kernel, p->seen);
	close(p->fd);
	kfree(p);
	hosted_handle(-1);
}

/* Are n pages free here?  Unless it must be here, with one more on each side. */
static bool room(u64 at, u64 n, bool fixed)
{
	u64 i, from = at, to = at + n;

	if (!fixed) {
		from -= from > 0;
		to += to < PAGES;
	}
	for (i = from; i < to; i++)
		if (arena.pages[i].owner)
			return false;
	return true;
}

/* The first page of n free ones, or -1.  arena.lock is held. */
static s64 find_room(u64 addr, u64 n)
{
	u64 at, i;

	if (n > PAGES)
		return -1;
	at = (addr - HOSTED_USER) / DIOS_PAGE_SIZE;
	if (addr >= HOSTED_USER && at <= PAGES - n && room(at, n, false))
		return at;
	for (i = 0; i <= PAGES; i++) {
		at = (arena.next + i) % PAGES;
		if (at > PAGES - n || !room(at, n, false))
			continue;
		/* Freed memory is not used again soon. */
		arena.next = (at + n + 1) % PAGES;
		return at;
	}
	return -1;
}

/* p NULL: private memory. */
static int map(struct dios_task *t, struct dal_pages *p, size_t len, bool writable, u64 addr,
	       bool fixed, u64 *out)
{
	int prot = PROT_READ | (writable ? PROT_WRITE : 0);
	u64 i, n = len / DIOS_PAGE_SIZE;
	void *place;
	s64 at;
	int err = 0;

	BUG_ON(!len || len % DIOS_PAGE_SIZE || addr % DIOS_PAGE_SIZE);
	BUG_ON(!t->dal || t->dal->gone);
	pthread_mutex_lock(&arena.lock);
	if (!fixed) {
		at = find_room(addr, n);
		if (at < 0)
			err = -DIOS_ENOMEM;
	} else if (addr < HOSTED_USER || addr - HOSTED_USER >= HOSTED_ARENA ||
		   len > HOSTED_ARENA - (addr - HOSTED_USER)) {
		err = -DIOS_ENOMEM;
	} else {
		at = (addr - HOSTED_USER) / DIOS_PAGE_SIZE;
		if (!room(at, n, true))
			err = -DIOS_EBUSY;
	}
	if (!err) {
		place = arena.base + at * DIOS_PAGE_SIZE;
		if (p)
			map_pages_at(place, p->fd, p->off, p->len, len, prot);
		else
			BUG_ON(mmap(place, len, prot, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS |
				    MAP_NORESERVE, -1, 0) == MAP_FAILED);
		for (i = 0; i < n; i++) {
			arena.pages[at + i].owner = t;
			arena.pages[at + i].writable = writable;
			arena.pages[at + i].sparse = false;
		}
		arena.mapped += n;
		t->dal->pages += n;
		*out = HOSTED_USER + at * DIOS_PAGE_SIZE;
	}
	pthread_mutex_unlock(&arena.lock);
	return err;
}

static void set_sparse(u64 addr, size_t len, bool sparse)
{
	u64 i, at = (addr - HOSTED_USER) / DIOS_PAGE_SIZE;

	pthread_mutex_lock(&arena.lock);
	for (i = 0; i < len / DIOS_PAGE_SIZE; i++)
		arena.pages[at + i].sparse = sparse;
	pthread_mutex_unlock(&arena.lock);
}

/* Every page of it must be the task's. */
static void unmap(struct dios_task *t, u64 addr, size_t len)
{
	u64 i, at = (addr - HOSTED_USER) / DIOS_PAGE_SIZE, n = len / DIOS_PAGE_SIZE;
	void *got;

	BUG_ON(!len || (addr | len) % DIOS_PAGE_SIZE || addr < HOSTED_USER);
	pthread_mutex_lock(&arena.lock);
	for (i = 0; i < n; i++) {
		BUG_ON(at + i >= PAGES || arena.pages[at + i].owner != t);
		arena.pages[at + i].owner = NULL;
	}
	arena.mapped -= n;
	t->dal->pages -= n;
	got = mmap(arena.base + at * DIOS_PAGE_SIZE, len, PROT_NONE,
		   MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	BUG_ON(got == MAP_FAILED);
	pthread_mutex_unlock(&arena.lock);
}

int dal_map_pages(struct dal_pages *p, size_t len, bool writable, u64 addr, bool fixed, u64 *out)
{
	might_sleep();
	BUG_ON(len > p->seen);
	if (fails(FAIL_MAP))
		return -DIOS_ENOMEM;
	return map(cpu.task, p, len, writable, addr, fixed, out);
}

int dal_map_anon(size_t len, u64 addr, bool fixed, bool sparse, u64 *out)
{
	int err;

	might_sleep();
	if (fails(FAIL_MAP))
		return -DIOS_ENOMEM;
	err = map(cpu.task, NULL, len, true, addr, fixed, out);
	if (!err && sparse)
		set_sparse(*out, len, true);
	return err;
}

int dal_discard(u64 addr, size_t len)
{
	might_sleep();
	BUG_ON(!len || (addr | len) % DIOS_PAGE_SIZE);
	BUG_ON(reach(cpu.task, addr, len, true) != len);
	if (fails(FAIL_MAP))
		return -DIOS_ENOMEM;
	BUG_ON(madvise(hosted_ptr(addr), len, MADV_DONTNEED));
	set_sparse(addr, len, false);
	return 0;
}

void dal_unmap(struct dios_task *t, u64 addr, size_t len)
{
	might_sleep();
	if (t == cpu.task && !t->dal->gone)
		unmap(t, addr, len);
}

void *hosted_map(struct dios_task *t, size_t len, bool writable)
{
	u64 addr;

	BUG_ON(map(t, NULL, ALIGN(len, DIOS_PAGE_SIZE), writable, 0, false, &addr));
	return hosted_ptr(addr);
}

/* One mapping ends where a page is not the task's: there is one behind each. */
void hosted_unmap(struct dios_task *t, void *p)
{
	u64 addr = hosted_addr(p);

	unmap(t, addr, reach(t, addr, HOSTED_ARENA, false));
}

/* The end of a task's memory. */
static void unmap_all(struct dios_task *t)
{
	u64 i, n;

	t->dal->gone = true;
	for (i = 0; t->dal->pages; i += n ? n : 1) {
		n = reach(t, HOSTED_USER + i * DIOS_PAGE_SIZE, HOSTED_ARENA, false) / DIOS_PAGE_SIZE;
		if (n)
			unmap(t, HOSTED_USER + i * DIOS_PAGE_SIZE, n * DIOS_PAGE_SIZE);
	}
}

/* Time and waiting. */

u32 dal_uid(void)
{
	return hosted_uid;
}

u64 dal_now(void)
{
	return READ_ONCE(host.now);
}

u64 dal_real_time(void)
{
	return 1700000000000000000ULL + dal_now();
}

/* A timer that is due is off when its function runs, which may set it again. */
static struct dal_timer *timer_take(u64 now, u64 *when)
{
	struct dal_timer *tm, *first = NULL;

	pthread_mutex_lock(&host.timers_lock);
	list_for_each_entry(tm, &host.timers, link)
		if (tm->when && tm->when <= now && (!first || tm->when < first->when))
			first = tm;
	if (first) {
		*when = first->when;
		first->when = 0;
	}
	pthread_mutex_unlock(&host.timers_lock);
	return first;
}

static void wake_all_sleepers(void)
{
	struct dal_task *d;

	pthread_mutex_lock(&host.tasks_lock);
	list_for_each_entry(d, &host.tasks, link) {
		pthread_mutex_lock(&d->lock);
		pthread_cond_broadcast(&d->cond);
		pthread_mutex_unlock(&d->lock);
	}
	pthread_mutex_unlock(&host.tasks_lock);
}

void hosted_clock_set(u64 now)
{
	struct dal_timer *tm;
	u64 when;

	might_sleep();
	pthread_mutex_lock(&host.firing);
	while ((tm = timer_take(now, &when))) {
		if (when > host.now)
			WRITE_ONCE(host.now, when);
		cpu.irq = true;
		tm->fn(tm->arg, host.now);
		cpu.irq = false;
	}
	if (now > host.now)
		WRITE_ONCE(host.now, now);
	pthread_mutex_unlock(&host.firing);
	wake_all_sleepers();
}

void hosted_clock_add(u64 ns)
{
	hosted_clock_set(dal_now() + ns);
}

/* Instead of sleeping, to the next event.  False: there is none. */
static bool clock_jump(s64 deadline)
{
	u64 next = deadline == -1 ? 0 : deadline;
	struct dal_timer *tm;

	pthread_mutex_lock(&host.timers_lock);
	list_for_each_entry(tm, &host.timers, link)
		if (tm->when && (!next || tm->when < next))
			next = tm->when;
	pthread_mutex_unlock(&host.timers_lock);
	if (!next)
		return false;
	hosted_clock_set(next);
	return true;
}

struct dal_timer *dal_timer_new(void (*fn)(void *arg, u64 now), void *arg)
{
	struct dal_timer *tm;

	might_sleep();
	tm = kmalloc(sizeof(*tm), GFP_KERNEL);
	if (!tm)
		return ERR_PTR(-DIOS_ENOMEM);
	tm->fn = fn;
	tm->arg = arg;
	tm->when = 0;
	hosted_handle(1);
	pthread_mutex_lock(&host.timers_lock);
	list_add_tail(&tm->link, &host.timers);
	pthread_mutex_unlock(&host.timers_lock);
	return tm;
}

/* What is due already fires when the clock next moves, be it by nothing. */
void dal_timer_set(struct dal_timer *tm, u64 when)
{
	pthread_mutex_lock(&host.timers_lock);
	tm->when = when;
	pthread_mutex_unlock(&host.timers_lock);
}

void dal_timer_free(struct dal_timer *tm)
{
	might_sleep();
	pthread_mutex_lock(&host.firing);
	pthread_mutex_lock(&host.timers_lock);
	list_del(&tm->link);
	pthread_mutex_unlock(&host.timers_lock);
	pthread_mutex_unlock(&host.firing);
	kfree(tm);
	hosted_handle(-1);
}

void dal_wait_begin(struct dios_task *t)
{
	struct dal_task *d = t->dal;

	BUG_ON(t != cpu.task);
	pthread_mutex_lock(&d->lock);
	d->woken = false;
	pthread_mutex_unlock(&d->lock);
}

/* Go on, or why not.  d->lock is held. */
static bool sleep_over(struct dal_task *d, s64 deadline, int *err)
{
	*err = 0;
	if (d->woken)
		return true;
	if (d->upcall || d->killed)
		*err = -DIOS_EINTR;
	else if (deadline != -1 && dal_now() >= (u64)deadline)
		*err = -DIOS_ETIMEDOUT;
	return *err;
}

int dal_wait(struct dios_task *t, s64 deadline)
{
	struct dal_task *d = t->dal;
	bool moved;
	int err;

	might_sleep();
	BUG_ON(t != cpu.task);
	pthread_mutex_lock(&d->lock);
	while (!sleep_over(d, deadline, &err)) {
		if (hosted_never_sleep) {
			pthread_mutex_unlock(&d->lock);
			moved = clock_jump(deadline);
			pthread_mutex_lock(&d->lock);
			if (!moved) {
				d->upcall = true;
				cpu.step = 0;	/* too late to wake it */
			}
			continue;
		}
		d->blocked = true;
		pthread_cond_wait(&d->cond, &d->lock);
		d->blocked = false;
	}
	pthread_mutex_unlock(&d->lock);
	return err;
}

static void wake(struct dal_task *d, bool *why)
{
	pthread_mutex_lock(&d->lock);
	*why = true;
	pthread_cond_broadcast(&d->cond);
	pthread_mutex_unlock(&d->lock);
}

void dal_wake(struct dios_task *t)
{
	wake(t->dal, &t->dal->woken);
}

void dal_kill(struct dios_task *t)
{
	struct dal_task *d = READ_ONCE(t->dal);

	if (d)
		wake(d, &d->killed);
}

void dal_task_info(struct dios_task *t, struct dios_task_info *out)
{
	struct dal_task *d = READ_ONCE(t->dal);

	might_sleep();
	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	if (d->blocked)
		out->state = DIOS_TASK_WAITING;
	pthread_mutex_unlock(&d->lock);
}

void hosted_interrupt(struct dios_task *t)
{
	wake(t->dal, &t->dal->upcall);
}

void hosted_until_blocked(struct dios_task *t)
{
	struct dal_task *d = t->dal;
	bool blocked;

	for (;;) {
		pthread_mutex_lock(&d->lock);
		blocked = d->blocked;
		pthread_mutex_unlock(&d->lock);
		if (blocked)
			return;
		usleep(100);
	}
}

/* Tasks. */

int dal_set_upcalls(struct dios_task *t, const struct dios_control *c)
{
	might_sleep();
	BUG_ON(t != cpu.task);
	if (t->brand == DIOS_BRAND_LEGACY_LIMBO)
		return -DIOS_ENOTSUP;
	t->dal->control = *c;
	return 0;
}

const struct dios_control *hosted_upcalls(struct dios_task *t)
{
	return &t->dal->control;
}

static struct dal_task *state_new(struct dios_task *t, bool played)
{
	struct dal_task *d = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return NULL;
	arena_init();
	d->t = t;
	d->played = played;
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->cond, NULL);
	hosted_handle(1);
	WRITE_ONCE(t->dal, d);
	return d;
}

/* From now on the clock wakes it. */
static void state_live(struct dal_task *d)
{
	pthread_mutex_lock(&host.tasks_lock);
	list_add_tail(&d->link, &host.tasks);
	pthread_mutex_unlock(&host.tasks_lock);
}

static void state_dead(struct dal_task *d)
{
	pthread_mutex_lock(&host.tasks_lock);
	list_del(&d->link);
	pthread_mutex_unlock(&host.tasks_lock);
}

void dal_task_free(struct dal_task *d)
{
	pthread_mutex_destroy(&d->lock);
	pthread_cond_destroy(&d->cond);
	kfree(d);
	hosted_handle(-1);
}

void dal_exit(struct dios_task *t, u32 status)
{
	BUG_ON(t != cpu.task);
	t->dal->exiting = true;
	t->dal->status = status;
}

bool hosted_ending(struct dios_task *t)
{
	bool killed;

	pthread_mutex_lock(&t->dal->lock);
	killed = t->dal->killed;
	pthread_mutex_unlock(&t->dal->lock);
	return killed || t->dal->exiting;
}

u32 hosted_exit_status(struct dios_task *t)
{
	return t->dal->status;
}

s64 hosted_call(struct dios_task *t, u32 nr, u64 a, u64 b, u64 c, u64 d, u64 e)
{
	return hosted_call6(t, nr, a, b, c, d, e, 0x5a5a5a5a5a5a5a5a);
}

s64 hosted_call6(struct dios_task *t, u32 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	const u64 args[6] = { a, b, c, d, e, f };
	s64 ret;

	BUG_ON(cpu.task);
	might_sleep();
	cpu.task = t;
	ret = dios_dispatch(t, nr, args);
	might_sleep();		/* nothing is left locked */
	cpu.task = NULL;
	pthread_mutex_lock(&t->dal->lock);
	t->dal->upcall = false;
	pthread_mutex_unlock(&t->dal->lock);
	if (!t->dal->played && hosted_ending(t))
		longjmp(t->dal->leave, 1);
	return ret;
}

struct dios_task *hosted_task_new(u32 brand)
{
	struct dios_task *t = dios_task_open(brand, "test");
	struct dal_task *d;

	if (IS_ERR(t))
		return t;
	d = state_new(t, true);
	if (!d) {
		dios_task_end(t, NULL);
		return ERR_PTR(-DIOS_ENOMEM);
	}
	state_live(d);
	return t;
}

static void end(struct dios_task *t, const struct dios_task_status *st)
{
	BUG_ON(cpu.task);
	state_dead(t->dal);
	unmap_all(t);
	cpu.task = t;
	dios_task_end(t, st);
	cpu.task = NULL;
}

void hosted_task_end(struct dios_task *t, u32 how, u32 status)
{
	struct dios_task_status st = { .how = how, .status = status };

	end(t, &st);
}

/* Until it returns, or a call does not. */
static void program(struct dal_task *d)
{
	if (setjmp(d->leave))
		return;
	d->status = d->main(d->t, d->argc, d->argv, d->env);
	d->exiting = true;
}

/* The thread of a program.  dal_start_task() took a hold for it. */
static void *thread_main(void *arg)
{
	struct dios_task *t = arg;
	struct dal_task *d = t->dal;
	struct dios_task_status st = { .how = DIOS_END_EXIT };
	u32 i;

	hosted_uid = t->user->uid;
	program(d);
	if (d->exiting) {
		st.status = d->status;
	} else {
		st.how = DIOS_END_KILLED;
		st.status = 9;
	}
	for (i = 0; d->argv[i]; i++)
		free(d->argv[i]);
	for (i = 0; d->env[i]; i++)
		free(d->env[i]);
	free(d->argv);
	free(d->env);
	end(t, &st);
	object_put(&t->obj);
	return NULL;
}

/* As exec does: the caller's strings are copied into the new program. */
static char **strings(char **v)
{
	char **copy;
	size_t n = 0;

	while (v[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (n = 0; v[n]; n++)
		copy[n] = strdup(v[n]);
	return copy;
}

int dal_start_task(struct dios_task *t, struct dal_exe *e, char **argv, char **env)
{
	hosted_main main = e->fd_file ? e->fd_file->main : hosted_store_main;
	struct dal_task *d;
	int err = 0;

	might_sleep();
	BUG_ON(!argv || !argv[0] || !env);
	d = state_new(t, false);
	if (!d)
		err = -DIOS_ENOMEM;
	else if (!main)
		err = -DIOS_EBADEXE;
	else if (fails(FAIL_START))
		err = -DIOS_ENOMEM;
	if (err) {
		dios_task_end(t, NULL);
		return err;
	}
	d->main = main;
	d->argv = strings(argv);
	while (argv[d->argc])
		d->argc++;
	d->env = strings(env);
	object_get(&t->obj);
	state_live(d);
	pthread_mutex_lock(&host.tasks_lock);
	BUG_ON(host.nthreads == ARRAY_SIZE(host.threads));
	BUG_ON(pthread_create(&host.threads[host.nthreads], NULL, thread_main, t));
	host.nthreads++;
	pthread_mutex_unlock(&host.tasks_lock);
	return 0;
}

void hosted_join(void)
{
	pthread_t thread;

	for (;;) {
		pthread_mutex_lock(&host.tasks_lock);
		if (!host.nthreads) {
			pthread_mutex_unlock(&host.tasks_lock);
			return;
		}
		thread = host.threads[--host.nthreads];
		pthread_mutex_unlock(&host.tasks_lock);
		pthread_join(thread, NULL);
	}
}

/* Files. */

static struct hosted_file files[HOSTED_FILES];
struct hosted_file hosted_node_console = { .open = true, .writable = true };
bool hosted_no_node_console;

struct hosted_file *hosted_file(u32 fd)
{
	BUG_ON(fd >= HOSTED_FILES);
	return &files[fd];
}

struct dal_console {
	struct hosted_file *file;
	struct list_head link;		/* in file->readers */
	dal_wake_fn wake;
	void *arg;
};

/* What is typed, and who reads; consoles are woken with it held, as by a wait queue. */
static pthread_mutex_t input_lock = PTHREAD_MUTEX_INITIALIZER;

static struct dal_console *console_new(struct hosted_file *file)
{
	struct dal_console *c = kmalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return ERR_PTR(-DIOS_ENOMEM);
	c->file = file;
	INIT_LIST_HEAD(&c->link);
	hosted_handle(1);
	return c;
}

struct dal_console *dal_console_open(u32 fd, u32 *rights, dal_wake_fn wake, void *arg)
{
	struct hosted_file *f;
	struct dal_console *c;

	might_sleep();
	if (fd >= HOSTED_FILES || !files[fd].open)
		return ERR_PTR(-DIOS_EINVAL);
	f = &files[fd];
	if (!f->writable && !f->readable)
		return ERR_PTR(-DIOS_EPERM);
	*rights = (f->readable ? DIOS_R_READ : 0) | (f->writable ? DIOS_R_WRITE : 0);
	c = console_new(f);
	if (IS_ERR(c) || !f->readable)
		return c;
	c->wake = wake;
	c->arg = arg;
	pthread_mutex_lock(&input_lock);
	if (!f->readers.next)
		INIT_LIST_HEAD(&f->readers);
	list_add_tail(&c->link, &f->readers);
	pthread_mutex_unlock(&input_lock);
	return c;
}

void hosted_input(u32 fd, const char *text)
{
	struct hosted_file *f = hosted_file(fd);
	struct dal_console *c;

	pthread_mutex_lock(&input_lock);
	if (text) {
		BUG_ON(f->in_len + strlen(text) > sizeof(f->in));
		memcpy(f->in + f->in_len, text, strlen(text));
		f->in_len += strlen(text);
	} else {
		f->ended = true;
	}
	if (f->readers.next)
		list_for_each_entry(c, &f->readers, link)
			c->wake(c->arg, DIOS_R_READ);
	pthread_mutex_unlock(&input_lock);
}

ssize_t dal_console_read(struct dios_task *t, struct dal_console *c, void *buf, size_t len)
{
	struct hosted_file *f = c->file;
	ssize_t n;

	might_sleep();
	BUG_ON(t != cpu.task || !len || !f->readable);
	pthread_mutex_lock(&input_lock);
	n = min(len, f->in_len - f->in_at);
	memcpy(buf, f->in + f->in_at, n);
	f->in_at += n;
	if (!n && f->read_err)
		n = f->read_err;
	else if (!n && !f->ended)
		n = -DIOS_EAGAIN;
	pthread_mutex_unlock(&input_lock);
	return n;
}

bool dal_console_ready(struct dal_console *c)
{
	struct hosted_file *f = c->file;
	bool ready;

	might_sleep();
	pthread_mutex_lock(&input_lock);
	ready = f->in_len > f->in_at || f->ended || f->read_err;
	pthread_mutex_unlock(&input_lock);
	return ready;
}

struct dal_console *dal_console_node(void)
{
	might_sleep();
	return hosted_no_node_console ? ERR_PTR(-DIOS_EIO) : console_new(&hosted_node_console);
}

ssize_t dal_console_write(struct dios_task *t, struct dal_console *c, const void *buf, size_t len)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct hosted_file *f = c->file;

	might_sleep();
	BUG_ON(t != cpu.task || !len);
	if (f->write_err)
		return f->write_err;
	pthread_mutex_lock(&lock);
	if (f->most && len > f->most)
		len = f->most;
	if (len > sizeof(f->out) - f->len)
		len = sizeof(f->out) - f->len;
	memcpy(f->out + f->len, buf, len);
	f->len += len;
	pthread_mutex_unlock(&lock);
	return len ? (ssize_t)len : -DIOS_EIO;
}

void dal_console_close(struct dal_console *c)
{
	might_sleep();
	pthread_mutex_lock(&input_lock);
	list_del(&c->link);
	pthread_mutex_unlock(&input_lock);
	kfree(c);
	hosted_handle(-1);
}

struct dal_exe *dal_exe_import(u32 fd)
{
	struct dal_exe *e;

	might_sleep();
	if (fd >= HOSTED_FILES || !files[fd].open || !files[fd].regular)
		return ERR_PTR(-DIOS_EINVAL);
	if (!files[fd].executable)
		return ERR_PTR(-DIOS_EPERM);
	e = hosted_exe_new();
	if (IS_ERR(e))
		return e;
	e->fd_file = &files[fd];
	return e;
}

struct dal_exe *hosted_exe_new(void)
{
	struct dal_exe *e = kzalloc(sizeof(*e), GFP_KERNEL);

	if (!e)
		return ERR_PTR(-DIOS_ENOMEM);
	refcount_set(&e->holds, 1);
	hosted_handle(1);
	return e;
}

ssize_t dal_exe_read(struct dal_exe *e, void *dst, size_t len, u64 off)
{
	struct hosted_file *f = e->fd_file;
	int err;

	might_sleep();
	if (e->file) {
		len = off < e->size ? min_t(u64, len, e->size - off) : 0;
		err = dal_file_read(e->file, dst, len, off);
		return err ? err : (ssize_t)len;
	}
	if (f->read_err)
		return f->read_err;
	if (off >= f->really)
		return 0;
	if (len > f->really - off)
		len = f->really - off;
	memcpy(dst, (const u8 *)f->bytes + off, len);
	return len;
}

u64 dal_exe_size(struct dal_exe *e)
{
	return e->file ? READ_ONCE(e->size) : e->fd_file->size;
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
	might_sleep();
	if (!refcount_dec_and_test(&e->holds))
		return;
	if (e->file)
		dal_file_put(e->file);
	kfree(e);
	hosted_handle(-1);
}

/* An ELF header, one program header that loads the file, and a few bytes. */
size_t hosted_elf(u8 *out, size_t room, u8 osabi, u8 brand)
{
	enum { SIZE = 64 + 56 + 16 };
	u64 addr = 0x400000, entry = addr + 64 + 56, phoff = 64, len = SIZE;
	u16 v16;
	u32 v32;

	BUG_ON(room < SIZE);
	memset(out, 0x90, SIZE);
	memset(out, 0, 64 + 56);
	memcpy(out, "\177ELF\2\1\1", 7);
	out[7] = osabi;
	out[8] = brand;
	v16 = 2, memcpy(out + 16, &v16, 2);		/* ET_EXEC */
	v16 = 62, memcpy(out + 18, &v16, 2);		/* EM_X86_64 */
	v32 = 1, memcpy(out + 20, &v32, 4);		/* version */
	memcpy(out + 24, &entry, 8);
	memcpy(out + 32, &phoff, 8);
	v16 = 64, memcpy(out + 52, &v16, 2);		/* size of this header */
	v16 = 56, memcpy(out + 54, &v16, 2);		/* of a program header */
	v16 = 1, memcpy(out + 56, &v16, 2);		/* how many */
	v32 = 1, memcpy(out + 64, &v32, 4);		/* PT_LOAD */
	v32 = 5, memcpy(out + 68, &v32, 4);		/* read and execute */
	memcpy(out + 80, &addr, 8);
	memcpy(out + 88, &addr, 8);
	memcpy(out + 96, &len, 8);			/* bytes in the file */
	memcpy(out + 104, &len, 8);			/* bytes in memory */
	return SIZE;
}
