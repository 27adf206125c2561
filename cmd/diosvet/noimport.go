// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"go/ast"
	"go/build/constraint"
	"strconv"

	"golang.org/x/tools/go/analysis"
)

var noimport = &analysis.Analyzer{
	Name: "noimport",
	Doc: `find imports that cannot work on DIOS

A file that imports runtime/dios or syscall/dios gains nothing from packages that fail on
DIOS whatever is done: those that look for users, start programs by path, or load plugins. Files
that do not may import them: they may be for other systems as well, or know to do without.
What does not even build, such as cgo, must not be in a file whose line //go:build says
that it is for DIOS either.`,
	Run: runNoimport,
}

// What does not build.
var notBuilt = map[string]string{
	"C":                     "there is no cgo",
	"golang.org/x/sys/unix": "it is empty there, since dios is no unix; the calls of DIOS are in syscall/dios",
	"log/syslog":            "there is no log daemon; write to standard error",
	"runtime/cgo":           "there is no cgo",
}

// What builds, and fails.
var failing = map[string]string{
	"net/http/cgi": "it starts programs by their paths, and there are no files",
	"os/user":      "there are no users",
	"plugin":       "there are no plugins; what is loaded is a task of its own, by runtime/dios",
}

func runNoimport(pass *analysis.Pass) (any, error) {
	for _, f := range pass.Files {
		knows, only := knowsDios(f), forDios(f)
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue
			}
			why := ""
			if knows {
				why = failing[path]
			}
			if why == "" && (knows || only) {
				why = notBuilt[path]
			}
			if why != "" {
				pass.Reportf(spec.Pos(), "%s cannot work on DIOS: %s", path, why)
			}
		}
	}
	return nil, nil
}

// knowsDios reports whether a file uses what only DIOS has.
func knowsDios(f *ast.File) bool {
	for _, spec := range f.Imports {
		if spec.Path.Value == strconv.Quote(taskPkg) || spec.Path.Value == strconv.Quote(callPkg) {
			return true
		}
	}
	return false
}

// forDios reports whether the line //go:build of a file is for DIOS only.
func forDios(f *ast.File) bool {
	for _, group := range f.Comments {
		if group.Pos() > f.Package {
			break
		}
		for _, c := range group.List {
			if !constraint.IsGoBuild(c.Text) {
				continue
			}
			expr, err := constraint.Parse(c.Text)
			if err == nil && !allowsOthers(expr) {
				return true
			}
		}
	}
	return false
}
