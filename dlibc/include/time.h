/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* time.h - clocks. */
#ifndef DLIBC_TIME_H
#define DLIBC_TIME_H

typedef long time_t;
typedef int clockid_t;

struct timespec {
	time_t tv_sec;
	long tv_nsec;
};

#define CLOCK_REALTIME		0
#define CLOCK_MONOTONIC		1

/*
 * The host's vDSO tells the time, without a call. Where it cannot, because the host's clock source is
 * not the TSC, a TIMER tells CLOCK_MONOTONIC, and CLOCK_REALTIME moves in steps of some milliseconds.
 * Return: 0; -1: there is no such clock.
 */
int clock_gettime(clockid_t clock, struct timespec *t);

/* Waits at least so long, on CLOCK_MONOTONIC. Return: 0; -1: t is no time. rest is not looked at. */
int nanosleep(const struct timespec *t, struct timespec *rest);

#endif
