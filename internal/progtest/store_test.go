// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dios/internal/vm"
)

// lines is an output that is read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer // mu
	some chan bool    // something was written
}

func newLines() *lines { return &lines{some: make(chan bool, 1)} }

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(b)
	select {
	case l.some <- true:
	default:
	}
	return len(b), nil
}

// whole returns the lines that have ended.
func (l *lines) whole() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := strings.Split(l.text.String(), "\n")
	return all[:len(all)-1]
}

// A machine that is killed in the middle of a stream of writes to its store, at
// any time, has lost none that had returned, and has none in part: after each
// kill it boots again, the program looks, and goes on. For DIOS_STORE_CRASH
// (default: 40s). DIOS_STORE_SEED repeats what is written, but not when it is killed.
func TestStoreCrash(t *testing.T) {
	needVM(t)
	t.Parallel()
	duration := fromEnv(t, "DIOS_STORE_CRASH", 40*time.Second, time.ParseDuration)
	seed := fromEnv(t, "DIOS_STORE_SEED", uint64(rand.Uint32()), parseSeed)
	dir := t.TempDir()
	c := vm.Config{Root: Root(), PanicOnWarn: true, Store: filepath.Join(dir, "a store, with a comma")}
	if err := vm.MakeStore(c.Store, 64<<20); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "store")
	if err := BuildC(filepath.Join(Source(), "testdata", "store", "store.c"), program, "pure"); err != nil {
		t.Fatal(err)
	}

	crash(t, c, nil, program, seed, duration, 300*time.Millisecond)
}

// The same with files in the store, each write of which is followed by fsync, of
// the file or of the folder that another was renamed in.
func TestStoreFilesCrash(t *testing.T) {
	needVM(t)
	t.Parallel()
	duration := fromEnv(t, "DIOS_STORE_CRASH", 20*time.Second, time.ParseDuration)
	seed := fromEnv(t, "DIOS_STORE_SEED", uint64(rand.Uint32()), parseSeed)
	c := vm.Config{Root: Root(), PanicOnWarn: true, Store: filepath.Join(t.TempDir(), "store")}
	if err := vm.MakeStore(c.Store, 128<<20); err != nil {
		t.Fatal(err)
	}
	via := []string{filepath.Join(Root(), "bin", "diosfs"), "store"}
	crash(t, c, via, filepath.Join(binaries(t, "dios"), "lasting"), seed, duration, 2*time.Second)
}

// Here only the service of the files is killed, as a process: its client has errors and goes
// on, and no write that had returned is lost.
func TestFileServiceKilled(t *testing.T) {
	needVM(t)
	m := machine(t)
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	service, err := os.Open(filepath.Join(Root(), "bin", "diosfs"))
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	if err := m.VM.Put(ctx, "/run/diosfs", 0o755, service); err != nil {
		t.Fatal(err)
	}
	// A run ends what it has started. So the shell waits until the client has said what it saw.
	via := []string{filepath.Join(Root(), "bin", "dizibox"), "sh", "-c", `/run/diosfs store "$@" & wait $! 2>/dev/null; s=$?
		for i in $(seq 300); do dios names | grep -q lasting && exit $s; sleep 0.1; done; exit $s`, "sh"}
	program := filepath.Join(binaries(t, "dios"), "lasting")
	seed := fmt.Sprint(rand.Uint32())
	known := 0
	for range 3 {
		l := newLines()
		go func() {
			for len(l.whole()) < 20 {
				select {
				case <-l.some:
				case <-ctx.Done():
					return
				}
			}
			time.Sleep(time.Duration(rand.Int64N(int64(200 * time.Millisecond))))
			if out, err := m.Shell(`set -- $(awk '$NF == "diosfs" { print $2 }' /sys/kernel/debug/dios/tasks); [ $# = 1 ] && kill -9 $1`); err != nil {
				t.Errorf("kill: %v %s", err, out)
			}
		}()
		res, err := m.VM.Run(ctx, &vm.Cmd{File: program, Via: via, Args: []string{"lasting", seed, fmt.Sprint(known)}, Stdout: l, Stderr: l})
		out := l.whole()
		if err != nil || res.Status != 128+9 || len(out) < 20 {
			t.Fatalf("%v, status %d: %q", err, res.Status, out)
		}
		if known, err = strconv.Atoi(out[len(out)-1]); err != nil {
			t.Fatalf("%q", out)
		}
		said := shell(t, m, "cat <blob:lasting && dios delete lasting")
		if said != "true true true\n" {
			t.Errorf("the client: %q", said)
		}
	}
	o := m.withFiles(t, "store", "lasting", seed, fmt.Sprint(known), "check")
	if o.Status != 0 {
		t.Errorf("after write %d: status %d\n%s%s", known, o.Status, o.Stdout, o.Stderr)
	}
	t.Logf("%d writes had returned, then %s", known, o.Stdout)
	shell(t, m, `dios names | sed -n 's/.* \(diosfs [01] .*\)/\1/p' | while IFS= read -r n; do dios delete "$n"; done`)
	leftover(t, m, before)
}

// crash has a program write and kills the machine at some time in the window after
// its start, again and again, and then looks.
func crash(t *testing.T, c vm.Config, via []string, program string, seed uint64, duration, window time.Duration) {
	t.Helper()
	known, kills := 0, 0
	for start := time.Now(); time.Since(start) < duration; kills++ {
		known = writeUntilKilled(t, c, via, program, seed, known, window)
	}
	// The last look, and an end that is none.
	out := runStore(t, c, via, program, nil, fmt.Sprint(seed), fmt.Sprint(known), "check")
	t.Logf("seed %d: killed %d times, %d writes had returned, then %s", seed, kills, known, strings.Join(out, " "))
	if known < kills {
		t.Errorf("only %d writes between %d kills: that shows nothing", known, kills)
	}
}

// writeUntilKilled boots a machine, has the program look and write, kills it, and
// returns the last write that is known to have returned.
func writeUntilKilled(t *testing.T, c vm.Config, via []string, program string, seed uint64, known int, window time.Duration) int {
	t.Helper()
	out := runStore(t, c, via, program, func(m *vm.VM, l *lines) {
		// Not before it has begun to write.
		for len(l.whole()) < 2 {
			select {
			case <-l.some:
			case <-m.Dead():
				return
			}
		}
		time.Sleep(time.Duration(rand.Int64N(int64(window))))
		m.Close()
	}, fmt.Sprint(seed), fmt.Sprint(known))
	if len(out) < 2 || !strings.HasPrefix(out[0], "at ") {
		t.Fatalf("seed %d, write %d: %q", seed, known, out)
	}
	last := out[len(out)-1]
	n, err := strconv.Atoi(last)
	if err != nil || n <= known && n < 1 {
		t.Fatalf("seed %d, write %d: the last line is %q", seed, known, last)
	}
	return n
}

// runStore runs the program in a machine of its own and returns the lines it
// has written. With kill, it is not to end, but by that.
func runStore(t *testing.T, c vm.Config, via []string, program string, kill func(*vm.VM, *lines), args ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	m, err := vm.Boot(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if d := m.Info().DIOS; d != "" {
		t.Fatalf("no DIOS in the virtual machine: %s", d)
	}
	l := newLines()
	if kill != nil {
		go kill(m, l)
	}
	res, err := m.Run(ctx, &vm.Cmd{File: program, Via: via, Args: append([]string{"store"}, args...), Stdout: l, Stderr: l})
	out := l.whole()
	switch {
	case ctx.Err() != nil:
		t.Fatalf("%v: still running after %v", args, timeout)
	case kill == nil && err != nil:
		t.Fatalf("%v: %v", args, err)
	case kill == nil && res.Status != 0 || kill != nil && err == nil:
		t.Fatalf("%v: status %d\n%s", args, res.Status, strings.Join(out, "\n"))
	}
	return out
}

// What a program puts into a store stays there for the next machine, and only
// one machine at a time can have it.
func TestStoreIsOneMachines(t *testing.T) {
	needVM(t)
	t.Parallel()
	c := vm.Config{Root: Root(), Store: filepath.Join(t.TempDir(), "store")}
	if _, err := vm.Boot(t.Context(), c); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a store that is missing: %v", err)
	}
	if err := os.WriteFile(c.Store, make([]byte, 1<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	m, err := vm.Boot(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if d := m.Info().DIOS; !strings.Contains(d, "ext4") {
		t.Errorf("a store that is empty: %q", d)
	}
	m.Close()
	os.Remove(c.Store)
	if err := vm.MakeStore(c.Store, 16<<20); err != nil {
		t.Fatal(err)
	}
	if err := vm.MakeStore(c.Store, 1<<30); err != nil {
		t.Error(err)
	}
	if fi, err := os.Stat(c.Store); err != nil || fi.Size() != 16<<20 {
		t.Errorf("made twice: %v, %v", fi, err)
	}
	m, err = vm.Boot(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if other, err := vm.Boot(t.Context(), c); err == nil {
		t.Error("two machines have the same store")
		other.Close()
	} else if !strings.Contains(err.Error(), "lock") {
		t.Error(err)
	}
}

// What a user has in the store counts against its limit also when none of its tasks
// lives, and after the node has gone.
func TestStoreIsCounted(t *testing.T) {
	needVM(t)
	t.Parallel()
	dir := t.TempDir()
	c := vm.Config{Root: Root(), PanicOnWarn: true, Store: filepath.Join(dir, "store")}
	if err := vm.MakeStore(c.Store, 16<<20); err != nil {
		t.Fatal(err)
	}
	// Each of the program's blobs has a page of bytes, its head, and a record.
	const pages = 70 * 3
	has := fmt.Sprintf("the user has %d in the store\n", pages*4096)
	users := "awk 'NR > 1 { print \"the user has\", $7, \"in the store\" }' /sys/kernel/debug/dios/users"

	m, err := boot(c)
	if err != nil {
		t.Fatal(err)
	}
	limitsPrograms(t, m)
	inside := func(m *VM, what string) {
		t.Helper()
		o, err := m.RunInside("/limits/limits", Run{Args: []string{"limits", what}})
		if err != nil || o.Status != 0 {
			t.Fatalf("%s: %v, status %d\n%s%s", what, err, o.Status, o.Stdout, o.Stderr)
		}
	}
	if got := shell(t, m, users); got != "" {
		t.Errorf("before: %q", got)
	}
	inside(m, "keep")
	if got := shell(t, m, users); got != has {
		t.Errorf("after: %q, want %q", got, has)
	}
	m.Close()

	if m, err = boot(c); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	limitsPrograms(t, m)
	if got := shell(t, m, users); got != has {
		t.Errorf("in the next machine: %q, want %q", got, has)
	}
	// Room for two more blobs of four pages.
	if err := m.SetParam("quota_user_store", fmt.Sprint((pages+8)*4096)); err != nil {
		t.Fatal(err)
	}
	o, err := m.RunInside("/limits/limits", Run{Args: []string{"limits", "stored"}})
	if err != nil || o.Status != 0 || o.Stdout != "2\n" {
		t.Errorf("with room for two: %v, status %d, %q\n%s", err, o.Status, o.Stdout, o.Stderr)
	}
	inside(m, "drop")
	if got := shell(t, m, users); got != "" {
		t.Errorf("at the end: %q", got)
	}
}
