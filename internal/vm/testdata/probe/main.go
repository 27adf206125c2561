// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Probe is a program that does what a test of the machine asks for.
package main

import (
	"bufio"
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
		w := bufio.NewWriter(os.Stdout)
		for i := range number(2) {
			fmt.Fprintln(w, i)
		}
		w.Flush()
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
		time.Sleep(time.Hour)
	case "leave": // a child that could still write, and one in another session
		for _, session := range []bool{false, true} {
			child := exec.Command("/proc/self/exe", "ignore")
			child.Stdout = os.Stdout
			child.SysProcAttr = &syscall.SysProcAttr{Setsid: session}
			if err := child.Start(); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}
		time.Sleep(500 * time.Millisecond) // they say ready
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
