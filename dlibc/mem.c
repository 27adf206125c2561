/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* mem.c - private memory, an object at a time. */
#include "dlibc.h"

void *mem_map(size_t len, dios_ref *ref)
{
	struct dios_privmem spec = { len };
	struct dios_iov iov = { 0, 0 };

	if (dios_create(0, DIOS_T_PRIVMEM, &spec, NULL, ref, 0))
		return NULL;
	if (dios_acquire_write(0, *ref, 0, &iov, 0, 0)) {
		dios_delete(0, *ref);
		return NULL;
	}
	return (void *)(uintptr_t)iov.addr;
}

/* A reference takes its buffers with it. */
void mem_unmap(dios_ref ref)
{
	dios_delete(0, ref);
}
