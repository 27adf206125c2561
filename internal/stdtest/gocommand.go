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
	dir  string
	busy chan bool
	wg   sync.WaitGroup
	stop context.CancelFunc
}

// startGo builds hostgo for a system and answers it until close. Whoever can write to the
// folder for requests can have the user's go command do anything it can. Only tests of std
// are told of it; but it lies in the folder for temporary files, which every program on
// DIOS with the user's files has.
func startGo(ctx context.Context, goos string) (*goCommand, error) {
	dir, err := os.MkdirTemp("", "dios-go-")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	g := &goCommand{dir: dir, busy: make(chan bool, max(2, *vms)), stop: stop}
	err = os.Mkdir(g.requests(), 0o700)
	if err == nil {
		err = progtest.BuildGo(goos, g.bin(), "./internal/stdtest/hostgo", "cmd/gofmt")
	}
	if err == nil {
		err = os.Rename(filepath.Join(g.bin(), "hostgo"), filepath.Join(g.bin(), "go"))
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

// bin is what GOROOT's folder of that name is to a test: hostgo as go, and gofmt.
func (g *goCommand) bin() string { return filepath.Join(g.dir, "bin") }

// exec is the flag of go test with the script.
func (g *goCommand) exec() string { return "-exec='" + g.script() + "'" }

func (g *goCommand) script() string { return filepath.Join(g.dir, "exec") }

// writeScript writes what go test is to run tests with: the runner, which gives them hostgo
// where GOROOT has a Linux program, and the build cache to read, in which the host's go
// command says what it built is.
func (g *goCommand) writeScript(runner string) error {
	cmd := exec.Command(progtest.Go(), "env", "GOROOT", "GOCACHE")
	cmd.Env = progtest.GoEnv("dios")
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	env := strings.Split(string(out), "\n")
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	return os.WriteFile(g.script(), []byte(`#!/bin/sh
export `+gorequest.Var+`=`+quote(g.requests())+`
exec `+quote(runner)+` run -read `+quote(g.bin()+"="+filepath.Join(env[0], "bin"))+` -read `+quote(env[1])+` "$@"
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
// for the PATH.
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
