/* brand: pure */
/* acquire_read: what each type lends to be read, where, and how much. */
#include "abi.h"

static void self(void)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_start *s;

	is(acquire_read(0, DIOS_REF_SELF, 0, ADDR(&iov)), 0);
	ok(iov.len == sizeof(*s) && iov.addr % PAGE == 0);
	s = (struct dios_start *)iov.addr;
	ok(s != start && same(s, start, sizeof(*s)));
	is(release_read(0, DIOS_REF_SELF, ADDR(&iov)), 0);
	iov = (struct dios_iov){ 0, POISON };	/* len is out only */
	is(acquire_read(0, DIOS_REF_SELF, sizeof(*s), ADDR(&iov)), 0);
	ok(iov.len == sizeof(*s));
	is(release_read(0, DIOS_REF_SELF, ADDR(&iov)), 0);
	is(acquire_read(0, DIOS_REF_SELF, sizeof(*s) + 1, ADDR(&iov)), -DIOS_EINVAL);
	is(acquire_read(0, DIOS_REF_SELF, ~0ULL, ADDR(&iov)), -DIOS_EINVAL);
}

/* n bytes are not all 0, and what is behind them in the page is. */
static void looks_random(struct dios_iov *iov, u64 n)
{
	u64 i, sum = 0, last = 0;
	u8 *p = (u8 *)iov->addr;

	ok(iov->len == n && iov->addr % PAGE == 0);
	for (i = 0; i < n; i++)
		sum += p[i];
	for (i = n >= 16 ? n - 16 : 0; i < n; i++)
		last |= p[i];
	ok(n < 8 || (sum && last));
	for (i = n; i % PAGE; i++)
		if (p[i])
			break;
	ok(i % PAGE == 0);
}

static void random(void)
{
	static const u64 sizes[] = { 1, 2, 8, 255, PAGE - 1, PAGE, PAGE + 1, 65536, DIOS_MAX_KBUF - 1, DIOS_MAX_KBUF };
	static const u64 wrong[] = { DIOS_MAX_KBUF + 1, 1ULL << 32, 1ULL << 63, ~0ULL, -(u64)PAGE };
	u64 ref = new_random(), i;
	struct dios_iov iov, other;

	for (i = 0; i < COUNT(sizes); i++) {
		about = "len";
		about_number = sizes[i];
		iov = (struct dios_iov){ 0, 0 };
		is(acquire_read(0, ref, sizes[i], ADDR(&iov)), 0);
		looks_random(&iov, sizes[i]);
		is(release_read(0, ref, ADDR(&iov)), 0);
	}
	for (i = 0; i < COUNT(wrong); i++) {
		about_number = wrong[i];
		iov = (struct dios_iov){ 0, POISON };
		is(acquire_read(0, ref, wrong[i], ADDR(&iov)), -DIOS_EINVAL);
		ok(iov.addr == 0 && iov.len == POISON);
	}
	about = NULL;
	iov = other = (struct dios_iov){ 0, 0 };
	is(acquire_read(0, ref, 0, ADDR(&iov)), 0);
	looks_random(&iov, 4096);
	is(acquire_read(0, ref, 0, ADDR(&other)), 0);
	ok(iov.addr != other.addr && !same((void *)iov.addr, (void *)other.addr, 4096));
	/* The task's own reference to one works as well. */
	is(delete(0, ref), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_read(0, start->random, 32, ADDR(&iov)), 0);
	looks_random(&iov, 32);
	is(release_read(0, start->random, ADDR(&iov)), 0);
}

static void timer(void)
{
	u64 at = now() + 100 * MS, ref = new_timer(at, 0), due = new_timer(1, 0);
	struct dios_iov iov = { 0, 0 };
	struct dios_timer_state *s;

	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&iov)), -DIOS_EAGAIN);
	ok(!iov.addr && !iov.len);
	is(acquire_read(0, ref, 0, ADDR(&iov)), 0);	/* waits */
	s = (struct dios_timer_state *)iov.addr;
	ok(iov.len == sizeof(*s));
	ok(s->count == 1 && s->now >= at && s->next == 0);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_read(DIOS_BUF_NONBLOCK, due, 5, ADDR(&iov)), 0);
	ok(iov.len == sizeof(*s));
	is(acquire_read(0, due, sizeof(*s) + 1, ADDR(&iov)), -DIOS_EINVAL);
	is(delete(0, ref), 0);
	is(delete(0, due), 0);
	/* Periodically. */
	at = now();
	ref = new_timer(at, 2 * MS);
	selects(0, 0, 0, 0, at + 21 * MS);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_read(0, ref, 0, ADDR(&iov)), 0);
	s = (struct dios_timer_state *)iov.addr;
	ok(s->count >= 5 && s->count <= 1 + (s->now - at) / (2 * MS));
	ok(s->next > at && (s->next - at) % (2 * MS) == 0);
	is(delete(0, ref), 0);
}

static void none(void)
{
	u64 mem = new_privmem(PAGE);
	struct dios_iov iov = { 0, POISON };

	is(acquire_read(0, mem, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_read(0, start->out, 0, ADDR(&iov)), -DIOS_EPERM);
	ok(iov.addr == 0 && iov.len == POISON);
	is(delete(0, mem), 0);
}

/* Where it is: near the address given, or there and nowhere else. */
static void places(void)
{
	static const u64 bad[] = {
		1, PAGE - 1, PAGE, 0xf000, EDGE + 1, EDGE + 0x800, 0x7fffffffffff, 1ULL << 63 | 8,
	};
	static const u64 outside[] = {
		0x7ffffffff000, 0x800000000000, 0x8000000000000000, 0xffff888000000000, -(u64)PAGE,
	};
	u64 ref = new_random(), i;
	struct dios_iov iov, fixed;

	iov = (struct dios_iov){ 0x70000000, 0 };
	is(acquire_read(0, ref, PAGE, ADDR(&iov)), 0);
	ok(iov.addr == 0x70000000);
	/* It is taken: a hint gives another place, fixed none. */
	fixed = iov;
	iov = (struct dios_iov){ 0x70000000, POISON };
	is(acquire_read(DIOS_BUF_FIXED, ref, PAGE, ADDR(&iov)), -DIOS_EBUSY);
	iov.addr = 0x70000000 - PAGE;
	is(acquire_read(DIOS_BUF_FIXED, ref, 2 * PAGE, ADDR(&iov)), -DIOS_EBUSY);
	ok(iov.len == POISON);
	iov.addr = 0x70000000;
	is(acquire_read(0, ref, PAGE, ADDR(&iov)), 0);
	ok(iov.addr != 0x70000000);
	is(release_read(0, ref, ADDR(&iov)), 0);
	is(release_read(0, ref, ADDR(&fixed)), 0);
	iov = (struct dios_iov){ 0x70000000, 0 };
	is(acquire_read(DIOS_BUF_FIXED, ref, PAGE, ADDR(&iov)), 0);
	ok(iov.addr == 0x70000000);
	is(release_read(0, ref, ADDR(&iov)), 0);
	/* Over what is there: the program, the stack, the start page. */
	iov.addr = ADDR(places) & -(u64)PAGE;
	is(acquire_read(DIOS_BUF_FIXED, ref, 1, ADDR(&iov)), -DIOS_EBUSY);
	iov.addr = ADDR(&iov) & -(u64)PAGE;
	is(acquire_read(DIOS_BUF_FIXED, ref, 1, ADDR(&iov)), -DIOS_EBUSY);
	iov.addr = ADDR(start);
	is(acquire_read(DIOS_BUF_FIXED, ref, 1, ADDR(&iov)), -DIOS_EBUSY);
	ok(start->magic == DIOS_START_MAGIC);
	/* Nowhere. */
	iov.addr = 0;
	is(acquire_read(DIOS_BUF_FIXED, ref, 1, ADDR(&iov)), -DIOS_EINVAL);
	for (i = 0; i < COUNT(bad); i++) {
		about = "address";
		about_number = iov.addr = bad[i];
		is(acquire_read(DIOS_BUF_FIXED, ref, 1, ADDR(&iov)), -DIOS_EINVAL);
		is(acquire_read(0, ref, 1, ADDR(&iov)), -DIOS_EINVAL);
	}
	for (i = 0; i < COUNT(outside); i++) {
		s64 err;

		about_number = iov.addr = outside[i];
		err = acquire_read(DIOS_BUF_FIXED, ref, 1, ADDR(&iov));
		ok(err == -DIOS_ENOMEM || err == -DIOS_EINVAL);
		iov.addr = outside[i];
		err = acquire_read(0, ref, 1, ADDR(&iov));	/* a hint only */
		if (!err)
			is(release_read(0, ref, ADDR(&iov)), 0);
		else
			ok(err == -DIOS_ENOMEM || err == -DIOS_EINVAL);
	}
	about = NULL;
	is(delete(0, ref), 0);
}

static void arguments(void)
{
	u64 ref = new_random(), dead = new_timer(1, 0), i;
	struct dios_iov iov = { 0, POISON };

	for each_bad_flag(f, BUF_FLAGS) {
		is(acquire_read(f, ref, 1, ADDR(&iov)), -DIOS_EINVAL);
		is(acquire_read(f, 0, 1, 8), -DIOS_EINVAL);
	}
	/* The reference to take a buffer from is nonsense. */
	is(acquire_read(DIOS_BUF_MOVE, ref, 1, ADDR(&iov)), -DIOS_EBADREF);
	is(acquire_read(DIOS_BUF_BORROW, ref, 1, ADDR(&iov)), -DIOS_EBADREF);
	is(acquire_read(DIOS_BUF_MOVE | DIOS_BUF_BORROW, ref, 1, ADDR(&iov)), -DIOS_EINVAL);
	/* What a RANDOM does not have. */
	is(acquire_read(DIOS_BUF_INFO, ref, 1, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_read(DIOS_BUF_AT, ref, 1, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_read(DIOS_BUF_BATCH, ref, 1, ADDR(&iov)), -DIOS_ENOTSUP);
	for each_bad_ref(r)
		is(acquire_read(0, r, 1, ADDR(&iov)), -DIOS_EBADREF);
	is(delete(DIOS_DELETE_ZOMBIFY, dead), 0);
	is(acquire_read(0, dead, 0, ADDR(&iov)), -DIOS_EZOMBIE);
	is(acquire_read(DIOS_BUF_NONBLOCK, dead, 0, ADDR(&iov)), -DIOS_EZOMBIE);
	ok(iov.addr == 0 && iov.len == POISON);
	is(acquire_read(0, ref, 1, 0), -DIOS_EFAULT);
	for each_bad_out(i, sizeof(iov)) {
		/* Memory that can be read and not written: what stands there is an address. */
		s64 err = acquire_read(0, ref, 1, bad_out(i, sizeof(iov)));

		ok(err == -DIOS_EFAULT || (i < 2 && err == -DIOS_EINVAL));
	}
	/* Nothing stays lent: all that may be lent at once would be used up. */
	for (i = 0; i < 100; i++)
		if (acquire_read(0, ref, DIOS_MAX_KBUF, EDGE + PAGE - 8) != -DIOS_EFAULT)
			break;
	ok(i == 100);
	is(delete(0, ref), 0);
	is(delete(0, dead), 0);
}

/* So much may be lent, and no more, until something is given back. */
static void quota(void)
{
	struct dios_iov iov[80];
	u64 ref = new_random(), n, i;
	s64 err = 0;

	for (n = 0; n < COUNT(iov); n++) {
		iov[n] = (struct dios_iov){ 0, 0 };
		err = acquire_read(0, ref, DIOS_MAX_KBUF, ADDR(&iov[n]));
		if (err)
			break;
	}
	is(err, -DIOS_EQUOTA);
	ok(n >= 60 && n <= 64);
	is(release_read(0, ref, ADDR(&iov[3])), 0);
	iov[3] = (struct dios_iov){ 0, 0 };
	is(acquire_read(0, ref, DIOS_MAX_KBUF, ADDR(&iov[3])), 0);
	is(delete(0, ref), 0);
	ref = new_random();
	for (i = 0; i < n; i++) {
		iov[i] = (struct dios_iov){ 0, 0 };
		if (acquire_read(0, ref, DIOS_MAX_KBUF, ADDR(&iov[i])))
			break;
	}
	ok(i == n);
	/* The rest goes with the task. */
}

/* What was lent to be read cannot be written: a child dies of it. */
static void read_only(void)
{
	struct dios_task_status st;
	u64 task;

	is(start_self("write start", NULL, 0, &task), 0);
	st = wait_for(task);
	ok(st.how == DIOS_END_FAULT && st.status == DIOS_UP_SEGV);
	is(start_self("write random", NULL, 0, &task), 0);
	st = wait_for(task);
	ok(st.how == DIOS_END_FAULT && st.status == DIOS_UP_SEGV);
	is(start_self("execute random", NULL, 0, &task), 0);
	st = wait_for(task);
	ok(st.how == DIOS_END_FAULT && st.status == DIOS_UP_SEGV);
}

static int child(const char *what)
{
	struct dios_iov iov = { 0, 0 };

	is(acquire_read(0, start->random, 0, ADDR(&iov)), 0);
	if (equal(what, "write start"))
		*(volatile u64 *)start = 1;
	if (equal(what, "write random"))
		*(volatile u64 *)iov.addr = 1;
	if (equal(what, "execute random"))
		((void (*)(void))iov.addr)();
	return 99;
}

static int run(int argc, char **argv)
{
	if (argc > 1)
		return child(argv[1]);
	self();
	random();
	timer();
	none();
	places();
	arguments();
	read_only();
	quota();
	return 0;
}
