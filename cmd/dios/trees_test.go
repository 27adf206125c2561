// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dios/internal/p9"
)

func TestModuleRoot(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"repo/.git", "repo/tools", "repo/mod/sub/deep", "plain/sub", "work@v2/repo/.git", "work@v2/repo/sub"} {
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
		"work@v2/repo/sub": "work@v2/repo",
	} {
		if got := moduleRoot(filepath.Join(top, dir)); got != filepath.Join(top, want) {
			t.Errorf("%s: %s, want %s", dir, got, want)
		}
	}
	// In the module cache there are some that have no go.mod, and the user may have one above.
	old := filepath.Join(top, "repo/mod/pkg/mod/example.org/old@v2.0.0+incompatible")
	if err := os.MkdirAll(filepath.Join(old, "deep"), 0o777); err != nil {
		t.Fatal(err)
	}
	if got := moduleRoot(filepath.Join(old, "deep")); got != old {
		t.Errorf("%s/deep: %s", old, got)
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
		{at("mywork"), false, ""}, {at("tmp"), false, ""}, {at("tmp"), true, ""}, {at("go/src"), false, ""}, {at("gopher"), false, ""},
		{at("missing"), false, ""}, {"/", false, ""}, {"", false, ""},
	}, at("link"))
	want := []tree{
		{at("link"), true, ""}, {at("go"), true, ""},
		{at("mywork"), false, ""}, {at("work"), false, ""}, {at("tmp"), false, ""}, {at("go/src"), true, ""}, {at("gopher"), false, ""},
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
	want := []tree{{at("go"), true, ""}, {at("cwd"), false, ""}, {at("tmp"), false, ""}, {at("work/b001"), false, ""}, {at("cover"), false, ""}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(tree{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A program reads the modules that the go command takes together with its own, and
// those only.
func TestOtherModules(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	replaces := "module example.org/a\n\ngo 1.26\n\nreplace (\n" +
		"	example.org/b => ../b\n" +
		"	example.org/in => ./in\n" +
		"	example.org/abs => " + top + "/abs\n" +
		"	example.org/fork => example.org/fork2 v1.0.0\n" +
		"	example.org/home => ../home\n" + // no module
		"	example.org/missing => ../missing\n)\n"
	write("a/go.mod", replaces)
	write("home/secret", "")
	write("cache/a@v1.0.0/go.mod", replaces)
	write("cache/b/go.mod", "module example.org/b\n")
	write("wrong/go.mod", "nonsense\n")
	for _, name := range []string{"b", "abs", "a/in", "c", "d", "elsewhere"} {
		write(name+"/go.mod", "module example.org/"+name+"\n")
	}
	for _, test := range []struct {
		work, env, module string // of go.work, of GOWORK, and whose modules
		want              []string
	}{
		{"", "", "a", []string{"b", "a/in", "abs"}},
		{"", "", "b", nil},
		{"", "", "wrong", nil},
		{"", "", "cache/a@v1.0.0", nil},
		{"use ./b\nuse ./c\nreplace example.org/d => ./d\n", "", "c", []string{"b", "d"}},
		{"use ./b\nuse ./c\n", "off", "c", nil},
		{"use ./b\nuse ./c\n", top + "/go.work", "c", []string{"b"}},
		{"use ./b\nuse ./c\n", "", "elsewhere", nil}, // not in it
		{"nonsense\n", "", "c", nil},
	} {
		os.Remove(filepath.Join(top, "go.work"))
		if test.work != "" {
			write("go.work", "go 1.26\n"+test.work)
		}
		t.Setenv("GOWORK", test.env)
		var want []string
		for _, name := range test.want {
			want = append(want, filepath.Join(top, name))
		}
		if diff := cmp.Diff(want, otherModules(filepath.Join(top, test.module))); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test, diff)
		}
	}

	// They cannot be changed, but for what is the module's own.
	os.Remove(filepath.Join(top, "go.work"))
	t.Setenv("GOWORK", "")
	got := make(map[tree]bool)
	for _, tr := range ownTrees(filepath.Join(top, "a"), "") {
		got[tr] = true
	}
	for tr, want := range map[tree]bool{
		{filepath.Join(top, "a"), false, ""}: true, {filepath.Join(top, "b"), true, ""}: true, {filepath.Join(top, "b"), false, ""}: false,
		{filepath.Join(top, "a/in"), true, ""}: false, {filepath.Join(top, "home"), true, ""}: false,
	} {
		if got[tr] != want {
			t.Errorf("in the program's trees %v: %v", tr, got[tr])
		}
	}
}

// What -read names can be read, at the place that it says, in a tree or outside, and not changed.
func TestReadTrees(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"mine/bin/old", "other/new", "cache/object"} {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("cache", at("link")); err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{"", "/", "=" + at("mine"), at("other") + "=", at("other") + "=mine", at("other") + "=/."} {
		if trees, err := readTrees([]string{arg}); err == nil {
			t.Errorf("-read %q: %v", arg, trees)
		}
	}
	also, err := readTrees([]string{at("other") + "=" + at("mine/bin"), at("link")})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := newServer([]tree{{at("missing"), true, at("mine")}}); err == nil {
		t.Error("a folder that is missing")
	}
	s, _, err := newServer(append([]tree{{at("mine"), false, ""}}, also...))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		"mine": nil, "mine/bin/old": p9.ENOENT, "mine/bin/new": nil, "mine/bin": p9.EROFS,
		"other": p9.ENOENT, "link/object": nil, "cache/object": nil, "cache": p9.EROFS,
	} {
		n := s.Root
		var err error
		for part := range strings.SplitSeq(at(name)[1:], "/") {
			if err == nil {
				n, err = n.Walk(part)
			}
		}
		if err == nil && !strings.Contains(name, "/") || name == "mine/bin" {
			err = n.Mkdir("made", 0o777)
		}
		if err != want {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// What a program did not find although it is there is said, once; and a program
// that looks for a lot takes no memory of ours.
func TestOutside(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"mine", "a", "b"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	s, o, err := newServer([]tree{{filepath.Join(dir, "mine"), false, ""}})
	if err != nil {
		t.Fatal(err)
	}
	s.Root.Close()
	o.add("/etc")
	o.add(filepath.Join(dir, "missing"))
	if err := o.why(); err != nil {
		t.Errorf("nothing is there: %v", err)
	}
	for _, name := range []string{"b", "a", "b"} {
		o.add(filepath.Join(dir, name))
	}
	want := "the program looked for DIR/b and DIR/a, which it was not given; it has DIR/mine"
	if got := strings.ReplaceAll(o.why().Error(), dir, "DIR"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for i := range 10 * maxOutside {
		o.add(filepath.Join(dir, strconv.Itoa(i)))
	}
	if len(o.paths) != maxOutside || len(o.seen) != maxOutside {
		t.Errorf("%d paths are remembered, want %d", len(o.paths), maxOutside)
	}
}
