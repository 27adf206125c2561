// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A module is a copy of testdata/covered, for a system.
type module struct {
	t    *testing.T
	goos string
	dir  string
}

func newModule(t *testing.T, goos string) *module {
	m := &module{t, goos, t.TempDir()}
	if err := os.CopyFS(filepath.Join(m.dir, "testdata", "covered"), os.DirFS(filepath.Join(Source(), "testdata", "covered"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.dir, "go.mod"), []byte("module dios\n\ngo 1.26\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *module) path(name string) string { return filepath.Join(m.dir, "testdata", "covered", name) }

// run runs a command in the package's folder, and returns its output without times, and its status.
func (m *module) run(env []string, name string, args ...string) (string, int) {
	m.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = m.path("")
	cmd.Env = append(GoEnv(m.goos), env...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		m.t.Fatal(err)
	}
	return regexp.MustCompile(`[0-9.]+s`).ReplaceAllString(string(out), "TIME"), cmd.ProcessState.ExitCode()
}

func (m *module) read(name string) string {
	m.t.Helper()
	b, err := os.ReadFile(m.path(name))
	if err != nil {
		m.t.Error(err)
	}
	return string(b)
}

// Tests read and write files, and what the go command has them write is there, as
// with the same commands for Linux.
func TestGoTestFiles(t *testing.T) {
	needVM(t)
	linux, dios := newModule(t, "linux"), newModule(t, "dios")
	same := func(what string, f func(m *module) string) {
		t.Helper()
		if want, got := f(linux), f(dios); want == "" || got != want {
			t.Errorf("%s: on DIOS %q, on Linux %q", what, got, want)
		}
	}
	goTest := func(m *module, status int, args ...string) string {
		t.Helper()
		out, got := m.run(nil, Go(), append([]string{"test", "-count=1"}, args...)...)
		if got != status {
			t.Fatalf("go test %s for %s: status %d\n%s", strings.Join(args, " "), m.goos, got, out)
		}
		return out
	}
	same("a golden file that differs", func(m *module) string { return goTest(m, 1, "-run=Golden") })
	same("-update", func(m *module) string { return goTest(m, 0, "-run=Golden", "-update") + m.read("testdata/golden") })
	same("without -update", func(m *module) string { return goTest(m, 0, "-run=Golden|TempDir") })
	same("-cover", func(m *module) string { return goTest(m, 0, "-cover", "-run=Golden") })
	same("-coverprofile, and all profiles, in a folder", func(m *module) string {
		if err := os.Mkdir(m.path("out"), 0o777); err != nil {
			t.Fatal(err)
		}
		out := goTest(m, 0, "-outputdir=out", "-coverprofile=cover", "-cpuprofile=cpu", "-memprofile=mem", "-memprofilerate=1",
			"-blockprofile=block", "-blockprofilerate=1", "-mutexprofile=mutex", "-trace=trace")
		return out + m.read("out/cover")
	})
	for name, want := range map[string]string{"cpu": `covered\.compute`, "mem": `covered\.TestBusy`, "block": `covered\.TestBusy`, "mutex": `covered\.TestBusy`} {
		args := []string{"tool", "pprof", "-top", "-nodecount=1000", "-nodefraction=0"}
		if name == "mem" {
			args = append(args, "-sample_index=alloc_space")
		}
		if out, status := dios.run(nil, Go(), append(args, "out/"+name)...); status != 0 || !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("the profile %s: status %d\n%s", name, status, out)
		}
	}
	if out, status := dios.run(nil, Go(), "tool", "trace", "-d=parsed", "out/trace"); status != 0 || !strings.Contains(out, "StateTransition") {
		t.Errorf("the trace: status %d\n%.2000s", status, out)
	}

	// What a program writes that is built with -cover.
	same("GOCOVERDIR", func(m *module) string {
		if err := os.Mkdir(m.path("covered.out"), 0o777); err != nil {
			t.Fatal(err)
		}
		env := []string{"GOCOVERDIR=" + m.path("covered.out")}
		out, status := m.run(env, Go(), "run", "-cover", ".")
		if out != "large\n" || status != 0 {
			t.Errorf("%s: status %d\n%s", m.goos, status, out)
		}
		if out, status := m.run(nil, Go(), "tool", "covdata", "textfmt", "-i=covered.out", "-o=covered.txt"); status != 0 {
			t.Errorf("%s: status %d\n%s", m.goos, status, out)
		}
		return m.read("covered.txt")
	})
}

// Tests read the files of a module that stands in another one's place, as go.mod
// says, and cannot change them; what else is beside the module is not there, and a
// line says so.
func TestGoTestReplaced(t *testing.T) {
	needVM(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/go.mod":     "module example.org/a\n\ngo 1.26\n\nrequire example.org/b v1.0.0\n\nreplace example.org/b => ../b\n",
		"b/go.mod":     "module example.org/b\n\ngo 1.26\n",
		"b/b.go":       "package b\n\nconst File = \"testdata/b\"\n",
		"b/testdata/b": "of b\n",
		"c/c":          "of nobody\n",
		"tmp/empty":    "",
		"a/a_test.go": `package a

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"example.org/b"
)

func Test(t *testing.T) {
	name := "../b/" + b.File
	if data, err := os.ReadFile(name); err != nil || string(data) != "of b\n" {
		t.Errorf("%q %v", data, err)
	}
	if err := os.WriteFile(name, nil, 0o666); !errors.Is(err, syscall.EROFS) {
		t.Errorf("writing: %v", err)
	}
	if _, err := os.Stat("../c"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("../c: %v", err)
	}
}

func TestFails(t *testing.T) {
	if _, err := os.Stat("../c"); err != nil && os.Getenv("FAIL") != "" {
		t.Error(err)
	}
}
`,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run := func(env ...string) (string, error) {
		cmd := exec.Command(Go(), "test", "-count=1", ".")
		cmd.Dir = filepath.Join(dir, "a")
		// The folder for temporary files is the program's, with all that is in it.
		cmd.Env = append(append(GoEnv("dios"), "TMPDIR="+filepath.Join(dir, "tmp"), "GOPROXY=off"), env...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run(); err != nil || strings.Contains(out, "dios: ") {
		t.Errorf("go test: %v\n%s", err, out)
	}
	// Where a test fails, why it did not find what is there is said.
	want := "\ndios: the program looked for " + dir + "/c, which it was not given; it has "
	if out, err := run("FAIL=1"); err == nil || strings.Count(out, want) != 1 {
		t.Errorf("go test, failing: %v, want%s...\n%s", err, want, out)
	}
}
