/* brand: legacy */
/* A Linux process makes no DIOS call, gets no /dev/dios, and starts no DIOS task. */
#define LINUX_PROCESS
#include "abi.h"
#include "linux.h"

static int run(int argc, char **argv)
{
	u64 nr, out[8] = { 0 };

	if (argc > 1)
		return 3;
	for (nr = DIOS_CREATE; nr <= DIOS_RELEASE_WRITE; nr++) {
		about = "call";
		about_number = nr;
		is(syscall6(nr, 0, DIOS_T_RANDOM, 0, 0, ADDR(out), 0), -DIOS_EHOST);
	}
	about = NULL;
	is(l_open("/dev/dios", L_RDWR), -L_EPERM);
	is(l_open("/dev/dios", L_RDONLY), -L_EPERM);
	is(create(0, DIOS_T_RANDOM, 0, 0, ADDR(out)), -DIOS_EHOST);
	/* The programs lie beside this one, put there by the runner. */
	ok(l_exec_in_child("/abi/legacy") == 3);
	ok(l_exec_in_child("/abi/legacy_limbo") == 3);
	ok(l_exec_in_child("/abi/linux") == 256 - L_EPERM);
	ok(l_exec_in_child("/abi/dios_limbo") == 256 - L_EPERM);
	return 0;
}
