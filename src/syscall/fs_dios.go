// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import "internal/bytealg"

// Files.
//
// DIOS has no files of its own: they are a service of another task; see
// tree_dios.go. Without it every path is an error that says so, except
// /dev/null, which is a matter of this package alone.

const (
	O_RDONLY = 0
	O_WRONLY = 1
	O_RDWR   = 2

	O_CREAT     = 0100
	O_CREATE    = O_CREAT
	O_EXCL      = 0200
	O_TRUNC     = 01000
	O_APPEND    = 02000
	O_NONBLOCK  = 04000
	O_DIRECTORY = 0200000
	O_NOFOLLOW  = 0400000
	O_CLOEXEC   = 02000000
	O_SYNC      = 04010000
)

const (
	F_DUPFD = 0
	F_GETFD = 1
	F_SETFD = 2
	F_GETFL = 3
	F_SETFL = 4
	F_GETLK = 5
	F_SETLK = 6

	F_SETLKW = 7
)

const (
	F_RDLCK = 0
	F_WRLCK = 1
	F_UNLCK = 2

	LOCK_SH = 1
	LOCK_EX = 2
	LOCK_NB = 4
	LOCK_UN = 8
)

// A Flock_t is a lock on Len bytes of a file from Start on; 0 is to its end.
type Flock_t struct {
	Type   int16
	Whence int16
	Start  int64
	Len    int64
	Pid    int32 // who has it: never said
}

const (
	S_IFMT   = 0170000
	S_IFSOCK = 0140000
	S_IFLNK  = 0120000
	S_IFREG  = 0100000
	S_IFBLK  = 0060000
	S_IFDIR  = 0040000
	S_IFCHR  = 0020000
	S_IFIFO  = 0010000

	S_ISUID = 04000
	S_ISGID = 02000
	S_ISVTX = 01000

	S_IRUSR = 0400
	S_IWUSR = 0200
	S_IXUSR = 0100
	S_IRWXU = 0700
	S_IRGRP = 0040
	S_IWGRP = 0020
	S_IXGRP = 0010
	S_IRWXG = 0070
	S_IROTH = 0004
	S_IWOTH = 0002
	S_IXOTH = 0001
	S_IRWXO = 0007
)

type Stat_t struct {
	Dev     uint64
	Ino     uint64
	Nlink   uint64
	Mode    uint32
	Uid     uint32
	Gid     uint32
	Rdev    uint64
	Size    int64
	Blksize int64
	Blocks  int64
	Atim    Timespec
	Mtim    Timespec
	Ctim    Timespec
}

// A Dirent is one entry of what ReadDirent returns.
type Dirent struct {
	Ino    uint64
	Reclen uint16
	Type   uint8
	Name   [256]byte
}

func direntIno(buf []byte) (uint64, bool) {
	return readInt(buf, 0, 8)
}

func direntReclen(buf []byte) (uint64, bool) {
	return readInt(buf, 8, 2)
}

func direntNamlen(buf []byte) (uint64, bool) {
	reclen, ok := direntReclen(buf)
	if !ok || reclen < 11 {
		return 0, false
	}
	return reclen - 11, true
}

// noFile is the error of every path, where there is no service.
func noFile(path string) error {
	switch {
	case path == "":
		return ENOENT
	case bytealg.IndexByteString(path, 0) >= 0:
		return EINVAL
	}
	return enofiles
}

const nullPath = "/dev/null"

func Open(path string, mode int, perm uint32) (fd int, err error) {
	return Openat(atFdcwd, path, mode, perm)
}

func Openat(dirfd int, path string, mode int, perm uint32) (int, error) {
	if path != nullPath {
		fd, e := openTree(dirfd, path, mode, perm)
		return fd, orNil(e)
	}
	if mode&O_DIRECTORY != 0 {
		return -1, ENOTDIR
	}
	if mode&(O_CREAT|O_EXCL) == O_CREAT|O_EXCL {
		return -1, EEXIST
	}
	return addFile(&file{stream: devNull{}}), nil
}

func Stat(path string, st *Stat_t) error  { return stat(path, st, 0) }
func Lstat(path string, st *Stat_t) error { return stat(path, st, atNofollow) }

func stat(path string, st *Stat_t, flags int) error {
	if path != nullPath {
		return fstatat(atFdcwd, path, st, flags)
	}
	*st = Stat_t{Mode: devNull{}.mode(), Nlink: 1, Blksize: 4096}
	return nil
}

func Mkdir(path string, perm uint32) error          { return mkdirat(atFdcwd, path, perm) }
func Unlink(path string) error                      { return unlinkat(atFdcwd, path, 0) }
func Rmdir(path string) error                       { return unlinkat(atFdcwd, path, atRemove) }
func Chmod(path string, mode uint32) error          { return fchmodat(atFdcwd, path, mode, 0) }
func Chown(path string, uid, gid int) error         { return fchownat(atFdcwd, path, uid, gid, 0) }
func Lchown(path string, uid, gid int) error        { return fchownat(atFdcwd, path, uid, gid, atNofollow) }
func Rename(from, to string) error                  { return renameat(atFdcwd, from, atFdcwd, to) }
func Readlink(path string, buf []byte) (int, error) { return readlinkat(atFdcwd, path, buf) }
func Link(path, link string) error                  { return linkat(atFdcwd, path, atFdcwd, link, 0) }
func Symlink(path, link string) error               { return symlinkat(path, atFdcwd, link) }

func UtimesNano(path string, ts []Timespec) error {
	if len(ts) != 2 {
		return EINVAL
	}
	return times(ts).onPath(atFdcwd, path, true)
}

func Truncate(path string, length int64) error {
	if length < 0 {
		return EINVAL
	}
	return change{valid: setSize, size: length}.onPath(atFdcwd, path, true)
}

func Chdir(path string) error {
	c, at, e := atPlace(atFdcwd, path)
	if e != 0 {
		return e
	}
	f, e := c.find(at, path, true)
	if e != 0 {
		return e
	}
	c.clunk(f.fid)
	if f.qid&qidDir == 0 {
		return ENOTDIR
	}
	c.setCwd(f.path)
	return nil
}

const ImplementsGetwd = true

// Getwd returns, without files, what the one who started the task said in
// $PWD: there is no directory that could be asked.
func Getwd() (string, error) {
	c, e := getTree()
	if e == 0 {
		c.cwd.Lock()
		defer c.cwd.Unlock()
		return absolute(c.cwd.path), nil
	}
	if e != enofiles {
		return "", e
	}
	if dir, ok := Getenv("PWD"); ok && dir != "" && dir[0] == '/' {
		return dir, nil
	}
	return "", enofiles
}
