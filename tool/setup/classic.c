/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One classic heap of the same memory: first fit by address, no virtual memory, no budgets.
 *
 * It is built on the flat port, where addresses and memory are one and the same, and on an elastic heap
 * that is told where to put each request: the first hole that is long enough. A request between two
 * bounds takes as much as it can get, which is what a heap does that knows no one else's needs. The
 * headers that such a heap keeps between its blocks are not counted, to its advantage. There are no
 * regions: who asks for one gets a block of that size and its own little heap in it.
 */
#include <stdlib.h>

#include "setup/ground.h"
#include "setup/host.h"
#include "setup/island.h"
#include "setup/nest.h"

struct classic {
	struct backend backend;
	void *memory;
	struct island island;
	struct quire_vmh heap;
	void *storage;
	size_t line;
};

static struct classic *classic_of(struct backend *backend)
{
	return (struct classic *)backend;
}

/* Bytes of a hole from its first aligned address on. */
static size_t room_in(const struct quire_vmh_extent *hole, size_t align, char **at)
{
	size_t skip = (0 - (uintptr_t)hole->ptr) & (align - 1);

	*at = (char *)hole->ptr + skip;
	return hole->live || skip > hole->size ? 0 : hole->size - skip;
}

/* The first hole for `size` bytes, else the longest. @return its bytes */
static size_t find_hole(struct classic *self, size_t size, size_t align, char **at)
{
	struct quire_vmh_extent extent;
	const char *from = NULL;
	size_t longest = 0;

	while (quire_vmh_next(&self->heap, from, &extent)) {
		char *here;
		size_t room = room_in(&extent, align, &here);

		if (room > longest) {
			longest = room;
			*at = here;
		}
		if (room >= size)
			break;
		from = (char *)extent.ptr + extent.size;
	}
	return longest;
}

/* The largest size of a range that this many bytes hold; 0: not even the least. */
static size_t cut(const struct action *action, size_t room)
{
	size_t step = action->step ? action->step : 1;

	if (room >= action->size)
		return action->size;
	return room < action->min ? 0 : action->min + (room - action->min) / step * step;
}

static int32_t first_fit(struct classic *self, struct holding *holding)
{
	struct quire_vmh_extent extent;
	size_t align = holding->action.align > self->line ? holding->action.align : self->line;
	char *at = NULL;
	size_t size = cut(&holding->action, find_hole(self, holding->action.size, align, &at));

	holding->tries++;
	if (!size)
		return QUIRE_ENOVIRT;
	holding->ptr = quire_vmh_alloc_at(&self->heap, at, size);
	if (!holding->ptr)
		return QUIRE_ENOPHYS;
	holding->usable = quire_vmh_usable_size(&self->heap, holding->ptr);
	if (quire_vmh_next(&self->heap, holding->ptr, &extent))
		holding->addresses = extent.size;
	return QUIRE_OK;
}

static int32_t classic_alloc(struct backend *backend, struct holding *holding,
			     struct holding *region)
{
	if (region)
		return nest_alloc(region->owner, holding);
	return first_fit(classic_of(backend), holding);
}

static int32_t classic_free(struct backend *backend, struct holding *holding,
			    struct holding *region)
{
	if (region)
		return nest_free(region->owner, holding);
	return quire_vmh_free(&classic_of(backend)->heap, holding->ptr);
}

static int32_t classic_region_create(struct backend *backend, struct holding *region)
{
	struct classic *self = classic_of(backend);
	int32_t status;

	region->action.align = self->line;
	region->action.min = region->action.size;
	status = first_fit(self, region);
	if (status != QUIRE_OK)
		return status;
	status = nest_open(region, region->usable / self->line * self->line, self->line);
	if (status != QUIRE_OK)
		quire_vmh_free(&self->heap, region->ptr);
	region->mapped = region->usable;
	return status;
}

static int32_t classic_region_seal(struct backend *backend, struct holding *region)
{
	(void)backend;
	return nest_seal(region->owner);
}

static int32_t classic_region_put(struct backend *backend, struct holding *region)
{
	nest_close(region->owner);
	return quire_vmh_free(&classic_of(backend)->heap, region->ptr);
}

static void classic_measure(struct backend *backend, struct snapshot *snapshot)
{
	struct classic *self = classic_of(backend);
	struct quire_vspace_stats pages;
	struct quire_vmh_stats stats;

	quire_vspace_stats(&self->island.vs, &pages);
	quire_vmh_stats(&self->heap, &stats);
	snapshot->pages = pages.held;
	snapshot->retained = pages.retained;
	snapshot->largest = stats.largest;
}

static const char *classic_check(struct backend *backend)
{
	struct classic *self = classic_of(backend);
	const char *broken = quire_vmh_check(&self->heap);

	return broken ? broken : quire_vspace_check(&self->island.vs);
}

static size_t classic_close(struct backend *backend)
{
	struct classic *self = classic_of(backend);
	struct quire_vspace_stats stats;

	quire_vmh_fini(&self->heap);
	quire_vspace_stats(&self->island.vs, &stats);
	island_close(&self->island);
	free(self->storage);
	free(self->memory);
	free(self);
	return stats.held;
}

static const struct backend_ops classic_ops = {
	.alloc = classic_alloc,
	.free = classic_free,
	.region_create = classic_region_create,
	.region_seal = classic_region_seal,
	.region_put = classic_region_put,
	.measure = classic_measure,
	.check = classic_check,
	.close = classic_close,
};

static int32_t open_heap(struct classic *self, size_t bytes)
{
	struct quire_vmh_config config = { .window = bytes };

	config.storage_bytes = quire_vmh_storage_needed(&self->island.flat.mmu, &config);
	config.storage = self->storage = host_alloc(1, config.storage_bytes);
	return quire_vmh_init(&self->heap, &self->island.vs, &config);
}

struct backend *classic_open(const struct setup_options *options, struct setup_error *error)
{
	const struct board *board = options->board;
	size_t bytes = board->sram_bytes - board->image_bytes;
	struct classic *self = host_alloc(1, sizeof(*self));
	int32_t status;

	self->backend.ops = &classic_ops;
	self->line = board->cache_line_bytes;
	self->memory = host_aligned(board->page_bytes, bytes);
	self->backend.window = (struct account_window){
		.base = self->memory,
		.pages = bytes / board->page_bytes,
		.page_bytes = board->page_bytes,
		.pages_per_bank = board->bank_bytes / board->page_bytes,
		.pages_before = board->image_bytes / board->page_bytes,
	};
	status = island_open(&self->island, self->memory, bytes, board->page_bytes, self->line);
	if (status == QUIRE_OK) {
		status = open_heap(self, bytes);
		if (status == QUIRE_OK)
			return &self->backend;
		island_close(&self->island);
	}
	free(self->storage);
	free(self->memory);
	free(self);
	return setup_refused(error, "the classic heap", status);
}
