// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

import "internal/abi"

// The tick: what sysmon does elsewhere.
//
// There is no thread beside the task's own. Instead the kernel makes an
// upcall each 10 ms of running. It may come anywhere, so its handler takes no
// lock and starts nothing: it preempts a goroutine that ran too long, and
// notes that sysmon's other duties are due. The scheduler performs those, in
// tick, when it looks for the next goroutine, which by the preemption is
// soon.
//
// There are no ticks while the task waits in the kernel. The duties that
// become due then are performed by beforeIdle and when netpoll returns.

// haveTick says that the scheduler must call tick, and that goroutines
// that share a time slice are preempted.
const haveTick = true

// Set by tickhandler, which can interrupt anything, and read by the
// scheduler.
var (
	tickDue  bool   // tick has something to do
	tickSame int64  // nanoseconds that the P ran in the same time slice
	tickLast uint32 // the P's schedtick at the last tick
	tickNS   int64  = forcePreemptNS
)

var tickSchedtrace int64 // when schedtrace was printed last

const preemptMSupported = true

// preemptM asks mp to look at its preemption flags. It does at the next tick.
func preemptM(mp *m) {}

// tickhandler runs at each tick, on mp.gsignal. gp is the g that was
// interrupted.
//
//go:nowritebarrierrec
func tickhandler(c *sigctxt, gp *g) {
	mp := gp.m
	if gp == mp.gsignal {
		return // another upcall was interrupted
	}
	if mp.profilehz != 0 {
		sigprof(c.sigpc(), c.sigsp(), c.siglr(), gp, mp)
	}
	pp := mp.p.ptr()
	if pp == nil {
		return // about to wait in netpoll, or coming from there
	}
	tickDue = true

	// As in retake: goroutines that pass the processor on by runnext are
	// one time slice, and do not move schedtick.
	if tickLast != pp.schedtick {
		tickLast = pp.schedtick
		tickSame = 0
		return
	}
	tickSame += tickNS
	if tickSame < forcePreemptNS {
		return
	}

	// What preemptone and the signal it sends do elsewhere, to the M that
	// called it.
	curg := mp.curg
	if curg == nil {
		return
	}
	curg.preempt = true
	curg.stackguard0 = stackPreempt
	pp.preempt = true
	if debug.asyncpreemptoff == 0 && wantAsyncPreempt(gp) {
		if ok, newpc := isAsyncSafePoint(gp, c.sigpc(), c.sigsp(), c.siglr()); ok {
			// Adjust the PC and inject a call to asyncPreempt.
			c.pushCall(abi.FuncPCABI0(asyncPreempt), newpc)
		}
	}
	mp.preemptGen.Add(1)
}

// tick performs what is due of sysmon's duties. findRunnable calls it, with
// a P and without locks.
func tick() {
	if !tickDue {
		return
	}
	tickDue = false
	commitLater()
	now := nanotime()

	// poll network if not polled for more than 10ms
	lastpoll := sched.lastpoll.Load()
	if netpollinited() && netpollAnyWaiters() && lastpoll != 0 && lastpoll+10*1000*1000 < now {
		sched.lastpoll.Store(now)
		list, delta := netpoll(0)
		injectglist(&list)
		netpollAdjustWaiters(delta)
	}
	tickBackground(now)
	if debug.schedtrace > 0 && tickSchedtrace+int64(debug.schedtrace)*1000000 <= now {
		tickSchedtrace = now
		schedtrace(debug.scheddetail > 0)
	}
}

// tickBackground wakes the scavenger if someone requested it, and the
// garbage collector if there was no collection for two minutes.
func tickBackground(now int64) {
	if scavenger.sysmonWake.Load() != 0 {
		scavenger.wake()
	}
	if t := (gcTrigger{kind: gcTriggerTime, now: now}); t.test() && forcegc.idle.Load() {
		lock(&forcegc.lock)
		forcegc.idle.Store(false)
		var list gList
		list.push(forcegc.g)
		injectglist(&list)
		unlock(&forcegc.lock)
	}
}

// beforeIdle is called by the scheduler when there is nothing to run.
// It reports whether there is after all.
func beforeIdle(now, pollUntil int64) (gp *g, otherReady bool) {
	commitLater()
	tickBackground(nanotime())
	return nil, !runqempty(getg().m.p.ptr()) || !sched.runq.empty()
}

// checkTimeouts is for notes with a deadline, which have timers here.
//
//go:nosplit
func checkTimeouts() {}

// CPU profiling takes its samples at ticks: of running only, as it should,
// and at most 1000 a second.

func setProcessCPUProfiler(hz int32) {}

func setThreadCPUProfiler(hz int32) {
	mp := getg().m
	tickNS = forcePreemptNS
	if hz > 0 {
		tickNS = max(1e9/int64(hz), 1e6)
	}
	mp.profilehz = hz
	upcallTick(tickNS)
}
