// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	. "runtime/dios"
	"strconv"
	sys "syscall/dios"
	"testing"
	"time"
)

// A job says what to do with a number.
type job struct {
	Do string
	N  int
}

func work(j job) (string, error) {
	switch j.Do {
	case "square":
		return strconv.Itoa(j.N * j.N), nil
	case "fail":
		return "", fmt.Errorf("cannot do %d", j.N)
	case "exit":
		os.Exit(j.N)
	case "sleep":
		time.Sleep(time.Hour)
	}
	return strconv.Itoa(os.Getpid()), nil
}

var worker = RegisterWorker("work", work)

func newPool(t *testing.T, n int) *Pool[job, string] {
	p := worker.Pool(n, nil)
	t.Cleanup(func() { p.Close() })
	return p
}

func TestPool(t *testing.T) {
	p := newPool(t, 2)
	ctx := soon(t)
	if got, err := p.Call(ctx, job{"square", 7}); got != "49" || err != nil {
		t.Errorf("Call = %q, %v", got, err)
	}
	first, _ := p.Call(ctx, job{})

	_, err := p.Call(ctx, job{"fail", 5})
	var remote *RemoteError
	if !errors.As(err, &remote) || remote.Task != "work" || remote.Text != "cannot do 5" {
		t.Errorf("Call = %v, want what the function returned", err)
	}
	// Its death is the error of one call.
	_, err = p.Call(ctx, job{"exit", 9})
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 9 {
		t.Errorf("Call = %v, want exit status 9", err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := p.Call(short, job{Do: "sleep"}); err != context.DeadlineExceeded {
		t.Errorf("Call = %v, want that the time is over", err)
	}
	for range 4 {
		pid, err := p.Call(ctx, job{})
		if err != nil {
			t.Error(err)
		}
		if pid == first {
			t.Errorf("a task that died or was killed answers: %s", pid)
		}
	}
	p.Close()
	if _, err := p.Call(ctx, job{}); err == nil {
		t.Error("a pool that is closed answers")
	}
}

func TestMap(t *testing.T) {
	p := newPool(t, 3)
	jobs := make([]job, 50)
	for i := range jobs {
		jobs[i] = job{"square", i}
	}
	got, err := p.Map(soon(t), jobs)
	if err != nil || len(got) != len(jobs) {
		t.Fatalf("Map = %d results, %v", len(got), err)
	}
	for i, s := range got {
		if s != strconv.Itoa(i*i) {
			t.Errorf("result %d is %s", i, s)
		}
	}
	jobs[20].Do = "fail"
	_, err = p.Map(soon(t), jobs)
	var e *MapError
	var remote *RemoteError
	if !errors.As(err, &e) || e.Index != 20 || !errors.As(err, &remote) {
		t.Errorf("Map = %v, want that element 20 failed", err)
	}
	if got, err := p.Map(soon(t), nil); len(got) != 0 || err != nil {
		t.Errorf("Map of nothing = %v, %v", got, err)
	}
}

func TestSupervise(t *testing.T) {
	lives := 0
	err := Supervise(soon(t), status, Restart{Max: 3}, func(ctx context.Context, c *Child[int, int]) error {
		lives++
		if lives == 3 {
			return nil
		}
		c.Send(lives)
		_, err := c.RecvContext(ctx)
		return err
	})
	if err != nil || lives != 3 {
		t.Errorf("Supervise = %v after %d lives; want nil after 3", err, lives)
	}
	lives = 0
	err = Supervise(soon(t), status, Restart{Max: 2, Within: time.Hour}, func(ctx context.Context, c *Child[int, int]) error {
		lives++
		c.Send(5)
		return c.Wait(ctx)
	})
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 5 || lives != 3 {
		t.Errorf("Supervise = %v after %d lives; want exit status 5 after 3", err, lives)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = Supervise(ctx, hang, Restart{Max: 2}, func(ctx context.Context, c *Child[int, int]) error {
		_, err := c.Recv() // ends because the task is killed
		return err
	})
	if err != context.DeadlineExceeded {
		t.Errorf("Supervise = %v after the context's end", err)
	}
}

func TestNames(t *testing.T) {
	r, w, err := NewFifo(4096)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	group, err := NewGroup(sys.RightRead | sys.RightWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer group.Delete()
	name, err := r.Ref().SetName(group)
	if err != nil {
		t.Fatal(err)
	}
	if parsed, err := ParseName(name.String()); parsed != name || err != nil || len(name.String()) != 43 {
		t.Errorf("ParseName(%q) = %v, %v", name, parsed, err)
	}
	refs, err := Lookup(name, group)
	if err != nil || len(refs) != 1 {
		t.Fatalf("Lookup = %v, %v", refs, err)
	}
	found := refs[0]
	if found.Type() != sys.TypeFifo || found.Rights() != sys.RightRead || !found.Alive() {
		t.Errorf("found a %v with rights %v", found.Type(), found.Rights())
	}
	if err := found.Delete(); err != nil {
		t.Error(err)
	}
	if found.Type() != 0 || found.Alive() {
		t.Error("it is still there when it was deleted")
	}
	if _, err := found.Limit(sys.RightRead); !errors.Is(err, sys.EBADREF) {
		t.Errorf("Limit of what was deleted: %v", err)
	}
	if _, err := r.Ref().SetName(group); !errors.Is(err, sys.EBUSY) {
		t.Errorf("a second name: %v", err)
	}
	public := Must(PublicName("runtime/dios test"))
	if err := w.Ref().SetPublicName(public, 0); !errors.Is(err, sys.EBUSY) {
		t.Errorf("a second name by the other end: %v", err)
	}
	if _, err := LookupPublic(public, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LookupPublic of no name: %v", err)
	}
}

// sharer does what it is told with memory it was given.
var sharer = Register("sharer", func(ch *Chan[string, byte]) {
	s, err := OpenShared(Refs()[0].Ref)
	if err != nil {
		panic(err)
	}
	for what := range ch.All() {
		switch what {
		case "read":
			ch.Send(s.Bytes()[5000])
		case "write":
			s.Bytes()[5000] = 9
			ch.Send(9)
		case "versions":
			for i := range byte(200) {
				s.Write(func(mem []byte) {
					for k := range 64 {
						mem[k*64] = i
					}
				})
			}
			ch.Send(1)
		}
	}
})

func TestShared(t *testing.T) {
	s, err := NewShared(5001)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Bytes()) != 8192 {
		t.Errorf("%d bytes", len(s.Bytes()))
	}
	start := func(rights Rights) *Child[string, byte] {
		c, err := sharer.SpawnAttr(&Attr{Refs: []Grant{{s.Ref(), rights}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Kill(); c.Close() })
		return c
	}
	c := start(0)
	s.Bytes()[5000] = 7
	c.Send("read")
	wantRecv(t, c, 7)
	c.Send("write")
	wantRecv(t, c, 9)
	if b := s.Bytes()[5000]; b != 9 {
		t.Errorf("the other task wrote 9, and here it is %d", b)
	}
	// What Read sees is what one Write left.
	c.Send("versions")
	for i := range 100 {
		var seen [64]byte
		if err := s.Read(func(mem []byte) {
			for k := range seen {
				seen[k] = mem[k*64]
			}
		}); err != nil {
			t.Fatal(err)
		}
		for _, b := range seen {
			if b != seen[0] {
				t.Fatalf("read %d is a mixture: %v", i, seen)
			}
		}
	}
	wantRecv(t, c, 1)
	// Without the right, writing is a fault of the one who does.
	c = start(sys.RightRead)
	c.Send("write")
	var exit *ExitError
	if _, err := c.RecvContext(soon(t)); !errors.As(err, &exit) {
		t.Errorf("writing what is only to be read: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Read(nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read after Close: %v", err)
	}
}

func TestGiveTo(t *testing.T) {
	s, err := NewShared(4096)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := spawn(t, hang)
	ref, err := s.Ref().GiveTo(c.Task, sys.RightRead)
	if err != nil || ref == 0 {
		t.Errorf("GiveTo = %v, %v", ref, err)
	}
	c.Kill()
	c.Wait(soon(t))
	if _, err := s.Ref().GiveTo(c.Task, sys.RightRead); !errors.Is(err, sys.EZOMBIE) {
		t.Errorf("GiveTo a task that has ended: %v", err)
	}
}

func TestReady(t *testing.T) {
	r, w, err := NewFifo(4096)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := r.Ref().Ready(ctx, sys.RightRead); err != context.DeadlineExceeded {
		t.Errorf("an empty FIFO: %v", err)
	}
	time.AfterFunc(10*time.Millisecond, func() {
		w.Room(1)
		w.Commit(1)
	})
	if err := r.Ref().Ready(soon(t), sys.RightRead); err != nil {
		t.Errorf("a FIFO with a record: %v", err)
	}
	if err := r.Ref().Ready(ctx, sys.RightWrite); !errors.Is(err, sys.EPERM) {
		t.Errorf("to write what can be read: %v", err)
	}
	r.Close()
	if err := r.Ref().Ready(ctx, sys.RightRead); !errors.Is(err, sys.EBADREF) {
		t.Errorf("no reference: %v", err)
	}
}
