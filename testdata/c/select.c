/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* select.c - one task waits for several: each record is found, a timer among them, the ends, and the deadline. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dios.h>

#define NTASKS		5
#define NRECORDS	40

/* Sends its number so often. */
static int writer(int argc, char **argv)
{
	struct dios_chan out = { .ref = dios_start()->refs[0].ref };
	unsigned int i, me = atoi(argv[argc - 1]);

	for (i = 0; i < NRECORDS; i++)
		if (dios_send(&out, &me, sizeof(me)))
			return 1;
	return 10 + me;
}
DIOS_ENTRY(writer);

int main(void)
{
	struct dios_chan chans[NTASKS];
	struct dios_wait waits[NTASKS];
	unsigned int got[NTASKS] = { 0 }, ended = 0, i, who;
	dios_ref tasks[NTASKS], timer;
	struct dios_timer spec = { .first = 0 };
	__u64 selected, start, deadline;
	long len;

	for (i = 0; i < NTASKS; i++) {
		struct dios_grant end = { .rights = DIOS_R_WRITE };
		char number[12];
		char *const argv[] = { "writer", number, NULL };
		dios_ref r;

		snprintf(number, sizeof(number), "%u", i);
		if (dios_pipe(4096, &r, &end.ref) || dios_spawn("writer", argv, &end, 1, &tasks[i]))
			return 1;
		dios_delete(0, end.ref);
		chans[i] = (struct dios_chan){ .ref = r };
		waits[i] = (struct dios_wait){ .ref = r, .rights = DIOS_R_READ };
	}
	while (ended < NTASKS) {
		long err = dios_select(0, waits, NTASKS, &selected, -1);

		if (err == -DIOS_EINTR)
			continue;
		if (err) {
			printf("select: %s\n", dios_error_text(err));
			return 1;
		}
		len = dios_recv(&chans[selected], &who, sizeof(who));
		if (len == sizeof(who) && who == selected) {
			got[selected]++;
			continue;
		}
		printf("%s\n", dios_error_name(len));
		ended++;
		/* One that never is ready takes its place. */
		if (dios_create(0, DIOS_T_TIMER, &spec, NULL, &timer, 0))
			return 1;
		dios_close(&chans[selected]);
		waits[selected].ref = timer;
	}
	for (i = 0; i < NTASKS; i++)
		printf("%u records, status %ld\n", got[i], dios_join(tasks[i], NULL));

	printf("%s\n", dios_error_name(dios_select(0, waits, NTASKS, &selected, 0)));
	start = dios_now();
	deadline = start + 20000000;
	while ((len = dios_select(0, waits, NTASKS, &selected, deadline)) == -DIOS_EINTR)
		;
	printf("%s, %s\n", dios_error_name(len), dios_now() >= deadline ? "not before its time" : "too early");
	spec.first = dios_now() + 10000000;
	if (dios_create(0, DIOS_T_TIMER, &spec, NULL, &timer, 0))
		return 1;
	waits[3].ref = timer;
	while ((len = dios_select(0, waits, NTASKS, &selected, -1)) == -DIOS_EINTR)
		;
	printf("%ld, the timer is number %llu, %s\n", len, selected, dios_now() >= spec.first ? "in time" : "too early");
	return 0;
}
