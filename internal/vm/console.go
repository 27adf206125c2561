// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package vm

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
)

// A tail keeps the last of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte // mu
}

// tailSize is how much a tail keeps, in bytes. The console of a good run is
// a few lines; a kernel's last words are some kilobytes.
const tailSize = 256 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if len(t.buf) > 2*tailSize {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-tailSize:]...)
	}
	return len(b), nil
}

// String returns what was written, in one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.FieldsFunc(string(t.buf), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// A console keeps the last of what the machine's serial console says.
type console struct {
	tail
	also  io.Writer
	log   *os.File // all of it, with that of other machines; or nil
	saved string   // tail.mu; where it was written
}

func newConsole(also io.Writer) (*console, error) {
	c := &console{also: also}
	if name := os.Getenv("DIOS_CONSOLE"); name != "" {
		var err error
		if c.log, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666); err != nil {
			return nil, fmt.Errorf("DIOS_CONSOLE: %w", err)
		}
	}
	return c, nil
}

// close is called when the machine is gone.
func (c *console) close() {
	if c.log != nil {
		c.log.Close()
	}
}

func (c *console) Write(b []byte) (int, error) {
	c.tail.Write(b)
	if c.also != nil {
		c.also.Write(b) // who listens is not worth stopping for
	}
	if c.log != nil {
		c.log.Write(b)
	}
	return len(b), nil
}

// control matches the firmware's screen control: SeaBIOS clears the screen.
var control = regexp.MustCompile("\x1b(c|\\[[0-9;?=]*[a-zA-Z])")

func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := control.ReplaceAll(c.buf, nil)
	return string(bytes.ReplaceAll(b, []byte("\r"), nil))
}

// panicked returns the line that says why the kernel stopped, or nothing.
func (c *console) panicked() string {
	warning := ""
	for line := range strings.Lines(c.text()) {
		if i := strings.Index(line, "WARNING: "); i >= 0 {
			warning = strings.TrimSpace(line[i:])
		}
		if i := strings.Index(line, "Kernel panic - not syncing"); i >= 0 {
			if strings.Contains(line, "panic_on_warn") && warning != "" {
				return warning
			}
			return strings.TrimSpace(line[i:])
		}
	}
	return ""
}

// save writes the console to a file, once, and returns the file's name.
func (c *console) save() string {
	text := c.text()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.saved != "" {
		return c.saved
	}
	f, err := os.CreateTemp("", "dios-console-*.log")
	if err != nil {
		return fmt.Sprintf("lost, %v", err)
	}
	_, err = f.WriteString(text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Sprintf("lost, %v", err)
	}
	c.saved = f.Name()
	return c.saved
}
