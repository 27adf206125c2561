// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Self prints what a task knows of itself.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/dios"
)

func main() {
	fmt.Println(runtime.GOOS, runtime.GOARCH, "CPUs", runtime.NumCPU(), "GOMAXPROCS", runtime.GOMAXPROCS(0))
	fmt.Println("brand", dios.ProgramBrand(), "node", dios.Node(), "ABI", dios.ABIVersion())
	fmt.Printf("entry %q\n", dios.Entry())
	fmt.Println("self", dios.Self())
	refs := []dios.Ref{dios.Self(), dios.Executable(), dios.Random(), dios.Stdout(), dios.Stderr()}
	seen := make(map[dios.Ref]bool)
	for _, r := range refs {
		if r == 0 || seen[r] {
			fmt.Println("reference", r, "is none or there twice")
		}
		seen[r] = true
	}
	fmt.Println("handed over", len(dios.Refs()), dios.Refs())
	// More is not to be had, whatever is asked for.
	runtime.GOMAXPROCS(8)
	fmt.Println("GOMAXPROCS", runtime.GOMAXPROCS(0), "pid", os.Getpid() > 0)
}
