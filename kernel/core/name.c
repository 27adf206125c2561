// SPDX-License-Identifier: GPL-2.0
/*
 * name.c - the name table of the node.
 *
 * - name_add() gives an object a name: a random one, or in the public name
 *   space the caller's.  The table has no hold; object_put() takes the name away.
 * - name_get() finds an object by name and holds it.
 *
 * Buckets are chosen by a keyed hash, so that public names cannot be made to
 * collide; random names come from the host's CSPRNG and are never logged.
 *
 * Locks: names.lock, taken before nothing.
 */
#include "core.h"

#define NAME_BUCKETS	4096	/* a power of two */

static struct {
	spinlock_t lock;
	siphash_key_t key;
	struct hlist_head buckets[NAME_BUCKETS];
} names;

void names_init(void)
{
	spin_lock_init(&names.lock);
	dal_random(&names.key, sizeof(names.key));
}

static struct hlist_head *bucket(const u8 name[DIOS_NAME_SIZE])
{
	u64 w[4];

	memcpy(w, name, sizeof(w));
	return &names.buckets[siphash_4u64(w[0], w[1], w[2], w[3], &names.key) &
			      (NAME_BUCKETS - 1)];
}

static struct dios_object *find_locked(const u8 name[DIOS_NAME_SIZE], bool public)
{
	struct dios_object *obj;

	lockdep_assert_held(&names.lock);
	hlist_for_each_entry(obj, bucket(name), name_link)
		if (obj->name_public == public &&
		    !memcmp(obj->name, name, DIOS_NAME_SIZE))
			return obj;
	return NULL;
}

/**
 * name_add() - Give an object a name.
 * @obj:	an object without one, held by the caller
 * @public:	the caller chose the name
 * @name:	in when public, else out
 * @rights:	what a lookup gives
 *
 * Context: May sleep for random bytes.
 * Return: 0, or -DIOS_EEXIST for a public name that is taken.
 */
int name_add(struct dios_object *obj, bool public, u8 name[DIOS_NAME_SIZE], u32 rights)
{
	if (!public)
		dal_random(name, DIOS_NAME_SIZE);
	memcpy(obj->name, name, DIOS_NAME_SIZE);
	obj->name_public = public;
	obj->name_rights = rights;

	spin_lock(&names.lock);
	/* Two random names never meet (2^-128); a public one may well. */
	if (find_locked(name, public)) {
		spin_unlock(&names.lock);
		return -DIOS_EEXIST;
	}
	hlist_add_head(&obj->name_link, bucket(name));
	spin_unlock(&names.lock);
	stat_add(STAT_NAMES, 1);
	return 0;
}

/*
 * Anonymous objects pay one load: they never touch the table.  The link of a
 * named one changes under it, when its neighbour in the bucket comes or goes.
 */
void name_del(struct dios_object *obj)
{
	bool had;

	if (hlist_unhashed_lockless(&obj->name_link))
		return;
	spin_lock(&names.lock);
	had = !hlist_unhashed(&obj->name_link);
	if (had)
		hlist_del_init(&obj->name_link);
	spin_unlock(&names.lock);
	if (had)
		stat_add(STAT_NAMES, -1);
}

/**
 * name_get() - Find an object by name and hold it.
 * @name:	the name
 * @public:	look in the public name space
 * @rights:	out, what the name gives
 *
 * Context: Does not sleep.
 * Return: the object with one more hold, or NULL: no such name, or its object
 * is dying.
 */
struct dios_object *name_get(const u8 name[DIOS_NAME_SIZE], bool public, u32 *rights)
{
	struct dios_object *obj;

	spin_lock(&names.lock);
	obj = find_locked(name, public);
	if (obj && !object_get_unless_free(obj))
		obj = NULL;
	if (obj)
		*rights = obj->name_rights;
	spin_unlock(&names.lock);
	return obj;
}
