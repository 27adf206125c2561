/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * abi.h - what the programs here share: they try the calls, mostly with nonsense.
 *
 * A program is one file, without a C library. Its first line says its brand.
 * It defines run(argc, argv), makes checks with is() and ok(), and ends with
 * status 0 when all held, else 1 with a line for each that did not. The
 * runner is internal/progtest; it also looks for what is left over.
 *
 * A program that was started with an argument is one of its own children.
 */
#include <stddef.h>
#include "../../abi/dios.h"

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define ADDR(...)	((u64)(__VA_ARGS__))
#define PAGE		DIOS_PAGE_SIZE
#define POISON		0x5a5a5a5a5a5a5a5aULL

static int run(int argc, char **argv);

/* --- the calls --- */

static inline s64 syscall6(u64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	register u64 r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = f;
	s64 ret;

	asm volatile("syscall" : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

#define BUF_FLAGS	(DIOS_BUF_MOVE | DIOS_BUF_BORROW | DIOS_BUF_NONBLOCK | DIOS_BUF_FIXED |	\
			 DIOS_BUF_INFO | DIOS_BUF_AT | DIOS_BUF_BATCH | DIOS_BUF_SPARSE)

/* Registers that a call does not use hold nonsense, always. */
static s64 create(u64 flags, u64 type, u64 spec, u64 name, u64 ref)
{
	return syscall6(DIOS_CREATE, flags, type, spec, name, ref, POISON);
}
static s64 lookup(u64 flags, u64 name, u64 refs, u64 count)
{
	return syscall6(DIOS_LOOKUP, flags, name, refs, count, POISON, POISON);
}
static s64 delete(u64 flags, u64 ref)
{
	return syscall6(DIOS_DELETE, flags, ref, POISON, POISON, POISON, POISON);
}
static s64 copy(u64 flags, u64 grants, u64 count, u64 target)
{
	return syscall6(DIOS_COPY, flags, grants, count, target, POISON, POISON);
}
static s64 start_task(u64 flags, u64 exe, u64 spec, u64 ref)
{
	return syscall6(DIOS_RUN, flags, exe, spec, ref, POISON, POISON);
}
static s64 selects(u64 flags, u64 refs, u64 count, u64 selected, u64 deadline)
{
	return syscall6(DIOS_SELECT, flags, refs, count, selected, deadline, POISON);
}
static s64 acquire_read(u64 flags, u64 ref, u64 len, u64 iov)
{
	return syscall6(DIOS_ACQUIRE_READ, flags, ref, len, iov, POISON, POISON);
}
static s64 commit_read(u64 flags, u64 ref, u64 len, u64 iov)
{
	return syscall6(DIOS_COMMIT_READ, flags, ref, len, iov, POISON, POISON);
}
static s64 release_read(u64 flags, u64 ref, u64 iov)
{
	return syscall6(DIOS_RELEASE_READ, flags, ref, iov, POISON, POISON, POISON);
}
static s64 acquire_write(u64 flags, u64 ref, u64 len, u64 iov)
{
	return syscall6(DIOS_ACQUIRE_WRITE, flags, ref, len, iov, POISON, POISON);
}
static s64 commit_write(u64 flags, u64 ref, u64 len, u64 iov)
{
	return syscall6(DIOS_COMMIT_WRITE, flags, ref, len, iov, POISON, POISON);
}
static s64 release_write(u64 flags, u64 ref, u64 iov)
{
	return syscall6(DIOS_RELEASE_WRITE, flags, ref, iov, POISON, POISON, POISON);
}

/* --- a very small library --- */

void *memset(void *p, int c, size_t n)
{
	u8 *b = p;

	while (n--)
		*b++ = c;
	return p;
}

void *memcpy(void *to, const void *from, size_t n)
{
	u8 *t = to;
	const u8 *f = from;

	while (n--)
		*t++ = *f++;
	return to;
}

static int same(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	while (n--)
		if (*x++ != *y++)
			return 0;
	return 1;
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static int equal(const char *a, const char *b)
{
	return length(a) == length(b) && same(a, b, length(a));
}

/* Only the process itself: no other thread, no other task. */
#define barrier()	asm volatile("" : : : "memory")

/* --- output --- */

static struct dios_start *start;	/* NULL: a Linux process, writes with Linux's call */
static struct dios_iov out_buf;
static char line[4096];
static size_t line_len;

static void flush(void)
{
	size_t done = 0;

	while (done < line_len) {
		struct dios_iov part = { .addr = out_buf.addr };
		s64 n;

		if (start) {
			part.len = line_len - done;
			memcpy((void *)out_buf.addr, line + done, part.len);
			n = commit_write(0, start->out, part.len, ADDR(&part));
			if (n == -DIOS_EINTR)
				continue;
		} else {
			n = syscall6(1, 1, ADDR(line) + done, line_len - done, 0, 0, 0);
		}
		if (n <= 0)
			break;
		done += n;
	}
	line_len = 0;
}

static void say(const char *s)
{
	while (*s && line_len < sizeof(line))
		line[line_len++] = *s++;
	if (line_len && line[line_len - 1] == '\n')
		flush();
}

static void say_hex(u64 v)
{
	char s[19] = "0x";
	int i, n = 2;

	for (i = 60; i > 0 && !(v >> i & 15); i -= 4)
		;
	for (; i >= 0; i -= 4)
		s[n++] = "0123456789abcdef"[v >> i & 15];
	s[n] = 0;
	say(s);
}

static void say_dec(u64 v)
{
	char s[21];
	int n = 20;

	s[n] = 0;
	do
		s[--n] = '0' + v % 10;
	while (v /= 10);
	say(s + n);
}

static const char *const error_names[] = {
	[DIOS_EBADREF] = "EBADREF", [DIOS_EPERM] = "EPERM", [DIOS_EZOMBIE] = "EZOMBIE",
	[DIOS_EINVAL] = "EINVAL", [DIOS_EFAULT] = "EFAULT", [DIOS_ENOMEM] = "ENOMEM",
	[DIOS_EQUOTA] = "EQUOTA", [DIOS_ENOTSUP] = "ENOTSUP", [DIOS_EAGAIN] = "EAGAIN",
	[DIOS_EINTR] = "EINTR", [DIOS_ETIMEDOUT] = "ETIMEDOUT", [DIOS_ENOENT] = "ENOENT",
	[DIOS_EEXIST] = "EEXIST", [DIOS_EBADEXE] = "EBADEXE", [DIOS_EBRAND] = "EBRAND",
	[DIOS_EBADBUF] = "EBADBUF", [DIOS_EPIPE] = "EPIPE", [DIOS_EIO] = "EIO",
	[DIOS_EBUSY] = "EBUSY", [DIOS_ETOOBIG] = "ETOOBIG", [DIOS_ESTALE] = "ESTALE", [DIOS_EEND] = "EEND",
	[DIOS_EREFUSED] = "EREFUSED", [DIOS_ERESET] = "ERESET", [DIOS_EUNREACH] = "EUNREACH", [DIOS_EADDR] = "EADDR",
	[DIOS_EHOST] = "EHOST",
};

static void say_result(s64 r)
{
	if (r < 0 && -r < (s64)COUNT(error_names) && error_names[-r]) {
		say("-");
		say(error_names[-r]);
	} else if (r < 0) {
		say("-");
		say_dec(-r);
	} else {
		say_dec(r);
	}
}

/* --- checks --- */

static u32 checks, failures;
static const char *about;	/* more about the next checks, or NULL */
static u64 about_number;

static void fail(const char *file, int at, const char *what)
{
	failures++;
	say("FAIL ");
	say(file);
	say(":");
	say_dec(at);
	say(": ");
	say(what);
	if (about) {
		say(" [");
		say(about);
		say(" ");
		say_hex(about_number);
		say("]");
	}
}

static int check_is(const char *file, int at, const char *what, s64 got, s64 want)
{
	checks++;
	if (got == want)
		return 1;
	if (failures < 30) {
		fail(file, at, what);
		say(" = ");
		say_result(got);
		say(", want ");
		say_result(want);
		say("\n");
	} else {
		failures++;
	}
	return 0;
}

static int check_ok(const char *file, int at, const char *what, int holds)
{
	checks++;
	if (holds)
		return 1;
	if (failures < 30) {
		fail(file, at, what);
		say(" does not hold\n");
	} else {
		failures++;
	}
	return 0;
}

#define is(call, want)	check_is(__FILE__, __LINE__, #call, (call), (want))
#define ok(condition)	check_ok(__FILE__, __LINE__, #condition, !!(condition))

/* --- things to try with --- */

/* A page that is mapped, at EDGE, with nothing behind it. */
#define EDGE		0x60000000ULL
static u64 edge_ref;

/*
 * bad_in(i, n) is an address from which n bytes cannot be read, bad_out(i, n)
 * one to which n bytes cannot be written; 0 when there are no more. Address 0 is
 * not among them: in some places it means something.
 */
static u64 bad_in(u32 i, u64 n)
{
	switch (i) {
	case 0: return 1;
	case 1: return PAGE - n;			/* ends in page 0 */
	case 2: return EDGE + PAGE;			/* nothing is there */
	case 3: return EDGE + PAGE - 1;			/* one byte is */
	case 4: return EDGE + PAGE - n + 1;		/* all but one byte are */
	case 5: return EDGE - 1;			/* the first is not */
	case 6: return 0x7ffffffff000ULL - n + 1;	/* over the end of a program's addresses */
	case 7: return 0x7ffffffff000ULL;
	case 8: return 0x800000000000ULL;		/* no address of this machine */
	case 9: return 0x8000000000000000ULL;
	case 10: return 0xffff888000000000ULL;		/* the kernel's */
	case 11: return 0xffffffff81000000ULL;
	case 12: return 0xffffffffff600000ULL;		/* where the old vsyscall page was */
	case 13: return -n;				/* wraps around to 0 */
	case 14: return -n + 1;
	case 15: return ~0ULL;
	}
	return 0;
}

static u64 bad_out(u32 i, u64 n)
{
	switch (i) {
	case 0: return ADDR(start);			/* read-only, lent by the kernel */
	case 1: return ADDR(&error_names);		/* read-only, of the program */
	}
	return bad_in(i - 2, n);
}

#define each_bad_in(i, n)	(u32 i = 0; about = "address", about_number = bad_in(i, n), bad_in(i, n) || (about = NULL); i++)
#define each_bad_out(i, n)	(u32 i = 0; about = "address", about_number = bad_out(i, n), bad_out(i, n) || (about = NULL); i++)

/* Every flag but the known ones, alone. */
#define each_bad_flag(f, known)	(u64 f = 1, bit_ = 0; about = "flags", about_number = f, bit_ < 64 || (about = NULL); f = 1ULL << (++bit_ & 63)) if (!(f & (known)))

/* Numbers that are never a reference. */
static const u64 bad_refs[] = {
	0, 1, 2, 0xffffffff, 0x80000000, 1ULL << 63, ~0ULL,
	DIOS_REF_SELF + 0x100000000ULL,			/* the next generation of SELF */
	0xffffffff00000000ULL,
	0x1ffffffffULL,					/* the last slot */
	0x100010000ULL,					/* slots beyond the table */
	0x100000fffULL,
	POISON,
};
#define each_bad_ref(r)		(u64 k_ = 0, r = bad_refs[0]; about = "reference", about_number = r, k_ < COUNT(bad_refs) || (about = NULL); r = ++k_ < COUNT(bad_refs) ? bad_refs[k_] : 0)

static u64 new_random(void)
{
	u64 ref = POISON;

	is(create(0, DIOS_T_RANDOM, 0, 0, ADDR(&ref)), 0);
	return ref;
}

/* A timer that was due long ago is ready only after its interrupt. */
static void wait_due(u64 ref)
{
	struct dios_wait w = { ref, DIOS_R_READ, 0 };
	u64 selected;
	s64 err;

	while ((err = selects(0, ADDR(&w), 1, ADDR(&selected), -1)) == -DIOS_EINTR)
		;
	is(err, 0);
}

static u64 new_timer(u64 first, u64 period)
{
	struct dios_timer spec = { first, period };
	u64 ref = POISON;

	if (is(create(0, DIOS_T_TIMER, ADDR(&spec), 0, ADDR(&ref)), 0) && first == 1)
		wait_due(ref);
	return ref;
}

static u64 new_privmem(u64 size)
{
	struct dios_privmem spec = { size };
	u64 ref = POISON;

	is(create(0, DIOS_T_PRIVMEM, ADDR(&spec), 0, ADDR(&ref)), 0);
	return ref;
}

/* A reference to the same object with these rights, or a negative error. */
static s64 with_rights(u64 ref, u32 rights)
{
	struct dios_grant g = { .ref = ref, .out = POISON, .rights = rights };
	s64 err = copy(0, ADDR(&g), 1, DIOS_REF_SELF);

	return err < 0 ? err : (s64)g.out;
}

/* Is this number a reference?  To give it an unknown flag changes nothing. */
static int is_ref(u64 ref)
{
	struct dios_wait w = { ref, DIOS_R_READ, 0 };
	s64 r = selects(0, ADDR(&w), 1, ADDR(&w.ref), 0);

	return r != -DIOS_EBADREF;
}

static u64 now(void)
{
	struct dios_iov iov = { 0, 0 };
	u64 t = new_timer(1, 0), ns = 0;

	if (acquire_read(0, t, 0, ADDR(&iov)) == 0)
		ns = ((struct dios_timer_state *)iov.addr)->now;
	delete(0, t);
	return ns;
}

#define MS	1000000ULL
#define SECOND	1000000000ULL

/* The program itself, started anew with an argument; refs are handed over. */
static const char *self_entry = "";
static s64 start_self(const char *what, struct dios_grant *grants, u32 n, u64 *ref)
{
	char argv[256] = "self";
	size_t len = length(what);
	struct dios_run spec = {
		.argv = ADDR(argv), .argc = 2, .refs = ADDR(grants), .nrefs = n,
		.out = start->out, .err = start->err,
	};

	memcpy(argv + 5, what, len);
	memcpy(spec.entry, self_entry, length(self_entry));
	spec.argv_len = 5 + len + 1;
	return start_task(0, start->exe, ADDR(&spec), ADDR(ref));
}

/* How a task ended; its reference is gone then. */
static struct dios_task_status wait_for(u64 ref)
{
	struct dios_task_status st;
	struct dios_iov iov = { 0, 0 };
	s64 err;

	memset(&st, 0x5a, sizeof(st));
	while ((err = acquire_read(0, ref, 0, ADDR(&iov))) == -DIOS_EINTR)
		;
	if (is(err, 0))
		st = *(struct dios_task_status *)iov.addr;
	is(delete(0, ref), 0);
	return st;
}

static __attribute__((noreturn)) void leave(u32 status)
{
	if (!start)
		syscall6(231, status, 0, 0, 0, 0, 0);
	delete(status, DIOS_REF_SELF);
	__builtin_trap();
}

/* --- start --- */

static void open_self(void)
{
	struct dios_iov iov = { 0, 0 };

	if (acquire_read(0, DIOS_REF_SELF, 0, ADDR(&iov)) != 0)
		__builtin_trap();	/* there is no way to say more */
	start = (struct dios_start *)iov.addr;
	if (acquire_write(0, start->out, PAGE, ADDR(&out_buf)) != 0)
		__builtin_trap();
}

static void open_edge(void)
{
	struct dios_iov iov = { EDGE, 0 };

	edge_ref = new_privmem(PAGE);
	is(acquire_write(DIOS_BUF_FIXED, edge_ref, 0, ADDR(&iov)), 0);
}

__attribute__((used)) static void begin(u64 *stack)
{
	int argc = stack[0];
	char **argv = (char **)(stack + 1);
	int status;

#ifndef LINUX_PROCESS
	open_self();
	open_edge();
#endif
	status = run(argc, argv);
	if (argc > 1 && !failures)
		leave(status);	/* a child says only what it must */
	if (failures) {
		say_dec(failures);
		say(" of ");
	}
	say_dec(checks);
	say(failures ? " checks failed\n" : " checks\n");
	leave(failures ? 1 : status);
}

asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n\thlt\n");
