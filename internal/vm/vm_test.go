// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package vm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"dios/internal/abi"
	"dios/internal/image"

	"github.com/google/go-cmp/cmp"
)

// These tests need no machine: they use made-up trees, and scripts for QEMU.

// fakeImage makes an image for a kernel of that version in root. It is made of
// nothing that could boot.
func fakeImage(t *testing.T, root, version, vermagic string) {
	t.Helper()
	meta := "version " + version + "\n"
	if vermagic != "" {
		meta += "vermagic " + vermagic + "\n"
	}
	var b bytes.Buffer
	for _, f := range []struct {
		name, data string
		mode       int
	}{{"dios-image", meta, 0o100444}, {"TRAILER!!!", "", 0}} {
		fmt.Fprintf(&b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
			1, f.mode, 0, 0, 1, 0, len(f.data), 0, 0, 0, 0, len(f.name)+1, 0, f.name)
		for b.Len()%4 != 0 {
			b.WriteByte(0)
		}
		b.WriteString(f.data)
		for b.Len()%4 != 0 {
			b.WriteByte(0)
		}
	}
	write(t, Initrd(root, version), b.String(), 0o666)
	write(t, image.KernelBeside(Initrd(root, version)), "kernel", 0o666)
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

// clean unsets what a user may have set, and gives the test a cache of its own.
func clean(t *testing.T) {
	for _, n := range []string{"DIOS_ROOT", "DIOS_KERNEL", "DIOS_ACCEL", "DIOS_MEM", "DIOS_CPUS", "DIOS_QEMU"} {
		t.Setenv(n, "")
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
}

// fakeQEMU makes DIOS_QEMU a shell script. What it says is no machine's.
func fakeQEMU(t *testing.T, script string) {
	p := filepath.Join(t.TempDir(), "qemu")
	write(t, p, "#!/bin/sh\n"+script+"\n", 0o777)
	t.Setenv("DIOS_QEMU", p)
	t.Setenv("DIOS_CONSOLE", "")
}

func TestFindRoot(t *testing.T) {
	clean(t)
	root := t.TempDir()
	t.Setenv("DIOS_ROOT", root)
	if got, err := FindRoot(); got != root || err != nil {
		t.Errorf("%q, %v; want %q", got, err, root)
	}
	t.Setenv("DIOS_ROOT", root+"/missing")
	if got, err := FindRoot(); err == nil || !strings.Contains(err.Error(), "DIOS_ROOT") {
		t.Errorf("%q, %v; want an error that names DIOS_ROOT", got, err)
	}
	t.Setenv("DIOS_ROOT", "")
	if got, err := FindRoot(); err == nil || !strings.Contains(err.Error(), "set DIOS_ROOT") {
		t.Errorf("%q, %v; want an error that says what to do", got, err)
	}
}

func TestFindKernel(t *testing.T) {
	clean(t)
	root := t.TempDir()
	if v, err := FindKernel(root, ""); err == nil || !strings.Contains(err.Error(), "run ./make.bash") {
		t.Errorf("no image: %q, %v", v, err)
	}
	for _, v := range []string{"6.1.0-9-cloud-amd64", "6.1.0-56-cloud-amd64", "5.10.0-100-cloud-amd64"} {
		fakeImage(t, root, v, "")
	}
	for _, test := range []struct{ want, env, got string }{
		{"", "", "6.1.0-56-cloud-amd64"},
		{"", "5.10", "5.10"},
		{"6.2", "5.10", "6.2"},
	} {
		t.Setenv("DIOS_KERNEL", test.env)
		if v, err := FindKernel(root, test.want); v != test.got || err != nil {
			t.Errorf("want %q, DIOS_KERNEL %q: %q, %v; want %q", test.want, test.env, v, err, test.got)
		}
	}
	if v, err := FindKernel(root, "../x"); err == nil {
		t.Errorf("../x is %q", v)
	}
	// What make.bash chose, though there is a newer one.
	t.Setenv("DIOS_KERNEL", "")
	write(t, filepath.Join(root, "build", "vm", "default"), "5.10.0-100-cloud-amd64\n", 0o666)
	if v, err := FindKernel(root, ""); v != "5.10.0-100-cloud-amd64" || err != nil {
		t.Errorf("with a default: %q, %v", v, err)
	}
}

func TestModule(t *testing.T) {
	root := t.TempDir()
	if got, want := Module(root, "6.12"), filepath.Join(root, "kernel", "dios.ko"); got != want {
		t.Errorf("the module for 6.12 is %s, want %s", got, want)
	}
	write(t, filepath.Join(root, "build", "backport", "version"), "6.12\n", 0o666)
	if got, want := Module(root, "6.12"), filepath.Join(root, "build", "kernel", "6.12", "kernel", "dios.ko"); got != want {
		t.Errorf("the module for 6.12 from backports is %s, want %s", got, want)
	}
	if got, want := Module(root, "6.1"), filepath.Join(root, "kernel", "dios.ko"); got != want {
		t.Errorf("the module for 6.1 is %s, want %s", got, want)
	}
	if err := CheckImage(root, "6.12"); err == nil || !strings.Contains(err.Error(), "run ./make.bash backport") {
		t.Errorf("no image for it: %v", err)
	}
}

func TestCompareVersions(t *testing.T) {
	order := []string{"", "5.10.0-1-amd64", "6.1", "6.1.0-9-cloud-amd64", "6.1.0-56-amd64", "6.1.0-56-cloud-amd64", "6.12.1", "6.12.1+deb13"}
	for i, a := range order {
		for j, b := range order {
			if got, want := CompareVersions(a, b), i-j; got*want < 0 || (got == 0) != (want == 0) {
				t.Errorf("CompareVersions(%q, %q) = %d", a, b, got)
			}
		}
	}
	if CompareVersions("6.01", "6.1") != 0 {
		t.Error("6.01 is not 6.1")
	}
}

func TestCheckImage(t *testing.T) {
	clean(t)
	root := t.TempDir()
	fakeImage(t, root, "6.1", "6.1 SMP preempt")
	if err := CheckImage(root, "6.1"); err != nil {
		t.Error(err)
	}
	fakeImage(t, root, "6.2", "6.1 SMP preempt") // what image.Make refuses to make
	fakeImage(t, root, "6.3", "")
	os.Remove(image.KernelBeside(Initrd(root, "6.3")))
	if err := os.Rename(filepath.Dir(Initrd(root, "6.1")), filepath.Dir(Initrd(root, "6.4"))); err != nil {
		t.Fatal(err)
	}
	write(t, Initrd(root, "6.9"), "not an image", 0o666)
	for version, want := range map[string]string{
		"6.2": "is for kernel 6.1, not for 6.2: run DIOS_KERNEL=6.2 ./make.bash",
		"6.3": "no kernel image, " + image.KernelBeside(Initrd(root, "6.3")) + " is missing: run DIOS_KERNEL=6.3 ./make.bash",
		"6.4": "is for kernel 6.1, not for 6.4",
		"6.8": "no image for kernel 6.8",
		"6.9": "run ./make.bash", // the newest
	} {
		if err := CheckImage(root, version); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want something with %q", version, err, want)
		}
	}
}

func TestResolve(t *testing.T) {
	clean(t)
	root := t.TempDir()
	fakeImage(t, root, "6.1", "")
	fakeQEMU(t, "exit 1")
	t.Setenv("DIOS_ACCEL", "tcg")
	ctx := context.Background()
	c := Config{Root: root}
	p, err := c.resolve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if p.version != "6.1" || p.accel != "tcg" || p.mem != "1G" || p.cpus != 1 || p.deadline != time.Minute {
		t.Errorf("%+v", p)
	}
	t.Setenv("DIOS_MEM", "77M")
	t.Setenv("DIOS_CPUS", "3")
	c.Append = "dios.x=1"
	if p, err = c.resolve(ctx); err != nil {
		t.Fatal(err)
	}
	args := p.args()
	for _, want := range [][]string{
		{"-m", "77M"}, {"-smp", "3"}, {"-no-reboot"}, {"-nodefaults"},
		{"-kernel", image.KernelBeside(Initrd(root, "6.1"))}, {"-initrd", Initrd(root, "6.1")},
	} {
		if i := slices.Index(args, want[0]); i < 0 || !slices.Equal(args[i:i+len(want)], want) {
			t.Errorf("no %q in %q", want, args)
		}
	}
	cmdline := args[slices.Index(args, "-append")+1]
	if !strings.HasSuffix(cmdline, " dios.x=1") {
		t.Errorf("kernel command line %q", cmdline)
	}
	if slices.Contains(args, "-icount") {
		t.Errorf("instructions are counted: %q", args)
	}
	c.Count = true
	if p, err = c.resolve(ctx); err != nil || !slices.Contains(p.args(), "-icount") {
		t.Errorf("instructions are not counted: %v", err)
	}
	// A Config is stronger than the environment.
	c.Mem, c.CPUs, c.Accel = "88M", 2, "kvm"
	if p, err = c.resolve(ctx); err != nil || p.mem != "88M" || p.cpus != 2 || p.accel != "kvm" {
		t.Errorf("%+v, %v", p, err)
	}

	for _, test := range []struct{ name, value, want string }{
		{"DIOS_CPUS", "many", "DIOS_CPUS"},
		{"DIOS_CPUS", "0", "DIOS_CPUS"},
		{"DIOS_ACCEL", "turbo", "choose auto, tcg or kvm"},
		{"DIOS_KERNEL", "6.66", "no image for kernel 6.66"},
		{"DIOS_QEMU", "/no/such/qemu", "no QEMU: /no/such/qemu is not in PATH; install the package qemu-system-x86"},
		{"DIOS_ROOT", "/no/such/root", "DIOS_ROOT"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(test.name, test.value)
			c := Config{Root: root}
			if test.name == "DIOS_ROOT" {
				c.Root = ""
			}
			_, err := Boot(ctx, c)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v; want one line with %q", err, test.want)
			}
			if Status(err) != StatusRunner {
				t.Errorf("status %d, want %d", Status(err), StatusRunner)
			}
		})
	}
}

func TestCommandLine(t *testing.T) {
	for in, want := range map[string]string{
		"":       "''",
		"a-b/c":  "a-b/c",
		"a b":    "'a b'",
		"it's":   `'it'\''s'`,
		"$x":     "'$x'",
		"ä":      "'ä'",
		"id=3,x": "id=3,x",
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %s, want %s", in, got, want)
		}
	}
	clean(t)
	root := filepath.Join(t.TempDir(), "with space")
	fakeImage(t, root, "6.1", "")
	fakeQEMU(t, "echo broken >&2; exit 1")
	var trace bytes.Buffer
	Boot(context.Background(), Config{Root: root, Accel: "tcg", Trace: &trace})
	if s := trace.String(); strings.Count(s, "\n") != 1 || !strings.Contains(s, "with space/build/vm/6.1/initrd'") {
		t.Errorf("command line %q", s)
	}
}

// What QEMU may do wrong, and what we say then.
func TestBootFails(t *testing.T) {
	for _, test := range []struct {
		name, script string
		want         []string
		log          string // what the console's file must have; "": there must be none
	}{
		{"refused", "echo 'qemu: no such device' >&2; echo 'try again' >&2; exit 1", []string{"qemu: no such device; try again"}, ""},
		{"ended", "exit 3", []string{"qemu: exit status 3", "console: "}, ""},
		{"stopped", "exit 0", []string{"the virtual machine stopped", "console: "}, ""},
		{"panicked", `printf '\033[2J[ 1.0] Kernel panic - not syncing: Oh no\r\n'; exit 0`,
			[]string{"kernel stopped: Kernel panic - not syncing: Oh no", "console: "}, "[ 1.0] Kernel panic - not syncing: Oh no\n"},
		{"warned", `printf '[ 1.0] WARNING: CPU: 0 PID: 1 at x.c:1 f+0x1/0x2\n[ 1.1] Kernel panic - not syncing: panic_on_warn set ...\n'; exit 0`,
			[]string{"kernel stopped: WARNING: CPU: 0 PID: 1 at x.c:1 f+0x1/0x2; console: "},
			"[ 1.0] WARNING: CPU: 0 PID: 1 at x.c:1 f+0x1/0x2\n[ 1.1] Kernel panic - not syncing: panic_on_warn set ...\n"},
		{"hung", "echo here I am; exec sleep 1000", []string{"did not come up in 4s", "console: "}, "here I am\n"},
		{"talked nonsense", "printf 'nonsense, and enough of it' >&3; exec sleep 1000", []string{"agent in the virtual machine is gone", "console: "}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			clean(t)
			root := t.TempDir()
			fakeImage(t, root, "6.1", "")
			pid := filepath.Join(t.TempDir(), "pid")
			fakeQEMU(t, "echo $$ >"+pid+"; "+test.script)
			began := time.Now()
			_, err := Boot(context.Background(), Config{Root: root, Accel: "tcg", Deadline: 4 * time.Second})
			if err == nil {
				t.Fatal("it booted")
			}
			if d := time.Since(began); d > 10*time.Second {
				t.Errorf("that took %v", d)
			}
			text := err.Error()
			for _, w := range test.want {
				if !strings.Contains(text, w) {
					t.Errorf("%q; want something with %q", text, w)
				}
			}
			if strings.Contains(text, "\n") {
				t.Errorf("more than a line: %q", text)
			}
			if _, log, ok := strings.Cut(text, "console: "); ok {
				b, err := os.ReadFile(log)
				if err != nil || string(b) != test.log {
					t.Errorf("console %q, %v; want %q", b, err, test.log)
				}
			}
			gone(t, pid)
		})
	}
}

// gone checks that the process whose number is in a file has ended.
func gone(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("process %d is still there: %v", pid, err)
	}
}

func TestBootCanceled(t *testing.T) {
	clean(t)
	root := t.TempDir()
	fakeImage(t, root, "6.1", "")
	pid := filepath.Join(t.TempDir(), "pid")
	fakeQEMU(t, "echo $$ >"+pid+"; exec sleep 1000")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if _, err := Boot(ctx, Config{Root: root, Accel: "tcg"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want %v", err, context.DeadlineExceeded)
	}
	gone(t, pid)
	if left, _ := filepath.Glob(os.TempDir() + "/*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestKVMIsRemembered(t *testing.T) {
	clean(t)
	fakeQEMU(t, "exit 1")
	qemu, err := FindQEMU()
	if err != nil {
		t.Fatal(err)
	}
	check := func(works, known bool) {
		t.Helper()
		if w, k := kvmRemembered(qemu); w != works || k != known {
			t.Errorf("works %v, known %v; want %v, %v", w, k, works, known)
		}
	}
	check(false, false)
	rememberKVM(qemu, true)
	check(true, true)
	rememberKVM(qemu, false)
	check(false, true)
	rememberKVM(qemu, true)
	forgetKVM()
	check(false, true)
	// Another QEMU may do better.
	write(t, qemu, "#!/bin/sh\nexit 2 # another\n", 0o777)
	check(false, false)
	// Without a home there is nowhere to keep it, so do not try each time.
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	check(false, true)
}

func TestConsole(t *testing.T) {
	clean(t)
	var also bytes.Buffer
	c, err := newConsole(&also)
	if err != nil {
		t.Fatal(err)
	}
	in := "\x1bc\x1b[?7l\x1b[2J\x1b[0mone\r\ntwo\r\n"
	for i := range in { // however it comes
		c.Write([]byte{in[i]})
	}
	if got := c.text(); got != "one\ntwo\n" {
		t.Errorf("%q", got)
	}
	if also.String() != in {
		t.Errorf("the listener got %q", also.String())
	}
	name := c.save()
	if b, err := os.ReadFile(name); err != nil || string(b) != "one\ntwo\n" {
		t.Errorf("saved %q, %v", b, err)
	}
	if again := c.save(); again != name {
		t.Errorf("saved twice, in %s and %s", name, again)
	}
	c.Write(bytes.Repeat([]byte("x"), 5*tailSize))
	if n := len(c.text()); n < tailSize || n > 2*tailSize {
		t.Errorf("%d bytes kept, want %d to %d", n, tailSize, 2*tailSize)
	}
	t.Setenv("TMPDIR", "/no/such/folder")
	c.saved = ""
	if name := c.save(); !strings.HasPrefix(name, "lost, ") {
		t.Errorf("saved to %q", name)
	}
}

// program returns a small program that does nothing but be checked.
func program() []byte {
	b := make([]byte, 64+56+8)
	copy(b, "\x7fELF\x02\x01\x01")
	b[16], b[18], b[20] = 2, 62, 1
	b[32], b[52], b[54], b[56], b[58] = 64, 64, 56, 1, 64
	b[64] = 1                 // PT_LOAD
	b[64+32], b[64+40] = 8, 8 // of eight bytes
	b[64+8] = 64 + 56
	return b
}

func TestOpenProgram(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, perm os.FileMode, change func(b []byte) []byte) string {
		p := filepath.Join(dir, name)
		write(t, p, string(change(program())), perm)
		return p
	}
	set := func(i int, v byte) func([]byte) []byte {
		return func(b []byte) []byte { b[i] = v; return b }
	}
	same := func(b []byte) []byte { return b }
	branded := func(n byte) func([]byte) []byte {
		return func(b []byte) []byte { b[7], b[8] = abi.OSABI, n; return b }
	}
	for _, n := range []byte{abi.BrandPure, abi.BrandDiosLimbo, abi.BrandLegacyLimbo} {
		p, err := OpenProgram(file(fmt.Sprintf("good%d", n), 0o755, branded(n)))
		if err != nil {
			t.Errorf("brand %#x: %v", n, err)
			continue
		}
		if p.Brand.Number != n || !p.Brand.DIOS() {
			t.Errorf("brand %#x, DIOS %v; want %#x, true", p.Brand.Number, p.Brand.DIOS(), n)
		}
		p.Close()
	}
	if p, err := OpenProgram(file("legacy", 0o755, same)); err != nil || p.Brand.DIOS() {
		t.Errorf("legacy: %v", err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path   string
		status int
		want   string
	}{
		{filepath.Join(dir, "missing"), 127, "no such file"},
		{filepath.Join(dir, "legacy", "below"), 126, "not a directory"},
		{"", 127, "no such file"},
		{dir, 126, "is a directory"},
		{filepath.Join(dir, "fifo"), 126, "not a regular file"},
		{file("data", 0o644, same), 126, "not executable"},
		{file("empty", 0o755, func([]byte) []byte { return nil }), 126, "empty file"},
		{file("script", 0o755, func([]byte) []byte { return []byte("#!/bin/sh\nexit 0\n# and some more text to make it long enough\n") }), 126, "not an ELF file"},
		{file("header", 0o755, func(b []byte) []byte { return b[:40] }), 126, "truncated"},
		{file("headers", 0o755, func(b []byte) []byte { return b[:70] }), 126, "truncated"},
		{file("truncated", 0o755, func(b []byte) []byte { return b[:len(b)-4] }), 126, "truncated"},
		{file("machine", 0o755, set(18, 183)), 126, "not for x86-64"},
		{file("class", 0o755, set(4, 1)), 126, "not 64 bits"},
		{file("order", 0o755, set(5, 2)), 126, "not little-endian"},
		{file("object", 0o755, set(16, 1)), 126, "not a program"},
		{file("library", 0o755, set(16, 3)), 126, "not a program"},
		{file("brand", 0o755, branded(0x42)), 126, "unknown brand 0x42"},
		{file("dynamic", 0o755, func(b []byte) []byte {
			b[56] = 2
			interp := make([]byte, 56)
			interp[0] = 3
			b = append(append(b[:64+56:64+56], interp...), b[64+56:]...)
			b[64+8] += 56
			return b
		}), 126, "needs libraries"},
	} {
		p, err := OpenProgram(test.path)
		if err == nil {
			p.Close()
			t.Errorf("%s: no error", test.path)
			continue
		}
		if Status(err) != test.status || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), test.path+": ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("status %d, %q; want %d, and a line with %q that names the file", Status(err), err, test.status, test.want)
		}
	}
}

func TestStatus(t *testing.T) {
	got := []int{
		Status(errors.New("x")),
		Status(&ExitError{126, errors.New("x")}),
		Status(fmt.Errorf("more: %w", &ExitError{127, errors.New("x")})),
	}
	if diff := cmp.Diff([]int{125, 126, 127}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSame(t *testing.T) {
	var a, b bytes.Buffer
	if !same(&a, &a) || same(&a, &b) || same(nil, nil) || same(&a, nil) {
		t.Error("wrong")
	}
	if x := (uncomparable{nil}); same(x, x) {
		t.Error("what cannot be compared is the same")
	}
}

type uncomparable struct{ f []int }

func (uncomparable) Write(b []byte) (int, error) { return len(b), nil }

// Replies to what came together go together, and go before more is waited for.
func TestBatches(t *testing.T) {
	r, w := io.Pipe()
	var got []string
	b := newBatches(r, writerFunc(func(p []byte) (int, error) {
		got = append(got, string(p))
		return len(p), nil
	}))
	go func() {
		for _, s := range []string{"abc", "d", "ef"} {
			io.WriteString(w, s)
		}
		w.Close()
	}()
	for {
		var c [1]byte
		if _, err := io.ReadFull(b, c[:]); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(b, "%c", c[0]-'a'+'A')
	}
	if diff := cmp.Diff([]string{"ABC", "D", "EF"}, got); diff != "" {
		t.Errorf("replies (-want +got):\n%s", diff)
	}
}
