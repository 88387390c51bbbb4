/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much of a set can be used: all of a fresh one, and of an aged one a share that is asserted,
 * so that a change which wastes more fails here. An allocator can be safe and still serve next to
 * nothing.
 *
 * Ageing: lengths are log-uniform; while less than three quarters of the units are live the next
 * step allocates, else it frees a run chosen at random. After many such steps the set is filled
 * until the first request fails; what is live then is the usable share. Everything is seeded, so
 * the figures are the same on every machine; the bounds are the goals for heaps,
 * and for pages lie half a point below what was measured.
 * (That an exact set is a true best fit, placement by placement, is asserted in
 * unit/test_extent.c.)
 */
#include <stdlib.h>
#include <string.h>

#include "quire/extent.h"

#include "support/random.h"
#include "support/storage.h"
#include "support/test.h"

#define SEEDS 8u

struct pool {
	struct quire_extents set;
	struct test_storage storage;
	struct test_random random;
	uint32_t units;
	uint32_t *start; /* of the live runs, in no order */
	uint32_t live;
};

static void open_pool(struct pool *pool, uint32_t units, enum quire_extents_precision precision,
		      uint64_t seed)
{
	size_t bytes = precision == QUIRE_EXACT ? QUIRE_EXTENTS_STORAGE_EXACT(units)
						: QUIRE_EXTENTS_STORAGE(units);

	test_storage_init(&pool->storage, bytes, NULL);
	assert_ok(quire_extents_init(&pool->set, units, precision, pool->storage.memory, bytes));
	pool->random = test_random_seeded(seed);
	pool->units = units;
	pool->live = 0;
	pool->start = malloc(units * sizeof(*pool->start));
	assert_non_null(pool->start);
}

static void close_pool(struct pool *pool)
{
	assert_sound(quire_extents_check(&pool->set));
	free(pool->start);
	test_storage_fini(&pool->storage);
}

static bool allocate(struct pool *pool, uint32_t count, uint32_t align)
{
	uint32_t at = quire_extents_alloc(&pool->set, count, align);

	if (at != QUIRE_NOWHERE)
		pool->start[pool->live++] = at;
	return at != QUIRE_NOWHERE;
}

static void free_run(struct pool *pool, uint32_t which)
{
	assert_ok(quire_extents_free(&pool->set, pool->start[which]));
	pool->start[which] = pool->start[--pool->live];
}

static void free_some(struct pool *pool)
{
	free_run(pool, test_random_below(&pool->random, pool->live));
}

static uint32_t used(const struct pool *pool)
{
	return pool->units - quire_extents_free_units(&pool->set);
}

/* ---- fresh ----------------------------------------------------------------------------------- */

static void fill_with(uint32_t units, enum quire_extents_precision precision, uint32_t count)
{
	struct pool pool;

	open_pool(&pool, units, precision, 1);
	while (allocate(&pool, count, 1))
		continue;
	assert_int_equal(pool.live, units / count);
	assert_int_equal(quire_extents_free_units(&pool.set), units % count);
	while (pool.live)
		free_some(&pool);
	assert_int_equal(quire_extents_largest(&pool.set), units);
	assert_true(allocate(&pool, units, 1));
	close_pool(&pool);
}

static void every_unit_of_a_fresh_set_can_be_used(void **state)
{
	static const uint32_t units[] = { 1, 63, 64, 65, 1000, 1024, 8192, 65536 };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(units); i++) {
		fill_with(units[i], QUIRE_COMPACT, 1);
		fill_with(units[i], QUIRE_EXACT, 1);
	}
}

/* Equal runs of any length tile a fresh set without a gap. */
static void equal_runs_fill_a_fresh_set(void **state)
{
	(void)state;
	for (uint32_t count = 1; count <= 2048; count += 1 + count / 16) {
		fill_with(2048, QUIRE_COMPACT, count);
		fill_with(2048, QUIRE_EXACT, count);
	}
}

/* Mixed lengths and no frees: until the first refusal nothing but the last, too short rest is
 * lost. */
static void a_fresh_set_is_filled_without_gaps(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct pool pool;
		uint32_t wanted;

		open_pool(&pool, 8192, QUIRE_EXACT, seed);
		do
			wanted = test_random_log(&pool.random, 7);
		while (allocate(&pool, wanted, 1));
		assert_true(quire_extents_free_units(&pool.set) < wanted);
		close_pool(&pool);
	}
}

static void a_set_that_was_emptied_is_fresh_again(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct pool pool;

		open_pool(&pool, 8192, QUIRE_COMPACT, seed);
		for (int round = 0; round < 20; round++) {
			while (allocate(&pool, test_random_log(&pool.random, 8), 1))
				continue;
			while (pool.live)
				free_some(&pool);
		}
		assert_true(allocate(&pool, 8192, 1));
		close_pool(&pool);
	}
}

/* ---- aged: cache lines ----------------------------------------------------------------------- */

#define LINE 64u

/* Requests in bytes, 2^6 ... 2^12, any size or powers of two only. */
struct heap_load {
	uint32_t units;
	uint32_t steps_per_unit;
	bool powers;
};

/* What is asked is counted, so rounding up to lines is a loss too; wanted[at] is what `at`
 * holds. */
struct heap_use {
	struct pool pool;
	uint32_t *wanted;
	uint64_t bytes;
};

static uint32_t some_size(struct pool *pool, const struct heap_load *load)
{
	if (load->powers)
		return 1u << test_random_between(&pool->random, 6, 12);
	return test_random_log_between(&pool->random, 6, 12);
}

static bool ask(struct heap_use *use, const struct heap_load *load)
{
	struct pool *pool = &use->pool;
	uint32_t bytes = some_size(pool, load);

	if (!allocate(pool, (bytes + LINE - 1) / LINE, 1))
		return false;
	use->wanted[pool->start[pool->live - 1]] = bytes;
	use->bytes += bytes;
	return true;
}

static void give_back_some(struct heap_use *use)
{
	uint32_t which = test_random_below(&use->pool.random, use->pool.live);

	use->bytes -= use->wanted[use->pool.start[which]];
	free_run(&use->pool, which);
}

static double aged_heap_share(const struct heap_load *load, uint64_t seed)
{
	struct heap_use use = { .bytes = 0 };
	size_t all = (size_t)LINE * load->units + QUIRE_EXTENTS_STORAGE(load->units);

	open_pool(&use.pool, load->units, QUIRE_COMPACT, seed);
	use.wanted = calloc(load->units, sizeof(*use.wanted));
	assert_non_null(use.wanted);
	for (uint64_t step = 0; step < (uint64_t)load->steps_per_unit * load->units; step++) {
		if (used(&use.pool) < load->units / 4 * 3)
			ask(&use, load);
		else
			give_back_some(&use);
	}
	while (ask(&use, load))
		continue;
	free(use.wanted);
	close_pool(&use.pool);
	return (double)use.bytes / (double)all;
}

static void expect_heap_share(const struct heap_load *load, uint32_t seeds, double at_least)
{
	double share = 0;

	for (uint64_t seed = 1; seed <= seeds; seed++)
		share += aged_heap_share(load, seed) / seeds;
	print_message("%u lines, %s: %.3f of memory and metadata asked for\n", load->units,
		      load->powers ? "powers of two" : "any size", share);
	assert_true(share >= at_least);
}

static void an_aged_heap_of_cache_lines_is_still_usable(void **state)
{
	(void)state;
	expect_heap_share(&(struct heap_load){ 8192, 20, true }, 8, 0.980);
	expect_heap_share(&(struct heap_load){ 8192, 20, false }, 8, 0.945);
	expect_heap_share(&(struct heap_load){ 65536, 8, true }, 2, 0.980);
	expect_heap_share(&(struct heap_load){ 65536, 8, false }, 2, 0.945);
}

/* ---- aged: pages ----------------------------------------------------------------------------- */

#define PAGES      1024u
#define PAGE_SEEDS 256u
#define PAGE_STEPS 10000u

static double aged_window_share(uint32_t octaves, uint64_t seed)
{
	struct pool pool;
	double share;

	open_pool(&pool, PAGES, QUIRE_EXACT, seed);
	for (uint32_t step = 0; step < PAGE_STEPS; step++) {
		if (used(&pool) < PAGES / 4 * 3)
			allocate(&pool, test_random_log(&pool.random, octaves), 1);
		else
			free_some(&pool);
	}
	while (allocate(&pool, test_random_log(&pool.random, octaves), 1))
		continue;
	share = (double)used(&pool) / PAGES;
	close_pool(&pool);
	return share;
}

static void expect_window_share(uint32_t octaves, double at_least)
{
	double share = 0;

	for (uint64_t seed = 1; seed <= PAGE_SEEDS; seed++)
		share += aged_window_share(octaves, seed) / PAGE_SEEDS;
	print_message("%u pages, requests of 1 ... %u: %.3f usable\n", PAGES, 1u << octaves, share);
	assert_true(share >= at_least);
}

static void an_aged_window_of_pages_is_still_usable(void **state)
{
	(void)state;
	expect_window_share(5, 0.955);
	expect_window_share(6, 0.882);
	expect_window_share(7, 0.829);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_unit_of_a_fresh_set_can_be_used),
		cmocka_unit_test(equal_runs_fill_a_fresh_set),
		cmocka_unit_test(a_fresh_set_is_filled_without_gaps),
		cmocka_unit_test(a_set_that_was_emptied_is_fresh_again),
		cmocka_unit_test(an_aged_heap_of_cache_lines_is_still_usable),
		cmocka_unit_test(an_aged_window_of_pages_is_still_usable),
	};

	return cmocka_run_group_tests_name("extent exhaustion", tests, NULL, NULL);
}
