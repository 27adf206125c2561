// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package brand_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dios/internal/brand"
)

// A rule of binfmt_misc, as the kernel reads it.
type rule struct {
	name, interpreter string
	magic, mask       []byte
}

// binfmtRules returns those in docs/binfmt.md.
func binfmtRules(t *testing.T) []rule {
	t.Helper()
	data, err := os.ReadFile("../../docs/binfmt.md")
	if err != nil {
		t.Fatal(err)
	}
	var rules []rule
	for line := range strings.Lines(string(data)) {
		text := strings.TrimSpace(line)
		if !strings.HasPrefix(text, ":dios-") {
			continue
		}
		f := strings.Split(text, ":")
		if len(f) != 8 || f[2] != "M" || f[3] != "" || f[7] != "" || !filepath.IsAbs(f[6]) || len(f[6]) > 127 || len(text) >= 1920 {
			t.Fatalf("not a rule that the kernel takes: %q", text)
		}
		rules = append(rules, rule{f[1], f[6], unescape(t, f[4]), unescape(t, f[5])})
	}
	return rules
}

func unescape(t *testing.T, s string) []byte {
	t.Helper()
	var b []byte
	for s != "" {
		if !strings.HasPrefix(s, `\x`) {
			b = append(b, s[0])
			s = s[1:]
			continue
		}
		n, err := strconv.ParseUint(s[2:4], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, byte(n))
		s = s[4:]
	}
	return b
}

// matches does what the kernel does: it reads the first 256 bytes.
func (r rule) matches(file string) (bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var head [256]byte
	if _, err := f.Read(head[:]); err != nil {
		return false, err
	}
	for i := range r.magic {
		if (head[i]^r.magic[i])&r.mask[i] != 0 {
			return false, nil
		}
	}
	return true, nil
}

func TestBinfmtRules(t *testing.T) {
	rules := binfmtRules(t)
	if len(rules) != 2 || rules[0].name != "dios-pure" || rules[1].name != "dios-limbo" {
		t.Fatalf("rules %v, want one for pure and one for dios-limbo", rules)
	}
	for _, r := range rules {
		if len(r.magic) != len(r.mask) || len(r.magic) != 20 {
			t.Errorf("%s: %d bytes of magic and %d of mask", r.name, len(r.magic), len(r.mask))
		}
		if filepath.Base(r.interpreter) != "go_dios_amd64_exec" {
			t.Errorf("%s: interpreter %s does not take a program and its arguments", r.name, r.interpreter)
		}
	}

	// This test program, with each brand.
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][2]bool{exe: {}}
	for name, want := range map[string][2]bool{"pure": {true, false}, "dios-limbo": {false, true}, "legacy-limbo": {}, "legacy": {}} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, program, 0o777); err != nil {
			t.Fatal(err)
		}
		b, err := brand.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := brand.Set(file, b, brand.Options{}); err != nil {
			t.Fatal(err)
		}
		files[file] = want
	}
	// What the toolchains of this tree made, if it is there.
	for name, want := range map[string][2]bool{"build/hello": {true, false}, "build/dlibc/bin/hello": {true, false}, "bin/dizibox": {}, "bin/brand": {}} {
		file := filepath.Join("../..", name)
		if _, err := os.Stat(file); err == nil {
			files[file] = want
		}
	}
	for file, want := range files {
		for i, r := range rules {
			if got, err := r.matches(file); err != nil || got != want[i] {
				t.Errorf("%s: rule %s matches: %v, want %v; %v", file, r.name, got, want[i], err)
			}
		}
	}

	// One byte of another program: the class, the byte order, the type, the machine.
	for at, b := range map[int]byte{3: 'G', 4: 1, 5: 2, 6: 0, 7: 0, 8: 0x42, 16: 3, 18: 0xb7} {
		data := append([]byte(nil), program...)
		data[7], data[8] = 0xd1, 0x05
		data[at] = b
		file := filepath.Join(t.TempDir(), fmt.Sprint(at))
		if err := os.WriteFile(file, data, 0o777); err != nil {
			t.Fatal(err)
		}
		if got, err := rules[0].matches(file); err != nil || got {
			t.Errorf("byte %d is %#x: matches: %v, %v", at, b, got, err)
		}
	}
}
