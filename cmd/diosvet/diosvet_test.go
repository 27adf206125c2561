// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"testing"

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

func TestValid(t *testing.T) {
	if err := analysis.Validate(analyzers); err != nil {
		t.Error(err)
	}
}
