/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * bounds.c - what a debug build finds: bounds [write OFFSET | keep OFFSET | twice]
 *
 * It writes there, of 40 bytes that it has, and frees them, or keeps them to the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	char *p = malloc(40);
	const char *mistake = argc > 1 ? argv[1] : "none";

	if (argc > 2)
		p[atoi(argv[2])] = 1;
	printf("%s\n", mistake);
	if (strcmp(mistake, "keep"))
		free(p);
	if (!strcmp(mistake, "twice"))
		free(argc > 1 ? p : NULL);
	return 0;
}
