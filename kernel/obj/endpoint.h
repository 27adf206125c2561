/* SPDX-License-Identifier: GPL-2.0 */
/*
 * endpoint.h - what STREAM and DGRAM have in common: a socket of the host, and
 * whose turn it is to read from it.
 */
#ifndef DIOS_ENDPOINT_H
#define DIOS_ENDPOINT_H

#include "types.h"

struct endpoint {
	struct dios_object obj;
	/* obj->lock guards these. */
	struct dal_sock *sock;		/* stays while users is not 0; NULL: none, or closed */
	u32 users;			/* operations that use it now */
	struct dios_buf *reader;	/* who has what was read, or NULL */
};

/* Fill l->buf, which has the turn; -DIOS_EAGAIN when there is nothing after all. */
typedef int (*endpoint_fill)(struct dios_lend *l);
/* Try what l asks for. */
typedef ssize_t (*endpoint_try)(struct dal_sock *sock, struct dios_lend *l);

static inline struct endpoint *endpoint_of(struct dios_object *obj)
{
	return container_of(obj, struct endpoint, obj);
}

int endpoint_check(const struct dios_addr *local, const struct dios_addr *remote, u32 *flags);
bool endpoint_any(const struct dios_addr *a);
struct dal_sock *endpoint_get(struct endpoint *e);
void endpoint_put(struct endpoint *e);
void endpoint_wake(void *arg, u32 rights);
int endpoint_lend(struct dios_lend *l, size_t len);
int endpoint_read(struct dios_lend *l, endpoint_fill fill);
ssize_t endpoint_commit_read(struct dios_lend *l, size_t len, endpoint_fill fill);
ssize_t endpoint_write(struct dios_lend *l, endpoint_try try);
void endpoint_leave(struct endpoint *e, struct dios_buf *buf);
void endpoint_unlend(struct dios_task *t, struct dios_object *obj, struct dios_buf *buf);
void endpoint_info(struct dios_object *obj, void *out);
int endpoint_set(struct dios_lend *l, const struct dios_net_info *in);
bool endpoint_ready(struct dios_object *obj, u32 rights, u32 len);
int endpoint_zombify(struct dios_object *obj);
void endpoint_close(struct endpoint *e);

#endif /* DIOS_ENDPOINT_H */
