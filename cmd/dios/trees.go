// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"dios/internal/p9"
	"dios/internal/vm"
)

// A tree is a folder of ours that a program gets.
type tree struct {
	path     string
	readOnly bool
	place    string // its path for the program; "": the same
}

// ownTrees returns what a program gets if nobody says otherwise: the module of
// its working directory, or the repository if there is no module, or else just
// the directory; other modules that it is built with from folders of the user's,
// which it cannot change; GOROOT, which it cannot change; the folder for temporary files;
// and where it is to write how it was covered. The go command, with binary, gives
// one that it built in a folder of its own: that too.
func ownTrees(dir, binary string) []tree {
	goroot := os.Getenv("GOROOT")
	if goroot == "" {
		if root, err := vm.FindRoot(); err == nil {
			goroot = filepath.Join(root, "goroot")
		}
	}
	root := moduleRoot(dir)
	trees := []tree{{path: root}, {path: os.TempDir()}}
	for _, other := range otherModules(root) {
		// Where it lies in the program's own it is that one's.
		if rel, err := filepath.Rel(root, other); err != nil || !filepath.IsLocal(rel) {
			trees = append(trees, tree{path: other, readOnly: true})
		}
	}
	if binary != "" {
		trees = append(trees, tree{path: filepath.Dir(binary)})
	}
	if cover := os.Getenv("GOCOVERDIR"); cover != "" {
		trees = append(trees, tree{path: cover})
	}
	return withPlaces(trees, goroot)
}

// readTrees returns what -read says: FOLDER, or FOLDER=PLACE.
func readTrees(list []string) ([]tree, error) {
	var trees []tree
	for _, arg := range list {
		folder, place, other := strings.Cut(arg, "=")
		path, err := filepath.Abs(folder)
		if err != nil {
			return nil, err
		}
		switch {
		case folder == "" || path == "/":
			return nil, fmt.Errorf("-read %s: name a folder that is not /", arg)
		case !other:
			trees = append(trees, tree{path: path, readOnly: true})
			if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
				trees = append(trees, tree{path: real, readOnly: true})
			}
		case !filepath.IsAbs(place) || filepath.Clean(place) == "/":
			return nil, fmt.Errorf("-read %s: after the = give a path that begins with /, and is more", arg)
		default:
			trees = append(trees, tree{path, true, filepath.Clean(place)})
		}
	}
	return trees, nil
}

// withPlaces makes the paths of trees absolute, and adds those that links in
// them lead to. What lies in goroot cannot be changed, and goroot is one of them.
// Folders that are missing are left out, and so is the root: that would be
// everything.
func withPlaces(trees []tree, goroot string) []tree {
	var roots []string
	var list []tree
	seen := make(map[string]bool)
	for _, t := range append([]tree{{path: goroot, readOnly: true}}, trees...) {
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
			list = append(list, tree{path: path, readOnly: readOnly})
		}
	}
	return list
}

// moduleRoot returns the folder of the module that dir is in, or of the repository.
func moduleRoot(dir string) string {
	for _, mark := range []string{"go.mod", ".git", ".hg", ".svn"} {
		for d := dir; d != "/"; d = filepath.Dir(d) {
			// A module in the cache is older than modules if it has no go.mod. What lies above is none of its business.
			if _, err := os.Stat(filepath.Join(d, mark)); err == nil || cached(d) {
				return d
			}
		}
	}
	return dir
}

// cached tells whether dir is the folder of a module in the module cache, by its
// name, which ends in a version.
func cached(dir string) bool {
	_, version, ok := strings.Cut(filepath.Base(dir), "@")
	return ok && module.CanonicalVersion(version) == version
}

// otherModules returns folders of modules that the go command uses together with
// the one in root: those of its workspace, and those in whose place its go.mod, or go.work,
// names a folder. They have a go.mod, as the go command wants it, so that nothing
// else of the user's is handed out by what a module says that came from elsewhere;
// and what one in the module cache says is not heard, by the go command either.
func otherModules(root string) []string {
	if cached(root) {
		return nil
	}
	var dirs []string
	add := func(base, dir string) {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(base, dir)
		}
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && filepath.Clean(dir) != root {
			dirs = append(dirs, filepath.Clean(dir))
		}
	}
	replaced := func(base string, list []*modfile.Replace) {
		for _, r := range list {
			if modfile.IsDirectoryPath(r.New.Path) {
				add(base, r.New.Path)
			}
		}
	}
	// A file that cannot be read or is wrong is for the go command to complain about.
	file := filepath.Join(root, "go.mod")
	if data, err := os.ReadFile(file); err == nil {
		if f, err := modfile.Parse(file, data, nil); err == nil {
			replaced(root, f.Replace)
		}
	}
	file = workFile(root)
	if data, err := os.ReadFile(file); err == nil {
		if f, err := modfile.ParseWork(file, data, nil); err == nil {
			base := filepath.Dir(file)
			member := false
			for _, u := range f.Use {
				member = member || filepath.Join(base, u.Path) == root || u.Path == root
			}
			if member {
				for _, u := range f.Use {
					add(base, u.Path)
				}
				replaced(base, f.Replace)
			}
		}
	}
	return dirs
}

// workFile returns the path of the go.work that counts in dir, as the go command
// finds it; "": there is none.
func workFile(dir string) string {
	switch env := os.Getenv("GOWORK"); env {
	case "":
	case "off":
		return ""
	default:
		return env
	}
	for d := dir; ; d = filepath.Dir(d) {
		file := filepath.Join(d, "go.work")
		if _, err := os.Stat(file); err == nil {
			return file
		}
		if d == filepath.Dir(d) {
			return ""
		}
	}
}

// newServer returns what serves a program its trees, and remembers what else the
// program looked for.
func newServer(trees []tree) (*p9.Server, *outside, error) {
	var mounts []p9.Mount
	o := &outside{seen: make(map[string]bool)}
	for _, t := range trees {
		root, err := p9.OpenHost(t.path)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", t.path, err)
		}
		place := cmp.Or(t.place, t.path)
		mounts = append(mounts, p9.Mount{Path: place, Root: root, ReadOnly: t.readOnly})
		o.trees = append(o.trees, place)
	}
	return &p9.Server{Root: p9.NewMounts(mounts, o.add)}, o, nil
}

// An outside is what a program looked for where it has no files.
type outside struct {
	trees []string // where it has some

	mu    sync.Mutex
	paths []string        // in the order of looking
	seen  map[string]bool // those in paths
}

// maxOutside is how many paths are remembered; a program may look for any number.
const maxOutside = 100

func (o *outside) add(path string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	// Everybody looks for /etc and /proc.
	if filepath.Dir(path) != "/" && !o.seen[path] && len(o.paths) < maxOutside {
		o.seen[path] = true
		o.paths = append(o.paths, path)
	}
}

// why returns what a user may wonder about: that a program did not find what is
// there. It is nil if the program found everything there is.
func (o *outside) why() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var there []string
	for _, path := range o.paths {
		if _, err := os.Lstat(path); err == nil {
			there = append(there, path)
		}
	}
	if there == nil {
		return nil
	}
	return fmt.Errorf("the program looked for %s, which it was not given; it has %s", strings.Join(there, " and "), strings.Join(o.trees, ", "))
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
