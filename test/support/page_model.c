/* SPDX-License-Identifier: BSD-3-Clause */
/* page_model: see the header. */
#include <string.h>

#include "support/page_model.h"

#define NOBODY PAGE_MODEL_NOBODY

static uint32_t at_most(size_t a, size_t b)
{
	return (uint32_t)(a < b ? a : b);
}

/* ---- what the array says --------------------------------------------------------------------- */

static bool is_free(const struct page_model *model, uint32_t page)
{
	return page < model->pages && model->page[page].owner == NOBODY;
}

static bool starts(const struct page_model *model, uint32_t page)
{
	return page < model->pages && model->page[page].owner == page;
}

uint32_t page_model_start(const struct page_model *model, uint32_t page)
{
	while (page < model->pages && !starts(model, page))
		page++;
	return page;
}

/* One past the pages of the same owner. */
static uint32_t end_of(const struct page_model *model, uint32_t page)
{
	uint32_t owner = model->page[page].owner;

	while (page < model->pages && model->page[page].owner == owner)
		page++;
	return page;
}

static bool is_guarded(const struct page_model *model, uint32_t start)
{
	return model->page[end_of(model, start) - 1].guard;
}

/* The guard not counted. */
uint32_t page_model_size(const struct page_model *model, uint32_t start)
{
	if (!starts(model, start))
		return 0;
	return end_of(model, start) - start - is_guarded(model, start);
}

static size_t held_by(const struct page_model *model, uint32_t payer)
{
	size_t held = 0;

	for (uint32_t page = 0; page < model->pages; page++)
		held += model->page[page].held && model->page[page].payer == payer;
	return held;
}

static size_t held_in_all(const struct page_model *model)
{
	size_t held = 0;

	for (uint32_t page = 0; page < model->pages; page++)
		held += model->page[page].held;
	return held;
}

/* Of pages that are free or have this owner. */
static uint32_t longest_but(const struct page_model *model, uint32_t owner)
{
	uint32_t longest = 0, run = 0;

	for (uint32_t page = 0; page < model->pages; page++) {
		run = is_free(model, page) || model->page[page].owner == owner ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static uint32_t longest_free(const struct page_model *model)
{
	return longest_but(model, NOBODY);
}

static const struct quire_budget *budget_of(const struct page_model *model, uint32_t payer)
{
	return payer ? &model->budget[payer] : &model->space.vs.common;
}

static size_t unused_guarantee(const struct page_model *model, uint32_t payer)
{
	size_t held = held_by(model, payer);
	size_t guaranteed = payer ? model->budget[payer].guaranteed : 0;

	return guaranteed > held ? guaranteed - held : 0;
}

static size_t promised(const struct page_model *model)
{
	size_t pages = 0;

	for (uint32_t payer = 0; payer < PAGE_MODEL_PAYERS; payer++)
		pages += unused_guarantee(model, payer);
	return pages;
}

static size_t free_pages(const struct page_model *model)
{
	return model->space.mmu.config.unknown ? QUIRE_UNKNOWN : model->frames - held_in_all(model);
}

static size_t below_limit(const struct page_model *model, uint32_t payer)
{
	size_t limit = payer ? model->budget[payer].limit : QUIRE_NO_LIMIT;
	size_t held = held_by(model, payer);

	return limit > held ? limit - held : 0;
}

/* What a payer may still hold, and the reason when that is too little. */
static size_t allowance(const struct page_model *model, uint32_t payer)
{
	size_t others = promised(model) - unused_guarantee(model, payer);
	size_t free = free_pages(model);

	free = free > others ? free - others : 0;
	return free < below_limit(model, payer) ? free : below_limit(model, payer);
}

static int32_t afford(const struct page_model *model, uint32_t payer, size_t pages)
{
	size_t limit = payer ? model->budget[payer].limit : QUIRE_NO_LIMIT;

	if (pages <= allowance(model, payer))
		return QUIRE_OK;
	if (held_by(model, payer) <= limit && pages > below_limit(model, payer))
		return QUIRE_EBUDGET;
	return pages > free_pages(model) ? QUIRE_ENOPHYS : QUIRE_EBUDGET;
}

/* Where nobody can tell how many frames there are, the driver finds out. */
static int32_t find_frames(const struct page_model *model, size_t pages)
{
	size_t there = atomic_load(&model->space.mmu.free_frames);

	for (uint32_t page = 0; page < model->pages; page++)
		there += model->space.mmu.prot[page] && !model->page[page].held;
	return pages > there ? QUIRE_ENOPHYS : QUIRE_OK;
}

/* ---- contents -------------------------------------------------------------------------------- */

static unsigned char *at_page(const struct page_model *model, uint32_t page)
{
	return test_space_page(&model->space, page);
}

static void own(struct page_model *model, uint32_t first, uint32_t count, uint32_t owner)
{
	for (uint32_t page = first; page < first + count; page++) {
		model->page[page] = (struct page_model_page){ .owner = owner };
		model->dead[page] = false;
	}
}

static void assert_zero(const unsigned char *bytes, size_t count)
{
	assert_int_equal(bytes[0], 0);
	assert_memory_equal(bytes, bytes + 1, count - 1);
}

/* Pages that were handed out: what they hold, and a pattern of their own if they can be written. */
static void hold(struct page_model *model, uint32_t first, uint32_t count, uint32_t prot,
		 uint32_t payer)
{
	size_t bytes = model->space.mmu.config.page_size;

	for (uint32_t page = first; page < first + count; page++) {
		struct page_model_page *record = &model->page[page];

		if (prot & QUIRE_USER && !model->space.vs.retain)
			assert_zero(at_page(model, page), bytes);
		record->held = true;
		record->prot = prot;
		record->payer = payer;
		record->pattern = 0;
		if (!(prot & QUIRE_WRITE))
			continue;
		record->pattern = ++model->patterns;
		test_fill(at_page(model, page), bytes, record->pattern);
	}
}

static void let_go(struct page_model *model, uint32_t first, uint32_t count)
{
	for (uint32_t page = first; page < first + count; page++)
		model->page[page].held = false;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void check_page(struct page_model *model, uint32_t page)
{
	const struct page_model_page *record = &model->page[page];
	unsigned char *ptr = at_page(model, page);
	bool owned = record->owner < model->pages;
	bool mapped = test_mmu_count_mapped(&model->space.mmu, ptr, 1) == 1;
	size_t size;

	assert_ptr_equal(quire_vpage_owner(&model->space.vs, ptr, &size),
			 owned ? at_page(model, record->owner) : NULL);
	assert_int_equal(size, owned ? page_model_size(model, record->owner) : 0);
	assert_int_equal(quire_vpage_size(&model->space.vs, ptr), page_model_size(model, page));
	if (owned && model->dead[record->owner])
		return;
	if (quire_vspace_is_mapped(&model->space.vs, ptr))
		assert_true(mapped);
	if (record->guard)
		assert_false(mapped);
	if (!record->held)
		return;
	assert_true(quire_vspace_is_mapped(&model->space.vs, ptr));
	assert_int_equal(test_mmu_prot(&model->space.mmu, ptr), record->prot);
	if (record->pattern)
		test_assert_filled(ptr, model->space.mmu.config.page_size, record->pattern);
}

static void check_stats(struct page_model *model)
{
	struct quire_vspace_stats stats = test_space_stats(&model->space);
	size_t free = 0, allocations = 0;

	for (uint32_t page = 0; page < model->pages; page++) {
		free += is_free(model, page);
		allocations += starts(model, page);
	}
	assert_int_equal(stats.free, free);
	assert_int_equal(stats.largest, longest_free(model));
	assert_int_equal(stats.allocations, allocations);
	assert_int_equal(stats.held, held_in_all(model));
	assert_int_equal(stats.promised, promised(model));
	assert_true(stats.held_peak >= stats.held);
	assert_true(model->space.mmu.mapped <= stats.held + stats.retained);
	for (uint32_t payer = 0; payer < PAGE_MODEL_PAYERS; payer++)
		assert_int_equal(budget_of(model, payer)->used, held_by(model, payer));
}

static void check_asides(struct page_model *model)
{
	for (uint32_t payer = 1; payer < PAGE_MODEL_PAYERS; payer++) {
		const struct quire_budget *budget = &model->budget[payer];
		uint32_t end = budget->aside_start + budget->aside_count, held = 0;

		for (uint32_t page = 0; page < model->pages; page++)
			held += model->page[page].owner == PAGE_MODEL_ASIDE + payer;
		assert_int_equal(held, model->aside[payer] ? budget->aside_left : 0);
		for (uint32_t page = end - held; held && page < end; page++)
			assert_int_equal(model->page[page].owner, PAGE_MODEL_ASIDE + payer);
	}
}

void page_model_check(struct page_model *model)
{
	test_space_check(&model->space);
	for (uint32_t page = 0; page < model->pages; page++)
		check_page(model, page);
	check_stats(model);
	check_asides(model);
	assert_int_equal(model->space.observer.under_lock, 0);
}

/* ---- faults ---------------------------------------------------------------------------------- */

/* After a call: whether its failure is the driver's, and then nothing has changed but by an unmap that
 * failed. */
static bool failed_below(struct page_model *model, int32_t status)
{
	bool struck = test_mmu_struck(&model->space.mmu);

	if (status == QUIRE_EDRIVER)
		assert_true(struck);
	return struck && (status == QUIRE_EDRIVER || status == QUIRE_ENOPHYS);
}

/* The allocation can only be freed now. What it still holds, the records say. */
static void give_up(struct page_model *model, uint32_t start)
{
	for (uint32_t page = start; page < end_of(model, start); page++) {
		const struct quire_page *record = &model->space.vs.page[page];

		model->page[page].held = record->users != 0;
		for (uint32_t payer = 0; payer < PAGE_MODEL_PAYERS; payer++)
			if (budget_of(model, payer)->admitted &&
			    budget_of(model, payer)->id == record->payer)
				model->page[page].payer = payer;
	}
	model->dead[start] = true;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

void page_model_open(struct page_model *model, const struct test_space_config *config)
{
	memset(model, 0, sizeof(*model));
	assert_true(config->mmu.pages <= PAGE_MODEL_PAGES);
	test_space_init(&model->space, config);
	model->pages = (uint32_t)config->mmu.pages;
	model->frames = model->space.mmu.config.frames;
	own(model, 0, model->pages, NOBODY);
}

void page_model_close(struct page_model *model)
{
	test_mmu_heal(&model->space.mmu);
	for (uint32_t start = page_model_start(model, 0); start < model->pages;
	     start = page_model_start(model, start))
		page_model_free(model, start);
	for (uint32_t payer = 1; payer < PAGE_MODEL_PAYERS; payer++) {
		if (!model->budget[payer].admitted)
			continue;
		page_model_set_aside(model, payer, 0);
		page_model_dismiss(model, payer);
	}
	page_model_check(model);
	test_space_fini(&model->space);
}

/* ---- requests -------------------------------------------------------------------------------- */

struct wish {
	size_t min, preferred, step; /* bytes */
	size_t align;                /* bytes, at least a page */
	uint32_t guard;
	uint32_t payer;
	bool reserve;
	uint32_t least, most; /* pages, the guard not counted; most as the payer can afford */
};

/* Where in the free pages from this one on so many lie at an aligned address; NOBODY: nowhere. */
static uint32_t place_from(const struct page_model *model, uint32_t page, uint32_t past,
			   uint32_t count, size_t align)
{
	while (page < past && (uintptr_t)at_page(model, page) % align)
		page++;
	return page < past && past - page >= count ? page : NOBODY;
}

static bool fits_somewhere(const struct page_model *model, uint32_t count, size_t align)
{
	for (uint32_t page = 0; page < model->pages; page = end_of(model, page))
		if (is_free(model, page) &&
		    place_from(model, page, end_of(model, page), count, align) != NOBODY)
			return true;
	return false;
}

static bool fits_aside(const struct page_model *model, const struct wish *wish)
{
	uint32_t start = model->budget[wish->payer].aside_start;

	return model->aside[wish->payer] &&
	       model->budget[wish->payer].aside_left == model->aside[wish->payer] &&
	       wish->least + wish->guard <= model->aside[wish->payer] &&
	       (uintptr_t)at_page(model, start) % wish->align == 0;
}

static int32_t understand(const struct page_model *model, const struct quire_request *request,
			  uint32_t payer, uint32_t prot, struct wish *wish)
{
	size_t page = model->space.mmu.config.page_size;
	size_t align = request->align ? request->align : 1;

	*wish = (struct wish){
		.min = request->min ? request->min : request->size,
		.preferred = request->size,
		.step = request->step > 1 ? request->step : 1,
		.align = align > page ? align : page,
		.guard = request->flags & QUIRE_GUARD ? 1 : 0,
		.payer = payer,
		.reserve = request->flags & QUIRE_RESERVE,
	};
	if (!request->size || wish->min > request->size || request->size > SIZE_MAX / 4 ||
	    (align & (align - 1)) != 0 || (payer && !model->budget[payer].admitted))
		return QUIRE_EINVAL;
	if (!wish->reserve && !quire_mmu_accepts(&model->space.mmu.mmu, prot))
		return QUIRE_EINVAL;
	wish->least = at_most((wish->min + page - 1) / page, model->pages + 1);
	wish->most = at_most((wish->preferred + page - 1) / page, model->pages);
	if (!wish->reserve) {
		int32_t status = afford(model, payer, (wish->min + page - 1) / page);

		if (status)
			return status;
		wish->most = at_most(wish->most, allowance(model, payer));
	}
	if (wish->least > model->pages || wish->align / page > model->pages)
		return QUIRE_ENOVIRT;
	return fits_somewhere(model, wish->least + wish->guard, wish->align) ||
			       fits_aside(model, wish)
		       ? QUIRE_OK
		       : QUIRE_ENOVIRT;
}

/* Pages of the most of a wish that so many pages hold, in its steps. */
static uint32_t clip(const struct page_model *model, const struct wish *wish, uint32_t pages)
{
	size_t page = model->space.mmu.config.page_size;
	size_t room = pages * page < wish->preferred ? pages * page : wish->preferred;

	room -= (room - wish->min) % wish->step;
	return (uint32_t)((room + page - 1) / page);
}

/* The fewest pages that must be granted, and the most that can be. */
static void bounds(const struct page_model *model, const struct wish *wish, uint32_t *lowest,
		   uint32_t *highest)
{
	uint32_t room = at_most(longest_free(model), model->pages);
	uint32_t most = wish->most;

	if (!fits_somewhere(model, wish->least + wish->guard, wish->align))
		room = model->aside[wish->payer];
	else if (!fits_somewhere(model, most + wish->guard, wish->align) &&
		 wish->align > model->space.mmu.config.page_size)
		most = wish->least; /* of an aligned range no more is promised */
	*highest = clip(model, wish, at_most(wish->most, room - wish->guard));
	*lowest = clip(model, wish, at_most(most, room - wish->guard));
}

static void record_grant(struct page_model *model, const struct wish *wish, uint32_t first,
			 uint32_t count, uint32_t prot)
{
	uint32_t aside = PAGE_MODEL_ASIDE + wish->payer;
	bool from_aside = model->page[first].owner == aside;

	assert_true(count <= model->pages - first && wish->guard <= model->pages - first - count);
	if (from_aside) {
		assert_false(fits_somewhere(model, wish->least + wish->guard, wish->align));
		own(model, first, count + wish->guard, NOBODY); /* the rest stays set aside */
	}
	for (uint32_t page = first; page < first + count + wish->guard; page++)
		assert_true(is_free(model, page));
	own(model, first, count + wish->guard, first);
	model->page[first + count + wish->guard - 1].guard = wish->guard;
	if (!wish->reserve)
		hold(model, first, count, prot, wish->payer);
}

/* Where the driver has to find out how many frames there are, the size is settled before it does. */
static int32_t expect(struct page_model *model, const struct quire_request *request, uint32_t payer,
		      uint32_t prot, struct wish *wish, uint32_t *lowest, uint32_t *highest)
{
	int32_t expected = understand(model, request, payer, prot, wish);

	*lowest = *highest = 0;
	if (expected)
		return expected;
	bounds(model, wish, lowest, highest);
	return QUIRE_OK;
}

void page_model_request(struct page_model *model, struct quire_request *request, uint32_t payer,
			uint32_t prot)
{
	struct quire_request copy;
	struct wish wish;
	uint32_t lowest, highest, count, first;
	int32_t expected = expect(model, request, payer, prot, &wish, &lowest, &highest);
	size_t page = model->space.mmu.config.page_size, fits;
	void *ptr;

	request->budget = payer ? &model->budget[payer] : NULL;
	copy = *request;
	fits = quire_vpage_would_fit(&model->space.vs, &copy);
	ptr = quire_vpage_request(&model->space.vs, request, prot);
	assert_int_equal(ptr != NULL, request->why == QUIRE_OK);
	assert_int_equal(request->granted != 0, request->why == QUIRE_OK);
	if (failed_below(model, request->why))
		return;
	if (wish.reserve || quire_mmu_accepts(&model->space.mmu.mmu, prot)) {
		assert_int_equal(fits != 0, expected == QUIRE_OK);
		assert_status(copy.why, expected);
	}
	if (!expected && !wish.reserve && fits && find_frames(model, fits / page))
		expected = QUIRE_ENOPHYS;
	assert_status(request->why, expected);
	if (expected)
		return;
	assert_int_equal(request->granted, fits);
	assert_int_equal(request->granted % page, 0);
	count = (uint32_t)(request->granted / page);
	assert_in_range(count, lowest, highest);
	assert_int_equal((uintptr_t)ptr % wish.align, 0);
	first = (uint32_t)test_space_page_of(&model->space, ptr);
	record_grant(model, &wish, first, count, prot);
}

void page_model_take_at(struct page_model *model, uint32_t first, uint32_t count, uint32_t prot)
{
	bool possible = count && first < model->pages && count <= model->pages - first &&
			quire_mmu_accepts(&model->space.mmu.mmu, prot) &&
			!afford(model, 0, count) && !find_frames(model, count);
	void *ptr = quire_vpage_alloc_at(&model->space.vs, at_page(model, first), count, prot);

	for (uint32_t page = first; possible && page < first + count; page++)
		possible = is_free(model, page);
	if (failed_below(model, QUIRE_ENOPHYS) && !ptr)
		return;
	assert_int_equal(ptr != NULL, possible);
	if (!ptr)
		return;
	own(model, first, count, first);
	hold(model, first, count, prot, 0);
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* What names pages within one allocation that is whole. */
static int32_t find_part(const struct page_model *model, uint32_t first, uint32_t count)
{
	uint32_t owner;

	if (first >= model->pages)
		return QUIRE_EFOREIGN;
	if (!count)
		return QUIRE_EINVAL;
	owner = model->page[first].owner;
	if (owner >= model->pages || model->dead[owner] ||
	    first + count > owner + page_model_size(model, owner))
		return QUIRE_EFREE;
	return QUIRE_OK;
}

static uint32_t held_within(const struct page_model *model, uint32_t first, uint32_t count)
{
	uint32_t held = 0;

	for (uint32_t page = first; page < first + count; page++)
		held += model->page[page].held;
	return held;
}

static int32_t can_commit(const struct page_model *model, uint32_t first, uint32_t count,
			  uint32_t payer)
{
	int32_t status = find_part(model, first, count);

	if (!status && held_within(model, first, count))
		status = QUIRE_EBUSY;
	if (!status)
		status = afford(model, payer, count);
	return status ? status : find_frames(model, count);
}

void page_model_commit(struct page_model *model, uint32_t first, uint32_t count, uint32_t prot,
		       uint32_t payer)
{
	struct quire_budget *budget = payer ? &model->budget[payer] : NULL;
	bool valid = quire_mmu_accepts(&model->space.mmu.mmu, prot) && (!payer || budget->admitted);
	int32_t expected = valid ? can_commit(model, first, count, payer) : QUIRE_EINVAL;
	int32_t status =
		quire_vpage_commit(&model->space.vs, at_page(model, first), count, prot, budget);

	if (failed_below(model, status))
		return;
	assert_status(status, expected);
	if (!status)
		hold(model, first, count, prot, payer);
}

void page_model_decommit(struct page_model *model, uint32_t first, uint32_t count)
{
	int32_t expected = find_part(model, first, count);
	int32_t status = quire_vpage_decommit(&model->space.vs, at_page(model, first), count);

	if (failed_below(model, status)) {
		give_up(model, model->page[first].owner);
		return;
	}
	assert_status(status, expected);
	if (!status)
		let_go(model, first, count);
}

void page_model_protect(struct page_model *model, uint32_t first, uint32_t count, uint32_t prot)
{
	int32_t expected = QUIRE_EINVAL, status;

	if (quire_mmu_accepts(&model->space.mmu.mmu, prot))
		expected = find_part(model, first, count);
	if (!expected && held_within(model, first, count) < count)
		expected = QUIRE_EFREE;
	status = quire_vpage_protect(&model->space.vs, at_page(model, first), count, prot);
	if (failed_below(model, status))
		return;
	assert_status(status, expected);
	for (uint32_t page = first; !status && page < first + count; page++)
		model->page[page].prot = prot;
}

/* ---- whole allocations ----------------------------------------------------------------------- */

static int32_t find_whole(const struct page_model *model, uint32_t start)
{
	if (start >= model->pages)
		return QUIRE_EFOREIGN;
	return starts(model, start) ? QUIRE_OK : QUIRE_EFREE;
}

static int32_t can_grow(const struct page_model *model, uint32_t start, uint32_t count)
{
	uint32_t size = page_model_size(model, start), past = end_of(model, start);
	const struct page_model_page *last = &model->page[start + size - 1];
	int32_t status;

	for (uint32_t page = past; page < past + count - size; page++)
		if (!is_free(model, page))
			return QUIRE_ENOVIRT;
	if (!last->held)
		return QUIRE_OK;
	status = afford(model, last->payer, count - size);
	return status ? status : find_frames(model, count - size);
}

static int32_t can_resize(const struct page_model *model, uint32_t start, uint32_t count)
{
	int32_t status = find_whole(model, start);

	if (status)
		return status;
	if (!count)
		return QUIRE_EINVAL;
	if (model->dead[start])
		return QUIRE_EFREE;
	if (count > model->pages)
		return QUIRE_ENOVIRT;
	return count > page_model_size(model, start) ? can_grow(model, start, count) : QUIRE_OK;
}

static void record_growth(struct page_model *model, uint32_t start, uint32_t count)
{
	uint32_t size = page_model_size(model, start), guard = is_guarded(model, start);
	struct page_model_page last = model->page[start + size - 1];

	own(model, start + size, count - size + guard, start);
	model->page[start + count + guard - 1].guard |= guard;
	if (last.held)
		hold(model, start + size, count - size, last.prot, last.payer);
}

static void record_shrinking(struct page_model *model, uint32_t start, uint32_t count)
{
	uint32_t past = end_of(model, start), guard = is_guarded(model, start);

	own(model, start + count, past - start - count, NOBODY);
	own(model, start + count, guard, start);
	model->page[start + count + guard - 1].guard |= guard;
}

void page_model_resize(struct page_model *model, uint32_t start, uint32_t count)
{
	int32_t expected = can_resize(model, start, count);
	int32_t status = quire_vpage_resize(&model->space.vs, at_page(model, start), count);
	uint32_t size = page_model_size(model, start);

	if (failed_below(model, status)) {
		if (count < size)
			give_up(model, start);
		return;
	}
	assert_status(status, expected);
	if (status)
		return;
	if (count > size)
		record_growth(model, start, count);
	else if (count < size)
		record_shrinking(model, start, count);
}

/* Addresses of which a payer lacks some are set aside again as soon as there is room. */
static void learn_aside(struct page_model *model, uint32_t payer)
{
	uint32_t owner = PAGE_MODEL_ASIDE + payer;
	uint32_t start = model->budget[payer].aside_start;

	if (!model->aside[payer])
		return;
	if (model->budget[payer].aside_left < model->aside[payer]) {
		assert_true(longest_but(model, owner) < model->aside[payer]);
		return;
	}
	for (uint32_t page = 0; page < model->pages; page++)
		if (model->page[page].owner == owner)
			own(model, page, 1, NOBODY);
	for (uint32_t page = start; page < start + model->aside[payer]; page++)
		assert_true(is_free(model, page));
	own(model, start, model->aside[payer], owner);
}

/* First for whom it was served, if it was; then who paid for it. */
static void learn_asides(struct page_model *model, uint32_t start, bool served, bool held,
			 uint32_t payer)
{
	for (uint32_t other = 1; served && other < PAGE_MODEL_PAYERS; other++)
		if (model->whose_run[other] == start)
			learn_aside(model, other);
	if (held)
		learn_aside(model, payer);
}

void page_model_free(struct page_model *model, uint32_t start)
{
	int32_t expected = find_whole(model, start), status;
	bool served = start < model->pages && model->space.vs.page[start].own;
	struct page_model_page first;

	for (uint32_t payer = 0; payer < PAGE_MODEL_PAYERS; payer++)
		model->whose_run[payer] = model->budget[payer].aside_start;
	status = quire_vpage_free(&model->space.vs, at_page(model, start));

	if (failed_below(model, status)) {
		give_up(model, start);
		return;
	}
	assert_status(status, expected);
	if (status)
		return;
	first = model->page[start];
	own(model, start, end_of(model, start) - start, NOBODY);
	learn_asides(model, start, served, first.held, first.payer);
}

/* ---- the rest -------------------------------------------------------------------------------- */

void page_model_set_aside(struct page_model *model, uint32_t payer, uint32_t count)
{
	struct quire_budget *budget = &model->budget[payer];
	uint32_t owner = PAGE_MODEL_ASIDE + payer;
	struct page_model_page before[PAGE_MODEL_PAGES];
	int32_t expected = QUIRE_OK, status;

	memcpy(before, model->page, sizeof(before));
	for (uint32_t page = 0; page < model->pages; page++)
		if (model->page[page].owner == owner)
			own(model, page, 1, NOBODY);
	if (!payer || !budget->admitted)
		expected = QUIRE_EINVAL;
	else if (count > longest_free(model))
		expected = QUIRE_ENOVIRT;
	status = quire_vpage_set_aside(&model->space.vs, payer ? budget : NULL, count);
	assert_status(status, expected);
	if (status) {
		memcpy(model->page, before, sizeof(before));
		return;
	}
	model->aside[payer] = count;
	learn_aside(model, payer);
}

void page_model_trim(struct page_model *model)
{
	int32_t status = quire_vspace_trim(&model->space.vs);

	if (failed_below(model, status))
		return;
	assert_ok(status);
	assert_int_equal(test_space_stats(&model->space).retained, 0);
}

/* Whether a guarantee can be given: what it adds to all promises is free. */
static int32_t can_promise(const struct page_model *model, uint32_t payer, size_t guaranteed,
			   size_t limit)
{
	size_t held = held_by(model, payer), others = promised(model);
	size_t unused = guaranteed > held ? guaranteed - held : 0;

	if (!payer || limit < guaranteed)
		return QUIRE_EINVAL;
	others -= unused_guarantee(model, payer);
	if (model->space.mmu.config.unknown)
		return guaranteed ? QUIRE_EINVAL : QUIRE_OK;
	return unused + others > free_pages(model) ? QUIRE_EBUDGET : QUIRE_OK;
}

void page_model_promise(struct page_model *model, uint32_t payer, size_t guaranteed, size_t limit)
{
	struct quire_budget *budget = payer ? &model->budget[payer] : NULL;
	bool admitted = payer && budget->admitted;
	int32_t expected = can_promise(model, payer, guaranteed, limit);

	assert_status(admitted ? quire_vspace_change(&model->space.vs, budget, guaranteed, limit)
			       : quire_vspace_admit(&model->space.vs, budget, guaranteed, limit),
		      expected);
	if (expected)
		return;
	assert_int_equal(budget->guaranteed, guaranteed);
	assert_int_equal(budget->limit, limit);
}

void page_model_dismiss(struct page_model *model, uint32_t payer)
{
	struct quire_budget *budget = payer ? &model->budget[payer] : NULL;
	int32_t expected = QUIRE_OK;

	if (!payer || !budget->admitted)
		expected = QUIRE_EINVAL;
	else if (held_by(model, payer) || model->aside[payer])
		expected = QUIRE_EBUSY;
	assert_status(quire_vspace_dismiss(&model->space.vs, budget), expected);
}
