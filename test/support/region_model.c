/* SPDX-License-Identifier: BSD-3-Clause */
/* region_model: see the header. */
#include <string.h>

#include "support/heap_archive.h"
#include "support/region_model.h"

static size_t round_up(size_t value, size_t to)
{
	return (value + to - 1) / to * to;
}

static size_t at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- pages ----------------------------------------------------------------------------------- */

static bool touches(const struct region_piece *piece, const unsigned char *from, size_t bytes)
{
	return piece->ptr < from + bytes && from < piece->ptr + piece->size;
}

static size_t interim_pages(const struct region_model *model)
{
	size_t pages = 0;

	for (size_t page = 0; page < model->space.mmu.config.pages; page++) {
		bool touched = false;

		for (size_t i = 0; i < model->pieces; i++)
			touched |= model->piece[i].area == QUIRE_INTERIM &&
				   touches(&model->piece[i], test_space_page(&model->space, page),
					   model->page);
		pages += touched;
	}
	return pages;
}

static size_t held(const struct region_model *model)
{
	size_t pages = interim_pages(model);

	for (uint32_t area = 0; area < QUIRE_INTERIM; area++)
		pages += model->arena[area].committed / model->page;
	return pages;
}

static size_t frames(const struct region_model *model)
{
	return model->space.mmu.config.frames;
}

/* Pages that the region may still have; the region is the only payer. */
static size_t allowance(const struct region_model *model)
{
	size_t limit = model->budget.limit;

	return at_most(limit > held(model) ? limit - held(model) : 0, frames(model) - held(model));
}

static int32_t refusal(const struct region_model *model, size_t pages)
{
	if (held(model) <= model->budget.limit && pages > model->budget.limit - held(model))
		return QUIRE_EBUDGET;
	return pages > frames(model) - held(model) ? QUIRE_ENOPHYS : QUIRE_EBUDGET;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void check_pieces(const struct region_model *model)
{
	for (size_t i = 0; i < model->pieces; i++) {
		const struct region_piece *piece = &model->piece[i];

		test_assert_filled(piece->ptr, piece->size, piece->owner);
		assert_int_equal(test_mmu_prot(&model->space.mmu, piece->ptr),
				 model->prot[piece->area]);
		if (piece->area == QUIRE_INTERIM)
			assert_true(quire_vregion_usable_size(model->vr, piece->ptr) >=
				    piece->size);
	}
}

void region_model_check(struct region_model *model)
{
	struct quire_vregion_info info;

	test_space_check(&model->space);
	test_storage_check(&model->in.storage);
	assert_sound(quire_vregion_check(model->vr));
	quire_vregion_info(model->vr, &info);
	assert_int_equal(info.users, model->users);
	assert_int_equal(info.sealed, model->sealed);
	assert_int_equal(info.committed, held(model) * model->page);
	assert_int_equal(model->budget.used, held(model));
	for (uint32_t area = 0; area < QUIRE_INTERIM; area++) {
		assert_int_equal(info.area[area].used, model->arena[area].used);
		assert_int_equal(info.area[area].committed, model->arena[area].committed);
		assert_int_equal(info.area[area].prot, model->prot[area]);
	}
	assert_int_equal(info.area[QUIRE_INTERIM].committed, interim_pages(model) * model->page);
	check_pieces(model);
	assert_int_equal(model->space.observer.under_lock, 0);
}

/* ---- beginning and end ----------------------------------------------------------------------- */

/* The areas as they are laid out: text, shared, lifetime, each on a page. */
static void learn_areas(struct region_model *model)
{
	const size_t bytes[] = { model->config.text, model->config.shared, model->config.lifetime };
	struct quire_vregion_info info;
	unsigned char *base;

	quire_vregion_info(model->vr, &info);
	base = info.base;
	for (uint32_t area = 0; area < QUIRE_INTERIM; area++) {
		struct region_arena *arena = &model->arena[area];

		arena->base = base;
		arena->bytes = round_up(bytes[area], model->page);
		arena->newest = SIZE_MAX;
		base += arena->bytes;
	}
	assert_int_equal(info.size, (size_t)(base - (unsigned char *)info.base) +
					    round_up(model->config.interim, model->page));
}

void region_model_open(struct region_model *model, const struct test_space_config *space,
		       const struct quire_vregion_config *config, size_t guaranteed, size_t limit)
{
	memset(model, 0, sizeof(*model));
	test_space_init(&model->space, space);
	assert_ok(quire_vspace_admit(&model->space.vs, &model->budget, guaranteed, limit));
	model->config = *config;
	model->config.budget = &model->budget;
	model->vr = test_region_init(&model->in, &model->space, &model->config);
	assert_non_null(model->vr);
	model->page = model->space.mmu.config.page_size;
	model->unit = config->unit ? config->unit : model->space.mmu.config.cache_line;
	model->users = 1;
	for (uint32_t area = 0; area < QUIRE_AREAS; area++)
		model->prot[area] = config->prot[area] ? config->prot[area] : QUIRE_RW;
	learn_areas(model);
}

void region_model_close(struct region_model *model)
{
	struct quire_vregion_info info;
	int32_t status;

	while (model->users > 1)
		region_model_put(model);
	status = quire_vregion_put(model->vr);
	if (status) {
		assert_status(status, QUIRE_EDRIVER);
		assert_true(test_mmu_struck(&model->space.mmu));
		quire_vregion_info(model->vr, &info);
		assert_int_equal(info.users, 1);
		assert_status(quire_vregion_seal(model->vr), QUIRE_ESTATE);
		assert_ok(quire_vregion_put(model->vr));
	}
	test_mmu_heal(&model->space.mmu);
	test_region_fini(&model->in);
	assert_ok(quire_vspace_dismiss(&model->space.vs, &model->budget));
	test_space_fini(&model->space);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static void remember(struct region_model *model, unsigned char *ptr, size_t size,
		     enum quire_area area)
{
	struct region_piece *piece = &model->piece[model->pieces];

	assert_true(quire_vregion_contains(model->vr, ptr));
	assert_true(quire_vregion_contains(model->vr, ptr + size - 1));
	for (size_t i = 0; i < model->pieces; i++)
		assert_false(touches(&model->piece[i], ptr, size));
	*piece = (struct region_piece){ ptr, size, ++model->owners, area };
	test_fill(ptr, size, piece->owner);
	model->pieces++;
}

static void forget(struct region_model *model, size_t index)
{
	model->piece[index] = model->piece[--model->pieces];
}

static bool failed_below(struct region_model *model, int32_t status)
{
	bool struck = test_mmu_struck(&model->space.mmu);

	if (status == QUIRE_EDRIVER)
		assert_true(struck);
	return struck && (status == QUIRE_EDRIVER || status == QUIRE_ENOPHYS);
}

/* ---- what an area must grant ----------------------------------------------------------------- */

static size_t clip(const struct quire_request *request, size_t room)
{
	size_t min = request->min ? request->min : request->size;
	size_t size = at_most(request->size, room);

	return size < min ? 0 : size - (size - min) % (request->step ? request->step : 1);
}

/* From this offset of an area on. */
static int32_t grant_from(const struct region_model *model, const struct region_arena *arena,
			  const struct quire_request *request, size_t offset, size_t *granted)
{
	size_t min = request->min ? request->min : request->size;
	size_t most = arena->committed + allowance(model) * model->page;

	if (offset >= arena->bytes || !clip(request, arena->bytes - offset))
		return QUIRE_ENOVIRT;
	*granted = clip(request, arena->bytes - offset);
	if (offset + *granted <= arena->committed || offset + *granted <= most)
		return QUIRE_OK;
	*granted = most > offset ? clip(request, most - offset) : 0;
	if (*granted)
		return QUIRE_OK;
	return refusal(model,
		       (round_up(offset + min, model->page) - arena->committed) / model->page);
}

static bool makes_sense(const struct quire_request *request)
{
	return request->size && request->min <= request->size && request->size <= SIZE_MAX / 2 &&
	       (request->align & (request->align - 1)) == 0;
}

static int32_t expect_of_arena(const struct region_model *model, enum quire_area area,
			       const struct quire_request *request, size_t *granted)
{
	const struct region_arena *arena = &model->arena[area];
	size_t align = request->align ? request->align : model->unit;
	size_t line = model->space.mmu.config.cache_line;
	uintptr_t start = (uintptr_t)arena->base + arena->used;
	int32_t status;

	if (model->space.mmu.config.not_coherent && align < line)
		align = line;
	*granted = 0;
	if (!makes_sense(request))
		return QUIRE_EINVAL;
	if (model->sealed)
		return QUIRE_ESTATE;
	if (!arena->bytes)
		return QUIRE_ENOVIRT;
	status = grant_from(model, arena, request, round_up(start, align) - (uintptr_t)arena->base,
			    granted);
	if (status)
		*granted = 0;
	return status;
}

/* What is sure to be found between two pieces: a place for each that is free, unit by unit. */
static bool fits_in_interim(const struct region_model *model, const unsigned char *base,
			    size_t bytes, size_t size, size_t align)
{
	for (size_t at = 0; at + size <= bytes; at += model->unit) {
		bool is_free = (uintptr_t)(base + at) % (align ? align : 1) == 0;

		for (size_t i = 0; i < model->pieces; i++)
			is_free &= model->piece[i].area != QUIRE_INTERIM ||
				   !touches(&(struct region_piece){ model->piece[i].ptr,
								    round_up(model->piece[i].size,
									     model->unit),
								    0, QUIRE_INTERIM },
					    base + at, size);
		if (is_free)
			return true;
	}
	return false;
}

static int32_t interim_state(const struct region_model *model)
{
	struct quire_vregion_info info;

	quire_vregion_info(model->vr, &info);
	if (model->config.flags & QUIRE_VREGION_LAZY && !model->sealed)
		return QUIRE_ESTATE;
	return info.area[QUIRE_INTERIM].base ? QUIRE_OK : QUIRE_ENOVIRT;
}

/* QUIRE_OK: it must be granted at least its minimum. 1: it may be refused for want of pages. */
static int32_t expect_of_interim(const struct region_model *model,
				 const struct quire_request *request)
{
	size_t min = request->min ? request->min : request->size;
	struct quire_vregion_info info;
	int32_t status;

	status = makes_sense(request) ? interim_state(model) : QUIRE_EINVAL;
	if (status)
		return status;
	quire_vregion_info(model->vr, &info);
	if (!fits_in_interim(model, info.area[QUIRE_INTERIM].base, info.area[QUIRE_INTERIM].size,
			     min, request->align))
		return QUIRE_ENOVIRT;
	return min / model->page + 2 > allowance(model) ? 1 : QUIRE_OK;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static void record_in_arena(struct region_model *model, enum quire_area area,
			    const unsigned char *ptr, size_t size)
{
	struct region_arena *arena = &model->arena[area];
	size_t offset = (size_t)(ptr - arena->base);

	assert_true(offset >= arena->used);
	arena->newest = offset;
	arena->used = offset + size;
	if (round_up(arena->used, model->page) > arena->committed)
		arena->committed = round_up(arena->used, model->page);
}

static void judge(struct region_model *model, enum quire_area area,
		  const struct quire_request *request, int32_t expected, size_t granted)
{
	if (area != QUIRE_INTERIM) {
		assert_status(request->why, expected);
		assert_int_equal(request->granted, granted);
	} else if (!request->why) {
		assert_true(expected == QUIRE_OK || expected == 1);
		assert_true(request->granted >= (request->min ? request->min : request->size));
	} else if (expected != 1) {
		assert_true(expected != QUIRE_OK);
		if (request->size / model->page + 2 <=
		    allowance(model)) /* else both may be missing */
			assert_status(request->why, expected);
	}
}

void region_model_request(struct region_model *model, enum quire_area area,
			  struct quire_request *request)
{
	size_t granted = 0, fits;
	struct quire_request copy = *request;
	int32_t expected = area == QUIRE_INTERIM ? expect_of_interim(model, request)
						 : expect_of_arena(model, area, request, &granted);
	unsigned char *ptr;

	if (model->pieces == REGION_MODEL_PIECES)
		return;
	fits = quire_vregion_would_fit(model->vr, area, &copy);
	ptr = quire_vregion_request(model->vr, area, request);
	assert_int_equal(ptr != NULL, request->why == QUIRE_OK);
	assert_int_equal(request->granted != 0, request->why == QUIRE_OK);
	if (failed_below(model, request->why))
		return;
	assert_int_equal(request->granted, fits);
	if (!makes_sense(request)) { /* of two reasons either may be told */
		assert_null(ptr);
		return;
	}
	assert_status(request->why, copy.why);
	judge(model, area, request, expected, granted);
	if (!ptr)
		return;
	if (request->align)
		assert_int_equal((uintptr_t)ptr % request->align, 0);
	if (area != QUIRE_INTERIM)
		record_in_arena(model, area, ptr, request->granted);
	remember(model, ptr, request->granted, area);
}

static int32_t expect_of_resize(struct region_model *model, const struct region_piece *piece,
				const struct quire_request *request, size_t *granted)
{
	struct region_arena *arena = &model->arena[piece->area];
	size_t offset = (size_t)(piece->ptr - arena->base);

	if (model->sealed)
		return QUIRE_ESTATE;
	if (offset != arena->newest)
		return QUIRE_EFREE;
	return grant_from(model, arena, request, offset, granted);
}

/* What an interim piece can become: it is given back by name if the driver failed in the middle. */
static void resize_interim(struct region_model *model, size_t index, size_t min, size_t preferred)
{
	struct region_piece *piece = &model->piece[index];
	size_t granted = 1;
	int32_t status = quire_vregion_resize(model->vr, piece->ptr, min, preferred, &granted);

	assert_int_equal(granted != 0, status == QUIRE_OK);
	if (failed_below(model, status)) {
		if (preferred < piece->size) {
			assert_ok(quire_vregion_free(model->vr, piece->ptr));
			forget(model, index);
		}
		return;
	}
	if (status) {
		assert_true(min > piece->size);
		return;
	}
	assert_true(granted >= min);
	test_assert_filled(piece->ptr, at_most(granted, piece->size), piece->owner);
	piece->size = granted;
	piece->owner = ++model->owners;
	test_fill(piece->ptr, piece->size, piece->owner);
}

void region_model_resize(struct region_model *model, size_t index, size_t min, size_t preferred)
{
	struct region_piece *piece = &model->piece[index];
	struct quire_request request = { .size = preferred, .min = min };
	size_t expected_size = 0, granted = 1;
	int32_t expected, status;

	if (piece->area == QUIRE_INTERIM) {
		resize_interim(model, index, min, preferred);
		return;
	}
	expected = expect_of_resize(model, piece, &request, &expected_size);
	status = quire_vregion_resize(model->vr, piece->ptr, min, preferred, &granted);
	if (failed_below(model, status))
		return;
	assert_status(status, expected);
	assert_int_equal(granted, status ? 0 : expected_size);
	if (status)
		return;
	test_assert_filled(piece->ptr, at_most(granted, piece->size), piece->owner);
	model->arena[piece->area].used = model->arena[piece->area].newest;
	record_in_arena(model, piece->area, piece->ptr, granted);
	piece->size = granted;
	piece->owner = ++model->owners;
	test_fill(piece->ptr, piece->size, piece->owner);
}

void region_model_free(struct region_model *model, size_t index)
{
	struct region_piece piece = model->piece[index];
	struct region_arena *arena = &model->arena[piece.area];
	int32_t status = quire_vregion_free(model->vr, piece.ptr);

	if (failed_below(model, status))
		status = quire_vregion_free(model->vr, piece.ptr);
	assert_ok(status);
	forget(model, index);
	if (piece.area == QUIRE_INTERIM) {
		assert_status(quire_vregion_free(model->vr, piece.ptr), QUIRE_EFREE);
	} else if (!model->sealed && (size_t)(piece.ptr - arena->base) == arena->newest) {
		arena->used = arena->newest;
		arena->newest = SIZE_MAX;
	}
}

void region_model_protect(struct region_model *model, enum quire_area area, uint32_t prot)
{
	bool valid = quire_mmu_accepts(&model->space.mmu.mmu, prot);
	int32_t status = quire_vregion_protect(model->vr, area, prot);

	if (failed_below(model, status))
		return;
	assert_status(status, valid ? QUIRE_OK : QUIRE_EINVAL);
	if (valid)
		model->prot[area] = prot;
}

/* A lazy region gives the pages back that lifetime has but does not use; if they cannot be unmapped
 * they stay with it. */
void region_model_seal(struct region_model *model)
{
	struct region_arena *lifetime = &model->arena[QUIRE_LIFETIME];
	bool splits = !model->sealed && model->config.flags & QUIRE_VREGION_LAZY;
	size_t used = round_up(lifetime->used, model->page);
	struct quire_vregion_info info;

	assert_ok(quire_vregion_seal(model->vr));
	model->sealed = true;
	if (!splits)
		return;
	quire_vregion_info(model->vr, &info);
	if (info.area[QUIRE_LIFETIME].committed != used) {
		assert_true(test_mmu_struck(&model->space.mmu));
		used = lifetime->committed;
	}
	lifetime->bytes = lifetime->committed = used;
}

void region_model_reset(struct region_model *model)
{
	int32_t status = quire_vregion_reset_interim(model->vr);

	if (failed_below(model, status))
		status = quire_vregion_reset_interim(model->vr);
	assert_ok(status);
	for (size_t index = model->pieces; index-- > 0;)
		if (model->piece[index].area == QUIRE_INTERIM)
			forget(model, index);
}

void region_model_get(struct region_model *model)
{
	assert_ptr_equal(quire_vregion_get(model->vr), model->vr);
	model->users++;
}

void region_model_put(struct region_model *model)
{
	if (model->users == 1)
		return;
	assert_ok(quire_vregion_put(model->vr));
	model->users--;
}

void region_model_sleep(struct region_model *model, size_t cut)
{
	struct heap_archive archive;
	struct quire_request request = { .size = 1 };
	size_t whole;

	test_mmu_heal(&model->space.mmu);
	heap_archive_init(&archive, 1 << 16);
	assert_ok(quire_vregion_save(model->vr, &archive.archive));
	assert_int_equal(model->space.mmu.mapped, test_space_stats(&model->space).retained);
	assert_null(quire_vregion_request(model->vr, QUIRE_LIFETIME, &request));
	assert_status(request.why, QUIRE_ESTATE);
	whole = archive.bytes;
	if (cut < whole) {
		archive.bytes = cut;
		heap_archive_rewind(&archive);
		assert_true(quire_vregion_restore(model->vr, &archive.archive) != QUIRE_OK);
		archive.bytes = whole;
	}
	heap_archive_rewind(&archive);
	assert_ok(quire_vregion_restore(model->vr, &archive.archive));
	heap_archive_free(&archive);
}
