// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"encoding/binary"
	"io"
	"os"
	"os/exec"
)

type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

func spawn(what string) child {
	cmd := exec.Command("/proc/self/exe", what)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	check(err)
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	return process{cmd, in, out}
}

func (p process) send(n int) { put(p.in, n) }
func (p process) end()       { check(p.in.Close()) }

func (p process) recv() (int, bool) {
	n, ok := get(p.out)
	if !ok {
		check(p.cmd.Wait())
	}
	return n, ok
}

func put(w io.Writer, n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	_, err := w.Write(b[:])
	check(err)
}

func get(r io.Reader) (int, bool) {
	var b [8]byte
	_, err := io.ReadFull(r, b[:])
	if err == io.EOF {
		return 0, false
	}
	check(err)
	return int(binary.LittleEndian.Uint64(b[:])), true
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func isChild() bool {
	if len(os.Args) == 1 {
		return false
	}
	total := 0
	for n, ok := get(os.Stdin); ok; n, ok = get(os.Stdin) {
		total += n
		if os.Args[1] == "filter" && isPrime(n) {
			put(os.Stdout, n)
		}
	}
	if os.Args[1] == "sum" {
		put(os.Stdout, total)
	}
	return true
}
