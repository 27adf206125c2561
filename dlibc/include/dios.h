/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * dios.h - DIOS for C programs: the twelve calls, and help with tasks, channels and time.
 *
 * What the calls do, with every flag and error, is said in abi/dios.h, which this
 * includes, and in docs/calls.md; what the types of objects are, in docs/objects.md. Here
 * is what C adds to it.
 *
 * A function that can fail returns 0 or more, or a negative error, -DIOS_E...; the
 * names and texts of errors are dios_error_name() and dios_error_text(). Of the calls, those that
 * wait may return -DIOS_EINTR; the other functions here go on then.
 */
#ifndef DLIBC_DIOS_H
#define DLIBC_DIOS_H

#include <stddef.h>
#include <stdint.h>
#include "../../abi/dios.h"

/* A reference: what a task holds instead of an object. */
typedef __u64 dios_ref;

/* --- the calls --- */

/**
 * dios_create() - Make an object, and a reference to it.
 * @flags: DIOS_CREATE_* or 0
 * @type: DIOS_T_*
 * @spec: the type's own description, such as struct dios_fifo; NULL for a type that has none
 * @name: in or out, DIOS_NAME_SIZE bytes; NULL makes an anonymous object
 * @ref: out, the new reference, to be dropped with dios_delete(); with DIOS_CREATE_NAME in
 * @group: with DIOS_CREATE_GROUP, where the name lies; else not looked at
 *
 * Return: 0 or an error; then nothing was made.
 */
long dios_create(__u64 flags, __u64 type, const void *spec, void *name, dios_ref *ref, dios_ref group);

/**
 * dios_lookup() - Get references to the objects of a name.
 * @flags: DIOS_LOOKUP_* or 0
 * @name: DIOS_NAME_SIZE bytes
 * @refs: out, the references
 * @count: in, how many refs has room for; out, how many there are
 * @group: with DIOS_LOOKUP_GROUP, where to look; else not looked at
 *
 * Return: 0 or an error; then no reference was made.
 */
long dios_lookup(__u64 flags, const void *name, dios_ref *refs, __u64 *count, dios_ref group);

/**
 * dios_delete() - Drop a reference.
 * @flags: 0; DIOS_DELETE_ZOMBIFY: the object dies for everybody, and the reference stays
 * @ref: the reference; its buffers are released first
 *
 * On DIOS_REF_SELF the task ends, with the low 8 bits of flags as its status; exit() does that.
 *
 * Return: 0 or an error.
 */
long dios_delete(__u64 flags, dios_ref ref);

/**
 * dios_copy() - Give references to a task.
 * @flags: 0
 * @grants: in, what to give, with which rights; out, the numbers of the new references
 * @count: how many
 * @target: a TASK, or DIOS_REF_SELF
 *
 * Return: 0 or an error; then none was given.
 */
long dios_copy(__u64 flags, struct dios_grant *grants, __u64 count, dios_ref target);

/**
 * dios_run() - Start a program as a new task.
 * @flags: 0
 * @exe: the program, with the EXEC right
 * @spec: arguments, environment, and what is handed over
 * @task: out, a reference to the task, to be dropped with dios_delete() or dios_join()
 *
 * For the own program there is dios_spawn().
 *
 * Return: 0 or an error; then there is no task.
 */
long dios_run(__u64 flags, dios_ref exe, const struct dios_run *spec, dios_ref *task);

/**
 * dios_select() - Wait until one of several references is ready.
 * @flags: 0
 * @waits: the references, and for what to wait
 * @count: how many
 * @selected: out, the index of the one that is ready
 * @deadline_ns: absolute, in nanoseconds of dios_now(); -1 waits for ever, 0 only asks
 *
 * Return: 0 or an error; -DIOS_ETIMEDOUT: none is ready.
 */
long dios_select(__u64 flags, const struct dios_wait *waits, __u64 count, __u64 *selected, __s64 deadline_ns);

/**
 * dios_acquire_read() - Borrow memory of an object, to read it.
 * @flags: DIOS_BUF_* or 0
 * @ref: the reference, with the READ right
 * @len: bytes wanted; 0 is what the object has
 * @iov: in, a hint in addr, or 0; out, the buffer
 * @from: with DIOS_BUF_MOVE or DIOS_BUF_BORROW, who has the buffer iov; else not looked at
 * @off: with DIOS_BUF_AT, where in the object it begins; else not looked at
 *
 * The memory is the kernel's. It stays mapped until dios_release_read(), or until the
 * reference is deleted.
 *
 * Return: 0 or an error; then nothing was lent.
 */
long dios_acquire_read(__u64 flags, dios_ref ref, __u64 len, struct dios_iov *iov, dios_ref from, __u64 off);

/**
 * dios_commit_read() - Say that a buffer was read, and ask if it was valid.
 * @flags: DIOS_BUF_NEXT, DIOS_BUF_NONBLOCK or 0
 * @ref: through which it was acquired
 * @len: bytes read
 * @iov: in and out, the buffer
 *
 * Return: 0 or more, or an error; -DIOS_ESTALE: somebody wrote meanwhile, read it once more.
 */
long dios_commit_read(__u64 flags, dios_ref ref, __u64 len, struct dios_iov *iov);

/**
 * dios_release_read() - Give a read buffer back.
 * @flags: 0
 * @ref: through which it was acquired
 * @iov: the buffer
 *
 * Return: 0 or an error.
 */
long dios_release_read(__u64 flags, dios_ref ref, const struct dios_iov *iov);

/**
 * dios_acquire_write() - Borrow memory of an object, to write it.
 * @flags: DIOS_BUF_* or 0; DIOS_BUF_FIXED: exactly at iov->addr
 * @ref: the reference, with the WRITE right
 * @len: bytes wanted; 0 is what the object has
 * @iov: in, a hint in addr, or 0; out, the buffer
 * @from: with DIOS_BUF_MOVE or DIOS_BUF_BORROW, who has the buffer iov; else not looked at
 * @off: with DIOS_BUF_AT, where in the object it begins; else not looked at
 *
 * Return: 0 or an error; then nothing was lent.
 */
long dios_acquire_write(__u64 flags, dios_ref ref, __u64 len, struct dios_iov *iov, dios_ref from, __u64 off);

/**
 * dios_commit_write() - Publish what was written.
 * @flags: DIOS_BUF_NEXT, DIOS_BUF_NONBLOCK, DIOS_BUF_END or 0
 * @ref: through which it was acquired
 * @len: bytes, from the start of iov
 * @iov: in and out, the buffer, or a part of it
 *
 * Return: how many bytes were published, or an error.
 */
long dios_commit_write(__u64 flags, dios_ref ref, __u64 len, struct dios_iov *iov);

/**
 * dios_release_write() - Give a write buffer back.
 * @flags: DIOS_BUF_COMMIT, DIOS_BUF_DISCARD or 0
 * @ref: through which it was acquired
 * @iov: the buffer; with DIOS_BUF_DISCARD it may be a part of it
 *
 * Return: 0 or an error; with DIOS_BUF_COMMIT the buffer is given back also then.
 */
long dios_release_write(__u64 flags, dios_ref ref, const struct dios_iov *iov);

/* --- errors --- */

/**
 * dios_error_name() - The name of an error.
 * @error: DIOS_E..., or its negative as a call returns it
 *
 * Return: such as "EPIPE"; "E?" when there is none of this number.
 */
const char *dios_error_name(long error);

/**
 * dios_error_text() - What an error means.
 * @error: DIOS_E..., or its negative
 *
 * Return: the text in abi/dios.h; "unknown error" when there is none of this number.
 */
const char *dios_error_text(long error);

/* --- the task itself --- */

/**
 * dios_start() - What the task was started with.
 *
 * Return: the start page; the references that were handed over are in refs. It is the kernel's,
 * read-only, and does not change.
 */
const struct dios_start *dios_start(void);

/* The environment: NAME=value, the last is NULL. */
extern char **environ;

/* --- tasks --- */

/* A function that a task can be started with. */
struct dios_entry {
	const char *name;	/* at most DIOS_ENTRY_SIZE - 1 bytes */
	int (*main)(int argc, char **argv);
};

/**
 * DIOS_ENTRY() - Register a function that a task can be started with, under its own name.
 * @function: such as main
 *
 * A task is another run of the program: nothing is shared, and no address means anything there.
 */
#define DIOS_ENTRY(function)									\
	static const struct dios_entry dios_entry_##function					\
	__attribute__((used, section("dios_entries"), aligned(8))) = { #function, function }

/**
 * dios_spawn() - Start the own program as a new task.
 * @entry: the name of a registered function; "" is main
 * @argv: its arguments, the last is NULL; NULL: only the program's own name
 * @grants: references to hand over, and with which rights
 * @ngrants: how many
 * @task: out, a reference to the task, for dios_join()
 *
 * It has the environment, the group, and the input and outputs of this task, which writes its
 * own output first.
 *
 * Return: 0 or an error; then there is no task and nothing was handed over.
 */
long dios_spawn(const char *entry, char *const argv[], const struct dios_grant *grants, unsigned int ngrants, dios_ref *task);

/**
 * dios_join() - Wait until a task has ended.
 * @task: its reference, which is gone afterwards
 * @status: out, how it ended; may be NULL
 *
 * Return: the exit status; 128 and the number of the fault or signal, if it ended so; or an error.
 */
long dios_join(dios_ref task, struct dios_task_status *status);

/* --- channels --- */

/**
 * dios_pipe() - Make a FIFO, and a reference for each end.
 * @size: bytes of its ring, a power of two from DIOS_PAGE_SIZE to DIOS_MAX_FIFO
 * @read: out, a reference that can read
 * @write: out, a reference that can write
 *
 * Who hands an end to another task deletes its own reference to it then: only so does the
 * other side see the end.
 *
 * Return: 0 or an error; then nothing was made.
 */
long dios_pipe(__u64 size, dios_ref *read, dios_ref *write);

/*
 * One end of a FIFO in this task: its reference, and what is lent. Initialise it with the
 * reference alone, struct dios_chan c = { .ref = ref }, or with .sole = 1 when no other task writes to
 * the FIFO: room for the next record is kept then, and a record costs one call.
 */
struct dios_chan {
	dios_ref ref;
	int sole;
	/* The rest is the library's. */
	struct dios_iov iov;	/* what is lent; addr 0: nothing was ever */
	__u64 room;		/* writing: for how many bytes it was acquired */
	int ready;		/* writing: the room is there already */
};

/**
 * dios_send() - Write a record.
 * @c: the end
 * @data: the record
 * @len: its bytes
 *
 * Waits for room, and for the turn when others write too.
 *
 * Return: 0 or an error; -DIOS_EPIPE: nobody will read it.
 */
long dios_send(struct dios_chan *c, const void *data, size_t len);

/**
 * dios_recv() - Read a record.
 * @c: the end
 * @data: where to
 * @max: bytes that fit there
 *
 * Waits for a record, and for the turn when others read too.
 *
 * Return: its bytes, or an error; -DIOS_EPIPE: none will come; -DIOS_ETOOBIG: it is
 * longer than max, and still there.
 */
long dios_recv(struct dios_chan *c, void *data, size_t max);

/**
 * dios_next() - Read a record where it lies.
 * @c: the end
 * @data: out, the record, which is valid until the next dios_next(), dios_recv() or dios_close()
 *
 * One call of the kernel for each record. Until then no other task reads from the FIFO, and
 * dios_select() does not say that there is more. Who can write to the FIFO can change
 * the record meanwhile: copy what must not change.
 *
 * Return: its bytes, or an error as from dios_recv().
 */
long dios_next(struct dios_chan *c, const void **data);

/**
 * dios_close() - Give back what is lent, and the reference.
 * @c: the end
 */
void dios_close(struct dios_chan *c);

/* --- time --- */

/**
 * dios_now() - What time it is.
 *
 * Return: nanoseconds of CLOCK_MONOTONIC, as in deadlines and timers.
 */
__u64 dios_now(void);

#endif
