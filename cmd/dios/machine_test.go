// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// These tests boot machines. They need what make.bash makes; "run.bash vm" sets
// DIOS_TEST_VM.

// machine returns dios with arguments, for the machine of this tree.
func machine(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if os.Getenv("DIOS_TEST_VM") == "" {
		t.Skip("needs a virtual machine; DIOS_TEST_VM=1 allows it")
	}
	env := []string{"DIOS_ROOT=" + root(t), "TMPDIR=" + t.TempDir()}
	for _, name := range []string{"DIOS_CONSOLE", "DIOS_DEADLINE"} {
		if v := os.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return command(t, env, args...)
}

func root(t *testing.T) string {
	t.Helper()
	if r := os.Getenv("DIOS_ROOT"); r != "" {
		return r
	}
	r, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var built struct {
	once sync.Once
	path string
	err  error
}

// probe returns a static Linux program that does what its arguments say.
func probe(t *testing.T) string {
	t.Helper()
	if os.Getenv("DIOS_TEST_VM") == "" {
		t.Skip("needs a virtual machine; DIOS_TEST_VM=1 allows it")
	}
	built.once.Do(func() {
		dir, err := os.MkdirTemp("", "probe")
		if err != nil {
			built.err = err
			return
		}
		built.path = filepath.Join(dir, "probe")
		cmd := exec.Command("go", "build", "-o", built.path, "../../internal/vm/testdata/probe")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

func TestRun(t *testing.T) {
	cmd := machine(t, "run", probe(t), "args", "", "a b", "-v")
	out, errs, status := result(t, cmd)
	want := fmt.Sprintf("%q\n\"args\"\n\"\"\n\"a b\"\n\"-v\"\n", probe(t))
	if out != want || errs != "" || status != 0 {
		t.Errorf("status %d, output %q, error %q; want %q", status, out, errs, want)
	}
	if left, _ := os.ReadDir(tmp(cmd)); len(left) != 0 {
		t.Errorf("left in TMPDIR: %v", left)
	}
}

func tmp(cmd *exec.Cmd) string {
	for _, kv := range slices.Backward(cmd.Env) {
		if v, ok := strings.CutPrefix(kv, "TMPDIR="); ok {
			return v
		}
	}
	return ""
}

// Under the go command's name for it, it is the same without flags.
func TestWrapper(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, wrapper)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, name); err != nil {
		t.Fatal(err)
	}
	cmd := machine(t, probe(t), "cat")
	cmd.Path, cmd.Args[0] = name, name
	cmd.Stdin = strings.NewReader("some input")
	if out, errs, status := result(t, cmd); out != "some input" || errs != "10 <nil>\n" || status != 0 {
		t.Errorf("status %d, output %q, error %q", status, out, errs)
	}
	cmd = machine(t, "./probe", "env")
	cmd.Path, cmd.Args[0] = name, name
	cmd.Dir = filepath.Dir(probe(t))
	cmd.Env = append(cmd.Env, "ODD=a\nb  c", "PWD=/wrong")
	out, errs, status := result(t, cmd)
	if !strings.Contains(out, `"ODD=a\nb  c"`+"\n") || !strings.Contains(out, fmt.Sprintf("%q\n", "PWD="+cmd.Dir)) || errs != "" || status != 0 {
		t.Errorf("status %d, error %q, environment\n%s", status, errs, out)
	}
	cmd = machine(t, probe(t), "exit", "42")
	cmd.Path, cmd.Args[0] = name, name
	if out, errs, status := result(t, cmd); out != "" || errs != "" || status != 42 {
		t.Errorf("status %d, output %q, error %q", status, out, errs)
	}
}

// As under "go test": both outputs are one pipe.
func TestOneOutput(t *testing.T) {
	var both bytes.Buffer
	cmd := machine(t, "run", probe(t), "mix", "500")
	cmd.Stdout, cmd.Stderr = &both, &both
	result(t, cmd)
	var want strings.Builder
	for i := range 500 {
		fmt.Fprintf(&want, "out %d\nerr %d\n", i, i)
	}
	if both.String() != want.String() {
		t.Error("output and error are out of order")
	}
}

// Ten megabytes to a reader who takes his time, on one CPU.
func TestMuchOutput(t *testing.T) {
	cmd := machine(t, "run", probe(t), "flood", "1400000")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var one unix.CPUSet
	one.Set(0)
	if err := unix.SchedSetaffinity(cmd.Process.Pid, &one); err != nil {
		t.Logf("on all CPUs: %v", err)
	}
	r := bufio.NewReader(pipe)
	lines := 0
	for ; ; lines++ {
		line, err := r.ReadString('\n')
		if err == io.EOF {
			break
		}
		if err != nil || line != strconv.Itoa(lines)+"\n" {
			t.Fatalf("line %d is %q, %v", lines, line, err)
		}
		if lines%200_000 == 0 {
			time.Sleep(200 * time.Millisecond)
		}
	}
	if err := cmd.Wait(); err != nil || lines != 1400000 {
		t.Errorf("%d lines, %v", lines, err)
	}
}

// A reader that goes away ends the program, and dios after it.
func TestOutputClosed(t *testing.T) {
	cmd := machine(t, "run", probe(t), "flood", "1000000000")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(pipe, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	pipe.Close()
	cmd.Wait()
	if s := cmd.ProcessState.ExitCode(); s != 128+int(syscall.SIGPIPE) {
		t.Errorf("status %d, want %d", s, 128+int(syscall.SIGPIPE))
	}
}

func TestTwoAtOnce(t *testing.T) {
	probe(t)
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			want := fmt.Sprintf("input of %d", i)
			cmd := machine(t, "run", probe(t), "cat")
			cmd.Stdin = strings.NewReader(want)
			if out, errs, status := result(t, cmd); out != want || status != 0 {
				t.Errorf("%d: status %d, output %q, error %q", i, status, out, errs)
			}
		})
	}
	wg.Wait()
}

// start starts a command and waits for a line of its output.
func start(t *testing.T, cmd *exec.Cmd, line string) {
	t.Helper()
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	got, err := bufio.NewReader(pipe).ReadString('\n')
	if got != line+"\n" {
		t.Fatalf("%q, %v; want %q", got, err, line)
	}
}

// children returns the processes whose parent is that one.
func children(t *testing.T, pid int) []int {
	t.Helper()
	var found []int
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stats {
		b, err := os.ReadFile(s)
		if err != nil {
			continue
		}
		// The name, in parentheses, may hold anything.
		f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if parent, err := strconv.Atoi(f[1]); err == nil && parent == pid && f[0] != "Z" {
			n, _ := strconv.Atoi(filepath.Base(filepath.Dir(s)))
			found = append(found, n)
		}
	}
	return found
}

// alive tells whether a process runs; one that nobody has waited for does not.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.HasPrefix(b[bytes.LastIndexByte(b, ')')+1:], []byte(" Z"))
}

// QEMU must not outlive whoever started it, even if that is killed: while the
// machine boots, and when it runs.
func TestKilled(t *testing.T) {
	for _, booted := range []bool{false, true} {
		cmd := machine(t, "run", probe(t), "ignore")
		if booted {
			start(t, cmd, "ready")
		} else {
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for i := 0; len(children(t, cmd.Process.Pid)) == 0 && i < 100; i++ {
				time.Sleep(20 * time.Millisecond)
			}
		}
		qemu := children(t, cmd.Process.Pid)
		if len(qemu) != 1 {
			t.Fatalf("dios has the children %v, want one", qemu)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		deadline := time.Now().Add(2 * time.Second)
		for alive(qemu[0]) && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		if alive(qemu[0]) {
			t.Errorf("booted %v: QEMU is still there", booted)
			syscall.Kill(qemu[0], syscall.SIGKILL)
		}
		if left, _ := os.ReadDir(tmp(cmd)); len(left) != 0 {
			t.Errorf("booted %v: left in TMPDIR: %v", booted, left)
		}
	}
}

// A signal is the program's; one that does not care is killed.
func TestSignals(t *testing.T) {
	for _, test := range []struct {
		verb   string
		sig    syscall.Signal
		status int
		within time.Duration
	}{
		{"catch", syscall.SIGINT, 42, grace},
		{"catch", syscall.SIGTERM, 42, grace},
		{"ignore", syscall.SIGQUIT, 128 + 3, 5 * time.Second}, // the go command waits as long
	} {
		cmd := machine(t, "run", probe(t), test.verb)
		start(t, cmd, "ready")
		qemu := children(t, cmd.Process.Pid)
		began := time.Now()
		cmd.Process.Signal(test.sig)
		cmd.Wait()
		if d := time.Since(began); d > test.within {
			t.Errorf("%s, %v: took %v", test.verb, test.sig, d)
		}
		if s := cmd.ProcessState.ExitCode(); s != test.status {
			t.Errorf("%s, %v: status %d, want %d", test.verb, test.sig, s, test.status)
		}
		for _, q := range qemu {
			if alive(q) {
				t.Errorf("%s, %v: QEMU is still there", test.verb, test.sig)
			}
		}
		if left, _ := os.ReadDir(tmp(cmd)); len(left) != 0 {
			t.Errorf("%s, %v: left in TMPDIR: %v", test.verb, test.sig, left)
		}
	}
}

func TestSecondSignal(t *testing.T) {
	cmd := machine(t, "run", probe(t), "ignore")
	start(t, cmd, "ready")
	began := time.Now()
	cmd.Process.Signal(syscall.SIGINT)
	time.Sleep(200 * time.Millisecond)
	cmd.Process.Signal(syscall.SIGINT)
	cmd.Wait()
	if s := cmd.ProcessState.ExitCode(); s != 130 || time.Since(began) > grace {
		t.Errorf("status %d after %v, want 130 at once", s, time.Since(began))
	}
}

func TestSignalWhileBooting(t *testing.T) {
	cmd := machine(t, "run", probe(t), "ignore")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for i := 0; len(children(t, cmd.Process.Pid)) == 0 && i < 100; i++ {
		time.Sleep(20 * time.Millisecond)
	}
	began := time.Now()
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	if s := cmd.ProcessState.ExitCode(); s != 128+15 || time.Since(began) > time.Second {
		t.Errorf("status %d after %v, want 143 at once", s, time.Since(began))
	}
}

func TestDeadline(t *testing.T) {
	cmd := machine(t, "run", "-vm", "-boot", probe(t), "exit", "0")
	cmd.Env = append(cmd.Env, "DIOS_DEADLINE=100ms")
	_, errs, status := result(t, cmd)
	m := regexp.MustCompile(`^dios: the virtual machine did not come up in 100ms; console: (/.*\.log)\n$`).FindStringSubmatch(errs)
	if status != 125 || m == nil {
		t.Fatalf("status %d, %q", status, errs)
	}
	if _, err := os.Stat(m[1]); err != nil {
		t.Error(err)
	}
}

func TestFlags(t *testing.T) {
	_, errs, status := result(t, machine(t, "run", "-v", "-x", "-console", "-vm", probe(t), "exit", "5"))
	for _, want := range []string{" -nodefaults ", "dios: linux ", "dios: status 5 after "} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in %q", want, errs)
		}
	}
	if status != 5 {
		t.Errorf("status %d", status)
	}
}

func TestShell(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/script", "echo script $1 \"$2\"; read x; echo $x; cat more/data; exit 9\n", 0o644)
	write(t, dir+"/more/data", "data\n", 0o600)
	for _, test := range []struct {
		name   string
		in     string
		args   []string
		want   string
		status int
	}{
		{"command", "", []string{"-c", "echo $0 $1; pwd; exit 3", "zero", "one"}, "zero one\n" + dir + "\n", 3},
		{"script", "input\n", []string{"-put", "more", "script", "a", "b  c"}, "script a b  c\ninput\ndata\n", 9},
		{"input", "echo from input\nexit 4\n", nil, "from input\n", 4},
		{"killed", "", []string{"-c", "kill -9 $$"}, "", 137},
		{"not found", "", []string{"-c", "/no/such"}, "", 127},
		{"program", "", []string{"-put", probe(t), "-c", probe(t) + " exit 6; echo $?"}, "6\n", 0},
	} {
		cmd := machine(t, append([]string{"shell"}, test.args...)...)
		cmd.Dir = dir
		cmd.Stdin = strings.NewReader(test.in)
		out, errs, status := result(t, cmd)
		if out != test.want || status != test.status {
			t.Errorf("%s: status %d, output %q, error %q; want %d, %q", test.name, status, out, errs, test.status, test.want)
		}
	}
}

// The shell at a terminal: what a user types and sees, and the terminal as it
// was before when it is over.
func TestShellAtTerminal(t *testing.T) {
	cmd := machine(t, "shell")
	master, slave := openTTY(t)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	before, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 33, Col: 99}); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })

	var seen bytes.Buffer
	expect := func(text string) {
		t.Helper()
		buf := make([]byte, 1000)
		master.SetReadDeadline(time.Now().Add(time.Minute))
		for !strings.Contains(seen.String(), text) {
			n, err := master.Read(buf)
			if err != nil {
				t.Fatalf("%v; no %q in %q", err, text, seen.String())
			}
			seen.Write(buf[:n])
		}
		seen.Reset()
	}
	typed := func(text string) {
		if _, err := master.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	expect("# ")
	typed("stty size; echo te''st\r")
	expect("33 99\r\ntest\r\n")
	typed("sleep 1000\r")
	expect("sleep 1000\r\n")
	time.Sleep(300 * time.Millisecond)
	typed("\x03") // Ctrl-C ends the program in the machine, not us
	expect("# ")
	typed("echo sta''tus $?\r")
	expect("status 130\r\n")
	typed("exit 7\r")
	cmd.Wait()
	if s := cmd.ProcessState.ExitCode(); s != 7 {
		t.Errorf("status %d, want 7", s)
	}
	after, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if *before != *after {
		t.Errorf("the terminal was %+v, is %+v", *before, *after)
	}
}

func openTTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	raw, err := master.SyscallConn() // Fd would take it from the poller
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if cerr := raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}
