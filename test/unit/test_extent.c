/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * extent: every function against a model that is obviously right (support/extent_model.h). Random programs of all calls run over windows and lengths on either side of each
 * word and octave boundary; after each call the set checks itself, and what it tells is compared
 * with the model. A refusal is a failure of the test if the header promises that the request
 * succeeds.
 */
#include <stdlib.h>
#include <string.h>

#include "support/extent_model.h"
#include "support/random.h"

static const uint32_t windows[] = { 1,  2,  3,  31,  32,  33,  62,   63,
				    64, 65, 66, 127, 128, 129, 1000, 8192 };
static const enum quire_extents_precision precisions[] = { QUIRE_COMPACT, QUIRE_EXACT };

struct world {
	struct extent_model model;
	struct test_random random;
};

static void begin(struct world *world, uint32_t units, enum quire_extents_precision precision)
{
	extent_model_open(&world->model, units, precision);
	world->random = test_random_seeded(units * 2u + (uint32_t)precision);
}

/* After each call. Large windows are compared as a whole only now and then. */
static void compare(struct world *world)
{
	uint32_t units = world->model.units;

	if (units <= 129 || test_random_once_in(&world->random, units / 8)) {
		extent_model_check(&world->model);
		return;
	}
	assert_sound(quire_extents_check(&world->model.set));
	extent_model_check_unit(&world->model, test_random_below(&world->random, units));
}

/* ---- random programs ------------------------------------------------------------------------- */

static uint32_t some_unit(struct world *world)
{
	return test_random_below(&world->random, world->model.units);
}

/* A live start if there is one at or after a random unit. */
static uint32_t some_start(struct world *world)
{
	uint32_t unit = some_unit(world);

	for (uint32_t tries = 0; tries < world->model.units; tries++, unit++)
		if (extent_model_starts_live(&world->model, unit % world->model.units))
			return unit % world->model.units;
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
		return world->model.units -
		       test_random_below(&world->random, 3) % world->model.units;
	while (octaves < 10 && 2u << octaves < world->model.units)
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
	uint32_t about[] = { extent_model_size(&world->model, start),
			     extent_model_room(&world->model, start) };
	uint32_t which = test_random_below(&world->random, 4);

	return which < 2 ? about[which] + test_random_below(&world->random, 3) - 1
			 : some_count(world);
}

static void resize_some(struct world *world)
{
	uint32_t start = some_start(world);

	extent_model_resize(&world->model, start, some_new_size(world, start));
}

static void take_the_largest(struct world *world)
{
	uint32_t largest = quire_extents_largest(&world->model.set);
	uint32_t at;

	if (!largest)
		return;
	at = quire_extents_alloc(&world->model.set, largest, 1);
	assert_int_not_equal(at, QUIRE_NOWHERE);
	assert_ok(quire_extents_free(&world->model.set, at));
}

/* Windows fill up and drain again, so that all degrees of fullness and fragmentation are met. */
static void random_step(struct world *world, bool filling)
{
	switch (test_random_below(&world->random, 16)) {
	case 0:
		extent_model_take_at(&world->model, some_unit(world), some_count(world));
		break;
	case 1:
	case 2:
		resize_some(world);
		break;
	case 3:
		extent_model_resize(&world->model, some_unit(world),
				    test_random_below(&world->random, 4));
		break;
	case 4:
		extent_model_free(&world->model, some_unit(world));
		break;
	case 5:
		take_the_largest(world);
		break;
	case 6:
		extent_model_take_low(&world->model, some_wish(world), some_unit(world));
		break;
	default:
		if (test_random_below(&world->random, 8) < (filling ? 6 : 2))
			extent_model_take(&world->model, some_wish(world));
		else
			extent_model_free(&world->model, some_start(world));
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
		extent_model_check(&world.model);
		extent_model_close(&world.model);
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
			assert_sound(quire_extents_check(&world.model.set));
			extent_model_close(&world.model);
		}
	}
}

static void take_and_return_every_length(struct world *world)
{
	uint32_t step = world->model.units > 1000 ? 61 : 1;

	for (uint32_t count = 1; count <= world->model.units; count += step) {
		uint32_t at = quire_extents_alloc(&world->model.set, count, 0);

		assert_int_equal(at, 0);
		assert_int_equal(quire_extents_size(&world->model.set, at), count);
		assert_int_equal(quire_extents_room(&world->model.set, at), world->model.units);
		assert_int_equal(quire_extents_owner_of(&world->model.set, count - 1), at);
		assert_int_equal(quire_extents_free_units(&world->model.set),
				 world->model.units - count);
		assert_sound(quire_extents_check(&world->model.set));
		assert_ok(quire_extents_free(&world->model.set, at));
		assert_int_equal(quire_extents_largest(&world->model.set), world->model.units);
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

	assert_int_equal(quire_extents_alloc(&world->model.set, world->model.units + 1, 1),
			 QUIRE_NOWHERE);
	assert_int_equal(quire_extents_alloc(&world->model.set, world->model.units, 1), 0);
	assert_int_equal(quire_extents_largest(&world->model.set), 0);
	assert_int_equal(quire_extents_alloc(&world->model.set, 1, 1), QUIRE_NOWHERE);
	assert_status(quire_extents_alloc_at(&world->model.set, world->model.units - 1, 1),
		      QUIRE_ENOVIRT);
	assert_ok(quire_extents_free(&world->model.set, 0));
	assert_int_equal(
		quire_extents_alloc_range(&world->model.set, 1, UINT32_MAX, 1, 1, &granted), 0);
	assert_int_equal(granted, world->model.units);
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

	extent_model_take_at(&world->model, 0, left);
	extent_model_take_at(&world->model, left, count);
	extent_model_take_at(&world->model, right, world->model.units - right);
	extent_model_check_unit(&world->model, left);
	extent_model_free(&world->model, left);
	assert_int_equal(quire_extents_largest(&world->model.set), count);
	assert_int_equal(quire_extents_alloc(&world->model.set, count + 1, 1), QUIRE_NOWHERE);
	assert_int_equal(quire_extents_alloc(&world->model.set, count, 1), left);
	assert_sound(quire_extents_check(&world->model.set));
	assert_ok(quire_extents_free(&world->model.set, left));
	extent_model_free(&world->model, 0);
	extent_model_free(&world->model, right);
	assert_int_equal(quire_extents_largest(&world->model.set), world->model.units);
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
		extent_model_close(&world.model);
	}
}

/*
 * A word in which many free runs look as if they had the length: each decoy is a free unit, with a
 * boundary `count` units further on and others between. Only the run that is that long is handed out,
 * before, between or behind the decoys, and over the end of the word too.
 */
static void find_among_decoys(struct world *world, uint32_t at, uint32_t count)
{
	uint32_t units = world->model.units;

	for (uint32_t unit = 0; unit < units; unit++)
		if (unit < at || unit >= at + count)
			extent_model_take_at(&world->model, unit, 1);
	for (uint32_t unit = 0; unit < units; unit += 2)
		if (unit + 1 < at || unit > at + count)
			extent_model_free(&world->model, unit);
	compare(world);
	assert_int_equal(quire_extents_largest(&world->model.set), count);
	assert_int_equal(quire_extents_alloc(&world->model.set, count, 1), at);
	assert_int_equal(quire_extents_alloc(&world->model.set, count, 1), QUIRE_NOWHERE);
	assert_ok(quire_extents_free(&world->model.set, at));
	assert_int_equal(quire_extents_alloc(&world->model.set, count - 1, 1), at);
	assert_sound(quire_extents_check(&world->model.set));
}

static void a_run_is_found_among_many_that_look_like_it(void **state)
{
	(void)state;
	for (uint32_t count = 3; count <= 66; count++) {
		for (uint32_t at = 1; at < 130; at += 7) {
			struct world world;

			begin(&world, 256, precisions[at % 2]);
			find_among_decoys(&world, at, count);
			extent_model_close(&world.model);
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
			extent_model_take_at(&world.model, run * count, count);
		for (uint32_t run = 0; run < 6; run += 2)
			extent_model_free(&world.model, run * count);
		compare(&world);
		for (uint32_t run = 1; run < 6; run += 2) {
			extent_model_free(&world.model, run * count);
			compare(&world);
		}
		assert_int_equal(quire_extents_largest(&world.model.set), 256);
		extent_model_close(&world.model);
	}
}

/* ---- ranges and alignment -------------------------------------------------------------------- */

/* No class above has what is wanted for sure: the longest run is the last hope, and is too short. */
static void a_length_near_the_window_is_not_granted_from_two_runs(void **state)
{
	struct world world;

	(void)state;
	begin(&world, 1000, QUIRE_COMPACT);
	extent_model_take_at(&world.model, 15, 1);
	assert_int_equal(quire_extents_alloc(&world.model.set, 990, 1), QUIRE_NOWHERE);
	compare(&world);
	extent_model_take_at(&world.model, 16, 984);
	compare(&world);
	extent_model_close(&world.model);
}

static void a_range_is_granted_in_whole_steps(void **state)
{
	struct world world;
	uint32_t granted;

	(void)state;
	begin(&world, 100, QUIRE_EXACT);
	assert_int_equal(quire_extents_alloc_range(&world.model.set, 3, 50, 7, 1, &granted), 0);
	assert_int_equal(granted, 45);
	assert_int_equal(quire_extents_alloc_range(&world.model.set, 10, 200, 10, 1, &granted), 45);
	assert_int_equal(granted, 50);
	assert_int_equal(quire_extents_alloc_range(&world.model.set, 6, 6, 1, 1, &granted),
			 QUIRE_NOWHERE);
	assert_int_equal(granted, 0);
	assert_int_equal(quire_extents_alloc_range(&world.model.set, 5, 9, 2, 1, &granted), 95);
	assert_int_equal(granted, 5);
	extent_model_close(&world.model);
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
			extent_model_take_at(&world.model, unit + holes[i], 1);
		extent_model_take_at(&world.model, unit, 600 - unit);
		assert_int_equal(quire_extents_alloc_range(&world.model.set, 2, 300, 0, 1,
							   &granted),
				 64 + 1);
		assert_int_equal(granted, 99);
		extent_model_close(&world.model);
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
				uint32_t at = extent_model_take(&world.model, wish);

				assert_int_not_equal(at, QUIRE_NOWHERE);
				if (phase % 3)
					extent_model_free(&world.model, at);
				compare(&world);
			}
		extent_model_close(&world.model);
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
			extent_model_take_at(&world.model, unit, 1);
	for (uint32_t unit = 68; unit < 71; unit++)
		extent_model_free(&world.model, unit);
	assert_int_equal(quire_extents_take_low(&world.model.set, &one, &from), 0);
	assert_int_equal(quire_extents_take_low(&world.model.set, &three, &from), QUIRE_NOWHERE);
	while (from < 64)
		assert_int_equal(quire_extents_take_low(&world.model.set, &three, &from),
				 QUIRE_NOWHERE);
	assert_int_equal(quire_extents_take_low(&world.model.set, &three, &from), 68);
	from = 8192;
	assert_int_equal(quire_extents_take_low(&world.model.set, &one, &from), QUIRE_NOWHERE);
	assert_sound(quire_extents_check(&world.model.set));
	extent_model_close(&world.model);
}

static void an_aligned_request_sees_past_misaligned_runs(void **state)
{
	(void)state;
	for (size_t p = 0; p < TEST_COUNT(precisions); p++) {
		struct world world;

		begin(&world, 1024, precisions[p]);
		for (uint32_t unit = 0; unit + 64 <= 960; unit += 64)
			extent_model_take_at(
				&world.model, unit,
				49); /* holes of 15, none with an aligned 8 and 8 more */
		extent_model_take_at(&world.model, 960, 33);
		assert_int_equal(quire_extents_alloc(&world.model.set, 15, 32), QUIRE_NOWHERE);
		extent_model_free(&world.model, 64 * 3);
		assert_int_equal(quire_extents_alloc(&world.model.set, 15, 32), 64 * 3);
		extent_model_close(&world.model);
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

		assert_int_equal(quire_extents_take(&world->model.set, &nonsense[i], &granted),
				 QUIRE_NOWHERE);
		assert_int_equal(granted, 0);
		assert_int_equal(quire_extents_would_take(&world->model.set, &nonsense[i], NULL),
				 QUIRE_NOWHERE);
	}
	assert_int_equal(quire_extents_alloc(&world->model.set, 0, 1), QUIRE_NOWHERE);
	assert_int_equal(quire_extents_alloc(&world->model.set, 1, 6), QUIRE_NOWHERE);
	assert_int_equal(quire_extents_free_units(&world->model.set), world->model.units);
	assert_int_equal(quire_extents_live(&world->model.set), 0);
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
	assert_int_equal(quire_extents_alloc(&world.model.set, 5, 1u << 31), 0);
	assert_int_equal(quire_extents_alloc(&world.model.set, 5, 1u << 31), QUIRE_NOWHERE);
	extent_model_close(&world.model);
}

/* ---- misuse ---------------------------------------------------------------------------------- */

static void misuse_every_unit(struct world *world)
{
	for (uint32_t i = 0; i < 20; i++)
		extent_model_take(&world->model, some_wish(world));
	for (uint32_t unit = 0; unit < world->model.units + 70; unit++) {
		if (extent_model_starts_live(&world->model, unit))
			continue;
		extent_model_free(&world->model, unit);
		extent_model_resize(&world->model, unit, 1);
		extent_model_resize(&world->model, unit, 0);
		assert_int_equal(quire_extents_size(&world->model.set, unit), 0);
		assert_int_equal(quire_extents_room(&world->model.set, unit), 0);
	}
	extent_model_check(&world->model);
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
		extent_model_free(&world->model, far[i]);
		extent_model_resize(&world->model, far[i], 1);
		extent_model_take_at(&world->model, far[i], 1);
		extent_model_take_at(&world->model, 0, far[i]);
		extent_model_take_at(&world->model, world->model.units - 1, far[i]);
		assert_int_equal(quire_extents_owner_of(&world->model.set, far[i]), QUIRE_NOWHERE);
		assert_false(quire_extents_next(&world->model.set, far[i], &run));
	}
	extent_model_take_at(&world->model, 0, 0);
	assert_false(quire_extents_next(&world->model.set, world->model.units, &run));
	assert_int_equal(quire_extents_owner_of(&world->model.set, world->model.units),
			 QUIRE_NOWHERE);
	extent_model_check(&world->model);
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
		uint32_t at = quire_extents_alloc(&world.model.set, count, 1);

		assert_ok(quire_extents_free(&world.model.set, at));
		assert_status(quire_extents_free(&world.model.set, at), QUIRE_EFREE);
	}
	extent_model_close(&world.model);
}

static void freeing_an_older_run_keeps_the_records_of_live_ones(void **state)
{
	struct world world;

	(void)state;
	begin(&world, 200, QUIRE_COMPACT);
	for (uint32_t i = 0; i < 40; i++)
		extent_model_take_at(&world.model, i * 5, 5);
	for (uint32_t i = 0; i < 40; i += 2) {
		extent_model_free(&world.model, i * 5);
		extent_model_take_at(&world.model, i * 5, 3);
		extent_model_check(&world.model);
	}
	for (uint32_t i = 0; i < 40; i++)
		extent_model_free(&world.model, i * 5);
	assert_int_equal(quire_extents_largest(&world.model.set), 200);
	extent_model_close(&world.model);
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

	assert_in_range(bytes, 1, extent_model_storage(units, precision));
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
	bits = world.model.storage.bytes * 8;
	for (size_t bit = 0; bit < bits; bit++) {
		unsigned char *byte = (unsigned char *)world.model.storage.memory + bit / 8;

		*byte ^= (unsigned char)(1u << bit % 8);
		told += quire_extents_check(&world.model.set) != NULL;
		*byte ^= (unsigned char)(1u << bit % 8);
	}
	for (uint32_t unit = 0; unit <= units; unit++) {
		quire_word *word = &world.model.set.starts[unit / QUIRE_WORD_BITS_];
		quire_word bit = (quire_word)1 << unit % QUIRE_WORD_BITS_;

		*word ^= bit;
		assert_non_null(quire_extents_check(&world.model.set));
		*word ^= bit;
	}
	assert_true(told > units);
	compare(&world);
	extent_model_close(&world.model);
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
		cmocka_unit_test(a_length_near_the_window_is_not_granted_from_two_runs),
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
