/* The DIOS tasks among the brands. */
#include "brands.h"

static int run(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (equal(argv[1], "none")) {
		none();
	} else {
		load(argv[2]);
		compare();
	}
	dios(1);
	say_dec(checks);
	say(" made\n");
	return 0;
}
