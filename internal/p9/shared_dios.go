// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package p9

import (
	"runtime/dios"
	sys "syscall/dios"
)

func init() {
	newMemory = func(n int) (Memory, error) {
		s, err := dios.NewShared(n)
		if err != nil {
			return nil, err
		}
		return &sharedMemory{Shared: s}, nil
	}
}

// sharedMemory is a SHMEM, with a name once a client wants it.
type sharedMemory struct {
	*dios.Shared
	name  dios.Name
	named bool
}

func (m *sharedMemory) Name() ([nameSize]byte, error) {
	if m.named {
		return m.name, nil
	}
	r, err := m.Ref().Limit(sys.RightRead)
	if err != nil {
		return m.name, err
	}
	defer r.Delete()
	m.name, err = r.SetName(0)
	m.named = err == nil
	return m.name, err
}
