// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package syscall

import (
	"internal/abi"
	"internal/bytealg"
	"internal/runtime/syscall/dios"
	"runtime"
	"sync"
	"unsafe"
)

// Processes are tasks, for package os: what a program does with
// os.StartProcess and os/exec. Nothing in DIOS knows their numbers, which mean
// something in this task only. Package runtime/dios has more to offer.

// SelfPath is the path by which a program starts itself. It is what
// os.Executable returns; there is no such file.
const SelfPath = "/proc/self/exe"

// A process is a task that this one started.
type process struct {
	ref uint64

	mu     sync.Mutex // held while somebody waits
	ended  bool
	status WaitStatus
	rusage Rusage
}

var processes = struct {
	sync.Mutex
	tab  map[int]*process
	last int // the number of the last one
}{}

type ProcAttr struct {
	Dir   string    // the working directory; "" is this task's. Without files there is none
	Env   []string  // as "key=value"
	Files []uintptr // descriptors for standard input, output and error; no more
	Sys   *SysProcAttr
}

type SysProcAttr struct {
	Exe uint64 // a reference to the program, with the EXEC right, instead of a path
}

// runtime_args is os.Args, as it was at first.
//
//go:linkname runtime_args os.runtime_args
func runtime_args() []string

// program returns a reference to the program at a path, which may have been
// made for the caller only. Without files there is one: this one, as SelfPath or
// by the name it was started with.
func program(path string, attr *ProcAttr) (ref uint64, mine bool, err error) {
	if attr.Sys != nil && attr.Sys.Exe != 0 {
		return attr.Sys.Exe, false, nil
	}
	if exe := diosStart().Exe; exe != 0 {
		if path == SelfPath {
			return exe, false, nil
		}
		if args := runtime_args(); len(args) > 0 && path == args[0] && path != "" {
			return exe, false, nil
		}
	}
	if attr.Dir != "" && path != "" && path[0] != '/' {
		path = attr.Dir + "/" + path // as Linux, which goes there first
	}
	ref, err = programFile(path)
	return ref, true, err
}

// lastProgram is the program that was started last from a file: copying that
// is most of what starting it costs.
var lastProgram struct {
	sync.Mutex
	ref uint64 // 0: none
	st  Stat_t // of the file
}

// lastProgramAge is how old a file must be when it is looked at, before it is read, to be
// kept: what is written later has another time then, by whatever clock and in whatever steps.
const lastProgramAge = 2 // seconds

// keptProgram returns a reference to the last program, if it is this file's and
// the file is what it was.
func keptProgram(st *Stat_t) (ref uint64) {
	p := &lastProgram
	p.Lock()
	defer p.Unlock()
	if p.ref == 0 || p.st.Dev != st.Dev || p.st.Ino != st.Ino || p.st.Size != st.Size || p.st.Mtim != st.Mtim || p.st.Ctim != st.Ctim {
		return 0
	}
	return anotherRef(p.ref)
}

// isSettled reports whether a file that is like st now has been so for a while.
func isSettled(st *Stat_t) bool {
	var now Timeval
	return Gettimeofday(&now) == nil && now.Sec-max(st.Mtim.Sec, st.Ctim.Sec) > lastProgramAge
}

// keepProgram keeps the program of a file that was like st before it was read.
func keepProgram(ref uint64, st *Stat_t) {
	p := &lastProgram
	p.Lock()
	defer p.Unlock()
	if p.ref != 0 {
		deleteRef(p.ref)
	}
	p.ref, p.st = anotherRef(ref), *st
}

// anotherRef returns another reference to an object, or 0.
func anotherRef(ref uint64) uint64 {
	g := dios.Grant{Ref: ref, Rights: dios.R_EXEC}
	if dios.Syscall6(dios.SYS_COPY, 0, uintptr(unsafe.Pointer(&g)), 1, dios.REF_SELF, 0, 0) < 0 {
		return 0
	}
	return g.Out
}

// programFile returns a BLOB without a name with the bytes of a file, which can
// be run if they are a program. A node without a store has none: ENOTSUP.
func programFile(path string) (ref uint64, err error) {
	fd, err := Open(path, O_RDONLY, 0)
	if err != nil {
		return 0, err
	}
	defer Close(fd)
	var st Stat_t
	if err := Fstat(fd, &st); err != nil {
		return 0, err
	}
	if st.Mode&S_IFMT != S_IFREG || st.Mode&0111 == 0 {
		return 0, EACCES
	}
	if ref := keptProgram(&st); ref != 0 {
		return ref, nil
	}
	settled := isSettled(&st)
	spec := dios.Blob{Size: uint64(st.Size)}
	r := dios.Syscall6(dios.SYS_CREATE, 0, dios.T_BLOB, uintptr(unsafe.Pointer(&spec)), 0, uintptr(unsafe.Pointer(&ref)), 0)
	if r < 0 {
		return 0, fromDIOS(int(-r))
	}
	for off := int64(0); off < st.Size && err == nil; {
		var n int
		n, err = fillBlob(ref, fd, off, st.Size)
		off += int64(n)
		if n == 0 && err == nil {
			err = ETXTBSY // it gets shorter while we read
		}
	}
	if err != nil {
		deleteRef(ref)
		return 0, err
	}
	if settled {
		keepProgram(ref, &st)
	}
	return ref, nil
}

// fillBlob copies a window of a file to a blob.
func fillBlob(ref uint64, fd int, off, size int64) (n int, err error) {
	var iov dios.Iov
	want := min(size-off, dios.MAX_KBUF)
	r := dios.Syscall6(dios.SYS_ACQUIRE_WRITE, dios.BUF_AT, uintptr(ref), uintptr(want), uintptr(unsafe.Pointer(&iov)), 0, uintptr(off))
	if r < 0 {
		return 0, fromDIOS(int(-r))
	}
	mem := unsafe.Slice(*(**byte)(unsafe.Pointer(&iov.Addr)), want)
	for n < len(mem) && err == nil {
		var m int
		if m, err = Pread(fd, mem[n:], off+int64(n)); m <= 0 {
			break
		}
		n += m
	}
	if err == nil && n > 0 {
		if r := dios.Syscall6(dios.SYS_COMMIT_WRITE, 0, uintptr(ref), uintptr(n), uintptr(unsafe.Pointer(&iov)), 0, 0); r < 0 {
			err = fromDIOS(int(-r))
		}
	}
	dios.Syscall6(dios.SYS_RELEASE_WRITE, 0, uintptr(ref), uintptr(unsafe.Pointer(&iov)), 0, 0, 0)
	return max(n, 0), err
}

// StartProcess starts a program as a task. See ProcAttr for what can be said.
func StartProcess(argv0 string, argv []string, attr *ProcAttr) (pid int, handle uintptr, err error) {
	if attr == nil {
		attr = new(ProcAttr)
	}
	exe, mine, err := program(argv0, attr)
	if err != nil {
		return 0, 0, err
	}
	if mine {
		defer deleteRef(exe)
	}
	files, e := childFiles(attr.Dir)
	if e != 0 {
		return 0, 0, e
	}
	for _, g := range files {
		defer deleteRef(g.Ref)
	}
	args, ok := pack(argv)
	env, ok2 := pack(attr.Env)
	if !ok || !ok2 || len(argv) == 0 {
		return 0, 0, EINVAL
	}
	run := &dios.Run{
		Argv:    address(args),
		ArgvLen: uint64(len(args)),
		Env:     address(env),
		EnvLen:  uint64(len(env)),
		Argc:    uint32(len(argv)),
		Envc:    uint32(len(attr.Env)),
		Refs:    uint64(uintptr(unsafe.Pointer(unsafe.SliceData(files)))),
		Nrefs:   uint32(len(files)),
		Files:   uint32(len(files)),
	}
	// The child has its own references to the streams. Those that were made
	// for it only go.
	for i := range max(3, len(attr.Files)) {
		fd := -1
		if i < len(attr.Files) {
			fd = int(attr.Files[i])
		}
		if i >= 3 && fd >= 0 {
			return 0, 0, ENOTSUP // there is no fourth stream
		}
		if i >= 3 {
			continue
		}
		ref, mine, e := handOver(fd, i > 0)
		if e != 0 {
			return 0, 0, e
		}
		if mine {
			defer deleteRef(ref)
		}
		*[...]*uint64{&run.In, &run.Out, &run.Err}[i] = ref
	}
	var ref uint64
	r := int64(-dios.EINTR)
	for r == -dios.EINTR {
		r = dios.Syscall6(dios.SYS_RUN, 0, uintptr(exe), uintptr(unsafe.Pointer(run)), uintptr(unsafe.Pointer(&ref)), 0, 0)
	}
	runtime.KeepAlive(args)
	runtime.KeepAlive(env)
	runtime.KeepAlive(files)
	if r < 0 {
		return 0, 0, fromDIOS(int(-r))
	}
	p := &processes
	p.Lock()
	defer p.Unlock()
	if p.tab == nil {
		p.tab = make(map[int]*process)
		p.last = Getpid()
	}
	p.last++
	p.tab[p.last] = &process{ref: ref}
	return p.last, 0, nil
}

// pack returns the strings one after the other, each ended by a NUL, on the
// heap, and whether none of them has a NUL of its own.
func pack(strs []string) ([]byte, bool) {
	b := []byte{}
	for _, s := range strs {
		if bytealg.IndexByteString(s, 0) >= 0 {
			return nil, false
		}
		b = append(b, s...)
		b = append(b, 0)
	}
	return abi.Escape(b), true
}

// address keeps nothing alive, and does not follow a stack that moves: so b
// must be on the heap, and be used after the call.
func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// handOver returns the reference for a stream of a child: standard input, or
// one to write to. It is mine if it was made for that, and is to be deleted
// when the child has its own. A descriptor less than 0 is none.
func handOver(fd int, write bool) (ref uint64, mine bool, e Errno) {
	if fd < 0 {
		return nothing(write)
	}
	f, e := getFile(fd)
	if e != 0 {
		return 0, false, e
	}
	switch s := f.stream.(type) {
	case console:
		if !write {
			break
		}
		if s == Stdout {
			return diosStart().Out, false, 0
		}
		return diosStart().Err, false, 0
	case noInput:
		return nothing(write)
	case devNull:
		if !write {
			// What it reads is at its end, as the null device is; with
			// nothing, reading would fail.
			r, w, e := makeFIFO(dios.PAGE_SIZE)
			if e == 0 {
				deleteRef(w)
			}
			return r, e == 0, e
		}
		return nothing(write)
	case input:
		if write {
			break
		}
		return diosStart().In, false, 0
	case pipeReader:
		if write {
			break
		}
		r, _, e := s.share()
		return r, false, e
	case pipeWriter:
		if !write {
			break
		}
		_, w, e := s.share()
		return w, false, e
	}
	return 0, false, ENOTSUP
}

// nothing returns what a child has for a stream where nothing comes from, and
// what it writes is lost. No reference for output would be the node's console,
// so there is a FIFO, and a goroutine that reads it as long as the child lives.
func nothing(write bool) (ref uint64, mine bool, e Errno) {
	if !write {
		return dios.REF_NONE, false, 0
	}
	r, w, e := makeFIFO(dios.PAGE_SIZE)
	if e != 0 {
		return 0, false, e
	}
	go func() {
		end := newObjectEnd(r, 'r')
		f := &file{stream: input{end}}
		var b [512]byte
		for {
			if n, e := end.read(f, b[:]); n == 0 || e != 0 {
				break
			}
		}
		end.close()
	}()
	return w, true, 0
}

const wnohang = 1

// Wait4 waits for a task that StartProcess started, by its number, and then
// forgets it. The only option is WNOHANG, as on Linux: 1.
func Wait4(pid int, wstatus *WaitStatus, options int, rusage *Rusage) (wpid int, err error) {
	p := findProcess(pid)
	if p == nil || pid <= 0 {
		return 0, ECHILD
	}
	if options&^wnohang != 0 {
		return 0, EINVAL
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.ended {
		e := p.poll()
		if e == EAGAIN && options&wnohang != 0 {
			return 0, nil
		}
		if e == EAGAIN {
			pd := pollOpen(uintptr(p.ref))
			pollReset(pd, 'r')
			pollWait(pd, 'r', 0)
			pollUnblock(pd)
			pollClose(pd)
		} else if e != 0 {
			return 0, e
		}
	}
	processes.Lock()
	forget := processes.tab[pid] == p
	delete(processes.tab, pid)
	processes.Unlock()
	if !forget {
		return 0, ECHILD // another one has waited for it
	}
	deleteRef(p.ref)
	if wstatus != nil {
		*wstatus = p.status
	}
	if rusage != nil {
		*rusage = p.rusage
	}
	return pid, nil
}

func findProcess(pid int) *process {
	processes.Lock()
	defer processes.Unlock()
	return processes.tab[pid]
}

// poll asks how the task ended. EAGAIN: it did not.
func (p *process) poll() Errno {
	var iov dios.Iov
	r := dios.Syscall6(dios.SYS_ACQUIRE_READ, dios.BUF_NONBLOCK, uintptr(p.ref), 0, uintptr(unsafe.Pointer(&iov)), 0, 0)
	if r < 0 {
		return fromDIOS(int(-r))
	}
	st := **(**dios.TaskStatus)(unsafe.Pointer(&iov.Addr))
	dios.Syscall6(dios.SYS_RELEASE_READ, 0, uintptr(p.ref), uintptr(unsafe.Pointer(&iov)), 0, 0, 0)
	switch st.How {
	case dios.END_EXIT:
		p.status = WaitStatus(st.Status&0xff) << 8
	default:
		// The numbers of upcalls are the host's signals.
		p.status = WaitStatus(st.Status & 0x7f)
		if p.status == 0 {
			p.status = WaitStatus(SIGKILL)
		}
	}
	p.rusage = Rusage{
		Utime:  Timeval{Sec: int64(st.UserNs / 1e9), Usec: int64(st.UserNs % 1e9 / 1e3)},
		Stime:  Timeval{Sec: int64(st.SystemNs / 1e9), Usec: int64(st.SystemNs % 1e9 / 1e3)},
		Maxrss: int64(st.MaxRss / 1024), // kilobytes, as on Linux
	}
	p.ended = true
	return 0
}

// kill is Kill for a task that this one started. SIGKILL kills it, and 0 asks
// whether it is there; others cannot be sent.
func (p *process) kill(sig Signal) error {
	switch sig {
	case 0:
		return nil
	case SIGKILL:
		r := dios.Syscall6(dios.SYS_DELETE, dios.DELETE_ZOMBIFY, uintptr(p.ref), 0, 0, 0, 0)
		if r == -dios.EBADREF {
			return ESRCH // was waited for meanwhile
		}
		if r < 0 {
			return fromDIOS(int(-r))
		}
		return nil
	}
	return ENOTSUP
}

func Exec(argv0 string, argv []string, envv []string) error { return enoprocs }
