/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file regions_mm.h
 * SOF's virtual memory heaps over quire/vmh.h. doc/sof.md has what differs.
 */
#ifndef QUIRE_SOF_LIB_REGIONS_MM_H
#define QUIRE_SOF_LIB_REGIONS_MM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/sof_config.h"

#ifdef __ZEPHYR__
#include <zephyr/drivers/mm/system_mm.h>
#else
/** A stretch of virtual addresses, as Zephyr's driver lists them. */
struct sys_mm_drv_region {
	void *addr;
	size_t size;
	uint32_t attr;
};
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** @name What a region of the driver's list is for @{ */
#ifndef VIRTUAL_REGION_SHARED_HEAP_ATTR
#define VIRTUAL_REGION_SHARED_HEAP_ATTR     1U
#define VIRTUAL_REGION_LLEXT_LIBRARIES_ATTR 2U
#define VIRTUAL_REGION_VPAGES_ATTR          3U
#endif
/** @} */

/** Lines of a block table, and lines of the table that is made where none is given. */
#define MAX_MEMORY_ALLOCATORS_COUNT    10
#define DEFAULT_CONFIG_ALOCATORS_COUNT 5

struct vmh_heap;

/** A line; it is passed over if either is 0. */
struct vmh_block_bundle_descriptor {
	size_t block_size;
	size_t number_of_blocks;
};

struct vmh_heap_config {
	struct vmh_block_bundle_descriptor block_bundles_table[MAX_MEMORY_ALLOCATORS_COUNT];
};

/** @name SOF's own tables, as initialisers, and their sums: with and without blocks of 32 KiB
 * @{
 */
#define QUIRE_SOF_TABLE                                                                   \
	{                                                                                 \
		{                                                                         \
			{ 128, 32 }, { 512, 8 }, { 1024, 44 }, { 2048, 8 }, { 4096, 11 }, \
				{ 8192, 10 }, { 32768, 8 }, { 65536, 3 }, { 131072, 1 },  \
				{ 524288, 1 },                                            \
		}                                                                         \
	}
#define QUIRE_SOF_TABLE_BYTES                                                            \
	(128 * 32 + 512 * 8 + 1024 * 44 + 2048 * 8 + 4096 * 11 + 8192 * 10 + 32768 * 8 + \
	 65536 * 3 + 131072 + 524288)
#define QUIRE_SOF_LINUX_TABLE                                                             \
	{                                                                                 \
		{                                                                         \
			{ 128, 32 }, { 512, 8 }, { 1024, 44 }, { 2048, 8 }, { 4096, 11 }, \
				{ 8192, 10 }, { 65536, 3 }, { 131072, 1 }, { 524288, 1 }, \
		}                                                                         \
	}
#define QUIRE_SOF_LINUX_TABLE_BYTES (QUIRE_SOF_TABLE_BYTES - 32768 * 8)
/** @} */

/** The build fails if a table of this many bytes is larger than the window of a heap. */
#define QUIRE_SOF_TABLE_FITS(bytes)                                    \
	_Static_assert(                                                \
		(bytes) <= CONFIG_SOF_ZEPHYR_VIRTUAL_HEAP_REGION_SIZE, \
		"the block table is larger than CONFIG_SOF_ZEPHYR_VIRTUAL_HEAP_REGION_SIZE")

/**
 * Make a heap in a window of its own.
 * @param cfg                      NULL: vmh_get_default_heap_config of a window of
 *                                 CONFIG_SOF_ZEPHYR_VIRTUAL_HEAP_REGION_SIZE
 * @param allocating_continuously  requests may span adjacent blocks
 * @return NULL if the table is empty, larger than that window, or memory ran out
 */
struct vmh_heap *vmh_init_heap(const struct vmh_heap_config *cfg, bool allocating_continuously);

/** @return NULL if there is no block, no memory, or size 0 */
void *vmh_alloc(struct vmh_heap *heap, uint32_t alloc_size);

/** @return 0; -EINVAL for no heap or a pointer that is not a live allocation of it; -EIO */
int vmh_free(struct vmh_heap *heap, void *ptr);

/** @return 0; -EINVAL for no heap; -ENOTEMPTY while something is allocated: the heap goes on then */
int vmh_free_heap(struct vmh_heap *heap);

/** Blocks of 64 to 1024 bytes, each size in a fifth of the region. */
void vmh_get_default_heap_config(const struct sys_mm_drv_region *region,
				 struct vmh_heap_config *cfg);

/** Tell the log of quire_sof_init how the heap stands. */
void vmh_log_stats(struct vmh_heap *heap);

static inline bool vmh_is_ptr_in_memory_range(uintptr_t ptr, uintptr_t range_start,
					      size_t range_size)
{
	return ptr >= range_start && ptr - range_start < range_size;
}

#ifdef __cplusplus
}
#endif

#endif
