// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"runtime"
	sys "syscall/dios"
	"time"
	"unsafe"
)

// A Chan is one end of a channel between two tasks. In is what comes in at
// this end, Out what goes out; at the other end it is the reverse.
//
// A message is a copy: what the receiver gets shares nothing with what was
// sent. Values of types without pointers are copied as they are, strings and
// slices of such values too; other types need a codec, see [Register]. A
// channel holds as many messages as fit in its ring; when it is full, Send
// waits.
//
// Waiting stops the goroutine, not the task. Any number of goroutines may use
// a Chan.
type Chan[In, Out any] struct {
	r    *Reader
	w    *Writer
	in   codec[In]
	out  codec[Out]
	task *Task // at the other end, if this one started it

	part []byte // what came of a message in several pieces; r has the turn
	buf  []byte // what goes of one; w has the turn
	torn bool   // the last piece of a message was not sent; w has the turn
	done chan struct{}
}

// Messages longer than a record can be are sent in pieces: all but the last
// have the length of a full piece, and the last is shorter. So a message that
// is shorter is one record. A piece is at most half the ring, for the one to
// be written while the other is read.
func piece(size int) int { return size/2 - frameHead }

// newChan returns a Chan of the two ends.
func newChan[In, Out any](r *Reader, w *Writer) *Chan[In, Out] {
	c := &Chan[In, Out]{r: r, w: w, done: make(chan struct{})}
	var problem string
	if c.in, problem = newCodec[In](); problem == "" {
		c.out, problem = newCodec[Out]()
	}
	if problem != "" {
		panic("dios: " + problem)
	}
	runtime.AddCleanup(c, closeEnds, ends{r, w})
	return c
}

type ends struct {
	r *Reader
	w *Writer
}

func closeEnds(e ends) {
	e.r.close()
	e.w.close()
}

// NewChan makes a channel of the reader and the writer of two FIFOs, such as
// another task's Chan has the other ends of. It owns them.
//
// It panics if a type needs a codec and there is none.
func NewChan[In, Out any](r *Reader, w *Writer) *Chan[In, Out] {
	return newChan[In, Out](r, w)
}

// Send sends v. It waits while the channel is full.
//
// The error says os.ErrClosed if this end is closed, os.ErrDeadlineExceeded if
// the deadline passed, and syscall/dios.EPIPE if nobody will receive any more.
// If the other end is a task that this one started, and it has ended
// otherwise than with status 0, the error is the *[ExitError].
func (c *Chan[In, Out]) Send(v Out) error {
	return c.SendContext(context.Background(), v)
}

// SendContext is Send until ctx is done.
func (c *Chan[In, Out]) SendContext(ctx context.Context, v Out) error {
	if err := c.w.begin(ctx); err != nil {
		return opError("send", c.w.Ref(), err)
	}
	err := c.put(ctx, &v)
	if err == nil {
		err = c.w.flush()
	}
	c.w.end()
	return c.explain(err)
}

// SendAll sends all the values, and is faster than Send for each: they are
// published together, as many as have room.
func (c *Chan[In, Out]) SendAll(ctx context.Context, values iter.Seq[Out]) error {
	if err := c.w.begin(ctx); err != nil {
		return opError("send", c.w.Ref(), err)
	}
	var err error
	for v := range values {
		if err = c.put(ctx, &v); err != nil {
			break
		}
	}
	if err == nil {
		err = c.w.flush()
	}
	c.w.end()
	return c.explain(err)
}

// put writes v, and publishes only what has to go to make room. The caller
// has the turn of w.
func (c *Chan[In, Out]) put(ctx context.Context, v *Out) error {
	if c.torn {
		return opError("send", c.w.Ref(), io.ErrShortWrite)
	}
	max := piece(c.w.size)
	if size := int(unsafe.Sizeof(*v)); c.out.fixed && size < max {
		mem, err := c.w.room(ctx, size)
		if err != nil {
			return err
		}
		if size > 0 {
			*(*Out)(unsafe.Pointer(unsafe.SliceData(mem))) = *v
		}
		c.w.frame(size)
		return nil
	}
	data, err := c.out.encode(c.buf[:0], v)
	if err != nil {
		return err
	}
	c.buf = data
	if cap(c.buf) > max {
		c.buf = nil // don't keep what one long message needed
	}
	for first := true; ; first = false {
		n := min(len(data), max)
		mem, err := c.w.room(ctx, n)
		if err != nil {
			c.torn = !first
			return err
		}
		copy(mem, data)
		c.w.frame(n)
		data = data[n:]
		if n < max {
			return nil
		}
	}
}

// Recv receives the next message. It waits while there is none.
//
// The error is io.EOF when the other end is closed, or its task has ended, and
// everything was received. Otherwise it says os.ErrClosed if this end is
// closed, and os.ErrDeadlineExceeded if the deadline passed. If the other end
// is a task that this one started, and it has ended otherwise than with
// status 0, the error is the *[ExitError] and not io.EOF.
func (c *Chan[In, Out]) Recv() (In, error) {
	return c.RecvContext(context.Background())
}

// RecvContext is Recv until ctx is done.
func (c *Chan[In, Out]) RecvContext(ctx context.Context) (v In, err error) {
	if err := c.r.begin(ctx); err != nil {
		return v, opError("receive", c.r.Ref(), err)
	}
	err = c.take(ctx, &v)
	c.r.end()
	return v, c.explain(err)
}

// take reads a message into v. The caller has the turn of r.
func (c *Chan[In, Out]) take(ctx context.Context, v *In) error {
	max := piece(c.r.size)
	for {
		mem, err := c.r.next(ctx)
		if err != nil {
			if err == io.EOF && c.part != nil {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		if c.in.fixed && len(mem) == int(unsafe.Sizeof(*v)) && len(mem) < max {
			if len(mem) > 0 {
				*v = *(*In)(unsafe.Pointer(unsafe.SliceData(mem)))
			}
			c.r.done()
			return nil
		}
		last := len(mem) < max
		if !last || c.part != nil {
			c.part = append(c.part, mem...)
			mem = c.part
		}
		if last {
			err := c.in.decode(mem, v)
			c.part = nil
			c.r.done()
			return err
		}
	}
}

// explain says why the other end is gone, if it is a task of ours that did
// not end well.
func (c *Chan[In, Out]) explain(err error) error {
	if err == nil || c.task == nil || err != io.EOF && err != io.ErrUnexpectedEOF && !errors.Is(err, sys.EPIPE) {
		return err
	}
	if st := c.task.poll(); st != nil && !st.Success() {
		return &ExitError{c.task.name, *st}
	}
	return err
}

// All returns the messages that come in, until the end of the channel, for
// use in a range statement. An error other than the end also ends it; Recv
// returns it then.
func (c *Chan[In, Out]) All() iter.Seq[In] {
	return func(yield func(In) bool) {
		for {
			v, err := c.Recv()
			if err != nil || !yield(v) {
				return
			}
		}
	}
}

// Incoming returns a Go channel on which the messages come in that Recv would
// return, for use in a select statement. It is closed after the last. A
// goroutine moves them there, one ahead; it ends with the channel.
func (c *Chan[In, Out]) Incoming() <-chan In {
	ch := make(chan In)
	go func() {
		defer close(ch)
		for v := range c.All() {
			select {
			case ch <- v:
			case <-c.done:
				return
			}
		}
	}()
	return ch
}

// Outgoing returns a Go channel from which messages go out as with Send, for
// use in a select statement. Closing it closes this end for sending. When a
// message cannot be sent, those that follow are lost; Send returns the error.
func (c *Chan[In, Out]) Outgoing() chan<- Out {
	ch := make(chan Out)
	go func() {
		defer c.CloseSend()
		for {
			select {
			case v, ok := <-ch:
				if !ok {
					return
				}
				c.Send(v)
			case <-c.done:
				return
			}
		}
	}()
	return ch
}

// SetDeadline sets the time when Send and Recv stop waiting, those under way
// too. The zero Time is none.
func (c *Chan[In, Out]) SetDeadline(t time.Time) error {
	return errors.Join(c.r.SetDeadline(t), c.w.SetDeadline(t))
}

// SetRecvDeadline is SetDeadline for Recv.
func (c *Chan[In, Out]) SetRecvDeadline(t time.Time) error { return c.r.SetDeadline(t) }

// SetSendDeadline is SetDeadline for Send.
func (c *Chan[In, Out]) SetSendDeadline(t time.Time) error { return c.w.SetDeadline(t) }

// CloseSend says that nothing more will be sent: the other end receives what
// was sent, and then io.EOF. This end can still receive.
func (c *Chan[In, Out]) CloseSend() error { return c.w.close() }

// Close closes this end. Whoever waits here gets os.ErrClosed. The other end
// receives what was sent, and then io.EOF, and cannot send any more.
func (c *Chan[In, Out]) Close() error {
	err := c.r.close()
	if err == nil {
		close(c.done)
	}
	if err2 := c.w.close(); err == nil && err2 != os.ErrClosed {
		err = err2
	}
	return err
}
