// Copyright 2026 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build dios

package runtime

import (
	"internal/runtime/sys"
	"internal/runtime/syscall/dios"
	"unsafe"
)

// Memory comes from private memory objects. Each region that the runtime asks
// for is one object, mapped as a whole and readable and writable from the
// beginning; the kernel backs its pages when they are touched. So a reserved
// region is also a prepared and a ready one, in the words of mem.go, and most
// transitions are free. But pages are backed one by one, not by many with a huge
// page: a task that runs for a moment touches a few here and there, and would
// have most of its time spent on clearing 2 MiB for each. Only where the heap
// grows beyond its first few MiB the kernel may choose.
//
// Differences from mmap:
//   - a region is freed as a whole: its object is deleted;
//   - pages can be given back anywhere in it, and read as zero then;
//   - there is no memory that faults on purpose.
//
// Nothing here takes a lock or may be interrupted: it is nosplit, so that no
// stack grows and asks for memory in the middle, and upcalls ask for none.

// A memRegion is memory of one object.
type memRegion struct {
	_    sys.NotInHeap
	base uintptr
	size uintptr
	ref  uint64
}

const memRegionSize = unsafe.Sizeof(memRegion{})

// memRegions holds all regions, ordered by base.
var memRegions struct {
	tab  *[1 << 30]memRegion // the first, or an object's memory, not itself a region
	n    int
	cap  int
	ref  uint64 // of tab; REF_NONE for the first
	boot [64]memRegion
}

// memFind returns the index of the region that p lies in, or -1.
//
//go:nosplit
func memFind(p uintptr) int {
	// Find the first region past p; the one before it is p's, if any is.
	m := &memRegions
	lo, hi := 0, m.n
	for lo < hi {
		i := int(uint(lo+hi) >> 1)
		if m.tab[i].base > p {
			hi = i
		} else {
			lo = i + 1
		}
	}
	if lo == 0 || p-m.tab[lo-1].base >= m.tab[lo-1].size {
		return -1
	}
	return lo - 1
}

// memInsert adds a region. It reports whether there was room.
//
//go:nosplit
func memInsert(base, size uintptr, ref uint64) bool {
	m := &memRegions
	if m.n == m.cap && !memGrow() {
		return false
	}
	i := m.n
	if i > 0 && m.tab[i-1].base > base {
		lo, hi := 0, i
		for lo < hi {
			j := int(uint(lo+hi) >> 1)
			if m.tab[j].base > base {
				hi = j
			} else {
				lo = j + 1
			}
		}
		i = lo
		memmove(unsafe.Pointer(&m.tab[i+1]), unsafe.Pointer(&m.tab[i]), uintptr(m.n-i)*memRegionSize)
	}
	r := &m.tab[i]
	r.base, r.size, r.ref = base, size, ref
	m.n++
	return true
}

// memGrow doubles the table of regions.
//
//go:nosplit
func memGrow() bool {
	m := &memRegions
	if m.tab == nil {
		m.tab = (*[1 << 30]memRegion)(unsafe.Pointer(&m.boot))
		m.cap = len(m.boot)
		return true
	}
	size := alignUp(uintptr(2*m.cap)*memRegionSize, dios.PAGE_SIZE)
	base, ref := memCreate(0, size)
	if ref == dios.REF_NONE {
		return false
	}
	tab := (*[1 << 30]memRegion)(unsafe.Pointer(base))
	memmove(unsafe.Pointer(tab), unsafe.Pointer(m.tab), uintptr(m.n)*memRegionSize)
	if m.ref != dios.REF_NONE {
		memDelete(m.ref)
	}
	m.tab = tab
	m.cap = int(size / memRegionSize)
	m.ref = ref
	return true
}

// memCreate makes an object of size bytes and maps it, at hint if that is
// free. ref is REF_NONE when it cannot.
//
//go:nosplit
func memCreate(hint, size uintptr) (base uintptr, ref uint64) {
	spec := dios.Privmem{Size: uint64(size)}
	if dios.Syscall6(dios.SYS_CREATE, 0, dios.T_PRIVMEM, uintptr(unsafe.Pointer(&spec)), 0, uintptr(unsafe.Pointer(&ref)), 0) < 0 {
		return 0, dios.REF_NONE
	}
	iov := dios.Iov{Addr: uint64(hint)}
	if dios.Syscall6(dios.SYS_ACQUIRE_WRITE, dios.BUF_SPARSE, uintptr(ref), size, uintptr(unsafe.Pointer(&iov)), 0, 0) < 0 {
		memDelete(ref)
		return 0, dios.REF_NONE
	}
	return uintptr(iov.Addr), ref
}

//go:nosplit
func memDelete(ref uint64) {
	if dios.Syscall6(dios.SYS_DELETE, 0, uintptr(ref), 0, 0, 0, 0) < 0 {
		throw("runtime: cannot delete a memory object")
	}
}

// Don't split the stack as this function may be invoked without a valid G,
// which prevents us from allocating more stack.
//
//go:nosplit
func sysAllocOS(n uintptr, _ string) unsafe.Pointer {
	return sysReserveOS(nil, n, "")
}

//go:nosplit
func sysReserveOS(v unsafe.Pointer, n uintptr, _ string) unsafe.Pointer {
	n = alignUp(n, dios.PAGE_SIZE)
	base, ref := memCreate(uintptr(v), n)
	if ref == dios.REF_NONE {
		return nil
	}
	if !memInsert(base, n, ref) {
		memDelete(ref)
		return nil
	}
	return unsafe.Pointer(base)
}

// Don't split the stack as this function may be invoked without a valid G,
// which prevents us from allocating more stack.
//
//go:nosplit
func sysFreeOS(v unsafe.Pointer, n uintptr) {
	m := &memRegions
	i := memFind(uintptr(v))
	if i < 0 || m.tab[i].base != uintptr(v) || m.tab[i].size != alignUp(n, dios.PAGE_SIZE) {
		throw("runtime: sysFree of what is not a region")
	}
	ref := m.tab[i].ref
	m.n--
	memmove(unsafe.Pointer(&m.tab[i]), unsafe.Pointer(&m.tab[i+1]), uintptr(m.n-i)*memRegionSize)
	memDelete(ref)
}

// sysUnusedOS gives the pages back, region by region.
//
//go:nosplit
func sysUnusedOS(v unsafe.Pointer, n uintptr) {
	p, end := uintptr(v), uintptr(v)+n
	if (p|end)&(dios.PAGE_SIZE-1) != 0 {
		throw("unaligned sysUnused")
	}
	for p < end {
		i := memFind(p)
		if i < 0 {
			throw("runtime: sysUnused of what is not in a region")
		}
		r := &memRegions.tab[i]
		next := min(end, r.base+r.size)
		iov := dios.Iov{Addr: uint64(p), Len: uint64(next - p)}
		if dios.Syscall6(dios.SYS_RELEASE_WRITE, dios.BUF_DISCARD, uintptr(r.ref), uintptr(unsafe.Pointer(&iov)), 0, 0, 0) < 0 {
			throw("runtime: cannot discard memory")
		}
		p = next
	}
}

// What was given back comes back as zero pages.
func needZeroAfterSysUnusedOS() bool {
	return false
}

func sysUsedOS(v unsafe.Pointer, n uintptr)             {}
func sysHugePageOS(v unsafe.Pointer, n uintptr)         {}
func sysNoHugePageOS(v unsafe.Pointer, n uintptr)       {}
func sysHugePageCollapseOS(v unsafe.Pointer, n uintptr) {}

// memSparseHeap is how much of the heap has pages of its own each.
const memSparseHeap = 4 << 20

// memHeap is how much of the heap was mapped.
var memHeap uintptr

// sysMapOS has memory that is ready already. What the heap grows by is fresh, so
// that nothing is lost when it is given back, which ends that it is sparse.
//
//go:nosplit
func sysMapOS(v unsafe.Pointer, n uintptr, vmaName string) {
	if vmaName != "heap" {
		return
	}
	if memHeap >= memSparseHeap {
		sysUnusedOS(v, n)
	}
	memHeap += n
}

// The memory should fault from now on. It cannot; but nothing stays in it.
func sysFaultOS(v unsafe.Pointer, n uintptr) {
	sysUnusedOS(v, n)
}
