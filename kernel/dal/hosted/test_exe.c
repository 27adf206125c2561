// SPDX-License-Identifier: GPL-2.0
/* test_exe.c - is it a program?  Every way to break one. */
#include "test.h"

#define SIZE	256

static struct hosted_file file;

static s64 check(const u8 *bytes, size_t size, u32 *brand)
{
	struct dal_exe *e;
	s64 err;

	*hosted_file(0) = (struct hosted_file){ .open = true, .regular = true, .executable = true,
						.bytes = bytes, .size = size, .really = size };
	if (file.open)
		*hosted_file(0) = file;
	e = dal_exe_import(0);
	CHECK(!IS_ERR(e));
	err = exe_check(e, brand);
	dal_exe_put(e);
	return err;
}

static size_t good(u8 bytes[SIZE])
{
	return hosted_elf(bytes, SIZE, DIOS_OSABI, DIOS_BRAND_PURE);
}

TEST(brands)
{
	static const struct {
		u8 osabi, brand;
		s64 err;
	} brands[] = {
		{ DIOS_OSABI, DIOS_BRAND_PURE, 0 }, { DIOS_OSABI, DIOS_BRAND_DIOS_LIMBO, 0 },
		{ DIOS_OSABI, DIOS_BRAND_LEGACY_LIMBO, -DIOS_EBRAND }, { DIOS_OSABI, 0, -DIOS_EBRAND },
		{ DIOS_OSABI, 1, -DIOS_EBRAND }, { DIOS_OSABI, 0xff, -DIOS_EBRAND },
		{ 0, 0, -DIOS_EBRAND }, { 3, 0, -DIOS_EBRAND }, { 0, DIOS_BRAND_PURE, -DIOS_EBRAND },
		{ 9, DIOS_BRAND_DIOS_LIMBO, -DIOS_EBRAND },
	};
	u8 bytes[SIZE];
	size_t size;
	u32 i, brand;

	for (i = 0; i < ARRAY_SIZE(brands); i++) {
		size = hosted_elf(bytes, SIZE, brands[i].osabi, brands[i].brand);
		CHECK_EQ(check(bytes, size, &brand), brands[i].err);
		if (!brands[i].err)
			CHECK_EQ(brand, brands[i].brand);
	}
}

/* A legacy program, however it was linked, says that its brand is the matter. */
TEST(a_legacy_program_has_the_wrong_brand)
{
	u8 bytes[SIZE];
	size_t size = hosted_elf(bytes, SIZE, 0, 0);
	u32 brand;

	bytes[16] = 3;		/* ET_DYN, as compilers link today */
	CHECK_EQ(check(bytes, size, &brand), -DIOS_EBRAND);
	bytes[64] = 3;		/* PT_INTERP */
	CHECK_EQ(check(bytes, size, &brand), -DIOS_EBRAND);
	/* One for another machine is none for this. */
	bytes[18] = 183;
	CHECK_EQ(check(bytes, size, &brand), -DIOS_EBADEXE);
}

TEST(cut_at_every_byte)
{
	u8 bytes[SIZE];
	size_t size = good(bytes), n;
	u32 brand;

	for (n = 0; n < size; n++)
		CHECK_EQ(check(bytes, n, &brand), -DIOS_EBADEXE);
	CHECK_EQ(check(bytes, size, &brand), 0);
}

/* The file is shorter than the host said: it was cut after that. */
TEST(cut_while_it_is_read)
{
	u8 bytes[SIZE];
	size_t size = good(bytes), n;
	u32 brand;

	for (n = 0; n < size; n++) {
		file = (struct hosted_file){ .open = true, .regular = true, .executable = true,
					     .bytes = bytes, .size = size, .really = n };
		/* The headers have been read by then. */
		CHECK_EQ(check(bytes, size, &brand), n < 64 + 56 ? -DIOS_EBADEXE : 0);
	}
	file.read_err = -DIOS_EIO;
	CHECK_EQ(check(bytes, size, &brand), -DIOS_EIO);
}

/* Each bit of what the check looks at. */
TEST(every_bit_of_the_identification)
{
	u8 bytes[SIZE];
	size_t size = good(bytes);
	u32 i, bit, brand;

	for (i = 0; i < 20; i++) {
		if (i == 9)	/* bytes 9 to 15 mean nothing */
			i = 16;
		for (bit = 0; bit < 8; bit++) {
			bytes[i] ^= 1 << bit;
			CHECK(check(bytes, size, &brand) < 0);
			bytes[i] ^= 1 << bit;
		}
	}
	CHECK_EQ(check(bytes, size, &brand), 0);
}

/* Put a number of len bytes at an offset, and see what it is good for. */
static s64 with(u32 at, u32 len, u64 value)
{
	u8 bytes[SIZE];
	size_t size = good(bytes);
	u32 brand;

	memcpy(bytes + at, &value, len);
	return check(bytes, size, &brand);
}

TEST(program_headers_lie_in_the_file)
{
	u8 bytes[SIZE];
	u64 size = good(bytes), off;

	for (off = size - 55; off < size + 3; off++)
		CHECK_EQ(with(32, 8, off), -DIOS_EBADEXE);
	CHECK_EQ(with(32, 8, ~0ull), -DIOS_EBADEXE);
	CHECK_EQ(with(32, 8, ~0ull - 55), -DIOS_EBADEXE);
	CHECK_EQ(with(32, 8, 1ull << 63), -DIOS_EBADEXE);
	CHECK_EQ(with(54, 2, 55), -DIOS_EBADEXE);
	CHECK_EQ(with(54, 2, 57), -DIOS_EBADEXE);
	CHECK_EQ(with(54, 2, 0), -DIOS_EBADEXE);
	CHECK_EQ(with(56, 2, 0), -DIOS_EBADEXE);
	CHECK_EQ(with(56, 2, 2), -DIOS_EBADEXE);
	CHECK_EQ(with(56, 2, 65), -DIOS_EBADEXE);
	CHECK_EQ(with(56, 2, 0xffff), -DIOS_EBADEXE);
	/* Types: an interpreter is refused, and without anything to load it is nothing. */
	CHECK_EQ(with(64, 4, 3), -DIOS_EBADEXE);
	CHECK_EQ(with(64, 4, 0), -DIOS_EBADEXE);
	CHECK_EQ(with(64, 4, 2), -DIOS_EBADEXE);
	CHECK_EQ(with(64, 4, 0x6474e551), -DIOS_EBADEXE);
	CHECK_EQ(with(64, 4, ~0u), -DIOS_EBADEXE);
	CHECK_EQ(with(64, 4, 0x80000001), -DIOS_EBADEXE);
	CHECK_EQ(with(64, 4, 0x00010001), -DIOS_EBADEXE);
}

TEST(segments_lie_in_the_file)
{
	u8 bytes[SIZE];
	u64 size = good(bytes);

	CHECK_EQ(with(72, 8, 1), -DIOS_EBADEXE);		/* offset */
	CHECK_EQ(with(72, 8, size), -DIOS_EBADEXE);
	CHECK_EQ(with(72, 8, ~0ull), -DIOS_EBADEXE);
	CHECK_EQ(with(72, 8, -size), -DIOS_EBADEXE);
	CHECK_EQ(with(96, 8, size + 1), -DIOS_EBADEXE);	/* bytes in the file */
	CHECK_EQ(with(96, 8, ~0ull), -DIOS_EBADEXE);
	CHECK_EQ(with(104, 8, size - 1), -DIOS_EBADEXE);	/* bytes in memory */
	CHECK_EQ(with(104, 8, 0), -DIOS_EBADEXE);
	CHECK_EQ(with(104, 8, 1 << 20), 0);
	CHECK_EQ(with(96, 8, 0), 0);
}

/* Where a program may lie: not below 64 KiB, so that nil faults, nor at the end. */
TEST(addresses_are_a_programs)
{
	const u64 end = 0x7ffffffff000;

	CHECK_EQ(with(24, 8, end - 1), 0);			/* entry */
	CHECK_EQ(with(24, 8, end), -DIOS_EBADEXE);
	CHECK_EQ(with(24, 8, 1ull << 47), -DIOS_EBADEXE);
	CHECK_EQ(with(24, 8, ~0ull), -DIOS_EBADEXE);
	CHECK_EQ(with(80, 8, 0x10000), 0);			/* address */
	CHECK_EQ(with(80, 8, 0xffff), -DIOS_EBADEXE);
	CHECK_EQ(with(80, 8, 0), -DIOS_EBADEXE);
	CHECK_EQ(with(80, 8, end - 1), -DIOS_EBADEXE);
	CHECK_EQ(with(80, 8, end), -DIOS_EBADEXE);
	CHECK_EQ(with(80, 8, -4096ull), -DIOS_EBADEXE);
	CHECK_EQ(with(104, 8, end - 0x400000), 0);		/* bytes in memory */
	CHECK_EQ(with(104, 8, end - 0x400000 + 1), -DIOS_EBADEXE);
	CHECK_EQ(with(104, 8, ~0ull), -DIOS_EBADEXE);
}

TEST(no_memory_for_the_program_headers)
{
	u8 bytes[SIZE];
	size_t size = good(bytes);
	u32 brand;

	/* The first is the host's, for the import. */
	hosted_fail(FAIL_ALLOC, 2);
	CHECK_EQ(check(bytes, size, &brand), -DIOS_ENOMEM);
	CHECK(hosted_failed(FAIL_ALLOC));
}

TEST(an_interpreter_after_a_segment)
{
	u8 bytes[64 + 3 * 56] = {}, one[SIZE];
	u32 brand, interp = 3;
	u64 len = sizeof(bytes);

	good(one);
	memcpy(bytes, one, 64 + 56);
	memcpy(bytes + 96, &len, 8);
	memcpy(bytes + 104, &len, 8);
	bytes[56] = 3;
	CHECK_EQ(check(bytes, sizeof(bytes), &brand), 0);
	memcpy(bytes + 64 + 112, &interp, 4);
	CHECK_EQ(check(bytes, sizeof(bytes), &brand), -DIOS_EBADEXE);
}
