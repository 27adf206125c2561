// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Debug is for a debugger to look at: it spends what an account has, with an
// argument until it panics, while other goroutines wait.
package main

import (
	"fmt"
	"os"
)

type account struct {
	owner   string
	balance int
}

//go:noinline
func spend(a *account, n int) {
	a.balance -= n
	if a.balance < 0 {
		panic("overdrawn")
	}
}

func main() {
	done := make(chan bool)
	for range 3 {
		go func() { <-done }()
	}
	a := &account{"gopher", 100}
	for i := range 10 + 10*(len(os.Args)-1) {
		spend(a, i)
	}
	fmt.Println(a.owner, a.balance)
}
