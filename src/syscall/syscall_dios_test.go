// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall_test

import (
	"errors"
	"internal/oserror"
	"internal/runtime/syscall/dios"
	"io"
	"os"
	"strings"
	. "syscall"
	"testing"
	"time"
)

// Every error of DIOS must become an error that Go code knows.
func TestEveryErrorOfDIOS(t *testing.T) {
	for e, name := range dios.ErrorName {
		if name == "" {
			continue
		}
		got := FromDIOS(e)
		if got == 0 || strings.HasPrefix(got.Error(), "errno ") {
			t.Errorf("FromDIOS(%s) = %d, %q", name, got, got.Error())
		}
		if got == EIO && e != dios.EIO {
			t.Errorf("%s has no Errno of its own", name)
		}
	}
	for _, e := range []int{0, -1, len(dios.ErrorName), 1 << 30} {
		if got := FromDIOS(e); got != EIO {
			t.Errorf("FromDIOS(%d) = %v, want EIO", e, got)
		}
	}
}

func TestErrnoIs(t *testing.T) {
	all := []error{oserror.ErrPermission, oserror.ErrExist, oserror.ErrNotExist, errors.ErrUnsupported}
	for _, test := range []struct {
		e    Errno
		want []error
	}{
		{EINVAL, nil},
		{EPERM, all[0:1]},
		{EACCES, all[0:1]},
		{EEXIST, all[1:2]},
		{ENOTEMPTY, all[1:2]},
		{ENOENT, all[2:3]},
		{ENOSYS, all[3:4]},
		{ENOTSUP, all[3:4]},
		{ENOFILES, all[2:4]},
		{ENOSTDIN, all[3:4]},
		{ENOUNIX, all[3:4]},
		{ENOPROCS, all[3:4]},
		{ENOUSERS, all[3:4]},
	} {
		for _, target := range all {
			want := false
			for _, w := range test.want {
				want = want || w == target
			}
			if got := errors.Is(test.e, target); got != want {
				t.Errorf("errors.Is(%v, %v) = %v, want %v", test.e, target, got, want)
			}
		}
	}
	for i := range Missing {
		e := ENOFILES + Errno(i)
		if want := "not supported by dios: " + Missing[i]; e.Error() != want {
			t.Errorf("%d: %q, want %q", e, e.Error(), want)
		}
	}
	if e := ENOFILES + Errno(len(Missing)); !strings.HasPrefix(e.Error(), "errno ") {
		t.Errorf("%d: %q", e, e.Error())
	}
}

// want fails the test if err is not e.
func want(t *testing.T, what string, err error, e Errno) {
	t.Helper()
	if err != e && !(e == 0 && err == nil) {
		t.Errorf("%s: %v, want %v", what, err, e)
	}
}

func TestDescriptors(t *testing.T) {
	for _, fd := range []int{-1, 1 << 20, -1 << 40} {
		_, err := Read(fd, nil)
		want(t, "Read", err, EBADF)
		_, err = Write(fd, nil)
		want(t, "Write", err, EBADF)
		_, err = Seek(fd, 0, 0)
		want(t, "Seek", err, EBADF)
		_, err = Dup(fd)
		want(t, "Dup", err, EBADF)
		want(t, "Fsync", Fsync(fd), EBADF)
		want(t, "Fstat", Fstat(fd, new(Stat_t)), EBADF)
		want(t, "SetNonblock", SetNonblock(fd, true), EBADF)
		want(t, "Close", Close(fd), EBADF)
	}

	// The lowest free descriptor is taken, and a closed one is gone.
	null := func() int {
		fd, err := Open("/dev/null", O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	a, b, c := null(), null(), null()
	if a < 3 || b <= a || c <= b {
		t.Errorf("descriptors %d, %d, %d", a, b, c)
	}
	want(t, "Close", Close(b), 0)
	want(t, "Close again", Close(b), EBADF)
	if d := null(); d != b {
		t.Errorf("descriptor %d, want %d, which is free", d, b)
	}
	d, err := Dup(a)
	want(t, "Dup", err, 0)
	want(t, "Close", Close(a), 0)
	n, err := Write(d, []byte("x"))
	if n != 1 || err != nil {
		t.Errorf("Write to the other descriptor = %d, %v", n, err)
	}
	for _, fd := range []int{b, c, d} {
		want(t, "Close", Close(fd), 0)
	}
}

func TestStandardStreams(t *testing.T) {
	// A child is started without standard input; by os/exec it would have the null device.
	if os.Getenv("SYSCALL_DIOS_TEST") == "" {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		p, err := os.StartProcess(SelfPath, []string{SelfPath, "-test.v", "-test.run=^TestStandardStreams$"},
			&os.ProcAttr{Env: append(os.Environ(), "SYSCALL_DIOS_TEST=1"), Files: []*os.File{nil, w, w}})
		w.Close()
		if err != nil {
			t.Fatal(err)
		}
		out, err := io.ReadAll(r)
		state, waitErr := p.Wait()
		if err != nil || waitErr != nil || !state.Success() || !strings.Contains(string(out), "--- PASS: TestStandardStreams") {
			t.Errorf("in a child: %v, %v, %v\n%s", err, waitErr, state, out)
		}
	} else {
		_, err := Read(Stdin, make([]byte, 1))
		want(t, "Read of standard input", err, ENOSTDIN)
		n, err := Read(Stdin, nil)
		if n != 0 || err != nil {
			t.Errorf("empty Read of standard input = %d, %v", n, err)
		}
	}
	_, err := Write(Stdin, []byte("x"))
	want(t, "Write to standard input", err, EBADF)
	for _, fd := range []int{Stdout, Stderr} {
		_, err := Read(fd, make([]byte, 1))
		want(t, "Read of standard output", err, EBADF)
		n, err := Write(fd, nil)
		if n != 0 || err != nil {
			t.Errorf("Write of nothing = %d, %v", n, err)
		}
		_, err = Pread(fd, make([]byte, 1), 0)
		want(t, "Pread", err, ESPIPE)
		want(t, "Fsync", Fsync(fd), 0)
		want(t, "SetNonblock", SetNonblock(fd, true), ENOTSUP)
		want(t, "SetNonblock", SetNonblock(fd, false), 0)
	}
}

func TestPipe(t *testing.T) {
	want(t, "Pipe2 with a bad flag", Pipe2(make([]int, 2), O_APPEND), EINVAL)
	want(t, "Pipe of three", Pipe(make([]int, 3)), EINVAL)

	p := make([]int, 2)
	want(t, "Pipe2", Pipe2(p, O_NONBLOCK|O_CLOEXEC), 0)
	r, w := p[0], p[1]
	b := make([]byte, 2*PipeSize)
	_, err := Read(r, b)
	want(t, "Read of an empty pipe", err, EAGAIN)
	_, err = Read(w, b)
	want(t, "Read of the write end", err, EBADF)
	_, err = Write(r, b)
	want(t, "Write to the read end", err, EBADF)
	_, err = Seek(r, 0, 0)
	want(t, "Seek", err, ESPIPE)

	// A long write fills the pipe, a short one is whole or not at all.
	n, err := Write(w, b[:PipeSize-PipeWhole+1])
	if n != PipeSize-PipeWhole+1 || err != nil {
		t.Errorf("Write = %d, %v", n, err)
	}
	_, err = Write(w, b[:PipeWhole])
	want(t, "Write of more than there is room for", err, EAGAIN)
	n, err = Write(w, b[:PipeWhole-1])
	if n != PipeWhole-1 || err != nil {
		t.Errorf("Write of the rest = %d, %v", n, err)
	}
	_, err = Write(w, b[:1])
	want(t, "Write to a full pipe", err, EAGAIN)
	n, err = Read(r, b)
	if n != PipeSize || err != nil {
		t.Errorf("Read of a full pipe = %d, %v, want %d", n, err, PipeSize)
	}
	n, err = Write(w, b)
	if n != PipeSize || err != nil {
		t.Errorf("Write of twice a pipe = %d, %v, want %d", n, err, PipeSize)
	}

	// What was written can be read after the write end is closed.
	want(t, "Close", Close(w), 0)
	n, err = Read(r, b)
	if n != PipeSize || err != nil {
		t.Errorf("Read = %d, %v", n, err)
	}
	for range 2 {
		n, err = Read(r, b)
		if n != 0 || err != nil {
			t.Errorf("Read at the end = %d, %v", n, err)
		}
	}
	want(t, "Close", Close(r), 0)

	want(t, "Pipe", Pipe(p), 0)
	r, w = p[0], p[1]
	want(t, "Close", Close(r), 0)
	_, err = Write(w, b[:1])
	want(t, "Write that nobody can read", err, EPIPE)
	want(t, "Close", Close(w), 0)
}

// A pipe that is not nonblock waits, and lets other goroutines run.
func TestPipeWaits(t *testing.T) {
	p := make([]int, 2)
	want(t, "Pipe", Pipe(p), 0)
	r, w := p[0], p[1]
	const total = 5*PipeSize + 3
	go func() {
		for left := total; left > 0; {
			n, err := Write(w, make([]byte, left))
			if err != nil {
				t.Errorf("Write: %v", err)
				break
			}
			left -= n
		}
		time.Sleep(time.Millisecond) // so that the reader waits for the end too
		Close(w)
	}()
	sum := 0
	b := make([]byte, 1000)
	for {
		n, err := Read(r, b)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		sum += n
	}
	if sum != total {
		t.Errorf("%d bytes came through, want %d", sum, total)
	}
	want(t, "Close", Close(r), 0)
}

func TestPaths(t *testing.T) {
	_, err := Open("", O_RDONLY, 0)
	want(t, "Open of nothing", err, ENOENT)
	_, err = Open("a\x00b", O_RDONLY, 0)
	want(t, "Open of a NUL", err, EINVAL)
	var st Stat_t
	if err := Stat("/", &st); err != nil { // a program without files; DIOS_DIR=none makes it one
		want(t, "Stat", err, ENOFILES)
		_, err = Open("/etc/hosts", O_RDONLY, 0)
		want(t, "Open", err, ENOFILES)
		want(t, "Mkdir", Mkdir("x", 0), ENOFILES)
	}
	want(t, "Stat of /dev/null", Stat("/dev/null", &st), 0)
	if st.Mode != S_IFCHR|0666 {
		t.Errorf("the mode of /dev/null is %#o", st.Mode)
	}
	_, err = Open("/dev/null", O_DIRECTORY, 0)
	want(t, "Open of /dev/null as a directory", err, ENOTDIR)
	_, err = Open("/dev/null", O_CREAT|O_EXCL, 0)
	want(t, "Open of a new /dev/null", err, EEXIST)
}

func TestKill(t *testing.T) {
	self := Getpid()
	if self < 2 || self != Getpid() {
		t.Errorf("Getpid() = %d", self)
	}
	want(t, "Kill(self, 0)", Kill(self, 0), 0)
	want(t, "Kill(self, SIGCHLD)", Kill(self, SIGCHLD), 0)
	want(t, "Kill(self, SIGSTOP)", Kill(self, SIGSTOP), ENOTSUP)
	want(t, "Kill(self, -1)", Kill(self, -1), EINVAL)
	want(t, "Kill(self, 65)", Kill(self, 65), EINVAL)
	want(t, "Kill(another)", Kill(self+1, SIGKILL), ESRCH)
}

func TestRandomGet(t *testing.T) {
	want(t, "RandomGet of nothing", RandomGet(nil), 0)
	var a, b [100000]byte // more than a page
	want(t, "RandomGet", RandomGet(a[:]), 0)
	want(t, "RandomGet", RandomGet(b[:]), 0)
	if a == b {
		t.Error("twice the same")
	}
	var seen [256]int
	for _, x := range a {
		seen[x]++
	}
	for x, n := range seen {
		if n < 200 || n > 600 { // 390 are expected; 10 standard deviations
			t.Errorf("%d was drawn %d times of %d", x, n, len(a))
		}
	}
}

// Syscall makes DIOS calls, and turns their errors into this package's.
func TestSyscall(t *testing.T) {
	_, _, e := Syscall(dios.SYS_DELETE, 0, 0, 0)
	if e != EBADF {
		t.Errorf("delete of no reference: %v, want EBADF", e)
	}
	_, _, e = RawSyscall6(dios.SYS_SELECT, 0, 0, 0, 0, 0, 0)
	if e != ETIMEDOUT || !e.Timeout() {
		t.Errorf("select of nothing that only asks: %v, want ETIMEDOUT", e)
	}
}

func TestWaitStatus(t *testing.T) {
	if w := WaitStatus(3 << 8); !w.Exited() || w.ExitStatus() != 3 || w.Signaled() || w.Signal() != -1 {
		t.Errorf("exit status 3: %+v", w)
	}
	if w := WaitStatus(9); w.Exited() || w.ExitStatus() != -1 || !w.Signaled() || w.Signal() != SIGKILL {
		t.Errorf("killed: %+v", w)
	}
}
