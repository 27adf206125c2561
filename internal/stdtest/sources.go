// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"dios/internal/progtest"
)

// systems are what is compared; linux is the measure.
var systems = []struct{ goos, goarch string }{
	{"linux", "amd64"}, {"dios", "amd64"}, {"freebsd", "amd64"}, {"wasip1", "wasm"}, {"js", "wasm"},
}

// source is a package's test functions: tests, examples that are run, and fuzz tests.
type source struct {
	functions map[string]map[string]bool // by system
	ours      map[string]bool            // those of src/
}

// compiled returns the functions that a system has.
func (s *source) compiled(goos string) []string {
	return slices.Sorted(maps.Keys(s.functions[goos]))
}

// lost returns the functions that linux has and another system does not.
func (s *source) lost(goos string) []string {
	var lost []string
	for _, name := range s.compiled("linux") {
		if !s.functions[goos][name] {
			lost = append(lost, name)
		}
	}
	return lost
}

// findSources looks at the packages of std, or at some of them, for each system.
func findSources(packages []string) (map[string]*source, error) {
	if len(packages) == 0 {
		packages = []string{"std"}
	}
	all := make(map[string]*source)
	for _, system := range systems {
		cmd := exec.Command(progtest.Go(), append([]string{"list", "-e", "-json=ImportPath,Dir,TestGoFiles,XTestGoFiles,Error"}, packages...)...)
		cmd.Env = append(progtest.GoEnv(system.goos), "GOARCH="+system.goarch)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("GOOS=%s go list: %w", system.goos, err)
		}
		for d := json.NewDecoder(strings.NewReader(string(out))); ; {
			var p struct {
				ImportPath, Dir           string
				TestGoFiles, XTestGoFiles []string
				Error                     *struct{ Err string }
			}
			if err := d.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
			if p.Dir == "" {
				return nil, fmt.Errorf("GOOS=%s go list %s: %s", system.goos, p.ImportPath, p.Error.Err)
			}
			s := all[p.ImportPath]
			if s == nil {
				s = &source{functions: make(map[string]map[string]bool), ours: make(map[string]bool)}
				all[p.ImportPath] = s
			}
			names := make(map[string]bool)
			for _, file := range append(p.TestGoFiles, p.XTestGoFiles...) {
				into := names
				if _, err := os.Stat(filepath.Join(progtest.Source(), "src", p.ImportPath, file)); err == nil {
					into = s.ours
				} else if !errors.Is(err, fs.ErrNotExist) {
					return nil, err
				}
				if err := functions(filepath.Join(p.Dir, file), into); err != nil {
					return nil, err
				}
			}
			s.functions[system.goos] = names
		}
	}
	return all, nil
}

// functions adds what go test would run of a file.
func functions(file string, names map[string]bool) error {
	// The parser may be older than the source. What it does not like then does not
	// keep it from finding the functions.
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution|parser.AllErrors)
	if f == nil {
		return err
	}
	for _, d := range f.Decls {
		d, ok := d.(*ast.FuncDecl)
		if ok && d.Recv == nil && d.Name.Name != "TestMain" && (isTest(d.Name.Name, "Test") || isTest(d.Name.Name, "Fuzz")) {
			names[d.Name.Name] = true
		}
	}
	for _, e := range doc.Examples(f) {
		if e.Output != "" || e.EmptyOutput {
			names["Example"+e.Name] = true
		}
	}
	return nil
}

// isTest is the go command's rule.
func isTest(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	r, _ := utf8.DecodeRuneInString(rest)
	return ok && (rest == "" || !unicode.IsLower(r))
}
