/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuzz_blob.h - what a BLOB of the store should have, by the book (docs/objects.md); a part of fuzz_model.h.
 *
 * It keeps every byte of small blobs, and their versions. A commit that succeeded is there for
 * everybody, one that failed is not. When the disk failed in the middle nobody may know what
 * there is: then the game is over.
 */
#ifndef DIOS_HOSTED_FUZZ_BLOB_H
#define DIOS_HOSTED_FUZZ_BLOB_H

#define B_MAX	128
#define B_BYTES	(8 * DIOS_PAGE_SIZE)	/* that are compared; a blob may have more */

struct m_blob {
	u64 size, version;
	u8 bytes[B_BYTES];		/* zero from size on */
};

static struct m_blob b_all[B_MAX];
static u32 b_n;
static bool b_unknown;			/* the disk failed: the game is over */
static bool b_failed_once;		/* it failed; files may be left */

static struct m_blob *b_new(u64 size)
{
	struct m_blob *b = &b_all[b_n++];

	BUG_ON(b_n == B_MAX || size > DIOS_MAX_BLOB);
	memset(b, 0, sizeof(*b));
	b->size = size;
	return b;
}

/* Is this what lies at off? */
static void b_same(const struct m_blob *b, const u8 *p, u64 off, u64 len)
{
	if (off < B_BYTES)
		BUG_ON(memcmp(p, b->bytes + off, min_t(u64, len, B_BYTES - off)));
}

static void b_write(struct m_blob *b, const u8 *p, u64 off, u64 len)
{
	if (off < B_BYTES)
		memcpy(b->bytes + off, p, min_t(u64, len, B_BYTES - off));
	b->size = max(b->size, off + len);
	b->version++;
}

static void b_set_size(struct m_blob *b, u64 size)
{
	BUG_ON(size > DIOS_MAX_BLOB);
	if (size < B_BYTES)
		memset(b->bytes + size, 0, B_BYTES - size);
	if (size != b->size)
		b->version++;
	b->size = size;
}

/* EIO comes from the disk only, and what it leaves nobody knows. */
static void b_failed(s64 ret)
{
	if (ret == -DIOS_EIO) {
		BUG_ON(!hosted_failed(FAIL_STORE));
		b_unknown = true;
	}
}

#endif /* DIOS_HOSTED_FUZZ_BLOB_H */
