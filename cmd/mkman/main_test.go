// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestPagesAreCurrent(t *testing.T) {
	t.Chdir("../..")
	if err := run(true); err != nil {
		t.Error(err)
	}
}

// A page that somebody has edited, or not written again, is found.
func TestStale(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range commands {
		for _, dir := range []string{filepath.Join("cmd", name), filepath.Join("docs", "man")} {
			if err := os.MkdirAll(dir, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		source := "// " + strings.ToUpper(name[:1]) + name[1:] + " is tried.\n//\n//\t" + name + " file\npackage main\n"
		if err := os.WriteFile(filepath.Join("cmd", name, "doc.go"), []byte(source), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(true); err == nil {
		t.Error("pages that are not there pass")
	}
	if err := run(false); err != nil {
		t.Fatal(err)
	}
	if err := run(true); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile("docs/man/dios.1", []byte("other"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run(true); err == nil || !strings.Contains(err.Error(), "docs/man/dios.1 is not what cmd/dios says") {
		t.Errorf("an edited page: %v", err)
	}
}

func TestPage(t *testing.T) {
	dir := t.TempDir()
	source := `/*
Try tries things, and says so: that is all.

Usage:

	try [-a] file...
	.not -a request

.A line that looks like a request. With 'quotes' and a \.

  - one
  - two

# Exit status

None.
*/
package main
`
	if err := os.WriteFile(filepath.Join(dir, "doc.go"), []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	got, err := page(dir, "try")
	if err != nil {
		t.Fatal(err)
	}
	want := `.\" Generated from cmd/try by cmd/mkman. DO NOT EDIT.
.TH TRY 1 "" "DIOS for Go"
.SH NAME
try \- tries things, and says so
.SH SYNOPSIS
.nf
.RS
try [\-a] file...
\&.not \-a request
.RE
.fi
.SH DESCRIPTION
.PP
Try tries things, and says so: that is all.
.PP
\&.A line that looks like a request. With \(aqquotes\(aq and a \e.
.IP \(bu 4
one
.IP \(bu 4
two
.SH EXIT STATUS
.PP
None.
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRoff(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	for _, name := range commands {
		var errs bytes.Buffer
		cmd := exec.Command(groff, "-man", "-Tascii", "-ww", filepath.Join("../../docs/man", name+".1"))
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil || errs.Len() > 0 {
			t.Errorf("%v: %v\n%s", cmd.Args, err, errs.Bytes())
		}
		if !bytes.Contains(out, []byte(strings.ToUpper(name)+"(1)")) {
			t.Errorf("%s.1: no heading in what groff makes of it", name)
		}
	}
}

var (
	verbRE = regexp.MustCompile(`^\[?([a-z]+)\]?$`)
	flagRE = regexp.MustCompile(`^\[?(-[a-z]+)`)
	// A line of a list of flags.
	listedRE = regexp.MustCompile(`(?m)^(\\-[a-z][a-z\\-]*)`)
)

// Each command line of a synopsis, with each of its flags, is in a script that is a test, and so
// is each flag in a list.
func TestCommandLinesAreShown(t *testing.T) {
	flags := 0
	for _, name := range commands {
		var scripts []string
		for _, dir := range []string{"testdata", "testdata/script"} {
			files, err := filepath.Glob(filepath.Join("..", name, dir, "*.txt"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				scripts = append(scripts, strings.Split(string(data), "\n")...)
			}
		}
		shown := func(parts ...string) bool {
			pattern := `(?:^|\s)` + regexp.QuoteMeta(parts[0])
			for _, p := range parts[1:] {
				if p[0] == '-' {
					pattern += `\b.*`
				}
				pattern += `\s` + regexp.QuoteMeta(p)
			}
			re := regexp.MustCompile(pattern + `\b`)
			for _, line := range scripts {
				if re.MatchString(line) {
					return true
				}
			}
			return false
		}
		page, err := os.ReadFile(filepath.Join("../../docs/man", name+".1"))
		if err != nil {
			t.Fatal(err)
		}
		_, synopsis, _ := strings.Cut(string(page), ".SH SYNOPSIS\n.nf\n.RS\n")
		synopsis, _, _ = strings.Cut(synopsis, ".RE\n")
		// A flag that only a list tells of is in some line of this command.
		for _, m := range listedRE.FindAllStringSubmatch(string(page), -1) {
			flags++
			if f := strings.ReplaceAll(m[1], `\-`, "-"); !shown(name, f) {
				t.Errorf("%s(1): no script shows %s", name, f)
			}
		}
		lines := 0
		for line := range strings.Lines(strings.ReplaceAll(synopsis, `\-`, "-")) {
			words := strings.Fields(line)
			for len(words) > 0 && strings.Contains(words[0], "=") {
				words = words[1:] // environment
			}
			if len(words) == 0 || strings.HasPrefix(line, " ") {
				continue // more about the line before
			}
			lines++
			parts := words[:1]
			rest := words[1:]
			if len(rest) > 0 && verbRE.MatchString(rest[0]) {
				if rest[0][0] != '[' {
					parts = append(parts, rest[0])
				}
				rest = rest[1:]
			}
			if !shown(parts...) {
				t.Errorf("%s(1): no script shows %q", name, strings.TrimSpace(line))
			}
			for _, w := range rest {
				m := flagRE.FindStringSubmatch(w)
				if m != nil && !shown(append(parts[:len(parts):len(parts)], m[1])...) {
					t.Errorf("%s(1): no script shows %v with %s", name, parts, m[1])
				}
			}
		}
		if lines < 2 {
			t.Errorf("%s(1): %d command lines found", name, lines)
		}
	}
	if flags < 20 {
		t.Errorf("%d flags found", flags)
	}
}
