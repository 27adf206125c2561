/* brand: pure */
/* GROUP: names are found in the groups a task belongs to, and nowhere else. */
#include "abi.h"

#define SYS_CREATE(flags, type, name, ref, group) \
	syscall6(DIOS_CREATE, flags, type, 0, name, ref, group)
#define SYS_LOOKUP(flags, name, refs, count, group) \
	syscall6(DIOS_LOOKUP, flags, name, refs, count, group, POISON)

static u64 new_group(u32 rights)
{
	struct dios_group spec = { rights, 0 };
	u64 ref = POISON;

	is(create(0, DIOS_T_GROUP, ADDR(&spec), 0, ADDR(&ref)), 0);
	return ref;
}

/* A RANDOM object with this public name in the group; its reference, or an error. */
static s64 put(u64 group, const char *what)
{
	u8 name[DIOS_NAME_SIZE] = { 0 };
	u64 ref = POISON;
	s64 err;

	memcpy(name, what, length(what));
	err = SYS_CREATE(DIOS_CREATE_PUBLIC | DIOS_CREATE_GROUP, DIOS_T_RANDOM, ADDR(name), ADDR(&ref), group);
	return err < 0 ? err : (s64)ref;
}

/* How many a lookup finds, or an error; the references go again. group 0: in all. */
static s64 find(u64 group, const char *what)
{
	u8 name[DIOS_NAME_SIZE] = { 0 };
	u64 refs[8], n = COUNT(refs), i;
	s64 err;

	memcpy(name, what, length(what));
	err = SYS_LOOKUP(DIOS_LOOKUP_PUBLIC | (group ? DIOS_LOOKUP_GROUP : 0), ADDR(name), ADDR(refs), ADDR(&n),
			 group ? group : POISON);
	for (i = 0; !err && i < n; i++)
		is(delete(0, refs[i]), 0);
	return err < 0 ? err : (s64)n;
}

static void specs(void)
{
	static const struct dios_group bad[] = {
		{ 0, 0 }, { DIOS_R_ALL + 1, 0 }, { 1 << 31, 0 }, { ~0, 0 }, { DIOS_R_READ, 1 }, { DIOS_R_ALL, 1 << 31 },
	};
	struct dios_iov iov = { 0, POISON };
	u64 ref = POISON, i;

	for (i = 0; i < COUNT(bad); i++) {
		about = "spec";
		about_number = i;
		is(create(0, DIOS_T_GROUP, ADDR(&bad[i]), 0, ADDR(&ref)), -DIOS_EINVAL);
	}
	about = NULL;
	is(create(0, DIOS_T_GROUP, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	for each_bad_in(k, sizeof(bad[0]))
		is(create(0, DIOS_T_GROUP, bad_in(k, sizeof(bad[0])), 0, ADDR(&ref)), -DIOS_EFAULT);
	ok(ref == POISON);
	for (i = 1; i <= DIOS_R_ALL; i++) {
		ref = new_group(i);
		/* It has no bytes. */
		is(acquire_read(0, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
		is(acquire_write(0, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
		is(acquire_write(DIOS_BUF_INFO, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
		is(delete(0, ref), 0);
	}
}

static void info(void)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_group_info *in;
	u64 g = new_group(DIOS_R_READ | DIOS_R_EXEC), w = with_rights(g, DIOS_R_WRITE), a, b;

	is(acquire_read(DIOS_BUF_INFO, w, 0, ADDR(&iov)), -DIOS_EPERM);
	is(acquire_read(DIOS_BUF_INFO, g, 0, ADDR(&iov)), 0);
	ok(iov.len == sizeof(*in));
	in = (void *)iov.addr;
	ok(in->names == 0 && in->rights == (DIOS_R_READ | DIOS_R_EXEC) && in->pad == 0);
	a = put(g, "a");
	b = put(w, "b");
	ok(in->names == 0);
	is(commit_read(DIOS_BUF_NEXT, g, 0, ADDR(&iov)), 0);
	ok(in->names == 2);
	is(delete(0, a), 0);
	is(commit_read(DIOS_BUF_NEXT, g, 0, ADDR(&iov)), 0);
	ok(in->names == 1);
	is(delete(0, g), 0);
	is(delete(0, w), 0);
	is(delete(0, b), 0);
}

static void rights(void)
{
	u8 name[DIOS_NAME_SIZE] = "rights";
	struct dios_iov iov = { 0, 0 };
	u64 g = new_group(DIOS_R_READ), r, w, a, got = POISON, n = 1;

	r = with_rights(g, DIOS_R_READ);
	w = with_rights(g, DIOS_R_WRITE);
	a = put(w, "x");
	ok((s64)a > 0);
	is(put(w, "x"), -DIOS_EEXIST);
	is(put(r, "y"), -DIOS_EPERM);
	is(find(r, "x"), 1);
	is(find(w, "x"), -DIOS_EPERM);
	is(find(r, "y"), -DIOS_ENOENT);
	/* However many references to it there are, it is one group. */
	is(find(0, "x"), 1);
	is(find(start->group, "x"), -DIOS_ENOENT);
	/* The group lets no one write. */
	is(delete(0, a), 0);
	a = new_timer(0, 0);
	is(SYS_CREATE(DIOS_CREATE_NAME | DIOS_CREATE_PUBLIC | DIOS_CREATE_GROUP, DIOS_T_TIMER, ADDR(name), ADDR(&a), g), 0);
	is(lookup(DIOS_LOOKUP_PUBLIC, ADDR(name), ADDR(&got), ADDR(&n)), 0);
	is(acquire_write(0, got, 0, ADDR(&iov)), -DIOS_EPERM);
	is(acquire_read(DIOS_BUF_NONBLOCK, got, 0, ADDR(&iov)), -DIOS_EAGAIN);
	is(delete(0, got), 0);
	/* Nor, with the last reference that may look, find it. */
	is(delete(0, g), 0);
	is(find(0, "rights"), 1);
	is(delete(0, r), 0);
	is(find(0, "rights"), -DIOS_ENOENT);
	is(delete(0, w), 0);
	is(delete(0, a), 0);

	/* One that leaves no right is as good as none. */
	g = new_group(DIOS_R_EXEC);
	a = put(g, "x");
	is(find(0, "x"), -DIOS_ENOENT);
	is(find(g, "x"), -DIOS_ENOENT);
	is(delete(0, g), 0);
	is(delete(0, a), 0);
}

static void several(void)
{
	u8 name[DIOS_NAME_SIZE] = "several";
	u64 g[3], a[4], got[5] = { POISON, POISON, POISON, POISON, POISON }, n, i;

	for (i = 0; i < 3; i++) {
		g[i] = new_group(DIOS_R_ALL);
		a[i] = put(g[i], "several");
	}
	a[3] = put(start->group, "several");
	for (n = 0; n < 4; n++) {
		u64 room = n;

		is(lookup(DIOS_LOOKUP_PUBLIC, ADDR(name), ADDR(got), ADDR(&room)), -DIOS_ETOOBIG);
		ok(room == 4);
	}
	ok(got[0] == POISON);
	/* All or none: the last one cannot be written. */
	n = 4;
	is(lookup(DIOS_LOOKUP_PUBLIC, ADDR(name), EDGE + PAGE - 24, ADDR(&n)), -DIOS_EFAULT);
	for (i = 0; i < 3; i++)
		ok(!is_ref(*(u64 *)(EDGE + PAGE - 24 + 8 * i)));
	is(lookup(DIOS_LOOKUP_PUBLIC, ADDR(name), ADDR(got), ADDR(&n)), 0);
	ok(n == 4 && got[4] == POISON);
	for (i = 0; i < 4; i++)
		is(delete(0, got[i]), 0);
	n = 1;
	is(SYS_LOOKUP(DIOS_LOOKUP_PUBLIC | DIOS_LOOKUP_GROUP, ADDR(name), ADDR(got), ADDR(&n), g[1]), 0);
	ok(n == 1);
	is(delete(0, got[0]), 0);
	for (i = 0; i < 3; i++)
		is(delete(0, g[i]), 0);
	is(find(0, "several"), 1);
	for (i = 0; i < 4; i++)
		is(delete(0, a[i]), 0);
	is(find(0, "several"), -DIOS_ENOENT);
}

static void dies(void)
{
	u8 name[DIOS_NAME_SIZE] = { 0 };
	u64 g = new_group(DIOS_R_ALL), r = with_rights(g, DIOS_R_READ), a = put(g, "dies"), timer, ref = POISON;

	is(find(0, "dies"), 1);
	is(delete(DIOS_DELETE_ZOMBIFY, r), -DIOS_EPERM);
	is(delete(DIOS_DELETE_ZOMBIFY, g), 0);
	is(find(0, "dies"), -DIOS_ENOENT);
	is(find(r, "dies"), -DIOS_EZOMBIE);
	is(put(g, "late"), -DIOS_EZOMBIE);
	/* The object is there, and can have another name. */
	is(SYS_CREATE(DIOS_CREATE_NAME, DIOS_T_RANDOM, ADDR(name), ADDR(&a), POISON), 0);
	is(delete(0, a), 0);
	is(delete(0, g), 0);
	is(delete(0, r), 0);
	/* The node's own cannot be killed, nor named. */
	is(delete(DIOS_DELETE_ZOMBIFY, start->group), -DIOS_ENOTSUP);
	ref = start->group;
	is(SYS_CREATE(DIOS_CREATE_NAME, DIOS_T_GROUP, ADDR(name), ADDR(&ref), POISON), -DIOS_EPERM);
	/* No other type is a group. */
	timer = new_timer(0, 0);
	is(put(timer, "x"), -DIOS_EINVAL);
	is(find(timer, "x"), -DIOS_EINVAL);
	is(put(DIOS_REF_SELF, "x"), -DIOS_EINVAL);
	is(delete(0, timer), 0);
	for each_bad_ref(bad) {
		is(put(bad, "x"), -DIOS_EBADREF);
		if (bad)
			is(find(bad, "x"), -DIOS_EBADREF);
	}
}

/* DIOS_CREATE_NAME: every argument wrong alone, and nothing changed by it. */
static void names(void)
{
	u8 name[DIOS_NAME_SIZE] = "names", random[DIOS_NAME_SIZE] = { 0 };
	u64 a = new_timer(0, 0), less = with_rights(a, DIOS_R_READ), b = new_random(), mem = new_privmem(PAGE), got = POISON, n = 1;
	struct dios_timer spec = { 0, 0 };
	struct dios_iov iov = { 0, 0 };
	u64 self = DIOS_REF_SELF, f = DIOS_CREATE_NAME | DIOS_CREATE_PUBLIC;

	is(create(f, DIOS_T_TIMER, 0, 0, ADDR(&a)), -DIOS_EINVAL);
	is(create(f, DIOS_T_TIMER, ADDR(&spec), ADDR(name), ADDR(&a)), -DIOS_EINVAL);
	is(create(f | DIOS_CREATE_IMPORT, DIOS_T_BLOB, 0, ADDR(name), ADDR(&a)), -DIOS_EINVAL);
	is(create(f, DIOS_T_RANDOM, 0, ADDR(name), ADDR(&a)), -DIOS_EINVAL);
	is(create(f, DIOS_T_TIMER, 0, ADDR(name), ADDR(&b)), -DIOS_EINVAL);
	is(create(f, DIOS_T_PRIVMEM, 0, ADDR(name), ADDR(&mem)), -DIOS_EINVAL);
	is(create(f, DIOS_T_SELF, 0, ADDR(name), ADDR(&self)), -DIOS_EINVAL);
	for each_bad_in(i, DIOS_NAME_SIZE)
		is(create(f, DIOS_T_TIMER, 0, bad_in(i, DIOS_NAME_SIZE), ADDR(&a)), -DIOS_EFAULT);
	for each_bad_out(i, DIOS_NAME_SIZE)
		is(create(DIOS_CREATE_NAME, DIOS_T_TIMER, 0, bad_out(i, DIOS_NAME_SIZE), ADDR(&a)), -DIOS_EFAULT);
	for each_bad_in(i, 8)
		is(create(f, DIOS_T_TIMER, 0, ADDR(name), bad_in(i, 8)), -DIOS_EFAULT);
	for each_bad_ref(bad)
		is(create(f, DIOS_T_TIMER, 0, ADDR(name), ADDR(&bad)), -DIOS_EBADREF);
	is(find(0, "names"), -DIOS_ENOENT);
	/* None of those named it: this does. The name is as good as the reference. */
	is(create(f, DIOS_T_TIMER, 0, ADDR(name), ADDR(&less)), 0);
	is(lookup(DIOS_LOOKUP_PUBLIC, ADDR(name), ADDR(&got), ADDR(&n)), 0);
	is(acquire_write(0, got, 0, ADDR(&iov)), -DIOS_EPERM);
	is(delete(0, got), 0);
	is(create(f, DIOS_T_TIMER, 0, ADDR(name), ADDR(&a)), -DIOS_EBUSY);
	is(create(DIOS_CREATE_NAME, DIOS_T_TIMER, 0, ADDR(random), ADDR(&a)), -DIOS_EBUSY);
	is(create(f, DIOS_T_RANDOM, 0, ADDR(name), ADDR(&b)), -DIOS_EEXIST);
	is(create(DIOS_CREATE_NAME, DIOS_T_RANDOM, 0, ADDR(random), ADDR(&b)), 0);
	is(lookup(0, ADDR(random), ADDR(&got), ADDR(&n)), 0);
	is(delete(0, got), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, a), 0);
	is(create(f, DIOS_T_TIMER, 0, ADDR(name), ADDR(&a)), -DIOS_EZOMBIE);
	is(delete(0, a), 0);
	is(delete(0, less), 0);
	is(delete(0, b), 0);
	is(delete(0, mem), 0);
}

/* A child: what does it find?  Its status says it, one bit each. */
static int child(void)
{
	u32 seen = 0;
	s64 mine = put(start->group, "child");

	ok(mine > 0);
	seen |= find(0, "parent") == 1 ? 1 : 0;
	seen |= find(start->group, "parent") == 1 ? 2 : 0;
	seen |= find(0, "group") == 1 ? 4 : 0;
	is(find(start->group, "child"), 1);
	/* Also without the reference. */
	is(delete(0, start->group), 0);
	is(find(0, "child"), 1);
	return failures ? 1 : 0x40 | seen;
}

static u32 child_in(u64 group, u64 handed)
{
	char argv[] = "self\0child";
	struct dios_grant g = { .ref = handed, .rights = DIOS_R_READ };
	struct dios_run spec = {
		.argv = ADDR(argv), .argc = 2, .argv_len = sizeof(argv), .out = start->out, .err = start->err,
		.refs = ADDR(&g), .nrefs = handed ? 1 : 0, .group = group,
	};
	u64 task;

	if (!is(start_task(0, start->exe, ADDR(&spec), ADDR(&task)), 0))
		return 0;
	return wait_for(task).status;
}

static void children(void)
{
	struct dios_run spec = { .argv = ADDR("self"), .argc = 1, .argv_len = 5, .out = start->out, .err = start->err };
	u64 parent = put(start->group, "parent"), g = new_group(DIOS_R_ALL), in = put(g, "group"), task = POISON;
	u64 bad[4], i;

	is(child_in(0, 0), 0x43);
	is(child_in(start->group, 0), 0x43);
	is(child_in(0, g), 0x47);
	is(child_in(g, 0), 0x44);
	is(child_in(g, start->group), 0x45);
	/* What the child put there is gone with its object. */
	is(find(0, "child"), -DIOS_ENOENT);
	bad[0] = with_rights(g, DIOS_R_READ);
	bad[1] = with_rights(g, DIOS_R_WRITE);
	bad[2] = DIOS_REF_SELF;
	for (i = 0; i < 3; i++) {
		spec.group = bad[i];
		is(start_task(0, start->exe, ADDR(&spec), ADDR(&task)), i < 2 ? -DIOS_EPERM : -DIOS_EINVAL);
	}
	for each_bad_ref(ref) {
		spec.group = ref;
		if (ref)
			is(start_task(0, start->exe, ADDR(&spec), ADDR(&task)), -DIOS_EBADREF);
	}
	bad[3] = new_group(DIOS_R_ALL);
	is(delete(DIOS_DELETE_ZOMBIFY, bad[3]), 0);
	spec.group = bad[3];
	is(start_task(0, start->exe, ADDR(&spec), ADDR(&task)), -DIOS_EZOMBIE);
	ok(task == POISON);
	is(delete(0, bad[0]), 0);
	is(delete(0, bad[1]), 0);
	is(delete(0, bad[3]), 0);
	is(delete(0, g), 0);
	is(delete(0, in), 0);
	is(delete(0, parent), 0);
}

/* Groups and names until the quota; then everything goes, and again. */
static void many(void)
{
	static u64 refs[4000];
	struct dios_group spec = { DIOS_R_ALL, 0 };
	u8 name[DIOS_NAME_SIZE] = "many";
	u64 n, i, room;

	for (n = 0; n < COUNT(refs); n += 2) {
		is(create(0, DIOS_T_GROUP, ADDR(&spec), 0, ADDR(&refs[n])), 0);
		is(SYS_CREATE(DIOS_CREATE_PUBLIC | DIOS_CREATE_GROUP, DIOS_T_RANDOM, ADDR(name), ADDR(&refs[n + 1]), refs[n]), 0);
	}
	room = 1;
	is(lookup(DIOS_LOOKUP_PUBLIC, ADDR(name), ADDR(&n), ADDR(&room)), -DIOS_ETOOBIG);
	ok(room == COUNT(refs) / 2);
	for (i = 0; i < COUNT(refs); i += 2)
		is(delete(0, refs[i]), 0);
	is(find(0, "many"), -DIOS_ENOENT);
	for (i = 1; i < COUNT(refs); i += 2)
		is(delete(0, refs[i]), 0);
}

static int run(int argc, char **argv)
{
	if (argc > 1)
		return child();
	specs();
	info();
	rights();
	several();
	dies();
	names();
	children();
	many();
	return 0;
}
