/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* task.c - starting tasks of the own program, and waiting for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlibc.h"

/* The strings lie one after the other, as the kernel put them there. */
static void environment(struct dios_run *spec)
{
	char **p;

	for (p = environ; *p; p++)
		;
	if (p == environ)
		return;
	spec->env = (uintptr_t)environ[0];
	spec->env_len = p[-1] + strlen(p[-1]) + 1 - environ[0];
	spec->envc = p - environ;
}

long dios_spawn(const char *entry, char *const argv[], const struct dios_grant *grants, unsigned int ngrants, dios_ref *task)
{
	const struct dios_start *start = dios_start();
	char *const only[] = { (char *)program, NULL };
	struct dios_run spec = {
		.refs = (uintptr_t)grants, .nrefs = ngrants,
		.in = start->in, .out = start->out, .err = start->err,
	};
	char small[256], *packed = small, *p;
	unsigned int i;
	long err;

	if (strlen(entry) >= DIOS_ENTRY_SIZE)
		return -DIOS_ETOOBIG;
	memcpy(spec.entry, entry, strlen(entry));
	if (!argv)
		argv = only;
	for (i = 0; argv[i]; i++)
		spec.argv_len += strlen(argv[i]) + 1;
	spec.argc = i;
	if (spec.argv_len > sizeof(small)) {
		packed = malloc(spec.argv_len);
		if (!packed)
			return -DIOS_ENOMEM;
	}
	for (i = 0, p = packed; argv[i]; i++, p += strlen(p) + 1)
		strcpy(p, argv[i]);
	spec.argv = (uintptr_t)packed;
	environment(&spec);

	flush_all();
	do
		err = dios_run(0, start->exe, &spec, task);
	while (err == -DIOS_EINTR);
	if (packed != small)
		free(packed);
	return err;
}

long dios_join(dios_ref task, struct dios_task_status *status)
{
	struct dios_iov iov = { 0, 0 };
	const struct dios_task_status *s;
	long result;

	do
		result = dios_acquire_read(0, task, 0, &iov, 0, 0);
	while (result == -DIOS_EINTR);
	if (result)
		return result;
	s = (const void *)(uintptr_t)iov.addr;
	if (status)
		*status = *s;
	result = s->how == DIOS_END_EXIT ? s->status : 128 + s->status;
	dios_delete(0, task);
	return result;
}
