// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package unix

import "syscall"

// There are no sockets, so fd is not one.

func RecvfromInet4(fd int, p []byte, flags int, from *syscall.SockaddrInet4) (int, error) {
	return 0, syscall.ENOTSOCK
}

func RecvfromInet6(fd int, p []byte, flags int, from *syscall.SockaddrInet6) (int, error) {
	return 0, syscall.ENOTSOCK
}

func SendtoInet4(fd int, p []byte, flags int, to *syscall.SockaddrInet4) error {
	return syscall.ENOTSOCK
}

func SendtoInet6(fd int, p []byte, flags int, to *syscall.SockaddrInet6) error {
	return syscall.ENOTSOCK
}

func SendmsgNInet4(fd int, p, oob []byte, to *syscall.SockaddrInet4, flags int) (int, error) {
	return 0, syscall.ENOTSOCK
}

func SendmsgNInet6(fd int, p, oob []byte, to *syscall.SockaddrInet6, flags int) (int, error) {
	return 0, syscall.ENOTSOCK
}

func RecvmsgInet4(fd int, p, oob []byte, flags int, from *syscall.SockaddrInet4) (n, oobn int, recvflags int, err error) {
	return 0, 0, 0, syscall.ENOTSOCK
}

func RecvmsgInet6(fd int, p, oob []byte, flags int, from *syscall.SockaddrInet6) (n, oobn int, recvflags int, err error) {
	return 0, 0, 0, syscall.ENOTSOCK
}
