// SPDX-License-Identifier: GPL-2.0
/*
 * name.c - the name table of the node.
 *
 * Every name lies in a set of names, which is what a GROUP is here; the same name may
 * lie in several.  An object has one name at most.
 *
 * - name_add() gives an object a name in a set.  The table has no hold:
 *   object_put() takes the name away, and so does the death of the set.
 * - name_get() finds an object by its name in one set, and holds it.
 * - Durable objects of the root group have their names in the store too, and are loaded
 *   from there when somebody looks them up.  name_forget() takes one away for good.
 * - names_root() is the node's root group, which is always there.
 *
 * Buckets are chosen by a keyed hash of set and name, so that public names cannot be
 * made to collide, and that looking into a set takes no longer when the name lies in
 * another one.  Random names come from the host's CSPRNG and are never logged.
 *
 * Locks: names.store_lock, a mutex, guards what the table and the store say together about the
 * root group: a name that is in the store is given to no other object, and has one object at
 * most.  names.lock, a spinlock, guards the table; obj->lock
 * is taken under it.
 */
#include "core.h"

#define NAME_BUCKETS	4096	/* a power of two */
#define KILL_BATCH	64	/* names that go without giving the lock back */

static struct {
	struct mutex store_lock;
	spinlock_t lock;
	siphash_key_t key;
	struct dios_object *root;	/* a GROUP; set once */
	struct dios_names *root_set;	/* that it is; set once */
	u64 last;			/* number of the newest set */
	struct hlist_head buckets[NAME_BUCKETS];
} names;

/* At load.  The root group is held until names_exit(). */
int names_init(void)
{
	mutex_init(&names.store_lock);
	spin_lock_init(&names.lock);
	dal_random(&names.key, sizeof(names.key));
	names.root = dios_types[DIOS_T_GROUP]->make(NULL, 0, NULL);
	if (IS_ERR(names.root))
		return PTR_ERR(names.root);
	names.root_set = names.root->ops->names(names.root);
	return 0;
}

/* No task is left, so nothing has a name. */
void names_exit(void)
{
	object_put(names.root);
}

/* The group of all that was not put into one of its own. */
struct dios_object *names_root(void)
{
	return names.root;
}

void names_set_init(struct dios_names *s, u32 rights)
{
	s->rights = rights;
	s->dead = false;
	s->count = 0;
	INIT_LIST_HEAD(&s->list);
	spin_lock(&names.lock);
	s->number = ++names.last;
	spin_unlock(&names.lock);
}

static struct hlist_head *bucket(const struct dios_names *s, const u8 name[DIOS_NAME_SIZE])
{
	struct {
		u64 set;
		u8 name[DIOS_NAME_SIZE];
	} __aligned(8) what = { .set = s->number };

	memcpy(what.name, name, sizeof(what.name));
	return &names.buckets[siphash(&what, sizeof(what), &names.key) & (NAME_BUCKETS - 1)];
}

/* An object without a hold is on its way out, and its name is free already. */
static struct dios_object *find_locked(const struct dios_names *s,
				       const u8 name[DIOS_NAME_SIZE], bool public)
{
	struct dios_object *obj;

	lockdep_assert_held(&names.lock);
	hlist_for_each_entry(obj, bucket(s, name), name_link)
		if (obj->name_set == s && obj->name_public == public &&
		    !memcmp(obj->name, name, DIOS_NAME_SIZE) && refcount_read(&obj->holds))
			return obj;
	return NULL;
}

static void set_named(struct dios_object *obj, bool named)
{
	unsigned long flags;

	spin_lock_irqsave(&obj->lock, flags);
	obj->named = named;
	object_shown_locked(obj);
	spin_unlock_irqrestore(&obj->lock, flags);
}

/* May this name be given to this object? */
static int check_locked(struct dios_object *obj, struct dios_names *s, bool public,
			const u8 name[DIOS_NAME_SIZE])
{
	lockdep_assert_held(&names.lock);
	/* One that dies from now on waits for the lock to take its name away. */
	if (s->dead || object_dead(obj))
		return -DIOS_EZOMBIE;
	if (obj->name_set)
		return -DIOS_EBUSY;
	/* Two random names never meet (2^-128); a public one may well. */
	return find_locked(s, name, public) ? -DIOS_EEXIST : 0;
}

static int add_locked(struct dios_object *obj, struct dios_names *s, bool public,
		      const u8 name[DIOS_NAME_SIZE], u32 rights)
{
	int err = check_locked(obj, s, public, name);

	if (err)
		return err;
	memcpy(obj->name, name, DIOS_NAME_SIZE);
	obj->name_public = public;
	obj->name_rights = rights;
	obj->name_set = s;
	obj->name_had = true;
	hlist_add_head(&obj->name_link, bucket(s, name));
	list_add_tail(&obj->name_in_set, &s->list);
	s->count++;
	set_named(obj, true);
	stat_add(STAT_NAMES, 1);
	return 0;
}

static int add(struct dios_object *obj, struct dios_names *s, bool public,
	       const u8 name[DIOS_NAME_SIZE], u32 rights)
{
	int err;

	spin_lock(&names.lock);
	err = add_locked(obj, s, public, name, rights);
	spin_unlock(&names.lock);
	return err;
}

/* A name of the root group, where the store has names too. */
static int add_in_root(struct dios_object *obj, bool public, const u8 name[DIOS_NAME_SIZE],
		       u32 rights)
{
	bool durable = obj->ops->durable;
	int err;

	mutex_lock(&names.store_lock);
	spin_lock(&names.lock);
	err = check_locked(obj, names.root_set, public, name);
	spin_unlock(&names.lock);
	if (!err)
		err = dios_store.has(public, name);
	if (err > 0)
		err = -DIOS_EEXIST;
	if (!err && durable)
		err = dios_store.keep(obj, public, name, rights);
	if (!err) {
		err = add(obj, names.root_set, public, name, rights);
		/* It has died meanwhile. */
		if (err && durable)
			dios_store.forget(obj);
	}
	mutex_unlock(&names.store_lock);
	return err;
}

/**
 * name_add() - Give an object a name.
 * @obj:	held by the caller
 * @s:		where the name shall lie, of a GROUP held by the caller
 * @public:	the name is of the public name space; else it is random
 * @name:	the name
 * @rights:	what a lookup gives
 *
 * A durable object is on disk under that name on return, which only the root group's are:
 * no other group outlives the node.
 *
 * Context: May sleep.
 * Return: 0; -DIOS_EEXIST when the name is taken in this set, -DIOS_EBUSY when the object
 * has a name, -DIOS_EZOMBIE when it or the set is dead, -DIOS_ENOTSUP, or what the store says.
 */
int name_add(struct dios_object *obj, struct dios_names *s, bool public,
	     const u8 name[DIOS_NAME_SIZE], u32 rights)
{
	if (obj->ops->durable && s != names.root_set)
		return -DIOS_ENOTSUP;
	/* A random name is in no store, so that only who puts it there needs to look. */
	if (s != names.root_set || !dios_store.there() || !(public || obj->ops->durable))
		return add(obj, s, public, name, rights);
	return add_in_root(obj, public, name, rights);
}

/**
 * name_forget() - Take a durable object out of the store.
 * @obj:	held by the caller
 *
 * Context: May sleep.
 * Return: 0, also when it was not there; -DIOS_EIO.
 */
int name_forget(struct dios_object *obj)
{
	int err;

	mutex_lock(&names.store_lock);
	err = dios_store.forget(obj);
	mutex_unlock(&names.store_lock);
	return err;
}

static void del_locked(struct dios_object *obj)
{
	lockdep_assert_held(&names.lock);
	hlist_del_init(&obj->name_link);
	list_del(&obj->name_in_set);
	obj->name_set->count--;
	obj->name_set = NULL;
	set_named(obj, false);
	stat_add(STAT_NAMES, -1);
}

/* Take an object's name away, if it has one. */
void name_del(struct dios_object *obj)
{
	spin_lock(&names.lock);
	if (obj->name_set)
		del_locked(obj);
	spin_unlock(&names.lock);
}

/*
 * The same for an object without a hold: nobody gives it a name any more, but the end of
 * its set may be taking its name away now, and must have left it.  Objects that never had
 * a name pay one load and do not touch the table.
 */
void name_del_last(struct dios_object *obj)
{
	if (obj->name_had)
		name_del(obj);
}

/* What name_get() does, but in the table only. */
static struct dios_object *get(struct dios_names *s, bool public,
			       const u8 name[DIOS_NAME_SIZE], u32 *rights)
{
	struct dios_object *obj;

	spin_lock(&names.lock);
	obj = find_locked(s, name, public);
	if (obj) {
		*rights = obj->name_rights & s->rights;
		if (!*rights || !object_get_unless_free(obj))
			obj = NULL;
	}
	spin_unlock(&names.lock);
	return obj;
}

/* A name of the root group that is not in the table: what the store has. */
static struct dios_object *load(bool public, const u8 name[DIOS_NAME_SIZE], u32 *rights)
{
	struct dios_object *obj;
	int err;

	mutex_lock(&names.store_lock);
	/* Somebody may have loaded it meanwhile. */
	obj = get(names.root_set, public, name, rights);
	if (!obj) {
		obj = dios_store.load(public, name, rights);
		err = IS_ERR_OR_NULL(obj) ? 0 : add(obj, names.root_set, public, name, *rights);
		if (err) {
			object_put(obj);
			obj = ERR_PTR(err);
		}
	}
	mutex_unlock(&names.store_lock);
	return obj;
}

/**
 * name_get() - Find an object by name and hold it.
 * @s:		where to look
 * @public:	look in the public name space
 * @name:	the name
 * @rights:	out, what the name gives, and never 0
 *
 * Context: May sleep.
 * Return: the object with one more hold; NULL: no such name, or its object
 * is dying, or the set leaves no right; ERR_PTR of what the store says.
 */
struct dios_object *name_get(struct dios_names *s, bool public,
			     const u8 name[DIOS_NAME_SIZE], u32 *rights)
{
	struct dios_object *obj = get(s, public, name, rights);

	if (obj || s != names.root_set || !dios_store.there())
		return obj;
	return load(public, name, rights);
}

u64 names_count(struct dios_names *s)
{
	u64 n;

	spin_lock(&names.lock);
	n = s->count;
	spin_unlock(&names.lock);
	return n;
}

/*
 * Call fn for each object that has a name, under names.lock: fn must not sleep.  The lock
 * is given back in between, so that those who want names do not wait for all of it.
 */
void names_list(void (*fn)(const struct dios_object *obj, void *arg), void *arg)
{
	struct dios_object *obj;
	u32 i;

	for (i = 0; i < NAME_BUCKETS; i++) {
		spin_lock(&names.lock);
		hlist_for_each_entry(obj, &names.buckets[i], name_link)
			if (refcount_read(&obj->holds))
				fn(obj, arg);
		spin_unlock(&names.lock);
	}
}

/* The set takes no more names, and those in it go; their objects stay. */
void names_set_kill(struct dios_names *s)
{
	bool more = true;
	u32 i;

	while (more) {
		spin_lock(&names.lock);
		s->dead = true;
		for (i = 0; i < KILL_BATCH && !list_empty(&s->list); i++)
			del_locked(list_first_entry(&s->list, struct dios_object, name_in_set));
		more = !list_empty(&s->list);
		spin_unlock(&names.lock);
	}
}
