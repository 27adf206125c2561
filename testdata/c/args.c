/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* args.c - arguments and environment arrive byte for byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	static const char *const names[] = { "ARGS_A", "ARGS_EMPTY", "ARGS_EQ", "ARGS", "HOME" };
	unsigned int i;
	int k;

	printf("%d\n", argc);
	for (k = 0; k < argc; k++)
		printf("%zu [%.60s]\n", strlen(argv[k]), argv[k]);
	printf("%d\n", argv[argc] == NULL);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		printf("%s=%s\n", names[i], value ? value : "not there");
	}
	return 0;
}
