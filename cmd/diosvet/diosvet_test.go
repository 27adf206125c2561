// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// In testdata/src lies a package for each analyzer, whose comments say what is to be
// reported, and what only looks so; and the declarations of ours that they use.
func TestAnalyzers(t *testing.T) {
	for _, test := range []struct {
		a        *analysis.Analyzer
		packages []string
	}{
		{buffer, []string{"buffer"}},
		{buildline, []string{"buildline"}},
		{crossing, []string{"crossing", "crossinggob"}},
		{leak, []string{"leak"}},
		{noimport, []string{"noimport"}},
		{register, []string{"register"}},
	} {
		t.Run(test.a.Name, func(t *testing.T) {
			analysistest.Run(t, analysistest.TestData(), test.a, test.packages...)
		})
	}
}

// The command lines of the documentation, with the programs that make.bash made.
func TestScripts(t *testing.T) {
	tree, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(tree, "bin")
	gobin := filepath.Join(tree, "goroot", "bin")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			cache, err := os.UserCacheDir()
			if err != nil {
				return err
			}
			list := string(filepath.ListSeparator)
			env.Vars = append(env.Vars,
				"DIOSVET="+filepath.Join(bin, "diosvet"), "PATH="+gobin+list+bin+list+env.Getenv("PATH"),
				"GOCACHE="+filepath.Join(cache, "go-build"), "GOTOOLCHAIN=local", "GOFLAGS=-buildvcs=false", "GOROOT=")
			return nil
		},
		Condition: func(c string) (bool, error) {
			_, err := os.Stat(filepath.Join(gobin, "go"))
			_, err2 := os.Stat(filepath.Join(bin, "diosvet"))
			return c == "tree" && err == nil && err2 == nil, nil
		},
	})
}

func TestValid(t *testing.T) {
	if err := analysis.Validate(analyzers); err != nil {
		t.Error(err)
	}
}
