// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"strings"
	"testing"
)

// texts returns the lines of an SVG, which must be well-formed.
func texts(t *testing.T, svg []byte) []string {
	t.Helper()
	var out []string
	in := false
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if in = tok.Name.Local == "text"; in {
				out = append(out, "")
			}
		case xml.EndElement:
			in = false
		case xml.CharData:
			if in {
				out[len(out)-1] += string(tok)
			}
		}
	}
}

func TestDraw(t *testing.T) {
	lines, err := record([]string{`printf 'a <b> & "c"\n\n  d\n'; echo error >&2`, "echo " + strings.Repeat("x", width+1)})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`$ printf 'a <b> & "c"\n\n  d\n'; echo error >&2`, `a <b> & "c"`, "", "  d", "error",
		"$ echo " + strings.Repeat("x", width-7), strings.Repeat("x", 8), strings.Repeat("x", width), "x"}
	if got := texts(t, draw(lines)); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if _, err := record([]string{"exit 3"}); err == nil {
		t.Error("a command that fails is drawn")
	}
}

// The picture has the commands of the script, and each printed something or is quiet on purpose.
func TestPicture(t *testing.T) {
	svg, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(texts(t, svg), "")
	for _, command := range script {
		if !strings.Contains(all, "$ "+command) {
			t.Errorf("%s does not show %q; run: go run ./internal/terminal", file, command)
		}
	}
}

// What the commands print now is what the picture shows.
func TestPictureIsCurrent(t *testing.T) {
	if os.Getenv("DIOS_TEST_VM") == "" {
		t.Skip("needs a virtual machine; DIOS_TEST_VM=1 allows it")
	}
	t.Chdir("../..")
	if err := run(true); err != nil {
		t.Error(err)
	}
}
