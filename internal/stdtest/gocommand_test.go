// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dios/internal/progtest"
	"dios/internal/stdtest/gorequest"
)

// TestGoCommand has hostgo, built for this host, ask.
func TestGoCommand(t *testing.T) {
	if _, err := os.Stat(progtest.Go()); err != nil {
		t.Skip("no goroot/bin/go; run ./make.bash")
	}
	g, err := startGo(t.Context(), "linux")
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module asked\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	type said struct {
		stdout, stderr string
		status         int
	}
	ask := func(args ...string) said {
		cmd := exec.Command(filepath.Join(g.bin(), "go"), args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), gorequest.Var+"="+g.requests(), "PATH="+g.bin(), "GOFLAGS=-mod=mod", "GOTOOLCHAIN=local", "GOROOT=")
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Error(err)
		}
		return said{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	}
	// The folder, the environment, the arguments, both outputs and the status. And go/importer, and
	// others, ask for a package by its folder and in GOROOT, which lies in a module here.
	goroot := filepath.Join(progtest.Root(), "goroot")
	var wg sync.WaitGroup
	for _, test := range []struct {
		args []string
		want said
	}{
		{[]string{"list", "-m"}, said{"asked\n", "", 0}},
		{[]string{"env", "GOFLAGS"}, said{"-mod=mod\n", "", 0}},
		{[]string{"env", "GOROOT"}, said{goroot + "\n", "", 0}},
		{[]string{"-C", goroot, "list", filepath.Join(goroot, "src", "go", "types")}, said{"go/types\n", "", 0}},
		{[]string{"nonsense with a space"}, said{"", "go nonsense with a space: unknown command\nRun 'go help' for usage.\n", 2}},
		{[]string{"build", "./missing"}, said{"", "stat " + filepath.Join(dir, "missing") + ": directory not found\n", 1}},
	} {
		wg.Go(func() {
			if diff := cmp.Diff(test.want, ask(test.args...), cmp.AllowUnexported(said{})); diff != "" {
				t.Errorf("go %q (-want +got):\n%s", test.args, diff)
			}
		})
	}
	wg.Wait()
	if left, err := os.ReadDir(g.requests()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := exec.Command(filepath.Join(g.bin(), "go"), "version").Run(); err == nil {
		t.Error("without " + gorequest.Var + " it says nothing")
	}
}

// What runs a test is told where hostgo is to lie, whatever the folders are named.
func TestGoCommandScript(t *testing.T) {
	if _, err := os.Stat(progtest.Go()); err != nil {
		t.Skip("no goroot/bin/go; run ./make.bash")
	}
	dir := filepath.Join(t.TempDir(), "it's")
	g := &goCommand{dir: filepath.Join(dir, "its own")}
	if err := os.MkdirAll(g.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	runner := filepath.Join(dir, "a runner")
	if err := os.WriteFile(runner, []byte("#!/bin/sh\nprintf '%s\\n' \"$"+gorequest.Var+"\" \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOCACHE", filepath.Join(dir, "the cache"))
	if err := g.writeScript(runner); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(g.script(), "x.test", "-test.v", "a b").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		g.requests(), "run", "-read", g.bin() + "=" + filepath.Join(progtest.Root(), "goroot", "bin"),
		"-read", filepath.Join(dir, "the cache"), "x.test", "-test.v", "a b", "",
	}, "\n")
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
