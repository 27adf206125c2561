// SPDX-License-Identifier: GPL-2.0
/*
 * exe.c - is this file a program that can run, and of which brand?
 *
 * The host's loader trusts more than we do: a truncated file would start and
 * then die of a bus error.  So everything is checked before a task exists.
 *
 * The layout is that of ELF-64, System V ABI, chapter 4 and 5.
 */
#include "core.h"

#define EHDR_SIZE	64
#define PHDR_SIZE	56
#define PHDR_MAX	64		/* as many as a sane program has */
#define ADDR_MIN	0x10000ULL	/* nothing is mapped below, so that nil faults */
#define ADDR_END	0x7ffffffff000ULL	/* end of a program's addresses */
#define PT_LOAD_	1
#define PT_INTERP_	3
#define ET_EXEC_	2
#define EM_X86_64_	62

static u16 get16(const u8 *p)
{
	return p[0] | p[1] << 8;
}

static u32 get32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static u64 get64(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/**
 * elf_brand() - The brand of an ELF file.
 * @head:	its first bytes
 * @len:	how many there are
 * @brand:	out, DIOS_BRAND_*, or another number after DIOS_OSABI
 *
 * Return: 0; one without DIOS_OSABI is legacy.  -DIOS_EBADEXE: not ELF.
 */
int elf_brand(const u8 *head, size_t len, u32 *brand)
{
	if (len < 16 || memcmp(head, "\177ELF", 4))
		return -DIOS_EBADEXE;
	*brand = DIOS_BRAND_LEGACY;
	if (head[7] == DIOS_OSABI)
		/* An unknown brand must not look like legacy. */
		*brand = head[8] ? head[8] : 0x100;
	return 0;
}

static int phdr_check(const u8 *p, u64 size)
{
	u64 off = get64(p + 8), addr = get64(p + 16);
	u64 filesz = get64(p + 32), memsz = get64(p + 40);

	switch (get32(p)) {
	case PT_INTERP_:	/* nobody is there to interpret */
		return -DIOS_EBADEXE;
	case PT_LOAD_:
		if (filesz > memsz || off > size || filesz > size - off ||
		    addr < ADDR_MIN || addr >= ADDR_END || memsz > ADDR_END - addr)
			return -DIOS_EBADEXE;
		return 1;
	}
	return 0;
}

/**
 * exe_check() - Check that a file can be started by run.
 * @e:		the file
 * @brand:	out, DIOS_BRAND_PURE or DIOS_BRAND_DIOS_LIMBO
 *
 * Context: May sleep.
 * Return: 0; -DIOS_EBADEXE: no complete static ELF program for x86-64;
 * -DIOS_EBRAND: its brand is not started this way; -DIOS_EIO, -DIOS_ENOMEM.
 */
int exe_check(struct dal_exe *e, u32 *brand)
{
	u8 head[EHDR_SIZE], *ph;
	u64 phoff, size = dal_exe_size(e);
	u32 i, n, loads = 0;
	ssize_t got;
	int err;

	got = dal_exe_read(e, head, sizeof(head), 0);
	if (got < 0)
		return got;
	err = elf_brand(head, got, brand);
	if (err)
		return err;
	if (got < EHDR_SIZE || head[4] != 2 || head[5] != 1 || head[6] != 1 ||
	    get16(head + 18) != EM_X86_64_)
		return -DIOS_EBADEXE;
	/* First of all: a legacy program is refused for its brand, however it was linked. */
	if (*brand != DIOS_BRAND_PURE && *brand != DIOS_BRAND_DIOS_LIMBO)
		return -DIOS_EBRAND;
	if (get16(head + 16) != ET_EXEC_ || get64(head + 24) >= ADDR_END)
		return -DIOS_EBADEXE;

	phoff = get64(head + 32);
	n = get16(head + 56);
	if (get16(head + 54) != PHDR_SIZE || !n || n > PHDR_MAX || phoff > size ||
	    n * PHDR_SIZE > size - phoff)
		return -DIOS_EBADEXE;
	ph = kmalloc(n * PHDR_SIZE, GFP_KERNEL_ACCOUNT);
	if (!ph)
		return -DIOS_ENOMEM;
	got = dal_exe_read(e, ph, n * PHDR_SIZE, phoff);
	err = got < 0 ? got : got < n * PHDR_SIZE ? -DIOS_EBADEXE : 0;
	for (i = 0; i < n && err >= 0; i++) {
		err = phdr_check(ph + i * PHDR_SIZE, size);
		loads += err > 0;
	}
	kfree(ph);
	if (err < 0)
		return err;
	return loads ? 0 : -DIOS_EBADEXE;
}
