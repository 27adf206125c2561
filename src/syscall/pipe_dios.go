// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import "sync"

// Pipes.
//
// A pipe connects goroutines of one task; it is memory and no object. For
// package os it is a pipe like others: the poller waits for it, so it has
// deadlines, and closing an end wakes the goroutines that wait on it.
//
// When an end is handed to another task the pipe becomes a FIFO, for good.

const (
	pipeSize  = 64 << 10 // how much a pipe holds, as on Linux
	pipeWhole = 4096     // a write of up to so many bytes is not torn, as on Linux
)

type pipe struct {
	r, w *file // its ends

	mu      sync.Mutex
	changed sync.Cond // something below changed; for descriptors that are not nonblock
	buf     []byte    // written and not read
	noRead  bool      // the read end was closed
	noWrite bool      // the write end was closed

	// Once an end was handed to another task; with closed ends too.
	fr, fw *objectEnd
}

type pipeReader struct{ *pipe }
type pipeWriter struct{ *pipe }

// Pipe2 makes a pipe: p[0] is its read end, p[1] its write end. The flags are
// O_CLOEXEC, O_NONBLOCK, or both.
func Pipe2(p []int, flags int) error {
	if len(p) != 2 || flags&^(O_CLOEXEC|O_NONBLOCK) != 0 {
		return EINVAL
	}
	b := new(pipe)
	b.changed.L = &b.mu
	b.r = &file{stream: pipeReader{b}}
	b.w = &file{stream: pipeWriter{b}}
	b.r.nonblock.Store(flags&O_NONBLOCK != 0)
	b.w.nonblock.Store(flags&O_NONBLOCK != 0)
	p[0] = addFile(b.r)
	p[1] = addFile(b.w)
	return nil
}

func Pipe(p []int) error { return Pipe2(p, 0) }

// read waits until there is something to read, or nobody who could write.
func (p pipeReader) read(f *file, b []byte) (int, Errno) {
	p.mu.Lock()
	for p.fr == nil && len(p.buf) == 0 && !p.noWrite {
		if f.nonblock.Load() {
			p.mu.Unlock()
			return 0, EAGAIN
		}
		p.changed.Wait()
	}
	if p.fr != nil {
		p.mu.Unlock()
		return p.fr.read(f, b)
	}
	n := copy(b, p.buf)
	p.buf = p.buf[n:]
	if len(p.buf) == 0 {
		p.buf = nil // let go of the memory
	}
	p.mu.Unlock()
	p.changed.Broadcast()
	p.w.ready('w')
	return n, 0
}

// write waits until the pipe has room, for all of b if b is not longer than
// pipeWhole, or for a part of it.
func (p pipeWriter) write(f *file, b []byte) (int, Errno) {
	p.mu.Lock()
	for {
		if p.fw != nil {
			p.mu.Unlock()
			return p.fw.write(f, b)
		}
		if p.noRead {
			p.mu.Unlock()
			return 0, EPIPE
		}
		room := pipeSize - len(p.buf)
		if room >= min(len(b), pipeWhole) {
			b = b[:min(len(b), room)]
			break
		}
		if f.nonblock.Load() {
			p.mu.Unlock()
			return 0, EAGAIN
		}
		p.changed.Wait()
	}
	p.buf = append(p.buf, b...)
	p.mu.Unlock()
	p.changed.Broadcast()
	p.r.ready('r')
	return len(b), 0
}

func (p pipeReader) close() {
	p.mu.Lock()
	p.noRead = true
	p.buf = nil
	fr := p.fr
	p.mu.Unlock()
	if fr != nil {
		fr.close()
		return
	}
	p.changed.Broadcast()
	p.w.ready('w')
}

func (p pipeWriter) close() {
	p.mu.Lock()
	p.noWrite = true
	fw := p.fw
	p.mu.Unlock()
	if fw != nil {
		fw.close()
		return
	}
	p.changed.Broadcast()
	p.r.ready('r')
}

func (p pipeReader) write(f *file, b []byte) (int, Errno) { return 0, EBADF }
func (p pipeWriter) read(f *file, b []byte) (int, Errno)  { return 0, EBADF }
func (p pipeReader) mode() uint32                         { return S_IFIFO | S_IRUSR }
func (p pipeWriter) mode() uint32                         { return S_IFIFO | S_IWUSR }
func (p pipeReader) pollable()                            {}
func (p pipeWriter) pollable()                            {}

// share makes the pipe a FIFO, if it is none, and returns references to its
// ends, for another task. An end that was closed is 0.
func (p *pipe) share() (r, w uint64, e Errno) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fr == nil {
		if e := p.becomeFIFO(); e != 0 {
			return 0, 0, e
		}
		// Who waits goes on with the FIFO.
		p.changed.Broadcast()
		p.r.ready('r')
		p.w.ready('w')
	}
	return p.fr.ref, p.fw.ref, 0
}

// becomeFIFO moves what the pipe holds to a FIFO. p.mu is held.
func (p *pipe) becomeFIFO() Errno {
	// Each record of the ring has a head, so it is larger than what it holds.
	r, w, e := makeFIFO(2 * pipeSize)
	if e != 0 {
		return e
	}
	fr, fw := newObjectEnd(r, 'r'), newObjectEnd(w, 'w')
	for len(p.buf) > 0 {
		n, e := fw.write(p.w, p.buf)
		if e != 0 {
			fr.close()
			fw.close()
			return e
		}
		p.buf = p.buf[n:]
	}
	p.buf = nil
	if p.noRead {
		fr.close()
	}
	if p.noWrite {
		fw.close()
	}
	p.noRead, p.noWrite = false, false
	p.fr, p.fw = fr, fw
	return 0
}
