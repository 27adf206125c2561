/* brand: pure */
/* lookup: a name gives references; a wrong one, of whatever kind, ENOENT. */
#include "abi.h"

static void found(void)
{
	u8 name[DIOS_NAME_SIZE];
	u64 made, got[3] = { POISON, POISON, POISON }, n = 2;
	struct dios_iov iov = { 0, 0 };

	is(create(0, DIOS_T_TIMER, ADDR(&(struct dios_timer){ 1, 0 }), ADDR(name), ADDR(&made)), 0);
	is(lookup(0, ADDR(name), ADDR(got), ADDR(&n)), 0);
	ok(n == 1);
	ok(got[0] != made && is_ref(got[0]));
	ok(got[1] == POISON);
	/* It is the same object: what is due through one is through the other. */
	is(acquire_read(0, got[0], 0, ADDR(&iov)), 0);
	/* With the same rights. */
	is(release_read(0, got[0], ADDR(&iov)), 0);
	iov.addr = 0;
	is(acquire_write(0, got[0], 0, ADDR(&iov)), 0);
	is(delete(0, got[0]), 0);

	/* Each time another reference. */
	n = 1;
	is(lookup(DIOS_LOOKUP_LOCAL_ONLY, ADDR(name), ADDR(&got[0]), ADDR(&n)), 0);
	n = ~0ULL;
	is(lookup(0, ADDR(name), ADDR(&got[1]), ADDR(&n)), 0);
	ok(n == 1);
	ok(got[0] != got[1]);
	is(delete(0, got[0]), 0);

	/* The name lives as long as the object: a reference keeps it. */
	is(delete(0, made), 0);
	n = 1;
	is(lookup(0, ADDR(name), ADDR(got), ADDR(&n)), 0);
	is(delete(0, got[0]), 0);
	is(delete(0, got[1]), 0);
	got[0] = POISON;
	is(lookup(0, ADDR(name), ADDR(got), ADDR(&n)), -DIOS_ENOENT);
	ok(got[0] == POISON && n == 1);
}

static void absent(void)
{
	u8 name[DIOS_NAME_SIZE], wrong[DIOS_NAME_SIZE];
	u64 made, got = POISON, n = 1, i;

	is(create(0, DIOS_T_TIMER, ADDR(&(struct dios_timer){ 0, 0 }), ADDR(name), ADDR(&made)), 0);
	/* One bit is wrong. */
	for (i = 0; i < 8 * DIOS_NAME_SIZE; i++) {
		memcpy(wrong, name, sizeof(wrong));
		wrong[i / 8] ^= 1 << i % 8;
		is(lookup(0, ADDR(wrong), ADDR(&got), ADDR(&n)), -DIOS_ENOENT);
	}
	memset(wrong, 0, sizeof(wrong));
	is(lookup(0, ADDR(wrong), ADDR(&got), ADDR(&n)), -DIOS_ENOENT);
	/* In the other name space. */
	is(lookup(DIOS_LOOKUP_PUBLIC, ADDR(name), ADDR(&got), ADDR(&n)), -DIOS_ENOENT);
	/* Dead. */
	is(delete(DIOS_DELETE_ZOMBIFY, made), 0);
	is(lookup(0, ADDR(name), ADDR(&got), ADDR(&n)), -DIOS_ENOENT);
	ok(got == POISON && n == 1);
	is(delete(0, made), 0);
}

static void spaces(void)
{
	u8 name[DIOS_NAME_SIZE] = "lookup.c spaces";
	u64 made, got = POISON, n = 1;

	is(lookup(DIOS_LOOKUP_PUBLIC, ADDR(name), ADDR(&got), ADDR(&n)), -DIOS_ENOENT);
	is(create(DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, 0, ADDR(name), ADDR(&made)), 0);
	is(lookup(0, ADDR(name), ADDR(&got), ADDR(&n)), -DIOS_ENOENT);
	is(lookup(DIOS_LOOKUP_PUBLIC | DIOS_LOOKUP_LOCAL_ONLY, ADDR(name), ADDR(&got), ADDR(&n)), 0);
	is(delete(0, made), 0);
	is(delete(0, got), 0);
}

static void arguments(void)
{
	u8 name[DIOS_NAME_SIZE];
	u64 made, got = POISON, n = 1;

	is(create(0, DIOS_T_RANDOM, 0, ADDR(name), ADDR(&made)), 0);
	for each_bad_flag(f, DIOS_LOOKUP_LOCAL_ONLY | DIOS_LOOKUP_PUBLIC | DIOS_LOOKUP_GROUP) {
		is(lookup(f, ADDR(name), ADDR(&got), ADDR(&n)), -DIOS_EINVAL);
		is(lookup(f, 8, 8, 8), -DIOS_EINVAL);
	}
	is(lookup(0, 0, ADDR(&got), ADDR(&n)), -DIOS_EFAULT);
	is(lookup(0, ADDR(name), 0, ADDR(&n)), -DIOS_EFAULT);
	is(lookup(0, ADDR(name), ADDR(&got), 0), -DIOS_EFAULT);
	for each_bad_in(i, DIOS_NAME_SIZE)
		is(lookup(0, bad_in(i, DIOS_NAME_SIZE), ADDR(&got), ADDR(&n)), -DIOS_EFAULT);
	for each_bad_in(i, 8)
		is(lookup(0, ADDR(name), ADDR(&got), bad_in(i, 8)), -DIOS_EFAULT);
	for each_bad_out(i, 8)
		is(lookup(0, ADDR(name), bad_out(i, 8), ADDR(&n)), -DIOS_EFAULT);
	/* The count cannot be written: it is in a page that is read-only, and not 0. */
	got = POISON;
	is(lookup(0, ADDR(name), ADDR(&got), ADDR(start)), -DIOS_EFAULT);
	ok(got == POISON || !is_ref(got));
	/* No room: how many there are, and nothing else. */
	got = POISON;
	n = 0;
	is(lookup(0, ADDR(name), ADDR(&got), ADDR(&n)), -DIOS_ETOOBIG);
	ok(n == 1 && got == POISON);
	n = 0;
	is(lookup(0, ADDR(name), 0, ADDR(&n)), -DIOS_ETOOBIG);
	is(delete(0, made), 0);
}

static int run(int argc, char **argv)
{
	found();
	absent();
	spaces();
	arguments();
	return 0;
}
