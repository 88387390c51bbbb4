/* SPDX-License-Identifier: BSD-3-Clause */
/* space: set-ups that most tests share, and snapshots of a vspace. See space.h. */
#include <stdlib.h>
#include <string.h>

#include "support/space.h"

/* ---- vspaces --------------------------------------------------------------------------------- */

void test_space_init(struct test_space *space, const struct test_space_config *config)
{
	struct quire_vspace_config vs_config;
	size_t bytes = QUIRE_VSPACE_STORAGE(config->mmu.pages, config->budgets);

	test_mmu_init(&space->mmu, &config->mmu);
	test_observer_init(&space->observer);
	test_storage_init(&space->storage, bytes, &space->mmu);
	vs_config = (struct quire_vspace_config){
		.mmu = &space->mmu.mmu,
		.base = space->mmu.window,
		.pages = config->mmu.pages,
		.budgets = config->budgets,
		.physical_pages = config->physical_pages,
		.retain = config->retain,
		.storage = space->storage.memory,
		.storage_bytes = bytes,
		.observer = config->unobserved ? NULL : &space->observer.observer,
	};
	assert_ok(quire_vspace_init(&space->vs, &vs_config));
	test_space_check(space);
}

void test_space_init_plain(struct test_space *space, size_t pages, size_t frames)
{
	struct test_space_config config = { .mmu = { .pages = pages, .frames = frames },
					    .budgets = 4 };

	test_space_init(space, &config);
}

void test_space_check(struct test_space *space)
{
	assert_sound(test_mmu_check(&space->mmu));
	assert_sound(quire_vspace_check(&space->vs));
	test_storage_check(&space->storage);
}

void test_space_fini(struct test_space *space)
{
	test_space_check(space);
	assert_int_equal(test_space_stats(space).allocations, 0);
	assert_int_equal(test_space_stats(space).held, 0);
	assert_int_equal(test_space_stats(space).free, space->mmu.config.pages);
	assert_ok(quire_vspace_fini(&space->vs));
	test_storage_fini(&space->storage);
	test_mmu_fini(&space->mmu);
}

void test_space_discard(struct test_space *space)
{
	test_storage_fini(&space->storage);
	test_mmu_discard(&space->mmu);
}

struct quire_vspace_stats test_space_stats(struct test_space *space)
{
	struct quire_vspace_stats stats;

	quire_vspace_stats(&space->vs, &stats);
	return stats;
}

unsigned char *test_space_page(const struct test_space *space, size_t page)
{
	return space->mmu.window + page * space->mmu.config.page_size;
}

size_t test_space_page_of(const struct test_space *space, const void *ptr)
{
	return ((uintptr_t)ptr - (uintptr_t)space->mmu.window) / space->mmu.config.page_size;
}

/* ---- snapshots ------------------------------------------------------------------------------- */

struct test_snapshot_page {
	void *owner;
	size_t size; /* of the allocation that starts here */
	uint32_t prot;
	bool mapped;       /* as the driver knows it */
	bool known_mapped; /* as the vspace knows it */
	bool held;         /* somebody needs it; if it is mapped all the same it is retained */
};

static struct test_snapshot_page look_at_page(struct test_space *space, size_t page)
{
	unsigned char *ptr = test_space_page(space, page);

	return (struct test_snapshot_page){
		.owner = quire_vpage_owner(&space->vs, ptr, NULL),
		.size = quire_vpage_size(&space->vs, ptr),
		.prot = test_mmu_prot(&space->mmu, ptr),
		.mapped = test_mmu_count_mapped(&space->mmu, ptr, 1) == 1,
		.known_mapped = quire_vspace_is_mapped(&space->vs, ptr),
		.held = space->vs.page[page].users != 0,
	};
}

static void look_at_budgets(struct test_snapshot *snapshot, const struct quire_ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->slots && snapshot->budgets < 8; i++)
		if (ledger->budgets[i])
			snapshot->budget[snapshot->budgets++] = *ledger->budgets[i];
}

void test_snapshot_take(struct test_snapshot *snapshot, struct test_space *space)
{
	memset(snapshot, 0, sizeof(*snapshot));
	quire_vspace_stats(&space->vs, &snapshot->stats);
	look_at_budgets(snapshot, &space->vs.ledger);
	snapshot->pages = space->mmu.config.pages;
	snapshot->page = calloc(snapshot->pages, sizeof(*snapshot->page));
	assert_non_null(snapshot->page);
	for (size_t page = 0; page < snapshot->pages; page++)
		snapshot->page[page] = look_at_page(space, page);
}

static void compare_pages(const struct test_snapshot_page *then,
			  const struct test_snapshot_page *now, bool retained_may_go)
{
	bool may_go = retained_may_go && !then->held;

	assert_ptr_equal(now->owner, then->owner);
	assert_int_equal(now->size, then->size);
	assert_int_equal(now->held, then->held);
	if (may_go && !now->mapped)
		return;
	assert_int_equal(now->mapped, then->mapped);
	assert_int_equal(now->prot, then->prot);
	if (!may_go)
		assert_int_equal(now->known_mapped, then->known_mapped);
}

static void compare_budgets(const struct quire_budget *then, const struct quire_budget *now)
{
	assert_int_equal(now->id, then->id);
	assert_int_equal(now->guaranteed, then->guaranteed);
	assert_int_equal(now->limit, then->limit);
	assert_int_equal(now->used, then->used);
	assert_int_equal(now->peak, then->peak);
	assert_int_equal(now->aside_count, then->aside_count);
	if (then->aside_count)
		assert_int_equal(now->aside_start, then->aside_start);
}

static void compare_stats(const struct quire_vspace_stats *then,
			  const struct quire_vspace_stats *now)
{
	assert_int_equal(now->free, then->free);
	assert_int_equal(now->largest, then->largest);
	assert_int_equal(now->allocations, then->allocations);
	assert_int_equal(now->held, then->held);
	assert_int_equal(now->held_peak, then->held_peak);
	assert_int_equal(now->physical, then->physical);
	assert_int_equal(now->promised, then->promised);
}

static void compare(const struct test_snapshot *then, struct test_space *space,
		    bool retained_may_go)
{
	struct test_snapshot now;

	test_snapshot_take(&now, space);
	compare_stats(&then->stats, &now.stats);
	assert_true(now.stats.retained <= then->stats.retained);
	if (!retained_may_go)
		assert_int_equal(now.stats.retained, then->stats.retained);
	assert_int_equal(now.budgets, then->budgets);
	for (size_t i = 0; i < now.budgets; i++)
		compare_budgets(&then->budget[i], &now.budget[i]);
	for (size_t page = 0; page < now.pages; page++)
		compare_pages(&then->page[page], &now.page[page], retained_may_go);
	test_snapshot_free(&now);
	test_space_check(space);
}

void test_snapshot_compare(const struct test_snapshot *snapshot, struct test_space *space)
{
	compare(snapshot, space, false);
}

void test_snapshot_compare_held(const struct test_snapshot *snapshot, struct test_space *space)
{
	compare(snapshot, space, true);
}

void test_snapshot_free(struct test_snapshot *snapshot)
{
	free(snapshot->page);
	snapshot->page = NULL;
}

/* ---- heaps ----------------------------------------------------------------------------------- */

static size_t heap_storage_bytes(const struct test_space *space,
				 const struct quire_vmh_config *config)
{
	size_t unit = config->unit ? config->unit : space->mmu.config.cache_line;
	size_t blocks = 0;

	if (!config->bundles)
		return QUIRE_VMH_ELASTIC_STORAGE(config->window, unit);
	for (size_t i = 0; i < config->bundle_count; i++)
		blocks += config->bundles[i].blocks;
	return QUIRE_VMH_STORAGE(config->bundle_count, blocks);
}

void test_heap_init(struct test_heap *heap, struct test_space *space,
		    const struct quire_vmh_config *config)
{
	struct quire_vmh_config filled = *config;

	test_storage_init(&heap->storage, heap_storage_bytes(space, config), &space->mmu);
	filled.storage = heap->storage.memory;
	filled.storage_bytes = heap->storage.bytes;
	assert_ok(quire_vmh_init(&heap->heap, &space->vs, &filled));
	test_heap_check(heap);
}

void test_heap_init_elastic(struct test_heap *heap, struct test_space *space, size_t window)
{
	struct quire_vmh_config config = { .window = window };

	test_heap_init(heap, space, &config);
}

void test_heap_check(struct test_heap *heap)
{
	assert_sound(quire_vmh_check(&heap->heap));
	test_storage_check(&heap->storage);
}

void test_heap_fini(struct test_heap *heap)
{
	test_heap_check(heap);
	assert_ok(quire_vmh_fini(&heap->heap));
	test_storage_fini(&heap->storage);
}

/* ---- regions --------------------------------------------------------------------------------- */

static void count_release(void *context, void *storage)
{
	struct test_region *region = context;

	assert_ptr_equal(storage, region->storage.memory);
	region->releases++;
}

static size_t region_storage_bytes(const struct test_space *space,
				   const struct quire_vregion_config *config)
{
	size_t unit = config->unit ? config->unit : space->mmu.config.cache_line;
	bool lazy = config->flags & QUIRE_VREGION_LAZY;

	return QUIRE_VREGION_STORAGE(lazy ? config->lifetime : config->interim, unit);
}

struct quire_vregion *test_region_init(struct test_region *region, struct test_space *space,
				       const struct quire_vregion_config *config)
{
	struct quire_vregion_config filled = *config;

	memset(region, 0, sizeof(*region));
	test_storage_init(&region->storage, region_storage_bytes(space, config), &space->mmu);
	filled.storage = region->storage.memory;
	filled.storage_bytes = region->storage.bytes;
	filled.release = count_release;
	filled.context = region;
	region->vr = quire_vregion_create(&space->vs, &filled, &region->why);
	if (!region->vr)
		test_storage_fini(&region->storage);
	return region->vr;
}

void test_region_fini(struct test_region *region)
{
	assert_int_equal(region->releases, 1);
	test_storage_fini(&region->storage);
}

/* ---- contents -------------------------------------------------------------------------------- */

static unsigned char pattern(size_t offset, uint32_t owner)
{
	return (unsigned char)(offset * 7 + (size_t)owner * 131 + offset / 251 + 1);
}

void test_fill(void *ptr, size_t bytes, uint32_t owner)
{
	unsigned char *byte = ptr;

	for (size_t i = 0; i < bytes; i++)
		byte[i] = pattern(i, owner);
}

bool test_is_filled(const void *ptr, size_t bytes, uint32_t owner)
{
	const unsigned char *byte = ptr;

	for (size_t i = 0; i < bytes; i++)
		if (byte[i] != pattern(i, owner))
			return false;
	return true;
}

void test_assert_filled(const void *ptr, size_t bytes, uint32_t owner)
{
	assert_true(test_is_filled(ptr, bytes, owner));
}
