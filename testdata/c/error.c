/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * error.c - a program that fails: its message is on standard error, what it said before on standard
 * output, and its status is that of an abort. With an argument it ends in another way.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int x[] = { 0, 2, 3 };

static int element(unsigned int i)
{
	assert(i < sizeof(x) / sizeof(x[0]));
	return x[i];
}

static void goodbye(void)
{
	printf("atexit: last\n");
}

static void before_that(void)
{
	printf("atexit: first\n");
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		atexit(goodbye);
		atexit(before_that);
		printf("no line end");
		if (!strcmp(argv[1], "_Exit")) {
			fflush(stdout);
			_Exit(7);
		}
		exit(atoi(argv[1]));
	}
	printf("before\n");
	fflush(stdout);
	printf("%d\n", element(8));
	printf("after\n");
	return 0;
}
