// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package exec_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime/dios"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a child of these tests does is said by a variable of its environment,
// and it does it before any test.
func init() {
	switch what := os.Getenv("EXEC_DIOS_TEST"); what {
	case "":
		return
	case "args":
		fmt.Printf("%q\n", os.Args)
	case "env":
		fmt.Println(os.Getenv("EXEC_DIOS_X"), len(os.Environ()))
	case "cat":
		if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stderr, "copied")
	case "stdin":
		// Reading stops the goroutine, not the task.
		read := make(chan string)
		go func() {
			line, err := bufio.NewReader(os.Stdin).ReadString('\n')
			read <- fmt.Sprintf("%q %v", line, err)
		}()
		time.Sleep(time.Millisecond)
		fmt.Println("ready")
		fmt.Println(<-read)
	case "exit":
		os.Exit(42)
	case "panic":
		panic("as asked")
	case "hang":
		fmt.Println("hanging")
		select {
		case <-time.After(time.Hour):
		}
	case "long":
		os.Stdout.WriteString(strings.Repeat("0123456789abcdef", 20000))
	case "grandchild":
		cmd := child("args", "of", "grandchild")
		cmd.Stdout = os.Stdout
		if err := cmd.Run(); err != nil {
			fmt.Println(err)
		}
	}
	os.Exit(0)
}

func child(what string, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), "EXEC_DIOS_TEST="+what)
	return cmd
}

func TestDIOSOutput(t *testing.T) {
	out, err := child("args", "a", "b c", "").Output()
	if want := "[\"" + syscall.SelfPath + "\" \"a\" \"b c\" \"\"]\n"; string(out) != want || err != nil {
		t.Errorf("%s, %v; want %s", out, err, want)
	}
	cmd := child("env")
	cmd.Env = []string{"EXEC_DIOS_TEST=env", "EXEC_DIOS_X=y"}
	out, err = cmd.CombinedOutput()
	if string(out) != "y 2\n" || err != nil {
		t.Errorf("%s, %v", out, err)
	}
	out, err = child("long").Output()
	if len(out) != 320000 || err != nil {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	out, err = child("grandchild").Output()
	if want := "[\"" + syscall.SelfPath + "\" \"of\" \"grandchild\"]\n"; string(out) != want || err != nil {
		t.Errorf("%s, %v; want %s", out, err, want)
	}
	// By the name it was started with, as it stands and through LookPath.
	cmd = child("args")
	cmd.Path = os.Args[0]
	if out, err := cmd.Output(); err != nil || !strings.HasPrefix(string(out), "[") {
		t.Errorf("%s: %s, %v", cmd.Path, out, err)
	}
	if path, err := exec.LookPath(os.Args[0]); path != syscall.SelfPath || err != nil {
		t.Errorf("LookPath(%q) = %q, %v", os.Args[0], path, err)
	}
	// By a reference.
	cmd = child("args")
	cmd.Path = "/whatever"
	cmd.SysProcAttr = &syscall.SysProcAttr{Exe: uint64(dios.Executable())}
	if out, err := cmd.Output(); err != nil || !strings.HasPrefix(string(out), "[") {
		t.Errorf("by a reference: %s, %v", out, err)
	}
}

func TestDIOSInput(t *testing.T) {
	var stdout, stderr bytes.Buffer
	text := strings.Repeat("through two pipes\n", 10000)
	cmd := child("cat")
	cmd.Stdin = strings.NewReader(text)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	if stdout.String() != text || stderr.String() != "copied\n" {
		t.Errorf("%d bytes of %d, and %q", stdout.Len(), len(text), &stderr)
	}
	// None is the null device, which is at its end.
	cmd = child("cat")
	out, err := cmd.CombinedOutput()
	if string(out) != "copied\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}

	cmd = child("stdin")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	outPipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(outPipe)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Errorf("%q", lines.Text())
	}
	io.WriteString(in, "a line\n")
	if !lines.Scan() || lines.Text() != `"a line\n" <nil>` {
		t.Errorf("%q", lines.Text())
	}
	if lines.Scan() {
		t.Errorf("more: %q", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestDIOSStatus(t *testing.T) {
	err := child("exit").Run()
	var e *exec.ExitError
	if !errors.As(err, &e) || e.ExitCode() != 42 || e.Error() != "exit status 42" {
		t.Errorf("%v", err)
	}
	_, err = child("panic").Output()
	if !errors.As(err, &e) || e.ExitCode() != 2 || !strings.HasPrefix(string(e.Stderr), "panic: as asked\n") {
		t.Errorf("%v", err)
	}
	cmd := child("hang")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if b, err := out.Read(make([]byte, 100)); b != len("hanging\n") || err != nil {
		t.Errorf("%d bytes, %v", b, err)
	}
	if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("it is not there: %v", err)
	}
	if err := cmd.Process.Signal(os.Interrupt); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Signal(Interrupt) = %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); !errors.As(err, &e) || e.Error() != "signal: killed" {
		t.Errorf("%v", err)
	}
	if err := cmd.Process.Kill(); err != os.ErrProcessDone {
		t.Errorf("Kill() = %v again", err)
	}
	if e.UserTime()+e.SystemTime() == 0 || e.SysUsage().(*syscall.Rusage).Maxrss == 0 {
		t.Error("it used nothing")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	cmd = exec.CommandContext(ctx, syscall.SelfPath)
	cmd.Env = []string{"EXEC_DIOS_TEST=hang"}
	if err := cmd.Run(); !errors.As(err, &e) || e.Error() != "signal: killed" || ctx.Err() == nil {
		t.Errorf("%v", err)
	}
}

// Both ends of a pipe, handed to two children, connect them; and it holds what
// was written before.
func TestDIOSPipeline(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "first\n")
	first, second := child("args", "x"), child("cat")
	var out bytes.Buffer
	first.Stdout = w
	second.Stdin, second.Stdout = r, &out
	if err := errors.Join(second.Start(), first.Start(), r.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Wait(), second.Wait()); err != nil {
		t.Error(err)
	}
	if want := "first\n[\"" + syscall.SelfPath + "\" \"x\"]\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// The ends of a pipe that is a FIFO have deadlines, and closing wakes.
func TestDIOSPipeDeadline(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// One reads while it becomes a FIFO.
	got := make(chan string)
	go func() {
		b := make([]byte, 100)
		n, err := r.Read(b)
		got <- fmt.Sprintf("%q %v", b[:n], err)
	}()
	time.Sleep(time.Millisecond)
	cmd := child("exit")
	cmd.Stdout = w
	cmd.Run()
	io.WriteString(w, "hello")
	if s := <-got; s != `"hello" <nil>` {
		t.Error(s)
	}
	r.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read = %v after the deadline", err)
	}
	r.SetReadDeadline(time.Time{})
	time.AfterFunc(20*time.Millisecond, func() { r.Close() })
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read = %v after Close", err)
	}
	if _, err := w.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Write = %v after the reader has gone", err)
	}
	w.Close()
}

func TestDIOSErrors(t *testing.T) {
	_, err := os.Stat("/")
	noFiles := err != nil
	for _, path := range []string{"/bin/sh", "./x"} {
		err := exec.Command(path).Run()
		if errors.Is(err, errors.ErrUnsupported) != noFiles || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := exec.Command("sh").Run(); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("sh: %v", err)
	}
	cmd := child("exit")
	cmd.ExtraFiles = []*os.File{os.Stdout}
	if err := cmd.Run(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a fourth file: %v", err)
	}
	cmd = child("exit")
	cmd.Args = []string{"a\x00b"}
	if err := cmd.Run(); err == nil {
		t.Error("an argument with a NUL")
	}
	if _, err := syscall.Wait4(12345678, nil, 0, nil); err != syscall.ECHILD {
		t.Errorf("Wait4 of no child: %v", err)
	}
}
