/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file zephyr.h
 * Quire in Zephyr: one window of virtual pages, found at boot, with a heap, regions and a loader's
 * fixed addresses on it.
 *
 * At boot (SYS_INIT, POST_KERNEL) the module looks for the memory region with the attribute
 * CONFIG_QUIRE_REGION_ATTR, copies what it needs of the driver's list, and makes a vspace of it. If
 * there is no such region, or it is too small for what Kconfig asks, that is logged, the feature is
 * off, and the system goes on: calls answer NULL or QUIRE_ESTATE.
 *
 * **Memory.** All records are static, sized by Kconfig, in uncached memory where cores are not
 * coherent (CONFIG_KERNEL_COHERENCE places static data so).
 *
 * **Physical pages** are the driver's. How many there are is told by quire_zephyr_physical_pages(),
 * because the driver cannot be asked and stops the system if it runs out: none is asked for beyond
 * that number.
 *
 * **Sleep.** Zephyr has no place of its own where memory like this is saved. What an application runs
 * before it powers the memory off calls quire_vspace_save(quire_zephyr_vspace(), ...), and when it is on
 * again quire_vspace_restore; the records are static data, which the platform saves with all other.
 */
#ifndef QUIRE_ZEPHYR_H
#define QUIRE_ZEPHYR_H

#include "quire/quire.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Attributes of memory regions, as SOF numbers them. */
#define QUIRE_ZEPHYR_ATTR_SHARED_HEAP 1u
#define QUIRE_ZEPHYR_ATTR_LIBRARIES   2u
#define QUIRE_ZEPHYR_ATTR_PAGES       3u

/** The window; NULL while Quire is off. */
struct quire_vspace *quire_zephyr_vspace(void);

/** The heap of CONFIG_QUIRE_VMH; NULL while it is off. */
struct quire_vmh *quire_zephyr_heap(void);

/** What a region is to be. Bytes. */
struct quire_zephyr_region {
	size_t lifetime;
	size_t interim; /**< at most CONFIG_QUIRE_VREGION_INTERIM_MAX */
	uint32_t flags; /**< QUIRE_VREGION_LAZY: lifetime is the size of both */
	uint32_t prot;  /**< of both; 0: QUIRE_RW */
	uint32_t tag;
	struct quire_budget *budget; /**< NULL: the window's own */
};

/**
 * Make a region whose records are the module's: at most CONFIG_QUIRE_VREGION_MAX at a time. Its
 * last put gives them back.
 * @param why  as for quire_vregion_create; QUIRE_ENOVIRT also if there are no records left. May be
 *             NULL
 */
struct quire_vregion *quire_zephyr_region_create(const struct quire_zephyr_region *wish,
						 int32_t *why);

/** The regions that there are, by number from 0 on; NULL: none with this number. */
struct quire_vregion *quire_zephyr_region_nth(uint32_t number);

/**
 * Memory at an address that a library was linked for, in the region with the attribute
 * QUIRE_ZEPHYR_ATTR_LIBRARIES: whole pages around [virt, virt + bytes).
 * @return QUIRE_OK; QUIRE_ESTATE if there is no such region; else as for quire_vpage_alloc_at
 */
int32_t quire_zephyr_library_map(void *virt, size_t bytes, uint32_t prot);
int32_t quire_zephyr_library_protect(void *virt, size_t bytes, uint32_t prot);
int32_t quire_zephyr_library_unmap(void *virt);

/** Tell the log how window and heap stand now (CONFIG_QUIRE_STATS; otherwise it does nothing). */
void quire_zephyr_log_stats(void);

/** Physical pages that the driver has for Quire. Weak: CONFIG_QUIRE_PHYSICAL_PAGES, unless a board
 *  knows better. */
size_t quire_zephyr_physical_pages(void);

/** What SYS_INIT calls. 0 always: a board without the region is no error. */
int quire_zephyr_init(void);

/** @name Between the files of the module
 * @{
 */
#define QUIRE_ZEPHYR_WINDOWS 2u

/** Describe a window to Quire: addresses from `base` on. NULL for a number beyond the last. */
const struct quire_mmu *quire_zephyr_window(uint32_t number, uintptr_t base, size_t pages,
					    size_t frames);
/** @} */

#ifdef __cplusplus
}
#endif

#endif
