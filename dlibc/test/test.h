/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* test.h - random numbers and checks, for the tests of the library. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static inline uint64_t random64(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dULL;
}

/* A number below n. */
static inline unsigned int below(unsigned int n)
{
	return (random64() >> 33) % n;
}

static unsigned long seed = 1, rounds;

#define check(holds, ...)									\
	do {											\
		if (!(holds)) {									\
			fprintf(stderr, "%s:%d: seed %lu: %s does not hold", __FILE__, __LINE__, seed, #holds);	\
			fprintf(stderr, ": " __VA_ARGS__);					\
			fprintf(stderr, "\n");							\
			exit(1);								\
		}										\
	} while (0)

static inline void begin(int argc, char **argv, unsigned long default_rounds)
{
	if (argc > 1)
		seed = strtoul(argv[1], NULL, 0);
	rounds = argc > 2 ? strtoul(argv[2], NULL, 0) : default_rounds;
	state = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	random64();
}
