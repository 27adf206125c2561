/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * region.c - regions of private memory, found by their addresses.
 *
 * An address does not tell which object lies behind it, and only who knows the
 * object can give it back. So there is a table, ordered by address: a balanced tree
 * (an AA tree: red links only to the right, never two in a row), in which everything takes
 * a number of steps that is logarithmic in the number of regions.
 *
 * Its nodes cannot come from malloc, which is above it. The first ones are static, more come
 * in blocks, which are objects as well, and are kept.
 */
#include <stdint.h>
#include "dlibc.h"
#include "region.h"

struct node {
	struct node *left, *right;
	unsigned int level;	/* 1: a leaf; 0: nil */
	uintptr_t start;
	size_t len;
	dios_ref ref;
};

#define BLOCK	65536

static struct node nil = { &nil, &nil, 0, 0, 0, 0 };
static struct node *root = &nil;

/* --- nodes --- */

static struct node first[32];
static struct node *block = first;	/* the newest block */
static size_t unused = sizeof(first) / sizeof(first[0]);	/* how many of it were never used */
static struct node *free_nodes;		/* linked by right */

static struct node *node_new(void)
{
	struct node *n = free_nodes;
	dios_ref ref;

	if (n) {
		free_nodes = n->right;
		return n;
	}
	if (!unused) {
		n = mem_map(BLOCK, &ref);
		if (!n)
			return NULL;
		block = n;
		unused = BLOCK / sizeof(struct node);
	}
	return &block[--unused];
}

static void node_free(struct node *n)
{
	n->right = free_nodes;
	free_nodes = n;
}

/* --- the tree --- */

/* A red link to the left becomes one to the right. */
static struct node *skew(struct node *t)
{
	struct node *l = t->left;

	if (t == &nil || l->level != t->level)
		return t;
	t->left = l->right;
	l->right = t;
	return l;
}

/* Of two red links in a row the middle node goes up. */
static struct node *split(struct node *t)
{
	struct node *r = t->right;

	if (t == &nil || r->right->level != t->level)
		return t;
	t->right = r->left;
	r->left = t;
	r->level++;
	return r;
}

static struct node *insert(struct node *t, struct node *n)
{
	if (t == &nil)
		return n;
	if (n->start < t->start)
		t->left = insert(t->left, n);
	else
		t->right = insert(t->right, n);
	return split(skew(t));
}

static void move(struct node *to, const struct node *from)
{
	to->start = from->start;
	to->len = from->len;
	to->ref = from->ref;
}

/* start is in the tree. */
static struct node *take_out(struct node *t, uintptr_t start)
{
	struct node *next;
	unsigned int level;

	if (start < t->start) {
		t->left = take_out(t->left, start);
	} else if (start > t->start) {
		t->right = take_out(t->right, start);
	} else if (t->left == &nil && t->right == &nil) {
		node_free(t);
		return &nil;
	} else if (t->left == &nil) {
		for (next = t->right; next->left != &nil; next = next->left)
			;
		move(t, next);
		t->right = take_out(t->right, t->start);
	} else {
		for (next = t->left; next->right != &nil; next = next->right)
			;
		move(t, next);
		t->left = take_out(t->left, t->start);
	}

	level = 1 + (t->left->level < t->right->level ? t->left->level : t->right->level);
	if (level < t->level) {
		t->level = level;
		if (level < t->right->level)
			t->right->level = level;
	}
	t = skew(t);
	if (t->right != &nil) {
		t->right = skew(t->right);
		if (t->right->right != &nil)
			t->right->right = skew(t->right->right);
	}
	t = split(t);
	if (t->right != &nil)
		t->right = split(t->right);
	return t;
}

static struct node *find(uintptr_t p)
{
	struct node *t = root;

	while (t != &nil && p - t->start >= t->len)
		t = p < t->start ? t->left : t->right;
	return t;
}

/* --- regions --- */

void *region_map(size_t len)
{
	struct node *n = node_new();
	void *start;

	if (!n)
		return NULL;
	start = mem_map(len, &n->ref);
	if (!start) {
		node_free(n);
		return NULL;
	}
	n->left = n->right = &nil;
	n->level = 1;
	n->start = (uintptr_t)start;
	n->len = len;
	root = insert(root, n);
	return start;
}

void region_unmap(void *start)
{
	struct node *n = find((uintptr_t)start);
	dios_ref ref = n->ref;

	if (n == &nil || n->start != (uintptr_t)start)
		panic("free: no region begins here: %p", start);
	root = take_out(root, n->start);
	mem_unmap(ref);
}

void *region_find(const void *p, size_t *len)
{
	struct node *n = find((uintptr_t)p);

	if (n == &nil)
		return NULL;
	*len = n->len;
	return (void *)n->start;
}
