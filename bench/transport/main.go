// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Transport measures how a program in the machine best gets files of the host: through the
// runner, as dios run does it, through virtio-fs, or from a packed image.
//
// Usage:
//
//	go run ./bench/transport [-n rounds] [-cpus n] [-ways LIST] [-cases LIST] [-virtiofsd FILE] [-cache HOW] [-mkfs.erofs FILE] [-o FILE]
//
// It needs virtiofsd (Debian 12: package qemu-system-common) and mkfs.erofs (erofs-utils), and
// root's rights for virtiofsd. All machines are emulated, with the same kernel and as much memory.
// In each round each way has a machine of its own, which goes on from a saved one where
// that can be; so nothing is in its cache. Then all cases run in it, in the same order.
//
//	runner      what dios run does
//	virtiofs    a saved machine, into which a virtio-fs for each of three trees is plugged; diosfs serves them
//	booted      the same, with devices that are there from the start; such a machine cannot be saved
//	image       a saved machine with two disks, one of GOROOT and one of what changes, which is packed in
//	            each round; diosfs serves them, and what was written is sent back as a stream
//	...-linux   the same without DIOS: a Linux program on what is mounted
//
// The raw results are lines "way case seconds": the whole run as the host sees it; with "/inside" after the case,
// what the program itself took; with "/cpu", what the processors of the host did for it, in the machine, the daemons and
// here, which says more on a busy host.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"dios/internal/image"
	"dios/internal/p9"
	"dios/internal/progtest"
	"dios/internal/vm"
)

var (
	rounds    = flag.Int("n", 5, "rounds")
	cpus      = flag.Int("cpus", 1, "of the machine")
	virtiofsd = flag.String("virtiofsd", "/usr/lib/qemu/virtiofsd", "the daemon")
	cache     = flag.String("cache", "auto", "the daemon's -o cache")
	mkfs      = flag.String("mkfs.erofs", "mkfs.erofs", "what makes an image")
	only      = flag.String("ways", "runner,virtiofs,virtiofs-linux,booted,image", "what to measure; there is image-linux, too")
	cases     = flag.String("cases", "hello,open,read,walk,write,image/png,go/printer", "with what")
	out       = flag.String("o", "", "write the raw results to `FILE`, too")
)

const (
	mem       = "1G"
	imageSize = 512 << 20 // of a packed image, with room: the saved machine knows its size
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "transport: %v\n", err)
		os.Exit(1)
	}
}

// A bench is what all rounds have in common.
type bench struct {
	dir    string            // for all that is made
	trees  map[string]string // of the host, by name: goroot, work, tmp
	qemu   string
	raw    io.Writer
	values map[string][]float64 // by way and case
}

// A machine is one that is up, with its files.
type machine struct {
	*vm.VM
	way    string
	linux  bool
	runner bool
	image  bool
	close  []func()
}

func run() error {
	b := &bench{values: make(map[string][]float64), raw: os.Stdout}
	if *out != "" {
		f, err := os.Create(*out)
		if err != nil {
			return err
		}
		defer f.Close()
		b.raw = io.MultiWriter(os.Stdout, f)
	}
	var err error
	if b.dir, err = os.MkdirTemp("", "transport"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.qemu, err = vm.FindQEMU(); err != nil {
		return err
	}
	if err := b.prepare(); err != nil {
		return err
	}
	for i := range *rounds {
		ways := strings.Split(*only, ",")
		if i%2 == 1 {
			slices.Reverse(ways) // what comes after what is not always the same
		}
		for _, way := range ways {
			if err := b.round(way); err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
		}
	}
	b.print()
	return nil
}

// prepare makes programs, trees, images and saved machines.
func (b *bench) prepare() error {
	goroot := filepath.Join(progtest.Root(), "goroot")
	b.trees = map[string]string{"goroot": goroot, "work": filepath.Join(b.dir, "work"), "tmp": filepath.Join(b.dir, "tmp")}
	for _, goos := range []string{"linux", "dios"} {
		dir := filepath.Join(b.dir, goos)
		if err := progtest.BuildGo(goos, dir, "./bench/programs/transport"); err != nil {
			return err
		}
		for _, p := range []string{"image/png", "go/printer"} {
			cmd := exec.Command(progtest.Go(), "test", "-c", "-o", filepath.Join(dir, filepath.Base(p)), p)
			cmd.Env = progtest.GoEnv(goos)
			if text, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w\n%s", p, err, text)
			}
		}
	}
	small := filepath.Join(b.trees["work"], "small")
	if err := errors.Join(os.MkdirAll(small, 0o777), os.MkdirAll(b.trees["tmp"], 0o777)); err != nil {
		return err
	}
	data := make([]byte, 64<<20)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	for i := range 1000 {
		if err := os.WriteFile(filepath.Join(small, fmt.Sprint("file", i)), data[i:2*i+100], 0o666); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(b.trees["work"], "big"), data, 0o666); err != nil {
		return err
	}

	// GOROOT's image holds what the cases read of it, and is made once.
	start := time.Now()
	if err := b.pack("goroot", filepath.Join(goroot, "src")); err != nil {
		return err
	}
	b.say("image", "pack GOROOT/src, once", time.Since(start))
	if err := b.pack("work", b.trees["work"]); err != nil {
		return err
	}

	shared := " -object memory-backend-memfd,id=shm,size=" + mem + ",share=on -machine memory-backend=shm"
	monitor := " -qmp unix:" + b.dir + "/qmp,server=on,wait=off"
	ports, devices := "", ""
	// The agent takes the first disk for the node's store.
	disks := " -drive if=none,id=store,format=raw,snapshot=on,file=" + filepath.Join(b.dir, "store.img") + " -device virtio-blk-pci,drive=store"
	if err := b.makeStore(); err != nil {
		return err
	}
	for i, name := range []string{"goroot", "work", "tmp"} {
		ports += fmt.Sprintf(" -device pcie-root-port,id=port%d,chassis=%d,slot=%d", i, i+1, i+1)
		devices += fmt.Sprintf(" -chardev socket,id=%s,path=%s -device vhost-user-fs-pci,chardev=%[1]s,tag=%[1]s", name, b.socket(name))
		if name != "tmp" {
			disks += fmt.Sprintf(" -drive if=none,id=%s,format=raw,readonly=on,file=%s.img -device virtio-blk-pci,drive=%[1]s", name, filepath.Join(b.dir, name))
		}
	}
	for way, args := range map[string]string{
		"virtiofs": shared + monitor + ports,
		"booted":   shared + devices,
		"image":    disks,
	} {
		if err := b.makeRoot(way, args); err != nil {
			return err
		}
		switch way {
		case "booted":
			if err := b.daemons(func(func()) {}); err != nil {
				return err
			}
			fmt.Fprintf(b.raw, "# a saved machine with virtio-fs: %v\n", b.save(way))
		default:
			if err := b.save(way); err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
		}
	}
	return nil
}

func (b *bench) makeStore() error {
	file := filepath.Join(b.dir, "store.img")
	if err := errors.Join(os.WriteFile(file, nil, 0o666), os.Truncate(file, 16<<20)); err != nil {
		return err
	}
	if text, err := exec.Command("/sbin/mkfs.ext4", "-q", file).CombinedOutput(); err != nil {
		return fmt.Errorf("mkfs.ext4: %w\n%s", err, text)
	}
	return nil
}

func (b *bench) socket(tree string) string { return filepath.Join(b.dir, tree+".socket") }

// pack makes an image of a folder.
func (b *bench) pack(name, from string) error {
	file := filepath.Join(b.dir, name+".img")
	os.Remove(file)
	if text, err := exec.Command(*mkfs, "-T0", file, from).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", *mkfs, err, text)
	}
	return os.Truncate(file, imageSize)
}

// makeRoot makes a folder that package vm takes for a tree: with an image that has the modules
// for all ways, and a QEMU with more arguments.
func (b *bench) makeRoot(way, args string) error {
	root := filepath.Join(b.dir, way)
	version, err := vm.FindKernel(progtest.Root(), "")
	if err != nil {
		return err
	}
	// What the agent needs anyway comes last of all.
	folder := filepath.Join(b.dir, way, "modules")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	from := "/lib/modules/" + version
	deps, err := os.ReadFile(filepath.Join(from, "modules.dep"))
	if err != nil {
		return err
	}
	var lines []string
	more := ""
	for line := range strings.Lines(string(deps)) {
		for _, m := range []string{"virtiofs", "erofs"} {
			if p, needs, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && strings.HasSuffix(p, "/"+m+".ko") {
				more += " " + p + " " + needs
			}
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	for i, line := range lines {
		if p, _, _ := strings.Cut(line, ":"); strings.HasSuffix(p, "/virtio_blk.ko") {
			lines[i] += more
		}
	}
	if err := errors.Join(
		os.WriteFile(filepath.Join(folder, "modules.dep"), []byte(strings.Join(lines, "\n")+"\n"), 0o666),
		os.Symlink(filepath.Join(from, "modules.builtin"), filepath.Join(folder, "modules.builtin")),
		os.Symlink(filepath.Join(from, "kernel"), filepath.Join(folder, "kernel")),
	); err != nil {
		return err
	}
	if _, err := image.Make(image.Options{
		Out:     vm.Initrd(root, version),
		Version: version,
		Modules: folder,
		DIOS:    vm.Module(progtest.Root(), version),
		DiziBox: filepath.Join(progtest.Root(), "bin", "dizibox"),
		Init:    filepath.Join(progtest.Root(), "bin", "dios"),
	}); err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\nexec %s \"$@\"%s\n", b.qemu, args)
	return os.WriteFile(filepath.Join(root, "qemu"), []byte(script), 0o777)
}

func (b *bench) config(way string) vm.Config {
	c := vm.Config{Root: progtest.Root(), Accel: "tcg", Mem: mem, CPUs: *cpus}
	os.Unsetenv("DIOS_QEMU")
	if way != "runner" {
		c.Root = filepath.Join(b.dir, way)
		os.Setenv("DIOS_QEMU", filepath.Join(c.Root, "qemu"))
	}
	return c
}

func (b *bench) save(way string) error { return vm.SaveState(context.Background(), b.config(way)) }

// daemons starts a virtiofsd for each tree, and has what ends them called later.
func (b *bench) daemons(later func(func())) error {
	for name, dir := range b.trees {
		os.Remove(b.socket(name))
		cmd := exec.Command(*virtiofsd, "--socket-path="+b.socket(name), "-o", "source="+dir, "-o", "cache="+*cache)
		if err := cmd.Start(); err != nil {
			return err
		}
		later(func() {
			cmd.Process.Kill() // it has ended with the machine, mostly
			cmd.Wait()
		})
	}
	for name := range b.trees {
		for i := 0; ; i++ {
			if _, err := os.Stat(b.socket(name)); err == nil {
				break
			}
			if i == 5000 {
				return fmt.Errorf("%s: no socket", *virtiofsd)
			}
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

// round measures one way once.
func (b *bench) round(name string) error {
	way, linux := strings.CutSuffix(name, "-linux")
	m := &machine{way: name, linux: linux, runner: way == "runner", image: way == "image"}
	defer func() {
		for _, f := range slices.Backward(m.close) {
			f()
		}
	}()
	later := func(f func()) { m.close = append(m.close, f) }

	begin := time.Now()
	if way == "image" {
		if err := b.pack("small", filepath.Join(b.trees["work"], "small")); err != nil {
			return err
		}
		b.say(name, "pack 1,000 small files", time.Since(begin))
		begin = time.Now()
		if err := b.pack("work", b.trees["work"]); err != nil {
			return err
		}
		b.say(name, "pack these and 64 MiB", time.Since(begin))
	}
	begin = time.Now()
	if way == "virtiofs" || way == "booted" {
		if err := b.daemons(later); err != nil {
			return err
		}
		b.say(name, "daemons", time.Since(begin))
	}
	start := time.Now()
	v, err := vm.Boot(context.Background(), b.config(way))
	if err != nil {
		return err
	}
	later(func() { v.Close() })
	m.VM = v
	b.say(name, "machine", time.Since(start))

	start = time.Now()
	switch way {
	case "virtiofs":
		if err := b.plug(); err != nil {
			return err
		}
		fallthrough
	case "booted":
		// A device that was plugged is there when the kernel has found it.
		_, err = m.shell(`for t in goroot work tmp; do mkdir -p /mnt/$t; i=0
			until mount -t virtiofs $t /mnt/$t 2>/tmp/why; do i=$((i+1)); [ $i = 500 ] && cat /tmp/why && exit 1; sleep 0.01; done; done`)
	case "image":
		_, err = m.shell(`mkdir -p /mnt/goroot/src /mnt/work /mnt/tmp && mount -t erofs -o ro /dev/vdb /mnt/goroot/src &&
			mount -t erofs -o ro /dev/vdc /mnt/work && mount -t tmpfs tmp /mnt/tmp`)
	}
	if err != nil {
		return err
	}
	if way != "runner" {
		b.say(name, "mount", time.Since(start))
	}
	b.say(name, "ready", time.Since(begin))

	for c := range strings.SplitSeq(*cases, ",") {
		if way == "booted" && c != "hello" {
			break // as in virtiofs
		}
		if err := b.measure(m, c); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		if c == "hello" {
			b.say(name, "ready and hello", time.Since(begin))
		}
	}
	return nil
}

// measure runs a case.
func (b *bench) measure(m *machine, what string) error {
	goos := "dios"
	if m.linux {
		goos = "linux"
	}
	c := &vm.Cmd{File: filepath.Join(b.dir, goos, "transport")}
	args := map[string]string{"open": "work/small", "read": "work/big", "walk": "goroot/src", "write": "tmp"}
	isTest := strings.Contains(what, "/")
	at := "/" + args[what]
	if isTest {
		c.File = filepath.Join(b.dir, goos, filepath.Base(what))
		c.Args = []string{c.File, "-test.short", "-test.timeout=10m"}
		at = "/goroot/src/" + what
	}
	// Where the program finds it, with files from diosfs that serves /mnt, or, in a test, its working directory.
	switch {
	case m.linux:
		at = "/mnt" + at
	case isTest && !m.runner:
		c.Via = []string{filepath.Join(progtest.Root(), "bin", "diosfs"), "/mnt" + at}
		at = "/"
	case !m.runner:
		c.Via = []string{filepath.Join(progtest.Root(), "bin", "diosfs"), "/mnt"}
	}
	if isTest {
		c.Dir = at
	} else {
		c.Args = []string{c.File, what, at}
	}
	c.Env = []string{"PWD=" + at, "HOME=/", "GOROOT=/goroot"}
	if m.runner {
		s, err := b.server()
		if err != nil {
			return err
		}
		s.Dir = c.Dir
		c.Files = func(rw io.ReadWriter) { s.Serve(rw) }
	}
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	before, err := used()
	if err != nil {
		return err
	}
	start := time.Now()
	r, err := m.Run(context.Background(), c)
	if err != nil {
		return err
	}
	if r.Status != 0 {
		return fmt.Errorf("status %d: %s%s", r.Status, &stdout, &stderr)
	}
	var list []os.DirEntry
	if what == "write" {
		if m.image {
			if err := m.fetch("/mnt/tmp", b.trees["tmp"]); err != nil {
				return err
			}
		}
		if list, err = os.ReadDir(b.trees["tmp"]); err != nil {
			return err
		}
		fi, err := os.Stat(filepath.Join(b.trees["tmp"], "large"))
		if err != nil || len(list) != 201 || fi.Size() != 16<<20 {
			return fmt.Errorf("the host has %d files: %v", len(list), err)
		}
	}
	b.say(m.way, what, time.Since(start))
	after, err := used()
	if err != nil {
		return err
	}
	b.say(m.way, what+"/cpu", after-before)
	if what == "write" {
		for _, e := range list {
			if err := os.Remove(filepath.Join(b.trees["tmp"], e.Name())); err != nil {
				return err
			}
		}
		return nil
	}
	if !isTest {
		f := strings.Fields(stdout.String())
		ns, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			return err
		}
		b.say(m.way, what+"/inside", time.Duration(ns))
	}
	return nil
}

// used returns how long processors have worked for us, our children and theirs.
func used() (time.Duration, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	parents := make(map[int]int)
	ticks := make(map[int]int)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		var state string
		var pid, parent, user, system int
		var skip int64
		fmt.Sscan(filepath.Base(filepath.Dir(file)), &pid)
		// After the name, which may have anything in it.
		if _, err := fmt.Sscan(string(text[bytes.LastIndexByte(text, ')')+1:]),
			&state, &parent, &skip, &skip, &skip, &skip, &skip, &skip, &skip, &skip, &skip, &user, &system); err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		parents[pid], ticks[pid] = parent, user+system
	}
	sum := 0
	for pid, n := range ticks {
		for p := pid; p != 0; p = parents[p] {
			if p == os.Getpid() {
				sum += n
				break
			}
		}
	}
	return time.Duration(sum) * 10 * time.Millisecond, nil
}

// server serves the trees as dios run does.
func (b *bench) server() (*p9.Server, error) {
	var mounts []p9.Mount
	for name, dir := range b.trees {
		root, err := p9.OpenHost(dir)
		if err != nil {
			return nil, err
		}
		mounts = append(mounts, p9.Mount{Path: "/" + name, Root: root, ReadOnly: name == "goroot"})
	}
	return &p9.Server{Root: p9.NewMounts(mounts, nil)}, nil
}

func (m *machine) shell(script string) (string, error) {
	var text bytes.Buffer
	r, err := m.Run(context.Background(), &vm.Cmd{Exec: image.DiziBox, Args: []string{"sh", "-c", script}, Stdout: &text, Stderr: &text})
	if err == nil && r.Status != 0 {
		err = fmt.Errorf("status %d: %s", r.Status, &text)
	}
	return text.String(), err
}

// fetch copies the files of a folder in the machine. DiziBox has no tar: a line with name and size, then the bytes.
func (m *machine) fetch(from, to string) error {
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := m.Run(context.Background(), &vm.Cmd{
			Exec: image.DiziBox, Dir: from, Stdout: w,
			Args: []string{"sh", "-c", `stat -c "%n %s" * && cat *`},
		})
		w.CloseWithError(err)
		done <- err
	}()
	type file struct {
		name string
		size int64
	}
	var files []file
	in := bufio.NewReader(r)
	for range 201 {
		var f file
		if _, err := fmt.Fscanf(in, "%s %d\n", &f.name, &f.size); err != nil {
			return err
		}
		files = append(files, f)
	}
	for _, f := range files {
		o, err := os.Create(filepath.Join(to, filepath.Base(f.name)))
		if err != nil {
			return err
		}
		_, err = io.CopyN(o, in, f.size)
		if err := errors.Join(err, o.Close()); err != nil {
			return err
		}
	}
	io.Copy(io.Discard, r)
	return <-done
}

// plug gives the machine its virtio-fs.
func (b *bench) plug() error {
	c, err := net.Dial("unix", filepath.Join(b.dir, "qmp"))
	if err != nil {
		return err
	}
	defer c.Close()
	in := json.NewDecoder(c)
	do := func(command string) error {
		if _, err := fmt.Fprintln(c, command); err != nil {
			return err
		}
		for {
			var a struct {
				Return json.RawMessage
				Error  *struct{ Desc string }
			}
			if err := in.Decode(&a); err != nil {
				return err
			}
			if a.Error != nil {
				return errors.New(a.Error.Desc)
			}
			if a.Return != nil {
				return nil
			}
		}
	}
	if err := do(`{"execute": "qmp_capabilities"}`); err != nil {
		return err
	}
	for i, name := range []string{"goroot", "work", "tmp"} {
		if err := do(fmt.Sprintf(`{"execute": "chardev-add", "arguments": {"id": %q, "backend": {"type": "socket", "data": {"server": false, "addr": {"type": "unix", "data": {"path": %q}}}}}}`, name, b.socket(name))); err != nil {
			return err
		}
		if err := do(fmt.Sprintf(`{"execute": "device_add", "arguments": {"driver": "vhost-user-fs-pci", "chardev": %q, "tag": %[1]q, "bus": "port%d"}}`, name, i)); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) say(way, what string, d time.Duration) {
	fmt.Fprintf(b.raw, "%s\t%s\t%.4f\n", way, what, d.Seconds())
	b.values[way+"\t"+what] = append(b.values[way+"\t"+what], d.Seconds())
}

// print prints the medians.
func (b *bench) print() {
	fmt.Fprintf(b.raw, "# medians of %d, with the least and the most\n", *rounds)
	for _, key := range slices.Sorted(maps.Keys(b.values)) {
		v := slices.Sorted(slices.Values(b.values[key]))
		fmt.Fprintf(b.raw, "# %s\t%.3f\t(%.3f to %.3f)\n", key, v[len(v)/2], v[0], v[len(v)-1])
	}
}
