/* SPDX-License-Identifier: BSD-3-Clause */
/* world: see world.h. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "support/world.h"

/* ---- making ---------------------------------------------------------------------------------- */

static void fill(struct test_world *world, unsigned char *ptr, size_t bytes, uint32_t owner)
{
	assert_non_null(ptr);
	test_fill(ptr, bytes, world->config.seed * 100 + owner);
}

static bool is_filled(const struct test_world *world, const unsigned char *ptr, size_t bytes,
		      uint32_t owner)
{
	return test_is_filled(ptr, bytes, world->config.seed * 100 + owner);
}

/* Pages with contents that then get their protection. */
static unsigned char *filled_pages(struct test_world *world, size_t pages, uint32_t prot,
				   uint32_t owner)
{
	struct quire_vspace *vs = &world->space.vs;
	unsigned char *ptr = quire_vpage_alloc(vs, pages, QUIRE_RW | (prot & QUIRE_USER));

	fill(world, ptr, pages * world->page, owner);
	if (prot != QUIRE_RW)
		assert_ok(quire_vpage_protect(vs, ptr, pages, prot));
	return ptr;
}

static void make_pages(struct test_world *world)
{
	struct quire_vspace *vs = &world->space.vs;
	struct quire_request guarded = { .size = 2 * world->page,
					 .flags = QUIRE_GUARD,
					 .budget = &world->strict };

	world->data = filled_pages(world, 2, QUIRE_RW, 1);
	world->constants = filled_pages(world, 1, QUIRE_READ, 2);
	world->code = filled_pages(world, 1, QUIRE_RX, 3);
	world->user = filled_pages(world, 2, QUIRE_RW | QUIRE_USER, 4);
	world->guarded = quire_vpage_request(vs, &guarded, QUIRE_RW);
	fill(world, world->guarded, 2 * world->page, 5);
	world->reserved = quire_vpage_reserve(vs, 6);
	assert_non_null(world->reserved);
	assert_ok(
		quire_vpage_commit(vs, world->reserved + world->page, 2, QUIRE_RW, &world->greedy));
	assert_ok(quire_vpage_commit(vs, world->reserved + 4 * world->page, 1, QUIRE_RW, NULL));
	fill(world, world->reserved + world->page, 2 * world->page, 6);
	fill(world, world->reserved + 4 * world->page, world->page, 7);
	assert_ok(quire_vpage_protect(vs, world->reserved + 2 * world->page, 1, QUIRE_READ));
	assert_ok(quire_vpage_set_aside(vs, &world->strict, 3));
}

static void make_heaps(struct test_world *world)
{
	size_t page = world->page;
	const struct quire_bundle table[] = { { page / 2, 4 }, { 3 * page, 2 } };
	struct quire_vmh_config of_blocks = { .bundles = table, .bundle_count = 2 };
	struct quire_vmh_config of_units = { .window = 10 * page, .budget = &world->strict };

	test_heap_init(&world->table, &world->space, &of_blocks);
	test_heap_init(&world->elastic, &world->space, &of_units);
	world->part = quire_vmh_alloc(&world->table.heap, page / 4);
	world->block = quire_vmh_alloc(&world->table.heap, 2 * page);
	world->stream = quire_vmh_alloc(&world->elastic.heap, 2 * page + page / 4);
	fill(world, world->part, page / 4, 8);
	fill(world, world->block, 2 * page, 9);
	fill(world, world->stream, 2 * page + page / 4, 10);
}

static void make_regions(struct test_world *world)
{
	size_t page = world->page;
	struct quire_vregion_config config = { .text = 2 * page,
					       .shared = page,
					       .lifetime = 3 * page,
					       .interim = 4 * page,
					       .budget = &world->greedy };
	struct quire_vregion_config of_sleeper = { .lifetime = 2 * page };
	struct quire_vregion *vr = test_region_init(&world->region, &world->space, &config);
	struct quire_vregion *sleeper =
		test_region_init(&world->sleeper, &world->space, &of_sleeper);

	assert_true(vr && sleeper);
	world->text = quire_vregion_alloc(vr, QUIRE_TEXT, page + 10, 0);
	world->shared = quire_vregion_alloc(vr, QUIRE_SHARED, 10, 0);
	world->life = quire_vregion_alloc(vr, QUIRE_LIFETIME, page + 20, 0);
	world->scratch = quire_vregion_alloc(vr, QUIRE_INTERIM, 2 * page, 0);
	world->dream = quire_vregion_alloc(sleeper, QUIRE_LIFETIME, page, 0);
	fill(world, world->text, page + 10, 11);
	fill(world, world->shared, 10, 12);
	fill(world, world->life, page + 20, 13);
	fill(world, world->scratch, 2 * page, 14);
	fill(world, world->dream, page, 15);
	assert_ok(quire_vregion_seal(vr));
	assert_ok(quire_vregion_protect(vr, QUIRE_TEXT, QUIRE_RX));
	assert_ok(quire_vregion_protect(vr, QUIRE_LIFETIME, QUIRE_READ));
	heap_archive_init(&world->nap, 4 * page + 500);
	assert_ok(quire_vregion_save(sleeper, &world->nap.archive));
}

/* Pages that stay mapped when they are freed, and then an allocation of which no more may stay, and
 * whose unmap fails. */
static void make_leftovers(struct test_world *world)
{
	struct quire_vspace *vs = &world->space.vs;
	void *retained = quire_vpage_alloc(vs, TEST_WORLD_RETAIN, QUIRE_RW);

	world->condemned = quire_vpage_alloc(vs, 2, QUIRE_RW);
	assert_true(retained && world->condemned);
	assert_ok(quire_vpage_free(vs, retained));
	assert_int_equal(test_space_stats(&world->space).retained, TEST_WORLD_RETAIN);
	world->space.mmu.part = TEST_NOTHING;
	test_mmu_fail(&world->space.mmu, TEST_UNMAP, 1, false);
	assert_status(quire_vpage_free(vs, world->condemned), QUIRE_EDRIVER);
	test_mmu_heal(&world->space.mmu);
}

static struct test_world_info info_of(struct test_world *world)
{
	struct test_world_info info;

	test_snapshot_take(&info.snapshot, &world->space);
	quire_vspace_stats(&world->space.vs, &info.stats);
	quire_vmh_stats(&world->table.heap, &info.heap[0]);
	quire_vmh_stats(&world->elastic.heap, &info.heap[1]);
	for (size_t i = 0; i < 2; i++)
		assert_true(quire_vmh_bundle_stats(&world->table.heap, i, &info.bundle[i]));
	quire_vregion_info(world->region.vr, &info.region[0]);
	quire_vregion_info(world->sleeper.vr, &info.region[1]);
	return info;
}

void test_world_open(struct test_world *world, const struct test_world_config *config)
{
	struct test_space_config of_space = {
		.mmu = { .pages = TEST_WORLD_PAGES,
			 .page_size = config->page_size,
			 .not_coherent = config->not_coherent },
		.budgets = 3,
		.retain = TEST_WORLD_RETAIN,
	};

	memset(world, 0, sizeof(*world));
	world->config = *config;
	test_space_init(&world->space, &of_space);
	world->page = world->space.vs.page_size;
	assert_ok(quire_vspace_admit(&world->space.vs, &world->strict, 12, 12));
	assert_ok(quire_vspace_admit(&world->space.vs, &world->greedy, 0, 30));
	make_pages(world);
	make_heaps(world);
	make_regions(world);
	make_leftovers(world);
	heap_archive_init(&world->archive, TEST_WORLD_PAGES * world->page);
	if (config->read_twice)
		heap_archive_read_twice(&world->archive);
	world->before = info_of(world);
	test_world_assert_awake(world);
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void free_archives(struct test_world *world)
{
	heap_archive_free(&world->archive);
	heap_archive_free(&world->nap);
	test_snapshot_free(&world->before.snapshot);
}

void test_world_close(struct test_world *world)
{
	struct quire_vspace *vs = &world->space.vs;
	void *pages[] = { world->data,    world->constants, world->code,     world->user,
			  world->guarded, world->reserved,  world->condemned };

	heap_archive_rewind(&world->nap);
	assert_ok(quire_vregion_restore(world->sleeper.vr, &world->nap.archive));
	assert_true(is_filled(world, world->dream, world->page, 15));
	assert_ok(quire_vregion_put(world->region.vr));
	assert_ok(quire_vregion_put(world->sleeper.vr));
	assert_ok(quire_vmh_free(&world->table.heap, world->part));
	assert_ok(quire_vmh_free(&world->table.heap, world->block));
	assert_ok(quire_vmh_free(&world->elastic.heap, world->stream));
	for (size_t i = 0; i < TEST_COUNT(pages); i++)
		assert_ok(quire_vpage_free(vs, pages[i]));
	assert_ok(quire_vpage_set_aside(vs, &world->strict, 0));
	test_heap_fini(&world->table);
	test_heap_fini(&world->elastic);
	test_region_fini(&world->region);
	test_region_fini(&world->sleeper);
	assert_ok(quire_vspace_dismiss(vs, &world->strict));
	assert_ok(quire_vspace_dismiss(vs, &world->greedy));
	test_space_fini(&world->space);
	free_archives(world);
}

void test_world_discard(struct test_world *world)
{
	test_storage_fini(&world->table.storage);
	test_storage_fini(&world->elastic.storage);
	test_storage_fini(&world->region.storage);
	test_storage_fini(&world->sleeper.storage);
	test_space_discard(&world->space);
	free_archives(world);
}

/* ---- sleeping and waking --------------------------------------------------------------------- */

int32_t test_world_save(struct test_world *world)
{
	world->archive.bytes = 0;
	return quire_vspace_save(&world->space.vs, &world->archive.archive);
}

int32_t test_world_restore(struct test_world *world)
{
	heap_archive_rewind(&world->archive);
	return quire_vspace_restore(&world->space.vs, &world->archive.archive);
}

static void compare_stats(struct test_world *world, bool saved)
{
	struct quire_vspace_stats then = world->before.stats, now;

	quire_vspace_stats(&world->space.vs, &now);
	assert_int_equal(now.saved, saved);
	then.saved = now.saved;
	then.retained = now.retained;
	then.map_calls = now.map_calls;
	then.unmap_calls = now.unmap_calls;
	then.mapped_pages = now.mapped_pages;
	then.misuses = now.misuses;
	memcpy(then.refusals, now.refusals, sizeof(now.refusals));
	assert_memory_equal(&then, &now, offsetof(struct quire_vspace_stats, saved));
}

/* Member by member: there is padding between them. */
#define SAME(member) assert_int_equal(now->member, then->member)

static void compare_heaps(const struct quire_vmh_stats *now, const struct quire_vmh_stats *then)
{
	SAME(window);
	SAME(allocations);
	SAME(in_use);
	SAME(in_use_peak);
	SAME(held);
	SAME(mapped);
	SAME(mapped_peak);
	SAME(largest);
	SAME(free);
	SAME(fragmentation);
	SAME(served);
	SAME(misuses);
	assert_memory_equal(now->refusals, then->refusals, sizeof(now->refusals));
}

static void compare_areas(const struct quire_area_info *now, const struct quire_area_info *then)
{
	assert_ptr_equal(now->base, then->base);
	SAME(size);
	SAME(used);
	SAME(used_peak);
	SAME(committed);
	SAME(allocations);
	SAME(prot);
}

static void compare_regions(const struct quire_vregion_info *now,
			    const struct quire_vregion_info *then)
{
	assert_ptr_equal(now->base, then->base);
	SAME(size);
	SAME(committed);
	SAME(committed_peak);
	SAME(users);
	SAME(sealed);
	SAME(saved);
	for (size_t area = 0; area < QUIRE_AREAS; area++)
		compare_areas(&now->area[area], &then->area[area]);
}

static void compare_objects(struct test_world *world)
{
	struct test_world_info now = info_of(world);

	for (size_t i = 0; i < 2; i++) {
		compare_heaps(&now.heap[i], &world->before.heap[i]);
		compare_regions(&now.region[i], &world->before.region[i]);
	}
	assert_memory_equal(&now.bundle, &world->before.bundle, sizeof(now.bundle));
	assert_int_equal(now.snapshot.budgets, world->before.snapshot.budgets);
	assert_memory_equal(&now.snapshot.budget, &world->before.snapshot.budget,
			    now.snapshot.budgets * sizeof(now.snapshot.budget[0]));
	test_snapshot_free(&now.snapshot);
}

static void check_soundness(struct test_world *world)
{
	test_space_check(&world->space);
	test_heap_check(&world->table);
	test_heap_check(&world->elastic);
	assert_sound(quire_vregion_check(world->region.vr));
	assert_sound(quire_vregion_check(world->sleeper.vr));
}

static void check_contents(struct test_world *world)
{
	size_t page = world->page;

	assert_true(is_filled(world, world->data, 2 * page, 1));
	assert_true(is_filled(world, world->constants, page, 2));
	assert_true(is_filled(world, world->code, page, 3));
	assert_true(is_filled(world, world->user, 2 * page, 4));
	assert_true(is_filled(world, world->guarded, 2 * page, 5));
	assert_true(is_filled(world, world->reserved + page, 2 * page, 6));
	assert_true(is_filled(world, world->reserved + 4 * page, page, 7));
	assert_true(is_filled(world, world->part, page / 4, 8));
	assert_true(is_filled(world, world->block, 2 * page, 9));
	assert_true(is_filled(world, world->stream, 2 * page + page / 4, 10));
	assert_true(is_filled(world, world->text, page + 10, 11));
	assert_true(is_filled(world, world->shared, 10, 12));
	assert_true(is_filled(world, world->life, page + 20, 13));
	assert_true(is_filled(world, world->scratch, 2 * page, 14));
}

static uint32_t prot_of(struct test_world *world, const unsigned char *ptr)
{
	return test_mmu_prot(&world->space.mmu, ptr);
}

static void check_protections(struct test_world *world)
{
	size_t page = world->page;

	assert_int_equal(prot_of(world, world->data + page), QUIRE_RW);
	assert_int_equal(prot_of(world, world->constants), QUIRE_READ);
	assert_int_equal(prot_of(world, world->code), QUIRE_RX);
	assert_int_equal(prot_of(world, world->user + page), QUIRE_RW | QUIRE_USER);
	assert_int_equal(prot_of(world, world->guarded + 2 * page), 0);
	assert_int_equal(prot_of(world, world->reserved), 0);
	assert_int_equal(prot_of(world, world->reserved + page), QUIRE_RW);
	assert_int_equal(prot_of(world, world->reserved + 2 * page), QUIRE_READ);
	assert_int_equal(prot_of(world, world->reserved + 3 * page), 0);
	assert_int_equal(prot_of(world, world->text + page), QUIRE_RX);
	assert_int_equal(prot_of(world, world->life), QUIRE_READ);
	assert_int_equal(prot_of(world, world->scratch), QUIRE_RW);
	assert_int_equal(prot_of(world, world->dream), 0);
}

/* Each page as before, but that retained ones may be gone, and the frames of the condemned. */
static void compare_mappings(struct test_world *world)
{
	for (size_t i = 0; i < TEST_WORLD_PAGES; i++) {
		unsigned char *ptr = test_space_page(&world->space, i);
		const struct quire_page *page = &world->space.vs.page[i];

		if (ptr >= world->condemned && ptr < world->condemned + 2 * world->page)
			assert_int_equal(page->state, 3);
		else if (page->users && ptr != world->dream)
			assert_true(quire_vspace_is_mapped(&world->space.vs, ptr) &&
				    prot_of(world, ptr));
		else
			assert_true(!prot_of(world, ptr) || !page->users);
	}
}

void test_world_assert_awake(struct test_world *world)
{
	check_soundness(world);
	check_contents(world);
	check_protections(world);
	compare_mappings(world);
	compare_stats(world, false);
	compare_objects(world);
	assert_null(quire_vpage_alloc_at(&world->space.vs, world->condemned, 1, QUIRE_RW));
	assert_status(quire_vpage_decommit(&world->space.vs, world->condemned, 1), QUIRE_EFREE);
}

void test_world_assert_asleep(struct test_world *world)
{
	check_soundness(world);
	assert_int_equal(test_mmu_count_mapped(&world->space.mmu, world->space.mmu.window,
					       TEST_WORLD_PAGES),
			 0);
	for (size_t i = 0; i < TEST_WORLD_PAGES; i++)
		assert_false(quire_vspace_is_mapped(&world->space.vs,
						    test_space_page(&world->space, i)));
	assert_int_equal(test_space_stats(&world->space).retained, 0);
	compare_stats(world, true);
	compare_objects(world);
}

/* ---- records --------------------------------------------------------------------------------- */

void test_world_records(struct test_world *world, struct test_record record[TEST_WORLD_RECORDS])
{
	const struct test_record all[] = {
		{ &world->space.vs, sizeof(world->space.vs) },
		{ world->space.storage.memory, world->space.storage.bytes },
		{ &world->strict, sizeof(world->strict) },
		{ &world->greedy, sizeof(world->greedy) },
		{ &world->table.heap, sizeof(world->table.heap) },
		{ world->table.storage.memory, world->table.storage.bytes },
		{ &world->elastic.heap, sizeof(world->elastic.heap) },
		{ world->elastic.storage.memory, world->elastic.storage.bytes },
		{ world->region.storage.memory, world->region.storage.bytes },
		{ world->sleeper.storage.memory, world->sleeper.storage.bytes },
		{ NULL, 0 },
		{ NULL, 0 },
	};

	memcpy(record, all, sizeof(all));
}

unsigned char *test_world_copy_records(struct test_world *world)
{
	struct test_record record[TEST_WORLD_RECORDS];
	unsigned char *copy, *at;
	size_t bytes = 0;

	test_world_records(world, record);
	for (size_t i = 0; i < TEST_WORLD_RECORDS; i++)
		bytes += record[i].bytes;
	copy = at = malloc(bytes);
	assert_non_null(copy);
	for (size_t i = 0; i < TEST_WORLD_RECORDS; at += record[i++].bytes)
		if (record[i].ptr)
			memcpy(at, record[i].ptr, record[i].bytes);
	return copy;
}

static struct quire_vspace without_counters(const struct quire_vspace *vs, bool driver_too)
{
	struct quire_vspace bare = *vs;

	memset(&bare.refused, 0, sizeof(bare.refused));
	if (!driver_too)
		bare.map_calls = bare.unmap_calls = bare.mapped_pages = 0;
	return bare;
}

void test_world_compare_records(struct test_world *world, const unsigned char *copy,
				bool driver_too)
{
	struct test_record record[TEST_WORLD_RECORDS];
	struct quire_vspace then, now = without_counters(&world->space.vs, driver_too);

	memcpy(&then, copy, sizeof(then));
	then = without_counters(&then, driver_too);
	assert_memory_equal(&then, &now, sizeof(now));
	test_world_records(world, record);
	copy += record[0].bytes;
	for (size_t i = 1; i < TEST_WORLD_RECORDS; copy += record[i++].bytes)
		if (record[i].ptr)
			assert_memory_equal(copy, record[i].ptr, record[i].bytes);
}
