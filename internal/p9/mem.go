// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package p9

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// A memory tree: files that are as long as who serves them.

// memEntry is what a file takes besides its bytes, for the quota.
const memEntry = 512

type memTree struct {
	root     *memNode   // set once
	mu       sync.Mutex // guards all of the tree
	limit    int64      // bytes that it takes
	left     int64      // bytes that it may still take
	last     uint64     // the number of the last file
	now      time.Time  // of the change that is being made
	log      *journal   // of what changes; nil: nobody remembers
	replayed bool       // what changes has done so before
}

type memNode struct {
	tree         *memTree
	path         uint64
	mode         uint32
	nlink        int
	opens        int // Nodes and Files that others have
	data         []byte
	memory       Memory              // where data is, if clients can see it
	most         int                 // how long data has been in this memory
	target       string              // of a link
	names        map[string]*memNode // of a directory
	parent       *memNode            // of a directory; the root's is nil
	atime, mtime time.Time
}

// NewMem returns an empty tree that takes up to limit bytes of memory.
func NewMem(limit int64) Node {
	return newMem(limit)
}

func newMem(limit int64) *memNode {
	t := &memTree{limit: limit, left: limit, now: time.Now()}
	t.root, _ = t.new(modeDir | 0o755)
	t.root.nlink = 2
	return t.root
}

// begin begins a change, of which the log will say as much as n bytes. When it
// fails nothing may change.
func (t *memTree) begin(n int) error {
	if !t.replayed {
		t.now = time.Now()
	}
	if t.log != nil {
		return t.log.room(n)
	}
	return nil
}

// note is called after a change, of a file that others will find, and says what
// changed; see journal.go.
func (n *memNode) note(kind uint8, more func(e *encoder)) {
	if log := n.tree.log; log != nil && n.nlink > 0 {
		log.add(n.tree.now, kind, n.path, more)
	}
}

// new returns a file that nothing leads to. The tree's lock is held, if anybody knows it.
func (t *memTree) new(mode uint32) (*memNode, error) {
	if t.left < memEntry {
		return nil, ENOSPC
	}
	t.left -= memEntry
	t.last++
	n := &memNode{tree: t, path: t.last, mode: mode, atime: t.now, mtime: t.now}
	if mode&modeType == modeDir {
		n.names = make(map[string]*memNode)
	}
	return n, nil
}

// lock locks the tree; use: defer n.lock()().
func (n *memNode) lock() func() {
	n.tree.mu.Lock()
	return n.tree.mu.Unlock
}

// drop gives back what a file took, when nothing leads to it any more.
func (n *memNode) drop() {
	if n.nlink == 0 && n.opens == 0 {
		n.tree.left += memEntry + n.cost()
		n.replace(nil, nil)
	}
}

// find returns what a name leads to.
func (n *memNode) find(name string) (*memNode, error) {
	if n.names == nil {
		return nil, ENOTDIR
	}
	if to := n.names[name]; to != nil {
		return to, nil
	}
	return nil, ENOENT
}

// free checks that n is a directory, that still exists, where the name is free.
func (n *memNode) free(name string) error {
	to, err := n.find(name)
	switch {
	case to != nil:
		return EEXIST
	case err == ENOENT && n.nlink == 0:
		return ENOENT
	case err == ENOENT:
		return nil
	}
	return err
}

// put makes a name, which is free, lead to a file.
func (n *memNode) put(name string, to *memNode) {
	n.names[name] = to
	n.mtime = n.tree.now
	to.nlink++
	if to.names != nil {
		to.nlink = 2
		to.parent = n
		n.nlink++
	}
}

// cut removes a name, which is there.
func (n *memNode) cut(name string) {
	to := n.names[name]
	delete(n.names, name)
	n.mtime = n.tree.now
	to.nlink--
	if to.names != nil {
		to.nlink = 0
		n.nlink--
	}
	to.drop()
}

func (n *memNode) Attr() (Attr, error) {
	defer n.lock()()
	size := len(n.data) + len(n.target)
	return Attr{
		Path: n.path, Mode: n.mode, Nlink: uint64(n.nlink),
		Size: uint64(size), Blocks: uint64(size+511) / 512,
		Atime: memTime(n.atime), Mtime: memTime(n.mtime), Ctime: memTime(n.mtime),
	}, nil
}

func memTime(t time.Time) Time { return Time{uint64(t.Unix()), uint64(t.Nanosecond())} }

func (n *memNode) SetAttr(s *SetAttr) error {
	defer n.lock()()
	if err := n.tree.begin(noteSize); err != nil {
		return err
	}
	if s.Valid&SetSize != 0 {
		if n.names != nil {
			return EISDIR
		}
		if n.mode&modeType != modeFile {
			return EINVAL
		}
		if err := n.resize(s.Size); err != nil {
			return err
		}
		n.noteSize()
	}
	if s.Valid&SetMode != 0 {
		n.mode = n.mode&^modePerm | s.Mode
	}
	set := func(now, to uint32, at *time.Time, t Time) {
		switch {
		case s.Valid&to != 0:
			*at = time.Unix(int64(t.Sec), int64(t.Nsec))
		case s.Valid&now != 0:
			*at = n.tree.now
		}
	}
	set(SetAtime, SetAtimeTo, &n.atime, s.Atime)
	set(SetMtime, SetMtimeTo, &n.mtime, s.Mtime)
	n.note(logAttr, n.putAttr)
	return nil
}

func (n *memNode) putAttr(e *encoder) {
	e.u32(n.mode)
	e.u64(uint64(n.atime.UnixNano()))
	e.u64(uint64(n.mtime.UnixNano()))
}

func (n *memNode) noteSize() { n.note(logSize, func(e *encoder) { e.u64(uint64(len(n.data))) }) }

// resize makes a file that long; what is new is zero.
func (n *memNode) resize(size uint64) error {
	had := n.cost()
	if size > uint64(max(n.tree.left+had, 0)) && size > uint64(len(n.data)) {
		return ENOSPC
	}
	switch {
	case size == 0:
		n.replace(nil, nil)
	case size <= uint64(len(n.data)):
		clear(n.data[size:])
		n.data = n.data[:size]
	case size <= uint64(cap(n.data)):
		n.data = n.data[:size]
	default:
		data, memory := n.tree.allocate(int(size), n.tree.left+had)
		copy(data, n.data)
		n.replace(data, memory)
	}
	n.resized()
	n.tree.left += had - n.cost()
	n.mtime = n.tree.now
	return nil
}

func (n *memNode) open() *memNode {
	n.opens++
	return n
}

func (n *memNode) Clone() (Node, error) {
	defer n.lock()()
	return n.open(), nil
}

func (n *memNode) Close() {
	defer n.lock()()
	n.opens--
	n.drop()
}

func (n *memNode) Walk(name string) (Node, error) {
	defer n.lock()()
	to, err := n.find(name)
	if err != nil {
		return nil, err
	}
	return to.open(), nil
}

func (n *memNode) Readlink() (string, error) {
	if n.mode&modeType != modeLink {
		return "", EINVAL
	}
	return n.target, nil
}

func (n *memNode) ReadDir() ([]Dirent, error) {
	defer n.lock()()
	list := make([]Dirent, 0, len(n.names))
	for _, name := range slices.Sorted(maps.Keys(n.names)) {
		to := n.names[name]
		list = append(list, Dirent{name, to.mode & modeType, to.path})
	}
	return list, nil
}

func (n *memNode) Open(flags uint32) (File, error) {
	defer n.lock()()
	if flags&oTrunc != 0 {
		if err := n.tree.begin(noteSize); err != nil {
			return nil, err
		}
		if err := n.resize(0); err != nil {
			return nil, err
		}
		n.noteSize()
	}
	return &memFile{n.open(), flags&oAppend != 0}, nil
}

func (n *memNode) Create(name string, flags, mode uint32) (Node, File, error) {
	defer n.lock()()
	to, err := n.make(name, modeFile|mode, "")
	if err != nil {
		return nil, nil, err
	}
	return to.open(), &memFile{to.open(), flags&oAppend != 0}, nil
}

func (n *memNode) Mkdir(name string, mode uint32) error {
	defer n.lock()()
	_, err := n.make(name, modeDir|mode, "")
	return err
}

func (n *memNode) Symlink(name, target string) error {
	if target == "" {
		return ENOENT
	}
	defer n.lock()()
	_, err := n.make(name, modeLink|0o777, target)
	return err
}

// make makes what the mode says. The tree is locked.
func (n *memNode) make(name string, mode uint32, target string) (*memNode, error) {
	if err := n.tree.begin(noteSize + len(target)); err != nil {
		return nil, err
	}
	if err := n.free(name); err != nil {
		return nil, err
	}
	to, err := n.tree.new(mode)
	if err != nil {
		return nil, err
	}
	to.target = target
	n.put(name, to)
	n.noteMake(name, to)
	return to, nil
}

func (n *memNode) noteMake(name string, to *memNode) {
	n.note(logMake, func(e *encoder) {
		e.str(name)
		e.u64(to.path)
		e.u32(to.mode)
		e.str(to.target)
	})
}

func (n *memNode) noteLink(name string, to *memNode) {
	n.note(logLink, func(e *encoder) {
		e.str(name)
		e.u64(to.path)
	})
}

// mine returns the node of this tree that another Node is.
func (n *memNode) mine(other Node) (*memNode, error) {
	if to, ok := other.(*memNode); ok && to.tree == n.tree {
		return to, nil
	}
	return nil, EXDEV
}

func (n *memNode) Link(name string, other Node) error {
	to, err := n.mine(other)
	if err != nil {
		return err
	}
	defer n.lock()()
	if err := n.tree.begin(noteSize); err != nil {
		return err
	}
	if err := n.free(name); err != nil {
		return err
	}
	if to.names != nil {
		return EPERM
	}
	if to.nlink == 0 {
		return ENOENT
	}
	n.put(name, to)
	n.noteLink(name, to)
	return nil
}

func (n *memNode) Unlink(name string, dir bool) error {
	defer n.lock()()
	if err := n.tree.begin(noteSize); err != nil {
		return err
	}
	to, err := n.find(name)
	switch {
	case err != nil:
		return err
	case dir && to.names == nil:
		return ENOTDIR
	case !dir && to.names != nil:
		return EISDIR
	case len(to.names) > 0:
		return ENOTEMPTY
	}
	n.cut(name)
	n.note(logUnlink, func(e *encoder) { e.str(name) })
	return nil
}

func (n *memNode) Rename(name string, toDir Node, toName string) error {
	dir, err := n.mine(toDir)
	if err != nil {
		return err
	}
	defer n.lock()()
	if err := n.tree.begin(2 * noteSize); err != nil {
		return err
	}
	from, err := n.find(name)
	if err != nil {
		return err
	}
	to, err := dir.find(toName)
	if err != nil && err != ENOENT || dir.nlink == 0 {
		return cmpErr(err)
	}
	for d := dir; d != nil; d = d.parent {
		if d == from {
			return EINVAL // into itself
		}
	}
	switch {
	case to == from:
		return nil
	case to == nil:
	case from.names != nil && to.names == nil:
		return ENOTDIR
	case from.names == nil && to.names != nil:
		return EISDIR
	case len(to.names) > 0:
		return ENOTEMPTY
	}
	if to != nil {
		dir.cut(toName)
	}
	from.opens++ // it stays, without a name for a moment
	nlink := from.nlink
	n.cut(name)
	dir.put(toName, from)
	from.nlink = nlink // a folder's, too: what is in it has not changed
	from.opens--
	n.note(logRename, func(e *encoder) {
		e.str(name)
		e.u64(dir.path)
		e.str(toName)
	})
	return nil
}

// cmpErr is the error, or that of a directory which was removed.
func cmpErr(err error) error {
	if err == nil || err == ENOENT {
		return ENOENT
	}
	return err
}

func (n *memNode) noteWrite(off uint64, p []byte) {
	n.note(logWrite, func(e *encoder) {
		e.u64(off)
		*e = append(*e, p...)
	})
}

// Sync makes all of the tree durable that was changed till now: a change is
// never so without those before it.
func (n *memNode) Sync() error {
	defer n.lock()()
	if n.tree.log == nil {
		return nil
	}
	return n.tree.sync()
}

type memFile struct {
	*memNode
	append bool
}

func (f *memFile) ReadAt(p []byte, off uint64) (int, error) {
	defer f.lock()()
	if off >= uint64(len(f.data)) {
		return 0, nil
	}
	return copy(p, f.data[off:]), nil
}

func (f *memFile) WriteAt(p []byte, off uint64) (int, error) {
	defer f.lock()()
	if err := f.tree.begin(noteSize + len(p)); err != nil {
		return 0, err
	}
	if f.append {
		off = uint64(len(f.data))
	}
	if end := off + uint64(len(p)); end > uint64(len(f.data)) {
		if err := f.resize(end); err != nil {
			return 0, err
		}
	}
	f.mtime = f.tree.now
	n := copy(f.data[off:], p)
	// P may be a client's, who can change it meanwhile: the log has what the file has.
	f.noteWrite(off, f.data[off:off+uint64(n)])
	return n, nil
}
