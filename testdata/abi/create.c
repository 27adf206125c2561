/* brand: pure */
/* create: every type, and every argument wrong alone. */
#include "abi.h"

static void types(void)
{
	struct dios_privmem m = { PAGE };
	struct dios_timer t = { 0, 0 };
	struct dios_console c = { 1, 0 };
	struct dios_import im = { 1, 0 };
	static const u64 none[] = {
		0, DIOS_T_MAX + 1, 255, 0x7fffffff, 0xffffffff, ~0ULL,
		1ULL << 32 | DIOS_T_PRIVMEM, 1ULL << 63 | DIOS_T_RANDOM,
	};
	u64 ref, i;

	is(create(0, DIOS_T_PRIVMEM, ADDR(&m), 0, ADDR(&ref)), 0);
	ok(ref >> 32 && is_ref(ref));
	is(delete(0, ref), 0);
	is(create(0, DIOS_T_TIMER, ADDR(&t), 0, ADDR(&ref)), 0);
	ok(ref >> 32 && is_ref(ref));
	is(delete(0, ref), 0);
	is(create(0, DIOS_T_RANDOM, 0, 0, ADDR(&ref)), 0);
	ok(ref >> 32 && is_ref(ref));
	is(delete(0, ref), 0);

	ref = POISON;
	/* Only the kernel makes these. */
	is(create(0, DIOS_T_SELF, 0, 0, ADDR(&ref)), -DIOS_EPERM);
	is(create(0, DIOS_T_TASK, 0, 0, ADDR(&ref)), -DIOS_EPERM);
	/* These only a program that may make Linux calls. */
	is(create(0, DIOS_T_CONSOLE, ADDR(&c), 0, ADDR(&ref)), -DIOS_EPERM);
	is(create(DIOS_CREATE_IMPORT, DIOS_T_BLOB, ADDR(&im), 0, ADDR(&ref)), -DIOS_EPERM);
	for (i = 0; i < COUNT(none); i++)
		is(create(0, none[i], ADDR(&m), 0, ADDR(&ref)), -DIOS_EINVAL);
	ok(ref == POISON);
}

static void flags(void)
{
	struct dios_privmem m = { PAGE };
	u64 ref = POISON;

	for each_bad_flag(f, DIOS_CREATE_PUBLIC | DIOS_CREATE_IMPORT | DIOS_CREATE_NAME | DIOS_CREATE_GROUP) {
		is(create(f, DIOS_T_RANDOM, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
		is(create(f, DIOS_T_PRIVMEM, ADDR(&m), 0, ADDR(&ref)), -DIOS_EINVAL);
		is(create(f, 0, 8, 8, 8), -DIOS_EINVAL);
	}
	/* Only a BLOB is imported. */
	is(create(DIOS_CREATE_IMPORT, DIOS_T_PRIVMEM, ADDR(&m), 0, ADDR(&ref)), -DIOS_EINVAL);
	is(create(DIOS_CREATE_IMPORT, DIOS_T_RANDOM, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	/* A public name must be given, and one that is to lie somewhere. */
	is(create(DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	is(create(DIOS_CREATE_GROUP, DIOS_T_RANDOM, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	is(create(DIOS_CREATE_NAME, DIOS_T_RANDOM, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	ok(ref == POISON);
}

static void specs(void)
{
	static const struct { struct dios_timer t; s64 want; } timers[] = {
		{ { 0, 0 }, 0 }, { { 1, 0 }, 0 }, { { 1, 100000 }, 0 },
		{ { 0x7fffffffffffffff, 0 }, 0 },
		{ { 0x8000000000000000, 0 }, -DIOS_EINVAL }, { { ~0ULL, 0 }, -DIOS_EINVAL },
		{ { 1, 1 }, -DIOS_EINVAL }, { { 1, 99999 }, -DIOS_EINVAL },
		{ { 1, ~0ULL }, -DIOS_EINVAL }, { { 1, 1ULL << 63 }, -DIOS_EINVAL },
	};
	static const struct { u64 size; s64 want; } sizes[] = {
		{ PAGE, 0 }, { 1ULL << 32, 0 }, { 1ULL << 40, 0 },
		{ 0, -DIOS_EINVAL }, { 1, -DIOS_EINVAL }, { PAGE - 1, -DIOS_EINVAL },
		{ PAGE + 1, -DIOS_EINVAL }, { 1ULL << 63, -DIOS_EINVAL },
		{ -(u64)PAGE, -DIOS_EINVAL }, { ~0ULL, -DIOS_EINVAL },
	};
	struct dios_privmem m;
	u64 ref, i;

	for (i = 0; i < COUNT(timers); i++) {
		ref = POISON;
		about = "timer";
		about_number = i;
		is(create(0, DIOS_T_TIMER, ADDR(&timers[i].t), 0, ADDR(&ref)), timers[i].want);
		if (timers[i].want)
			ok(ref == POISON);
		else
			is(delete(0, ref), 0);
	}
	for (i = 0; i < COUNT(sizes); i++) {
		ref = POISON;
		about = "size";
		about_number = sizes[i].size;
		m.size = sizes[i].size;
		is(create(0, DIOS_T_PRIVMEM, ADDR(&m), 0, ADDR(&ref)), sizes[i].want);
		if (sizes[i].want)
			ok(ref == POISON);
		else
			is(delete(0, ref), 0);
	}
	about = NULL;
	/* There where none belongs, missing where one does. */
	ref = POISON;
	is(create(0, DIOS_T_RANDOM, ADDR(&m), 0, ADDR(&ref)), -DIOS_EINVAL);
	is(create(0, DIOS_T_PRIVMEM, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	is(create(0, DIOS_T_TIMER, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	for each_bad_in(i, sizeof(struct dios_timer))
		is(create(0, DIOS_T_TIMER, bad_in(i, sizeof(struct dios_timer)), 0, ADDR(&ref)), -DIOS_EFAULT);
	for each_bad_in(i, sizeof(m))
		is(create(0, DIOS_T_PRIVMEM, bad_in(i, sizeof(m)), 0, ADDR(&ref)), -DIOS_EFAULT);
	ok(ref == POISON);
	/* Up to the last byte of a page is fine. */
	*(u64 *)(EDGE + PAGE - sizeof(m)) = PAGE;
	is(create(0, DIOS_T_PRIVMEM, EDGE + PAGE - sizeof(m), 0, ADDR(&ref)), 0);
	is(delete(0, ref), 0);
}

static void names(void)
{
	u8 a[DIOS_NAME_SIZE + 8], b[DIOS_NAME_SIZE], zero[DIOS_NAME_SIZE] = { 0 };
	struct dios_privmem m = { PAGE };
	u64 ref = POISON, other = POISON;

	memset(a, 0x5a, sizeof(a));
	memset(b, 0x5a, sizeof(b));
	is(create(0, DIOS_T_RANDOM, 0, ADDR(a), ADDR(&ref)), 0);
	is(create(0, DIOS_T_RANDOM, 0, ADDR(b), ADDR(&other)), 0);
	ok(!same(a, b, DIOS_NAME_SIZE));
	ok(!same(a, zero, DIOS_NAME_SIZE));
	ok(*(u64 *)(a + DIOS_NAME_SIZE) == POISON);	/* 32 bytes, not one more */
	is(delete(0, other), 0);
	is(delete(0, ref), 0);

	/* Private memory has no name. */
	ref = POISON;
	is(create(0, DIOS_T_PRIVMEM, ADDR(&m), ADDR(a), ADDR(&ref)), -DIOS_EINVAL);
	ok(ref == POISON);

	/* A public one is the caller's, and taken until its object is gone. */
	memset(a, 0, sizeof(a));
	memcpy(a, "create.c", 8);
	is(create(DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, 0, ADDR(a), ADDR(&ref)), 0);
	ok(same(a, "create.c", 9));
	other = POISON;
	is(create(DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, 0, ADDR(a), ADDR(&other)), -DIOS_EEXIST);
	ok(other == POISON || !is_ref(other));
	is(delete(0, ref), 0);
	is(create(DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, 0, ADDR(a), ADDR(&ref)), 0);
	is(delete(0, ref), 0);
}

static void addresses(void)
{
	u8 name[DIOS_NAME_SIZE] = "create.c addresses";
	u64 ref = POISON, i;

	is(create(0, DIOS_T_RANDOM, 0, 0, 0), -DIOS_EFAULT);
	for each_bad_out(i, 8) {
		is(create(0, DIOS_T_RANDOM, 0, 0, bad_out(i, 8)), -DIOS_EFAULT);
		is(create(DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, 0, ADDR(name), bad_out(i, 8)), -DIOS_EFAULT);
	}
	for each_bad_out(i, DIOS_NAME_SIZE) {
		ref = POISON;
		is(create(0, DIOS_T_RANDOM, 0, bad_out(i, DIOS_NAME_SIZE), ADDR(&ref)), -DIOS_EFAULT);
		ok(ref == POISON || !is_ref(ref));
	}
	for each_bad_in(i, DIOS_NAME_SIZE)
		is(create(DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, 0, bad_in(i, DIOS_NAME_SIZE), ADDR(&ref)), -DIOS_EFAULT);
	/* The failed ones did not keep the name. */
	is(create(DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, 0, ADDR(name), ADDR(&ref)), 0);
	is(delete(0, ref), 0);
	/* Nor references: a leak of one each time would use the quota up. */
	for (i = 0; i < 70000; i++)
		if (create(0, DIOS_T_RANDOM, 0, 0, 8) != -DIOS_EFAULT)
			break;
	ok(i == 70000);
	ref = new_random();
	is(delete(0, ref), 0);
}

/* As many references as there may be; then one more; then again. */
static void quota(void)
{
	static u64 refs[70000];
	u64 n, i, round;
	s64 err = 0;

	for (round = 0; round < 2; round++) {
		for (n = 0; n < COUNT(refs); n++) {
			err = create(0, DIOS_T_RANDOM, 0, 0, ADDR(&refs[n]));
			if (err)
				break;
		}
		is(err, -DIOS_EQUOTA);
		ok(n > 60000 && n < 65536);
		for (i = 0; i < n; i++)
			if (delete(0, refs[i]) || is_ref(refs[i]))
				break;
		ok(i == n);
	}
}

static int run(int argc, char **argv)
{
	types();
	flags();
	specs();
	names();
	addresses();
	quota();
	return 0;
}
