// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dios/internal/abi"
	"dios/internal/brand"

	"github.com/google/go-cmp/cmp"
)

// Where a Go program for DIOS enters the kernel, and with which numbers in rax.
var enters = map[string][]string{
	// Every DIOS call of a running program.
	"internal/runtime/syscall/dios.Syscall6": {"any"},
	// The return half of an upcall.
	"runtime.sigreturn": {"rt_sigreturn"},
	// The start: the first call tells whether this is DIOS. Linux's write and
	// exit_group come after its answer was no, and say so; the others are for a
	// processor that Go cannot use.
	"_rt0_amd64_dios": {"acquire_read", "write", "exit_group", "acquire_write", "commit_write", "delete"},
}

// A Go program enters the kernel in these places and nowhere else. It is shown in
// the instructions of a program that uses most of the library, not believed of
// the source.
func TestSyscallInstructions(t *testing.T) {
	if _, err := os.Stat(Go()); err != nil {
		t.Skipf("needs the toolchain that ./make.bash makes: %v", err)
	}
	dir := t.TempDir()
	// A program that links much of the standard library, and two of ours.
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(`package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"go/types"
	"html/template"
	"net/http"
	"os/exec"
	"regexp"
	"runtime/pprof"
)

func main() {
	fmt.Println(tls.VersionTLS13, json.Valid(nil), types.Universe, template.New("x"), http.DefaultClient, exec.Command("x"), regexp.MustCompile("x"), pprof.Profiles())
	http.ListenAndServe(":0", nil)
}
`), 0o666); err != nil {
		t.Fatal(err)
	}
	big := filepath.Join(dir, "big")
	cmd := exec.Command(Go(), "build", "-o", big, filepath.Join(dir, "main.go"))
	cmd.Dir = Source()
	cmd.Env = GoEnv("dios")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := BuildGo("dios", dir, "./testdata/hello", "./testdata/calls"); err != nil {
		t.Fatal(err)
	}
	// Go's own table of functions is there in a stripped one, too.
	strip := exec.Command("strip", "-o", filepath.Join(dir, "stripped"), filepath.Join(dir, "hello"))
	if out, err := strip.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"hello", "calls", "big", "stripped"} {
		got, pure, err := kernelEntries(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !pure {
			t.Errorf("%s: cannot be pure", name)
		}
		if diff := cmp.Diff(enters, got); diff != "" {
			t.Errorf("%s: where it enters the kernel (-want +got):\n%s", name, diff)
		}
	}
}

// All our programs can be pure: those in Go enter the kernel in the same places, and so do
// those of the C library in theirs. The go command and DiziBox make Linux calls, and cannot.
func TestSyscallInstructionsOfPrograms(t *testing.T) {
	if _, err := os.Stat(Go()); err != nil {
		t.Skipf("needs the toolchain that ./make.bash makes: %v", err)
	}
	var programs []string
	for _, root := range []string{"testdata", "bench/programs"} {
		mains, err := filepath.Glob(filepath.Join(Source(), root, "*", "main.go"))
		if err != nil {
			t.Fatal(err)
		}
		var packages []string
		for _, file := range mains {
			packages = append(packages, "./"+root+"/"+filepath.Base(filepath.Dir(file)))
		}
		dir := t.TempDir()
		if err := BuildGo("dios", dir, packages...); err != nil {
			t.Fatal(err)
		}
		made, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(made) != len(packages) {
			t.Fatalf("%d programs of %d; %v", len(made), len(packages), err)
		}
		programs = append(programs, made...)
	}
	if len(programs) < 25 {
		t.Errorf("only %d programs", len(programs))
	}
	for _, file := range programs {
		got, pure, err := kernelEntries(file)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if diff := cmp.Diff(enters, got); !pure || diff != "" {
			t.Errorf("%s: can be pure: %v; where it enters the kernel (-want +got):\n%s", filepath.Base(file), pure, diff)
		}
	}
	c, err := filepath.Glob(filepath.Join(Root(), "build", "dlibc", "bin", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range c {
		if _, pure, err := kernelEntries(file); err != nil || !pure {
			t.Errorf("%s: can be pure: %v; %v", file, pure, err)
		}
	}
	for _, file := range []string{Go(), filepath.Join(Root(), "bin", "dizibox")} {
		if got, pure, err := kernelEntries(file); err != nil || pure || len(got) == 0 {
			t.Errorf("%s: can be pure: %v; it enters the kernel in %d functions; %v", file, pure, len(got), err)
		}
	}
}

// The same look at a program for Linux finds what is there to be found.
func TestSyscallInstructionsLinux(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-o", dir+"/", "./testdata/hello")
	cmd.Dir = Source()
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, pure, err := kernelEntries(filepath.Join(dir, "hello"))
	if err != nil {
		t.Fatal(err)
	}
	if pure {
		t.Error("a program for Linux can be pure")
	}
	for f, want := range map[string][]string{
		"internal/runtime/syscall/linux.Syscall6": {"any"},
		"runtime.exit":                 {"exit_group"},
		"runtime.write1":               {"write"},
		"runtime.sigreturn__sigaction": {"rt_sigreturn"},
	} {
		if diff := cmp.Diff(want, got[f]); diff != "" {
			t.Errorf("%s (-want +got):\n%s\nfound in %v", f, diff, slices.Sorted(maps.Keys(got)))
		}
	}
}

// kernelEntries finds the instructions that enter the kernel, by function, and
// whether a pure program may have them all.
func kernelEntries(file string) (entries map[string][]string, pure bool, err error) {
	f, err := brand.Open(file)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	a, _, err := brand.AuditFile(f)
	if err != nil {
		return nil, false, err
	}
	entries = make(map[string][]string)
	for _, s := range a.Sites {
		call := "any"
		switch {
		case s.Undecoded || s.Instruction != "syscall":
			call = s.Instruction + ": " + s.Why
		case s.Known:
			call = callName(s.Number)
		}
		name, _, _ := strings.Cut(s.Func, ".abi")
		entries[name] = append(entries[name], call)
	}
	return entries, a.Pure(), nil
}

// The Linux calls that are expected to be found.
var linuxNames = map[int64]string{1: "write", 15: "rt_sigreturn", 231: "exit_group"}

func callName(nr int64) string {
	if i := nr - abi.SysCreate; i >= 0 && int(i) < len(abi.CallNames) {
		return abi.CallNames[i]
	}
	if n := linuxNames[nr]; n != "" {
		return n
	}
	return fmt.Sprint("number ", nr)
}
