// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Pprof is two tasks: one that computes and tells about itself over HTTP, and
// one that asks it and writes the answer to standard output.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime/dios"
)

var server = dios.Register("server", func(ch *dios.Chan[string, string]) {
	go compute()
	l, err := net.Listen("tcp", "localhost:0")
	check(err)
	check(ch.Send(l.Addr().String()))
	check(http.Serve(l, nil))
})

var sink uint64

// compute is in hot four times as long as in cold.
func compute() {
	for {
		hot(4_000_000)
		cold(1_000_000)
	}
}

//go:noinline
func hot(n int) {
	for i := range n {
		sink += uint64(i)
	}
}

//go:noinline
func cold(n int) {
	for i := range n {
		sink ^= uint64(i)
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pprof PATH, such as profile?seconds=2")
		os.Exit(2)
	}
	s := dios.Must(server.Spawn())
	addr, err := s.Recv()
	check(err)
	resp, err := http.Get("http://" + addr + "/debug/pprof/" + os.Args[1])
	check(err)
	if resp.StatusCode != http.StatusOK {
		check(fmt.Errorf("%s", resp.Status))
	}
	_, err = io.Copy(os.Stdout, resp.Body)
	check(err)
	check(s.Kill())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
