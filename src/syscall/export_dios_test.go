// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

const (
	PipeSize  = pipeSize
	PipeWhole = pipeWhole

	ENOFILES = enofiles
	ENOSTDIN = enostdin
	ENOUNIX  = enounix
	ENOPROCS = enoprocs
	ENOUSERS = enousers
)

var (
	FromDIOS = fromDIOS
	Missing  = missing[:]
)
