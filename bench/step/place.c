/* SPDX-License-Identifier: BSD-3-Clause */
/* place: see place.h. */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>

#define BUDGETS 4u

void must_do(int32_t status)
{
	if (!status)
		return;
	fprintf(stderr, "a call of the library failed: %s\n", quire_status_text(status));
	exit(EXIT_FAILURE);
}

void *must_have(void *memory)
{
	if (memory)
		return memory;
	fprintf(stderr, "not enough memory\n");
	exit(EXIT_FAILURE);
}

void place_units_begin(struct place_units *units, uint32_t count,
		       enum quire_extents_precision precision)
{
	size_t bytes = quire_extents_storage(count, precision);

	units->storage = must_have(malloc(bytes));
	must_do(quire_extents_init(&units->set, count, precision, units->storage, bytes));
}

void place_units_end(struct place_units *units)
{
	free(units->storage);
}

void place_begin(struct place *place, size_t pages)
{
	struct quire_flat_config flat = {
		.pages = pages,
		.page_size = PAGE,
		.storage_bytes = QUIRE_FLAT_STORAGE(pages),
	};
	struct quire_vspace_config vspace = {
		.pages = pages,
		.budgets = BUDGETS,
		.retain = pages,
		.storage_bytes = QUIRE_VSPACE_STORAGE(pages, BUDGETS),
	};

	flat.memory = place->memory = must_have(aligned_alloc(PAGE, pages * PAGE));
	flat.storage = place->flat_storage = must_have(malloc(flat.storage_bytes));
	must_do(quire_flat_init(&place->flat, &flat));
	vspace.mmu = &place->flat.mmu;
	vspace.base = place->memory;
	vspace.storage = place->storage = must_have(malloc(vspace.storage_bytes));
	must_do(quire_vspace_init(&place->vs, &vspace));
}

void place_end(struct place *place)
{
	must_do(quire_vspace_fini(&place->vs));
	free(place->memory);
	free(place->flat_storage);
	free(place->storage);
}
