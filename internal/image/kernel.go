// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// unpack returns the kernel inside a bzImage as QEMU can start it directly, by
// the PVH entry. That leaves out the kernel's own unpacking, half a second in
// an emulated machine. It fails when the kernel was not packed with LZ4 or has
// no such entry; the bzImage then has to do.
func unpack(bz []byte) ([]byte, error) {
	// Offsets are in Linux's Documentation/x86/boot.rst.
	const (
		setupSects    = 0x1f1
		magic         = 0x202
		version       = 0x206
		payloadOffset = 0x248
		payloadLength = 0x24c
	)
	if len(bz) < 0x260 || string(bz[magic:magic+4]) != "HdrS" {
		return nil, errors.New("not a bzImage")
	}
	if binary.LittleEndian.Uint16(bz[version:]) < 0x208 {
		return nil, errors.New("too old a bzImage")
	}
	setup := int(bz[setupSects])
	if setup == 0 {
		setup = 4
	}
	start := uint64(setup+1)*512 + uint64(binary.LittleEndian.Uint32(bz[payloadOffset:]))
	end := start + uint64(binary.LittleEndian.Uint32(bz[payloadLength:]))
	if start > end || end > uint64(len(bz)) {
		return nil, errors.New("bzImage is cut off")
	}
	vmlinux, err := unlz4(bz[start:end])
	if err != nil {
		return nil, err
	}
	if err := checkPVH(vmlinux); err != nil {
		return nil, err
	}
	return vmlinux, nil
}

// unlz4 unpacks LZ4's legacy frame, the form that the kernel's build writes:
// a magic number, then blocks of up to 8 MiB, each after its packed size. The
// kernel's build appends the unpacked size, which ends it.
func unlz4(b []byte) ([]byte, error) {
	const (
		magic = 0x184C2102
		block = 8 << 20
	)
	if len(b) < 8 || binary.LittleEndian.Uint32(b) != magic {
		return nil, errors.New("not packed with LZ4")
	}
	size := binary.LittleEndian.Uint32(b[len(b)-4:])
	b = b[4 : len(b)-4]
	if size > 1<<30 {
		return nil, errors.New("unpacked size makes no sense")
	}
	out := make([]byte, 0, size)
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, errLZ4
		}
		n := binary.LittleEndian.Uint32(b)
		b = b[4:]
		if uint64(n) > uint64(len(b)) {
			return nil, errLZ4
		}
		var err error
		if out, err = unlz4Block(out, b[:n], block); err != nil {
			return nil, err
		}
		b = b[n:]
	}
	if len(out) != int(size) {
		return nil, errLZ4
	}
	return out, nil
}

var errLZ4 = errors.New("damaged LZ4 data")

// unlz4Block appends the contents of a block, at most max bytes. A block is
// a sequence of: a token, literals, and a match further back in the block.
func unlz4Block(out, b []byte, max int) ([]byte, error) {
	first := len(out)
	// number reads the rest of a length of which the token had the first 4 bits.
	number := func(n int) (int, bool) {
		if n < 15 {
			return n, true
		}
		for {
			if len(b) == 0 || n > max {
				return 0, false
			}
			c := b[0]
			b = b[1:]
			n += int(c)
			if c != 255 {
				return n, true
			}
		}
	}
	for len(b) > 0 {
		token := b[0]
		b = b[1:]
		n, ok := number(int(token >> 4))
		if !ok || n > len(b) || len(out)-first+n > max {
			return nil, errLZ4
		}
		out = append(out, b[:n]...)
		b = b[n:]
		if len(b) == 0 {
			return out, nil // the last sequence has no match
		}
		if len(b) < 2 {
			return nil, errLZ4
		}
		back := int(binary.LittleEndian.Uint16(b))
		b = b[2:]
		n, ok = number(int(token & 15))
		n += 4
		if !ok || back == 0 || back > len(out)-first || len(out)-first+n > max {
			return nil, errLZ4
		}
		// The match may reach into what it makes: copy what is there, again.
		for from := len(out) - back; n > 0; {
			k := min(n, len(out)-from)
			out = append(out, out[from:from+k]...)
			n -= k
		}
	}
	return nil, errLZ4
}

// checkPVH looks for the note that tells where the PVH entry is.
func checkPVH(vmlinux []byte) error {
	f, err := elf.NewFile(bytes.NewReader(vmlinux))
	if err != nil {
		return err
	}
	const physEntry32 = 18 // XEN_ELFNOTE_PHYS32_ENTRY
	for _, p := range f.Progs {
		if p.Type != elf.PT_NOTE {
			continue
		}
		b, err := io.ReadAll(p.Open())
		if err != nil {
			return err
		}
		for len(b) >= 12 {
			nameSize := binary.LittleEndian.Uint32(b)
			descSize := binary.LittleEndian.Uint32(b[4:])
			kind := binary.LittleEndian.Uint32(b[8:])
			next := 12 + (uint64(nameSize)+3)&^3 + (uint64(descSize)+3)&^3
			if next > uint64(len(b)) || uint64(nameSize) > uint64(len(b)) {
				break
			}
			if kind == physEntry32 && string(b[12:12+nameSize]) == "Xen\x00" {
				return nil
			}
			b = b[next:]
		}
	}
	return fmt.Errorf("has no PVH entry")
}
