// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Package gob lets channels of package runtime/dios carry values of any type
// that package encoding/gob can encode. Import it for that effect:
//
//	import _ "runtime/dios/gob"
//
// The package that registers a task function with such a type imports it, so
// that it is initialized before. It is a package of its own because most
// programs need it not, and it makes a program larger, and slower to start.
package gob

import (
	"encoding/gob"
	"io"
	"runtime/dios"
)

func init() { dios.SetFallback(codec{}) }

type codec struct{}

func (codec) NewEncoder(w io.Writer) dios.Encoder { return gob.NewEncoder(w) }
func (codec) NewDecoder(r io.Reader) dios.Decoder { return gob.NewDecoder(r) }
