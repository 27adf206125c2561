// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Mkabi writes everything that is made from abi/dios.h, the single source of
// the interface between DIOS and its programs.
//
// Usage:
//
//	mkabi [-root dir] [-check]
//
// Mkabi reads abi/dios.h line by line and writes
//
//	src/internal/runtime/syscall/dios/zabi_dios.go   for the Go runtime
//	src/syscall/dios/zabi_dios.go                    for Go programs
//	internal/abi/zabi.go                             for the tools on the host
//	docs/calls.md                                    for people
//
// With -check it writes nothing, names every one of these files that is not
// what it would write, and then exits with status 1.
//
// The root is the folder that holds abi/dios.h; without -root it is the
// current folder or the nearest one above it.
//
// # The dialect
//
// The header is C, but only as much of it as this program understands; any
// other line is an error with the line's number, not something to skip.
//
//	#define DIOS_X number /* text */
//
// is a constant. Its text is its documentation, and for an error (DIOS_E...)
// what users see.
//
//	/*
//	 * dios_x - summary
//	 *
//	 * argument: its meaning
//	 *
//	 * more text
//	 *
//	 * Errors: EINVAL EFAULT
//	 */
//	#define DIOS_X 0xD1nn /* x(argument) */
//
// is a call and its manual.
//
//	struct dios_x {
//		__u64 field; /* text */
//	};
//	_Static_assert(sizeof(struct dios_x) == 8, "dios_x");
//
// is a structure of __u8, __u32, __u64, structures already defined, and arrays
// of them. It has no padding but what is written down as a field.
package main
