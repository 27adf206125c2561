/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause */
/*
 * dios.h - the interface between DIOS and its programs.
 *
 * This file is the single source of the ABI.  The kernel includes it as it
 * is; C programs include it; cmd/mkabi reads it line by line and writes the
 * Go constants, structs, stubs and error texts, and docs/calls.md.  So it
 * keeps to a plain dialect:
 *
 *   #define DIOS_X number		one constant a line, its comment is its text
 *   struct dios_x {		fields of __u8 __u32 __u64 and arrays of them,
 *				one a line, each with a comment
 *   a comment "dios_x - ..." before #define DIOS_X 0xD1..	a call's manual
 *
 * Numbers are never reused.  Every struct is copied in once; padding and
 * unknown flags must be zero (EINVAL).
 */
#ifndef DIOS_ABI_H
#define DIOS_ABI_H

#include <linux/types.h>

#define DIOS_ABI_VERSION	2	/* changes when old programs would break */

/*
 * Brands: e_ident[EI_OSABI] is DIOS_OSABI, e_ident[EI_ABIVERSION] is one of
 * the three numbers.  Any other OSABI is a legacy program.
 */
#define DIOS_OSABI		0xD1	/* e_ident[7] of every branded program */
#define DIOS_BRAND_LEGACY	0x00	/* legacy: a Linux process; Linux calls only */
#define DIOS_BRAND_PURE		0x05	/* pure: a DIOS task; DIOS calls only */
#define DIOS_BRAND_DIOS_LIMBO	0x11	/* dios-limbo: a DIOS task; DIOS and Linux calls */
#define DIOS_BRAND_LEGACY_LIMBO	0x13	/* legacy-limbo: a Linux process; Linux and DIOS calls */

/*
 * A call: number in rax; arguments in rdi rsi rdx r10 r8 r9; the result in
 * rax, 0 or more when it succeeded, -DIOS_E... when it failed.  rcx and r11
 * are lost.  On a Linux without DIOS each of these numbers gives -38, which
 * is never an error of DIOS.
 */
/*
 * dios_create - make an object, and a reference to it
 *
 * flags: DIOS_CREATE_* or 0
 * type: DIOS_T_*, the type of the object
 * spec: the type's own description, or NULL for a type that has none
 * name: in or out, 32 bytes; NULL makes an anonymous object
 * ref: out, the new reference, with every right the type has; with DIOS_CREATE_NAME in
 * group: with DIOS_CREATE_GROUP, a reference to a GROUP with the WRITE right; else not looked at
 *
 * Without DIOS_CREATE_PUBLIC a name is made by the kernel, at random, and
 * written to name.  The name lies in the group given, or else in the task's
 * own; the same public name may lie in several, once in each.  The spec is struct dios_privmem for PRIVMEM, dios_shmem for SHMEM,
 * dios_fifo for FIFO, dios_timer for TIMER, dios_console for CONSOLE,
 * dios_stream for STREAM, dios_dgram for DGRAM, dios_group for GROUP,
 * dios_blob for BLOB, dios_import for a BLOB made with DIOS_CREATE_IMPORT,
 * and NULL for RANDOM.
 *
 * With DIOS_CREATE_NAME no object is made: the one of the reference at ref,
 * which must be of this type, gets a name, and a look-up gives the rights
 * of that reference.  The spec must be NULL then.  EBUSY: it has a name.
 *
 * On error nothing was made.
 *
 * Errors: EINVAL EFAULT EBADREF ENOTSUP ENOMEM EQUOTA EEXIST EPERM EZOMBIE EBUSY EADDR EUNREACH EIO
 */
#define DIOS_CREATE		0xD100	/* create(flags, type, spec, name, ref, group) */
/*
 * dios_lookup - get references to the objects of a name
 *
 * flags: DIOS_LOOKUP_* or 0
 * name: in, 32 bytes
 * refs: out, an array of references
 * count: in and out, the room in refs, then how many were found
 * group: with DIOS_LOOKUP_GROUP, a reference to a GROUP with the READ right; else not looked at
 *
 * Only names in groups that the task belongs to are found: its own, and those it
 * has a reference with the READ right to; with DIOS_LOOKUP_GROUP those in that one
 * group.  The same public name may lie in several: there is a reference for each, that
 * of the own group first, then by the age of the groups.  The rights are those the
 * name was given, less those the group takes away; with none left it is not found.
 *
 * A name that does not exist and one the task may not use give the same
 * error.  When count is too small the error is ETOOBIG, count says how many
 * there are, and no reference was made.
 *
 * Errors: EINVAL EFAULT EBADREF EPERM EZOMBIE ENOENT ENOMEM EQUOTA ETOOBIG EBUSY EIO
 */
#define DIOS_LOOKUP		0xD101	/* lookup(flags, name, refs, count, group) */
/*
 * dios_delete - drop a reference
 *
 * flags: DIOS_DELETE_* or 0; for the own task, the exit status in the low 8 bits
 * ref: the reference
 *
 * Buffers acquired through the reference are released first.  On the task's
 * own SELF reference the task ends, and the call does not return.  With
 * DIOS_DELETE_ZOMBIFY (needs the WRITE right) the object dies for everybody,
 * and the reference stays until it is deleted without the flag; a TASK is
 * killed, and its status can be read then; a BLOB is gone from the store.
 *
 * Errors: EINVAL EBADREF EPERM ENOTSUP EIO
 */
#define DIOS_DELETE		0xD102	/* delete(flags, ref) */
/*
 * dios_copy - give references to a task
 *
 * flags: 0
 * refs: in and out, an array of struct dios_grant
 * count: how many, 1 to DIOS_MAX_GRANTS
 * target: a reference to the task, with the WRITE right, or DIOS_REF_SELF
 *
 * Each grant names a reference of the caller and the rights to give, which
 * must be among the reference's own; out receives the number of the new
 * reference in the target's table.  All are given, or none.
 *
 * Errors: EINVAL EFAULT EBADREF EPERM EZOMBIE ENOMEM EQUOTA
 */
#define DIOS_COPY		0xD103	/* copy(flags, refs, count, target) */
/*
 * dios_run - start a program as a new task
 *
 * flags: 0
 * exe: a reference to the executable, with the EXEC right
 * spec: in, struct dios_run
 * ref: out, a reference to the new task
 *
 * The program must be branded pure or dios-limbo.  A task that may not make
 * Linux calls starts a dios-limbo program only from an imported file, which
 * nobody can write, and not from a BLOB: EPERM.  When the call returns
 * the task has its program loaded.  On error no task was made and nothing
 * was handed over.
 *
 * Errors: EINVAL EFAULT EBADREF EPERM EBADEXE EBRAND EBUSY ENOMEM EQUOTA ETOOBIG ENOTSUP EZOMBIE EIO
 */
#define DIOS_RUN		0xD104	/* run(flags, exe, spec, ref) */
/*
 * dios_select - wait until one of several references is ready
 *
 * flags: DIOS_SELECT_KEEP or 0
 * refs: in, an array of struct dios_wait; may be NULL when count is 0
 * count: how many, 0 to DIOS_MAX_WAITS
 * selected: out, the index of the one that is ready (a __u64); may be NULL when count is 0
 * deadline: absolute CLOCK_MONOTONIC nanoseconds; -1 waits for ever, 0 only asks
 *
 * One winner; when several are ready each gets its turn.  A dead object is
 * ready.
 *
 * With DIOS_SELECT_KEEP refs are added to those that the task waits for already,
 * of which there may be any number, and the call waits for one of all of them.
 * selected is a struct dios_wait then: the reference, what it is ready for, and 0.
 * For that it is waited for no more; nor is a reference that was deleted.  To add
 * one that is there already adds to its rights, and with DIOS_R_WRITE its len is
 * the new one.  What was added stays, also when the call fails with ETIMEDOUT or
 * EINTR.
 *
 * Errors: EINVAL EFAULT EBADREF EPERM ETIMEDOUT EINTR ENOMEM
 */
#define DIOS_SELECT		0xD105	/* select(flags, refs, count, selected, deadline) */
/*
 * dios_acquire_read - borrow memory of an object, to read it
 *
 * flags: DIOS_BUF_* or 0
 * ref: the reference, with the READ right
 * len: bytes wanted; 0 is what the object has
 * iov: in and out, struct dios_iov: in addr is a hint (0: none), out the buffer
 * from: with DIOS_BUF_MOVE or DIOS_BUF_BORROW, the reference that has the buffer; else not looked at
 * off: with DIOS_BUF_AT, where in the object the buffer begins, in bytes; else not looked at
 *
 * May wait until the object has something to read; with
 * DIOS_BUF_NONBLOCK the error is EAGAIN instead.  The buffer stays mapped
 * until it is released, its reference is deleted, or the task ends.  On
 * error nothing was lent.
 *
 * DIOS_BUF_MOVE and DIOS_BUF_BORROW take no memory of their own: iov names a
 * whole buffer of the task that was acquired through from, and the object fills that.
 * Moved, it is no longer from's, and what from had lent in it counts as read; borrowed,
 * it stays from's, and its memory goes when both have released it.  Only buffers that the
 * task may write can be filled, and only memory that is not the object's own (not of
 * SHMEM, FIFO, PRIVMEM) can be moved.
 *
 * DIOS_BUF_INFO lends what is known of the object instead of its bytes, and never
 * waits; of SELF it lends the table of the task's references.
 *
 * Errors: EINVAL EFAULT EBADREF EPERM EZOMBIE EAGAIN EINTR ENOMEM EQUOTA ENOTSUP EBADBUF EPIPE EEND EIO EREFUSED ERESET EUNREACH EADDR ETIMEDOUT
 */
#define DIOS_ACQUIRE_READ	0xD106	/* acquire_read(flags, ref, len, iov, from, off) */
/*
 * dios_commit_read - say that a buffer was read, and ask if it was valid
 *
 * flags: DIOS_BUF_NEXT, DIOS_BUF_NONBLOCK or 0
 * ref: the reference it was acquired through
 * len: bytes read
 * iov: in and out, the buffer
 *
 * ESTALE means that somebody wrote meanwhile and what was read may be neither
 * the old nor the new: the buffer is up to date again, read it once more.
 *
 * With DIOS_BUF_NEXT the buffer is filled anew in the same call, which may
 * wait as acquire_read does.  The commit comes first and counts, whatever comes
 * after it: after EAGAIN, EINTR or EPIPE the buffer is the task's still and has
 * nothing in it, its iov is of 0 bytes, and a commit_read of 0 bytes with
 * DIOS_BUF_NEXT tries again.
 *
 * Errors: EINVAL EFAULT EBADREF EPERM EZOMBIE EBADBUF ESTALE EAGAIN EINTR EPIPE ERESET EIO EQUOTA ENOMEM ENOTSUP
 */
#define DIOS_COMMIT_READ	0xD107	/* commit_read(flags, ref, len, iov) */
/*
 * dios_release_read - give a read buffer back
 *
 * flags: 0
 * ref: the reference it was acquired through
 * iov: in, the buffer
 *
 * Errors: EINVAL EFAULT EBADREF EBADBUF
 */
#define DIOS_RELEASE_READ	0xD108	/* release_read(flags, ref, iov) */
/*
 * dios_acquire_write - borrow memory of an object, to write it
 *
 * flags: DIOS_BUF_* or 0
 * ref: the reference, with the WRITE right
 * len: bytes wanted; 0 is what the object has
 * iov: in and out, struct dios_iov: in addr is a hint (0: none), out the buffer
 * from: with DIOS_BUF_MOVE or DIOS_BUF_BORROW, the reference that has the buffer; else not looked at
 * off: with DIOS_BUF_AT, where in the object the buffer begins, in bytes; else not looked at
 *
 * With DIOS_BUF_FIXED the buffer is at addr, or the error is EBUSY because
 * something is there.  With DIOS_BUF_MOVE or DIOS_BUF_BORROW iov names a whole
 * buffer acquired through from, whose bytes become those to commit; the task
 * need not be able to write it.  With DIOS_BUF_INFO what is known of the object is
 * lent, and commit_write changes what can be changed.  With DIOS_BUF_SPARSE, which
 * PRIVMEM has, each page is backed alone, never many with a huge one, until it is
 * given back with DIOS_BUF_DISCARD: then it is as without.  Otherwise as acquire_read.
 *
 * Errors: EINVAL EFAULT EBADREF EPERM EZOMBIE EAGAIN EINTR ENOMEM EQUOTA EBUSY ENOTSUP EBADBUF EPIPE EEND EIO EREFUSED ERESET EUNREACH EADDR ETIMEDOUT
 */
#define DIOS_ACQUIRE_WRITE	0xD109	/* acquire_write(flags, ref, len, iov, from, off) */
/*
 * dios_commit_write - publish what was written
 *
 * flags: DIOS_BUF_NEXT, DIOS_BUF_NONBLOCK, DIOS_BUF_END or 0
 * ref: the reference it was acquired through
 * len: bytes written, from the start of iov
 * iov: in and out, the buffer, or a part of it
 *
 * Returns the number of bytes published, which may be fewer than len when
 * the object took no more.  The buffer stays the task's, for the next commit.
 *
 * With DIOS_BUF_NEXT, which FIFO and SHMEM have, the buffer is the following
 * room afterwards, and iov says where; what commit_read says of it holds here.
 * With DIOS_BUF_END, which STREAM has, nothing follows: the other side reads to the end.
 *
 * Errors: EINVAL EFAULT EBADREF EPERM EZOMBIE EBADBUF EAGAIN EINTR EPIPE EIO EBUSY ETOOBIG EQUOTA ENOMEM EREFUSED ERESET EUNREACH EADDR ETIMEDOUT ENOTSUP
 */
#define DIOS_COMMIT_WRITE	0xD10A	/* commit_write(flags, ref, len, iov) */
/*
 * dios_release_write - give a write buffer back
 *
 * flags: DIOS_BUF_DISCARD, DIOS_BUF_COMMIT or 0
 * ref: the reference it was acquired through
 * iov: in, the buffer; with DIOS_BUF_DISCARD it may be a part of it
 *
 * DIOS_BUF_DISCARD gives the pages back and keeps the mapping, which then
 * reads as zero; only memory (PRIVMEM) has it.  DIOS_BUF_COMMIT commits the
 * whole buffer first, and gives it back even when that fails.
 *
 * Errors: EINVAL EFAULT EBADREF EPERM EBADBUF EZOMBIE EPIPE EIO EBUSY ETOOBIG EQUOTA ENOMEM EREFUSED ERESET EUNREACH EADDR ETIMEDOUT EINTR ENOTSUP
 */
#define DIOS_RELEASE_WRITE	0xD10B	/* release_write(flags, ref, iov) */
#define DIOS_NCALL		12	/* how many calls there are */

/* Errors.  The comment is the text that users see. */
#define DIOS_EBADREF		1	/* no such reference */
#define DIOS_EPERM		2	/* not permitted by the reference or the brand */
#define DIOS_EZOMBIE		3	/* object is dead */
#define DIOS_EINVAL		4	/* invalid argument */
#define DIOS_EFAULT		5	/* bad address */
#define DIOS_ENOMEM		6	/* out of memory */
#define DIOS_EQUOTA		7	/* quota exceeded */
#define DIOS_ENOTSUP		8	/* not supported by this object or node */
#define DIOS_EAGAIN		9	/* nothing ready yet */
#define DIOS_EINTR		10	/* interrupted by an upcall */
#define DIOS_ETIMEDOUT		11	/* deadline passed */
#define DIOS_ENOENT		12	/* no such name */
#define DIOS_EEXIST		13	/* name is taken */
#define DIOS_EBADEXE		14	/* not an executable for this machine */
#define DIOS_EBRAND		15	/* brand does not run this way */
#define DIOS_EBADBUF		16	/* no such buffer */
#define DIOS_EPIPE		17	/* the other side is gone */
#define DIOS_EIO		18	/* input or output failed */
#define DIOS_EBUSY		19	/* already in use */
#define DIOS_ETOOBIG		20	/* too many or too long */
#define DIOS_ESTALE		21	/* written meanwhile: read it again */
#define DIOS_EEND		22	/* past the end */
#define DIOS_EREFUSED		23	/* connection refused */
#define DIOS_ERESET		24	/* connection reset */
#define DIOS_EUNREACH		25	/* host or network cannot be reached */
#define DIOS_EADDR		26	/* address not available */
#define DIOS_EHOST		38	/* never used by DIOS: Linux without DIOS answers so */

/* Types of objects. */
#define DIOS_T_SELF		1	/* the task's view of itself */
#define DIOS_T_TASK		2	/* a running program */
#define DIOS_T_CONSOLE		3	/* text output, and input where there is one */
#define DIOS_T_PRIVMEM		4	/* private memory */
#define DIOS_T_RANDOM		5	/* random bytes */
#define DIOS_T_TIMER		6	/* a point in time, once or periodically */
#define DIOS_T_SHMEM		7	/* shared memory */
#define DIOS_T_FIFO		8	/* a one-way stream of records */
#define DIOS_T_STREAM		9	/* a TCP connection or listener */
#define DIOS_T_DGRAM		10	/* a UDP socket */
#define DIOS_T_BLOB		11	/* durable bytes, or a program */
#define DIOS_T_GROUP		12	/* a set of names */
#define DIOS_T_MAX		12	/* the highest type */

/* Rights of a reference. */
#define DIOS_R_READ		0x1	/* acquire to read, wait for input */
#define DIOS_R_WRITE		0x2	/* acquire to write, kill */
#define DIOS_R_EXEC		0x4	/* run it */
#define DIOS_R_ALL		0x7	/* every right */

/*
 * A reference is a slot in the low 32 bits and a generation in the high 32.
 * 0 is never a reference.
 */
#define DIOS_REF_NONE		0x0	/* no reference */
#define DIOS_REF_SELF		0x100000000	/* every task's reference to itself */

/* Flags of create. */
#define DIOS_CREATE_PUBLIC	0x1	/* the caller chose the name; it lies in the public name space */
#define DIOS_CREATE_IMPORT	0x2	/* BLOB: import a host file as a program */
#define DIOS_CREATE_NAME	0x4	/* make no object: name that of the reference at ref */
#define DIOS_CREATE_GROUP	0x8	/* the name lies in the GROUP given */

/* Flags of lookup. */
#define DIOS_LOOKUP_LOCAL_ONLY	0x1	/* ask no other node */
#define DIOS_LOOKUP_PUBLIC	0x2	/* look in the public name space */
#define DIOS_LOOKUP_GROUP	0x4	/* look in the GROUP given, only */

/* Flags of select. */
#define DIOS_SELECT_KEEP	0x1	/* wait for refs and for those of earlier calls, each until it is ready */

/* Flags of delete. */
#define DIOS_DELETE_STATUS	0xff	/* own task: mask of the exit status */
#define DIOS_DELETE_ZOMBIFY	0x100	/* the object dies for everybody */

/* Flags of the buffer calls. */
#define DIOS_BUF_CREATE		0x0	/* acquire: a new buffer */
#define DIOS_BUF_MOVE		0x1	/* acquire: take over a buffer of another reference */
#define DIOS_BUF_BORROW		0x2	/* acquire: share a buffer of another reference */
#define DIOS_BUF_NONBLOCK	0x10	/* do not wait: EAGAIN */
#define DIOS_BUF_FIXED		0x20	/* acquire: exactly at iov.addr */
#define DIOS_BUF_NEXT		0x40	/* commit: go on to the following buffer in the same call */
#define DIOS_BUF_DISCARD	0x80	/* release_write: give back the pages, keep the mapping */
#define DIOS_BUF_COMMIT		0x100	/* release_write: commit the buffer first */
#define DIOS_BUF_INFO		0x200	/* acquire: what is known of the object, not its bytes */
#define DIOS_BUF_AT		0x400	/* acquire: the buffer begins at offset off of the object */
#define DIOS_BUF_BATCH		0x800	/* acquire, FIFO: as many framed records as there are, or have room */
#define DIOS_BUF_END		0x1000	/* commit_write, STREAM: nothing follows */
#define DIOS_BUF_SPARSE		0x2000	/* acquire_write, PRIVMEM: touched here and there, back each page alone */

/* Sizes and counts. */
#define DIOS_NAME_SIZE		32	/* bytes of a name */
#define DIOS_ENTRY_SIZE		64	/* bytes of an entry name, the NUL included */
#define DIOS_MAX_GRANTS		128	/* references given at once, by copy or run */
#define DIOS_MAX_WAITS		1024	/* references waited for at once */
#define DIOS_MAX_ARGS		131072	/* bytes of argv and, apart, of the environment */
#define DIOS_MAX_KBUF		1048576	/* bytes of one buffer that is not the object's own memory */
#define DIOS_MAX_SHMEM		0x40000000	/* bytes of a SHMEM */
#define DIOS_MAX_FIFO		0x4000000	/* bytes of a FIFO's ring */
#define DIOS_MAX_DGRAM		65507	/* bytes of a datagram */
#define DIOS_MAX_BLOB		0x10000000000	/* bytes of a BLOB */
#define DIOS_PAGE_SIZE		4096	/* unit of memory objects */

/* A piece of memory. */
struct dios_iov {
	__u64 addr;		/* first byte */
	__u64 len;		/* bytes */
};
_Static_assert(sizeof(struct dios_iov) == 16, "dios_iov");

/* One reference to give: to copy, or to run. */
struct dios_grant {
	__u64 ref;		/* the caller's reference */
	__u64 out;		/* copy: the new reference in the target's table; run: must be 0 */
	__u32 rights;		/* DIOS_R_*, among the reference's own */
	__u32 pad;		/* 0 */
};
_Static_assert(sizeof(struct dios_grant) == 24, "dios_grant");

/* One reference to wait for. */
struct dios_wait {
	__u64 ref;		/* the reference */
	__u32 rights;		/* DIOS_R_READ: until it can be read; DIOS_R_WRITE: until it can be written */
	__u32 len;		/* WRITE of a FIFO: until there is room for a record of so many bytes; else 0 */
};
_Static_assert(sizeof(struct dios_wait) == 16, "dios_wait");

/* create PRIVMEM. */
struct dios_privmem {
	__u64 size;		/* bytes, a multiple of DIOS_PAGE_SIZE */
};
_Static_assert(sizeof(struct dios_privmem) == 8, "dios_privmem");

/* create TIMER; also what its write buffer holds: commit_write sets the timer anew. */
struct dios_timer {
	__u64 first;		/* absolute CLOCK_MONOTONIC nanoseconds; 0: not set */
	__u64 period;		/* nanoseconds, at least 100000; 0: once */
};
_Static_assert(sizeof(struct dios_timer) == 16, "dios_timer");

/* What a timer's read buffer holds.  acquire_read waits until count is not 0. */
struct dios_timer_state {
	__u64 count;		/* how often it was due since the last commit_read */
	__u64 now;		/* CLOCK_MONOTONIC nanoseconds */
	__u64 next;		/* when it is due next; 0: never */
};
_Static_assert(sizeof(struct dios_timer_state) == 24, "dios_timer_state");

/* create SHMEM. */
struct dios_shmem {
	__u64 size;		/* bytes, a multiple of DIOS_PAGE_SIZE, at most DIOS_MAX_SHMEM */
};
_Static_assert(sizeof(struct dios_shmem) == 8, "dios_shmem");

/* What is known of a SHMEM. */
struct dios_shmem_info {
	__u64 size;		/* bytes */
	__u64 version;		/* how often a write was committed */
};
_Static_assert(sizeof(struct dios_shmem_info) == 16, "dios_shmem_info");

/* create FIFO. */
struct dios_fifo {
	__u64 size;		/* bytes of the ring: a power of two, DIOS_PAGE_SIZE to DIOS_MAX_FIFO */
};
_Static_assert(sizeof(struct dios_fifo) == 8, "dios_fifo");

/*
 * A record in a batch: this head, len bytes, and zero to seven bytes up to the
 * next multiple of 8, where the next head is.  A single record needs that room
 * in the ring too.  The ring is memory that reader and writer share: a reader
 * looks at a head once, and checks len against what it was lent.
 */
struct dios_record {
	__u32 len;		/* bytes that follow */
	__u32 pad;		/* 0 */
};
_Static_assert(sizeof(struct dios_record) == 8, "dios_record");

/* What is known of a FIFO. */
struct dios_fifo_info {
	__u64 size;		/* bytes of the ring */
	__u64 used;		/* bytes in it, heads included */
	__u32 readers;		/* references with the READ right */
	__u32 writers;		/* references with the WRITE right */
};
_Static_assert(sizeof(struct dios_fifo_info) == 24, "dios_fifo_info");

/* An address of the network. */
struct dios_addr {
	__u8 ip[16];		/* IPv6; an IPv4 address a.b.c.d is ::ffff:a.b.c.d; all zero: any */
	__u32 port;		/* 0 to 65535; 0: any */
	__u32 scope;		/* of a link-local IPv6 address; else 0 */
};
_Static_assert(sizeof(struct dios_addr) == 24, "dios_addr");

#define DIOS_STREAM_DIAL	1	/* dios_stream.mode: connect to remote */
#define DIOS_STREAM_LISTEN	2	/* dios_stream.mode: take connections at local */
#define DIOS_NET_V4		0x1	/* flags: IPv4 only */
#define DIOS_NET_V6		0x2	/* flags: IPv6 only */
#define DIOS_NET_REUSEPORT	0x4	/* flags: share the port with others that say so */
#define DIOS_NET_BROADCAST	0x8	/* flags, DGRAM: may send to broadcast addresses */

/*
 * create STREAM.  DIAL returns at once: the stream is ready to write when it is
 * connected, and using it says why it could not be.
 */
struct dios_stream {
	__u32 mode;		/* DIOS_STREAM_* */
	__u32 flags;		/* DIOS_NET_* */
	__u32 backlog;		/* LISTEN: connections that may wait, at least 1; DIAL: 0 */
	__u32 pad;		/* 0 */
	struct dios_addr local;	/* here */
	struct dios_addr remote;	/* DIAL: there; LISTEN: zero */
};
_Static_assert(sizeof(struct dios_stream) == 64, "dios_stream");

/* What a listener's read buffer holds: a connection, whose reference the task has now. */
struct dios_accept {
	__u64 ref;		/* a STREAM */
	struct dios_addr local;	/* here */
	struct dios_addr remote;	/* there */
};
_Static_assert(sizeof(struct dios_accept) == 56, "dios_accept");

/* create DGRAM. */
struct dios_dgram {
	__u32 flags;		/* DIOS_NET_* */
	__u32 pad;		/* 0 */
	struct dios_addr local;	/* here */
	struct dios_addr remote;	/* send to and take from this one only; zero: any */
};
_Static_assert(sizeof(struct dios_dgram) == 56, "dios_dgram");

/* How the buffers of a DGRAM begin; the datagram's bytes follow. */
struct dios_dgram_head {
	struct dios_addr addr;	/* read: where it is from; write: where to, zero when remote was given */
	__u32 len;		/* read: bytes of the datagram, also when the buffer has room for fewer; write: 0 */
	__u32 pad;		/* 0 */
};
_Static_assert(sizeof(struct dios_dgram_head) == 32, "dios_dgram_head");

#define DIOS_NET_CONNECTING	1	/* dios_net_info.state: not connected yet */
#define DIOS_NET_CONNECTED	2	/* dios_net_info.state: both can talk */
#define DIOS_NET_LISTENING	3	/* dios_net_info.state: a listener */
#define DIOS_NET_OPEN		4	/* dios_net_info.state: a DGRAM */
#define DIOS_NET_ENDED		5	/* dios_net_info.state: at least one side has ended */
#define DIOS_NET_FAILED		6	/* dios_net_info.state: error says why */

/* What is known of a STREAM or DGRAM; those marked "set" can be written, the rest is ignored then. */
struct dios_net_info {
	struct dios_addr local;	/* here */
	struct dios_addr remote;	/* there */
	__u32 state;		/* DIOS_NET_* */
	__u32 error;		/* DIOS_E..., or 0 */
	__u32 nodelay;		/* set, STREAM: 1 sends small writes at once, which is the default; 0 gathers them */
	__u32 keepalive_s;	/* set, STREAM: seconds of silence before asking whether the other side lives; 0: never */
	__u32 keepalive_interval_s;	/* set, STREAM: seconds between questions */
	__u32 keepalive_count;	/* set, STREAM: questions without an answer until it counts as reset */
	__u32 linger_s;		/* set, STREAM: seconds to wait for unsent bytes at the end; 0xffffffff: the host's way, which is the default */
	__u32 send_buf;		/* set: bytes the host keeps that were not sent */
	__u32 recv_buf;		/* set: bytes the host keeps that were not read */
	__u32 pad;		/* 0 */
};
_Static_assert(sizeof(struct dios_net_info) == 88, "dios_net_info");

/* create BLOB, in the node's store; a name makes it durable, and without one it goes with its last reference. */
struct dios_blob {
	__u64 size;		/* bytes, zero at first, at most DIOS_MAX_BLOB; room for them is reserved */
};
_Static_assert(sizeof(struct dios_blob) == 8, "dios_blob");

/* What is known of a BLOB; size can be written. */
struct dios_blob_info {
	__u64 size;		/* bytes; set: cuts or extends with zeros, durable when the commit returns */
	__u64 version;		/* how often a write was committed, or the size set */
	__u64 modified;		/* when the last was, nanoseconds since 1970 */
};
_Static_assert(sizeof(struct dios_blob_info) == 24, "dios_blob_info");

/* create GROUP. */
struct dios_group {
	__u32 rights;		/* DIOS_R_*: the most that a look-up in it gives */
	__u32 pad;		/* 0 */
};
_Static_assert(sizeof(struct dios_group) == 8, "dios_group");

/* What is known of a GROUP. */
struct dios_group_info {
	__u64 names;		/* how many lie in it */
	__u32 rights;		/* the most that a look-up gives */
	__u32 pad;		/* 0 */
};
_Static_assert(sizeof(struct dios_group_info) == 16, "dios_group_info");

#define DIOS_P_UNKNOWN		0	/* proximity: not known */
#define DIOS_P_CPU		1	/* proximity: this task's own */
#define DIOS_P_MEMORY		2	/* proximity: this node's memory */
#define DIOS_P_DISK		3	/* proximity: this node's disk */
#define DIOS_P_DEVICE		4	/* proximity: a device of this node */
#define DIOS_P_REMOTE		5	/* proximity: another node */

#define DIOS_INFO_DEAD		0x1	/* dios_info.state: a zombie */
#define DIOS_INFO_NAMED		0x2	/* dios_info.state: it has a name */

/*
 * One reference in the table that SELF lends with DIOS_BUF_INFO, at the index
 * of its slot (the low 32 bits); what the task can know without a call.  A
 * slot that is free has ref 0.  The table is as long as the task may have references
 * when it asks first, in whole pages; it is the same one each time, and stays mapped.
 */
struct dios_info {
	__u64 ref;		/* the reference */
	__u32 type;		/* DIOS_T_* */
	__u32 rights;		/* DIOS_R_* */
	__u32 proximity;	/* DIOS_P_* */
	__u32 state;		/* DIOS_INFO_*; changes while the task looks */
	__u64 read_size;	/* bytes a read buffer has when len is 0; 0: it depends, or none */
	__u64 write_size;	/* bytes a write buffer has when len is 0; 0: it depends, or none */
	__u64 pad[3];		/* 0 */
};
_Static_assert(sizeof(struct dios_info) == 64, "dios_info");

/* create CONSOLE: only a program that may make Linux calls can.  It has the rights the descriptor is open for. */
struct dios_console {
	__u32 fd;		/* the caller's descriptor */
	__u32 pad;		/* 0 */
};
_Static_assert(sizeof(struct dios_console) == 8, "dios_console");

/* create BLOB with DIOS_CREATE_IMPORT: only a program that may make Linux calls can. */
struct dios_import {
	__u32 fd;		/* a descriptor open for reading, of a regular file the caller may execute */
	__u32 pad;		/* 0 */
};
_Static_assert(sizeof(struct dios_import) == 8, "dios_import");

/* run: how to start a task. */
struct dios_run {
	__u64 argv;		/* address of argc strings, each ended by a NUL, one after the other */
	__u64 argv_len;		/* bytes there, at most DIOS_MAX_ARGS */
	__u64 env;		/* address of envc strings, likewise */
	__u64 env_len;		/* bytes there, at most DIOS_MAX_ARGS */
	__u32 argc;		/* how many; at least 1 */
	__u32 envc;		/* how many */
	__u64 refs;		/* address of nrefs struct dios_grant */
	__u32 nrefs;		/* how many, at most DIOS_MAX_GRANTS */
	__u32 files;		/* how many of them, the last, are the task's files: 0, or 2: a FIFO to read and one to write */
	__u64 group;		/* the GROUP that becomes the task's own, with READ and WRITE; 0: the caller's own */
	__u64 in;		/* reference for standard input, or 0 */
	__u64 out;		/* reference for standard output; 0: the node's console */
	__u64 err;		/* reference for standard error; 0: the node's console */
	__u64 node;		/* where; 0: here */
	__u8 entry[64];		/* name of a registered task function; empty: the program's main */
};
_Static_assert(sizeof(struct dios_run) == 160, "dios_run");

/* One reference a task was started with. */
struct dios_start_ref {
	__u64 ref;		/* the reference */
	__u32 type;		/* DIOS_T_* */
	__u32 rights;		/* DIOS_R_* */
};
_Static_assert(sizeof(struct dios_start_ref) == 16, "dios_start_ref");

#define DIOS_START_MAGIC	0x54524154534F4944	/* "DIOSTART": the start page's first 8 bytes */

/* The start page: what acquire_read of SELF lends. */
struct dios_start {
	__u64 magic;		/* DIOS_START_MAGIC */
	__u32 abi;		/* DIOS_ABI_VERSION */
	__u32 brand;		/* DIOS_BRAND_* */
	__u64 node;		/* the node's number */
	__u64 self;		/* DIOS_REF_SELF */
	__u64 exe;		/* the program, or 0 for a legacy-limbo process */
	__u64 group;		/* the GROUP that is the task's own */
	__u64 in;		/* standard input, or 0 */
	__u64 out;		/* standard output */
	__u64 err;		/* standard error */
	__u64 random;		/* a RANDOM object */
	__u8 entry[64];		/* name of the task function; empty: main */
	__u32 nrefs;		/* how many references were handed over */
	__u32 files;		/* how many of them, the last, lead to a file service: 0 or 2 */
	struct dios_start_ref refs[128];	/* the references handed over */
};
_Static_assert(sizeof(struct dios_start) == 2200, "dios_start");

/*
 * The control page: what acquire_write of SELF lends.  commit_write makes
 * it count; until then, and with entry 0, a fault kills the task.
 *
 * An upcall runs entry(kind, info, context) on the upcall stack, kind in
 * rdi, struct dios_upcall in rsi, the interrupted registers in rdx, laid out
 * as Linux's siginfo_t and ucontext_t.  entry returns to restorer, which
 * makes the host's rt_sigreturn (rax 15), the one Linux call a pure task has.
 * A fault may come in any upcall, a tick in that of a fault only.
 */
struct dios_control {
	__u64 entry;		/* address of the upcall function, or 0: no upcalls */
	__u64 restorer;		/* address of the code that makes rt_sigreturn */
	__u64 stack;		/* lowest byte of the upcall stack */
	__u64 stack_len;	/* bytes, at least 8192 */
	__u64 tick;		/* nanoseconds of running between preemption upcalls, at least 1000000; 0: none */
};
_Static_assert(sizeof(struct dios_control) == 40, "dios_control");

/* Kinds of upcalls, in rdi.  They are the host's signal numbers. */
#define DIOS_UP_ILL		4	/* illegal instruction */
#define DIOS_UP_TRAP		5	/* breakpoint */
#define DIOS_UP_BUS		7	/* bad address: no such object behind it, or misaligned */
#define DIOS_UP_FPE		8	/* arithmetic, such as division by zero */
#define DIOS_UP_SEGV		11	/* bad address: nothing mapped, or not allowed */
#define DIOS_UP_TICK		23	/* the task has run for the control page's tick */

/* How a task ended. */
#define DIOS_END_EXIT		0	/* it deleted its own reference, with a status */
#define DIOS_END_FAULT		1	/* a fault it had no upcall for; status is DIOS_UP_* */
#define DIOS_END_KILLED		2	/* zombified through a TASK reference, or killed by the host */

/* What the read buffer of a TASK holds.  acquire_read waits until the task has ended. */
struct dios_task_status {
	__u32 how;		/* DIOS_END_* */
	__u32 status;		/* exit status, DIOS_UP_*, or the host's signal number */
	__u64 user_ns;		/* time spent in the program, nanoseconds */
	__u64 system_ns;	/* time spent in the kernel for it, nanoseconds */
	__u64 max_rss;		/* most memory it had resident, bytes */
	__u64 calls;		/* DIOS calls it made */
};
_Static_assert(sizeof(struct dios_task_status) == 40, "dios_task_status");

#define DIOS_TASK_RUNNING	1	/* dios_task_info.state: it runs, or could */
#define DIOS_TASK_WAITING	2	/* dios_task_info.state: a call of it waits */
#define DIOS_TASK_ENDED		3	/* dios_task_info.state: its status can be read */

/* What is known of a TASK, while it runs and after. */
struct dios_task_info {
	__u32 state;		/* DIOS_TASK_* */
	__u32 brand;		/* DIOS_BRAND_* */
	__u64 user_ns;		/* time spent in the program, nanoseconds */
	__u64 system_ns;	/* time spent in the kernel for it, nanoseconds */
	__u64 rss;		/* memory it has resident, bytes; ended: 0 */
	__u64 max_rss;		/* most memory it had resident, bytes */
	__u64 calls;		/* DIOS calls it made */
	__u64 memory;		/* private memory it has, bytes; ended: 0 */
	__u64 lent;		/* kernel pages lent to it, bytes; ended: 0 */
	__u32 refs;		/* references it has; ended: 0 */
	__u32 pad;		/* 0 */
};
_Static_assert(sizeof(struct dios_task_info) == 72, "dios_task_info");

#endif /* DIOS_ABI_H */
