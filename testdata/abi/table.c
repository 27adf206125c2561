/* brand: pure */
/* acquire_read of SELF with DIOS_BUF_INFO: the task's references, seen without a call. */
#include "abi.h"

static volatile struct dios_info *table;
static u64 entries;

static volatile struct dios_info *entry(u64 ref)
{
	return &table[(u32)ref];
}

static void arguments(void)
{
	struct dios_iov iov = { 0, POISON }, again = { 0, 0 }, fixed = { 0x50000000, 0 };

	is(acquire_write(DIOS_BUF_INFO, DIOS_REF_SELF, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_read(DIOS_BUF_INFO | DIOS_BUF_AT, DIOS_REF_SELF, 0, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_read(DIOS_BUF_INFO | DIOS_BUF_MOVE, DIOS_REF_SELF, 0, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_read(DIOS_BUF_INFO | DIOS_BUF_BORROW, DIOS_REF_SELF, 0, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_read(DIOS_BUF_INFO | DIOS_BUF_BATCH, DIOS_REF_SELF, 0, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_read(DIOS_BUF_INFO, DIOS_REF_SELF, ~0ULL, ADDR(&iov)), -DIOS_EINVAL);
	for each_bad_in(i, sizeof(iov))
		is(acquire_read(DIOS_BUF_INFO, DIOS_REF_SELF, 0, bad_in(i, sizeof(iov))), -DIOS_EFAULT);
	for each_bad_out(i, sizeof(iov))
		if (bad_out(i, sizeof(iov)) != ADDR(start) && bad_out(i, sizeof(iov)) != ADDR(&error_names))
			is(acquire_read(DIOS_BUF_INFO, DIOS_REF_SELF, 0, bad_out(i, sizeof(iov))), -DIOS_EFAULT);
	ok(iov.addr == 0 && iov.len == POISON);
	is(acquire_read(DIOS_BUF_INFO, DIOS_REF_SELF, 0, ADDR(&iov)), 0);
	table = (void *)iov.addr;
	entries = iov.len / sizeof(*table);
	ok(iov.len % PAGE == 0 && entries >= 65536);
	is(acquire_read(DIOS_BUF_INFO, DIOS_REF_SELF, iov.len + 1, ADDR(&again)), -DIOS_EINVAL);
	is(acquire_read(DIOS_BUF_INFO | DIOS_BUF_FIXED, DIOS_REF_SELF, 0, ADDR(&fixed)), -DIOS_EBUSY);
	is(acquire_read(DIOS_BUF_INFO, DIOS_REF_SELF, iov.len, ADDR(&again)), 0);
	ok(again.addr == iov.addr && again.len == iov.len);
	is(commit_read(0, DIOS_REF_SELF, 0, ADDR(&again)), 0);
	is(release_read(0, DIOS_REF_SELF, ADDR(&again)), 0);
	is(release_read(0, DIOS_REF_SELF, ADDR(&iov)), 0);
	is(release_read(0, DIOS_REF_SELF, ADDR(&iov)), -DIOS_EBADBUF);
	/* It stays mapped; and the part that has nothing yet can be read too. */
	ok(table[0].ref == DIOS_REF_SELF && table[entries - 1].ref == 0);
	/* Nobody writes it: not even the kernel for the task. */
	is(create(0, DIOS_T_RANDOM, 0, 0, ADDR(&table[0].ref)), -DIOS_EFAULT);
	ok(table[0].ref == DIOS_REF_SELF);
}

/* Every entry is that of a reference, and there are as many as the task has. */
static u32 count(void)
{
	u32 n = 0;
	u64 i;

	for (i = 0; i < entries; i++) {
		if (!table[i].ref)
			continue;
		n++;
		ok((u32)table[i].ref == i && is_ref(table[i].ref));
		ok(table[i].type >= 1 && table[i].type <= DIOS_T_MAX);
		ok(table[i].rights && !(table[i].rights & ~DIOS_R_ALL));
		ok(table[i].proximity <= DIOS_P_REMOTE);
		ok(!table[i].pad[0] && !table[i].pad[1] && !table[i].pad[2]);
	}
	return n;
}

static void types(void)
{
	struct dios_shmem shmem = { 3 * PAGE };
	u64 mem, timer, random, sh = POISON;

	ok(entry(start->self)->type == DIOS_T_SELF && entry(start->self)->proximity == DIOS_P_CPU);
	ok(entry(start->self)->read_size == sizeof(*start) && entry(start->self)->write_size == sizeof(struct dios_control));
	ok(entry(start->exe)->type == DIOS_T_BLOB && entry(start->exe)->rights == DIOS_R_EXEC);
	ok(entry(start->group)->type == DIOS_T_GROUP && entry(start->group)->rights == (DIOS_R_READ | DIOS_R_WRITE));
	ok(entry(start->out)->type == DIOS_T_CONSOLE && entry(start->out)->proximity == DIOS_P_DEVICE);
	mem = new_privmem(5 * PAGE);
	ok(entry(mem)->type == DIOS_T_PRIVMEM && entry(mem)->write_size == 5 * PAGE && !entry(mem)->read_size);
	random = new_random();
	ok(entry(random)->type == DIOS_T_RANDOM && entry(random)->read_size == PAGE && !entry(random)->write_size);
	timer = new_timer(0, 0);
	ok(entry(timer)->type == DIOS_T_TIMER && entry(timer)->read_size == sizeof(struct dios_timer_state));
	is(create(0, DIOS_T_SHMEM, ADDR(&shmem), 0, ADDR(&sh)), 0);
	ok(entry(sh)->read_size == 3 * PAGE && entry(sh)->write_size == 3 * PAGE && entry(sh)->proximity == DIOS_P_MEMORY);
	is(delete(0, mem), 0);
	is(delete(0, random), 0);
	is(delete(0, timer), 0);
	is(delete(0, sh), 0);
}

static void states(void)
{
	u8 name[DIOS_NAME_SIZE];
	struct dios_group spec = { DIOS_R_ALL, 0 };
	u64 timer = new_timer(0, 0), less = with_rights(timer, DIOS_R_READ), group = POISON;

	ok(entry(timer)->ref == timer && entry(timer)->state == 0);
	ok(entry(less)->rights == DIOS_R_READ);
	is(create(0, DIOS_T_GROUP, ADDR(&spec), 0, ADDR(&group)), 0);
	is(syscall6(DIOS_CREATE, DIOS_CREATE_NAME | DIOS_CREATE_GROUP, DIOS_T_TIMER, 0, ADDR(name), ADDR(&timer), group), 0);
	ok(entry(timer)->state == DIOS_INFO_NAMED && entry(less)->state == DIOS_INFO_NAMED);
	/* With the group the name goes. */
	is(delete(0, group), 0);
	ok(entry(group)->ref == 0 && entry(timer)->state == 0);
	is(create(DIOS_CREATE_NAME, DIOS_T_TIMER, 0, ADDR(name), ADDR(&timer)), 0);
	ok(entry(less)->state == DIOS_INFO_NAMED);
	is(delete(DIOS_DELETE_ZOMBIFY, timer), 0);
	ok(entry(timer)->state == DIOS_INFO_DEAD && entry(less)->state == DIOS_INFO_DEAD);
	is(delete(0, timer), 0);
	ok(entry(timer)->ref == 0 && entry(less)->ref == less);
	is(delete(0, less), 0);
}

/* A child kills what the parent sees, and is seen itself. */
static void other(void)
{
	struct dios_grant g = { .rights = DIOS_R_WRITE };
	u64 task;

	g.ref = new_timer(0, 0);
	is(start_self("kills", &g, 1, &task), 0);
	ok(entry(task)->type == DIOS_T_TASK && entry(task)->ref == task);
	ok(entry(task)->read_size == sizeof(struct dios_task_status));
	ok(wait_for(task).status == 5);
	ok(entry(task)->ref == 0);
	ok(entry(g.ref)->state == DIOS_INFO_DEAD);
	is(delete(0, g.ref), 0);
}

static void many(void)
{
	static u64 refs[10000];
	u32 had = count(), i;

	for (i = 0; i < COUNT(refs); i++)
		is(create(0, DIOS_T_RANDOM, 0, 0, ADDR(&refs[i])), 0);
	for (i = 0; i < COUNT(refs); i++)
		ok(entry(refs[i])->ref == refs[i]);
	is(count(), had + COUNT(refs));
	for (i = 0; i < COUNT(refs); i++)
		is(delete(0, refs[i]), 0);
	is(count(), had);
}

static int run(int argc, char **argv)
{
	if (argc > 1)
		return delete(DIOS_DELETE_ZOMBIFY, start->refs[0].ref) ? 1 : 5;
	arguments();
	types();
	states();
	other();
	many();
	return 0;
}
