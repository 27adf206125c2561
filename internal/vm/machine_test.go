// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package vm

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dios/internal/image"

	"github.com/google/go-cmp/cmp"
)

// These tests run in a machine, all but the last few in the same. They need
// what make.bash makes; "run.bash vm" sets DIOS_TEST_VM.

var shared struct {
	once sync.Once
	vm   *VM
	err  error
}

func TestMain(m *testing.M) {
	status := m.Run()
	if shared.vm != nil {
		shared.vm.Close()
	}
	os.Exit(status)
}

// config is for a machine of this tree.
func config(t *testing.T) Config {
	t.Helper()
	if os.Getenv("DIOS_TEST_VM") == "" {
		t.Skip("needs a virtual machine; DIOS_TEST_VM=1 allows it")
	}
	c := Config{PanicOnWarn: true}
	// A kernel that is slower than usual takes longer to boot.
	if d, err := time.ParseDuration(os.Getenv("DIOS_DEADLINE")); err == nil {
		c.Deadline = d
	}
	if os.Getenv("DIOS_ROOT") == "" {
		root, err := filepath.Abs("../..")
		if err != nil {
			t.Fatal(err)
		}
		c.Root = root
	}
	return c
}

func machine(t *testing.T) *VM {
	t.Helper()
	c := config(t)
	shared.once.Do(func() { shared.vm, shared.err = Boot(context.Background(), c) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.vm
}

var built struct {
	once sync.Once
	path string
	err  error
}

// probe returns a static Linux program.
func probe(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		dir, err := os.MkdirTemp("", "probe")
		if err != nil {
			built.err = err
			return
		}
		built.path = filepath.Join(dir, "probe program") // a space does no harm
		cmd := exec.Command("go", "build", "-o", built.path, "./testdata/probe")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// run runs the probe, whose output it returns.
func run(t *testing.T, c Cmd, args ...string) (stdout, stderr string, r Result) {
	t.Helper()
	v := machine(t)
	var out, err bytes.Buffer
	c.File = probe(t)
	c.Args = append([]string{"probe"}, args...)
	c.Stdout = &out
	if c.Stderr == nil {
		c.Stderr = &err
	}
	if c.Stderr == io.Discard {
		c.Stderr = &out
	}
	r, e := v.Run(t.Context(), &c)
	if e != nil {
		t.Fatal(e)
	}
	return out.String(), err.String(), r
}

func TestMachine(t *testing.T) {
	i := machine(t).Info()
	t.Logf("%+v", i)
	if i.Kernel == "" || i.Boot <= 0 || i.KernelTime <= 0 {
		t.Error("it does not know itself")
	}
	if i.DIOS != "" {
		t.Errorf("no DIOS: %s", i.DIOS)
	}
	if i.ClockSource != "tsc" && i.ClockSource != "tsc-early" {
		t.Errorf("the clock source is %s, so reading the clock is a system call", i.ClockSource)
	}
}

// odd are strings that something in between could spoil.
var odd = []string{"", " ", "a b", "\n", "x\ny\n", "-a", "--", "$HOME", "`id`", "'", `"`, `\`, "*", "\x01\x7f\x80\xff", "ü€"}

func TestArgs(t *testing.T) {
	var want strings.Builder
	for _, a := range append([]string{"probe", "args"}, odd...) {
		fmt.Fprintf(&want, "%q\n", a)
	}
	out, _, r := run(t, Cmd{}, append([]string{"args"}, odd...)...)
	if diff := cmp.Diff(want.String(), out); diff != "" || r.Status != 0 {
		t.Errorf("status %d, arguments (-want +got):\n%s", r.Status, diff)
	}
}

// The program's own name is what the caller says, whatever it looks like.
func TestOwnName(t *testing.T) {
	v := machine(t)
	for _, name := range []string{"./probe", "/a b/c\nd", "-a", "", "busybox"} {
		var out bytes.Buffer
		if _, err := v.Run(t.Context(), &Cmd{File: probe(t), Args: []string{name, "args"}, Stdout: &out}); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%q\n\"args\"\n", name); out.String() != want {
			t.Errorf("name %q: %s", name, out.String())
		}
	}
}

func TestEnv(t *testing.T) {
	env := []string{"A=1", "EMPTY=", "=odd", "none"} // Go's os.Environ hides what is there twice
	for i, s := range odd {
		env = append(env, fmt.Sprintf("V%d=%s", i, s))
	}
	var want strings.Builder
	for _, kv := range env {
		fmt.Fprintf(&want, "%q\n", kv)
	}
	out, _, _ := run(t, Cmd{Env: env}, "env")
	if diff := cmp.Diff(want.String(), out); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if out, _, _ := run(t, Cmd{}, "env"); out != "" {
		t.Errorf("nothing given, but there is %s", out)
	}
}

func TestLongArgs(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	out, _, r := run(t, Cmd{Env: []string{"LONG=" + long}}, "args", long)
	if want := fmt.Sprintf("%q\n%q\n%q\n", "probe", "args", long); out != want || r.Status != 0 {
		t.Errorf("status %d, %d bytes, want %d", r.Status, len(out), len(want))
	}
	// More than the kernel takes, and more than a frame takes.
	for _, n := range []int{3 << 20, 5 << 20} {
		_, err := machine(t).Run(t.Context(), &Cmd{File: probe(t), Args: []string{"probe", strings.Repeat("x", n)}})
		if Status(err) != StatusRefused || !strings.Contains(fmt.Sprint(err), "too long") {
			t.Errorf("%d bytes: %v; want that it is too long", n, err)
		}
	}
	_, err := machine(t).Run(t.Context(), &Cmd{File: probe(t), Args: []string{"probe", "a\x00b"}})
	if Status(err) != StatusRefused {
		t.Errorf("a NUL: %v", err)
	}
}

func TestDir(t *testing.T) {
	for _, dir := range []string{"/", "/made up/for this", "/tmp"} {
		if out, _, _ := run(t, Cmd{Dir: dir}, "dir"); out != dir+" <nil>\n" {
			t.Errorf("in %s: %s", dir, out)
		}
	}
	// Where there can be no folder the program runs all the same.
	if out, _, _ := run(t, Cmd{Dir: "/proc/none"}, "dir"); out != "/ <nil>\n" {
		t.Errorf("in /proc/none: %s", out)
	}
}

func TestExitStatus(t *testing.T) {
	for _, n := range []int{0, 1, 2, 42, 125, 126, 127, 128, 255} {
		if _, _, r := run(t, Cmd{}, "exit", fmt.Sprint(n)); r.Status != n || r.Signal != 0 {
			t.Errorf("exit %d: %+v", n, r)
		}
	}
	for _, n := range []int{9, 15} {
		if _, _, r := run(t, Cmd{}, "signal", fmt.Sprint(n)); r.Status != 128+n || r.Signal != n {
			t.Errorf("signal %d: %+v", n, r)
		}
	}
}

func TestInput(t *testing.T) {
	for _, in := range []string{"", "x", "a\x00b\r\n\xff", strings.Repeat("0123456789abcde\n", 200_000)} {
		out, errs, _ := run(t, Cmd{Stdin: strings.NewReader(in)}, "cat")
		if out != in || errs != fmt.Sprintf("%d <nil>\n", len(in)) {
			t.Errorf("%d bytes came back of %d; cat says %q", len(out), len(in), errs)
		}
	}
	if out, errs, _ := run(t, Cmd{}, "cat"); out != "" || errs != "0 <nil>\n" {
		t.Errorf("no input: %q, %q", out, errs)
	}
}

// A program that does not read its input ends all the same, and so does Run.
func TestInputNotRead(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	if _, _, res := run(t, Cmd{Stdin: r}, "exit", "3"); res.Status != 3 {
		t.Errorf("%+v", res)
	}
	// Endless input neither.
	if _, _, res := run(t, Cmd{Stdin: endless{}}, "exit", "4"); res.Status != 4 {
		t.Errorf("%+v", res)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestMuchOutput(t *testing.T) {
	const lines = 1_400_000 // 10 MB
	var want bytes.Buffer
	for i := range lines {
		fmt.Fprintln(&want, i)
	}
	out, _, r := run(t, Cmd{}, "flood", fmt.Sprint(lines))
	if out != want.String() || r.Status != 0 {
		t.Errorf("status %d, %d bytes came, want %d", r.Status, len(out), want.Len())
	}
}

// A reader who is slow stops the program, and nothing else in the machine.
func TestSlowReader(t *testing.T) {
	v := machine(t)
	gate := make(chan bool)
	var got int
	done := make(chan error, 1)
	go func() {
		_, err := v.Run(t.Context(), &Cmd{
			File: probe(t),
			Args: []string{"probe", "flood", "1000000"},
			Stdout: writerFunc(func(b []byte) (int, error) {
				<-gate
				got += len(b)
				return len(b), nil
			}),
		})
		done <- err
	}()
	if out, _, _ := run(t, Cmd{}, "args"); out == "" {
		t.Error("another program had no output")
	}
	close(gate)
	if err := <-done; err != nil || got != 6_888_890 {
		t.Errorf("%d bytes, error %v", got, err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// A reader who goes away ends the program that writes to him, as a pipe does.
func TestBrokenOutput(t *testing.T) {
	for _, test := range []struct{ err, want error }{
		{syscall.EPIPE, nil},
		{syscall.ENOSPC, syscall.ENOSPC},
	} {
		r, err := machine(t).Run(t.Context(), &Cmd{
			File:   probe(t),
			Args:   []string{"probe", "flood", "100000000"},
			Stdout: writerFunc(func(b []byte) (int, error) { return 0, test.err }),
		})
		if !errors.Is(err, test.want) || r.Signal != int(syscall.SIGPIPE) {
			t.Errorf("%v: %+v, error %v", test.err, r, err)
		}
	}
}

func TestOrder(t *testing.T) {
	var want strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&want, "out %d\nerr %d\n", i, i)
	}
	both, _, _ := run(t, Cmd{Stderr: io.Discard}, "mix", "1000") // run takes that for: the same
	if both != want.String() {
		t.Error("output and error are out of order")
	}
	out, errs, _ := run(t, Cmd{}, "mix", "1000")
	if strings.Contains(out, "err") || strings.Contains(errs, "out") || len(out)+len(errs) != want.Len() {
		t.Error("output and error are mixed")
	}
}

func TestSignals(t *testing.T) {
	v := machine(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGHUP} {
		signals := make(chan syscall.Signal, 1)
		var out bytes.Buffer
		r, err := v.Run(t.Context(), &Cmd{
			File:    probe(t),
			Args:    []string{"probe", "catch"},
			Signals: signals,
			Stdout: writerFunc(func(b []byte) (int, error) {
				if out.Len() == 0 {
					signals <- sig // it is ready
				}
				return out.Write(b)
			}),
		})
		if want := "ready\n" + sig.String() + "\n"; err != nil || r.Status != 42 || out.String() != want {
			t.Errorf("%v: %+v, %v, %q", sig, r, err, out.String())
		}
	}
}

func TestCancel(t *testing.T) {
	v := machine(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	_, err := v.Run(ctx, &Cmd{
		File: probe(t),
		Args: []string{"probe", "ignore"},
		Stdout: writerFunc(func(b []byte) (int, error) {
			cancel()
			return out.Write(b)
		}),
	})
	if err != context.Canceled || out.String() != "ready\n" {
		t.Errorf("error %v, output %q", err, out.String())
	}
	left(t)
}

// left checks that nothing of what was run is left in the machine.
func left(t *testing.T) {
	t.Helper()
	var out bytes.Buffer
	if _, err := machine(t).Run(t.Context(), &Cmd{
		Exec: image.DiziBox,
		Args: []string{"sh", "-c", "ls /run/dios | grep -v programs; ls -l /proc/*/exe 2>/dev/null | grep probe; true"},
		Env:  []string{"PATH=/bin"}, Stdout: &out,
	}); err != nil {
		t.Fatal(err)
	}
	if out.String() != "" {
		t.Errorf("left in the machine:\n%s", out.String())
	}
}

// What a program leaves behind does not keep Run, and loses no output.
func TestLeftBehind(t *testing.T) {
	out, _, r := run(t, Cmd{}, "leave")
	if out != "ready\nready\nleft\n" || r.Status != 0 {
		t.Errorf("%+v, %q", r, out)
	}
}

func TestManyAtOnce(t *testing.T) {
	machine(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			in := strings.Repeat(fmt.Sprintln(i), 50_000)
			var out bytes.Buffer
			r, err := machine(t).Run(t.Context(), &Cmd{
				File: probe(t), Args: []string{"probe", "cat"},
				Stdin: strings.NewReader(in), Stdout: &out,
			})
			if err != nil || r.Status != 0 || out.String() != in {
				t.Errorf("program %d: %+v, %v, %d bytes of %d", i, r, err, out.Len(), len(in))
			}
		})
	}
	wg.Wait()
	left(t)
}

// A program is sent once, as long as it is the same and there is room.
func TestProgramIsKept(t *testing.T) {
	v := machine(t)
	dir := t.TempDir()
	name := filepath.Join(dir, "prog")
	b, err := os.ReadFile(probe(t))
	if err != nil {
		t.Fatal(err)
	}
	write(t, name, string(b), 0o755)
	status := func(name string, n int) {
		t.Helper()
		r, err := v.Run(t.Context(), &Cmd{File: name, Args: []string{"x", "exit", fmt.Sprint(n)}})
		if err != nil || r.Status != n {
			t.Errorf("%+v, %v; want status %d", r, err, n)
		}
	}
	count := func() int {
		v.mu.Lock()
		defer v.mu.Unlock()
		return len(v.files)
	}
	before := count()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() { status(name, i) })
	}
	wg.Wait()
	link := filepath.Join(dir, "another name")
	if err := os.Link(name, link); err != nil { // that changes ctime
		t.Fatal(err)
	}
	status(link, 5)
	if n := count() - before; n != 2 {
		t.Errorf("sent %d times, want 2", n)
	}
	// Another program of the same name is another.
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	write(t, name, "#!/bin/sh\n", 0o755)
	if _, err := v.Run(t.Context(), &Cmd{File: name}); Status(err) != StatusRefused {
		t.Errorf("%v", err)
	}
	// A file that grows to more than is kept makes the others go.
	v.mu.Lock()
	v.keep = 10 << 20
	v.mu.Unlock()
	for i := range 3 {
		big := filepath.Join(dir, fmt.Sprint("big", i))
		write(t, big, string(b), 0o755)
		if err := os.Truncate(big, 6<<20); err != nil {
			t.Fatal(err)
		}
		status(big, i)
	}
	if n := count(); n > 2 {
		t.Errorf("%d programs are kept", n)
	}
	var out bytes.Buffer
	if _, err := v.Run(t.Context(), &Cmd{Exec: image.DiziBox, Args: []string{"sh", "-c", "ls /run/dios/programs | wc -l"}, Stdout: &out}); err != nil || strings.TrimSpace(out.String()) != fmt.Sprint(count()) {
		t.Errorf("%d programs are known, in the machine there are %s", count(), out.String())
	}
	// One that is too big for the machine.
	big := filepath.Join(dir, "huge")
	write(t, big, string(b), 0o755)
	if err := os.Truncate(big, 3<<30); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := v.Run(ctx, &Cmd{File: big}); err == nil {
		t.Error("it ran")
	}
	status(probe(t), 6)
}

func TestUser(t *testing.T) {
	out, _, _ := run(t, Cmd{UID: 1000, GID: 100}, "pid")
	if !strings.HasSuffix(out, " 1000 100\n") {
		t.Errorf("%q", out)
	}
}

func TestExec(t *testing.T) {
	v := machine(t)
	var out bytes.Buffer
	r, err := v.Run(t.Context(), &Cmd{
		Exec: image.DiziBox, Args: []string{"echo", "a  b"}, Stdout: &out,
	})
	if err != nil || r.Status != 0 || out.String() != "a  b\n" {
		t.Errorf("%+v, %v, %q", r, err, out.String())
	}
	for path, status := range map[string]int{"/none": StatusNotFound, "/dev": StatusRefused, image.Meta: StatusRefused} {
		if _, err := v.Run(t.Context(), &Cmd{Exec: path}); Status(err) != status {
			t.Errorf("%s: %v; want status %d", path, err, status)
		}
	}
	if _, err := v.Run(t.Context(), &Cmd{File: "/none"}); Status(err) != StatusNotFound {
		t.Errorf("no such file: %v", err)
	}
}

// What a program asks of its files comes to the server and the replies go back, over a port while there
// is one left and over the channel afterwards; and what one did not read the next one does not get.
func TestFiles(t *testing.T) {
	v := machine(t)
	for i := range filesPorts + 2 {
		var out bytes.Buffer
		ended := make(chan error, 1)
		r, err := v.Run(t.Context(), &Cmd{
			Exec:   image.DiziBox,
			Args:   []string{"sh", "-c", "echo ask >&3; read answer <&3; echo got $answer; echo leave >&3; [ $1 = 0 ] && exit 5; cat <&3; exit 6", "sh", fmt.Sprint(i % 2)},
			Stdout: &out,
			Files: func(rw io.ReadWriter) {
				in := bufio.NewReader(rw)
				line, err := in.ReadString('\n')
				if line != "ask\n" || err != nil {
					ended <- fmt.Errorf("%q, %v", line, err)
					return
				}
				fmt.Fprintf(rw, "answer %d\n", i)
				if line, err := in.ReadString('\n'); line != "leave\n" && err != io.EOF {
					ended <- fmt.Errorf("%q, %v", line, err)
					return
				}
				io.WriteString(rw, "more\n")
				if i%2 == 0 {
					_, err = in.ReadByte() // when the program has ended
				}
				ended <- err
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("got answer %d\n", i)
		if i%2 == 1 {
			want += "more\n" // and then the server has ended
		}
		if r.Status != 5+i%2 || out.String() != want {
			t.Errorf("run %d: status %d, %q", i, r.Status, out.String())
		}
		if err := <-ended; i%2 == 0 && err != io.EOF || i%2 == 1 && err != nil {
			t.Errorf("run %d: the server has %v", i, err)
		}
	}
	for _, f := range v.ports {
		if f != nil {
			t.Error("a port was not used")
		}
	}
}

func TestPut(t *testing.T) {
	v := machine(t)
	want := strings.Repeat("some\x00thing\n", 100_000)
	if err := v.Put(t.Context(), "/new/folder/file", 0o640, strings.NewReader(want)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := v.Run(t.Context(), &Cmd{
		Exec: image.DiziBox, Args: []string{"sh", "-c", "cat file; rm file; stat -c %a . >&2"},
		Dir: "/new/folder", Env: []string{"PATH=/bin"}, Stdout: &out,
	}); err != nil || out.String() != want {
		t.Errorf("%v, %d bytes of %d", err, out.Len(), len(want))
	}
	if err := v.Put(t.Context(), "/proc/none/file", 0o640, strings.NewReader(want)); err == nil {
		t.Error("a file in /proc was made")
	}
}

func TestTerminal(t *testing.T) {
	v := machine(t)
	input, keys := io.Pipe()
	resize := make(chan Size, 1)
	var out bytes.Buffer
	step := 0
	r, err := v.Run(t.Context(), &Cmd{
		Exec:  image.DiziBox,
		Args:  []string{"sh", "-c", "tty; stty size; trap 'stty size; exit 7' INT; echo rea''dy; while :; do sleep 1; done"},
		Env:   []string{"PATH=/bin"},
		Stdin: input,
		TTY:   &TTY{Size: Size{12, 34}, Resize: resize},
		Stdout: writerFunc(func(b []byte) (int, error) {
			out.Write(b)
			if step == 0 && strings.Contains(out.String(), "ready") {
				step++
				go func() {
					resize <- Size{56, 78}
					time.Sleep(100 * time.Millisecond) // it has no other sign
					keys.Write([]byte{3})
				}()
			}
			return len(b), nil
		}),
	})
	if err != nil || r.Status != 7 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, want := range []string{"/dev/pts/0\r\n", "12 34\r\n", "56 78\r\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
}

// A machine that stops ends what runs in it with its reason.
func TestPanic(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	v, err := Boot(t.Context(), config(t))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	_, err = v.Run(t.Context(), &Cmd{Exec: image.DiziBox, Args: []string{"sh", "-c", "echo c >/proc/sysrq-trigger; sleep 100"}, Env: []string{"PATH=/bin"}})
	if err == nil || !strings.Contains(err.Error(), "Kernel panic - not syncing: sysrq triggered crash") {
		t.Fatalf("%v; want the reason of the panic", err)
	}
	_, log, _ := strings.Cut(err.Error(), "console: ")
	if b, err := os.ReadFile(log); err != nil || !bytes.Contains(b, []byte("Kernel panic")) {
		t.Errorf("console %q: %d bytes, %v", log, len(b), err)
	}
	if _, again := v.Run(t.Context(), &Cmd{Exec: image.DiziBox}); again == nil || again.Error() != err.Error() {
		t.Errorf("and later: %v", again)
	}
}

func TestCloseEndsRuns(t *testing.T) {
	v, err := Boot(t.Context(), config(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Run(t.Context(), &Cmd{
		File: probe(t), Args: []string{"probe", "ignore"},
		Stdout: writerFunc(func(b []byte) (int, error) {
			go v.Close()
			return len(b), nil
		}),
	})
	if err == nil || Status(err) != StatusRunner {
		t.Errorf("%v", err)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
}

func TestParameters(t *testing.T) {
	c := config(t)
	c.Append = "dios.none=1"
	c.CPUs = 2
	c.Mem = "160M"
	checked := os.Getenv("DIOS_TEST_SLOW") != "" // a kernel that checks itself, with much for itself
	if checked {
		c.Mem = "640M"
	}
	v, err := Boot(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var out bytes.Buffer
	if _, err := v.Run(t.Context(), &Cmd{Exec: image.DiziBox, Args: []string{"nproc"}, Stdout: &out}); err != nil || out.String() != "2\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	// What dios.ko counts can be read.
	out.Reset()
	if _, err := v.Run(t.Context(), &Cmd{Exec: image.DiziBox, Args: []string{"ls", "/sys/kernel/debug"}, Stdout: &out}); err != nil || !strings.Contains(out.String(), "dios\n") {
		t.Errorf("%q, %v", out.String(), err)
	}
	// The kernel warns of a parameter that the module does not have, so it got it.
	out.Reset()
	if _, err := v.Run(t.Context(), &Cmd{Exec: image.DiziBox, Args: []string{"dmesg"}, Stdout: &out}); err != nil || !strings.Contains(out.String(), "unknown parameter 'none'") {
		t.Errorf("%v; the module did not get its parameter", err)
	}
	// Too much for so small a machine is an error, and the machine goes on. Half of its memory is for files;
	// a kernel that checks itself needs more than the other half, and is slow.
	if checked {
		if _, err := v.Run(t.Context(), &Cmd{Exec: image.DiziBox, Args: []string{"mount", "-o", "remount,size=128M", "/"}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Put(t.Context(), "/big", 0o640, io.LimitReader(endless{}, 160<<20)); err == nil || !strings.Contains(err.Error(), "no space") {
		t.Errorf("160 MiB: %v", err)
	}
	if _, err := v.Run(t.Context(), &Cmd{Exec: image.DiziBox, Args: []string{"true"}}); err != nil {
		t.Errorf("and then: %v", err)
	}
}
