// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_exe.c - exe_check() of any bytes.
 *
 * What it lets through must be what the host's loader may rely on: that is
 * looked up here once more, in the plain way.
 */
#include <elf.h>
#include "hosted.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t most, unsigned int seed);
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t most);

static void must_be_good(const u8 *data, size_t size, u32 brand)
{
	Elf64_Ehdr e;
	Elf64_Phdr p;
	u32 i, loads = 0;

	BUG_ON(size < sizeof(e));
	memcpy(&e, data, sizeof(e));
	BUG_ON(memcmp(e.e_ident, ELFMAG, SELFMAG));
	BUG_ON(e.e_ident[EI_OSABI] != DIOS_OSABI || e.e_ident[EI_ABIVERSION] != brand);
	BUG_ON(brand != DIOS_BRAND_PURE && brand != DIOS_BRAND_DIOS_LIMBO);
	BUG_ON(e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_ident[EI_DATA] != ELFDATA2LSB);
	BUG_ON(e.e_type != ET_EXEC || e.e_machine != EM_X86_64 || e.e_phentsize != sizeof(p));
	for (i = 0; i < e.e_phnum; i++) {
		BUG_ON(e.e_phoff > size || (i + 1) * sizeof(p) > size - e.e_phoff);
		memcpy(&p, data + e.e_phoff + i * sizeof(p), sizeof(p));
		BUG_ON(p.p_type == PT_INTERP);
		if (p.p_type != PT_LOAD)
			continue;
		loads++;
		BUG_ON(p.p_filesz > p.p_memsz);
		BUG_ON(p.p_offset + p.p_filesz < p.p_offset || p.p_offset + p.p_filesz > size);
		BUG_ON(p.p_vaddr + p.p_memsz < p.p_vaddr || p.p_vaddr + p.p_memsz > 1ull << 47);
	}
	BUG_ON(!loads);
}

/* The first byte says whether the host fails. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct hosted_file *f = hosted_file(0);
	struct dal_exe *e;
	u32 brand = 0;
	int err;

	if (!size)
		return 0;
	*f = (struct hosted_file){ .open = true, .regular = true, .executable = true,
				   .bytes = data + 1, .size = size - 1, .really = size - 1 };
	if (data[0] & 1)	/* cut after the host said how long it is */
		f->really /= 2;
	e = dal_exe_import(0);
	BUG_ON(IS_ERR(e));
	hosted_fail(FAIL_ALLOC, data[0] & 2 ? 1 : 0);
	err = exe_check(e, &brand);
	hosted_fail(FAIL_ALLOC, 0);
	if (!err && f->really == f->size)
		must_be_good(data + 1, size - 1, brand);
	BUG_ON(err > 0);
	dal_exe_put(e);
	BUG_ON(hosted_allocs());
	return 0;
}

/* Often begin with a program, or nothing would get past the first bytes. */
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t most, unsigned int seed)
{
	if (seed % 8 == 0 && most > 256) {
		data[0] = 0;
		size = 1 + hosted_elf(data + 1, most - 1, DIOS_OSABI,
				      seed & 8 ? DIOS_BRAND_PURE : DIOS_BRAND_DIOS_LIMBO);
	}
	return LLVMFuzzerMutate(data, size, most);
}
