// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Calls makes each of the twelve calls, through package syscall/dios, on every
// kind of object that there is so far.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"
	"unsafe"

	"syscall/dios"
)

// failed counts what was not as it should be.
var failed int

// check prints whether err is what was expected; nil is success.
func check(what string, err, want error) {
	switch {
	case err == want && want == nil:
		fmt.Printf("%s: ok\n", what)
	case err == want:
		fmt.Printf("%s: %v, as it should\n", what, err)
	default:
		failed++
		fmt.Printf("%s: %v, want %v\n", what, err, want)
	}
}

func expect(what string, holds bool) {
	if !holds {
		failed++
		fmt.Printf("%s: no\n", what)
		return
	}
	fmt.Printf("%s: yes\n", what)
}

// again repeats a call that an upcall has interrupted.
func again(call func() error) error {
	for {
		if err := call(); err != dios.EINTR {
			return err
		}
	}
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "child" {
		child(os.Args[2])
		return
	}
	start := self()
	console(start)
	privmem()
	random(start)
	timer()
	names()
	copies()
	selects()
	task(start)
	noType()
	errorTexts()
	if failed > 0 {
		fmt.Println(failed, "failed")
		os.Exit(1)
	}
	fmt.Println("done")
}

// SELF: the start page, to be read.
func self() *dios.Start {
	var iov dios.Iov
	check("acquire_read of SELF", dios.AcquireRead(0, dios.RefSelf, 0, &iov, dios.RefNone, 0), nil)
	s := (*dios.Start)(unsafe.Pointer(&dios.Bytes(&iov)[0]))
	expect("start page", s.Magic == dios.StartMagic && s.ABI == dios.ABIVersion && dios.Ref(s.Self) == dios.RefSelf)
	fmt.Println("brand:", dios.Brand(s.Brand))
	check("commit_read of SELF", dios.CommitRead(0, dios.RefSelf, iov.Len, &iov), nil)
	copied := *s
	check("release_read of SELF", dios.ReleaseRead(0, dios.RefSelf, &iov), nil)
	check("again", dios.ReleaseRead(0, dios.RefSelf, &iov), dios.EBADBUF)
	_, err := dios.Create(0, dios.TypeSelf, nil, nil, dios.RefNone, dios.RefNone)
	check("create SELF", err, dios.EPERM)
	return &copied
}

// CONSOLE: text, in one buffer that stays.
func console(s *dios.Start) {
	out := dios.Ref(s.Out)
	var iov dios.Iov
	check("acquire_write of CONSOLE", dios.AcquireWrite(0, out, 100, &iov, dios.RefNone, 0), nil)
	for _, text := range []string{"written ", "in ", "pieces\n"} {
		part := dios.Iov{Addr: iov.Addr, Len: uint64(copy(dios.Bytes(&iov), text))}
		for part.Len > 0 {
			n, err := dios.CommitWrite(0, out, part.Len, &part)
			if err == dios.EINTR {
				continue
			}
			if err != nil {
				check("commit_write of CONSOLE", err, nil)
				break
			}
			part.Addr += uint64(n)
			part.Len -= uint64(n)
		}
	}
	check("release_write of CONSOLE", dios.ReleaseWrite(0, out, &iov), nil)
	check("acquire_read of CONSOLE", dios.AcquireRead(0, out, 0, &iov, dios.RefNone, 0), dios.EPERM)
	_, err := dios.Create(0, dios.TypeConsole, unsafe.Pointer(&dios.Console{Fd: 1}), nil, dios.RefNone, dios.RefNone)
	check("create CONSOLE", err, dios.EPERM)
}

// PRIVMEM: memory at a place of our choice, given back in part.
func privmem() {
	const size = 16 * dios.PageSize
	ref, err := dios.Create(0, dios.TypePrivmem, unsafe.Pointer(&dios.Privmem{Size: size}), nil, dios.RefNone, dios.RefNone)
	check("create PRIVMEM", err, nil)
	iov := dios.Iov{Addr: 0x7000_0000_0000}
	check("acquire_write of PRIVMEM", dios.AcquireWrite(dios.BufFixed, ref, 0, &iov, dios.RefNone, 0), nil)
	expect("where it should be", iov.Addr == 0x7000_0000_0000 && iov.Len == size)
	mem := dios.Bytes(&iov)
	expect("zero", bytes.Count(mem, []byte{0}) == size)
	for i := range mem {
		mem[i] = byte(i)
	}
	part := dios.Iov{Addr: iov.Addr + 4*dios.PageSize, Len: 2 * dios.PageSize}
	check("discard", dios.ReleaseWrite(dios.BufDiscard, ref, &part), nil)
	expect("zero again", bytes.Count(mem[4*dios.PageSize:6*dios.PageSize], []byte{0}) == 2*dios.PageSize)
	expect("the rest as it was", mem[4*dios.PageSize-1] == 0xff && mem[6*dios.PageSize+5] == 5)
	other := dios.Iov{}
	check("acquire_write of it again", dios.AcquireWrite(0, ref, 0, &other, dios.RefNone, 0), dios.EBUSY)
	n, err := dios.CommitWrite(0, ref, 10, &iov)
	check("commit_write of PRIVMEM", err, nil)
	expect("all of it", n == 10)
	check("delete with the buffer in it", dios.Delete(0, ref), nil)
	check("delete again", dios.Delete(0, ref), dios.EBADREF)
	_, err = dios.Create(0, dios.TypePrivmem, unsafe.Pointer(&dios.Privmem{Size: 1}), nil, dios.RefNone, dios.RefNone)
	check("create PRIVMEM of one byte", err, dios.EINVAL)
}

// RANDOM: a buffer that is filled again and again.
func random(s *dios.Start) {
	for _, made := range []bool{true, false} {
		ref := dios.Ref(s.Random)
		if made {
			var err error
			ref, err = dios.Create(0, dios.TypeRandom, nil, nil, dios.RefNone, dios.RefNone)
			check("create RANDOM", err, nil)
		}
		var iov dios.Iov
		check("acquire_read of RANDOM", dios.AcquireRead(0, ref, 64, &iov, dios.RefNone, 0), nil)
		first := bytes.Clone(dios.Bytes(&iov))
		check("commit_read with NEXT", dios.CommitRead(dios.BufNext, ref, 64, &iov), nil)
		expect("other bytes", len(first) == 64 && !bytes.Equal(first, dios.Bytes(&iov)))
		check("release_read of RANDOM", dios.ReleaseRead(0, ref, &iov), nil)
		check("acquire_write of RANDOM", dios.AcquireWrite(0, ref, 0, &iov, dios.RefNone, 0), dios.EPERM)
		if made {
			check("delete RANDOM", dios.Delete(0, ref), nil)
		}
	}
}

// now is the clock of timers and of select.
func now() uint64 {
	ref, err := dios.Create(0, dios.TypeTimer, unsafe.Pointer(&dios.Timer{First: 1}), nil, dios.RefNone, dios.RefNone)
	if err != nil {
		panic(err)
	}
	defer dios.Delete(0, ref)
	var iov dios.Iov
	if err := again(func() error { return dios.AcquireRead(0, ref, 0, &iov, dios.RefNone, 0) }); err != nil {
		panic(err)
	}
	return state(&iov).Now
}

func state(iov *dios.Iov) *dios.TimerState {
	return (*dios.TimerState)(unsafe.Pointer(&dios.Bytes(iov)[0]))
}

// TIMER: once, periodically, set anew.
func timer() {
	at := now() + uint64(20*time.Millisecond)
	ref, err := dios.Create(0, dios.TypeTimer, unsafe.Pointer(&dios.Timer{First: at, Period: uint64(time.Millisecond)}), nil, dios.RefNone, dios.RefNone)
	check("create TIMER", err, nil)
	var iov dios.Iov
	check("acquire_read with NONBLOCK", dios.AcquireRead(dios.BufNonblock, ref, 0, &iov, dios.RefNone, 0), dios.EAGAIN)
	check("acquire_read of TIMER", again(func() error { return dios.AcquireRead(0, ref, 0, &iov, dios.RefNone, 0) }), nil)
	s := state(&iov)
	expect("due, and not before", s.Count >= 1 && s.Now >= at && s.Next > at)
	check("commit_read with NEXT", again(func() error { return dios.CommitRead(dios.BufNext, ref, iov.Len, &iov) }), nil)
	expect("due again", s.Count >= 1)

	var set dios.Iov
	check("acquire_write of TIMER", dios.AcquireWrite(0, ref, 0, &set, dios.RefNone, 0), nil)
	*(*dios.Timer)(unsafe.Pointer(&dios.Bytes(&set)[0])) = dios.Timer{}
	_, err = dios.CommitWrite(0, ref, set.Len, &set)
	check("commit_write of TIMER", err, nil)
	other := dios.Iov{}
	check("acquire_read when it is off", dios.AcquireRead(dios.BufNonblock, ref, 0, &other, dios.RefNone, 0), dios.EAGAIN)
	*(*dios.Timer)(unsafe.Pointer(&dios.Bytes(&set)[0])) = dios.Timer{First: 1}
	check("release_write with COMMIT", dios.ReleaseWrite(dios.BufCommit, ref, &set), nil)
	check("acquire_read when it is on", again(func() error { return dios.AcquireRead(0, ref, 0, &other, dios.RefNone, 0) }), nil)
	check("zombify it", dios.Delete(dios.DeleteZombify, ref), nil)
	check("acquire_read of a zombie", dios.AcquireRead(0, ref, 0, &other, dios.RefNone, 0), dios.EZOMBIE)
	check("delete it", dios.Delete(0, ref), nil)
}

// Names: one of the kernel's, one of ours.
func names() {
	var name dios.Name
	ref, err := dios.Create(0, dios.TypeRandom, nil, &name, dios.RefNone, dios.RefNone)
	check("create with a name", err, nil)
	expect("a name", name != dios.Name{})
	refs := make([]dios.Ref, 4)
	n, err := dios.Lookup(dios.LookupLocalOnly, &name, refs, dios.RefNone)
	check("lookup", err, nil)
	expect("one other reference", n == 1 && refs[0] != ref && refs[0] != dios.RefNone)
	_, err = dios.Lookup(dios.LookupPublic, &name, refs, dios.RefNone)
	check("lookup in the public name space", err, dios.ENOENT)
	n, err = dios.Lookup(0, &name, nil, dios.RefNone)
	check("lookup without room", err, dios.ETOOBIG)
	expect("how much room", n == 1)
	dios.Delete(0, ref)
	dios.Delete(0, refs[0])
	_, err = dios.Lookup(0, &name, refs, dios.RefNone)
	check("lookup when it is gone", err, dios.ENOENT)

	copy(name[:], "testdata/calls")
	ref, err = dios.Create(dios.CreatePublic, dios.TypeRandom, nil, &name, dios.RefNone, dios.RefNone)
	check("create with a public name", err, nil)
	_, err = dios.Create(dios.CreatePublic, dios.TypeRandom, nil, &name, dios.RefNone, dios.RefNone)
	check("create with a name that is taken", err, dios.EEXIST)
	_, err = dios.Lookup(dios.LookupPublic, &name, refs, dios.RefNone)
	check("lookup", err, nil)
	dios.Delete(0, ref)
	dios.Delete(0, refs[0])
}

// Copy: fewer rights, never more.
func copies() {
	ref, err := dios.Create(0, dios.TypeTimer, unsafe.Pointer(&dios.Timer{First: 1}), nil, dios.RefNone, dios.RefNone)
	check("create TIMER", err, nil)
	grants := []dios.Grant{{Ref: uint64(ref), Rights: uint32(dios.RightRead)}, {Ref: uint64(ref), Rights: uint32(dios.RightWrite)}}
	check("copy", dios.Copy(0, grants, dios.RefSelf), nil)
	r, w := dios.Ref(grants[0].Out), dios.Ref(grants[1].Out)
	var iov dios.Iov
	check("acquire_write to read only", dios.AcquireWrite(0, r, 0, &iov, dios.RefNone, 0), dios.EPERM)
	check("acquire_read to write only", dios.AcquireRead(0, w, 0, &iov, dios.RefNone, 0), dios.EPERM)
	more := []dios.Grant{{Ref: uint64(r), Rights: uint32(dios.RightRead | dios.RightWrite)}}
	check("copy with more rights", dios.Copy(0, more, dios.RefSelf), dios.EPERM)
	check("copy of SELF", dios.Copy(0, []dios.Grant{{Ref: uint64(dios.RefSelf), Rights: uint32(dios.RightRead)}}, dios.RefSelf), dios.EPERM)
	check("copy to what is no task", dios.Copy(0, grants[:1], ref), dios.EINVAL)
	check("zombify without WRITE", dios.Delete(dios.DeleteZombify, r), dios.EPERM)
	for _, x := range []dios.Ref{ref, r, w} {
		dios.Delete(0, x)
	}
}

// Select: the one that is ready, or the deadline.
func selects() {
	never, err := dios.Create(0, dios.TypeTimer, unsafe.Pointer(&dios.Timer{}), nil, dios.RefNone, dios.RefNone)
	check("create TIMER", err, nil)
	soon, err := dios.Create(0, dios.TypeTimer, unsafe.Pointer(&dios.Timer{First: now() + uint64(10*time.Millisecond)}), nil, dios.RefNone, dios.RefNone)
	check("create TIMER", err, nil)
	waits := []dios.Wait{{Ref: uint64(never), Rights: uint32(dios.RightRead)}, {Ref: uint64(soon), Rights: uint32(dios.RightRead)}}
	var i int
	check("select", again(func() (err error) { i, err = dios.Select(0, waits, -1); return }), nil)
	expect("the second", i == 1)
	_, err = dios.Select(0, waits[:1], 0)
	check("select that only asks", err, dios.ETIMEDOUT)
	deadline := now() + uint64(5*time.Millisecond)
	check("select with a deadline", again(func() error { _, err := dios.Select(0, waits[:1], int64(deadline)); return err }), dios.ETIMEDOUT)
	expect("not before", now() >= deadline)
	_, err = dios.Select(0, []dios.Wait{{Ref: 12345, Rights: uint32(dios.RightRead)}}, 0)
	check("select of no reference", err, dios.EBADREF)
	dios.Delete(0, never)
	dios.Delete(0, soon)
}

// TASK: this program itself, run with an argument.
func task(s *dios.Start) {
	exe := dios.Ref(s.Exe)
	spec := &dios.RunSpec{
		Args: []string{"calls", "child", "exit"},
		Env:  []string{"CALLS=environment"},
		Out:  dios.Ref(s.Out),
		Err:  dios.Ref(s.Err),
	}
	ref, err := dios.Run(0, exe, spec)
	check("run", err, nil)
	st := wait(ref)
	expect("ended with 42", st.How == dios.EndExit && st.Status == 42)
	expect("made calls", st.Calls > 10 && st.MaxRss > 1<<20)

	spec.Args[2] = "sleep"
	ref, err = dios.Run(0, exe, spec)
	check("run", err, nil)
	var iov dios.Iov
	check("acquire_read while it runs", dios.AcquireRead(dios.BufNonblock, ref, 0, &iov, dios.RefNone, 0), dios.EAGAIN)
	check("zombify", dios.Delete(dios.DeleteZombify, ref), nil)
	st = wait(ref)
	expect("killed", st.How == dios.EndKilled)

	spec.Args[2] = "refs"
	timer, err := dios.Create(0, dios.TypeTimer, unsafe.Pointer(&dios.Timer{First: 1}), nil, dios.RefNone, dios.RefNone)
	check("create TIMER", err, nil)
	spec.Refs = []dios.Grant{{Ref: uint64(timer), Rights: uint32(dios.RightRead)}}
	ref, err = dios.Run(0, exe, spec)
	check("run with a reference", err, nil)
	st = wait(ref)
	expect("ended with 0", st.How == dios.EndExit && st.Status == 0)
	dios.Delete(0, timer)

	_, err = dios.Run(0, timer, spec)
	check("run of no reference", err, dios.EBADREF)
	_, err = dios.Run(0, dios.RefSelf, spec)
	check("run of what is no program", err, dios.EPERM)
	_, err = dios.Run(0, exe, &dios.RunSpec{})
	check("run without arguments", err, dios.EINVAL)
	_, err = dios.Run(0, exe, &dios.RunSpec{Args: []string{"a\x00b"}})
	check("run with a NUL", err, dios.EINVAL)
}

// wait waits for the end of a task and drops the reference to it.
func wait(ref dios.Ref) dios.TaskStatus {
	var iov dios.Iov
	if err := again(func() error { return dios.AcquireRead(0, ref, 0, &iov, dios.RefNone, 0) }); err != nil {
		check("acquire_read of TASK", err, nil)
		return dios.TaskStatus{How: 99}
	}
	st := *(*dios.TaskStatus)(unsafe.Pointer(&dios.Bytes(&iov)[0]))
	check("delete TASK", dios.Delete(0, ref), nil)
	return st
}

// child is what main does in a task that this program started.
func child(what string) {
	switch what {
	case "exit":
		fmt.Println("child:", os.Args, os.Getenv("CALLS"), len(os.Environ()))
		os.Exit(42)
	case "sleep":
		time.Sleep(time.Hour)
	case "refs":
		var iov dios.Iov
		if err := dios.AcquireRead(0, dios.RefSelf, 0, &iov, dios.RefNone, 0); err != nil {
			panic(err)
		}
		s := (*dios.Start)(unsafe.Pointer(&dios.Bytes(&iov)[0]))
		r := s.Refs[0]
		fmt.Println("child:", s.Nrefs, dios.Type(r.Type), r.Rights, string(bytes.TrimRight(s.Entry[:], "\x00")))
		var t dios.Iov
		if err := again(func() error { return dios.AcquireRead(0, dios.Ref(r.Ref), 0, &t, dios.RefNone, 0) }); err != nil {
			panic(err)
		}
		if err := dios.AcquireWrite(0, dios.Ref(r.Ref), 0, &t, dios.RefNone, 0); err != dios.EPERM {
			panic(err)
		}
	}
}

// A type that is not one.
func noType() {
	_, err := dios.Create(0, dios.TypeMax+1, nil, nil, dios.RefNone, dios.RefNone)
	check("create "+(dios.TypeMax+1).String(), err, dios.EINVAL)
}

func errorTexts() {
	fmt.Println(dios.EBADREF.Name(), dios.EBADREF, "/", dios.Errno(99).Name(), dios.Errno(99))
	expect("ENOTSUP is ErrUnsupported", errors.Is(dios.ENOTSUP, errors.ErrUnsupported))
	expect("ENOENT is ErrNotExist", errors.Is(dios.ENOENT, fs.ErrNotExist))
	expect("EEXIST is ErrExist", errors.Is(dios.EEXIST, fs.ErrExist))
	expect("EPERM is ErrPermission", errors.Is(dios.EPERM, fs.ErrPermission))
	expect("EINVAL is none of them", !errors.Is(dios.EINVAL, fs.ErrNotExist))
	fmt.Println(runtime.GOOS, runtime.GOARCH)
}
