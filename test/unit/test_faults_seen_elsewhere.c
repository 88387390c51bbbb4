/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults that allocators for audio firmware have had. Each test is named after one and drives the
 * public calls in the way that brings the fault out where it exists. What they share is that every
 * simple use worked: a second allocation, a record that is looked at again, the last page of a
 * window or the thousandth request showed them.
 */
#include <string.h>

#include "quire/frames.h"

#include "support/space.h"

#include "step/meter.h"

#define PAGE     ((size_t)4096)
#define THOUSAND 1000u

static uint64_t misuses(struct test_space *space)
{
	return test_space_stats(space).misuses;
}

/* ---- records of page allocations ------------------------------------------------------------- */

static void assert_still_there(struct test_space *space, void **ptr, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(quire_vpage_size(&space->vs, ptr[i]), 1 + i % 3);
		test_assert_filled(ptr[i], (1 + i % 3) * PAGE, (uint32_t)i);
	}
}

static void allocate_one(struct test_space *space, void **ptr, size_t i)
{
	ptr[i] = quire_vpage_alloc(&space->vs, 1 + i % 3, QUIRE_RW);
	assert_non_null(ptr[i]);
	test_fill(ptr[i], (1 + i % 3) * PAGE, (uint32_t)i);
}

static void freeing_any_but_the_newest_page_allocation_keeps_the_records_of_the_others(void **state)
{
	struct test_space space;
	void *ptr[12];

	(void)state;
	test_space_init_plain(&space, 32, 32);
	for (size_t i = 0; i < TEST_COUNT(ptr); i++)
		allocate_one(&space, ptr, i);
	for (size_t victim = 0; victim < TEST_COUNT(ptr); victim++) {
		assert_ok(quire_vpage_free(&space.vs, ptr[victim]));
		allocate_one(&space, ptr, victim);
		assert_still_there(&space, ptr, TEST_COUNT(ptr));
	}
	for (size_t i = 0; i < TEST_COUNT(ptr); i++)
		assert_ok(quire_vpage_free(&space.vs, ptr[i]));
	assert_int_equal(misuses(&space), 0);
	test_space_fini(&space);
}

/* As many allocations as there can be, and any of them replaced; the storage has guard bytes. */
static void with_every_record_in_use_nothing_is_written_past_their_end(void **state)
{
	struct test_space space;
	void *ptr[64];

	(void)state;
	test_space_init_plain(&space, TEST_COUNT(ptr), TEST_COUNT(ptr));
	for (size_t i = 0; i < TEST_COUNT(ptr); i++)
		ptr[i] = quire_vpage_alloc(&space.vs, 1, QUIRE_RW);
	assert_non_null(ptr[TEST_COUNT(ptr) - 1]);
	for (size_t victim = 0; victim < TEST_COUNT(ptr); victim++) {
		assert_null(quire_vpage_alloc(&space.vs, 1, QUIRE_RW));
		assert_ok(quire_vpage_free(&space.vs, ptr[victim]));
		assert_ptr_equal(quire_vpage_alloc(&space.vs, 1, QUIRE_RW), ptr[victim]);
		test_space_check(&space);
	}
	for (size_t i = 0; i < TEST_COUNT(ptr); i++)
		assert_ok(quire_vpage_free(&space.vs, ptr[i]));
	test_space_fini(&space);
}

/* ---- a driver that fails --------------------------------------------------------------------- */

/* Every other page of what will be allocated is there already, retained: so each of the others is a
 * call of the driver. */
static void open_with_gaps(struct test_space *space)
{
	struct test_space_config config = { .mmu = { .pages = 16 }, .retain = 8 };
	void *ptr[16];

	test_space_init(space, &config);
	for (size_t page = 0; page < 16; page++)
		ptr[page] = quire_vpage_alloc(&space->vs, 1, QUIRE_RW);
	for (size_t page = 1; page < 16; page += 2)
		assert_ok(quire_vpage_free(&space->vs, ptr[page]));
	for (size_t page = 0; page < 16; page += 2)
		assert_ok(quire_vpage_free(&space->vs, ptr[page]));
	assert_int_equal(space->mmu.mapped, 8);
}

static void pages_mapped_before_a_failing_page_are_unmapped_again(void **state)
{
	(void)state;
	for (uint64_t n = 1; n <= 8; n++) {
		struct test_space space;
		void *ptr;

		open_with_gaps(&space);
		test_mmu_fail(&space.mmu, TEST_MAP, n, false);
		assert_null(quire_vpage_alloc(&space.vs, 16, QUIRE_RW));
		assert_false(test_mmu_fault_pending(&space.mmu));
		assert_int_equal(space.mmu.mapped, 8);
		assert_int_equal(test_space_stats(&space).held, 0);
		ptr = quire_vpage_alloc(&space.vs, 16, QUIRE_RW);
		assert_non_null(ptr);
		assert_ok(quire_vpage_free(&space.vs, ptr));
		test_space_fini(&space);
	}
}

static void an_allocation_whose_unmap_fails_is_not_lost(void **state)
{
	struct test_space space;
	void *ptr;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	ptr = quire_vpage_alloc(&space.vs, 5, QUIRE_RW);
	test_mmu_fail(&space.mmu, TEST_UNMAP, 1, false);
	assert_status(quire_vpage_free(&space.vs, ptr), QUIRE_EDRIVER);
	assert_int_equal(quire_vpage_size(&space.vs, ptr), 5);
	assert_int_equal(test_space_stats(&space).held, 5);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	assert_int_equal(space.mmu.mapped, 0);
	test_space_fini(&space);
}

/* ---- searching ------------------------------------------------------------------------------- */

#define SEARCHED 1024u
#define MOST     5000u /* a tenth of what a search took that restarts at every obstacle */

struct search {
	struct quire_extents set;
	_Alignas(uintptr_t) unsigned char storage[QUIRE_EXTENTS_STORAGE_EXACT(SEARCHED)];
	uint32_t length;
	uint32_t found;
	uint64_t instructions;
};

/* Obstacles of one page, and between them one page less than is asked for; room is at the end. */
static void lay_obstacles(struct search *search)
{
	uint32_t pages = SEARCHED / search->length * search->length;

	assert_ok(quire_extents_init(&search->set, SEARCHED, QUIRE_EXACT, search->storage,
				     sizeof(search->storage)));
	for (uint32_t page = 0; page < pages - search->length; page += search->length)
		assert_ok(quire_extents_alloc_at(&search->set, page, 1));
}

static void search_counted(void *context)
{
	struct search *search = context;
	struct step_call call =
		CALL(quire_extents_alloc, (uintptr_t)&search->set, search->length, 1);

	search->found = (uint32_t)step_counted(&call, &search->instructions);
}

static void a_search_does_not_restart_at_every_obstacle(void **state)
{
	static struct search search;

	(void)state;
	for (search.length = 2; search.length <= 128; search.length += search.length / 4 + 1) {
		const char *refused;

		lay_obstacles(&search);
		refused = step_run(STEP_TRAP, search_counted, &search);
		if (refused) {
			print_message("# nothing is counted here: %s\n", refused);
			return;
		}
		assert_int_not_equal(search.found, QUIRE_NOWHERE);
		assert_in_range(search.instructions, 10, MOST);
	}
}

/* ---- the window ------------------------------------------------------------------------------ */

static int32_t try_window(struct test_space *space, uintptr_t base, size_t pages)
{
	struct quire_vspace_config config = {
		.mmu = &space->mmu.mmu,
		.base = (void *)base, // NOLINT(performance-no-int-to-ptr)
		.pages = pages,
		.storage = space->storage.memory,
		.storage_bytes = space->storage.bytes,
	};
	struct quire_vspace vs;

	return quire_vspace_init(&vs, &config);
}

/* What is left for a window, size of the memory less size of the image, is less than nothing. */
static void the_page_window_does_not_wrap_on_a_small_board(void **state)
{
	size_t memory = 4 * PAGE, image = 6 * PAGE;
	uintptr_t top = UINTPTR_MAX & ~(uintptr_t)(PAGE - 1);
	struct test_space space;

	(void)state;
	test_space_init_plain(&space, 64, 64);
	assert_status(try_window(&space, 16 * PAGE, (memory - image) / PAGE), QUIRE_EINVAL);
	assert_status(try_window(&space, 16 * PAGE, memory - image), QUIRE_EINVAL);
	assert_status(try_window(&space, 16 * PAGE, 0), QUIRE_EINVAL);
	assert_status(try_window(&space, top, 2), QUIRE_EINVAL);
	assert_status(try_window(&space, top - 3 * PAGE, 64), QUIRE_EINVAL);
	assert_null(quire_vpage_alloc(&space.vs, (memory - image) / PAGE, QUIRE_RW));
	assert_null(quire_vpage_reserve(&space.vs, SIZE_MAX / PAGE + 2));
	test_space_fini(&space);
}

/* ---- set-up, and what is left after it ------------------------------------------------------- */

static struct quire_area_info area_of(struct quire_vregion *vr, enum quire_area area)
{
	struct quire_vregion_info info;

	quire_vregion_info(vr, &info);
	return info.area[area];
}

/* A buffer is resized a hundred times before the region is sealed: where only a pointer moves up,
 * and where a new one is made before the old one is freed. */
static void a_buffer_that_is_resized_during_set_up_leaks_nothing(void **state)
{
	struct quire_vregion_config config = { .lifetime = 4 * PAGE, .interim = 4 * PAGE };
	struct quire_request wanted = { .size = 1024 };
	struct test_space space;
	struct test_region region;
	struct quire_buffer_source source;
	struct quire_buffer ring;
	size_t granted;
	void *ptr;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	assert_non_null(test_region_init(&region, &space, &config));
	ptr = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 1024, 0);
	source = quire_buffer_on_vregion(region.vr);
	assert_ok(quire_buffer_create(&ring, &source, &wanted));
	for (size_t round = 0; round < 100; round++) {
		size_t size = round % 2 ? 1024 : 5000;

		assert_ok(quire_vregion_resize(region.vr, ptr, size, size, &granted));
		assert_int_equal(area_of(region.vr, QUIRE_LIFETIME).used, size);
		assert_ok(quire_buffer_resize(&ring, size, size));
	}
	assert_ok(quire_buffer_destroy(&ring));
	assert_int_equal(area_of(region.vr, QUIRE_INTERIM).used, 0);
	assert_ok(quire_vregion_put(region.vr));
	assert_int_equal(space.observer.count[QUIRE_EVENT_LEAK], 0);
	test_region_fini(&region);
	test_space_fini(&space);
}

/* What serves its last byte too: every size that is left below a KiB, and below a page. */
static void serve_with_left(struct test_space *space, size_t left)
{
	struct quire_vregion_config config = { .lifetime = 2 * PAGE, .interim = left };
	struct test_region region;
	unsigned char *life, *scratch;

	assert_non_null(test_region_init(&region, space, &config));
	life = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 2 * PAGE, 0);
	assert_non_null(life);
	test_fill(life, 2 * PAGE, 1);
	assert_ok(quire_vregion_seal(region.vr));
	for (size_t round = 0; round < 3; round++) {
		scratch = quire_vregion_alloc(region.vr, QUIRE_INTERIM, left, 0);
		assert_non_null(scratch);
		test_fill(scratch, left, 2);
		assert_ok(quire_vregion_free(region.vr, scratch));
	}
	test_assert_filled(life, 2 * PAGE, 1);
	assert_ok(quire_vregion_put(region.vr));
	test_region_fini(&region);
}

static void a_region_with_under_1_kib_left_for_interim_is_usable(void **state)
{
	struct test_space space;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	for (size_t left = 1; left <= 1100; left += left < 20 ? 1 : 37)
		serve_with_left(&space, left);
	test_space_fini(&space);
}

/* Lazy: lifetime took nearly all. Less than a page has no interim area; all the rest works. */
static void a_lazy_region_with_under_1_kib_left_for_interim_is_usable(void **state)
{
	struct quire_vregion_config config = { .lifetime = 4 * PAGE, .flags = QUIRE_VREGION_LAZY };
	struct test_space space;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	for (size_t left = 0; left < 1024; left += 64) {
		size_t size = 4 * PAGE - left;
		struct test_region region;
		unsigned char *life;

		assert_non_null(test_region_init(&region, &space, &config));
		life = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, size, 0);
		assert_non_null(life);
		test_fill(life, size, 3);
		assert_ok(quire_vregion_seal(region.vr));
		assert_null(quire_vregion_alloc(region.vr, QUIRE_INTERIM, 1, 0));
		assert_status(test_observer_last(&space.observer, QUIRE_EVENT_FAIL).why,
			      QUIRE_ENOVIRT);
		assert_int_equal(area_of(region.vr, QUIRE_LIFETIME).used, size);
		assert_ok(quire_vregion_protect(region.vr, QUIRE_LIFETIME, QUIRE_READ));
		test_assert_filled(life, size, 3);
		assert_ok(quire_vregion_free(region.vr, life));
		assert_ok(quire_vregion_put(region.vr));
		test_region_fini(&region);
	}
	test_space_fini(&space);
}

/* ---- a resize that fails --------------------------------------------------------------------- */

/* No size from the least to the best can be had. */
static void a_resize_that_fails_at_every_size_is_no_success_with_size_0(void **state)
{
	struct quire_request wanted = { .size = 4 * PAGE, .min = PAGE, .step = PAGE };
	struct test_space space;
	struct test_heap heap;
	struct quire_buffer_source source;
	struct quire_buffer ring;
	size_t granted = 1;
	void *hog, *other;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	test_heap_init_elastic(&heap, &space, 8 * PAGE);
	source = quire_buffer_on_vmh(&heap.heap);
	assert_ok(quire_buffer_create(&ring, &source, &wanted));
	hog = quire_vmh_alloc(&heap.heap, 3 * PAGE);
	other = quire_vmh_alloc_range(&heap.heap, 1, 8 * PAGE, &granted);
	assert_non_null(other);
	assert_status(quire_buffer_resize(&ring, 5 * PAGE, 8 * PAGE), QUIRE_ENOVIRT);
	assert_int_equal(quire_buffer_size(&ring), 4 * PAGE);
	granted = 1;
	assert_status(quire_vmh_resize_range(&heap.heap, hog, 4 * PAGE, 8 * PAGE, &granted),
		      QUIRE_ENOVIRT);
	assert_int_equal(granted, 0);
	assert_int_equal(quire_vmh_usable_size(&heap.heap, hog), 3 * PAGE);
	assert_null(quire_vmh_alloc_range(&heap.heap, 4 * PAGE, 8 * PAGE, &granted));
	assert_int_equal(granted, 0);
	assert_ok(quire_vmh_free(&heap.heap, hog));
	assert_ok(quire_vmh_free(&heap.heap, other));
	assert_ok(quire_buffer_destroy(&ring));
	test_heap_fini(&heap);
	test_space_fini(&space);
}

/* ---- records --------------------------------------------------------------------------------- */

static void no_record_lies_in_memory_that_another_core_may_have_cached(void **state)
{
	static _Alignas(uintptr_t) unsigned char cached[65536];
	struct test_space_config config = { .mmu = { .pages = 16, .not_coherent = true } };
	struct quire_vmh_config heap_config = { .window = PAGE,
						.storage = cached,
						.storage_bytes = sizeof(cached) };
	struct quire_vregion_config region_config = { .lifetime = PAGE,
						      .storage = cached,
						      .storage_bytes = sizeof(cached) };
	struct test_space space;
	struct quire_vspace_config space_config;
	struct quire_vspace vs;
	struct quire_vmh heap;
	int32_t why = QUIRE_OK;

	(void)state;
	test_space_init(&space, &config);
	space_config = (struct quire_vspace_config){ .mmu = &space.mmu.mmu,
						     .base = space.mmu.window,
						     .pages = 16,
						     .storage = cached,
						     .storage_bytes = sizeof(cached) };
	assert_status(quire_vspace_init(&vs, &space_config), QUIRE_EINVAL);
	assert_status(quire_vmh_init(&heap, &space.vs, &heap_config), QUIRE_EINVAL);
	assert_null(quire_vregion_create(&space.vs, &region_config, &why));
	assert_status(why, QUIRE_EINVAL);
	test_space_fini(&space);
}

/* Every byte around each allocation is written to; what is free and what is held stays known. */
static void no_header_lies_in_memory_that_users_can_write(void **state)
{
	struct test_space space;
	struct test_heap heap;
	struct quire_vmh_stats before, now;
	void *ptr[16];

	(void)state;
	test_space_init_plain(&space, 8, 8);
	test_heap_init_elastic(&heap, &space, 8 * PAGE);
	for (size_t i = 0; i < 16; i++)
		ptr[i] = quire_vmh_alloc(&heap.heap, 100 + 90 * i);
	for (size_t i = 0; i < 16; i += 3)
		assert_ok(quire_vmh_free(&heap.heap, ptr[i]));
	quire_vmh_stats(&heap.heap, &before);
	for (size_t page = 0; page < 8; page++)
		if (quire_vspace_is_mapped(&space.vs, test_space_page(&space, page)))
			memset(test_space_page(&space, page), 0xff, PAGE);
	quire_vmh_stats(&heap.heap, &now);
	assert_int_equal(now.allocations, before.allocations);
	assert_int_equal(now.in_use, before.in_use);
	assert_int_equal(now.free, before.free);
	assert_int_equal(now.largest, before.largest);
	assert_int_equal(now.mapped, before.mapped);
	test_heap_check(&heap);
	for (size_t i = 0; i < 16; i++)
		assert_status(quire_vmh_free(&heap.heap, ptr[i]), i % 3 ? QUIRE_OK : QUIRE_EFREE);
	test_heap_fini(&heap);
	test_space_fini(&space);
}

/* ---- alignment ------------------------------------------------------------------------------- */

/* The allocation before leaves the next place as badly aligned as can be. */
static void alignment_is_honoured_wherever_the_layout_stands(void **state)
{
	struct quire_vregion_config config = { .lifetime = 24 * PAGE, .interim = 24 * PAGE };
	struct test_space space;
	struct test_region region;
	struct test_heap heap;

	(void)state;
	test_space_init_plain(&space, 128, 128);
	test_heap_init_elastic(&heap, &space, 48 * PAGE);
	assert_non_null(test_region_init(&region, &space, &config));
	for (size_t align = 1; align <= 2 * PAGE; align *= 2)
		for (size_t lead = 1; lead < 200; lead += 67) {
			void *in_heap, *in_life, *in_scratch;

			assert_non_null(quire_vmh_alloc(&heap.heap, lead));
			assert_non_null(quire_vregion_alloc(region.vr, QUIRE_INTERIM, lead, 0));
			in_heap = quire_vmh_aligned_alloc(&heap.heap, align, 48);
			in_life = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 48, align);
			in_scratch = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 48, align);
			assert_true(in_heap && (uintptr_t)in_heap % align == 0);
			assert_true(in_life && (uintptr_t)in_life % align == 0);
			assert_true(in_scratch && (uintptr_t)in_scratch % align == 0);
		}
	assert_ok(quire_vregion_put(region.vr));
	test_region_fini(&region);
	test_space_discard(&space);
	test_storage_fini(&heap.storage);
}

static void an_alignment_that_is_no_power_of_two_is_refused(void **state)
{
	struct quire_vregion_config config = { .lifetime = PAGE, .interim = PAGE };
	struct test_space space;
	struct test_region region;
	struct test_heap heap;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	test_heap_init_elastic(&heap, &space, PAGE);
	assert_non_null(test_region_init(&region, &space, &config));
	for (size_t align = 3; align <= 8192; align += 1 + align / 50) {
		struct quire_request request = { .size = 16, .align = align };

		if (!(align & (align - 1)))
			continue;
		assert_null(quire_vmh_aligned_alloc(&heap.heap, align, 16));
		assert_null(quire_vpage_request(&space.vs, &request, QUIRE_RW));
		assert_status(request.why, QUIRE_EINVAL);
		for (unsigned area = QUIRE_LIFETIME; area <= QUIRE_INTERIM; area++) {
			assert_null(
				quire_vregion_request(region.vr, (enum quire_area)area, &request));
			assert_status(request.why, QUIRE_EINVAL);
		}
	}
	assert_ok(quire_vregion_put(region.vr));
	test_region_fini(&region);
	test_heap_fini(&heap);
	test_space_fini(&space);
}

/* ---- reports --------------------------------------------------------------------------------- */

static void a_bad_free_is_reported_and_everything_goes_on(void **state)
{
	struct test_space space;
	struct test_heap heap;
	struct quire_event event;
	unsigned char *ptr, *other;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	test_heap_init_elastic(&heap, &space, 4 * PAGE);
	ptr = quire_vmh_alloc(&heap.heap, 1000);
	other = quire_vmh_alloc(&heap.heap, 1000);
	test_fill(other, 1000, 1);
	assert_status(quire_vmh_free(&heap.heap, ptr + 8), QUIRE_EFREE);
	event = test_observer_last(&space.observer, QUIRE_EVENT_MISUSE);
	assert_ptr_equal(event.ptr, ptr + 8);
	assert_ptr_equal(event.owner, ptr);
	assert_ok(quire_vmh_free(&heap.heap, ptr));
	assert_status(quire_vmh_free(&heap.heap, ptr), QUIRE_EFREE);
	assert_status(quire_vmh_free(&heap.heap, &event), QUIRE_EFOREIGN);
	assert_status(quire_vpage_free(&space.vs, &event), QUIRE_EFOREIGN);
	assert_int_equal(space.observer.count[QUIRE_EVENT_MISUSE], 4);
	test_assert_filled(other, 1000, 1);
	ptr = quire_vmh_alloc(&heap.heap, 3 * PAGE);
	assert_non_null(ptr);
	assert_ok(quire_vmh_free(&heap.heap, ptr));
	assert_ok(quire_vmh_free(&heap.heap, other));
	test_heap_fini(&heap);
	test_space_fini(&space);
}

/* Each figure follows each call, as often as it is asked for. */
static void statistics_tell_what_is_now(void **state)
{
	struct test_space space;
	struct test_heap heap;
	struct quire_vmh_stats stats;
	void *ptr[20];

	(void)state;
	test_space_init_plain(&space, 32, 32);
	test_heap_init_elastic(&heap, &space, 24 * PAGE);
	for (size_t i = 0; i < 20; i++) {
		ptr[i] = quire_vmh_alloc(&heap.heap, PAGE);
		quire_vmh_stats(&heap.heap, &stats);
		assert_int_equal(stats.allocations, i + 1);
		assert_int_equal(stats.in_use, (i + 1) * PAGE);
		assert_int_equal(stats.free, (23 - i) * PAGE);
		assert_int_equal(test_space_stats(&space).held, i + 1);
	}
	for (size_t i = 20; i > 0; i--) {
		assert_ok(quire_vmh_free(&heap.heap, ptr[i - 1]));
		quire_vmh_stats(&heap.heap, &stats);
		assert_int_equal(stats.in_use, (i - 1) * PAGE);
		assert_int_equal(stats.in_use_peak, 20 * PAGE);
		assert_int_equal(test_space_stats(&space).held, i - 1);
		assert_int_equal(test_space_stats(&space).held_peak, 20);
	}
	test_heap_fini(&heap);
	test_space_fini(&space);
}

/* ---- a fresh pool ---------------------------------------------------------------------------- */

static void a_fresh_window_that_holds_1000_pages_serves_1000(void **state)
{
	struct test_space_config config = { .mmu = { .pages = THOUSAND, .page_size = 64 } };
	struct test_space space;
	size_t served = 0;

	(void)state;
	test_space_init(&space, &config);
	while (quire_vpage_alloc(&space.vs, 1, QUIRE_RW))
		served++;
	assert_int_equal(served, THOUSAND);
	test_space_discard(&space);
}

/* Each kind of heap: single blocks, blocks that span, and units. */
static void a_fresh_heap_that_holds_1000_serves_1000(void **state)
{
	static const struct quire_bundle table[] = { { 192, THOUSAND } };
	static const struct quire_vmh_config configs[] = {
		{ .bundles = table, .bundle_count = 1 },
		{ .bundles = table, .bundle_count = 1, .flags = QUIRE_VMH_SPANNING },
		{ .window = THOUSAND * 192, .unit = 64 },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(configs); i++)
		for (size_t size = 1; size <= 192; size += i < 2 ? 191 : 64) {
			size_t holds = i < 2 ? THOUSAND : THOUSAND * 3 / ((size + 63) / 64);
			struct test_space space;
			struct test_heap heap;
			size_t served = 0;

			test_space_init_plain(&space, 48, 48);
			test_heap_init(&heap, &space, &configs[i]);
			while (quire_vmh_alloc(&heap.heap, size))
				served++;
			assert_int_equal(served, holds);
			test_heap_check(&heap);
			test_storage_fini(&heap.storage);
			test_space_discard(&space);
		}
}

static void a_fresh_region_that_holds_1000_serves_1000(void **state)
{
	struct quire_vregion_config config = { .lifetime = THOUSAND * 64,
					       .interim = THOUSAND * 64,
					       .text = THOUSAND * 64,
					       .shared = THOUSAND * 64 };
	struct test_space space;
	struct test_region region;

	(void)state;
	test_space_init_plain(&space, 80, 80);
	assert_non_null(test_region_init(&region, &space, &config));
	for (unsigned area = 0; area < QUIRE_AREAS; area++)
		for (size_t served = 0; served < THOUSAND; served++)
			assert_non_null(
				quire_vregion_alloc(region.vr, (enum quire_area)area, 64, 0));
	assert_ok(quire_vregion_put(region.vr));
	test_region_fini(&region);
	test_space_fini(&space);
}

static void a_fresh_pool_of_1000_frames_serves_1000(void **state)
{
	static _Alignas(uintptr_t) unsigned char storage[QUIRE_FRAMES_STORAGE(8, 125)];
	struct quire_frames_config config = { .banks = 8,
					      .frames_per_bank = 125,
					      .storage = storage,
					      .storage_bytes = sizeof(storage) };
	struct quire_frame_run run;
	struct quire_frames frames;
	size_t served = 0;

	(void)state;
	assert_ok(quire_frames_init(&frames, &config));
	while (!quire_frames_take(&frames, 1, &run))
		served += run.count;
	assert_int_equal(served, THOUSAND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			freeing_any_but_the_newest_page_allocation_keeps_the_records_of_the_others),
		cmocka_unit_test(with_every_record_in_use_nothing_is_written_past_their_end),
		cmocka_unit_test(pages_mapped_before_a_failing_page_are_unmapped_again),
		cmocka_unit_test(an_allocation_whose_unmap_fails_is_not_lost),
		cmocka_unit_test(a_search_does_not_restart_at_every_obstacle),
		cmocka_unit_test(the_page_window_does_not_wrap_on_a_small_board),
		cmocka_unit_test(a_buffer_that_is_resized_during_set_up_leaks_nothing),
		cmocka_unit_test(a_region_with_under_1_kib_left_for_interim_is_usable),
		cmocka_unit_test(a_lazy_region_with_under_1_kib_left_for_interim_is_usable),
		cmocka_unit_test(a_resize_that_fails_at_every_size_is_no_success_with_size_0),
		cmocka_unit_test(no_record_lies_in_memory_that_another_core_may_have_cached),
		cmocka_unit_test(no_header_lies_in_memory_that_users_can_write),
		cmocka_unit_test(alignment_is_honoured_wherever_the_layout_stands),
		cmocka_unit_test(an_alignment_that_is_no_power_of_two_is_refused),
		cmocka_unit_test(a_bad_free_is_reported_and_everything_goes_on),
		cmocka_unit_test(statistics_tell_what_is_now),
		cmocka_unit_test(a_fresh_window_that_holds_1000_pages_serves_1000),
		cmocka_unit_test(a_fresh_heap_that_holds_1000_serves_1000),
		cmocka_unit_test(a_fresh_region_that_holds_1000_serves_1000),
		cmocka_unit_test(a_fresh_pool_of_1000_frames_serves_1000),
	};

	return cmocka_run_group_tests_name("faults seen elsewhere", tests, NULL, NULL);
}
