// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package signal

import "os"

// Nothing sends a signal to a task, so there are none to wait for: Notify
// accepts every signal and delivers none.

const numSig = 0

func signum(sig os.Signal) int { return -1 }

func enableSignal(sig int)       {}
func disableSignal(sig int)      {}
func ignoreSignal(sig int)       {}
func signalIgnored(sig int) bool { return false }
