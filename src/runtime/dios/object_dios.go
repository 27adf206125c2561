// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package dios

import (
	"encoding/base64"
	"errors"
	"os"
	"sync"
	sys "syscall/dios"
	"time"
	"unsafe"
)

// A Name is the name of an object. Who knows it can look the object up, if it
// lies in a group that the task belongs to. Its text is 43 characters of
// base64url.
type Name sys.Name

func (n Name) String() string { return base64.RawURLEncoding.EncodeToString(n[:]) }

// ParseName returns the name of a text.
func ParseName(s string) (n Name, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(n) {
		return n, errors.New("dios: not a name: " + s)
	}
	return Name(b), nil
}

// PublicName returns the public name that is s, of at most 32 bytes. Anybody
// can guess a public name.
func PublicName(s string) (n Name, err error) {
	if len(s) > len(n) {
		return n, errors.New("dios: too long for a public name: " + s)
	}
	copy(n[:], s)
	return n, nil
}

// SetName gives the object a name, which the kernel makes at random, in a
// group, or in the task's own if group is 0. A look-up gives the rights that r
// has. An object has at most one name.
func (r Ref) SetName(group Ref) (Name, error) {
	var n Name
	return n, r.setName(0, &n, group)
}

// SetPublicName gives the object a public name.
func (r Ref) SetPublicName(n Name, group Ref) error {
	return r.setName(sys.CreatePublic, &n, group)
}

func (r Ref) setName(flags sys.CreateFlags, n *Name, group Ref) error {
	if group != 0 {
		flags |= sys.CreateGroup
	}
	_, err := sys.Create(flags|sys.CreateName, r.Type(), nil, (*sys.Name)(n), sys.Ref(r), sys.Ref(group))
	return opError("name", r, err)
}

// Lookup returns references to the objects that a name leads to, in one group,
// or in all that the task belongs to if group is 0. The error says
// syscall/dios.ENOENT, which matches fs.ErrNotExist, if there is none, or none
// that the task may use.
func Lookup(n Name, group Ref) ([]Ref, error) { return lookup(0, n, group) }

// LookupPublic is Lookup of a public name.
func LookupPublic(n Name, group Ref) ([]Ref, error) { return lookup(sys.LookupPublic, n, group) }

func lookup(flags sys.LookupFlags, n Name, group Ref) ([]Ref, error) {
	if group != 0 {
		flags |= sys.LookupGroup
	}
	for room := 1; ; {
		refs := make([]sys.Ref, room)
		found, err := sys.Lookup(flags, (*sys.Name)(&n), refs, sys.Ref(group))
		if err == sys.ETOOBIG && found > room {
			room = found
			continue
		}
		if err != nil {
			return nil, opError("look up", group, err)
		}
		all := make([]Ref, found)
		for i := range all {
			all[i] = Ref(refs[i])
		}
		return all, nil
	}
}

// NewGroup makes a GROUP, a set of names. A look-up in it gives at most these
// rights. Who has a reference with the READ right can look up in it, and with
// the WRITE right name objects in it; see also [Attr.Group].
func NewGroup(rights Rights) (Ref, error) {
	ref, err := sys.Create(0, sys.TypeGroup, unsafe.Pointer(&sys.Group{Rights: uint32(rights)}), nil, 0, 0)
	return Ref(ref), opError("create", 0, err)
}

// Shared is memory that tasks share: the same bytes in each of them.
//
// It must never hold Go pointers. Who shares it agrees on who may write when:
// by messages, by package sync/atomic on parts of it, or by [Shared.Write] and
// [Shared.Read].
type Shared struct {
	ref   sys.Ref
	write bool
	mem   []byte

	mu     sync.Mutex
	closed bool
	w, r   sys.Iov // for the versions, if acquired
}

// NewShared makes shared memory of size bytes, rounded up to whole pages. It
// is zero. Give [Shared.Ref] to another task, which opens it with
// [OpenShared].
func NewShared(size int) (*Shared, error) {
	const page = sys.PageSize
	size = (size + page - 1) &^ (page - 1)
	ref, err := sys.Create(0, sys.TypeShmem, unsafe.Pointer(&sys.Shmem{Size: uint64(size)}), nil, 0, 0)
	if err != nil {
		return nil, opError("create", 0, err)
	}
	return OpenShared(Ref(ref))
}

// OpenShared opens the shared memory that ref refers to. The memory can be
// written if ref has the WRITE right. The Shared owns ref.
func OpenShared(ref Ref) (*Shared, error) {
	s := &Shared{ref: sys.Ref(ref), write: ref.Rights()&sys.RightWrite != 0}
	if err := sys.AcquireRead(0, s.ref, 0, &s.r, 0, 0); err != nil {
		return nil, opError("open", ref, err)
	}
	s.mem = sys.Bytes(&s.r)
	return s, nil
}

// Ref returns the reference.
func (s *Shared) Ref() Ref { return Ref(s.ref) }

// Bytes returns the memory. It stays until Close; touching it later faults,
// as does writing it without the WRITE right.
func (s *Shared) Bytes() []byte { return s.mem }

// Write calls f to change the memory, and says that it has. A Read at the
// same time is made again. One task may write so at a time.
func (s *Shared) Write(f func(mem []byte)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return opError("write", s.Ref(), os.ErrClosed)
	}
	s.w = sys.Iov{}
	if err := sys.AcquireWrite(0, s.ref, 0, &s.w, 0, 0); err != nil {
		return opError("write", s.Ref(), err)
	}
	defer sys.ReleaseWrite(0, s.ref, &s.w)
	f(s.mem)
	_, err := sys.CommitWrite(0, s.ref, s.w.Len, &s.w)
	return opError("write", s.Ref(), err)
}

// Read calls f to read the memory, and again if somebody wrote meanwhile with
// Write: what it read last was as a whole what one Write left. So f may see a
// mixture, and keeps what it computes only by overwriting it.
func (s *Shared) Read(f func(mem []byte)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return opError("read", s.Ref(), os.ErrClosed)
	}
	// What came before does not matter.
	err := sys.CommitRead(0, s.ref, 0, &s.r)
	for {
		f(s.mem)
		if err = sys.CommitRead(0, s.ref, s.r.Len, &s.r); err != sys.ESTALE {
			return opError("read", s.Ref(), err)
		}
		time.Sleep(10 * time.Microsecond) // somebody may be writing for a while
	}
}

// Close unmaps the memory here, and deletes the reference.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return opError("close", s.Ref(), os.ErrClosed)
	}
	s.closed = true
	s.mem = nil
	return opError("close", s.Ref(), sys.Delete(0, s.ref))
}
