// SPDX-License-Identifier: GPL-2.0
/*
 * table.c - what a task knows of its references without a call.
 *
 * A task that asks for it has a table of struct dios_info mapped, read-only, with an entry
 * for each slot of its reference table.  The kernel keeps it up to date: an object has a list of
 * the entries that show it, and whoever changes what they say says so with object_shown_locked().
 * Tasks that never ask have no table, and their references are in no such list.
 *
 * The table is as long as the task may have references, and is backed as far as there
 * are slots: table_back() before slots are made.
 *
 * Locks: task->lock guards the table; obj->lock, taken under it, the object's list and
 * what the entries in it say.
 */
#include "core.h"

#define PER_PAGE	(DIOS_PAGE_SIZE / sizeof(struct dios_info))
#define ENTRIES_MAX	(1u << 20)	/* whatever the quota says */

/* A page of entries, and their places in the objects' lists. */
struct chunk {
	struct dios_info *infos;
	struct dios_shown shown[PER_PAGE];
};

struct dios_table {
	struct dal_pages *pages;	/* set once */
	u32 n;				/* entries; set once */
	struct chunk **chunks;		/* n / PER_PAGE of them; NULL: not backed */
};

static void table_end(struct dios_table *tab)
{
	u32 i;

	for (i = 0; i < tab->n / PER_PAGE; i++)
		kfree(tab->chunks[i]);
	kvfree(tab->chunks);
	dal_pages_free(tab->pages);
	kfree(tab);
}

/* How many entries a table has that is made now. */
static u32 entries(void)
{
	return ALIGN(min(dios_quota_refs, ENTRIES_MAX), PER_PAGE);
}

static struct dios_table *table_new(u32 n)
{
	struct dios_table *tab = kzalloc(sizeof(*tab), GFP_KERNEL_ACCOUNT);

	if (!tab)
		return ERR_PTR(-DIOS_ENOMEM);
	tab->n = n;
	tab->chunks = kvcalloc(tab->n / PER_PAGE, sizeof(*tab->chunks), GFP_KERNEL_ACCOUNT);
	if (tab->chunks)
		tab->pages = dal_pages_alloc_lazy((size_t)tab->n * sizeof(struct dios_info));
	if (!tab->chunks || IS_ERR(tab->pages)) {
		kvfree(tab->chunks);
		kfree(tab);
		return ERR_PTR(-DIOS_ENOMEM);
	}
	return tab;
}

/* The first chunk that is missing for so many slots, or -1. */
static s64 missing_locked(const struct dios_table *tab, u32 slots)
{
	u32 i;

	for (i = 0; i < tab->n / PER_PAGE && i * PER_PAGE < slots; i++)
		if (!tab->chunks[i])
			return i;
	return -1;
}

static struct chunk *chunk_new(struct dios_table *tab, u32 i)
{
	struct chunk *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	u32 k;

	if (!c)
		return NULL;
	c->infos = dal_pages_back(tab->pages, (size_t)i * DIOS_PAGE_SIZE);
	if (IS_ERR(c->infos)) {
		kfree(c);
		return NULL;
	}
	for (k = 0; k < PER_PAGE; k++)
		c->shown[k].info = &c->infos[k];
	return c;
}

static int back(struct dios_task *t, struct dios_table *tab, u32 slots)
{
	struct chunk *c;
	s64 i;

	for (;;) {
		spin_lock(&t->lock);
		i = missing_locked(tab, slots);
		spin_unlock(&t->lock);
		if (i < 0)
			return 0;
		c = chunk_new(tab, i);
		if (!c)
			return -DIOS_ENOMEM;
		spin_lock(&t->lock);
		if (!tab->chunks[i]) {
			tab->chunks[i] = c;
			c = NULL;
		}
		spin_unlock(&t->lock);
		kfree(c);
	}
}

/**
 * table_back() - Prepare the table, if there is one, for more slots.
 * @t:		any task
 * @slots:	how many it will have
 *
 * Context: Any task's.  May sleep.
 * Return: 0, or -DIOS_ENOMEM.
 */
int table_back(struct dios_task *t, u32 slots)
{
	/* It is set once, and lives as long as the task. */
	struct dios_table *tab = READ_ONCE(t->table);

	return tab ? back(t, tab, slots) : 0;
}

/* Is the table, which may have come meanwhile, prepared for so many? */
bool table_backed_locked(struct dios_task *t, u32 slots)
{
	lockdep_assert_held(&t->lock);
	return !t->table || missing_locked(t->table, slots) < 0;
}

/* NULL: beyond the table, which was made when the quota was smaller. */
static struct dios_shown *shown_of(struct dios_table *tab, u32 slot)
{
	struct chunk *c = slot < tab->n ? tab->chunks[slot / PER_PAGE] : NULL;

	return c ? &c->shown[slot % PER_PAGE] : NULL;
}

/* The task may be looking. */
static void show_locked(struct dios_object *obj, struct dios_info *info)
{
	lockdep_assert_held(&obj->lock);
	WRITE_ONCE(info->state, (obj->dead ? DIOS_INFO_DEAD : 0) |
				(obj->named ? DIOS_INFO_NAMED : 0));
	WRITE_ONCE(info->read_size, obj->ops->size(obj, DIOS_R_READ));
	WRITE_ONCE(info->write_size, obj->ops->size(obj, DIOS_R_WRITE));
}

/* The object has died, got or lost its name, or has another size. */
void object_shown_locked(struct dios_object *obj)
{
	struct dios_shown *shown;

	lockdep_assert_held(&obj->lock);
	hlist_for_each_entry(shown, &obj->shown, link)
		show_locked(obj, shown->info);
}

/* A reference becomes the task's; its number is written last. */
void table_add_locked(struct dios_task *t, struct dios_ref *ref)
{
	struct dios_shown *shown;
	struct dios_object *obj = ref->obj;
	unsigned long flags;

	lockdep_assert_held(&t->lock);
	shown = t->table ? shown_of(t->table, (u32)ref->id) : NULL;
	if (!shown)
		return;
	shown->info->type = obj->ops->type;
	shown->info->rights = ref->rights;
	shown->info->proximity = obj->ops->proximity;
	spin_lock_irqsave(&obj->lock, flags);
	show_locked(obj, shown->info);
	hlist_add_head(&shown->link, &obj->shown);
	spin_unlock_irqrestore(&obj->lock, flags);
	smp_store_release(&shown->info->ref, ref->id);
}

/* Only the task itself takes references away, so it is not looking. */
void table_del_locked(struct dios_task *t, struct dios_ref *ref)
{
	struct dios_shown *shown;
	unsigned long flags;

	lockdep_assert_held(&t->lock);
	shown = t->table ? shown_of(t->table, (u32)ref->id) : NULL;
	if (!shown)
		return;
	spin_lock_irqsave(&ref->obj->lock, flags);
	hlist_del_init(&shown->link);
	spin_unlock_irqrestore(&ref->obj->lock, flags);
	memset(shown->info, 0, sizeof(*shown->info));
}

static bool install(struct dios_task *t, struct dios_table *tab)
{
	bool ready;
	u32 i;

	spin_lock(&t->lock);
	ready = missing_locked(tab, t->nslots) < 0;
	if (ready) {
		WRITE_ONCE(t->table, tab);
		for (i = 0; i < t->nslots; i++)
			if (t->slots[i].ref)
				table_add_locked(t, t->slots[i].ref);
	}
	spin_unlock(&t->lock);
	return ready;
}

/**
 * table_lend() - Lend the running task the table of its references.
 * @l:	an acquire of its SELF, to read
 *
 * Context: The task's own.  May sleep.
 * Return: 0; -DIOS_EINVAL, -DIOS_ENOMEM, -DIOS_EBUSY.
 */
int table_lend(struct dios_lend *l)
{
	struct dios_task *t = l->task;
	struct dios_table *tab = t->table;
	struct dios_buf *buf = l->buf;
	u32 n = tab ? tab->n : entries();
	int err;

	if (l->len > (u64)n * sizeof(struct dios_info))
		return -DIOS_EINVAL;
	if (!tab) {
		tab = table_new(n);
		if (IS_ERR(tab))
			return PTR_ERR(tab);
		/* Somebody may give the task references meanwhile. */
		do
			err = back(t, tab, READ_ONCE(t->nslots));
		while (!err && !install(t, tab));
		if (err) {
			table_end(tab);
			return err;
		}
	}
	err = buf_lend_view(l, tab->pages, (size_t)tab->n * sizeof(struct dios_info), false);
	if (err)
		return err;
	buf->addr = buf->mem->addr;
	buf->len = buf->size = buf->mem->size;
	return 0;
}

/* With the task's own memory; no reference is left. */
void table_free(struct dios_task *t)
{
	if (t->table)
		table_end(t->table);
}
