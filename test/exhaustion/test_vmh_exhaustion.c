/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much of a heap can really be had: all of a fresh one, and a known share of one that has
 * been in use for long. Safety is not enough: an allocator that refuses everything is safe. The
 * shares that are measured are printed; those that are asserted are a little below.
 */
#include <string.h>

#include "support/random.h"
#include "support/space.h"

#define KIB  ((size_t)1024)
#define PAGE ((size_t)4096)
#define MOST 40000u

static void *held[MOST];

static size_t take_all(struct quire_vmh *heap, size_t size)
{
	size_t count = 0;

	while (count < MOST && (held[count] = quire_vmh_alloc(heap, size)))
		count++;
	assert_true(count < MOST);
	return count;
}

static void give_all(struct quire_vmh *heap, size_t count)
{
	while (count--)
		assert_ok(quire_vmh_free(heap, held[count]));
}

static struct quire_vmh_stats stats_of(struct quire_vmh *heap)
{
	struct quire_vmh_stats stats;

	quire_vmh_stats(heap, &stats);
	return stats;
}

static void open_table(struct test_space *space, struct test_heap *on,
		       const struct quire_bundle *table, size_t bundles, uint32_t flags)
{
	struct quire_vmh_config config = { .bundles = table,
					   .bundle_count = bundles,
					   .flags = flags };
	size_t bytes = 0;

	for (size_t i = 0; i < bundles; i++)
		bytes += table[i].block_size * table[i].blocks + PAGE;
	test_space_init_plain(space, bytes / PAGE + 1, 0);
	test_heap_init(on, space, &config);
}

static void open_elastic(struct test_space *space, struct test_heap *on, size_t window, size_t unit)
{
	struct quire_vmh_config config = { .window = window, .unit = unit };

	test_space_init_plain(space, window / PAGE, window / PAGE);
	test_heap_init(on, space, &config);
}

static void close_both(struct test_space *space, struct test_heap *on)
{
	test_heap_fini(on);
	test_space_fini(space);
}

/* ---- fresh ----------------------------------------------------------------------------------- */

/* Every test of an allocator had passed that served 2 requests from a fresh pool that held 1000. */
static void a_fresh_pool_that_holds_1000_serves_1000(void **state)
{
	static const struct quire_bundle table[] = { { 64, 1000 } };
	struct test_space space;
	struct test_heap on;

	(void)state;
	for (uint32_t flags = 0; flags <= QUIRE_VMH_SPANNING; flags++) {
		open_table(&space, &on, table, 1, flags);
		assert_int_equal(take_all(&on.heap, 64), 1000);
		give_all(&on.heap, 1000);
		close_both(&space, &on);
	}
	open_elastic(&space, &on, 64 * KIB, 64);
	assert_int_equal(take_all(&on.heap, 64), 1024);
	give_all(&on.heap, 1024);
	close_both(&space, &on);
}

static void every_block_of_every_bundle_can_be_had(void **state)
{
	static const struct quire_bundle table[] = {
		{ 44, 32 }, { 4096, 32 }, { 100, 32 }, { 5000, 32 }, { 65536, 4 }, { 1, 32 },
	};
	struct test_space space;
	struct test_heap on;

	(void)state;
	for (uint32_t flags = 0; flags <= QUIRE_VMH_SPANNING; flags++) {
		open_table(&space, &on, table, TEST_COUNT(table), flags);
		for (size_t round = 0; round < 3; round++) {
			assert_int_equal(take_all(&on.heap, 1), 5 * 32 + 4);
			assert_int_equal(stats_of(&on.heap).free, 0);
			give_all(&on.heap, 5 * 32 + 4);
		}
		close_both(&space, &on);
	}
}

/* Each size in turn finds the blocks of its own bundle and of all larger ones. */
static void every_size_finds_all_blocks_that_can_hold_it(void **state)
{
	static const struct quire_bundle table[] = {
		{ 64, 32 }, { 128, 32 }, { 1000, 32 }, { 4096, 32 }, { 9000, 32 }
	};
	struct test_space space;
	struct test_heap on;

	(void)state;
	open_table(&space, &on, table, TEST_COUNT(table), 0);
	for (size_t i = 0; i < TEST_COUNT(table); i++) {
		size_t expected = 32 * (TEST_COUNT(table) - i);

		assert_int_equal(take_all(&on.heap, table[i].block_size), expected);
		give_all(&on.heap, expected);
	}
	assert_int_equal(take_all(&on.heap, 9001), 0);
	close_both(&space, &on);
}

static void the_table_of_sof_gives_every_byte_of_its_window(void **state)
{
	static const struct quire_bundle table[] = {
		{ 128, 32 },  { 512, 8 },   { 1024, 44 }, { 2048, 8 },   { 4096, 11 },
		{ 8192, 10 }, { 32768, 8 }, { 65536, 3 }, { 131072, 1 }, { 524288, 1 },
	};
	struct test_space space;
	struct test_heap on;
	size_t count = 0;

	(void)state;
	open_table(&space, &on, table, TEST_COUNT(table), 0);
	for (size_t i = TEST_COUNT(table); i--;)
		while ((held[count] = quire_vmh_alloc(&on.heap, table[i].block_size)))
			count++;
	assert_int_equal(count, 126);
	assert_int_equal(stats_of(&on.heap).in_use, 0x140000);
	assert_int_equal(space.mmu.mapped, 0x140000 / PAGE);
	give_all(&on.heap, count);
	close_both(&space, &on);
}

static void a_fresh_spanning_bundle_is_one_piece_of_any_length(void **state)
{
	static const struct quire_bundle table[] = { { 1000, 32 } };
	struct test_space space;
	struct test_heap on;

	(void)state;
	open_table(&space, &on, table, 1, QUIRE_VMH_SPANNING);
	for (size_t blocks = 1; blocks <= 32; blocks++) {
		size_t count = take_all(&on.heap, blocks * 1000);

		assert_int_equal(count, 32 / blocks);
		give_all(&on.heap, count);
	}
	close_both(&space, &on);
}

static void a_fresh_elastic_heap_is_usable_to_the_last_unit(void **state)
{
	struct test_space space;
	struct test_heap on;

	(void)state;
	open_elastic(&space, &on, 256 * KIB, 64);
	for (size_t size = 1; size <= 256 * KIB; size += size / 3 + 1) {
		size_t units = (size + 63) / 64;
		size_t count = take_all(&on.heap, size);

		assert_int_equal(count, 4096 / units);
		give_all(&on.heap, count);
	}
	assert_int_equal(stats_of(&on.heap).largest, 256 * KIB);
	close_both(&space, &on);
}

static void what_came_back_is_as_good_as_new_after_any_history(void **state)
{
	struct test_random random = test_random_seeded(1);
	struct test_space space;
	struct test_heap on;

	(void)state;
	open_elastic(&space, &on, 256 * KIB, 64);
	for (size_t round = 0; round < 20; round++) {
		size_t count = 0;
		void *whole;

		while ((held[count] = quire_vmh_alloc(&on.heap, test_random_log(&random, 13))))
			count++;
		while (count) {
			size_t pick = test_random_below(&random, (uint32_t)count);

			assert_ok(quire_vmh_free(&on.heap, held[pick]));
			held[pick] = held[--count];
		}
		whole = quire_vmh_alloc(&on.heap, 256 * KIB);
		assert_non_null(whole);
		assert_ok(quire_vmh_free(&on.heap, whole));
	}
	close_both(&space, &on);
}

static void what_largest_promises_is_granted_at_any_age(void **state)
{
	struct test_random random = test_random_seeded(2);
	struct test_space space;
	struct test_heap on;
	size_t count = 0;

	(void)state;
	open_elastic(&space, &on, 256 * KIB, 64);
	for (size_t step = 0; step < 20000; step++) {
		size_t largest = stats_of(&on.heap).largest;
		size_t pick = count ? test_random_below(&random, (uint32_t)count) : 0;
		struct quire_request request = { .size = largest };

		if (largest)
			assert_true(quire_vmh_would_fit(&on.heap, &request) >= largest);
		if (count && test_random_once_in(&random, 2)) {
			assert_ok(quire_vmh_free(&on.heap, held[pick]));
			held[pick] = held[--count];
		} else {
			held[count] = quire_vmh_alloc(&on.heap, test_random_log(&random, 13));
			count += held[count] != NULL;
		}
	}
	give_all(&on.heap, count);
	close_both(&space, &on);
}

/* ---- aged ------------------------------------------------------------------------------------ */

struct ageing {
	struct quire_vmh *heap;
	struct test_random random;
	size_t lowest, highest; /* sizes, in units that divide them */
	size_t granule;
	size_t count;
	size_t bytes;
	size_t size[MOST];
};

static struct ageing ageing;

static bool age_alloc(void)
{
	size_t granules =
		test_random_between(&ageing.random, (uint32_t)(ageing.lowest / ageing.granule),
				    (uint32_t)(ageing.highest / ageing.granule));
	size_t size = granules * ageing.granule;

	held[ageing.count] = quire_vmh_alloc(ageing.heap, size);
	if (!held[ageing.count])
		return false;
	ageing.size[ageing.count++] = size;
	ageing.bytes += size;
	return true;
}

static void age_free(void)
{
	size_t pick = test_random_below(&ageing.random, (uint32_t)ageing.count);

	assert_ok(quire_vmh_free(ageing.heap, held[pick]));
	ageing.bytes -= ageing.size[pick];
	held[pick] = held[--ageing.count];
	ageing.size[pick] = ageing.size[ageing.count];
}

/* Keep `room` bytes three quarters full for so many steps, then fill up. Returns parts in 1000
 * of the room that are in use when the first request fails. */
static size_t aged_share(struct quire_vmh *heap, size_t room, size_t lowest, size_t highest,
			 size_t granule, size_t steps)
{
	static uint32_t seed = 3;
	size_t share;

	ageing = (struct ageing){
		.heap = heap,
		.random = test_random_seeded(seed++),
		.lowest = lowest,
		.highest = highest,
		.granule = granule,
	};
	for (size_t step = 0; step < steps; step++) {
		if (ageing.bytes >= room / 4 * 3 || !age_alloc())
			age_free();
	}
	while (age_alloc())
		;
	share = ageing.bytes * 1000 / room;
	while (ageing.count)
		age_free();
	return share;
}

static void an_aged_elastic_heap_gives_most_of_its_window(void **state)
{
	static const size_t windows[] = { 512 * KIB, 4096 * KIB };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(windows); i++) {
		struct test_space space;
		struct test_heap on;
		size_t share;

		open_elastic(&space, &on, windows[i], 64);
		share = aged_share(&on.heap, windows[i], 64, 4096, 64, 100000);
		print_message("# %zu KiB, 64 to 4096 bytes: %zu of 1000 in use when aged\n",
			      windows[i] / KIB, share);
		assert_true(share >= 920);
		close_both(&space, &on);
	}
}

static void aged_pages_give_most_of_their_window(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 1024, .page_size = 256 } };
	struct quire_vmh_config heap = { .window = 256 * KIB, .unit = 256 };
	struct test_space space;
	struct test_heap on;
	const size_t seeds = 32;
	size_t share = 0;

	(void)state;
	test_space_init(&space, &config);
	test_heap_init(&on, &space, &heap);
	for (size_t i = 0; i < seeds; i++)
		share += aged_share(&on.heap, 256 * KIB, 256, 40 * 256, 256, 5000);
	share /= seeds;
	print_message("# 1024 pages, 1 to 40 pages: %zu of 1000 in use when aged\n", share);
	assert_true(share >= 850);
	close_both(&space, &on);
}

/* Addresses are plentiful, pages are few: then fragmentation costs nothing that matters. */
static void with_half_as_many_addresses_again_an_aged_heap_gives_nearly_all_memory(void **state)
{
	struct test_space_config config = {
		.mmu = { .pages = 1536, .frames = 1024, .page_size = 256 },
	};
	struct quire_vmh_config heap = { .window = 384 * KIB, .unit = 256 };
	struct test_space space;
	struct test_heap on;
	size_t share;

	(void)state;
	test_space_init(&space, &config);
	test_heap_init(&on, &space, &heap);
	share = aged_share(&on.heap, 256 * KIB, 256, 40 * 256, 256, 50000);
	print_message("# 1024 pages in 1536 addresses, 1 to 40 pages: %zu of 1000\n", share);
	assert_true(share >= 960);
	assert_int_equal(stats_of(&on.heap).refusals[-QUIRE_ENOVIRT], 0);
	close_both(&space, &on);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void every_physical_page_of_an_over_committed_table_can_be_used(void **state)
{
	static const struct quire_bundle table[] = { { 65536, 64 }, { 4096, 64 } };
	struct quire_vmh_config config = { .bundles = table, .bundle_count = 2 };
	struct test_space space;
	struct test_heap on;

	(void)state;
	test_space_init_plain(&space, 1088, 100);
	test_heap_init(&on, &space, &config);
	for (size_t size = PAGE; size <= 16 * PAGE; size += PAGE) {
		size_t count = take_all(&on.heap, size);
		size_t rest = 100 % (size / PAGE);

		assert_int_equal(count, size == 16 * PAGE ? 6 : 100 / (size / PAGE));
		assert_int_equal(space.mmu.mapped, 100 - (size == 16 * PAGE ? 4 : rest));
		give_all(&on.heap, count);
		assert_int_equal(space.mmu.mapped, 0);
	}
	close_both(&space, &on);
}

static void every_physical_page_of_an_over_committed_elastic_heap_can_be_used(void **state)
{
	struct quire_vmh_config config = { .window = 256 * PAGE };
	struct test_space space;
	struct test_heap on;
	struct quire_request rest = { .size = 256 * PAGE, .min = 1 };
	size_t count;
	void *last;

	(void)state;
	test_space_init_plain(&space, 256, 100);
	test_heap_init(&on, &space, &config);
	for (size_t size = 64; size <= 100 * PAGE; size += size / 2 + 64) {
		count = take_all(&on.heap, size);
		last = quire_vmh_request(&on.heap, &rest);
		assert_int_equal(space.mmu.mapped, 100);
		assert_true(stats_of(&on.heap).in_use + PAGE > 100 * PAGE);
		if (last)
			assert_ok(quire_vmh_free(&on.heap, last));
		give_all(&on.heap, count);
		assert_int_equal(space.mmu.mapped, 0);
	}
	close_both(&space, &on);
}

static void a_region_gives_every_byte_that_it_was_made_for(void **state)
{
	struct quire_vregion_config config = { .lifetime = 4 * PAGE, .interim = 12 * PAGE };
	struct test_space space;
	struct test_region region;

	(void)state;
	for (size_t size = 64; size <= 4 * PAGE; size *= 2) {
		test_space_init_plain(&space, 16, 16);
		assert_non_null(test_region_init(&region, &space, &config));
		for (size_t i = 0; i < 4 * PAGE / size; i++)
			assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, size, 0));
		for (size_t i = 0; i < 12 * PAGE / size; i++)
			assert_non_null(quire_vregion_alloc(region.vr, QUIRE_INTERIM, size, 0));
		assert_int_equal(space.mmu.mapped, 16);
		assert_ok(quire_vregion_put(region.vr));
		test_region_fini(&region);
		test_space_fini(&space);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_pool_that_holds_1000_serves_1000),
		cmocka_unit_test(every_block_of_every_bundle_can_be_had),
		cmocka_unit_test(every_size_finds_all_blocks_that_can_hold_it),
		cmocka_unit_test(the_table_of_sof_gives_every_byte_of_its_window),
		cmocka_unit_test(a_fresh_spanning_bundle_is_one_piece_of_any_length),
		cmocka_unit_test(a_fresh_elastic_heap_is_usable_to_the_last_unit),
		cmocka_unit_test(what_came_back_is_as_good_as_new_after_any_history),
		cmocka_unit_test(what_largest_promises_is_granted_at_any_age),
		cmocka_unit_test(an_aged_elastic_heap_gives_most_of_its_window),
		cmocka_unit_test(aged_pages_give_most_of_their_window),
		cmocka_unit_test(
			with_half_as_many_addresses_again_an_aged_heap_gives_nearly_all_memory),
		cmocka_unit_test(every_physical_page_of_an_over_committed_table_can_be_used),
		cmocka_unit_test(every_physical_page_of_an_over_committed_elastic_heap_can_be_used),
		cmocka_unit_test(a_region_gives_every_byte_that_it_was_made_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
