/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * frames: where runs are placed, which banks have power, and that nothing is lost. Random use is
 * compared call by call with a model that keeps a byte per frame and looks at all of them.
 */
#include <string.h>

#include "support/frames_model.h"
#include "support/random.h"

static const uint32_t bank_sizes[] = { 1, 2, 31, 32, 33, 63, 64, 65 };

static void take_at(struct frames_model *pool, uint32_t start, uint32_t count)
{
	assert_ok(frames_model_take_at(pool, start, count));
}

static void give(struct frames_model *pool, uint32_t start, uint32_t count)
{
	assert_ok(frames_model_give(pool, start, count));
}

static void assert_run(struct quire_frame_run run, uint32_t start, uint32_t count)
{
	assert_int_equal(run.start, start);
	assert_int_equal(run.count, count);
}

/* ---- utilisation ----------------------------------------------------------------------------- */

static void fill(struct frames_model *pool, uint32_t want)
{
	uint32_t total = pool->banks * pool->per_bank;
	uint32_t got = 0;
	struct quire_frame_run run;

	while (got < total) {
		uint32_t banks_before = got ? (got - 1) / pool->per_bank + 1 : 0;

		assert_int_equal(quire_frames_banks_on(&pool->frames), banks_before);
		run = frames_model_take(pool, want);
		assert_in_range(run.count, 1, want);
		got += run.count;
	}
	frames_model_check(pool);
	assert_status(quire_frames_take(&pool->frames, want, &run), QUIRE_ENOPHYS);
}

static void every_frame_of_a_fresh_pool_can_be_taken_in_pieces_of_any_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bank_sizes); i++) {
		for (uint32_t want = 1; want <= bank_sizes[i] + 1; want++) {
			struct frames_model pool;

			frames_model_open(&pool, 3, bank_sizes[i], true);
			fill(&pool, want);
			give(&pool, 0, 3 * bank_sizes[i]);
			assert_int_equal(quire_frames_banks_on(&pool.frames), 0);
			assert_int_equal(quire_frames_banks_on_peak(&pool.frames), 3);
			frames_model_close(&pool);
		}
	}
}

static void a_fresh_pool_gives_a_whole_bank_as_one_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bank_sizes); i++) {
		struct frames_model pool;

		frames_model_open(&pool, 2, bank_sizes[i], true);
		assert_run(frames_model_take(&pool, bank_sizes[i]), 0, bank_sizes[i]);
		assert_run(frames_model_take(&pool, UINT32_MAX), bank_sizes[i], bank_sizes[i]);
		frames_model_close(&pool);
	}
}

/* ---- placement ------------------------------------------------------------------------------- */

static void the_fullest_powered_bank_comes_first(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 3, 32, true);
	take_at(&pool, 0, 10);
	take_at(&pool, 32, 20);
	take_at(&pool, 64, 15);
	assert_run(frames_model_take(&pool, 4), 52, 4);
	assert_run(frames_model_take(&pool, 8), 56, 8);
	assert_run(frames_model_take(&pool, 8), 79, 8);
	assert_run(frames_model_take(&pool, 9), 87, 9);
	assert_run(frames_model_take(&pool, 9), 10, 9);
	frames_model_close(&pool);
}

static void of_banks_that_are_equally_full_the_lowest_is_taken(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 3, 32, true);
	take_at(&pool, 0, 4);
	take_at(&pool, 32, 8);
	take_at(&pool, 64, 8);
	assert_run(frames_model_take(&pool, 4), 40, 4);
	frames_model_close(&pool);
}

static void the_shortest_run_that_suffices_is_taken_and_the_lowest_of_those(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 1, 65, true);
	take_at(&pool, 0, 65);
	give(&pool, 2, 9);
	give(&pool, 20, 5);
	give(&pool, 31, 4);
	give(&pool, 40, 5);
	give(&pool, 62, 3);
	assert_run(frames_model_take(&pool, 5), 20, 5);
	assert_run(frames_model_take(&pool, 5), 40, 5);
	assert_run(frames_model_take(&pool, 2), 62, 2);
	assert_run(frames_model_take(&pool, 5), 2, 5);
	assert_run(frames_model_take(&pool, 1), 64, 1);
	frames_model_close(&pool);
}

static void a_fuller_bank_without_a_long_run_yields_to_one_that_has_it(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 3, 32, true);
	take_at(&pool, 0, 96);
	give(&pool, 1, 2);
	give(&pool, 9, 2);
	give(&pool, 40, 6);
	give(&pool, 70, 8);
	assert_run(frames_model_take(&pool, 3), 40, 3);
	assert_run(frames_model_take(&pool, 4), 70, 4);
	frames_model_close(&pool);
}

static void without_a_long_run_the_longest_is_taken_and_of_those_in_the_fullest_bank(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 3, 32, true);
	take_at(&pool, 0, 64);
	give(&pool, 0, 20);
	give(&pool, 40, 2);
	give(&pool, 50, 3);
	give(&pool, 60, 3);
	assert_run(frames_model_take(&pool, 30), 0, 20);
	assert_run(frames_model_take(&pool, 30), 50, 3);
	give(&pool, 4, 3);
	assert_run(frames_model_take(&pool, 30), 4, 3);
	assert_run(frames_model_take(&pool, 30), 60, 3);
	assert_run(frames_model_take(&pool, 30), 40, 2);
	assert_int_equal(quire_frames_banks_on(&pool.frames), 2);
	assert_run(frames_model_take(&pool, 30), 64, 30);
	frames_model_close(&pool);
}

/* What one allocation has: frames of the pool, and those that first fit would have given. */
struct holding {
	uint32_t count;
	uint32_t frame[16];
	uint32_t lowest[16];
};

static uint32_t runs_of(const uint32_t *frame, uint32_t count)
{
	uint32_t runs = 1;

	for (uint32_t i = 1; i < count; i++)
		runs += frame[i] != frame[i - 1] + 1;
	return runs;
}

static void hold(struct frames_model *pool, bool *lowest_taken, struct holding *holding,
		 uint32_t count)
{
	holding->count = 0;
	while (holding->count < count) {
		struct quire_frame_run run = frames_model_take(pool, count - holding->count);

		for (uint32_t i = 0; i < run.count; i++)
			holding->frame[holding->count++] = run.start + i;
	}
	for (uint32_t i = 0, frame = 0; i < count; frame++) {
		if (!lowest_taken[frame]) {
			lowest_taken[frame] = true;
			holding->lowest[i++] = frame;
		}
	}
}

static void let_go(struct frames_model *pool, bool *lowest_taken, const struct holding *holding)
{
	for (uint32_t i = 0; i < holding->count; i++) {
		give(pool, holding->frame[i], 1);
		lowest_taken[holding->lowest[i]] = false;
	}
}

/* Most of the frames are in use; who comes takes 1 to 16 of them, who goes is any. */
static void age(struct frames_model *pool, struct test_random *random, uint32_t *runs,
		uint32_t *first_fit)
{
	bool lowest_taken[FRAMES_MOST] = { false };
	struct holding holdings[FRAMES_MOST];
	uint32_t live = 0;

	*runs = *first_fit = 0;
	for (int step = 0; step < 4000; step++) {
		if (quire_frames_free(&pool->frames) > pool->banks * pool->per_bank / 4) {
			struct holding *new = &holdings[live++];

			hold(pool, lowest_taken, new, test_random_between(random, 1, 16));
			*runs += runs_of(new->frame, new->count);
			*first_fit += runs_of(new->lowest, new->count);
		} else {
			uint32_t which = test_random_below(random, live);

			let_go(pool, lowest_taken, &holdings[which]);
			holdings[which] = holdings[--live];
		}
	}
	while (live)
		let_go(pool, lowest_taken, &holdings[--live]);
}

static void an_aged_pool_needs_fewer_runs_than_first_fit(void **state)
{
	struct test_random random = test_random_seeded(1);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bank_sizes); i++) {
		struct frames_model pool;
		uint32_t runs, first_fit;

		if (FRAMES_MOST_BANKS * bank_sizes[i] < 64)
			continue; /* too small for 16 frames at three quarters in use */
		frames_model_open(&pool, FRAMES_MOST_BANKS, bank_sizes[i], true);
		age(&pool, &random, &runs, &first_fit);
		if (runs * 2 > first_fit)
			fail_msg("%u frames a bank: %u runs, %u by first fit", bank_sizes[i], runs,
				 first_fit);
		frames_model_check(&pool);
		frames_model_close(&pool);
	}
}

/* ---- power ----------------------------------------------------------------------------------- */

static void a_bank_is_switched_on_only_when_no_powered_bank_has_a_frame(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 3, 32, true);
	assert_int_equal(quire_frames_banks_on(&pool.frames), 0);
	take_at(&pool, 32, 31);
	assert_run(frames_model_take(&pool, 2), 63, 1);
	assert_int_equal(quire_frames_banks_on(&pool.frames), 1);
	assert_run(frames_model_take(&pool, 2), 0, 2);
	assert_int_equal(quire_frames_banks_on(&pool.frames), 2);
	frames_model_close(&pool);
}

static void a_bank_is_switched_off_when_its_last_frame_returns(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 2, 33, true);
	take_at(&pool, 0, 66);
	give(&pool, 1, 40);
	assert_true(pool.on[0] && pool.on[1]);
	give(&pool, 0, 1);
	assert_true(!pool.on[0] && pool.on[1]);
	assert_int_equal(pool.frames.switches, 2);
	frames_model_close(&pool);
}

static void a_bank_that_does_not_switch_on_is_passed_over(void **state)
{
	struct frames_model pool;
	struct quire_frame_run run;

	(void)state;
	frames_model_open(&pool, 3, 32, true);
	pool.stuck[0] = true;
	assert_run(frames_model_take(&pool, 32), 32, 32);
	pool.stuck[2] = true;
	assert_status(quire_frames_take(&pool.frames, 1, &run), QUIRE_EDRIVER);
	frames_model_check(&pool);
	pool.stuck[0] = false;
	assert_run(frames_model_take(&pool, 32), 0, 32);
	pool.stuck[2] = false;
	assert_run(frames_model_take(&pool, 32), 64, 32);
	assert_status(quire_frames_take(&pool.frames, 1, &run), QUIRE_ENOPHYS);
	frames_model_close(&pool);
}

static void a_bank_that_does_not_switch_off_stays_on_and_is_tried_when_next_empty(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 2, 32, true);
	frames_model_take(&pool, 4);
	pool.stuck[0] = true;
	give(&pool, 0, 4);
	assert_true(pool.on[0]);
	assert_int_equal(quire_frames_banks_on(&pool.frames), 1);
	assert_run(frames_model_take(&pool, 4), 0, 4);
	pool.stuck[0] = false;
	give(&pool, 0, 4);
	assert_false(pool.on[0]);
	frames_model_close(&pool);
}

/* ---- emptying a bank ------------------------------------------------------------------------- */

static void banks_to_empty_are_told_from_the_emptiest_on(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 5, 32, true);
	take_at(&pool, 0, 12);
	take_at(&pool, 32, 4);
	take_at(&pool, 96, 4);
	take_at(&pool, 128, 7);
	assert_int_equal(quire_frames_emptiest(&pool.frames, QUIRE_NOWHERE), 1);
	assert_int_equal(quire_frames_emptiest(&pool.frames, 1), 3);
	assert_int_equal(quire_frames_emptiest(&pool.frames, 3), 4);
	assert_int_equal(quire_frames_emptiest(&pool.frames, 4), 0);
	assert_int_equal(quire_frames_emptiest(&pool.frames, 0), QUIRE_NOWHERE);
	assert_int_equal(quire_frames_used_of(&pool.frames, 4), 7);
	assert_int_equal(quire_frames_used_of(&pool.frames, 2), 0);
	assert_int_equal(quire_frames_used_of(&pool.frames, 5), 0);
	frames_model_close(&pool);
}

static void no_bank_is_to_be_emptied_unless_the_others_have_room(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 3, 32, true);
	assert_int_equal(quire_frames_emptiest(&pool.frames, QUIRE_NOWHERE), QUIRE_NOWHERE);
	take_at(&pool, 0, 8);
	assert_int_equal(quire_frames_emptiest(&pool.frames, QUIRE_NOWHERE), QUIRE_NOWHERE);
	take_at(&pool, 32, 25);
	assert_int_equal(quire_frames_emptiest(&pool.frames, QUIRE_NOWHERE), QUIRE_NOWHERE);
	give(&pool, 40, 1);
	assert_int_equal(quire_frames_emptiest(&pool.frames, QUIRE_NOWHERE), 0);
	frames_model_close(&pool);
}

static void frames_to_move_to_come_from_the_fullest_other_bank_that_is_on(void **state)
{
	struct quire_frame_run run;
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 4, 32, true);
	take_at(&pool, 0, 30);
	take_at(&pool, 32, 20);
	take_at(&pool, 64, 31);
	assert_run(frames_model_take_outside(&pool, 0, 1), 95, 1);
	assert_run(frames_model_take_outside(&pool, 0, 20), 52, 12);
	assert_status(quire_frames_take_outside(&pool.frames, 0, 1, &run), QUIRE_ENOPHYS);
	assert_status(quire_frames_take_outside(&pool.frames, 0, 0, &run), QUIRE_EINVAL);
	assert_int_equal(quire_frames_banks_on(&pool.frames), 3);
	frames_model_check(&pool);
	assert_run(frames_model_take(&pool, 2), 30, 2);
	frames_model_close(&pool);
}

static void move_out(struct frames_model *pool, uint32_t bank)
{
	for (uint32_t i = 0; i < pool->per_bank; i++) {
		if (!pool->taken[bank * pool->per_bank + i])
			continue;
		frames_model_take_outside(pool, bank, 1);
		give(pool, bank * pool->per_bank + i, 1);
		frames_model_check(pool);
	}
}

static void a_bank_whose_frames_have_moved_is_off_and_as_few_stay_on_as_can(void **state)
{
	struct test_random random = test_random_seeded(2);

	(void)state;
	for (int round = 0; round < 200; round++) {
		uint32_t per_bank = bank_sizes[test_random_below(&random, TEST_COUNT(bank_sizes))];
		uint32_t total = FRAMES_MOST_BANKS * per_bank, used = 0, bank;
		struct frames_model pool;

		frames_model_open(&pool, FRAMES_MOST_BANKS, per_bank, true);
		for (uint32_t frame = 0; frame < total; frame++) {
			if (test_random_once_in(&random, 3)) {
				take_at(&pool, frame, 1);
				used++;
			}
		}
		while ((bank = quire_frames_emptiest(&pool.frames, QUIRE_NOWHERE)) !=
		       QUIRE_NOWHERE) {
			move_out(&pool, bank);
			assert_false(pool.on[bank]);
		}
		assert_int_equal(quire_frames_free(&pool.frames), total - used);
		assert_int_equal(quire_frames_banks_on(&pool.frames),
				 (used + per_bank - 1) / per_bank);
		frames_model_close(&pool);
	}
}

static void without_switches_all_banks_are_always_on(void **state)
{
	static _Alignas(uintptr_t) unsigned char storage[QUIRE_FRAMES_STORAGE(3, 32)];
	struct quire_frames_config config = { .banks = 3,
					      .frames_per_bank = 32,
					      .storage = storage,
					      .storage_bytes = sizeof(storage) };
	struct quire_frames frames;
	struct quire_frame_run run;

	(void)state;
	assert_ok(quire_frames_init(&frames, &config));
	assert_int_equal(quire_frames_banks_on(&frames), 3);
	assert_ok(quire_frames_take(&frames, 7, &run));
	assert_ok(quire_frames_give(&frames, run.start, run.count));
	assert_int_equal(quire_frames_banks_on(&frames), 3);
	assert_sound(quire_frames_check(&frames));
}

static void an_observer_is_told_which_bank_goes_on_and_off(void **state)
{
	struct frames_model pool;
	struct quire_event event;

	(void)state;
	frames_model_open(&pool, 3, 32, true);
	take_at(&pool, 64, 1);
	event = test_observer_last(&pool.observer, QUIRE_EVENT_POWER_ON);
	assert_int_equal(event.size, 2);
	assert_true(event.object == &pool.frames);
	give(&pool, 64, 1);
	event = test_observer_last(&pool.observer, QUIRE_EVENT_POWER_OFF);
	assert_int_equal(event.size, 2);
	assert_int_equal(pool.observer.told, 2);
	frames_model_close(&pool);
}

/* ---- fixed places, and misuse ---------------------------------------------------------------- */

static void a_fixed_range_is_taken_whole_or_not_at_all(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 3, 33, true);
	take_at(&pool, 50, 1);
	assert_status(quire_frames_take_at(&pool.frames, 10, 41), QUIRE_EBUSY);
	frames_model_check(&pool);
	pool.stuck[2] = true;
	assert_status(quire_frames_take_at(&pool.frames, 51, 30), QUIRE_EDRIVER);
	frames_model_check(&pool);
	take_at(&pool, 10, 40);
	pool.stuck[2] = false;
	take_at(&pool, 51, 48);
	frames_model_close(&pool);
}

static void banks_switched_on_for_a_range_that_fails_are_switched_off(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 3, 32, true);
	pool.stuck[2] = true;
	assert_status(quire_frames_take_at(&pool.frames, 0, 96), QUIRE_EDRIVER);
	assert_true(!pool.on[0] && !pool.on[1]);
	frames_model_close(&pool);
}

static void giving_back_what_is_not_taken_changes_nothing(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 2, 32, true);
	take_at(&pool, 20, 20);
	assert_status(quire_frames_give(&pool.frames, 19, 3), QUIRE_EFREE);
	assert_status(quire_frames_give(&pool.frames, 39, 2), QUIRE_EFREE);
	frames_model_check(&pool);
	give(&pool, 30, 5);
	assert_status(quire_frames_give(&pool.frames, 20, 20), QUIRE_EFREE);
	assert_status(quire_frames_give(&pool.frames, 30, 1), QUIRE_EFREE);
	frames_model_close(&pool);
}

static void ranges_outside_the_pool_and_empty_ones_are_refused(void **state)
{
	struct frames_model pool;
	struct quire_frame_run run;

	(void)state;
	frames_model_open(&pool, 2, 32, true);
	take_at(&pool, 0, 64);
	assert_status(quire_frames_give(&pool.frames, 63, 2), QUIRE_EINVAL);
	assert_status(quire_frames_give(&pool.frames, 64, 1), QUIRE_EINVAL);
	assert_status(quire_frames_give(&pool.frames, 5, UINT32_MAX), QUIRE_EINVAL);
	assert_status(quire_frames_give(&pool.frames, 5, 0), QUIRE_EINVAL);
	assert_status(quire_frames_take_at(&pool.frames, 64, 1), QUIRE_EINVAL);
	assert_status(quire_frames_take_at(&pool.frames, UINT32_MAX, 2), QUIRE_EINVAL);
	assert_status(quire_frames_take_at(&pool.frames, 0, 0), QUIRE_EINVAL);
	assert_status(quire_frames_take(&pool.frames, 0, &run), QUIRE_EINVAL);
	assert_false(quire_frames_is_taken(&pool.frames, 64));
	frames_model_close(&pool);
}

static int32_t init_with(uint32_t banks, uint32_t per_bank, void *storage, size_t bytes)
{
	struct quire_frames_config config = { .banks = banks,
					      .frames_per_bank = per_bank,
					      .storage = storage,
					      .storage_bytes = bytes };
	struct quire_frames frames;

	return quire_frames_init(&frames, &config);
}

static void impossible_pools_are_refused(void **state)
{
	static _Alignas(uintptr_t) unsigned char storage[QUIRE_FRAMES_STORAGE(2, 65) + 1];
	size_t enough = QUIRE_FRAMES_STORAGE(2, 65);

	(void)state;
	assert_ok(init_with(2, 65, storage, enough));
	assert_status(init_with(0, 65, storage, enough), QUIRE_EINVAL);
	assert_status(init_with(2, 0, storage, enough), QUIRE_EINVAL);
	assert_status(init_with(2, 65, NULL, enough), QUIRE_EINVAL);
	assert_status(init_with(2, 65, storage, enough - 1), QUIRE_EINVAL);
	assert_status(init_with(2, 65, storage + 1, enough), QUIRE_EINVAL);
	assert_status(init_with(65536, 65536, storage, SIZE_MAX), QUIRE_EINVAL);
	assert_status(init_with(2, UINT32_MAX, storage, SIZE_MAX), QUIRE_EINVAL);
	assert_status(quire_frames_init(NULL, NULL), QUIRE_EINVAL);
}

static void the_check_notices_records_that_disagree(void **state)
{
	struct frames_model pool;

	(void)state;
	frames_model_open(&pool, 2, 33, true);
	take_at(&pool, 0, 3);
	pool.frames.taken[0] ^= 2;
	assert_non_null(quire_frames_check(&pool.frames));
	pool.frames.taken[0] ^= 2;
	pool.frames.taken[pool.frames.words_per_bank - 1] ^= ~(~(quire_word)0 >> 1);
	assert_non_null(quire_frames_check(&pool.frames));
	pool.frames.taken[pool.frames.words_per_bank - 1] ^= ~(~(quire_word)0 >> 1);
	pool.frames.total_used++;
	assert_non_null(quire_frames_check(&pool.frames));
	pool.frames.total_used--;
	pool.frames.longest = 29;
	assert_non_null(quire_frames_check(&pool.frames));
	pool.frames.longest = 30;
	assert_null(quire_frames_check(&pool.frames));
	pool.frames.powered[0] = 0;
	assert_non_null(quire_frames_check(&pool.frames));
	pool.frames.powered[0] = 1;
	frames_model_close(&pool);
}

/* ---- random use against the model ------------------------------------------------------------ */

static uint32_t random_range(const struct frames_model *pool, struct test_random *random,
			     uint32_t *count)
{
	uint32_t total = pool->banks * pool->per_bank;
	uint32_t start = test_random_below(random, total);

	*count = test_random_between(random, 1, total - start);
	if (*count > 4 && !test_random_once_in(random, 4))
		*count = test_random_between(random, 1, 4);
	return start;
}

static void random_step(struct frames_model *pool, struct test_random *random)
{
	uint32_t what = test_random_below(random, 9);
	uint32_t count, start = random_range(pool, random, &count);
	uint32_t want = test_random_between(random, 1, pool->per_bank + 1);

	if (what < 2)
		frames_model_take(pool, want);
	else if (what < 3)
		frames_model_take_at(pool, start, count);
	else if (what < 4)
		frames_model_take_outside(pool, start / pool->per_bank, want);
	else
		frames_model_give(pool, start, count);
}

static void use_at_random(uint32_t banks, uint32_t per_bank, struct test_random *random)
{
	struct frames_model pool;

	frames_model_open(&pool, banks, per_bank, true);
	for (int step = 0; step < 400; step++) {
		if (test_random_once_in(random, 40))
			pool.stuck[test_random_below(random, banks)] ^= true;
		random_step(&pool, random);
		frames_model_check(&pool);
	}
	frames_model_close(&pool);
}

static void random_use_agrees_with_a_model_that_looks_at_every_frame(void **state)
{
	struct test_random random = test_random_seeded(1);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bank_sizes); i++)
		for (uint32_t banks = 1; banks <= FRAMES_MOST_BANKS; banks++)
			for (int round = 0; round < 5; round++)
				use_at_random(banks, bank_sizes[i], &random);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_frame_of_a_fresh_pool_can_be_taken_in_pieces_of_any_size),
		cmocka_unit_test(a_fresh_pool_gives_a_whole_bank_as_one_run),
		cmocka_unit_test(the_fullest_powered_bank_comes_first),
		cmocka_unit_test(of_banks_that_are_equally_full_the_lowest_is_taken),
		cmocka_unit_test(the_shortest_run_that_suffices_is_taken_and_the_lowest_of_those),
		cmocka_unit_test(a_fuller_bank_without_a_long_run_yields_to_one_that_has_it),
		cmocka_unit_test(
			without_a_long_run_the_longest_is_taken_and_of_those_in_the_fullest_bank),
		cmocka_unit_test(an_aged_pool_needs_fewer_runs_than_first_fit),
		cmocka_unit_test(a_bank_is_switched_on_only_when_no_powered_bank_has_a_frame),
		cmocka_unit_test(a_bank_is_switched_off_when_its_last_frame_returns),
		cmocka_unit_test(a_bank_that_does_not_switch_on_is_passed_over),
		cmocka_unit_test(
			a_bank_that_does_not_switch_off_stays_on_and_is_tried_when_next_empty),
		cmocka_unit_test(banks_to_empty_are_told_from_the_emptiest_on),
		cmocka_unit_test(no_bank_is_to_be_emptied_unless_the_others_have_room),
		cmocka_unit_test(frames_to_move_to_come_from_the_fullest_other_bank_that_is_on),
		cmocka_unit_test(a_bank_whose_frames_have_moved_is_off_and_as_few_stay_on_as_can),
		cmocka_unit_test(without_switches_all_banks_are_always_on),
		cmocka_unit_test(an_observer_is_told_which_bank_goes_on_and_off),
		cmocka_unit_test(a_fixed_range_is_taken_whole_or_not_at_all),
		cmocka_unit_test(banks_switched_on_for_a_range_that_fails_are_switched_off),
		cmocka_unit_test(giving_back_what_is_not_taken_changes_nothing),
		cmocka_unit_test(ranges_outside_the_pool_and_empty_ones_are_refused),
		cmocka_unit_test(impossible_pools_are_refused),
		cmocka_unit_test(the_check_notices_records_that_disagree),
		cmocka_unit_test(random_use_agrees_with_a_model_that_looks_at_every_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
