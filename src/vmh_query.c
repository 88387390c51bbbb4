/* SPDX-License-Identifier: BSD-3-Clause */
/* vmh_query: what can be asked of a heap. Nothing here changes it. */
#include "heap.h"

/* ---- asking --------------------------------------------------------------------------------- */

size_t quire_vmh_usable_size(struct quire_vmh *heap, const void *ptr)
{
	struct quire_section section = quire_section_enter(heap->vs);
	struct grant grant;
	size_t size = 0;

	if (!quire_vmh_find(heap, quire_address(heap->vs, ptr), &grant))
		size = quire_vmh_usable(heap, &grant);
	quire_section_leave(&section);
	return size;
}

bool quire_vmh_contains(const struct quire_vmh *heap, const void *ptr)
{
	return quire_vmh_in(heap, quire_address(heap->vs, ptr));
}

/* The first kind whose blocks do not all lie below the address. */
static struct quire_blocks *kind_from(const struct quire_vmh *heap, uintptr_t address)
{
	struct quire_blocks *kind;

	if (address < heap->base)
		return heap->blocks;
	kind = quire_vmh_kind_of(heap, address);
	if ((address - kind->base) / kind->stride >= kind->blocks)
		kind++;
	return kind <= heap->last ? kind : NULL;
}

bool quire_vmh_next(struct quire_vmh *heap, const void *ptr, struct quire_vmh_extent *extent)
{
	/* As it was told, not through an alias: what lies behind the window may be one. */
	uintptr_t address = ptr ? (uintptr_t)ptr : heap->base;
	struct quire_section section = quire_section_enter(heap->vs);
	struct quire_blocks *kind = kind_from(heap, address);
	struct quire_extent run;
	uint32_t block = 0;

	if (kind && address > kind->base)
		block = (uint32_t)((address - kind->base) / kind->stride);
	if (kind && quire_blocks_next(kind, block, &run)) {
		extent->ptr = quire_pointer(quire_block_address(kind, run.start));
		extent->size = (size_t)run.count * kind->stride;
		extent->live = run.live && !quire_vmh_is_aside(heap, kind, run.start);
	}
	quire_section_leave(&section);
	return kind != NULL;
}

/* The longest fixed request that some kind could place. */
static size_t largest_of(const struct quire_vmh *heap)
{
	size_t largest = 0;

	for (uint32_t index = 0; index < heap->block_kinds; index++) {
		const struct quire_blocks *kind = &heap->blocks[index];
		uint32_t blocks = quire_blocks_largest(kind);

		if (blocks && quire_block_bytes(kind, blocks) > largest)
			largest = quire_block_bytes(kind, blocks);
	}
	return largest;
}

static size_t free_of(const struct quire_vmh *heap)
{
	size_t bytes = 0;

	for (uint32_t index = 0; index < heap->block_kinds; index++)
		bytes += (size_t)quire_blocks_free(&heap->blocks[index]) *
			 heap->blocks[index].stride;
	return bytes;
}

static size_t held_of(const struct quire_vmh *heap)
{
	size_t bytes = 0;

	for (uint32_t index = 0; index < heap->block_kinds; index++)
		bytes += (size_t)heap->blocks[index].used * heap->blocks[index].stride;
	return bytes;
}

/* In words of the machine: a division of longer ones would be the only call of a compiler's library. */
static uint32_t fragmentation(size_t largest, size_t free)
{
	if (!free)
		return 0;
	if (largest > SIZE_MAX / 1000)
		return 1000 - (uint32_t)(largest / (free / 1000));
	return 1000 - (uint32_t)(largest * 1000 / free);
}

void quire_vmh_stats(struct quire_vmh *heap, struct quire_vmh_stats *stats)
{
	struct quire_section section = quire_section_enter(heap->vs);

	*stats = (struct quire_vmh_stats){
		.window = heap->window,
		.allocations = quire_vmh_allocations(heap),
		.in_use = heap->in_use,
		.in_use_peak = heap->in_use_peak,
		.held = held_of(heap),
		.mapped = heap->pages_held << heap->vs->page_shift,
		.mapped_peak = heap->pages_held_peak << heap->vs->page_shift,
		.largest = largest_of(heap),
		.free = free_of(heap),
		.served = heap->served,
		.misuses = heap->refused.misuses,
	};
	stats->fragmentation = fragmentation(stats->largest, stats->free);
	memcpy(stats->refusals, heap->refused.by_status, sizeof(stats->refusals));
	quire_section_leave(&section);
}

bool quire_vmh_bundle_stats(struct quire_vmh *heap, size_t bundle, struct quire_bundle_stats *stats)
{
	struct quire_section section;
	const struct quire_blocks *kind;

	if (heap->is_elastic || bundle >= heap->block_kinds)
		return false;
	section = quire_section_enter(heap->vs);
	kind = &heap->blocks[bundle];
	*stats = (struct quire_bundle_stats){
		.block_size = kind->block_size,
		.stride = kind->stride,
		.blocks = kind->blocks,
		.used = kind->used,
		.used_peak = kind->used_peak,
		.exhausted = kind->exhausted,
	};
	quire_section_leave(&section);
	return true;
}

/* ---- leaks ---------------------------------------------------------------------------------- */

void quire_vmh_tell_leaks(struct quire_vmh *heap, const void *object, uint32_t tag)
{
	struct quire_vmh_extent extent = { .size = 0 };

	for (const void *ptr = NULL; quire_vmh_next(heap, ptr, &extent);
	     ptr = (const char *)extent.ptr + extent.size) {
		if (extent.live)
			quire_tell_about(heap->vs, QUIRE_EVENT_LEAK, object, extent.ptr,
					 extent.size, tag);
	}
}

/* ---- the full check ------------------------------------------------------------------------- */

struct totals {
	size_t allocations;
	size_t in_use;
	uint32_t used;
};

static const char *check_grant(const struct quire_vmh *heap, const struct grant *grant)
{
	uintptr_t end = quire_block_address(grant->kind, grant->start) +
			quire_block_bytes(grant->kind, grant->count);
	uint32_t most = quire_page_index(heap->vs, end - 1) - grant->first_page + 1;

	for (uint32_t page = 0; page < grant->pages; page++)
		if (!heap->vs->page[grant->first_page + page].users)
			return "a live allocation does not hold one of its pages";
	if (grant->pages > most)
		return "an allocation holds pages beyond its blocks";
	return NULL;
}

static const char *check_kind(struct quire_vmh *heap, struct quire_blocks *kind,
			      struct totals *totals)
{
	const char *broken = quire_blocks_check(kind);
	uint32_t used = 0;
	struct quire_extent run;

	for (uint32_t block = 0; !broken && quire_blocks_next(kind, block, &run);
	     block = run.start + run.count) {
		struct grant grant;

		if (!run.live || quire_vmh_is_aside(heap, kind, run.start))
			continue;
		quire_vmh_find(heap, quire_block_address(kind, run.start), &grant);
		broken = check_grant(heap, &grant);
		totals->allocations++;
		totals->in_use += quire_vmh_usable(heap, &grant);
		used += run.count;
	}
	if (!broken && used != kind->used)
		broken = "the blocks in use do not add up";
	return broken;
}

static size_t held_pages(const struct quire_vmh *heap)
{
	uint32_t first = quire_page_index(heap->vs, heap->base);
	size_t pages = quire_pages_for(heap->vs, heap->window), held = 0;

	for (uint32_t page = 0; page < pages; page++)
		held += heap->vs->page[first + page].users != 0;
	return held;
}

const char *quire_vmh_check(struct quire_vmh *heap)
{
	struct quire_section section = quire_section_enter(heap->vs);
	struct totals totals = { .allocations = 0 };
	const char *broken = NULL;

	for (uint32_t index = 0; !broken && index < heap->block_kinds; index++)
		broken = check_kind(heap, &heap->blocks[index], &totals);
	if (!broken && totals.allocations != quire_vmh_allocations(heap))
		broken = "the allocations do not add up";
	if (!broken && totals.in_use != heap->in_use)
		broken = "the bytes in use do not add up";
	if (!broken && held_pages(heap) != heap->pages_held)
		broken = "the pages of the heap do not add up";
	quire_section_leave(&section);
	return broken;
}
