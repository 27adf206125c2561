// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package gdb

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A client is a debugger of a process that has stopped itself.
type client struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     *io.PipeWriter
	out    *bufio.Reader
	served chan error
}

func start(t *testing.T, script string) *client {
	t.Helper()
	c := &client{t: t, cmd: exec.Command("sh", "-c", "kill -STOP $$; "+script), served: make(chan error, 1)}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Kill(c.cmd.Process.Pid, unix.SIGKILL) })
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	c.in, c.out = toServer, bufio.NewReader(fromServer)
	go func() {
		c.served <- Serve(c.cmd.Process.Pid, in, out)
		in.Close()
		out.Close()
	}()
	return c
}

// end waits until the debugger is not served any more.
func (c *client) end() {
	c.t.Helper()
	select {
	case err := <-c.served:
		if err != nil {
			c.t.Error(err)
		}
	case <-time.After(time.Minute):
		c.t.Fatal("served still")
	}
}

func (c *client) send(packet string) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.in, "$%s#%02x", packet, sum(packet)); err != nil {
		c.t.Fatal(err)
	}
	if b, err := c.out.ReadByte(); b != '+' {
		c.t.Fatalf("%s: answered %q, %v", packet, b, err)
	}
}

func (c *client) reply() string {
	c.t.Helper()
	text, err := c.out.ReadString('#')
	if err != nil || text[0] != '$' {
		c.t.Fatalf("reply %q, %v", text, err)
	}
	text = text[1 : len(text)-1]
	check := make([]byte, 2)
	if _, err := io.ReadFull(c.out, check); err != nil || string(check) != fmt.Sprintf("%02x", sum(text)) {
		c.t.Fatalf("%q: checksum %q, %v", text, check, err)
	}
	return text
}

func (c *client) want(packet, want string) {
	c.t.Helper()
	c.send(packet)
	if got := c.reply(); got != want {
		c.t.Errorf("%s: %q, want %q", packet, got, want)
	}
}

func TestServe(t *testing.T) {
	c := start(t, "exit 7")
	c.want("?", "S05")
	c.want("qAttached", "1")
	c.want("qNonsense", "")
	c.want("vCont?", "")

	// All registers, one of them, and both again when they were changed.
	c.send("g")
	all := c.reply()
	if len(all) != 2*(17*8+7*4+8*10+8*4+16*16+4+3*8) {
		t.Errorf("%d digits of registers", len(all))
	}
	c.want("p10", all[2*16*8:][:16]) // rip
	c.want("P1=8877665544332211", "OK")
	c.want("p1", "8877665544332211") // rbx
	c.want("P28=000102030405060708090a0b0c0d0e0f", "OK")
	c.want("p28", "000102030405060708090a0b0c0d0e0f") // xmm0
	c.want("G"+all, "OK")
	c.want("g", all)
	c.want("p3c", "E01")
	c.want("P1=88", "E01")
	c.want("G00", "E01")

	// Memory, below the stack pointer and at no address.
	raw, err := hex.DecodeString(all[2*7*8:][:16])
	if err != nil {
		t.Fatal(err)
	}
	below := binary.LittleEndian.Uint64(raw) - 256
	c.want(fmt.Sprintf("M%x,4:01020304", below), "OK")
	c.want(fmt.Sprintf("m%x,6", below), "010203040000")
	c.want("m0,8", "E01")
	c.want("M0,1:00", "E01")
	c.want(fmt.Sprintf("M%x,4:0102", below), "E01")

	// A packet that is damaged is asked for again.
	fmt.Fprint(c.in, "$g#00")
	if b, err := c.out.ReadByte(); b != '-' {
		t.Errorf("a damaged packet: %q, %v", b, err)
	}

	c.want("s", "S05")
	c.send("p10")
	if rip := c.reply(); rip == all[2*16*8:][:16] {
		t.Error("a step goes nowhere")
	}
	c.want("c", "W07")
	c.end()
}

// A breakpoint is an instruction that gdb writes.
func TestBreakpoint(t *testing.T) {
	c := start(t, "exit 0")
	c.send("p10")
	raw, _ := hex.DecodeString(c.reply())
	rip := binary.LittleEndian.Uint64(raw)
	c.send(fmt.Sprintf("m%x,1", rip))
	was := c.reply()
	c.want(fmt.Sprintf("M%x,1:cc", rip), "OK")
	c.want("c", "S05")
	c.want("p10", fmt.Sprintf("%016x", swap(rip+1)))
	c.want(fmt.Sprintf("M%x,1:%s", rip, was), "OK")
	c.want(fmt.Sprintf("P10=%016x", swap(rip)), "OK")
	c.want("c", "W00")
	c.end()
}

func swap(n uint64) uint64 {
	return binary.LittleEndian.Uint64(binary.BigEndian.AppendUint64(nil, n))
}

func TestInterrupt(t *testing.T) {
	c := start(t, "while :; do :; done")
	c.send("c")
	time.Sleep(50 * time.Millisecond)
	c.in.Write([]byte{3})
	if got := c.reply(); got != "S02" {
		t.Errorf("interrupted: %q", got)
	}
	// A debugger that is gone leaves the process as it would be without one.
	c.send("c")
	time.Sleep(50 * time.Millisecond)
	c.in.Close()
	c.end()
	for _, want := range []string{"TracerPid:\t0", "R (running)"} {
		if status, err := exec.Command("cat", fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid)).Output(); !strings.Contains(string(status), want) {
			t.Errorf("no %q: %v\n%s", want, err, status)
		}
	}
}

func TestSignals(t *testing.T) {
	c := start(t, "kill -BUS $$")
	c.want("c", "S0a")
	c.want("C0a", "X0a")
	c.end()

	c = start(t, "exit 0")
	c.send("k")
	c.end()
	if err := c.cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("after k: %v", err)
	}
}

// Each register is where Linux has it, in gdb's order.
func TestRegisters(t *testing.T) {
	var regs unix.PtraceRegs
	fields := reflect.ValueOf(&regs).Elem()
	for i := range fields.NumField() {
		fields.Field(i).SetUint(uint64(0x0101010101010101 * (i + 1)))
	}
	var r registers
	copy(r.general[:], unsafe.Slice((*byte)(unsafe.Pointer(&regs)), unsafe.Sizeof(regs)))
	names := strings.Fields("Rax Rbx Rcx Rdx Rsi Rdi Rbp Rsp R8 R9 R10 R11 R12 R13 R14 R15 Rip Eflags Cs Ss Ds Es Fs Gs")
	check := func(n int, name string) {
		t.Helper()
		b, size := r.at(n)
		want := binary.LittleEndian.AppendUint64(nil, fields.FieldByName(name).Uint())
		if !bytes.Equal(b, want[:size]) {
			t.Errorf("%s: %x, want %x", name, b, want[:size])
		}
	}
	for n, name := range names {
		check(n, name)
	}
	for i, name := range []string{"Orig_rax", "Fs_base", "Gs_base"} {
		check(firstLinux+i, name)
	}
}
