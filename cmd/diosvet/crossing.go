// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"go/types"

	"golang.org/x/tools/go/analysis"
)

var crossing = &analysis.Analyzer{
	Name: "crossing",
	Doc: `find channels between tasks whose messages cannot cross

Two tasks share no memory, so a message is a copy: values without pointers are
copied as they are, and so are strings and slices of such values. Others need
MarshalBinary and UnmarshalBinary, or runtime/dios/gob, which in turn can do nothing
with functions, channels, and structs without exported fields. Where neither
is there Register and NewChan panic, when the program starts.`,
	Run: runCrossing,
}

const gobPkg = "runtime/dios/gob"

func runCrossing(pass *analysis.Pass) (any, error) {
	gob := imports(pass.Pkg, gobPkg)
	for id, inst := range pass.TypesInfo.Instances {
		obj := pass.TypesInfo.Uses[id]
		if obj == nil || obj.Pkg() == nil || obj.Pkg().Path() != taskPkg || obj.Pkg() == pass.Pkg {
			continue
		}
		switch obj.Name() {
		case "Register", "RegisterWorker", "NewChan":
		default:
			continue
		}
		if _, ok := obj.(*types.Func); !ok {
			continue
		}
		for t := range inst.TypeArgs.Types() {
			if why := cannotCross(t, gob); why != "" {
				pass.Reportf(id.Pos(), "a channel cannot carry %s: %s", types.TypeString(t, types.RelativeTo(pass.Pkg)), why)
			}
		}
	}
	return nil, nil
}

// cannotCross decides as newCodec in runtime/dios does.
func cannotCross(t types.Type, gob bool) string {
	if isParam(t) {
		return "" // decided where it is instantiated
	}
	if noPointers(t) || marshals(t) {
		return ""
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Kind() == types.String {
			return ""
		}
	case *types.Slice:
		if isParam(u.Elem()) || noPointers(u.Elem()) {
			return ""
		}
	}
	if gob {
		return cannotGob(t, make(map[types.Type]bool))
	}
	switch t.Underlying().(type) {
	case *types.Pointer:
		return "a pointer means nothing to another task; send what it points to, or give the type MarshalBinary and UnmarshalBinary"
	case *types.Signature:
		return "a function is of this task's memory; send what says which one"
	case *types.Chan:
		return "a Go channel is of this task's memory; give the other task a FIFO"
	}
	return `it has pointers; give it MarshalBinary and UnmarshalBinary, or import _ "runtime/dios/gob"`
}

// isParam reports whether a type depends on a type parameter.
func isParam(t types.Type) bool {
	seen := make(map[types.Type]bool)
	var find func(t types.Type) bool
	find = func(t types.Type) bool {
		t = types.Unalias(t)
		if seen[t] {
			return false
		}
		seen[t] = true
		switch t := t.(type) {
		case *types.TypeParam:
			return true
		case *types.Named:
			for a := range t.TypeArgs().Types() {
				if find(a) {
					return true
				}
			}
			return false
		case *types.Pointer:
			return find(t.Elem())
		case *types.Slice:
			return find(t.Elem())
		case *types.Array:
			return find(t.Elem())
		case *types.Map:
			return find(t.Key()) || find(t.Elem())
		case *types.Struct:
			for f := range t.Fields() {
				if find(f.Type()) {
					return true
				}
			}
		}
		return false
	}
	return find(t)
}

func noPointers(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&(types.IsBoolean|types.IsNumeric) != 0
	case *types.Array:
		return u.Len() == 0 || noPointers(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if !noPointers(f.Type()) {
				return false
			}
		}
		return true
	}
	return false
}

func has(t types.Type, method string) bool {
	obj, _, _ := types.LookupFieldOrMethod(t, false, nil, method)
	_, ok := obj.(*types.Func)
	return ok
}

func marshals(t types.Type) bool {
	if !has(t, "AppendBinary") && !has(t, "MarshalBinary") {
		return false
	}
	// LookupFieldOrMethod with an addressable value finds the methods of the pointer, too.
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "UnmarshalBinary")
	_, ok := obj.(*types.Func)
	return ok
}

// cannotGob tells why encoding/gob cannot encode a type.
func cannotGob(t types.Type, seen map[types.Type]bool) string {
	if seen[t] || isParam(t) || has(t, "GobEncode") || has(t, "MarshalBinary") || has(t, "MarshalText") ||
		has(types.NewPointer(t), "GobEncode") || has(types.NewPointer(t), "MarshalBinary") || has(types.NewPointer(t), "MarshalText") {
		return ""
	}
	seen[t] = true
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Kind() == types.UnsafePointer {
			return "an address means nothing to another task"
		}
	case *types.Signature:
		return "encoding/gob encodes no functions"
	case *types.Chan:
		return "encoding/gob encodes no Go channels"
	case *types.Pointer:
		return cannotGob(u.Elem(), seen)
	case *types.Slice:
		return cannotGob(u.Elem(), seen)
	case *types.Array:
		return cannotGob(u.Elem(), seen)
	case *types.Map:
		if why := cannotGob(u.Key(), seen); why != "" {
			return why
		}
		return cannotGob(u.Elem(), seen)
	case *types.Struct:
		exported := 0
		for f := range u.Fields() {
			if !f.Exported() {
				continue
			}
			ft := f.Type().Underlying()
			for {
				p, ok := ft.(*types.Pointer)
				if !ok || seen[ft] {
					break
				}
				ft = p.Elem().Underlying()
			}
			switch ft.(type) {
			case *types.Signature, *types.Chan:
				continue // left out
			}
			exported++
			if why := cannotGob(f.Type(), seen); why != "" {
				return why
			}
		}
		if exported == 0 && u.NumFields() > 0 {
			return "it has no exported fields that encoding/gob could encode"
		}
	}
	return ""
}
