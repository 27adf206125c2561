// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Lasting writes to files in the node's store, with fsync, until the machine is
// killed, and looks at its next start: what was acknowledged is there, as a whole.
//
//	lasting SEED KNOWN [check]
//
// Write n changes one place, and when it has returned n is printed. So the
// latest write that is found says what all places must hold. KNOWN is one that
// is known to have returned.
//
// When the service of the files is killed, and the machine is not, it goes on without
// files, and says in a blob "lasting" what it saw.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/dios"
	"strconv"
	"syscall"
)

const (
	files   = 4
	records = 8    // of a file
	size    = 5000 // of a record
	places  = files*records + 1
	whole   = places - 1 // the place that is a file of its own, written anew and renamed
)

var seed uint64

// place says where write n goes, and how that looks.
func place(n int) int { return int(rand.New(rand.NewPCG(seed, uint64(n))).Uint64() % places) }

func record(n int) []byte {
	b := make([]byte, size)
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	copy(b, fmt.Sprintf("%10d", n))
	return b
}

func name(at int) (string, int64) {
	return fmt.Sprint("/file", at/records), int64(at % records * size)
}

func main() {
	s, err := strconv.ParseUint(os.Args[1], 10, 64)
	must(err)
	seed = s
	known, err := strconv.Atoi(os.Args[2])
	must(err)
	n := look()
	if n < known {
		fail("write %d had returned, and the last there is %d", known, n)
	}
	fmt.Println("at", n)
	if len(os.Args) > 3 {
		return
	}
	for {
		n++
		write(n)
		fmt.Println(n)
	}
}

func write(n int) {
	at := place(n)
	if at == whole {
		f, err := os.Create("/new")
		served(err)
		_, err = f.Write(record(n))
		served(err)
		served(f.Close())
		served(os.Rename("/new", "/whole"))
		dir, err := os.Open("/")
		served(err)
		served(dir.Sync())
		served(dir.Close())
		return
	}
	path, off := name(at)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	served(err)
	_, err = f.WriteAt(record(n), off)
	served(err)
	served(f.Sync())
	served(f.Close())
}

// look returns the last write that is there, and fails if it is not that one and
// all before it, each as a whole.
func look() int {
	var found [places]int
	last := 0
	for at := range places {
		b := bytes.Repeat([]byte{0}, size)
		if at == whole {
			text, err := os.ReadFile("/whole")
			if err == nil {
				b = text
			} else if !os.IsNotExist(err) {
				fail("%v", err)
			}
		} else {
			path, off := name(at)
			if f, err := os.Open(path); err == nil {
				f.ReadAt(b, off) // or it is not that long
				f.Close()
			} else if !os.IsNotExist(err) {
				fail("%v", err)
			}
		}
		n := 0
		if bytes.Count(b, []byte{0}) < len(b) {
			var err error
			if n, err = strconv.Atoi(string(bytes.TrimLeft(b[:10], " "))); err != nil || !bytes.Equal(b, record(n)) {
				fail("place %d has a part of a write: %v, %q...", at, err, b[:20])
			}
		}
		found[at] = n
		last = max(last, n)
	}
	var want [places]int
	for n := 1; n <= last; n++ {
		want[place(n)] = n
	}
	if found != want {
		fail("after write %d: in the places are %d, want %d", last, found, want)
	}
	return last
}

// served ends a write that the service does not do any more.
func served(err error) {
	if err == nil {
		return
	}
	_, stat := os.Stat("/whole")
	_, create := os.Create("/another")
	blob, err2 := dios.NewBlob(0)
	must(err2)
	_, err2 = blob.WriteAt(fmt.Appendln(nil, errors.Is(err, syscall.EIO), errors.Is(stat, syscall.EIO), errors.Is(create, syscall.EIO)), 0)
	must(err2)
	name, err2 := dios.PublicName("lasting")
	must(err2)
	must(blob.Ref().SetPublicName(name, 0))
	os.Exit(1)
}

func fail(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
	os.Exit(1)
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}
