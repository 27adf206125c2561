/* brand: pure */
/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * Takes of one thing until the kernel says EQUOTA, gives one back, takes one
 * again and is refused the next. It prints how many it had.
 *
 *	limits objects | refs | tasks | lent | memory | shared | stored
 *	limits wait		waits for ever, with a timer and its copy
 *	limits keep | drop	puts some blobs of a page into the store, or takes them out
 */
#include "../abi/abi.h"

#define MOST	400
#define KEPT	70	/* more than the kernel reads of a folder at once */

static u64 refs[MOST];
static struct dios_iov iovs[MOST];

static s64 take(const char *what, u32 i)
{
	struct dios_shmem shared = { PAGE };
	struct dios_privmem private = { 16 * PAGE };
	struct dios_blob stored = { 4 * PAGE - 1 };
	s64 ref;

	iovs[i] = (struct dios_iov){ 0, 0 };
	if (equal(what, "objects"))
		return create(0, DIOS_T_RANDOM, 0, 0, ADDR(&refs[i]));
	if (equal(what, "refs")) {
		ref = with_rights(start->random, DIOS_R_READ);
		refs[i] = ref;
		return ref < 0 ? ref : 0;
	}
	if (equal(what, "tasks"))
		return start_self("wait", NULL, 0, &refs[i]);
	if (equal(what, "lent"))
		return acquire_read(0, start->random, 4 * PAGE, ADDR(&iovs[i]));
	if (equal(what, "memory")) {
		if (!refs[i])
			is(create(0, DIOS_T_PRIVMEM, ADDR(&private), 0, ADDR(&refs[i])), 0);
		return acquire_write(0, refs[i], 0, ADDR(&iovs[i]));
	}
	if (equal(what, "stored"))
		return create(0, DIOS_T_BLOB, ADDR(&stored), 0, ADDR(&refs[i]));
	return create(0, DIOS_T_SHMEM, ADDR(&shared), 0, ADDR(&refs[i]));
}

static void give_back(const char *what, u32 i)
{
	if (equal(what, "lent")) {
		is(release_read(0, start->random, ADDR(&iovs[i])), 0);
	} else if (equal(what, "tasks")) {
		is(delete(DIOS_DELETE_ZOMBIFY, refs[i]), 0);
		wait_for(refs[i]);
	} else {
		is(delete(0, refs[i]), 0);
		refs[i] = 0;
	}
}

static int wait_for_ever(void)
{
	u64 selected, timer = new_timer(0, 0);
	struct dios_wait w = { timer, DIOS_R_READ, 0 };

	is(with_rights(timer, DIOS_R_READ) > 0, 1);
	while (selects(0, ADDR(&w), 1, ADDR(&selected), -1) == -DIOS_EINTR)
		;
	return 1;
}

static int keep(int drop)
{
	struct dios_blob one = { PAGE };
	u8 name[DIOS_NAME_SIZE] = "limits";
	u64 ref, room;
	u32 i;

	for (i = 0; i < KEPT; i++) {
		name[7] = i;
		room = 1;
		if (drop) {
			is(lookup(DIOS_LOOKUP_PUBLIC, ADDR(name), ADDR(&ref), ADDR(&room)), 0);
			is(delete(DIOS_DELETE_ZOMBIFY, ref), 0);
		} else {
			is(create(DIOS_CREATE_PUBLIC, DIOS_T_BLOB, ADDR(&one), ADDR(name), ADDR(&ref)), 0);
		}
		is(delete(0, ref), 0);
	}
	return failures ? 1 : 0;
}

static int run(int argc, char **argv)
{
	const char *what = argv[1];
	s64 err = 0;
	u64 pause;
	u32 n;

	if (equal(what, "wait"))
		return wait_for_ever();
	if (equal(what, "keep") || equal(what, "drop"))
		return keep(equal(what, "drop"));
	/* Whoever started us is of the same user, and gives back what it had for that. */
	pause = new_timer(now() + 100 * MS, 0);
	wait_due(pause);
	is(delete(0, pause), 0);
	for (n = 0; n < MOST - 1; n++) {
		err = take(what, n);
		if (err)
			break;
	}
	is(err, -DIOS_EQUOTA);
	if (!n)
		return 1;
	give_back(what, 0);
	is(take(what, 0), 0);
	is(take(what, n), -DIOS_EQUOTA);
	if (equal(what, "tasks"))
		while (n > 0 && !failures)
			give_back(what, --n), say(".");
	else
		say_dec(n);
	say("\n");
	return failures ? 1 : 0;
}
