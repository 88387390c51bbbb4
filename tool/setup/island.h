/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Memory that is all there from the start, with an address space of its own: the flat port over pages
 * that somebody else mapped. A heap or a region in it can be as full as it is large, and no fuller.
 */
#ifndef QUIRE_TOOL_ISLAND_H
#define QUIRE_TOOL_ISLAND_H

#include "quire/flat.h"
#include "quire/quire.h"

struct island {
	struct quire_flat flat;
	struct quire_vspace vs;
	void *flat_storage, *storage;
};

/** Memory and bytes are multiples of `page`, which may be as small as a cache line. */
int32_t island_open(struct island *island, void *memory, size_t bytes, size_t page,
		    size_t cache_line);
void island_close(struct island *island);

#endif
