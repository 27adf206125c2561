/* A task that lives for a moment, and makes calls. */
#include "../abi/abi.h"

static int run(int argc, char **argv)
{
	u32 i;

	for (i = 0; i < 20; i++) {
		u64 t = new_timer(1, MS);

		wait_due(t);
		if (i % 2)
			delete(0, t);
	}
	return 0;
}
