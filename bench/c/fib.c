/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* fib.c - the 30th Fibonacci number by the definition, in C: figure 4.7 of the dissertation. */
#include "tasks.h"

static __attribute__((noinline)) uint32_t fib(uint32_t n)
{
	return n < 2 ? n : fib(n - 2) + fib(n - 1);
}

int main(void)
{
	volatile uint32_t n = 30;
	uint64_t t = now();

	if (fib(n) != 832040)
		failed("fib");
	result("CFib30", 1, now() - t);
	return 0;
}
