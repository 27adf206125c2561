// SPDX-License-Identifier: GPL-2.0
/*
 * test_calls.c - every error of every call, and nothing changed by it.
 *
 * FAILS() compares all counts before and after.  Errors that need a special
 * world stand in the file of their area: memory, quota, waiting, programs.
 */
#include "test.h"

#define NOWHERE		0x8000ull		/* nobody ever has it */
#define KERNEL		0xffff888000000000ull

/* A task with memory for arguments, its end, and a page it cannot write. */
struct world {
	struct dios_task *t;
	u8 *page;		/* one page, and nothing behind it */
	u64 a;			/* the page */
	u64 end;		/* its last 8 bytes */
	u64 ro;			/* a page that can only be read */
	u64 timer, privmem, random, less;
};

static struct world enter(struct dios_task *t)
{
	struct world w = { .t = t };

	w.page = hosted_map(t, DIOS_PAGE_SIZE, true);
	w.a = hosted_addr(w.page);
	w.end = w.a + DIOS_PAGE_SIZE - 8;
	w.ro = hosted_addr(hosted_map(t, DIOS_PAGE_SIZE, false));
	OK(t_timer(t, 0, 0, &w.timer));
	OK(t_privmem(t, 3 * DIOS_PAGE_SIZE, &w.privmem));
	OK(t_random(t, &w.random));
	OK(t_copy_one(t, w.timer, DIOS_R_READ, DIOS_REF_SELF, &w.less));
	return w;
}

/* Every place an argument must not lie: for reading, and for writing. */
#define EACH_BAD_IN(w, at, len)							\
	for (u64 bad_[] = { 0, 8, NOWHERE, KERNEL, ~0ull, ~0ull - (len) + 1,	\
			    (w).end + 16 - (len), (w).a - 8 }, i_ = 0;		\
	     i_ < ARRAY_SIZE(bad_) && ((at) = bad_[i_], true); i_++)
#define EACH_BAD_OUT(w, at, len)						\
	for (u64 bad_[] = { 0, 8, NOWHERE, KERNEL, ~0ull, ~0ull - (len) + 1,	\
			    (w).end + 16 - (len), (w).a - 8, (w).ro }, i_ = 0;	\
	     i_ < ARRAY_SIZE(bad_) && ((at) = bad_[i_], true); i_++)

/* Each bit that is no flag of the call. */
#define EACH_UNKNOWN(flag, known)						\
	for (u64 bit_ = 0, flag; bit_ < 64; bit_++)				\
		if (((flag) = 1ull << bit_) & ~(u64)(known))

#define CREATE(w, flags, type, spec, name, ref)	\
	call((w).t, DIOS_CREATE, flags, type, spec, name, ref)

TEST(create_flags_and_types)
{
	struct world w = enter(pure());
	u64 type;

	EACH_UNKNOWN(flag, DIOS_CREATE_PUBLIC | DIOS_CREATE_IMPORT | DIOS_CREATE_NAME | DIOS_CREATE_GROUP)
		FAILS(DIOS_EINVAL, CREATE(w, flag, DIOS_T_RANDOM, 0, 0, w.a));
	FAILS(DIOS_EINVAL, CREATE(w, 0, 0, 0, 0, w.a));
	FAILS(DIOS_EINVAL, CREATE(w, 0, DIOS_T_MAX + 1, 0, 0, w.a));
	FAILS(DIOS_EINVAL, CREATE(w, 0, ~0ull, 0, 0, w.a));
	FAILS(DIOS_EINVAL, CREATE(w, 0, 1ull << 32 | DIOS_T_RANDOM, 0, 0, w.a));
	FAILS(DIOS_EPERM, CREATE(w, 0, DIOS_T_SELF, 0, 0, w.a));
	FAILS(DIOS_EPERM, CREATE(w, 0, DIOS_T_TASK, 0, 0, w.a));
	/* Importing is for blobs, and public is for who says the name. */
	for (type = 1; type <= DIOS_T_MAX; type++)
		if (type != DIOS_T_BLOB)
			FAILS(DIOS_EINVAL, CREATE(w, DIOS_CREATE_IMPORT, type, 0, 0, w.a));
	FAILS(DIOS_EINVAL, CREATE(w, DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, 0, 0, w.a));
	FAILS(DIOS_EINVAL, CREATE(w, DIOS_CREATE_NAME, DIOS_T_RANDOM, 0, 0, w.a));
	FAILS(DIOS_EINVAL, CREATE(w, DIOS_CREATE_GROUP, DIOS_T_RANDOM, 0, 0, w.a));
	quit(w.t);
}

TEST(create_needs_a_brand)
{
	struct world w = enter(pure());
	struct dios_console *spec = (void *)w.page;

	spec->fd = console();
	spec->pad = 0;
	FAILS(DIOS_EPERM, CREATE(w, 0, DIOS_T_CONSOLE, w.a, 0, w.a));
	spec->fd = program(NULL);
	FAILS(DIOS_EPERM, CREATE(w, DIOS_CREATE_IMPORT, DIOS_T_BLOB, w.a, 0, w.a));
	quit(w.t);
	/* A task that run starts and that may make Linux calls may. */
	w = enter(hosted_task_new(DIOS_BRAND_DIOS_LIMBO));
	spec = (void *)w.page;
	spec->fd = 0;
	OK(CREATE(w, 0, DIOS_T_CONSOLE, w.a, 0, w.a));
	quit(w.t);
}

TEST(create_specs)
{
	static const struct {
		u32 type;
		u64 a, b;
	} bad[] = {
		{ DIOS_T_PRIVMEM, 0 }, { DIOS_T_PRIVMEM, 1 }, { DIOS_T_PRIVMEM, 4095 },
		{ DIOS_T_PRIVMEM, 1ull << 63 }, { DIOS_T_PRIVMEM, ~0ull }, { DIOS_T_PRIVMEM, ~0xfffull },
		{ DIOS_T_TIMER, 1ull << 63, 0 }, { DIOS_T_TIMER, ~0ull, 0 },
		{ DIOS_T_TIMER, 1, 1 }, { DIOS_T_TIMER, 1, 99999 }, { DIOS_T_TIMER, 0, 100000 },
		{ DIOS_T_TIMER, 1, 1ull << 62 }, { DIOS_T_TIMER, 1, ~0ull },
		{ DIOS_T_CONSOLE, 1ull << 32 }, { DIOS_T_CONSOLE, HOSTED_FILES - 1 }, { DIOS_T_CONSOLE, ~0u },
	};
	struct world w = enter(limbo());
	u64 *spec = (u64 *)w.page;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		spec[0] = bad[i].a;
		spec[1] = bad[i].b;
		FAILS(DIOS_EINVAL, CREATE(w, 0, bad[i].type, w.a, 0, w.a + 64));
	}
	spec[0] = 1ull << 32 | console();
	FAILS(DIOS_EINVAL, CREATE(w, 0, DIOS_T_CONSOLE, w.a, 0, w.a + 64));
	spec[0] = 1ull << 32 | program(NULL);
	FAILS(DIOS_EINVAL, CREATE(w, DIOS_CREATE_IMPORT, DIOS_T_BLOB, w.a, 0, w.a + 64));
	/* A type has a spec or has none. */
	FAILS(DIOS_EINVAL, CREATE(w, 0, DIOS_T_TIMER, 0, 0, w.a));
	FAILS(DIOS_EINVAL, CREATE(w, 0, DIOS_T_PRIVMEM, 0, 0, w.a));
	FAILS(DIOS_EINVAL, CREATE(w, 0, DIOS_T_CONSOLE, 0, 0, w.a));
	FAILS(DIOS_EINVAL, CREATE(w, DIOS_CREATE_IMPORT, DIOS_T_BLOB, 0, 0, w.a));
	FAILS(DIOS_EINVAL, CREATE(w, 0, DIOS_T_RANDOM, w.a, 0, w.a));
	/* The edges that are good. */
	spec[0] = S64_MAX & ~4095ull;
	OK(CREATE(w, 0, DIOS_T_PRIVMEM, w.a, 0, w.a + 64));
	spec[0] = S64_MAX;
	spec[1] = 0;
	OK(CREATE(w, 0, DIOS_T_TIMER, w.a, 0, w.a + 64));
	spec[0] = 1;
	spec[1] = 100000;
	OK(CREATE(w, 0, DIOS_T_TIMER, w.a, 0, w.a + 64));
	quit(w.t);
}

TEST(create_descriptors)
{
	struct world w = enter(limbo());
	u32 con = console(), file = program(NULL);
	u64 *spec = (u64 *)w.page;

	spec[0] = file;		/* not for writing */
	FAILS(DIOS_EPERM, CREATE(w, 0, DIOS_T_CONSOLE, w.a, 0, w.a + 64));
	spec[0] = con;		/* no regular file */
	FAILS(DIOS_EINVAL, CREATE(w, DIOS_CREATE_IMPORT, DIOS_T_BLOB, w.a, 0, w.a + 64));
	spec[0] = file;
	hosted_file(file)->executable = false;
	FAILS(DIOS_EPERM, CREATE(w, DIOS_CREATE_IMPORT, DIOS_T_BLOB, w.a, 0, w.a + 64));
	quit(w.t);
}

TEST(create_addresses)
{
	struct world w = enter(pure());
	u64 *spec = (u64 *)w.page, at;

	spec[0] = spec[1] = 0;
	EACH_BAD_OUT(w, at, 8)
		FAILS(DIOS_EFAULT, CREATE(w, 0, DIOS_T_RANDOM, 0, 0, at));
	EACH_BAD_IN(w, at, sizeof(struct dios_timer))
		if (at)
			FAILS(DIOS_EFAULT, CREATE(w, 0, DIOS_T_TIMER, at, 0, w.a));
	EACH_BAD_IN(w, at, DIOS_NAME_SIZE)
		if (at)
			FAILS(DIOS_EFAULT, CREATE(w, DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, 0, at, w.a));
	EACH_BAD_OUT(w, at, DIOS_NAME_SIZE)
		if (at)
			FAILS(DIOS_EFAULT, CREATE(w, 0, DIOS_T_RANDOM, 0, at, w.a));
	/* The last bytes of a page are good. */
	OK(CREATE(w, 0, DIOS_T_RANDOM, 0, 0, w.end));
	OK(CREATE(w, 0, DIOS_T_RANDOM, 0, w.a + DIOS_PAGE_SIZE - DIOS_NAME_SIZE, w.a));
	quit(w.t);
}

TEST(create_of_private_memory_gives_no_name)
{
	struct world w = enter(pure());
	u64 *spec = (u64 *)w.page;

	spec[0] = DIOS_PAGE_SIZE;
	FAILS(DIOS_EINVAL, CREATE(w, 0, DIOS_T_PRIVMEM, w.a, w.a + 64, w.a + 128));
	FAILS(DIOS_EINVAL, CREATE(w, DIOS_CREATE_PUBLIC, DIOS_T_PRIVMEM, w.a, w.a + 64, w.a + 128));
	quit(w.t);
}

#define LOOKUP(w, flags, name, refs, count)	\
	call((w).t, DIOS_LOOKUP, flags, name, refs, count, 0)

TEST(lookup_errors)
{
	struct world w = enter(pure());
	u8 name[DIOS_NAME_SIZE] = "here";
	u64 ref, at, *room = (u64 *)(w.page + 64);

	OK(t_create(w.t, DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, NULL, 0, name, &ref));
	memcpy(w.page, name, sizeof(name));
	*room = 1;
	EACH_UNKNOWN(flag, DIOS_LOOKUP_LOCAL_ONLY | DIOS_LOOKUP_PUBLIC | DIOS_LOOKUP_GROUP)
		FAILS(DIOS_EINVAL, LOOKUP(w, flag | DIOS_LOOKUP_PUBLIC, w.a, w.a + 72, w.a + 64));
	EACH_BAD_IN(w, at, DIOS_NAME_SIZE)
		FAILS(DIOS_EFAULT, LOOKUP(w, DIOS_LOOKUP_PUBLIC, at, w.a + 72, w.a + 64));
	EACH_BAD_OUT(w, at, 8)
		if (at != w.ro)
			FAILS(DIOS_EFAULT, LOOKUP(w, DIOS_LOOKUP_PUBLIC, w.a, w.a + 72, at));
	EACH_BAD_OUT(w, at, 8)
		FAILS(DIOS_EFAULT, LOOKUP(w, DIOS_LOOKUP_PUBLIC, w.a, at, w.a + 64));
	/* The read-only page holds a 0: no room, and that cannot be said. */
	FAILS(DIOS_EFAULT, LOOKUP(w, DIOS_LOOKUP_PUBLIC, w.a, w.a + 72, w.ro));
	/* The memory of refs does not matter while there is nothing to write there. */
	FAILS(DIOS_ENOENT, LOOKUP(w, 0, w.a, NOWHERE, w.a + 64));
	*room = 0;
	FAILS(DIOS_ETOOBIG, LOOKUP(w, DIOS_LOOKUP_PUBLIC, w.a, NOWHERE, w.a + 64));
	quit(w.t);
}

TEST(delete_errors)
{
	struct world w = enter(pure());

	EACH_UNKNOWN(flag, DIOS_DELETE_ZOMBIFY)
		FAILS(DIOS_EINVAL, call(w.t, DIOS_DELETE, flag, w.timer, 0, 0, 0));
	EACH_UNKNOWN(flag, DIOS_DELETE_STATUS)
		FAILS(DIOS_EINVAL, call(w.t, DIOS_DELETE, flag, DIOS_REF_SELF, 0, 0, 0));
	CHECK(!hosted_ending(w.t));
	FAILS(DIOS_EBADREF, t_delete(w.t, 0));
	FAILS(DIOS_EBADREF, t_zombify(w.t, 0x900000005));
	FAILS(DIOS_EPERM, t_zombify(w.t, w.less));
	FAILS(DIOS_EPERM, t_zombify(w.t, w.random));	/* READ is all it has */
	OK(t_delete(w.t, w.less));
	quit(w.t);
}

TEST(delete_of_what_does_not_die)
{
	struct world w = enter(limbo());
	u64 con;

	OK(t_console(w.t, console(), &con));
	FAILS(DIOS_ENOTSUP, t_zombify(w.t, con));
	OK(t_delete(w.t, con));
	quit(w.t);
}

TEST(delete_of_self_ends_with_a_status)
{
	struct dios_task *t = pure();

	OK(call(t, DIOS_DELETE, 0xa5, DIOS_REF_SELF, 0, 0, 0));
	CHECK(hosted_ending(t));
	CHECK_EQ(hosted_exit_status(t), 0xa5);
	hosted_task_end(t, DIOS_END_EXIT, 0xa5);
}

#define COPY(w, flags, refs, n, target)	call((w).t, DIOS_COPY, flags, refs, n, target, 0)

TEST(copy_errors)
{
	struct world w = enter(pure());
	struct dios_grant *g = (void *)w.page;
	u64 at;

	g[0] = (struct dios_grant){ .ref = w.timer, .rights = DIOS_R_READ };
	EACH_UNKNOWN(flag, 0)
		FAILS(DIOS_EINVAL, COPY(w, flag, w.a, 1, DIOS_REF_SELF));
	FAILS(DIOS_EINVAL, COPY(w, 0, w.a, 0, DIOS_REF_SELF));
	FAILS(DIOS_EINVAL, COPY(w, 0, w.a, DIOS_MAX_GRANTS + 1, DIOS_REF_SELF));
	FAILS(DIOS_EINVAL, COPY(w, 0, w.a, 1ull << 32 | 1, DIOS_REF_SELF));
	FAILS(DIOS_EINVAL, COPY(w, 0, w.a, ~0ull, DIOS_REF_SELF));
	EACH_BAD_OUT(w, at, sizeof(*g))
		if (at != w.ro)
			FAILS(DIOS_EFAULT, COPY(w, 0, at, 1, DIOS_REF_SELF));
	/* Targets. */
	FAILS(DIOS_EBADREF, COPY(w, 0, w.a, 1, 0));
	FAILS(DIOS_EBADREF, COPY(w, 0, w.a, 1, DIOS_REF_SELF + 9));
	FAILS(DIOS_EPERM, COPY(w, 0, w.a, 1, w.less));
	FAILS(DIOS_EINVAL, COPY(w, 0, w.a, 1, w.timer));	/* no task */
	FAILS(DIOS_EINVAL, COPY(w, 0, w.a, 1, w.privmem));
	/* What cannot be given. */
	g[0].rights = 0;
	FAILS(DIOS_EINVAL, COPY(w, 0, w.a, 1, DIOS_REF_SELF));
	g[0].rights = DIOS_R_ALL + 1;
	FAILS(DIOS_EINVAL, COPY(w, 0, w.a, 1, DIOS_REF_SELF));
	g[0].rights = DIOS_R_READ | DIOS_R_EXEC;
	FAILS(DIOS_EPERM, COPY(w, 0, w.a, 1, DIOS_REF_SELF));
	g[0].rights = DIOS_R_READ;
	g[0].pad = 1;
	FAILS(DIOS_EINVAL, COPY(w, 0, w.a, 1, DIOS_REF_SELF));
	g[0].pad = 0;
	g[0].ref = 0;
	FAILS(DIOS_EBADREF, COPY(w, 0, w.a, 1, DIOS_REF_SELF));
	g[0].ref = w.privmem;
	FAILS(DIOS_EPERM, COPY(w, 0, w.a, 1, DIOS_REF_SELF));
	g[0].ref = DIOS_REF_SELF;
	FAILS(DIOS_EPERM, COPY(w, 0, w.a, 1, DIOS_REF_SELF));
	g[0].ref = w.less;
	g[0].rights = DIOS_R_READ | DIOS_R_WRITE;
	FAILS(DIOS_EPERM, COPY(w, 0, w.a, 1, DIOS_REF_SELF));
	g[0].ref = w.timer;
	OK(t_zombify(w.t, w.timer));
	FAILS(DIOS_EZOMBIE, COPY(w, 0, w.a, 1, DIOS_REF_SELF));
	quit(w.t);
}

/* The numbers cannot be written: then nobody gets anything. */
TEST(copy_to_memory_that_cannot_be_written)
{
	struct dios_task *t = pure();
	struct dios_grant g[2] = {};
	u32 i;

	for (i = 0; i < 2; i++)
		g[i] = (struct dios_grant){ .ref = t->start.random, .rights = DIOS_R_READ };
	hosted_fail(FAIL_COPY, 2);
	FAILS(DIOS_EFAULT, t_copy(t, g, 2, DIOS_REF_SELF));
	CHECK(hosted_failed(FAIL_COPY));
	quit(t);
}

TEST(copy_gives_all_or_none)
{
	struct world w = enter(pure());
	struct dios_grant g[DIOS_MAX_GRANTS];
	u32 i, bad;

	for (i = 0; i < DIOS_MAX_GRANTS; i++)
		g[i] = (struct dios_grant){ .ref = w.timer, .rights = DIOS_R_READ };
	for (bad = 0; bad < DIOS_MAX_GRANTS; bad += 9) {
		g[bad].ref = w.timer + (1ull << 32);
		FAILS(DIOS_EBADREF, t_copy(w.t, g, DIOS_MAX_GRANTS, DIOS_REF_SELF));
		g[bad].ref = w.random;
		g[bad].rights = DIOS_R_WRITE;
		FAILS(DIOS_EPERM, t_copy(w.t, g, DIOS_MAX_GRANTS, DIOS_REF_SELF));
		g[bad] = (struct dios_grant){ .ref = w.timer, .rights = DIOS_R_READ };
	}
	OK(t_copy(w.t, g, DIOS_MAX_GRANTS, DIOS_REF_SELF));
	for (i = 0; i < DIOS_MAX_GRANTS; i++)
		OK(t_delete(w.t, g[i].out));
	quit(w.t);
}

#define SELECT(w, flags, refs, n, out, deadline)	\
	call((w).t, DIOS_SELECT, flags, refs, n, out, deadline)

TEST(select_errors)
{
	struct world w = enter(pure());
	struct dios_wait *in = (void *)w.page;
	u64 at, n, out = w.a + 2048;

	in[0] = (struct dios_wait){ .ref = w.random, .rights = DIOS_R_READ };
	EACH_UNKNOWN(flag, DIOS_SELECT_KEEP)
		FAILS(DIOS_EINVAL, SELECT(w, flag, w.a, 1, out, 0));
	FAILS(DIOS_EINVAL, SELECT(w, 0, w.a, DIOS_MAX_WAITS + 1, out, 0));
	FAILS(DIOS_EINVAL, SELECT(w, 0, w.a, ~0ull, out, 0));
	FAILS(DIOS_EINVAL, SELECT(w, 0, w.a, 1ull << 32, out, 0));
	FAILS(DIOS_EINVAL, SELECT(w, 0, w.a, 1, out, -2));
	FAILS(DIOS_EINVAL, SELECT(w, 0, w.a, 1, out, 1ull << 63));
	EACH_BAD_IN(w, at, sizeof(*in))
		FAILS(DIOS_EFAULT, SELECT(w, 0, at, 1, out, 0));
	EACH_BAD_OUT(w, at, 8)
		FAILS(DIOS_EFAULT, SELECT(w, 0, w.a, 1, at, 0));
	for (n = 1; n < 10; n++) {
		in[n - 1] = (struct dios_wait){ .ref = w.random, .rights = DIOS_R_READ };
		in[n - 1].len = 1;
		FAILS(DIOS_EINVAL, SELECT(w, 0, w.a, n, out, 0));
		in[n - 1].len = 0;
		in[n - 1].rights = 0;
		FAILS(DIOS_EINVAL, SELECT(w, 0, w.a, n, out, 0));
		in[n - 1].rights = DIOS_R_EXEC;
		FAILS(DIOS_EINVAL, SELECT(w, 0, w.a, n, out, 0));
		in[n - 1].rights = DIOS_R_WRITE;
		FAILS(DIOS_EPERM, SELECT(w, 0, w.a, n, out, 0));
		in[n - 1].rights = DIOS_R_READ;
		in[n - 1].ref += 1ull << 32;
		FAILS(DIOS_EBADREF, SELECT(w, 0, w.a, n, out, 0));
		in[n - 1].ref -= 1ull << 32;
	}
	/* Nothing to wait for: no memory is needed. */
	FAILS(DIOS_ETIMEDOUT, SELECT(w, 0, NOWHERE, 0, NOWHERE, 0));
	FAILS(DIOS_ETIMEDOUT, SELECT(w, 0, 0, 0, 0, 1));
	quit(w.t);
}

#define BUF(w, nr, flags, ref, len, iov)	call((w).t, nr, flags, ref, len, iov, 0)

TEST(acquire_errors)
{
	static const u32 calls[] = { DIOS_ACQUIRE_READ, DIOS_ACQUIRE_WRITE };
	const u64 known = DIOS_BUF_MOVE | DIOS_BUF_BORROW | DIOS_BUF_NONBLOCK | DIOS_BUF_FIXED |
			  DIOS_BUF_INFO | DIOS_BUF_AT | DIOS_BUF_BATCH | DIOS_BUF_SPARSE;
	struct world w = enter(pure());
	struct dios_iov *iov = (void *)w.page;
	u64 at, refs[2], timer;
	u32 i;

	refs[0] = w.random;
	refs[1] = w.timer;
	for (i = 0; i < 2; i++) {
		memset(iov, 0, sizeof(*iov));
		EACH_UNKNOWN(flag, known)
			FAILS(DIOS_EINVAL, BUF(w, calls[i], flag, refs[i], 0, w.a));
		EACH_BAD_OUT(w, at, sizeof(*iov))
			FAILS(DIOS_EFAULT, BUF(w, calls[i], 0, refs[i], 0, at));
		FAILS(DIOS_EBADREF, BUF(w, calls[i], 0, 0, 0, w.a));
		FAILS(DIOS_EBADREF, BUF(w, calls[i], 0, refs[i] + (1ull << 32), 0, w.a));
		/* The reference to take a buffer from is 0. */
		FAILS(DIOS_EBADREF, BUF(w, calls[i], DIOS_BUF_MOVE, refs[i], 0, w.a));
		FAILS(DIOS_EBADREF, BUF(w, calls[i], DIOS_BUF_BORROW, refs[i], 0, w.a));
		FAILS(DIOS_EINVAL, BUF(w, calls[i], DIOS_BUF_MOVE | DIOS_BUF_BORROW, refs[i], 0, w.a));
		FAILS(DIOS_EINVAL, BUF(w, calls[i], DIOS_BUF_INFO | DIOS_BUF_AT, refs[i], 0, w.a));
		FAILS(DIOS_ENOTSUP, BUF(w, calls[i], DIOS_BUF_INFO, refs[i], 0, w.a));
		FAILS(DIOS_ENOTSUP, BUF(w, calls[i], DIOS_BUF_AT, refs[i], 0, w.a));
		FAILS(DIOS_ENOTSUP, BUF(w, calls[i], DIOS_BUF_BATCH, refs[i], 0, w.a));
		FAILS(DIOS_ENOTSUP, BUF(w, calls[i], DIOS_BUF_SPARSE, refs[i], 0, w.a));
		FAILS(DIOS_EINVAL, BUF(w, calls[i], DIOS_BUF_INFO | DIOS_BUF_SPARSE, refs[i], 0, w.a));
		FAILS(DIOS_EINVAL, BUF(w, calls[i], DIOS_BUF_MOVE | DIOS_BUF_SPARSE, refs[i], 0, w.a));
		/* Where it shall be. */
		iov->addr = 1;
		FAILS(DIOS_EINVAL, BUF(w, calls[i], 0, refs[i], 0, w.a));
		iov->addr = 0xf000;
		FAILS(DIOS_EINVAL, BUF(w, calls[i], 0, refs[i], 0, w.a));
		iov->addr = 0;
		FAILS(DIOS_EINVAL, BUF(w, calls[i], DIOS_BUF_FIXED, refs[i], 0, w.a));
		iov->addr = w.a;
		FAILS(DIOS_EBUSY, BUF(w, calls[i], DIOS_BUF_FIXED, refs[i], 0, w.a));
		iov->addr = ~0xfffull;
		FAILS(DIOS_ENOMEM, BUF(w, calls[i], DIOS_BUF_FIXED, refs[i], 0, w.a));
		iov->addr = 0;
		/* How much. */
		FAILS(DIOS_EINVAL, BUF(w, calls[i], 0, refs[i], DIOS_MAX_KBUF + 1, w.a));
		FAILS(DIOS_EINVAL, BUF(w, calls[i], 0, refs[i], ~0ull, w.a));
	}
	/* Rights, and directions a type does not have. */
	FAILS(DIOS_EPERM, BUF(w, DIOS_ACQUIRE_WRITE, 0, w.random, 0, w.a));
	FAILS(DIOS_EPERM, BUF(w, DIOS_ACQUIRE_WRITE, 0, w.less, 0, w.a));
	FAILS(DIOS_ENOTSUP, BUF(w, DIOS_ACQUIRE_READ, 0, w.privmem, 0, w.a));
	FAILS(DIOS_EAGAIN, BUF(w, DIOS_ACQUIRE_READ, DIOS_BUF_NONBLOCK, w.timer, 0, w.a));
	/* Lengths that a type does not have. */
	FAILS(DIOS_EINVAL, BUF(w, DIOS_ACQUIRE_READ, 0, w.timer, sizeof(struct dios_timer_state) + 1, w.a));
	FAILS(DIOS_EINVAL, BUF(w, DIOS_ACQUIRE_WRITE, 0, w.timer, sizeof(struct dios_timer) + 1, w.a));
	FAILS(DIOS_EINVAL, BUF(w, DIOS_ACQUIRE_READ, 0, DIOS_REF_SELF, sizeof(struct dios_start) + 1, w.a));
	FAILS(DIOS_EINVAL, BUF(w, DIOS_ACQUIRE_WRITE, 0, DIOS_REF_SELF, sizeof(struct dios_control) + 1, w.a));
	FAILS(DIOS_EINVAL, BUF(w, DIOS_ACQUIRE_WRITE, 0, w.privmem, DIOS_PAGE_SIZE, w.a));
	/* A zombie. */
	OK(t_timer(w.t, 1, 0, &timer));
	OK(t_zombify(w.t, timer));
	FAILS(DIOS_EZOMBIE, BUF(w, DIOS_ACQUIRE_READ, 0, timer, 0, w.a));
	FAILS(DIOS_EZOMBIE, BUF(w, DIOS_ACQUIRE_WRITE, 0, timer, 0, w.a));
	quit(w.t);
}

/* commit and release: the same decoder, different flags and positions. */
TEST(commit_and_release_errors)
{
	static const struct {
		u32 nr;
		u64 known;
		bool commit, write;
	} calls[] = {
		{ DIOS_COMMIT_READ, DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK, true, false },
		{ DIOS_COMMIT_WRITE, DIOS_BUF_NEXT | DIOS_BUF_NONBLOCK | DIOS_BUF_END, true, true },
		{ DIOS_RELEASE_READ, 0, false, false },
		{ DIOS_RELEASE_WRITE, DIOS_BUF_DISCARD | DIOS_BUF_COMMIT, false, true },
	};
	struct world w = enter(pure());
	struct dios_iov *iov = (void *)w.page, good[2] = {};
	u64 at, ref[2];
	u32 i, write;

#define DO(i, flags, ref, at) \
	(calls[i].commit ? BUF(w, calls[i].nr, flags, ref, 0, at) : \
			   call(w.t, calls[i].nr, flags, ref, at, 0, 0))

	ref[0] = w.random;
	ref[1] = w.timer;
	OK(t_buf(w.t, DIOS_ACQUIRE_READ, 0, w.random, 100, &good[0]));
	OK(t_buf(w.t, DIOS_ACQUIRE_WRITE, 0, w.timer, 0, &good[1]));
	CHECK_EQ(good[0].len, 100);
	CHECK_EQ(good[1].len, sizeof(struct dios_timer));
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		write = calls[i].write;
		*iov = good[write];
		EACH_UNKNOWN(flag, calls[i].known)
			FAILS(DIOS_EINVAL, DO(i, flag, ref[write], w.a));
		EACH_BAD_IN(w, at, sizeof(*iov))
			FAILS(DIOS_EFAULT, DO(i, 0, ref[write], at));
		FAILS(DIOS_EBADREF, DO(i, 0, 0, w.a));
		FAILS(DIOS_EBADREF, DO(i, 0, ref[write] + (1ull << 32), w.a));
		/* The buffer of another reference, or of the other direction. */
		FAILS(DIOS_EBADBUF, DO(i, 0, ref[!write], w.a));
		FAILS(DIOS_EBADBUF, DO(i, 0, w.privmem, w.a));
		*iov = good[!write];
		FAILS(DIOS_EBADBUF, DO(i, 0, ref[write], w.a));
		FAILS(DIOS_EBADBUF, DO(i, 0, ref[!write], w.a));
		/* Not exactly it. */
		*iov = (struct dios_iov){};
		FAILS(DIOS_EBADBUF, DO(i, 0, ref[write], w.a));
		*iov = (struct dios_iov){ good[write].addr, good[write].len + 1 };
		FAILS(DIOS_EBADBUF, DO(i, 0, ref[write], w.a));
		*iov = (struct dios_iov){ good[write].addr - 1, good[write].len };
		FAILS(DIOS_EBADBUF, DO(i, 0, ref[write], w.a));
		*iov = (struct dios_iov){ good[write].addr, ~0ull };
		FAILS(DIOS_EBADBUF, DO(i, 0, ref[write], w.a));
		*iov = (struct dios_iov){ good[write].addr + good[write].len + 1, 0 };
		FAILS(DIOS_EBADBUF, DO(i, 0, ref[write], w.a));
		*iov = (struct dios_iov){ ~0ull, 2 };
		FAILS(DIOS_EBADBUF, DO(i, 0, ref[write], w.a));
		if (calls[i].nr != DIOS_COMMIT_WRITE) {
			*iov = (struct dios_iov){ good[write].addr, good[write].len - 1 };
			FAILS(DIOS_EBADBUF, DO(i, 0, ref[write], w.a));
		}
	}
#undef DO
	/* More than there is. */
	*iov = good[0];
	FAILS(DIOS_EINVAL, BUF(w, DIOS_COMMIT_READ, 0, w.random, 101, w.a));
	FAILS(DIOS_EINVAL, BUF(w, DIOS_COMMIT_READ, 0, w.random, ~0ull, w.a));
	*iov = good[1];
	FAILS(DIOS_EINVAL, BUF(w, DIOS_COMMIT_WRITE, 0, w.timer, 17, w.a));
	/* A timer is set as a whole. */
	FAILS(DIOS_EINVAL, BUF(w, DIOS_COMMIT_WRITE, 0, w.timer, 15, w.a));
	FAILS(DIOS_EINVAL, BUF(w, DIOS_COMMIT_WRITE, 0, w.timer, 0, w.a));
	*iov = (struct dios_iov){ good[1].addr + 8, 8 };
	FAILS(DIOS_EINVAL, BUF(w, DIOS_COMMIT_WRITE, 0, w.timer, 8, w.a));
	*iov = good[1];
	((u64 *)hosted_ptr(good[1].addr))[1] = 5;
	FAILS(DIOS_EINVAL, BUF(w, DIOS_COMMIT_WRITE, 0, w.timer, 16, w.a));
	/* Discard is for memory. */
	FAILS(DIOS_EINVAL, call(w.t, DIOS_RELEASE_WRITE, DIOS_BUF_DISCARD | DIOS_BUF_COMMIT, w.timer, w.a, 0, 0));
	*iov = (struct dios_iov){ good[1].addr, 0 };
	FAILS(DIOS_EINVAL, call(w.t, DIOS_RELEASE_WRITE, DIOS_BUF_DISCARD, w.timer, w.a, 0, 0));
	*iov = good[1];
	FAILS(DIOS_EINVAL, call(w.t, DIOS_RELEASE_WRITE, DIOS_BUF_DISCARD, w.timer, w.a, 0, 0));
	/* A zombie: nothing more is said to it, but the buffer comes back. */
	OK(t_zombify(w.t, w.timer));
	FAILS(DIOS_EZOMBIE, BUF(w, DIOS_COMMIT_WRITE, 0, w.timer, 16, w.a));
	OK(call(w.t, DIOS_RELEASE_WRITE, 0, w.timer, w.a, 0, 0));
	CHECK(!hosted_readable(w.t, good[1].addr));
	quit(w.t);
}

TEST(the_control_page_is_checked)
{
	static const struct dios_control bad[] = {
		{ .tick = 1000000 },				/* a tick without an entry */
		{ .entry = 1ull << 47, .restorer = 1, .stack = 1, .stack_len = 8192 },
		{ .entry = ~0ull, .restorer = 1, .stack = 1, .stack_len = 8192 },
		{ .entry = 1, .restorer = 0, .stack = 1, .stack_len = 8192 },
		{ .entry = 1, .restorer = 1ull << 47, .stack = 1, .stack_len = 8192 },
		{ .entry = 1, .restorer = 1, .stack = 0, .stack_len = 8192 },
		{ .entry = 1, .restorer = 1, .stack = 1ull << 47, .stack_len = 8192 },
		{ .entry = 1, .restorer = 1, .stack = 1, .stack_len = 8191 },
		{ .entry = 1, .restorer = 1, .stack = 1, .stack_len = ~0ull },
		{ .entry = 1, .restorer = 1, .stack = (1ull << 47) - 8192, .stack_len = 8193 },
		{ .entry = 1, .restorer = 1, .stack = 1, .stack_len = 8192, .tick = 999999 },
		{ .entry = 1, .restorer = 1, .stack = 1, .stack_len = 8192, .tick = 3600000000001 },
		{ .entry = 1, .restorer = 1, .stack = 1, .stack_len = 8192, .tick = ~0ull },
	};
	static const struct dios_control good[] = {
		{}, { .restorer = 5, .stack = 7 },
		{ .entry = 1, .restorer = 1, .stack = 1, .stack_len = 8192 },
		{ .entry = 1, .restorer = 1, .stack = (1ull << 47) - 8192, .stack_len = 8192,
		  .tick = 3600000000000 },
		{ .entry = (1ull << 47) - 1, .restorer = 1, .stack = 1, .stack_len = (1ull << 47) - 1,
		  .tick = 1000000 },
	};
	struct dios_task *t = pure(), *l = limbo();
	struct dios_iov iov = {};
	u32 i;

	OK(t_buf(t, DIOS_ACQUIRE_WRITE, 0, DIOS_REF_SELF, 0, &iov));
	CHECK_EQ(iov.len, sizeof(struct dios_control));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		memcpy(hosted_ptr(iov.addr), &bad[i], sizeof(bad[i]));
		FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, DIOS_REF_SELF, 40, &iov));
		CHECK_EQ(hosted_upcalls(t)->entry, 0);
	}
	FAILS(DIOS_EINVAL, t_buf(t, DIOS_COMMIT_WRITE, 0, DIOS_REF_SELF, 39, &iov));
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		memcpy(hosted_ptr(iov.addr), &good[i], sizeof(good[i]));
		CHECK_EQ(t_buf(t, DIOS_COMMIT_WRITE, 0, DIOS_REF_SELF, 40, &iov), 40);
		CHECK(!memcmp(hosted_upcalls(t), &good[i], sizeof(good[i])));
	}
	/* A Linux process keeps its own signals. */
	iov.addr = 0;
	OK(t_buf(l, DIOS_ACQUIRE_WRITE, 0, DIOS_REF_SELF, 0, &iov));
	FAILS(DIOS_ENOTSUP, t_buf(l, DIOS_COMMIT_WRITE, 0, DIOS_REF_SELF, 40, &iov));
	quit(t);
	quit(l);
}

static u32 returns_0(struct dios_task *t, int argc, char **argv, char **env)
{
	return 0;
}

#define RUN(w, flags, exe, spec, ref)	call((w).t, DIOS_RUN, flags, exe, spec, ref, 0)

TEST(run_errors)
{
	struct world w = enter(limbo());
	struct dios_run *s = (void *)w.page, good;
	struct dios_grant *g = (void *)(w.page + 512);
	u64 exe, con, at, *ref = (u64 *)(w.page + 256), zombie;
	char *strings = (char *)w.page + 1024;
	u32 fd = program(returns_0);

	OK(t_import(w.t, fd, &exe));
	OK(t_console(w.t, console(), &con));
	OK(t_timer(w.t, 0, 0, &zombie));
	OK(t_zombify(w.t, zombie));
	memcpy(strings, "prog\0arg\0A=1\0", 14);
	good = (struct dios_run){ .argv = w.a + 1024, .argv_len = 9, .argc = 2, .env = w.a + 1033,
				  .env_len = 4, .envc = 1, .refs = w.a + 512 };
	g[0] = (struct dios_grant){ .ref = w.timer, .rights = DIOS_R_READ };

#define RUN_FAILS(err, field, value) do {				\
	*s = good;							\
	s->field = value;						\
	FAILS(err, RUN(w, 0, exe, w.a, hosted_addr(ref)));		\
} while (0)

	*s = good;
	EACH_UNKNOWN(flag, 0)
		FAILS(DIOS_EINVAL, RUN(w, flag, exe, w.a, hosted_addr(ref)));
	EACH_BAD_IN(w, at, sizeof(*s))
		FAILS(DIOS_EFAULT, RUN(w, 0, exe, at, hosted_addr(ref)));
	EACH_BAD_OUT(w, at, 8)
		FAILS(DIOS_EFAULT, RUN(w, 0, exe, w.a, at));
	FAILS(DIOS_EBADREF, RUN(w, 0, 0, w.a, hosted_addr(ref)));
	FAILS(DIOS_EPERM, RUN(w, 0, w.timer, w.a, hosted_addr(ref)));	/* no EXEC */
	RUN_FAILS(DIOS_EINVAL, files, 1);
	RUN_FAILS(DIOS_EINVAL, files, 2);		/* of none */
	RUN_FAILS(DIOS_EINVAL, argc, 0);
	*s = good;
	memset(s->entry, 'x', sizeof(s->entry));
	FAILS(DIOS_EINVAL, RUN(w, 0, exe, w.a, hosted_addr(ref)));
	RUN_FAILS(DIOS_ENOTSUP, node, 2);
	/* Strings: as many as said, and all of the bytes. */
	RUN_FAILS(DIOS_EINVAL, argc, 1);
	RUN_FAILS(DIOS_EINVAL, argc, 3);
	RUN_FAILS(DIOS_EINVAL, argc, 10);
	RUN_FAILS(DIOS_EINVAL, argv_len, 8);
	RUN_FAILS(DIOS_EINVAL, argv_len, 10);
	RUN_FAILS(DIOS_EINVAL, argv_len, 0);
	RUN_FAILS(DIOS_EINVAL, envc, 0);
	RUN_FAILS(DIOS_EINVAL, env_len, 3);
	RUN_FAILS(DIOS_ETOOBIG, argc, 8193);
	RUN_FAILS(DIOS_ETOOBIG, argc, ~0u);
	RUN_FAILS(DIOS_ETOOBIG, argv_len, DIOS_MAX_ARGS + 1);
	RUN_FAILS(DIOS_ETOOBIG, argv_len, ~0ull);
	RUN_FAILS(DIOS_ETOOBIG, env_len, DIOS_MAX_ARGS + 1);
	RUN_FAILS(DIOS_ETOOBIG, envc, ~0u);
	RUN_FAILS(DIOS_EFAULT, argv_len, DIOS_MAX_ARGS);
	RUN_FAILS(DIOS_EFAULT, argv, NOWHERE);
	RUN_FAILS(DIOS_EFAULT, argv, ~0ull);
	RUN_FAILS(DIOS_EFAULT, env, KERNEL);
	/* Standard streams. */
	RUN_FAILS(DIOS_EBADREF, in, 5);
	RUN_FAILS(DIOS_EBADREF, out, con + (1ull << 32));
	RUN_FAILS(DIOS_EBADREF, err, ~0ull);
	RUN_FAILS(DIOS_EPERM, in, con);			/* no READ */
	RUN_FAILS(DIOS_EPERM, out, w.random);		/* no WRITE */
	RUN_FAILS(DIOS_EPERM, err, w.less);
	RUN_FAILS(DIOS_EPERM, out, w.privmem);		/* private */
	RUN_FAILS(DIOS_EPERM, in, DIOS_REF_SELF);
	RUN_FAILS(DIOS_EZOMBIE, out, zombie);
	/* What is handed over. */
	good.nrefs = 1;
	RUN_FAILS(DIOS_ETOOBIG, nrefs, DIOS_MAX_GRANTS + 1);
	RUN_FAILS(DIOS_ETOOBIG, nrefs, ~0u);
	RUN_FAILS(DIOS_EFAULT, refs, NOWHERE);
	RUN_FAILS(DIOS_EFAULT, refs, w.end);
	g[0].out = 1;
	RUN_FAILS(DIOS_EINVAL, nrefs, 1);
	g[0].out = 0;
	g[0].pad = 1;
	RUN_FAILS(DIOS_EINVAL, nrefs, 1);
	g[0].pad = 0;
	g[0].rights = DIOS_R_EXEC;
	RUN_FAILS(DIOS_EPERM, nrefs, 1);
	g[0].rights = 0;
	RUN_FAILS(DIOS_EINVAL, nrefs, 1);
	g[0] = (struct dios_grant){ .ref = w.privmem, .rights = DIOS_R_READ };
	RUN_FAILS(DIOS_EPERM, nrefs, 1);
	g[0] = (struct dios_grant){ .ref = zombie, .rights = DIOS_R_READ };
	RUN_FAILS(DIOS_EZOMBIE, nrefs, 1);
	g[0] = (struct dios_grant){ .ref = w.timer, .rights = DIOS_R_READ };
	g[1] = (struct dios_grant){ .ref = 1, .rights = DIOS_R_READ };
	RUN_FAILS(DIOS_EBADREF, nrefs, 2);
	RUN_FAILS(DIOS_EINVAL, files, 1);
	RUN_FAILS(DIOS_EINVAL, files, 2);		/* of one */
	RUN_FAILS(DIOS_EINVAL, files, ~0u);
	/* The host cannot. */
	hosted_file(fd)->main = NULL;
	RUN_FAILS(DIOS_EBADEXE, nrefs, 1);
	hosted_file(fd)->main = returns_0;
	hosted_file(fd)->read_err = -DIOS_EIO;
	RUN_FAILS(DIOS_EIO, nrefs, 1);
	hosted_file(fd)->read_err = 0;
	hosted_no_node_console = true;
	RUN_FAILS(DIOS_EIO, nrefs, 1);
	RUN_FAILS(DIOS_EIO, out, con);
	hosted_no_node_console = false;
	dios_quota_tasks = 1;
	RUN_FAILS(DIOS_EQUOTA, nrefs, 1);
	dios_quota_tasks = 4096;
	/* And so it is good. */
	*s = good;
	OK(RUN(w, 0, exe, w.a, hosted_addr(ref)));
	CHECK_EQ(status_of(w.t, *ref).how, DIOS_END_EXIT);
	quit(w.t);
}

TEST(a_program_is_not_zombified)
{
	struct dios_task *t = limbo();
	struct run r = { .argv = { "p" } };
	u64 exe, ref;

	OK(t_import(t, program(returns_0), &exe));
	r.exe = exe;
	FAILS(DIOS_EPERM, t_zombify(t, exe));	/* EXEC is all it has */
	OK(t_run(t, &r, &ref));
	quit(t);
}

/* Every copy from and to the program fails once, in each call that copies. */
TEST(a_fault_at_every_copy)
{
	struct dios_task *t = limbo();
	u8 name[DIOS_NAME_SIZE] = "public";
	struct dios_grant g[3];
	struct dios_iov iov = {};
	struct run r = { .argv = { "p", "q" }, .env = { "A=1" } };
	u64 exe, timer, ref, selected;
	struct dios_wait w, got;
	s64 ret;
	u32 i;

	OK(t_import(t, program(returns_0), &exe));
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_create(t, DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, NULL, 0, name, &ref));
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_lookup(t, DIOS_LOOKUP_PUBLIC, name, &ref));
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_create(t, 0, DIOS_T_RANDOM, NULL, 0, name, &ref));
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_timer(t, 1, 0, &timer));
	for (i = 0; i < 3; i++)
		g[i] = (struct dios_grant){ .ref = timer, .rights = DIOS_R_READ };
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_copy(t, g, 3, DIOS_REF_SELF));
	w = (struct dios_wait){ .ref = timer, .rights = DIOS_R_READ };
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_select(t, &w, 1, &selected, -1));
	/* Not FAILS(): what is kept stays, and is told when it can be. */
	hosted_fail(FAIL_COPY, 2);
	CHECK_EQ(t_select_kept(t, &w, 1, &got, -1), -DIOS_EFAULT);
	CHECK(hosted_failed(FAIL_COPY));
	OK(t_select_kept(t, NULL, 0, &got, 0));
	CHECK_EQ(got.ref, w.ref);
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_buf(t, DIOS_ACQUIRE_READ, 0, timer, 0, &iov));
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_buf(t, DIOS_COMMIT_READ, 0, timer, iov.len, &iov));
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_release(t, DIOS_RELEASE_READ, 0, timer, &iov));
	iov = (struct dios_iov){};
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_buf(t, DIOS_ACQUIRE_WRITE, 0, timer, 0, &iov));
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_buf(t, DIOS_COMMIT_WRITE, 0, timer, iov.len, &iov));
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_release(t, DIOS_RELEASE_WRITE, DIOS_BUF_COMMIT, timer, &iov));
	r.exe = exe;
	r.grants = g;
	r.ngrants = 3;
	for (i = 0; i < 3; i++)
		g[i].out = 0;
	EACH(FAIL_COPY, DIOS_EFAULT, ret, t_run(t, &r, &ref));
	status_of(t, ref);
	quit(t);
}
