// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"dios/internal/brand"
	"dios/internal/image"
	"dios/internal/vm"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// A machine belongs to the dios that booted it. So that another one can look at
// what runs in it, each listens, while its program runs, on an abstract Unix
// socket, which leaves nothing behind however the process ends. To whoever
// connects as the same user it sends a report and closes.

// debugDir is where dios.ko says what there is.
const debugDir = "/sys/kernel/debug/dios"

// reportFiles are the files there that make a report, one after the other, each
// after a line with its name.
var reportFiles = []string{"stat", "users", "tasks"}

const reportMark = "== "

// socketPrefix begins the name of a machine's socket; the process follows.
func socketPrefix() string { return fmt.Sprintf("@dios-machine-%d-", os.Getuid()) }

// listen lets others look into the machine until the context ends. It is no
// reason to fail when that cannot be.
//
// Not with package net, which would make every dios bigger, the agent in the
// machine too.
func listen(ctx context.Context, m *vm.VM) {
	l, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	if unix.Bind(l, &unix.SockaddrUnix{Name: socketPrefix() + strconv.Itoa(os.Getpid())}) != nil || unix.Listen(l, 8) != nil {
		unix.Close(l)
		return
	}
	context.AfterFunc(ctx, func() { unix.Shutdown(l, unix.SHUT_RDWR) })
	go func() {
		for {
			fd, _, err := unix.Accept4(l, unix.SOCK_CLOEXEC)
			if err == unix.EINTR || err == unix.ECONNABORTED {
				continue
			}
			if err != nil {
				unix.Close(l)
				return
			}
			go answer(ctx, m, fd)
		}
	}()
}

// answer sends a report.
func answer(ctx context.Context, m *vm.VM, fd int) {
	f := os.NewFile(uintptr(fd), "top")
	defer f.Close()
	if !samePeer(fd) {
		return
	}
	script := "cd " + debugDir + " && for f in " + strings.Join(reportFiles, " ") + "; do echo '" + reportMark + "'$f; cat $f || exit; done"
	// Who asked sees what went wrong by what is missing.
	m.Run(ctx, &vm.Cmd{Exec: image.DiziBox, Args: []string{"sh", "-c", script}, Stdout: f, Stderr: f})
}

// samePeer tells whether the other side of a socket is this user's, or root's.
func samePeer(fd int) bool {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	return err == nil && (int(cred.Uid) == os.Getuid() || cred.Uid == 0)
}

// machines returns the processes of this user that have a machine.
func machines() ([]int, error) {
	b, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return nil, err
	}
	var found []int
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) != 8 || f[3] != "00010000" { // it listens
			continue
		}
		if s, ok := strings.CutPrefix(f[7], socketPrefix()); ok {
			if pid, err := strconv.Atoi(s); err == nil {
				found = append(found, pid)
			}
		}
	}
	slices.Sort(found)
	return found, nil
}

// A report is what the kernel says of itself at one time.
type report struct {
	Time    time.Time          `json:"time"`
	Machine int                `json:"machine,omitempty"` // process that booted it; 0: this host
	Counts  map[string]int64   `json:"counts"`
	Users   []map[string]int64 `json:"users"`
	Tasks   []task             `json:"tasks"`
}

type task struct {
	Number  int64            `json:"number"`
	PID     int64            `json:"pid"`
	UID     int64            `json:"uid"`
	Brand   string           `json:"brand"`
	State   string           `json:"state"`          // running or blocked
	Call    string           `json:"call,omitempty"` // the call it is in
	Refs    int64            `json:"refs"`
	Zombies int64            `json:"zombies"` // references to dead objects
	Lent    int64            `json:"lent"`    // bytes
	Memory  int64            `json:"memory"`  // bytes
	Calls   int64            `json:"calls"`
	Types   map[string]int64 `json:"types"` // references by type
	Name    string           `json:"name"`
}

// parseReport reads the files as listen's script writes them.
func parseReport(b []byte) (*report, error) {
	// Empty, not nil: in JSON a list is a list.
	r := &report{Counts: make(map[string]int64), Users: []map[string]int64{}, Tasks: []task{}}
	part, columns := "", []string(nil)
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		if p, ok := strings.CutPrefix(line, reportMark); ok {
			part, columns = p, nil
			continue
		}
		switch {
		case part == "stat":
			name, n, _ := strings.Cut(line, " ")
			v, err := strconv.ParseInt(n, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("stat: not understood: %q", line)
			}
			r.Counts[name] = v
		case part != "users" && part != "tasks":
			return nil, errors.New(line) // what the shell complains of
		case columns == nil:
			columns = strings.Fields(line)
		default:
			// Only the last column may have blanks.
			f := strings.SplitN(line, " ", len(columns))
			if len(f) != len(columns) {
				return nil, fmt.Errorf("%s: not understood: %q", part, line)
			}
			row := make(map[string]string)
			for i, c := range columns {
				row[c] = f[i]
			}
			if err := r.add(part, row); err != nil {
				return nil, fmt.Errorf("%s: %w: %q", part, err, line)
			}
		}
	}
	if part != reportFiles[len(reportFiles)-1] || columns == nil {
		return nil, errors.New("the report is cut off")
	}
	return r, nil
}

// add adds a line of users or tasks.
func (r *report) add(part string, row map[string]string) error {
	var failure error
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 0, 64)
		if err != nil {
			failure = err
		}
		return n
	}
	if part == "users" {
		u := make(map[string]int64)
		for c, s := range row {
			u[c] = number(s)
		}
		r.Users = append(r.Users, u)
		return failure
	}
	t := task{
		Number: number(row["number"]), PID: number(row["pid"]), UID: number(row["uid"]),
		State: row["state"], Refs: number(row["refs"]), Zombies: number(row["zombies"]),
		Lent: number(row["lent"]), Memory: number(row["memory"]), Calls: number(row["calls"]),
		Types: make(map[string]int64), Name: row["comm"],
	}
	t.Brand = row["brand"]
	if b, err := brand.Parse(t.Brand); err == nil {
		t.Brand = b.Name
	}
	if row["call"] != "-" {
		t.Call = row["call"]
	}
	if row["types"] != "-" {
		for _, kv := range strings.Split(row["types"], ",") {
			k, v, _ := strings.Cut(kv, ":")
			t.Types[k] = number(v)
		}
	}
	r.Tasks = append(r.Tasks, t)
	return failure
}

// write prints a report as text. Before is the one before it, or nil.
func (r *report) write(w io.Writer, before *report) {
	where := "this host"
	if r.Machine != 0 {
		where = fmt.Sprintf("machine %d", r.Machine)
	}
	c := r.Counts
	fmt.Fprintf(w, "%s, %s: %d tasks, %d waiting; %d objects, %d zombies, %d names\n",
		where, r.Time.Format(time.TimeOnly), c["tasks"], c["waiters"], c["objects"], c["zombies"], c["names"])
	fmt.Fprintf(w, "%d references, %d holds, %d buffers, %s lent, %d watches\n",
		c["refs"], c["holds"], c["bufs"], size(c["lent_bytes"]), c["watches"])
	var types []string
	for k, n := range c {
		if t, ok := strings.CutPrefix(k, "type_"); ok && n != 0 {
			types = append(types, fmt.Sprintf("%d %s", n, t))
		}
	}
	slices.SortFunc(types, func(a, b string) int {
		_, a, _ = strings.Cut(a, " ")
		_, b, _ = strings.Cut(b, " ")
		return strings.Compare(a, b)
	})
	fmt.Fprintf(w, "types: %s\n", strings.Join(types, ", "))
	for _, u := range r.Users {
		fmt.Fprintf(w, "user %d: %d tasks, %d objects, %d references, %s lent, %s memory, %s stored\n",
			u["uid"], u["tasks"], u["objects"], u["refs"], size(u["lent"]), size(u["memory"]), size(u["store"]))
	}

	rate := func(t *task) string { return "" }
	if before != nil {
		had := make(map[int64]int64)
		for _, t := range before.Tasks {
			had[t.Number] = t.Calls
		}
		seconds := r.Time.Sub(before.Time).Seconds()
		rate = func(t *task) string {
			n, ok := had[t.Number]
			if !ok {
				return ""
			}
			return strconv.FormatInt(int64(float64(t.Calls-n)/seconds+0.5), 10)
		}
	}
	fmt.Fprintf(w, "\n%5s %7s %6s %-12s %-22s %6s %8s %8s %10s %8s %s\n",
		"TASK", "PID", "USER", "BRAND", "STATE", "REFS", "LENT", "MEMORY", "CALLS", "CALLS/S", "NAME")
	for _, t := range r.Tasks {
		state := t.State
		if t.Call != "" {
			state += " in " + t.Call
		}
		fmt.Fprintf(w, "%5d %7d %6d %-12s %-22s %6d %8s %8s %10d %8s %s\n",
			t.Number, t.PID, t.UID, t.Brand, state, t.Refs, size(t.Lent), size(t.Memory), t.Calls, rate(&t), t.Name)
	}
}

// size prints bytes in few characters.
func size(n int64) string {
	for _, unit := range []string{"", "K", "M", "G"} {
		if n < 10000 {
			return strconv.FormatInt(n, 10) + unit
		}
		n >>= 10
	}
	return strconv.FormatInt(n, 10) + "T"
}

// readHost makes a report of this host.
func readHost() ([]byte, error) {
	var b bytes.Buffer
	for _, f := range reportFiles {
		text, err := os.ReadFile(filepath.Join(debugDir, f))
		if errors.Is(err, os.ErrPermission) {
			return nil, fmt.Errorf("%w: only root may see it", err)
		}
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s%s\n%s", reportMark, f, text)
	}
	return b.Bytes(), nil
}

// readMachine asks the process that booted a machine for a report.
func readMachine(pid int) ([]byte, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "top")
	defer f.Close()
	if unix.Connect(fd, &unix.SockaddrUnix{Name: socketPrefix() + strconv.Itoa(pid)}) != nil {
		return nil, fmt.Errorf("no machine of process %d (any more)", pid)
	}
	if !samePeer(fd) {
		return nil, fmt.Errorf("process %d is somebody else's", pid)
	}
	// A machine that hangs is no reason to.
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 20}); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("the machine of process %d: %w", pid, err)
	}
	if len(b) == 0 {
		return nil, fmt.Errorf("the machine of process %d has gone", pid)
	}
	return b, nil
}

// choose returns the machine to look at; 0 is this host.
func choose() (int, error) {
	if hostHasDIOS() {
		return 0, nil
	}
	found, err := machines()
	switch {
	case err != nil:
		return 0, err
	case len(found) == 0:
		return 0, errors.New("no machine runs: start a program with dios run, or a shell with dios shell, and look while it runs")
	case len(found) > 1:
		var list []string
		for _, pid := range found {
			list = append(list, strconv.Itoa(pid))
		}
		return 0, fmt.Errorf("several machines run: choose one with -machine, of %s", strings.Join(list, " "))
	}
	return found[0], nil
}

func topVerb(v *verb, args []string) int {
	fs := v.flags()
	asJSON := fs.Bool("json", false, "print each report as one line of JSON")
	times := fs.Int("n", 0, "stop after `N` reports (default: on a terminal go on, else 1)")
	every := fs.Duration("d", 2*time.Second, "`TIME` between two reports")
	machine := fs.Int("machine", 0, "look into the machine of the dios with this process `ID` (default: this host if it has DIOS, or the one machine that runs)")
	if status, ok := v.parse(fs, args, 0, 0); !ok {
		return status
	}
	if *times < 0 || *every < 100*time.Millisecond || *machine < 0 {
		complain(errors.New("top: -n and -machine are 0 or more, -d is 100ms or more; dios help top says more"))
		return statusUsage
	}
	terminal := term.IsTerminal(1) && !*asJSON
	if *times == 0 && !term.IsTerminal(1) {
		*times = 1
	}
	var err error
	where := *machine
	if where == 0 {
		if where, err = choose(); err != nil {
			return fail(err)
		}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	out := bufio.NewWriter(os.Stdout)
	var before *report
	for i := 0; *times == 0 || i < *times; i++ {
		if i > 0 {
			select {
			case <-time.After(*every):
			case <-stop:
				return 0
			}
		}
		var b []byte
		if where == 0 {
			b, err = readHost()
		} else {
			b, err = readMachine(where)
		}
		if err != nil {
			return fail(err)
		}
		r, err := parseReport(b)
		if err != nil {
			return fail(err)
		}
		r.Time, r.Machine = time.Now(), where
		switch {
		case *asJSON:
			err = json.NewEncoder(out).Encode(r)
		default:
			if terminal {
				out.WriteString("\x1b[H\x1b[J")
			} else if i > 0 {
				out.WriteByte('\n')
			}
			r.write(out, before)
		}
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			return fail(fmt.Errorf("standard output: %w", err))
		}
		before = r
	}
	return 0
}
