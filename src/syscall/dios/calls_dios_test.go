// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	task "runtime/dios"
	. "syscall/dios"
	"testing"
	"time"
	"unsafe"
)

// A child of TestRun does as it is told, and ends.
func TestMain(m *testing.M) {
	switch os.Getenv("DIOS_TEST_CHILD") {
	case "":
		os.Exit(m.Run())
	case "hello":
		ok := len(os.Args) == 3 && os.Args[0] == "me" && os.Args[1] == "" && os.Args[2] == "two words" &&
			len(task.Refs()) == 1 && task.Refs()[0].Type == TypeRandom && task.Refs()[0].Rights == RightRead
		if ok {
			os.Exit(7)
		}
		fmt.Println("child:", os.Args, os.Environ(), task.Refs())
		os.Exit(1)
	case "delete":
		if err := Delete(9, RefSelf); err != nil {
			fmt.Println("child: delete:", err)
		}
		os.Exit(1)
	case "sleep":
		time.Sleep(time.Hour)
	}
}

func wantErr(t *testing.T, what string, err error, e Errno) {
	t.Helper()
	if err != e && !(e == 0 && err == nil) {
		t.Errorf("%s: %v, want %v", what, err, e)
	}
}

// again calls f until the error is not that an upcall arrived.
func again(f func() error) error {
	for {
		if err := f(); err != EINTR {
			return err
		}
	}
}

// now is the clock of deadlines.
//
//go:linkname now runtime.nanotime
func now() int64

func create(t *testing.T, typ Type, spec unsafe.Pointer) Ref {
	t.Helper()
	ref, err := Create(0, typ, spec, nil, RefNone, RefNone)
	if err != nil {
		t.Fatalf("Create(%v): %v", typ, err)
	}
	t.Cleanup(func() { Delete(0, ref) })
	return ref
}

func TestPrivmem(t *testing.T) {
	const size = 16 * PageSize
	ref := create(t, TypePrivmem, unsafe.Pointer(&Privmem{Size: size}))
	var iov Iov
	if err := AcquireWrite(0, ref, 0, &iov, RefNone, 0); err != nil {
		t.Fatal(err)
	}
	b := Bytes(&iov)
	if len(b) != size {
		t.Fatalf("%d bytes were lent, want %d", len(b), size)
	}
	for i := range b {
		if b[i] != 0 {
			t.Fatal("new memory is not zero")
		}
		b[i] = byte(i)
	}
	part := Iov{Addr: iov.Addr + PageSize, Len: PageSize}
	wantErr(t, "ReleaseWrite to discard", ReleaseWrite(BufDiscard, ref, &part), 0)
	if b[PageSize-1] != 0xff || b[PageSize] != 0 || b[2*PageSize-1] != 0 || b[2*PageSize+1] != 1 {
		t.Error("the wrong pages were given back")
	}
	wantErr(t, "ReleaseWrite", ReleaseWrite(0, ref, &iov), 0)
	wantErr(t, "ReleaseWrite again", ReleaseWrite(0, ref, &iov), EBADBUF)

	_, err := Create(0, TypePrivmem, unsafe.Pointer(&Privmem{Size: 1}), nil, RefNone, RefNone)
	wantErr(t, "Create of a byte", err, EINVAL)
	_, err = Create(0, TypePrivmem, nil, nil, RefNone, RefNone)
	wantErr(t, "Create without a spec", err, EINVAL)
}

func TestRandom(t *testing.T) {
	ref := create(t, TypeRandom, nil)
	var iov Iov
	if err := AcquireRead(0, ref, 64, &iov, RefNone, 0); err != nil {
		t.Fatal(err)
	}
	first := string(Bytes(&iov))
	wantErr(t, "CommitRead", CommitRead(BufNext, ref, 64, &iov), 0)
	if second := string(Bytes(&iov)); len(first) != 64 || first == second {
		t.Error("the buffer was not filled anew")
	}
	wantErr(t, "ReleaseWrite of a read buffer", ReleaseWrite(0, ref, &iov), EBADBUF)
	other := iov
	other.Addr += PageSize
	wantErr(t, "ReleaseRead of no buffer", ReleaseRead(0, ref, &other), EBADBUF)
	wantErr(t, "ReleaseRead", ReleaseRead(0, ref, &iov), 0)
}

func TestTimer(t *testing.T) {
	start := now()
	ref := create(t, TypeTimer, unsafe.Pointer(&Timer{First: uint64(start + 200e6), Period: 10e6}))
	var iov Iov
	wantErr(t, "AcquireRead before it is due", AcquireRead(BufNonblock, ref, 0, &iov, RefNone, 0), EAGAIN)

	waits := []Wait{{Ref: uint64(ref), Rights: uint32(RightRead)}}
	_, err := Select(0, waits, 0)
	wantErr(t, "Select that only asks", err, ETIMEDOUT)
	var i int
	err = again(func() (err error) { i, err = Select(0, waits, -1); return })
	if i != 0 || err != nil {
		t.Fatalf("Select = %d, %v", i, err)
	}
	if d := now() - start; d < 200e6 {
		t.Errorf("ready after %v, want 200ms", time.Duration(d))
	}
	if err := AcquireRead(BufNonblock, ref, 0, &iov, RefNone, 0); err != nil {
		t.Fatal(err)
	}
	state := (*TimerState)(unsafe.Pointer(unsafe.SliceData(Bytes(&iov))))
	if state.Count < 1 || state.Now < uint64(start)+200e6 || state.Next <= state.Now {
		t.Errorf("%+v", *state)
	}
	wantErr(t, "ReleaseRead", ReleaseRead(0, ref, &iov), 0)
}

func TestSelect(t *testing.T) {
	start := now()
	err := again(func() error { _, err := Select(0, nil, start+5e6); return err })
	wantErr(t, "Select of nothing", err, ETIMEDOUT)
	if d := now() - start; d < 5e6 {
		t.Errorf("the deadline passed after %v, want 5ms", time.Duration(d))
	}
	_, err = Select(0, make([]Wait, MaxWaits+1), 0)
	wantErr(t, "Select of too many", err, EINVAL)
	_, err = Select(0, []Wait{{Ref: 12345 << 32, Rights: uint32(RightRead)}}, 0)
	wantErr(t, "Select of no reference", err, EBADREF)
	_, err = Select(1, nil, 0)
	wantErr(t, "Select with a flag", err, EINVAL)
}

func TestNames(t *testing.T) {
	var name Name
	ref, err := Create(0, TypeRandom, nil, &name, RefNone, RefNone)
	if err != nil {
		t.Fatal(err)
	}
	if name == (Name{}) {
		t.Error("no name was made")
	}
	refs := make([]Ref, 4)
	n, err := Lookup(LookupLocalOnly, &name, refs, RefNone)
	if n != 1 || err != nil || refs[0] == RefNone || refs[0] == ref {
		t.Fatalf("Lookup = %d, %v, %v; the first reference was %v", n, err, refs, ref)
	}
	wantErr(t, "Delete of what was looked up", Delete(0, refs[0]), 0)
	n, err = Lookup(LookupLocalOnly, &name, nil, RefNone)
	if n != 1 || err != ETOOBIG {
		t.Errorf("Lookup without room = %d, %v, want 1, ETOOBIG", n, err)
	}
	wantErr(t, "Delete", Delete(0, ref), 0)
	wantErr(t, "Delete again", Delete(0, ref), EBADREF)
	n, err = Lookup(LookupLocalOnly, &name, refs, RefNone)
	wantErr(t, "Lookup of what is gone", err, ENOENT)
	if n != 0 {
		t.Errorf("Lookup found %d", n)
	}
	name[0] ^= 1
	_, err = Lookup(LookupLocalOnly, &name, refs, RefNone)
	wantErr(t, "Lookup of another name", err, ENOENT)
}

// Copy gives the task itself a reference that can do less.
func TestCopy(t *testing.T) {
	timer := create(t, TypeTimer, unsafe.Pointer(&Timer{First: 1}))
	grants := []Grant{{Ref: uint64(timer), Rights: uint32(RightRead)}}
	if err := Copy(0, grants, RefSelf); err != nil {
		t.Fatal(err)
	}
	weak := Ref(grants[0].Out)
	if weak == RefNone || weak == timer {
		t.Fatalf("Copy gave %v", weak)
	}
	var iov Iov
	wantErr(t, "AcquireWrite without the right", AcquireWrite(0, weak, 0, &iov, RefNone, 0), EPERM)
	wantErr(t, "AcquireRead with the right", AcquireRead(0, weak, 0, &iov, RefNone, 0), 0)
	wantErr(t, "ReleaseRead", ReleaseRead(0, weak, &iov), 0)
	more := []Grant{{Ref: uint64(weak), Rights: uint32(RightRead | RightWrite)}}
	wantErr(t, "Copy of a right that is not there", Copy(0, more, RefSelf), EPERM)
	more[0].Rights = 0
	wantErr(t, "Copy of no right", Copy(0, more, RefSelf), EINVAL)
	wantErr(t, "Delete", Delete(0, weak), 0)

	wantErr(t, "Copy of nothing", Copy(0, nil, RefSelf), EINVAL)
	wantErr(t, "Copy to no task", Copy(0, grants, timer), EINVAL)
	bad := []Grant{{Ref: uint64(timer), Rights: uint32(RightRead)}, {Ref: 99 << 32, Rights: uint32(RightRead)}}
	wantErr(t, "Copy of no reference", Copy(0, bad, RefSelf), EBADREF)
	if bad[0].Out != 0 {
		t.Error("one was given, although not all could be")
	}
}

// end waits until a task has ended, and says how.
func end(t *testing.T, ref Ref) TaskStatus {
	t.Helper()
	waits := []Wait{{Ref: uint64(ref), Rights: uint32(RightRead)}}
	if err := again(func() error { _, err := Select(0, waits, now()+60e9); return err }); err != nil {
		t.Fatalf("Select of the task: %v", err)
	}
	var iov Iov
	if err := AcquireRead(BufNonblock, ref, 0, &iov, RefNone, 0); err != nil {
		t.Fatalf("AcquireRead of the task: %v", err)
	}
	status := *(*TaskStatus)(unsafe.Pointer(unsafe.SliceData(Bytes(&iov))))
	wantErr(t, "ReleaseRead of the task", ReleaseRead(0, ref, &iov), 0)
	wantErr(t, "Delete of the task", Delete(0, ref), 0)
	return status
}

func TestRun(t *testing.T) {
	exe := Ref(task.Executable())
	random := create(t, TypeRandom, nil)
	spec := &RunSpec{
		Args: []string{"me", "", "two words"},
		Env:  []string{"DIOS_TEST_CHILD=hello", "A=b"},
		Refs: []Grant{{Ref: uint64(random), Rights: uint32(RightRead)}},
		Out:  Ref(task.Stdout()),
		Err:  Ref(task.Stderr()),
	}
	ref, err := Run(0, exe, spec)
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	runtime.GC() // what the spec led to is no longer needed
	if s := end(t, ref); s.How != EndExit || s.Status != 7 || s.Calls == 0 || s.MaxRss == 0 {
		t.Errorf("the child ended with %+v, want exit status 7", s)
	}

	spec.Env[0] = "DIOS_TEST_CHILD=delete"
	if ref, err = Run(0, exe, spec); err != nil {
		t.Fatalf("Run: %v", err)
	}
	if s := end(t, ref); s.How != EndExit || s.Status != 9 {
		t.Errorf("the child ended with %+v, want exit status 9", s)
	}

	spec.Env[0] = "DIOS_TEST_CHILD=sleep"
	if ref, err = Run(0, exe, spec); err != nil {
		t.Fatalf("Run: %v", err)
	}
	wantErr(t, "Delete to kill", Delete(DeleteZombify, ref), 0)
	if s := end(t, ref); s.How != EndKilled {
		t.Errorf("the child ended with %+v, want killed", s)
	}

	for _, test := range []struct {
		name string
		exe  Ref
		edit func(*RunSpec)
		want Errno
	}{
		{"no program", RefNone, func(*RunSpec) {}, EBADREF},
		{"a RANDOM", random, func(*RunSpec) {}, EPERM},
		{"no arguments", exe, func(s *RunSpec) { s.Args = nil }, EINVAL},
		{"a NUL in an argument", exe, func(s *RunSpec) { s.Args = []string{"a\x00b"} }, EINVAL},
		{"a NUL in the environment", exe, func(s *RunSpec) { s.Env = []string{"a=\x00"} }, EINVAL},
		{"a NUL in the entry", exe, func(s *RunSpec) { s.Entry = "\x00" }, EINVAL},
		{"too long an entry", exe, func(s *RunSpec) { s.Entry = string(make([]byte, EntrySize)) }, ETOOBIG},
		{"too long an argument", exe, func(s *RunSpec) { s.Args = []string{fmt.Sprintf("%*d", MaxArgs, 1)} }, ETOOBIG},
		{"no reference to hand over", exe, func(s *RunSpec) { s.Refs = []Grant{{Ref: 77 << 32, Rights: uint32(RightRead)}} }, EBADREF},
		{"another node", exe, func(s *RunSpec) { s.Node = 1 << 40 }, ENOTSUP},
	} {
		s := *spec
		test.edit(&s)
		ref, err := Run(0, test.exe, &s)
		if ref != RefNone || err != test.want {
			t.Errorf("Run with %s = %v, %v, want %v", test.name, ref, err, test.want)
		}
	}
}

func TestErrors(t *testing.T) {
	all := []error{fs.ErrPermission, fs.ErrExist, fs.ErrNotExist, errors.ErrUnsupported}
	is := map[Errno]error{EPERM: all[0], EEXIST: all[1], ENOENT: all[2], ENOTSUP: all[3], EHOST: all[3]}
	for e := Errno(0); e < 50; e++ {
		if e.Error() == "" || e.Name() == "" {
			t.Errorf("%d has no text", e)
		}
		for _, target := range all {
			if got := errors.Is(e, target); got != (is[e] == target) {
				t.Errorf("errors.Is(%v, %v) = %v", e, target, got)
			}
		}
	}
	if s := EBADREF.Error(); s != "no such reference" {
		t.Errorf("EBADREF.Error() = %q", s)
	}
	if s := EBADREF.Name(); s != "EBADREF" {
		t.Errorf("EBADREF.Name() = %q", s)
	}
	if s := Errno(1 << 40).Error(); s != "dios error 1099511627776" {
		t.Errorf("%q", s)
	}
	if !EAGAIN.Timeout() || !EAGAIN.Temporary() || EINTR.Timeout() || !EINTR.Temporary() || EIO.Temporary() {
		t.Error("Timeout or Temporary")
	}
}

func TestNoType(t *testing.T) {
	for _, typ := range []Type{0, TypeMax + 1} {
		_, err := Create(0, typ, nil, nil, RefNone, RefNone)
		wantErr(t, "Create("+typ.String()+")", err, EINVAL)
	}
}

func TestFifo(t *testing.T) {
	ref := create(t, TypeFifo, unsafe.Pointer(&Fifo{Size: PageSize}))
	var in, out Iov
	wantErr(t, "AcquireRead of nothing", AcquireRead(BufNonblock, ref, 0, &in, RefNone, 0), EAGAIN)
	wantErr(t, "AcquireWrite of too much", AcquireWrite(0, ref, PageSize, &out, RefNone, 0), ETOOBIG)
	if err := AcquireWrite(0, ref, 5, &out, RefNone, 0); err != nil {
		t.Fatal(err)
	}
	copy(Bytes(&out), "hello")
	was := out
	// One call publishes the record and gets room for the next one.
	if n, err := CommitWrite(BufNext, ref, 5, &out); n != 5 || err != nil || out == was || out.Len != 5 {
		t.Fatalf("CommitWrite(BufNext) = %d, %v; room %v after %v", n, err, out, was)
	}
	copy(Bytes(&out), "again")
	if n, err := CommitWrite(0, ref, 5, &out); n != 5 || err != nil {
		t.Fatalf("CommitWrite = %d, %v", n, err)
	}
	if err := AcquireRead(0, ref, 0, &in, RefNone, 0); err != nil || string(Bytes(&in)) != "hello" {
		t.Fatalf("AcquireRead: %q, %v", Bytes(&in), err)
	}
	if err := CommitRead(BufNext, ref, 5, &in); err != nil || string(Bytes(&in)) != "again" {
		t.Fatalf("CommitRead(BufNext): %q, %v", Bytes(&in), err)
	}
	wantErr(t, "CommitRead of the last", CommitRead(BufNext|BufNonblock, ref, 5, &in), EAGAIN)
	if in.Len != 0 {
		t.Errorf("%d bytes are left after the last record", in.Len)
	}

	// The room to wait for counts.
	waits := []Wait{{Ref: uint64(ref), Rights: uint32(RightWrite), Len: PageSize - 8}}
	wantErr(t, "ReleaseWrite", ReleaseWrite(0, ref, &out), 0)
	if _, err := Select(0, waits, 0); err != nil {
		t.Errorf("Select for room in an empty FIFO: %v", err)
	}
	out = Iov{}
	wantErr(t, "AcquireWrite with BufBatch", AcquireWrite(BufBatch, ref, 0, &out, RefNone, 0), 0)
	if out.Len != PageSize {
		t.Errorf("the room of an empty ring has %d bytes", out.Len)
	}
	*(*Record)(unsafe.Pointer(&Bytes(&out)[0])) = Record{Len: 3}
	if n, err := CommitWrite(0, ref, 16, &out); n != 16 || err != nil {
		t.Errorf("CommitWrite of a batch = %d, %v", n, err)
	}
	_, err := Select(0, waits, 0)
	wantErr(t, "Select for all the room", err, ETIMEDOUT)
	if err := CommitRead(BufNext, ref, 0, &in); err != nil || in.Len != 3 {
		t.Errorf("a record of a batch has %d bytes, %v", in.Len, err)
	}
}

func TestShmem(t *testing.T) {
	ref := create(t, TypeShmem, unsafe.Pointer(&Shmem{Size: 2 * PageSize}))
	var a, b Iov
	if err := AcquireWrite(0, ref, 0, &a, RefNone, 0); err != nil || a.Len != 2*PageSize {
		t.Fatalf("AcquireWrite: %d bytes, %v", a.Len, err)
	}
	Bytes(&a)[PageSize] = 7
	if n, err := CommitWrite(0, ref, a.Len, &a); n != 2*PageSize || err != nil {
		t.Errorf("CommitWrite = %d, %v", n, err)
	}
	if err := AcquireRead(BufAt, ref, 10, &b, RefNone, PageSize); err != nil || b.Len != 10 || Bytes(&b)[0] != 7 {
		t.Fatalf("AcquireRead(BufAt): %v, %v", Bytes(&b), err)
	}
	wantErr(t, "AcquireRead past the end", AcquireRead(BufAt, ref, 10, &Iov{}, RefNone, 2*PageSize), EEND)
	var info Iov
	if err := AcquireRead(BufInfo, ref, 0, &info, RefNone, 0); err != nil {
		t.Fatalf("AcquireRead(BufInfo): %v", err)
	}
	if i := (*ShmemInfo)(unsafe.Pointer(&Bytes(&info)[0])); i.Size != 2*PageSize || i.Version == 0 {
		t.Errorf("what is known: %+v", *i)
	}
}

// A random buffer goes to the console as it lies: borrowed by it.
func TestBorrow(t *testing.T) {
	ref := create(t, TypeRandom, nil)
	fifo := create(t, TypeFifo, unsafe.Pointer(&Fifo{Size: PageSize}))
	var room Iov
	if err := AcquireWrite(0, fifo, 16, &room, RefNone, 0); err != nil {
		t.Fatal(err)
	}
	iov := room
	if err := AcquireRead(BufBorrow, ref, 16, &iov, fifo, 0); err != nil {
		t.Fatalf("AcquireRead(BufBorrow): %v", err)
	}
	if iov != room || [16]byte(Bytes(&room)) == [16]byte{} {
		t.Errorf("the room of the FIFO was not filled with random bytes: %v", Bytes(&room))
	}
	wantErr(t, "AcquireRead(BufMove) of a FIFO's room", AcquireRead(BufMove, ref, 16, &room, fifo, 0), ENOTSUP)
	wantErr(t, "AcquireRead(BufBorrow) of no buffer", AcquireRead(BufBorrow, ref, 16, &Iov{}, fifo, 0), EBADBUF)
}

// An object can get its name later, and look-ups have the reference's rights.
func TestCreateName(t *testing.T) {
	ref := create(t, TypeFifo, unsafe.Pointer(&Fifo{Size: PageSize}))
	grants := []Grant{{Ref: uint64(ref), Rights: uint32(RightRead)}}
	if err := Copy(0, grants, RefSelf); err != nil {
		t.Fatal(err)
	}
	weak := Ref(grants[0].Out)
	defer Delete(0, weak)
	var name Name
	if got, err := Create(CreateName, TypeFifo, nil, &name, weak, RefNone); got != weak || err != nil {
		t.Fatalf("Create(CreateName) = %v, %v; want %v", got, err, weak)
	}
	refs := make([]Ref, 1)
	if n, err := Lookup(0, &name, refs, RefNone); n != 1 || err != nil {
		t.Fatalf("Lookup = %d, %v", n, err)
	}
	defer Delete(0, refs[0])
	wantErr(t, "AcquireWrite through a name that only reads", AcquireWrite(0, refs[0], 5, &Iov{}, RefNone, 0), EPERM)
	_, err := Create(CreateName, TypeFifo, nil, &name, ref, RefNone)
	wantErr(t, "a second name", err, EBUSY)
}
