// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dios/internal/image"
	"dios/internal/vm"
)

// The test program is dios as well, when a test starts it as that.
func TestMain(m *testing.M) {
	if os.Getenv("DIOS_TEST_MAIN") != "" {
		os.Unsetenv("DIOS_TEST_MAIN")
		main()
		return
	}
	os.Exit(m.Run())
}

// command returns dios with arguments, in an environment without a user's
// choices but for env.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "DIOS_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "DIOS_TEST_MAIN=1", "DIOS_ACCEL=tcg")
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// result runs a command.
func result(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &errs
	}
	err := cmd.Run()
	if e := (*exec.ExitError)(nil); err != nil && !errors.As(err, &e) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func write(t *testing.T, path, text string, perm os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), perm); err != nil {
		t.Fatal(err)
	}
}

// program returns the path of a program that passes all checks. It is the test
// program.
func program(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(t.TempDir(), "program")
	write(t, p, string(b), 0o755)
	return p
}

// fakeImage makes an image in root that says of itself what meta says. It could
// not boot.
func fakeImage(t *testing.T, root, version, meta string) {
	t.Helper()
	var b bytes.Buffer
	for _, f := range []struct{ name, data string }{{"dios-image", meta}, {"TRAILER!!!", ""}} {
		fmt.Fprintf(&b, "070701%08X%08X%024X%08X%08X%032X%08X%08X%s\x00", 1, 0o100444, 1, 0, len(f.data), 0, len(f.name)+1, 0, f.name)
		b.Write(make([]byte, -b.Len()&3))
		b.WriteString(f.data)
		b.Write(make([]byte, -b.Len()&3))
	}
	write(t, vm.Initrd(root, version), b.String(), 0o666)
	write(t, image.KernelBeside(vm.Initrd(root, version)), "kernel", 0o666)
}

// What is wrong is said in one line, with the right status, before anything
// is booted.
func TestComplaints(t *testing.T) {
	dir := t.TempDir()
	good := program(t)
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	bad := func(name string, change func(b []byte) []byte) string {
		p := filepath.Join(dir, name)
		write(t, p, string(change(bytes.Clone(b))), 0o755)
		return p
	}
	root := "DIOS_ROOT=" + dir
	fakeImage(t, dir+"/made", "6.2", "version 6.2\nvermagic 6.2 SMP\n")
	fakeImage(t, dir+"/made", "6.3", "version 6.3\nvermagic 6.3 SMP\n")
	fakeImage(t, dir+"/made", "6.4", "version 6.4\nvermagic 6.2 SMP\n")
	if err := os.Remove(image.KernelBeside(vm.Initrd(dir+"/made", "6.3"))); err != nil {
		t.Fatal(err)
	}
	made := "DIOS_ROOT=" + dir + "/made"
	for _, test := range []struct {
		name   string
		env    []string
		args   []string
		status int
		want   string
	}{
		{"unknown verb", nil, []string{"fly"}, 2, `unknown verb "fly"`},
		{"unknown flag", nil, []string{"run", "-fly", good}, 2, "flag provided but not defined: -fly"},
		{"unknown flag of shell", nil, []string{"shell", "-fly"}, 2, "flag provided but not defined: -fly"},
		{"bad flag", nil, []string{"run", "-v=maybe", good}, 2, "invalid boolean value"},
		{"no program", nil, []string{"run"}, 2, "too few arguments"},
		{"too much", nil, []string{"version", "x"}, 2, `unexpected argument "x"`},
		{"help for nothing", nil, []string{"help", "fly"}, 2, `unknown verb "fly"`},
		{"missing", nil, []string{"run", dir + "/missing"}, 127, dir + "/missing: no such file"},
		{"directory", nil, []string{"run", dir}, 126, "is a directory"},
		{"not executable", nil, []string{"run", func() string {
			p := filepath.Join(dir, "data")
			write(t, p, string(b), 0o644)
			return p
		}()}, 126, "not executable"},
		{"text", nil, []string{"run", bad("text", func([]byte) []byte { return []byte("#!/bin/sh\n") })}, 126, "not an ELF file"},
		{"truncated", nil, []string{"run", bad("truncated", func(b []byte) []byte { return b[:len(b)/4] })}, 126, "truncated"},
		{"machine", nil, []string{"run", bad("machine", func(b []byte) []byte { b[18] = 183; return b })}, 126, "not for x86-64"},
		{"class", nil, []string{"run", bad("class", func(b []byte) []byte { b[4] = 1; return b })}, 126, "not 64 bits"},
		{"brand", nil, []string{"run", bad("brand", func(b []byte) []byte { b[7], b[8] = 0xd1, 0x77; return b })}, 126, "unknown brand 0x77"},
		{"no script", nil, []string{"shell", dir + "/missing"}, 127, "no such file"},
		{"nothing to put", nil, []string{"shell", "-put", dir + "/none", "-c", "true"}, 125, "no such file"},
		{"put everything", nil, []string{"shell", "-put", "/", "-c", "true"}, 125, "/: the virtual machine has a file of its own there"},
		{"put over the machine's", nil, []string{"shell", "-put", "/bin/sh", "-c", "true"}, 125, "has a file of its own"},
		{"put above the machine's", nil, []string{"shell", "-put", "/bin", "-c", "true"}, 125, "has a file of its own"},
		{"put below the machine's", nil, []string{"shell", "-put", "/dev/null", "-c", "true"}, 125, "has a file of its own"},
		{"no root", []string{"DIOS_ROOT=" + dir + "/none"}, []string{"run", good}, 125, "DIOS_ROOT"},
		{"no image", []string{root}, []string{"run", good}, 125, "run ./make.bash"},
		{"no image for the shell", []string{root}, []string{"shell", "-c", "true"}, 125, "run ./make.bash"},
		{"no image for a kernel", []string{root, "DIOS_KERNEL=6.66"}, []string{"run", good}, 125, "run DIOS_KERNEL=6.66 ./make.bash"},
		{"bad deadline", []string{root, "DIOS_DEADLINE=soon"}, []string{"run", good}, 125, "DIOS_DEADLINE"},
		{"no image of the kernel", []string{made, "DIOS_KERNEL=6.3"}, []string{"run", good}, 125, "no kernel image, " + dir + "/made/build/vm/6.3/"},
		{"no image of another's module", []string{made, "DIOS_KERNEL=6.4"}, []string{"run", good}, 125, "is for kernel 6.2, not for 6.4: run ./make.bash"},
		{"no image because no QEMU", []string{made, "DIOS_KERNEL=6.2", "DIOS_QEMU=/none/qemu"}, []string{"run", good}, 125, "no QEMU: /none/qemu is not in PATH; install the package qemu-system-x86"},
		{"no kernel", []string{root, "DIOS_KERNEL=6.66"}, []string{"image"}, 125, "no kernel image /boot/vmlinuz-6.66: install linux-image-6.66"},
	} {
		cmd := command(t, test.env, test.args...)
		if strings.HasPrefix(test.name, "no image") || strings.HasPrefix(test.name, "no root") {
			cmd.Args = append(cmd.Args[:2:2], append([]string{"-vm"}, cmd.Args[2:]...)...)
		}
		out, errs, status := result(t, cmd)
		if status != test.status || out != "" || !strings.HasPrefix(errs, "dios: ") || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, test.want) {
			t.Errorf("%s: status %d, output %q, error %q; want status %d and a line with %q", test.name, status, out, errs, test.status, test.want)
		}
	}
}

func TestHelp(t *testing.T) {
	out, errs, status := result(t, command(t, nil, "help"))
	if status != 0 || errs != "" {
		t.Errorf("status %d, %q", status, errs)
	}
	for _, v := range []string{"run", "shell", "doctor", "env", "image", "version"} {
		if !strings.Contains(out, "\n  "+v+" ") {
			t.Errorf("help does not mention %s", v)
		}
		about, errs, status := result(t, command(t, nil, "help", v))
		if status != 0 || errs != "" || !strings.HasPrefix(about, "usage: dios "+v) {
			t.Errorf("help %s: status %d, %q, %q", v, status, about, errs)
		}
		if flag, _, _ := result(t, command(t, nil, v, "-h")); flag != about {
			t.Errorf("%s -h and help %s differ", v, v)
		}
	}
	if _, errs, status := result(t, command(t, nil)); status != 2 || !strings.HasPrefix(errs, "usage: ") {
		t.Errorf("without a verb: status %d, %q", status, errs)
	}
	if out, _, status := result(t, command(t, nil, "version")); status != 0 || !strings.HasPrefix(out, "dios ") {
		t.Errorf("version: status %d, %q", status, out)
	}
}

func TestWrapperWithoutProgram(t *testing.T) {
	cmd := command(t, nil)
	cmd.Args[0] = "/somewhere/" + wrapper
	if _, errs, status := result(t, cmd); status != 2 || !strings.Contains(errs, wrapper) {
		t.Errorf("status %d, %q", status, errs)
	}
	// It has no flags: what looks like one is a program.
	cmd = command(t, nil, "-v")
	cmd.Args[0] = wrapper
	if _, errs, status := result(t, cmd); status != 127 || errs != "dios: -v: no such file\n" {
		t.Errorf("status %d, %q", status, errs)
	}
}

func TestDoctor(t *testing.T) {
	root := t.TempDir()
	for _, d := range []string{"/bin/dizibox", "/kernel/dios.ko"} {
		write(t, root+d, "not what it should be", 0o755)
	}
	env := []string{"DIOS_ROOT=" + root, "DIOS_QEMU=/none/qemu", "XDG_CACHE_HOME=" + root}
	out, errs, status := result(t, command(t, env, "doctor"))
	if status != 1 || errs != "" {
		t.Errorf("status %d, %q", status, errs)
	}
	for _, want := range []string{
		"root     ok       " + root + "\n",
		"qemu     missing  no QEMU: /none/qemu is not in PATH",
		"module   missing  " + root + "/kernel/dios.ko: not a kernel module\n",
		"dizibox  missing  not an ELF file\n",
		"                  run ./make.bash\n",
		"wrapper  missing  ",
		"kvm      no       not tried",
	} {
		if want = strings.ReplaceAll(want, "                  run", "         cure:    run"); !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}

	out, _, status = result(t, command(t, env, "doctor", "-json"))
	var checks []check
	if err := json.Unmarshal([]byte(out), &checks); err != nil || status != 1 {
		t.Fatalf("status %d, %v", status, err)
	}
	got := map[string]bool{}
	for _, c := range checks {
		got[c.Name] = c.OK
		if c.Need && !c.OK && c.Cure == "" {
			t.Errorf("%s: %s: no cure", c.Name, c.Text)
		}
	}
	for name, ok := range map[string]bool{"root": true, "qemu": false, "module": false, "image": false, "dizibox": false, "wrapper": false, "kvm": false} {
		if g, there := got[name]; g != ok || !there {
			t.Errorf("%s: %v, %v; want %v", name, g, there, ok)
		}
	}
}

func TestEnv(t *testing.T) {
	root := filepath.Join(t.TempDir(), "it's a root")
	env := []string{"DIOS_ROOT=" + root}
	if err := os.MkdirAll(root+"/bin", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(root+"/build", 0o777); err != nil {
		t.Fatal(err)
	}
	if _, errs, status := result(t, command(t, env, "env")); status != vm.StatusRunner || !strings.Contains(errs, "run ./make.bash") {
		t.Errorf("without a toolchain: status %d, %q", status, errs)
	}
	write(t, root+"/goroot/bin/go", "#!/bin/sh\necho $GOOS $GOARCH \"$GOROOT\"\n", 0o755)
	out, errs, status := result(t, command(t, env, "env"))
	if status != 0 || errs != "" {
		t.Fatalf("status %d, %q", status, errs)
	}
	// What a shell makes of it: the go command of this tree, for dios.
	said, err := exec.Command("sh", "-c", out+"go").Output()
	if want := "dios amd64 " + root + "/goroot\n"; string(said) != want || err != nil {
		t.Errorf("go says %q, %v; want %q", said, err, want)
	}
	out, _, status = result(t, command(t, env, "env", "-editor"))
	var settings struct {
		Goroot string            `json:"go.goroot"`
		Env    map[string]string `json:"go.toolsEnvVars"`
		Gopls  struct {
			Env map[string]string `json:"build.env"`
		} `json:"gopls"`
	}
	if err := json.Unmarshal([]byte(out), &settings); err != nil || status != 0 {
		t.Fatalf("status %d, %v: %s", status, err, out)
	}
	if settings.Goroot != root+"/goroot" || settings.Env["GOOS"] != "dios" || settings.Gopls.Env["GOROOT"] != root+"/goroot" ||
		!strings.HasPrefix(settings.Gopls.Env["PATH"], root+"/goroot/bin:") {
		t.Errorf("settings: %s", out)
	}
}

func TestWithPWD(t *testing.T) {
	for _, test := range []struct{ env, want []string }{
		{[]string{"A=1"}, []string{"A=1", "PWD=/x"}},
		{[]string{"PWD=/x", "A=1"}, []string{"PWD=/x", "A=1"}},
		{[]string{"PWD=/y", "A=1"}, []string{"PWD=/x", "A=1"}},
		{nil, []string{"PWD=/x"}},
	} {
		before := append([]string(nil), test.env...)
		if diff := cmp.Diff(test.want, withPWD(test.env, "/x")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.env, diff)
		}
		if diff := cmp.Diff(before, test.env); diff != "" {
			t.Errorf("%q was changed", before)
		}
	}
}

func TestShellEnv(t *testing.T) {
	got := shellEnv([]string{"PATH=/usr/bin", "HOME=/home/x", "A=1", "PWD=/y", "ENV=/x", "TERM=vt"}, "/w")
	want := []string{"A=1", "TERM=vt", "PATH=/bin", "HOME=/root", "SHELL=/bin/sh", "PWD=/w"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSystemKernel(t *testing.T) {
	t.Setenv("DIOS_KERNEL", "")
	dir := t.TempDir()
	boot, modules := dir+"/boot", dir+"/modules"
	if v, err := systemKernel(boot, modules); err == nil || !strings.Contains(err.Error(), "install the package") {
		t.Errorf("%q, %v", v, err)
	}
	kernel := func(v string, withModules bool) {
		write(t, boot+"/vmlinuz-"+v, "", 0o644)
		if withModules {
			write(t, modules+"/"+v+"/modules.dep", "", 0o644)
		}
	}
	check := func(want string) {
		t.Helper()
		if v, err := systemKernel(boot, modules); v != want || err != nil {
			t.Errorf("%q, %v; want %q", v, err, want)
		}
	}
	kernel("6.12.1-amd64", true)
	check("6.12.1-amd64")
	kernel("6.1.0-9-cloud-amd64", true)
	check("6.1.0-9-cloud-amd64") // a cloud kernel first
	kernel("6.1.0-56-cloud-amd64", true)
	kernel("6.1.0-60-cloud-amd64", false)
	check("6.1.0-56-cloud-amd64")
	t.Setenv("DIOS_KERNEL", "5.10")
	check("5.10")
}
