// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Bench measures what design and README promise, and prints a table.
//
// Usage:
//
//	go run ./bench [-cpus 1,2] [-pairs n] [-only what,...] [-count] [-doc]
//
// Everything is measured in one virtual machine, for each number of CPUs, and what
// is compared is run in turn: one of ours, one of theirs, and again. A row of the
// table has the medians, and the median of the ratios of the pairs. Ratios mean
// something also in an emulated machine; times do not. On a busy host even
// ratios of times mean little: with -count, instructions are counted instead, in
// another emulated machine with one CPU.
//
// How fast a Go program that only computes runs in an emulated machine depends on where
// the linker has put its functions, by up to a third, and that is nothing to be measured. So
// each pair of these is linked in an order of its own, and there are three times as many.
//
// The results go to bench/results/ as they come, in the format of Go's benchmarks,
// one file for each machine; with -only to build/bench/. With -doc the tables go to docs/performance.md too. What malloc
// costs by size, with each heap, goes to a file of its own there, whose name ends in -alloc.txt;
// no table has it.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"dios/internal/progtest"
)

// A row compares two benchmarks.
type row struct {
	what, against string
	ours, theirs  string  // names of benchmarks, without "Benchmark"; theirs with "/linux" is from GOOS=linux
	must, aim     float64 // ratios; 0: there is no budget
}

var rows = []row{
	{"empty DIOS call", "getppid", "EmptyCall", "Getppid", 1.0, 0.7},
	{"create anonymous object", "create named", "CreateAnonymous", "CreateNamed", 0.5, 0.3},
	{"fib 30 in Go", "the same, GOOS=linux", "Fib30/dios", "Fib30/linux", 1.02, 1.0},
	{"binary trees in Go", "the same, GOOS=linux, GOMAXPROCS=1", "Trees/dios", "Trees/linux", 1.05, 1.0},
	{"FIFO round trip, 8 B", "pipes", "FIFORoundTrip8", "PipeRoundTrip8", 0.9, 0.7},
	{"FIFO round trip, 64 KiB", "pipes", "FIFORoundTrip64K", "PipeRoundTrip64K", 0.25, 0.08},
	{"FIFO stream, a record of 64 B", "pipe", "FIFOStream64", "PipeStream64", 1.0 / 3, 1.0 / 25},
	{"FIFO stream, 64 KiB", "pipe", "FIFOStream64K", "PipeStream64K", 1.0 / 4, 1.0 / 8},
	{"fib 30 in C", "the same on Linux", "CFib30/dios", "CFib30/linux", 1.02, 1.0},
	{"tasked fib 8 in C", "processes and pipes", "CFibTasks8/dios", "CFibTasks8/linux", 0.7, 0.3},
	{"tasked fib 8 in C", "forks and pipes", "CFibTasks8/dios", "CFibForks8/linux", 0.7, 0.3},
	{"sum of primes in C", "processes and pipes", "CPrimes/dios", "CPrimes/linux", 0.7, 0.3},
	{"sum of primes in C", "forks and pipes", "CPrimes/dios", "CPrimesForks/linux", 0.7, 0.3},
	{"channel round trip, 8 B, in Go", "processes and pipes in Go", "ChanRoundTrip8/dios", "ChanRoundTrip8/linux", 0.5, 0.15},
	{"tasked fib 8 in Go", "processes and pipes in Go", "FibTasks8/dios", "FibTasks8/linux", 0.7, 0.3},
	{"sum of primes in Go", "processes and pipes in Go", "Primes/dios", "Primes/linux", 0.7, 0.3},
	{"spawn a Go task, wait for it", "os/exec of it on Linux", "Spawn/dios", "Spawn/linux", 1.0, 0.5},
	{"spawn with 1 GiB in the parent", "with 10 MiB", "Spawn1G/dios", "Spawn10M/dios", 1.05, 1.0},
	{"read 64 MiB of a file in memory", "tmpfs, in Go on Linux", "FilesRead64M/dios", "FilesRead64M/linux", 1.0, 0.5},
	{"read 4 KiB of it anywhere", "tmpfs, in Go on Linux", "FilesReadAt4K/dios", "FilesReadAt4K/linux", 2.0, 1.0},
	{"open and stat a small file", "tmpfs, in Go on Linux", "FilesOpenStat/dios", "FilesOpenStat/linux", 3.0, 1.0},
	{"write 64 MiB to a new file", "tmpfs, in Go on Linux", "FilesWrite64M/dios", "FilesWrite64M/linux", 0, 0},
}

// A program is a Go program of bench/programs.
type program struct {
	name     string
	computes bool // and does nothing else
}

// pairs returns how many pairs are run.
func (p program) pairs(n int) int {
	if p.computes {
		return 3 * n
	}
	return n
}

// file returns the file that is run for a pair.
func (p program) file(dir, goos string, pair int) string {
	if !p.computes {
		pair = 0
	}
	return filepath.Join(dir, goos, strconv.Itoa(pair), p.name)
}

// flags returns how that file is linked.
func (p program) flags(pair int) string {
	if !p.computes {
		return "-ldflags="
	}
	return fmt.Sprintf("-ldflags=-randlayout=%d", pair+1) // 0 is the usual order
}

// Results of one machine: values of each benchmark, in the order measured.
type results map[string][]float64

func main() {
	cpus := flag.String("cpus", "1,2", "measure in machines with so many CPUs; empty: only count")
	pairs := flag.Int("pairs", 11, "how often each pair of Go programs is run; those that only compute three times as often")
	only := flag.String("only", "", "measure only these, of calls, fifo, fib, trees, spawn, roundtrip, fibtasks, primes, files, c and alloc")
	count := flag.Bool("count", false, "count instructions, too")
	doc := flag.Bool("doc", false, "write the tables to docs/performance.md")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if *doc && *only != "" {
		fmt.Fprintln(os.Stderr, "bench: -doc wants everything measured, without -only")
		os.Exit(2)
	}
	if err := run(*cpus, *only, *pairs, *count, *doc); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(cpuList, only string, pairs int, count, doc bool) error {
	wanted := func(what string) bool { return only == "" || slices.Contains(strings.Split(only, ","), what) }
	// A part of the results does not take the place of all.
	rawDir := filepath.Join(progtest.Source(), "bench", "results")
	if only != "" {
		rawDir = filepath.Join(progtest.Source(), "build", "bench")
	}
	if err := os.MkdirAll(rawDir, 0o777); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	programs := []program{{"fib", true}, {"trees", true}, {"spawn", false}, {"roundtrip", false}, {"fibtasks", false}, {"primes", false}, {"files", false}}
	for _, p := range programs {
		if !wanted(p.name) {
			continue
		}
		for i := range p.pairs(pairs) {
			if i > 0 && !p.computes {
				break
			}
			for _, goos := range []string{"linux", "dios"} {
				file := p.file(dir, goos, i)
				if err := progtest.BuildGo(goos, filepath.Dir(file), p.flags(i), "./bench/programs/"+p.name); err != nil {
					return err
				}
			}
		}
	}
	for name, brand := range map[string]string{"calls": "legacy-limbo", "fifo": "pure", "pipe": "legacy"} {
		source := filepath.Join(progtest.Source(), "bench", "c", name+".c")
		if err := progtest.BuildC(source, filepath.Join(dir, name), brand); err != nil {
			return err
		}
	}
	if err := buildC(dir); err != nil {
		return err
	}
	var markdown bytes.Buffer
	one := func(cpus, pairs int, count bool) error {
		m, err := progtest.BootBench(cpus, count)
		if err != nil {
			return err
		}
		defer m.Close()
		return machine(m, cpus, count, dir, rawDir, programs, pairs, wanted, &markdown)
	}
	for f := range strings.SplitSeq(cpuList, ",") {
		if cpuList == "" && count {
			break
		}
		n, err := strconv.Atoi(f)
		if err != nil || n < 1 {
			return fmt.Errorf("-cpus: %q is not a number of CPUs", f)
		}
		if err := one(n, pairs, false); err != nil {
			return err
		}
	}
	if count {
		if err := one(1, pairs, true); err != nil {
			return err
		}
	}
	if doc {
		return writeDoc(markdown.String())
	}
	return nil
}

// machine measures everything in one machine, and prints its table.
func machine(m *progtest.VM, cpus int, count bool, dir, rawDir string, programs []program, pairs int, wanted func(string) bool, markdown *bytes.Buffer) error {
	info := m.Info()
	name := fmt.Sprintf("%s-%dcpu", info.Accel, cpus)
	if count {
		name += "-instructions"
	}
	raw, err := os.Create(filepath.Join(rawDir, name+".txt"))
	if err != nil {
		return err
	}
	defer raw.Close()
	fmt.Fprintf(raw, "kernel: %s\naccel: %s\ncpus: %d\nclocksource: %s\nhost-cpus: %d\ntoolchain: %s\n",
		info.Kernel, info.Accel, cpus, info.ClockSource, runtime.NumCPU(), toolchain())

	res := make(results)
	one := func(file string, label, goos string) error {
		r := progtest.Run{Args: []string{filepath.Base(file)}, Env: []string{"GOMAXPROCS=1"}}
		run := m.Run
		if label == "files" && goos == "dios" {
			run = m.RunWithFiles
		}
		o, err := run(file, r)
		if err != nil {
			return err
		}
		if o.Status != 0 {
			return fmt.Errorf("%s: status %d: %s%s", label, o.Status, o.Stdout, o.Stderr)
		}
		if goos != "" {
			fmt.Fprintf(raw, "goos: %s\n", goos)
		}
		fmt.Fprint(raw, o.Stdout)
		return res.add(o.Stdout, goos)
	}
	if wanted("calls") {
		progress("%d CPUs: calls", cpus)
		if err := one(filepath.Join(dir, "calls"), "calls", ""); err != nil {
			return err
		}
	}
	for name := range res {
		res[name] = res[name][1:] // the first round warms up
	}
	for i := range 2 * pairs {
		if !wanted("fifo") {
			break
		}
		progress("%d CPUs: FIFO and pipe, %d of %d", cpus, i+1, 2*pairs)
		name := [...]string{"pipe", "fifo", "fifo", "pipe"}[i%4]
		if err := one(filepath.Join(dir, name), name, ""); err != nil {
			return err
		}
	}
	for _, p := range programs {
		if !wanted(p.name) {
			continue
		}
		progress("%d CPUs: %s", cpus, p.name)
		for i := range 2 * p.pairs(pairs) {
			// Who is first changes: what comes second may find things warmer.
			goos := [...]string{"linux", "dios", "dios", "linux"}[i%4]
			if err := one(p.file(dir, goos, i/2), p.name, goos); err != nil {
				return err
			}
		}
	}
	if wanted("c") {
		for i := range 2 * pairs {
			progress("%d CPUs: C programs, %d of %d", cpus, i+1, 2*pairs)
			goos := [...]string{"linux", "dios", "dios", "linux"}[i%4]
			for _, p := range cPrograms {
				if err := one(filepath.Join(dir, goos, "c-"+p), p, goos); err != nil {
					return err
				}
			}
		}
	}
	if err := raw.Close(); err != nil {
		return err
	}
	if wanted("alloc") {
		if err := alloc(m, filepath.Join(rawDir, name+"-alloc.txt"), dir, pairs); err != nil {
			return err
		}
	}
	title := fmt.Sprintf("%d CPU, %s, kernel %s", cpus, info.Accel, info.Kernel)
	if cpus > 1 {
		title = strings.Replace(title, "CPU", "CPUs", 1)
	}
	if count {
		title = "Instructions instead of nanoseconds: " + title
	}
	return res.print(title, markdown)
}

// add takes the benchmark lines of an output.
func (r results) add(text, goos string) error {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 4 || !strings.HasPrefix(f[0], "Benchmark") || f[3] != "ns/op" {
			return fmt.Errorf("not understood: %q", line)
		}
		v, err := strconv.ParseFloat(f[2], 64)
		if err != nil {
			return fmt.Errorf("not understood: %q", line)
		}
		name := strings.TrimPrefix(f[0], "Benchmark")
		if goos != "" {
			name += "/" + goos
		}
		r[name] = append(r[name], v)
	}
	return nil
}

// print prints a table, as text to standard output.
func (r results) print(title string, markdown *bytes.Buffer) error {
	fmt.Printf("\n%s\n%-30s %-36s %10s %10s %7s %13s %6s %5s\n", title, "what", "against", "ours", "theirs", "ratio", "(quartiles)", "must", "aim")
	fmt.Fprintf(markdown, "\n### %s\n\n| what | against | ours | theirs | ratio (quartiles) | must | aim | |\n|---|---|---|---|---|---|---|---|\n", title)
	for _, row := range rows {
		ours, theirs := r[row.ours], r[row.theirs]
		if len(ours) == 0 && len(theirs) == 0 {
			continue // not measured
		}
		if len(ours) == 0 || len(ours) != len(theirs) {
			return fmt.Errorf("%s: %d results, %s: %d", row.ours, len(ours), row.theirs, len(theirs))
		}
		ratios := make([]float64, len(ours))
		for i := range ours {
			ratios[i] = ours[i] / theirs[i]
		}
		ratio := quantile(ratios, 0.5)
		low, high := quantile(ratios, 0.25), quantile(ratios, 0.75)
		verdict, must, aim := "as aimed at", fmt.Sprintf("%.2f", row.must), fmt.Sprintf("%.2f", row.aim)
		switch {
		case row.must == 0:
			verdict, must, aim = "", "-", "-"
		case ratio > row.must:
			verdict = "MISSED"
		case ratio > row.aim:
			verdict = "met"
		}
		o, th := duration(quantile(ours, 0.5)), duration(quantile(theirs, 0.5))
		fmt.Printf("%-30s %-36s %10s %10s %7.2f (%.2f - %.2f) %6s %5s %s\n", row.what, row.against, o, th, ratio, low, high, must, aim, verdict)
		fmt.Fprintf(markdown, "| %s | %s | %s | %s | **%.2f** (%.2f-%.2f) | %s | %s | %s |\n", row.what, row.against, o, th, ratio, low, high, must, aim, verdict)
	}
	return nil
}

// quantile returns the value below which the part q of the values lies.
func quantile(values []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(values))
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 == len(s) {
		return s[i]
	}
	return s[i] + (at-math.Floor(at))*(s[i+1]-s[i])
}

func duration(ns float64) string {
	switch {
	case ns < 10e3:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 10e6:
		return fmt.Sprintf("%.1f us", ns/1e3)
	}
	return fmt.Sprintf("%.1f ms", ns/1e6)
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

func toolchain() string {
	data, err := os.ReadFile(filepath.Join(progtest.Root(), "goroot", "VERSION"))
	if err != nil {
		return "unknown"
	}
	v, _, _ := strings.Cut(string(data), "\n")
	return v
}

const docHead = `# Performance

What is measured so far, against the budgets: ratios, ours to theirs, smaller is better. Each pair was run in turn in
one virtual machine; the number is the median of the ratios of the pairs, and in parentheses are its quartiles. Fib 30 and
binary trees in Go are linked anew for each pair, in an order of functions of its own ([why](design/runtime.md#where-the-linker-puts-a-function)). The
times are those of the machine they were measured in, an emulated one unless it says kvm, and are there only to show
the scale. *Must* and *aim* are the budgets.

In the last table a nanosecond is an instruction, the emulator's own count: it is the same on however busy a host, and
knows nothing of caches and of what an emulator finds slow. Waiting for a timer counts as well. What is missed, and why:
[design/kernel.md](design/kernel.md#entry) for calls, [there](design/kernel.md#starting-a-program) for the tasked programs in C,
[design/runtime.md](design/runtime.md#where-the-linker-puts-a-function) for trees and fib, and [there](design/runtime.md#a-channels-round-trip-by-two-clocks) for the channel counted,
[design/files.md](design/files.md) for opening a file on one CPU.

Written by ` + "`go run ./bench -count -doc`" + `; the raw results are in [bench/results](../bench/results).
`

func writeDoc(tables string) error {
	path := filepath.Join(progtest.Source(), "docs", "performance.md")
	date := time.Now().UTC().Format("2006-01-02")
	return os.WriteFile(path, []byte(docHead+"\nMeasured on "+date+".\n"+tables), 0o666)
}
