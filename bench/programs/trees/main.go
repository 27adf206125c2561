// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Trees measures allocation and collection: binary trees, most of them short-lived,
// beside one that lives on.
package main

import (
	"fmt"
	"time"
)

type node struct{ left, right *node }

func grow(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{grow(depth - 1), grow(depth - 1)}
}

func (n *node) count() int {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.count() + n.right.count()
}

func main() {
	const maxDepth = 14
	long := grow(maxDepth)
	start := time.Now()
	for depth := 4; depth <= maxDepth; depth += 5 {
		n := 1 << (maxDepth - depth + 4)
		total := 0
		for range n {
			total += grow(depth).count()
		}
		if total != n*(2<<depth-1) {
			panic("wrong")
		}
	}
	if long.count() != 2<<maxDepth-1 {
		panic("wrong")
	}
	fmt.Printf("BenchmarkTrees 1 %d ns/op\n", time.Since(start).Nanoseconds())
}
