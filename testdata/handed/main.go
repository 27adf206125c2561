// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Handed has files and hands them on: all of them by os/exec, as on Linux, and
// less by runtime/dios. What a child was not given it cannot get.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime/dios"
	"strings"
	"syscall"
	"time"

	"dios/internal/p9"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] != "program" {
		child(os.Args[1:])
		return
	}
	must(os.MkdirAll("/sub/dir", 0o755))
	write("/top", "top")
	write("/sub/file", "file")
	must(os.Symlink("/top", "/sub/absolute"))
	must(os.Symlink("../top", "/sub/up"))
	must(os.Chdir("/sub"))

	fmt.Println("# os/exec")
	run("", "look", "/top", "file", "/sub/file")
	run("dir", "look", "../file", "/top")
	run("/", "look", "top")
	run("/none", "look")
	run("/top", "look")
	run("", "write", "/by child", "new")
	read("/by child")
	run("", "exec", "/top", "dir/../file")

	fmt.Println("# a part")
	start("/sub", false, "look", "/file", "/top", "../top", "absolute", "up", "/sub/file")
	start("/sub/dir", false, "look", "/file", "../file")
	start("/", false, "look", "/top")
	start("/sub", false, "write", "/new", "of the part")
	read("/sub/new")

	fmt.Println("# to read")
	start("/sub", true, "look", "/file")
	start("/sub", true, "write", "/file", "changed")
	start("/sub", true, "share", "/", "write", "/file", "changed")
	start("/sub", false, "share", "/dir", "write", "/deep", "deep")
	start("/sub", false, "share", "/../..", "look", "/top", "/file")
	read("/sub/file")
	read("/sub/dir/deep")

	fmt.Println("# no files")
	t, err := dios.Start(dios.Executable(), &dios.Attr{Args: []string{"look", "/top"}})
	must(err)
	must(t.Wait(context.Background()))
	t, err = dios.Start(dios.Executable(), &dios.Attr{Args: []string{"share", "/", "look"}})
	must(err)
	must(t.Wait(context.Background()))
	t, err = dios.Start(dios.Executable(), &dios.Attr{Args: []string{"mount"}})
	must(err)
	must(t.Wait(context.Background()))
	_, err = dios.ShareFiles("/none", false)
	say("share nothing", err)
	_, err = dios.ShareFiles("/top", false)
	say("share a file", err)
	f, _, err := dios.NewFiles()
	must(err)
	say("mount again", dios.MountFiles(f))

	fmt.Println("# many, one after the other, and killed")
	for range 300 {
		f, err := dios.ShareFiles("/", false)
		must(err)
		f.Close()
	}
	for range 5 {
		t := task("/", false, "wait")
		for !exists("/waiting") {
		}
		must(t.Kill())
		t.Wait(context.Background())
		must(os.Remove("/waiting"))
	}
	fmt.Println("# many at once")
	var all []*dios.Files
	for {
		f, err = dios.ShareFiles("/", false)
		if err != nil {
			fmt.Println(len(all) > 200, err)
			break
		}
		all = append(all, f)
	}
	for _, f := range all {
		f.Close()
	}
	// The service sees that in a moment.
	for errors.Is(err, syscall.EMFILE) {
		f, err = dios.ShareFiles("/", false)
	}
	must(err)
	f.Close()

	if len(os.Args) > 1 {
		fmt.Println("# a file is a program")
		program()
	}
}

// program starts files.
func program() {
	must(os.Setenv("PATH", "/none:/sub"))
	must(os.Rename("/prog", "/sub/prog"))
	for _, name := range []string{"prog", "/sub/prog", "./prog", "/sub/file", "none", "/none"} {
		out, err := exec.Command(name, "look", "/top").CombinedOutput()
		say(fmt.Sprintf("%s: %q", name, out), err)
	}
	must(os.Chmod("/sub/file", 0o755))
	say("no program", exec.Command("/sub/file").Run())
	must(os.Chmod("/sub/prog", 0o644))
	say("not to be executed", exec.Command("prog").Run())
	must(os.Chmod("/sub/prog", 0o755))

	// A program is kept to be started again, if its file has been as it is for a
	// while. But what runs is what the file is now.
	time.Sleep(4 * time.Second)
	for range 3 {
		say("kept", exec.Command("prog", "look").Run())
	}
	f, err := os.OpenFile("/sub/prog", os.O_RDWR, 0)
	must(err)
	var magic [4]byte
	_, err = f.ReadAt(magic[:], 0)
	must(err)
	_, err = f.WriteAt([]byte("none"), 0)
	must(err)
	say("changed", exec.Command("prog", "look").Run())
	_, err = f.WriteAt(magic[:], 0)
	must(err)
	must(f.Close())
	say("changed back", exec.Command("prog", "look").Run())
	must(os.Rename("/sub/prog", "/sub/old"))
	write("/sub/prog", "#!")
	must(os.Chmod("/sub/prog", 0o755))
	say("another", exec.Command("prog", "look").Run())
	say("renamed", exec.Command("/sub/old", "look").Run())
}

func child(args []string) {
	switch args[0] {
	case "look":
		wd, err := os.Getwd()
		say("in "+wd, err)
		for _, name := range args[1:] {
			read(name)
		}
	case "write":
		say("write "+args[1], os.WriteFile(args[1], []byte(args[2]), 0o644))
	case "exec": // a child's child
		run("", append([]string{"look"}, args[1:]...)...)
	case "share":
		start(args[1], false, args[2:]...)
	case "wait":
		f, err := os.Create("/waiting")
		must(err)
		fmt.Fprint(f, "open")
		time.Sleep(time.Hour)
	case "mount": // a service of its own
		f, conn, err := dios.NewFiles()
		must(err)
		s := &p9.Server{Root: p9.NewMem(1 << 20), Connect: p9.Connect}
		go s.Serve(conn)
		say("before", os.Mkdir("/made", 0o755))
		must(dios.MountFiles(f))
		say("mounted", os.Mkdir("/made", 0o755))
		write("/made/here", "own")
		start("/made", true, "look", "/here")
		say("again", dios.MountFiles(f))
	}
}

// run starts this program with all files.
func run(dir string, args ...string) {
	exe, err := os.Executable()
	must(err)
	cmd := exec.Command(exe, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	say("run "+strings.Join(args, " "), err)
	fmt.Print(string(out))
}

func task(dir string, readOnly bool, args ...string) *dios.Task {
	f, err := dios.ShareFiles(dir, readOnly)
	if err != nil {
		say("share "+dir, err)
		return nil
	}
	t, err := dios.Start(dios.Executable(), &dios.Attr{Args: args, Files: f})
	must(err)
	return t
}

// start starts this program with some files.
func start(dir string, readOnly bool, args ...string) {
	fmt.Println("start", args, "in", dir)
	if t := task(dir, readOnly, args...); t != nil {
		must(t.Wait(context.Background()))
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func write(name, text string) { must(os.WriteFile(name, []byte(text), 0o644)) }

func read(name string) {
	b, err := os.ReadFile(name)
	say(fmt.Sprintf("read %s %q", name, b), err)
}

func say(what string, err error) {
	text := "ok"
	if err != nil {
		text = err.Error()
		for _, e := range []error{fs.ErrNotExist, fs.ErrPermission, errors.ErrUnsupported} {
			if errors.Is(err, e) {
				text += " (" + e.Error() + ")"
			}
		}
	}
	fmt.Printf("%s: %s\n", what, text)
}

func must(err error) {
	if err != nil {
		fmt.Println("must:", err)
		os.Exit(1)
	}
}
