/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * redirect.c - the outputs of a task are FIFOs: all of it comes, in order, also when a ring is shorter
 * than what is written at once; and when nobody reads, printing fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dios.h>

#define LINES	300

static int prints(int argc, char **argv)
{
	int i;

	(void)argc;
	(void)argv;
	fprintf(stderr, "error\n");
	for (i = 0; i < LINES; i++)
		printf("line %d\n", i);
	for (i = 0; i < 5000; i++)
		putchar('a' + i % 26);
	return 5;
}
DIOS_ENTRY(prints);

static int unheard(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return puts("x") == EOF && ferror(stdout) && fflush(stderr) == 0 ? 6 : 7;
}
DIOS_ENTRY(unheard);

static dios_ref run(const char *entry, dios_ref out, dios_ref err)
{
	struct dios_run spec = {
		.argv = (uintptr_t)"redirect", .argv_len = 9, .argc = 1, .out = out, .err = err,
	};
	dios_ref task;
	long e;

	memcpy(spec.entry, entry, strlen(entry));
	e = dios_run(0, dios_start()->exe, &spec, &task);
	if (e) {
		printf("run: %s\n", dios_error_text(e));
		exit(1);
	}
	return task;
}

static char all[20000], want[20000];

int main(void)
{
	dios_ref out_r, out_w, err_r, err_w, task;
	struct dios_chan out, err;
	size_t n = 0, m = 0;
	char message[20] = "";
	long len;
	int i;

	if (dios_pipe(4096, &out_r, &out_w) || dios_pipe(4096, &err_r, &err_w))
		return 1;
	task = run("prints", out_w, err_w);
	dios_delete(0, out_w);
	dios_delete(0, err_w);
	out = (struct dios_chan){ .ref = out_r };
	err = (struct dios_chan){ .ref = err_r };
	while ((len = dios_recv(&out, all + n, sizeof(all) - n)) >= 0)
		n += len;
	printf("%s, then %s", dios_error_name(len), dios_recv(&err, message, sizeof(message)) > 0 ? message : "nothing");
	for (i = 0; i < LINES; i++)
		m += snprintf(want + m, sizeof(want) - m, "line %d\n", i);
	for (i = 0; i < 5000; i++)
		want[m++] = 'a' + i % 26;
	printf("%zu bytes, %s, status %ld\n", n, n == m && !memcmp(all, want, n) ? "right" : "wrong", dios_join(task, NULL));
	dios_close(&out);
	dios_close(&err);

	if (dios_pipe(4096, &out_r, &out_w))
		return 1;
	dios_delete(0, out_r);
	task = run("unheard", out_w, dios_start()->err);
	dios_delete(0, out_w);
	printf("unheard: status %ld\n", dios_join(task, NULL));
	return 0;
}
