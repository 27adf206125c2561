// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCPIO(t *testing.T) {
	var b bytes.Buffer
	c := newCPIO(&b)
	c.file("a", 0o444, []byte("x"))
	c.dir("d", 0o755)
	c.link("d/l", "../a")
	c.file("d/empty", 0o600, nil)
	c.file("d/long", 0o755, bytes.Repeat([]byte("0123456789"), 1001))
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	// The first header, number by number, as the kernel's documentation has it.
	want := "070701" + "00000001" + "00008124" + "00000000" + "00000000" + "00000001" +
		"00000000" + "00000001" + "00000000" + "00000000" + "00000000" + "00000000" + "00000002" + "00000000" +
		"a\x00" + "x\x00\x00\x00"
	if got := b.String()[:len(want)]; got != want {
		t.Errorf("first file:\n%q, want\n%q", got, want)
	}
	if b.Len()%4 != 0 {
		t.Errorf("%d bytes, not a multiple of four", b.Len())
	}
	got := map[string]int{}
	if err := cpioFiles(bytes.NewReader(b.Bytes()), func(name string, data []byte) bool {
		got[name] = len(data)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"a": 1, "d/empty": 0, "d/long": 10010}, got); diff != "" {
		t.Errorf("files (-written +read):\n%s", diff)
	}

	whole := b.Bytes()
	none := func(string, []byte) bool { return true }
	for n := range whole[:len(whole)-4] {
		if err := cpioFiles(bytes.NewReader(whole[:n]), none); err == nil {
			t.Errorf("%d of %d bytes were enough", n, len(whole))
			break
		}
	}
	for _, bad := range []string{"", "070702", strings.Repeat("x", 200), "070701" + strings.Repeat("g", 104), "070701" + strings.Repeat("F", 104)} {
		if err := cpioFiles(strings.NewReader(bad), none); err == nil {
			t.Errorf("%.20q was taken", bad)
		}
	}
}

func TestLZ4(t *testing.T) {
	frame := func(size int, blocks ...string) []byte {
		b := []byte{0x02, 0x21, 0x4c, 0x18}
		for _, k := range blocks {
			b = binary.LittleEndian.AppendUint32(b, uint32(len(k)))
			b = append(b, k...)
		}
		return binary.LittleEndian.AppendUint32(b, uint32(size))
	}
	long := strings.Repeat("z", 15+255+3)
	for _, test := range []struct {
		name string
		in   []byte
		want string
	}{
		{"literals", frame(3, "\x30abc"), "abc"},
		{"a long literal", frame(len(long), "\xf0\xff\x03"+long), long},
		// abc, then 4+5 bytes from 3 back, then a literal.
		{"a match over itself", frame(13, "\x35abc\x03\x00\x10!"), "abcabcabcabc!"},
		// x, then 4+15+2 from 1 back.
		{"a long match", frame(23, "\x1fx\x01\x00\x02\x10."), strings.Repeat("x", 22) + "."},
		{"two blocks", frame(2, "\x10a", "\x10b"), "ab"},
	} {
		got, err := unlz4(test.in)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
	for _, test := range []struct {
		name string
		in   []byte
	}{
		{"nothing", nil},
		{"another magic", []byte("\x04\x22\x4d\x18\x00\x00\x00\x00")},
		{"the wrong size", frame(4, "\x30abc")},
		{"a literal past the end", frame(3, "\x40abc")},
		{"a length that does not end", frame(3, "\xf0\xff\xff")},
		{"a match before the start", frame(9, "\x30abc\x04\x00\x10!")},
		{"a match at distance 0", frame(9, "\x30abc\x00\x00\x10!")},
		{"half a distance", frame(9, "\x30abc\x01")},
		{"no last literals", frame(7, "\x30abc\x01\x00")},
		{"a match into the block before", frame(9, "\x30abc", "\x10x\x04\x00\x10!")},
		{"a block past the end", append(frame(3, "\x30abc")[:8], 0xff, 0xff, 0xff, 0xff)},
		{"a size that makes no sense", append(frame(0, "\x30abc")[:8], 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff)},
	} {
		if got, err := unlz4(test.in); err == nil {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}

// packed returns a bzImage with that inside, unpacked by literals only.
func packed(vmlinux []byte) []byte {
	lz := []byte{0x02, 0x21, 0x4c, 0x18}
	block := []byte{0xf0}
	n := len(vmlinux) - 15
	for ; n >= 255; n -= 255 {
		block = append(block, 255)
	}
	block = append(block, byte(n))
	block = append(block, vmlinux...)
	lz = binary.LittleEndian.AppendUint32(lz, uint32(len(block)))
	lz = append(lz, block...)
	lz = binary.LittleEndian.AppendUint32(lz, uint32(len(vmlinux)))

	b := make([]byte, 2*512, 2*512+len(lz))
	b[0x1f1] = 1
	copy(b[0x202:], "HdrS")
	binary.LittleEndian.PutUint16(b[0x206:], 0x20f)
	binary.LittleEndian.PutUint32(b[0x24c:], uint32(len(lz)))
	return append(b, lz...)
}

// withNote returns an ELF file that has nothing but a note.
func withNote(name string, kind uint32) []byte {
	var note []byte
	note = binary.LittleEndian.AppendUint32(note, uint32(len(name)+1))
	note = binary.LittleEndian.AppendUint32(note, 4)
	note = binary.LittleEndian.AppendUint32(note, kind)
	note = append(note, name+"\x00"...)
	for len(note)%4 != 0 {
		note = append(note, 0)
	}
	note = append(note, 1, 2, 3, 4)
	return elfFile(4 /* PT_NOTE */, note, "", nil)
}

// elfFile returns an x86-64 ELF file with a segment, or a section, or neither.
func elfFile(segment uint32, data []byte, section string, contents []byte) []byte {
	b := make([]byte, 64)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], 2)
	le.PutUint16(b[18:], 62)
	le.PutUint32(b[20:], 1)
	le.PutUint16(b[52:], 64)
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[58:], 64)
	if segment != 0 {
		le.PutUint64(b[32:], 64)
		le.PutUint16(b[56:], 1)
		p := make([]byte, 56)
		le.PutUint32(p, segment)
		le.PutUint64(p[8:], 64+56)
		le.PutUint64(p[32:], uint64(len(data)))
		le.PutUint64(p[40:], uint64(len(data)))
		b = append(append(b, p...), data...)
	}
	if section != "" {
		names := "\x00" + section + "\x00.shstrtab\x00"
		at := len(b)
		b = append(append(b, contents...), names...)
		le.PutUint64(b[40:], uint64(len(b)))
		le.PutUint16(b[60:], 3)
		le.PutUint16(b[62:], 2)
		s := make([]byte, 3*64)
		le.PutUint32(s[64:], 1)
		le.PutUint32(s[68:], 1)
		le.PutUint64(s[64+24:], uint64(at))
		le.PutUint64(s[64+32:], uint64(len(contents)))
		le.PutUint32(s[128:], uint32(len(section)+2))
		le.PutUint32(s[132:], 3)
		le.PutUint64(s[128+24:], uint64(at+len(contents)))
		le.PutUint64(s[128+32:], uint64(len(names)))
		b = append(b, s...)
	}
	return b
}

func module(vermagic string) []byte {
	return elfFile(0, nil, ".modinfo", []byte("license=GPL\x00vermagic="+vermagic+"\x00"))
}

func TestUnpack(t *testing.T) {
	pvh := withNote("Xen", 18)
	got, err := unpack(packed(pvh))
	if err != nil || !bytes.Equal(got, pvh) {
		t.Errorf("%d bytes, %v; want %d bytes", len(got), err, len(pvh))
	}
	bz := packed(pvh)
	for name, in := range map[string][]byte{
		"nothing":          nil,
		"not a kernel":     bytes.Repeat([]byte("x"), 2000),
		"cut off":          bz[:len(bz)-10],
		"another packing":  bytes.Replace(bz, []byte{0x02, 0x21, 0x4c, 0x18}, []byte{0x28, 0xb5, 0x2f, 0xfd}, 1),
		"no PVH entry":     packed(withNote("Xen", 17)),
		"somebody's note":  packed(withNote("Lin", 18)),
		"an old boot form": func() []byte { b := bytes.Clone(bz); b[0x206] = 7; b[0x207] = 2; return b }(),
	} {
		if _, err := unpack(in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// write makes files in a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestModules(t *testing.T) {
	dir := write(t, map[string]string{
		// As depmod writes it: all that a module needs, the nearest first.
		"modules.dep": "k/ring.ko:\n" +
			"k/virtio.ko: k/ring.ko\n" +
			"k/virtio-pci.ko.xz: k/legacy.ko k/virtio.ko k/ring.ko\n" +
			"k/legacy.ko:\n" +
			"k/virtio_console.ko: k/virtio.ko k/ring.ko\n" +
			"k/other.ko: k/ring.ko\n",
		"modules.builtin": "kernel/built_in.ko\n",
	})
	got, err := modules(dir, "virtio_pci", "virtio_console", "built_in")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, n := range []string{"legacy.ko", "ring.ko", "virtio.ko", "virtio-pci.ko.xz", "virtio_console.ko"} {
		want = append(want, filepath.Join(dir, "k", n))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if _, err := modules(dir, "virtio_pci", "missing"); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("missing module: %v", err)
	}
	if _, err := modules(t.TempDir(), "virtio_pci"); err == nil || !strings.Contains(err.Error(), "modules.dep is missing") {
		t.Errorf("no modules: %v", err)
	}
}

func TestVermagic(t *testing.T) {
	dir := write(t, map[string]string{
		"good.ko": string(module("6.1.0-9-cloud-amd64 SMP preempt mod_unload ")),
		"none.ko": string(elfFile(0, nil, ".modinfo", []byte("license=GPL\x00"))),
		"prog":    string(elfFile(1, []byte("x"), "", nil)),
		"text":    "not ELF",
	})
	v, err := Vermagic(filepath.Join(dir, "good.ko"))
	if err != nil || v != "6.1.0-9-cloud-amd64 SMP preempt mod_unload " {
		t.Errorf("%q, %v", v, err)
	}
	for _, n := range []string{"none.ko", "prog", "text", "missing"} {
		if v, err := Vermagic(filepath.Join(dir, n)); err == nil {
			t.Errorf("%s: %q", n, v)
		}
	}
	if err := CheckModule(v, "6.1.0-9-cloud-amd64"); err != nil {
		t.Error(err)
	}
	for _, kernel := range []string{"6.1.0-9", "6.1.0-9-cloud-amd64 SMP", "6.1.0-56-cloud-amd64", ""} {
		if CheckModule(v, kernel) == nil {
			t.Errorf("fits %q as well", kernel)
		}
	}
}

// tree returns options for an image of made-up parts.
func tree(t *testing.T) Options {
	dir := write(t, map[string]string{
		"vmlinuz":                   string(packed(withNote("Xen", 18))),
		"modules/modules.dep":       "virtio_pci.ko:\nvirtio_console.ko:\nvirtio_blk.ko:\n",
		"modules/virtio_pci.ko":     "PCI",
		"modules/virtio_console.ko": "CONSOLE",
		"modules/virtio_blk.ko":     "BLK",
		"dios.ko":                   string(module("6.1 SMP")),
		"dizibox":                   string(elfFile(1, []byte("dizibox"), "", nil)),
		"dios":                      string(elfFile(1, []byte("dios"), "", nil)),
		"dynamic":                   string(elfFile(3, []byte("/lib/ld.so\x00"), "", nil)),
	})
	at := func(n string) string { return filepath.Join(dir, n) }
	return Options{
		Out: at("new/initrd"), Version: "6.1", Kernel: at("vmlinuz"), Modules: at("modules"),
		DIOS: at("dios.ko"), DiziBox: at("dizibox"), Init: at("dios"),
	}
}

func TestMake(t *testing.T) {
	o := tree(t)
	unpacked, err := Make(o)
	if err != nil || !unpacked {
		t.Fatalf("unpacked %v, error %v", unpacked, err)
	}
	info, err := Inspect(o.Out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Info{"6.1", "6.1 SMP", []string{"virtio_pci.ko", "virtio_console.ko", "virtio_blk.ko", "dios.ko"}}, info); diff != "" {
		t.Errorf("info (-want +got):\n%s", diff)
	}
	var names []string
	if err := Files(o.Out, func(name string, data []byte) bool {
		names = append(names, name)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"dios-image", "init", "bin/busybox", "lib/modules/virtio_pci.ko", "lib/modules/virtio_console.ko", "lib/modules/virtio_blk.ko", "lib/modules/dios.ko"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if k, err := os.ReadFile(KernelBeside(o.Out)); err != nil || !bytes.Equal(k, withNote("Xen", 18)) {
		t.Errorf("kernel: %d bytes, %v", len(k), err)
	}
	first, _ := os.ReadFile(o.Out)

	// The same again makes the same, and leaves nothing else.
	if _, err := Make(o); err != nil {
		t.Fatal(err)
	}
	if again, _ := os.ReadFile(o.Out); !bytes.Equal(first, again) {
		t.Error("made again, it is another")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(o.Out), "*")); len(left) != 2 {
		t.Errorf("left: %v", left)
	}

	// A kernel that cannot be unpacked is taken as it is.
	if err := os.WriteFile(o.Kernel, []byte("some kernel"), 0o666); err != nil {
		t.Fatal(err)
	}
	if unpacked, err := Make(o); unpacked || err != nil {
		t.Errorf("unpacked %v, error %v", unpacked, err)
	}
	if k, _ := os.ReadFile(KernelBeside(o.Out)); string(k) != "some kernel" {
		t.Errorf("kernel: %q", k)
	}

	o.DIOS = ""
	if _, err := Make(o); err != nil {
		t.Fatal(err)
	}
	if info, err := Inspect(o.Out); err != nil || info.Vermagic != "" || len(info.Modules) != 3 {
		t.Errorf("without dios.ko: %+v, %v", info, err)
	}
}

func TestMakeFails(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"no kernel", func(o *Options) { o.Kernel += ".missing" }, "install linux-image-6.1"},
		{"no modules", func(o *Options) { o.Modules += ".missing" }, "modules.dep is missing"},
		{"no dios.ko", func(o *Options) { o.DIOS += ".missing" }, "run"},
		{"dios.ko is no module", func(o *Options) { o.DIOS = o.DiziBox }, "not a kernel module"},
		{"a module for another kernel", func(o *Options) { o.Version = "6.12" }, "is for kernel 6.1, not for 6.12"},
		{"no DiziBox", func(o *Options) { o.DiziBox += ".missing" }, "./make.bash"},
		{"DiziBox needs libraries", func(o *Options) { o.DiziBox = filepath.Join(filepath.Dir(o.DiziBox), "dynamic") }, "link it statically"},
		{"no agent", func(o *Options) { o.Init += ".missing" }, "no such file"},
		{"nowhere to write", func(o *Options) { o.Out = filepath.Join(o.DiziBox, "x") }, "not a directory"},
	} {
		o := tree(t)
		test.change(&o)
		_, err := Make(o)
		switch {
		case err == nil:
			t.Errorf("%s: no error", test.name)
		case test.name == "no dios.ko":
			if !strings.Contains(err.Error(), "dios.ko.missing is missing: make it with ./make.bash") {
				t.Errorf("%s: %v", test.name, err)
			}
		case !strings.Contains(err.Error(), test.want):
			t.Errorf("%s: %v; want something with %q", test.name, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than a line: %q", test.name, err)
		}
		if _, err := os.Stat(o.Out); err == nil {
			t.Errorf("%s: an image was left", test.name)
		}
	}
}

func TestInspectNonsense(t *testing.T) {
	var b bytes.Buffer
	c := newCPIO(&b)
	c.file("init", 0o755, []byte("x"))
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{"foreign": b.String(), "text": "hello", "empty": ""})
	for _, n := range []string{"foreign", "text", "empty", "missing"} {
		if i, err := Inspect(filepath.Join(dir, n)); err == nil {
			t.Errorf("%s: %+v", n, i)
		}
	}
	for _, s := range []string{"", "version \n", "what 1\nversion 6\n"} {
		if i, err := ParseInfo([]byte(s)); err == nil {
			t.Errorf("%q: %+v", s, i)
		}
	}
}

var errTest = errors.New("full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errTest }

func TestCPIOFullDisk(t *testing.T) {
	c := newCPIO(fullDisk{})
	c.file("a", 0o444, make([]byte, 4<<20))
	if err := c.close(); !errors.Is(err, errTest) {
		t.Errorf("%v, want %v", err, errTest)
	}
}
