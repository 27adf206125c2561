/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* hello.c - one line: the way to standard output works, and the program ends. */
#include <stdio.h>

int main(void)
{
	printf("Hello, world!\n");
	return 0;
}
