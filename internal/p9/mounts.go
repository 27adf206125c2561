// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package p9

import "strings"

// A Mount is a tree at a place in another one.
type Mount struct {
	Path     string // with a slash at first
	Root     Node
	ReadOnly bool
}

// NewMounts returns a tree made of others. The directories that lead to them
// hold nothing else, and cannot be changed; where one tree lies in another the
// inner one counts. Whether a tree is to be changed is a matter of the tree that
// a file was reached in: no link or renaming takes a file out of it.
//
// Outside, if it is not nil, is called with the path of each name that a client
// looked for in such a directory and that leads to no tree.
func NewMounts(mounts []Mount, outside func(path string)) Node {
	root := &mountPoint{outside: outside}
	var last uint64
	for _, m := range mounts {
		p := root
		for name := range strings.SplitSeq(m.Path, "/") {
			if name == "" {
				continue
			}
			if p.below == nil {
				p.below = make(map[string]*mountPoint)
			}
			if p.below[name] == nil {
				last++
				p.below[name] = &mountPoint{path: p.path + "/" + name, number: last, outside: outside}
			}
			p = p.below[name]
		}
		p.root, p.readOnly = m.Root, m.ReadOnly
	}
	return &mountNode{at: root, in: root.root, readOnly: root.readOnly}
}

// A mountPoint is a place where a tree begins, or that leads to one.
type mountPoint struct {
	path     string // of the root ""
	below    map[string]*mountPoint
	root     Node // nil: it leads to others only
	readOnly bool
	number   uint64
	outside  func(path string)
}

// A mountNode is a file in a tree, or a directory that leads to trees, or both.
type mountNode struct {
	at       *mountPoint // nil: no other tree lies below
	in       Node        // nil: it is in no tree
	readOnly bool
}

func (n *mountNode) Close() {
	if n.in != nil {
		n.in.Close()
	}
}

func (n *mountNode) Clone() (Node, error) {
	c := *n
	if n.in != nil {
		in, err := n.in.Clone()
		if err != nil {
			return nil, err
		}
		c.in = in
	}
	return &c, nil
}

func (n *mountNode) Walk(name string) (Node, error) {
	var at *mountPoint
	if n.at != nil {
		at = n.at.below[name]
	}
	if at != nil && at.root != nil {
		return (&mountNode{at: at, in: at.root, readOnly: at.readOnly}).Clone()
	}
	if n.in != nil {
		in, err := n.in.Walk(name)
		if err == nil {
			return &mountNode{at: at, in: in, readOnly: n.readOnly}, nil
		}
		if at == nil {
			return nil, err
		}
	}
	if at == nil {
		if n.at.outside != nil {
			n.at.outside(n.at.path + "/" + name)
		}
		return nil, ENOENT
	}
	return &mountNode{at: at}, nil
}

func (n *mountNode) Attr() (Attr, error) {
	if n.in != nil {
		return n.in.Attr()
	}
	return Attr{Path: 1<<63 | n.at.number, Mode: modeDir | 0o555, Nlink: 2}, nil
}

func (n *mountNode) ReadDir() ([]Dirent, error) {
	var list []Dirent
	if n.in != nil {
		var err error
		if list, err = n.in.ReadDir(); err != nil || n.at == nil {
			return list, err
		}
	}
	there := make(map[string]bool)
	for _, e := range list {
		there[e.Name] = true
	}
	for name, p := range n.at.below {
		if !there[name] {
			list = append(list, Dirent{name, modeDir, 1<<63 | p.number})
		}
	}
	return list, nil
}

func (n *mountNode) Readlink() (string, error) {
	if n.in == nil {
		return "", EINVAL
	}
	return n.in.Readlink()
}

// change returns the node to change, and whether that is allowed. Name is the one in it
// that is changed; a place of other trees is not.
func (n *mountNode) change(name string) (Node, error) {
	switch {
	case n.readOnly:
		return nil, EROFS
	case n.in == nil, n.at != nil && n.at.below[name] != nil:
		return nil, EACCES
	}
	return n.in, nil
}

func (n *mountNode) SetAttr(s *SetAttr) error {
	in, err := n.change("")
	if err != nil {
		return err
	}
	return in.SetAttr(s)
}

func (n *mountNode) Sync() error {
	if n.in == nil {
		return nil
	}
	return n.in.Sync()
}

func (n *mountNode) Open(flags uint32) (File, error) {
	if n.in == nil {
		return nil, EISDIR
	}
	if n.readOnly && (flags&oAccess != 0 || flags&oTrunc != 0) {
		return nil, EROFS
	}
	return n.in.Open(flags)
}

func (n *mountNode) Create(name string, flags, mode uint32) (Node, File, error) {
	in, err := n.change(name)
	if err != nil {
		return nil, nil, err
	}
	node, file, err := in.Create(name, flags, mode)
	if err != nil {
		return nil, nil, err
	}
	return &mountNode{in: node}, file, nil
}

func (n *mountNode) Mkdir(name string, mode uint32) error {
	in, err := n.change(name)
	if err != nil {
		return err
	}
	return in.Mkdir(name, mode)
}

func (n *mountNode) Symlink(name, target string) error {
	in, err := n.change(name)
	if err != nil {
		return err
	}
	return in.Symlink(name, target)
}

func (n *mountNode) Link(name string, to Node) error {
	in, err := n.change(name)
	if err != nil {
		return err
	}
	other, ok := to.(*mountNode)
	if !ok || other.in == nil || other.readOnly {
		return EXDEV
	}
	return in.Link(name, other.in)
}

func (n *mountNode) Unlink(name string, dir bool) error {
	in, err := n.change(name)
	if err != nil {
		return err
	}
	return in.Unlink(name, dir)
}

func (n *mountNode) Rename(name string, to Node, toName string) error {
	in, err := n.change(name)
	if err != nil {
		return err
	}
	other, ok := to.(*mountNode)
	if !ok || other.in == nil || other.readOnly {
		return EXDEV
	}
	if other.at != nil && other.at.below[toName] != nil {
		return EACCES
	}
	return in.Rename(name, other.in, toName)
}
