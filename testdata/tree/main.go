// Copyright 2026 The DIOS Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

// Tree is a tree of seven tasks, of which any may be killed. Node 1 is the task that
// was started; node n starts nodes 2n and 2n+1. Each node shows in shared memory that
// it lives, and what it was told of the death of a child, by Wait and by the channel.
//
// Node 1 obeys commands, each a line of its input:
//
//	report	say which nodes live, and how the others ended, as their parents know
//	kill N	have node N killed by its parent, with its reference
//	end	end all tasks
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/dios"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"
)

const nodes = 7

// A slot is what is to be seen of a node.
type slot struct {
	beat    atomic.Uint64 // goes up while it lives
	kill    atomic.Uint32 // its parent is to kill it
	wait    atomic.Uint32 // what its parent was told, by Wait and by Recv
	channel atomic.Uint32
}

// What a parent is told.
const (
	nothing = iota
	ended   // without an error
	killed
	otherwise
)

var told = [...]string{"nothing", "ended", "killed", "otherwise"}

type memory struct {
	end   atomic.Uint32
	slots [nodes + 1]slot
}

var mem *memory
var node *dios.Func[int, int]

func init() {
	node = dios.Register("node", func(ch *dios.Chan[int, int]) {
		n, err := strconv.Atoi(os.Args[2])
		if err != nil {
			panic(err)
		}
		live(n, open(dios.Must(dios.OpenShared(dios.Refs()[0].Ref))))
	})
}

// what says what an error of a child's means.
func what(err error) uint32 {
	var e *dios.ExitError
	switch {
	case err == nil || err == io.EOF:
		return ended
	case errors.As(err, &e) && e.Killed:
		return killed
	}
	return otherwise
}

func open(shared *dios.Shared) dios.Ref {
	mem = (*memory)(unsafe.Pointer(unsafe.SliceData(shared.Bytes())))
	return shared.Ref()
}

// live is what a node does.
func live(n int, shared dios.Ref) {
	for c := 2 * n; c <= 2*n+1 && c <= nodes; c++ {
		child := dios.Must(node.SpawnAttr(&dios.Attr{
			Args: []string{"node", strconv.Itoa(c)},
			Refs: []dios.Grant{{Ref: shared}},
		}))
		s := &mem.slots[c]
		go func() {
			s.wait.Store(what(child.Wait(context.Background())))
		}()
		go func() {
			_, err := child.Recv()
			s.channel.Store(what(err))
		}()
		go func() {
			for s.kill.Load() == 0 {
				time.Sleep(time.Millisecond)
			}
			child.Kill()
		}()
	}
	for mem.end.Load() == 0 {
		mem.slots[n].beat.Add(1)
		time.Sleep(time.Millisecond)
	}
}

// report waits until each node either lives or is known to be dead.
func report() string {
	var before [nodes + 1]uint64
	for n := range before {
		before[n] = mem.slots[n].beat.Load()
	}
	var words []string
	for n := 1; n <= nodes; n++ {
		s := &mem.slots[n]
		for start := time.Now(); ; time.Sleep(time.Millisecond) {
			if w, c := s.wait.Load(), s.channel.Load(); w != nothing && c != nothing {
				words = append(words, fmt.Sprintf("%d:%s/%s", n, told[w], told[c]))
				break
			}
			if s.beat.Load() >= before[n]+2 {
				words = append(words, fmt.Sprintf("%d:lives", n))
				break
			}
			if time.Since(start) > time.Minute {
				words = append(words, fmt.Sprintf("%d:silent", n))
				break
			}
		}
	}
	return strings.Join(words, " ")
}

func main() {
	go live(1, open(dios.Must(dios.NewShared(4096))))
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		verb, arg, _ := strings.Cut(in.Text(), " ")
		switch verb {
		case "report":
			fmt.Println(report())
		case "kill":
			n, _ := strconv.Atoi(arg)
			mem.slots[n].kill.Store(1)
		case "end":
			mem.end.Store(1)
			return
		}
	}
}
