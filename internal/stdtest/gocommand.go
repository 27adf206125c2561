// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"dios/internal/progtest"
	"dios/internal/stdtest/gorequest"
)

// A goCommand is the host's go command for tests on DIOS, which ask for it through hostgo.
type goCommand struct {
	dir  string // hostgo, and the requests
	busy chan bool
	wg   sync.WaitGroup
	stop context.CancelFunc
}

// builders are the packages whose tests build programs in order to run them. Others
// have no go command: what they ask it says nothing about DIOS, and takes its time.
var builders = strings.Fields(`
	crypto/internal/fips140test internal/coverage/cfile internal/godebug internal/testenv internal/trace
	os runtime runtime/pprof`)

// startGo builds hostgo for a system and answers it until close. Whoever can write to
// that folder can have the user's go command do anything it can. Only tests of std are told of it; but it lies in the
// folder for temporary files, which every program on DIOS with the user's files has.
func startGo(ctx context.Context, goos, runner string) (*goCommand, error) {
	dir, err := os.MkdirTemp("", "dios-go-")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	g := &goCommand{dir: dir, busy: make(chan bool, max(2, *vms)), stop: stop}
	err = os.Mkdir(g.requests(), 0o700)
	if err == nil {
		err = progtest.BuildGo(goos, dir, "./internal/stdtest/hostgo")
	}
	if err == nil {
		err = os.Rename(filepath.Join(dir, "hostgo"), filepath.Join(dir, "go"))
	}
	if err == nil {
		err = g.writeScript(runner)
	}
	if err != nil {
		g.close()
		return nil, err
	}
	g.wg.Go(func() { g.serve(ctx) })
	return g, nil
}

func (g *goCommand) close() {
	g.stop()
	g.wg.Wait()
	os.RemoveAll(g.dir)
}

func (g *goCommand) requests() string { return filepath.Join(g.dir, "requests") }

// exec is the flag of go test with the script.
func (g *goCommand) exec() string { return "-exec='" + g.script() + "'" }

func (g *goCommand) script() string { return filepath.Join(g.dir, "exec") }

// writeScript writes what go test is to run tests with, instead of the runner. It gives
// hostgo to those of builders, which go test runs in their folders. hostgo must come before
// GOROOT's go in PATH, where go test itself has put that.
func (g *goCommand) writeScript(runner string) error {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	return os.WriteFile(g.script(), []byte(`#!/bin/sh
case $PWD in
*/src/`+strings.Join(builders, "|*/src/")+`)
	`+gorequest.Var+`=`+quote(g.requests())+` PATH=`+quote(g.dir+":"+os.Getenv("PATH"))+`
	export `+gorequest.Var+` PATH ;;
esac
exec `+quote(runner)+` "$@"
`), 0o700)
}

// serve looks for requests. There is no way to be told by a folder that would not be
// more than this.
func (g *goCommand) serve(ctx context.Context) {
	for tick := time.Tick(20 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		asked, _ := filepath.Glob(filepath.Join(g.requests(), "*"+gorequest.Asked))
		for _, file := range asked {
			data, err := os.ReadFile(file)
			os.Remove(file)
			var q gorequest.Request
			if err == nil {
				err = json.Unmarshal(data, &q)
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, "stdtest: a request for the go command:", err)
				continue
			}
			g.wg.Go(func() {
				g.busy <- true
				defer func() { <-g.busy }()
				if err := answer(ctx, strings.TrimSuffix(file, gorequest.Asked), &q); err != nil {
					fmt.Fprintln(os.Stderr, "stdtest: answering for the go command:", err)
				}
			})
		}
	}
}

// answer runs the go command, where and with the environment that the request says, but
// for the PATH, which has hostgo.
func answer(ctx context.Context, id string, q *gorequest.Request) error {
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, progtest.Go(), q.Args...)
	cmd.Dir = q.Dir
	cmd.Env = slices.DeleteFunc(q.Env, func(kv string) bool { return strings.HasPrefix(kv, gorequest.Var+"=") })
	cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"), "PWD="+q.Dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	r := gorequest.Reply{}
	if err := cmd.Run(); err != nil {
		r.Status = 1
		if e := (*exec.ExitError)(nil); errors.As(err, &e) && e.Exited() {
			r.Status = e.ExitCode()
		} else {
			fmt.Fprintln(&stderr, "go:", err)
		}
	}
	r.Stdout, r.Stderr = stdout.Bytes(), stderr.Bytes()
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.WriteFile(id+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(id+".new", id+gorequest.Answered)
}
