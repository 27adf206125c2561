// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Diosfs runs a program with files: it starts the program as a task, serves
// a tree to it, and ends as it ends.
//
//	diosfs TREE FILE NAME [ARG...]
//
// TREE is a directory of the host; or "mem": memory, empty at first and gone
// at the end; or "store": files in the node's store, for the next program too.
// With ":ro" after it the program cannot change it. FILE is the
// program, also the host's; NAME is what it is told of its own name. Dios run
// -dir says all this.
//
// It is a DIOS program of the brand dios-limbo: to open FILE and the
// directory it makes Linux's calls.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/dios"
	"strings"
	sys "syscall/dios"
	"unsafe"

	"dios/internal/p9"
)

// The statuses of dios run for what is not the program's end.
const (
	statusFailed  = 125
	statusRefused = 126
)

// memLimit is how many bytes a tree in memory takes, and one in the store, which
// is in memory too.
const memLimit = 256 << 20

func main() {
	if len(os.Args) < 4 {
		fail(2, "usage: diosfs TREE FILE NAME [ARG...]")
	}
	path, readOnly := strings.CutSuffix(os.Args[1], ":ro")
	s := &p9.Server{ReadOnly: readOnly, Connect: p9.Connect, Window: p9.Window}
	var store p9.Node
	switch path {
	case "mem":
		s.Root = p9.NewMem(memLimit)
	case "store":
		var err error
		if store, err = p9.OpenStore("", memLimit); err != nil {
			fail(statusFailed, "%v", err)
		}
		s.Root = store
	default:
		root, err := p9.OpenHost(path)
		if err != nil {
			fail(statusFailed, "%s: %v", path, err)
		}
		s.Root = root
	}
	exe, err := program(os.Args[2])
	if err != nil {
		fail(statusRefused, "%s: %v", os.Args[2], err)
	}

	files, conn, err := dios.NewFiles()
	if err != nil {
		fail(statusFailed, "%v", err)
	}
	// What the program sees first is its own name.
	os.Args = os.Args[3:]
	task, err := dios.Start(exe, &dios.Attr{
		Args:  os.Args[1:],
		Env:   env(),
		Files: files,
	})
	if err != nil {
		fail(statusRefused, "%s: %v", os.Args[0], err)
	}
	// While this goroutine is the only one, it waits in the kernel: see internal/p9. The
	// program's end of the channel closes with its end.
	if err := s.Serve(conn); err != nil {
		fmt.Fprintf(os.Stderr, "diosfs: %s gets no more files: %v\n", os.Args[0], err)
	}
	conn.Close()
	task.Wait(context.Background())
	if store != nil {
		if err := p9.CloseTree(store); err != nil {
			fail(statusFailed, "what %s wrote last is lost: %v", os.Args[0], err)
		}
	}
	switch st := task.State(); {
	case st.Killed || st.Fault:
		os.Exit(128 + st.Code)
	default:
		os.Exit(st.Code)
	}
}

func fail(status int, format string, args ...any) {
	fmt.Fprintf(os.Stderr, "diosfs: "+format+"\n", args...)
	os.Exit(status)
}

// env is our environment, but for where the program is: at the root.
func env() []string {
	list := []string{"PWD=/"}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "PWD=") {
			list = append(list, kv)
		}
	}
	return list
}

// program makes a file of the host a program.
func program(path string) (dios.Ref, error) {
	fd, err := p9.HostFD(path)
	if err != nil {
		return 0, err
	}
	ref, err := sys.Create(sys.CreateImport, sys.TypeBlob, unsafe.Pointer(&sys.Import{Fd: uint32(fd)}), nil, 0, 0)
	return dios.Ref(ref), err
}
