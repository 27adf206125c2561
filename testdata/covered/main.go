// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Covered is what a test of the files of go test and go build -cover copies, tests and runs.
package main

import "fmt"

func main() { fmt.Println(Size(1000)) }

// Size says what the test finds in half of its cases.
func Size(n int) string {
	if n > 100 {
		return "large"
	}
	return "small"
}
