// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"dios/internal/progtest"

	"github.com/google/go-cmp/cmp"
)

const someReport = `== stat
objects 7
tasks 1
waiters 1
lent_bytes 20480
type_self 1
type_timer 2
type_fifo 0
== users
uid objects refs tasks lent memory store
0 3 9 1 20480 4194304 65536
== tasks
number pid uid brand state call refs zombies lent memory calls types comm
12 345 0 0x05 blocked select 9 1 20480 4194304 1000 self:1,timer:2 a name
13 346 1000 0x11 running - 0 0 0 0 0 - x
`

func TestParseReport(t *testing.T) {
	r, err := parseReport([]byte(someReport))
	if err != nil {
		t.Fatal(err)
	}
	want := &report{
		Counts: map[string]int64{"objects": 7, "tasks": 1, "waiters": 1, "lent_bytes": 20480, "type_self": 1, "type_timer": 2, "type_fifo": 0},
		Users:  []map[string]int64{{"uid": 0, "objects": 3, "refs": 9, "tasks": 1, "lent": 20480, "memory": 4194304, "store": 65536}},
		Tasks: []task{
			{Number: 12, PID: 345, Brand: "pure", State: "blocked", Call: "select", Refs: 9, Zombies: 1, Lent: 20480, Memory: 4194304,
				Calls: 1000, Types: map[string]int64{"self": 1, "timer": 2}, Name: "a name"},
			{Number: 13, PID: 346, UID: 1000, Brand: "dios-limbo", State: "running", Types: map[string]int64{}, Name: "x"},
		},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	r.Time = time.Date(2026, 11, 23, 12, 0, 2, 0, time.UTC)
	r.Machine = 77
	before := &report{Time: r.Time.Add(-2 * time.Second), Tasks: []task{{Number: 12, Calls: 400}}}
	var b strings.Builder
	r.write(&b, before)
	text := `machine 77, 12:00:02: 1 tasks, 1 waiting; 7 objects, 0 zombies, 0 names
0 references, 0 holds, 0 buffers, 20K lent, 0 watches
types: 1 self, 2 timer
user 0: 1 tasks, 3 objects, 9 references, 20K lent, 4096K memory, 64K stored

 TASK     PID   USER BRAND        STATE                    REFS     LENT   MEMORY      CALLS  CALLS/S NAME
   12     345      0 pure         blocked in select           9      20K    4096K       1000      300 a name
   13     346   1000 dios-limbo   running                     0        0        0          0          x
`
	if diff := cmp.Diff(text, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	lines := strings.SplitAfter(someReport, "\n")
	for _, bad := range []struct{ text, want string }{
		{"", "cut off"},
		{strings.Join(lines[:len(lines)-4], ""), "cut off"},
		{"cat: can't open 'stat': No such file or directory\n", "No such file"},
		{strings.Replace(someReport, "objects 7", "objects", 1), `stat: not understood: "objects"`},
		{strings.Replace(someReport, " a name", "", 1), "tasks: not understood"},
		{strings.Replace(someReport, "12 345", "12 x", 1), "invalid syntax"},
		{strings.Replace(someReport, "0 3 9", "0 9", 1), "users: not understood"},
		{strings.Replace(someReport, "timer:2 a", "timer a", 1), "invalid syntax"},
	} {
		if r, err := parseReport([]byte(bad.text)); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%q: %v, %v; want an error with %q", bad.text, r, err, bad.want)
		}
	}
}

func TestTopUsage(t *testing.T) {
	for _, args := range [][]string{{"-n", "-1"}, {"-d", "1ms"}, {"-machine", "-2"}, {"x"}, {"-nonsense"}} {
		out, errs, status := result(t, command(t, nil, append([]string{"top"}, args...)...))
		if status != statusUsage || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, output %q, error %q", args, status, out, errs)
		}
	}
	out, errs, status := result(t, command(t, nil, "top", "-machine", "1"))
	if want := "dios: no machine of process 1 (any more)\n"; status != 125 || out != "" || errs != want {
		t.Errorf("status %d, output %q, error %q, want %q", status, out, errs, want)
	}
}

// Another dios looks into the machine while a program runs there.
func TestTop(t *testing.T) {
	file := filepath.Join(t.TempDir(), "limits")
	run := machine(t, "run", file, "wait")
	if err := progtest.BuildC(filepath.Join(progtest.Source(), "testdata", "limits", "limits.c"), file, "pure"); err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer run.Process.Kill()
	which := fmt.Sprintf("-machine=%d", run.Process.Pid)

	var r report
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		out, errs, status := result(t, command(t, nil, "top", "-json", which))
		if status == 0 {
			if err := json.Unmarshal([]byte(out), &r); err != nil || strings.Count(out, "\n") != 1 {
				t.Fatalf("%v: %q", err, out)
			}
			if len(r.Tasks) == 2 && r.Tasks[1].State == "blocked" {
				break
			}
		}
		if time.Since(start) > 30*time.Second {
			t.Fatalf("status %d, output %q, error %q", status, out, errs)
		}
	}
	// The shell that has started it, and it.
	if s := r.Tasks[0]; s.Brand != "legacy-limbo" {
		t.Errorf("the first task is %+v", s)
	}
	if p := r.Tasks[1]; p.Brand != "pure" || p.Call != "select" || p.Name != "limits" || p.Types["timer"] != 2 || p.Calls == 0 {
		t.Errorf("the program is %+v", p)
	}
	if r.Machine != run.Process.Pid || r.Counts["tasks"] != 2 || len(r.Users) != 1 || r.Users[0]["tasks"] != 2 {
		t.Errorf("%+v", r)
	}

	out, errs, status := result(t, command(t, nil, "top", "-n", "2", "-d", "100ms", which))
	// The runner's own, which carries the program's files, may be in a select too.
	waits := regexp.MustCompile(`(?m) pure +blocked in select .* limits$`)
	if status != 0 || errs != "" || len(waits.FindAllString(out, -1)) != 2 || strings.Contains(out, "\x1b") {
		t.Errorf("status %d, error %q, output\n%s", status, errs, out)
	}
	run.Process.Signal(syscall.SIGTERM)
	run.Wait()
	if _, errs, status := result(t, command(t, nil, "top", which)); status != 125 || !strings.Contains(errs, "any more") {
		t.Errorf("afterwards: status %d, error %q", status, errs)
	}
}
