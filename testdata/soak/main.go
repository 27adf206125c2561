// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Soak keeps tasks, channels and the garbage collector busy, all at once, for as long as it is
// told, and checks what comes out of them.
//
//	soak DURATION SEED
package main

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/dios"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A job is for a tree of tasks: each computes the sum of its own seed's garbage, and of its
// children's.
type job struct {
	Depth int
	Seed  uint64
}

var node *dios.Func[job, uint64]

func init() {
	node = dios.Register("node", func(ch *dios.Chan[job, uint64]) {
		j := dios.Must(ch.Recv())
		sum := garbage(j.Seed)
		var children []*dios.Child[job, uint64]
		for i := range fanOut(j) {
			c := dios.Must(node.Spawn())
			check(c.Send(job{j.Depth - 1, j.Seed*3 + i}))
			children = append(children, c)
		}
		for _, c := range children {
			sum += dios.Must(c.Recv())
			check(c.Close())
		}
		check(ch.Send(sum))
	})
}

func fanOut(j job) uint64 {
	if j.Depth == 0 {
		return 0
	}
	return 1 + j.Seed%2
}

// want is what a tree of tasks computes.
func want(j job) uint64 {
	sum := garbage(j.Seed)
	for i := range fanOut(j) {
		sum += want(job{j.Depth - 1, j.Seed*3 + i})
	}
	return sum
}

// echo sends back what comes, checked and counted, until its input ends.
var echo = dios.Register("echo", func(ch *dios.Chan[[]byte, uint64]) {
	for b := range ch.All() {
		check(ch.Send(uint64(len(b))<<32 | uint64(crc32.ChecksumIEEE(b))))
	}
})

// idle waits for its end, which is to be killed.
var idle = dios.Register("idle", func(ch *dios.Chan[int, int]) {
	for {
		dios.Must(ch.Recv())
	}
})

// A list of some length, of nodes that live and nodes that do not.
type list struct {
	next  *list
	value uint64
	text  []byte
}

// garbage makes some, and returns the sum of what is left of it.
func garbage(seed uint64) uint64 {
	r := rand.New(rand.NewPCG(seed, 1))
	var head *list
	m := make(map[uint64]*list)
	for i := range 300 {
		l := &list{nil, r.Uint64(), make([]byte, r.IntN(3000))}
		if i%3 == 0 {
			l.next, head = head, l
		}
		m[l.value%64] = l
	}
	var sum uint64
	for l := head; l != nil; l = l.next {
		sum += l.value + uint64(len(l.text))
	}
	for k, l := range m {
		if l.value%64 != k {
			panic("the map is not what was put into it")
		}
		sum ^= l.value
	}
	return sum
}

var tasks, messages, killed atomic.Uint64

func trees(r *rand.Rand) error {
	j := job{1 + r.IntN(2), r.Uint64() >> 8}
	c, err := node.Spawn()
	if err != nil {
		return err
	}
	if err := c.Send(j); err != nil {
		return err
	}
	got, err := c.Recv()
	if err != nil {
		return err
	}
	if w := want(j); got != w {
		return fmt.Errorf("%v: %d, want %d", j, got, w)
	}
	tasks.Add(1)
	return errors.Join(c.Wait(context.Background()), c.Close())
}

func echoes(r *rand.Rand) error {
	c, err := echo.SpawnAttr(&dios.Attr{Ring: 4096 << r.IntN(6)})
	if err != nil {
		return err
	}
	n := 50 + r.IntN(200)
	sums := make(chan uint64, n)
	go func() {
		defer close(sums)
		for range n {
			b := make([]byte, r.IntN(2000))
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			if c.Send(b) != nil {
				return
			}
			sums <- uint64(len(b))<<32 | uint64(crc32.ChecksumIEEE(b))
		}
		c.CloseSend()
	}()
	received := 0
	for got := range c.All() {
		if w, ok := <-sums; !ok || got != w {
			return fmt.Errorf("echo %d: %x, want %x", received, got, w)
		}
		received++
	}
	if received != n {
		_, err := c.Recv()
		return fmt.Errorf("%d echoes of %d: %v", received, n, err)
	}
	messages.Add(uint64(2 * n))
	tasks.Add(1)
	return errors.Join(c.Wait(context.Background()), c.Close())
}

func kills(r *rand.Rand) error {
	var children []*dios.Child[int, int]
	for range 1 + r.IntN(4) {
		c, err := idle.Spawn()
		if err != nil {
			return err
		}
		children = append(children, c)
	}
	for i, c := range children {
		time.AfterFunc(time.Duration(r.IntN(1000))*time.Microsecond, func() { c.Kill() })
		var e *dios.ExitError
		if _, err := c.Recv(); !errors.As(err, &e) || !e.Killed {
			return fmt.Errorf("killed child %d: %v", i, err)
		}
		if err := c.Wait(context.Background()); !errors.As(err, &e) {
			return fmt.Errorf("killed child %d: waited for: %v", i, err)
		}
		c.Close()
		killed.Add(1)
	}
	return nil
}

func collections(r *rand.Rand) error {
	seed := r.Uint64()
	a := garbage(seed)
	switch r.IntN(10) {
	case 0:
		runtime.GC()
	case 1:
		debug.FreeOSMemory()
	}
	if b := garbage(seed); a != b {
		return fmt.Errorf("the same garbage: %x and %x", a, b)
	}
	runtime.Gosched()
	return nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: soak DURATION SEED")
		os.Exit(2)
	}
	d, err := time.ParseDuration(os.Args[1])
	check(err)
	seed, err := strconv.ParseUint(os.Args[2], 10, 64)
	check(err)
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	for i, f := range []func(*rand.Rand) error{trees, echoes, kills, collections} {
		// Each has its own: what one does does not depend on how the others fare.
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for time.Now().Before(end) {
				check(f(r))
			}
		})
	}
	wg.Wait()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Printf("%d tasks, %d killed, %d messages, %d collections\n", tasks.Load(), killed.Load(), messages.Load(), m.NumGC)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
