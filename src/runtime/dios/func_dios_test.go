// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	. "runtime/dios"
	_ "runtime/dios/gob"
	"slices"
	"strconv"
	"strings"
	"sync"
	sys "syscall/dios"
	"testing"
	"time"
	"unsafe"
)

// The task functions of the tests.

var echoInt = Register("echo int", echo[int])
var echoBytes = Register("echo bytes", echo[[]byte])

func echo[T any](ch *Chan[T, T]) {
	for v := range ch.All() {
		if ch.Send(v) != nil {
			return
		}
	}
}

// status ends as its argument says.
var status = Register("status", func(ch *Chan[int, int]) {
	n, err := ch.Recv()
	if err != nil {
		return
	}
	switch {
	case n >= 0:
		os.Exit(n)
	case n == -1:
		panic("as asked")
	case n == -2:
		ch.Close()
		select {}
	}
})

// hang uses nothing, and never ends.
var hang = Register("hang", func(ch *Chan[int, int]) {
	for {
		time.Sleep(time.Hour)
	}
})

// about says what a task finds.
var about = Register("about", func(ch *Chan[string, string]) {
	for what := range ch.All() {
		switch what {
		case "args":
			ch.Send(fmt.Sprint(os.Args[1:]))
		case "entry":
			ch.Send(Entry())
		case "refs":
			ch.Send(fmt.Sprint(len(Refs())))
		default:
			ch.Send(os.Getenv(what))
		}
	}
})

func spawn[In, Out any](t *testing.T, f *Func[In, Out], args ...string) *Child[In, Out] {
	t.Helper()
	c, err := f.Spawn(args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Kill()
		c.Wait(context.Background())
		c.Close()
	})
	return c
}

// soon is a context for what must not take long. DIOS_TEST_SLOW says how many times
// slower than usual the machine is.
func soon(t *testing.T) context.Context {
	d := 30 * time.Second
	if n, err := strconv.Atoi(os.Getenv("DIOS_TEST_SLOW")); err == nil && n > 1 {
		d *= time.Duration(n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func wantRecv[In, Out any](t *testing.T, c *Child[In, Out], want Out) {
	t.Helper()
	if got, err := c.RecvContext(soon(t)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Recv() = %v, %v; want %v", got, err, want)
	}
}

func TestSpawn(t *testing.T) {
	c := spawn(t, echoInt)
	for _, n := range []int{0, 1, -1, math.MaxInt, math.MinInt} {
		if err := c.Send(n); err != nil {
			t.Fatal(err)
		}
		wantRecv(t, c, n)
	}
	if st := c.State(); st != nil {
		t.Errorf("State() = %v while it runs", st)
	}
	// It has read all, and then finds the end, and ends.
	if err := c.CloseSend(); err != nil {
		t.Error(err)
	}
	if n, err := c.RecvContext(soon(t)); err != io.EOF {
		t.Errorf("Recv() = %v, %v at the end; want EOF", n, err)
	}
	if err := c.Wait(soon(t)); err != nil {
		t.Errorf("Wait() = %v", err)
	}
	if st := c.State(); st == nil || !st.Success() || st.Calls == 0 || st.MaxRSS == 0 {
		t.Errorf("State() = %+v", st)
	}
	if err := c.Kill(); err != os.ErrProcessDone {
		t.Errorf("Kill() = %v of a task that has ended", err)
	}
	if err := c.Send(1); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Send() = %v after CloseSend", err)
	}
}

func TestSpawnAbout(t *testing.T) {
	c, err := about.SpawnAttr(&Attr{
		Args: []string{"a", "b c", ""},
		Env:  []string{"X=y"},
		Refs: []Grant{{Random(), sys.RightRead}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, test := range [][2]string{{"args", "[a b c ]"}, {"entry", "about"}, {"refs", "1"}, {"X", "y"}, {"PATH", ""}} {
		c.Send(test[0])
		wantRecv(t, c, test[1])
	}
}

// A task that does not end well is an error, whatever its parent does.
func TestExitError(t *testing.T) {
	for _, test := range []struct {
		n    int
		want string
	}{
		{0, ""},
		{3, "task status: exit status 3"},
		{255, "task status: exit status 255"},
		{-1, "task status: exit status 2"},
	} {
		c := spawn(t, status)
		c.Send(test.n)
		_, err := c.RecvContext(soon(t))
		var e *ExitError
		if test.want == "" {
			if err != io.EOF {
				t.Errorf("status %d: Recv: %v", test.n, err)
			}
			if err := c.Wait(soon(t)); err != nil {
				t.Errorf("status %d: Wait: %v", test.n, err)
			}
			if err := c.Send(1); !errors.Is(err, sys.EPIPE) {
				t.Errorf("status %d: Send: %v", test.n, err)
			}
			continue
		}
		if !errors.As(err, &e) || e.Error() != test.want {
			t.Errorf("status %d: Recv: %v", test.n, err)
		}
		if err := c.Wait(soon(t)); !errors.As(err, &e) || e.Error() != test.want {
			t.Errorf("status %d: Wait: %v", test.n, err)
		}
		if err := c.Send(1); !errors.As(err, &e) || e.Error() != test.want {
			t.Errorf("status %d: Send: %v", test.n, err)
		}
	}
}

func TestKill(t *testing.T) {
	c := spawn(t, hang)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.Wait(ctx); err != context.DeadlineExceeded {
		t.Errorf("Wait() = %v while it runs", err)
	}
	if _, err := c.RecvContext(ctx); err != context.DeadlineExceeded {
		t.Errorf("Recv() = %v while it runs", err)
	}
	received := make(chan error)
	go func() {
		_, err := c.Recv()
		received <- err
	}()
	time.Sleep(10 * time.Millisecond)
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	const want = "task hang: killed"
	if err := c.Wait(soon(t)); err == nil || err.Error() != want {
		t.Errorf("Wait() = %v after Kill", err)
	}
	if err := <-received; err == nil || err.Error() != want {
		t.Errorf("Recv() = %v after Kill", err)
	}
	if err := c.Kill(); err != os.ErrProcessDone {
		t.Errorf("Kill() = %v again", err)
	}
}

// An entry that the program does not have is an error at the parent.
func TestNoEntry(t *testing.T) {
	c, err := Unregistered("no such function").Spawn()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.RecvContext(soon(t))
	if err == nil || err.Error() != "task no such function: exit status 127 (the program has no such task function)" {
		t.Errorf("Recv() = %v", err)
	}
}

func TestRegisterPanics(t *testing.T) {
	defer func() {
		const want = `dios: task function "late": register it while packages are initialized`
		if e := recover(); e != want {
			t.Errorf("panic: %v, want %s", e, want)
		}
	}()
	Register("late", echo[int])
}

// The child closes its end and goes on.
func TestPeerCloses(t *testing.T) {
	c := spawn(t, status)
	c.Send(-2)
	if _, err := c.RecvContext(soon(t)); err != io.EOF {
		t.Errorf("Recv() = %v, want EOF", err)
	}
	if err := c.Send(1); !errors.Is(err, sys.EPIPE) {
		t.Errorf("Send() = %v, want EPIPE", err)
	}
	if st := c.State(); st != nil {
		t.Errorf("the task has ended: %v", st)
	}
}

// Messages of every length arrive whole: shorter than a record, as long as a
// piece, longer than the ring.
func TestLengths(t *testing.T) {
	c, err := echoBytes.SpawnAttr(&Attr{Ring: 4096})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	data := make([]byte, 100_000)
	for i := range data {
		data[i] = byte(i * 7 >> 3)
	}
	lengths := []int{0, 1, 7, 8, 9, 2031, 2032, 2033, 2039, 2040, 2041, 2048, 4079, 4080, 4081, 4087, 4088, 4096, 8192, 100_000}
	go func() {
		for _, n := range lengths {
			c.Send(data[:n])
		}
		c.CloseSend()
	}()
	for _, n := range lengths {
		got, err := c.RecvContext(soon(t))
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if !bytes.Equal(got, data[:n]) {
			t.Fatalf("%d bytes: got %d others", n, len(got))
		}
	}
	if _, err := c.RecvContext(soon(t)); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// Two ends of a channel in this task.
func pair[A, B any](t *testing.T, size int) (*Chan[A, B], *Chan[B, A]) {
	t.Helper()
	r1, w1, err := NewFifo(size)
	if err != nil {
		t.Fatal(err)
	}
	r2, w2, err := NewFifo(size)
	if err != nil {
		t.Fatal(err)
	}
	a, b := NewChan[A, B](r1, w2), NewChan[B, A](r2, w1)
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

type point struct {
	X, Y int32
	Name [6]byte
}

type text struct{ s string }

func (x text) MarshalBinary() ([]byte, error)     { return []byte(strings.ToUpper(x.s)), nil }
func (x *text) UnmarshalBinary(data []byte) error { x.s = string(data); return nil }

type node struct {
	Value int
	Next  *node
	Names map[string][]string
}

// What is sent is received, whatever its type.
func TestTypes(t *testing.T) {
	through(t, true, false)
	through(t, int8(-5), 7)
	through(t, 1.5, math.Inf(-1), 0)
	through(t, complex(1, -2))
	through(t, struct{}{}, struct{}{})
	through(t, [3]uint16{1, 2, 3})
	through(t, point{1, -2, [6]byte{'a'}}, point{})
	through(t, [3000]int64{0: 1, 2999: 2}) // longer than a piece of the ring
	through(t, "", "x", strings.Repeat("long ", 5000))
	through(t, []byte{}, []byte("abc"))
	through(t, []point{}, []point{{X: 1}, {Y: 2}})
	through(t, time.Duration(5))
	through(t, time.Unix(1e9, 5).UTC())
	through(t, text{"GREAT"})
	through(t, &text{"POINTED"})
	through(t, []string{"a", "", "c"}, nil)
	through(t, map[string]int{"a": 1}, map[string]int{"b": 2, "c": 3})
	through(t, node{1, &node{Value: 2}, map[string][]string{"x": {"y", "z"}}}, node{Value: 3})
}

func through[T any](t *testing.T, values ...T) {
	t.Run(reflect.TypeFor[T]().String(), func(t *testing.T) {
		a, b := pair[T, T](t, 16384)
		go func() {
			for _, v := range values {
				if err := a.Send(v); err != nil {
					t.Error(err)
				}
			}
			a.Close()
		}()
		got := slices.Collect(b.All())
		if _, err := b.Recv(); err != io.EOF {
			t.Errorf("after the last: %v", err)
		}
		if !reflect.DeepEqual(got, values) {
			t.Errorf("got %v, want %v", got, values)
		}
	})
}

func TestNoCodec(t *testing.T) {
	defer func() {
		if e := fmt.Sprint(recover()); !strings.Contains(e, "runtime/dios/gob") {
			t.Errorf("panic: %v", e)
		}
	}()
	WithoutFallback(func() { pair[*int, int](t, 4096) })
}

func TestSendAll(t *testing.T) {
	a, b := pair[int, int](t, 4096)
	const n = 10000
	go func() {
		defer a.CloseSend()
		if err := a.SendAll(t.Context(), func(yield func(int) bool) {
			for i := 0; i < n && yield(i); i++ {
			}
		}); err != nil {
			t.Error(err)
		}
	}()
	i := 0
	for v := range b.All() {
		if v != i {
			t.Fatalf("got %d, want %d", v, i)
		}
		i++
	}
	if i != n {
		t.Errorf("got %d of %d", i, n)
	}
}

// Waiting ends for each of the reasons there are.
func TestInterrupt(t *testing.T) {
	ctx := t.Context()
	full := func(c *Chan[int, int]) error {
		for {
			if err := c.Send(1); err != nil {
				return err
			}
		}
	}
	t.Run("deadline", func(t *testing.T) {
		a, _ := pair[int, int](t, 4096)
		a.SetDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := a.Recv(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Recv() = %v", err)
		}
		if err := full(a); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Send() = %v", err)
		}
		a.SetDeadline(time.Time{})
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		if _, err := a.RecvContext(short); err != context.DeadlineExceeded {
			t.Errorf("Recv() = %v without a deadline", err)
		}
	})
	t.Run("deadline set later", func(t *testing.T) {
		a, _ := pair[int, int](t, 4096)
		time.AfterFunc(20*time.Millisecond, func() { a.SetRecvDeadline(time.Unix(1, 0)) })
		if _, err := a.Recv(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Recv() = %v", err)
		}
	})
	t.Run("context", func(t *testing.T) {
		a, b := pair[int, int](t, 4096)
		short, cancel := context.WithCancel(ctx)
		time.AfterFunc(20*time.Millisecond, cancel)
		if _, err := a.RecvContext(short); err != context.Canceled {
			t.Errorf("Recv() = %v", err)
		}
		if err := a.SendContext(short, 1); err != context.Canceled {
			t.Errorf("Send() = %v", err)
		}
		// It is as good as before.
		b.Send(5)
		if v, err := a.RecvContext(ctx); v != 5 || err != nil {
			t.Errorf("Recv() = %v, %v", v, err)
		}
	})
	t.Run("context while another waits", func(t *testing.T) {
		a, b := pair[int, int](t, 4096)
		got := make(chan int)
		go func() { v, _ := a.Recv(); got <- v }()
		time.Sleep(time.Millisecond)
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		if _, err := a.RecvContext(short); err != context.DeadlineExceeded {
			t.Errorf("Recv() = %v", err)
		}
		b.Send(7)
		if v := <-got; v != 7 {
			t.Errorf("the other got %d", v)
		}
	})
	t.Run("close", func(t *testing.T) {
		a, b := pair[int, int](t, 4096)
		time.AfterFunc(20*time.Millisecond, func() { a.Close() })
		if _, err := a.Recv(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Recv() = %v", err)
		}
		if err := a.Close(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Close() = %v again", err)
		}
		if _, err := b.Recv(); err != io.EOF {
			t.Errorf("the other's Recv() = %v", err)
		}
		if err := full(b); !errors.Is(err, sys.EPIPE) {
			t.Errorf("the other's Send() = %v", err)
		}
	})
	t.Run("close while sending", func(t *testing.T) {
		a, _ := pair[int, int](t, 4096)
		time.AfterFunc(20*time.Millisecond, func() { a.Close() })
		if err := full(a); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Send() = %v", err)
		}
	})
	t.Run("other end closes while sending", func(t *testing.T) {
		a, b := pair[int, int](t, 4096)
		time.AfterFunc(20*time.Millisecond, func() { b.Close() })
		if err := full(a); !errors.Is(err, sys.EPIPE) {
			t.Errorf("Send() = %v", err)
		}
	})
}

// Several goroutines share a channel.
func TestConcurrent(t *testing.T) {
	a, b := pair[int, int](t, 4096)
	const senders, n = 5, 400
	done := make(chan bool)
	for range senders {
		go func() {
			for i := range n {
				a.Send(i)
			}
			done <- true
		}()
	}
	sum := make(chan int)
	for range 3 {
		go func() {
			s := 0
			for v := range b.All() {
				s += v
			}
			sum <- s
		}()
	}
	for range senders {
		<-done
	}
	a.CloseSend()
	if got, want := <-sum+<-sum+<-sum, senders*n*(n-1)/2; got != want {
		t.Errorf("sum %d, want %d", got, want)
	}
}

func TestSelect(t *testing.T) {
	c := spawn(t, echoInt)
	in, out := c.Incoming(), c.Outgoing()
	timeout := time.After(30 * time.Second)
	next, sum := 1, 0
	for sum < 55 {
		send := out
		if next > 10 {
			send = nil
		}
		select {
		case send <- next:
			next++
		case v := <-in:
			sum += v
		case <-timeout:
			t.Fatal("timeout")
		}
	}
	close(out)
	select {
	case v, ok := <-in:
		if ok {
			t.Errorf("got %d after the last", v)
		}
	case <-timeout:
		t.Fatal("timeout")
	}
	if err := c.Wait(soon(t)); err != nil {
		t.Error(err)
	}
}

// Records are read where they were written.
func TestRecords(t *testing.T) {
	r, w, err := NewFifo(4096)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.Room(4089); !errors.Is(err, sys.ETOOBIG) {
		t.Errorf("Room of more than Max: %v", err)
	}
	for i := range 500 {
		n := i * 37 % (w.Max() + 1)
		room, err := w.Room(n)
		if err != nil || len(room) != n {
			t.Fatalf("Room(%d) = %d bytes, %v", n, len(room), err)
		}
		for k := range room {
			room[k] = byte(i + k)
		}
		if err := w.Commit(n); err != nil {
			t.Fatal(err)
		}
		rec, err := r.Next()
		if err != nil || len(rec) != n {
			t.Fatalf("Next() = %d bytes, %v; want %d", len(rec), err, n)
		}
		for k := range rec {
			if rec[k] != byte(i+k) {
				t.Fatalf("record %d differs at %d", i, k)
			}
		}
		if err := r.Done(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(5000); !errors.Is(err, sys.EINVAL) {
		t.Errorf("Commit of more than Room: %v", err)
	}
	w.Close()
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("Next() at the end: %v", err)
	}
}

// Each end can be opened by a reference to it, however large the ring is.
func TestOpenEnds(t *testing.T) {
	for _, size := range []int{4096, 128 << 10, 64 << 20} {
		r, w, err := NewFifo(size)
		if err != nil {
			t.Fatal(err)
		}
		end := func(ref Ref) Ref {
			t.Helper()
			got, err := ref.Limit(ref.Rights())
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		r2, err := OpenReader(end(r.Ref()))
		if err != nil {
			t.Fatal(err)
		}
		w2, err := OpenWriter(end(w.Ref()))
		if err != nil {
			t.Fatal(err)
		}
		if w2.Max() != w.Max() {
			t.Errorf("a ring of %d bytes: Max() = %d, want %d", size, w2.Max(), w.Max())
		}
		if room, err := w2.Room(5); err != nil || copy(room, "hello") != 5 || w2.Commit(5) != nil {
			t.Errorf("%d bytes of room, %v", len(room), err)
		}
		if rec, err := r2.Next(); err != nil || string(rec) != "hello" {
			t.Errorf("Next() = %q, %v", rec, err)
		}
		if _, err := OpenWriter(r.Ref()); !errors.Is(err, sys.EPERM) {
			t.Errorf("OpenWriter of the other end: %v", err)
		}
		for _, c := range []io.Closer{r, w, r2, w2} {
			c.Close()
		}
	}
}

// A reader that has read everything leaves at least half of the ring to the
// writer, also while it does not read on.
func TestRoomAfterReading(t *testing.T) {
	a, b := pair[int64, int64](t, 4096)
	const all = 4096 / 16
	for i := range int64(all) {
		a.Send(i)
	}
	for range all {
		b.Recv()
	}
	ctx := soon(t)
	for i := range int64(all / 2) {
		if err := a.SendContext(ctx, i); err != nil {
			t.Fatalf("message %d of %d: %v", i, all/2, err)
		}
	}
}

// parked lets ten thousand goroutines wait, and sleeps.
var parked = Register("parked", func(ch *Chan[int, int]) {
	d := Must(time.ParseDuration(os.Args[1]))
	var waiting sync.WaitGroup
	for range 10000 {
		timer := Must(sys.Create(0, sys.TypeTimer, unsafe.Pointer(&sys.Timer{}), nil, 0, 0))
		waiting.Add(1)
		go func() {
			waiting.Done()
			Ref(timer).Ready(context.Background(), sys.RightRead)
		}()
	}
	waiting.Wait()
	time.Sleep(d)
})

// Ten thousand goroutines that wait cost nothing: the task sleeps two seconds
// more, and makes hardly a call for it.
func TestParked(t *testing.T) {
	use := func(d string) *TaskState {
		c := spawn(t, parked, d)
		if err := c.Wait(soon(t)); err != nil {
			t.Fatal(err)
		}
		return c.State()
	}
	short, long := use("10ms"), use("2s")
	t.Logf("%d calls and %v, %d calls and %v", short.Calls, short.UserTime+short.SystemTime, long.Calls, long.UserTime+long.SystemTime)
	// Other things differ from one run to the next: collections of garbage.
	if d := long.Calls - short.Calls; d > 500 {
		t.Errorf("%d calls in two seconds of waiting", d)
	}
	if short.Calls < 20000 {
		t.Errorf("%d calls: the goroutines did not wait", short.Calls)
	}
}
