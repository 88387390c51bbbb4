/* SPDX-License-Identifier: BSD-3-Clause */
/* regions_mm: SOF's virtual memory heaps. Each has a window of its own, and its records in pages that
 * come with it. */
#include <string.h>

#include "state.h"

#define SMALLEST_BLOCK 64u /* of a default table */

/* The lines that say something. Their sum is within the window of a heap, so that it cannot wrap. */
static size_t read_table(const struct vmh_heap_config *cfg, struct quire_bundle *bundles)
{
	size_t left = CONFIG_SOF_ZEPHYR_VIRTUAL_HEAP_REGION_SIZE;
	size_t lines = 0;

	for (size_t i = 0; i < MAX_MEMORY_ALLOCATORS_COUNT; i++) {
		size_t size = cfg->block_bundles_table[i].block_size;
		size_t blocks = cfg->block_bundles_table[i].number_of_blocks;

		if (!size || !blocks)
			continue;
		if (blocks > left / size)
			return 0;
		left -= size * blocks;
		bundles[lines++] = (struct quire_bundle){ .block_size = size, .blocks = blocks };
	}
	return lines;
}

/* Where the window of a heap starts: that is how its pointers are looked up. */
static void *window_of(struct quire_vmh *heap)
{
	struct quire_vmh_extent first;

	return quire_vmh_next(heap, NULL, &first) ? quire_vpage_owner(&sof->vs, first.ptr, NULL)
						  : NULL;
}

static bool open_heap(struct quire_sof_heap_slot *slot, struct quire_vmh_config *config)
{
	config->storage_bytes = quire_vmh_storage_needed(sof->config.mmu, config);
	if (!config->storage_bytes)
		return false;
	slot->records = quire_sof_take_records(config->storage_bytes);
	config->storage = slot->records;
	if (!slot->records || quire_vmh_init(&slot->heap, &sof->vs, config))
		return false;
	slot->base = window_of(&slot->heap);
	return true;
}

struct vmh_heap *vmh_init_heap(const struct vmh_heap_config *cfg, bool allocating_continuously)
{
	struct quire_bundle bundles[MAX_MEMORY_ALLOCATORS_COUNT];
	struct quire_vmh_config config = { .bundles = bundles };
	struct vmh_heap_config by_default;
	struct quire_sof_heap_slot *slot;
	struct sys_mm_drv_region region;

	if (!sof)
		return NULL;
	if (!cfg) {
		region = sof->window;
		region.size = CONFIG_SOF_ZEPHYR_VIRTUAL_HEAP_REGION_SIZE;
		vmh_get_default_heap_config(&region, &by_default);
		cfg = &by_default;
	}
	config.bundle_count = read_table(cfg, bundles);
	config.flags = allocating_continuously ? QUIRE_VMH_SPANNING : 0;
	slot = config.bundle_count ? quire_sof_take_heap() : NULL;
	if (!slot)
		return NULL;
	if (!open_heap(slot, &config)) {
		quire_sof_drop_records(&slot->records);
		quire_sof_set_state(&slot->state, SOF_FREE);
		return NULL;
	}
	quire_sof_set_state(&slot->state, SOF_LIVE);
	return (struct vmh_heap *)slot;
}

void *vmh_alloc(struct vmh_heap *heap, uint32_t alloc_size)
{
	struct quire_sof_heap_slot *slot = quire_sof_heap_of(heap);

	return slot ? quire_vmh_alloc(&slot->heap, alloc_size) : NULL;
}

int quire_sof_free_from_heap(struct quire_sof_heap_slot *slot, void *ptr)
{
	struct quire_sof_note note = quire_sof_take_note(ptr);
	int32_t status = quire_vmh_free(&slot->heap, ptr);

	if (status && note.ptr)
		quire_sof_note_down(ptr, note.bytes, note.module);
	return quire_sof_errno(status);
}

int vmh_free(struct vmh_heap *heap, void *ptr)
{
	struct quire_sof_heap_slot *slot = quire_sof_heap_of(heap);

	return slot ? quire_sof_free_from_heap(slot, ptr) : -SOF_EINVAL;
}

int vmh_free_heap(struct vmh_heap *heap)
{
	struct quire_sof_heap_slot *slot = quire_sof_heap_of(heap);
	struct quire_vmh_stats stats;
	int32_t status;

	if (!slot)
		return -SOF_EINVAL;
	quire_vmh_stats(&slot->heap, &stats);
	if (!stats.allocations) /* its window may be another's before fini returns */
		quire_sof_set_state(&slot->state, SOF_BUSY);
	status = quire_vmh_fini(&slot->heap);
	if (status) {
		quire_sof_set_state(&slot->state, SOF_LIVE);
		return status == QUIRE_EBUSY ? -SOF_ENOTEMPTY : quire_sof_errno(status);
	}
	slot->base = NULL;
	quire_sof_drop_records(&slot->records);
	quire_sof_set_state(&slot->state, SOF_FREE);
	return 0;
}

void vmh_get_default_heap_config(const struct sys_mm_drv_region *region,
				 struct vmh_heap_config *cfg)
{
	size_t page = sof ? sof->config.mmu->page_size : 4096;
	size_t share = region->size / DEFAULT_CONFIG_ALOCATORS_COUNT / page * page;

	memset(cfg, 0, sizeof(*cfg));
	for (size_t i = 0; i < DEFAULT_CONFIG_ALOCATORS_COUNT; i++) {
		size_t size = (size_t)SMALLEST_BLOCK << i;

		cfg->block_bundles_table[i].block_size = size;
		cfg->block_bundles_table[i].number_of_blocks = share / size;
	}
}

void vmh_log_stats(struct vmh_heap *heap)
{
	struct quire_sof_heap_slot *slot = quire_sof_heap_of(heap);
	struct quire_sof_part part;

	if (!slot || !sof->config.log)
		return;
	quire_sof_describe_heap(slot, &part);
	sof->config.log(&part);
}
