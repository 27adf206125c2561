// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"fmt"

	"dios/testdata/covered"
)

func main() { fmt.Println(covered.Size(1000)) }
