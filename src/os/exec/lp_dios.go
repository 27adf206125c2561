// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package exec

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
// or by the name it was started with. What else there is are files, as on Linux.
func lookPath(file string) (string, error) {
	if file == syscall.SelfPath || len(os.Args) > 0 && file == os.Args[0] && file != "" {
		return syscall.SelfPath, nil
	}
	if _, err := os.Stat("/"); errors.Is(err, errors.ErrUnsupported) {
		return "", &Error{file, noFiles{}}
	}
	if strings.Contains(file, "/") {
		if err := executable(file); err != nil {
			return "", &Error{file, err}
		}
		return file, nil
	}
	if err := validateLookPath(file); err != nil {
		return "", &Error{file, err}
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, file)
		if dir == "" {
			path = "./" + file
		}
		if executable(path) != nil {
			continue
		}
		if !filepath.IsAbs(path) {
			if execerrdot.Value() != "0" {
				return path, &Error{file, ErrDot}
			}
			execerrdot.IncNonDefault()
		}
		return path, nil
	}
	return "", &Error{file, ErrNotFound}
}

// executable returns nil for a file that somebody may execute.
func executable(path string) error {
	fi, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case fi.IsDir():
		return syscall.EISDIR
	case fi.Mode()&0o111 == 0:
		return fs.ErrPermission
	}
	return nil
}

// lookExtensions is a no-op, as on systems other than Windows.
func lookExtensions(path, dir string) (string, error) {
	return path, nil
}
