// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bufio"
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dios/internal/progtest"

	"golang.org/x/sys/unix"
)

// buildDebug builds testdata/debug as for a debugger.
func buildDebug(t *testing.T) string {
	t.Helper()
	if os.Getenv("DIOS_TEST_VM") == "" {
		t.Skip("needs a virtual machine; DIOS_TEST_VM=1 allows it")
	}
	dir := t.TempDir()
	if err := progtest.BuildGo("dios", dir, "-gcflags=-N -l", "./testdata/debug"); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "debug")
}

// debugger runs a debugger, which must say all that is wanted, in this order.
func debugger(t *testing.T, wanted []string, name string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s here", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	if !regexp.MustCompile("(?s)" + strings.Join(wanted, ".*")).Match(out) {
		t.Errorf("%v: not what was wanted, %q:\n%s", cmd, wanted, out)
	}
}

// A task that crashed leaves a core that debuggers open.
func TestCore(t *testing.T) {
	program := buildDebug(t)
	core := filepath.Join(t.TempDir(), "core")
	_, stderr, status := result(t, machine(t, "run", "-core", core, program, "overdraw"))
	if status != 128+11 || !strings.Contains(stderr, "panic: overdrawn") || !strings.Contains(stderr, "dlv core "+program+" "+core) {
		t.Fatalf("status %d:\n%s", status, stderr)
	}
	t.Run("elf", func(t *testing.T) { lookAtCore(t, core, program) })
	t.Run("gdb", func(t *testing.T) {
		debugger(t, []string{`runtime\.gopanic`, `main\.spend \(a=0x[0-9a-f]+, n=14\)`, `main\.main \(\)`, `\$1 = {owner = .*"gopher".*balance = -5}`},
			"gdb", "-batch", "-nx", "-ex", "bt", "-ex", "frame function main.spend", "-ex", "print *a", program, core)
	})
	t.Run("dlv", func(t *testing.T) {
		script := filepath.Join(t.TempDir(), "script")
		if err := os.WriteFile(script, []byte("goroutines\nbt\nframe 3 print *a\nexit\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		debugger(t, []string{`Goroutine 1 `, `main\.main\.func1`, `runtime\.gopanic`, `main\.spend`, `main\.main`, `owner: "gopher", balance: -5`},
			"dlv", "core", "--allow-non-terminal-interactive=true", "--init", script, program, core)
	})

	// Who does not crash leaves none, and none of another day is left.
	stdout, stderr, status := result(t, machine(t, "run", "-core", core, program))
	if stdout != "gopher 55\n" || stderr != "" || status != 0 {
		t.Errorf("status %d, output %q:\n%s", status, stdout, stderr)
	}
	if _, err := os.Stat(core); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a core is there: %v", err)
	}
	_, stderr, status = result(t, machine(t, "run", "-core", filepath.Join(core, "core"), program))
	if status != 125 || !strings.Contains(stderr, "no such file") {
		t.Errorf("a core in no folder: status %d:\n%s", status, stderr)
	}
}

// lookAtCore looks for the thread's registers, in a function of the program, and
// for its stack.
func lookAtCore(t *testing.T, core, program string) {
	f, err := elf.Open(core)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Type != elf.ET_CORE || f.Machine != elf.EM_X86_64 {
		t.Errorf("type %v of %v", f.Type, f.Machine)
	}
	// struct elf_prstatus of Linux for amd64.
	const prstatus, cursig, rip, rsp = 1, 12, 112 + 16*8, 112 + 19*8
	var status []byte
	for _, p := range f.Progs {
		for notes := p.Open(); p.Type == elf.PT_NOTE; {
			var head struct{ Name, Desc, Type uint32 }
			if err := binary.Read(notes, binary.LittleEndian, &head); err != nil {
				break
			}
			data := make([]byte, (head.Name+3)&^3+(head.Desc+3)&^3)
			if _, err := io.ReadFull(notes, data); err != nil {
				t.Fatal(err)
			}
			if head.Type == prstatus && bytes.HasPrefix(data, []byte("CORE\x00")) {
				status = data[8:]
			}
		}
	}
	if len(status) < rsp+8 {
		t.Fatalf("no status of a thread: %x", status)
	}
	if sig := binary.LittleEndian.Uint16(status[cursig:]); sig != 11 {
		t.Errorf("signal %d, want 11", sig)
	}
	exe, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	if at, text := binary.LittleEndian.Uint64(status[rip:]), exe.Section(".text"); at < text.Addr || at >= text.Addr+text.Size {
		t.Errorf("instruction at %#x, text at %#x", at, text.Addr)
	}
	sp := binary.LittleEndian.Uint64(status[rsp:])
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Vaddr <= sp && sp < p.Vaddr+p.Filesz {
			return
		}
	}
	t.Errorf("no stack at %#x", sp)
}

// A program stops for gdb before its first instruction, once, and goes on.
func TestGDB(t *testing.T) {
	program := buildDebug(t)
	exe, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	exe.Close()
	_, stderr, status := result(t, machine(t, "run", "-gdb", "192.0.2.1:1234", program))
	if status != 2 || !strings.Contains(stderr, "not an address of this machine's own") {
		t.Errorf("-gdb of another machine: status %d:\n%s", status, stderr)
	}

	t.Run("protocol", func(t *testing.T) {
		w := waitForGDB(t, "127.0.0.1:0", program)
		conn := dial(t, w.remote)
		in := bufio.NewReader(conn)
		ask := func(packet, sum string) string {
			if _, err := io.WriteString(conn, "$"+packet+"#"+sum); err != nil {
				t.Fatal(err)
			}
			text, err := in.ReadString('#')
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimLeft(text, "+0123456789abcdef")
		}
		var rip [8]byte
		binary.LittleEndian.PutUint64(rip[:], exe.Entry)
		if got, want := ask("p10", "d1"), fmt.Sprintf("$%x#", rip); got != want {
			t.Errorf("stopped at %s, want %s", got, want)
		}
		if got := ask("D", "44"); got != "$OK#" {
			t.Errorf("detach: %s", got)
		}
		w.end("gopher 55\n", 0)
	})

	t.Run("gdb", func(t *testing.T) {
		w := waitForGDB(t, filepath.Join(t.TempDir(), "socket"), "-dir", "mem", program, "overdraw")
		debugger(t, []string{`_rt0_amd64_dios in section \.text`, `Breakpoint 1, main\.spend \(a=0x[0-9a-f]+, n=0\)`,
			`main\.main \(\)`, `\$1 = {owner = .*"gopher".*balance = 100}`, `Breakpoint 1, main\.spend \(a=0x[0-9a-f]+, n=1\)`, `\$2 = 1`,
			`received signal SIGSEGV`, `main\.spend \(a=0x[0-9a-f]+, n=14\)`, `terminated with signal SIGSEGV`},
			// gdb says everything again after 2 seconds, for which a busy machine has two answers.
			"gdb", "-batch", "-nx", "-ex", "set remotetimeout 60", "-ex", "target remote "+w.remote, "-ex", "info symbol $pc", "-ex", "break main.spend", "-ex", "continue",
			"-ex", "bt", "-ex", "print *a", "-ex", "continue", "-ex", "print n", "-ex", "delete", "-ex", "next", "-ex", "continue", "-ex", "bt", "-ex", "continue", program)
		w.end("", 128+11)
	})
}

// dial connects to an address; without package net, as in gdb.go.
func dial(t *testing.T, addr string) *os.File {
	t.Helper()
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	conn := os.NewFile(uintptr(fd), "connection")
	t.Cleanup(func() { conn.Close() })
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(ap.Port()), Addr: ap.Addr().As4()}); err != nil {
		t.Fatal(err)
	}
	return conn
}

// A waiting is a dios run whose program has stopped, or is about to.
type waiting struct {
	t              *testing.T
	cmd            *exec.Cmd
	remote         string // what gdb connects to
	stdout, stderr bytes.Buffer
	read           chan bool
}

func waitForGDB(t *testing.T, addr string, args ...string) *waiting {
	t.Helper()
	w := &waiting{t: t, cmd: machine(t, append([]string{"run", "-gdb", addr}, args...)...), read: make(chan bool)}
	w.cmd.Env = append(w.cmd.Env, "GOTRACEBACK=crash")
	w.cmd.Stdout = &w.stdout
	pipe, err := w.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.cmd.Process.Kill() })
	lines := bufio.NewReader(pipe)
	line, err := lines.ReadString('\n')
	_, remote, found := strings.Cut(strings.TrimSpace(line), "target remote ")
	if !found {
		t.Fatalf("said %q, %v", line, err)
	}
	w.remote = remote
	go func() {
		w.stderr.ReadFrom(lines)
		close(w.read)
	}()
	return w
}

// end waits until it has ended.
func (w *waiting) end(stdout string, status int) {
	w.t.Helper()
	<-w.read
	w.cmd.Wait()
	if got := w.cmd.ProcessState.ExitCode(); got != status || w.stdout.String() != stdout {
		w.t.Errorf("status %d, want %d; output %q, want %q:\n%s", got, status, &w.stdout, stdout, &w.stderr)
	}
}
