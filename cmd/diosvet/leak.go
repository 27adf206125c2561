// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/cfg"
)

var leak = &analysis.Analyzer{
	Name: "leak",
	Doc: `find references and buffers that are lost when a function fails

A reference stays in the task's table, and a buffer in its memory, until they are
deleted and released. A function that makes one and then returns an error for another
reason must do that first:

	ref, err := dios.Create(0, dios.TypePrivmem, unsafe.Pointer(&spec), nil, 0, 0)
	if err != nil {
		return err
	}
	if err := dios.AcquireWrite(0, ref, 0, &iov, 0, 0); err != nil {
		return err // ref is lost
	}

A buffer that a function neither releases nor passes on is reported as well, but not in
main, and not the start page, which stays. Whatever else is done with a reference on the
way counts as taking care of it.`,
	Requires: []*analysis.Analyzer{ctrlflow.Analyzer},
	Run:      runLeak,
}

// What a function makes, and how it is called.
type made struct {
	v    *types.Var
	err  *types.Var // what tells whether it was made; nil if nothing does
	at   ast.Node   // in the control flow graph
	pos  token.Pos
	what string // "reference" or "buffer"
}

func runLeak(pass *analysis.Pass) (any, error) {
	if !imports(pass.Pkg, callPkg) && !imports(pass.Pkg, taskPkg) {
		return nil, nil
	}
	bodies(pass, func(node ast.Node, body *ast.BlockStmt, g *cfg.CFG) {
		var sig *types.Signature
		isMain := false
		switch n := node.(type) {
		case *ast.FuncDecl:
			sig, _ = pass.TypesInfo.Defs[n.Name].Type().(*types.Signature)
			isMain = n.Recv == nil && n.Name.Name == "main" && pass.Pkg.Name() == "main"
		case *ast.FuncLit:
			sig, _ = pass.TypesInfo.Types[n].Type.(*types.Signature)
		}
		if sig == nil || isMain {
			return
		}
		l := &leaks{pass, sig, body, g}
		for _, b := range g.Blocks {
			for i, n := range b.Nodes {
				if m := l.makes(n); m != nil {
					l.check(m, b, i)
				}
			}
		}
	})
	return nil, nil
}

type leaks struct {
	pass *analysis.Pass
	sig  *types.Signature
	body *ast.BlockStmt
	g    *cfg.CFG
}

// makes tells what a node makes, if it is an assignment of one call.
func (l *leaks) makes(n ast.Node) *made {
	info := l.pass.TypesInfo
	var call *ast.CallExpr
	a, ok := n.(*ast.AssignStmt)
	if ok && len(a.Rhs) == 1 {
		call, ok = ast.Unparen(a.Rhs[0]).(*ast.CallExpr)
	}
	if !ok || call == nil {
		return nil
	}
	m := &made{at: n, pos: call.Pos(), err: local(info, a.Lhs[len(a.Lhs)-1])}
	switch {
	case is(info, call, callPkg, "Create", "Run"), is(info, call, taskPkg, "NewGroup", "Ref.Limit"):
		if flags, ok := flag(info, call.Args[0]); is(info, call, callPkg, "Create") && (!ok || flags&4 != 0) {
			return nil // CreateName: no new reference
		}
		m.v, m.what = local(info, a.Lhs[0]), "reference"
	case is(info, call, callPkg, "AcquireRead", "AcquireWrite") && len(call.Args) == 6:
		m.v, m.what = local(info, call.Args[3]), "buffer"
		if self, ok := flag(info, call.Args[1]); ok && self == 1<<32 {
			return nil // SELF: the start page and the control page stay
		}
		if m.v != nil {
			if _, ok := m.v.Type().Underlying().(*types.Struct); !ok {
				return nil // a pointer to an Iov that somebody else has
			}
		}
	default:
		return nil
	}
	if m.v == nil || !l.owns(m.v) || m.what == "buffer" && l.passedOn(m.v) {
		return nil
	}
	return m
}

// owns reports whether a variable is the function's own, and not also that of a
// function literal, or a result, which the caller gets.
func (l *leaks) owns(v *types.Var) bool {
	if v.Pos() < l.body.Pos() || v.Pos() > l.body.End() {
		return false
	}
	own := true
	ast.Inspect(l.body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.DeferStmt, *ast.GoStmt:
			ast.Inspect(n, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && l.pass.TypesInfo.Uses[id] == v {
					own = false
				}
				return own
			})
		}
		return own
	})
	return own
}

// passedOn reports whether the memory of a buffer may outlive the function: its slice
// is returned, stored, or made into something else.
func (l *leaks) passedOn(iov *types.Var) bool {
	info := l.pass.TypesInfo
	slices := make(map[*types.Var]bool)
	ast.Inspect(l.body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == len(a.Rhs) {
			for i, e := range a.Rhs {
				if lent(info, e) == iov {
					if s := local(info, a.Lhs[i]); s != nil {
						slices[s] = true
					}
				}
			}
		}
		return true
	})
	// mentioned reports whether the memory is in an expression, not counting what
	// functions make of it.
	mentioned := func(n ast.Node) bool {
		found := false
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.IndexExpr: // a byte
				return false
			case *ast.CallExpr:
				if lent(info, n) == iov {
					found = true
				}
				b, ok := ast.Unparen(n.Fun).(*ast.Ident)
				isAppend := ok && b.Name == "append" && info.Types[n.Fun].IsBuiltin() && !n.Ellipsis.IsValid()
				to, isString := info.TypeOf(n).Underlying().(*types.Basic)
				return isAppend || info.Types[n.Fun].IsType() && !(isString && to.Info()&types.IsString != 0)
			case *ast.Ident:
				if v, ok := info.Uses[n].(*types.Var); ok && slices[v] {
					found = true
				}
			}
			return !found
		})
		return found
	}
	found := false
	ast.Inspect(l.body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			for _, e := range n.Results {
				found = found || mentioned(e)
			}
		case *ast.AssignStmt:
			for i, e := range n.Rhs {
				first := len(n.Lhs) == len(n.Rhs) && lent(info, e) == iov && local(info, n.Lhs[i]) != nil
				found = found || !first && mentioned(e)
			}
		case *ast.CompositeLit, *ast.SendStmt, *ast.FuncLit:
			found = found || mentioned(n)
		case *ast.CallExpr:
			// Unsafe makes something of it that is not followed here.
			if f, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok {
				if p, ok := f.X.(*ast.Ident); ok {
					if name, ok := info.Uses[p].(*types.PkgName); ok && name.Imported() == types.Unsafe {
						for _, e := range n.Args {
							ast.Inspect(e, func(n ast.Node) bool {
								switch n := n.(type) {
								case *ast.CallExpr:
									found = found || lent(info, n) == iov
								case *ast.Ident:
									v, _ := info.Uses[n].(*types.Var)
									found = found || slices[v]
								}
								return true
							})
						}
					}
				}
			}
		}
		return !found
	})
	return found
}

// check looks for ways from where something is made to where the function fails,
// on which nobody takes care of it.
func (l *leaks) check(m *made, b *cfg.Block, i int) {
	type state struct {
		b     *cfg.Block
		fresh bool // err is still what the making returned
	}
	seen := make(map[state]bool)
	cared := false
	var failing *ast.ReturnStmt
	var visit func(b *cfg.Block, nodes []ast.Node, fresh bool)
	visit = func(b *cfg.Block, nodes []ast.Node, fresh bool) {
		if failing != nil {
			return
		}
		for _, n := range nodes {
			if n == m.at {
				return // made again; that is another matter
			}
			if l.cares(n, m) {
				cared = true
				return
			}
			if ret, ok := n.(*ast.ReturnStmt); ok {
				if l.fails(ret, m, fresh) {
					failing = ret
				}
				return
			}
			if fresh && m.err != nil && assigns(l.pass.TypesInfo, n, m.err) {
				fresh = false
			}
		}
		succs := b.Succs
		if fresh && m.err != nil && len(succs) == 2 && len(b.Nodes) > 0 {
			cond, ok := b.Nodes[len(b.Nodes)-1].(ast.Expr)
			switch made := l.tells(cond, m.err); {
			case !ok:
			case made == isMade:
				succs = succs[:1]
			case made == notMade:
				succs = succs[1:]
			case made == unclear:
				cared = true
				return
			}
		}
		for _, next := range succs {
			if s := (state{next, fresh}); !seen[s] {
				seen[s] = true
				visit(next, next.Nodes, fresh)
			}
		}
	}
	visit(b, b.Nodes[i+1:], true)
	switch {
	case failing != nil:
		care := "delete it"
		if m.what == "buffer" {
			care = "release it"
		}
		l.pass.Reportf(failing.Pos(), "the %s %s, made at line %d, is lost when the function returns here; %s first", m.what, m.v.Name(), l.pass.Fset.Position(m.pos).Line, care)
	case m.what == "buffer" && !cared && !l.caredSomewhere(m):
		l.pass.Reportf(m.pos, "the buffer %s is never released", m.v.Name())
	}
}

func (l *leaks) caredSomewhere(m *made) bool {
	for _, b := range l.g.Blocks {
		for _, n := range b.Nodes {
			if n != m.at && l.cares(n, m) {
				return true
			}
		}
	}
	return false
}

const (
	nothing = iota
	isMade  // if the condition is true; the other way leads where nothing was made
	notMade
	unclear
)

// tells what a condition says of whether something was made.
func (l *leaks) tells(cond ast.Expr, err *types.Var) int {
	info := l.pass.TypesInfo
	uses := false
	if cond == nil {
		return nothing
	}
	ast.Inspect(cond, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && info.Uses[id] == err {
			uses = true
		}
		return !uses
	})
	if !uses {
		return nothing
	}
	if b, ok := ast.Unparen(cond).(*ast.BinaryExpr); ok && local(info, b.X) == err {
		isNil := info.Types[b.Y].IsNil()
		switch {
		case b.Op == token.EQL && isNil:
			return isMade
		case b.Op == token.NEQ && isNil, b.Op == token.EQL:
			return notMade
		}
	}
	return unclear
}

func assigns(info *types.Info, n ast.Node, v *types.Var) bool {
	found := false
	now(n, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok {
			for _, e := range a.Lhs {
				if id, ok := e.(*ast.Ident); ok && info.ObjectOf(id) == v {
					found = true
				}
			}
		}
		return !found
	})
	return found
}

// cares reports whether a node may take care of what was made: a reference, by any use
// but in calls that only use it; a buffer, by a release, the delete of a reference,
// or a use that may pass its memory on.
func (l *leaks) cares(n ast.Node, m *made) bool {
	info := l.pass.TypesInfo
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if found {
			return false
		}
		switch n := n.(type) {
		case *ast.CallExpr:
			switch {
			case m.what == "buffer" && is(info, n, callPkg, "Delete"), m.what == "buffer" && is(info, n, taskPkg, "Ref.Delete"):
				found = true
			case m.what == "buffer" && is(info, n, callPkg, "Bytes"):
				return false
			case is(info, n, callPkg, "AcquireRead", "AcquireWrite", "CommitRead", "CommitWrite"):
				if m.what == "buffer" || l.only(n, m) {
					return false
				}
			case m.what == "reference" && is(info, n, callPkg, "ReleaseRead", "ReleaseWrite", "Select"):
				return false
			}
		case *ast.Ident:
			if info.Uses[n] == m.v {
				found = true
			}
		}
		return !found
	})
	return found
}

// only reports whether a buffer call uses the reference as that, and does not take it as
// an argument of another kind.
func (l *leaks) only(call *ast.CallExpr, m *made) bool {
	return len(call.Args) > 1 && local(l.pass.TypesInfo, call.Args[1]) == m.v
}

// fails reports whether a return is one of an error.
func (l *leaks) fails(ret *ast.ReturnStmt, m *made, fresh bool) bool {
	results := l.sig.Results()
	if results.Len() == 0 || len(ret.Results) != results.Len() {
		return false
	}
	if !types.Identical(results.At(results.Len()-1).Type(), types.Universe.Lookup("error").Type()) {
		return false
	}
	last := ast.Unparen(ret.Results[len(ret.Results)-1])
	if l.pass.TypesInfo.Types[last].IsNil() {
		return false
	}
	// An error for which nothing tells that it is one may be nil: `return err` at
	// the end. A failure is inside of an if, or makes its error.
	if _, ok := last.(*ast.Ident); ok {
		return !(fresh && local(l.pass.TypesInfo, last) == m.err) && l.inIf(ret)
	}
	return l.inIf(ret)
}

// inIf reports whether a statement is what is done if a condition holds.
func (l *leaks) inIf(ret *ast.ReturnStmt) bool {
	found := false
	ast.Inspect(l.body, func(n ast.Node) bool {
		if i, ok := n.(*ast.IfStmt); ok && i.Body.Pos() <= ret.Pos() && ret.End() <= i.Body.End() {
			found = true
		}
		return !found
	})
	return found
}
