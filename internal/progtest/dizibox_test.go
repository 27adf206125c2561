// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package progtest

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dios/internal/abi"
	"dios/internal/vm"
)

// Programs for DiziBox's tests, as they lie in the machine in /dizi: p is pure.
func diziPrograms(t *testing.T, m *VM) {
	t.Helper()
	dir := t.TempDir()
	p := filepath.Join(dir, "p")
	if err := BuildC(filepath.Join(Source(), "testdata", "dizibox", "program.c"), p, "pure"); err != nil {
		t.Fatal(err)
	}
	pure, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, data []byte) {
		t.Helper()
		if err := m.VM.Put(t.Context(), "/dizi/"+name, 0o755, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	changed := func(at int, b byte) []byte {
		c := bytes.Clone(pure)
		c[at] = b
		return c
	}
	put("p", pure)
	put("limbo", changed(8, abi.BrandDiosLimbo))
	put("unknown", changed(8, 0x42))
	put("machine", changed(18, 0xb7))
	put("truncated", pure[:100])
	put("script", []byte("#!/bin/sh\np args \"$@\"\n"))
	if _, err := m.Shell("cd /dizi && cp p noexec && chmod a-x noexec && mkdir -p folder"); err != nil {
		t.Fatal(err)
	}
}

// What the shell does with DIOS programs. Each script runs by itself in /dizi, which
// is in PATH; both outputs go through one pipe.
var diziCases = []struct {
	name, script, want string
	status             int
}{
	{name: "plain", script: "./p out", want: "out\n"},
	{name: "status", script: "./p exit 3; echo $?; ./p exit 255; echo $?; ./p exit 0 && echo yes; ./p exit 1 || echo no; ! ./p exit 1 && echo not", want: "3\n255\nyes\nno\nnot\n"},
	{name: "last", script: "./p exit 7", status: 7},
	{name: "arguments", script: `./p args "a b" "" 'c"d\' "$(printf '\001\377')" -x -- '*'`, want: "[./p][args][a b][][c\"d\\][\x01\xff][-x][--][*]\n"},
	{name: "from PATH", script: "p args x", want: "[p][args][x]\n"},
	{name: "environment", script: "A=1 p env | grep ^A=; p env | grep ^A=; B='b c'; p env | grep ^B=; export B; p env | grep ^B=; B=d p env | grep ^B=; env -i C= p env", want: "A=1\nB=b c\nB=d\nC=\n"},
	{name: "to a file", script: "p out err >o 2>e; cat e o; p out >>o; p out err >o2 2>&1; cat o o2; p out err 2>o >/dev/null; cat o", want: "err\nout\nout\nout\nout\nerr\nerr\n"},
	{name: "order", script: "{ echo one; p out; echo two; p err out err; echo three; } >o 2>&1; cat o", want: "one\nout\ntwo\nerr\nout\nerr\nthree\n"},
	{name: "pipe", script: "p out | cat; p out err 2>&1 | cat; p out | p exit 4; echo $?; p exit 4 | true; echo $?; p args x | wc -c", want: "out\nout\nerr\n4\n0\n13\n"},
	{name: "closed output", script: "p out err 2>&1 >&-; echo $?; p out </dev/null 1<&0; echo $?", want: "err\n0\n0\n"},
	{name: "substitution", script: "v=$(p out; exit 4); echo \"[$v]\" $?; v=$(p exit 7); echo $?", want: "[out] 4\n7\n"},
	{name: "subshell", script: "(p out; p exit 4); echo $?; { p exit 5; }; echo $?", want: "out\n4\n5\n"},
	{name: "function", script: "f() { p args \"$@\"; return 3; }; f a b; echo $?", want: "[p][args][a][b]\n3\n"},
	{name: "set -e", script: "set -e; p exit 3; echo wrong", status: 3},
	{name: "trap", script: "trap 'echo bye' EXIT; p exit 3", want: "bye\n", status: 3},
	{name: "exec", script: "(exec ./p out exit 8); echo $?; exec p out exit 2; echo wrong", want: "out\n8\nout\n", status: 2},
	{name: "exec with a name", script: "exec -a zero ./p args", want: "[zero][args]\n"},
	{name: "script", script: "script 1 '2 3'", want: "[p][args][1][2 3]\n"},
	{name: "limbo", script: "limbo out; echo $?", want: "out\n0\n"},
	{name: "fault", script: "p crash; echo $?; (p crash); echo $?", want: "139\n139\n"},
	{name: "background", script: "p exit 9 & wait $!; echo $?; p sleep & sleep 1; kill $!; wait $!; echo $?; p out & p out & wait; echo $?", want: "9\n143\nout\nout\n0\n"},
	{name: "not there", script: "nosuch; echo $?; ./nosuch; echo $?; (exec ./nosuch); echo $?", want: "sh: nosuch: not found\n127\nsh: ./nosuch: not found\n127\nsh: exec: line 0: ./nosuch: not found\n127\n"},
	{name: "refused", script: "./noexec; echo $?; ./folder; echo $?; ./unknown; echo $?; ./machine; echo $?; ./truncated; echo $?",
		want: "sh: ./noexec: Permission denied\n126\nsh: ./folder: Permission denied\n126\nsh: ./unknown: brand does not run this way\n126\n" +
			"sh: ./machine: not an executable for this machine\n126\nsh: ./truncated: not an executable for this machine\n126\n"},
	{name: "too long", script: "p args $(seq 1 40000); echo $?", want: "sh: p: too many or too long\n126\n"},
	{name: "no device", script: "mv /dev/dios /dev/d; p out; echo $?; mv /dev/d /dev/dios; p out", want: "sh: p: no DIOS here: /dev/dios: No such file or directory\n125\nout\n"},
	{name: "commands that start others", script: "nice p exit 3; echo $?; echo a b | xargs p args; find script -exec p args {} ';'; timeout 1 p loop; echo $?; env p out; time -f %e p exit 2 2>/dev/null; echo $?",
		want: "3\n[p][args][a][b]\n[p][args][script]\n143\nout\n2\n"},
	{name: "interrupted", script: "timeout -s INT 1 sh -c 'p sleep; echo wrong'; echo $?", want: "130\n"},
	{name: "trap while it runs", script: "timeout 1 sh -c 'trap \"echo trapped\" TERM; p sleep; echo $?'; echo $?", want: "trapped\n143\n0\n"},
	{name: "diosrun", script: "diosrun ./p args -a b; diosrun -a zero ./p args; diosrun -a sh /bin/busybox -c 'echo $0; exit 3'; echo $?; diosrun ./nosuch; echo $?; diosrun ./noexec; echo $?; diosrun ./machine; echo $?; timeout 1 diosrun ./p loop; echo $?",
		want: "[./p][args][-a][b]\n[zero][args]\nsh\n3\ndiosrun: ./nosuch: No such file or directory\n127\ndiosrun: ./noexec: Permission denied\n126\n" +
			"diosrun: ./machine: not an executable for this machine\n126\n143\n"},
	{name: "many", script: "i=0; while [ $i -lt 100 ]; do p exit 1 && echo wrong; i=$((i+1)); done; echo $i; ls /proc/self/fd", want: "100\n0\n1\n2\n3\n"},
}

func TestDiziBox(t *testing.T) {
	m := machine(t)
	diziPrograms(t, m)
	for _, c := range diziCases {
		t.Run(c.name, func(t *testing.T) {
			before, err := m.Counts()
			if err != nil {
				t.Fatal(err)
			}
			o, err := m.run(&vm.Cmd{
				Exec: "/bin/busybox",
				Args: []string{"sh", "-c", c.script},
				Env:  []string{"PATH=/bin:/dizi"},
				Dir:  "/dizi",
			}, true)
			if err != nil {
				t.Fatalf("%v\n%s", err, o.Stdout)
			}
			if o.Stdout != c.want || o.Status != c.status {
				t.Errorf("%s\nprinted %q\nwant    %q\nstatus %d, want %d", c.script, o.Stdout, c.want, o.Status, c.status)
			}
			leftover(t, m, before)
		})
	}
}

// At a terminal ^C ends the program and not the shell.
func TestDiziBoxInterrupt(t *testing.T) {
	m := machine(t)
	diziPrograms(t, m)
	input, keys := io.Pipe()
	var out bytes.Buffer
	steps := []struct{ see, send string }{
		{"# ", "echo begin; p out loop\n"},
		{"\nout", "\x03"},
		{"# ", "echo status=$?; p exit 5\n"},
		{"status=130", ""},
		{"# ", "exit\n"},
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	seen := 0
	r, err := m.VM.Run(ctx, &vm.Cmd{
		Exec:  "/bin/busybox",
		Args:  []string{"sh", "-i"},
		Env:   []string{"PATH=/bin:/dizi", "PS1=# ", "TERM=dumb"},
		Dir:   "/dizi",
		Stdin: input,
		TTY:   &vm.TTY{Size: vm.Size{Rows: 24, Cols: 80}},
		Stdout: writeFunc(func(b []byte) {
			out.Write(b)
			for len(steps) > 0 {
				at := strings.Index(out.String()[seen:], steps[0].see)
				if at < 0 {
					return
				}
				seen += at + len(steps[0].see)
				send := steps[0].send
				steps = steps[1:]
				if send != "" {
					go io.WriteString(keys, send)
					return
				}
			}
		}),
	})
	if err != nil || r.Status != 5 {
		t.Errorf("status %d, want 5; %v; seen: %q", r.Status, err, out.String())
	}
}

type writeFunc func(b []byte)

func (f writeFunc) Write(b []byte) (int, error) {
	f(b)
	return len(b), nil
}
