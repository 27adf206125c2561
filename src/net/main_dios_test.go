// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package net

import "os/exec"

func installTestHooks() {}

func uninstallTestHooks() {}

// forceCloseSockets must be called only from TestMain.
func forceCloseSockets() {}

func addCmdInheritedHandle(cmd *exec.Cmd, fd uintptr) {}
