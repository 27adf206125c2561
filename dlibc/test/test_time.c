/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* test_time.c - the clocks of the host's vDSO, without one, and symbols in both kinds of hash tables. */
#define clock_gettime dl_clock_gettime
#define nanosleep dl_nanosleep
#include "../time.c"
#undef clock_gettime
#undef nanosleep
#include <sys/auxv.h>
#include <limits.h>
#include "test.h"

int clock_gettime(clockid_t clock, struct timespec *t);

const __u64 *auxv;

/* A timer tells this. */
static struct dios_timer_state due = { .now = 5000000007 };
static unsigned int asked, timers;

long dios_create(__u64 flags, __u64 type, const void *spec, void *name, dios_ref *ref, dios_ref group)
{
	(void)flags, (void)spec, (void)name, (void)group;
	check(type == DIOS_T_TIMER);
	*ref = ++timers;
	return 0;
}

long dios_delete(__u64 flags, dios_ref ref)
{
	check(!flags && ref == timers--);
	return 0;
}

void panic(const char *format, ...)
{
	fputs(format, stderr);
	exit(1);
}

long dios_acquire_read(__u64 flags, dios_ref ref, __u64 len, struct dios_iov *iov, dios_ref from, __u64 off)
{
	(void)flags, (void)ref, (void)len, (void)from, (void)off;
	if (asked++ == 0)
		return -DIOS_EINTR;
	iov->addr = (uintptr_t)&due;
	return 0;
}

/* A sleep that an upcall interrupts once. */
static __s64 until;
static unsigned int slept;

long dios_select(__u64 flags, const struct dios_wait *waits, __u64 count, __u64 *selected, __s64 deadline_ns)
{
	(void)flags, (void)waits, (void)count, (void)selected;
	check(!slept || until == deadline_ns, "another deadline");
	until = deadline_ns;
	return slept++ ? -DIOS_ETIMEDOUT : -DIOS_EINTR;
}

static __s64 host(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NSEC + t.tv_nsec;
}

static __s64 ours(clockid_t clock)
{
	struct timespec t = { -1, -1 };

	check(!dl_clock_gettime(clock, &t));
	check(t.tv_nsec >= 0 && t.tv_nsec < NSEC);
	return t.tv_sec * NSEC + t.tv_nsec;
}

static void between(clockid_t clock)
{
	__s64 a = host(clock), b = ours(clock), c = host(clock);

	check(a <= b && b <= c, "%lld, %lld, %lld", a, b, c);
}

int main(void)
{
	/* Two buckets, whose chains begin at 1 and 3; 1 is the first that is hashed. */
	static const __u32 gnu[] = { 2, 1, 1, 0, 0, 0, 1, 3, 10, 11, 12, 13 };
	static const __u32 none[] = { 2, 1, 1, 0, 0, 0, 0, 0 };
	static const __u32 old[] = { 1, 7, 0 };
	__u64 pairs[] = { AT_SYSINFO_EHDR, getauxval(AT_SYSINFO_EHDR), 0, 0 };
	struct timespec t;

	check(count_symbols(NULL, gnu) == 5 && count_symbols(NULL, none) == 1);
	check(count_symbols(old, gnu) == 7 && count_symbols(NULL, NULL) == 0);

	auxv = pairs;
	check(pairs[1] && vdso_symbol("__vdso_clock_gettime") && !vdso_symbol("__vdso_nothing"));
	between(CLOCK_MONOTONIC);
	between(CLOCK_REALTIME);
	check(!imprecise && !asked);
	check(dl_clock_gettime(99, &t) == -1 && !imprecise);

	t = (struct timespec){ 1, 5 };
	check(!dl_nanosleep(&t, NULL) && slept == 2);
	check(until >= host(CLOCK_MONOTONIC) && until <= host(CLOCK_MONOTONIC) + NSEC + 5);
	slept = 0;
	t.tv_sec = LONG_MAX;
	check(!dl_nanosleep(&t, NULL) && until == -1);
	check(dl_nanosleep(&(struct timespec){ 0, NSEC }, NULL) == -1 && dl_nanosleep(&(struct timespec){ -1, 0 }, NULL) == -1);

	/* It cannot tell the time any more. */
	imprecise = true;
	check(dios_now() == due.now && asked == 2);
	check(ours(CLOCK_MONOTONIC) == 5000000007);
	check(host(CLOCK_REALTIME) - ours(CLOCK_REALTIME) < NSEC / 10);
	/* There is none. */
	pairs[0] = 1;
	looked = imprecise = false;
	check(dios_now() == due.now && imprecise);
	check(dl_clock_gettime(CLOCK_REALTIME, &t) == -1);
	check(!timers, "%u left", timers);
	printf("time\n");
	return 0;
}
