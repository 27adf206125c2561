// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"os"
	sys "syscall/dios"
	_ "unsafe" // for go:linkname
)

// initDone reports whether the packages are initialized.
//
//go:linkname initDone runtime.diosInitDone
func initDone() bool

// entryFunc is what the main goroutine runs instead of main in a task that
// was started with an entry.
//
//go:linkname entryFunc runtime.diosEntry
var entryFunc func()

func init() { entryFunc = runEntry }

const exitNoEntry = 127 // of a program that lacks the task function

// The task functions, by name. It is complete when main begins.
var registered = make(map[string]func())

// A Func is a function that runs as a task of its own.
type Func[In, Out any] struct {
	name string
}

// Register names a function that tasks can be started with, and returns what
// starts them. It is for package-level variables and init functions:
//
//	var double = dios.Register("double", func(ch *dios.Chan[int, int]) {
//		for n := range ch.All() {
//			ch.Send(2 * n)
//		}
//	})
//
// A task started with it is a new run of the same program: its packages are
// initialized, and then it calls f with its end of the channel, in place of
// main. When f returns the task ends with status 0. Nothing is shared with the
// task that started it, and nothing that f refers to outside of itself is
// passed: variables have the values that initializing gives them. So f must
// not use what a function around it has computed from anything else.
//
// The name is the program's own; it is what tells the task which function is
// meant. A function that starts tasks of its own kind is registered in an init
// function, since a variable's initializer must not refer to the variable.
//
// In and Out are the types of the messages that f receives and sends. Values
// without pointers are sent as they are, and so are strings and slices of
// such values. Other types have methods MarshalBinary and UnmarshalBinary, or
// are encoded by encoding/gob, if the program imports runtime/dios/gob.
//
// Register panics if the name is taken, empty, or not shorter than 64 bytes,
// if a type cannot be sent, or if main has begun.
func Register[In, Out any](name string, f func(ch *Chan[In, Out])) *Func[In, Out] {
	problem := ""
	switch {
	case initDone():
		problem = "register it while packages are initialized"
	case name == "":
		problem = "it needs a name"
	case len(name) >= sys.EntrySize:
		problem = "the name is too long"
	case registered[name] != nil:
		problem = "the name is taken"
	}
	if problem == "" {
		_, problem = newCodec[In]()
	}
	if problem == "" {
		_, problem = newCodec[Out]()
	}
	if problem != "" {
		panic("dios: task function \"" + name + "\": " + problem)
	}
	registered[name] = func() {
		in, out := channelRefs()
		r, err := OpenReader(in)
		if err != nil {
			fail(name, err.Error())
		}
		w := newWriter(sys.Ref(out), r.size) // both rings have the same size
		f(newChan[In, Out](r, w))
	}
	return &Func[In, Out]{name}
}

// channelRefs returns the references of the channel of a task function: the
// first two that the task was given.
func channelRefs() (in, out Ref) {
	s := start()
	return Ref(s.Refs[0].Ref), Ref(s.Refs[1].Ref)
}

func fail(name, why string) {
	os.Stderr.WriteString("dios: task function \"" + name + "\": " + why + "\n")
	os.Exit(exitNoEntry)
}

// runEntry runs the task function that the start page names.
func runEntry() {
	name := Entry()
	f := registered[name]
	if f == nil {
		fail(name, "there is none of that name in this program")
	}
	f()
}

// Name returns the name that the function was registered with.
func (f *Func[In, Out]) Name() string { return f.name }

// A Child is a task that was started to run a function, and this task's end
// of its channel.
type Child[In, Out any] struct {
	*Chan[Out, In]
	*Task
}

// Close closes this end of the channel and gives up the reference to the task,
// which goes on running: it finds its channel at the end. What was not closed
// is closed when nobody uses it any more.
func (c *Child[In, Out]) Close() error {
	err := c.Chan.Close()
	if err2 := c.Task.Release(); err == nil {
		err = err2
	}
	return err
}

// Spawn starts a task that runs the function, with args as its arguments
// (os.Args[1:]) and otherwise like this one.
//
// It returns when the program is loaded. What goes wrong later, Recv, Send
// and Wait say: if the task ends otherwise than by returning from the function
// they return an *[ExitError].
func (f *Func[In, Out]) Spawn(args ...string) (*Child[In, Out], error) {
	return f.SpawnAttr(&Attr{Args: args})
}

// SpawnAttr is Spawn for a task that differs from this one.
func (f *Func[In, Out]) SpawnAttr(a *Attr) (*Child[In, Out], error) {
	size := fifoSize
	if a != nil && a.Ring != 0 {
		size = a.Ring
	}
	in, w, err := newFifo(size)
	if err != nil {
		return nil, err
	}
	r, out, err := newFifo(size)
	if err != nil {
		sys.Delete(0, in)
		sys.Delete(0, w)
		return nil, err
	}
	t, err := run(Executable(), f.name, f.name, []sys.Grant{
		{Ref: uint64(in), Rights: uint32(sys.RightRead)},
		{Ref: uint64(out), Rights: uint32(sys.RightWrite)},
	}, a)
	// The task has its own references to its ends. Only so is the channel at
	// its end when the task ends.
	sys.Delete(0, in)
	sys.Delete(0, out)
	if err != nil {
		sys.Delete(0, r)
		sys.Delete(0, w)
		return nil, err
	}
	ch := newChan[Out, In](newReader(r, size), newWriter(w, size))
	ch.task = t
	return &Child[In, Out]{ch, t}, nil
}

// Must returns v, and panics if there is an error.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
