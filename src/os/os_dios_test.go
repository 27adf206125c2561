// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package os_test

import (
	"errors"
	"io"
	"io/fs"
	. "os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// needNoFiles leaves a test out that is about a program without files.
func needNoFiles(t *testing.T) {
	t.Helper()
	if _, err := Stat("/"); err == nil {
		t.Skip("this program has files; with DIOS_DIR=none it has none")
	}
}

// What dios does not have must be an error that says what is missing and
// matches errors.ErrUnsupported: no panic, no hang, and no success.
func TestUnsupported(t *testing.T) {
	needNoFiles(t)
	one := func(err error) []error { return []error{err} }
	two := func(_ any, err error) []error { return []error{err} }
	const (
		files = "no file service"
		procs = "no processes"
		users = "no users"
	)
	for _, test := range []struct {
		name, why string
		err       []error
	}{
		{"Open", files, two(Open("x"))},
		{"Create", files, two(Create("x"))},
		{"OpenFile", files, two(OpenFile("x", O_RDWR|O_CREATE, 0666))},
		{"ReadFile", files, two(ReadFile("/etc/hosts"))},
		{"WriteFile", files, one(WriteFile("x", nil, 0666))},
		{"ReadDir", files, two(ReadDir("."))},
		{"Mkdir", files, one(Mkdir("x", 0777))},
		{"MkdirAll", files, one(MkdirAll("x/y", 0777))},
		{"MkdirTemp", files, two(MkdirTemp("", ""))},
		{"CreateTemp", files, two(CreateTemp("", ""))},
		{"Remove", files, one(Remove("x"))},
		{"Rename", files, one(Rename("x", "y"))},
		{"Link", files, one(Link("x", "y"))},
		{"Symlink", files, one(Symlink("x", "y"))},
		{"Readlink", files, two(Readlink("x"))},
		{"Stat", files, two(Stat("/"))},
		{"Lstat", files, two(Lstat("."))},
		{"Truncate", files, one(Truncate("x", 0))},
		{"Chmod", files, one(Chmod("x", 0))},
		{"Chown", files, one(Chown("x", 0, 0))},
		{"Lchown", files, one(Lchown("x", 0, 0))},
		{"Chtimes", files, one(Chtimes("x", time.Now(), time.Now()))},
		{"Chdir", files, one(Chdir("/"))},
		{"OpenRoot", files, two(OpenRoot("."))},
		{"CopyFS", files, one(CopyFS("x", DirFS(".")))},
		{"EvalSymlinks", files, two(filepath.EvalSymlinks("x"))},
		{"DirFS", files, two(fs.ReadFile(DirFS("."), "x"))},
		{"StartProcess", files, two(StartProcess("/bin/x", []string{"x"}, new(ProcAttr)))},
		{"exec.LookPath", files, two(exec.LookPath("sh"))},
		{"exec.Command", files, one(exec.Command("sh").Run())},
		{"exec.Command", files, one(exec.Command("/bin/sh").Run())},
		{"syscall.Exec", procs, one(syscall.Exec("/bin/sh", nil, nil))},
		{"Getgroups", users, two(Getgroups())},
	} {
		err := test.err[0]
		if err == nil {
			t.Errorf("%s: no error", test.name)
			continue
		}
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v does not match errors.ErrUnsupported", test.name, err)
		}
		if !strings.Contains(err.Error(), "not supported by dios: ") || !strings.Contains(err.Error(), test.why) {
			t.Errorf("%s: %v; it should say: not supported by dios: %s", test.name, err, test.why)
		}
		if test.why == files && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v does not match fs.ErrNotExist", test.name, err)
		}
	}
}

// A task that was given no standard input cannot read it. One that os/exec started
// without any has the null device, which is at its end.
func TestNoStdin(t *testing.T) {
	switch Getenv("OS_DIOS_TEST") {
	case "":
		exe, err := Executable()
		if err != nil {
			t.Fatal(err)
		}
		args := []string{exe, "-test.v", "-test.run=^TestNoStdin$"}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(Environ(), "OS_DIOS_TEST=null")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestNoStdin") {
			t.Errorf("%v\n%s", err, out)
		}
		r, w, err := Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		p, err := StartProcess(exe, args, &ProcAttr{Env: append(Environ(), "OS_DIOS_TEST=none"), Files: []*File{nil, w, w}})
		w.Close()
		if err != nil {
			t.Fatal(err)
		}
		out, err := io.ReadAll(r)
		state, waitErr := p.Wait()
		if err != nil || waitErr != nil || !state.Success() || !strings.Contains(string(out), "--- PASS: TestNoStdin") {
			t.Errorf("%v, %v, %v\n%s", err, waitErr, state, out)
		}
		return
	case "null":
		if n, err := Stdin.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%d bytes, %v; want EOF", n, err)
		}
		return
	}
	_, read := Stdin.Read(make([]byte, 1))
	_, all := io.ReadAll(Stdin)
	for _, err := range []error{read, all} {
		if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "not supported by dios: standard input is not connected") {
			t.Errorf("%v; it should say: not supported by dios: standard input is not connected", err)
		}
	}
}

// A command that is not there must look like one: programs do without it.
func TestNoCommand(t *testing.T) {
	if _, err := exec.LookPath("sh"); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("%v does not match exec.ErrNotFound", err)
	}
}

func TestDevNull(t *testing.T) {
	f, err := OpenFile(DevNull, O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.Write([]byte("hello")); n != 5 || err != nil {
		t.Errorf("Write = %d, %v", n, err)
	}
	if n, err := f.Read(make([]byte, 5)); n != 0 || err != io.EOF {
		t.Errorf("Read = %d, %v", n, err)
	}
	if fi, err := f.Stat(); err != nil || fi.Mode() != ModeDevice|ModeCharDevice|0666 {
		t.Errorf("Stat = %v, %v", fi.Mode(), err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestStdStreams(t *testing.T) {
	for _, f := range []*File{Stdout, Stderr} {
		if n, err := f.Write(nil); n != 0 || err != nil {
			t.Errorf("%s: Write of nothing = %d, %v", f.Name(), n, err)
		}
		if err := f.Sync(); err != nil {
			t.Errorf("%s: Sync: %v", f.Name(), err)
		}
		if err := f.SetDeadline(time.Now()); !errors.Is(err, ErrNoDeadline) {
			t.Errorf("%s: SetDeadline: %v", f.Name(), err)
		}
		if fi, err := f.Stat(); err != nil || fi.Mode()&ModeCharDevice != 0 {
			t.Errorf("%s: Stat = %v, %v; it must not pretend to be a terminal", f.Name(), fi.Mode(), err)
		}
	}
}

// go test says in $PWD where the package lies.
func TestGetwdIsPWD(t *testing.T) {
	needNoFiles(t)
	t.Setenv("PWD", "/somewhere/else")
	if dir, err := Getwd(); dir != "/somewhere/else" || err != nil {
		t.Errorf("Getwd() = %q, %v", dir, err)
	}
	for _, pwd := range []string{"", "relative"} {
		t.Setenv("PWD", pwd)
		if dir, err := Getwd(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("PWD=%q: Getwd() = %q, %v", pwd, dir, err)
		}
	}
}

func TestNumbersOfNobody(t *testing.T) {
	if Getuid() != -1 || Geteuid() != -1 || Getgid() != -1 || Getegid() != -1 {
		t.Errorf("ids: %d %d %d %d, want -1, as where there are no users", Getuid(), Geteuid(), Getgid(), Getegid())
	}
	if Getppid() != 0 {
		t.Errorf("Getppid() = %d", Getppid())
	}
	if name, err := Hostname(); err != nil || !strings.HasPrefix(name, "dios-") {
		t.Errorf("Hostname() = %q, %v", name, err)
	}
}

// Notify takes every signal and delivers none.
func TestNotify(t *testing.T) {
	c := make(chan Signal, 10)
	signal.Notify(c)
	signal.Notify(c, Interrupt, syscall.SIGTERM)
	p, err := FindProcess(Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(syscall.SIGCHLD); err != nil {
		t.Error(err)
	}
	select {
	case s := <-c:
		t.Errorf("got %v", s)
	case <-time.After(10 * time.Millisecond):
	}
	if signal.Ignored(Interrupt) {
		t.Error("the interrupt is ignored")
	}
	signal.Ignore(Interrupt)
	signal.Reset()
	signal.Stop(c)
}
