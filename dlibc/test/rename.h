/* Copyright 2026 The DIOS Authors. All rights reserved.
 * Use of this source code is governed by a BSD-style
 * license that can be found in the LICENSE file.
 */
/* rename.h - what the host's library has too gets another name, so that a test can compare the two. */
#define memcpy dl_memcpy
#define memmove dl_memmove
#define memset dl_memset
#define memcmp dl_memcmp
#define memchr dl_memchr
#define strlen dl_strlen
#define strnlen dl_strnlen
#define strcmp dl_strcmp
#define strncmp dl_strncmp
#define strcpy dl_strcpy
#define strncpy dl_strncpy
#define strcat dl_strcat
#define strncat dl_strncat
#define strchr dl_strchr
#define strrchr dl_strrchr
#define strstr dl_strstr
#define strspn dl_strspn
#define strcspn dl_strcspn
#define strpbrk dl_strpbrk
#define strtok_r dl_strtok_r
#define strdup dl_strdup
#define strndup dl_strndup
#define strtol dl_strtol
#define strtoul dl_strtoul
#define strtoll dl_strtoll
#define strtoull dl_strtoull
#define atoi dl_atoi
#define atol dl_atol
#define qsort dl_qsort
#define bsearch dl_bsearch
#define malloc dl_malloc
#define calloc dl_calloc
#define realloc dl_realloc
#define aligned_alloc dl_aligned_alloc
#define free dl_free
#define snprintf dl_snprintf
#define vsnprintf dl_vsnprintf
