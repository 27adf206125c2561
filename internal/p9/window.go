// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package p9

// Windows. Bytes that are read or written need not be in the messages: a client
// makes memory, which the server maps too, and a message says how many bytes at the
// start of it are meant.
//
// The client can change them at any time. So each is read once, by what copies it into the
// file, and nothing is decided by what is there.

// windowSize is how much a window has, no more and no less.
const windowSize = 256 << 10

// openWindow answers twindow.
func (c *client) openWindow(d *decoder) error {
	var name [nameSize]byte
	copy(name[:], d.take(nameSize))
	switch {
	case d.bad:
		return EPROTO
	case c.s.Window == nil:
		return ENOTSUP
	case c.window != nil:
		return EEXIST
	}
	m, err := c.s.Window(name)
	if err != nil {
		return EBADF // what it named is not there for us
	}
	if len(m.Bytes()) != windowSize {
		m.Close()
		return EINVAL
	}
	c.window = m
	return nil
}

func (c *client) closeWindow() {
	if c.window != nil {
		c.window.Close()
		c.window = nil
	}
}

// inWindow takes what both messages have, and returns the part of the window.
func (c *client) inWindow(d *decoder) (p []byte, off uint64, err error) {
	off, n := d.u64(), d.u32()
	switch {
	case d.bad:
		return nil, 0, EPROTO
	case c.window == nil, n > windowSize:
		return nil, 0, EINVAL
	}
	return c.window.Bytes()[:n], off, nil
}

// readWindow answers treadw.
func (c *client) readWindow(f *fid, d *decoder) error {
	p, off, err := c.inWindow(d)
	if err == nil {
		err = f.canRead(off)
	}
	if err != nil {
		return err
	}
	got, err := f.file.ReadAt(p, off)
	if err != nil {
		return err
	}
	c.out.u32(uint32(got))
	return nil
}

// writeWindow answers twritew.
func (c *client) writeWindow(f *fid, d *decoder) error {
	p, off, err := c.inWindow(d)
	if err == nil {
		err = f.canWrite(off)
	}
	if err != nil {
		return err
	}
	put, err := f.file.WriteAt(p, off)
	if err != nil {
		return err
	}
	c.out.u32(uint32(put))
	return nil
}
