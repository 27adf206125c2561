// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is a whole header, small enough to be broken in many ways.
const small = `/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * small.h - a header
 */
#ifndef SMALL_H
#define SMALL_H

#include <linux/types.h>

#define DIOS_ABI_VERSION	1	/* the version */
#define DIOS_OSABI	0xD1	/* the mark */

/* Brands. */
#define DIOS_BRAND_PURE	0x05	/* pure: a task */

/* How calls are made. */
/*
 * dios_create - make it
 *
 * flags: none
 * name: in or out,
 *   32 bytes
 *
 * It is made.
 *
 * Errors: EINVAL
 */
#define DIOS_CREATE	0xD100	/* create(flags, name) */
/*
 * dios_delete - drop it
 *
 * ref: the reference
 *
 * Errors: EINVAL EFAULT
 */
#define DIOS_DELETE	0xD101	/* delete(ref) */
#define DIOS_NCALL	2	/* how many */

/* Errors. */
#define DIOS_EINVAL	1	/* invalid argument */
#define DIOS_EFAULT	2	/* bad address */

/* Types. */
#define DIOS_T_SELF	1	/* itself */
#define DIOS_T_MAX	1	/* the highest */

/* A piece. */
struct dios_iov {
	__u64 addr;	/* first byte */
	__u64 len;	/* bytes */
};
_Static_assert(sizeof(struct dios_iov) == 16, "dios_iov");

/* Many pieces. */
struct dios_many {
	__u32 n;	/* how many */
	__u32 pad;	/* 0 */
	struct dios_iov iov[3];	/* them */
	__u8 name[8];	/* a name */
};
_Static_assert(sizeof(struct dios_many) == 64, "dios_many");

#endif /* SMALL_H */
`

func TestParse(t *testing.T) {
	h, errs := parse("small.h", small)
	for _, err := range errs {
		t.Error(err)
	}
	if got, want := h.calling, "How calls are made."; got != want {
		t.Errorf("calling = %q, want %q", got, want)
	}
	if len(h.calls) != 2 {
		t.Fatalf("%d calls, want 2", len(h.calls))
	}
	k := h.calls[0]
	wantArgs := []arg{{"flags", "none"}, {"name", "in or out, 32 bytes"}}
	if diff := cmp.Diff(wantArgs, k.args, cmp.AllowUnexported(arg{})); diff != "" {
		t.Errorf("arguments of create (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"It is made."}, k.paras); diff != "" {
		t.Errorf("text of create (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"EINVAL", "EFAULT"}, h.calls[1].errors); diff != "" {
		t.Errorf("errors of delete (-want +got):\n%s", diff)
	}
	many := h.structByName("many")
	if many == nil {
		t.Fatal("no struct dios_many")
	}
	var offsets []uint64
	for _, f := range many.fields {
		offsets = append(offsets, f.offset)
	}
	if diff := cmp.Diff([]uint64{0, 4, 8, 56}, offsets); diff != "" {
		t.Errorf("offsets in struct dios_many (-want +got):\n%s", diff)
	}
}

// Each way to break the header gives an error that says where and why.
func TestBroken(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new string // the first old in the header becomes new
		want     string // part of the first error
	}{
		{"unknown line", "#define DIOS_NCALL\t2", "typedef int x;\n#define DIOS_NCALL\t2", `small.h:37: not understood: "typedef int x;"`},
		{"unknown directive", "#define DIOS_NCALL\t2", "#pragma once\n#define DIOS_NCALL\t2", `small.h:37: not understood: "#pragma once"`},
		{"undef", "/* Types. */", "#undef DIOS_X", `not understood: "#undef DIOS_X"`},
		{"other include", "<linux/types.h>", "<stdint.h>", "small.h:8: the only include is <linux/types.h>"},
		{"blanks at the end", "#define DIOS_OSABI\t0xD1\t/* the mark */", "#define DIOS_OSABI\t0xD1\t/* the mark */ ", "small.h:11: white space at the end"},
		{"carriage return", "#include <linux/types.h>\n", "#include <linux/types.h>\r\n", "small.h:8: white space at the end"},
		{"text after the end", "#endif /* SMALL_H */\n", "#endif /* SMALL_H */\nint x;\n", "text after #endif"},
		{"no end", "#endif /* SMALL_H */\n", "", "no #endif"},
		{"other end", "#endif /* SMALL_H */\n", "#endif\n", `not understood: "#endif"`},
		{"no guard", "#ifndef SMALL_H\n", "", `"SMALL_H" is not a name of the form DIOS_X`},
		{"two guards", "#include", "#ifndef X\n#include", "a second #ifndef"},

		{"define without number", "DIOS_OSABI\t0xD1\t/* the mark */", "DIOS_OSABI", `small.h:11: DIOS_OSABI: "" is not a number`},
		{"define without name", "#define DIOS_OSABI\t0xD1\t/* the mark */", "#define", `not understood: "#define"`},
		{"name without prefix", "DIOS_OSABI", "OSABI", `"OSABI" is not a name of the form DIOS_X`},
		{"lower-case name", "DIOS_OSABI", "DIOS_osabi", `"DIOS_osabi" is not a name of the form DIOS_X`},
		{"macro with arguments", "DIOS_OSABI\t", "DIOS_OSABI(x)\t", `"DIOS_OSABI(x)" is not a name`},
		{"expression", "0xD1\t", "(0xD0+1)\t", `DIOS_OSABI: "(0xD0+1)" is not a number`},
		{"shift", "0xD1\t", "1 << 3\t", `DIOS_OSABI has no /* text */`},
		{"octal", "0xD1\t", "0321\t", `DIOS_OSABI: "0321" is not a number`},
		{"suffix", "0xD1\t", "0xD1ULL\t", `DIOS_OSABI: "0xD1ULL" is not a number`},
		{"negative", "0xD1\t", "-1\t", `DIOS_OSABI: "-1" is not a number`},
		{"too big", "0xD1\t", "0x10000000000000000\t", "DIOS_OSABI: 0x10000000000000000 does not fit in 64 bits"},
		{"no text", "\t0xD1\t/* the mark */", "\t0xD1", "DIOS_OSABI has no /* text */"},
		{"empty text", "/* the mark */", "/* */", "DIOS_OSABI has no /* text */"},
		{"C++ comment", "/* the mark */", "// the mark", "DIOS_OSABI has no /* text */"},
		{"text over two lines", "/* the mark */", "/* the\n * mark */", "DIOS_OSABI has no /* text */, in the same line"},
		{"defined twice", "#define DIOS_OSABI\t", "#define DIOS_ABI_VERSION\t", "small.h:11: DIOS_ABI_VERSION is already defined in line 10"},

		{"comment not closed", "_Static_assert(sizeof(struct dios_many) == 64, \"dios_many\");\n\n#endif /* SMALL_H */\n", "_Static_assert(sizeof(struct dios_many) == 64, \"dios_many\");\n/*\n", "comment is not closed"},
		{"comment begins with text", "/*\n * small.h", "/* hello\n * small.h", "small.h:2: a comment is /* text */"},
		{"comment without star", " * small.h - a header", "small.h - a header", "small.h:3: a line of a comment begins with ' *'"},

		{"same error number", "DIOS_EFAULT\t2", "DIOS_EFAULT\t1", "DIOS_EFAULT has the number of DIOS_EINVAL in line 40"},
		{"error 0", "DIOS_EFAULT\t2", "DIOS_EFAULT\t0", "DIOS_EFAULT: an error is 1 to 255"},
		{"type above the highest", "DIOS_T_SELF\t1", "DIOS_T_SELF\t2", "DIOS_T_SELF is above DIOS_T_MAX"},
		{"brand without its name", "pure: a task", "a task", `the text of DIOS_BRAND_PURE must begin with "pure: "`},
		{"no ABI version", "#define DIOS_ABI_VERSION\t1\t/* the version */\n", "", "DIOS_ABI_VERSION is not defined"},

		{"manual of another call", " * dios_delete - drop it", " * dios_drop - drop it", "the manual above DIOS_DELETE is that of dios_drop"},
		{"text of another call", "/* delete(ref) */", "/* drop(ref) */", "DIOS_DELETE: its text must be delete(arguments)"},
		{"argument missing in the manual", " * ref: the reference\n", "", "the manual of dios_delete explains [], the call takes [ref]"},
		{"argument too many in the manual", " * ref: the reference\n", " * ref: the reference\n * len: bytes\n", "the manual of dios_delete explains [ref len], the call takes [ref]"},
		{"seven arguments", "create(flags, name)", "create(a, b, c, d, e, f, g)", "DIOS_CREATE has 7 arguments; there are six registers"},
		{"unknown error in the manual", "Errors: EINVAL EFAULT", "Errors: EINVAL EBAD", "the manual of dios_delete has the error EBAD, which is not defined"},
		{"no errors", " * Errors: EINVAL EFAULT\n", " * None.\n", "the manual of dios_delete has no Errors"},
		{"text after errors", " * Errors: EINVAL EFAULT\n", " * Errors: EINVAL EFAULT\n *\n * More.\n", "the manual of dios_delete goes on after its Errors"},
		{"hole in the numbers", "0xD101", "0xD102", "DIOS_DELETE is 0xD102; the calls are numbered one after the other"},
		{"wrong count", "DIOS_NCALL\t2", "DIOS_NCALL\t3", "DIOS_NCALL is 3, and there are 2 calls"},
		{"no count", "#define DIOS_NCALL\t2\t/* how many */\n", "", "DIOS_NCALL is not defined"},

		{"struct without prefix", "struct dios_iov {", "struct iov {", `not understood: "struct iov {"`},
		{"brace in the next line", "struct dios_iov {", "struct dios_iov\n{", `not understood: "struct dios_iov"`},
		{"struct without comment", "/* A piece. */\n", "", "struct dios_iov has no comment above it"},
		{"struct without fields", "\t__u64 addr;\t/* first byte */\n\t__u64 len;\t/* bytes */\n", "", "struct dios_iov has no fields"},
		{"struct defined twice", "struct dios_many {", "struct dios_iov {", "struct dios_iov is already defined in line 48"},
		{"struct not closed", "};\n_Static_assert(sizeof(struct dios_many) == 64, \"dios_many\");\n\n#endif /* SMALL_H */\n", "", "struct dios_many is not closed"},
		{"other type", "__u64 addr;", "long addr;", "struct dios_iov: not a field"},
		{"pointer", "__u64 addr;", "__u64 *addr;", "struct dios_iov: not a field"},
		{"bit field", "__u32 n;", "__u32 n:4;", "struct dios_many: not a field"},
		{"field without text", "__u64 addr;\t/* first byte */", "__u64 addr;", "struct dios_iov: not a field"},
		{"blank line in a struct", "\t__u64 len;", "\n\t__u64 len;", `struct dios_iov: not a field: ""`},
		{"field defined twice", "__u64 len;", "__u64 addr;", "field addr is already defined in line 49"},
		{"unknown struct", "struct dios_iov iov[3]", "struct dios_vec iov[3]", "field iov: struct dios_vec is not defined above"},
		{"named array length", "name[8]", "name[DIOS_X]", "struct dios_many: not a field"},
		{"array of none", "name[8]", "name[0]", "field name: bad array length 0"},
		{"padding inside", "\t__u32 pad;\t/* 0 */\n", "", "struct dios_many: 4 bytes of padding before field iov"},
		{"padding at the end", "__u8 name[8];", "__u8 name[7];", "struct dios_many ends with 1 bytes of padding"},
		{"wrong size", "== 64", "== 60", "struct dios_many is 64 bytes, not 60"},
		{"no size", "_Static_assert(sizeof(struct dios_iov) == 16, \"dios_iov\");\n", "", "struct dios_iov has no _Static_assert of its size in the next line"},
		{"size of another", "sizeof(struct dios_many)", "sizeof(struct dios_iov)", "_Static_assert names dios_iov and dios_many after struct dios_many"},
		{"size of nothing", "/* Types. */\n", "_Static_assert(sizeof(struct dios_iov) == 16, \"dios_iov\");\n", "_Static_assert is not in the line after a struct"},
		{"other assertion", "_Static_assert(sizeof(struct dios_iov) == 16, \"dios_iov\");", "_Static_assert(1, \"x\");", "not understood: \"_Static_assert(1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(small, test.old) {
				t.Fatalf("the header has no %q", test.old)
			}
			_, errs := parse("small.h", strings.Replace(small, test.old, test.new, 1))
			if len(errs) == 0 {
				t.Fatal("no error")
			}
			var all []string
			for _, err := range errs {
				if !strings.HasPrefix(err.Error(), "small.h:") {
					t.Errorf("error without a place: %v", err)
				}
				all = append(all, err.Error())
			}
			if !strings.Contains(strings.Join(all, "\n"), test.want) {
				t.Errorf("got\n%s\nwant %s", strings.Join(all, "\n"), test.want)
			}
		})
	}
}

// One run shows every error.
func TestAllErrors(t *testing.T) {
	text := strings.Replace(small, "0xD1\t", "x\t", 1)
	text = strings.Replace(text, "== 64", "== 60", 1)
	_, errs := parse("small.h", text)
	if len(errs) < 2 {
		t.Errorf("%d errors, want at least 2: %v", len(errs), errs)
	}
}

// root is the folder of the project.
const root = "../.."

// What is in the project is what mkabi makes.
func TestFresh(t *testing.T) {
	var stderr bytes.Buffer
	if status := run([]string{"-root", root, "-check"}, &stderr); status != 0 {
		t.Errorf("status %d\n%s", status, &stderr)
	}
}

// The C compiler agrees with the header, with all warnings on.
func TestHeaderCompiles(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no gcc")
	}
	cmd := exec.Command(gcc, "-std=gnu11", "-Wall", "-Wextra", "-Wpadded", "-Werror", "-fsyntax-only", "-x", "c", "-")
	cmd.Stdin = strings.NewReader("#include \"dios.h\"\nint x;\n")
	cmd.Dir = filepath.Join(root, "abi")
	cmd.Args = append(cmd.Args, "-I.")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// importer finds the two generated packages among those already checked.
type importer map[string]*types.Package

func (m importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	return m[path], nil
}

// The generated Go type-checks; that includes the sizes of the structures, since
// each is asserted by the types of an assignment. The two packages for DIOS
// are not part of this module, so go vet does not see them.
func TestGoCompiles(t *testing.T) {
	h, errs := readHeader(t)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	checked := make(importer)
	for _, o := range outputs[:3] {
		src, err := o.make(h)
		if err != nil {
			t.Errorf("%s: %v", o.path, err)
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, o.path, src, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		conf := types.Config{Importer: checked, Sizes: types.SizesFor("gc", "amd64")}
		// Package syscall/dios imports a package of its own name; that is
		// allowed, and this shows that it works.
		path := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(o.path)), "src/")
		pkg, err := conf.Check(path, fset, []*ast.File{f}, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		checked[path] = pkg
	}
}

// A structure whose size is wrong in Go does not compile.
func TestSizeCheckFails(t *testing.T) {
	h, errs := readHeader(t)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	h.structs[0].size += 8
	src, err := genRuntime(h)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "zabi_dios.go", src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: importer{}, Sizes: types.SizesFor("gc", "amd64")}
	if _, err := conf.Check("dios", fset, []*ast.File{f}, nil); err == nil {
		t.Error("no error")
	}
}

func readHeader(t *testing.T) (*header, []error) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, headerPath))
	if err != nil {
		t.Fatal(err)
	}
	return parse(headerPath, string(text))
}

// tree makes a folder with a header, and returns it.
func tree(t *testing.T, header string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "abi"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, headerPath), []byte(header), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCheckNamesStaleFiles(t *testing.T) {
	dir := tree(t, small)
	mkabi := func(args ...string) (int, string) {
		var stderr bytes.Buffer
		status := run(append([]string{"-root", dir}, args...), &stderr)
		return status, stderr.String()
	}

	status, text := mkabi("-check")
	if status != 1 {
		t.Errorf("-check without files: status %d, want 1", status)
	}
	for _, o := range outputs {
		if want := "mkabi: " + o.path + " does not exist\n"; !strings.Contains(text, want) {
			t.Errorf("-check without files: no %q in\n%s", want, text)
		}
		if _, err := os.Stat(filepath.Join(dir, o.path)); err == nil {
			t.Errorf("-check wrote %s", o.path)
		}
	}

	if status, text := mkabi(); status != 0 || text != "" {
		t.Fatalf("status %d, want 0 and silence\n%s", status, text)
	}
	if status, text := mkabi("-check"); status != 0 || text != "" {
		t.Errorf("-check of fresh files: status %d, want 0 and silence\n%s", status, text)
	}

	// Each file alone.
	for _, o := range outputs {
		path := filepath.Join(dir, o.path)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(data, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
		status, text := mkabi("-check")
		if status != 1 || !strings.Contains(text, "mkabi: "+o.path+" is stale\n") {
			t.Errorf("-check of a stale %s: status %d\n%s", o.path, status, text)
		}
		if n := strings.Count(text, "is stale"); n != 1 {
			t.Errorf("-check of a stale %s names %d files:\n%s", o.path, n, text)
		}
		if status, text := mkabi(); status != 0 {
			t.Errorf("writing %s anew: status %d\n%s", o.path, status, text)
		}
	}
}

// A broken header leaves what is there alone.
func TestBrokenHeaderWritesNothing(t *testing.T) {
	dir := tree(t, strings.Replace(small, "0xD1\t", "x\t", 1))
	var stderr bytes.Buffer
	if status := run([]string{"-root", dir}, &stderr); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	if want := "abi/dios.h:11: DIOS_OSABI"; !strings.Contains(stderr.String(), want) {
		t.Errorf("no %q in\n%s", want, &stderr)
	}
	for _, o := range outputs {
		if _, err := os.Stat(filepath.Join(dir, o.path)); err == nil {
			t.Errorf("%s was written", o.path)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-x"}, 2, "flag provided but not defined: -x"},
		{[]string{"file"}, 2, "usage: mkabi"},
		{[]string{"-h"}, 0, "usage: mkabi"},
		{[]string{"-root", filepath.Join(t.TempDir(), "none")}, 1, "no such file or directory"},
	} {
		var stderr bytes.Buffer
		if status := run(test.args, &stderr); status != test.status {
			t.Errorf("mkabi %v: status %d, want %d", test.args, status, test.status)
		}
		if !strings.Contains(stderr.String(), test.want) {
			t.Errorf("mkabi %v: no %q in\n%s", test.args, test.want, &stderr)
		}
	}
}

// Without -root, mkabi looks for the header above the current folder.
func TestFindRoot(t *testing.T) {
	dir := tree(t, small)
	sub := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(sub, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(sub)
	var stderr bytes.Buffer
	if status := run(nil, &stderr); status != 0 {
		t.Fatalf("status %d\n%s", status, &stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "docs", "calls.md")); err != nil {
		t.Error(err)
	}
	t.Chdir(t.TempDir())
	stderr.Reset()
	if status := run(nil, &stderr); status != 1 || !strings.Contains(stderr.String(), "no abi/dios.h in ") {
		t.Errorf("outside: status %d\n%s", status, &stderr)
	}
}

// Every call's manual reaches docs/calls.md with all that belongs to it.
func TestManual(t *testing.T) {
	h, errs := readHeader(t)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	data, err := genManual(h)
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(data), "\n## ")
	for _, k := range h.calls {
		var section string
		for _, s := range sections {
			if strings.HasPrefix(s, "dios_"+strings.ToLower(k.name)+"\n") {
				section = s
			}
		}
		if section == "" {
			t.Errorf("no section on %s", k.name)
			continue
		}
		for i, a := range k.args {
			if want := "| " + registers[i] + " | " + a.name + " | " + md(a.text) + " |\n"; !strings.Contains(section, want) {
				t.Errorf("%s: no %q", k.name, want)
			}
		}
		for _, e := range k.errors {
			if want := "| " + e + " | " + md(h.consts["DIOS_"+e].text) + " |\n"; !strings.Contains(section, want) {
				t.Errorf("%s: no %q", k.name, want)
			}
		}
	}
}
