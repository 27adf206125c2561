// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"dios/internal/abi"
	"dios/internal/brand"
	"dios/internal/image"
	"dios/internal/vm"
)

// A check is one line of the doctor's table.
type check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Need bool   `json:"needed"` // not OK is a failure
	Text string `json:"text"`
	Cure string `json:"cure,omitempty"`
}

func doctorVerb(v *verb, args []string) int {
	fs := v.flags()
	asJSON := fs.Bool("json", false, "print the table as JSON")
	if status, ok := v.parse(fs, args, 0, 0); !ok {
		return status
	}
	checks := examine()
	status := 0
	for _, c := range checks {
		if c.Need && !c.OK {
			status = 1
		}
	}
	if *asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "\t")
		if err := e.Encode(checks); err != nil {
			return fail(err)
		}
		return status
	}
	for _, c := range checks {
		state := "ok"
		switch {
		case !c.OK && c.Need:
			state = "missing"
		case !c.OK:
			state = "no"
		}
		fmt.Printf("%-8s %-8s %s\n", c.Name, state, c.Text)
		if c.Cure != "" {
			fmt.Printf("%-8s %-8s %s\n", "", "cure:", c.Cure)
		}
	}
	return status
}

// examine makes the table.
func examine() []check {
	var checks []check
	add := func(name string, need bool, text string, err error, cure string) {
		c := check{Name: name, OK: err == nil, Need: need, Text: text}
		if err != nil {
			c.Text = err.Error()
			// Some errors say the cure themselves.
			if i := strings.LastIndex(c.Text, ": run "); i >= 0 {
				c.Text, cure = c.Text[:i], c.Text[i+2:]
			}
			if need {
				c.Cure = cure
			}
		}
		checks = append(checks, c)
	}

	root, err := vm.FindRoot()
	add("root", true, root, err, "set DIOS_ROOT to the folder that has bin/ and build/")
	if err != nil {
		return checks // nothing else can be found
	}

	tool := filepath.Join(root, "goroot", "bin", "go")
	text, err := output(tool, "version")
	add("go", true, text, err, "run ./make.bash")

	qemu, err := vm.FindQEMU()
	if err == nil {
		text, err = output(qemu, "--version")
	}
	add("qemu", true, text, err, "install the package qemu-system-x86")

	version, err := vm.FindKernel(root, "")
	if err != nil {
		// There is no image yet. Which one would be made?
		version, err = systemKernel("/boot", "/lib/modules")
	}
	kernel := image.KernelBeside(vm.Initrd(root, version))
	if err == nil {
		if _, kerr := os.Stat(kernel); kerr != nil {
			kernel = "/boot/vmlinuz-" + version
			_, err = os.Stat(kernel)
		}
	}
	add("kernel", true, kernel, err, "install the package linux-image-"+version)

	ko := vm.Module(root, version)
	vermagic, err := image.Vermagic(ko)
	add("module", true, ko, err, "run ./make.bash")
	if err == nil {
		err = image.CheckModule(vermagic, version)
		add("matches", true, "is for kernel "+version, err, "run DIOS_KERNEL="+version+" ./make.bash")
	}

	dizibox := filepath.Join(root, "bin", "dizibox")
	b, err := brand.Read(dizibox)
	if err == nil && b.Brand.Number != abi.BrandLegacyLimbo {
		err = fmt.Errorf("%s is %s, not legacy-limbo", dizibox, b.Brand.Name)
	}
	add("dizibox", true, dizibox, err, "run ./make.bash")

	initrd := vm.Initrd(root, version)
	imageErr := vm.CheckImage(root, version)
	err = imageErr
	if err == nil {
		err = stale(initrd, ko, dizibox)
	}
	add("image", true, initrd, err, "run ./make.bash")

	where := filepath.Join(root, "goroot", "lib", "dios", wrapper)
	err = checkWrapper(where)
	add("wrapper", true, where, err, "run ./make.bash")

	text = "works"
	if qemu == "" || imageErr != nil {
		text, err = "", fmt.Errorf("not tried: that needs qemu and the image")
	} else if err = vm.ProbeKVM(context.Background(), vm.Config{Root: root}); err != nil {
		err = fmt.Errorf("does not work, emulating instead: %w", err)
	}
	add("kvm", false, text, err, "")

	err = nil
	if !hostHasDIOS() {
		err = fmt.Errorf("this host has no /dev/dios; programs run in a virtual machine")
	}
	add("host", false, "this host has DIOS; programs run without a virtual machine", err, "")
	return checks
}

// output returns the first line that a program prints.
func output(name string, args ...string) (string, error) {
	b, err := exec.Command(name, args...).Output()
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return line, nil
}

// stale tells whether an image holds something else than what lies in the tree.
func stale(initrd, ko, dizibox string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	want := map[string]string{
		"init":                                 self,
		strings.TrimPrefix(image.DiziBox, "/"): dizibox,
		strings.TrimPrefix(image.Modules+"/dios.ko", "/"): ko,
	}
	var old error
	err = image.Files(initrd, func(name string, data []byte) bool {
		path, ok := want[name]
		if !ok {
			return true
		}
		delete(want, name)
		b, err := os.ReadFile(path)
		if err == nil && !bytes.Equal(b, data) {
			old = fmt.Errorf("%s has an older %s", initrd, filepath.Base(path))
		}
		return old == nil
	})
	if err == nil && old == nil && len(want) > 0 {
		for name := range want {
			err = fmt.Errorf("%s has no %s", initrd, name)
		}
	}
	if err == nil {
		err = old
	}
	return err
}

// checkWrapper tells why the go command would not find us.
func checkWrapper(where string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	a, err := os.ReadFile(where)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fmt.Errorf("%s is another dios than this one", where)
	}
	return nil
}
