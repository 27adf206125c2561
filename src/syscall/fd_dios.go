// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import (
	"sync"
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
	read(p []byte) (int, Errno)
	write(p []byte) (int, Errno)

	// close is called once, when the last descriptor is closed.
	close()

	// mode is the stream's type and permissions, S_IF..., for Fstat.
	mode() uint32
}

// An open stream, and how many descriptors stand for it.
type file struct {
	stream
	refs int
}

var files = struct {
	sync.Mutex
	tab []*file // by descriptor; nil: free
}{
	tab: []*file{
		Stdin:  {noInput{}, 1},
		Stdout: {console(Stdout), 1},
		Stderr: {console(Stderr), 1},
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
	f.refs++
	for fd, g := range files.tab {
		if g == nil {
			files.tab[fd] = f
			return fd
		}
	}
	files.tab = append(files.tab, f)
	return len(files.tab) - 1
}

func Close(fd int) error {
	files.Lock()
	if uint(fd) >= uint(len(files.tab)) || files.tab[fd] == nil {
		files.Unlock()
		return EBADF
	}
	f := files.tab[fd]
	files.tab[fd] = nil
	f.refs--
	last := f.refs == 0
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
	return addFile(f), nil
}

func Read(fd int, p []byte) (int, error) {
	f, e := getFile(fd)
	if e != 0 {
		return -1, e
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, e := f.read(p)
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
	n, e := f.write(p)
	if e != 0 {
		return -1, e
	}
	return n, nil
}

// None of the streams has a position.

func Seek(fd int, offset int64, whence int) (int64, error) {
	return -1, onFile(fd, ESPIPE)
}

func Pread(fd int, p []byte, offset int64) (int, error) {
	return -1, onFile(fd, ESPIPE)
}

func Pwrite(fd int, p []byte, offset int64) (int, error) {
	return -1, onFile(fd, ESPIPE)
}

func Ftruncate(fd int, length int64) error           { return onFile(fd, EINVAL) }
func Fchmod(fd int, mode uint32) error               { return onFile(fd, ENOTSUP) }
func Fchown(fd int, uid, gid int) error              { return onFile(fd, ENOTSUP) }
func Fchdir(fd int) error                            { return onFile(fd, ENOTDIR) }
func ReadDirent(fd int, buf []byte) (n int, e error) { return -1, onFile(fd, ENOTDIR) }

// onFile returns EBADF if fd is not a descriptor, and e if it is.
func onFile(fd int, e Errno) error {
	if _, bad := getFile(fd); bad != 0 {
		return bad
	}
	if e == 0 {
		return nil
	}
	return e
}

// Fsync returns at once: what a write took is already the object's.
func Fsync(fd int) error { return onFile(fd, 0) }

func Fstat(fd int, st *Stat_t) error {
	f, e := getFile(fd)
	if e != 0 {
		return e
	}
	*st = Stat_t{Mode: f.mode(), Nlink: 1, Blksize: 4096}
	return nil
}

// CloseOnExec does nothing: a program started by this task gets the
// references handed to it, never a descriptor.
func CloseOnExec(fd int) {}

// SetNonblock says that no descriptor can be waited for by the poller.
func SetNonblock(fd int, nonblocking bool) error {
	if nonblocking {
		return onFile(fd, ENOTSUP)
	}
	return onFile(fd, 0)
}

// fcntl is for package internal/syscall/unix.
func fcntl(fd int, cmd int, arg int) (int, error) {
	f, e := getFile(fd)
	if e != 0 {
		return -1, e
	}
	switch cmd {
	case F_GETFL:
		switch f.mode() & (S_IRUSR | S_IWUSR) {
		case S_IRUSR:
			return O_RDONLY, nil
		case S_IWUSR:
			return O_WRONLY, nil
		}
		return O_RDWR, nil
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

func (c console) read(p []byte) (int, Errno) { return 0, EBADF }

// write may take less than all of p, when the console stops taking.
func (c console) write(p []byte) (int, Errno) {
	n := diosWrite(uintptr(c), unsafe.Pointer(unsafe.SliceData(p)), len(p))
	if n < 0 {
		return 0, fromDIOS(-n)
	}
	return n, 0
}

func (c console) close()       {}
func (c console) mode() uint32 { return S_IFIFO | S_IWUSR }

// noInput is standard input. It says that it is a character device, as
// /dev/null does: a program that reads its input only when that is no
// terminal does not read.
type noInput struct{}

func (noInput) read(p []byte) (int, Errno)  { return 0, enostdin }
func (noInput) write(p []byte) (int, Errno) { return 0, EBADF }
func (noInput) close()                      {}
func (noInput) mode() uint32                { return S_IFCHR | S_IRUSR }

// devNull is /dev/null, the one file that needs no file service.
type devNull struct{}

func (devNull) read(p []byte) (int, Errno)  { return 0, 0 }
func (devNull) write(p []byte) (int, Errno) { return len(p), 0 }
func (devNull) close()                      {}
func (devNull) mode() uint32                { return S_IFCHR | 0666 }
