/* The Linux processes among the brands. */
#define LINUX_PROCESS
#include "brands.h"

static int run(int argc, char **argv)
{
	int dev;

	if (argc != 3)
		return 2;
	dios(0);
	if (equal(argv[1], "record")) {
		record(argv[2]);
	} else {
		load(argv[2]);
		compare();
		dev = l_open("/dev/dios", L_RDWR);
		if (equal(argv[0], "legacy-limbo"))
			ok(dev >= 0);
		else
			is(dev, -L_EPERM);
		dios(dev >= 0);
		compare();
	}
	say_dec(checks);
	say(" made\n");
	return 0;
}
