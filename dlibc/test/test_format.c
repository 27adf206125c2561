/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * test_format.c - format.c against the host's snprintf: random formats and arguments, into buffers of any size.
 *
 * Called by a machine there is no list of arguments of any types; so a format has up to two conversions,
 * and each may have a width and a precision by argument: all that are integers or pointers
 * are passed alike on amd64, as what the conversion takes of them.
 */
#include <limits.h>
#include <string.h>
#include "test.h"

int dl_snprintf(char *, size_t, const char *, ...);

static uint64_t some_number(void)
{
	static const uint64_t odd[] = {
		0, 1, 7, 8, 9, 10, 255, 256, 0x7f, 0x80, 0x7fff, 0x8000, INT_MAX, INT_MIN, UINT_MAX, LONG_MAX, LONG_MIN,
		ULONG_MAX, -1, -7,
	};

	return below(3) ? odd[below(sizeof(odd) / sizeof(odd[0]))] : random64() >> below(64);
}

/* Appends a conversion to f, and its arguments to args. */
static int conversion(char *f, uint64_t *args)
{
	static const char *const lengths[] = { "", "", "", "hh", "h", "l", "ll", "j", "z", "t" };
	static const char flags[] = "-+ #0", kinds[] = "diuxXocsp%dx";
	static const char *const texts[] = { "", "x", "hello", "a longer text with spaces", NULL };
	char kind = kinds[below(sizeof(kinds) - 1)];
	int n = 0, i;

	f += strlen(f);
	*f++ = '%';
	if (kind == '%') {
		strcpy(f, "%");
		return 0;
	}
	for (i = below(4); i; i--)
		*f++ = flags[below(sizeof(flags) - 1)];
	switch (below(4)) {
	case 0:
		f += sprintf(f, "%u", 1 + below(30));
		break;
	case 1:
		*f++ = '*';
		args[n++] = (uint32_t)((int)below(40) - 15);
	}
	/* The host pads (nil) and characters by a precision in ways that nobody says. */
	if (kind != 'c' && kind != 'p') {
		switch (below(5)) {
		case 0:
			f += sprintf(f, ".%u", below(30));
			break;
		case 1:
			f += sprintf(f, ".*");
			args[n++] = (uint32_t)((int)below(30) - 5);
			break;
		case 2:
			*f++ = '.';
		}
	}
	if (strchr("diuxXo", kind))
		f += sprintf(f, "%s", lengths[below(sizeof(lengths) / sizeof(lengths[0]))]);
	*f++ = kind;
	*f = 0;
	if (kind == 's')
		args[n++] = (uintptr_t)texts[below(sizeof(texts) / sizeof(texts[0]))];
	else
		args[n++] = kind == 'c' ? 1 + below(255) : some_number();
	return n;
}

/* 0 with flags that mean nothing for the kind: the host does something, ISO C says nothing. */
static int undefined(const char *f)
{
	const char *p;
	char kind;

	for (p = strchr(f, '%'); p; p = strchr(p, '%')) {
		int zero = 0, alternate = 0;

		for (p++; strchr("-+ #0", *p) && *p; p++) {
			zero |= *p == '0';
			alternate |= *p == '#';
		}
		p += strspn(p, "0123456789*.hljzt");
		kind = *p++;
		if ((zero && strchr("csp", kind)) || (alternate && strchr("diucsp", kind)))
			return 1;
		/* A sign for a pointer is one more thing of the host's. */
	}
	return 0;
}

static void once(void)
{
	char f[128] = "", want[512], *got;
	uint64_t a[8] = { 0 };
	size_t size;
	int n = 0, w, g;

	if (below(2))
		strcat(f, "text ");
	n += conversion(f, a);
	if (below(2)) {
		strcat(f, ", ");
		n += conversion(f, a + n);
	}
	if (undefined(f) || (strchr(f, 'p') && strpbrk(f, "+ ")))
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	w = snprintf(want, sizeof(want), f, a[0], a[1], a[2], a[3], a[4], a[5]);
	size = below(3) ? below(40) : sizeof(want);
	got = malloc(size);
	g = dl_snprintf(got, size, f, a[0], a[1], a[2], a[3], a[4], a[5]);
#pragma GCC diagnostic pop
	check(w == g, "'%s': %d, want %d", f, g, w);
	if (size && size <= (size_t)w)
		want[size - 1] = 0;
	check(!size || !strcmp(got, want), "'%s' in %zu: '%s', want '%s'", f, size, got, want);
	free(got);
}

static void fixed(void)
{
	char s[32] = "unchanged";

	check(dl_snprintf(NULL, 0, "%d", 12345) == 5);
	check(dl_snprintf(s, 0, "%d", 12345) == 5 && !strcmp(s, "unchanged"));
	check(dl_snprintf(s, 1, "%d", 12345) == 5 && !*s);
	/* More than INT_MAX in all, in a width, in a precision, and by an argument. */
	check(dl_snprintf(s, sizeof(s), "%2147483647d%d", 1, 1) == -1);
	check(dl_snprintf(s, sizeof(s), "%2147483648d", 1) == -1);
	check(dl_snprintf(s, sizeof(s), "%99999999999999999999d", 1) == -1);
	check(dl_snprintf(s, sizeof(s), "%.99999999999999999999d", 1) == -1);
	check(dl_snprintf(s, sizeof(s), "%*d", INT_MIN, 1) == -1);
	check(dl_snprintf(s, sizeof(s), "%.*s", INT_MIN, "x") == 1 && !strcmp(s, "x"));
	check(strlen(s) < sizeof(s));
	/* What is not known stands as it is, and what ends too early is an error. */
	check(dl_snprintf(s, sizeof(s), "%5y|%d", 3) == 5 && !strcmp(s, "%5y|3"), "'%s'", s);
	check(dl_snprintf(s, sizeof(s), "abc%") == -1 && !strcmp(s, "abc"));
	check(dl_snprintf(s, sizeof(s), "%l") == -1);
	/* Not behind a text that its precision ends. */
	check(dl_snprintf(s, sizeof(s), "%.3s|", (const char[3]){ 'a', 'b', 'c' }) == 4 && !strcmp(s, "abc|"));
}

int main(int argc, char **argv)
{
	unsigned long i;

	begin(argc, argv, 300000);
	fixed();
	for (i = 0; i < rounds; i++)
		once();
	printf("format: %lu formats\n", rounds);
	return 0;
}
