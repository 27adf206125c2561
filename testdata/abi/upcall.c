/* brand: pure */
/* Upcalls: faults and the tick arrive on the stack that the control page names. */
#include "abi.h"

/* What of Linux's siginfo_t and ucontext_t is looked at, by offset. */
#define SI_SIGNO	0	/* s32 */
#define SI_CODE		8	/* s32 */
#define SI_ADDR		16	/* u64 */
#define UC_RAX		(40 + 13 * 8)
#define UC_RIP		(40 + 16 * 8)

static u8 stack[65536] __attribute__((aligned(4096)));
static struct dios_iov control_buf;
static struct dios_control *control;

static volatile u32 kind, count, nested, on_stack;
static volatile u64 address, skip, jump_to;
static volatile u32 ticks, slow, depth, deepest;

extern void restorer(void);
asm("restorer:\n\tmov $15, %eax\n\tsyscall\n\thlt\n");

static void loop_for(u64 ns)
{
	u64 end = now() + ns;

	while (now() < end)
		for (volatile int i = 0; i < 1000; i++)
			;
}

static void upcall(u32 k, u8 *info, u8 *context)
{
	u8 here;

	if (k == DIOS_UP_TICK) {
		ticks++;
		if (slow) {
			if (++depth > deepest)
				deepest = depth;
			loop_for(20 * MS);
			depth--;
		}
		return;
	}
	kind = k;
	count++;
	address = *(u64 *)(info + SI_ADDR);
	on_stack = ADDR(&here) >= ADDR(stack) && ADDR(&here) < ADDR(stack) + sizeof(stack);
	if (*(u32 *)(info + SI_SIGNO) != k)
		kind = 0xbad;
	if (nested) {
		nested = 0;
		asm volatile("mov (%0), %%eax" : : "S"(0x1234ULL) : "rax", "memory");
		kind = k;
	}
	if (jump_to)
		*(u64 *)(context + UC_RIP) = jump_to;
	else
		*(u64 *)(context + UC_RIP) += skip;
	*(u64 *)(context + UC_RAX) = 0x77;
}

static s64 set(u64 entry, u64 stack_at, u64 stack_len, u64 tick)
{
	*control = (struct dios_control){ entry, ADDR(restorer), stack_at, stack_len, tick };
	return commit_write(0, DIOS_REF_SELF, sizeof(*control), ADDR(&control_buf));
}

/* Run one instruction that faults; rax comes back from the upcall. */
#define fault(instruction, length, ...) ({						\
	u64 rax_ = 0;									\
	kind = 0, skip = (length), address = POISON, on_stack = 0;			\
	asm volatile(instruction : "+a"(rax_) : __VA_ARGS__ : "rcx", "rdx", "memory");	\
	rax_; })

static void faults(void)
{
	u32 before = count;
	u64 i, at;
	static const u64 addresses[] = { 0, 8, 4095, 4096, 0xffff, 0x12345678, 0x7fffffffe000 };

	for (i = 0; i < COUNT(addresses); i++) {
		about = "address";
		about_number = at = addresses[i];
		ok(fault("mov (%1), %%eax", 2, "S"(at)) == 0x77);
		ok(kind == DIOS_UP_SEGV && address == at && on_stack);
		ok(fault("mov %%eax, (%1)", 2, "S"(at)) == 0x77);
		ok(kind == DIOS_UP_SEGV && address == at);
	}
	about = NULL;
	/* The kernel's memory, and what is no address: the same kind. */
	ok(fault("mov (%1), %%eax", 2, "S"(0xffffffff81000000)) == 0x77);
	ok(kind == DIOS_UP_SEGV);
	ok(fault("mov (%1), %%eax", 2, "S"(0x8000000000000000)) == 0x77);
	ok(kind == DIOS_UP_SEGV);
	/* Memory that was lent to be read. */
	at = ADDR(start);
	ok(fault("mov %%eax, (%1)", 2, "S"(at)) == 0x77);
	ok(kind == DIOS_UP_SEGV && address == at);
	ok(fault("mov $1, %%eax\n\txor %%ecx, %%ecx\n\tcltd\n\tidivl %%ecx", 2, "S"(0ULL)) == 0x77);
	ok(kind == DIOS_UP_FPE);
	ok(fault("ud2", 2, "S"(0ULL)) == 0x77);
	ok(kind == DIOS_UP_ILL);
	ok(fault("int3", 0, "S"(0ULL)) == 0x77);
	ok(kind == DIOS_UP_TRAP);
	ok(fault("hlt", 1, "S"(0ULL)) == 0x77);	/* not for programs */
	ok(kind == DIOS_UP_SEGV);
	ok(count == before + 2 * COUNT(addresses) + 7);
	/* A fault in the upcall itself is another upcall, on the same stack. */
	nested = 1;
	ok(fault("mov (%1), %%eax", 2, "S"(16ULL)) == 0x77);
	ok(kind == DIOS_UP_SEGV && !nested);
	/* A jump to nowhere. */
	{
		extern char landed[];

		jump_to = ADDR(landed);
		kind = 0;
		asm volatile("mov $0x5000, %%eax\n\tjmp *%%rax\n\t.globl landed\nlanded:" ::: "rax", "memory");
		jump_to = 0;
		ok(kind == DIOS_UP_SEGV && address == 0x5000);
	}
	/* A few thousand: nothing is used up. */
	for (i = 0; i < 5000; i++)
		if (fault("mov (%1), %%eax", 2, "S"(16ULL)) != 0x77)
			break;
	ok(i == 5000);
}

static void refused(void)
{
	u64 s = ADDR(stack), e = ADDR(upcall), i;
	struct dios_iov part;
	struct { u64 entry, stack, len, tick; s64 want; } bad[] = {
		{ e, s, 8191, 0, -DIOS_EINVAL }, { e, s, 0, 0, -DIOS_EINVAL },
		{ e, 0, 65536, 0, -DIOS_EINVAL }, { e, s, ~0ULL, 0, -DIOS_EINVAL },
		{ e, 1ULL << 47, 65536, 0, -DIOS_EINVAL }, { e, -8192ULL, 8192, 0, -DIOS_EINVAL },
		{ 1ULL << 47, s, 65536, 0, -DIOS_EINVAL }, { ~0ULL, s, 65536, 0, -DIOS_EINVAL },
		{ e, s, 65536, 1, -DIOS_EINVAL }, { e, s, 65536, 999999, -DIOS_EINVAL },
		{ e, s, 65536, ~0ULL, -DIOS_EINVAL }, { e, s, 65536, 1ULL << 63, -DIOS_EINVAL },
		{ 0, 0, 0, 10 * MS, -DIOS_EINVAL },		/* a tick needs an entry */
	};

	for (i = 0; i < COUNT(bad); i++) {
		about = "control";
		about_number = i;
		is(set(bad[i].entry, bad[i].stack, bad[i].len, bad[i].tick), bad[i].want);
		/* What was set before still counts. */
		ok(fault("mov (%1), %%eax", 2, "S"(16ULL)) == 0x77);
		ok(kind == DIOS_UP_SEGV);
	}
	about = NULL;
	*control = (struct dios_control){ e, 0, s, 65536, 0 };
	is(commit_write(0, DIOS_REF_SELF, sizeof(*control), ADDR(&control_buf)), -DIOS_EINVAL);
	control->restorer = 1ULL << 47;
	is(commit_write(0, DIOS_REF_SELF, sizeof(*control), ADDR(&control_buf)), -DIOS_EINVAL);
	/* The whole page or nothing. */
	control->restorer = ADDR(restorer);
	is(commit_write(0, DIOS_REF_SELF, sizeof(*control) - 8, ADDR(&control_buf)), -DIOS_EINVAL);
	is(commit_write(0, DIOS_REF_SELF, 0, ADDR(&control_buf)), -DIOS_EINVAL);
	part = (struct dios_iov){ control_buf.addr + 8, control_buf.len - 8 };
	is(commit_write(0, DIOS_REF_SELF, part.len, ADDR(&part)), -DIOS_EINVAL);
	/* To write the page is not to commit it. */
	control->entry = 0;
	ok(fault("mov (%1), %%eax", 2, "S"(16ULL)) == 0x77);
}

static void tick(void)
{
	u64 end, ref = new_timer(0, 0), selected;
	struct dios_wait w = { ref, DIOS_R_READ, 0 };
	u32 n;
	s64 err;

	is(set(ADDR(upcall), ADDR(stack), sizeof(stack), 5 * MS), sizeof(*control));
	ticks = 0;
	end = now();
	for (n = 0; n < 500 && ticks < 10; n++)
		loop_for(10 * MS);
	ok(ticks >= 10 && ticks <= 1 + (now() - end) / (5 * MS));
	/* Not while it waits; a first one, on the way in, is an EINTR. */
	ticks = 0;
	end = now() + 200 * MS;
	n = 0;
	while ((err = selects(0, ADDR(&w), 1, ADDR(&selected), end)) == -DIOS_EINTR)
		n++;
	is(err, -DIOS_ETIMEDOUT);
	ok(n <= 3 && ticks <= 3);
	/* And again when it runs. */
	ticks = 0;
	for (n = 0; n < 500 && ticks < 3; n++)
		loop_for(10 * MS);
	ok(ticks >= 3);
	/* One at a time, however long it takes: else they would fill the stack. */
	slow = 1, ticks = 0;
	is(set(ADDR(upcall), ADDR(stack), sizeof(stack), MS), sizeof(*control));
	for (n = 0; n < 500 && ticks < 3; n++)
		loop_for(10 * MS);
	/* Off. */
	is(set(ADDR(upcall), ADDR(stack), sizeof(stack), 0), sizeof(*control));
	ok(ticks >= 3 && deepest == 1);
	slow = 0;
	ticks = 0;
	loop_for(50 * MS);
	ok(ticks == 0);
	is(delete(0, ref), 0);
}

/* Without upcalls again: the child dies of the fault. */
static void gone(void)
{
	static const char *const ways[] = { "never", "removed", "bad stack", "sigreturn" };
	struct dios_task_status st;
	u64 task, i;

	for (i = 0; i < COUNT(ways); i++) {
		about = ways[i];
		is(start_self(ways[i], NULL, 0, &task), 0);
		st = wait_for(task);
		ok(st.how == DIOS_END_FAULT && st.status == DIOS_UP_SEGV);
	}
	about = NULL;
}

static int child(const char *what)
{
	if (equal(what, "removed")) {
		is(set(ADDR(upcall), ADDR(stack), sizeof(stack), 5 * MS), sizeof(*control));
		fault("mov (%1), %%eax", 2, "S"(16ULL));
		is(set(0, 0, 0, 0), sizeof(*control));
	}
	if (equal(what, "bad stack"))		/* nothing is mapped there */
		is(set(ADDR(upcall), 0x10000000, 65536, 0), sizeof(*control));
	if (equal(what, "sigreturn"))		/* there is nothing to return to */
		asm volatile("mov $0x20000000, %%rsp\n\tmov $15, %%eax\n\tsyscall" ::: "rax", "rcx", "r11", "memory");
	(void)*(volatile u8 *)16;
	return 99;
}

static int run(int argc, char **argv)
{
	is(acquire_write(0, DIOS_REF_SELF, 0, ADDR(&control_buf)), 0);
	control = (struct dios_control *)control_buf.addr;
	if (argc > 1)
		return child(argv[1]);
	is(set(ADDR(upcall), ADDR(stack), sizeof(stack), 0), sizeof(*control));
	faults();
	refused();
	tick();
	is(release_write(0, DIOS_REF_SELF, ADDR(&control_buf)), 0);
	/* The upcalls stay when the page is given back. */
	is(acquire_write(0, DIOS_REF_SELF, 0, ADDR(&control_buf)), 0);
	control = (struct dios_control *)control_buf.addr;
	is(set(ADDR(upcall), ADDR(stack), sizeof(stack), 0), sizeof(*control));
	is(release_write(0, DIOS_REF_SELF, ADDR(&control_buf)), 0);
	ok(fault("mov (%1), %%eax", 2, "S"(16ULL)) == 0x77);
	gone();
	return 0;
}
