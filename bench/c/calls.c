/* brand: legacy-limbo */
/*
 * What a call costs. One process measures Linux's and DIOS's in turn: a process that
 * has opened /dev/dios takes the slow path for its Linux calls too, so it opens and
 * closes the device between the two.
 *
 * Each line is a result in the format of Go's benchmarks.
 */
#define LINUX_PROCESS
#include "../../testdata/abi/abi.h"
#include "../../testdata/abi/linux.h"
#include "result.h"

#define CALLS	100000
#define OBJECTS	20000
#define ROUNDS	15

static u64 clock_now(void)
{
	u64 ts[2];

	syscall6(228, 1, ADDR(ts), 0, 0, 0, 0);	/* clock_gettime, CLOCK_MONOTONIC */
	return ts[0] * SECOND + ts[1];
}

static void linux_calls(void)
{
	u64 t = clock_now(), i;

	for (i = 0; i < CALLS; i++)
		syscall6(110, 0, 0, 0, 0, 0, 0);	/* getppid */
	result("Getppid", CALLS, clock_now() - t);
}

static void dios_calls(void)
{
	struct dios_iov iov = { 0, 0 };
	u8 name[DIOS_NAME_SIZE];
	u64 t, i, ref;
	int dev = l_open("/dev/dios", L_RDWR);

	if (dev < 0) {
		say("no /dev/dios\n");
		linux3(L_EXIT, 1, 0, 0);
	}
	t = clock_now();
	for (i = 0; i < CALLS; i++)
		delete(0, DIOS_REF_NONE);	/* looks for it, and that is all */
	result("EmptyCall", CALLS, clock_now() - t);

	acquire_read(0, DIOS_REF_SELF, 0, ADDR(&iov));
	t = clock_now();
	for (i = 0; i < CALLS; i++)
		commit_read(0, DIOS_REF_SELF, 0, ADDR(&iov));	/* a struct in, a struct out */
	result("Commit", CALLS, clock_now() - t);

	t = clock_now();
	for (i = 0; i < OBJECTS; i++) {
		create(0, DIOS_T_RANDOM, 0, 0, ADDR(&ref));
		delete(0, ref);
	}
	result("CreateAnonymous", OBJECTS, clock_now() - t);
	t = clock_now();
	for (i = 0; i < OBJECTS; i++) {
		create(0, DIOS_T_RANDOM, 0, ADDR(name), ADDR(&ref));
		delete(0, ref);
	}
	result("CreateNamed", OBJECTS, clock_now() - t);
	l_close(dev);
}

static int run(int argc, char **argv)
{
	int i;

	/* The first of each is not counted: it fills caches. */
	for (i = 0; i <= ROUNDS; i++) {
		linux_calls();
		dios_calls();
	}
	leave(0);
}
