// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dios/internal/image"
	"dios/internal/vm"
)

func imageVerb(v *verb, args []string) int {
	var o image.Options
	fs := v.flags()
	fs.StringVar(&o.Out, "o", "", "write `FILE`, and the kernel beside it (default ROOT/build/vm/VERSION/initrd, where dios run looks)")
	fs.StringVar(&o.Version, "kernel", "", "kernel `VERSION` (default DIOS_KERNEL, or the newest of this system)")
	fs.StringVar(&o.DIOS, "dios-ko", "", "the module `FILE`, or none for an image without DIOS (default ROOT/kernel/dios.ko)")
	fs.StringVar(&o.DiziBox, "busybox", "", "DiziBox, a `FILE` (default ROOT/bin/dizibox)")
	fs.StringVar(&o.Init, "init", "", "the agent, a dios `FILE` (default this program)")
	fs.StringVar(&o.Kernel, "vmlinuz", "", "the kernel's `FILE` (default /boot/vmlinuz-VERSION)")
	fs.StringVar(&o.Modules, "modules", "", "the kernel's modules, a `FOLDER` (default /lib/modules/VERSION)")
	state := fs.Bool("state", true, "boot the image and save the machine, for others to go on from there")
	verbose := fs.Bool("v", false, "say what was made")
	if status, ok := v.parse(fs, args, 0, 0); !ok {
		return status
	}
	if err := makeImage(&o, *state, *verbose); err != nil {
		return fail(err)
	}
	return 0
}

func makeImage(o *image.Options, state, verbose bool) error {
	root, err := vm.FindRoot()
	if err != nil && (o.Out == "" || o.DIOS == "" || o.DiziBox == "") {
		return err
	}
	if o.Version == "" {
		if o.Version, err = systemKernel("/boot", "/lib/modules"); err != nil {
			return err
		}
	}
	if o.Out == "" {
		o.Out = vm.Initrd(root, o.Version)
	}
	switch o.DIOS {
	case "":
		o.DIOS = vm.Module(root, o.Version)
	case "none":
		o.DIOS = ""
	}
	if o.DiziBox == "" {
		o.DiziBox = filepath.Join(root, "bin", "dizibox")
	}
	if o.Init == "" {
		if o.Init, err = os.Executable(); err != nil {
			return err
		}
	}
	unpacked, err := image.Make(*o)
	if err != nil {
		return err
	}
	// Only where dios run looks for it.
	if state = state && o.Out == vm.Initrd(root, o.Version); state {
		// Without it machines take longer to come up, that is all.
		if err := vm.SaveState(context.Background(), vm.Config{Root: root, Kernel: o.Version, Mem: vm.DefaultMem, CPUs: vm.DefaultCPUs}); err != nil {
			complain(fmt.Errorf("image: machines will boot from the start: %w", err))
			state = false
		}
	}
	if verbose {
		how := "as it was"
		if unpacked {
			how = "unpacked"
		}
		fmt.Printf("%s\n%s (%s)\n", o.Out, image.KernelBeside(o.Out), how)
		if state {
			fmt.Println(vm.State(o.Out))
		}
	}
	return nil
}

// systemKernel returns the version of the kernel to make an image for:
// DIOS_KERNEL, or the newest that is installed. Cloud kernels, which are what
// DIOS is tried on and boot fastest, come first.
func systemKernel(boot, modules string) (string, error) {
	if v := os.Getenv("DIOS_KERNEL"); v != "" {
		return v, nil
	}
	found, err := filepath.Glob(filepath.Join(boot, "vmlinuz-*"))
	if err != nil {
		return "", err
	}
	var all, cloud []string
	for _, f := range found {
		v := strings.TrimPrefix(filepath.Base(f), "vmlinuz-")
		if _, err := os.Stat(filepath.Join(modules, v, "modules.dep")); err != nil {
			continue
		}
		all = append(all, v)
		if strings.Contains(v, "-cloud-") {
			cloud = append(cloud, v)
		}
	}
	if len(cloud) > 0 {
		all = cloud
	}
	if len(all) == 0 {
		return "", errors.New("no kernel image in " + boot + ": install the package linux-image-cloud-amd64")
	}
	return slices.MaxFunc(all, vm.CompareVersions), nil
}
