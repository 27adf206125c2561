// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dios/internal/progtest"
)

func TestFunctions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x_test.go")
	if err := os.WriteFile(file, []byte(`package x

func TestMain(m *testing.M) {}
func TestOne(t *testing.T)  {}
func Test(t *testing.T)     {}
func Testify()              {}
func (T) TestMethod()       {}
func FuzzOne(f *testing.F)  {}
func Fuzzy()                {}
func BenchmarkOne(b *testing.B) {}
func Example() {
	// Output:
}
func ExampleX() {
	// Output: x
}
func ExampleNotRun() {}
func (T) newer[P any]() {} // what an older parser complains of
`), 0o666); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]bool)
	if err := functions(file, got); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"TestOne": true, "Test": true, "FuzzOne": true, "Example": true, "ExampleX": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// collect makes events of lines: of a package, "VERB" or "VERB TEXT"; of a test, "VERB TEST"
// or "VERB TEST TEXT". A slash in a verb is a space.
func collect(t *testing.T, functions, lines string) *collector {
	t.Helper()
	s := &source{functions: make(map[string]map[string]bool), ours: map[string]bool{"TestOurs": true}}
	for _, system := range systems {
		s.functions[system.goos] = make(map[string]bool)
	}
	for _, f := range strings.Fields(functions) {
		s.functions["dios"][f] = true
		s.functions["linux"][f] = true
	}
	s.functions["linux"]["TestLinux"] = true
	c := newCollector(map[string]*source{"p": s})
	c.add(&event{Action: "start", Package: "p"})
	for line := range strings.Lines(lines) {
		f := strings.Fields(line)
		e := &event{Action: strings.ReplaceAll(f[0], "/", " "), Package: "p"}
		if len(f) > 1 && (strings.HasPrefix(f[1], "Test") || strings.HasPrefix(f[1], "Example")) {
			e.Test = f[1]
			f = f[1:]
		}
		if e.Action == "output" {
			e.Output = "    x_test.go:1: " + strings.Join(f[1:], " ") + "\n"
		}
		c.add(e)
	}
	return c
}

func TestExamine(t *testing.T) {
	const none = "it does not say why"
	for _, test := range []struct {
		name, functions, lines string
		want                   Package
		left                   []string
	}{
		{
			"all well", "TestA TestB", "run TestA\npass TestA\nrun TestB\nrun TestB/x\npass TestB/x\npass TestB\nrun TestOurs\npass TestOurs\npass",
			Package{Result: passed, Passed: 2}, nil,
		}, {
			"skips", "TestA TestB", "run TestA\noutput TestA first this\noutput TestA not here\nskip TestA\nrun TestB\nrun TestB/x\noutput TestB/x nor this\nskip TestB/x\npass TestB\npass",
			Package{Result: skips, Passed: 1, Skipped: 1, Skips: []Named{{"TestA", "not here"}, {"TestB/x", "nor this"}}}, nil,
		}, {
			"skips of linux, too", "TestA TestB TestC", "linux/skips TestA\nlinux/skips TestC/y\nrun TestA\nskip TestA\nrun TestB\nskip TestB\nrun TestC\nrun TestC/y\nskip TestC/y\npass TestC\npass",
			Package{Result: skips, Passed: 1, Skipped: 2, Both: 1, Skips: []Named{{"TestB", none}}, LinuxToo: []Named{{"TestA", none}, {"TestC/y", none}}}, nil,
		}, {
			"only skips of linux", "TestA", "linux/skips TestA\nrun TestA\nskip TestA\npass",
			Package{Result: passed, Skipped: 1, Both: 1, LinuxToo: []Named{{"TestA", none}}}, nil,
		}, {
			"a failure", "TestA TestB", "run TestA\noutput TestA wrong\nfail TestA\nrun TestB\npass TestB\nfail",
			Package{Result: failed, Passed: 1, Failed: 1, Fails: []Named{{"TestA", "wrong"}}}, nil,
		}, {
			"ours fails", "TestA", "run TestA\npass TestA\nrun TestOurs\noutput TestOurs wrong\nfail TestOurs\nfail",
			Package{Result: failed, Passed: 1, Fails: []Named{{"TestOurs", "wrong"}}}, nil,
		}, {
			"the process ends", "TestA TestB TestC ExampleD", "run TestA\npause TestA\nrun TestB\noutput TestB panic\nfail",
			Package{Result: failed, Failed: 1, NotReached: 3, Fails: []Named{{"TestB", "panic"}}}, []string{"ExampleD", "TestA", "TestC"},
		}, {
			"the process ends well", "TestA TestB", "run TestA\npass TestA\npass",
			Package{Result: failed, Passed: 1, NotReached: 1, Fails: []Named{{"", "it does not say why"}}}, []string{"TestB"},
		}, {
			"it does not build", "TestA", "output undefined: x\nfail",
			Package{Result: failed, NotReached: 1, Fails: []Named{{"", "undefined: x"}}}, nil,
		}, {
			"it fails without a test", "TestA", "run TestA\npass TestA\noutput exit status 2\nfail",
			Package{Result: failed, Passed: 1, Fails: []Named{{"", "exit status 2"}}}, nil,
		},
	} {
		c := collect(t, test.functions, test.lines)
		got := c.examine("p")
		if got.Lost["dios"] != 1 || got.Lost["linux"] != 0 || got.Compiled["dios"] != len(strings.Fields(test.functions)) {
			t.Errorf("%s: compiled %v, not compiled %v", test.name, got.Compiled, got.Lost)
		}
		got.Path, got.Compiled, got.Lost = "", nil, nil
		if diff := cmp.Diff(&test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if left := c.notReached("p"); !slices.Equal(left, test.left) {
			t.Errorf("%s: not reached: %q, want %q", test.name, left, test.left)
		}
	}
}

// Who only waited for its subtests when another one ended the process is not to blame.
func TestVictims(t *testing.T) {
	for _, test := range []struct {
		lines string
		left  []string
	}{
		{"run TestA\nrun TestA/x\npause TestA/x\nrun TestB\noutput TestB panic: oops\nfail TestB\nfail", []string{"TestA"}},
		{"run TestA\nrun TestA/x\npause TestA/x\nrun TestB\noutput TestB says something\nfail", []string{"TestA"}},
		{"run TestA\nrun TestB\nfail", nil},
		{"run TestA\nrun TestA/x\npause TestA/x\nrun TestB\noutput TestB panic: test timed out after 1s\nfail", nil},
	} {
		c := collect(t, "TestA TestB", test.lines)
		if left := c.notReached("p"); !slices.Equal(left, test.left) {
			t.Errorf("%q: not reached: %q, want %q", test.lines, left, test.left)
		}
		if got := c.examine("p"); got.Failed+got.NotReached != 2 {
			t.Errorf("%q: %+v", test.lines, got)
		}
	}
}

// A second run of what was not reached goes on where the first one ended.
func TestSecondRun(t *testing.T) {
	c := collect(t, "TestA TestB TestC", "run TestA\noutput TestA wrong\nfail")
	if left := c.notReached("p"); !slices.Equal(left, []string{"TestB", "TestC"}) {
		t.Errorf("not reached: %q", left)
	}
	for _, e := range []event{{Action: "run", Test: "TestB"}, {Action: "pass", Test: "TestB"}, {Action: "run", Test: "TestC"}, {Action: "pass", Test: "TestC"}, {Action: "pass"}} {
		e.Package = "p"
		c.add(&e)
	}
	if got := c.examine("p"); got.Result != failed || got.Passed != 2 || got.Failed != 1 || c.notReached("p") != nil {
		t.Errorf("%+v", got)
	}
}

// Of a run on linux the skips are kept, and nothing else.
func TestReadLinux(t *testing.T) {
	c := newCollector(nil)
	var kept strings.Builder
	err := c.readLinux(strings.NewReader(`{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Test":"TestA","Output":"no"}
{"Action":"skip","Package":"p","Test":"TestA","Elapsed":1}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"skip","Package":"q"}
`), &kept)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"p TestA": true}
	if diff := cmp.Diff(want, c.linux); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again := newCollector(nil)
	if err := again.read(strings.NewReader(kept.String()), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again.linux); diff != "" {
		t.Errorf("from what was kept (-want +got):\n%s", diff)
	}
	if err := newCollector(nil).readLinux(strings.NewReader("x"), &kept); err == nil {
		t.Error("nonsense is no error")
	}
}

// Of what is not compiled where freebsd compiles it the page says what it is about.
func TestAboutAlone(t *testing.T) {
	if _, err := os.Stat(progtest.Go()); err != nil {
		t.Skip("no goroot/bin/go; run ./make.bash")
	}
	sources, err := findSources(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := newCollector(sources)
	for path := range sources {
		if alone := c.examine(path).Alone; (len(alone) > 0) != (aboutAlone[path] != "") {
			t.Errorf("%s: %q is said of %q", path, aboutAlone[path], alone)
		}
	}
}
