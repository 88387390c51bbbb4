/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much of a vspace can be used: as many allocations as there are pages; every frame; and
 * after ageing a share that is asserted. Ageing is that of test_extent_exhaustion.c: log-uniform
 * lengths around three quarters full, then filling until the first refusal. With as many
 * addresses as frames fragmentation costs a share; with half as many addresses again it costs
 * next to nothing, which is what virtual memory is for. Figures are seeded; bounds lie half a
 * point below what was measured.
 */
#include <stdlib.h>

#include "support/random.h"
#include "support/space.h"

#define SMALL_PAGE ((size_t)64) /* nothing here depends on the size of a page but time */

static void open_space(struct test_space *space, size_t pages, size_t frames, size_t retain)
{
	struct test_space_config config = {
		.mmu = { .pages = pages, .frames = frames, .page_size = SMALL_PAGE },
		.budgets = 2,
		.retain = retain,
	};

	test_space_init(space, &config);
}

/* ---- fresh ----------------------------------------------------------------------------------- */

static void shuffle(void **ptr, size_t count, struct test_random *random)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = test_random_below(random, (uint32_t)i);
		void *swapped = ptr[i - 1];

		ptr[i - 1] = ptr[other];
		ptr[other] = swapped;
	}
}

static void there_are_as_many_allocations_as_pages(void **state)
{
	static void *ptr[2048];
	struct test_random random = test_random_seeded(1);
	struct test_space space;

	(void)state;
	open_space(&space, 2048, 2048, 0);
	for (size_t i = 0; i < 2048; i++) {
		ptr[i] = quire_vpage_alloc(&space.vs, 1, QUIRE_RW);
		assert_non_null(ptr[i]);
		test_fill(ptr[i], SMALL_PAGE, (uint32_t)i);
	}
	assert_null(quire_vpage_alloc(&space.vs, 1, QUIRE_RW));
	assert_int_equal(test_space_stats(&space).allocations, 2048);
	for (size_t i = 0; i < 2048; i++)
		test_assert_filled(ptr[i], SMALL_PAGE, (uint32_t)i);
	shuffle(ptr, 2048, &random);
	for (size_t i = 0; i < 2048; i++)
		assert_ok(quire_vpage_free(&space.vs, ptr[i]));
	assert_non_null(quire_vpage_alloc(&space.vs, 2048, QUIRE_RW));
	assert_ok(quire_vpage_free(&space.vs, space.mmu.window));
	test_space_fini(&space);
}

static void one_allocation_takes_the_whole_window(void **state)
{
	(void)state;
	for (size_t pages = 1; pages <= 3000; pages += 1 + pages / 3) {
		struct test_space space;
		void *ptr;

		open_space(&space, pages, pages, 0);
		ptr = quire_vpage_alloc(&space.vs, pages, QUIRE_RW);
		assert_non_null(ptr);
		test_fill(ptr, pages * SMALL_PAGE, 1);
		test_assert_filled(ptr, pages * SMALL_PAGE, 1);
		assert_ok(quire_vpage_free(&space.vs, ptr));
		test_space_fini(&space);
	}
}

static void every_frame_can_be_used(void **state)
{
	(void)state;
	for (size_t length = 1; length <= 7; length += 2) {
		struct test_space space;
		size_t served = 0;

		open_space(&space, 1024, 601, 0);
		while (quire_vpage_alloc(&space.vs, length, QUIRE_RW))
			served++;
		assert_int_equal(served, 601 / length);
		assert_status(test_observer_last(&space.observer, QUIRE_EVENT_FAIL).why,
			      QUIRE_ENOPHYS);
		test_space_discard(&space);
	}
}

/* A reservation takes no frame, a guard takes no frame, and a gap in between takes no frame. */
static void addresses_are_not_memory(void **state)
{
	struct quire_request guarded = { .size = SMALL_PAGE, .flags = QUIRE_GUARD };
	struct test_space space;
	unsigned char *reservation;

	(void)state;
	open_space(&space, 1024, 64, 0);
	reservation = quire_vpage_reserve(&space.vs, 900);
	assert_non_null(reservation);
	for (int i = 0; i < 32; i++)
		assert_non_null(quire_vpage_request(&space.vs, &guarded, QUIRE_RW));
	for (size_t page = 0; page < 32; page++)
		assert_ok(quire_vpage_commit(&space.vs, reservation + page * 17 * SMALL_PAGE, 1,
					     QUIRE_RW, NULL));
	assert_int_equal(test_space_stats(&space).held, 64);
	assert_null(quire_vpage_alloc(&space.vs, 1, QUIRE_RW));
	test_space_check(&space);
	test_space_discard(&space);
}

static void records_take_less_than_six_bytes_per_page(void **state)
{
	(void)state;
	for (size_t pages = 1024; pages <= 8192; pages *= 2) {
		size_t bytes = QUIRE_VSPACE_STORAGE(pages, 0);

		print_message("%zu pages: %.2f bytes of records per page\n", pages,
			      (double)bytes / (double)pages);
		assert_true(bytes < 6 * pages);
	}
}

/* ---- aged ------------------------------------------------------------------------------------ */

struct workload {
	size_t pages;
	size_t frames;
	size_t retain;
	uint32_t octaves; /* requests of 1 ... 2^octaves pages */
};

struct pool {
	struct test_space space;
	struct test_random random;
	void **ptr;
	uint32_t live;
};

static bool allocate(struct pool *pool, uint32_t octaves)
{
	uint32_t pages = test_random_log(&pool->random, octaves);
	void *ptr = quire_vpage_alloc(&pool->space.vs, pages, QUIRE_RW);

	if (ptr)
		pool->ptr[pool->live++] = ptr;
	return ptr;
}

static void free_some(struct pool *pool)
{
	uint32_t which = test_random_below(&pool->random, pool->live);

	assert_ok(quire_vpage_free(&pool->space.vs, pool->ptr[which]));
	pool->ptr[which] = pool->ptr[--pool->live];
}

static void age(struct pool *pool, const struct workload *work)
{
	for (uint32_t step = 0; step < 5000; step++) {
		if (pool->space.vs.ledger.used < work->frames / 4 * 3)
			allocate(pool, work->octaves);
		else
			free_some(pool);
	}
	test_space_check(&pool->space);
}

static double usable_share(const struct workload *work, uint64_t seed)
{
	struct pool pool = { .random = test_random_seeded(seed) };
	double share;

	open_space(&pool.space, work->pages, work->frames, work->retain);
	pool.ptr = malloc(work->pages * sizeof(*pool.ptr));
	assert_non_null(pool.ptr);
	age(&pool, work);
	while (allocate(&pool, work->octaves))
		continue;
	share = (double)test_space_stats(&pool.space).held / (double)work->frames;
	test_space_check(&pool.space);
	while (pool.live)
		free_some(&pool);
	free(pool.ptr);
	test_space_fini(&pool.space);
	return share;
}

static double mean_share(const struct workload *work)
{
	const uint32_t seeds = 24;
	double share = 0;

	for (uint64_t seed = 1; seed <= seeds; seed++)
		share += usable_share(work, seed) / seeds;
	print_message("%zu pages, %zu frames, %zu retained, 1 ... %u: %.3f usable\n", work->pages,
		      work->frames, work->retain, 1u << work->octaves, share);
	return share;
}

static void an_aged_window_is_still_usable(void **state)
{
	(void)state;
	assert_true(mean_share(&(struct workload){ 1024, 1024, 0, 6 }) > 0.895);
	assert_true(mean_share(&(struct workload){ 1024, 1024, 0, 7 }) > 0.868);
}

static void half_as_many_addresses_again_make_fragmentation_vanish(void **state)
{
	(void)state;
	assert_true(mean_share(&(struct workload){ 1536, 1024, 0, 6 }) > 0.981);
	assert_true(mean_share(&(struct workload){ 1536, 1024, 0, 7 }) > 0.959);
}

static void retained_pages_take_nothing_from_what_is_usable(void **state)
{
	double share = mean_share(&(struct workload){ 1536, 1024, 0, 6 });

	(void)state;
	assert_true(mean_share(&(struct workload){ 1536, 1024, 64, 6 }) == share);
	assert_true(mean_share(&(struct workload){ 1536, 1024, 1024, 6 }) == share);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_as_many_allocations_as_pages),
		cmocka_unit_test(one_allocation_takes_the_whole_window),
		cmocka_unit_test(every_frame_can_be_used),
		cmocka_unit_test(addresses_are_not_memory),
		cmocka_unit_test(records_take_less_than_six_bytes_per_page),
		cmocka_unit_test(an_aged_window_is_still_usable),
		cmocka_unit_test(half_as_many_addresses_again_make_fragmentation_vanish),
		cmocka_unit_test(retained_pages_take_nothing_from_what_is_usable),
	};

	return cmocka_run_group_tests_name("vpage exhaustion", tests, NULL, NULL);
}
