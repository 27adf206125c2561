// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package p9

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

// A memLog is a log whose disk is memory, and fails when it is told to.
type memLog struct {
	b     []byte
	fails int // how many calls until one fails, if it is more than 0
	anew  int // calls of Replace that succeeded
	full  int // how many of them are to fail
}

// Nothing is written unless a test says so.
func init() { flushAfter = time.Hour }

var errDisk = errors.New("the disk failed")

func (l *memLog) Bytes() ([]byte, error) { return bytes.Clone(l.b), nil }

func (l *memLog) step() error {
	if l.fails > 0 {
		l.fails--
		if l.fails == 0 {
			return errDisk
		}
	}
	return nil
}

func (l *memLog) Append(p []byte) error {
	if len(p) > MaxAppend {
		panic("more than MaxAppend")
	}
	if err := l.step(); err != nil {
		return err
	}
	l.b = append(l.b, p...)
	return nil
}

func (l *memLog) Replace(write func(add func(p []byte) error) error) error {
	var b []byte
	err := write(func(p []byte) error {
		if len(p) > MaxAppend {
			panic("more than MaxAppend")
		}
		b = append(b, p...)
		if l.full > 0 {
			l.full--
			return errDisk
		}
		return l.step()
	})
	if err == nil {
		l.b = b
		l.anew++
	}
	return err
}

func (l *memLog) Close() error { return nil }

// TestLogOfChangingBytes writes bytes that somebody changes meanwhile, as a client can with
// those in its window: whatever the file has, the log has.
func TestLogOfChangingBytes(t *testing.T) {
	log := new(memLog)
	const limit = 64 << 20
	root, err := OpenTree(log, limit)
	if err != nil {
		t.Fatal(err)
	}
	_, f, err := root.Create("file", 2, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, windowSize)
	words := unsafe.Slice((*atomic.Uint64)(unsafe.Pointer(&p[0])), len(p)/8)
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for i := uint64(0); ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			for j := range 64 {
				words[j*len(words)/64].Store(i)
			}
		}
	}()
	for i := range uint64(100) {
		if _, err := f.WriteAt(p, i*windowSize); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-done
	if err := root.Sync(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenTree(log, limit)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := dump(again), dump(root); got != want {
		t.Errorf("the log makes another file:\n%s\n%s", got, want)
	}
}

// dump is all that is in a tree.
func dump(root Node) string {
	defer root.(*memNode).lock()()
	var s strings.Builder
	numbers := make(map[*memNode]int) // of what has several names
	var walk func(path string, n *memNode)
	walk = func(path string, n *memNode) {
		if _, ok := numbers[n]; !ok {
			numbers[n] = len(numbers)
		}
		fmt.Fprintf(&s, "%s %d %o %d %v %v %q %d %x\n", path, numbers[n], n.mode, n.nlink, n.atime.UnixNano(), n.mtime.UnixNano(), n.target, len(n.data), crc32.ChecksumIEEE(n.data))
		for _, name := range slices.Sorted(maps.Keys(n.names)) {
			walk(path+"/"+name, n.names[name])
		}
	}
	walk("", root.(*memNode))
	return s.String()
}

// change makes a change at random, which mostly fails: there are few names.
func change(random *rand.Rand, root Node) {
	name := func() string { return string("abcd"[random.IntN(4)]) }
	dir := root
	for random.IntN(2) == 0 {
		if n, err := dir.Walk(name()); err == nil {
			defer n.Close()
			if a, _ := n.Attr(); a.Mode&modeType == modeDir {
				dir = n
			}
		}
	}
	switch random.IntN(9) {
	case 0:
		dir.Mkdir(name(), 0o700)
	case 1:
		dir.Symlink(name(), strings.Repeat("x", 1+random.IntN(50)))
	case 2:
		if n, f, err := dir.Create(name(), 2, 0o640); err == nil {
			f.WriteAt([]byte("new"), uint64(random.IntN(10)))
			f.Close()
			n.Close()
		}
	case 3:
		dir.Unlink(name(), random.IntN(2) == 0)
	case 4:
		to, err := root.Walk(name())
		if err != nil {
			to, _ = root.Clone()
		}
		dir.Rename(name(), to, name())
		to.Close()
	default:
		n, err := dir.Walk(name())
		if err != nil {
			return
		}
		defer n.Close()
		switch a, _ := n.Attr(); {
		case random.IntN(4) == 0:
			n.SetAttr(&SetAttr{Valid: SetMode | SetMtime | SetAtimeTo, Mode: uint32(random.IntN(0o777)), Atime: Time{5, 6}})
		case random.IntN(4) == 0:
			root.Link(name(), n)
		case a.Mode&modeType == modeFile && random.IntN(3) == 0:
			n.SetAttr(&SetAttr{Valid: SetSize, Size: uint64(random.IntN(100))})
		case a.Mode&modeType == modeFile:
			f, _ := n.Open(uint32(2 | random.IntN(2)*oTrunc | random.IntN(2)*oAppend))
			defer f.Close()
			if random.IntN(3) == 0 { // and then it has no name any more
				root.Unlink(name(), false)
			}
			f.WriteAt(bytes.Repeat([]byte{byte(random.Uint32())}, 1+random.IntN(60_000)), uint64(random.IntN(200)))
		}
	}
}

// TestLog changes a tree at random and looks what its log would give after a
// crash: the tree as it was after some change, and not before the last Sync. Now
// and then the disk fails: then nothing changes, and it goes on later.
func TestLog(t *testing.T) {
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 1))
		log := new(memLog)
		const limit = 4 << 20
		root, err := OpenTree(log, limit)
		if err != nil {
			t.Fatal(err)
		}
		states := []string{dump(root)} // since the last Sync
		for i := range 1000 {
			if random.IntN(50) == 0 {
				log.fails = 1
			}
			change(random, root)
			log.fails = 0
			states = append(states, dump(root))
			if random.IntN(10) == 0 {
				anew := false
				switch random.IntN(5) {
				case 0:
					log.fails = 1
				case 1:
					anew = true
				}
				if root.Sync() == nil {
					if anew {
						unlock := root.(*memNode).lock()
						root.(*memNode).tree.compact()
						unlock()
					}
					states = states[len(states)-1:]
				} else if log.fails != 0 {
					t.Fatal("Sync failed, and the disk did not")
				}
				log.fails = 0
			}
			if random.IntN(5) == 0 {
				after := new(memLog)
				after.b, _ = log.Bytes()
				again, err := OpenTree(after, limit)
				if err != nil {
					t.Fatalf("seed %d, change %d: %v", seed, i, err)
				}
				got := dump(again)
				if !slices.Contains(states, got) {
					t.Fatalf("seed %d, change %d: after a crash\n%s\nwant one of %d, the last:\n%s", seed, i, got, len(states), states[len(states)-1])
				}
				if err := CloseTree(again); err != nil {
					t.Error(err)
				}
				if random.IntN(5) == 0 { // and it goes on from there
					CloseTree(root)
					root, _ = OpenTree(after, limit)
					log = after
					states = []string{dump(root)}
				}
			}
		}
		if err := CloseTree(root); err != nil {
			t.Error(err)
		}
	}
}

// TestLogIsReplaced writes one file over and over: the log does not grow for
// ever. And if it cannot be replaced it is right all the same.
func TestLogIsReplaced(t *testing.T) {
	log := new(memLog)
	root, err := OpenTree(log, 4<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { CloseTree(root) }()
	_, f, err := root.Create("file", 2, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	log.full = 1
	for i := range 1000 {
		if _, err := f.WriteAt(bytes.Repeat([]byte{byte(i)}, 50_000), 0); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			if err := root.Sync(); err != nil {
				t.Fatal(err)
			}
		}
		if len(log.b) > 3*logKeep {
			t.Fatalf("a log of %d bytes for a file of 50000", len(log.b))
		}
	}
	if log.anew < 3 || log.full != 0 {
		t.Errorf("replaced %d times", log.anew)
	}
	if err := root.Sync(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenTree(&memLog{b: log.b}, 4<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer CloseTree(again)
	if dump(again) != dump(root) {
		t.Error("not the same")
	}
}

// TestLogLater waits for what nobody asks to be written.
func TestLogLater(t *testing.T) {
	defer func(d time.Duration) { flushAfter = d }(flushAfter)
	flushAfter = time.Millisecond
	log := new(memLog)
	root, err := OpenTree(log, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer CloseTree(root)
	if err := root.Mkdir("dir", 0o755); err != nil {
		t.Fatal(err)
	}
	written := func() bool {
		defer root.(*memNode).lock()()
		return bytes.Contains(log.b, []byte("dir"))
	}
	for range 10_000 {
		if written() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("it was not")
}

// TestLogFull opens a tree that has no room left, and has less than before.
func TestLogFull(t *testing.T) {
	const limit = 1 << 20
	log := new(memLog)
	root, err := OpenTree(log, limit)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; err == nil; i++ {
		var n Node
		var f File
		if n, f, err = root.Create(fmt.Sprint(i), 2, 0o600); err == nil {
			_, err = f.WriteAt(make([]byte, 100_000), 0)
			f.Close()
			n.Close()
		}
	}
	if err != ENOSPC {
		t.Fatal(err)
	}
	if err := CloseTree(root); err != nil {
		t.Fatal(err)
	}
	again, err := OpenTree(log, limit*3/4)
	if err != nil {
		t.Fatal(err)
	}
	defer CloseTree(again)
	if dump(again) != dump(root) {
		t.Error("not the same")
	}
	if left := again.(*memNode).tree.left; left >= 0 {
		t.Errorf("%d bytes left: that shows nothing", left)
	}
	n, err := again.Walk("0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := n.Open(2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, 400_000), 0); err != ENOSPC {
		t.Error(err)
	}
	for i := range 6 {
		if err := again.Unlink(fmt.Sprint(i), false); err != nil {
			t.Error(err)
		}
	}
	f.Close()
	n.Close()
	if _, _, err := again.Create("again", 2, 0o600); err != nil {
		t.Error(err)
	}
}

// TestLogDamaged opens logs that are none.
func TestLogDamaged(t *testing.T) {
	log := new(memLog)
	root, err := OpenTree(log, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		change(random, root)
	}
	CloseTree(root)
	for i := range 3000 {
		b := bytes.Clone(log.b)
		if i%3 == 0 {
			b = b[:1+random.IntN(len(b)-1)]
		} else {
			for range i % 3 {
				b[random.IntN(min(len(b), 2000))] ^= byte(1 << random.IntN(8))
			}
		}
		if root, err := OpenTree(&memLog{b: b}, 1<<20); err == nil {
			CloseTree(root) // what was changed may mean something too
		} else if !strings.Contains(err.Error(), "damaged at byte") {
			t.Fatal(err)
		}
	}
	if _, err := OpenTree(&memLog{b: []byte("something else, and long enough")}, 1<<20); err == nil {
		t.Error("opened something else")
	}
}
