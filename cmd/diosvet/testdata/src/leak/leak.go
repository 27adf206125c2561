// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package leak

import (
	"errors"
	tasks "runtime/dios"
	"syscall/dios"
)

var errBad = errors.New("bad")

func lost(spec func() error) (dios.Ref, error) {
	ref, err := dios.Create(0, 4, nil, nil, 0, 0)
	if err != nil {
		return 0, err
	}
	if err := spec(); err != nil {
		return 0, err // want `the reference ref, made at line 16, is lost when the function returns here; delete it first`
	}
	return ref, nil
}

func deleted(spec func() error) (dios.Ref, error) {
	ref, err := dios.Create(0, 4, nil, nil, 0, 0)
	if err == nil {
		if err := spec(); err != nil {
			dios.Delete(0, ref)
			return 0, err
		}
	}
	return ref, err
}

func deferred(spec func() error) error {
	ref, err := dios.Create(0, 4, nil, nil, 0, 0)
	if err != nil {
		return err
	}
	defer dios.Delete(0, ref)
	if err := spec(); err != nil {
		return err
	}
	return nil
}

// The reference is the one that was given.
func naming(ref dios.Ref, n *dios.Name) error {
	same, err := dios.Create(dios.CreateName, 4, nil, n, ref, 0)
	if err != nil {
		return err
	}
	if n[0] == 0 {
		return errBad
	}
	_ = same
	return nil
}

func passed(keep func(dios.Ref)) error {
	ref, err := dios.Create(0, 4, nil, nil, 0, 0)
	if err != nil {
		return err
	}
	keep(ref)
	if ref == 7 {
		return errBad
	}
	return nil
}

func group() (tasks.Ref, error) {
	g, err := tasks.NewGroup(1)
	if err != nil {
		return 0, err
	}
	less, err := g.Limit(1)
	if err != nil {
		return 0, err
	}
	if errBad != nil {
		return 0, errBad // want `the reference less, made at line 79, is lost`
	}
	return less, nil
}

func buffer(ref dios.Ref) error {
	var iov dios.Iov
	if err := dios.AcquireRead(0, ref, 0, &iov, 0, 0); err != nil {
		return err
	}
	data := dios.Bytes(&iov)
	if data[0] != 1 {
		return errBad // want `the buffer iov, made at line 91, is lost when the function returns here; release it first`
	}
	return dios.ReleaseRead(0, ref, &iov)
}

func never(ref dios.Ref) byte {
	var iov dios.Iov
	if err := dios.AcquireRead(0, ref, 0, &iov, 0, 0); err != nil { // want `the buffer iov is never released`
		return 0
	}
	return dios.Bytes(&iov)[0]
}

func returned(ref dios.Ref) []byte {
	var iov dios.Iov
	if err := dios.AcquireRead(0, ref, 0, &iov, 0, 0); err != nil {
		return nil
	}
	return dios.Bytes(&iov)
}

func startPage() byte {
	var iov dios.Iov
	dios.AcquireRead(0, dios.RefSelf, 0, &iov, 0, 0)
	return dios.Bytes(&iov)[0]
}

func withReference(ref dios.Ref) error {
	var iov dios.Iov
	if err := dios.AcquireWrite(0, ref, 0, &iov, 0, 0); err != nil {
		return err
	}
	if _, err := dios.CommitWrite(0, ref, 0, &iov); err != nil {
		dios.Delete(0, ref)
		return err
	}
	return dios.ReleaseWrite(0, ref, &iov)
}
