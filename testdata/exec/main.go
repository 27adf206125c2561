// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Exec starts itself as other processes, through os/exec, and talks to them.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A child does what its first argument says.
func child(args []string) {
	switch args[0] {
	case "args":
		fmt.Printf("%q\n", args[1:])
	case "env":
		fmt.Printf("%q %d\n", os.Getenv("EXEC_X"), len(os.Environ()))
	case "both":
		fmt.Println("to output")
		fmt.Fprintln(os.Stderr, "to error")
		fmt.Println("to output again")
	case "upper":
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			fmt.Println(strings.ToUpper(in.Text()))
		}
	case "count":
		n, err := io.Copy(io.Discard, os.Stdin)
		fmt.Println(n, err)
	case "much":
		os.Stdout.WriteString(strings.Repeat("0123456789abcdef", 50_000))
	case "exit":
		os.Exit(42)
	case "panic":
		panic("as asked")
	case "close":
		// Who reads sees the end now, and not when this one ends.
		fmt.Println("closing")
		os.Stdout.Close()
		_, err := fmt.Println("lost")
		fmt.Fprintln(os.Stderr, errors.Is(err, os.ErrClosed))
		io.Copy(io.Discard, os.Stdin)
	case "hang":
		fmt.Println("hanging")
		time.Sleep(time.Hour)
	case "tree":
		if len(args) > 1 {
			c := command(args[1:]...)
			c.Stdout = os.Stdout
			fmt.Println("status of a child:", status(c.Run()))
		}
		os.Exit(len(args))
	}
}

var self string

func command(args ...string) *exec.Cmd {
	c := exec.Command(self, args...)
	c.Env = []string{"EXEC_X=y"}
	return c
}

func status(err error) string {
	if err == nil {
		return "0"
	}
	return err.Error()
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	var err error
	self, err = os.Executable()
	must(err)
	if len(os.Args) > 1 {
		child(os.Args[1:])
		return
	}

	for _, args := range [][]string{{"args", "a", "b c", ""}, {"env"}, {"exit"}, {"tree", "tree", "tree"}} {
		out, err := command(args...).Output()
		fmt.Printf("%q: %s, %q\n", args, status(err), out)
	}
	both, err := command("both").CombinedOutput()
	fmt.Printf("%s%s\n", both, status(err))

	c := command("panic")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	fmt.Print(status(c.Run()))
	message, _, _ := strings.Cut(stderr.String(), "\n")
	fmt.Printf(", %q\n", message)

	// Input and output, a line at a time.
	c = command("upper")
	in, err := c.StdinPipe()
	must(err)
	out, err := c.StdoutPipe()
	must(err)
	must(c.Start())
	lines := bufio.NewScanner(out)
	for _, s := range []string{"first", "second", "third"} {
		fmt.Fprintln(in, s)
		if lines.Scan() {
			fmt.Println(lines.Text())
		}
	}
	in.Close()
	fmt.Println(lines.Scan(), status(c.Wait()))

	// A pipeline of three, with what was in the pipe already in front.
	r1, w1, err := os.Pipe()
	must(err)
	r2, w2, err := os.Pipe()
	must(err)
	fmt.Fprintln(w1, "was there")
	first, second, third := command("args", "x"), command("upper"), command("upper")
	var result bytes.Buffer
	first.Stdout, second.Stdin, second.Stdout, third.Stdin, third.Stdout = w1, r1, w2, r2, &result
	must(errors.Join(third.Start(), second.Start(), first.Start()))
	must(errors.Join(r1.Close(), w1.Close(), r2.Close(), w2.Close()))
	must(errors.Join(first.Wait(), second.Wait(), third.Wait()))
	fmt.Print(&result)

	// Much, through two pipes.
	much := command("much")
	count := command("count")
	count.Stdin, err = much.StdoutPipe()
	must(err)
	must(much.Start())
	n, err := count.Output()
	fmt.Print(status(err), " ", string(n))
	must(much.Wait())

	// The end of a child's output, which is not the child's end.
	c = command("close")
	c.Stderr = &stderr
	stderr.Reset()
	in, err = c.StdinPipe()
	must(err)
	out, err = c.StdoutPipe()
	must(err)
	must(c.Start())
	text, err := io.ReadAll(out)
	fmt.Printf("%q %v\n", text, err)
	in.Close()
	fmt.Println(status(c.Wait()), strings.TrimSpace(stderr.String()))

	// Killed, by hand and by a context.
	c = command("hang")
	out, err = c.StdoutPipe()
	must(err)
	must(c.Start())
	bufio.NewReader(out).ReadString('\n')
	must(c.Process.Kill())
	fmt.Println(status(c.Wait()), errors.Is(c.Process.Kill(), os.ErrProcessDone))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	fmt.Println(status(exec.CommandContext(ctx, self, "hang").Run()), ctx.Err())
}
