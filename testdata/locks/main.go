// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Locks locks files, in the folder of its first argument, against children of its
// own, as the go command does. On DIOS it must print what it prints on Linux.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 2 {
		child(os.Args[1], os.Args[2])
		return
	}
	must(os.MkdirAll(os.Args[1], 0o755))
	must(os.WriteFile(path(), []byte("0"), 0o644))

	fmt.Println("# one file, opened twice")
	a, b := open(), open()
	flock(a, syscall.LOCK_SH)
	flock(b, syscall.LOCK_SH)
	flock(b, syscall.LOCK_EX|syscall.LOCK_NB)
	flock(a, syscall.LOCK_UN)
	flock(b, syscall.LOCK_EX|syscall.LOCK_NB)
	flock(a, syscall.LOCK_SH|syscall.LOCK_NB)
	must(b.Close())
	flock(a, syscall.LOCK_EX|syscall.LOCK_NB)
	flock(a, 0)
	must(a.Close())

	fmt.Println("# parts of it, against a child")
	c := start("parts")
	say("child", c.line())
	a = open()
	fcntl(a, syscall.F_SETLK, syscall.F_WRLCK, 0, 10)
	fcntl(a, syscall.F_SETLK, syscall.F_WRLCK, 10, 5)
	fcntl(a, syscall.F_SETLK, syscall.F_RDLCK, 30, 0)
	fcntl(a, syscall.F_GETLK, syscall.F_WRLCK, 5, 10)
	fcntl(a, syscall.F_GETLK, syscall.F_WRLCK, 0, 10)
	fcntl(a, syscall.F_SETLK, 7, 0, 10)
	r, err := os.Open(path())
	must(err)
	fcntl(r, syscall.F_SETLK, syscall.F_WRLCK, 0, 1)
	fcntl(r, syscall.F_SETLK, syscall.F_RDLCK, 0, 1)
	must(c.cmd.Process.Kill())
	c.cmd.Wait()
	fcntl(a, syscall.F_SETLKW, syscall.F_WRLCK, 10, 5)
	fcntl(a, syscall.F_GETLK, syscall.F_WRLCK, 0, 0)
	must(r.Close())
	must(a.Close())

	fmt.Println("# one that was killed")
	c = start("hold")
	say("child", c.line())
	a = open()
	flock(a, syscall.LOCK_SH|syscall.LOCK_NB)
	go func() {
		time.Sleep(100 * time.Millisecond)
		must(c.cmd.Process.Kill())
	}()
	flock(a, syscall.LOCK_EX)
	must(a.Close())
	c.cmd.Wait()

	fmt.Println("# several who count")
	var all []*process
	for range 4 {
		all = append(all, start("count"))
	}
	for _, c := range all {
		must(c.cmd.Wait())
	}
	text, err := os.ReadFile(path())
	say(string(text), err)
}

func child(dir, what string) {
	switch what {
	case "parts":
		f := open()
		fcntl(f, syscall.F_SETLK, syscall.F_WRLCK, 10, 10)
		time.Sleep(time.Hour)
	case "hold":
		flock(open(), syscall.LOCK_EX)
		time.Sleep(time.Hour)
	case "count":
		for range 25 {
			f := open()
			must(syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
			b, err := io.ReadAll(f)
			must(err)
			n, err := strconv.Atoi(string(b))
			must(err)
			_, err = f.WriteAt([]byte(strconv.Itoa(n+1)), 0)
			must(err)
			must(f.Close())
		}
	}
}

func path() string { return filepath.Join(os.Args[1], "locked") }

func open() *os.File {
	f, err := os.OpenFile(path(), os.O_RDWR, 0)
	must(err)
	return f
}

type process struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

func start(what string) *process {
	exe, err := os.Executable()
	must(err)
	p := &process{cmd: exec.Command(exe, os.Args[1], what)}
	out, err := p.cmd.StdoutPipe()
	must(err)
	p.out = bufio.NewReader(out)
	must(p.cmd.Start())
	return p
}

// line waits until the child says something.
func (p *process) line() error {
	s, err := p.out.ReadString('\n')
	if err == nil {
		err = errors.New(s)
	}
	return err
}

func flock(f *os.File, how int) {
	say(fmt.Sprint("flock ", how), syscall.Flock(int(f.Fd()), how))
}

func fcntl(f *os.File, cmd int, kind int16, start, n int64) {
	lk := syscall.Flock_t{Type: kind, Start: start, Len: n}
	err := syscall.FcntlFlock(f.Fd(), cmd, &lk)
	what := fmt.Sprint("fcntl ", cmd, kind, start, n)
	if cmd == syscall.F_GETLK && err == nil {
		what += fmt.Sprint(": ", lk.Type)
		if lk.Type != syscall.F_UNLCK {
			what += fmt.Sprint(lk.Start, lk.Len)
		}
	}
	say(what, err)
}

func say(what string, err error) {
	if err == nil {
		fmt.Println(what + ": ok")
	} else {
		fmt.Println(what+":", err)
	}
}

func must(err error) {
	if err != nil {
		fmt.Println("must:", err)
		os.Exit(1)
	}
}
