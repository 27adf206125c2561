// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package net

import (
	"context"
	"os"
	"syscall"
	"time"
)

// There is no network yet. A socket cannot be made, so a netFD never exists;
// its methods are here for the files that dios shares with js and wasip1,
// whose netFD is a fake network in memory. dios has no fake one: a program
// that listens where nobody can connect should hear about it.

// socket makes nothing: it returns the error of syscall.Socket.
func socket(ctx context.Context, net string, family, sotype, proto int, ipv6only bool, laddr, raddr sockaddr, ctrlCtxFn func(context.Context, string, string, syscall.RawConn) error) (*netFD, error) {
	_, err := sysSocket(family, sotype, proto)
	return nil, err
}

func sysSocket(family, sotype, proto int) (int, error) {
	s, err := syscall.Socket(family, sotype, proto)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	return s, nil
}

type fakeNetFD struct{}

var errNoSocket = os.NewSyscallError("socket", syscall.ENOTSUP)

func (*fakeNetFD) accept(Addr) (*netFD, error)      { return nil, errNoSocket }
func (*fakeNetFD) Close() error                     { return errNoSocket }
func (*fakeNetFD) Read([]byte) (int, error)         { return 0, errNoSocket }
func (*fakeNetFD) Write([]byte) (int, error)        { return 0, errNoSocket }
func (*fakeNetFD) SetDeadline(time.Time) error      { return errNoSocket }
func (*fakeNetFD) SetReadDeadline(time.Time) error  { return errNoSocket }
func (*fakeNetFD) SetWriteDeadline(time.Time) error { return errNoSocket }
func (*fakeNetFD) setReadBuffer(int) error          { return errNoSocket }
func (*fakeNetFD) setWriteBuffer(int) error         { return errNoSocket }
func (*fakeNetFD) setLinger(int) error              { return errNoSocket }
func (*fakeNetFD) closeRead() error                 { return errNoSocket }
func (*fakeNetFD) closeWrite() error                { return errNoSocket }
func (*fakeNetFD) dup() (*os.File, error)           { return nil, errNoSocket }

func (*fakeNetFD) readFrom([]byte) (int, syscall.Sockaddr, error) { return 0, nil, errNoSocket }

func (*fakeNetFD) readFromInet4([]byte, *syscall.SockaddrInet4) (int, error) { return 0, errNoSocket }

func (*fakeNetFD) readFromInet6([]byte, *syscall.SockaddrInet6) (int, error) { return 0, errNoSocket }

func (*fakeNetFD) readMsg([]byte, []byte, int) (n, oobn, flags int, sa syscall.Sockaddr, err error) {
	return 0, 0, 0, nil, errNoSocket
}

func (*fakeNetFD) readMsgInet4([]byte, []byte, int, *syscall.SockaddrInet4) (n, oobn, flags int, err error) {
	return 0, 0, 0, errNoSocket
}

func (*fakeNetFD) readMsgInet6([]byte, []byte, int, *syscall.SockaddrInet6) (n, oobn, flags int, err error) {
	return 0, 0, 0, errNoSocket
}

func (*fakeNetFD) writeMsg([]byte, []byte, syscall.Sockaddr) (n, oobn int, err error) {
	return 0, 0, errNoSocket
}

func (*fakeNetFD) writeMsgInet4([]byte, []byte, *syscall.SockaddrInet4) (n, oobn int, err error) {
	return 0, 0, errNoSocket
}

func (*fakeNetFD) writeMsgInet6([]byte, []byte, *syscall.SockaddrInet6) (n, oobn int, err error) {
	return 0, 0, errNoSocket
}

func (*fakeNetFD) writeTo([]byte, syscall.Sockaddr) (int, error) { return 0, errNoSocket }

func (*fakeNetFD) writeToInet4([]byte, *syscall.SockaddrInet4) (int, error) { return 0, errNoSocket }

func (*fakeNetFD) writeToInet6([]byte, *syscall.SockaddrInet6) (int, error) { return 0, errNoSocket }
