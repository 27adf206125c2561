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
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the sessions as they went; then read the difference")

// Each file in testdata is a session in a fresh folder. Its comment says what is
// tested; the lines of it that begin with "make" make the files, as files below
// knows them. The part "session" is what one would see at a terminal: "$ " and a
// command, then its results, its messages with "2> " before each, and its status
// in brackets unless it is 0. The commands are
//
//	brand ...    the program under test
//	ident FILE   print the 16 bytes of e_ident in hexadecimal
func TestSessions(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			abs, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			for line := range strings.Lines(string(archive.Comment)) {
				if f := strings.Fields(line); len(f) == 3 && f[0] == "make" {
					makeFile(t, f[1], f[2])
				}
			}
			if len(archive.Files) != 1 || archive.Files[0].Name != "session" {
				t.Fatal("a test has one part, the session")
			}
			want := string(archive.Files[0].Data)
			got := new(bytes.Buffer)
			for line := range strings.Lines(want) {
				if cmd, ok := strings.CutPrefix(line, "$ "); ok {
					session(t, got, strings.Fields(cmd))
				}
			}
			if *update {
				archive.Files[0].Data = got.Bytes()
				if err := os.WriteFile(abs, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got.String(), "\n")); diff != "" {
				t.Errorf("session (-want +got):\n%s", diff)
			}
		})
	}
}

// session runs a command and writes what one would see.
func session(t *testing.T, w *bytes.Buffer, args []string) {
	fmt.Fprintf(w, "$ %s\n", strings.Join(args, " "))
	switch args[0] {
	case "brand":
		var stderr bytes.Buffer
		status := run(args[1:], w, &stderr)
		for line := range strings.Lines(stderr.String()) {
			fmt.Fprintf(w, "2> %s", line)
		}
		if status != 0 {
			fmt.Fprintf(w, "[%d]\n", status)
		}
	case "ident":
		f, err := os.Open(args[1])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var ident [16]byte
		if _, err := f.ReadAt(ident[:], 0); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(w, "% x\n", ident)
	default:
		t.Fatalf("unknown command %q", args[0])
	}
}

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

// makeFile makes a file of a kind.
func makeFile(t *testing.T, kind, name string) {
	t.Helper()
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
		if err := os.Mkdir(name, 0o777); err != nil {
			t.Fatal(err)
		}
		return
	case "fifo":
		if err := syscall.Mkfifo(name, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	case "socket":
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(fd)
		if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: name}); err != nil {
			t.Fatal(err)
		}
		return
	case "symlink": // to the file "program"
		if err := os.Symlink("program", name); err != nil {
			t.Fatal(err)
		}
		return
	case "dangling":
		if err := os.Symlink("gone", name); err != nil {
			t.Fatal(err)
		}
		return
	default:
		t.Fatalf("unknown kind of file %q", kind)
	}
	if data == nil {
		data = im.bytes()
	}
	if err := os.WriteFile(name, data, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

// quiet runs brand and returns its status and both outputs.
func quiet(args ...string) (int, string, string) {
	var stdout, stderr bytes.Buffer
	status := run(args, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

// Set changes the two bytes and nothing else: the file is the same file.
func TestSetKeepsTheFile(t *testing.T) {
	t.Chdir(t.TempDir())
	makeFile(t, "program", "program")
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
	makeFile(t, "gnu", "gnu") // legacy, with another OSABI than set writes
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
	if want := "brand: sleep: is running, so it cannot be written; brand a copy\n"; status != 1 || stderr != want {
		t.Errorf("status %d, %q; want 1, %q", status, stderr, want)
	}
	// To look does not need to write.
	if status, stdout, stderr := quiet("set", "-n", "pure", "sleep"); status != 0 || stdout != "sleep: legacy -> pure\n" {
		t.Errorf("set -n: status %d, %q, %q", status, stdout, stderr)
	}
}

// Who may not write a file cannot brand it.
func TestSetNoPermission(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everything")
	}
	t.Chdir(t.TempDir())
	makeFile(t, "program", "program")
	if err := os.Chmod("program", 0o555); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := quiet("set", "pure", "program")
	if want := "brand: program: permission denied\n"; status != 1 || stderr != want {
		t.Errorf("status %d, %q; want 1, %q", status, stderr, want)
	}
}

// Results that cannot be written are a failure.
func TestFullOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	makeFile(t, "program", "program")
	var stderr bytes.Buffer
	status := run([]string{"program"}, failingWriter{}, &stderr)
	if status != 1 || !strings.Contains(stderr.String(), "brand: standard output: ") {
		t.Errorf("status %d, %q", status, &stderr)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

var _ io.Writer = failingWriter{}

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
