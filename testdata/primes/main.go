// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Primes adds up the prime numbers below 1000: some tasks tell which numbers
// are prime, others add them.
package main

import (
	"fmt"
	"runtime/dios"
)

const mappers, reducers, limit = 12, 8, 1000

var filter = dios.Register("filter", func(ch *dios.Chan[int, int]) {
	for n := range ch.All() {
		if isPrime(n) {
			ch.Send(n)
		}
	}
})

var sum = dios.Register("sum", func(ch *dios.Chan[int, int]) {
	total := 0
	for n := range ch.All() {
		total += n
	}
	ch.Send(total)
})

func isPrime(n int) bool {
	for i := 2; i < n; i++ {
		if n%i == 0 {
			return false
		}
	}
	return n > 1
}

func main() {
	var maps [mappers]*dios.Child[int, int]
	var reduces [reducers]*dios.Child[int, int]
	for i := range maps {
		maps[i] = dios.Must(filter.Spawn())
	}
	for i := range reduces {
		reduces[i] = dios.Must(sum.Spawn())
	}
	for n := range limit {
		maps[n%mappers].Send(n)
	}
	next, total := 0, 0
	for _, m := range maps {
		m.CloseSend()
		for n := range m.All() {
			reduces[next%reducers].Send(n)
			next++
		}
	}
	for _, r := range reduces {
		r.CloseSend()
		total += dios.Must(r.Recv())
	}
	fmt.Println(total)
}
