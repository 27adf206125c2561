// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package p9

import (
	"math"
	"slices"
	"sync"
)

// Locks: a client's word to others, on ranges of bytes of files, as POSIX has it.
// Nothing is kept from reading or writing by them.
//
// A lock's owner is a client and a number of its own, which is 0 for all of the
// client, or the fid that the lock is to go with. Locks of one owner never are in
// each other's way: the later one counts where they overlap.

const (
	lockRead = iota
	lockWrite
	lockNone // unlock; there is no lock
)

const (
	lockBlock   = 1 // flag of tlock: the client will wait. The protocol lets it ask again.
	lockOK      = 0 // status of a reply
	lockBlocked = 1
)

type owner struct {
	c  *client
	id uint32
}

type lock struct {
	owner
	kind       uint8
	start, end uint64 // without end
}

func (l *lock) overlaps(m *lock) bool { return l.start < m.end && m.start < l.end }

// locks are those of a tree.
type locks struct {
	mu    sync.Mutex
	files map[uint64][]lock // by the number of the file; each in no order
}

// blocker returns the lock that is in the way of l, or nil. The mutex is held.
func (t *locks) blocker(file uint64, l *lock) *lock {
	for i := range t.files[file] {
		m := &t.files[file][i]
		if m.owner != l.owner && m.overlaps(l) && (m.kind == lockWrite || l.kind == lockWrite) {
			return m
		}
	}
	return nil
}

// set sets or clears a lock; false: another is in the way.
func (t *locks) set(file uint64, l lock) (ok bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.kind != lockNone && t.blocker(file, &l) != nil {
		return false, nil
	}
	var list []lock
	for _, m := range t.files[file] {
		if m.owner != l.owner || !m.overlaps(&l) {
			list = append(list, m)
			continue
		}
		// What is left of it on both sides.
		if m.start < l.start {
			list = append(list, lock{m.owner, m.kind, m.start, l.start})
		}
		if l.end < m.end {
			list = append(list, lock{m.owner, m.kind, l.end, m.end})
		}
	}
	if l.kind != lockNone {
		list = append(list, l)
	}
	if more := len(list) - len(t.files[file]); more > 0 && l.c.locks+more > maxLocks {
		return false, ENOLCK
	}
	t.put(file, list, l.c)
	return true, nil
}

// put replaces a file's locks by others, of which only the client's are different. The mutex is held.
func (t *locks) put(file uint64, list []lock, c *client) {
	c.locks += len(list) - len(t.files[file])
	if len(list) == 0 {
		delete(t.files, file)
		return
	}
	if t.files == nil {
		t.files = make(map[uint64][]lock)
	}
	t.files[file] = list
}

// drop clears the locks of a file that belong to a fid of the client, and those
// that belong to all of it: on any close, as POSIX has it.
func (t *locks) drop(file uint64, c *client, fid uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.locks > 0 {
		t.clear(file, c, func(l lock) bool { return l.c == c && (l.id == fid || l.id == 0) })
	}
}

// dropAll clears what a client has left, by numbers that are no fids of it.
func (t *locks) dropAll(c *client) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for file := range t.files {
		if c.locks == 0 {
			return
		}
		t.clear(file, c, func(l lock) bool { return l.c == c })
	}
}

// clear clears some of a client's locks. The mutex is held.
func (t *locks) clear(file uint64, c *client, which func(lock) bool) {
	t.put(file, slices.DeleteFunc(slices.Clone(t.files[file]), which), c)
}

// lock answers tlock: a lock is set, or is in the way of another. Nobody waits here.
func (c *client) lock(f *fid, d *decoder) error {
	kind, flags := d.take(1)[0], d.u32()
	l, err := c.takeLock(f, kind, d)
	if err != nil {
		return err
	}
	if flags&^lockBlock != 0 {
		return EINVAL
	}
	ok, err := c.s.tree().locks.set(f.path, l)
	if err != nil {
		return err
	}
	status := uint8(lockOK)
	if !ok {
		status = lockBlocked
	}
	c.out.u8(status)
	return nil
}

// getLock answers tgetlock: which lock would be in the way of one?
func (c *client) getLock(f *fid, d *decoder) error {
	l, err := c.takeLock(f, d.take(1)[0], d)
	if err != nil {
		return err
	}
	t := &c.s.tree().locks
	t.mu.Lock()
	defer t.mu.Unlock()
	who := uint32(0)
	if m := t.blocker(f.path, &l); m != nil && l.kind != lockNone {
		l = *m
		if m.c == c {
			who = m.id
		}
	} else {
		l.kind = lockNone
	}
	n := l.end - l.start
	if l.end == math.MaxUint64 {
		n = 0
	}
	c.out.u8(l.kind)
	c.out.u64(l.start)
	c.out.u64(n)
	c.out.u32(who) // of another client's we say nothing
	c.out.str("")
	return nil
}

// takeLock takes what both messages have: the range, and whose it is.
func (c *client) takeLock(f *fid, kind uint8, d *decoder) (lock, error) {
	start, n, id := d.u64(), d.u64(), d.u32()
	d.str() // the client is who has the channel
	switch {
	case d.bad:
		return lock{}, EPROTO
	case f.file == nil:
		return lock{}, EBADF
	case kind > lockNone || int64(start) < 0 || int64(n) < 0 || int64(start+n) < 0:
		return lock{}, EINVAL
	}
	end := start + n
	if n == 0 {
		end = math.MaxUint64 // to the end, wherever that is
	}
	return lock{owner{c, id}, kind, start, end}, nil
}
