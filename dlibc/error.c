/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* error.c - names and texts of the errors, which the Makefile takes from abi/dios.h. */
#include <dios.h>

static const struct {
	const char *name, *text;
} errors[] = {
#define DIOS_ERROR(number, name, text)	[number] = { name, text },
#include "errors.inc"
};

static long index_of(long error)
{
	if (error < 0)
		error = -(unsigned long)error;
	return error > 0 && error < (long)(sizeof(errors) / sizeof(errors[0])) && errors[error].name ? error : 0;
}

const char *dios_error_name(long error)
{
	long i = index_of(error);

	return i ? errors[i].name : "E?";
}

const char *dios_error_text(long error)
{
	long i = index_of(error);

	return i ? errors[i].text : "unknown error";
}
