/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* inttypes.h - how to print the types of stdint.h. */
#ifndef DLIBC_INTTYPES_H
#define DLIBC_INTTYPES_H

#include <stdint.h>

#define PRId32	"d"
#define PRIu32	"u"
#define PRIx32	"x"
#define PRId64	"ld"
#define PRIu64	"lu"
#define PRIx64	"lx"
#define PRIdPTR	"ld"
#define PRIuPTR	"lu"
#define PRIxPTR	"lx"

#endif
