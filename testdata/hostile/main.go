// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Hostile is a service of files and what could be done to it: a client sends
// 100,000 messages that are mostly wrong, over FIFOs as they come, and the service
// goes on and has lost nothing. And the other way round: the service is killed in
// the middle, and its client gets errors.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/dios"
	"strconv"
	"time"

	"dios/internal/p9"
)

const messages = 100_000

var (
	hostile = dios.Register("hostile", harm)
	windows = dios.Register("windows", harmWindows)
)

func main() {
	if len(os.Args) > 1 {
		role(os.Args[1])
		return
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("DIOS_HOSTILE_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	failed := func(what string, is any) { fmt.Println(what, is, "with DIOS_HOSTILE_SEED", seed) }

	s := &p9.Server{Root: p9.NewMem(4 << 20), Connect: p9.Connect, Window: p9.Window}
	victim(s)
	before := inUse()
	for i := range uint64(4) {
		t, err := hostile.Spawn(fmt.Sprint(seed + i))
		must(err)
		end := make(chan error)
		go func() { end <- s.Serve(&wire{ch: t.Chan}) }()
		if err := t.Wait(context.Background()); err != nil {
			failed("client:", err)
		}
		if err := <-end; err != nil {
			failed("session:", err)
		}
		must(t.Close())
	}
	t, err := windows.Spawn()
	must(err)
	must(s.Serve(&wire{ch: t.Chan}))
	must(t.Wait(context.Background()))
	must(t.Close())
	after := inUse()
	// The tree has at most its limit; a session had a buffer or two.
	if more := int64(after.HeapAlloc) - int64(before.HeapAlloc); more > 5<<20 {
		failed("memory:", more)
	}
	if n := runtime.NumGoroutine(); n > 2 {
		failed("goroutines:", n)
	}
	victim(s)

	killService()
}

// inUse returns what memory is in use, once what is not has gone.
func inUse() (m runtime.MemStats) {
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}

// A wire is a channel of messages as the bytes in them.
type wire struct {
	ch   *dios.Chan[[]byte, []byte]
	left []byte
}

func (w *wire) Read(p []byte) (int, error) {
	for len(w.left) == 0 {
		var err error
		if w.left, err = w.ch.Recv(); err != nil {
			return 0, err
		}
	}
	n := copy(p, w.left)
	w.left = w.left[n:]
	return n, nil
}

func (w *wire) Write(p []byte) (int, error) { return len(p), w.ch.Send(p) }

// victim is a client that means well. It is served what it was before.
func victim(s *p9.Server) {
	files, conn, err := dios.NewFiles()
	must(err)
	t, err := dios.Start(dios.Executable(), &dios.Attr{Args: []string{"victim"}, Files: files})
	must(err)
	must(s.Serve(conn))
	conn.Close()
	must(t.Wait(context.Background()))
	must(t.Release())
}

func role(name string) {
	switch name {
	case "victim":
		must(os.MkdirAll("/mine/own", 0o755))
		for i := range 50 {
			must(os.WriteFile(fmt.Sprint("/mine/", i), []byte("mine"), 0o644))
			b, err := os.ReadFile(fmt.Sprint("/mine/", i))
			must(err)
			if string(b) != "mine" {
				fmt.Printf("%q\n", b)
			}
		}
		must(os.RemoveAll("/mine"))
		fmt.Println("served")
	case "service":
		service()
	case "client":
		client()
	}
}

// harm is the client that means harm. It begins as is right, and then says
// what is right here and there.
func harm(ch *dios.Chan[[]byte, []byte]) {
	seed, err := strconv.ParseUint(os.Args[1], 10, 64)
	must(err)
	random := rand.New(rand.NewPCG(seed, 0))
	go func() {
		for m := range 2 + messages/4 {
			reply, err := ch.Recv()
			if err != nil {
				fmt.Println("reply", m, err)
				os.Exit(1)
			}
			if len(reply) < 7 || int(binary.LittleEndian.Uint32(reply)) != len(reply) {
				fmt.Printf("a reply %q\n", reply)
			}
		}
		os.Exit(0)
	}()
	must(ch.SendAll(context.Background(), func(yield func([]byte) bool) {
		yield(message(100, 0, 0, 1, 0, 8, 0, "9P2000.L"))
		yield(message(104, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255))
		kinds := []byte{12, 14, 16, 22, 24, 26, 40, 50, 52, 54, 70, 72, 74, 76, 98, 104, 108, 110, 116, 118, 120, 200, 202, 204, 206, 208, 210}
		for range messages / 4 {
			m := message(int(kinds[random.IntN(len(kinds))]), random.IntN(4), 0, 0, 0)
			for n := random.IntN(80); n > 0; n-- {
				switch random.IntN(4) {
				case 0:
					m = append(m, 1, 0, "abc/."[random.IntN(5)]) // a name
				case 1:
					m = append(m, byte(random.IntN(4)), 0, 0, 0)
				case 2:
					m = append(m, byte(random.IntN(4)))
				case 3:
					m = append(m, byte(random.Uint32()))
				}
			}
			binary.LittleEndian.PutUint32(m, uint32(len(m)))
			if !yield(m) {
				return
			}
		}
	}))
	time.Sleep(time.Hour)
}

// harmWindows names memory that is no window, and then takes a window away while it is used.
func harmWindows(ch *dios.Chan[[]byte, []byte]) {
	defer os.Exit(0)
	call := func(kind int, rest ...any) []byte {
		must(ch.Send(message(kind, rest...)))
		reply, err := ch.Recv()
		must(err)
		return reply
	}
	call(100, 0, 0, 1, 0, 8, 0, "9P2000.L")
	call(104, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255)
	call(14, 0, 0, 0, 0, 4, 0, "file", 2, 0, 0, 0, 0xff, 1, 0, 0, 0, 0, 0, 0)
	const window = 206
	named := func(r dios.Ref) string {
		n, err := r.SetName(0)
		must(err)
		return string(n[:])
	}
	memory := func(size int) *dios.Shared {
		s, err := dios.NewShared(size)
		must(err)
		return s
	}
	fifo, _, err := dios.NewFifo(256 << 10)
	must(err)
	readOnly, err := memory(256 << 10).Ref().Limit(fifo.Ref().Rights())
	must(err)
	for _, name := range []string{
		string(make([]byte, 32)), named(fifo.Ref()), named(memory(4096).Ref()), named(memory(512 << 10).Ref()), named(readOnly),
	} {
		if reply := call(window, name); reply[4] != 7 {
			fmt.Printf("taken for a window: %q\n", reply)
		}
	}
	s := memory(256 << 10)
	if reply := call(window, named(s.Ref())); reply[4] != window+1 {
		fmt.Printf("no window: %q\n", reply)
	}
	copy(s.Bytes()[250<<10:], "the end")
	must(s.Ref().Zombify())
	must(s.Close())
	for _, kind := range []int{210, 208} {
		if reply := call(kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0); reply[4] != byte(kind)+1 || reply[9] != 4 {
			fmt.Printf("without memory of the client's: %q\n", reply)
		}
	}
	if reply := call(116, 0, 0, 0, 0, 0, 0xe8, 3, 0, 0, 0, 0, 0, 10, 0, 0, 0); string(reply[11:]) != "the end\x00\x00\x00" {
		fmt.Printf("in the file: %q\n", reply)
	}
}

func message(kind int, rest ...any) []byte {
	m := []byte{0, 0, 0, 0, byte(kind), 0, 0}
	for _, r := range rest {
		switch r := r.(type) {
		case int:
			m = append(m, byte(r))
		case string:
			m = append(m, r...)
		}
	}
	binary.LittleEndian.PutUint32(m, uint32(len(m)))
	return m
}

// killService starts a service, which starts a client, and kills it once the
// client writes. The client gives up one end of a FIFO then, and another with its life.
func killService() {
	var ends []*dios.Reader
	a := &dios.Attr{Args: []string{"service"}}
	for range 2 {
		r, w, err := dios.NewFifo(4096)
		must(err)
		ends = append(ends, r)
		a.Refs = append(a.Refs, dios.Grant{Ref: w.Ref()})
	}
	t, err := dios.Start(dios.Executable(), a)
	must(err)
	for _, g := range a.Refs {
		must(g.Ref.Delete())
	}
	for _, r := range ends {
		if _, err := r.Next(); err != io.EOF {
			fmt.Println(err)
		}
		t.Kill()
	}
	t.Wait(context.Background())
}

func service() {
	files, conn, err := dios.NewFiles()
	must(err)
	a := &dios.Attr{Args: []string{"client"}, Files: files}
	for _, h := range dios.Refs() {
		a.Refs = append(a.Refs, dios.Grant{Ref: h.Ref})
	}
	_, err = dios.Start(dios.Executable(), a)
	must(err)
	for _, g := range a.Refs {
		must(g.Ref.Delete())
	}
	must((&p9.Server{Root: p9.NewMem(1 << 20)}).Serve(conn))
}

func client() {
	f, err := os.Create("/file")
	must(err)
	for i := range 1_000_000_000 {
		if _, err = f.WriteAt([]byte("text"), 0); err != nil {
			break
		}
		if i == 100 {
			must(dios.Refs()[0].Ref.Delete())
		}
	}
	fmt.Println("the client:", err)
	_, err = os.Stat("/")
	fmt.Println("the client:", err)
	_, err = os.Create("/file")
	fmt.Println("the client:", err)
	fmt.Println("the client:", f.Close())
	_, err = dios.ShareFiles("/", false)
	fmt.Println("the client:", err)
}

func must(err error) {
	if err != nil {
		fmt.Println("must:", err)
		os.Exit(1)
	}
}
