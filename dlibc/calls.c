/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* calls.c - the twelve calls. */
#include <dios.h>

static long call(__u64 nr, __u64 a, __u64 b, __u64 c, __u64 d, __u64 e, __u64 f)
{
	register __u64 r10 __asm__("r10") = d;
	register __u64 r8 __asm__("r8") = e;
	register __u64 r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#define P(pointer)	((__u64)(uintptr_t)(pointer))

long dios_create(__u64 flags, __u64 type, const void *spec, void *name, dios_ref *ref, dios_ref group)
{
	return call(DIOS_CREATE, flags, type, P(spec), P(name), P(ref), group);
}

long dios_lookup(__u64 flags, const void *name, dios_ref *refs, __u64 *count, dios_ref group)
{
	return call(DIOS_LOOKUP, flags, P(name), P(refs), P(count), group, 0);
}

long dios_delete(__u64 flags, dios_ref ref)
{
	return call(DIOS_DELETE, flags, ref, 0, 0, 0, 0);
}

long dios_copy(__u64 flags, struct dios_grant *grants, __u64 count, dios_ref target)
{
	return call(DIOS_COPY, flags, P(grants), count, target, 0, 0);
}

long dios_run(__u64 flags, dios_ref exe, const struct dios_run *spec, dios_ref *task)
{
	return call(DIOS_RUN, flags, exe, P(spec), P(task), 0, 0);
}

long dios_select(__u64 flags, const struct dios_wait *waits, __u64 count, __u64 *selected, __s64 deadline_ns)
{
	return call(DIOS_SELECT, flags, P(waits), count, P(selected), deadline_ns, 0);
}

long dios_acquire_read(__u64 flags, dios_ref ref, __u64 len, struct dios_iov *iov, dios_ref from, __u64 off)
{
	return call(DIOS_ACQUIRE_READ, flags, ref, len, P(iov), from, off);
}

long dios_commit_read(__u64 flags, dios_ref ref, __u64 len, struct dios_iov *iov)
{
	return call(DIOS_COMMIT_READ, flags, ref, len, P(iov), 0, 0);
}

long dios_release_read(__u64 flags, dios_ref ref, const struct dios_iov *iov)
{
	return call(DIOS_RELEASE_READ, flags, ref, P(iov), 0, 0, 0);
}

long dios_acquire_write(__u64 flags, dios_ref ref, __u64 len, struct dios_iov *iov, dios_ref from, __u64 off)
{
	return call(DIOS_ACQUIRE_WRITE, flags, ref, len, P(iov), from, off);
}

long dios_commit_write(__u64 flags, dios_ref ref, __u64 len, struct dios_iov *iov)
{
	return call(DIOS_COMMIT_WRITE, flags, ref, len, P(iov), 0, 0);
}

long dios_release_write(__u64 flags, dios_ref ref, const struct dios_iov *iov)
{
	return call(DIOS_RELEASE_WRITE, flags, ref, P(iov), 0, 0, 0);
}
