// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios_test

import (
	"runtime/dios"
	sys "syscall/dios"
	"testing"
)

// A test is a task, so what a task is told must be true of it.

func TestSelf(t *testing.T) {
	if self := dios.Self(); sys.Ref(self) != sys.RefSelf {
		t.Errorf("Self() = %v, want %v", self, dios.Ref(sys.RefSelf))
	}
	// The page that SELF lends is the one that the answers come from.
	var iov sys.Iov
	if err := sys.AcquireRead(0, sys.Ref(dios.Self()), 0, &iov, sys.RefNone, 0); err != nil {
		t.Fatalf("AcquireRead(SELF): %v", err)
	}
	if b := sys.Bytes(&iov); string(b[:8]) != "DIOSTART" {
		t.Errorf("the start page begins with %q", b[:8])
	}
	if err := sys.ReleaseRead(0, sys.Ref(dios.Self()), &iov); err != nil {
		t.Errorf("ReleaseRead(SELF): %v", err)
	}
}

func TestBrand(t *testing.T) {
	switch b := dios.ProgramBrand(); b {
	case sys.BrandPure, sys.BrandDiosLimbo:
	default:
		t.Errorf("ProgramBrand() = %v; this is a task, so it must be pure or dios-limbo", b)
	}
}

func TestEntry(t *testing.T) {
	if e := dios.Entry(); e != "" {
		t.Errorf("Entry() = %q, want \"\" for a program that runs main", e)
	}
}

func TestVersion(t *testing.T) {
	if v := dios.ABIVersion(); v != sys.ABIVersion {
		t.Errorf("ABIVersion() = %d, want %d", v, sys.ABIVersion)
	}
}

// The references must be those of objects of the right type.
func TestStandardRefs(t *testing.T) {
	var iov sys.Iov
	if err := sys.AcquireRead(0, sys.Ref(dios.Random()), 16, &iov, sys.RefNone, 0); err != nil {
		t.Errorf("AcquireRead(Random()): %v", err)
	} else if err := sys.ReleaseRead(0, sys.Ref(dios.Random()), &iov); err != nil {
		t.Errorf("ReleaseRead(Random()): %v", err)
	}
	for _, r := range []dios.Ref{dios.Stdout(), dios.Stderr()} {
		iov = sys.Iov{}
		if err := sys.AcquireWrite(0, sys.Ref(r), 16, &iov, sys.RefNone, 0); err != nil {
			t.Errorf("AcquireWrite(%v): %v", r, err)
		} else if err := sys.ReleaseWrite(0, sys.Ref(r), &iov); err != nil {
			t.Errorf("ReleaseWrite(%v): %v", r, err)
		}
	}
	if dios.Executable() == 0 {
		t.Error("Executable() = 0 in a task")
	}
}

func TestRefs(t *testing.T) {
	for _, h := range dios.Refs() {
		if h.Ref == 0 || h.Type == 0 || h.Type > sys.TypeMax || h.Rights&^sys.RightAll != 0 {
			t.Errorf("handed over: %+v", h)
		}
	}
}

func TestRefString(t *testing.T) {
	for r, want := range map[dios.Ref]string{0: "none", dios.Ref(sys.RefSelf): "0.1", 7<<32 | 3: "3.7"} {
		if got := r.String(); got != want {
			t.Errorf("Ref(%#x).String() = %q, want %q", uint64(r), got, want)
		}
	}
}
