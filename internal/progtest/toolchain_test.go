// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dios/internal/brand"
)

// needGo skips a test that needs the toolchain, and nothing else of the machine.
func needGo(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(Go()); err != nil {
		t.Skipf("needs the toolchain that ./make.bash makes: %v", err)
	}
}

// The linker writes the brand: pure, or what it is told.
func TestLinkerBrand(t *testing.T) {
	needGo(t)
	for _, test := range []struct{ flag, want string }{
		{"", "pure"},
		{"-brand=pure", "pure"},
		{"-brand=dios-limbo", "dios-limbo"},
		{"-s -w -brand=dios-limbo", "dios-limbo"},
	} {
		out := filepath.Join(t.TempDir(), "hello")
		if text, err := build(out, test.flag); err != nil {
			t.Errorf("-ldflags=%q: %v\n%s", test.flag, err, text)
			continue
		}
		info, err := brand.Read(out)
		if err != nil || info.Brand.Name != test.want {
			t.Errorf("-ldflags=%q: %s, %v; want %s", test.flag, info.Brand.Name, err, test.want)
		}
	}
	// What it cannot be is an error, not something else.
	for _, flag := range []string{"-brand=pink", "-brand=PURE", "-brand="} {
		out := filepath.Join(t.TempDir(), "hello")
		if text, err := build(out, flag); err == nil {
			t.Errorf("-ldflags=%q: no error\n%s", flag, text)
		}
	}
}

func build(out, ldflags string) (string, error) {
	cmd := exec.Command(Go(), "build", "-ldflags="+ldflags, "-o", out, "./testdata/hello")
	cmd.Dir = Source()
	cmd.Env = GoEnv("dios")
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// On a Linux without DIOS a program says in one line what is wrong, whatever its
// brand, and has made no Linux call before it knew.
func TestNoDIOS(t *testing.T) {
	needGo(t)
	if _, err := os.Stat("/dev/dios"); err == nil {
		t.Skip("this host has DIOS")
	}
	for _, name := range []string{"pure", "dios-limbo"} {
		out := filepath.Join(t.TempDir(), "hello")
		if text, err := build(out, "-brand="+name); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		cmd := exec.Command(out)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		if e := (*exec.ExitError)(nil); !errors.As(err, &e) || e.ExitCode() != 125 {
			t.Errorf("%s: %v, want exit status 125", name, err)
		}
		if stdout.Len() > 0 || strings.Count(stderr.String(), "\n") != 1 || !strings.Contains(stderr.String(), "DIOS") {
			t.Errorf("%s: standard output %q, standard error %q; want nothing, and one line about DIOS", name, &stdout, &stderr)
		}
	}
}
