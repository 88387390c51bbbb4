/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regions: where their areas lie, who may do what in them, which pages they cost, how they end, and
 * how they sleep.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/heap_archive.h"
#include "support/random.h"
#include "support/space.h"

#define KIB  ((size_t)1024)
#define PAGE ((size_t)4096)

static struct quire_vregion_info info_of(struct quire_vregion *vr)
{
	struct quire_vregion_info info;

	quire_vregion_info(vr, &info);
	return info;
}

static void check(struct test_space *space, struct quire_vregion *vr)
{
	assert_sound(quire_vregion_check(vr));
	test_space_check(space);
}

static struct quire_vregion *open_region(struct test_space *space, struct test_region *region,
					 const struct quire_vregion_config *config)
{
	test_space_init_plain(space, 64, 64);
	assert_non_null(test_region_init(region, space, config));
	check(space, region->vr);
	return region->vr;
}

/* The last put gives everything back: storage, pages, addresses, accounts. */
static void close_region(struct test_space *space, struct test_region *region)
{
	check(space, region->vr);
	assert_ok(quire_vregion_put(region->vr));
	test_region_fini(region);
	test_space_fini(space);
}

static const struct quire_vregion_config fixed = { .lifetime = 3 * PAGE, .interim = 5 * PAGE };
static const struct quire_vregion_config lazy = { .lifetime = 8 * PAGE,
						  .flags = QUIRE_VREGION_LAZY };
static const struct quire_vregion_config all_areas = { .text = 2 * PAGE,
						       .shared = PAGE,
						       .lifetime = 3 * PAGE,
						       .interim = 5 * PAGE };

/* ---- the split ------------------------------------------------------------------------------- */

static void areas_start_on_pages_and_do_not_overlap(void **state)
{
	struct quire_vregion_config config = {
		.text = 5000, .shared = 1, .lifetime = 100, .interim = 9000
	};
	struct quire_vregion_info info;
	struct test_space space;
	struct test_region region;

	(void)state;
	open_region(&space, &region, &config);
	info = info_of(region.vr);
	assert_int_equal((uintptr_t)info.base % PAGE, 0);
	assert_int_equal(info.size, (2 + 1 + 1 + 3) * PAGE);
	for (size_t a = 0; a < QUIRE_AREAS; a++) {
		const struct quire_area_info *area = &info.area[a];

		assert_non_null(area->base);
		assert_int_equal((uintptr_t)area->base % PAGE, 0);
		assert_true(area->base >= info.base);
		assert_true((char *)area->base + area->size <= (char *)info.base + info.size);
		assert_int_equal(area->prot, QUIRE_RW);
		for (size_t b = 0; b < a; b++)
			assert_true((char *)info.area[b].base + info.area[b].size <=
					    (char *)area->base ||
				    (char *)area->base + area->size <= (char *)info.area[b].base);
	}
	close_region(&space, &region);
}

static void every_byte_of_every_area_can_be_had(void **state)
{
	struct test_space space;
	struct test_region region;
	struct quire_vregion_info info;

	(void)state;
	open_region(&space, &region, &all_areas);
	info = info_of(region.vr);
	for (uint32_t area = 0; area < QUIRE_AREAS; area++) {
		size_t size = info.area[area].size;
		unsigned char *ptr = quire_vregion_alloc(region.vr, (enum quire_area)area, size, 0);

		assert_ptr_equal(ptr, info.area[area].base);
		test_fill(ptr, size, area);
		assert_null(quire_vregion_alloc(region.vr, (enum quire_area)area, 1, 1));
	}
	for (uint32_t area = 0; area < QUIRE_AREAS; area++)
		test_assert_filled(info.area[area].base, info.area[area].size, area);
	assert_ok(quire_vregion_free(region.vr, info.area[QUIRE_INTERIM].base));
	close_region(&space, &region);
}

static void an_area_that_was_not_configured_serves_nothing(void **state)
{
	struct quire_vregion_config config = { .lifetime = PAGE };
	struct test_space space;
	struct test_region region;
	static const enum quire_area missing[] = { QUIRE_TEXT, QUIRE_SHARED, QUIRE_INTERIM };

	(void)state;
	open_region(&space, &region, &config);
	for (size_t i = 0; i < TEST_COUNT(missing); i++) {
		struct quire_request request = { .size = 1 };

		assert_null(info_of(region.vr).area[missing[i]].base);
		assert_null(quire_vregion_request(region.vr, missing[i], &request));
		assert_status(request.why, QUIRE_ENOVIRT);
	}
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, PAGE, 0));
	close_region(&space, &region);
}

static void a_lazy_region_has_no_interim_area_until_it_is_sealed(void **state)
{
	struct quire_request request = { .size = 100 };
	struct quire_vregion_info info;
	struct test_space space;
	struct test_region region;
	unsigned char *ptr;

	(void)state;
	open_region(&space, &region, &lazy);
	assert_null(quire_vregion_request(region.vr, QUIRE_INTERIM, &request));
	assert_status(request.why, QUIRE_ESTATE);
	assert_null(info_of(region.vr).area[QUIRE_INTERIM].base);
	ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 5000, 0);
	assert_non_null(ptr);

	assert_ok(quire_vregion_seal(region.vr));
	info = info_of(region.vr);
	assert_true(info.sealed);
	assert_ptr_equal(info.area[QUIRE_LIFETIME].base, ptr);
	assert_int_equal(info.area[QUIRE_LIFETIME].size, 2 * PAGE);
	assert_ptr_equal(info.area[QUIRE_INTERIM].base, ptr + 2 * PAGE);
	assert_int_equal(info.area[QUIRE_INTERIM].size, 6 * PAGE);
	assert_ptr_equal(quire_vregion_alloc(region.vr, QUIRE_INTERIM, 6 * PAGE, 0),
			 ptr + 2 * PAGE);
	assert_ok(quire_vregion_free(region.vr, ptr + 2 * PAGE));
	close_region(&space, &region);
}

static void a_lazy_region_may_be_all_lifetime_or_all_interim(void **state)
{
	struct test_space space;
	struct test_region region;
	struct quire_request request = { .size = 1 };
	unsigned char *ptr;

	(void)state;
	open_region(&space, &region, &lazy);
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 8 * PAGE, 0));
	assert_ok(quire_vregion_seal(region.vr));
	assert_null(quire_vregion_request(region.vr, QUIRE_INTERIM, &request));
	assert_status(request.why, QUIRE_ENOVIRT);
	close_region(&space, &region);

	open_region(&space, &region, &lazy);
	assert_ok(quire_vregion_seal(region.vr));
	ptr = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 8 * PAGE, 0);
	assert_non_null(ptr);
	assert_ok(quire_vregion_free(region.vr, ptr));
	close_region(&space, &region);
}

/* Pages of lifetime memory that was freed before the seal belong to nobody, and can all be interim. */
static void a_lazy_region_gives_freed_lifetime_memory_to_its_interim_area(void **state)
{
	struct test_space space;
	struct test_region region;
	unsigned char *ptr;

	(void)state;
	open_region(&space, &region, &lazy);
	ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 3 * PAGE, 0);
	assert_non_null(ptr);
	assert_ok(quire_vregion_resize(region.vr, ptr, PAGE, PAGE, NULL));
	assert_ok(quire_vregion_seal(region.vr));
	assert_int_equal(info_of(region.vr).committed, PAGE);
	assert_int_equal(info_of(region.vr).committed_peak, 3 * PAGE);
	check(&space, region.vr);
	assert_ptr_equal(quire_vregion_alloc(region.vr, QUIRE_INTERIM, 7 * PAGE, 0), ptr + PAGE);
	check(&space, region.vr);
	assert_ok(quire_vregion_reset_interim(region.vr));
	close_region(&space, &region);
}

/* A page that cannot be unmapped then stays with lifetime, and goes with the region. */
static void a_seal_succeeds_though_pages_cannot_be_given_back(void **state)
{
	struct test_space space;
	struct test_region region;
	unsigned char *ptr;

	(void)state;
	open_region(&space, &region, &lazy);
	ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 3 * PAGE, 0);
	assert_ok(quire_vregion_free(region.vr, ptr));
	test_mmu_fail(&space.mmu, TEST_UNMAP, 1, false);
	assert_ok(quire_vregion_seal(region.vr));
	check(&space, region.vr);
	assert_int_equal(info_of(region.vr).committed, 3 * PAGE);
	assert_ptr_equal(quire_vregion_alloc(region.vr, QUIRE_INTERIM, 5 * PAGE, 0),
			 ptr + 3 * PAGE);
	assert_ok(quire_vregion_reset_interim(region.vr));
	close_region(&space, &region);
}

/* What exists elsewhere becomes unusable altogether when its interim heap would be under 1 KiB. */
static void a_region_too_small_for_an_interim_area_still_serves_lifetime(void **state)
{
	(void)state;
	for (size_t size = 1; size <= PAGE; size += 511) {
		struct quire_vregion_config config = { .lifetime = size,
						       .flags = QUIRE_VREGION_LAZY };
		struct quire_request request = { .size = 1 };
		struct test_space space;
		struct test_region region;
		void *ptr;

		open_region(&space, &region, &config);
		ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, size, 0);
		assert_non_null(ptr);
		test_fill(ptr, size, 1);
		assert_ok(quire_vregion_seal(region.vr));
		assert_null(quire_vregion_request(region.vr, QUIRE_INTERIM, &request));
		assert_status(request.why, QUIRE_ENOVIRT);
		test_assert_filled(ptr, size, 1);
		close_region(&space, &region);
	}
}

static void a_sealed_region_gives_interim_memory_only(void **state)
{
	static const enum quire_area closed[] = { QUIRE_TEXT, QUIRE_SHARED, QUIRE_LIFETIME };
	struct test_space space;
	struct test_region region;
	unsigned char *ptr;

	(void)state;
	open_region(&space, &region, &all_areas);
	ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 100, 0);
	assert_ok(quire_vregion_seal(region.vr));
	assert_ok(quire_vregion_seal(region.vr));
	for (size_t i = 0; i < TEST_COUNT(closed); i++) {
		struct quire_request request = { .size = 1 };

		assert_null(quire_vregion_request(region.vr, closed[i], &request));
		assert_status(request.why, QUIRE_ESTATE);
	}
	assert_ok(quire_vregion_free(region.vr, ptr));
	assert_int_equal(info_of(region.vr).area[QUIRE_LIFETIME].used, 100);
	ptr = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 100, 0);
	assert_non_null(ptr);
	assert_ok(quire_vregion_free(region.vr, ptr));
	close_region(&space, &region);
}

/* ---- pages and accounts ---------------------------------------------------------------------- */

static void pages_are_committed_when_the_first_byte_of_them_is_allocated(void **state)
{
	struct test_space space;
	struct test_region region;
	size_t used = 0;

	(void)state;
	open_region(&space, &region, &fixed);
	assert_int_equal(space.mmu.mapped, 0);
	while (used + 64 <= 3 * PAGE) {
		assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 64, 64));
		used += 64;
		assert_int_equal(space.mmu.mapped, (used + PAGE - 1) / PAGE);
		assert_int_equal(info_of(region.vr).area[QUIRE_LIFETIME].used, used);
		assert_int_equal(info_of(region.vr).committed, space.mmu.mapped * PAGE);
	}
	assert_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 1, 1));
	close_region(&space, &region);
}

static void a_generous_size_costs_addresses_and_not_memory(void **state)
{
	struct quire_vregion_config config = { .lifetime = 30 * PAGE, .interim = 30 * PAGE };
	struct test_space space;
	struct test_region region;
	void *ptr;

	(void)state;
	test_space_init_plain(&space, 64, 3);
	assert_non_null(test_region_init(&region, &space, &config));
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, PAGE, 0));
	ptr = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 2 * PAGE, 0);
	assert_non_null(ptr);
	assert_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 1, 0));
	assert_ok(quire_vregion_free(region.vr, ptr));
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 2 * PAGE, 0));
	close_region(&space, &region);
}

static void the_budget_of_a_region_pays_and_is_refunded(void **state)
{
	struct quire_vregion_config config = all_areas;
	struct quire_budget mine = { 0 };
	struct quire_request request = { .size = PAGE };
	struct test_space space;
	struct test_region region;
	void *ptr;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 2, 3));
	config.budget = &mine;
	assert_non_null(test_region_init(&region, &space, &config));
	assert_int_equal(mine.used, 0);
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 1, 0));
	assert_int_equal(mine.used, 1);
	ptr = quire_vregion_alloc(region.vr, QUIRE_INTERIM, PAGE + 1, 0);
	assert_non_null(ptr);
	assert_int_equal(mine.used, 3);
	assert_null(quire_vregion_request(region.vr, QUIRE_SHARED, &request));
	assert_status(request.why, QUIRE_EBUDGET);
	assert_ok(quire_vregion_free(region.vr, ptr));
	assert_int_equal(mine.used, 1);
	request.budget = &mine;
	assert_null(quire_vregion_request(region.vr, QUIRE_INTERIM, &request));
	assert_status(request.why, QUIRE_EINVAL);
	assert_ok(quire_vregion_put(region.vr));
	assert_int_equal(mine.used, 0);
	assert_ok(quire_vspace_dismiss(&space.vs, &mine));
	test_region_fini(&region);
	test_space_fini(&space);
}

static void what_is_refused_is_told_with_the_region_and_its_tag(void **state)
{
	struct quire_vregion_config config = { .lifetime = 3 * PAGE, .tag = 77 };
	struct test_space space;
	struct test_region region;
	struct quire_event event;
	unsigned char *base;

	(void)state;
	open_region(&space, &region, &config);
	base = info_of(region.vr).base;
	assert_status(quire_vregion_free(region.vr, base + PAGE), QUIRE_EFREE);
	event = test_observer_last(&space.observer, QUIRE_EVENT_MISUSE);
	assert_status(event.why, QUIRE_EFREE);
	assert_ptr_equal(event.ptr, base + PAGE);
	assert_ptr_equal(event.object, region.vr);
	assert_ptr_equal(event.owner, base);
	assert_int_equal(event.owner_size, 3 * PAGE);
	assert_int_equal(event.size, 0);
	assert_int_equal(event.tag, 77);
	assert_status(quire_vregion_free(region.vr, base - 1), QUIRE_EFOREIGN);
	event = test_observer_last(&space.observer, QUIRE_EVENT_MISUSE);
	assert_int_equal(event.owner_size, 3 * PAGE);
	assert_int_equal(event.size, 0);

	config.lifetime = 65 * PAGE;
	config.tag = 78;
	config.storage = &config;
	config.storage_bytes = sizeof(struct quire_vregion);
	assert_null(quire_vregion_create(&space.vs, &config, NULL));
	event = test_observer_last(&space.observer, QUIRE_EVENT_FAIL);
	assert_status(event.why, QUIRE_ENOVIRT);
	assert_ptr_equal(event.object, &space.vs);
	assert_int_equal(event.size, 0);
	assert_int_equal(event.tag, 78);
	assert_null(quire_vregion_create(&space.vs, NULL, NULL));
	event = test_observer_last(&space.observer, QUIRE_EVENT_FAIL);
	assert_status(event.why, QUIRE_EINVAL);
	assert_int_equal(event.tag, 0);
	close_region(&space, &region);
}

static void every_change_of_an_area_is_told(void **state)
{
	struct test_space space;
	struct test_region region;
	struct quire_request request = { .size = 100, .tag = 5 };
	struct quire_event event;
	unsigned char *ptr;

	(void)state;
	open_region(&space, &region, &fixed);
	ptr = quire_vregion_request(region.vr, QUIRE_LIFETIME, &request);
	event = test_observer_last(&space.observer, QUIRE_EVENT_ALLOC);
	assert_ptr_equal(event.object, region.vr);
	assert_ptr_equal(event.ptr, ptr);
	assert_int_equal(event.size, 100);
	assert_int_equal(event.tag, 5);
	assert_ok(quire_vregion_resize(region.vr, ptr, 200, 200, NULL));
	event = test_observer_last(&space.observer, QUIRE_EVENT_RESIZE);
	assert_ptr_equal(event.ptr, ptr);
	assert_int_equal(event.size, 200);
	assert_ok(quire_vregion_free(region.vr, ptr));
	event = test_observer_last(&space.observer, QUIRE_EVENT_FREE);
	assert_ptr_equal(event.ptr, ptr);
	assert_ptr_equal(event.object, region.vr);
	close_region(&space, &region);
}

/* Of what an area has already nothing is asked again: the reason is of the pages that are new. */
static void the_reason_of_a_refusal_is_that_of_the_new_pages(void **state)
{
	struct test_space_config space_config = { .mmu = { .pages = 32, .frames = 6 },
						  .budgets = 1 };
	struct quire_vregion_config config = { .lifetime = 16 * PAGE };
	struct quire_budget mine = { 0 };
	struct quire_request request = { .size = 2 * PAGE };
	struct test_space space;
	struct test_region region;
	void *others;

	(void)state;
	test_space_init(&space, &space_config);
	assert_ok(quire_vspace_admit(&space.vs, &mine, 0, 7));
	config.budget = &mine;
	assert_non_null(test_region_init(&region, &space, &config));
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 4 * PAGE, 0));
	others = quire_vpage_alloc(&space.vs, 1, QUIRE_RW);
	assert_non_null(others);
	assert_null(quire_vregion_request(region.vr, QUIRE_LIFETIME, &request));
	assert_status(request.why, QUIRE_ENOPHYS); /* the limit leaves three, and one is free */
	request.size = 4 * PAGE;
	assert_null(quire_vregion_request(region.vr, QUIRE_LIFETIME, &request));
	assert_status(request.why, QUIRE_EBUDGET);
	assert_ok(quire_vpage_free(&space.vs, others));
	assert_ok(quire_vregion_put(region.vr));
	assert_ok(quire_vspace_dismiss(&space.vs, &mine));
	test_region_fini(&region);
	test_space_fini(&space);
}

static void a_lifetime_range_takes_what_is_left_of_area_and_memory(void **state)
{
	struct quire_request all = { .size = 100 * PAGE, .min = 100 };
	struct quire_request steps = { .size = 100 * PAGE, .min = 1000, .step = 1000 };
	struct test_space space;
	struct test_region region;

	(void)state;
	open_region(&space, &region, &fixed);
	assert_non_null(quire_vregion_request(region.vr, QUIRE_LIFETIME, &all));
	assert_int_equal(all.granted, 3 * PAGE);
	close_region(&space, &region);

	test_space_init_plain(&space, 64, 2);
	assert_non_null(test_region_init(&region, &space, &fixed));
	assert_non_null(quire_vregion_request(region.vr, QUIRE_LIFETIME, &steps));
	assert_int_equal(steps.granted, 8000);
	close_region(&space, &region);
}

/* Also where the pages are there already. */
static void a_lifetime_range_is_granted_in_steps_whether_or_not_pages_are_there(void **state)
{
	struct test_space space;
	struct test_region region;

	(void)state;
	open_region(&space, &region, &fixed);
	for (size_t i = 0; i < 3; i++) {
		struct quire_request steps = { .size = 150, .min = 50, .step = 40 };

		assert_int_equal(quire_vregion_would_fit(region.vr, QUIRE_LIFETIME, &steps), 130);
		assert_non_null(quire_vregion_request(region.vr, QUIRE_LIFETIME, &steps));
		assert_int_equal(steps.granted, 130);
	}
	close_region(&space, &region);
}

/* ---- alignment ------------------------------------------------------------------------------- */

static void alignment_is_honoured_in_every_area(void **state)
{
	struct quire_vregion_config config = {
		.text = 20 * PAGE, .shared = 12 * PAGE, .lifetime = 12 * PAGE, .interim = 20 * PAGE
	};

	(void)state;
	for (size_t align = 1; align <= 8 * PAGE; align *= 2) {
		struct test_space space;
		struct test_region region;

		open_region(&space, &region, &config);
		for (uint32_t area = 0; area < QUIRE_AREAS; area++) {
			for (size_t size = 1; size < PAGE; size = 3 * size + 1) {
				void *ptr = quire_vregion_alloc(region.vr, (enum quire_area)area,
								size, align);

				assert_int_equal((uintptr_t)ptr % align, 0);
				assert_true(ptr || align >= PAGE / 2);
			}
		}
		assert_ok(quire_vregion_reset_interim(region.vr));
		close_region(&space, &region);
	}
}

/* The last pages there are: what is rounded up to an alignment beyond them comes out at zero. */
static void an_alignment_behind_the_last_address_is_refused(void **state)
{
	static _Alignas(uintptr_t) unsigned char pages[QUIRE_VSPACE_STORAGE(8, 1)];
	static _Alignas(uintptr_t) unsigned char records[QUIRE_VREGION_STORAGE(4096, 64)];
	const struct quire_mmu mmu = test_mmu_without_frames(PAGE);
	const struct quire_vspace_config config = { .mmu = &mmu,
						    .base = (void *)(0 - 9 * PAGE),
						    .pages = 8,
						    .budgets = 1,
						    .storage = pages,
						    .storage_bytes = sizeof(pages) };
	const struct quire_vregion_config region = { .lifetime = 7 * PAGE,
						     .interim = PAGE,
						     .storage = records,
						     .storage_bytes = sizeof(records) };
	struct quire_request request = { .size = 64, .align = SIZE_MAX / 4 + 1 };
	struct quire_vspace vs;
	struct quire_vregion *vr;

	(void)state;
	assert_ok(quire_vspace_init(&vs, &config));
	vr = quire_vregion_create(&vs, &region, NULL);
	assert_non_null(vr);
	assert_null(quire_vregion_request(vr, QUIRE_LIFETIME, &request));
	assert_status(request.why, QUIRE_ENOVIRT);
	request.align = 64;
	assert_null(quire_vregion_request(vr, QUIRE_LIFETIME, &request));
	assert_status(request.why, QUIRE_ENOPHYS);
	assert_ok(quire_vregion_put(vr));
	assert_ok(quire_vspace_fini(&vs));
}

static void what_asks_for_no_alignment_is_aligned_to_the_unit(void **state)
{
	struct test_space space;
	struct test_region region;

	(void)state;
	open_region(&space, &region, &all_areas);
	for (uint32_t area = 0; area < QUIRE_AREAS; area++)
		for (size_t size = 1; size < 100; size += 7)
			assert_int_equal((uintptr_t)quire_vregion_alloc(
						 region.vr, (enum quire_area)area, size, 0) %
						 64,
					 0);
	assert_ok(quire_vregion_reset_interim(region.vr));
	close_region(&space, &region);
}

static void an_alignment_that_is_no_power_of_two_is_refused_with_a_reason(void **state)
{
	static const size_t wrong[] = { 3, 6, 48, 4097, SIZE_MAX, SIZE_MAX - 1 };
	struct test_space space;
	struct test_region region;

	(void)state;
	open_region(&space, &region, &all_areas);
	for (uint32_t area = 0; area < QUIRE_AREAS; area++) {
		for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
			struct quire_request request = { .size = 64, .align = wrong[i] };
			struct quire_event event;

			assert_null(
				quire_vregion_request(region.vr, (enum quire_area)area, &request));
			assert_status(request.why, QUIRE_EINVAL);
			assert_int_equal(request.granted, 0);
			event = test_observer_last(&space.observer, QUIRE_EVENT_FAIL);
			assert_status(event.why, QUIRE_EINVAL);
			assert_int_equal(event.size, 64);
			assert_null(quire_vregion_alloc_coherent(region.vr, (enum quire_area)area,
								 64, wrong[i]));
		}
	}
	assert_int_equal(space.mmu.mapped, 0);
	close_region(&space, &region);
}

/* ---- protection ------------------------------------------------------------------------------ */

static void end_with_42(int number)
{
	(void)number;
	_exit(42);
}

/* Whether a write to this byte faults, found out by a process of its own. */
static bool write_faults(volatile unsigned char *ptr)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (!child) {
		signal(SIGSEGV, end_with_42);
		signal(SIGBUS, end_with_42);
		*ptr = *ptr; /* memory is shared with the child: leave it as it is */
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

static void text_is_filled_while_writable_and_then_executable_and_no_longer_writable(void **state)
{
	struct quire_vregion_config config = { .text = 3 * PAGE, .lifetime = PAGE };
	struct test_space space;
	struct test_region region;
	unsigned char *text, *more;

	(void)state;
	open_region(&space, &region, &config);
	text = quire_vregion_alloc(region.vr, QUIRE_TEXT, PAGE, 0);
	test_fill(text, PAGE, 1);
	assert_false(write_faults(text));
	assert_ok(quire_vregion_protect(region.vr, QUIRE_TEXT, QUIRE_RX));
	assert_int_equal(atomic_load(&space.mmu.icache_syncs), 1);
	assert_int_equal(test_mmu_prot(&space.mmu, text), QUIRE_RX);
	assert_int_equal(info_of(region.vr).area[QUIRE_TEXT].prot, QUIRE_RX);
	assert_true(write_faults(text));
	test_assert_filled(text, PAGE, 1);
	more = quire_vregion_alloc(region.vr, QUIRE_TEXT, PAGE, 0); /* committed later */
	assert_int_equal(test_mmu_prot(&space.mmu, more), QUIRE_RX);
	assert_ok(quire_vregion_protect(region.vr, QUIRE_TEXT, QUIRE_RW));
	test_fill(more, PAGE, 2);
	close_region(&space, &region);
}

static void a_sealed_lifetime_area_can_be_made_read_only(void **state)
{
	struct test_space space;
	struct test_region region;
	unsigned char *life, *interim;

	(void)state;
	open_region(&space, &region, &fixed);
	life = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 2 * PAGE, 0);
	test_fill(life, 2 * PAGE, 1);
	assert_ok(quire_vregion_seal(region.vr));
	assert_ok(quire_vregion_protect(region.vr, QUIRE_LIFETIME, QUIRE_READ));
	interim = quire_vregion_alloc(region.vr, QUIRE_INTERIM, PAGE, 0);
	test_fill(interim, PAGE, 2);
	assert_true(write_faults(life));
	assert_true(write_faults(life + 2 * PAGE - 1));
	assert_false(write_faults(interim));
	test_assert_filled(life, 2 * PAGE, 1);
	assert_ok(quire_vregion_free(region.vr, interim));
	close_region(&space, &region);
}

static void each_area_has_the_protection_it_was_configured_with(void **state)
{
	struct quire_vregion_config config = all_areas;
	struct test_space space;
	struct test_region region;
	void *shared, *interim;

	(void)state;
	config.prot[QUIRE_SHARED] = QUIRE_RW | QUIRE_USER;
	config.prot[QUIRE_INTERIM] = QUIRE_RW | QUIRE_USER;
	open_region(&space, &region, &config);
	shared = quire_vregion_alloc(region.vr, QUIRE_SHARED, 1, 0);
	interim = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 1, 0);
	assert_int_equal(test_mmu_prot(&space.mmu, shared), QUIRE_RW | QUIRE_USER);
	assert_int_equal(test_mmu_prot(&space.mmu, interim), QUIRE_RW | QUIRE_USER);
	assert_int_equal(*(unsigned char *)shared, 0); /* zeroed for the user */
	assert_int_equal(*(unsigned char *)interim, 0);
	assert_int_equal(test_mmu_prot(&space.mmu,
				       quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 1, 0)),
			 QUIRE_RW);
	assert_ok(quire_vregion_protect(region.vr, QUIRE_INTERIM, QUIRE_RW));
	assert_int_equal(test_mmu_prot(&space.mmu, interim), QUIRE_RW);
	assert_ok(quire_vregion_free(region.vr, interim));
	close_region(&space, &region);
}

static void an_interim_area_that_is_not_there_yet_can_be_protected(void **state)
{
	struct quire_vregion_config config = { .lifetime = 4 * PAGE, .flags = QUIRE_VREGION_LAZY };
	struct test_space space;
	struct test_region region;
	void *interim;

	(void)state;
	open_region(&space, &region, &config);
	assert_ok(quire_vregion_protect(region.vr, QUIRE_INTERIM, QUIRE_RW | QUIRE_USER));
	assert_ok(quire_vregion_seal(region.vr));
	interim = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 1, 0);
	assert_non_null(interim);
	assert_int_equal(test_mmu_prot(&space.mmu, interim), QUIRE_RW | QUIRE_USER);
	assert_ok(quire_vregion_free(region.vr, interim));
	close_region(&space, &region);
}

static void a_protection_that_cannot_be_enforced_is_refused(void **state)
{
	static const uint32_t wrong[] = {
		QUIRE_RW | QUIRE_EXEC, QUIRE_WRITE, QUIRE_EXEC, 16, QUIRE_WRITE | QUIRE_EXEC, 0
	};
	struct test_space space;
	struct test_region region;
	void *ptr;

	(void)state;
	open_region(&space, &region, &all_areas);
	ptr = quire_vregion_alloc(region.vr, QUIRE_TEXT, 1, 0);
	for (size_t i = 0; i < TEST_COUNT(wrong); i++)
		assert_status(quire_vregion_protect(region.vr, QUIRE_TEXT, wrong[i]), QUIRE_EINVAL);
	assert_status(quire_vregion_protect(region.vr, QUIRE_AREAS, QUIRE_RW), QUIRE_EINVAL);
	assert_int_equal(test_mmu_prot(&space.mmu, ptr), QUIRE_RW);
	close_region(&space, &region);
}

/* ---- users, release, leaks ------------------------------------------------------------------- */

static void the_last_user_ends_the_region_and_only_the_last(void **state)
{
	struct test_space space;
	struct test_region region;

	(void)state;
	open_region(&space, &region, &fixed);
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 100, 0));
	for (uint32_t users = 2; users < 5; users++) {
		assert_ptr_equal(quire_vregion_get(region.vr), region.vr);
		assert_int_equal(info_of(region.vr).users, users);
	}
	for (uint32_t users = 4; users > 1; users--) {
		assert_ok(quire_vregion_put(region.vr));
		assert_int_equal(region.releases, 0);
		assert_int_equal(space.mmu.mapped, 1);
	}
	assert_ok(quire_vregion_put(region.vr));
	assert_int_equal(region.releases, 1);
	assert_int_equal(space.mmu.mapped, 0);
	test_region_fini(&region);
	test_space_fini(&space);
}

static void live_interim_allocations_are_told_as_leaks_when_the_region_ends(void **state)
{
	struct quire_vregion_config config = fixed;
	struct test_space space;
	struct test_region region;
	struct quire_event leak;
	unsigned char *kept, *freed;

	(void)state;
	config.tag = 99;
	open_region(&space, &region, &config);
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 100, 0));
	freed = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 500, 0);
	kept = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 1000, 0);
	assert_ok(quire_vregion_free(region.vr, freed));
	close_region(&space, &region);
	assert_int_equal(space.observer.count[QUIRE_EVENT_LEAK], 1);
	leak = test_observer_last(&space.observer, QUIRE_EVENT_LEAK);
	assert_ptr_equal(leak.ptr, kept);
	assert_true(leak.size >= 1000 && leak.size <= 1024);
	assert_ptr_equal(leak.object, region.vr);
	assert_int_equal(leak.tag, 99);
}

static void a_reset_frees_all_interim_memory_and_is_no_leak(void **state)
{
	struct test_space space;
	struct test_region region;
	void *life;

	(void)state;
	open_region(&space, &region, &fixed);
	life = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 100, 0);
	test_fill(life, 100, 1);
	for (size_t round = 0; round < 3; round++) {
		while (quire_vregion_alloc(region.vr, QUIRE_INTERIM, 700, 0))
			;
		assert_int_equal(info_of(region.vr).area[QUIRE_INTERIM].committed, 5 * PAGE);
		assert_ok(quire_vregion_reset_interim(region.vr));
		assert_int_equal(info_of(region.vr).area[QUIRE_INTERIM].committed, 0);
		assert_int_equal(info_of(region.vr).area[QUIRE_INTERIM].allocations, 0);
		assert_int_equal(info_of(region.vr).area[QUIRE_INTERIM].used, 0);
		check(&space, region.vr);
	}
	test_assert_filled(life, 100, 1);
	close_region(&space, &region);
	assert_int_equal(space.observer.count[QUIRE_EVENT_LEAK], 0);
}

/* ---- free and resize ------------------------------------------------------------------------- */

/* "Free" of a bump allocation elsewhere leaks each time a buffer is resized while things are
 * set up. */
static void replacing_the_newest_lifetime_allocation_costs_nothing(void **state)
{
	struct test_space space;
	struct test_region region;
	size_t granted;
	void *first, *ptr;

	(void)state;
	open_region(&space, &region, &fixed);
	first = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 64, 0);
	for (size_t size = 64; size < 2 * PAGE; size += 64) {
		ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, size, 0);
		assert_non_null(ptr);
		assert_int_equal(info_of(region.vr).area[QUIRE_LIFETIME].used, 64 + size);
		assert_ok(quire_vregion_free(region.vr, ptr));
		assert_int_equal(info_of(region.vr).area[QUIRE_LIFETIME].used, 64);
	}
	ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 64, 0);
	for (size_t size = 64; size < 2 * PAGE; size += 64) {
		test_fill(ptr, size, (uint32_t)size);
		assert_ok(quire_vregion_resize(region.vr, ptr, size + 64, size + 64, &granted));
		assert_int_equal(granted, size + 64);
		test_assert_filled(ptr, size, (uint32_t)size);
		assert_int_equal(info_of(region.vr).area[QUIRE_LIFETIME].used, 64 + size + 64);
	}
	assert_ok(quire_vregion_resize(region.vr, ptr, 1, 1, &granted));
	assert_int_equal(info_of(region.vr).area[QUIRE_LIFETIME].used, 65);
	assert_int_equal(quire_vregion_free(region.vr, first), QUIRE_OK);
	assert_int_equal(info_of(region.vr).area[QUIRE_LIFETIME].used, 65);
	close_region(&space, &region);
}

static void only_the_newest_of_an_area_is_resized_and_only_until_the_seal(void **state)
{
	struct test_space space;
	struct test_region region;
	void *old, *newest;
	size_t granted = 1;

	(void)state;
	open_region(&space, &region, &fixed);
	old = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 100, 0);
	newest = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 100, 0);
	assert_true(quire_vregion_resize(region.vr, old, 50, 50, &granted) != QUIRE_OK);
	assert_int_equal(granted, 0);
	assert_status(quire_vregion_resize(region.vr, newest, 4 * PAGE, 4 * PAGE, &granted),
		      QUIRE_ENOVIRT);
	assert_ok(quire_vregion_resize(region.vr, newest, 100, 4 * PAGE, &granted));
	assert_int_equal(granted, 3 * PAGE - 128);
	assert_ok(quire_vregion_seal(region.vr));
	assert_true(quire_vregion_resize(region.vr, newest, 10, 10, &granted) != QUIRE_OK);
	close_region(&space, &region);
}

static void interim_allocations_are_resized_in_place(void **state)
{
	struct test_space space;
	struct test_region region;
	unsigned char *ptr;
	size_t granted;

	(void)state;
	open_region(&space, &region, &fixed);
	ptr = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 100, 0);
	test_fill(ptr, 100, 1);
	assert_ok(quire_vregion_resize(region.vr, ptr, 3 * PAGE, 3 * PAGE, &granted));
	assert_true(quire_vregion_usable_size(region.vr, ptr) >= 3 * PAGE);
	assert_int_equal(space.mmu.mapped, 3);
	assert_int_equal(info_of(region.vr).committed_peak, 3 * PAGE);
	test_assert_filled(ptr, 100, 1);
	assert_ok(quire_vregion_resize(region.vr, ptr, 1, 100 * PAGE, &granted));
	assert_int_equal(granted, 5 * PAGE);
	assert_ok(quire_vregion_resize(region.vr, ptr, 64, 64, &granted));
	assert_int_equal(space.mmu.mapped, 1);
	assert_int_equal(quire_vregion_usable_size(region.vr, ptr + 64), 0);
	assert_ok(quire_vregion_free(region.vr, ptr));
	close_region(&space, &region);
}

static void a_region_without_an_area_does_nothing_in_it(void **state)
{
	struct quire_vregion_config config = { .shared = PAGE };
	struct quire_request request = { .size = 1 };
	struct test_space space;
	struct test_region region;
	unsigned char *ptr;

	(void)state;
	open_region(&space, &region, &config);
	ptr = quire_vregion_alloc(region.vr, QUIRE_SHARED, 10, 0);
	assert_non_null(ptr);
	assert_ok(quire_vregion_reset_interim(region.vr));
	assert_int_equal(quire_vregion_usable_size(region.vr, ptr), 0);
	assert_int_equal(quire_vregion_would_fit(region.vr, QUIRE_INTERIM, &request), 0);
	assert_status(request.why, QUIRE_ENOVIRT);
	assert_int_equal(quire_vregion_would_fit(region.vr, QUIRE_AREAS, &request), 0);
	assert_status(request.why, QUIRE_EINVAL);
	assert_ok(quire_vregion_protect(region.vr, QUIRE_TEXT, QUIRE_RX));
	assert_int_equal(atomic_load(&space.mmu.icache_syncs), 0);
	close_region(&space, &region);
}

/* The page behind the last unit of an interim area is the region's, and nobody's. */
static void what_lies_behind_the_last_unit_is_nobodys(void **state)
{
	struct quire_vregion_config config = { .interim = 100 };
	struct test_space space;
	struct test_region region;
	unsigned char *ptr;

	(void)state;
	open_region(&space, &region, &config);
	ptr = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 100, 0);
	assert_non_null(ptr);
	assert_true(quire_vregion_contains(region.vr, ptr + 1000));
	assert_status(quire_vregion_free(region.vr, ptr + 1000), QUIRE_EFREE);
	assert_status(quire_vregion_free(region.vr, ptr + PAGE), QUIRE_EFOREIGN);
	assert_ok(quire_vregion_free(region.vr, ptr));
	close_region(&space, &region);
}

/* What is protected before its first page is there, is as protected when it comes. */
static void an_area_that_is_empty_can_be_protected(void **state)
{
	struct test_space space;
	struct test_region region;
	unsigned char *ptr;

	(void)state;
	open_region(&space, &region, &fixed);
	assert_ok(quire_vregion_protect(region.vr, QUIRE_LIFETIME, QUIRE_READ));
	assert_ok(quire_vregion_protect(region.vr, QUIRE_INTERIM, QUIRE_READ));
	ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 10, 0);
	assert_non_null(ptr);
	assert_int_equal(test_mmu_prot(&space.mmu, ptr), QUIRE_READ);
	ptr = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 10, 0);
	assert_non_null(ptr);
	assert_int_equal(test_mmu_prot(&space.mmu, ptr), QUIRE_READ);
	assert_ok(quire_vregion_free(region.vr, ptr));
	close_region(&space, &region);
}

/* Code that is put where no instruction cache has to be told. */
static void code_runs_where_no_instruction_cache_is_told(void **state)
{
	struct heap_archive archive;
	struct test_space space;
	struct test_region region;
	unsigned char *text;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	space.mmu.mmu.icache_sync = NULL;
	assert_non_null(test_region_init(&region, &space, &all_areas));
	heap_archive_init(&archive, 20 * PAGE);
	text = quire_vregion_alloc(region.vr, QUIRE_TEXT, 100, 0);
	assert_non_null(text);
	test_fill(text, 100, 1);
	assert_ok(quire_vregion_protect(region.vr, QUIRE_TEXT, QUIRE_RX));
	assert_ok(quire_vregion_save(region.vr, &archive.archive));
	assert_ok(quire_vregion_restore(region.vr, &archive.archive));
	assert_int_equal(test_mmu_prot(&space.mmu, text), QUIRE_RX);
	test_assert_filled(text, 100, 1);
	heap_archive_free(&archive);
	close_region(&space, &region);
}

/* Each core has lines of its own: those of what is cut off, or comes behind the end, must be gone. */
static void without_coherence_a_resized_tail_is_relinquished(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 64, .not_coherent = true } };
	struct heap_archive archive;
	struct test_space space;
	struct test_region region;
	unsigned char *ptr;

	(void)state;
	test_space_init(&space, &config);
	assert_non_null(test_region_init(&region, &space, &fixed));
	heap_archive_init(&archive, 20 * PAGE);
	ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 1024, 0);
	assert_non_null(ptr);
	test_mmu_forget(&space.mmu);
	assert_ok(quire_vregion_resize(region.vr, ptr, 256, 256, NULL));
	assert_true(test_mmu_invalidated(&space.mmu, ptr + 256, 768));
	assert_false(test_mmu_invalidated(&space.mmu, ptr, 64));
	test_mmu_forget(&space.mmu);
	assert_ok(quire_vregion_resize(region.vr, ptr, 2048, 2048, NULL));
	assert_true(test_mmu_invalidated(&space.mmu, ptr + 256, 2048 - 256));
	assert_false(test_mmu_invalidated(&space.mmu, ptr, 64));
	assert_ok(quire_vregion_save(region.vr, &archive.archive));
	test_mmu_forget(&space.mmu);
	assert_status(quire_vregion_free(region.vr, ptr), QUIRE_ESTATE);
	assert_false(test_mmu_invalidated(&space.mmu, ptr, 64));
	heap_archive_free(&archive);
	close_region(&space, &region);
}

/* What lies there afterwards may be another core's; lifetime allocations live on. */
static void without_coherence_a_reset_relinquishes_the_interim_area_alone(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 64, .not_coherent = true } };
	struct quire_vregion_config whole[] = { fixed, lazy };
	struct test_space space;
	struct test_region region;
	unsigned char *life, *scratch;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(whole); i++) {
		test_space_init(&space, &config);
		assert_non_null(test_region_init(&region, &space, &whole[i]));
		life = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 100, 0);
		assert_non_null(life);
		test_mmu_forget(&space.mmu);
		assert_ok(quire_vregion_reset_interim(region.vr));
		assert_false(test_mmu_invalidated(&space.mmu, life, 64));
		assert_ok(quire_vregion_seal(region.vr));
		scratch = quire_vregion_alloc(region.vr, QUIRE_INTERIM, PAGE, 0);
		assert_non_null(scratch);
		test_mmu_forget(&space.mmu);
		assert_ok(quire_vregion_reset_interim(region.vr));
		assert_true(test_mmu_invalidated(&space.mmu, scratch, PAGE));
		assert_false(test_mmu_invalidated(&space.mmu, life, 64));
		close_region(&space, &region);
	}
}

/* Its addresses are somebody else's by then. */
static void without_coherence_who_leaves_a_region_that_ended_relinquishes_nothing(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 64, .not_coherent = true } };
	struct test_space space;
	struct test_region region;
	unsigned char *base, *other;

	(void)state;
	test_space_init(&space, &config);
	assert_non_null(test_region_init(&region, &space, &fixed));
	base = info_of(region.vr).base;
	assert_ok(quire_vregion_put(region.vr));
	other = quire_vpage_alloc_at(&space.vs, base, 8, QUIRE_RW);
	assert_ptr_equal(other, base);
	test_mmu_forget(&space.mmu);
	assert_status(quire_vregion_put(region.vr), QUIRE_EFREE);
	assert_status(quire_vregion_reset_interim(region.vr), QUIRE_ESTATE);
	for (size_t page = 0; page < 8; page++)
		assert_false(test_mmu_invalidated(&space.mmu, other + page * PAGE, 64));
	assert_ok(quire_vpage_free(&space.vs, other));
	test_region_fini(&region);
	test_space_fini(&space);
}

static void a_region_contains_its_window_and_nothing_else(void **state)
{
	struct quire_vregion_info info;
	struct test_space space;
	struct test_region region;
	char *base;

	(void)state;
	open_region(&space, &region, &all_areas);
	info = info_of(region.vr);
	base = info.base;
	assert_true(quire_vregion_contains(region.vr, base));
	assert_true(quire_vregion_contains(region.vr, base + info.size - 1));
	assert_false(quire_vregion_contains(region.vr, base - 1));
	assert_false(quire_vregion_contains(region.vr, base + info.size));
	assert_false(quire_vregion_contains(region.vr, NULL));
	close_region(&space, &region);
}

/* ---- coherent memory ------------------------------------------------------------------------- */

static void coherent_memory_is_whole_lines_by_the_uncached_alias(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 64, .not_coherent = true } };
	struct test_space space;
	struct test_region region;

	(void)state;
	test_space_init(&space, &config);
	assert_non_null(test_region_init(&region, &space, &fixed));
	for (uint32_t area = QUIRE_LIFETIME; area <= QUIRE_INTERIM; area++) {
		unsigned char *neighbour, *ptr, *cached;

		neighbour = quire_vregion_alloc(region.vr, (enum quire_area)area, 10, 0);
		test_mmu_forget(&space.mmu);
		ptr = quire_vregion_alloc_coherent(region.vr, (enum quire_area)area, 10, 0);
		assert_non_null(ptr);
		cached = quire_cached(&space.mmu.mmu, ptr);
		assert_ptr_not_equal(cached, ptr);
		assert_ptr_equal(quire_uncached(&space.mmu.mmu, cached), ptr);
		assert_int_equal((uintptr_t)ptr % 64, 0);
		assert_true(cached >= neighbour + 64 || cached + 64 <= neighbour);
		assert_true(test_mmu_invalidated(&space.mmu, cached, 64));
		assert_false(test_mmu_invalidated(&space.mmu, neighbour, 64));
		*ptr = 7;
		quire_relinquish(&space.mmu.mmu, cached, 64);
		assert_int_equal(*cached, 7);
		assert_true(quire_vregion_contains(region.vr, ptr));
		assert_ok(quire_vregion_free(region.vr, ptr)); /* either alias will do */
		ptr = quire_vregion_alloc_coherent(region.vr, (enum quire_area)area, 10, 128);
		assert_int_equal((uintptr_t)ptr % 128, 0);
		assert_ok(quire_vregion_free(region.vr, quire_cached(&space.mmu.mmu, ptr)));
		assert_ok(quire_vregion_free(region.vr, neighbour));
	}
	assert_int_equal(atomic_load(&space.mmu.partial_lines), 0);
	close_region(&space, &region);
}

static void coherent_memory_on_a_coherent_machine_is_plain_memory_in_whole_lines(void **state)
{
	struct test_space space;
	struct test_region region;
	unsigned char *a, *b;

	(void)state;
	open_region(&space, &region, &fixed);
	a = quire_vregion_alloc_coherent(region.vr, QUIRE_LIFETIME, 1, 1);
	b = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 1, 1);
	assert_true(b >= a + 64);
	a = quire_vregion_alloc_coherent(region.vr, QUIRE_INTERIM, 1, 1);
	assert_ok(quire_vregion_free(region.vr, a));
	close_region(&space, &region);
}

static void without_coherence_cached_storage_is_refused(void **state)
{
	static _Alignas(uintptr_t) unsigned char storage[QUIRE_VREGION_STORAGE(5 * PAGE, 64)];
	struct test_space_config config = { .mmu = { .pages = 64, .not_coherent = true } };
	struct quire_vregion_config cached = fixed;
	struct test_space space;
	int32_t why = QUIRE_OK;

	(void)state;
	test_space_init(&space, &config);
	cached.storage = storage;
	cached.storage_bytes = sizeof(storage);
	assert_null(quire_vregion_create(&space.vs, &cached, &why));
	assert_status(why, QUIRE_EINVAL);
	test_space_fini(&space);
}

/* ---- making ---------------------------------------------------------------------------------- */

static void assert_refused(struct test_space *space, const struct quire_vregion_config *config,
			   int32_t expected)
{
	static _Alignas(uintptr_t) unsigned char storage[65536];
	struct quire_vregion_config filled = *config;
	int32_t why = QUIRE_OK;

	if (!filled.storage)
		filled.storage = storage;
	if (!filled.storage_bytes)
		filled.storage_bytes = sizeof(storage);
	assert_null(quire_vregion_create(&space->vs, &filled, &why));
	assert_status(why, expected);
	assert_null(quire_vregion_create(&space->vs, &filled, NULL));
	test_space_check(space);
}

static void an_impossible_region_is_refused_and_takes_nothing(void **state)
{
	struct quire_vregion_config config = { .lifetime = 0 };
	struct quire_budget stranger = { 0 };
	static unsigned char storage[4096];
	struct test_space space;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = (struct quire_vregion_config){ .lifetime = 65 * PAGE };
	assert_refused(&space, &config, QUIRE_ENOVIRT);
	config = (struct quire_vregion_config){ .lifetime = 60 * PAGE, .text = 5 * PAGE };
	assert_refused(&space, &config, QUIRE_ENOVIRT);
	config = (struct quire_vregion_config){ .lifetime = SIZE_MAX, .interim = SIZE_MAX };
	assert_refused(&space, &config, QUIRE_ENOVIRT);
	config = fixed;
	config.prot[QUIRE_LIFETIME] = QUIRE_RW | QUIRE_EXEC;
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = fixed;
	config.flags = 2;
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = fixed;
	config.unit = 48;
	assert_refused(&space, &config, QUIRE_EINVAL);
	config.unit = 2 * PAGE;
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = fixed;
	config.budget = &stranger;
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = fixed;
	config.storage_bytes = sizeof(struct quire_vregion) - 1;
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = fixed;
	config.storage_bytes = sizeof(struct quire_vregion);
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = fixed;
	config.storage = storage + 1;
	config.storage_bytes = sizeof(storage) - 1;
	assert_refused(&space, &config, QUIRE_EINVAL);
	config = lazy;
	config.interim = PAGE;
	assert_refused(&space, &config, QUIRE_EINVAL);
	test_space_fini(&space);
}

/* It would fit into the window, but somebody is there. */
static void a_window_without_room_for_a_region_is_refused(void **state)
{
	struct quire_vregion_config config = { .lifetime = 64 * PAGE };
	struct test_space space;
	struct test_region region;
	void *somebody;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	somebody = quire_vpage_reserve(&space.vs, 1);
	assert_refused(&space, &config, QUIRE_ENOVIRT);
	assert_ok(quire_vpage_free(&space.vs, somebody));
	assert_non_null(test_region_init(&region, &space, &config));
	close_region(&space, &region);
}

/* There would be more units than a set can count, in a window of so large pages that it has room. */
static void an_interim_area_of_too_many_units_is_refused(void **state)
{
	static _Alignas(uintptr_t) unsigned char pages[QUIRE_VSPACE_STORAGE(24, 1)];
	static _Alignas(uintptr_t) unsigned char records[QUIRE_VREGION_STORAGE(4096, 1)];
	const size_t page = (size_t)1 << 20;
	const struct quire_mmu mmu = test_mmu_without_frames(page);
	const struct quire_vspace_config config = { .mmu = &mmu,
						    .base = (void *)page,
						    .pages = 24,
						    .budgets = 1,
						    .storage = pages,
						    .storage_bytes = sizeof(pages) };
	struct quire_vregion_config region = { .interim = 20 * page,
					       .unit = 1,
					       .storage = records,
					       .storage_bytes = sizeof(records) };
	struct quire_vspace vs;
	int32_t why;

	(void)state;
	assert_ok(quire_vspace_init(&vs, &config));
	assert_null(quire_vregion_create(&vs, &region, &why));
	assert_status(why, QUIRE_EINVAL);
	region.unit = page / 16;
	assert_non_null(quire_vregion_create(&vs, &region, &why));
	assert_ok(quire_vregion_put((struct quire_vregion *)(void *)records));
	assert_ok(quire_vspace_fini(&vs));
}

static void regions_of_every_size_fit_their_storage(void **state)
{
	(void)state;
	for (size_t size = 1; size < 40 * PAGE; size += size / 2 + 333) {
		for (uint32_t flags = 0; flags <= QUIRE_VREGION_LAZY; flags++) {
			struct quire_vregion_config config = { .lifetime = size,
							       .interim = flags ? 0 : size / 2,
							       .flags = flags };
			struct test_space space;
			struct test_region region;

			open_region(&space, &region, &config);
			assert_non_null(
				quire_vregion_alloc(region.vr, QUIRE_LIFETIME, size / 3 + 1, 1));
			assert_ok(quire_vregion_seal(region.vr));
			while (quire_vregion_alloc(region.vr, QUIRE_INTERIM, 100, 0))
				;
			close_region(&space, &region);
		}
	}
}

/* ---- save and restore ------------------------------------------------------------------------ */

struct sleeper {
	struct test_space space;
	struct test_region region;
	struct heap_archive archive;
	unsigned char *text, *shared, *life, *interim, *hole;
	struct quire_budget budget;
};

static void open_sleeper(struct sleeper *sleeper)
{
	struct quire_vregion_config config = all_areas;

	memset(sleeper, 0, sizeof(*sleeper));
	test_space_init_plain(&sleeper->space, 64, 64);
	assert_ok(quire_vspace_admit(&sleeper->space.vs, &sleeper->budget, 2, 20));
	config.budget = &sleeper->budget;
	assert_non_null(test_region_init(&sleeper->region, &sleeper->space, &config));
	heap_archive_init(&sleeper->archive, 20 * PAGE);
	sleeper->text = quire_vregion_alloc(sleeper->region.vr, QUIRE_TEXT, 5000, 0);
	sleeper->shared = quire_vregion_alloc(sleeper->region.vr, QUIRE_SHARED, 10, 0);
	sleeper->life = quire_vregion_alloc(sleeper->region.vr, QUIRE_LIFETIME, 6000, 0);
	sleeper->hole = quire_vregion_alloc(sleeper->region.vr, QUIRE_INTERIM, 2 * PAGE, 0);
	sleeper->interim = quire_vregion_alloc(sleeper->region.vr, QUIRE_INTERIM, 3000, 0);
	assert_ok(quire_vregion_free(sleeper->region.vr, sleeper->hole));
	test_fill(sleeper->text, 5000, 1);
	test_fill(sleeper->shared, 10, 2);
	test_fill(sleeper->life, 6000, 3);
	test_fill(sleeper->interim, 3000, 4);
	assert_ok(quire_vregion_protect(sleeper->region.vr, QUIRE_TEXT, QUIRE_RX));
	assert_ok(quire_vregion_seal(sleeper->region.vr));
	assert_ok(quire_vregion_protect(sleeper->region.vr, QUIRE_LIFETIME, QUIRE_READ));
	assert_int_equal(sleeper->budget.used, 6);
}

static void assert_awake(struct sleeper *sleeper)
{
	void *again;

	check(&sleeper->space, sleeper->region.vr);
	assert_false(info_of(sleeper->region.vr).saved);
	assert_int_equal(sleeper->space.mmu.mapped, 6);
	test_assert_filled(sleeper->text, 5000, 1);
	test_assert_filled(sleeper->shared, 10, 2);
	test_assert_filled(sleeper->life, 6000, 3);
	test_assert_filled(sleeper->interim, 3000, 4);
	assert_int_equal(test_mmu_prot(&sleeper->space.mmu, sleeper->text), QUIRE_RX);
	assert_int_equal(test_mmu_prot(&sleeper->space.mmu, sleeper->life), QUIRE_READ);
	assert_int_equal(test_mmu_prot(&sleeper->space.mmu, sleeper->shared), QUIRE_RW);
	assert_int_equal(test_mmu_prot(&sleeper->space.mmu, sleeper->interim), QUIRE_RW);
	assert_int_equal(sleeper->budget.used, 6);
	again = quire_vregion_alloc(sleeper->region.vr, QUIRE_INTERIM, 2 * PAGE, 0);
	assert_non_null(again);
	assert_ok(quire_vregion_free(sleeper->region.vr, again));
}

static void assert_asleep(struct sleeper *sleeper)
{
	check(&sleeper->space, sleeper->region.vr);
	assert_true(info_of(sleeper->region.vr).saved);
	assert_int_equal(sleeper->space.mmu.mapped, 0);
}

static void close_sleeper(struct sleeper *sleeper)
{
	heap_archive_free(&sleeper->archive);
	assert_ok(quire_vregion_put(sleeper->region.vr));
	assert_int_equal(sleeper->budget.used, 0);
	assert_ok(quire_vspace_dismiss(&sleeper->space.vs, &sleeper->budget));
	test_region_fini(&sleeper->region);
	test_space_fini(&sleeper->space);
}

static void contents_protections_and_accounts_come_back_from_sleep(void **state)
{
	struct sleeper sleeper;

	(void)state;
	open_sleeper(&sleeper);
	for (size_t round = 0; round < 3; round++) {
		sleeper.archive.bytes = 0;
		assert_ok(quire_vregion_save(sleeper.region.vr, &sleeper.archive.archive));
		assert_asleep(&sleeper);
		heap_archive_rewind(&sleeper.archive);
		assert_ok(quire_vregion_restore(sleeper.region.vr, &sleeper.archive.archive));
		assert_awake(&sleeper);
	}
	close_sleeper(&sleeper);
}

static void a_region_that_sleeps_answers_with_its_state(void **state)
{
	struct quire_request request = { .size = 100 };
	struct sleeper sleeper;
	struct quire_vregion *vr;
	size_t granted;

	(void)state;
	open_sleeper(&sleeper);
	vr = sleeper.region.vr;
	assert_status(quire_vregion_restore(vr, &sleeper.archive.archive), QUIRE_ESTATE);
	assert_ok(quire_vregion_save(vr, &sleeper.archive.archive));
	assert_null(quire_vregion_request(vr, QUIRE_INTERIM, &request));
	assert_status(request.why, QUIRE_ESTATE);
	assert_null(quire_vregion_request(vr, QUIRE_LIFETIME, &request));
	assert_status(request.why, QUIRE_ESTATE);
	assert_int_equal(quire_vregion_would_fit(vr, QUIRE_INTERIM, &request), 0);
	assert_status(request.why, QUIRE_ESTATE);
	assert_status(quire_vregion_free(vr, sleeper.interim), QUIRE_ESTATE);
	assert_status(quire_vregion_free(vr, sleeper.life), QUIRE_ESTATE);
	assert_status(quire_vregion_resize(vr, sleeper.interim, 10, 10, &granted), QUIRE_ESTATE);
	assert_status(quire_vregion_seal(vr), QUIRE_ESTATE);
	assert_status(quire_vregion_reset_interim(vr), QUIRE_ESTATE);
	assert_status(quire_vregion_protect(vr, QUIRE_TEXT, QUIRE_RW), QUIRE_ESTATE);
	assert_status(quire_vregion_save(vr, &sleeper.archive.archive), QUIRE_ESTATE);
	assert_asleep(&sleeper);
	assert_ptr_equal(quire_vregion_get(vr), vr);
	assert_ok(quire_vregion_put(vr));
	heap_archive_rewind(&sleeper.archive);
	assert_ok(quire_vregion_restore(vr, &sleeper.archive.archive));
	assert_awake(&sleeper);
	close_sleeper(&sleeper);
}

static void a_sleeping_region_can_be_ended(void **state)
{
	struct sleeper sleeper;

	(void)state;
	open_sleeper(&sleeper);
	assert_ok(quire_vregion_save(sleeper.region.vr, &sleeper.archive.archive));
	close_sleeper(&sleeper);
}

static void a_truncated_archive_is_refused_and_nothing_changes(void **state)
{
	struct sleeper sleeper;
	size_t whole;

	(void)state;
	open_sleeper(&sleeper);
	assert_ok(quire_vregion_save(sleeper.region.vr, &sleeper.archive.archive));
	whole = sleeper.archive.bytes;
	for (size_t bytes = 0; bytes < whole; bytes += bytes < 64 || bytes > whole - 64 ? 1 : 997) {
		sleeper.archive.bytes = bytes;
		heap_archive_rewind(&sleeper.archive);
		assert_status(quire_vregion_restore(sleeper.region.vr, &sleeper.archive.archive),
			      QUIRE_EINVAL);
		assert_asleep(&sleeper);
	}
	sleeper.archive.bytes = whole;
	heap_archive_rewind(&sleeper.archive);
	assert_ok(quire_vregion_restore(sleeper.region.vr, &sleeper.archive.archive));
	assert_awake(&sleeper);
	close_sleeper(&sleeper);
}

static void an_altered_archive_is_refused_and_nothing_changes(void **state)
{
	struct sleeper sleeper;
	size_t whole;

	(void)state;
	open_sleeper(&sleeper);
	assert_ok(quire_vregion_save(sleeper.region.vr, &sleeper.archive.archive));
	whole = sleeper.archive.bytes;
	for (size_t at = 0; at < whole; at += at < 64 || at > whole - 64 ? 1 : 331) {
		sleeper.archive.data[at] ^= (unsigned char)(1u << at % 8);
		heap_archive_rewind(&sleeper.archive);
		assert_status(quire_vregion_restore(sleeper.region.vr, &sleeper.archive.archive),
			      QUIRE_EINVAL);
		assert_asleep(&sleeper);
		sleeper.archive.data[at] ^= (unsigned char)(1u << at % 8);
	}
	heap_archive_rewind(&sleeper.archive);
	assert_ok(quire_vregion_restore(sleeper.region.vr, &sleeper.archive.archive));
	assert_awake(&sleeper);
	close_sleeper(&sleeper);
}

static void an_archive_of_another_region_is_refused(void **state)
{
	struct sleeper sleeper;
	struct test_region other;
	struct heap_archive archive;

	(void)state;
	open_sleeper(&sleeper);
	assert_non_null(test_region_init(&other, &sleeper.space, &all_areas));
	assert_non_null(quire_vregion_alloc(other.vr, QUIRE_LIFETIME, 6 * 100, 0));
	heap_archive_init(&archive, 20 * PAGE);
	assert_ok(quire_vregion_save(other.vr, &archive.archive));
	assert_ok(quire_vregion_save(sleeper.region.vr, &sleeper.archive.archive));
	assert_status(quire_vregion_restore(sleeper.region.vr, &archive.archive), QUIRE_EINVAL);
	assert_status(quire_vregion_restore(other.vr, &sleeper.archive.archive), QUIRE_EINVAL);
	assert_asleep(&sleeper);
	heap_archive_rewind(&sleeper.archive);
	assert_ok(quire_vregion_restore(sleeper.region.vr, &sleeper.archive.archive));
	heap_archive_rewind(&archive);
	assert_ok(quire_vregion_restore(other.vr, &archive.archive));
	assert_ok(quire_vregion_put(other.vr));
	test_region_fini(&other);
	assert_awake(&sleeper);
	heap_archive_free(&archive);
	close_sleeper(&sleeper);
}

/* A region at the same place with as many pages, but others of them: their numbers tell. */
static void an_archive_of_other_pages_is_refused(void **state)
{
	const struct quire_vregion_config config = { .interim = 4 * PAGE };
	struct heap_archive old, own;
	struct test_space space;
	struct test_region region;
	void *first, *second;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	heap_archive_init(&old, 8 * PAGE);
	heap_archive_init(&own, 8 * PAGE);
	assert_non_null(test_region_init(&region, &space, &config));
	first = quire_vregion_alloc(region.vr, QUIRE_INTERIM, PAGE, PAGE);
	second = quire_vregion_alloc(region.vr, QUIRE_INTERIM, PAGE, PAGE);
	assert_non_null(second);
	test_fill(first, PAGE, 1);
	test_fill(second, PAGE, 2);
	assert_ok(quire_vregion_free(region.vr, first));
	assert_ok(quire_vregion_save(region.vr, &old.archive));
	heap_archive_rewind(&old);
	assert_ok(quire_vregion_restore(region.vr, &old.archive));
	first = quire_vregion_alloc(region.vr, QUIRE_INTERIM, PAGE, PAGE);
	assert_ok(quire_vregion_free(region.vr, second));
	test_fill(first, PAGE, 3);
	assert_ok(quire_vregion_save(region.vr, &own.archive));
	heap_archive_rewind(&old);
	assert_status(quire_vregion_restore(region.vr, &old.archive), QUIRE_EINVAL);
	assert_int_equal(space.mmu.mapped, 0);
	heap_archive_rewind(&own);
	assert_ok(quire_vregion_restore(region.vr, &own.archive));
	test_assert_filled(first, PAGE, 3);
	assert_ok(quire_vregion_free(region.vr, first));
	heap_archive_free(&old);
	heap_archive_free(&own);
	close_region(&space, &region);
}

static void a_save_that_runs_out_of_room_leaves_the_region_awake(void **state)
{
	struct sleeper sleeper;

	(void)state;
	open_sleeper(&sleeper);
	for (size_t room = 0; room < 6 * PAGE; room += room < 40 ? 1 : 511) {
		sleeper.archive.bytes = 0;
		sleeper.archive.room = room;
		assert_status(quire_vregion_save(sleeper.region.vr, &sleeper.archive.archive),
			      QUIRE_EDRIVER);
		assert_awake(&sleeper);
	}
	close_sleeper(&sleeper);
}

/* Others use the frames meanwhile; while they keep them the region cannot come back, and says
 * so. */
static void a_region_comes_back_to_other_frames_or_waits_until_there_are_some(void **state)
{
	struct sleeper sleeper;

	(void)state;
	open_sleeper(&sleeper);
	assert_ok(quire_vregion_save(sleeper.region.vr, &sleeper.archive.archive));
	test_mmu_take_frames(&sleeper.space.mmu, 64 - 5);
	heap_archive_rewind(&sleeper.archive);
	assert_status(quire_vregion_restore(sleeper.region.vr, &sleeper.archive.archive),
		      QUIRE_ENOPHYS);
	assert_asleep(&sleeper);
	test_mmu_give_frames(&sleeper.space.mmu, 64 - 5);
	heap_archive_rewind(&sleeper.archive);
	assert_ok(quire_vregion_restore(sleeper.region.vr, &sleeper.archive.archive));
	assert_awake(&sleeper);
	close_sleeper(&sleeper);
}

/* ---- a random program ------------------------------------------------------------------------ */

struct piece {
	unsigned char *ptr;
	size_t size;
	uint32_t owner;
	bool interim;
};

struct program {
	struct test_space space;
	struct test_region region;
	struct test_random random;
	struct piece piece[256];
	size_t pieces;
	uint32_t owners;
};

static void assert_apart(const struct program *program, const struct piece *piece)
{
	for (size_t i = 0; i < program->pieces; i++)
		assert_true(program->piece[i].ptr + program->piece[i].size <= piece->ptr ||
			    piece->ptr + piece->size <= program->piece[i].ptr);
}

static void random_alloc(struct program *program)
{
	enum quire_area area =
		test_random_once_in(&program->random, 4) ? QUIRE_LIFETIME : QUIRE_INTERIM;
	struct quire_request request = { .size = test_random_log(&program->random, 12) };
	struct quire_request copy;
	struct piece piece = { .owner = ++program->owners, .interim = area == QUIRE_INTERIM };
	size_t fits;

	if (test_random_once_in(&program->random, 3))
		request.align = (size_t)1 << test_random_below(&program->random, 13);
	if (test_random_once_in(&program->random, 3))
		request.min = request.size / 2 + 1;
	copy = request;
	fits = quire_vregion_would_fit(program->region.vr, area, &copy);
	piece.ptr = quire_vregion_request(program->region.vr, area, &request);
	assert_int_equal(request.granted, fits);
	assert_status(copy.why, request.why);
	if (!piece.ptr || program->pieces == TEST_COUNT(program->piece))
		return;
	if (request.align)
		assert_int_equal((uintptr_t)piece.ptr % request.align, 0);
	piece.size = request.granted;
	assert_apart(program, &piece);
	test_fill(piece.ptr, piece.size, piece.owner);
	program->piece[program->pieces++] = piece;
}

static void random_free(struct program *program)
{
	size_t index = test_random_below(&program->random, (uint32_t)program->pieces);
	struct piece piece = program->piece[index];

	test_assert_filled(piece.ptr, piece.size, piece.owner);
	if (!piece.interim)
		return;
	assert_ok(quire_vregion_free(program->region.vr, piece.ptr));
	program->piece[index] = program->piece[--program->pieces];
}

static void random_resize(struct program *program)
{
	size_t index = test_random_below(&program->random, (uint32_t)program->pieces);
	struct piece *piece = &program->piece[index];
	size_t size = test_random_log(&program->random, 12), granted;

	if (!piece->interim ||
	    quire_vregion_resize(program->region.vr, piece->ptr, size / 2 + 1, size, &granted))
		return;
	test_assert_filled(piece->ptr, size < piece->size ? size / 2 : piece->size, piece->owner);
	piece->size = granted;
	test_fill(piece->ptr, piece->size, piece->owner);
}

static size_t pages_touched(const struct program *program)
{
	size_t touched = 0;

	for (size_t page = 0; page < program->space.mmu.config.pages; page++) {
		const unsigned char *start = test_space_page(&program->space, page);
		bool found = false;

		for (size_t i = 0; i < program->pieces; i++)
			found |= program->piece[i].interim &&
				 program->piece[i].ptr < start + PAGE &&
				 start < program->piece[i].ptr + program->piece[i].size;
		touched += found;
	}
	return touched;
}

static void check_program(struct program *program)
{
	struct quire_vregion_info info = info_of(program->region.vr);

	check(&program->space, program->region.vr);
	assert_int_equal(info.area[QUIRE_INTERIM].committed, pages_touched(program) * PAGE);
	assert_int_equal(info.committed, program->space.mmu.mapped * PAGE);
	assert_true(info.committed_peak >= info.committed);
	assert_true(info.area[QUIRE_LIFETIME].used <= info.area[QUIRE_LIFETIME].committed);
	for (size_t i = 0; i < program->pieces; i++)
		test_assert_filled(program->piece[i].ptr, program->piece[i].size,
				   program->piece[i].owner);
}

static void a_region_keeps_every_promise_under_a_random_program(void **state)
{
	static struct program program;
	struct quire_vregion_config config = { .lifetime = 6 * PAGE, .interim = 12 * PAGE };

	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		program.pieces = 0;
		program.random = test_random_seeded(seed);
		open_region(&program.space, &program.region, &config);
		for (size_t step = 0; step < 500; step++) {
			uint32_t dice = test_random_below(&program.random, 10);

			if (!program.pieces || dice < (step / 60 % 2 ? 2u : 5u))
				random_alloc(&program);
			else if (dice < 6)
				random_resize(&program);
			else
				random_free(&program);
			check_program(&program);
		}
		close_region(&program.space, &program.region);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(areas_start_on_pages_and_do_not_overlap),
	cmocka_unit_test(every_byte_of_every_area_can_be_had),
	cmocka_unit_test(an_area_that_was_not_configured_serves_nothing),
	cmocka_unit_test(a_lazy_region_has_no_interim_area_until_it_is_sealed),
	cmocka_unit_test(a_lazy_region_may_be_all_lifetime_or_all_interim),
	cmocka_unit_test(a_lazy_region_gives_freed_lifetime_memory_to_its_interim_area),
	cmocka_unit_test(a_seal_succeeds_though_pages_cannot_be_given_back),
	cmocka_unit_test(a_region_too_small_for_an_interim_area_still_serves_lifetime),
	cmocka_unit_test(a_sealed_region_gives_interim_memory_only),
	cmocka_unit_test(pages_are_committed_when_the_first_byte_of_them_is_allocated),
	cmocka_unit_test(a_generous_size_costs_addresses_and_not_memory),
	cmocka_unit_test(the_budget_of_a_region_pays_and_is_refunded),
	cmocka_unit_test(what_is_refused_is_told_with_the_region_and_its_tag),
	cmocka_unit_test(every_change_of_an_area_is_told),
	cmocka_unit_test(the_reason_of_a_refusal_is_that_of_the_new_pages),
	cmocka_unit_test(a_lifetime_range_takes_what_is_left_of_area_and_memory),
	cmocka_unit_test(a_lifetime_range_is_granted_in_steps_whether_or_not_pages_are_there),
	cmocka_unit_test(alignment_is_honoured_in_every_area),
	cmocka_unit_test(an_alignment_behind_the_last_address_is_refused),
	cmocka_unit_test(what_asks_for_no_alignment_is_aligned_to_the_unit),
	cmocka_unit_test(an_alignment_that_is_no_power_of_two_is_refused_with_a_reason),
	cmocka_unit_test(text_is_filled_while_writable_and_then_executable_and_no_longer_writable),
	cmocka_unit_test(a_sealed_lifetime_area_can_be_made_read_only),
	cmocka_unit_test(each_area_has_the_protection_it_was_configured_with),
	cmocka_unit_test(an_interim_area_that_is_not_there_yet_can_be_protected),
	cmocka_unit_test(a_protection_that_cannot_be_enforced_is_refused),
	cmocka_unit_test(the_last_user_ends_the_region_and_only_the_last),
	cmocka_unit_test(live_interim_allocations_are_told_as_leaks_when_the_region_ends),
	cmocka_unit_test(a_reset_frees_all_interim_memory_and_is_no_leak),
	cmocka_unit_test(replacing_the_newest_lifetime_allocation_costs_nothing),
	cmocka_unit_test(only_the_newest_of_an_area_is_resized_and_only_until_the_seal),
	cmocka_unit_test(interim_allocations_are_resized_in_place),
	cmocka_unit_test(a_region_without_an_area_does_nothing_in_it),
	cmocka_unit_test(what_lies_behind_the_last_unit_is_nobodys),
	cmocka_unit_test(an_area_that_is_empty_can_be_protected),
	cmocka_unit_test(code_runs_where_no_instruction_cache_is_told),
	cmocka_unit_test(without_coherence_a_resized_tail_is_relinquished),
	cmocka_unit_test(without_coherence_a_reset_relinquishes_the_interim_area_alone),
	cmocka_unit_test(without_coherence_who_leaves_a_region_that_ended_relinquishes_nothing),
	cmocka_unit_test(a_region_contains_its_window_and_nothing_else),
	cmocka_unit_test(coherent_memory_is_whole_lines_by_the_uncached_alias),
	cmocka_unit_test(coherent_memory_on_a_coherent_machine_is_plain_memory_in_whole_lines),
	cmocka_unit_test(without_coherence_cached_storage_is_refused),
	cmocka_unit_test(an_impossible_region_is_refused_and_takes_nothing),
	cmocka_unit_test(a_window_without_room_for_a_region_is_refused),
	cmocka_unit_test(an_interim_area_of_too_many_units_is_refused),
	cmocka_unit_test(regions_of_every_size_fit_their_storage),
	cmocka_unit_test(contents_protections_and_accounts_come_back_from_sleep),
	cmocka_unit_test(a_region_that_sleeps_answers_with_its_state),
	cmocka_unit_test(a_sleeping_region_can_be_ended),
	cmocka_unit_test(a_truncated_archive_is_refused_and_nothing_changes),
	cmocka_unit_test(an_altered_archive_is_refused_and_nothing_changes),
	cmocka_unit_test(an_archive_of_another_region_is_refused),
	cmocka_unit_test(an_archive_of_other_pages_is_refused),
	cmocka_unit_test(a_save_that_runs_out_of_room_leaves_the_region_awake),
	cmocka_unit_test(a_region_comes_back_to_other_frames_or_waits_until_there_are_some),
	cmocka_unit_test(a_region_keeps_every_promise_under_a_random_program),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
