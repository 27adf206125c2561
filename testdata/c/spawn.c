/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* spawn.c - tasks by the name of a function: arguments, environment, status, and every way to end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <dios.h>

static int says(int argc, char **argv)
{
	const char *value = getenv("SPAWN");
	int i;

	for (i = 0; i < argc; i++)
		printf("[%.20s] %zu ", argv[i], strlen(argv[i]));
	printf("SPAWN=%s\n", value ? value : "not there");
	return 42;
}
DIOS_ENTRY(says);

static int faults(int argc, char **argv)
{
	(void)argc;
	printf("this is not lost\n");
	*(volatile int *)strtoul(argv[1], NULL, 0) = 1;
	return 0;
}
DIOS_ENTRY(faults);

static int sleeps(int argc, char **argv)
{
	struct timespec hour = { 3600, 0 };

	(void)argc;
	(void)argv;
	nanosleep(&hour, NULL);
	return 0;
}
DIOS_ENTRY(sleeps);

static int aborts(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	abort();
}
DIOS_ENTRY(aborts);

/* A task of a task: what it writes comes in its place. */
static int again(int argc, char **argv)
{
	int depth = atoi(argv[argc - 1]);
	char less[12];
	char *const next[] = { "again", less, NULL };
	dios_ref task;
	long status = 0;

	printf("depth %d, ", depth);
	if (depth) {
		snprintf(less, sizeof(less), "%d", depth - 1);
		if (dios_spawn("again", next, NULL, 0, &task))
			return 1;
		status = dios_join(task, NULL);
	}
	printf("back in %d\n", depth);
	return status + 1;
}
DIOS_ENTRY(again);

static void spawn(const char *entry, char *const argv[])
{
	struct dios_task_status s;
	dios_ref task;
	long err = dios_spawn(entry, argv, NULL, 0, &task);

	if (err) {
		printf("%.20s: %s\n", entry, dios_error_name(err));
		return;
	}
	err = dios_join(task, &s);
	printf("%s: %ld, %s %u\n", entry, err, s.how == DIOS_END_EXIT ? "exit" : s.how == DIOS_END_FAULT ? "fault" : "killed", s.status);
}

int main(void)
{
	char *const args[] = { "says", "", "a b", "\x80\xff", NULL };
	char *const none[] = { NULL };
	char *const null[] = { "faults", "8", NULL };
	char *const deep[] = { "again", "4", NULL };
	char many[1000], name[DIOS_ENTRY_SIZE + 1];
	char *const much[] = { many, many, many, NULL };
	struct timespec a, b, some = { 0, 5000000 };
	dios_ref task;

	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = 0;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	spawn("says", args);
	spawn("says", NULL);
	spawn("says", much);
	spawn("says", none);
	spawn("faults", null);
	spawn("aborts", NULL);
	spawn("again", deep);
	spawn("nobody", NULL);
	spawn(name, NULL);
	if (dios_spawn("sleeps", NULL, NULL, 0, &task))
		return 1;
	dios_delete(DIOS_DELETE_ZOMBIFY, task);
	printf("sleeps: %ld\n", dios_join(task, NULL));

	clock_gettime(CLOCK_MONOTONIC, &a);
	nanosleep(&some, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%d\n", (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= some.tv_nsec);
	clock_gettime(CLOCK_REALTIME, &a);
	printf("%d %d\n", a.tv_sec > 1700000000, clock_gettime(77, &a));
	return 0;
}
