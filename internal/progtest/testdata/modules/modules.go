// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package modules is a module of its own, which requires those of others whose
// tests run on DIOS: TestGoModules does `go test` of their packages from here, as
// anybody would who requires them, so that they lie in the module cache, where
// make.bash has them fetched.
//
// For newer ones: go get -t -u ./... && go mod tidy, here, and the table in
// docs/modules.md.
package modules

import (
	_ "github.com/BurntSushi/toml"
	_ "github.com/google/pprof/profile"
	_ "github.com/yuin/goldmark"
	_ "golang.org/x/image/font/sfnt"
	_ "golang.org/x/image/vector"
	_ "golang.org/x/mod/modfile"
	_ "golang.org/x/net/html/charset"
)
