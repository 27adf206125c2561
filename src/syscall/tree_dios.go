// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import (
	"internal/byteorder"
	"internal/runtime/syscall/dios"
	"sync"
	"sync/atomic"
	"unsafe"
)

// The client of a file service: 9P2000.L over the two FIFOs that the task was
// started with, if it was. See docs/design/files.md of DIOS.
//
// There is one request at a time. Who waits for the reply, or for his turn, is
// a goroutine; the task goes on.
//
// Links are followed here, as the protocol has it, so the service never sees
// a path: it sees steps, each a name that is no "..".

const (
	rlerror   = 7
	tlopen    = 12
	tlcreate  = 14
	tsymlink  = 16
	treadlink = 22
	tgetattr  = 24
	tsetattr  = 26
	treaddir  = 40
	tfsync    = 50
	tlock     = 52
	tgetlock  = 54
	tlink     = 70
	tmkdir    = 72
	trenameat = 74
	tunlinkat = 76
	tversion  = 100
	tattach   = 104
	twalk     = 110
	tread     = 116
	twrite    = 118
	tclunk    = 120
	tserve    = 200 // of ours: serve another task too
	tdir      = 202 // of ours: the working directory at first
	tmap      = 204 // of ours: memory that a file is in
	twindow   = 206 // of ours: memory for the bytes of the two that follow
	treadw    = 208
	twritew   = 210
	serveRO   = 1

	treeVersion = "9P2000.L"
	treeMsize   = 64 << 10
	treeHead    = 7  // size, kind, tag
	treeIO      = 16 // what a write has before the bytes, rounded up; a read has less
	treeWalk    = 16 // names in a message
	treeRing    = 128 << 10
	treeCopy    = 1 << 20 // bytes that a read copies at once: nothing interrupts that
	treeWindow  = 256 << 10
	treeSmall   = 4 << 10 // what is shorter is in the messages
	treeOwed    = 100     // replies that nobody waits for
	treeLinks   = 40      // that a path leads over, as on Linux

	qidDir  = 0x80
	qidLink = 0x02

	setMode    = 0x1
	setUid     = 0x2
	setGid     = 0x4
	setSize    = 0x8
	setAtime   = 0x10 | 0x80
	setMtime   = 0x20 | 0x100
	utimeOmit  = 1<<30 - 2
	atFdcwd    = -0x64
	atNofollow = 0x100
	atRemove   = 0x200
)

// A tree is the connection to a service.
type tree struct {
	mu   sync.Mutex // held from begin to done
	r, w treeEnd
	dead Errno  // why there is no service any more
	last uint32 // the last fid; 0 is the root
	buf  []byte // the request, and then the reply
	pos  int    // read of the reply
	bad  bool   // the reply was too short
	owed int    // replies to clunk that nobody has read yet

	window []byte // memory that the service has too; nil: none
	moved  int    // bytes that were read or written in messages; -1: no need to ask for a window

	cwd struct {
		sync.Mutex
		path []string
	}
}

var theTree struct {
	sync.Mutex
	begun bool
	*tree
	err Errno
}

var umask = struct {
	sync.Mutex
	mask uint32
}{mask: 022}

// Umask says which bits new files and directories do not get.
func Umask(mask int) int {
	umask.Lock()
	defer umask.Unlock()
	old := umask.mask
	umask.mask = uint32(mask) & 0777
	return int(old)
}

func masked(perm uint32) uint32 {
	umask.Lock()
	defer umask.Unlock()
	return perm & 07777 &^ umask.mask
}

// getTree returns the service, which it asks for its name at first.
func getTree() (*tree, Errno) {
	t := &theTree
	t.Lock()
	defer t.Unlock()
	if !t.begun {
		s := diosStart()
		n := int(s.Nrefs)
		if s.Files != 2 || n < 2 || n > len(s.Refs) {
			return nil, enofiles
		}
		t.begun = true
		t.tree, t.err = newTree(s.Refs[n-2].Ref, s.Refs[n-1].Ref)
	}
	return t.tree, t.err
}

// mountFiles makes the two FIFOs lead to the service, if there is none yet.
//
//go:linkname mountFiles
func mountFiles(r, w uint64) error {
	t := &theTree
	t.Lock()
	defer t.Unlock()
	if t.begun || diosStart().Files != 0 {
		return EBUSY
	}
	c, e := newTree(r, w)
	if e != 0 {
		c.r.close()
		c.w.close()
		return e
	}
	t.begun = true
	t.tree = c
	return nil
}

func newTree(r, w uint64) (*tree, Errno) {
	c := &tree{
		r:   treeEnd{ref: r, mode: 'r'},
		w:   treeEnd{ref: w, mode: 'w'},
		buf: make([]byte, treeMsize),
	}
	c.begin(tversion)
	c.put32(treeMsize)
	c.putString(treeVersion)
	e := c.call()
	if msize, v := c.get32(), c.getString(); e == 0 && (msize != treeMsize || v != treeVersion) {
		e = EPROTO
	}
	c.done()
	if e == 0 {
		c.begin(tattach)
		c.put32(0)
		c.put32(^uint32(0))
		c.putString("")
		c.putString("")
		c.put32(^uint32(0))
		e = c.end()
	}
	if e == 0 {
		// A service of others does not know the question.
		c.begin(tdir)
		if c.call() == 0 {
			c.cwd.path = split(c.getString())
		}
		e = c.done()
	}
	return c, e
}

// share asks the service for files for another task: those below a folder, with
// a working directory as seen from there.
func (c *tree) share(dir uint32, flags uint32, cwd string) (r, w uint64, e Errno) {
	var refs [4]uint64 // requests and replies, a reader and a writer of each
	var names [2][dios.NAME_SIZE]byte
	defer func() {
		for i, ref := range refs {
			if ref != 0 && (e != 0 || i == 0 || i == 3) {
				deleteRef(ref)
			}
		}
	}()
	for i := range names {
		if refs[2*i], refs[2*i+1], e = makeFIFO(treeRing); e != 0 {
			return 0, 0, e
		}
		// The service's end. Nobody else is told the name.
		if e = setName(dios.T_FIFO, &refs[3*i], &names[i]); e != 0 {
			return 0, 0, e
		}
	}
	c.begin(tserve)
	c.put32(dir)
	c.put32(flags)
	c.buf = append(c.buf, names[0][:]...)
	c.buf = append(c.buf, names[1][:]...)
	c.putString(cwd)
	return refs[2], refs[1], c.end()
}

// setName gives an object a name, by which it is found with the rights of the reference.
func setName(kind uintptr, ref *uint64, name *[dios.NAME_SIZE]byte) Errno {
	r := dios.Syscall6(dios.SYS_CREATE, dios.CREATE_NAME, kind, 0, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(ref)), 0)
	if r < 0 {
		return fromDIOS(int(-r))
	}
	return 0
}

// cwdBelow returns the working directory as seen from a folder; "" if it is not below.
func (c *tree) cwdBelow(dir []string) string {
	c.cwd.Lock()
	defer c.cwd.Unlock()
	if len(c.cwd.path) < len(dir) {
		return ""
	}
	for i, s := range dir {
		if c.cwd.path[i] != s {
			return ""
		}
	}
	return absolute(c.cwd.path[len(dir):])
}

// absolute returns the path of steps from the root.
func absolute(names []string) (path string) {
	for _, s := range names {
		path += "/" + s
	}
	if path == "" {
		path = "/"
	}
	return path
}

// shareFiles is for package runtime/dios.
//
//go:linkname shareFiles
func shareFiles(dir string, readOnly bool) (r, w uint64, err error) {
	c, at, e := atPlace(atFdcwd, dir)
	if e != 0 {
		return 0, 0, e
	}
	f, e := c.find(at, dir, true)
	if e != 0 {
		return 0, 0, e
	}
	defer c.clunk(f.fid)
	flags := uint32(0)
	if readOnly {
		flags = serveRO
	}
	r, w, e = c.share(f.fid, flags, c.cwdBelow(f.path))
	return r, w, orNil(e)
}

// childFiles returns files for a child, all that this task has, with a working
// directory: "" is this task's. Without a service there are none, and no
// directory; nor where the service hands none on.
func childFiles(dir string) (refs []dios.Grant, e Errno) {
	c, e := getTree()
	if e == enofiles && dir == "" {
		return nil, 0
	}
	if e != 0 {
		return nil, e
	}
	cwd := c.cwdBelow(nil)
	if dir != "" {
		_, at, e := atPlace(atFdcwd, dir)
		if e != 0 {
			return nil, e
		}
		f, e := c.find(at, dir, true)
		if e != 0 {
			return nil, e
		}
		c.clunk(f.fid)
		if f.qid&qidDir == 0 {
			return nil, ENOTDIR
		}
		cwd = absolute(f.path)
	}
	r, w, e := c.share(0, 0, cwd)
	if e == EOPNOTSUPP && dir == "" {
		return nil, 0
	}
	if e != 0 {
		return nil, e
	}
	return []dios.Grant{{Ref: r, Rights: dios.R_READ}, {Ref: w, Rights: dios.R_WRITE}}, 0
}

// begin begins a request. What follows belongs to it, up to done.
func (c *tree) begin(kind uint8) {
	c.mu.Lock()
	c.w.now()
	c.start(kind)
}

func (c *tree) start(kind uint8) {
	c.buf = append(c.buf[:0], 0, 0, 0, 0, kind, 0, 0)
	c.pos = 0
	c.bad = false
}

// also ends the request and begins another, which is sent with it. The service
// answers in the same order. Each is a record of its own: whoever carries them need not look for more.
func (c *tree) also(kind uint8) {
	c.send()
	c.start(kind)
}

func (c *tree) put8(v uint8)   { c.buf = append(c.buf, v) }
func (c *tree) put16(v uint16) { c.buf = byteorder.LEAppendUint16(c.buf, v) }
func (c *tree) put32(v uint32) { c.buf = byteorder.LEAppendUint32(c.buf, v) }
func (c *tree) put64(v uint64) { c.buf = byteorder.LEAppendUint64(c.buf, v) }

func (c *tree) putString(s string) {
	c.put16(uint16(len(s)))
	c.buf = append(c.buf, s...)
}

// get returns the next bytes of the reply. What is missing is zero.
func (c *tree) get(n int) []byte {
	if n > len(c.buf)-c.pos {
		c.bad = true
		c.pos = len(c.buf)
		return make([]byte, n)
	}
	c.pos += n
	return c.buf[c.pos-n : c.pos]
}

func (c *tree) get8() uint8       { return c.get(1)[0] }
func (c *tree) get16() uint16     { return byteorder.LEUint16(c.get(2)) }
func (c *tree) get32() uint32     { return byteorder.LEUint32(c.get(4)) }
func (c *tree) get64() uint64     { return byteorder.LEUint64(c.get(8)) }
func (c *tree) getString() string { return string(c.get(int(c.get16()))) }

func (c *tree) getTime() Timespec { return Timespec{int64(c.get64()), int64(c.get64())} }

// call sends the request and waits for the reply, which is in c.buf then.
func (c *tree) call() Errno {
	kind := c.buf[4]
	c.send()
	return c.recv(kind)
}

// send ends the request, which recv sends. That it could not, recv says.
func (c *tree) send() {
	byteorder.LEPutUint32(c.buf, uint32(len(c.buf)))
	if c.dead == 0 && c.w.write(c.buf) != 0 {
		c.dead = EIO // the service has gone
	}
}

// publish sends the requests that have ended.
func (c *tree) publish() {
	if c.dead == 0 && c.w.publish() != 0 {
		c.dead = EIO
	}
}

// recv sends the requests and waits for the reply to the first that has none, which is
// in c.buf then.
func (c *tree) recv(kind uint8) Errno {
	c.publish()
	for c.owed > 0 && c.dead == 0 {
		c.owed--
		c.reply(tclunk)
	}
	return c.reply(kind)
}

func (c *tree) reply(kind uint8) Errno {
	c.pos = treeHead
	if c.dead == 0 {
		c.dead = c.next()
	}
	if c.dead == 0 && c.buf[4] != kind+1 && c.buf[4] != rlerror {
		c.dead = EPROTO
	}
	if c.dead != 0 {
		// There is no telling what comes next.
		c.buf = c.buf[:treeHead]
		return c.dead
	}
	if c.buf[4] != rlerror {
		return 0
	}
	e := Errno(c.get32())
	if e == 0 || e >= enofiles {
		e = EIO
	}
	return e
}

// next reads the next message.
func (c *tree) next() Errno {
	c.buf = c.buf[:treeHead]
	for n := 0; n < len(c.buf); {
		m, e := c.r.read(c.buf[n:])
		if e != 0 {
			return EIO
		}
		if n += m; n == treeHead {
			size := int(byteorder.LEUint32(c.buf))
			if size < treeHead || size > treeMsize {
				return EPROTO
			}
			c.buf = c.buf[:size]
		}
	}
	return 0
}

// done ends a request and what was done with its reply.
func (c *tree) done() Errno {
	bad := c.bad
	c.w.publishLater()
	c.mu.Unlock()
	if bad {
		return EPROTO
	}
	return 0
}

// end is call and done, for a request whose reply says nothing more.
func (c *tree) end() Errno {
	e := c.call()
	c.done()
	return e
}

// clunk gives a fid up. It does not wait: it is sent with the next request, or when the task
// waits for something or has run for some milliseconds. Who reads the next reply reads this
// one before.
func (c *tree) clunk(fid uint32) {
	if fid == 0 {
		return
	}
	c.begin(tclunk)
	c.put32(fid)
	c.send()
	if c.owed++; c.owed == treeOwed {
		c.publish()
		for c.owed > 0 && c.dead == 0 {
			c.owed--
			c.reply(tclunk)
		}
	}
	c.done()
}

// A place is where a path that is not absolute begins.
type place struct {
	fid  uint32
	path []string // how it was reached from the root
}

// split returns the steps of a path.
func split(path string) (names []string) {
	for i := 0; i < len(path); {
		j := i
		for j < len(path) && path[j] != '/' {
			j++
		}
		if s := path[i:j]; s != "" && s != "." {
			names = append(names, s)
		}
		i = j + 1
	}
	return names
}

// asDir reports whether what a path leads to must be a directory: its last step is
// one that only a directory has.
func asDir(path string) bool {
	n := len(path)
	return path[n-1] == '/' || path[n-1] == '.' && (n == 1 || path[n-2] == '/')
}

// join returns a new list.
func join(a, b []string) []string { return append(a[:len(a):len(a)], b...) }

// A found is what a path leads to. It is the caller's, who clunks fid.
type found struct {
	fid  uint32
	qid  uint8 // its type
	path []string
}

// find follows a path, and the last step too, if it is a link and follow.
func (c *tree) find(at place, path string, follow bool) (found, Errno) {
	if asDir(path) {
		follow = true
	}
	return c.follow(at, path, split(path), follow)
}

func (c *tree) follow(at place, path string, names []string, follow bool) (f found, e Errno) {
	dir := asDir(path) || names == nil
	if path[0] == '/' {
		at = place{}
	} else if at.fid == 0 {
		names = join(at.path, names)
		at.path = nil
	}
	for links := 0; ; {
		// Up to the first step back.
		n := 0
		for n < len(names) && names[n] != ".." {
			n++
		}
		if n == 0 && n < len(names) {
			if at.fid == 0 {
				names = names[1:] // the root is its own parent
			} else {
				names = join(at.path, names)
				at = place{}
			}
			continue
		}
		last := n == len(names)
		got, qid, walked, e := c.walk(at.fid, names[:n])
		if e != 0 {
			return found{}, e
		}
		if qid&qidLink != 0 && (walked < n || !last || follow) {
			target, e := c.readlink(got)
			c.clunk(got)
			if links++; e == 0 && links > treeLinks {
				e = ELOOP
			}
			if e == 0 && target == "" {
				e = ENOENT
			}
			if e != 0 {
				return found{}, e
			}
			rest := names[walked:]
			if len(rest) == 0 && asDir(target) {
				dir = true
			}
			if target[0] == '/' {
				at = place{}
				names = join(split(target), rest)
			} else {
				names = join(join(names[:walked-1], split(target)), rest)
			}
			continue
		}
		if qid&qidDir == 0 && (!last || dir) {
			c.clunk(got)
			return found{}, ENOTDIR
		}
		if last {
			return found{got, qid, join(at.path, names)}, 0
		}
		c.clunk(got)
		names = join(names[:n-1], names[n+1:])
	}
}

// walk goes as many steps as it can, up to the first link.
func (c *tree) walk(from uint32, names []string) (fid uint32, qid uint8, walked int, e Errno) {
	fid, qid = from, qidDir
	for {
		step := names[walked:]
		step = step[:min(len(step), treeWalk)]
		to, n, q, e := c.step(fid, step)
		if e == 0 && n == 0 && len(step) > 0 {
			e = EPROTO // it says why, or goes a step
		}
		if e == 0 && n < len(step) {
			// Not so far. From there the next step says why.
			step = step[:n]
			to, n, q, e = c.step(fid, step)
			if e == 0 && n < len(step) {
				e = ENOENT // it changes too fast
			}
		}
		if fid != from {
			c.clunk(fid)
		}
		if e != 0 {
			return 0, 0, 0, e
		}
		fid = to
		if n > 0 {
			qid = q
		}
		walked += n
		if walked == len(names) || qid&qidLink != 0 {
			return fid, qid, walked, 0
		}
	}
}

// step goes some steps, and returns how many it went, and the type of the
// last. Only when it went all there is a new fid.
func (c *tree) step(from uint32, names []string) (fid uint32, n int, qid uint8, e Errno) {
	c.begin(twalk)
	c.last++
	fid = c.last
	c.put32(from)
	c.put32(fid)
	c.put16(uint16(len(names)))
	for _, s := range names {
		if len(s) > 255 {
			c.done()
			return 0, 0, 0, ENAMETOOLONG
		}
		c.putString(s)
	}
	if e = c.call(); e == 0 {
		n = int(c.get16())
		for range min(n, treeWalk) {
			qid = c.get(13)[0]
		}
		if n > len(names) {
			c.bad = true
		}
	}
	if bad := c.done(); e == 0 {
		e = bad
	}
	return fid, n, qid, e
}

func (c *tree) readlink(fid uint32) (string, Errno) {
	c.begin(treadlink)
	c.put32(fid)
	e := c.call()
	var s string
	if e == 0 {
		s = c.getString()
	}
	if bad := c.done(); e == 0 {
		e = bad
	}
	return s, e
}

// last returns a path's last step, which may be no name: ".", ".." or, for the root, "".
func last(path string) string {
	end := len(path)
	for end > 0 && path[end-1] == '/' {
		end--
	}
	begin := end
	for begin > 0 && path[begin-1] != '/' {
		begin--
	}
	return path[begin:end]
}

// isName reports whether something can be made, moved or removed as such a last step.
func isName(step string) bool { return step != "" && step != "." && step != ".." }

// parent finds the directory of a path's last step, and returns that. It fails with
// EEXIST if the step is no name.
func (c *tree) parent(at place, path string) (dir found, name string, e Errno) {
	names := split(path)
	name = last(path)
	if len(name) > 255 {
		return found{}, "", ENAMETOOLONG
	}
	if name != "" && name != "." {
		names = names[:len(names)-1]
	}
	if path[0] == '/' {
		at = place{}
	}
	dir, e = c.follow(at, "./", names, true)
	if e == 0 && !isName(name) {
		c.clunk(dir.fid)
		return found{}, "", EEXIST
	}
	return dir, name, e
}

// slashed checks what is to be moved or removed and has a slash behind it: it must be a
// directory, and no link to one.
func (c *tree) slashed(at place, path string) Errno {
	if path[len(path)-1] != '/' || !isName(last(path)) {
		return 0
	}
	f, e := c.follow(at, path, split(path), false)
	if e == 0 {
		c.clunk(f.fid)
	}
	return e
}

// unslashed checks what is to be made and is no directory: with a slash behind it it
// cannot be.
func (c *tree) unslashed(at place, path string) Errno {
	if path[len(path)-1] != '/' {
		return 0
	}
	for path[len(path)-1] == '/' {
		path = path[:len(path)-1]
	}
	f, e := c.follow(at, path, split(path), false)
	if e == 0 {
		c.clunk(f.fid)
		return EEXIST
	}
	return e
}

// beginIn begins a request about a name in the directory of a path, which is
// to be clunked.
func (c *tree) beginIn(kind uint8, at place, path string) (dir uint32, e Errno) {
	f, name, e := c.parent(at, path)
	if e != 0 {
		return 0, e
	}
	c.begin(kind)
	c.put32(f.fid)
	c.putString(name)
	return f.fid, 0
}

// atPlace checks a path and returns where it begins.
func atPlace(dirfd int, path string) (*tree, place, Errno) {
	if err := noFile(path); err != enofiles {
		return nil, place{}, err.(Errno)
	}
	c, e := getTree()
	if e != 0 {
		return nil, place{}, e
	}
	if dirfd == atFdcwd {
		c.cwd.Lock()
		defer c.cwd.Unlock()
		return c, place{path: c.cwd.path}, 0
	}
	f, e := getFile(dirfd)
	if e != 0 {
		return nil, place{}, e
	}
	t, ok := f.stream.(*treeFile)
	if !ok || !t.dir {
		return nil, place{}, ENOTDIR
	}
	return c, place{t.fid, t.path}, 0
}

// onPath finds what a path leads to, and does something with it.
func onPath(dirfd int, path string, follow bool, do func(c *tree, fid uint32) Errno) error {
	c, at, e := atPlace(dirfd, path)
	if e != 0 {
		return e
	}
	f, e := c.find(at, path, follow)
	if e == 0 {
		e = do(c, f.fid)
		c.clunk(f.fid)
	}
	return orNil(e)
}

func orNil(e Errno) error {
	if e != 0 {
		return e
	}
	return nil
}

func openTree(dirfd int, path string, flags int, perm uint32) (int, Errno) {
	c, at, e := atPlace(dirfd, path)
	if e != 0 {
		return -1, e
	}
	f, e := c.openNew(at, path, flags, perm)
	if e != 0 {
		return -1, e
	}
	return addFile(&file{stream: f}), 0
}

// straight begins a request to go all of a path at once, if it may be that simple:
// few steps, and none back. Other requests about the fid that it has then can
// follow. The steps are those from the place, which is given back.
func (c *tree) straight(at place, path string) (from place, names []string, fid uint32, ok bool) {
	names = split(path)
	if path[0] == '/' {
		at = place{}
	} else if at.fid == 0 {
		names = join(at.path, names)
		at.path = nil
	}
	if len(names) == 0 || len(names) > treeWalk || asDir(path) {
		return at, nil, 0, false
	}
	for _, s := range names {
		if s == ".." || len(s) > 255 {
			return at, nil, 0, false
		}
	}
	c.begin(twalk)
	c.last++
	fid = c.last
	c.put32(at.fid)
	c.put32(fid)
	c.put16(uint16(len(names)))
	for _, s := range names {
		c.putString(s)
	}
	return at, names, fid, true
}

// went reads the reply to that request: e says that the path leads nowhere; ok,
// that the fid is there, of this type.
func (c *tree) went(names []string) (qid uint8, ok bool, e Errno) {
	if e = c.recv(twalk); e != 0 {
		return 0, false, e
	}
	n := int(c.get16())
	for range min(n, treeWalk) {
		qid = c.get(13)[0]
	}
	return qid, n == len(names) && !c.bad, 0
}

// openStraight opens what is there, in one exchange. Where the path has links,
// or a file is to be made, it is not ok.
func (c *tree) openStraight(at place, path string, flags int) (f *treeFile, e Errno, ok bool) {
	at, names, fid, ok := c.straight(at, path)
	if !ok {
		return nil, 0, false
	}
	c.also(tlopen)
	c.put32(fid)
	c.put32(openFlags(flags))
	c.send()
	qid, there, e := c.went(names)
	e2 := c.recv(tlopen)
	if bad := c.done(); e == 0 {
		e = bad
	}
	dir := qid&qidDir != 0
	if there && e2 == 0 && qid&qidLink == 0 && !(dir && flags&O_CREAT != 0) {
		return &treeFile{c: c, fid: fid, flags: flags, dir: dir, path: join(at.path, names)}, 0, true
	}
	if there {
		c.clunk(fid)
	}
	switch {
	case e == ENOENT && flags&O_CREAT != 0:
		return nil, 0, false
	case e != 0:
		return nil, e, true
	case !there || qid&qidLink != 0:
		return nil, 0, false
	case dir && flags&O_CREAT != 0:
		e2 = EISDIR
	}
	return nil, e2, true
}

// statStraight is likewise for what a path leads to.
func (c *tree) statStraight(at place, path string, st *Stat_t, follow bool) (e Errno, ok bool) {
	_, names, fid, ok := c.straight(at, path)
	if !ok {
		return 0, false
	}
	c.also(tgetattr)
	c.put32(fid)
	c.put64(0x7ff)
	c.also(tclunk)
	c.put32(fid)
	c.send()
	qid, there, e := c.went(names)
	e2 := c.recv(tgetattr)
	if e2 == 0 {
		c.getStat(st)
	}
	c.owed++
	if bad := c.done(); e == 0 {
		e = bad
	}
	switch {
	case e != 0:
		return e, true
	case !there || follow && qid&qidLink != 0:
		return 0, false
	}
	return e2, true
}

func (c *tree) openNew(at place, path string, flags int, perm uint32) (*treeFile, Errno) {
	if flags&(O_CREAT|O_EXCL) != O_CREAT|O_EXCL {
		if f, e, ok := c.openStraight(at, path, flags); ok {
			return f, e
		}
	}
	links := 0
	held := uint32(0) // where the link was that path is the target of
	defer func() { c.clunk(held) }()
	for try := 0; ; {
		e := ENOENT
		if flags&(O_CREAT|O_EXCL) != O_CREAT|O_EXCL {
			var f found
			f, e = c.find(at, path, flags&O_NOFOLLOW == 0)
			if e == 0 {
				return c.open(f, flags)
			}
		}
		if e != ENOENT || flags&O_CREAT == 0 {
			return nil, e
		}
		if asDir(path) {
			return nil, EISDIR
		}
		dir, name, e := c.parent(at, path)
		if e != 0 {
			return nil, e
		}
		c.begin(tlcreate)
		c.put32(dir.fid)
		c.putString(name)
		c.put32(uint32(flags & (O_RDONLY | O_WRONLY | O_RDWR | O_APPEND | O_SYNC)))
		c.put32(masked(perm))
		c.put32(0)
		if e = c.end(); e == 0 {
			return &treeFile{c: c, fid: dir.fid, flags: flags, path: join(dir.path, []string{name})}, 0
		}
		if e != EEXIST || flags&(O_EXCL|O_NOFOLLOW) != 0 {
			c.clunk(dir.fid)
			return nil, e
		}
		// There is something, that leads nowhere: what it leads to is made. Or
		// somebody else made it meanwhile.
		target, e := c.readlinkIn(dir.fid, name)
		if e == 0 {
			c.clunk(held)
			held = dir.fid
			at, path = place{dir.fid, dir.path}, target
			links++
		} else {
			c.clunk(dir.fid)
			try++
		}
		if links > treeLinks {
			return nil, ELOOP
		}
		if try > 3 {
			return nil, ENOENT
		}
	}
}

// readlinkIn returns where a link leads that is in a directory.
func (c *tree) readlinkIn(dir uint32, name string) (string, Errno) {
	fid, n, _, e := c.step(dir, []string{name})
	if e != 0 {
		return "", e
	}
	if n != 1 {
		return "", ENOENT
	}
	s, e := c.readlink(fid)
	c.clunk(fid)
	if e == 0 && s == "" {
		e = ENOENT
	}
	return s, e
}

func openFlags(flags int) uint32 {
	return uint32(flags & (O_RDONLY | O_WRONLY | O_RDWR | O_APPEND | O_SYNC | O_TRUNC | O_DIRECTORY))
}

func (c *tree) open(f found, flags int) (*treeFile, Errno) {
	e := Errno(0)
	switch {
	case f.qid&qidLink != 0 && flags&O_DIRECTORY != 0:
		e = ENOTDIR
	case f.qid&qidLink != 0:
		e = ELOOP
	case f.qid&qidDir != 0 && flags&O_CREAT != 0:
		e = EISDIR
	default:
		c.begin(tlopen)
		c.put32(f.fid)
		c.put32(openFlags(flags))
		e = c.end()
	}
	if e != 0 {
		c.clunk(f.fid)
		return nil, e
	}
	return &treeFile{c: c, fid: f.fid, flags: flags, dir: f.qid&qidDir != 0, path: f.path}, 0
}

func (c *tree) getattr(fid uint32, st *Stat_t) Errno {
	c.begin(tgetattr)
	c.put32(fid)
	c.put64(0x7ff)
	e := c.call()
	if e == 0 {
		c.getStat(st)
	}
	if bad := c.done(); e == 0 {
		e = bad
	}
	return e
}

func (c *tree) getStat(st *Stat_t) {
	c.get64() // which of these count: all
	c.get(5)
	*st = Stat_t{
		Dev: 1, Ino: c.get64(), Mode: c.get32(), Uid: c.get32(), Gid: c.get32(), Nlink: c.get64(),
		Rdev: c.get64(), Size: int64(c.get64()), Blksize: int64(c.get64()), Blocks: int64(c.get64()),
		Atim: c.getTime(), Mtim: c.getTime(), Ctim: c.getTime(),
	}
}

// A change is a request to set some of what Stat tells.
type change struct {
	valid, mode, uid, gid uint32
	size                  int64
	atime, mtime          Timespec
}

func (c *tree) setattr(fid uint32, s change) Errno {
	c.begin(tsetattr)
	c.put32(fid)
	c.put32(s.valid)
	c.put32(s.mode)
	c.put32(s.uid)
	c.put32(s.gid)
	c.put64(uint64(s.size))
	for _, t := range []Timespec{s.atime, s.mtime} {
		c.put64(uint64(t.Sec))
		c.put64(uint64(t.Nsec))
	}
	return c.end()
}

func (s change) onPath(dirfd int, path string, follow bool) error {
	return onPath(dirfd, path, follow, func(c *tree, fid uint32) Errno { return c.setattr(fid, s) })
}

func owner(uid, gid int) change {
	s := change{uid: uint32(uid), gid: uint32(gid)}
	if uid != -1 {
		s.valid |= setUid
	}
	if gid != -1 {
		s.valid |= setGid
	}
	return s
}

func times(ts []Timespec) (s change) {
	if ts[0].Nsec != utimeOmit {
		s.valid |= setAtime
		s.atime = ts[0]
	}
	if ts[1].Nsec != utimeOmit {
		s.valid |= setMtime
		s.mtime = ts[1]
	}
	return s
}

// The calls with a directory to begin at, for package internal/syscall/unix.

//go:linkname fstatat
func fstatat(dirfd int, path string, st *Stat_t, flags int) error {
	c, at, e := atPlace(dirfd, path)
	if e != 0 {
		return e
	}
	follow := flags&atNofollow == 0
	if e, ok := c.statStraight(at, path, st, follow); ok {
		return orNil(e)
	}
	return onPath(dirfd, path, follow, func(c *tree, fid uint32) Errno { return c.getattr(fid, st) })
}

//go:linkname unlinkat
func unlinkat(dirfd int, path string, flags int) error {
	c, at, e := atPlace(dirfd, path)
	if e != 0 {
		return e
	}
	if e := c.slashed(at, path); e != 0 {
		return e
	}
	dir, e := c.beginIn(tunlinkat, at, path)
	if e == EEXIST { // no name
		switch {
		case flags&atRemove == 0:
			e = EISDIR
		case last(path) == ".":
			e = EINVAL
		case last(path) == "..":
			e = ENOTEMPTY
		default:
			e = EBUSY
		}
	}
	if e != 0 {
		return e
	}
	c.put32(uint32(flags & atRemove))
	e = c.end()
	c.clunk(dir)
	return orNil(e)
}

//go:linkname readlinkat
func readlinkat(dirfd int, path string, buf []byte) (n int, err error) {
	err = onPath(dirfd, path, false, func(c *tree, fid uint32) Errno {
		s, e := c.readlink(fid)
		n = copy(buf, s)
		return e
	})
	if err != nil {
		return -1, err
	}
	return n, nil
}

//go:linkname mkdirat
func mkdirat(dirfd int, path string, perm uint32) error {
	c, at, e := atPlace(dirfd, path)
	if e != 0 {
		return e
	}
	dir, e := c.beginIn(tmkdir, at, path)
	if e != 0 {
		return e
	}
	c.put32(masked(perm))
	c.put32(0)
	e = c.end()
	c.clunk(dir)
	return orNil(e)
}

//go:linkname symlinkat
func symlinkat(target string, dirfd int, path string) error {
	c, at, e := atPlace(dirfd, path)
	if e != 0 {
		return e
	}
	if len(target) >= 4096 {
		return ENAMETOOLONG
	}
	dir, name, e := c.parent(at, path)
	if e != 0 {
		return e
	}
	defer c.clunk(dir.fid)
	if e := c.unslashed(at, path); e != 0 {
		return e
	}
	c.begin(tsymlink)
	c.put32(dir.fid)
	c.putString(name)
	c.putString(target)
	c.put32(0)
	return orNil(c.end())
}

//go:linkname fchmodat
func fchmodat(dirfd int, path string, mode uint32, flags int) error {
	return change{valid: setMode, mode: mode}.onPath(dirfd, path, flags&atNofollow == 0)
}

//go:linkname fchownat
func fchownat(dirfd int, path string, uid, gid int, flags int) error {
	return owner(uid, gid).onPath(dirfd, path, flags&atNofollow == 0)
}

//go:linkname utimensat
func utimensat(dirfd int, path string, ts *[2]Timespec, flags int) error {
	return times(ts[:]).onPath(dirfd, path, flags&atNofollow == 0)
}

//go:linkname renameat
func renameat(dirfd int, path string, todirfd int, topath string) error {
	c, at, e := atPlace(dirfd, path)
	if e != 0 {
		return e
	}
	_, toAt, e := atPlace(todirfd, topath)
	if e != 0 {
		return e
	}
	to, toName, e := c.parent(toAt, topath)
	if e == EEXIST { // no name
		e = EBUSY
	}
	if e != 0 {
		return e
	}
	defer c.clunk(to.fid)
	if topath[len(topath)-1] == '/' && isName(last(path)) {
		path += "/" // only a directory can get such a name
	}
	if e := c.slashed(at, path); e != 0 {
		return e
	}
	dir, e := c.beginIn(trenameat, at, path)
	if e == EEXIST {
		e = EBUSY
	}
	if e != 0 {
		return e
	}
	c.put32(to.fid)
	c.putString(toName)
	e = c.end()
	c.clunk(dir)
	return orNil(e)
}

//go:linkname linkat
func linkat(dirfd int, path string, todirfd int, topath string, flags int) error {
	_, toAt, e := atPlace(todirfd, topath)
	if e != 0 {
		return e
	}
	return onPath(dirfd, path, false, func(c *tree, fid uint32) Errno {
		to, name, e := c.parent(toAt, topath)
		if e != 0 {
			return e
		}
		defer c.clunk(to.fid)
		if e := c.unslashed(toAt, topath); e != 0 {
			return e
		}
		c.begin(tlink)
		c.put32(to.fid)
		c.put32(fid)
		c.putString(name)
		return c.end()
	})
}

// A treeFile is an open file or directory of a service.
type treeFile struct {
	c     *tree
	fid   uint32
	flags int
	dir   bool
	path  []string

	mu  sync.Mutex
	pos int64 // for a directory: the number of the next entry

	mem sync.RWMutex // guards what follows; held to read the memory
	fileMemory
	reads  int  // by messages; -1: no need to ask for memory
	locked bool // once or now
}

// A fileMemory is memory that a file's bytes are in, and only the service writes
// to: a page with their number and whether they have gone elsewhere, and then they.
type fileMemory struct {
	ref uint64 // 0: none
	all []byte
}

// A seeker is a stream with a position, which has more than others.
type seeker interface {
	stream
	seek(offset int64, whence int) (int64, Errno)
	pread(p []byte, offset int64) (int, Errno)
	pwrite(p []byte, offset int64) (int, Errno)
	readDirent(buf []byte) (int, Errno)
	stat(st *Stat_t) Errno
	set(s change) Errno
	sync() Errno
	chdir() Errno
	flock(how int) Errno
	lock(cmd int, lk *Flock_t) Errno
}

func (t *treeFile) mode() uint32 {
	perm := [...]uint32{O_RDONLY: S_IRUSR, O_WRONLY: S_IWUSR, O_RDWR: S_IRUSR | S_IWUSR, 3: 0}[t.flags&3]
	if t.dir {
		return S_IFDIR | perm
	}
	return S_IFREG | perm
}

func (t *treeFile) close() {
	t.mem.Lock()
	t.unmap()
	t.reads = -1
	locked := t.locked
	t.mem.Unlock()
	if locked {
		// Others may be told that it is unlocked: first it must be.
		t.c.begin(tclunk)
		t.c.put32(t.fid)
		t.c.end()
		return
	}
	t.c.clunk(t.fid)
}

// readMemory reads from the file's memory, if it is mapped and still right.
func (t *treeFile) readMemory(p []byte, offset int64) (n int, ok bool) {
	t.mem.RLock()
	defer t.mem.RUnlock()
	if t.ref == 0 {
		return 0, false
	}
	head := (*[2]atomic.Uint64)(unsafe.Pointer(&t.all[0]))
	if head[1].Load() != 0 {
		return 0, false
	}
	data := t.all[dios.PAGE_SIZE:]
	data = data[:min(head[0].Load(), uint64(len(data)))]
	if offset >= int64(len(data)) {
		return 0, true
	}
	return copy(p[:min(len(p), treeCopy)], data[offset:]), true
}

// mapMemory maps the file's memory, where it is worth it: for the second read of a
// file, or one that takes more than a message.
func (t *treeFile) mapMemory(n int) bool {
	t.mem.Lock()
	defer t.mem.Unlock()
	if t.reads < 0 || t.flags&3 == O_WRONLY || t.dir {
		return false
	}
	t.unmap() // if it is there, it is wrong
	if t.reads++; t.reads == 1 && n < treeMsize-treeIO {
		return false
	}
	c := t.c
	c.begin(tmap)
	c.put32(t.fid)
	var name [dios.NAME_SIZE]byte
	e := c.call()
	if e == 0 {
		copy(name[:], c.get(len(name)))
	}
	if bad := c.done(); e == 0 {
		e = bad
	}
	if e == 0 {
		t.fileMemory, e = lookupMemory(&name)
	}
	if e != 0 {
		t.reads = -1
	}
	return e == 0
}

// unmap unmaps the memory. t.mem is locked.
func (t *treeFile) unmap() {
	if t.ref != 0 {
		deleteRef(t.ref)
		t.fileMemory = fileMemory{}
	}
}

func lookupMemory(name *[dios.NAME_SIZE]byte) (m fileMemory, e Errno) {
	n := uint64(1)
	r := dios.Syscall6(dios.SYS_LOOKUP, 0, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&m.ref)), uintptr(unsafe.Pointer(&n)), 0, 0)
	if r < 0 {
		return fileMemory{}, fromDIOS(int(-r))
	}
	var iov dios.Iov
	r = dios.Syscall6(dios.SYS_ACQUIRE_READ, dios.BUF_NONBLOCK, uintptr(m.ref), 0, uintptr(unsafe.Pointer(&iov)), 0, 0)
	if r < 0 || iov.Len <= dios.PAGE_SIZE {
		deleteRef(m.ref)
		return fileMemory{}, EPROTO
	}
	m.all = unsafe.Slice(*(**byte)(unsafe.Pointer(&iov.Addr)), iov.Len)
	return m, 0
}

func (t *treeFile) read(f *file, p []byte) (int, Errno) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, e := t.pread(p, t.pos)
	t.pos += int64(n)
	return n, e
}

func (t *treeFile) write(f *file, p []byte) (int, Errno) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, e := t.pwrite(p, t.pos)
	t.pos += int64(n)
	if e == 0 && t.flags&O_APPEND != 0 {
		var st Stat_t
		if e := t.stat(&st); e != 0 {
			return n, e
		}
		t.pos = st.Size
	}
	return n, e
}

func (t *treeFile) pread(p []byte, offset int64) (int, Errno) {
	if offset < 0 {
		return 0, EINVAL
	}
	n, ok := t.readMemory(p, offset)
	if !ok && t.mapMemory(len(p)) {
		n, ok = t.readMemory(p, offset)
	}
	if ok {
		return n, 0
	}
	c := t.c
	window := c.beginBytes(t.fid, offset, &p, tread, treadw)
	e := c.call()
	if e == 0 {
		n = int(c.get32())
		data := window
		if data == nil {
			data = c.get(n)
		}
		if n > len(p) {
			c.bad = true
		} else {
			copy(p, data[:n])
		}
	}
	if bad := c.done(); e == 0 {
		e = bad
	}
	if e != 0 {
		return 0, e
	}
	return n, 0
}

// pwrite writes a part of p, if that is long.
func (t *treeFile) pwrite(p []byte, offset int64) (int, Errno) {
	if offset < 0 {
		return 0, EINVAL
	}
	c := t.c
	window := c.beginBytes(t.fid, offset, &p, twrite, twritew)
	if window == nil {
		c.buf = append(c.buf, p...)
	}
	copy(window, p)
	n := 0
	e := c.call()
	if e == 0 {
		if n = int(c.get32()); n > len(p) {
			c.bad = true
		}
	}
	if bad := c.done(); e == 0 {
		e = bad
	}
	if e != 0 {
		return 0, e
	}
	return n, 0
}

// beginBytes begins a request to read or write p, or as much of it as goes at once, to which it is
// cut. If the bytes go through the window, that is returned.
func (c *tree) beginBytes(fid uint32, offset int64, p *[]byte, message, windowed uint8) (window []byte) {
	c.begin(message)
	most := treeMsize - treeHead - treeIO
	if n := len(*p); n >= treeSmall {
		// Once it is worth a message and memory.
		if c.window == nil && c.moved >= 0 {
			if c.moved += n; c.moved >= treeMsize {
				c.makeWindow()
				c.start(message)
			}
		}
		if c.window != nil {
			window = c.window
			most = len(window)
			c.start(windowed)
		}
	}
	*p = (*p)[:min(len(*p), most)]
	c.put32(fid)
	c.put64(uint64(offset))
	c.put32(uint32(len(*p)))
	return window
}

// makeWindow makes memory that the service has too, if it takes it. It is ours until the task ends.
func (c *tree) makeWindow() {
	c.moved = -1
	var ref uint64
	spec := dios.Shmem{Size: treeWindow}
	r := dios.Syscall6(dios.SYS_CREATE, 0, dios.T_SHMEM, uintptr(unsafe.Pointer(&spec)), 0, uintptr(unsafe.Pointer(&ref)), 0)
	if r < 0 {
		return
	}
	var iov dios.Iov
	r = dios.Syscall6(dios.SYS_ACQUIRE_READ, dios.BUF_NONBLOCK, uintptr(ref), 0, uintptr(unsafe.Pointer(&iov)), 0, 0)
	if r >= 0 {
		var name [dios.NAME_SIZE]byte
		if setName(dios.T_SHMEM, &ref, &name) == 0 {
			c.start(twindow)
			c.buf = append(c.buf, name[:]...)
			if c.call() == 0 {
				c.window = unsafe.Slice(*(**byte)(unsafe.Pointer(&iov.Addr)), iov.Len)
				return
			}
		}
	}
	deleteRef(ref)
}

func (t *treeFile) seek(offset int64, whence int) (int64, Errno) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch whence {
	case 0:
	case 1:
		offset += t.pos
	case 2:
		var st Stat_t
		if e := t.stat(&st); e != 0 {
			return 0, e
		}
		offset += st.Size
	default:
		return 0, EINVAL
	}
	if offset < 0 {
		return 0, EINVAL
	}
	t.pos = offset
	return offset, 0
}

// readDirent fills buf with what is a Dirent each, without room after the name.
func (t *treeFile) readDirent(buf []byte) (int, Errno) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.c
	c.begin(treaddir)
	c.put32(t.fid)
	c.put64(uint64(t.pos))
	c.put32(uint32(min(len(buf), treeMsize-treeIO)))
	n := 0
	e := c.call()
	if e == 0 {
		for end := int(c.get32()) + c.pos; c.pos < end && !c.bad; {
			c.get(5)
			ino := c.get64()
			t.pos = int64(c.get64())
			kind := c.get8()
			name := c.get(int(c.get16()))
			const head = int(unsafe.Offsetof(Dirent{}.Name))
			size := head + len(name)
			if size > len(buf)-n || len(name) > 255 {
				c.bad = true
				break
			}
			byteorder.LEPutUint64(buf[n:], max(ino, 1)) // 0 would be no entry
			byteorder.LEPutUint16(buf[n+8:], uint16(size))
			buf[n+10] = kind
			copy(buf[n+head:], name)
			n += size
		}
	}
	if bad := c.done(); e == 0 {
		e = bad
	}
	return n, e
}

func (t *treeFile) stat(st *Stat_t) Errno { return t.c.getattr(t.fid, st) }

func (t *treeFile) set(s change) Errno {
	if s.valid&setSize != 0 && t.flags&(O_WRONLY|O_RDWR) == 0 {
		return EINVAL
	}
	return t.c.setattr(t.fid, s)
}

func (t *treeFile) sync() Errno {
	t.c.begin(tfsync)
	t.c.put32(t.fid)
	t.c.put32(0)
	return t.c.end()
}

func (t *treeFile) chdir() Errno {
	if !t.dir {
		return ENOTDIR
	}
	t.c.setCwd(t.path)
	return 0
}

func (c *tree) setCwd(path []string) {
	c.cwd.Lock()
	c.cwd.path = path
	c.cwd.Unlock()
}

// flock locks the whole file, for whoever has this stream.
func (t *treeFile) flock(how int) Errno {
	if how&LOCK_UN == 0 && how&(LOCK_SH|LOCK_EX) == 0 {
		return EINVAL
	}
	kind := uint8(F_RDLCK)
	switch {
	case how&LOCK_UN != 0:
		kind = F_UNLCK
	case how&LOCK_EX != 0:
		kind = F_WRLCK
	}
	return t.setLock(kind, 0, 0, t.fid, how&LOCK_NB == 0)
}

// lock is what fcntl does with locks: they are the task's, not the stream's.
func (t *treeFile) lock(cmd int, lk *Flock_t) Errno {
	start := lk.Start
	switch lk.Whence {
	case 0:
	case 1, 2:
		at, e := t.seek(0, 1)
		if e == 0 && lk.Whence == 2 {
			var st Stat_t
			e = t.stat(&st)
			at = st.Size
		}
		if e != 0 {
			return e
		}
		start += at
	default:
		return EINVAL
	}
	n := lk.Len
	if n < 0 {
		start += n
		n = -n
	}
	switch {
	case start < 0 || start+n < 0 || uint16(lk.Type) > F_UNLCK:
		return EINVAL
	case cmd != F_GETLK && (lk.Type == F_RDLCK && t.flags&3 == O_WRONLY || lk.Type == F_WRLCK && t.flags&3 == O_RDONLY):
		return EBADF
	case cmd != F_GETLK:
		return t.setLock(uint8(lk.Type), start, n, 0, cmd == F_SETLKW)
	}
	c := t.c
	c.begin(tgetlock)
	c.putLock(t.fid, uint8(lk.Type), -1, start, n, 0)
	e := c.call()
	if e == 0 {
		*lk = Flock_t{Type: int16(c.get8()), Start: int64(c.get64()), Len: int64(c.get64()), Pid: -1}
	}
	if bad := c.done(); e == 0 {
		e = bad
	}
	return e
}

// putLock puts what a lock is into a request; flags only if they are not negative.
func (c *tree) putLock(fid uint32, kind uint8, flags int, start, n int64, owner uint32) {
	c.put32(fid)
	c.put8(kind)
	if flags >= 0 {
		c.put32(uint32(flags))
	}
	c.put64(uint64(start))
	c.put64(uint64(n))
	c.put32(owner)
	c.putString("")
}

// setLock sets or clears a lock, and if wait asks again until it has it.
func (t *treeFile) setLock(kind uint8, start, n int64, owner uint32, wait bool) Errno {
	if t.dir {
		return EBADF
	}
	t.mem.Lock()
	t.locked = true
	t.mem.Unlock()
	for pause := int64(1e6); ; pause = min(2*pause, 50e6) {
		c := t.c
		c.begin(tlock)
		c.putLock(t.fid, kind, 0, start, n, owner)
		e := c.call()
		status := uint8(0)
		if e == 0 {
			status = c.get8()
		}
		if bad := c.done(); e == 0 {
			e = bad
		}
		switch {
		case e != 0:
			return e
		case status == 0:
			return 0
		case status != 1:
			return ENOLCK
		case !wait:
			return EAGAIN
		}
		sleep(pause)
	}
}

// sleep stops the goroutine for so many nanoseconds. It is in package runtime.
//
//go:linkname sleep time.Sleep
func sleep(ns int64)
