/* SPDX-License-Identifier: BSD-3-Clause */
/* units: see units.h. */
#include "units.h"

#include <stdlib.h>

_Static_assert(QUIRE_NOWHERE + 1u == 0, "what is refused has the handle 0");

void *units_alloc_lines(void *context, size_t size, size_t align)
{
	struct units *units = context;

	(void)align; /* a line is aligned to a line */
	return units_handle(
		quire_extents_alloc(&units->set, (uint32_t)((size + LINE - 1) / LINE), 1));
}

void *units_alloc(void *context, size_t count, size_t align)
{
	struct units *units = context;

	(void)align; /* all requests are for any place */
	return units_handle(quire_extents_alloc(&units->set, (uint32_t)count, 1));
}

void *units_alloc_range(void *context, size_t least, size_t most, size_t align, size_t *granted)
{
	struct units *units = context;
	uint32_t count;
	uint32_t start = quire_extents_alloc_range(&units->set, (uint32_t)least, (uint32_t)most, 1,
						   1, &count);

	(void)align;
	*granted = count;
	return units_handle(start);
}

void *units_alloc_lines_range(void *context, size_t least, size_t most, size_t align,
			      size_t *granted)
{
	void *handle =
		units_alloc_range(context, (least + LINE - 1) / LINE, most / LINE, align, granted);

	*granted *= LINE;
	return handle;
}

int32_t units_free(void *context, void *handle)
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

struct candidate units_lines_candidate(struct units *units)
{
	return (struct candidate){ .context = units,
				   .alloc = units_alloc_lines,
				   .free = units_free };
}
