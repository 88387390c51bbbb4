/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SOF's way today, divided up when the firmware is built:
 *
 *	system heap	a fixed piece of memory for objects, always there
 *	virtual heap	blocks of fixed sizes, one request one block; a block's unused pages are not mapped
 *	virtual pages	what addresses the split leaves, for regions of data-processing modules, mapped
 *			as a whole; so many allocations at once
 *	library area	addresses for loadable modules, not used here
 *
 * A request between two bounds is tried from the preferred size downwards, in steps of the minimum.
 */
#include <stdlib.h>

#include "setup/ground.h"
#include "setup/host.h"
#include "setup/island.h"
#include "setup/nest.h"

struct table {
	struct backend backend;
	struct ground ground;
	void *system_memory;
	struct island island; /* the system heap's own */
	struct quire_vmh system;
	void *system_storage;
	struct quire_vmh heap;
	void *storage;
	size_t line;
	size_t pages_left; /* for regions */
	size_t regions_left;
};

static struct table *table_of(struct backend *backend)
{
	return (struct table *)backend;
}

/* ---- allocations ------------------------------------------------------------------------------ */

static struct quire_vmh *heap_for(struct table *self, const struct action *action)
{
	return action->place == PLACE_SYSTEM_HEAP ? &self->system : &self->heap;
}

static int32_t try_size(struct quire_vmh *heap, struct holding *holding, size_t size)
{
	struct quire_request request = { .size = size, .align = holding->action.align };
	struct quire_vmh_extent extent;

	holding->tries++;
	holding->ptr = quire_vmh_request(heap, &request);
	if (!holding->ptr)
		return request.why;
	holding->owner = heap;
	holding->usable = quire_vmh_usable_size(heap, holding->ptr);
	if (quire_vmh_next(heap, holding->ptr, &extent))
		holding->addresses = extent.size;
	return QUIRE_OK;
}

/* From the preferred size, rounded up to a multiple of the minimum, down to the minimum. */
static int32_t try_sizes(struct quire_vmh *heap, struct holding *holding)
{
	size_t min = holding->action.min;
	size_t size = (holding->action.size + min - 1) / min * min;
	int32_t why = try_size(heap, holding, size);

	while (why != QUIRE_OK && size > min) {
		size -= min;
		why = try_size(heap, holding, size);
	}
	return why;
}

static int32_t table_alloc(struct backend *backend, struct holding *holding, struct holding *region)
{
	struct quire_vmh *heap = heap_for(table_of(backend), &holding->action);

	if (region)
		return nest_alloc(region->owner, holding);
	if (action_is_range(&holding->action))
		return try_sizes(heap, holding);
	return try_size(heap, holding, holding->action.size);
}

static int32_t table_free(struct backend *backend, struct holding *holding, struct holding *region)
{
	(void)backend;
	if (region)
		return nest_free(region->owner, holding);
	return quire_vmh_free(holding->owner, holding->ptr);
}

/* ---- regions ---------------------------------------------------------------------------------- */

static size_t pages_of(const struct table *self, const struct holding *region)
{
	size_t page = self->backend.window.page_bytes;

	return (region->action.size + page - 1) / page;
}

static int32_t table_region_create(struct backend *backend, struct holding *region)
{
	struct table *self = table_of(backend);
	size_t pages = pages_of(self, region), bytes = pages * self->backend.window.page_bytes;
	int32_t status;

	region->tries = 1;
	if (pages > self->pages_left || self->regions_left == 0)
		return QUIRE_ENOVIRT;
	region->ptr = quire_vpage_alloc(&self->ground.vs, pages, QUIRE_RW);
	if (!region->ptr)
		return QUIRE_ENOPHYS;
	status = nest_open(region, bytes, self->line);
	if (status != QUIRE_OK) {
		quire_vpage_free(&self->ground.vs, region->ptr);
		return status;
	}
	region->usable = region->addresses = region->mapped = bytes;
	self->pages_left -= pages;
	self->regions_left--;
	return QUIRE_OK;
}

static int32_t table_region_seal(struct backend *backend, struct holding *region)
{
	(void)backend;
	return nest_seal(region->owner);
}

static int32_t table_region_put(struct backend *backend, struct holding *region)
{
	struct table *self = table_of(backend);

	nest_close(region->owner);
	self->pages_left += pages_of(self, region);
	self->regions_left++;
	return quire_vpage_free(&self->ground.vs, region->ptr);
}

/* ---- the whole -------------------------------------------------------------------------------- */

static void table_measure(struct backend *backend, struct snapshot *snapshot)
{
	struct table *self = table_of(backend);
	size_t bytes = ground_measure(&self->ground, snapshot) * backend->window.page_bytes;
	struct quire_vmh_stats stats;

	quire_vmh_stats(&self->heap, &stats);
	snapshot->largest = stats.largest < bytes ? stats.largest : bytes;
}

static size_t table_banks_peak(struct backend *backend)
{
	return quire_frames_banks_on_peak(quire_linux_frames(&table_of(backend)->ground.port));
}

static int smaller_first(const void *a, const void *b)
{
	const struct block_use *left = a, *right = b;

	return (left->block_size > right->block_size) - (left->block_size < right->block_size);
}

static void sum_up_blocks(struct table *self, struct figures *figures)
{
	struct quire_bundle_stats stats;
	size_t count = 0;

	while (quire_vmh_bundle_stats(&self->heap, count, &stats))
		count++;
	figures->blocks = host_alloc(count, sizeof(*figures->blocks));
	figures->block_sizes = count;
	for (size_t i = 0; quire_vmh_bundle_stats(&self->heap, i, &stats); i++)
		figures->blocks[i] = (struct block_use){ stats.block_size, stats.blocks,
							 stats.used_peak, stats.exhausted };
	qsort(figures->blocks, count, sizeof(*figures->blocks), smaller_first);
}

static void table_sum_up(struct backend *backend, struct figures *figures)
{
	struct table *self = table_of(backend);
	struct quire_vmh_stats stats;

	quire_vmh_stats(&self->system, &stats);
	figures->system_heap = stats.window;
	figures->system_heap_peak = stats.in_use_peak;
	sum_up_blocks(self, figures);
}

static const char *table_check(struct backend *backend)
{
	struct table *self = table_of(backend);
	const char *broken = quire_vmh_check(&self->heap);

	if (!broken)
		broken = quire_vmh_check(&self->system);
	return broken ? broken : quire_vspace_check(&self->ground.vs);
}

static size_t table_close(struct backend *backend)
{
	struct table *self = table_of(backend);
	size_t pages;

	quire_vmh_fini(&self->heap);
	quire_vmh_fini(&self->system);
	island_close(&self->island);
	quire_vpage_free(&self->ground.vs, self->system_memory);
	pages = ground_close(&self->ground);
	free(self->system_storage);
	free(self->storage);
	free(self);
	return pages;
}

static const struct backend_ops table_ops = {
	.alloc = table_alloc,
	.free = table_free,
	.region_create = table_region_create,
	.region_seal = table_region_seal,
	.region_put = table_region_put,
	.measure = table_measure,
	.banks_peak = table_banks_peak,
	.sum_up = table_sum_up,
	.check = table_check,
	.close = table_close,
};

static int32_t init_heap(struct quire_vmh *heap, struct quire_vspace *vs,
			 struct quire_vmh_config *config, void **storage)
{
	config->storage_bytes = quire_vmh_storage_needed(vs->mmu, config);
	config->storage = *storage = host_alloc(1, config->storage_bytes);
	return quire_vmh_init(heap, vs, config);
}

static int32_t open_system_heap(struct table *self, const struct board *board)
{
	size_t page = board->page_bytes;
	size_t pages = (board->system_heap_bytes + page - 1) / page;
	struct quire_vmh_config config = { .window = pages * page };
	int32_t status;

	self->system_memory = quire_vpage_alloc(&self->ground.vs, pages, QUIRE_RW);
	if (!self->system_memory)
		return QUIRE_ENOPHYS;
	status = island_open(&self->island, self->system_memory, pages * page, page,
			     board->cache_line_bytes);
	if (status != QUIRE_OK)
		return status;
	status = init_heap(&self->system, &self->island.vs, &config, &self->system_storage);
	if (status != QUIRE_OK)
		island_close(&self->island);
	return status;
}

static int32_t open_virtual_heap(struct table *self, const struct setup_options *options)
{
	struct quire_bundle bundles[BOARD_BUNDLES_MAX];
	struct quire_vmh_config config = {
		.bundles = bundles,
		.bundle_count = options->table->count,
		.flags = options->spanning ? QUIRE_VMH_SPANNING : 0,
	};

	for (size_t i = 0; i < options->table->count; i++) {
		bundles[i].block_size = options->table->bundles[i].block_size;
		bundles[i].blocks = options->table->bundles[i].blocks;
	}
	return init_heap(&self->heap, &self->ground.vs, &config, &self->storage);
}

static int32_t open_heaps(struct table *self, const struct setup_options *options)
{
	int32_t status = open_system_heap(self, options->board);

	if (status != QUIRE_OK)
		return status;
	status = open_virtual_heap(self, options);
	if (status != QUIRE_OK) {
		quire_vmh_fini(&self->system);
		island_close(&self->island);
	}
	return status;
}

/* The split of this board, with this table. What does not work out leaves nothing. */
static size_t pages_for_regions(const struct setup_options *options)
{
	struct board board = *options->board;
	int64_t left;

	board.virtual_heap_bytes = options->table->total_bytes;
	left = board_split_left(&board);
	return left > 0 ? (size_t)left / board.page_bytes : 0;
}

struct backend *table_open(const struct setup_options *options, struct setup_error *error)
{
	struct table *self = host_alloc(1, sizeof(*self));
	int32_t status;

	self->backend.ops = &table_ops;
	self->line = options->board->cache_line_bytes;
	self->pages_left = pages_for_regions(options);
	self->regions_left = options->board->vpage_allocations;
	if (!ground_open(&self->ground, options->board, 0, NULL, error)) {
		free(self);
		return NULL;
	}
	self->backend.window = ground_window(&self->ground, options->board);
	status = open_heaps(self, options);
	if (status == QUIRE_OK)
		return &self->backend;
	ground_close(&self->ground);
	free(self->storage);
	free(self->system_storage);
	free(self);
	return setup_refused(error, "the block table", status);
}
