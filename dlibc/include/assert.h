/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* assert.h */
#undef assert
#ifdef NDEBUG
#define assert(holds)	((void)0)
#else
#define assert(holds)	((holds) ? (void)0 : assert_failed(#holds, __FILE__, __LINE__, __func__))
#endif

#ifndef DLIBC_ASSERT_H
#define DLIBC_ASSERT_H

_Noreturn void assert_failed(const char *what, const char *file, int line, const char *function);

#define static_assert	_Static_assert

#endif
