// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/multichecker"
	"golang.org/x/tools/go/types/typeutil"
)

// analyzers are all; each stands in a file of its name.
var analyzers = []*analysis.Analyzer{buffer, buildline, crossing, leak, noimport, register}

// Multichecker's Main is that of unitchecker, too, when the go command calls it.
func main() { multichecker.Main(analyzers...) }

// The packages whose use is checked.
const (
	taskPkg = "runtime/dios"
	callPkg = "syscall/dios"
)

// is reports whether a call is one of a function of a package; a method is
// named Type.Method.
func is(info *types.Info, call *ast.CallExpr, pkg string, names ...string) bool {
	f, ok := typeutil.Callee(info, call).(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != pkg {
		return false
	}
	name := f.Name()
	if recv := f.Signature().Recv(); recv != nil {
		t := recv.Type()
		if p, ok := types.Unalias(t).(*types.Pointer); ok {
			t = p.Elem()
		}
		named, ok := types.Unalias(t).(*types.Named)
		if !ok {
			return false
		}
		name = named.Obj().Name() + "." + name
	}
	return slices.Contains(names, name)
}

// imports reports whether a package imports another one, perhaps by others.
func imports(pkg *types.Package, path string) bool {
	seen := make(map[*types.Package]bool)
	var find func(p *types.Package) bool
	find = func(p *types.Package) bool {
		if seen[p] {
			return false
		}
		seen[p] = true
		return p.Path() == path || slices.ContainsFunc(p.Imports(), find)
	}
	return slices.ContainsFunc(pkg.Imports(), find)
}
