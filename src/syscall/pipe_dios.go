// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import "sync"

// Pipes.
//
// A pipe connects goroutines of one task; it is memory and no object. What
// differs from other systems:
//   - it cannot be handed to another task;
//   - a goroutine that waits on a pipe parks as on a channel, so when nobody
//     is left to write, the runtime reports a deadlock;
//   - it has no deadlines, and closing an end does not wake a goroutine that
//     waits on this same end.

// pipeSize is how much a pipe holds, as on Linux.
const pipeSize = 64 << 10

type pipe struct {
	mu      sync.Mutex
	changed sync.Cond // data came or went, or an end was closed
	buf     []byte    // written and not read
	noRead  bool      // the read end was closed
	noWrite bool      // the write end was closed
}

type pipeReader struct{ p *pipe }
type pipeWriter struct{ p *pipe }

// Pipe2 makes a pipe: p[0] is its read end, p[1] its write end. The flags are
// O_CLOEXEC or 0; either means the same.
func Pipe2(p []int, flags int) error {
	if len(p) != 2 || flags&^O_CLOEXEC != 0 {
		return EINVAL
	}
	b := new(pipe)
	b.changed.L = &b.mu
	p[0] = addFile(&file{stream: pipeReader{b}})
	p[1] = addFile(&file{stream: pipeWriter{b}})
	return nil
}

func Pipe(p []int) error { return Pipe2(p, 0) }

// read waits until there is something to read, or nobody who could write.
func (r pipeReader) read(b []byte) (int, Errno) {
	p := r.p
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.buf) == 0 {
		if p.noWrite {
			return 0, 0
		}
		p.changed.Wait()
	}
	n := copy(b, p.buf)
	p.buf = p.buf[n:]
	if len(p.buf) == 0 {
		p.buf = nil
	}
	p.changed.Broadcast()
	return n, 0
}

// write waits until all of b fits into the pipe, piece by piece.
// Two writes of up to pipeSize bytes do not mix.
func (w pipeWriter) write(b []byte) (int, Errno) {
	p := w.p
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for n < len(b) {
		piece := b[n:min(len(b), n+pipeSize)]
		for !p.noRead && len(p.buf)+len(piece) > pipeSize {
			p.changed.Wait()
		}
		if p.noRead {
			if n > 0 {
				return n, 0 // the next write says EPIPE
			}
			return 0, EPIPE
		}
		p.buf = append(p.buf, piece...)
		n += len(piece)
		p.changed.Broadcast()
	}
	return n, 0
}

func (r pipeReader) close() {
	r.p.mu.Lock()
	r.p.noRead = true
	r.p.buf = nil
	r.p.mu.Unlock()
	r.p.changed.Broadcast()
}

func (w pipeWriter) close() {
	w.p.mu.Lock()
	w.p.noWrite = true
	w.p.mu.Unlock()
	w.p.changed.Broadcast()
}

func (r pipeReader) write(b []byte) (int, Errno) { return 0, EBADF }
func (w pipeWriter) read(b []byte) (int, Errno)  { return 0, EBADF }
func (r pipeReader) mode() uint32                { return S_IFIFO | S_IRUSR }
func (w pipeWriter) mode() uint32                { return S_IFIFO | S_IWUSR }
