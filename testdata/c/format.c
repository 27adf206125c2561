/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* format.c - what printf makes of numbers and texts. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	char s[16];
	int i, n;

	printf("%d %i %u %x %X %o %c %s %% %p\n", -42, 42, 42U, 0xbeefU, 0xbeefU, 8U, 'c', "text", (void *)0x1234);
	printf("%ld %lu %lld %llu %lx %zu %td\n", LONG_MIN, ULONG_MAX, LLONG_MAX, ULLONG_MAX, ULONG_MAX, sizeof(s), (s + 9) - s);
	printf("%hhd %hd %hhu %" PRIu64 " %" PRIx64 "\n", (signed char)-1, (short)-2, (unsigned char)255, UINT64_MAX, UINT64_MAX);
	printf("[%5d] [%-5d] [%05d] [%+d] [% d] [%.3d] [%8.3d] [%-8.3d] [%+06d]\n", 42, 42, 42, 42, 42, 42, -42, 42, 42);
	printf("[%#x] [%#X] [%#o] [%#x] [%.0d] [%08lx] [%#10x]\n", 255U, 255U, 8U, 0U, 0, 255L, 255U);
	printf("[%10s] [%-10s] [%.2s] [%10.2s] [%3s] [%c] [%5c] [%-5c]\n", "abc", "abc", "abc", "abc", "abcdef", 'x', 'x', 'x');
	for (i = -6; i <= 6; i += 3)
		printf("[%*d] [%.*s]\n", i, 42, i, "abcdef");
	n = snprintf(s, sizeof(s), "%s, %d", "more than fits there", INT_MIN);
	printf("%d [%s] %zu\n", n, s, strlen(s));
	n = snprintf(NULL, 0, "%0100d", 7);
	printf("%d\n", n);
	printf("a long line: ");
	for (i = 0; i < 2000; i++)
		printf("%d ", i);
	putchar('\n');
	puts("puts");
	fputs("fputs\n", stdout);
	printf("%zu\n", fwrite("fwrite\n", 1, 7, stdout));
	fflush(stdout);
	fprintf(stderr, "standard error %d\n", 2);
	return 0;
}
