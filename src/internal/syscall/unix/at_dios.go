// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package unix

import "syscall"

// Without files there are no directories to be relative to: every one of
// these is the error of its path.

const (
	UTIME_OMIT = (1 << 30) - 2

	AT_FDCWD            = -0x64
	AT_REMOVEDIR        = 0x200
	AT_SYMLINK_NOFOLLOW = 0x100
)

func Openat(dirfd int, path string, flags int, perm uint32) (int, error) {
	return syscall.Openat(dirfd, path, flags, perm)
}

func Fstatat(dirfd int, path string, stat *syscall.Stat_t, flags int) error {
	return syscall.Lstat(path, stat)
}

func Unlinkat(dirfd int, path string, flags int) error {
	return syscall.Unlink(path)
}

func Readlinkat(dirfd int, path string, buf []byte) (int, error) {
	return syscall.Readlink(path, buf)
}

func Mkdirat(dirfd int, path string, mode uint32) error {
	return syscall.Mkdir(path, mode)
}

func Fchmodat(dirfd int, path string, mode uint32, flags int) error {
	return syscall.Chmod(path, mode)
}

func Fchownat(dirfd int, path string, uid, gid int, flags int) error {
	return syscall.Chown(path, uid, gid)
}

func Renameat(olddirfd int, oldpath string, newdirfd int, newpath string) error {
	return syscall.Rename(oldpath, newpath)
}

func Linkat(olddirfd int, oldpath string, newdirfd int, newpath string, flag int) error {
	return syscall.Link(oldpath, newpath)
}

func Symlinkat(oldpath string, newdirfd int, newpath string) error {
	return syscall.Symlink(oldpath, newpath)
}

func Utimensat(dirfd int, path string, times *[2]syscall.Timespec, flag int) error {
	return syscall.UtimesNano(path, times[:])
}
