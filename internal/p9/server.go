// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package p9

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// A Server hands out a tree.
type Server struct {
	Root     Node
	ReadOnly bool
	Dir      string // the client's working directory at first; "" is the root

	// Connect, if it is not nil, connects to a task that a client has started, by
	// what the client says of it. Without it no client can hand on what it has.
	Connect func(requests, replies [nameSize]byte) (io.ReadWriteCloser, error)

	// Window, if it is not nil, maps memory that a client has made, by what the client says
	// of it. Without it all bytes are in messages.
	Window func(name [nameSize]byte) (Memory, error)

	locks   locks        // of the first: all clients'
	first   *Server      // the one that all these clients come from; nil: this
	clients atomic.Int32 // of the first: how many came by Connect and are there
}

// tree returns the Server that has what all clients of the tree have in common.
func (s *Server) tree() *Server {
	if s.first != nil {
		return s.first
	}
	return s
}

// Serve serves one client, until it has gone (and then the error is nil) or
// says what is no message. Requests are answered one after the other; each
// client has a goroutine, and waits for nobody but itself. What the client had
// open is closed in the end.
func (s *Server) Serve(rw io.ReadWriter) error {
	c := &client{s: s, fids: make(map[uint32]*fid)}
	defer c.clear()
	in := make([]byte, maxMsize)
	c.out = make(encoder, 0, maxMsize)
	for {
		if _, err := io.ReadFull(rw, in[:headSize]); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		size := int(le.Uint32(in))
		if size < headSize || size > len(in) {
			return fmt.Errorf("a message of %d bytes", size)
		}
		if _, err := io.ReadFull(rw, in[headSize:size]); err != nil {
			return err
		}
		kind := in[4]
		c.out = c.out[:headSize]
		d := &decoder{b: in[headSize:size]}
		err := c.handle(kind, d)
		if d.bad {
			err = EPROTO // too short
		}
		kind++
		if err != nil {
			kind = rlerror
			c.out = c.out[:headSize]
			c.out.u32(uint32(number(err)))
		}
		le.PutUint32(c.out, uint32(len(c.out)))
		c.out[4] = kind
		copy(c.out[5:headSize], in[5:headSize]) // the tag
		if _, err := rw.Write(c.out); err == io.ErrClosedPipe {
			return nil // it did not wait for the answer
		} else if err != nil {
			return err
		}
	}
}

func number(err error) Errno {
	var e Errno
	if errors.As(err, &e) && e != 0 {
		return e
	}
	return EIO
}

// A client is one, with the files it has.
type client struct {
	s      *Server
	msize  uint32
	fids   map[uint32]*fid
	out    encoder // the reply
	window Memory  // nil: none
	locks  int     // how many it has; guarded by those of the tree
}

// A fid is a file that the client has a number for.
type fid struct {
	node  Node
	file  File     // open regular file
	isDir bool     // open directory
	flags uint32   // as opened
	list  []Dirent // what is being read
	path  uint64   // which file it is, once open
}

// close closes what a number of the client stands for.
func (c *client) close(id uint32, f *fid) {
	if f.file != nil {
		c.s.tree().locks.drop(f.path, c, id)
		f.file.Close()
	}
	f.node.Close()
}

func (c *client) clear() {
	for id, f := range c.fids {
		c.close(id, f)
	}
	clear(c.fids)
	c.closeWindow()
	c.s.tree().locks.dropAll(c)
}

func (c *client) get(id uint32) (*fid, error) {
	if f := c.fids[id]; f != nil {
		return f, nil
	}
	return nil, EBADF
}

// add gives a node a number, which must be free, and owns it in any case.
func (c *client) add(id uint32, n Node) error {
	switch {
	case id == noFid || c.fids[id] != nil:
		n.Close()
		return EBADF
	case len(c.fids) >= maxFids:
		n.Close()
		return EMFILE
	}
	c.fids[id] = &fid{node: n}
	return nil
}

// changes says whether a message of that kind changes the tree.
func changes(kind uint8) bool {
	switch kind {
	case tlcreate, tsymlink, tsetattr, tlink, tmkdir, trenameat, tunlinkat, twrite, twritew:
		return true
	}
	return false
}

// handle answers a message. It looks at what the message says, and then does it.
func (c *client) handle(kind uint8, d *decoder) error {
	switch {
	case kind == tversion:
		return c.version(d)
	case c.msize == 0:
		return EPROTO
	case kind == tflush:
		return nil // what was asked before was answered before
	case kind == tattach:
		return c.attach(d)
	case kind == tdir:
		c.out.str(c.s.Dir)
		return nil
	case kind == twindow:
		return c.openWindow(d)
	case changes(kind) && c.s.ReadOnly:
		return EROFS
	}
	id := d.u32()
	f, err := c.get(id)
	if err != nil {
		return err
	}
	switch kind {
	case twalk:
		return c.walk(f, d)
	case tlopen:
		return c.open(f, d)
	case tlcreate:
		return c.create(f, d)
	case tread:
		return c.read(f, d)
	case twrite:
		return c.write(f, d)
	case treadw:
		return c.readWindow(f, d)
	case twritew:
		return c.writeWindow(f, d)
	case treaddir:
		return c.readDir(f, d)
	case tgetattr:
		return c.getAttr(f, d)
	case tsetattr:
		return c.setAttr(f, d)
	case treadlink:
		target, err := f.node.Readlink()
		if err == nil {
			c.out.str(target)
		}
		return err
	case tfsync:
		if f.file != nil {
			return f.file.Sync()
		}
		if f.isDir {
			return f.node.Sync()
		}
		return EBADF
	case tmap:
		return c.mapFile(f)
	case tlock:
		return c.lock(f, d)
	case tgetlock:
		return c.getLock(f, d)
	case tserve:
		return c.serve(f, d)
	case tclunk:
		delete(c.fids, id)
		c.close(id, f)
		return nil
	}
	return c.inDir(kind, f, d)
}

// inDir is what changes a directory.
func (c *client) inDir(kind uint8, f *fid, d *decoder) error {
	if kind == tlink {
		to, err := c.get(d.u32())
		if err != nil {
			return err
		}
		name, err := d.name()
		if err != nil {
			return err
		}
		return f.node.Link(name, to.node)
	}
	name, err := d.name()
	if err != nil {
		return err
	}
	switch kind {
	case tmkdir:
		mode := d.u32()
		if d.u32(); d.bad { // gid
			return EPROTO
		}
		if err := f.node.Mkdir(name, mode&modePerm); err != nil {
			return err
		}
		return c.putQid(f.node, name)
	case tsymlink:
		target := d.str()
		if d.u32(); d.bad { // gid
			return EPROTO
		}
		if err := f.node.Symlink(name, target); err != nil {
			return err
		}
		return c.putQid(f.node, name)
	case tunlinkat:
		flags := d.u32()
		if d.bad || flags&^removeDir != 0 {
			return EINVAL
		}
		return f.node.Unlink(name, flags != 0)
	case trenameat:
		to, err := c.get(d.u32())
		if err != nil {
			return err
		}
		toName, err := d.name()
		if err != nil {
			return err
		}
		return f.node.Rename(name, to.node, toName)
	}
	return ENOTSUP
}

func (c *client) putQid(dir Node, name string) error {
	n, err := dir.Walk(name)
	if err != nil {
		return err
	}
	defer n.Close()
	a, err := n.Attr()
	if err == nil {
		c.out.qid(a.qid())
	}
	return err
}

func (c *client) version(d *decoder) error {
	msize, v := d.u32(), d.str()
	if d.bad || msize < minMsize {
		return EINVAL
	}
	c.clear() // a new session
	c.msize = min(msize, maxMsize)
	if v != version {
		c.msize = 0
		v = "unknown"
	} else {
		v = version
	}
	c.out.u32(min(msize, maxMsize))
	c.out.str(v)
	return nil
}

func (c *client) attach(d *decoder) error {
	id := d.u32()
	d.u32() // no authentication: who has the channel may
	d.str() // nor users,
	d.str() // nor trees to choose from
	d.u32()
	if d.bad {
		return EPROTO
	}
	root, err := c.s.Root.Clone()
	if err != nil {
		return err
	}
	a, err := root.Attr()
	if err != nil {
		root.Close()
		return err
	}
	if err := c.add(id, root); err != nil {
		return err
	}
	c.out.qid(a.qid())
	return nil
}

// serve begins to serve another task, whose root is a directory that this
// client has a number for. The two have nothing else in common: each can end.
func (c *client) serve(f *fid, d *decoder) error {
	flags := d.u32()
	var requests, replies [nameSize]byte
	copy(requests[:], d.take(nameSize))
	copy(replies[:], d.take(nameSize))
	dir := d.str()
	switch {
	case d.bad:
		return EPROTO
	case flags&^serveRO != 0 || len(dir) > maxPath:
		return EINVAL
	case c.s.Connect == nil:
		return ENOTSUP
	}
	a, err := f.node.Attr()
	if err != nil {
		return err
	}
	if a.Mode&modeType != modeDir {
		return ENOTDIR
	}
	first := c.s.tree()
	if first.clients.Add(1) > maxClients {
		first.clients.Add(-1)
		return EMFILE
	}
	root, err := f.node.Clone()
	if err != nil {
		first.clients.Add(-1)
		return err
	}
	conn, err := c.s.Connect(requests, replies)
	if err != nil {
		root.Close()
		first.clients.Add(-1)
		return EBADF // what it named is not there for us
	}
	s := &Server{
		Root: root, ReadOnly: c.s.ReadOnly || flags&serveRO != 0, Dir: dir,
		Connect: c.s.Connect, Window: c.s.Window, first: first,
	}
	go func() {
		s.Serve(conn) // the client has the error too
		conn.Close()
		root.Close()
		first.clients.Add(-1)
	}()
	return nil
}

// walk goes down some names. Where it does not get to the end, the reply says
// how far it got, and the new number does not count.
func (c *client) walk(f *fid, d *decoder) error {
	id, n := d.u32(), int(d.u16())
	if n > maxWalk {
		return EINVAL
	}
	var names [maxWalk]string
	for i := range n {
		var err error
		if names[i], err = d.name(); err != nil {
			return err
		}
	}
	if d.bad {
		return EPROTO
	}
	node, err := f.node.Clone()
	if err != nil {
		return err
	}
	c.out.u16(0)
	for i, name := range names[:n] {
		next, err := node.Walk(name)
		if err == nil {
			node.Close()
			node = next
			var a Attr
			if a, err = node.Attr(); err == nil {
				c.out.qid(a.qid())
				le.PutUint16(c.out[headSize:], uint16(i+1))
				continue
			}
		}
		node.Close()
		if i == 0 {
			return err
		}
		return nil
	}
	return c.add(id, node)
}

func (c *client) open(f *fid, d *decoder) error {
	flags := d.u32()
	if d.bad || f.file != nil || f.isDir {
		return EINVAL
	}
	if c.s.ReadOnly && (flags&oAccess != 0 || flags&oTrunc != 0) {
		return EROFS
	}
	a, err := f.node.Attr()
	if err != nil {
		return err
	}
	switch a.Mode & modeType {
	case modeDir:
		if flags&oAccess != 0 {
			return EISDIR
		}
		f.isDir = true
	case modeFile:
		if flags&oDir != 0 {
			return ENOTDIR
		}
		if f.file, err = f.node.Open(flags & (oAccess | oTrunc | oAppend | oSync)); err != nil {
			return err
		}
	case modeLink:
		return ELOOP
	default:
		return EACCES // a device's or pipe's read could take for ever
	}
	f.flags, f.path = flags, a.Path
	c.out.qid(a.qid())
	c.out.u32(0) // as much as a message holds
	return nil
}

func (c *client) create(f *fid, d *decoder) error {
	name, err := d.name()
	flags, mode := d.u32(), d.u32()
	d.u32() // gid
	if err != nil {
		return err
	}
	if d.bad || f.file != nil || f.isDir {
		return EINVAL
	}
	n, file, err := f.node.Create(name, flags&(oAccess|oAppend|oSync), mode&modePerm)
	if err != nil {
		return err
	}
	a, err := n.Attr()
	if err != nil {
		file.Close()
		n.Close()
		return err
	}
	f.node.Close()
	f.node, f.file, f.flags, f.path = n, file, flags, a.Path
	c.out.qid(a.qid())
	c.out.u32(0)
	return nil
}

// canRead returns why nothing is to be read there, or nil.
func (f *fid) canRead(off uint64) error {
	switch {
	case f.file == nil && f.isDir:
		return EISDIR
	case f.file == nil || f.flags&oAccess == oWrite:
		return EBADF
	case int64(off) < 0:
		return EINVAL
	}
	return nil
}

// canWrite returns why nothing is to be written there, or nil.
func (f *fid) canWrite(off uint64) error {
	switch {
	case f.file == nil || f.flags&oAccess == 0:
		return EBADF
	case int64(off) < 0:
		return EINVAL
	}
	return nil
}

func (c *client) read(f *fid, d *decoder) error {
	off, n := d.u64(), d.u32()
	if d.bad {
		return EPROTO
	}
	if err := f.canRead(off); err != nil {
		return err
	}
	const at = headSize + 4
	n = min(n, c.msize-at)
	got, err := f.file.ReadAt(c.out[at:at+n], off)
	if err != nil {
		return err
	}
	c.out.u32(uint32(got))
	c.out = c.out[:at+got]
	return nil
}

func (c *client) write(f *fid, d *decoder) error {
	off, n := d.u64(), d.u32()
	if d.bad || int64(n) != int64(len(d.b)) {
		d.bad = true
		return EPROTO
	}
	if err := f.canWrite(off); err != nil {
		return err
	}
	put, err := f.file.WriteAt(d.b, off)
	if err != nil {
		return err
	}
	c.out.u32(uint32(put))
	return nil
}

func (c *client) readDir(f *fid, d *decoder) error {
	off, n := d.u64(), d.u32()
	switch {
	case d.bad:
		return EPROTO
	case !f.isDir:
		return ENOTDIR
	}
	if off == 0 { // from the start: as it is now
		var err error
		if f.list, err = f.node.ReadDir(); err != nil {
			return err
		}
	}
	c.out.u32(0)
	const at = headSize + 4
	most := at + int(min(n, c.msize-at))
	for ; off < uint64(len(f.list)); off++ {
		e := &f.list[off]
		if len(c.out)+qidSize+8+1+2+len(e.Name) > most {
			break
		}
		q := qidOf(e.Mode, e.Path)
		c.out.qid(q)
		c.out.u64(off + 1)
		c.out.u8(uint8(e.Mode >> 12))
		c.out.str(e.Name)
	}
	if len(c.out) == at && off < uint64(len(f.list)) {
		return EINVAL // no room for one
	}
	le.PutUint32(c.out[headSize:], uint32(len(c.out)-at))
	return nil
}

func (c *client) getAttr(f *fid, d *decoder) error {
	if d.u64(); d.bad { // what is wanted
		return EPROTO
	}
	a, err := f.node.Attr()
	if err != nil {
		return err
	}
	o := &c.out
	o.u64(getattrAll)
	o.qid(a.qid())
	o.u32(a.Mode)
	o.u32(a.UID)
	o.u32(a.GID)
	o.u64(a.Nlink)
	o.u64(0) // rdev
	o.u64(a.Size)
	o.u64(4096)
	o.u64(a.Blocks)
	o.time(a.Atime)
	o.time(a.Mtime)
	o.time(a.Ctime)
	o.time(Time{}) // birth
	o.u64(0)       // generation
	o.u64(0)       // version
	return nil
}

func (c *client) setAttr(f *fid, d *decoder) error {
	s := SetAttr{Valid: d.u32(), Mode: d.u32() & modePerm}
	d.u32() // uid
	d.u32() // gid
	s.Size = d.u64()
	s.Atime = Time{d.u64(), d.u64()}
	s.Mtime = Time{d.u64(), d.u64()}
	switch {
	case d.bad:
		return EPROTO
	case s.Valid&^setAttrMask != 0, int64(s.Size) < 0, s.Atime.Nsec >= 1e9, s.Mtime.Nsec >= 1e9:
		return EINVAL
	case s.Valid&(SetUID|SetGID) != 0:
		return EPERM
	}
	return f.node.SetAttr(&s)
}
