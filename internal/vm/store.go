// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package vm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
)

// StoreSize is the size of a store that MakeStore makes, in bytes. What is not
// used of it takes no room.
const StoreSize = 1 << 30

// MakeStore makes a file for Config.Store, unless there is one already.
func MakeStore(path string, size int64) error {
	switch fi, err := os.Stat(path); {
	case err == nil && fi.Mode().IsRegular():
		return nil
	case err == nil:
		return fmt.Errorf("the store %s is not a file", path)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the store %s: %w", path, plainError(err))
	}
	mkfs, err := findMkfs()
	if err != nil {
		return err
	}
	// Under another name until it is whole.
	f, err := os.CreateTemp(dirOf(path), "store.tmp")
	if err != nil {
		return fmt.Errorf("the store %s: %w", path, plainError(err))
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	err = errors.Join(f.Truncate(size), f.Close())
	if err != nil {
		return fmt.Errorf("the store %s: %w", path, plainError(err))
	}
	if out, err := exec.Command(mkfs, "-q", "-F", "-m", "0", f.Name()).CombinedOutput(); err != nil {
		return fmt.Errorf("the store %s: %s: %w: %s", path, mkfs, err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("the store %s: %w", path, plainError(err))
	}
	return nil
}

// dirOf returns the folder of a file, in which a new one can take its place.
func dirOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i+1]
	}
	return "."
}

// findMkfs returns the program that makes ext4 file systems. It lies where only
// root has it in PATH.
func findMkfs() (string, error) {
	for _, p := range []string{"mkfs.ext4", "/sbin/mkfs.ext4", "/usr/sbin/mkfs.ext4"} {
		if p, err := exec.LookPath(p); err == nil {
			return p, nil
		}
	}
	return "", errors.New("there is no mkfs.ext4 to make a store with: install the package e2fsprogs")
}
