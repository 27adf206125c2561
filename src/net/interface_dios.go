// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package net

import "syscall"

// A task cannot ask for the host's interfaces. What it can find out is where
// a socket may be bound, so there is one interface: the loopback, with those
// of its two addresses that the host has.

const loopbackIndex = 1

var loopbackAddrs = []struct {
	family int
	net    IPNet
}{
	{syscall.AF_INET, IPNet{IP: IPv4(127, 0, 0, 1), Mask: CIDRMask(8, 32)}},
	{syscall.AF_INET6, IPNet{IP: IPv6loopback, Mask: CIDRMask(128, 128)}},
}

// canBind reports whether the host has an address.
func canBind(family int, ip IP) bool {
	s, err := syscall.Socket(family, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(s)
	sa, err := ipToSockaddr(family, ip, 0, "")
	return err == nil && syscall.Bind(s, sa) == nil
}

// If the ifindex is zero, interfaceTable returns mappings of all
// network interfaces. Otherwise it returns a mapping of a specific
// interface.
func interfaceTable(ifindex int) ([]Interface, error) {
	if ifindex != 0 && ifindex != loopbackIndex {
		return nil, nil
	}
	lo := Interface{Index: loopbackIndex, MTU: 65536, Name: "lo", Flags: FlagLoopback}
	addrs, err := interfaceAddrTable(&lo)
	if err != nil {
		return nil, err
	}
	if len(addrs) > 0 {
		lo.Flags |= FlagUp | FlagRunning
	}
	return []Interface{lo}, nil
}

// If the ifi is nil, interfaceAddrTable returns addresses for all
// network interfaces. Otherwise it returns addresses for a specific
// interface.
func interfaceAddrTable(ifi *Interface) ([]Addr, error) {
	if ifi != nil && ifi.Index != loopbackIndex {
		return nil, nil
	}
	var addrs []Addr
	for _, a := range loopbackAddrs {
		if canBind(a.family, a.net.IP) {
			n := a.net
			addrs = append(addrs, &n)
		}
	}
	return addrs, nil
}

// interfaceMulticastAddrTable returns addresses for a specific
// interface.
func interfaceMulticastAddrTable(ifi *Interface) ([]Addr, error) {
	return nil, nil
}
