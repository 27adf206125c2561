// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package vm

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"dios/internal/abi"
	"dios/internal/image"
	"dios/internal/wire"
)

// A Cmd is a program to run in the machine.
type Cmd struct {
	// File is a program on the host. It is sent to the machine and started as
	// its brand says: a DIOS task or a Linux process.
	File string

	// Via is a program on the host that runs File: it is sent too, and
	// started with its own arguments, the path of File in the machine, and
	// Args. The first of Via is its path, and its name; nil: File is started.
	Via []string

	// Files serves the program's files, until there are no more requests: a
	// 9P server, see package p9. A program that is no DIOS task has none, nor
	// one that is run by another. Exec has them as wire.FilesFD. Nil: none.
	Files func(io.ReadWriter)

	// Exec is, instead of File, a program in the machine, started as a
	// Linux process.
	Exec string

	Args   []string  // with the program's own name first; nil: just that, File or Exec
	Env    []string  // exactly these
	Dir    string    // working directory; made in the machine if it is missing; "": /
	Stdin  io.Reader // nil: nothing to read
	Stdout io.Writer // nil: thrown away
	Stderr io.Writer // nil: thrown away; the same as Stdout: one pipe for both, so the order is exact
	TTY    *TTY      // the program has a terminal: Stdin and Stdout are its other side
	UID    uint32    // whose process it is
	GID    uint32

	// Core has the machine's kernel write the memory of a task of File that crashes to
	// the file CorePath. The last one that crashed has it.
	Core bool

	Signals <-chan syscall.Signal // what comes here is sent to the program
}

// A TTY is a terminal in the machine.
type TTY struct {
	Size   Size
	Resize <-chan Size // what comes here is its new size
}

// Size is a terminal's size in characters.
type Size struct{ Rows, Cols uint16 }

func (s Size) number() uint32 { return uint32(s.Rows)<<16 | uint32(s.Cols) }

// A Result says how a program ended.
type Result struct {
	Status int           // its exit status, or 128 + the signal that ended it
	Signal int           // that signal, or 0
	User   time.Duration // of the process that ran it; for a DIOS task that is its launcher
	System time.Duration
	MaxRSS int64 // bytes
}

// CorePath is where a core is in the machine.
const CorePath = "/run/dios/core"

const coreScript = "echo " + CorePath + " >/proc/sys/kernel/core_pattern && ulimit -c unlimited && exec " + image.DiziBox + ` "$0" "$@"`

// running is a run from the host's side.
type running struct {
	in   *wire.Sender
	file *wire.Sender // replies to what is asked of files
	outs [4]*wire.Receiver
	put  chan string           // the answer to PutEnd
	exit chan *wire.ExitReport // nil: the machine died
	port *os.File              // what files go over; nil: file
}

// newRun returns a new run, and the number of the port that its files go over, if it is to have
// one and there is one left; or else 0.
func (v *VM) newRun(files bool) (id uint32, r *running, port uint32, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.runs == nil {
		return 0, nil, 0, v.err
	}
	v.last++
	id = v.last
	r = &running{
		in:   wire.NewSender(v.conn, id, wire.In),
		file: wire.NewSender(v.conn, id, wire.File),
		put:  make(chan string, 1),
		exit: make(chan *wire.ExitReport, 1),
	}
	for s := range r.outs {
		r.outs[s] = wire.NewReceiver(v.conn, id, uint8(s))
	}
	if i := slices.IndexFunc(v.ports, func(f *os.File) bool { return f != nil }); i >= 0 && files {
		r.port, v.ports[i] = v.ports[i], nil
		port = uint32(filesPort + i)
	}
	v.runs[id] = r
	return id, r, port, nil
}

func (v *VM) forget(id uint32) {
	v.mu.Lock()
	delete(v.runs, id)
	v.mu.Unlock()
}

// handle takes a frame. It does not wait. An error is the agent's mistake.
func (r *running) handle(f wire.Frame) error {
	switch f.Kind {
	case wire.Data:
		if f.Stream == wire.In {
			return errors.New("not an output")
		}
		return r.outs[f.Stream].Add(f.Payload)
	case wire.Credit:
		n, err := wire.ParseNumber(f.Payload)
		r.sender(f.Stream).Credit(int(n))
		return err
	case wire.Close:
		r.sender(f.Stream).Stop()
	case wire.PutOK:
		select {
		case r.put <- string(f.Payload):
		default:
			return errors.New("said twice")
		}
	case wire.Exit:
		var e wire.ExitReport
		if err := e.Decode(f.Payload); err != nil {
			return err
		}
		select {
		case r.exit <- &e:
		default:
			return errors.New("said twice")
		}
		r.over()
	default:
		return errors.New("unexpected")
	}
	return nil
}

// abort ends a run whose machine died.
func (r *running) abort() {
	select {
	case r.exit <- nil:
	default:
	}
	r.over()
}

func (r *running) sender(stream uint8) *wire.Sender {
	if stream == wire.File {
		return r.file
	}
	return r.in
}

func (r *running) over() {
	r.in.Stop()
	r.file.Stop()
	if r.port != nil {
		r.port.Close()
	}
	for _, o := range r.outs {
		o.End()
	}
}

// Run runs a program and waits until it has ended and its output is written.
//
// The error is an *ExitError when the program cannot be started, with the
// status for it; the context's when that ended, and then the program is
// killed; an output's, other than a broken pipe, together with the Result; or
// else the machine's, which is dead then.
//
// When the program has ended, a Read of Stdin may still be under way; what it
// reads is lost.
func (v *VM) Run(ctx context.Context, c *Cmd) (Result, error) {
	req := wire.StartRequest{
		Path:  c.Exec,
		Args:  c.Args,
		Env:   c.Env,
		Dir:   c.Dir,
		UID:   c.UID,
		GID:   c.GID,
		Merge: same(c.Stdout, c.Stderr),
	}
	if c.TTY != nil {
		req.TTY = true
		req.Size = c.TTY.Size.number()
	}
	req.NoInput = c.Stdin == nil && c.TTY == nil

	open := func(name string) (*Program, error) {
		p, err := OpenProgram(name)
		if err != nil {
			return nil, err
		}
		if p.Brand.DIOS() && v.info.DIOS != "" {
			p.Close()
			return nil, fmt.Errorf("%s: no DIOS in the virtual machine: %s", name, v.info.DIOS)
		}
		return p, nil
	}
	var file, via *Program
	var err error
	if c.File != "" {
		if file, err = open(c.File); err != nil {
			return Result{}, err
		}
		defer file.Close()
	}
	if len(c.Via) > 0 {
		if via, err = open(c.Via[0]); err != nil {
			return Result{}, err
		}
		defer via.Close()
	}

	// A program that another one runs has its files from that one.
	req.Files = c.Files != nil && (file == nil || via == nil && file.Brand.Task())
	id, r, port, err := v.newRun(req.Files)
	if err != nil {
		return Result{}, err
	}
	req.Port = port
	if r.port != nil {
		defer r.port.Close() // also when it does not come to a run
	}
	defer v.forget(id)
	if file != nil {
		req.Link = fmt.Sprintf("/run/dios/%d/%s", id, filepath.Base(c.File))
		args := c.Args
		if len(args) == 0 {
			args = []string{c.File}
		}
		req.Path = image.DiziBox
		req.Args = append([]string{"diosrun", "-a", args[0], req.Link}, args[1:]...)
		if req.Files {
			req.Args = slices.Insert(req.Args, 1, "-f", strconv.Itoa(wire.FilesFD))
		}
	} else if len(req.Args) == 0 {
		req.Args = []string{c.Exec}
	}
	for _, s := range [][]string{req.Args, req.Env} {
		for _, s := range s {
			if strings.IndexByte(s, 0) >= 0 {
				return Result{}, &ExitError{StatusRefused, fmt.Errorf("%s: an argument or a variable with a NUL in it", c.name())}
			}
		}
	}
	if file != nil {
		f, err := v.put(ctx, file.File)
		if err != nil {
			return Result{}, fmt.Errorf("%s: %w", c.File, err)
		}
		defer v.release(f)
		req.Program = f.path
	}
	if via != nil {
		f, err := v.put(ctx, via.File)
		if err != nil {
			return Result{}, fmt.Errorf("%s: %w", c.Via[0], err)
		}
		defer v.release(f)
		// diosrun -a NAME FILE ARG... becomes diosrun -a VIA VIA' VIA-ARG... FILE NAME ARG...
		args := append([]string{"diosrun", "-a", c.Via[0], f.path}, c.Via[1:]...)
		req.Args = append(append(args, req.Args[3], req.Args[2]), req.Args[4:]...)
	}
	if file != nil && c.Core {
		// What diosrun starts has its limits.
		req.Args = append([]string{"sh", "-c", coreScript, req.Args[0]}, req.Args[1:]...)
	}
	payload := req.Encode()
	if len(payload) > wire.MaxPayload {
		return Result{}, &ExitError{StatusRefused, fmt.Errorf("%s: arguments and environment are too long", c.name())}
	}
	if err := v.conn.Send(wire.Frame{Run: id, Kind: wire.Start, Payload: payload}); err != nil {
		return Result{}, v.reason(err)
	}

	if !req.NoInput {
		go feed(r.in, c.Stdin)
	}
	if req.Files {
		served := make(chan bool)
		go func() {
			if r.port != nil {
				servePort(r.port, c.Files)
			} else {
				serve(r, c.Files)
			}
			close(served)
		}()
		// What the program had open is closed when Run returns.
		defer func() { <-served }()
	}
	type written struct {
		name string
		err  error
	}
	writing := make(chan written, 2)
	outputs := []struct {
		name string
		w    io.Writer
	}{wire.Out: {"standard output", c.Stdout}, wire.Err: {"standard error", c.Stderr}}
	for s := wire.Out; s <= wire.Err; s++ {
		o := outputs[s]
		if o.w == nil {
			o.w = io.Discard
		}
		go func() { writing <- written{o.name, r.outs[s].Copy(o.w)} }()
	}

	var resize <-chan Size
	if c.TTY != nil {
		resize = c.TTY.Resize
	}
	send := func(k wire.Kind, n uint32) {
		v.conn.Send(wire.Frame{Run: id, Kind: k, Payload: wire.Number(n)})
	}
	var exit *wire.ExitReport
	done := ctx.Done()
	signals := c.Signals
	for waiting := true; waiting; {
		select {
		case exit = <-r.exit:
			waiting = false
		case <-done:
			v.conn.Send(wire.Frame{Run: id, Kind: wire.Kill})
			done = nil // now it ends, and says so
		case n, ok := <-signals:
			if !ok {
				signals = nil
				break
			}
			send(wire.Signal, uint32(n))
		case s, ok := <-resize:
			if !ok {
				resize = nil
				break
			}
			send(wire.Resize, s.number())
		}
	}
	var failure error
	for range 2 {
		if w := <-writing; w.err != nil && !errors.Is(w.err, syscall.EPIPE) && failure == nil {
			failure = fmt.Errorf("%s: %w", w.name, plainError(w.err))
		}
	}
	switch {
	case exit == nil:
		<-v.dead
		return Result{}, v.err
	case ctx.Err() != nil:
		return Result{}, ctx.Err()
	case exit.Failure != "" && exit.Missing:
		return Result{}, &ExitError{StatusNotFound, fmt.Errorf("%s: %s", c.name(), exit.Failure)}
	case exit.Failure != "":
		return Result{}, &ExitError{StatusRefused, fmt.Errorf("%s: %s", c.name(), exit.Failure)}
	}
	res := Result{
		Status: int(exit.Status),
		Signal: int(exit.Signal),
		User:   time.Duration(exit.User),
		System: time.Duration(exit.System),
		MaxRSS: exit.MaxRSS,
	}
	if res.Signal != 0 {
		res.Status = signalStatusBase + res.Signal
	}
	return res, failure
}

func (c *Cmd) name() string {
	if c.File != "" {
		return c.File
	}
	return c.Exec
}

// reason returns why the machine is dead, when it is, and err otherwise. A
// failed send is noticed before the machine's end is.
func (v *VM) reason(err error) error {
	select {
	case <-v.dead:
		return v.err
	case <-time.After(time.Second):
		return err
	}
}

// feed sends a program its input.
func feed(to *wire.Sender, from io.Reader) {
	if from == nil {
		to.End()
		return
	}
	buf := make([]byte, wire.Chunk)
	for {
		room, err := to.Wait()
		if err != nil {
			return // nobody reads
		}
		n, err := from.Read(buf[:room])
		if n > 0 && to.Send(buf[:n]) != nil {
			return
		}
		if err != nil {
			to.End()
			return
		}
	}
}

// serve serves a program its files.
func serve(r *running, serve func(io.ReadWriter)) {
	requests, w := io.Pipe()
	copied := make(chan bool)
	go func() {
		r.outs[wire.File].Copy(w)
		w.Close()
		close(copied)
	}()
	b := newBatches(requests, streamWriter{r.file})
	serve(b)
	b.flush()
	requests.Close() // what it has not read has no reader
	r.file.End()
	<-copied
}

// servePort serves a program its files over a port, which is closed when the run is over.
func servePort(port *os.File, serve func(io.ReadWriter)) {
	b := newBatches(port, port)
	serve(b)
	b.flush()
	// QEMU reads what has been written, up to the end. At a closed socket it would not.
	if raw, err := port.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { syscall.Shutdown(int(fd), syscall.SHUT_WR) })
	}
}

// Batches are the server's side of a program's files. Requests that came together are
// answered together: a reply goes when there is no request left.
type batches struct {
	r *bufio.Reader
	w io.Writer
	b []byte // the replies
}

func newBatches(r io.Reader, w io.Writer) *batches {
	return &batches{r: bufio.NewReaderSize(r, 64<<10), w: w}
}

func (b *batches) Read(p []byte) (int, error) {
	if b.r.Buffered() == 0 && b.flush() != nil {
		return 0, io.EOF // it did not wait for the answer
	}
	n, err := b.r.Read(p)
	if errors.Is(err, os.ErrClosed) {
		err = io.EOF // the run is over
	}
	return n, err
}

func (b *batches) Write(p []byte) (int, error) {
	b.b = append(b.b, p...)
	if len(b.b) >= wire.Window {
		if err := b.flush(); err != nil {
			return 0, io.ErrClosedPipe
		}
	}
	return len(p), nil
}

func (b *batches) flush() error {
	if len(b.b) == 0 {
		return nil
	}
	_, err := b.w.Write(b.b)
	b.b = b.b[:0]
	return err
}

// ConnectFiles connects to a task that one with files has started, which has said the
// names of its FIFOs: what p9.Server's Connect wants.
func (v *VM) ConnectFiles(ctx context.Context, requests, replies [abi.NameSize]byte) (io.ReadWriteCloser, error) {
	connected := make(chan io.ReadWriteCloser)
	failed := make(chan error, 1)
	go func() {
		_, err := v.Run(ctx, &Cmd{
			Exec: image.DiziBox,
			Args: []string{"diosrun", "-f", strconv.Itoa(wire.FilesFD), "-c", hex.EncodeToString(requests[:]), hex.EncodeToString(replies[:])},
			Files: func(rw io.ReadWriter) {
				if _, err := io.ReadFull(rw, make([]byte, 1)); err != nil {
					return // it did not find them
				}
				c := &filesConn{rw, make(chan bool)}
				connected <- c
				<-c.closed
			},
		})
		failed <- err
	}()
	select {
	case c := <-connected:
		return c, nil
	case err := <-failed:
		return nil, cmp.Or(err, errors.New("the task's files are not there"))
	}
}

// A filesConn is a connection that Close ends.
type filesConn struct {
	io.ReadWriter
	closed chan bool
}

func (c *filesConn) Close() error {
	close(c.closed)
	return nil
}

// A streamWriter is a stream as an io.Writer.
type streamWriter struct{ to *wire.Sender }

func (w streamWriter) Write(b []byte) (int, error) {
	for n := 0; ; {
		room, err := w.to.Wait()
		if err != nil {
			return n, err
		}
		room = min(room, len(b)-n)
		if err := w.to.Send(b[n : n+room]); err != nil {
			return n, err
		}
		if n += room; n == len(b) {
			return n, nil
		}
	}
}

// send sends a file. When it cannot be read to its end, the run is over.
func (v *VM) send(ctx context.Context, id uint32, r io.Reader, req *wire.PutRequest) (err error) {
	defer func() {
		if err != nil {
			v.conn.Send(wire.Frame{Run: id, Kind: wire.Kill})
		}
	}()
	if err := v.conn.Send(wire.Frame{Run: id, Kind: wire.Put, Payload: req.Encode()}); err != nil {
		return v.reason(err)
	}
	buf := make([]byte, wire.Chunk)
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n, err := r.Read(buf)
		if n > 0 {
			if err := v.conn.Send(wire.Frame{Run: id, Kind: wire.Data, Stream: wire.File, Payload: buf[:n]}); err != nil {
				return v.reason(err)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return plainError(err)
		}
	}
	if err := v.conn.Send(wire.Frame{Run: id, Kind: wire.PutEnd}); err != nil {
		return v.reason(err)
	}
	return nil
}

// Put makes a file in the machine, with the folders it is in.
func (v *VM) Put(ctx context.Context, path string, mode fs.FileMode, contents io.Reader) error {
	id, r, _, err := v.newRun(false)
	if err != nil {
		return err
	}
	defer v.forget(id)
	if err := v.send(ctx, id, contents, &wire.PutRequest{Path: path, Mode: uint32(mode.Perm())}); err != nil {
		return err
	}
	select {
	case text := <-r.put:
		if text != "" {
			return errors.New(text)
		}
		return nil
	case <-r.exit:
		<-v.dead
		return v.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Get copies a file of the machine. There is fs.ErrNotExist for none.
func (v *VM) Get(ctx context.Context, path string, to io.Writer) error {
	res, err := v.Run(ctx, &Cmd{Exec: image.DiziBox, Args: []string{"test", "-e", path}})
	if err == nil && res.Status != 0 {
		err = fs.ErrNotExist
	}
	if err == nil {
		res, err = v.Run(ctx, &Cmd{Exec: image.DiziBox, Args: []string{"cat", path}, Stdout: to})
	}
	if err == nil && res.Status != 0 {
		err = fmt.Errorf("%s: status %d", path, res.Status)
	}
	return err
}

// The machine keeps the programs it was sent, for they are often run again: that
// spares the sending, and an emulated machine has translated them already,
// which costs more than to run most of them.

// defaultKeep is how much it keeps, in bytes, besides what is running.
const defaultKeep = 128 << 20

// A fileID tells a file from others, and from itself when it has changed.
type fileID struct {
	dev, ino     uint64
	size         int64
	mtime, ctime syscall.Timespec
}

// A kept is a program in the machine.
type kept struct {
	id    fileID
	path  string        // in the machine
	there chan struct{} // closed when it has been sent, or err is set
	err   error

	users int // VM.mu; runs that need it
	used  int // VM.mu; when it was last wanted, by VM.clock
}

// put makes a file a program in the machine. The caller releases it.
func (v *VM) put(ctx context.Context, f *os.File) (*kept, error) {
	var st syscall.Stat_t
	fi, err := f.Stat()
	if err != nil {
		return nil, plainError(err)
	}
	st = *fi.Sys().(*syscall.Stat_t)
	id := fileID{st.Dev, st.Ino, st.Size, st.Mtim, st.Ctim}

	v.mu.Lock()
	v.clock++
	k := v.files[id]
	if k != nil {
		k.users++
		k.used = v.clock
		v.mu.Unlock()
		select {
		case <-k.there:
		case <-ctx.Done():
			v.release(k)
			return nil, ctx.Err()
		}
		if k.err == nil {
			return k, nil
		}
		// Who sent it failed, for reasons of its own maybe. Do it ourselves.
		v.release(k)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return v.put(ctx, f)
	}
	k = &kept{
		id:    id,
		path:  fmt.Sprintf("/run/dios/programs/%d", v.clock),
		there: make(chan struct{}),
		users: 1,
		used:  v.clock,
	}
	v.files[id] = k
	old := v.superfluous()
	v.mu.Unlock()

	for _, o := range old {
		// What cannot be removed only takes room.
		v.Run(ctx, &Cmd{Exec: image.DiziBox, Args: []string{"rm", "-f", o.path}})
	}
	err = v.Put(ctx, k.path, 0o755, io.NewSectionReader(f, 0, id.size))
	if err != nil {
		v.mu.Lock()
		delete(v.files, id)
		k.err = err
		v.mu.Unlock()
		close(k.there)
		return nil, err
	}
	close(k.there)
	return k, nil
}

func (v *VM) release(k *kept) {
	v.mu.Lock()
	k.users--
	v.mu.Unlock()
}

// superfluous takes those programs off the list that must go to make room for
// another: the ones that nobody has wanted for longest. v.mu is held.
func (v *VM) superfluous() []*kept {
	var total int64
	var idle []*kept
	for _, k := range v.files {
		total += k.id.size
		if k.users == 0 {
			idle = append(idle, k)
		}
	}
	slices.SortFunc(idle, func(a, b *kept) int { return cmp.Compare(a.used, b.used) })
	n := 0
	for ; n < len(idle) && total > v.keep; n++ {
		total -= idle[n].id.size
		delete(v.files, idle[n].id)
	}
	return idle[:n]
}

// same tells whether two writers are one, as os/exec does. Writers of a type
// that cannot be compared are not.
func same(a, b io.Writer) (yes bool) {
	defer func() { recover() }()
	return a != nil && a == b
}
