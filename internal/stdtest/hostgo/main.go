// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Hostgo stands in for the go command on DIOS, where stdtest runs tests that build
// programs: it has the host's do what it was asked, and says what that said. It has
// no standard input.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dios/internal/stdtest/gorequest"
)

func main() {
	status, err := ask(os.Getenv(gorequest.Var))
	if err != nil {
		fmt.Fprintln(os.Stderr, "go: the host does not answer:", err)
		status = 2
	}
	os.Exit(status)
}

// ask leaves a request in a folder and waits for the reply.
func ask(dir string) (status int, err error) {
	if dir == "" {
		return 0, errors.New("$" + gorequest.Var + " is not set")
	}
	wd, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(dir, "*.new")
	if err != nil {
		return 0, err
	}
	err = json.NewEncoder(f).Encode(gorequest.Request{Args: os.Args[1:], Dir: wd, Env: os.Environ()})
	if err := errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	id := f.Name()[:len(f.Name())-len(filepath.Ext(f.Name()))]
	if err := os.Rename(f.Name(), id+gorequest.Asked); err != nil {
		return 0, err
	}
	var data []byte
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 250*time.Millisecond) {
		if data, err = os.ReadFile(id + gorequest.Answered); err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		time.Sleep(wait)
	}
	os.Remove(id + gorequest.Answered)
	var r gorequest.Reply
	if err := json.Unmarshal(data, &r); err != nil {
		return 0, err
	}
	os.Stdout.Write(r.Stdout)
	os.Stderr.Write(r.Stderr)
	return r.Status, nil
}
