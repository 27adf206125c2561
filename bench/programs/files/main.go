// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Files measures what files cost: of a file service with a tree in memory, on
// DIOS, and of a tmpfs, on Linux.
package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"time"
)

const (
	size  = 64 << 20
	small = 1000 // files
)

func main() {
	dir := "/"
	if runtime.GOOS == "linux" {
		var err error
		dir, err = os.MkdirTemp("/dev/shm", "files")
		must(err)
		defer os.RemoveAll(dir)
		dir += "/"
	}
	buf := make([]byte, 256<<10)
	for i := range buf {
		buf[i] = byte(i * i >> 3)
	}

	start := time.Now()
	f, err := os.Create(dir + "large")
	must(err)
	for range size / len(buf) {
		_, err := f.Write(buf)
		must(err)
	}
	must(f.Close())
	report("FilesWrite64M", 1, start)

	start = time.Now()
	f, err = os.Open(dir + "large")
	must(err)
	n := 0
	for {
		m, err := f.Read(buf)
		n += m
		if err == io.EOF {
			break
		}
		must(err)
	}
	if n != size {
		must(fmt.Errorf("read %d bytes", n))
	}
	must(f.Close())
	report("FilesRead64M", 1, start)

	const reads = 5000
	f, err = os.Open(dir + "large")
	must(err)
	start = time.Now()
	r := rand.New(rand.NewPCG(1, 2))
	for range reads {
		_, err := f.ReadAt(buf[:4096], int64(r.IntN(size/4096))*4096)
		must(err)
	}
	report("FilesReadAt4K", reads, start)
	must(f.Close())

	for i := range small {
		must(os.WriteFile(name(dir, i), buf[:100], 0o644))
	}
	start = time.Now()
	for i := range small {
		f, err := os.Open(name(dir, i))
		must(err)
		fi, err := f.Stat()
		must(err)
		if fi.Size() != 100 {
			must(fmt.Errorf("%d bytes", fi.Size()))
		}
		must(f.Close())
	}
	report("FilesOpenStat", small, start)
}

func name(dir string, i int) string { return fmt.Sprint(dir, "small", i) }

func report(name string, n int64, start time.Time) {
	fmt.Printf("Benchmark%s %d %d ns/op\n", name, n, time.Since(start).Nanoseconds()/n)
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
