// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/cfg"
)

var buffer = &analysis.Analyzer{
	Name: "buffer",
	Doc: `find buffers that are used after they were given back

The memory of a buffer is the kernel's. After ReleaseRead or ReleaseWrite of
package syscall/dios it is gone, and touching it ends the program:

	data := dios.Bytes(&iov)
	dios.ReleaseRead(0, ref, &iov)
	fmt.Println(data[0]) // a fault

The record that a Reader of runtime/dios returned is the writer's again after Next,
Done or Close, and the room of a Writer is published after Commit or Close: what is there
then may change at any time. Copy what is needed later.

Reported is a use that comes after the release on every way to it.`,
	Requires: []*analysis.Analyzer{ctrlflow.Analyzer},
	Run:      runBuffer,
}

// bodies calls do for each function of the package that has a body.
func bodies(pass *analysis.Pass, do func(node ast.Node, body *ast.BlockStmt, g *cfg.CFG)) {
	cfgs := pass.ResultOf[ctrlflow.Analyzer].(*ctrlflow.CFGs)
	for _, f := range pass.Files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Body != nil {
					if g := cfgs.FuncDecl(n); g != nil {
						do(n, n.Body, g)
					}
				}
			case *ast.FuncLit:
				if g := cfgs.FuncLit(n); g != nil {
					do(n, n.Body, g)
				}
			}
			return true
		})
	}
}

// now calls do for what a node of a control flow graph does when it is reached: not
// for what is deferred, done by another goroutine, or in a function literal.
func now(n ast.Node, do func(ast.Node) bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.DeferStmt, *ast.GoStmt, *ast.FuncLit:
			return false
		}
		return n == nil || do(n)
	})
}

// local returns the variable that an expression, or an address of one, names.
func local(info *types.Info, e ast.Expr) *types.Var {
	e = ast.Unparen(e)
	if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.AND {
		e = ast.Unparen(u.X)
	}
	id, ok := e.(*ast.Ident)
	if !ok {
		return nil
	}
	v, _ := info.ObjectOf(id).(*types.Var)
	if v == nil || v.IsField() || v.Pkg() == nil || v.Parent() == v.Pkg().Scope() {
		return nil
	}
	return v
}

// receiver returns the variable that a method is called of.
func receiver(info *types.Info, call *ast.CallExpr) *types.Var {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	return local(info, sel.X)
}

// flag returns a constant argument.
func flag(info *types.Info, e ast.Expr) (uint64, bool) {
	v := info.Types[e].Value
	if v == nil {
		return 0, false
	}
	return constant.Uint64Val(constant.ToInt(v))
}

const bufDiscard = 0x80 // DIOS_BUF_DISCARD: the buffer stays

// lent returns which variable lends the memory that a call returns: an Iov, a Reader or
// a Writer.
func lent(info *types.Info, e ast.Expr) *types.Var {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return nil
	}
	switch {
	case is(info, call, callPkg, "Bytes") && len(call.Args) == 1:
		return local(info, call.Args[0])
	case is(info, call, taskPkg, "Reader.Next", "Writer.Room"):
		return receiver(info, call)
	}
	return nil
}

// givenBack returns the variable whose lent memory a call gives back.
func givenBack(info *types.Info, call *ast.CallExpr) *types.Var {
	switch {
	case is(info, call, callPkg, "ReleaseRead", "ReleaseWrite") && len(call.Args) == 3:
		if flags, ok := flag(info, call.Args[0]); ok && flags&bufDiscard == 0 {
			return local(info, call.Args[2])
		}
	case is(info, call, taskPkg, "Reader.Next", "Reader.Done", "Reader.Close", "Writer.Commit", "Writer.Close"):
		return receiver(info, call)
	}
	return nil
}

func runBuffer(pass *analysis.Pass) (any, error) {
	if pass.Pkg.Path() == taskPkg || pass.Pkg.Path() == callPkg || !imports(pass.Pkg, callPkg) && !imports(pass.Pkg, taskPkg) {
		return nil, nil
	}
	bodies(pass, func(_ ast.Node, body *ast.BlockStmt, g *cfg.CFG) { checkUses(pass, body, g) })
	return nil, nil
}

// A gone is a set of slices that are gone, each with where it was given back.
type gone map[*types.Var]token.Pos

func checkUses(pass *analysis.Pass, body *ast.BlockStmt, g *cfg.CFG) {
	info := pass.TypesInfo
	// The slices of each lender.
	slices := make(map[*types.Var][]*types.Var)
	now(body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Rhs) == 1 {
			if from := lent(info, a.Rhs[0]); from != nil {
				if s := local(info, a.Lhs[0]); s != nil {
					slices[from] = append(slices[from], s)
				}
			}
		}
		return true
	})
	if len(slices) == 0 {
		return
	}
	// step goes over a node, and reports if told to.
	step := func(n ast.Node, set gone, report bool) {
		written := make(map[*ast.Ident]bool)
		now(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, e := range n.Lhs {
					if id, ok := ast.Unparen(e).(*ast.Ident); ok {
						written[id] = true
					}
				}
			case *ast.RangeStmt:
				return false // its parts are nodes of their own
			case *ast.CallExpr:
				// The length is the slice's own.
				if tv := info.Types[n.Fun]; tv.IsBuiltin() && len(n.Args) == 1 {
					return false
				}
			case *ast.Ident:
				v, ok := info.Uses[n].(*types.Var)
				if !ok || written[n] {
					return true
				}
				if at, is := set[v]; is && report {
					pass.Reportf(n.Pos(), "%s is used after its memory was given back at line %d", v.Name(), pass.Fset.Position(at).Line)
					delete(set, v) // once is enough
				}
			}
			return true
		})
		now(n, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if from := givenBack(info, call); from != nil {
					for _, s := range slices[from] {
						set[s] = call.Pos()
					}
				}
			}
			return true
		})
		for id := range written {
			if v, ok := info.ObjectOf(id).(*types.Var); ok {
				delete(set, v)
			}
		}
	}
	// What is gone at the start of a block is gone at the end of all before it.
	in := make([]gone, len(g.Blocks))
	in[0] = gone{}
	for work := []*cfg.Block{g.Blocks[0]}; len(work) > 0; {
		b := work[0]
		work = work[1:]
		out := maps.Clone(in[b.Index])
		for _, n := range b.Nodes {
			step(n, out, false)
		}
		for _, next := range b.Succs {
			if in[next.Index] == nil {
				in[next.Index] = maps.Clone(out)
				work = append(work, next)
				continue
			}
			before := len(in[next.Index])
			maps.DeleteFunc(in[next.Index], func(v *types.Var, _ token.Pos) bool { _, both := out[v]; return !both })
			if len(in[next.Index]) != before {
				work = append(work, next)
			}
		}
	}
	for _, b := range g.Blocks {
		if set := in[b.Index]; set != nil {
			for _, n := range b.Nodes {
				step(n, set, true)
			}
		}
	}
}
