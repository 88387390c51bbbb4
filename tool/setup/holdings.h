/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What is held: allocations and regions, by the identifier that the model gave them.
 *
 * Identifiers only go up and are never reused, so an array that grows finds a holding in one step; a
 * ring through all that are alive serves those who want to look at every one.
 */
#ifndef QUIRE_TOOL_HOLDINGS_H
#define QUIRE_TOOL_HOLDINGS_H

#include "model/action.h"

/** An allocation or a region. */
struct holding {
	struct action action; /**< that asked for it */
	void *ptr;            /**< where it starts */
	size_t usable;        /**< bytes granted: all of them are filled and checked */
	size_t addresses;     /**< bytes of address space; 0 in a region, whose window counts */
	size_t mapped;        /**< regions: bytes that are in use whatever is in them */
	uint32_t tries;       /**< searches that it took to be granted or refused */
	void *owner;          /**< the set-up's: which heap, which region */
	size_t apart
		[2];   /**< bytes live that share no page with others: of a region, its two areas */
	bool is_apart; /**< has pages of its own */
	struct holding *older, *newer; /**< all that are alive, in a ring */
};

struct holdings {
	struct holding **by_id;
	size_t slots;
	size_t count;
	struct holding ring; /**< ring.newer is the oldest; the ring itself holds nothing */
};

void holdings_init(struct holdings *all);

/** Frees what is left. */
void holdings_fini(struct holdings *all);

/** A new one, zeroed but for the action. The identifier must not be in use. */
struct holding *holdings_add(struct holdings *all, uint32_t id, const struct action *action);

/** @return NULL if there is none of that identifier */
struct holding *holdings_find(const struct holdings *all, uint32_t id);

void holdings_remove(struct holdings *all, uint32_t id);

/** Oldest first: pass NULL to begin. @return NULL past the newest */
struct holding *holdings_next(const struct holdings *all, const struct holding *holding);

#endif
