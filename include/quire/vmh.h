/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file vmh.h
 * The virtual memory heap: buffers in virtual address space, only the needed pages mapped.
 *
 * A heap owns a window of a vspace. It is configured in one of two ways:
 *
 * - by a **table** of bundles {block_size, blocks}, of any sizes, in any order, as many as you like. A
 *   request takes one block of the smallest size that holds it and is free; with QUIRE_VMH_SPANNING
 *   also several adjacent blocks of one bundle. Blocks may add up to more than physical memory.
 * - **elastic**, with no table: any size at any place, in units of a cache line.
 *
 * In both, an allocation maps only the pages that its size needs: 48 KiB in a block of 64 KiB costs
 * 48 KiB, and grows in place by mapping more. Neighbours may share a page; it stays mapped while any
 * of them needs it, and the heap's own budget pays for it. A request that names another budget, or
 * QUIRE_OWN_PAGES, shares with nobody and is rounded up to whole pages.
 *
 * **Alignment** is honoured, not hoped for: a block whose address has it is searched for. What is
 * asked with align 0 is aligned to QUIRE_VMH_ALIGN or more where block sizes allow it (elastic: to
 * the unit); a block of size s is aligned to the largest power of two that divides s, up to a page.
 *
 * **Not coherent** mmus: block strides, units and sizes are whole cache lines; memory is invalidated
 * on the calling core when it is handed out and when it is freed, and relinquished where a resize
 * gives it back.
 *
 * **Cost** O(log window) plus a step per page, plus, in a table, one step per bundle; for an alignment
 * that a bundle's blocks do not have by themselves, one step per 32 or 64 of its blocks; so many
 * too in a table where a pointer is refused, for the nearest owner that its event names. A call
 * whose pages are there already is served in one pass (doc/design.md, 7). Exact figures: doc/bounds.md.
 *
 * **Metadata** is in storage from the caller, nothing is allocated inside: about 3.4 bits per unit or
 * per block that may be spanned, about 1 bit per other block, 4 bytes per block larger than a page,
 * ~200 bytes per bundle. User memory is never touched.
 *
 * **Statuses**, in request->why, in the statistics and in events: QUIRE_EINVAL (size 0 or overflow,
 * align no power of two, min > size), QUIRE_ENOVIRT (no block or run), QUIRE_EBUDGET, QUIRE_ENOPHYS,
 * QUIRE_EDRIVER, QUIRE_ECONTEXT; for pointers QUIRE_EFOREIGN and QUIRE_EFREE.
 *
 * Example: three bundles, of which the last is over-committed.
 * @code
 *	static const struct quire_bundle table[] = { { 256, 64 }, { 4096, 32 }, { 65536, 64 } };
 *	static _Alignas(uintptr_t) unsigned char storage[QUIRE_VMH_STORAGE(3, 64 + 32 + 64)];
 *	struct quire_vmh heap;
 *	struct quire_vmh_config config = {
 *		.bundles = table, .bundle_count = 3,
 *		.storage = storage, .storage_bytes = sizeof(storage),
 *	};
 *
 *	quire_vmh_init(&heap, &vs, &config);
 *	void *buffer = quire_vmh_alloc(&heap, 48 * 1024);	// 12 pages of a 64 KiB block
 *	quire_vmh_resize(&heap, buffer, 64 * 1024);		// 4 more, same address
 *	quire_vmh_free(&heap, buffer);
 * @endcode
 */
#ifndef QUIRE_VMH_H
#define QUIRE_VMH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/vpage.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What align 0 gives where the sizes of blocks allow it. */
#define QUIRE_VMH_ALIGN 16u

/** Requests may span adjacent blocks of a bundle. */
#define QUIRE_VMH_SPANNING 1u

/** One line of a block table. */
struct quire_bundle {
	size_t block_size; /**< bytes, at least 1 */
	size_t blocks;     /**< at least 1 */
};

struct quire_vmh_config {
	const struct quire_bundle *bundles; /**< NULL: elastic. Read during init only. */
	size_t bundle_count;
	size_t window;  /**< elastic: bytes; the addresses it takes are whole pages */
	size_t unit;    /**< elastic: granule, a power of two; 0: a cache line of the mmu */
	uint32_t flags; /**< QUIRE_VMH_SPANNING */
	uint32_t prot;  /**< of all its pages; 0: QUIRE_RW */
	struct quire_budget *budget; /**< pays for shared pages; NULL: the vspace's own */
	void *storage;        /**< aligned as a uintptr_t; uncached where the mmu is not coherent */
	size_t storage_bytes; /**< at least QUIRE_VMH_STORAGE or QUIRE_VMH_ELASTIC_STORAGE */
};

/** What one bundle did. */
struct quire_bundle_stats {
	size_t block_size; /**< as configured */
	size_t stride;     /**< bytes from block to block: whole cache lines if not coherent */
	size_t blocks;
	size_t used;        /**< blocks in use now */
	size_t used_peak;   /**< the most that ever were */
	uint64_t exhausted; /**< times a request that fitted this size found no block here */
};

/** What the heap did. Bytes unless named otherwise. */
struct quire_vmh_stats {
	size_t window;      /**< address space */
	size_t allocations; /**< live */
	size_t in_use;      /**< granted to live allocations (usable size) */
	size_t in_use_peak;
	size_t held;   /**< address space of live allocations: blocks or units */
	size_t mapped; /**< pages that live allocations need, in bytes */
	size_t mapped_peak;
	size_t largest;         /**< longest fixed request that address space would allow now */
	size_t free;            /**< address space that is free */
	uint32_t fragmentation; /**< 1000 * (1 - largest / free), 0 if nothing is free */
	uint64_t served;        /**< allocations in all */
	uint64_t refusals[QUIRE_STATUSES]; /**< calls that failed, by -status */
	uint64_t misuses;
};

/** The most levels of a set of single blocks. */
#define QUIRE_VMH_LEVELS 5

#define QUIRE_VMH_OCTAVES_ 7 /* lengths up to 127 blocks */

/** Private: a bundle, or the whole elastic window (block = unit). */
struct quire_blocks {
	uintptr_t base;
	size_t stride;     /* bytes from block to block */
	size_t block_size; /* as configured */
	size_t align;      /* every block has this alignment: a power of two */
	uint32_t blocks;
	bool one_page;    /* no block lies in two pages */
	quire_word **top; /* of single blocks, in `free`; NULL: blocks are taken in runs */
	union {
		quire_word *free[QUIRE_VMH_LEVELS]; /* a bit per free block, and summaries */
		struct {
			struct quire_extents runs;
			uint32_t low[QUIRE_VMH_OCTAVES_]; /* where to look for a low place */
			bool keeps_low;
		};
	};
	uint32_t *pages; /* pages that the allocation starting in a block needs; NULL: all */
	uint32_t used;
	uint32_t used_peak;
	uint64_t exhausted;
};

/** A heap. All members are private. */
struct quire_vmh {
	struct quire_vspace *vs;
	struct quire_budget *budget;
	struct quire_blocks *blocks;   /* in address order; elastic: one */
	struct quire_blocks **by_size; /* smallest block first */
	struct quire_blocks *last;
	struct quire_blocks elastic;
	uintptr_t base;
	struct quire_page *page; /* the first one of the window */
	size_t window;
	size_t single_most; /* the largest block of a table without spanning; else 0 */
	size_t direct_most; /* the same, and the window, where a call changes records and that is */
	size_t direct_window; /* all: no locks, no interrupts to tell, no observer; else 0 */
	uint32_t page_shift;
	uint32_t block_kinds;
	uint32_t flags;
	uint32_t prot;
	uint32_t as_held; /* what its pages look like while they are held */
	bool is_elastic;
	size_t in_use, in_use_peak, pages_held, pages_held_peak;
	uint64_t served, freed;
	struct quire_refusals refused;
};

/** Bytes of storage for a table of `bundles` lines with `blocks` blocks in all. Constant. */
#define QUIRE_VMH_STORAGE(bundles, blocks)                                                    \
	((size_t)(bundles) * (sizeof(struct quire_blocks) + 32u * sizeof(quire_word) + 64u) + \
	 QUIRE_EXTENTS_STORAGE(blocks) + (size_t)(blocks)*4u)

/** Bytes of storage for an elastic heap of `window` bytes in units of `unit` bytes. Constant. */
#define QUIRE_VMH_ELASTIC_STORAGE(window, unit) \
	QUIRE_EXTENTS_STORAGE(((window) + (unit)-1u) / (unit))

/** Bytes of storage that this configuration needs on this mmu: exact, at run time. 0: impossible. */
size_t quire_vmh_storage_needed(const struct quire_mmu *mmu, const struct quire_vmh_config *config);

/**
 * Make a heap in a window of its own of this vspace. No page is mapped.
 * @return QUIRE_OK; QUIRE_EINVAL for an impossible table or unit, a protection that the mmu refuses,
 *         too little storage, cached storage on an mmu that is not coherent; QUIRE_ENOVIRT if the
 *         window does not fit into the vspace
 */
int32_t quire_vmh_init(struct quire_vmh *heap, struct quire_vspace *vs,
		       const struct quire_vmh_config *config);

/**
 * End the heap and give its window back. If something is still allocated, each such allocation is
 * told as a leak and the heap goes on.
 * @return QUIRE_OK; QUIRE_EBUSY if something is still allocated (nothing changes)
 */
int32_t quire_vmh_fini(struct quire_vmh *heap);

/** Allocate. Free with quire_vmh_free. @return NULL on failure */
void *quire_vmh_alloc(struct quire_vmh *heap, size_t size);

/** Allocate at a multiple of `align`, a power of two. */
void *quire_vmh_aligned_alloc(struct quire_vmh *heap, size_t align, size_t size);

/** Allocate at least `min`, at best `preferred` bytes, in one search. @param granted may be NULL */
void *quire_vmh_alloc_range(struct quire_vmh *heap, size_t min, size_t preferred, size_t *granted);

/** The general form. */
void *quire_vmh_request(struct quire_vmh *heap, struct quire_request *request);

/** Allocate exactly at `ptr`, which must be the start of a block or unit and is free. */
void *quire_vmh_alloc_at(struct quire_vmh *heap, void *ptr, size_t size);

/** What quire_vmh_request would grant now, in bytes; 0: nothing, and why. Changes nothing. */
size_t quire_vmh_would_fit(struct quire_vmh *heap, struct quire_request *request);

/**
 * Change the size in place: the address never changes and nothing is copied. Pages are mapped or
 * unmapped as needed.
 * @return QUIRE_OK; QUIRE_ENOVIRT if block and neighbourhood have no room; other reasons as for
 *         alloc and free. Nothing changes unless QUIRE_OK.
 */
int32_t quire_vmh_resize(struct quire_vmh *heap, void *ptr, size_t size);

/**
 * The same with a range: at best `preferred`, at least `min` bytes.
 * @param granted  usable bytes after success; 0 after failure. May be NULL.
 */
int32_t quire_vmh_resize_range(struct quire_vmh *heap, void *ptr, size_t min, size_t preferred,
			       size_t *granted);

/**
 * Give an allocation back; either alias is accepted.
 * @return QUIRE_OK; QUIRE_EFOREIGN; QUIRE_EFREE; QUIRE_EDRIVER (see vpage.h, "all or nothing")
 */
int32_t quire_vmh_free(struct quire_vmh *heap, void *ptr);

/** Bytes from ptr on that may be used without another call; 0 if no allocation starts there. */
size_t quire_vmh_usable_size(struct quire_vmh *heap, const void *ptr);

/**
 * Hold addresses for this budget's largest request, in whole pages: as quire_vpage_set_aside does for
 * pages. What is served there has pages of its own. Elastic heaps only; in a table the blocks
 * themselves are the guarantee. bytes 0: give up.
 * @return QUIRE_OK, QUIRE_ENOVIRT, or QUIRE_EINVAL (a table, a budget that was not admitted or has
 *         addresses set aside elsewhere, align no power of two)
 */
int32_t quire_vmh_set_aside(struct quire_vmh *heap, struct quire_budget *budget, size_t bytes,
			    size_t align);

/** Whether the address lies in the heap's window. Either alias. */
bool quire_vmh_contains(const struct quire_vmh *heap, const void *ptr);

/** A stretch of the heap's window, as iteration tells it. */
struct quire_vmh_extent {
	void *ptr;
	size_t size; /**< address space, in bytes */
	bool live;   /**< false: free */
};

/**
 * Iteration in address order: the stretch that holds `ptr`, or the first one if ptr is NULL. Go on
 * with (char *)extent->ptr + extent->size. Gaps between bundles belong to nobody and are skipped.
 * @return false past the end
 */
bool quire_vmh_next(struct quire_vmh *heap, const void *ptr, struct quire_vmh_extent *extent);

void quire_vmh_stats(struct quire_vmh *heap, struct quire_vmh_stats *stats);

/** Statistics of one bundle in the table's own order. false: no such bundle, or elastic. */
bool quire_vmh_bundle_stats(struct quire_vmh *heap, size_t bundle,
			    struct quire_bundle_stats *stats);

/** NULL if every invariant holds, else which does not, in words. O(window); for a quiet heap. */
const char *quire_vmh_check(struct quire_vmh *heap);

#ifdef __cplusplus
}
#endif

#endif
