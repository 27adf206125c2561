// SPDX-License-Identifier: GPL-2.0
/* test_group.c - GROUP: who finds which names, with which rights, and what dies with what. */
#include "test.h"

#define PUBLIC	DIOS_LOOKUP_PUBLIC

static u64 new_group(struct dios_task *t, u32 rights)
{
	struct dios_group spec = { rights, 0 };
	u64 ref;

	OK(t_create(t, 0, DIOS_T_GROUP, &spec, sizeof(spec), NULL, &ref));
	return ref;
}

/* create of a RANDOM object, or DIOS_CREATE_NAME of *ref. */
static s64 put(struct dios_task *t, u64 flags, u8 *name, u64 group, u64 *ref)
{
	struct { u8 name[DIOS_NAME_SIZE]; u64 ref; } *u = hosted_map(t, DIOS_PAGE_SIZE, true);
	s64 ret;

	memcpy(u->name, name, sizeof(u->name));
	u->ref = *ref;
	ret = hosted_call6(t, DIOS_CREATE, flags, DIOS_T_RANDOM, 0, hosted_addr(u->name),
			   hosted_addr(&u->ref), group);
	if (!ret) {
		memcpy(name, u->name, sizeof(u->name));
		*ref = u->ref;
	}
	hosted_unmap(t, u);
	return ret;
}

static s64 put_in(struct dios_task *t, u64 group, u8 *name)
{
	u64 ref = 0;

	return put(t, DIOS_CREATE_GROUP | DIOS_CREATE_PUBLIC, name, group, &ref);
}

/* lookup with room for as many as *n says; then how many there are. */
static s64 find(struct dios_task *t, u64 flags, const u8 *name, u64 group, u64 *refs, u64 *n)
{
	struct { u8 name[DIOS_NAME_SIZE]; u64 n, refs[400]; } *u = hosted_map(t, sizeof(*u), true);
	s64 ret;

	memcpy(u->name, name, sizeof(u->name));
	u->n = *n;
	ret = hosted_call6(t, DIOS_LOOKUP, flags, hosted_addr(u->name), hosted_addr(u->refs),
			   hosted_addr(&u->n), group, 0x5a5a);
	*n = u->n;
	if (!ret)
		memcpy(refs, u->refs, *n * sizeof(*refs));
	hosted_unmap(t, u);
	return ret;
}

static s64 find_one(struct dios_task *t, u64 flags, const u8 *name, u64 group)
{
	u64 ref, n = 1;
	s64 ret = find(t, flags, name, group, &ref, &n);

	if (!ret)
		OK(t_delete(t, ref));
	return ret;
}

static s64 find_in(struct dios_task *t, u64 group, const u8 *name)
{
	return find_one(t, PUBLIC | DIOS_LOOKUP_GROUP, name, group);
}

static u64 give(struct dios_task *from, u64 ref, u32 rights, struct dios_task *to)
{
	u64 got;

	OK(task_add_ref(to, ref_find(from, ref, 0)->obj, rights, &got));
	return got;
}

static struct dios_object *object_of(struct dios_task *t, u64 ref)
{
	return ref_find(t, ref, 0)->obj;
}

TEST(a_group_is_made)
{
	struct dios_task *t = pure();
	struct dios_group spec;
	u64 ref;

	spec = (struct dios_group){ 0, 0 };
	FAILS(DIOS_EINVAL, t_create(t, 0, DIOS_T_GROUP, &spec, sizeof(spec), NULL, &ref));
	spec = (struct dios_group){ DIOS_R_ALL + 1, 0 };
	FAILS(DIOS_EINVAL, t_create(t, 0, DIOS_T_GROUP, &spec, sizeof(spec), NULL, &ref));
	spec = (struct dios_group){ DIOS_R_READ, 1 };
	FAILS(DIOS_EINVAL, t_create(t, 0, DIOS_T_GROUP, &spec, sizeof(spec), NULL, &ref));
	ref = new_group(t, DIOS_R_READ);
	CHECK_EQ(ref_find(t, ref, 0)->rights, DIOS_R_READ | DIOS_R_WRITE);
	quit(t);
}

TEST(who_has_the_group_finds_the_name)
{
	struct dios_task *a = pure(), *b = pure();
	u8 name[DIOS_NAME_SIZE] = "x";
	u64 g = new_group(a, DIOS_R_ALL), read, write;

	OK(put_in(a, g, name));
	OK(find_in(a, g, name));
	OK(find_one(a, PUBLIC, name, 0));
	/* It lies there and nowhere else. */
	FAILS(DIOS_ENOENT, find_in(a, a->start.group, name));
	FAILS(DIOS_ENOENT, find_one(b, PUBLIC, name, 0));
	/* The right to put is not the right to find. */
	write = give(a, g, DIOS_R_WRITE, b);
	FAILS(DIOS_ENOENT, find_one(b, PUBLIC, name, 0));
	FAILS(DIOS_EPERM, find_in(b, write, name));
	FAILS(DIOS_EEXIST, put_in(b, write, name));
	read = give(a, g, DIOS_R_READ, b);
	OK(find_one(b, PUBLIC, name, 0));
	OK(find_in(b, read, name));
	FAILS(DIOS_EPERM, put_in(b, read, name));
	/* Without the reference it is as if there were none. */
	OK(t_delete(b, read));
	FAILS(DIOS_ENOENT, find_one(b, PUBLIC, name, 0));
	quit(a);
	quit(b);
}

TEST(the_group_takes_rights_away)
{
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE], other[DIOS_NAME_SIZE];
	u64 r = new_group(t, DIOS_R_READ), w = new_group(t, DIOS_R_WRITE), timer, got, n = 1;

	OK(t_timer(t, 0, 0, &timer));
	OK(t_create(t, 0, DIOS_T_RANDOM, NULL, 0, other, &got));
	/* A RANDOM gives READ, and this group only WRITE: nothing is left. */
	got = 0;
	OK(put(t, DIOS_CREATE_GROUP, name, w, &got));
	FAILS(DIOS_ENOENT, find_one(t, 0, name, 0));
	FAILS(DIOS_ENOENT, find_one(t, DIOS_LOOKUP_GROUP, name, w));
	OK(in_root(object_of(t, timer), name, DIOS_R_READ | DIOS_R_WRITE));
	OK(find(t, 0, name, 0, &got, &n));
	CHECK_EQ(ref_find(t, got, 0)->rights, DIOS_R_READ | DIOS_R_WRITE);
	name_del(object_of(t, timer));
	OK(name_add(object_of(t, timer), object_of(t, r)->ops->names(object_of(t, r)), false, name,
		    DIOS_R_READ | DIOS_R_WRITE));
	OK(find(t, 0, name, 0, &got, &n));
	CHECK_EQ(ref_find(t, got, 0)->rights, DIOS_R_READ);
	quit(t);
}

TEST(the_same_name_in_several_groups)
{
	enum { N = 100 };
	struct dios_task *t = pure(), *other = pure();
	u8 name[DIOS_NAME_SIZE] = "everywhere";
	u64 g[N], refs[N + 1], first, n, had;
	u32 i, k;

	OK(t_create(t, DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, NULL, 0, name, &first));
	for (i = 0; i < N; i++) {
		g[i] = new_group(t, DIOS_R_ALL);
		OK(put_in(t, g[i], name));
		/* Again the same group: it counts once. */
		give(t, g[i / 2], DIOS_R_READ, t);
	}
	give(t, t->start.group, DIOS_R_READ, t);
	/* Too little room, all or none. */
	for (n = 0; n <= N; n++) {
		had = n;
		FAILS(DIOS_ETOOBIG, find(t, PUBLIC, name, 0, refs, &n));
		CHECK_EQ(n, N + 1);
		n = had;
	}
	n = N + 1;
	OK(find(t, PUBLIC, name, 0, refs, &n));
	CHECK_EQ(n, N + 1);
	CHECK(object_of(t, refs[0]) == object_of(t, first));
	for (i = 0; i <= N; i++)
		for (k = 0; k < i; k++)
			CHECK(object_of(t, refs[i]) != object_of(t, refs[k]));
	for (i = 0; i <= N; i++)
		OK(t_delete(t, refs[i]));
	/* The quota: all or none. */
	dios_quota_refs = t->nrefs + N;
	FAILS(DIOS_EQUOTA, find(t, PUBLIC, name, 0, refs, &n));
	dios_quota_refs++;
	OK(find(t, PUBLIC, name, 0, refs, &n));
	dios_quota_refs = 65536;
	/* The one in the group given, only. */
	n = 1;
	OK(find(t, PUBLIC | DIOS_LOOKUP_GROUP, name, g[7], refs, &n));
	CHECK_EQ(n, 1);
	n = 1;
	OK(find(other, PUBLIC, name, 0, refs, &n));
	quit(t);
	quit(other);
}

TEST(lookup_fails_at_each_step)
{
	enum { N = 6 };
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE] = "x";
	u64 refs[N], n = N;
	s64 ret;
	u32 i;

	for (i = 0; i < N; i++)
		OK(put_in(t, new_group(t, DIOS_R_ALL), name));
	EACH(FAIL_ALLOC, DIOS_ENOMEM, ret, find(t, PUBLIC, name, 0, refs, &n));
	EACH(FAIL_COPY, DIOS_EFAULT, ret, find(t, PUBLIC, name, 0, refs, &n));
	CHECK_EQ(n, N);
	quit(t);
}

TEST(a_dead_group_has_no_names)
{
	enum { N = 1000 };
	struct dios_task *t = pure(), *b = pure();
	u8 name[DIOS_NAME_SIZE];
	u64 g = new_group(t, DIOS_R_ALL), there = give(t, g, DIOS_R_READ, b), refs[N], own;
	u32 i;

	for (i = 0; i < N; i++) {
		refs[i] = 0;
		OK(put(t, DIOS_CREATE_GROUP, name, g, &refs[i]));
	}
	OK(put(t, 0, name, 0, &own));
	CHECK_EQ(stat_get(STAT_NAMES), N + 1);
	OK(find_one(t, 0, name, 0));
	OK(t_zombify(t, g));
	CHECK_EQ(stat_get(STAT_NAMES), 1);
	/* It takes no more, and the objects are there. */
	FAILS(DIOS_EZOMBIE, put_in(t, g, name));
	FAILS(DIOS_EZOMBIE, find_in(b, there, name));
	OK(find_one(t, 0, name, 0));
	for (i = 0; i < N; i++)
		CHECK(!object_dead(object_of(t, refs[i])));
	/* They can have names again. */
	OK(put(t, DIOS_CREATE_NAME, name, 0, &refs[0]));
	OK(find_one(t, 0, name, 0));
	quit(t);
	quit(b);
}

TEST(a_group_dies_with_its_last_reference)
{
	struct dios_task *t = pure();
	u8 name[DIOS_NAME_SIZE] = "x";
	u64 g = new_group(t, DIOS_R_ALL), ref = 0;

	OK(put(t, DIOS_CREATE_GROUP | DIOS_CREATE_PUBLIC, name, g, &ref));
	OK(t_delete(t, g));
	CHECK_EQ(stat_get(STAT_NAMES), 0);
	FAILS(DIOS_ENOENT, find_one(t, PUBLIC, name, 0));
	OK(t_delete(t, ref));
	quit(t);
}

/* Also when the objects go first, and when everything goes at once. */
TEST(objects_leave_their_group)
{
	struct dios_task *t = pure();
	struct dios_iov iov = {};
	struct dios_group_info *info;
	u64 g = new_group(t, DIOS_R_READ), refs[10];
	u8 name[DIOS_NAME_SIZE];
	u32 i;

	for (i = 0; i < 10; i++) {
		refs[i] = 0;
		OK(put(t, DIOS_CREATE_GROUP, name, g, &refs[i]));
	}
	OK(t_buf(t, DIOS_ACQUIRE_READ, DIOS_BUF_INFO, g, 0, &iov));
	info = hosted_ptr(iov.addr);
	CHECK(info->names == 10 && info->rights == DIOS_R_READ && !info->pad);
	for (i = 0; i < 4; i++)
		OK(t_delete(t, refs[i]));
	CHECK_EQ(t_buf(t, DIOS_COMMIT_READ, DIOS_BUF_NEXT, g, 0, &iov), 0);
	CHECK_EQ(info->names, 6);
	quit(t);
}

TEST(the_root_group_stays)
{
	struct dios_task *t = limbo();
	u8 name[DIOS_NAME_SIZE] = "x";
	u64 *name_args;

	CHECK(object_of(t, t->start.group) == names_root());
	FAILS(DIOS_ENOTSUP, t_zombify(t, t->start.group));
	OK(put_in(t, t->start.group, name));
	/* Nor does it get a name, which would stay too. */
	name_args = hosted_map(t, DIOS_PAGE_SIZE, true);
	name_args[0] = t->start.group;
	FAILS(DIOS_EPERM, call(t, DIOS_CREATE, DIOS_CREATE_NAME, DIOS_T_GROUP, 0,
			       hosted_addr(&name_args[1]), hosted_addr(name_args)));
	/* A task is in its own group also without the reference. */
	OK(t_delete(t, t->start.group));
	OK(find_one(t, PUBLIC, name, 0));
	quit(t);
}

TEST(name_an_object_that_has_none)
{
	struct dios_task *t = pure(), *b = pure();
	u8 name[DIOS_NAME_SIZE] = "later";
	struct dios_timer spec = { 0, 0 };
	u64 ref, less, zombie, none = 7, got, n = 1;

	OK(t_timer(t, 0, 0, &zombie));
	OK(t_zombify(t, zombie));
	FAILS(DIOS_EINVAL, put(t, DIOS_CREATE_NAME | DIOS_CREATE_IMPORT, name, 0, &none));
	FAILS(DIOS_EBADREF, put(t, DIOS_CREATE_NAME, name, 0, &none));
	/* It says what it thinks the object is. */
	OK(t_timer(t, 0, 0, &ref));
	FAILS(DIOS_EINVAL, put(t, DIOS_CREATE_NAME, name, 0, &ref));
	FAILS(DIOS_EZOMBIE, put(t, DIOS_CREATE_NAME, name, 0, &zombie));
	OK(t_delete(t, ref));
	OK(t_delete(t, zombie));

	OK(t_create(t, 0, DIOS_T_TIMER, &spec, sizeof(spec), NULL, &ref));
	OK(t_copy_one(t, ref, DIOS_R_READ, DIOS_REF_SELF, &less));
	{
		struct { u8 name[DIOS_NAME_SIZE]; u64 ref; } *u = hosted_map(t, DIOS_PAGE_SIZE, true);

		memcpy(u->name, name, sizeof(u->name));
		u->ref = less;
		FAILS(DIOS_EINVAL, call(t, DIOS_CREATE, DIOS_CREATE_NAME, DIOS_T_TIMER, hosted_addr(u),
					hosted_addr(u->name), hosted_addr(&u->ref)));
		FAILS(DIOS_EFAULT, call(t, DIOS_CREATE, DIOS_CREATE_NAME, DIOS_T_TIMER, 0,
					hosted_addr(u->name), 8));
		FAILS(DIOS_EINVAL, call(t, DIOS_CREATE, DIOS_CREATE_NAME, DIOS_T_PRIVMEM, 0,
					hosted_addr(u->name), hosted_addr(&u->ref)));
		OK(call(t, DIOS_CREATE, DIOS_CREATE_NAME | DIOS_CREATE_PUBLIC, DIOS_T_TIMER, 0,
			hosted_addr(u->name), hosted_addr(&u->ref)));
		CHECK_EQ(u->ref, less);
		/* Once. */
		FAILS(DIOS_EBUSY, call(t, DIOS_CREATE, DIOS_CREATE_NAME, DIOS_T_TIMER, 0,
				       hosted_addr(u->name), hosted_addr(&u->ref)));
		/* Its name is taken for others. */
		CHECK_EQ(stat_get(STAT_NAMES), 1);
	}
	/* The rights are those of the reference it was named by. */
	OK(find(b, PUBLIC, name, 0, &got, &n));
	CHECK_EQ(ref_find(b, got, 0)->rights, DIOS_R_READ);
	CHECK(object_of(b, got) == object_of(t, ref));
	quit(t);
	quit(b);
}

/* The child's group: the parent's own, or the one it was given. */

static struct { u8 name[DIOS_NAME_SIZE]; u32 finds; } child_sees;

static u32 child(struct dios_task *t, int argc, char **argv, char **env)
{
	u8 name[DIOS_NAME_SIZE] = "of the child";
	u64 ref = 0;

	CHECK_EQ(ref_find(t, t->start.group, 0)->rights, DIOS_R_READ | DIOS_R_WRITE);
	child_sees.finds = !find_one(t, PUBLIC, child_sees.name, 0);
	OK(put(t, DIOS_CREATE_PUBLIC, name, 0, &ref));
	OK(find_in(t, t->start.group, name));
	return t->start.nrefs ? find_in(t, t->start.refs[0].ref, child_sees.name) != 0 : 0;
}

TEST(a_child_is_in_its_parents_group_or_another)
{
	struct dios_task *t = limbo();
	struct run r = { .argv = { "p" } };
	struct dios_grant grant;
	u64 g = new_group(t, DIOS_R_ALL), less, timer, zombie = new_group(t, DIOS_R_ALL), task, ref = 0;

	memcpy(child_sees.name, "of the parent", 14);
	OK(put(t, DIOS_CREATE_PUBLIC, child_sees.name, 0, &ref));
	OK(t_import(t, program(child), &r.exe));
	OK(t_run(t, &r, &task));
	CHECK_EQ(status_of(t, task).status, 0);
	CHECK(child_sees.finds);
	hosted_join();

	r.group = g;
	OK(t_run(t, &r, &task));
	CHECK_EQ(status_of(t, task).status, 0);
	CHECK(!child_sees.finds);
	hosted_join();
	/* The parent's, handed over to look only. */
	OK(t_copy_one(t, t->start.group, DIOS_R_READ, DIOS_REF_SELF, &less));
	grant = (struct dios_grant){ .ref = less, .rights = DIOS_R_READ };
	r.grants = &grant;
	r.ngrants = 1;
	OK(t_run(t, &r, &task));
	CHECK_EQ(status_of(t, task).status, 0);
	CHECK(child_sees.finds);
	hosted_join();

	r.group = less;
	FAILS(DIOS_EPERM, t_run(t, &r, &task));
	OK(t_copy_one(t, g, DIOS_R_WRITE, DIOS_REF_SELF, &r.group));
	FAILS(DIOS_EPERM, t_run(t, &r, &task));
	r.group = 3;
	FAILS(DIOS_EBADREF, t_run(t, &r, &task));
	OK(t_timer(t, 0, 0, &timer));
	r.group = timer;
	FAILS(DIOS_EINVAL, t_run(t, &r, &task));
	OK(t_zombify(t, zombie));
	r.group = zombie;
	FAILS(DIOS_EZOMBIE, t_run(t, &r, &task));
	quit(t);
}

/* Races: groups die while names come, go and are looked for. */

#define TASKS	4

struct racer {
	pthread_t thread;
	struct dios_task *t;
	u64 g;
	u32 n;
};

static void *uses_a_group(void *arg)
{
	struct racer *r = arg;
	u32 i, seed = r->n;
	u64 ref, n, refs[2];
	s64 err;

	for (i = 0; i < 600; i++) {
		u8 name[DIOS_NAME_SIZE] = {};

		seed = seed * 1664525 + 1013904223;
		name[0] = seed >> 30;
		ref = 0;
		if (seed >> 29 & 1) {
			err = put(r->t, DIOS_CREATE_GROUP | DIOS_CREATE_PUBLIC, name, r->g, &ref);
			CHECK(!err || err == -DIOS_EEXIST || err == -DIOS_EZOMBIE);
		} else {
			n = 2;
			err = find(r->t, PUBLIC, name, 0, refs, &n);
			CHECK(!err || err == -DIOS_ENOENT);
			ref = refs[0];
		}
		if (!err && seed >> 27 & 3)
			OK(t_delete(r->t, ref));
		if (r->n == 0 && i == 300)
			OK(t_zombify(r->t, r->g));
	}
	return NULL;
}

TEST(a_group_dies_while_it_is_used)
{
	struct racer r[TASKS];
	u32 i, round;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < TASKS; i++) {
			r[i] = (struct racer){ .t = pure(), .n = i };
			r[i].g = i ? give(r[0].t, r[0].g, DIOS_R_READ | DIOS_R_WRITE, r[i].t) :
				     new_group(r[0].t, DIOS_R_ALL);
		}
		for (i = 0; i < TASKS; i++)
			CHECK(!pthread_create(&r[i].thread, NULL, uses_a_group, &r[i]));
		for (i = 0; i < TASKS; i++)
			CHECK(!pthread_join(r[i].thread, NULL));
		CHECK_EQ(stat_get(STAT_NAMES), 0);
		for (i = 0; i < TASKS; i++)
			quit(r[i].t);
	}
}

/* Objects and their group die at the same time; and one is named while it dies. */
static struct dios_object *shared;

static void *names_it(void *arg)
{
	struct racer *r = arg;
	u8 name[DIOS_NAME_SIZE];
	s64 err;
	u64 ref;

	OK(task_add_ref(r->t, shared, DIOS_R_READ | DIOS_R_WRITE, &ref));
	if (r->n == 0) {
		OK(t_zombify(r->t, ref));
	} else if (r->n == 1) {
		OK(t_zombify(r->t, r->g));
	} else {
		struct { u8 name[DIOS_NAME_SIZE]; u64 ref; } *u = hosted_map(r->t, DIOS_PAGE_SIZE, true);

		u->ref = ref;
		err = hosted_call6(r->t, DIOS_CREATE, DIOS_CREATE_NAME | DIOS_CREATE_GROUP, DIOS_T_TIMER, 0,
				   hosted_addr(u->name), hosted_addr(&u->ref), r->g);
		CHECK(!err || err == -DIOS_EBUSY || err == -DIOS_EZOMBIE);
		memcpy(name, u->name, sizeof(name));
		hosted_unmap(r->t, u);
		find_one(r->t, 0, name, 0);
	}
	OK(t_delete(r->t, ref));
	return NULL;
}

TEST(an_object_is_named_while_it_or_the_group_dies)
{
	struct racer r[TASKS];
	u32 i, round;
	u64 ref;

	for (i = 0; i < TASKS; i++)
		r[i] = (struct racer){ .t = pure(), .n = i };
	for (round = 0; round < 200; round++) {
		r[0].g = new_group(r[0].t, DIOS_R_ALL);
		for (i = 1; i < TASKS; i++)
			r[i].g = give(r[0].t, r[0].g, DIOS_R_READ | DIOS_R_WRITE, r[i].t);
		OK(t_timer(r[0].t, 0, 0, &ref));
		shared = object_of(r[0].t, ref);
		for (i = 0; i < TASKS; i++)
			CHECK(!pthread_create(&r[i].thread, NULL, names_it, &r[i]));
		for (i = 0; i < TASKS; i++)
			CHECK(!pthread_join(r[i].thread, NULL));
		CHECK_EQ(stat_get(STAT_NAMES), 0);
		OK(t_delete(r[0].t, ref));
		for (i = 0; i < TASKS; i++)
			OK(t_delete(r[i].t, r[i].g));
		CHECK_EQ(stat_get(STAT_ZOMBIES), 0);
	}
	for (i = 0; i < TASKS; i++)
		quit(r[i].t);
}

/* The last hold of an object goes while the end of its group takes its name away. */
static void *lets_go(void *arg)
{
	struct dios_object **objs = arg;
	u32 i;

	for (i = 0; i < 64; i++)
		object_put(objs[i]);
	return NULL;
}

TEST(a_group_and_its_objects_end_together)
{
	struct dios_object *objs[64], *group;
	struct dios_group spec = { DIOS_R_ALL, 0 };
	u8 name[DIOS_NAME_SIZE];
	pthread_t thread;
	u32 i, round;

	for (round = 0; round < 300; round++) {
		group = dios_types[DIOS_T_GROUP]->make(NULL, 0, &spec);
		for (i = 0; i < 64; i++) {
			objs[i] = dios_types[DIOS_T_RANDOM]->make(NULL, 0, NULL);
			dal_random(name, sizeof(name));
			OK(name_add(objs[i], group->ops->names(group), false, name, DIOS_R_READ));
		}
		CHECK(!pthread_create(&thread, NULL, lets_go, objs));
		object_put(group);
		CHECK(!pthread_join(thread, NULL));
		CHECK_EQ(stat_get(STAT_NAMES), 0);
	}
}
