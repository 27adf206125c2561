// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package unix

import (
	"syscall"
	_ "unsafe" // for go:linkname
)

// What is relative to a directory. Implemented in package syscall.

const (
	UTIME_OMIT = (1 << 30) - 2

	AT_FDCWD            = -0x64
	AT_REMOVEDIR        = 0x200
	AT_SYMLINK_NOFOLLOW = 0x100
)

func Openat(dirfd int, path string, flags int, perm uint32) (int, error) {
	return syscall.Openat(dirfd, path, flags, perm)
}

//go:linkname Fstatat syscall.fstatat
func Fstatat(dirfd int, path string, stat *syscall.Stat_t, flags int) error

//go:linkname Unlinkat syscall.unlinkat
func Unlinkat(dirfd int, path string, flags int) error

//go:linkname Readlinkat syscall.readlinkat
func Readlinkat(dirfd int, path string, buf []byte) (int, error)

//go:linkname Mkdirat syscall.mkdirat
func Mkdirat(dirfd int, path string, mode uint32) error

//go:linkname Fchmodat syscall.fchmodat
func Fchmodat(dirfd int, path string, mode uint32, flags int) error

//go:linkname Fchownat syscall.fchownat
func Fchownat(dirfd int, path string, uid, gid int, flags int) error

//go:linkname Renameat syscall.renameat
func Renameat(olddirfd int, oldpath string, newdirfd int, newpath string) error

//go:linkname Linkat syscall.linkat
func Linkat(olddirfd int, oldpath string, newdirfd int, newpath string, flag int) error

//go:linkname Symlinkat syscall.symlinkat
func Symlinkat(oldpath string, newdirfd int, newpath string) error

//go:linkname Utimensat syscall.utimensat
func Utimensat(dirfd int, path string, times *[2]syscall.Timespec, flag int) error
