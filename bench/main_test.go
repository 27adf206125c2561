// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuantile(t *testing.T) {
	for _, test := range []struct {
		values []float64
		q      float64
		want   float64
	}{
		{[]float64{3}, 0.5, 3},
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 3, 2}, 0.5, 2.5},
		{[]float64{4, 1, 3, 2, 5}, 0.25, 2},
		{[]float64{4, 1, 3, 2, 5}, 1, 5},
	} {
		if got := quantile(test.values, test.q); got != test.want {
			t.Errorf("quantile(%v, %v) = %v, want %v", test.values, test.q, got, test.want)
		}
	}
}

func TestAdd(t *testing.T) {
	r := make(results)
	if err := r.add("BenchmarkFib30 3 2500 ns/op\nBenchmarkFib30 3 2600.5 ns/op\n", "dios"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(results{"Fib30/dios": {2500, 2600.5}}, r); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{"no /dev/dios\n", "BenchmarkX 1 y ns/op\n", "BenchmarkX 1 2 MB/s\n", "panic: x\n"} {
		if err := r.add(bad, ""); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// A row with a result missing is an error, not a row of nothing.
func TestPrint(t *testing.T) {
	r := make(results)
	for _, row := range rows {
		r[row.ours] = []float64{100, 110, 120}
		r[row.theirs] = []float64{200, 110, 100}
	}
	var md bytes.Buffer
	if err := r.print("a machine", &md); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(md.String(), "**1.00** (0.75-1.10)"); n != len(rows) {
		t.Errorf("%d rows of %d:\n%s", n, len(rows), &md)
	}
	r[rows[0].ours] = r[rows[0].ours][1:]
	if err := r.print("a machine", &md); err == nil {
		t.Error("no error for a pair that lacks one")
	}
}
