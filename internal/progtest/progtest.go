// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package progtest builds the programs of testdata/ and runs them, on this host
// and in one virtual machine. Its tests compare the two; bench/ measures with it.
package progtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"dios/internal/brand"
	"dios/internal/vm"
)

// Source is the root of the source tree: the folder of go.mod, from where a test
// of this module runs or above it.
var Source = sync.OnceValue(func() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "abi", "dios.h")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			panic("progtest: not in the source tree")
		}
	}
})

// Root is the tree with what make.bash made: bin/, goroot/, build/. It is the
// source tree, or DIOS_ROOT.
func Root() string {
	if r := os.Getenv("DIOS_ROOT"); r != "" {
		return r
	}
	return Source()
}

// Go is the go command of the DIOS toolchain.
func Go() string { return filepath.Join(Root(), "goroot", "bin", "go") }

// GoEnv is the environment in which Go builds for a system.
func GoEnv(goos string) []string {
	return append(os.Environ(),
		"GOOS="+goos, "GOARCH=amd64", "GOROOT=", "CGO_ENABLED=0", "GOTOOLCHAIN=local", "GOFLAGS=-buildvcs=false")
}

// BuildGo builds main packages for linux or dios, all into one folder; before the packages
// args may have flags of go build. Paths are trimmed, so that tracebacks of the two name the same files.
func BuildGo(goos, dir string, args ...string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	cmd := exec.Command(Go(), append([]string{"build", "-trimpath", "-o", dir + "/"}, args...)...)
	cmd.Dir = Source()
	cmd.Env = GoEnv(goos)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("GOOS=%s go build: %w\n%s", goos, err, out)
	}
	return nil
}

// BuildC builds a program of one file without a C library, and gives it a brand.
func BuildC(source, out, brandName string) error {
	cmd := exec.Command("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-Wno-unused",
		"-Wno-unused-parameter", "-Wno-array-bounds", // they use address 16, and mean it
		"-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-fno-pie", "-no-pie",
		"-o", out, filepath.Base(source))
	cmd.Dir = filepath.Dir(source)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", source, err, text)
	}
	b, err := brand.Parse(brandName)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	if _, err := brand.Set(out, b, brand.Options{}); err != nil {
		return fmt.Errorf("%s: %w", out, err)
	}
	return nil
}

// An Outcome is what a program did.
type Outcome struct {
	Stdout, Stderr string // with merged output, Stdout has both and Stderr nothing
	Status         int    // 128+n for signal n
}

// A Run says how to start a program.
type Run struct {
	Args   []string // with the name first
	Env    []string
	Merged bool // one pipe for both outputs
}

// timeout is for one program. On an idle machine the longest takes seconds.
var timeout = slow(2 * time.Minute)

// slow makes a time longer where the machine's kernel is much slower than usual:
// DIOS_TEST_SLOW says how many times.
func slow(d time.Duration) time.Duration {
	if n, err := strconv.Atoi(os.Getenv("DIOS_TEST_SLOW")); err == nil && n > 1 {
		d *= time.Duration(n)
	}
	return d
}

// Host runs a program of this host.
func Host(file string, r Run) (Outcome, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, file)
	cmd.Args = r.Args
	cmd.Env = append([]string{}, r.Env...) // not nil: exactly these
	cmd.Dir = "/"
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if r.Merged {
		cmd.Stderr = &stdout
	}
	err := cmd.Run()
	if ctx.Err() != nil {
		return Outcome{}, fmt.Errorf("%s: still running after %v", file, timeout)
	}
	if e := (*exec.ExitError)(nil); err != nil && !errors.As(err, &e) {
		return Outcome{}, err
	}
	o := Outcome{Stdout: stdout.String(), Stderr: stderr.String(), Status: cmd.ProcessState.ExitCode()}
	if w, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		o.Status = 128 + int(w.Signal())
	}
	return o, nil
}

// A VM is a machine with counts of what is left over.
type VM struct {
	*vm.VM
}

// Boot boots a machine for tests: it stops at the first warning of its kernel,
// and a Linux call of a pure task is fatal.
func Boot() (*VM, error) {
	return boot(vm.Config{PanicOnWarn: true, Append: "dios.linux_fatal=1"})
}

// BootBench boots a machine to measure in, time or instructions.
func BootBench(cpus int, count bool) (*VM, error) {
	c := vm.Config{CPUs: cpus, Count: count, Mem: "2G"} // a program there has 1 GiB
	if count {
		c.Accel = "tcg"
	}
	return boot(c)
}

func boot(c vm.Config) (*VM, error) {
	c.Root = Root()
	c.Deadline = slow(time.Minute)
	v, err := vm.Boot(context.Background(), c)
	if err != nil {
		return nil, err
	}
	if d := v.Info().DIOS; d != "" {
		v.Close()
		return nil, fmt.Errorf("no DIOS in the virtual machine: %s", d)
	}
	m := &VM{v}
	if _, err := m.Shell("[ -e " + statFile + " ] || mount -t debugfs debugfs /sys/kernel/debug"); err != nil {
		v.Close()
		return nil, err
	}
	return m, nil
}

// Run runs a program that is a file of the host.
func (m *VM) Run(file string, r Run) (Outcome, error) {
	return m.run(&vm.Cmd{File: file, Args: r.Args, Env: r.Env}, r.Merged)
}

// RunWithFiles is Run with a tree of files in memory.
func (m *VM) RunWithFiles(file string, r Run) (Outcome, error) {
	via := []string{filepath.Join(Root(), "bin", "diosfs"), "mem"}
	return m.run(&vm.Cmd{File: file, Via: via, Args: r.Args, Env: r.Env}, r.Merged)
}

// RunInside runs a program that is a file of the machine, as its brand says.
func (m *VM) RunInside(file string, r Run) (Outcome, error) {
	args := append([]string{"diosrun", "-a", r.Args[0], "--", file}, r.Args[1:]...)
	return m.run(&vm.Cmd{Exec: "/bin/busybox", Args: args, Env: r.Env}, r.Merged)
}

func (m *VM) run(c *vm.Cmd, merged bool) (Outcome, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if merged {
		c.Stderr = &stdout
	}
	res, err := m.VM.Run(ctx, c)
	if ctx.Err() != nil {
		return Outcome{stdout.String(), stderr.String(), 0}, fmt.Errorf("still running after %v", timeout)
	}
	return Outcome{stdout.String(), stderr.String(), res.Status}, err
}

// Shell runs a command of the machine's shell, as a Linux process, and returns
// what it prints.
func (m *VM) Shell(command string) (string, error) {
	o, err := m.run(&vm.Cmd{Exec: "/bin/busybox", Args: []string{"sh", "-c", command}}, true)
	if err != nil {
		return "", err
	}
	if o.Status != 0 {
		return "", fmt.Errorf("%s: status %d: %s", command, o.Status, o.Stdout)
	}
	return o.Stdout, nil
}

// SetParam sets a parameter of the kernel module.
func (m *VM) SetParam(name, value string) error {
	_, err := m.Shell("echo " + value + " >/sys/module/dios/parameters/" + name)
	return err
}

// Put copies a program of the host into the machine.
func (m *VM) Put(file, inside string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return m.VM.Put(context.Background(), inside, 0o755, io.Reader(f))
}

const statFile = "/sys/kernel/debug/dios/stat"

// Counts are how many things of each kind the kernel has.
type Counts map[string]int64

// Counts reads them.
func (m *VM) Counts() (Counts, error) {
	text, err := m.Shell("cat " + statFile)
	if err != nil {
		return nil, err
	}
	c := make(Counts)
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 2 {
			return nil, fmt.Errorf("%s: not understood: %q", statFile, line)
		}
		n, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", statFile, err)
		}
		c[f[0]] = n
	}
	if len(c) < 3 {
		return nil, fmt.Errorf("%s: only %d counts", statFile, len(c))
	}
	return c, nil
}

// Left returns what is there now and was not there before, in words, or "". The
// kernel takes some things back a moment after a program has ended, so it waits for
// a while until nothing is left.
func (m *VM) Left(before Counts) (string, error) {
	patience := slow(3 * time.Second)
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		after, err := m.Counts()
		if err != nil {
			return "", err
		}
		var left []string
		for name, n := range after {
			if d := n - before[name]; d != 0 {
				left = append(left, fmt.Sprintf("%d %s", d, name))
			}
		}
		if len(left) == 0 || time.Since(start) > patience {
			return strings.Join(left, ", "), nil
		}
	}
}

// Leaks returns what kmemleak, in a kernel that has it, says of memory that DIOS
// has lost, or "".
func (m *VM) Leaks() (string, error) {
	// It reports what is five seconds old and found nowhere in two scans.
	text, err := m.Shell("cd /sys/kernel/debug && [ -e kmemleak ] || exit 0; for i in 1 2; do sleep 6; echo scan >kmemleak; done; cat kmemleak")
	if err != nil {
		return "", err
	}
	var ours []string
	for _, report := range strings.Split(text, "unreferenced object ") {
		if strings.Contains(report, "[dios]") {
			ours = append(ours, "unreferenced object "+report)
		}
	}
	return strings.Join(ours, ""), nil
}

// Standard error of a Go program is compared after Normalize, because what a
// traceback says depends on the system in ways that mean nothing:
//
//   - goroutine numbers, addresses, program counters and frame sizes become one
//     letter or go;
//   - arguments in parentheses go;
//   - frames of the runtime go, and so do goroutines that have no others: one
//     system has more of them than the other, and they stop elsewhere;
//   - of the positions only those of the programs themselves stay, as file and
//     line;
//   - frames that repeat are shown once, since the traceback leaves out as many as
//     make the rest a certain number.
//
// Everything else, the messages above all, must be the same.
func Normalize(stderr string) string {
	var out []string
	lines := strings.Split(stderr, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case line == "runtime stack:":
			// The stack on which the runtime itself found the error.
			for i+1 < len(lines) && lines[i+1] != "" {
				i++
			}
			if i+1 < len(lines) {
				i++ // the blank line after it
			}
		case goroutineRE.MatchString(line):
			head := goroutineRE.FindStringSubmatch(line)
			var frames []string
			for i+1 < len(lines) && lines[i+1] != "" {
				i++
				f := frame(lines, &i)
				if f != "" && (len(frames) == 0 || frames[len(frames)-1] != f) {
					frames = append(frames, f)
				}
			}
			if frames == nil {
				if i+1 < len(lines) {
					i++
				}
				continue
			}
			out = append(out, "goroutine N ["+head[1]+"]:")
			out = append(out, frames...)
		default:
			out = append(out, numberRE.ReplaceAllString(pcRE.ReplaceAllString(line, "pc=N"), "N"))
		}
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n") + "\n"
}

var (
	goroutineRE = regexp.MustCompile(`^goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^\]]*)\]:$`)
	pcRE        = regexp.MustCompile(`\bpc=0x[0-9a-f]+`)
	numberRE    = regexp.MustCompile(`\b0x[0-9a-f]{6,}\b`)
	createdRE   = regexp.MustCompile(`^created by (\S+)(?: in goroutine \d+)?$`)
	elidedRE    = regexp.MustCompile(`^\.\.\.\d+ frames elided\.\.\.$`)
	ownRE       = regexp.MustCompile(`(?:^|/)(testdata/\S+\.go:\d+)`)
)

// frame reads the frame at lines[*i] and returns it in short, or "" when it is
// the runtime's.
func frame(lines []string, i *int) string {
	name := lines[*i]
	if elidedRE.MatchString(name) {
		return "...frames elided..."
	}
	if m := createdRE.FindStringSubmatch(name); m != nil {
		name = "created by " + m[1]
	} else if at := strings.LastIndex(name, "("); at > 0 {
		name = name[:at]
	}
	position := ""
	if *i+1 < len(lines) && strings.HasPrefix(lines[*i+1], "\t") {
		*i++
		if m := ownRE.FindStringSubmatch(strings.TrimSpace(lines[*i])); m != nil {
			position = " " + m[1]
		}
	}
	if strings.HasPrefix(strings.TrimPrefix(name, "created by "), "runtime.") {
		return ""
	}
	return name + position
}
