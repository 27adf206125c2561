/* brand: pure */
/* BLOB: bytes in the node's store. The test of what a crash leaves is in testdata/store. */
#include "abi.h"

#define READ_AT(ref, len, iov, off)	syscall6(DIOS_ACQUIRE_READ, DIOS_BUF_AT, ref, len, iov, POISON, off)
#define WRITE_AT(ref, len, iov, off)	syscall6(DIOS_ACQUIRE_WRITE, DIOS_BUF_AT, ref, len, iov, POISON, off)

static u64 new_blob(u64 size)
{
	struct dios_blob spec = { size };
	u64 ref = POISON;

	is(create(0, DIOS_T_BLOB, ADDR(&spec), 0, ADDR(&ref)), 0);
	return ref;
}

static s64 new_public(const char *what, u64 size, u64 *ref)
{
	struct dios_blob spec = { size };
	u8 name[DIOS_NAME_SIZE] = { 0 };

	memcpy(name, what, length(what));
	return create(DIOS_CREATE_PUBLIC, DIOS_T_BLOB, ADDR(&spec), ADDR(name), ADDR(ref));
}

static s64 find(const char *what, u64 *ref)
{
	u8 name[DIOS_NAME_SIZE] = { 0 };
	u64 n = 1;

	memcpy(name, what, length(what));
	return lookup(DIOS_LOOKUP_PUBLIC, ADDR(name), ADDR(ref), ADDR(&n));
}

static s64 put(u64 ref, u64 off, u64 len, u8 value)
{
	struct dios_iov iov = { 0, 0 };
	s64 err = WRITE_AT(ref, len, ADDR(&iov), off);

	if (err)
		return err;
	memset((void *)iov.addr, value, len);
	err = commit_write(0, ref, len, ADDR(&iov));
	is(release_write(0, ref, ADDR(&iov)), 0);
	return err == (s64)len ? 0 : err;
}

static struct dios_blob_info info(u64 ref)
{
	struct dios_iov iov = { 0, 0 };
	struct dios_blob_info in = { POISON, POISON, POISON };

	if (is(acquire_read(DIOS_BUF_INFO, ref, 0, ADDR(&iov)), 0)) {
		ok(iov.len == sizeof(in));
		in = *(struct dios_blob_info *)iov.addr;
		is(release_read(0, ref, ADDR(&iov)), 0);
	}
	return in;
}

static s64 set_size(u64 ref, u64 size)
{
	struct dios_iov iov = { 0, 0 };
	s64 err = acquire_write(DIOS_BUF_INFO, ref, 0, ADDR(&iov));

	if (err)
		return err;
	((struct dios_blob_info *)iov.addr)->size = size;
	err = commit_write(0, ref, sizeof(struct dios_blob_info), ADDR(&iov));
	is(release_write(0, ref, ADDR(&iov)), 0);
	return err == sizeof(struct dios_blob_info) ? 0 : err;
}

/* Are these n bytes all of this value? */
static int all(u64 ref, u64 off, u64 n, u8 value)
{
	struct dios_iov iov = { 0, 0 };
	u64 skip = off % PAGE, i;
	int same = 1;

	if (!is(READ_AT(ref, n + skip, ADDR(&iov), off - skip), 0) || !ok(iov.len == n + skip))
		return 0;
	for (i = 0; i < n; i++)
		same &= ((u8 *)iov.addr)[skip + i] == value;
	is(commit_read(0, ref, iov.len, ADDR(&iov)), iov.len);
	is(release_read(0, ref, ADDR(&iov)), 0);
	return same;
}

static void specs(void)
{
	static const u64 bad[] = { DIOS_MAX_BLOB + 1, 1ULL << 63, ~0ULL };
	struct dios_blob spec;
	u64 ref = POISON, i;

	for (i = 0; i < COUNT(bad); i++) {
		spec.size = bad[i];
		is(create(0, DIOS_T_BLOB, ADDR(&spec), 0, ADDR(&ref)), -DIOS_EINVAL);
	}
	is(create(0, DIOS_T_BLOB, 0, 0, ADDR(&ref)), -DIOS_EINVAL);
	for each_bad_in(k, sizeof(spec))
		is(create(0, DIOS_T_BLOB, bad_in(k, sizeof(spec)), 0, ADDR(&ref)), -DIOS_EFAULT);
	spec.size = 10;
	for each_bad_out(k, 8)
		is(create(0, DIOS_T_BLOB, ADDR(&spec), 0, bad_out(k, 8)), -DIOS_EFAULT);
	for each_bad_out(k, DIOS_NAME_SIZE)
		is(create(0, DIOS_T_BLOB, ADDR(&spec), bad_out(k, DIOS_NAME_SIZE), ADDR(&ref)), -DIOS_EFAULT);
	ok(!is_ref(ref));
	ref = POISON;
	/* More than the store has room for: the machine's is small. */
	spec.size = DIOS_MAX_BLOB;
	is(create(0, DIOS_T_BLOB, ADDR(&spec), 0, ADDR(&ref)), -DIOS_EQUOTA);
	ok(ref == POISON);
}

static void sizes(void)
{
	static const u64 sizes[] = { 0, 1, PAGE - 1, PAGE, PAGE + 1, DIOS_MAX_KBUF, DIOS_MAX_KBUF + 1 };
	struct dios_iov iov = { 0, 0 };
	u64 i;

	for (i = 0; i < COUNT(sizes); i++) {
		u64 size = sizes[i], ref = new_blob(size), last = size ? (size - 1) / PAGE * PAGE : 0;
		struct dios_blob_info in = info(ref);

		about = "size";
		about_number = size;
		ok(in.size == size && in.version == 0 && in.modified > 1700000000ULL * SECOND);
		is(READ_AT(ref, 0, ADDR(&iov), size + PAGE), -DIOS_EEND);
		is(READ_AT(ref, 1, ADDR(&iov), last + PAGE), -DIOS_EEND);
		is(READ_AT(ref, 1, ADDR(&iov), ~0ULL), -DIOS_EEND);
		is(READ_AT(ref, 1, ADDR(&iov), -PAGE), -DIOS_EEND);
		is(WRITE_AT(ref, 0, ADDR(&iov), size), -DIOS_EEND);
		is(WRITE_AT(ref, 1, ADDR(&iov), DIOS_MAX_BLOB), -DIOS_EEND);
		is(WRITE_AT(ref, 1, ADDR(&iov), ~0ULL), -DIOS_EEND);
		is(WRITE_AT(ref, DIOS_MAX_KBUF + 1, ADDR(&iov), 0), -DIOS_EINVAL);
		is(acquire_write(0, ref, ~0ULL, ADDR(&iov)), -DIOS_EEND);
		if (!size) {
			is(acquire_read(0, ref, 0, ADDR(&iov)), -DIOS_EEND);
			is(acquire_write(0, ref, 0, ADDR(&iov)), -DIOS_EEND);
		} else {
			/* As long as it is, and not longer; zero. */
			is(acquire_read(0, ref, 0, ADDR(&iov)), 0);
			ok(iov.len == size && iov.addr % PAGE == 0);
			ok(((u8 *)iov.addr)[0] == 0 && ((u8 *)iov.addr)[size - 1] == 0);
			is(release_read(0, ref, ADDR(&iov)), 0);
			iov.addr = 0;
			is(READ_AT(ref, ~0ULL, ADDR(&iov), last), 0);
			ok(iov.len == size - last);
			is(release_read(0, ref, ADDR(&iov)), 0);
			iov.addr = 0;
			is(acquire_write(0, ref, 0, ADDR(&iov)), 0);
			ok(iov.len == (size < DIOS_MAX_KBUF ? size : DIOS_MAX_KBUF));
			is(release_write(0, ref, ADDR(&iov)), 0);
			iov.addr = 0;
			if (size > 1)
				is(READ_AT(ref, 1, ADDR(&iov), 1), -DIOS_EINVAL);
		}
		is(put(ref, size, 3, 7), 0);
		in = info(ref);
		ok(in.size == size + 3 && in.version == 1);
		ok(all(ref, size, 3, 7));
		is(delete(0, ref), 0);
	}
	about = NULL;
}

static void writing(void)
{
	struct dios_iov iov = { 0, 0 }, part, map = { 0, 0 };
	u64 ref = new_blob(3 * PAGE), n = POISON;
	u8 *w, *r;

	is(put(ref, PAGE - 2, 4, 1), 0);
	is(acquire_read(0, ref, 0, ADDR(&map)), 0);
	r = (u8 *)map.addr;
	ok(r[PAGE - 3] == 0 && r[PAGE - 2] == 1 && r[PAGE + 1] == 1 && r[PAGE + 2] == 0);
	/* The window has what is there, from any place on, and more. */
	is(WRITE_AT(ref, 3 * PAGE, ADDR(&iov), PAGE - 1), 0);
	w = (u8 *)iov.addr;
	ok(w[0] == 1 && w[2] == 1 && w[3] == 0 && w[3 * PAGE - 1] == 0);
	w[1] = 2;
	ok(r[PAGE] == 1);
	is(commit_write(DIOS_BUF_NEXT, ref, 1, ADDR(&iov)), -DIOS_ENOTSUP);
	is(commit_write(DIOS_BUF_END, ref, 1, ADDR(&iov)), -DIOS_ENOTSUP);
	is(commit_write(0, ref, iov.len + 1, ADDR(&iov)), -DIOS_EINVAL);
	is(commit_write(0, ref, 0, ADDR(&iov)), 0);
	ok(info(ref).version == 1 && r[PAGE] == 1);
	part = (struct dios_iov){ iov.addr + 1, 10 };
	is(commit_write(0, ref, 1, ADDR(&part)), 1);
	ok(info(ref).version == 2 && r[PAGE] == 2 && r[PAGE + 1] == 1 && r[PAGE - 1] == 1);
	part = (struct dios_iov){ iov.addr + 1, iov.len };
	is(commit_write(0, ref, 1, ADDR(&part)), -DIOS_EBADBUF);
	is(commit_read(0, ref, 1, ADDR(&map)), -DIOS_ESTALE);
	is(commit_read(0, ref, map.len, ADDR(&map)), map.len);
	is(commit_read(DIOS_BUF_NEXT, ref, 0, ADDR(&map)), 0);
	ok(info(ref).size == 3 * PAGE);
	is(release_write(DIOS_BUF_COMMIT, ref, ADDR(&iov)), 0);
	ok(info(ref).size == 4 * PAGE - 1 && info(ref).version == 3);
	is(commit_read(0, ref, 1, ADDR(&map)), -DIOS_ESTALE);
	/* Cut, with somebody looking: zeros, not a fault. */
	is(set_size(ref, 10), 0);
	ok(r[PAGE] == 0 && r[2 * PAGE] == 0 && r[3 * PAGE - 1] == 0);
	is(set_size(ref, 10), 0);
	ok(info(ref).version == 4);
	is(set_size(ref, 3 * PAGE), 0);
	ok(all(ref, 0, 3 * PAGE, 0));
	is(set_size(ref, DIOS_MAX_BLOB + 1), -DIOS_EINVAL);
	is(set_size(ref, DIOS_MAX_BLOB), -DIOS_EQUOTA);
	ok(info(ref).size == 3 * PAGE && info(ref).version == 5);
	is(release_read(0, ref, ADDR(&map)), 0);
	/* Where there is nothing, far behind the end. */
	is(put(ref, 10 * PAGE + 5, 1, 9), 0);
	ok(info(ref).size == 10 * PAGE + 6 && all(ref, 3 * PAGE, 7 * PAGE + 5, 0));
	is(put(ref, 1ULL << 39, 1, 9), -DIOS_EQUOTA);
	ok(info(ref).size == 10 * PAGE + 6);
	/* The info buffer: only as a whole. */
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(DIOS_BUF_INFO, ref, 0, ADDR(&iov)), 0);
	is(commit_write(0, ref, 8, ADDR(&iov)), -DIOS_EINVAL);
	is(release_write(0, ref, ADDR(&iov)), 0);
	for each_bad_flag(f, BUF_FLAGS) {
		is(acquire_read(f, ref, 0, ADDR(&iov)), -DIOS_EINVAL);
		is(acquire_write(f, ref, 0, ADDR(&iov)), -DIOS_EINVAL);
	}
	is(acquire_read(DIOS_BUF_BATCH, ref, 0, ADDR(&iov)), -DIOS_ENOTSUP);
	is(delete(0, ref), 0);
}

/* Each right for itself. */
static void rights(void)
{
	struct dios_run spec = { .argv = ADDR("x"), .argc = 1, .argv_len = 2, .out = start->out, .err = start->err };
	struct dios_iov iov = { 0, 0 };
	u64 ref = new_blob(PAGE), r = with_rights(ref, DIOS_R_READ), w = with_rights(ref, DIOS_R_WRITE);
	u64 x = with_rights(ref, DIOS_R_EXEC), task = POISON;

	is(put(r, 0, 1, 1), -DIOS_EPERM);
	is(put(x, 0, 1, 1), -DIOS_EPERM);
	is(put(w, 0, 1, 1), 0);
	is(acquire_read(0, w, 0, ADDR(&iov)), -DIOS_EPERM);
	is(acquire_read(0, x, 0, ADDR(&iov)), -DIOS_EPERM);
	ok(all(r, 0, 1, 1));
	is(set_size(r, 1), -DIOS_EPERM);
	is(acquire_read(DIOS_BUF_INFO, w, 0, ADDR(&iov)), -DIOS_EPERM);
	is(start_task(0, r, ADDR(&spec), ADDR(&task)), -DIOS_EPERM);
	is(start_task(0, w, ADDR(&spec), ADDR(&task)), -DIOS_EPERM);
	is(start_task(0, x, ADDR(&spec), ADDR(&task)), -DIOS_EBADEXE);
	is(delete(DIOS_DELETE_ZOMBIFY, r), -DIOS_EPERM);
	is(delete(DIOS_DELETE_ZOMBIFY, x), -DIOS_EPERM);
	is(delete(DIOS_DELETE_ZOMBIFY, w), 0);
	is(put(w, 0, 1, 1), -DIOS_EZOMBIE);
	is(acquire_read(0, r, 0, ADDR(&iov)), -DIOS_EZOMBIE);
	is(start_task(0, x, ADDR(&spec), ADDR(&task)), -DIOS_EZOMBIE);
	ok(task == POISON);
	is(delete(0, ref), 0);
	is(delete(0, r), 0);
	is(delete(0, w), 0);
	is(delete(0, x), 0);
}

static void names(void)
{
	u8 random[DIOS_NAME_SIZE] = { 0 }, other[DIOS_NAME_SIZE] = "blob other";
	struct dios_blob spec = { PAGE };
	struct dios_group group = { DIOS_R_ALL, 0 };
	struct dios_iov iov = { 0, 0 };
	u64 ref = POISON, again = POISON, less, g = POISON, n = 1, self = DIOS_REF_SELF;

	is(find("blob a", &again), -DIOS_ENOENT);
	is(new_public("blob a", PAGE, &ref), 0);
	is(new_public("blob a", PAGE, &again), -DIOS_EEXIST);
	is(put(ref, 0, PAGE, 3), 0);
	/* Nobody has it, and it is there. */
	is(delete(0, ref), 0);
	is(new_public("blob a", PAGE, &again), -DIOS_EEXIST);
	is(create(DIOS_CREATE_PUBLIC, DIOS_T_RANDOM, 0, ADDR("blob a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), ADDR(&again)), -DIOS_EEXIST);
	is(find("blob a", &ref), 0);
	is(find("blob a", &again), 0);
	ok(info(ref).version == 1 && all(ref, 0, PAGE, 3));
	/* Both are the same. */
	is(put(again, 0, 1, 4), 0);
	ok(all(ref, 0, 1, 4));
	is(delete(0, again), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, ref), 0);
	is(find("blob a", &again), -DIOS_ENOENT);
	is(new_public("blob a", 0, &again), 0);
	ok(info(again).size == 0 && info(again).version == 0);
	is(delete(0, ref), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, again), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, again), 0);
	is(delete(0, again), 0);

	/* A random name, given later, and not by one who may do all. */
	ref = new_blob(PAGE);
	is(put(ref, 0, PAGE, 5), 0);
	less = with_rights(ref, DIOS_R_READ | DIOS_R_WRITE);
	is(create(DIOS_CREATE_NAME, DIOS_T_BLOB, 0, ADDR(random), ADDR(&less)), 0);
	is(create(DIOS_CREATE_NAME, DIOS_T_BLOB, 0, ADDR(other), ADDR(&ref)), -DIOS_EBUSY);
	is(create(DIOS_CREATE_NAME | DIOS_CREATE_PUBLIC, DIOS_T_BLOB, 0, ADDR(other), ADDR(&ref)), -DIOS_EBUSY);
	is(delete(0, ref), 0);
	is(delete(0, less), 0);
	is(lookup(DIOS_LOOKUP_PUBLIC, ADDR(random), ADDR(&ref), ADDR(&n)), -DIOS_ENOENT);
	is(lookup(0, ADDR(random), ADDR(&ref), ADDR(&n)), 0);
	ok(all(ref, 0, PAGE, 5));
	is(copy(0, ADDR(&(struct dios_grant){ ref, POISON, DIOS_R_EXEC, 0 }), 1, self), -DIOS_EPERM);
	is(delete(DIOS_DELETE_ZOMBIFY, ref), 0);
	is(delete(0, ref), 0);
	is(lookup(0, ADDR(random), ADDR(&ref), ADDR(&n)), -DIOS_ENOENT);

	/* Only the root group lasts. */
	is(create(0, DIOS_T_GROUP, ADDR(&group), 0, ADDR(&g)), 0);
	ref = POISON;
	is(syscall6(DIOS_CREATE, DIOS_CREATE_PUBLIC | DIOS_CREATE_GROUP, DIOS_T_BLOB, ADDR(&spec), ADDR(other), ADDR(&ref), g), -DIOS_ENOTSUP);
	is(syscall6(DIOS_CREATE, DIOS_CREATE_GROUP, DIOS_T_BLOB, ADDR(&spec), ADDR(random), ADDR(&ref), g), -DIOS_ENOTSUP);
	ok(!is_ref(ref));
	ref = new_blob(1);
	is(syscall6(DIOS_CREATE, DIOS_CREATE_NAME | DIOS_CREATE_GROUP, DIOS_T_BLOB, 0, ADDR(random), ADDR(&ref), g), -DIOS_ENOTSUP);
	is(delete(0, ref), 0);
	is(delete(0, g), 0);
}

/* Through buffers of another object, and into them. */
static void borrowed(void)
{
	struct dios_iov iov = { 0, 0 }, b, map = { 0, 0 };
	u64 from = new_blob(PAGE), to = new_blob(0), fifo;
	struct dios_fifo spec = { 64 * 1024 };
	u8 *w;

	is(put(from, 100, 50, 1), 0);
	is(WRITE_AT(to, 40, ADDR(&iov), 5), 0);
	w = (u8 *)iov.addr;
	b = iov;
	is(syscall6(DIOS_ACQUIRE_READ, DIOS_BUF_AT | DIOS_BUF_BORROW, from, 0, ADDR(&b), to, 99), 0);
	ok(b.addr == iov.addr && b.len == 40 && w[0] == 0 && w[1] == 1 && w[39] == 1);
	is(commit_read(0, from, 40, ADDR(&b)), 40);
	is(put(from, 99, 1, 8), 0);
	is(commit_read(0, from, 40, ADDR(&b)), -DIOS_ESTALE);
	ok(w[0] == 8);
	is(commit_write(0, to, 40, ADDR(&iov)), 40);
	ok(info(to).size == 45 && all(to, 0, 5, 0) && all(to, 5, 1, 8) && all(to, 6, 39, 1));
	is(release_read(0, from, ADDR(&b)), 0);
	is(release_write(0, to, ADDR(&iov)), 0);
	/* What is mapped is the store's own. */
	is(acquire_read(0, from, 0, ADDR(&map)), 0);
	b = map;
	is(syscall6(DIOS_ACQUIRE_WRITE, DIOS_BUF_BORROW, to, 0, ADDR(&b), from, POISON), -DIOS_ENOTSUP);
	is(syscall6(DIOS_ACQUIRE_WRITE, DIOS_BUF_MOVE, to, 0, ADDR(&b), from, POISON), -DIOS_ENOTSUP);
	is(release_read(0, from, ADDR(&map)), 0);
	/* A record as it lies in a FIFO becomes bytes of the blob. */
	is(create(0, DIOS_T_FIFO, ADDR(&spec), 0, ADDR(&fifo)), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_write(0, fifo, 10, ADDR(&iov)), 0);
	memset((void *)iov.addr, 6, 10);
	is(commit_write(0, fifo, 10, ADDR(&iov)), 10);
	is(release_write(0, fifo, ADDR(&iov)), 0);
	iov = (struct dios_iov){ 0, 0 };
	is(acquire_read(0, fifo, 0, ADDR(&iov)), 0);
	is(syscall6(DIOS_ACQUIRE_WRITE, DIOS_BUF_BORROW | DIOS_BUF_AT, to, 0, ADDR(&iov), fifo, 20), 0);
	is(release_write(DIOS_BUF_COMMIT, to, ADDR(&iov)), 0);
	ok(all(to, 20, 10, 6));
	is(delete(0, fifo), 0);
	is(delete(0, from), 0);
	is(delete(0, to), 0);
}

/* A smallest program of this code: an ELF header, one program header, and the code. */
static s64 put_program(u64 ref, const u8 *code, u64 n)
{
	struct {
		u8 ident[16];
		__u16 type, machine;
		u32 version;
		u64 entry, phoff, shoff;
		u32 flags;
		__u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
		u32 p_type, p_flags;
		u64 p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
		u8 code[64];
	} elf = {
		.ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1, DIOS_OSABI, DIOS_BRAND_PURE }, .type = 2, .machine = 62,
		.version = 1, .entry = 0x400000 + 120, .phoff = 64, .ehsize = 64, .phentsize = 56, .phnum = 1,
		.p_type = 1, .p_flags = 5, .p_vaddr = 0x400000, .p_paddr = 0x400000, .p_filesz = 120 + n,
		.p_memsz = 120 + n, .p_align = PAGE,
	};
	struct dios_iov iov = { 0, 0 };
	s64 err;

	memcpy(elf.code, code, n);
	err = acquire_write(0, ref, 120 + n, ADDR(&iov));
	if (err)
		return err;
	memcpy((void *)iov.addr, &elf, 120 + n);
	err = commit_write(0, ref, 120 + n, ADDR(&iov));
	is(release_write(0, ref, ADDR(&iov)), 0);
	return err == (s64)(120 + n) ? 0 : err;
}

/* Programs that a task writes into the store and runs from there. */
static void programs(void)
{
	/* delete(42, DIOS_REF_SELF) */
	static const u8 ends[] = { 0xb8, 0x02, 0xd1, 0, 0, 0xbf, 42, 0, 0, 0, 0x48, 0xbe, 0, 0, 0, 0, 1, 0, 0, 0, 0x0f, 0x05 };
	static const u8 stays[] = { 0xeb, 0xfe };
	struct dios_run spec = { .argv = ADDR("x"), .argc = 1, .argv_len = 2, .out = start->out, .err = start->err };
	u64 ref = POISON, got = POISON, task = POISON, i;

	is(new_public("blob program", 0, &ref), 0);
	for (i = 0; i < 3; i++) {
		is(put_program(ref, ends, sizeof(ends)), 0);
		is(start_task(0, ref, ADDR(&spec), ADDR(&task)), 0);
		ok(wait_for(task).status == 42);
	}
	/* The blob's end is the program's. */
	is(set_size(ref, 120 + sizeof(ends) - 1), 0);
	is(start_task(0, ref, ADDR(&spec), ADDR(&task)), -DIOS_EBADEXE);
	is(put_program(ref, stays, sizeof(stays)), 0);
	is(start_task(0, ref, ADDR(&spec), ADDR(&task)), 0);
	is(put(ref, 0, 1, 0), -DIOS_EBUSY);
	is(put(ref, 1000, 1, 0), -DIOS_EBUSY);
	is(set_size(ref, 0), -DIOS_EBUSY);
	is(delete(0, ref), 0);
	is(find("blob program", &got), 0);
	is(put(got, 0, 1, 0), -DIOS_EBUSY);
	ok(info(got).version == 5);
	is(delete(DIOS_DELETE_ZOMBIFY, task), 0);
	ok(wait_for(task).how == DIOS_END_KILLED);
	is(put(got, 0, 1, 0), 0);
	is(start_task(0, got, ADDR(&spec), ADDR(&task)), -DIOS_EBADEXE);
	is(put_program(got, stays, sizeof(stays)), 0);
	/* It may go while it runs. */
	is(start_task(0, got, ADDR(&spec), ADDR(&task)), 0);
	is(delete(DIOS_DELETE_ZOMBIFY, got), 0);
	is(delete(0, got), 0);
	is(find("blob program", &got), -DIOS_ENOENT);
	is(delete(DIOS_DELETE_ZOMBIFY, task), 0);
	ok(wait_for(task).how == DIOS_END_KILLED);
	/* A blob without a name will do. */
	ref = new_blob(0);
	is(put_program(ref, ends, sizeof(ends)), 0);
	is(start_task(0, ref, ADDR(&spec), ADDR(&task)), 0);
	ok(wait_for(task).status == 42);
	/* But none that makes Linux calls: this task must not. */
	is(put(ref, 8, 1, DIOS_BRAND_DIOS_LIMBO), 0);
	is(start_task(0, ref, ADDR(&spec), ADDR(&task)), -DIOS_EPERM);
	is(put(ref, 8, 1, DIOS_BRAND_LEGACY_LIMBO), 0);
	is(start_task(0, ref, ADDR(&spec), ADDR(&task)), -DIOS_EBRAND);
	is(delete(0, ref), 0);
}

static int run(int argc, char **argv)
{
	specs();
	sizes();
	writing();
	rights();
	names();
	borrowed();
	programs();
	return 0;
}
