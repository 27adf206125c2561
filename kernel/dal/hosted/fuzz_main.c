// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_main.c - plays a fuzzer's games without libFuzzer: any compiler will do.
 *
 *	fuzzer SECONDS [SEED]
 *
 * Inputs are random bytes, each made from a number; when a game goes wrong the
 * number is said, and `fuzzer 0 NUMBER` plays it again.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sanitizer/common_interface_defs.h>
#include "hosted.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static u64 game;

static void say_game(void)
{
	fprintf(stderr, "in game %llu\n", (unsigned long long)game);
}

static void stopped(int sig)
{
	say_game();
	_exit(1);
}

/* A fuzzer that knows what its inputs look like makes them by this. */
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, unsigned int seed)
	__attribute__((weak));
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max);

static u64 x;

static u64 random64(void)
{
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* Some bytes become others, and a few are added at the end. */
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max)
{
	size_t n = random64() % 16;

	while (size < max && n--)
		data[size++] = random64() >> 32;
	for (n = random64() % 8; size && n; n--)
		data[random64() % size] = random64() >> 32;
	return size;
}

static void play(void)
{
	static u8 data[4096];
	size_t size = 0, n;

	x = (game + 1) * 0x9e3779b97f4a7c15ULL;
	random64();
	if (LLVMFuzzerCustomMutator) {
		for (n = 1 + random64() % 8; n; n--)
			size = LLVMFuzzerCustomMutator(data, size, sizeof(data), random64());
	} else {
		size = random64() % 512;
		for (n = 0; n < size; n++)
			data[n] = random64() >> 32;
	}
	LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
	time_t end;
	u64 n = 0;

	if (argc < 2)
		return 2;
	end = time(NULL) + atoi(argv[1]);
	game = argc > 2 ? strtoull(argv[2], NULL, 10) : (u64)time(NULL) << 20;
	signal(SIGABRT, stopped);
	__sanitizer_set_death_callback(say_game);
	do {
		play();
		game++;
		n++;
	} while (time(NULL) < end);
	printf("%llu games\n", (unsigned long long)n);
	return 0;
}
