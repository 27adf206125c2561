// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Confined tries to leave the tree that it was given. Around the tree there is
// a file named secret, and in it are links there, a FIFO and a device.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	say := func(what string, err error) {
		text := "ok"
		if err != nil {
			text = err.Error()
		}
		fmt.Printf("%s: %s\n", what, text)
	}
	for _, path := range []string{
		"/inside", "inside", "../inside", "/../../inside", "dir/../../inside", "ok",
		"secret", "../secret", "/../secret", "/dir/../../secret", "up", "dir/up", "far", "far/secret", "absolute", "host", "host/dev/shm/secret",
		"proc/self/root/dev/shm/secret", "/proc/self/exe", "/etc/passwd", "/dev/shm/secret",
		"fifo", "null", "magic", "magic/secret",
	} {
		b, err := os.ReadFile(path)
		say(fmt.Sprintf("read %q", b), err)
		if filepath.Base(path) == "inside" || path == "ok" {
			continue
		}
		f, err := os.OpenFile(path, os.O_RDWR|os.O_TRUNC, 0)
		say("write", err)
		if err == nil {
			f.Close()
		}
	}
	say("chmod", os.Chmod("absolute", 0))
	say("truncate", os.Truncate("up", 0))
	say("link", os.Link("../secret", "stolen"))
	say("rename", os.Rename("/dev/shm/secret", "stolen"))
	say("remove", os.Remove("../secret"))
	say("chdir", os.Chdir("host/dev/shm"))
	say("chdir up", os.Chdir("../../.."))
	wd, err := os.Getwd()
	say(wd, err)
	// One hard link more leads where the first does: to the link, not the file.
	say("link", os.Link("absolute", "another"))
	_, err = os.ReadFile("another")
	say("read", err)
	// Made inside, and as far as ever.
	say("symlink", os.Symlink("../../../../../../dev/shm/secret", "dir/made"))
	_, err = os.ReadFile("dir/made")
	say("read", err)
	list, err := os.ReadDir("/")
	say(fmt.Sprint(list), err)
}
