// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package covered is what a test of go test's files copies, tests and changes.
package covered

// Size says what the test finds in half of its cases.
func Size(n int) string {
	if n > 100 {
		return "large"
	}
	return "small"
}
