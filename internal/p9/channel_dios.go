// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package p9

import "runtime/dios"

// ringSize is the size of a channel's FIFOs: the longest message and more.
const ringSize = 128 << 10

// A Channel is what a task has its files over: two FIFOs, and here the server's
// side of them, for Serve.
type Channel struct {
	r, theirReader *dios.Reader
	w, theirWriter *dios.Writer
	left           []byte // of the record, which is the reader's
}

// NewChannel makes a channel for one task.
func NewChannel() (*Channel, error) {
	r, theirs, err := dios.NewFifo(ringSize)
	if err != nil {
		return nil, err
	}
	c := &Channel{r: r, theirWriter: theirs}
	if c.theirReader, c.w, err = dios.NewFifo(ringSize); err != nil {
		r.Close()
		theirs.Close()
		return nil, err
	}
	return c, nil
}

// Files is what the task is to be started with, in dios.Attr.
func (c *Channel) Files() [2]dios.Ref {
	return [2]dios.Ref{c.theirReader.Ref(), c.theirWriter.Ref()}
}

// Started is to be called when the task was started: from now on only it has
// the other side, so that its end is seen.
func (c *Channel) Started() {
	c.theirReader.Close()
	c.theirWriter.Close()
}

// Close ends the service: the task gets errors.
func (c *Channel) Close() {
	c.r.Close()
	c.w.Close()
}

func (c *Channel) Read(p []byte) (int, error) {
	for len(c.left) == 0 {
		var err error
		if c.left, err = c.r.Next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.left)
	c.left = c.left[n:]
	return n, nil
}

func (c *Channel) Write(p []byte) (int, error) {
	room, err := c.w.Room(len(p)) // a message is no longer than a record
	if err != nil {
		return 0, err
	}
	return len(p), c.w.Commit(copy(room, p))
}
