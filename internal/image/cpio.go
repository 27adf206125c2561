// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package image

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"strconv"
)

// The archive is cpio in the "newc" form, the one that the kernel unpacks:
// for each file a header of thirteen hexadecimal numbers, the name with a NUL,
// and the contents, the last two padded to four bytes.

const (
	cpioMagic   = "070701"
	cpioHeader  = 6 + 13*8
	cpioTrailer = "TRAILER!!!"
)

// A cpioWriter writes an archive. Times and owners are zero, so that the same
// contents make the same archive.
type cpioWriter struct {
	w   *bufio.Writer
	ino int
	err error // the first one
}

func newCPIO(w io.Writer) *cpioWriter {
	return &cpioWriter{w: bufio.NewWriterSize(w, 1<<20)}
}

func (c *cpioWriter) dir(name string, perm fs.FileMode) {
	c.add(name, 0o040000|uint32(perm.Perm()), 2, nil)
}

func (c *cpioWriter) file(name string, perm fs.FileMode, data []byte) {
	c.add(name, 0o100000|uint32(perm.Perm()), 1, data)
}

func (c *cpioWriter) link(name, target string) {
	c.add(name, 0o120777, 1, []byte(target))
}

func (c *cpioWriter) add(name string, mode uint32, nlink int, data []byte) {
	if c.err != nil {
		return
	}
	if int64(len(data)) > 1<<32-1 {
		c.err = fmt.Errorf("%s is too big for an image", name)
		return
	}
	c.ino++
	fields := [13]uint32{
		uint32(c.ino), mode, 0, 0, uint32(nlink), 0, uint32(len(data)),
		0, 0, 0, 0, uint32(len(name) + 1), 0,
	}
	if name == cpioTrailer {
		fields[0] = 0
	}
	c.w.WriteString(cpioMagic)
	for _, f := range fields {
		fmt.Fprintf(c.w, "%08X", f)
	}
	c.w.WriteString(name)
	c.w.WriteByte(0)
	c.pad(cpioHeader + len(name) + 1)
	c.w.Write(data)
	c.pad(len(data))
}

func (c *cpioWriter) pad(n int) {
	for ; n%4 != 0; n++ {
		c.w.WriteByte(0)
	}
}

func (c *cpioWriter) close() error {
	c.add(cpioTrailer, 0, 1, nil)
	if c.err != nil {
		return c.err
	}
	return c.w.Flush()
}

// cpioFiles calls f for each regular file of an archive, until f returns false.
func cpioFiles(r io.Reader, f func(name string, data []byte) bool) error {
	br := bufio.NewReader(r)
	for {
		var h [cpioHeader]byte
		if _, err := io.ReadFull(br, h[:]); err != nil {
			return fmt.Errorf("image is cut off: %w", err)
		}
		if string(h[:6]) != cpioMagic {
			return fmt.Errorf("not an image: no cpio header")
		}
		field := func(i int) (n uint64) {
			if n, err := strconv.ParseUint(string(h[6+8*i:14+8*i]), 16, 32); err == nil {
				return n
			}
			return 1 << 32 // no size of ours
		}
		mode, size, nameSize := field(1), field(6), field(11)
		if mode == 1<<32 || size > 1<<30 || nameSize == 0 || nameSize > 4096 {
			return fmt.Errorf("not an image: damaged cpio header")
		}
		name := make([]byte, padded(cpioHeader+int(nameSize))-cpioHeader)
		if _, err := io.ReadFull(br, name); err != nil {
			return fmt.Errorf("image is cut off: %w", err)
		}
		n := string(name[:nameSize-1])
		if n == cpioTrailer {
			return nil
		}
		if mode&0o170000 != 0o100000 {
			if _, err := br.Discard(padded(int(size))); err != nil {
				return fmt.Errorf("image is cut off: %w", err)
			}
			continue
		}
		data := make([]byte, padded(int(size)))
		if _, err := io.ReadFull(br, data); err != nil {
			return fmt.Errorf("image is cut off: %w", err)
		}
		if !f(n, data[:size]) {
			return nil
		}
	}
}

func padded(n int) int { return (n + 3) &^ 3 }
