// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"dios/internal/progtest"
)

// short is the report for a terminal: what failed, and a line with the sums.
func (r *report) short() string {
	var b strings.Builder
	for _, p := range r.Packages {
		if p.Result == failed {
			for _, f := range p.Fails {
				fmt.Fprintf(&b, "FAIL %s %s: %s\n", p.Path, f.Test, f.Why)
			}
		}
	}
	s := r.sums()
	both := ""
	if s.Both > 0 {
		both = fmt.Sprintf(" (%d of them on linux too)", s.Both)
	}
	fmt.Fprintf(&b, "%d packages: %d passed, %d passed with skips, %d failed; functions: %d passed, %d skipped%s, %d failed, %d not reached\n",
		len(r.Packages)-r.count(noTests), r.count(passed), r.count(skips), r.count(failed),
		s.Passed, s.Skipped, both, s.Failed, s.NotReached)
	return b.String()
}

// sums returns all packages as one.
func (r *report) sums() *Package {
	s := &Package{Path: "all", Compiled: make(map[string]int), Lost: make(map[string]int)}
	for _, p := range r.Packages {
		s.Seconds += p.Seconds
		s.Passed += p.Passed
		s.Skipped += p.Skipped
		s.Both += p.Both
		s.Failed += p.Failed
		s.NotReached += p.NotReached
		s.LostAlone += len(p.Alone)
		for _, system := range systems {
			s.Compiled[system.goos] += p.Compiled[system.goos]
			s.Lost[system.goos] += p.Lost[system.goos]
		}
	}
	return s
}

// markdown is the report as docs/std.md.
func (r *report) markdown() []byte {
	var b bytes.Buffer
	s := r.sums()
	fmt.Fprintf(&b, `# Go's own tests on DIOS

`+"`run.bash std` writes this page. It runs `go test -short` of each package of the standard library, in a virtual machine of its own, with"+`
the files that the runner gives every program: GOROOT, which cannot be changed, and a folder for temporary ones. It counts what
became of the test functions: tests, examples that are run, and fuzz tests with their seeds. The tests that DIOS adds are not counted.

- %s, DIOS %s, in emulated machines
- Packages that have tests: %d. **%d pass**: %d as on linux, %d with skips that linux does not have, which are [listed](#skips) with their reasons.
- **%d failed**.

| functions | dios | freebsd | wasip1 | js |
|---|---|---|---|---|
| passed | %d | | | |
| skipped | %d | | | |
| skipped, as linux does on the same host | %d | | | |
| failed | %d | | | |
| not reached, after the process had ended | %d | | | |
| compiled, of linux's %d | %d | %d | %d | %d |
| not compiled, because of build constraints | %d | %d | %d | %d |

What is compiled is counted in the same sources for all; there is nothing here to run the others with. Freebsd, which Go supports
in full, is there as a measure: it does not compile what is about Linux. Functions that dios has and linux has not are among the %d that ran.

`, r.Go, r.DIOS, len(r.Packages)-r.count(noTests), r.count(passed)+r.count(skips), r.count(passed), r.count(skips),
		r.count(failed),
		s.Passed, s.Skipped-s.Both, s.Both, s.Failed, s.NotReached,
		s.Compiled["linux"], s.Compiled["linux"]-s.Lost["dios"], s.Compiled["linux"]-s.Lost["freebsd"], s.Compiled["linux"]-s.Lost["wasip1"], s.Compiled["linux"]-s.Lost["js"],
		s.Lost["dios"], s.Lost["freebsd"], s.Lost["wasip1"], s.Lost["js"], s.Passed+s.Skipped+s.Failed)

	fmt.Fprint(&b, "## Failed\n\n")
	r.list(&b, "None.", func(p *Package) []Named { return p.Fails })
	fmt.Fprint(&b, `## Packages

*Both* is what linux skips too. The last four columns are functions that are not compiled.

| package | | passed | skipped | both | failed | seconds | dios | freebsd | wasip1 | js |
|---|---|---|---|---|---|---|---|---|---|---|
`)
	for _, p := range r.Packages {
		if p.Result != noTests {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %.0f | %s | %s | %s | %s |\n", p.Path, p.Result,
				number(p.Passed), number(p.Skipped-p.Both), number(p.Both), number(p.Failed+p.NotReached), p.Seconds,
				number(p.Lost["dios"]), number(p.Lost["freebsd"]), number(p.Lost["wasip1"]), number(p.Lost["js"]))
		}
	}
	fmt.Fprint(&b, "\n## Skips\n\nA subtest is named when the rest of its function passed.\n\n")
	r.list(&b, "None.", func(p *Package) []Named { return p.Skips })
	fmt.Fprintf(&b, "## Not compiled\n\nWhat freebsd compiles too, %d functions, and what it is about. The others are about Linux.\n\n", s.LostAlone)
	for _, p := range r.Packages {
		if len(p.Alone) > 0 {
			fmt.Fprintf(&b, "- **%s**, %s: %s\n", p.Path, aboutAlone[p.Path], strings.Join(p.Alone, ", "))
		}
	}
	b.WriteByte('\n')
	fmt.Fprint(&b, "## Skips that linux has as well\n\nWith `go test -short`, on the host of this run.\n\n")
	r.list(&b, "None.", func(p *Package) []Named { return p.LinuxToo })
	return b.Bytes()
}

// aboutAlone says what the functions are about that freebsd compiles and dios does not.
var aboutAlone = map[string]string{
	"go/types":                  "importer.Default, for which the go command must be there (it is only for these tests)",
	"internal/fuzz":             "go test -fuzz, which DIOS has not",
	"internal/runtime/wasitest": "a named pipe of the host's",
	"net":                       "a terminal, interfaces that come and go, descriptors sent over Unix domain sockets",
	"os":                        "FIFOs in the file system, copy_file_range",
	"os/exec":                   "users, SIGCHLD, waitid, /bin/pwd",
	"os/signal":                 "signals, of which none arrives",
	"os/user":                   "users, of whom there are none",
	"runtime":                   "signals, set-user-ID programs, the vDSO, descriptors and mmap",
	"runtime/debug":             "a fault in memory from mmap",
	"syscall":                   "fork and exec, process groups, terminals, ptrace, mmap, limits, Unix domain sockets",
}

// number is empty where there is nothing to see.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// list writes names and reasons, those of a package together, and of these those
// with one reason.
func (r *report) list(b *bytes.Buffer, none string, of func(*Package) []Named) {
	for _, p := range r.Packages {
		var reasons []string
		names := make(map[string][]string)
		for _, n := range of(p) {
			why := clean(n.Why)
			if names[why] == nil {
				reasons = append(reasons, why)
			}
			name := n.Test
			if name == "" {
				name = "the package"
			}
			names[why] = append(names[why], name)
		}
		for i, why := range reasons {
			if i == 0 {
				fmt.Fprintf(b, "**%s**\n\n", p.Path)
				none = ""
			}
			fmt.Fprintf(b, "- %s: %s\n", strings.Join(names[why], ", "), why)
		}
		if len(reasons) > 0 {
			b.WriteByte('\n')
		}
	}
	if none != "" {
		fmt.Fprintf(b, "%s\n\n", none)
	}
}

// clean makes a line of a test's output fit for the page: the same for every run,
// and nothing that markdown would take for its own.
func clean(why string) string {
	why = timeRE.ReplaceAllString(gorootRE.ReplaceAllString(why, "$$GOROOT"), "")
	why = tempRE.ReplaceAllString(why, "$$TMPDIR/")
	if len(why) > 160 {
		why = strings.ToValidUTF8(why[:160], "") + "..."
	}
	return "`" + strings.ReplaceAll(why, "`", "'") + "`"
}

var (
	gorootRE = regexp.MustCompile(`/[^ ]*/goroot\b`)
	tempRE   = regexp.MustCompile(`/tmp/[^ ]*/`)                      // has a number of its own each time
	timeRE   = regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `) // of package log
)

func output(name string, args ...string) string {
	cmd := exec.Command(name, args...)
	cmd.Dir = progtest.Source()
	out, err := cmd.Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func goVersion() string {
	f := strings.Fields(output(progtest.Go(), "version"))
	if i := slices.IndexFunc(f, func(s string) bool { return strings.HasPrefix(s, "go1") }); i >= 0 {
		return f[i]
	}
	return "go of an unknown version"
}

func revision() string {
	return output("git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12")
}
