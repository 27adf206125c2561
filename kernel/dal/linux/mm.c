// SPDX-License-Identifier: GPL-2.0
/*
 * mm.c - the memory of a task.
 *
 * Shared pages are mapped as an anonymous file whose mmap puts counted pages
 * into the mapping: they live until the mapping is gone too, whatever the
 * kernel drops first.  Lazy ones are those of a shmem file, or of a file of the
 * store, which comes in the anonymous one's place.  Private memory is Linux's own anonymous memory.
 *
 * Locks: mmap_lock, by the host's functions.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/shmem_fs.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "linux.h"

struct dal_pages {
	void *kernel;		/* NULL for lazy pages */
	size_t len;		/* bytes there are */
	size_t seen;		/* bytes seen at kernel: twice len for a ring */
	struct page **pages;	/* of a ring, each of them twice; of lazy pages, those
				   the kernel sees; or NULL */
	struct file *file;	/* of lazy pages, or NULL */
	u64 off;		/* in file */
};

/*
 * A struct dios_iov goes in and out with nearly every call.  Word by word is a third of the
 * work of copy_from_user(), which looks at what it copies from and to.
 */
static bool is_iov(const void *p, size_t len)
{
	return len == sizeof(struct dios_iov) && IS_ALIGNED((unsigned long)p, sizeof(u64));
}

int dal_copy_in(void *dst, u64 src, size_t len)
{
	const u64 __user *from = (const u64 __user *)src;
	u64 *to = dst;

	if (is_iov(dst, len)) {
		if (!user_access_begin(from, len))
			return -DIOS_EFAULT;
		unsafe_get_user(to[0], from, fault);
		unsafe_get_user(to[1], from + 1, fault);
		user_access_end();
		return 0;
	}
	return copy_from_user(dst, from, len) ? -DIOS_EFAULT : 0;
fault:
	user_access_end();
	return -DIOS_EFAULT;
}

int dal_copy_out(u64 dst, const void *src, size_t len)
{
	u64 __user *to = (u64 __user *)dst;
	const u64 *from = src;

	if (is_iov(src, len)) {
		if (!user_access_begin(to, len))
			return -DIOS_EFAULT;
		unsafe_put_user(from[0], to, fault);
		unsafe_put_user(from[1], to + 1, fault);
		user_access_end();
		return 0;
	}
	return copy_to_user(to, src, len) ? -DIOS_EFAULT : 0;
fault:
	user_access_end();
	return -DIOS_EFAULT;
}

struct dal_pages *dal_pages_alloc(size_t len)
{
	struct dal_pages *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);

	if (!p)
		return ERR_PTR(-DIOS_ENOMEM);
	p->len = p->seen = len;
	p->kernel = __vmalloc(len, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!p->kernel) {
		kfree(p);
		return ERR_PTR(-DIOS_ENOMEM);
	}
	return p;
}

/* Free a ring; it may have fewer pages than it shall have, and no mapping. */
static void ring_free(struct dal_pages *p)
{
	size_t i;

	if (p->kernel)
		vunmap(p->kernel);
	for (i = 0; i < p->len / PAGE_SIZE && p->pages[i]; i++)
		__free_page(p->pages[i]);
	kvfree(p->pages);
	kfree(p);
}

struct dal_pages *dal_pages_alloc_ring(size_t len)
{
	struct dal_pages *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	size_t i, n = len / PAGE_SIZE;

	if (!p)
		return ERR_PTR(-DIOS_ENOMEM);
	p->len = len;
	p->seen = 2 * len;
	p->pages = kvcalloc(2 * n, sizeof(*p->pages), GFP_KERNEL_ACCOUNT);
	if (!p->pages) {
		kfree(p);
		return ERR_PTR(-DIOS_ENOMEM);
	}
	for (i = 0; i < n; i++) {
		p->pages[i] = p->pages[n + i] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!p->pages[i])
			break;
	}
	if (i == n)
		p->kernel = vmap(p->pages, 2 * n, VM_MAP, PAGE_KERNEL);
	if (!p->kernel) {
		ring_free(p);
		return ERR_PTR(-DIOS_ENOMEM);
	}
	return p;
}

struct dal_pages *dal_pages_alloc_lazy(size_t len)
{
	struct dal_pages *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);

	if (!p)
		return ERR_PTR(-DIOS_ENOMEM);
	p->len = len;
	p->file = shmem_file_setup("dios", len, VM_NORESERVE);
	if (IS_ERR(p->file)) {
		kfree(p);
		return ERR_PTR(-DIOS_ENOMEM);
	}
	return p;
}

/* A part of a file; off and len are multiples of the page. */
struct dal_pages *dal_pages_of_file(struct file *file, u64 off, size_t len)
{
	struct dal_pages *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);

	if (!p)
		return ERR_PTR(-DIOS_ENOMEM);
	p->len = len;
	p->file = get_file(file);
	p->off = off;
	return p;
}

void *dal_pages_kernel(struct dal_pages *p)
{
	return p->kernel;
}

void *dal_pages_back(struct dal_pages *p, size_t off)
{
	size_t i = off / PAGE_SIZE;
	struct page **pages, *page;

	if (!READ_ONCE(p->pages)) {
		pages = kvcalloc(p->len / PAGE_SIZE, sizeof(*pages), GFP_KERNEL_ACCOUNT);
		if (!pages)
			return ERR_PTR(-DIOS_ENOMEM);
		if (cmpxchg(&p->pages, NULL, pages))
			kvfree(pages);
	}
	/* With a count of ours it is never swapped out. */
	page = shmem_read_mapping_page_gfp(p->file->f_mapping, i, GFP_USER | __GFP_ACCOUNT);
	if (IS_ERR(page))
		return ERR_PTR(-DIOS_ENOMEM);
	if (cmpxchg(&p->pages[i], NULL, page))
		put_page(page);
	return page_address(page);
}

static void lazy_free(struct dal_pages *p)
{
	size_t i;

	for (i = 0; p->pages && i < p->len / PAGE_SIZE; i++)
		if (p->pages[i])
			put_page(p->pages[i]);
	kvfree(p->pages);
	fput(p->file);
	kfree(p);
}

/* Mapped pages have counts of their own and stay. */
void dal_pages_free(struct dal_pages *p)
{
	if (p->file)
		return lazy_free(p);
	else if (!p->pages)
		vfree(p->kernel);
	else
		return ring_free(p);
	kfree(p);
}

/* Only vm_mmap() below calls this, with the file's one mapping. */
static void flags_change(struct vm_area_struct *vma, unsigned long set, unsigned long clear)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#else
	vm_flags_mod(vma, set, clear);
#endif
}

static int pages_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct dal_pages *p = file->private_data;
	unsigned long off, len = vma->vm_end - vma->vm_start;
	int err;

	if (!p || vma->vm_pgoff != p->off >> PAGE_SHIFT || len > (p->file ? p->len : p->seen))
		return -EINVAL;
	flags_change(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_MIXEDMAP,
		     vma->vm_flags & VM_WRITE ? VM_MAYEXEC : VM_MAYEXEC | VM_MAYWRITE);
	if (p->file) {
		vma_set_file(vma, p->file);
		return call_mmap(p->file, vma);
	}
	for (off = 0; off < len; off += PAGE_SIZE) {
		err = vm_insert_page(vma, vma->vm_start + off,
				     vmalloc_to_page(p->kernel + off));
		if (err)
			return err;
	}
	return 0;
}

static const struct file_operations pages_fops = {
	.owner	= THIS_MODULE,
	.mmap	= pages_mmap,
};

static unsigned long fixed_flag(bool fixed)
{
	return fixed ? MAP_FIXED_NOREPLACE : 0;
}

/*
 * A program's addresses end at 47 bits.  Where the processor has more, Linux
 * gives them to who asks for such a place.
 */
static int check_place(u64 *addr, size_t len, bool fixed)
{
	if (len > DEFAULT_MAP_WINDOW)
		return -DIOS_ENOMEM;
	if (*addr <= DEFAULT_MAP_WINDOW - len)
		return 0;
	if (fixed)
		return -DIOS_ENOMEM;
	*addr = 0;
	return 0;
}

/* What vm_mmap() returned, as a result of ours. */
static int mapped(unsigned long addr, u64 *out)
{
	if (IS_ERR_VALUE(addr))
		return dal_err(addr);
	*out = addr;
	return 0;
}

int dal_map_pages(struct dal_pages *p, size_t len, bool writable, u64 addr,
		  bool fixed, u64 *out)
{
	struct file *file;
	unsigned long at;
	int err = check_place(&addr, len, fixed);

	if (err)
		return err;
	file = anon_inode_getfile("[dios-buffer]", &pages_fops, p,
				  writable ? O_RDWR : O_RDONLY);
	if (IS_ERR(file))
		return dal_err(PTR_ERR(file));
	at = vm_mmap(file, addr, len, PROT_READ | (writable ? PROT_WRITE : 0),
		     MAP_SHARED | fixed_flag(fixed), p->off);
	/* The mapping keeps the file; p may go before it does. */
	file->private_data = NULL;
	fput(file);
	return mapped(at, out);
}

#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

/*
 * No huge pages in the mapping at addr.  It may be one with its neighbours, which then
 * have none either: slower, and not wrong.
 */
static void set_sparse(u64 addr)
{
	struct vm_area_struct *vma;

	mmap_write_lock(current->mm);
	vma = vma_lookup(current->mm, addr);
	if (vma)
		flags_change(vma, VM_NOHUGEPAGE, 0);
	mmap_write_unlock(current->mm);
}

int dal_map_anon(size_t len, u64 addr, bool fixed, bool sparse, u64 *out)
{
	int err = check_place(&addr, len, fixed);

	if (err)
		return err;
	err = mapped(vm_mmap(NULL, addr, len, PROT_READ | PROT_WRITE,
			     ANON | fixed_flag(fixed), 0), out);
	if (!err && sparse)
		set_sparse(*out);
	return err;
}

/* Fresh memory in place of the old: what a program sees of MADV_DONTNEED. */
int dal_discard(u64 addr, size_t len)
{
	u64 at;

	return mapped(vm_mmap(NULL, addr, len, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, 0), &at);
}

void dal_unmap(struct dios_task *t, u64 addr, size_t len)
{
	struct dal_task *d = t->dal;

	if (d && current->mm && current->mm == d->mm)
		vm_munmap(addr, len);
}
