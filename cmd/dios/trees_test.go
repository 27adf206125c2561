// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestModuleRoot(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"repo/.git", "repo/tools", "repo/mod/sub/deep", "plain/sub"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, mod := range []string{"repo/mod/go.mod", "repo/mod/sub/go.mod"} {
		if err := os.WriteFile(filepath.Join(top, mod), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{
		"repo/mod/sub/deep": "repo/mod/sub", "repo/mod": "repo/mod", "repo/tools": "repo", "repo": "repo", "plain/sub": "plain/sub",
	} {
		if got := moduleRoot(filepath.Join(top, dir)); got != filepath.Join(top, want) {
			t.Errorf("%s: %s, want %s", dir, got, want)
		}
	}
	if got := moduleRoot("/"); got != "/" {
		t.Errorf("/: %s", got)
	}
}

// GOROOT, and what is in it, cannot be changed, by whatever path; there is no
// tree twice; and never the root.
func TestWithPlaces(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(top, name) }
	for _, dir := range []string{"go/src", "work", "tmp", "gopher"} {
		if err := os.MkdirAll(at(dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("go", at("link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("work", at("mywork")); err != nil {
		t.Fatal(err)
	}
	got := withPlaces([]tree{
		{at("mywork"), false}, {at("tmp"), false}, {at("tmp"), true}, {at("go/src"), false}, {at("gopher"), false},
		{at("missing"), false}, {"/", false}, {"", false},
	}, at("link"))
	want := []tree{
		{at("link"), true}, {at("go"), true},
		{at("mywork"), false}, {at("work"), false}, {at("tmp"), false}, {at("go/src"), true}, {at("gopher"), false},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(tree{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOwnTrees(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"go", "cover", "tmp", "work/b001", "cwd"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	t.Setenv("GOROOT", at("go"))
	t.Setenv("GOCOVERDIR", at("cover"))
	t.Setenv("TMPDIR", at("tmp"))
	got := ownTrees(at("cwd"), at("work/b001/x.test"))
	want := []tree{{at("go"), true}, {at("cwd"), false}, {at("tmp"), false}, {at("work/b001"), false}, {at("cover"), false}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(tree{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
