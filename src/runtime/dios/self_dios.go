// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	abi "internal/runtime/syscall/dios"
	_ "unsafe" // for go:linkname
)

// A Handed is a reference that a task was started with.
type Handed struct {
	Ref    Ref
	Type   Type
	Rights Rights
}

// start returns the start page, which the kernel wrote and the runtime
// mapped, read-only and for ever. It is in package runtime.
//
//go:linkname start syscall.diosStart
func start() *abi.Start

// Self returns the task's reference to itself.
func Self() Ref { return Ref(start().Self) }

// Executable returns a reference to the program that the task runs. A
// program started as a Linux process has none, and gets 0.
func Executable() Ref { return Ref(start().Exe) }

// Random returns a reference to a RANDOM object. Package crypto/rand reads it.
func Random() Ref { return Ref(start().Random) }

// Stdin returns the reference for standard input, or 0 when the task was
// given none.
func Stdin() Ref { return Ref(start().In) }

// Stdout returns the reference for standard output. [os.Stdout] writes to it.
func Stdout() Ref { return Ref(start().Out) }

// Stderr returns the reference for standard error. [os.Stderr] writes to it.
func Stderr() Ref { return Ref(start().Err) }

// Refs returns the references that whoever started the task handed over, in
// that order. The standard streams and the other references that this
// package has functions for are not among them, nor is the channel of a task
// function, nor what leads to the task's files.
func Refs() []Handed {
	s := start()
	all := s.Refs[:min(int(s.Nrefs-s.Files), len(s.Refs))]
	if s.Entry[0] != 0 {
		all = all[min(2, len(all)):]
	}
	refs := make([]Handed, len(all))
	for i := range refs {
		r := &all[i]
		refs[i] = Handed{Ref(r.Ref), Type(r.Type), Rights(r.Rights)}
	}
	return refs
}

// Entry returns the name of the task function that the task was started to
// run, or "" for the program's main.
func Entry() string {
	s := start()
	n := 0
	for n < len(s.Entry) && s.Entry[n] != 0 {
		n++
	}
	return string(s.Entry[:n])
}

// ProgramBrand returns the brand of the task's program.
func ProgramBrand() Brand { return Brand(start().Brand) }

// Node returns the number of the node the task runs on.
func Node() uint64 { return start().Node }

// ABIVersion returns the version of the interface that the kernel has.
func ABIVersion() int { return int(start().ABI) }
