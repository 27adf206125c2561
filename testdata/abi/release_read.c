/* brand: pure */
/* release_read: the buffer is gone, once. */
#include "abi.h"

static int run(int argc, char **argv)
{
	u64 ref = new_random(), other = new_random(), timer = new_timer(1, 0), i;
	struct dios_iov iov = { 0, 0 }, mine, wrong, w = { 0, 0 };

	is(acquire_read(0, ref, 3 * PAGE, ADDR(&iov)), 0);
	mine = iov;
	for each_bad_flag(f, 0) {
		is(release_read(f, ref, ADDR(&iov)), -DIOS_EINVAL);
		is(release_read(f, 0, 8), -DIOS_EINVAL);
	}
	for each_bad_ref(r)
		is(release_read(0, r, ADDR(&iov)), -DIOS_EBADREF);
	is(release_read(0, ref, 0), -DIOS_EFAULT);
	for each_bad_in(i, sizeof(iov))
		is(release_read(0, ref, bad_in(i, sizeof(iov))), -DIOS_EFAULT);
	wrong = mine;
	wrong.len--;
	is(release_read(0, ref, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong.len = mine.len + 1;
	is(release_read(0, ref, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong = mine;
	wrong.addr += PAGE;
	wrong.len -= PAGE;
	is(release_read(0, ref, ADDR(&wrong)), -DIOS_EBADBUF);
	wrong = (struct dios_iov){ 0, 0 };
	is(release_read(0, ref, ADDR(&wrong)), -DIOS_EBADBUF);
	/* Memory of the program is no buffer. */
	wrong = (struct dios_iov){ ADDR(&wrong) & -(u64)PAGE, PAGE };
	is(release_read(0, ref, ADDR(&wrong)), -DIOS_EBADBUF);
	is(release_read(0, other, ADDR(&mine)), -DIOS_EBADBUF);
	is(release_write(0, ref, ADDR(&mine)), -DIOS_EBADBUF);
	is(acquire_write(0, timer, 0, ADDR(&w)), 0);
	is(release_read(0, timer, ADDR(&w)), -DIOS_EBADBUF);
	/* All that time it was there. */
	ok(same(&iov, &mine, sizeof(iov)));
	for (i = 0; i < mine.len; i += 512)
		(void)*(volatile u8 *)(mine.addr + i);
	is(release_read(0, ref, ADDR(&iov)), 0);
	ok(same(&iov, &mine, sizeof(iov)));
	is(release_read(0, ref, ADDR(&iov)), -DIOS_EBADBUF);
	is(create(0, DIOS_T_RANDOM, 0, 0, mine.addr), -DIOS_EFAULT);	/* not mapped any more */
	is(create(0, DIOS_T_TIMER, mine.addr, 0, ADDR(&i)), -DIOS_EFAULT);
	/* Of a dead object as well. */
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_read(0, timer, 0, ADDR(&iov)), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, timer), 0);
	(void)*(volatile u8 *)iov.addr;
	is(release_read(0, timer, ADDR(&iov)), 0);
	is(release_write(0, timer, ADDR(&w)), 0);
	/* Many times the same. */
	for (i = 0; i < 2000; i++) {
		iov = (struct dios_iov){ 0, 0 };
		if (acquire_read(0, ref, 1 + i % 20000, ADDR(&iov)) || release_read(0, ref, ADDR(&iov)))
			break;
	}
	ok(i == 2000);
	is(delete(0, ref), 0);
	is(delete(0, other), 0);
	is(delete(0, timer), 0);
	return 0;
}
