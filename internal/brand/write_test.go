// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package brand

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"dios/internal/abi"

	"golang.org/x/sys/unix"
)

// program writes a small program of size bytes.
func program(t testing.TB, name string, size int) []byte {
	t.Helper()
	head := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1,
		Entry: 0x401000, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64,
	}
	copy(head.Ident[:], elf.ELFMAG)
	head.Ident[elf.EI_CLASS], head.Ident[elf.EI_DATA], head.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, head)
	binary.Write(&b, binary.LittleEndian, elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: 0x400000, Filesz: uint64(size), Memsz: uint64(size), Align: 4096,
	})
	data := append(b.Bytes(), make([]byte, size-b.Len())...)
	if err := os.WriteFile(name, data, 0o755); err != nil {
		t.Fatal(err)
	}
	return data
}

func pure(t testing.TB) abi.Brand {
	b, err := Parse("pure")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// branded is data with the brand pure.
func branded(data []byte) []byte {
	data = slices.Clone(data)
	data[7], data[8] = abi.OSABI, abi.BrandPure
	return data
}

// Whichever step of a write fails, the file is what it was, byte for byte, and
// there is no other file.
func TestFaults(t *testing.T) {
	injected := errors.New("injected")
	ways := map[string]func(path string, opts Options) error{
		"in place": func(path string, opts Options) error {
			_, err := Set(path, pure(t), opts)
			return err
		},
		"replace": func(path string, opts Options) error {
			opts.Replace = true
			_, err := Set(path, pure(t), opts)
			return err
		},
		"copy": func(path string, opts Options) error {
			src := filepath.Join(t.TempDir(), "src")
			program(t, src, 5000)
			f, err := Open(src)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			_, err = Copy(f, path, pure(t), opts)
			return err
		},
	}
	steps := map[string][]string{
		"in place": {"write", "read back"},
		"replace":  {"create", "copy", "owner", "attributes", "mode", "sync", "close", "rename"},
		"copy":     {"create", "copy", "owner", "attributes", "mode", "sync", "close", "rename"},
	}
	for way, do := range ways {
		t.Run(way, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "program")
			before := program(t, path, 5000)
			look := func(want []byte) {
				t.Helper()
				got, err := os.ReadFile(path)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("not the bytes it should have (%v)", err)
				}
				if all, _ := os.ReadDir(filepath.Dir(path)); len(all) != 1 {
					t.Errorf("there are other files: %v", all)
				}
			}
			// Which steps there are is seen, not believed, so that none is left out.
			for i := 0; ; i++ {
				var seen []string
				err := do(path, Options{fault: func(step string) error {
					seen = append(seen, step)
					if len(seen) == i+1 {
						return injected
					}
					return nil
				}})
				if i == len(steps[way]) {
					if err != nil || !slices.Equal(seen, steps[way]) {
						t.Errorf("without a fault: %v; steps %q", err, seen)
					}
					look(branded(before))
					break
				}
				if !errors.Is(err, injected) {
					t.Errorf("fault in %q: error %v", seen, err)
				}
				look(before)
			}
		})
	}
}

// A half-written brand is put back.
func TestHalfWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	before := program(t, path, 5000)
	_, err := Set(path, pure(t), Options{fault: func(step string) error {
		if step != "read back" {
			return nil
		}
		// As if the second byte had not arrived.
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteAt([]byte{0}, offset+1)
		return err
	}})
	if err == nil || err.Error() != "wrote d1 05, read back d1 00" {
		t.Errorf("error %v", err)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, before) {
		t.Errorf("e_ident is % x", got[:16])
	}
}

// A file that is replaced keeps its mode, owner and attributes.
func TestReplaceKeeps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	before := program(t, path, 5000)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Chmod(path, 0o751))
	attributes := true
	if err := unix.Setxattr(path, "user.dios", []byte("kept"), 0); err != nil {
		if err != unix.ENOTSUP {
			t.Fatal(err)
		}
		attributes = false // this file system has none, so there is nothing to keep
	}
	if os.Getuid() == 0 {
		must(os.Chown(path, 12, 34))
	}
	old, err := os.Stat(path)
	must(err)
	_, err = Set(path, pure(t), Options{Replace: true})
	must(err)
	now, err := os.Stat(path)
	must(err)
	o, n := old.Sys().(*syscall.Stat_t), now.Sys().(*syscall.Stat_t)
	if o.Ino == n.Ino {
		t.Error("it is the old file")
	}
	if o.Uid != n.Uid || o.Gid != n.Gid || o.Mode != n.Mode {
		t.Errorf("owner %d:%d, mode %o; was %d:%d, %o", n.Uid, n.Gid, n.Mode, o.Uid, o.Gid, o.Mode)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, branded(before)) {
		t.Error("not the bytes it should have")
	}
	if attributes {
		value := make([]byte, 10)
		if k, err := unix.Getxattr(path, "user.dios", value); err != nil || string(value[:k]) != "kept" {
			t.Errorf("user.dios is %q, %v", value[:max(k, 0)], err)
		}
	}
}

const fullDiskEnv = "BRAND_TEST_FULL_DISK"

// On a full disk a copy fails and leaves nothing, and what takes no room works.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(fullDiskEnv); dir != "" {
		fullDisk(t, dir)
		return
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// In name spaces of its own, so that the disk goes with the process.
	cmd := exec.Command(self, "-test.run=^TestFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), fullDiskEnv+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Skipf("needs a user name space, to mount a small disk: %v", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: TestFullDisk") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func fullDisk(t *testing.T, dir string) {
	if err := syscall.Mount("dios", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "program")
	before := program(t, path, 40000)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	check := func(err error) {
		t.Helper()
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(fmt.Sprint(err), "make room, or brand it in place") {
			t.Errorf("error %v", err)
		}
		if all, _ := os.ReadDir(dir); len(all) != 1 {
			t.Errorf("there are other files: %v", all)
		}
		if got, _ := os.ReadFile(path); !bytes.Equal(got, before) {
			t.Error("the program was changed")
		}
	}
	_, err = Set(path, pure(t), Options{Replace: true})
	check(err)
	_, err = Copy(f, filepath.Join(dir, "copy"), pure(t), Options{})
	check(err)
	// Fill what is left; the write in place takes nothing.
	if err := os.WriteFile(filepath.Join(dir, "rest"), make([]byte, 1<<20), 0o666); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
	if _, err := Set(path, pure(t), Options{}); err != nil {
		t.Errorf("in place: %v", err)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, branded(before)) {
		t.Error("in place: not the bytes it should have")
	}
}

// Headers of a sparse file that claim gigabytes of tables are refused before
// anything is read into memory.
func TestHugeTables(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	program(t, path, 5000)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(1 << 40); err != nil {
		t.Fatal(err)
	}
	put := func(off int64, v any) {
		t.Helper()
		b, _ := binary.Append(nil, binary.LittleEndian, v)
		if _, err := f.WriteAt(b, off); err != nil {
			t.Fatal(err)
		}
	}
	put(40, uint64(4096)) // e_shoff
	put(4096, elf.Section64{Size: 1 << 30})
	if _, err := ReadFile(f); err == nil || !strings.Contains(err.Error(), "1073741824 sections") {
		t.Errorf("many sections: error %v", err)
	}
	put(60, [2]uint16{2, 1}) // e_shnum, e_shstrndx
	put(4096, elf.Section64{})
	put(4096+64, elf.Section64{Type: uint32(elf.SHT_STRTAB), Size: 1 << 39})
	if _, err := ReadFile(f); err == nil || !strings.Contains(err.Error(), "the names of its sections have 549755813888 bytes") {
		t.Errorf("long names: error %v", err)
	}
}
