// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

import "unsafe"

// A task is one thread: locks are never contended, and whoever waits for a
// note is a goroutine, which parks. Upcalls take no locks and wake no notes.

const (
	mutex_unlocked = 0
	mutex_locked   = 1

	active_spin     = 4
	active_spin_cnt = 30

	mutexMLocksDelta = 16
)

type mWaitList struct{}

func lockVerifyMSize() {}

func mutexContended(l *mutex) bool {
	return false
}

func lock(l *mutex) {
	lockWithRank(l, getLockRank(l))
}

func lock2(l *mutex) {
	if l.key == mutex_locked {
		// There is nobody who could unlock it.
		throw("self deadlock")
	}
	gp := getg()
	if gp.m.locks < 0 {
		throw("lock count")
	}
	gp.m.locks += mutexMLocksDelta
	l.key = mutex_locked
}

func unlock(l *mutex) {
	unlockWithRank(l)
}

func unlock2(l *mutex) {
	if l.key == mutex_unlocked {
		throw("unlock of unlocked lock")
	}
	gp := getg()
	gp.m.locks -= mutexMLocksDelta
	if gp.m.locks < 0 {
		throw("lock count")
	}
	l.key = mutex_unlocked
}

// One-time notifications.

// A note's key is one of these, or the g that waits.
const (
	note_cleared = 0
	note_woken   = 1
)

func noteclear(n *note) {
	n.key = note_cleared
}

func notewakeup(n *note) {
	key := n.key
	if key == note_woken {
		throw("notewakeup - double wakeup")
	}
	n.key = note_woken
	if key != note_cleared {
		goready(guintptr(key).ptr(), 1)
	}
}

// Only an M without work sleeps on a note without being a goroutine, and the
// one M there is goes to netpoll instead, or is deadlocked.

func notesleep(n *note) {
	throw("notesleep: a task has one thread")
}

func notetsleep(n *note, ns int64) bool {
	throw("notetsleep: a task has one thread")
	return false
}

// same as runtime·notetsleep, but called on user g (not g0)
func notetsleepg(n *note, ns int64) bool {
	gp := getg()
	if gp == gp.m.g0 {
		throw("notetsleepg on g0")
	}

	if n.key == note_woken {
		return true
	}
	if n.key != note_cleared {
		throw("notetsleepg - waitm out of sync")
	}
	if ns == 0 {
		return false
	}

	var t *timer
	if ns > 0 {
		t = new(timer)
		t.init(notetimeout, n)
		t.reset(nanotime()+ns, 0)
	}
	n.key = uintptr(unsafe.Pointer(gp))
	gopark(nil, nil, waitReasonZero, traceBlockGeneric, 1)
	if t != nil {
		t.stop()
	}
	return n.key == note_woken
}

// notetimeout wakes the goroutine that waits for a note whose time is up.
func notetimeout(arg any, _ uintptr, _ int64) {
	n := arg.(*note)
	if n.key != note_cleared && n.key != note_woken {
		gp := guintptr(n.key).ptr()
		n.key = note_cleared
		goready(gp, 1)
	}
}
