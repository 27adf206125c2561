/* brand: pure */
/* commit_write: text goes out, timers are set, pieces are enough. */
#include "abi.h"

static void console(void)
{
	struct dios_iov iov = { 0, 0 }, part, whole;
	char *p;
	s64 n;
	u64 i, done;

	flush();
	is(acquire_write(0, start->out, 2 * PAGE, ADDR(&iov)), 0);
	whole = iov;
	p = (char *)iov.addr;
	memcpy(p, "abcdefgh\n", 9);
	is(commit_write(0, start->out, 9, ADDR(&iov)), 9);
	ok(same(&iov, &whole, sizeof(iov)));
	ok(same(p, "abcdefgh\n", 9));
	is(commit_write(0, start->out, 0, ADDR(&iov)), 0);
	/* A piece from the middle. */
	part = (struct dios_iov){ iov.addr + 2, 3 };
	is(commit_write(0, start->out, 3, ADDR(&part)), 3);
	part = (struct dios_iov){ iov.addr + 7, 2 };
	is(commit_write(0, start->out, 2, ADDR(&part)), 2);
	part = (struct dios_iov){ iov.addr + 2, 100 };
	is(commit_write(0, start->out, 1, ADDR(&part)), 1);	/* len is what counts */
	part = (struct dios_iov){ iov.addr + 8, 1 };
	is(commit_write(0, start->out, 1, ADDR(&part)), 1);
	/* The last byte, and nothing behind it. */
	p[2 * PAGE - 1] = '\n';
	part = (struct dios_iov){ iov.addr + 2 * PAGE - 1, 1 };
	is(commit_write(0, start->out, 1, ADDR(&part)), 1);
	part = (struct dios_iov){ iov.addr + 2 * PAGE, 0 };
	is(commit_write(0, start->out, 0, ADDR(&part)), 0);
	/* More than goes out at once: it says how much did. */
	for (i = 0; i < 2 * PAGE; i++)
		p[i] = i % 64 == 63 ? '\n' : 'a' + i % 26;
	for (done = 0; done < 2 * PAGE; done += n) {
		part = (struct dios_iov){ iov.addr + done, 2 * PAGE - done };
		n = commit_write(0, start->out, part.len, ADDR(&part));
		if (!ok(n > 0 && n <= (s64)part.len))
			break;
	}
	is(release_write(0, start->out, ADDR(&iov)), 0);
}

static void timer(void)
{
	static const struct { struct dios_timer t; s64 want; } values[] = {
		{ { 0, 0 }, sizeof(struct dios_timer) },
		{ { 1ULL << 62, 100000 }, sizeof(struct dios_timer) },
		{ { 1ULL << 63, 0 }, -DIOS_EINVAL }, { { ~0ULL, 0 }, -DIOS_EINVAL },
		{ { 1, 99999 }, -DIOS_EINVAL }, { { 1, ~0ULL }, -DIOS_EINVAL },
		{ { 1, 0 }, sizeof(struct dios_timer) },	/* the last: it is due */
		{ { 1, 1 }, -DIOS_EINVAL },
	};
	u64 ref = new_timer(0, 0), i;
	struct dios_iov iov = { 0, 0 }, r = { 0, 0 }, part;
	struct dios_timer *t;

	is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
	t = (struct dios_timer *)iov.addr;
	for (i = 0; i < COUNT(values); i++) {
		about = "value";
		about_number = i;
		*t = values[i].t;
		is(commit_write(0, ref, sizeof(*t), ADDR(&iov)), values[i].want);
	}
	about = NULL;
	/* A half of it means nothing. */
	is(commit_write(0, ref, 8, ADDR(&iov)), -DIOS_EINVAL);
	is(commit_write(0, ref, 0, ADDR(&iov)), -DIOS_EINVAL);
	part = (struct dios_iov){ iov.addr + 8, 8 };
	is(commit_write(0, ref, 8, ADDR(&part)), -DIOS_EINVAL);
	/* It is still what the last good commit made it: due. */
	wait_due(ref);
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&r)), 0);
	ok(((struct dios_timer_state *)r.addr)->count == 1);
	/* Set anew, its count is 0 again. */
	*t = (struct dios_timer){ 0, 0 };
	is(commit_write(0, ref, sizeof(*t), ADDR(&iov)), sizeof(*t));
	r = (struct dios_iov){ 0, 0 };
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&r)), -DIOS_EAGAIN);
	/* The page is the task's: what it writes later counts only by another commit. */
	*t = (struct dios_timer){ 1, 0 };
	is(acquire_read(DIOS_BUF_NONBLOCK, ref, 0, ADDR(&r)), -DIOS_EAGAIN);
	is(delete(0, ref), 0);
}

static void privmem(void)
{
	u64 ref = new_privmem(PAGE);
	struct dios_iov iov = { 0, 0 };

	is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
	is(commit_write(0, ref, 100, ADDR(&iov)), 100);
	is(delete(0, ref), 0);
}

static void arguments(void)
{
	u64 ref = new_timer(0, 0), other = new_timer(0, 0), writer, random = new_random();
	struct dios_iov iov = { 0, 0 }, wrong, r = { 0, 0 };

	is(acquire_write(0, start->err, 2 * PAGE, ADDR(&iov)), 0);
	for each_bad_flag(f, DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK | DIOS_BUF_END) {
		is(commit_write(f, start->err, 1, ADDR(&iov)), -DIOS_EINVAL);
		is(commit_write(f, 0, 1, 8), -DIOS_EINVAL);
	}
	/* What a CONSOLE does not have. */
	is(commit_write(DIOS_BUF_NEXT, start->err, 1, ADDR(&iov)), -DIOS_ENOTSUP);
	is(commit_write(DIOS_BUF_END, start->err, 1, ADDR(&iov)), -DIOS_ENOTSUP);
	for each_bad_ref(b)
		is(commit_write(0, b, 0, ADDR(&iov)), -DIOS_EBADREF);
	is(commit_write(0, start->err, 0, 0), -DIOS_EFAULT);
	for each_bad_in(i, sizeof(iov))
		is(commit_write(0, start->err, 0, bad_in(i, sizeof(iov))), -DIOS_EFAULT);
	is(commit_write(0, start->err, 2 * PAGE + 1, ADDR(&iov)), -DIOS_EINVAL);
	is(commit_write(0, start->err, ~0ULL, ADDR(&iov)), -DIOS_EINVAL);
	wrong = (struct dios_iov){ iov.addr + 1, iov.len };
	is(commit_write(0, start->err, 1, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong = (struct dios_iov){ iov.addr - 1, 2 };
	is(commit_write(0, start->err, 1, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong = (struct dios_iov){ iov.addr + iov.len + 1, 0 };
	is(commit_write(0, start->err, 0, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong = (struct dios_iov){ iov.addr + 10, -(u64)10 };
	is(commit_write(0, start->err, 1, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong = (struct dios_iov){ iov.addr, ~0ULL };
	is(commit_write(0, start->err, 1, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong = (struct dios_iov){ 0, 0 };
	is(commit_write(0, start->err, 0, ADDR(&wrong)), -DIOS_EBADBUF);
	/* The buffer of another object, and one that was lent to be read. */
	is(commit_write(0, start->out, 1, ADDR(&iov)), -DIOS_EBADBUF);
	is(commit_write(0, ref, 1, ADDR(&iov)), -DIOS_EBADBUF);
	is(acquire_read(0, random, 16, ADDR(&r)), 0);
	is(commit_write(0, random, 16, ADDR(&r)), -DIOS_EBADBUF);
	is(release_write(0, start->err, ADDR(&iov)), 0);
	is(commit_write(0, start->err, 1, ADDR(&iov)), -DIOS_EBADBUF);
	is(delete(0, ref), 0);
	is(delete(0, other), 0);
	is(delete(0, random), 0);
}

static int run(int argc, char **argv)
{
	console();
	timer();
	privmem();
	arguments();
	return 0;
}
