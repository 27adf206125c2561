// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	sys "syscall/dios"
	"unsafe"
)

// An Attr says how to start a task. The zero value is the usual way: with this
// task's environment and standard streams.
type Attr struct {
	// Args are the task's arguments after os.Args[0], which is this program's.
	Args []string

	// Env is its environment, as "key=value"; nil is this task's.
	Env []string

	// Refs are references to give to the task, which finds them with [Refs].
	Refs []Grant

	// Files are the task's files, which starting it uses up: from [ShareFiles], or
	// [NewFiles]. With nil it has none.
	Files *Files

	// Stdin, Stdout and Stderr are its standard streams; 0 is this task's.
	Stdin, Stdout, Stderr Ref

	// Group is the GROUP that becomes the task's own; 0 is this task's.
	Group Ref

	// Ring is the size of the rings of the task's channel, in bytes: a power
	// of two between 4 KiB and 64 MiB. 0 is 16 KiB.
	Ring int
}

// A Grant gives a reference to a task, with some of its rights; 0 is all that
// it has.
type Grant struct {
	Ref    Ref
	Rights Rights
}

// A Task is a running task that this one started.
type Task struct {
	port  port
	name  string
	state atomic.Pointer[TaskState] // how it ended, once known
}

// run starts exe as a task, to run its task function entry, or main if
// entry is "". The references in first come before those of a.
func run(exe Ref, name, entry string, first []sys.Grant, a *Attr) (*Task, error) {
	if a == nil {
		a = new(Attr)
	}
	s := start()
	spec := &sys.RunSpec{
		Args:  append([]string{os.Args[0]}, a.Args...),
		Env:   a.Env,
		Refs:  first,
		Group: sys.Ref(a.Group),
		In:    orDefault(a.Stdin, s.In),
		Out:   orDefault(a.Stdout, s.Out),
		Err:   orDefault(a.Stderr, s.Err),
		Entry: entry,
	}
	if spec.Env == nil {
		spec.Env = os.Environ()
	}
	for _, g := range a.Refs {
		rights := g.Rights
		if rights == 0 {
			rights = g.Ref.Rights()
		}
		spec.Refs = append(spec.Refs, sys.Grant{Ref: uint64(g.Ref), Rights: uint32(rights)})
	}
	if a.Files != nil {
		files := a.Files.take()
		defer deleteRefs(files) // so that only the task has them, and its end is seen
		spec.Files = 2
		spec.Refs = append(spec.Refs,
			sys.Grant{Ref: uint64(files[0]), Rights: uint32(sys.RightRead)},
			sys.Grant{Ref: uint64(files[1]), Rights: uint32(sys.RightWrite)})
	}
	var ref sys.Ref
	var err error = sys.EINTR
	for err == sys.EINTR {
		ref, err = sys.Run(0, sys.Ref(exe), spec)
	}
	if err != nil {
		return nil, opError("start "+name, 0, err)
	}
	t := &Task{name: name}
	t.port.init(ref, 'r')
	runtime.AddCleanup(t, deleteRef, ref)
	return t, nil
}

func deleteRef(ref sys.Ref) { sys.Delete(0, ref) }

func orDefault(ref Ref, def uint64) sys.Ref {
	if ref == 0 {
		return sys.Ref(def)
	}
	return sys.Ref(ref)
}

// Start starts another program as a task, which runs its main. The program is
// a reference to a BLOB with the EXEC right, such as [Executable] returns.
func Start(exe Ref, a *Attr) (*Task, error) {
	return run(exe, exe.String(), "", nil, a)
}

// Ref returns the reference to the TASK.
func (t *Task) Ref() Ref { return Ref(t.port.ref) }

// Wait waits until the task has ended. The error is nil if it ended with
// status 0, *[ExitError] if it did not, and that of the context if that was
// done before. It may be called again, and by several goroutines.
func (t *Task) Wait(ctx context.Context) error {
	st, err := t.wait4(ctx)
	if err != nil {
		return err
	}
	if !st.Success() {
		return &ExitError{t.name, *st}
	}
	return nil
}

func (t *Task) wait4(ctx context.Context) (*TaskState, error) {
	if st := t.state.Load(); st != nil {
		return st, nil
	}
	err := t.port.begin(ctx)
	if err == nil {
		defer t.port.end()
		for err == nil {
			if st := t.state.Load(); st != nil {
				return st, nil
			}
			wait := !alone()
			err = t.read(wait)
			if err == sys.EAGAIN {
				err = t.port.wait(ctx, 0)
			} else if err == sys.EINTR {
				err = nil
			}
		}
	}
	if st := t.state.Load(); st != nil {
		return st, nil // ended, and was released meanwhile
	}
	return nil, opError("wait for "+t.name, t.Ref(), err)
}

// read asks the kernel how the task ended, or, unless nonblock, waits there
// for it to end.
func (t *Task) read(nonblock bool) error {
	var flags sys.BufFlags
	if nonblock {
		flags = sys.BufNonblock
	}
	var iov sys.Iov
	if err := sys.AcquireRead(flags, t.port.ref, 0, &iov, 0, 0); err != nil {
		return err
	}
	t.state.Store(taskState((*sys.TaskStatus)(unsafe.Pointer(unsafe.SliceData(sys.Bytes(&iov))))))
	return sys.ReleaseRead(0, t.port.ref, &iov)
}

// poll returns how the task ended; nil if it did not.
func (t *Task) poll() *TaskState {
	if t.state.Load() == nil {
		t.read(true)
	}
	return t.state.Load()
}

// State returns how the task ended, and nil while it runs.
func (t *Task) State() *TaskState { return t.poll() }

// Kill ends the task at once; Wait says when it has. The error says
// os.ErrProcessDone if it had ended already.
func (t *Task) Kill() error {
	if t.poll() != nil {
		return os.ErrProcessDone
	}
	return opError("kill", t.Ref(), sys.Delete(sys.DeleteZombify, t.port.ref))
}

// Release gives up the reference to the task, which goes on running. A Task
// that nobody uses any more is released in time.
func (t *Task) Release() error {
	t.poll()
	if err := t.port.close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return opError("release", t.Ref(), err)
	}
	return nil
}
