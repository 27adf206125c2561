// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/golden")

func TestGolden(t *testing.T) {
	got := Size(7) + "\n"
	if *update {
		if err := os.WriteFile("testdata/golden", []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/golden")
	if err != nil || got != string(want) {
		t.Errorf("%q, want %q, %v", got, want, err)
	}
}

func TestTempDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o666); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 || list[0].Name() != "file" {
		t.Errorf("%v, %v", list, err)
	}
}

var sink [][]byte

// TestBusy gives each profile something to show.
func TestBusy(t *testing.T) {
	for start := time.Now(); time.Since(start) < 300*time.Millisecond; {
		compute()
	}
	for range 100 {
		sink = append(sink, make([]byte, 64<<10))
	}
	var mu sync.Mutex
	mu.Lock()
	go func() {
		time.Sleep(20 * time.Millisecond)
		mu.Unlock()
	}()
	mu.Lock()
}

//go:noinline
func compute() (n int) {
	for i := range 100000 {
		n += i * i
	}
	return n
}
