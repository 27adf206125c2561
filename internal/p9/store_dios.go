// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package p9

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/dios"
	sys "syscall/dios"
)

// A storeLog is a log in a blob of the node's store. What one commit of a blob
// writes is on disk when it returns, as a whole or not at all.
//
// The blob has one of two public names. To replace it another is written
// without a name, and gets the other name when it is complete; then the first
// goes. After a crash in between there are both, and that with the higher number
// counts.
type storeLog struct {
	blob   *dios.Blob
	names  [2]dios.Name
	at     int // which of them blob has
	number uint64
	size   int64        // of the blob
	mine   *dios.Shared // its name says that somebody has the log
}

// How a blob with a log begins.
const (
	storeMagic = "diosfs.1"
	storeHead  = len(storeMagic) + 8 // and the number
)

// OpenStore returns the tree of files that the node's store has under a name, of
// up to 16 bytes. It is empty at first, and takes up to limit bytes of memory.
// CloseTree ends it. One task at a time can have it. The task's group must be
// the node's root group, where names last.
func OpenStore(name string, limit int64) (Node, error) {
	l := new(storeLog)
	err := l.open(name)
	if err == nil {
		var root Node
		if root, err = OpenTree(l, limit); err == nil {
			return root, nil
		}
	}
	l.Close()
	return nil, fmt.Errorf("the files %q in the store: %w", name, err)
}

func (l *storeLog) open(name string) (err error) {
	var lock dios.Name
	for text, n := range map[string]*dios.Name{"0": &l.names[0], "1": &l.names[1], "lock": &lock} {
		if *n, err = dios.PublicName("diosfs " + text + " " + name); err != nil {
			return err
		}
	}
	if l.mine, err = dios.NewShared(1); err != nil {
		return err
	}
	if err := l.mine.Ref().SetPublicName(lock, 0); errors.Is(err, fs.ErrExist) {
		return errors.New("another task has them")
	} else if err != nil {
		return err
	}
	for i, n := range l.names {
		blob, number, err := openLog(n)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case l.blob != nil && number < l.number:
			err = remove(blob)
		default:
			if l.blob != nil {
				err = remove(l.blob)
			}
			l.blob, l.number, l.at = blob, number, i
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if l.blob == nil {
		return l.Replace(func(func([]byte) error) error { return nil })
	}
	l.size, err = l.blob.Size()
	return err
}

// openLog opens the blob of a name.
func openLog(name dios.Name) (*dios.Blob, uint64, error) {
	refs, err := dios.LookupPublic(name, 0)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range refs[1:] {
		r.Delete() // in another group, where nothing lasts
	}
	b, err := dios.OpenBlob(refs[0])
	if err != nil {
		refs[0].Delete()
		return nil, 0, err
	}
	head := make([]byte, storeHead)
	if _, err := b.ReadAt(head, 0); err != nil || string(head[:len(storeMagic)]) != storeMagic {
		b.Close()
		return nil, 0, fmt.Errorf("what has their name is something else: %v", err)
	}
	return b, le.Uint64(head[len(storeMagic):]), nil
}

// remove takes a blob out of the store.
func remove(b *dios.Blob) error {
	err := b.Ref().Zombify()
	if err2 := b.Close(); err == nil {
		err = err2
	}
	return err
}

func (l *storeLog) Bytes() ([]byte, error) {
	b := make([]byte, l.size-int64(storeHead))
	if len(b) == 0 {
		return nil, nil
	}
	_, err := l.blob.ReadAt(b, int64(storeHead))
	return b, err
}

func (l *storeLog) Append(p []byte) error {
	if _, err := l.blob.WriteAt(p, l.size); err != nil {
		return storeError(err)
	}
	l.size += int64(len(p))
	return nil
}

func (l *storeLog) Replace(write func(add func(p []byte) error) error) error {
	b, err := dios.NewBlob(0)
	if err != nil {
		return storeError(err)
	}
	size := int64(0)
	add := func(p []byte) error {
		n, err := b.WriteAt(p, size)
		size += int64(n)
		return err
	}
	err = add(le.AppendUint64([]byte(storeMagic), l.number+1))
	if err == nil {
		err = write(add)
	}
	if err == nil {
		err = b.Ref().SetPublicName(l.names[1-l.at], 0)
	}
	if err != nil {
		b.Close()
		return storeError(err)
	}
	if l.blob != nil {
		remove(l.blob) // or else when it is opened again
	}
	l.blob, l.at, l.number, l.size = b, 1-l.at, l.number+1, size
	return nil
}

// storeError is an error of the protocol, if there is one for it.
func storeError(err error) error {
	if errors.Is(err, sys.EQUOTA) {
		return ENOSPC
	}
	return err
}

func (l *storeLog) Close() error {
	var err error
	if l.blob != nil {
		err = l.blob.Close()
	}
	if l.mine != nil {
		l.mine.Close()
	}
	return err
}
