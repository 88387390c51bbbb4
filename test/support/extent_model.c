/* SPDX-License-Identifier: BSD-3-Clause */
/* extent_model: see the header. Everything is recounted unit by unit from the array of owners. */
#include <stdlib.h>
#include <string.h>

#include "support/extent_model.h"

/* ---- the model ------------------------------------------------------------------------------- */

size_t extent_model_storage(uint32_t units, enum quire_extents_precision precision)
{
	return precision == QUIRE_EXACT ? QUIRE_EXTENTS_STORAGE_EXACT(units)
					: QUIRE_EXTENTS_STORAGE(units);
}

void extent_model_open(struct extent_model *model, uint32_t units,
		       enum quire_extents_precision precision)
{
	model->units = units;
	model->precision = precision;
	test_storage_init(&model->storage, extent_model_storage(units, precision), NULL);
	model->owner = malloc(units * sizeof(*model->owner));
	assert_non_null(model->owner);
	for (uint32_t unit = 0; unit < units; unit++)
		model->owner[unit] = QUIRE_NOWHERE;
	assert_ok(quire_extents_init(&model->set, units, precision, model->storage.memory,
				     model->storage.bytes));
	assert_sound(quire_extents_check(&model->set));
}

void extent_model_close(struct extent_model *model)
{
	test_storage_fini(&model->storage);
	free(model->owner);
}

bool extent_model_is_free(const struct extent_model *model, uint32_t unit)
{
	return model->owner[unit] == QUIRE_NOWHERE;
}

bool extent_model_starts_live(const struct extent_model *model, uint32_t unit)
{
	return unit < model->units && model->owner[unit] == unit;
}

/* One past the run, live or free, that holds this unit. */
static uint32_t end_of_run(const struct extent_model *model, uint32_t unit)
{
	uint32_t owner = model->owner[unit];

	while (unit < model->units && model->owner[unit] == owner)
		unit++;
	return unit;
}

uint32_t extent_model_size(const struct extent_model *model, uint32_t start)
{
	return extent_model_starts_live(model, start) ? end_of_run(model, start) - start : 0;
}

uint32_t extent_model_room(const struct extent_model *model, uint32_t start)
{
	uint32_t past;

	if (!extent_model_starts_live(model, start))
		return 0;
	past = end_of_run(model, start);
	if (past < model->units && extent_model_is_free(model, past))
		past = end_of_run(model, past);
	return past - start;
}

static uint32_t model_longest(const struct extent_model *model)
{
	uint32_t longest = 0;

	for (uint32_t unit = 0, past; unit < model->units; unit = past) {
		past = end_of_run(model, unit);
		if (extent_model_is_free(model, unit) && past - unit > longest)
			longest = past - unit;
	}
	return longest;
}

/* The shortest free run of at least this length; 0 if there is none. */
static uint32_t model_best_fit(const struct extent_model *model, uint32_t count)
{
	uint32_t best = 0;

	for (uint32_t unit = 0, past; unit < model->units; unit = past) {
		past = end_of_run(model, unit);
		if (extent_model_is_free(model, unit) && past - unit >= count &&
		    (!best || past - unit < best))
			best = past - unit;
	}
	return best;
}

/* Length of the run, live or free, that holds this unit. */
static uint32_t model_length_around(const struct extent_model *model, uint32_t unit)
{
	uint32_t start = unit;

	while (start && model->owner[start - 1] == model->owner[unit])
		start--;
	return end_of_run(model, unit) - start;
}

static void model_set(struct extent_model *model, uint32_t start, uint32_t past, uint32_t owner)
{
	for (uint32_t unit = start; unit < past; unit++)
		model->owner[unit] = owner;
}

/* The first unit of a free run at which so many lie as the wish says; QUIRE_NOWHERE if none does. */
static uint32_t place_in_run(const struct extent_model *model, uint32_t start, uint32_t count,
			     const struct quire_extent_wish *wish)
{
	uint32_t align = wish->align ? wish->align : 1;
	uint32_t past = end_of_run(model, start);
	uint32_t at = start + (0u - start - wish->phase) % align;

	return at < past && past - at >= count ? at : QUIRE_NOWHERE;
}

/* Whether a place is among the runs that are sure to be looked at: of those long enough there are no
 * more than the header says. */
static bool is_looked_at(const struct extent_model *model, uint32_t count,
			 const struct quire_extent_wish *wish)
{
	uint32_t runs = 0;
	bool found = false;

	for (uint32_t unit = 0; unit < model->units; unit = end_of_run(model, unit)) {
		if (!extent_model_is_free(model, unit) || end_of_run(model, unit) - unit < count)
			continue;
		runs++;
		found |= place_in_run(model, unit, count, wish) != QUIRE_NOWHERE;
	}
	return found && runs <= 16 &&
	       (model->precision == QUIRE_EXACT || count <= QUIRE_EXTENTS_EXACT_UNITS);
}

/* Whether the header promises so many units to this wish. */
static bool must_succeed(const struct extent_model *model, uint32_t count,
			 const struct quire_extent_wish *wish)
{
	uint64_t needed = (uint64_t)count + (wish->align ? wish->align : 1) - 1;
	uint64_t longest = model_longest(model);

	if (is_looked_at(model, count, wish))
		return true;
	if (model->precision == QUIRE_EXACT || needed <= QUIRE_EXTENTS_EXACT_UNITS)
		return longest >= needed;
	return longest * 8 >= needed * 9;
}

static bool makes_sense(const struct quire_extent_wish *wish)
{
	uint32_t align = wish->align ? wish->align : 1;

	return wish->min && wish->preferred >= wish->min && (align & (align - 1)) == 0 &&
	       wish->phase < align;
}

static uint32_t clip(const struct quire_extent_wish *wish, uint32_t room)
{
	uint32_t step = wish->step ? wish->step : 1;

	if (room > wish->preferred)
		room = wish->preferred;
	return room < wish->min ? 0 : room - (room - wish->min) % step;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void compare_runs(const struct extent_model *model)
{
	struct quire_extent run;
	uint32_t unit = 0, live = 0, free_units = 0;

	for (; quire_extents_next(&model->set, unit, &run); unit = run.start + run.count) {
		assert_int_equal(run.start, unit);
		assert_int_equal(run.count, end_of_run(model, unit) - unit);
		assert_int_equal(run.live, !extent_model_is_free(model, unit));
		live += run.live;
		free_units += run.live ? 0 : run.count;
	}
	assert_int_equal(unit, model->units);
	assert_int_equal(quire_extents_live(&model->set), live);
	assert_int_equal(quire_extents_free_units(&model->set), free_units);
}

void extent_model_check_unit(const struct extent_model *model, uint32_t unit)
{
	struct quire_extent run;

	assert_int_equal(quire_extents_owner_of(&model->set, unit), model->owner[unit]);
	assert_int_equal(quire_extents_size(&model->set, unit), extent_model_size(model, unit));
	assert_int_equal(quire_extents_room(&model->set, unit), extent_model_room(model, unit));
	assert_true(quire_extents_next(&model->set, unit, &run));
	assert_in_range(unit, run.start, run.start + run.count - 1);
}

static void compare_largest(const struct extent_model *model)
{
	uint64_t longest = model_longest(model);
	uint64_t told = quire_extents_largest(&model->set);

	assert_true(told <= longest);
	if (model->precision == QUIRE_EXACT || longest <= QUIRE_EXTENTS_EXACT_UNITS)
		assert_int_equal(told, longest);
	else
		assert_true(told * 8 > longest * 7);
}

void extent_model_check_runs(const struct extent_model *model)
{
	assert_sound(quire_extents_check(&model->set));
	compare_runs(model);
	compare_largest(model);
}

void extent_model_check(const struct extent_model *model)
{
	extent_model_check_runs(model);
	for (uint32_t unit = 0; unit < model->units; unit++)
		extent_model_check_unit(model, unit);
}

/* ---- one call at a time ---------------------------------------------------------------------- */

/* A search must not only leave the set as it was in effect but to the byte. */
static uint32_t would_take(struct extent_model *model, const struct quire_extent_wish *wish,
			   uint32_t *granted)
{
	struct quire_extents before = model->set;
	unsigned char *bytes = malloc(model->storage.bytes);
	uint32_t at;

	assert_non_null(bytes);
	memcpy(bytes, model->storage.memory, model->storage.bytes);
	at = quire_extents_would_take(&model->set, wish, granted);
	assert_memory_equal(bytes, model->storage.memory, model->storage.bytes);
	assert_memory_equal(&before, &model->set, sizeof(before));
	free(bytes);
	return at;
}

static void check_refusal(struct extent_model *model, const struct quire_extent_wish *wish)
{
	uint32_t align = wish->align ? wish->align : 1;

	if (!makes_sense(wish))
		return;
	assert_false(must_succeed(model, wish->min, wish));
	if (align == 1)
		assert_true(wish->min > quire_extents_largest(&model->set));
}

static void check_granted(struct extent_model *model, const struct quire_extent_wish *wish,
			  uint32_t longest, uint32_t largest, uint32_t granted)
{
	uint32_t align = wish->align ? wish->align : 1;
	uint32_t step = wish->step ? wish->step : 1;

	assert_in_range(granted, wish->min, wish->preferred);
	assert_int_equal((granted - wish->min) % step, 0);
	if (model->precision == QUIRE_EXACT && align == 1)
		assert_int_equal(granted, clip(wish, longest));
	if (largest >= align)
		assert_true(granted >= clip(wish, largest - align + 1));
}

/* Where every length has a class of its own, the shortest run that will do is the one to take. (A
 * range that gets less than it prefers comes from the longest.) */
static void check_best_fit(const struct extent_model *model, uint32_t at, uint32_t granted)
{
	uint32_t best = model_best_fit(model, granted);

	if (model->precision == QUIRE_EXACT || best <= QUIRE_EXTENTS_EXACT_UNITS)
		assert_int_equal(model_length_around(model, at), best);
}

/* Take what the wish says and judge the answer. @return the first unit, or QUIRE_NOWHERE */
uint32_t extent_model_take(struct extent_model *model, struct quire_extent_wish wish)
{
	uint32_t longest = model_longest(model), largest = quire_extents_largest(&model->set);
	uint32_t granted = 77, foretold = 77;
	bool sure = makes_sense(&wish) && must_succeed(model, clip(&wish, wish.preferred), &wish);
	uint32_t expected = would_take(model, &wish, &foretold);
	uint32_t at = quire_extents_take(&model->set, &wish, &granted);

	assert_int_equal(at, expected);
	assert_int_equal(granted, foretold);
	if (at == QUIRE_NOWHERE) {
		assert_int_equal(granted, 0);
		check_refusal(model, &wish);
		return at;
	}
	assert_true(makes_sense(&wish));
	assert_true(at < model->units && granted <= model->units - at);
	assert_int_equal((at + wish.phase) % (wish.align ? wish.align : 1), 0);
	for (uint32_t unit = at; unit < at + granted; unit++)
		assert_true(extent_model_is_free(model, unit));
	check_granted(model, &wish, longest, largest, granted);
	if (sure)
		assert_int_equal(granted, clip(&wish, wish.preferred));
	if (wish.align <= 1 && granted == clip(&wish, wish.preferred))
		check_best_fit(model, at, granted);
	model_set(model, at, at + granted, at);
	return at;
}

/* Where the lowest run is that a bounded look from the word of *from on may take. */
static uint32_t model_low(const struct extent_model *model, const struct quire_extent_wish *wish,
			  uint32_t from)
{
	uint32_t runs = 0;
	uint32_t unit = from - from % QUIRE_WORD_BITS_, past = unit + QUIRE_EXTENTS_LOW_UNITS;

	if (!makes_sense(wish) || from >= model->units)
		return QUIRE_NOWHERE;
	while (unit && unit < model->units && extent_model_is_free(model, unit) &&
	       extent_model_is_free(model, unit - 1))
		unit++; /* began before: not looked at */
	for (; unit < model->units && unit < past; unit = end_of_run(model, unit)) {
		uint32_t at = place_in_run(model, unit, wish->min, wish);

		if (!extent_model_is_free(model, unit))
			continue;
		if (runs++ == QUIRE_EXTENTS_LOW_RUNS)
			break;
		if (end_of_run(model, unit) < model->units && at != QUIRE_NOWHERE)
			return at;
	}
	return QUIRE_NOWHERE;
}

void extent_model_take_low(struct extent_model *model, struct quire_extent_wish wish, uint32_t from)
{
	uint32_t cursor = from, expected = model_low(model, &wish, from);
	uint32_t at = quire_extents_take_low(&model->set, &wish, &cursor);

	assert_int_equal(at, expected);
	assert_true(cursor >= from - from % QUIRE_WORD_BITS_);
	if (at == QUIRE_NOWHERE)
		return;
	assert_true(cursor <= at);
	model_set(model, at, at + wish.min, at);
}

void extent_model_free(struct extent_model *model, uint32_t start)
{
	int32_t expected = extent_model_starts_live(model, start) ? QUIRE_OK
			   : start < model->units                 ? QUIRE_EFREE
								  : QUIRE_EFOREIGN;

	assert_status(quire_extents_free(&model->set, start), expected);
	if (!expected)
		model_set(model, start, end_of_run(model, start), QUIRE_NOWHERE);
}

void extent_model_resize(struct extent_model *model, uint32_t start, uint32_t count)
{
	uint32_t room = extent_model_room(model, start), size = extent_model_size(model, start);
	int32_t expected = start >= model->units ? QUIRE_EFOREIGN
			   : !size               ? QUIRE_EFREE
			   : !count              ? QUIRE_EINVAL
			   : count > room        ? QUIRE_ENOVIRT
						 : QUIRE_OK;

	assert_status(quire_extents_resize(&model->set, start, count), expected);
	if (expected)
		return;
	model_set(model, start, start + size, QUIRE_NOWHERE);
	model_set(model, start, start + count, start);
}

void extent_model_take_at(struct extent_model *model, uint32_t start, uint32_t count)
{
	int32_t expected = QUIRE_OK;

	if (!count || start >= model->units || count > model->units - start)
		expected = QUIRE_EINVAL;
	for (uint32_t i = 0; i < count && !expected; i++)
		if (!extent_model_is_free(model, start + i))
			expected = QUIRE_ENOVIRT;
	assert_status(quire_extents_alloc_at(&model->set, start, count), expected);
	if (!expected)
		model_set(model, start, start + count, start);
}
