// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A cCase is one run of a program of testdata/c. The first of a program has no
// arguments, and its standard output is also in a file beside it.
type cCase struct {
	program  string
	args     []string // without the name
	env      []string
	portable bool     // the same source does the same on Linux
	heaps    []string // with which heaps: all, if there are none
	status   int
	stderr   string // how standard error begins, where there is no Linux to compare with
	param    string // of the kernel module, NAME=VALUE for this run, and
	restore  string // its value afterwards
}

// The ways a program is linked: what dlibc/Makefile appends to its name.
var heaps = []string{"", "-simple", "-debug"}

// The programs. What they are for is said in them.
var cCases = []cCase{
	{program: "hello", portable: true},
	{program: "error", portable: true, status: 134},
	{program: "error", args: []string{"0"}, portable: true},
	{program: "error", args: []string{"3"}, portable: true, status: 3},
	{program: "error", args: []string{"256"}, portable: true},
	{program: "error", args: []string{"-1"}, portable: true, status: 255},
	{program: "error", args: []string{"_Exit"}, portable: true, status: 7},
	{program: "args", portable: true},
	{program: "args", args: []string{"", " ", "a b", "\"'\\$", "--", "Grüße, 世界\n", "\x80\xff"}, env: []string{"ARGS_A=1", "ARGS_EMPTY=", "ARGS_EQ=a=b"}, portable: true},
	{program: "args", args: []string{strings.Repeat("x", 100_000)}, env: []string{"ARGS_A=" + strings.Repeat("y", 50_000)}, portable: true},
	{program: "fib", portable: true},
	{program: "strings", portable: true},
	{program: "list", portable: true},
	{program: "format", portable: true},
	{program: "heap", portable: true},
	{program: "exhaust", param: "quota_memory=16777216", restore: "0"},
	{program: "exhaust", args: []string{"of references"}, heaps: []string{"-simple"}, param: "quota_refs=300", restore: "65536"},
	{program: "pingpong"},
	{program: "redirect"},
	{program: "select"},
	{program: "shmem"},
	{program: "spawn", env: []string{"A=", "SPAWN=here", "Z=last"}, stderr: "spawn: no task function nobody in this program\n"},
	{program: "bounds"},
	{program: "bounds", args: []string{"write", "39"}, heaps: []string{"-debug"}},
	{program: "bounds", args: []string{"write", "40"}, heaps: []string{"-debug"}, status: 134, stderr: "bounds: free: written 1 bytes behind the 40 of an allocation: 0x"},
	{program: "bounds", args: []string{"write", "-1"}, heaps: []string{"-debug"}, status: 134, stderr: "bounds: free: not from malloc, or written before it: 0x"},
	{program: "bounds", args: []string{"keep", "55"}, heaps: []string{"-debug"}, status: 134, stderr: "bounds: malloc_check: written 16 bytes behind the 40 of an allocation: 0x"},
	{program: "bounds", args: []string{"twice"}, heaps: []string{"-debug"}, status: 134, stderr: "bounds: free: not from malloc, or written before it: 0x"},
}

// The C programs do what they say, with each heap, and the portable ones what they
// do on Linux; and they leave nothing in the kernel.
func TestCPrograms(t *testing.T) {
	needVM(t)
	dir, err := MakeDlibc()
	if err != nil {
		t.Fatal(err)
	}
	m := machine(t)
	tried := make(map[string]bool)
	for _, c := range cCases {
		tried[c.program] = true
		if c.heaps == nil {
			c.heaps = heaps
		}
		for _, heap := range c.heaps {
			name := testCase{program: c.program + heap, args: c.args}.name()
			t.Run(name, func(t *testing.T) { runC(t, m, dir, c, heap) })
		}
	}
	files, err := filepath.Glob(filepath.Join(Source(), "testdata", "c", "*.c"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if p := strings.TrimSuffix(filepath.Base(file), ".c"); !tried[p] {
			t.Errorf("%s is not run", file)
		}
	}
}

func runC(t *testing.T, m *VM, dir string, c cCase, heap string) {
	r := Run{Args: append([]string{c.program}, c.args...), Env: c.env}
	if c.param != "" {
		name, value, _ := strings.Cut(c.param, "=")
		if err := m.SetParam(name, value); err != nil {
			t.Fatal(err)
		}
		defer m.SetParam(name, c.restore)
	}
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Run(filepath.Join(dir, "bin", c.program+heap), r)
	if err != nil {
		t.Fatalf("%v\nstandard output:\n%s\nstandard error:\n%s", err, got.Stdout, got.Stderr)
	}
	if got.Status != c.status {
		t.Errorf("status %d, want %d", got.Status, c.status)
	}
	if c.portable {
		want, err := Host(filepath.Join(dir, "linux", c.program), r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-linux +dios):\n%s", diff)
		}
	} else if !strings.HasPrefix(got.Stderr, c.stderr) || c.stderr == "" && got.Stderr != "" {
		t.Errorf("standard error is %q, want %q", got.Stderr, c.stderr)
	}
	if len(c.args) == 0 {
		goldenFile(t, filepath.Join(Source(), "testdata", "c", c.program+".stdout"), got.Stdout)
	}
	leftover(t, m, before)
}
