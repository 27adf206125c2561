// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package exec

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// ErrNotFound is the error resulting if a path search failed to find an executable file.
var ErrNotFound = errors.New("executable file not found in $PATH")

// noFiles is why lookPath finds nothing but this program.
type noFiles struct{}

func (noFiles) Error() string { return "not supported by dios: no file service" }

// Is makes it match ErrNotFound too, which programs that can do without a
// command test for, and what errors of files match.
func (noFiles) Is(target error) bool {
	return target == errors.ErrUnsupported || target == ErrNotFound || target == fs.ErrNotExist
}

// lookPath finds this program, which can start itself: as os.Executable says,
// or by the name it was started with.
func lookPath(file string) (string, error) {
	if file == syscall.SelfPath || len(os.Args) > 0 && file == os.Args[0] && file != "" {
		return syscall.SelfPath, nil
	}
	return "", &Error{file, noFiles{}}
}

// lookExtensions is a no-op, as on systems other than Windows.
func lookExtensions(path, dir string) (string, error) {
	return path, nil
}
