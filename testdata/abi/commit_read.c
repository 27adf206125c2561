/* brand: pure */
/* commit_read: was it valid; and fill it anew. */
#include "abi.h"

static void random(void)
{
	u64 ref = new_random(), i;
	struct dios_iov iov = { 0, 0 }, was;
	u8 first[64];

	is(acquire_read(0, ref, 64, ADDR(&iov)), 0);
	was = iov;
	memcpy(first, (void *)iov.addr, 64);
	is(commit_read(0, ref, 64, ADDR(&iov)), 64);
	ok(same(&iov, &was, sizeof(iov)) && same(first, (void *)iov.addr, 64));
	is(commit_read(0, ref, 0, ADDR(&iov)), 0);
	is(commit_read(0, ref, 10, ADDR(&iov)), 10);
	is(commit_read(0, ref, 65, ADDR(&iov)), -DIOS_EINVAL);
	is(commit_read(0, ref, ~0ULL, ADDR(&iov)), -DIOS_EINVAL);
	for (i = 0; i < 10; i++) {
		is(commit_read(DIOS_BUF_NEXT, ref, 64, ADDR(&iov)), 64);
		ok(same(&iov, &was, sizeof(iov)));
		ok(!same(first, (void *)iov.addr, 64));
		ok(!same(first + 56, (void *)(iov.addr + 56), 8));
		memcpy(first, (void *)iov.addr, 64);
	}
	is(commit_read(DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, 64, ADDR(&iov)), 64);
	is(delete(0, ref), 0);
}

static void timer(void)
{
	u64 at = now(), ref = new_timer(at, 5 * MS), count;
	struct dios_iov iov = { 0, 0 };
	struct dios_timer_state *s;

	is(acquire_read(0, ref, 0, ADDR(&iov)), 0);
	s = (struct dios_timer_state *)iov.addr;
	count = s->count;
	ok(count >= 1);
	/* What was shown is taken; there is nothing more until it is due again. */
	is(commit_read(0, ref, sizeof(*s), ADDR(&iov)), sizeof(*s));
	is(commit_read(DIOS_BUF_NEXT, ref, sizeof(*s), ADDR(&iov)), sizeof(*s));
	ok(s->count >= 1 && s->now >= at + 5 * MS);
	is(delete(0, ref), 0);

	ref = new_timer(1, 0);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_read(0, ref, 0, ADDR(&iov)), 0);
	s = (struct dios_timer_state *)iov.addr;
	is(commit_read(DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, sizeof(*s), ADDR(&iov)), -DIOS_EAGAIN);
	ok(s->count == 0);		/* taken all the same */
	is(commit_read(DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, sizeof(*s), ADDR(&iov)), -DIOS_EAGAIN);
	is(delete(DIOS_DELETE_ZOMBIFY, ref), 0);
	is(commit_read(0, ref, sizeof(*s), ADDR(&iov)), -DIOS_EZOMBIE);
	is(commit_read(DIOS_BUF_NEXT, ref, sizeof(*s), ADDR(&iov)), -DIOS_EZOMBIE);
	is(delete(0, ref), 0);
}

/* The buffer is named where nothing can be written: an error, and nothing is taken. */
static void read_only(void)
{
	static const struct dios_iov iov = { 1ULL << 36, sizeof(struct dios_timer_state) };
	struct dios_iov out = { iov.addr, 0 };
	u64 ref = new_timer(1, 0);
	struct dios_timer_state *s = (struct dios_timer_state *)iov.addr;

	is(acquire_read(DIOS_BUF_FIXED, ref, 0, ADDR(&out)), 0);
	ok(same(&out, &iov, sizeof(out)) && s->count == 1);
	is(commit_read(DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, ref, sizeof(*s), ADDR(&iov)), -DIOS_EFAULT);
	ok(s->count == 1);
	/* Without NEXT nothing is told, so nothing need be writable. */
	is(commit_read(0, ref, sizeof(*s), ADDR(&iov)), sizeof(*s));
	ok(s->count == 0);
	is(delete(0, ref), 0);
}

static void self(void)
{
	struct dios_iov iov = { 0, 0 };

	is(acquire_read(0, DIOS_REF_SELF, 0, ADDR(&iov)), 0);
	is(commit_read(0, DIOS_REF_SELF, sizeof(*start), ADDR(&iov)), sizeof(*start));
	is(release_read(0, DIOS_REF_SELF, ADDR(&iov)), 0);
}

static void arguments(void)
{
	u64 ref = new_random(), other = new_random(), timer = new_timer(1, 0);
	struct dios_iov iov = { 0, 0 }, wrong, mine, w = { 0, 0 };

	is(acquire_read(0, ref, 2 * PAGE, ADDR(&iov)), 0);
	mine = iov;
	for each_bad_flag(f, DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK) {
		is(commit_read(f, ref, 1, ADDR(&iov)), -DIOS_EINVAL);
		is(commit_read(f, 0, 1, 8), -DIOS_EINVAL);
	}
	for each_bad_ref(r)
		is(commit_read(0, r, 1, ADDR(&iov)), -DIOS_EBADREF);
	is(commit_read(0, ref, 1, 0), -DIOS_EFAULT);
	for each_bad_in(i, sizeof(iov))
		is(commit_read(0, ref, 1, bad_in(i, sizeof(iov))), -DIOS_EFAULT);
	/* Not a buffer; not of this reference; not to be read. */
	wrong = mine;
	wrong.addr += PAGE;
	is(commit_read(0, ref, 1, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong.addr = mine.addr - PAGE;
	is(commit_read(0, ref, 1, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong = mine;
	wrong.len--;			/* a part is not it */
	is(commit_read(0, ref, 1, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong.len = mine.len + 1;
	is(commit_read(0, ref, 1, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong = (struct dios_iov){ 0, 0 };
	is(commit_read(0, ref, 0, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong = (struct dios_iov){ ~0ULL, ~0ULL };
	is(commit_read(0, ref, 0, ADDR(&wrong)), -DIOS_EBADBUF);
	is(commit_read(0, other, 1, ADDR(&mine)), -DIOS_EBADBUF);
	is(commit_read(0, DIOS_REF_SELF, 1, ADDR(&mine)), -DIOS_EBADBUF);
	is(acquire_write(0, timer, 0, ADDR(&w)), 0);
	is(commit_read(0, timer, 1, ADDR(&w)), -DIOS_EBADBUF);
	ok(same(&iov, &mine, sizeof(iov)));
	is(release_read(0, ref, ADDR(&iov)), 0);
	is(commit_read(0, ref, 1, ADDR(&iov)), -DIOS_EBADBUF);
	is(delete(0, ref), 0);
	is(delete(0, other), 0);
	is(delete(0, timer), 0);
}

static int run(int argc, char **argv)
{
	random();
	timer();
	read_only();
	self();
	arguments();
	return 0;
}
