// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dios/internal/abi"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/arch/x86/x86asm"
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
	for _, name := range []string{"hello", "calls", "big"} {
		got, functions, err := kernelEntries(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Logf("%s: %d functions", name, functions)
		if diff := gocmp.Diff(enters, got); diff != "" {
			t.Errorf("%s: where it enters the kernel (-want +got):\n%s", name, diff)
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
	got, _, err := kernelEntries(filepath.Join(dir, "hello"))
	if err != nil {
		t.Fatal(err)
	}
	for f, want := range map[string][]string{
		"internal/runtime/syscall/linux.Syscall6": {"any"},
		"runtime.exit":                 {"exit_group"},
		"runtime.write1":               {"write"},
		"runtime.sigreturn__sigaction": {"rt_sigreturn"},
	} {
		if diff := gocmp.Diff(want, got[f]); diff != "" {
			t.Errorf("%s (-want +got):\n%s\nfound in %v", f, diff, slices.Sorted(maps.Keys(got)))
		}
	}
}

// kernelEntries finds the instructions that enter the kernel, by function.
func kernelEntries(file string) (entries map[string][]string, functions int, err error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	text := f.Section(".text")
	if text == nil {
		return nil, 0, errors.New("no .text")
	}
	code, err := text.Data()
	if err != nil {
		return nil, 0, err
	}
	all, err := f.Symbols()
	if err != nil {
		return nil, 0, err
	}
	var syms []elf.Symbol
	for _, s := range all {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Value >= text.Addr && s.Value < text.Addr+text.Size {
			syms = append(syms, s)
		}
	}
	slices.SortFunc(syms, func(a, b elf.Symbol) int { return cmp.Compare(a.Value, b.Value) })
	entries = make(map[string][]string)
	for i, s := range syms {
		// Up to the next one: nothing lies between that nobody looks at.
		start, end := s.Value, text.Addr+text.Size
		if i == 0 {
			start = text.Addr
		}
		if i+1 < len(syms) {
			end = syms[i+1].Value
		}
		if e := find(code[start-text.Addr : end-text.Addr]); e != nil {
			name, _, _ := strings.Cut(s.Name, ".abi")
			entries[name] = append(entries[name], e...)
		}
	}
	return entries, len(syms), nil
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

// find returns the instructions in a function that enter the kernel, each as the
// call that it makes: the number that was last put into rax, or "any".
func find(code []byte) []string {
	var entries []string
	number := "any"
	for at := 0; at < len(code); {
		inst, err := x86asm.Decode(code[at:], 64)
		if err != nil || inst.Len == 0 {
			// The decoder does not know every instruction (some of AVX). It is
			// in step again soon; until then the bytes themselves count, so that
			// nothing can hide here.
			if rest := code[at:]; len(rest) > 1 && (rest[0] == 0x0f && (rest[1] == 0x05 || rest[1] == 0x34) || rest[0] == 0xcd && rest[1] == 0x80) {
				entries = append(entries, "in undecoded bytes")
			}
			at++
			continue
		}
		switch {
		case inst.Op == x86asm.SYSCALL:
			entries = append(entries, number)
			number = "any"
		case inst.Op == x86asm.SYSENTER, inst.Op == x86asm.INT && inst.Args[0] == x86asm.Imm(0x80):
			entries = append(entries, "by another door")
		case inst.Args[0] == x86asm.EAX, inst.Args[0] == x86asm.RAX:
			if n, ok := inst.Args[1].(x86asm.Imm); ok && inst.Op == x86asm.MOV {
				number = callName(int64(n))
			} else if inst.Op != x86asm.CMP && inst.Op != x86asm.TEST {
				number = "any"
			}
		}
		at += inst.Len
	}
	return entries
}
