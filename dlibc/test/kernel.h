/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* kernel.h - what the tests of malloc see of their kernel. */
#include <stddef.h>
#include "../include/dios.h"

extern size_t kernel_mapped;		/* bytes */
extern size_t kernel_quota;		/* the most that it gives */
extern unsigned int kernel_objects;	/* how many there are */
extern unsigned long kernel_calls;	/* so far */
