// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"dios/internal/wire"

	"golang.org/x/sys/unix"
)

// A program is one run: a file to put, or a process.
type program struct {
	agent *agent
	id    uint32

	// Only handle's goroutine.
	file    *os.File // being put
	failure error    // the first one of put
	started bool

	// Set once by start, before the process exists.
	link string // the name of its file in this run
	in   *wire.Receiver
	asks *wire.Receiver // replies to what it asks of its files
	outs []*output
	tty  *os.File // the master side of the terminal

	pid int // agent.mu; 0: not started, or already reaped
}

// An output carries a pipe, or a terminal, to the host.
type output struct {
	from *os.File
	to   *wire.Sender
	is   uint8 // the stream
	mu   sync.Mutex
	last bool // mu; the program ended: take what there is, then stop
	done chan struct{}
}

// put begins a file.
func (p *program) put(b []byte) error {
	var req wire.PutRequest
	if err := req.Decode(b); err != nil {
		return err
	}
	p.failure = func() error {
		if err := os.MkdirAll(filepath.Dir(req.Path), 0o755); err != nil {
			return err
		}
		// A file of that name may be running: make a new one.
		if err := os.Remove(req.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		f, err := os.OpenFile(req.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		p.file = f
		return f.Chmod(fs.FileMode(req.Mode).Perm())
	}()
	return nil
}

func (p *program) putData(b []byte) {
	if p.file == nil || p.failure != nil {
		return
	}
	_, p.failure = p.file.Write(b)
}

// putEnd completes a file and tells the host. A file that could not be written
// is removed.
func (p *program) putEnd() error {
	if p.file != nil {
		if err := p.file.Close(); err != nil && p.failure == nil {
			p.failure = err
		}
		if p.failure != nil {
			os.Remove(p.file.Name())
		}
		p.file = nil
	}
	var text string
	if p.failure != nil {
		text = p.failure.Error()
	}
	p.agent.forget(p)
	return p.agent.conn.Send(wire.Frame{Run: p.id, Kind: wire.PutOK, Payload: []byte(text)})
}

// start starts the program, or reports why it cannot.
func (p *program) start(req *wire.StartRequest) {
	if p.started {
		return
	}
	p.started = true
	if err := p.exec(req); err != nil {
		p.report(&wire.ExitReport{
			Failure: err.Error(),
			Missing: errors.Is(err, fs.ErrNotExist),
		})
	}
}

func (p *program) exec(req *wire.StartRequest) (err error) {
	if req.Link != "" {
		if err := os.MkdirAll(filepath.Dir(req.Link), 0o755); err != nil {
			return err
		}
		p.link = req.Link
		if err := os.Link(req.Program, req.Link); err != nil {
			return err
		}
	}
	dir := req.Dir
	if dir == "" {
		dir = "/"
	}
	// The host's folder, so that the working directory has the same name
	// here. Where it cannot be, the program can do without.
	if err := os.MkdirAll(dir, 0o755); err != nil {
		dir = "/"
	}

	var child []*os.File // the program's ends
	var mine []*os.File  // ours
	defer func() {
		for _, f := range child {
			f.Close()
		}
		if err != nil {
			for _, f := range mine {
				f.Close()
			}
		}
	}()
	attr := &syscall.ProcAttr{
		Dir: dir,
		Env: req.Env,
		Sys: &syscall.SysProcAttr{Setsid: true},
	}
	if req.UID != 0 || req.GID != 0 {
		attr.Sys.Credential = &syscall.Credential{Uid: req.UID, Gid: req.GID}
	}

	var input *os.File
	if req.TTY {
		master, slave, err := openTTY()
		if err != nil {
			return err
		}
		mine = append(mine, master)
		child = append(child, slave)
		setSize(master, req.Size)
		if req.UID != 0 || req.GID != 0 {
			slave.Chown(int(req.UID), int(req.GID))
		}
		attr.Sys.Setctty = true
		attr.Files = []uintptr{slave.Fd(), slave.Fd(), slave.Fd()}
		p.tty = master
		input = master
		p.output(master, wire.Out)
	} else {
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		child = append(child, null)
		attr.Files = []uintptr{null.Fd(), null.Fd(), null.Fd()}
		if !req.NoInput {
			r, w, err := os.Pipe()
			if err != nil {
				return err
			}
			child = append(child, r)
			mine = append(mine, w)
			attr.Files[0] = r.Fd()
			input = w
		}
		for _, s := range []uint8{wire.Out, wire.Err} {
			if s == wire.Err && req.Merge {
				attr.Files[2] = attr.Files[1]
				break
			}
			r, w, err := os.Pipe()
			if err != nil {
				return err
			}
			child = append(child, w)
			mine = append(mine, r)
			attr.Files[s] = w.Fd()
			p.output(r, s)
		}
	}
	var files *os.File
	switch {
	case req.Files && req.Port != 0:
		port, err := openFilesPort(req.Port)
		if err != nil {
			return err
		}
		child = append(child, port)
		attr.Files = append(attr.Files, port.Fd()) // wire.FilesFD
	case req.Files:
		ours, theirs, err := SocketPair()
		if err != nil {
			return err
		}
		files = ours
		child = append(child, theirs)
		mine = append(mine, ours)
		attr.Files = append(attr.Files, theirs.Fd()) // wire.FilesFD
		p.output(ours, wire.File)
		p.asks = wire.NewReceiver(p.agent.conn, p.id, wire.File)
	}
	if input != nil {
		p.in = wire.NewReceiver(p.agent.conn, p.id, wire.In)
	}

	a := p.agent
	a.mu.Lock()
	p.pid, err = syscall.ForkExec(req.Path, req.Args, attr)
	if err == nil {
		a.pids[p.pid] = p
	}
	a.mu.Unlock()
	if err != nil {
		p.in, p.asks, p.outs, p.tty = nil, nil, nil, nil
		return &fs.PathError{Op: "exec", Path: req.Path, Err: err}
	}

	for _, o := range p.outs {
		go o.copy()
	}
	if files != nil {
		go func() {
			// A failure is a program that has ended.
			p.asks.Copy(files)
			// Without a server the program is to get errors.
			if raw, err := files.SyscallConn(); err == nil {
				raw.Control(func(fd uintptr) { syscall.Shutdown(int(fd), syscall.SHUT_RDWR) })
			}
		}()
	}
	if input != nil {
		go func() {
			// A failure is a program that reads no more; Copy told the host.
			p.in.Copy(input)
			if p.tty != nil {
				// The end of input at a terminal is a character.
				input.Write([]byte{4})
				return
			}
			input.Close()
		}()
	}
	return nil
}

func (p *program) output(from *os.File, stream uint8) {
	p.outs = append(p.outs, &output{
		from: from,
		to:   wire.NewSender(p.agent.conn, p.id, stream),
		is:   stream,
		done: make(chan struct{}),
	})
}

func (p *program) sender(stream uint8) *wire.Sender {
	for _, o := range p.outs {
		if o.is == stream {
			return o.to
		}
	}
	return nil
}

// receiver returns what takes a stream of the host's, or nil.
func (p *program) receiver(stream uint8) *wire.Receiver {
	switch stream {
	case wire.In:
		return p.in
	case wire.File:
		return p.asks
	}
	return nil
}

// SocketPair returns the two ends of a socket for a program's files: ours, which Close
// wakes a reader of, and the program's.
func SocketPair() (ours, theirs *os.File, err error) {
	fd, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	syscall.SetNonblock(fd[0], true)
	return os.NewFile(uintptr(fd[0]), "files"), os.NewFile(uintptr(fd[1]), "files"), nil
}

// copy carries an output to its end. The end is when nobody can write to it any
// more; or, when the program has ended and something that it left behind still
// could, when it is empty.
func (o *output) copy() {
	defer close(o.done)
	defer o.from.Close() // writers get EPIPE from now on
	raw, err := o.from.SyscallConn()
	if err != nil {
		return
	}
	buf := make([]byte, wire.Chunk)
	for {
		room, err := o.to.Wait()
		if err != nil {
			return
		}
		var n int
		// The function is called again when there may be data.
		wait := raw.Read(func(fd uintptr) bool {
			n, err = syscall.Read(int(fd), buf[:room])
			return err != syscall.EAGAIN && err != syscall.EINTR
		})
		if wait != nil {
			// finish interrupted the waiting, perhaps before the reading.
			if raw.Control(func(fd uintptr) {
				n, err = syscall.Read(int(fd), buf[:room])
			}) != nil {
				return
			}
		}
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return // the end; or EIO, the end of a terminal; or EAGAIN: empty
		}
		if o.to.Send(buf[:n]) != nil {
			return
		}
	}
}

// finish makes copy return when the output is empty.
func (o *output) finish() {
	o.from.SetReadDeadline(time.Unix(1, 0))
	<-o.done
}

// ended is called when the process has been waited for.
func (p *program) ended(pid int, status syscall.WaitStatus, usage *syscall.Rusage) {
	// What it left would write into its output, and outlive the run.
	syscall.Kill(-pid, syscall.SIGKILL)
	p.agent.mu.Lock()
	p.pid = 0
	p.agent.mu.Unlock()
	p.killFile()
	for _, o := range p.outs {
		o.finish()
	}
	for _, r := range []*wire.Receiver{p.in, p.asks} {
		if r != nil {
			r.End()
		}
	}
	r := &wire.ExitReport{
		User:   usage.Utime.Nano(),
		System: usage.Stime.Nano(),
		MaxRSS: usage.Maxrss << 10,
	}
	if status.Signaled() {
		r.Signal = uint32(status.Signal())
	} else {
		r.Status = uint32(status.ExitStatus())
	}
	p.report(r)
}

// report ends the run.
func (p *program) report(r *wire.ExitReport) {
	if p.link != "" {
		os.RemoveAll(filepath.Dir(p.link))
	}
	p.agent.forget(p)
	p.agent.conn.Send(wire.Frame{Run: p.id, Kind: wire.Exit, Payload: r.Encode()})
}

func (p *program) signal(n syscall.Signal) {
	p.agent.mu.Lock()
	defer p.agent.mu.Unlock()
	if p.pid != 0 {
		syscall.Kill(p.pid, n)
	}
}

// kill ends the program and what it started, or a file that will not be completed.
func (p *program) kill() {
	if !p.started {
		if p.file != nil {
			p.file.Close()
			os.Remove(p.file.Name())
		}
		p.agent.forget(p)
		return
	}
	p.agent.mu.Lock()
	if p.pid != 0 {
		syscall.Kill(-p.pid, syscall.SIGKILL)
		syscall.Kill(p.pid, syscall.SIGKILL)
	}
	p.agent.mu.Unlock()
	p.killFile()
}

// killFile ends whoever runs the run's file, by its name in this run: a DIOS
// task does, and is in no process group of ours; and a child in a session of
// its own.
func (p *program) killFile() {
	if p.link == "" {
		return
	}
	procs, err := os.ReadDir("/proc")
	if err != nil {
		return
	}
	for _, d := range procs {
		n, err := strconv.Atoi(d.Name())
		if err != nil || n == 1 {
			continue
		}
		if exe, err := os.Readlink("/proc/" + d.Name() + "/exe"); err == nil && exe == p.link {
			syscall.Kill(n, syscall.SIGKILL)
		}
	}
}

func (p *program) resize(size uint32) {
	if p.tty != nil {
		setSize(p.tty, size)
	}
}

// openTTY makes a terminal.
func openTTY() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	var n int
	raw, err := master.SyscallConn()
	if err == nil {
		if cerr := raw.Control(func(fd uintptr) {
			if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
				n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
			}
		}); err == nil {
			err = cerr
		}
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		master.Close()
		return nil, nil, err
	}
	return master, slave, nil
}

// setSize sets a terminal's size: rows in the high half, columns in the low.
func setSize(tty *os.File, size uint32) {
	raw, err := tty.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{
			Row: uint16(size >> 16),
			Col: uint16(size),
		})
	})
}
