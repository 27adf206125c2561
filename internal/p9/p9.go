// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package p9 is a server of files: the part of 9P2000.L that package syscall of
// DIOS speaks, with some messages of ours, and two kinds of trees behind it, memory
// and a host's directory.
//
// It knows nothing of DIOS: a client is an io.ReadWriter. See
// docs/design/files.md.
package p9

import (
	"encoding/binary"
	"syscall"
)

// Messages. The reply to T is T+1, or rlerror.
const (
	rlerror   = 7
	tlopen    = 12
	tlcreate  = 14
	tsymlink  = 16
	treadlink = 22
	tgetattr  = 24
	tsetattr  = 26
	treaddir  = 40
	tfsync    = 50
	tlock     = 52
	tgetlock  = 54
	tlink     = 70
	tmkdir    = 72
	trenameat = 74
	tunlinkat = 76
	tversion  = 100
	tattach   = 104
	tflush    = 108
	twalk     = 110
	tread     = 116
	twrite    = 118
	tclunk    = 120
	version   = "9P2000.L"

	// Ours.
	tserve   = 200 // fid[4] flags[4] requests[32] replies[32] dir[s]: serve another task too
	tdir     = 202 // : dir[s], the working directory at first
	tmap     = 204 // fid[4]: name[32] size[8], memory that the open file is in; see shared.go
	twindow  = 206 // name[32]: memory for the next two; see window.go
	treadw   = 208 // fid[4] offset[8] count[4]: count[4], as tread; the bytes are in the window
	twritew  = 210 // fid[4] offset[8] count[4]: count[4], as twrite; likewise
	serveRO  = 1   // flag of tserve: the other task cannot change anything
	nameSize = 32

	headSize   = 7
	minMsize   = 4096
	maxMsize   = 64 << 10
	maxWalk    = 16
	maxFids    = 512
	maxClients = 256
	maxPath    = 4096
	maxLocks   = 1024
	maxName    = 255
	noFid      = ^uint32(0)
	removeDir  = 0x200
	modeType   = 0o170000
	modeDir    = 0o040000
	modeLink   = 0o120000
	modeFile   = 0o100000
	modePerm   = 0o7777
	qidDir     = 0x80
	qidLink    = 0x02
	qidSize    = 13
	getattrAll = 0x7ff // what getattr fills, without the birth time and what follows
)

// Flags of open, the numbers of Linux.
const (
	oAccess = 3
	oWrite  = 1
	oExcl   = 0o200
	oTrunc  = 0o1000
	oAppend = 0o2000
	oSync   = 0o4010000
	oDir    = 0o200000
)

// Valid says which fields of a SetAttr count.
const (
	SetMode     = 1 << iota
	SetUID      // not supported
	SetGID      // not supported
	SetSize     //
	SetAtime    // to now, or with SetAtimeTo to the time given
	SetMtime    // likewise
	SetCtime    // comes with every other change anyway
	SetAtimeTo  //
	SetMtimeTo  //
	setAttrMask = 1<<iota - 1
)

// An Errno is an error of the protocol: a number of Linux.
type Errno uint32

const (
	EPERM        Errno = 1
	ENOENT       Errno = 2
	EINTR        Errno = 4
	EIO          Errno = 5
	EBADF        Errno = 9
	EACCES       Errno = 13
	EEXIST       Errno = 17
	EXDEV        Errno = 18
	ENOTDIR      Errno = 20
	EISDIR       Errno = 21
	EINVAL       Errno = 22
	EMFILE       Errno = 24
	EFBIG        Errno = 27
	ENOSPC       Errno = 28
	EROFS        Errno = 30
	EMLINK       Errno = 31
	ENAMETOOLONG Errno = 36
	ENOLCK       Errno = 37
	ENOTEMPTY    Errno = 39
	ELOOP        Errno = 40
	EPROTO       Errno = 71
	ENOTSUP      Errno = 95
)

func (e Errno) Error() string { return syscall.Errno(e).Error() }

// A Time is one since 1970.
type Time struct{ Sec, Nsec uint64 }

// A Qid is what a file is known by.
type Qid struct {
	Type uint8
	Path uint64
}

// An Attr is what is known of a file.
type Attr struct {
	Path                uint64 // which file it is
	Mode                uint32 // with the type, as Linux has it
	UID, GID            uint32
	Nlink, Size, Blocks uint64
	Atime, Mtime, Ctime Time
}

func (a *Attr) qid() Qid { return qidOf(a.Mode, a.Path) }

func qidOf(mode uint32, path uint64) Qid {
	switch mode & modeType {
	case modeDir:
		return Qid{qidDir, path}
	case modeLink:
		return Qid{qidLink, path}
	}
	return Qid{0, path}
}

// A SetAttr is a change of a file.
type SetAttr struct {
	Valid        uint32
	Mode         uint32
	Size         uint64
	Atime, Mtime Time
}

// A Dirent is an entry of a directory.
type Dirent struct {
	Name string
	Mode uint32 // the type
	Path uint64
}

// A Node is a file or directory of a tree, open or not. Names have been
// checked: each is one step, and leads down. Links are not followed.
type Node interface {
	Attr() (Attr, error)
	SetAttr(*SetAttr) error
	Clone() (Node, error)
	Walk(name string) (Node, error)
	Readlink() (string, error)
	ReadDir() ([]Dirent, error)
	Open(flags uint32) (File, error) // a regular file
	Create(name string, flags, mode uint32) (Node, File, error)
	Mkdir(name string, mode uint32) error
	Symlink(name, target string) error
	Link(name string, to Node) error
	Unlink(name string, dir bool) error
	Rename(name string, to Node, toName string) error
	Sync() error // a directory: the names in it are durable then, if anything here is
	Close()
}

// A File is a regular file that was opened.
type File interface {
	ReadAt(p []byte, off uint64) (int, error) // 0: the end
	WriteAt(p []byte, off uint64) (int, error)
	Sync() error // what was written is durable then, if anything here is
	Close()
}

var le = binary.LittleEndian

// A decoder takes a message apart. What is missing is zero, and makes it bad.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if n > len(d.b) {
		d.bad = true
		d.b = nil
		return make([]byte, min(n, 8))
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) u16() uint16 { return le.Uint16(d.take(2)) }
func (d *decoder) u32() uint32 { return le.Uint32(d.take(4)) }
func (d *decoder) u64() uint64 { return le.Uint64(d.take(8)) }

func (d *decoder) str() string {
	n := int(d.u16())
	if n > len(d.b) {
		d.bad = true
		return ""
	}
	return string(d.take(n))
}

// name is a string that is one step down in a directory.
func (d *decoder) name() (string, error) {
	s := d.str()
	switch {
	case d.bad:
		return "", EPROTO
	case len(s) > maxName:
		return "", ENAMETOOLONG
	case s == "" || s == "." || s == "..":
		return "", EINVAL
	}
	for i := range len(s) {
		if s[i] == 0 || s[i] == '/' {
			return "", EINVAL
		}
	}
	return s, nil
}

// An encoder puts a message together.
type encoder []byte

func (e *encoder) u8(v uint8)   { *e = append(*e, v) }
func (e *encoder) u16(v uint16) { *e = le.AppendUint16(*e, v) }
func (e *encoder) u32(v uint32) { *e = le.AppendUint32(*e, v) }
func (e *encoder) u64(v uint64) { *e = le.AppendUint64(*e, v) }
func (e *encoder) time(t Time)  { e.u64(t.Sec); e.u64(t.Nsec) }

func (e *encoder) str(s string) {
	e.u16(uint16(len(s)))
	*e = append(*e, s...)
}

func (e *encoder) qid(q Qid) {
	e.u8(q.Type)
	e.u32(0) // version: nobody caches
	e.u64(q.Path)
}
