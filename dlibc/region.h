/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* region.h - regions of private memory, found by their addresses. */
#ifndef DLIBC_REGION_H
#define DLIBC_REGION_H

#include <stddef.h>

/*
 * As mmap and munmap are elsewhere. len is a multiple of the page; the memory is zero.
 * Return: where it is, or NULL.
 */
void *region_map(size_t len);

/* start is what region_map returned. */
void region_unmap(void *start);

/* Return: the start of the region that p lies in, or NULL; len: its length. */
void *region_find(const void *p, size_t *len);

#endif
