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

// A process that computes a Fibonacci number: a number in, a number out.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

func spawn() process {
	cmd := exec.Command("/proc/self/exe", "child")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	check(err)
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	return process{cmd, in, out}
}

func (p process) send(n int) { put(p.in, n) }

func (p process) recv() int {
	n := get(p.out)
	check(p.cmd.Wait())
	return n
}

func put(w io.Writer, n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	_, err := w.Write(b[:])
	check(err)
}

func get(r io.Reader) int {
	var b [8]byte
	_, err := io.ReadFull(r, b[:])
	check(err)
	return int(binary.LittleEndian.Uint64(b[:]))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	a, b := spawn(), spawn()
	a.send(n - 1)
	b.send(n - 2)
	return a.recv() + b.recv()
}

func isChild() bool {
	if len(os.Args) == 1 {
		return false
	}
	put(os.Stdout, fib(get(os.Stdin)))
	return true
}
