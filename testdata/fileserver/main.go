// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Fileserver is a pure program that serves a tree in memory to tasks of its
// own: several at once, one of which stops in the middle, and one whose service
// ends. A task that was given no files sees none.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/dios"
	"strings"
	"time"

	"dios/internal/p9"
)

func main() {
	if len(os.Args) > 1 {
		client(os.Args[1])
		return
	}
	s := &p9.Server{Root: p9.NewMem(16 << 20), Window: p9.Window}
	start("none", nil)
	// Stuck has a file open and asks for nothing more, until the end.
	stuck, stuckEnd := start("stuck", s)
	for !written(s.Root, "stuck", 4) {
		time.Sleep(time.Millisecond)
	}
	var tasks []*dios.Task
	for i := range 3 {
		t, _ := start(fmt.Sprint("writer", i), s)
		tasks = append(tasks, t)
	}
	for _, t := range tasks {
		wait(t)
	}
	t, _ := start("reader", s)
	wait(t)
	t, _ = start("changer", &p9.Server{Root: s.Root, ReadOnly: true})
	wait(t)
	must(stuck.Kill())
	if err := <-stuckEnd; err != nil {
		fmt.Println("stuck:", err)
	}
	stuck.Wait(context.Background())
	left, _ := start("left alone", &p9.Server{Root: broken{s.Root}})
	wait(left)
	for _, how := range []string{"waits", "computes"} {
		closing(how, s.Root)
	}
}

// closing looks whether the service gets to know that a task has closed a file, also when
// the task asks for nothing more: it waits for something else, or computes for ever.
func closing(how string, root p9.Node) {
	opened, closed = 0, 0
	t, _ := start(how, &p9.Server{Root: counted{root}})
	for range 5000 {
		if closed > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	fmt.Println(how, opened, closed)
	must(t.Kill())
	t.Wait(context.Background())
}

// counted is a tree of which files are opened and closed.
type counted struct{ p9.Node }

type countedFile struct{ p9.File }

var opened, closed int // files

func (c counted) Clone() (p9.Node, error) {
	n, err := c.Node.Clone()
	return counted{n}, err
}

func (c counted) Walk(name string) (p9.Node, error) {
	n, err := c.Node.Walk(name)
	return counted{n}, err
}

func (c counted) Open(flags uint32) (p9.File, error) {
	f, err := c.Node.Open(flags)
	if err != nil {
		return nil, err
	}
	opened++
	return countedFile{f}, nil
}

func (f countedFile) Close() {
	closed++
	f.File.Close()
}

// written tells whether there is a file of that size.
func written(root p9.Node, name string, size uint64) bool {
	n, err := root.Walk(name)
	if err != nil {
		return false
	}
	defer n.Close()
	a, err := n.Attr()
	return err == nil && a.Size == size
}

// broken is a tree whose service ends at the second attempt to list it.
type broken struct{ p9.Node }

func (b broken) Clone() (p9.Node, error) { return b, nil }
func (b broken) Close()                  {}
func (b broken) ReadDir() ([]p9.Dirent, error) {
	theConn.Close()
	return nil, p9.EIO
}

var theConn *dios.FilesConn // of the last task

// start starts a task with the files of s. The channel says when it needs them no more.
func start(name string, s *p9.Server) (*dios.Task, chan error) {
	end := make(chan error, 1)
	a := &dios.Attr{Args: []string{name}}
	if s != nil {
		var err error
		a.Files, theConn, err = dios.NewFiles()
		must(err)
	}
	t, err := dios.Start(dios.Executable(), a)
	must(err)
	if s == nil {
		wait(t)
		return nil, nil
	}
	c := theConn
	go func() {
		end <- s.Serve(c)
		c.Close()
	}()
	return t, end
}

func wait(t *dios.Task) {
	must(t.Wait(context.Background()))
	must(t.Release())
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// One writer writes so many entries, small ones in messages and large ones through its window.
const logged = 2000

func entry(i int) string {
	if i%100 == 0 {
		return strings.Repeat(fmt.Sprintln("large", i), 500)
	}
	return fmt.Sprintln(i)
}

func client(name string) {
	if n := len(dios.Refs()); n != 0 {
		fmt.Println(name, "was handed", n, "references")
	}
	switch {
	case name == "none":
		_, err := os.ReadFile("/hello")
		fmt.Println(name, err, errors.Is(err, fs.ErrNotExist), errors.Is(err, errors.ErrUnsupported))
	case name == "stuck":
		_, err := os.Create("/of the stuck")
		must(err)
		must(os.WriteFile("/stuck", []byte("here"), 0o644))
		time.Sleep(time.Hour)
	case strings.HasPrefix(name, "writer"):
		for i := range 20 {
			must(os.WriteFile(fmt.Sprint("/", name, " ", i), []byte(strings.Repeat(name, 10_000)), 0o644))
		}
		if name != "writer0" {
			return
		}
		log, err := os.OpenFile("/log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		must(err)
		for i := range logged {
			_, err := io.WriteString(log, entry(i))
			must(err)
		}
		must(log.Close())
	case name == "reader":
		sum := 0
		for w := range 3 {
			for i := range 20 {
				b, err := os.ReadFile(fmt.Sprint("/writer", w, " ", i))
				must(err)
				if string(b) != strings.Repeat(fmt.Sprint("writer", w), 10_000) {
					fmt.Println("not what was written:", w, i)
				}
				sum += len(b)
			}
		}
		b, err := os.ReadFile("/log")
		must(err)
		want := ""
		for i := range logged {
			want += entry(i)
		}
		if string(b) != want {
			fmt.Println("not in order")
		}
		fmt.Println("reader:", sum)
	case name == "changer":
		fmt.Println(os.WriteFile("/new", nil, 0o644))
		fmt.Println(os.Remove("/writer0 0"))
		b, err := os.ReadFile("/stuck")
		fmt.Println(string(b), err)
	case name == "waits", name == "computes":
		f, err := os.Open("/stuck")
		must(err)
		must(f.Close())
		if name == "waits" {
			time.Sleep(time.Hour)
		}
		for {
		}
	case name == "left alone":
		_, err := os.ReadDir("/")
		fmt.Println(err)
		_, err = os.Stat("/writer0 0")
		fmt.Println(err)
		fmt.Println(os.WriteFile("/x", nil, 0o644))
	}
}
