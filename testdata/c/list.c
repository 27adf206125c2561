/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* list.c - builds linked lists, node by node, and changes them: small objects on the heap and pointers between them. */
#include <stdio.h>
#include <stdlib.h>

struct node {
	int value;
	struct node *next;
};

static struct node *push(struct node *head, int value)
{
	struct node *n = malloc(sizeof(*n));

	*n = (struct node){ value, head };
	return n;
}

static struct node *reverse(struct node *head)
{
	struct node *prev = NULL, *next;

	for (; head; head = next) {
		next = head->next;
		head->next = prev;
		prev = head;
	}
	return prev;
}

static int no_multiple_of_3(int value)
{
	return value % 3 != 0;
}

static int any(int value)
{
	(void)value;
	return 1;
}

static void drop(struct node **p, int (*which)(int))
{
	struct node *n;

	while ((n = *p)) {
		if (which(n->value)) {
			*p = n->next;
			free(n);
		} else {
			p = &n->next;
		}
	}
}

static void insert_sorted(struct node **p, int value)
{
	while (*p && (*p)->value < value)
		p = &(*p)->next;
	*p = push(*p, value);
}

static void print(const struct node *head)
{
	long n = 0, total = 0;

	for (; head; head = head->next) {
		n++;
		total += head->value;
	}
	printf("%ld %ld\n", n, total);
}

int main(void)
{
	struct node *head = NULL, *sorted = NULL, *p;
	int i;

	print(head);
	for (i = 0; i < 10000; i++)
		head = push(head, i);
	print(head);
	printf("%d %d\n", head->value, head->next->value);
	head = reverse(head);
	printf("%d %d\n", head->value, head->next->value);
	drop(&head, no_multiple_of_3);
	print(head);
	drop(&head, any);
	printf("%d\n", head == NULL);

	for (i = 0; i < 1000; i++)
		insert_sorted(&sorted, i * 577 % 1000);
	for (p = sorted, i = 0; p; p = p->next, i++)
		if (p->value != i)
			printf("node %d holds %d\n", i, p->value);
	print(sorted);
	drop(&sorted, any);
	return 0;
}
