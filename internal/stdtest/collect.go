// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A test is a test function, or one of its subtests, as it was seen.
type test struct {
	result string // "": it did not end
	began  bool   // not only paused
	output []string
}

// A packageRun is what is known of one package.
type packageRun struct {
	tests   map[string]*test
	output  []string // of no test in particular
	seconds float64
	running bool
	result  string

	timedOut bool // in a test that may wait for ever
}

// A collector makes sense of what go test -json says.
type collector struct {
	sources map[string]*source
	runs    map[string]*packageRun
	ended   map[string]bool
	builds  map[string][]string // what did not build, and why
	linux   map[string]bool     // what linux skips: "path Test"

	version   string   // of Go
	revisions []string // of this tree; more than one if the run was resumed
}

func newCollector(sources map[string]*source) *collector {
	c := &collector{sources: sources, runs: make(map[string]*packageRun), ended: make(map[string]bool), builds: make(map[string][]string), linux: make(map[string]bool)}
	for path := range sources {
		c.runs[path] = &packageRun{tests: make(map[string]*test)}
	}
	return c
}

// read takes events until there are no more.
func (c *collector) read(r io.Reader, show *progress) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if err := json.Unmarshal(line, &e); err != nil {
				io.Copy(io.Discard, r)
				return fmt.Errorf("%w: %q", err, line)
			}
			c.add(&e)
			show.show()
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readLinux takes the events of a run on linux, of which only skips count, and keeps those.
func (c *collector) readLinux(r io.Reader, keep io.Writer) error {
	e := event{}
	for d, to := json.NewDecoder(r), json.NewEncoder(keep); ; {
		if err := d.Decode(&e); err == io.EOF {
			return nil
		} else if err != nil {
			io.Copy(io.Discard, r)
			return err
		}
		if e.Action == "skip" && e.Test != "" {
			e.Action = linuxSkips
			c.add(&e)
			if err := to.Encode(&e); err != nil {
				io.Copy(io.Discard, r)
				return err
			}
		}
		e = event{}
	}
}

// linuxSkips is an action of ours: linux skips a test.
const linuxSkips = "linux skips"

// An event is one of go test -json; see go doc test2json.
type event struct {
	Action, Package, ImportPath, Test, Output, FailedBuild string
	Elapsed                                                float64
}

func (c *collector) add(e *event) {
	switch e.Action {
	case "build-output":
		c.builds[e.ImportPath] = append(c.builds[e.ImportPath], e.Output)
		return
	case linuxSkips:
		c.linux[e.Package+" "+e.Test] = true
		return
	case "tested": // ours, the first
		c.version = e.Package
		if !slices.Contains(c.revisions, e.Output) {
			c.revisions = append(c.revisions, e.Output)
		}
		return
	}
	p := c.runs[e.Package]
	if p == nil {
		return
	}
	if e.Test == "" {
		switch e.Action {
		case "start":
			p.running = true
		case "output":
			p.output = append(p.output, e.Output)
		case "pass", "fail", "skip":
			p.running = false
			p.seconds += e.Elapsed
			if p.result == "" || e.Action == "fail" {
				p.result = e.Action
			}
			p.output = append(p.output, c.builds[e.FailedBuild]...)
			p.forgetVictims()
			c.ended[e.Package] = true
		}
		return
	}
	t := p.tests[e.Test]
	if t == nil {
		t = new(test)
		p.tests[e.Test] = t
	}
	switch e.Action {
	case "run", "cont":
		t.began = true
	case "pause":
		t.began = false
	case "output":
		t.output = append(t.output, e.Output)
	case "pass", "fail", "skip":
		t.result = e.Action
	}
}

// forgetVictims makes the functions that did not end, because another one ended the
// process, what they are: not reached. The one that did it says something, or
// has failed; if none does all of them stay.
func (p *packageRun) forgetVictims() {
	var open []string
	guilty := false
	for name, t := range p.tests {
		if strings.Contains(name, "/") {
			continue
		}
		text := strings.Join(p.below(name), "")
		p.timedOut = p.timedOut || strings.Contains(text, "panic: test timed out after ")
		speaks := slices.ContainsFunc(p.below(name), func(line string) bool { return !frameRE.MatchString(line) })
		switch {
		case t.result == "fail" && strings.Contains(text, "panic: "), t.result == "" && t.began && speaks:
			guilty = true
		case t.result == "" && t.began:
			open = append(open, name)
		}
	}
	if !guilty || p.timedOut {
		return
	}
	for _, name := range open {
		for sub := range p.tests {
			if sub == name || strings.HasPrefix(sub, name+"/") {
				delete(p.tests, sub)
			}
		}
	}
}

// state is a line for who watches.
func (c *collector) state() string {
	total := 0
	for _, s := range c.sources {
		if len(s.compiled("dios")) > 0 {
			total++
		}
	}
	tests, fails := 0, 0
	var running []string
	for _, path := range slices.Sorted(maps.Keys(c.runs)) {
		p := c.runs[path]
		for name, t := range p.tests {
			if !strings.Contains(name, "/") && t.result != "" {
				tests++
			}
		}
		if p.result == "fail" && c.examine(path).Result == failed {
			fails++
		}
		if p.running {
			running = append(running, path)
		}
	}
	return fmt.Sprintf("%d of %d packages, %d failed; %d tests; %s", len(c.ended), total, fails, tests, strings.Join(running, " "))
}

// notReached returns the functions of a package that did not run, because the
// process ended before.
func (c *collector) notReached(path string) []string {
	p := c.runs[path]
	if !c.ended[path] || len(p.tests) == 0 || p.timedOut {
		return nil // it has none, or did not build, or would take as long again
	}
	var left []string
	for _, name := range c.sources[path].compiled("dios") {
		if t := p.tests[name]; t == nil || t.result == "" && !t.began {
			left = append(left, name)
		}
	}
	return left
}

// What became of a package.
const (
	passed  = "passed"
	skips   = "passed with skips"
	failed  = "failed"
	noTests = "no tests"
)

// A Named is a test function and why it did not pass.
type Named struct {
	Test string `json:"test"`
	Why  string `json:"why"`
}

// A Package is what is reported of a package. Functions are test functions: tests,
// examples that are run, and fuzz tests; subtests are parts of them.
type Package struct {
	Path       string         `json:"path"`
	Result     string         `json:"result"`
	Seconds    float64        `json:"seconds"`
	Passed     int            `json:"passed"`
	Skipped    int            `json:"skipped"`
	Both       int            `json:"skipped_by_linux"` // of those
	Failed     int            `json:"failed"`
	NotReached int            `json:"not_reached"`
	Compiled   map[string]int `json:"compiled"`                     // by system
	Lost       map[string]int `json:"not_compiled"`                 // by system: of those that linux has
	Alone      []string       `json:"not_compiled_alone,omitempty"` // what freebsd compiles and dios does not
	LostAlone  int            `json:"-"`                            // how many, in the sum of all packages
	Skips      []Named        `json:"skips,omitempty"`              // with those of subtests, where the rest passed
	LinuxToo   []Named        `json:"linux_skips,omitempty"`        // the same, of what linux skips as well
	Fails      []Named        `json:"fails,omitempty"`
}

// examine makes the report of a package.
func (c *collector) examine(path string) *Package {
	p, s := c.runs[path], c.sources[path]
	r := &Package{Path: path, Seconds: p.seconds, Compiled: make(map[string]int), Lost: make(map[string]int)}
	for _, system := range systems {
		r.Compiled[system.goos] = len(s.functions[system.goos])
		r.Lost[system.goos] = len(s.lost(system.goos))
	}
	for _, name := range s.lost("dios") {
		if s.functions["freebsd"][name] {
			r.Alone = append(r.Alone, name)
		}
	}
	skip := func(name string) {
		if n := (Named{name, whySkipped(p.tests[name].output)}); c.linux[path+" "+name] {
			r.LinuxToo = append(r.LinuxToo, n)
		} else {
			r.Skips = append(r.Skips, n)
		}
	}
	oursFailed := false
	for _, name := range slices.Sorted(maps.Keys(p.tests)) {
		t := p.tests[name]
		function, _, isSub := strings.Cut(name, "/")
		if isSub {
			// A function that passed although a part of it was skipped.
			if t.result == "skip" && p.tests[function].result == "pass" && !s.ours[function] {
				skip(name)
			}
			continue
		}
		if s.ours[function] {
			if t.result == "fail" || t.result == "" && t.began {
				oursFailed = true
				r.Fails = append(r.Fails, Named{name, why(t.output)})
			}
			continue
		}
		switch {
		case t.result == "pass":
			r.Passed++
		case t.result == "skip":
			r.Skipped++
			if c.linux[path+" "+name] {
				r.Both++
			}
			skip(name)
		case t.result == "" && !t.began:
			// Counted below.
		default:
			r.Failed++
			r.Fails = append(r.Fails, Named{name, why(p.below(name))})
		}
	}
	for _, name := range c.sources[path].compiled("dios") {
		if t := p.tests[name]; t == nil || t.result == "" && !t.began {
			r.NotReached++
		}
	}
	switch {
	case r.Compiled["dios"] == 0 && len(s.ours) == 0:
		r.Result = noTests
	case r.Failed > 0 || oursFailed:
		r.Result = failed
	case r.NotReached > 0 || p.result == "fail":
		// It did not build, or its end was not a test's.
		r.Result = failed
		r.Fails = append(r.Fails, Named{"", why(p.output)})
	case len(r.Skips) > 0:
		r.Result = skips
	default:
		r.Result = passed
	}
	return r
}

// below returns the output of a test and of its subtests.
func (p *packageRun) below(name string) []string {
	out := p.tests[name].output
	for _, sub := range slices.Sorted(maps.Keys(p.tests)) {
		if strings.HasPrefix(sub, name+"/") && p.tests[sub].result != "pass" {
			out = slices.Concat(out, p.tests[sub].output)
		}
	}
	return out
}

var (
	logRE   = regexp.MustCompile(`^\s*(?:[\w-]+\.go:\d+|panic|fatal error): ?(.*)`)
	frameRE = regexp.MustCompile(`^\s*(?:=== |--- )`)
)

// why returns the line of a test's output that says best why it did not pass: the first
// thing that it logged, or its first line.
func why(output []string) string {
	first, logged := "", ""
	for line := range strings.Lines(strings.Join(output, "")) {
		text := strings.TrimSpace(line)
		if text == "" || frameRE.MatchString(line) {
			continue
		}
		if m := logRE.FindStringSubmatch(line); m != nil {
			text = strings.TrimSpace(m[1])
			if logged == "" {
				logged = text
			}
		}
		if first == "" {
			first = text
		}
	}
	if logged != "" {
		return logged
	}
	if first == "" {
		return "it does not say why"
	}
	return first
}

// whySkipped returns the last thing that a test logged, which is what Skip was given.
func whySkipped(output []string) string {
	last := ""
	for line := range strings.Lines(strings.Join(output, "")) {
		if m := logRE.FindStringSubmatch(line); m != nil && !frameRE.MatchString(line) {
			last = strings.TrimSpace(m[1])
		}
	}
	if last == "" {
		return why(output)
	}
	return last
}

// A report is what is known of all packages.
type report struct {
	Go       string     `json:"go"`
	DIOS     string     `json:"dios"` // the commit
	Packages []*Package `json:"packages"`
}

func (c *collector) report() *report {
	r := &report{Go: c.version, DIOS: strings.Join(c.revisions, " and ")}
	for _, path := range slices.Sorted(maps.Keys(c.sources)) {
		r.Packages = append(r.Packages, c.examine(path))
	}
	return r
}

func (r *report) count(result string) int {
	n := 0
	for _, p := range r.Packages {
		if p.Result == result {
			n++
		}
	}
	return n
}
