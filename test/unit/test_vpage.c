/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vpage: every call of quire/vpage.h on the model driver, which holds the library to the driver's
 * contract while these tests hold it to its own. Failing drivers are in fault/test_vpage_fault.c,
 * threads in race/test_threads.c, random programs at the end of this file.
 */
#include <string.h>

#include "support/random.h"
#include "support/space.h"
#include "support/touch.h"

/* A count of pages whose low 32 bits are small; where a size has no more bits, just a huge one. */
#define BEYOND_32_BITS (SIZE_MAX > UINT32_MAX ? (size_t)(UINT64_MAX >> 31) + 1 : SIZE_MAX / 2)

#define PAGE  ((size_t)4096)
#define PAGES ((size_t)64)

static struct quire_vspace *open_plain(struct test_space *space)
{
	test_space_init_plain(space, PAGES, PAGES);
	return &space->vs;
}

static void *must_alloc(struct quire_vspace *vs, size_t pages)
{
	void *ptr = quire_vpage_alloc(vs, pages, QUIRE_RW);

	assert_non_null(ptr);
	return ptr;
}

static void must_refuse(struct test_space *space, void *ptr, int32_t why)
{
	assert_null(ptr);
	assert_status(test_observer_last(&space->observer, QUIRE_EVENT_FAIL).why, why);
}

static size_t held(struct test_space *space)
{
	return test_space_stats(space).held;
}

/* ---- making a vspace ------------------------------------------------------------------------- */

struct draft {
	struct test_mmu model;
	struct test_storage storage;
	struct quire_vspace vs;
	struct quire_vspace_config config;
};

static void begin_draft(struct draft *draft, const struct test_mmu_config *config)
{
	size_t bytes = QUIRE_VSPACE_STORAGE(config->pages, 2);

	test_mmu_init(&draft->model, config);
	test_storage_init(&draft->storage, bytes, &draft->model);
	draft->config = (struct quire_vspace_config){
		.mmu = &draft->model.mmu,
		.base = draft->model.window,
		.pages = config->pages,
		.budgets = 2,
		.storage = draft->storage.memory,
		.storage_bytes = bytes,
	};
}

static void end_draft(struct draft *draft)
{
	assert_ok(quire_vspace_init(&draft->vs, &draft->config));
	assert_sound(quire_vspace_check(&draft->vs));
	assert_ok(quire_vspace_fini(&draft->vs));
	test_storage_fini(&draft->storage);
	test_mmu_fini(&draft->model);
}

static void refused(struct draft *draft, const struct quire_vspace_config *config)
{
	assert_status(quire_vspace_init(&draft->vs, config), QUIRE_EINVAL);
}

#define REFUSED_WITH(draft, member, value)                            \
	do {                                                          \
		struct quire_vspace_config altered = (draft)->config; \
                                                                      \
		altered.member = (value);                             \
		refused((draft), &altered);                           \
	} while (0)

static void impossible_configurations_are_refused(void **state)
{
	struct test_mmu_config config = { .pages = 8 };
	struct draft draft;
	unsigned char *base, *storage;

	(void)state;
	begin_draft(&draft, &config);
	base = draft.config.base;
	storage = draft.config.storage;
	REFUSED_WITH(&draft, mmu, NULL);
	REFUSED_WITH(&draft, base, base + 64);
	REFUSED_WITH(&draft, pages, 0);
	REFUSED_WITH(&draft, pages, (size_t)QUIRE_EXTENTS_MAX_UNITS + 1);
	REFUSED_WITH(&draft, pages, SIZE_MAX);
	REFUSED_WITH(&draft, budgets, QUIRE_BUDGETS_MAX);
	REFUSED_WITH(&draft, budgets, SIZE_MAX);
	REFUSED_WITH(&draft, storage, NULL);
	REFUSED_WITH(&draft, storage, storage + 1);
	REFUSED_WITH(&draft, storage_bytes,
		     quire_extents_storage((uint32_t)draft.config.pages, QUIRE_EXACT) - 1);
	draft.model.mmu.unmap = NULL;
	refused(&draft, &draft.config);
	draft.model.mmu = (struct quire_mmu){ 0 };
	refused(&draft, &draft.config);
	test_storage_fini(&draft.storage);
	test_mmu_discard(&draft.model);
}

/* An id is a byte, and the vspace's own budget has one too. */
static void a_vspace_has_room_for_254_budgets(void **state)
{
	static _Alignas(
		uintptr_t) unsigned char storage[QUIRE_VSPACE_STORAGE(8, QUIRE_BUDGETS_MAX)];
	static struct quire_budget budget[QUIRE_BUDGETS_MAX];
	struct test_mmu_config config = { .pages = 8 };
	struct draft draft;

	(void)state;
	begin_draft(&draft, &config);
	draft.config.storage = storage;
	draft.config.storage_bytes = sizeof(storage);
	REFUSED_WITH(&draft, budgets, QUIRE_BUDGETS_MAX);
	draft.config.budgets = QUIRE_BUDGETS_MAX - 1;
	assert_ok(quire_vspace_init(&draft.vs, &draft.config));
	for (size_t i = 0; i + 1 < QUIRE_BUDGETS_MAX; i++)
		assert_ok(quire_vspace_admit(&draft.vs, &budget[i], 0, QUIRE_NO_LIMIT));
	assert_status(quire_vspace_admit(&draft.vs, &budget[QUIRE_BUDGETS_MAX - 1], 0, 1),
		      QUIRE_EBUSY);
	assert_sound(quire_vspace_check(&draft.vs));
	end_draft(&draft);
}

/* A window computed by unsigned subtraction once wrapped around on a small board. */
static void a_window_that_wraps_around_is_refused(void **state)
{
	struct test_mmu_config config = { .pages = 8 };
	struct draft draft;

	(void)state;
	begin_draft(&draft, &config);
	for (size_t pages = 1; pages < 8; pages++)
		REFUSED_WITH(&draft, base, (void *)(0 - pages * PAGE));
	/* One behind it would be zero, where iteration begins. */
	REFUSED_WITH(&draft, base, (void *)(0 - 8 * PAGE));
	REFUSED_WITH(&draft, base, NULL);
	end_draft(&draft);
}

static void records_in_cached_memory_are_refused_where_cores_are_not_coherent(void **state)
{
	struct test_mmu_config config = { .pages = 8, .not_coherent = true };
	_Alignas(uintptr_t) unsigned char cached[QUIRE_VSPACE_STORAGE(8, 2)];
	struct draft draft;

	(void)state;
	begin_draft(&draft, &config);
	REFUSED_WITH(&draft, storage, cached);
	end_draft(&draft);
}

static void the_storage_that_the_macro_names_is_enough(void **state)
{
	(void)state;
	for (size_t pages = 1; pages <= 140; pages++) {
		struct test_space_config config = { .mmu = { .pages = pages, .page_size = 64 },
						    .budgets = pages % 5 };
		struct test_space space;

		test_space_init(&space, &config);
		for (size_t page = 0; page < pages; page++)
			must_alloc(&space.vs, 1);
		test_space_check(&space);
		for (size_t page = 0; page < pages; page++)
			assert_ok(quire_vpage_free(&space.vs, test_space_page(&space, page)));
		test_space_fini(&space);
	}
}

/* The least storage that is accepted, to the byte: nothing is written behind it. */
static void the_least_storage_that_is_accepted_is_enough(void **state)
{
	(void)state;
	for (size_t pages = 1; pages <= 140; pages++) {
		struct test_mmu_config config = { .pages = pages, .page_size = 64 };
		struct draft draft;
		struct test_storage tight;
		void *ptr;

		begin_draft(&draft, &config);
		while (quire_vspace_init(&draft.vs, &draft.config) == QUIRE_OK)
			draft.config.storage_bytes--;
		draft.config.storage_bytes++;
		test_storage_init(&tight, draft.config.storage_bytes, NULL);
		draft.config.storage = tight.memory;
		assert_ok(quire_vspace_init(&draft.vs, &draft.config));
		ptr = must_alloc(&draft.vs, pages);
		assert_sound(quire_vspace_check(&draft.vs));
		assert_ok(quire_vpage_free(&draft.vs, ptr));
		end_draft(&draft);
		test_storage_fini(&tight);
	}
}

/* What a user says that there is counts, whatever the driver says. */
static void fewer_physical_pages_than_the_driver_has_can_be_named(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 16, .frames = 16 },
					    .physical_pages = 5 };
	struct test_space space;
	void *ptr;

	(void)state;
	test_space_init(&space, &config);
	assert_int_equal(test_space_stats(&space).physical, 5);
	must_refuse(&space, quire_vpage_alloc(&space.vs, 6, QUIRE_RW), QUIRE_ENOPHYS);
	ptr = must_alloc(&space.vs, 5);
	must_refuse(&space, quire_vpage_alloc(&space.vs, 1, QUIRE_RW), QUIRE_ENOPHYS);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

static void a_vspace_in_use_does_not_end(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 };
	struct test_snapshot before;
	void *ptr = must_alloc(vs, 1);

	(void)state;
	assert_ok(quire_vspace_admit(vs, &budget, 2, 4));
	assert_ok(quire_vpage_set_aside(vs, &budget, 4));
	test_snapshot_take(&before, &space);
	assert_status(quire_vspace_fini(vs), QUIRE_EBUSY);
	test_snapshot_compare(&before, &space);
	test_snapshot_free(&before);
	assert_ok(quire_vpage_free(vs, ptr));
	assert_ok(quire_vpage_set_aside(vs, &budget, 0));
	test_space_fini(&space);
}

/* ---- allocating ------------------------------------------------------------------------------ */

static void use_pages_of(size_t page_size)
{
	struct test_space_config config = { .mmu = { .pages = 40, .page_size = page_size } };
	struct test_space space;
	unsigned char *first, *second;

	test_space_init(&space, &config);
	first = must_alloc(&space.vs, 3);
	second = must_alloc(&space.vs, 5);
	test_fill(first, 3 * page_size, 1);
	test_fill(second, 5 * page_size, 2);
	test_assert_filled(first, 3 * page_size, 1);
	assert_int_equal(space.mmu.mapped, 8);
	assert_int_equal(quire_vpage_size(&space.vs, second), 5);
	assert_ok(quire_vpage_free(&space.vs, first));
	test_assert_filled(second, 5 * page_size, 2);
	assert_int_equal(space.mmu.mapped, 5);
	assert_ok(quire_vpage_free(&space.vs, second));
	test_space_fini(&space);
}

static void pages_of_any_size_are_served(void **state)
{
	(void)state;
	for (size_t page_size = 64; page_size <= 65536; page_size *= 2)
		use_pages_of(page_size);
}

static void memory_is_mapped_while_it_is_owned_and_no_longer(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr;

	(void)state;
	assert_int_equal(space.mmu.calls[TEST_MAP], 0);
	ptr = must_alloc(vs, 2);
	assert_false(test_write_faults(ptr));
	assert_false(test_write_faults(ptr + 2 * PAGE - 1));
	assert_true(test_read_faults(ptr + 2 * PAGE));
	assert_true(quire_vspace_is_mapped(vs, ptr + 2 * PAGE - 1));
	assert_false(quire_vspace_is_mapped(vs, ptr + 2 * PAGE));
	assert_int_equal(test_mmu_prot(&space.mmu, ptr), QUIRE_RW);
	assert_ok(quire_vpage_free(vs, ptr));
	assert_true(test_read_faults(ptr));
	assert_false(quire_vspace_is_mapped(vs, ptr));
	test_space_fini(&space);
}

static void bad_sizes_are_refused(void **state)
{
	static const size_t sizes[] = {
		0, SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / PAGE + 1, SIZE_MAX / PAGE + 2, (size_t)1 << 31
	};
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct test_snapshot before;

	(void)state;
	test_snapshot_take(&before, &space);
	for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
		assert_null(quire_vpage_alloc(vs, sizes[i], QUIRE_RW));
		assert_null(quire_vpage_reserve(vs, sizes[i]));
		assert_null(
			quire_vpage_alloc_at(vs, test_space_page(&space, 3), sizes[i], QUIRE_RW));
		if (sizes[i])
			assert_status(quire_vpage_set_aside(vs, &vs->common, sizes[i]),
				      QUIRE_ENOVIRT);
		test_snapshot_compare(&before, &space);
	}
	test_snapshot_free(&before);
	test_space_fini(&space);
}

static const struct quire_request bad_requests[] = {
	{ .size = 0 },
	{ .size = 0, .min = 10 },
	{ .size = PAGE, .min = 2 * PAGE },
	{ .size = PAGE, .align = 3 },
	{ .size = PAGE, .align = 3 * PAGE },
	{ .size = PAGE, .align = SIZE_MAX },
	{ .size = SIZE_MAX },
	{ .size = SIZE_MAX - PAGE + 2, .min = 1 },
	{ .size = PAGE, .flags = 0x80000000u },
};

static void bad_requests_are_refused(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct test_snapshot before;

	(void)state;
	test_snapshot_take(&before, &space);
	for (size_t i = 0; i < TEST_COUNT(bad_requests); i++) {
		struct quire_request request = bad_requests[i];

		request.granted = 99;
		assert_null(quire_vpage_request(vs, &request, QUIRE_RW));
		assert_status(request.why, QUIRE_EINVAL);
		assert_int_equal(request.granted, 0);
		assert_int_equal(quire_vpage_would_fit(vs, &request), 0);
		assert_status(request.why, QUIRE_EINVAL);
		test_snapshot_compare(&before, &space);
	}
	test_snapshot_free(&before);
	test_space_fini(&space);
}

static void sizes_are_rounded_up_to_pages(void **state)
{
	static const struct {
		size_t bytes, pages;
	} sizes[] = { { 1, 1 }, { PAGE - 1, 1 }, { PAGE, 1 }, { PAGE + 1, 2 }, { 10 * PAGE, 10 } };
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
		struct quire_request request = { .size = sizes[i].bytes, .tag = 17 };
		void *ptr = quire_vpage_request(vs, &request, QUIRE_RW);

		assert_non_null(ptr);
		assert_ok(request.why);
		assert_int_equal(request.granted, sizes[i].pages * PAGE);
		assert_int_equal(quire_vpage_size(vs, ptr), sizes[i].pages);
		assert_int_equal(held(&space), sizes[i].pages);
		assert_ok(quire_vpage_free(vs, ptr));
	}
	test_space_fini(&space);
}

static void an_alignment_beyond_a_page_counts_from_zero(void **state)
{
	(void)state;
	for (size_t phase = 0; phase < 16; phase += 3) {
		struct test_space_config config = { .mmu = { .pages = PAGES, .phase = phase } };
		struct test_space space;

		test_space_init(&space, &config);
		for (size_t align = 1; align <= 32 * PAGE; align *= 2) {
			struct quire_request request = { .size = 2 * PAGE, .align = align };
			void *ptr = quire_vpage_request(&space.vs, &request, QUIRE_RW);

			assert_non_null(ptr);
			assert_int_equal((uintptr_t)ptr % align, 0);
			assert_ok(quire_vpage_free(&space.vs, ptr));
		}
		test_space_fini(&space);
	}
}

static void a_fixed_address_is_given_if_it_is_free(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *page = test_space_page(&space, 10);

	(void)state;
	assert_ptr_equal(quire_vpage_alloc_at(vs, page, 4, QUIRE_RW), page);
	must_refuse(&space, quire_vpage_alloc_at(vs, page, 4, QUIRE_RW), QUIRE_ENOVIRT);
	must_refuse(&space, quire_vpage_alloc_at(vs, page + 3 * PAGE, 1, QUIRE_RW), QUIRE_ENOVIRT);
	must_refuse(&space, quire_vpage_alloc_at(vs, page - PAGE, 2, QUIRE_RW), QUIRE_ENOVIRT);
	assert_null(quire_vpage_alloc_at(vs, page + 8 * PAGE + 1, 1, QUIRE_RW));
	assert_null(quire_vpage_alloc_at(vs, test_space_page(&space, PAGES), 1, QUIRE_RW));
	assert_null(quire_vpage_alloc_at(vs, test_space_page(&space, PAGES - 1), 2, QUIRE_RW));
	assert_null(quire_vpage_alloc_at(vs, test_space_page(&space, 0) - PAGE, 1, QUIRE_RW));
	assert_null(quire_vpage_alloc_at(vs, NULL, 1, QUIRE_RW));
	assert_int_equal(held(&space), 4);
	assert_ok(quire_vpage_free(vs, page));
	assert_ptr_equal(quire_vpage_alloc_at(vs, test_space_page(&space, 0), PAGES, QUIRE_RX),
			 test_space_page(&space, 0));
	assert_int_equal(test_mmu_prot(&space.mmu, page), QUIRE_RX);
	assert_ok(quire_vpage_free(vs, test_space_page(&space, 0)));
	test_space_fini(&space);
}

/* ---- reasons --------------------------------------------------------------------------------- */

static void each_shortage_has_its_own_reason(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 32, .frames = 16 }, .budgets = 2 };
	struct quire_budget small = { 0 }, other = { 0 };
	struct quire_request request = { .size = 5 * PAGE, .budget = &small };
	struct test_space space;
	void *window;

	(void)state;
	test_space_init(&space, &config);
	must_refuse(&space, quire_vpage_alloc(&space.vs, 17, QUIRE_RW), QUIRE_ENOPHYS);
	assert_ok(quire_vspace_admit(&space.vs, &small, 0, 4));
	assert_null(quire_vpage_request(&space.vs, &request, QUIRE_RW));
	assert_status(request.why, QUIRE_EBUDGET);
	assert_ok(quire_vspace_admit(&space.vs, &other, 6, QUIRE_NO_LIMIT));
	must_refuse(&space, quire_vpage_alloc(&space.vs, 11, QUIRE_RW), QUIRE_EBUDGET);
	window = quire_vpage_reserve(&space.vs, 30);
	assert_non_null(window);
	must_refuse(&space, quire_vpage_alloc(&space.vs, 3, QUIRE_RW), QUIRE_ENOVIRT);
	assert_int_equal(test_space_stats(&space).refusals[-QUIRE_ENOVIRT], 1);
	assert_int_equal(test_space_stats(&space).refusals[-QUIRE_ENOPHYS], 1);
	assert_int_equal(test_space_stats(&space).refusals[-QUIRE_EBUDGET], 2);
	assert_int_equal(test_space_stats(&space).misuses, 0);
	assert_ok(quire_vpage_free(&space.vs, window));
	test_space_fini(&space);
}

static void a_supply_of_unknown_size_is_found_out_by_mapping(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 32, .frames = 10, .unknown = true },
					    .budgets = 1 };
	struct quire_budget budget = { 0 };
	struct test_space space;
	struct test_snapshot before;
	void *ptr;

	(void)state;
	test_space_init(&space, &config);
	assert_true(test_space_stats(&space).physical == QUIRE_UNKNOWN);
	assert_status(quire_vspace_admit(&space.vs, &budget, 1, 4), QUIRE_EINVAL);
	ptr = must_alloc(&space.vs, 7);
	test_snapshot_take(&before, &space);
	must_refuse(&space, quire_vpage_alloc(&space.vs, 4, QUIRE_RW), QUIRE_ENOPHYS);
	test_snapshot_compare(&before, &space);
	test_snapshot_free(&before);
	assert_ok(quire_vpage_resize(&space.vs, ptr, 10));
	assert_status(quire_vpage_resize(&space.vs, ptr, 11), QUIRE_ENOPHYS);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

static void frames_that_others_took_are_missed_cleanly(void **state)
{
	struct test_space_config config = {
		.mmu = { .pages = 32, .frames = 20, .shared_frames = true }, .budgets = 1
	};
	struct quire_budget budget = { 0 };
	struct test_space space;
	void *ptr;

	(void)state;
	test_space_init(&space, &config);
	assert_status(quire_vspace_admit(&space.vs, &budget, 1, 4), QUIRE_EBUDGET);
	assert_ok(quire_vspace_admit(&space.vs, &budget, 0, 4));
	test_mmu_take_frames(&space.mmu, 15);
	must_refuse(&space, quire_vpage_alloc(&space.vs, 6, QUIRE_RW), QUIRE_ENOPHYS);
	ptr = must_alloc(&space.vs, 5);
	test_mmu_give_frames(&space.mmu, 15);
	assert_ok(quire_vpage_resize(&space.vs, ptr, 20));
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

/* ---- ranges ---------------------------------------------------------------------------------- */

static size_t take_range(struct test_space *space, struct quire_budget *budget, size_t min,
			 size_t size, size_t step, void **ptr)
{
	struct quire_request request = {
		.size = size * PAGE, .min = min * PAGE, .step = step * PAGE, .budget = budget
	};
	struct quire_request asked = request;
	size_t foretold = quire_vpage_would_fit(&space->vs, &asked);
	int32_t why = asked.why;

	*ptr = quire_vpage_request(&space->vs, &request, QUIRE_RW);
	assert_int_equal(foretold, request.granted);
	assert_status(request.why, why);
	assert_int_equal(*ptr != NULL, request.granted != 0);
	assert_int_equal(quire_vpage_size(&space->vs, *ptr), request.granted / PAGE);
	return request.granted / PAGE;
}

/* 96 KiB, two requests of 16 ... 128 KiB, 16 KiB guaranteed to each: 80 and 16. */
static void a_greedy_range_stops_where_the_guarantees_of_others_begin(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 256, .frames = 24 }, .budgets = 2 };
	struct quire_budget first = { 0 }, second = { 0 };
	struct test_space space;
	void *a, *b;

	(void)state;
	test_space_init(&space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &first, 4, QUIRE_NO_LIMIT));
	assert_ok(quire_vspace_admit(&space.vs, &second, 4, QUIRE_NO_LIMIT));
	assert_int_equal(test_space_stats(&space).promised, 8);
	assert_int_equal(take_range(&space, &first, 4, 32, 1, &a), 20);
	assert_int_equal(take_range(&space, &second, 4, 32, 1, &b), 4);
	assert_int_equal(first.used, 20);
	assert_int_equal(second.used, 4);
	assert_int_equal(test_space_stats(&space).promised, 0);
	assert_ok(quire_vpage_free(&space.vs, a));
	assert_ok(quire_vpage_free(&space.vs, b));
	test_space_fini(&space);
}

static void a_range_is_clipped_by_addresses_too(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	void *a, *b, *c;
	void *wall = quire_vpage_alloc_at(vs, test_space_page(&space, 30), 1, QUIRE_RW);

	(void)state;
	assert_int_equal(take_range(&space, NULL, 4, 60, 3, &a), 31); /* 4 + 9 * 3 of 33 pages */
	assert_int_equal(take_range(&space, NULL, 4, 60, 0, &b), 30);
	assert_int_equal(take_range(&space, NULL, 3, 60, 1, &c), 0);
	assert_int_equal(take_range(&space, NULL, 2, 60, 5, &c), 2);
	assert_ok(quire_vpage_free(vs, a));
	assert_ok(quire_vpage_free(vs, b));
	assert_ok(quire_vpage_free(vs, c));
	assert_ok(quire_vpage_free(vs, wall));
	test_space_fini(&space);
}

/* A limit that fell below what is used only stops growth. */
static void a_budget_above_its_limit_gets_nothing_more(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 };
	struct quire_request request = { .size = 5 * PAGE, .budget = &budget };
	void *ptr;

	(void)state;
	assert_ok(quire_vspace_admit(vs, &budget, 0, 10));
	ptr = quire_vpage_request(vs, &request, QUIRE_RW);
	assert_non_null(ptr);
	assert_ok(quire_vspace_change(vs, &budget, 0, 2));
	request.size = PAGE;
	assert_null(quire_vpage_request(vs, &request, QUIRE_RW));
	assert_status(request.why, QUIRE_EBUDGET);
	assert_ok(quire_vpage_free(vs, ptr));
	ptr = quire_vpage_request(vs, &request, QUIRE_RW);
	assert_non_null(ptr);
	request.budget = NULL;
	request.align = 2 * PAGES * PAGE; /* beyond the window */
	assert_null(quire_vpage_request(vs, &request, QUIRE_RW));
	assert_status(request.why, QUIRE_ENOVIRT);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

static void a_limit_clips_a_range(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 };
	void *a, *b;

	(void)state;
	assert_ok(quire_vspace_admit(vs, &budget, 0, 10));
	assert_int_equal(take_range(&space, &budget, 1, 60, 4, &a), 9);
	assert_int_equal(take_range(&space, &budget, 2, 60, 4, &b), 0);
	assert_int_equal(take_range(&space, &budget, 1, 60, 4, &b), 1);
	assert_ok(quire_vpage_free(vs, a));
	assert_ok(quire_vpage_free(vs, b));
	test_space_fini(&space);
}

/* ---- guards ---------------------------------------------------------------------------------- */

static void *alloc_guarded(struct test_space *space, size_t pages)
{
	struct quire_request request = { .size = pages * PAGE, .flags = QUIRE_GUARD };

	return quire_vpage_request(&space->vs, &request, QUIRE_RW);
}

static void an_overrun_meets_the_guard_page(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = alloc_guarded(&space, 3);
	size_t pages = 0;

	(void)state;
	assert_non_null(ptr);
	assert_int_equal(quire_vpage_size(vs, ptr), 3);
	assert_ptr_equal(quire_vpage_owner(vs, ptr + PAGE, &pages), ptr);
	assert_int_equal(pages, 3);
	assert_int_equal(held(&space), 3);
	assert_false(test_write_faults(ptr + 3 * PAGE - 1));
	assert_true(test_write_faults(ptr + 3 * PAGE));
	must_refuse(&space, quire_vpage_alloc_at(vs, ptr + 3 * PAGE, 1, QUIRE_RW), QUIRE_ENOVIRT);
	assert_status(quire_vpage_free(vs, ptr + 3 * PAGE), QUIRE_EFREE);
	assert_status(quire_vpage_commit(vs, ptr + 3 * PAGE, 1, QUIRE_RW, NULL), QUIRE_EFREE);
	assert_true(quire_vpage_protect(vs, ptr + 2 * PAGE, 2, QUIRE_READ) != QUIRE_OK);
	assert_ok(quire_vpage_free(vs, ptr));
	assert_ptr_equal(quire_vpage_alloc_at(vs, ptr, 4, QUIRE_RW), ptr);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

static void a_guard_needs_addresses_but_no_memory(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 12, .frames = 11 } };
	struct test_space space;
	void *ptr;

	(void)state;
	test_space_init(&space, &config);
	must_refuse(&space, alloc_guarded(&space, 12), QUIRE_ENOPHYS);
	ptr = alloc_guarded(&space, 11);
	assert_non_null(ptr);
	assert_int_equal(test_space_stats(&space).free, 0);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	ptr = must_alloc(&space.vs, 6);
	must_refuse(&space, alloc_guarded(&space, 6), QUIRE_ENOPHYS);
	assert_ok(quire_vpage_resize(&space.vs, ptr, 5));
	ptr = quire_vpage_reserve(&space.vs, 1);
	must_refuse(&space, alloc_guarded(&space, 6), QUIRE_ENOVIRT);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	assert_ok(quire_vpage_free(&space.vs, test_space_page(&space, 0)));
	test_space_fini(&space);
}

static void a_guard_moves_along_when_its_allocation_is_resized(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = alloc_guarded(&space, 3);
	void *wall = quire_vpage_alloc_at(vs, ptr + 8 * PAGE, 1, QUIRE_RW);

	(void)state;
	assert_non_null(wall);
	assert_status(quire_vpage_resize(vs, ptr, 8), QUIRE_ENOVIRT);
	assert_ok(quire_vpage_resize(vs, ptr, 7));
	assert_int_equal(test_mmu_count_mapped(&space.mmu, ptr, 8), 7);
	assert_int_equal(quire_vpage_size(vs, ptr), 7);
	assert_ok(quire_vpage_resize(vs, ptr, 2));
	assert_int_equal(test_mmu_count_mapped(&space.mmu, ptr, 8), 2);
	assert_null(quire_vpage_alloc_at(vs, ptr + 2 * PAGE, 1, QUIRE_RW));
	assert_ptr_equal(quire_vpage_alloc_at(vs, ptr + 3 * PAGE, 5, QUIRE_RW), ptr + 3 * PAGE);
	assert_ok(quire_vpage_free(vs, ptr));
	assert_ok(quire_vpage_free(vs, ptr + 3 * PAGE));
	assert_ok(quire_vpage_free(vs, wall));
	test_space_fini(&space);
}

/* ---- reserving and committing -------------------------------------------------------------- */

static void a_reservation_costs_nothing_until_it_is_committed(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 64, .frames = 4 } };
	struct test_space space;
	unsigned char *ptr;

	(void)state;
	test_space_init(&space, &config);
	ptr = quire_vpage_reserve(&space.vs, 64);
	assert_non_null(ptr);
	assert_int_equal(held(&space), 0);
	assert_int_equal(space.mmu.calls[TEST_ANY], 0);
	assert_true(test_read_faults(ptr));
	assert_ok(quire_vpage_commit(&space.vs, ptr + 20 * PAGE, 4, QUIRE_RW, NULL));
	assert_int_equal(test_mmu_count_mapped(&space.mmu, ptr + 20 * PAGE, 4), 4);
	assert_int_equal(space.mmu.mapped, 4);
	assert_int_equal(held(&space), 4);
	assert_status(quire_vpage_commit(&space.vs, ptr, 1, QUIRE_RW, NULL), QUIRE_ENOPHYS);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

static void a_commit_is_refused_with_its_reason(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = quire_vpage_reserve(vs, 10);
	struct quire_budget stranger = { 0 }, small = { 0 };
	struct test_snapshot before;

	(void)state;
	assert_ok(quire_vspace_admit(vs, &small, 0, 2));
	assert_ok(quire_vpage_commit(vs, ptr + 4 * PAGE, 2, QUIRE_RW, NULL));
	test_snapshot_take(&before, &space);
	assert_status(quire_vpage_commit(vs, ptr, 5, QUIRE_RW, NULL), QUIRE_EBUSY);
	assert_status(quire_vpage_commit(vs, ptr + 5 * PAGE, 1, QUIRE_RW, NULL), QUIRE_EBUSY);
	assert_status(quire_vpage_commit(vs, ptr + 9 * PAGE, 2, QUIRE_RW, NULL), QUIRE_EFREE);
	assert_status(quire_vpage_commit(vs, ptr + 10 * PAGE, 1, QUIRE_RW, NULL), QUIRE_EFREE);
	assert_status(quire_vpage_commit(vs, ptr + 1, 1, QUIRE_RW, NULL), QUIRE_EINVAL);
	assert_status(quire_vpage_commit(vs, ptr, 0, QUIRE_RW, NULL), QUIRE_EINVAL);
	assert_status(quire_vpage_commit(vs, ptr, SIZE_MAX, QUIRE_RW, NULL), QUIRE_EFREE);
	assert_status(quire_vpage_commit(vs, ptr, BEYOND_32_BITS + 1, QUIRE_RW, NULL), QUIRE_EFREE);
	assert_status(quire_vpage_commit(vs, ptr, 1, QUIRE_RW | QUIRE_EXEC, NULL), QUIRE_EINVAL);
	assert_status(quire_vpage_commit(vs, ptr, 1, 0, NULL), QUIRE_EINVAL);
	assert_status(quire_vpage_commit(vs, ptr, 1, QUIRE_RW, &stranger), QUIRE_EINVAL);
	assert_status(quire_vpage_commit(vs, ptr, 3, QUIRE_RW, &small), QUIRE_EBUDGET);
	assert_true(quire_vpage_commit(vs, NULL, 1, QUIRE_RW, NULL) != QUIRE_OK);
	test_snapshot_compare(&before, &space);
	test_snapshot_free(&before);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

static void parts_of_a_reservation_have_payers_and_protections_of_their_own(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = quire_vpage_reserve(vs, 10);
	struct quire_budget budget = { 0 };

	(void)state;
	assert_ok(quire_vspace_admit(vs, &budget, 3, 5));
	assert_ok(quire_vpage_commit(vs, ptr, 2, QUIRE_RW, NULL));
	assert_ok(quire_vpage_commit(vs, ptr + 2 * PAGE, 5, QUIRE_RX, &budget));
	assert_int_equal(budget.used, 5);
	assert_int_equal(vs->common.used, 2);
	assert_int_equal(test_mmu_prot(&space.mmu, ptr + PAGE), QUIRE_RW);
	assert_int_equal(test_mmu_prot(&space.mmu, ptr + 2 * PAGE), QUIRE_RX);
	assert_ok(quire_vpage_decommit(vs, ptr + PAGE, 3));
	assert_int_equal(budget.used, 3);
	assert_int_equal(vs->common.used, 1);
	assert_status(quire_vspace_dismiss(vs, &budget), QUIRE_EBUSY);
	assert_ok(quire_vpage_free(vs, ptr));
	assert_ok(quire_vspace_dismiss(vs, &budget));
	test_space_fini(&space);
}

static void decommit_passes_over_what_is_not_committed(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = quire_vpage_reserve(vs, 12);

	(void)state;
	assert_ok(quire_vpage_decommit(vs, ptr, 12));
	assert_int_equal(space.mmu.calls[TEST_UNMAP], 0);
	for (size_t page = 0; page < 12; page += 3)
		assert_ok(quire_vpage_commit(vs, ptr + page * PAGE, 1, QUIRE_RW, NULL));
	test_fill(ptr + 9 * PAGE, PAGE, 3);
	assert_ok(quire_vpage_decommit(vs, ptr + PAGE, 8));
	assert_int_equal(space.mmu.mapped, 2);
	assert_int_equal(held(&space), 2);
	test_assert_filled(ptr + 9 * PAGE, PAGE, 3);
	assert_int_equal(quire_vpage_size(vs, ptr), 12);
	assert_null(quire_vpage_alloc_at(vs, ptr + 4 * PAGE, 1, QUIRE_RW));
	assert_ok(quire_vpage_commit(vs, ptr + PAGE, 8, QUIRE_RW, NULL));
	assert_status(quire_vpage_decommit(vs, ptr + 11 * PAGE, 2), QUIRE_EFREE);
	assert_status(quire_vpage_decommit(vs, ptr, 0), QUIRE_EINVAL);
	assert_status(quire_vpage_decommit(vs, ptr + 8, 1), QUIRE_EINVAL);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

static void part_of_an_allocation_can_be_decommitted_and_committed_again(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = must_alloc(vs, 6);

	(void)state;
	test_fill(ptr, PAGE, 1);
	assert_ok(quire_vpage_decommit(vs, ptr + PAGE, 4));
	assert_true(test_read_faults(ptr + PAGE));
	assert_int_equal(held(&space), 2);
	assert_ok(quire_vpage_commit(vs, ptr + 2 * PAGE, 2, QUIRE_READ, NULL));
	assert_true(test_write_faults(ptr + 2 * PAGE));
	test_assert_filled(ptr, PAGE, 1);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

/* ---- protections ----------------------------------------------------------------------------- */

static void read_only_memory_cannot_be_written(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = must_alloc(vs, 4);

	(void)state;
	test_fill(ptr, 4 * PAGE, 9);
	assert_ok(quire_vpage_protect(vs, ptr + PAGE, 2, QUIRE_READ));
	assert_false(test_write_faults(ptr));
	assert_true(test_write_faults(ptr + PAGE));
	assert_true(test_write_faults(ptr + 3 * PAGE - 1));
	assert_false(test_write_faults(ptr + 3 * PAGE));
	test_assert_filled(ptr, 4 * PAGE, 9);
	assert_ok(quire_vpage_protect(vs, ptr, 4, QUIRE_RW));
	assert_false(test_write_faults(ptr + PAGE));
	assert_int_equal(space.mmu.calls[TEST_MAP], 1);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

static void memory_is_never_writable_and_executable(void **state)
{
	static const uint32_t prots[] = { QUIRE_RW | QUIRE_EXEC,
					  QUIRE_RW | QUIRE_EXEC | QUIRE_USER,
					  QUIRE_WRITE | QUIRE_EXEC,
					  QUIRE_WRITE,
					  QUIRE_EXEC,
					  0,
					  16,
					  QUIRE_READ | 0x80000000u };
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = quire_vpage_reserve(vs, 2);
	struct test_snapshot before;

	(void)state;
	assert_ok(quire_vpage_commit(vs, ptr, 1, QUIRE_RW, NULL));
	test_snapshot_take(&before, &space);
	for (size_t i = 0; i < TEST_COUNT(prots); i++) {
		must_refuse(&space, quire_vpage_alloc(vs, 1, prots[i]), QUIRE_EINVAL);
		must_refuse(&space, quire_vpage_alloc_at(vs, ptr + 4 * PAGE, 1, prots[i]),
			    QUIRE_EINVAL);
		assert_status(quire_vpage_commit(vs, ptr + PAGE, 1, prots[i], NULL), QUIRE_EINVAL);
		assert_status(quire_vpage_protect(vs, ptr, 1, prots[i]), QUIRE_EINVAL);
		test_snapshot_compare(&before, &space);
	}
	test_snapshot_free(&before);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

static void accepts_exactly(uint32_t enforces, uint32_t prot)
{
	struct test_space_config config = {
		.mmu = { .pages = 4, .enforces = enforces, .enforces_nothing = !enforces }
	};
	uint32_t beyond = prot & (QUIRE_EXEC | QUIRE_USER);
	struct test_space space;
	void *ptr;

	beyond |= prot & QUIRE_WRITE ? 0 : QUIRE_WRITE;
	test_space_init(&space, &config);
	ptr = quire_vpage_alloc(&space.vs, 1, prot);
	if (beyond & ~enforces) {
		must_refuse(&space, ptr, QUIRE_EINVAL);
		ptr = must_alloc(&space.vs, 1);
		assert_status(quire_vpage_protect(&space.vs, ptr, 1, prot), QUIRE_EINVAL);
	} else {
		assert_non_null(ptr);
	}
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

static void what_the_mmu_cannot_enforce_is_refused(void **state)
{
	static const uint32_t prots[] = { QUIRE_READ,
					  QUIRE_RW,
					  QUIRE_RX,
					  QUIRE_READ | QUIRE_USER,
					  QUIRE_RW | QUIRE_USER,
					  QUIRE_RX | QUIRE_USER };

	(void)state;
	for (uint32_t enforces = 0; enforces < 16; enforces += 2)
		for (size_t i = 0; i < TEST_COUNT(prots); i++)
			accepts_exactly(enforces, prots[i]);
}

static void protect_is_refused_outside_of_committed_pages(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = quire_vpage_reserve(vs, 4);
	struct test_snapshot before;

	(void)state;
	assert_ok(quire_vpage_commit(vs, ptr, 2, QUIRE_RW, NULL));
	test_snapshot_take(&before, &space);
	assert_true(quire_vpage_protect(vs, ptr + PAGE, 2, QUIRE_READ) != QUIRE_OK);
	assert_true(quire_vpage_protect(vs, ptr + 2 * PAGE, 1, QUIRE_READ) != QUIRE_OK);
	assert_status(quire_vpage_protect(vs, ptr + 3 * PAGE, 2, QUIRE_READ), QUIRE_EFREE);
	assert_status(quire_vpage_protect(vs, ptr + 1, 1, QUIRE_READ), QUIRE_EINVAL);
	assert_status(quire_vpage_protect(vs, ptr, 0, QUIRE_READ), QUIRE_EINVAL);
	test_snapshot_compare(&before, &space);
	test_snapshot_free(&before);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

static void code_is_filled_then_made_executable(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = must_alloc(vs, 2);

	(void)state;
	test_fill(ptr, 2 * PAGE, 4);
	assert_ok(quire_vpage_protect(vs, ptr, 2, QUIRE_RX));
	assert_true(atomic_load(&space.mmu.icache_syncs) > 0);
	assert_true(test_write_faults(ptr));
	test_assert_filled(ptr, 2 * PAGE, 4);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

/* ---- user pages ------------------------------------------------------------------------------ */

static void assert_zero(const unsigned char *ptr, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(ptr[i], 0);
}

static void user_pages_are_zeroed_before_they_are_used(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = quire_vpage_alloc(vs, 2, QUIRE_RW | QUIRE_USER);
	unsigned char *other = quire_vpage_reserve(vs, 4);

	(void)state;
	assert_zero(ptr, 2 * PAGE);
	assert_ok(quire_vpage_commit(vs, other, 1, QUIRE_READ | QUIRE_USER, NULL));
	assert_zero(other, PAGE);
	assert_true(test_write_faults(other));
	assert_int_equal(test_mmu_prot(&space.mmu, other), QUIRE_READ | QUIRE_USER);
	assert_ok(quire_vpage_commit(vs, other + PAGE, 1, QUIRE_RX | QUIRE_USER, NULL));
	assert_zero(other + PAGE, PAGE);
	assert_int_equal(test_mmu_prot(&space.mmu, other + PAGE), QUIRE_RX | QUIRE_USER);
	assert_ok(quire_vpage_free(vs, other));
	test_fill(ptr, 2 * PAGE, 1);
	assert_ok(quire_vpage_resize(vs, ptr, 4));
	test_assert_filled(ptr, 2 * PAGE, 1);
	assert_zero(ptr + 2 * PAGE, 2 * PAGE);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

/* A page that stays mapped for later is the way in which contents could change hands. */
static void a_user_page_is_zeroed_before_it_changes_payer(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 8 }, .budgets = 2, .retain = 8 };
	struct quire_budget first = { 0 }, second = { 0 };
	struct quire_request request = { .size = 8 * PAGE };
	struct test_space space;
	unsigned char *ptr;

	(void)state;
	test_space_init(&space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &first, 0, 8));
	assert_ok(quire_vspace_admit(&space.vs, &second, 0, 8));
	request.budget = &first;
	ptr = quire_vpage_request(&space.vs, &request, QUIRE_RW | QUIRE_USER);
	test_fill(ptr, 8 * PAGE, 1);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	request.budget = &second;
	ptr = quire_vpage_request(&space.vs, &request, QUIRE_RW | QUIRE_USER);
	assert_non_null(ptr);
	assert_zero(ptr, 8 * PAGE);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

static void a_kernel_page_is_zeroed_before_a_user_gets_it(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 8 }, .retain = 8 };
	struct test_space space;
	unsigned char *ptr;

	(void)state;
	test_space_init(&space, &config);
	ptr = must_alloc(&space.vs, 8);
	test_fill(ptr, 8 * PAGE, 1);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	ptr = quire_vpage_alloc(&space.vs, 8, QUIRE_READ | QUIRE_USER);
	assert_non_null(ptr);
	assert_zero(ptr, 8 * PAGE);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

static void a_dismissed_payers_pages_are_not_shown_to_the_next_with_its_number(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 4 }, .budgets = 2, .retain = 4 };
	struct quire_budget first = { 0 }, second = { 0 };
	struct quire_request request = { .size = 4 * PAGE, .budget = &first };
	struct test_space space;
	unsigned char *ptr;
	uint64_t calls;

	(void)state;
	test_space_init(&space, &config);
	assert_ok(quire_vspace_admit(&space.vs, &first, 0, 8));
	ptr = quire_vpage_request(&space.vs, &request, QUIRE_RW | QUIRE_USER);
	test_fill(ptr, 4 * PAGE, 1);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	assert_ok(quire_vspace_dismiss(&space.vs, &first));
	assert_ok(quire_vspace_admit(&space.vs, &second, 0, 8));
	request.budget = &second;
	ptr = quire_vpage_request(&space.vs, &request, QUIRE_RW | QUIRE_USER);
	assert_non_null(ptr);
	assert_zero(ptr, 4 * PAGE);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_fill(ptr, 4 * PAGE, 2);
	assert_ok(quire_vspace_admit(&space.vs, &first, 0, 8));
	assert_ok(quire_vspace_dismiss(&space.vs, &first)); /* those of others stay as they are */
	calls = space.mmu.calls[TEST_ANY];
	assert_ptr_equal(quire_vpage_request(&space.vs, &request, QUIRE_RW | QUIRE_USER), ptr);
	assert_int_equal(space.mmu.calls[TEST_ANY], calls);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

/* ---- resizing -------------------------------------------------------------------------------- */

static void an_allocation_grows_and_shrinks_in_place(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = must_alloc(vs, 3);
	void *wall = quire_vpage_alloc_at(vs, ptr + 10 * PAGE, 1, QUIRE_RW);

	(void)state;
	assert_non_null(wall);
	test_fill(ptr, 3 * PAGE, 5);
	assert_ok(quire_vpage_resize(vs, ptr, 10));
	test_assert_filled(ptr, 3 * PAGE, 5);
	assert_int_equal(test_mmu_count_mapped(&space.mmu, ptr, 11), 11);
	assert_status(quire_vpage_resize(vs, ptr, 11), QUIRE_ENOVIRT);
	assert_status(quire_vpage_resize(vs, ptr, PAGES + 1), QUIRE_ENOVIRT);
	assert_status(quire_vpage_resize(vs, ptr, SIZE_MAX), QUIRE_ENOVIRT);
	assert_status(quire_vpage_resize(vs, ptr, BEYOND_32_BITS + 4), QUIRE_ENOVIRT);
	assert_status(quire_vpage_resize(vs, ptr, 0), QUIRE_EINVAL);
	assert_int_equal(quire_vpage_size(vs, ptr), 10);
	assert_ok(quire_vpage_resize(vs, ptr, 10));
	assert_ok(quire_vpage_resize(vs, ptr, 2));
	test_assert_filled(ptr, 2 * PAGE, 5);
	assert_int_equal(held(&space), 3);
	assert_true(test_read_faults(ptr + 2 * PAGE));
	assert_ok(quire_vpage_free(vs, ptr));
	assert_ok(quire_vpage_free(vs, wall));
	test_space_fini(&space);
}

static void growth_is_mapped_and_paid_like_the_last_page(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 };
	unsigned char *ptr = quire_vpage_reserve(vs, 4);

	(void)state;
	assert_ok(quire_vspace_admit(vs, &budget, 0, 6));
	assert_ok(quire_vpage_commit(vs, ptr, 3, QUIRE_RW, NULL));
	assert_ok(quire_vpage_commit(vs, ptr + 3 * PAGE, 1, QUIRE_RX, &budget));
	assert_ok(quire_vpage_resize(vs, ptr, 9));
	assert_int_equal(budget.used, 6);
	assert_int_equal(test_mmu_prot(&space.mmu, ptr + 8 * PAGE), QUIRE_RX);
	assert_status(quire_vpage_resize(vs, ptr, 10), QUIRE_EBUDGET);
	assert_int_equal(quire_vpage_size(vs, ptr), 9);
	assert_ok(quire_vpage_resize(vs, ptr, 1));
	assert_int_equal(budget.used, 0);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

static void a_reservation_grows_by_addresses_only(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = quire_vpage_reserve(vs, 4);

	(void)state;
	assert_ok(quire_vpage_resize(vs, ptr, 60));
	assert_int_equal(space.mmu.calls[TEST_ANY], 0);
	assert_int_equal(held(&space), 0);
	assert_ok(quire_vpage_commit(vs, ptr + 59 * PAGE, 1, QUIRE_RW, NULL));
	assert_ok(quire_vpage_resize(vs, ptr, 10));
	assert_int_equal(held(&space), 0);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

/* A resize that fails at every size once returned success with size 0. */
static void a_resize_that_cannot_grow_says_so(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 32, .frames = 8 } };
	struct test_space space;
	struct test_snapshot before;
	unsigned char *ptr;

	(void)state;
	test_space_init(&space, &config);
	ptr = must_alloc(&space.vs, 8);
	test_fill(ptr, 8 * PAGE, 2);
	test_snapshot_take(&before, &space);
	for (size_t pages = 9; pages <= 33; pages++)
		assert_status(quire_vpage_resize(&space.vs, ptr, pages),
			      pages <= 32 ? QUIRE_ENOPHYS : QUIRE_ENOVIRT);
	test_snapshot_compare(&before, &space);
	test_snapshot_free(&before);
	test_assert_filled(ptr, 8 * PAGE, 2);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

/* ---- freeing and misuse -------------------------------------------------------------------- */

static void freeing_an_older_allocation_keeps_the_records_of_live_ones(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr[16];

	(void)state;
	for (uint32_t i = 0; i < 16; i++) {
		ptr[i] = must_alloc(vs, 1 + i % 4);
		test_fill(ptr[i], (1 + i % 4) * PAGE, i);
	}
	for (uint32_t i = 0; i < 16; i += 3) {
		assert_ok(quire_vpage_free(vs, ptr[i]));
		ptr[i] = must_alloc(vs, 1);
		test_fill(ptr[i], PAGE, i);
		test_space_check(&space);
	}
	for (uint32_t i = 0; i < 16; i++) {
		size_t pages = i % 3 ? 1 + i % 4 : 1;

		assert_int_equal(quire_vpage_size(vs, ptr[i]), pages);
		test_assert_filled(ptr[i], pages * PAGE, i);
		assert_ok(quire_vpage_free(vs, ptr[i]));
	}
	test_space_fini(&space);
}

static void misuse(struct test_space *space, void *ptr, int32_t why)
{
	uint64_t before = test_space_stats(space).misuses;
	struct quire_event event;

	assert_status(quire_vpage_free(&space->vs, ptr), why);
	event = test_observer_last(&space->observer, QUIRE_EVENT_MISUSE);
	assert_ptr_equal(event.ptr, ptr);
	assert_status(event.why, why);
	assert_int_equal(test_space_stats(space).misuses, before + 1);
}

/* Every pointer in and around the window that no allocation starts at. */
static void a_bad_free_is_reported_not_obeyed(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 16, .page_size = 64 } };
	struct test_space space;
	struct test_snapshot before;
	uintptr_t low, high;
	unsigned char *a, *b;

	(void)state;
	test_space_init(&space, &config);
	a = quire_vpage_alloc_at(&space.vs, test_space_page(&space, 2), 3, QUIRE_RW);
	b = quire_vpage_alloc_at(&space.vs, test_space_page(&space, 7), 4, QUIRE_RW);
	test_snapshot_take(&before, &space);
	low = (uintptr_t)test_space_page(&space, 0);
	high = (uintptr_t)test_space_page(&space, 16);
	for (uintptr_t at = low - 300; at < high + 300; at++)
		if (at != (uintptr_t)a && at != (uintptr_t)b)
			misuse(&space, (void *)at,
			       at < low || at >= high ? QUIRE_EFOREIGN : QUIRE_EFREE);
	misuse(&space, NULL, QUIRE_EFOREIGN);
	misuse(&space, (void *)UINTPTR_MAX, QUIRE_EFOREIGN);
	test_snapshot_compare(&before, &space);
	test_snapshot_free(&before);
	assert_ok(quire_vpage_free(&space.vs, a));
	misuse(&space, a, QUIRE_EFREE);
	assert_ok(quire_vpage_free(&space.vs, b));
	test_space_fini(&space);
}

static void a_misuse_is_told_with_its_nearest_owner(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *a = quire_vpage_alloc_at(vs, test_space_page(&space, 4), 3, QUIRE_RW);
	struct quire_event event;

	(void)state;
	misuse(&space, a + PAGE + 5, QUIRE_EFREE);
	event = test_observer_last(&space.observer, QUIRE_EVENT_MISUSE);
	assert_ptr_equal(event.object, vs);
	assert_ptr_equal(event.owner, a);
	assert_int_equal(event.owner_size, 3 * PAGE);
	misuse(&space, a + 9 * PAGE, QUIRE_EFREE);
	assert_ptr_equal(test_observer_last(&space.observer, QUIRE_EVENT_MISUSE).owner, a);
	misuse(&space, a - PAGE, QUIRE_EFREE);
	assert_null(test_observer_last(&space.observer, QUIRE_EVENT_MISUSE).owner);
	assert_int_equal(test_observer_last(&space.observer, QUIRE_EVENT_MISUSE).owner_size, 0);
	assert_ok(quire_vpage_free(vs, a));
	test_space_fini(&space);
}

static void a_heaps_window_is_foreign_to_vpage(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct test_heap heap;
	struct test_snapshot before;
	unsigned char *ptr;

	(void)state;
	test_heap_init_elastic(&heap, &space, 8 * PAGE);
	ptr = quire_vmh_alloc(&heap.heap, 3 * PAGE);
	assert_non_null(ptr);
	test_snapshot_take(&before, &space);
	misuse(&space, (void *)heap.heap.base, QUIRE_EFOREIGN);
	assert_int_equal(quire_vpage_size(vs, (void *)heap.heap.base), 0);
	assert_true(quire_vpage_resize(vs, (void *)heap.heap.base, 1) != QUIRE_OK);
	assert_true(quire_vpage_decommit(vs, ptr, 1) != QUIRE_OK);
	assert_true(quire_vpage_protect(vs, ptr, 1, QUIRE_READ) != QUIRE_OK);
	assert_true(quire_vpage_commit(vs, ptr + 5 * PAGE, 1, QUIRE_RW, NULL) != QUIRE_OK);
	test_snapshot_compare(&before, &space);
	test_snapshot_free(&before);
	assert_ok(quire_vmh_free(&heap.heap, ptr));
	test_heap_fini(&heap);
	test_space_fini(&space);
}

static void every_address_has_the_owner_that_holds_it(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *a = quire_vpage_alloc_at(vs, test_space_page(&space, 3), 5, QUIRE_RW);
	size_t pages = 9;

	(void)state;
	for (unsigned char *at = a; at < a + 5 * PAGE; at += 513) {
		assert_ptr_equal(quire_vpage_owner(vs, at, &pages), a);
		assert_int_equal(pages, 5);
	}
	assert_ptr_equal(quire_vpage_owner(vs, a + 5 * PAGE - 1, NULL), a);
	assert_null(quire_vpage_owner(vs, a + 5 * PAGE, NULL));
	assert_null(quire_vpage_owner(vs, a - 1, &pages));
	assert_null(quire_vpage_owner(vs, test_space_page(&space, PAGES), NULL));
	assert_null(quire_vpage_owner(vs, NULL, NULL));
	assert_int_equal(quire_vpage_size(vs, a + PAGE), 0);
	assert_int_equal(quire_vpage_size(vs, NULL), 0);
	assert_ok(quire_vpage_free(vs, a));
	test_space_fini(&space);
}

/* ---- a guard is never a retained page -------------------------------------------------------- */

static void a_guard_page_faults_also_where_a_page_was_retained(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 8 }, .retain = 8 };
	struct quire_request request = { .size = 3 * PAGE, .flags = QUIRE_GUARD };
	struct test_space space;
	unsigned char *ptr;

	(void)state;
	test_space_init(&space, &config);
	ptr = must_alloc(&space.vs, 8);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	assert_int_equal(test_space_stats(&space).retained, 8);
	ptr = quire_vpage_request(&space.vs, &request, QUIRE_RW);
	assert_non_null(ptr);
	assert_false(quire_vspace_is_mapped(&space.vs, ptr + 3 * PAGE));
	assert_ok(quire_vpage_resize(&space.vs, ptr, 5));
	assert_false(quire_vspace_is_mapped(&space.vs, ptr + 5 * PAGE));
	assert_ok(quire_vpage_resize(&space.vs, ptr, 2));
	assert_false(quire_vspace_is_mapped(&space.vs, ptr + 2 * PAGE));
	test_space_check(&space);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

static void a_guard_page_that_cannot_be_unmapped_refuses_the_request(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 8 }, .retain = 8 };
	struct quire_request request = { .size = 3 * PAGE, .flags = QUIRE_GUARD };
	struct test_space space;
	unsigned char *ptr;

	(void)state;
	test_space_init(&space, &config);
	ptr = must_alloc(&space.vs, 8);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_mmu_fail(&space.mmu, TEST_UNMAP, 1, false);
	assert_null(quire_vpage_request(&space.vs, &request, QUIRE_RW));
	assert_status(request.why, QUIRE_EDRIVER);
	test_space_check(&space);
	ptr = quire_vpage_request(&space.vs, &request, QUIRE_RW);
	assert_non_null(ptr);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

/* ---- retained pages -------------------------------------------------------------------------- */

static void open_retaining(struct test_space *space, size_t pages, size_t frames, size_t retain)
{
	struct test_space_config config = { .mmu = { .pages = pages, .frames = frames },
					    .budgets = 2,
					    .retain = retain };

	test_space_init(space, &config);
}

static void a_retained_page_is_used_again_without_the_driver(void **state)
{
	struct test_space space;
	void *ptr;

	(void)state;
	open_retaining(&space, 16, 16, 4);
	ptr = must_alloc(&space.vs, 3);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	assert_int_equal(space.mmu.calls[TEST_UNMAP], 0);
	assert_int_equal(test_space_stats(&space).retained, 3);
	assert_int_equal(held(&space), 0);
	assert_true(quire_vspace_is_mapped(&space.vs, ptr));
	assert_ptr_equal(quire_vpage_alloc(&space.vs, 3, QUIRE_RW), ptr);
	assert_int_equal(space.mmu.calls[TEST_ANY], 1);
	assert_int_equal(test_space_stats(&space).retained, 0);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	assert_ok(quire_vspace_trim(&space.vs));
	assert_int_equal(space.mmu.mapped, 0);
	assert_int_equal(test_space_stats(&space).retained, 0);
	test_space_fini(&space);
}

static void no_more_pages_are_retained_than_allowed(void **state)
{
	struct test_random random = test_random_seeded(3);
	struct test_space space;

	(void)state;
	open_retaining(&space, 64, 64, 5);
	for (int step = 0; step < 300; step++) {
		void *a = must_alloc(&space.vs, test_random_between(&random, 1, 9));
		void *b = must_alloc(&space.vs, test_random_between(&random, 1, 9));

		assert_ok(quire_vpage_free(&space.vs, a));
		assert_ok(quire_vpage_free(&space.vs, b));
		assert_true(test_space_stats(&space).retained <= 5);
		assert_int_equal(space.mmu.mapped, test_space_stats(&space).retained);
		test_space_check(&space);
	}
	test_space_fini(&space);
}

static void retained_pages_are_given_back_when_pages_run_short(void **state)
{
	struct test_space space;
	void *a, *b;

	(void)state;
	open_retaining(&space, 32, 8, 8);
	a = quire_vpage_alloc_at(&space.vs, test_space_page(&space, 0), 8, QUIRE_RW);
	assert_ok(quire_vpage_free(&space.vs, a));
	assert_int_equal(space.mmu.mapped, 8);
	b = quire_vpage_alloc_at(&space.vs, test_space_page(&space, 20), 8, QUIRE_RW);
	assert_non_null(b);
	assert_int_equal(space.mmu.mapped, 8);
	assert_int_equal(test_space_stats(&space).retained, 0);
	assert_ok(quire_vpage_resize(&space.vs, b, 4));
	a = quire_vpage_alloc_at(&space.vs, test_space_page(&space, 0), 4, QUIRE_RW);
	assert_non_null(a);
	assert_ok(quire_vpage_free(&space.vs, a));
	assert_ok(quire_vpage_free(&space.vs, b));
	test_space_fini(&space);
}

static void a_guarantee_is_not_eaten_by_retained_pages(void **state)
{
	struct quire_budget budget = { 0 };
	struct quire_request request = { .size = 8 * PAGE, .budget = &budget };
	struct test_space space;
	void *a;

	(void)state;
	open_retaining(&space, 32, 8, 8);
	a = must_alloc(&space.vs, 8);
	assert_ok(quire_vpage_free(&space.vs, a));
	assert_ok(quire_vspace_admit(&space.vs, &budget, 8, 8));
	assert_null(quire_vpage_alloc(&space.vs, 1, QUIRE_RW));
	a = quire_vpage_request(&space.vs, &request, QUIRE_RX);
	assert_non_null(a);
	assert_int_equal(budget.used, 8);
	assert_int_equal(test_mmu_prot(&space.mmu, a), QUIRE_RX);
	assert_ok(quire_vpage_free(&space.vs, a));
	test_space_fini(&space);
}

static void retained_pages_serve_commits_and_growth(void **state)
{
	struct test_space space;
	unsigned char *ptr;

	(void)state;
	open_retaining(&space, 16, 16, 16);
	ptr = must_alloc(&space.vs, 8);
	assert_ok(quire_vpage_decommit(&space.vs, ptr + 2 * PAGE, 6));
	assert_int_equal(test_space_stats(&space).retained, 6);
	assert_ok(quire_vpage_commit(&space.vs, ptr + 3 * PAGE, 2, QUIRE_READ, NULL));
	assert_int_equal(test_mmu_prot(&space.mmu, ptr + 3 * PAGE), QUIRE_READ);
	assert_int_equal(test_space_stats(&space).retained, 4);
	assert_ok(quire_vpage_resize(&space.vs, ptr, 2));
	assert_ok(quire_vpage_resize(&space.vs, ptr, 8));
	assert_int_equal(test_mmu_prot(&space.mmu, ptr + 3 * PAGE), QUIRE_RW);
	test_space_check(&space);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

/* ---- budgets --------------------------------------------------------------------------------- */

static void a_request_is_paid_by_the_budget_it_names(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 }, stranger = { 0 };
	struct quire_request request = { .size = 3 * PAGE, .budget = &budget };
	void *ptr;

	(void)state;
	assert_null(quire_vpage_request(vs, &request, QUIRE_RW));
	assert_status(request.why, QUIRE_EINVAL);
	assert_ok(quire_vspace_admit(vs, &budget, 2, 5));
	assert_status(quire_vspace_admit(vs, &budget, 2, 5), QUIRE_EINVAL);
	ptr = quire_vpage_request(vs, &request, QUIRE_RW);
	assert_int_equal(budget.used, 3);
	assert_int_equal(vs->common.used, 0);
	assert_int_equal(held(&space), 3);
	assert_ok(quire_vspace_change(vs, &budget, 0, 4));
	assert_status(quire_vpage_resize(vs, ptr, 5), QUIRE_EBUDGET);
	assert_ok(quire_vpage_resize(vs, ptr, 4));
	assert_status(quire_vspace_change(vs, &stranger, 0, 4), QUIRE_EINVAL);
	assert_status(quire_vspace_dismiss(vs, &stranger), QUIRE_EINVAL);
	assert_status(quire_vspace_dismiss(vs, &budget), QUIRE_EBUSY);
	assert_ok(quire_vpage_free(vs, ptr));
	assert_int_equal(budget.used, 0);
	assert_int_equal(budget.peak, 4);
	assert_ok(quire_vspace_dismiss(vs, &budget));
	test_space_fini(&space);
}

static void a_full_table_of_budgets_is_refused_not_overrun(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space); /* room for four */
	struct quire_budget budget[5] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_ok(quire_vspace_admit(vs, &budget[i], 1, 1));
	assert_status(quire_vspace_admit(vs, &budget[4], 1, 1), QUIRE_EBUSY);
	test_space_check(&space);
	assert_int_equal(test_space_stats(&space).promised, 4);
	for (size_t i = 0; i < 4; i++)
		assert_ok(quire_vspace_dismiss(vs, &budget[i]));
	test_space_fini(&space);
}

static void free_all(struct test_space *space)
{
	for (size_t page = 0; page < space->mmu.config.pages; page++)
		if (quire_vpage_size(&space->vs, test_space_page(space, page)))
			assert_ok(quire_vpage_free(&space->vs, test_space_page(space, page)));
}

#define OWNERS 4u
#define SLOTS  200u

struct crowd {
	struct test_space space;
	struct test_random random;
	struct quire_budget budget[OWNERS];
	void *ptr[SLOTS];
};

/* Greedy beyond the guarantee, modest within it; but within it there is no refusal. */
static void ask_for_pages(struct crowd *crowd, void **ptr)
{
	struct quire_budget *payer = &crowd->budget[test_random_below(&crowd->random, OWNERS)];
	size_t pages = test_random_between(&crowd->random, 1, 8);
	struct quire_request request = { .size = pages * PAGE, .budget = payer };
	bool guaranteed = payer->used + pages <= payer->guaranteed;

	if (!guaranteed && test_random_once_in(&crowd->random, 2))
		request.min = PAGE;
	*ptr = quire_vpage_request(&crowd->space.vs, &request, QUIRE_RW);
	assert_true(*ptr || !guaranteed);
}

static void give_pages_back(struct crowd *crowd, void **ptr)
{
	assert_ok(quire_vpage_free(&crowd->space.vs, *ptr));
	*ptr = NULL;
}

static void a_guaranteed_request_never_fails_for_pages(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 1024, .frames = 64 },
					    .budgets = OWNERS,
					    .retain = 8 };
	struct crowd crowd = { .random = test_random_seeded(11) };

	(void)state;
	test_space_init(&crowd.space, &config);
	for (size_t i = 0; i < OWNERS; i++)
		assert_ok(quire_vspace_admit(&crowd.space.vs, &crowd.budget[i], 4 + 6 * i,
					     QUIRE_NO_LIMIT));
	for (size_t step = 0; step < 20000; step++) {
		void **ptr = &crowd.ptr[test_random_below(&crowd.random, SLOTS)];

		if (!*ptr)
			ask_for_pages(&crowd, ptr);
		else if (!test_random_once_in(&crowd.random, 4))
			give_pages_back(&crowd, ptr);
		assert_int_equal(crowd.space.mmu.mapped,
				 held(&crowd.space) + test_space_stats(&crowd.space).retained);
	}
	test_space_check(&crowd.space);
	free_all(&crowd.space);
	test_space_fini(&crowd.space);
}

/* ---- addresses set aside ------------------------------------------------------------------- */

static void fill_all_addresses(struct test_space *space)
{
	while (quire_vpage_reserve(&space->vs, 1))
		continue;
}

static void addresses_set_aside_are_there_when_no_others_are(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 };
	struct quire_request request = { .size = 10 * PAGE, .budget = &budget };
	void *ptr;

	(void)state;
	assert_ok(quire_vspace_admit(vs, &budget, 10, QUIRE_NO_LIMIT));
	assert_ok(quire_vpage_set_aside(vs, &budget, 10));
	assert_int_equal(test_space_stats(&space).allocations, 0);
	assert_int_equal(test_space_stats(&space).free, PAGES - 10);
	fill_all_addresses(&space);
	assert_int_equal(test_space_stats(&space).allocations, PAGES - 10);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(quire_vpage_would_fit(vs, &request), 10 * PAGE);
		ptr = quire_vpage_request(vs, &request, QUIRE_RW);
		assert_non_null(ptr);
		assert_null(quire_vpage_reserve(vs, 1));
		test_space_check(&space);
		assert_ok(quire_vpage_free(vs, ptr));
		assert_null(quire_vpage_reserve(vs, 1));
		test_space_check(&space);
	}
	free_all(&space);
	assert_ok(quire_vpage_set_aside(vs, &budget, 0));
	test_space_fini(&space);
}

static void addresses_set_aside_belong_to_nobody_else(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 };
	struct test_snapshot before;
	uint64_t misuses;

	(void)state;
	assert_ok(quire_vspace_admit(vs, &budget, 0, QUIRE_NO_LIMIT));
	assert_ok(quire_vpage_set_aside(vs, &budget, PAGES));
	test_snapshot_take(&before, &space);
	misuses = test_space_stats(&space).misuses;
	for (size_t page = 0; page < PAGES; page++) {
		unsigned char *ptr = test_space_page(&space, page);

		assert_null(quire_vpage_owner(vs, ptr, NULL));
		assert_int_equal(quire_vpage_size(vs, ptr), 0);
		assert_status(quire_vpage_free(vs, ptr), QUIRE_EFREE);
		assert_status(quire_vpage_resize(vs, ptr, 1), QUIRE_EFREE);
		assert_status(quire_vpage_commit(vs, ptr, 1, QUIRE_RW, NULL), QUIRE_EFREE);
		assert_null(quire_vpage_alloc_at(vs, ptr, 1, QUIRE_RW));
	}
	assert_int_equal(test_space_stats(&space).misuses, misuses + 3 * PAGES);
	test_snapshot_compare(&before, &space);
	test_snapshot_free(&before);
	assert_ok(quire_vpage_set_aside(vs, &budget, 0));
	test_space_fini(&space);
}

static void setting_aside_is_refused_with_its_reason(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 }, stranger = { 0 };
	struct test_snapshot before;
	void *ptr = quire_vpage_alloc_at(vs, test_space_page(&space, 32), 1, QUIRE_RW);

	(void)state;
	assert_ok(quire_vspace_admit(vs, &budget, 0, QUIRE_NO_LIMIT));
	assert_ok(quire_vpage_set_aside(vs, &budget, 20));
	test_snapshot_take(&before, &space);
	assert_status(quire_vpage_set_aside(vs, &stranger, 1), QUIRE_EINVAL);
	assert_status(quire_vpage_set_aside(vs, &budget, 33), QUIRE_ENOVIRT);
	assert_status(quire_vpage_set_aside(vs, &budget, PAGES + 1), QUIRE_ENOVIRT);
	test_snapshot_compare(&before, &space);
	test_snapshot_free(&before);
	assert_ok(quire_vpage_set_aside(vs, &budget, 30));
	assert_ok(quire_vpage_set_aside(vs, &budget, 0));
	assert_ok(quire_vpage_set_aside(vs, &budget, 0));
	assert_int_equal(test_space_stats(&space).free, PAGES - 1);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

/* A smaller request that was served from what is set aside leaves it whole again when it is
 * freed. */
static void a_smaller_request_returns_all_that_was_set_aside(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 };
	struct quire_request small = { .size = 4 * PAGE, .budget = &budget };
	struct quire_request large = { .size = 12 * PAGE, .budget = &budget };
	void *ptr;

	(void)state;
	assert_ok(quire_vspace_admit(vs, &budget, 0, QUIRE_NO_LIMIT));
	assert_ok(quire_vpage_set_aside(vs, &budget, 12));
	fill_all_addresses(&space);
	ptr = quire_vpage_request(vs, &small, QUIRE_RW);
	assert_non_null(ptr);
	fill_all_addresses(&space); /* of what it leaves over nobody gets anything */
	assert_null(quire_vpage_request(vs, &small, QUIRE_RW));
	assert_int_equal(small.why, QUIRE_ENOVIRT);
	assert_ok(quire_vpage_free(vs, ptr));
	fill_all_addresses(&space);
	ptr = quire_vpage_request(vs, &large, QUIRE_RW);
	assert_non_null(ptr);
	test_space_check(&space);
	assert_ok(quire_vpage_free(vs, ptr));
	free_all(&space);
	assert_ok(quire_vpage_set_aside(vs, &budget, 0));
	test_space_fini(&space);
}

/* While the addresses are in use nothing is left to set aside, and nothing is given up twice. */
static void addresses_set_aside_can_be_changed_while_they_are_in_use(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 };
	struct quire_request request = { .size = 10 * PAGE, .budget = &budget };
	void *ptr;

	(void)state;
	assert_ok(quire_vspace_admit(vs, &budget, 0, QUIRE_NO_LIMIT));
	assert_ok(quire_vpage_set_aside(vs, &budget, 10));
	fill_all_addresses(&space);
	ptr = quire_vpage_request(vs, &request, QUIRE_RW);
	assert_non_null(ptr);
	assert_null(quire_vpage_request(vs, &request, QUIRE_RW));
	assert_status(request.why, QUIRE_ENOVIRT);
	assert_int_equal(quire_vpage_would_fit(vs, &request), 0);
	assert_status(request.why, QUIRE_ENOVIRT);
	assert_int_equal(test_space_stats(&space).allocations, PAGES - 9);
	assert_status(quire_vspace_fini(vs), QUIRE_EBUSY);
	assert_status(quire_vpage_set_aside(vs, &budget, 3), QUIRE_ENOVIRT);
	assert_ok(quire_vpage_free(vs, ptr)); /* and they are set aside again, all ten */
	assert_int_equal(quire_vpage_would_fit(vs, &request), 10 * PAGE);
	ptr = quire_vpage_request(vs, &request, QUIRE_RW);
	assert_non_null(ptr);
	assert_ok(quire_vpage_set_aside(vs, &budget, 0));
	assert_ok(quire_vpage_free(vs, ptr)); /* and now they are everybody's */
	assert_non_null(quire_vpage_reserve(vs, 10));
	assert_int_equal(quire_vpage_would_fit(vs, &request), 0);
	free_all(&space);
	assert_status(quire_vpage_set_aside(vs, &budget, PAGES + 1), QUIRE_ENOVIRT);
	assert_ok(quire_vspace_dismiss(vs, &budget));
	test_space_fini(&space);
}

static void what_does_not_fit_the_addresses_set_aside_is_refused(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 };
	struct quire_request larger = { .size = 5 * PAGE, .budget = &budget };
	struct quire_request aligned = { .size = PAGE, .align = 32 * PAGE, .budget = &budget };
	unsigned char *ptr, *low;

	(void)state;
	assert_ok(quire_vspace_admit(vs, &budget, 0, QUIRE_NO_LIMIT));
	low = quire_vpage_alloc_at(vs, test_space_page(&space, 0), 1, QUIRE_RW);
	assert_non_null(low);
	assert_ok(quire_vpage_set_aside(vs, &budget, 4));
	fill_all_addresses(&space);
	assert_null(quire_vpage_request(vs, &larger, QUIRE_RW));
	assert_status(larger.why, QUIRE_ENOVIRT);
	assert_int_equal(quire_vpage_would_fit(vs, &larger), 0);
	assert_null(quire_vpage_request(vs, &aligned, QUIRE_RW));
	assert_status(aligned.why, QUIRE_ENOVIRT);
	assert_int_equal(quire_vpage_would_fit(vs, &aligned), 0);
	larger.min = PAGE; /* a range has what there is */
	ptr = quire_vpage_request(vs, &larger, QUIRE_RW);
	assert_non_null(ptr);
	assert_int_equal(larger.granted, 4 * PAGE);
	free_all(&space);
	assert_ok(quire_vpage_set_aside(vs, &budget, 0));
	test_space_fini(&space);
}

static void a_budget_with_addresses_set_aside_is_not_dismissed(void **state)
{
	const struct quire_vmh_config heap_config = { .window = 8 * PAGE };
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 };
	struct test_heap heap;
	void *ptr;

	(void)state;
	test_heap_init(&heap, &space, &heap_config);
	assert_ok(quire_vspace_admit(vs, &budget, 0, QUIRE_NO_LIMIT));
	assert_ok(quire_vpage_set_aside(vs, &budget, 4));
	assert_status(quire_vspace_dismiss(vs, &budget), QUIRE_EBUSY);
	assert_status(quire_vmh_set_aside(&heap.heap, &budget, PAGE, 0), QUIRE_EINVAL);
	assert_ok(quire_vpage_set_aside(vs, &budget, 0));
	assert_ok(quire_vmh_set_aside(&heap.heap, &budget, PAGE, 0));
	assert_status(quire_vpage_set_aside(vs, &budget, 4), QUIRE_EINVAL);
	assert_status(quire_vspace_dismiss(vs, &budget), QUIRE_EBUSY);
	test_heap_fini(&heap);

	/* The end of a vspace gives them up, and those of a budget that holds nothing elsewhere. */
	ptr = must_alloc(vs, 1);
	assert_ok(quire_vpage_set_aside(vs, &budget, 4));
	assert_ok(quire_vpage_free(vs, ptr));
	assert_ok(quire_vspace_fini(vs));
	assert_null(budget.aside_set);
	test_space_discard(&space);
}

/* Addresses alone are served from there too, and pages may then be paid by anybody. */
static void whoever_pays_addresses_come_back_to_the_budget_they_were_set_aside_for(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_budget budget = { 0 }, rival = { 0 };
	struct quire_request addresses = { .size = 5 * PAGE,
					   .flags = QUIRE_RESERVE,
					   .budget = &budget };
	struct quire_request all = { .size = 12 * PAGE, .budget = &budget };

	(void)state;
	assert_ok(quire_vspace_admit(vs, &rival, 0, QUIRE_NO_LIMIT));
	assert_ok(quire_vpage_set_aside(vs, &rival, 5));
	assert_ok(quire_vspace_admit(vs, &budget, 0, QUIRE_NO_LIMIT));
	assert_ok(quire_vpage_set_aside(vs, &budget, 12));
	fill_all_addresses(&space);
	for (size_t payers = 0; payers < 2; payers++) {
		struct quire_request theirs = { .size = 5 * PAGE, .budget = &rival };
		void *of_rival = quire_vpage_request(vs, &theirs, QUIRE_RW);
		void *ptr = quire_vpage_request(vs, &addresses, QUIRE_RW);

		assert_non_null(of_rival);
		assert_non_null(ptr);
		if (payers)
			assert_ok(quire_vpage_commit(vs, ptr, 1, QUIRE_RW, &rival));
		assert_ok(quire_vpage_free(vs, ptr)); /* the rival lacks five pages, and waits */
		ptr = quire_vpage_request(vs, &all, QUIRE_RW);
		assert_non_null(ptr);
		assert_ok(quire_vpage_free(vs, ptr));
		assert_ok(quire_vpage_free(vs, of_rival));
	}
	free_all(&space);
	assert_ok(quire_vpage_set_aside(vs, &budget, 0));
	assert_ok(quire_vpage_set_aside(vs, &rival, 0));
	test_space_fini(&space);
}

/* ---- cores that are not coherent ----------------------------------------------------------- */

static void open_incoherent(struct test_space *space, size_t retain)
{
	struct test_space_config config = { .mmu = { .pages = 32, .not_coherent = true },
					    .retain = retain };

	test_space_init(space, &config);
}

static void either_alias_names_an_allocation(void **state)
{
	struct test_space space;
	unsigned char *ptr, *alias;

	(void)state;
	open_incoherent(&space, 0);
	for (int round = 0; round < 2; round++) {
		ptr = must_alloc(&space.vs, 3);
		alias = quire_uncached(&space.mmu.mmu, ptr);
		assert_ptr_not_equal(alias, ptr);
		test_fill(alias, PAGE, 3);
		quire_relinquish(&space.mmu.mmu, ptr, PAGE);
		test_assert_filled(ptr, PAGE, 3);
		assert_int_equal(quire_vpage_size(&space.vs, alias), 3);
		assert_ptr_equal(quire_vpage_owner(&space.vs, alias + PAGE, NULL), ptr);
		assert_true(quire_vspace_is_mapped(&space.vs, alias));
		assert_ok(quire_vpage_decommit(&space.vs, alias + PAGE, 1));
		assert_ok(quire_vpage_commit(&space.vs, alias + PAGE, 1, QUIRE_RW, NULL));
		assert_ok(quire_vpage_protect(&space.vs, alias, 3, QUIRE_READ));
		assert_ok(quire_vpage_resize(&space.vs, alias, 4));
		assert_ok(quire_vpage_free(&space.vs, round ? alias : ptr));
		assert_status(quire_vpage_free(&space.vs, round ? ptr : alias), QUIRE_EFREE);
	}
	test_space_fini(&space);
}

/* Stale lines of the last owner would surface in, or be written back over, what the next one
 * gets. */
static void memory_is_invalidated_when_it_is_handed_out_and_when_it_is_freed(void **state)
{
	struct test_space space;
	unsigned char *ptr;

	(void)state;
	open_incoherent(&space, 32);
	for (int round = 0; round < 2; round++) {
		test_mmu_forget(&space.mmu);
		ptr = must_alloc(&space.vs, 3);
		assert_true(test_mmu_invalidated(&space.mmu, ptr, 3 * PAGE));
		test_mmu_forget(&space.mmu);
		assert_ok(quire_vpage_free(&space.vs, ptr));
		assert_true(test_mmu_invalidated(&space.mmu, ptr, 3 * PAGE));
	}
	ptr = quire_vpage_reserve(&space.vs, 4);
	test_mmu_forget(&space.mmu);
	assert_ok(quire_vpage_commit(&space.vs, ptr, 2, QUIRE_RW, NULL));
	assert_true(test_mmu_invalidated(&space.mmu, ptr, 2 * PAGE));
	test_mmu_forget(&space.mmu);
	assert_ok(quire_vpage_decommit(&space.vs, ptr, 2));
	assert_true(test_mmu_invalidated(&space.mmu, ptr, 2 * PAGE));
	assert_ok(quire_vpage_free(&space.vs, ptr));
	assert_int_equal(atomic_load(&space.mmu.partial_lines), 0);
	test_space_fini(&space);
}

/* The zeros that a USER page begins with must not stay in one core's cache. */
/* What is cut off was touched by this core: its lines must not be written over who gets it next. */
static void a_tail_that_is_cut_off_or_decommitted_is_relinquished(void **state)
{
	struct test_space space;
	unsigned char *ptr;

	(void)state;
	open_incoherent(&space, 8);
	ptr = must_alloc(&space.vs, 4);
	test_mmu_forget(&space.mmu);
	assert_ok(quire_vpage_resize(&space.vs, ptr, 1));
	assert_true(test_mmu_written_back(&space.mmu, ptr + PAGE, 3 * PAGE));
	assert_true(test_mmu_invalidated(&space.mmu, ptr + PAGE, 3 * PAGE));
	assert_false(test_mmu_invalidated(&space.mmu, ptr, 64));
	test_mmu_forget(&space.mmu);
	assert_ok(quire_vpage_decommit(&space.vs, ptr, 1));
	assert_true(test_mmu_invalidated(&space.mmu, ptr, PAGE));
	assert_ok(quire_vpage_free(&space.vs, ptr));
	assert_ok(quire_vspace_trim(&space.vs));
	test_space_fini(&space);
}

static void zeros_reach_memory_before_the_page_is_handed_out(void **state)
{
	struct test_space space;
	unsigned char *ptr;

	(void)state;
	open_incoherent(&space, 0);
	ptr = quire_vpage_alloc(&space.vs, 2, QUIRE_RW | QUIRE_USER);
	assert_non_null(ptr);
	assert_true(test_mmu_written_back(&space.mmu, ptr, 2 * PAGE));
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

/* ---- interrupts ------------------------------------------------------------------------------ */

static void call_everything(struct test_space *space, unsigned char *ptr, int32_t why)
{
	struct quire_vspace *vs = &space->vs;
	struct quire_request request = { .size = PAGE };

	assert_null(quire_vpage_alloc(vs, 1, QUIRE_RW));
	assert_null(quire_vpage_alloc_at(vs, ptr + 8 * PAGE, 1, QUIRE_RW));
	assert_null(quire_vpage_reserve(vs, 1));
	assert_null(quire_vpage_request(vs, &request, QUIRE_RW));
	assert_status(request.why, why);
	assert_status(quire_vpage_commit(vs, ptr + PAGE, 1, QUIRE_RW, NULL), why);
	assert_status(quire_vpage_decommit(vs, ptr, 1), why);
	assert_status(quire_vpage_protect(vs, ptr, 1, QUIRE_READ), why);
	assert_status(quire_vpage_resize(vs, ptr, 1), why);
	assert_status(quire_vpage_free(vs, ptr), why);
	assert_status(quire_vspace_trim(vs), why);
	assert_status(quire_vspace_fini(vs), why);
}

static void nothing_is_done_in_interrupt_context(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct test_snapshot before;
	unsigned char *ptr = quire_vpage_reserve(vs, 4);

	(void)state;
	assert_ok(quire_vpage_commit(vs, ptr, 1, QUIRE_RW, NULL));
	test_snapshot_take(&before, &space);
	atomic_store(&space.mmu.interrupt, true);
	call_everything(&space, ptr, QUIRE_ECONTEXT);
	atomic_store(&space.mmu.interrupt, false);
	assert_status(test_observer_last(&space.observer, QUIRE_EVENT_FAIL).why, QUIRE_ECONTEXT);
	assert_int_equal(test_space_stats(&space).refusals[-QUIRE_ECONTEXT], 11);
	test_snapshot_compare(&before, &space);
	test_snapshot_free(&before);
	assert_ok(quire_vpage_free(vs, ptr));
	test_space_fini(&space);
}

/* ---- events and counters ------------------------------------------------------------------- */

static void expect_event(struct test_space *space, uint32_t kind, const void *ptr, size_t size)
{
	struct quire_event event = test_observer_last(&space->observer, kind);

	assert_int_equal(event.kind, kind);
	assert_ptr_equal(event.object, &space->vs);
	assert_ptr_equal(event.ptr, ptr);
	assert_int_equal(event.size, size);
}

static void every_change_is_told(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_request request = { .size = 3 * PAGE, .tag = 77 };
	unsigned char *ptr = quire_vpage_request(vs, &request, QUIRE_RW);

	(void)state;
	expect_event(&space, QUIRE_EVENT_ALLOC, ptr, 3 * PAGE);
	expect_event(&space, QUIRE_EVENT_MAP, ptr, 3 * PAGE);
	assert_int_equal(test_observer_last(&space.observer, QUIRE_EVENT_ALLOC).tag, 77);
	assert_ok(quire_vpage_resize(vs, ptr, 5));
	expect_event(&space, QUIRE_EVENT_RESIZE, ptr, 5 * PAGE);
	expect_event(&space, QUIRE_EVENT_MAP, ptr + 3 * PAGE, 2 * PAGE);
	assert_ok(quire_vpage_protect(vs, ptr, 2, QUIRE_READ));
	expect_event(&space, QUIRE_EVENT_PROTECT, ptr, 2 * PAGE);
	assert_ok(quire_vpage_decommit(vs, ptr, 1));
	expect_event(&space, QUIRE_EVENT_UNMAP, ptr, PAGE);
	assert_ok(quire_vpage_free(vs, ptr));
	expect_event(&space, QUIRE_EVENT_FREE, ptr, 5 * PAGE);
	expect_event(&space, QUIRE_EVENT_UNMAP, ptr + PAGE, 4 * PAGE);
	request.size = (PAGES + 1) * PAGE;
	assert_null(quire_vpage_request(vs, &request, QUIRE_RW));
	expect_event(&space, QUIRE_EVENT_FAIL, NULL, (PAGES + 1) * PAGE);
	assert_int_equal(test_observer_last(&space.observer, QUIRE_EVENT_FAIL).tag, 77);
	assert_int_equal(space.observer.count[QUIRE_EVENT_MISUSE], 0);
	test_space_fini(&space);
}

static void an_observer_is_never_called_under_the_short_lock(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	unsigned char *ptr = must_alloc(vs, 3);

	(void)state;
	assert_ok(quire_vpage_resize(vs, ptr, 5));
	assert_ok(quire_vpage_protect(vs, ptr, 2, QUIRE_READ));
	assert_ok(quire_vpage_decommit(vs, ptr, 1));
	assert_ok(quire_vpage_free(vs, ptr));
	assert_status(quire_vpage_free(vs, ptr), QUIRE_EFREE);
	assert_true(space.observer.told > 8);
	assert_int_equal(space.observer.under_lock, 0);
	test_space_fini(&space);
}

static void counters_tell_what_happened(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);
	struct quire_vspace_stats stats = test_space_stats(&space);
	void *a, *b;

	(void)state;
	assert_int_equal(stats.pages, PAGES);
	assert_int_equal(stats.physical, PAGES);
	assert_int_equal(stats.largest, PAGES);
	a = must_alloc(vs, 10);
	b = must_alloc(vs, 20);
	assert_ok(quire_vpage_free(vs, a));
	stats = test_space_stats(&space);
	assert_int_equal(stats.allocations, 1);
	assert_int_equal(stats.held, 20);
	assert_int_equal(stats.held_peak, 30);
	assert_int_equal(stats.free, PAGES - 20);
	assert_int_equal(stats.largest, PAGES - 30);
	assert_int_equal(stats.map_calls, space.mmu.calls[TEST_MAP]);
	assert_int_equal(stats.unmap_calls, space.mmu.calls[TEST_UNMAP]);
	assert_int_equal(stats.mapped_pages, 30);
	assert_ok(quire_vpage_free(vs, b));
	test_space_fini(&space);
}

static void a_call_without_an_observer_counts_all_the_same(void **state)
{
	struct test_space space;
	struct quire_vspace *vs = open_plain(&space);

	(void)state;
	vs->observer = NULL;
	assert_null(quire_vpage_alloc(vs, PAGES + 1, QUIRE_RW));
	assert_status(quire_vpage_free(vs, vs), QUIRE_EFOREIGN);
	assert_ok(quire_vpage_free(vs, must_alloc(vs, 1)));
	assert_int_equal(test_space_stats(&space).misuses, 1);
	test_space_fini(&space);
}

static void a_machine_with_one_thread_needs_no_locks(void **state)
{
	struct test_mmu_config config = { .pages = 8 };
	struct draft draft;
	void *ptr;

	(void)state;
	begin_draft(&draft, &config);
	draft.model.mmu.lock = draft.model.mmu.unlock = NULL;
	draft.model.mmu.transition_lock = draft.model.mmu.transition_unlock = NULL;
	draft.model.mmu.available = NULL;
	draft.model.mmu.in_interrupt = NULL;
	draft.model.mmu.icache_sync = NULL;
	assert_ok(quire_vspace_init(&draft.vs, &draft.config));
	ptr = must_alloc(&draft.vs, 8);
	assert_ok(quire_vpage_protect(&draft.vs, ptr, 8, QUIRE_RX));
	assert_ok(quire_vpage_free(&draft.vs, ptr));
	assert_ok(quire_vspace_fini(&draft.vs));
	test_storage_fini(&draft.storage);
	test_mmu_discard(&draft.model); /* it has missed its locks */
}

/* ---- random programs ------------------------------------------------------------------------- */

#define WINDOW 40u

/* What every page of the window should be: who owns it, and which pattern it holds. */
struct world {
	struct test_space space;
	struct test_random random;
	size_t frames;
	uint32_t owner[WINDOW]; /* first page of the allocation, WINDOW if free */
	bool committed[WINDOW];
	uint32_t prot[WINDOW];
	uint32_t pattern[WINDOW];
	uint32_t next_pattern;
};

static size_t committed_pages(const struct world *world)
{
	size_t count = 0;

	for (uint32_t page = 0; page < WINDOW; page++)
		count += world->committed[page];
	return count;
}

static uint32_t size_at(const struct world *world, uint32_t start)
{
	uint32_t page = start;

	while (page < WINDOW && world->owner[page] == start)
		page++;
	return page - start;
}

static uint32_t longest_free(const struct world *world)
{
	uint32_t longest = 0, run = 0;

	for (uint32_t page = 0; page < WINDOW; page++) {
		run = world->owner[page] == WINDOW ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void own(struct world *world, uint32_t start, uint32_t count, uint32_t owner)
{
	for (uint32_t page = start; page < start + count; page++)
		world->owner[page] = owner;
}

static void set_committed(struct world *world, uint32_t start, uint32_t count, uint32_t prot)
{
	for (uint32_t page = start; page < start + count; page++) {
		unsigned char *ptr = test_space_page(&world->space, page);

		if (prot & QUIRE_USER && !world->space.vs.retain)
			assert_zero(ptr,
				    PAGE); /* a retained page may go back to its payer as it is */
		world->committed[page] = true;
		world->prot[page] = prot;
		world->pattern[page] = 0;
		if (!(prot & QUIRE_WRITE))
			continue;
		world->pattern[page] = ++world->next_pattern;
		test_fill(ptr, PAGE, world->pattern[page]);
	}
}

static void set_absent(struct world *world, uint32_t start, uint32_t count)
{
	for (uint32_t page = start; page < start + count; page++)
		world->committed[page] = false;
}

static void compare_page(struct world *world, uint32_t page)
{
	unsigned char *ptr = test_space_page(&world->space, page);
	void *owner = quire_vpage_owner(&world->space.vs, ptr, NULL);

	if (world->owner[page] == WINDOW)
		assert_null(owner);
	else
		assert_ptr_equal(owner, test_space_page(&world->space, world->owner[page]));
	assert_int_equal(test_mmu_count_mapped(&world->space.mmu, ptr, 1),
			 quire_vspace_is_mapped(&world->space.vs, ptr));
	if (!world->committed[page])
		return;
	assert_int_equal(test_mmu_prot(&world->space.mmu, ptr), world->prot[page]);
	if (world->pattern[page])
		test_assert_filled(ptr, PAGE, world->pattern[page]);
}

static void compare(struct world *world)
{
	struct quire_vspace_stats stats = test_space_stats(&world->space);

	test_space_check(&world->space);
	assert_int_equal(stats.held, committed_pages(world));
	assert_int_equal(stats.largest, longest_free(world));
	assert_int_equal(world->space.mmu.mapped, stats.held + stats.retained);
	for (uint32_t page = 0; page < WINDOW; page++)
		compare_page(world, page);
}

static uint32_t some_prot(struct world *world)
{
	static const uint32_t prots[] = { QUIRE_RW,
					  QUIRE_RW,
					  QUIRE_READ,
					  QUIRE_RX,
					  QUIRE_RW | QUIRE_USER,
					  QUIRE_READ | QUIRE_USER };

	return prots[test_random_below(&world->random, TEST_COUNT(prots))];
}

static uint32_t some_page(struct world *world)
{
	return test_random_below(&world->random, WINDOW);
}

/* The allocation at or after some page; WINDOW if there is none. */
static uint32_t some_allocation(struct world *world)
{
	uint32_t page = some_page(world);

	while (page < WINDOW && world->owner[page] != page)
		page++;
	return page;
}

static void try_alloc(struct world *world, uint32_t count, bool reserve)
{
	uint32_t prot = some_prot(world);
	bool room = longest_free(world) >= count;
	bool memory = reserve || committed_pages(world) + count <= world->frames;
	void *ptr = reserve ? quire_vpage_reserve(&world->space.vs, count)
			    : quire_vpage_alloc(&world->space.vs, count, prot);
	uint32_t start;

	assert_int_equal(ptr != NULL, room && memory);
	if (!ptr)
		return;
	start = (uint32_t)test_space_page_of(&world->space, ptr);
	for (uint32_t page = start; page < start + count; page++)
		assert_int_equal(world->owner[page], WINDOW);
	own(world, start, count, start);
	if (!reserve)
		set_committed(world, start, count, prot);
}

static void try_alloc_at(struct world *world, uint32_t start, uint32_t count)
{
	uint32_t prot = some_prot(world);
	bool possible = count <= WINDOW - start && committed_pages(world) + count <= world->frames;
	void *page = test_space_page(&world->space, start);
	void *ptr = quire_vpage_alloc_at(&world->space.vs, page, count, prot);

	for (uint32_t i = start; i < start + count && possible; i++)
		possible = world->owner[i] == WINDOW;
	assert_int_equal(ptr != NULL, possible);
	if (!ptr)
		return;
	own(world, start, count, start);
	set_committed(world, start, count, prot);
}

static void try_free(struct world *world, uint32_t page)
{
	bool starts = world->owner[page] == page;
	uint32_t count = starts ? size_at(world, page) : 0;

	assert_status(quire_vpage_free(&world->space.vs, test_space_page(&world->space, page)),
		      starts ? QUIRE_OK : QUIRE_EFREE);
	own(world, page, count, WINDOW);
	set_absent(world, page, count);
}

static bool within_one(const struct world *world, uint32_t first, uint32_t count)
{
	if (world->owner[first] == WINDOW || count > WINDOW - first)
		return false;
	for (uint32_t page = first; page < first + count; page++)
		if (world->owner[page] != world->owner[first])
			return false;
	return true;
}

static uint32_t committed_within(const struct world *world, uint32_t first, uint32_t count)
{
	uint32_t committed = 0;

	for (uint32_t page = first; page < first + count; page++)
		committed += world->committed[page];
	return committed;
}

static void try_commit(struct world *world, uint32_t first, uint32_t count)
{
	void *ptr = test_space_page(&world->space, first);
	uint32_t prot = some_prot(world);
	int32_t expected = QUIRE_OK;

	if (!within_one(world, first, count))
		expected = QUIRE_EFREE;
	else if (committed_within(world, first, count))
		expected = QUIRE_EBUSY;
	else if (committed_pages(world) + count > world->frames)
		expected = QUIRE_ENOPHYS;
	assert_status(quire_vpage_commit(&world->space.vs, ptr, count, prot, NULL), expected);
	if (!expected)
		set_committed(world, first, count, prot);
}

static void try_decommit(struct world *world, uint32_t first, uint32_t count)
{
	void *ptr = test_space_page(&world->space, first);
	bool possible = within_one(world, first, count);

	assert_status(quire_vpage_decommit(&world->space.vs, ptr, count),
		      possible ? QUIRE_OK : QUIRE_EFREE);
	if (possible)
		set_absent(world, first, count);
}

static void try_protect(struct world *world, uint32_t first, uint32_t count)
{
	void *ptr = test_space_page(&world->space, first);
	uint32_t prot = some_prot(world);
	bool possible =
		within_one(world, first, count) && committed_within(world, first, count) == count;
	int32_t status = quire_vpage_protect(&world->space.vs, ptr, count, prot);

	assert_int_equal(status == QUIRE_OK, possible);
	for (uint32_t page = first; possible && page < first + count; page++)
		world->prot[page] = prot;
}

static uint32_t room_behind(const struct world *world, uint32_t page)
{
	uint32_t room = 0;

	while (page + room < WINDOW && world->owner[page + room] == WINDOW)
		room++;
	return room;
}

static void try_resize(struct world *world, uint32_t start, uint32_t count)
{
	uint32_t size = size_at(world, start);
	bool reservation = !world->committed[start + size - 1];
	uint32_t more = count > size ? count - size : 0;
	int32_t expected = QUIRE_OK;

	if (more > room_behind(world, start + size))
		expected = QUIRE_ENOVIRT;
	else if (!reservation && committed_pages(world) + more > world->frames)
		expected = QUIRE_ENOPHYS;
	assert_status(quire_vpage_resize(&world->space.vs, test_space_page(&world->space, start),
					 count),
		      expected);
	if (expected)
		return;
	own(world, start + count, count < size ? size - count : 0, WINDOW);
	set_absent(world, start + count, count < size ? size - count : 0);
	own(world, start + size, more, start);
	if (!reservation)
		set_committed(world, start + size, more, world->prot[start + size - 1]);
}

static void step_on_allocation(struct world *world)
{
	uint32_t start = some_allocation(world);

	if (start == WINDOW)
		return;
	if (test_random_once_in(&world->random, 2))
		try_free(world, start);
	else
		try_resize(world, start, test_random_between(&world->random, 1, 12));
}

static void random_step(struct world *world)
{
	uint32_t count = test_random_between(&world->random, 1, 7);
	uint32_t page = some_page(world);

	switch (test_random_below(&world->random, 10)) {
	case 0:
		try_alloc(world, test_random_between(&world->random, 1, 16), true);
		break;
	case 1:
		try_alloc_at(world, page, count);
		break;
	case 2:
		try_free(world, page);
		break;
	case 3:
		try_commit(world, page, count);
		break;
	case 4:
		try_decommit(world, page, count);
		break;
	case 5:
		try_protect(world, page, count);
		break;
	case 6:
	case 7:
		step_on_allocation(world);
		break;
	default:
		try_alloc(world, count, false);
	}
	compare(world);
}

static void run_program(const struct test_space_config *config, uint64_t seed, int steps)
{
	struct world world = { .random = test_random_seeded(seed) };

	test_space_init(&world.space, config);
	world.frames = world.space.mmu.config.frames;
	own(&world, 0, WINDOW, WINDOW);
	for (int step = 0; step < steps; step++)
		random_step(&world);
	free_all(&world.space);
	test_space_fini(&world.space);
}

static void random_programs_agree_with_the_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct test_space_config config = { .mmu = { .pages = WINDOW, .frames = 26 } };

		run_program(&config, seed, 800);
		config.retain = 6;
		run_program(&config, seed, 800);
		config.retain = WINDOW;
		run_program(&config, seed, 800);
		config.mmu.unknown = true;
		run_program(&config, seed, 800);
	}
}

static void random_programs_agree_with_the_model_on_cores_not_coherent(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct test_space_config config = {
			.mmu = { .pages = WINDOW, .frames = 30, .not_coherent = true },
			.retain = 5,
		};

		run_program(&config, seed, 800);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(impossible_configurations_are_refused),
	cmocka_unit_test(a_vspace_has_room_for_254_budgets),
	cmocka_unit_test(a_window_that_wraps_around_is_refused),
	cmocka_unit_test(records_in_cached_memory_are_refused_where_cores_are_not_coherent),
	cmocka_unit_test(the_storage_that_the_macro_names_is_enough),
	cmocka_unit_test(the_least_storage_that_is_accepted_is_enough),
	cmocka_unit_test(fewer_physical_pages_than_the_driver_has_can_be_named),
	cmocka_unit_test(a_vspace_in_use_does_not_end),
	cmocka_unit_test(pages_of_any_size_are_served),
	cmocka_unit_test(memory_is_mapped_while_it_is_owned_and_no_longer),
	cmocka_unit_test(bad_sizes_are_refused),
	cmocka_unit_test(bad_requests_are_refused),
	cmocka_unit_test(sizes_are_rounded_up_to_pages),
	cmocka_unit_test(an_alignment_beyond_a_page_counts_from_zero),
	cmocka_unit_test(a_fixed_address_is_given_if_it_is_free),
	cmocka_unit_test(each_shortage_has_its_own_reason),
	cmocka_unit_test(a_supply_of_unknown_size_is_found_out_by_mapping),
	cmocka_unit_test(frames_that_others_took_are_missed_cleanly),
	cmocka_unit_test(a_greedy_range_stops_where_the_guarantees_of_others_begin),
	cmocka_unit_test(a_range_is_clipped_by_addresses_too),
	cmocka_unit_test(a_budget_above_its_limit_gets_nothing_more),
	cmocka_unit_test(a_limit_clips_a_range),
	cmocka_unit_test(an_overrun_meets_the_guard_page),
	cmocka_unit_test(a_guard_needs_addresses_but_no_memory),
	cmocka_unit_test(a_guard_moves_along_when_its_allocation_is_resized),
	cmocka_unit_test(a_guard_page_faults_also_where_a_page_was_retained),
	cmocka_unit_test(a_guard_page_that_cannot_be_unmapped_refuses_the_request),
	cmocka_unit_test(a_reservation_costs_nothing_until_it_is_committed),
	cmocka_unit_test(a_commit_is_refused_with_its_reason),
	cmocka_unit_test(parts_of_a_reservation_have_payers_and_protections_of_their_own),
	cmocka_unit_test(decommit_passes_over_what_is_not_committed),
	cmocka_unit_test(part_of_an_allocation_can_be_decommitted_and_committed_again),
	cmocka_unit_test(read_only_memory_cannot_be_written),
	cmocka_unit_test(memory_is_never_writable_and_executable),
	cmocka_unit_test(what_the_mmu_cannot_enforce_is_refused),
	cmocka_unit_test(protect_is_refused_outside_of_committed_pages),
	cmocka_unit_test(code_is_filled_then_made_executable),
	cmocka_unit_test(user_pages_are_zeroed_before_they_are_used),
	cmocka_unit_test(a_user_page_is_zeroed_before_it_changes_payer),
	cmocka_unit_test(a_kernel_page_is_zeroed_before_a_user_gets_it),
	cmocka_unit_test(a_dismissed_payers_pages_are_not_shown_to_the_next_with_its_number),
	cmocka_unit_test(an_allocation_grows_and_shrinks_in_place),
	cmocka_unit_test(growth_is_mapped_and_paid_like_the_last_page),
	cmocka_unit_test(a_reservation_grows_by_addresses_only),
	cmocka_unit_test(a_resize_that_cannot_grow_says_so),
	cmocka_unit_test(freeing_an_older_allocation_keeps_the_records_of_live_ones),
	cmocka_unit_test(a_bad_free_is_reported_not_obeyed),
	cmocka_unit_test(a_misuse_is_told_with_its_nearest_owner),
	cmocka_unit_test(a_heaps_window_is_foreign_to_vpage),
	cmocka_unit_test(every_address_has_the_owner_that_holds_it),
	cmocka_unit_test(a_retained_page_is_used_again_without_the_driver),
	cmocka_unit_test(no_more_pages_are_retained_than_allowed),
	cmocka_unit_test(retained_pages_are_given_back_when_pages_run_short),
	cmocka_unit_test(a_guarantee_is_not_eaten_by_retained_pages),
	cmocka_unit_test(retained_pages_serve_commits_and_growth),
	cmocka_unit_test(a_request_is_paid_by_the_budget_it_names),
	cmocka_unit_test(a_full_table_of_budgets_is_refused_not_overrun),
	cmocka_unit_test(a_guaranteed_request_never_fails_for_pages),
	cmocka_unit_test(addresses_set_aside_are_there_when_no_others_are),
	cmocka_unit_test(addresses_set_aside_belong_to_nobody_else),
	cmocka_unit_test(setting_aside_is_refused_with_its_reason),
	cmocka_unit_test(a_smaller_request_returns_all_that_was_set_aside),
	cmocka_unit_test(addresses_set_aside_can_be_changed_while_they_are_in_use),
	cmocka_unit_test(what_does_not_fit_the_addresses_set_aside_is_refused),
	cmocka_unit_test(a_budget_with_addresses_set_aside_is_not_dismissed),
	cmocka_unit_test(whoever_pays_addresses_come_back_to_the_budget_they_were_set_aside_for),
	cmocka_unit_test(either_alias_names_an_allocation),
	cmocka_unit_test(memory_is_invalidated_when_it_is_handed_out_and_when_it_is_freed),
	cmocka_unit_test(a_tail_that_is_cut_off_or_decommitted_is_relinquished),
	cmocka_unit_test(zeros_reach_memory_before_the_page_is_handed_out),
	cmocka_unit_test(nothing_is_done_in_interrupt_context),
	cmocka_unit_test(every_change_is_told),
	cmocka_unit_test(an_observer_is_never_called_under_the_short_lock),
	cmocka_unit_test(counters_tell_what_happened),
	cmocka_unit_test(a_call_without_an_observer_counts_all_the_same),
	cmocka_unit_test(a_machine_with_one_thread_needs_no_locks),
	cmocka_unit_test(random_programs_agree_with_the_model),
	cmocka_unit_test(random_programs_agree_with_the_model_on_cores_not_coherent),
};

int main(void)
{
	return cmocka_run_group_tests_name("vpage", tests, NULL, NULL);
}
