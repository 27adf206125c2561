/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* result.h - a result, in the format of Go's benchmarks. */

static void result(const char *name, u64 n, u64 ns)
{
	say("Benchmark");
	say(name);
	say(" ");
	say_dec(n);
	say(" ");
	say_dec(ns / n);
	say(".");
	say_dec(ns * 10 / n % 10);
	say(" ns/op\n");
}
