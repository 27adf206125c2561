// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package docs has no code; its test holds the documents to the source.
package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// In a document, path:func is a place in the source: kernel/core/dispatch.c:dios_dispatch,
// or src/runtime/dios/ref.go:Ref.AcquireRead for a method. The path is from the
// root of the project.
var placeRE = regexp.MustCompile(`([A-Za-z0-9_][A-Za-z0-9_./-]*/[A-Za-z0-9_.-]+\.(?:c|h|go|s)):([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)`)

// A link to a file of the project.
var linkRE = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)

// checkDocs returns what is wrong with the documents: places and links that lead
// nowhere. Files of the Go tree are looked for in goroot/, if there is one, when
// src/ does not have them.
func checkDocs(root fs.FS) (wrong []string, places int, err error) {
	docs, err := fs.Glob(root, "docs/*.md")
	if err != nil {
		return nil, 0, err
	}
	design, err := fs.Glob(root, "docs/design/*.md")
	if err != nil {
		return nil, 0, err
	}
	docs = append(docs, design...)
	if _, err := fs.Stat(root, "README.md"); err == nil {
		docs = append(docs, "README.md")
	}
	for _, doc := range docs {
		data, err := fs.ReadFile(root, doc)
		if err != nil {
			return nil, 0, err
		}
		n := 0
		for line := range strings.Lines(string(data)) {
			n++
			for _, m := range placeRE.FindAllStringSubmatch(line, -1) {
				places++
				if why := checkPlace(root, m[1], m[2]); why != "" {
					wrong = append(wrong, fmt.Sprintf("%s:%d: %s: %s", doc, n, m[0], why))
				}
			}
			for _, m := range linkRE.FindAllStringSubmatch(line, -1) {
				to := path.Join(path.Dir(doc), m[1])
				if _, err := fs.Stat(root, to); err != nil {
					wrong = append(wrong, fmt.Sprintf("%s:%d: link to %s, which does not exist", doc, n, to))
				}
			}
		}
	}
	return wrong, places, nil
}

// The README shows a program that is in testdata/, and can be counted.
func TestREADMEProgram(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("../testdata/fibtasks/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(program), "\n//go:build dios\n")
	code = code[strings.Index(code, "package main"):]
	if n := strings.Count(code, "\n"); n > 20 {
		t.Errorf("testdata/fibtasks/main.go has %d lines, and is to have at most 20", n)
	}
	// The other one is linked.
	primes, err := os.ReadFile("../testdata/primes/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if _, code, found := strings.Cut(string(primes), "\npackage main\n"); !found || strings.Count(code, "\n")+1 > 60 {
		t.Errorf("testdata/primes/main.go has %d lines, and is to have at most 60", strings.Count(code, "\n")+1)
	}
	var quoted strings.Builder
	for line := range strings.Lines(code) {
		if line != "\n" {
			line = "    " + line
		}
		quoted.WriteString(line)
	}
	if !strings.Contains(string(readme), "\n\n"+quoted.String()+"\n") {
		t.Error("README.md does not show testdata/fibtasks/main.go as it is")
	}
}

func checkPlace(root fs.FS, file, name string) string {
	data, err := fs.ReadFile(root, file)
	if err != nil && strings.HasPrefix(file, "src/") {
		if _, e := fs.Stat(root, "goroot/src"); e != nil {
			return "" // an upstream file, and it was not unpacked
		}
		data, err = fs.ReadFile(root, "goroot/"+file)
	}
	if err != nil {
		return "no such file"
	}
	found := false
	switch path.Ext(file) {
	case ".go":
		found, err = hasGo(data, name)
		if err != nil {
			return err.Error()
		}
	case ".s":
		found = regexp.MustCompile(`(?m)^TEXT\s+(?:[^(]*[^A-Za-z0-9_(])?` + regexp.QuoteMeta(name) + `(?:<[A-Za-z0-9]*>)?\(SB\)`).Match(data)
	default:
		found = hasC(string(data), name)
	}
	if !found {
		return "the file has no " + name
	}
	return ""
}

// hasGo tells whether a Go file declares a name; a method is Type.Name.
func hasGo(data []byte, name string) (bool, error) {
	f, err := parser.ParseFile(token.NewFileSet(), "", data, parser.SkipObjectResolution)
	if err != nil {
		return false, err
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			n := d.Name.Name
			if d.Recv != nil {
				t := d.Recv.List[0].Type
				if star, ok := t.(*ast.StarExpr); ok {
					t = star.X
				}
				if id, ok := t.(*ast.Ident); ok {
					n = id.Name + "." + n
				}
			}
			if n == name {
				return true, nil
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Name.Name == name {
						return true, nil
					}
				case *ast.ValueSpec:
					if slices.ContainsFunc(s.Names, func(id *ast.Ident) bool { return id.Name == name }) {
						return true, nil
					}
				}
			}
		}
	}
	return false, nil
}

// hasC tells whether a C file defines a function, a variable with a value, a
// structure or a macro. In the kernel's style each begins at the margin.
func hasC(text, name string) bool {
	q := regexp.QuoteMeta(name)
	function := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_ *]*\b` + q + `\(`)
	other := regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9_ *]*\b` + q + `(?:\[[^]]*\])*\s*=|(?:struct|enum|union) ` + q + ` \{|#define ` + q + `\b)`)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if other.MatchString(line) {
			return true
		}
		if !function.MatchString(line) {
			continue
		}
		// A definition's line of arguments ends before a brace, a
		// declaration's with a semicolon.
		for _, l := range lines[i:] {
			l = strings.TrimRight(l, " \t")
			if strings.HasSuffix(l, ";") {
				break
			}
			if strings.HasSuffix(l, "{") || l == "{" {
				return true
			}
		}
	}
	return false
}

func TestDocs(t *testing.T) {
	wrong, places, err := checkDocs(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wrong {
		t.Error(w)
	}
	t.Logf("%d places", places)
}

// The tour is made of places; if none is found, the pattern is wrong.
func TestTourHasPlaces(t *testing.T) {
	data, err := os.ReadFile("tour.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(placeRE.FindAll(data, -1)); n < 8 {
		t.Errorf("tour.md names %d places in the source; a call passes more", n)
	}
}

// The check finds what it is for.
func TestDocsBroken(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	got, places, err := checkDocs(fstest.MapFS{
		"kernel/core/x.c": file("static int declared(int a);\nint\nother(void);\nstatic int split(int a,\n\t\t int b)\n{\n\tcalled(a);\n}\n" +
			"struct thing {\n};\nstatic const struct call calls[] = {\n};\n#define MACRO(x) x\n/* text about comment( */\n"),
		"src/a/b.go":         file("package a\n\ntype T struct{}\n\nfunc (t *T) M() {}\n\nfunc F() {}\n\nvar V, W int\n"),
		"src/a/b.s":          file("TEXT ·Syscall6<ABIInternal>(SB),NOSPLIT,$0-0\n\tRET\nTEXT runtime·rt0(SB),NOSPLIT,$0\n"),
		"goroot/src/u/up.go": file("package u\n\nfunc Up() {}\n"),
		"docs/good.md": file("`kernel/core/x.c:split` kernel/core/x.c:thing kernel/core/x.c:calls kernel/core/x.c:MACRO\n" +
			"src/a/b.go:T.M src/a/b.go:F src/a/b.go:W src/a/b.go:T\nsrc/a/b.s:Syscall6 src/a/b.s:rt0\nsrc/u/up.go:Up [x](good.md#y) [web](https://example.org/x)\n"),
		"docs/bad.md": file("kernel/core/x.c:declared kernel/core/x.c:called kernel/core/x.c:comment kernel/core/x.c:other\n" +
			"src/a/b.go:M src/a/b.go:T.F\nsrc/a/b.s:Syscall src/a/b.s:t0\nkernel/core/y.c:f src/u/none.go:F src/u/up.go:Down [gone](gone.md)\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"docs/bad.md:1: kernel/core/x.c:declared: the file has no declared",
		"docs/bad.md:1: kernel/core/x.c:called: the file has no called",
		"docs/bad.md:1: kernel/core/x.c:comment: the file has no comment",
		"docs/bad.md:1: kernel/core/x.c:other: the file has no other",
		"docs/bad.md:2: src/a/b.go:M: the file has no M",
		"docs/bad.md:2: src/a/b.go:T.F: the file has no T.F",
		"docs/bad.md:3: src/a/b.s:Syscall: the file has no Syscall",
		"docs/bad.md:3: src/a/b.s:t0: the file has no t0",
		"docs/bad.md:4: kernel/core/y.c:f: no such file",
		"docs/bad.md:4: src/u/none.go:F: no such file",
		"docs/bad.md:4: src/u/up.go:Down: the file has no Down",
		"docs/bad.md:4: link to docs/gone.md, which does not exist",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if places != 22 {
		t.Errorf("%d places, want 22", places)
	}
}
