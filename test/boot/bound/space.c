/* SPDX-License-Identifier: BSD-3-Clause */
/* space: see space.h. */
#include "space.h"

#include "play.h"

struct quire_vspace space;
size_t space_in_use;
struct bound_row *space_init_row;

static int32_t map(const struct quire_mmu *mmu, uintptr_t va, size_t pages, uint32_t prot)
{
	(void)mmu, (void)va, (void)pages, (void)prot;
	return QUIRE_OK;
}

static int32_t unmap(const struct quire_mmu *mmu, uintptr_t va, size_t pages)
{
	(void)mmu, (void)va, (void)pages;
	return QUIRE_OK;
}

static size_t available(const struct quire_mmu *mmu)
{
	(void)mmu;
	return QUIRE_EXTENTS_MAX_UNITS;
}

static int32_t move(const struct quire_mmu *mmu, uintptr_t va)
{
	(void)mmu, (void)va;
	return QUIRE_OK;
}

/* Pages lie in banks in the order of their addresses, whatever is mapped; the first one can be emptied. */
static uint32_t bank_of(const struct quire_mmu *mmu, uintptr_t va)
{
	(void)mmu;
	return (uint32_t)((va - space.base) / (SPACE_BANK * PAGE));
}

static uint32_t emptiest(const struct quire_mmu *mmu, uint32_t after, size_t *in_use)
{
	(void)mmu;
	*in_use = space_in_use;
	return after == QUIRE_NOWHERE ? 0 : QUIRE_NOWHERE;
}

static void nothing(const struct quire_mmu *mmu)
{
	(void)mmu;
}

static const struct quire_mmu mmu = {
	.page_size = PAGE,
	.cache_line = 64,
	.coherent = true,
	.enforces = QUIRE_WRITE | QUIRE_EXEC,
	.map = map,
	.unmap = unmap,
	.protect = map,
	.emptiest = emptiest,
	.bank_of = bank_of,
	.move = move,
	.available = available,
	.lock = bound_lock,
	.unlock = bound_unlock,
	.transition_lock = nothing,
	.transition_unlock = nothing,
};

void space_begin_at(uintptr_t base, uint32_t pages)
{
	struct quire_vspace_config config = {
		.mmu = &mmu,
		.base = (void *)base,
		.pages = pages,
		.budgets = SPACE_BUDGETS,
		.physical_pages = 2 * pages,
		.retain = pages / 4,
		.storage_bytes = QUIRE_VSPACE_STORAGE(pages, SPACE_BUDGETS),
	};
	struct bound_row nobodys = { 0 };

	config.storage = bound_storage(config.storage_bytes);
	if (COUNT_STEPS(space_init_row ? space_init_row : &nobodys,
			(uint32_t)(config.storage_bytes / sizeof(uintptr_t)), quire_vspace_init,
			POINTER(&space), POINTER(&config)))
		__builtin_trap();
}

void space_begin(uint32_t pages)
{
	space_begin_at(SPACE_BASE, pages);
}

const char *space_end(void)
{
	const char *broken = quire_vspace_check(&space);

	if (broken)
		return broken;
	return quire_vspace_fini(&space) ? "something is still allocated" : NULL;
}
