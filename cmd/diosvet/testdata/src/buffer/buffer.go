// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package buffer

import (
	tasks "runtime/dios"
	"syscall/dios"
)

func after(ref dios.Ref) byte {
	var iov dios.Iov
	dios.AcquireRead(0, ref, 0, &iov, 0, 0)
	data := dios.Bytes(&iov)
	first := data[0]
	dios.ReleaseRead(0, ref, &iov)
	if first == 0 || len(data) == 0 {
		return first
	}
	return data[1] // want `data is used after its memory was given back at line 17`
}

func before(ref dios.Ref) byte {
	var iov dios.Iov
	dios.AcquireRead(0, ref, 0, &iov, 0, 0)
	defer dios.ReleaseRead(0, ref, &iov)
	data := dios.Bytes(&iov)
	return data[0]
}

func discard(ref dios.Ref) byte {
	var iov dios.Iov
	dios.AcquireWrite(0, ref, 0, &iov, 0, 0)
	data := dios.Bytes(&iov)
	dios.ReleaseWrite(dios.BufDiscard, ref, &iov) // the mapping stays
	return data[0]
}

func again(ref dios.Ref) (sum byte) {
	var iov dios.Iov
	for range 3 {
		dios.AcquireRead(0, ref, 0, &iov, 0, 0)
		data := dios.Bytes(&iov)
		sum += data[0]
		dios.ReleaseRead(0, ref, &iov)
	}
	return sum
}

func sometimes(ref dios.Ref, early bool) byte {
	var iov dios.Iov
	dios.AcquireRead(0, ref, 0, &iov, 0, 0)
	data := dios.Bytes(&iov)
	if early {
		dios.ReleaseRead(0, ref, &iov)
	}
	if !early {
		return data[0]
	}
	return 0
}

func elsewhere(ref dios.Ref, early bool) (n byte) {
	var iov dios.Iov
	dios.AcquireRead(0, ref, 0, &iov, 0, 0)
	data := dios.Bytes(&iov)
	if early {
		dios.ReleaseRead(0, ref, &iov)
	} else {
		n++
	}
	if !early {
		n += data[0]
	}
	return n
}

func records(r *tasks.Reader) int {
	one, _ := r.Next()
	text := string(one)
	two, _ := r.Next()
	n := int(two[0]) + int(one[0]) // want `one is used after its memory was given back at line 82`
	r.Done()
	n += int(two[0]) // want `two is used after`
	two, _ = r.Next()
	return n + int(two[0]) + len(text)
}

func room(w *tasks.Writer) {
	mem, _ := w.Room(4)
	mem[0] = 1
	w.Commit(4)
	mem[1] = 2 // want `mem is used after`
}
