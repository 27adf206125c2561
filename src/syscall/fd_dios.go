// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// Descriptors.
//
// A task holds references, which are 64-bit numbers. Packages os and
// internal/poll work with small descriptors that are opened, written and
// closed, so here is a table of them: 0, 1 and 2 are the standard streams
// that the task was started with, and what Open and Pipe return comes after.
// A descriptor is a name inside the task only; nobody else sees it.

// A stream is what a descriptor stands for. A method is called without the
// table's lock, and any number of them may be under way at once.
type stream interface {
	// read and write return how many bytes they moved, or an Errno.
	// A read that returns 0 and no Errno has met the end.
	// They are not called with an empty p.
	// Where they would wait and the file is nonblock, the Errno is EAGAIN.
	read(f *file, p []byte) (int, Errno)
	write(f *file, p []byte) (int, Errno)

	// close is called once, when the last descriptor is closed.
	close()

	// mode is the stream's type and permissions, S_IF..., for Fstat.
	mode() uint32
}

// A file is an open stream and the descriptors that stand for it.
// Only the table's functions touch fds and refs, with its lock.
type file struct {
	stream
	fds      []int
	nonblock atomic.Bool

	// For the poller, of a stream with an object behind it: a reference of
	// its own for each of fds.
	refs []uint64
}

var files = struct {
	sync.Mutex
	tab []*file // by descriptor; nil: free
}{
	tab: []*file{
		Stdin:  {stream: stdin(), fds: []int{Stdin}},
		Stdout: {stream: console(Stdout), fds: []int{Stdout}},
		Stderr: {stream: console(Stderr), fds: []int{Stderr}},
	},
}

const (
	Stdin  = 0
	Stdout = 1
	Stderr = 2
)

// getFile returns the stream of a descriptor, or EBADF.
func getFile(fd int) (*file, Errno) {
	files.Lock()
	defer files.Unlock()
	if uint(fd) >= uint(len(files.tab)) || files.tab[fd] == nil {
		return nil, EBADF
	}
	return files.tab[fd], 0
}

// addFile returns the lowest free descriptor, which now stands for f.
func addFile(f *file) int {
	files.Lock()
	defer files.Unlock()
	fd := 0
	for fd < len(files.tab) && files.tab[fd] != nil {
		fd++
	}
	if fd == len(files.tab) {
		files.tab = append(files.tab, nil)
	}
	files.tab[fd] = f
	f.fds = append(f.fds, fd)
	return fd
}

func Close(fd int) error {
	files.Lock()
	if uint(fd) >= uint(len(files.tab)) || files.tab[fd] == nil {
		files.Unlock()
		return EBADF
	}
	f := files.tab[fd]
	files.tab[fd] = nil
	i := 0
	for f.fds[i] != fd {
		i++
	}
	if s, ok := f.stream.(*socket); ok && i < len(f.refs) {
		s.dropPollRef(f, i)
	}
	f.fds = append(f.fds[:i], f.fds[i+1:]...)
	last := len(f.fds) == 0
	files.Unlock()
	if last {
		f.close()
	}
	return nil
}

func Dup(fd int) (int, error) {
	f, e := getFile(fd)
	if e != 0 {
		return -1, e
	}
	fd = addFile(f)
	if s, ok := f.stream.(*socket); ok {
		if e := s.addPollRefs(f); e != 0 {
			Close(fd)
			return -1, e
		}
	}
	return fd, nil
}

func Read(fd int, p []byte) (int, error) {
	f, e := getFile(fd)
	if e != 0 {
		return -1, e
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, e := f.read(f, p)
	if e != 0 {
		return -1, e
	}
	return n, nil
}

func Write(fd int, p []byte) (int, error) {
	f, e := getFile(fd)
	if e != 0 {
		return -1, e
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, e := f.write(f, p)
	if e != 0 {
		return -1, e
	}
	return n, nil
}

// Only the files of a service have a position, and what comes with it.

func getSeeker(fd int, not Errno) (seeker, Errno) {
	f, e := getFile(fd)
	if e != 0 {
		return nil, e
	}
	if s, ok := f.stream.(seeker); ok {
		return s, 0
	}
	return nil, not
}

func Seek(fd int, offset int64, whence int) (int64, error) {
	s, e := getSeeker(fd, ESPIPE)
	if e == 0 {
		offset, e = s.seek(offset, whence)
	}
	if e != 0 {
		return -1, e
	}
	return offset, nil
}

func Pread(fd int, p []byte, offset int64) (n int, err error) {
	s, e := getSeeker(fd, ESPIPE)
	if e == 0 {
		n, e = s.pread(p, offset)
	}
	if e != 0 {
		return -1, e
	}
	return n, nil
}

func Pwrite(fd int, p []byte, offset int64) (n int, err error) {
	s, e := getSeeker(fd, ESPIPE)
	if e == 0 {
		n, e = s.pwrite(p, offset)
	}
	if e != 0 {
		return -1, e
	}
	return n, nil
}

func ReadDirent(fd int, buf []byte) (n int, err error) {
	s, e := getSeeker(fd, ENOTDIR)
	if e == 0 {
		n, e = s.readDirent(buf)
	}
	if e != 0 {
		return -1, e
	}
	return n, nil
}

// setFile changes what Fstat tells of a file of a service.
func setFile(fd int, not Errno, c change) error {
	s, e := getSeeker(fd, not)
	if e == 0 {
		e = s.set(c)
	}
	return orNil(e)
}

func Ftruncate(fd int, length int64) error {
	if length < 0 {
		return EINVAL
	}
	return setFile(fd, EINVAL, change{valid: setSize, size: length})
}

func Fchmod(fd int, mode uint32) error {
	return setFile(fd, ENOTSUP, change{valid: setMode, mode: mode})
}

func Fchown(fd int, uid, gid int) error { return setFile(fd, ENOTSUP, owner(uid, gid)) }

func Fchdir(fd int) error {
	s, e := getSeeker(fd, ENOTDIR)
	if e == 0 {
		e = s.chdir()
	}
	return orNil(e)
}

// onFile returns EBADF if fd is not a descriptor, and e if it is.
func onFile(fd int, e Errno) error {
	if _, bad := getFile(fd); bad != 0 {
		return bad
	}
	return e
}

// Fsync returns at once, but for a file: what a write took is already the object's.
func Fsync(fd int) error {
	f, e := getFile(fd)
	if e != 0 {
		return e
	}
	if s, ok := f.stream.(seeker); ok {
		return orNil(s.sync())
	}
	return nil
}

// Flock locks a file of a service, or unlocks it. The lock is its open file's, and
// goes with the last of its descriptors, or the task. A goroutine that waits for it
// asks again, at most 50 ms later.
//
// Locks of Flock and FcntlFlock are in each other's way, unlike on Linux.
func Flock(fd int, how int) error {
	s, e := getSeeker(fd, EBADF)
	if e == 0 {
		e = s.flock(how)
	}
	return orNil(e)
}

// FcntlFlock sets, clears or asks for a lock of the task on a part of a file
// of a service: F_SETLK, F_SETLKW, F_GETLK. It goes when the task closes any
// descriptor of the file.
func FcntlFlock(fd uintptr, cmd int, lk *Flock_t) error {
	if cmd != F_GETLK && cmd != F_SETLK && cmd != F_SETLKW {
		return EINVAL
	}
	s, e := getSeeker(int(fd), EBADF)
	if e == 0 {
		e = s.lock(cmd, lk)
	}
	return orNil(e)
}

func Fstat(fd int, st *Stat_t) error {
	f, e := getFile(fd)
	if e != 0 {
		return e
	}
	if s, ok := f.stream.(seeker); ok {
		return orNil(s.stat(st))
	}
	*st = Stat_t{Mode: f.mode(), Nlink: 1, Blksize: 4096}
	return nil
}

// CloseOnExec does nothing: a program started by this task gets the
// references handed to it, never a descriptor.
func CloseOnExec(fd int) {}

// SetNonblock says whether a descriptor is used with the poller. Pipes and
// sockets can be: a read or write of them that would wait then returns EAGAIN.
func SetNonblock(fd int, nonblocking bool) error {
	f, e := getFile(fd)
	if e != 0 {
		return e
	}
	if _, ok := f.stream.(pollable); !ok && nonblocking {
		return ENOTSUP
	}
	f.nonblock.Store(nonblocking)
	return nil
}

// A pollable is a stream that tells the poller when it is ready.
type pollable interface {
	stream
	pollable()
}

// diosPollReady tells the poller that fd can be read, or written, by mode:
// 'r' or 'w'. It is in package runtime.
func diosPollReady(fd uintptr, mode int32)

// diosPollRef tells the poller that fd is ready when the object of ref is, or
// with ref 0, that diosPollReady tells. It is in package runtime.
func diosPollRef(fd uintptr, ref uintptr)

// ready tells the poller that f, a pollable, is ready for mode.
func (f *file) ready(mode int32) {
	var few [4]int
	files.Lock()
	fds := append(few[:0], f.fds...)
	files.Unlock()
	for _, fd := range fds {
		diosPollReady(uintptr(fd), mode)
	}
}

// fcntl is for package internal/syscall/unix.
//
//go:linkname fcntl
func fcntl(fd int, cmd int, arg int) (int, error) {
	f, e := getFile(fd)
	if e != 0 {
		return -1, e
	}
	switch cmd {
	case F_GETFL:
		flags := O_RDWR
		switch f.mode() & (S_IRUSR | S_IWUSR) {
		case S_IRUSR:
			flags = O_RDONLY
		case S_IWUSR:
			flags = O_WRONLY
		}
		if f.nonblock.Load() {
			flags |= O_NONBLOCK
		}
		return flags, nil
	case F_GETFD, F_SETFD:
		return 0, nil
	}
	return -1, ENOSYS
}

// console is standard output or error: 1 or 2.
//
// It says that it is a pipe, not a terminal, because behind a CONSOLE object
// there may be either, and a program that thinks it talks to a terminal
// writes colors and progress bars.
type console uintptr

func (c console) read(f *file, p []byte) (int, Errno) { return 0, EBADF }

// write may take less than all of p, when the console stops taking.
func (c console) write(f *file, p []byte) (int, Errno) {
	n := diosWrite(uintptr(c), unsafe.Pointer(unsafe.SliceData(p)), len(p))
	if n < 0 {
		return 0, fromDIOS(-n)
	}
	return n, 0
}

// close also closes it for the runtime. A task that is to see the end of a
// pipe waits for that.
func (c console) close()       { diosCloseOut(uintptr(c)) }
func (c console) mode() uint32 { return S_IFIFO | S_IWUSR }

// stdin returns standard input.
func stdin() stream {
	if ref := diosStart().In; ref != 0 {
		return input{newObjectEnd(ref, 'r')}
	}
	return noInput{}
}

// noInput is standard input that is not connected. It says that it is a
// character device, as /dev/null does: a program that reads its input only
// when that is no terminal does not read.
type noInput struct{}

func (noInput) read(f *file, p []byte) (int, Errno)  { return 0, enostdin }
func (noInput) write(f *file, p []byte) (int, Errno) { return 0, EBADF }
func (noInput) close()                               {}
func (noInput) mode() uint32                         { return S_IFCHR | S_IRUSR }

// devNull is /dev/null, the one file that needs no file service.
type devNull struct{}

func (devNull) read(f *file, p []byte) (int, Errno)  { return 0, 0 }
func (devNull) write(f *file, p []byte) (int, Errno) { return len(p), 0 }
func (devNull) close()                               {}
func (devNull) mode() uint32                         { return S_IFCHR | 0666 }
