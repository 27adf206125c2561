// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Maps puts a million items into a map, and sorts a million: much memory, in
// large pieces.
package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
)

const n = 1_000_000

func main() {
	m := make(map[int]int)
	for i := range n {
		m[i*7919%n] = i
	}
	fmt.Println(len(m), m[0], m[7919], m[n-1])
	bad := 0
	for k, v := range m {
		if v*7919%n != k {
			bad++
		}
	}
	fmt.Println("wrong:", bad)
	for i := 0; i < n; i += 2 {
		delete(m, i)
	}
	_, even := m[2]
	_, odd := m[3]
	fmt.Println(len(m), even, odd)
	clear(m)
	fmt.Println(len(m))

	words := make(map[string][]int)
	for i := range 100_000 {
		k := strconv.Itoa(i % 1000)
		words[k] = append(words[k], i)
	}
	keys := slices.Sorted(maps.Keys(words))
	fmt.Println(len(keys), keys[0], keys[999], len(words["7"]), words["7"][99])

	// The order of a map is random, but it is a permutation.
	small := map[int]bool{}
	for i := range 100 {
		small[i] = true
	}
	sum := 0
	for k := range small {
		sum += k
	}
	fmt.Println(sum)

	x := uint64(1)
	list := make([]int, n)
	for i := range list {
		x = x*6364136223846793005 + 1442695040888963407
		list[i] = int(x >> 33)
	}
	other := slices.Clone(list)
	slices.Sort(list)
	sort.Sort(sort.Reverse(sort.IntSlice(other)))
	fmt.Println(slices.IsSorted(list), list[0], list[n/2], list[n-1])
	slices.Reverse(other)
	fmt.Println(slices.Equal(list, other))

	type person struct {
		name string
		age  int
	}
	people := make([]person, 50_000)
	for i := range people {
		x = x*6364136223846793005 + 1442695040888963407
		people[i] = person{strconv.Itoa(i), int(x>>60) * 10}
	}
	slices.SortStableFunc(people, func(a, b person) int { return cmp.Compare(a.age, b.age) })
	fmt.Println(people[0], people[len(people)-1])
	at, found := slices.BinarySearch(list, list[12345])
	fmt.Println(found, list[at] == list[12345])
}
