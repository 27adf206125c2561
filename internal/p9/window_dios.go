// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package p9

import (
	"runtime/dios"
	sys "syscall/dios"
)

// Window is for a Server that serves tasks: it maps the memory that a client has made.
func Window(name [nameSize]byte) (Memory, error) {
	refs, err := dios.Lookup(name, 0)
	if err != nil {
		return nil, err
	}
	for _, r := range refs[1:] {
		r.Delete() // a random name leads to one object
	}
	if refs[0].Type() != sys.TypeShmem || refs[0].Rights() != sys.RightRead|sys.RightWrite {
		refs[0].Delete()
		return nil, EBADF
	}
	s, err := dios.OpenShared(refs[0])
	if err != nil {
		refs[0].Delete()
		return nil, err
	}
	return &sharedMemory{Shared: s}, nil
}
