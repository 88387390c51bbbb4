/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file bare.h
 * The bare-metal port: page tables of its own, no operating system.
 *
 * One driver for four page units: RISC-V Sv39, AArch64 (4 KiB granule, 39 bits), ARMv7-A (short
 * descriptors) and Xtensa MMUv2. Which one follows from the compiler's target. Only the format of an
 * entry, the flush and the start-up differ; they are in the folder of each in port/bare/, and
 * doc/porting.md says how to add one.
 *
 * **What it owns.** A window of addresses, optionally a second window (the alias) through which the
 * same memory is reached uncached, the physical pages (a pool of frames in banks, see frames.h), and
 * a pool of page tables. Tables are taken from the pool as the window is used, and go back to it when
 * their last page goes. What else the processor's root table maps is the start-up's business and is
 * left alone: at init, nothing may be mapped in the windows.
 *
 * **All or nothing.** map gives back all tables and frames that it took if it cannot have the
 * rest. unmap and protect cannot fail once their range is accepted.
 *
 * **Flushes.** Each call flushes its range once, in all views together; beyond
 * QUIRE_BARE_FLUSH_PAGES pages, or on RISC-V when a table came or went, everything is flushed; protect
 * with an alias flushes twice. Frames and tables go back to their pools only
 * after the flush. Where a flush does not reach other cores by itself (RISC-V, Xtensa), the
 * configuration's shoot_down must make them do the same.
 *
 * **Protection.** Frames are reached through the windows alone, so a page is never writable in one
 * place and executable in another; the alias is never executable. A user's executable page is not
 * executable for the kernel, where the unit can tell the two apart (not on ARMv7-A and Xtensa).
 *
 * **Locks** are the port's user's: fill in mmu.lock and the other three after init where there are
 * threads or several cores; a machine with one thread leaves them.
 *
 * **Cost** of map, unmap and protect: a step per page and a walk per table. **Storage**:
 * QUIRE_BARE_STORAGE, two bytes per table and what frames need.
 *
 * **Not promised.** Huge pages. Address-space identifiers: the window is the same for everybody.
 */
#ifndef QUIRE_BARE_H
#define QUIRE_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/frames.h"
#include "quire/mmu.h"
#include "quire/observe.h"
#include "quire/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a page, on all four. */
#define QUIRE_BARE_PAGE 4096u

/** Bytes of a table of the pool, and its alignment. */
#if defined(__arm__)
#define QUIRE_BARE_TABLE_BYTES 1024u
#else
#define QUIRE_BARE_TABLE_BYTES 4096u
#endif

/** A range of more pages is flushed by flushing everything. */
#define QUIRE_BARE_FLUSH_PAGES 64u

/** Bytes of storage, a constant expression. */
#define QUIRE_BARE_STORAGE(banks, frames_per_bank, tables) \
	(QUIRE_FRAMES_STORAGE(banks, frames_per_bank) + (size_t)(tables) * sizeof(uint16_t))

/** What is 0, NULL or false has a sensible meaning, but for window, pages, memory and sizes. */
struct quire_bare_config {
	uintptr_t window; /**< first virtual address, on a page; nothing is mapped there */
	size_t pages;     /**< of the window, at least 1 */
	uintptr_t alias;  /**< a second window of the same length, uncached; 0: none */
	uintptr_t
		spare; /**< one more page of addresses, through which a page that moves is copied; 0:
			   *   pages cannot be moved, and the mmu has no move */

	uintptr_t memory;         /**< physical address of the first frame, on a page, not 0 */
	uint32_t banks;           /**< as for frames.h */
	uint32_t frames_per_bank; /**< as for frames.h */
	int32_t (*power)(void *context, uint32_t bank,
			 bool on); /**< as for frames.h; may be NULL */

	void *root;   /**< the table that the page unit starts from, as start-up made it */
	void *tables; /**< the pool of tables, aligned to one of them; reached by the page unit */
	size_t tables_bytes; /**< at least one table */
	uintptr_t
		to_physical; /**< what a pointer into the pool lacks to its physical address; 0 where
				*   the kernel's addresses are physical ones */

	/** Make all other cores flush this range, or everything if pages is SIZE_MAX, and wait until
	 *  they have. NULL: there is one core, or a flush reaches all by itself. */
	void (*shoot_down)(void *context, uintptr_t va, size_t pages);
	void *context; /**< for power() and shoot_down() */

	bool incoherent; /**< cores do not see each other's writes; refused where the processor has no
			  *   cache operations */
	void *storage;   /**< aligned as a uintptr_t */
	size_t storage_bytes; /**< at least QUIRE_BARE_STORAGE(banks, frames_per_bank, tables) */
	struct quire_observer *observer; /**< told of banks going on and off; may be NULL */
};

/** What the port did so far. */
struct quire_bare_counters {
	uint64_t flushes;        /**< calls that had something to flush */
	uint64_t full_flushes;   /**< those that flushed everything */
	uint64_t moves;          /**< pages that were moved */
	uint64_t table_failures; /**< calls refused for want of a table */
};

struct quire_bare {
	struct quire_mmu mmu; /**< what a vspace is given */

	/* Private. */
	struct quire_bare_config config;
	struct quire_frames frames;
	struct quire_bare_counters counters;
	uint16_t *table_entries; /* in use, for each table of the pool */
	uint32_t table_count;
	uint32_t tables_used;
	uint32_t tables_peak;
	uint32_t
		free_table; /* the first one of a list through the free tables; table_count: none */
	bool tables_changed; /* some came or went since everything was flushed */
};

/**
 * Make a port: tables and frames all free, nothing mapped.
 * @return QUIRE_OK; QUIRE_EINVAL for impossible numbers, too little storage, or windows that overlap,
 *         that the page unit cannot address, or in which something is mapped
 */
int32_t quire_bare_init(struct quire_bare *port, const struct quire_bare_config *config);

/** The pool, to look at while nothing is being mapped or unmapped. It is the port's own. */
const struct quire_frames *quire_bare_frames(const struct quire_bare *port);

/** Tables in use now, the most that ever were, and those of the pool in all. */
uint32_t quire_bare_tables(const struct quire_bare *port);
uint32_t quire_bare_tables_peak(const struct quire_bare *port);
uint32_t quire_bare_tables_total(const struct quire_bare *port);

struct quire_bare_counters quire_bare_counters(const struct quire_bare *port);

/** The number of the frame behind an address of the window, or QUIRE_NOWHERE. */
uint32_t quire_bare_frame_behind(const struct quire_bare *port, uintptr_t va);

/** NULL if tables, frames and counters agree with each other, else what does not. O(tables). */
const char *quire_bare_check(const struct quire_bare *port);

#ifdef __cplusplus
}
#endif

#endif
