// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package brand

import (
	"bytes"
	"os"
	"testing"

	"dios/internal/abi"
)

// No damage to the headers of a program makes check panic, and every file that
// is cut off is refused.
func TestCheckDamaged(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := check(bytes.NewReader(whole), int64(len(whole))); err != nil {
		t.Fatalf("this test is not a program: %v", err)
	}
	const headers = 64 + 56*4
	for i := range headers {
		old := whole[i]
		for _, b := range []byte{0, 1, 0x7f, 0x80, 0xff, old ^ 1} {
			whole[i] = b
			check(bytes.NewReader(whole), int64(len(whole)))
		}
		whole[i] = old
		if _, err := check(bytes.NewReader(whole[:i]), int64(i)); err == nil {
			t.Errorf("the first %d bytes pass for a program", i)
		}
	}
}

func TestParse(t *testing.T) {
	for _, b := range abi.Brands {
		if got, err := Parse(b.Name); err != nil || got != b {
			t.Errorf("Parse(%q) = %v, %v", b.Name, got, err)
		}
	}
	for _, s := range []string{"", "pur", "pure ", "0x", "-5", "1e1", "256", "0x105"} {
		if got, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", s, got)
		}
	}
}
