// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package brand reads and writes the brand of a program: the two bytes of its
// ELF header that say how it is launched and which calls it may make.
package brand

import (
	"bufio"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"dios/internal/abi"
)

// offset is where the two bytes lie: EI_OSABI, and EI_ABIVERSION after it.
const offset = int64(elf.EI_OSABI)

// Parse returns the brand with that name, or that number.
func Parse(s string) (abi.Brand, error) {
	for _, b := range abi.Brands {
		if strings.EqualFold(s, b.Name) {
			return b, nil
		}
	}
	if n, err := strconv.ParseUint(s, 0, 8); err == nil {
		if b, ok := byNumber(byte(n)); ok {
			return b, nil
		}
	}
	var names []string
	for _, b := range abi.Brands {
		names = append(names, b.Name)
	}
	return abi.Brand{}, fmt.Errorf("unknown brand %q; the brands are %s", s, strings.Join(names, ", "))
}

func byNumber(n byte) (abi.Brand, bool) {
	for _, b := range abi.Brands {
		if b.Number == n {
			return b, true
		}
	}
	return abi.Brand{}, false
}

// An Info is what a program says of itself.
type Info struct {
	Brand      abi.Brand // the zero Brand if it is none of ours
	OSABI      byte      // as it is in the file
	ABIVersion byte      // as it is in the file
}

// An UnknownError is the error of Read for a program that is branded with a
// number that is none of ours. The Info that comes with it has no Brand.
type UnknownError struct {
	Number byte
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("unknown brand %#02x; brand set gives it one of ours", e.Number)
}

// Open opens the file of a program. Its errors do not name the file, as those of
// the other functions do not.
func Open(path string) (*os.File, error) { return open(path, os.O_RDONLY) }

// Read returns the brand of the program in a file.
func Read(path string) (Info, error) {
	f, err := Open(path)
	if err != nil {
		return Info{}, err
	}
	defer f.Close()
	return ReadFile(f)
}

// ReadFile is Read of an open file.
func ReadFile(f *os.File) (Info, error) {
	_, info, err := read(f)
	return info, err
}

// Verify returns what keeps the program in a file from being started the way its
// brand says. The error is that of Read.
func Verify(f *os.File) (info Info, problems []string, err error) {
	e, info, err := read(f)
	if err != nil {
		return info, nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		return info, nil, plain(err)
	}
	if info.Brand.Number != abi.BrandLegacy && fi.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
		problems = append(problems, errSetuid.Error())
	}
	if fi.Mode().IsRegular() && fi.Mode()&0o111 == 0 {
		problems = append(problems, "is not executable; chmod +x makes it so")
	}
	if err := startable(e, info.Brand); err != nil {
		problems = append(problems, err.Error())
	}
	if info.Brand.Number == abi.BrandPure {
		a, err := audit(f, fi.Size(), e)
		if err != nil {
			return info, nil, err
		}
		if n := a.Foreign(); n > 0 {
			problems = append(problems, fmt.Sprintf("has %d system calls that a pure program may not have; brand audit lists them", n))
		}
	}
	return info, problems, nil
}

var errSetuid = errors.New("is setuid or setgid; only a legacy program can be: chmod ug-s takes it off")

// startable tells why the kernel would not start a program as a task. It asks for what
// exe_check in kernel/core/exe.c asks for, beyond what check does.
func startable(e *elf.File, b abi.Brand) error {
	const (
		addrMin = 0x10000
		addrEnd = 0x7ffffffff000
		maxProg = 64
	)
	if b.Number != abi.BrandPure && b.Number != abi.BrandDiosLimbo {
		return nil
	}
	for _, p := range e.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("is dynamically linked, and %s needs a static program; link it with -static -no-pie", b.Name)
		}
	}
	switch {
	case e.Type != elf.ET_EXEC:
		return fmt.Errorf("is position-independent, and %s needs fixed addresses; link it with -no-pie", b.Name)
	case len(e.Progs) > maxProg:
		return fmt.Errorf("has %d segments, and %s may have %d; link it anew", len(e.Progs), b.Name, maxProg)
	case e.Entry >= addrEnd:
		return fmt.Errorf("begins at address %#x, where no program can be; link it anew", e.Entry)
	}
	for i, p := range e.Progs {
		if p.Type == elf.PT_LOAD && (p.Filesz > p.Memsz || p.Vaddr < addrMin || p.Vaddr >= addrEnd || p.Memsz > addrEnd-p.Vaddr) {
			return fmt.Errorf("segment %d is for addresses that %s has not; link it anew", i, b.Name)
		}
	}
	return nil
}

// open opens a regular file. It looks first, because to open some other files
// does something or waits.
func open(path string, mode int) (*os.File, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, plain(err)
	}
	if !fi.Mode().IsRegular() {
		return nil, errNotRegular
	}
	// In case it is no longer what it was: do not wait for a FIFO's other end.
	f, err := os.OpenFile(path, mode|syscall.O_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, syscall.ETXTBSY) {
			return nil, errors.New("is running, so it cannot be written; -replace puts a branded file in its place, and -o makes a copy")
		}
		if mode == os.O_RDWR {
			switch {
			case errors.Is(err, fs.ErrPermission):
				return nil, fmt.Errorf("%w; chmod u+w lets its owner write it, and -o makes a copy", plain(err))
			case errors.Is(err, syscall.EROFS):
				return nil, fmt.Errorf("%w; -o makes a copy elsewhere", plain(err))
			}
		}
		return nil, plain(err)
	}
	if fi, err = f.Stat(); err != nil {
		f.Close()
		return nil, plain(err)
	}
	if !fi.Mode().IsRegular() {
		f.Close()
		return nil, errNotRegular
	}
	return f, nil
}

// read finds the brand of an open program.
func read(f *os.File) (*elf.File, Info, error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, Info{}, plain(err)
	}
	e, err := check(f, fi.Size())
	if err != nil {
		return nil, Info{}, err
	}
	var b [2]byte
	if _, err := f.ReadAt(b[:], offset); err != nil {
		return nil, Info{}, plain(err)
	}
	info := Info{OSABI: b[0], ABIVersion: b[1]}
	if b[0] != abi.OSABI {
		// Whatever the second byte says, it does not say it to DIOS.
		info.Brand, _ = byNumber(abi.BrandLegacy)
		return e, info, nil
	}
	brand, ok := byNumber(b[1])
	if !ok || b[1] == abi.BrandLegacy {
		return e, info, &UnknownError{b[1]}
	}
	info.Brand = brand
	return e, info, nil
}

// check tells why the contents of a file are not a program.
func check(r io.ReaderAt, size int64) (*elf.File, error) {
	var ident [16]byte
	n, err := r.ReadAt(ident[:], 0)
	if err != nil && err != io.EOF {
		return nil, plain(err)
	}
	switch {
	case n == 0:
		return nil, errors.New("empty file; build it again")
	case strings.HasPrefix(string(ident[:n]), "!<arch>\n"), strings.HasPrefix(string(ident[:n]), "!<thin>\n"):
		return nil, errors.New("an archive, not a program; link a program with it")
	case !strings.HasPrefix(string(ident[:n]), elf.ELFMAG):
		return nil, errors.New("not an ELF file")
	case n < len(ident):
		return nil, errors.New("truncated: the ELF header is cut off; copy or build it again")
	}
	if c := elf.Class(ident[elf.EI_CLASS]); c != elf.ELFCLASS64 {
		return nil, fmt.Errorf("%v, not 64 bits; build it for x86-64", c)
	}
	if d := elf.Data(ident[elf.EI_DATA]); d != elf.ELFDATA2LSB {
		return nil, fmt.Errorf("%v, not little-endian; build it for x86-64", d)
	}
	if size < 64 {
		return nil, errors.New("truncated: the ELF header is cut off; copy or build it again")
	}
	if err := checkTables(r); err != nil {
		return nil, err
	}
	e, err := elf.NewFile(r)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.New("truncated: the tables of the ELF file are cut off; copy or build it again")
	}
	if err != nil {
		return nil, fmt.Errorf("damaged ELF file: %w; build it again", err)
	}
	if e.Machine != elf.EM_X86_64 {
		return nil, fmt.Errorf("for %v, not for x86-64; build it for that", e.Machine)
	}
	switch e.Type {
	case elf.ET_EXEC:
	case elf.ET_DYN:
		if !isPIE(e) {
			return nil, errors.New("a shared library, not a program; brand the program that loads it")
		}
	case elf.ET_REL:
		return nil, errors.New("an object file, not a program; link it first")
	case elf.ET_CORE:
		return nil, errors.New("a core dump, not a program; brand the program that dumped it")
	default:
		return nil, fmt.Errorf("ELF type %d, not a program", e.Type)
	}
	loads := 0
	for i, p := range e.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		loads++
		if p.Off > uint64(size) || p.Filesz > uint64(size)-p.Off {
			return nil, fmt.Errorf("truncated: segment %d ends at byte %d, the file at %d; copy or build it again", i, p.Off+p.Filesz, size)
		}
	}
	if loads == 0 {
		return nil, errors.New("has nothing to load, so it is not a program")
	}
	return e, nil
}

// checkTables refuses an ELF file, whose header is known to be there, with more in its tables than a
// program has. To read them takes memory, and the file alone says how much.
func checkTables(r io.ReaderAt) error {
	const (
		maxSections = 1 << 16
		maxNames    = 16 << 20
		sectionSize = 64
	)
	var head elf.Header64
	var none, names elf.Section64
	at := func(off uint64, v any) error {
		return binary.Read(io.NewSectionReader(r, int64(off), int64(binary.Size(v))), binary.LittleEndian, v)
	}
	if err := at(0, &head); err != nil {
		return plain(err)
	}
	if head.Shoff == 0 {
		return nil
	}
	// What is cut off or contradicts itself debug/elf finds: only sizes count here.
	if head.Shoff > 1<<62 || head.Shentsize != sectionSize || at(head.Shoff, &none) != nil {
		return nil
	}
	count, index := uint64(head.Shnum), uint64(head.Shstrndx)
	if count == 0 {
		count = none.Size
	}
	if index == uint64(elf.SHN_XINDEX) {
		index = uint64(none.Link)
	}
	if count > maxSections {
		return fmt.Errorf("damaged ELF file: %d sections, and a program has at most %d; build it again", count, maxSections)
	}
	if index < count && at(head.Shoff+sectionSize*index, &names) == nil && names.Size > maxNames {
		return fmt.Errorf("damaged ELF file: the names of its sections have %d bytes, and a program's at most %d; build it again", names.Size, maxNames)
	}
	return nil
}

// maxDynamic is how many entries of a dynamic section are looked at; a program has some 30.
const maxDynamic = 1 << 12

// isPIE tells a position-independent program from a shared library. It needs no
// section headers, which a program can lack.
func isPIE(e *elf.File) bool {
	for _, p := range e.Progs {
		switch p.Type {
		case elf.PT_INTERP:
			return true
		case elf.PT_DYNAMIC:
			r := bufio.NewReader(p.Open())
			for range maxDynamic {
				var d elf.Dyn64
				if binary.Read(r, e.ByteOrder, &d) != nil || d.Tag == int64(elf.DT_NULL) {
					break
				}
				if d.Tag == int64(elf.DT_FLAGS_1) && elf.DynFlag1(d.Val)&elf.DF_1_PIE != 0 {
					return true
				}
			}
		}
	}
	return false
}

var errNotRegular = errors.New("not a regular file")

// plain takes operation and path off an error: the caller names the file.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
