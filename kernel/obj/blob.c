// SPDX-License-Identifier: GPL-2.0
/*
 * blob.c - BLOB: durable bytes in the node's store, or a program of the host's.
 *
 * A blob of the store is one sparse file.  Its bytes lie at offset 0, so that they can be
 * mapped and run as they are; far behind them, where no blob reaches, lies its log:
 *
 *	0			the bytes; zero behind the blob's size
 *	LOG			struct head: whose blob it is; written once
 *	LOG + 1 page		record 0: the last write with an even version
 *	... + SLOT		record 1: the last write with an odd version
 *
 * A commit that makes version n
 *
 *	1. takes room on the disk, for the record and for the bytes that are new;
 *	2. writes the record, with a sum over all of it, where that of n - 2 was;
 *	3. syncs the file: from here on the commit has happened;
 *	4. writes the bytes where they belong, and leaves it to the host when they go to disk.
 *
 * Whoever finds the blob after a crash writes the bytes of the two newest records once more, the
 * older first, and syncs.  Why that is right: when n's record begins to be written, over that
 * of n - 2, the bytes of n - 2 are on disk, for the sync of n - 1 came after its step 4.  So
 * at any time each byte on disk is as the newest record says that has it, or one older that is
 * still there says so, or it was on disk before both.  A record that was torn has a wrong
 * sum and counts as none: its commit has not happened, and step 4 was not begun.
 *
 * Readers have the host's page cache mapped.  They see step 4 under way, and are told so
 * by commit_read: applying and version are a sequence lock.
 *
 * The room that a blob has is charged to its owner, the user whose task made it, as long as the file is
 * there; head and newest record say how much that is when no task has the blob.
 *
 * A blob without a name is a file that the next load removes; it has no log.  A name
 * gives it head and record, syncs, and renames the file: from then on it is durable.
 * docs/design/store.md says more.
 *
 * An imported program is a file of the host, with the EXEC right only.
 *
 * Locks: blob->lock, a mutex, one write at a time; obj->lock guards what readers and run
 * look at.
 */
#include "types.h"

#define LOG		DIOS_MAX_BLOB
#define PAGE		((u64)DIOS_PAGE_SIZE)
#define SLOT		(PAGE + DIOS_MAX_KBUF)

#define HEAD_MAGIC	0x424f4c42534f4944ULL	/* "DIOSBLOB" */
#define RECORD_MAGIC	0x44524f434552ULL	/* "RECORD" */
#define FORMAT		1

/* On disk, little-endian, the rest of its page zero. */
struct head {
	u64 sum;		/* of all that follows */
	u64 magic;
	u32 format;
	u32 public;		/* the name space */
	u32 rights;		/* what a lookup gives */
	u32 uid;		/* its owner */
	u8 name[DIOS_NAME_SIZE];
};

/* On disk, likewise; the bytes written follow in the next page. */
struct record {
	u64 sum;		/* of all that follows, the bytes too */
	u64 magic;
	u64 version;
	u64 modified;
	u64 size;		/* of the blob, after this */
	u64 off;		/* where the bytes belong */
	u64 len;		/* how many; 0: only the size was set */
	u64 first;		/* 1: it says what is there already; no older one counts */
	u64 log[2];		/* bytes of each record's place that have room, after this */
};

enum where {
	UNNAMED,		/* its file is called unnamed_name(number) */
	STORED,			/* stored_name(public, name) */
	GONE,			/* nowhere any more */
};

struct blob {
	struct dios_object obj;
	struct dal_exe *exe;		/* set once */
	struct dal_file *file;		/* set once; NULL for an imported one */
	u64 number;			/* set once */
	struct dios_user *owner;	/* set once; held; NULL for an imported one */
	struct mutex lock;
	/* lock guards these; where changes under names.store_lock too. */
	enum where where;
	char stored[DAL_FILE_NAME];	/* STORED: the file's name */
	u64 log_room[2];		/* bytes of each record's place that have room on disk */
	u64 charged;			/* bytes of the store, to owner */
	/* Written under lock and obj->lock, read under either. */
	u64 size, version, modified;
	bool writing;			/* a write is under way: it cannot be run */
	bool applying;			/* its bytes are changing */
	bool failed;			/* the host failed in the middle of a write */
};

static const struct dios_object_ops import_ops;

static struct blob *blob_of(struct dios_object *obj)
{
	return container_of(obj, struct blob, obj);
}

/* Names of files. */

static void unnamed_name(u64 number, char out[DAL_FILE_NAME])
{
	snprintf(out, DAL_FILE_NAME, "t%llu", (unsigned long long)number);
}

static void stored_name(bool public, const u8 name[DIOS_NAME_SIZE], char out[DAL_FILE_NAME])
{
	u32 i;

	out[0] = public ? 'p' : 'r';
	for (i = 0; i < DIOS_NAME_SIZE; i++)
		snprintf(out + 1 + 2 * i, 3, "%02x", name[i]);
}

/* Records. */

/* Not against an enemy, who has the disk anyway: against what was half written. */
static u64 sum_of(const void *p, size_t len)
{
	static const siphash_key_t key = { { 0x64696f732d626c6f, 0x622d73746f72652d } };

	return siphash((const u8 *)p + sizeof(u64), len - sizeof(u64), &key);
}

static u64 slot_of(u64 version)
{
	return LOG + PAGE + (version & 1) * SLOT;
}

/* A page with the record's head, and room for len bytes behind it. */
static struct record *record_new(u64 len)
{
	struct record *r = kvmalloc(PAGE + len, GFP_KERNEL_ACCOUNT);

	if (r) {
		memset(r, 0, PAGE);
		r->magic = RECORD_MAGIC;
		r->len = len;
	}
	return r;
}

static void *record_bytes(struct record *r)
{
	return (u8 *)r + PAGE;
}

/* The record in a place, or NULL when none is whole there. */
static int record_read(struct dal_file *f, u64 at, struct record **out)
{
	struct record *r = record_new(0), *all = NULL;
	int err = -DIOS_ENOMEM;
	u64 len;

	*out = NULL;
	if (!r)
		return err;
	err = dal_file_read(f, r, PAGE, at);
	len = r->len;
	if (err || r->magic != RECORD_MAGIC || len > DIOS_MAX_KBUF || r->size > DIOS_MAX_BLOB ||
	    r->off > r->size || len > r->size - r->off || r->log[0] > SLOT || r->log[1] > SLOT)
		goto out;
	err = -DIOS_ENOMEM;
	all = record_new(len);
	if (!all)
		goto out;
	memcpy(all, r, PAGE);
	err = dal_file_read(f, record_bytes(all), len, at + PAGE);
	if (!err && all->sum == sum_of(all, PAGE + len)) {
		*out = all;
		all = NULL;
	}
out:
	kvfree(all);
	kvfree(r);
	return err;
}

/* Take the room for a record. */
static int record_reserve(struct blob *b, struct record *r)
{
	u64 *room = &b->log_room[r->version & 1], len = r->log[r->version & 1];
	int err;

	if (*room >= len)
		return 0;
	err = dal_file_reserve(b->file, slot_of(r->version), len);
	if (!err)
		*room = len;
	return err;
}

/* It counts when the file was synced. */
static int record_write(struct blob *b, struct record *r)
{
	u64 len = PAGE + r->len;

	r->sum = sum_of(r, len);
	return dal_file_write(b->file, r, len, slot_of(r->version));
}

/* A record that shall not count after all. */
static int record_undo(struct blob *b, u64 version)
{
	struct record *none = record_new(0);
	int err = -DIOS_ENOMEM;

	if (!none)
		return err;
	none->magic = 0;
	err = dal_file_write(b->file, none, PAGE, slot_of(version));
	kvfree(none);
	return err ? err : dal_file_sync(b->file);
}

/* Step 4: what a record says, done; behind its size, up to end, there is nothing. */
static int record_apply(struct dal_file *f, struct record *r, u64 end)
{
	int err = 0;

	if (r->size < end)
		err = dal_file_clear(f, r->size, end - r->size);
	if (!err && r->len)
		err = dal_file_write(f, record_bytes(r), r->len, r->off);
	return err;
}

/* Only a load can say what is on disk now. */
static void fail(struct blob *b)
{
	unsigned long flags;

	spin_lock_irqsave(&b->obj.lock, flags);
	b->failed = true;
	spin_unlock_irqrestore(&b->obj.lock, flags);
}

/* What it takes of the store. */

/* Bytes of a blob; without a name it has no log. */
static u64 room_of(u64 size, bool stored, const u64 log[2])
{
	size = ALIGN(size, PAGE);
	return stored ? size + PAGE + log[0] + log[1] : size;
}

/* What it will have if the record is written, and what of that in the log. */
static u64 room_after(struct blob *b, struct record *r, bool stored)
{
	u64 *log = &r->log[r->version & 1];

	memcpy(r->log, b->log_room, sizeof(r->log));
	if (stored)
		*log = max(*log, PAGE + ALIGN(r->len, PAGE));
	return room_of(r->size, stored, r->log);
}

/* Before it grows: it may have so much. */
static int room_charge(struct blob *b, u64 room)
{
	int err;

	if (room <= b->charged)
		return 0;
	err = user_charge(b->owner, USE_STORE, room - b->charged);
	if (!err)
		b->charged = room;
	return err;
}

/* After it was cut, or has not grown after all. */
static void room_return(struct blob *b, u64 room)
{
	if (room >= b->charged)
		return;
	user_uncharge(b->owner, USE_STORE, b->charged - room);
	b->charged = room;
}

/* Making one. */

static struct blob *blob_new(const struct dios_object_ops *ops)
{
	struct blob *b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);

	if (!b)
		return NULL;
	mutex_init(&b->lock);
	object_init(&b->obj, ops);
	return b;
}

static struct dios_object *import(struct dios_task *t, const struct dios_import *in)
{
	struct blob *b;

	if (!task_may_call_host(t))
		return ERR_PTR(-DIOS_EPERM);
	if (in->pad)
		return ERR_PTR(-DIOS_EINVAL);
	b = blob_new(&import_ops);
	if (!b)
		return ERR_PTR(-DIOS_ENOMEM);
	b->exe = dal_exe_import(in->fd);
	if (IS_ERR(b->exe)) {
		int err = PTR_ERR(b->exe);

		b->exe = NULL;
		object_put(&b->obj);
		return ERR_PTR(err);
	}
	return &b->obj;
}

/* The file of a blob, made or found: the blob has it. */
static int set_file(struct blob *b, struct dal_file *f)
{
	if (IS_ERR(f))
		return PTR_ERR(f);
	b->file = f;
	b->exe = dal_file_exe(f);
	if (IS_ERR(b->exe)) {
		int err = PTR_ERR(b->exe);

		b->exe = NULL;
		return err;
	}
	return 0;
}

static int make_file(void *arg)
{
	struct blob *b = arg;
	char name[DAL_FILE_NAME];
	struct dal_file *f;
	int err;

	unnamed_name(b->number, name);
	f = dal_file_make(name);
	if (IS_ERR(f))
		return PTR_ERR(f);
	b->where = UNNAMED;
	err = set_file(b, f);
	if (!err && b->size)
		err = dal_file_reserve(f, 0, b->size);
	dal_file_end(f);
	return err;
}

static struct dios_object *blob_make(struct dios_task *t, u64 flags, const void *spec)
{
	static atomic64_t numbers;
	const struct dios_blob *in = spec;
	struct blob *b;
	int err;

	BUILD_BUG_ON(sizeof(struct dios_import) != sizeof(struct dios_blob));
	if (flags & DIOS_CREATE_IMPORT)
		return import(t, spec);
	if (!dal_store_there())
		return ERR_PTR(-DIOS_ENOTSUP);
	if (in->size > DIOS_MAX_BLOB)
		return ERR_PTR(-DIOS_EINVAL);
	b = blob_new(dios_types[DIOS_T_BLOB]);
	if (!b)
		return ERR_PTR(-DIOS_ENOMEM);
	b->number = atomic64_add_return(1, &numbers);
	b->size = in->size;
	b->modified = dal_real_time();
	b->where = GONE;
	user_hold(t->user);
	b->owner = t->user;
	err = room_charge(b, room_of(b->size, false, b->log_room));
	if (!err)
		err = dal_store_do(make_file, b);
	if (err) {
		object_put(&b->obj);
		return ERR_PTR(err);
	}
	return &b->obj;
}

static int remove_file(void *arg)
{
	struct blob *b = arg;
	char name[DAL_FILE_NAME];

	unnamed_name(b->number, name);
	return dal_file_remove(name);
}

static void blob_free(struct dios_object *obj)
{
	struct blob *b = blob_of(obj);

	if (b->file) {
		if (b->where == UNNAMED)
			dal_store_do(remove_file, b);
		dal_file_put(b->file);
	}
	if (b->exe)
		dal_exe_put(b->exe);
	if (b->owner) {
		if (b->where != STORED)
			room_return(b, 0);
		user_put(b->owner);
	}
	kfree(b);
}

/* Names. */

static int store_has(bool public, const u8 name[DIOS_NAME_SIZE])
{
	char stored[DAL_FILE_NAME];
	struct dal_file *f;

	stored_name(public, name, stored);
	f = dal_file_open(stored);
	if (!IS_ERR(f)) {
		dal_file_put(f);
		return 1;
	}
	return PTR_ERR(f) == -DIOS_ENOENT ? 0 : PTR_ERR(f);
}

struct keep {
	struct blob *b;
	struct head *head;
	struct record *record;
};

/* Its bytes, its head, a first record, all synced; then the name. */
static int keep_synced(struct keep *k)
{
	struct blob *b = k->b;
	int err;

	err = dal_file_reserve(b->file, LOG, PAGE);
	if (!err)
		err = record_reserve(b, k->record);
	if (!err)
		err = dal_file_write(b->file, k->head, PAGE, LOG);
	if (!err)
		err = record_write(b, k->record);
	return err ? err : dal_file_sync(b->file);
}

static int keep_file(void *arg)
{
	struct keep *k = arg;
	struct blob *b = k->b;
	char unnamed[DAL_FILE_NAME];
	int err;

	unnamed_name(b->number, unnamed);
	err = dal_file_begin(b->file);
	if (err)
		return err;
	err = keep_synced(k);
	dal_file_end(b->file);
	if (!err)
		err = dal_file_rename(unnamed, b->stored);
	if (err)
		return err;
	b->where = STORED;
	err = dal_store_sync();
	if (err) {
		/* Perhaps it has the name on disk: then with these bytes, and no others. */
		fail(b);
		if (!dal_file_remove(b->stored))
			b->where = GONE;
	}
	return err;
}

static int store_keep(struct dios_object *obj, bool public, const u8 name[DIOS_NAME_SIZE], u32 rights)
{
	struct blob *b = blob_of(obj);
	struct keep k = { .b = b };
	int err = -DIOS_ENOMEM;
	u64 had;

	k.head = kzalloc(PAGE, GFP_KERNEL_ACCOUNT);
	k.record = record_new(0);
	if (!k.head || !k.record)
		goto out;
	k.head->magic = HEAD_MAGIC;
	k.head->format = FORMAT;
	k.head->public = public;
	k.head->rights = rights;
	k.head->uid = b->owner->uid;
	memcpy(k.head->name, name, DIOS_NAME_SIZE);
	k.head->sum = sum_of(k.head, PAGE);

	mutex_lock(&b->lock);
	stored_name(public, name, b->stored);
	k.record->version = b->version;
	k.record->modified = b->modified;
	k.record->size = b->size;
	k.record->first = 1;
	had = b->charged;
	err = -DIOS_EIO;
	if (b->where == UNNAMED && !b->failed)
		err = room_charge(b, room_after(b, k.record, true));
	if (!err)
		err = dal_store_do(keep_file, &k);
	if (b->where == UNNAMED)
		room_return(b, had);
	mutex_unlock(&b->lock);
out:
	kfree(k.head);
	kvfree(k.record);
	return err;
}

static int forget_file(void *arg)
{
	struct blob *b = arg;
	int err = dal_file_remove(b->stored);

	if (err && err != -DIOS_ENOENT)
		return err;
	b->where = GONE;
	return dal_store_sync();
}

static int store_forget(struct dios_object *obj)
{
	struct blob *b = blob_of(obj);
	int err = 0;

	mutex_lock(&b->lock);
	if (b->where == STORED)
		err = dal_store_do(forget_file, b);
	mutex_unlock(&b->lock);
	return err;
}

/* Finding one, perhaps after a crash. */

struct load {
	struct blob *b;
	u32 rights;			/* out */
};

/* The head of a file of this name, or -DIOS_EIO. */
static int head_read(struct dal_file *f, const char *name, struct head *h)
{
	char stored[DAL_FILE_NAME];
	int err = dal_file_read(f, h, PAGE, LOG);

	if (err)
		return err;
	if (h->sum != sum_of(h, PAGE) || h->magic != HEAD_MAGIC || h->format != FORMAT ||
	    !h->rights || h->rights & ~DIOS_R_ALL)
		return -DIOS_EIO;
	stored_name(h->public, h->name, stored);
	return strcmp(name, stored) ? -DIOS_EIO : 0;
}

/* Whose it is, and what a lookup gives. */
static int load_head(struct load *l)
{
	struct blob *b = l->b;
	struct head *h = kmalloc(PAGE, GFP_KERNEL_ACCOUNT);
	struct dios_user *u;
	int err = -DIOS_ENOMEM;

	if (!h)
		return err;
	err = head_read(b->file, b->stored, h);
	if (!err) {
		u = user_get(h->uid);
		if (IS_ERR(u))
			err = PTR_ERR(u);
		else
			b->owner = u;
		l->rights = h->rights;
	}
	kfree(h);
	return err;
}

/* The two records of a file; NULL for one that is not whole. */
static int records_read(struct dal_file *f, struct record *r[2])
{
	int err = record_read(f, slot_of(0), &r[0]);

	if (!err)
		err = record_read(f, slot_of(1), &r[1]);
	return !err && !r[0] && !r[1] ? -DIOS_EIO : err;
}

/* What a record says, done on a file of which nothing else is known. */
static int redo(struct dal_file *f, struct record *r)
{
	int err = 0;

	if (r->size)
		err = dal_file_reserve(f, 0, r->size);
	return err ? err : record_apply(f, r, LOG);
}

/* Write once more what the two newest records say. */
static int replay(struct blob *b, struct record *old, struct record *new)
{
	int err;
	u32 i;

	if (old && old->version > new->version)
		swap(old, new);
	err = dal_file_begin(b->file);
	if (err)
		return err;
	for (i = 0; i < 2 && !err; i++) {
		if (new->log[i])
			err = dal_file_reserve(b->file, slot_of(i), new->log[i]);
	}
	if (!err && old && old->version + 1 == new->version && !new->first)
		err = redo(b->file, old);
	if (!err)
		err = redo(b->file, new);
	/* The next record will lie over one of them. */
	if (!err)
		err = dal_file_sync(b->file);
	dal_file_end(b->file);
	b->size = new->size;
	b->version = new->version;
	b->modified = new->modified;
	memcpy(b->log_room, new->log, sizeof(b->log_room));
	/* It was counted when it was written, or at load. */
	b->charged = room_of(b->size, true, b->log_room);
	return err;
}

static int load_file(void *arg)
{
	struct load *l = arg;
	struct blob *b = l->b;
	struct record *r[2] = {};
	int err;

	err = set_file(b, dal_file_open(b->stored));
	if (!err)
		err = load_head(l);
	if (!err)
		err = records_read(b->file, r);
	if (!err)
		err = r[0] ? replay(b, r[1], r[0]) : replay(b, NULL, r[1]);
	kvfree(r[0]);
	kvfree(r[1]);
	return err;
}

static struct dios_object *store_load(bool public, const u8 name[DIOS_NAME_SIZE], u32 *rights)
{
	struct load l = {};
	int err = store_has(public, name);

	if (err <= 0)
		return err ? ERR_PTR(err) : NULL;
	l.b = blob_new(dios_types[DIOS_T_BLOB]);
	if (!l.b)
		return ERR_PTR(-DIOS_ENOMEM);
	stored_name(public, name, l.b->stored);
	l.b->where = STORED;
	err = dal_store_do(load_file, &l);
	if (err) {
		object_put(&l.b->obj);
		return ERR_PTR(err);
	}
	*rights = l.rights;
	return &l.b->obj;
}

/* Charge the owner of a file for what it has. */
static int count_blob(struct dal_file *f, const char *name, struct head *h)
{
	struct record *r[2] = {}, *new;
	struct dios_user *u;
	int err = head_read(f, name, h);

	if (!err)
		err = records_read(f, r);
	if (err)
		goto out;
	new = !r[1] || (r[0] && r[0]->version > r[1]->version) ? r[0] : r[1];
	u = user_get(h->uid);
	if (IS_ERR(u)) {
		err = PTR_ERR(u);
		goto out;
	}
	user_add(u, USE_STORE, room_of(new->size, true, new->log));
	user_put(u);
out:
	kvfree(r[0]);
	kvfree(r[1]);
	/* What cannot be read nobody can use, and it is nobody's. */
	return err == -DIOS_EIO ? 0 : err;
}

static int count_file(const char *name)
{
	struct head *h = kmalloc(PAGE, GFP_KERNEL);
	struct dal_file *f;
	int err = -DIOS_ENOMEM;

	if (!h)
		return err;
	f = dal_file_open(name);
	if (IS_ERR(f)) {
		err = PTR_ERR(f);
	} else {
		err = count_blob(f, name, h);
		dal_file_put(f);
	}
	kfree(h);
	return err == -DIOS_ENOMEM ? err : 0;
}

static int store_count(void)
{
	return dal_store_there() ? dal_store_each(count_file) : 0;
}

const struct dios_store_ops dios_store = {
	.there		= dal_store_there,
	.has		= store_has,
	.keep		= store_keep,
	.forget		= store_forget,
	.load		= store_load,
	.count		= store_count,
};

/* Writing. */

struct change {
	struct blob *b;
	struct record *record;
};

/* Steps 2 and 3, of a blob that is in the store. */
static int change_log(struct blob *b, struct record *r)
{
	int err = record_write(b, r);

	if (err) {
		if (record_undo(b, r->version))
			fail(b);
		return err;
	}
	err = dal_file_sync(b->file);
	if (err) {
		/* The bytes of the last commit may be in memory and never get to the disk. */
		record_undo(b, r->version);
		fail(b);
	}
	return err;
}

/* Steps 1 to 3.  When it fails nothing has happened, or the blob has failed. */
static int change_begin(struct blob *b, struct record *r)
{
	u64 more = r->size > b->size ? r->size - b->size : 0;
	int err = 0;

	if (more)
		err = dal_file_reserve(b->file, b->size, more);
	if (!err && b->where == STORED)
		err = record_reserve(b, r);
	if (!err && b->where == STORED)
		err = change_log(b, r);
	/* Nobody misses the room if that fails. */
	if (err && more)
		dal_file_clear(b->file, b->size, more);
	return err;
}

static int change_file(void *arg)
{
	struct change *c = arg;
	struct blob *b = c->b;
	struct record *r = c->record;
	unsigned long flags;
	int err;

	err = dal_file_begin(b->file);
	if (err)
		return err;
	err = change_begin(b, r);
	if (err)
		goto end;
	spin_lock_irqsave(&b->obj.lock, flags);
	b->applying = true;
	spin_unlock_irqrestore(&b->obj.lock, flags);
	err = record_apply(b->file, r, b->size);
	spin_lock_irqsave(&b->obj.lock, flags);
	b->applying = false;
	b->size = r->size;
	b->version = r->version;
	b->modified = r->modified;
	if (err)
		b->failed = true;	/* a load would do it once more */
	object_shown_locked(&b->obj);
	spin_unlock_irqrestore(&b->obj.lock, flags);
end:
	dal_file_end(b->file);
	return err;
}

/* The same, with the room for it, which is the owner's whoever writes. */
static int change_charged(struct change *c)
{
	struct blob *b = c->b;
	u64 had = b->charged, room = room_after(b, c->record, b->where == STORED);
	int err = room_charge(b, room);

	if (err)
		return err;
	err = dal_store_do(change_file, c);
	/* Of one that has failed nobody knows whether it has the room; it may. */
	if (!b->failed)
		room_return(b, err ? had : room);
	return err;
}

/* No program runs from it, and none is started meanwhile. */
static int write_begin(struct blob *b)
{
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&b->obj.lock, flags);
	if (b->failed)
		err = -DIOS_EIO;
	else if (dal_exe_shared(b->exe))
		err = -DIOS_EBUSY;
	else
		b->writing = true;
	spin_unlock_irqrestore(&b->obj.lock, flags);
	return err;
}

static void write_end(struct blob *b)
{
	unsigned long flags;

	spin_lock_irqsave(&b->obj.lock, flags);
	b->writing = false;
	spin_unlock_irqrestore(&b->obj.lock, flags);
}

/* The whole of a write: of bytes, which make the blob longer at most, or of the size. */
static int change(struct blob *b, struct record *r, bool set_size)
{
	struct change c = { .b = b, .record = r };
	int err;

	mutex_lock(&b->lock);
	err = write_begin(b);
	if (!err) {
		if (!set_size)
			r->size = max(b->size, r->off + r->len);
		r->version = b->version + 1;
		r->modified = dal_real_time();
		/* To set the size that it has changes nothing. */
		if (!set_size || r->size != b->size)
			err = change_charged(&c);
		write_end(b);
	}
	mutex_unlock(&b->lock);
	return err;
}

/* Buffers. */

/* What there is to read, seen at one moment. */
static int look(struct blob *b, u64 *size, u64 *version)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&b->obj.lock, flags);
	*size = b->size;
	*version = b->version;
	err = b->failed ? -DIOS_EIO : 0;
	spin_unlock_irqrestore(&b->obj.lock, flags);
	return err;
}

/* Bytes of the blob into pages of a buffer; behind its size they are zero. */
static int fill(struct blob *b, struct dios_buf *buf)
{
	u64 n = 0;
	int err = 0;

	mutex_lock(&b->lock);
	if (b->failed)
		err = -DIOS_EIO;
	else if (buf->off < b->size)
		n = min(buf->len, b->size - buf->off);
	if (n)
		err = dal_file_read(b->file, buf->kernel, n, buf->off);
	if (!err)
		memset(buf->kernel + n, 0, buf->len - n);
	buf->version = b->version;
	mutex_unlock(&b->lock);
	return err;
}

static int lend_mapped(struct dios_lend *l, size_t len)
{
	struct dal_pages *pages;
	int err;

	if (l->off % DIOS_PAGE_SIZE)
		return -DIOS_EINVAL;
	pages = dal_file_pages(blob_of(l->ref->obj)->file, l->off, ALIGN(len, DIOS_PAGE_SIZE));
	if (IS_ERR(pages))
		return PTR_ERR(pages);
	err = buf_lend_pages(l, pages, len);
	if (err)
		dal_pages_free(pages);
	return err;
}

static int blob_acquire_read(struct dios_lend *l)
{
	struct blob *b = blob_of(l->ref->obj);
	struct dios_buf *buf = l->buf;
	u64 size, len;
	int err;

	err = look(b, &size, &buf->version);
	if (err)
		return err;
	if (l->off >= size)
		return -DIOS_EEND;
	len = min_t(u64, buf_len(l, size - l->off), size - l->off);
	buf->off = l->off;
	if (!l->src)
		return lend_mapped(l, len);
	err = buf_lend(l, len);
	return err ? err : fill(b, buf);
}

static ssize_t blob_commit_read(struct dios_lend *l)
{
	struct blob *b = blob_of(l->ref->obj);
	struct dios_buf *buf = l->buf;
	unsigned long flags;
	bool stale;
	int err;

	spin_lock_irqsave(&b->obj.lock, flags);
	stale = b->applying || buf->version != b->version;
	buf->version = b->version;
	err = b->failed ? -DIOS_EIO : 0;
	spin_unlock_irqrestore(&b->obj.lock, flags);
	/* What is mapped is up to date by itself. */
	if (!err && buf->kernel && (stale || l->flags & DIOS_BUF_NEXT))
		err = fill(b, buf);
	return err ? err : stale ? -DIOS_ESTALE : l->len;
}

static int blob_acquire_write(struct dios_lend *l)
{
	struct blob *b = blob_of(l->ref->obj);
	u64 size, version, len;
	int err;

	err = look(b, &size, &version);
	if (err)
		return err;
	len = buf_len(l, l->off < size ? min_t(u64, size - l->off, DIOS_MAX_KBUF) : 0);
	if (!len || l->off > DIOS_MAX_BLOB || len > DIOS_MAX_BLOB - l->off)
		return -DIOS_EEND;
	err = buf_lend(l, len);
	if (err)
		return err;
	l->buf->off = l->off;
	return l->src ? 0 : fill(b, l->buf);
}

static ssize_t blob_commit_write(struct dios_lend *l)
{
	struct dios_buf *buf = l->buf;
	u64 at = l->iov.addr - buf->addr;
	struct record *r;
	int err;

	if (!l->len)
		return 0;
	r = record_new(l->len);
	if (!r)
		return -DIOS_ENOMEM;
	/* The program can still write its buffer: the sum is of this copy. */
	memcpy(record_bytes(r), buf->kernel + at, l->len);
	r->off = buf->off + at;
	err = change(blob_of(l->ref->obj), r, false);
	kvfree(r);
	return err ? err : l->len;
}

static void blob_info(struct dios_object *obj, void *out)
{
	struct blob *b = blob_of(obj);
	struct dios_blob_info *info = out;
	unsigned long flags;

	spin_lock_irqsave(&obj->lock, flags);
	info->size = b->size;
	info->version = b->version;
	info->modified = b->modified;
	spin_unlock_irqrestore(&obj->lock, flags);
}

static u64 blob_size(struct dios_object *obj, u32 right)
{
	u64 size = blob_of(obj)->size;

	return right == DIOS_R_WRITE ? min_t(u64, size, DIOS_MAX_KBUF) : size;
}

static int blob_set_info(struct dios_lend *l, const void *in)
{
	const struct dios_blob_info *info = in;
	struct record *r;
	int err;

	if (info->size > DIOS_MAX_BLOB)
		return -DIOS_EINVAL;
	r = record_new(0);
	if (!r)
		return -DIOS_ENOMEM;
	r->size = info->size;
	err = change(blob_of(l->ref->obj), r, true);
	kvfree(r);
	return err;
}

/* Programs. */

static struct dal_exe *import_exe(struct dios_object *obj)
{
	struct blob *b = blob_of(obj);

	dal_exe_get(b->exe);
	return b->exe;
}

static struct dal_exe *blob_exe(struct dios_object *obj)
{
	struct blob *b = blob_of(obj);
	struct dal_exe *e = b->exe;
	unsigned long flags;

	spin_lock_irqsave(&obj->lock, flags);
	if (b->failed) {
		e = ERR_PTR(-DIOS_EIO);
	} else if (b->writing) {
		e = ERR_PTR(-DIOS_EBUSY);
	} else {
		dal_exe_get(e);
		dal_exe_set_size(e, b->size);
	}
	spin_unlock_irqrestore(&obj->lock, flags);
	return e;
}

/* From the store first: what cannot be taken away there stays. */
static int blob_zombify(struct dios_object *obj)
{
	struct blob *b = blob_of(obj);
	int err = name_forget(obj);
	bool there;

	mutex_lock(&b->lock);
	there = b->where == STORED;
	mutex_unlock(&b->lock);
	if (!there)
		obj_zombify(obj);
	return err;
}

static const struct dios_object_ops import_ops = {
	.name		= "blob",
	.type		= DIOS_T_BLOB,
	.rights		= DIOS_R_EXEC,
	.proximity	= DIOS_P_DISK,
	.spec_size	= sizeof(struct dios_import),
	.made_by_program = true,
	.make		= blob_make,
	.acquire_read	= obj_acquire_none,
	.commit_read	= obj_commit_none,
	.acquire_write	= obj_acquire_none,
	.commit_write	= obj_commit_none,
	.discard	= obj_discard_none,
	.unlend		= buf_unlend,
	.info		= obj_info_none,
	.set_info	= obj_set_info_none,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= obj_ready_always,
	.task		= obj_task_none,
	.exe		= import_exe,
	.names		= obj_names_none,
	.size		= obj_size_none,
	.zombify	= obj_zombify_none,
	.kill		= obj_kill_nothing,
	.free		= blob_free,
};

const struct dios_object_ops blob_ops = {
	.name		= "blob",
	.type		= DIOS_T_BLOB,
	.rights		= DIOS_R_ALL,
	.spec_size	= sizeof(struct dios_blob),
	.made_by_program = true,
	.durable	= true,
	.parts		= true,
	.proximity	= DIOS_P_DISK,
	.info_size	= sizeof(struct dios_blob_info),
	.make		= blob_make,
	.acquire_read	= blob_acquire_read,
	.commit_read	= blob_commit_read,
	.acquire_write	= blob_acquire_write,
	.commit_write	= blob_commit_write,
	.discard	= obj_discard_none,
	.unlend		= buf_unlend,
	.info		= blob_info,
	.set_info	= blob_set_info,
	.opened		= obj_opened_nothing,
	.closed		= obj_opened_nothing,
	.ready		= obj_ready_always,
	.task		= obj_task_none,
	.exe		= blob_exe,
	.names		= obj_names_none,
	.size		= blob_size,
	.zombify	= blob_zombify,
	.kill		= obj_kill_nothing,
	.free		= blob_free,
};
