// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// KVM may be there, open, make machines and processors, and then not run them:
// on some clouds a machine made so hangs for ever. Only a machine that came up
// proves that it works. So try one, with a deadline, and remember how it went,
// for this user, this QEMU and as long as this host is up.

// kvmDeadline is how long the trial may take. With KVM that works, the machine
// is up in less than a second.
const kvmDeadline = 5 * time.Second

// kvmWorks tells whether to use KVM: the remembered answer, or else a trial's.
func kvmWorks(ctx context.Context, p *plan) bool {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	f.Close()
	if works, known := kvmRemembered(p.qemu); known {
		return works
	}
	return tryKVM(ctx, p) == nil
}

// tryKVM boots a machine with KVM and remembers whether it came up.
func tryKVM(ctx context.Context, p *plan) error {
	t := *p
	t.accel = "kvm"
	t.auto = false
	t.deadline = kvmDeadline
	t.Trace, t.Console = nil, nil
	v, err := start(ctx, &t)
	if ctx.Err() != nil {
		return ctx.Err() // that proves nothing
	}
	if err == nil {
		v.Close()
	}
	rememberKVM(p.qemu, err == nil)
	return err
}

// ProbeKVM tries KVM, whatever is remembered, and remembers the outcome.
func ProbeKVM(ctx context.Context, c Config) error {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("/dev/kvm: %w", plainError(err))
	}
	f.Close()
	c.Accel = "kvm"
	p, err := c.resolve(ctx)
	if err != nil {
		return err
	}
	return tryKVM(ctx, p)
}

// kvmFile is where the answer is kept: one line, a key and yes or no.
func kvmFile() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "dios", "kvm"), nil
}

// kvmKey changes when the answer may.
func kvmKey(qemu string) (string, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	fi, err := os.Stat(qemu)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s:%d:%d", strings.TrimSpace(string(boot)), fi.Size(), fi.ModTime().UnixNano()), nil
}

func kvmRemembered(qemu string) (works, known bool) {
	name, err := kvmFile()
	if err != nil {
		return false, true // nowhere to keep it: not to try each time
	}
	key, err := kvmKey(qemu)
	if err != nil {
		return false, true
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return false, false
	}
	k, answer, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
	return answer == "yes", k == key
}

// rememberKVM keeps the answer. That it cannot be kept costs only time.
func rememberKVM(qemu string, works bool) {
	name, err := kvmFile()
	if err != nil {
		return
	}
	key, err := kvmKey(qemu)
	if err != nil {
		return
	}
	answer := "no"
	if works {
		answer = "yes"
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(name), "kvm.tmp")
	if err != nil {
		return
	}
	_, err = io.WriteString(f, key+" "+answer+"\n")
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
}

func forgetKVM() {
	if qemu, err := FindQEMU(); err == nil {
		rememberKVM(qemu, false)
	}
}
