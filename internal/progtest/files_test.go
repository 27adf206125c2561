// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dios/internal/vm"
)

// withFiles runs a program that has the files of a tree of the machine.
func (m *VM) withFiles(t *testing.T, tree, program string, args ...string) Outcome {
	t.Helper()
	o, err := m.run(&vm.Cmd{
		File: filepath.Join(binaries(t, "dios"), program),
		Via:  []string{filepath.Join(Root(), "bin", "diosfs"), tree},
		Args: append([]string{program}, args...),
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// sameFiles runs a program in a folder on Linux, and on trees of each kind.
func sameFiles(t *testing.T, m *VM, program string) {
	t.Helper()
	want, err := Host(filepath.Join(binaries(t, "linux"), program), Run{Args: []string{program, filepath.Join(t.TempDir(), "t")}})
	if err != nil {
		t.Fatal(err)
	}
	if want.Status != 0 {
		t.Fatalf("on Linux: status %d\n%s%s", want.Status, want.Stdout, want.Stderr)
	}
	for _, tree := range []string{"mem", "/dev/shm", "store"} {
		t.Run(filepath.Base(tree), func(t *testing.T) {
			before, err := m.Counts()
			if err != nil {
				t.Fatal(err)
			}
			folder := "/t"
			if tree == "store" { // where it stays
				folder += fmt.Sprint(time.Now().UnixNano())
			}
			got := m.withFiles(t, tree, program, folder)
			if got.Status != 0 {
				t.Errorf("status %d", got.Status)
			}
			compare(t, false, want, got)
			leftover(t, m, before)
			if tree == "store" { // others count what is there
				if left, err := m.Shell(`dios names | sed -n 's/.* \(diosfs [01] .*\)/\1/p' | while IFS= read -r n; do dios delete "$n"; done; dios names | grep diosfs; true`); err != nil || left != "" {
					t.Errorf("in the store still: %q %v", left, err)
				}
			}
		})
	}
}

// A program does with files the same as on Linux, on a tree in memory, one of the
// host, and one in the store.
func TestFiles(t *testing.T) {
	needVM(t)
	m := machine(t)
	defer syscall.Umask(syscall.Umask(0o22))
	sameFiles(t, m, "files")
	// What the program wrote is the machine's; then only to be read.
	if text, err := m.Shell("sha256sum /dev/shm/t/big | cut -d' ' -f1; cat /dev/shm/t/n3; echo; stat -c %a /dev/shm/t/attr"); err != nil || text != "2dd78d0cd19bb7c533cd44b910d1e1932520b1da58029ab6810487dd8b246943\none\n400\n" {
		t.Errorf("in the machine: %q, %v", text, err)
	}
	o := m.withFiles(t, "/dev/shm:ro", "files", "/other")
	if o.Status != 1 || o.Stdout != "must: mkdir /other: read-only file system\n" {
		t.Errorf("read-only: status %d, %q", o.Status, o.Stdout)
	}
	if _, err := m.Shell("rm -r /dev/shm/t"); err != nil {
		t.Error(err)
	}
}

// Nothing leads out of the tree.
func TestConfined(t *testing.T) {
	needVM(t)
	m := machine(t)
	if _, err := m.Shell(`set -e
		cd /dev/shm
		mkdir -p tree/dir
		echo secret >secret
		echo inside >tree/inside
		cd tree
		ln -s inside ok
		ln -s ../secret up
		ln -s ../up dir/up
		ln -s ../../.. far
		ln -s /dev/shm/secret absolute
		ln -s / host
		ln -s /proc/1/root/dev/shm magic
		mkfifo fifo
		mknod null c 1 3`); err != nil {
		t.Fatal(err)
	}
	o := m.withFiles(t, "/dev/shm/tree", "confined")
	if o.Status != 0 || o.Stderr != "" {
		t.Errorf("status %d, standard error:\n%s", o.Status, o.Stderr)
	}
	golden(t, "confined", o.Stdout)
	if text, err := m.Shell("cat /dev/shm/secret; ls /dev/shm; rm -r /dev/shm/tree /dev/shm/secret"); err != nil || text != "secret\nsecret\ntree\n" {
		t.Errorf("around the tree: %q, %v", text, err)
	}
}

// Tasks lock files against each other; one that is killed has no locks.
func TestFileLocks(t *testing.T) {
	needVM(t)
	m := machine(t)
	sameFiles(t, m, "locks")
	shell(t, m, "rm -r /dev/shm/t")
}

// What dios run -dir takes, and what it says of anything else.
func TestFilesArguments(t *testing.T) {
	needVM(t)
	for _, test := range []struct {
		dir, program, want string
		status             int
	}{
		{"relative", "build/hello", "-dir relative: give mem, store, none, or a path that begins with /", 2},
		{":ro", "build/hello", "-dir :ro: give mem, store, none, or a path that begins with /", 2},
		{"mem/x", "build/hello", "-dir mem/x: give mem, store, none, or a path that begins with /", 2},
		{"mem", "bin/dizibox", "-dir: a program of the brand legacy-limbo is no DIOS task", 126},
		{"mem", "bin/dios", "-dir: a program of the brand legacy is no DIOS task", 126},
	} {
		cmd := exec.Command(filepath.Join(Root(), "bin", "dios"), "run", "-vm", "-dir", test.dir, test.program)
		cmd.Dir = Source() // Root is the machine's, which may be another
		out, _ := cmd.CombinedOutput()
		if status := cmd.ProcessState.ExitCode(); status != test.status || !strings.Contains(string(out), test.want) {
			t.Errorf("-dir %s %s: status %d, %q", test.dir, test.program, status, out)
		}
	}
}

// A program hands on what files it has, or less, to tasks that it starts; and a
// file can be one of them.
func TestHanded(t *testing.T) {
	needVM(t)
	m := machine(t)
	shell(t, m, "mkdir /dev/shm/tree")
	if err := m.Put(filepath.Join(binaries(t, "dios"), "handed"), "/dev/shm/tree/prog"); err != nil {
		t.Fatal(err)
	}
	for _, tree := range []string{"mem", "/dev/shm/tree"} {
		t.Run(filepath.Base(tree), func(t *testing.T) {
			before, err := m.Counts()
			if err != nil {
				t.Fatal(err)
			}
			var args []string
			if tree != "mem" { // where no program is
				args = []string{"program"}
			}
			o := m.withFiles(t, tree, "handed", args...)
			if o.Status != 0 || o.Stderr != "" {
				t.Errorf("status %d, standard error:\n%s", o.Status, o.Stderr)
			}
			if tree == "mem" {
				golden(t, "handed", o.Stdout)
			} else {
				goldenFile(t, filepath.Join(Source(), "testdata", "handed", "program.stdout"), o.Stdout)
			}
			leftover(t, m, before)
		})
	}
	shell(t, m, "rm -r /dev/shm/tree")
}

// On a host that has DIOS of its own the runner gives files just so. The machine is one.
func TestFilesHere(t *testing.T) {
	needVM(t)
	m := machine(t)
	defer syscall.Umask(syscall.Umask(0o22))
	shell(t, m, "mkdir -p /here/bin /here/tree /tmp && ln -s /bin/busybox /here/bin/dizibox")
	defer shell(t, m, "rm -r /here")
	for _, name := range []string{"files", "handed"} {
		if err := m.Put(filepath.Join(binaries(t, "dios"), name), "/here/tree/"+name); err != nil {
			t.Fatal(err)
		}
	}
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) Outcome {
		t.Helper()
		o, err := m.run(&vm.Cmd{Exec: "/init", Args: append([]string{"dios", "run"}, args...), Dir: "/here/tree", Env: []string{"DIOS_ROOT=/here"}}, false)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	want, err := Host(filepath.Join(binaries(t, "linux"), "files"), Run{Args: []string{"files", filepath.Join(t.TempDir(), "t")}})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, false, want, run("./files", "/here/tree/t"))
	if text, err := m.Shell("sha256sum /here/tree/t/big | cut -d' ' -f1"); err != nil || text != "2dd78d0cd19bb7c533cd44b910d1e1932520b1da58029ab6810487dd8b246943\n" {
		t.Errorf("in the machine: %q, %v", text, err)
	}
	// Children have files, by the runner again.
	shell(t, m, "mkdir /here/other && cp /here/tree/handed /here/other/prog")
	o := run("-dir", "/here/other", "./handed", "program")
	if o.Status != 0 || o.Stderr != "" {
		t.Errorf("status %d, standard error:\n%s", o.Status, o.Stderr)
	}
	goldenFile(t, filepath.Join(Source(), "testdata", "handed", "program.stdout"), o.Stdout)
	if o := run("-dir", "none", "./files", "/here/tree/x"); o.Status != 1 || !strings.Contains(o.Stdout, "no file service") {
		t.Errorf("-dir none: status %d, %q", o.Status, o.Stdout)
	}
	leftover(t, m, before)
}

// The statuses of a program with files are those of one without.
func TestFilesStatus(t *testing.T) {
	needVM(t)
	m := machine(t)
	if o := m.withFiles(t, "mem", "exit", "42"); o.Status != 42 {
		t.Errorf("exit 42: status %d", o.Status)
	}
	if o := m.withFiles(t, "store", "exit", "42"); o.Status != 42 {
		t.Errorf("exit 42 with files of the store: status %d", o.Status)
	}
	if o := m.withFiles(t, "/none", "hello"); o.Status != 125 || o.Stderr != "diosfs: /none: no such file or directory\n" {
		t.Errorf("no such tree: status %d, %q", o.Status, o.Stderr)
	}
}
