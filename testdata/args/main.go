// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Args prints its arguments and those variables of its environment that begin
// with ARGS_, and changes the environment.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	fmt.Printf("%d arguments of %s\n", len(os.Args)-1, filepath.Base(os.Args[0]))
	for _, a := range os.Args[1:] {
		if len(a) > 100 {
			fmt.Printf("%d bytes, %q ... %q\n", len(a), a[:10], a[len(a)-10:])
			continue
		}
		fmt.Printf("%q\n", a)
	}
	show()
	for _, name := range []string{"ARGS_A", "ARGS_EMPTY", "ARGS_UNSET", "", "ARGS_A=b"} {
		v, ok := os.LookupEnv(name)
		fmt.Printf("%q: %q %v\n", name, v, ok)
	}
	fmt.Println(os.Setenv("ARGS_NEW", "1"), os.Setenv("", "x"), os.Setenv("a=b", "x"), os.Unsetenv("ARGS_A"))
	show()
	fmt.Println(os.ExpandEnv("$ARGS_NEW ${ARGS_EMPTY} $ARGS_A."))
	os.Clearenv()
	fmt.Println(len(os.Environ()))
}

func show() {
	var env []string
	for _, e := range os.Environ() {
		if strings.HasPrefix(e, "ARGS_") {
			env = append(env, e)
		}
	}
	slices.Sort(env)
	fmt.Printf("%q\n", env)
}
