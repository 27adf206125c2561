// SPDX-License-Identifier: GPL-2.0
/*
 * test.c - runs the tests: a line for each, a total, and 1 when one failed.
 *
 *	tests [word]	those whose name contains the word
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define SECONDS_MAX	60	/* for one test, or since it went on: it hangs */

static struct test *tests;

void test_add(struct test *t)
{
	struct test **p = &tests;

	while (*p)
		p = &(*p)->next;
	*p = t;
}

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	_exit(1);
}

static void count_slots(struct dios_task *t, void *n)
{
	spin_lock(&t->lock);
	*(s64 *)n += t->nrefs;
	spin_unlock(&t->lock);
}

static void count_used(struct dios_user *u, void *used)
{
	u32 i;

	for (i = 0; i < USE_N; i++)
		((s64 *)used)[i] += atomic64_read(&u->used[i]);
}

void counts_take(struct counts *c)
{
	u32 i;

	memset(c, 0, sizeof(*c));
	task_list(count_slots, &c->slots);
	user_list(count_used, c->used);
	for (i = 0; i < STAT_N; i++)
		c->stat[i] = stat_get(i);
	for (i = 1; i <= DIOS_T_MAX; i++)
		c->types[i] = stat_type_get(i);
	c->allocs = hosted_allocs();
	c->handles = hosted_handles();
	c->pages = hosted_pages();
}

void counts_same(const char *file, int line, const char *what, const struct counts *before)
{
	struct counts now;
	u32 i;

	counts_take(&now);
	for (i = 0; i < STAT_N; i++)
		if (now.stat[i] != before->stat[i])
			test_fail(file, line, "%s: %s: %lld, was %lld", what, stat_name(i),
				  (long long)now.stat[i], (long long)before->stat[i]);
	for (i = 1; i <= DIOS_T_MAX; i++)
		if (now.types[i] != before->types[i])
			test_fail(file, line, "%s: type %s: %lld, was %lld", what,
				  dios_types[i]->name, (long long)now.types[i],
				  (long long)before->types[i]);
	for (i = 0; i < USE_N; i++)
		if (now.used[i] != before->used[i])
			test_fail(file, line, "%s: %s charged: %lld, was %lld", what, use_name(i),
				  (long long)now.used[i], (long long)before->used[i]);
	if (now.slots != before->slots)
		test_fail(file, line, "%s: numbers reserved: %lld, was %lld", what,
			  (long long)now.slots, (long long)before->slots);
	if (now.handles != before->handles || now.pages != before->pages)
		test_fail(file, line, "%s: host: %lld handles, was %lld; %lld pages, was %lld", what,
			  (long long)now.handles, (long long)before->handles,
			  (long long)now.pages, (long long)before->pages);
	if (now.allocs != before->allocs)
		test_fail(file, line, "%s: allocations: %lld, was %lld", what,
			  (long long)now.allocs, (long long)before->allocs);
}

/* Arguments lie in one piece of the task's memory, made for each call. */

struct args {
	u64 words[8];
	u8 name[DIOS_NAME_SIZE];
	u8 spec[64];
	struct dios_iov iov;
	struct dios_run run;
	char argv[512], env[512];
	struct dios_grant grants[DIOS_MAX_GRANTS];
	struct dios_wait waits[DIOS_MAX_WAITS];
};

static struct args *args_new(struct dios_task *t)
{
	return hosted_map(t, sizeof(struct args), true);
}

struct dios_task *pure(void)
{
	return hosted_task_new(DIOS_BRAND_PURE);
}

struct dios_task *limbo(void)
{
	return hosted_task_new(DIOS_BRAND_LEGACY_LIMBO);
}

void quit(struct dios_task *t)
{
	hosted_task_end(t, DIOS_END_EXIT, 0);
}

s64 call(struct dios_task *t, u32 nr, u64 a, u64 b, u64 c, u64 d, u64 e)
{
	return hosted_call(t, nr, a, b, c, d, e);
}

s64 t_create(struct dios_task *t, u64 flags, u64 type, const void *spec, size_t spec_len,
	     u8 *name, u64 *ref)
{
	struct args *u = args_new(t);
	s64 ret;

	if (spec)
		memcpy(u->spec, spec, spec_len);
	if (name)
		memcpy(u->name, name, DIOS_NAME_SIZE);
	ret = call(t, DIOS_CREATE, flags, type, spec ? hosted_addr(u->spec) : 0,
		   name ? hosted_addr(u->name) : 0, hosted_addr(u->words));
	if (!ret) {
		*ref = u->words[0];
		if (name)
			memcpy(name, u->name, DIOS_NAME_SIZE);
	}
	hosted_unmap(t, u);
	return ret;
}

s64 t_timer(struct dios_task *t, u64 first, u64 period, u64 *ref)
{
	struct dios_timer spec = { first, period };

	return t_create(t, 0, DIOS_T_TIMER, &spec, sizeof(spec), NULL, ref);
}

s64 t_privmem(struct dios_task *t, u64 size, u64 *ref)
{
	struct dios_privmem spec = { size };

	return t_create(t, 0, DIOS_T_PRIVMEM, &spec, sizeof(spec), NULL, ref);
}

s64 t_random(struct dios_task *t, u64 *ref)
{
	return t_create(t, 0, DIOS_T_RANDOM, NULL, 0, NULL, ref);
}

s64 t_console(struct dios_task *t, u32 fd, u64 *ref)
{
	struct dios_console spec = { fd, 0 };

	return t_create(t, 0, DIOS_T_CONSOLE, &spec, sizeof(spec), NULL, ref);
}

s64 t_import(struct dios_task *t, u32 fd, u64 *ref)
{
	struct dios_import spec = { fd, 0 };

	return t_create(t, DIOS_CREATE_IMPORT, DIOS_T_BLOB, &spec, sizeof(spec), NULL, ref);
}

s64 t_lookup(struct dios_task *t, u64 flags, const u8 *name, u64 *ref)
{
	struct args *u = args_new(t);
	s64 ret;

	memcpy(u->name, name, DIOS_NAME_SIZE);
	u->words[0] = 1;
	ret = call(t, DIOS_LOOKUP, flags, hosted_addr(u->name), hosted_addr(&u->words[1]),
		   hosted_addr(&u->words[0]), 0);
	if (!ret) {
		CHECK_EQ(u->words[0], 1);
		*ref = u->words[1];
	}
	hosted_unmap(t, u);
	return ret;
}

s64 t_delete(struct dios_task *t, u64 ref)
{
	return call(t, DIOS_DELETE, 0, ref, 0, 0, 0);
}

s64 t_zombify(struct dios_task *t, u64 ref)
{
	return call(t, DIOS_DELETE, DIOS_DELETE_ZOMBIFY, ref, 0, 0, 0);
}

s64 t_copy(struct dios_task *t, struct dios_grant *g, u64 n, u64 target)
{
	struct args *u = args_new(t);
	s64 ret;

	memcpy(u->grants, g, n * sizeof(*g));
	ret = call(t, DIOS_COPY, 0, hosted_addr(u->grants), n, target, 0);
	memcpy(g, u->grants, n * sizeof(*g));
	hosted_unmap(t, u);
	return ret;
}

s64 t_copy_one(struct dios_task *t, u64 ref, u32 rights, u64 target, u64 *out)
{
	struct dios_grant g = { .ref = ref, .rights = rights };
	s64 ret = t_copy(t, &g, 1, target);

	if (!ret)
		*out = g.out;
	return ret;
}

s64 t_select(struct dios_task *t, const struct dios_wait *w, u64 n, u64 *selected, s64 deadline)
{
	struct args *u = args_new(t);
	s64 ret;

	if (n)
		memcpy(u->waits, w, n * sizeof(*w));
	ret = call(t, DIOS_SELECT, 0, hosted_addr(u->waits), n, hosted_addr(u->words), deadline);
	if (!ret)
		*selected = u->words[0];
	hosted_unmap(t, u);
	return ret;
}

s64 t_select_kept(struct dios_task *t, const struct dios_wait *w, u64 n, struct dios_wait *selected,
		  s64 deadline)
{
	struct args *u = args_new(t);
	s64 ret;

	if (n)
		memcpy(u->waits, w, n * sizeof(*w));
	ret = call(t, DIOS_SELECT, DIOS_SELECT_KEEP, hosted_addr(u->waits), n, hosted_addr(u->words),
		   deadline);
	if (!ret)
		memcpy(selected, u->words, sizeof(*selected));
	hosted_unmap(t, u);
	return ret;
}

s64 t_select_one(struct dios_task *t, u64 ref, u32 rights, s64 deadline)
{
	struct dios_wait w = { .ref = ref, .rights = rights };
	u64 selected = 77;
	s64 ret = t_select(t, &w, 1, &selected, deadline);

	if (!ret)
		CHECK_EQ(selected, 0);
	return ret;
}

s64 t_buf(struct dios_task *t, u32 nr, u64 flags, u64 ref, u64 len, struct dios_iov *iov)
{
	return t_take(t, nr, flags, ref, len, iov, 0);
}

s64 t_take(struct dios_task *t, u32 nr, u64 flags, u64 ref, u64 len, struct dios_iov *iov, u64 from)
{
	struct args *u = args_new(t);
	s64 ret;

	u->iov = *iov;
	ret = call(t, nr, flags, ref, len, hosted_addr(&u->iov), from);
	*iov = u->iov;
	hosted_unmap(t, u);
	return ret;
}

s64 t_release(struct dios_task *t, u32 nr, u64 flags, u64 ref, const struct dios_iov *iov)
{
	struct args *u = args_new(t);
	s64 ret;

	u->iov = *iov;
	ret = call(t, nr, flags, ref, hosted_addr(&u->iov), 0, 0);
	hosted_unmap(t, u);
	return ret;
}

/* One after the other, each with its NUL. */
static u32 pack(const char *const strings[4], char *to, u64 *len)
{
	u32 n;

	*len = 0;
	for (n = 0; n < 4 && strings[n]; n++) {
		strcpy(to + *len, strings[n]);
		*len += strlen(strings[n]) + 1;
	}
	return n;
}

s64 t_run(struct dios_task *t, const struct run *r, u64 *ref)
{
	struct args *u = args_new(t);
	struct dios_run *s = &u->run;
	s64 ret;

	s->argv = hosted_addr(u->argv);
	s->env = hosted_addr(u->env);
	s->argc = pack(r->argv, u->argv, &s->argv_len);
	s->envc = pack(r->env, u->env, &s->env_len);
	s->refs = hosted_addr(u->grants);
	s->nrefs = r->ngrants;
	if (r->ngrants)
		memcpy(u->grants, r->grants, r->ngrants * sizeof(*r->grants));
	s->in = r->in;
	s->out = r->out;
	s->err = r->err;
	s->node = r->node;
	s->group = r->group;
	if (r->entry)
		strncpy((char *)s->entry, r->entry, sizeof(s->entry) - 1);
	ret = call(t, DIOS_RUN, 0, r->exe, hosted_addr(s), hosted_addr(u->words), 0);
	if (!ret)
		*ref = u->words[0];
	hosted_unmap(t, u);
	return ret;
}

static u32 free_file(void)
{
	u32 fd;

	for (fd = 0; hosted_file(fd)->open; fd++)
		;
	hosted_file(fd)->open = true;
	return fd;
}

u32 program(hosted_main main)
{
	static u8 bytes[256];
	u32 fd = free_file();
	struct hosted_file *f = hosted_file(fd);

	f->size = f->really = hosted_elf(bytes, sizeof(bytes), DIOS_OSABI, DIOS_BRAND_PURE);
	f->bytes = bytes;
	f->regular = f->executable = true;
	f->main = main;
	return fd;
}

u32 console(void)
{
	u32 fd = free_file();

	hosted_file(fd)->writable = true;
	return fd;
}

int in_root(struct dios_object *obj, u8 *name, u32 rights)
{
	struct dios_object *root = names_root();

	dal_random(name, DIOS_NAME_SIZE);
	return name_add(obj, root->ops->names(root), false, name, rights);
}

u32 keyboard(void)
{
	u32 fd = free_file();

	hosted_file(fd)->readable = true;
	return fd;
}

struct dios_task *task_of_ref(struct dios_task *t, u64 ref)
{
	struct dios_ref *r = ref_find(t, ref, 0);

	CHECK(!IS_ERR(r) && r->obj->ops->type == DIOS_T_TASK);
	return container_of(r->obj, struct dios_task, obj);
}

struct dios_task_status status_of(struct dios_task *t, u64 ref)
{
	struct dios_iov iov = {};
	struct dios_task_status st;

	OK(t_buf(t, DIOS_ACQUIRE_READ, 0, ref, 0, &iov));
	CHECK_EQ(iov.len, sizeof(st));
	memcpy(&st, hosted_ptr(iov.addr), sizeof(st));
	OK(t_release(t, DIOS_RELEASE_READ, 0, ref, &iov));
	return st;
}

void test_goes_on(void)
{
	alarm(SECONDS_MAX);
}

/* What users are charged for in the store is what is there. */
static void store_same(const char *file)
{
	s64 has = hosted_store_room() * DIOS_PAGE_SIZE;
	struct counts now;

	counts_take(&now);
	if (now.used[USE_STORE] != has)
		test_fail(file, 0, "at the end: store charged: %lld, has %lld", (long long)now.used[USE_STORE],
			  (long long)has);
	hosted_store(false);
}

/* In a process of its own. */
static void run(struct test *t)
{
	struct counts nothing;
	struct rlimit no_core = {};

	test_goes_on();
	if (t->stops)
		setrlimit(RLIMIT_CORE, &no_core);
	CHECK_EQ(calls_check(), 0);
	CHECK_EQ(names_init(), 0);
	counts_take(&nothing);
	t->fn();
	hosted_join();
	if (dal_store_there())
		store_same(t->file);
	counts_same(t->file, 0, "at the end", &nothing);
	names_exit();
	exit(0);	/* and the sanitizer looks for leaks */
}

static bool passes(struct test *t)
{
	int status, out[2];
	char seen[65536];
	size_t len = 0;
	ssize_t n;
	bool ok;
	pid_t pid;

	fflush(NULL);
	if (pipe(out))
		test_fail(__FILE__, __LINE__, "pipe: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		close(out[0]);
		close(out[1]);
		run(t);
	}
	close(out[1]);
	while (len < sizeof(seen) && (n = read(out[0], seen + len, sizeof(seen) - len)) > 0)
		len += n;
	close(out[0]);
	waitpid(pid, &status, 0);
	if (t->stops)
		/* A sanitizer may turn the signal into an exit status. */
		ok = status && memmem(seen, len, "BUG:", 4);
	else
		ok = !status;
	if (!ok) {
		fwrite(seen, 1, len, stdout);
		if (WIFSIGNALED(status))
			printf("%s\n", strsignal(WTERMSIG(status)));
	}
	return ok;
}

static const char *area(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

int main(int argc, char **argv)
{
	u32 failed = 0, all = 0;
	struct test *t;
	char name[128];
	bool ok;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (t = tests; t; t = t->next) {
		snprintf(name, sizeof(name), "%.*s %s", (int)strcspn(area(t->file), "."),
			 area(t->file), t->name);
		if (argc > 1 && !strstr(name, argv[1]))
			continue;
		all++;
		ok = passes(t);
		failed += !ok;
		printf("%s %s\n", ok ? "ok  " : "FAIL", name);
	}
	printf("%u of %u tests passed\n", all - failed, all);
	return failed || !all;
}
