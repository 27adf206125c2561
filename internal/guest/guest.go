// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package guest is the agent in the virtual machine: process 1.
//
// It loads the modules, opens the channel to the host, starts the programs
// that the host sends, and carries their input, output and status. When the
// channel closes, the machine has nobody to work for and stops.
//
// What the agent has to say itself goes to the kernel's console.
package guest

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"dios/internal/image"
	"dios/internal/wire"

	"golang.org/x/sys/unix"
)

// Main is the life of process 1. It does not return.
func Main() {
	// The machine is small and lives for seconds: do not collect often.
	debug.SetGCPercent(400)
	err := run()
	fmt.Fprintf(os.Stderr, "dios: agent: %v\n", err)
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	os.Exit(1) // the kernel panics: process 1 is gone
}

func run() error {
	if err := mount(); err != nil {
		return err
	}
	if err := loopback(); err != nil {
		fmt.Fprintf(os.Stderr, "dios: agent: no loopback: %v\n", err)
	}
	hello := wire.GuestHello{Version: wire.Version}
	dios, err := loadModules()
	if err != nil {
		return err
	}
	hello.DIOS = dios
	port, err := openPort()
	if err != nil {
		return err
	}
	a := &agent{
		conn: wire.NewConn(port),
		runs: make(map[uint32]*program),
		pids: make(map[int]*program),
	}

	// From here on the machine may be saved, and go on later.
	if err := a.conn.Send(wire.Frame{Kind: wire.Ready}); err != nil {
		return fmt.Errorf("host: %w", err)
	}
	f, err := a.conn.Receive()
	if err != nil {
		return fmt.Errorf("host: %w", err)
	}
	var host wire.HostHello
	if f.Kind != wire.Hello {
		return fmt.Errorf("host: expected hello, got %v", f)
	}
	if err := host.Decode(f.Payload); err != nil {
		return fmt.Errorf("host: %w", err)
	}
	if host.Version == wire.Version {
		setClock(host.Time)
		addEntropy(host.Random)
		if host.Strict {
			hello.Warned = strict()
		}
	}
	hello.Release = release()
	hello.ClockSource = readLine("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err == nil {
		hello.Uptime = ts.Nano()
	}
	go a.reap()
	if err := a.conn.Send(wire.Frame{Kind: wire.Hello, Payload: hello.Encode()}); err != nil {
		return fmt.Errorf("host: %w", err)
	}
	for {
		f, err := a.conn.Receive()
		if err != nil {
			return fmt.Errorf("host: %w", err)
		}
		if err := a.handle(f); err != nil {
			return fmt.Errorf("%v: %w", f, err)
		}
	}
}

// mount mounts the kernel's own file systems.
func mount() error {
	for _, m := range []struct{ kind, on, opts string }{
		{"devtmpfs", "/dev", ""},
		{"proc", "/proc", ""},
		{"sysfs", "/sys", ""},
		{"devpts", "/dev/pts", "ptmxmode=666"},
		{"tmpfs", "/dev/shm", ""},
	} {
		if err := os.MkdirAll(m.on, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.on, m.kind, unix.MS_NOSUID, m.opts); err != nil {
			return fmt.Errorf("mount %s: %w", m.on, err)
		}
	}
	// What the kernel and dios.ko count; a kernel may be built without it.
	unix.Mount("debugfs", "/sys/kernel/debug", "debugfs", unix.MS_NOSUID, "")
	// As every Linux has them. A failure shows where they are used.
	os.Symlink("/proc/self/fd", "/dev/fd")
	os.Symlink("/proc/self/fd/0", "/dev/stdin")
	os.Symlink("/proc/self/fd/1", "/dev/stdout")
	os.Symlink("/proc/self/fd/2", "/dev/stderr")
	unix.Sethostname([]byte("dios"))
	return nil
}

// loopback starts the one network that the machine has: 127.0.0.1 and ::1.
func loopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

// loadModules loads the modules of the image. Without dios.ko the machine
// still runs legacy programs; dios then says why it is missing.
func loadModules() (dios string, err error) {
	b, err := os.ReadFile(image.Meta)
	if err != nil {
		return "", err
	}
	info, err := image.ParseInfo(b)
	if err != nil {
		return "", err
	}
	params, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return "", err
	}
	dios = "the image was made without dios.ko"
	for _, m := range info.Modules {
		name, _, _ := strings.Cut(m, ".ko")
		args := moduleParams(name, string(params))
		if name == "dios" && !strings.HasPrefix(args, "store=") && !strings.Contains(args, " store=") {
			if err := mountStore(); err != nil {
				dios = err.Error()
				fmt.Fprintf(os.Stderr, "dios: agent: %s\n", dios)
				continue
			}
			args += " store=" + image.Store
		}
		err := loadModule(filepath.Join(image.Modules, m), args)
		switch {
		case name == "dios" && err != nil:
			dios = fmt.Sprintf("dios.ko cannot be loaded: %v", err)
			fmt.Fprintf(os.Stderr, "dios: agent: %s\n", dios)
		case name == "dios":
			dios = ""
		case err != nil:
			return "", fmt.Errorf("module %s: %w", m, err)
		}
	}
	return dios, nil
}

// storeDisk is the disk that the host has given the machine, if it has.
const storeDisk = "/dev/vda"

// mountStore mounts what the node's blobs lie in: the disk, or memory that is
// gone with the machine.
func mountStore() error {
	const flags = unix.MS_NOSUID | unix.MS_NODEV
	if _, err := os.Stat(storeDisk); err != nil {
		if err := unix.Mount("store", image.Store, "tmpfs", flags, "mode=0700"); err != nil {
			return fmt.Errorf("the store in memory cannot be mounted: %w", err)
		}
		return nil
	}
	if err := unix.Mount(storeDisk, image.Store, "ext4", flags, ""); err != nil {
		return fmt.Errorf("the store's disk cannot be mounted: %w: is it an ext4 file system?", err)
	}
	return os.Chmod(image.Store, 0o700)
}

func loadModule(path, params string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	flags := 0
	if !strings.HasSuffix(path, ".ko") {
		flags = unix.MODULE_INIT_COMPRESSED_FILE
	}
	err = unix.FinitModule(int(f.Fd()), params, flags)
	switch err {
	case nil, unix.EEXIST:
		return nil
	case unix.ENOENT:
		return errors.New("it needs a symbol that this kernel does not have") // what ENOENT means here
	case unix.ENOEXEC:
		return errors.New("it is for another kernel")
	}
	return err
}

// moduleParams returns the parameters that the kernel's command line has for
// a module, dios.x=1, as finit_module wants them, x=1.
func moduleParams(module, cmdline string) string {
	var p []string
	for _, w := range strings.Fields(cmdline) {
		if v, ok := strings.CutPrefix(w, module+"."); ok {
			p = append(p, v)
		}
	}
	return strings.Join(p, " ")
}

// openPort opens the channel to the host. It appears some time after its
// driver is loaded.
func openPort() (*os.File, error) {
	return patiently(func() (*os.File, error) { return os.OpenFile("/dev/vport0p1", os.O_RDWR, 0) })
}

// openFilesPort opens a port that a program's files go over. The poller does not
// have it, since it is diosrun's.
func openFilesPort(nr uint32) (*os.File, error) {
	return patiently(func() (*os.File, error) {
		name := fmt.Sprintf("/dev/vport0p%d", nr)
		fd, err := syscall.Open(name, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
		if err != nil {
			return nil, &os.PathError{Op: "open", Path: name, Err: err}
		}
		return os.NewFile(uintptr(fd), name), nil
	})
}

func patiently(open func() (*os.File, error)) (*os.File, error) {
	const patience = 10 * time.Second
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		f, err := open()
		if err == nil {
			return f, nil
		}
		if time.Since(start) > patience {
			return nil, fmt.Errorf("no channel to the host: %w", err)
		}
	}
}

// setClock sets the time of day, which the machine knows to the second.
func setClock(ns int64) {
	ts := unix.NsecToTimespec(ns)
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &ts); err != nil {
		fmt.Fprintf(os.Stderr, "dios: agent: clock: %v\n", err)
	}
}

// addEntropy gives the kernel's random number generator the host's entropy.
// An emulated machine has little of its own, and this costs less than a device.
func addEntropy(b []byte) {
	f, err := os.OpenFile("/dev/urandom", os.O_WRONLY, 0)
	if err != nil {
		fmt.Fprintf(os.Stderr, "dios: agent: entropy: %v\n", err)
		return
	}
	defer f.Close()
	var arg struct { // struct rand_pool_info
		bits, size int32
		buf        [64]byte
	}
	n := copy(arg.buf[:], b)
	arg.bits, arg.size = int32(8*n), int32(n)
	_, _, e := unix.Syscall(unix.SYS_IOCTL, f.Fd(), unix.RNDADDENTROPY, uintptr(unsafe.Pointer(&arg)))
	if e == 0 {
		// Use it now: the machine may be one of many that began as the same.
		_, _, e = unix.Syscall(unix.SYS_IOCTL, f.Fd(), unix.RNDRESEEDCRNG, 0)
	}
	if e != 0 {
		fmt.Fprintf(os.Stderr, "dios: agent: entropy: %v\n", e)
	}
}

// strict makes a warning of the kernel, or worse, stop the machine. It returns whether
// there was one already; the console has it then.
func strict() (warned bool) {
	for name, value := range map[string]string{
		"/proc/sys/kernel/panic_on_warn": "1",
		"/proc/sys/kernel/panic_on_oops": "1",
		"/proc/sys/kernel/printk":        "5", // the warning is to be seen
	} {
		if err := os.WriteFile(name, []byte(value), 0); err != nil {
			fmt.Fprintf(os.Stderr, "dios: agent: %v\n", err)
		}
	}
	const taintWarn = 1 << 9
	var taint int
	fmt.Sscan(readLine("/proc/sys/kernel/tainted"), &taint)
	if taint&taintWarn == 0 {
		return false
	}
	log := make([]byte, 1<<20)
	if n, err := unix.Klogctl(unix.SYSLOG_ACTION_READ_ALL, log); err == nil {
		os.Stderr.Write(log[:n])
	}
	return true
}

func release() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

func readLine(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

// An agent serves one host.
type agent struct {
	conn *wire.Conn

	runs map[uint32]*program // only handle's goroutine, and forget, under mu

	mu   sync.Mutex
	pids map[int]*program // mu; the children that are ours
}

// handle does what a frame says. It must not wait for anything but the
// channel and the (memory) file system: the host's other runs wait behind it.
// An error is the host's mistake and ends the machine.
func (a *agent) handle(f wire.Frame) error {
	if f.Kind == wire.Put {
		return a.get(f.Run).put(f.Payload)
	}
	a.mu.Lock()
	p := a.runs[f.Run]
	a.mu.Unlock()
	if p == nil && f.Kind == wire.Start {
		p = a.get(f.Run)
	}
	if p == nil {
		return nil // it ended while the frame was on its way
	}
	switch f.Kind {
	case wire.Start:
		var req wire.StartRequest
		if err := req.Decode(f.Payload); err != nil {
			return err
		}
		p.start(&req)
	case wire.Data:
		if r := p.receiver(f.Stream); r != nil {
			return r.Add(f.Payload)
		}
		if f.Stream == wire.File {
			p.putData(f.Payload)
		}
	case wire.PutEnd:
		return p.putEnd()
	case wire.Credit:
		n, err := wire.ParseNumber(f.Payload)
		if s := p.sender(f.Stream); s != nil {
			s.Credit(int(n))
		}
		return err
	case wire.Close:
		// For files it is one or the other, and either is the end of both.
		if r := p.receiver(f.Stream); r != nil {
			r.End()
		}
		if s := p.sender(f.Stream); s != nil {
			s.Stop()
		}
	case wire.Signal:
		n, err := wire.ParseNumber(f.Payload)
		p.signal(syscall.Signal(n))
		return err
	case wire.Resize:
		n, err := wire.ParseNumber(f.Payload)
		p.resize(n)
		return err
	case wire.Kill:
		p.kill()
	default:
		return errors.New("unexpected")
	}
	return nil
}

// get returns the run of that number, a new one if need be.
func (a *agent) get(id uint32) *program {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.runs[id]
	if p == nil {
		p = &program{agent: a, id: id}
		a.runs[id] = p
	}
	return p
}

func (a *agent) forget(p *program) {
	a.mu.Lock()
	delete(a.runs, p.id)
	a.mu.Unlock()
}

// reap waits for all children: ours, and those whose parents died, which are
// now process 1's.
func (a *agent) reap() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGCHLD)
	for range c {
		for {
			var status syscall.WaitStatus
			var usage syscall.Rusage
			pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, &usage)
			if err == syscall.EINTR {
				continue
			}
			if pid <= 0 || err != nil {
				break
			}
			// start holds mu from the fork on until the child is in pids.
			a.mu.Lock()
			p := a.pids[pid]
			delete(a.pids, pid)
			a.mu.Unlock()
			if p != nil {
				go p.ended(pid, status, &usage)
			}
		}
	}
}
