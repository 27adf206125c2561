/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * tasks.h - the same program with tasks and FIFOs on DIOS, and with processes and pipes on Linux.
 *
 * A task is a function void f(struct peer *parent), registered with TASK(f); who starts it
 * has a peer as well, and each can put numbers to the other. On Linux there are two ways, and
 * forks says which: to fork, and to start the program anew as DIOS does.
 */
#define _GNU_SOURCE	/* pipe2 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static inline void result(const char *name, uint64_t n, uint64_t ns)
{
	printf("Benchmark%s %llu %llu.%llu ns/op\n", name, (unsigned long long)n, (unsigned long long)(ns / n),
	       (unsigned long long)(ns * 10 / n % 10));
	fflush(stdout);
}

static inline void failed(const char *what)
{
	printf("%s failed\n", what);
	fflush(stdout);
	exit(1);
}

static __attribute__((unused)) int forks;

#if __has_include(<dios.h>)

#include <dios.h>

#define ON_DIOS	1
#define RING	4096

struct peer {
	struct dios_chan to, from;
	dios_ref task;
};

static inline void put(struct peer *p, uint32_t n)
{
	if (dios_send(&p->to, &n, sizeof(n)))
		failed("send");
}

static inline uint32_t get(struct peer *p)
{
	const void *record;

	if (dios_next(&p->from, &record) != sizeof(uint32_t))
		failed("receive");
	return *(const uint32_t *)record;
}

static inline void start(struct peer *p, const char *function)
{
	dios_ref r1, w1, r2, w2;
	struct dios_grant ends[2];

	if (dios_pipe(RING, &r1, &w1) || dios_pipe(RING, &r2, &w2))
		failed("pipe");
	ends[0] = (struct dios_grant){ .ref = r1, .rights = DIOS_R_READ };
	ends[1] = (struct dios_grant){ .ref = w2, .rights = DIOS_R_WRITE };
	if (dios_spawn(function, NULL, ends, 2, &p->task))
		failed("spawn");
	dios_delete(0, r1);
	dios_delete(0, w2);
	p->to = (struct dios_chan){ .ref = w1, .sole = 1 };
	p->from = (struct dios_chan){ .ref = r2 };
}

/* Its function has returned, or will. */
static inline void finish(struct peer *p)
{
	dios_close(&p->to);
	dios_close(&p->from);
	if (dios_join(p->task, NULL))
		failed("a task");
}

#define TASK(f)										\
	static int f##_task(int argc, char **argv)					\
	{										\
		struct peer parent = {							\
			.from = { .ref = dios_start()->refs[0].ref },			\
			.to = { .ref = dios_start()->refs[1].ref, .sole = 1 },		\
		};									\
											\
		(void)argc;								\
		(void)argv;								\
		f(&parent);								\
		return 0;								\
	}										\
	static const struct dios_entry f##_entry					\
	__attribute__((used, section("dios_entries"), aligned(8))) = { #f, f##_task }
#define TASKS(...)
#define run_task(argc, argv)	((void)(argc), (void)(argv))

#else

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#define ON_DIOS	0

extern char **environ;

struct peer {
	int to, from;
	pid_t task;
};

static inline void put(struct peer *p, uint32_t n)
{
	if (write(p->to, &n, sizeof(n)) != sizeof(n))
		failed("write");
}

static inline uint32_t get(struct peer *p)
{
	uint32_t n;

	if (read(p->from, &n, sizeof(n)) != sizeof(n))
		failed("read");
	return n;
}

struct task {
	const char *name;
	void (*function)(struct peer *);
};

extern const struct task tasks[];

static const struct task *task(const char *name)
{
	const struct task *t;

	for (t = tasks; t->name; t++)
		if (!strcmp(t->name, name))
			return t;
	failed(name);
	return NULL;
}

static inline void start(struct peer *p, const char *function)
{
	char *const argv[] = { (char *)"task", (char *)function, NULL };
	posix_spawn_file_actions_t actions;
	int there[2], back[2], err;

	if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
		failed("pipe");
	if (forks) {
		p->task = fork();
		if (!p->task) {
			struct peer parent = { .to = back[1], .from = there[0] };

			close(there[1]);
			close(back[0]);
			task(function)->function(&parent);
			_exit(0);
		}
		if (p->task < 0)
			failed("fork");
	} else {
		/* Its standard input and output, as in the dissertation. */
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, there[0], 0);
		posix_spawn_file_actions_adddup2(&actions, back[1], 1);
		err = posix_spawn(&p->task, "/proc/self/exe", &actions, NULL, argv, environ);
		posix_spawn_file_actions_destroy(&actions);
		if (err)
			failed("spawn");
	}
	close(there[0]);
	close(back[1]);
	p->to = there[1];
	p->from = back[0];
}

static inline void finish(struct peer *p)
{
	int status;

	close(p->to);
	close(p->from);
	if (waitpid(p->task, &status, 0) != p->task || status)
		failed("a process");
}

#define TASK(f)		struct task
#define TASKS(...)	const struct task tasks[] = { __VA_ARGS__, { NULL, NULL } }

static inline void run_task(int argc, char **argv)
{
	struct peer parent = { .to = 1, .from = 0 };

	if (argc < 2)
		return;
	task(argv[1])->function(&parent);
	exit(0);
}

#endif
