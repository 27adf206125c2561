// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package vm

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// An emulated machine takes two seconds to boot, and what it does in them is
// always the same. So it is booted once, when its image is made; stopped when
// its agent waits for a host's hello; and saved. A machine that goes on from
// there is up in a fifth of the time. The hello gives it the time of day and
// entropy of its own.
//
// The state is a file beside the image: a line that says what it is the state
// of, and then QEMU's migration stream. It is good for the same QEMU, machine,
// kernel and image on the same kind of processor only; otherwise it is ignored,
// and the machine boots.

// State returns where the saved machine of an image lies.
func State(initrd string) string {
	return filepath.Join(filepath.Dir(initrd), "state")
}

const stateMagic = "dios-state "

// settle is how long a machine goes on before it is saved: in its second second
// the kernel still measures its clock.
const settle = 2 * time.Second

// key says what a machine is the state of. It is empty when it cannot be told.
func (p *plan) key() string {
	h := sha256.New()
	for _, name := range []string{p.qemu, p.kernel, p.initrd} {
		fi, err := os.Stat(name)
		if err != nil {
			return ""
		}
		fmt.Fprintf(h, "%d %d\n", fi.Size(), fi.ModTime().UnixNano())
	}
	// Where the files lie does not matter.
	args := p.args()
	for _, flag := range []string{"-kernel", "-initrd"} {
		args[slices.Index(args, flag)+1] = ""
	}
	fmt.Fprintf(h, "%q\n", args)
	// The machine's clock is the host's, and was measured on this one.
	fmt.Fprintf(h, "%s\n", processor())
	return fmt.Sprintf("%x", h.Sum(nil)[:16])
}

// processor returns the name of the host's processor.
func processor() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "model name") {
			return line
		}
	}
	return ""
}

// openState opens a saved machine, if it is that one, where QEMU is to read on.
func openState(name, key string) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	want := stateMagic + key + "\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(f, got); err != nil || key == "" || string(got) != want {
		f.Close()
		return nil, fmt.Errorf("%s: not the state of this machine", name)
	}
	return f, nil
}

// SaveState boots a machine and saves it, for others to go on from there.
// A state that was there before is gone in any case.
func SaveState(ctx context.Context, c Config) (err error) {
	c.Accel = "tcg"
	c.FromStart = true
	p, err := c.resolve(ctx)
	if err != nil {
		return err
	}
	name := State(p.initrd)
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "state.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	defer f.Close()
	key := p.key()
	if key == "" {
		return fmt.Errorf("%s is gone", p.initrd)
	}
	if _, err := f.WriteString(stateMagic + key + "\n"); err != nil {
		return err
	}

	ours, theirs, err := socketpair()
	if err != nil {
		return err
	}
	defer ours.Close()
	args := append(p.args(),
		"-chardev", fmt.Sprintf("socket,id=monitor,fd=%d", extraFD),
		"-mon", "chardev=monitor,mode=control")
	v, err := launch(p, args, theirs)
	theirs.Close()
	if err != nil {
		return err
	}
	defer v.Close()
	said := make(chan error, 1)
	go func() {
		select {
		case <-v.ready:
			said <- nil
		case err := <-v.greeted:
			said <- err
		}
	}()
	if err := v.await(ctx, p, said); err != nil {
		return err
	}
	select {
	case <-time.After(settle):
	case <-v.dead:
		return v.err
	case <-ctx.Done():
		return ctx.Err()
	}
	// Each answer comes at once, or the machine is not worth to be saved.
	ours.SetDeadline(time.Now().Add(p.deadline))
	if err := migrate(ours, f); err != nil {
		return fmt.Errorf("saving the machine: %w", err)
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// migrate has the QEMU behind a monitor write its machine to a file.
func migrate(monitor, to *os.File) error {
	r := bufio.NewReader(monitor)
	// QEMU begins with a greeting; and it tells of events, which are not answers.
	type answer struct {
		QMP    json.RawMessage
		Return json.RawMessage
		Error  *struct{ Desc string }
	}
	next := func() (*answer, error) {
		for {
			line, err := r.ReadBytes('\n')
			if err != nil {
				return nil, fmt.Errorf("monitor: %w", err)
			}
			var a answer
			if err := json.Unmarshal(line, &a); err != nil {
				return nil, fmt.Errorf("monitor: %w", err)
			}
			switch {
			case a.Error != nil:
				return nil, fmt.Errorf("monitor: %s", a.Error.Desc)
			case a.Return != nil, a.QMP != nil:
				return &a, nil
			}
		}
	}
	do := func(command string, files ...int) (*answer, error) {
		raw, err := monitor.SyscallConn()
		if err != nil {
			return nil, err
		}
		var rights []byte
		if len(files) > 0 {
			rights = syscall.UnixRights(files...)
		}
		var serr error
		if err := raw.Write(func(fd uintptr) bool {
			serr = syscall.Sendmsg(int(fd), []byte(command+"\n"), rights, nil, 0)
			return serr != syscall.EAGAIN
		}); err != nil {
			return nil, err
		}
		if serr != nil {
			return nil, serr
		}
		return next()
	}
	if _, err := next(); err != nil {
		return err
	}
	if _, err := do(`{"execute": "qmp_capabilities"}`); err != nil {
		return err
	}
	raw, err := to.SyscallConn()
	if err != nil {
		return err
	}
	var derr error
	if err := raw.Control(func(fd uintptr) {
		_, derr = do(`{"execute": "getfd", "arguments": {"fdname": "state"}}`, int(fd))
	}); err != nil || derr != nil {
		return errors.Join(err, derr)
	}
	for _, command := range []string{
		`{"execute": "migrate-set-parameters", "arguments": {"max-bandwidth": 10000000000}}`,
		`{"execute": "migrate", "arguments": {"uri": "fd:state"}}`,
	} {
		if _, err := do(command); err != nil {
			return err
		}
	}
	for {
		a, err := do(`{"execute": "query-migrate"}`)
		if err != nil {
			return err
		}
		var info struct {
			Status    string
			ErrorDesc string `json:"error-desc"`
		}
		if err := json.Unmarshal(a.Return, &info); err != nil {
			return err
		}
		switch info.Status {
		case "completed":
			return nil
		case "failed", "cancelled":
			return fmt.Errorf("%s %s", info.Status, info.ErrorDesc)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
