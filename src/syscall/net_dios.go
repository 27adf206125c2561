// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

// Sockets.
//
// dios has no sockets: streams and datagrams will be objects. What package
// net expects to find is here, and says so.

const (
	SHUT_RD   = 0
	SHUT_WR   = 1
	SHUT_RDWR = 2
)

// An Iovec is only named, by package internal/poll.
type Iovec struct {
	Base *byte
	Len  uint64
}

func Socket(domain, typ, proto int) (fd int, err error)     { return -1, enonet }
func Bind(fd int, sa Sockaddr) error                        { return onFile(fd, ENOTSOCK) }
func Listen(fd int, backlog int) error                      { return onFile(fd, ENOTSOCK) }
func Accept(fd int) (int, Sockaddr, error)                  { return -1, nil, onFile(fd, ENOTSOCK) }
func Connect(fd int, sa Sockaddr) error                     { return onFile(fd, ENOTSOCK) }
func Shutdown(fd int, how int) error                        { return onFile(fd, ENOTSOCK) }
func GetsockoptInt(fd, level, opt int) (int, error)         { return -1, onFile(fd, ENOTSOCK) }
func SetsockoptInt(fd, level, opt int, value int) error     { return onFile(fd, ENOTSOCK) }
func Sendto(fd int, p []byte, flags int, to Sockaddr) error { return onFile(fd, ENOTSOCK) }

func Recvfrom(fd int, p []byte, flags int) (n int, from Sockaddr, err error) {
	return -1, nil, onFile(fd, ENOTSOCK)
}

func Recvmsg(fd int, p, oob []byte, flags int) (n, oobn, recvflags int, from Sockaddr, err error) {
	return -1, 0, 0, nil, onFile(fd, ENOTSOCK)
}

func SendmsgN(fd int, p, oob []byte, to Sockaddr, flags int) (n int, err error) {
	return -1, onFile(fd, ENOTSOCK)
}

func Sendfile(outfd int, infd int, offset *int64, count int) (written int, err error) {
	return -1, ENOSYS
}
