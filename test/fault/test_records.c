/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records that were overwritten, by a stray pointer or a fault of ours: the check functions tell which
 * of what must hold does not, and end. Each case breaks one thing, looks, and mends it again.
 */
#include <string.h>

#include "support/space.h"

#define KIB  ((size_t)1024)
#define PAGE ((size_t)4096)

#define assert_told(words, expected)                  \
	do {                                          \
		const char *told_ = (words);          \
		assert_non_null(told_);               \
		assert_string_equal(told_, expected); \
	} while (0)

/* ---- a vspace -------------------------------------------------------------------------------- */

struct rig {
	struct test_space space;
	struct quire_budget budget;
	unsigned char *pages; /* two of them */
	struct quire_page *page;
};

static void open_rig(struct rig *rig)
{
	struct quire_request request = { .size = 2 * PAGE, .budget = &rig->budget };

	memset(rig, 0, sizeof(*rig));
	test_space_init_plain(&rig->space, 64, 64);
	assert_ok(quire_vspace_admit(&rig->space.vs, &rig->budget, 3, 10));
	rig->pages = quire_vpage_request(&rig->space.vs, &request, QUIRE_RW);
	assert_non_null(rig->pages);
	rig->page = &rig->space.vs.page[test_space_page_of(&rig->space, rig->pages)];
	assert_sound(quire_vspace_check(&rig->space.vs));
}

static void close_rig(struct rig *rig)
{
	assert_ok(quire_vpage_free(&rig->space.vs, rig->pages));
	test_space_fini(&rig->space);
}

static void a_page_that_disagrees_with_its_owner_is_told(void **state)
{
	struct rig rig;
	struct quire_vspace *vs = &rig.space.vs;
	struct quire_page was;

	(void)state;
	open_rig(&rig);
	was = *rig.page;
	rig.page->state = 0;
	assert_told(quire_vspace_check(vs), "a page is held and absent");
	*rig.page = was;
	rig.page->payer = 7;
	assert_told(quire_vspace_check(vs), "a page is paid by a budget that is not admitted");
	*rig.page = was;
	rig.page->users = 0;
	assert_told(quire_vspace_check(vs),
		    "the pages that are held do not add up to what is paid");
	rig.page->state = 1;
	assert_told(quire_vspace_check(vs), "a page arrives for nobody");
	*rig.page = was;
	rig.page[2] = was;
	assert_told(quire_vspace_check(vs), "a page is held at an address that nobody owns");
	rig.page[2].users = 0;
	assert_told(quire_vspace_check(vs), "the retained pages do not add up");
	memset(&rig.page[2], 0, sizeof(was));
	assert_sound(quire_vspace_check(vs));
	close_rig(&rig);
}

static void accounts_that_do_not_add_up_are_told(void **state)
{
	struct rig rig;
	struct quire_ledger *ledger = &rig.space.vs.ledger;

	(void)state;
	open_rig(&rig);
	ledger->used++;
	assert_told(quire_vspace_check(&rig.space.vs), "what the budgets hold does not add up");
	ledger->used--;
	ledger->promised++;
	assert_told(quire_vspace_check(&rig.space.vs), "what is promised does not add up");
	ledger->promised--;
	ledger->capacity = 2;
	assert_told(quire_vspace_check(&rig.space.vs), "more is promised than there is");
	ledger->capacity = 3;
	assert_sound(quire_vspace_check(&rig.space.vs));
	ledger->capacity = 64;
	rig.budget.admitted = false;
	assert_told(quire_vspace_check(&rig.space.vs), "a budget does not know its own number");
	rig.budget.admitted = true;
	rig.budget.id = 0;
	assert_told(quire_vspace_check(&rig.space.vs), "a budget does not know its own number");
	rig.budget.id = 1;
	rig.space.vs.extents.free_units++;
	assert_told(quire_vspace_check(&rig.space.vs), "the counters do not agree with the runs");
	rig.space.vs.extents.free_units--;
	assert_sound(quire_vspace_check(&rig.space.vs));
	close_rig(&rig);
}

/* ---- heaps ----------------------------------------------------------------------------------- */

static const struct quire_bundle bundles[] = { { 64, 200 }, { 6 * KIB, 4 } };

static void open_heap(struct rig *rig, struct test_heap *heap, bool elastic, uint32_t flags)
{
	struct quire_vmh_config table = { .bundles = bundles, .bundle_count = 2, .flags = flags };

	open_rig(rig);
	if (elastic)
		test_heap_init_elastic(heap, &rig->space, 64 * KIB);
	else
		test_heap_init(heap, &rig->space, &table);
	assert_sound(quire_vmh_check(&heap->heap));
}

static void close_heap(struct rig *rig, struct test_heap *heap)
{
	assert_sound(quire_vmh_check(&heap->heap));
	test_heap_fini(heap);
	close_rig(rig);
}

static void counts_of_a_heap_that_do_not_add_up_are_told(void **state)
{
	struct rig rig;
	struct test_heap on;
	struct quire_vmh *heap = &on.heap;

	(void)state;
	for (int elastic = 0; elastic < 2; elastic++) {
		void *ptr;

		open_heap(&rig, &on, elastic, 0);
		ptr = quire_vmh_alloc(heap, 6 * KIB);
		assert_non_null(ptr);
		heap->served++;
		assert_told(quire_vmh_check(heap), "the allocations do not add up");
		heap->served--;
		heap->in_use++;
		assert_told(quire_vmh_check(heap), "the bytes in use do not add up");
		heap->in_use--;
		heap->pages_held++;
		assert_told(quire_vmh_check(heap), "the pages of the heap do not add up");
		heap->pages_held--;
		heap->blocks[elastic ? 0 : 1].used++;
		assert_told(quire_vmh_check(heap), "the blocks in use do not add up");
		heap->blocks[elastic ? 0 : 1].used--;
		heap->blocks[0].used++;
		assert_told(quire_vmh_check(heap), "the blocks in use do not add up");
		heap->blocks[0].used--;
		assert_ok(quire_vmh_free(heap, ptr));
		close_heap(&rig, &on);
	}
}

static void an_allocation_without_its_pages_is_told(void **state)
{
	struct rig rig;
	struct test_heap on;
	struct quire_vmh *heap = &on.heap;
	struct quire_page *page;
	uint32_t *pages;
	void *ptr;

	(void)state;
	open_heap(&rig, &on, false, 0);
	ptr = quire_vmh_alloc(heap, 6 * KIB);
	assert_non_null(ptr);
	page = &rig.space.vs.page[test_space_page_of(&rig.space, ptr)];
	page[1].users--;
	assert_told(quire_vmh_check(heap), "a live allocation does not hold one of its pages");
	page[1].users++;
	pages = heap->blocks[1].pages;
	assert_non_null(pages);
	while (!*pages)
		pages++;
	*pages += 2;
	page[2].users++;
	page[3].users++;
	assert_told(quire_vmh_check(heap), "an allocation holds pages beyond its blocks");
	*pages -= 2;
	page[2].users--;
	page[3].users--;
	assert_ok(quire_vmh_free(heap, ptr));
	close_heap(&rig, &on);
}

static void bits_of_free_blocks_that_are_wrong_are_told(void **state)
{
	struct rig rig;
	struct test_heap on;
	struct quire_blocks *kind;
	quire_word *last;

	(void)state;
	open_heap(&rig, &on, false, 0);
	kind = &on.heap.blocks[0];
	last = &kind->free[0][200 / QUIRE_WORD_BITS_];
	*last |= (quire_word)1 << (200 % QUIRE_WORD_BITS_);
	assert_told(quire_vmh_check(&on.heap), "there are free blocks behind the last one");
	*last &= ~((quire_word)1 << (200 % QUIRE_WORD_BITS_));
	kind->free[1][0] ^= 2;
	assert_told(quire_vmh_check(&on.heap), "a summary of free blocks is wrong");
	kind->free[1][0] ^= 2;
	close_heap(&rig, &on);
}

/* ---- regions --------------------------------------------------------------------------------- */

static void a_region_whose_areas_disagree_with_its_pages_is_told(void **state)
{
	const struct quire_vregion_config config = { .lifetime = 3 * PAGE, .interim = 4 * PAGE };
	struct rig rig;
	struct test_region region;
	struct quire_arena *arena;
	struct quire_page *page;

	(void)state;
	open_rig(&rig);
	assert_non_null(test_region_init(&region, &rig.space, &config));
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_LIFETIME, PAGE + 1, 0));
	assert_non_null(quire_vregion_alloc(region.vr, QUIRE_INTERIM, 100, 0));
	assert_sound(quire_vregion_check(region.vr));
	arena = &region.vr->arena[QUIRE_LIFETIME];
	page = &rig.space.vs.page[arena->first_page];
	arena->used += PAGE;
	assert_told(quire_vregion_check(region.vr), "an area hands out what is not committed");
	arena->used -= PAGE;
	arena->pages = 1;
	assert_told(quire_vregion_check(region.vr), "an area has more pages than its size");
	arena->pages = 3;
	page[1].users++;
	assert_told(quire_vregion_check(region.vr), "a page of an area is not held by it alone");
	page[1].users--;
	page[0].object = 0;
	assert_told(quire_vregion_check(region.vr), "the region's window is not its own");
	page[0].object = 1;
	region.vr->interim.in_use++;
	assert_told(quire_vregion_check(region.vr), "the bytes in use do not add up");
	region.vr->interim.in_use--;
	assert_sound(quire_vregion_check(region.vr));
	assert_ok(quire_vregion_put(region.vr));
	test_region_fini(&region);
	close_rig(&rig);
}

/* ---- sets of extents ------------------------------------------------------------------------- */

/* The numbers inside a long run are gone: no block has its start, and the lookup ends all the same. */
static void a_run_whose_numbers_are_lost_is_told(void **state)
{
	static quire_word storage[QUIRE_EXTENTS_STORAGE(4096) / sizeof(quire_word)];
	struct quire_extents set;
	uint32_t start;

	(void)state;
	assert_ok(quire_extents_init(&set, 4096, QUIRE_COMPACT, storage, sizeof(storage)));
	assert_int_equal(quire_extents_alloc(&set, 100, 1), 0);
	start = quire_extents_alloc(&set, 3000, 1);
	assert_int_equal(start, 100);
	assert_sound(quire_extents_check(&set));
	for (uint32_t word = start / QUIRE_WORD_BITS_ + 2; word < 3099 / QUIRE_WORD_BITS_; word++)
		set.live[word] = 50;
	assert_told(quire_extents_check(&set), "a unit is not found to belong to its run");
	assert_int_equal(quire_extents_owner_of(&set, 1600), 0);
}

/* A bit that says that a run of some length starts in some word, where none does. */
static void a_length_that_nobody_has_is_told(void **state)
{
	static quire_word storage[QUIRE_EXTENTS_STORAGE(1000) / sizeof(quire_word)];
	struct quire_extents set;
	uint32_t key;

	(void)state;
	assert_ok(quire_extents_init(&set, 1000, QUIRE_COMPACT, storage, sizeof(storage)));
	assert_int_equal(quire_extents_alloc(&set, 200, 1), 0);
	for (uint32_t length = 1; length < 30; length++) {
		key = (length - 1) * set.row;
		for (uint32_t level = 0; level < set.levels; level++, key /= QUIRE_WORD_BITS_)
			set.level[level][key / QUIRE_WORD_BITS_] ^= (quire_word)1
								    << key % QUIRE_WORD_BITS_;
		assert_non_null(quire_extents_check(&set));
		key = (length - 1) * set.row;
		for (uint32_t level = 0; level < set.levels; level++, key /= QUIRE_WORD_BITS_)
			set.level[level][key / QUIRE_WORD_BITS_] ^= (quire_word)1
								    << key % QUIRE_WORD_BITS_;
	}
	assert_sound(quire_extents_check(&set));
	key = 0; /* a run of one unit in the first word, which the summaries know too */
	for (uint32_t level = 0; level < set.levels; level++, key /= QUIRE_WORD_BITS_)
		set.level[level][key / QUIRE_WORD_BITS_] |= (quire_word)1 << key % QUIRE_WORD_BITS_;
	assert_told(quire_extents_check(&set), "something is filed that is no free run");
}

static void a_run_that_ends_outside_the_window_is_told(void **state)
{
	static quire_word storage[QUIRE_EXTENTS_STORAGE(1000) / sizeof(quire_word)];
	struct quire_extents set;

	(void)state;
	assert_ok(quire_extents_init(&set, 1000, QUIRE_COMPACT, storage, sizeof(storage)));
	set.live[1] = 0; /* where the one free run's end is noted */
	assert_told(quire_extents_check(&set), "a run ends outside the window");
	set.live[1] = 5000;
	assert_told(quire_extents_check(&set), "a run ends outside the window");
	set.live[1] = 1000;
	assert_sound(quire_extents_check(&set));
}

/* ---- frames ---------------------------------------------------------------------------------- */

static int32_t switch_bank(void *context, uint32_t bank, bool on)
{
	(void)context;
	(void)bank;
	(void)on;
	return QUIRE_OK;
}

static void banks_that_disagree_with_their_frames_are_told(void **state)
{
	static quire_word storage[QUIRE_FRAMES_STORAGE(2, 40) / sizeof(quire_word) + 1];
	struct quire_frames_config config = { .banks = 2,
					      .frames_per_bank = 40,
					      .storage = storage,
					      .storage_bytes = sizeof(storage),
					      .power = switch_bank };
	struct quire_frames frames;
	struct quire_frame_run run;

	(void)state;
	assert_ok(quire_frames_init(&frames, &config));
	assert_ok(quire_frames_take(&frames, 1, &run));
	assert_sound(quire_frames_check(&frames));
	frames.powered[0] = 2;
	assert_told(quire_frames_check(&frames), "a bank is neither on nor off");
	frames.powered[0] = 0;
	assert_told(quire_frames_check(&frames), "a bank is in use without power");
	frames.powered[0] = 1;
	frames.powered[1] = 1;
	assert_told(quire_frames_check(&frames), "the totals do not agree with the banks");
	frames.powered[1] = 0;
	frames.total_used++;
	assert_told(quire_frames_check(&frames), "the totals do not agree with the banks");
	frames.total_used--;
	frames.banks_on_peak = 0;
	assert_told(quire_frames_check(&frames), "more banks are on than ever were");
	frames.banks_on_peak = 1;
	frames.config.power = NULL;
	assert_told(quire_frames_check(&frames), "a bank is in use without power");
	frames.config.power = switch_bank;
	assert_sound(quire_frames_check(&frames));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_that_disagrees_with_its_owner_is_told),
		cmocka_unit_test(accounts_that_do_not_add_up_are_told),
		cmocka_unit_test(counts_of_a_heap_that_do_not_add_up_are_told),
		cmocka_unit_test(an_allocation_without_its_pages_is_told),
		cmocka_unit_test(bits_of_free_blocks_that_are_wrong_are_told),
		cmocka_unit_test(a_region_whose_areas_disagree_with_its_pages_is_told),
		cmocka_unit_test(a_run_whose_numbers_are_lost_is_told),
		cmocka_unit_test(a_length_that_nobody_has_is_told),
		cmocka_unit_test(a_run_that_ends_outside_the_window_is_told),
		cmocka_unit_test(banks_that_disagree_with_their_frames_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
