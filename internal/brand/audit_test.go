// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package brand

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const textAddr = 0x401000

type symbol struct {
	name        string
	value, size uint64
}

// withText makes a program of some code, with symbols unless there are none.
func withText(code []byte, syms ...symbol) []byte {
	var b bytes.Buffer
	le := binary.LittleEndian
	head := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: textAddr,
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64,
	}
	copy(head.Ident[:], elf.ELFMAG)
	head.Ident[elf.EI_CLASS], head.Ident[elf.EI_DATA], head.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	const textOff = 64 + 56
	size := uint64(len(code))
	prog := elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Off: textOff, Vaddr: textAddr, Filesz: size, Memsz: size}
	names := []byte("\x00.text\x00.symtab\x00.strtab\x00")
	if len(syms) > 0 {
		head.Shoff, head.Shnum, head.Shstrndx = textOff+size, 4, 3
	}
	binary.Write(&b, le, head)
	binary.Write(&b, le, prog)
	b.Write(code)
	if len(syms) == 0 {
		return b.Bytes()
	}
	symOff := head.Shoff + 4*64
	symSize := uint64(24 * (1 + len(syms)))
	table := []elf.Sym64{{}}
	for _, s := range syms {
		table = append(table, elf.Sym64{Name: uint32(len(names)), Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC), Shndx: 1, Value: s.value, Size: s.size})
		names = append(names, s.name+"\x00"...)
	}
	binary.Write(&b, le, []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR), Addr: textAddr, Off: textOff, Size: size},
		{Name: 7, Type: uint32(elf.SHT_SYMTAB), Off: symOff, Size: symSize, Link: 3, Entsize: 24},
		{Name: 15, Type: uint32(elf.SHT_STRTAB), Off: symOff + symSize, Size: uint64(len(names))},
	})
	binary.Write(&b, le, table)
	b.Write(names)
	return b.Bytes()
}

func auditBytes(data []byte) (*Audit, error) {
	r := bytes.NewReader(data)
	e, err := check(r, int64(len(data)))
	if err != nil {
		return nil, err
	}
	return audit(r, int64(len(data)), e)
}

func lines(a *Audit) []string {
	all := append([]string(nil), a.Problems...)
	for _, s := range a.Sites {
		mark := "-"
		if s.OK {
			mark = "+"
		}
		all = append(all, fmt.Sprintf("%s %#x %s %s: %s", mark, s.Addr-textAddr, s.Func, s.Instruction, s.Why))
	}
	if a.Inside > 0 {
		all = append(all, fmt.Sprint(a.Inside, " inside"))
	}
	return all
}

func TestAuditCode(t *testing.T) {
	const (
		sys     = "\x0f\x05"
		exit    = "\xb8\xe7\x00\x00\x00" // mov $231, %eax
		create  = "\xb8\x00\xd1\x00\x00" // mov $0xD100, %eax
		past    = "\xb8\x0c\xd1\x00\x00" // mov $0xD10C, %eax
		sigret  = "\x48\xc7\xc0\x0f\x00\x00\x00"
		xor     = "\x31\xc0"
		ret     = "\xc3"
		unknown = "\x62\xf1\x7c\x48\x28\xc1" // an instruction of AVX-512
	)
	for _, test := range []struct {
		name, code, fn string
		want           []string
	}{
		{"constants", create + sys + exit + sys + xor + sys + past + sys + sigret + sys, "f", []string{
			"+ 0x5 f syscall: DIOS's create",
			"- 0xc f syscall: Linux's exit_group",
			"- 0x10 f syscall: Linux's read",
			"- 0x17 f syscall: call 53516, which neither DIOS nor Linux has",
			"+ 0x20 f syscall: Linux's rt_sigreturn, the return of an upcall",
		}},
		{"a call uses rax up", create + sys + sys, "f", []string{
			"+ 0x5 f syscall: DIOS's create", "- 0x7 f syscall: a call whose number is not a constant",
		}},
		{"by another register", "\xba\x00\xd1\x00\x00" + "\x89\xd0" + sys, "f", []string{"+ 0x7 f syscall: DIOS's create"}},
		{"half a register", create + "\xb0\x01" + sys, "f", []string{"- 0x7 f syscall: a call whose number is not a constant"}},
		{"a function between", create + "\xe8\x00\x00\x00\x00" + sys, "f", []string{"- 0xa f syscall: a call whose number is not a constant"}},
		{"a jump to it", create + sys + "\xeb\xfc", "f", []string{"- 0x5 f syscall: a call whose number is not a constant"}},
		{"a jump to before the number", create + sys + "\xeb\xf7", "f", []string{"+ 0x5 f syscall: DIOS's create"}},
		{"after a return", create + ret + sys, "f", []string{"- 0x6 f syscall: a call whose number is not a constant"}},
		{"jumps to anywhere", create + sys + "\xff\xe2", "f", []string{"- 0x5 f syscall: a call whose number is not a constant"}},
		{"a branch that is not taken", create + "\x74\x02" + sys + ret, "f", []string{"+ 0x7 f syscall: DIOS's create"}},
		{"other doors", exit + "\x0f\x34" + exit + "\xcd\x80" + "\xcd\x81" + "\xcc", "f", []string{
			"- 0x5 f sysenter: call 231 of 32-bit Linux", "- 0xc f int 0x80: call 231 of 32-bit Linux",
		}},
		{"inside an instruction", "\xb8\x0f\x05\x00\x00" + "\x48\xb8\xcd\x80\x00\x00\x00\x00\x0f\x34" + ret, "f", []string{"3 inside"}},
		{"does not decode", unknown + sys, "f", []string{"- 0x6 f syscall: a call whose number is not a constant"}},
		{"does not decode, and may be out of step", "\x06" + "\xb8\x0f\x05\x00\x00" + ret, "f", []string{"- 0x2 f syscall: in bytes that do not decode"}},
		{"no function", create + sys + ret + "\xb8\x0f\x05\x00\x00", "", []string{"+ 0x5  syscall: DIOS's create", "1 inside"}},
		{"the stub of Go", sys, "internal/runtime/syscall/dios.Syscall6", []string{
			"+ 0x0 internal/runtime/syscall/dios.Syscall6 syscall: the Go runtime's stub for the calls of DIOS",
		}},
		{"the stub of Go does no Linux call", exit + sys, "internal/runtime/syscall/dios.Syscall6", []string{
			"- 0x5 internal/runtime/syscall/dios.Syscall6 syscall: Linux's exit_group",
		}},
		{"Linux's stub of Go", sys, "internal/runtime/syscall/linux.Syscall6", []string{
			"- 0x0 internal/runtime/syscall/linux.Syscall6 syscall: a call whose number is not a constant",
		}},
		{"the start of Go", exit + sys + xor + sys, "_rt0_amd64_dios.abi0", []string{
			"+ 0x5 _rt0_amd64_dios.abi0 syscall: Linux's exit_group, to say that there is no DIOS here",
			"- 0x9 _rt0_amd64_dios.abi0 syscall: Linux's read",
		}},
		{"nothing", ret, "f", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var syms []symbol
			if test.fn != "" {
				syms = []symbol{{test.fn, textAddr, uint64(len(test.code))}}
			}
			a, err := auditBytes(withText([]byte(test.code), syms...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, lines(a)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The nearest symbol before an address is its function, unless it has ended.
func TestAuditNames(t *testing.T) {
	code := bytes.Repeat([]byte("\x0f\x05\x90\x90"), 5)
	a, err := auditBytes(withText(code, symbol{"c", textAddr + 12, 4}, symbol{"a", textAddr, 8}, symbol{"b", textAddr + 4, 4}, symbol{"\x1b[2J", textAddr + 16, 0}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range a.Sites {
		got = append(got, fmt.Sprintf("%s+%d", s.Func, s.Offset))
	}
	if want := []string{"a+0", "b+0", "+0", "c+0", "?[2J+0"}; !cmp.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Bytes on both sides of where one read ends and the next begins are found, and once.
func TestAuditBorder(t *testing.T) {
	for _, at := range []int{chunk - 2, chunk - 1, chunk, 2*chunk - 3, 2*chunk - 2, 3*chunk - 5} {
		code := bytes.Repeat([]byte{0x90}, 3*chunk-3)
		copy(code[at:], "\x0f\x05")
		a, err := auditBytes(withText(code))
		if err != nil || len(a.Sites) != 1 || a.Sites[0].Addr != textAddr+uint64(at) {
			t.Errorf("at %d: %v, %v", at, a, err)
		}
	}
}

// A program of nothing but system calls is counted to its end.
func TestAuditMany(t *testing.T) {
	n := maxSites + 10
	a, err := auditBytes(withText(bytes.Repeat([]byte("\x0f\x05"), n), symbol{"f", textAddr, uint64(2 * n)}))
	if err != nil || len(a.Sites) != maxSites || a.More != 10 || a.Pure() || a.Foreign() != n {
		t.Errorf("%d sites, %d more, %v", len(a.Sites), a.More, err)
	}
}

func TestAuditProblems(t *testing.T) {
	data := withText([]byte("\xc3"))
	flags := data[64+4:]
	binary.LittleEndian.PutUint32(flags, uint32(elf.PF_R|elf.PF_W|elf.PF_X))
	a, err := auditBytes(data)
	if err != nil || a.Pure() || len(a.Problems) != 1 || !strings.Contains(a.Problems[0], "both written and executed") {
		t.Errorf("%v, %v", a, err)
	}
}

// A hundred megabytes take less than five seconds of a processor, and little memory.
func TestAuditLong(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e, err := elf.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	text, err := e.Section(".text").Data()
	if err != nil {
		t.Fatal(err)
	}
	const size = 100 << 20
	// Without symbols, which is the slower way.
	data := withText(bytes.Repeat(text, size/len(text)+1))
	path := filepath.Join(t.TempDir(), "long")
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	copies := len(data) / len(text)
	data, text = nil, nil
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used := cpuTime(t)
	a, _, err := AuditFile(f)
	used = cpuTime(t) - used
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	// A program of Linux has some.
	if len(a.Sites) < 5*copies {
		t.Errorf("%d sites in %d copies of a Go program's code", len(a.Sites), copies)
	}
	// All that was allocated, so at no time was there more.
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("allocated %d bytes", n)
	}
	if used > 5*time.Second {
		t.Errorf("took %v of a processor", used)
	}
	t.Logf("%d sites, %v of a processor, %d KiB allocated", len(a.Sites), used, (after.TotalAlloc-before.TotalAlloc)>>10)
}

func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Whatever a file says of itself, to read and audit it neither panics nor takes
// more memory than the file justifies.
func FuzzAudit(f *testing.F) {
	code := []byte("\xb8\x00\xd1\x00\x00\x0f\x05\xcd\x80\x0f\x34\x06\xff\xe2")
	f.Add(withText(code))
	f.Add(withText(code, symbol{"f", textAddr, 5}, symbol{"g", textAddr + 5, 0}))
	// With Go's table: the third section is that instead of a symbol table.
	pcln := binary.LittleEndian.AppendUint32(nil, 0xfffffff1)
	pcln = append(pcln, 0, 0, 1, 8)
	for _, word := range []uint64{1, 0, textAddr, 72, 0, 0, 0, 76} {
		pcln = binary.LittleEndian.AppendUint64(pcln, word)
	}
	pcln = append(pcln, "main"...)
	for _, word := range []uint32{0, 12, uint32(len(code)), 0, 0} {
		pcln = binary.LittleEndian.AppendUint32(pcln, word)
	}
	f.Add(append(withText(code, symbol{".gopclntab", textAddr, 5}), pcln...))
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		auditBytes(data)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20+100*uint64(len(data)) {
			t.Errorf("allocated %d bytes for a file of %d", n, len(data))
		}
	})
}
