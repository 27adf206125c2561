// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package net

import (
	"errors"
	"strings"
	"syscall"
)

// As rawconn_unix_test.go, with options that there are.

func readRawConn(c syscall.RawConn, b []byte) (n int, err error) {
	rerr := c.Read(func(s uintptr) bool {
		n, err = syscall.Read(int(s), b)
		return err != syscall.EAGAIN
	})
	if rerr != nil {
		return n, rerr
	}
	return n, err
}

func writeRawConn(c syscall.RawConn, b []byte) (err error) {
	werr := c.Write(func(s uintptr) bool {
		_, err = syscall.Write(int(s), b)
		return err != syscall.EAGAIN
	})
	if werr != nil {
		return werr
	}
	return err
}

func controlRawConn(c syscall.RawConn, addr Addr) (err error) {
	cerr := c.Control(func(s uintptr) {
		if _, err = syscall.GetsockoptInt(int(s), syscall.SOL_SOCKET, syscall.SO_REUSEADDR); err == nil {
			err = syscall.SetsockoptInt(int(s), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
		}
	})
	if cerr != nil {
		return cerr
	}
	return err
}

func controlOnConnSetup(network string, address string, c syscall.RawConn) (err error) {
	if !strings.HasSuffix(network, "4") && !strings.HasSuffix(network, "6") {
		return errors.New("ambiguous or unknown network: " + network)
	}
	cerr := c.Control(func(s uintptr) {
		err = syscall.SetsockoptInt(int(s), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
	})
	if cerr != nil {
		return cerr
	}
	return err
}
