/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Misuse is answered, never obeyed. In one small window live a table heap, an elastic heap, a
 * region and plain pages; every byte address in and around the window, by both aliases, is given
 * to every call that takes a pointer. Each wrong one gets the right status and an event with the
 * pointer and its nearest owner, and nothing changes. Then the same for sizes, alignments,
 * budgets, ended regions and calls from interrupt context.
 */
#include <string.h>

#include "support/heap_archive.h"
#include "support/space.h"

#define PAGE   ((size_t)256)
#define PAGES  32u
#define AROUND (2 * PAGE) /* bytes that are tried on either side of the window */
#define LIVE   16u

struct zoo {
	struct test_space space;
	struct test_heap table;
	struct test_heap elastic;
	struct test_region region;
	struct quire_vregion *vr;
	unsigned char *pages;       /* plain, three of them */
	unsigned char *reserved;    /* plain, two addresses, the second committed */
	unsigned char *block[LIVE]; /* live in the table heap */
	unsigned char *run[LIVE];   /* live in the elastic heap */
	unsigned char *life;
	unsigned char *interim;
};

static const struct quire_bundle bundles[] = { { 100, 4 }, { 300, 2 }, { 600, 2 } };

static void fill_table(struct zoo *zoo)
{
	struct quire_vmh_config config = { .bundles = bundles, .bundle_count = 3 };

	test_heap_init(&zoo->table, &zoo->space, &config);
	zoo->block[0] = quire_vmh_alloc(&zoo->table.heap, 100);
	zoo->block[1] = quire_vmh_alloc(&zoo->table.heap, 90);
	zoo->block[2] = quire_vmh_alloc(&zoo->table.heap, 80);
	zoo->block[3] = quire_vmh_alloc(&zoo->table.heap, 500);
	assert_ok(quire_vmh_free(&zoo->table.heap, zoo->block[1]));
	zoo->block[1] = NULL;
}

static void fill_elastic(struct zoo *zoo)
{
	struct quire_vmh_config config = { .window = 8 * PAGE, .unit = 32 };

	test_heap_init(&zoo->elastic, &zoo->space, &config);
	for (size_t i = 0; i < 6; i++)
		zoo->run[i] = quire_vmh_alloc(&zoo->elastic.heap, 60 + i * 50);
	assert_ok(quire_vmh_free(&zoo->elastic.heap, zoo->run[2]));
	zoo->run[2] = NULL;
}

static void fill_region(struct zoo *zoo)
{
	struct quire_vregion_config config = { .lifetime = 2 * PAGE,
					       .interim = 4 * PAGE,
					       .unit = 32 };

	zoo->vr = test_region_init(&zoo->region, &zoo->space, &config);
	assert_non_null(zoo->vr);
	zoo->life = quire_vregion_alloc(zoo->vr, QUIRE_LIFETIME, 300, 0);
	zoo->interim = quire_vregion_alloc(zoo->vr, QUIRE_INTERIM, 300, 0);
	assert_ok(quire_vregion_seal(zoo->vr));
}

static void open_zoo(struct zoo *zoo)
{
	struct test_space_config config = {
		.mmu = { .pages = PAGES,
			 .page_size = PAGE,
			 .cache_line = 32,
			 .not_coherent = true,
			 .shared_frames = true },
		.budgets = 2,
	};

	memset(zoo, 0, sizeof(*zoo));
	test_space_init(&zoo->space, &config);
	fill_table(zoo);
	zoo->pages = quire_vpage_alloc(&zoo->space.vs, 3, QUIRE_RW);
	fill_elastic(zoo);
	zoo->reserved = quire_vpage_reserve(&zoo->space.vs, 2);
	assert_ok(quire_vpage_commit(&zoo->space.vs, zoo->reserved + PAGE, 1, QUIRE_RW, NULL));
	fill_region(zoo);
	assert_non_null(zoo->life);
	assert_non_null(zoo->interim);
}

static void check_zoo(struct zoo *zoo)
{
	test_space_check(&zoo->space);
	test_heap_check(&zoo->table);
	test_heap_check(&zoo->elastic);
	assert_sound(quire_vregion_check(zoo->vr));
}

static void close_zoo(struct zoo *zoo)
{
	check_zoo(zoo);
	for (size_t i = 0; i < LIVE; i++) {
		if (zoo->block[i])
			assert_ok(quire_vmh_free(&zoo->table.heap, zoo->block[i]));
		if (zoo->run[i])
			assert_ok(quire_vmh_free(&zoo->elastic.heap, zoo->run[i]));
	}
	assert_ok(quire_vregion_free(zoo->vr, zoo->interim));
	assert_ok(quire_vregion_put(zoo->vr));
	assert_ok(quire_vpage_free(&zoo->space.vs, zoo->pages));
	assert_ok(quire_vpage_free(&zoo->space.vs, zoo->reserved));
	test_region_fini(&zoo->region);
	test_heap_fini(&zoo->table);
	test_heap_fini(&zoo->elastic);
	test_space_fini(&zoo->space);
}

/* ---- nothing changes ------------------------------------------------------------------------- */

/* All that can be seen of a zoo, counters of refusals aside, in one number. */
static uint64_t add(uint64_t sum, uint64_t value)
{
	return (sum ^ value) * 0x100000001b3u;
}

static uint64_t add_heap(uint64_t sum, struct quire_vmh *heap)
{
	struct quire_vmh_extent extent;
	struct quire_vmh_stats stats;
	const char *past = NULL;

	quire_vmh_stats(heap, &stats);
	sum = add(add(add(sum, stats.allocations), stats.in_use), stats.in_use_peak);
	sum = add(add(add(sum, stats.mapped), stats.mapped_peak), stats.served);
	while (quire_vmh_next(heap, past, &extent)) {
		past = (char *)extent.ptr + extent.size;
		sum = add(add(sum, (uintptr_t)past), extent.live);
	}
	return sum;
}

static uint64_t add_region(uint64_t sum, struct quire_vregion *vr)
{
	struct quire_vregion_info info;

	quire_vregion_info(vr, &info);
	sum = add(add(add(sum, info.users), info.sealed), info.committed);
	for (size_t area = 0; area < QUIRE_AREAS; area++) {
		sum = add(add(sum, info.area[area].used), info.area[area].allocations);
		sum = add(add(sum, info.area[area].prot), info.area[area].size);
	}
	return sum;
}

static uint64_t sum_of(struct zoo *zoo)
{
	struct quire_vspace_stats stats = test_space_stats(&zoo->space);
	uint64_t sum = add(add(add(0, stats.free), stats.held), stats.allocations);

	sum = add(add(sum, stats.held_peak), zoo->space.mmu.calls[TEST_ANY]);
	for (size_t page = 0; page < PAGES; page++)
		sum = add(sum, test_mmu_prot(&zoo->space.mmu, test_space_page(&zoo->space, page)));
	sum = add_heap(add_heap(sum, &zoo->table.heap), &zoo->elastic.heap);
	return add_region(sum, zoo->vr);
}

/* ---- every pointer there is ------------------------------------------------------------------ */

/* A call with a pointer, and what it must answer: QUIRE_OK if the pointer is a right one. */
struct call {
	const char *name;
	int32_t (*act)(struct zoo *zoo, void *ptr);
	int32_t (*expect)(struct zoo *zoo, const unsigned char *ptr);
	const void *(*object)(struct zoo *zoo);
	struct quire_event (*owner)(struct zoo *zoo, const unsigned char *ptr); /* may be NULL */
};

/* The pointer by its cached alias, NULL if it is outside the window. */
static const unsigned char *inside(struct zoo *zoo, const unsigned char *ptr)
{
	const struct test_mmu *mmu = &zoo->space.mmu;

	if (ptr >= mmu->alias && ptr < mmu->alias + mmu->bytes)
		return mmu->window + (ptr - mmu->alias);
	return ptr >= mmu->window && ptr < mmu->window + mmu->bytes ? ptr : NULL;
}

static int32_t among(struct quire_vmh *heap, unsigned char *const *live, const unsigned char *ptr)
{
	for (size_t i = 0; ptr && i < LIVE; i++)
		if (live[i] == ptr)
			return QUIRE_OK;
	return ptr && quire_vmh_contains(heap, ptr) ? QUIRE_EFREE : QUIRE_EFOREIGN;
}

static int32_t expect_table(struct zoo *zoo, const unsigned char *ptr)
{
	return among(&zoo->table.heap, zoo->block, ptr);
}

static int32_t expect_elastic(struct zoo *zoo, const unsigned char *ptr)
{
	return among(&zoo->elastic.heap, zoo->run, ptr);
}

/* The last live allocation that begins at or below the pointer. */
static struct quire_event last_below(struct quire_vmh *heap, unsigned char *const *live,
				     const unsigned char *ptr)
{
	struct quire_event event = { .owner = NULL };

	for (size_t i = 0; ptr && i < LIVE; i++)
		if (live[i] && live[i] <= ptr && (const void *)live[i] > event.owner)
			event.owner = live[i];
	if (event.owner)
		event.owner_size = quire_vmh_usable_size(heap, event.owner);
	return event;
}

static struct quire_event owner_in_table(struct zoo *zoo, const unsigned char *ptr)
{
	return last_below(&zoo->table.heap, zoo->block, ptr);
}

static struct quire_event owner_in_elastic(struct zoo *zoo, const unsigned char *ptr)
{
	return last_below(&zoo->elastic.heap, zoo->run, ptr);
}

static const void *object_table(struct zoo *zoo)
{
	return &zoo->table.heap;
}

static const void *object_elastic(struct zoo *zoo)
{
	return &zoo->elastic.heap;
}

static const void *object_space(struct zoo *zoo)
{
	return &zoo->space.vs;
}

static int32_t free_in_table(struct zoo *zoo, void *ptr)
{
	return quire_vmh_free(&zoo->table.heap, ptr);
}

static int32_t free_in_elastic(struct zoo *zoo, void *ptr)
{
	return quire_vmh_free(&zoo->elastic.heap, ptr);
}

static int32_t resize_in_table(struct zoo *zoo, void *ptr)
{
	return quire_vmh_resize(&zoo->table.heap, ptr, 10);
}

static int32_t resize_in_elastic(struct zoo *zoo, void *ptr)
{
	size_t granted = 1;
	int32_t status = quire_vmh_resize_range(&zoo->elastic.heap, ptr, 10, 20, &granted);

	assert_int_equal(granted == 0, status != QUIRE_OK);
	return status;
}

static bool in_region(struct zoo *zoo, const unsigned char *ptr)
{
	return ptr && quire_vregion_contains(zoo->vr, ptr);
}

/* In a sealed region pointers into the lifetime area are accepted, and nothing happens. */
static int32_t expect_region(struct zoo *zoo, const unsigned char *ptr)
{
	if (!in_region(zoo, ptr))
		return QUIRE_EFOREIGN;
	if (ptr == zoo->interim || (ptr >= zoo->life && ptr < zoo->life + 300))
		return QUIRE_OK;
	return QUIRE_EFREE;
}

static int32_t free_in_region(struct zoo *zoo, void *ptr)
{
	return quire_vregion_free(zoo->vr, ptr);
}

/* By pages: the end of a table's last page is nobody's block, but the heap's all the same. */
static bool in_a_window_of_others(struct zoo *zoo, const unsigned char *ptr)
{
	ptr -= (uintptr_t)ptr % PAGE;
	return quire_vmh_contains(&zoo->table.heap, ptr) ||
	       quire_vmh_contains(&zoo->elastic.heap, ptr) || in_region(zoo, ptr);
}

static int32_t expect_page(struct zoo *zoo, const unsigned char *ptr)
{
	if (!ptr || in_a_window_of_others(zoo, ptr))
		return QUIRE_EFOREIGN;
	return ptr == zoo->pages || ptr == zoo->reserved ? QUIRE_OK : QUIRE_EFREE;
}

static int32_t free_page(struct zoo *zoo, void *ptr)
{
	return quire_vpage_free(&zoo->space.vs, ptr);
}

static const struct call calls[] = {
	{ "vmh_free, table", free_in_table, expect_table, object_table, owner_in_table },
	{ "vmh_free, elastic", free_in_elastic, expect_elastic, object_elastic, owner_in_elastic },
	{ "vmh_resize, table", resize_in_table, expect_table, object_table, owner_in_table },
	{ "vmh_resize, elastic", resize_in_elastic, expect_elastic, object_elastic,
	  owner_in_elastic },
	{ "vregion_free", free_in_region, expect_region, NULL, NULL },
	{ "vpage_free", free_page, expect_page, object_space, NULL },
};

/* The event has the pointer and, where it is inside, its nearest owner. */
static void check_event(struct zoo *zoo, const struct call *call, const unsigned char *ptr,
			int32_t why)
{
	struct quire_event event = test_observer_last(&zoo->space.observer, QUIRE_EVENT_MISUSE);
	struct quire_event expected;

	assert_int_equal(zoo->space.observer.count[QUIRE_EVENT_MISUSE], 1);
	assert_status(event.why, why);
	assert_ptr_equal(event.ptr, ptr);
	if (call->object)
		assert_ptr_equal(event.object, call->object(zoo));
	else
		assert_non_null(event.object);
	if (!call->owner || why == QUIRE_EFOREIGN)
		return;
	expected = call->owner(zoo, inside(zoo, ptr));
	assert_ptr_equal(event.owner, expected.owner);
	assert_int_equal(event.owner_size, expected.owner_size);
}

static void try_pointer(struct zoo *zoo, const struct call *call, unsigned char *ptr,
			uint64_t before)
{
	int32_t expected = call->expect(zoo, inside(zoo, ptr));

	if (!expected)
		return;
	test_observer_clear(&zoo->space.observer);
	assert_status(call->act(zoo, ptr), expected);
	check_event(zoo, call, ptr, expected);
	assert_true(sum_of(zoo) == before);
}

static void try_range(struct zoo *zoo, const struct call *call, unsigned char *base)
{
	uint64_t before = sum_of(zoo);

	for (size_t i = 0; i < AROUND + zoo->space.mmu.bytes + AROUND; i++)
		try_pointer(zoo, call, base - AROUND + i, before);
}

static void every_wrong_pointer_is_answered_and_nothing_changes(void **state)
{
	static struct zoo zoo;

	(void)state;
	open_zoo(&zoo);
	for (size_t i = 0; i < TEST_COUNT(calls); i++) {
		try_range(&zoo, &calls[i], zoo.space.mmu.window);
		try_range(&zoo, &calls[i], zoo.space.mmu.alias);
		check_zoo(&zoo);
	}
	close_zoo(&zoo);
}

static void pointers_from_anywhere_else_are_foreign(void **state)
{
	static struct zoo zoo;
	unsigned char local;
	unsigned char *elsewhere[] = { NULL,
				       &local,
				       (unsigned char *)&zoo,
				       (unsigned char *)1,
				       (unsigned char *)UINTPTR_MAX,
				       (unsigned char *)(UINTPTR_MAX / 2) };

	(void)state;
	open_zoo(&zoo);
	for (size_t i = 0; i < TEST_COUNT(calls); i++) {
		uint64_t before = sum_of(&zoo);

		for (size_t j = 0; j < TEST_COUNT(elsewhere); j++)
			try_pointer(&zoo, &calls[i], elsewhere[j], before);
	}
	close_zoo(&zoo);
}

static void what_is_asked_about_a_wrong_pointer_is_answered_with_nothing(void **state)
{
	static struct zoo zoo;
	uint64_t before;

	(void)state;
	open_zoo(&zoo);
	before = sum_of(&zoo);
	for (size_t i = 0; i < AROUND + zoo.space.mmu.bytes + AROUND; i++) {
		unsigned char *ptr = zoo.space.mmu.window - AROUND + i;
		const unsigned char *in = inside(&zoo, ptr);
		size_t pages = 0;

		assert_int_equal(quire_vmh_usable_size(&zoo.table.heap, ptr) > 0,
				 expect_table(&zoo, in) == QUIRE_OK);
		assert_int_equal(quire_vmh_usable_size(&zoo.elastic.heap, ptr) > 0,
				 expect_elastic(&zoo, in) == QUIRE_OK);
		assert_int_equal(quire_vregion_usable_size(zoo.vr, ptr) > 0, ptr == zoo.interim);
		assert_int_equal(quire_vpage_size(&zoo.space.vs, ptr) > 0,
				 ptr == zoo.pages || ptr == zoo.reserved);
		if (!in)
			assert_null(quire_vpage_owner(&zoo.space.vs, ptr, &pages));
	}
	assert_true(sum_of(&zoo) == before);
	close_zoo(&zoo);
}

static void a_window_of_a_heap_or_region_is_not_plain_pages(void **state)
{
	static struct zoo zoo;
	struct quire_vregion_info info;
	unsigned char *window[3];

	(void)state;
	open_zoo(&zoo);
	quire_vregion_info(zoo.vr, &info);
	window[0] = zoo.block[0];
	window[1] = zoo.run[0];
	window[2] = info.base;
	for (size_t i = 0; i < TEST_COUNT(window); i++) {
		uint64_t before = sum_of(&zoo);
		struct quire_vspace *vs = &zoo.space.vs;

		assert_status(quire_vpage_free(vs, window[i]), QUIRE_EFOREIGN);
		assert_true(quire_vpage_resize(vs, window[i], 1) != QUIRE_OK);
		assert_true(quire_vpage_commit(vs, window[i], 1, QUIRE_RW, NULL) != QUIRE_OK);
		assert_true(quire_vpage_decommit(vs, window[i], 1) != QUIRE_OK);
		assert_true(quire_vpage_protect(vs, window[i], 1, QUIRE_READ) != QUIRE_OK);
		assert_null(quire_vpage_alloc_at(vs, window[i], 1, QUIRE_RW));
		assert_true(sum_of(&zoo) == before);
	}
	close_zoo(&zoo);
}

/* ---- twice and stale ------------------------------------------------------------------------- */

static void what_was_freed_stays_freed_until_it_is_given_out_again(void **state)
{
	static struct zoo zoo;
	uint64_t before;
	unsigned char *again;

	(void)state;
	open_zoo(&zoo);
	for (size_t i = 0; i < 6; i++) {
		if (!zoo.run[i])
			continue;
		assert_ok(quire_vmh_free(&zoo.elastic.heap, zoo.run[i]));
		before = sum_of(&zoo);
		for (size_t times = 0; times < 3; times++)
			assert_status(quire_vmh_free(&zoo.elastic.heap, zoo.run[i]), QUIRE_EFREE);
		assert_true(sum_of(&zoo) == before);
		again = quire_vmh_alloc_at(&zoo.elastic.heap, zoo.run[i], 32);
		assert_ptr_equal(again, zoo.run[i]);
	}
	assert_ok(quire_vregion_free(zoo.vr, zoo.interim));
	assert_status(quire_vregion_free(zoo.vr, zoo.interim), QUIRE_EFREE);
	zoo.interim = quire_vregion_alloc(zoo.vr, QUIRE_INTERIM, 100, 0);
	assert_ok(quire_vpage_free(&zoo.space.vs, zoo.pages));
	assert_status(quire_vpage_free(&zoo.space.vs, zoo.pages), QUIRE_EFREE);
	assert_status(quire_vpage_protect(&zoo.space.vs, zoo.pages, 1, QUIRE_READ), QUIRE_EFREE);
	zoo.pages = quire_vpage_alloc(&zoo.space.vs, 3, QUIRE_RW);
	close_zoo(&zoo);
}

static void misuses_are_counted(void **state)
{
	static struct zoo zoo;
	struct quire_vmh_stats stats;

	(void)state;
	open_zoo(&zoo);
	for (size_t times = 0; times < 5; times++) {
		quire_vmh_free(&zoo.elastic.heap, zoo.run[0] + 1);
		quire_vmh_free(&zoo.elastic.heap, NULL);
		quire_vpage_free(&zoo.space.vs, zoo.pages + 1);
	}
	quire_vmh_stats(&zoo.elastic.heap, &stats);
	assert_int_equal(stats.misuses, 10);
	assert_int_equal(stats.refusals[-QUIRE_EFREE], 5);
	assert_int_equal(stats.refusals[-QUIRE_EFOREIGN], 5);
	assert_int_equal(test_space_stats(&zoo.space).misuses, 5);
	assert_int_equal(test_space_stats(&zoo.space).refusals[-QUIRE_EFREE], 5);
	close_zoo(&zoo);
}

/* ---- sizes, alignments, flags, budgets ------------------------------------------------------- */

/* A request that makes no sense is refused by everybody for the same reason. */
static void refuse_everywhere(struct zoo *zoo, const struct quire_request *wrong, int32_t why)
{
	struct quire_vmh *heaps[] = { &zoo->table.heap, &zoo->elastic.heap };
	uint64_t before = sum_of(zoo);

	for (size_t i = 0; i < TEST_COUNT(heaps); i++) {
		struct quire_request request = *wrong;

		assert_int_equal(quire_vmh_would_fit(heaps[i], &request), 0);
		assert_status(request.why, why);
		request = *wrong;
		request.granted = 77;
		assert_null(quire_vmh_request(heaps[i], &request));
		assert_status(request.why, why);
		assert_int_equal(request.granted, 0);
		assert_status(test_observer_last(&zoo->space.observer, QUIRE_EVENT_FAIL).why, why);
	}
	for (uint32_t area = 0; area < QUIRE_AREAS; area++) {
		struct quire_request request = *wrong;

		assert_null(quire_vregion_request(zoo->vr, (enum quire_area)area, &request));
		assert_true(request.why == why ||
			    (area != QUIRE_INTERIM && request.why == QUIRE_ESTATE));
		assert_int_equal(request.granted, 0);
	}
	assert_true(sum_of(zoo) == before);
}

static void requests_that_make_no_sense_are_refused(void **state)
{
	static struct zoo zoo;
	struct quire_budget stranger = { .limit = 100 };
	const struct quire_request wrong[] = {
		{ .size = 0 },
		{ .size = 0, .min = 1 },
		{ .size = 10, .min = 11 },
		{ .size = SIZE_MAX },
		{ .size = SIZE_MAX - 62 },
		{ .size = SIZE_MAX / 2 + 2 },
		{ .size = 64, .align = 3 },
		{ .size = 64, .align = 96 },
		{ .size = 64, .align = SIZE_MAX },
		{ .size = 64, .align = SIZE_MAX / 2 + 1, .min = 65 },
		{ .size = 64, .flags = QUIRE_GUARD },
		{ .size = 64, .flags = QUIRE_RESERVE },
		{ .size = 64, .flags = 8 },
		{ .size = 64, .budget = &stranger },
	};

	(void)state;
	open_zoo(&zoo);
	for (size_t i = 0; i < TEST_COUNT(wrong); i++)
		refuse_everywhere(&zoo, &wrong[i], QUIRE_EINVAL);
	close_zoo(&zoo);
}

static void requests_that_are_too_large_for_anybody_are_refused(void **state)
{
	static struct zoo zoo;
	static const size_t sizes[] = { 8 * PAGE + 1, PAGES * PAGE + 1, SIZE_MAX / 4,
					SIZE_MAX / 2 - 5000, SIZE_MAX / 2 };

	(void)state;
	open_zoo(&zoo);
	for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
		struct quire_request request = { .size = sizes[i] };

		assert_null(quire_vmh_request(&zoo.table.heap, &request));
		assert_status(request.why, QUIRE_ENOVIRT);
		assert_null(quire_vmh_request(&zoo.elastic.heap, &request));
		assert_true(request.why == QUIRE_ENOVIRT || request.why == QUIRE_ENOPHYS);
		assert_null(quire_vregion_request(zoo.vr, QUIRE_INTERIM, &request));
		assert_true(request.why == QUIRE_ENOVIRT || request.why == QUIRE_ENOPHYS);
		request.flags = QUIRE_OWN_PAGES;
		assert_null(quire_vmh_request(&zoo.elastic.heap, &request));
		assert_null(quire_vmh_request(&zoo.table.heap, &request));
	}
	close_zoo(&zoo);
}

static void alignments_beyond_the_window_are_honoured_or_refused(void **state)
{
	static struct zoo zoo;

	(void)state;
	open_zoo(&zoo);
	for (size_t align = PAGE; align; align *= 2) {
		unsigned char *ptr = quire_vmh_aligned_alloc(&zoo.elastic.heap, align, 32);

		assert_int_equal((uintptr_t)ptr % align, 0);
		if (ptr)
			assert_ok(quire_vmh_free(&zoo.elastic.heap, ptr));
		ptr = quire_vmh_aligned_alloc(&zoo.table.heap, align, 32);
		assert_int_equal((uintptr_t)ptr % align, 0);
		if (ptr)
			assert_ok(quire_vmh_free(&zoo.table.heap, ptr));
		ptr = quire_vregion_alloc(zoo.vr, QUIRE_INTERIM, 32, align);
		assert_int_equal((uintptr_t)ptr % align, 0);
		if (ptr)
			assert_ok(quire_vregion_free(zoo.vr, ptr));
	}
	close_zoo(&zoo);
}

static void short_calls_refuse_what_the_long_one_refuses(void **state)
{
	static struct zoo zoo;
	struct quire_vmh *heap;
	size_t granted = 1;
	uint64_t before;

	(void)state;
	open_zoo(&zoo);
	before = sum_of(&zoo);
	heap = &zoo.elastic.heap;
	assert_null(quire_vmh_alloc(heap, 0));
	assert_null(quire_vmh_alloc(heap, SIZE_MAX));
	assert_null(quire_vmh_aligned_alloc(heap, 0, 64));
	assert_null(quire_vmh_aligned_alloc(heap, 48, 64));
	assert_null(quire_vmh_alloc_range(heap, 0, 64, &granted));
	assert_int_equal(granted, 0);
	assert_null(quire_vmh_alloc_range(heap, 65, 64, &granted));
	assert_null(quire_vmh_alloc_range(heap, 1, SIZE_MAX, NULL));
	assert_null(quire_vmh_alloc_at(heap, zoo.run[2] ? zoo.run[2] : zoo.run[1] + 32, 0));
	assert_null(quire_vmh_alloc_at(heap, zoo.run[0] + 1, 1));
	assert_null(quire_vmh_alloc_at(heap, zoo.run[0], SIZE_MAX));
	assert_status(quire_vmh_resize(heap, zoo.run[0], 0), QUIRE_EINVAL);
	assert_status(quire_vmh_resize(heap, zoo.run[0], SIZE_MAX), QUIRE_EINVAL);
	assert_status(quire_vmh_resize(heap, zoo.run[0], SIZE_MAX / 2), QUIRE_ENOVIRT);
	assert_status(quire_vmh_resize_range(heap, zoo.run[0], 0, 64, &granted), QUIRE_EINVAL);
	assert_status(quire_vmh_resize_range(heap, zoo.run[0], 65, 64, &granted), QUIRE_EINVAL);
	assert_status(quire_vregion_resize(zoo.vr, zoo.interim, 0, 64, &granted), QUIRE_EINVAL);
	assert_status(quire_vregion_resize(zoo.vr, zoo.interim, 65, 64, &granted), QUIRE_EINVAL);
	assert_status(quire_vregion_resize(zoo.vr, zoo.interim, 1, SIZE_MAX, &granted),
		      QUIRE_EINVAL);
	assert_status(quire_vregion_resize(zoo.vr, zoo.life, 0, 64, &granted), QUIRE_EINVAL);
	assert_status(quire_vregion_resize(zoo.vr, zoo.life, 65, 64, &granted), QUIRE_EINVAL);
	assert_status(quire_vregion_resize(zoo.vr, zoo.life, 1, SIZE_MAX, &granted), QUIRE_EINVAL);
	assert_null(quire_vregion_alloc(zoo.vr, QUIRE_AREAS, 10, 0));
	assert_null(quire_vregion_alloc(zoo.vr, (enum quire_area) - 1, 10, 0));
	assert_null(quire_vregion_alloc_coherent(zoo.vr, QUIRE_INTERIM, 0, 0));
	assert_null(quire_vregion_alloc_coherent(zoo.vr, QUIRE_INTERIM, SIZE_MAX, 0));
	assert_null(quire_vregion_alloc_coherent(zoo.vr, QUIRE_INTERIM, 10, 24));
	assert_true(sum_of(&zoo) == before);
	close_zoo(&zoo);
}

static void a_failed_lifetime_resize_of_a_strangers_pointer_changes_nothing(void **state)
{
	static struct zoo zoo;
	uint64_t before;
	size_t granted;

	(void)state;
	open_zoo(&zoo);
	before = sum_of(&zoo);
	for (size_t i = 0; i < AROUND + zoo.space.mmu.bytes + AROUND; i++) {
		unsigned char *ptr = zoo.space.mmu.window - AROUND + i;

		if (ptr == zoo.interim)
			continue;
		assert_true(quire_vregion_resize(zoo.vr, ptr, 10, 20, &granted) != QUIRE_OK);
		assert_int_equal(granted, 0);
		if (!in_region(&zoo, ptr))
			assert_status(quire_vregion_resize(zoo.vr, ptr, 10, 20, &granted),
				      QUIRE_EFOREIGN);
	}
	assert_true(sum_of(&zoo) == before);
	close_zoo(&zoo);
}

/* ---- a region after its end ------------------------------------------------------------------ */

static void a_region_that_has_ended_does_nothing_any_more(void **state)
{
	struct quire_vregion_config config = { .lifetime = 2 * PAGE, .interim = 4 * PAGE };
	struct quire_request request = { .size = 10 };
	struct test_space space;
	struct test_region region;
	unsigned char *life, *interim;
	size_t granted;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	assert_non_null(test_region_init(&region, &space, &config));
	life = quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 10, 0);
	interim = quire_vregion_alloc(region.vr, QUIRE_INTERIM, 10, 0);
	assert_ok(quire_vregion_free(region.vr, interim));
	assert_ok(quire_vregion_put(region.vr));

	assert_status(quire_vregion_put(region.vr), QUIRE_EFREE);
	assert_null(quire_vregion_get(region.vr));
	for (uint32_t area = 0; area < QUIRE_AREAS; area++)
		assert_null(quire_vregion_request(region.vr, (enum quire_area)area, &request));
	assert_true(quire_vregion_free(region.vr, life) != QUIRE_OK);
	assert_true(quire_vregion_free(region.vr, interim) != QUIRE_OK);
	assert_true(quire_vregion_resize(region.vr, interim, 10, 10, &granted) != QUIRE_OK);
	assert_true(quire_vregion_seal(region.vr) != QUIRE_OK);
	assert_true(quire_vregion_reset_interim(region.vr) != QUIRE_OK);
	assert_true(quire_vregion_protect(region.vr, QUIRE_LIFETIME, QUIRE_READ) != QUIRE_OK);
	assert_int_equal(quire_vregion_would_fit(region.vr, QUIRE_INTERIM, &request), 0);
	assert_int_equal(space.mmu.mapped, 0);
	test_region_fini(&region); /* the storage was released once, not twice */
	test_space_fini(&space);
}

/* ---- what is not there ------------------------------------------------------------------------- */

static void a_ledger_or_budget_that_is_not_there_is_refused(void **state)
{
	struct quire_budget *table[2];
	struct quire_budget budget = { 0 }, *nobody = NULL;
	struct quire_ledger ledger;

	(void)state;
	assert_status(quire_ledger_init(NULL, 10, table, 2), QUIRE_EINVAL);
	assert_ok(quire_ledger_init(&ledger, 10, table, 2));
	assert_status(quire_ledger_admit(NULL, &budget, 0, 1), QUIRE_EINVAL);
	assert_status(quire_ledger_change(NULL, &budget, 0, 1), QUIRE_EINVAL);
	assert_status(quire_ledger_change(&ledger, nobody, 0, 1), QUIRE_EINVAL);
	assert_status(quire_ledger_dismiss(NULL, &budget), QUIRE_EINVAL);
	assert_status(quire_ledger_dismiss(&ledger, nobody), QUIRE_EINVAL);
	budget.id = 200; /* never admitted, and not even zeroed */
	assert_status(quire_ledger_change(&ledger, &budget, 0, 1), QUIRE_EINVAL);
	assert_false(budget.admitted);
	assert_sound(quire_ledger_check(&ledger));
}

static int32_t hold_still(struct quire_mover *mover, struct quire_budget *budget)
{
	(void)mover;
	(void)budget;
	return QUIRE_OK;
}

static void a_vspace_that_is_not_there_is_refused(void **state)
{
	struct quire_vspace_config config = { .pages = 4 };
	struct quire_budget budget = { 0 };
	struct quire_mover half = { .quiesce = hold_still };
	struct test_space space;
	size_t moved = 1;

	(void)state;
	assert_status(quire_vspace_init(NULL, &config), QUIRE_EINVAL);
	assert_status(quire_vspace_fini(NULL), QUIRE_EINVAL);
	assert_status(quire_vspace_admit(NULL, &budget, 0, 1), QUIRE_EINVAL);
	assert_status(quire_vspace_change(NULL, &budget, 0, 1), QUIRE_EINVAL);
	assert_status(quire_vspace_dismiss(NULL, &budget), QUIRE_EINVAL);
	assert_status(quire_vpage_set_aside(NULL, &budget, 1), QUIRE_EINVAL);
	assert_status(quire_vspace_set_mover(NULL, &budget, NULL), QUIRE_EINVAL);
	assert_status(quire_vspace_evacuate(NULL, 1, &moved), QUIRE_EINVAL);
	assert_int_equal(moved, 0);
	moved = 1;
	assert_status(quire_vspace_save_power(NULL, 5, &moved), QUIRE_EINVAL);
	assert_int_equal(moved, 0);

	test_space_init_plain(&space, 16, 16);
	assert_status(quire_vspace_init(&space.vs, NULL), QUIRE_EINVAL);
	assert_status(quire_vspace_dismiss(&space.vs, NULL), QUIRE_EINVAL);
	assert_status(quire_vspace_dismiss(&space.vs, &space.vs.common), QUIRE_EINVAL);
	assert_status(quire_vspace_change(&space.vs, NULL, 0, 1), QUIRE_EINVAL);
	assert_status(quire_vpage_set_aside(&space.vs, NULL, 1), QUIRE_EINVAL);
	assert_status(quire_vspace_set_mover(&space.vs, NULL, &half), QUIRE_EINVAL);
	assert_false(quire_vspace_is_mapped(&space.vs, &space));
	assert_null(quire_vpage_owner(&space.vs, &space, NULL));
	test_space_fini(&space);
}

static void a_heap_a_region_or_a_ring_without_its_parts_is_refused(void **state)
{
	const struct quire_vmh_config heap_config = { .window = PAGE };
	const struct quire_vregion_config region_config = { .lifetime = PAGE };
	struct quire_buffer_source source = quire_buffer_on_vmh(NULL);
	struct quire_request request = { .size = 10 };
	struct quire_frames frames;
	struct quire_buffer ring;
	struct quire_vmh heap;
	struct test_space space;
	int32_t why = QUIRE_OK;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	assert_status(quire_frames_init(NULL, NULL), QUIRE_EINVAL);
	assert_status(quire_frames_init(&frames, NULL), QUIRE_EINVAL);
	assert_status(quire_vmh_init(NULL, &space.vs, &heap_config), QUIRE_EINVAL);
	assert_status(quire_vmh_init(&heap, NULL, &heap_config), QUIRE_EINVAL);
	assert_status(quire_vmh_init(&heap, &space.vs, NULL), QUIRE_EINVAL);
	assert_null(quire_vregion_create(NULL, &region_config, &why));
	assert_status(why, QUIRE_EINVAL);
	assert_null(quire_vregion_create(&space.vs, NULL, NULL));
	assert_null(quire_vregion_create(&space.vs, NULL, &why));
	assert_status(why, QUIRE_EINVAL);
	assert_status(quire_buffer_create(NULL, &source, &request), QUIRE_EINVAL);
	assert_status(quire_buffer_create(&ring, NULL, &request), QUIRE_EINVAL);
	assert_status(quire_buffer_create(&ring, &source, NULL), QUIRE_EINVAL);
	assert_status(quire_buffer_create(&ring, &source, &request), QUIRE_EINVAL);
	test_space_fini(&space);
}

static void a_region_is_saved_nowhere_and_restored_from_nowhere(void **state)
{
	const struct quire_vregion_config config = { .lifetime = PAGE, .interim = PAGE };
	struct quire_archive nothing = { 0 };
	struct heap_archive archive;
	struct test_space space;
	struct test_region region;

	(void)state;
	test_space_init_plain(&space, 16, 16);
	heap_archive_init(&archive, 64 * PAGE);
	assert_non_null(test_region_init(&region, &space, &config));
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 10, 0));
	assert_status(quire_vregion_save(region.vr, NULL), QUIRE_EINVAL);
	assert_status(quire_vregion_save(region.vr, &nothing), QUIRE_EINVAL);
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, 10, 0));
	atomic_store(&space.mmu.interrupt, true);
	assert_status(quire_vregion_save(region.vr, &archive.archive), QUIRE_ECONTEXT);
	atomic_store(&space.mmu.interrupt, false);
	assert_int_equal(archive.bytes, 0);
	assert_status(quire_vregion_restore(region.vr, &archive.archive), QUIRE_ESTATE);
	assert_ok(quire_vregion_save(region.vr, &archive.archive));
	assert_status(quire_vregion_restore(region.vr, NULL), QUIRE_EINVAL);
	assert_status(quire_vregion_restore(region.vr, &nothing), QUIRE_EINVAL);
	atomic_store(&space.mmu.interrupt, true);
	assert_status(quire_vregion_restore(region.vr, &archive.archive), QUIRE_ECONTEXT);
	atomic_store(&space.mmu.interrupt, false);
	assert_ok(quire_vregion_restore(region.vr, &archive.archive));
	assert_ok(quire_vregion_put(region.vr));
	heap_archive_rewind(&archive);
	assert_status(quire_vregion_restore(region.vr, &archive.archive), QUIRE_ESTATE);
	test_region_fini(&region);
	heap_archive_free(&archive);
	test_space_fini(&space);
}

/* ---- from interrupt context ------------------------------------------------------------------ */

static void call_everything(struct zoo *zoo)
{
	struct quire_request request = { .size = 32 };
	size_t granted = 1;

	assert_null(quire_vmh_request(&zoo->elastic.heap, &request));
	assert_status(request.why, QUIRE_ECONTEXT);
	assert_int_equal(request.granted, 0);
	assert_null(quire_vmh_alloc(&zoo->table.heap, 32));
	assert_null(quire_vmh_aligned_alloc(&zoo->table.heap, 32, 32));
	assert_null(quire_vmh_alloc_range(&zoo->table.heap, 32, 32, &granted));
	assert_int_equal(granted, 0);
	assert_null(quire_vmh_alloc_at(&zoo->elastic.heap, zoo->run[1] + 128, 32));
	assert_status(quire_vmh_free(&zoo->table.heap, zoo->block[0]), QUIRE_ECONTEXT);
	assert_status(quire_vmh_resize(&zoo->table.heap, zoo->block[0], 10), QUIRE_ECONTEXT);
	assert_status(quire_vmh_resize_range(&zoo->elastic.heap, zoo->run[0], 1, 64, &granted),
		      QUIRE_ECONTEXT);
	assert_status(quire_vmh_fini(&zoo->table.heap), QUIRE_ECONTEXT);
	assert_null(quire_vregion_request(zoo->vr, QUIRE_INTERIM, &request));
	assert_status(request.why, QUIRE_ECONTEXT);
	assert_null(quire_vregion_alloc_coherent(zoo->vr, QUIRE_INTERIM, 32, 0));
	assert_status(quire_vregion_free(zoo->vr, zoo->interim), QUIRE_ECONTEXT);
	assert_status(quire_vregion_resize(zoo->vr, zoo->interim, 10, 10, &granted),
		      QUIRE_ECONTEXT);
	assert_status(quire_vregion_seal(zoo->vr), QUIRE_ECONTEXT);
	assert_status(quire_vregion_reset_interim(zoo->vr), QUIRE_ECONTEXT);
	assert_status(quire_vregion_protect(zoo->vr, QUIRE_LIFETIME, QUIRE_READ), QUIRE_ECONTEXT);
	assert_status(quire_vregion_put(zoo->vr), QUIRE_ECONTEXT);
	assert_null(quire_vpage_alloc(&zoo->space.vs, 1, QUIRE_RW));
	assert_status(quire_vpage_free(&zoo->space.vs, zoo->pages), QUIRE_ECONTEXT);
	assert_status(quire_vpage_resize(&zoo->space.vs, zoo->pages, 1), QUIRE_ECONTEXT);
	assert_status(quire_vpage_decommit(&zoo->space.vs, zoo->pages, 1), QUIRE_ECONTEXT);
	assert_status(quire_vpage_protect(&zoo->space.vs, zoo->pages, 1, QUIRE_READ),
		      QUIRE_ECONTEXT);
}

static void nothing_is_done_in_interrupt_context(void **state)
{
	struct quire_vregion_config config = { .lifetime = PAGE };
	static struct zoo zoo;
	struct test_region region;
	struct quire_vmh_stats stats;
	uint64_t before;

	(void)state;
	open_zoo(&zoo);
	before = sum_of(&zoo);
	atomic_store(&zoo.space.mmu.interrupt, true);
	call_everything(&zoo);
	assert_null(test_region_init(&region, &zoo.space, &config));
	assert_status(region.why, QUIRE_ECONTEXT);
	atomic_store(&zoo.space.mmu.interrupt, false);
	assert_true(sum_of(&zoo) == before);
	quire_vmh_stats(&zoo.table.heap, &stats);
	assert_int_equal(stats.refusals[-QUIRE_ECONTEXT], 6);
	assert_int_equal(stats.misuses, 0);
	close_zoo(&zoo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrong_pointer_is_answered_and_nothing_changes),
		cmocka_unit_test(pointers_from_anywhere_else_are_foreign),
		cmocka_unit_test(what_is_asked_about_a_wrong_pointer_is_answered_with_nothing),
		cmocka_unit_test(a_window_of_a_heap_or_region_is_not_plain_pages),
		cmocka_unit_test(what_was_freed_stays_freed_until_it_is_given_out_again),
		cmocka_unit_test(misuses_are_counted),
		cmocka_unit_test(requests_that_make_no_sense_are_refused),
		cmocka_unit_test(requests_that_are_too_large_for_anybody_are_refused),
		cmocka_unit_test(alignments_beyond_the_window_are_honoured_or_refused),
		cmocka_unit_test(short_calls_refuse_what_the_long_one_refuses),
		cmocka_unit_test(a_failed_lifetime_resize_of_a_strangers_pointer_changes_nothing),
		cmocka_unit_test(a_region_that_has_ended_does_nothing_any_more),
		cmocka_unit_test(a_ledger_or_budget_that_is_not_there_is_refused),
		cmocka_unit_test(a_vspace_that_is_not_there_is_refused),
		cmocka_unit_test(a_heap_a_region_or_a_ring_without_its_parts_is_refused),
		cmocka_unit_test(a_region_is_saved_nowhere_and_restored_from_nowhere),
		cmocka_unit_test(nothing_is_done_in_interrupt_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
