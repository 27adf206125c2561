// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package p9

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// A tree that lasts: it is in memory, and each change of it is also an entry
// in a log, which is all that is kept. To open it is to make the changes anew. See
// docs/design/files.md.

// A Log is bytes that last, and grow at the end.
type Log interface {
	// Bytes returns all of them.
	Bytes() ([]byte, error)
	// Append adds up to MaxAppend bytes. They are durable on return, all of
	// them; after an error, or a crash, all or none are there.
	Append(p []byte) error
	// Replace makes other bytes the log, by calling write, which calls add for
	// each piece of up to MaxAppend. After an error, or a crash, the log is the one or
	// the other.
	Replace(write func(add func(p []byte) error) error) error
	Close() error
}

const (
	MaxAppend = 1 << 20

	noteSize = 1024     // what an entry takes at most, but for a file's bytes and a link's target
	chunk    = 64 << 10 // of a file's bytes, when they are all written anew
	logKeep  = 8 << 20  // a log of up to so many bytes is never replaced
	logMagic = "diosfs 1"
)

var flushAfter = time.Second // what nobody asks to be written

// Kinds of entries. Each is size[4] kind[1] time[8] file[8], and then what is
// said here. The size is that of the entry. File is the number of the file that changes.
const (
	logHead   = iota // magic[s]: the first entry, and no other
	logMake          // name[s] number[8] mode[4] target[s]
	logLink          // name[s] number[8]
	logUnlink        // name[s]
	logRename        // name[s] folder[8] name[s]
	logAttr          // mode[4] atime[8] mtime[8]
	logSize          // size[8]
	logWrite         // offset[8] bytes
)

const entryHead = 21

// A journal is the log of a tree. The tree's lock guards it.
type journal struct {
	log  Log
	size int64   // of the log
	past int64   // what size was when it could not be replaced
	new  encoder // entries that are not in the log yet
	done chan bool
	ends sync.Once
}

// OpenTree returns the tree that a log holds, of up to limit bytes in memory. What
// changed is in the log after Sync of any node or file of it, or a second later.
// CloseTree ends it.
func OpenTree(log Log, limit int64) (Node, error) {
	b, err := log.Bytes()
	if err != nil {
		return nil, err
	}
	root := newMem(limit)
	j := &journal{log: log, size: int64(len(b)), done: make(chan bool)}
	if len(b) > 0 {
		err = root.replay(b)
	}
	root.tree.log = j
	if len(b) == 0 {
		j.head()
		root.note(logAttr, root.putAttr)
		err = j.write()
	}
	if err != nil {
		return nil, err
	}
	go j.flushSometimes(root)
	return root, nil
}

// CloseTree ends a tree of OpenTree, and closes its log, when what changed is in it.
func CloseTree(root Node) error {
	n := root.(*memNode)
	j := n.tree.log
	j.ends.Do(func() { close(j.done) })
	err := n.Sync()
	defer n.lock()()
	if err2 := j.log.Close(); err == nil {
		err = err2
	}
	return err
}

// flushSometimes writes what nobody asks to be written.
func (j *journal) flushSometimes(root *memNode) {
	t := time.NewTicker(flushAfter)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			root.Sync() // the next who asks has the error too
		case <-j.done:
			return
		}
	}
}

// room makes room for an entry of n bytes.
func (j *journal) room(n int) error {
	if len(j.new)+n > MaxAppend {
		return j.write()
	}
	return nil
}

// add adds an entry, for which there is room.
func (j *journal) add(now time.Time, kind uint8, file uint64, more func(e *encoder)) {
	start := len(j.new)
	e := &j.new
	e.u32(0)
	e.u8(kind)
	e.u64(uint64(now.UnixNano()))
	e.u64(file)
	more(e)
	le.PutUint32(j.new[start:], uint32(len(j.new)-start))
}

func (j *journal) head() {
	j.add(time.Now(), logHead, 0, func(e *encoder) { e.str(logMagic) })
}

// write writes what is new. When it fails that stays new, for another try.
func (j *journal) write() error {
	if len(j.new) == 0 {
		return nil
	}
	err := j.log.Append(j.new)
	if err == nil {
		j.size += int64(len(j.new))
		j.new = j.new[:0]
	}
	return err
}

// sync writes what is new, and writes the log anew when most of it is past.
func (t *memTree) sync() error {
	if err := t.log.write(); err != nil {
		return err
	}
	if t.log.size-t.log.past > logKeep && t.log.size > 3*(t.limit-t.left) {
		t.compact() // a log that is too long is right all the same
	}
	return nil
}

// A pieces is the log that another is replaced by.
type pieces struct {
	Log
	add func(p []byte) error
}

func (p pieces) Append(b []byte) error { return p.add(b) }

// compact replaces the log by one that makes the tree as it is.
func (t *memTree) compact() {
	j := t.log
	defer func() { t.log = j }()
	size := int64(0)
	err := j.log.Replace(func(add func(p []byte) error) error {
		t.log = &journal{log: pieces{add: add}}
		t.log.head()
		err := t.root.noteAll(make(map[*memNode]bool))
		if err == nil {
			err = t.log.write()
		}
		size = t.log.size
		return err
	})
	if err == nil {
		j.size = size
		j.past = 0
	} else {
		j.past = j.size
	}
}

// noteAll notes what makes the folder n as it is, but for n itself, which is there.
func (n *memNode) noteAll(seen map[*memNode]bool) error {
	log := n.tree.log
	for _, name := range slices.Sorted(maps.Keys(n.names)) {
		to := n.names[name]
		if err := log.room(noteSize + len(to.target)); err != nil {
			return err
		}
		if seen[to] {
			n.noteLink(name, to)
			continue
		}
		seen[to] = true
		n.noteMake(name, to)
		for off := 0; off < len(to.data); off += chunk {
			if err := log.room(noteSize + chunk); err != nil {
				return err
			}
			to.noteWrite(uint64(off), to.data[off:min(off+chunk, len(to.data))])
		}
		if to.names != nil {
			if err := to.noteAll(seen); err != nil {
				return err
			}
			continue
		}
		to.note(logAttr, to.putAttr)
	}
	if err := log.room(noteSize); err != nil {
		return err
	}
	n.note(logAttr, n.putAttr) // now that nothing in it changes any more
	return nil
}

// replay makes the changes that a log has. Nobody knows the tree yet.
func (root *memNode) replay(b []byte) error {
	t := root.tree
	t.replayed = true
	// What had room has it again, also where it takes more than before, as
	// memory for growing files does. Then there is less than none left.
	t.left += t.limit
	defer func() {
		t.replayed = false
		t.left -= t.limit
	}()
	files := map[uint64]*memNode{root.path: root}
	for at := 0; at < len(b); {
		d := &decoder{b: b[at:]}
		size, kind, now, file := int(d.u32()), d.take(1)[0], d.u64(), d.u64()
		if d.bad || size < entryHead || size > len(b)-at || (kind == logHead) != (at == 0) {
			return fmt.Errorf("the log is damaged at byte %d of %d", at, len(b))
		}
		d.b = d.b[:size-entryHead]
		t.now = time.Unix(0, int64(now))
		n := files[file]
		err := error(EPROTO)
		if n != nil || kind == logHead {
			err = n.again(kind, d, files)
		}
		if err != nil || d.bad {
			return fmt.Errorf("the log is damaged at byte %d of %d: entry %d: %v", at, len(b), kind, err)
		}
		at += size
	}
	return nil
}

// again makes a change again.
func (n *memNode) again(kind uint8, d *decoder, files map[uint64]*memNode) error {
	switch kind {
	case logHead:
		if s := d.str(); s != logMagic {
			return fmt.Errorf("it is not one, or of another version: %q", s)
		}
		return nil
	case logMake:
		name, number, mode, target := d.str(), d.u64(), d.u32(), d.str()
		if number <= n.tree.last && files[number] != nil {
			return EEXIST
		}
		last := n.tree.last
		n.tree.last = number - 1
		to, err := n.make(name, mode, target)
		n.tree.last = max(last, number)
		if err == nil {
			files[number] = to
		}
		return err
	case logLink:
		name, to := d.str(), files[d.u64()]
		if to == nil {
			return ENOENT
		}
		return n.Link(name, to)
	case logUnlink:
		name := d.str()
		to, err := n.find(name)
		if err != nil {
			return err
		}
		return n.Unlink(name, to.names != nil)
	case logRename:
		name, dir, toName := d.str(), files[d.u64()], d.str()
		if dir == nil {
			return ENOENT
		}
		return n.Rename(name, dir, toName)
	case logAttr:
		mode := d.u32() & modePerm
		return n.SetAttr(&SetAttr{Valid: SetMode | SetAtimeTo | SetMtimeTo, Mode: mode, Atime: nanoTime(d.u64()), Mtime: nanoTime(d.u64())})
	case logSize:
		return n.SetAttr(&SetAttr{Valid: SetSize, Size: d.u64()})
	case logWrite:
		off := d.u64()
		_, err := (&memFile{n, false}).WriteAt(d.b, off)
		return err
	}
	return ENOTSUP
}

func nanoTime(ns uint64) Time { return memTime(time.Unix(0, int64(ns))) }
