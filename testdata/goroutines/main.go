// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Goroutines uses what goroutines wait for each other with: channels, select,
// mutexes, conditions, wait groups. What it prints does not depend on who runs
// first.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

func main() {
	unbuffered()
	buffered()
	selects()
	mutexes()
	condition()
	once()
	sieve()
	ring()
	many()
	goexit()
}

func unbuffered() {
	c := make(chan int)
	done := make(chan string)
	go func() {
		sum := 0
		for v := range c {
			sum += v
		}
		done <- fmt.Sprint("sum ", sum)
	}()
	for i := range 1000 {
		c <- i
	}
	close(c)
	fmt.Println(<-done)
	v, ok := <-c
	fmt.Println("closed:", v, ok)
}

func buffered() {
	c := make(chan int, 3)
	c <- 1
	c <- 2
	fmt.Println(len(c), cap(c))
	c <- 3
	select {
	case c <- 4:
		fmt.Println("a full channel took more")
	default:
		fmt.Println("full")
	}
	close(c)
	for v := range c {
		fmt.Print(v, " ")
	}
	fmt.Println()
	defer func() { fmt.Println("recovered:", recover()) }()
	c <- 5
}

func selects() {
	a, b, quit := make(chan int), make(chan int), make(chan bool)
	go func() {
		for i := range 100 {
			select {
			case a <- i:
			case b <- -i:
			}
		}
		close(quit)
	}()
	sum, n := 0, 0
	for loop := true; loop; {
		select {
		case v := <-a:
			sum, n = sum+v, n+1
		case v := <-b:
			sum, n = sum-v, n+1
		case <-quit:
			loop = false
		}
	}
	fmt.Println("select:", n, sum)
	var none chan int // never ready
	select {
	case <-none:
		fmt.Println("nil channel is ready")
	default:
		fmt.Println("nil channel waits")
	}
}

func mutexes() {
	var mu sync.Mutex
	var rw sync.RWMutex
	var wg sync.WaitGroup
	var atomicSum atomic.Int64
	sum, writes := 0, 0
	for i := range 50 {
		wg.Go(func() {
			for range 200 {
				mu.Lock()
				v := sum
				if i%10 == 0 {
					runtime.Gosched() // while it is locked
				}
				sum = v + 1
				mu.Unlock()
				atomicSum.Add(1)
			}
			if i%5 == 0 {
				rw.Lock()
				writes++
				rw.Unlock()
			} else {
				rw.RLock()
				_ = writes
				rw.RUnlock()
			}
		})
	}
	wg.Wait()
	fmt.Println("mutex:", sum, atomicSum.Load(), writes, mu.TryLock(), mu.TryLock())
}

func condition() {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	var wg sync.WaitGroup
	ready, woken := false, 0
	for range 10 {
		wg.Go(func() {
			mu.Lock()
			for !ready {
				cond.Wait()
			}
			woken++
			mu.Unlock()
		})
	}
	runtime.Gosched()
	mu.Lock()
	ready = true
	cond.Broadcast()
	mu.Unlock()
	wg.Wait()
	fmt.Println("cond:", woken)
}

func once() {
	var once sync.Once
	var wg sync.WaitGroup
	n := 0
	for range 20 {
		wg.Go(func() { once.Do(func() { n++ }) })
	}
	wg.Wait()
	fmt.Println("once:", n)
}

// sieve is a chain of goroutines, one for each prime number.
func sieve() {
	c := make(chan int)
	quit := make(chan bool)
	go func(out chan int) {
		for i := 2; ; i++ {
			select {
			case out <- i:
			case <-quit:
				return
			}
		}
	}(c)
	for range 40 {
		prime := <-c
		fmt.Print(prime, " ")
		next := make(chan int)
		go func(in, out chan int) {
			for {
				select {
				case v := <-in:
					if v%prime != 0 {
						select {
						case out <- v:
						case <-quit:
							return
						}
					}
				case <-quit:
					return
				}
			}
		}(c, next)
		c = next
	}
	close(quit)
	fmt.Println()
}

// ring sends a token around many goroutines.
func ring() {
	const n = 1000
	first := make(chan int)
	left := first
	for range n {
		right := make(chan int)
		go func(in, out chan int) { out <- 1 + <-in }(left, right)
		left = right
	}
	go func() { first <- 0 }()
	fmt.Println("ring:", <-left)
}

func many() {
	var wg sync.WaitGroup
	results := make([]int, 10000)
	for i := range results {
		wg.Go(func() { results[i] = i * i })
	}
	wg.Wait()
	sum := 0
	for _, v := range results {
		sum += v
	}
	fmt.Println("many:", sum)
}

func goexit() {
	done := make(chan bool)
	go func() {
		defer close(done)
		defer fmt.Println("goexit runs what was deferred")
		runtime.Goexit()
		fmt.Println("goexit returned")
	}()
	<-done
	// A goroutine that is locked to its thread, and ends.
	done = make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread()
		runtime.Gosched()
		fmt.Println("locked")
	}()
	<-done
}
