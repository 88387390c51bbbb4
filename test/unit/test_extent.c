/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * extent: every function against a model that is obviously right, an array that names the owner
 * of every unit. Random programs of all calls run over windows and lengths on either side of each
 * word and octave boundary; after each call the set checks itself, and what it tells is compared
 * with the model. A refusal is a failure of the test if the header promises that the request
 * succeeds.
 */
#include <stdlib.h>
#include <string.h>

#include "quire/extent.h"

#include "support/random.h"
#include "support/storage.h"
#include "support/test.h"

static const uint32_t windows[] = { 1,  2,  3,  31,  32,  33,  62,   63,
				    64, 65, 66, 127, 128, 129, 1000, 8192 };
static const enum quire_extents_precision precisions[] = { QUIRE_COMPACT, QUIRE_EXACT };

/* ---- the model ------------------------------------------------------------------------------- */

struct world {
	struct quire_extents set;
	struct test_storage storage;
	enum quire_extents_precision precision;
	uint32_t units;
	uint32_t *owner; /* per unit: the first unit of its live run, QUIRE_NOWHERE if free */
	struct test_random random;
};

static size_t storage_bytes(uint32_t units, enum quire_extents_precision precision)
{
	return precision == QUIRE_EXACT ? QUIRE_EXTENTS_STORAGE_EXACT(units)
					: QUIRE_EXTENTS_STORAGE(units);
}

static void begin(struct world *world, uint32_t units, enum quire_extents_precision precision)
{
	world->units = units;
	world->precision = precision;
	world->random = test_random_seeded(units * 2u + (uint32_t)precision);
	test_storage_init(&world->storage, storage_bytes(units, precision), NULL);
	world->owner = malloc(units * sizeof(*world->owner));
	assert_non_null(world->owner);
	for (uint32_t unit = 0; unit < units; unit++)
		world->owner[unit] = QUIRE_NOWHERE;
	assert_ok(quire_extents_init(&world->set, units, precision, world->storage.memory,
				     world->storage.bytes));
	assert_sound(quire_extents_check(&world->set));
}

static void end(struct world *world)
{
	test_storage_fini(&world->storage);
	free(world->owner);
}

static bool is_free(const struct world *world, uint32_t unit)
{
	return world->owner[unit] == QUIRE_NOWHERE;
}

static bool starts_live(const struct world *world, uint32_t unit)
{
	return unit < world->units && world->owner[unit] == unit;
}

/* One past the run, live or free, that holds this unit. */
static uint32_t model_end(const struct world *world, uint32_t unit)
{
	uint32_t owner = world->owner[unit];

	while (unit < world->units && world->owner[unit] == owner)
		unit++;
	return unit;
}

static uint32_t model_size(const struct world *world, uint32_t start)
{
	return starts_live(world, start) ? model_end(world, start) - start : 0;
}

static uint32_t model_room(const struct world *world, uint32_t start)
{
	uint32_t past;

	if (!starts_live(world, start))
		return 0;
	past = model_end(world, start);
	if (past < world->units && is_free(world, past))
		past = model_end(world, past);
	return past - start;
}

static uint32_t model_longest(const struct world *world)
{
	uint32_t longest = 0;

	for (uint32_t unit = 0, past; unit < world->units; unit = past) {
		past = model_end(world, unit);
		if (is_free(world, unit) && past - unit > longest)
			longest = past - unit;
	}
	return longest;
}

/* The shortest free run of at least this length; 0 if there is none. */
static uint32_t model_best_fit(const struct world *world, uint32_t count)
{
	uint32_t best = 0;

	for (uint32_t unit = 0, past; unit < world->units; unit = past) {
		past = model_end(world, unit);
		if (is_free(world, unit) && past - unit >= count && (!best || past - unit < best))
			best = past - unit;
	}
	return best;
}

/* Length of the run, live or free, that holds this unit. */
static uint32_t model_length_around(const struct world *world, uint32_t unit)
{
	uint32_t start = unit;

	while (start && world->owner[start - 1] == world->owner[unit])
		start--;
	return model_end(world, unit) - start;
}

static void model_set(struct world *world, uint32_t start, uint32_t past, uint32_t owner)
{
	for (uint32_t unit = start; unit < past; unit++)
		world->owner[unit] = owner;
}

/* The longest count that a run of this length is promised to serve, however it is aligned. */
static bool must_succeed(const struct world *world, uint32_t count, uint32_t align)
{
	uint64_t needed = (uint64_t)count + (align ? align : 1) - 1;
	uint64_t longest = model_longest(world);

	if (world->precision == QUIRE_EXACT || needed <= QUIRE_EXTENTS_EXACT_UNITS)
		return longest >= needed;
	return longest * 8 >= needed * 9;
}

static uint32_t clip(const struct quire_extent_wish *wish, uint32_t room)
{
	uint32_t step = wish->step ? wish->step : 1;

	if (room > wish->preferred)
		room = wish->preferred;
	return room < wish->min ? 0 : room - (room - wish->min) % step;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void compare_runs(const struct world *world)
{
	struct quire_extent run;
	uint32_t unit = 0, live = 0, free_units = 0;

	for (; quire_extents_next(&world->set, unit, &run); unit = run.start + run.count) {
		assert_int_equal(run.start, unit);
		assert_int_equal(run.count, model_end(world, unit) - unit);
		assert_int_equal(run.live, !is_free(world, unit));
		live += run.live;
		free_units += run.live ? 0 : run.count;
	}
	assert_int_equal(unit, world->units);
	assert_int_equal(quire_extents_live(&world->set), live);
	assert_int_equal(quire_extents_free_units(&world->set), free_units);
}

static void compare_unit(const struct world *world, uint32_t unit)
{
	struct quire_extent run;

	assert_int_equal(quire_extents_owner_of(&world->set, unit), world->owner[unit]);
	assert_int_equal(quire_extents_size(&world->set, unit), model_size(world, unit));
	assert_int_equal(quire_extents_room(&world->set, unit), model_room(world, unit));
	assert_true(quire_extents_next(&world->set, unit, &run));
	assert_in_range(unit, run.start, run.start + run.count - 1);
}

static void compare_largest(const struct world *world)
{
	uint64_t longest = model_longest(world);
	uint64_t told = quire_extents_largest(&world->set);

	assert_true(told <= longest);
	if (world->precision == QUIRE_EXACT || longest <= QUIRE_EXTENTS_EXACT_UNITS)
		assert_int_equal(told, longest);
	else
		assert_true(told * 8 > longest * 7);
}

/* All that the set tells about every unit. */
static void compare_all(const struct world *world)
{
	compare_runs(world);
	compare_largest(world);
	for (uint32_t unit = 0; unit < world->units; unit++)
		compare_unit(world, unit);
}

/* After each call. Large windows are compared as a whole only now and then. */
static void compare(struct world *world)
{
	assert_sound(quire_extents_check(&world->set));
	if (world->units <= 129 || test_random_once_in(&world->random, world->units / 8))
		compare_all(world);
	else
		compare_unit(world, test_random_below(&world->random, world->units));
}

/* ---- one call at a time ---------------------------------------------------------------------- */

/* A search must not only leave the set as it was in effect but to the byte. */
static uint32_t would_take(struct world *world, const struct quire_extent_wish *wish,
			   uint32_t *granted)
{
	struct quire_extents before = world->set;
	unsigned char *bytes = malloc(world->storage.bytes);
	uint32_t at;

	assert_non_null(bytes);
	memcpy(bytes, world->storage.memory, world->storage.bytes);
	at = quire_extents_would_take(&world->set, wish, granted);
	assert_memory_equal(bytes, world->storage.memory, world->storage.bytes);
	assert_memory_equal(&before, &world->set, sizeof(before));
	free(bytes);
	return at;
}

static void check_refusal(struct world *world, const struct quire_extent_wish *wish)
{
	uint32_t align = wish->align ? wish->align : 1;

	assert_false(must_succeed(world, wish->min, align));
	if (align == 1)
		assert_true(wish->min > quire_extents_largest(&world->set));
}

static void check_granted(struct world *world, const struct quire_extent_wish *wish,
			  uint32_t longest, uint32_t largest, uint32_t granted)
{
	uint32_t align = wish->align ? wish->align : 1;
	uint32_t step = wish->step ? wish->step : 1;

	assert_in_range(granted, wish->min, wish->preferred);
	assert_int_equal((granted - wish->min) % step, 0);
	if (world->precision == QUIRE_EXACT && align == 1)
		assert_int_equal(granted, clip(wish, longest));
	if (largest >= align)
		assert_true(granted >= clip(wish, largest - align + 1));
}

/* Where every length has a class of its own, the shortest run that will do is the one to take. (A
 * range that gets less than it prefers comes from the longest.) */
static void check_best_fit(const struct world *world, uint32_t at, uint32_t granted)
{
	uint32_t best = model_best_fit(world, granted);

	if (world->precision == QUIRE_EXACT || best <= QUIRE_EXTENTS_EXACT_UNITS)
		assert_int_equal(model_length_around(world, at), best);
}

/* Take what the wish says and judge the answer. @return the first unit, or QUIRE_NOWHERE */
static uint32_t take(struct world *world, struct quire_extent_wish wish)
{
	uint32_t longest = model_longest(world), largest = quire_extents_largest(&world->set);
	uint32_t granted = 77, foretold = 77;
	bool sure = must_succeed(world, clip(&wish, wish.preferred), wish.align);
	uint32_t expected = would_take(world, &wish, &foretold);
	uint32_t at = quire_extents_take(&world->set, &wish, &granted);

	assert_int_equal(at, expected);
	assert_int_equal(granted, foretold);
	if (at == QUIRE_NOWHERE) {
		assert_int_equal(granted, 0);
		check_refusal(world, &wish);
		return at;
	}
	assert_true(at < world->units && granted <= world->units - at);
	assert_int_equal((at + wish.phase) % (wish.align ? wish.align : 1), 0);
	for (uint32_t unit = at; unit < at + granted; unit++)
		assert_true(is_free(world, unit));
	check_granted(world, &wish, longest, largest, granted);
	if (sure)
		assert_int_equal(granted, clip(&wish, wish.preferred));
	if (wish.align <= 1 && granted == clip(&wish, wish.preferred))
		check_best_fit(world, at, granted);
	model_set(world, at, at + granted, at);
	return at;
}

/* Where the lowest run is that a bounded look from the word of *from on may take. */
static uint32_t model_low(const struct world *world, const struct quire_extent_wish *wish,
			  uint32_t from)
{
	uint32_t align = wish->align ? wish->align : 1, runs = 0;
	uint32_t unit = from - from % QUIRE_WORD_BITS_, past = unit + QUIRE_EXTENTS_LOW_UNITS;

	while (unit && unit < world->units && is_free(world, unit) && is_free(world, unit - 1))
		unit++; /* began before: not looked at */
	for (; unit < world->units && unit < past; unit = model_end(world, unit)) {
		uint32_t end = model_end(world, unit);
		uint32_t at = unit + (0u - unit - wish->phase) % align;

		if (!is_free(world, unit))
			continue;
		if (runs++ == QUIRE_EXTENTS_LOW_RUNS)
			break;
		if (end < world->units && at < end && end - at >= wish->min)
			return at;
	}
	return QUIRE_NOWHERE;
}

static void take_low(struct world *world, struct quire_extent_wish wish, uint32_t from)
{
	uint32_t cursor = from, expected = model_low(world, &wish, from);
	uint32_t at = quire_extents_take_low(&world->set, &wish, &cursor);

	assert_int_equal(at, expected);
	assert_true(cursor >= from - from % QUIRE_WORD_BITS_);
	if (at == QUIRE_NOWHERE)
		return;
	assert_true(cursor <= at);
	model_set(world, at, at + wish.min, at);
}

static void give_back(struct world *world, uint32_t start)
{
	int32_t expected = starts_live(world, start) ? QUIRE_OK
			   : start < world->units    ? QUIRE_EFREE
						     : QUIRE_EFOREIGN;

	assert_status(quire_extents_free(&world->set, start), expected);
	if (!expected)
		model_set(world, start, model_end(world, start), QUIRE_NOWHERE);
}

static void resize(struct world *world, uint32_t start, uint32_t count)
{
	uint32_t room = model_room(world, start), size = model_size(world, start);
	int32_t expected = start >= world->units ? QUIRE_EFOREIGN
			   : !size               ? QUIRE_EFREE
			   : !count              ? QUIRE_EINVAL
			   : count > room        ? QUIRE_ENOVIRT
						 : QUIRE_OK;

	assert_status(quire_extents_resize(&world->set, start, count), expected);
	if (expected)
		return;
	model_set(world, start, start + size, QUIRE_NOWHERE);
	model_set(world, start, start + count, start);
}

static void take_at(struct world *world, uint32_t start, uint32_t count)
{
	int32_t expected = QUIRE_OK;

	if (!count || start >= world->units || count > world->units - start)
		expected = QUIRE_EINVAL;
	for (uint32_t i = 0; i < count && !expected; i++)
		if (!is_free(world, start + i))
			expected = QUIRE_ENOVIRT;
	assert_status(quire_extents_alloc_at(&world->set, start, count), expected);
	if (!expected)
		model_set(world, start, start + count, start);
}

/* ---- random programs ------------------------------------------------------------------------- */

static uint32_t some_unit(struct world *world)
{
	return test_random_below(&world->random, world->units);
}

/* A live start if there is one at or after a random unit. */
static uint32_t some_start(struct world *world)
{
	uint32_t unit = some_unit(world);

	for (uint32_t tries = 0; tries < world->units; tries++, unit++)
		if (starts_live(world, unit % world->units))
			return unit % world->units;
	return 0;
}

/* Mostly short, sometimes one of the lengths where something changes, sometimes everything. */
static uint32_t some_count(struct world *world)
{
	static const uint32_t edges[] = {
		31, 32, 33, 61, 62, 63, 64, 65, 71, 72, 127, 128, 129, 256
	};
	uint32_t octaves = 1;

	if (test_random_once_in(&world->random, 6))
		return edges[test_random_below(&world->random, TEST_COUNT(edges))];
	if (test_random_once_in(&world->random, 40))
		return world->units - test_random_below(&world->random, 3) % world->units;
	while (octaves < 10 && 2u << octaves < world->units)
		octaves++;
	return test_random_log(&world->random, octaves);
}

static struct quire_extent_wish some_wish(struct world *world)
{
	struct test_random *random = &world->random;
	struct quire_extent_wish wish = { .min = some_count(world) };

	wish.preferred = wish.min;
	if (test_random_once_in(random, 3))
		wish.preferred += some_count(world);
	if (test_random_once_in(random, 2))
		wish.step = test_random_between(random, 0, wish.min + 1);
	if (test_random_once_in(random, 3)) {
		wish.align = 1u << test_random_below(random, 9);
		wish.phase = test_random_below(random, wish.align);
	}
	return wish;
}

/* Just around what the run has and what it could have, or anything. */
static uint32_t some_new_size(struct world *world, uint32_t start)
{
	uint32_t about[] = { model_size(world, start), model_room(world, start) };
	uint32_t which = test_random_below(&world->random, 4);

	return which < 2 ? about[which] + test_random_below(&world->random, 3) - 1
			 : some_count(world);
}

static void resize_some(struct world *world)
{
	uint32_t start = some_start(world);

	resize(world, start, some_new_size(world, start));
}

static void take_the_largest(struct world *world)
{
	uint32_t largest = quire_extents_largest(&world->set);
	uint32_t at;

	if (!largest)
		return;
	at = quire_extents_alloc(&world->set, largest, 1);
	assert_int_not_equal(at, QUIRE_NOWHERE);
	assert_ok(quire_extents_free(&world->set, at));
}

/* Windows fill up and drain again, so that all degrees of fullness and fragmentation are met. */
static void random_step(struct world *world, bool filling)
{
	switch (test_random_below(&world->random, 16)) {
	case 0:
		take_at(world, some_unit(world), some_count(world));
		break;
	case 1:
	case 2:
		resize_some(world);
		break;
	case 3:
		resize(world, some_unit(world), test_random_below(&world->random, 4));
		break;
	case 4:
		give_back(world, some_unit(world));
		break;
	case 5:
		take_the_largest(world);
		break;
	case 6:
		take_low(world, some_wish(world), some_unit(world));
		break;
	default:
		if (test_random_below(&world->random, 8) < (filling ? 6 : 2))
			take(world, some_wish(world));
		else
			give_back(world, some_start(world));
	}
	compare(world);
}

static void run_programs(enum quire_extents_precision precision)
{
	for (size_t i = 0; i < TEST_COUNT(windows); i++) {
		struct world world;
		uint32_t steps = windows[i] > 1000 ? 6000 : 10000;

		begin(&world, windows[i], precision);
		for (uint32_t step = 0; step < steps; step++)
			random_step(&world, step / (windows[i] / 2 + 50) % 2 == 0);
		compare_all(&world);
		end(&world);
	}
}

static void random_programs_agree_with_the_model_compact(void **state)
{
	(void)state;
	run_programs(QUIRE_COMPACT);
}

static void random_programs_agree_with_the_model_exact(void **state)
{
	(void)state;
	run_programs(QUIRE_EXACT);
}

/* ---- every small case ------------------------------------------------------------------------ */

static void for_each_world(void (*body)(struct world *world))
{
	for (size_t p = 0; p < TEST_COUNT(precisions); p++) {
		for (size_t i = 0; i < TEST_COUNT(windows); i++) {
			struct world world;

			begin(&world, windows[i], precisions[p]);
			body(&world);
			assert_sound(quire_extents_check(&world.set));
			end(&world);
		}
	}
}

static void take_and_return_every_length(struct world *world)
{
	uint32_t step = world->units > 1000 ? 61 : 1;

	for (uint32_t count = 1; count <= world->units; count += step) {
		uint32_t at = quire_extents_alloc(&world->set, count, 0);

		assert_int_equal(at, 0);
		assert_int_equal(quire_extents_size(&world->set, at), count);
		assert_int_equal(quire_extents_room(&world->set, at), world->units);
		assert_int_equal(quire_extents_owner_of(&world->set, count - 1), at);
		assert_int_equal(quire_extents_free_units(&world->set), world->units - count);
		assert_sound(quire_extents_check(&world->set));
		assert_ok(quire_extents_free(&world->set, at));
		assert_int_equal(quire_extents_largest(&world->set), world->units);
	}
}

static void a_fresh_window_serves_every_length(void **state)
{
	(void)state;
	for_each_world(take_and_return_every_length);
}

static void take_whole(struct world *world)
{
	uint32_t granted;

	assert_int_equal(quire_extents_alloc(&world->set, world->units + 1, 1), QUIRE_NOWHERE);
	assert_int_equal(quire_extents_alloc(&world->set, world->units, 1), 0);
	assert_int_equal(quire_extents_largest(&world->set), 0);
	assert_int_equal(quire_extents_alloc(&world->set, 1, 1), QUIRE_NOWHERE);
	assert_status(quire_extents_alloc_at(&world->set, world->units - 1, 1), QUIRE_ENOVIRT);
	assert_ok(quire_extents_free(&world->set, 0));
	assert_int_equal(quire_extents_alloc_range(&world->set, 1, UINT32_MAX, 1, 1, &granted), 0);
	assert_int_equal(granted, world->units);
}

static void one_request_takes_the_whole_window(void **state)
{
	(void)state;
	for_each_world(take_whole);
}

/* Holes at both ends and in the middle, of every length up to a bit above two words. */
static void free_in_between(struct world *world, uint32_t left, uint32_t count)
{
	uint32_t right = left + count;

	take_at(world, 0, left);
	take_at(world, left, count);
	take_at(world, right, world->units - right);
	compare_unit(world, left);
	give_back(world, left);
	assert_int_equal(quire_extents_largest(&world->set), count);
	assert_int_equal(quire_extents_alloc(&world->set, count + 1, 1), QUIRE_NOWHERE);
	assert_int_equal(quire_extents_alloc(&world->set, count, 1), left);
	assert_sound(quire_extents_check(&world->set));
	assert_ok(quire_extents_free(&world->set, left));
	give_back(world, 0);
	give_back(world, right);
	assert_int_equal(quire_extents_largest(&world->set), world->units);
}

static void a_hole_is_found_wherever_it_is(void **state)
{
	(void)state;
	for (size_t p = 0; p < TEST_COUNT(precisions); p++) {
		struct world world;

		begin(&world, 400, precisions[p]);
		for (uint32_t count = 1; count <= 260; count += count % 32 == 3 ? 27 : 1)
			for (uint32_t left = 1; left + count < 400; left += 13)
				free_in_between(&world, left, count);
		end(&world);
	}
}

/*
 * A word in which many free runs look as if they had the length: each decoy is a free unit, with a
 * boundary `count` units further on and others between. Only the run that is that long is handed out,
 * before, between or behind the decoys, and over the end of the word too.
 */
static void find_among_decoys(struct world *world, uint32_t at, uint32_t count)
{
	uint32_t units = world->units;

	for (uint32_t unit = 0; unit < units; unit++)
		if (unit < at || unit >= at + count)
			take_at(world, unit, 1);
	for (uint32_t unit = 0; unit < units; unit += 2)
		if (unit + 1 < at || unit > at + count)
			give_back(world, unit);
	compare(world);
	assert_int_equal(quire_extents_largest(&world->set), count);
	assert_int_equal(quire_extents_alloc(&world->set, count, 1), at);
	assert_int_equal(quire_extents_alloc(&world->set, count, 1), QUIRE_NOWHERE);
	assert_ok(quire_extents_free(&world->set, at));
	assert_int_equal(quire_extents_alloc(&world->set, count - 1, 1), at);
	assert_sound(quire_extents_check(&world->set));
}

static void a_run_is_found_among_many_that_look_like_it(void **state)
{
	(void)state;
	for (uint32_t count = 3; count <= 66; count++) {
		for (uint32_t at = 1; at < 130; at += 7) {
			struct world world;

			begin(&world, 256, precisions[at % 2]);
			find_among_decoys(&world, at, count);
			end(&world);
		}
	}
}

/* Two free runs of one length beside a freed one of that length, all in one word: none stays filed. */
static void runs_of_one_length_in_one_word_merge_and_leave_nothing(void **state)
{
	(void)state;
	for (uint32_t count = 1; count <= 40; count++) {
		struct world world;

		begin(&world, 256, QUIRE_COMPACT);
		for (uint32_t run = 0; run < 6; run++)
			take_at(&world, run * count, count);
		for (uint32_t run = 0; run < 6; run += 2)
			give_back(&world, run * count);
		compare(&world);
		for (uint32_t run = 1; run < 6; run += 2) {
			give_back(&world, run * count);
			compare(&world);
		}
		assert_int_equal(quire_extents_largest(&world.set), 256);
		end(&world);
	}
}

/* ---- ranges and alignment -------------------------------------------------------------------- */

static void a_range_is_granted_in_whole_steps(void **state)
{
	struct world world;
	uint32_t granted;

	(void)state;
	begin(&world, 100, QUIRE_EXACT);
	assert_int_equal(quire_extents_alloc_range(&world.set, 3, 50, 7, 1, &granted), 0);
	assert_int_equal(granted, 45);
	assert_int_equal(quire_extents_alloc_range(&world.set, 10, 200, 10, 1, &granted), 45);
	assert_int_equal(granted, 50);
	assert_int_equal(quire_extents_alloc_range(&world.set, 6, 6, 1, 1, &granted),
			 QUIRE_NOWHERE);
	assert_int_equal(granted, 0);
	assert_int_equal(quire_extents_alloc_range(&world.set, 5, 9, 2, 1, &granted), 95);
	assert_int_equal(granted, 5);
	end(&world);
}

static void a_range_takes_the_longest_run_when_none_is_long_enough(void **state)
{
	static const uint32_t holes[] = { 5, 40, 17, 99, 64, 3 };

	(void)state;
	for (size_t p = 0; p < TEST_COUNT(precisions); p++) {
		struct world world;
		uint32_t unit = 0, granted;

		begin(&world, 600, precisions[p]);
		for (size_t i = 0; i < TEST_COUNT(holes); unit += holes[i++] + 1)
			take_at(&world, unit + holes[i], 1);
		take_at(&world, unit, 600 - unit);
		assert_int_equal(quire_extents_alloc_range(&world.set, 2, 300, 0, 1, &granted),
				 64 + 1);
		assert_int_equal(granted, 99);
		end(&world);
	}
}

static void alignment_counts_from_the_phase(void **state)
{
	(void)state;
	for (size_t p = 0; p < TEST_COUNT(precisions); p++) {
		struct world world;

		begin(&world, 1000, precisions[p]);
		for (uint32_t align = 1; align <= 256; align *= 2)
			for (uint32_t phase = 0; phase < align; phase += 1 + align / 5) {
				struct quire_extent_wish wish = {
					.min = 3, .preferred = 3, .align = align, .phase = phase
				};
				uint32_t at = take(&world, wish);

				assert_int_not_equal(at, QUIRE_NOWHERE);
				if (phase % 3)
					give_back(&world, at);
				compare(&world);
			}
		end(&world);
	}
}

/* Holes of one unit at every fourth unit, and one of three at unit 68: more than eight lie below. */
static void a_low_place_is_looked_for_in_a_bounded_stretch(void **state)
{
	const struct quire_extent_wish one = { .min = 1, .preferred = 1 };
	const struct quire_extent_wish three = { .min = 3, .preferred = 3 };
	struct world world;
	uint32_t from = 0;

	(void)state;
	begin(&world, 8192, QUIRE_COMPACT);
	for (uint32_t unit = 0; unit <= 1200; unit++)
		if (unit % 4 || unit == 68)
			take_at(&world, unit, 1);
	for (uint32_t unit = 68; unit < 71; unit++)
		give_back(&world, unit);
	assert_int_equal(quire_extents_take_low(&world.set, &one, &from), 0);
	assert_int_equal(quire_extents_take_low(&world.set, &three, &from), QUIRE_NOWHERE);
	while (from < 64)
		assert_int_equal(quire_extents_take_low(&world.set, &three, &from), QUIRE_NOWHERE);
	assert_int_equal(quire_extents_take_low(&world.set, &three, &from), 68);
	from = 8192;
	assert_int_equal(quire_extents_take_low(&world.set, &one, &from), QUIRE_NOWHERE);
	assert_sound(quire_extents_check(&world.set));
	end(&world);
}

static void an_aligned_request_sees_past_misaligned_runs(void **state)
{
	(void)state;
	for (size_t p = 0; p < TEST_COUNT(precisions); p++) {
		struct world world;

		begin(&world, 1024, precisions[p]);
		for (uint32_t unit = 0; unit + 64 <= 960; unit += 64)
			take_at(&world, unit,
				49); /* holes of 15, none with an aligned 8 and 8 more */
		take_at(&world, 960, 33);
		assert_int_equal(quire_extents_alloc(&world.set, 15, 32), QUIRE_NOWHERE);
		give_back(&world, 64 * 3);
		assert_int_equal(quire_extents_alloc(&world.set, 15, 32), 64 * 3);
		end(&world);
	}
}

static void nonsense_is_refused_by_a_search(struct world *world)
{
	static const struct quire_extent_wish nonsense[] = {
		{ .min = 0, .preferred = 0 },
		{ .min = 0, .preferred = 4 },
		{ .min = 2, .preferred = 1 },
		{ .min = 1, .preferred = 1, .align = 3 },
		{ .min = 1, .preferred = 1, .align = UINT32_MAX },
		{ .min = 1, .preferred = 1, .align = 4, .phase = 4 },
		{ .min = 1, .preferred = 1, .align = 1, .phase = 1 },
		{ .min = UINT32_MAX, .preferred = UINT32_MAX },
		{ .min = UINT32_MAX, .preferred = UINT32_MAX, .align = 1u << 31 },
	};

	for (size_t i = 0; i < TEST_COUNT(nonsense); i++) {
		uint32_t granted = 9;

		assert_int_equal(quire_extents_take(&world->set, &nonsense[i], &granted),
				 QUIRE_NOWHERE);
		assert_int_equal(granted, 0);
		assert_int_equal(quire_extents_would_take(&world->set, &nonsense[i], NULL),
				 QUIRE_NOWHERE);
	}
	assert_int_equal(quire_extents_alloc(&world->set, 0, 1), QUIRE_NOWHERE);
	assert_int_equal(quire_extents_alloc(&world->set, 1, 6), QUIRE_NOWHERE);
	assert_int_equal(quire_extents_free_units(&world->set), world->units);
	assert_int_equal(quire_extents_live(&world->set), 0);
}

static void a_search_refuses_nonsense(void **state)
{
	(void)state;
	for_each_world(nonsense_is_refused_by_a_search);
}

/* A huge alignment is a sensible wish: unit 0 has it. */
static void an_alignment_beyond_the_window_finds_unit_zero(void **state)
{
	struct world world;

	(void)state;
	begin(&world, 100, QUIRE_COMPACT);
	assert_int_equal(quire_extents_alloc(&world.set, 5, 1u << 31), 0);
	assert_int_equal(quire_extents_alloc(&world.set, 5, 1u << 31), QUIRE_NOWHERE);
	end(&world);
}

/* ---- misuse ---------------------------------------------------------------------------------- */

static void misuse_every_unit(struct world *world)
{
	for (uint32_t i = 0; i < 20; i++)
		take(world, some_wish(world));
	for (uint32_t unit = 0; unit < world->units + 70; unit++) {
		if (starts_live(world, unit))
			continue;
		give_back(world, unit);
		resize(world, unit, 1);
		resize(world, unit, 0);
		assert_int_equal(quire_extents_size(&world->set, unit), 0);
		assert_int_equal(quire_extents_room(&world->set, unit), 0);
	}
	compare_all(world);
}

static void misuse_of_any_unit_is_told_and_changes_nothing(void **state)
{
	(void)state;
	for_each_world(misuse_every_unit);
}

static void misuse_outside(struct world *world)
{
	static const uint32_t far[] = { 1u << 24, 1u << 31, UINT32_MAX - 1, UINT32_MAX };
	struct quire_extent run;

	for (size_t i = 0; i < TEST_COUNT(far); i++) {
		give_back(world, far[i]);
		resize(world, far[i], 1);
		take_at(world, far[i], 1);
		take_at(world, 0, far[i]);
		take_at(world, world->units - 1, far[i]);
		assert_int_equal(quire_extents_owner_of(&world->set, far[i]), QUIRE_NOWHERE);
		assert_false(quire_extents_next(&world->set, far[i], &run));
	}
	take_at(world, 0, 0);
	assert_false(quire_extents_next(&world->set, world->units, &run));
	assert_int_equal(quire_extents_owner_of(&world->set, world->units), QUIRE_NOWHERE);
	compare_all(world);
}

static void what_lies_outside_the_window_is_foreign(void **state)
{
	(void)state;
	for_each_world(misuse_outside);
}

static void a_second_free_is_refused(void **state)
{
	struct world world;

	(void)state;
	begin(&world, 64, QUIRE_EXACT);
	for (uint32_t count = 1; count <= 64; count++) {
		uint32_t at = quire_extents_alloc(&world.set, count, 1);

		assert_ok(quire_extents_free(&world.set, at));
		assert_status(quire_extents_free(&world.set, at), QUIRE_EFREE);
	}
	end(&world);
}

static void freeing_an_older_run_keeps_the_records_of_live_ones(void **state)
{
	struct world world;

	(void)state;
	begin(&world, 200, QUIRE_COMPACT);
	for (uint32_t i = 0; i < 40; i++)
		take_at(&world, i * 5, 5);
	for (uint32_t i = 0; i < 40; i += 2) {
		give_back(&world, i * 5);
		take_at(&world, i * 5, 3);
		compare_all(&world);
	}
	for (uint32_t i = 0; i < 40; i++)
		give_back(&world, i * 5);
	assert_int_equal(quire_extents_largest(&world.set), 200);
	end(&world);
}

/* ---- storage --------------------------------------------------------------------------------- */

_Static_assert(QUIRE_EXTENTS_STORAGE(256) > 0, "a constant expression");
_Static_assert(QUIRE_EXTENTS_STORAGE_EXACT(256) > 0, "one too");

/* Touch the first and the last key of as many classes as possible: free runs at both ends. */
static void exercise_ends(struct quire_extents *set, uint32_t units)
{
	for (uint32_t count = 1; count < units; count = count * 2 + count / 5) {
		assert_int_equal(quire_extents_alloc(set, units - count, 1), 0);
		assert_int_equal(quire_extents_alloc(set, count, 1), units - count);
		assert_ok(quire_extents_free(set, units - count));
		assert_int_equal(quire_extents_owner_of(set, units - 1), QUIRE_NOWHERE);
		assert_ok(quire_extents_free(set, 0));
		assert_ok(quire_extents_alloc_at(set, count, units - count));
		assert_ok(quire_extents_free(set, count));
	}
	assert_int_equal(quire_extents_largest(set), units);
}

static void fits_its_storage(uint32_t units, enum quire_extents_precision precision, bool check)
{
	struct test_storage storage;
	struct quire_extents set;
	size_t bytes = quire_extents_storage(units, precision);

	assert_in_range(bytes, 1, storage_bytes(units, precision));
	test_storage_init(&storage, bytes, NULL);
	assert_status(quire_extents_init(&set, units, precision, storage.memory, bytes - 1),
		      QUIRE_EINVAL);
	test_storage_check(&storage);
	assert_ok(quire_extents_init(&set, units, precision, storage.memory, bytes));
	exercise_ends(&set, units);
	if (check)
		assert_sound(quire_extents_check(&set));
	test_storage_fini(&storage);
}

#define LENGTHS 70u

/* Holes of every length, each behind a wall; of two requests for a length the second gets the next
 * longer hole. However many words of keys lie between, nothing shorter is found. */
static void best_fit_among_holes(uint32_t units, enum quire_extents_precision precision)
{
	struct test_storage storage;
	struct quire_extents set;
	size_t bytes = quire_extents_storage(units, precision);
	uint32_t hole[LENGTHS + 1];

	test_storage_init(&storage, bytes, NULL);
	assert_ok(quire_extents_init(&set, units, precision, storage.memory, bytes));
	for (uint32_t length = 1; length <= LENGTHS; length++) {
		hole[length] = quire_extents_alloc(&set, length, 1);
		assert_int_not_equal(quire_extents_alloc(&set, 1, 1), QUIRE_NOWHERE);
	}
	for (uint32_t length = 1; length <= LENGTHS; length++)
		assert_ok(quire_extents_free(&set, hole[length]));
	for (uint32_t length = 1; length < QUIRE_EXTENTS_EXACT_UNITS; length++) {
		assert_int_equal(quire_extents_alloc(&set, length, 1), hole[length]);
		assert_int_equal(quire_extents_alloc(&set, length, 1), hole[length + 1]);
		assert_ok(quire_extents_free(&set, hole[length + 1]));
		assert_ok(quire_extents_free(&set, hole[length]));
	}
	assert_sound(quire_extents_check(&set));
	test_storage_fini(&storage);
}

static void the_best_fit_is_found_in_sets_of_any_depth(void **state)
{
	(void)state;
	for (size_t p = 0; p < TEST_COUNT(precisions); p++)
		for (uint32_t units = 3000; units < 3000000; units *= 5)
			best_fit_among_holes(units, precisions[p]);
}

/* Whatever bit of the records is wrong: the check ends, and a wrong boundary is always told. */
static void a_flipped_bit_is_told_or_does_no_harm(void **state)
{
	const uint32_t units = 700;
	struct world world;
	size_t bits, told = 0;

	(void)state;
	begin(&world, units, QUIRE_COMPACT);
	for (uint32_t step = 0; step < 300; step++)
		random_step(&world, step < 150);
	bits = world.storage.bytes * 8;
	for (size_t bit = 0; bit < bits; bit++) {
		unsigned char *byte = (unsigned char *)world.storage.memory + bit / 8;

		*byte ^= (unsigned char)(1u << bit % 8);
		told += quire_extents_check(&world.set) != NULL;
		*byte ^= (unsigned char)(1u << bit % 8);
	}
	for (uint32_t unit = 0; unit <= units; unit++) {
		quire_word *word = &world.set.starts[unit / QUIRE_WORD_BITS_];
		quire_word bit = (quire_word)1 << unit % QUIRE_WORD_BITS_;

		*word ^= bit;
		assert_non_null(quire_extents_check(&world.set));
		*word ^= bit;
	}
	assert_true(told > units);
	compare(&world);
	end(&world);
}

static void every_window_fits_the_storage_its_macro_names(void **state)
{
	(void)state;
	for (size_t p = 0; p < TEST_COUNT(precisions); p++)
		for (uint32_t units = 1; units <= 5000; units++)
			fits_its_storage(units, precisions[p], units % 16 == 0 || units < 300);
}

static void large_windows_fit_the_storage_their_macros_name(void **state)
{
	(void)state;
	for (size_t p = 0; p < TEST_COUNT(precisions); p++)
		for (uint32_t units = 8192; units < QUIRE_EXTENTS_MAX_UNITS; units *= 2)
			for (uint32_t off = 0; off < 4; off++)
				fits_its_storage(units - 2 + off, precisions[p], units < 200000);
	for (size_t p = 0; p < TEST_COUNT(precisions); p++)
		fits_its_storage(QUIRE_EXTENTS_MAX_UNITS, precisions[p], false);
}

static void impossible_sets_are_refused(void **state)
{
	_Alignas(uintptr_t) unsigned char storage[QUIRE_EXTENTS_STORAGE_EXACT(64) + 8];
	struct quire_extents set;
	const size_t enough = QUIRE_EXTENTS_STORAGE_EXACT(64);
	uint32_t too_many = QUIRE_EXTENTS_MAX_UNITS + 1;

	(void)state;
	assert_status(quire_extents_init(NULL, 64, QUIRE_EXACT, storage, enough), QUIRE_EINVAL);
	assert_status(quire_extents_init(&set, 64, QUIRE_EXACT, NULL, enough), QUIRE_EINVAL);
	assert_status(quire_extents_init(&set, 0, QUIRE_EXACT, storage, enough), QUIRE_EINVAL);
	assert_status(quire_extents_init(&set, too_many, QUIRE_EXACT, storage, SIZE_MAX),
		      QUIRE_EINVAL);
	assert_status(quire_extents_init(&set, UINT32_MAX, QUIRE_COMPACT, storage, SIZE_MAX),
		      QUIRE_EINVAL);
	assert_status(quire_extents_init(&set, 64, QUIRE_EXACT, storage, 0), QUIRE_EINVAL);
	for (size_t off = 1; off < sizeof(uintptr_t); off++)
		assert_status(quire_extents_init(&set, 64, QUIRE_EXACT, storage + off, enough),
			      QUIRE_EINVAL);
	assert_ok(quire_extents_init(&set, 64, QUIRE_EXACT, storage, enough));
}

/* For windows of a power of two: COMPACT 3.4 bits per unit and EXACT log2(n) - 2, as the header says. */
static void storage_stays_near_what_the_header_says(void **state)
{
	(void)state;
	for (uint32_t octave = 12; octave <= 24; octave++) {
		double units = (double)(1u << octave);

		assert_true((double)QUIRE_EXTENTS_STORAGE(1u << octave) * 8 < units * 4.5);
		assert_true((double)QUIRE_EXTENTS_STORAGE_EXACT(1u << octave) * 8 <
			    units * (octave - 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs_agree_with_the_model_compact),
		cmocka_unit_test(random_programs_agree_with_the_model_exact),
		cmocka_unit_test(a_fresh_window_serves_every_length),
		cmocka_unit_test(one_request_takes_the_whole_window),
		cmocka_unit_test(a_hole_is_found_wherever_it_is),
		cmocka_unit_test(a_run_is_found_among_many_that_look_like_it),
		cmocka_unit_test(runs_of_one_length_in_one_word_merge_and_leave_nothing),
		cmocka_unit_test(a_range_is_granted_in_whole_steps),
		cmocka_unit_test(a_range_takes_the_longest_run_when_none_is_long_enough),
		cmocka_unit_test(alignment_counts_from_the_phase),
		cmocka_unit_test(a_low_place_is_looked_for_in_a_bounded_stretch),
		cmocka_unit_test(an_aligned_request_sees_past_misaligned_runs),
		cmocka_unit_test(a_search_refuses_nonsense),
		cmocka_unit_test(an_alignment_beyond_the_window_finds_unit_zero),
		cmocka_unit_test(misuse_of_any_unit_is_told_and_changes_nothing),
		cmocka_unit_test(what_lies_outside_the_window_is_foreign),
		cmocka_unit_test(a_second_free_is_refused),
		cmocka_unit_test(freeing_an_older_run_keeps_the_records_of_live_ones),
		cmocka_unit_test(the_best_fit_is_found_in_sets_of_any_depth),
		cmocka_unit_test(a_flipped_bit_is_told_or_does_no_harm),
		cmocka_unit_test(every_window_fits_the_storage_its_macro_names),
		cmocka_unit_test(large_windows_fit_the_storage_their_macros_name),
		cmocka_unit_test(impossible_sets_are_refused),
		cmocka_unit_test(storage_stays_near_what_the_header_says),
	};

	return cmocka_run_group_tests_name("extent", tests, NULL, NULL);
}
