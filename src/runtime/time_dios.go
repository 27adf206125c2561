// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

import (
	"internal/runtime/syscall/dios"
	"unsafe"
)

// Clocks.
//
// The kernel maps the host's vDSO in every task. Its clock_gettime reads the
// time without a call, but makes a Linux call when the host's clock source
// is not the TSC. A task has none, and the vDSO's result says that it failed.
// Then the DIOS clock is a TIMER object, which tells the time whenever it is
// due; and the wall clock is the vDSO's coarse one, which never needs a call
// but moves by a few milliseconds at a time.

const (
	_CLOCK_REALTIME        = 0
	_CLOCK_MONOTONIC       = 1
	_CLOCK_REALTIME_COARSE = 5
)

//go:noescape
func vdsoClockGettime1(clock int32, ts *timespec) int32

// vdsoPrecise says that the vDSO can tell the precise time. It was wrong once
// if it is false: a host leaves the TSC for another clock source, and does not
// come back.
var vdsoPrecise = true

// vdsoClockGettime tells the time of a precise clock, if it can.
//
//go:nosplit
func vdsoClockGettime(clock int32, ts *timespec) bool {
	if vdsoPrecise && (vdsoClockgettimeSym == 0 || vdsoClockGettime1(clock, ts) != 0) {
		vdsoPrecise = false
	}
	return vdsoPrecise
}

//go:nosplit
func nanotime1() int64 {
	var ts timespec
	if vdsoClockGettime(_CLOCK_MONOTONIC, &ts) {
		return ts.tv_sec*1e9 + ts.tv_nsec
	}
	return timerNow()
}

//go:nosplit
func walltime() (sec int64, nsec int32) {
	var ts timespec
	if vdsoClockGettime(_CLOCK_REALTIME, &ts) {
		return ts.tv_sec, int32(ts.tv_nsec)
	}
	if vdsoClockgettimeSym == 0 || vdsoClockGettime1(_CLOCK_REALTIME_COARSE, &ts) != 0 {
		return 0, 0 // no vDSO: there is no wall clock
	}
	return ts.tv_sec, int32(ts.tv_nsec)
}

// timerNow returns the time of a timer that is due at once.
//
//go:nosplit
func timerNow() int64 {
	var ref uint64
	spec := dios.Timer{First: 1} // long ago
	if dios.Syscall6(dios.SYS_CREATE, 0, dios.T_TIMER, uintptr(unsafe.Pointer(&spec)), 0, uintptr(unsafe.Pointer(&ref)), 0) < 0 {
		throw("runtime: no clock")
	}
	var iov dios.Iov
	r := int64(-dios.EINTR)
	for r == -dios.EINTR {
		r = dios.Syscall6(dios.SYS_ACQUIRE_READ, 0, uintptr(ref), 0, uintptr(unsafe.Pointer(&iov)), 0, 0)
	}
	if r < 0 {
		throw("runtime: no clock")
	}
	now := (*dios.TimerState)(unsafe.Pointer(uintptr(iov.Addr))).Now
	dios.Syscall6(dios.SYS_DELETE, 0, uintptr(ref), 0, 0, 0, 0)
	return int64(now)
}
