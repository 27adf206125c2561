// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"dios/internal/p9"
	"dios/internal/vm"
)

// A tree is a folder of ours that a program gets, where it has the same path.
type tree struct {
	path     string
	readOnly bool
}

// ownTrees returns what a program gets if nobody says otherwise: the module of
// its working directory, or the repository if there is no module, or else just
// the directory; GOROOT, which it cannot change; the folder for temporary files;
// and where it is to write how it was covered. The go command, with binary, gives
// one that it built in a folder of its own: that too.
func ownTrees(dir, binary string) []tree {
	goroot := os.Getenv("GOROOT")
	if goroot == "" {
		if root, err := vm.FindRoot(); err == nil {
			goroot = filepath.Join(root, "goroot")
		}
	}
	trees := []tree{{moduleRoot(dir), false}, {os.TempDir(), false}}
	if binary != "" {
		trees = append(trees, tree{filepath.Dir(binary), false})
	}
	if cover := os.Getenv("GOCOVERDIR"); cover != "" {
		trees = append(trees, tree{cover, false})
	}
	return withPlaces(trees, goroot)
}

// withPlaces makes the paths of trees absolute, and adds those that links in
// them lead to. What lies in goroot cannot be changed, and goroot is one of them.
// Folders that are missing are left out, and so is the root: that would be
// everything.
func withPlaces(trees []tree, goroot string) []tree {
	var roots []string
	var list []tree
	seen := make(map[string]bool)
	for _, t := range append([]tree{{goroot, true}}, trees...) {
		path, err := filepath.Abs(t.path)
		if err != nil || t.path == "" {
			continue
		}
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			continue
		}
		for _, path := range []string{path, real} {
			if seen[path] || path == "/" {
				continue
			}
			seen[path] = true
			if t.path == goroot {
				roots = append(roots, path)
			}
			readOnly := t.readOnly
			for _, root := range roots {
				readOnly = readOnly || path == root || strings.HasPrefix(path, root+"/")
			}
			list = append(list, tree{path, readOnly})
		}
	}
	return list
}

// moduleRoot returns the folder of the module that dir is in, or of the repository.
func moduleRoot(dir string) string {
	for _, mark := range []string{"go.mod", ".git", ".hg", ".svn"} {
		for d := dir; d != "/"; d = filepath.Dir(d) {
			if _, err := os.Stat(filepath.Join(d, mark)); err == nil {
				return d
			}
		}
	}
	return dir
}

// newServer returns what serves a program its trees.
func newServer(trees []tree) (*p9.Server, error) {
	var mounts []p9.Mount
	for _, t := range trees {
		root, err := p9.OpenHost(t.path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.path, err)
		}
		mounts = append(mounts, p9.Mount{Path: t.path, Root: root, ReadOnly: t.readOnly})
	}
	return &p9.Server{Root: p9.NewMounts(mounts)}, nil
}

// serve makes a server complain when its client is no good; the client gets errors
// then. Without a server it is nil.
func serve(s *p9.Server) func(io.ReadWriter) {
	if s == nil {
		return nil
	}
	return func(rw io.ReadWriter) {
		if err := s.Serve(rw); err != nil {
			complain(fmt.Errorf("the program gets no more files: %w", err))
		}
	}
}
