// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package wire is what the runner on the host and the agent in the virtual
// machine say to each other.
//
// One channel, a virtio-serial port, carries frames in both directions. A frame
// belongs to a run, which has a number that the host chose; run 0 is the
// machine itself. The frames of many runs may be mixed.
//
// The machine begins with Ready, the host with Hello, which the machine answers
// with its own. Until then the machine may be stopped and saved, and go on
// later, for another host: it knows nothing yet that it should not.
//
// A run goes like this:
//
//	host     Put, Data..., PutEnd        a program, if the machine does not have it yet
//	machine  PutOK
//	host     Start                       arguments, environment, ...
//	host     Data, Close                 its standard input
//	machine  Data                        its output
//	both     Data                        its files: requests, and their replies, if they have no port of their own
//	both     Credit                      "I have used up n bytes, send more"
//	both     Close                       "that stream has ended", "nobody reads it"
//	host     Signal, Resize, Kill
//	machine  Exit                        the last one; all output came before it
//
// Nobody sends more data of a stream than it has credit for. So each side can
// always take what comes, a slow reader stops only the program that writes
// to it, and what is in flight is bounded.
package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Version is the first thing that both sides say. It changes when an agent of
// before would misunderstand.
const Version = 5

// FilesFD is the descriptor of what Files in StartRequest is about.
const FilesFD = 3

// Sizes, in bytes.
const (
	MaxPayload = 4 << 20  // of a frame; arguments and environment come in one
	Chunk      = 32 << 10 // of data in a frame; virtio-serial takes no more at once
	Window     = 256 << 10
	header     = 12
)

// Kind says what a frame is.
type Kind uint8

const (
	Hello  Kind = 1 + iota // both: HostHello, GuestHello
	Put                    // host: begin a file, PutRequest
	PutEnd                 // host: the file is complete
	PutOK                  // machine: the file is there, or a Failure
	Start                  // host: start a program, StartRequest
	Data                   // both: a piece of a stream
	Credit                 // both: Number of bytes
	Close                  // both: the end of a stream
	Signal                 // host: Number of a signal, for the program
	Resize                 // host: the terminal, Number<<16 | Number
	Kill                   // host: the program and all that it started
	Exit                   // machine: ExitReport
	Ready                  // machine: it waits for the host's Hello
)

// Streams of a run.
const (
	In   = 0
	Out  = 1
	Err  = 2
	File = 3 // what is put; of a program: its files, both ways
)

// A Frame is one message.
type Frame struct {
	Run     uint32
	Kind    Kind
	Stream  uint8
	Payload []byte
}

func (f Frame) String() string {
	return fmt.Sprintf("run %d kind %d stream %d, %d bytes", f.Run, f.Kind, f.Stream, len(f.Payload))
}

// A Conn sends and receives frames. Many may send at once, one receives.
type Conn struct {
	r *bufio.Reader

	mu  sync.Mutex
	w   io.Writer // mu
	buf []byte    // mu
	err error     // mu; the first failure; nothing whole can follow it
}

// NewConn returns a connection over rw.
func NewConn(rw io.ReadWriter) *Conn {
	return &Conn{r: bufio.NewReaderSize(rw, 64<<10), w: rw}
}

// Send sends a frame. It waits until the other side's machine has taken it.
func (c *Conn) Send(f Frame) error {
	if len(f.Payload) > MaxPayload {
		return fmt.Errorf("frame too long: %v", f)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	b := c.buf[:0]
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Payload)))
	b = binary.LittleEndian.AppendUint32(b, f.Run)
	b = append(b, byte(f.Kind), f.Stream, 0, 0)
	b = append(b, f.Payload...)
	_, c.err = c.w.Write(b)
	if cap(b) <= 2*Chunk {
		c.buf = b
	}
	return c.err
}

// Receive returns the next frame. Its payload is the caller's.
// The error is io.EOF only between two frames.
func (c *Conn) Receive() (Frame, error) {
	var h [header]byte
	if _, err := io.ReadFull(c.r, h[:]); err != nil {
		return Frame{}, err
	}
	f := Frame{
		Run:    binary.LittleEndian.Uint32(h[4:]),
		Kind:   Kind(h[8]),
		Stream: h[9],
	}
	n := binary.LittleEndian.Uint32(h[0:])
	if n > MaxPayload || f.Kind < Hello || f.Kind > Ready || f.Stream > File || h[10] != 0 || h[11] != 0 {
		return Frame{}, fmt.Errorf("not a frame: % x", h)
	}
	if n > 0 {
		f.Payload = make([]byte, n)
		if _, err := io.ReadFull(c.r, f.Payload); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return Frame{}, err
		}
	}
	return f, nil
}

// Number is the payload of Credit, Signal and Resize.
func Number(n uint32) []byte {
	return binary.LittleEndian.AppendUint32(nil, n)
}

// ParseNumber reads it back.
func ParseNumber(b []byte) (uint32, error) {
	d := decoder{b: b}
	n := d.u32()
	return n, d.end()
}

// HostHello tells the machine what it cannot know.
type HostHello struct {
	Version uint32
	Time    int64  // nanoseconds since 1970
	Random  []byte // entropy
	Strict  bool   // a warning of the kernel stops the machine
}

// GuestHello says that the machine is up.
type GuestHello struct {
	Version     uint32
	Release     string // of its kernel
	DIOS        string // why there is no DIOS in it; empty: there is
	ClockSource string
	Uptime      int64 // nanoseconds since its kernel started
	Warned      bool  // its kernel has warned already
}

// PutRequest describes a file. The data follows in the stream File.
type PutRequest struct {
	Path string
	Mode uint32 // permission bits
}

// StartRequest describes a program to start.
type StartRequest struct {
	Path    string // in the machine
	Args    []string
	Env     []string
	Dir     string // made if it is missing
	UID     uint32
	GID     uint32
	NoInput bool // standard input is /dev/null
	Merge   bool // output and error are one stream, Out
	TTY     bool // input and output are a terminal
	Size    uint32
	Program string // a file that was put before ...
	Files   bool   // the host serves it files, in the stream File: diosrun has a socket for them as FilesFD
	Port    uint32 // the files go over this port of the machine's instead, which is FilesFD then; 0: they do not
	Link    string // ... and has this name, in a folder of its own, during the run; it is what Path runs
}

// ExitReport says how a program ended, or that it was not started.
type ExitReport struct {
	Failure string // not empty: it was not started
	Missing bool   // because it, or its interpreter, does not exist
	Status  uint32 // exit status
	Signal  uint32 // the signal that ended it, or 0
	User    int64  // nanoseconds
	System  int64  // nanoseconds
	MaxRSS  int64  // bytes
}

func (m *HostHello) Encode() []byte {
	var e encoder
	e.u32(m.Version)
	e.i64(m.Time)
	e.str(string(m.Random))
	e.bool(m.Strict)
	return e.b
}

func (m *HostHello) Decode(b []byte) error {
	d := decoder{b: b}
	m.Version = d.u32()
	if m.Version != Version {
		return nil // the rest may be anything
	}
	m.Time = d.i64()
	m.Random = []byte(d.str())
	m.Strict = d.bool()
	return d.end()
}

func (m *GuestHello) Encode() []byte {
	var e encoder
	e.u32(m.Version)
	e.str(m.Release)
	e.str(m.DIOS)
	e.str(m.ClockSource)
	e.i64(m.Uptime)
	e.bool(m.Warned)
	return e.b
}

func (m *GuestHello) Decode(b []byte) error {
	d := decoder{b: b}
	m.Version = d.u32()
	if m.Version != Version {
		return nil // the rest may be anything
	}
	m.Release = d.str()
	m.DIOS = d.str()
	m.ClockSource = d.str()
	m.Uptime = d.i64()
	m.Warned = d.bool()
	return d.end()
}

func (m *PutRequest) Encode() []byte {
	var e encoder
	e.str(m.Path)
	e.u32(m.Mode)
	return e.b
}

func (m *PutRequest) Decode(b []byte) error {
	d := decoder{b: b}
	m.Path = d.str()
	m.Mode = d.u32()
	return d.end()
}

func (m *StartRequest) Encode() []byte {
	var e encoder
	e.str(m.Path)
	e.strs(m.Args)
	e.strs(m.Env)
	e.str(m.Dir)
	e.u32(m.UID)
	e.u32(m.GID)
	e.bool(m.NoInput)
	e.bool(m.Merge)
	e.bool(m.TTY)
	e.u32(m.Size)
	e.str(m.Program)
	e.bool(m.Files)
	e.u32(m.Port)
	e.str(m.Link)
	return e.b
}

func (m *StartRequest) Decode(b []byte) error {
	d := decoder{b: b}
	m.Path = d.str()
	m.Args = d.strs()
	m.Env = d.strs()
	m.Dir = d.str()
	m.UID = d.u32()
	m.GID = d.u32()
	m.NoInput = d.bool()
	m.Merge = d.bool()
	m.TTY = d.bool()
	m.Size = d.u32()
	m.Program = d.str()
	m.Files = d.bool()
	m.Port = d.u32()
	m.Link = d.str()
	return d.end()
}

func (m *ExitReport) Encode() []byte {
	var e encoder
	e.str(m.Failure)
	e.bool(m.Missing)
	e.u32(m.Status)
	e.u32(m.Signal)
	e.i64(m.User)
	e.i64(m.System)
	e.i64(m.MaxRSS)
	return e.b
}

func (m *ExitReport) Decode(b []byte) error {
	d := decoder{b: b}
	m.Failure = d.str()
	m.Missing = d.bool()
	m.Status = d.u32()
	m.Signal = d.u32()
	m.User = d.i64()
	m.System = d.i64()
	m.MaxRSS = d.i64()
	return d.end()
}

// An encoder appends numbers, little-endian, and strings, after their length.
// Strings may hold any bytes: arguments and environments do.
type encoder struct{ b []byte }

func (e *encoder) u32(n uint32) { e.b = binary.LittleEndian.AppendUint32(e.b, n) }
func (e *encoder) i64(n int64)  { e.b = binary.LittleEndian.AppendUint64(e.b, uint64(n)) }

func (e *encoder) bool(v bool) {
	var n byte
	if v {
		n = 1
	}
	e.b = append(e.b, n)
}

func (e *encoder) str(s string) {
	e.u32(uint32(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) strs(s []string) {
	e.u32(uint32(len(s)))
	for _, s := range s {
		e.str(s)
	}
}

// A decoder takes them off again. After the first failure it returns zeroes.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if d.bad || n < 0 || n > len(d.b) {
		d.bad = true
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) u32() uint32 {
	if b := d.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) i64() int64 {
	if b := d.take(8); b != nil {
		return int64(binary.LittleEndian.Uint64(b))
	}
	return 0
}

func (d *decoder) bool() bool {
	b := d.take(1)
	if b != nil && b[0] > 1 {
		d.bad = true
	}
	return b != nil && b[0] == 1
}

func (d *decoder) str() string { return string(d.take(int(d.u32()))) }

func (d *decoder) strs() []string {
	n := int(d.u32())
	if n > len(d.b)/4 { // each takes four bytes at least
		d.bad = true
		return nil
	}
	var s []string
	for range n {
		s = append(s, d.str())
	}
	return s
}

func (d *decoder) end() error {
	if d.bad || len(d.b) != 0 {
		return errors.New("malformed message")
	}
	return nil
}
