/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heaps that are configured by a table of bundles: which block a request gets, which pages are
 * mapped behind it, what it may use, and what the statistics say. heap_model.h holds every call
 * to the obvious answer; the tests here choose what to ask.
 */
#include <stdlib.h>
#include <string.h>

#include "support/heap_model.h"

#define PAGE ((size_t)4096)

#define CONFIG(table) \
	((struct quire_vmh_config){ .bundles = (table), .bundle_count = TEST_COUNT(table) })

static void open_plain(struct test_space *space, struct heap_model *model,
		       const struct quire_vmh_config *config, size_t pages)
{
	test_space_init_plain(space, pages, pages);
	heap_model_open(model, space, config);
}

static void close_both(struct test_space *space, struct heap_model *model)
{
	heap_model_close(model);
	test_space_fini(space);
}

static struct quire_bundle_stats bundle_stats(struct heap_model *model, size_t bundle)
{
	struct quire_bundle_stats stats;

	assert_true(quire_vmh_bundle_stats(model->heap, bundle, &stats));
	return stats;
}

static struct quire_vmh_stats heap_stats(struct quire_vmh *heap)
{
	struct quire_vmh_stats stats;

	quire_vmh_stats(heap, &stats);
	return stats;
}

/* ---- which block ----------------------------------------------------------------------------- */

/* Sizes that are no powers of two and no multiples of anything, in no order. */
static const struct quire_bundle odd_table[] = {
	{ 4096, 3 }, { 100, 7 }, { 3000, 5 }, { 44, 9 }, { 20000, 2 }, { 1, 3 },
};

static void a_request_takes_a_block_of_the_smallest_size_that_holds_it(void **state)
{
	static const struct {
		size_t size, bundle;
	} expected[] = {
		{ 1, 5 },   { 2, 3 },    { 43, 3 },   { 44, 3 },   { 45, 1 },   { 100, 1 },
		{ 101, 2 }, { 3000, 2 }, { 3001, 0 }, { 4096, 0 }, { 4097, 4 }, { 20000, 4 },
	};
	struct quire_vmh_config config = CONFIG(odd_table);
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 64);
	for (size_t i = 0; i < TEST_COUNT(expected); i++) {
		void *ptr = heap_model_alloc(&model, expected[i].size, 0);

		assert_non_null(ptr);
		assert_int_equal(bundle_stats(&model, expected[i].bundle).used, 1);
		heap_model_check(&model);
		heap_model_free_ptr(&model, ptr);
	}
	assert_null(heap_model_alloc(&model, 20001, 0));
	close_both(&space, &model);
}

static void a_full_bundle_spills_into_the_next_larger_one_and_counts_it(void **state)
{
	static const struct quire_bundle table[] = { { 64, 2 }, { 4096, 1 }, { 256, 2 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 16);
	for (size_t i = 0; i < 5; i++)
		assert_non_null(heap_model_alloc(&model, 50, 0));
	assert_int_equal(bundle_stats(&model, 0).exhausted, 3);
	assert_int_equal(bundle_stats(&model, 2).exhausted, 1);
	assert_int_equal(bundle_stats(&model, 1).exhausted, 0);

	assert_null(heap_model_alloc(&model, 200, 0));
	assert_int_equal(bundle_stats(&model, 0).exhausted, 3);
	assert_int_equal(bundle_stats(&model, 2).exhausted, 2);
	assert_int_equal(bundle_stats(&model, 1).exhausted, 1);
	assert_int_equal(heap_stats(model.heap).refusals[-QUIRE_ENOVIRT], 1);
	heap_model_check(&model);
	close_both(&space, &model);
}

static struct quire_bundle random_bundle(struct test_random *random)
{
	return (struct quire_bundle){ test_random_log(random, 14),
				      test_random_between(random, 1, 9) };
}

static size_t pages_of(const struct quire_bundle *table, size_t bundles)
{
	size_t bytes = 0;

	for (size_t i = 0; i < bundles; i++)
		bytes += table[i].block_size * table[i].blocks + PAGE;
	return bytes / PAGE + 1;
}

/* No two bundles of a size, which would leave open whose `exhausted` is counted. */
static void random_table(struct test_random *random, struct quire_bundle *table, size_t bundles)
{
	for (size_t i = 0; i < bundles; i++) {
		table[i] = random_bundle(random);
		for (size_t j = 0; j < i; j++)
			if (table[j].block_size == table[i].block_size)
				i--, j = i;
	}
}

static void tables_of_any_size_order_and_number_serve_every_block(void **state)
{
	static const size_t counts[] = { 1, 2, 3, 7, 40 };
	struct test_random random = test_random_seeded(1);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(counts); i++) {
		struct quire_bundle table[40];
		struct quire_vmh_config config = { .bundles = table, .bundle_count = counts[i] };
		struct heap_program program = { i, 100, 14, 12, NULL };
		struct test_space space;
		struct heap_model model;

		random_table(&random, table, counts[i]);
		open_plain(&space, &model, &config, pages_of(table, counts[i]));
		heap_model_run(&model, &program);
		close_both(&space, &model);
	}
}

/* The table that SOF compiles in; its window is known to the byte. */
static const struct quire_bundle sof_table[] = {
	{ 128, 32 },  { 512, 8 },   { 1024, 44 }, { 2048, 8 },   { 4096, 11 },
	{ 8192, 10 }, { 32768, 8 }, { 65536, 3 }, { 131072, 1 }, { 524288, 1 },
};

static void the_table_of_sof_takes_exactly_its_window(void **state)
{
	struct quire_vmh_config config = CONFIG(sof_table);
	struct heap_program program = { 4, 400, 19, 16, NULL };
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 0x140000 / PAGE);
	assert_int_equal(heap_stats(model.heap).window, 0x140000);
	assert_int_equal(heap_stats(model.heap).free, 0x140000);
	assert_int_equal(heap_stats(model.heap).largest, 524288);
	heap_model_run(&model, &program);
	close_both(&space, &model);
}

static void two_bundles_of_the_same_size_serve_like_one(void **state)
{
	static const struct quire_bundle table[] = { { 64, 2 }, { 128, 1 }, { 64, 3 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct test_heap on;
	void *ptr[5];

	(void)state;
	test_space_init_plain(&space, 4, 4);
	test_heap_init(&on, &space, &config);
	for (size_t i = 0; i < 5; i++) {
		ptr[i] = quire_vmh_alloc(&on.heap, 64);
		assert_non_null(ptr[i]);
		assert_int_equal(quire_vmh_usable_size(&on.heap, ptr[i]), 64);
	}
	for (size_t i = 0; i < 5; i++)
		assert_ok(quire_vmh_free(&on.heap, ptr[i]));
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* ---- spanning -------------------------------------------------------------------------------- */

static void a_spanning_heap_serves_what_no_single_block_holds(void **state)
{
	static const struct quire_bundle table[] = { { 1024, 8 }, { 100, 10 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;
	unsigned char *whole;

	(void)state;
	open_plain(&space, &model, &config, 8);
	assert_null(heap_model_alloc(&model, 1025, 0));
	heap_model_close(&model);

	config.flags = QUIRE_VMH_SPANNING;
	heap_model_open(&model, &space, &config);
	whole = heap_model_alloc(&model, 8 * 1024, 0);
	assert_non_null(whole);
	assert_int_equal(bundle_stats(&model, 0).used, 8);
	heap_model_check(&model);
	assert_non_null(heap_model_alloc(&model, 1000, 0)); /* ten blocks of 100 */
	assert_int_equal(bundle_stats(&model, 1).used, 10);
	assert_null(heap_model_alloc(&model, 1, 0));
	heap_model_free_ptr(&model, whole);
	assert_int_equal(bundle_stats(&model, 0).used, 0);
	heap_model_check(&model);
	close_both(&space, &model);
}

static void a_spanning_allocation_grows_into_free_neighbours_and_gives_them_back(void **state)
{
	static const struct quire_bundle table[] = { { 3000, 9 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;
	unsigned char *first;
	void *last;

	(void)state;
	config.flags = QUIRE_VMH_SPANNING;
	open_plain(&space, &model, &config, 16);
	first = quire_vmh_alloc_at(model.heap, heap_base(model.heap), 3000);
	assert_non_null(first);
	assert_ok(quire_vmh_resize(model.heap, first, 24000));
	test_fill(first, 24000, 1);
	assert_int_equal(bundle_stats(&model, 0).used, 8);
	last = quire_vmh_alloc(model.heap, 3000);
	assert_non_null(last);
	assert_status(quire_vmh_resize(model.heap, first, 24001), QUIRE_ENOVIRT);
	test_assert_filled(first, 24000, 1);

	assert_ok(quire_vmh_resize(model.heap, first, 3001));
	assert_int_equal(bundle_stats(&model, 0).used, 3);
	test_assert_filled(first, 3001, 1);
	assert_sound(quire_vmh_check(model.heap));
	assert_ok(quire_vmh_free(model.heap, first));
	assert_ok(quire_vmh_free(model.heap, last));
	test_heap_fini(&model.on);
	heap_model_forget(&model);
	test_space_fini(&space);
}

/* The larger blocks have fewer neighbours: a range takes the kind that gives more of what is wanted. */
static void a_span_takes_the_kind_that_gives_most_and_wastes_least(void **state)
{
	static const struct quire_bundle table[] = { { 4096, 2 }, { 1024, 32 }, { 900, 9 } };
	struct quire_vmh_config config = CONFIG(table);
	struct quire_request most = { .size = 16 * 1024, .min = 4096 };
	struct quire_request least_waste = { .size = 8100 }, equal = { .size = 0 };
	struct test_space space;
	struct heap_model model;
	unsigned char *ptr;

	(void)state;
	config.flags = QUIRE_VMH_SPANNING;
	open_plain(&space, &model, &config, 16);
	ptr = quire_vmh_request(model.heap, &most);
	assert_non_null(ptr);
	assert_int_equal(most.granted, 16 * 1024);
	assert_int_equal(bundle_stats(&model, 1).used, 16);
	assert_ok(quire_vmh_free(model.heap, ptr));
	ptr = quire_vmh_request(model.heap, &least_waste);
	assert_non_null(ptr);
	assert_int_equal(bundle_stats(&model, 2).used, 9);
	assert_ok(quire_vmh_free(model.heap, ptr));
	equal.size = 2 * 4096; /* two of one kind or eight of the other: the fewer blocks */
	ptr = quire_vmh_request(model.heap, &equal);
	assert_non_null(ptr);
	assert_int_equal(bundle_stats(&model, 0).used, 2);
	assert_ok(quire_vmh_free(model.heap, ptr));
	most.size = most.min = 64 * 1024;
	assert_null(quire_vmh_request(model.heap, &most));
	assert_status(most.why, QUIRE_ENOVIRT);
	test_heap_fini(&model.on);
	heap_model_forget(&model);
	test_space_fini(&space);
}

static void a_spanning_heap_keeps_every_promise_under_a_random_program(void **state)
{
	struct quire_vmh_config config = CONFIG(odd_table);
	struct heap_program program = { 7, 1500, 15, 13, NULL };
	struct test_space space;
	struct heap_model model;

	(void)state;
	config.flags = QUIRE_VMH_SPANNING;
	open_plain(&space, &model, &config, 64);
	heap_model_run(&model, &program);
	close_both(&space, &model);
}

/* ---- alignment ------------------------------------------------------------------------------- */

/* The window begins at every offset from a megabyte in turn: no alignment by luck of layout. */
static void alignment_is_honoured_wherever_the_window_lies(void **state)
{
	static const struct quire_bundle table[] = {
		{ 65536, 4 }, { 4096, 20 }, { 48, 70 }, { 6000, 40 }, { 640, 30 }
	};
	struct quire_vmh_config config = CONFIG(table);

	(void)state;
	for (size_t phase = 0; phase < 20; phase += 3) {
		struct test_space_config space_config = { .mmu = { .pages = 160, .phase = phase } };
		struct test_space space;
		struct heap_model model;

		test_space_init(&space, &space_config);
		heap_model_open(&model, &space, &config);
		for (size_t align = 1; align <= 65536; align *= 2) {
			for (size_t size = 1; size <= 65536; size = size * 5 + 3)
				heap_model_alloc(&model, size, align);
			heap_model_check(&model);
			heap_model_free_all(&model);
		}
		close_both(&space, &model);
	}
}

/* Whether one of the free blocks of `free_set` begins at a multiple of align. */
static bool some_is_aligned(const unsigned char *base, unsigned int free_set, size_t align)
{
	for (size_t i = 0; i < 10; i++)
		if (free_set >> i & 1 && (uintptr_t)(base + 700 * i) % align == 0)
			return true;
	return false;
}

static void try_every_alignment(struct quire_vmh *heap, unsigned int free_set)
{
	unsigned char *base = heap_base(heap);

	for (size_t align = 1; align <= 4096; align *= 2) {
		unsigned char *ptr = quire_vmh_aligned_alloc(heap, align, 100);

		assert_int_equal(ptr != NULL, some_is_aligned(base, free_set, align));
		assert_int_equal((uintptr_t)ptr % align, 0);
		if (ptr)
			assert_ok(quire_vmh_free(heap, ptr));
	}
}

/* Exhaustive: every set of free blocks of a small bundle, every alignment up to a page. */
static void any_free_block_with_the_alignment_is_found(void **state)
{
	static const struct quire_bundle table[] = { { 700, 10 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct test_heap on;
	unsigned char *base;

	(void)state;
	test_space_init_plain(&space, 4, 4);
	test_heap_init(&on, &space, &config);
	base = heap_base(&on.heap);
	for (unsigned int free_set = 0; free_set < 1u << 10; free_set++) {
		for (size_t i = 0; i < 10; i++)
			if (!(free_set >> i & 1))
				assert_non_null(quire_vmh_alloc_at(&on.heap, base + 700 * i, 700));
		try_every_alignment(&on.heap, free_set);
		for (size_t i = 0; i < 10; i++)
			if (!(free_set >> i & 1))
				assert_ok(quire_vmh_free(&on.heap, base + 700 * i));
	}
	test_heap_fini(&on);
	test_space_fini(&space);
}

static void what_asks_for_no_alignment_is_aligned_to_16_where_blocks_allow_it(void **state)
{
	static const struct quire_bundle table[] = { { 16, 9 }, { 48, 9 }, { 80, 9 }, { 4112, 3 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 16);
	for (size_t i = 0; i < model.blocks; i++) {
		unsigned char *ptr = heap_model_alloc(&model, 1, 0);

		assert_non_null(ptr);
		assert_int_equal((uintptr_t)ptr % QUIRE_VMH_ALIGN, 0);
	}
	close_both(&space, &model);
}

/* ---- ranges ---------------------------------------------------------------------------------- */

static void a_range_takes_the_largest_block_when_none_holds_all_of_it(void **state)
{
	static const struct quire_bundle table[] = { { 8192, 2 }, { 1024, 2 }, { 32768, 1 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;
	static const size_t expected[] = { 32768, 8192, 8192, 1024, 1024 };

	(void)state;
	open_plain(&space, &model, &config, 16);
	for (size_t i = 0; i < TEST_COUNT(expected); i++) {
		struct quire_request range = { .size = 100000, .min = 1000 };

		assert_non_null(heap_model_request(&model, &range));
		assert_int_equal(range.granted, expected[i]);
	}
	heap_model_check(&model);
	close_both(&space, &model);
}

static void a_range_is_granted_in_whole_steps_above_its_minimum(void **state)
{
	static const struct quire_bundle table[] = { { 10000, 3 } };
	struct quire_vmh_config config = CONFIG(table);
	struct quire_request deep = { .size = 38400, .min = 1536, .step = 1536, .align = 16 };
	struct quire_request odd = { .size = 9999, .min = 3, .step = 7 };
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 16);
	assert_non_null(heap_model_request(&model, &deep));
	assert_int_equal(deep.granted, 9216);
	assert_non_null(heap_model_request(&model, &odd));
	assert_int_equal(odd.granted, 9999 - (9999 - 3) % 7);
	close_both(&space, &model);
}

static void a_range_is_clipped_by_what_is_left_of_memory(void **state)
{
	static const struct quire_bundle table[] = { { 65536, 4 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct test_heap on;
	size_t granted;
	void *a, *b;

	(void)state;
	test_space_init_plain(&space, 64, 10);
	test_heap_init(&on, &space, &config);
	a = quire_vmh_alloc(&on.heap, 3 * PAGE);
	b = quire_vmh_alloc_range(&on.heap, PAGE, 65536, &granted);
	assert_non_null(b);
	assert_int_equal(granted, 7 * PAGE);
	test_fill(b, granted, 1);
	assert_null(quire_vmh_alloc_range(&on.heap, 1, 65536, &granted));
	assert_int_equal(granted, 0);
	assert_ok(quire_vmh_free(&on.heap, a));
	assert_ok(quire_vmh_free(&on.heap, b));
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* ---- pages ----------------------------------------------------------------------------------- */

static void only_the_pages_that_a_size_needs_are_mapped(void **state)
{
	static const struct quire_bundle table[] = { { 65536, 2 }, { 10000, 3 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 64);
	for (size_t size = 1; size <= 65536; size += 1013) {
		heap_model_alloc(&model, size, 0);
		heap_model_alloc(&model, size / 7 + 1, 0);
		heap_model_check(&model);
		heap_model_free_all(&model);
	}
	close_both(&space, &model);
}

static void a_page_stays_mapped_while_any_of_its_neighbours_lives(void **state)
{
	static const struct quire_bundle table[] = { { 3000, 5 }, { 100, 7 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 8);
	for (size_t first = 0; first < model.blocks; first++) {
		for (size_t i = 0; i < model.blocks; i++)
			heap_model_alloc(&model, i < 7 ? 100 : 3000, 0);
		assert_int_equal(model.count, model.blocks);
		while (model.count) {
			heap_model_free(&model, first % model.count);
			heap_model_check(&model);
			heap_model_check_contents(&model);
		}
		assert_int_equal(space.mmu.mapped, 0);
	}
	close_both(&space, &model);
}

static void every_usable_byte_can_be_written_whatever_was_asked_for(void **state)
{
	struct quire_vmh_config config = CONFIG(odd_table);
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 64);
	for (size_t size = 1; size <= 20000; size += size / 3 + 1) {
		while (heap_model_alloc(&model, size, 0))
			;
		heap_model_check_contents(&model);
		heap_model_check(&model);
		heap_model_free_all(&model);
	}
	close_both(&space, &model);
}

static void blocks_may_add_up_to_more_than_there_is_memory(void **state)
{
	static const struct quire_bundle table[] = { { 65536, 64 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct test_heap on;
	void *ptr[32];

	(void)state;
	test_space_init_plain(&space, 1024, 32);
	test_heap_init(&on, &space, &config);
	for (size_t i = 0; i < 32; i++) {
		ptr[i] = quire_vmh_alloc(&on.heap, PAGE);
		assert_non_null(ptr[i]);
	}
	assert_null(quire_vmh_alloc(&on.heap, 1));
	assert_int_equal(heap_stats(&on.heap).refusals[-QUIRE_ENOPHYS], 1);
	assert_ok(quire_vmh_free(&on.heap, ptr[5]));
	ptr[5] = quire_vmh_alloc(&on.heap, PAGE);
	assert_non_null(ptr[5]);
	for (size_t i = 0; i < 32; i++)
		assert_ok(quire_vmh_free(&on.heap, ptr[i]));
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* ---- resize ---------------------------------------------------------------------------------- */

static void a_block_grows_and_shrinks_in_place_by_mapping_and_unmapping(void **state)
{
	static const struct quire_bundle table[] = { { 20000, 4 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 32);
	for (size_t i = 0; i < 4; i++)
		heap_model_alloc(&model, 1, 0);
	for (size_t size = 1; size <= 20000; size += 997) {
		for (size_t i = 0; i < 4; i++) {
			size_t to = (size + i * 5000) % 20000 + 1;

			assert_ok(heap_model_resize(&model, i, to, to));
			heap_model_check(&model);
		}
	}
	assert_status(heap_model_resize(&model, 2, 20001, 20001), QUIRE_ENOVIRT);
	heap_model_check(&model);
	heap_model_check_contents(&model);
	close_both(&space, &model);
}

static void a_resized_range_is_at_best_its_block_and_at_least_its_minimum(void **state)
{
	static const struct quire_bundle table[] = { { 20000, 2 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;
	unsigned char *ptr;
	size_t granted = 1;

	(void)state;
	open_plain(&space, &model, &config, 16);
	ptr = heap_model_alloc(&model, 5000, 0);
	assert_ok(heap_model_resize(&model, 0, 6000, 1000000));
	assert_int_equal(quire_vmh_usable_size(model.heap, ptr), 20000);
	assert_status(heap_model_resize(&model, 0, 20001, 1000000), QUIRE_ENOVIRT);
	assert_status(quire_vmh_resize_range(model.heap, ptr, 10, 9, &granted), QUIRE_EINVAL);
	assert_int_equal(granted, 0);
	heap_model_check(&model);
	close_both(&space, &model);
}

/* ---- pages of one's own ---------------------------------------------------------------------- */

static void a_request_for_its_own_pages_shares_none_and_is_paid_by_its_budget(void **state)
{
	static const struct quire_bundle table[] = { { 1000, 8 }, { 5000, 6 }, { 16384, 3 } };
	struct quire_vmh_config config = CONFIG(table);
	struct quire_budget other = { 0 };
	struct quire_request alone = { .size = 100, .flags = QUIRE_OWN_PAGES };
	struct quire_request paid = { .size = 4097, .budget = &other };
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 32);
	assert_ok(quire_vspace_admit(&space.vs, &other, 0, QUIRE_NO_LIMIT));
	for (size_t size = 1000; size <= 5000; size += 4000)
		for (size_t i = 0; i < 5; i++)
			heap_model_alloc(&model, size, 0);
	assert_non_null(heap_model_request(&model, &alone));
	assert_non_null(heap_model_request(&model, &paid));
	assert_int_equal(other.used, 2);
	heap_model_check(&model);
	heap_model_free_all(&model);
	assert_int_equal(other.used, 0);
	assert_ok(quire_vspace_dismiss(&space.vs, &other));
	close_both(&space, &model);
}

static void own_pages_survive_a_random_program_among_shared_ones(void **state)
{
	static const struct quire_bundle table[] = {
		{ 700, 40 }, { 5000, 12 }, { 16384, 6 }, { 9000, 5 }
	};
	struct quire_vmh_config config = CONFIG(table);
	struct quire_budget other = { 0 };
	struct heap_program program = { 9, 1500, 14, 13, &other };
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 80);
	assert_ok(quire_vspace_admit(&space.vs, &other, 3, 9));
	heap_model_run(&model, &program);
	heap_model_free_all(&model);
	assert_int_equal(other.used, 0);
	assert_ok(quire_vspace_dismiss(&space.vs, &other));
	close_both(&space, &model);
}

/* Spanned blocks need not end where a page does; what is left of the last page belongs to others. */
static void own_pages_end_where_the_last_of_the_blocks_does_not(void **state)
{
	static const struct quire_bundle table[] = { { 24, 700 } };
	struct quire_vmh_config config = CONFIG(table);
	struct quire_request own = { .size = 4096, .flags = QUIRE_OWN_PAGES };
	struct test_space space;
	struct heap_model model;

	(void)state;
	config.flags = QUIRE_VMH_SPANNING;
	open_plain(&space, &model, &config, 8);
	assert_non_null(heap_model_request(&model, &own));
	assert_int_equal(space.mmu.mapped, 1);
	while (heap_model_alloc(&model, 24, 0))
		;
	heap_model_check(&model); /* the page has one user */
	assert_int_equal(model.count, 1 + 700 - (4096 + 23) / 24);
	close_both(&space, &model);
}

static void the_heaps_budget_pays_for_pages_that_are_shared(void **state)
{
	static const struct quire_bundle table[] = { { 1000, 8 } };
	struct quire_vmh_config config = CONFIG(table);
	struct quire_budget mine = { 0 };
	struct test_space space;
	struct test_heap on;
	void *ptr[8];

	(void)state;
	test_space_init_plain(&space, 8, 8);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 0, 1));
	config.budget = &mine;
	test_heap_init(&on, &space, &config);
	for (size_t i = 0; i < 4; i++) {
		ptr[i] = quire_vmh_alloc_at(&on.heap, heap_base(&on.heap) + 1000 * i, 1000);
		assert_non_null(ptr[i]);
		assert_int_equal(mine.used, 1);
	}
	assert_null(quire_vmh_alloc(&on.heap, 1000)); /* the fifth would cross into another page */
	assert_int_equal(heap_stats(&on.heap).refusals[-QUIRE_EBUDGET], 1);
	for (size_t i = 0; i < 4; i++)
		assert_ok(quire_vmh_free(&on.heap, ptr[i]));
	assert_int_equal(mine.used, 0);
	test_heap_fini(&on);
	assert_ok(quire_vspace_dismiss(&space.vs, &mine));
	test_space_fini(&space);
}

/* ---- places: alloc_at, contains, iteration --------------------------------------------------- */

static void a_block_can_be_had_at_its_address_and_nowhere_else(void **state)
{
	static const struct quire_bundle table[] = { { 300, 4 }, { 4096, 2 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;
	unsigned char *base;

	(void)state;
	open_plain(&space, &model, &config, 8);
	base = model.base;
	for (size_t offset = 0; offset < model.window; offset++) {
		size_t at = 0;
		void *ptr;

		while (at < model.blocks && model.block[at].ptr != base + offset)
			at++;
		ptr = quire_vmh_alloc_at(model.heap, base + offset, 300);
		assert_int_equal(ptr != NULL, at < model.blocks);
		if (!ptr)
			continue;
		assert_ptr_equal(ptr, base + offset);
		assert_null(quire_vmh_alloc_at(model.heap, base + offset, 300));
		assert_ok(quire_vmh_free(model.heap, ptr));
	}
	assert_null(quire_vmh_alloc_at(model.heap, model.block[0].ptr, 5000));
	assert_null(quire_vmh_alloc_at(model.heap, model.block[0].ptr, 301)); /* of two blocks */
	assert_null(quire_vmh_alloc_at(model.heap, model.block[3].ptr, 301)); /* one is left */
	assert_null(quire_vmh_alloc_at(model.heap, base - 1, 1));
	assert_null(quire_vmh_alloc_at(model.heap, base + model.window, 1));
	assert_null(quire_vmh_alloc_at(model.heap, NULL, 1));
	assert_sound(quire_vmh_check(model.heap));
	assert_int_equal(space.mmu.mapped, 0);
	test_heap_fini(&model.on);
	heap_model_forget(&model);
	test_space_fini(&space);
}

static void iteration_shows_every_block_once_from_wherever_it_begins(void **state)
{
	struct quire_vmh_config config = CONFIG(odd_table);
	struct quire_vmh_extent extent;
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 64);
	for (size_t i = 0; i < model.blocks / 2; i++)
		heap_model_alloc(&model, i * 100 % 4096 + 1, 0);
	heap_model_check(&model);
	for (size_t i = 0; i < model.count; i++) {
		const struct heap_live *live = &model.live[i];

		assert_true(quire_vmh_next(model.heap, live->ptr + live->usable / 2, &extent));
		assert_true(extent.live);
		assert_ptr_equal(extent.ptr, live->ptr);
	}
	assert_false(quire_vmh_next(model.heap, model.base + model.bytes, &extent));
	assert_true(quire_vmh_next(model.heap, model.base - 1, &extent));
	assert_ptr_equal(extent.ptr, model.base);
	close_both(&space, &model);
}

static void a_heap_contains_its_window_and_nothing_else(void **state)
{
	static const struct quire_bundle table[] = { { 300, 40 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, &config, 8);
	assert_true(quire_vmh_contains(model.heap, model.base));
	assert_true(quire_vmh_contains(model.heap, model.base + model.bytes - 1));
	assert_false(quire_vmh_contains(model.heap, model.base - 1));
	assert_false(quire_vmh_contains(model.heap, model.base + model.bytes));
	assert_false(quire_vmh_contains(model.heap, NULL));
	close_both(&space, &model);
}

/* ---- statistics ------------------------------------------------------------------------------ */

static void statistics_say_what_happened(void **state)
{
	static const struct quire_bundle table[] = { { 8192, 4 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct heap_model model;
	struct quire_vmh_stats stats;
	void *a;

	(void)state;
	open_plain(&space, &model, &config, 8);
	stats = heap_stats(model.heap);
	assert_int_equal(stats.free, 32768);
	assert_int_equal(stats.largest, 8192);
	a = heap_model_alloc(&model, 5000, 0);
	heap_model_alloc(&model, 8192, 0);
	heap_model_free_ptr(&model, a);
	assert_null(quire_vmh_alloc(model.heap, 8193));
	assert_null(quire_vmh_alloc(model.heap, 0));

	stats = heap_stats(model.heap);
	assert_int_equal(stats.window, 32768);
	assert_int_equal(stats.allocations, 1);
	assert_int_equal(stats.in_use, 8192);
	assert_int_equal(stats.in_use_peak, 16384);
	assert_int_equal(stats.held, 8192);
	assert_int_equal(stats.mapped, 8192);
	assert_int_equal(stats.mapped_peak, 16384);
	assert_int_equal(stats.free, 3 * 8192);
	assert_int_equal(stats.served, 2);
	assert_int_equal(stats.refusals[-QUIRE_ENOVIRT], 1);
	assert_int_equal(stats.refusals[-QUIRE_EINVAL], 1);
	assert_int_equal(stats.misuses, 0);
	assert_int_equal(stats.fragmentation, 1000 - 1000 / 3);
	close_both(&space, &model);
}

/* The nearest owner of a wrong pointer may be many blocks below it. */
static void a_misuse_far_above_the_last_allocation_is_told_with_it(void **state)
{
	static const struct quire_bundle table[] = { { 16, 300 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct test_heap on;
	unsigned char *low, *first;
	struct quire_event event;

	(void)state;
	test_space_init_plain(&space, 4, 4);
	test_heap_init(&on, &space, &config);
	first = heap_base(&on.heap);
	assert_status(quire_vmh_free(&on.heap, first + 16 * 290), QUIRE_EFREE);
	event = test_observer_last(&space.observer, QUIRE_EVENT_MISUSE);
	assert_null(event.owner);
	low = quire_vmh_alloc_at(&on.heap, first + 16 * 5, 16);
	assert_non_null(low);
	assert_status(quire_vmh_free(&on.heap, first + 16 * 290), QUIRE_EFREE);
	event = test_observer_last(&space.observer, QUIRE_EVENT_MISUSE);
	assert_ptr_equal(event.owner, low);
	assert_int_equal(event.owner_size, 16);
	assert_status(quire_vmh_free(&on.heap, first + 16 * 4), QUIRE_EFREE);
	event = test_observer_last(&space.observer, QUIRE_EVENT_MISUSE);
	assert_ptr_not_equal(event.owner, low); /* it lies above */
	assert_ok(quire_vmh_free(&on.heap, low));
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* Nearly half of all addresses there are, in pages of 1/1024 of them, all in one heap. */
static void fragmentation_is_right_however_large_the_window(void **state)
{
	static _Alignas(uintptr_t) unsigned char storage[QUIRE_VSPACE_STORAGE(511, 1)];
	static _Alignas(uintptr_t) unsigned char records[QUIRE_VMH_STORAGE(1, 480)];
	const size_t page = (SIZE_MAX >> 10) + 1;
	const struct quire_mmu mmu = test_mmu_without_frames(page);
	const struct quire_vspace_config space = { .mmu = &mmu,
						   .base = (void *)page,
						   .pages = 511,
						   .budgets = 1,
						   .storage = storage,
						   .storage_bytes = sizeof(storage) };
	const struct quire_bundle table[] = { { page / 4, 480 } };
	struct quire_vmh_config config = { .bundles = table,
					   .bundle_count = 1,
					   .flags = QUIRE_VMH_SPANNING,
					   .storage = records,
					   .storage_bytes = sizeof(records) };
	struct quire_vspace vs;
	struct quire_vmh heap;

	(void)state;
	assert_ok(quire_vspace_init(&vs, &space));
	assert_ok(quire_vmh_init(&heap, &vs, &config));
	assert_int_equal(heap_stats(&heap).largest, 480 * (page / 4));
	assert_int_equal(heap_stats(&heap).fragmentation, 0);
	assert_ok(quire_extents_alloc_at(&heap.blocks->runs, 240, 120));
	assert_int_equal(heap_stats(&heap).free, 360 * (page / 4));
	assert_int_equal(heap_stats(&heap).largest, 240 * (page / 4));
	assert_in_range(heap_stats(&heap).fragmentation, 333, 334);
	assert_ok(quire_extents_free(&heap.blocks->runs, 240));
	assert_null(quire_vmh_alloc(&heap, 1));
	assert_ok(quire_vmh_fini(&heap));
	assert_ok(quire_vspace_fini(&vs));
}

/* A small block is held whole, also by a request that does not reach into its second page. */
static void a_block_across_a_page_edge_needs_a_budget_for_both(void **state)
{
	static const struct quire_bundle table[] = { { 700, 10 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space_config space_config = { .mmu = { .pages = 4 }, .budgets = 1 };
	struct quire_budget one_page = { .id = 0 };
	struct quire_request request = { .size = 100 };
	struct test_space space;
	struct test_heap on;
	void *ptr[5];

	(void)state;
	test_space_init(&space, &space_config);
	assert_ok(quire_vspace_admit(&space.vs, &one_page, 0, 1));
	config.budget = &one_page;
	test_heap_init(&on, &space, &config);
	for (size_t i = 0; i < 5; i++) {
		ptr[i] = quire_vmh_alloc(&on.heap, 700);
		assert_non_null(ptr[i]);
	}
	assert_null(quire_vmh_request(&on.heap, &request));
	assert_status(request.why, QUIRE_EBUDGET);
	assert_int_equal(one_page.used, 1);
	for (size_t i = 0; i < 5; i++)
		assert_ok(quire_vmh_free(&on.heap, ptr[i]));
	test_heap_fini(&on);
	assert_ok(quire_vspace_dismiss(&space.vs, &one_page));
	test_space_fini(&space);
}

static void a_heap_in_use_does_not_end_and_tells_who_is_left(void **state)
{
	static const struct quire_bundle table[] = { { 1000, 4 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct test_heap on;
	struct quire_event leak;
	void *a, *b;

	(void)state;
	test_space_init_plain(&space, 4, 4);
	test_heap_init(&on, &space, &config);
	a = quire_vmh_alloc(&on.heap, 1000);
	b = quire_vmh_alloc(&on.heap, 1000);
	assert_status(quire_vmh_fini(&on.heap), QUIRE_EBUSY);
	assert_int_equal(space.observer.count[QUIRE_EVENT_LEAK], 2);
	leak = test_observer_last(&space.observer, QUIRE_EVENT_LEAK);
	assert_true(leak.ptr == a || leak.ptr == b);
	assert_true(leak.size >= 1000);
	assert_ptr_equal(leak.object, &on.heap);
	assert_ok(quire_vmh_free(&on.heap, a));
	assert_ok(quire_vmh_free(&on.heap, b));
	test_heap_fini(&on);
	test_space_fini(&space);
}

static void events_tell_allocations_resizes_frees_and_failures(void **state)
{
	static const struct quire_bundle table[] = { { 8192, 2 } };
	struct quire_vmh_config config = CONFIG(table);
	struct quire_request tagged = { .size = 5000, .tag = 77 };
	struct quire_request huge = { .size = 9000, .tag = 78 };
	struct test_space space;
	struct test_heap on;
	struct quire_event event;
	void *ptr;

	(void)state;
	test_space_init_plain(&space, 4, 4);
	test_heap_init(&on, &space, &config);
	ptr = quire_vmh_request(&on.heap, &tagged);
	event = test_observer_last(&space.observer, QUIRE_EVENT_ALLOC);
	assert_ptr_equal(event.ptr, ptr);
	assert_ptr_equal(event.object, &on.heap);
	assert_int_equal(event.size, tagged.granted);
	assert_int_equal(event.tag, 77);
	assert_ok(quire_vmh_resize(&on.heap, ptr, 8000));
	event = test_observer_last(&space.observer, QUIRE_EVENT_RESIZE);
	assert_ptr_equal(event.ptr, ptr);
	assert_true(event.size >= 8000 && event.size <= 8192);
	assert_null(quire_vmh_request(&on.heap, &huge));
	event = test_observer_last(&space.observer, QUIRE_EVENT_FAIL);
	assert_int_equal(event.size, 9000);
	assert_int_equal(event.tag, 78);
	assert_status(event.why, QUIRE_ENOVIRT);
	assert_ok(quire_vmh_free(&on.heap, ptr));
	event = test_observer_last(&space.observer, QUIRE_EVENT_FREE);
	assert_ptr_equal(event.ptr, ptr);
	assert_true(event.size >= 8000 && event.size <= 8192);
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* ---- storage and configuration --------------------------------------------------------------- */

static size_t blocks_in(const struct quire_bundle *table, size_t bundles)
{
	size_t blocks = 0;

	for (size_t i = 0; i < bundles; i++)
		blocks += table[i].blocks;
	return blocks;
}

static void storage_of_the_size_that_is_told_suffices_and_less_is_refused(void **state)
{
	struct test_random random = test_random_seeded(3);

	(void)state;
	for (size_t round = 0; round < 40; round++) {
		struct quire_bundle table[12];
		size_t bundles = test_random_between(&random, 1, 12);
		struct quire_vmh_config config = { .bundles = table, .bundle_count = bundles };
		struct test_storage storage;
		struct test_space space;
		struct quire_vmh heap;
		void *ptr;

		random_table(&random, table, bundles);
		test_space_init_plain(&space, pages_of(table, bundles), 1);
		config.storage_bytes = quire_vmh_storage_needed(&space.mmu.mmu, &config);
		assert_true(config.storage_bytes > 0);
		assert_true(config.storage_bytes <=
			    QUIRE_VMH_STORAGE(bundles, blocks_in(table, bundles)));
		test_storage_init(&storage, config.storage_bytes, &space.mmu);
		config.storage = storage.memory;
		config.storage_bytes--;
		assert_status(quire_vmh_init(&heap, &space.vs, &config), QUIRE_EINVAL);
		config.storage_bytes++;
		assert_ok(quire_vmh_init(&heap, &space.vs, &config));
		ptr = quire_vmh_alloc(&heap, 1);
		assert_ok(quire_vmh_free(&heap, ptr));
		assert_ok(quire_vmh_fini(&heap));
		test_storage_fini(&storage);
		test_space_fini(&space);
	}
}

static void storage_can_be_a_static_array(void **state)
{
	static const struct quire_bundle table[] = { { 256, 64 }, { 4096, 32 }, { 65536, 64 } };
	static _Alignas(uintptr_t) unsigned char storage[QUIRE_VMH_STORAGE(3, 64 + 32 + 64)];
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct quire_vmh heap;

	(void)state;
	test_space_init_plain(&space, 1200, 16);
	config.storage = storage;
	config.storage_bytes = sizeof(storage);
	assert_ok(quire_vmh_init(&heap, &space.vs, &config));
	assert_ok(quire_vmh_fini(&heap));
	test_space_fini(&space);
}

static void assert_refused(struct test_space *space, const struct quire_vmh_config *config,
			   int32_t why)
{
	static _Alignas(uintptr_t) unsigned char storage[65536];
	struct quire_vmh_config filled = *config;
	struct quire_vmh heap;

	filled.storage = storage;
	filled.storage_bytes = sizeof(storage);
	assert_status(quire_vmh_init(&heap, &space->vs, &filled), why);
	test_space_check(space);
	assert_int_equal(test_space_stats(space).allocations, 0);
}

static void impossible_tables_are_refused_and_nothing_is_taken(void **state)
{
	static const struct quire_bundle empty_block[] = { { 64, 1 }, { 0, 1 } };
	static const struct quire_bundle no_block[] = { { 64, 0 } };
	static const struct quire_bundle wrapping[] = { { SIZE_MAX / 2, 3 } };
	static const struct quire_bundle wrapping_sum[] = { { SIZE_MAX / 2, 1 },
							    { SIZE_MAX / 2 + 2, 1 } };
	static const struct quire_bundle too_large[] = { { 4096, 33 } };
	static const struct quire_bundle too_many[] = { { 1, QUIRE_EXTENTS_MAX_UNITS + 1 } };
	static const struct quire_bundle too_long[] = { { SIZE_MAX / 8, 3 } };
	static const struct quire_bundle too_long_together[] = {
		{ SIZE_MAX / 8 + 1, 1 }, { SIZE_MAX / 8 + 1, 1 }, { SIZE_MAX / 8 + 1, 1 },
		{ SIZE_MAX / 8 + 1, 1 }, { SIZE_MAX / 8 + 1, 1 },
	};
	static const struct quire_bundle fine[] = { { 4096, 32 } };
	struct quire_vmh_config config = CONFIG(empty_block);
	struct quire_budget stranger = { .id = 3 };
	struct test_space space;

	(void)state;
	test_space_init_plain(&space, 32, 32);
	assert_refused(&space, &config, QUIRE_EINVAL);
	assert_int_equal(quire_vmh_storage_needed(&space.mmu.mmu, &config), 0);
	config = CONFIG(no_block);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = CONFIG(wrapping);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = CONFIG(wrapping_sum);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = CONFIG(too_large);
	assert_refused(&space, &config, QUIRE_ENOVIRT);
	config = CONFIG(fine);
	config.prot = QUIRE_RW | QUIRE_EXEC;
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = CONFIG(fine);
	config.bundle_count = 0;
	assert_refused(&space, &config, QUIRE_EINVAL);
	config.bundle_count = (size_t)QUIRE_EXTENTS_MAX_UNITS + 1;
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = CONFIG(too_many);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = CONFIG(too_long);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = CONFIG(too_long_together);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = CONFIG(fine);
	config.budget = &stranger;
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = CONFIG(fine);
	config.flags = 1u << 31;
	assert_refused(&space, &config, QUIRE_EINVAL);
	test_space_fini(&space);
}

/* It would fit into the window, but somebody is there. */
static void a_window_without_room_for_a_heap_is_refused(void **state)
{
	static const struct quire_bundle fine[] = { { 4096, 32 } };
	static _Alignas(uintptr_t) unsigned char storage[65536];
	struct quire_vmh_config config = CONFIG(fine);
	struct test_space space;
	struct quire_vmh heap;
	void *somebody;

	(void)state;
	test_space_init_plain(&space, 32, 32);
	somebody = quire_vpage_reserve(&space.vs, 1);
	config.storage = storage;
	config.storage_bytes = sizeof(storage);
	assert_status(quire_vmh_init(&heap, &space.vs, &config), QUIRE_ENOVIRT);
	assert_ok(quire_vpage_free(&space.vs, somebody));
	assert_ok(quire_vmh_init(&heap, &space.vs, &config));
	assert_ok(quire_vmh_fini(&heap));
	test_space_fini(&space);
}

/* ---- cores that are not coherent ------------------------------------------------------------- */

static void open_not_coherent(struct test_space *space, size_t pages)
{
	struct test_space_config config = { .mmu = { .pages = pages, .not_coherent = true } };

	test_space_init(space, &config);
}

static void without_coherence_blocks_are_whole_cache_lines(void **state)
{
	static const struct quire_bundle table[] = {
		{ 100, 7 }, { 44, 9 }, { 3000, 5 }, { 64, 3 }
	};
	struct quire_vmh_config config = CONFIG(table);
	struct heap_program program = { 2, 600, 12, 12, NULL };
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_not_coherent(&space, 16);
	heap_model_open(&model, &space, &config);
	for (size_t i = 0; i < TEST_COUNT(table); i++)
		assert_int_equal(bundle_stats(&model, i).stride,
				 (table[i].block_size + 63) / 64 * 64);
	for (size_t i = 0; i < model.blocks; i++)
		assert_int_equal((uintptr_t)model.block[i].ptr % 64, 0);
	heap_model_run(&model, &program);
	assert_int_equal(atomic_load(&space.mmu.partial_lines), 0);
	close_both(&space, &model);
}

static void without_coherence_memory_is_invalidated_when_it_comes_and_goes(void **state)
{
	static const struct quire_bundle table[] = { { 3000, 5 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct test_heap on;
	unsigned char *keeper, *ptr;

	(void)state;
	open_not_coherent(&space, 16);
	test_heap_init(&on, &space, &config);
	keeper =
		quire_vmh_alloc_at(&on.heap, heap_base(&on.heap), 3000); /* its page stays mapped */
	test_mmu_forget(&space.mmu);
	ptr = quire_vmh_alloc_at(&on.heap, keeper + 3008, 3000);
	assert_non_null(ptr);
	assert_true(test_mmu_invalidated(&space.mmu, ptr, quire_vmh_usable_size(&on.heap, ptr)));
	test_mmu_forget(&space.mmu);
	assert_ok(quire_vmh_free(&on.heap, ptr));
	assert_true(
		test_mmu_invalidated(&space.mmu, ptr, 1000)); /* the page that is still mapped */
	assert_false(test_mmu_invalidated(&space.mmu, keeper, 64));
	assert_ok(quire_vmh_free(&on.heap, keeper));
	test_heap_fini(&on);
	test_space_fini(&space);
}

static void either_alias_names_an_allocation(void **state)
{
	static const struct quire_bundle table[] = { { 3000, 5 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;
	struct test_heap on;
	unsigned char *ptr, *alias;

	(void)state;
	open_not_coherent(&space, 16);
	test_heap_init(&on, &space, &config);
	ptr = quire_vmh_alloc(&on.heap, 100);
	alias = quire_uncached(&space.mmu.mmu, ptr);
	assert_ptr_not_equal(alias, ptr);
	assert_true(quire_vmh_contains(&on.heap, alias));
	assert_int_equal(quire_vmh_usable_size(&on.heap, alias),
			 quire_vmh_usable_size(&on.heap, ptr));
	assert_ok(quire_vmh_resize(&on.heap, alias, 3000));
	assert_ok(quire_vmh_free(&on.heap, alias));
	assert_status(quire_vmh_free(&on.heap, ptr), QUIRE_EFREE);
	test_heap_fini(&on);
	test_space_fini(&space);
}

static void without_coherence_cached_storage_is_refused(void **state)
{
	static const struct quire_bundle table[] = { { 3000, 5 } };
	struct quire_vmh_config config = CONFIG(table);
	struct test_space space;

	(void)state;
	open_not_coherent(&space, 16);
	assert_refused(&space, &config, QUIRE_EINVAL);
	test_space_fini(&space);
}

/* ---- everything at once ---------------------------------------------------------------------- */

static void a_table_keeps_every_promise_under_a_random_program(void **state)
{
	(void)state;
	for (uint64_t seed = 20; seed < 23; seed++) {
		struct quire_vmh_config config = CONFIG(odd_table);
		struct heap_program program = { seed, 1500, 15, 13, NULL };
		struct test_space_config space_config = {
			.mmu = { .pages = 256 >> (seed % 3),
				 .page_size = 1024u << (seed % 3),
				 .phase = 3 },
		};
		struct test_space space;
		struct heap_model model;

		test_space_init(&space, &space_config);
		heap_model_open(&model, &space, &config);
		heap_model_run(&model, &program);
		close_both(&space, &model);
	}
}

static void a_table_keeps_every_promise_when_memory_is_short(void **state)
{
	struct quire_vmh_config config = CONFIG(odd_table);
	struct heap_program program = { 31, 2000, 15, 13, NULL };
	struct test_space space;
	struct heap_model model;

	void *hog;

	(void)state;
	test_space_init_plain(&space, 128, 64);
	heap_model_open(&model, &space, &config);
	hog = quire_vpage_alloc(&space.vs, 64 - 9, QUIRE_RW);
	assert_non_null(hog);
	heap_model_run(&model, &program);
	assert_ok(quire_vpage_free(&space.vs, hog));
	close_both(&space, &model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_takes_a_block_of_the_smallest_size_that_holds_it),
		cmocka_unit_test(a_full_bundle_spills_into_the_next_larger_one_and_counts_it),
		cmocka_unit_test(tables_of_any_size_order_and_number_serve_every_block),
		cmocka_unit_test(the_table_of_sof_takes_exactly_its_window),
		cmocka_unit_test(two_bundles_of_the_same_size_serve_like_one),
		cmocka_unit_test(a_spanning_heap_serves_what_no_single_block_holds),
		cmocka_unit_test(
			a_spanning_allocation_grows_into_free_neighbours_and_gives_them_back),
		cmocka_unit_test(a_span_takes_the_kind_that_gives_most_and_wastes_least),
		cmocka_unit_test(a_spanning_heap_keeps_every_promise_under_a_random_program),
		cmocka_unit_test(alignment_is_honoured_wherever_the_window_lies),
		cmocka_unit_test(any_free_block_with_the_alignment_is_found),
		cmocka_unit_test(what_asks_for_no_alignment_is_aligned_to_16_where_blocks_allow_it),
		cmocka_unit_test(a_range_takes_the_largest_block_when_none_holds_all_of_it),
		cmocka_unit_test(a_range_is_granted_in_whole_steps_above_its_minimum),
		cmocka_unit_test(a_range_is_clipped_by_what_is_left_of_memory),
		cmocka_unit_test(only_the_pages_that_a_size_needs_are_mapped),
		cmocka_unit_test(a_page_stays_mapped_while_any_of_its_neighbours_lives),
		cmocka_unit_test(every_usable_byte_can_be_written_whatever_was_asked_for),
		cmocka_unit_test(blocks_may_add_up_to_more_than_there_is_memory),
		cmocka_unit_test(a_block_grows_and_shrinks_in_place_by_mapping_and_unmapping),
		cmocka_unit_test(a_resized_range_is_at_best_its_block_and_at_least_its_minimum),
		cmocka_unit_test(a_request_for_its_own_pages_shares_none_and_is_paid_by_its_budget),
		cmocka_unit_test(own_pages_survive_a_random_program_among_shared_ones),
		cmocka_unit_test(own_pages_end_where_the_last_of_the_blocks_does_not),
		cmocka_unit_test(the_heaps_budget_pays_for_pages_that_are_shared),
		cmocka_unit_test(a_block_can_be_had_at_its_address_and_nowhere_else),
		cmocka_unit_test(iteration_shows_every_block_once_from_wherever_it_begins),
		cmocka_unit_test(a_heap_contains_its_window_and_nothing_else),
		cmocka_unit_test(statistics_say_what_happened),
		cmocka_unit_test(a_misuse_far_above_the_last_allocation_is_told_with_it),
		cmocka_unit_test(fragmentation_is_right_however_large_the_window),
		cmocka_unit_test(a_block_across_a_page_edge_needs_a_budget_for_both),
		cmocka_unit_test(a_heap_in_use_does_not_end_and_tells_who_is_left),
		cmocka_unit_test(events_tell_allocations_resizes_frees_and_failures),
		cmocka_unit_test(storage_of_the_size_that_is_told_suffices_and_less_is_refused),
		cmocka_unit_test(storage_can_be_a_static_array),
		cmocka_unit_test(impossible_tables_are_refused_and_nothing_is_taken),
		cmocka_unit_test(a_window_without_room_for_a_heap_is_refused),
		cmocka_unit_test(without_coherence_blocks_are_whole_cache_lines),
		cmocka_unit_test(without_coherence_memory_is_invalidated_when_it_comes_and_goes),
		cmocka_unit_test(either_alias_names_an_allocation),
		cmocka_unit_test(without_coherence_cached_storage_is_refused),
		cmocka_unit_test(a_table_keeps_every_promise_under_a_random_program),
		cmocka_unit_test(a_table_keeps_every_promise_when_memory_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
