/* SPDX-License-Identifier: GPL-2.0 */
/* prefix.h - in front of every file of the module: our messages begin so. */
#define pr_fmt(fmt) "dios: " fmt
