// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Timers waits in every way there is. It prints in which order things happen and
// that none happens too early; how late they are is the machine's affair. What
// must come one after the other is far enough apart for a machine that is busy.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

func main() {
	sleep()
	order()
	ticker()
	afterFunc()
	stopReset()
	contexts()
	selectTimeout()
	fmt.Println("walls agree:", time.Since(time.Now().Round(0)) < time.Hour)
}

func sleep() {
	for _, d := range []time.Duration{-1, 0, 1, time.Microsecond, time.Millisecond, 30 * time.Millisecond} {
		start := time.Now()
		time.Sleep(d)
		if since := time.Since(start); since < d {
			fmt.Println("slept", since, "instead of", d)
		}
	}
	fmt.Println("slept")
}

func order() {
	c := make(chan string)
	for _, s := range []struct {
		name string
		d    time.Duration
	}{{"third", 800 * time.Millisecond}, {"first", time.Millisecond}, {"second", 400 * time.Millisecond}} {
		go func() {
			time.Sleep(s.d)
			c <- s.name
		}()
	}
	fmt.Println(<-c, <-c, <-c)
}

func ticker() {
	start, last := time.Now(), time.Time{} // before the ticker counts
	t := time.NewTicker(10 * time.Millisecond)
	for i := range 5 {
		now := <-t.C
		if !now.After(last) {
			fmt.Println("tick", i, "is not after the one before")
		}
		last = now
	}
	if since := time.Since(start); since < 50*time.Millisecond {
		fmt.Println("five ticks took only", since)
	}
	t.Reset(time.Millisecond)
	<-t.C
	t.Stop()
	select {
	case <-t.C:
		fmt.Println("tick after Stop")
	case <-time.After(30 * time.Millisecond):
	}
	fmt.Println("ticked")
}

func afterFunc() {
	c := make(chan int, 3)
	for i := range 3 {
		time.AfterFunc(time.Duration(i)*300*time.Millisecond, func() { c <- i })
	}
	fmt.Println("AfterFunc:", <-c, <-c, <-c)
}

func stopReset() {
	t := time.AfterFunc(time.Hour, func() { fmt.Println("an hour is over") })
	fmt.Println("Stop:", t.Stop(), t.Stop())
	timer := time.NewTimer(time.Hour)
	fmt.Println("Reset:", timer.Reset(time.Millisecond))
	<-timer.C
	fmt.Println("Stop after it fired:", timer.Stop())
}

func contexts() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	fmt.Println(ctx.Err(), errors.Is(ctx.Err(), context.DeadlineExceeded))

	ctx, cancel = context.WithTimeoutCause(context.Background(), time.Millisecond, errors.New("too slow"))
	defer cancel()
	child, cancelChild := context.WithCancel(ctx)
	defer cancelChild()
	<-child.Done()
	fmt.Println(child.Err(), context.Cause(child))

	ctx, cancel = context.WithDeadline(context.Background(), time.Now().Add(time.Hour))
	go func() {
		time.Sleep(time.Millisecond)
		cancel()
	}()
	<-ctx.Done()
	fmt.Println(ctx.Err())

	ctx, cancel = context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	fmt.Println(ctx.Err())
}

func selectTimeout() {
	never := make(chan int)
	select {
	case <-never:
		fmt.Println("never")
	case <-time.After(5 * time.Millisecond):
		fmt.Println("timed out")
	}
	soon := make(chan int)
	go func() {
		time.Sleep(time.Millisecond)
		soon <- 7
	}()
	select {
	case v := <-soon:
		fmt.Println("in time:", v)
	case <-time.After(time.Minute):
		fmt.Println("timed out")
	}
}
