// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package packaging has no code; its tests look at the Debian package dios-dkms
// that make.bash made, and build the kernel module from what is in it, as dkms does.
package packaging
