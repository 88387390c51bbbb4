/* SPDX-License-Identifier: BSD-3-Clause */
/* units: see units.h. */
#include "units.h"

#include <stdlib.h>

_Static_assert(QUIRE_NOWHERE + 1u == 0, "what is refused has the handle 0");

static uintptr_t alloc_lines(void *context, uint32_t size)
{
	struct units *units = context;

	return quire_extents_alloc(&units->set, (size + LINE - 1) / LINE, 1) + 1u;
}

static uintptr_t alloc_units(void *context, uint32_t count)
{
	struct units *units = context;

	return quire_extents_alloc(&units->set, count, 1) + 1u;
}

static int32_t free_units(void *context, uintptr_t handle)
{
	struct units *units = context;

	return quire_extents_free(&units->set, units_start(handle));
}

void units_begin(struct units *units, uint32_t count, enum quire_extents_precision precision)
{
	units->storage_bytes = precision == QUIRE_EXACT ? QUIRE_EXTENTS_STORAGE_EXACT(count)
							: QUIRE_EXTENTS_STORAGE(count);
	units->storage = memory(1, units->storage_bytes);
	must(quire_extents_init(&units->set, count, precision, units->storage,
				units->storage_bytes),
	     "making a set of extents");
}

void units_end(struct units *units)
{
	const char *broken = quire_extents_check(&units->set);

	if (broken)
		die("a set of extents is broken: %s", broken);
	free(units->storage);
}

struct candidate units_candidate(struct units *units)
{
	return (struct candidate){ .context = units, .alloc = alloc_units, .free = free_units };
}

struct candidate units_lines_candidate(struct units *units)
{
	return (struct candidate){ .context = units, .alloc = alloc_lines, .free = free_units };
}
