// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package net

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What there is not is an error that says so.
func TestNotSupported(t *testing.T) {
	one := func(_ any, err error) error { return err }
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"Listen unix", one(Listen("unix", "/tmp/x")), "no Unix domain sockets"},
		{"Dial unix", one(Dial("unix", "/tmp/x")), "no Unix domain sockets"},
		{"ListenPacket ip", one(ListenPacket("ip4:icmp", "0.0.0.0")), "no raw sockets"},
	} {
		if !errors.Is(test.err, errors.ErrUnsupported) || !strings.HasSuffix(test.err.Error(), "not supported by dios: "+test.want) {
			t.Errorf("%s: %v", test.name, test.err)
		}
	}
}

func TestNamesWithoutDNS(t *testing.T) {
	ctx := context.Background()
	for network, want := range map[string][]string{"ip": {"127.0.0.1", "::1"}, "ip4": {"127.0.0.1"}, "ip6": {"::1"}} {
		addrs, err := DefaultResolver.LookupNetIP(ctx, network, "localhost")
		var got []string
		for _, a := range addrs {
			got = append(got, a.Unmap().String())
		}
		slices.Sort(got)
		if !slices.Equal(got, want) || err != nil {
			t.Errorf("localhost, %s: %v, %v, want %v", network, got, err, want)
		}
	}
	for _, addr := range []string{"127.0.0.1", "::1"} {
		names, err := LookupAddr(addr)
		if !slices.Contains(names, "localhost") || err != nil {
			t.Errorf("LookupAddr(%s) = %v, %v", addr, names, err)
		}
	}
	if os.Getenv("DIOS_DNS") == "" {
		_, err := LookupHost("example.com")
		if err == nil || !strings.Contains(err.Error(), "no DNS server: name one in $DIOS_DNS") {
			t.Errorf("LookupHost(example.com): %v", err)
		}
	}
}

// The interface there is has addresses that work.
func TestLoopbackInterface(t *testing.T) {
	ifs, err := Interfaces()
	if len(ifs) != 1 || err != nil || ifs[0].Name != "lo" || ifs[0].Flags&(FlagUp|FlagLoopback) != FlagUp|FlagLoopback {
		t.Fatalf("Interfaces() = %v, %v", ifs, err)
	}
	addrs, err := ifs[0].Addrs()
	if len(addrs) == 0 || err != nil {
		t.Fatalf("Addrs() = %v, %v", addrs, err)
	}
	for _, a := range addrs {
		l, err := Listen("tcp", JoinHostPort(a.(*IPNet).IP.String(), "0"))
		if err != nil {
			t.Errorf("%v: %v", a, err)
			continue
		}
		l.Close()
	}
	if lo, err := InterfaceByName("lo"); err != nil || lo.Index != ifs[0].Index {
		t.Errorf("InterfaceByName(lo) = %v, %v", lo, err)
	}
}

// An echo of more than fits in all buffers, by pieces of odd sizes.
func TestBulk(t *testing.T) {
	l, err := Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		n, err := io.Copy(c, c)
		if err != nil {
			t.Errorf("echo after %d bytes: %v", n, err)
		}
		c.Close()
	}()
	c, err := Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sent := make([]byte, 4<<20)
	for i := range sent {
		sent[i] = byte(i * 31 >> 3)
	}
	go func() {
		for p := sent; len(p) > 0; {
			n, err := c.Write(p[:min(len(p), 77777)])
			if err != nil {
				t.Error(err)
				return
			}
			p = p[n:]
		}
		c.(*TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if !bytes.Equal(got, sent) || err != nil {
		t.Errorf("%d bytes came back of %d, the same: %v; %v", len(got), len(sent), bytes.Equal(got, sent), err)
	}
}

// What is unread at Close cuts the other side off; what was read does not.
func TestCloseAfterReading(t *testing.T) {
	for _, unread := range []bool{false, true} {
		l, err := Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		a, err := Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		b, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		a.Write([]byte("0123456789"))
		p := make([]byte, 10)
		if unread {
			p = p[:9]
		}
		if _, err := io.ReadFull(b, p); err != nil {
			t.Fatal(err)
		}
		b.Write([]byte("answer"))
		b.Close()
		got, err := io.ReadAll(a)
		if string(got) != "answer" || unread != errors.Is(err, syscall.ECONNRESET) || !unread && err != nil {
			t.Errorf("unread %v: %q, %v", unread, got, err)
		}
		a.Close()
		l.Close()
	}
}

func TestCloseReadWakes(t *testing.T) {
	l, err := Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	done := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 1))
		done <- err
	}()
	time.Sleep(20 * time.Millisecond)
	c.(*TCPConn).CloseRead()
	select {
	case err := <-done:
		if err != io.EOF {
			t.Errorf("Read: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Read still waits")
	}
}
