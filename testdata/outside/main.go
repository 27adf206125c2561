// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Outside says which files the runner has given it: it reads the file that it is told, by
// its name here and in a child, and tries what it must not.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	b, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	dir, err := os.Getwd()
	fmt.Printf("%s in %s: %q %v\n", os.Args[1], dir, first, err)
	if len(os.Args) > 2 {
		return
	}
	child := exec.Command(os.Args[0], "main.go", "child")
	child.Dir = filepath.Join(dir, "testdata/outside")
	out, err := child.CombinedOutput()
	fmt.Printf("child: %s%v\n", out, err)

	goroot := runtime.GOROOT()
	_, err = os.Stat(filepath.Join(goroot, "src/os/file.go"))
	fmt.Println("GOROOT is there:", err == nil)
	try := func(what string, err error) {
		if err != nil {
			err = fmt.Errorf("%s", err.Error()[strings.LastIndex(err.Error(), ": ")+2:])
		}
		fmt.Printf("%s: %v\n", what, err)
	}
	try("write to GOROOT", os.WriteFile(filepath.Join(goroot, "new"), nil, 0o666))
	try("remove from GOROOT", os.Remove(filepath.Join(goroot, "VERSION")))
	try("rename GOROOT", os.Rename(goroot, filepath.Join(dir, "other")))
	_, err = os.Stat("/etc/passwd")
	try("read /etc/passwd", err)
	_, err = os.Stat(dir + "/../../../../../../../../etc/passwd")
	try("read it from here", err)
	try("write to /", os.WriteFile("/new", nil, 0o666))

	tmp, err := os.MkdirTemp("", "outside")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	defer os.RemoveAll(tmp)
	try("link to /etc", os.Symlink("/etc", filepath.Join(tmp, "etc")))
	_, err = os.ReadFile(filepath.Join(tmp, "etc", "passwd"))
	try("read through it", err)
	try("link from GOROOT", os.Link(filepath.Join(goroot, "VERSION"), filepath.Join(tmp, "mine")))
}
