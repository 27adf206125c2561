// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package gotest is what internal/progtest runs go test on, to see that its
// flags have their effect on DIOS.
package gotest

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

var flagged = flag.String("flagged", "", "a flag of the test's own")

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv("GOTEST") == "exit" {
		// Silently: only then does go test say which status it was.
		os.Exit(7)
	}
	os.Exit(m.Run())
}

func TestOne(t *testing.T) {
	t.Log("GOOS is", runtime.GOOS)
	for _, name := range []string{"sub", "other sub"} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("short")
			}
		})
	}
}

func TestTwo(t *testing.T) {
	t.Parallel()
	t.Logf("args %q, flagged %q, GOTEST %q", flag.Args(), *flagged, os.Getenv("GOTEST"))
}

// These do what their names say when they are asked to.

func TestFails(t *testing.T) {
	if os.Getenv("GOTEST") == "fail" {
		t.Error("failed, as it was asked to")
	}
}

func TestPanics(t *testing.T) {
	if os.Getenv("GOTEST") == "panic" {
		panic("panicked, as it was asked to")
	}
}

func TestHangs(t *testing.T) {
	if os.Getenv("GOTEST") == "hang" {
		time.Sleep(time.Hour)
	}
}

func TestLoops(t *testing.T) {
	if os.Getenv("GOTEST") == "loop" {
		for {
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	sum := 0
	for b.Loop() {
		sum += sum ^ 1
	}
}

func BenchmarkAllocate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sink = make([]byte, 100)
	}
}

var sink []byte

func Example() {
	fmt.Println("printed by an example")
	// Output: printed by an example
}
