// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package brand

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"dios/internal/abi"

	"golang.org/x/arch/x86/x86asm"
)

// How the audit goes. The bytes of SYSCALL, SYSENTER and INT 0x80 are searched
// for in everything that can be executed, whatever it means, so none is missed.
// Only what surrounds them is disassembled: the function, if there is a table of
// functions, to see whether they are instructions, and which number is in rax. So it
// takes the time of reading the file, and little memory, however long that is.
//
// An audit is not what keeps a pure task from Linux; the kernel does that. It says
// beforehand whether the program would notice.

// A Site is an instruction that enters the kernel.
type Site struct {
	Addr        uint64
	Func        string // the function it is in, and "" if that is not known
	Offset      uint64 // from the function's start
	Instruction string // "syscall", "sysenter", "int 0x80"
	Undecoded   bool   // in bytes that are no instructions, as far as is known
	Known       bool   // whether the number of the call is a constant
	Number      int64
	OK          bool   // a pure program may have it
	Why         string // which call it is, or why it may be there
}

// An Audit is what is found in a program.
type Audit struct {
	Sites    []Site   // by address
	More     int      // how many there are that are not in Sites, which has a limit
	Inside   int      // such bytes inside other instructions
	Problems []string // what else keeps the program from being pure
}

// Foreign is how many sites a pure program may not have.
func (a *Audit) Foreign() int {
	n := a.More
	for _, s := range a.Sites {
		if !s.OK {
			n++
		}
	}
	return n
}

// Pure reports whether the program can be pure.
func (a *Audit) Pure() bool { return a.Foreign() == 0 && len(a.Problems) == 0 }

// The functions that are known by name to do what their instructions do not
// show: the stubs of the runtimes, which are ours. The numbers are those that
// count as theirs; none means one that is not a constant.
var stubs = map[string]struct {
	numbers []int64
	why     string
}{
	"internal/runtime/syscall/dios.Syscall6": {nil, "the Go runtime's stub for the calls of DIOS"},
	"_rt0_amd64_dios":                        {[]int64{linuxWrite, linuxExitGroup}, "to say that there is no DIOS here"},
	"no_dios":                                {[]int64{linuxWrite, linuxExitGroup}, "to say that there is no DIOS here"},
}

const (
	linuxWrite       = 1
	linuxRtSigreturn = 15
	linuxExitGroup   = 231
)

// judge decides whether a pure program may have the site.
func (s *Site) judge() {
	name, _, _ := strings.Cut(s.Func, ".abi") // as the linker marks assembly
	stub, isStub := stubs[name]
	switch {
	case s.Undecoded:
		s.Why = "in bytes that do not decode"
	case s.Instruction != "syscall":
		s.Why = "a call of 32-bit Linux"
		if s.Known {
			s.Why = fmt.Sprintf("call %d of 32-bit Linux", s.Number)
		}
	case !s.Known && isStub && stub.numbers == nil:
		s.OK, s.Why = true, stub.why
	case !s.Known:
		s.Why = "a call whose number is not a constant"
	case s.Number >= abi.SysCreate && s.Number < abi.SysCreate+abi.Ncall:
		s.OK, s.Why = true, "DIOS's "+abi.CallNames[s.Number-abi.SysCreate]
	default:
		s.Why = fmt.Sprintf("call %d, which neither DIOS nor Linux has", s.Number)
		if n := linuxCalls[s.Number]; n != "" {
			s.Why = "Linux's " + n
		}
		if s.Number == linuxRtSigreturn {
			// The one Linux call that the kernel lets a pure task make.
			s.OK, s.Why = true, s.Why+", the return of an upcall"
		} else if isStub && slices.Contains(stub.numbers, s.Number) {
			s.OK, s.Why = true, s.Why+", "+stub.why
		}
	}
}

// Limits that no program reaches, for files that are made to be difficult.
const (
	maxSites    = 1 << 16
	maxFunction = 1 << 20 // bytes of a function that are disassembled
	window      = 128     // bytes that are disassembled before a site of no function
	chunk       = 1 << 20 // bytes that are read at once
)

// AuditFile audits the program in an open file.
func AuditFile(f *os.File) (*Audit, Info, error) {
	e, info, err := read(f)
	var unknown *UnknownError
	if errors.As(err, &unknown) {
		err = nil
	}
	if err != nil {
		return nil, info, err
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, info, plain(err)
	}
	a, err := audit(f, fi.Size(), e)
	return a, info, err
}

// A region is a part of the file that can be executed.
type region struct{ addr, off, size uint64 }

// at returns the bytes of the region from one address to another.
func (g region) at(r io.ReaderAt, from, to uint64) ([]byte, error) {
	b := make([]byte, to-from)
	n, err := r.ReadAt(b, int64(g.off+from-g.addr))
	if n < len(b) && err != io.EOF {
		return nil, plain(err)
	}
	return b[:n], nil
}

func audit(r io.ReaderAt, size int64, e *elf.File) (*Audit, error) {
	a := new(Audit)
	pure, _ := byNumber(abi.BrandPure)
	if err := startable(e, pure); err != nil {
		a.Problems = append(a.Problems, err.Error())
	}
	for _, p := range e.Progs {
		if p.Flags&(elf.PF_W|elf.PF_X) == elf.PF_W|elf.PF_X {
			switch p.Type {
			case elf.PT_LOAD:
				a.Problems = append(a.Problems, "has memory to be both written and executed, so not all that it calls is in the file")
			case elf.PT_GNU_STACK:
				a.Problems = append(a.Problems, "has an executable stack, so not all that it calls is in the file; link it with -z noexecstack")
			}
		}
	}
	regions, err := executable(e, uint64(size))
	if err != nil {
		return nil, err
	}
	names := newFunctions(r, e)
	for _, g := range regions {
		found, more, err := search(r, g, maxSites-len(a.Sites))
		if err != nil {
			return nil, err
		}
		a.More += more
		if err := a.look(r, g, found, names); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(a.Sites, func(x, y Site) int { return cmp.Compare(x.Addr, y.Addr) })
	for i := range a.Sites {
		a.Sites[i].judge()
	}
	return a, nil
}

// executable returns what of the file can be executed: the sections that say so, or
// the segments if none does. Segments hold headers and tables, too, in which
// any bytes can be.
func executable(e *elf.File, size uint64) ([]region, error) {
	var regions []region
	for _, s := range e.Sections {
		if s.Flags&elf.SHF_EXECINSTR != 0 && s.Type != elf.SHT_NOBITS {
			regions = append(regions, region{s.Addr, s.Offset, s.FileSize})
		}
	}
	if regions == nil {
		for _, p := range e.Progs {
			if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 {
				regions = append(regions, region{p.Vaddr, p.Off, p.Filesz})
			}
		}
	}
	sum := uint64(0)
	for _, g := range regions {
		if g.off > size || g.size > size-g.off || g.addr > 1<<63 || g.size > 1<<62 {
			return nil, errors.New("damaged ELF file: code that is outside of the file; build it again")
		}
		if sum += g.size; sum > size {
			return nil, errors.New("damaged ELF file: code in several places at once; build it again")
		}
	}
	return regions, nil
}

var doors = []struct {
	bytes []byte
	name  string
}{
	{[]byte{0x0f, 0x05}, "syscall"},
	{[]byte{0x0f, 0x34}, "sysenter"},
	{[]byte{0xcd, 0x80}, "int 0x80"},
}

// search finds the addresses of the bytes in a region, at most max, and how
// many more there are.
func search(r io.ReaderAt, g region, max int) (found []Site, more int, err error) {
	buf := make([]byte, min(g.size, chunk))
	for at := uint64(0); at < g.size; {
		b := buf[:min(uint64(len(buf)), g.size-at)]
		if n, err := r.ReadAt(b, int64(g.off+at)); n < len(b) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, 0, plain(err)
		}
		for _, d := range doors {
			for i := 0; ; {
				n := bytes.Index(b[i:], d.bytes)
				if n < 0 {
					break
				}
				i += n
				if len(found) < max {
					found = append(found, Site{Addr: g.addr + at + uint64(i), Instruction: d.name})
				} else {
					more++
				}
				i += len(d.bytes)
			}
		}
		if at+uint64(len(b)) == g.size {
			break
		}
		at += uint64(len(b)) - 1 // one may lie across the border
	}
	slices.SortFunc(found, func(x, y Site) int { return cmp.Compare(x.Addr, y.Addr) })
	return found, more, nil
}

// look finds out about what was found in a region.
func (a *Audit) look(r io.ReaderAt, g region, found []Site, names *functions) error {
	addrs := make([]uint64, len(found))
	for i, s := range found {
		addrs[i] = s.Addr
	}
	funcs := names.of(addrs)
	for len(found) > 0 {
		f := funcs[0]
		n := 1
		if f.name != "" {
			for n < len(found) && funcs[n].start == f.start && funcs[n].name == f.name {
				n++
			}
		}
		sites := found[:n]
		last := sites[n-1].Addr
		found, funcs = found[n:], funcs[n:]

		end := min(max(f.end, last+2), last+4096, g.addr+g.size)
		switch {
		case f.name != "" && f.start >= g.addr && end-f.start <= maxFunction:
			code, err := g.at(r, f.start, end)
			if err != nil {
				return err
			}
			d := disassemble(code, f.start)
			for i := range sites {
				d.see(&sites[i])
			}
		default:
			// No start from which to disassemble. The instructions of x86 get in step by
			// themselves: what is one from any of several starts counts as one.
			for i := range sites {
				if err := lookAround(r, g, &sites[i]); err != nil {
					return err
				}
			}
		}
		for _, s := range sites {
			if s.Instruction == "" {
				a.Inside++
				continue
			}
			if f.name != "" {
				s.Func, s.Offset = f.name, s.Addr-f.start
			}
			a.Sites = append(a.Sites, s)
		}
	}
	return nil
}

// lookAround is see where no function is known.
func lookAround(r io.ReaderAt, g region, s *Site) error {
	from := max(g.addr, s.Addr-min(s.Addr, window))
	code, err := g.at(r, from, min(s.Addr+64, g.addr+g.size))
	if err != nil {
		return err
	}
	is := *s
	is.Instruction = ""
	starts := uint64(8)
	if from == g.addr {
		starts = 1 // the first byte of all is one for sure
	}
	for skip := uint64(0); skip < starts && from+skip <= s.Addr; skip++ {
		try := *s
		disassemble(code[skip:], from+skip).see(&try)
		switch {
		case try.Instruction == "":
		case is.Instruction == "" || is.Undecoded && !try.Undecoded:
			is = try
		case try.Known != is.Known || try.Number != is.Number:
			if !try.Undecoded {
				is.Known, is.Number = false, 0
			}
		}
	}
	*s = is
	return nil
}

// A listing is disassembled code.
type listing struct {
	base    uint64
	kind    []byte // of each byte of the code
	numbers map[uint64]int64
}

const (
	inside    = iota // of an instruction, not its first
	undecoded        // no instruction, or one that may be out of step
	start            // the first of an instruction
)

// doubt is after how many bytes the disassembler is in step again for sure, after
// some that do not decode.
const doubt = 64

// disassemble goes over the code twice: to see where it jumps to, and to follow the
// constants in registers to each SYSCALL and its like.
func disassemble(code []byte, base uint64) *listing {
	l := &listing{base: base, kind: make([]byte, len(code)), numbers: make(map[uint64]int64)}
	targets := make(map[uint64]bool)
	anywhere := false // it jumps to where a register says
	trusted := 0
	for at := 0; at < len(code); {
		inst, err := x86asm.Decode(code[at:], 64)
		if err != nil || inst.Len == 0 {
			l.kind[at] = undecoded
			at++
			trusted = at + doubt
			continue
		}
		l.kind[at] = start
		if at < trusted {
			for i := 1; i < inst.Len && at+i < len(code); i++ {
				l.kind[at+i] = undecoded
			}
		}
		next := base + uint64(at) + uint64(inst.Len)
		for _, arg := range inst.Args {
			if rel, ok := arg.(x86asm.Rel); ok {
				targets[next+uint64(int64(rel))] = true
			}
		}
		if _, ok := inst.Args[0].(x86asm.Rel); inst.Op == x86asm.JMP && !ok {
			anywhere = true
		}
		at += inst.Len
	}
	if anywhere {
		return l
	}
	var regs registers
	for at := 0; at < len(code); {
		if targets[base+uint64(at)] {
			regs.forget()
		}
		if l.kind[at] != start {
			regs.forget()
			at++
			continue
		}
		inst, err := x86asm.Decode(code[at:], 64)
		if err != nil { // not reached: it decoded before
			break
		}
		switch inst.Op {
		case x86asm.SYSCALL, x86asm.SYSENTER, x86asm.INT:
			if rax := regs[0]; rax.known {
				l.numbers[base+uint64(at)] = rax.value
			}
		}
		regs.execute(&inst)
		at += inst.Len
	}
	return l
}

// see finds out what the bytes of a site are: if they are inside an
// instruction, its Instruction becomes "".
func (l *listing) see(s *Site) {
	if s.Addr-l.base >= uint64(len(l.kind)) { // the file became shorter
		s.Undecoded = true
		return
	}
	switch l.kind[s.Addr-l.base] {
	case start:
		s.Number, s.Known = l.numbers[s.Addr]
	case undecoded:
		s.Undecoded = true
	case inside:
		s.Instruction = ""
	}
}

// registers are the constants in the 16 registers, rax first.
type registers [16]struct {
	known bool
	value int64
}

func (r *registers) forget() { *r = registers{} }

// index returns which of the registers an argument is, or is a part of.
func index(arg x86asm.Arg) (i int, ok bool) {
	reg, ok := arg.(x86asm.Reg)
	switch {
	case !ok:
		return 0, false
	case reg >= x86asm.RAX && reg <= x86asm.R15:
		return int(reg - x86asm.RAX), true
	case reg >= x86asm.EAX && reg <= x86asm.R15L:
		return int(reg - x86asm.EAX), true
	case reg >= x86asm.AX && reg <= x86asm.R15W:
		return int(reg - x86asm.AX), true
	case reg >= x86asm.AL && reg <= x86asm.BL:
		return int(reg - x86asm.AL), true
	case reg >= x86asm.AH && reg <= x86asm.BH:
		return int(reg - x86asm.AH), true
	case reg >= x86asm.SPB && reg <= x86asm.R15B:
		return int(reg-x86asm.SPB) + 4, true
	}
	return 0, false
}

func wide(arg x86asm.Arg) bool {
	reg, ok := arg.(x86asm.Reg)
	return ok && reg >= x86asm.EAX && reg <= x86asm.R15
}

// execute follows one instruction. What it does not know makes it forget all.
func (r *registers) execute(inst *x86asm.Inst) {
	dst, isReg := index(inst.Args[0])
	switch inst.Op {
	case x86asm.MOV:
		if !isReg {
			return
		}
		r[dst].known = false
		if !wide(inst.Args[0]) {
			return
		}
		narrow := inst.Args[0].(x86asm.Reg) < x86asm.RAX
		switch v := inst.Args[1].(type) {
		case x86asm.Imm:
			r[dst].known, r[dst].value = true, int64(v)
		case x86asm.Reg:
			if src, ok := index(v); ok {
				r[dst] = r[src]
			}
		}
		if narrow {
			r[dst].value = int64(uint32(r[dst].value))
		}
	case x86asm.XOR, x86asm.SUB:
		if isReg {
			r[dst].known = wide(inst.Args[0]) && inst.Args[0] == inst.Args[1]
			r[dst].value = 0
		}
	case x86asm.LEA, x86asm.ADD, x86asm.AND, x86asm.OR, x86asm.NOT, x86asm.NEG, x86asm.INC, x86asm.DEC,
		x86asm.SHL, x86asm.SHR, x86asm.SAR, x86asm.MOVZX, x86asm.MOVSX, x86asm.MOVSXD, x86asm.POP,
		x86asm.CMOVE, x86asm.CMOVNE, x86asm.SETE, x86asm.SETNE, x86asm.SBB, x86asm.ADC:
		if isReg {
			r[dst].known = false
		}
	case x86asm.CMP, x86asm.TEST, x86asm.PUSH, x86asm.NOP, x86asm.CLD, x86asm.MOVUPS, x86asm.MOVAPS, x86asm.MOVDQU, x86asm.MOVDQA, x86asm.PXOR, x86asm.XORPS,
		x86asm.JA, x86asm.JAE, x86asm.JB, x86asm.JBE, x86asm.JE, x86asm.JG, x86asm.JGE, x86asm.JL, x86asm.JLE,
		x86asm.JNE, x86asm.JNO, x86asm.JNP, x86asm.JNS, x86asm.JO, x86asm.JP, x86asm.JS:
		// No register of ours.
	default:
		r.forget()
	}
}
