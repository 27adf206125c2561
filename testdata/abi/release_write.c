/* brand: pure */
/* release_write: give it back, with or without a last commit; or only its pages. */
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

static int is_full(u64 addr, u64 len)
{
	const u64 *p = (const u64 *)addr;
	u64 i;

	for (i = 0; i < len / 8; i++)
		if (p[i] != POISON)
			return 0;
	return 1;
}

static void discard(void)
{
	u64 n = 32, size = n * PAGE, ref = new_privmem(size), i, j;
	struct dios_iov iov = { 0, 0 }, part;

	is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
	/* Each range of a few. */
	for (i = 0; i < n; i += 5)
		for (j = i + 1; j <= n; j += 7) {
			memset((void *)iov.addr, 0x5a, size);
			part = (struct dios_iov){ iov.addr + i * PAGE, (j - i) * PAGE };
			is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&part)), 0);
			ok(is_zero(part.addr, part.len));
			ok(is_full(iov.addr, i * PAGE) && is_full(iov.addr + j * PAGE, (n - j) * PAGE));
			*(u64 *)part.addr = 1;	/* still there to be written */
		}
	is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&iov)), 0);
	ok(is_zero(iov.addr, size));
	/* Twice is no harm. */
	is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&iov)), 0);

	memset((void *)iov.addr, 0x5a, size);
	part = (struct dios_iov){ iov.addr, 0 };
	is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&part)), -DIOS_EINVAL);
	part = (struct dios_iov){ iov.addr, 1 };
	is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&part)), -DIOS_EINVAL);
	part = (struct dios_iov){ iov.addr + 1, PAGE };
	is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&part)), -DIOS_EINVAL);
	part = (struct dios_iov){ iov.addr + 8, PAGE - 8 };
	is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&part)), -DIOS_EINVAL);
	part = (struct dios_iov){ iov.addr + PAGE, size };
	is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&part)), -DIOS_EBADBUF);
	part = (struct dios_iov){ iov.addr - PAGE, 2 * PAGE };
	is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&part)), -DIOS_EBADBUF);
	part = (struct dios_iov){ iov.addr + PAGE, -(u64)PAGE };
	is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&part)), -DIOS_EBADBUF);
	/* Not while it is committed or not. */
	is(release_write(DIOS_BUF_DISCARD | DIOS_BUF_COMMIT, ref, ADDR(&iov)), -DIOS_EINVAL);
	ok(is_full(iov.addr, size));
	/* Without DISCARD a part is nothing. */
	part = (struct dios_iov){ iov.addr, PAGE };
	is(release_write(0, ref, ADDR(&part)), -DIOS_EBADBUF);
	is(release_write(0, ref, ADDR(&iov)), 0);
	is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&iov)), -DIOS_EBADBUF);
	is(delete(0, ref), 0);
}

/* The pages are given back indeed: a child uses much, a little at a time. */
static int use(void)
{
	u64 size = 16 << 20, ref = new_privmem(size), i, round;
	struct dios_iov iov = { 0, 0 };

	is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < size; i += PAGE)
			*(volatile u64 *)(iov.addr + i) = round + 1;
		is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&iov)), 0);
	}
	return 0;
}

/* So are those of sparse memory, of which a byte here and there takes a page each. */
static int use_sparse(void)
{
	u64 step = 2 << 20, size = 32 * step, ref = new_privmem(size), i, round;
	struct dios_iov iov = { 0, 0 }, part;

	is(acquire_write(DIOS_BUF_SPARSE, ref, 0, ADDR(&iov)), 0);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < size; i += step)
			*(volatile u64 *)(iov.addr + i) = 1;
		/* Less than could be backed with one huge page. */
		for (i = 0; i < size; i += step) {
			part = (struct dios_iov){ iov.addr + i, PAGE };
			is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&part)), 0);
			ok(*(volatile u64 *)(iov.addr + i) == 0);
		}
	}
	return 0;
}

static void pages_of(const char *who, u64 least, u64 most)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_task_status *st;
	u64 task;

	is(start_self(who, NULL, 0, &task), 0);
	is(acquire_read(0, task, 0, ADDR(&iov)), 0);
	st = (struct dios_task_status *)iov.addr;
	ok(st->how == DIOS_END_EXIT && st->status == 0);
	about = "max_rss";
	about_number = st->max_rss;
	ok(st->max_rss >= least);	/* Linux counts in lots of 64 pages */
	ok(st->max_rss < most);
	about = NULL;
	is(delete(0, task), 0);
}

static void pages(void)
{
	pages_of("use", 15 << 20, 24 << 20);
	pages_of("sparse", 0, 2 << 20);
}

static void committing(void)
{
	u64 timer = new_timer(0, 0);
	struct dios_iov iov = { 0, 0 }, r = { 0, 0 }, text = { 0, 0 };

	is(acquire_write(0, timer, 0, ADDR(&iov)), 0);
	*(struct dios_timer *)iov.addr = (struct dios_timer){ 1, 0 };
	is(release_write(DIOS_BUF_COMMIT, timer, ADDR(&iov)), 0);
	wait_due(timer);
	is(acquire_read(DIOS_BUF_NONBLOCK, timer, 0, ADDR(&r)), 0);
	is(release_write(DIOS_BUF_COMMIT, timer, ADDR(&iov)), -DIOS_EBADBUF);
	/* Without: it is as if nothing had been written. */
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, timer, 0, ADDR(&iov)), 0);
	*(struct dios_timer *)iov.addr = (struct dios_timer){ 0, 0 };
	is(release_write(0, timer, ADDR(&iov)), 0);
	r = (struct dios_iov){ 0, 0 };
	is(acquire_read(DIOS_BUF_NONBLOCK, timer, 0, ADDR(&r)), 0);
	/* A commit that fails: the buffer is gone all the same. */
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, timer, 0, ADDR(&iov)), 0);
	*(struct dios_timer *)iov.addr = (struct dios_timer){ 1, 1 };
	is(release_write(DIOS_BUF_COMMIT, timer, ADDR(&iov)), -DIOS_EINVAL);
	is(release_write(0, timer, ADDR(&iov)), -DIOS_EBADBUF);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, timer, 0, ADDR(&iov)), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, timer), 0);
	is(release_write(DIOS_BUF_COMMIT, timer, ADDR(&iov)), -DIOS_EZOMBIE);
	is(release_write(0, timer, ADDR(&iov)), -DIOS_EBADBUF);
	is(delete(0, timer), 0);

	is(acquire_write(0, start->out, 6, ADDR(&text)), 0);
	memcpy((void *)text.addr, "hello\n", 6);
	is(release_write(DIOS_BUF_COMMIT, start->out, ADDR(&text)), 0);
}

static void arguments(void)
{
	u64 ref = new_timer(0, 0), other = new_timer(0, 0);
	struct dios_iov iov = { 0, 0 }, wrong;

	is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
	for each_bad_flag(f, DIOS_BUF_DISCARD | DIOS_BUF_COMMIT) {
		is(release_write(f, ref, ADDR(&iov)), -DIOS_EINVAL);
		is(release_write(f, 0, 8), -DIOS_EINVAL);
	}
	for each_bad_ref(r)
		is(release_write(0, r, ADDR(&iov)), -DIOS_EBADREF);
	is(release_write(0, ref, 0), -DIOS_EFAULT);
	for each_bad_in(i, sizeof(iov))
		is(release_write(0, ref, bad_in(i, sizeof(iov))), -DIOS_EFAULT);
	is(release_write(0, other, ADDR(&iov)), -DIOS_EBADBUF);
	is(release_read(0, ref, ADDR(&iov)), -DIOS_EBADBUF);
	wrong = iov;
	wrong.len++;
	is(release_write(0, ref, ADDR(&wrong)), -DIOS_EBADBUF);
	/* Only memory is discarded. */
	wrong = (struct dios_iov){ iov.addr, iov.len };
	is(release_write(DIOS_BUF_DISCARD, ref, ADDR(&wrong)), -DIOS_EINVAL);	/* no whole page */
	is(release_write(0, ref, ADDR(&iov)), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, start->err, PAGE, ADDR(&iov)), 0);
	is(release_write(DIOS_BUF_DISCARD, start->err, ADDR(&iov)), -DIOS_ENOTSUP);
	is(release_write(0, start->err, ADDR(&iov)), 0);
	is(delete(0, ref), 0);
	is(delete(0, other), 0);
}

static int run(int argc, char **argv)
{
	if (argc > 1)
		return argv[1][0] == 's' ? use_sparse() : use();
	discard();
	pages();
	committing();
	arguments();
	return 0;
}
