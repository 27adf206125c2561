// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package gdb lets gdb look into a task and control it, by gdb's remote
// protocol ("Remote Serial Protocol" in its manual).
//
// It does what a debugger does on Linux: a DIOS task is a Linux process underneath,
// which another one, of root's here, may trace. Signals are seen by the tracer before they
// become upcalls, so a breakpoint never gets to the task; a fault does when gdb
// goes on with it. The tick is none of gdb's business.
//
// gdb itself writes breakpoints into memory, and so has as many as it likes.
package gdb

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Name is the name of the command that serves a debugger, in the machine.
const Name = "dios-gdb"

const stopFile = "/sys/kernel/debug/dios/stop"

// Main waits for the task that stops for a debugger, and serves one on standard
// input and output. It returns the exit status.
func Main() int {
	pid, err := stopped()
	if err == nil {
		err = Serve(pid, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "dios: gdb: %v\n", err)
		return 1
	}
	return 0
}

// stopped waits until the kernel has stopped a task, and returns its pid.
func stopped() (int, error) {
	for ; ; time.Sleep(20 * time.Millisecond) {
		data, err := os.ReadFile(stopFile)
		if err != nil {
			return 0, err
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil {
			return 0, err
		}
		if pid != 0 {
			return pid, nil
		}
	}
}

// A target is a process that is traced, by the thread that made it.
type target struct {
	pid     int
	mem     *os.File
	running atomic.Bool
	gone    atomic.Bool // the debugger is
}

// attach waits until a process is stopped, and traces it.
func attach(pid int) (*target, error) {
	for state := ""; state != "T"; time.Sleep(time.Millisecond) {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return nil, err
		}
		_, rest, _ := strings.Cut(string(data[strings.LastIndexByte(string(data), ')'):]), " ")
		state = rest[:1]
	}
	if err := unix.PtraceSeize(pid); err != nil {
		return nil, fmt.Errorf("ptrace: %w", err)
	}
	t := &target{pid: pid}
	var ws unix.WaitStatus
	if err := t.wait(&ws); err != nil {
		return nil, err
	}
	// It is stopped by the tracer now, and not to be so by the signal any more.
	if err := unix.Kill(pid, unix.SIGCONT); err != nil {
		return nil, err
	}
	var err error
	t.mem, err = os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	return t, err
}

func (t *target) wait(ws *unix.WaitStatus) error {
	for {
		_, err := unix.Wait4(t.pid, ws, unix.WALL, nil)
		if err != unix.EINTR {
			return err
		}
	}
}

// resume lets it go on, for one instruction or until something happens, and
// returns what did, as gdb has it; over: it has ended.
func (t *target) resume(step bool, sig unix.Signal) (reply string, over bool, err error) {
	t.running.Store(true)
	defer t.running.Store(false)
	for {
		request := unix.PTRACE_CONT
		if step {
			request = unix.PTRACE_SINGLESTEP
		}
		if err := t.ptrace(request, uintptr(sig)); err != nil {
			return "", false, err
		}
		var ws unix.WaitStatus
		if err := t.wait(&ws); err != nil {
			return "", false, err
		}
		switch {
		case ws.Exited():
			return fmt.Sprintf("W%02x", ws.ExitStatus()), true, nil
		case ws.Signaled():
			return fmt.Sprintf("X%02x", toGDB(ws.Signal())), true, nil
		case ws>>16 != 0 || ws.StopSignal() == unix.SIGCONT:
			sig = 0 // of our own stopping and going on
		case ws.StopSignal() == unix.SIGURG:
			sig = unix.SIGURG // the tick
			if step {
				sig = 0 // would be a step into what is called for it; it comes again
			}
		default:
			return fmt.Sprintf("S%02x", toGDB(ws.StopSignal())), false, nil
		}
		if t.gone.Load() {
			return "", false, nil
		}
	}
}

func (t *target) ptrace(request int, data uintptr) error {
	if _, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(t.pid), 0, data, 0, 0); errno != 0 {
		return fmt.Errorf("ptrace: %w", errno)
	}
	return nil
}

// Registers are as Linux has them, struct user_regs_struct and user_fpregs_struct.
type registers struct {
	general [27 * 8]byte
	float   [512]byte
}

func (t *target) load(r *registers) error {
	if err := t.ptrace(unix.PTRACE_GETREGS, uintptr(unsafe.Pointer(&r.general))); err != nil {
		return err
	}
	return t.ptrace(unix.PTRACE_GETFPREGS, uintptr(unsafe.Pointer(&r.float)))
}

func (t *target) store(r *registers) error {
	if err := t.ptrace(unix.PTRACE_SETREGS, uintptr(unsafe.Pointer(&r.general))); err != nil {
		return err
	}
	return t.ptrace(unix.PTRACE_SETFPREGS, uintptr(unsafe.Pointer(&r.float)))
}

// The registers in the order that gdb has them for Linux on amd64: rax rbx rcx rdx rsi
// rdi rbp rsp r8 to r15 rip, 8 bytes each; eflags cs ss ds es fs gs; those of the
// x87, which Go does not use and gdb does not get; xmm0 to xmm15 and mxcsr; orig_rax
// fs_base gs_base.
var (
	generalAt = [...]int{80, 40, 88, 96, 104, 112, 32, 152, 72, 64, 56, 48, 24, 16, 8, 0, 128, 144, 136, 160, 184, 192, 200, 208}
	linuxAt   = [...]int{120, 168, 176}
)

const (
	firstX87   = 24
	firstX87c  = 32
	firstXMM   = 40
	mxcsr      = 56
	firstLinux = 57
	nRegisters = 60
)

// at returns the bytes of a register; or nil and how many it has, if gdb
// does not get it.
func (r *registers) at(n int) ([]byte, int) {
	switch {
	case n < 17:
		return r.general[generalAt[n]:][:8], 8
	case n < firstX87:
		return r.general[generalAt[n]:][:4], 4
	case n < firstX87c:
		return nil, 10
	case n < firstXMM:
		return nil, 4
	case n < mxcsr:
		return r.float[160+16*(n-firstXMM):][:16], 16
	}
	if n == mxcsr {
		return r.float[24:][:4], 4
	}
	return r.general[linuxAt[n-firstLinux]:][:8], 8
}

func (r *registers) text(n int) string {
	b, size := r.at(n)
	if b == nil {
		return strings.Repeat("x", 2*size)
	}
	return hex.EncodeToString(b)
}

// set takes a register's text from the front of s, and returns the rest.
func (r *registers) set(n int, s string) (string, error) {
	b, size := r.at(n)
	if len(s) < 2*size {
		return "", io.ErrUnexpectedEOF
	}
	if b != nil {
		if _, err := hex.Decode(b, []byte(s[:2*size])); err != nil {
			return "", err
		}
	}
	return s[2*size:], nil
}

// Signals whose number is another one for gdb.
var gdbSignals = map[unix.Signal]int{
	unix.SIGBUS: 10, unix.SIGSYS: 12, unix.SIGSTOP: 17, unix.SIGTSTP: 18, unix.SIGCHLD: 20, unix.SIGUSR1: 30, unix.SIGUSR2: 31,
}

func toGDB(sig unix.Signal) int {
	if n, ok := gdbSignals[sig]; ok {
		return n
	}
	if sig <= unix.SIGTERM && sig != unix.SIGUSR1 && sig != unix.SIGUSR2 {
		return int(sig)
	}
	return 143 // unknown
}

func fromGDB(n int) unix.Signal {
	for sig, m := range gdbSignals {
		if m == n {
			return sig
		}
	}
	if n <= int(unix.SIGTERM) {
		return unix.Signal(n)
	}
	return 0
}

// Serve serves a debugger until it detaches, kills the process or is gone, or the process
// has ended. The process must be about to stop, by a signal.
func Serve(pid int, in io.Reader, out io.Writer) error {
	runtime.LockOSThread() // the thread is the tracer
	defer runtime.UnlockOSThread()
	t, err := attach(pid)
	if err != nil {
		return err
	}
	defer t.mem.Close()
	c := &conn{in: bufio.NewReader(in), out: out}
	packets := make(chan string)
	done := make(chan bool)
	defer close(done)
	go c.read(t, packets, done)
	s := server{target: t, last: "S05"}
	for p := range packets {
		reply, over, err := s.handle(p)
		if err != nil {
			return err
		}
		if p == "QStartNoAckMode" {
			c.quiet.Store(true)
		}
		if reply != nothing {
			if err := c.send(reply); err != nil {
				return err
			}
		}
		if over {
			return nil
		}
	}
	return t.ptrace(unix.PTRACE_DETACH, 0)
}

// nothing is no reply, which is not the empty one: that says what is not known.
const nothing = "nothing"

type server struct {
	*target
	last string // what stopped it
}

// handle does what a packet says. An error is one that ends everything; what
// gdb may hear is in the reply.
func (s *server) handle(p string) (reply string, over bool, err error) {
	failed := func(err error) (string, bool, error) {
		if errors.Is(err, unix.ESRCH) { // it was killed
			return "X09", true, nil
		}
		return "E01", false, nil
	}
	name, arg, _ := strings.Cut(p, ":")
	switch name {
	case "qSupported":
		return "PacketSize=4000;QStartNoAckMode+", false, nil
	case "QStartNoAckMode":
		return "OK", false, nil
	case "qAttached":
		return "1", false, nil // so gdb detaches when it ends
	case "qC":
		return "QC1", false, nil
	case "qfThreadInfo":
		return "m1", false, nil
	case "qsThreadInfo":
		return "l", false, nil
	}
	if p == "" {
		return "", false, nil
	}
	switch rest := p[1:]; p[0] {
	case '?':
		return s.last, false, nil
	case 'H', 'T':
		return "OK", false, nil
	case 'g', 'G', 'p', 'P':
		reply, err := s.registers(p[0], rest)
		if err != nil {
			return failed(err)
		}
		return reply, false, nil
	case 'm':
		at, size, err := addressAndSize(rest)
		if err != nil {
			return failed(err)
		}
		buf := make([]byte, min(size, 0x1fff))
		n, err := s.mem.ReadAt(buf, at)
		if n == 0 && err != nil {
			return failed(err)
		}
		return hex.EncodeToString(buf[:n]), false, nil
	case 'M':
		where, _, _ := strings.Cut(rest, ":")
		at, size, err := addressAndSize(where)
		if err != nil {
			return failed(err)
		}
		data, err := hex.DecodeString(arg)
		if err != nil || len(data) != size {
			return failed(io.ErrUnexpectedEOF)
		}
		if _, err := s.mem.WriteAt(data, at); err != nil {
			return failed(err)
		}
		return "OK", false, nil
	case 'c', 's', 'C', 'S':
		sig := 0
		if rest != "" && (p[0] == 'C' || p[0] == 'S') {
			if _, err := fmt.Sscanf(rest, "%x", &sig); err != nil {
				return failed(err)
			}
		} else if rest != "" {
			return failed(errors.ErrUnsupported) // an address to go on from; gdb does not use it
		}
		s.last, over, err = s.resume(p[0] == 's' || p[0] == 'S', fromGDB(sig))
		if s.gone.Load() && !over {
			return nothing, false, err
		}
		return s.last, over, err
	case 'D':
		return "OK", true, s.ptrace(unix.PTRACE_DETACH, 0)
	case 'k':
		return nothing, true, unix.Kill(s.pid, unix.SIGKILL)
	}
	return "", false, nil
}

func (s *server) registers(what byte, rest string) (string, error) {
	var r registers
	if err := s.load(&r); err != nil {
		return "", err
	}
	first, last := 0, nRegisters
	if what == 'p' || what == 'P' {
		number, value, _ := strings.Cut(rest, "=")
		n, err := strconv.ParseUint(number, 16, 8)
		if err != nil || n >= nRegisters {
			return "", errors.ErrUnsupported
		}
		first, last, rest = int(n), int(n)+1, value
	}
	if what == 'g' || what == 'p' {
		var b strings.Builder
		for n := first; n < last; n++ {
			b.WriteString(r.text(n))
		}
		return b.String(), nil
	}
	for n := first; n < last; n++ {
		var err error
		if rest, err = r.set(n, rest); err != nil {
			return "", err
		}
	}
	return "OK", s.store(&r)
}

// addressAndSize reads "ADDRESS,SIZE".
func addressAndSize(s string) (at int64, size int, err error) {
	a, n, _ := strings.Cut(s, ",")
	u, err := strconv.ParseUint(a, 16, 63)
	if err != nil {
		return 0, 0, err
	}
	length, err := strconv.ParseUint(n, 16, 31)
	return int64(u), int(length), err
}

// A conn is the debugger's side.
type conn struct {
	in    *bufio.Reader
	out   io.Writer
	quiet atomic.Bool // packets are not acknowledged
}

// read reads packets, and interrupts the process when gdb says so or is gone.
func (c *conn) read(t *target, to chan<- string, done <-chan bool) {
	defer close(to)
	interrupt := func() {
		if t.running.Load() {
			unix.Kill(t.pid, unix.SIGINT) // only the tracer sees it
		}
	}
	for {
		p, err := c.packet(interrupt)
		if err != nil {
			t.gone.Store(true)
			interrupt()
			return
		}
		select {
		case to <- p:
		case <-done:
			return
		}
	}
}

// packet returns the next packet's text.
func (c *conn) packet(interrupt func()) (string, error) {
	for {
		b, err := c.in.ReadByte()
		if err != nil {
			return "", err
		}
		if b == 3 {
			interrupt()
		}
		if b != '$' { // acknowledgements
			continue
		}
		text, err := c.in.ReadString('#')
		if err != nil {
			return "", err
		}
		var check [2]byte
		if _, err := io.ReadFull(c.in, check[:]); err != nil {
			return "", err
		}
		text = text[:len(text)-1]
		answer := "+"
		if n, err := strconv.ParseUint(string(check[:]), 16, 8); err != nil || byte(n) != sum(text) {
			answer = "-"
		}
		if !c.quiet.Load() {
			if _, err := io.WriteString(c.out, answer); err != nil {
				return "", err
			}
		}
		if answer == "+" {
			return text, nil
		}
	}
}

func (c *conn) send(text string) error {
	_, err := fmt.Fprintf(c.out, "$%s#%02x", text, sum(text))
	return err
}

func sum(text string) (n byte) {
	for i := range len(text) {
		n += text[i]
	}
	return n
}
