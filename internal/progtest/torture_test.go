// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dios/internal/vm"
)

// Any calls of several tasks at once, with kills, leave nothing behind. It runs
// in games of a few seconds, each with a seed of its own, for DIOS_TORTURE
// (default: one game). DIOS_TORTURE_SEED repeats what the players try.
func TestTorture(t *testing.T) {
	needVM(t)
	t.Parallel()
	const (
		game    = 8 * time.Second
		players = 6
	)
	duration := fromEnv(t, "DIOS_TORTURE", game, time.ParseDuration)
	seed := fromEnv(t, "DIOS_TORTURE_SEED", uint64(rand.Uint32()), parseSeed)

	// Two processors, so that calls meet in the kernel.
	m, err := boot(vm.Config{PanicOnWarn: true, CPUs: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	dir := t.TempDir()
	source := filepath.Join(Source(), "testdata", "torture", "torture.c")
	for name, brand := range map[string]string{"pure": "pure", "limbo": "dios-limbo"} {
		if err := BuildC(source, filepath.Join(dir, name), brand); err != nil {
			t.Fatal(err)
		}
		if err := m.Put(filepath.Join(dir, name), "/torture/"+name); err != nil {
			t.Fatal(err)
		}
	}
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); ; seed++ {
		ms := min(game, max(time.Second, duration-time.Since(start))).Milliseconds()
		o, err := m.RunInside("/torture/limbo", Run{Args: []string{"torture", "root", fmt.Sprint(seed), fmt.Sprint(ms), fmt.Sprint(players)}})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s%s", seed, err, o.Stdout, o.Stderr)
		}
		t.Logf("seed %d: %s", seed, o.Stdout)
		if o.Status != 0 || !strings.HasSuffix(o.Stdout, " calls\n") || strings.Contains(o.Stdout, "FAIL") || o.Stderr != "" {
			t.Fatalf("seed %d: status %d\n%s%s", seed, o.Status, o.Stdout, o.Stderr)
		}
		if left, err := m.Left(before); err != nil || left != "" {
			tasks, _ := m.Shell("cat /sys/kernel/debug/dios/tasks")
			t.Fatalf("seed %d: left in the kernel: %s %v\n%s", seed, left, err, tasks)
		}
		if time.Since(start) >= duration {
			break
		}
	}
	if leaks, err := m.Leaks(); err != nil || leaks != "" {
		t.Errorf("the kernel lost memory: %s%v", leaks, err)
	}
}
