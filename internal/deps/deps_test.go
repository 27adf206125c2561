// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package deps

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var root = os.DirFS("../..")

func report(t *testing.T, check func(fs.FS) ([]string, error)) {
	t.Helper()
	wrong, err := check(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

func TestIncludes(t *testing.T)   { report(t, checkIncludes) }
func TestImports(t *testing.T)    { report(t, checkImports) }
func TestBuildLines(t *testing.T) { report(t, checkBuildLines) }

// The check finds what it is for.
func TestIncludesBroken(t *testing.T) {
	file := func(lines ...string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(strings.Join(lines, "\n"))}
	}
	got, err := checkIncludes(fstest.MapFS{
		"abi/dios.h":             file("#include <linux/types.h>", "#include <linux/list.h>"),
		"kernel/dal/dal.h":       file("#include <linux/list.h>", `#include "../../abi/dios.h"`, `#include "../core/core.h"`),
		"kernel/core/core.h":     file(`#include "../dal/dal.h"`, `#include "../../abi/dios.h"`),
		"kernel/core/bad.c":      file(`#include "core.h"`, "#include <linux/list.h>", `# include "../obj/types.h"`),
		"kernel/obj/types.h":     file(`#include "../core/core.h"`),
		"kernel/obj/timer.c":     file(`#include "types.h"`, `#include "../net/net.h"`, `#include "stream.h"`, "#include <linux/hrtimer.h>"),
		"kernel/dal/linux/mm.c":  file(`#include "linux.h"`, "#include <linux/mm.h>", "#include <asm/syscall.h>", `#include "../../obj/types.h"`),
		"kernel/dal/hosted/os.c": file("#include <stdio.h>", "#include <sys/mman.h>", `#include "shim.h"`, "#include <linux/list.h>"),
		"kernel/main.c":          file("#include <linux/module.h>", `#include "dal/linux/linux.h"`),
		"kernel/new/x.c":         file(`#include "../core/core.h"`),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"abi/dios.h:2: abi/dios.h includes <linux/list.h>",
		"kernel/core/bad.c:2: kernel/core/bad.c includes <linux/list.h>",
		"kernel/core/bad.c:3: kernel/core/bad.c includes kernel/obj/types.h",
		"kernel/core/core.h:2: kernel/core/core.h includes abi/dios.h",
		"kernel/dal/dal.h:3: kernel/dal/dal.h includes kernel/core/core.h",
		"kernel/dal/hosted/os.c:4: kernel/dal/hosted/os.c includes <linux/list.h>",
		"kernel/dal/linux/mm.c:4: kernel/dal/linux/mm.c includes kernel/obj/types.h",
		"kernel/new/x.c:1: kernel/new/x.c includes kernel/core/core.h, and no rule says what it may",
		"kernel/obj/timer.c:2: kernel/obj/timer.c includes kernel/net/net.h",
		"kernel/obj/timer.c:3: kernel/obj/timer.c includes kernel/obj/stream.h",
		"kernel/obj/timer.c:4: kernel/obj/timer.c includes <linux/hrtimer.h>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestImportsBroken(t *testing.T) {
	file := func(imports ...string) *fstest.MapFile {
		text := "package p\n"
		for _, i := range imports {
			text += "import _ \"" + i + "\"\n"
		}
		return &fstest.MapFile{Data: []byte(text)}
	}
	got, err := checkImports(fstest.MapFS{
		"src/internal/runtime/syscall/dios/a.go": file("unsafe", "runtime"),
		"src/runtime/b_dios.go":                  file("internal/runtime/syscall/dios", "syscall"),
		"src/runtime/b_test.go":                  file("testing", "syscall/dios", "dios/internal/abi"),
		"src/runtime/dios/c.go":                  file("syscall/dios", "fmt", "dios/internal/abi"),
		"src/syscall/d_dios.go":                  file("internal/runtime/syscall/dios", "syscall/dios", "os"),
		"src/syscall/dios/e.go":                  file("syscall", "runtime/dios"),
		"src/os/f_dios.go":                       file("syscall", "syscall/dios"),
		"internal/g/g.go":                        file("dios/internal/abi", "dios/cmd/brand", "fmt"),
		"cmd/h/h.go":                             file("dios/internal/abi", "golang.org/x/arch/x86/x86asm", "syscall/dios"),
		"testdata/hello/main.go":                 file("fmt", "syscall/dios", "dios/internal/abi"),
		"testdata/calls/main.go":                 file("fmt", "syscall/dios"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"cmd/h/h.go: imports syscall/dios",
		"internal/g/g.go: imports dios/cmd/brand",
		"src/internal/runtime/syscall/dios/a.go: imports runtime",
		"src/os/f_dios.go: imports syscall/dios",
		"src/runtime/b_dios.go: imports syscall",
		"src/runtime/b_test.go: imports dios/internal/abi",
		"src/runtime/dios/c.go: imports dios/internal/abi",
		"src/syscall/d_dios.go: imports syscall/dios",
		"src/syscall/d_dios.go: imports os",
		"src/syscall/dios/e.go: imports runtime/dios",
		"testdata/hello/main.go: imports syscall/dios",
		"testdata/hello/main.go: imports dios/internal/abi",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBuildLinesBroken(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	got, err := checkBuildLines(fstest.MapFS{
		"src/runtime/a_dios.go":       file("//go:build dios\n\npackage runtime\n"),
		"src/runtime/b_dios.go":       file("package runtime\n"),
		"src/runtime/c_dios_amd64.s":  file("#include \"textflag.h\"\n"),
		"src/runtime/d_dios.go":       file("//go:build linux\n\npackage runtime\n"),
		"src/runtime/testdata/x/x.go": file("package x\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"src/runtime/b_dios.go: no //go:build line",
		"src/runtime/c_dios_amd64.s: no //go:build line",
		"src/runtime/d_dios.go: the //go:build line does not say dios",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
