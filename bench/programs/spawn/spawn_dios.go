// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package main

import (
	"runtime/dios"
	sys "syscall/dios"
	"unsafe"
)

func spawn() {
	ref, err := sys.Run(0, sys.Ref(dios.Executable()), &sys.RunSpec{Args: []string{"spawn", "child"}})
	if err != nil {
		panic(err)
	}
	var iov sys.Iov
	for err = sys.EINTR; err == sys.EINTR; {
		err = sys.AcquireRead(0, ref, 0, &iov, sys.RefNone, 0)
	}
	if err != nil {
		panic(err)
	}
	if st := (*sys.TaskStatus)(unsafe.Pointer(&sys.Bytes(&iov)[0])); st.How != sys.EndExit || st.Status != 3 {
		panic(st.Status)
	}
	sys.Delete(0, ref)
}
