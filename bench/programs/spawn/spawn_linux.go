// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"errors"
	"os/exec"
)

func spawn() {
	err := exec.Command("/proc/self/exe", "child").Run()
	if e := (*exec.ExitError)(nil); !errors.As(err, &e) || e.ExitCode() != 3 {
		panic(err)
	}
}
