// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package vm

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dios/internal/image"
)

// FindRoot returns the tree that this program belongs to: DIOS_ROOT, or the
// folder above the program that has a bin/dios.
func FindRoot() (string, error) {
	if r := os.Getenv("DIOS_ROOT"); r != "" {
		r, err := filepath.Abs(r)
		if err != nil {
			return "", err
		}
		if fi, err := os.Stat(r); err != nil || !fi.IsDir() {
			return "", fmt.Errorf("DIOS_ROOT is %s, which is not a folder", r)
		}
		return r, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	if exe, err = filepath.EvalSymlinks(exe); err != nil {
		return "", err
	}
	for dir := filepath.Dir(exe); ; dir = filepath.Dir(dir) {
		if fi, err := os.Stat(filepath.Join(dir, "bin", "dios")); err == nil && fi.Mode().IsRegular() {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s does not lie in a DIOS tree: set DIOS_ROOT to the folder that has bin/ and build/", exe)
		}
	}
}

// Initrd returns where the image for a kernel lies.
func Initrd(root, version string) string {
	return filepath.Join(root, "build", "vm", version, "initrd")
}

// FindKernel returns the version of the kernel to boot: want, or DIOS_KERNEL,
// or else the one that make.bash chose, or the newest that has an image.
func FindKernel(root, want string) (string, error) {
	if want == "" {
		want = os.Getenv("DIOS_KERNEL")
	}
	if want != "" {
		if strings.ContainsRune(want, '/') || want == "." || want == ".." {
			return "", fmt.Errorf("%q is not a kernel version", want)
		}
		return want, nil
	}
	return usual(root)
}

// usual returns the kernel that boots if nobody says otherwise.
func usual(root string) (string, error) {
	if b, err := os.ReadFile(filepath.Join(root, "build", "vm", "default")); err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	return newest(root)
}

// isBackport tells whether a kernel is the one that make.bash fetched from Debian's
// backports. It lies in build/backport, and the module for it in build/kernel.
func isBackport(root, version string) bool {
	b, err := os.ReadFile(filepath.Join(root, "build", "backport", "version"))
	return err == nil && strings.TrimSpace(string(b)) == version
}

// Module returns where the module for a kernel lies.
func Module(root, version string) string {
	if isBackport(root, version) {
		return filepath.Join(root, "build", "kernel", version, "kernel", "dios.ko")
	}
	return filepath.Join(root, "kernel", "dios.ko")
}

// newest returns the newest kernel that has an image.
func newest(root string) (string, error) {
	images, err := filepath.Glob(Initrd(root, "*"))
	if err != nil {
		return "", err
	}
	if len(images) == 0 {
		return "", fmt.Errorf("no image in %s: run ./make.bash", filepath.Join(root, "build", "vm"))
	}
	var versions []string
	for _, i := range images {
		versions = append(versions, filepath.Base(filepath.Dir(i)))
	}
	return slices.MaxFunc(versions, CompareVersions), nil
}

// CheckImage tells why the machine cannot boot that kernel; nil when it can.
func CheckImage(root, version string) error {
	initrd := Initrd(root, version)
	again := "run ./make.bash"
	if isBackport(root, version) {
		again = "run ./make.bash backport"
	} else if v, err := usual(root); err != nil || v != version {
		again = "run DIOS_KERNEL=" + version + " ./make.bash"
	}
	info, err := image.Inspect(initrd)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no image for kernel %s, %s is missing: %s", version, initrd, again)
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, again)
	}
	if info.Version != version {
		return fmt.Errorf("%s is for kernel %s, not for %s: %s", initrd, info.Version, version, again)
	}
	if info.Vermagic != "" {
		if err := image.CheckModule(info.Vermagic, version); err != nil {
			return fmt.Errorf("dios.ko in %s %w: %s", initrd, err, again)
		}
	}
	kernel := image.KernelBeside(initrd)
	if fi, err := os.Stat(kernel); err != nil || !fi.Mode().IsRegular() {
		return fmt.Errorf("no kernel image, %s is missing: %s", kernel, again)
	}
	return nil
}

// CompareVersions orders kernel versions: numbers by value, the rest by text.
func CompareVersions(a, b string) int {
	for a != "" || b != "" {
		na, ra := leading(a)
		nb, rb := leading(b)
		if digits(na) && digits(nb) {
			na, nb = strings.TrimLeft(na, "0"), strings.TrimLeft(nb, "0")
			if c := cmp.Or(cmp.Compare(len(na), len(nb)), cmp.Compare(na, nb)); c != 0 {
				return c
			}
		} else if c := cmp.Compare(na, nb); c != 0 {
			return c
		}
		a, b = ra, rb
	}
	return 0
}

func digits(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// leading splits off the digits, or the other characters, at the start of s.
func leading(s string) (first, rest string) {
	i := 1
	for i < len(s) && digits(s[i:]) == digits(s) {
		i++
	}
	i = min(i, len(s))
	return s[:i], s[i:]
}
