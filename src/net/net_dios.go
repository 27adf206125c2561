// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package net

import (
	"errors"
	"internal/bytealg"
	"net/netip"
	"os"
)

// There is no /etc/resolv.conf and no /etc/hosts where no file service gives
// one. The servers to ask for names are then those in $DIOS_DNS: addresses,
// with commas between them, each with a port if it is not 53. And localhost is
// known, always (hosts.go).

func init() {
	errNoDefaultNS = errors.New("no DNS server: name one in $DIOS_DNS")
	var servers []string
	for list := os.Getenv("DIOS_DNS"); list != ""; {
		one := list
		if i := bytealg.IndexByteString(list, ','); i >= 0 {
			one, list = list[:i], list[i+1:]
		} else {
			list = ""
		}
		if a, err := netip.ParseAddr(one); err == nil {
			servers = append(servers, JoinHostPort(a.String(), "53"))
		} else if a, err := netip.ParseAddrPort(one); err == nil {
			servers = append(servers, a.String())
		} else {
			errNoDefaultNS = errors.New("$DIOS_DNS has what is no address: " + one)
		}
	}
	if servers != nil {
		defaultNS, errNoDefaultNS = servers, nil
	}
}
