/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file mmu.h
 * The contract between Quire and what lies below it: one struct of functions and geometry.
 *
 * A port fills in a struct quire_mmu and keeps it alive and constant while a vspace uses it. All
 * virtual addresses that Quire passes are multiples of the page size and lie in the window that the
 * vspace was given; all counts are at least 1. Functions marked optional may be NULL.
 *
 * **Who calls what, under which lock.** map, unmap, protect and move are called with `transition`
 * held and `lock` never held: they may take long and may sleep if the port's transition lock allows it.
 * emptiest and bank_of are called with `transition` held, and with `lock` or without. All other
 * functions may be called with either or none. No driver function may call back into Quire.
 *
 * **Locks.** `lock` protects Quire's own records. It is held for a bounded number of instructions,
 * never over a driver call, so a spinlock is fine. `transition` serialises all mapping and unmapping
 * of one window. It is always taken first. A machine with a single thread leaves the four NULL.
 *
 * **A flat machine** (no page unit) is an mmu whose map and unmap do nothing but count: see the flat
 * port. It enforces nothing.
 */
#ifndef QUIRE_MMU_H
#define QUIRE_MMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @name Protections of a page
 * Every mapped page is readable by the kernel. WRITE together with EXEC is refused everywhere, and a
 * port must not let an alias of an EXEC page be writable either.
 * @{
 */
#define QUIRE_READ  1u
#define QUIRE_WRITE 2u
#define QUIRE_EXEC  4u
#define QUIRE_USER  8u /**< reachable from user mode; such pages are zeroed before they are used */
#define QUIRE_RW    (QUIRE_READ | QUIRE_WRITE)
#define QUIRE_RX    (QUIRE_READ | QUIRE_EXEC)
/** @} */

/** What available() answers when the port cannot tell. */
#define QUIRE_UNKNOWN SIZE_MAX

struct quire_mmu {
	/** The port's own data. */
	void *context;

	/** Bytes of a page: a power of two, at least 64. */
	size_t page_size;

	/** Bytes of a data cache line: a power of two, at most page_size. */
	size_t cache_line;

	/** Whether all cores see each other's writes. If not, allocations are whole cache lines,
	 *  and the core that makes a call has none of them in its cache when memory is handed out
	 *  or given back. */
	bool coherent;

	/** Whether others take physical pages from the same driver (a loader, say). A guarantee of
	 *  physical pages cannot be given then, and is refused. */
	bool shared_frames;

	/** Which protections this unit can enforce: QUIRE_WRITE (it can make a page read-only),
	 *  QUIRE_EXEC (it can tell data from code), QUIRE_USER (it can keep user mode out). Plain
	 *  read-write data for the kernel is accepted everywhere; what goes beyond it and cannot be
	 *  enforced is refused with QUIRE_EINVAL, never ignored. */
	uint32_t enforces;

	/**
	 * Put a physical page behind each of `pages` pages from va on. None of them is mapped.
	 * All or nothing: after a failure none of them is mapped. The contents are undefined.
	 * @return QUIRE_OK, QUIRE_ENOPHYS when pages ran out, QUIRE_EDRIVER for anything else
	 */
	int32_t (*map)(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot);

	/**
	 * Take the physical pages away, write cached contents back or drop them, and give the pages
	 * back to where they came from. Pages of the range that are not mapped are passed over.
	 * After a failure any part of the range may have been unmapped; Quire will pass the same
	 * range again before it uses those addresses for anything else.
	 * @return QUIRE_OK or QUIRE_EDRIVER
	 */
	int32_t (*unmap)(const struct quire_mmu *mmu, uintptr_t va, size_t pages);

	/**
	 * Change the protection of mapped pages; contents stay. All or nothing.
	 * @return QUIRE_OK or QUIRE_EDRIVER
	 */
	int32_t (*protect)(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot);

	/**
	 * @name Banks of physical pages that can be switched off; optional, all three or none
	 * A bank is emptied by moving each mapped page that lies in it. Only pages are moved that
	 * nobody uses meanwhile: whoever owns them has been asked to be quiet, and where cores are not
	 * coherent every core that touched them has relinquished them (quire_relinquish).
	 * @{
	 */

	/** The bank that is cheapest to empty, and how many of its physical pages are in use,
	 *  whoever uses them; `after` is a bank that cannot be emptied, and the next is told, or
	 *  QUIRE_NOWHERE (extent.h) for the first. QUIRE_NOWHERE: none is worth it
	 *  (quire_frames_emptiest). */
	uint32_t (*emptiest)(const struct quire_mmu *mmu, uint32_t after, size_t *in_use);

	/** The bank in which the physical page behind va lies; QUIRE_NOWHERE if va is not mapped. */
	uint32_t (*bank_of)(const struct quire_mmu *mmu, uintptr_t va);

	/**
	 * Put another physical page behind one mapped page, from a powered bank other than the one
	 * it lies in. Address, protection and contents stay, through every alias and on every core:
	 * stale translations and stale lines of either physical page are gone when this returns,
	 * and the code of an EXEC page may run at once. All or nothing: after a failure the old
	 * physical page is behind va as it was. No bank is switched on for it
	 * (quire_frames_take_outside); the old physical page is given back.
	 * @return QUIRE_OK, QUIRE_ENOPHYS if no other powered bank has room, QUIRE_EDRIVER for
	 *         anything else
	 */
	int32_t (*move)(const struct quire_mmu *mmu, uintptr_t va);
	/** @} */

	/** How many pages map() could still find, or QUIRE_UNKNOWN: mapping and undoing decides
	 *  then. Optional. */
	size_t (*available)(const struct quire_mmu *mmu);

	/** Cache maintenance of this core, for any byte range; NULL where it is not needed. */
	void (*writeback)(const struct quire_mmu *mmu, const void *ptr, size_t bytes);
	void (*invalidate)(const struct quire_mmu *mmu, const void *ptr, size_t bytes);
	void (*icache_sync)(const struct quire_mmu *mmu, const void *ptr, size_t bytes);

	/** The other alias of the same byte. Both accept either alias. NULL where there is only one
	 *  view of memory; then a pointer is its own alias. */
	void *(*cached)(const struct quire_mmu *mmu, const void *ptr);
	void *(*uncached)(const struct quire_mmu *mmu, const void *ptr);

	/** Whether this is interrupt context, where no call of Quire is allowed. Optional: without
	 *  it such a call is not noticed. */
	bool (*in_interrupt)(const struct quire_mmu *mmu);

	/** The two locks, see above. Optional, all four together. */
	void (*lock)(const struct quire_mmu *mmu);
	void (*unlock)(const struct quire_mmu *mmu);
	void (*transition_lock)(const struct quire_mmu *mmu);
	void (*transition_unlock)(const struct quire_mmu *mmu);
};

/**
 * Check a port's geometry and functions: sizes as said above; map, unmap and protect; cached and
 * uncached both or neither; the three about banks, and the four locks, all or none; writeback and
 * invalidate unless coherent; no unknown bit in enforces.
 * @return QUIRE_OK or QUIRE_EINVAL
 */
int32_t quire_mmu_check(const struct quire_mmu *mmu);

/**
 * Whether this unit can give exactly this protection: READ is present, not WRITE with EXEC, and
 * nothing asked for that it cannot enforce.
 */
bool quire_mmu_accepts(const struct quire_mmu *mmu, uint32_t prot);

/**
 * Give memory up to another core: writes back and then invalidates the bytes in this core's cache.
 * Elsewhere than on a machine whose cores are not coherent it does nothing. There it is called
 *
 * - by each core that touched an allocation, before another core frees it, resizes it or goes on
 *   with it;
 * - by the core that goes on with it, before its first access, because its cache may have fetched
 *   ahead.
 *
 * The same around what a DMA engine does. Memory used by its uncached alias alone needs neither.
 * What the core does that allocates, frees or resizes, the library does itself.
 */
void quire_relinquish(const struct quire_mmu *mmu, const void *ptr, size_t bytes);

/** The cached or the uncached alias of a pointer; the pointer itself where there is only one. */
void *quire_cached(const struct quire_mmu *mmu, const void *ptr);
void *quire_uncached(const struct quire_mmu *mmu, const void *ptr);

#ifdef __cplusplus
}
#endif

#endif
