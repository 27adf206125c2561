// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Fibtasks computes a Fibonacci number with a task for each call.
package main

import "fmt"
import "runtime/dios"

var task *dios.Func[int, int]

func init()                         { task = dios.Register("fib", serve) }
func serve(ch *dios.Chan[int, int]) { ch.Send(fib(dios.Must(ch.Recv()))) }
func main()                         { fmt.Println("fib(10) =", fib(10)) }

func fib(n int) int {
	if n < 2 {
		return n
	}
	a, b := dios.Must(task.Spawn()), dios.Must(task.Spawn())
	a.Send(n - 1)
	b.Send(n - 2)
	return dios.Must(a.Recv()) + dios.Must(b.Recv())
}
