// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package p9

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Trees in trees: what is read only stays so, whatever way leads there, and nothing
// is seen of what lies around a tree.
func TestMounts(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"mine/file": "w", "mine/go/file": "g", "mine/go/src/file": "s", "mine/go/tmp/file": "t", "secret": "x",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	host := func(name string) Node {
		n, err := OpenHost(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(n.Close)
		return n
	}
	var outside []string
	p := connect(t, &Server{Root: NewMounts([]Mount{
		{"/home/mine", host("mine"), false},
		{"/home/mine/go", host("mine/go"), true},
		{"/home/mine/go/tmp", host("mine/go/tmp"), false},
		{"/mem", NewMem(1 << 20), false},
	}, func(path string) { outside = append(outside, path) })}).attach()
	fids := 0
	open := func(names ...string) int {
		t.Helper()
		fids++
		if n, err := p.walk(0, fids, names...); n != len(names) || err != nil {
			t.Fatalf("%q: %d steps, %v", names, n, err)
		}
		return fids
	}
	list := func(names ...string) (list []string) {
		t.Helper()
		fid := open(names...)
		p.ok(tlopen, fid, 0)
		d := p.ok(treaddir, fid, uint64(0), 8000)
		for d.u32(); len(d.b) > 0; {
			d.take(qidSize + 9)
			list = append(list, d.str())
		}
		slices.Sort(list)
		return list
	}
	for _, test := range []struct{ names, want []string }{
		{nil, []string{"home", "mem"}},
		{[]string{"home"}, []string{"mine"}},
		{[]string{"home", "mine"}, []string{"file", "go"}},
		{[]string{"home", "mine", "go"}, []string{"file", "src", "tmp"}},
		{[]string{"mem"}, nil},
	} {
		if got := list(test.names...); !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, want %q", test.names, got, test.want)
		}
	}
	if n, err := p.walk(0, 900, "home", "secret"); n != 1 || err != nil {
		t.Errorf("home/secret: %d steps, %v", n, err)
	}
	p.fails(ENOENT, twalk, open("home"), 900, uint16(1), "secret")
	p.fails(ENOENT, twalk, open("home", "mine"), 900, uint16(1), "missing")
	p.fails(ENOENT, twalk, 0, 900, uint16(1), "etc")
	if want := []string{"/home/secret", "/home/secret", "/etc"}; !slices.Equal(outside, want) {
		t.Errorf("looked for outside: %q, want %q", outside, want)
	}

	root, home, mine := open(), open("home"), open("home", "mine")
	ro, src, rw, mem := open("home", "mine", "go"), open("home", "mine", "go", "src"), open("home", "mine", "go", "tmp"), open("mem")
	for fid, want := range map[int]Errno{root: EACCES, home: EACCES, ro: EROFS, src: EROFS} {
		p.fails(want, tmkdir, fid, "new", 0o777, 0)
		p.fails(want, tlcreate, fid, "new", 1, 0o666, 0)
		p.fails(want, tsymlink, fid, "new", "x", 0)
		p.fails(want, tunlinkat, fid, "file", 0)
		p.fails(want, trenameat, fid, "file", mine, "new")
		p.fails(want, tlink, fid, open("home", "mine", "file"), "new")
	}
	for _, fid := range []int{mine, rw, mem} {
		p.ok(tmkdir, fid, "new", 0o777, 0)
		p.ok(tsymlink, fid, "link", "x", 0)
	}
	file := open("home", "mine", "go", "src", "file")
	p.fails(EROFS, tlopen, file, oWrite)
	p.fails(EROFS, tlopen, file, oTrunc)
	p.fails(EROFS, tsetattr, file, SetSize, 0, 0, 0, uint64(0), uint64(0), uint64(0), uint64(0), uint64(0))
	// It stays there, and what holds it too.
	p.fails(EXDEV, tlink, mine, file, "mine")
	p.fails(EXDEV, trenameat, mine, "file", ro, "file")
	p.fails(EXDEV, trenameat, mine, "file", home, "file")
	p.fails(EXDEV, trenameat, mine, "file", mem, "file")
	p.fails(EACCES, trenameat, mine, "go", mine, "go2")
	p.fails(EACCES, trenameat, mine, "new", mine, "go")
	p.fails(EACCES, tunlinkat, mine, "go", removeDir)
	p.ok(tlopen, file, 0)
	if d := p.ok(tread, file, uint64(0), 10); d.u32() != 1 || string(d.b) != "s" {
		t.Errorf("read %q", d.b)
	}
	// From one tree to another that the host has as one.
	p.ok(trenameat, mine, "file", rw, "moved")
	if b, err := os.ReadFile(filepath.Join(dir, "mine/go/tmp/moved")); string(b) != "w" || err != nil {
		t.Errorf("moved: %q, %v", b, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "mine/go/src/file")); string(b) != "s" || err != nil {
		t.Errorf("go/src/file: %q, %v", b, err)
	}
}
