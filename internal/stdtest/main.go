// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Stdtest runs Go's own tests of the standard library on DIOS, in virtual machines.
//
// Usage:
//
//	go run ./internal/stdtest [flags] [package...]
//
// Without packages it is all of std. Each package is a go test -short, with a
// machine of its own, and has the files that the runner gives it; -vms says how many
// run at once. A package that lost its
// process in the middle is run again with what was not reached, so that one test
// does not hide others.
//
// A test function that fails fails its package, and the exit status is 1.
//
// Beside what ran stands what was not compiled because of build constraints: test
// functions that GOOS=linux has and another system does not. It is counted from the
// sources, for dios, wasip1 and js in the same way. The tests in src/ are ours, and
// are not counted. For -doc and -json, what was skipped is run on the host too, to tell
// what linux skips as well: for -short, or for a program that is nowhere installed.
//
// The tests have a go command: hostgo, in the place of GOROOT's, which asks the host's.
// Who answers so trusts the tests; no other program on DIOS has one.
//
// While it runs, a terminal at standard error shows how far it is.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dios/internal/progtest"
)

var (
	asJSON   = flag.Bool("json", false, "print the report as JSON on standard output")
	writeDoc = flag.Bool("doc", false, "write docs/std.md")
	ci       = flag.Bool("ci", false, "run the packages of the tier vm: those that must not fail, and take little time")
	vms      = flag.Int("vms", 2, "how many machines at once")
	timeout  = flag.Duration("timeout", 40*time.Minute, "for the tests of one package; those of os take ten minutes, for their ten thousands of files")
	events   = flag.String("events", "", "keep what go test -json said in `FILE`")
	resume   = flag.Bool("resume", false, "go on with what the file of -events has not")
	replay   = flag.String("replay", "", "report on a `FILE` that -events wrote, and run nothing")
)

// selection is what -ci runs. Whoever changes it keeps the time in mind: at most
// ten minutes on two busy processors. So os is not in it: its tests of os.Root are ten
// thousands of files, each asked for through the runner, and take minutes.
var selection = strings.Fields(`
	bufio bytes context crypto/rand crypto/sha256 encoding/json errors flag fmt internal/poll
	internal/runtime/maps io io/fs iter log maps math math/rand net net/http/httptest net/netip
	net/textproto net/url os/exec path/filepath reflect regexp runtime runtime/debug runtime/metrics slices
	sort strconv strings sync sync/atomic syscall testing time unicode/utf8 unique weak`)

// long is what -ci leaves out of selection, for its time where the machine is emulated: one
// starts some hundred programs, of which one alone takes ten seconds; one checks the types
// of package runtime, which takes a minute.
var long = []string{"TestGoroutineLeakProfile", "TestAtomicAlignment"}

func main() {
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: go run ./internal/stdtest [flags] [package...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := run(ctx, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "stdtest:", err)
		os.Exit(2)
	}
	if *writeDoc {
		if err := os.WriteFile(filepath.Join(progtest.Source(), "docs", "std.md"), r.markdown(), 0o666); err != nil {
			fmt.Fprintln(os.Stderr, "stdtest:", err)
			os.Exit(2)
		}
	}
	if *asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "\t")
		e.Encode(r)
	} else {
		os.Stdout.WriteString(r.short())
	}
	if r.count(failed) > 0 {
		os.Exit(1)
	}
}

func run(ctx context.Context, packages []string) (*report, error) {
	if *writeDoc && (len(packages) > 0 || *ci) {
		return nil, errors.New("-doc is for all packages")
	}
	if *ci {
		packages = append(packages, selection...)
	}
	sources, err := findSources(packages)
	if err != nil {
		return nil, err
	}
	if *ci {
		for _, s := range sources {
			for _, name := range long {
				delete(s.functions["dios"], name)
			}
		}
	}
	c := newCollector(sources)
	if *replay != "" {
		f, err := os.Open(*replay)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if err := c.read(f, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", *replay, err)
		}
		return c.report(), nil
	}
	var keep io.Writer = io.Discard
	if *events != "" {
		how := os.O_TRUNC
		if *resume {
			how = os.O_APPEND
		}
		f, err := os.OpenFile(*events, os.O_RDWR|os.O_CREATE|how, 0o666)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if err := c.read(f, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", *events, err)
		}
		keep = f
	}
	first, err := json.Marshal(event{Action: "tested", Package: goVersion(), Output: revision()})
	if err != nil {
		return nil, err
	}
	if err := c.read(io.TeeReader(bytes.NewReader(append(first, '\n')), keep), nil); err != nil {
		return nil, err
	}
	show := newProgress(c)
	defer show.clear()

	g, err := startGo(ctx, "dios")
	if err != nil {
		return nil, err
	}
	defer g.close()
	if err := g.writeScript(filepath.Join(progtest.Root(), "bin", "dios")); err != nil {
		return nil, err
	}
	var plain []string
	for path, s := range sources {
		if len(s.compiled("dios")) > 0 && !c.ended[path] {
			plain = append(plain, path)
		}
	}
	slices.Sort(plain)
	if len(plain) > 0 {
		if err := goTest(ctx, c, g, keep, show, nil, plain); err != nil {
			return nil, err
		}
	}
	// A test that ended its process is not to hide those behind it.
	for path := range sources {
		for left := c.notReached(path); len(left) > 0; {
			args := []string{"-run=^(" + strings.Join(left, "|") + ")$"}
			if err := goTest(ctx, c, g, keep, show, args, []string{path}); err != nil {
				return nil, err
			}
			now := c.notReached(path)
			if len(now) >= len(left) {
				break // it does not even begin
			}
			left = now
		}
	}
	if *writeDoc || *asJSON {
		if err := testOnLinux(ctx, c, keep); err != nil {
			return nil, err
		}
	}
	return c.report(), nil
}

// testOnLinux runs what was skipped on the host.
func testOnLinux(ctx context.Context, c *collector, keep io.Writer) error {
	functions := make(map[string]bool)
	var packages []string
	for path := range c.sources {
		if p := c.examine(path); len(p.Skips) > 0 {
			packages = append(packages, path)
			for _, s := range p.Skips {
				function, _, _ := strings.Cut(s.Test, "/")
				functions[function] = true
			}
		}
	}
	if len(packages) == 0 {
		return nil
	}
	slices.Sort(packages)
	// All names for all packages: more than was skipped, but one go test.
	run := "-run=^(" + strings.Join(slices.Sorted(maps.Keys(functions)), "|") + ")$"
	cmd := exec.CommandContext(ctx, progtest.Go(), append([]string{"test", "-json", "-short", "-vet=off", "-count=1", "-timeout", timeout.String(), run}, packages...)...)
	cmd.Env = progtest.GoEnv("linux")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := c.readLinux(out, keep)
	err = cmd.Wait()
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	// What fails there is for others to mend, and counts as not skipped.
	if e := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &e) || e.ExitCode() != 1) {
		return fmt.Errorf("GOOS=linux go test: %w", err)
	}
	if readErr != nil {
		return fmt.Errorf("GOOS=linux go test: %w", readErr)
	}
	return nil
}

// goTest runs go test. That tests fail is no error; c knows.
func goTest(ctx context.Context, c *collector, g *goCommand, keep io.Writer, show *progress, args, packages []string) error {
	args = slices.Concat([]string{"test", "-json", "-short", "-vet=off", "-p", fmt.Sprint(*vms), "-timeout", timeout.String(), g.exec()}, args, packages)
	if *ci {
		args = slices.Insert(args, 1, "-skip=^("+strings.Join(long, "|")+")$")
	}
	cmd := exec.CommandContext(ctx, progtest.Go(), args...)
	cmd.Dir = progtest.Source()
	cmd.Env = progtest.GoEnv("dios")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := c.read(io.TeeReader(out, keep), show)
	err = cmd.Wait()
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if readErr != nil {
		return fmt.Errorf("go test: %w\n%s", readErr, &stderr)
	}
	if e := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &e) || e.ExitCode() != 1) {
		return fmt.Errorf("go test: %w\n%s", err, &stderr)
	}
	return nil
}

// progress is a line at the bottom of a terminal.
type progress struct {
	c     *collector
	width int // 0: not a terminal
	start time.Time
	last  time.Time
}

func newProgress(c *collector) *progress {
	p := &progress{c: c, start: time.Now()}
	if w, err := unix.IoctlGetWinsize(int(os.Stderr.Fd()), unix.TIOCGWINSZ); err == nil {
		p.width = max(int(w.Col), 40)
	}
	return p
}

// show shows how far it is, but not more often than one can read.
func (p *progress) show() {
	if p == nil || p.width == 0 || time.Since(p.last) < 200*time.Millisecond {
		return
	}
	p.last = time.Now()
	line := fmt.Sprintf("std: [%v] %s", time.Since(p.start).Truncate(time.Second), p.c.state())
	if len(line) >= p.width {
		line = line[:p.width-1]
	}
	fmt.Fprintf(os.Stderr, "\r%s\x1b[K", line)
}

func (p *progress) clear() {
	if p.width > 0 {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}
