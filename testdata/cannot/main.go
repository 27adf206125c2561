// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Cannot asks for everything that a program on DIOS cannot do yet. Each is an
// error that says so, at once; nothing hangs and nothing crashes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"time"
)

// say prints an error and what kind of error it is.
func say(what string, err error) {
	kind := ""
	for _, k := range []struct {
		name string
		err  error
	}{
		{"unsupported", errors.ErrUnsupported}, {"not exist", fs.ErrNotExist}, {"permission", fs.ErrPermission},
		{"closed", fs.ErrClosed}, {"deadline", os.ErrDeadlineExceeded}, {"EOF", io.EOF},
	} {
		if errors.Is(err, k.err) {
			kind += " (" + k.name + ")"
		}
	}
	fmt.Printf("%s: %v%s\n", what, err, kind)
}

func main() {
	// Files.
	_, err := os.Open("file")
	say("Open", err)
	_, err = os.Open("/dev/null")
	say("Open /dev/null", err)
	_, err = os.Create("/tmp/file")
	say("Create", err)
	_, err = os.ReadFile("/etc/passwd")
	say("ReadFile", err)
	say("WriteFile", os.WriteFile("file", nil, 0o666))
	_, err = os.ReadDir(".")
	say("ReadDir", err)
	_, err = os.Stat("/")
	say("Stat", err)
	say("Mkdir", os.Mkdir("dir", 0o777))
	say("Remove", os.Remove("file"))
	say("Rename", os.Rename("a", "b"))
	say("Symlink", os.Symlink("a", "b"))
	say("Chdir", os.Chdir("/"))
	_, err = os.MkdirTemp("", "x")
	say("MkdirTemp", errors.Unwrap(err)) // its path is random
	_, err = filepath.Abs("file")
	say("Abs", err)
	_, err = filepath.Glob("*")
	say("Glob", err)
	_, err = os.OpenRoot("/")
	say("OpenRoot", err)

	// Input.
	n, err := os.Stdin.Read(make([]byte, 10))
	say("read of standard input", err)
	fmt.Println(n)
	say("write to standard input", func() error { _, err := os.Stdin.WriteString("x"); return err }())
	say("deadline of standard output", os.Stdout.SetDeadline(time.Now()))
	_, err = os.Stdout.Seek(0, io.SeekCurrent)
	say("seek of standard output", err)

	// Processes.
	say("Run", exec.Command("/bin/true").Run())
	say("Run by name", exec.Command("true").Run())
	_, err = os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	say("StartProcess", err)
	p, err := os.FindProcess(os.Getpid() + 1)
	if err == nil {
		err = p.Kill()
	}
	say("Kill", err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	stop()
	say("NotifyContext", ctx.Err())

	// The network.
	_, err = net.Dial("unix", "/sock")
	say("Dial", err)
	_, err = net.ListenPacket("ip4:icmp", "127.0.0.1")
	say("ListenPacket", err)
	_, err = net.LookupHost("example.com")
	say("LookupHost", err)

	// Users and places.
	_, err = user.Current()
	say("Current", err)
	_, err = os.Hostname()
	say("Hostname", err)
	_, err = os.UserHomeDir()
	say("UserHomeDir", err)
	_, err = os.Getwd()
	say("Getwd", err)
	_, err = time.LoadLocation("Europe/Berlin")
	say("LoadLocation", err)
	fmt.Println(time.Local, time.Unix(0, 0))

	// A pipe is within the program itself, or is not there.
	r, pw, err := os.Pipe()
	say("Pipe", err)
	if err == nil {
		go func() { fmt.Fprint(pw, "through a pipe"); pw.Close() }()
		b, err := io.ReadAll(r)
		fmt.Printf("%s %v\n", b, err)
	}
	fmt.Println("done")
}
