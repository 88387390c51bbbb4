/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file vpage.h
 * Contiguous virtual pages: the one owner of an address window.
 *
 * A vspace is a window of virtual addresses on an mmu. It hands out runs of pages, maps physical
 * pages behind them, and keeps for every page whether it is mapped, with which protection, how many
 * allocations need it, and who pays. Heaps (vmh) and regions (vregion) take their windows from it, so
 * nothing else ever maps or unmaps an address of the window.
 *
 * **All or nothing.** An operation that fails leaves every record, every mapping and every account as
 * it was, also if the driver failed in the middle. Two exceptions, because the driver leaves no other:
 * if an *unmap* fails, the allocation still owns its addresses and its pages are still paid for, but
 * its contents are undefined and freeing it again is the only call it accepts (others answer
 * QUIRE_EFREE). If a *protect* fails and the driver does not put back what was changed before either,
 * each page has its old protection or the new one, the library knows which, its contents are as they
 * were, and every call is allowed: protecting again, either way, settles it.
 *
 * **Locks.** See mmu.h. Calls that map or unmap nothing take only the short lock.
 *
 * **Retained pages.** Up to `retain` pages that nobody needs any more stay mapped, because mapping
 * is the dear part of an allocation (doc/performance.md). Nobody pays for them and they count as
 * free; they are given back when pages run short or by quire_vspace_trim, and an operation that
 * fails may have given some back. A retained page never goes to another payer with its contents if
 * it is a USER page.
 *
 * **Cost.** O(log window) for records, plus one step per page of the allocation, also where only a
 * part of it is committed, decommitted or protected, plus the driver. Where frames run short while
 * pages are retained, and in trim and fini: a step per page of the window. Exact figures:
 * doc/bounds.md.
 *
 * **Not coherent** mmus: pages are invalidated on the calling core when they are handed out, and
 * relinquished by it (mmu.h) before they are given back.
 *
 * **Metadata** lives in storage from the caller: about 6 bytes per page of the window. On an mmu
 * that is not coherent it must be uncached; init refuses other storage.
 *
 * Example.
 * @code
 *	static _Alignas(uintptr_t) unsigned char storage[QUIRE_VSPACE_STORAGE(2048, 8)];
 *	struct quire_vspace vs;
 *	struct quire_vspace_config config = {
 *		.mmu = &mmu, .base = window, .pages = 2048, .budgets = 8,
 *		.storage = storage, .storage_bytes = sizeof(storage),
 *	};
 *
 *	if (quire_vspace_init(&vs, &config))
 *		return -1;
 *	char *two_pages = quire_vpage_alloc(&vs, 2, QUIRE_RW);
 *	...
 *	quire_vpage_free(&vs, two_pages);
 * @endcode
 */
#ifndef QUIRE_VPAGE_H
#define QUIRE_VPAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/archive.h"
#include "quire/budget.h"
#include "quire/extent.h"
#include "quire/mmu.h"
#include "quire/observe.h"
#include "quire/request.h"
#include "quire/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a vspace knows of one page. Private. */
struct quire_page {
	uint32_t payer : 8;  /* id of the budget that pays, while users > 0 */
	uint32_t state : 2;  /* absent, arriving, present, leaving */
	uint32_t prot : 4;   /* as mapped */
	uint32_t guard : 1;  /* first page of an allocation: its last page is a guard */
	uint32_t object : 1; /* first page of an allocation: a heap or region owns it */
	uint32_t own : 1;    /* first page of an allocation in a heap: it has whole pages */
	uint32_t aside : 1;  /* first page of addresses that are set aside for a budget */
	uint32_t users : 14; /* allocations that need it; on top, where counting is one addition */
};

struct quire_vspace_config {
	const struct quire_mmu *mmu;     /**< stays constant while the vspace lives */
	void *base;                      /**< of the window, a multiple of the page size */
	size_t pages;                    /**< 1 ... QUIRE_EXTENTS_MAX_UNITS */
	size_t budgets;                  /**< how many can be admitted besides the vspace's own */
	size_t physical_pages;           /**< 0: what mmu->available says when the vspace is made */
	size_t retain;                   /**< pages that may stay mapped with nobody needing them */
	void *storage;                   /**< aligned as a uintptr_t */
	size_t storage_bytes;            /**< at least QUIRE_VSPACE_STORAGE(pages, budgets) */
	struct quire_observer *observer; /**< may be NULL */
};

/** Totals of a vspace, all in pages unless named otherwise. */
struct quire_vspace_stats {
	size_t pages;       /**< of the window */
	size_t free;        /**< addresses that nobody owns */
	size_t largest;     /**< longest run of them */
	size_t allocations; /**< live, windows of heaps and regions included */
	size_t held;        /**< pages that somebody needs and pays for */
	size_t held_peak;   /**< the most there ever were */
	size_t retained;    /**< mapped though nobody needs them */
	size_t physical;    /**< physical pages in all, QUIRE_UNKNOWN if nobody can tell */
	size_t promised;    /**< guaranteed to somebody and not yet used */
	uint64_t map_calls; /**< calls of the driver, failed ones included */
	uint64_t unmap_calls;
	uint64_t mapped_pages;             /**< by all successful calls together */
	uint64_t moved_pages;              /**< pages that an evacuation put elsewhere */
	uint64_t refusals[QUIRE_STATUSES]; /**< calls that failed, by -status */
	uint64_t misuses;                  /**< foreign, stale or misplaced pointers */
	bool saved;                        /**< its contents are in an archive */
};

/** Calls that failed, as a vspace or a heap counts them. Private. */
struct quire_refusals {
	uint64_t by_status[QUIRE_STATUSES];
	uint64_t misuses;
};

/** A window. All members are private except where a call says otherwise. */
struct quire_vspace {
	const struct quire_mmu *mmu;
	uintptr_t base;
	size_t page_size;
	uint32_t pages;
	uint32_t page_shift;
	struct quire_extents extents;
	struct quire_page *page;
	struct quire_ledger ledger;
	struct quire_budget common; /* pays where a request names no budget */
	size_t retain;              /* 0 while somebody waits for frames */
	size_t retained;            /* mapped or leaving, users == 0 */
	size_t held_peak;
	struct quire_observer *observer;
	struct quire_making *making; /* allocations whose pages are not there yet */
	uint64_t map_calls, unmap_calls, mapped_pages, moved_pages;
	struct quire_refusals refused;
	struct quire_image image; /* its number is set while all of it is saved */
	uint32_t images;          /* saves of this window and of regions in it */
	uint32_t asks; /* 0: a call changes records and that is all: no lock, no observer; or ~0 */
};

/** Bytes of storage, a constant expression. */
#define QUIRE_VSPACE_STORAGE(pages, budgets)                                                \
	(QUIRE_EXTENTS_STORAGE_EXACT(pages) +                                               \
	 QUIRE_DIVIDE_UP_((size_t)(pages) * sizeof(struct quire_page), sizeof(uintptr_t)) * \
		 sizeof(uintptr_t) +                                                        \
	 ((size_t)(budgets) + 1u) * sizeof(struct quire_budget *))

/**
 * Make a vspace over a window in which nothing is mapped.
 * @return QUIRE_OK, or QUIRE_EINVAL for an impossible configuration: an mmu that quire_mmu_check
 *         refuses, a window that is empty, misaligned or reaches the last address, too little
 *         storage, cached storage on an mmu that is not coherent
 */
int32_t quire_vspace_init(struct quire_vspace *vs, const struct quire_vspace_config *config);

/**
 * End a vspace: retained pages are unmapped and the storage is the caller's again.
 * @return QUIRE_OK; QUIRE_EBUSY while anything is allocated; QUIRE_EDRIVER if a page stays mapped
 */
int32_t quire_vspace_fini(struct quire_vspace *vs);

/** @name Budgets: admission, see budget.h. Refused with QUIRE_EBUDGET where mmu->shared_frames.
 * @{
 */
int32_t quire_vspace_admit(struct quire_vspace *vs, struct quire_budget *budget, size_t guaranteed,
			   size_t limit);
int32_t quire_vspace_change(struct quire_vspace *vs, struct quire_budget *budget, size_t guaranteed,
			    size_t limit);
int32_t quire_vspace_dismiss(struct quire_vspace *vs, struct quire_budget *budget);
/** @} */

/**
 * Hold the addresses of one run of `pages` for a budget. Its next request that finds no other room is
 * served there; what that leaves over stays set aside, and when it is freed all is again. So a
 * request within the guarantee for up to `pages` succeeds, whatever others have done, unless one
 * that was served there lives, or was made shorter before it was freed. pages 0 gives it up.
 * @return QUIRE_OK, QUIRE_ENOVIRT, or QUIRE_EINVAL for a budget that was not admitted
 */
int32_t quire_vpage_set_aside(struct quire_vspace *vs, struct quire_budget *budget, size_t pages);

/**
 * Allocate and map `pages` pages.
 * @return the first page, or NULL: the reason is in the statistics and in the event
 */
void *quire_vpage_alloc(struct quire_vspace *vs, size_t pages, uint32_t prot);

/** The same at a fixed address in the window (loaders, restore). NULL if any page is taken. */
void *quire_vpage_alloc_at(struct quire_vspace *vs, void *ptr, size_t pages, uint32_t prot);

/** Take addresses only. Nothing is mapped, nobody pays, until quire_vpage_commit. */
void *quire_vpage_reserve(struct quire_vspace *vs, size_t pages);

/**
 * The general form. Sizes are rounded up to pages; align may exceed a page. Flags: QUIRE_GUARD,
 * QUIRE_RESERVE. A range is clipped first by what others are guaranteed, then by addresses.
 */
void *quire_vpage_request(struct quire_vspace *vs, struct quire_request *request, uint32_t prot);

/** What quire_vpage_request would be granted now, in bytes; 0: nothing, and why. Changes nothing. */
size_t quire_vpage_would_fit(struct quire_vspace *vs, struct quire_request *request);

/**
 * Map pages of a reservation or an allocation: [ptr, ptr + pages), within one of them, none of them
 * committed.
 * @param budget  who pays; NULL: the vspace's own
 * @return QUIRE_OK; QUIRE_EINVAL (misaligned, refused protection); QUIRE_EFREE (not within one live
 *         allocation); QUIRE_EBUSY (a page is committed already); QUIRE_EBUDGET; QUIRE_ENOPHYS;
 *         QUIRE_EDRIVER
 */
int32_t quire_vpage_commit(struct quire_vspace *vs, void *ptr, size_t pages, uint32_t prot,
			   struct quire_budget *budget);

/** Unmap pages again; those that are not committed are passed over. The addresses stay owned. */
int32_t quire_vpage_decommit(struct quire_vspace *vs, void *ptr, size_t pages);

/**
 * Make an allocation longer or shorter in place. New pages are mapped with the protection and payer
 * of its last page; a reservation with nothing committed grows by addresses only. A guard page moves
 * along.
 * @return QUIRE_OK; QUIRE_ENOVIRT if the addresses behind it are taken; as for commit and free
 */
int32_t quire_vpage_resize(struct quire_vspace *vs, void *ptr, size_t pages);

/** Change the protection of committed pages within one allocation. USER pages are not zeroed. */
int32_t quire_vpage_protect(struct quire_vspace *vs, void *ptr, size_t pages, uint32_t prot);

/**
 * Give an allocation back: named by its first page; either alias is accepted.
 * @return QUIRE_OK; QUIRE_EFOREIGN (outside the window, or a heap's or region's window);
 *         QUIRE_EFREE (free already, or not the start); QUIRE_EDRIVER (see "all or nothing")
 */
int32_t quire_vpage_free(struct quire_vspace *vs, void *ptr);

/** Pages of the allocation that starts there, its guard not counted; 0 if none does. */
size_t quire_vpage_size(struct quire_vspace *vs, const void *ptr);

/**
 * The live allocation that holds this address.
 * @param pages  may be NULL
 * @return its first page, or NULL
 */
void *quire_vpage_owner(struct quire_vspace *vs, const void *ptr, size_t *pages);

/** Whether a physical page is behind this address now (somebody's or retained). */
bool quire_vspace_is_mapped(struct quire_vspace *vs, const void *ptr);

/** Give all retained pages back. @return QUIRE_OK, or QUIRE_EDRIVER if some stay mapped */
int32_t quire_vspace_trim(struct quire_vspace *vs);

/**
 * Who lets the pages of a budget be moved: they keep their addresses and contents and get other
 * frames, so that a bank falls empty. Allocations, heaps and regions opt in by naming the budget.
 */
struct quire_mover {
	/** Stop all use of what this budget pays for, also by devices, and all calls for it, until
	 *  resume. Where cores are not coherent, each core that touched it relinquishes it
	 *  (quire_relinquish). QUIRE_OK, or anything else: not now, and the pages stay. */
	int32_t (*quiesce)(struct quire_mover *mover, struct quire_budget *budget);
	/** Go on. Called once for each quiesce that answered QUIRE_OK. */
	void (*resume)(struct quire_mover *mover, struct quire_budget *budget);
};

/**
 * Let the pages that a budget pays for be moved. Not while an evacuation runs; dismissing the budget,
 * which must not happen then either, ends it.
 * @param budget  NULL: the vspace's own
 * @param mover   NULL: they may not be moved any more
 * @return QUIRE_OK, or QUIRE_EINVAL for a budget that was not admitted, or half a mover
 */
int32_t quire_vspace_set_mover(struct quire_vspace *vs, struct quire_budget *budget,
			       struct quire_mover *mover);

/**
 * Empty one bank of physical pages, the one with the fewest in use that can be emptied: all its pages
 * are this window's, present, and retained or paid by budgets with a mover that quiesces. Retained
 * ones are given back, the others moved. Both callbacks come under no lock; they and the caller run
 * one evacuation of a window at a time.
 * @param most_pages  a bank with more pages to move than this is left alone
 * @param moved       pages that were moved, also if it failed after some; may be NULL
 * @return QUIRE_OK: a bank is empty; QUIRE_EBUSY: none can be emptied; QUIRE_EDRIVER or QUIRE_ENOPHYS:
 *         a move failed, and every page is usable, where it was or moved whole; QUIRE_EINVAL if the
 *         mmu cannot move pages; QUIRE_ECONTEXT. O(window) for each bank looked at
 */
int32_t quire_vspace_evacuate(struct quire_vspace *vs, size_t most_pages, size_t *moved);

/**
 * Empty banks as long as that is cheap: the emptiest first, until one has more pages to move than have
 * been *earned*. Each page mapped earns `percent` hundredths of a move, each page moved takes one,
 * since the vspace was made; so moved_pages never exceeds that share of mapped_pages. Call it when
 * pages have come back and there is time: when a pipeline was reset or deleted.
 * @param percent  1 ... 100; 5 is a good start (doc/performance.md)
 * @param moved    as for quire_vspace_evacuate
 * @return QUIRE_OK, also if there was nothing to do; QUIRE_EINVAL for another percentage; else as for
 *         quire_vspace_evacuate
 */
int32_t quire_vspace_save_power(struct quire_vspace *vs, uint32_t percent, size_t *moved);

/**
 * Write the contents of all pages that are held and then unmap the whole window, retained pages too,
 * so that every bank can be switched off (D3); see archive.h.
 *
 * **What stays** is what is in records: addresses, holders, protections, payers, budgets, statistics,
 * heaps and regions with all that was allocated in them. Regions that sleep already sleep on, with their
 * own images. Retained pages are given up, and an allocation that only its free is left for has no
 * contents. Counters of driver calls count on.
 *
 * **Records** are not in the image. Where the memory that they are in is switched off as well (this
 * struct and its storage, budgets, heaps, regions) whoever owns it saves it *after* this call and
 * brings it back, at the same addresses, *before* quire_vspace_restore. Nothing else is needed: below
 * a saved vspace the driver may be made anew, as long as nothing is mapped in the window.
 *
 * **Nobody may use the window**, or make calls about it, until this returns; then all calls that use
 * memory or addresses, also of heaps and regions in it, answer QUIRE_ESTATE until it is restored.
 * Questions are answered, and budgets may be admitted, changed and dismissed. A saved vspace that cannot
 * be restored is made anew with quire_vspace_init. Where cores are not coherent, each core that touched
 * the memory relinquishes it before (mmu.h); the one that calls does so here.
 * @return QUIRE_OK; the archive's status: then everything is as it was; QUIRE_EDRIVER: it is saved, but
 *         some pages stay mapped until it is restored; QUIRE_EINVAL; QUIRE_ECONTEXT; QUIRE_ESTATE if it
 *         is saved already. Whether it is saved, quire_vspace_stats tells.
 */
int32_t quire_vspace_save(struct quire_vspace *vs, struct quire_archive *archive);

/**
 * Map all pages again, perhaps other frames, read their contents back and protect them as they were.
 * Pointers stay valid. Like an allocation, what comes back may be used by any core; that of EXEC pages
 * may run.
 * @return QUIRE_OK; QUIRE_EINVAL if the image is not of this save or was altered; the archive's status;
 *         QUIRE_ENOPHYS; QUIRE_EDRIVER; QUIRE_ECONTEXT; QUIRE_ESTATE if it is not saved. Unless QUIRE_OK it
 *         stays saved as it was, and restore can be tried again.
 */
int32_t quire_vspace_restore(struct quire_vspace *vs, struct quire_archive *archive);

void quire_vspace_stats(struct quire_vspace *vs, struct quire_vspace_stats *stats);

/** NULL if every invariant holds, else which does not, in words. O(window); for a quiet vspace. */
const char *quire_vspace_check(struct quire_vspace *vs);

#ifdef __cplusplus
}
#endif

#endif
