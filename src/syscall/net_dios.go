// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import (
	"internal/runtime/syscall/dios"
	"sync"
	"unsafe"
)

// Sockets.
//
// dios has streams and datagrams, which are made at once with all that they
// need to know: where they are bound, whom they talk to. Package net makes
// sockets bit by bit. So a socket here is a description first, and becomes an
// object with Listen, Connect, or Bind of a datagram socket.
//
// Bytes pass through memory that the kernel lends, one buffer for each
// direction, which is mapped when it is used first.

// The numbers are Linux's, as everywhere in this package.
const (
	AF_UNSPEC = 0
	AF_UNIX   = 1
	AF_INET   = 2
	AF_INET6  = 10

	SOCK_STREAM    = 1
	SOCK_DGRAM     = 2
	SOCK_RAW       = 3
	SOCK_SEQPACKET = 5

	IPPROTO_IP   = 0
	IPPROTO_IPV4 = 4
	IPPROTO_TCP  = 6
	IPPROTO_UDP  = 17
	IPPROTO_IPV6 = 41

	IPV6_V6ONLY = 26

	SOL_SOCKET   = 1
	SO_REUSEADDR = 2
	SO_TYPE      = 3
	SO_ERROR     = 4
	SO_BROADCAST = 6
	SO_SNDBUF    = 7
	SO_RCVBUF    = 8
	SO_KEEPALIVE = 9
	SO_LINGER    = 13
	SO_REUSEPORT = 15

	TCP_NODELAY   = 1
	TCP_KEEPIDLE  = 4
	TCP_KEEPINTVL = 5
	TCP_KEEPCNT   = 6

	MSG_TRUNC = 0x20

	SHUT_RD   = 0
	SHUT_WR   = 1
	SHUT_RDWR = 2

	SOMAXCONN = 128
)

// Constants that package net names and dios does not have.
const (
	F_DUPFD_CLOEXEC = 1030
	SYS_FCNTL       = 500
)

type Sockaddr any

type SockaddrInet4 struct {
	Port int
	Addr [4]byte
}

type SockaddrInet6 struct {
	Port   int
	ZoneId uint32
	Addr   [16]byte
}

type SockaddrUnix struct {
	Name string
}

type Linger struct {
	Onoff  int32
	Linger int32
}

// An Iovec is only named, by package internal/poll.
type Iovec struct {
	Base *byte
	Len  uint64
}

// A socket is a stream, as a descriptor has it, of a STREAM or DGRAM.
type socket struct {
	family       int
	sotype       int
	dios.NetInfo // what options are wanted, and the addresses before ref is there

	// The options that NetInfo has are turned on by one call and given a value by another.
	keepalive     bool
	keepaliveIdle uint32

	mu     sync.Mutex // making it, options
	ref    uint64     // 0: no object yet
	polled bool       // a descriptor has ref for the poller, or had it
	flags  uint32     // NET_*
	listen bool
	known  bool // Local and Remote are what the object has
	dirty  bool // NetInfo has options that the object does not have yet

	in, out lent
	noRead  bool // SHUT_RD
	dry     bool // there was nothing more to read after the last Read
}

// A lent is a buffer of the kernel's. mu is held while it is used.
type lent struct {
	mu   sync.Mutex
	addr uintptr // 0: none yet
	size int     // bytes it has room for
	len  int     // bytes that the kernel knows it by
	pos  int     // in: bytes of len that were read
}

func (b *lent) bytes(n int) []byte {
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&b.addr))), n)
}

const (
	streamBuf = 16 << 10 // bytes of a stream's buffers
	dgramHead = int(unsafe.Sizeof(dios.DgramHead{}))
)

// Package net uses these names for what an error of a socket is called.
func fromDIOSNet(e int) Errno {
	switch e {
	case dios.EPERM:
		return EACCES
	case dios.EBUSY:
		return EADDRINUSE
	case dios.EADDR:
		return EADDRNOTAVAIL
	case dios.EUNREACH:
		return ENETUNREACH
	case dios.EREFUSED:
		return ECONNREFUSED
	case dios.ERESET:
		return ECONNRESET
	case dios.ETOOBIG:
		return EMSGSIZE
	case dios.EQUOTA:
		return EMFILE
	case dios.EZOMBIE:
		return ECONNABORTED
	}
	return fromDIOS(e)
}

// getSocket returns the socket of a descriptor.
func getSocket(fd int) (*socket, *file, Errno) {
	f, e := getFile(fd)
	if e != 0 {
		return nil, nil, e
	}
	s, ok := f.stream.(*socket)
	if !ok {
		return nil, nil, ENOTSOCK
	}
	return s, f, 0
}

func errnoOrNil(e Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

func Socket(domain, typ, proto int) (fd int, err error) {
	switch domain {
	case AF_INET, AF_INET6:
	case AF_UNIX:
		return -1, enounix
	default:
		return -1, EAFNOSUPPORT
	}
	switch typ {
	case SOCK_STREAM, SOCK_DGRAM:
	default:
		return -1, enoraw
	}
	s := &socket{family: domain, sotype: typ, keepaliveIdle: 7200}
	s.Nodelay = 1
	s.KeepaliveIntervalS = 75
	s.KeepaliveCount = 9
	s.LingerS = noLinger
	if domain == AF_INET {
		s.flags = dios.NET_V4
	}
	return addFile(&file{stream: s}), nil
}

const noLinger = 0xffffffff

// toAddr returns what sa is in dios.
func (s *socket) toAddr(sa Sockaddr) (dios.Addr, Errno) {
	var a dios.Addr
	switch sa := sa.(type) {
	case *SockaddrInet4:
		if sa == nil {
			return a, EINVAL
		}
		if s.family != AF_INET {
			return a, EAFNOSUPPORT
		}
		return addr4(sa)
	case *SockaddrInet6:
		if sa == nil {
			return a, EINVAL
		}
		if s.family != AF_INET6 {
			return a, EAFNOSUPPORT
		}
		return addr6(sa)
	}
	return a, EAFNOSUPPORT
}

func addr4(sa *SockaddrInet4) (a dios.Addr, e Errno) {
	if uint(sa.Port) > 0xffff {
		return a, EINVAL
	}
	a.Port = uint32(sa.Port)
	if sa.Addr != [4]byte{} {
		a.Ip[10], a.Ip[11] = 0xff, 0xff
		copy(a.Ip[12:], sa.Addr[:])
	}
	return a, 0
}

func addr6(sa *SockaddrInet6) (a dios.Addr, e Errno) {
	if uint(sa.Port) > 0xffff {
		return a, EINVAL
	}
	a.Port = uint32(sa.Port)
	a.Ip = sa.Addr
	if a.Ip[0] == 0xfe && a.Ip[1]&0xc0 == 0x80 || a.Ip[0] == 0xff && a.Ip[1]&0xf == 2 {
		a.Scope = sa.ZoneId
	}
	return a, 0
}

func (s *socket) fromAddr(a *dios.Addr) Sockaddr {
	if s.family == AF_INET {
		sa := new(SockaddrInet4)
		from4(a, sa)
		return sa
	}
	sa := new(SockaddrInet6)
	from6(a, sa)
	return sa
}

func from4(a *dios.Addr, sa *SockaddrInet4) {
	sa.Port = int(a.Port)
	copy(sa.Addr[:], a.Ip[12:])
}

func from6(a *dios.Addr, sa *SockaddrInet6) {
	sa.Port = int(a.Port)
	sa.ZoneId = a.Scope
	sa.Addr = a.Ip
}

// create makes the object that s describes. s.mu is held.
func (s *socket) create(f *file, typ uintptr, spec unsafe.Pointer) Errno {
	var ref uint64
	r := dios.Syscall6(dios.SYS_CREATE, 0, typ, uintptr(spec), 0, uintptr(unsafe.Pointer(&ref)), 0)
	if r < 0 {
		return fromDIOSNet(int(-r))
	}
	s.ref = ref
	if e := s.addPollRefs(f); e != 0 {
		s.drop(f)
		return e
	}
	return 0
}

// addPollRefs gives each descriptor of f that has none a reference for the
// poller, to which two descriptors are two: the socket's own for the first.
func (s *socket) addPollRefs(f *file) Errno {
	files.Lock()
	defer files.Unlock()
	for s.ref != 0 && len(f.refs) < len(f.fds) {
		g := dios.Grant{Ref: s.ref, Out: s.ref, Rights: dios.R_READ | dios.R_WRITE}
		if s.polled {
			g.Out = 0
			if r := dios.Syscall6(dios.SYS_COPY, 0, uintptr(unsafe.Pointer(&g)), 1, dios.REF_SELF, 0, 0); r < 0 {
				return fromDIOSNet(int(-r))
			}
		}
		s.polled = true
		diosPollRef(uintptr(f.fds[len(f.refs)]), uintptr(g.Out))
		f.refs = append(f.refs, g.Out)
	}
	return 0
}

// dropPollRef takes the i'th of f's references away. files is locked.
func (s *socket) dropPollRef(f *file, i int) {
	diosPollRef(uintptr(f.fds[i]), 0)
	if f.refs[i] != s.ref {
		deleteRef(f.refs[i])
	}
	f.refs = append(f.refs[:i], f.refs[i+1:]...)
}

func deleteRef(ref uint64) {
	dios.Syscall6(dios.SYS_DELETE, 0, uintptr(ref), 0, 0, 0, 0)
}

// Bind says where the socket is to be. A stream socket that cannot be there
// says so in Listen or Connect.
func Bind(fd int, sa Sockaddr) error {
	s, f, e := getSocket(fd)
	if e != 0 {
		return e
	}
	a, e := s.toAddr(sa)
	if e != 0 {
		return e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ref != 0 || s.Local != (dios.Addr{}) {
		return EINVAL
	}
	if s.sotype == SOCK_DGRAM {
		spec := dios.Dgram{Flags: s.flags, Local: a}
		if e := s.create(f, dios.T_DGRAM, unsafe.Pointer(&spec)); e != 0 {
			return e
		}
	}
	s.Local = a
	return nil
}

func Listen(fd int, backlog int) error {
	s, f, e := getSocket(fd)
	if e != 0 {
		return e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sotype != SOCK_STREAM {
		return EOPNOTSUPP
	}
	if s.ref != 0 {
		return EINVAL
	}
	spec := dios.Stream{Mode: dios.STREAM_LISTEN, Flags: s.flags, Backlog: uint32(max(backlog, 1)), Local: s.Local}
	if e := s.create(f, dios.T_STREAM, unsafe.Pointer(&spec)); e != 0 {
		return e
	}
	s.listen = true
	return nil
}

// Connect returns EINPROGRESS when it is not known yet what becomes of it.
func Connect(fd int, sa Sockaddr) error {
	s, f, e := getSocket(fd)
	if e != 0 {
		return e
	}
	a, e := s.toAddr(sa)
	if e != 0 {
		return e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sotype == SOCK_DGRAM {
		// It may be bound already; then that is where it is to be again.
		if s.ref != 0 {
			s.drop(f)
		}
		spec := dios.Dgram{Flags: s.flags, Local: s.Local, Remote: a}
		if e := s.create(f, dios.T_DGRAM, unsafe.Pointer(&spec)); e != 0 {
			return e
		}
		s.Remote = a
		return nil
	}
	if s.ref != 0 {
		return EISCONN
	}
	// A port for many connections is for listeners.
	spec := dios.Stream{Mode: dios.STREAM_DIAL, Flags: s.flags, Local: s.Local, Remote: a}
	if e := s.create(f, dios.T_STREAM, unsafe.Pointer(&spec)); e != 0 {
		return e
	}
	s.Remote = a
	var i dios.NetInfo
	if e := s.info(&i); e != 0 {
		return e
	}
	switch i.State {
	case dios.NET_CONNECTING:
		return EINPROGRESS
	case dios.NET_FAILED:
		return fromDIOSNet(int(i.Error))
	}
	return nil
}

// drop deletes the object. s.mu is held.
func (s *socket) drop(f *file) {
	files.Lock()
	for i := len(f.refs) - 1; i >= 0; i-- {
		s.dropPollRef(f, i)
	}
	files.Unlock()
	deleteRef(s.ref)
	s.ref, s.polled = 0, false
	s.in.addr, s.out.addr = 0, 0
}

// info asks what is known of the object. s.ref is not 0.
func (s *socket) info(i *dios.NetInfo) Errno {
	var iov dios.Iov
	r := dios.Syscall6(dios.SYS_ACQUIRE_READ, dios.BUF_INFO, uintptr(s.ref), 0, uintptr(unsafe.Pointer(&iov)), 0, 0)
	if r < 0 {
		return fromDIOSNet(int(-r))
	}
	*i = **(**dios.NetInfo)(unsafe.Pointer(&iov.Addr))
	dios.Syscall6(dios.SYS_RELEASE_READ, 0, uintptr(s.ref), uintptr(unsafe.Pointer(&iov)), 0, 0, 0)
	return 0
}

// apply gives the object the options of s; buffer sizes of 0 leave them to
// the host. s.mu is held, and s.ref is not 0.
func (s *socket) apply() Errno {
	var iov dios.Iov
	r := dios.Syscall6(dios.SYS_ACQUIRE_WRITE, dios.BUF_INFO, uintptr(s.ref), 0, uintptr(unsafe.Pointer(&iov)), 0, 0)
	if r < 0 {
		return fromDIOSNet(int(-r))
	}
	i := *(**dios.NetInfo)(unsafe.Pointer(&iov.Addr))
	if s.sotype == SOCK_STREAM {
		i.Nodelay = s.Nodelay
		i.KeepaliveS = 0
		if s.keepalive {
			i.KeepaliveS = s.keepaliveIdle
		}
		i.KeepaliveIntervalS = s.KeepaliveIntervalS
		i.KeepaliveCount = s.KeepaliveCount
		i.LingerS = s.LingerS
	}
	if s.SendBuf != 0 {
		i.SendBuf = s.SendBuf
	}
	if s.RecvBuf != 0 {
		i.RecvBuf = s.RecvBuf
	}
	r = dios.Syscall6(dios.SYS_COMMIT_WRITE, 0, uintptr(s.ref), uintptr(iov.Len), uintptr(unsafe.Pointer(&iov)), 0, 0)
	dios.Syscall6(dios.SYS_RELEASE_WRITE, 0, uintptr(s.ref), uintptr(unsafe.Pointer(&iov)), 0, 0, 0)
	s.dirty = false
	if r < 0 {
		return fromDIOSNet(int(-r))
	}
	return 0
}

// flush applies options that were set since. Package net sets four of them
// for each connection, before anything else; so they go together.
func (s *socket) flush() {
	if !s.dirty {
		return
	}
	s.mu.Lock()
	if s.dirty && s.ref != 0 {
		s.apply()
	}
	s.mu.Unlock()
}

func Accept(fd int) (int, Sockaddr, error) {
	s, f, e := getSocket(fd)
	if e != 0 {
		return -1, nil, e
	}
	if !s.listen {
		return -1, nil, EINVAL
	}
	b := &s.in
	b.mu.Lock()
	if e := s.fill(f, int(unsafe.Sizeof(dios.Accept{}))); e != 0 {
		b.mu.Unlock()
		return -1, nil, e
	}
	b.pos = b.len
	a := **(**dios.Accept)(unsafe.Pointer(&b.addr))
	b.mu.Unlock()
	n := &socket{family: s.family, sotype: s.sotype, ref: a.Ref, keepaliveIdle: 7200}
	n.NetInfo = s.NetInfo // a listener's options are its connections' too
	n.keepalive, n.keepaliveIdle = s.keepalive, s.keepaliveIdle
	n.Local, n.Remote, n.known = a.Local, a.Remote, true
	nf := &file{stream: n}
	nfd := addFile(nf)
	n.addPollRefs(nf)
	return nfd, n.fromAddr(&a.Remote), nil
}

// fill has the kernel lend what is there next, when all that it has lent was
// read. The buffer is of size bytes, if it must be made. s.in.mu is held.
func (s *socket) fill(f *file, size int) Errno {
	b := &s.in
	if s.ref == 0 {
		return ENOTCONN
	}
	nonblock := uintptr(0)
	if f.nonblock.Load() {
		nonblock = dios.BUF_NONBLOCK
	}
	var r int64
	for {
		iov := dios.Iov{Addr: uint64(b.addr), Len: uint64(b.len)}
		if b.addr == 0 {
			iov = dios.Iov{}
			r = dios.Syscall6(dios.SYS_ACQUIRE_READ, nonblock, uintptr(s.ref), uintptr(size), uintptr(unsafe.Pointer(&iov)), 0, 0)
			if r >= 0 {
				b.addr, b.size = uintptr(iov.Addr), size
				b.len, b.pos = int(iov.Len), 0
			}
		} else {
			r = dios.Syscall6(dios.SYS_COMMIT_READ, dios.BUF_NEXT|nonblock, uintptr(s.ref), uintptr(b.pos), uintptr(unsafe.Pointer(&iov)), 0, 0)
			b.len, b.pos = int(iov.Len), 0
		}
		if r != -dios.EINTR {
			break
		}
	}
	if r < 0 {
		return fromDIOSNet(int(-r))
	}
	return 0
}

func (s *socket) read(f *file, p []byte) (int, Errno) {
	if s.sotype == SOCK_DGRAM {
		n, _, _, e := s.recv(f, p)
		return n, e
	}
	s.flush()
	b := &s.in
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.listen {
		return 0, ENOTCONN
	}
	if s.noRead {
		return 0, 0
	}
	if b.pos == b.len {
		if s.dry && f.nonblock.Load() {
			// So it was a moment ago; the poller knows better.
			s.dry = false
			return 0, EAGAIN
		}
		e := s.fill(f, streamBuf)
		s.dry = false
		if e == EPIPE {
			return 0, 0
		}
		if e != 0 {
			return 0, e
		}
	}
	n := copy(p, b.bytes(b.len)[b.pos:])
	b.pos += n
	if b.pos == b.len {
		// Give the room back to the sender now, not when the program
		// reads the next time, and see if there is more.
		iov := dios.Iov{Addr: uint64(b.addr), Len: uint64(b.len)}
		r := dios.Syscall6(dios.SYS_COMMIT_READ, dios.BUF_NEXT|dios.BUF_NONBLOCK, uintptr(s.ref), uintptr(b.pos), uintptr(unsafe.Pointer(&iov)), 0, 0)
		b.len, b.pos = int(iov.Len), 0
		s.dry = r == -dios.EAGAIN
	}
	return n, 0
}

// room has the kernel lend a buffer to write with, of at least size bytes.
// s.out.mu is held.
func (s *socket) room(size int) Errno {
	b := &s.out
	if b.addr != 0 {
		if b.size >= size {
			return 0
		}
		iov := dios.Iov{Addr: uint64(b.addr), Len: uint64(b.size)}
		dios.Syscall6(dios.SYS_RELEASE_WRITE, 0, uintptr(s.ref), uintptr(unsafe.Pointer(&iov)), 0, 0, 0)
		b.addr = 0
	}
	size = (size + dios.PAGE_SIZE - 1) &^ (dios.PAGE_SIZE - 1)
	var iov dios.Iov
	r := dios.Syscall6(dios.SYS_ACQUIRE_WRITE, 0, uintptr(s.ref), uintptr(size), uintptr(unsafe.Pointer(&iov)), 0, 0)
	if r < 0 {
		return fromDIOSNet(int(-r))
	}
	b.addr, b.size = uintptr(iov.Addr), int(iov.Len)
	return 0
}

// commit sends the first n bytes of s.out, which the caller has locked.
// It returns how many were taken.
func (s *socket) commit(f *file, flags uintptr, n int) (int, Errno) {
	if f.nonblock.Load() {
		flags |= dios.BUF_NONBLOCK
	}
	iov := dios.Iov{Addr: uint64(s.out.addr), Len: uint64(n)}
	for {
		r := dios.Syscall6(dios.SYS_COMMIT_WRITE, flags, uintptr(s.ref), uintptr(n), uintptr(unsafe.Pointer(&iov)), 0, 0)
		if r >= 0 {
			return int(r), 0
		}
		if r != -dios.EINTR {
			return 0, fromDIOSNet(int(-r))
		}
	}
}

func (s *socket) write(f *file, p []byte) (int, Errno) {
	if s.sotype == SOCK_DGRAM {
		return s.send(f, p, nil)
	}
	s.flush()
	b := &s.out
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.ref == 0 || s.listen {
		return 0, ENOTCONN
	}
	if e := s.room(streamBuf); e != 0 {
		return 0, e
	}
	done := 0
	for done < len(p) {
		n := copy(b.bytes(b.size), p[done:])
		m, e := s.commit(f, 0, n)
		if e != 0 {
			if done > 0 {
				break // the next write says it
			}
			return 0, e
		}
		done += m
		if m < n {
			break
		}
	}
	return done, 0
}

func (s *socket) close() {
	s.flush()
	if s.ref != 0 {
		deleteRef(s.ref)
	}
}

func (s *socket) mode() uint32 { return S_IFSOCK | 0777 }
func (s *socket) pollable()    {}

// recv receives a datagram, into p what of it has room there. full is its
// length.
func (s *socket) recv(f *file, p []byte) (n, full int, from dios.Addr, e Errno) {
	b := &s.in
	b.mu.Lock()
	defer b.mu.Unlock()
	need := dgramHead + len(p)
	if b.addr != 0 && b.size < need {
		iov := dios.Iov{Addr: uint64(b.addr), Len: uint64(b.len)}
		dios.Syscall6(dios.SYS_RELEASE_READ, 0, uintptr(s.ref), uintptr(unsafe.Pointer(&iov)), 0, 0, 0)
		b.addr, b.len = 0, 0
	}
	need = min((need+dios.PAGE_SIZE-1)&^(dios.PAGE_SIZE-1), dgramHead+dios.MAX_DGRAM)
	if e := s.fill(f, need); e != 0 {
		return 0, 0, from, e
	}
	head := **(**dios.DgramHead)(unsafe.Pointer(&b.addr))
	n = copy(p, b.bytes(b.len)[dgramHead:])
	// It was read: what is in the socket is for the next.
	iov := dios.Iov{Addr: uint64(b.addr), Len: uint64(b.len)}
	dios.Syscall6(dios.SYS_COMMIT_READ, 0, uintptr(s.ref), uintptr(b.len), uintptr(unsafe.Pointer(&iov)), 0, 0)
	b.len = int(iov.Len)
	return n, int(head.Len), head.Addr, 0
}

// send sends a datagram; to is nil for a socket that is connected.
func (s *socket) send(f *file, p []byte, to *dios.Addr) (int, Errno) {
	b := &s.out
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.ref == 0 {
		return 0, EDESTADDRREQ
	}
	connected := s.Remote != (dios.Addr{})
	if connected && to != nil {
		return 0, EISCONN
	}
	if !connected && to == nil {
		return 0, EDESTADDRREQ
	}
	if len(p) > dios.MAX_DGRAM {
		return 0, EMSGSIZE
	}
	if e := s.room(dgramHead + len(p)); e != 0 {
		return 0, e
	}
	var head dios.DgramHead
	if to != nil {
		head.Addr = *to
	}
	**(**dios.DgramHead)(unsafe.Pointer(&b.addr)) = head
	copy(b.bytes(b.size)[dgramHead:], p)
	n, e := s.commit(f, 0, dgramHead+len(p))
	if e != 0 {
		return 0, e
	}
	return n - dgramHead, 0
}

func Shutdown(fd int, how int) error {
	s, f, e := getSocket(fd)
	if e != 0 {
		return e
	}
	if s.ref == 0 || s.listen || s.sotype != SOCK_STREAM {
		return ENOTCONN
	}
	s.flush()
	if how == SHUT_RD || how == SHUT_RDWR {
		s.noRead = true
		f.ready('r')
	}
	if how == SHUT_RD {
		return nil
	}
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	if e := s.room(1); e != 0 {
		return e
	}
	_, e = s.commit(f, dios.BUF_END, 0)
	return errnoOrNil(e)
}

func Getsockname(fd int) (Sockaddr, error) {
	s, _, e := getSocket(fd)
	if e != 0 {
		return nil, e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ref == 0 || s.known {
		return s.fromAddr(&s.Local), nil
	}
	var i dios.NetInfo
	if e := s.info(&i); e != 0 {
		return nil, e
	}
	return s.fromAddr(&i.Local), nil
}

func Getpeername(fd int) (Sockaddr, error) {
	s, _, e := getSocket(fd)
	if e != 0 {
		return nil, e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ref == 0 || s.Remote == (dios.Addr{}) {
		return nil, ENOTCONN
	}
	var i dios.NetInfo
	if e := s.info(&i); e != 0 {
		return nil, e
	}
	switch i.State {
	case dios.NET_CONNECTED, dios.NET_ENDED, dios.NET_OPEN:
		return s.fromAddr(&i.Remote), nil
	}
	return nil, ENOTCONN
}

func GetsockoptInt(fd, level, opt int) (int, error) {
	s, _, e := getSocket(fd)
	if e != 0 {
		return -1, e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.NetInfo
	i.KeepaliveS = s.keepaliveIdle
	if s.ref != 0 && level == SOL_SOCKET {
		if s.dirty {
			s.apply()
		}
		if e := s.info(&i); e != 0 {
			return -1, e
		}
	}
	on := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	switch level<<16 | opt {
	case SOL_SOCKET<<16 | SO_ERROR:
		if i.Error == 0 {
			return 0, nil
		}
		return int(fromDIOSNet(int(i.Error))), nil
	case SOL_SOCKET<<16 | SO_TYPE:
		return s.sotype, nil
	case SOL_SOCKET<<16 | SO_KEEPALIVE:
		return on(s.keepalive), nil
	case SOL_SOCKET<<16 | SO_SNDBUF:
		return int(i.SendBuf), nil
	case SOL_SOCKET<<16 | SO_RCVBUF:
		return int(i.RecvBuf), nil
	case SOL_SOCKET<<16 | SO_BROADCAST:
		return on(s.flags&dios.NET_BROADCAST != 0), nil
	case SOL_SOCKET<<16 | SO_REUSEPORT:
		return on(s.flags&dios.NET_REUSEPORT != 0), nil
	case SOL_SOCKET<<16 | SO_REUSEADDR:
		return on(s.sotype == SOCK_STREAM), nil
	case IPPROTO_IPV6<<16 | IPV6_V6ONLY:
		return on(s.flags&dios.NET_V6 != 0), nil
	case IPPROTO_TCP<<16 | TCP_NODELAY:
		return int(i.Nodelay), nil
	case IPPROTO_TCP<<16 | TCP_KEEPIDLE:
		return int(s.keepaliveIdle), nil
	case IPPROTO_TCP<<16 | TCP_KEEPINTVL:
		return int(i.KeepaliveIntervalS), nil
	case IPPROTO_TCP<<16 | TCP_KEEPCNT:
		return int(i.KeepaliveCount), nil
	}
	return -1, ENOPROTOOPT
}

func SetsockoptInt(fd, level, opt int, value int) error {
	s, _, e := getSocket(fd)
	if e != 0 {
		return e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return errnoOrNil(s.setInt(level<<16|opt, value))
}

// setFlag changes a flag that only a new object can have. s.mu is held.
func (s *socket) setFlag(flag uint32, value int) Errno {
	if on := s.flags&flag != 0; on == (value != 0) {
		return 0
	}
	if s.ref != 0 {
		return EINVAL
	}
	s.flags ^= flag
	return 0
}

// setInt is SetsockoptInt with s.mu held.
func (s *socket) setInt(opt, value int) Errno {
	if opt>>16 == IPPROTO_TCP && s.sotype != SOCK_STREAM {
		return ENOPROTOOPT
	}
	seconds := func(p *uint32, most int) Errno {
		if value < 1 || value > most {
			return EINVAL
		}
		s.dirty = s.dirty || *p != uint32(value)
		*p = uint32(value)
		return 0
	}
	switch opt {
	case SOL_SOCKET<<16 | SO_REUSEADDR:
		return 0 // every listener has it, as on Linux with package net; no other socket
	case SOL_SOCKET<<16 | SO_REUSEPORT:
		return s.setFlag(dios.NET_REUSEPORT, value)
	case SOL_SOCKET<<16 | SO_BROADCAST:
		if s.sotype != SOCK_DGRAM {
			return 0
		}
		return s.setFlag(dios.NET_BROADCAST, value)
	case IPPROTO_IPV6<<16 | IPV6_V6ONLY:
		if s.family != AF_INET6 {
			return ENOPROTOOPT
		}
		return s.setFlag(dios.NET_V6, value)
	case SOL_SOCKET<<16 | SO_KEEPALIVE:
		s.dirty = s.dirty || s.keepalive != (value != 0)
		s.keepalive = value != 0
		return 0
	case SOL_SOCKET<<16 | SO_SNDBUF, SOL_SOCKET<<16 | SO_RCVBUF:
		p := &s.SendBuf
		if opt == SOL_SOCKET<<16|SO_RCVBUF {
			p = &s.RecvBuf
		}
		*p = uint32(min(max(value, 1), 1<<30))
		s.dirty = true
		if s.ref != 0 {
			return s.apply() // now: what comes meanwhile needs the room
		}
		return 0
	case IPPROTO_TCP<<16 | TCP_NODELAY:
		on := uint32(0)
		if value != 0 {
			on = 1
		}
		s.dirty = s.dirty || s.Nodelay != on
		s.Nodelay = on
		return 0
	case IPPROTO_TCP<<16 | TCP_KEEPIDLE:
		return seconds(&s.keepaliveIdle, 32767)
	case IPPROTO_TCP<<16 | TCP_KEEPINTVL:
		return seconds(&s.KeepaliveIntervalS, 32767)
	case IPPROTO_TCP<<16 | TCP_KEEPCNT:
		return seconds(&s.KeepaliveCount, 127)
	}
	return ENOPROTOOPT
}

func SetsockoptLinger(fd, level, opt int, l *Linger) error {
	s, _, e := getSocket(fd)
	if e != 0 {
		return e
	}
	if level != SOL_SOCKET || opt != SO_LINGER {
		return ENOPROTOOPT
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.LingerS = noLinger
	if l.Onoff != 0 {
		s.LingerS = uint32(min(max(l.Linger, 0), 0xffff))
	}
	s.dirty = true
	return nil
}

func SetsockoptInet4Addr(fd, level, opt int, value [4]byte) error {
	return onFile(fd, ENOPROTOOPT)
}

func Sendto(fd int, p []byte, flags int, to Sockaddr) error {
	_, err := SendmsgN(fd, p, nil, to, flags)
	return err
}

func Recvfrom(fd int, p []byte, flags int) (n int, from Sockaddr, err error) {
	n, _, _, from, err = Recvmsg(fd, p, nil, flags)
	return n, from, err
}

// Nothing comes beside the bytes: oob stays empty.
func Recvmsg(fd int, p, oob []byte, flags int) (n, oobn, recvflags int, from Sockaddr, err error) {
	s, n, recvflags, a, e := recvmsg(fd, p, flags)
	if e != 0 {
		return -1, 0, 0, nil, e
	}
	if s.sotype == SOCK_DGRAM {
		from = s.fromAddr(&a)
	}
	return n, 0, recvflags, from, nil
}

func recvmsg(fd int, p []byte, flags int) (s *socket, n, recvflags int, from dios.Addr, e Errno) {
	s, f, e := getSocket(fd)
	if e != 0 {
		return nil, 0, 0, from, e
	}
	if flags != 0 {
		return nil, 0, 0, from, EOPNOTSUPP
	}
	if s.sotype == SOCK_STREAM {
		n, e = s.read(f, p)
		return s, n, 0, from, e
	}
	n, full, from, e := s.recv(f, p)
	if full > n {
		recvflags = MSG_TRUNC
	}
	return s, n, recvflags, from, e
}

func SendmsgN(fd int, p, oob []byte, to Sockaddr, flags int) (n int, err error) {
	s, _, e := getSocket(fd)
	if e != 0 {
		return -1, e
	}
	var a *dios.Addr
	if to != nil {
		b, e := s.toAddr(to)
		if e != 0 {
			return -1, e
		}
		a = &b
	}
	n, e = sendmsg(fd, p, oob, a, flags)
	if e != 0 {
		return -1, e
	}
	return n, nil
}

func sendmsg(fd int, p, oob []byte, to *dios.Addr, flags int) (int, Errno) {
	s, f, e := getSocket(fd)
	if e != 0 {
		return 0, e
	}
	if flags != 0 || len(oob) != 0 {
		return 0, EOPNOTSUPP
	}
	if s.sotype == SOCK_STREAM {
		return s.write(f, p)
	}
	return s.send(f, p, to)
}

// The rest is for package internal/syscall/unix: the same, without allocating
// an address.

func recvfromInet4(fd int, p []byte, flags int, from *SockaddrInet4) (int, error) {
	n, _, _, err := recvmsgInet4(fd, p, nil, flags, from)
	return n, err
}

func recvfromInet6(fd int, p []byte, flags int, from *SockaddrInet6) (int, error) {
	n, _, _, err := recvmsgInet6(fd, p, nil, flags, from)
	return n, err
}

func recvmsgInet4(fd int, p, oob []byte, flags int, from *SockaddrInet4) (n, oobn int, recvflags int, err error) {
	_, n, recvflags, a, e := recvmsg(fd, p, flags)
	if e != 0 {
		return -1, 0, 0, e
	}
	from4(&a, from)
	return n, 0, recvflags, nil
}

func recvmsgInet6(fd int, p, oob []byte, flags int, from *SockaddrInet6) (n, oobn int, recvflags int, err error) {
	_, n, recvflags, a, e := recvmsg(fd, p, flags)
	if e != 0 {
		return -1, 0, 0, e
	}
	from6(&a, from)
	return n, 0, recvflags, nil
}

func sendtoInet4(fd int, p []byte, flags int, to *SockaddrInet4) error {
	_, err := sendmsgNInet4(fd, p, nil, to, flags)
	return err
}

func sendtoInet6(fd int, p []byte, flags int, to *SockaddrInet6) error {
	_, err := sendmsgNInet6(fd, p, nil, to, flags)
	return err
}

func sendmsgNInet4(fd int, p, oob []byte, to *SockaddrInet4, flags int) (int, error) {
	if to == nil {
		return SendmsgN(fd, p, oob, nil, flags)
	}
	a, e := addr4(to)
	return sendmsgTo(fd, p, oob, &a, flags, e)
}

func sendmsgNInet6(fd int, p, oob []byte, to *SockaddrInet6, flags int) (int, error) {
	if to == nil {
		return SendmsgN(fd, p, oob, nil, flags)
	}
	a, e := addr6(to)
	return sendmsgTo(fd, p, oob, &a, flags, e)
}

// sendmsgTo is sendmsg, to an address that is no good if e is not 0.
func sendmsgTo(fd int, p, oob []byte, to *dios.Addr, flags int, e Errno) (int, error) {
	n := 0
	if e == 0 {
		n, e = sendmsg(fd, p, oob, to, flags)
	}
	if e != 0 {
		return -1, e
	}
	return n, nil
}

func Sendfile(outfd int, infd int, offset *int64, count int) (written int, err error) {
	return -1, ENOSYS
}
