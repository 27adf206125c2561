// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Randomness reads random bytes from everywhere they come from. It prints only
// whether they look random.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"hash/maphash"
	"math/big"
	mathrand "math/rand/v2"
	"sync"
)

func main() {
	// Two reads differ, at every size: buffers, their ends, more than one.
	for _, n := range []int{16, 32, 255, 256, 257, 4095, 4096, 4097, 70000, 1 << 20, 1<<20 + 1} {
		a, b := make([]byte, n), make([]byte, n)
		if m, err := rand.Read(a); m != n || err != nil {
			fmt.Println("read", n, "got", m, err)
		}
		rand.Read(b)
		if bytes.Equal(a, b) {
			fmt.Println("two reads of", n, "bytes are equal")
		}
		if bytes.Equal(a[n-8:], make([]byte, 8)) || bytes.Equal(a[:8], make([]byte, 8)) {
			fmt.Println("a read of", n, "bytes begins or ends with zeros")
		}
	}
	// Bits are set about half of the time.
	b := make([]byte, 125000)
	rand.Read(b)
	ones := 0
	for _, v := range b {
		for ; v != 0; v &= v - 1 {
			ones++
		}
	}
	fmt.Println("even:", ones > 495000 && ones < 505000)
	if n, err := rand.Read(nil); n != 0 || err != nil {
		fmt.Println("read of nothing:", n, err)
	}

	// Many goroutines at once get different bytes.
	var mu sync.Mutex
	var wg sync.WaitGroup
	seen := make(map[[32]byte]bool)
	for range 50 {
		wg.Go(func() {
			for range 20 {
				var k [32]byte
				rand.Read(k[:])
				mu.Lock()
				seen[k] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	fmt.Println("different:", len(seen))

	p, err := rand.Prime(rand.Reader, 128)
	fmt.Println("prime:", err == nil && p.ProbablyPrime(20) && p.BitLen() == 128)
	limit := new(big.Int).Lsh(big.NewInt(1), 100)
	n, err := rand.Int(rand.Reader, limit)
	fmt.Println("below:", err == nil && n.Cmp(limit) < 0)
	fmt.Println("text:", len(rand.Text()) >= 26, rand.Text() != rand.Text())
	fmt.Println("math:", mathrand.Uint64() != mathrand.Uint64())
	fmt.Println("seeds:", maphash.String(maphash.MakeSeed(), "x") != maphash.String(maphash.MakeSeed(), "x"))
	// What is not random stays so.
	r := mathrand.New(mathrand.NewPCG(1, 2))
	fmt.Println(r.IntN(1000), r.IntN(1000), r.IntN(1000))
	fmt.Printf("%x\n", sha256.Sum256([]byte("dios")))
}
