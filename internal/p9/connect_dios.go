// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package p9

import (
	"io"
	"runtime/dios"
)

// Connect is for a Server that serves tasks: it lets them hand on what they have.
func Connect(requests, replies [nameSize]byte) (io.ReadWriteCloser, error) {
	c, err := dios.ConnectFiles(requests, replies)
	if err != nil {
		return nil, err
	}
	return c, nil
}
