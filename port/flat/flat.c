/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flat: an mmu that only counts, below everything else and above nothing.
 *
 * One bit per page says whether it counts as mapped: the contract passes over pages that are not
 * when a range is unmapped, so a mere number would drift. Mapping what is mapped is refused: on a
 * real machine it would lose a page. One step per page.
 */
#include <string.h>

#include "quire/flat.h"

#define USUAL_CACHE_LINE 64u

static bool is_mapped(const struct quire_flat *flat, size_t page)
{
	return flat->is_mapped[page / 8] & (1u << page % 8);
}

static void toggle(struct quire_flat *flat, size_t page)
{
	flat->is_mapped[page / 8] ^= (unsigned char)(1u << page % 8);
}

/* Whether [va, va + pages) are pages of the memory; if so the number of the first. */
static bool locate(const struct quire_flat *flat, uintptr_t va, size_t pages, size_t *first)
{
	uintptr_t offset = va - flat->base;

	*first = offset / flat->mmu.page_size;
	return offset % flat->mmu.page_size == 0 && pages && *first < flat->pages &&
	       pages <= flat->pages - *first;
}

static size_t count_mapped(const struct quire_flat *flat, size_t first, size_t pages)
{
	size_t count = 0;

	for (size_t page = first; page < first + pages; page++)
		count += is_mapped(flat, page);
	return count;
}

static int32_t flat_map(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	struct quire_flat *flat = mmu->context;
	size_t first;

	if (!locate(flat, va, pages, &first) || !quire_mmu_accepts(mmu, prot) ||
	    count_mapped(flat, first, pages))
		return QUIRE_EDRIVER;
	for (size_t page = first; page < first + pages; page++)
		toggle(flat, page);
	flat->mapped += pages;
	return QUIRE_OK;
}

static int32_t flat_unmap(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	struct quire_flat *flat = mmu->context;
	size_t first;

	if (!locate(flat, va, pages, &first))
		return QUIRE_EDRIVER;
	flat->mapped -= count_mapped(flat, first, pages);
	for (size_t page = first; page < first + pages; page++)
		if (is_mapped(flat, page))
			toggle(flat, page);
	return QUIRE_OK;
}

static int32_t flat_protect(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	const struct quire_flat *flat = mmu->context;
	size_t first;

	if (!locate(flat, va, pages, &first) || !quire_mmu_accepts(mmu, prot) ||
	    count_mapped(flat, first, pages) != pages)
		return QUIRE_EDRIVER;
	return QUIRE_OK;
}

static size_t flat_available(const struct quire_mmu *mmu)
{
	const struct quire_flat *flat = mmu->context;

	return flat->pages - flat->mapped;
}

static bool memory_is_possible(const struct quire_flat_config *config)
{
	uintptr_t base = (uintptr_t)config->memory;

	return base && base % config->page_size == 0 && config->pages &&
	       config->pages <= (UINTPTR_MAX - base) / config->page_size;
}

int32_t quire_flat_init(struct quire_flat *flat, const struct quire_flat_config *config)
{
	struct quire_mmu mmu = {
		.context = flat,
		.coherent = true,
		.map = flat_map,
		.unmap = flat_unmap,
		.protect = flat_protect,
		.available = flat_available,
	};

	if (!flat || !config)
		return QUIRE_EINVAL;
	mmu.page_size = config->page_size;
	mmu.cache_line = config->cache_line ? config->cache_line : USUAL_CACHE_LINE;
	if (quire_mmu_check(&mmu) || !memory_is_possible(config) || !config->storage ||
	    config->storage_bytes < QUIRE_FLAT_STORAGE(config->pages))
		return QUIRE_EINVAL;

	flat->mmu = mmu;
	flat->base = (uintptr_t)config->memory;
	flat->pages = config->pages;
	flat->mapped = 0;
	flat->is_mapped = config->storage;
	memset(flat->is_mapped, 0, QUIRE_FLAT_STORAGE(config->pages));
	return QUIRE_OK;
}
