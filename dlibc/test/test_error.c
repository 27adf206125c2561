/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* test_error.c - each error of abi/dios.h has its name and text, and no other number has one. */
#include <string.h>
#include "test.h"
#include "../include/dios.h"

int main(void)
{
	static const struct {
		long number;
		const char *name, *text;
	} some[] = {
		{ DIOS_EBADREF, "EBADREF", "no such reference" },
		{ DIOS_EPIPE, "EPIPE", "the other side is gone" },
		{ DIOS_EADDR, "EADDR", "address not available" },
		{ DIOS_EHOST, "EHOST", "never used by DIOS: Linux without DIOS answers so" },
		{ 0, "E?", "unknown error" },
		{ 37, "E?", "unknown error" },
		{ 1000, "E?", "unknown error" },
		{ INT64_MAX, "E?", "unknown error" },
	};
	unsigned int i, known = 0;

	for (i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		check(!strcmp(dios_error_name(some[i].number), some[i].name), "%ld", some[i].number);
		check(!strcmp(dios_error_text(some[i].number), some[i].text), "%ld", some[i].number);
		check(!strcmp(dios_error_name(-some[i].number), some[i].name), "%ld", -some[i].number);
	}
	check(!strcmp(dios_error_name(INT64_MIN), "E?"));
	for (i = 1; i <= DIOS_EADDR; i++)
		known += !!strcmp(dios_error_name(i), "E?");
	check(known == DIOS_EADDR, "%u", known);
	printf("error: %u names\n", known + 1);
	return 0;
}
