// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dios/internal/vm"
)

// A dialog is a program that is talked to, a line at a time.
type dialog struct {
	t      *testing.T
	in     *io.PipeWriter
	out    *bufio.Scanner
	stderr bytes.Buffer
	done   chan error
	result vm.Result
}

// talk starts a program that was put into the machine, of which the machine's agent
// knows nothing: it lets what the program leaves behind live.
func talk(t *testing.T, m *VM, name string, args ...string) *dialog {
	t.Helper()
	file := "/tasks/" + name
	if err := m.Put(filepath.Join(binaries(t, "dios"), name), file); err != nil {
		t.Fatal(err)
	}
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	d := &dialog{t: t, in: inW, out: bufio.NewScanner(outR), done: make(chan error, 1)}
	ctx, cancel := context.WithTimeout(t.Context(), 5*timeout)
	go func() {
		defer cancel()
		var err error
		d.result, err = m.VM.Run(ctx, &vm.Cmd{Exec: "/bin/busybox", Args: append([]string{"diosrun", "-a", name, file}, args...), Stdin: inR, Stdout: outW, Stderr: &d.stderr})
		outW.Close()
		inR.Close()
		d.done <- err
	}()
	return d
}

func (d *dialog) say(line string) {
	d.t.Helper()
	if _, err := io.WriteString(d.in, line+"\n"); err != nil {
		d.t.Fatalf("%v: %s", err, &d.stderr)
	}
}

func (d *dialog) hear() string {
	d.t.Helper()
	if !d.out.Scan() {
		d.t.Fatalf("it says no more: %v\n%s", <-d.done, &d.stderr)
	}
	return d.out.Text()
}

// end waits until the program has ended with a status.
func (d *dialog) end(status int) {
	d.t.Helper()
	d.in.Close()
	for d.out.Scan() {
		d.t.Errorf("it also says %q", d.out.Text())
	}
	if err := <-d.done; err != nil || d.result.Status != status || d.stderr.Len() > 0 {
		d.t.Errorf("%v, status %d, want %d\n%s", err, d.result.Status, status, &d.stderr)
	}
}

// A task that starts a thousand others one after another, and a hundred at once, is
// left with what it had. DIOS_SPAWN says how many one after another (default 100:
// most of a tenth of a second goes by for each where all is emulated).
func TestSpawnMany(t *testing.T) {
	m := machine(t)
	const atOnce = 100
	many := fromEnv(t, "DIOS_SPAWN", 100, strconv.Atoi)
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	d := talk(t, m, "spawn", strconv.Itoa(many), strconv.Itoa(atOnce))
	stop := func(where string) {
		t.Helper()
		if s := d.hear(); s != where {
			t.Fatalf("it is at %q, not at %q", s, where)
		}
	}
	// The same but for private memory: the heap may have grown.
	same := func(ready Counts) {
		t.Helper()
		var left string
		for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			now, err := m.Counts()
			if err != nil {
				t.Fatal(err)
			}
			if left = difference(heapless(ready), heapless(now)); left == "" {
				return
			}
			if time.Since(start) > slow(3*time.Second) {
				t.Errorf("beside private memory: %s; in all: %s", left, difference(ready, now))
				return
			}
		}
	}
	stop("ready")
	ready := make(Counts)
	for start := time.Now(); ready["waiters"] < before["waiters"]+2; time.Sleep(20 * time.Millisecond) { // it, and who started it
		if ready, err = m.Counts(); err != nil {
			t.Fatal(err)
		}
		if time.Since(start) > timeout {
			t.Fatalf("it does not wait: %v", ready)
		}
	}
	start := time.Now()
	d.say("")
	stop("one after another")
	t.Logf("%d tasks one after another: %v each", many, (time.Since(start) / time.Duration(max(many, 1))).Round(10*time.Microsecond))
	same(ready)
	start = time.Now()
	d.say("")
	stop("at once")
	t.Logf("%d tasks at once: %v", atOnce, time.Since(start).Round(time.Millisecond))
	now, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	if n := now["tasks"] - ready["tasks"]; n != int64(atOnce) {
		t.Errorf("%d tasks are there, not %d", n, atOnce)
	}
	d.say("")
	stop("done")
	same(ready)
	d.say("")
	d.end(0)
	leftover(t, m, before)
}

// heapless are counts without those of private memory: each is an object, with one
// reference, which has the one hold, and one buffer.
func heapless(c Counts) Counts {
	h := maps.Clone(c)
	n := c["type_privmem"]
	for name, each := range map[string]int64{"type_privmem": 1, "objects": 1, "refs": 1, "bufs": 1, "holds": 1} {
		h[name] -= n * each
	}
	return h
}

// difference says what b has more than a.
func difference(a, b Counts) string {
	var more []string
	for name, n := range b {
		if n != a[name] {
			more = append(more, fmt.Sprintf("%d %s", n-a[name], name))
		}
	}
	return strings.Join(more, ", ")
}

// The tree of testdata/tree, with the process that each node is.
type tree struct {
	*dialog
	m *VM
}

func plant(t *testing.T, m *VM) *tree {
	t.Helper()
	tr := &tree{talk(t, m, "tree", "node", "1"), m}
	tr.await(func(lives, told map[int]string) bool { return len(lives) == treeNodes })
	return tr
}

const treeNodes = 7

// await asks the root for reports until one is as wanted.
func (tr *tree) await(wanted func(lives, told map[int]string) bool) {
	tr.t.Helper()
	for start := time.Now(); ; {
		tr.say("report")
		line := tr.hear()
		lives, told := make(map[int]string), make(map[int]string)
		for _, word := range strings.Fields(line) {
			node, what, _ := strings.Cut(word, ":")
			n, err := strconv.Atoi(node)
			if err != nil {
				tr.t.Fatalf("%q", line)
			}
			if what == "lives" {
				lives[n] = what
			} else {
				told[n] = what
			}
		}
		if len(lives)+len(told) != treeNodes {
			tr.t.Fatalf("%q", line)
		}
		if wanted(lives, told) {
			return
		}
		if time.Since(start) > timeout {
			tr.t.Fatalf("after %v still %q", timeout, line)
		}
	}
}

// processes returns the process of each node that there is, which is what the host
// kills.
func (tr *tree) processes() map[int]string {
	tr.t.Helper()
	// The arguments of a task are those of its process.
	found := make(map[int]string)
	text := shell(tr.t, tr.m, "cd /proc; head -c 100 [0-9]*/cmdline 2>/dev/null; true")
	for _, part := range strings.Split(text, "==> ") {
		if pid, args, ok := strings.Cut(part, "/cmdline <==\n"); ok {
			var n int
			if _, err := fmt.Sscanf(args, "tree\x00node\x00%d\x00", &n); err == nil {
				found[n] = pid
			}
		}
	}
	return found
}

// Any task of a tree can be killed, by the host or by its parent: the others go on,
// and its parent is told, by Wait and by its channel.
func TestKillInTree(t *testing.T) {
	m := machine(t)
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	for n := 2; n <= treeNodes; n++ {
		for _, by := range []string{"the host", "its parent"} {
			t.Run(fmt.Sprintf("node %d by %s", n, by), func(t *testing.T) {
				tr := plant(t, m)
				if by == "the host" {
					shell(t, m, "kill -9 "+tr.processes()[n])
				} else {
					tr.say("kill " + strconv.Itoa(n))
				}
				tr.await(func(lives, told map[int]string) bool {
					return len(lives) == treeNodes-1 && told[n] == "killed/killed"
				})
				tr.say("end")
				tr.end(0)
				leftover(t, m, before)
			})
		}
	}
	// Of the root the parent is the launcher, and its children are nobody's.
	t.Run("node 1 by the host", func(t *testing.T) {
		tr := plant(t, m)
		shell(t, m, "kill -9 "+tr.processes()[1])
		left := tr.processes()
		if len(left) != treeNodes-1 || left[1] != "" {
			t.Errorf("processes of nodes: %v", left)
		}
		shell(t, m, "kill -9 "+strings.Join(slices.Collect(maps.Values(left)), " "))
		tr.end(128 + 9)
		leftover(t, m, before)
	})
}
