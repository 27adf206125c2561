// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package image

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Vermagic returns what a kernel module says about the kernel it is for. The
// first word is the kernel's version.
func Vermagic(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	v, err := vermagic(b)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return v, nil
}

func vermagic(ko []byte) (string, error) {
	f, err := elf.NewFile(bytes.NewReader(ko))
	if err != nil {
		return "", errors.New("not a kernel module")
	}
	s := f.Section(".modinfo")
	if s == nil {
		return "", errors.New("not a kernel module")
	}
	info, err := s.Data()
	if err != nil {
		return "", errors.New("damaged kernel module")
	}
	for _, kv := range strings.Split(string(info), "\x00") {
		if v, ok := strings.CutPrefix(kv, "vermagic="); ok {
			return v, nil
		}
	}
	return "", errors.New("kernel module without a vermagic")
}

// CheckModule tells why a module of that vermagic does not go into a kernel of
// that version; nil when it does.
func CheckModule(vermagic, kernel string) error {
	if v, _, _ := strings.Cut(vermagic, " "); v != kernel {
		return fmt.Errorf("is for kernel %s, not for %s", v, kernel)
	}
	return nil
}

// modules returns the files of the named modules and of all they need, in the
// order in which they must be loaded. A module that is built into the kernel
// needs none. Folder is /lib/modules/VERSION.
func modules(folder string, names ...string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(folder, "modules.dep"))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("no modules of this kernel: %s is missing", filepath.Join(folder, "modules.dep"))
		}
		return nil, err
	}
	needs := make(map[string][]string) // by path, relative to folder
	paths := make(map[string]string)   // path by name
	for line := range strings.Lines(string(b)) {
		p, deps, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		needs[p] = strings.Fields(deps)
		paths[moduleName(p)] = p
	}
	builtin := make(map[string]bool)
	if b, err := os.ReadFile(filepath.Join(folder, "modules.builtin")); err == nil {
		for line := range strings.Lines(string(b)) {
			builtin[moduleName(strings.TrimSpace(line))] = true
		}
	}

	var order []string
	seen := make(map[string]bool)
	var add func(p string)
	add = func(p string) {
		if seen[p] {
			return
		}
		seen[p] = true
		// modules.dep lists all that a module needs, the nearest first.
		for _, d := range needs[p] {
			add(d)
		}
		order = append(order, filepath.Join(folder, p))
	}
	for _, n := range names {
		p, ok := paths[n]
		switch {
		case ok:
			add(p)
		case !builtin[n]:
			return nil, fmt.Errorf("this kernel has no module %s", n)
		}
	}
	return order, nil
}

// moduleName makes a module's name from its path: the kernel takes - for _,
// and the file may be packed.
func moduleName(p string) string {
	n, _, _ := strings.Cut(path.Base(p), ".ko")
	return strings.ReplaceAll(n, "-", "_")
}
