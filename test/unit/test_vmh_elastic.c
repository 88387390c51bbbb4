/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Elastic heaps: any size at any place. Grants are clipped by budgets and then by addresses,
 * address space can be set aside, sizes change in place both ways, and exactly the pages are
 * mapped that live bytes touch. heap_model.h holds every call to the obvious answer.
 */
#include <string.h>

#include "support/heap_model.h"

#define PAGE ((size_t)4096)

static struct quire_vmh_config elastic(size_t window, size_t unit)
{
	return (struct quire_vmh_config){ .window = window, .unit = unit };
}

static void open_plain(struct test_space *space, struct heap_model *model, size_t window,
		       size_t unit)
{
	struct quire_vmh_config config = elastic(window, unit);

	test_space_init_plain(space, window / PAGE, window / PAGE);
	heap_model_open(model, space, &config);
}

static void close_both(struct test_space *space, struct heap_model *model)
{
	heap_model_close(model);
	test_space_fini(space);
}

static struct quire_vmh_stats heap_stats(struct quire_vmh *heap)
{
	struct quire_vmh_stats stats;

	quire_vmh_stats(heap, &stats);
	return stats;
}

/* ---- any size, any place --------------------------------------------------------------------- */

static void any_size_is_served_in_whole_units(void **state)
{
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, 256 * KIB, 0);
	for (size_t size = 1; size <= 256 * KIB; size += size / 5 + 1) {
		assert_non_null(heap_model_alloc(&model, size, 0));
		heap_model_alloc(&model, 256 * KIB - (size + 63) / 64 * 64, 0);
		heap_model_check(&model);
		heap_model_free_all(&model);
	}
	assert_null(heap_model_alloc(&model, 256 * KIB + 1, 0));
	close_both(&space, &model);
}

static void a_unit_may_be_a_byte_or_a_page(void **state)
{
	static const size_t units[] = { 1, 16, 128, 4096 };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(units); i++) {
		struct heap_program program = { units[i], 300, 13, 12, NULL };
		struct test_space space;
		struct heap_model model;

		open_plain(&space, &model, 64 * KIB, units[i]);
		for (size_t byte = 0; byte < 64; byte++)
			assert_int_equal(heap_model_alloc(&model, 1, 0) != NULL,
					 units[i] < PAGE || byte < 16);
		heap_model_check(&model);
		heap_model_free_all(&model);
		heap_model_run(&model, &program);
		close_both(&space, &model);
	}
}

static void alignment_is_honoured_wherever_the_window_lies(void **state)
{
	(void)state;
	for (size_t phase = 0; phase < 20; phase += 3) {
		struct test_space_config config = { .mmu = { .pages = 160, .phase = phase } };
		struct quire_vmh_config heap = elastic(160 * PAGE, 64);
		struct test_space space;
		struct heap_model model;

		test_space_init(&space, &config);
		heap_model_open(&model, &space, &heap);
		for (size_t align = 1; align <= 64 * KIB; align *= 2) {
			for (size_t size = 1; size <= 64 * KIB; size = size * 5 + 3)
				heap_model_alloc(&model, size, align);
			assert_true(model.count > 4);
			heap_model_check(&model);
			heap_model_free_all(&model);
		}
		close_both(&space, &model);
	}
}

static void a_window_is_not_bound_to_be_whole_pages(void **state)
{
	struct quire_vmh_config config = elastic(5000, 64);
	struct test_space space;
	struct test_heap on;
	void *ptr;

	(void)state;
	test_space_init_plain(&space, 4, 4);
	test_heap_init(&on, &space, &config);
	assert_true(heap_stats(&on.heap).window >= 5000);
	ptr = quire_vmh_alloc(&on.heap, 4992);
	assert_non_null(ptr);
	test_fill(ptr, 4992, 1);
	assert_ok(quire_vmh_free(&on.heap, ptr));
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* ---- ranges: budgets first, then addresses --------------------------------------------------- */

static void a_range_stops_where_the_guarantees_of_others_begin(void **state)
{
	struct quire_vmh_config config = elastic(256 * KIB, 64);
	struct quire_budget other = { 0 };
	struct quire_request range = { .size = 256 * KIB, .min = PAGE };
	struct quire_request theirs = { .size = 9 * PAGE, .budget = &other };
	struct test_space space;
	struct test_heap on;
	void *greedy, *guaranteed;

	(void)state;
	test_space_init_plain(&space, 64, 24);
	test_heap_init(&on, &space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &other, 9, 9));
	greedy = quire_vmh_request(&on.heap, &range);
	assert_int_equal(range.granted, 15 * PAGE);
	assert_null(quire_vmh_alloc(&on.heap, 1));
	assert_int_equal(heap_stats(&on.heap).refusals[-QUIRE_EBUDGET], 1);
	guaranteed = quire_vmh_request(&on.heap, &theirs);
	assert_non_null(guaranteed);
	assert_ok(quire_vmh_free(&on.heap, greedy));
	assert_ok(quire_vmh_free(&on.heap, guaranteed));
	assert_ok(quire_vspace_dismiss(&space.vs, &other));
	test_heap_fini(&on);
	test_space_fini(&space);
}

static void a_range_stops_at_the_limit_of_its_payer(void **state)
{
	struct quire_vmh_config config = elastic(256 * KIB, 64);
	struct quire_budget mine = { 0 };
	struct quire_request range = { .size = 256 * KIB, .min = PAGE, .budget = &mine };
	struct test_space space;
	struct test_heap on;
	void *ptr;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	test_heap_init(&on, &space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 2, 7));
	ptr = quire_vmh_request(&on.heap, &range);
	assert_int_equal(range.granted, 7 * PAGE);
	assert_int_equal(mine.used, 7);
	assert_null(quire_vmh_request(&on.heap, &range));
	assert_status(range.why, QUIRE_EBUDGET);
	assert_ok(quire_vmh_free(&on.heap, ptr));
	assert_ok(quire_vspace_dismiss(&space.vs, &mine));
	test_heap_fini(&on);
	test_space_fini(&space);
}

static void a_range_is_clipped_by_the_longest_run_of_addresses(void **state)
{
	struct quire_request range = { .size = 64 * KIB, .min = 1000, .step = 1000 };
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, 64 * KIB, 64);
	assert_non_null(quire_vmh_alloc_at(model.heap, model.base + 24 * KIB, 64));
	assert_non_null(quire_vmh_request(model.heap, &range));
	assert_true(range.granted > 35 * KIB && range.granted < 40 * KIB);
	assert_int_equal(range.granted % 1000, 0);
	assert_ok(quire_vmh_free(model.heap, model.base + 24 * KIB));
	assert_ok(quire_vmh_free(model.heap, model.base + 24 * KIB + 64));
	assert_int_equal(heap_stats(model.heap).allocations, 0);
	test_heap_fini(&model.on);
	heap_model_forget(&model);
	test_space_fini(&space);
}

static void a_range_within_shared_pages_costs_no_new_ones(void **state)
{
	struct quire_vmh_config config = elastic(64 * KIB, 64);
	struct test_space space;
	struct test_heap on;
	size_t granted;
	void *a, *b;

	(void)state;
	test_space_init_plain(&space, 16, 1);
	test_heap_init(&on, &space, &config);
	a = quire_vmh_alloc(&on.heap, 1000);
	b = quire_vmh_alloc_range(&on.heap, 64, 64 * KIB, &granted);
	assert_non_null(b);
	assert_int_equal(granted, PAGE - 1024);
	assert_int_equal(space.mmu.mapped, 1);
	test_fill(b, granted, 1);
	assert_ok(quire_vmh_free(&on.heap, a));
	assert_ok(quire_vmh_free(&on.heap, b));
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* ---- addresses set aside --------------------------------------------------------------------- */

/* Every second unit run of the window is live: nothing longer than `gap` bytes is free. */
static size_t fragment(struct quire_vmh *heap, unsigned char *live[], size_t most, size_t gap)
{
	size_t count = 0, kept = 0;

	while (count < most && (live[count] = quire_vmh_alloc(heap, gap)))
		count++;
	for (size_t i = 0; i < count; i++) {
		if (i % 2)
			assert_ok(quire_vmh_free(heap, live[i]));
		else
			live[kept++] = live[i];
	}
	return kept;
}

static void a_request_with_addresses_set_aside_succeeds_however_fragmented_the_heap(void **state)
{
	struct quire_vmh_config config = elastic(256 * KIB, 64);
	struct quire_budget mine = { 0 };
	struct test_space space;
	struct test_heap on;
	unsigned char *live[400];
	size_t kept;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	test_heap_init(&on, &space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 8, 8));
	assert_ok(quire_vmh_set_aside(&on.heap, &mine, 8 * PAGE, 0));
	kept = fragment(&on.heap, live, TEST_COUNT(live), 1024);
	assert_null(quire_vmh_alloc(&on.heap, 2048));
	for (size_t round = 0; round < 20; round++) {
		struct quire_request request = { .size = 8 * PAGE - round * 64, .budget = &mine };
		void *ptr;

		assert_true(quire_vmh_would_fit(&on.heap, &request) > 0);
		ptr = quire_vmh_request(&on.heap, &request);
		assert_non_null(ptr);
		test_fill(ptr, request.granted, 1);
		assert_null(quire_vmh_request(&on.heap, &request));
		assert_sound(quire_vmh_check(&on.heap));
		assert_ok(quire_vmh_free(&on.heap, ptr));
		assert_null(quire_vmh_alloc(&on.heap, 2048)); /* it is set aside again */
		assert_sound(quire_vmh_check(&on.heap));
		test_space_check(&space);
	}
	for (size_t i = 0; i < kept; i++)
		assert_ok(quire_vmh_free(&on.heap, live[i]));
	assert_ok(quire_vmh_set_aside(&on.heap, &mine, 0, 0));
	assert_int_equal(heap_stats(&on.heap).largest, 256 * KIB);
	assert_ok(quire_vspace_dismiss(&space.vs, &mine));
	test_heap_fini(&on);
	test_space_fini(&space);
}

static void addresses_set_aside_are_aligned_and_cost_no_memory(void **state)
{
	struct quire_vmh_config config = elastic(256 * KIB, 64);
	struct quire_budget mine = { 0 };
	struct quire_request request = { .size = 100, .align = 32 * KIB, .budget = &mine };
	struct test_space space;
	struct test_heap on;
	unsigned char *live[400];
	size_t kept;
	void *ptr;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	test_heap_init(&on, &space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 1, 1));
	assert_ok(quire_vmh_set_aside(&on.heap, &mine, 100, 32 * KIB));
	assert_int_equal(space.mmu.mapped, 0);
	assert_int_equal(heap_stats(&on.heap).allocations, 0);
	assert_int_equal(heap_stats(&on.heap).in_use, 0);
	kept = fragment(&on.heap, live, TEST_COUNT(live), 1024);
	ptr = quire_vmh_request(&on.heap, &request);
	assert_non_null(ptr);
	assert_int_equal((uintptr_t)ptr % (32 * KIB), 0);
	assert_ok(quire_vmh_free(&on.heap, ptr));
	for (size_t i = 0; i < kept; i++)
		assert_ok(quire_vmh_free(&on.heap, live[i]));
	test_heap_fini(&on); /* with addresses still set aside */
	assert_ok(quire_vspace_dismiss(&space.vs, &mine));
	test_space_fini(&space);
}

static void nobody_can_name_or_use_addresses_that_are_set_aside(void **state)
{
	struct quire_vmh_config config = elastic(4 * PAGE, 64);
	struct quire_budget mine = { 0 };
	struct quire_vmh_extent extent;
	struct test_space space;
	struct test_heap on;

	(void)state;
	test_space_init_plain(&space, 4, 4);
	test_heap_init(&on, &space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 4, 4));
	assert_ok(quire_vmh_set_aside(&on.heap, &mine, 4 * PAGE, 0));
	assert_null(quire_vmh_alloc(&on.heap, 1));
	assert_null(quire_vmh_alloc_at(&on.heap, space.mmu.window, 1));
	assert_status(quire_vmh_free(&on.heap, space.mmu.window), QUIRE_EFREE);
	assert_status(quire_vmh_resize(&on.heap, space.mmu.window, PAGE), QUIRE_EFREE);
	assert_int_equal(quire_vmh_usable_size(&on.heap, space.mmu.window), 0);
	assert_true(quire_vmh_next(&on.heap, NULL, &extent));
	assert_false(extent.live);
	assert_ok(quire_vmh_set_aside(&on.heap, &mine, 0, 0));
	assert_ok(quire_vspace_dismiss(&space.vs, &mine));
	test_heap_fini(&on);
	test_space_fini(&space);
}

static void a_refused_set_aside_keeps_what_was_set_aside_before(void **state)
{
	struct quire_vmh_config config = elastic(8 * PAGE, 64);
	struct quire_budget mine = { 0 }, stranger = { 0 };
	struct test_space space;
	struct test_heap on;
	size_t granted;
	void *rest;

	(void)state;
	test_space_init_plain(&space, 8, 8);
	test_heap_init(&on, &space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 2, 2));
	assert_ok(quire_vmh_set_aside(&on.heap, &mine, 2 * PAGE, 0));
	rest = quire_vmh_alloc_range(&on.heap, 1, 8 * PAGE, &granted);
	assert_int_equal(granted, 6 * PAGE);
	assert_status(quire_vmh_set_aside(&on.heap, &mine, 3 * PAGE, 0), QUIRE_ENOVIRT);
	assert_status(quire_vmh_set_aside(&on.heap, &mine, PAGE, 3), QUIRE_EINVAL);
	assert_status(quire_vmh_set_aside(&on.heap, &stranger, PAGE, 0), QUIRE_EINVAL);
	assert_null(quire_vmh_alloc(&on.heap, 1));
	assert_ok(quire_vmh_free(&on.heap, rest));
	assert_int_equal(heap_stats(&on.heap).free, 6 * PAGE);
	assert_ok(quire_vmh_set_aside(&on.heap, &mine, 0, 0));
	assert_ok(quire_vspace_dismiss(&space.vs, &mine));
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* ---- resize ---------------------------------------------------------------------------------- */

/* In use they are nobody's to set aside, and what asks for more than they are is refused. */
static void addresses_set_aside_can_be_changed_while_they_are_in_use(void **state)
{
	struct quire_vmh_config config = elastic(16 * PAGE, 64);
	struct quire_budget mine = { 0 };
	struct quire_request request = { .size = 2 * PAGE, .budget = &mine };
	struct quire_request aligned = { .size = 100, .align = 8 * PAGE, .budget = &mine };
	struct quire_request longer = { .size = 3 * PAGE, .budget = &mine };
	struct test_space space;
	struct test_heap on;
	size_t granted;
	void *low, *rest, *ptr;

	(void)state;
	test_space_init_plain(&space, 16, 64);
	test_heap_init(&on, &space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 0, QUIRE_NO_LIMIT));
	low = quire_vmh_alloc(&on.heap, PAGE);
	assert_ok(quire_vmh_set_aside(&on.heap, &mine, 2 * PAGE, 0));
	rest = quire_vmh_alloc_range(&on.heap, 1, 16 * PAGE, &granted);
	assert_int_equal(granted, 13 * PAGE);
	aligned.granted = 1;
	assert_int_equal(quire_vmh_would_fit(&on.heap, &aligned), 0);
	assert_int_equal(aligned.granted, 0);
	assert_null(quire_vmh_request(&on.heap, &aligned));
	aligned.align = 3;
	aligned.granted = 1;
	assert_int_equal(quire_vmh_would_fit(&on.heap, &aligned), 0);
	assert_status(aligned.why, QUIRE_EINVAL);
	assert_int_equal(aligned.granted, 0);
	assert_int_equal(quire_vmh_would_fit(&on.heap, &longer), 0);
	assert_null(quire_vmh_request(&on.heap, &longer));
	assert_int_equal(quire_vmh_would_fit(&on.heap, &request), 2 * PAGE);
	request.align = 1;
	assert_int_equal(quire_vmh_would_fit(&on.heap, &request), 2 * PAGE);
	ptr = quire_vmh_request(&on.heap, &request);
	assert_non_null(ptr);
	assert_int_equal(quire_vmh_would_fit(&on.heap, &request), 0);
	assert_null(quire_vmh_request(&on.heap, &request));
	assert_status(quire_vmh_set_aside(&on.heap, &mine, PAGE, 0), QUIRE_ENOVIRT);
	assert_ok(quire_vmh_free(&on.heap, ptr));
	assert_null(quire_vmh_alloc(&on.heap, 1)); /* set aside again */
	ptr = quire_vmh_request(&on.heap, &request);
	assert_non_null(ptr);
	assert_ok(quire_vmh_set_aside(&on.heap, &mine, 0, 0));
	assert_ok(quire_vmh_free(&on.heap, ptr));
	ptr = quire_vmh_alloc(&on.heap, 1); /* everybody's now */
	assert_non_null(ptr);
	assert_ok(quire_vmh_free(&on.heap, ptr));
	assert_ok(quire_vmh_free(&on.heap, rest));
	assert_ok(quire_vmh_free(&on.heap, low));
	assert_sound(quire_vmh_check(&on.heap));
	assert_ok(quire_vspace_dismiss(&space.vs, &mine));
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* What would fit is what a request gets: in the heap where they are, and as far as the budget goes. */
static void addresses_set_aside_are_offered_where_they_are_and_no_further_than_the_budget(
	void **state)
{
	struct quire_vmh_config config = elastic(8 * PAGE, 64);
	struct quire_budget mine = { 0 };
	struct quire_request exact = { .size = 2 * PAGE, .budget = &mine };
	struct quire_request least = { .size = 2 * PAGE, .min = PAGE, .budget = &mine };
	struct test_space space;
	struct test_heap here, there;
	size_t granted;
	void *rest[2], *ptr;

	(void)state;
	test_space_init_plain(&space, 32, 32);
	test_heap_init(&here, &space, &config);
	test_heap_init(&there, &space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 0, 1));
	assert_ok(quire_vmh_set_aside(&here.heap, &mine, 2 * PAGE, 0));
	rest[0] = quire_vmh_alloc_range(&here.heap, 1, 8 * PAGE, &granted);
	assert_int_equal(granted, 6 * PAGE);
	rest[1] = quire_vmh_alloc(&there.heap, 8 * PAGE);
	assert_non_null(rest[1]);

	assert_int_equal(quire_vmh_would_fit(&here.heap, &exact), 0);
	assert_null(quire_vmh_request(&here.heap, &exact));
	assert_int_equal(quire_vmh_would_fit(&there.heap, &least), 0);
	assert_null(quire_vmh_request(&there.heap, &least));
	assert_int_equal(quire_vmh_would_fit(&here.heap, &least), PAGE);
	ptr = quire_vmh_request(&here.heap, &least);
	assert_non_null(ptr);
	assert_int_equal(least.granted, PAGE);

	assert_ok(quire_vmh_free(&here.heap, ptr));
	assert_ok(quire_vmh_free(&here.heap, rest[0]));
	assert_ok(quire_vmh_free(&there.heap, rest[1]));
	assert_ok(quire_vmh_set_aside(&here.heap, &mine, 0, 0));
	assert_ok(quire_vspace_dismiss(&space.vs, &mine));
	test_heap_fini(&there);
	test_heap_fini(&here);
	test_space_fini(&space);
}

static void what_cannot_be_set_aside_is_refused_with_its_reason(void **state)
{
	static const struct quire_bundle bundle[] = { { PAGE, 4 } };
	struct quire_vmh_config config = elastic(4 * PAGE, 64);
	struct quire_vmh_config table = { .bundles = bundle, .bundle_count = 1 };
	struct quire_budget mine = { 0 };
	struct test_space space;
	struct test_heap on, blocks;
	unsigned char *was;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	test_heap_init(&on, &space, &config);
	test_heap_init(&blocks, &space, &table);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 0, QUIRE_NO_LIMIT));
	assert_status(quire_vmh_set_aside(&blocks.heap, &mine, PAGE, 0), QUIRE_EINVAL);
	assert_status(quire_vmh_set_aside(&on.heap, &mine, PAGE, 24), QUIRE_EINVAL);
	assert_status(quire_vmh_set_aside(&on.heap, &mine, PAGE, 3 * PAGE), QUIRE_EINVAL);
	assert_status(quire_vmh_set_aside(&on.heap, &mine, 5 * PAGE, 0), QUIRE_EINVAL);
	assert_status(quire_vmh_set_aside(&on.heap, &mine, PAGE, (SIZE_MAX >> 1) + 1),
		      QUIRE_ENOVIRT);
	assert_null(mine.aside_set);
	assert_ok(quire_vmh_set_aside(&on.heap, &mine, PAGE, 32)); /* a page's alignment then */
	was = heap_base(&on.heap) + mine.aside_start * 64;
	assert_ok(quire_vmh_set_aside(&on.heap, &mine, 0, 0));
	assert_ptr_equal(quire_vmh_alloc_at(&on.heap, was, 100), was); /* it is like any other */
	assert_ok(quire_vmh_free(&on.heap, was));
	test_heap_fini(&on);
	test_heap_fini(&blocks);
	test_space_fini(&space);
}

static struct quire_vmh *open_own(struct test_space *space, struct test_heap *on,
				  struct quire_budget *mine, size_t guaranteed, size_t frames)
{
	struct test_space_config space_config = { .mmu = { .pages = 16, .frames = frames },
						  .budgets = 2,
						  .retain = frames };
	struct quire_vmh_config config = elastic(8 * PAGE, 64);

	test_space_init(space, &space_config);
	assert_ok(quire_vspace_admit(&space->vs, mine, guaranteed, QUIRE_NO_LIMIT));
	config.budget = mine;
	test_heap_init(on, space, &config);
	return &on->heap;
}

static void close_own(struct test_space *space, struct test_heap *on, struct quire_budget *mine)
{
	test_heap_fini(on);
	assert_ok(quire_vspace_trim(&space->vs));
	assert_ok(quire_vspace_dismiss(&space->vs, mine));
	test_space_fini(space);
}

/* The heap's own budget has addresses set aside, and its pages stay mapped: nobody asks the driver. */
static void what_is_freed_quietly_is_set_aside_again(void **state)
{
	struct quire_budget mine = { 0 };
	struct test_space space;
	struct test_heap on;
	struct quire_vmh *heap = open_own(&space, &on, &mine, 0, 16);
	size_t granted;
	uint64_t calls;
	void *rest, *ptr;

	(void)state;
	assert_ok(quire_vmh_set_aside(heap, &mine, 2 * PAGE, 0));
	rest = quire_vmh_alloc_range(heap, 1, 16 * PAGE, &granted);
	assert_int_equal(granted, 6 * PAGE);
	for (int round = 0; round < 3; round++) {
		calls = space.mmu.calls[TEST_ANY];
		ptr = quire_vmh_alloc(heap, 2 * PAGE);
		assert_non_null(ptr);
		assert_int_equal(mine.aside_left, 0);
		assert_ok(quire_vmh_free(heap, ptr));
		assert_int_not_equal(mine.aside_left, 0);
		assert_int_equal(space.mmu.calls[TEST_ANY] - calls, round ? 0 : 1);
		test_heap_check(&on);
		test_space_check(&space);
	}
	assert_ok(quire_vmh_set_aside(heap, &mine, 0, 0));
	assert_ok(quire_vmh_free(heap, rest));
	close_own(&space, &on, &mine);
}

/* Promises count also where no driver is needed: one's own is used, and another's is not. */
static void a_retained_page_is_paid_for_like_any_other(void **state)
{
	struct quire_budget mine = { 0 }, other = { 0 };
	struct quire_request request = { .size = 64 };
	struct test_space space;
	struct test_heap on;
	struct quire_vmh *heap = open_own(&space, &on, &mine, 1, 4);
	void *ptr;

	(void)state;
	for (int round = 0; round < 2; round++) { /* the second time without the driver */
		ptr = quire_vmh_alloc(heap, 64);
		assert_non_null(ptr);
		assert_int_equal(test_space_stats(&space).promised, 0);
		assert_ok(quire_vmh_free(heap, ptr));
		assert_int_equal(test_space_stats(&space).promised, 1);
		test_space_check(&space);
	}
	assert_int_equal(space.mmu.calls[TEST_ANY], 1);
	assert_ok(quire_vspace_change(&space.vs, &mine, 0, QUIRE_NO_LIMIT));
	assert_ok(quire_vspace_admit(&space.vs, &other, 4, 4));
	assert_int_equal(test_space_stats(&space).retained, 1);
	assert_null(quire_vmh_request(heap, &request));
	assert_status(request.why, QUIRE_EBUDGET);
	test_space_check(&space);
	assert_ok(quire_vspace_dismiss(&space.vs, &other));
	ptr = quire_vmh_request(heap, &request);
	assert_non_null(ptr);
	assert_ok(quire_vmh_free(heap, ptr));
	close_own(&space, &on, &mine);
}

static void an_allocation_grows_into_its_neighbourhood_and_shrinks_again(void **state)
{
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, 64 * KIB, 64);
	heap_model_alloc(&model, 100, 0);
	for (size_t size = 1; size <= 64 * KIB; size += 1777) {
		assert_ok(heap_model_resize(&model, 0, size, size));
		heap_model_check(&model);
		assert_ok(heap_model_resize(&model, 0, size / 3 + 1, size / 3 + 1));
		heap_model_check(&model);
	}
	assert_status(heap_model_resize(&model, 0, 64 * KIB + 1, 64 * KIB + 1), QUIRE_ENOVIRT);
	close_both(&space, &model);
}

static void a_resized_range_takes_what_lies_before_its_neighbour(void **state)
{
	struct test_space space;
	struct heap_model model;
	unsigned char *first, *second;

	(void)state;
	open_plain(&space, &model, 64 * KIB, 64);
	first = heap_model_alloc(&model, 10 * KIB, 0);
	second = heap_model_alloc(&model, 64, 0);
	assert_ptr_equal(second, first + 10 * KIB);
	assert_ok(heap_model_resize(&model, 0, KIB, KIB));
	assert_ok(heap_model_resize(&model, 0, 2 * KIB, 60 * KIB));
	assert_int_equal(quire_vmh_usable_size(model.heap, first), 10 * KIB);
	assert_status(heap_model_resize(&model, 0, 11 * KIB, 60 * KIB), QUIRE_ENOVIRT);
	heap_model_check(&model);
	heap_model_free_ptr(&model, second);
	assert_ok(heap_model_resize(&model, 0, 64 * KIB, 64 * KIB));
	close_both(&space, &model);
}

static void growing_stops_where_memory_or_budget_ends(void **state)
{
	struct quire_vmh_config config = elastic(64 * KIB, 64);
	struct test_space space;
	struct test_heap on;
	size_t granted;
	void *ptr;

	(void)state;
	test_space_init_plain(&space, 16, 5);
	test_heap_init(&on, &space, &config);
	ptr = quire_vmh_alloc(&on.heap, PAGE);
	test_fill(ptr, PAGE, 1);
	assert_status(quire_vmh_resize(&on.heap, ptr, 6 * PAGE), QUIRE_ENOPHYS);
	assert_int_equal(quire_vmh_usable_size(&on.heap, ptr), PAGE);
	assert_int_equal(space.mmu.mapped, 1);
	assert_ok(quire_vmh_resize_range(&on.heap, ptr, 2 * PAGE, 16 * PAGE, &granted));
	assert_int_equal(granted, 5 * PAGE);
	test_assert_filled(ptr, PAGE, 1);
	assert_ok(quire_vmh_free(&on.heap, ptr));
	test_heap_fini(&on);
	test_space_fini(&space);
}

static void own_pages_grow_and_shrink_by_whole_pages(void **state)
{
	struct quire_budget mine = { 0 };
	struct quire_request request = { .size = 5000, .budget = &mine };
	struct test_space space;
	struct heap_model model;

	(void)state;
	open_plain(&space, &model, 64 * KIB, 64);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 0, 6));
	heap_model_alloc(&model, 100, 0);
	heap_model_request(&model, &request);
	heap_model_alloc(&model, 100, 0);
	assert_int_equal(mine.used, 2);
	assert_ok(heap_model_resize(&model, model.count - 1, 20000, 20000));
	assert_int_equal(mine.used, 5);
	heap_model_check(&model);
	assert_status(heap_model_resize(&model, model.count - 1, 30000, 30000), QUIRE_EBUDGET);
	assert_ok(heap_model_resize(&model, model.count - 1, 1, 1));
	assert_int_equal(mine.used, 1);
	heap_model_check(&model);
	heap_model_free_all(&model);
	assert_ok(quire_vspace_dismiss(&space.vs, &mine));
	close_both(&space, &model);
}

/* ---- pages ----------------------------------------------------------------------------------- */

static void pages_that_may_be_retained_are_used_again_without_the_driver(void **state)
{
	struct test_space_config space_config = { .mmu = { .pages = 16 }, .retain = 4 };
	struct quire_vmh_config config = elastic(64 * KIB, 64);
	struct test_space space;
	struct test_heap on;
	uint64_t calls;
	void *ptr;

	(void)state;
	test_space_init(&space, &space_config);
	test_heap_init(&on, &space, &config);
	ptr = quire_vmh_alloc(&on.heap, 4 * PAGE);
	assert_ok(quire_vmh_free(&on.heap, ptr));
	assert_int_equal(space.mmu.mapped, 4);
	assert_int_equal(heap_stats(&on.heap).mapped, 0);
	calls = space.mmu.calls[TEST_ANY];
	for (size_t round = 0; round < 10; round++) {
		ptr = quire_vmh_alloc(&on.heap, 4 * PAGE);
		test_fill(ptr, 4 * PAGE, 1);
		assert_ok(quire_vmh_free(&on.heap, ptr));
		test_heap_check(&on);
	}
	assert_true(space.mmu.calls[TEST_ANY] == calls);
	test_heap_fini(&on);
	test_space_fini(&space);
}

static void two_heaps_and_plain_pages_share_a_window_in_peace(void **state)
{
	struct quire_vmh_config config = elastic(64 * KIB, 64);
	struct heap_program program = { 1, 150, 13, 12, NULL };
	struct test_space space;
	struct heap_model one, two;
	unsigned char *pages;

	(void)state;
	test_space_init_plain(&space, 40, 40);
	heap_model_open(&one, &space, &config);
	pages = quire_vpage_alloc(&space.vs, 3, QUIRE_RW);
	heap_model_open(&two, &space, &config);
	test_fill(pages, 3 * PAGE, 1);
	for (size_t round = 0; round < 4; round++) {
		program.seed = round;
		heap_model_run(&one, &program);
		heap_model_run(&two, &program);
		heap_model_check(&one);
		heap_model_check_contents(&one);
		test_assert_filled(pages, 3 * PAGE, 1);
	}
	assert_ok(quire_vpage_free(&space.vs, pages));
	heap_model_close(&one);
	close_both(&space, &two);
}

/* The first unit of a window, and a page that others still hold: a second free changes nothing. */
static void the_first_run_of_a_window_is_freed_once(void **state)
{
	struct quire_vmh_config config = elastic(4 * PAGE, 64);
	struct test_space space;
	struct test_heap on;
	void *first, *second, *third;

	(void)state;
	test_space_init_plain(&space, 4, 4);
	test_heap_init(&on, &space, &config);
	first = quire_vmh_alloc(&on.heap, 64);
	assert_ptr_equal(first, heap_base(&on.heap));
	second = quire_vmh_alloc(&on.heap, 64);
	third = quire_vmh_alloc(&on.heap, 64);
	assert_ok(quire_vmh_free(&on.heap, first));
	assert_status(quire_vmh_free(&on.heap, first), QUIRE_EFREE);
	assert_sound(quire_vmh_check(&on.heap));
	assert_ok(quire_vmh_free(&on.heap, second));
	assert_ok(quire_vmh_free(&on.heap, third));
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* ---- storage and configuration --------------------------------------------------------------- */

static void storage_of_the_size_of_the_macro_suffices_and_less_is_refused(void **state)
{
	static const size_t windows[] = { 4096, 8192, 65536, 69632, 524288, 1048576 };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(windows); i++) {
		struct quire_vmh_config config = elastic(windows[i], 64);
		struct test_storage storage;
		struct test_space space;
		struct quire_vmh heap;

		test_space_init_plain(&space, windows[i] / PAGE, 1);
		config.storage_bytes = quire_vmh_storage_needed(&space.mmu.mmu, &config);
		assert_true(config.storage_bytes <= QUIRE_VMH_ELASTIC_STORAGE(windows[i], 64));
		test_storage_init(&storage, config.storage_bytes, &space.mmu);
		config.storage = storage.memory;
		config.storage_bytes--;
		assert_status(quire_vmh_init(&heap, &space.vs, &config), QUIRE_EINVAL);
		config.storage_bytes++;
		assert_ok(quire_vmh_init(&heap, &space.vs, &config));
		assert_ok(quire_vmh_fini(&heap));
		test_storage_fini(&storage);
		test_space_fini(&space);
	}
}

static void assert_refused(struct test_space *space, const struct quire_vmh_config *config,
			   int32_t why)
{
	static _Alignas(uintptr_t) unsigned char storage[QUIRE_VMH_ELASTIC_STORAGE(65536, 1)];
	struct quire_vmh_config filled = *config;
	struct quire_vmh heap;

	filled.storage = storage;
	filled.storage_bytes = sizeof(storage);
	assert_status(quire_vmh_init(&heap, &space->vs, &filled), why);
	test_space_check(space);
	assert_int_equal(test_space_stats(space).allocations, 0);
}

static void impossible_windows_and_units_are_refused(void **state)
{
	struct quire_vmh_config config = elastic(0, 64);
	struct test_space space;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	assert_refused(&space, &config, QUIRE_EINVAL);
	assert_int_equal(quire_vmh_storage_needed(&space.mmu.mmu, &config), 0);
	config = elastic(65536, 48);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = elastic(SIZE_MAX, 64);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = elastic(17 * PAGE, 4096);
	assert_refused(&space, &config, QUIRE_ENOVIRT);
	config = elastic(65536, 2 * PAGE); /* a unit of more than a page */
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = elastic((size_t)QUIRE_EXTENTS_MAX_UNITS * 64 + 1, 64);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = elastic(65536, 64);
	config.prot = QUIRE_WRITE | QUIRE_READ | QUIRE_EXEC;
	assert_refused(&space, &config, QUIRE_EINVAL);
	test_space_fini(&space);
}

/* A page counts its holders in 14 bits: there must not be more of them in it than that. */
static void units_that_are_too_small_for_a_page_are_refused(void **state)
{
	struct test_space_config space_config = { .mmu = { .pages = 4, .page_size = 32 * KIB } };
	static const struct quire_bundle bytes[] = { { 1, 100 } };
	struct quire_vmh_config config = elastic(64 * KIB, 1);
	struct test_space space;

	(void)state;
	test_space_init(&space, &space_config);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = (struct quire_vmh_config){ .bundles = bytes, .bundle_count = 1 };
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = elastic(64 * KIB, 4);
	assert_true(quire_vmh_storage_needed(&space.mmu.mmu, &config) > 0);
	test_space_fini(&space);
}

static void without_coherence_units_are_whole_cache_lines(void **state)
{
	struct test_space_config space_config = { .mmu = { .pages = 16, .not_coherent = true } };
	struct quire_vmh_config config = elastic(64 * KIB, 64);
	struct heap_program program = { 5, 600, 13, 12, NULL };
	struct test_space space;
	struct heap_model model;
	unsigned char *ptr;

	(void)state;
	test_space_init(&space, &space_config);
	heap_model_open(&model, &space, &config);
	heap_model_alloc(&model, 64, 0);
	test_mmu_forget(&space.mmu);
	ptr = heap_model_alloc(&model, 1000, 0);
	assert_true(test_mmu_invalidated(&space.mmu, ptr, 1024));
	test_mmu_forget(&space.mmu);
	heap_model_free_ptr(&model, ptr);
	assert_true(test_mmu_invalidated(&space.mmu, ptr, 1024));
	heap_model_run(&model, &program);
	assert_int_equal(atomic_load(&space.mmu.partial_lines), 0);
	close_both(&space, &model);
}

/* ---- everything at once ---------------------------------------------------------------------- */

static void an_elastic_heap_keeps_every_promise_under_a_random_program(void **state)
{
	(void)state;
	for (uint64_t seed = 40; seed < 44; seed++) {
		size_t page = (size_t)512 << (seed % 4);
		struct test_space_config space_config = {
			.mmu = { .pages = 128 * KIB / page, .page_size = page, .phase = 5 },
			.budgets = 1,
		};
		struct quire_vmh_config config = elastic(128 * KIB, 64);
		struct quire_budget other = { 0 };
		struct heap_program program = { seed, 1200, 14, 14, &other };
		struct test_space space;
		struct heap_model model;

		test_space_init(&space, &space_config);
		heap_model_open(&model, &space, &config);
		assert_ok(quire_vspace_admit(&space.vs, &other, 3, 20));
		heap_model_run(&model, &program);
		heap_model_free_all(&model);
		assert_ok(quire_vspace_dismiss(&space.vs, &other));
		close_both(&space, &model);
	}
}

static void an_elastic_heap_keeps_every_promise_when_memory_is_short(void **state)
{
	struct quire_vmh_config config = elastic(256 * KIB, 64);
	struct heap_program program = { 51, 1500, 15, 14, NULL };
	struct test_space space;
	struct heap_model model;

	(void)state;
	test_space_init_plain(&space, 64, 11);
	heap_model_open(&model, &space, &config);
	heap_model_run(&model, &program);
	close_both(&space, &model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_size_is_served_in_whole_units),
		cmocka_unit_test(a_unit_may_be_a_byte_or_a_page),
		cmocka_unit_test(alignment_is_honoured_wherever_the_window_lies),
		cmocka_unit_test(a_window_is_not_bound_to_be_whole_pages),
		cmocka_unit_test(a_range_stops_where_the_guarantees_of_others_begin),
		cmocka_unit_test(a_range_stops_at_the_limit_of_its_payer),
		cmocka_unit_test(a_range_is_clipped_by_the_longest_run_of_addresses),
		cmocka_unit_test(a_range_within_shared_pages_costs_no_new_ones),
		cmocka_unit_test(
			a_request_with_addresses_set_aside_succeeds_however_fragmented_the_heap),
		cmocka_unit_test(addresses_set_aside_are_aligned_and_cost_no_memory),
		cmocka_unit_test(nobody_can_name_or_use_addresses_that_are_set_aside),
		cmocka_unit_test(a_refused_set_aside_keeps_what_was_set_aside_before),
		cmocka_unit_test(addresses_set_aside_can_be_changed_while_they_are_in_use),
		cmocka_unit_test(
			addresses_set_aside_are_offered_where_they_are_and_no_further_than_the_budget),
		cmocka_unit_test(what_cannot_be_set_aside_is_refused_with_its_reason),
		cmocka_unit_test(what_is_freed_quietly_is_set_aside_again),
		cmocka_unit_test(a_retained_page_is_paid_for_like_any_other),
		cmocka_unit_test(an_allocation_grows_into_its_neighbourhood_and_shrinks_again),
		cmocka_unit_test(a_resized_range_takes_what_lies_before_its_neighbour),
		cmocka_unit_test(growing_stops_where_memory_or_budget_ends),
		cmocka_unit_test(own_pages_grow_and_shrink_by_whole_pages),
		cmocka_unit_test(pages_that_may_be_retained_are_used_again_without_the_driver),
		cmocka_unit_test(two_heaps_and_plain_pages_share_a_window_in_peace),
		cmocka_unit_test(the_first_run_of_a_window_is_freed_once),
		cmocka_unit_test(storage_of_the_size_of_the_macro_suffices_and_less_is_refused),
		cmocka_unit_test(impossible_windows_and_units_are_refused),
		cmocka_unit_test(units_that_are_too_small_for_a_page_are_refused),
		cmocka_unit_test(without_coherence_units_are_whole_cache_lines),
		cmocka_unit_test(an_elastic_heap_keeps_every_promise_under_a_random_program),
		cmocka_unit_test(an_elastic_heap_keeps_every_promise_when_memory_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
