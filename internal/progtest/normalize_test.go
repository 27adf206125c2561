// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormalize(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"plain", "standard error\nprintln 1 0x12\n", "standard error\nprintln 1 0x12\n"},
		{"panic",
			"panic: (main.point) 0x4d2a58\n\ngoroutine 19 [running]:\nmain.inner.func1()\n\tdios/testdata/panic/main.go:73 +0x25\n" +
				"panic({0x4ac620?, 0x4d2a68?})\n\truntime/panic.go:860 +0x13a\nmain.outer({0x7ffd, 0x3?})\n\t/home/x/testdata/panic/main.go:41 +0x18\n" +
				"created by main.main in goroutine 1\n\tdios/testdata/panic/main.go:72 +0xad\n",
			"panic: (main.point) N\n\ngoroutine N [running]:\nmain.inner.func1 testdata/panic/main.go:73\npanic\nmain.outer testdata/panic/main.go:41\ncreated by main.main testdata/panic/main.go:72\n"},
		{"signal",
			"[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a3660]\n",
			"[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=N]\n"},
		{"throw",
			"fatal error: fault\n\nruntime stack:\nruntime.throw({0x4c6106?})\n\truntime/panic.go:1229 +0x48 fp=0x7fff pc=0x47\n\n" +
				"goroutine 1 gp=0x3cf4286e21e0 m=0 mp=0x591320 [running]:\nruntime.throw({0x4, 0x7})\n\truntime/panic.go:1229 +0x48 fp=0x3 sp=0x3 pc=0x4\n" +
				"main.main()\n\tdios/testdata/nilderef/main.go:84 +0x280 fp=0x3 sp=0x3 pc=0x4\nruntime.main()\n\truntime/proc.go:290 +0x2d5\n\n" +
				"goroutine 2 gp=0x3cf4286e2780 m=nil [force gc (idle)]:\nruntime.gopark(0x0?)\n\truntime/proc.go:462 +0xce\ncreated by runtime.init.7 in goroutine 1\n\truntime/proc.go:363 +0x1a\n",
			"fatal error: fault\n\ngoroutine N [running]:\nmain.main testdata/nilderef/main.go:84\n"},
		{"repeated",
			"goroutine 1 [running]:\nmain.down(0x1)\n\tx/testdata/s/main.go:14 +0x2b\nmain.down(...)\n\tx/testdata/s/main.go:15\n" +
				"main.down(0x0?)\n\tx/testdata/s/main.go:15 +0x17\n...4711 frames elided...\nmain.down(0x0?)\n\tx/testdata/s/main.go:15 +0x17\n",
			"goroutine N [running]:\nmain.down testdata/s/main.go:14\nmain.down testdata/s/main.go:15\n...frames elided...\nmain.down testdata/s/main.go:15\n"},
	} {
		if diff := cmp.Diff(test.want, Normalize(test.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
