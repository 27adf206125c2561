// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package net

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// There is no network: every way to one is an error that says so.
func TestNoNetwork(t *testing.T) {
	one := func(_ any, err error) error { return err }
	for _, test := range []struct {
		name string
		err  error
	}{
		{"Listen tcp", one(Listen("tcp", "127.0.0.1:0"))},
		{"Listen tcp6", one(Listen("tcp6", "[::1]:0"))},
		{"Listen unix", one(Listen("unix", "/tmp/x"))},
		{"ListenPacket udp", one(ListenPacket("udp", ":0"))},
		{"ListenPacket ip", one(ListenPacket("ip4:icmp", "0.0.0.0"))},
		{"Dial tcp", one(Dial("tcp", "192.0.2.1:80"))},
		{"Dial tcp6", one(Dial("tcp", "[2001:db8::1]:80"))},
		{"Dial udp", one(DialTimeout("udp", "192.0.2.1:80", time.Second))},
		{"Dial unix", one(Dial("unix", "/tmp/x"))},
		{"Dial localhost", one(Dial("tcp", "localhost:80"))},
		{"LookupHost", one(LookupHost("example.com"))},
		{"LookupAddr", one(LookupAddr("192.0.2.1"))},
		{"LookupMX", one(LookupMX("example.com"))},
	} {
		if !errors.Is(test.err, errors.ErrUnsupported) || !strings.HasSuffix(test.err.Error(), "not supported by dios: no network") {
			t.Errorf("%s: %v", test.name, test.err)
		}
	}
	// There are no interfaces, which is no error.
	if ifs, err := Interfaces(); len(ifs) != 0 || err != nil {
		t.Errorf("Interfaces() = %v, %v", ifs, err)
	}
	// What needs no network works.
	a, b := Pipe()
	go func() { a.Write([]byte("x")); a.Close() }()
	if n, err := b.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Errorf("Pipe: Read = %d, %v", n, err)
	}
	if addrs, err := LookupHost("192.0.2.1"); len(addrs) != 1 || err != nil {
		t.Errorf("LookupHost of an address = %v, %v", addrs, err)
	}
}
