// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package vm runs programs in a virtual machine that has DIOS.
//
// The machine is a QEMU, with the kernel and the initial file system of package
// image. One channel, a virtio-serial port, carries everything between Run and
// the agent inside (package guest), in the frames of package wire; only a program's
// files have a port of their own, as long as there is one left. The serial
// console carries only what the kernel has to say; it is kept in memory and
// written to a file when something fails. Nothing is left on disk.
//
// Many programs may run in one machine, also at once, and many machines at once.
package vm

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"dios/internal/image"
	"dios/internal/wire"
)

// Config says what machine to boot. The zero Config is good.
type Config struct {
	Root        string        // the tree; "": FindRoot
	Kernel      string        // its version; "": DIOS_KERNEL, or else the newest that has an image
	Accel       string        // tcg, kvm or auto; "": DIOS_ACCEL, or else auto
	Mem         string        // as QEMU's -m takes it; "": DIOS_MEM, or else 1G
	CPUs        int           // 0: DIOS_CPUS, or else 1
	PanicOnWarn bool          // a warning of the kernel stops the machine
	Append      string        // more of a kernel command line, such as "dios.x=1"
	Deadline    time.Duration // to come up; 0: a minute
	FromStart   bool          // boot, even if there is a saved machine to go on with
	Store       string        // a file with the node's store, an ext4 file system; "": in memory, and gone with the machine
	Count       bool          // in tcg: a nanosecond in the machine is an instruction, however busy the host
	OneThread   bool          // in tcg: the CPUs take turns, see accelArg
	Trace       io.Writer     // QEMU's command line goes here
	Console     io.Writer     // the console goes here as well
}

// What a machine has if nobody says otherwise.
const (
	DefaultMem  = "1G"
	DefaultCPUs = 1
)

// Info says what machine came up.
type Info struct {
	Kernel      string        // release, as the kernel itself says it
	Accel       string        // tcg or kvm
	DIOS        string        // why there is no DIOS in it; empty: there is
	ClockSource string        // of the kernel
	Boot        time.Duration // from the start of QEMU until the agent answered
	KernelTime  time.Duration // since the kernel started, by its own clock
}

// Statuses of the runner's own failures. A program's own are exact, so it may
// use them too; what tells them apart is the line on standard error.
const (
	StatusRunner     = 125 // the machine, or something around it, failed
	StatusRefused    = 126 // the program cannot be executed
	StatusNotFound   = 127 // there is no such program
	signalStatusBase = 128 // + the signal that ended a program
)

// An ExitError is a failure to run a program, in one line, with the status for it.
type ExitError struct {
	Status int
	Err    error
}

func (e *ExitError) Error() string { return e.Err.Error() }
func (e *ExitError) Unwrap() error { return e.Err }

// Status returns the exit status for an error of this package.
func Status(err error) int {
	if e := (*ExitError)(nil); errors.As(err, &e) {
		return e.Status
	}
	return StatusRunner
}

// A VM is a running machine.
type VM struct {
	info    Info
	conn    *wire.Conn
	console *console

	ready   chan struct{} // closed when the agent waits for our hello
	greeted chan error    // the agent has answered it

	kill func()        // ends QEMU
	dead chan struct{} // closed when QEMU has ended and err is set
	err  error         // why; set before dead is closed

	mu       sync.Mutex
	runs     map[uint32]*running // mu; nil when dead
	last     uint32              // mu; the newest run
	ports    []*os.File          // mu; for files, each for one run; nil: one has it, or had it
	files    map[fileID]*kept    // mu; the programs in the machine
	clock    int                 // mu; counts what was wanted of files
	keep     int64               // mu; how much of files to keep, in bytes
	closing  bool                // mu; Close was called
	protocol error               // mu; the agent said something wrong
}

// Boot starts a machine and waits until its agent answers.
func Boot(ctx context.Context, c Config) (*VM, error) {
	p, err := c.resolve(ctx)
	if err != nil {
		return nil, err
	}
	v, err := start(ctx, p)
	if err != nil && ctx.Err() == nil && !errors.Is(err, errDeadline) && p.state != "" {
		// A state that looked good and is not is no reason to fail.
		os.Remove(p.state)
		p.state = ""
		v, err = start(ctx, p)
	}
	if err != nil && ctx.Err() == nil && p.accel == "kvm" && p.auto {
		// It worked once; remember that it does not any more.
		forgetKVM()
		p.accel = "tcg"
		v, err = start(ctx, p)
	}
	return v, err
}

// start starts the machine that p describes.
func start(ctx context.Context, p *plan) (*VM, error) {
	began := time.Now()
	args := p.args()
	var extra []*os.File
	if p.state != "" {
		f, err := openState(p.state, p.key())
		if err != nil {
			return nil, err
		}
		defer f.Close()
		extra = append(extra, f)
		args = append(args, "-incoming", fmt.Sprintf("fd:%d", extraFD))
	}
	v, err := launch(p, args, extra...)
	if err != nil {
		return nil, err
	}
	if err := v.hello(ctx, p); err != nil {
		v.Close()
		return nil, err
	}
	v.info.Boot = time.Since(began)
	return v, nil
}

// launch starts a QEMU, in which the extra files are extraFD and the numbers after it.
func launch(p *plan, args []string, extra ...*os.File) (_ *VM, err error) {
	var all, ports []*os.File // our ends
	defer func() {
		if err != nil {
			for _, f := range all {
				f.Close()
			}
		}
	}()
	cmd := exec.Command(p.qemu, args...)
	for range 1 + filesPorts {
		ours, theirs, err := socketpair()
		if err != nil {
			return nil, fmt.Errorf("channel to the virtual machine: %w", err)
		}
		defer theirs.Close()
		all = append(all, ours)
		cmd.ExtraFiles = append(cmd.ExtraFiles, theirs) // linkFD, filesFD...
	}
	ours := all[0]
	ports = slices.Clone(all[1:])
	cmd.ExtraFiles = append(cmd.ExtraFiles, extra...) // extraFD...
	con, err := newConsole(p.Console)
	if err != nil {
		return nil, err
	}
	var complaints tail
	cmd.Stdout = con
	cmd.Stderr = &complaints
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{
		// A machine must not outlive whoever started it, however that dies.
		Pdeathsig: syscall.SIGKILL,
		// Ctrl-C at the terminal is for us, and then for the program.
		Setsid: true,
	}
	if p.Trace != nil {
		fmt.Fprintln(p.Trace, commandLine(p.qemu, args))
	}

	v := &VM{
		info:    Info{Accel: p.accel},
		conn:    wire.NewConn(ours),
		console: con,
		ready:   make(chan struct{}),
		greeted: make(chan error, 1),
		dead:    make(chan struct{}),
		runs:    make(map[uint32]*running),
		ports:   ports,
		files:   make(map[fileID]*kept),
		keep:    defaultKeep,
	}
	started := make(chan error)
	go func() {
		// The signal of Pdeathsig is sent when the thread that started the
		// child ends, so keep this one until the child has ended.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			con.close()
			return
		}
		err = cmd.Wait()
		con.close()
		v.died(err, complaints.String())
		ours.Close()
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", p.qemu, plainError(err))
	}
	v.kill = func() { cmd.Process.Kill() }
	go v.receive()
	return v, nil
}

// hello tells the agent what it must know and waits for its answer.
func (v *VM) hello(ctx context.Context, p *plan) error {
	random := make([]byte, 64)
	rand.Read(random)
	// A failure is a machine that died, which is noticed below.
	v.conn.Send(wire.Frame{Kind: wire.Hello, Payload: (&wire.HostHello{
		Version: wire.Version,
		Time:    time.Now().UnixNano(),
		Random:  random,
		Strict:  p.PanicOnWarn,
	}).Encode()})
	return v.await(ctx, p, v.greeted)
}

// await waits until the agent has said something, for as long as p allows.
func (v *VM) await(ctx context.Context, p *plan, said <-chan error) error {
	timer := time.NewTimer(p.deadline)
	defer timer.Stop()
	select {
	case err := <-said:
		if err != nil {
			// The better reason is the machine's end, if that is what it was.
			select {
			case <-v.dead:
				err = v.err
			case <-time.After(2 * time.Second):
			}
		}
		return err
	case <-v.dead:
		return v.err
	case <-timer.C:
		return fmt.Errorf("the virtual machine %w in %v; console: %s", errDeadline, p.deadline, v.console.save())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// socketpair returns the two ends of a channel.
func socketpair() (ours, theirs *os.File, err error) {
	fd, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	// Ours is read by the runtime's poller, so that Close ends a Read.
	if err := syscall.SetNonblock(fd[0], true); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fd[0]), "vm"), os.NewFile(uintptr(fd[1]), "vm"), nil
}

// died is called when QEMU has ended.
func (v *VM) died(err error, complaints string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.closing:
		v.err = errors.New("the virtual machine was closed")
	case v.console.panicked() != "":
		v.err = fmt.Errorf("the virtual machine's kernel stopped: %s; console: %s", v.console.panicked(), v.console.save())
	case v.protocol != nil:
		v.err = fmt.Errorf("%w; console: %s", v.protocol, v.console.save())
	case complaints != "":
		v.err = fmt.Errorf("qemu: %s", complaints)
	case err != nil:
		v.err = fmt.Errorf("qemu: %w; console: %s", err, v.console.save())
	default:
		v.err = fmt.Errorf("the virtual machine stopped; console: %s", v.console.save())
	}
	for _, r := range v.runs {
		r.abort()
	}
	v.runs = nil
	for _, f := range v.ports {
		if f != nil {
			f.Close()
		}
	}
	v.ports = nil
	close(v.dead)
}

// Info returns what machine this is.
func (v *VM) Info() Info { return v.info }

// ConsoleText returns the last of what the console had.
func (v *VM) ConsoleText() string { return v.console.text() }

// SaveConsole writes that to a file and returns its name.
func (v *VM) SaveConsole() string { return v.console.save() }

// Dead is closed when the machine has stopped, for whatever reason.
func (v *VM) Dead() <-chan struct{} { return v.dead }

// Close stops the machine. Programs in it are gone; their Runs fail.
func (v *VM) Close() error {
	v.mu.Lock()
	v.closing = true
	v.mu.Unlock()
	v.kill()
	<-v.dead
	return nil
}

// fail stops a machine whose agent does not behave.
func (v *VM) fail(err error) {
	v.mu.Lock()
	if v.protocol == nil {
		v.protocol = err
	}
	v.mu.Unlock()
	v.kill()
}

// receive takes the agent's frames until the channel closes. It never waits
// for a program or a reader.
func (v *VM) receive() {
	ready, greeted := false, false
	for {
		f, err := v.conn.Receive()
		if err != nil {
			if !greeted {
				v.greeted <- errors.New("the virtual machine closed its channel")
			}
			// Usually QEMU is about to end. Stop a machine that only lost its agent.
			select {
			case <-v.dead:
			case <-time.After(time.Second):
				v.fail(errAgent)
			}
			return
		}
		if f.Kind == wire.Ready && !ready && !greeted {
			ready = true
			close(v.ready)
			continue
		}
		if !greeted {
			err := v.greet(f)
			v.greeted <- err
			if err != nil {
				return
			}
			greeted = true
			continue
		}
		v.mu.Lock()
		r := v.runs[f.Run]
		v.mu.Unlock()
		if r == nil {
			continue // its Run gave up
		}
		if err := r.handle(f); err != nil {
			v.fail(fmt.Errorf("agent: %v: %w", f, err))
			return
		}
	}
}

var errDeadline = errors.New("did not come up")

var errAgent = errors.New("the agent in the virtual machine is gone")

func (v *VM) greet(f wire.Frame) error {
	var g wire.GuestHello
	if f.Kind != wire.Hello {
		return fmt.Errorf("agent: expected hello, got %v", f)
	}
	if err := g.Decode(f.Payload); err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	if g.Version != wire.Version {
		return fmt.Errorf("the image was made by another dios (protocol %d, not %d): run ./make.bash", g.Version, wire.Version)
	}
	v.info.Kernel = g.Release
	v.info.DIOS = g.DIOS
	v.info.ClockSource = g.ClockSource
	v.info.KernelTime = time.Duration(g.Uptime)
	if g.Warned {
		return fmt.Errorf("the virtual machine's kernel warned while it booted; console: %s", v.console.save())
	}
	return nil
}

// A plan is a Config with everything found and checked.
type plan struct {
	Config
	qemu     string
	version  string
	initrd   string
	kernel   string
	accel    string
	auto     bool   // the acceleration was ours to choose
	state    string // the saved machine to go on with; "": boot
	mem      string
	cpus     int
	deadline time.Duration
}

// resolve finds what c leaves open.
func (c Config) resolve(ctx context.Context) (*plan, error) {
	p := &plan{Config: c, mem: c.Mem, cpus: c.CPUs, deadline: c.Deadline}
	var err error
	if p.Root == "" {
		if p.Root, err = FindRoot(); err != nil {
			return nil, err
		}
	}
	if p.mem == "" {
		p.mem = envOr("DIOS_MEM", DefaultMem)
	}
	if p.cpus == 0 {
		s := envOr("DIOS_CPUS", strconv.Itoa(DefaultCPUs))
		if p.cpus, err = strconv.Atoi(s); err != nil || p.cpus < 1 {
			return nil, fmt.Errorf("DIOS_CPUS is %q: give a number of CPUs, 1 or more", s)
		}
	}
	if p.deadline == 0 {
		p.deadline = time.Minute
	}
	if p.version, err = FindKernel(p.Root, c.Kernel); err != nil {
		return nil, err
	}
	p.initrd = Initrd(p.Root, p.version)
	p.kernel = image.KernelBeside(p.initrd)
	if err := CheckImage(p.Root, p.version); err != nil {
		return nil, err
	}
	if p.qemu, err = FindQEMU(); err != nil {
		return nil, err
	}
	accel := c.Accel
	if accel == "" {
		accel = envOr("DIOS_ACCEL", "auto")
	}
	switch accel {
	case "tcg", "kvm":
		p.accel = accel
	case "auto":
		p.auto = true
		p.accel = "tcg"
		if kvmWorks(ctx, p) {
			p.accel = "kvm"
		}
	default:
		return nil, fmt.Errorf("DIOS_ACCEL is %q: choose auto, tcg or kvm", accel)
	}
	if p.Store != "" {
		if p.Store, err = filepath.Abs(p.Store); err != nil {
			return nil, err
		}
		if fi, err := os.Stat(p.Store); err != nil || !fi.Mode().IsRegular() {
			return nil, fmt.Errorf("the store %s is not a file", p.Store)
		}
	}
	if !c.FromStart && p.accel == "tcg" {
		if f, err := openState(State(p.initrd), p.key()); err == nil {
			f.Close()
			p.state = State(p.initrd)
		}
	}
	return p, nil
}

// Descriptors in QEMU: the channel, the ports for files, and what else launch was given.
const (
	linkFD  = 3
	filesFD = 4
	extraFD = filesFD + filesPorts
)

// filesPorts is how many ports the machine has for programs' files: each for one run, which
// may leave half a message in it. When there are no more, files go over the channel.
const filesPorts = 8

// The ports' numbers in the machine.
const (
	linkPort  = 1
	filesPort = 2
)

// args returns QEMU's arguments.
func (p *plan) args() []string {
	cmdline := []string{
		"console=ttyS0",
		"quiet",
		"panic=-1", // with -no-reboot: a panic ends QEMU at once
		// The emulated clocks are poor judges of the time stamp counter under
		// load. It is the host's, so it is good; and only with it is the
		// time of day read without a system call.
		"tsc=reliable",
		"clocksource=tsc",
		// On a busy host the kernel finds its timer interrupt too slow to be
		// true, and panics.
		"no_timer_check",
		// The machine runs its user's own programs and is gone in seconds:
		// nothing in it needs guarding from anything else in it, and emulated
		// guards are slow.
		"mitigations=off",
		"cryptomgr.notests", // a fifth of the boot time
		"random.trust_cpu=on",
	}
	if p.Append != "" {
		cmdline = append(cmdline, p.Append)
	}
	args := []string{
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		// Without what a kernel would only spend time to find.
		"-machine", "q35,usb=off,vmport=off,hpet=off,sata=off,smbus=off,i8042=off",
		"-accel", p.accelArg(),
		"-cpu", p.cpu(),
		"-smp", strconv.Itoa(p.cpus),
		"-m", p.mem,
		"-kernel", p.kernel,
		"-initrd", p.initrd,
		"-append", strings.Join(cmdline, " "),
		"-chardev", "stdio,id=console,signal=off",
		"-serial", "chardev:console",
		"-chardev", fmt.Sprintf("socket,id=link,fd=%d", linkFD),
		"-device", fmt.Sprintf("virtio-serial-pci,max_ports=%d", filesPort+filesPorts),
		"-device", fmt.Sprintf("virtserialport,chardev=link,nr=%d,name=dios", linkPort),
	}
	for i := range filesPorts {
		args = append(args,
			"-chardev", fmt.Sprintf("socket,id=files%d,fd=%d", i, filesFD+i),
			"-device", fmt.Sprintf("virtserialport,chardev=files%d,nr=%d,name=files%[1]d", i, filesPort+i))
	}
	if p.Count {
		args = append(args, "-icount", "shift=0,sleep=off")
	}
	if p.Store != "" {
		args = append(args,
			// A flush of the machine's is one of the host's.
			"-drive", "if=none,id=store,format=raw,cache=writeback,file="+strings.ReplaceAll(p.Store, ",", ",,"),
			"-device", "virtio-blk-pci,drive=store")
	}
	return args
}

// accelArg returns the acceleration as QEMU's -accel takes it.
//
// QEMU 7.2 gives each CPU a thread, and reads the instructions that it translates
// before it guards them against being written. A CPU can so keep the breakpoint that
// the kernel writes for a moment when it changes its own code (ftrace, jump labels,
// on each load and unload of a module), and falls over it: "Oops: int3". Where that
// is done again and again under load, the CPUs must take turns in one thread.
func (p *plan) accelArg() string {
	if p.accel == "tcg" && p.OneThread {
		return "tcg,thread=single"
	}
	return p.accel
}

// cpu returns the processor as QEMU's -cpu takes it.
func (p *plan) cpu() string {
	if p.accel == "kvm" {
		return "max"
	}
	// QEMU 7.2 emulates CMPXCHG16B so that the flags after it may hold parts
	// of an address: kernels that allocate memory with it (6.12 much more than
	// 6.1) then run with wrong flags, and fall over somewhere else. Without the
	// instruction they do without. Five levels of page tables (la57) are only
	// more work.
	return "max,cx16=off,la57=off"
}

// commandLine returns a command as a shell takes it.
func commandLine(name string, args []string) string {
	var b strings.Builder
	b.WriteString(quote(name))
	for _, a := range args {
		b.WriteByte(' ')
		b.WriteString(quote(a))
	}
	return b.String()
}

func quote(s string) string {
	safe := func(r rune) bool {
		return r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=,:+@%", r))
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func envOr(name, value string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return value
}

// plainError is the reason in err, without the file, which the caller names.
func plainError(err error) error {
	var e syscall.Errno
	if errors.As(err, &e) {
		return e
	}
	return err
}

// FindQEMU returns the path of QEMU.
func FindQEMU() (string, error) {
	name := envOr("DIOS_QEMU", "qemu-system-x86_64")
	p, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("no QEMU: %s is not in PATH; install the package qemu-system-x86", name)
	}
	return filepath.Abs(p)
}
