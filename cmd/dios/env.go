// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dios/internal/vm"
)

func envVerb(v *verb, args []string) int {
	fs := v.flags()
	editor := fs.Bool("editor", false, "print settings for an editor, as JSON")
	if status, ok := v.parse(fs, args, 0, 0); !ok {
		return status
	}
	root, err := vm.FindRoot()
	if err != nil {
		return fail(err)
	}
	goroot := filepath.Join(root, "goroot")
	tool := filepath.Join(goroot, "bin", "go")
	if _, err := os.Stat(tool); err != nil {
		return fail(fmt.Errorf("%s is not there: run ./make.bash", tool))
	}
	if !*editor {
		for _, kv := range goEnv(goroot) {
			fmt.Printf("export %s=%s\n", kv[0], quote(kv[1]))
		}
		fmt.Printf("export PATH=%s:\"$PATH\"\n", quote(filepath.Join(goroot, "bin")))
		return 0
	}
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(editorSettings(goroot)); err != nil {
		return fail(err)
	}
	return 0
}

// goEnv is the environment in which the go command, and whoever asks it, builds
// for DIOS.
func goEnv(goroot string) [][2]string {
	return [][2]string{
		{"GOOS", "dios"},
		{"GOARCH", "amd64"},
		{"GOROOT", goroot},
		{"GOTOOLCHAIN", "local"}, // another one does not know dios
		{"CGO_ENABLED", "0"},
	}
}

// editorSettings are those of VS Code. "gopls" in it is what any editor tells
// gopls, which takes the go command from PATH.
func editorSettings(goroot string) map[string]any {
	env := make(map[string]string)
	for _, kv := range goEnv(goroot) {
		env[kv[0]] = kv[1]
	}
	bin := filepath.Join(goroot, "bin")
	tools := map[string]string{"PATH": bin + string(os.PathListSeparator) + os.Getenv("PATH")}
	for k, v := range env {
		tools[k] = v
	}
	return map[string]any{
		"go.goroot":         goroot,
		"go.alternateTools": map[string]string{"go": filepath.Join(bin, "go")},
		"go.toolsEnvVars":   env,
		"gopls":             map[string]any{"build.env": tools},
	}
}

// quote quotes for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
