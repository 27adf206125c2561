// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package deps checks which part of the source uses which: the include lines of
// the kernel and the imports of the Go overlay and the tools.
package deps

import (
	"bufio"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// A rule says what the files of a pattern may use. A file is held to the first
// rule that matches it, and must match one.
//
// Patterns are those of package path, and "/..." at the end stands for
// everything below.
type rule struct {
	files string
	uses  []string
}

// In the notation of Go's own deps_test, where a < b means that b may use a:
//
//	abi/dios.h < dal/dal.h < core/core.h < core, obj, net
//	core/core.h < dal/linux, dal/hosted
//	core, obj, net, dal/linux < main.c
//	<linux/*> < dal, main.c
//
// Core sees nothing of obj or net, and no type of objects sees another: what
// one needs of the other is an operation. Host headers stay in the DAL, so that
// the second host keeps the border honest.
var kernelRules = []rule{
	{"abi/dios.h", []string{"<linux/types.h>"}},
	{"kernel/dal/dal.h", []string{"abi/dios.h", "kernel/dal/hosted/shim.h", "<linux/...>"}},
	{"kernel/core/core.h", []string{"kernel/dal/dal.h"}},
	{"kernel/core/*.c", []string{"kernel/core/core.h"}},
	{"kernel/obj/types.h", []string{"kernel/core/core.h"}},
	{"kernel/obj/endpoint.h", []string{"kernel/obj/types.h"}},
	{"kernel/obj/*.c", []string{"kernel/obj/types.h", "kernel/obj/endpoint.h"}},
	{"kernel/net/*.h", []string{"kernel/core/core.h"}},
	{"kernel/net/*.c", []string{"kernel/net/*.h"}},
	{"kernel/dal/linux/*", []string{"kernel/dal/linux/*.h", "kernel/dal/dal.h", "kernel/core/core.h", "abi/dios.h", "<linux/...>", "<net/...>", "<asm/...>", "<trace/...>"}},
	// The second host is a C program of the host: its tests see everything but
	// the first host, and the C library.
	{"kernel/dal/hosted/...", []string{"kernel/dal/hosted/...", "kernel/dal/dal.h", "kernel/core/core.h", "kernel/obj/types.h", "abi/dios.h", "<*.h>", "<sys/...>", "<sanitizer/...>"}},
	{"kernel/main.c", []string{"kernel/dal/linux/linux.h", "kernel/core/core.h", "kernel/obj/types.h", "kernel/net/net.h", "<linux/...>"}},
	// What Kbuild writes while it builds.
	{"kernel/*.mod.c", []string{"<...>"}},
}

// Of Go:
//
//	internal/runtime/syscall/dios < runtime < syscall < syscall/dios < runtime/dios
//
// and the overlay knows nothing of the host's tools, nor they of it.
var goRules = []rule{
	{"src/internal/runtime/syscall/dios/...", []string{"unsafe"}},
	// The runtime uses what has no runtime under it.
	{"src/runtime/*", []string{"unsafe", "internal/..."}},
	{"src/syscall/*", []string{"unsafe", "internal/...", "errors", "runtime", "sync", "sync/..."}},
	{"src/syscall/dios/*", []string{"unsafe", "internal/...", "errors", "runtime", "strconv", "sync", "sync/...", "syscall", "time", "encoding/..."}},
	{"src/runtime/dios/*", []string{"std", "internal/...", "syscall/dios"}},
	{"src/runtime/dios/gob/*", []string{"encoding/gob", "io", "runtime/dios"}},
	// A test in the Go tree may use what it tests, and package testing.
	{"src/...", []string{"std"}},

	// What diosvet is tried on, with declarations of its own for ours.
	{"cmd/diosvet/testdata/...", []string{"std", "syscall/dios", "runtime/dios"}},
	// The file service is a program for DIOS, and the half of it that a host
	// can test knows nothing of that.
	{"cmd/diosfs/*", []string{"std", "syscall/dios", "runtime/dios", "dios/internal/p9"}},
	{"internal/p9/*_dios.go", []string{"std", "syscall/dios", "runtime/dios"}},
	{"testdata/fileserver/*", []string{"std", "runtime/dios", "dios/internal/p9"}},
	{"testdata/hostile/*", []string{"std", "runtime/dios", "dios/internal/p9"}},
	{"testdata/handed/*", []string{"std", "runtime/dios", "dios/internal/p9"}},
	{"cmd/...", []string{"std", "mod", "dios/internal/...", "dios/cmd/..."}},
	{"internal/...", []string{"std", "mod", "dios/internal/..."}},
	{"bench/programs/...", []string{"std", "syscall/dios", "runtime/dios"}},
	{"bench/...", []string{"std", "mod", "dios/internal/..."}},
	{"docs/...", []string{"std", "mod", "dios/internal/..."}},

	// Programs use runtime/dios and the standard library; the one that exists
	// to try the calls themselves uses those.
	{"testdata/calls/...", []string{"std", "syscall/dios", "runtime/dios"}},
	{"testdata/...", []string{"std", "runtime/dios"}},
	{"*.go", []string{"std", "mod", "dios/internal/..."}},
}

// allowed tells whether a file may use something, and which rule says so.
func allowed(rules []rule, file, use string) (ok, found bool) {
	for _, r := range rules {
		if !match(r.files, file) {
			continue
		}
		for _, pattern := range r.uses {
			if matchUse(pattern, use) {
				return true, true
			}
		}
		return false, true
	}
	return false, false
}

func match(pattern, name string) bool {
	if dir, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(name, dir+"/")
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

func matchUse(pattern, use string) bool {
	p, isSystem := strings.CutPrefix(pattern, "<")
	u, system := strings.CutPrefix(use, "<")
	if isSystem != system {
		return false
	}
	if system {
		p, u = strings.TrimSuffix(p, ">"), strings.TrimSuffix(u, ">")
		return p == "..." || match(p, u)
	}
	switch pattern {
	case "std":
		// The two packages of ours in the Go tree are named where they are
		// allowed.
		first, _, _ := strings.Cut(use, "/")
		return first != "dios" && !strings.Contains(first, ".") &&
			use != "syscall/dios" && use != "runtime/dios" && !strings.HasPrefix(use, "internal/runtime/syscall/dios")
	case "mod":
		first, _, _ := strings.Cut(use, "/")
		return strings.Contains(first, ".")
	}
	return match(p, u)
}

var includeRE = regexp.MustCompile(`^\s*#\s*include\s+(?:"([^"]+)"|(<[^>]+>))`)

// checkIncludes returns what is wrong with the include lines below kernel/ and abi/.
func checkIncludes(root fs.FS) ([]string, error) {
	var wrong []string
	for _, top := range []string{"abi", "kernel"} {
		err := walk(root, top, func(file string) error {
			if ext := path.Ext(file); ext != ".c" && ext != ".h" {
				return nil
			}
			f, err := root.Open(file)
			if err != nil {
				return err
			}
			defer f.Close()
			in := bufio.NewScanner(f)
			for n := 1; in.Scan(); n++ {
				m := includeRE.FindStringSubmatch(in.Text())
				if m == nil {
					continue
				}
				use := m[2]
				if use == "" {
					use = path.Join(path.Dir(file), m[1])
				}
				if msg := verdict(kernelRules, file, use); msg != "" {
					wrong = append(wrong, fmt.Sprintf("%s:%d: %s includes %s", file, n, file, msg))
				}
			}
			return in.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	return wrong, nil
}

func verdict(rules []rule, file, use string) string {
	ok, found := allowed(rules, file, use)
	switch {
	case ok:
		return ""
	case found:
		return use
	}
	return use + ", and no rule says what it may"
}

// checkImports returns what is wrong with the imports of Go files. Test files of
// the overlay may use what they like of the standard library.
func checkImports(root fs.FS) ([]string, error) {
	var wrong []string
	for _, top := range []string{"bench", "cmd", "docs", "internal", "src", "testdata"} {
		err := walk(root, top, func(file string) error {
			if path.Ext(file) != ".go" {
				return nil
			}
			data, err := fs.ReadFile(root, file)
			if err != nil {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, data, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, imp := range f.Imports {
				use, err := strconv.Unquote(imp.Path.Value)
				if err != nil {
					return err
				}
				rules := goRules
				if strings.HasPrefix(file, "src/") && strings.HasSuffix(file, "_test.go") {
					rules = []rule{{"src/...", []string{"std", "syscall/dios", "runtime/dios", "internal/..."}}}
				}
				if msg := verdict(rules, file, use); msg != "" {
					wrong = append(wrong, fmt.Sprintf("%s: imports %s", file, msg))
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return wrong, nil
}

var buildRE = regexp.MustCompile(`(?m)^//go:build (.*)$`)

// checkBuildLines returns the files of the overlay that an unpatched Go would
// compile for another system: it does not know that _dios in a name says so.
func checkBuildLines(root fs.FS) ([]string, error) {
	var wrong []string
	err := walk(root, "src", func(file string) error {
		if ext := path.Ext(file); ext != ".go" && ext != ".s" || strings.Contains(file, "/testdata/") {
			return nil
		}
		data, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		m := buildRE.FindSubmatch(data)
		if m == nil {
			wrong = append(wrong, file+": no //go:build line")
		} else if !strings.Contains(string(m[1]), "dios") {
			wrong = append(wrong, file+": the //go:build line does not say dios")
		}
		return nil
	})
	return wrong, err
}

// walk calls fn for every file below a folder, if there is one.
func walk(root fs.FS, top string, fn func(file string) error) error {
	if _, err := fs.Stat(root, top); err != nil {
		return nil
	}
	return fs.WalkDir(root, top, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return fn(file)
	})
}
