// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"errors"
	"io"
	"io/fs"
	"runtime"
	sys "syscall/dios"
	_ "unsafe" // for go:linkname
)

// Files are a way to a file service, for one task: to be started with, in
// [Attr], or for this one, by [MountFiles]. Package os then has files.
//
// A service is a task that answers messages of 9P2000.L, which are sent over
// two FIFOs: see [NewFiles].
type Files struct {
	r, w sys.Ref // 0: used up
	gc   runtime.Cleanup
}

func newFiles(r, w sys.Ref) *Files {
	f := &Files{r: r, w: w}
	f.gc = runtime.AddCleanup(f, deleteRefs, [2]sys.Ref{r, w})
	return f
}

func deleteRefs(refs [2]sys.Ref) {
	for _, ref := range refs {
		if ref != 0 {
			sys.Delete(0, ref)
		}
	}
}

// take returns the references, which are the caller's now.
func (f *Files) take() [2]sys.Ref {
	f.gc.Stop()
	refs := [2]sys.Ref{f.r, f.w}
	f.r, f.w = 0, 0
	return refs
}

// Close gives the files up. It is not needed when a task was started with them.
func (f *Files) Close() { deleteRefs(f.take()) }

// filesRing is the size of a channel's rings: the longest message, 64 KiB, and more.
const filesRing = 128 << 10

// A FilesConn is the other side of Files: a service reads requests from it and
// writes replies to it. Reading ends with io.EOF when the task has ended.
type FilesConn struct {
	r    *Reader
	w    *Writer
	left []byte // of the record, which is the reader's
}

// NewFiles makes files that this task is the service of.
func NewFiles() (*Files, *FilesConn, error) {
	requests, toUs, err := newFifo(filesRing)
	if err != nil {
		return nil, nil, err
	}
	toThem, replies, err := newFifo(filesRing)
	if err != nil {
		sys.Delete(0, requests)
		sys.Delete(0, toUs)
		return nil, nil, err
	}
	return newFiles(toThem, toUs), &FilesConn{r: newReader(requests, filesRing), w: newWriter(replies, filesRing)}, nil
}

// ConnectFiles is what a service calls when a task that it serves has asked for
// files for another task: it has made the FIFOs, and tells their names.
func ConnectFiles(requests, replies Name) (*FilesConn, error) {
	in, err := lookupFifo(requests, sys.RightRead)
	if err != nil {
		return nil, err
	}
	out, err := lookupFifo(replies, sys.RightWrite)
	if err != nil {
		in.Delete()
		return nil, err
	}
	r, err := OpenReader(in)
	if err != nil {
		in.Delete()
		out.Delete()
		return nil, err
	}
	w, err := OpenWriter(out)
	if err != nil {
		r.Close()
		out.Delete()
		return nil, err
	}
	return &FilesConn{r: r, w: w}, nil
}

// lookupFifo returns a reference to the FIFO of a name, that somebody else has said.
func lookupFifo(n Name, right Rights) (Ref, error) {
	refs, err := Lookup(n, 0)
	if err != nil {
		return 0, err
	}
	for _, ref := range refs[1:] {
		ref.Delete() // a random name leads to one object
	}
	if refs[0].Type() != sys.TypeFifo || refs[0].Rights() != right {
		refs[0].Delete()
		return 0, opError("look up", 0, sys.EINVAL)
	}
	return refs[0], nil
}

func (c *FilesConn) Read(p []byte) (int, error) {
	for len(c.left) == 0 {
		if !c.r.more() {
			// The rest of a request may come only after the reply to another.
			if err := c.w.publish(); errors.Is(err, sys.EPIPE) {
				return 0, io.EOF // it did not wait for the reply
			} else if err != nil {
				return 0, err
			}
		}
		var err error
		if c.left, err = c.r.Next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.left)
	c.left = c.left[n:]
	return n, nil
}

// Write writes a reply, as one record. While there are more requests that came with
// this one, the task does not see it before the replies to those.
//
// The error is io.ErrClosedPipe if the task
// has ended, and that of [syscall/dios.ETOOBIG] if the reply does not fit in the ring.
func (c *FilesConn) Write(p []byte) (int, error) {
	err := c.w.put(p, len(c.left) == 0 && !c.r.more())
	if errors.Is(err, sys.EPIPE) {
		err = io.ErrClosedPipe
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close ends the service: the task gets errors.
func (c *FilesConn) Close() error {
	err := c.r.Close()
	if err2 := c.w.Close(); err == nil {
		err = err2
	}
	return err
}

// ShareFiles asks this task's own file service for files for another task:
// those that this one has in the folder dir, or with readOnly only to read
// them. Dir becomes that task's root, and nothing leads it out of there. Its
// working directory is this task's, if that lies in dir, and else its root.
//
// The error is a *[fs.PathError], and matches errors.ErrUnsupported if this task
// has no files, or its service does not hand any on. The service must find names
// of this task: so one that was started with a group of its own, by
// another than the service, cannot share.
func ShareFiles(dir string, readOnly bool) (*Files, error) {
	r, w, err := shareFiles(dir, readOnly)
	if err != nil {
		return nil, &fs.PathError{Op: "share", Path: dir, Err: err}
	}
	return newFiles(sys.Ref(r), sys.Ref(w)), nil
}

// MountFiles makes the files those of this task, which must have none. Package
// os has them from now on, and f is used up.
func MountFiles(f *Files) error {
	refs := f.take()
	if err := mountFiles(uint64(refs[0]), uint64(refs[1])); err != nil {
		deleteRefs(refs)
		return &fs.PathError{Op: "mount", Path: "/", Err: err}
	}
	return nil
}

// In package syscall.

//go:linkname shareFiles syscall.shareFiles
func shareFiles(dir string, readOnly bool) (r, w uint64, err error)

//go:linkname mountFiles syscall.mountFiles
func mountFiles(r, w uint64) error
