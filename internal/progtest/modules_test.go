// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The packages whose tests run: when asked for, and always. Without files each of the latter fails.
// docs/modules.md is about them, and says what is left out and why.
var (
	modulesAll = []string{
		"github.com/BurntSushi/toml/...",
		"github.com/google/pprof/profile",
		"github.com/yuin/goldmark/...",
		"golang.org/x/image/...",
		"golang.org/x/mod/modfile", "golang.org/x/mod/sumdb/...",
		"golang.org/x/net/html/...",
	}
	modulesSome = []string{
		"github.com/BurntSushi/toml",
		"github.com/google/pprof/profile",
		"github.com/yuin/goldmark/extension", "github.com/yuin/goldmark/fuzz",
		"golang.org/x/image/bmp", "golang.org/x/image/ccitt", "golang.org/x/image/draw", "golang.org/x/image/tiff", "golang.org/x/image/webp",
		"golang.org/x/mod/sumdb/dirhash",
		"golang.org/x/net/html/charset",
	}
)

// What others' tests say on Linux they say on DIOS, test by test, straight from the
// module cache. DIOS_MODULES=all runs those of more packages, for two minutes.
func TestGoModules(t *testing.T) {
	needVM(t)
	packages := modulesSome
	if os.Getenv("DIOS_MODULES") == "all" {
		packages = modulesAll
	}
	want, got := testModules(t, "linux", packages), testModules(t, "dios", packages)
	sum := make(map[string]int)
	for name, outcome := range want {
		if outcome == "fail" {
			t.Errorf("%s fails on Linux", name)
		}
		if got[name] != outcome {
			t.Errorf("%s: %q on DIOS, %q on Linux", name, got[name], outcome)
		}
		pkg, _, isTest := strings.Cut(name, " ")
		if isTest {
			sum[pkg+" "+outcome]++
			sum[outcome]++
		}
	}
	for name, outcome := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %q on DIOS, not there on Linux", name, outcome)
		}
	}
	for _, pkg := range packages {
		if !strings.HasSuffix(pkg, "/...") && sum[pkg+" pass"] == 0 {
			t.Errorf("%s: no test passed on Linux", pkg)
		}
	}
	t.Logf("%d tests passed and %d were skipped, on both", sum["pass"], sum["skip"])
}

// testModules runs go test of packages for a system, and returns what came of each
// package and of each of its tests, by PACKAGE TEST.
func testModules(t *testing.T, goos string, packages []string) map[string]string {
	t.Helper()
	cmd := exec.Command(Go(), append([]string{"test", "-json", "-count=1"}, packages...)...)
	cmd.Dir = filepath.Join(Source(), "internal", "progtest", "testdata", "modules")
	cmd.Env = append(GoEnv(goos), "GOPROXY=off", "GOWORK=off", // make.bash has fetched them
		"GOLDMARK_TEST_TIMEOUT_MULTIPLIER=10") // five tests of goldmark's want to be done in 5 seconds
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	began := time.Now()
	out, err := cmd.Output()
	if stderr.Len() > 0 {
		t.Fatalf("%v: %v\n%.4000s", cmd.Args, err, stderr.Bytes())
	}
	t.Logf("GOOS=%s took %v", goos, time.Since(began).Round(time.Second))
	outcomes := make(map[string]string)
	said := make(map[string]string)
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var e struct{ Action, Package, Test, Output string }
		if err := dec.Decode(&e); err != nil {
			t.Fatalf("%v: %v\n%.4000s", cmd.Args, err, out)
		}
		name := strings.TrimSpace(e.Package + " " + e.Test)
		switch e.Action {
		case "output", "build-output":
			said[name] += e.Output
		case "pass", "skip":
			outcomes[name] = e.Action
		case "fail":
			outcomes[name] = e.Action
			t.Errorf("GOOS=%s: %s failed\n%.4000s", goos, name, said[name])
		}
	}
	return outcomes
}
