// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package dios has the declarations of syscall/dios that the tests use.
package dios

import "unsafe"

type (
	Ref  uint64
	Name [32]byte
	Iov  struct{ Addr, Len uint64 }
)

const (
	RefSelf    Ref = 1 << 32
	CreateName     = 4
	BufDiscard     = 0x80
)

func Create(flags uint64, typ uint32, spec unsafe.Pointer, name *Name, ref, group Ref) (Ref, error) {
	return 0, nil
}
func Delete(flags uint64, ref Ref) error { return nil }
func AcquireRead(flags uint64, ref Ref, n uint64, iov *Iov, from Ref, off uint64) error {
	return nil
}
func AcquireWrite(flags uint64, ref Ref, n uint64, iov *Iov, from Ref, off uint64) error {
	return nil
}
func CommitWrite(flags uint64, ref Ref, n uint64, iov *Iov) (int, error) { return 0, nil }
func ReleaseRead(flags uint64, ref Ref, iov *Iov) error                  { return nil }
func ReleaseWrite(flags uint64, ref Ref, iov *Iov) error                 { return nil }
func Bytes(iov *Iov) []byte                                              { return nil }
