/* SPDX-License-Identifier: BSD-3-Clause */
/* cache: Zephyr's cache API. */
#ifndef HOST_ZEPHYR_CACHE_H
#define HOST_ZEPHYR_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#define __sparse_cache

int sys_cache_data_flush_range(void *addr, size_t size);
int sys_cache_data_invd_range(void *addr, size_t size);
int sys_cache_instr_invd_range(void *addr, size_t size);
void __sparse_cache *sys_cache_cached_ptr_get(void *ptr);
void *sys_cache_uncached_ptr_get(void __sparse_cache *ptr);
bool sys_cache_is_ptr_uncached(void *ptr);

#endif
