// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package wire

import (
	"errors"
	"io"
	"sync"
)

// ErrClosed is returned when the other side wants no more of a stream.
var ErrClosed = errors.New("nobody reads this stream")

// A Sender keeps the credit of a stream that goes out.
type Sender struct {
	conn   *Conn
	run    uint32
	stream uint8

	mu     sync.Mutex
	cond   sync.Cond
	credit int  // mu
	closed bool // mu; the other side, or Stop, said so
}

// NewSender returns a sender with a full window.
func NewSender(c *Conn, run uint32, stream uint8) *Sender {
	s := &Sender{conn: c, run: run, stream: stream, credit: Window}
	s.cond.L = &s.mu
	return s
}

// Wait waits for credit and returns how much may be sent at once, at most a Chunk.
func (s *Sender) Wait() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.credit == 0 && !s.closed {
		s.cond.Wait()
	}
	if s.closed {
		return 0, ErrClosed
	}
	return min(s.credit, Chunk), nil
}

// Send sends data, no more than Wait returned.
func (s *Sender) Send(b []byte) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	if len(b) > s.credit {
		s.mu.Unlock()
		panic("wire: data without credit")
	}
	s.credit -= len(b)
	s.mu.Unlock()
	return s.conn.Send(Frame{s.run, Data, s.stream, b})
}

// End says that no data follows.
func (s *Sender) End() error {
	return s.conn.Send(Frame{s.run, Close, s.stream, nil})
}

// Credit is called when the other side gives credit.
func (s *Sender) Credit(n int) {
	s.mu.Lock()
	// More than a window is nonsense; do not let it grow.
	s.credit = min(s.credit+n, Window)
	s.mu.Unlock()
	s.cond.Signal()
}

// Stop makes the sender useless: the other side said Close, or the run is over.
func (s *Sender) Stop() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cond.Broadcast()
}

// A Receiver keeps what came in of a stream until it is written, and gives
// credit for it then. At most a Window is kept.
type Receiver struct {
	conn   *Conn
	run    uint32
	stream uint8

	mu    sync.Mutex
	cond  sync.Cond
	queue [][]byte // mu
	size  int      // mu; bytes in queue
	ended bool     // mu
}

// batch is how much is used up before credit is given for it. Whoever has no
// credit left has a whole window on the way, so it always comes to this.
const batch = Window / 4

// NewReceiver returns an empty receiver.
func NewReceiver(c *Conn, run uint32, stream uint8) *Receiver {
	r := &Receiver{conn: c, run: run, stream: stream}
	r.cond.L = &r.mu
	return r
}

// Add is called when data came. It never waits.
func (r *Receiver) Add(b []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.size+len(b) > Window {
		return errors.New("more data than there was credit for")
	}
	r.queue = append(r.queue, b)
	r.size += len(b)
	r.cond.Signal()
	return nil
}

// End is called when no more can come.
func (r *Receiver) End() {
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.cond.Signal()
}

// Copy writes all that comes to w until the end. When w fails, Copy tells the
// other side, goes on without w, and returns the failure at the end.
func (r *Receiver) Copy(w io.Writer) error {
	var failure error
	used := 0
	for {
		r.mu.Lock()
		for len(r.queue) == 0 && !r.ended {
			r.cond.Wait()
		}
		if len(r.queue) == 0 {
			r.mu.Unlock()
			return failure
		}
		b := r.queue[0]
		r.queue = r.queue[1:]
		r.mu.Unlock()

		if failure == nil {
			if _, failure = w.Write(b); failure != nil {
				// A failure to tell is a dead connection, which others report.
				r.conn.Send(Frame{r.run, Close, r.stream, nil})
			}
		}

		r.mu.Lock()
		r.size -= len(b)
		r.mu.Unlock()
		if used += len(b); used >= batch {
			r.conn.Send(Frame{r.run, Credit, r.stream, Number(uint32(used))})
			used = 0
		}
	}
}
