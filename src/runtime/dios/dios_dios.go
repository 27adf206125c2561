// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Package dios is for programs that know they run on DIOS: it starts tasks,
// and connects them by channels.
//
// # Tasks
//
// A program on DIOS is a task. It is one thread, whose goroutines take turns;
// what is to run in parallel, or must not bring the others down, is a task of
// its own. A task function is registered by name:
//
//	var double = dios.Register("double", func(ch *dios.Chan[int, int]) {
//		for n := range ch.All() {
//			ch.Send(2 * n)
//		}
//	})
//
//	func main() {
//		c, err := double.Spawn()
//		if err != nil {
//			log.Fatal(err)
//		}
//		c.Send(21)
//		n, err := c.Recv()
//		fmt.Println(n, err)
//	}
//
// A task function runs in a new run of the same program, in place of main. It
// cannot be a closure over something that the parent computed: nothing but
// messages, arguments and references passes from one task to the other. See
// [Register].
//
// A task that ends otherwise than by returning from its function, be it by a
// panic, by os.Exit or because it was killed, is an *[ExitError] in Recv,
// Send and Wait of the task that started it.
//
// # Channels
//
// A [Chan] carries messages of one type each way, in order. It ends when
// either side closes it or ends: messages sent before that are received
// first. It is a pair of FIFOs in shared memory; a message costs one call on
// each side, or less when there are many.
//
// Records of bytes can be written and read in that memory, without a copy:
// see [Reader] and [Writer].
//
// # Memory and bytes that stay
//
// [Shared] is memory that several tasks have. A [Blob] is bytes in the node's
// store; named, it stays there when the tasks, and the node, are gone.
//
// # References
//
// What a task can use are the objects that it has references to; package
// syscall/dios has the calls to use them with. [Refs] are those that the task
// was given when it was started, [Executable], [Random], [Stdin], [Stdout] and
// [Stderr] those that every task has.
package dios
