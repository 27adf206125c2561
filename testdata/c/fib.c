/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* fib.c - Fibonacci numbers by the definition: control flow and calls. */
#include <stdio.h>

static unsigned int fib(unsigned int n)
{
	switch (n) {
	case 0:
		return 0;
	case 1:
		return 1;
	}
	return fib(n - 2) + fib(n - 1);
}

int main(void)
{
	printf("fib(10) = %u\n", fib(10));
	printf("fib(27) = %u\n", fib(27));
	return 0;
}
