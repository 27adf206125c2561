// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package gorequest is how hostgo, on DIOS, asks the host for its go command: by files in
// a folder that both see. A file appears in it complete, by being renamed.
package gorequest

// Var names the folder. Package internal/testenv looks at it too: a go command that
// it finds is a Linux program otherwise.
const Var = "DIOS_GO"

// How the files of a request and of its reply end; what is before it is the same.
const (
	Asked    = ".asked"
	Answered = ".answered"
)

// A Request is what a go command is asked.
type Request struct {
	Args []string
	Dir  string
	Env  []string
}

// A Reply is what came of it.
type Reply struct {
	Stdout, Stderr []byte
	Status         int
}
