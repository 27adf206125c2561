// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package unix

import (
	"syscall"
	_ "unsafe" // for go:linkname
)

// Implemented in package syscall.
//
//go:linkname fcntl syscall.fcntl
func fcntl(fd int, cmd int, arg int) (int, error)

func Fcntl(fd int, cmd int, arg int) (int, error) {
	return fcntl(fd, cmd, arg)
}

func IsNonblock(fd int) (nonblocking bool, err error) {
	flags, err := fcntl(fd, syscall.F_GETFL, 0)
	return HasNonblockFlag(flags), err
}

func HasNonblockFlag(flag int) bool {
	return flag&syscall.O_NONBLOCK != 0
}
