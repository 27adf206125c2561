/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* pingpong.c - records to another task and back: any size, in order, and then the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dios.h>

#define MAX	8000

static char data[MAX], back[MAX];

/* Sends back what comes, until nothing does. */
static int echo(int argc, char **argv)
{
	struct dios_chan in = { .ref = dios_start()->refs[0].ref }, out = { .ref = dios_start()->refs[1].ref };
	unsigned int n = 0;
	long len;

	while ((len = dios_recv(&in, data, sizeof(data))) >= 0) {
		if (dios_send(&out, data, len))
			return 1;
		n++;
	}
	printf("%s of %d: %u records, then %s\n", argv[argc - 1], argc, n, dios_error_name(len));
	return n % 100;
}
DIOS_ENTRY(echo);

/* The sum of what comes. */
static int sum(int argc, char **argv)
{
	struct dios_chan in = { .ref = dios_start()->refs[0].ref };
	unsigned int total = 0;
	const void *record;

	(void)argc;
	(void)argv;
	while (dios_next(&in, &record) > 0)
		total += *(const unsigned int *)record;
	return total % 101;
}
DIOS_ENTRY(sum);

int main(void)
{
	struct dios_chan to = { .ref = 0 }, from = { .ref = 0 };
	struct dios_task_status status;
	struct dios_grant ends[2];
	char *const argv[] = { "echo", "the echo", NULL };
	dios_ref r1, w1, r2, w2, task;
	unsigned int i, wrong = 0;
	const void *record;
	long err, len;

	if (dios_pipe(16384, &r1, &w1) || dios_pipe(16384, &r2, &w2))
		return 1;
	ends[0] = (struct dios_grant){ .ref = r1, .rights = DIOS_R_READ };
	ends[1] = (struct dios_grant){ .ref = w2, .rights = DIOS_R_WRITE };
	err = dios_spawn("echo", argv, ends, 2, &task);
	if (err) {
		printf("spawn: %s\n", dios_error_text(err));
		return 1;
	}
	dios_delete(0, r1);
	dios_delete(0, w2);
	to.ref = w1;
	to.sole = 1;
	from.ref = r2;
	for (i = 0; i < 1000; i++) {
		size_t size = i * 59 % (MAX + 1);

		memset(data, i, size);
		err = dios_send(&to, data, size);
		if (err) {
			printf("send: %s\n", dios_error_text(err));
			return 1;
		}
		/* In both ways there are. */
		if (i % 2) {
			len = dios_recv(&from, back, sizeof(back));
			record = back;
		} else {
			len = dios_next(&from, &record);
		}
		if (len != (long)size || memcmp(record, data, size))
			wrong++;
	}
	/* Too long for where it is to go: it is still there then. */
	dios_send(&to, "a record", 8);
	printf("%s\n", dios_error_name(dios_recv(&from, back, 7)));
	printf("%ld %.8s\n", dios_recv(&from, back, 8), back);
	dios_close(&to);
	printf("then %s\n", dios_error_name(dios_recv(&from, back, sizeof(back))));
	dios_close(&from);
	len = dios_join(task, &status);
	printf("1000 records, %u wrong; status %ld, %d\n", wrong, len, status.how == DIOS_END_EXIT);

	/* More records than the ring has room for, of one size and of two, to a task that is slow. */
	for (i = 0; i < 2; i++) {
		unsigned int k, sum = 0, n = 3000;

		if (dios_pipe(4096, &r1, &w1))
			return 1;
		ends[0] = (struct dios_grant){ .ref = r1, .rights = DIOS_R_READ };
		if (dios_spawn("sum", NULL, ends, 1, &task))
			return 1;
		dios_delete(0, r1);
		to = (struct dios_chan){ .ref = w1, .sole = !i };
		for (k = 0; k < n; k++) {
			unsigned int pair[2] = { k, k };

			sum += k;
			err = dios_send(&to, pair, k % 5 ? 4 : 8);
			if (err)
				printf("send: %s\n", dios_error_text(err));
		}
		dios_close(&to);
		printf("%s\n", dios_join(task, NULL) == sum % 101 ? "all came" : "not all");
	}

	/* Nobody reads. */
	if (dios_pipe(4096, &r1, &w1))
		return 1;
	to = (struct dios_chan){ .ref = w1 };
	dios_delete(0, r1);
	printf("%s\n", dios_error_name(dios_send(&to, "x", 1)));
	dios_close(&to);
	return 0;
}
