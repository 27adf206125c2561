// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"
)

var register = &analysis.Analyzer{
	Name: "register",
	Doc: `find task functions that a new task would not have, or have otherwise

A task that runs a function is a new run of the program, whose packages are
initialized, and which then looks for the function by its name. So a call of
Register or RegisterWorker must be in the initializer of a package-level variable,
in an init function, or in a function that is called from there only; any later
it panics.

And of what is around the function, the new task computes everything anew. A
function literal that uses a local variable, which comes from a call into another package or from
os.Args, would find another value:

	func init() {
		started := time.Now()
		dios.Register("age", func(ch *dios.Chan[int, int]) {
			ch.Send(int(time.Since(started))) // since the task has started
		})
	}

Variables that come from constants are the same in each run, and may be used.`,
	Run: runRegister,
}

// A place is where a call is: in which declared function, nil for a variable's
// initializer, and whether in a function literal that is not called at once.
type place struct {
	in    *ast.FuncDecl
	later bool
}

type registry struct {
	pass  *analysis.Pass
	uses  map[types.Object][]place // of functions of the package
	early map[types.Object]bool    // whether functions run in initialization only
}

func runRegister(pass *analysis.Pass) (any, error) {
	// Its own tests register late on purpose, to see it refused.
	if path := strings.TrimSuffix(pass.Pkg.Path(), "_test"); path == taskPkg || !imports(pass.Pkg, taskPkg) {
		return nil, nil
	}
	r := &registry{pass, make(map[types.Object][]place), make(map[types.Object]bool)}
	type found struct {
		call *ast.CallExpr
		place
	}
	var calls []found
	for _, f := range pass.Files {
		ast.PreorderStack(f, nil, func(n ast.Node, stack []ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if fn, ok := pass.TypesInfo.Uses[n].(*types.Func); ok && fn.Pkg() == pass.Pkg {
					p := where(stack)
					if !isCalled(n, stack) {
						p.later = true
					}
					r.uses[fn.Origin()] = append(r.uses[fn.Origin()], p)
				}
			case *ast.CallExpr:
				if is(pass.TypesInfo, n, taskPkg, "Register", "RegisterWorker") {
					calls = append(calls, found{n, where(stack)})
				}
			}
			return true
		})
	}
	for _, c := range calls {
		if !r.isEarly(c.place) {
			pass.Reportf(c.call.Pos(), "the task function is registered too late: a package-level variable or an init function must do it")
		}
		if len(c.call.Args) == 2 {
			r.checkFunc(c.call.Args[1], c.in)
		}
	}
	return nil, nil
}

// where finds the place of a node below the stack.
func where(stack []ast.Node) (p place) {
	for i, n := range stack {
		switch n := n.(type) {
		case *ast.FuncDecl:
			p.in = n
		case *ast.FuncLit:
			if !isCalled(n, stack[:i]) {
				p.later = true
			}
		case *ast.GoStmt:
			p.later = true
		}
	}
	return p
}

// isCalled reports whether an expression is the function of a call.
func isCalled(n ast.Expr, stack []ast.Node) bool {
	for i := len(stack) - 1; i >= 0; i-- {
		switch up := stack[i].(type) {
		case *ast.ParenExpr:
			n = up
		case *ast.IndexExpr:
			if up.X != n {
				return false
			}
			n = up
		case *ast.IndexListExpr:
			n = up
		case *ast.CallExpr:
			return up.Fun == n
		default:
			return false
		}
	}
	return false
}

// isEarly reports whether what is at a place runs in initialization only.
func (r *registry) isEarly(p place) bool {
	switch {
	case p.later:
		return false
	case p.in == nil:
		return true
	case p.in.Recv != nil:
		return false
	case p.in.Name.Name == "init":
		return true
	}
	obj := r.pass.TypesInfo.Defs[p.in.Name]
	if obj == nil || obj.Exported() || p.in.Name.Name == "main" {
		return false
	}
	if early, ok := r.early[obj]; ok {
		return early
	}
	r.early[obj] = true // one that calls itself is as early as its other callers
	early := len(r.uses[obj]) > 0
	for _, use := range r.uses[obj] {
		early = early && r.isEarly(use)
	}
	r.early[obj] = early
	return early
}

// checkFunc reports the variables that a task function must not use.
func (r *registry) checkFunc(f ast.Expr, in *ast.FuncDecl) {
	lit, ok := ast.Unparen(f).(*ast.FuncLit)
	if !ok || in == nil {
		return
	}
	info := r.pass.TypesInfo
	reported := make(map[*types.Var]bool)
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		v, ok := info.Uses[id].(*types.Var)
		if !ok || v.IsField() || v.Pkg() != r.pass.Pkg || v.Parent() == r.pass.Pkg.Scope() || reported[v] ||
			v.Pos() >= lit.Pos() && v.Pos() < lit.End() {
			return true
		}
		if why := r.changes(v, in, make(map[*types.Var]bool)); why != "" {
			reported[v] = true
			r.pass.Reportf(id.Pos(), "the task function uses %s, which a new task computes anew, from %s", v.Name(), why)
		}
		return true
	})
}

// changes tells why a local variable may have another value in another run of
// the program.
func (r *registry) changes(v *types.Var, in *ast.FuncDecl, seen map[*types.Var]bool) (why string) {
	if seen[v] {
		return ""
	}
	seen[v] = true
	is := func(e ast.Expr) bool {
		id, ok := e.(*ast.Ident)
		return ok && (r.pass.TypesInfo.Defs[id] == v || r.pass.TypesInfo.Uses[id] == v)
	}
	ast.Inspect(in.Body, func(n ast.Node) bool {
		if why != "" {
			return false
		}
		var from []ast.Expr
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, e := range n.Lhs {
				if !is(e) {
					continue
				}
				if len(n.Rhs) == len(n.Lhs) {
					from = append(from, n.Rhs[i])
				} else {
					from = append(from, n.Rhs[0])
				}
			}
		case *ast.ValueSpec:
			for i, id := range n.Names {
				if is(id) && len(n.Values) > 0 {
					from = append(from, n.Values[min(i, len(n.Values)-1)])
				}
			}
		case *ast.RangeStmt:
			if n.Key != nil && is(n.Key) || n.Value != nil && is(n.Value) {
				from = append(from, n.X)
			}
		}
		for _, e := range from {
			if why == "" {
				why = r.changing(e, in, seen)
			}
		}
		return true
	})
	return why
}

// sameAlways are packages whose functions give the same for the same.
var sameAlways = map[string]bool{
	"bytes": true, "cmp": true, "errors": true, "fmt": true, "math": true, "math/bits": true, "path": true, "regexp": true,
	"slices": true, "sort": true, "strconv": true, "strings": true, "unicode": true, "unicode/utf8": true, taskPkg: true,
}

// changing tells what in an expression may be otherwise in another run.
func (r *registry) changing(e ast.Expr, in *ast.FuncDecl, seen map[*types.Var]bool) (why string) {
	info := r.pass.TypesInfo
	ast.Inspect(e, func(n ast.Node) bool {
		if why != "" {
			return false
		}
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if tv := info.Types[n.Fun]; tv.IsType() || tv.IsBuiltin() {
				return true
			}
			f, ok := typeutil.Callee(info, n).(*types.Func)
			switch {
			case !ok:
				return true // a function value; it may be anything
			case f.Pkg() == nil || f.Pkg() == r.pass.Pkg || sameAlways[f.Pkg().Path()]:
				return true // not known to be otherwise
			default:
				why = "what " + f.Pkg().Name() + "." + f.Name() + " returns"
			}
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				why = "what is received from a channel"
			}
		case *ast.Ident:
			v, ok := info.Uses[n].(*types.Var)
			switch {
			case !ok || v.IsField():
			case v.Pkg() != r.pass.Pkg:
				if v.Pkg().Path() == "os" && v.Name() == "Args" {
					why = "os.Args"
				}
			case v.Parent() != r.pass.Pkg.Scope():
				why = r.changes(v, in, seen)
			}
		}
		return true
	})
	return why
}
