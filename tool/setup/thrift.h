/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Thrift: the pages that are in use, against the least that what is live could be held in.
 *
 * Two bounds are kept, at the same moments as the pages in use:
 *
 *	least  bytes granted, of each allocation rounded up to cache lines, their sum rounded up to
 *	       pages: as if everything could share every page
 *	apart  the same, but what must not share a page does not: the lifetime and the interim area
 *	       of each region, a buffer with pages of its own, and all the rest are rounded up to
 *	       pages one by one
 *
 * Peaks are looked for after every action. The mean is over the steps of the schedule: between them
 * streams run, and that is where time goes by.
 *
 * No heap can do with fewer than `least`; none that keeps protections and payers apart by pages can
 * do with fewer than `apart`.
 */
#ifndef QUIRE_TOOL_THRIFT_H
#define QUIRE_TOOL_THRIFT_H

#include <stddef.h>
#include <stdint.h>

/** Pages now, the most there ever were, and their sum over all moments that count. */
struct thrift_pages {
	size_t now;
	size_t peak;
	uint64_t sum;
};

struct thrift {
	uint64_t moments;
	struct thrift_pages used;     /**< somebody needs them */
	struct thrift_pages retained; /**< mapped though nobody does */
	struct thrift_pages least;    /**< bound, if everything shared */
	struct thrift_pages apart;    /**< bound, with what must be apart so */

	/* Private. */
	size_t page_bytes;
	size_t line_bytes;
	size_t bytes;      /* live, in whole lines */
	size_t heap_bytes; /* of them, those that share the heap's pages */
	size_t own_pages;  /* of all that does not */
};

void thrift_init(struct thrift *thrift, size_t page_bytes, size_t line_bytes);

/** @name So many bytes are live, or no longer, in the heap's shared pages. @{ */
void thrift_add(struct thrift *thrift, size_t bytes);
void thrift_remove(struct thrift *thrift, size_t bytes);
/** @} */

/** @name The same for bytes on pages that they share only with the other bytes of `area`. @{ */
void thrift_add_apart(struct thrift *thrift, size_t *area, size_t bytes);
void thrift_remove_apart(struct thrift *thrift, size_t *area, size_t bytes);
/** @} */

/** So many pages are in use now, and so many retained: does a peak change? */
void thrift_look(struct thrift *thrift, size_t used, size_t retained);

/** What was looked at last counts for the mean. */
void thrift_count(struct thrift *thrift);

#endif
