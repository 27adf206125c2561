// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

/*
Mkman writes the manual pages of the commands, docs/man/NAME.1, from the commands' own
documentation: the comment of package main in cmd/NAME.

Usage:

	go run ./cmd/mkman [-check]

in the root of the tree. With -check it writes nothing and fails if a page is not what it
would write. Read one with "man -l docs/man/brand.1".
*/
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

var commands = []string{"brand", "dios", "diosvet"}

func main() {
	check := flag.Bool("check", false, "write nothing; fail if a page is stale")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "mkman:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	var errs []error
	for _, name := range commands {
		want, err := page(filepath.Join("cmd", name), name)
		if err != nil {
			return err
		}
		file := filepath.Join("docs", "man", name+".1")
		if !check {
			if err := os.WriteFile(file, want, 0o666); err != nil {
				return err
			}
			continue
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			errs = append(errs, fmt.Errorf("%s is not what cmd/%s says; run: go run ./cmd/mkman", file, name))
		}
	}
	return errors.Join(errs...)
}

// text returns the comment of the package in a folder.
func text(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", err
	}
	fset := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			return "", err
		}
		parsed = append(parsed, f)
	}
	pkg, err := doc.NewFromFiles(fset, parsed, dir)
	if err != nil {
		return "", err
	}
	if pkg.Doc == "" {
		return "", fmt.Errorf("%s: no documentation", dir)
	}
	return pkg.Doc, nil
}

// page returns the manual page of a command. Its first paragraph becomes NAME, as far as
// the first colon or full stop, its first code SYNOPSIS, and the rest DESCRIPTION.
func page(dir, name string) ([]byte, error) {
	s, err := text(dir)
	if err != nil {
		return nil, err
	}
	var p comment.Parser
	d := p.Parse(s)
	blocks := d.Content
	if len(blocks) == 0 {
		return nil, fmt.Errorf("%s: no documentation", dir)
	}
	first, ok := blocks[0].(*comment.Paragraph)
	if !ok {
		return nil, fmt.Errorf("%s: the documentation does not begin with a paragraph", dir)
	}
	about := plain(first.Text)
	if i := strings.IndexAny(about, ":."); i > 0 {
		about = about[:i]
	}
	verb, about, _ := strings.Cut(about, " ")
	if !strings.EqualFold(verb, name) {
		return nil, fmt.Errorf("%s: the documentation does not begin with the command's name", dir)
	}

	var b bytes.Buffer
	fmt.Fprintf(&b, ".\\\" Generated from cmd/%s by cmd/mkman. DO NOT EDIT.\n", name)
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"DIOS for Go\"\n", strings.ToUpper(name))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", name, escape(strings.Join(strings.Fields(about), " ")))
	var rest []comment.Block
	synopsis := false
	for _, block := range blocks {
		switch c := block.(type) {
		case *comment.Code:
			if !synopsis {
				synopsis = true
				b.WriteString(".SH SYNOPSIS\n")
				code(&b, c.Text)
				continue
			}
		case *comment.Paragraph:
			if plain(c.Text) == "Usage:" {
				continue
			}
		}
		rest = append(rest, block)
	}
	if !synopsis {
		return nil, fmt.Errorf("%s: the documentation has no synopsis", dir)
	}
	b.WriteString(".SH DESCRIPTION\n")
	for _, block := range rest {
		write(&b, block)
	}
	return b.Bytes(), nil
}

func write(b *bytes.Buffer, block comment.Block) {
	switch c := block.(type) {
	case *comment.Heading:
		title := plain(c.Text)
		if strings.IndexFunc(title, unicode.IsUpper) < 0 {
			// The name of a thing, such as an analyzer: as it is.
			fmt.Fprintf(b, ".SS %s\n", escape(title))
			return
		}
		fmt.Fprintf(b, ".SH %s\n", escape(strings.ToUpper(title)))
	case *comment.Paragraph:
		fmt.Fprintf(b, ".PP\n%s\n", lines(plain(c.Text)))
	case *comment.Code:
		b.WriteString(".PP\n")
		code(b, c.Text)
	case *comment.List:
		for _, item := range c.Items {
			mark := item.Number
			if mark == "" {
				mark = `\(bu`
			}
			fmt.Fprintf(b, ".IP %s 4\n", mark)
			for i, block := range item.Content {
				if para, ok := block.(*comment.Paragraph); ok && i == 0 {
					fmt.Fprintf(b, "%s\n", lines(plain(para.Text)))
					continue
				}
				write(b, block)
			}
		}
	}
}

// code writes lines as they are.
func code(b *bytes.Buffer, text string) {
	b.WriteString(".nf\n.RS\n")
	for line := range strings.Lines(strings.ReplaceAll(text, "\t", "    ")) {
		b.WriteString(lines(strings.TrimRight(line, "\n")) + "\n")
	}
	b.WriteString(".RE\n.fi\n")
}

// plain returns text without links and emphasis.
func plain(text []comment.Text) string {
	var b strings.Builder
	for _, t := range text {
		switch t := t.(type) {
		case comment.Plain:
			b.WriteString(string(t))
		case comment.Italic:
			b.WriteString(string(t))
		case *comment.Link:
			b.WriteString(plain(t.Text))
		case *comment.DocLink:
			b.WriteString(plain(t.Text))
		}
	}
	return b.String()
}

// escape makes text mean itself to roff, within a line.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(s)
}

// lines is escape for whole lines, which could begin as requests do.
func lines(s string) string {
	out := strings.Split(escape(s), "\n")
	for i, line := range out {
		if strings.HasPrefix(line, ".") {
			out[i] = `\&` + line
		}
	}
	return strings.Join(out, "\n")
}
