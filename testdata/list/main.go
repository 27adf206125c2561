// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// List builds linked lists, node by node, and changes them: small objects on the
// heap and pointers between them.
package main

import (
	"container/list"
	"fmt"
)

type node struct {
	value int
	next  *node
}

func push(head *node, value int) *node {
	return &node{value, head}
}

func reverse(head *node) *node {
	var prev *node
	for head != nil {
		head.next, prev, head = prev, head, head.next
	}
	return prev
}

func remove(head *node, drop func(int) bool) *node {
	for p := &head; *p != nil; {
		if drop((*p).value) {
			*p = (*p).next
		} else {
			p = &(*p).next
		}
	}
	return head
}

func insertSorted(head *node, value int) *node {
	p := &head
	for *p != nil && (*p).value < value {
		p = &(*p).next
	}
	*p = &node{value, *p}
	return head
}

func sum(head *node) (n, total int) {
	for ; head != nil; head = head.next {
		n++
		total += head.value
	}
	return n, total
}

func main() {
	var head *node
	fmt.Println(sum(head))
	for i := range 100000 {
		head = push(head, i)
	}
	fmt.Println(sum(head))
	fmt.Println(head.value, head.next.value)
	head = reverse(head)
	fmt.Println(head.value, head.next.value)
	head = remove(head, func(v int) bool { return v%3 != 0 })
	fmt.Println(sum(head))
	head = remove(head, func(v int) bool { return true })
	fmt.Println(head == nil)

	var sorted *node
	for i := range 1000 {
		sorted = insertSorted(sorted, i*577%1000)
	}
	for p, i := sorted, 0; p != nil; p, i = p.next, i+1 {
		if p.value != i {
			fmt.Println("node", i, "holds", p.value)
		}
	}
	fmt.Println(sum(sorted))

	// The library's, which is doubly linked.
	l := list.New()
	for i := range 10 {
		if i%2 == 0 {
			l.PushBack(i)
		} else {
			l.PushFront(i)
		}
	}
	l.MoveToFront(l.Back())
	for e := l.Front(); e != nil; e = e.Next() {
		fmt.Print(e.Value, " ")
	}
	fmt.Println()
}
