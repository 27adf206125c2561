/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* stdlib.c - numbers from text, copies of strings, sorting and searching. */
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int digit_of(char c)
{
	return isdigit(c) ? c - '0' : isalpha(c) ? tolower(c) - 'a' + 10 : 99;
}

/*
 * What all four do: the magnitude, at most max, which is returned when it is more;
 * negative is the sign, overflow says that it was more.
 */
static unsigned long long magnitude(const char *s, char **end, int base, unsigned long long max, bool *negative, bool *overflow)
{
	const char *p = s;
	unsigned long long n = 0;
	bool any = false;

	*negative = *overflow = false;
	if (end)
		*end = (char *)s;
	if (base < 0 || base == 1 || base > 36)
		return 0;
	while (isspace(*p))
		p++;
	if (*p == '-' || *p == '+')
		*negative = *p++ == '-';
	if ((base == 0 || base == 16) && p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && digit_of(p[2]) < 16) {
		p += 2;
		base = 16;
	}
	if (base == 0)
		base = *p == '0' ? 8 : 10;
	for (; digit_of(*p) < base; p++) {
		any = true;
		if (n > (max - digit_of(*p)) / base)
			*overflow = true;
		else
			n = n * base + digit_of(*p);
	}
	if (any && end)
		*end = (char *)p;
	return *overflow ? max : n;
}

long long strtoll(const char *restrict s, char **restrict end, int base)
{
	bool negative, overflow;
	/* One more than LLONG_MAX, which is LLONG_MIN when it is negative. */
	unsigned long long n = magnitude(s, end, base, 1ULL << 63, &negative, &overflow);

	if (negative)
		return n == 1ULL << 63 ? LLONG_MIN : -(long long)n;
	return n == 1ULL << 63 ? LLONG_MAX : (long long)n;
}

unsigned long long strtoull(const char *restrict s, char **restrict end, int base)
{
	bool negative, overflow;
	unsigned long long n = magnitude(s, end, base, ULLONG_MAX, &negative, &overflow);

	return negative && !overflow ? -n : n;
}

/* long is long long. */
long strtol(const char *restrict s, char **restrict end, int base)
{
	return strtoll(s, end, base);
}

unsigned long strtoul(const char *restrict s, char **restrict end, int base)
{
	return strtoull(s, end, base);
}

int atoi(const char *s)
{
	return strtol(s, NULL, 10);
}

long atol(const char *s)
{
	return strtol(s, NULL, 10);
}

char *strdup(const char *s)
{
	return strndup(s, SIZE_MAX);
}

char *strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = malloc(len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, s, len);
	copy[len] = 0;
	return copy;
}

static void swap(char *a, char *b, size_t size)
{
	for (; size; size--, a++, b++) {
		char c = *a;

		*a = *b;
		*b = c;
	}
}

/* Element i moves down among the first n until none below it is larger. */
static void sift(char *base, size_t i, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	size_t child;

	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && compare(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (compare(base + i * size, base + child * size) >= 0)
			return;
		swap(base + i * size, base + child * size, size);
		i = child;
	}
}

/* A heap sort: no memory, and no order that makes it slow. */
void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	size_t i;

	for (i = n / 2; i > 0; i--)
		sift(base, i - 1, n, size, compare);
	for (i = n; i > 1; i--) {
		swap(base, (char *)base + (i - 1) * size, size);
		sift(base, 0, i - 1, size, compare);
	}
}

void *bsearch(const void *key, const void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	const char *from = base;

	while (n) {
		const char *middle = from + n / 2 * size;
		int c = compare(key, middle);

		if (!c)
			return (void *)middle;
		if (c > 0) {
			from = middle + size;
			n--;
		}
		n /= 2;
	}
	return NULL;
}
