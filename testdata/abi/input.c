/* brand: pure */
/* Standard input of a task: input_limbo starts this one, and gives it input in many ways. */
#include "abi.h"

#define again(call)	({ s64 r_; while ((r_ = (call)) == -DIOS_EINTR); r_; })

/* Everything from in to out, and the number of pieces it came in as status. */
static int cat(u64 len)
{
	struct dios_iov in = { 0, 0 }, out;
	s64 r = again(acquire_read(0, start->in, len, ADDR(&in)));
	u32 pieces = 0;
	u64 done;

	for (; r >= 0; pieces++) {
		for (done = 0; done < in.len; ) {
			out = (struct dios_iov){ out_buf.addr, in.len - done < PAGE ? in.len - done : PAGE };
			memcpy((void *)out.addr, (void *)in.addr + done, out.len);
			r = commit_write(0, start->out, out.len, ADDR(&out));
			if (r < 0 && r != -DIOS_EINTR)
				return 200;
			done += r > 0 ? r : 0;
		}
		r = commit_read(DIOS_BUF_NEXT, start->in, in.len, ADDR(&in));
		while (r == -DIOS_EINTR)
			r = commit_read(DIOS_BUF_NEXT, start->in, 0, ADDR(&in));
	}
	return r == -DIOS_EPIPE ? pieces : 201;
}

static int run(int argc, char **argv)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_wait w = { start->in, DIOS_R_READ, 0 };
	u64 selected;

	if (argc < 2)
		return 0;
	if (equal(argv[1], "cat"))
		return cat(0);
	if (equal(argv[1], "bytes"))
		return cat(1);
	if (equal(argv[1], "three")) {	/* consumes three bytes of what it gets, and ends with the rest */
		is(again(acquire_read(0, start->in, 0, ADDR(&iov))), 0);
		is(commit_read(0, start->in, 3, ADDR(&iov)), 3);
		iov = (struct dios_iov){ 0, 0 };
		is(again(acquire_read(0, start->in, 0, ADDR(&iov))), 0);
		return iov.len;
	}
	if (equal(argv[1], "write"))	/* input is not for writing */
		return acquire_write(0, start->in, 0, ADDR(&iov)) == -DIOS_EPERM ? 7 : 1;
	if (equal(argv[1], "select"))
		return again(selects(0, ADDR(&w), 1, ADDR(&selected), -1)) == 0 ? 8 : 1;
	if (equal(argv[1], "wait"))
		again(acquire_read(0, start->in, 0, ADDR(&iov)));
	return 9;
}
