// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Profiles that a task serves over HTTP are what go tool pprof here understands, and
// say where the time goes.
func TestProfile(t *testing.T) {
	needVM(t)
	dir := t.TempDir()
	if err := BuildGo("dios", dir, "./testdata/pprof"); err != nil {
		t.Fatal(err)
	}
	m := machine(t)
	top := func(path string, args ...string) string {
		t.Helper()
		o, err := m.Run(filepath.Join(dir, "pprof"), Run{Args: []string{"pprof", path}})
		if err != nil || o.Status != 0 {
			t.Fatalf("%s: %v, status %d\n%s", path, err, o.Status, o.Stderr)
		}
		file := filepath.Join(dir, "profile")
		if err := os.WriteFile(file, []byte(o.Stdout), 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(Go(), append(append([]string{"tool", "pprof", "-top"}, args...), file)...)
		cmd.Env = append(os.Environ(), "PPROF_TMPDIR="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", cmd, err, out)
		}
		return string(out)
	}

	cpu := top("profile?seconds=3", "-unit=ms")
	spent := func(function string) time.Duration {
		t.Helper()
		found := regexp.MustCompile(`(?m)^ *(\d+ms) .* main\.` + function + `$`).FindStringSubmatch(cpu)
		if found == nil {
			t.Fatalf("main.%s is not in the profile:\n%s", function, cpu)
		}
		d, err := time.ParseDuration(found[1])
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	// Four times as long.
	if hot, cold := spent("hot"), spent("cold"); hot < 2*cold || hot > 8*cold {
		t.Errorf("hot %v, cold %v\n%s", hot, cold, cpu)
	}
	for path, want := range map[string]string{"heap": "Type: inuse_space", "goroutine": "net/http.Serve"} {
		if out := top(path); !strings.Contains(out, want) {
			t.Errorf("%s: without %q:\n%s", path, want, out)
		}
	}
}
