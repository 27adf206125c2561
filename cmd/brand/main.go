// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"dios/internal/abi"
	"dios/internal/brand"
)

const usage = `usage: brand [show] [-json] file...
       brand set [-from brand] [-n] [-replace] [-json] brand file...
       brand set [-from brand] [-n] [-json] -o file brand file
       brand verify [-brand brand] [-json] file...
       brand audit [-v] [-json] file...
       brand list [-json]
       brand -l | -t brand [flags of set] file...
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments. It returns the exit status.
func run(args []string, stdin *os.File, stdout, stderr io.Writer) int {
	c := &command{stdin: stdin, stdout: stdout, stderr: stderr}
	verb := ""
	if len(args) > 0 {
		switch args[0] {
		case "show", "set", "verify", "audit", "list":
			verb, args = args[0], args[1:]
		}
	}
	flags := flag.NewFlagSet("brand", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // its messages lack our form
	flags.BoolVar(&c.json, "json", false, "")
	var list bool
	var to, from, want string
	if verb == "" { // as FreeBSD's brandelf has them
		flags.BoolVar(&list, "l", false, "")
		flags.StringVar(&to, "t", "", "")
	}
	if verb == "" || verb == "set" {
		flags.BoolVar(&c.opts.DryRun, "n", false, "")
		flags.BoolVar(&c.opts.Replace, "replace", false, "")
		flags.StringVar(&from, "from", "", "")
		flags.StringVar(&c.output, "o", "", "")
	}
	if verb == "audit" {
		flags.BoolVar(&c.verbose, "v", false, "")
	}
	if verb == "verify" {
		flags.StringVar(&want, "brand", "", "")
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, usage)
			return 0
		}
		return c.misused("%v", err)
	}
	args = flags.Args()
	if verb == "" {
		verb = "show"
		set := ""
		flags.Visit(func(f *flag.Flag) {
			switch f.Name {
			case "n", "replace", "from", "o":
				set = f.Name
			}
		})
		switch {
		case list && to != "":
			return c.misused("-l and -t are two things to do")
		case to != "":
			verb, args = "set", append([]string{to}, args...)
		case set != "":
			return c.misused("-%s is for set", set)
		case list:
			verb = "list"
		}
	}

	switch verb {
	case "list":
		if len(args) > 0 {
			return c.misused("list takes no files")
		}
		c.list()
		return c.status
	case "set":
		if len(args) == 0 {
			return c.misused("no brand")
		}
		b, err := brand.Parse(args[0])
		if err != nil {
			return c.misused("%v", err)
		}
		c.to, args = b, args[1:]
		if from != "" {
			b, err := brand.Parse(from)
			if err != nil {
				return c.misused("-from: %v", err)
			}
			c.opts.From = &b
		}
		switch {
		case c.output == "":
		case c.opts.Replace:
			return c.misused("-replace and -o are two things to do")
		case len(args) > 1:
			return c.misused("-o is for one file")
		case c.output == "-" && (c.json || c.opts.DryRun):
			return c.misused("with -o - the copy is the output")
		}
	case "verify":
		if want != "" {
			b, err := brand.Parse(want)
			if err != nil {
				return c.misused("-brand: %v", err)
			}
			c.want = &b
		}
	}
	if len(args) == 0 {
		return c.misused("no file")
	}
	dashes := 0
	for _, file := range args {
		if file == "-" {
			dashes++
		}
	}
	if dashes > 1 {
		return c.misused("- is standard input, which can be read once")
	}
	if verb == "set" && dashes > 0 && c.output == "" {
		return c.misused("standard input cannot be changed; -o says where the branded copy goes")
	}
	for _, file := range args {
		var err error
		if verb == "set" && c.output == "" {
			err = c.set(file)
		} else {
			err = c.with(file, map[string]func(string, *os.File) error{
				"show": c.show, "set": c.copy, "verify": c.verify, "audit": c.audit,
			}[verb])
		}
		if err != nil {
			c.failed(file, err)
		}
	}
	return c.status
}

// A command is one run of brand.
type command struct {
	stdin          *os.File
	stdout, stderr io.Writer
	status         int

	json   bool
	to     abi.Brand     // set
	output string        // set
	opts   brand.Options // set
	want   *abi.Brand    // verify

	verbose bool // audit
}

func (c *command) misused(format string, args ...any) int {
	fmt.Fprintf(c.stderr, "brand: %s (brand -h shows the usage)\n", fmt.Sprintf(format, args...))
	return 2
}

func (c *command) failed(file string, err error) {
	if file == "-" {
		file = "standard input"
	}
	fmt.Fprintf(c.stderr, "brand: %s: %v\n", file, err)
	c.status = 1
}

// print writes a line of results; a reader that is gone is a failure too.
func (c *command) print(format string, args ...any) {
	if _, err := fmt.Fprintf(c.stdout, format, args...); err != nil {
		c.failed("standard output", err)
	}
}

func (c *command) printJSON(v any) {
	data, err := json.Marshal(v)
	if err != nil {
		c.failed("json", err)
		return
	}
	c.print("%s\n", data)
}

// maxInput is the longest program that is taken from standard input, which is
// stored until it has been looked at.
const maxInput = 4 << 30

// with does something to a file, or to standard input.
func (c *command) with(file string, do func(string, *os.File) error) error {
	if file != "-" {
		f, err := brand.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		return do(file, f)
	}
	if fi, err := c.stdin.Stat(); err == nil && fi.Mode().IsRegular() {
		return do(file, c.stdin)
	}
	// The headers lead here and there, so a pipe is stored first.
	f, err := os.CreateTemp("", "brand-*")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return err
	}
	if err := f.Chmod(0o755); err != nil { // a pipe has no mode of a program
		return err
	}
	n, err := io.Copy(f, io.LimitReader(c.stdin, maxInput+1))
	if err != nil {
		return err
	}
	if n > maxInput {
		return fmt.Errorf("longer than %d bytes; store it in a file", int64(maxInput))
	}
	return do(file, f)
}

func (c *command) show(file string, f *os.File) error {
	info, err := brand.ReadFile(f)
	if err != nil {
		return err
	}
	if !c.json {
		c.print("%s: %s\n", file, info.Brand.Name)
		return nil
	}
	c.printJSON(struct {
		File       string `json:"file"`
		Brand      string `json:"brand"`
		OSABI      byte   `json:"osabi"`
		ABIVersion byte   `json:"abiversion"`
	}{file, info.Brand.Name, info.OSABI, info.ABIVersion})
	return nil
}

func (c *command) set(file string) error {
	was, err := brand.Set(file, c.to, c.opts)
	if err == nil {
		c.report(file, was)
	}
	return err
}

func (c *command) copy(file string, f *os.File) error {
	var was brand.Info
	var err error
	if c.output == "-" {
		_, err = brand.CopyTo(output{c.stdout}, f, c.to, c.opts)
		return err
	}
	was, err = brand.Copy(f, c.output, c.to, c.opts)
	if err == nil {
		c.report(file, was)
	}
	return err
}

// An output is standard output as a file to write: an error names it.
type output struct{ io.Writer }

func (o output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	if err != nil {
		err = fmt.Errorf("standard output: %w", err)
	}
	return n, err
}

// report tells what set did, or would do.
func (c *command) report(file string, was brand.Info) {
	name := was.Brand.Name
	if name == "" {
		name = fmt.Sprintf("unknown brand %#02x", was.ABIVersion)
	}
	if c.json {
		c.printJSON(struct {
			File    string `json:"file"`
			Was     string `json:"was"`
			Brand   string `json:"brand"`
			Output  string `json:"output,omitempty"`
			Written bool   `json:"written"`
		}{file, name, c.to.Name, c.output, !c.opts.DryRun && (was.Brand != c.to || c.output != "")})
		return
	}
	switch {
	case !c.opts.DryRun:
	case was.Brand == c.to:
		c.print("%s: %s already\n", file, c.to.Name)
	default:
		c.print("%s: %s -> %s\n", file, name, c.to.Name)
	}
}

func (c *command) verify(file string, f *os.File) error {
	info, problems, err := brand.Verify(f)
	if err != nil && info.OSABI == 0 {
		return err
	}
	if err != nil {
		problems = append(problems, err.Error())
	}
	if c.want != nil && err == nil && info.Brand != *c.want {
		problems = append(problems, fmt.Sprintf("is %s, not %s; brand set gives it that brand", info.Brand.Name, c.want.Name))
	}
	if c.json {
		c.printJSON(struct {
			File     string   `json:"file"`
			Brand    string   `json:"brand"`
			OK       bool     `json:"ok"`
			Problems []string `json:"problems,omitempty"`
		}{file, info.Brand.Name, len(problems) == 0, problems})
		if len(problems) > 0 {
			c.status = 1
		}
		return nil
	}
	for _, p := range problems {
		c.failed(file, errors.New(p))
	}
	return nil
}

func (c *command) audit(file string, f *os.File) error {
	a, info, err := brand.AuditFile(f)
	if err != nil {
		return err
	}
	if !a.Pure() {
		c.status = 1
	}
	if c.json {
		c.printJSON(auditJSON(file, info, a))
		return nil
	}
	total, foreign := len(a.Sites)+a.More, a.Foreign()
	if a.Pure() {
		c.print("%s: can be pure: %s, and a pure program may have each\n", file, count(total, "system call"))
	}
	for _, p := range a.Problems {
		c.print("%s: cannot be pure: %s\n", file, p)
	}
	if foreign > 0 {
		c.print("%s: cannot be pure: of %s, %d cannot be in a pure program\n", file, count(total, "system call"), foreign)
	}
	for _, s := range a.Sites {
		if s.OK && !c.verbose {
			continue
		}
		where := ""
		if s.Func != "" {
			where = fmt.Sprintf(" %s+%#x", s.Func, s.Offset)
		}
		mark := ""
		if c.verbose && s.OK {
			mark = " (may be there)"
		}
		c.print("%s: %#x%s: %s: %s%s\n", file, s.Addr, where, s.Instruction, s.Why, mark)
	}
	if a.More > 0 {
		c.print("%s: and %d more, which were not looked at\n", file, a.More)
	}
	return nil
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// auditJSON is an audit as it is printed with -json.
func auditJSON(file string, info brand.Info, a *brand.Audit) any {
	type site struct {
		Address     string `json:"address"`
		Func        string `json:"func,omitempty"`
		Offset      uint64 `json:"offset,omitempty"`
		Instruction string `json:"instruction"`
		Number      *int64 `json:"number,omitempty"`
		Undecoded   bool   `json:"undecoded,omitempty"`
		OK          bool   `json:"ok"`
		Why         string `json:"why"`
	}
	sites := []site{}
	for _, s := range a.Sites {
		j := site{fmt.Sprintf("%#x", s.Addr), s.Func, s.Offset, s.Instruction, nil, s.Undecoded, s.OK, s.Why}
		if s.Known {
			j.Number = &s.Number
		}
		sites = append(sites, j)
	}
	return struct {
		File     string   `json:"file"`
		Brand    string   `json:"brand"`
		Pure     bool     `json:"pure"`
		Problems []string `json:"problems,omitempty"`
		Sites    []site   `json:"sites"`
		More     int      `json:"more,omitempty"`
		Inside   int      `json:"inside,omitempty"`
	}{file, info.Brand.Name, a.Pure(), a.Problems, sites, a.More, a.Inside}
}

func (c *command) list() {
	for _, b := range abi.Brands {
		if !c.json {
			c.print("%-12s %#02x  %s\n", b.Name, b.Number, b.Text)
			continue
		}
		c.printJSON(struct {
			Name   string `json:"name"`
			Number byte   `json:"number"`
			Text   string `json:"text"`
		}{b.Name, b.Number, b.Text})
	}
}
