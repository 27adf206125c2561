// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package vm

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dios/internal/image"
)

func TestStateKey(t *testing.T) {
	clean(t)
	root := t.TempDir()
	fakeImage(t, root, "6.1", "")
	fakeQEMU(t, "exit 1")
	key := func(c Config) string {
		t.Helper()
		c.Root, c.Accel = root, "tcg"
		p, err := c.resolve(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return p.key()
	}
	first := key(Config{})
	if first == "" || key(Config{}) != first {
		t.Fatalf("keys %q, %q", first, key(Config{}))
	}
	// These do not make another machine.
	if k := key(Config{PanicOnWarn: true, Deadline: time.Hour, Console: io.Discard}); k != first {
		t.Error("one that is strict is another")
	}
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(root, moved); err != nil {
		t.Fatal(err)
	}
	root = moved
	if key(Config{}) != first {
		t.Error("in another folder it is another")
	}
	// And these do.
	for name, c := range map[string]Config{"memory": {Mem: "2G"}, "CPUs": {CPUs: 2}, "command line": {Append: "x"}} {
		if key(c) == first {
			t.Errorf("another %s: the same key", name)
		}
	}
	for _, file := range []string{Initrd(root, "6.1"), image.KernelBeside(Initrd(root, "6.1")), os.Getenv("DIOS_QEMU")} {
		before := key(Config{})
		if err := os.Chtimes(file, time.Time{}, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if key(Config{}) == before {
			t.Errorf("another %s: the same key", file)
		}
	}
}

func TestOpenState(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state")
	if _, err := openState(name, "key"); err == nil {
		t.Error("there is none, but it was opened")
	}
	for text, good := range map[string]bool{
		"dios-state key\nrest": true,
		"dios-state kez\nrest": false,
		"dios-state key":       false,
		"":                     false,
	} {
		write(t, name, text, 0o666)
		f, err := openState(name, "key")
		if (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil {
			continue
		}
		if rest, _ := io.ReadAll(f); string(rest) != "rest" {
			t.Errorf("QEMU would read %q", rest)
		}
		f.Close()
	}
	write(t, name, "dios-state \n", 0o666)
	if _, err := openState(name, ""); err == nil {
		t.Error("a state of nothing was opened")
	}
}

// A monitor plays QEMU's: it answers each command with the next of answers.
func monitor(t *testing.T, answers ...string) *os.File {
	ours, theirs, err := socketpair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	go func() {
		defer theirs.Close()
		r := bufio.NewReader(theirs)
		for _, a := range answers {
			if !strings.Contains(a, `"QMP"`) {
				if _, err := r.ReadString('\n'); err != nil {
					return
				}
			}
			fmt.Fprintln(theirs, a)
		}
	}()
	return ours
}

func TestMigrate(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const (
		greeting = `{"QMP": {"version": {}}}`
		ok       = `{"return": {}}`
	)
	good := []string{greeting, ok, ok, `{"event": "MIGRATION", "data": {}}` + "\n" + ok, ok}
	status := func(s string) string { return `{"return": {"status": "` + s + `", "error-desc": "why"}}` }
	for _, test := range []struct {
		answers []string
		want    string
	}{
		{append(good[:5:5], status("setup"), status("active"), status("completed")), ""},
		{append(good[:5:5], status("active"), status("failed")), "failed why"},
		{append(good[:4:4], `{"error": {"class": "x", "desc": "no such parameter"}}`), "no such parameter"},
		{good[:3], " "}, // it ended: the reading or the writing fails
		{nil, "EOF"},
		{[]string{`{"QMP" nonsense`}, "invalid character"},
	} {
		err := migrate(monitor(t, test.answers...), f)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.answers, err, test.want)
		}
	}
}

// A state that QEMU does not take costs some time and nothing else.
func TestBadState(t *testing.T) {
	clean(t)
	root := t.TempDir()
	fakeImage(t, root, "6.1", "")
	fakeQEMU(t, `case "$*" in *-incoming*) echo 'load of migration failed' >&2;; *) echo booted >&2;; esac; exit 1`)
	c := Config{Root: root, Accel: "tcg"}
	p, err := c.resolve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	state := State(p.initrd)
	write(t, state, stateMagic+p.key()+"\nnonsense", 0o666)
	if _, err := Boot(context.Background(), c); err == nil || !strings.Contains(err.Error(), "booted") {
		t.Errorf("%v; want that it booted", err)
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("the bad state is still there")
	}
}

// What SaveState cannot save it does not leave in part.
func TestSaveStateFails(t *testing.T) {
	clean(t)
	root := t.TempDir()
	fakeImage(t, root, "6.1", "")
	pid := filepath.Join(t.TempDir(), "pid")
	c := Config{Root: root, Deadline: 4 * time.Second}
	for _, script := range []string{"exit 1", "exec sleep 1000"} {
		fakeQEMU(t, "echo $$ >"+pid+"; "+script)
		write(t, State(Initrd(root, "6.1")), "old", 0o666)
		if err := SaveState(context.Background(), c); err == nil {
			t.Errorf("%s: saved", script)
		}
		gone(t, pid)
		left, err := filepath.Glob(filepath.Dir(Initrd(root, "6.1")) + "/*")
		if err != nil || len(left) != 2 {
			t.Errorf("%s: left %v, %v", script, left, err)
		}
	}
}

// copied returns a configuration for a copy of this tree's image.
func copied(t *testing.T) Config {
	t.Helper()
	c := config(t)
	if c.Root == "" {
		c.Root = os.Getenv("DIOS_ROOT")
	}
	version, err := FindKernel(c.Root, "")
	if err != nil {
		t.Fatal(err)
	}
	from := Initrd(c.Root, version)
	c.Root, c.Kernel, c.Accel = t.TempDir(), version, "tcg"
	to := Initrd(c.Root, version)
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct{ from, to string }{{from, to}, {image.KernelBeside(from), image.KernelBeside(to)}} {
		if err := os.Symlink(f.from, f.to); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// Machines that go on from the same state are up sooner, know what time it is,
// and have random numbers of their own.
func TestSavedMachine(t *testing.T) {
	c := copied(t)
	booted, err := Boot(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	booted.Close()
	if err := SaveState(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for range 2 {
		var trace bytes.Buffer
		c.Trace = &trace
		v, err := Boot(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(trace.String(), " -incoming fd:") {
			t.Errorf("it was not used: %s", trace.String())
		}
		t.Logf("booted in %v, went on in %v", booted.Info().Boot, v.Info().Boot)
		if v.Info().Boot > booted.Info().Boot/2 {
			t.Errorf("booted in %v, went on in %v", booted.Info().Boot, v.Info().Boot)
		}
		if v.Info().ClockSource != "tsc" {
			t.Errorf("clock source %s", v.Info().ClockSource)
		}
		var out bytes.Buffer
		if _, err := v.Run(t.Context(), &Cmd{
			Exec:   image.DiziBox,
			Args:   []string{"sh", "-c", "cat /proc/sys/kernel/random/uuid /proc/sys/kernel/panic_on_warn; date +%s"},
			Stdout: &out,
		}); err != nil {
			t.Fatal(err)
		}
		var uuid string
		var strict int
		var now int64
		if _, err := fmt.Sscan(out.String(), &uuid, &strict, &now); err != nil {
			t.Fatalf("%v: %q", err, out.String())
		}
		if d := time.Now().Unix() - now; d < 0 || d > 2 {
			t.Errorf("its clock is %d s late", d)
		}
		if strict != 1 {
			t.Errorf("panic_on_warn is %d", strict)
		}
		seen = append(seen, uuid)
		v.Close()
	}
	if seen[0] == seen[1] {
		t.Error("both have the same random numbers")
	}

	// Half a state is none.
	state := State(Initrd(c.Root, c.Kernel))
	if err := os.Truncate(state, 1<<20); err != nil {
		t.Fatal(err)
	}
	v, err := Boot(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if err := syscall.Access(state, 0); err == nil {
		t.Error("half a state is still there")
	}
}
