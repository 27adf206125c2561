/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* test_string.c - string.c and stdlib.c against the host's library, on random input in buffers of the exact size. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <string.h>
#include "test.h"

void *dl_memcpy(void *, const void *, size_t);
void *dl_memmove(void *, const void *, size_t);
void *dl_memset(void *, int, size_t);
int dl_memcmp(const void *, const void *, size_t);
void *dl_memchr(const void *, int, size_t);
size_t dl_strlen(const char *);
size_t dl_strnlen(const char *, size_t);
int dl_strcmp(const char *, const char *);
int dl_strncmp(const char *, const char *, size_t);
char *dl_strcpy(char *, const char *);
char *dl_strncpy(char *, const char *, size_t);
char *dl_strcat(char *, const char *);
char *dl_strncat(char *, const char *, size_t);
char *dl_strchr(const char *, int);
char *dl_strrchr(const char *, int);
char *dl_strstr(const char *, const char *);
size_t dl_strspn(const char *, const char *);
size_t dl_strcspn(const char *, const char *);
char *dl_strpbrk(const char *, const char *);
char *dl_strtok_r(char *, const char *, char **);
char *dl_strdup(const char *);
char *dl_strndup(const char *, size_t);
long dl_strtol(const char *, char **, int);
unsigned long dl_strtoul(const char *, char **, int);
long long dl_strtoll(const char *, char **, int);
unsigned long long dl_strtoull(const char *, char **, int);
int dl_atoi(const char *);
void dl_qsort(void *, size_t, size_t, int (*)(const void *, const void *));
void *dl_bsearch(const void *, const void *, size_t, size_t, int (*)(const void *, const void *));

void *dl_malloc(size_t n)
{
	return malloc(n);
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

/* A string of few different bytes, in memory that ends with it. */
static char *random_string(size_t max)
{
	static const char bytes[] = "aab b,\xff\x80";
	size_t n = below(max + 1), i;
	char *s = malloc(n + 1);

	for (i = 0; i < n; i++)
		s[i] = bytes[below(sizeof(bytes) - 1)];
	s[n] = 0;
	return s;
}

static void memory(void)
{
	size_t n = below(100), from = below(40), to = below(40), i, len = n + 40;
	unsigned char *a = malloc(len), *b = malloc(len), *x, *y;
	int c = below(300);

	for (i = 0; i < len; i++)
		a[i] = b[i] = random64();
	check(dl_memmove(a + to, a + from, n) == a + to);
	memmove(b + to, b + from, n);
	check(!memcmp(a, b, len), "memmove %zu from %zu to %zu", n, from, to);

	x = malloc(n);
	y = malloc(n);
	check(dl_memcpy(x, a + from, n) == x);
	check(!memcmp(x, a + from, n), "memcpy %zu", n);
	memcpy(y, x, n);
	if (n && below(2))
		y[below(n)]++;
	check(sign(dl_memcmp(x, y, n)) == sign(memcmp(x, y, n)), "memcmp %zu", n);
	check(dl_memchr(x, c, n) == memchr(x, c, n), "memchr %d %zu", c, n);
	check(dl_memset(x, c, n) == x);
	memset(y, c, n);
	check(!memcmp(x, y, n), "memset %d %zu", c, n);
	free(a);
	free(b);
	free(x);
	free(y);
}

static void strings(void)
{
	char *a = random_string(20), *b = random_string(below(2) ? 20 : 3), *x, *y, *p, *q, *rest_x, *rest_y;
	size_t n = below(25), size = strlen(a) + strlen(b) + n + 2;
	int c = "ab ,z\0\xff"[below(7)];

	check(dl_strlen(a) == strlen(a));
	check(dl_strnlen(a, n) == strnlen(a, n));
	check(sign(dl_strcmp(a, b)) == sign(strcmp(a, b)), "strcmp '%s' '%s'", a, b);
	check(sign(dl_strncmp(a, b, n)) == sign(strncmp(a, b, n)), "strncmp '%s' '%s' %zu", a, b, n);
	check(dl_strchr(a, c) == strchr(a, c), "strchr '%s' %d", a, c);
	check(dl_strrchr(a, c) == strrchr(a, c), "strrchr '%s' %d", a, c);
	check(dl_strstr(a, b) == strstr(a, b), "strstr '%s' '%s'", a, b);
	check(dl_strspn(a, b) == strspn(a, b), "strspn '%s' '%s'", a, b);
	check(dl_strcspn(a, b) == strcspn(a, b), "strcspn '%s' '%s'", a, b);
	check(dl_strpbrk(a, b) == strpbrk(a, b), "strpbrk '%s' '%s'", a, b);

	x = calloc(1, size);
	y = calloc(1, size);
	check(dl_strcpy(x, a) == x && strcpy(y, a) && !memcmp(x, y, size), "strcpy");
	check(dl_strcat(x, b) == x && strcat(y, b) && !memcmp(x, y, size), "strcat '%s' '%s'", a, b);
	dl_strcpy(x, a);
	strcpy(y, a);
	check(dl_strncat(x, b, n) == x && strncat(y, b, n) && !memcmp(x, y, size), "strncat '%s' '%s' %zu", a, b, n);
	memset(x, 'x', size);
	memset(y, 'x', size);
	check(dl_strncpy(x, a, n) == x && strncpy(y, a, n) && !memcmp(x, y, size), "strncpy '%s' %zu", a, n);

	strcpy(x, a);
	strcpy(y, a);
	p = dl_strtok_r(x, b, &rest_x);
	q = strtok_r(y, b, &rest_y);
	while (p && q) {
		check(p - x == q - y && !strcmp(p, q), "strtok_r '%s' '%s'", a, b);
		p = dl_strtok_r(NULL, b, &rest_x);
		q = strtok_r(NULL, b, &rest_y);
	}
	check(!p && !q, "strtok_r '%s' '%s'", a, b);
	free(x);
	free(y);
	x = dl_strdup(a);
	check(!strcmp(x, a), "strdup");
	free(x);
	x = dl_strndup(a, n);
	y = strndup(a, n);
	check(!strcmp(x, y), "strndup");
	free(x);
	free(y);
	free(a);
	free(b);
}

static void numbers(void)
{
	static const char *const heads[] = { "", " ", "-", "+", "\t -", "0x", "0X", "-0x", "0", "+-", "0b" };
	static const char *const whole[] = {
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
		"18446744073709551615", "18446744073709551616", "-18446744073709551615", "-18446744073709551616",
		"0x7fffffffffffffff", "0xffffffffffffffff", "0x10000000000000000", "-0x8000000000000000", "0x", "0xg", "", "-",
	};
	static const char digits[] = "0123456789abcdefxyzZG._";
	static const int bases[] = { 0, 0, 10, 10, 16, 8, 2, 36, 7, 1, -1, 37 };
	char s[64], *e1, *e2;
	size_t n;
	int base = bases[below(sizeof(bases) / sizeof(bases[0]))], i;

	if (below(4)) {
		strcpy(s, heads[below(sizeof(heads) / sizeof(heads[0]))]);
		n = strlen(s);
		for (i = below(23); i; i--)
			s[n++] = digits[below(below(3) ? 10 : sizeof(digits) - 1)];
		s[n] = 0;
	} else {
		strcpy(s, whole[below(sizeof(whole) / sizeof(whole[0]))]);
	}
	/* The host knows 0b, as C23 does; with this base ours does not. */
	if (strpbrk(s, "bB") && base != 16 && base != 36)
		return;
	e1 = e2 = NULL;
	check(dl_strtol(s, &e1, base) == strtol(s, &e2, base), "strtol '%s' %d: %ld", s, base, dl_strtol(s, NULL, base));
	check(e1 == e2 || !e2, "strtol '%s' %d: end %td, want %td", s, base, e1 - s, e2 - s);
	check(dl_strtoll(s, &e1, base) == strtoll(s, NULL, base), "strtoll '%s' %d", s, base);
	check(dl_strtoul(s, &e1, base) == strtoul(s, &e2, base), "strtoul '%s' %d: %lu", s, base, dl_strtoul(s, NULL, base));
	check(e1 == e2 || !e2, "strtoul '%s' %d", s, base);
	check(dl_strtoull(s, &e1, base) == strtoull(s, NULL, base), "strtoull '%s' %d", s, base);
	check(dl_atoi(s) == atoi(s), "atoi '%s'", s);
}

/* Elements of an odd size: a number, and ballast that must come along. */
struct element {
	unsigned char key, ballast[2];
};

static int compare(const void *a, const void *b)
{
	return *(const unsigned char *)a - *(const unsigned char *)b;
}

static void sorting(void)
{
	size_t n = below(60), i;
	struct element *a = malloc(n * sizeof(*a)), *found;
	unsigned int sum = 0, key;

	for (i = 0; i < n; i++) {
		a[i].key = below(30);
		a[i].ballast[0] = ~a[i].key;
		a[i].ballast[1] = a[i].key + 7;
		sum += a[i].key;
	}
	dl_qsort(a, n, sizeof(*a), compare);
	for (i = 0; i < n; i++) {
		check(!i || a[i - 1].key <= a[i].key, "qsort %zu", n);
		check(a[i].ballast[0] == (unsigned char)~a[i].key && a[i].ballast[1] == a[i].key + 7, "qsort %zu", n);
		sum -= a[i].key;
	}
	check(!sum, "qsort %zu", n);
	for (key = 0; key < 31; key++) {
		unsigned char k = key;

		found = dl_bsearch(&k, a, n, sizeof(*a), compare);
		for (i = 0; i < n && a[i].key != key; i++)
			;
		check(!!found == (i < n) && (!found || found->key == key), "bsearch %u of %zu", key, n);
	}
	free(a);
}

int main(int argc, char **argv)
{
	unsigned long i;

	begin(argc, argv, 30000);
	for (i = 0; i < rounds; i++) {
		memory();
		strings();
		numbers();
		if (i % 8 == 0)
			sorting();
	}
	printf("string: %lu rounds\n", rounds);
	return 0;
}
