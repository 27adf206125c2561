// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package vm

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"dios/internal/abi"
	"dios/internal/brand"
)

// A Program is an open file that can be run.
type Program struct {
	*os.File
	Brand Brand
}

// Brand is a program's brand.
type Brand struct{ abi.Brand }

// DIOS tells whether programs of the brand need DIOS.
func (b Brand) DIOS() bool { return b.Number != abi.BrandLegacy }

// Task tells whether programs of the brand are DIOS tasks, and not Linux processes.
func (b Brand) Task() bool {
	return b.Number == abi.BrandPure || b.Number == abi.BrandDiosLimbo
}

// OpenProgram opens a program and checks all that can be checked without
// running it. The error is an *ExitError.
func OpenProgram(path string) (*Program, error) {
	refuse := func(err error) (*Program, error) {
		return nil, &ExitError{StatusRefused, fmt.Errorf("%s: %w", path, err)}
	}
	fi, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &ExitError{StatusNotFound, fmt.Errorf("%s: no such file", path)}
	case err != nil:
		return refuse(plainError(err))
	case fi.IsDir():
		return refuse(errors.New("is a directory"))
	case !fi.Mode().IsRegular():
		return refuse(errors.New("not a regular file"))
	case fi.Mode().Perm()&0o111 == 0:
		return refuse(errors.New("not executable; chmod +x makes it so"))
	}
	info, err := brand.Read(path)
	if err != nil {
		return refuse(err)
	}
	f, err := os.Open(path)
	if err != nil {
		return refuse(plainError(err))
	}
	if err := checkStatic(f); err != nil {
		f.Close()
		return refuse(err)
	}
	return &Program{f, Brand{info.Brand}}, nil
}

// checkStatic refuses a program that needs libraries: there are none in the machine.
func checkStatic(f *os.File) error {
	e, err := elf.NewFile(f)
	if err != nil {
		return err
	}
	for _, p := range e.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("needs libraries, which the virtual machine does not have; link it statically")
		}
	}
	return nil
}
