// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"go/build/constraint"
	"go/token"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

var buildline = &analysis.Analyzer{
	Name: "buildline",
	Doc: `find files for DIOS that other systems would compile, too

Only the toolchain of DIOS knows that a file whose name ends in _dios.go, or in
_dios_amd64.s, is for DIOS. To any other it is a file for every system, unless a
line says otherwise:

	//go:build dios`,
	URL: "https://pkg.go.dev/cmd/go#hdr-Build_constraints",
	Run: runBuildline,
}

var diosName = regexp.MustCompile(`_dios(_amd64)?(_test)?\.(go|s)$`)

func runBuildline(pass *analysis.Pass) (any, error) {
	for _, f := range pass.Files {
		// As it is on disk: cgo gives files other names and lines.
		if err := checkBuildline(pass, pass.Fset.PositionFor(f.Package, false).Filename, f.Package); err != nil {
			return nil, err
		}
	}
	for _, names := range [][]string{pass.IgnoredFiles, pass.OtherFiles} {
		for _, name := range names {
			if err := checkBuildline(pass, name, token.NoPos); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

func checkBuildline(pass *analysis.Pass, name string, at token.Pos) error {
	if !diosName.MatchString(name) {
		return nil
	}
	data, err := pass.ReadFile(name)
	if err != nil {
		return err
	}
	if at == token.NoPos {
		f := pass.Fset.AddFile(name, -1, len(data))
		f.SetLinesForContent(data)
		at = f.Pos(0)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if constraint.IsGoBuild(line) {
			expr, err := constraint.Parse(line)
			if err != nil {
				return nil // the go command says so
			}
			if !allowsOthers(expr) {
				return nil
			}
			pass.Reportf(at, "the name says that the file is for dios, and other toolchains go by the line //go:build, which allows other systems; make it //go:build dios")
			return nil
		}
		if line != "" && !strings.HasPrefix(line, "//") && !strings.HasPrefix(line, "/*") && !strings.HasPrefix(line, "*") {
			break
		}
	}
	pass.Reportf(at, "the name says that the file is for dios, which only the toolchain of DIOS knows; add a line //go:build dios")
	return nil
}

// allowsOthers reports whether a constraint can hold on another system than dios.
func allowsOthers(expr constraint.Expr) bool {
	var tags []string
	var walk func(constraint.Expr)
	walk = func(x constraint.Expr) {
		switch x := x.(type) {
		case *constraint.AndExpr:
			walk(x.X)
			walk(x.Y)
		case *constraint.OrExpr:
			walk(x.X)
			walk(x.Y)
		case *constraint.NotExpr:
			walk(x.X)
		case *constraint.TagExpr:
			if x.Tag != "dios" && !slices.Contains(tags, x.Tag) {
				tags = append(tags, x.Tag)
			}
		}
	}
	walk(expr)
	// Each way to have the tags or not; no line has many.
	for set := range 1 << min(len(tags), 16) {
		if expr.Eval(func(tag string) bool {
			i := slices.Index(tags, tag)
			return i >= 0 && set>>min(i, 16)&1 != 0
		}) {
			return true
		}
	}
	return false
}
