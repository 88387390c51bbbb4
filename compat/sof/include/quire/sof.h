/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file sof.h
 * SOF's memory under its own names (sof/lib/vpage.h, regions_mm.h, vregion.h, rtos/alloc.h) over Quire:
 * how a firmware sets it up, and how it tells the host where its memory is.
 *
 * SOF's functions have no argument that says which memory is meant. So there is one instance: all its
 * records are in one storage that the firmware gives, and one pointer to it is the only static
 * variable. On an mmu that is not coherent the storage is uncached, so every core sees the same
 * records.
 *
 * The records of heaps and regions that are made later are in pages of the window that nobody is
 * given, which come and go with them.
 *
 * Example.
 * @code
 *	static _Alignas(64) unsigned char storage[QUIRE_SOF_STORAGE(2048)];
 *	struct quire_sof_config config = {
 *		.mmu = &mmu, .base = window, .pages = 2048,
 *		.storage = storage, .storage_bytes = sizeof(storage),
 *	};
 *
 *	if (quire_sof_init(&config))
 *		return -ENOMEM;
 *	void *buffer = rballoc_align(SOF_MEM_FLAG_DMA, 38400, 128);
 * @endcode
 */
#ifndef QUIRE_SOF_H
#define QUIRE_SOF_H

#include "quire/quire.h"
#include "quire/sof_config.h"

#include <rtos/alloc.h>
#include <sof/lib/regions_mm.h>
#include <sof/lib/vpage.h>
#include <sof/lib/vregion.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @name Where the memory is: what the host is told
 * @{
 */
enum quire_sof_kind { QUIRE_SOF_HEAP, QUIRE_SOF_REGION };

/** All of it. Pages are physical ones; QUIRE_UNKNOWN where the mmu cannot tell. */
struct quire_sof_memory {
	size_t page_size;
	size_t pages;
	size_t pages_free;
	size_t pages_used;
	size_t pages_used_peak;
	size_t page_allocations;        /**< of vpage_alloc and vpage_reserve */
	size_t page_allocation_pages;   /**< that these hold, addresses included */
	size_t heaps, regions, modules; /**< how many are told by the calls below */
};

/** One heap or region, in bytes. */
struct quire_sof_part {
	enum quire_sof_kind kind;
	const void *handle; /**< the struct vmh_heap or struct vregion */
	void *base;
	size_t size; /**< addresses */
	size_t used; /**< granted to live allocations; of a region: all that cannot be had again */
	size_t peak; /**< the most that ever was */
	size_t largest; /**< what one request could be given now, physical pages included */
	size_t mapped;  /**< pages behind it */
	size_t allocations;
};

/** One module: all that was allocated with its number (struct mod_alloc_ctx) and is live. */
struct quire_sof_module {
	uint32_t module;
	size_t bytes; /**< as they were asked for */
	size_t peak;
	size_t allocations;
};

/** @return 0, or -ENODEV before quire_sof_init */
int quire_sof_memory(struct quire_sof_memory *memory);

/** Number `index` of the heaps and then regions. false: there is none */
bool quire_sof_part(size_t index, struct quire_sof_part *part);
bool quire_sof_module(size_t index, struct quire_sof_module *module);

/** Allocations of modules that found no room in the counts (CONFIG_QUIRE_SOF_MODULES, _NOTES). */
size_t quire_sof_uncounted(void);
/** @} */

/** The memory of the firmware that is not Quire's: its own system heap. */
struct quire_sof_rest {
	void *(*alloc)(struct k_heap *heap, uint32_t flags, size_t bytes, size_t alignment);
	void (*free)(struct k_heap *heap, void *ptr);
};

struct quire_sof_config {
	const struct quire_mmu *mmu; /**< constant from now on */
	void *base;                  /**< of the window */
	size_t pages;
	size_t retain; /**< pages that may stay mapped with nobody needing them */
	/** Of the heap of buffers. NULL: SOF's, whichever fits the window of a heap */
	const struct vmh_heap_config *table;
	const struct quire_sof_rest *rest; /**< NULL: there is none */
	/** What vregion_info and vmh_log_stats are told; NULL: nobody is */
	void (*log)(const struct quire_sof_part *part);
	struct quire_observer *observer; /**< misuse, failures, leaks: see quire/observe.h */
	void *storage;                   /**< aligned as a struct quire_sof */
	size_t storage_bytes;            /**< at least QUIRE_SOF_STORAGE(pages) */
};

/** Private: a heap, a region, a live allocation of a module. */
struct quire_sof_heap_slot {
	struct quire_vmh heap;
	void *records;
	void *base;
	uint32_t state;
};
struct quire_sof_region_slot {
	struct quire_vregion *region;
	void *base;
	uint32_t state;
	bool lazy;
	bool interim;
};
struct quire_sof_note {
	uintptr_t ptr; /* 0: none */
	size_t bytes;
	uint32_t module;
};

/** Private: all there is. */
struct quire_sof {
	struct quire_sof_config config;
	struct sys_mm_drv_region window;
	struct quire_vspace vs;
	struct quire_budget pages; /* pays for page allocations and regions */
	struct quire_vmh records;
	struct vmh_heap *buffers;
	size_t page_allocations;
	size_t page_allocation_pages;
	struct quire_sof_heap_slot heap[CONFIG_QUIRE_SOF_HEAPS];
	struct quire_sof_region_slot region[CONFIG_QUIRE_SOF_REGIONS];
	struct quire_sof_module module[CONFIG_QUIRE_SOF_MODULES];
	struct quire_sof_note note[CONFIG_QUIRE_SOF_NOTES];
	size_t notes;
	size_t uncounted;
};

/** Bytes of storage for a window of so many pages, a constant expression. */
#define QUIRE_SOF_STORAGE(pages)                                     \
	(sizeof(struct quire_sof) + QUIRE_VSPACE_STORAGE(pages, 1) + \
	 QUIRE_VMH_ELASTIC_STORAGE(CONFIG_QUIRE_SOF_RECORDS_SIZE, 64))

/* The configuration is in the name, so that builds that differ do not link. */
#define QUIRE_SOF_NAME_(regions, heaps, modules, notes) \
	quire_sof_init_##regions##_regions_##heaps##_heaps_##modules##_modules_##notes##_notes
#define QUIRE_SOF_NAME(regions, heaps, modules, notes) \
	QUIRE_SOF_NAME_(regions, heaps, modules, notes)
#define quire_sof_init                                                                             \
	QUIRE_SOF_NAME(CONFIG_QUIRE_SOF_REGIONS, CONFIG_QUIRE_SOF_HEAPS, CONFIG_QUIRE_SOF_MODULES, \
		       CONFIG_QUIRE_SOF_NOTES)

/**
 * Take the window, and make the heap of buffers.
 * @return 0; -EINVAL for an impossible configuration; -EALREADY; -ENOMEM
 */
int quire_sof_init(const struct quire_sof_config *config);

/** Give everything back. @return 0; -ENODEV; -EBUSY while anything is allocated; -EIO */
int quire_sof_fini(void);

/** The vspace below, for what SOF has no name for; NULL before quire_sof_init. */
struct quire_vspace *quire_sof_vspace(void);

/** NULL if every invariant holds, else which does not, in words. For a quiet instance. */
const char *quire_sof_check(void);

#ifdef __cplusplus
}
#endif

#endif
