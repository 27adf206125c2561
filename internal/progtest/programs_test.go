// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what the programs print on Linux to testdata/*/stdout and testdata/c/*.stdout; then read the difference")

// A testCase is one run of a program of testdata/. The first of a program has no
// arguments, and its standard output is also in the file stdout beside it.
type testCase struct {
	program string
	args    []string // without the name
	env     []string
	merged  bool // both outputs through one pipe: their order is compared too
	status  int
}

func (c testCase) name() string {
	words := append([]string{c.program}, c.args...)
	if len(c.env) == 1 {
		words = append(words, "with", c.env[0])
	}
	n := strings.Join(words, " ")
	if len(n) > 60 {
		n = n[:60] + "..."
	}
	if c.merged {
		n += " merged"
	}
	return n
}

// The programs, each built from the same source for linux and dios. What they
// are for is said in them.
var cases = func() []testCase {
	long := strings.Repeat("x", 100_000)
	many := slices.Repeat([]string{"y"}, 3000)
	list := []testCase{
		{program: "hello"},
		{program: "index", status: 2},
		{program: "fib"},
		{program: "strings"},
		{program: "list"},
		{program: "goroutines"},
		{program: "timers"},
		{program: "gc"},
		{program: "maps"},
		{program: "recursion"},
		{program: "nilderef"},
		{program: "nilderef", args: []string{"bad address"}, status: 2},
		{program: "nilderef", args: []string{"bad jump"}, status: 2},
		{program: "stackoverflow", status: 2},
		{program: "randomness"},
		{program: "preempt"},
		{program: "args"},
		{program: "args", args: []string{"", " ", "a b", "\"'\\$", "-x", "--", "Grüße, 世界\n", "\x80\xff"}, env: []string{"ARGS_A=1", "ARGS_EMPTY=", "ARGS_EQ=a=b", "ARGS_Ü=ß", "HIDDEN=1", "GOMAXPROCS=4"}},
		{program: "args", args: []string{long}, env: []string{"ARGS_LONG=" + long[:50000]}},
		{program: "args", args: many},
		{program: "exec"},
		{program: "exit"},
		{program: "deadlock", status: 2},
		{program: "panic", status: 2},
	}
	for _, status := range []int{0, 1, 2, 3, 42, 125, 126, 127, 128, 137, 255, 256, 257, -1} {
		list = append(list, testCase{program: "exit", args: []string{fmt.Sprint(status)}, status: status & 0xff})
	}
	for _, how := range []string{"send", "select", "mutex", "waitgroup", "two"} {
		list = append(list, testCase{program: "deadlock", args: []string{how}, status: 2})
	}
	for _, how := range []string{"error", "number", "struct", "stringer", "nil", "badError", "nested", "again", "goroutine", "goexit", "map", "fatal"} {
		list = append(list, testCase{program: "panic", args: []string{how}, status: 2})
	}
	// Uncaught, each with its message.
	for _, wrong := range []string{"read nil", "write nil", "read far beyond nil", "nil function", "divide", "index", "conversion", "shift"} {
		list = append(list, testCase{program: "nilderef", args: []string{wrong}, status: 2})
	}
	for _, program := range []string{"panic", "index", "exit", "stackoverflow"} {
		c := testCase{program: program, merged: true, status: 2}
		if program == "exit" {
			c.status = 0
		}
		list = append(list, c)
	}
	for _, trace := range []string{"none", "all", "system", "0", "2"} {
		list = append(list, testCase{program: "index", env: []string{"GOTRACEBACK=" + trace}, status: 2})
	}
	return list
}()

// The programs that only DIOS has; their output is in the file stdout.
var diosOnly = []string{"blob", "calls", "self", "cannot", "fibtasks", "fileserver", "hostile", "https", "primes"}

func programs(all bool) []string {
	var names []string
	for _, c := range cases {
		names = append(names, "./testdata/"+c.program)
	}
	names = append(names, "./testdata/files", "./testdata/locks")
	slices.Sort(names)
	names = slices.Compact(names)
	if all {
		for _, p := range append(diosOnly, "spawn", "tree") {
			names = append(names, "./testdata/"+p)
		}
		names = append(names, "./testdata/confined", "./testdata/handed", "./testdata/lasting")
	}
	return names
}

// needVM skips a test that needs the virtual machine, unless it is asked for; when
// it is, what is missing is a failure.
func needVM(t *testing.T) {
	t.Helper()
	if os.Getenv("DIOS_TEST_VM") != "1" {
		t.Skip("needs the virtual machine: set DIOS_TEST_VM=1, or ./run.bash vm")
	}
	if _, err := os.Stat(Go()); err != nil {
		t.Fatalf("%v: run ./make.bash", err)
	}
}

// fromEnv returns what the environment says by that name, or else def.
func fromEnv[T any](t *testing.T, name string, def T, parse func(string) (T, error)) T {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return def
	}
	v, err := parse(s)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

func parseSeed(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) }

// The one machine of all tests here. A test that leaves it as it found it may use
// it; tests do not run in parallel.
var theVM struct {
	once sync.Once
	vm   *VM
	err  error
}

func machine(t *testing.T) *VM {
	t.Helper()
	needVM(t)
	theVM.once.Do(func() { theVM.vm, theVM.err = Boot() })
	if theVM.err != nil {
		t.Fatal(theVM.err)
	}
	return theVM.vm
}

func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	if theVM.vm != nil {
		if leaks, err := theVM.vm.Leaks(); err != nil || leaks != "" {
			fmt.Printf("the kernel lost memory: %s%v\n", leaks, err)
			status = 1
		}
		theVM.vm.Close()
	}
	os.Exit(status)
}

// built builds programs once, and returns the folder of a system.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func binaries(t *testing.T, goos string) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "progtest"); built.err != nil {
			return
		}
		built.err = errors.Join(
			BuildGo("linux", filepath.Join(built.dir, "linux"), programs(false)...),
			BuildGo("dios", filepath.Join(built.dir, "dios"), programs(true)...))
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, goos)
}

// leftover checks that a test leaves nothing in the kernel.
func leftover(t *testing.T, m *VM, before Counts) {
	t.Helper()
	left, err := m.Left(before)
	if err != nil {
		t.Fatal(err)
	}
	if left != "" {
		t.Errorf("left in the kernel: %s", left)
	}
}

// Every program does the same on DIOS as on Linux, with Linux calls fatal, and
// leaves nothing in the kernel.
func TestPrograms(t *testing.T) {
	needVM(t)
	linux, dios := binaries(t, "linux"), binaries(t, "dios")
	m := machine(t)
	for _, c := range cases {
		t.Run(c.name(), func(t *testing.T) {
			r := Run{Args: append([]string{c.program}, c.args...), Env: c.env, Merged: c.merged}
			want, err := Host(filepath.Join(linux, c.program), r)
			if err != nil {
				t.Fatal(err)
			}
			if want.Status != c.status {
				t.Errorf("on Linux the status is %d, want %d\n%s%s", want.Status, c.status, want.Stdout, want.Stderr)
			}
			if len(c.args)+len(c.env) == 0 && !c.merged {
				golden(t, c.program, want.Stdout)
			}
			before, err := m.Counts()
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Run(filepath.Join(dios, c.program), r)
			if err != nil {
				t.Fatalf("%v\nstandard output:\n%s\nstandard error:\n%s", err, got.Stdout, got.Stderr)
			}
			if got.Status != want.Status {
				t.Errorf("status %d, want %d", got.Status, want.Status)
			}
			compare(t, c.merged, want, got)
			leftover(t, m, before)
		})
	}
}

// compare compares outputs. Merged, a traceback is in standard output.
func compare(t *testing.T, merged bool, want, got Outcome) {
	t.Helper()
	for _, o := range []*Outcome{&want, &got} {
		o.Stderr = Normalize(o.Stderr)
		if merged {
			o.Stdout = Normalize(o.Stdout)
		}
	}
	if diff := cmp.Diff(strings.Split(want.Stdout, "\n"), strings.Split(got.Stdout, "\n")); diff != "" {
		t.Errorf("standard output (-linux +dios):\n%s", diff)
	}
	if diff := cmp.Diff(strings.Split(want.Stderr, "\n"), strings.Split(got.Stderr, "\n")); diff != "" {
		t.Errorf("standard error (-linux +dios):\n%s", diff)
	}
}

// golden compares with the file stdout of a program.
func golden(t *testing.T, program, stdout string) {
	t.Helper()
	goldenFile(t, filepath.Join(Source(), "testdata", program, "stdout"), stdout)
}

func goldenFile(t *testing.T, path, stdout string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(stdout), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is missing; -update writes it", path)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(stdout)) {
		t.Errorf("%s (-want +got):\n%s", path, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(stdout, "\n")))
	}
}

// The programs that only DIOS has.
func TestDIOSPrograms(t *testing.T) {
	needVM(t)
	dios := binaries(t, "dios")
	m := machine(t)
	for _, program := range diosOnly {
		t.Run(program, func(t *testing.T) {
			before, err := m.Counts()
			if err != nil {
				t.Fatal(err)
			}
			o, err := m.Run(filepath.Join(dios, program), Run{Args: []string{program}})
			if err != nil {
				t.Fatalf("%v\nstandard output:\n%s\nstandard error:\n%s", err, o.Stdout, o.Stderr)
			}
			if o.Status != 0 || o.Stderr != "" {
				t.Errorf("status %d, standard error:\n%s", o.Status, o.Stderr)
			}
			golden(t, program, o.Stdout)
			leftover(t, m, before)
		})
	}
}
