// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package models checks the models of kernel/models with SPIN: each holds in
// every state it can come to, and each mistake that it can be given is found.
package models

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	bugRE    = regexp.MustCompile(`(?m)^#ifn?def (BUG_\w+)`)
	errorsRE = regexp.MustCompile(`(?m)^State-vector .*, errors: (\d+)$`)
	statesRE = regexp.MustCompile(`(?m)^ *(\d+) states, stored`)
	whyRE    = regexp.MustCompile(`(?m)^pan:1: (.*)`)
)

// search looks through the states of a model, and returns what SPIN's verifier
// says; define is a mistake to make, or nothing.
func search(model, dir, define string) (string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	generate := []string{"-a"}
	if define != "" {
		generate = append(generate, "-D"+define)
	}
	for _, args := range [][]string{
		append([]string{"spin"}, append(generate, model)...),
		{"gcc", "-O1", "-w", "-DSAFETY", "-DMEMLIM=2048", "-o", "pan", "pan.c"},
		{"./pan", "-m100000"},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if args[0] == "./pan" {
			return string(out), nil // its status says nothing
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	panic("unreachable")
}

func TestModels(t *testing.T) {
	if _, err := exec.LookPath("spin"); err != nil {
		t.Skip("SPIN is not installed; ./make.bash installs it")
	}
	files, err := filepath.Glob("../../kernel/models/*.pml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no models: %v", err)
	}
	for _, file := range files {
		file, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".pml")
		t.Run(name, func(t *testing.T) {
			out, err := search(file, t.TempDir(), "")
			if err != nil {
				t.Fatal(err)
			}
			m := errorsRE.FindStringSubmatch(out)
			// Not all states, when it says so.
			if m == nil || m[1] != "0" || !strings.Contains(out, "Full statespace search") ||
				strings.Contains(out, "too small") || strings.Contains(out, "not completed") {
				t.Fatalf("does not hold:\n%s", out)
			}
			t.Logf("%s states", statesRE.FindStringSubmatch(out)[1])
		})
		var bugs []string
		for _, m := range bugRE.FindAllStringSubmatch(string(text), -1) {
			bugs = append(bugs, m[1])
		}
		slices.Sort(bugs)
		bugs = slices.Compact(bugs)
		if len(bugs) < 3 {
			t.Errorf("%s: only %d mistakes to find", name, len(bugs))
		}
		for _, bug := range bugs {
			t.Run(name+" with "+bug, func(t *testing.T) {
				out, err := search(file, t.TempDir(), bug)
				if err != nil {
					t.Fatal(err)
				}
				m := errorsRE.FindStringSubmatch(out)
				why := whyRE.FindStringSubmatch(out)
				if m == nil || m[1] == "0" || why == nil {
					t.Fatalf("not found:\n%s", out)
				}
				t.Log(why[1])
			})
		}
	}
}
