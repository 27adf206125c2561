// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package x509

// Possible certificate files; stop after finding one. There are no files
// yet, so looking for system roots fails with an error that says that,
// rather than with an empty pool.
var certFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
}

// Possible directories with certificate files; all will be read.
var certDirectories = []string{}
