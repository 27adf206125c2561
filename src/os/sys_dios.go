// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package os

import "syscall"

// A descriptor is never inherited, so O_CLOEXEC is always in force.
const supportsCloseOnExec = true

// executable returns what StartProcess starts this program by. There is no
// file at that path: a task holds a reference to its program, and a reference
// has no path. See Executable in package runtime/dios.
func executable() (string, error) {
	return syscall.SelfPath, nil
}
