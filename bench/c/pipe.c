/* brand: legacy */
/* Two processes and a pipe each way, as fifo.c does it with two tasks and FIFOs. */
#define LINUX_PROCESS
#include "../../testdata/abi/abi.h"
#include "../../testdata/abi/linux.h"
#include "result.h"

static u8 buf[65536] __attribute__((aligned(4096)));

static u64 clock_now(void)
{
	u64 ts[2];

	syscall6(228, 1, ADDR(ts), 0, 0, 0, 0);	/* clock_gettime, CLOCK_MONOTONIC */
	return ts[0] * SECOND + ts[1];
}

static void die(const char *what)
{
	say(what);
	say("\n");
	linux3(L_EXIT, 1, 0, 0);
}

/* All of it, or none at the end. */
static int take(int fd, u64 size)
{
	u64 got = 0;
	s64 n;

	while (got < size) {
		n = syscall6(0, fd, ADDR(buf) + got, size - got, 0, 0, 0);
		if (n <= 0)
			return 0;
		got += n;
	}
	return 1;
}

static void put(int fd, u64 size)
{
	u64 done = 0;
	s64 n;

	while (done < size) {
		n = syscall6(1, fd, ADDR(buf) + done, size - done, 0, 0, 0);
		if (n <= 0)
			die("write failed");
		done += n;
	}
}

static void stamp(u64 size, u64 i)
{
	*(volatile u64 *)buf = i;
	*(volatile u64 *)(buf + size - 8) = i;
}

static void check(u64 size, u64 i)
{
	if (*(volatile u64 *)buf != i || *(volatile u64 *)(buf + size - 8) != i)
		die("not what was sent");
}

static void with_child(const char *name, u64 size, u64 n, int echo)
{
	int there[2], back[2];
	u64 i, t = 0;
	s64 pid;

	syscall6(22, ADDR(there), 0, 0, 0, 0, 0);	/* pipe */
	syscall6(22, ADDR(back), 0, 0, 0, 0, 0);
	pid = syscall6(57, 0, 0, 0, 0, 0, 0);		/* fork */
	if (!pid) {
		syscall6(3, there[1], 0, 0, 0, 0, 0);	/* close */
		for (i = 0; take(there[0], size); i++) {
			check(size, i);
			stamp(size, i);
			if (echo)
				put(back[1], size);
		}
		linux3(L_EXIT, 0, 0, 0);
	}
	syscall6(3, there[0], 0, 0, 0, 0, 0);
	syscall6(3, back[1], 0, 0, 0, 0, 0);
	for (i = 0; i < n + 10; i++) {
		if (i == 10)
			t = clock_now();
		stamp(size, i);
		put(there[1], size);
		if (echo) {
			if (!take(back[0], size))
				die("no echo");
			check(size, i);
		}
	}
	result(name, n, clock_now() - t);
	syscall6(3, there[1], 0, 0, 0, 0, 0);
	syscall6(3, back[0], 0, 0, 0, 0, 0);
	syscall6(61, pid, 0, 0, 0, 0, 0);		/* wait4 */
}

static int run(int argc, char **argv)
{
	with_child("PipeRoundTrip8", 8, 10000, 1);
	with_child("PipeRoundTrip64K", 65536, 2000, 1);
	with_child("PipeStream64", 64, 200000, 0);
	with_child("PipeStream64K", 65536, 5000, 0);
	leave(0);
}
