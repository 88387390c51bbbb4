/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vmh_setup: making a heap from its configuration, and ending it. The blocks of a table lie one bundle
 * behind the other in the heap's window, each bundle aligned as its stride is, but no more than a page.
 */
#include "heap.h"

#define USERS_MAX 16383u /* of a page: the width of quire_page.users */

/* ---- storage -------------------------------------------------------------------------------- */

static size_t lowest_power(size_t value)
{
	return value & (0 - value);
}

static size_t stride_of(const struct quire_mmu *mmu, size_t block_size)
{
	return mmu->coherent ? block_size : quire_round_up(block_size, mmu->cache_line);
}

static bool bundle_is_possible(const struct quire_mmu *mmu, const struct quire_bundle *bundle)
{
	size_t stride;

	if (!bundle->block_size || !bundle->blocks || bundle->blocks > QUIRE_EXTENTS_MAX_UNITS ||
	    bundle->block_size > SIZE_MAX / 4)
		return false;
	stride = stride_of(mmu, bundle->block_size);
	return mmu->page_size / stride < USERS_MAX && bundle->blocks <= SIZE_MAX / 4 / stride;
}

static bool elastic_is_possible(const struct quire_mmu *mmu, const struct quire_vmh_config *config)
{
	size_t unit = quire_unit_of(mmu, config->unit);

	return config->window && config->window <= SIZE_MAX / 2 && quire_power_of_two(unit) &&
	       unit <= mmu->page_size && mmu->page_size / unit < USERS_MAX &&
	       quire_divide_up(config->window, unit) <= QUIRE_EXTENTS_MAX_UNITS;
}

static size_t words(size_t bytes)
{
	return quire_round_up(bytes, sizeof(quire_word));
}

static size_t pages_bytes(const struct quire_mmu *mmu, const struct quire_bundle *bundle)
{
	return bundle->block_size > mmu->page_size ? words(bundle->blocks * sizeof(uint32_t)) : 0;
}

size_t quire_vmh_storage_needed(const struct quire_mmu *mmu, const struct quire_vmh_config *config)
{
	size_t bytes = config->bundle_count * (sizeof(struct quire_blocks) + sizeof(void *));

	if (!config->bundles) {
		if (!elastic_is_possible(mmu, config))
			return 0;
		return quire_blocks_storage(
			(uint32_t)quire_divide_up(config->window, quire_unit_of(mmu, config->unit)),
			true);
	}
	if (!config->bundle_count || config->bundle_count > QUIRE_EXTENTS_MAX_UNITS)
		return 0;
	for (size_t index = 0; index < config->bundle_count; index++) {
		const struct quire_bundle *bundle = &config->bundles[index];

		if (!bundle_is_possible(mmu, bundle))
			return 0;
		bytes += quire_blocks_storage((uint32_t)bundle->blocks,
					      config->flags & QUIRE_VMH_SPANNING) +
			 pages_bytes(mmu, bundle);
	}
	return bytes;
}

/* Bytes of address space of a table; with a heap, the blocks' places in it are filled in. */
static size_t lay_out(const struct quire_mmu *mmu, const struct quire_vmh_config *config,
		      struct quire_vmh *heap)
{
	size_t offset = 0;

	for (size_t index = 0; index < config->bundle_count; index++) {
		const struct quire_bundle *bundle = &config->bundles[index];
		size_t stride = stride_of(mmu, bundle->block_size);
		size_t align = lowest_power(stride);

		offset = quire_round_up(offset, align < mmu->page_size ? align : mmu->page_size);
		if (heap) {
			heap->blocks[index].base = heap->base + offset;
			heap->blocks[index].stride = stride;
			heap->blocks[index].block_size = bundle->block_size;
			heap->blocks[index].align = lowest_power(heap->blocks[index].base | stride);
			heap->blocks[index].one_page = stride == align && stride <= mmu->page_size;
		}
		if (bundle->blocks * stride > SIZE_MAX / 2 - offset)
			return 0;
		offset += bundle->blocks * stride;
	}
	return offset;
}

static void sort_by_size(struct quire_vmh *heap)
{
	for (uint32_t index = 0; index < heap->block_kinds; index++) {
		uint32_t rank = index;

		for (; rank; rank--) {
			struct quire_blocks *before = heap->by_size[rank - 1];

			if (before->block_size <= heap->blocks[index].block_size)
				break;
			heap->by_size[rank] = before;
		}
		heap->by_size[rank] = &heap->blocks[index];
	}
}

static void make_table(struct quire_vmh *heap, const struct quire_vmh_config *config)
{
	const struct quire_mmu *mmu = heap->vs->mmu;
	bool runs = config->flags & QUIRE_VMH_SPANNING;
	unsigned char *storage = config->storage;

	heap->block_kinds = (uint32_t)config->bundle_count;
	heap->blocks = config->storage;
	memset(heap->blocks, 0, config->bundle_count * sizeof(*heap->blocks));
	storage += config->bundle_count * sizeof(*heap->blocks);
	heap->by_size = (struct quire_blocks **)(void *)storage;
	storage += config->bundle_count * sizeof(void *);
	lay_out(mmu, config, heap);
	for (uint32_t index = 0; index < heap->block_kinds; index++) {
		const struct quire_bundle *bundle = &config->bundles[index];
		uint32_t blocks = (uint32_t)bundle->blocks;

		quire_blocks_init(&heap->blocks[index], blocks, runs, storage,
				  quire_blocks_storage(blocks, runs));
		storage += quire_blocks_storage(blocks, runs);
		if (pages_bytes(mmu, bundle))
			heap->blocks[index].pages = (uint32_t *)(void *)storage;
		storage += pages_bytes(mmu, bundle);
	}
	sort_by_size(heap);
	if (!runs)
		heap->single_most = heap->by_size[heap->block_kinds - 1]->block_size;
}

static void make_elastic(struct quire_vmh *heap, const struct quire_vmh_config *config)
{
	size_t unit = quire_unit_of(heap->vs->mmu, config->unit);

	heap->is_elastic = true;
	heap->block_kinds = 1;
	heap->blocks = &heap->elastic;
	heap->elastic.base = heap->base;
	heap->elastic.stride = unit;
	heap->elastic.block_size = unit;
	heap->elastic.align = unit;
	heap->elastic.keeps_low = true;
	quire_blocks_init(&heap->elastic, (uint32_t)quire_divide_up(config->window, unit), true,
			  config->storage, config->storage_bytes);
}

static int32_t check_config(const struct quire_vspace *vs, const struct quire_vmh_config *config)
{
	const struct quire_mmu *mmu = vs->mmu;
	size_t needed = quire_vmh_storage_needed(mmu, config);
	uint32_t prot = config->prot ? config->prot : QUIRE_RW;

	if (!needed || config->storage_bytes < needed || !quire_storage_fits(mmu, config->storage))
		return QUIRE_EINVAL;
	if (!quire_mmu_accepts(mmu, prot) || config->flags & ~QUIRE_VMH_SPANNING ||
	    (config->budget && !quire_ledger_knows(&vs->ledger, config->budget)))
		return QUIRE_EINVAL;
	return QUIRE_OK;
}

void quire_vmh_init_within(struct quire_vmh *heap, struct quire_vspace *vs, uint32_t first_page,
			   const struct quire_vmh_config *config)
{
	memset(heap, 0, sizeof(*heap));
	heap->vs = vs;
	heap->budget = config->budget ? config->budget : &vs->common;
	heap->flags = config->flags;
	quire_vmh_set_prot(heap, config->prot ? config->prot : QUIRE_RW);
	heap->base = quire_page_address(vs, first_page);
	heap->page = &vs->page[first_page];
	heap->page_shift = vs->page_shift;
	heap->window = config->bundles ? lay_out(vs->mmu, config, NULL) : config->window;
	if (config->bundles)
		make_table(heap, config);
	else
		make_elastic(heap, config);
	heap->last = &heap->blocks[heap->block_kinds - 1];
	if (quire_is_direct(vs)) {
		heap->direct_most = heap->single_most;
		heap->direct_window = heap->single_most ? heap->window : 0;
	}
}

int32_t quire_vmh_init(struct quire_vmh *heap, struct quire_vspace *vs,
		       const struct quire_vmh_config *config)
{
	struct quire_section section;
	size_t window, pages;
	uint32_t first;
	int32_t status;

	if (!heap || !vs || !config || check_config(vs, config))
		return QUIRE_EINVAL;
	status = quire_forbidden(vs);
	if (status)
		return quire_refuse_call(vs, &vs->refused, status, vs, 0, 0);
	window = config->bundles ? lay_out(vs->mmu, config, NULL) : config->window;
	pages = quire_pages_for(vs, window);
	if (!window)
		return QUIRE_EINVAL;
	if (pages > vs->pages)
		return QUIRE_ENOVIRT;
	section = quire_section_enter(vs);
	first = quire_window_take(vs, (uint32_t)pages);
	quire_section_leave(&section);
	if (first == QUIRE_NOWHERE)
		return QUIRE_ENOVIRT;
	quire_vmh_init_within(heap, vs, first, config);
	return QUIRE_OK;
}

int32_t quire_vmh_fini(struct quire_vmh *heap)
{
	struct quire_section section;
	int32_t status = quire_forbidden(heap->vs);

	if (status)
		return quire_vmh_refuse(heap, status, 0, 0);
	section = quire_section_enter(heap->vs);
	if (quire_vmh_allocations(heap)) {
		status = QUIRE_EBUSY;
	} else {
		quire_vmh_drop_asides(heap);
		quire_window_give(heap->vs, quire_page_index(heap->vs, heap->base));
	}
	quire_section_leave(&section);
	if (!status)
		return QUIRE_OK;
	quire_vmh_tell_leaks(heap, heap, 0);
	return quire_vmh_refuse(heap, status, 0, 0);
}
