// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Probe is a program that does what a test of the machine asks for.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	switch os.Args[1] {
	case "args":
		for _, a := range os.Args {
			fmt.Printf("%q\n", a)
		}
	case "env":
		for _, kv := range os.Environ() {
			fmt.Printf("%q\n", kv)
		}
	case "dir":
		dir, err := syscall.Getwd() // os.Getwd believes PWD
		fmt.Println(dir, err)
	case "exit":
		os.Exit(number(2))
	case "signal":
		syscall.Kill(os.Getpid(), syscall.Signal(number(2)))
		time.Sleep(time.Minute)
	case "cat":
		n, err := io.Copy(os.Stdout, os.Stdin)
		fmt.Fprintln(os.Stderr, n, err)
	case "flood": // as many lines
		var b []byte
		for i := range number(2) {
			b = append(strconv.AppendInt(b, int64(i), 10), '\n')
			if len(b) > 30_000 {
				os.Stdout.Write(b)
				b = b[:0]
			}
		}
		os.Stdout.Write(b)
	case "mix": // lines to both outputs, in turn
		for i := range number(2) {
			fmt.Fprintln(os.Stdout, "out", i)
			fmt.Fprintln(os.Stderr, "err", i)
		}
	case "catch": // says which signal came, and ends with 42
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
		fmt.Println("ready")
		fmt.Println(<-c)
		os.Exit(42)
	case "ignore": // never ends
		signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
		fmt.Println("ready")
		if len(os.Args) > 2 {
			os.NewFile(3, "told").Close()
		}
		time.Sleep(time.Hour)
	case "leave": // a child that could still write, and one in another session
		for _, session := range []bool{false, true} {
			child := exec.Command("/proc/self/exe", "ignore", "and tell")
			child.Stdout = os.Stdout
			told, tell, err := os.Pipe()
			if err != nil {
				panic(err)
			}
			child.ExtraFiles = []*os.File{tell}
			child.SysProcAttr = &syscall.SysProcAttr{Setsid: session}
			if err := child.Start(); err != nil {
				panic(err)
			}
			tell.Close()
			told.Read(make([]byte, 1)) // it has said ready
		}
		fmt.Println("left")
	case "pid":
		fmt.Println(os.Getpid(), os.Getuid(), os.Getgid())
	}
}

func number(i int) int {
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		panic(err)
	}
	return n
}
