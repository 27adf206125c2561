// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package p9

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A peer is a client: it sends what a test says, well formed or not.
type peer struct {
	t    testing.TB
	conn net.Conn
	end  chan error // what Serve returned
}

func connect(t testing.TB, s *Server) *peer {
	ours, theirs := net.Pipe()
	p := &peer{t, ours, make(chan error, 1)}
	go func() {
		p.end <- s.Serve(theirs)
		theirs.Close()
	}()
	t.Cleanup(func() { ours.Close() })
	return p
}

// message puts a message together: numbers by their type, strings, bytes.
func message(kind uint8, fields ...any) []byte {
	e := encoder{0, 0, 0, 0, kind, 0x34, 0x12}
	for _, f := range fields {
		switch f := f.(type) {
		case int:
			e.u32(uint32(f))
		case uint16:
			e.u16(f)
		case uint32:
			e.u32(f)
		case uint64:
			e.u64(f)
		case string:
			e.str(f)
		case []byte:
			e = append(e, f...)
		default:
			panic(fmt.Sprintf("%T", f))
		}
	}
	le.PutUint32(e, uint32(len(e)))
	return e
}

// call sends a request and returns the reply's body, or the error it has.
func (p *peer) call(kind uint8, fields ...any) (*decoder, error) {
	p.t.Helper()
	p.conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := p.conn.Write(message(kind, fields...)); err != nil {
		p.t.Fatal(err)
	}
	head := make([]byte, headSize)
	if _, err := io.ReadFull(p.conn, head); err != nil {
		p.t.Fatal(err)
	}
	body := make([]byte, le.Uint32(head)-headSize)
	if _, err := io.ReadFull(p.conn, body); err != nil {
		p.t.Fatal(err)
	}
	if tag := le.Uint16(head[5:]); tag != 0x1234 {
		p.t.Fatalf("tag %#x", tag)
	}
	d := &decoder{b: body}
	switch head[4] {
	case rlerror:
		return nil, Errno(d.u32())
	case kind + 1:
		return d, nil
	}
	p.t.Fatalf("reply %d to %d", head[4], kind)
	return nil, nil
}

func (p *peer) ok(kind uint8, fields ...any) *decoder {
	p.t.Helper()
	d, err := p.call(kind, fields...)
	if err != nil {
		p.t.Fatalf("message %d %v: %v", kind, fields, err)
	}
	return d
}

func (p *peer) fails(want Errno, kind uint8, fields ...any) {
	p.t.Helper()
	if _, err := p.call(kind, fields...); err != want {
		p.t.Errorf("message %d %q: %v, want %v", kind, fields, err, want)
	}
}

// attach makes fid 0 the root.
func (p *peer) attach() *peer {
	p.t.Helper()
	p.ok(tversion, maxMsize, version)
	p.ok(tattach, 0, noFid, "", "", noFid)
	return p
}

func (p *peer) walk(from, to int, names ...string) (steps int, err error) {
	p.t.Helper()
	fields := []any{from, to, uint16(len(names))}
	for _, n := range names {
		fields = append(fields, n)
	}
	d, err := p.call(twalk, fields...)
	if err != nil {
		return 0, err
	}
	return int(d.u16()), nil
}

// create makes a file, which is open as fid.
func (p *peer) create(fid int, name, text string) {
	p.t.Helper()
	p.walk(0, fid)
	p.ok(tlcreate, fid, name, 2, 0o644, 0)
	p.ok(twrite, fid, uint64(0), len(text), []byte(text))
}

// trees are both kinds of trees, empty; the folder of the host's lies beside a
// file named secret.
func trees(t testing.TB) map[string]Node {
	dir := filepath.Join(t.TempDir(), "tree")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "../secret"), []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	host, err := OpenHost(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.Close)
	return map[string]Node{"memory": NewMem(1 << 20), "host": host}
}

func each(t *testing.T, test func(t *testing.T, root Node)) {
	for name, root := range trees(t) {
		t.Run(name, func(t *testing.T) { test(t, root) })
	}
}

func TestNoStepLeadsOut(t *testing.T) {
	each(t, func(t *testing.T, root Node) {
		p := connect(t, &Server{Root: root}).attach()
		for _, name := range []string{"..", ".", "", "/", "../secret", "/etc", "a/b", "a\x00b"} {
			p.fails(EINVAL, twalk, 0, 1, uint16(1), name)
			p.fails(EINVAL, twalk, 0, 1, uint16(2), "x", name)
			p.fails(EINVAL, tmkdir, 0, name, 0o755, 0)
			p.fails(EINVAL, tsymlink, 0, name, "x", 0)
			p.fails(EINVAL, tlcreate, 0, name, 2, 0o644, 0)
			p.fails(EINVAL, tunlinkat, 0, name, 0)
			p.fails(EINVAL, tunlinkat, 0, name, removeDir)
			p.fails(EINVAL, trenameat, 0, name, 0, "x")
			p.fails(EINVAL, tlink, 0, 0, name)
		}
		p.create(1, "file", "text")
		p.fails(EINVAL, trenameat, 0, "file", 0, "../file")
		p.fails(ENAMETOOLONG, tmkdir, 0, strings.Repeat("x", 256), 0o755, 0)
		// A link is a file like others: nothing goes through it.
		for i, to := range []string{"..", "/", "../secret", "/etc/passwd"} {
			name := fmt.Sprint("link", i)
			p.ok(tsymlink, 0, name, to, 0)
			if n, err := p.walk(0, 2, name, "secret"); n != 1 || err != nil {
				t.Errorf("walk through %s: %d steps, %v", to, n, err)
			}
			p.walk(0, 3, name)
			if got := p.ok(treadlink, 3).str(); got != to {
				t.Errorf("readlink: %q, want %q", got, to)
			}
			p.fails(ELOOP, tlopen, 3, 0)
			p.fails(ELOOP, tlopen, 3, 2|oTrunc)
			p.fails(EBADF, tread, 3, uint64(0), 10)
			p.fails(ENOTDIR, tmkdir, 3, "x", 0o755, 0)
			p.fails(ENOTDIR, tunlinkat, 3, "secret", 0)
			p.fails(ENOTDIR, trenameat, 3, "secret", 0, "stolen")
			if err := p.set(3, SetSize, 0); err == nil {
				t.Error("a link was truncated")
			}
			p.fails(EEXIST, tlcreate, 0, name, 2, 0o644, 0)
			p.ok(tclunk, 3)
		}
	})
	// What is around the host's folder is as it was; see trees.
}

func (p *peer) set(fid int, valid int, size uint64) error {
	_, err := p.call(tsetattr, fid, valid, 0o600, 0, 0, size, uint64(0), uint64(0), uint64(0), uint64(0))
	return err
}

// TestRace moves a folder away and a link in its place, while a client goes
// through it: it never reads what is outside.
func TestRace(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	for _, d := range []string{in, filepath.Join(in, "real"), out} {
		os.Mkdir(d, 0o755)
		os.WriteFile(filepath.Join(d, "file"), []byte(filepath.Base(d)), 0o644)
	}
	os.Symlink("../out", filepath.Join(in, "link"))
	os.Symlink("../out/file", filepath.Join(in, "real", "other"))
	root, err := OpenHost(in)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	stop := make(chan bool)
	swapped := make(chan bool)
	go func() {
		defer close(swapped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			os.Rename(filepath.Join(in, "real"), filepath.Join(in, "x"))
			os.Rename(filepath.Join(in, "link"), filepath.Join(in, "real"))
			os.Rename(filepath.Join(in, "real"), filepath.Join(in, "link"))
			os.Rename(filepath.Join(in, "x"), filepath.Join(in, "real"))
		}
	}()
	p := connect(t, &Server{Root: root}).attach()
	reads := 0
	for i := 0; i < 100_000 && (i < 2000 || reads == 0); i++ {
		n, err := p.walk(0, 1, "real", "file")
		if err != nil || n != 2 {
			continue
		}
		if _, err := p.call(tlopen, 1, 0); err == nil {
			d := p.ok(tread, 1, uint64(0), 100)
			if got := string(d.take(int(d.u32()))); got != "real" {
				t.Fatalf("read %q", got)
			}
			reads++
		}
		p.ok(tclunk, 1)
	}
	close(stop)
	<-swapped
	if reads == 0 {
		t.Error("nothing was read")
	}
}

func TestReadOnly(t *testing.T) {
	each(t, func(t *testing.T, root Node) {
		w := connect(t, &Server{Root: root}).attach()
		w.create(1, "file", "text")
		p := connect(t, &Server{Root: root, ReadOnly: true}).attach()
		p.walk(0, 1, "file")
		for _, flags := range []int{1, 2, 3, oTrunc, 1 | oAppend} {
			p.fails(EROFS, tlopen, 1, flags)
		}
		p.fails(EROFS, tmkdir, 0, "x", 0o755, 0)
		p.fails(EROFS, tsymlink, 0, "x", "y", 0)
		p.fails(EROFS, tlcreate, 0, "x", 2, 0o644, 0)
		p.fails(EROFS, tunlinkat, 0, "file", 0)
		p.fails(EROFS, trenameat, 0, "file", 0, "x")
		p.fails(EROFS, tlink, 0, 1, "x")
		if err := p.set(1, SetMode, 0); err != EROFS {
			t.Error(err)
		}
		p.ok(tlopen, 1, 0)
		p.fails(EROFS, twrite, 1, uint64(0), 1, []byte("x"))
		d := p.ok(tread, 1, uint64(0), 100)
		if got := string(d.take(int(d.u32()))); got != "text" {
			t.Errorf("read %q", got)
		}
	})
}

// TestSlowClient has clients that send half a message, and that do not read
// their reply: the others are served.
func TestSlowClient(t *testing.T) {
	each(t, func(t *testing.T, root Node) {
		s := &Server{Root: root}
		connect(t, s).attach().conn.Write(message(tgetattr, 0, uint64(0))[:9])
		connect(t, s).attach().conn.Write(message(tgetattr, 0, uint64(0)))
		dead := connect(t, s).attach()
		dead.create(1, "of the dead", "x")
		dead.conn.Close()
		if err := <-dead.end; err != nil {
			t.Error(err)
		}
		p := connect(t, s).attach()
		p.create(1, "file", "text")
		if n, err := p.walk(0, 2, "of the dead"); n != 1 || err != nil {
			t.Error(n, err)
		}
	})
}

func TestLimits(t *testing.T) {
	each(t, func(t *testing.T, root Node) {
		p := connect(t, &Server{Root: root})
		p.fails(EPROTO, tattach, 0, noFid, "", "", noFid) // no version yet
		p.fails(EINVAL, tversion, 100, version)
		if d := p.ok(tversion, 8192, "9P2000"); d.u32() != 8192 || d.str() != "unknown" {
			t.Error("another version was taken")
		}
		p.attach()
		for i := 1; i < maxFids; i++ {
			p.walk(0, i)
		}
		p.fails(EMFILE, twalk, 0, maxFids, uint16(0))
		p.fails(EBADF, twalk, 0, 1, uint16(0)) // not free
		p.ok(tclunk, 1)
		p.fails(EBADF, tclunk, 1)
		p.fails(EBADF, twalk, 0, noFid, uint16(0))
		p.fails(EISDIR, tlopen, 2, 2)
		p.ok(tlopen, 2, 0)
		p.fails(EINVAL, tlopen, 2, 0)
		p.fails(EISDIR, tread, 2, uint64(0), 1)
		p.ok(tfsync, 2, 0)
		p.fails(EBADF, tfsync, 3, 0)
		p.fails(ENOTDIR, treaddir, 3, uint64(0), 100) // not open
		p.fails(EPERM, tsetattr, 3, SetUID, 0, 1, 0, uint64(0), uint64(0), uint64(0), uint64(0), uint64(0))
		p.fails(ENOTSUP, 98, 0, "x")
		p.ok(tversion, maxMsize, version) // all anew
		p.fails(EBADF, tclunk, 0)
	})
	// Memory has an end, and removing gives it back.
	p := connect(t, &Server{Root: NewMem(100_000)}).attach()
	for range 100 {
		p.create(1, "file", "")
		var err error
		for off := uint64(0); err == nil && off < 1<<20; off += 10_000 {
			_, err = p.call(twrite, 1, off, 10_000, make([]byte, 10_000))
		}
		if err != ENOSPC {
			t.Fatal(err)
		}
		if err := p.set(1, SetSize, 1<<62); err != ENOSPC {
			t.Fatal(err)
		}
		p.ok(tunlinkat, 0, "file", 0)
		p.ok(tclunk, 1)
	}
}

// TestServe has a client hand on a folder, to read it or all, and the other
// client hand on less: neither gets more than that.
func TestServe(t *testing.T) {
	each(t, func(t *testing.T, root Node) {
		p := connect(t, &Server{Root: root}).attach()
		p.create(1, "file", "text")
		p.ok(tmkdir, 0, "dir", 0o755, 0)
		p.walk(0, 2, "dir")
		name := func(c byte) []byte { return bytes.Repeat([]byte{c}, nameSize) }
		p.fails(ENOTSUP, tserve, 2, 0, name('q'), name('r'), "/")

		conns := make(chan net.Conn, maxClients)
		p = connect(t, &Server{Root: root, Dir: "/dir", Connect: func(q, r [nameSize]byte) (io.ReadWriteCloser, error) {
			if !bytes.Equal(q[:], name('q')) || !bytes.Equal(r[:], name('r')) {
				return nil, io.ErrUnexpectedEOF
			}
			ours, theirs := net.Pipe()
			conns <- ours
			return theirs, nil
		}}).attach()
		served := func(p *peer, fid, flags int, dir string) *peer {
			p.ok(tserve, fid, flags, name('q'), name('r'), dir)
			conn := <-conns
			t.Cleanup(func() { conn.Close() })
			return (&peer{t: t, conn: conn}).attach()
		}
		if got := p.ok(tdir).str(); got != "/dir" {
			t.Error(got)
		}
		p.walk(0, 1, "file")
		p.walk(0, 2, "dir")
		p.fails(ENOTDIR, tserve, 1, 0, name('q'), name('r'), "/")
		p.fails(EBADF, tserve, 9, 0, name('q'), name('r'), "/")
		p.fails(EBADF, tserve, 2, 0, name('r'), name('q'), "/")
		p.fails(EINVAL, tserve, 2, 2, name('q'), name('r'), "/")
		p.fails(EINVAL, tserve, 2, 0, name('q'), name('r'), strings.Repeat("x", maxPath+1))
		all := served(p, 0, 0, "/a/b")
		if got := all.ok(tdir).str(); got != "/a/b" {
			t.Error(got)
		}
		all.ok(tmkdir, 0, "dir2", 0o755, 0)
		part := served(p, 2, 0, "")
		part.create(1, "new", "text")
		if n, err := part.walk(0, 2, "file"); err != ENOENT {
			t.Errorf("%d steps out of the part, %v", n, err)
		}
		ro := served(all, 0, serveRO, "")
		ro.walk(0, 1, "dir")
		ro.fails(EROFS, tmkdir, 1, "x", 0o755, 0)
		less := served(ro, 1, 0, "")
		less.fails(EROFS, tmkdir, 0, "x", 0o755, 0)
		if n, err := less.walk(0, 1, "new"); n != 1 || err != nil {
			t.Errorf("%d steps, %v", n, err)
		}
		// Who hands on can end, and so can who was given.
		p.conn.Close()
		<-p.end
		part.ok(tmkdir, 0, "x", 0o755, 0)
		part.conn.Close()
		less.ok(tgetattr, 1, uint64(0))
		// There are so many, and not more; also not by one who was handed it.
		n := 4
		for ; n < 2*maxClients; n++ {
			if _, err := less.call(tserve, 0, 0, name('q'), name('r'), ""); err != nil {
				break
			}
			conn := <-conns
			defer conn.Close()
		}
		if n != maxClients && n != maxClients+1 { // part may be there still
			t.Errorf("%d clients", n)
		}
	})
}

// TestLocks compares locks on parts of a file with a model that has one owner a
// byte for writing, and a set of them for reading.
func TestLocks(t *testing.T) {
	const size = 12
	s := &Server{Root: NewMem(1 << 20)}
	random := rand.New(rand.NewPCG(1, 2))
	type who struct{ peer, id int }
	model := make([]map[who]uint8, size)
	for i := range model {
		model[i] = make(map[who]uint8)
	}
	var peers []*peer
	for range 2 {
		p := connect(t, s).attach()
		p.walk(0, 1)
		if len(peers) == 0 {
			p.ok(tlcreate, 1, "file", 2, 0o644, 0)
		} else {
			p.walk(0, 2, "file")
			p.ok(tlopen, 2, 2)
		}
		peers = append(peers, p)
	}
	for range 20_000 {
		w := who{random.IntN(2), random.IntN(3)}
		p, fid := peers[w.peer], w.peer+1
		start, n := random.IntN(size), 1+random.IntN(size)
		end := min(start+n, size)
		n = end - start
		if end == size {
			n = 0 // to the end of the file
		}
		kind := uint8(random.IntN(3))
		free := true
		for _, owners := range model[start:end] {
			for o, k := range owners {
				free = free && (o == w || kind == lockNone || kind == lockRead && k == lockRead)
			}
		}
		if random.IntN(4) == 0 {
			d := p.ok(tgetlock, fid, []byte{kind}, uint64(start), uint64(n), w.id, "")
			if got := d.take(1)[0]; (got == lockNone) != (free || kind == lockNone) {
				t.Fatalf("getlock %d of %d to %d by %v: %d, model %v", kind, start, end, w, got, model)
			}
			continue
		}
		if random.IntN(20) == 0 { // the second opens it anew
			p, fid, w = peers[1], 2, who{1, 0}
			p.ok(tclunk, fid)
			p.walk(0, fid, "file")
			p.ok(tlopen, fid, 2)
			for i := range model {
				delete(model[i], who{1, 0})
				delete(model[i], who{1, 2}) // which goes with the fid
			}
			continue
		}
		d := p.ok(tlock, fid, []byte{kind}, 0, uint64(start), uint64(n), w.id, "")
		if got := d.take(1)[0]; (got == lockOK) != free {
			t.Fatalf("lock %d of %d to %d by %v: %d, model %v", kind, start, end, w, got, model)
		}
		if free {
			for i := start; i < end; i++ {
				delete(model[i], w)
				if kind != lockNone {
					model[i][w] = kind
				}
			}
		}
	}
	p := peers[0]
	p.fails(EBADF, tlock, 0, []byte{lockRead}, 0, uint64(0), uint64(0), 0, "") // not open
	p.fails(EINVAL, tlock, 1, []byte{lockNone + 1}, 0, uint64(0), uint64(0), 0, "")
	p.fails(EINVAL, tlock, 1, []byte{lockRead}, 2, uint64(0), uint64(0), 0, "")
	p.fails(EINVAL, tlock, 1, []byte{lockRead}, 0, uint64(1<<63), uint64(0), 0, "")
	p.fails(EINVAL, tlock, 1, []byte{lockRead}, 0, uint64(1<<62), uint64(1<<62), 0, "")
	for _, p := range peers {
		p.conn.Close()
		<-p.end
	}
	if len(s.locks.files) != 0 {
		t.Error("locks are left:", s.locks.files)
	}
	// There are so many, and not more.
	p = connect(t, s).attach()
	p.walk(0, 1, "file")
	p.ok(tlopen, 1, 2)
	for i := range maxLocks {
		p.ok(tlock, 1, []byte{lockRead}, 0, uint64(2*i), uint64(1), 0, "")
	}
	p.fails(ENOLCK, tlock, 1, []byte{lockRead}, 0, uint64(2*maxLocks), uint64(1), 0, "")
	p.ok(tlock, 1, []byte{lockNone}, 0, uint64(0), uint64(0), 0, "")
	p.ok(tlock, 1, []byte{lockRead}, 0, uint64(2*maxLocks), uint64(1), 0, "")
}

// testMemory is memory that no client maps, so a test looks at it.
type testMemory struct {
	b      []byte
	name   [nameSize]byte
	closed bool
}

var testMemories = make(map[[nameSize]byte]*testMemory)

func init() {
	newMemory = func(n int) (Memory, error) { return &testMemory{b: make([]byte, n)}, nil }
}

func (m *testMemory) Bytes() []byte { return m.b }
func (m *testMemory) Close() error {
	m.closed = true
	return nil
}

func (m *testMemory) Name() ([nameSize]byte, error) {
	if m.name == [nameSize]byte{} {
		le.PutUint64(m.name[:], uint64(len(testMemories)+1))
		testMemories[m.name] = m
	}
	return m.name, nil
}

// TestMap looks at a file's memory as a client does: its size, its bytes, and
// whether they have gone elsewhere.
func TestMap(t *testing.T) {
	const limit = 1 << 20
	root := NewMem(limit)
	p := connect(t, &Server{Root: root}).attach()
	p.create(1, "file", "text")
	p.fails(ENOTSUP, tmap, 1) // too small
	p.fails(EBADF, tmap, 0)
	grow := func(size int) {
		t.Helper()
		for off := 0; off < size; off += 50_000 {
			n := min(50_000, size-off)
			p.ok(twrite, 1, uint64(off), n, bytes.Repeat([]byte{'x'}, n))
		}
	}
	memory := func() *testMemory {
		t.Helper()
		d := p.ok(tmap, 1)
		m := testMemories[[nameSize]byte(d.take(nameSize))]
		if n := d.u64(); int(n) != len(m.b) {
			t.Errorf("memory of %d bytes, want %d", n, len(m.b))
		}
		return m
	}
	check := func(m *testMemory, size, moved int) {
		t.Helper()
		if got := le.Uint64(m.b[8:]); int(got) != moved {
			t.Fatalf("moved: %d, want %d", got, moved)
		}
		if got := le.Uint64(m.b); moved == 0 && int(got) != size {
			t.Errorf("size %d, want %d", got, size)
		}
		if moved == 0 && bytes.Count(m.b[sharedHead:], []byte{'x'}) != size {
			t.Error("not the bytes, or more")
		}
	}
	grow(100_000)
	m := memory()
	check(m, 100_000, 0)
	grow(900_000)
	check(m, 900_000, 0) // there was room
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(p.set(1, SetSize, 70_000))
	check(m, 70_000, 0)
	if err := p.set(1, SetSize, limit); err != ENOSPC { // it has less left than that
		t.Error(err)
	}
	must(p.set(1, SetSize, 0))
	check(m, 0, 1)
	p.fails(ENOTSUP, tmap, 1)
	grow(500_000)
	if memory() == m {
		t.Error("the same memory again")
	}
	p.ok(tclunk, 1)
	p.walk(0, 1, "file")
	p.fails(EBADF, tmap, 1) // not open
	p.ok(tlopen, 1, 1)
	p.fails(EBADF, tmap, 1) // to write only
	p.ok(tunlinkat, 0, "file", 0)
	p.ok(tclunk, 1)
	if left := root.(*memNode).tree.left; left != limit-memEntry {
		t.Errorf("%d bytes left", left)
	}
}

// TestWindow reads and writes through memory of the client's.
func TestWindow(t *testing.T) {
	each(t, func(t *testing.T, root Node) {
		var memory *testMemory
		s := &Server{Root: root, Window: func(name [nameSize]byte) (Memory, error) {
			if name[0] == 0 {
				return nil, io.ErrUnexpectedEOF
			}
			memory = &testMemory{b: make([]byte, int(name[0])<<16)}
			return memory, nil
		}}
		name := func(c byte) []byte { return append([]byte{c}, make([]byte, nameSize-1)...) }

		none := connect(t, &Server{Root: root}).attach()
		none.fails(ENOTSUP, twindow, name(4))
		p := connect(t, s).attach()
		p.create(1, "file", "0123456789")
		p.fails(EINVAL, twritew, 1, uint64(0), 1)
		p.fails(EINVAL, treadw, 1, uint64(0), 1)
		p.fails(EBADF, twindow, name(0))
		for _, size := range []byte{1, 8} {
			p.fails(EINVAL, twindow, name(size))
			if !memory.closed {
				t.Errorf("a window of %d bytes is kept", len(memory.b))
			}
		}
		p.fails(EPROTO, twindow, name(4)[1:])
		p.ok(twindow, name(4))
		p.fails(EEXIST, twindow, name(4))
		w := memory

		count := func(kind uint8, fid int, off uint64, n int) int {
			t.Helper()
			return int(p.ok(kind, fid, off, n).u32())
		}
		// What was written is what the other client reads, in messages, as far as there is some.
		for i := range w.b {
			w.b[i] = byte(i % 251)
		}
		const at = 100_000 // a hole before it
		if n := count(twritew, 1, at, windowSize); n != windowSize {
			t.Fatalf("wrote %d bytes", n)
		}
		clear(w.b)
		if n := count(treadw, 1, at, windowSize); n != windowSize || w.b[250] != 250 || w.b[windowSize-1] != byte((windowSize-1)%251) {
			t.Errorf("read %d bytes", n)
		}
		none.walk(0, 1, "file")
		none.ok(tlopen, 1, 0)
		for off := 0; ; {
			d := none.ok(tread, 1, uint64(off), 50_000)
			b := d.take(int(d.u32()))
			for i, c := range b {
				want := byte(0)
				if at := off + i - at; at >= 0 {
					want = byte(at % 251)
				} else if off+i < 10 {
					want = "0123456789"[off+i]
				}
				if c != want {
					t.Fatalf("byte %d is %d, want %d", off+i, c, want)
				}
			}
			if off += len(b); len(b) == 0 {
				if off != at+windowSize {
					t.Errorf("%d bytes", off)
				}
				break
			}
		}
		clear(w.b)
		w.b[10], w.b[windowSize-1] = 'x', 'x'
		if n := count(treadw, 1, at+windowSize-10, windowSize); n != 10 || w.b[9] != byte((windowSize-1)%251) || w.b[10] != 'x' {
			t.Errorf("read %d bytes at the end, then %q", n, w.b[10])
		}
		if n := count(treadw, 1, 1<<40, windowSize); n != 0 {
			t.Errorf("read %d bytes after the end", n)
		}
		if n := count(treadw, 1, 0, 20); n != 20 || string(w.b[:10]) != "0123456789" || w.b[10] != 0 || w.b[windowSize-1] != 'x' {
			t.Errorf("read %d bytes, %q", n, w.b[:20])
		}
		// Who appends does not choose where.
		p.walk(0, 2, "file")
		p.ok(tlopen, 2, 1|oAppend)
		copy(w.b, "the end")
		count(twritew, 2, 0, 7)
		if n := count(treadw, 1, at+windowSize, 100); n != 7 || string(w.b[:7]) != "the end" {
			t.Errorf("appended: %d, %q", n, w.b[:7])
		}

		p.fails(EINVAL, twritew, 1, uint64(0), windowSize+1)
		p.fails(EINVAL, treadw, 1, uint64(0), -1)
		p.fails(EINVAL, twritew, 1, uint64(1<<63), 1)
		p.fails(EINVAL, treadw, 1, uint64(1<<63), 1)
		p.fails(EPROTO, twritew, 1, uint64(0))
		p.fails(EBADF, treadw, 2, uint64(0), 1) // to write only
		p.walk(0, 3, "file")
		p.fails(EBADF, twritew, 3, uint64(0), 1) // not open
		p.ok(tlopen, 3, 0)
		p.fails(EBADF, twritew, 3, uint64(0), 1) // to read only
		p.fails(EBADF, twritew, 9, uint64(0), 1)
		p.walk(0, 4)
		p.ok(tlopen, 4, oDir)
		p.fails(EISDIR, treadw, 4, uint64(0), 1)
		if _, ok := root.(*memNode); ok {
			p.fails(ENOSPC, twritew, 1, uint64(1<<20), windowSize) // all of the tree's
			a, err := p.call(tgetattr, 1, uint64(0))
			if err != nil {
				t.Fatal(err)
			}
			if a.take(8 + qidSize + 4 + 4 + 4 + 8 + 8); a.u64() != at+windowSize+7 {
				t.Error("what did not fit has changed the size")
			}
		}

		// Who only reads, does so.
		ro := connect(t, &Server{Root: root, ReadOnly: true, Window: s.Window}).attach()
		ro.ok(twindow, name(4))
		roMemory := memory
		ro.walk(0, 1, "file")
		ro.ok(tlopen, 1, 0)
		ro.fails(EROFS, twritew, 1, uint64(0), 1)
		if n := ro.ok(treadw, 1, uint64(5), 5).u32(); n != 5 || string(roMemory.b[:5]) != "56789" {
			t.Errorf("read only: %d, %q", n, roMemory.b[:5])
		}

		// A window is one session's.
		p.ok(tversion, maxMsize, version)
		if !w.closed {
			t.Error("a new session, and the window is there")
		}
		p.attach()
		p.ok(twindow, name(4))
		p.conn.Close()
		<-p.end
		if !memory.closed || roMemory.closed {
			t.Errorf("of who ended closed: %v, of the other: %v", memory.closed, roMemory.closed)
		}
	})
}

// TestDirectory reads one in messages that hold a few entries.
func TestDirectory(t *testing.T) {
	each(t, func(t *testing.T, root Node) {
		p := connect(t, &Server{Root: root}).attach()
		for i := range 50 {
			p.ok(tmkdir, 0, fmt.Sprint("dir", i), 0o755, 0)
		}
		p.walk(0, 1)
		p.ok(tlopen, 1, oDir)
		p.fails(EINVAL, treaddir, 1, uint64(0), 20)
		seen := make(map[string]bool)
		for off := uint64(0); ; {
			d := p.ok(treaddir, 1, off, 100)
			if n := d.u32(); int(n) != len(d.b) || n > 100 {
				t.Fatal(n, len(d.b))
			}
			if len(d.b) == 0 {
				break
			}
			for len(d.b) > 0 {
				if d.take(qidSize)[0] != qidDir {
					t.Error("not a folder")
				}
				off = d.u64()
				d.take(1)
				seen[d.str()] = true
			}
		}
		if len(seen) != 50 {
			t.Error(len(seen), "entries")
		}
		p.fails(EINVAL, trenameat, 0, "dir0", 0, "..")
	})
}

// session is what a client could say that knows the protocol.
var session = [][]byte{
	message(tversion, maxMsize, version),
	message(tattach, 0, noFid, "", "", noFid),
	message(tmkdir, 0, "dir", 0o755, 0),
	message(twalk, 0, 1, uint16(1), "dir"),
	message(tlcreate, 1, "file", 2, 0o644, 0),
	message(twrite, 1, uint64(3), 4, []byte("text")),
	message(tread, 1, uint64(0), 100),
	message(tgetattr, 1, uint64(0x7ff)),
	message(tsetattr, 1, 0x1ff&^(SetUID|SetGID), 0o600, 0, 0, uint64(2), uint64(1), uint64(2), uint64(3), uint64(4)),
	message(tfsync, 1, 0),
	message(tlock, 1, []byte{lockWrite}, 0, uint64(5), uint64(7), 1, ""),
	message(tgetlock, 1, []byte{lockRead}, uint64(5), uint64(0), 0, ""),
	message(tsymlink, 0, "link", "dir/file", 0),
	message(twalk, 0, 2, uint16(1), "link"),
	message(treadlink, 2),
	message(tlink, 0, 1, "hard"),
	message(trenameat, 0, "hard", 0, "dir2"),
	message(twalk, 0, 3, uint16(0)),
	message(tlopen, 3, 0),
	message(treaddir, 3, uint64(0), 1000),
	message(tunlinkat, 0, "dir2", 0),
	message(tflush, uint16(1)),
	message(tclunk, 1),
	message(tdir),
	message(tmap, 1),
	message(tserve, 0, serveRO, make([]byte, 2*nameSize), "/"),
	message(twindow, make([]byte, nameSize)),
	message(twritew, 1, uint64(3), 100_000),
	message(treadw, 1, uint64(3), 100_000),
}

// hostileWindow is a Window for who says that, which tells how many are open.
func hostileWindow(open *int) func([nameSize]byte) (Memory, error) {
	return func(name [nameSize]byte) (Memory, error) {
		if name[0] > 200 {
			return nil, EBADF
		}
		*open++
		return countedMemory{&testMemory{b: make([]byte, windowSize-int(name[1])%2)}, open}, nil
	}
}

type countedMemory struct {
	*testMemory
	open *int
}

func (m countedMemory) Close() error {
	*m.open--
	return nil
}

// serve has a client send that, and returns what it was answered. Nothing may be
// left open, and what is free is what nobody has.
func (root *memNode) serve(t testing.TB, limit int64, s *Server, b []byte) []byte {
	var out bytes.Buffer
	err := s.Serve(struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(b), &out})
	if e := Errno(0); errors.As(err, &e) {
		t.Errorf("an error of a request ended the session: %v", err)
	}
	left := root.tree.left
	var count func(n *memNode)
	seen := make(map[*memNode]bool)
	count = func(n *memNode) {
		if seen[n] {
			return
		}
		seen[n] = true
		if n.opens != 0 {
			t.Errorf("%d opens left", n.opens)
		}
		left += memEntry + n.cost()
		for _, to := range n.names {
			count(to)
		}
	}
	count(root)
	if left != limit {
		t.Errorf("%d bytes lost", limit-left)
	}
	if n := len(s.locks.files); n != 0 {
		t.Errorf("locks of %d files left", n)
	}
	return out.Bytes()
}

// FuzzServe is a client that means harm: whatever it sends, the service ends
// the session or goes on, and another is served the tree, which is a tree.
func FuzzServe(f *testing.F) {
	session := bytes.Join(session, nil)
	f.Add(session)
	for i := range session {
		if i%7 == 0 {
			f.Add(session[:i])
			bad := bytes.Clone(session)
			bad[i] ^= 0x80
			f.Add(bad)
		}
	}
	f.Add(message(tversion, uint32(1<<31), strings.Repeat("9", 60000)))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, tversion, 0, 0})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		root := NewMem(1 << 20).(*memNode)
		// Each reply is a message.
		windows := 0
		r := root.serve(t, 1<<20, &Server{Root: root, Window: hostileWindow(&windows)}, b)
		if windows != 0 {
			t.Errorf("%d windows left", windows)
		}
		for len(r) > 0 {
			n := 0
			if len(r) >= headSize {
				n = int(le.Uint32(r))
			}
			if n < headSize || n > len(r) {
				t.Fatalf("a reply of %d bytes of %d", n, len(r))
			}
			r = r[n:]
		}
	})
}

// TestHostile has clients send 100,000 messages, most of which are wrong
// somewhere: one server and its tree take them all, and lose nothing.
// DIOS_HOSTILE_SEED repeats a run.
func TestHostile(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("DIOS_HOSTILE_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Log("DIOS_HOSTILE_SEED:", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	const limit = 1 << 22
	root := NewMem(limit).(*memNode)
	windows := 0
	s := &Server{Root: root, Window: hostileWindow(&windows)}
	goroutines := runtime.NumGoroutine()
	good := 0
	for range 500 {
		said := bytes.Join(session[:2], nil)
		for range 200 {
			m := bytes.Clone(session[2+random.IntN(len(session)-2)])
			for range random.IntN(4) {
				m[headSize+random.IntN(len(m)-headSize+1)-1] = byte(random.Uint32())
			}
			switch random.IntN(8) {
			case 0:
				m[4] = byte(random.Uint32())
			case 1: // cut, and it says so
				m = m[:headSize+random.IntN(len(m)-headSize+1)]
			case 2:
				for range random.IntN(100) {
					m = append(m, byte(random.Uint32()))
				}
			}
			le.PutUint32(m, uint32(len(m)))
			said = append(said, m...)
		}
		for r := root.serve(t, limit, s, said); len(r) > 0; r = r[le.Uint32(r):] {
			if r[4] != rlerror {
				good++
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	if windows != 0 {
		t.Errorf("%d windows left", windows)
	}
	t.Log(good, "messages were right all the same")
	if good < 5_000 || good > 90_000 {
		t.Error("that shows nothing")
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, and %d before", n, goroutines)
	}
}
