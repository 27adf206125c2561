// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"path/filepath"
	"strings"
	"testing"
)

// Each brand makes exactly the calls that it should: every Linux number by every
// way into the kernel. What this kernel has is asked of a plain Linux process.
func TestBrands(t *testing.T) {
	m := machine(t)
	dir := t.TempDir()
	for brand, source := range map[string]string{
		"legacy": "process", "legacy-limbo": "process", "dios-limbo": "task", "pure": "task",
	} {
		out := filepath.Join(dir, brand)
		if err := BuildC(filepath.Join(Source(), "testdata", "brands", source+".c"), out, brand); err != nil {
			t.Fatal(err)
		}
		if err := m.Put(out, "/brands/"+brand); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.SetParam("linux_fatal", "0"); err != nil {
		t.Fatal(err)
	}
	defer m.SetParam("linux_fatal", "1")
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	const list = "/tmp/brands"
	for _, args := range [][]string{
		{"legacy", "record", list},
		{"legacy", "compare", list},
		{"legacy-limbo", "compare", list},
		{"dios-limbo", "compare", list},
		{"pure", "none"},
	} {
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
			o, err := m.RunInside("/brands/"+args[0], Run{Args: args})
			if err != nil {
				t.Fatalf("%v\n%s%s", err, o.Stdout, o.Stderr)
			}
			if o.Status != 0 || !strings.HasSuffix(o.Stdout, " made\n") || o.Stderr != "" {
				t.Errorf("status %d\n%s%s", o.Status, o.Stdout, o.Stderr)
			}
			leftover(t, m, before)
		})
	}
	if _, err := m.Shell("rm " + list); err != nil {
		t.Fatal(err)
	}
}
