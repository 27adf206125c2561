/* brand: pure */
/* acquire_write: private memory above all, and the buffers of the others. */
#include "abi.h"

static int is_zero(u64 addr, u64 len)
{
	const u64 *p = (const u64 *)addr;
	u64 i;

	for (i = 0; i < len / 8; i++)
		if (p[i])
			return 0;
	return 1;
}

static void privmem(void)
{
	u64 size = 64 * PAGE, ref = new_privmem(size), huge, i;
	struct dios_iov iov = { 0, POISON }, again;

	is(acquire_write(0, ref, PAGE, ADDR(&iov)), -DIOS_EINVAL);	/* the whole, or nothing */
	is(acquire_write(0, ref, size + PAGE, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_write(0, ref, ~0ULL, ADDR(&iov)), -DIOS_EINVAL);
	ok(iov.addr == 0 && iov.len == POISON);
	is(acquire_write(0, ref, size, ADDR(&iov)), 0);
	ok(iov.addr >= 0x10000 && iov.addr % PAGE == 0 && iov.len == size);
	ok(is_zero(iov.addr, size));
	memset((void *)iov.addr, 0x5a, size);
	/* Once only. */
	again = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, ref, 0, ADDR(&again)), -DIOS_EBUSY);
	is(acquire_write(0, ref, size, ADDR(&again)), -DIOS_EBUSY);
	is(release_write(0, ref, ADDR(&iov)), 0);
	/* After it was given back its contents are gone. */
	is(acquire_write(0, ref, 0, ADDR(&again)), 0);
	ok(is_zero(again.addr, size));
	is(delete(0, ref), 0);

	/* More than the machine has: only what is touched counts. */
	huge = new_privmem(1ULL << 38);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, huge, 0, ADDR(&iov)), 0);
	for (i = 0; i < 100; i++)
		*(volatile u64 *)(iov.addr + (i << 31)) = i;
	for (i = 0; i < 100; i++)
		if (*(volatile u64 *)(iov.addr + (i << 31)) != i)
			break;
	ok(i == 100);
	is(delete(0, huge), 0);
	/* More than there are addresses. */
	huge = new_privmem(1ULL << 48);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, huge, 0, ADDR(&iov)), -DIOS_ENOMEM);
	ok(iov.addr == 0);
	is(delete(0, huge), 0);
}

/* Regions side by side, as a heap wants them, with no gap and no overlap. */
static void places(void)
{
	u64 base = 0xc000000000ULL, size = 16 * PAGE, refs[20], i, odd;
	struct dios_iov iov;

	for (i = 0; i < COUNT(refs); i++) {
		refs[i] = new_privmem(size);
		iov = (struct dios_iov){ base + i * size, 0 };
		is(acquire_write(DIOS_BUF_FIXED, refs[i], size, ADDR(&iov)), 0);
		ok(iov.addr == base + i * size);
	}
	memset((void *)base, 0x77, COUNT(refs) * size);
	odd = new_privmem(size);
	iov = (struct dios_iov){ base + size / 2, POISON };
	is(acquire_write(DIOS_BUF_FIXED, odd, 0, ADDR(&iov)), -DIOS_EBUSY);
	iov.addr = base - PAGE;
	is(acquire_write(DIOS_BUF_FIXED, odd, 0, ADDR(&iov)), -DIOS_EBUSY);
	iov.addr = base + COUNT(refs) * size - PAGE;
	is(acquire_write(DIOS_BUF_FIXED, odd, 0, ADDR(&iov)), -DIOS_EBUSY);
	ok(iov.len == POISON);
	/* To drop one in the middle touches its neighbours not at all. */
	is(delete(0, refs[7]), 0);
	for (i = 0; i < COUNT(refs); i++)
		if (i != 7)
			ok(*(volatile u8 *)(base + i * size) == 0x77 &&
			   *(volatile u8 *)(base + (i + 1) * size - 1) == 0x77);
	is(create(0, DIOS_T_RANDOM, 0, 0, base + 7 * size), -DIOS_EFAULT);
	is(create(0, DIOS_T_RANDOM, 0, 0, base + 8 * size - 8), -DIOS_EFAULT);
	iov = (struct dios_iov){ base + 7 * size, 0 };
	is(acquire_write(DIOS_BUF_FIXED, odd, 0, ADDR(&iov)), 0);
	ok(is_zero(iov.addr, size));
	refs[7] = odd;
	/* A hint that cannot be had is no error. */
	odd = new_privmem(size);
	iov = (struct dios_iov){ base, 0 };
	is(acquire_write(0, odd, 0, ADDR(&iov)), 0);
	ok(iov.addr < base || iov.addr >= base + COUNT(refs) * size);
	is(delete(0, odd), 0);
	for (i = 0; i < COUNT(refs); i++)
		is(delete(0, refs[i]), 0);
	/* Never where nil is. */
	odd = new_privmem(PAGE);
	for (i = 0; i < 0x10000; i += PAGE) {
		iov = (struct dios_iov){ i, 0 };
		is(acquire_write(DIOS_BUF_FIXED, odd, 0, ADDR(&iov)), -DIOS_EINVAL);
	}
	is(delete(0, odd), 0);
}

static void others(void)
{
	u64 timer = new_timer(0, 0), random = new_random();
	struct dios_iov iov = { 0, 0 };

	is(acquire_write(0, timer, 0, ADDR(&iov)), 0);
	ok(iov.len == sizeof(struct dios_timer) && is_zero(iov.addr, PAGE));
	is(release_write(0, timer, ADDR(&iov)), 0);
	is(acquire_write(0, timer, sizeof(struct dios_timer) + 1, ADDR(&iov)), -DIOS_EINVAL);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, DIOS_REF_SELF, 0, ADDR(&iov)), 0);
	ok(iov.len == sizeof(struct dios_control) && is_zero(iov.addr, PAGE));
	is(release_write(0, DIOS_REF_SELF, ADDR(&iov)), 0);
	is(acquire_write(0, DIOS_REF_SELF, sizeof(struct dios_control) + 1, ADDR(&iov)), -DIOS_EINVAL);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, start->err, 0, ADDR(&iov)), 0);
	ok(iov.len == 4096 && is_zero(iov.addr, PAGE));
	is(release_write(0, start->err, ADDR(&iov)), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, start->err, DIOS_MAX_KBUF, ADDR(&iov)), 0);
	ok(iov.len == DIOS_MAX_KBUF);
	is(release_write(0, start->err, ADDR(&iov)), 0);
	is(acquire_write(0, start->err, DIOS_MAX_KBUF + 1, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_write(0, random, 0, ADDR(&iov)), -DIOS_EPERM);
	is(delete(0, timer), 0);
	is(delete(0, random), 0);
}

static void arguments(void)
{
	u64 ref = new_timer(0, 0), mem = new_privmem(PAGE), i;
	struct dios_iov iov = { 0, POISON };

	for each_bad_flag(f, BUF_FLAGS) {
		is(acquire_write(f, ref, 0, ADDR(&iov)), -DIOS_EINVAL);
		is(acquire_write(f, 0, 0, 8), -DIOS_EINVAL);
	}
	is(acquire_write(DIOS_BUF_SPARSE, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_write(DIOS_BUF_SPARSE | DIOS_BUF_INFO, ref, 0, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_write(DIOS_BUF_SPARSE | DIOS_BUF_MOVE, mem, 0, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_write(DIOS_BUF_SPARSE | DIOS_BUF_BORROW, mem, 0, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_write(DIOS_BUF_MOVE, ref, 0, ADDR(&iov)), -DIOS_EBADREF);
	is(acquire_write(DIOS_BUF_BORROW, mem, 0, ADDR(&iov)), -DIOS_EBADREF);
	for each_bad_ref(r)
		is(acquire_write(0, r, 0, ADDR(&iov)), -DIOS_EBADREF);
	is(delete(DIOS_DELETE_ZOMBIFY, ref), 0);
	is(acquire_write(0, ref, 0, ADDR(&iov)), -DIOS_EZOMBIE);
	ok(iov.addr == 0 && iov.len == POISON);
	is(acquire_write(0, mem, 0, 0), -DIOS_EFAULT);
	for each_bad_out(i, sizeof(iov)) {
		s64 err = acquire_write(0, mem, 0, bad_out(i, sizeof(iov)));

		ok(err == -DIOS_EFAULT || (i < 2 && err == -DIOS_EINVAL));
	}
	/* It was not mapped by any of these. */
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, mem, 0, ADDR(&iov)), 0);
	is(delete(0, mem), 0);
	is(delete(0, ref), 0);
}

/* The iov lies in the very memory that is lent: it can be written only then. */
static void inside(void)
{
	u64 mem = new_privmem(PAGE), at = 0x71000000;
	struct dios_iov iov = { at, 0 };

	is(acquire_write(DIOS_BUF_FIXED, mem, 0, at), -DIOS_EFAULT);
	is(acquire_write(DIOS_BUF_FIXED, mem, 0, ADDR(&iov)), 0);
	is(delete(0, mem), 0);
}

static int run(int argc, char **argv)
{
	privmem();
	places();
	others();
	arguments();
	inside();
	return 0;
}
