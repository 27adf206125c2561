/* brand: pure */
/*
 * Two tasks and a FIFO each way, as pipe.c does it with two processes and pipes.
 *
 * Each line is a result in the format of Go's benchmarks. A message is stamped at both
 * ends and checked there by who gets it; in pipe.c too.
 */
#include "../../testdata/abi/abi.h"
#include "result.h"

#define again(call)	({ s64 r_; while ((r_ = (call)) == -DIOS_EINTR); r_; })

static u64 new_fifo(u64 size)
{
	struct dios_fifo spec = { size };
	u64 ref = 0;

	is(create(0, DIOS_T_FIFO, ADDR(&spec), 0, ADDR(&ref)), 0);
	return ref;
}

static void stamp(u64 addr, u64 size, u64 i)
{
	*(volatile u64 *)addr = i;
	*(volatile u64 *)(addr + size - 8) = i;
}

static void check(u64 addr, u64 size, u64 i)
{
	if (*(volatile u64 *)addr != i || *(volatile u64 *)(addr + size - 8) != i)
		is(i, ~i);
}

/* Go on to the next record, whatever interrupts. */
static s64 next(u64 ref, struct dios_iov *in)
{
	s64 r = commit_read(DIOS_BUF_NEXT, ref, in->len, ADDR(in));

	while (r == -DIOS_EINTR)
		r = commit_read(DIOS_BUF_NEXT, ref, 0, ADDR(in));
	return r;
}

static void echo(u64 from, u64 to, u64 size)
{
	struct dios_iov in = { 0, 0 }, out = { 0, 0 };
	u64 i;

	is(again(acquire_write(0, to, size, ADDR(&out))), 0);
	if (again(acquire_read(0, from, 0, ADDR(&in))))
		return;
	for (i = 0;; i++) {
		check(in.addr, size, i);
		stamp(out.addr, size, i);
		commit_write(DIOS_BUF_NEXT, to, size, ADDR(&out));
		if (next(from, &in) < 0)
			return;
	}
}

static void round_trips(const char *name, u64 to, u64 from, u64 size, u64 n)
{
	struct dios_iov in = { 0, 0 }, out = { 0, 0 };
	u64 i, t = 0;

	is(again(acquire_write(0, to, size, ADDR(&out))), 0);
	for (i = 0; i < n + 10; i++) {
		if (i == 10)
			t = now();
		stamp(out.addr, size, i);
		commit_write(DIOS_BUF_NEXT, to, size, ADDR(&out));
		if (i)
			next(from, &in);
		else
			is(again(acquire_read(0, from, 0, ADDR(&in))), 0);
		check(in.addr, size, i);
	}
	result(name, n, now() - t);
}

/* Records of 64 bytes, as many as fit into what is lent. */
static void sink_batches(u64 from)
{
	struct dios_iov in = { 0, 0 };
	u64 off, i = 0;

	if (again(acquire_read(DIOS_BUF_BATCH, from, 0, ADDR(&in))))
		return;
	do {
		for (off = 0; off < in.len; off += 72)
			check(in.addr + off + 8, 64, i++);
	} while (next(from, &in) >= 0);
}

static void batches(u64 to, u64 n)
{
	struct dios_iov out = { 0, 0 };
	u64 off, i = 0, t = now();

	is(again(acquire_write(DIOS_BUF_BATCH, to, 64 * 72 - 8, ADDR(&out))), 0);
	while (i < n) {
		for (off = 0; off + 72 <= out.len && i < n; off += 72) {
			*(struct dios_record *)(out.addr + off) = (struct dios_record){ 64, 0 };
			stamp(out.addr + off + 8, 64, i++);
		}
		commit_write(DIOS_BUF_NEXT, to, off, ADDR(&out));
		while (!out.len)
			commit_write(DIOS_BUF_NEXT, to, 0, ADDR(&out));
	}
	result("FIFOStream64", n, now() - t);
}

static void sink(u64 from, u64 size)
{
	struct dios_iov in = { 0, 0 };
	u64 i = 0;

	if (again(acquire_read(0, from, 0, ADDR(&in))))
		return;
	do
		check(in.addr, size, i++);
	while (next(from, &in) >= 0);
}

static void stream(u64 to, u64 size, u64 n)
{
	struct dios_iov out = { 0, 0 };
	u64 i, t = now();

	is(again(acquire_write(0, to, size, ADDR(&out))), 0);
	for (i = 0; i < n; i++) {
		stamp(out.addr, size, i);
		commit_write(DIOS_BUF_NEXT, to, size, ADDR(&out));
		while (!out.len)
			commit_write(DIOS_BUF_NEXT, to, 0, ADDR(&out));
	}
	result("FIFOStream64K", n, now() - t);
}

static void with_child(const char *how, u64 ring)
{
	u64 there = new_fifo(ring), back = new_fifo(ring), task, to, from;
	struct dios_grant g[2] = {
		{ .ref = there, .rights = DIOS_R_READ }, { .ref = back, .rights = DIOS_R_WRITE },
	};

	is(start_self(how, g, 2, &task), 0);
	to = with_rights(there, DIOS_R_WRITE);
	from = with_rights(back, DIOS_R_READ);
	delete(0, there);
	delete(0, back);
	if (equal(how, "echo8"))
		round_trips("FIFORoundTrip8", to, from, 8, 10000);
	else if (equal(how, "echo64K"))
		round_trips("FIFORoundTrip64K", to, from, 65536, 2000);
	else if (equal(how, "batch"))
		batches(to, 1000000);
	else
		stream(to, 65536, 5000);
	delete(0, to);
	delete(0, from);
	is(wait_for(task).status, 0);
}

static int run(int argc, char **argv)
{
	if (argc > 1) {
		u64 from = start->refs[0].ref, to = start->refs[1].ref;

		if (equal(argv[1], "echo8"))
			echo(from, to, 8);
		else if (equal(argv[1], "echo64K"))
			echo(from, to, 65536);
		else if (equal(argv[1], "batch"))
			sink_batches(from);
		else
			sink(from, 65536);
		return failures ? 1 : 0;
	}
	with_child("echo8", 65536);
	with_child("echo64K", 262144);
	with_child("batch", 65536);
	with_child("stream", 262144);
	leave(failures ? 1 : 0);
}
