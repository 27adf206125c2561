// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Package dios is for programs that know they run as a task of DIOS.
//
// It tells a task about itself: its program's brand, the node it runs on,
// and the references it was started with. The kernel wrote all that down
// when it started the task, and it never changes.
//
// Package syscall/dios has the calls to use a reference with.
package dios

import (
	abi "internal/runtime/syscall/dios"
	"internal/strconv"
	"syscall/dios"
	_ "unsafe" // for go:linkname
)

// A Ref is a reference: what a task holds instead of an object. The number
// means something in this task only. The zero Ref refers to nothing.
//
// It converts to and from a Ref of package syscall/dios.
type Ref uint64

// String returns the reference as slot and generation, such as "3.1"; a slot
// that is used again has another generation.
func (r Ref) String() string {
	if r == 0 {
		return "none"
	}
	return strconv.Itoa(int(uint32(r))) + "." + strconv.Itoa(int(r>>32))
}

// A Type is the type of an object.
type Type = dios.Type

// Rights are what a reference allows.
type Rights = dios.Rights

// A Brand says how a program is launched and which calls it may make.
type Brand = dios.Brand

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
// package has functions for are not among them.
func Refs() []Handed {
	s := start()
	refs := make([]Handed, min(int(s.Nrefs), len(s.Refs)))
	for i := range refs {
		r := &s.Refs[i]
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
