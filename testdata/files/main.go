// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Files does with files what programs do, in the folder of its first argument,
// and prints what it saw. On DIOS it must print what it prints on Linux.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

var dir string

func main() {
	dir = os.Args[1]
	must(os.MkdirAll(dir, 0o755))
	for _, part := range []struct {
		name string
		run  func()
	}{
		{"tree", tree},
		{"open", open},
		{"offsets", offsets},
		{"big", big},
		{"bulk", bulk},
		{"changing", changing},
		{"attributes", attributes},
		{"links", links},
		{"names", names},
		{"directory", directory},
		{"root", root},
		{"working directory", workingDir},
		{"report", report},
	} {
		fmt.Println("#", part.name)
		part.run()
	}
}

func in(name string) string { return filepath.Join(dir, name) }

// say prints an error as a program sees it, without the folder's name.
func say(what string, err error) {
	text := "ok"
	if err != nil {
		text = strings.ReplaceAll(err.Error(), dir+"/", "")
		for _, e := range []error{fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrClosed, os.ErrNoDeadline, io.EOF} {
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

func write(name, text string) { must(os.WriteFile(in(name), []byte(text), 0o644)) }

func read(name string) {
	b, err := os.ReadFile(in(name))
	say(fmt.Sprintf("read %s %q", name, b), err)
}

func tree() {
	say("mkdir", os.Mkdir(in("a"), 0o755))
	say("mkdir again", os.Mkdir(in("a"), 0o755))
	say("mkdir in nothing", os.Mkdir(in("x/y"), 0o755))
	say("mkdirall", os.MkdirAll(in("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t"), 0o700))
	write("a/one", "1")
	write("a/b/two", "22")
	write("a/b/c/three", "333")
	read("a/b/c/three")
	read("a/b/c/../two")
	read("a/none")
	read("a")
	read("a/one/x")
	say("remove full", os.Remove(in("a/b")))
	say("remove", os.Remove(in("a/one")))
	say("remove again", os.Remove(in("a/one")))
	say("removeall", os.RemoveAll(in("a/b/c/d")))
	say("removeall none", os.RemoveAll(in("a/b/c/d")))
	say("walk", filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		fmt.Println(rel, d.Type(), d.IsDir(), err)
		return nil
	}))
}

func open() {
	for _, flags := range []int{
		os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_CREATE | os.O_EXCL | os.O_WRONLY,
		os.O_CREATE | os.O_RDWR, os.O_TRUNC | os.O_RDWR, os.O_APPEND | os.O_RDWR, os.O_APPEND | os.O_CREATE | os.O_WRONLY,
	} {
		for _, name := range []string{"new", "old"} {
			os.Remove(in("new"))
			write("old", "0123456789")
			f, err := os.OpenFile(in(name), flags, 0o640)
			say(fmt.Sprintf("open %s %#o", name, flags), err)
			if err != nil {
				continue
			}
			n, err := f.WriteString("abc")
			say(fmt.Sprint("write ", n), err)
			at, err := f.Seek(0, io.SeekCurrent)
			say(fmt.Sprint("at ", at), err)
			b, err := io.ReadAll(f)
			say(fmt.Sprintf("the rest %q", b), err)
			say("deadline", f.SetDeadline(time.Now()))
			say("close", f.Close())
			say("close again", f.Close())
			read(name)
		}
	}
	_, err := os.OpenFile(in("a"), os.O_RDWR, 0)
	say("open a folder to write", err)
	_, err = os.Open(in("old/"))
	say("open a file as a folder", err)
	_, err = os.Open(in("none/none"))
	say("open in nothing", err)
	_, err = os.Open("")
	say("open no name", err)
	_, err = os.Open("a\x00b")
	say("open a zero", err)
	_, err = os.Open(in(strings.Repeat("n", 300)))
	say("open a long name", errors.Unwrap(err))
	f, err := os.CreateTemp(dir, "temp*.txt")
	say("temp", err)
	_, err = f.WriteString("held")
	must(err)
	must(os.Remove(f.Name()))
	_, err = os.Stat(f.Name())
	fmt.Println("removed", errors.Is(err, fs.ErrNotExist))
	b := make([]byte, 10)
	n, err := f.ReadAt(b, 0)
	say(fmt.Sprintf("removed and read %q", b[:n]), err)
	must(f.Close())
}

func offsets() {
	f, err := os.Create(in("offsets"))
	must(err)
	defer f.Close()
	n, err := f.WriteAt([]byte("tail"), 10_000)
	say(fmt.Sprint("write at ", n), err)
	_, err = f.WriteAt([]byte("x"), -1)
	say("write before", err)
	b := make([]byte, 8)
	n, err = f.ReadAt(b, 9_998)
	say(fmt.Sprintf("read at %q", b[:n]), err)
	n, err = f.ReadAt(b, 20_000)
	say(fmt.Sprint("read after ", n), err)
	for _, whence := range []int{io.SeekStart, io.SeekEnd, io.SeekCurrent} {
		for _, off := range []int64{0, 5, -3, -20_000} {
			at, err := f.Seek(off, whence)
			say(fmt.Sprint("seek ", off, whence, at), err)
		}
	}
	say("truncate", f.Truncate(10_002))
	say("truncate below", f.Truncate(-1))
	say("sync", f.Sync())
	b, err = os.ReadFile(in("offsets"))
	say(fmt.Sprintf("%d %x", len(b), sha256.Sum256(b)), err)
	say("truncate by name", os.Truncate(in("offsets"), 4))
	say("grow", f.Truncate(6))
	read("offsets")
}

func big() {
	data := make([]byte, 1<<20+12345)
	for i := range data {
		data[i] = byte(i ^ i>>8 ^ i>>16)
	}
	must(os.WriteFile(in("big"), data, 0o600))
	got, err := os.ReadFile(in("big"))
	say(fmt.Sprint("the same ", bytes.Equal(data, got)), err)
	src, err := os.Open(in("big"))
	must(err)
	defer src.Close()
	dst, err := os.Create(in("copy"))
	must(err)
	n, err := io.Copy(dst, src)
	say(fmt.Sprint("copy ", n), err)
	must(dst.Close())
	got, _ = os.ReadFile(in("copy"))
	fmt.Printf("%x\n", sha256.Sum256(got))
	done := make(chan bool)
	for i := range 8 { // at once
		go func() {
			name := in(fmt.Sprint("at once ", i))
			err := os.WriteFile(name, data[:100_000*(i+1)], 0o600)
			got, err2 := os.ReadFile(name)
			done <- err == nil && err2 == nil && bytes.Equal(got, data[:100_000*(i+1)])
		}()
	}
	all := true
	for range 8 {
		all = <-done && all
	}
	fmt.Println("at once", all)
}

// bulk writes pieces of all sizes, small ones among large ones, to the end and elsewhere. The
// 2,000 small ones are in testdata/fileserver: with the runner for a service they take long.
func bulk() {
	f, err := os.OpenFile(in("bulk"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	must(err)
	defer f.Close()
	g, err := os.OpenFile(in("bulk"), os.O_RDWR, 0)
	must(err)
	defer g.Close()
	data := make([]byte, 600_000)
	for i := range data {
		data[i] = byte(i * i >> 9)
	}
	look := func(what string) {
		b, err := os.ReadFile(in("bulk"))
		say(fmt.Sprintf("%s: %d %x", what, len(b), sha256.Sum256(b)), err)
	}
	for i, size := range []int{100_000, 1, 4095, 4096, 4097, 65_512, 65_513, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 600_000, 100} {
		n, err := f.Write(data[i:size])
		if n != size-i || err != nil {
			say(fmt.Sprint("append ", n), err)
		}
	}
	look("appended")
	for i := range 60 {
		if i%20 == 0 {
			_, err = f.Write(bytes.Repeat([]byte{byte('a' + i/20)}, 5000))
		} else {
			_, err = fmt.Fprintln(f, i)
		}
		must(err)
	}
	look("in order")
	at, err := g.Seek(1_000_000, io.SeekEnd)
	say(fmt.Sprint("seek ", at), err)
	n, err := g.Write(data[:10_000])
	say(fmt.Sprint("behind a hole ", n), err)
	look("hole")
	b := make([]byte, 300_000)
	n, err = g.ReadAt(b, at+10_000-5000)
	say(fmt.Sprintf("the last %d %x", n, sha256.Sum256(b)), err)
	n, err = g.ReadAt(b, at+10_000)
	say(fmt.Sprint("and then ", n), err)
	n, err = f.Write(data[:100_000])
	say(fmt.Sprint("append behind it ", n), err)
	_, err = g.WriteAt(data[:200_000], 50_000)
	say("in the middle", err)
	look("all")
	say("truncate", g.Truncate(300_001))
	n, err = g.ReadAt(b[:200_000], 200_000)
	say(fmt.Sprintf("the last %d %x", n, sha256.Sum256(b[:n])), err)
	r, err := os.Open(in("bulk"))
	must(err)
	defer r.Close()
	_, err = r.Write(data[:100_000])
	say("write what is to be read", err)
	w, err := os.OpenFile(in("bulk"), os.O_WRONLY, 0)
	must(err)
	defer w.Close()
	_, err = w.Read(b)
	say("read what is to be written", err)
}

// changing reads a file while it gets longer and shorter: by another descriptor, and
// by several goroutines.
func changing() {
	data := make([]byte, 3<<20)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	r, err := os.OpenFile(in("changing"), os.O_CREATE|os.O_RDONLY, 0o644)
	must(err)
	defer r.Close()
	w, err := os.OpenFile(in("changing"), os.O_WRONLY, 0)
	must(err)
	defer w.Close()
	b := make([]byte, 256<<10)
	look := func(what string) {
		sum := sha256.New()
		n := 0
		for {
			m, err := r.ReadAt(b, int64(n))
			sum.Write(b[:m])
			n += m
			if err != nil {
				say(fmt.Sprintf("%s: %d %x", what, n, sum.Sum(nil)), err)
				break
			}
		}
		m, err := r.ReadAt(b[:100], int64(n-50))
		say(fmt.Sprint("its end ", m), err)
	}
	look("empty")
	for _, size := range []int{1000, 70_000, 200_000, 100_000, 1 << 20, 3 << 20, 65_536, 65_535, 1, 0, 500_000} {
		_, err := w.WriteAt(data[:size], 0)
		must(err)
		look(fmt.Sprint("at least ", size))
		must(os.Truncate(in("changing"), int64(size)))
		look(fmt.Sprint("just ", size))
	}
	must(os.WriteFile(in("changing"), data[:90_000], 0o644))
	look("written anew")
	must(os.Remove(in("changing")))
	_, err = w.WriteAt(data[:1<<20], 80_000)
	must(err)
	look("without a name")
	must(os.WriteFile(in("changing"), nil, 0o644))
	look("while another has the name")

	// What is read is one of what was written.
	must(os.WriteFile(in("pages"), bytes.Repeat([]byte{1}, 1<<20), 0o644))
	done := make(chan bool)
	for range 4 {
		go func() {
			f, err := os.Open(in("pages"))
			must(err)
			defer f.Close()
			good := true
			b := make([]byte, 4096)
			for i := range 100 {
				n, err := f.ReadAt(b, int64(i%256)*4096)
				good = good && err == nil && n == 4096 && b[0] > 0 && b[4095] > 0
			}
			done <- good
		}()
	}
	f, err := os.OpenFile(in("pages"), os.O_RDWR, 0)
	must(err)
	for i := range 50 {
		_, err := f.WriteAt(bytes.Repeat([]byte{byte(i + 2)}, 4096), int64(i*7%256)*4096)
		must(err)
	}
	must(f.Close())
	all := true
	for range 4 {
		all = <-done && all
	}
	fmt.Println("at once", all)
}

func attributes() {
	write("attr", "12345")
	show := func(name string) {
		fi, err := os.Lstat(in(name))
		if err != nil {
			say("stat", err)
			return
		}
		size := fi.Size()
		if fi.IsDir() {
			size = 0 // each system has its own
		}
		fmt.Println(fi.Name(), size, fi.Mode(), fi.IsDir())
	}
	show("attr")
	show("a")
	show("none")
	say("chmod", os.Chmod(in("attr"), 0o400))
	show("attr")
	say("chmod none", os.Chmod(in("none"), 0o400))
	when := time.Date(2001, 2, 3, 4, 5, 6, 789, time.UTC)
	say("times", os.Chtimes(in("attr"), time.Time{}, when))
	fi, err := os.Stat(in("attr"))
	must(err)
	fmt.Println(fi.ModTime().UTC())
	f, err := os.OpenFile(in("new mode"), os.O_CREATE|os.O_RDWR, 0o755)
	must(err)
	say("fchmod", f.Chmod(0o711))
	fi, err = f.Stat()
	say("fstat", err)
	fmt.Println(fi.Mode())
	must(f.Close())
	write("fresh", "")
	fi, err = os.Stat(in("fresh"))
	must(err)
	age := time.Since(fi.ModTime())
	fmt.Println("fresh", age > -2*time.Second && age < time.Minute)
	same, _ := os.Stat(in("a/../fresh"))
	fmt.Println("same", os.SameFile(fi, same))
	say("link", os.Link(in("attr"), in("hard")))
	hard, _ := os.Stat(in("hard"))
	attr, _ := os.Stat(in("attr"))
	fmt.Println("same", os.SameFile(hard, attr), os.SameFile(hard, fi))
}

func links() {
	must(os.MkdirAll(in("l/sub/deep"), 0o755))
	write("l/target", "target")
	write("l/sub/file", "file")
	for name, to := range map[string]string{"l/rel": "target", "l/up": "../l/sub", "l/loop": "loop", "l/dangling": "nowhere",
		"l/sub/back": "../../l/target", "l/dir": "sub/deep/", "l/slash": "target/", "l/twice": "rel"} {
		must(os.Symlink(to, in(name)))
	}
	must(os.Symlink(in("l/target"), in("l/abs")))
	for _, name := range []string{"l/rel", "l/up/file", "l/up/back", "l/dir/../file", "l/up/../target", "l/loop", "l/dangling", "l/slash", "l/twice", "l/abs", "l/up/deep/../../target"} {
		read(name)
	}
	for _, name := range []string{"l/rel", "l/loop", "l/target", "l/none"} {
		to, err := os.Readlink(in(name))
		say("readlink "+to, err)
	}
	fi, err := os.Lstat(in("l/up"))
	say("lstat "+fi.Mode().String(), err)
	fi, err = os.Stat(in("l/up"))
	say("stat "+fi.Mode().String(), err)
	say("symlink again", os.Symlink("x", in("l/rel")))
	say("exclusive", func() error {
		_, err := os.OpenFile(in("l/dangling"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		return err
	}())
	write("l/dangling", "made through the link")
	read("l/nowhere")
	must(os.Mkdir(in("l/other"), 0o755))
	must(os.Symlink("../other/first", in("l/sub/to")))
	must(os.Symlink("../sub/../other/second", in("l/other/first")))
	must(os.Symlink(in("l/other/third"), in("l/other/second")))
	write("l/sub/to", "through three")
	read("l/other/third")
	must(os.Symlink("none/none", in("l/far")))
	say("create in nothing, through a link", os.WriteFile(in("l/far"), nil, 0o644))
	must(os.Symlink("folder/", in("l/slashed")))
	_, err = os.Create(in("l/slashed"))
	say("create a folder, through a link", err)
	must(os.Symlink("..", in("l/sub/parent")))
	must(os.Symlink("parent/by parent", in("l/sub/by")))
	write("l/sub/by", "x")
	read("l/by parent")
	say("remove a link", os.Remove(in("l/up")))
	read("l/sub/file")
	p, err := filepath.EvalSymlinks(in("l/twice"))
	rel, _ := filepath.Rel(dir, p)
	say("eval "+rel, err)
}

func names() {
	write("n1", "one")
	write("n2", "two")
	say("rename over", os.Rename(in("n1"), in("n2")))
	read("n1")
	read("n2")
	must(os.MkdirAll(in("nd/sub"), 0o755))
	say("rename a folder into itself", errors.Unwrap(os.Rename(in("nd"), in("nd/sub/x"))))
	say("rename a file over a folder", errors.Unwrap(os.Rename(in("n2"), in("nd"))))
	say("rename a folder", os.Rename(in("nd"), in("ne")))
	say("rename none", errors.Unwrap(os.Rename(in("nd"), in("nf"))))
	write("ne/Grüße, 世界", "hello")
	read("ne/Grüße, 世界")
	f, err := os.Open(in("n2"))
	must(err)
	must(os.Rename(in("n2"), in("n3")))
	b, err := io.ReadAll(f)
	say(fmt.Sprintf("renamed while open %q", b), err)
	f.Close()

	// What only a folder has after it.
	write("plain", "p")
	must(os.Mkdir(in("plaindir"), 0o755))
	must(os.Symlink("plaindir", in("plainlink")))
	for _, name := range []string{"plain/.", "plain/", "plain/./", "plaindir/.", "plainlink/.", "plainlink/"} {
		path := dir + "/" + name // Join would take it away
		f, err := os.Open(path)
		say("open "+name, err)
		f.Close()
		fi, err := os.Lstat(path)
		say("lstat "+name, err)
		if err == nil {
			fmt.Println(fi.IsDir())
		}
		say("chmod "+name, os.Chmod(path, 0o750))
	}
	for _, name := range []string{"plain/", "plainlink/", "plain/."} {
		say("unlink "+name, syscall.Unlink(dir+"/"+name))
		say("rmdir "+name, syscall.Rmdir(dir+"/"+name))
	}
	say("rename plain/", errors.Unwrap(os.Rename(dir+"/plain/", in("plain2"))))
	say("rename plainlink/", errors.Unwrap(os.Rename(dir+"/plainlink/", in("plain2"))))
	say("rename to a name with a slash", errors.Unwrap(os.Rename(in("plain"), dir+"/plain2/")))
	say("rename a folder to one", os.Rename(in("plaindir"), dir+"/plain2/"))
	say("rename a folder with one", os.Rename(dir+"/plain2/", in("plaindir")))
	say("remove a folder with one", os.Remove(dir+"/plaindir/"))
	must(os.Symlink("none", in("dangling")))
	for _, name := range []string{"none/", "none//", "plain/", "plaindir/", "dangling/", "plain/none/"} {
		say("symlink "+name, errors.Unwrap(os.Symlink("plain", dir+"/"+name)))
		for _, old := range []string{"plain", "plaindir", "absent"} {
			say("link "+old+" "+name, errors.Unwrap(os.Link(in(old), dir+"/"+name)))
		}
	}
	_, err = os.OpenFile(dir+"/plain/.", os.O_CREATE|os.O_RDWR, 0o644)
	say("create plain/.", err)

	// What has no name of its own.
	must(os.MkdirAll(in("unnamed/sub"), 0o755))
	must(os.Symlink("sub", in("unnamed/link")))
	for _, name := range []string{".", "./", "..", "../", "sub/.", "sub/./", "sub/..", "link/.", "link/..", "none/.", "none/..", "plain/."} {
		path := dir + "/unnamed/" + name
		say("unlink "+name, syscall.Unlink(path))
		say("rmdir "+name, syscall.Rmdir(path))
		say("rename "+name, syscall.Rename(path, in("unnamed/other")))
		say("rename to "+name, syscall.Rename(in("plain"), path))
		say("mkdir "+name, syscall.Mkdir(path, 0o755))
		say("symlink "+name, syscall.Symlink("sub", path))
		say("link "+name, syscall.Link(in("plain"), path))
	}
}

func directory() {
	must(os.Mkdir(in("many"), 0o755))
	for i := range 500 {
		write(fmt.Sprintf("many/%s%03d", strings.Repeat("m", i%100), i), "")
	}
	list, err := os.ReadDir(in("many"))
	say(fmt.Sprint("list ", len(list), list[0], list[499]), err)
	f, err := os.Open(in("many"))
	must(err)
	defer f.Close()
	n := 0
	for {
		some, err := f.Readdirnames(7)
		n += len(some)
		if err != nil {
			say(fmt.Sprint("in parts ", n), err)
			break
		}
	}
	_, err = f.Seek(0, io.SeekStart)
	must(err)
	all, err := f.Readdirnames(-1)
	say(fmt.Sprint("again ", len(all)), err)
	_, err = f.Read(make([]byte, 1))
	fmt.Println("read a folder", err != nil) // Linux has two errors for it
	_, err = os.ReadDir(in("n3"))
	say("list a file", err)
	say("removeall", os.RemoveAll(in("many")))
	say("copyfs", os.CopyFS(in("copied"), os.DirFS(in("ne"))))
	read("copied/Grüße, 世界")
}

func root() {
	must(os.MkdirAll(in("r/in/sub"), 0o755))
	write("r/secret", "secret")
	write("r/in/file", "file")
	must(os.Symlink("../secret", in("r/in/out")))
	must(os.Symlink("/", in("r/in/slash")))
	must(os.Symlink("sub/../file", in("r/in/ok")))
	r, err := os.OpenRoot(in("r/in"))
	must(err)
	defer r.Close()
	for _, name := range []string{"file", "ok", "sub/../file", "out", "slash", "../secret", "sub/../../secret", "/etc/passwd", "none"} {
		b, err := r.ReadFile(name)
		say(fmt.Sprintf("%s %q", name, b), err)
	}
	must(os.Rename(in("r/in"), in("r/moved"))) // it is the folder that counts, not its name
	b, err := r.ReadFile("file")
	say(fmt.Sprintf("moved %q", b), err)
	say("mkdir", r.Mkdir("new", 0o755))
	say("rename", r.Rename("file", "new/file"))
	say("chmod", r.Chmod("new/file", 0o600))
	say("symlink", r.Symlink("new/file", "again"))
	fi, err := r.Stat("again")
	say(fi.Mode().String(), err)
	say("remove", r.Remove("again"))
	say("removeall", r.RemoveAll("new"))
	_, err = r.Create("../x")
	say("create outside", err)
}

func workingDir() {
	must(os.Chdir(in("l/sub")))
	wd, err := os.Getwd()
	rel, _ := filepath.Rel(dir, wd)
	say("in "+rel, err)
	b, err := os.ReadFile("../target")
	say(fmt.Sprintf("%q", b), err)
	_, err = os.Stat("deep")
	say("stat", err)
	say("chdir a file", errors.Unwrap(os.Chdir("file")))
	say("chdir nothing", errors.Unwrap(os.Chdir("nothing")))
	must(os.Chdir(dir))
}

// report hashes every file, as a program would that knows nothing of DIOS.
func report() {
	var list strings.Builder
	say("walk", filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		n, err := io.Copy(h, f)
		fmt.Fprintf(&list, "%x %d %s\n", h.Sum(nil), n, path)
		return err
	}))
	write("report", list.String())
	read("report")
}
