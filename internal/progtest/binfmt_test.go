// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dios/internal/abi"
	"dios/internal/vm"
)

// The rules of docs/binfmt.md, in a Linux that has binfmt_misc: the kernel hands programs
// of the brands that are tasks, and no others, to the interpreter. It is a script here that
// tells its arguments, since no machine boots in the machine.
func TestBinfmt(t *testing.T) {
	needVM(t)
	t.Parallel()
	m, err := boot(vm.Config{PanicOnWarn: true})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	module, err := binfmtModule(m.Info().Kernel)
	if err != nil {
		t.Skip(err)
	}

	page, err := os.ReadFile(filepath.Join(Source(), "docs", "binfmt.md"))
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`(?m)^    (:(dios-\w+):M:.*:(/\S+):)$`).FindAllSubmatch(page, -1)
	if len(rules) != 2 || !bytes.Equal(rules[0][3], rules[1][3]) {
		t.Fatalf("docs/binfmt.md: not two rules with the same interpreter: %q", rules)
	}

	put := func(name string, data []byte) {
		t.Helper()
		if err := m.VM.Put(t.Context(), name, 0o755, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) []byte {
		t.Helper()
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	put(string(rules[0][3]), []byte("#!/bin/busybox sh\nfor a; do printf '[%s]' \"$a\"; done\nexit 7\n"))
	put("/binfmt_misc.ko", module)
	hello := read(filepath.Join(Root(), "build", "hello"))
	linux := read(filepath.Join(Root(), "bin", "dizibox"))
	branded := func(program []byte, osabi, version byte) []byte {
		c := bytes.Clone(program)
		c[7], c[8] = osabi, version
		return c
	}
	put("/b/hello", hello)
	put("/b/limbo", branded(hello, abi.OSABI, abi.BrandDiosLimbo))
	put("/b/legacy-limbo", branded(linux, abi.OSABI, abi.BrandLegacyLimbo))
	put("/b/legacy", branded(linux, 0, 0))

	// Started by execve, as any Linux program starts another; DiziBox would ask DIOS.
	try := func(when, name string, want string, status int, args ...string) {
		t.Helper()
		o, err := m.run(&vm.Cmd{Exec: "/b/" + name, Args: append([]string{"dizibox"}, args...), Dir: "/b"}, true)
		if err != nil || o.Status != status || o.Stdout != want {
			t.Errorf("%s: %s: %v, status %d, %q; want status %d, %q", when, name, err, o.Status, o.Stdout, status, want)
		}
	}
	processes := func(when string) {
		t.Helper()
		try(when, "legacy-limbo", "Linux\n", 0, "echo", "Linux")
		try(when, "legacy", "Linux\n", 0, "echo", "Linux")
	}
	refused := func(when string) {
		t.Helper()
		if o, err := m.run(&vm.Cmd{Exec: "/b/hello", Args: []string{"hello"}}, true); err == nil || !strings.Contains(err.Error(), "operation not permitted") {
			t.Errorf("%s: hello: %v, status %d, %q; want an exec that is not permitted", when, err, o.Status, o.Stdout)
		}
		processes(when)
	}
	const none = "this is a DIOS program; run it with \"dios run FILE\"\n"

	shell(t, m, "rmmod dios && insmod /binfmt_misc.ko && mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc")
	try("without rules", "hello", none, 125)
	try("without rules", "limbo", none, 125)
	processes("without rules")

	register := func() {
		for _, r := range rules {
			shell(t, m, "RULE='"+string(r[1])+"'; printf '%s' \"$RULE\" >/proc/sys/fs/binfmt_misc/register")
		}
	}
	register()
	try("with rules", "hello", "[/b/hello][a b][][-x]", 7, "a b", "", "-x")
	try("with rules", "limbo", "[/b/limbo]", 7)
	processes("with rules")
	shell(t, m, "echo -1 >/proc/sys/fs/binfmt_misc/dios-limbo")
	try("with one rule", "hello", "[/b/hello]", 7)
	try("with one rule", "limbo", none, 125)

	// The kernel asks first whoever came last.
	shell(t, m, "insmod /lib/modules/dios.ko")
	refused("dios.ko after binfmt_misc")
	shell(t, m, "umount /proc/sys/fs/binfmt_misc && rmmod binfmt_misc && insmod /binfmt_misc.ko && mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc")
	register()
	try("binfmt_misc after dios.ko", "hello", "[/b/hello]", 7)
	shell(t, m, "echo -1 >/proc/sys/fs/binfmt_misc/dios-pure")
	refused("dios.ko without rules")
}

// binfmtModule returns the module of a kernel: that of this host, or the second one, whose
// modules are packed. Our own kernel, with checkers, has none.
func binfmtModule(version string) ([]byte, error) {
	const name = "kernel/fs/binfmt_misc.ko"
	data, err := os.ReadFile(filepath.Join("/lib/modules", version, name))
	packed := filepath.Join(Root(), "build/backport/lib/modules", version, name+".xz")
	if os.IsNotExist(err) {
		data, err = exec.Command("xz", "-dc", packed).Output()
	}
	if err != nil {
		return nil, fmt.Errorf("the kernel %s has no binfmt_misc: %w", version, err)
	}
	return data, nil
}
