// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"dios/internal/progtest"
)

// The programs in C of chapter 4 of the dissertation: each is built from one source for
// DIOS and Linux.
var cPrograms = []string{"fib", "fibtasks", "primes"}

// The ways in which bench/c/alloc.c is built.
var heaps = []string{"pool", "simple", "linux"}

// buildC builds them into the folders linux and dios, and alloc-HEAP.
func buildC(dir string) error {
	source := func(p string) string { return filepath.Join(progtest.Source(), "bench", "c", p+".c") }
	for _, goos := range []string{"dios", "linux"} {
		if err := os.MkdirAll(filepath.Join(dir, goos), 0o777); err != nil {
			return err
		}
	}
	for _, p := range cPrograms {
		if err := progtest.BuildDlibc(source(p), filepath.Join(dir, "dios", "c-"+p), "pure", false); err != nil {
			return err
		}
		if err := progtest.BuildLinuxC(source(p), filepath.Join(dir, "linux", "c-"+p)); err != nil {
			return err
		}
	}
	for _, heap := range heaps {
		out := filepath.Join(dir, "alloc-"+heap)
		var err error
		if heap == "linux" {
			err = progtest.BuildLinuxC(source("alloc"), out)
		} else {
			err = progtest.BuildDlibc(source("alloc"), out, "dios-limbo", heap == "simple")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// alloc writes down what malloc costs with each heap: the data of figures 4.1 to
// 4.6 of the dissertation, in the format of Go's benchmarks.
func alloc(m *progtest.VM, file, dir string, rounds int) error {
	raw, err := os.Create(file)
	if err != nil {
		return err
	}
	defer raw.Close()
	for i := range rounds {
		for _, heap := range heaps {
			progress("alloc: %s, %d of %d", heap, i+1, rounds)
			o, err := m.Run(filepath.Join(dir, "alloc-"+heap), progtest.Run{Args: []string{"alloc"}})
			if err != nil {
				return err
			}
			if o.Status != 0 {
				return fmt.Errorf("alloc-%s: status %d: %s%s", heap, o.Status, o.Stdout, o.Stderr)
			}
			fmt.Fprintf(raw, "heap: %s\n%s", heap, o.Stdout)
		}
	}
	return raw.Close()
}
