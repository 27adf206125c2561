// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"dios/internal/abi"
	"dios/internal/gdb"
	"dios/internal/guest"
	"dios/internal/vm"
)

// wrapper is the name under which the go command looks for the program that
// runs a GOOS=dios binary.
const wrapper = "go_dios_amd64_exec"

// statusUsage is the status for a command line that makes no sense, as package
// flag has it.
const statusUsage = 2

func main() {
	if os.Getpid() == 1 && os.Args[0] == "/init" {
		guest.Main()
	}
	if os.Args[0] == gdb.Name {
		os.Exit(gdb.Main())
	}
	if filepath.Base(os.Args[0]) == wrapper {
		os.Exit(wrap(os.Args[1:]))
	}
	os.Exit(dios(os.Args[1:]))
}

// A verb is the first argument.
type verb struct {
	name  string
	args  string
	short string
	run   func(v *verb, args []string) int
}

var verbs []*verb

func init() { // not a literal: help looks at verbs
	verbs = []*verb{
		{"run", "[flags] FILE [ARG...]", "run a program on DIOS", runVerb},
		{"shell", "[flags] [-c COMMAND [ARG...] | SCRIPT [ARG...]]", "start the shell", shellVerb},
		{"top", "[flags]", "show what runs in a machine, or on this host", topVerb},
		{"doctor", "[-json]", "look for what is missing, and say how to get it", doctorVerb},
		{"env", "[-editor]", "print the settings to build for DIOS, for a shell or an editor", envVerb},
		{"image", "[flags]", "make what the virtual machine boots", imageVerb},
		{"version", "", "print the version", versionVerb},
		{"help", "[VERB]", "print this, or more about a verb", helpVerb},
	}
}

func dios(args []string) int {
	if len(args) == 0 {
		usage(os.Stderr)
		return statusUsage
	}
	name := args[0]
	switch name {
	case "-h", "-help", "--help":
		name = "help"
	case "-version", "--version":
		name = "version"
	}
	v := find(name)
	if v == nil {
		complain(fmt.Errorf("unknown verb %q; dios help lists them", args[0]))
		return statusUsage
	}
	return v.run(v, args[1:])
}

func find(name string) *verb {
	for _, v := range verbs {
		if v.name == name {
			return v
		}
	}
	return nil
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: dios VERB [ARG...]")
	fmt.Fprintln(w)
	for _, v := range verbs {
		fmt.Fprintf(w, "  %-9s %s\n", v.name, v.short)
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, "dios help VERB says more.")
}

func versionVerb(v *verb, args []string) int {
	fs := v.flags()
	if status, ok := v.parse(fs, args, 0, 0); !ok {
		return status
	}
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				version = s.Value[:min(12, len(s.Value))]
			}
		}
	}
	fmt.Printf("dios %s abi %d %s\n", version, abi.ABIVersion, runtime.Version())
	return 0
}

func helpVerb(v *verb, args []string) int {
	fs := v.flags()
	if status, ok := v.parse(fs, args, 0, 1); !ok {
		return status
	}
	if fs.NArg() == 0 {
		usage(os.Stdout)
		return 0
	}
	about := find(fs.Arg(0))
	if about == nil {
		complain(fmt.Errorf("unknown verb %q; dios help lists them", fs.Arg(0)))
		return statusUsage
	}
	if about == v {
		usage(os.Stdout)
		return 0
	}
	return about.run(about, []string{"-h"})
}

// flags returns an empty set of flags for a verb.
func (v *verb) flags() *flag.FlagSet {
	fs := flag.NewFlagSet(v.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // parse reports, in one line
	return fs
}

// parse parses a verb's flags and checks how many arguments are left; most is
// -1 when any number will do. When ok is false the verb is done, with status.
func (v *verb) parse(fs *flag.FlagSet, args []string, least, most int) (status int, ok bool) {
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Println(strings.TrimSpace("usage: dios " + v.name + " " + v.args))
		fmt.Println()
		fmt.Println(v.short)
		fs.SetOutput(os.Stdout)
		any := false
		fs.VisitAll(func(*flag.Flag) { any = true })
		if any {
			fmt.Println()
			fs.PrintDefaults()
		}
		return 0, false
	case err != nil:
	case fs.NArg() < least:
		err = errors.New("too few arguments")
	case most >= 0 && fs.NArg() > most:
		err = fmt.Errorf("unexpected argument %q", fs.Arg(most))
	default:
		return 0, true
	}
	complain(fmt.Errorf("%s: %w; dios help %s says more", v.name, err, v.name))
	return statusUsage, false
}

// complain prints a failure, in one line.
func complain(err error) {
	fmt.Fprintf(os.Stderr, "dios: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
}

// fail complains and returns the status for the failure.
func fail(err error) int {
	complain(err)
	return vm.Status(err)
}
