// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"dios/internal/brand"
)

// MakeDlibc makes the C library and the programs of testdata/c, and returns the
// folder where they are.
var MakeDlibc = sync.OnceValues(func() (string, error) {
	out := filepath.Join(Root(), "build", "dlibc")
	cmd := exec.Command("make", "-s", "-C", filepath.Join(Source(), "dlibc"), "O="+out, "BRAND="+filepath.Join(Root(), "bin", "brand"))
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make -C dlibc: %w\n%s", err, text)
	}
	return out, nil
})

// BuildDlibc builds a program of one file with the C library of DIOS; simple is
// the heap of one object for each allocation.
func BuildDlibc(source, out, brandName string, simple bool) error {
	lib, err := MakeDlibc()
	if err != nil {
		return err
	}
	own, err := exec.Command("gcc", "-print-file-name=include").Output()
	if err != nil {
		return fmt.Errorf("gcc: %w", err)
	}
	args := []string{"-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-stack-protector", "-fno-pie",
		"-nostdinc", "-isystem", strings.TrimSpace(string(own)), "-isystem", filepath.Join(Source(), "dlibc", "include"),
		"-static", "-nostdlib", "-o", out, source}
	if simple {
		args = append(args, filepath.Join(lib, "heap_simple.o"))
	}
	args = append(args, filepath.Join(lib, "libdlibc.a"))
	if text, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", source, err, text)
	}
	b, err := brand.Parse(brandName)
	if err != nil {
		return err
	}
	_, err = brand.Set(out, b, brand.Options{})
	return err
}

// BuildLinuxC builds it with the host's C library, which the machine does not have: static.
func BuildLinuxC(source, out string) error {
	// With what changes the code of the other one, too.
	cmd := exec.Command("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fno-builtin",
		"-fno-stack-protector", "-fno-pie", "-no-pie", "-static", "-o", out, source)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", source, err, text)
	}
	return nil
}
