// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

// Unregistered returns what would start a function that is not there.
func Unregistered(name string) *Func[int, int] { return &Func[int, int]{name} }

// WithoutFallback calls f in a program that does not import runtime/dios/gob.
func WithoutFallback(f func()) {
	saved := fallback
	defer func() { fallback = saved }()
	fallback = nil
	f()
}
