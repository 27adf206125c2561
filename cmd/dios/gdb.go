// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"dios/internal/gdb"
	"dios/internal/image"
	"dios/internal/vm"

	"golang.org/x/sys/unix"
)

// A listener is where one debugger connects. It is not package net's: that would make a
// program of shared libraries of this one, which is a machine's agent too.
type listener struct {
	fd   int
	addr string
	path string // of a socket
}

// listenGDB listens for a debugger, on this machine only.
func listenGDB(addr string) (l *listener, err error) {
	l = &listener{addr: addr}
	var sa unix.Sockaddr
	domain := unix.AF_UNIX
	if strings.Contains(addr, "/") {
		if l.path, err = filepath.Abs(addr); err != nil {
			return nil, err
		}
		l.addr = l.path
		sa = &unix.SockaddrUnix{Name: l.path}
	} else {
		ap, err := netip.ParseAddrPort(addr)
		if err != nil || !ap.Addr().Is4() || !ap.Addr().IsLoopback() {
			return nil, &vm.ExitError{Status: statusUsage, Err: fmt.Errorf("-gdb: %q is not an address of this machine's own, such as 127.0.0.1:1234, nor a path", addr)}
		}
		domain = unix.AF_INET
		sa = &unix.SockaddrInet4{Port: int(ap.Port()), Addr: ap.Addr().As4()}
	}
	if l.fd, err = unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, err
	}
	if err = unix.Bind(l.fd, sa); err == nil {
		err = unix.Listen(l.fd, 1)
	}
	if err != nil {
		unix.Close(l.fd)
		return nil, fmt.Errorf("-gdb %s: %w", addr, err)
	}
	if sa, err := unix.Getsockname(l.fd); err == nil && domain == unix.AF_INET {
		in := sa.(*unix.SockaddrInet4)
		l.addr = netip.AddrPortFrom(netip.AddrFrom4(in.Addr), uint16(in.Port)).String()
	}
	return l, nil
}

func (l *listener) accept() (*os.File, error) {
	for {
		fd, _, err := unix.Accept4(l.fd, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		switch err {
		case nil:
			return os.NewFile(uintptr(fd), "gdb"), nil
		case unix.EINTR:
		default:
			return nil, err
		}
	}
}

// close wakes who accepts, too.
func (l *listener) close() {
	unix.Shutdown(l.fd, unix.SHUT_RDWR)
	if l.path != "" {
		os.Remove(l.path)
	}
}

// runForGDB runs a program that stops before its first instruction, for a
// debugger. The debugger that comes first gets it.
func (s *session) runForGDB(c *vm.Cmd) int {
	l, err := listenGDB(s.o.gdb)
	if err != nil {
		return fail(err)
	}
	defer l.close()
	nth := 1
	if len(c.Via) > 0 {
		nth = 2 // the program that serves files is first
	}
	return s.run(c, func(m *vm.VM) error {
		res, err := m.Run(s.ctx, &vm.Cmd{
			Exec:   image.DiziBox,
			Args:   []string{"sh", "-c", fmt.Sprintf("echo %d >/sys/kernel/debug/dios/stop", nth)},
			Stderr: os.Stderr,
		})
		if err != nil {
			return err
		}
		if res.Status != 0 {
			return fmt.Errorf("-gdb: the machine cannot stop a program")
		}
		fmt.Fprintf(os.Stderr, "dios: %s waits for gdb: target remote %s\n", c.File, l.addr)
		go serveGDB(s.ctx, m, l)
		return nil
	})
}

func serveGDB(ctx context.Context, m *vm.VM, l *listener) {
	conn, err := l.accept()
	if err != nil {
		return // the program is over
	}
	defer conn.Close()
	unix.Shutdown(l.fd, unix.SHUT_RDWR) // nobody else
	if _, err := m.Run(ctx, &vm.Cmd{Exec: "/init", Args: []string{gdb.Name}, Stdin: conn, Stdout: conn, Stderr: os.Stderr}); err != nil {
		fmt.Fprintf(os.Stderr, "dios: gdb: %v\n", err)
	}
}
