// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Terminal makes docs/terminal.svg, the terminal that README.md shows: it runs the commands
// of its script and draws what they print.
//
//	go run ./internal/terminal [-check]
//
// in the root of the tree, after ./make.bash. With -check it writes nothing, and fails if the
// commands print something else now. When what happened is not drawn: each line appears after
// the same pause.
package main

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// The script. What a command prints must be the same each time, and tell nothing of the host.
var script = []string{
	"GOOS=dios goroot/bin/go run ./testdata/hello",
	"GOOS=dios goroot/bin/go build -o build/ ./testdata/hello ./testdata/fibtasks",
	"bin/brand show build/fibtasks goroot/bin/go bin/dizibox",
	"bin/brand audit build/fibtasks && echo may be pure",
	"bin/dios run build/fibtasks",
	"bin/dios shell -put build/hello -c './build/hello | wc -w; ./build/hello & wait $!; echo status $?'",
}

const (
	file  = "docs/terminal.svg"
	width = 100 // columns
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail if the commands print something else")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "terminal:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	lines, err := record(script)
	if err != nil {
		return err
	}
	svg := draw(lines)
	if !check {
		return os.WriteFile(file, svg, 0o666)
	}
	if old, err := os.ReadFile(file); err != nil || !bytes.Equal(old, svg) {
		return fmt.Errorf("%s is not what the commands print now; run: go run ./internal/terminal", file)
	}
	return nil
}

// A line on the screen: a command, or what one printed.
type line struct {
	text    string
	command bool
}

// record runs commands and returns what a terminal would show.
func record(commands []string) ([]line, error) {
	var lines []line
	for _, command := range commands {
		lines = append(lines, fold("$ "+command, true)...)
		cmd := exec.Command("bash", "-c", command)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", command, err, out)
		}
		for text := range strings.Lines(string(out)) {
			lines = append(lines, fold(strings.TrimRight(text, "\n"), false)...)
		}
	}
	return lines, nil
}

// fold breaks a line where a terminal does.
func fold(text string, command bool) []line {
	var lines []line
	r := []rune(strings.ReplaceAll(text, "\t", "        "))
	for len(r) > width {
		lines = append(lines, line{string(r[:width]), command})
		r = r[width:]
	}
	return append(lines, line{string(r), command})
}

// draw returns the lines as an SVG.
func draw(lines []line) []byte {
	const (
		column = 8.4 // of a monospace font of 14
		row    = 20
		border = 14
		pause  = 0.35 // seconds
	)
	w, h := int(width*column)+2*border, len(lines)*row+2*border
	var b bytes.Buffer
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n", w, h, w, h)
	b.WriteString("<!-- made by: go run ./internal/terminal -->\n")
	b.WriteString(`<style>
text { font: 14px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d8dee9; white-space: pre; animation: show 1ms step-end backwards; }
.c { fill: #a3be8c; }
@keyframes show { from { opacity: 0; } to { opacity: 1; } }
@media (prefers-reduced-motion: reduce) { text { animation: none; } }
</style>
`)
	fmt.Fprintf(&b, "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#2e3440\"/>\n", w, h)
	for i, l := range lines {
		class := ""
		if l.command {
			class = ` class="c"`
		}
		fmt.Fprintf(&b, "<text%s x=\"%d\" y=\"%d\" xml:space=\"preserve\" style=\"animation-delay: %.2fs\">", class, border, border+i*row+15, float64(i)*pause)
		xml.EscapeText(&b, []byte(l.text))
		b.WriteString("</text>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
