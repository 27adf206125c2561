/* SPDX-License-Identifier: GPL-2.0 */
/* types.h - each type's operations; its file ends with them. */
#ifndef DIOS_TYPES_H
#define DIOS_TYPES_H

#include "../core/core.h"

extern const struct dios_object_ops self_ops, task_ops, console_ops, privmem_ops,
	random_ops, timer_ops, shmem_ops, fifo_ops, stream_ops, dgram_ops, blob_ops,
	group_ops;

#endif /* DIOS_TYPES_H */
