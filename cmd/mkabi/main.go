// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const headerPath = "abi/dios.h"

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

// run is main with its surroundings as arguments. It returns the exit status:
// 0, 1 when something failed or is stale, 2 for wrong usage.
func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("mkabi", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: mkabi [-root dir] [-check]")
		flags.PrintDefaults()
	}
	root := flags.String("root", "", "the folder that holds "+headerPath)
	check := flags.Bool("check", false, "write nothing; name the files that are stale")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 {
		flags.Usage()
		return 2
	}
	if err := mkabi(*root, *check, stderr); err != nil {
		fmt.Fprintf(stderr, "mkabi: %v\n", err)
		return 1
	}
	return 0
}

func mkabi(root string, check bool, stderr io.Writer) error {
	if root == "" {
		var err error
		if root, err = findRoot(); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(filepath.Join(root, headerPath))
	if err != nil {
		return err
	}
	h, errs := parse(headerPath, string(text))
	if len(errs) > 0 {
		// Each has a place of its own: print them as a compiler does.
		for _, err := range errs {
			fmt.Fprintln(stderr, err)
		}
		return fmt.Errorf("%s: %d errors", headerPath, len(errs))
	}
	// Make all before writing any, so that a failure leaves no mixture.
	var files [][]byte
	for _, o := range outputs {
		data, err := o.make(h)
		if err != nil {
			return fmt.Errorf("%s: %w", o.path, err)
		}
		files = append(files, data)
	}
	stale := 0
	for i, o := range outputs {
		path := filepath.Join(root, filepath.FromSlash(o.path))
		old, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil && bytes.Equal(old, files[i]) {
			continue
		}
		if check {
			why := "is stale"
			if err != nil {
				why = "does not exist"
			}
			fmt.Fprintf(stderr, "mkabi: %s %s\n", o.path, why)
			stale++
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, files[i], 0o666); err != nil {
			return err
		}
	}
	if stale > 0 {
		return fmt.Errorf("run go run ./cmd/mkabi: %d of %d files are not what %s makes", stale, len(outputs), headerPath)
	}
	return nil
}

// findRoot returns the current folder or the nearest one above it that holds
// the header.
func findRoot() (string, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := cwd; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, headerPath)); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no %s in %s or above it", headerPath, cwd)
		}
	}
}
