// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"brand": main})
}

// The scripts in testdata say what brand prints and does. Besides testscript's own
// commands there are
//
//	make KIND FILE         make a file of a kind that makeFile knows
//	status N COMMAND...    run a command, which must end with that status
//	ident FILE HEX         the 16 bytes of e_ident must be these
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: *update,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"make": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 2 {
					ts.Fatalf("usage: make KIND FILE")
				}
				ts.Check(makeFile(args[0], ts.MkAbs(args[1])))
			},
			"status": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: status N COMMAND...")
				}
				got := 0
				if err := ts.Exec(args[1], args[2:]...); err != nil {
					var exit *exec.ExitError
					if !errors.As(err, &exit) {
						ts.Fatalf("%v", err)
					}
					got = exit.ExitCode()
				}
				if strconv.Itoa(got) != args[0] {
					ts.Fatalf("status %d, want %s", got, args[0])
				}
			},
			"ident": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 2 {
					ts.Fatalf("usage: ident FILE HEX")
				}
				data := ts.ReadFile(args[0])
				if got := fmt.Sprintf("% x", data[:min(16, len(data))]); got != args[1] {
					ts.Fatalf("e_ident is %s, want %s", got, args[1])
				}
			},
		},
	})
}

var update = flag.Bool("update", false, "write into the scripts what is printed; then read the difference")

// An image is an ELF file in the making: a header, program headers, 16 bytes.
type image struct {
	ident  [16]byte
	header elf.Header64
	progs  []elf.Prog64
	flags1 uint64 // DT_FLAGS_1, when there is a PT_DYNAMIC
}

func newImage() *image {
	im := &image{header: elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1,
		Entry: 0x401000, Phoff: 64, Ehsize: 64, Phentsize: 56, Shentsize: 64,
	}}
	copy(im.ident[:], elf.ELFMAG)
	im.ident[elf.EI_CLASS] = byte(elf.ELFCLASS64)
	im.ident[elf.EI_DATA] = byte(elf.ELFDATA2LSB)
	im.ident[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	im.progs = []elf.Prog64{{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: 0x400000, Paddr: 0x400000, Filesz: 0, Memsz: 0, Align: 4096}}
	return im
}

func (im *image) bytes() []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if im.ident[elf.EI_DATA] == byte(elf.ELFDATA2MSB) {
		order = binary.BigEndian
	}
	im.header.Ident = im.ident
	im.header.Phnum = uint16(len(im.progs))
	size := uint64(64 + 56*len(im.progs) + 32)
	for i := range im.progs {
		p := &im.progs[i]
		switch elf.ProgType(p.Type) {
		case elf.PT_LOAD:
			p.Filesz, p.Memsz = size, size
		case elf.PT_DYNAMIC:
			p.Off, p.Filesz = size-32, 32
		}
	}
	var b bytes.Buffer
	binary.Write(&b, order, im.header)
	binary.Write(&b, order, im.progs)
	binary.Write(&b, order, []elf.Dyn64{{Tag: int64(elf.DT_FLAGS_1), Val: im.flags1}, {Tag: int64(elf.DT_NULL)}})
	return b.Bytes()
}

// withCode returns the image with code at its end, as the only thing to execute.
func (im *image) withCode(code string) []byte {
	im.progs = append(im.progs, elf.Prog64{Type: uint32(elf.PT_NOTE)})
	im.progs[0].Flags = uint32(elf.PF_R)
	im.progs = append(im.progs, elf.Prog64{Type: uint32(elf.PT_NULL)})
	size := uint64(len(im.bytes()))
	n := uint64(len(code))
	data := im.bytes()
	p := elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Off: size, Vaddr: 0x500000, Filesz: n, Memsz: n, Align: 1}
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, p)
	copy(data[64+2*56:], b.Bytes())
	return append(data, code...)
}

// makeFile makes a file of a kind.
func makeFile(kind, name string) error {
	im := newImage()
	var data []byte
	mode := os.FileMode(0o777)
	switch kind {
	case "program":
	case "pure":
		im.ident[elf.EI_OSABI], im.ident[elf.EI_ABIVERSION] = 0xD1, 0x05
	case "limbo":
		im.ident[elf.EI_OSABI], im.ident[elf.EI_ABIVERSION] = 0xD1, 0x13
	case "gnu": // as gcc marks a program with indirect functions
		im.ident[elf.EI_OSABI] = byte(elf.ELFOSABI_LINUX)
	case "freebsd5": // our number for pure, but not our OSABI
		im.ident[elf.EI_OSABI], im.ident[elf.EI_ABIVERSION] = byte(elf.ELFOSABI_FREEBSD), 0x05
	case "brand7":
		im.ident[elf.EI_OSABI], im.ident[elf.EI_ABIVERSION] = 0xD1, 0x07
	case "brand0":
		im.ident[elf.EI_OSABI], im.ident[elf.EI_ABIVERSION] = 0xD1, 0x00
	case "pie":
		im.header.Type = uint16(elf.ET_DYN)
		im.progs = append(im.progs, elf.Prog64{Type: uint32(elf.PT_INTERP), Off: 0, Filesz: 1})
	case "staticpie":
		im.header.Type = uint16(elf.ET_DYN)
		im.flags1 = uint64(elf.DF_1_PIE)
		im.progs = append(im.progs, elf.Prog64{Type: uint32(elf.PT_DYNAMIC)})
	case "syscalls":
		return os.WriteFile(name, im.withCode("\xb8\xe7\x00\x00\x00\x0f\x05\xb8\x02\xd1\x00\x00\x0f\x05\xcd\x80"), 0o777)
	case "diosonly":
		return os.WriteFile(name, im.withCode("\xb8\x02\xd1\x00\x00\x0f\x05\xcc"), 0o777)
	case "puresyscalls":
		im.ident[elf.EI_OSABI], im.ident[elf.EI_ABIVERSION] = 0xD1, 0x05
		return os.WriteFile(name, im.withCode("\x0f\x05"), 0o777)
	case "purepie": // such as set refuses to make
		im.ident[elf.EI_OSABI], im.ident[elf.EI_ABIVERSION] = 0xD1, 0x05
		im.header.Type = uint16(elf.ET_DYN)
		im.progs = append(im.progs, elf.Prog64{Type: uint32(elf.PT_INTERP), Off: 0, Filesz: 1})
	case "purelow":
		im.ident[elf.EI_OSABI], im.ident[elf.EI_ABIVERSION] = 0xD1, 0x05
		im.progs[0].Vaddr = 0x1000
	case "library":
		im.header.Type = uint16(elf.ET_DYN)
		im.progs = append(im.progs, elf.Prog64{Type: uint32(elf.PT_DYNAMIC)})
	case "object":
		im.header.Type = uint16(elf.ET_REL)
	case "core":
		im.header.Type = uint16(elf.ET_CORE)
	case "type9":
		im.header.Type = 9
	case "arm64":
		im.header.Machine = uint16(elf.EM_AARCH64)
	case "i386on64":
		im.header.Machine = uint16(elf.EM_386)
	case "class32":
		im.ident[elf.EI_CLASS] = byte(elf.ELFCLASS32)
	case "class0":
		im.ident[elf.EI_CLASS] = 0
	case "bigendian":
		im.ident[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
	case "version0":
		im.ident[elf.EI_VERSION] = 0
	case "nothing": // a program without segments
		im.progs = nil
	case "setuid":
		mode |= os.ModeSetuid
	case "cut4":
		data = im.bytes()[:4]
	case "cut15":
		data = im.bytes()[:15]
	case "cut16":
		data = im.bytes()[:16]
	case "cut63":
		data = im.bytes()[:63]
	case "cut64":
		data = im.bytes()[:64]
	case "cut119":
		data = im.bytes()[:119]
	case "cut151": // one byte of the segment is missing
		data = im.bytes()[:151]
	case "phoff": // program headers beyond everything
		im.header.Phoff = 1 << 62
	case "text":
		data = []byte("#!/bin/sh\necho hello\n")
	case "empty":
		data = []byte{}
	case "archive":
		data = []byte("!<arch>\nhello.o/        0           0     0     644     0         `\n")
	case "thin":
		data = []byte("!<thin>\nhello.o/        0           0     0     644     0         `\n")
	case "directory":
		return os.Mkdir(name, 0o777)
	case "fifo":
		return syscall.Mkfifo(name, 0o666)
	case "socket":
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer syscall.Close(fd)
		return syscall.Bind(fd, &syscall.SockaddrUnix{Name: name})
	case "symlink": // to the file "program"
		return os.Symlink("program", name)
	case "dangling":
		return os.Symlink("gone", name)
	default:
		return fmt.Errorf("unknown kind of file %q", kind)
	}
	if data == nil {
		data = im.bytes()
	}
	if err := os.WriteFile(name, data, 0o777); err != nil {
		return err
	}
	return os.Chmod(name, mode)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// quiet runs brand and returns its status and both outputs.
func quiet(args ...string) (int, string, string) {
	var stdout, stderr bytes.Buffer
	status := run(args, nil, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

// Set changes the two bytes and nothing else: the file is the same file.
func TestSetKeepsTheFile(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, makeFile("program", "program"))
	if err := os.Chmod("program", 0o751); err != nil {
		t.Fatal(err)
	}
	if err := os.Link("program", "link"); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile("program")
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat("program")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []struct {
		name           string
		osabi, version byte
	}{
		{"pure", 0xD1, 0x05}, {"dios-limbo", 0xD1, 0x11}, {"legacy-limbo", 0xD1, 0x13}, {"legacy", 0, 0},
		{"0x05", 0xD1, 0x05}, {"17", 0xD1, 0x11}, {"PURE", 0xD1, 0x05},
	} {
		if status, stdout, stderr := quiet("set", b.name, "program"); status != 0 || stdout != "" || stderr != "" {
			t.Errorf("set %s: status %d, %q, %q", b.name, status, stdout, stderr)
		}
		after, err := os.ReadFile("link") // through the other name
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(before)
		want[7], want[8] = b.osabi, b.version
		if !bytes.Equal(after, want) {
			t.Errorf("set %s changed more, or less: % x", b.name, after)
		}
		fi, err := os.Stat("program")
		if err != nil {
			t.Fatal(err)
		}
		if !os.SameFile(st, fi) || fi.Mode() != st.Mode() {
			t.Errorf("set %s: not the same file with the same mode", b.name)
		}
	}
}

// A file that already has the brand is not written.
func TestSetWritesOnlyWhenNeeded(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, makeFile("gnu", "gnu")) // legacy, with another OSABI than set writes
	if status, _, stderr := quiet("set", "legacy", "gnu"); status != 0 {
		t.Errorf("status %d: %s", status, stderr)
	}
	data, err := os.ReadFile("gnu")
	if err != nil {
		t.Fatal(err)
	}
	if data[7] != byte(elf.ELFOSABI_LINUX) {
		t.Errorf("e_ident[7] is %#x", data[7])
	}
}

// A program that is running is not changed.
func TestSetRunning(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("no sleep")
	}
	t.Chdir(t.TempDir())
	data, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("sleep", data, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("./sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	status, _, stderr := quiet("set", "pure", "sleep")
	if want := "brand: sleep: is running, so it cannot be written; -replace puts a branded file in its place, and -o makes a copy\n"; status != 1 || stderr != want {
		t.Errorf("status %d, %q; want 1, %q", status, stderr, want)
	}
	// A new file in its place can be.
	defer func() {
		if status, _, stderr := quiet("set", "-replace", "legacy-limbo", "sleep"); status != 0 {
			t.Errorf("set -replace: status %d, %q", status, stderr)
		}
		if _, stdout, _ := quiet("sleep"); stdout != "sleep: legacy-limbo\n" {
			t.Errorf("after set -replace: %q", stdout)
		}
	}()
	// To look does not need to write.
	if status, stdout, stderr := quiet("set", "-n", "legacy-limbo", "sleep"); status != 0 || stdout != "sleep: legacy -> legacy-limbo\n" {
		t.Errorf("set -n: status %d, %q, %q", status, stdout, stderr)
	}
}

// Who may not write a file cannot brand it.
func TestSetNoPermission(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everything")
	}
	t.Chdir(t.TempDir())
	must(t, makeFile("program", "program"))
	if err := os.Chmod("program", 0o555); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := quiet("set", "pure", "program")
	if want := "brand: program: permission denied; chmod u+w lets its owner write it, and -o makes a copy\n"; status != 1 || stderr != want {
		t.Errorf("status %d, %q; want 1, %q", status, stderr, want)
	}
}

// Results that cannot be written are a failure.
func TestFullOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, makeFile("program", "program"))
	var stderr bytes.Buffer
	status := run([]string{"program"}, nil, failingWriter{}, &stderr)
	if status != 1 || !strings.Contains(stderr.String(), "brand: standard output: ") {
		t.Errorf("status %d, %q", status, &stderr)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

var _ io.Writer = failingWriter{}

// A C program of Linux has a system call for each of its own, with the functions' names.
func TestAuditC(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no gcc")
	}
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("main.c", []byte(`static long getpid_(void)
{
	long r;
	__asm__ volatile("syscall" : "=a"(r) : "0"(39L) : "rcx", "r11", "memory");
	return r;
}
void _start(void)
{
	long r = getpid_();
	__asm__ volatile("int $0x80" : : "a"(1L), "b"(r));
	__builtin_trap();
}
`), 0o666))
	for _, args := range [][]string{{"-o", "program"}, {"-s", "-o", "stripped"}} {
		args = append(args, "-O1", "-fno-inline", "-fcf-protection=none", "-static", "-nostdlib", "-no-pie", "main.c")
		if out, err := exec.Command(gcc, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	status, stdout, stderr := quiet("audit", "program", "stripped")
	stdout = regexp.MustCompile(`0x40[0-9a-f]+|\+0x[0-9a-f]+`).ReplaceAllString(stdout, "ADDR")
	want := `program: cannot be pure: of 2 system calls, 2 cannot be in a pure program
program: ADDR getpid_ADDR: syscall: Linux's getpid
program: ADDR _startADDR: int 0x80: call 1 of 32-bit Linux
stripped: cannot be pure: of 2 system calls, 2 cannot be in a pure program
stripped: ADDR: syscall: Linux's getpid
stripped: ADDR: int 0x80: call 1 of 32-bit Linux
`
	if status != 1 || stdout != want || stderr != "" {
		t.Errorf("status %d, %q\n%s\nwant\n%s", status, stderr, stdout, want)
	}
}

// Readelf agrees about the two bytes of a real program.
func TestReadelf(t *testing.T) {
	readelf, err := exec.LookPath("readelf")
	if err != nil {
		t.Skip("no readelf")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("program", data, 0o777); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := quiet("set", "pure", "program"); status != 0 {
		t.Fatal(stderr)
	}
	out, err := exec.Command(readelf, "-h", "program").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range [][2]string{{"OS/ABI:", "<unknown: d1>"}, {"ABI Version:", "5"}} {
		found := false
		for line := range strings.Lines(string(out)) {
			if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && k+":" == want[0] {
				found = strings.TrimSpace(v) == want[1]
			}
		}
		if !found {
			t.Errorf("readelf does not say %s %s:\n%s", want[0], want[1], out)
		}
	}
}
