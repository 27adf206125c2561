// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"dios/internal/vm"
)

// A program that gives memory back has less of it, as the kernel sees it.
func TestScavenge(t *testing.T) {
	needVM(t)
	dir := t.TempDir()
	if err := BuildGo("dios", dir, "./testdata/scavenge"); err != nil {
		t.Fatal(err)
	}
	m := machine(t)
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	lines := make(lineWriter, 10)
	result := make(chan vm.Result, 1)
	go func() {
		res, err := m.VM.Run(ctx, &vm.Cmd{File: filepath.Join(dir, "scavenge"), Args: []string{"scavenge"}, Stdout: lines})
		if err != nil {
			t.Error(err)
		}
		close(lines)
		result <- res
	}()
	resident := make(map[string]int)
	for line := range lines {
		resident[line] = rss(t, m, "scavenge")
	}
	if res := <-result; res.Status != 0 {
		t.Errorf("status %d", res.Status)
	}
	t.Logf("resident: %d KiB with 150 MiB in use, %d KiB after they were freed", resident["used 150"], resident["freed"])
	if n := resident["used 150"]; n < 150<<10 {
		t.Errorf("%d KiB resident with 150 MiB in use", n)
	}
	// An idle program has about 5 MiB.
	if n := resident["freed"]; n == 0 || n > 20<<10 {
		t.Errorf("%d KiB resident after all was freed", n)
	}
	leftover(t, m, before)
}

// A lineWriter sends the lines that are written to it. Each write is one or more
// whole lines.
type lineWriter chan string

func (w lineWriter) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		w <- strings.TrimSuffix(line, "\n")
	}
	return len(b), nil
}

// rss returns how much memory a program of the machine has, in KiB; 0 when it has
// ended.
func rss(t *testing.T, m *VM, name string) int {
	t.Helper()
	// It has just said something; it is not in the middle of it.
	time.Sleep(200 * time.Millisecond)
	text, err := m.Shell("for d in /proc/[0-9]*; do read n <$d/comm && [ $n = " + name + " ] && grep VmRSS $d/status; done 2>/dev/null; true")
	if err != nil {
		t.Error(err)
		return 0
	}
	f := strings.Fields(text)
	if len(f) < 2 {
		return 0
	}
	n, err := strconv.Atoi(f[1])
	if err != nil {
		t.Errorf("not understood: %q", text)
	}
	return n
}
