/* brand: pure */
/* What is known of a TASK while it runs, waits, and has ended; and killing it in each state. */
#include "abi.h"

#define again(call)	({ s64 r_; while ((r_ = (call)) == -DIOS_EINTR); r_; })

static void nap(u64 ns)
{
	again(selects(0, 0, 0, 0, now() + ns));
}

static struct dios_task_info info(u64 task)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_task_info i;

	memset(&i, 0x5a, sizeof(i));
	if (is(acquire_read(DIOS_BUF_INFO, task, 0, ADDR(&iov)), 0)) {
		ok(iov.len == sizeof(i));
		i = *(struct dios_task_info *)iov.addr;
		is(release_read(0, task, ADDR(&iov)), 0);
	}
	ok(i.pad == 0 && i.brand == DIOS_BRAND_PURE);
	return i;
}

static void killed(const char *how)
{
	struct dios_task_status st;
	struct dios_task_info i, later;
	struct dios_iov iov = { 0, 0 };
	u64 task;
	u32 tries = 0;

	is(start_self(how, NULL, 0, &task), 0);
	is(acquire_write(DIOS_BUF_INFO, task, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	is(acquire_read(DIOS_BUF_INFO, task, sizeof(i) - 1, ADDR(&iov)), -DIOS_EINVAL);
	if (!equal(how, "exits")) {
		do
			nap(10 * MS);
		while ((i = info(task)).state != (equal(how, "waits") ? DIOS_TASK_WAITING : DIOS_TASK_RUNNING) ||
		       (i.calls < 3 && ++tries < 100));
		ok(i.calls >= 3 && i.refs >= 4 && i.rss >= PAGE && i.max_rss >= i.rss);
		ok(i.memory >= PAGE && i.lent >= PAGE);
		nap(50 * MS);
		later = info(task);
		ok(later.user_ns + later.system_ns >= i.user_ns + i.system_ns);
		if (equal(how, "runs"))
			ok(later.user_ns + later.system_ns > 0);
		is(acquire_read(DIOS_BUF_NONBLOCK, task, 0, ADDR(&iov)), -DIOS_EAGAIN);
	} else {
		iov.addr = 0;
		is(again(acquire_read(0, task, 0, ADDR(&iov))), 0);
	}
	/* Also twice, and when it has ended. */
	is(delete(DIOS_DELETE_ZOMBIFY, task), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, task), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(again(acquire_read(0, task, 0, ADDR(&iov))), 0);
	i = info(task);
	ok(i.state == DIOS_TASK_ENDED && !i.refs && !i.rss && !i.memory && !i.lent);
	is(delete(DIOS_DELETE_ZOMBIFY, task), 0);
	st = wait_for(task);
	ok(i.calls == st.calls && i.user_ns == st.user_ns && i.system_ns == st.system_ns && i.max_rss == st.max_rss);
	if (equal(how, "exits"))
		ok(st.how == DIOS_END_EXIT && st.status == 5);
	else
		ok(st.how == DIOS_END_KILLED && st.status == 9);
}

/* Before it has made its first call. */
static void at_once(void)
{
	struct dios_task_status st;
	u64 task, less;
	u32 i;

	for (i = 0; i < 10; i++) {
		is(start_self("waits", NULL, 0, &task), 0);
		less = with_rights(task, DIOS_R_READ);
		is(delete(DIOS_DELETE_ZOMBIFY, less), -DIOS_EPERM);
		is(delete(0, less), 0);
		ok(info(task).state != DIOS_TASK_ENDED);
		is(delete(DIOS_DELETE_ZOMBIFY, task), 0);
		st = wait_for(task);
		ok(st.how == DIOS_END_KILLED && st.status == 9);
	}
}

static int run(int argc, char **argv)
{
	if (argc > 1 && equal(argv[1], "waits"))
		again(selects(0, 0, 0, 0, -1));
	while (argc > 1 && equal(argv[1], "runs"))
		;
	if (argc > 1)
		return 5;
	killed("runs");
	killed("waits");
	killed("exits");
	at_once();
	return 0;
}
