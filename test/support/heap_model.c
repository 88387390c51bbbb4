/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * heap_model: see the header. Live allocations are kept in address order, so that overlaps and
 * gaps can be seen between neighbours; everything else is recounted from scratch, one step per
 * byte, page or block, because obvious is better here than fast.
 */
#include <stdlib.h>
#include <string.h>

#include "support/heap_model.h"

#define NONE SIZE_MAX

static size_t round_up(size_t value, size_t to)
{
	return (value + to - 1) / to * to;
}

static size_t at_least(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool is_elastic(const struct heap_model *model)
{
	return !model->config.bundles;
}

static bool is_spanning(const struct heap_model *model)
{
	return model->config.flags & QUIRE_VMH_SPANNING;
}

/* ---- pages ----------------------------------------------------------------------------------- */

static size_t first_page(const struct heap_model *model, const struct heap_live *live)
{
	return test_space_page_of(model->space, live->ptr);
}

static size_t last_page(const struct heap_model *model, const struct heap_live *live)
{
	return test_space_page_of(model->space, live->ptr + live->usable - 1);
}

/* How many live allocations touch each page of the vspace. */
static uint32_t *count_users(const struct heap_model *model)
{
	uint32_t *users = calloc(model->space->mmu.config.pages, sizeof(*users));

	assert_non_null(users);
	for (size_t i = 0; i < model->count; i++)
		for (size_t page = first_page(model, &model->live[i]);
		     page <= last_page(model, &model->live[i]); page++)
			users[page]++;
	return users;
}

size_t heap_model_pages_mapped(struct heap_model *model)
{
	uint32_t *users = count_users(model);
	size_t pages = 0;

	for (size_t page = 0; page < model->space->mmu.config.pages; page++)
		pages += users[page] > 0;
	free(users);
	return pages;
}

static bool in_heap(const struct heap_model *model, const unsigned char *ptr)
{
	return ptr >= model->base && ptr < model->base + model->window;
}

/* Whether somebody needs this page whose unmap did not fail. */
static bool is_needed(const struct heap_model *model, size_t page)
{
	for (size_t i = 0; i < model->count; i++)
		if (!model->live[i].dead && first_page(model, &model->live[i]) <= page &&
		    page <= last_page(model, &model->live[i]))
			return true;
	return false;
}

static void check_pages(struct heap_model *model)
{
	uint32_t *users = count_users(model);
	bool retains = model->space->vs.retain;

	for (size_t page = 0; page < model->space->mmu.config.pages; page++) {
		unsigned char *ptr = test_space_page(model->space, page);
		bool mapped = test_mmu_count_mapped(&model->space->mmu, ptr, 1);

		if (!in_heap(model, ptr) || (users[page] && !is_needed(model, page)))
			continue;
		if (!users[page] && retains)
			continue;
		assert_int_equal(quire_vspace_is_mapped(&model->space->vs, ptr), users[page] > 0);
		assert_int_equal(mapped, users[page] > 0);
	}
	for (size_t i = 0; i < model->count; i++)
		for (size_t page = first_page(model, &model->live[i]);
		     model->live[i].own && page <= last_page(model, &model->live[i]); page++)
			assert_int_equal(users[page], 1);
	free(users);
}

/* ---- accounts and statistics ----------------------------------------------------------------- */

static void check_payer(const struct heap_model *model, const struct quire_budget *payer)
{
	size_t pages = 0;

	for (size_t i = 0; i < model->count; i++)
		if (model->live[i].payer == payer)
			pages += model->live[i].usable / model->page;
	assert_int_equal(payer->used, pages);
}

static size_t usable_in_all(const struct heap_model *model)
{
	size_t bytes = 0;

	for (size_t i = 0; i < model->count; i++)
		bytes += model->live[i].usable;
	return bytes;
}

static void check_stats(struct heap_model *model)
{
	struct quire_vmh_stats stats;

	quire_vmh_stats(model->heap, &stats);
	assert_int_equal(stats.window, model->bytes);
	assert_int_equal(stats.allocations, model->count);
	assert_int_equal(stats.in_use, usable_in_all(model));
	assert_int_equal(stats.in_use_peak, model->in_use_peak);
	assert_int_equal(stats.mapped, heap_model_pages_mapped(model) * model->page);
	assert_true(stats.mapped_peak >= stats.mapped);
	assert_true(stats.held >= stats.in_use);
	assert_int_equal(stats.served, model->served);
	assert_true(stats.largest <= at_least(stats.free, 1));
	assert_true(stats.fragmentation <= 1000);
}

static size_t used_of(const struct heap_model *model, size_t bundle)
{
	size_t used = 0;

	for (size_t i = 0; i < model->blocks; i++)
		used += model->block[i].bundle == bundle && model->block[i].taken;
	return used;
}

static void check_bundle(struct heap_model *model, size_t bundle)
{
	struct quire_bundle_stats stats;

	assert_true(quire_vmh_bundle_stats(model->heap, bundle, &stats));
	assert_int_equal(stats.block_size, model->config.bundles[bundle].block_size);
	assert_int_equal(stats.blocks, model->config.bundles[bundle].blocks);
	assert_int_equal(stats.used, used_of(model, bundle));
	assert_int_equal(stats.used_peak, model->used_peak[bundle]);
	assert_int_equal(stats.exhausted, model->exhausted[bundle]);
}

static void check_bundles(struct heap_model *model)
{
	struct quire_bundle_stats stats;

	assert_false(quire_vmh_bundle_stats(model->heap, model->config.bundle_count, &stats));
	if (is_elastic(model) || is_spanning(model))
		return;
	for (size_t bundle = 0; bundle < model->config.bundle_count; bundle++)
		check_bundle(model, bundle);
}

/* Iteration shows the live ones in address order, and nothing twice. */
static void check_iteration(struct heap_model *model)
{
	struct quire_vmh_extent extent;
	struct quire_vmh_stats stats;
	unsigned char *past = NULL;
	size_t live = 0, held = 0, free_bytes = 0;

	while (quire_vmh_next(model->heap, past, &extent)) {
		assert_true(extent.size > 0);
		assert_true(!past || (unsigned char *)extent.ptr >= past);
		past = (unsigned char *)extent.ptr + extent.size;
		if (extent.live) {
			assert_true(live < model->count);
			assert_ptr_equal(extent.ptr, model->live[live].ptr);
			assert_true(extent.size >= model->live[live].usable);
			live++;
		}
		*(extent.live ? &held : &free_bytes) += extent.size;
	}
	quire_vmh_stats(model->heap, &stats);
	assert_int_equal(live, model->count);
	assert_int_equal(held, stats.held);
	assert_int_equal(free_bytes, stats.free);
}

void heap_model_check_contents(struct heap_model *model)
{
	for (size_t i = 0; i < model->count; i++)
		if (!model->live[i].dead)
			test_assert_filled(model->live[i].ptr, model->live[i].usable,
					   model->live[i].owner);
}

void heap_model_check(struct heap_model *model)
{
	test_heap_check(&model->on);
	test_space_check(model->space);
	for (size_t i = 1; i < model->count; i++)
		assert_true(model->live[i - 1].ptr + model->live[i - 1].usable <=
			    model->live[i].ptr);
	for (size_t i = 0; i < model->count; i++)
		if (model->live[i].payer)
			check_payer(model, model->live[i].payer);
	check_pages(model);
	check_stats(model);
	check_bundles(model);
	check_iteration(model);
}

/* ---- blocks of a table ----------------------------------------------------------------------- */

static size_t block_size(const struct heap_model *model, const struct heap_block *block)
{
	return model->config.bundles[block->bundle].block_size;
}

static struct heap_block *find_block(const struct heap_model *model, const void *ptr)
{
	for (size_t i = 0; i < model->blocks; i++)
		if (model->block[i].ptr == ptr)
			return &model->block[i];
	fail_msg("%s", "an allocation that does not begin where a block does");
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	const struct heap_block *one = a, *other = b;

	return one->ptr < other->ptr ? -1 : one->ptr > other->ptr;
}

static size_t blocks_of_table(const struct quire_vmh_config *config)
{
	size_t blocks = 0;

	for (size_t i = 0; i < config->bundle_count; i++)
		blocks += config->bundles[i].blocks;
	return blocks;
}

static size_t bundle_that_grew(struct heap_model *model, size_t *used)
{
	size_t grown = NONE;

	for (size_t i = 0; i < model->config.bundle_count; i++) {
		struct quire_bundle_stats stats;

		assert_true(quire_vmh_bundle_stats(model->heap, i, &stats));
		if (stats.used == used[i])
			continue;
		assert_int_equal(stats.used, ++used[i]);
		assert_int_equal(grown, NONE);
		grown = i;
	}
	assert_true(grown != NONE);
	return grown;
}

/* Take a block of at least this size and note where it is; false if there is none any more. */
static bool learn_block(struct heap_model *model, size_t size, size_t *used)
{
	unsigned char *ptr = quire_vmh_alloc(model->heap, size);

	if (!ptr)
		return false;
	assert_true(model->blocks < blocks_of_table(&model->config));
	model->block[model->blocks++] =
		(struct heap_block){ .ptr = ptr, .bundle = bundle_that_grew(model, used) };
	return true;
}

static size_t smallest_size_above(const struct quire_vmh_config *config, size_t size)
{
	size_t smallest = NONE;

	for (size_t i = 0; i < config->bundle_count; i++)
		if (config->bundles[i].block_size > size)
			smallest = at_most(smallest, config->bundles[i].block_size);
	return smallest;
}

/* Every block of a fresh heap can be had; they do not overlap and are aligned as promised. */
static void check_layout(struct heap_model *model)
{
	assert_int_equal(model->blocks, blocks_of_table(&model->config));
	qsort(model->block, model->blocks, sizeof(*model->block), by_address);
	for (size_t i = 0; i < model->blocks; i++) {
		size_t size = block_size(model, &model->block[i]);
		size_t align = at_most(size & (~size + 1), model->page);

		assert_int_equal((uintptr_t)model->block[i].ptr % align, 0);
		if (i + 1 < model->blocks)
			assert_true(model->block[i].ptr + size <= model->block[i + 1].ptr);
	}
}

static void learn_blocks(struct heap_model *model)
{
	size_t *used = calloc(model->config.bundle_count, sizeof(*used));

	assert_non_null(used);
	model->block = calloc(blocks_of_table(&model->config), sizeof(*model->block));
	assert_non_null(model->block);
	for (size_t size = smallest_size_above(&model->config, 0); size != NONE;
	     size = smallest_size_above(&model->config, size))
		while (learn_block(model, size, used))
			;
	check_layout(model);
	for (size_t i = 0; i < model->blocks; i++)
		assert_ok(quire_vmh_free(model->heap, model->block[i].ptr));
	free(used);
}

/* ---- beginning and end ----------------------------------------------------------------------- */

unsigned char *heap_base(struct quire_vmh *heap)
{
	struct quire_vmh_extent first;

	assert_true(quire_vmh_next(heap, NULL, &first));
	return first.ptr;
}

static void learn_window(struct heap_model *model)
{
	struct quire_vmh_stats stats;
	size_t first = test_space_page_of(model->space, heap_base(model->heap));

	quire_vmh_stats(model->heap, &stats);
	model->page = model->space->mmu.config.page_size;
	model->unit = model->config.unit ? model->config.unit : model->space->mmu.config.cache_line;
	model->base = test_space_page(model->space, first);
	model->bytes = stats.window;
	model->window = round_up(model->bytes, model->page);
}

void heap_model_open(struct heap_model *model, struct test_space *space,
		     const struct quire_vmh_config *config)
{
	memset(model, 0, sizeof(*model));
	model->space = space;
	model->config = *config;
	model->heap = &model->on.heap;
	model->exhausted = calloc(config->bundle_count + 1, sizeof(*model->exhausted));
	model->used_peak = calloc(config->bundle_count + 1, sizeof(*model->used_peak));
	assert_true(model->exhausted && model->used_peak);
	test_heap_init(&model->on, space, config);
	learn_window(model);
	if (is_elastic(model))
		return;
	learn_blocks(model);
	test_heap_fini(&model->on); /* the next one lies where this one did, without its history */
	test_heap_init(&model->on, space, config);
	assert_ptr_equal(heap_base(model->heap), model->block[0].ptr);
}

void heap_model_close(struct heap_model *model)
{
	heap_model_free_all(model);
	heap_model_check(model);
	test_heap_fini(&model->on);
	heap_model_forget(model);
}

void heap_model_forget(struct heap_model *model)
{
	free(model->live);
	free(model->block);
	free(model->exhausted);
	free(model->used_peak);
}

/* ---- what must be granted -------------------------------------------------------------------- */

struct wish {
	size_t size; /* rounded up if it wants pages of its own */
	size_t min;
	size_t step;
	size_t align;
	bool own;
};

static struct wish understand(const struct heap_model *model, const struct quire_request *request)
{
	struct wish wish = {
		.size = request->size,
		.min = request->min ? request->min : request->size,
		.step = at_least(request->step, 1),
		.align = at_least(request->align, 1),
		.own = request->flags & QUIRE_OWN_PAGES || request->budget,
	};

	if (wish.own) {
		wish.size = round_up(wish.size, model->page);
		wish.min = round_up(wish.min, model->page);
		wish.align = at_least(wish.align, model->page);
	}
	return wish;
}

static size_t clip(const struct wish *wish, size_t room)
{
	size_t size = at_most(wish->size, room);

	if (size < wish->min)
		return 0;
	return size - (size - wish->min) % wish->step;
}

static bool block_serves(const struct heap_model *model, const struct heap_block *block,
			 const struct wish *wish, size_t size)
{
	return !block->taken && block_size(model, block) >= size &&
	       (uintptr_t)block->ptr % wish->align == 0;
}

/* Size of the smallest free block that holds `size` bytes, NONE if no block does. */
static size_t smallest_block(const struct heap_model *model, const struct wish *wish, size_t size)
{
	size_t smallest = NONE;

	for (size_t i = 0; i < model->blocks; i++)
		if (block_serves(model, &model->block[i], wish, size))
			smallest = at_most(smallest, block_size(model, &model->block[i]));
	return smallest;
}

static unsigned char *gap_start(const struct heap_model *model, size_t index)
{
	unsigned char *end;

	if (!index)
		return model->base;
	end = model->live[index - 1].ptr + model->live[index - 1].usable;
	return model->base + round_up((size_t)(end - model->base), model->unit);
}

static size_t gap_before(const struct heap_model *model, size_t index)
{
	unsigned char *end = model->base + round_up(model->bytes, model->unit);

	if (index < model->count)
		end = model->live[index].ptr;

	return (size_t)(end - gap_start(model, index));
}

size_t heap_model_longest_gap(const struct heap_model *model)
{
	size_t longest = 0;

	for (size_t index = 0; index <= model->count; index++)
		longest = at_least(longest, gap_before(model, index));
	return longest;
}

/* The most that address space has in one gap at this alignment, in whole units. */
static size_t most_in_a_gap(const struct heap_model *model, size_t align)
{
	size_t most = 0;

	for (size_t index = 0; index <= model->count; index++) {
		uintptr_t start = (uintptr_t)gap_start(model, index);
		size_t skipped = round_up(start, align) - start;

		if (gap_before(model, index) > skipped)
			most = at_least(most, gap_before(model, index) - skipped);
	}
	return most;
}

/* The most that extent.h promises for a search at this alignment. */
static size_t promised_in_a_gap(const struct heap_model *model, size_t align)
{
	size_t units = heap_model_longest_gap(model) / model->unit;
	size_t slack = at_least(align / model->unit, 1) - 1;
	size_t exact = QUIRE_EXTENTS_EXACT_UNITS;

	if (units <= exact)
		return units > slack ? (units - slack) * model->unit : 0;
	units = at_least(exact, units * 8 / 9);
	return units > slack ? (units - slack) * model->unit : 0;
}

/* Whether pages may be what is missing: an upper bound of the need against what may be had. */
static bool pages_may_be_short(struct heap_model *model, const struct quire_request *request,
			       size_t size)
{
	const struct quire_budget *budget =
		request->budget ? request->budget : model->config.budget;
	size_t need = size / model->page + 2;
	struct quire_vspace_stats stats = test_space_stats(model->space);
	size_t there = atomic_load(&model->space->mmu.free_frames) + stats.retained;
	size_t unused = 0;

	if (budget && (budget->limit < budget->used || budget->limit - budget->used < need))
		return true;
	if (budget && budget->guaranteed > budget->used)
		unused = budget->guaranteed - budget->used;
	if (stats.physical != QUIRE_UNKNOWN)
		there = at_most(there, stats.physical - stats.held);
	return there < need + stats.promised - unused;
}

/* After a call: whether its failure is the driver's, and then nothing has changed but by an unmap that
 * failed. */
static bool failed_below(struct heap_model *model, int32_t status)
{
	bool struck = test_mmu_struck(&model->space->mmu);

	if (status == QUIRE_EDRIVER)
		assert_true(struck);
	return struck && (status == QUIRE_EDRIVER || status == QUIRE_ENOPHYS);
}

/* ---- requests -------------------------------------------------------------------------------- */

size_t heap_model_find(const struct heap_model *model, const void *ptr)
{
	for (size_t i = 0; i < model->count; i++)
		if (model->live[i].ptr == ptr)
			return i;
	fail_msg("%s", "no allocation of the model begins there");
	return NONE;
}

/* Spanning and elastic allocations cover whole blocks; only their first one counts here. */
static void mark_block(struct heap_model *model, const void *ptr, bool taken)
{
	struct heap_block *block;
	size_t used;

	if (is_elastic(model) || is_spanning(model))
		return;
	block = find_block(model, ptr);
	assert_int_equal(block->taken, !taken);
	block->taken = taken;
	used = used_of(model, block->bundle);
	model->used_peak[block->bundle] = at_least(model->used_peak[block->bundle], used);
}

static void remember(struct heap_model *model, const struct heap_live *live)
{
	size_t index = 0;

	if (model->count == model->room) {
		model->room = at_least(64, 2 * model->room);
		model->live = realloc(model->live, model->room * sizeof(*model->live));
		assert_non_null(model->live);
	}
	while (index < model->count && model->live[index].ptr < live->ptr)
		index++;
	memmove(&model->live[index + 1], &model->live[index],
		(model->count - index) * sizeof(*model->live));
	model->live[index] = *live;
	model->count++;
	model->served++;
	model->in_use_peak = at_least(model->in_use_peak, usable_in_all(model));
	mark_block(model, live->ptr, true);
	test_fill(live->ptr, live->usable, live->owner);
}

/* Usable bytes go no further than the pages that the granted ones need, or than a small block. */
static void check_usable(const struct heap_model *model, const struct heap_live *live)
{
	size_t last_asked = test_space_page_of(model->space, live->ptr + live->asked - 1);

	assert_true(live->usable >= live->asked);
	if (live->own) {
		assert_int_equal((uintptr_t)live->ptr % model->page, 0);
		assert_int_equal(live->usable, round_up(live->asked, model->page));
	} else if (is_elastic(model)) {
		assert_int_equal(live->usable, round_up(live->asked, model->unit));
	} else if (!is_spanning(model)) {
		size_t size = block_size(model, find_block(model, live->ptr));

		assert_true(live->usable <= round_up(size, model->unit));
		if (size > model->page)
			assert_int_equal(last_page(model, live), last_asked);
	}
}

static void check_grant(const struct heap_model *model, const struct quire_request *request,
			const unsigned char *ptr)
{
	size_t min = request->min ? request->min : request->size;

	assert_ok(request->why);
	assert_true(quire_vmh_contains(model->heap, ptr));
	assert_int_equal((uintptr_t)ptr % at_least(request->align, 1), 0);
	assert_true(request->granted >= min);
	if (min < request->size)
		assert_true(request->granted <= request->size);
	if (min < request->size && request->step > 1)
		assert_int_equal((request->granted - min) % request->step, 0);
}

/* The best block that a range finds where none holds all of it. 0: none holds its minimum. */
static size_t largest_block(const struct heap_model *model, const struct wish *wish)
{
	size_t largest = 0;

	for (size_t i = 0; i < model->blocks; i++)
		if (block_serves(model, &model->block[i], wish, wish->min))
			largest = at_least(largest, block_size(model, &model->block[i]));
	return largest;
}

/* Each size that would have done, and was looked at in vain before the one that was found. */
static void note_exhausted(struct heap_model *model, const struct wish *wish, size_t got)
{
	size_t largest = got == NONE ? largest_block(model, wish) : wish->size;

	for (size_t i = 0; i < model->config.bundle_count; i++) {
		size_t size = model->config.bundles[i].block_size;
		bool holds_all = size >= wish->size && size < got;
		bool holds_some = size >= wish->min && size < wish->size && size > largest;

		model->exhausted[i] += holds_all || holds_some;
	}
}

/* Before the call: what a table without spanning must answer. NONE: any block that is big
 * enough. */
static size_t expect_of_table(struct heap_model *model, const struct wish *wish, size_t *granted)
{
	size_t best = smallest_block(model, wish, wish->size);

	*granted = clip(wish, best == NONE ? largest_block(model, wish) : best);
	note_exhausted(model, wish, best);
	return best;
}

static void check_table(struct heap_model *model, const struct quire_request *request,
			const unsigned char *ptr)
{
	struct wish wish = understand(model, request);
	size_t granted;
	size_t best = expect_of_table(model, &wish, &granted);

	if (!ptr) {
		if (granted)
			assert_true(pages_may_be_short(model, request, wish.min));
		else
			assert_status(request->why, QUIRE_ENOVIRT);
		return;
	}
	if (best != NONE)
		assert_int_equal(block_size(model, find_block(model, ptr)), best);
	if (wish.min < wish.size && !wish.own && !pages_may_be_short(model, request, wish.size))
		assert_int_equal(request->granted, granted);
}

static void check_elastic(struct heap_model *model, const struct quire_request *request,
			  const unsigned char *ptr)
{
	struct wish wish = understand(model, request);
	size_t promised = clip(&wish, promised_in_a_gap(model, wish.align));
	size_t possible = clip(&wish, most_in_a_gap(model, wish.align));

	if (ptr) {
		if (!pages_may_be_short(model, request, wish.size) && !wish.own)
			assert_true(request->granted >= promised);
	} else if (promised) {
		assert_true(pages_may_be_short(model, request, wish.min));
	} else if (!possible && !pages_may_be_short(model, request, wish.min)) {
		assert_status(request->why, QUIRE_ENOVIRT);
	}
}

static bool touched(const struct heap_model *model, const struct heap_block *block)
{
	for (size_t i = 0; i < model->count; i++)
		if (model->live[i].ptr < block->ptr + block_size(model, block) &&
		    block->ptr < model->live[i].ptr + model->live[i].usable)
			return true;
	return false;
}

static bool adjacent(const struct heap_model *model, const struct heap_block *a,
		     const struct heap_block *b)
{
	return a->bundle == b->bundle && a->ptr + block_size(model, a) == b->ptr;
}

/* Whether free blocks in a row certainly serve a request without alignment. Nothing that a shorter
 * grant of a spanning allocation leaves unused is counted as free, and nothing need be. */
static bool blocks_in_a_row(const struct heap_model *model, size_t size)
{
	size_t row = 0;

	for (size_t i = 0; i < model->blocks; i++) {
		size_t stride = block_size(model, &model->block[i]);
		size_t need = (size + stride - 1) / stride;

		if (i && !adjacent(model, &model->block[i - 1], &model->block[i]))
			row = 0;
		row = touched(model, &model->block[i]) ? 0 : row + 1;
		if (row >= need && (need <= QUIRE_EXTENTS_EXACT_UNITS || row * 8 / 9 > need))
			return true;
	}
	return false;
}

static void check_spanning(struct heap_model *model, const struct quire_request *request,
			   const unsigned char *ptr)
{
	struct wish wish = understand(model, request);
	size_t largest = 0; /* blocks are held whole, so that much more than is asked for */

	for (size_t i = 0; i < model->config.bundle_count; i++)
		largest = at_least(largest, model->config.bundles[i].block_size);
	if (ptr || wish.align > 1)
		return;
	if (blocks_in_a_row(model, wish.min))
		assert_true(pages_may_be_short(model, request, wish.min + largest));
}

/* Addresses and statistics in one number, to see whether anything changed. */
static uint64_t digest(struct heap_model *model)
{
	struct quire_vmh_extent extent;
	struct quire_bundle_stats bundle;
	struct quire_vmh_stats stats;
	unsigned char *past = NULL;
	uint64_t sum = 0;

	quire_vmh_stats(model->heap, &stats);
	for (size_t i = 0; quire_vmh_bundle_stats(model->heap, i, &bundle); i++)
		sum = sum * 31 + bundle.used + bundle.used_peak * 3 + bundle.exhausted * 5;
	for (size_t why = 0; why < QUIRE_STATUSES; why++)
		sum = sum * 31 + stats.refusals[why];
	sum = sum * 31 + stats.served + stats.in_use * 7 + stats.mapped * 11 + stats.free * 13;
	while (quire_vmh_next(model->heap, past, &extent)) {
		past = (unsigned char *)extent.ptr + extent.size;
		sum = sum * 31 + (uintptr_t)past + extent.live;
	}
	return sum + model->space->mmu.calls[TEST_ANY];
}

/* quire_vmh_would_fit says what the request will say, and changes nothing. */
static size_t ask_first(struct heap_model *model, struct quire_request *copy)
{
	uint64_t before = digest(model);
	size_t granted = quire_vmh_would_fit(model->heap, copy);

	assert_true(digest(model) == before);
	return granted;
}

void *heap_model_request(struct heap_model *model, struct quire_request *request)
{
	struct quire_request copy = *request;
	struct heap_live live = { .owner = ++model->owners, .payer = request->budget };
	struct wish wish = understand(model, request);
	size_t granted = ask_first(model, &copy);

	live.ptr = quire_vmh_request(model->heap, request);
	if (failed_below(model, request->why)) {
		assert_null(live.ptr);
		assert_int_equal(request->granted, 0);
		if (!is_elastic(model) && !is_spanning(model))
			expect_of_table(model, &wish, &granted);
		return NULL;
	}
	assert_int_equal(request->granted, granted);
	assert_status(copy.why, request->why);
	assert_int_equal(live.ptr != NULL, granted > 0);
	if (is_elastic(model))
		check_elastic(model, request, live.ptr);
	else if (is_spanning(model))
		check_spanning(model, request, live.ptr);
	else
		check_table(model, request, live.ptr);
	if (!live.ptr)
		return NULL;
	check_grant(model, request, live.ptr);
	live.own = wish.own;
	live.asked = request->granted;
	live.usable = quire_vmh_usable_size(model->heap, live.ptr);
	check_usable(model, &live);
	remember(model, &live);
	return live.ptr;
}

void *heap_model_alloc(struct heap_model *model, size_t size, size_t align)
{
	struct quire_request request = { .size = size, .align = align };

	return heap_model_request(model, &request);
}

/* Whether there is room at this address, as far as addresses go. */
static bool fits_at(const struct heap_model *model, const unsigned char *ptr, size_t size)
{
	if (!size)
		return false;
	for (size_t i = 0; i < model->blocks; i++)
		if (model->block[i].ptr == ptr)
			return !model->block[i].taken &&
			       size <= block_size(model, &model->block[i]);
	if (!is_elastic(model) || (size_t)(ptr - model->base) % model->unit)
		return false;
	for (size_t index = 0; index <= model->count; index++)
		if (ptr >= gap_start(model, index) &&
		    ptr + size <= gap_start(model, index) + gap_before(model, index))
			return true;
	return false;
}

void *heap_model_alloc_at(struct heap_model *model, unsigned char *ptr, size_t size)
{
	struct quire_request request = { .size = size };
	struct heap_live live = { .asked = size, .owner = ++model->owners };
	bool fits = fits_at(model, ptr, size), is_short = pages_may_be_short(model, &request, size);

	live.ptr = quire_vmh_alloc_at(model->heap, ptr, size);
	if (failed_below(model, QUIRE_ENOPHYS) && !live.ptr)
		return NULL;
	if (!live.ptr) {
		assert_true(!fits || is_short);
		return NULL;
	}
	assert_true(fits && live.ptr == ptr);
	live.usable = quire_vmh_usable_size(model->heap, live.ptr);
	check_usable(model, &live);
	remember(model, &live);
	return live.ptr;
}

/* ---- free and resize ------------------------------------------------------------------------- */

void heap_model_free(struct heap_model *model, size_t index)
{
	struct heap_live live = model->live[index];
	int32_t status;

	if (!live.dead)
		test_assert_filled(live.ptr, live.usable, live.owner);
	status = quire_vmh_free(model->heap, live.ptr);
	if (failed_below(model, status)) {
		model->live[index].dead = true;
		return;
	}
	assert_ok(status);
	mark_block(model, live.ptr, false);
	model->count--;
	memmove(&model->live[index], &model->live[index + 1],
		(model->count - index) * sizeof(*model->live));
}

void heap_model_free_ptr(struct heap_model *model, void *ptr)
{
	heap_model_free(model, heap_model_find(model, ptr));
}

void heap_model_free_all(struct heap_model *model)
{
	while (model->count)
		heap_model_free(model, model->count - 1);
}

/* To what size number `index` can be brought in place, if pages are there. */
static size_t room_in_place(const struct heap_model *model, size_t index)
{
	const struct heap_live *live = &model->live[index];

	if (!is_elastic(model))
		return block_size(model, find_block(model, live->ptr));
	return (size_t)(gap_start(model, index + 1) - live->ptr) + gap_before(model, index + 1);
}

static void check_resize(struct heap_model *model, size_t index, size_t min, size_t preferred,
			 int32_t status)
{
	const struct heap_live *live = &model->live[index];
	struct quire_request request = { .size = preferred, .budget = live->payer };
	size_t room = room_in_place(model, index);

	if (live->own)
		room -= room % model->page;
	if (status && room >= min)
		assert_true(pages_may_be_short(model, &request, preferred));
	else if (status)
		assert_status(status, QUIRE_ENOVIRT);
	else
		assert_true(room >= min);
}

int32_t heap_model_resize(struct heap_model *model, size_t index, size_t min, size_t preferred)
{
	struct heap_live *live = &model->live[index];
	size_t granted = 1;
	int32_t status = quire_vmh_resize_range(model->heap, live->ptr, min, preferred, &granted);
	size_t usable = quire_vmh_usable_size(model->heap, live->ptr);
	bool driver_failed = failed_below(model, status);

	if (status)
		assert_int_equal(granted, 0);
	if (live->dead && !status) { /* a neighbour had its pages mapped again */
		test_fill(live->ptr, live->usable, live->owner);
		live->dead = false;
	}
	if (driver_failed && preferred < live->usable)
		live->dead = true;
	if (driver_failed || live->dead)
		return status;
	if (!is_spanning(model))
		check_resize(model, index, min, preferred, status);
	if (status) {
		assert_int_equal(granted, 0);
		assert_int_equal(usable, live->usable);
		test_assert_filled(live->ptr, live->usable, live->owner);
		return status;
	}
	assert_true(granted >= min && granted <= usable);
	test_assert_filled(live->ptr, at_most(usable, live->usable), live->owner);
	live->asked = at_most(granted, preferred);
	live->usable = usable;
	if (!is_spanning(model) &&
	    !pages_may_be_short(model, &(struct quire_request){ .budget = live->payer }, preferred))
		assert_true(granted >= at_most(preferred, room_in_place(model, index) -
								  (live->own ? model->page : 0)));
	check_usable(model, live);
	model->in_use_peak = at_least(model->in_use_peak, usable_in_all(model));
	test_fill(live->ptr, live->usable, live->owner);
	return QUIRE_OK;
}

/* ---- random programs ------------------------------------------------------------------------- */

static void random_request(struct heap_model *model, const struct heap_program *program,
			   struct test_random *random)
{
	struct quire_request request = { .size = test_random_log(random, program->octaves) };

	if (test_random_once_in(random, 4))
		request.align = (size_t)1 << test_random_below(random, program->align_octaves + 1);
	if (test_random_once_in(random, 4)) {
		request.min = test_random_between(random, 1, (uint32_t)request.size);
		request.step = test_random_below(random, 200);
	}
	if (test_random_once_in(random, 6))
		request.flags = QUIRE_OWN_PAGES;
	if (program->budget && test_random_once_in(random, 6))
		request.budget = program->budget;
	heap_model_request(model, &request);
}

static void random_resize(struct heap_model *model, const struct heap_program *program,
			  struct test_random *random)
{
	size_t index = test_random_below(random, (uint32_t)model->count);
	size_t preferred = test_random_log(random, program->octaves);
	size_t min = test_random_once_in(random, 2)
			     ? preferred
			     : test_random_between(random, 1, (uint32_t)preferred);

	heap_model_resize(model, index, min, preferred);
}

/* The heap fills up, is emptied by half, and fills up again. */
static void random_step(struct heap_model *model, const struct heap_program *program,
			struct test_random *random, bool filling)
{
	uint32_t dice = test_random_below(random, 10);

	if (!model->count || dice < (filling ? 5u : 2u))
		random_request(model, program, random);
	else if (dice < 7)
		random_resize(model, program, random);
	else
		heap_model_free(model, test_random_below(random, (uint32_t)model->count));
}

void heap_model_run(struct heap_model *model, const struct heap_program *program)
{
	struct test_random random = test_random_seeded(program->seed);

	for (size_t step = 0; step < program->steps; step++) {
		random_step(model, program, &random, step / 100 % 2 == 0);
		heap_model_check(model);
		if (step % 50 == 0)
			heap_model_check_contents(model);
	}
}
