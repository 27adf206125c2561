// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"dios/internal/image"
	"dios/internal/vm"

	"golang.org/x/term"
)

// files is a flag that may be given more than once.
type files []string

func (f *files) String() string     { return strings.Join(*f, " ") }
func (f *files) Set(s string) error { *f = append(*f, s); return nil }

func shellVerb(v *verb, args []string) int {
	var o options
	var put files
	fs := v.flags()
	o.register(fs)
	command := fs.String("c", "", "run `COMMAND`")
	fs.Var(&put, "put", "copy `FILE`, or a folder, to the virtual machine, where it has the same path; may be repeated")
	if status, ok := v.parse(fs, args, 0, -1); !ok {
		return status
	}
	given := false
	fs.Visit(func(f *flag.Flag) { given = given || f.Name == "c" })

	sh := []string{"sh"}
	switch {
	case given:
		sh = append(sh, "-c", *command)
		sh = append(sh, fs.Args()...)
	case fs.NArg() > 0:
		fi, err := os.Stat(fs.Arg(0))
		switch {
		case errors.Is(err, os.ErrNotExist):
			return fail(&vm.ExitError{Status: vm.StatusNotFound, Err: fmt.Errorf("%s: no such file", fs.Arg(0))})
		case err != nil:
			return fail(&vm.ExitError{Status: vm.StatusRefused, Err: err})
		case fi.IsDir():
			return fail(&vm.ExitError{Status: vm.StatusRefused, Err: fmt.Errorf("%s: is a directory", fs.Arg(0))})
		}
		put = append(put, fs.Arg(0))
		sh = append(sh, fs.Args()...)
	}
	for i, name := range put {
		var err error
		if put[i], err = checkPut(name); err != nil {
			return fail(err)
		}
	}
	dir := workingDir()
	env := shellEnv(os.Environ(), dir)
	if !o.inVM() {
		return execHere(&o, sh, withPWD(os.Environ(), dir))
	}
	c := &vm.Cmd{
		Exec:   image.DiziBox,
		Args:   sh,
		Env:    env,
		Dir:    dir,
		Stdin:  standardInput(),
		Stdout: os.Stdout,
		Stderr: standardError(),
	}
	s := newSession(&o)
	defer s.end()
	var restore func()
	defer func() {
		if restore != nil {
			restore()
		}
	}()
	return s.run(c, func(m *vm.VM) error {
		for _, name := range put {
			if err := putAll(s, m, name); err != nil {
				return err
			}
		}
		if len(sh) == 1 && term.IsTerminal(0) && term.IsTerminal(1) {
			var err error
			c.TTY, restore, err = takeTerminal()
			return err
		}
		return nil
	})
}

// shellEnv returns the environment for the shell: ours, but for what names
// places that are not in the machine.
func shellEnv(env []string, dir string) []string {
	var e []string
	for _, kv := range env {
		switch k, _, _ := strings.Cut(kv, "="); k {
		case "PATH", "HOME", "SHELL", "ENV", "PWD", "OLDPWD":
		default:
			e = append(e, kv)
		}
	}
	return append(e, "PATH=/bin", "HOME=/root", "SHELL=/bin/sh", "PWD="+dir)
}

// checkPut returns the full name of a file to copy to the machine, if it can
// have the same there.
func checkPut(name string) (string, error) {
	if _, err := os.Stat(name); err != nil {
		return "", err
	}
	name, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	for _, p := range []string{"/init", image.Meta, image.DiziBox, "/bin/sh", image.Modules, "/dev", "/proc", "/sys"} {
		if name == "/" || name == p || strings.HasPrefix(name, p+"/") || strings.HasPrefix(p, name+"/") {
			return "", fmt.Errorf("%s: the virtual machine has a file of its own there", name)
		}
	}
	return name, nil
}

// putAll copies a file, or a folder with all that is in it, to the machine.
func putAll(s *session, m *vm.VM, name string) error {
	return filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		fi, err := os.Stat(path)
		if err != nil {
			return err
		}
		if !fi.Mode().IsRegular() {
			return nil // a socket, a device: nothing to copy
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := m.Put(s.ctx, path, fi.Mode(), f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}

// takeTerminal makes our terminal the other side of the machine's: every key
// goes there. Restore gives it back.
func takeTerminal() (t *vm.TTY, restore func(), err error) {
	old, err := term.MakeRaw(0)
	if err != nil {
		return nil, nil, fmt.Errorf("terminal: %w", err)
	}
	resize := make(chan vm.Size, 1)
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	go func() {
		for range changed {
			resize <- terminalSize()
		}
	}()
	return &vm.TTY{Size: terminalSize(), Resize: resize}, func() { term.Restore(0, old) }, nil
}

func terminalSize() vm.Size {
	cols, rows, err := term.GetSize(1)
	if err != nil || cols <= 0 || rows <= 0 {
		return vm.Size{Rows: 24, Cols: 80}
	}
	return vm.Size{Rows: uint16(rows), Cols: uint16(cols)}
}
