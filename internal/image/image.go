// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package image makes what the virtual machine boots: a kernel and an initial
// file system.
//
// Both lie in one folder for each kernel version, ROOT/build/vm/VERSION, as
// the files kernel and initrd. They are copies, so that what boots is what was
// checked when it was made, also after the system's kernel was updated.
//
// The file system holds the agent, which is the dios program itself, as /init;
// DiziBox; dios.ko; the few modules that the channel to the host and a disk need; and a
// list of the modules in the order in which to load them. It is not packed:
// unpacking takes an emulated machine longer than reading.
package image

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Where things are in the machine.
const (
	DiziBox = "/bin/busybox"
	Meta    = "/dios-image"
	Modules = "/lib/modules"
	Store   = "/store" // the node's blobs
)

// The modules that the agent needs: to talk to the host, and for the disk that
// may hold the node's store.
var wanted = []string{"virtio_pci", "virtio_console", "virtio_blk"}

// An Options says what to make an image of.
type Options struct {
	Out     string // the initrd; the kernel is written beside it
	Version string // of the kernel
	Kernel  string // its image; empty: /boot/vmlinuz-VERSION
	Modules string // its modules; empty: /lib/modules/VERSION
	DIOS    string // dios.ko; empty: none
	DiziBox string
	Init    string // the dios program
}

// Info is what an image says of itself.
type Info struct {
	Version  string   // of the kernel
	Vermagic string   // of dios.ko; empty: there is none
	Modules  []string // in the order in which to load them
}

// KernelBeside returns the kernel that belongs to an initrd.
func KernelBeside(initrd string) string {
	return filepath.Join(filepath.Dir(initrd), "kernel")
}

// Make makes an image. It returns whether the kernel could be unpacked. What
// was there before stays when it fails.
func Make(o Options) (unpacked bool, err error) {
	if o.Kernel == "" {
		o.Kernel = "/boot/vmlinuz-" + o.Version
	}
	if o.Modules == "" {
		o.Modules = "/lib/modules/" + o.Version
	}
	kernel, err := os.ReadFile(o.Kernel)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("no kernel image %s: install linux-image-%s, or choose another kernel with DIOS_KERNEL", o.Kernel, o.Version)
		}
		return false, err
	}
	if v, err := unpack(kernel); err == nil {
		kernel, unpacked = v, true
	}

	info := Info{Version: o.Version}
	type file struct {
		name string
		data []byte
	}
	var files []file
	paths, err := modules(o.Modules, wanted...)
	if err != nil {
		return false, err
	}
	if o.DIOS != "" {
		if info.Vermagic, err = Vermagic(o.DIOS); err != nil {
			return false, missing(err, "make it with ./make.bash")
		}
		if err := CheckModule(info.Vermagic, o.Version); err != nil {
			return false, fmt.Errorf("%s %w", o.DIOS, err)
		}
		paths = append(paths, o.DIOS)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return false, err
		}
		info.Modules = append(info.Modules, filepath.Base(p))
		files = append(files, file{Modules + "/" + filepath.Base(p), b})
	}
	dizibox, err := static(o.DiziBox)
	if err != nil {
		return false, missing(err, "make it with ./make.bash")
	}
	init, err := static(o.Init)
	if err != nil {
		return false, err
	}

	var b bytes.Buffer
	c := newCPIO(&b)
	// The first, so that it can be read without reading the rest.
	c.file(name(Meta), 0o444, info.encode())
	for _, d := range []string{"bin", "dev", "etc", "lib", "lib/modules", "proc", "root", "run", "store", "sys"} {
		c.dir(d, 0o755)
	}
	c.add("tmp", 0o041777, 2, nil) // with the sticky bit
	c.file("init", 0o755, init)
	c.file(name(DiziBox), 0o755, dizibox)
	c.link("bin/sh", filepath.Base(DiziBox))
	for _, f := range files {
		c.file(name(f.name), 0o444, f.data)
	}
	if err := c.close(); err != nil {
		return false, err
	}

	if err := os.MkdirAll(filepath.Dir(o.Out), 0o777); err != nil {
		return false, err
	}
	if err := replace(KernelBeside(o.Out), kernel); err != nil {
		return false, err
	}
	return unpacked, replace(o.Out, b.Bytes())
}

// name makes an archive's name of a path.
func name(path string) string { return strings.TrimPrefix(path, "/") }

// static reads a program that must not need libraries.
func static(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: not a program", path)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return nil, fmt.Errorf("%s: needs libraries, which the virtual machine does not have; link it statically", path)
		}
	}
	return b, nil
}

// missing adds the cure when err says that a file is missing.
func missing(err error, cure string) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing: %s", pe.Path, cure)
	}
	return err
}

// replace writes a file at once: who reads it gets the old or the new one.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Inspect returns what an image says of itself.
func Inspect(initrd string) (*Info, error) {
	f, err := os.Open(initrd)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var info *Info
	err = cpioFiles(f, func(n string, data []byte) bool {
		if n == name(Meta) {
			info, err = ParseInfo(data)
		}
		return false // it is the first
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", initrd, err)
	}
	if info == nil {
		return nil, fmt.Errorf("%s: not an image that dios made", initrd)
	}
	return info, nil
}

// Files calls f for each regular file in an image, until f returns false.
func Files(initrd string, f func(name string, data []byte) bool) error {
	r, err := os.Open(initrd)
	if err != nil {
		return err
	}
	defer r.Close()
	return cpioFiles(r, f)
}

// An Info is kept as lines of a key and a value.
func (i *Info) encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "version %s\n", i.Version)
	if i.Vermagic != "" {
		fmt.Fprintf(&b, "vermagic %s\n", i.Vermagic)
	}
	for _, m := range i.Modules {
		fmt.Fprintf(&b, "module %s\n", m)
	}
	return b.Bytes()
}

// ParseInfo reads what encode wrote.
func ParseInfo(b []byte) (*Info, error) {
	var i Info
	for line := range strings.Lines(string(b)) {
		k, v, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch k {
		case "version":
			i.Version = v
		case "vermagic":
			i.Vermagic = v
		case "module":
			i.Modules = append(i.Modules, v)
		default:
			return nil, fmt.Errorf("image has an unknown entry %q", k)
		}
	}
	if i.Version == "" {
		return nil, errors.New("image does not say its kernel's version")
	}
	return &i, nil
}
