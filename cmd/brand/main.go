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
	"os"

	"dios/internal/abi"
	"dios/internal/brand"
)

const usage = `usage: brand [show] [-json] file...
       brand set [-n] [-from brand] brand file...
       brand list [-json]
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments. It returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	c := &command{stdout: stdout, stderr: stderr}
	verb := "show"
	if len(args) > 0 {
		switch args[0] {
		case "show", "set", "list":
			verb, args = args[0], args[1:]
		}
	}
	flags := flag.NewFlagSet("brand", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // its messages lack our form
	var asJSON, dryRun bool
	var from string
	if verb == "set" {
		flags.BoolVar(&dryRun, "n", false, "")
		flags.StringVar(&from, "from", "", "")
	} else {
		flags.BoolVar(&asJSON, "json", false, "")
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, usage)
			return 0
		}
		return c.misused("%v", err)
	}
	args = flags.Args()

	switch verb {
	case "show":
		if len(args) == 0 {
			return c.misused("no file")
		}
		for _, file := range args {
			c.show(file, asJSON)
		}
	case "set":
		if len(args) == 0 {
			return c.misused("no brand")
		}
		to, err := brand.Parse(args[0])
		if err != nil {
			return c.misused("%v", err)
		}
		opts := brand.Options{DryRun: dryRun}
		if from != "" {
			b, err := brand.Parse(from)
			if err != nil {
				return c.misused("-from: %v", err)
			}
			opts.From = &b
		}
		if len(args) == 1 {
			return c.misused("no file")
		}
		for _, file := range args[1:] {
			c.set(file, to, opts)
		}
	case "list":
		if len(args) > 0 {
			return c.misused("list takes no files")
		}
		c.list(asJSON)
	}
	return c.status
}

// A command is one run of brand.
type command struct {
	stdout, stderr io.Writer
	status         int
}

func (c *command) misused(format string, args ...any) int {
	fmt.Fprintf(c.stderr, "brand: %s (brand -h shows the usage)\n", fmt.Sprintf(format, args...))
	return 2
}

func (c *command) failed(file string, err error) {
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

func (c *command) show(file string, asJSON bool) {
	info, err := brand.Read(file)
	if err != nil {
		c.failed(file, err)
		return
	}
	if !asJSON {
		c.print("%s: %s\n", file, info.Brand.Name)
		return
	}
	c.printJSON(struct {
		File       string `json:"file"`
		Brand      string `json:"brand"`
		OSABI      byte   `json:"osabi"`
		ABIVersion byte   `json:"abiversion"`
	}{file, info.Brand.Name, info.OSABI, info.ABIVersion})
}

func (c *command) set(file string, to abi.Brand, opts brand.Options) {
	was, err := brand.Set(file, to, opts)
	if err != nil {
		c.failed(file, err)
		return
	}
	if opts.DryRun {
		switch was.Brand {
		case to:
			c.print("%s: %s already\n", file, to.Name)
		case abi.Brand{}:
			c.print("%s: unknown brand %#02x -> %s\n", file, was.ABIVersion, to.Name)
		default:
			c.print("%s: %s -> %s\n", file, was.Brand.Name, to.Name)
		}
	}
}

func (c *command) list(asJSON bool) {
	for _, b := range abi.Brands {
		if !asJSON {
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
