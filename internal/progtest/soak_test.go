// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"dios/internal/vm"
)

// Channels, spawns, kills and garbage collection, all at once, leave nothing behind. It runs
// in games of half a minute at most, for DIOS_SOAK (default: one short game).
func TestSoak(t *testing.T) {
	needVM(t)
	t.Parallel()
	const game = 30 * time.Second
	duration := fromEnv(t, "DIOS_SOAK", 5*time.Second, time.ParseDuration)
	dir := t.TempDir()
	if err := BuildGo("dios", dir, "./testdata/soak"); err != nil {
		t.Fatal(err)
	}
	m, err := boot(vm.Config{PanicOnWarn: true, CPUs: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	for start, seed := time.Now(), 1; time.Since(start) < duration; seed++ {
		length := min(game, max(time.Second, duration-time.Since(start))).Round(time.Second)
		o, err := m.Run(filepath.Join(dir, "soak"), Run{Args: []string{"soak", length.String(), fmt.Sprint(seed)}})
		if err != nil || o.Status != 0 || o.Stderr != "" {
			t.Fatalf("seed %d: %v, status %d\n%s%s", seed, err, o.Status, o.Stdout, o.Stderr)
		}
		var tasks, killed, messages, collections int
		if _, err := fmt.Sscanf(o.Stdout, "%d tasks, %d killed, %d messages, %d collections\n", &tasks, &killed, &messages, &collections); err != nil {
			t.Fatalf("seed %d: %q: %v", seed, o.Stdout, err)
		}
		if tasks == 0 || killed == 0 || messages == 0 || collections == 0 {
			t.Errorf("seed %d: nothing came of it: %s", seed, o.Stdout)
		}
		t.Logf("seed %d: %s", seed, o.Stdout)
		if left, err := m.Left(before); err != nil || left != "" {
			t.Fatalf("seed %d: left in the kernel: %s %v", seed, left, err)
		}
	}
	if leaks, err := m.Leaks(); err != nil || leaks != "" {
		t.Errorf("the kernel lost memory: %s%v", leaks, err)
	}
}
