/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* fibtasks.c - Fibonacci numbers by the definition, with a task for each call: figure 4.8 of the dissertation. */
#include "tasks.h"

static uint32_t fib(uint32_t n);

static void fib_task(struct peer *parent)
{
	put(parent, fib(get(parent)));
}
TASK(fib_task);
TASKS({ "fib_task", fib_task });

static uint32_t fib(uint32_t n)
{
	struct peer a, b;
	uint32_t sum;

	if (n < 2)
		return n;
	start(&a, "fib_task");
	put(&a, n - 1);
	start(&b, "fib_task");
	put(&b, n - 2);
	sum = get(&a) + get(&b);
	finish(&a);
	finish(&b);
	return sum;
}

static void measure(const char *name)
{
	static const uint32_t want[] = { 0, 1, 1, 2, 3, 5, 8, 13, 21 };
	char full[40];
	uint32_t n;
	uint64_t t;

	fib(2);
	for (n = 2; n <= 8; n += 2) {
		snprintf(full, sizeof(full), "%s%u", name, n);
		t = now();
		if (fib(n) != want[n])
			failed("fib");
		result(full, 1, now() - t);
	}
}

int main(int argc, char **argv)
{
	run_task(argc, argv);
	measure("CFibTasks");
	if (!ON_DIOS) {
		forks = 1;
		measure("CFibForks");
	}
	return 0;
}
