// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Package dios has the DIOS system call instruction, and the constants and
// structs of the interface, for the runtime and what is below it.
//
// Programs use package syscall/dios.
package dios

// Syscall6 makes the DIOS call num with the arguments a1 to a6.
// The result is 0 or more when the call succeeded, and -E when it failed,
// E being one of the errors of this package.
//
// It does not tell the scheduler: a call that waits stops every goroutine
// of the task.
//
//go:noescape
func Syscall6(num, a1, a2, a3, a4, a5, a6 uintptr) (r int64)
