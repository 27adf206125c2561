// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Gc keeps a live heap of some megabytes, allocates 20 times as much, and looks
// whether all that is live is still what it was, and whether the heap stays
// small. Then it does what else depends on the collector.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
	"unsafe"
	"weak"
)

// A tree knows its own checksum.
type tree struct {
	left, right *tree
	data        []byte
	sum         uint64
}

func grow(depth int, seed uint64) *tree {
	if depth == 0 {
		return nil
	}
	t := &tree{data: make([]byte, 16+seed%48)}
	for i := range t.data {
		seed = seed*6364136223846793005 + 1442695040888963407
		t.data[i] = byte(seed >> 56)
	}
	t.left = grow(depth-1, seed|1)
	t.right = grow(depth-1, seed&^1)
	t.sum = t.checksum()
	return t
}

func (t *tree) checksum() uint64 {
	var sum uint64
	for _, b := range t.data {
		sum = sum*31 + uint64(b)
	}
	if t.left != nil {
		sum = sum*31 + t.left.sum
	}
	if t.right != nil {
		sum = sum*31 + t.right.sum
	}
	return sum
}

func (t *tree) intact() bool {
	return t == nil || t.sum == t.checksum() && t.left.intact() && t.right.intact()
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func main() {
	// 16 trees of 4095 nodes, about 7 MiB.
	var live [16]*tree
	for i := range live {
		live[i] = grow(12, uint64(i))
	}
	runtime.GC()
	base := heap()
	if base < 4<<20 || base > 32<<20 {
		fmt.Println("live heap is", base)
	}

	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	allocated, peak := uint64(0), uint64(0)
	for round := 0; allocated < 20*base; round++ {
		i := round % len(live)
		if !live[i].intact() {
			fmt.Println("round", round, "tree", i, "is damaged")
		}
		live[i] = grow(12, uint64(round))
		runtime.ReadMemStats(&end)
		allocated = end.TotalAlloc - start.TotalAlloc
		peak = max(peak, end.HeapAlloc)
	}
	for i, t := range live {
		if !t.intact() {
			fmt.Println("tree", i, "is damaged")
		}
	}
	fmt.Println("collected:", end.NumGC-start.NumGC >= 5, "small:", peak < 4*base)

	// Objects of all sizes, some kept.
	kept := make([][]byte, 0, 2000)
	for i := range 20000 {
		b := make([]byte, i%5000*(1+i%7))
		for j := 0; j < len(b); j += 512 {
			b[j] = byte(i)
		}
		if i%10 == 0 {
			kept = append(kept, b)
		}
	}
	for k, b := range kept {
		for j := 0; j < len(b); j += 512 {
			if b[j] != byte(k*10) {
				fmt.Println("object", k, "is damaged at", j)
			}
		}
	}
	kept = nil

	// Large ones, which come fresh from below and must be zero.
	for i := range 20 {
		b := make([]byte, 3<<20)
		for j := 0; j < len(b); j += 4096 {
			if b[j] != 0 {
				fmt.Println("large object", i, "is not zero at", j)
			}
			b[j] = 1
		}
		if i%5 == 4 {
			debug.FreeOSMemory()
		}
	}
	fmt.Println("sizes ok")

	// The collector runs while others change what it looks at.
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			m := make(map[int]*tree)
			for i := range 300 {
				m[i%20] = grow(4, uint64(g*1000+i))
				if i%100 == 0 {
					runtime.GC()
				}
				if !m[i*7%20].intact() {
					fmt.Println("goroutine", g, "round", i, "is damaged")
				}
			}
		})
	}
	wg.Wait()
	fmt.Println("concurrent ok")

	// Finalizers, cleanups and weak pointers.
	final, cleaned := make(chan bool, 1), make(chan int, 1)
	w := func() weak.Pointer[tree] {
		t := grow(3, 1)
		runtime.SetFinalizer(t, func(*tree) { final <- true })
		u := grow(3, 2)
		runtime.AddCleanup(u, func(n int) { cleaned <- n }, 42)
		v := grow(3, 3)
		p := weak.Make(v)
		fmt.Println("weak:", p.Value() == v)
		runtime.KeepAlive(v)
		return p
	}()
	n := 0
	for i := 0; i < 100 && (len(final) == 0 || len(cleaned) == 0 || w.Value() != nil); i++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
		n++
	}
	select {
	case <-final:
		fmt.Println("finalizer ran")
	default:
		fmt.Println("finalizer did not run")
	}
	select {
	case v := <-cleaned:
		fmt.Println("cleanup ran:", v)
	default:
		fmt.Println("cleanup did not run")
	}
	fmt.Println("weak:", w.Value() == nil)

	// A pool may forget, but must not mix up.
	pool := sync.Pool{New: func() any { return new([64]byte) }}
	for i := range 1000 {
		b := pool.Get().(*[64]byte)
		*b = [64]byte{0: byte(i)}
		if i%100 == 0 {
			runtime.GC()
		}
		if b[0] != byte(i) {
			fmt.Println("pool object", i, "is damaged")
		}
		pool.Put(b)
	}

	// A hard limit holds.
	runtime.GC()
	old := debug.SetMemoryLimit(64 << 20)
	debug.SetGCPercent(-1)
	for range 200 {
		sink = make([]byte, 1<<20)
	}
	runtime.ReadMemStats(&end)
	used := end.Sys - end.HeapReleased
	fmt.Println("limit holds:", used < 96<<20, old > 1<<50)
	if used >= 96<<20 {
		// Whether Go's limiter of the collector's time was on says whose fault it is.
		limiter := []metrics.Sample{{Name: "/gc/limiter/last-enabled:gc-cycle"}}
		metrics.Read(limiter)
		fmt.Println(used>>20, "MiB after", end.NumGC, "collections; the limiter was on in number", limiter[0].Value.Uint64())
	}
	fmt.Println(unsafe.Sizeof(tree{}), "bytes a node, done")
}

var sink []byte
