/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver fails at its n-th call, for every n, while a heap allocates, resizes and frees.
 * After a failed map everything is as it was and the same call succeeds when it is repeated.
 * After a failed unmap the allocation keeps its addresses and its payer, can be freed and
 * nothing else, and that free succeeds once the driver works again. Neighbours never lose a
 * byte.
 */
#include <string.h>

#include "support/random.h"
#include "support/space.h"

#define KIB        ((size_t)1024)
#define PAGE       ((size_t)4096)
#define NEIGHBOURS 3u
#define EXTENTS    64u

/* ---- what a heap looks like from outside, counters of failures aside ------------------------- */

struct look {
	struct quire_vmh_stats stats;
	struct quire_vmh_extent extent[EXTENTS];
	size_t extents;
};

static void look_at(struct look *look, struct quire_vmh *heap)
{
	const char *past = NULL;

	memset(look, 0, sizeof(*look));
	quire_vmh_stats(heap, &look->stats);
	while (look->extents < EXTENTS &&
	       quire_vmh_next(heap, past, &look->extent[look->extents])) {
		past = (char *)look->extent[look->extents].ptr + look->extent[look->extents].size;
		look->extents++;
	}
	assert_true(look->extents < EXTENTS);
}

static void assert_looks_like(const struct look *then, struct quire_vmh *heap)
{
	struct look now;

	look_at(&now, heap);
	assert_int_equal(now.stats.allocations, then->stats.allocations);
	assert_int_equal(now.stats.in_use, then->stats.in_use);
	assert_int_equal(now.stats.in_use_peak, then->stats.in_use_peak);
	assert_int_equal(now.stats.held, then->stats.held);
	assert_int_equal(now.stats.mapped, then->stats.mapped);
	assert_int_equal(now.stats.mapped_peak, then->stats.mapped_peak);
	assert_int_equal(now.stats.largest, then->stats.largest);
	assert_int_equal(now.stats.free, then->stats.free);
	assert_int_equal(now.stats.served, then->stats.served);
	assert_int_equal(now.stats.misuses, then->stats.misuses);
	assert_int_equal(now.extents, then->extents);
	for (size_t i = 0; i < now.extents; i++) {
		assert_ptr_equal(now.extent[i].ptr, then->extent[i].ptr);
		assert_int_equal(now.extent[i].size, then->extent[i].size);
		assert_int_equal(now.extent[i].live, then->extent[i].live);
	}
}

/* ---- a heap with neighbours on both sides of what is tried ----------------------------------- */

struct rig {
	struct test_space space;
	struct test_heap on;
	struct quire_vmh *heap;
	struct quire_budget budget;
	unsigned char *neighbour[NEIGHBOURS];
	unsigned char *subject; /* what is resized or freed */
	size_t size;            /* of it */
	unsigned char *base;
};

struct scenario {
	const char *name;
	const struct quire_bundle *table; /* NULL: elastic */
	size_t bundles;
	size_t retain;
	bool not_coherent;
	void (*prepare)(struct rig *rig);
	int32_t (*act)(struct rig *rig);
};

static unsigned char *put_at(struct rig *rig, size_t offset, size_t size)
{
	unsigned char *ptr = quire_vmh_alloc_at(rig->heap, rig->base + offset, size);

	assert_ptr_equal(ptr, rig->base + offset);
	return ptr;
}

static void open_rig(struct rig *rig, const struct scenario *scenario)
{
	struct test_space_config space = {
		.mmu = { .pages = 32, .not_coherent = scenario->not_coherent },
		.budgets = 2,
		.retain = scenario->retain,
	};
	struct quire_vmh_config config = { .bundles = scenario->table,
					   .bundle_count = scenario->bundles,
					   .window = scenario->table ? 0 : 24 * PAGE };

	memset(rig, 0, sizeof(*rig));
	test_space_init(&rig->space, &space);
	assert_ok(quire_vspace_admit(&rig->space.vs, &rig->budget, 4, 12));
	test_heap_init(&rig->on, &rig->space, &config);
	rig->heap = &rig->on.heap;
	rig->base = rig->space.mmu.window;
	if (scenario->prepare)
		scenario->prepare(rig);
}

static void fill_neighbours(struct rig *rig)
{
	for (uint32_t i = 0; i < NEIGHBOURS; i++)
		if (rig->neighbour[i])
			test_fill(rig->neighbour[i],
				  quire_vmh_usable_size(rig->heap, rig->neighbour[i]), i);
}

static void check_neighbours(struct rig *rig)
{
	for (uint32_t i = 0; i < NEIGHBOURS; i++)
		if (rig->neighbour[i])
			test_assert_filled(rig->neighbour[i],
					   quire_vmh_usable_size(rig->heap, rig->neighbour[i]), i);
}

static void check_rig(struct rig *rig)
{
	test_heap_check(&rig->on);
	test_space_check(&rig->space);
	check_neighbours(rig);
}

static void close_rig(struct rig *rig)
{
	if (rig->subject)
		assert_ok(quire_vmh_free(rig->heap, rig->subject));
	check_rig(rig);
	for (size_t i = 0; i < NEIGHBOURS; i++)
		if (rig->neighbour[i])
			assert_ok(quire_vmh_free(rig->heap, rig->neighbour[i]));
	assert_int_equal(rig->budget.used, 0);
	test_heap_fini(&rig->on);
	assert_ok(quire_vspace_dismiss(&rig->space.vs, &rig->budget));
	test_space_fini(&rig->space);
}

/* ---- what is tried --------------------------------------------------------------------------- */

static int32_t request(struct rig *rig, size_t size, size_t min, struct quire_budget *budget)
{
	struct quire_request wanted = { .size = size, .min = min, .budget = budget };

	rig->subject = quire_vmh_request(rig->heap, &wanted);
	rig->size = wanted.granted;
	assert_int_equal(rig->subject == NULL, wanted.why != QUIRE_OK);
	assert_int_equal(wanted.granted > 0, wanted.why == QUIRE_OK);
	return wanted.why;
}

/* Neighbours share the first and the last page of the gap between them. */
static void prepare_gap(struct rig *rig)
{
	rig->neighbour[0] = put_at(rig, 0, 1000);
	rig->neighbour[1] = put_at(rig, 5 * PAGE + 64, 23 * PAGE - 5 * PAGE);
	fill_neighbours(rig);
}

static int32_t act_alloc(struct rig *rig)
{
	return request(rig, 5 * PAGE - 960, 0, NULL);
}

static int32_t act_alloc_range(struct rig *rig)
{
	return request(rig, 24 * PAGE, PAGE, NULL);
}

static int32_t act_alloc_at(struct rig *rig)
{
	rig->subject = quire_vmh_alloc_at(rig->heap, rig->base + 1024, 4 * PAGE);
	rig->size = 4 * PAGE;
	return rig->subject ? QUIRE_OK : QUIRE_EDRIVER;
}

static int32_t act_alloc_own(struct rig *rig)
{
	return request(rig, 3 * PAGE, 0, &rig->budget);
}

static void prepare_aside(struct rig *rig)
{
	assert_ok(quire_vmh_set_aside(rig->heap, &rig->budget, 3 * PAGE, 0));
	rig->neighbour[0] = quire_vmh_alloc(rig->heap, 21 * PAGE);
	assert_non_null(rig->neighbour[0]);
	fill_neighbours(rig);
}

/* Pages 0, 2, 4, 6 stay mapped though nobody needs them: an allocation over them takes many
 * calls. */
static void prepare_retained(struct rig *rig)
{
	unsigned char *page[8];

	for (size_t i = 0; i < 8; i++)
		page[i] = put_at(rig, i * PAGE, PAGE);
	for (size_t i = 0; i < 8; i += 2)
		assert_ok(quire_vmh_free(rig->heap, page[i]));
	for (size_t i = 1; i < 8; i += 2)
		assert_ok(quire_vmh_free(rig->heap, page[i]));
	assert_int_equal(rig->space.mmu.mapped, 4);
	rig->neighbour[0] = put_at(rig, 8 * PAGE, PAGE);
	fill_neighbours(rig);
}

static int32_t act_alloc_over_retained(struct rig *rig)
{
	rig->subject = quire_vmh_alloc_at(rig->heap, rig->base, 8 * PAGE);
	rig->size = 8 * PAGE;
	return rig->subject ? QUIRE_OK : QUIRE_EDRIVER;
}

/* In use, with a neighbour on its last page. */
static void prepare_subject(struct rig *rig)
{
	rig->neighbour[0] = put_at(rig, 0, 1000);
	rig->subject = put_at(rig, 1024, 4 * PAGE);
	rig->size = 4 * PAGE;
	rig->neighbour[1] = put_at(rig, 12 * PAGE, 100);
	fill_neighbours(rig);
	test_fill(rig->subject, rig->size, 77);
}

static int32_t act_grow(struct rig *rig)
{
	int32_t status = quire_vmh_resize(rig->heap, rig->subject, 10 * PAGE);

	test_assert_filled(rig->subject, 4 * PAGE, 77);
	rig->size = status ? rig->size : 10 * PAGE;
	return status;
}

static int32_t act_grow_range(struct rig *rig)
{
	size_t granted;
	int32_t status =
		quire_vmh_resize_range(rig->heap, rig->subject, 5 * PAGE, 20 * PAGE, &granted);

	assert_int_equal(granted > 0, status == QUIRE_OK);
	test_assert_filled(rig->subject, 4 * PAGE, 77);
	rig->size = status ? rig->size : granted;
	return status;
}

static int32_t act_shrink(struct rig *rig)
{
	return quire_vmh_resize(rig->heap, rig->subject, 100);
}

static int32_t act_free(struct rig *rig)
{
	int32_t status = quire_vmh_free(rig->heap, rig->subject);

	if (!status)
		rig->subject = NULL;
	return status;
}

static void prepare_own(struct rig *rig)
{
	prepare_gap(rig);
	assert_ok(request(rig, 3 * PAGE, 0, &rig->budget));
	test_fill(rig->subject, rig->size, 77);
}

static const struct quire_bundle bundles[] = { { 3000, 4 }, { 40000, 2 } };

static void prepare_blocks(struct rig *rig)
{
	rig->neighbour[0] = quire_vmh_alloc(rig->heap, 3000);
	rig->neighbour[1] = quire_vmh_alloc(rig->heap, 3000);
	rig->neighbour[2] = quire_vmh_alloc(rig->heap, 30000);
	fill_neighbours(rig);
}

static void prepare_block(struct rig *rig)
{
	prepare_blocks(rig);
	rig->subject = quire_vmh_alloc(rig->heap, 4 * PAGE);
	rig->size = 4 * PAGE;
	test_fill(rig->subject, rig->size, 77);
}

static int32_t act_alloc_block(struct rig *rig)
{
	return request(rig, 5 * PAGE, 0, NULL);
}

static int32_t act_grow_block(struct rig *rig)
{
	int32_t status = quire_vmh_resize(rig->heap, rig->subject, 9 * PAGE);

	test_assert_filled(rig->subject, 4 * PAGE, 77);
	rig->size = status ? rig->size : 9 * PAGE;
	return status;
}

/* ---- failed maps ----------------------------------------------------------------------------- */

static const struct scenario mapping[] = {
	{ "alloc", .prepare = prepare_gap, .act = act_alloc },
	{ "alloc, not coherent", .prepare = prepare_gap, .act = act_alloc, .not_coherent = true },
	{ "alloc in an empty heap", .act = act_alloc },
	{ "alloc_range", .prepare = prepare_gap, .act = act_alloc_range },
	{ "alloc_at", .prepare = prepare_gap, .act = act_alloc_at },
	{ "alloc of own pages", .prepare = prepare_gap, .act = act_alloc_own },
	{ "alloc from what is set aside", .prepare = prepare_aside, .act = act_alloc_own },
	{ "alloc of a block", bundles, 2, .prepare = prepare_blocks, .act = act_alloc_block },
	{ "resize to more", .prepare = prepare_subject, .act = act_grow },
	{ "resize_range", .prepare = prepare_subject, .act = act_grow_range },
	{ "resize of a block to more", bundles, 2, .prepare = prepare_block,
	  .act = act_grow_block },
};

/* The n-th map fails. Returns whether there was one. */
static bool fail_map(const struct scenario *scenario, uint64_t n, int32_t why)
{
	struct rig rig;
	struct look before;
	struct test_snapshot snapshot;
	int32_t status;
	bool failed;

	open_rig(&rig, scenario);
	look_at(&before, rig.heap);
	test_snapshot_take(&snapshot, &rig.space);
	rig.space.mmu.map_status = why;
	test_mmu_fail(&rig.space.mmu, TEST_MAP, n, false);
	status = scenario->act(&rig);
	failed = !test_mmu_fault_pending(&rig.space.mmu);
	test_mmu_heal(&rig.space.mmu);
	if (failed) {
		assert_true(status == why || scenario->act == act_alloc_at);
		assert_looks_like(&before, rig.heap);
		test_snapshot_compare(&snapshot, &rig.space);
		check_rig(&rig);
		status = scenario->act(&rig);
	}
	assert_ok(status);
	test_fill(rig.subject, rig.size, 5);
	check_rig(&rig);
	test_assert_filled(rig.subject, rig.size, 5);
	test_snapshot_free(&snapshot);
	close_rig(&rig);
	return failed;
}

static void a_failed_map_leaves_the_heap_as_it_was_and_can_be_tried_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(mapping); i++) {
		uint64_t n = 1;

		while (fail_map(&mapping[i], n, QUIRE_EDRIVER) &&
		       fail_map(&mapping[i], n, QUIRE_ENOPHYS))
			n++;
		assert_true(n > 1);
	}
}

/* Retained pages lie between those that have to be mapped: what is mapped before the failure is
 * unmapped again. Nobody owns retained pages, so they may be gone afterwards. */
static const struct scenario over_retained = { "alloc over retained pages", .retain = 4,
					       .prepare = prepare_retained,
					       .act = act_alloc_over_retained };

static void a_map_that_fails_halfway_undoes_what_was_mapped(void **state)
{
	uint64_t calls = 0;

	(void)state;
	for (uint64_t n = 1; n == 1 || calls; n++) {
		struct rig rig;
		struct look before;

		open_rig(&rig, &over_retained);
		look_at(&before, rig.heap);
		test_mmu_fail(&rig.space.mmu, TEST_MAP, n, false);
		calls = act_alloc_over_retained(&rig) ? n : 0;
		assert_int_equal(calls == 0, test_mmu_fault_pending(&rig.space.mmu));
		test_mmu_heal(&rig.space.mmu);
		if (calls) {
			assert_looks_like(&before, rig.heap);
			assert_true(rig.space.mmu.mapped <= 5);
			check_rig(&rig);
			assert_ok(act_alloc_over_retained(&rig));
		}
		test_fill(rig.subject, rig.size, 5);
		check_rig(&rig);
		close_rig(&rig);
		assert_true(n < 10);
	}
}

/* From the n-th call on nothing works any more, the undoing neither. */
static void a_driver_that_fails_for_good_while_undoing_loses_no_account(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 8; n++) {
		struct rig rig;
		struct look before;
		int32_t status;

		open_rig(&rig, &over_retained);
		look_at(&before, rig.heap);
		test_mmu_fail(&rig.space.mmu, TEST_ANY, n, true);
		status = act_alloc_over_retained(&rig);
		test_mmu_heal(&rig.space.mmu);
		if (status) {
			assert_looks_like(&before, rig.heap);
			assert_int_equal(test_space_stats(&rig.space).held, 1);
			check_rig(&rig);
			assert_ok(act_alloc_over_retained(&rig));
		}
		test_fill(rig.subject, rig.size, 5);
		check_rig(&rig);
		close_rig(&rig);
	}
}

/* ---- failed unmaps --------------------------------------------------------------------------- */

static const struct scenario unmapping[] = {
	{ "free", .prepare = prepare_subject, .act = act_free },
	{ "free, not coherent", .prepare = prepare_subject, .act = act_free, .not_coherent = true },
	{ "free of own pages", .prepare = prepare_own, .act = act_free },
	{ "free of a block", bundles, 2, .prepare = prepare_block, .act = act_free },
	{ "resize to less", .prepare = prepare_subject, .act = act_shrink },
	{ "resize of own pages to less", .prepare = prepare_own, .act = act_shrink },
	{ "resize of a block to less", bundles, 2, .prepare = prepare_block, .act = act_shrink },
};

/* It is still there, still paid for, and accepts no call but free. */
static void assert_only_free_is_left(struct rig *rig, const struct look *before)
{
	struct quire_vmh_stats stats;
	size_t granted = 1;

	quire_vmh_stats(rig->heap, &stats);
	assert_int_equal(stats.allocations, before->stats.allocations);
	assert_int_equal(stats.mapped, before->stats.mapped);
	assert_int_equal(stats.free, before->stats.free);
	assert_null(quire_vmh_alloc_at(rig->heap, rig->subject, 64));
	assert_status(quire_vmh_resize(rig->heap, rig->subject, 6 * PAGE), QUIRE_EFREE);
	assert_status(quire_vmh_resize(rig->heap, rig->subject, 100), QUIRE_EFREE);
	assert_status(quire_vmh_resize_range(rig->heap, rig->subject, 1, 6 * PAGE, &granted),
		      QUIRE_EFREE);
	assert_int_equal(granted, 0);
}

static bool fail_unmap(const struct scenario *scenario, uint64_t n, enum test_part part)
{
	struct rig rig;
	struct look before;
	size_t paid;
	int32_t status;
	bool failed;

	open_rig(&rig, scenario);
	look_at(&before, rig.heap);
	paid = rig.budget.used;
	rig.space.mmu.part = part;
	test_mmu_fail(&rig.space.mmu, TEST_UNMAP, n, true);
	status = scenario->act(&rig);
	failed = status != QUIRE_OK;
	if (failed) {
		assert_status(status, QUIRE_EDRIVER);
		assert_non_null(rig.subject);
		assert_int_equal(rig.budget.used, paid);
		check_rig(&rig);
		assert_only_free_is_left(&rig, &before);
		assert_status(quire_vmh_free(rig.heap, rig.subject), QUIRE_EDRIVER);
		assert_only_free_is_left(&rig, &before);
		check_rig(&rig);
	}
	test_mmu_heal(&rig.space.mmu);
	close_rig(&rig);
	return failed;
}

static void after_a_failed_unmap_only_free_is_left_and_succeeds_later(void **state)
{
	static const enum test_part parts[] = { TEST_FIRST_HALF, TEST_NOTHING, TEST_EVERY_OTHER,
						TEST_EVERYTHING };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(unmapping); i++) {
		for (size_t part = 0; part < TEST_COUNT(parts); part++) {
			uint64_t n = 1;

			while (fail_unmap(&unmapping[i], n, parts[part]))
				n++;
			assert_true(n > 1);
		}
	}
}

/* Others go on allocating around an allocation whose pages are neither here nor there. */
static void a_half_freed_allocation_stands_in_nobodys_way(void **state)
{
	static const struct scenario scenario = { .prepare = prepare_subject };
	struct rig rig;
	unsigned char *others[8];

	(void)state;
	open_rig(&rig, &scenario);
	test_mmu_fail(&rig.space.mmu, TEST_UNMAP, 1, false);
	assert_status(quire_vmh_free(rig.heap, rig.subject), QUIRE_EDRIVER);
	for (size_t i = 0; i < TEST_COUNT(others); i++) {
		others[i] = quire_vmh_alloc(rig.heap, 500 + i * 1000);
		assert_non_null(others[i]);
		assert_true(others[i] + 500 + i * 1000 <= rig.subject ||
			    others[i] >= rig.subject + 4 * PAGE);
		test_fill(others[i], 500 + i * 1000, (uint32_t)i);
		check_rig(&rig);
	}
	assert_ok(quire_vmh_free(rig.heap, rig.subject));
	rig.subject = NULL;
	check_rig(&rig);
	for (size_t i = 0; i < TEST_COUNT(others); i++) {
		test_assert_filled(others[i], 500 + i * 1000, (uint32_t)i);
		assert_ok(quire_vmh_free(rig.heap, others[i]));
	}
	close_rig(&rig);
}

/* Memory is short, something is retained, and giving it back fails: that is no reason to lose
 * it. */
static void retained_pages_that_cannot_be_given_back_are_not_lost(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 32, .frames = 10 }, .retain = 6 };
	struct test_space space;
	struct test_heap on;
	unsigned char *a, *b;

	(void)state;
	test_space_init(&space, &config);
	test_heap_init_elastic(&on, &space, 32 * PAGE);
	a = quire_vmh_alloc(&on.heap, 6 * PAGE);
	assert_ok(quire_vmh_free(&on.heap, a));
	assert_int_equal(space.mmu.mapped, 6);
	a = quire_vmh_alloc_at(&on.heap, space.mmu.window + 10 * PAGE, 4 * PAGE);
	assert_non_null(a);
	space.mmu.part = TEST_NOTHING;
	test_mmu_fail(&space.mmu, TEST_UNMAP, 1, true);
	b = quire_vmh_alloc_at(&on.heap, space.mmu.window + 20 * PAGE, 6 * PAGE);
	assert_null(b);
	test_heap_check(&on);
	test_space_check(&space);
	test_mmu_heal(&space.mmu);
	b = quire_vmh_alloc_at(&on.heap, space.mmu.window + 20 * PAGE, 6 * PAGE);
	assert_non_null(b);
	test_fill(b, 6 * PAGE, 1);
	assert_ok(quire_vmh_free(&on.heap, a));
	assert_ok(quire_vmh_free(&on.heap, b));
	test_heap_fini(&on);
	test_space_fini(&space);
}

/* ---- a driver that fails now and then -------------------------------------------------------- */

struct piece {
	unsigned char *ptr;
	size_t size;
	uint32_t owner;
	bool ruined; /* an unmap failed: its contents are undefined and only free is legal */
};

static struct piece pieces[64];
static size_t piece_count;

static void unreliable_alloc(struct rig *rig, struct test_random *random, uint32_t owner)
{
	struct piece piece = { .size = test_random_log(random, 14), .owner = owner };
	struct quire_request wanted = { .size = piece.size };

	if (test_random_once_in(random, 4))
		wanted.budget = &rig->budget;
	if (piece_count == TEST_COUNT(pieces))
		return;
	piece.ptr = quire_vmh_request(rig->heap, &wanted);
	if (!piece.ptr)
		return;
	test_fill(piece.ptr, piece.size, owner);
	pieces[piece_count++] = piece;
}

static void unreliable_free(struct rig *rig, size_t index)
{
	if (!pieces[index].ruined)
		test_assert_filled(pieces[index].ptr, pieces[index].size, pieces[index].owner);
	if (quire_vmh_free(rig->heap, pieces[index].ptr))
		pieces[index].ruined = true;
	else
		pieces[index] = pieces[--piece_count];
}

static void unreliable_resize(struct rig *rig, struct test_random *random, size_t index)
{
	struct piece *piece = &pieces[index];
	size_t size = test_random_log(random, 14);
	int32_t status = quire_vmh_resize(rig->heap, piece->ptr, size);

	if (status == QUIRE_EDRIVER && size < piece->size)
		piece->ruined = true;
	if (status || piece->ruined)
		return;
	test_assert_filled(piece->ptr, size < piece->size ? size : piece->size, piece->owner);
	piece->size = size;
	test_fill(piece->ptr, size, piece->owner);
}

static void check_pieces(struct rig *rig)
{
	test_heap_check(&rig->on);
	test_space_check(&rig->space);
	for (size_t i = 0; i < piece_count; i++)
		if (!pieces[i].ruined)
			test_assert_filled(pieces[i].ptr, pieces[i].size, pieces[i].owner);
}

static void an_unreliable_driver_never_costs_a_byte_or_a_page(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 7; seed++) {
		struct scenario scenario = { .retain = (size_t)(seed % 3) * 2 };
		struct test_random random = test_random_seeded(seed);
		struct rig rig;

		open_rig(&rig, &scenario);
		for (uint32_t step = 0; step < 600; step++) {
			uint32_t dice = test_random_below(&random, 10);
			size_t index = test_random_below(&random, (uint32_t)piece_count + 1);

			rig.space.mmu.part = (enum test_part)test_random_below(&random, 4);
			test_mmu_fail(&rig.space.mmu, TEST_ANY, test_random_below(&random, 2),
				      false);
			if (dice < 5 || index == piece_count)
				unreliable_alloc(&rig, &random, step);
			else if (dice < 7)
				unreliable_resize(&rig, &random, index);
			else
				unreliable_free(&rig, index);
			check_pieces(&rig);
		}
		test_mmu_heal(&rig.space.mmu);
		while (piece_count)
			unreliable_free(&rig, piece_count - 1);
		close_rig(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_map_leaves_the_heap_as_it_was_and_can_be_tried_again),
		cmocka_unit_test(a_map_that_fails_halfway_undoes_what_was_mapped),
		cmocka_unit_test(a_driver_that_fails_for_good_while_undoing_loses_no_account),
		cmocka_unit_test(after_a_failed_unmap_only_free_is_left_and_succeeds_later),
		cmocka_unit_test(a_half_freed_allocation_stands_in_nobodys_way),
		cmocka_unit_test(retained_pages_that_cannot_be_given_back_are_not_lost),
		cmocka_unit_test(an_unreliable_driver_never_costs_a_byte_or_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
