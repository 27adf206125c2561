// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package guest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dios/internal/wire"
)

// Most of the agent works without a machine around it.

func TestModuleParams(t *testing.T) {
	const cmdline = "console=ttyS0 dios.a=1 quiet other.a=2 dios.b=x,y dioss.c=3 dios=4\n"
	for module, want := range map[string]string{"dios": "a=1 b=x,y", "other": "a=2", "none": ""} {
		if got := moduleParams(module, cmdline); got != want {
			t.Errorf("%s: %q, want %q", module, got, want)
		}
	}
}

// A host is the other side of an agent.
type host struct {
	t    *testing.T
	conn *wire.Conn

	mu   sync.Mutex
	runs map[uint32]*hostRun // mu
	last uint32              // mu
}

type hostRun struct {
	out  [4]*wire.Receiver
	in   *wire.Sender
	file *wire.Sender
	put  chan string
	exit chan wire.ExitReport
	buf  [4]bytes.Buffer
	done sync.WaitGroup
}

// newHost returns a host, with the one agent that there can be: it waits for
// all children of this process.
func newHost(t *testing.T) *host {
	shared.Do(func() { theHost = connect() })
	theHost.t = t
	return theHost
}

var (
	shared  sync.Once
	theHost *host
)

func connect() *host {
	ours, theirs := net.Pipe()
	a := &agent{
		conn: wire.NewConn(theirs),
		runs: make(map[uint32]*program),
		pids: make(map[int]*program),
	}
	go a.reap()
	go func() {
		for {
			f, err := a.conn.Receive()
			if err != nil {
				return
			}
			if err := a.handle(f); err != nil {
				panic(fmt.Sprintf("agent: %v: %v", f, err))
			}
		}
	}()
	h := &host{conn: wire.NewConn(ours), runs: make(map[uint32]*hostRun)}
	go func() {
		for {
			f, err := h.conn.Receive()
			if err != nil {
				return
			}
			h.mu.Lock()
			r := h.runs[f.Run]
			h.mu.Unlock()
			switch f.Kind {
			case wire.Data:
				if err := r.out[f.Stream].Add(f.Payload); err != nil {
					panic(fmt.Sprintf("host: %v: %v", f, err))
				}
			case wire.Credit:
				n, _ := wire.ParseNumber(f.Payload)
				r.sender(f.Stream).Credit(int(n))
			case wire.Close:
				r.sender(f.Stream).Stop()
			case wire.PutOK:
				r.put <- string(f.Payload)
			case wire.Exit:
				var e wire.ExitReport
				if err := e.Decode(f.Payload); err != nil {
					panic(err)
				}
				r.out[1].End()
				r.out[2].End()
				r.out[3].End()
				r.exit <- e
			default:
				panic(fmt.Sprintf("host: unexpected %v", f))
			}
		}
	}()
	return h
}

func (h *host) send(id uint32, k wire.Kind, stream uint8, payload []byte) {
	if err := h.conn.Send(wire.Frame{Run: id, Kind: k, Stream: stream, Payload: payload}); err != nil {
		h.t.Error(err)
	}
}

func (h *host) new() (uint32, *hostRun) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	r := &hostRun{in: wire.NewSender(h.conn, h.last, wire.In), file: wire.NewSender(h.conn, h.last, wire.File), put: make(chan string, 1), exit: make(chan wire.ExitReport, 1)}
	for s := 1; s <= 3; s++ {
		r.out[s] = wire.NewReceiver(h.conn, h.last, uint8(s))
		r.done.Go(func() { r.out[s].Copy(&r.buf[s]) })
	}
	h.runs[h.last] = r
	return h.last, r
}

// sh starts a script.
func (h *host) sh(req wire.StartRequest, script string) (uint32, *hostRun) {
	id, r := h.new()
	if req.Path == "" {
		req.Path = "/bin/sh"
		req.Args = []string{"sh", "-c", script}
		req.Env = []string{"PATH=" + os.Getenv("PATH")}
	}
	h.send(id, wire.Start, 0, req.Encode())
	return id, r
}

func (r *hostRun) sender(stream uint8) *wire.Sender {
	if stream == wire.File {
		return r.file
	}
	return r.in
}

func (r *hostRun) wait() wire.ExitReport {
	e := <-r.exit
	r.done.Wait()
	return e
}

func TestPrograms(t *testing.T) {
	h := newHost(t)
	_, r := h.sh(wire.StartRequest{NoInput: true}, "echo out; echo err >&2; cat; exit 3")
	if e := r.wait(); e.Status != 3 || r.buf[1].String() != "out\n" || r.buf[2].String() != "err\n" {
		t.Errorf("%+v, %q, %q", e, r.buf[1].String(), r.buf[2].String())
	}
	_, r = h.sh(wire.StartRequest{NoInput: true, Merge: true}, "echo 1; echo 2 >&2; echo 3; kill -9 $$")
	if e := r.wait(); e.Signal != 9 || r.buf[1].String() != "1\n2\n3\n" {
		t.Errorf("%+v, %q", e, r.buf[1].String())
	}
	_, r = h.sh(wire.StartRequest{Path: "/no/such", Args: []string{"x"}}, "")
	if e := r.wait(); e.Failure == "" || !e.Missing {
		t.Errorf("%+v", e)
	}
	_, r = h.sh(wire.StartRequest{Path: "/", Args: []string{"x"}}, "")
	if e := r.wait(); e.Failure == "" || e.Missing {
		t.Errorf("%+v", e)
	}
	dir := filepath.Join(t.TempDir(), "new", "folder")
	_, r = h.sh(wire.StartRequest{NoInput: true, Dir: dir}, "pwd")
	if r.wait(); r.buf[1].String() != dir+"\n" {
		t.Errorf("%q", r.buf[1].String())
	}
}

func TestInput(t *testing.T) {
	h := newHost(t)
	id, r := h.sh(wire.StartRequest{}, "cat")
	data := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	for b := data; len(b) > 0; {
		n, err := r.in.Wait()
		if err != nil {
			t.Fatal(err)
		}
		n = min(n, len(b))
		if err := r.in.Send(b[:n]); err != nil {
			t.Fatal(err)
		}
		b = b[n:]
	}
	h.send(id, wire.Close, wire.In, nil)
	if e := r.wait(); e.Status != 0 || !bytes.Equal(r.buf[1].Bytes(), data) {
		t.Errorf("%+v, %d bytes", e, r.buf[1].Len())
	}
	// One that does not read tells us so.
	_, r = h.sh(wire.StartRequest{}, "exec <&-; sleep 1")
	for r.in.Send([]byte("x")) == nil {
		time.Sleep(10 * time.Millisecond)
	}
	r.wait()
}

// What a program writes before it ends arrives, even if something it left
// behind, in a session of its own, holds the pipe open.
func TestLeftBehind(t *testing.T) {
	h := newHost(t)
	pids := filepath.Join(t.TempDir(), "pids")
	var want strings.Builder
	for i := range 2000 {
		fmt.Fprintln(&want, i)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				_, r := h.sh(wire.StartRequest{NoInput: true}, "setsid sleep 100 & echo $! >>"+pids+"; sleep 200 & seq 0 1999")
				if e := r.wait(); e.Status != 0 || r.buf[1].String() != want.String() {
					t.Errorf("%+v, %d bytes, want %d", e, r.buf[1].Len(), want.Len())
				}
			}
		})
	}
	wg.Wait()
	b, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range strings.Fields(string(b)) {
		var pid int
		fmt.Sscan(s, &pid)
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

// A program's files are a socket: what it asks goes out, beside the outputs, and
// the replies come in. It ends when the host says so.
func TestFiles(t *testing.T) {
	h := newHost(t)
	const fd = 3
	if fd != wire.FilesFD {
		t.Fatal("the scripts have another descriptor in mind")
	}
	for _, merge := range []bool{false, true} {
		got := filepath.Join(t.TempDir(), "got")
		id, r := h.sh(wire.StartRequest{NoInput: true, Files: true, Merge: merge}, "echo ask >&3; read answer <&3; echo got $answer; : >"+got+"; echo err >&2; read more <&3 || echo end; exit 5")
		for _, line := range []string{"an ", "answer\n"} {
			if err := r.file.Send([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		for i := 0; ; i++ {
			if _, err := os.Stat(got); err == nil {
				break
			}
			if i == 1000 {
				t.Fatal("it does not get the answer")
			}
			time.Sleep(10 * time.Millisecond)
		}
		h.send(id, wire.Close, wire.File, nil)
		want, wantErr := "got an answer\nend\n", "err\n"
		if merge {
			want, wantErr = "got an answer\nerr\nend\n", ""
		}
		if e := r.wait(); e.Status != 5 || r.buf[1].String() != want || r.buf[2].String() != wantErr || r.buf[3].String() != "ask\n" {
			t.Errorf("%+v: %q", e, []string{r.buf[1].String(), r.buf[2].String(), r.buf[3].String()})
		}
	}
	// Without them there is no such descriptor.
	_, r := h.sh(wire.StartRequest{NoInput: true}, "echo ask >&3 || exit 6")
	if e := r.wait(); e.Status == 0 || r.buf[3].Len() > 0 {
		t.Errorf("%+v, %q", e, r.buf[3].String())
	}
}

func TestKillAndSignal(t *testing.T) {
	h := newHost(t)
	id, r := h.sh(wire.StartRequest{NoInput: true}, "trap '' TERM; sleep 100 & echo; wait; wait")
	time.Sleep(50 * time.Millisecond)
	h.send(id, wire.Signal, 0, wire.Number(15))
	select {
	case e := <-r.exit:
		t.Errorf("it ended: %+v", e)
	case <-time.After(100 * time.Millisecond):
	}
	h.send(id, wire.Kill, 0, nil)
	if e := r.wait(); e.Signal != 9 {
		t.Errorf("%+v", e)
	}
	// Frames for a run that is over are nobody's mistake.
	for _, k := range []wire.Kind{wire.Signal, wire.Resize, wire.Credit} {
		h.send(id, k, wire.Out, wire.Number(15))
	}
	for _, k := range []wire.Kind{wire.Kill, wire.Close, wire.Data, wire.PutEnd} {
		h.send(id, k, wire.In, nil)
	}
}

func TestPut(t *testing.T) {
	h := newHost(t)
	dir := t.TempDir()
	put := func(req wire.PutRequest, data string) (uint32, *hostRun) {
		id, r := h.new()
		h.send(id, wire.Put, 0, req.Encode())
		for len(data) > 0 {
			n := min(len(data), wire.Chunk)
			h.send(id, wire.Data, wire.File, []byte(data[:n]))
			data = data[n:]
		}
		return id, r
	}
	text := strings.Repeat("0123456789abcdef", 10_000)
	path := filepath.Join(dir, "a", "b", "file")
	for range 2 { // the second replaces the first
		id, r := put(wire.PutRequest{Path: path, Mode: 0o641}, text)
		h.send(id, wire.PutEnd, 0, nil)
		if s := <-r.put; s != "" {
			t.Error(s)
		}
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != text {
		t.Errorf("%v, %d bytes", err, len(b))
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode() != 0o641 {
		t.Errorf("%v, %v", err, fi)
	}
	id, r := put(wire.PutRequest{Path: path + "/below"}, text)
	h.send(id, wire.PutEnd, 0, nil)
	if s := <-r.put; s == "" {
		t.Error("a file below a file was made")
	}

	// A program has a name of its own in each run.
	program := filepath.Join(dir, "program")
	id, r = put(wire.PutRequest{Path: program, Mode: 0o755}, "#!/bin/sh\necho hello $0\n")
	h.send(id, wire.PutEnd, 0, nil)
	if s := <-r.put; s != "" {
		t.Error(s)
	}
	for i := range 2 {
		link := filepath.Join(dir, fmt.Sprint(i), "prog")
		id, r = h.new()
		h.send(id, wire.Start, 0, (&wire.StartRequest{Path: link, Args: []string{"x"}, NoInput: true, Program: program, Link: link}).Encode())
		if e := r.wait(); e.Status != 0 || r.buf[1].String() != "hello "+link+"\n" {
			t.Errorf("%+v, %q", e, r.buf[1].String())
		}
		if _, err := os.Stat(filepath.Dir(link)); err == nil {
			t.Error("the program's folder is still there")
		}
	}
	id, r = h.new()
	h.send(id, wire.Start, 0, (&wire.StartRequest{Path: "/bin/true", Args: []string{"true"}, Program: dir + "/none", Link: dir + "/new/prog"}).Encode())
	if e := r.wait(); e.Failure == "" || !e.Missing {
		t.Errorf("%+v", e)
	}
	if _, err := os.Stat(dir + "/new"); err == nil {
		t.Error("the folder of a program that was not there is there")
	}
	// A file that is given up.
	path = filepath.Join(dir, "half")
	id, _ = put(wire.PutRequest{Path: path, Mode: 0o755}, text)
	h.send(id, wire.Kill, 0, nil)
	for i := 0; ; i++ {
		if _, err := os.Stat(path); err != nil {
			break
		}
		if i == 200 {
			t.Fatal("what was given up is still there")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestTerminal(t *testing.T) {
	h := newHost(t)
	// It says by a file that it has looked at the first size, however slow the machine is.
	first := filepath.Join(t.TempDir(), "first")
	id, r := h.sh(wire.StartRequest{TTY: true, Size: 11<<16 | 22}, "stty size; : >"+first+"; read x; stty size; echo got $x; exit 5")
	for i := 0; ; i++ {
		if _, err := os.Stat(first); err == nil {
			break
		}
		if i == 1000 {
			t.Fatal("the shell does not begin")
		}
		time.Sleep(10 * time.Millisecond)
	}
	h.send(id, wire.Resize, 0, wire.Number(33<<16|44))
	h.send(id, wire.Data, wire.In, []byte("words\n"))
	if e, out := r.wait(), r.buf[1].String(); e.Status != 5 || !strings.Contains(out, "11 22\r\n") || !strings.Contains(out, "33 44\r\n") || !strings.HasSuffix(out, "got words\r\n") {
		t.Errorf("%+v, %q", e, out)
	}
	// The end of input ends a reader.
	id, r = h.sh(wire.StartRequest{TTY: true}, "cat; exit 6")
	h.send(id, wire.Close, wire.In, nil)
	if e := r.wait(); e.Status != 6 {
		t.Errorf("%+v", e)
	}
}
