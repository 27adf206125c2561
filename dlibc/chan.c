/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/*
 * chan.c - records through a FIFO.
 *
 * A buffer is acquired once for each end, and kept: a commit of 0 bytes with
 * DIOS_BUF_NEXT gets the next record, or room for another one of the same size. Sending and
 * receiving give the turn back, so that others can have it; dios_next keeps it, and so does
 * sending when the end is the only one.
 */
#include <string.h>
#include "dlibc.h"

long dios_pipe(__u64 size, dios_ref *read, dios_ref *write)
{
	struct dios_fifo spec = { size };
	struct dios_grant ends[2] = { { .rights = DIOS_R_READ }, { .rights = DIOS_R_WRITE } };
	dios_ref both;
	long err;

	err = dios_create(0, DIOS_T_FIFO, &spec, NULL, &both, 0);
	if (err)
		return err;
	ends[0].ref = ends[1].ref = both;
	err = dios_copy(0, ends, 2, DIOS_REF_SELF);
	dios_delete(0, both);
	if (err)
		return err;
	*read = ends[0].out;
	*write = ends[1].out;
	return 0;
}

static long take_room(struct dios_chan *c, __u64 room)
{
	long err;

	if (c->ready && c->room == room)
		return 0;
	c->ready = 0;
	if (c->iov.addr && c->room != room) {
		dios_release_write(0, c->ref, &c->iov);
		c->iov = (struct dios_iov){ 0, 0 };
	}
	do {
		if (c->iov.addr)
			err = dios_commit_write(DIOS_BUF_NEXT, c->ref, 0, &c->iov);
		else
			err = dios_acquire_write(0, c->ref, room, &c->iov, 0, 0);
	} while (err == -DIOS_EINTR);
	if (!err)
		c->room = room;
	return err;
}

long dios_send(struct dios_chan *c, const void *data, size_t len)
{
	long err = take_room(c, len ? len : 1);

	if (err)
		return err;
	memcpy((void *)(uintptr_t)c->iov.addr, data, len);
	err = dios_commit_write(c->sole ? DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK : 0, c->ref, len, &c->iov);
	if (!c->sole)
		return err < 0 ? err : 0;
	c->ready = err >= 0;
	/* It is sent, when there is only no room for the next one yet. */
	return err >= 0 || err == -DIOS_EAGAIN || err == -DIOS_EINTR ? 0 : err;
}

/* The record that is lent is read, and the next one is to come. */
static long take_record(struct dios_chan *c)
{
	__u64 read = c->iov.len;
	long err;

	do {
		if (c->iov.addr)
			err = dios_commit_read(DIOS_BUF_NEXT, c->ref, read, &c->iov);
		else
			err = dios_acquire_read(0, c->ref, 0, &c->iov, 0, 0);
		read = 0;	/* a commit counts, whatever comes after it */
	} while (err == -DIOS_EINTR);
	return err < 0 ? err : 0;
}

long dios_recv(struct dios_chan *c, void *data, size_t max)
{
	long err = take_record(c);
	__u64 len = c->iov.len;

	if (err)
		return err;
	if (len > max) {
		/* Without a commit it is there again. */
		dios_release_read(0, c->ref, &c->iov);
		c->iov = (struct dios_iov){ 0, 0 };
		return -DIOS_ETOOBIG;
	}
	memcpy(data, (const void *)(uintptr_t)c->iov.addr, len);
	err = dios_commit_read(0, c->ref, len, &c->iov);
	c->iov.len = 0;
	return err < 0 ? err : (long)len;
}

long dios_next(struct dios_chan *c, const void **data)
{
	long err = take_record(c);

	if (err) {
		c->iov.len = 0;
		return err;
	}
	*data = (const void *)(uintptr_t)c->iov.addr;
	return c->iov.len;
}

void dios_close(struct dios_chan *c)
{
	dios_delete(0, c->ref);
	*c = (struct dios_chan){ 0 };
}
