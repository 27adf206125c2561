// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Transport does what bench/transport measures with files, and prints how long it took, in
// nanoseconds, and how many files it had.
//
//	transport hello
//	transport open DIR     open, stat, read and close each file of it
//	transport read FILE    from its start to its end
//	transport walk DIR     count all in it, as filepath.WalkDir does
//	transport write DIR    200 files of 1 KiB and one of 16 MiB
package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

func main() {
	start := time.Now()
	n := 0
	switch os.Args[1] {
	case "hello":
	case "open":
		list, err := os.ReadDir(os.Args[2])
		must(err)
		for _, e := range list {
			f, err := os.Open(filepath.Join(os.Args[2], e.Name()))
			must(err)
			_, err = f.Stat()
			must(err)
			_, err = io.ReadAll(f)
			must(err)
			must(f.Close())
			n++
		}
	case "read":
		f, err := os.Open(os.Args[2])
		must(err)
		buf := make([]byte, 256<<10)
		for {
			m, err := f.Read(buf)
			n += m
			if err == io.EOF {
				break
			}
			must(err)
		}
		must(f.Close())
	case "walk":
		must(filepath.WalkDir(os.Args[2], func(_ string, _ fs.DirEntry, err error) error {
			n++
			return err
		}))
	case "write":
		buf := make([]byte, 256<<10)
		for i := range buf {
			buf[i] = byte(i * i >> 3)
		}
		for ; n < 200; n++ {
			must(os.WriteFile(filepath.Join(os.Args[2], fmt.Sprint("file", n)), buf[:1024], 0o644))
		}
		f, err := os.Create(filepath.Join(os.Args[2], "large"))
		must(err)
		for range 16 << 20 / len(buf) {
			_, err := f.Write(buf)
			must(err)
		}
		must(f.Close())
	default:
		must(fmt.Errorf("no such case"))
	}
	fmt.Println(time.Since(start).Nanoseconds(), n)
}

func must(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "transport: %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
