// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package brand

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"math"
	"sort"
	"strings"
)

// A function is a name for some addresses; the name is "" where none is known.
type function struct {
	start, end uint64
	name       string
}

// functions finds the functions of addresses, in ELF's table of symbols and, as that
// can be stripped, in the table that the Go runtime needs. Neither is read
// into memory: both can be long.
type functions struct {
	r              io.ReaderAt
	syms, strs     *elf.Section // or nil
	pcln           *io.SectionReader
	text           uint64 // what Go's addresses are counted from
	nfunc          uint64
	names, entries int64 // offsets in pcln
}

const maxName = 1 << 10 // bytes of a function's name that are read

func newFunctions(r io.ReaderAt, e *elf.File) *functions {
	fs := &functions{r: r}
	for _, s := range e.Sections {
		if s.Type == elf.SHT_SYMTAB && s.Entsize == elf.Sym64Size && int(s.Link) < len(e.Sections) && fs.syms == nil {
			fs.syms, fs.strs = s, e.Sections[s.Link]
		}
	}
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab"} {
		if s, text := e.Section(name), e.Section(".text"); s != nil && text != nil {
			fs.goTable(s, text)
		}
	}
	return fs
}

// goTable looks whether the section is such a table as Go 1.18 and later have.
func (fs *functions) goTable(s, text *elf.Section) {
	var head struct {
		Magic                                                        uint32
		_                                                            [2]byte
		Quantum, PtrSize                                             uint8
		NFunc, NFile, TextStart, Names, CU, Files, PCTab, FuncTables uint64
	}
	if s.Offset > math.MaxInt64-s.FileSize {
		return
	}
	pcln := io.NewSectionReader(fs.r, int64(s.Offset), int64(s.FileSize))
	if binary.Read(pcln, binary.LittleEndian, &head) != nil || head.PtrSize != 8 ||
		head.Magic != 0xfffffff0 && head.Magic != 0xfffffff1 ||
		head.NFunc > s.FileSize/8 || head.Names > s.FileSize || head.FuncTables > s.FileSize {
		return
	}
	fs.pcln, fs.nfunc = pcln, head.NFunc
	fs.names, fs.entries = int64(head.Names), int64(head.FuncTables)
	fs.text = text.Addr
	if head.TextStart != 0 {
		fs.text = head.TextStart
	}
}

// of returns the function of each of the addresses, which are in order.
func (fs *functions) of(addrs []uint64) []function {
	found := make([]function, len(addrs))
	fs.symbols(addrs, found)
	for i, addr := range addrs {
		if found[i].name != "" {
			continue
		}
		if i > 0 && found[i-1].name != "" && addr < found[i-1].end {
			found[i] = found[i-1]
			continue
		}
		found[i] = fs.goFunction(addr)
	}
	return found
}

// symbols looks in ELF's table, once for all.
func (fs *functions) symbols(addrs []uint64, found []function) {
	if fs.syms == nil || len(addrs) == 0 {
		return
	}
	type best struct {
		elf.Sym64
		ok bool
	}
	// The symbol before each address that is nearest to it. It may belong to several of them: here it
	// is noted for the first, and later given to those that follow.
	nearest := make([]best, len(addrs))
	buf := make([]byte, 1<<12*elf.Sym64Size)
	for at := uint64(0); at < fs.syms.FileSize; at += uint64(len(buf)) {
		n, err := fs.r.ReadAt(buf[:min(uint64(len(buf)), fs.syms.FileSize-at)], int64(fs.syms.Offset+at))
		for b := buf[:n]; len(b) >= elf.Sym64Size; b = b[elf.Sym64Size:] {
			var sym elf.Sym64
			sym.Name = binary.LittleEndian.Uint32(b)
			sym.Info = b[4]
			sym.Shndx = binary.LittleEndian.Uint16(b[6:])
			sym.Value = binary.LittleEndian.Uint64(b[8:])
			sym.Size = binary.LittleEndian.Uint64(b[16:])
			switch elf.ST_TYPE(sym.Info) {
			case elf.STT_FUNC, elf.STT_GNU_IFUNC:
			case elf.STT_NOTYPE: // of hand-written assembly
				if elf.ST_BIND(sym.Info) != elf.STB_GLOBAL {
					continue
				}
			default:
				continue
			}
			if sym.Shndx == uint16(elf.SHN_UNDEF) || sym.Name == 0 {
				continue
			}
			i := sort.Search(len(addrs), func(i int) bool { return addrs[i] >= sym.Value })
			if i < len(addrs) && (!nearest[i].ok || sym.Value > nearest[i].Value || sym.Value == nearest[i].Value && sym.Size > nearest[i].Size) {
				nearest[i] = best{sym, true}
			}
		}
		if err != nil {
			break
		}
	}
	for i := range nearest {
		if i > 0 && nearest[i-1].ok && (!nearest[i].ok || nearest[i].Value < nearest[i-1].Value) {
			nearest[i] = nearest[i-1]
		}
		s := nearest[i]
		if !s.ok || s.Size != 0 && addrs[i]-s.Value >= s.Size {
			continue
		}
		if i > 0 && found[i-1].name != "" && found[i-1].start == s.Value {
			found[i] = found[i-1]
			continue
		}
		end := s.Value + s.Size
		if end < s.Value {
			end = math.MaxUint64
		}
		found[i] = function{s.Value, end, readName(io.NewSectionReader(fs.r, int64(fs.strs.Offset), int64(fs.strs.FileSize)), int64(s.Name))}
	}
}

// goFunction looks in Go's table.
func (fs *functions) goFunction(addr uint64) (f function) {
	if fs.pcln == nil || addr < fs.text {
		return f
	}
	bad := false
	entry := func(i int) (pc, off uint64) {
		var b [8]byte
		if n, _ := fs.pcln.ReadAt(b[:], fs.entries+8*int64(i)); n < 4 {
			bad = true
		}
		return fs.text + uint64(binary.LittleEndian.Uint32(b[:])), uint64(binary.LittleEndian.Uint32(b[4:]))
	}
	// The last entry is the end of all.
	i := sort.Search(int(fs.nfunc)+1, func(i int) bool { pc, _ := entry(i); return pc > addr })
	if i == 0 || i > int(fs.nfunc) || bad {
		return f
	}
	start, off := entry(i - 1)
	end, _ := entry(i)
	var b [4]byte
	if _, err := fs.pcln.ReadAt(b[:], fs.entries+int64(off)+4); err != nil || bad || start > addr || end <= addr {
		return f
	}
	return function{start, end, readName(fs.pcln, fs.names+int64(binary.LittleEndian.Uint32(b[:])))}
}

// readName reads a string that ends with a NUL.
func readName(r *io.SectionReader, at int64) string {
	b := make([]byte, maxName)
	n, _ := r.ReadAt(b, at)
	if i := bytes.IndexByte(b[:n], 0); i >= 0 {
		n = i
	}
	// It is shown at a terminal.
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == '\uFFFD' {
			return '?'
		}
		return c
	}, string(b[:n]))
}
