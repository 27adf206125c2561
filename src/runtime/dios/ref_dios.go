// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"context"
	"internal/strconv"
	"sync"
	sys "syscall/dios"
	"unsafe"
)

// A Ref is a reference: what a task holds instead of an object. The number
// means something in this task only. The zero Ref refers to nothing.
//
// It converts to and from a Ref of package syscall/dios.
type Ref uint64

// A Type is the type of an object.
type Type = sys.Type

// Rights are what a reference allows.
type Rights = sys.Rights

// A Brand says how a program is launched and which calls it may make.
type Brand = sys.Brand

// String returns the reference as slot and generation, such as "3.1"; a slot
// that is used again has another generation.
func (r Ref) String() string {
	if r == 0 {
		return "none"
	}
	return strconv.Itoa(int(uint32(r))) + "." + strconv.Itoa(int(r>>32))
}

// The table of the task's references, which the kernel keeps up to date.
var refTable = sync.OnceValue(func() []sys.Info {
	var iov sys.Iov
	if sys.AcquireRead(sys.BufInfo, sys.RefSelf, 0, &iov, 0, 0) != nil {
		return nil
	}
	return unsafe.Slice((*sys.Info)(unsafe.Pointer(unsafe.SliceData(sys.Bytes(&iov)))), iov.Len/uint64(unsafe.Sizeof(sys.Info{})))
})

// info returns what is known of the reference, without a call; zero if it is
// not one.
func (r Ref) info() sys.Info {
	if t := refTable(); uint64(uint32(r)) < uint64(len(t)) && t[uint32(r)].Ref == uint64(r) {
		return t[uint32(r)]
	}
	return sys.Info{}
}

// Type returns the type of the object, and 0 if r is no reference.
func (r Ref) Type() Type { return Type(r.info().Type) }

// Rights returns what the reference allows, and 0 if r is no reference.
func (r Ref) Rights() Rights { return Rights(r.info().Rights) }

// Alive reports whether r is a reference to an object that is not dead.
func (r Ref) Alive() bool { i := r.info(); return i.Ref != 0 && i.State&sys.InfoDead == 0 }

// Delete gives the reference up. The object goes with its last reference.
func (r Ref) Delete() error { return opError("delete", r, sys.Delete(0, sys.Ref(r))) }

// Zombify kills the object: whoever uses it, anywhere, gets an error. It needs
// the WRITE right. The reference stays until it is deleted.
func (r Ref) Zombify() error {
	return opError("zombify", r, sys.Delete(sys.DeleteZombify, sys.Ref(r)))
}

// Limit returns another reference of this task to the same object, with these
// rights, which r must have.
func (r Ref) Limit(rights Rights) (Ref, error) { return r.copy(rights, sys.RefSelf) }

// GiveTo gives a reference to the object, with these rights, to a task that
// this one started. It returns the number that the reference has there, which
// the other task has to be told.
func (r Ref) GiveTo(t *Task, rights Rights) (Ref, error) { return r.copy(rights, t.port.ref) }

func (r Ref) copy(rights Rights, target sys.Ref) (Ref, error) {
	g := []sys.Grant{{Ref: uint64(r), Rights: uint32(rights)}}
	if err := sys.Copy(0, g, target); err != nil {
		return 0, opError("copy", r, err)
	}
	return Ref(g[0].Out), nil
}

// Ready waits until the object can be read, with [syscall/dios.RightRead], or
// written, with [syscall/dios.RightWrite], without waiting: until a timer is
// due or a task has ended, for example. What that means is the type's. It
// stops the goroutine, not the task. A dead object is ready.
//
// A reference that is part of something else here (a Chan, a Reader, a Task)
// can be waited for only by that.
func (r Ref) Ready(ctx context.Context, rights Rights) error {
	mode := int('r')
	if rights == sys.RightWrite {
		mode = 'w'
	} else if rights != sys.RightRead {
		return opError("wait", r, sys.EINVAL)
	}
	// What can be said at once needs no poller, and neither do errors.
	waits := []sys.Wait{{Ref: uint64(r), Rights: uint32(rights)}}
	if _, err := sys.Select(0, waits, 0); err != sys.ETIMEDOUT {
		return opError("wait", r, err)
	}
	var p port
	p.init(sys.Ref(r), mode)
	if p.desc() == 0 {
		return opError("wait", r, sys.EBUSY)
	}
	err := p.wait(ctx, 0)
	pollUnblock(p.pd)
	pollClose(p.pd)
	return opError("wait", r, err)
}
