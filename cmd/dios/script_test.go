// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts in testdata show each command line that the documentation has. Besides
// testscript's own commands there are
//
//	dios ARGS...              run dios, which must succeed
//	go_dios_amd64_exec ARGS...  likewise, under that name
//	status N dios ARGS...     run it, which must end with that status
//	retry COMMAND...          run it until it succeeds, for a minute
//	load NAME FILE            set a variable to what is in a file
//
// and TREE, this tree. A script that needs a machine begins with a look at [vm].
func TestScripts(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for _, name := range []string{"dios", wrapper} {
		if err := os.Symlink(exe, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	status := func(ts *testscript.TestScript, args []string) int {
		err := ts.Exec(args[0], args[1:]...)
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		if err == nil {
			return 0
		}
		return exit.ExitCode()
	}
	must := func(name string) func(*testscript.TestScript, bool, []string) {
		return func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("use status")
			}
			if n := status(ts, append([]string{name}, args...)); n != 0 {
				ts.Fatalf("status %d", n)
			}
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			for _, kv := range os.Environ() {
				if strings.HasPrefix(kv, "DIOS_") {
					env.Vars = append(env.Vars, kv)
				}
			}
			env.Vars = append(env.Vars, "DIOS_TEST_MAIN=1", "DIOS_ACCEL=tcg", "DIOS_ROOT="+root(t), "TREE="+tree,
				"PATH="+bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
			return nil
		},
		Condition: func(c string) (bool, error) {
			if c != "vm" {
				return false, errors.New("unknown condition")
			}
			return os.Getenv("DIOS_TEST_VM") != "", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"dios":  must("dios"),
			wrapper: must(wrapper),
			"status": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: status N COMMAND...")
				}
				if n := status(ts, args[1:]); strconv.Itoa(n) != args[0] {
					ts.Fatalf("status %d, want %s", n, args[0])
				}
			},
			"load": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 2 {
					ts.Fatalf("usage: load NAME FILE")
				}
				ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
			},
			"retry": func(ts *testscript.TestScript, neg bool, args []string) {
				for end := time.Now().Add(time.Minute); status(ts, args) != 0; time.Sleep(200 * time.Millisecond) {
					if time.Now().After(end) {
						ts.Fatalf("no success for a minute")
					}
				}
			},
		},
	})
}

// Each flag that a verb says it has is in the documentation.
func TestFlagsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	flagRE := regexp.MustCompile(`(?m)^  -([a-z-]+)`)
	n := 0
	for _, v := range verbs {
		out, _, status := result(t, command(t, nil, "help", v.name))
		if status != 0 {
			t.Fatalf("dios help %s: status %d", v.name, status)
		}
		for _, m := range flagRE.FindAllStringSubmatch(out, -1) {
			n++
			if !regexp.MustCompile(`(?m)^//.*[\s\[]-` + m[1] + `\b`).Match(doc) {
				t.Errorf("dios %s: flag -%s is not in doc.go", v.name, m[1])
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d flags found", n)
	}
}
