/* SPDX-License-Identifier: GPL-2.0 */
/* hook.h - what dal_enter() tells hook.S, besides what __secure_computing returns. */
#define DAL_ORIGINAL	1	/* the original is to be in its place */
#define DAL_FILTER	2	/* let it judge the call, then call dal_judged() */
