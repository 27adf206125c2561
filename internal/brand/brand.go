// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package brand reads and writes the brand of a program: the two bytes of its
// ELF header that say how it is launched and which calls it may make.
package brand

import (
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
	return fmt.Sprintf("unknown brand %#02x", e.Number)
}

// Read returns the brand of the program in a file. Its errors do not name the file.
func Read(path string) (Info, error) {
	f, err := open(path, os.O_RDONLY)
	if err != nil {
		return Info{}, err
	}
	defer f.Close()
	return read(f)
}

// Options are the choices of Set.
type Options struct {
	From   *abi.Brand // refuse a program that does not have this brand
	DryRun bool       // do all but the write
}

// Set gives the program in a file a brand, and returns what it was before.
//
// It is one write of two bytes: the file stays the same file, with its links,
// owner, mode and attributes. When the program already has the brand nothing
// is written. On error the file is as it was, unless the error says otherwise.
func Set(path string, to abi.Brand, opts Options) (was Info, err error) {
	mode := os.O_RDWR
	if opts.DryRun {
		mode = os.O_RDONLY
	}
	f, err := open(path, mode)
	if err != nil {
		return Info{}, err
	}
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = plain(cerr)
		}
	}()
	was, err = read(f)
	var unknown *UnknownError
	if errors.As(err, &unknown) && opts.From == nil {
		err = nil // to set it is the cure
	}
	if err != nil {
		return was, err
	}
	if opts.From != nil && was.Brand != *opts.From {
		return was, fmt.Errorf("is %s, not %s", was.Brand.Name, opts.From.Name)
	}
	fi, err := f.Stat()
	if err != nil {
		return was, plain(err)
	}
	if to.Number != abi.BrandLegacy && fi.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
		return was, errors.New("is setuid or setgid; only a legacy program can be")
	}
	if was.Brand == to || opts.DryRun {
		return was, nil
	}
	want := [2]byte{abi.OSABI, to.Number}
	if to.Number == abi.BrandLegacy {
		want[0] = byte(elf.ELFOSABI_NONE)
	}
	if _, err := f.WriteAt(want[:], offset); err != nil {
		return was, plain(err)
	}
	var got [2]byte
	if _, err := f.ReadAt(got[:], offset); err != nil {
		return was, fmt.Errorf("written, but cannot be read back: %w", plain(err))
	}
	if got != want {
		return was, fmt.Errorf("wrote % x, read back % x", want, got)
	}
	return was, nil
}

// open opens a regular file. It looks first, because to open some other files
// does something or waits.
func open(path string, mode int) (*os.File, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, plain(err)
	}
	if !fi.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	// In case it is no longer what it was: do not wait for a FIFO's other end.
	f, err := os.OpenFile(path, mode|syscall.O_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, syscall.ETXTBSY) {
			return nil, errors.New("is running, so it cannot be written; brand a copy")
		}
		return nil, plain(err)
	}
	if fi, err = f.Stat(); err != nil {
		f.Close()
		return nil, plain(err)
	}
	if !fi.Mode().IsRegular() {
		f.Close()
		return nil, errors.New("not a regular file")
	}
	return f, nil
}

// read finds the brand of an open program.
func read(f *os.File) (Info, error) {
	fi, err := f.Stat()
	if err != nil {
		return Info{}, plain(err)
	}
	if err := check(f, fi.Size()); err != nil {
		return Info{}, err
	}
	var b [2]byte
	if _, err := f.ReadAt(b[:], offset); err != nil {
		return Info{}, plain(err)
	}
	info := Info{OSABI: b[0], ABIVersion: b[1]}
	if b[0] != abi.OSABI {
		// Whatever the second byte says, it does not say it to DIOS.
		info.Brand, _ = byNumber(abi.BrandLegacy)
		return info, nil
	}
	brand, ok := byNumber(b[1])
	if !ok || b[1] == abi.BrandLegacy {
		return info, &UnknownError{b[1]}
	}
	info.Brand = brand
	return info, nil
}

// check tells why the contents of a file are not a program.
func check(r io.ReaderAt, size int64) error {
	var ident [16]byte
	n, err := r.ReadAt(ident[:], 0)
	if err != nil && err != io.EOF {
		return plain(err)
	}
	switch {
	case n == 0:
		return errors.New("empty file")
	case strings.HasPrefix(string(ident[:n]), "!<arch>\n"), strings.HasPrefix(string(ident[:n]), "!<thin>\n"):
		return errors.New("an archive, not a program")
	case !strings.HasPrefix(string(ident[:n]), elf.ELFMAG):
		return errors.New("not an ELF file")
	case n < len(ident):
		return errors.New("truncated: the ELF header is cut off")
	}
	if c := elf.Class(ident[elf.EI_CLASS]); c != elf.ELFCLASS64 {
		return fmt.Errorf("%v, not 64 bits", c)
	}
	if d := elf.Data(ident[elf.EI_DATA]); d != elf.ELFDATA2LSB {
		return fmt.Errorf("%v, not little-endian", d)
	}
	if size < 64 {
		return errors.New("truncated: the ELF header is cut off")
	}
	e, err := elf.NewFile(r)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("truncated: the tables of the ELF file are cut off")
	}
	if err != nil {
		return fmt.Errorf("damaged ELF file: %w", err)
	}
	if e.Machine != elf.EM_X86_64 {
		return fmt.Errorf("for %v, not for x86-64", e.Machine)
	}
	switch e.Type {
	case elf.ET_EXEC:
	case elf.ET_DYN:
		if !isPIE(e) {
			return errors.New("a shared library, not a program")
		}
	case elf.ET_REL:
		return errors.New("an object file, not a program")
	case elf.ET_CORE:
		return errors.New("a core dump, not a program")
	default:
		return fmt.Errorf("ELF type %d, not a program", e.Type)
	}
	loads := 0
	for i, p := range e.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		loads++
		if p.Off > uint64(size) || p.Filesz > uint64(size)-p.Off {
			return fmt.Errorf("truncated: segment %d ends at byte %d, the file at %d", i, p.Off+p.Filesz, size)
		}
	}
	if loads == 0 {
		return errors.New("has nothing to load, so it is not a program")
	}
	return nil
}

// isPIE tells a position-independent program from a shared library. It needs no
// section headers, which a program can lack.
func isPIE(e *elf.File) bool {
	for _, p := range e.Progs {
		switch p.Type {
		case elf.PT_INTERP:
			return true
		case elf.PT_DYNAMIC:
			r := p.Open()
			for {
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

// plain takes operation and path off an error: the caller names the file.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
