// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build (linux || dios) && amd64

package p9

import (
	"bytes"
	"runtime"
	"strconv"
	"unsafe"
)

// A directory of a Linux host, by Linux's own calls: a DIOS program needs the
// brand dios-limbo for them.
//
// A node has a descriptor opened with O_PATH. From there every step is one
// name, which cannot be "..", without following a link. So no race between
// looking and using leads out of the tree: there is no path to look at.

const (
	sysClose      = 3
	sysFstat      = 5
	sysPread      = 17
	sysPwrite     = 18
	sysFcntl      = 72
	sysFsync      = 74
	sysTruncate   = 76
	sysChmod      = 90
	sysUmask      = 95
	sysGetdents   = 217
	sysOpenat     = 257
	sysMkdirat    = 258
	sysUnlinkat   = 263
	sysRenameat   = 264
	sysLinkat     = 265
	sysSymlinkat  = 266
	sysReadlinkat = 267
	sysUtimensat  = 280

	oCreat     = 0o100
	oNonblock  = 0o4000
	oNoFollow  = 0o400000
	oCloexec   = 0o2000000
	oPath      = 0o10000000
	atFdcwd    = ^uintptr(99) // -100
	linkFollow = 0x400
	dupCloexec = 1030
	timeNow    = 1<<30 - 1
	timeOmit   = 1<<30 - 2
)

// linuxCall makes a call of Linux. It is in linux_amd64.s.
func linuxCall(nr, a1, a2, a3, a4, a5 uintptr) uintptr

func result(r uintptr) (uintptr, error) {
	if r > ^uintptr(4095) {
		return 0, Errno(-r)
	}
	return r, nil
}

// call makes a call whose arguments are numbers.
func call(nr, a1, a2, a3, a4 uintptr) (uintptr, error) {
	for {
		r, err := result(linuxCall(nr, a1, a2, a3, a4, 0))
		if err != EINTR {
			return r, err
		}
	}
}

// callName makes a call whose second argument is a name. Others may be addresses.
//
//go:uintptrescapes
func callName(nr, dir uintptr, name string, a3, a4 uintptr) (uintptr, error) {
	b := append([]byte(name), 0)
	for {
		r, err := result(linuxCall(nr, dir, uintptr(unsafe.Pointer(&b[0])), a3, a4, 0))
		if err != EINTR {
			runtime.KeepAlive(b)
			return r, err
		}
	}
}

// callBytes makes a call whose second argument is memory, and the third its length.
func callBytes(nr, a1 uintptr, b []byte, a4 uintptr) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		r, err := result(linuxCall(nr, a1, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), a4, 0))
		if err != EINTR {
			return int(r), err
		}
	}
}

type hostNode struct{ fd uintptr }

// OpenHost returns the directory at a path of the host. Who made the process
// has said which: links in this path are followed.
func OpenHost(path string) (Node, error) {
	// The client says what a new file's mode is.
	if _, err := call(sysUmask, 0, 0, 0, 0); err != nil {
		return nil, err
	}
	fd, err := callName(sysOpenat, atFdcwd, path, oPath|oDir|oCloexec, 0)
	if err != nil {
		return nil, err
	}
	return &hostNode{fd}, nil
}

// self is a path to what a node's descriptor refers to, and no other file.
func (n *hostNode) self() string { return "/proc/self/fd/" + strconv.Itoa(int(n.fd)) }

func (n *hostNode) Close() { linuxCall(sysClose, n.fd, 0, 0, 0, 0) }

func (n *hostNode) Clone() (Node, error) {
	fd, err := call(sysFcntl, n.fd, dupCloexec, 0, 0)
	if err != nil {
		return nil, err
	}
	return &hostNode{fd}, nil
}

func (n *hostNode) Walk(name string) (Node, error) {
	fd, err := callName(sysOpenat, n.fd, name, oPath|oNoFollow|oCloexec, 0)
	if err != nil {
		return nil, err
	}
	return &hostNode{fd}, nil
}

// linuxStat is struct stat.
type linuxStat struct {
	dev, ino, nlink     uint64
	mode, uid, gid, pad uint32
	rdev                uint64
	size, blksize       uint64
	blocks              uint64
	atime, mtime, ctime Time
	more                [3]uint64
}

func (n *hostNode) Attr() (Attr, error) {
	st := new(linuxStat)
	if _, err := result(linuxCall(sysFstat, n.fd, uintptr(unsafe.Pointer(st)), 0, 0, 0)); err != nil {
		return Attr{}, err
	}
	return Attr{
		Path: st.ino ^ st.dev<<40, Mode: st.mode, UID: st.uid, GID: st.gid,
		Nlink: st.nlink, Size: st.size, Blocks: st.blocks,
		Atime: st.atime, Mtime: st.mtime, Ctime: st.ctime,
	}, nil
}

// regular returns nil for a regular file or a directory: nothing else is
// opened or changed.
func (n *hostNode) regular() error {
	a, err := n.Attr()
	switch {
	case err != nil:
		return err
	case a.Mode&modeType == modeLink:
		return ELOOP
	case a.Mode&modeType != modeFile && a.Mode&modeType != modeDir:
		return EACCES
	}
	return nil
}

func (n *hostNode) SetAttr(s *SetAttr) error {
	if err := n.regular(); err != nil {
		return err
	}
	self := append([]byte(n.self()), 0)
	path := func(nr, a2 uintptr) error {
		_, err := result(linuxCall(nr, uintptr(unsafe.Pointer(&self[0])), a2, 0, 0, 0))
		return err
	}
	if s.Valid&SetSize != 0 {
		if err := path(sysTruncate, uintptr(s.Size)); err != nil {
			return err
		}
	}
	if s.Valid&SetMode != 0 {
		if err := path(sysChmod, uintptr(s.Mode)); err != nil {
			return err
		}
	}
	when := func(now, to uint32, t Time) Time {
		switch {
		case s.Valid&to != 0:
			return t
		case s.Valid&now != 0:
			return Time{Nsec: timeNow}
		}
		return Time{Nsec: timeOmit}
	}
	if s.Valid&(SetAtime|SetMtime|SetAtimeTo|SetMtimeTo) != 0 {
		t := &[2]Time{when(SetAtime, SetAtimeTo, s.Atime), when(SetMtime, SetMtimeTo, s.Mtime)}
		_, err := callName(sysUtimensat, atFdcwd, n.self(), uintptr(unsafe.Pointer(t)), 0)
		runtime.KeepAlive(t)
		return err
	}
	return nil
}

func (n *hostNode) Readlink() (string, error) {
	name := []byte{0}
	b := make([]byte, 4096)
	got, err := result(linuxCall(sysReadlinkat, n.fd, uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0))
	if err == ENOENT {
		err = EINVAL // what Linux says of a node that is no link
	}
	return string(b[:got]), err
}

func (n *hostNode) ReadDir() ([]Dirent, error) {
	fd, err := callName(sysOpenat, n.fd, ".", oDir|oCloexec, 0)
	if err != nil {
		return nil, err
	}
	defer linuxCall(sysClose, fd, 0, 0, 0, 0)
	var list []Dirent
	b := make([]byte, 32<<10)
	for {
		got, err := callBytes(sysGetdents, fd, b, 0)
		if got == 0 || err != nil {
			return list, err
		}
		for d := b[:got]; len(d) > 19; d = d[le.Uint16(d[16:]):] {
			name, _, _ := bytes.Cut(d[19:le.Uint16(d[16:])], []byte{0})
			if s := string(name); s != "." && s != ".." {
				list = append(list, Dirent{s, uint32(d[18]) << 12, le.Uint64(d)})
			}
		}
	}
}

func (n *hostNode) Open(flags uint32) (File, error) {
	fd, err := callName(sysOpenat, atFdcwd, n.self(), uintptr(flags)|oNonblock|oCloexec, 0)
	if err != nil {
		return nil, err
	}
	return hostFile(fd), nil
}

// Create makes a file that was not there, so that the name is no link.
func (n *hostNode) Create(name string, flags, mode uint32) (Node, File, error) {
	fd, err := callName(sysOpenat, n.fd, name, uintptr(flags)|oCreat|oExcl|oNoFollow|oCloexec, uintptr(mode))
	if err != nil {
		return nil, nil, err
	}
	file := hostFile(fd)
	// Not by its name, which may be another's already.
	node, err := callName(sysOpenat, atFdcwd, (&hostNode{fd}).self(), oPath|oCloexec, 0)
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return &hostNode{node}, file, nil
}

func (n *hostNode) Mkdir(name string, mode uint32) error {
	_, err := callName(sysMkdirat, n.fd, name, uintptr(mode), 0)
	return err
}

func (n *hostNode) Symlink(name, target string) error {
	to, at := append([]byte(target), 0), append([]byte(name), 0)
	_, err := result(linuxCall(sysSymlinkat, uintptr(unsafe.Pointer(&to[0])), n.fd, uintptr(unsafe.Pointer(&at[0])), 0, 0))
	return err
}

func (n *hostNode) Unlink(name string, dir bool) error {
	flags := uintptr(0)
	if dir {
		flags = removeDir
	}
	_, err := callName(sysUnlinkat, n.fd, name, flags, 0)
	return err
}

func (n *hostNode) Rename(name string, toDir Node, toName string) error {
	dir, ok := toDir.(*hostNode)
	if !ok {
		return EXDEV
	}
	to := append([]byte(toName), 0)
	_, err := callName(sysRenameat, n.fd, name, dir.fd, uintptr(unsafe.Pointer(&to[0])))
	runtime.KeepAlive(to)
	return err
}

func (n *hostNode) Link(name string, other Node) error {
	to, ok := other.(*hostNode)
	if !ok {
		return EXDEV
	}
	at := append([]byte(name), 0)
	b := append([]byte(to.self()), 0)
	_, err := result(linuxCall(sysLinkat, atFdcwd, uintptr(unsafe.Pointer(&b[0])), n.fd, uintptr(unsafe.Pointer(&at[0])), linkFollow))
	return err
}

func (n *hostNode) Sync() error {
	fd, err := callName(sysOpenat, n.fd, ".", oDir|oCloexec, 0)
	if err != nil {
		return err
	}
	defer linuxCall(sysClose, fd, 0, 0, 0, 0)
	return hostFile(fd).Sync()
}

type hostFile uintptr

func (f hostFile) ReadAt(p []byte, off uint64) (int, error) {
	return callBytes(sysPread, uintptr(f), p, uintptr(off))
}

func (f hostFile) WriteAt(p []byte, off uint64) (int, error) {
	return callBytes(sysPwrite, uintptr(f), p, uintptr(off))
}

func (f hostFile) Sync() error {
	_, err := call(sysFsync, uintptr(f), 0, 0, 0)
	return err
}

func (f hostFile) Close() { linuxCall(sysClose, uintptr(f), 0, 0, 0, 0) }

// HostFD opens a file of the host for reading, and returns its descriptor.
func HostFD(path string) (int, error) {
	fd, err := callName(sysOpenat, atFdcwd, path, oCloexec, 0)
	return int(fd), err
}
