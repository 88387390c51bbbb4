/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What operations are counted on: a set of extents, or a vspace on the flat port with all pages
 * retained, each with its storage.
 */
#ifndef QUIRE_BENCH_PLACE_H
#define QUIRE_BENCH_PLACE_H

#include "quire/extent.h"
#include "quire/flat.h"
#include "quire/vpage.h"

#define PAGE 4096u /**< bytes */

struct place_units {
	struct quire_extents set;
	void *storage;
};

void place_units_begin(struct place_units *units, uint32_t count,
		       enum quire_extents_precision precision);
void place_units_end(struct place_units *units);

struct place {
	struct quire_vspace vs;
	struct quire_flat flat;
	void *memory;
	void *flat_storage;
	void *storage;
};

void place_begin(struct place *place, size_t pages);
void place_end(struct place *place);

/** The end of the program unless the status is QUIRE_OK, or there is memory. */
void must_do(int32_t status);
void *must_have(void *memory);

#endif
