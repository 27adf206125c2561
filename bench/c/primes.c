/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * primes.c - the sum of the primes below 1000, in parallel: figures 4.9 and 4.10 of the dissertation.
 *
 * Twelve tasks are given numbers in turn and give back those that are prime; these are given in
 * turn to eight tasks that add them up. All goes by way of the first task.
 */
#include "tasks.h"

#define NMAPPERS	12
#define NREDUCERS	8
#define NUMBERS		1000
#define END		0xffffffffu
#define SUM		76127

static int prime(uint32_t n)
{
	uint32_t i;

	if (n < 2)
		return 0;
	for (i = 2; i < n; i++)
		if (n % i == 0)
			return 0;
	return 1;
}

static void filter(struct peer *parent)
{
	uint32_t n;

	while ((n = get(parent)) != END)
		if (prime(n))
			put(parent, n);
	put(parent, END);
}
TASK(filter);

static void add(struct peer *parent)
{
	uint32_t n, sum = 0;

	while ((n = get(parent)) != END)
		sum += n;
	put(parent, sum);
}
TASK(add);

TASKS({ "filter", filter }, { "add", add });

static uint32_t sum_of_primes(void)
{
	struct peer mappers[NMAPPERS], reducers[NREDUCERS];
	int ended[NMAPPERS] = { 0 };
	uint32_t i, n, sum = 0, left = NMAPPERS, turn = 0;

	for (i = 0; i < NMAPPERS; i++)
		start(&mappers[i], "filter");
	for (i = 0; i < NREDUCERS; i++)
		start(&reducers[i], "add");
	for (i = 0; i < NUMBERS; i++)
		put(&mappers[i % NMAPPERS], i);
	for (i = 0; i < NMAPPERS; i++)
		put(&mappers[i], END);
	for (i = 0; left; i = (i + 1) % NMAPPERS) {
		if (ended[i])
			continue;
		n = get(&mappers[i]);
		if (n == END) {
			ended[i] = 1;
			left--;
			continue;
		}
		put(&reducers[turn++ % NREDUCERS], n);
	}
	for (i = 0; i < NREDUCERS; i++) {
		put(&reducers[i], END);
		sum += get(&reducers[i]);
		finish(&reducers[i]);
	}
	for (i = 0; i < NMAPPERS; i++)
		finish(&mappers[i]);
	return sum;
}

static void measure(const char *name)
{
	uint64_t t = now();

	if (sum_of_primes() != SUM)
		failed("the sum");
	result(name, 1, now() - t);
}

int main(int argc, char **argv)
{
	run_task(argc, argv);
	measure("CPrimes");
	if (!ON_DIOS) {
		forks = 1;
		measure("CPrimesForks");
	}
	return 0;
}
