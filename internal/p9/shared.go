// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package p9

import (
	"sync/atomic"
	"unsafe"
)

// Files in memory that clients see. The bytes of a large file in a memory tree lie
// in memory that a client maps, to read them without a message. Before them is a
// page with how many there are, size[8], and whether they have gone elsewhere,
// moved[8]: then the client asks again. It only reads; the tree is right
// whatever a client does.

// A Memory is memory that a client can map.
type Memory interface {
	Bytes() []byte
	// Name returns how a client finds it, with the right to read.
	Name() ([nameSize]byte, error)
	Close() error
}

// newMemory makes memory of at least n bytes, which are zero. Where it is nil
// clients see no memory.
var newMemory func(n int) (Memory, error)

const (
	sharedHead = 4096
	sharedFrom = 64 << 10      // a shorter file is not worth it
	sharedMax  = 1<<30 - 1<<20 // room for a file
)

// allocate returns memory for a file, of size bytes and with room for more.
// Memory that is shared takes no more than what was touched, so there can be much.
func (t *memTree) allocate(size int, left int64) ([]byte, Memory) {
	if newMemory != nil && size >= sharedFrom && size <= sharedMax {
		room := min(16*size, sharedMax)
		if m, err := newMemory(sharedHead + room); err == nil {
			return m.Bytes()[sharedHead : sharedHead+size : sharedHead+room], m
		}
	}
	return make([]byte, size, min(int64(size+size/4), max(left, int64(size)))), nil
}

// cost returns how much of the quota the file's bytes take.
func (n *memNode) cost() int64 {
	if n.memory != nil {
		return int64(n.most)
	}
	return int64(cap(n.data))
}

// head returns the number in the page before the bytes: 0 is the size, 1 moved.
func (n *memNode) head(i int) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(&n.memory.Bytes()[8*i]))
}

// resized tells clients the size.
func (n *memNode) resized() {
	if n.memory != nil {
		n.most = max(n.most, len(n.data))
		n.head(0).Store(uint64(len(n.data)))
	}
}

// replace gives the file other memory, with the same bytes in it.
func (n *memNode) replace(data []byte, m Memory) {
	if n.memory != nil {
		n.head(1).Store(1)
		n.memory.Close()
	}
	n.data, n.memory, n.most = data, m, 0
}

// mapFile answers tmap.
func (c *client) mapFile(f *fid) error {
	if f.file == nil || f.flags&oAccess == oWrite {
		return EBADF
	}
	mf, ok := f.file.(*memFile)
	if !ok {
		return ENOTSUP
	}
	defer mf.lock()()
	if mf.memory == nil {
		return ENOTSUP
	}
	name, err := mf.memory.Name()
	if err != nil {
		return ENOTSUP
	}
	c.out = append(c.out, name[:]...)
	c.out.u64(uint64(len(mf.memory.Bytes())))
	return nil
}
