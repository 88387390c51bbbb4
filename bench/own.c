/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two peers that are always there: nothing, whose time is that of the benchmark itself, and
 * Quire. Bytes and pages are asked of the engine, as the layers above it do: a handle is the number of
 * the first unit, plus one. Blocks are asked of a virtual memory heap of one bundle.
 */
#include <stdlib.h>

#include "machine.h"
#include "peers.h"
#include "units.h"

/* ---- nothing --------------------------------------------------------------------------------- */

static const char *about_nothing(void)
{
	return "an empty function: what the benchmark itself takes";
}

static void *begin_nothing(void *pool, size_t size, size_t unit)
{
	(void)size, (void)unit;
	return pool;
}

static void *alloc_nothing(void *context, size_t size, size_t align)
{
	(void)size, (void)align;
	return context;
}

static int32_t free_nothing(void *context, void *handle)
{
	(void)context, (void)handle;
	return 0;
}

#define NOTHING                                                                      \
	{                                                                            \
		.init = begin_nothing, .alloc = alloc_nothing, .free = free_nothing, \
	}

const struct quire_peer peer_nothing = {
	.interface = QUIRE_PEER_INTERFACE,
	.name = "nothing",
	.about = about_nothing,
	.bytes = NOTHING,
	.pages = NOTHING,
	.blocks = NOTHING,
};

/* ---- Quire ----------------------------------------------------------------------------------- */

static const char *about_quire(void)
{
	return "bytes and pages: quire_extents_alloc and _free; blocks: quire_vmh_alloc and _free";
}

static void *begin_lines(void *pool, size_t size, size_t unit)
{
	struct units *units = memory(1, sizeof(*units));

	(void)pool;
	units_begin(units, (uint32_t)(size / unit), QUIRE_COMPACT);
	return units;
}

static void *begin_pages(void *pool, size_t size, size_t unit)
{
	struct units *units = memory(1, sizeof(*units));

	(void)pool;
	units_begin(units, (uint32_t)(size / unit), QUIRE_EXACT);
	return units;
}

static void end_units(void *context)
{
	units_end(context);
	free(context);
}

static size_t units_metadata(void *context)
{
	const struct units *units = context;

	return units->storage_bytes;
}

struct bundle {
	struct heap heap; /* first: what heap_alloc and heap_free are given */
	struct machine machine;
};

static void *begin_bundle(void *pool, size_t size, size_t unit)
{
	struct bundle *bundle = memory(1, sizeof(*bundle));
	struct quire_bundle table[] = { { unit, size / unit } };

	(void)pool;
	machine_begin_flat(&bundle->machine, (size + PAGE - 1) / PAGE);
	heap_begin_table(&bundle->heap, &bundle->machine, table, 1);
	return bundle;
}

static void end_bundle(void *context)
{
	struct bundle *bundle = context;

	heap_end(&bundle->heap);
	machine_end(&bundle->machine);
	free(bundle);
}

static size_t bundle_metadata(void *context)
{
	const struct bundle *bundle = context;

	return bundle->heap.storage_bytes;
}

const struct quire_peer peer_quire = {
	.interface = QUIRE_PEER_INTERFACE,
	.name = "Quire",
	.about = about_quire,
	.bytes = {
		.bounded = true,
		.init = begin_lines,
		.fini = end_units,
		.alloc = units_alloc_lines,
		.alloc_range = units_alloc_lines_range,
		.free = units_free,
		.metadata = units_metadata,
	},
	.pages = {
		.bounded = true,
		.init = begin_pages,
		.fini = end_units,
		.alloc = units_alloc,
		.alloc_range = units_alloc_range,
		.free = units_free,
		.metadata = units_metadata,
	},
	.blocks = {
		.bounded = true,
		.init = begin_bundle,
		.fini = end_bundle,
		.alloc = heap_alloc,
		.free = heap_free,
		.metadata = bundle_metadata,
	},
};
