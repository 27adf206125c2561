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
	"regexp"
	"strings"
	"testing"
	"time"

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
	{name: "input", script: "echo abc | p cat; printf 'x\\ny\\n' >i; p cat <i; p cat <i >o; cat o; p cat <<E\nhere\nE\np cat </dev/null; p cat <&-; p cat 0>o; p cat </; exec p cat <i",
		want: "abc\nx\ny\nx\ny\nhere\nno input\nno input\nno input\nx\ny\n"},
	{name: "input that others read too", script: "printf '1\\n2\\n3\\n' | { read a; p cat; echo $a; }; printf 'x\\ny\\n' >i; { read a; p cat; cat; echo $a; } <i", want: "2\n3\n1\ny\nx\n"},
	{name: "redirections", script: "p out err 2>e >o; cat o e; p out >>o; cat o; p err 2>>e; cat e; { p out err 3>&1 1>&2 2>&3; } 2>e >o; cat o; echo; cat e; p out >&2; p out >/nowhere/x; echo $?; p out 1>&7; echo $?",
		want: "out\nerr\nout\nout\nerr\nerr\nerr\n\nout\nout\nsh: can't create /nowhere/x: nonexistent directory\n1\nsh: 7: Bad file descriptor\n1\n"},
	{name: "pipe of tasks", script: "p out | p cat; p out | p cat | p cat | cat; p out err 2>&1 | p cat; p out err 2>&1 >/dev/null | p cat; p exit 4 | p cat; echo $?; p out | p cat exit 3; echo $?; set -o pipefail; p exit 4 | p cat; echo $?; ! p out | p cat; echo $?",
		want: "out\nout\nout\nerr\nerr\n0\nout\n3\n4\nout\n1\n"},
	{name: "much in a pipe", script: "p fill 300 | p cat | p cat | md5sum; p fill 300 | cat | md5sum; p fill 300 >o; p cat <o | md5sum", want: strings.Repeat("MD5  -\n", 3)},
	{name: "reader is gone", script: "p fill 100000 | p exit 3; echo $?; p fill 100000 | head -c 5; echo; p cat | p exit 2; echo $?", want: "3\nabcde\n2\n"},
	{name: "pipe of tasks and processes", script: "echo a b | p cat | tr a-z A-Z | p cat | { p cat; echo end; }; p out | (cat; sleep .1; echo slept); (sleep .1; echo slept) | p cat", want: "A B\nend\nout\nslept\nslept\n"},
	// A pipe between tasks is a FIFO: no process in between, and the pipe is gone.
	{name: "no fork", script: "n() { set -- $(pidof busybox); echo $#; }; a=$(n); p sleep | p sleep & sleep .2; [ $(n) = $a ] || n; dios objects | grep fifo; ls /proc/$$/fd >o; grep -c '^[3-9]' o; kill %1; wait; dios objects | grep fifo",
		want: "     1  fifo\n0\n", status: 1},
	{name: "no fork for one", script: "n() { set -- $(pidof busybox); echo $#; }; a=$(n); p sleep & p sleep <script >o & sleep .2; [ $(n) = $a ] && echo none; kill %1 %2; wait", want: "none\n"},
	{name: "wait", script: "p exit 9 & a=$!; p exit 8 & wait $a; echo $?; wait $!; echo $?; p sleep & kill -9 $!; wait $!; echo $?; p sleep & kill -s INT $!; wait $!; echo $?; wait $! 2>/dev/null; echo $?; wait 10000099; echo $?",
		want: "9\n8\n137\n130\n130\n127\n"},
	{name: "kill", script: "p sleep & kill -0 $! && echo there; kill -CONT $!; kill -STOP $!; echo $?; kill -NONE $!; echo $?; kill -- $!; wait $!; echo $?; kill $!; echo $?; p sleep & sleep 9 & kill $! %1; wait %1; echo $?; wait %2; echo $?; p sleep | sleep 9 & kill -HUP %1; wait %1; echo $?",
		want: "there\nsh: kill: line 0: TASK: a task does not stop\n1\nsh: bad signal name 'NONE'\n1\n143\nsh: kill: line 0: TASK: no such task\n1\n143\n143\n129\n"},
	{name: "wait for processes too", script: "sleep .3 & p exit 3 & wait; echo $?; sleep .2 & p sleep & wait %1; echo $?; kill %2; wait %2; echo $?; p sleep & sh -c 'exit 5'; echo $?; kill %1; wait; (exit 3) & wait $!; echo $?",
		want: "0\n0\n143\n5\n3\n"},
	{name: "wait and a trap", script: "trap 'echo trapped' USR1; p sleep & t=$!; (sleep .3; kill -USR1 $$) & wait $t; echo $?; kill $t; wait $t; echo $?", want: "trapped\n138\n143\n"},
	{name: "in the background", script: "p out & wait $!; echo $?; echo x >i; p cat <i & wait; p out | p cat & wait; p out | p cat exit 6 & wait $!; echo $?; A=3 p env | grep ^A & wait; p nonsense & wait $!; echo $?; ./truncated & wait $!; echo $?; p out >/nowhere/x & wait $!; echo $?",
		want: "out\n0\nx\nout\nout\n6\nA=3\n97\nsh: ./truncated: not an executable for this machine\n126\nsh: can't create /nowhere/x: nonexistent directory\n1\n"},
	{name: "no input in the background", script: "echo x >i; { p cat & wait; cat; } <i; echo y | { p cat | p cat & wait; cat; }", want: "x\ny\n"},
	{name: "many in the background", script: "i=0; while [ $i -lt 40 ]; do p exit $((i%3)) & i=$((i+1)); done; wait; echo $i; for j in 1 2 3 4 5 6 7 8; do p out | p cat & done >o; wait; wc -l <o", want: "40\n8\n"},
	{name: "substitution of one", script: "echo \"[$(p out)]\" $(p args a 'b c') x$(p out)y; v=$(p exit 7); echo $?; v=$(p out err 2>&1); echo \"$v\"; for i in $(p args 'a b') \"$(p args c d)\"; do echo \"<$i>\"; done; echo $(p out $(p out; p args z) | p cat) $(p cat </dev/null)$(echo i | p cat); p args $(p fill 1 | wc -c) | p cat",
		want: "[out] [p][args][a][b c] xouty\n7\nout\nerr\n<[p][args][a>\n<b]>\n<[p][args][c][d]>\nout out i\n[p][args][1000]\n"},
	{name: "what is expanded in a pipe", script: "x=1; p args $x \"${y:-d}\" $((x+1)) ${z:=new} | cat; echo \"[$z]\"; p args ${none?is not set} | cat; echo $?; (set -u; p args $none & wait $!; echo $?); p args a >$x & wait; cat 1; c=p; $c out | $c cat; A=0; readonly A; A=1 p out & wait $!; echo $?; PATH=/nowhere p out | cat; alias q='p out'; f() { p out; }; f | p cat; p() { echo function; }; p | cat; p & wait",
		want: "[p][args][1][d][2][new]\n[]\nsh: none: is not set\n0\nsh: none: parameter not set\n2\n[p][args][a]\nout\nsh: A: is read only\n2\nsh: p: not found\nout\nfunction\nfunction\n"},
	{name: "loops and lists", script: "for i in 1 2; do p out | p cat; done | p cat; p exit 1 | p exit 1 || p out && p exit 0 | p exit 0 && echo yes; while p exit 0 | p exit 0; do echo once; break; done; case $(p out) in out) echo case;; esac", want: "out\nout\nout\nyes\nonce\ncase\n"},
	{name: "a pipe is interrupted", script: "timeout -s INT 1 sh -c 'p sleep | p sleep; echo wrong'; echo $?; timeout 1 sh -c 'p sleep | p loop; echo wrong'; echo $?; timeout 1 sh -c 'v=$(p sleep); echo wrong'; echo $?; timeout 1 sh -c 'trap \"echo trapped\" TERM; p sleep | p sleep; echo $?'", want: "130\n143\n143\ntrapped\n143\n"},
	{name: "time", script: "time -f %U:%x p burn exit 3 2>t; echo $?; awk -F: '$1 > 0 && $2 == 3 { print \"measured\" }' t; time -p p out 2>t; grep -c real t; time p nonsense 2>t; echo $?; time nosuch 2>&1; echo $?",
		want: "3\nmeasured\nout\n1\n97\ntime: can't execute 'nosuch': No such file or directory\nCommand exited with non-zero status 127\nTIMES127\n"},
	{name: "dios", script: "p sleep & sleep .2; dios tasks | head -n 1; dios tasks | awk '$10 == \"p\" { print $3, $4, $5, $6, $11 }'; dios tasks | grep -c legacy-limbo; dios objects | grep -e task -e console; dios names; kill %1; wait; dios objects | grep task; dios | grep -c -e TASK -e objects -e names; dios nonsense 2>&1 | head -n 1 | cut -c 1-7; umount /sys/kernel/debug; dios; mount -t debugfs debugfs /sys/kernel/debug; dios names",
		want: "TASK    PID  USER BRAND        STATE   CALL          REFS   MEMORY     CALLS NAME             OBJECTS\n0 pure blocked select self:1,console:3,random:1,blob:1,group:1\n1\n     2  task\n     3  console\nGROUP TYPE     RIGHTS NAME\n     0 names\n3\nBusyBox\ndios: /sys/kernel/debug/dios/tasks: not there; mount -t debugfs debugfs /sys/kernel/debug\nGROUP TYPE     RIGHTS NAME\n     0 names\n"},
	{name: "blob", script: "p out >blob:new; cat <blob:new; p cat <blob:new; p out err >blob:new 2>&1; cat <blob:new; p out >>blob:new; p cat <blob:new; echo Linux >blob:new; p cat <blob:new; : >blob:new; wc -c <blob:new; p cat <blob:new; dios delete blob:new; echo $?",
		want: "out\nout\nout\nerr\nout\nerr\nout\nLinux\n0\n0\n"},
	{name: "blob at the end", script: "p out | p cat >blob:new; p cat <blob:new | p cat; n=blob:new; p args x >\"$n\" & wait $!; cat <$n; { echo 1; p out; (echo 2); cat <blob:new; } >blob:new; cat <blob:new; (p args 3; exit 4) >blob:new; echo $?; cat <blob:new; { p args 5; exit 6; } >blob:new & wait $!; echo $?; cat <blob:new; v=$(p args 7 >blob:new; cat <blob:new); echo $v; for i in 1 2; do p out; done >>blob:new; cat <blob:new; dios delete blob:new",
		want: "out\n[p][args][x]\n1\nout\n2\n[p][args][x]\n4\n[p][args][3]\n6\n[p][args][5]\n[p][args][7]\n[p][args][7]\nout\nout\n"},
	{name: "blob of the shell", script: "(exec >blob:new; echo 1; p out; sh -c 'echo 2'; trap 'echo bye' EXIT; exit 3); echo $?; cat <blob:new; (exec >>blob:new; exec p out); echo $?; sh -c 'exec >blob:new; echo lost; kill -9 $$'; echo $?; p cat <blob:new & wait $!; exec <blob:new; read a; echo $a; dios delete new",
		want: "3\n1\nout\n2\nbye\nsh: exec: line 0: exec: output to a blob ends with the shell\n2\n137\n1\nout\n2\nbye\n1\n"},
	// cat and nproc are commands of DiziBox, and programs in PATH; first and second are only the latter.
	{name: "PATH by brand", script: "mkdir -p a b; cp p a/cat; cp p a/first; cp limbo b/first; cp script b/second; cp script a/nproc; PATH=/dizi/a:/dizi/b:/bin; echo applet | cat; first out; DIOS_BRANDS=pure; cat out; command -v cat; second; echo $?; first out | cat out; cat out & wait; DIOS_BRANDS= nproc >/dev/null && echo any; DIOS_BRANDS=dios-limbo command -v first; DIOS_BRANDS=dios-limbo first out | DIOS_BRANDS=legacy-limbo cat; DIOS_BRANDS='legacy pure'; command -v second; DIOS_BRANDS=legacy-limbo; second; command -v nproc; unset DIOS_BRANDS; command -v first",
		want: "applet\nout\nout\n/dizi/a/cat\nsh: second: not found among programs of the brands in DIOS_BRANDS\n127\nout\nout\nany\n/dizi/b/first\nout\n/dizi/b/second\nsh: second: not found among programs of the brands in DIOS_BRANDS\nnproc\n/dizi/a/first\n"},
	{name: "PATH by brand for others", script: "mkdir -p a b; cp p a/cat; cp limbo b/cat; PATH=/dizi/a:/dizi/b; echo applet | env cat; export DIOS_BRANDS=dios-limbo; /bin/busybox env cat args; DIOS_BRANDS=pure /bin/busybox env cat args; DIOS_BRANDS=legacy /bin/busybox env cat; echo $?; DIOS_BRANDS=legacy-limbo; env cat </dev/null; time -f %x cat </dev/null; DIOS_BRANDS=pure; (exec cat args); /bin/busybox time -f %x cat exit 3; (exec ls); echo $?",
		want: "applet\n[cat][args]\n[cat][args]\nenv: can't execute 'cat': No such file or directory\n127\n0\n[cat][args]\nCommand exited with non-zero status 3\n3\nsh: exec: line 0: ls: not found\n127\n"},
	{name: "blob of many pieces", script: "p fill 3000 | md5sum >o; p fill 3000 >blob:new; p cat <blob:new | md5sum | cmp - o; p fill 1200 >>blob:new; wc -c <blob:new; p fill 300 >blob:new; p cat <blob:new | md5sum; dios delete new", want: "4200000\nMD5  -\n"},
	{name: "blob that cannot be", script: "p cat <blob:new; echo $?; cat <blob:; p out >blob:; echo $?; p out >blob:33.characters.are.one.character.more; p out >blob:43-characters_that-nobody_ever-got-as-a-na0; p out <>blob:new; set -C; p out >blob:new; p out >blob:new; echo $?; p exit 4 >|blob:new; echo $?; wc -c <blob:new; dios delete new blob:new; echo $?; mv /dev/dios /dev/d; echo >blob:new; echo $?; mv /dev/d /dev/dios; ls blob* 2>/dev/null || echo no file",
		want: "sh: can't open blob:new: no such name\n1\nsh: can't open blob:: NAME\nsh: can't create blob:: NAME\n1\nsh: can't create blob:33.characters.are.one.character.more: NAME\nsh: can't create blob:NAME: no such name\n" +
			"sh: can't create blob:new: a blob is read or written, not both\nsh: can't create blob:new: name is taken\n1\n4\n0\ndios: blob:new: no such name\n1\nsh: can't create blob:new: no DIOS here\n1\nno file\n"},
	{name: "blob without room", script: "q=/sys/module/dios/parameters/quota_user_store; o=$(cat $q); p out >blob:new; echo 20000 >$q; p fill 300 >blob:new; echo $?; { p fill 300; } >blob:new && echo wrong; (p fill 300) >blob:new; echo $?; p fill 300 >blob:other || cat <blob:other; cat <blob:new; echo $o >$q; dios delete new",
		want: "sh: blob:new: quota exceeded\n1\nsh: blob:new: quota exceeded\nsh: blob:new: quota exceeded\n1\nsh: blob:other: quota exceeded\nsh: can't open blob:other: no such name\nout\n"},
	{name: "names", script: "p out >'blob:a name'; b=$(printf 'b\\\\\\001\\303\\244'); p out >blob:$b; dios names | sort; dios delete 'a name' blob:$b; dios names",
		want: "     2 names\n    1 blob     ?      a name\n    1 blob     ?      b\\134\\001\\303\\244\nGROUP TYPE     RIGHTS NAME\nGROUP TYPE     RIGHTS NAME\n     0 names\n"},
	{name: "closed input", script: "echo x | (exec <&-; p cat; p cat | p cat; p cat | cat; v=$(p cat); echo $v; v=$(cat); echo \"[$v]\"; echo y | p cat; p out | p cat) 2>/dev/null", want: "no input\nno input\nno input\nno input\n[]\ny\nout\n"},
	{name: "many", script: "i=0; while [ $i -lt 100 ]; do p exit 1 && echo wrong; i=$((i+1)); done; echo $i; ls /proc/self/fd", want: "100\n0\n1\n2\n3\n"},
}

var (
	md5RE   = regexp.MustCompile(`\bc25a7887ffb3ff40f330a4e5e09f8f15\b`)
	nameRE  = regexp.MustCompile(`blob:[\w-]{43}:`)
	taskRE  = regexp.MustCompile(`\b1000\d{4}:`)
	saidRE  = regexp.MustCompile(`(?m)^(?:Hangup|Killed|Terminated)\n`)
	timesRE = regexp.MustCompile(`(?:(?:real|user|sys)\t[\dm .]+s\n)+`)
)

func TestDiziBox(t *testing.T) {
	m := machine(t)
	diziPrograms(t, m)
	for _, c := range diziCases {
		t.Run(c.name, func(t *testing.T) { diziScript(t, m, c.script, c.want, c.status) })
	}
}

// diziScript runs a script by itself in /dizi.
func diziScript(t *testing.T, m *VM, script, want string, status int) {
	t.Helper()
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	o, err := m.run(&vm.Cmd{
		Exec: "/bin/busybox",
		Args: []string{"sh", "-c", script},
		Env:  []string{"PATH=/bin:/dizi"},
		Dir:  "/dizi",
	}, true)
	if err != nil {
		t.Fatalf("%v\n%s", err, o.Stdout)
	}
	// Whether the shell says how a job ended depends on when it notices.
	got := saidRE.ReplaceAllString(o.Stdout, "")
	got = strings.ReplaceAll(got, "a name has 1 to 32 bytes, or 43 characters if it is random", "NAME")
	// What is different each time.
	got = timesRE.ReplaceAllString(taskRE.ReplaceAllString(md5RE.ReplaceAllString(got, "MD5"), "TASK:"), "TIMES")
	got = nameRE.ReplaceAllString(got, "blob:NAME:")
	if got != want || o.Status != status {
		t.Errorf("%s\nprinted %q\nwant    %q\nstatus %d, want %d", script, got, want, o.Status, status)
	}
	leftover(t, m, before)
}

// Programs in Go among them.
func TestDiziBoxGo(t *testing.T) {
	m := machine(t)
	diziPrograms(t, m)
	dir := t.TempDir()
	if err := BuildGo("dios", dir, "./testdata/dizibox/stream"); err != nil {
		t.Fatal(err)
	}
	if err := m.Put(filepath.Join(dir, "stream"), "/dizi/stream"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, script, want string }{
		{"input", "echo a b | stream upper; printf 'c\nd' >i; stream upper <i; stream upper </dev/null; echo $?", "A B\nC\nD\n0\n"},
		{"pipe of tasks", "echo a b | stream upper | p cat | stream upper | cat; p fill 1 | stream upper | wc -c; stream fill 3 | stream upper | p cat | head -c 5", "A B\n1000\nXXXXX"},
		{"waits", "(sleep 2; echo x) | stream count; (sleep 2; p out) | p cat | stream count", "2 <nil> true\n4 <nil> true\n"},
		{"much", "stream fill 20000 | stream upper | stream upper | wc -c; stream fill 20000 >o; stream upper <o | cmp - - <o; ls -l o | awk '{ print $5 }'", "2000000\n2000000\n"},
		{"reader is gone", "stream fill 100000 | p exit 3; echo $?; set -o pipefail; stream fill 100000 | p exit 0; echo $?", "3\n141\n"},
		{"time", "time -f %M stream upper </dev/null 2>t; awk '$1 > 1000 { print \"resident\" }' t", "resident\n"},
		{"random name", "n=$(stream name); cat <blob:$n; p out >>blob:$n; stream upper <blob:$n; dios names; dios delete $n; cat <blob:$n; echo $?", "Go\nGO\nOUT\nGROUP TYPE     RIGHTS NAME\n     1 names\nsh: can't open blob:NAME: no such name\n1\n"},
		{"names of what lives", "stream publish & sleep .5; dios names | sort; kill $!; wait", "     2 names\n    1 shmem    rw-    (random)\n    1 shmem    rw-    stream\nGROUP TYPE     RIGHTS NAME\n"},
		{"in the background", "stream fill 10 | stream upper >o & wait $!; wc -c <o; stream count & wait $!; echo $?", "1000\n0 <nil> false\n0\n"},
	} {
		t.Run(c.name, func(t *testing.T) { diziScript(t, m, c.script, c.want, 0) })
	}
}

// What a script has put into a blob is there on the next machine with the same store.
func TestDiziBoxStore(t *testing.T) {
	needVM(t)
	t.Parallel()
	c := vm.Config{PanicOnWarn: true, Store: filepath.Join(t.TempDir(), "store")}
	if err := vm.MakeStore(c.Store, 16<<20); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ script, want string }{
		{"p fill 10 | p cat >blob:kept; p out >blob:other", ""},
		{"dios names | grep kept; p cat <blob:kept | wc -c; p out >>blob:kept; dios delete other", "    1 blob     ?      kept\n10000\n"},
		{"dios names; cat <blob:kept | tail -n 1", "GROUP TYPE     RIGHTS NAME\n    1 blob     ?      kept\n     1 names\nout\n"},
	} {
		m, err := boot(c)
		if err != nil {
			t.Fatal(err)
		}
		diziPrograms(t, m)
		diziScript(t, m, step.script, step.want, 0)
		m.Close()
	}
}

// A step at a terminal: wait for a text, then type another one.
type step struct{ see, send string }

// atTerminal plays steps with an interactive shell, whose last status is to be 5.
func atTerminal(t *testing.T, m *VM, steps []step) {
	t.Helper()
	input, keys := io.Pipe()
	var out bytes.Buffer
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
					// What is seen comes before what is done, as with fg.
					time.AfterFunc(slow(200*time.Millisecond), func() { io.WriteString(keys, send) })
					return
				}
			}
		}),
	})
	if err != nil || r.Status != 5 || len(steps) > 0 {
		t.Errorf("status %d, want 5; %v; steps left: %q; seen: %q", r.Status, err, steps, out.String())
	}
}

// At a terminal ^C ends the program and not the shell.
func TestDiziBoxInterrupt(t *testing.T) {
	m := machine(t)
	diziPrograms(t, m)
	atTerminal(t, m, []step{
		{"# ", "echo begin; p out loop\n"},
		{"\nout", "\x03"},
		{"# ", "echo status=$?; p exit 5\n"},
		{"status=130", ""},
		{"# ", "exit\n"},
	})
}

// Tasks, and tasks with processes, as jobs at a terminal.
func TestDiziBoxJobs(t *testing.T) {
	m := machine(t)
	diziPrograms(t, m)
	for _, test := range []struct {
		name  string
		steps []step
	}{
		{"jobs and kill", []step{
			{"# ", "p sleep & p sleep | p cat &\n"},
			{"# ", "jobs\n"},
			{"[2]+  Running                    p sleep | p cat", ""},
			{"[1]-  Running                    p sleep", ""},
			{"# ", "kill %1; jobs -l; kill %%\n"},
			{"1000", ""},
			{"# ", "wait; echo ended\n"},
			{"\nended", ""},
			{"# ", "jobs; p exit 5\n"},
			{"# ", "exit\n"},
		}},
		{"done", []step{
			{"# ", "p exit 3 & sleep 1\n"},
			{"[1]+  Done(3)                    p exit 3", ""},
			{"# ", "exit 5\n"},
		}},
		{"input", []step{
			{"# ", "p cat\n"},
			{"cat\r\n", "typed\n"},
			{"typed\r\ntyped\r\n", "\x04"},
			{"# ", "p cat | p cat\n"},
			{"cat\r\n", "again\n"},
			{"again\r\nagain\r\n", "\x04"},
			{"# ", "p cat & echo it takes nothing\n"},
			{"\nit takes nothing", ""},
			{"# ", "exit 5\n"},
		}},
		{"features", []step{
			{"# ", "p args a >blob:t; p args b >>blob:t\n"},
			{"# ", "cat <blob:t; p cat <blob:t | p cat; v=$(p args c); echo $v; dios delete t\n"},
			{"[a]\r\n[p][args][b]\r\n[p][args][a]\r\n[p][args][b]\r\n[p][args][c]\r\n", ""},
			{"# ", "cat <blob:t\n"},
			{"sh: can't open blob:t: no such name\r\n", ""},
			{"# ", "p out >blob:t sleep\n"},
			{"sleep\r\n", "\x03"},
			{"# ", "echo status=$?; cat <blob:t; dios delete t\n"},
			{"status=130\r\nout\r\n", ""},
			{"# ", "time p exit 3 2>&1 | grep -c real\n"},
			{"\n1\r\n", ""},
			{"# ", "DIOS_BRANDS=pure command -v ls || exit 5\n"},
		}},
		{"interrupted", []step{
			{"# ", "echo begin; p out sleep | p cat\n"},
			{"\nout", "\x03"},
			{"# ", "echo status=$?\n"},
			{"status=130", ""},
			{"# ", "echo begin; p out sleep | cat\n"},
			{"\nout", "\x03"},
			{"# ", "echo status=$?; jobs\n"},
			{"status=130\r\n# ", "echo begin; cat | p out loop\n"},
			{"\nout", "\x03"},
			{"# ", "jobs; v=$(p sleep)\n"},
			{"sleep)", "\x03"},
			{"# ", "dios objects | grep task || echo no tasks; exit 5\n"},
			{"\nno tasks", ""},
		}},
		{"foreground", []step{
			{"# ", "p sleep &\n"},
			{"# ", "fg\n"},
			{"p sleep\r\n", "\x03"},
			{"# ", "echo status=$?; jobs\n"},
			{"status=130\r\n# ", "echo begin; p out sleep | cat\n"},
			{"\nout", "\x1a"},
			{"Stopped", ""},
			{"# ", "bg\n"},
			{"# ", "jobs\n"},
			{"Running", ""},
			{"# ", "fg\n"},
			{"cat\r\n", "\x03"},
			{"# ", "kill -STOP %1; exit 5\n"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, err := m.Counts()
			if err != nil {
				t.Fatal(err)
			}
			atTerminal(t, m, test.steps)
			leftover(t, m, before)
		})
	}
}

type writeFunc func(b []byte)

func (f writeFunc) Write(b []byte) (int, error) {
	f(b)
	return len(b), nil
}
