// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Package dios has the twelve calls of DIOS, with Go types and nothing else.
// Most programs want package runtime/dios, which is made of them.
//
// # Objects, references, buffers
//
// The kernel keeps objects; a task holds references to them, which are
// numbers of type [Ref]. A task borrows memory from an object with
// [AcquireRead] or [AcquireWrite], says with [CommitRead] or [CommitWrite]
// what it did with it, and gives it back with [ReleaseRead] or
// [ReleaseWrite]. That memory is the kernel's: it is no Go memory, must not
// be touched after the release, and must never hold Go pointers. [Bytes]
// makes a slice of it.
//
// # Waiting
//
// A task is one thread. A call that waits stops every goroutine of the task.
// The calls that may wait say so below; [BufNonblock] makes them return
// [EAGAIN] instead, and [Select] with a deadline of 0 only asks. A call that
// waits also returns, with [EINTR], when the runtime is interrupted to
// schedule goroutines: call it again.
//
// # Errors
//
// The error of a call is an [Errno]. After an error nothing was lent,
// created, handed over or lost, unless the call says otherwise.
package dios

import (
	"errors"
	"internal/abi"
	"internal/bytealg"
	"internal/oserror"
	"internal/runtime/syscall/dios"
	"internal/strconv"
	"runtime"
	"unsafe"
)

// A Name is the name of an object. Who knows it may ask for a reference.
type Name [NameSize]byte

// Create makes an object of type typ, and returns a reference to it with
// every right the type has.
//
// The spec points to the struct that is called as the type is: a [Privmem],
// [Shmem], [Fifo], [Timer], [Console], [Stream], [Dgram], [Group] or [Blob],
// or, for a BLOB with [CreateImport], to an [Import]; it is nil for RANDOM. A
// nil name makes an anonymous object, which only its references lead to.
// Otherwise the kernel makes a name and writes it to *name, or, with
// [CreatePublic], takes the name that the caller chose, in the public name
// space. The name lies in the task's own group, or with [CreateGroup] in
// group, a reference to a GROUP with [RightWrite].
//
// With [CreateName] no object is made: the one that ref refers to, which is
// of type typ and has no name, gets one, and a look-up gives the rights that
// ref has. The spec is nil then, and Create returns ref. Without it ref is
// [RefNone].
//
// Create does not wait.
//
// The error is EINVAL if a flag, the type or a field of the spec is unknown
// or out of range, or the spec is missing, EFAULT if spec or name is a bad
// address, EBADREF if ref or group is no reference, ENOTSUP if the type
// cannot be created, EPERM if the program's brand or a reference does not
// allow it, EEXIST if the public name is taken, EQUOTA if the task has too
// many objects or references, EADDR for an address that is not this node's,
// EZOMBIE, EBUSY, EIO, and ENOMEM if there is no memory.
func Create(flags CreateFlags, typ Type, spec unsafe.Pointer, name *Name, ref, group Ref) (Ref, error) {
	inout := uint64(ref)
	_, err := call(dios.Syscall6(SysCreate, uintptr(flags), uintptr(typ), uintptr(spec), uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&inout)), uintptr(group)))
	if err != nil {
		return RefNone, err
	}
	return Ref(inout), nil
}

// Lookup makes references to the objects that a name leads to, one or more,
// and returns how many it put into refs.
//
// It finds names in the groups that the task belongs to: its own, and those
// it has a reference with [RightRead] to. With [LookupGroup] it finds those
// in group only. The references have the rights that the name was given, less
// those that its group takes away.
//
// Lookup may wait for other nodes, not with [LookupLocalOnly].
//
// The error is ENOENT if the name does not exist or the task may not use it
// (which of the two is not told), ETOOBIG if refs is too short, and then the
// number is how many there are, EINVAL for an unknown flag, EFAULT if name
// or refs is a bad address, EBADREF or EPERM for the group, EIO, EQUOTA or
// ENOMEM.
func Lookup(flags LookupFlags, name *Name, refs []Ref, group Ref) (int, error) {
	count := uint64(len(refs))
	_, err := call(dios.Syscall6(SysLookup, uintptr(flags), uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(unsafe.SliceData(refs))), uintptr(unsafe.Pointer(&count)), uintptr(group), 0))
	if err != nil && err != ETOOBIG {
		return 0, err
	}
	return int(count), err
}

// Delete drops a reference. Buffers acquired through it are released first.
//
// With [DeleteZombify], which needs [RightWrite], the object dies for all who
// refer to it, and the reference stays; a TASK is killed, and then tells how
// it ended. On [RefSelf] the task ends at once, with the
// exit status in the low 8 bits of the flags, and Delete does not return;
// os.Exit is the kinder way.
//
// Delete does not wait.
//
// The error is EBADREF if ref is no reference, EPERM if it lacks the right,
// EINVAL for an unknown flag, and ENOTSUP if the object cannot be zombified.
func Delete(flags DeleteFlags, ref Ref) error {
	_, err := call(dios.Syscall6(SysDelete, uintptr(flags), uintptr(ref), 0, 0, 0, 0))
	return err
}

// Copy gives references to the task target, which is a reference to a TASK
// with [RightWrite], or [RefSelf]. Each grant names a reference of the caller
// in Ref, and in Rights the rights to give, at least one, which must be among
// its own; its Out becomes the number of the new reference in the target's table.
// All are given, or none. The flags must be 0; there are at most [MaxGrants].
//
// Copy does not wait.
//
// The error is EBADREF if a grant's or the target's reference is none, EPERM
// if it lacks a right, EZOMBIE if the target has ended, EINVAL if a flag, the
// number of grants or a field is out of range, EFAULT, EQUOTA or ENOMEM.
func Copy(flags uint64, grants []Grant, target Ref) error {
	_, err := call(dios.Syscall6(SysCopy, uintptr(flags), uintptr(unsafe.Pointer(unsafe.SliceData(grants))), uintptr(len(grants)), uintptr(target), 0, 0))
	return err
}

// A RunSpec says how to start a task. It is struct dios_run with strings and
// slices for its addresses.
type RunSpec struct {
	Args  []string // at least one: the first is the program's name for itself
	Env   []string // "key=value"
	Refs  []Grant  // references to hand over, at most MaxGrants; Out must be 0
	Files int      // how many of Refs, the last, are the task's files: 0, or 2, a FIFO to read and one to write
	Group Ref      // the GROUP that becomes the task's own; RefNone: the caller's own
	In    Ref      // standard input, or RefNone
	Out   Ref      // standard output; RefNone: the node's console
	Err   Ref      // standard error; RefNone: the node's console
	Node  uint64   // where; 0: here
	Entry string   // the registered task function, less than EntrySize bytes; "": main
}

// Run starts a program as a new task, and returns a reference to it. The
// program, exe, is a reference to a BLOB with [RightExec], whose brand is
// pure or dios-limbo. The flags must be 0.
//
// Run waits until the program is loaded.
//
// The error is EBADREF if exe or a reference of the spec is none, EPERM if it
// lacks a right, EBADEXE if exe is not a program for this machine, EBRAND if
// its brand is not one that runs as a task, EINVAL if a string of the spec
// has a NUL byte or a field is out of range, ETOOBIG if the arguments, the
// environment or the entry is too long, ENOTSUP for another node, EZOMBIE,
// EFAULT, EQUOTA, ENOMEM or EINTR.
func Run(flags uint64, exe Ref, spec *RunSpec) (Ref, error) {
	if len(spec.Entry) >= EntrySize {
		return RefNone, ETOOBIG
	}
	argv, ok := pack(spec.Args)
	env, ok2 := pack(spec.Env)
	if !ok || !ok2 || bytealg.IndexByteString(spec.Entry, 0) >= 0 {
		return RefNone, EINVAL
	}
	// In struct dios_run the addresses are numbers, which keep nothing alive
	// and do not follow a stack that moves: so what they lead to must be on
	// the heap, and be used after the call.
	refs := abi.Escape(append([]Grant(nil), spec.Refs...))
	s := &dios.Run{
		Argv:    address(unsafe.SliceData(argv)),
		ArgvLen: uint64(len(argv)),
		Env:     address(unsafe.SliceData(env)),
		EnvLen:  uint64(len(env)),
		Argc:    uint32(len(spec.Args)),
		Envc:    uint32(len(spec.Env)),
		Refs:    address(unsafe.SliceData(refs)),
		Nrefs:   uint32(len(refs)),
		Files:   uint32(spec.Files),
		Group:   uint64(spec.Group),
		In:      uint64(spec.In),
		Out:     uint64(spec.Out),
		Err:     uint64(spec.Err),
		Node:    spec.Node,
	}
	copy(s.Entry[:], spec.Entry)
	var ref uint64
	_, err := call(dios.Syscall6(SysRun, uintptr(flags), uintptr(exe), uintptr(unsafe.Pointer(s)), uintptr(unsafe.Pointer(&ref)), 0, 0))
	runtime.KeepAlive(argv)
	runtime.KeepAlive(env)
	runtime.KeepAlive(refs)
	if err != nil {
		return RefNone, err
	}
	return Ref(ref), nil
}

// pack returns the strings one after the other, each ended by a NUL, on the
// heap, and whether none of them has a NUL of its own.
func pack(strs []string) ([]byte, bool) {
	var b []byte
	for _, s := range strs {
		if bytealg.IndexByteString(s, 0) >= 0 {
			return nil, false
		}
		b = append(b, s...)
		b = append(b, 0)
	}
	return abi.Escape(b), true
}

func address[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }

// Select waits until one of the references is ready, and returns its index in
// waits. A wait names a reference and, in Rights, [RightRead] to wait until it
// can be read or [RightWrite] until it can be written; to write to a FIFO, Len
// is how many bytes the record will have. An object that died is ready. When
// several are ready each gets its turn. The flags must be 0; there are at most
// [MaxWaits]. (With [SelectKeep] the task would take what the runtime waits
// for, for all goroutines; it is the runtime's own.)
//
// Select waits until deadline, which is in nanoseconds of the monotonic
// clock, absolute; -1 is for ever, and 0 only asks.
//
// The error is ETIMEDOUT if the deadline passed, EINTR if an upcall arrived,
// EBADREF if a reference is none, EPERM if it lacks the right, EINVAL if a
// flag, the number of waits or a field is out of range, EFAULT or ENOMEM.
func Select(flags uint64, waits []Wait, deadline int64) (int, error) {
	if flags&uint64(SelectKeep) != 0 {
		return -1, EINVAL
	}
	var selected uint64
	_, err := call(dios.Syscall6(SysSelect, uintptr(flags), uintptr(unsafe.Pointer(unsafe.SliceData(waits))), uintptr(len(waits)), uintptr(unsafe.Pointer(&selected)), uintptr(deadline), 0))
	if err != nil {
		return -1, err
	}
	return int(selected), nil
}

// AcquireRead borrows n bytes of the object for reading; 0 is what the object
// has. The iov's Addr is where the buffer should be, or 0; on return it is
// the buffer.
//
// The memory is the kernel's, and stays mapped, read-only, until
// [ReleaseRead], or until ref is deleted.
//
// Without further flags it is new. With [BufMove] or [BufBorrow] it is the
// buffer that iov names, which the task acquired through from to write it,
// and which the object fills: moved, it is no longer from's; borrowed, it
// stays from's, and goes when both have released it. With [BufAt] the buffer
// begins off bytes into the object. With [BufBatch] it has all the records of
// a FIFO that there are, each with its [Record] before it. With [BufInfo] it
// has what is known of the object, such as a [FifoInfo]; SELF lends an array
// of [Info], the table of the task's references. Where these flags are not
// given, from is [RefNone] and off 0.
//
// AcquireRead waits until the object has something to read, unless flags
// have [BufNonblock].
//
// The error is EBADREF if ref or from is no reference, EPERM if ref lacks
// [RightRead], EAGAIN with BufNonblock if there is nothing yet, EZOMBIE if
// the object is dead or dies while AcquireRead waits, EPIPE if nothing will
// come any more, EEND for an offset past the end, EBADBUF if iov is no buffer
// of from, EINVAL for an unknown flag or a length out of range, ENOTSUP if
// the type is not for reading so, EFAULT, EINTR, EQUOTA or ENOMEM; of the
// network ETIMEDOUT, EREFUSED, ERESET, EUNREACH or EADDR; or EIO.
func AcquireRead(flags BufFlags, ref Ref, n uint64, iov *Iov, from Ref, off uint64) error {
	_, err := call(dios.Syscall6(SysAcquireRead, uintptr(flags), uintptr(ref), uintptr(n), uintptr(unsafe.Pointer(iov)), uintptr(from), uintptr(off)))
	return err
}

// CommitRead says that n bytes of the buffer were read, and asks whether they
// were valid.
//
// With [BufNext] the buffer is filled anew in the same call, and iov tells
// its new bounds; CommitRead waits for that as AcquireRead does. The commit
// comes first and counts, whatever comes after it: after EAGAIN, EINTR or
// EPIPE the buffer is the task's still and has nothing in it, its iov is of 0
// bytes, and a CommitRead of 0 bytes with BufNext tries again.
//
// The error is ESTALE if somebody wrote meanwhile, and then the buffer is up
// to date again and must be read once more, EBADBUF if iov is no buffer of
// ref, EZOMBIE if the object is dead, EAGAIN, EINTR, EPIPE, ERESET, EBADREF,
// EPERM, EINVAL, EFAULT, EIO, EQUOTA, ENOMEM or ENOTSUP. The buffer stays the
// task's.
func CommitRead(flags BufFlags, ref Ref, n uint64, iov *Iov) error {
	_, err := call(dios.Syscall6(SysCommitRead, uintptr(flags), uintptr(ref), uintptr(n), uintptr(unsafe.Pointer(iov)), 0, 0))
	return err
}

// ReleaseRead gives a buffer back. The flags must be 0.
//
// ReleaseRead does not wait.
//
// The error is EBADBUF if iov is no buffer of ref, EBADREF, EINVAL or EFAULT.
func ReleaseRead(flags BufFlags, ref Ref, iov *Iov) error {
	_, err := call(dios.Syscall6(SysReleaseRead, uintptr(flags), uintptr(ref), uintptr(unsafe.Pointer(iov)), 0, 0, 0))
	return err
}

// AcquireWrite borrows n bytes of the object for writing; 0 is what the
// object has. The iov's Addr is where the buffer should be, or 0, and with
// [BufFixed] where it must be; on return it is the buffer.
//
// The memory is the kernel's, and stays mapped until [ReleaseWrite], or
// until ref is deleted. Nobody sees what is written before [CommitWrite],
// unless it is memory that is shared.
//
// With [BufMove] or [BufBorrow] the buffer is the one that iov names, which
// the task acquired through from; its bytes are those to commit. With [BufAt]
// it begins off bytes into the object. With [BufBatch] it is all the room that
// a FIFO has, at least for a record of n bytes, and the task makes the
// records, each with its [Record] before it. With [BufInfo] it is what is
// known of the object, and CommitWrite changes what can be changed. Where
// these flags are not given, from is [RefNone] and off 0.
//
// AcquireWrite waits until the object has room, unless flags have
// [BufNonblock].
//
// The error is EBUSY if something is mapped where the buffer must be, ETOOBIG
// if the object never has so much room, EPIPE if nobody is left who could
// read, and otherwise as for AcquireRead, with [RightWrite].
func AcquireWrite(flags BufFlags, ref Ref, n uint64, iov *Iov, from Ref, off uint64) error {
	_, err := call(dios.Syscall6(SysAcquireWrite, uintptr(flags), uintptr(ref), uintptr(n), uintptr(unsafe.Pointer(iov)), uintptr(from), uintptr(off)))
	return err
}

// CommitWrite publishes the first n bytes of iov, which is a buffer or a part
// of one, and returns how many bytes the object took, which may be fewer. The
// buffer stays the task's, for the next commit. After an error it returns 0.
//
// With [BufNext], which FIFO and SHMEM have, the buffer is the following room
// afterwards, and iov says where. The commit comes first and counts, whatever
// comes after it: after EAGAIN or EINTR all n bytes were published, the
// buffer is the task's still and has no room, its iov is of 0 bytes, and a
// CommitWrite of 0 bytes with BufNext tries again. With [BufEnd], which
// STREAM has, nothing follows: the other side reads to the end.
//
// CommitWrite waits until the object takes something, and with BufNext until
// there is room, unless flags have [BufNonblock].
//
// The error is EPIPE if nobody is left who could read, EIO if the device
// failed, EBADBUF if iov is no buffer of ref, EZOMBIE if the object is dead,
// EAGAIN, EINTR, EBUSY, ETOOBIG, EBADREF, EPERM, EINVAL, EFAULT, EQUOTA,
// ENOMEM or ENOTSUP, or one of the network.
func CommitWrite(flags BufFlags, ref Ref, n uint64, iov *Iov) (int, error) {
	return call(dios.Syscall6(SysCommitWrite, uintptr(flags), uintptr(ref), uintptr(n), uintptr(unsafe.Pointer(iov)), 0, 0))
}

// ReleaseWrite gives a buffer back. With [BufCommit] it is committed whole
// first, and given back even when that fails. With [BufDiscard], which only
// memory has, the pages of iov, a buffer or a part of one, are given back,
// and the mapping stays and reads as zero.
//
// ReleaseWrite waits only with BufCommit, as CommitWrite does.
//
// The error is EBADBUF if iov is no buffer of ref, or that of the commit, or
// EBADREF, EPERM, EINVAL, EFAULT, ENOMEM or ENOTSUP.
func ReleaseWrite(flags BufFlags, ref Ref, iov *Iov) error {
	_, err := call(dios.Syscall6(SysReleaseWrite, uintptr(flags), uintptr(ref), uintptr(unsafe.Pointer(iov)), 0, 0, 0))
	return err
}

// Bytes returns the memory of a buffer. It is valid until the buffer is
// released; then touching it faults, or touches something else.
func Bytes(iov *Iov) []byte {
	if iov.Len == 0 {
		return nil
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&iov.Addr)), iov.Len)
}

// call turns the result of a call into Go's.
func call(r int64) (int, error) {
	if r < 0 {
		return 0, Errno(-r)
	}
	return int(r), nil
}

// Error returns the error's text.
func (e Errno) Error() string {
	if e < Errno(len(dios.ErrorText)) && dios.ErrorText[e] != "" {
		return dios.ErrorText[e]
	}
	return "dios error " + strconv.Itoa(int(e))
}

// Name returns the error's name, such as "EBADREF".
func (e Errno) Name() string {
	if e < Errno(len(dios.ErrorName)) && dios.ErrorName[e] != "" {
		return dios.ErrorName[e]
	}
	return "E" + strconv.Itoa(int(e))
}

// Is makes errors match the general ones of packages errors and io/fs.
func (e Errno) Is(target error) bool {
	switch target {
	case oserror.ErrPermission:
		return e == EPERM
	case oserror.ErrExist:
		return e == EEXIST
	case oserror.ErrNotExist:
		return e == ENOENT
	case errors.ErrUnsupported:
		return e == ENOTSUP || e == EHOST
	}
	return false
}

// Timeout reports whether a deadline passed, or would have been waited for.
func (e Errno) Timeout() bool { return e == ETIMEDOUT || e == EAGAIN }

// Temporary reports whether the same call may succeed later.
func (e Errno) Temporary() bool { return e == EINTR || e.Timeout() }
