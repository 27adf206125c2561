// SPDX-License-Identifier: GPL-2.0
/*
 * store.c - the store of the hosted DAL: files in memory that can lose what was not synced.
 *
 * A file has its bytes twice: as programs see it, and as it is on disk. A change is made to the
 * first and waits, in a list, until a sync makes it to the second. The folder likewise. At a
 * crash a part of what waits is made, sector by sector for bytes, in order for
 * names; that is a host that writes back when it likes, and tears what it writes.
 *
 * It stops the test when bytes are written for which no room was reserved: the real
 * host may find no room then, too late.
 *
 * Locks: store.lock, for everything here.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "hosted.h"

#define SECTOR	512
#define ENTRIES	256

struct range {
	u64 from, to;
};

/* Pages that have room on disk: sorted, apart. */
struct room {
	struct range *r;
	u32 n;
};

struct waiting {
	struct waiting *next;
	u64 off, len;
	u8 *data;		/* NULL: clear */
};

struct inode {
	int fd, disk;
	u64 end, disk_end;	/* bytes of the two */
	struct room room, disk_room;
	struct waiting *first, **last;
	u32 uses;		/* struct dal_file, and entries of both folders */
	bool begun;
};

struct dal_file {
	struct inode *i;
};

struct entry {
	char name[DAL_FILE_NAME];
	struct inode *i;	/* NULL: free */
};

struct folder {
	struct entry e[ENTRIES];
};

/* A folder's change: from and to are names; to empty: removed; from empty: made. */
struct renaming {
	char from[DAL_FILE_NAME], to[DAL_FILE_NAME];
	struct inode *i;
};

static struct {
	pthread_mutex_t lock;
	bool there;
	struct folder now, disk;
	struct renaming waiting[4096];
	u32 nwaiting;
	u32 crash, seed;
	bool crashed;
	u64 random;
} store = { .lock = PTHREAD_MUTEX_INITIALIZER };

hosted_main hosted_store_main;

static u64 draw(void)
{
	static const siphash_key_t key = { { 1, 2 } };

	store.random++;
	return hosted_siphash(&store.random, sizeof(store.random), &key);
}

/* By the seed: does this get to disk? */
static bool lucky(void)
{
	return store.seed < 2 ? store.seed : draw() & 1;
}

/* Room. */

static void room_add(struct room *m, u64 from, u64 to)
{
	struct range *r = calloc(m->n + 1, sizeof(*r));
	u32 i, n = 0;

	for (i = 0; i < m->n && m->r[i].to < from; i++)
		r[n++] = m->r[i];
	for (; i < m->n && m->r[i].from <= to; i++) {
		from = min(from, m->r[i].from);
		to = max(to, m->r[i].to);
	}
	r[n++] = (struct range){ from, to };
	for (; i < m->n; i++)
		r[n++] = m->r[i];
	free(m->r);
	m->r = r;
	m->n = n;
}

static void room_cut(struct room *m, u64 from, u64 to)
{
	struct range *r;
	u32 i, n = 0;

	if (from >= to)		/* within one page */
		return;
	r = calloc(m->n + 1, sizeof(*r));
	for (i = 0; i < m->n; i++) {
		if (m->r[i].from < min(from, m->r[i].to))
			r[n++] = (struct range){ m->r[i].from, min(from, m->r[i].to) };
		if (max(to, m->r[i].from) < m->r[i].to)
			r[n++] = (struct range){ max(to, m->r[i].from), m->r[i].to };
	}
	free(m->r);
	m->r = r;
	m->n = n;
}

static bool room_has(const struct room *m, u64 from, u64 to)
{
	u32 i;

	for (i = 0; i < m->n; i++)
		if (m->r[i].from <= from && to <= m->r[i].to)
			return true;
	return false;
}

static void room_copy(struct room *to, const struct room *from)
{
	free(to->r);
	to->n = from->n;
	to->r = calloc(from->n + 1, sizeof(*to->r));
	if (from->n)
		memcpy(to->r, from->r, from->n * sizeof(*to->r));
}

/* Bytes. */

static void put_bytes(int fd, const u8 *data, u64 off, u64 len)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, off);

		BUG_ON(n <= 0);
		data += n;
		off += n;
		len -= n;
	}
}

static void clear_bytes(int fd, u64 off, u64 len)
{
	BUG_ON(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len));
}

static void change_bytes(int fd, u64 *end, const struct waiting *w)
{
	if (!w->data)
		clear_bytes(fd, w->off, w->len);
	else
		put_bytes(fd, w->data, w->off, w->len);
	if (w->data && w->off + w->len > *end)
		*end = w->off + w->len;
}

/* Some sectors of a change, others not. A clear makes whole blocks vanish. */
static void tear(struct inode *i, const struct waiting *w)
{
	u64 unit = w->data ? SECTOR : DIOS_PAGE_SIZE, at, end = w->off + w->len;
	struct waiting part = *w;

	/* The whole of a long one is drawn at once. */
	if (w->len > 1 << 24) {
		if (lucky())
			change_bytes(i->disk, &i->disk_end, w);
		return;
	}
	for (at = w->off; at < end; at += part.len) {
		part.off = at;
		part.len = min(ALIGN(at + 1, unit), end) - at;
		if (w->data)
			part.data = w->data + (at - w->off);
		if (lucky())
			change_bytes(i->disk, &i->disk_end, &part);
	}
}

static void wait_for_sync(struct inode *i, u64 off, u64 len, const void *data)
{
	struct waiting *w = calloc(1, sizeof(*w));

	w->off = off;
	w->len = len;
	if (data) {
		w->data = malloc(len);
		memcpy(w->data, data, len);
	}
	*i->last = w;
	i->last = &w->next;
	change_bytes(i->fd, &i->end, w);
}

/* Everything that waits is on disk: or, torn, a part of it. */
static void flush(struct inode *i, bool torn)
{
	struct waiting *w;

	while ((w = i->first)) {
		i->first = w->next;
		if (torn)
			tear(i, w);
		else
			change_bytes(i->disk, &i->disk_end, w);
		free(w->data);
		free(w);
	}
	i->last = &i->first;
	if (!torn || lucky())
		room_copy(&i->disk_room, &i->room);
}

static struct inode *inode_new(void)
{
	struct inode *i = calloc(1, sizeof(*i));

	i->fd = memfd_create("file", MFD_CLOEXEC);
	i->disk = memfd_create("disk", MFD_CLOEXEC);
	BUG_ON(i->fd < 0 || i->disk < 0);
	i->last = &i->first;
	return i;
}

static void inode_put(struct inode *i)
{
	if (--i->uses)
		return;
	flush(i, false);
	close(i->fd);
	close(i->disk);
	free(i->room.r);
	free(i->disk_room.r);
	free(i);
}

/* Names. */

static struct entry *find(struct folder *f, const char *name)
{
	u32 k;

	for (k = 0; k < ENTRIES; k++)
		if (f->e[k].i && !strcmp(f->e[k].name, name))
			return &f->e[k];
	return NULL;
}

static void entry_set(struct folder *f, const char *name, struct inode *i)
{
	u32 k;

	for (k = 0; f->e[k].i; k++)
		BUG_ON(k == ENTRIES - 1);
	strscpy(f->e[k].name, name, DAL_FILE_NAME);
	f->e[k].i = i;
	i->uses++;
}

static void entry_clear(struct entry *e)
{
	struct inode *i = e->i;

	e->i = NULL;
	inode_put(i);
}

static void rename_in(struct folder *f, const struct renaming *r)
{
	struct entry *e = r->from[0] ? find(f, r->from) : NULL;

	if (r->to[0])
		entry_set(f, r->to, r->i);
	if (e)
		entry_clear(e);
}

static void folder_change(const char *from, const char *to, struct inode *i)
{
	struct renaming *r = &store.waiting[store.nwaiting++];

	BUG_ON(store.nwaiting == ARRAY_SIZE(store.waiting));
	strscpy(r->from, from, DAL_FILE_NAME);
	strscpy(r->to, to, DAL_FILE_NAME);
	r->i = i;
	i->uses++;
	rename_in(&store.now, r);
}

/* The first n changes that wait get to disk, and the others never. */
static void folder_flush(u32 n)
{
	u32 k;

	for (k = 0; k < store.nwaiting; k++) {
		if (k < n)
			rename_in(&store.disk, &store.waiting[k]);
		inode_put(store.waiting[k].i);
	}
	store.nwaiting = 0;
}

/* Crashes. */

static void crash(void)
{
	u32 k;

	store.crashed = true;
	for (k = 0; k < ENTRIES; k++)
		if (store.now.e[k].i)
			flush(store.now.e[k].i, true);
	for (k = 0; k < ENTRIES; k++)
		if (store.disk.e[k].i)
			flush(store.disk.e[k].i, true);
	if (store.seed < 2)
		folder_flush(store.seed ? store.nwaiting : 0);
	else
		folder_flush(draw() % (store.nwaiting + 1));
}

/* Each change comes here first. True: it is the last one, which is torn. */
static bool is_last(void)
{
	return store.crash && !--store.crash;
}

/* Why a change cannot be made. */
static int cannot(void)
{
	if (!store.there)
		return -DIOS_ENOTSUP;
	return store.crashed || hosted_fails(FAIL_STORE) ? -DIOS_EIO : 0;
}

void hosted_crash(u32 n, u32 seed)
{
	store.crash = n;
	store.seed = seed;
	store.random = (u64)seed << 32;
}

bool hosted_crashed(void)
{
	return store.crashed;
}

static void entries_clear(struct folder *f)
{
	u32 k;

	for (k = 0; k < ENTRIES; k++)
		if (f->e[k].i)
			entry_clear(&f->e[k]);
}

/* What a file on disk is to who opens it now. */
static void reread(struct inode *i)
{
	u8 *buf = malloc(1 << 16);
	off_t at = 0, end;

	BUG_ON(ftruncate(i->fd, 0));
	/* It is sparse: only where there is something. */
	while ((at = lseek(i->disk, at, SEEK_DATA)) >= 0) {
		end = lseek(i->disk, at, SEEK_HOLE);
		while (at < end) {
			ssize_t n = pread(i->disk, buf, min_t(u64, end - at, 1 << 16), at);

			BUG_ON(n <= 0);
			put_bytes(i->fd, buf, at, n);
			at += n;
		}
	}
	free(buf);
	i->end = i->disk_end;
	BUG_ON(ftruncate(i->fd, i->end));
	room_copy(&i->room, &i->disk_room);
	i->begun = false;
}

void hosted_reboot(void)
{
	u32 k;

	if (!store.crashed) {
		store.seed = 0;
		crash();
	}
	store.crashed = false;
	store.crash = 0;
	entries_clear(&store.now);
	for (k = 0; k < ENTRIES; k++) {
		if (!store.disk.e[k].i)
			continue;
		entry_set(&store.now, store.disk.e[k].name, store.disk.e[k].i);
		reread(store.disk.e[k].i);
	}
	BUG_ON(dal_store_sweep('t'));
	users_exit();
	BUG_ON(dios_store.count());
}

void hosted_store(bool there)
{
	store.there = there;
	if (there)
		return;
	users_exit();
	folder_flush(0);
	entries_clear(&store.now);
	entries_clear(&store.disk);
}

u32 hosted_store_files(void)
{
	u32 k, n = 0;

	for (k = 0; k < ENTRIES; k++)
		n += !!store.now.e[k].i;
	return n;
}

s64 hosted_store_room(void)
{
	s64 n = 0;
	u32 k, j;

	for (k = 0; k < ENTRIES; k++)
		for (j = 0; store.now.e[k].i && j < store.now.e[k].i->room.n; j++)
			n += (store.now.e[k].i->room.r[j].to - store.now.e[k].i->room.r[j].from) / DIOS_PAGE_SIZE;
	return n;
}

/* What core asks for. */

static void lock(void)
{
	might_sleep();
	pthread_mutex_lock(&store.lock);
}

static int unlock(int err)
{
	pthread_mutex_unlock(&store.lock);
	return err;
}

bool dal_store_there(void)
{
	return store.there;
}

static __thread u32 doing;

int dal_store_do(int (*fn)(void *arg), void *arg)
{
	int err;

	might_sleep();
	doing++;
	err = fn(arg);
	doing--;
	return err;
}

int dal_store_sync(void)
{
	int err;

	BUG_ON(!doing);
	lock();
	err = cannot();
	if (!err && is_last()) {
		crash();
		err = -DIOS_EIO;
	}
	if (!err)
		folder_flush(store.nwaiting);
	return unlock(err);
}

int dal_store_sweep(char first)
{
	u32 k;

	lock();
	for (k = 0; k < ENTRIES; k++)
		if (store.now.e[k].i && store.now.e[k].name[0] == first)
			folder_change(store.now.e[k].name, "", store.now.e[k].i);
	folder_flush(store.nwaiting);
	return unlock(0);
}

int dal_store_each(int (*fn)(const char *name))
{
	int err = 0;
	u32 k;

	for (k = 0; k < ENTRIES && !err; k++)
		if (store.now.e[k].i)
			err = fn(store.now.e[k].name);
	return err;
}

static struct dal_file *file_new(struct inode *i)
{
	struct dal_file *f = kmalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return ERR_PTR(-DIOS_ENOMEM);
	f->i = i;
	i->uses++;
	hosted_handle(1);
	return f;
}

struct dal_file *dal_file_open(const char *name)
{
	struct dal_file *f;
	struct entry *e;

	lock();
	e = find(&store.now, name);
	if (store.crashed)
		f = ERR_PTR(-DIOS_EIO);
	else
		f = e ? file_new(e->i) : ERR_PTR(-DIOS_ENOENT);
	unlock(0);
	return f;
}

struct dal_file *dal_file_make(const char *name)
{
	struct dal_file *f = NULL;
	int err;

	BUG_ON(!doing);
	lock();
	err = cannot();
	if (!err && find(&store.now, name))
		err = -DIOS_EEXIST;
	if (!err) {
		struct inode *i = inode_new();

		i->uses++;
		f = file_new(i);
		if (!IS_ERR(f)) {
			folder_change("", name, i);
			i->begun = true;
		}
		inode_put(i);
		if (is_last()) {
			crash();
			unlock(0);
			if (!IS_ERR(f))
				dal_file_put(f);
			return ERR_PTR(-DIOS_EIO);
		}
	}
	unlock(0);
	return err ? ERR_PTR(err) : f;
}

void dal_file_put(struct dal_file *f)
{
	lock();
	inode_put(f->i);
	unlock(0);
	kfree(f);
	hosted_handle(-1);
}

static int change_name(const char *from, const char *to)
{
	struct entry *e;
	int err;

	BUG_ON(!doing);
	lock();
	e = find(&store.now, from);
	err = cannot();
	if (!err && !e)
		err = -DIOS_ENOENT;
	if (!err && find(&store.now, to))
		err = -DIOS_EEXIST;
	if (!err)
		folder_change(from, to, e->i);
	if (!err && is_last()) {
		crash();
		err = -DIOS_EIO;
	}
	return unlock(err);
}

int dal_file_rename(const char *from, const char *to)
{
	return change_name(from, to);
}

int dal_file_remove(const char *name)
{
	return change_name(name, "");
}

int dal_file_begin(struct dal_file *f)
{
	BUG_ON(!doing);
	lock();
	BUG_ON(f->i->begun);
	f->i->begun = true;
	return unlock(0);
}

void dal_file_end(struct dal_file *f)
{
	lock();
	BUG_ON(!f->i->begun);
	f->i->begun = false;
	unlock(0);
}

int dal_file_read(struct dal_file *f, void *dst, size_t len, u64 off)
{
	size_t got = 0;
	int err = 0;

	lock();
	if (store.crashed)
		err = -DIOS_EIO;
	memset(dst, 0, len);
	while (!err && got < len) {
		ssize_t n = pread(f->i->fd, (u8 *)dst + got, len - got, off + got);

		BUG_ON(n < 0);
		if (!n)
			break;
		got += n;
	}
	return unlock(err);
}

/* A change of bytes; data NULL: clear. */
static int change(struct dal_file *f, const void *data, size_t len, u64 off)
{
	struct inode *i = f->i;
	int err;

	BUG_ON(!doing || !i->begun || !len);
	lock();
	err = cannot();
	BUG_ON(data && !err && !room_has(&i->room, off / DIOS_PAGE_SIZE * DIOS_PAGE_SIZE, ALIGN(off + len, DIOS_PAGE_SIZE)));
	if (!err) {
		wait_for_sync(i, off, len, data);
		if (!data)
			room_cut(&i->room, ALIGN(off, DIOS_PAGE_SIZE), (off + len) / DIOS_PAGE_SIZE * DIOS_PAGE_SIZE);
		if (is_last()) {
			crash();
			err = -DIOS_EIO;
		}
	}
	return unlock(err);
}

int dal_file_write(struct dal_file *f, const void *src, size_t len, u64 off)
{
	return change(f, src, len, off);
}

int dal_file_clear(struct dal_file *f, u64 off, u64 len)
{
	return change(f, NULL, len, off);
}

int dal_file_reserve(struct dal_file *f, u64 off, u64 len)
{
	struct inode *i = f->i;
	int err;

	BUG_ON(!doing || !i->begun || !len);
	lock();
	err = cannot();
	if (!err && hosted_fails(FAIL_ROOM))
		err = -DIOS_EQUOTA;
	if (!err) {
		room_add(&i->room, off / DIOS_PAGE_SIZE * DIOS_PAGE_SIZE, ALIGN(off + len, DIOS_PAGE_SIZE));
		/* As long as it, so that what is mapped is there. */
		if (off + len > i->end) {
			i->end = off + len;
			BUG_ON(ftruncate(i->fd, i->end));
		}
		if (is_last()) {
			crash();
			err = -DIOS_EIO;
		}
	}
	return unlock(err);
}

/* What waited for a sync that fails never gets to disk, although it is seen: as on Linux. */
int dal_file_sync(struct dal_file *f)
{
	int err;

	BUG_ON(!doing);
	lock();
	err = cannot();
	if (err)
		flush(f->i, true);
	if (!err && is_last()) {
		crash();
		err = -DIOS_EIO;
	}
	if (!err)
		flush(f->i, false);
	return unlock(err);
}

struct dal_pages *dal_file_pages(struct dal_file *f, u64 off, size_t len)
{
	return hosted_pages_of(f->i->fd, off, len);
}

struct dal_exe *dal_file_exe(struct dal_file *f)
{
	struct dal_exe *e = hosted_exe_new();

	if (IS_ERR(e))
		return e;
	lock();
	e->file = file_new(f->i);
	unlock(0);
	if (IS_ERR(e->file)) {
		e->file = NULL;
		dal_exe_put(e);
		return ERR_PTR(-DIOS_ENOMEM);
	}
	return e;
}
