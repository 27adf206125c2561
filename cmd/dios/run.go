// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"dios/internal/abi"
	"dios/internal/guest"
	"dios/internal/p9"
	"dios/internal/vm"
	"dios/internal/wire"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// grace is how long a program has to end after a signal. The go command waits
// five seconds after the SIGQUIT it sends to a test that takes too long.
const grace = 3 * time.Second

// options are what run and shell have in common.
type options struct {
	verbose bool
	trace   bool
	console bool
	vm      bool
	boot    bool
	store   string
	dir     string // what files a program gets; "": ownTrees
	read    files  // other folders that a program gets, with dir ""
	binary  string // what the go command built
	gdb     string // where a debugger connects; "": the program does not stop for one
	core    string // the file for the memory of a task that crashes; "": none

	outside *outside // what the program looked for where it has no files; nil: nobody knows
}

func (o *options) register(fs *flag.FlagSet) {
	fs.BoolVar(&o.verbose, "v", false, "say what happens")
	fs.BoolVar(&o.trace, "x", false, "print QEMU's command line")
	fs.BoolVar(&o.console, "console", false, "print what the virtual machine's kernel says")
	fs.BoolVar(&o.boot, "boot", false, "boot the virtual machine from the start, even if a saved one could go on")
	fs.StringVar(&o.store, "store", "", "keep named BLOBs in `FILE`, which is made if it is missing; without it they are gone with the virtual machine")
	fs.BoolVar(&o.vm, "vm", false, "use a virtual machine even if this host has DIOS")
}

func runVerb(v *verb, args []string) int {
	var o options
	fs := v.flags()
	o.register(fs)
	fs.StringVar(&o.dir, "dir", "", "give the program the files in `TREE` only: a folder, or mem, which is memory, or store, which lasts with -store, or none; with :ro after it they cannot be changed")
	fs.Var(&o.read, "read", "let the program read `FOLDER` too, at PLACE after FOLDER= if that is another one; may be repeated")
	fs.StringVar(&o.core, "core", "", "write the memory of a task that crashes to `FILE`, for dlv core or gdb; GOTRACEBACK is crash then, unless it is set")
	fs.StringVar(&o.gdb, "gdb", "", "stop the program before its first instruction, for a gdb that connects to `ADDR`: a path, for a socket, or 127.0.0.1:PORT")
	if status, ok := v.parse(fs, args, 1, -1); !ok {
		return status
	}
	if o.gdb != "" && o.core != "" {
		complain(errors.New("-gdb and -core: one of them; gdb stops where a task crashes"))
		return statusUsage
	}
	return run(&o, fs.Args())
}

// wrap is dios run for the go command.
func wrap(args []string) int {
	if len(args) == 0 {
		complain(errors.New(wrapper + ": no program given; the go command calls this to run one"))
		return statusUsage
	}
	return run(&options{binary: args[0]}, args)
}

func run(o *options, args []string) (status int) {
	defer func() {
		// Only of a program that failed by itself: it may have done well without.
		if status == 0 || status >= vm.StatusRunner || o.outside == nil {
			return
		}
		if err := o.outside.why(); err != nil {
			complain(err)
		}
	}()
	// Before the boot, which takes a while.
	p, err := vm.OpenProgram(args[0])
	if err != nil {
		return fail(err)
	}
	p.Close()
	dir := workingDir()
	env := withPWD(os.Environ(), dir)
	via, files, err := o.files(p.Brand, dir)
	if err != nil {
		return fail(err)
	}
	if o.gdb != "" && !p.Brand.Task() {
		return fail(&vm.ExitError{Status: vm.StatusRefused, Err: fmt.Errorf("-gdb: a program of the brand %s is no DIOS task", p.Brand.Name)})
	}
	if files != nil && files.Dir == "" {
		env = withPWD(env, "/")
	}
	if !o.inVM() {
		if via != nil {
			file, err := filepath.Abs(args[0]) // a task has no working directory
			if err != nil {
				return fail(err)
			}
			args = append(append(via, file), args...)
		}
		here := append([]string{"-a", args[0]}, args...)
		if files != nil {
			return serveHere(o, here, env, files)
		}
		return execHere(o, append([]string{"diosrun"}, here...), env)
	}
	s := newSession(o)
	defer s.end()
	c := &vm.Cmd{
		File:   args[0],
		Via:    via,
		Files:  serve(files),
		Args:   args,
		Env:    env,
		Dir:    dir,
		Stdin:  standardInput(),
		Stdout: os.Stdout,
		Stderr: standardError(),
	}
	s.files = files
	switch {
	case o.core != "":
		return s.runWithCore(c)
	case o.gdb != "":
		return s.runForGDB(c)
	}
	return s.run(c, nil)
}

// runWithCore runs a program, and writes the core of a task that crashed.
func (s *session) runWithCore(c *vm.Cmd) int {
	file, err := os.OpenFile(s.o.core, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fail(err)
	}
	defer file.Close()
	c.Core = true
	if _, ok := lookup(c.Env, "GOTRACEBACK"); !ok {
		// Otherwise Go's runtime ends a program that panics in good order.
		c.Env = append(c.Env[:len(c.Env):len(c.Env)], "GOTRACEBACK=crash")
	}
	got := false
	s.after = func(m *vm.VM) error {
		err := m.Get(s.ctx, vm.CorePath, file)
		got = err == nil
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	status := s.run(c, nil)
	if !got {
		os.Remove(s.o.core)
		return status
	}
	fmt.Fprintf(os.Stderr, "dios: the task's memory is in %s; try dlv core %s %s\n", s.o.core, c.File, s.o.core)
	return status
}

// lookup returns the value of a variable of an environment.
func lookup(env []string, name string) (value string, ok bool) {
	for _, kv := range env {
		if v, found := strings.CutPrefix(kv, name+"="); found {
			value, ok = v, true
		}
	}
	return value, ok
}

// inVM tells whether to use a virtual machine. A host that has DIOS has a store of
// its own, says itself where cores go, and has debuggers of its own.
func (o *options) inVM() bool {
	return o.vm || o.store != "" || o.core != "" || o.gdb != "" || !hostHasDIOS()
}

// files returns what serves a program its files, or the program in the machine that
// does, with its arguments; neither: it gets none.
func (o *options) files(b vm.Brand, cwd string) (via []string, s *p9.Server, err error) {
	dir := o.dir
	if dir == "" && b.Task() {
		dir = os.Getenv("DIOS_DIR")
	}
	path, readOnly := strings.CutSuffix(dir, ":ro")
	isName := path == "mem" || path == "store"
	if o.read != nil && (dir != "" || !b.Task()) {
		return nil, nil, &vm.ExitError{Status: statusUsage, Err: errors.New("-read adds to the files that a DIOS program has without -dir or DIOS_DIR, and to no others")}
	}
	switch {
	case path == "none":
		return nil, nil, nil
	case dir == "" && !b.Task():
		return nil, nil, nil // a Linux process has the machine's
	case dir == "":
		also, err := readTrees(o.read)
		if err != nil {
			return nil, nil, &vm.ExitError{Status: statusUsage, Err: err}
		}
		s, outside, err := newServer(append(ownTrees(cwd, o.binary), also...))
		if err != nil {
			return nil, nil, err
		}
		s.Dir = cwd
		o.outside = outside
		return nil, s, nil
	case !isName && !filepath.IsAbs(path):
		return nil, nil, &vm.ExitError{Status: statusUsage, Err: fmt.Errorf("-dir %s: give mem, store, none, or a path that begins with /", dir)}
	case !b.Task():
		return nil, nil, &vm.ExitError{Status: vm.StatusRefused, Err: fmt.Errorf("-dir: a program of the brand %s is no DIOS task", b.Name)}
	case !isName:
		root, err := p9.OpenHost(path)
		if err != nil {
			return nil, nil, fmt.Errorf("-dir: %s: %w", path, err)
		}
		return nil, &p9.Server{Root: root, ReadOnly: readOnly}, nil
	}
	root, err := vm.FindRoot()
	if err != nil {
		return nil, nil, err
	}
	return []string{filepath.Join(root, "bin", "diosfs"), dir}, nil, nil
}

// hostHasDIOS tells whether this host's kernel has DIOS, for us.
func hostHasDIOS() bool {
	fi, err := os.Stat("/dev/dios")
	if err != nil || fi.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	return unix.Access("/dev/dios", unix.R_OK|unix.W_OK) == nil
}

// execHere becomes DiziBox. It returns only when it cannot.
func execHere(o *options, args, env []string) int {
	root, err := vm.FindRoot()
	if err != nil {
		return fail(err)
	}
	dizibox := filepath.Join(root, "bin", "dizibox")
	if o.verbose {
		fmt.Fprintf(os.Stderr, "dios: this host has DIOS; running %s\n", dizibox)
	}
	return fail(fmt.Errorf("%s: %w: run ./make.bash", dizibox, syscall.Exec(dizibox, args, env)))
}

// serveHere is execHere for a program whose files we serve.
func serveHere(o *options, args, env []string, files *p9.Server) int {
	root, err := vm.FindRoot()
	if err != nil {
		return fail(err)
	}
	dizibox := func(args ...string) (*exec.Cmd, *os.File, error) {
		ours, theirs, err := guest.SocketPair()
		if err != nil {
			return nil, nil, fmt.Errorf("a socket for files: %w", err)
		}
		defer theirs.Close()
		cmd := exec.Command(filepath.Join(root, "bin", "dizibox"))
		cmd.Args = append([]string{"diosrun", "-f", strconv.Itoa(wire.FilesFD)}, args...)
		cmd.Env = env
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.ExtraFiles = []*os.File{theirs}
		if err := cmd.Start(); err != nil {
			ours.Close()
			return nil, nil, fmt.Errorf("%w: run ./make.bash", err)
		}
		return cmd, ours, nil
	}
	files.Connect = func(requests, replies [abi.NameSize]byte) (io.ReadWriteCloser, error) {
		cmd, ours, err := dizibox("-c", hex.EncodeToString(requests[:]), hex.EncodeToString(replies[:]))
		if err != nil {
			return nil, err
		}
		go cmd.Wait()
		if _, err := io.ReadFull(ours, make([]byte, 1)); err != nil {
			ours.Close()
			return nil, err
		}
		return ours, nil
	}
	if o.verbose {
		fmt.Fprintf(os.Stderr, "dios: this host has DIOS; running %s\n", filepath.Join(root, "bin", "dizibox"))
	}
	// Signals end the program, and that ends us. Those of a terminal it gets itself.
	caught := make(chan os.Signal, 8)
	signal.Notify(caught, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
	cmd, ours, err := dizibox(args...)
	if err != nil {
		return fail(err)
	}
	go func() {
		for sig := range caught {
			cmd.Process.Signal(sig)
		}
	}()
	go func() {
		serve(files)(ours)
		ours.Close()
	}()
	cmd.Wait()
	st := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if st.Signaled() {
		return 128 + int(st.Signal())
	}
	return st.ExitStatus()
}

// workingDir returns the working directory's name, as the environment has it
// if that is right.
func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return "/" // it was removed
	}
	return dir
}

// withPWD returns env with PWD set to dir, and nothing else changed.
func withPWD(env []string, dir string) []string {
	for i, kv := range env {
		if v, ok := strings.CutPrefix(kv, "PWD="); ok {
			if v == dir {
				return env
			}
			env = append([]string(nil), env...)
			env[i] = "PWD=" + dir
			return env
		}
	}
	return append(env[:len(env):len(env)], "PWD="+dir)
}

// standardInput returns our standard input, or nil when there is nothing in it.
func standardInput() io.Reader {
	var st, null unix.Stat_t
	if unix.Fstat(0, &st) != nil {
		return nil // closed
	}
	if unix.Stat(os.DevNull, &null) == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == null.Rdev {
		return nil
	}
	return os.Stdin
}

// standardError returns our standard error; or standard output, when that is
// the same file, so that the program gets one pipe for both and their order
// is kept.
func standardError() io.Writer {
	var out, err unix.Stat_t
	if unix.Fstat(1, &out) == nil && unix.Fstat(2, &err) == nil && out.Dev == err.Dev && out.Ino == err.Ino {
		return os.Stdout
	}
	return os.Stderr
}

// A session is one machine, and what our own caller does to us meanwhile.
type session struct {
	o       *options
	ctx     context.Context
	cancel  context.CancelFunc
	caught  chan os.Signal
	forward chan syscall.Signal // to the program, once there is one
	killer  chan syscall.Signal // the signal after which the program was killed
	after   func(*vm.VM) error  // called when the program has ended; nil: nothing to do
	files   *p9.Server          // of the program; nil: the machine has them, or it has none
}

func newSession(o *options) *session {
	s := &session{
		o:       o,
		caught:  make(chan os.Signal, 8),
		forward: make(chan syscall.Signal, 8),
		killer:  make(chan syscall.Signal, 1),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP} {
		if !signal.Ignored(sig) { // as under nohup
			signal.Notify(s.caught, sig)
		}
	}
	// Nobody reads our output any more: the program is to notice, not we.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go s.watch()
	return s
}

func (s *session) end() {
	signal.Stop(s.caught)
	s.cancel()
}

// watch passes signals on. A second signal, or a program that goes on for too
// long after the first, is the end.
func (s *session) watch() {
	var first syscall.Signal
	var timeout <-chan time.Time
	for {
		select {
		case sig := <-s.caught:
			n := sig.(syscall.Signal)
			if first != 0 {
				s.killer <- first
				s.cancel()
				return
			}
			first = n
			s.forward <- n
			timeout = time.After(grace)
		case <-timeout:
			s.killer <- first
			s.cancel()
			return
		case <-s.ctx.Done():
			return
		}
	}
}

// boot boots a machine, with a word about it to a user who waits.
func (s *session) boot() (*vm.VM, error) {
	c := vm.Config{FromStart: s.o.boot, Store: s.o.store}
	if c.Store != "" {
		if err := vm.MakeStore(c.Store, vm.StoreSize); err != nil {
			return nil, err
		}
	}
	if s.o.trace {
		c.Trace = os.Stderr
	}
	if s.o.console {
		c.Console = os.Stderr
	}
	if d := os.Getenv("DIOS_DEADLINE"); d != "" {
		var err error
		if c.Deadline, err = time.ParseDuration(d); err != nil || c.Deadline <= 0 {
			return nil, fmt.Errorf("DIOS_DEADLINE is %q: give a time such as 90s", d)
		}
	}
	// A signal while nothing runs yet ends us.
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	booted := make(chan bool)
	stopped := make(chan syscall.Signal, 1)
	go func() {
		select {
		case n := <-s.forward:
			stopped <- n
			cancel()
		case <-booted:
		}
	}()
	shown := term.IsTerminal(2) && !s.o.verbose && !s.o.trace && !s.o.console
	if shown {
		fmt.Fprint(os.Stderr, "booting...")
	}
	m, err := vm.Boot(ctx, c)
	close(booted)
	if shown {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
	select {
	case n := <-stopped:
		if m != nil {
			m.Close()
		}
		return nil, interrupted(n)
	default:
	}
	if err == nil && s.o.verbose {
		i := m.Info()
		fmt.Fprintf(os.Stderr, "dios: linux %s, %s, clock %s, up in %.2fs\n", i.Kernel, i.Accel, i.ClockSource, i.Boot.Seconds())
		if i.DIOS != "" {
			fmt.Fprintf(os.Stderr, "dios: no DIOS in it: %s\n", i.DIOS)
		}
	}
	return m, err
}

// interrupted is the end by a signal.
type interrupted syscall.Signal

func (i interrupted) Error() string { return syscall.Signal(i).String() }

// run boots a machine, runs a program in it and returns the status.
// Prepare, if not nil, is called in between.
func (s *session) run(c *vm.Cmd, prepare func(*vm.VM) error) int {
	m, err := s.boot()
	if i := interrupted(0); errors.As(err, &i) {
		return 128 + int(i)
	}
	if err != nil {
		return fail(err)
	}
	defer m.Close()
	if s.files != nil {
		s.files.Connect = func(requests, replies [abi.NameSize]byte) (io.ReadWriteCloser, error) {
			return m.ConnectFiles(s.ctx, requests, replies)
		}
	}
	if prepare != nil {
		if err := prepare(m); err != nil {
			return fail(err)
		}
	}
	listen(s.ctx, m)
	c.Signals = s.forward
	began := time.Now()
	res, err := m.Run(s.ctx, c)
	if s.ctx.Err() != nil {
		return 128 + int(<-s.killer)
	}
	if err != nil {
		status := fail(err)
		if res.Status != 0 {
			status = res.Status // the output failed, not the program
		}
		return status
	}
	if s.after != nil {
		if err := s.after(m); err != nil {
			return fail(err)
		}
	}
	if s.o.verbose {
		fmt.Fprintf(os.Stderr, "dios: status %d after %.2fs\n", res.Status, time.Since(began).Seconds())
	}
	return res.Status
}
