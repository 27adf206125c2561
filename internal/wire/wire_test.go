// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package wire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A buffer is a connection to oneself.
type buffer struct{ bytes.Buffer }

func TestFrames(t *testing.T) {
	frames := []Frame{
		{1, Put, File, nil},
		{0xffffffff, Data, Err, []byte{0}},
		{7, Exit, In, bytes.Repeat([]byte("x"), 100_000)},
		{7, Data, Out, bytes.Repeat([]byte("y"), MaxPayload)},
	}
	var b buffer
	c := NewConn(&b)
	for _, f := range frames {
		if err := c.Send(f); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range frames {
		got, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if got.Run != want.Run || got.Kind != want.Kind || got.Stream != want.Stream || !bytes.Equal(got.Payload, want.Payload) {
			t.Errorf("sent %v, received %v", want, got)
		}
	}
	if _, err := c.Receive(); err != io.EOF {
		t.Errorf("at the end: %v, want EOF", err)
	}
}

func TestFrameTooLong(t *testing.T) {
	var b buffer
	c := NewConn(&b)
	if err := c.Send(Frame{1, Data, Out, make([]byte, MaxPayload+1)}); err == nil {
		t.Error("a frame that is too long was sent")
	}
	if b.Len() != 0 {
		t.Errorf("%d bytes of it were written", b.Len())
	}
	// It does not spoil the connection.
	if err := c.Send(Frame{1, Data, Out, []byte("ok")}); err != nil {
		t.Error(err)
	}
}

func TestReceiveNonsense(t *testing.T) {
	var good buffer
	NewConn(&good).Send(Frame{1, Data, Out, []byte("abc")})
	whole := good.Bytes()
	change := func(i int, to byte) []byte {
		b := bytes.Clone(whole)
		b[i] = to
		return b
	}
	for _, test := range []struct {
		name string
		in   []byte
		want error // nil: any but EOF
	}{
		{"nothing", nil, io.EOF},
		{"part of a header", whole[:5], io.ErrUnexpectedEOF},
		{"no payload", whole[:header], io.ErrUnexpectedEOF},
		{"part of the payload", whole[:header+2], io.ErrUnexpectedEOF},
		{"a huge length", change(3, 0xff), nil},
		{"kind 0", change(8, 0), nil},
		{"an unknown kind", change(8, byte(Ready)+1), nil},
		{"an unknown stream", change(9, 4), nil},
		{"padding", change(11, 1), nil},
	} {
		var b buffer
		b.Write(test.in)
		f, err := NewConn(&b).Receive()
		switch {
		case err == nil:
			t.Errorf("%s: received %v", test.name, f)
		case test.want != nil && err != test.want:
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		case test.want == nil && (err == io.EOF || err == io.ErrUnexpectedEOF):
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// Arguments and environments are any bytes; lists may be empty, and so may strings.
func TestMessages(t *testing.T) {
	all := func() string {
		var b []byte
		for c := 1; c < 256; c++ {
			b = append(b, byte(c))
		}
		return string(b)
	}()
	start := StartRequest{
		Path:    "/a b/\xff",
		Args:    []string{"", " ", "\n", "a=b", all, ""},
		Env:     []string{"A=", "=", "", "B=\n" + all},
		Dir:     "/",
		UID:     1,
		GID:     0xffffffff,
		NoInput: true,
		TTY:     true,
		Size:    24<<16 | 80,
		Program: "p",
		Files:   true,
		Port:    9,
		Link:    "l",
	}
	for _, test := range []struct {
		in, out interface {
			Encode() []byte
			Decode([]byte) error
		}
	}{
		{&HostHello{Version, -1, []byte{0, 1, 0xff}, true}, new(HostHello)},
		{&GuestHello{Version, "6.1", "no", "tsc", 1 << 40, true}, new(GuestHello)},
		{&PutRequest{"/x", 0o755}, new(PutRequest)},
		{&start, new(StartRequest)},
		{&StartRequest{Merge: true}, new(StartRequest)},
		{&ExitReport{"no", true, 255, 9, 1, 2, 3}, new(ExitReport)},
	} {
		b := test.in.Encode()
		if err := test.out.Decode(b); err != nil {
			t.Errorf("%T: %v", test.in, err)
		}
		if diff := cmp.Diff(test.in, test.out); diff != "" {
			t.Errorf("%T (-encoded +decoded):\n%s", test.in, diff)
		}
		// Nothing may be left out or added. (A hello of another version is
		// read no further than that.)
		for n := 4; n < len(b); n++ {
			if test.out.Decode(b[:n]) == nil {
				t.Errorf("%T: %d of %d bytes were enough", test.in, n, len(b))
			}
		}
		if test.out.Decode(append(b, 0)) == nil {
			t.Errorf("%T: a byte too many was taken", test.in)
		}
	}
	// A count that the message cannot have must not be allocated.
	var e encoder
	e.str("path")
	e.u32(0xffffffff)
	if new(StartRequest).Decode(e.b) == nil {
		t.Error("4294967295 arguments were taken")
	}
}

func TestHelloOfAnotherVersion(t *testing.T) {
	var e encoder
	e.u32(Version + 1)
	e.str("something else")
	var g GuestHello
	if err := g.Decode(e.b); err != nil || g.Version != Version+1 {
		t.Errorf("version %d, error %v", g.Version, err)
	}
}

// pair connects a sender to a receiver, as the host and the machine are.
func pair(t *testing.T) (*Sender, *Receiver) {
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	from, to := NewConn(a), NewConn(b)
	s := NewSender(from, 1, Out)
	r := NewReceiver(to, 1, Out)
	go func() {
		for {
			f, err := from.Receive()
			if err != nil {
				return
			}
			switch f.Kind {
			case Credit:
				n, _ := ParseNumber(f.Payload)
				s.Credit(int(n))
			case Close:
				s.Stop()
			}
		}
	}()
	go func() {
		defer r.End()
		for {
			f, err := to.Receive()
			if err != nil || f.Kind == Close {
				return
			}
			if err := r.Add(f.Payload); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	return s, r
}

// feed sends data in pieces of at most n bytes, and returns how much it sent.
func feed(s *Sender, data []byte, n int) int {
	sent := 0
	for len(data) > 0 {
		room, err := s.Wait()
		if err != nil {
			return sent
		}
		k := min(room, n, len(data))
		if s.Send(data[:k]) != nil {
			return sent
		}
		data = data[k:]
		sent += k
	}
	s.End()
	return sent
}

func TestStream(t *testing.T) {
	data := make([]byte, 3*Window+12345)
	for i := range data {
		data[i] = byte(i * 7 / 3)
	}
	for _, n := range []int{100, Chunk} {
		s, r := pair(t)
		go feed(s, data, n)
		var got bytes.Buffer
		if err := r.Copy(&got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), data) {
			t.Errorf("pieces of %d: %d bytes came, not the %d sent", n, got.Len(), len(data))
		}
	}
}

// A reader who does not read stops the sender after a window.
func TestSlowReader(t *testing.T) {
	s, r := pair(t)
	data := make([]byte, 4*Window)
	var sent int
	done := make(chan bool)
	go func() {
		sent = feed(s, data, Chunk)
		close(done)
	}()
	gate := make(chan bool)
	var got int
	var once sync.Once
	copied := make(chan error)
	go func() {
		copied <- r.Copy(writerFunc(func(b []byte) (int, error) {
			once.Do(func() { <-gate })
			got += len(b)
			return len(b), nil
		}))
	}()
	select {
	case <-done:
		t.Fatalf("%d bytes were sent although nobody read", sent)
	case <-time.After(100 * time.Millisecond):
	}
	r.mu.Lock()
	if r.size > Window {
		t.Errorf("%d bytes are kept, a window is %d", r.size, Window)
	}
	r.mu.Unlock()
	close(gate)
	<-done
	if err := <-copied; err != nil || sent != len(data) || got != len(data) {
		t.Errorf("%d bytes sent, %d came, error %v; want %d", sent, got, err, len(data))
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// A reader that fails stops the sender and does not hang it.
func TestBrokenReader(t *testing.T) {
	s, r := pair(t)
	broken := errors.New("broken")
	go func() {
		feed(s, make([]byte, 100*Window), Chunk)
		s.End()
	}()
	n := 0
	err := r.Copy(writerFunc(func(b []byte) (int, error) {
		n++
		return 0, broken
	}))
	if err != broken {
		t.Errorf("error %v, want %v", err, broken)
	}
	if n != 1 {
		t.Errorf("written %d times, want once", n)
	}
	if _, err := s.Wait(); err != ErrClosed {
		t.Errorf("the sender may go on: %v", err)
	}
}

func TestDataWithoutCredit(t *testing.T) {
	var b buffer
	r := NewReceiver(NewConn(&b), 1, Out)
	if err := r.Add(make([]byte, Window)); err != nil {
		t.Error(err)
	}
	if err := r.Add([]byte{1}); err == nil {
		t.Error("a byte more than a window was taken")
	}
}

func TestCreditIsBounded(t *testing.T) {
	var b buffer
	s := NewSender(NewConn(&b), 1, Out)
	s.Credit(Window)
	if s.credit != Window {
		t.Errorf("credit %d, want %d", s.credit, Window)
	}
}

func TestFrameString(t *testing.T) {
	if s := (Frame{3, Data, Out, []byte("abc")}).String(); !strings.Contains(s, "run 3") {
		t.Errorf("%q", s)
	}
}
