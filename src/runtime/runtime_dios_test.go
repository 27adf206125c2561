// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime_test

import (
	"math/rand"
	. "runtime"
	"syscall"
	"syscall/dios"
	"testing"
	"time"
	"unsafe"
)

// Test that every region is found by each of its addresses and by no other,
// while regions come and go in any order.
func TestMemRegions(t *testing.T) {
	type region struct {
		p unsafe.Pointer
		n uintptr
	}
	const page = dios.PageSize
	var rs []region
	check := func() {
		t.Helper()
		if n, ok := MemOrdered(); !ok || n < len(rs) {
			t.Fatalf("%d regions, ordered %v; made %d", n, ok, len(rs))
		}
		for _, r := range rs {
			for _, off := range []uintptr{0, 1, r.n / 2, r.n - 1} {
				base, size, ok := MemRegion(uintptr(r.p) + off)
				if !ok || base != uintptr(r.p) || size != r.n {
					t.Fatalf("%#x in the region %p of %#x bytes: found %#x %#x %v", uintptr(r.p)+off, r.p, r.n, base, size, ok)
				}
			}
			for _, p := range []uintptr{uintptr(r.p) - 1, uintptr(r.p) + r.n} {
				if base, _, ok := MemRegion(p); ok && base == uintptr(r.p) {
					t.Fatalf("%#x found in the region %p of %#x bytes", p, r.p, r.n)
				}
			}
		}
	}

	// More than the table has room for at first, and twice.
	for i := range 300 {
		n := uintptr(1+i%5) * page
		p := MemReserve(n)
		if p == nil {
			t.Fatalf("no memory for region %d", i)
		}
		rs = append(rs, region{p, n})
	}
	check()
	rand.Shuffle(len(rs), func(i, j int) { rs[i], rs[j] = rs[j], rs[i] })
	for range 200 {
		r := rs[len(rs)-1]
		rs = rs[:len(rs)-1]
		MemFree(r.p, r.n)
		if _, _, ok := MemRegion(uintptr(r.p)); ok {
			t.Fatalf("region %p found after it was freed", r.p)
		}
	}
	check()
	for _, r := range rs {
		MemFree(r.p, r.n)
	}
	if _, _, ok := MemRegion(1); ok {
		t.Error("the first page is in a region")
	}
	if _, _, ok := MemRegion(^uintptr(0)); ok {
		t.Error("the last byte is in a region")
	}
}

// Test that pages given back read as zero, and that others keep what is in them.
func TestMemDiscard(t *testing.T) {
	const page = dios.PageSize
	const n = 8 * page
	p := MemReserve(n)
	if p == nil {
		t.Fatal("no memory")
	}
	defer MemFree(p, n)
	b := unsafe.Slice((*byte)(p), n)
	for i := range b {
		if b[i] != 0 {
			t.Fatalf("byte %d of a new region is %d", i, b[i])
		}
		b[i] = 1
	}
	MemDiscard(unsafe.Pointer(&b[2*page]), 3*page)
	for i := range b {
		want := byte(1)
		if i >= 2*page && i < 5*page {
			want = 0
		}
		if b[i] != want {
			t.Fatalf("byte %d is %d, want %d", i, b[i], want)
		}
	}
}

// newTimer returns a reference that can be read in d.
func newTimer(t *testing.T, d time.Duration) dios.Ref {
	t.Helper()
	spec := dios.Timer{First: uint64(Nanotime() + int64(d))}
	r, err := dios.Create(0, dios.TypeTimer, unsafe.Pointer(&spec), nil, dios.RefNone, dios.RefNone)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func openTimer(t *testing.T, d time.Duration) (PollDesc, dios.Ref) {
	t.Helper()
	r := newTimer(t, d)
	pd, errno := PollOpen(uint64(r))
	if errno != 0 {
		t.Fatalf("PollOpen(%#x) = %d", r, errno)
	}
	return pd, r
}

// Test what can end a goroutine's wait for a reference, and that the poller
// then waits for it no more.
func TestNetpollReference(t *testing.T) {
	before := PollSubs()

	start := time.Now()
	pd, r := openTimer(t, 20*time.Millisecond)
	if e := pd.Wait(); e != 0 || time.Since(start) < 20*time.Millisecond {
		t.Errorf("ready: error %d after %v", e, time.Since(start))
	}
	pd.Close()
	dios.Delete(0, r)

	pd, r = openTimer(t, time.Hour)
	pd.SetDeadline(int64(20 * time.Millisecond))
	if e := pd.Wait(); e != PollErrTimeout {
		t.Errorf("deadline: error %d", e)
	}
	pd.SetDeadline(0)

	// It dies while the goroutine waits.
	time.AfterFunc(20*time.Millisecond, func() { dios.Delete(dios.DeleteZombify, r) })
	if e := pd.Wait(); e != 0 {
		t.Errorf("zombie: error %d", e)
	}
	dios.Delete(0, r)
	// It is deleted before the goroutine waits, which finds out at once.
	if e := pd.Wait(); e != 0 {
		t.Errorf("deleted: error %d", e)
	}
	pd.Close()

	pd, r = openTimer(t, time.Hour)
	time.AfterFunc(20*time.Millisecond, pd.Unblock)
	if e := pd.Wait(); e != PollErrClosing {
		t.Errorf("unblocked: error %d", e)
	}
	// Close would unblock it again.
	pd.CloseUnblocked()
	dios.Delete(0, r)

	if after := PollSubs(); after != before {
		t.Errorf("netpoll waits for %d references, %d before", after, before)
	}
}

// Test that a reference is opened once, and that its slot is free again.
func TestNetpollOpen(t *testing.T) {
	pd, r := openTimer(t, time.Hour)
	if _, errno := PollOpen(uint64(r)); errno != int(syscall.EEXIST) {
		t.Errorf("second PollOpen: errno %d, want EEXIST", errno)
	}
	pd.Close()
	for range 3 {
		pd, errno := PollOpen(uint64(r))
		if errno != 0 {
			t.Fatalf("PollOpen after Close: errno %d", errno)
		}
		pd.SetDeadline(int64(time.Millisecond))
		if e := pd.Wait(); e != PollErrTimeout { // and the kernel waits on
			t.Errorf("deadline: error %d", e)
		}
		pd.Close()
	}
	// Deleted while it is open, and its slot used again.
	pd, _ = PollOpen(uint64(r))
	dios.Delete(0, r)
	pd2, r2 := openTimer(t, 5*time.Millisecond)
	if uint32(r) != uint32(r2) {
		t.Errorf("%#x is not in the slot of %#x", r2, r)
	}
	if e := pd2.Wait(); e != 0 {
		t.Errorf("error %d", e)
	}
	pd.Close()
	pd2.Close()
	dios.Delete(0, r2)
}

// Test that a wait costs the same however many others there are: ten thousand
// goroutines that wait, and one that does often.
func TestNetpollParked(t *testing.T) {
	round := func() time.Duration {
		start := time.Now()
		for range 200 {
			pd, r := openTimer(t, 0)
			if e := pd.Wait(); e != 0 {
				t.Errorf("error %d", e)
			}
			pd.Close()
			dios.Delete(0, r)
		}
		return time.Since(start)
	}
	round() // warm up
	alone := round()
	const n = 10000
	done := make(chan int)
	var pds []PollDesc
	var refs []dios.Ref
	for range n {
		pd, r := openTimer(t, time.Hour)
		pds, refs = append(pds, pd), append(refs, r)
		go func() { done <- pd.Wait() }()
	}
	for PollSubs() < n {
		time.Sleep(time.Millisecond)
	}
	crowd := round()
	t.Logf("200 waits: %v, with %d others %v", alone, n, crowd)
	if crowd > 10*alone+100*time.Millisecond {
		t.Errorf("200 waits took %v, with %d others %v", alone, n, crowd)
	}
	for i, pd := range pds {
		pd.Unblock()
		if e := <-done; e != PollErrClosing {
			t.Fatalf("error %d", e)
		}
		pd.CloseUnblocked()
		dios.Delete(0, refs[i])
	}
}

// Test that goroutines can wait for more references than one dios_select takes.
func TestNetpollMany(t *testing.T) {
	const n = dios.MaxWaits*2 + 100
	c := make(chan int)
	for i := range n {
		pd, r := openTimer(t, time.Duration(50+i%50)*time.Millisecond)
		go func() {
			e := pd.Wait()
			pd.Close()
			dios.Delete(0, r)
			c <- e
		}()
	}
	for range n {
		if e := <-c; e != 0 {
			t.Errorf("error %d", e)
		}
	}
}

// Test that a goroutine that waits for a reference runs in time although
// another never stops.
func TestNetpollBusy(t *testing.T) {
	stop := make(chan bool)
	done := make(chan bool)
	go func() {
		for {
			select {
			case <-stop:
				close(done)
				return
			default:
			}
		}
	}()
	pd, r := openTimer(t, 30*time.Millisecond)
	start := time.Now()
	e := pd.Wait()
	if d := time.Since(start); e != 0 || d > 5*time.Second {
		t.Errorf("error %d after %v", e, d)
	}
	pd.Close()
	dios.Delete(0, r)
	close(stop)
	<-done
}

// Test that the two clocks are the same one.
func TestTimerNow(t *testing.T) {
	a := Nanotime()
	b := TimerNow()
	c := Nanotime()
	if a > b || b > c {
		t.Errorf("nanotime %d, timer %d, nanotime %d", a, b, c)
	}
}
