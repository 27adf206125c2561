/* brand: pure */
/* param: linux_fatal=0 */
/*
 * A pure task makes no Linux call: each number, by each way into the kernel, gives
 * -38 and does nothing, with arguments that would do something. With an argument,
 * it makes one, which must be the last thing it does (linux_fatal=1).
 */
#include "abi.h"

#define X32	0x40000000

static s64 int80(u64 nr, u64 a, u64 b, u64 c)
{
	s64 ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* 32 bits on both sides: what comes back from there is sign-extended or not. */
static s64 small(s64 v)
{
	return (int)v;
}

static void numbers(void)
{
	char buf[64];
	u64 nr;

	memset(buf, 0, sizeof(buf));
	for (nr = 0; nr < 1024; nr++) {
		about = "number";
		about_number = nr;
		if (nr == 15)
			continue;	/* rt_sigreturn: the return half of an upcall */
		is(syscall6(nr, 1, ADDR(buf), 1, 0, 0, 0), -DIOS_EHOST);
		is(syscall6(nr, 0, 0, 0, 0, 0, 0), -DIOS_EHOST);
	}
	for (nr = 0; nr < 1024; nr++) {
		about_number = X32 | nr;
		is(syscall6(X32 | nr, 1, ADDR(buf), 1, 0, 0, 0), -DIOS_EHOST);
	}
	for (nr = 0; nr < 1024; nr++) {
		about = "int80";
		about_number = nr;
		is(small(int80(nr, 1, ADDR(buf), 1)), -DIOS_EHOST);
	}
	/* DIOS calls come only by the front door. */
	for (nr = DIOS_CREATE; nr <= DIOS_RELEASE_WRITE; nr++) {
		about_number = nr;
		is(small(int80(nr, 0, 0, 0)), -DIOS_EHOST);
		is(small(int80(nr | X32, 0, 0, 0)), -DIOS_EHOST);
		about = "number";
		is(syscall6(nr | X32, 0, 0, 0, 0, 0, 0), -DIOS_EHOST);
	}
	about = NULL;
	ok(buf[0] == 0);
}

/* Numbers around those of DIOS, and odd ones. */
static void odd(void)
{
	static const u64 others[] = {
		DIOS_CREATE - 1, DIOS_RELEASE_WRITE + 1, 0xD10, 0xD1, 0xD1FF, 0xFFFF,
		0x7fffffff, 0x80000000, 0xfffffffe, X32 | 0x7fffffff,
	};
	u64 i;

	for (i = 0; i < COUNT(others); i++) {
		about = "number";
		about_number = others[i];
		is(syscall6(others[i], 0, 0, 0, 0, 0, 0), -DIOS_EHOST);
		is(small(int80(others[i], 0, 0, 0)), -DIOS_EHOST);
	}
	about = NULL;
	/* -1 is what the kernel calls no call at all. */
	is(syscall6(~0ULL, 0, 0, 0, 0, 0, 0), -DIOS_EHOST);
	is(syscall6(0xffffffff, 0, 0, 0, 0, 0, 0), -DIOS_EHOST);
}

static int fatal(const char *how)
{
	char c = 'x';

	if (equal(how, "getpid"))
		return syscall6(39, 0, 0, 0, 0, 0, 0) == -38 ? 99 : 98;
	if (equal(how, "write"))
		syscall6(1, 1, ADDR(&c), 1, 0, 0, 0);
	if (equal(how, "exit_group"))
		syscall6(231, 0, 0, 0, 0, 0, 0);
	if (equal(how, "unknown"))
		syscall6(1023, 0, 0, 0, 0, 0, 0);
	if (equal(how, "x32"))
		syscall6(X32 | 39, 0, 0, 0, 0, 0, 0);
	if (equal(how, "x32 sigreturn"))
		syscall6(X32 | 513, 0, 0, 0, 0, 0, 0);
	if (equal(how, "int80"))
		int80(20, 0, 0, 0);
	if (equal(how, "int80 sigreturn"))
		int80(173, 0, 0, 0);
	if (equal(how, "int80 exit"))
		int80(1, 0, 0, 0);
	if (equal(how, "int80 15"))
		int80(15, 0, 0, 0);
	return 99;
}

static int run(int argc, char **argv)
{
	if (argc > 1)
		return fatal(argv[1]);
	numbers();
	odd();
	return 0;
}
