// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"io"
	"os"
	"sync"
	sys "syscall/dios"
	"time"
	"unsafe"
)

// MaxWindow is how many bytes of a Blob can be written at once, so that
// nobody ever finds a part of them.
const MaxWindow = sys.MaxKbuf

// A Blob is bytes in the node's store. One that has a name, by
// [Ref.SetName] or [Ref.SetPublicName] in the node's root group, is durable:
// it is there, under its name, when the task and the node are gone. One
// without goes with its last reference.
//
// What was written is on disk when the call that wrote it returns.
// A call stops the whole task meanwhile, not just the goroutine.
type Blob struct {
	mu     sync.Mutex
	ref    sys.Ref
	closed bool
}

// NewBlob makes a blob of so many bytes, which are zero. The error says
// syscall/dios.EQUOTA if there is no room, and syscall/dios.ENOTSUP if the
// node has no store.
func NewBlob(size int64) (*Blob, error) {
	if size < 0 {
		return nil, opError("create", 0, sys.EINVAL)
	}
	ref, err := sys.Create(0, sys.TypeBlob, unsafe.Pointer(&sys.Blob{Size: uint64(size)}), nil, 0, 0)
	if err != nil {
		return nil, opError("create", 0, err)
	}
	return &Blob{ref: ref}, nil
}

// OpenBlob opens the blob that ref refers to, which [LookupPublic] has found
// or another task has given. The Blob owns ref.
func OpenBlob(ref Ref) (*Blob, error) {
	if ref.Type() != sys.TypeBlob {
		return nil, opError("open", ref, sys.EINVAL)
	}
	return &Blob{ref: sys.Ref(ref)}, nil
}

// Ref returns the reference.
func (b *Blob) Ref() Ref { return Ref(b.ref) }

// use calls f, unless the blob is closed, and says that op failed if f does.
func (b *Blob) use(op string, f func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return opError(op, b.Ref(), os.ErrClosed)
	}
	return opError(op, b.Ref(), f())
}

// Size returns how many bytes it has now.
func (b *Blob) Size() (n int64, err error) {
	err = b.use("size of", func() error {
		var iov sys.Iov
		if err := sys.AcquireRead(sys.BufInfo, b.ref, 0, &iov, 0, 0); err != nil {
			return err
		}
		n = int64(blobInfo(&iov).Size)
		return sys.ReleaseRead(0, b.ref, &iov)
	})
	return n, err
}

// Truncate cuts the blob, or makes it longer with bytes that are zero.
func (b *Blob) Truncate(size int64) error {
	return b.use("truncate", func() error {
		var iov sys.Iov
		if err := sys.AcquireWrite(sys.BufInfo, b.ref, 0, &iov, 0, 0); err != nil {
			return err
		}
		defer sys.ReleaseWrite(0, b.ref, &iov)
		blobInfo(&iov).Size = uint64(size)
		_, err := sys.CommitWrite(0, b.ref, iov.Len, &iov)
		return err
	})
}

func blobInfo(iov *sys.Iov) *sys.BlobInfo {
	return (*sys.BlobInfo)(unsafe.Pointer(unsafe.SliceData(sys.Bytes(iov))))
}

// ReadAt implements [io.ReaderAt]. What one call reads is as a whole what some
// write left: it is read again while somebody writes.
func (b *Blob) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, opError("read", b.Ref(), sys.EINVAL)
	}
	if len(p) == 0 {
		return 0, nil // to the kernel that would be all there is
	}
	err = b.use("read", func() error {
		for {
			n, err = b.read(p, uint64(off))
			if err != sys.ESTALE {
				return err
			}
			time.Sleep(10 * time.Microsecond)
		}
	})
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// read copies what is there now. The bytes are mapped from a page on.
func (b *Blob) read(p []byte, off uint64) (int, error) {
	var iov sys.Iov
	skip := off % sys.PageSize
	err := sys.AcquireRead(sys.BufAt, b.ref, skip+uint64(len(p)), &iov, 0, off-skip)
	if err == sys.EEND {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer sys.ReleaseRead(0, b.ref, &iov)
	n := 0
	if iov.Len > skip {
		n = copy(p, sys.Bytes(&iov)[skip:])
	}
	if err := sys.CommitRead(0, b.ref, iov.Len, &iov); err != nil {
		return 0, err
	}
	return n, nil
}

// WriteAt implements [io.WriterAt]. The bytes are on disk when it returns. It
// writes pieces of [MaxWindow] bytes, each of them whole or not at all: after
// an error, n says how many; after a crash it is the first ones. Bytes between
// the end of the blob and off become zero.
func (b *Blob) WriteAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		piece := p[n:min(len(p), n+MaxWindow)]
		w, err := b.Window(off+int64(n), len(piece))
		if err != nil {
			return n, err
		}
		copy(w.Bytes(), piece)
		err = w.Commit()
		w.Close()
		if err != nil {
			return n, err
		}
		n += len(piece)
	}
	return n, nil
}

// A Window is a copy of a part of a Blob, to be changed and then committed.
type Window struct {
	b   *Blob
	iov sys.Iov
}

// Window returns n bytes from off on, at most [MaxWindow]; those behind the
// end of the blob are zero. Others may write meanwhile: who wants to change
// what is there must agree with them on whose turn it is.
func (b *Blob) Window(off int64, n int) (*Window, error) {
	w := &Window{b: b}
	if off < 0 || n <= 0 {
		return nil, opError("window of", b.Ref(), sys.EINVAL)
	}
	err := b.use("window of", func() error {
		return sys.AcquireWrite(sys.BufAt, b.ref, uint64(n), &w.iov, 0, uint64(off))
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// Bytes returns the memory. It stays until Close of the Window or the Blob;
// touching it later faults.
func (w *Window) Bytes() []byte { return sys.Bytes(&w.iov) }

// Commit writes the window to the blob, which gets longer if it reaches over
// its end. On return it is on disk. Nobody ever finds a part of it, not after
// a crash and not with [Blob.ReadAt]. The window can be changed and committed
// again.
//
// The error says syscall/dios.EQUOTA if there is no room, and
// syscall/dios.EBUSY while a task runs a program that the blob is; the blob
// has not changed then.
func (w *Window) Commit() error {
	return w.b.use("commit", func() error {
		_, err := sys.CommitWrite(0, w.b.ref, w.iov.Len, &w.iov)
		return err
	})
}

// Close gives the window up. What was not committed is lost.
func (w *Window) Close() error {
	return w.b.use("close window of", func() error { return sys.ReleaseWrite(0, w.b.ref, &w.iov) })
}

// Close deletes the reference. A blob that has a name stays in the store;
// [Ref.Zombify] takes it out.
func (b *Blob) Close() error {
	return b.use("close", func() error {
		b.closed = true
		return sys.Delete(0, b.ref)
	})
}
