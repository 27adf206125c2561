// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

import (
	"internal/abi"
	"internal/runtime/syscall/dios"
	"unsafe"
)

// Upcalls: what signals are elsewhere.
//
// There are two kinds. A fault is the task's own doing, such as an address
// with nothing behind it, and becomes a panic or the end of the program. A
// tick comes each 10 ms of running. No other task can send either.
//
// The kernel gives an upcall the frame of a Linux signal, on the stack of
// mp.gsignal. Differences from a Linux program's signal handler:
//   - there is one thread, so the interrupted g's m is the only one;
//   - the handler of a fault can be interrupted by a tick, that of a tick by a fault;
//   - nothing is ever masked, forwarded or sent.

// upcallControl is the address of the control page, a dios.Control. It is not
// a pointer, because there is no P and so no write barrier when it is set.
var upcallControl uintptr

// upcallInit asks the kernel for upcalls on the stack of gsignal.
//
//go:nosplit
func upcallInit(gsignal *g) {
	if upcallControl == 0 {
		var iov dios.Iov
		r := dios.Syscall6(dios.SYS_ACQUIRE_WRITE, 0, dios.REF_SELF, 0, uintptr(unsafe.Pointer(&iov)), 0, 0)
		if r < 0 {
			throw("cannot acquire the control page")
		}
		upcallControl = uintptr(iov.Addr)
	}
	c := (*dios.Control)(unsafe.Pointer(upcallControl))
	c.Entry = uint64(abi.FuncPCABI0(sigtramp))
	c.Restorer = uint64(abi.FuncPCABI0(sigreturn))
	c.Stack = uint64(gsignal.stack.lo)
	c.StackLen = uint64(gsignal.stack.hi - gsignal.stack.lo)
	c.Tick = forcePreemptNS
	upcallCommit()
}

// upcallStop asks the kernel for no more upcalls.
//
//go:nosplit
func upcallStop() {
	if upcallControl != 0 {
		*(*dios.Control)(unsafe.Pointer(upcallControl)) = dios.Control{}
		upcallCommit()
	}
}

// upcallTick sets the time between ticks, in nanoseconds of running.
func upcallTick(ns int64) {
	(*dios.Control)(unsafe.Pointer(upcallControl)).Tick = uint64(ns)
	upcallCommit()
}

//go:nosplit
func upcallCommit() {
	const n = unsafe.Sizeof(dios.Control{})
	iov := dios.Iov{Addr: uint64(upcallControl), Len: uint64(n)}
	if dios.Syscall6(dios.SYS_COMMIT_WRITE, 0, dios.REF_SELF, n, uintptr(unsafe.Pointer(&iov)), 0, 0) < 0 {
		throw("cannot commit the control page")
	}
}

// sigtramp is the entry of upcalls, in assembly. It calls sigtrampgo.
func sigtramp()

// sigreturn ends an upcall.
func sigreturn()

// sigtrampgo is called by sigtramp, and the world may be stopped.
//
// It must be nosplit because getg() is still the G that was running
// when the upcall came, but it's on the gsignal stack. Until this
// switches the G to gsignal, the stack bounds check won't work.
//
//go:nosplit
//go:nowritebarrierrec
func sigtrampgo(sig uint32, info *siginfo, ctx unsafe.Pointer) {
	gp := getg()
	setg(gp.m.gsignal)
	if sig == _SIGTICK {
		tickhandler(&sigctxt{info, ctx}, gp)
	} else {
		sighandler(sig, info, ctx, gp)
	}
	setg(gp)
}

// signame returns the name of a fault, as Linux's programs have it.
func signame(sig uint32) string {
	switch sig {
	case _SIGILL:
		return "SIGILL: illegal instruction"
	case _SIGTRAP:
		return "SIGTRAP: trace trap"
	case _SIGBUS:
		return "SIGBUS: bus error"
	case _SIGFPE:
		return "SIGFPE: floating-point exception"
	case _SIGSEGV:
		return "SIGSEGV: segmentation violation"
	}
	return ""
}

// sighandler is invoked when a fault occurs. The global g is gsignal, and
// gp is what it was when the fault occurred.
//
// The garbage collector may have stopped the world, so write barriers
// are not allowed.
//
//go:nowritebarrierrec
func sighandler(sig uint32, info *siginfo, ctxt unsafe.Pointer, gp *g) {
	mp := gp.m
	c := &sigctxt{info, ctxt}

	canPanic := sig == _SIGBUS || sig == _SIGFPE || sig == _SIGSEGV
	if gp.throwsplit || gp != mp.curg {
		// We can't safely sigpanic because it may grow the
		// stack. Abort in the handler instead.
		//
		// Also don't inject a sigpanic if we are not on a
		// user G stack: then we're in the runtime, and
		// cannot recover.
		canPanic = false
	}
	if isAbortPC(c.sigpc()) {
		// Don't turn abort into a panic.
		canPanic = false
	}
	if canPanic {
		// Arrange the stack so that it looks like the point
		// where the fault occurred made a call to the
		// function sigpanic. Then set the PC to sigpanic.

		// Have to pass arguments out of band since
		// augmenting the stack frame would break
		// the unwinding code.
		gp.sig = sig
		gp.sigcode0 = uintptr(c.sigcode())
		gp.sigcode1 = c.fault()
		gp.sigpc = c.sigpc()

		c.preparePanic(sig, gp)
		return
	}

	mp.throwing = throwTypeRuntime
	mp.caughtsig.set(gp)

	startpanic_m()

	if name := signame(sig); name != "" {
		print(name, "\n")
	} else {
		print("Signal ", sig, "\n")
	}
	print("PC=", hex(c.sigpc()), " m=", mp.id, " sigcode=", c.sigcode())
	if sig == _SIGSEGV || sig == _SIGBUS {
		print(" addr=", hex(c.fault()))
	}
	print("\n")
	if sig == _SIGILL || sig == _SIGFPE {
		// It would be nice to know how long the instruction is.
		// 16 bytes cover it, but don't straddle a page: the next
		// may be unmapped.
		const maxN = 16
		pc := c.sigpc()
		n := min(uintptr(maxN), physPageSize-pc%physPageSize)
		print("instruction bytes:")
		b := (*[maxN]byte)(unsafe.Pointer(pc))
		for i := uintptr(0); i < n; i++ {
			print(" ", hex(b[i]))
		}
		println()
	}
	print("\n")

	level, _, docrash := gotraceback()
	if level > 0 {
		goroutineheader(gp)
		tracebacktrap(c.sigpc(), c.sigsp(), c.siglr(), gp)
		tracebackothers(gp)
		print("\n")
		dumpregs(c)
	}

	printDebugLog()

	if docrash {
		crash()
	}
	exit(2)
}

// sigpanic turns a fault into a run-time panic.
// sighandler arranges the stack to look like the function where the
// fault occurred called sigpanic, sets the PC to sigpanic, and returns
// from the upcall. The effect is that the program will act as
// though the function that faulted simply called sigpanic instead.
//
// This must NOT be nosplit because the linker doesn't know where
// sigpanic calls can be injected.
//
// sighandler must not inject a call to sigpanic if getg().throwsplit,
// since sigpanic may need to grow the stack.
func sigpanic() {
	gp := getg()
	if !canpanic() {
		throw("unexpected signal during runtime execution")
	}

	switch gp.sig {
	case _SIGBUS:
		if gp.sigcode0 == _BUS_ADRERR && gp.sigcode1 < 0x1000 {
			panicmem()
		}
		// Support runtime/debug.SetPanicOnFault.
		if gp.paniconfault {
			panicmemAddr(gp.sigcode1)
		}
		print("unexpected fault address ", hex(gp.sigcode1), "\n")
		throw("fault")
	case _SIGSEGV:
		if (gp.sigcode0 == 0 || gp.sigcode0 == _SEGV_MAPERR || gp.sigcode0 == _SEGV_ACCERR) && gp.sigcode1 < 0x1000 {
			panicmem()
		}
		// Support runtime/debug.SetPanicOnFault.
		if gp.paniconfault {
			panicmemAddr(gp.sigcode1)
		}
		print("unexpected fault address ", hex(gp.sigcode1), "\n")
		throw("fault")
	case _SIGFPE:
		switch gp.sigcode0 {
		case _FPE_INTDIV:
			panicdivide()
		case _FPE_INTOVF:
			panicoverflow()
		}
		panicfloat()
	}

	// can't happen: sighandler looked at gp.sig
	throw("unexpected signal value")
}
