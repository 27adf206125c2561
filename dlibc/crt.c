/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * crt.c - how a task starts and ends.
 *
 * The kernel puts argv and the environment on the stack, as on Linux, and everything
 * else on the start page. The task runs main, or the registered function whose
 * name the start page has. It has no upcalls: a fault ends it.
 */
#include <stdlib.h>
#include <string.h>
#include "dlibc.h"

int main(int argc, char **argv);

const char *program = "program";
const __u64 *auxv;
char **environ;

static const struct dios_start *page;

const struct dios_start *dios_start(void)
{
	return page;
}

/*
 * Nothing works here but Linux's own calls: write and exit.
 * brand audit knows the function by its name; so it must be one, and the numbers plain.
 */
static _Noreturn __attribute__((noinline)) void no_dios(void)
{
	static const char text[] = "this program runs on DIOS only: bin/dios run PROGRAM\n";
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(1L), "D"(2L), "S"(text), "d"(sizeof(text) - 1) : "rcx", "r11", "memory");
	__asm__ volatile("syscall" : "=a"(ret) : "a"(231L), "D"(126L) : "rcx", "r11", "memory");
	__builtin_trap();	/* not reached */
}

static int (*function(void))(int, char **)
{
	const struct dios_entry *e;

	if (!page->entry[0])
		return main;
	for (e = __start_dios_entries; e < __stop_dios_entries; e++)
		if (!strncmp(e->name, (const char *)page->entry, DIOS_ENTRY_SIZE))
			return e->main;
	panic("no task function %.*s in this program", DIOS_ENTRY_SIZE, (const char *)page->entry);
}

__attribute__((used)) static _Noreturn void begin(long *stack)
{
	int argc = stack[0];
	char **argv = (char **)(stack + 1), **p;
	struct dios_iov iov = { 0, 0 };
	long err;

	environ = argv + argc + 1;
	for (p = environ; *p; p++)
		;
	auxv = (const __u64 *)(p + 1);
	if (argc > 0)
		program = argv[0];

	err = dios_acquire_read(0, DIOS_REF_SELF, 0, &iov, 0, 0);
	if (err == -DIOS_EHOST)
		no_dios();
	page = (const struct dios_start *)iov.addr;
	if (err || page->magic != DIOS_START_MAGIC)
		__builtin_trap();	/* there is no way to say more */
	if (page->abi != DIOS_ABI_VERSION)
		panic("made for version %d of DIOS, and this is version %u", DIOS_ABI_VERSION, page->abi);
	exit(function()(argc, argv));
}

/* rbp 0 ends a debugger's list of frames. */
__asm__(".pushsection .text\n"
	".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call begin\n"
	"	ud2\n"
	".size _start, . - _start\n"
	".popsection\n");

/* --- the end --- */

#define MAX_ATEXIT	32

static void (*at_exit[MAX_ATEXIT])(void);
static unsigned int n_at_exit;

int atexit(void (*f)(void))
{
	if (n_at_exit == MAX_ATEXIT)
		return -1;
	at_exit[n_at_exit++] = f;
	return 0;
}

void exit(int status)
{
	while (n_at_exit)
		at_exit[--n_at_exit]();
	malloc_check();
	flush_all();
	_Exit(status);
}

void _Exit(int status)
{
	dios_delete(status & DIOS_DELETE_STATUS, DIOS_REF_SELF);
	__builtin_trap();
}

void abort(void)
{
	_Exit(134);	/* 128 + SIGABRT */
}

char *getenv(const char *name)
{
	size_t n = strlen(name);
	char **p;

	for (p = environ; *p; p++)
		if (!strncmp(*p, name, n) && (*p)[n] == '=')
			return *p + n + 1;
	return NULL;
}
