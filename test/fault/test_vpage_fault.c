/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vpage on a driver that fails: for every operation, for every kind of driver call and for every
 * n the n-th such call of the operation fails. What must hold then:
 *
 * - An operation that takes or changes (allocate, commit, grow, protect) has changed nothing:
 *   accounts, mappings, protections, contents. It succeeds when it is repeated.
 * - An operation that gives back (free, decommit, shrink) leaves the allocation with its
 *   addresses and its payer. Only free is legal then, and it succeeds when the driver is well
 *   again.
 * - In the end every frame is back.
 *
 * Each failing unmap is tried with each part of its range unmapped that the contract allows.
 */
#include <string.h>

#include "support/random.h"
#include "support/space.h"

#define PAGE  ((size_t)4096)
#define PAGES ((size_t)48)

struct stage {
	struct test_space space;
	struct quire_budget budget;
	unsigned char *ptr;  /* what the operation is about, if it exists before */
	unsigned char *made; /* what the operation has made */
	unsigned char *bystander;
};

struct scenario {
	const char *name;
	size_t frames;
	size_t retain;
	void (*prepare)(struct stage *stage);
	int32_t (*operate)(struct stage *stage);
	bool gives_back;
};

static struct test_space_config some_config(size_t frames, size_t retain)
{
	return (struct test_space_config){ .mmu = { .pages = PAGES, .frames = frames },
					   .budgets = 2,
					   .retain = retain };
}

/* ---- operations ------------------------------------------------------------------------------ */

static int32_t request(struct stage *stage, struct quire_request wanted, uint32_t prot)
{
	stage->made = quire_vpage_request(&stage->space.vs, &wanted, prot);
	return wanted.why;
}

static void *reserve(struct stage *stage, size_t pages)
{
	void *ptr = quire_vpage_reserve(&stage->space.vs, pages);

	assert_non_null(ptr);
	return ptr;
}

static void commit(struct stage *stage, size_t first, size_t pages, uint32_t prot)
{
	assert_ok(quire_vpage_commit(&stage->space.vs, stage->ptr + first * PAGE, pages, prot,
				     &stage->budget));
}

static void have_nothing(struct stage *stage)
{
	(void)stage;
}

static void have_five_pages(struct stage *stage)
{
	stage->ptr = reserve(stage, 5);
	commit(stage, 0, 5, QUIRE_RW);
}

/* Committed pages of three protections, and gaps. */
static void have_a_patchwork(struct stage *stage)
{
	stage->ptr = reserve(stage, 12);
	commit(stage, 0, 2, QUIRE_RW);
	commit(stage, 3, 3, QUIRE_READ);
	commit(stage, 6, 2, QUIRE_RX);
	commit(stage, 9, 1, QUIRE_RW);
}

static const uint32_t many_protections[] = { QUIRE_RW, QUIRE_READ, QUIRE_RX };

static void have_many_protections(struct stage *stage)
{
	stage->ptr = reserve(stage, 9);
	for (size_t page = 0; page < 9; page++)
		commit(stage, page, 1, many_protections[page % 3]);
}

static void have_a_guarded_allocation(struct stage *stage)
{
	struct quire_request wanted = { .size = 4 * PAGE,
					.flags = QUIRE_GUARD,
					.budget = &stage->budget };

	stage->ptr = quire_vpage_request(&stage->space.vs, &wanted, QUIRE_RW);
	assert_non_null(stage->ptr);
}

/* Every other page of what will be allocated next is retained, so that the driver is called
 * often. */
static void have_retained_pages(struct stage *stage)
{
	stage->ptr = reserve(stage, 20);
	assert_ptr_equal(stage->ptr, test_space_page(&stage->space, 0));
	for (size_t page = 1; page < 20; page += 2)
		commit(stage, page, 1, QUIRE_RW);
	assert_ok(quire_vpage_free(&stage->space.vs, stage->ptr));
	stage->ptr = NULL;
	assert_int_equal(test_space_stats(&stage->space).retained, 10);
}

static void have_addresses_set_aside(struct stage *stage)
{
	assert_ok(quire_vpage_set_aside(&stage->space.vs, &stage->budget, 6));
	while (quire_vpage_reserve(&stage->space.vs, 1))
		continue;
}

static int32_t allocate(struct stage *stage)
{
	return request(stage, (struct quire_request){ .size = 5 * PAGE }, QUIRE_RW);
}

static int32_t allocate_for_users(struct stage *stage)
{
	return request(stage, (struct quire_request){ .size = 3 * PAGE }, QUIRE_RW | QUIRE_USER);
}

static int32_t allocate_code_for_users(struct stage *stage)
{
	return request(stage, (struct quire_request){ .size = 3 * PAGE }, QUIRE_RX | QUIRE_USER);
}

static int32_t allocate_with_guard(struct stage *stage)
{
	struct quire_request wanted = { .size = 3 * PAGE, .flags = QUIRE_GUARD };

	return request(stage, wanted, QUIRE_READ);
}

static int32_t allocate_a_range(struct stage *stage)
{
	struct quire_request wanted = { .size = PAGES * PAGE,
					.min = PAGE,
					.step = 3 * PAGE,
					.align = 4 * PAGE,
					.budget = &stage->budget };

	return request(stage, wanted, QUIRE_RW);
}

static int32_t allocate_at(struct stage *stage, size_t page, size_t pages, uint32_t prot)
{
	struct test_space *space = &stage->space;

	stage->made = quire_vpage_alloc_at(&space->vs, test_space_page(space, page), pages, prot);
	return stage->made ? QUIRE_OK : test_observer_last(&space->observer, QUIRE_EVENT_FAIL).why;
}

static int32_t allocate_ten(struct stage *stage)
{
	return allocate_at(stage, 0, 10, QUIRE_RW);
}

static int32_t allocate_ten_otherwise(struct stage *stage)
{
	return allocate_at(stage, 0, 10, QUIRE_RX);
}

static int32_t allocate_twelve_elsewhere(struct stage *stage)
{
	return allocate_at(stage, PAGES - 12, 12, QUIRE_RW);
}

static int32_t allocate_what_is_aside(struct stage *stage)
{
	struct quire_request wanted = { .size = 4 * PAGE, .budget = &stage->budget };

	return request(stage, wanted, QUIRE_RW);
}

static int32_t commit_a_gap(struct stage *stage)
{
	return quire_vpage_commit(&stage->space.vs, stage->ptr + 10 * PAGE, 2, QUIRE_RW, NULL);
}

static int32_t commit_code_for_users(struct stage *stage)
{
	return quire_vpage_commit(&stage->space.vs, stage->ptr + 2 * PAGE, 1, QUIRE_RX | QUIRE_USER,
				  &stage->budget);
}

static int32_t grow(struct stage *stage)
{
	return quire_vpage_resize(&stage->space.vs, stage->ptr, 9);
}

static int32_t protect_all(struct stage *stage)
{
	return quire_vpage_protect(&stage->space.vs, stage->ptr, 9, QUIRE_READ);
}

static int32_t protect_all_for_users(struct stage *stage)
{
	return quire_vpage_protect(&stage->space.vs, stage->ptr, 9, QUIRE_RW | QUIRE_USER);
}

static int32_t give_back(struct stage *stage)
{
	int32_t status = quire_vpage_free(&stage->space.vs, stage->ptr);

	if (!status)
		stage->ptr = NULL;
	return status;
}

static int32_t decommit_some(struct stage *stage)
{
	return quire_vpage_decommit(&stage->space.vs, stage->ptr + PAGE, 3);
}

static int32_t shrink(struct stage *stage)
{
	return quire_vpage_resize(&stage->space.vs, stage->ptr, 1);
}

#define TAKES(what, before, how, frame_count, kept)                                          \
	{                                                                                    \
		.name = #what "_changes_nothing_when_the_driver_fails", .prepare = (before), \
		.operate = (how), .frames = (frame_count), .retain = (kept),                 \
	}
#define GIVES_BACK(what, before, how, kept)                                            \
	{                                                                              \
		.name = #what "_can_be_followed_by_free_when_the_driver_fails",        \
		.prepare = (before), .operate = (how), .frames = 40, .retain = (kept), \
		.gives_back = true,                                                    \
	}

static const struct scenario scenarios[] = {
	TAKES(allocating, have_nothing, allocate, 40, 0),
	TAKES(allocating_for_users, have_nothing, allocate_for_users, 40, 0),
	TAKES(allocating_code_for_users, have_nothing, allocate_code_for_users, 40, 0),
	TAKES(allocating_with_a_guard, have_nothing, allocate_with_guard, 40, 0),
	TAKES(allocating_a_range, have_five_pages, allocate_a_range, 40, 0),
	TAKES(allocating_over_retained_pages, have_retained_pages, allocate_ten, 40, 10),
	TAKES(allocating_over_retained_pages_of_other_protection, have_retained_pages,
	      allocate_ten_otherwise, 40, 10),
	TAKES(allocating_what_retained_pages_must_make_room_for, have_retained_pages,
	      allocate_twelve_elsewhere, 20, 10),
	TAKES(allocating_what_was_set_aside, have_addresses_set_aside, allocate_what_is_aside, 40,
	      0),
	TAKES(committing, have_a_patchwork, commit_a_gap, 40, 0),
	TAKES(committing_code_for_users, have_a_patchwork, commit_code_for_users, 40, 0),
	TAKES(growing, have_five_pages, grow, 40, 0),
	TAKES(growing_with_a_guard, have_a_guarded_allocation, grow, 40, 0),
	TAKES(protecting, have_many_protections, protect_all, 40, 0),
	TAKES(protecting_for_users, have_many_protections, protect_all_for_users, 40, 0),
	GIVES_BACK(freeing, have_five_pages, give_back, 0),
	GIVES_BACK(freeing_a_patchwork, have_a_patchwork, give_back, 0),
	GIVES_BACK(freeing_more_than_is_retained, have_five_pages, give_back, 3),
	GIVES_BACK(freeing_with_a_guard, have_a_guarded_allocation, give_back, 0),
	GIVES_BACK(decommitting, have_five_pages, decommit_some, 0),
	GIVES_BACK(decommitting_a_patchwork, have_a_patchwork, decommit_some, 0),
	GIVES_BACK(shrinking, have_five_pages, shrink, 0),
	GIVES_BACK(shrinking_with_a_guard, have_a_guarded_allocation, shrink, 0),
};

/* ---- the stage ------------------------------------------------------------------------------- */

/* Fill what can be written, so that a page that was mapped anew or lost is noticed. */
static void fill_allocation(struct stage *stage, unsigned char *ptr, uint32_t owner)
{
	size_t pages = ptr ? quire_vpage_size(&stage->space.vs, ptr) : 0;

	for (size_t page = 0; page < pages; page++)
		if (test_mmu_prot(&stage->space.mmu, ptr + page * PAGE) & QUIRE_WRITE)
			test_fill(ptr + page * PAGE, PAGE, owner + (uint32_t)page);
}

/* Pages that could not be written hold what the driver put there, or zeros. */
static void check_page(const unsigned char *ptr, bool writable, uint32_t owner)
{
	if (writable)
		test_assert_filled(ptr, PAGE, owner);
	else
		assert_true((ptr[0] == 0 || ptr[0] == TEST_POISON) &&
			    memcmp(ptr, ptr + 1, PAGE - 1) == 0);
}

static void check_allocation(struct stage *stage, unsigned char *ptr, uint32_t owner)
{
	size_t pages = ptr ? quire_vpage_size(&stage->space.vs, ptr) : 0;

	for (size_t page = 0; page < pages; page++) {
		unsigned char *at = ptr + page * PAGE;

		if (test_mmu_count_mapped(&stage->space.mmu, at, 1))
			check_page(at, test_mmu_prot(&stage->space.mmu, at) & QUIRE_WRITE,
				   owner + (uint32_t)page);
	}
}

static void open_stage(struct stage *stage, const struct scenario *scenario)
{
	struct test_space_config config = some_config(scenario->frames, scenario->retain);

	memset(stage, 0, sizeof(*stage));
	test_space_init(&stage->space, &config);
	assert_ok(quire_vspace_admit(&stage->space.vs, &stage->budget, 6, 30));
	scenario->prepare(stage);
	stage->bystander = quire_vpage_alloc_at(&stage->space.vs,
						test_space_page(&stage->space, 30), 2, QUIRE_RW);
	fill_allocation(stage, stage->ptr, 100);
	fill_allocation(stage, stage->bystander, 200);
	test_space_check(&stage->space);
}

static void free_everything(struct stage *stage)
{
	for (size_t page = 0; page < PAGES; page++) {
		unsigned char *ptr = test_space_page(&stage->space, page);

		if (quire_vpage_size(&stage->space.vs, ptr))
			assert_ok(quire_vpage_free(&stage->space.vs, ptr));
	}
}

static void close_stage(struct stage *stage)
{
	test_mmu_heal(&stage->space.mmu);
	check_allocation(stage, stage->bystander, 200);
	free_everything(stage);
	assert_ok(quire_vpage_set_aside(&stage->space.vs, &stage->budget, 0));
	assert_ok(quire_vspace_dismiss(&stage->space.vs, &stage->budget));
	assert_ok(quire_vspace_trim(&stage->space.vs));
	assert_int_equal(stage->space.mmu.mapped, 0);
	assert_int_equal(atomic_load(&stage->space.mmu.free_frames),
			 stage->space.mmu.config.frames);
	test_space_fini(&stage->space);
}

/* ---- what must hold after a failure -------------------------------------------------------- */

/* The operation works when it is repeated; what it made can be used. */
static void repeat(struct stage *stage, const struct scenario *scenario)
{
	test_mmu_heal(&stage->space.mmu);
	stage->space.mmu.map_status = QUIRE_EDRIVER;
	assert_ok(scenario->operate(stage));
	test_space_check(&stage->space);
	fill_allocation(stage, stage->made, 300);
	check_allocation(stage, stage->made, 300);
}

static void has_changed_nothing(struct stage *stage, const struct test_snapshot *before)
{
	test_mmu_heal(&stage->space.mmu);
	test_snapshot_compare_held(before, &stage->space);
	check_allocation(stage, stage->ptr, 100);
	check_allocation(stage, stage->bystander, 200);
}

static void only_free_is_accepted(struct stage *stage)
{
	struct quire_vspace *vs = &stage->space.vs;
	size_t pages = quire_vpage_size(vs, stage->ptr);
	size_t held = test_space_stats(&stage->space).held;

	assert_status(quire_vpage_resize(vs, stage->ptr, pages + 1), QUIRE_EFREE);
	assert_status(quire_vpage_resize(vs, stage->ptr, 1), QUIRE_EFREE);
	assert_status(quire_vpage_protect(vs, stage->ptr, 1, QUIRE_READ), QUIRE_EFREE);
	assert_status(quire_vpage_protect(vs, stage->ptr + PAGE, 1, QUIRE_READ), QUIRE_EFREE);
	assert_status(quire_vpage_decommit(vs, stage->ptr, 1), QUIRE_EFREE);
	assert_status(quire_vpage_decommit(vs, stage->ptr, pages), QUIRE_EFREE);
	assert_status(quire_vpage_commit(vs, stage->ptr + 2 * PAGE, 1, QUIRE_RW, NULL),
		      QUIRE_EFREE);
	assert_int_equal(test_space_stats(&stage->space).held, held);
	test_space_check(&stage->space);
}

static void still_owns_everything(struct stage *stage, const struct test_snapshot *before)
{
	struct quire_vspace_stats stats = test_space_stats(&stage->space);

	assert_int_equal(stats.allocations, before->stats.allocations);
	assert_int_equal(stats.free, before->stats.free);
	assert_int_equal(stats.held, before->stats.held);
	assert_int_equal(stage->budget.used, before->budget[1].used);
	assert_true(quire_vpage_size(&stage->space.vs, stage->ptr) > 0);
	assert_null(quire_vpage_alloc_at(&stage->space.vs, stage->ptr, 1, QUIRE_RW));
	check_allocation(stage, stage->bystander, 200);
	test_space_check(&stage->space);
}

/* A driver that goes on failing: free may be tried any number of times. */
static void free_it_at_last(struct stage *stage)
{
	test_mmu_fail(&stage->space.mmu, TEST_UNMAP, 1, true);
	for (int tries = 0; tries < 3; tries++)
		assert_status(quire_vpage_free(&stage->space.vs, stage->ptr), QUIRE_EDRIVER);
	test_space_check(&stage->space);
	test_mmu_heal(&stage->space.mmu);
	assert_ok(quire_vpage_free(&stage->space.vs, stage->ptr));
	assert_status(quire_vpage_free(&stage->space.vs, stage->ptr), QUIRE_EFREE);
	stage->ptr = NULL;
}

/* ---- every scenario with every failing call ------------------------------------------------ */

/* The scenario once, with the n-th call of this kind failing. false: there was no n-th call. */
static bool play(const struct scenario *scenario, enum test_call kind, uint64_t n,
		 enum test_part part, int32_t map_status)
{
	struct test_snapshot before;
	struct stage stage;
	bool struck;
	int32_t status;

	open_stage(&stage, scenario);
	test_snapshot_take(&before, &stage.space);
	stage.space.mmu.part = part;
	stage.space.mmu.map_status = map_status;
	test_mmu_fail(&stage.space.mmu, kind, n, false);
	status = scenario->operate(&stage);
	struck = !test_mmu_fault_pending(&stage.space.mmu);
	assert_sound(test_mmu_check(&stage.space.mmu));
	if (status && scenario->gives_back) {
		assert_status(status, QUIRE_EDRIVER);
		still_owns_everything(&stage, &before);
		only_free_is_accepted(&stage);
		free_it_at_last(&stage);
	} else if (status) {
		assert_true(status == QUIRE_EDRIVER || status == QUIRE_ENOPHYS);
		has_changed_nothing(&stage, &before);
		repeat(&stage, scenario);
	}
	assert_true(struck || !status);
	test_snapshot_free(&before);
	close_stage(&stage);
	return struck;
}

static void play_with_every_failing_call(void **state)
{
	const struct scenario *scenario = *state;
	uint64_t failures = 0;

	for (int kind = 0; kind < TEST_CALLS; kind++)
		for (int part = TEST_FIRST_HALF; part <= TEST_EVERYTHING; part++)
			for (uint64_t n = 1; play(scenario, (enum test_call)kind, n,
						  (enum test_part)part, QUIRE_EDRIVER);
			     n++)
				failures++;
	for (uint64_t n = 1; play(scenario, TEST_MAP, n, TEST_NOTHING, QUIRE_ENOPHYS); n++)
		failures++;
	assert_true(failures > 0);
}

/* The operation fails and so does taking back what it had done: nobody may lose or gain by it. */
static void play_with_failing_undo(const struct scenario *scenario, uint64_t n, enum test_part part)
{
	struct test_snapshot before;
	struct stage stage;
	struct quire_vspace_stats stats;

	open_stage(&stage, scenario);
	test_snapshot_take(&before, &stage.space);
	stage.space.mmu.part = part;
	test_mmu_fail(&stage.space.mmu, TEST_ANY, n, true);
	if (scenario->operate(&stage) != QUIRE_OK) {
		stats = test_space_stats(&stage.space);
		assert_int_equal(stats.allocations, before.stats.allocations);
		assert_int_equal(stats.held, before.stats.held);
		assert_int_equal(stage.budget.used, before.budget[1].used);
		assert_true(stage.space.mmu.mapped <= stats.held + stats.retained);
		test_space_check(&stage.space);
		test_mmu_heal(&stage.space.mmu);
		check_allocation(&stage, stage.bystander, 200);
		repeat(&stage, scenario);
	}
	test_snapshot_free(&before);
	close_stage(&stage);
}

static void undoing_that_fails_too_loses_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(scenarios); i++)
		for (int part = TEST_FIRST_HALF; part <= TEST_EVERYTHING; part++)
			for (uint64_t n = 1; n <= 12 && !scenarios[i].gives_back; n++)
				play_with_failing_undo(&scenarios[i], n, (enum test_part)part);
}

/* Of nine runs to protect n - 1 are, the n-th is not, nor are the first so many put back. */
static size_t count_changed_pages(struct stage *stage, uint64_t n, uint64_t unrestored)
{
	size_t changed = 0;

	test_mmu_fail_times(&stage->space.mmu, TEST_PROTECT, n, 1 + unrestored);
	assert_status(protect_all_for_users(stage), QUIRE_EDRIVER);
	assert_false(test_mmu_fault_pending(&stage->space.mmu));
	for (size_t page = 0; page < 9; page++) {
		unsigned char *at = stage->ptr + page * PAGE;
		const struct quire_page *record =
			&stage->space.vs.page[test_space_page_of(&stage->space, at)];

		assert_int_equal(test_mmu_prot(&stage->space.mmu, at), record->prot);
		if (record->prot == (QUIRE_RW | QUIRE_USER))
			changed++;
		else
			assert_int_equal(record->prot, many_protections[page % 3]);
	}
	return changed;
}

static void a_protection_that_can_be_neither_set_nor_restored_is_known_page_by_page(void **state)
{
	struct scenario scenario = { .frames = 40, .prepare = have_many_protections };

	(void)state;
	for (uint64_t i = 0; i < 81; i++) {
		uint64_t n = 1 + i / 9, unrestored = i % 9;
		struct stage stage;

		if (unrestored >= n)
			continue;
		open_stage(&stage, &scenario);
		assert_int_equal(count_changed_pages(&stage, n, unrestored), unrestored);
		for (size_t page = 0; page < 9; page++)
			check_page(stage.ptr + page * PAGE, page % 3 == 0, 100 + (uint32_t)page);
		assert_ok(protect_all(&stage));
		assert_ok(protect_all_for_users(&stage));
		assert_ok(quire_vpage_resize(&stage.space.vs, stage.ptr, 10));
		assert_ok(quire_vpage_decommit(&stage.space.vs, stage.ptr, 2));
		assert_ok(quire_vpage_free(&stage.space.vs, stage.ptr));
		close_stage(&stage);
	}
}

static void pages_mapped_before_a_failing_page_are_unmapped(void **state)
{
	struct scenario scenario = { .frames = 40, .retain = 10, .prepare = have_retained_pages };
	struct stage stage;

	(void)state;
	open_stage(&stage, &scenario);
	assert_int_equal(stage.space.mmu.mapped, 10 + 2);
	test_mmu_fail(&stage.space.mmu, TEST_MAP, 5, false);
	assert_status(allocate_ten(&stage), QUIRE_EDRIVER);
	assert_int_equal(stage.space.mmu.mapped, test_space_stats(&stage.space).retained + 2);
	for (size_t page = 0; page < 10; page += 2)
		assert_int_equal(test_mmu_count_mapped(&stage.space.mmu,
						       test_space_page(&stage.space, page), 1),
				 0);
	close_stage(&stage);
}

static void a_failed_unmap_does_not_lose_the_allocation(void **state)
{
	struct test_space space;
	unsigned char *ptr;

	(void)state;
	test_space_init_plain(&space, PAGES, PAGES);
	ptr = quire_vpage_alloc(&space.vs, PAGES, QUIRE_RW);
	test_mmu_fail(&space.mmu, TEST_UNMAP, 1, false);
	assert_status(quire_vpage_free(&space.vs, ptr), QUIRE_EDRIVER);
	assert_int_equal(quire_vpage_size(&space.vs, ptr), PAGES);
	assert_ptr_equal(quire_vpage_owner(&space.vs, ptr + 7 * PAGE, NULL), ptr);
	assert_null(quire_vpage_alloc(&space.vs, 1, QUIRE_RW));
	assert_ok(quire_vpage_free(&space.vs, ptr));
	assert_ptr_equal(quire_vpage_alloc(&space.vs, PAGES, QUIRE_RW), ptr);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

/* The page that would become the guard was retained, and cannot be unmapped. */
static void a_guard_that_cannot_be_made_bare_refuses_what_needed_it(void **state)
{
	struct test_space_config config = { .mmu = { .pages = 16 }, .retain = 8 };
	struct quire_request request = { .size = 2 * PAGE, .flags = QUIRE_GUARD };
	struct test_space space;
	struct test_snapshot before;
	unsigned char *ptr;

	(void)state;
	test_space_init(&space, &config);
	ptr = quire_vpage_alloc(&space.vs, 8, QUIRE_RW);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	assert_ptr_equal(quire_vpage_request(&space.vs, &request, QUIRE_RW), ptr);
	test_fill(ptr, 2 * PAGE, 1);
	space.mmu.part = TEST_NOTHING;
	test_snapshot_take(&before, &space);
	test_mmu_fail(&space.mmu, TEST_UNMAP, 1, false);
	assert_status(quire_vpage_resize(&space.vs, ptr, 4), QUIRE_EDRIVER);
	test_snapshot_compare_held(&before, &space);
	test_snapshot_free(&before);
	test_assert_filled(ptr, 2 * PAGE, 1);
	assert_int_equal(quire_vpage_size(&space.vs, ptr), 2);
	assert_ok(quire_vpage_resize(&space.vs, ptr, 4));
	assert_false(quire_vspace_is_mapped(&space.vs, ptr + 4 * PAGE));
	test_fill(ptr, 4 * PAGE, 2);

	/* Shrinking, it still holds the page that cannot be the guard: only its free is left. */
	test_mmu_fail(&space.mmu, TEST_UNMAP, 1, false);
	assert_status(quire_vpage_resize(&space.vs, ptr, 2), QUIRE_EDRIVER);
	test_space_check(&space);
	assert_int_equal(quire_vpage_size(&space.vs, ptr), 4);
	assert_status(quire_vpage_resize(&space.vs, ptr, 3), QUIRE_EFREE);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	assert_ok(quire_vspace_trim(&space.vs));
	test_space_fini(&space);
}

static void freeing_with_a_failing_driver_keeps_the_records_of_live_ones(void **state)
{
	struct test_space space;
	unsigned char *ptr[8];

	(void)state;
	test_space_init_plain(&space, PAGES, PAGES);
	for (uint32_t i = 0; i < 8; i++) {
		ptr[i] = quire_vpage_alloc(&space.vs, 1 + i % 3, QUIRE_RW);
		test_fill(ptr[i], (1 + i % 3) * PAGE, i);
	}
	test_mmu_fail(&space.mmu, TEST_UNMAP, 1, true);
	for (uint32_t i = 0; i < 8; i += 2)
		assert_status(quire_vpage_free(&space.vs, ptr[i]), QUIRE_EDRIVER);
	test_mmu_heal(&space.mmu);
	for (uint32_t i = 1; i < 8; i += 2) {
		test_assert_filled(ptr[i], (1 + i % 3) * PAGE, i);
		assert_ok(quire_vpage_free(&space.vs, ptr[i]));
	}
	for (uint32_t i = 0; i < 8; i += 2)
		assert_ok(quire_vpage_free(&space.vs, ptr[i]));
	test_space_fini(&space);
}

/* In a heap a page that could not be unmapped may be wanted by a neighbour, whose map fails too. */
static void a_page_that_failed_its_owner_and_a_neighbour_can_still_be_freed(void **state)
{
	(void)state;
	for (int part = TEST_FIRST_HALF; part <= TEST_EVERYTHING; part++) {
		struct test_space space;
		struct test_heap heap;
		void *ptr, *neighbour;

		test_space_init_plain(&space, PAGES, PAGES);
		test_heap_init_elastic(&heap, &space, 8 * PAGE);
		ptr = quire_vmh_alloc(&heap.heap, 100);
		space.mmu.part = (enum test_part)part;
		test_mmu_fail(&space.mmu, TEST_UNMAP, 1, false);
		assert_status(quire_vmh_free(&heap.heap, ptr), QUIRE_EDRIVER);
		test_mmu_fail(&space.mmu, TEST_MAP, 1, false);
		neighbour = quire_vmh_alloc(&heap.heap, 100);
		test_mmu_heal(&space.mmu);
		test_space_check(&space);
		assert_ok(quire_vmh_free(&heap.heap, ptr));
		if (neighbour)
			assert_ok(quire_vmh_free(&heap.heap, neighbour));
		test_heap_fini(&heap);
		test_space_fini(&space);
	}
}

static void trim_and_fini_can_be_repeated(void **state)
{
	(void)state;
	for (int part = TEST_FIRST_HALF; part <= TEST_EVERYTHING; part++) {
		struct test_space_config config = some_config(40, 40);
		struct test_space space;
		void *ptr;

		test_space_init(&space, &config);
		ptr = quire_vpage_alloc(&space.vs, 9, QUIRE_RW);
		assert_ok(quire_vpage_free(&space.vs, ptr));
		space.mmu.part = (enum test_part)part;
		test_mmu_fail(&space.mmu, TEST_UNMAP, 1, true);
		assert_status(quire_vspace_trim(&space.vs), QUIRE_EDRIVER);
		test_space_check(&space);
		assert_status(quire_vspace_fini(&space.vs), QUIRE_EDRIVER);
		test_space_check(&space);
		test_mmu_heal(&space.mmu);
		ptr = quire_vpage_alloc(&space.vs, 20, QUIRE_RW);
		assert_non_null(ptr);
		test_fill(ptr, 20 * PAGE, 1);
		assert_ok(quire_vpage_free(&space.vs, ptr));
		assert_ok(quire_vspace_trim(&space.vs));
		assert_int_equal(space.mmu.mapped, 0);
		test_space_fini(&space);
	}
}

static void a_driver_that_always_fails_costs_nothing(void **state)
{
	struct test_space space;
	struct test_snapshot before;
	void *ptr;

	(void)state;
	test_space_init_plain(&space, PAGES, PAGES);
	test_snapshot_take(&before, &space);
	test_mmu_fail(&space.mmu, TEST_ANY, 1, true);
	for (size_t tries = 0; tries < 500; tries++)
		assert_null(quire_vpage_alloc(&space.vs, 1 + tries % PAGES, QUIRE_RW));
	test_snapshot_compare(&before, &space);
	test_snapshot_free(&before);
	test_mmu_heal(&space.mmu);
	ptr = quire_vpage_alloc(&space.vs, PAGES, QUIRE_RW);
	assert_non_null(ptr);
	assert_int_equal(test_space_stats(&space).refusals[-QUIRE_EDRIVER], 500);
	assert_ok(quire_vpage_free(&space.vs, ptr));
	test_space_fini(&space);
}

static void a_failure_is_told_with_its_reason(void **state)
{
	struct test_space space;
	struct quire_event event;

	(void)state;
	test_space_init_plain(&space, PAGES, PAGES);
	test_mmu_fail(&space.mmu, TEST_MAP, 1, false);
	assert_null(quire_vpage_alloc(&space.vs, 3, QUIRE_RW));
	event = test_observer_last(&space.observer, QUIRE_EVENT_FAIL);
	assert_status(event.why, QUIRE_EDRIVER);
	assert_int_equal(event.size, 3 * PAGE);
	assert_int_equal(space.observer.count[QUIRE_EVENT_ALLOC], 0);
	assert_int_equal(space.observer.count[QUIRE_EVENT_MISUSE], 0);
	test_space_fini(&space);
}

/* ---- random programs on a bad driver ------------------------------------------------------- */

#define SLOTS 12u

struct chaos {
	struct test_space space;
	struct test_random random;
	unsigned char *ptr[SLOTS];
	size_t pages[SLOTS];
	bool condemned[SLOTS]; /* a call that gives back has failed: contents are undefined */
};

static void chaos_fill(struct chaos *chaos, uint32_t slot)
{
	test_fill(chaos->ptr[slot], chaos->pages[slot] * PAGE, slot);
}

static void chaos_allocate(struct chaos *chaos, uint32_t slot)
{
	chaos->pages[slot] = test_random_between(&chaos->random, 1, 8);
	chaos->ptr[slot] = quire_vpage_alloc(&chaos->space.vs, chaos->pages[slot], QUIRE_RW);
	chaos->condemned[slot] = false;
	if (chaos->ptr[slot])
		chaos_fill(chaos, slot);
}

static void chaos_free(struct chaos *chaos, uint32_t slot)
{
	int32_t status = quire_vpage_free(&chaos->space.vs, chaos->ptr[slot]);

	assert_true(status == QUIRE_OK || status == QUIRE_EDRIVER);
	if (!status)
		chaos->ptr[slot] = NULL;
	chaos->condemned[slot] = status != QUIRE_OK;
}

static void chaos_resize(struct chaos *chaos, uint32_t slot)
{
	size_t pages = test_random_between(&chaos->random, 1, 8);
	bool shrinks = pages < chaos->pages[slot];
	int32_t status = quire_vpage_resize(&chaos->space.vs, chaos->ptr[slot], pages);

	if (chaos->condemned[slot])
		assert_status(status, QUIRE_EFREE);
	else if (status == QUIRE_EDRIVER && shrinks)
		chaos->condemned[slot] = true;
	else if (!status)
		chaos->pages[slot] = pages;
	if (!status)
		chaos_fill(chaos, slot);
}

static void chaos_protect(struct chaos *chaos, uint32_t slot)
{
	struct quire_vspace *vs = &chaos->space.vs;
	int32_t status = quire_vpage_protect(vs, chaos->ptr[slot], chaos->pages[slot], QUIRE_READ);

	if (chaos->condemned[slot])
		assert_status(status, QUIRE_EFREE);
	else if (status)
		assert_status(status, QUIRE_EDRIVER);
	test_mmu_heal(&chaos->space.mmu);
	if (!status)
		assert_ok(quire_vpage_protect(vs, chaos->ptr[slot], chaos->pages[slot], QUIRE_RW));
}

static void chaos_check(struct chaos *chaos)
{
	struct quire_vspace_stats stats = test_space_stats(&chaos->space);
	size_t pages = 0;

	test_space_check(&chaos->space);
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		if (!chaos->ptr[slot])
			continue;
		pages += chaos->pages[slot];
		assert_int_equal(quire_vpage_size(&chaos->space.vs, chaos->ptr[slot]),
				 chaos->pages[slot]);
		if (!chaos->condemned[slot])
			test_assert_filled(chaos->ptr[slot], chaos->pages[slot] * PAGE, slot);
	}
	assert_int_equal(stats.held, pages);
	assert_true(chaos->space.mmu.mapped <= stats.held + stats.retained);
}

static void chaos_step(struct chaos *chaos)
{
	struct test_random *random = &chaos->random;
	uint32_t slot = test_random_below(random, SLOTS);
	enum test_call kind = (enum test_call)test_random_below(random, TEST_CALLS);

	chaos->space.mmu.part = (enum test_part)test_random_below(random, 4);
	if (test_random_once_in(random, 2))
		test_mmu_fail(&chaos->space.mmu, kind, test_random_between(random, 1, 3),
			      test_random_once_in(random, 3));
	if (!chaos->ptr[slot])
		chaos_allocate(chaos, slot);
	else if (test_random_once_in(random, 3))
		chaos_resize(chaos, slot);
	else if (test_random_once_in(random, 4))
		chaos_protect(chaos, slot);
	else
		chaos_free(chaos, slot);
	test_mmu_heal(&chaos->space.mmu);
	chaos_check(chaos);
}

static void random_programs_survive_a_bad_driver(void **state)
{
	(void)state;
	for (size_t retain = 0; retain <= 24; retain += 8) {
		struct test_space_config config = some_config(24, retain);
		struct chaos chaos = { .random = test_random_seeded(retain) };

		test_space_init(&chaos.space, &config);
		for (int step = 0; step < 2500; step++)
			chaos_step(&chaos);
		for (uint32_t slot = 0; slot < SLOTS; slot++)
			if (chaos.ptr[slot])
				assert_ok(quire_vpage_free(&chaos.space.vs, chaos.ptr[slot]));
		assert_ok(quire_vspace_trim(&chaos.space.vs));
		assert_int_equal(atomic_load(&chaos.space.mmu.free_frames), 24);
		test_space_fini(&chaos.space);
	}
}

#define SINGLE_TESTS 10

int main(void)
{
	struct CMUnitTest tests[TEST_COUNT(scenarios) + SINGLE_TESTS] = {
		cmocka_unit_test(undoing_that_fails_too_loses_nothing),
		cmocka_unit_test(
			a_protection_that_can_be_neither_set_nor_restored_is_known_page_by_page),
		cmocka_unit_test(pages_mapped_before_a_failing_page_are_unmapped),
		cmocka_unit_test(a_failed_unmap_does_not_lose_the_allocation),
		cmocka_unit_test(a_guard_that_cannot_be_made_bare_refuses_what_needed_it),
		cmocka_unit_test(freeing_with_a_failing_driver_keeps_the_records_of_live_ones),
		cmocka_unit_test(a_page_that_failed_its_owner_and_a_neighbour_can_still_be_freed),
		cmocka_unit_test(trim_and_fini_can_be_repeated),
		cmocka_unit_test(a_driver_that_always_fails_costs_nothing),
		cmocka_unit_test(a_failure_is_told_with_its_reason),
		cmocka_unit_test(random_programs_survive_a_bad_driver),
	};

	for (size_t i = 0; i < TEST_COUNT(scenarios); i++)
		tests[SINGLE_TESTS + i] = (struct CMUnitTest){
			.name = scenarios[i].name,
			.test_func = play_with_every_failing_call,
			.initial_state = (void *)(uintptr_t)&scenarios[i],
		};
	return cmocka_run_group_tests_name("vpage with a failing driver", tests, NULL, NULL);
}
