/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A layer of the library as the histories of bench/step see it: units that are taken and given back.
 * In between the layer makes all its other calls, and leaves everything as it was.
 */
#ifndef QUIRE_TEST_BOUND_PLAY_H
#define QUIRE_TEST_BOUND_PLAY_H

#include "count.h"

#include "history.h"

struct bound_layer {
	const char *name;
	struct bound_row *rows;
	size_t row_count;

	/** Where a history is cut off: allocations, allocations times units of the window, and units
	 *  asked for. 0: nowhere for this. */
	uint32_t most, work, asked;

	/** Units are what is asked for, so that large windows can be nearly filled by a few runs. */
	bool crowds;

	void (*begin)(uint32_t units);
	uint32_t (*alloc)(void *context, uint32_t count); /**< as a history's player has it */
	void (*free)(void *context, uint32_t start);
	void (*probe)(uint32_t count); /**< the other calls; count: what was asked for last */
	const char *(*end)(void);      /**< all is free. NULL, or what is broken */

	/** Take exactly these units, and what free is given then; NULL: alloc goes upwards anyway. */
	uint32_t (*alloc_at)(uint32_t start, uint32_t count);

	/** All questions about a place, and calls that are wrong there; may be NULL. */
	void (*look)(uint32_t unit);

	/** All searches for runs of at least `count` units at a multiple of `align`; may be NULL. */
	void (*aligned)(uint32_t count, uint32_t align);
};

extern const struct bound_layer bound_extent_compact, bound_extent_exact, bound_frames, bound_vpage,
	bound_vmh_elastic, bound_vmh_spanning, bound_vmh_table, bound_vregion, bound_buffer;

/** All histories in all windows. @return NULL, or what is broken */
const char *bound_play(const struct bound_layer *layer);

/** What is chosen by chance within probes. */
extern struct random bound_random;

/** Storage for what is made by begin, uintptr_t-aligned; each call takes more, begin frees all. */
void *bound_storage(size_t bytes);

#endif
