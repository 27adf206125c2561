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
	g, err := startGo(t.Context(), "linux", "/usr/bin/env")
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
		cmd := exec.Command(filepath.Join(g.dir, "go"), args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), gorequest.Var+"="+g.requests(), "PATH="+g.dir, "GOFLAGS=-mod=mod", "GOTOOLCHAIN=local", "GOROOT=")
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Error(err)
		}
		return said{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	}
	// The folder, the environment, the arguments, both outputs and the status.
	var wg sync.WaitGroup
	for _, test := range []struct {
		args []string
		want said
	}{
		{[]string{"list", "-m"}, said{"asked\n", "", 0}},
		{[]string{"env", "GOFLAGS"}, said{"-mod=mod\n", "", 0}},
		{[]string{"env", "GOROOT"}, said{filepath.Join(progtest.Root(), "goroot") + "\n", "", 0}},
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
	if err := exec.Command(filepath.Join(g.dir, "go"), "version").Run(); err == nil {
		t.Error("without " + gorequest.Var + " it says nothing")
	}
}

// The tests of builders find hostgo, others do not.
func TestGoCommandScript(t *testing.T) {
	tmp := filepath.Join(t.TempDir(), "it is")
	g := &goCommand{dir: filepath.Join(tmp, "its")}
	for _, dir := range []string{g.dir, filepath.Join(tmp, "src/runtime/pprof"), filepath.Join(tmp, "src/strings"), filepath.Join(tmp, "src/my/runtime")} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", "/a'b:/usr/bin:/bin")
	if err := g.writeScript("/usr/bin/printenv"); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		"src/runtime":       g.dir + ":/a'b:/usr/bin:/bin\n" + g.requests() + "\n",
		"src/runtime/pprof": g.dir + ":/a'b:/usr/bin:/bin\n" + g.requests() + "\n",
		"src/strings":       "/a'b:/usr/bin:/bin\n",
		"src/my/runtime":    "/a'b:/usr/bin:/bin\n",
	} {
		cmd := exec.Command(g.script(), "PATH", gorequest.Var)
		cmd.Dir = filepath.Join(tmp, dir)
		if out, _ := cmd.Output(); string(out) != want {
			t.Errorf("%s: %q, want %q", dir, out, want)
		}
	}
}
