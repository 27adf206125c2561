/* brand: pure */
/*
 * A stream of writes to the store, for a host that kills the machine in the middle of it.
 *
 *	store SEED KNOWN	look whether what is there is right; then write until killed
 *	store SEED KNOWN check	only look
 *
 * Write number n is the same in each run with this seed, so that what the blob must be is known
 * from its version alone. A line with n says that it has returned. The next run is told the
 * last line that came: at least so many writes must be there, all of them whole, and no part of
 * another one. Between the writes named blobs come and go, in the same way.
 */
#include "../abi/abi.h"

#define MAX	(48 * 1024)
#define NAMED	16		/* bytes of each blob that comes and goes */
#define LIFE	10		/* writes until it goes */

static u64 seed, main_ref;
static u8 model[2 * MAX];
static u64 model_size;

static u64 number(const char *s)
{
	u64 n = 0;

	while (*s >= '0' && *s <= '9')
		n = n * 10 + *s++ - '0';
	return n;
}

/* Bits that depend on the seed, the write and which of its parts. */
static u64 draw(u64 n, u64 part)
{
	u64 z = seed * 0x9e3779b97f4a7c15ULL + n * 0xbf58476d1ce4e5b9ULL + part * 0x94d049bb133111ebULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Sets the size instead; where to, as the size is now. */
static int is_size(u64 n, u64 size, u64 *to)
{
	if (draw(n, 0) % 7)
		return 0;
	*to = draw(n, 1) % MAX;
	if (*to == size)
		++*to;
	return 1;
}

static u8 byte_of(u64 n, u64 i)
{
	return n * 31 + i * 7 + (i >> 8);
}

static void place(u64 n, u64 *off, u64 *len)
{
	*off = draw(n, 2) % MAX;
	*len = 1 + draw(n, 3) % (draw(n, 4) % 3 ? 16 * 1024 : 100);
}

static void model_write(u64 n)
{
	u64 to, off, len, i;

	if (is_size(n, model_size, &to)) {
		for (i = to; i < model_size; i++)
			model[i] = 0;
		model_size = to;
		return;
	}
	place(n, &off, &len);
	for (i = 0; i < len; i++)
		model[off + i] = byte_of(n, i);
	if (off + len > model_size)
		model_size = off + len;
}

static s64 find(const char *what, u64 n, u64 *ref)
{
	u8 name[DIOS_NAME_SIZE] = { 0 };
	u64 one = 1;

	memcpy(name, what, length(what));
	memcpy(name + 16, &n, sizeof(n));
	return lookup(DIOS_LOOKUP_PUBLIC, ADDR(name), ADDR(ref), ADDR(&one));
}

static s64 make(const char *what, u64 n, u64 size, u64 *ref)
{
	struct dios_blob spec = { size };
	u8 name[DIOS_NAME_SIZE] = { 0 };

	memcpy(name, what, length(what));
	memcpy(name + 16, &n, sizeof(n));
	return create(DIOS_CREATE_PUBLIC, DIOS_T_BLOB, ADDR(&spec), ADDR(name), ADDR(ref));
}

static struct dios_blob_info info(u64 ref)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_blob_info in = { 0, 0, 0 };

	if (is(acquire_read(DIOS_BUF_INFO, ref, 0, ADDR(&iov)), 0)) {
		in = *(struct dios_blob_info *)iov.addr;
		is(release_read(0, ref, ADDR(&iov)), 0);
	}
	return in;
}

static void write_one(u64 n)
{
	struct dios_iov iov = { 0, 0 };
	u64 to, off, len, i;

	if (is_size(n, model_size, &to)) {
		is(acquire_write(DIOS_BUF_INFO, main_ref, 0, ADDR(&iov)), 0);
		((struct dios_blob_info *)iov.addr)->size = to;
		is(commit_write(0, main_ref, sizeof(struct dios_blob_info), ADDR(&iov)), sizeof(struct dios_blob_info));
	} else {
		place(n, &off, &len);
		is(syscall6(DIOS_ACQUIRE_WRITE, DIOS_BUF_AT, main_ref, len, ADDR(&iov), 0, off), 0);
		for (i = 0; i < len; i++)
			((u8 *)iov.addr)[i] = byte_of(n, i);
		is(commit_write(0, main_ref, len, ADDR(&iov)), len);
	}
	is(release_write(0, main_ref, ADDR(&iov)), 0);
	model_write(n);
}

/* After write n: one comes, or one goes. Done again, it does what is missing. */
static void name_one(u64 n)
{
	struct dios_iov iov = { 0, 0 };
	u64 ref, i;

	if (n % 4 == 0) {
		if (find("named", n, &ref))
			is(make("named", n, NAMED, &ref), 0);
		is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
		for (i = 0; i < NAMED; i++)
			((u8 *)iov.addr)[i] = byte_of(n, i);
		is(commit_write(0, ref, NAMED, ADDR(&iov)), NAMED);
		is(delete(0, ref), 0);
	}
	if (n >= LIFE && n % 4 == LIFE % 4 && find("named", n - LIFE, &ref) == 0) {
		is(delete(DIOS_DELETE_ZOMBIFY, ref), 0);
		is(delete(0, ref), 0);
	}
}

/* The one of write n: is it there, and what has it? */
static void look_named(u64 n, u64 version)
{
	struct dios_iov iov = { 0, 0 };
	u64 ref, i;
	s64 err = find("named", n, &ref);

	about = "named";
	about_number = n;
	if (n + LIFE < version)
		is(err, -DIOS_ENOENT);
	else if (n < version && n + LIFE > version)
		is(err, 0);
	else
		ok(err == 0 || err == -DIOS_ENOENT);
	if (err)
		return;
	if (is(acquire_read(0, ref, 0, ADDR(&iov)), 0) && ok(iov.len == NAMED)) {
		u64 made = info(ref).version;

		ok(made > 0 || n == version);
		for (i = 0; i < NAMED; i++)
			ok(((u8 *)iov.addr)[i] == (made ? byte_of(n, i) : 0));
	}
	is(delete(0, ref), 0);
}

/* What is there must be what so many writes made. */
static u64 look(u64 known)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_blob_info in = info(main_ref);
	u64 n;

	for (n = 1; n <= in.version; n++)
		model_write(n);
	about = "version";
	about_number = in.version;
	ok(in.version >= known);
	ok(in.size == model_size);
	if (in.size && is(acquire_read(0, main_ref, 0, ADDR(&iov)), 0)) {
		ok(iov.len == model_size);
		ok(same((void *)iov.addr, model, iov.len));
		is(commit_read(0, main_ref, iov.len, ADDR(&iov)), iov.len);
		is(release_read(0, main_ref, ADDR(&iov)), 0);
	}
	for (n = in.version > 80 ? (in.version - 80) & ~3ULL : 4; n <= in.version; n += 4)
		look_named(n, in.version);
	about = NULL;
	return in.version;
}

static int run(int argc, char **argv)
{
	u64 known, n;
	s64 err;

	if (argc < 3)
		return 2;
	seed = number(argv[1]);
	known = number(argv[2]);
	err = find("main", 0, &main_ref);
	if (err && is(err, -DIOS_ENOENT) && ok(!known))
		err = make("main", 0, 0, &main_ref);
	if (!is(err, 0))
		return 1;
	n = look(known);
	if (failures)
		return 1;
	say("at ");
	say_dec(n);
	say("\n");
	if (argc > 3)
		return 0;
	name_one(n);
	while (!failures) {
		write_one(++n);
		name_one(n);
		say_dec(n);
		say("\n");
	}
	return 1;
}
