// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"context"
	"io"
	sys "syscall/dios"
	"unsafe"
)

// FIFOs: records of bytes, read and written in place.
//
// A [Writer] has all the room of the ring lent to it, and a [Reader] all the
// records that are there (DIOS_BUF_BATCH). They make and walk the frames
// themselves, and commit with DIOS_BUF_NEXT: one call publishes a record and
// gets the next room, one call consumes and gets all that came meanwhile. A
// reader that finds several records makes no call for the others.

const (
	frameHead = int(unsafe.Sizeof(sys.Record{}))

	// fifoSize is the size of a channel's rings when nobody says otherwise.
	fifoSize = 16 << 10
)

// span is how many bytes of the ring a record of n bytes takes.
func span(n int) int { return frameHead + (n+7)&^7 }

// NewFifo makes a FIFO with a ring of size bytes, a power of two between 4 KiB
// and 64 MiB, and returns its two ends. Hand one of them to another task with
// [Attr.Refs] and [OpenReader] or [OpenWriter], and close it here.
func NewFifo(size int) (*Reader, *Writer, error) {
	r, w, err := newFifo(size)
	if err != nil {
		return nil, nil, err
	}
	return newReader(r, size), newWriter(w, size), nil
}

// newFifo makes a FIFO and returns a reference to each end.
func newFifo(size int) (r, w sys.Ref, err error) {
	ref, err := sys.Create(0, sys.TypeFifo, unsafe.Pointer(&sys.Fifo{Size: uint64(size)}), nil, 0, 0)
	if err != nil {
		return 0, 0, opError("create", Ref(ref), err)
	}
	defer sys.Delete(0, ref)
	ends := []sys.Grant{
		{Ref: uint64(ref), Rights: uint32(sys.RightRead)},
		{Ref: uint64(ref), Rights: uint32(sys.RightWrite)},
	}
	if err := sys.Copy(0, ends, sys.RefSelf); err != nil {
		return 0, 0, opError("create", Ref(ref), err)
	}
	return sys.Ref(ends[0].Out), sys.Ref(ends[1].Out), nil
}

// fifoInfo returns what is known of the FIFO that ref refers to, which must be a
// reference to read: one to write is not told.
func fifoInfo(ref sys.Ref) (info sys.FifoInfo, err error) {
	var iov sys.Iov
	if err := sys.AcquireRead(sys.BufInfo, ref, 0, &iov, 0, 0); err != nil {
		return info, opError("open", Ref(ref), err)
	}
	info = *(*sys.FifoInfo)(unsafe.Pointer(unsafe.SliceData(sys.Bytes(&iov))))
	return info, sys.ReleaseRead(0, ref, &iov)
}

// ringSize returns the size of the ring, by what is too long for it. It is a
// power of two.
func ringSize(ref sys.Ref) (int, error) {
	for size := sys.PageSize; size < sys.MaxFifo; size *= 2 {
		var iov sys.Iov
		switch err := sys.AcquireWrite(sys.BufNonblock, ref, uint64(size-frameHead+1), &iov, 0, 0); err {
		case sys.ETOOBIG:
			return size, nil
		case nil:
			if err := sys.ReleaseWrite(0, ref, &iov); err != nil {
				return 0, opError("open", Ref(ref), err)
			}
		case sys.EAGAIN, sys.EPIPE:
		default:
			return 0, opError("open", Ref(ref), err)
		}
	}
	return sys.MaxFifo, nil
}

// A Reader is the end of a FIFO that records come out of. Its methods are for
// one goroutine at a time, but for Close and SetDeadline.
type Reader struct {
	port
	size     int
	iov      sys.Iov // the records lent, if acquired
	acquired bool
	used     int   // bytes of iov read already
	cur      int   // bytes of iov that Next gave out last
	err      error // the object is of no use any more
}

func newReader(ref sys.Ref, size int) *Reader {
	r := &Reader{size: size}
	r.init(ref, 'r')
	return r
}

// OpenReader returns a Reader for a FIFO that ref refers to, with the READ
// right. It is the only one to read the FIFO from now on, and owns ref:
// closing it deletes the reference.
func OpenReader(ref Ref) (*Reader, error) {
	info, err := fifoInfo(sys.Ref(ref))
	if err != nil {
		return nil, err
	}
	return newReader(sys.Ref(ref), int(info.Size)), nil
}

// Ref returns the reference.
func (r *Reader) Ref() Ref { return Ref(r.ref) }

// Next waits for the next record and returns it. It is not copied: the bytes
// are those that the writer wrote, in memory that both share, and they stay
// until the next call of Next, Done or Close. Who does not trust the writer
// copies them before looking at them.
//
// The error is io.EOF when everything was read and nobody is left who could
// write, os.ErrDeadlineExceeded, or os.ErrClosed.
func (r *Reader) Next() ([]byte, error) {
	ctx := context.Background()
	if err := r.begin(ctx); err != nil {
		return nil, opError("read", r.Ref(), err)
	}
	rec, err := r.next(ctx)
	r.end()
	return rec, err
}

// more reports whether the kernel has lent records that Next did not return yet. It is for
// the goroutine that calls Next.
func (r *Reader) more() bool { return r.used+r.cur < int(r.iov.Len) }

// Done says that the record which Next returned was read, and gives its room
// back before the next call of Next does.
func (r *Reader) Done() error {
	if err := r.begin(context.Background()); err != nil {
		return opError("read", r.Ref(), err)
	}
	r.used += r.cur
	r.cur = 0
	r.commit()
	r.end()
	return nil
}

// Close closes this end. A writer then gets an error.
func (r *Reader) Close() error { return r.close() }

// next is Next with the turn.
func (r *Reader) next(ctx context.Context) ([]byte, error) {
	r.done()
	for r.used == int(r.iov.Len) {
		if err := r.fill(ctx); err != nil {
			return nil, err
		}
	}
	mem := sys.Bytes(&r.iov)[r.used:]
	// The head is read once, and the length cut to what is there: the writer
	// could change it.
	n := min(int(*(*uint32)(unsafe.Pointer(&mem[0]))), len(mem)-frameHead)
	r.cur = span(n)
	return mem[frameHead : frameHead+n : frameHead+n], nil
}

// done consumes the record that next returned. What is read stays lent until
// all of it is, to save calls, but never more than half of the ring: the
// writer shall always find room for a piece.
func (r *Reader) done() {
	r.used += r.cur
	r.cur = 0
	if r.used > r.size/2 {
		r.commit()
	}
}

// commit consumes what was read, and gets what is there.
func (r *Reader) commit() {
	if r.used > 0 {
		err := sys.CommitRead(sys.BufNext|sys.BufNonblock, r.ref, uint64(r.used), &r.iov)
		r.used = 0
		r.failed(err)
	}
}

// failed notes an error that will not pass. When nothing is there yet, or
// ever, fill finds out again.
func (r *Reader) failed(err error) {
	switch err {
	case nil, sys.EAGAIN, sys.EINTR, sys.EPIPE:
	default:
		r.err = opError("read", r.Ref(), err)
		r.iov.Len = 0
	}
}

// fill consumes what was read, and waits for records.
func (r *Reader) fill(ctx context.Context) error {
	for r.err == nil {
		flags := sys.BufNonblock
		if alone() {
			flags = 0
		}
		var err error
		if r.acquired {
			err = sys.CommitRead(flags|sys.BufNext, r.ref, uint64(r.used), &r.iov)
			r.used = 0
		} else {
			r.iov = sys.Iov{}
			err = sys.AcquireRead(flags|sys.BufBatch, r.ref, 0, &r.iov, 0, 0)
			r.acquired = err == nil
		}
		switch err {
		case nil:
			return nil
		case sys.EPIPE:
			return io.EOF
		case sys.EAGAIN:
			if err := r.wait(ctx, 0); err != nil {
				return opError("read", r.Ref(), err)
			}
		default:
			r.failed(err)
		}
	}
	return r.err
}

// A Writer is the end of a FIFO that records go into. Its methods are for one
// goroutine at a time, but for Close and SetDeadline.
type Writer struct {
	port
	size     int
	iov      sys.Iov // the room lent, if acquired
	acquired bool
	least    int // for how long a record there is room at least when the kernel lends
	pos      int // bytes of iov that are records, not published yet
}

func newWriter(ref sys.Ref, size int) *Writer {
	w := &Writer{size: size}
	w.init(ref, 'w')
	return w
}

// OpenWriter returns a Writer for a FIFO that ref refers to, with the WRITE
// right. It is the only one to write to the FIFO from now on, and owns ref:
// closing it deletes the reference.
func OpenWriter(ref Ref) (*Writer, error) {
	size, err := ringSize(sys.Ref(ref))
	if err != nil {
		return nil, err
	}
	return newWriter(sys.Ref(ref), size), nil
}

// Ref returns the reference.
func (w *Writer) Ref() Ref { return Ref(w.ref) }

// Max returns the length of the longest record.
func (w *Writer) Max() int { return w.size - frameHead }

// Room waits for room for a record of n bytes, and returns it. Fill it, and
// [Writer.Commit] it. The bytes are not zero.
//
// The error is that of [syscall/dios.ETOOBIG] when n is more than Max,
// os.ErrDeadlineExceeded, os.ErrClosed, or that of [syscall/dios.EPIPE] when
// nobody is left who could read.
func (w *Writer) Room(n int) ([]byte, error) {
	ctx := context.Background()
	if err := w.begin(ctx); err != nil {
		return nil, opError("write", w.Ref(), err)
	}
	mem, err := w.room(ctx, n)
	w.end()
	return mem, err
}

// Commit publishes the first n bytes of what Room returned as a record.
func (w *Writer) Commit(n int) error {
	if err := w.begin(context.Background()); err != nil {
		return opError("write", w.Ref(), err)
	}
	defer w.end()
	if n < 0 || w.pos+span(n) > int(w.iov.Len) {
		return opError("write", w.Ref(), sys.EINVAL)
	}
	w.frame(n)
	return w.flush()
}

// put writes a record. It, and those before it, may stay unpublished unless now.
func (w *Writer) put(p []byte, now bool) error {
	ctx := context.Background()
	if err := w.begin(ctx); err != nil {
		return opError("write", w.Ref(), err)
	}
	defer w.end()
	mem, err := w.room(ctx, len(p))
	if err == nil {
		w.frame(copy(mem, p))
		if now {
			err = w.flush()
		}
	}
	return err
}

// publish publishes what put did not. It is for the goroutine that calls put.
func (w *Writer) publish() error {
	if w.pos == 0 {
		return nil
	}
	if err := w.begin(context.Background()); err != nil {
		return opError("write", w.Ref(), err)
	}
	defer w.end()
	return w.flush()
}

// Close closes this end. The reader gets what was published, and then the end.
func (w *Writer) Close() error { return w.close() }

// room is Room with the turn.
func (w *Writer) room(ctx context.Context, n int) ([]byte, error) {
	if n > w.Max() {
		return nil, opError("write", w.Ref(), sys.ETOOBIG)
	}
	for w.pos+span(n) > int(w.iov.Len) {
		if err := w.more(ctx, n); err != nil {
			return nil, err
		}
	}
	at := w.pos + frameHead
	return sys.Bytes(&w.iov)[at : at+n : at+n], nil
}

// frame makes a record of the first n bytes of the room.
func (w *Writer) frame(n int) {
	*(*sys.Record)(unsafe.Pointer(&sys.Bytes(&w.iov)[w.pos])) = sys.Record{Len: uint32(n)}
	w.pos += span(n)
}

// flush publishes the records that were framed, and gets the room that there
// is then, without waiting.
func (w *Writer) flush() error {
	if w.pos == 0 {
		return nil
	}
	_, err := sys.CommitWrite(sys.BufNext|sys.BufNonblock, w.ref, uint64(w.pos), &w.iov)
	w.pos = 0
	if err == nil || err == sys.EAGAIN || err == sys.EINTR {
		return nil // published, in any case
	}
	return opError("write", w.Ref(), err)
}

// more waits until there may be room for a record of n bytes.
func (w *Writer) more(ctx context.Context, n int) error {
	if w.pos > 0 {
		return w.flush()
	}
	for {
		flags := sys.BufNonblock
		if alone() {
			flags = 0
		}
		var err error
		if w.acquired && w.iov.Len == 0 && n <= w.least {
			_, err = sys.CommitWrite(flags|sys.BufNext, w.ref, 0, &w.iov)
		} else {
			// What was lent is too little. Given back, it is there for us
			// again, with what has become free.
			if w.acquired {
				sys.ReleaseWrite(0, w.ref, &w.iov)
			}
			w.iov = sys.Iov{}
			w.least = n
			err = sys.AcquireWrite(flags|sys.BufBatch, w.ref, uint64(n), &w.iov, 0, 0)
			w.acquired = err == nil
		}
		switch err {
		case nil:
			return nil
		case sys.EINTR:
			continue
		case sys.EAGAIN:
			err = w.wait(ctx, n)
			if err == nil {
				continue
			}
		}
		return opError("write", w.Ref(), err)
	}
}
