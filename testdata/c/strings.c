/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* strings.c - makes, cuts, joins and drops many strings, so that damage done by the allocator would show in what it prints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
	char *s;
	size_t len, room;
};

static void append(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (t->len + n + 1 > t->room) {
		t->room = 2 * (t->len + n + 1);
		t->s = realloc(t->s, t->room);
	}
	memcpy(t->s + t->len, s, n + 1);
	t->len += n;
}

static void insert(struct text *t, size_t at, const char *s)
{
	size_t n = strlen(s);

	append(t, s);
	memmove(t->s + at + n, t->s + at, t->len - n - at);
	memcpy(t->s + at, s, n);
}

static void cut(struct text *t, size_t at, size_t n)
{
	memmove(t->s + at, t->s + at + n, t->len - at - n + 1);
	t->len -= n;
}

static unsigned int count(const char *s, char c)
{
	unsigned int n = 0;

	for (; (s = strchr(s, c)); s++)
		n++;
	return n;
}

int main(void)
{
	struct text t = { NULL, 0, 0 };
	char number[32], *word, *rest, *copy, **kept;
	unsigned int i, k, n, sum = 0;

	append(&t, "The quick brown fox");
	append(&t, " jumps over the lazy dog");
	printf("%zu %s\n", t.len, t.s);
	insert(&t, 4, "very ");
	printf("%s\n", t.s);
	cut(&t, strstr(t.s, "quick ") - t.s, 6);
	printf("%s\n", t.s);
	printf("%u %td %zu %zu\n", count(t.s, 'o'), strrchr(t.s, 'o') - t.s, strspn(t.s, "The very"), strcspn(t.s, "xyz"));
	copy = strdup(t.s);
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		printf("[%s]", word);
	printf("\n%d %d %d\n", strcmp(copy, "The") == 0, strcmp(t.s, "Thf") < 0, strncmp(t.s, "The fox", 4) == 0);
	free(copy);

	/* Build a large string in small steps, and take it apart again. */
	cut(&t, 0, t.len);
	for (i = 0; i < 20000; i++) {
		snprintf(number, sizeof(number), "%u ", i);
		append(&t, number);
	}
	for (word = t.s; *word; word = rest + 1)
		sum += strtoul(word, &rest, 10);
	printf("%zu %u\n", t.len, sum);

	/* Keep every seventh of many strings, drop the rest, and look at them again. */
	kept = calloc(1000, sizeof(*kept));
	for (i = 0; i < 7000; i++) {
		copy = malloc(i % 97 + 12);
		memset(copy, 'a' + i % 26, i % 97);
		snprintf(copy + i % 97, 12, "%u", i);
		if (i % 7)
			free(copy);
		else
			kept[i / 7] = copy;
	}
	for (k = 0; k < 1000; k++) {
		n = 7 * k;
		for (i = 0; i < n % 97; i++)
			if (kept[k][i] != (char)('a' + n % 26))
				printf("string %u is %s\n", n, kept[k]);
		if (strtoul(kept[k] + n % 97, NULL, 10) != n)
			printf("string %u is %s\n", n, kept[k]);
	}
	printf("%s %.5s\n", kept[3], kept[999]);
	for (k = 0; k < 1000; k++)
		free(kept[k]);
	free(kept);

	/* Insert and remove in the middle. */
	cut(&t, 10, t.len - 10);
	for (i = 0; i < 1000; i++) {
		number[0] = 'a' + i % 26;
		number[1] = 0;
		n = i * 7 % t.len;
		insert(&t, n, number);
		if (i % 3 == 0)
			cut(&t, n / 2, 1);
	}
	printf("%zu %.40s %u\n", t.len, t.s, count(t.s, 'a'));
	free(t.s);
	return 0;
}
