// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// A blob: bytes in the node's store that one task leaves there, and others
// find by name, read, and change.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/dios"
)

// Adds one to the last digit of the first line, in a task of its own.
var count = dios.Register("count", func(ch *dios.Chan[string, string]) {
	for name := range ch.All() {
		b := find(name)
		w := dios.Must(b.Window(0, 6))
		w.Bytes()[5]++
		check(w.Commit())
		check(w.Close())
		check(b.Close())
		ch.Send("counted in " + name)
	}
})

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func find(name string) *dios.Blob {
	return dios.Must(dios.OpenBlob(dios.Must(dios.LookupPublic(dios.Must(dios.PublicName(name)), 0))[0]))
}

func show(b *dios.Blob) {
	_, err := io.Copy(os.Stdout, io.NewSectionReader(b, 0, dios.Must(b.Size())))
	check(err)
}

// why returns what an error says, without the number of the reference.
func why(err error) error {
	if e, ok := errors.AsType[*dios.OpError](err); ok {
		return e.Err
	}
	return err
}

const name = "testdata/blob"

func main() {
	// Unnamed, written, then named: who finds it finds all of it.
	b := dios.Must(dios.NewBlob(0))
	fmt.Fprintf(io.NewOffsetWriter(b, 0), "runs 0\nHello, %s!\n", "store")
	check(b.Ref().SetPublicName(dios.Must(dios.PublicName(name)), 0))
	check(b.Close())

	// Now no task has it; and then another one changes it.
	b = find(name)
	show(b)
	c := dios.Must(count.Spawn())
	for range 3 {
		check(c.Send(name))
		fmt.Println(dios.Must(c.Recv()))
	}
	check(c.Close())
	show(b)

	// Nobody sees a window before its commit.
	w := dios.Must(b.Window(7, 5))
	copy(w.Bytes(), "HELLO")
	show(b)
	check(w.Commit())
	check(w.Close())
	show(b)

	// As Go has it: the end, a short read, a hole, more than a commit takes.
	p := make([]byte, 100)
	n, err := b.ReadAt(p, 15)
	fmt.Printf("%q %v\n", p[:n], err)
	n, err = b.ReadAt(p, 1<<40)
	fmt.Println(n, err)
	n, err = b.ReadAt(nil, 3)
	fmt.Println(n, err)
	_, err = b.ReadAt(p, -1)
	fmt.Println(why(err))
	long := bytes.Repeat([]byte("0123456789abcdef"), 5*dios.MaxWindow/2/16)
	n, err = b.WriteAt(long, 5003)
	fmt.Println(n == len(long), err, dios.Must(b.Size()) == int64(5003+len(long)))
	got := make([]byte, len(long))
	n, err = b.ReadAt(got, 5003)
	fmt.Println(n == len(long), err, bytes.Equal(got, long))
	n, err = b.ReadAt(p, 4950)
	fmt.Printf("%d %v %q\n", n, err, bytes.TrimLeft(p, "\x00"))
	check(b.Truncate(21))
	show(b)

	check(b.Ref().Zombify())
	_, err = b.WriteAt(p, 0)
	fmt.Println(why(err))
	check(b.Close())
	_, err = b.ReadAt(p, 0)
	fmt.Println(errors.Is(err, os.ErrClosed))
	_, err = dios.LookupPublic(dios.Must(dios.PublicName(name)), 0)
	fmt.Println(errors.Is(err, fs.ErrNotExist))
}
