// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dios/internal/vm"
)

var (
	brandRE = regexp.MustCompile(`(?m)^/\* brand: (\S+) \*/$`)
	paramRE = regexp.MustCompile(`(?m)^/\* param: (\S+)=(\S+) \*/$`)
)

var abiSources map[string]string

// abiPrograms builds the programs of testdata/abi, once, and puts all of them into
// the machine, in /abi, since some start others. It returns the source of each.
func abiPrograms(t *testing.T, m *VM) map[string]string {
	t.Helper()
	if abiSources != nil {
		return abiSources
	}
	files, err := filepath.Glob(filepath.Join(Source(), "testdata", "abi", "*.c"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	dir := t.TempDir()
	sources := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b := brandRE.FindSubmatch(text)
		if b == nil {
			t.Fatalf("%s: no line /* brand: NAME */", file)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".c")
		out := filepath.Join(dir, name)
		if err := BuildC(file, out, string(b[1])); err != nil {
			t.Fatal(err)
		}
		if err := m.Put(out, "/abi/"+name); err != nil {
			t.Fatal(err)
		}
		sources[name] = string(text)
	}
	abiSources = sources
	return sources
}

// The kernel does what abi/dios.h says, whatever it is passed.
func TestABI(t *testing.T) {
	m := machine(t)
	sources := abiPrograms(t, m)
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		text := sources[name]
		t.Run(name, func(t *testing.T) {
			if p := paramRE.FindStringSubmatch(text); p != nil {
				if err := m.SetParam(p[1], p[2]); err != nil {
					t.Fatal(err)
				}
				defer m.SetParam("linux_fatal", "1")
			}
			before, err := m.Counts()
			if err != nil {
				t.Fatal(err)
			}
			o, err := m.RunInside("/abi/"+name, Run{Args: []string{name}})
			if err != nil {
				t.Fatalf("%v\n%s%s", err, o.Stdout, o.Stderr)
			}
			if o.Status != 0 || !strings.HasSuffix(o.Stdout, " checks\n") || o.Stderr != "" {
				t.Errorf("status %d\n%s%s", o.Status, o.Stdout, o.Stderr)
			}
			leftover(t, m, before)
		})
	}
}

// With linux_fatal=1 a pure task's first Linux call, by whatever way, is its last.
func TestLinuxFatal(t *testing.T) {
	m := machine(t)
	abiPrograms(t, m)
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	const sigsys = 31
	for _, how := range []string{"getpid", "write", "exit_group", "unknown", "x32", "x32 sigreturn", "int80", "int80 sigreturn", "int80 exit", "int80 15"} {
		o, err := m.RunInside("/abi/linux", Run{Args: []string{"linux", how}})
		if err != nil {
			t.Fatal(err)
		}
		if o.Status != 128+sigsys || o.Stdout != "" {
			t.Errorf("%s: status %d, want %d\n%s%s", how, o.Status, 128+sigsys, o.Stdout, o.Stderr)
		}
	}
	// Without it they are errors, and the program goes on.
	if err := m.SetParam("linux_fatal", "0"); err != nil {
		t.Fatal(err)
	}
	defer m.SetParam("linux_fatal", "1")
	for _, how := range []string{"getpid", "write", "exit_group", "int80 exit"} {
		o, err := m.RunInside("/abi/linux", Run{Args: []string{"linux", how}})
		if err != nil {
			t.Fatal(err)
		}
		if o.Status != 99 || o.Stdout != "" {
			t.Errorf("%s: status %d, want 99\n%s%s", how, o.Status, o.Stdout, o.Stderr)
		}
	}
	leftover(t, m, before)
}

// Ports below 1024 are for those who may bind them on Linux: what a user runs may not,
// and what root runs may, however far from root itself it was run.
func TestLowPorts(t *testing.T) {
	m := machine(t)
	abiPrograms(t, m)
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Shell("chmod 666 /dev/dios"); err != nil {
		t.Fatal(err)
	}
	defer m.Shell("chmod 660 /dev/dios")
	for arg, uid := range map[string]uint32{"low": 0, "user": 1000} {
		o, err := m.run(&vm.Cmd{Exec: "/bin/busybox", Args: []string{"sh", "-c", "exec /abi/stream " + arg}, UID: uid, GID: uid}, true)
		if err != nil {
			t.Fatal(err)
		}
		if o.Status != 4 || o.Stdout != "" {
			t.Errorf("user %d: status %d, want 4\n%s", uid, o.Status, o.Stdout)
		}
	}
	leftover(t, m, before)
}
