// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package exec

import "errors"

// ErrNotFound is the error resulting if a path search failed to find an executable file.
var ErrNotFound = errors.New("executable file not found in $PATH")

// noProcesses is why lookPath finds nothing.
type noProcesses struct{}

func (noProcesses) Error() string { return "not supported by dios: no processes" }

// Is makes it match ErrNotFound too: programs that can do without a command
// test for that.
func (noProcesses) Is(target error) bool {
	return target == errors.ErrUnsupported || target == ErrNotFound
}

// lookPath fails: a task is not started from a path.
func lookPath(file string) (string, error) {
	return "", &Error{file, noProcesses{}}
}

// lookExtensions is a no-op, as on systems other than Windows.
func lookExtensions(path, dir string) (string, error) {
	return path, nil
}
