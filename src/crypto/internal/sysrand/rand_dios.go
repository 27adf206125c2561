// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package sysrand

import "syscall"

// read fills b from the kernel's generator, by the RANDOM object that every
// task is started with.
func read(b []byte) error {
	return syscall.RandomGet(b)
}
