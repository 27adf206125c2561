// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"dios/internal/vm"
)

// limitsPrograms builds the programs of testdata/limits and puts them into the machine.
func limitsPrograms(t *testing.T, m *VM) {
	t.Helper()
	for name, brand := range map[string]string{"limits": "pure", "charge": "dios-limbo"} {
		out := filepath.Join(t.TempDir(), name)
		if err := BuildC(filepath.Join(Source(), "testdata", "limits", name+".c"), out, brand); err != nil {
			t.Fatal(err)
		}
		if err := m.Put(out, "/limits/"+name); err != nil {
			t.Fatal(err)
		}
	}
}

// shell runs a command of the machine's shell.
func shell(t *testing.T, m *VM, command string) string {
	t.Helper()
	out, err := m.Shell(command)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const paramDir = "/sys/module/dios/parameters/"

// Every limit of a user and of a task holds, can be read and set in /sys, and
// nothing is lost by a refusal.
func TestLimits(t *testing.T) {
	m := machine(t)
	limitsPrograms(t, m)
	for _, test := range []struct {
		param, value string
		what         string
		least, most  int // of how many it gets, beside what its launcher has
	}{
		{"quota_user_objects", "100", "objects", 90, 100},
		{"quota_user_refs", "100", "refs", 70, 100},
		{"quota_user_tasks", "9", "tasks", 6, 7}, // 9 but itself and its launcher
		{"quota_user_lent", "1048576", "lent", 55, 63},
		{"quota_user_memory", "1048576", "memory", 14, 16},
		{"quota_user_memory", "1048576", "shared", 250, 256},
		{"quota_user_store", "1048576", "stored", 55, 64},
		{"quota_refs", "100", "refs", 80, 95},
		{"quota_lent", "1048576", "lent", 60, 63},
		{"quota_memory", "1048576", "memory", 14, 16},
		{"quota_tasks", "9", "tasks", 6, 7},
	} {
		t.Run(test.param+" "+test.what, func(t *testing.T) {
			before, err := m.Counts()
			if err != nil {
				t.Fatal(err)
			}
			usual := strings.TrimSpace(shell(t, m, "cat "+paramDir+test.param))
			if err := m.SetParam(test.param, test.value); err != nil {
				t.Fatal(err)
			}
			defer m.SetParam(test.param, usual)
			o, err := m.RunInside("/limits/limits", Run{Args: []string{"limits", test.what}})
			if err != nil || o.Status != 0 || o.Stderr != "" {
				t.Fatalf("%v, status %d\n%s%s", err, o.Status, o.Stdout, o.Stderr)
			}
			n, err := strconv.Atoi(strings.TrimSpace(o.Stdout))
			if test.what == "tasks" {
				n, err = strings.Count(o.Stdout, "."), nil
			}
			if err != nil || n < test.least || n > test.most {
				t.Errorf("it had %q, want %d to %d", o.Stdout, test.least, test.most)
			}
			leftover(t, m, before)
		})
	}
}

// What the kernel gives to a program is charged to its cgroup, and one that
// wants more than the cgroup has is killed, with nothing left behind.
func TestMemoryCharged(t *testing.T) {
	m := machine(t)
	limitsPrograms(t, m)
	shell(t, m, "[ -e /sys/fs/cgroup/cgroup.controllers ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup; "+
		"echo +memory >/sys/fs/cgroup/cgroup.subtree_control; mkdir -p /sys/fs/cgroup/dios")
	in := func(max string) (Outcome, error) {
		return m.run(&vm.Cmd{Exec: "/bin/busybox", Args: []string{"sh", "-c",
			"echo " + max + " >/sys/fs/cgroup/dios/memory.max; echo $$ >/sys/fs/cgroup/dios/cgroup.procs; exec /bin/busybox diosrun /limits/charge 4"}}, true)
	}
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	o, err := in("max")
	if err != nil || o.Status != 0 || !strings.HasSuffix(o.Stdout, "all of it\n") {
		t.Errorf("%v, status %d\n%s", err, o.Status, o.Stdout)
	}
	leftover(t, m, before)
	o, err = in("12M")
	if err != nil {
		t.Fatal(err)
	}
	if o.Status != 128+9 {
		t.Errorf("with 12 MiB: status %d, want %d, for killed\n%s", o.Status, 128+9, o.Stdout)
	}
	leftover(t, m, before)
}

// background starts a program that does not end, waits until the tasks that the
// kernel lists contain what the expression says, and returns that line. Stop ends it.
func background(t *testing.T, m *VM, c *vm.Cmd, line *regexp.Regexp) (found string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	ended := make(chan string, 1)
	go func() {
		res, err := m.VM.Run(ctx, c)
		ended <- fmt.Sprintf("%v, status %d\n%s", err, res.Status, out.String())
	}()
	stop = func() {
		cancel()
		<-ended
	}
	for start := time.Now(); time.Since(start) < slow(20*time.Second); time.Sleep(50 * time.Millisecond) {
		select {
		case why := <-ended:
			cancel()
			t.Fatalf("it ended: %s", why)
		default:
		}
		if found = line.FindString(shell(t, m, "cat /sys/kernel/debug/dios/tasks")); found != "" {
			return found, stop
		}
	}
	stop()
	t.Fatalf("the kernel lists no task like %v:\n%s", line, shell(t, m, "cat /sys/kernel/debug/dios/tasks"))
	return
}

// A user who is not root, and a task that waits, stand in the listings as what they are.
func TestListings(t *testing.T) {
	m := machine(t)
	limitsPrograms(t, m)
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	if mode := shell(t, m, "stat -c %a /dev/dios"); mode != "660\n" {
		t.Errorf("/dev/dios has mode %s, want 660", mode)
	}
	shell(t, m, "chmod 666 /dev/dios; chmod 755 /limits /limits/limits")
	defer m.Shell("chmod 660 /dev/dios")
	line, stop := background(t, m,
		&vm.Cmd{Exec: "/bin/busybox", Args: []string{"diosrun", "-a", "some name", "/limits/limits", "wait"}, UID: 1234, GID: 1234},
		regexp.MustCompile(`(?m)^.* blocked select .* some name$`))
	f := strings.Fields(line)
	head := strings.Fields(shell(t, m, "head -n 1 /sys/kernel/debug/dios/tasks"))
	column := func(name string) string {
		for i, h := range head {
			if h == name && i < len(f) {
				return f[i]
			}
		}
		t.Errorf("there is no column %s in %v", name, head)
		return ""
	}
	for name, want := range map[string]string{
		"uid": "1234", "brand": "0x05", "call": "select", "zombies": "0",
	} {
		if got := column(name); got != want {
			t.Errorf("%s is %s, want %s\n%s", name, got, want, line)
		}
	}
	types, sum := make(map[string]int), 0
	for _, kv := range strings.Split(column("types"), ",") {
		k, v, _ := strings.Cut(kv, ":")
		types[k], _ = strconv.Atoi(v)
		sum += types[k]
	}
	if types["self"] != 1 || types["timer"] != 2 || types["privmem"] != 1 || types["console"] != 3 || strconv.Itoa(sum) != column("refs") {
		t.Errorf("types are %v, %d of %s references\n%s", types, sum, column("refs"), line)
	}
	if n, err := strconv.Atoi(column("calls")); err != nil || n < 5 {
		t.Errorf("calls is %s", column("calls"))
	}
	if comm := shell(t, m, "cat /proc/"+column("pid")+"/comm"); comm != "some name\n" {
		t.Errorf("process %s is %q", column("pid"), comm)
	}
	users := shell(t, m, "cat /sys/kernel/debug/dios/users")
	// The task and its launcher; the timer and the page of private memory.
	if !regexp.MustCompile(`(?m)^uid objects refs tasks lent memory store\n(?:.*\n)?1234 \d+ \d+ 2 \d+ 4096 0$`).MatchString(users) {
		t.Errorf("users:\n%s", users)
	}
	c, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	if c["waiters"] < 1 || c["users"] != 1 || c["type_timer"] != 1 || c["holds"] < c["refs"] {
		t.Errorf("counts %v", c)
	}
	// A task that its launcher has started outlives it.
	shell(t, m, "kill -9 "+column("pid"))
	stop()
	leftover(t, m, before)
}

// The tracepoints, by the files that perf and bpftrace use too.
func TestTracepoints(t *testing.T) {
	m := machine(t)
	limitsPrograms(t, m)
	const dir = "/sys/kernel/tracing/"
	shell(t, m, "[ -e "+dir+"trace ] || mount -t tracefs tracefs "+dir)
	shell(t, m, "echo >"+dir+"trace; echo 1 >"+dir+"events/dios/enable")
	off := "echo 0 >" + dir + "events/dios/enable"
	defer m.Shell(off)
	quota := func(value string) {
		t.Helper()
		if err := m.SetParam("quota_refs", value); err != nil {
			t.Fatal(err)
		}
	}
	usual := strings.TrimSpace(shell(t, m, "cat "+paramDir+"quota_refs"))
	quota("40")
	defer quota(usual)
	o, err := m.RunInside("/limits/limits", Run{Args: []string{"traced", "objects"}})
	if err != nil || o.Status != 0 {
		t.Fatalf("%v, status %d\n%s%s", err, o.Status, o.Stdout, o.Stderr)
	}
	shell(t, m, off)
	trace := shell(t, m, "cat "+dir+"trace")
	for _, want := range []string{
		`traced-\d+ .* dios_enter: task=\d+ call=acquire_read flags=0x0 ref=0x100000000 args=0x100000000,0x0,0x[0-9a-f]+,0x[0-9a-f]+\n`,
		`traced-\d+ .* dios_exit: task=\d+ call=acquire_read ret=0\n`,
		`dios_enter: task=\d+ call=acquire_write flags=0x20 ref=0x[0-9a-f]+ `,
		`dios_enter: task=\d+ call=create flags=0x0 ref=0x0 args=0x5,0x0,0x0,0x[0-9a-f]+\n`,
		`dios_exit: task=\d+ call=create ret=-7\n`, // EQUOTA
		`dios_exit: task=\d+ call=run ret=0\n`,
		`traced-\d+ .* dios_exit: task=\d+ call=commit_write ret=\d+\n`,
		`traced-\d+ .* dios_enter: task=\d+ call=delete flags=0x0 ref=0x100000000 `,
	} {
		if !regexp.MustCompile(want).MatchString(trace) {
			t.Errorf("the trace has no %s", want)
		}
	}
	if enter, exit := strings.Count(trace, " dios_enter: "), strings.Count(trace, " dios_exit: "); enter != exit || enter < 40 {
		t.Errorf("%d calls begin, %d end", enter, exit)
	}
	if t.Failed() {
		t.Logf("%s", trace)
	}
	// Off is off.
	shell(t, m, "echo >"+dir+"trace")
	if _, err := m.RunInside("/limits/limits", Run{Args: []string{"traced", "objects"}}); err != nil {
		t.Fatal(err)
	}
	if trace := shell(t, m, "cat "+dir+"trace"); strings.Contains(trace, "dios_") {
		t.Errorf("switched off, and still:\n%s", trace)
	}
}
