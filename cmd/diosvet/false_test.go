// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// Code of others that is right, or at least does not do what diosvet is about: each
// report is a wrong one. The go commands are those of goroot/, for dios.

var root = filepath.Join("..", "..")

// goDIOS returns the go command of the toolchain, with arguments, for dios, in a folder.
func goDIOS(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	tool, err := filepath.Abs(filepath.Join(root, "goroot", "bin", "go"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(tool); err != nil {
		t.Skipf("%v; run ./make.bash", err)
	}
	cmd := exec.Command(tool, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=dios", "GOARCH=amd64", "GOROOT=", "CGO_ENABLED=0", "GOTOOLCHAIN=local", "GOWORK=off", "GOFLAGS=-buildvcs=false")
	return cmd
}

// vet wants no report of diosvet for packages, with their tests.
func vet(t *testing.T, dir string, packages ...string) {
	t.Helper()
	diosvet, err := filepath.Abs(filepath.Join(root, "bin", "diosvet"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(diosvet); err != nil {
		t.Skipf("%v; run ./make.bash", err)
	}
	cmd := goDIOS(t, dir, append([]string{"vet", "-vettool=" + diosvet}, packages...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", cmd.Args, err, out)
	}
}

func TestNothingInStandardLibrary(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	vet(t, root, "std")
}

// What the go command says when it cannot reach the network.
var offlineRE = regexp.MustCompile(`dial tcp|no such host|network is unreachable|connection refused|i/o timeout|TLS handshake timeout|disabled by GOPROXY=off`)

func TestNothingInModules(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches modules")
	}
	for _, module := range []string{
		"github.com/google/go-cmp@v0.7.0",
		"github.com/klauspost/compress@v1.20.3",
		"github.com/spf13/cobra@v1.10.2",
		"github.com/stretchr/testify@v1.12.1",
		// x/tools does not build: x/telemetry knows no dios.
		"golang.org/x/mod@v0.42.0",
	} {
		t.Run(module, func(t *testing.T) {
			var errs bytes.Buffer
			cmd := goDIOS(t, t.TempDir(), "mod", "download", "-json", module)
			cmd.Stderr = &errs
			out, err := cmd.Output()
			var m struct{ Dir, Error string }
			if e := json.Unmarshal(out, &m); e != nil || err != nil || m.Dir == "" {
				if text := errs.String() + m.Error; offlineRE.MatchString(text) {
					t.Skipf("no network: %s", text)
				}
				t.Fatalf("%v: %v %v\n%s%s", cmd.Args, err, e, out, errs.Bytes())
			}
			// What lies in the module cache is not to be a main module there.
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(m.Dir)); err != nil {
				t.Fatal(err)
			}
			// What the tests need as well.
			cmd = goDIOS(t, dir, "mod", "download")
			if out, err := cmd.CombinedOutput(); err != nil {
				if offlineRE.Match(out) {
					t.Skipf("no network: %s", out)
				}
				t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
			}
			vet(t, dir, "./...")
		})
	}
}
