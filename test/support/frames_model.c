/* SPDX-License-Identifier: BSD-3-Clause */
/* frames_model: see the header. */
#include <string.h>

#include "support/frames_model.h"

static int32_t power(void *context, uint32_t bank, bool on)
{
	struct frames_model *model = context;

	assert_true(bank < model->banks);
	assert_true(model->on[bank] != on);
	if (model->stuck[bank]) {
		model->refused = true;
		return QUIRE_EDRIVER;
	}
	model->on[bank] = on;
	return QUIRE_OK;
}

void frames_model_open(struct frames_model *model, uint32_t banks, uint32_t per_bank, bool switched)
{
	struct quire_frames_config config = {
		.banks = banks,
		.frames_per_bank = per_bank,
		.power = switched ? power : NULL,
		.context = model,
		.storage_bytes = QUIRE_FRAMES_STORAGE(banks, per_bank),
		.observer = &model->observer.observer,
	};

	memset(model, 0, sizeof(*model));
	model->banks = banks;
	model->per_bank = per_bank;
	model->switched = switched;
	memset(model->on, !switched, sizeof(model->on));
	test_observer_init(&model->observer);
	test_storage_init(&model->storage, config.storage_bytes, NULL);
	config.storage = model->storage.memory;
	assert_ok(quire_frames_init(&model->frames, &config));
}

static uint32_t total(const struct frames_model *model)
{
	return model->banks * model->per_bank;
}

/* How many frames of a range are taken. */
static uint32_t taken_in(const struct frames_model *model, uint32_t start, uint32_t count)
{
	uint32_t taken = 0;

	for (uint32_t frame = start; frame < start + count; frame++)
		taken += model->taken[frame];
	return taken;
}

uint32_t frames_model_used_of(const struct frames_model *model, uint32_t bank)
{
	return taken_in(model, bank * model->per_bank, model->per_bank);
}

static uint32_t banks_on(const struct frames_model *model)
{
	uint32_t on = 0;

	for (uint32_t bank = 0; bank < model->banks; bank++)
		on += model->on[bank];
	return on;
}

/* ---- which bank to empty --------------------------------------------------------------------- */

/* The banks with a frame taken, the emptiest first and the lowest of equals. */
static uint32_t in_order(const struct frames_model *model, uint32_t *order)
{
	uint32_t count = 0;

	for (uint32_t used = 1; used <= model->per_bank; used++)
		for (uint32_t bank = 0; bank < model->banks; bank++)
			if (frames_model_used_of(model, bank) == used)
				order[count++] = bank;
	return count;
}

static bool one_bank_less_would_do(const struct frames_model *model)
{
	return model->switched && banks_on(model) &&
	       taken_in(model, 0, total(model)) <= (banks_on(model) - 1) * model->per_bank;
}

static void check_emptiest(const struct frames_model *model)
{
	uint32_t order[FRAMES_MOST_BANKS];
	uint32_t count = one_bank_less_would_do(model) ? in_order(model, order) : 0;
	uint32_t bank = QUIRE_NOWHERE;

	for (uint32_t i = 0; i < count; i++) {
		bank = quire_frames_emptiest(&model->frames, bank);
		assert_int_equal(bank, order[i]);
	}
	assert_int_equal(quire_frames_emptiest(&model->frames, bank), QUIRE_NOWHERE);
}

/* ---- comparing ------------------------------------------------------------------------------- */

void frames_model_check(struct frames_model *model)
{
	assert_sound(quire_frames_check(&model->frames));
	test_storage_check(&model->storage);
	for (uint32_t bank = 0; bank < model->banks; bank++) {
		uint32_t used = frames_model_used_of(model, bank);

		assert_true(model->on[bank] || !used);
		assert_true(!model->on[bank] || used || model->refused || !model->switched);
		assert_int_equal(quire_frames_used_of(&model->frames, bank), used);
	}
	for (uint32_t frame = 0; frame < total(model); frame++)
		assert_int_equal(quire_frames_is_taken(&model->frames, frame), model->taken[frame]);
	assert_false(quire_frames_is_taken(&model->frames, total(model)));
	assert_int_equal(quire_frames_total(&model->frames), total(model));
	assert_int_equal(quire_frames_free(&model->frames),
			 total(model) - taken_in(model, 0, total(model)));
	assert_int_equal(quire_frames_banks_on(&model->frames), banks_on(model));
	assert_true(quire_frames_banks_on_peak(&model->frames) >= banks_on(model));
	check_emptiest(model);
}

void frames_model_close(struct frames_model *model)
{
	frames_model_check(model);
	test_storage_fini(&model->storage);
}

/* ---- where a run must come from -------------------------------------------------------------- */

/* What the header's rules say about the free run [start, start + length), as one number: the more
 * the better. A run that suffices, in the fullest bank, the lowest such, of fitting length, lowest;
 * or the longest, in the fullest bank, lowest. */
static uint64_t merit(const struct frames_model *model, uint32_t start, uint32_t length,
		      uint32_t want)
{
	uint32_t bank = start / model->per_bank;
	uint64_t fit = 100 - length;
	uint64_t fullness = (uint64_t)frames_model_used_of(model, bank) * FRAMES_MOST_BANKS +
			    FRAMES_MOST_BANKS - 1 - bank;
	uint64_t place = length >= want ? 1000000 + fullness * 100 + fit : length * 1000 + fullness;

	return place * FRAMES_MOST + FRAMES_MOST - 1 - start;
}

static uint32_t run_length(const struct frames_model *model, uint32_t start)
{
	uint32_t length = 0;
	uint32_t past = (start / model->per_bank + 1) * model->per_bank;

	while (start + length < past && !model->taken[start + length])
		length++;
	return length;
}

/* Of the banks that are on, but for one. */
static struct quire_frame_run expected_in_power(const struct frames_model *model, uint32_t but,
						uint32_t want)
{
	struct quire_frame_run best = { 0, 0 };
	uint64_t best_merit = 0;
	uint32_t length;

	for (uint32_t start = 0; start < total(model); start += length ? length : 1) {
		uint32_t bank = start / model->per_bank;

		length = run_length(model, start);
		if (length && model->on[bank] && bank != but &&
		    merit(model, start, length, want) > best_merit) {
			best_merit = merit(model, start, length, want);
			best.start = start;
			best.count = length < want ? length : want;
		}
	}
	return best;
}

static struct quire_frame_run expected_run(const struct frames_model *model, uint32_t want)
{
	struct quire_frame_run best = expected_in_power(model, QUIRE_NOWHERE, want);

	for (uint32_t bank = 0; bank < model->banks && !best.count; bank++) {
		if (!model->on[bank] && !model->stuck[bank]) {
			best.start = bank * model->per_bank;
			best.count = want < model->per_bank ? want : model->per_bank;
		}
	}
	return best;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static void mark(struct frames_model *model, uint32_t start, uint32_t count, bool taken)
{
	memset(&model->taken[start], taken, count);
}

/* The answer to a search: what was expected, or the reason why there is none. */
static struct quire_frame_run judge(struct frames_model *model, struct quire_frame_run expected,
				    int32_t status, struct quire_frame_run run, int32_t reason)
{
	if (!expected.count) {
		assert_status(status, reason);
		return expected;
	}
	assert_ok(status);
	assert_int_equal(run.start, expected.start);
	assert_int_equal(run.count, expected.count);
	mark(model, run.start, run.count, true);
	return run;
}

struct quire_frame_run frames_model_take(struct frames_model *model, uint32_t want)
{
	bool full = taken_in(model, 0, total(model)) == total(model);
	struct quire_frame_run expected = expected_run(model, want), run = { 0, 0 };
	int32_t status = quire_frames_take(&model->frames, want, &run);

	if (!want)
		expected.count = 0;
	return judge(model, expected, status, run,
		     !want  ? QUIRE_EINVAL
		     : full ? QUIRE_ENOPHYS
			    : QUIRE_EDRIVER);
}

struct quire_frame_run frames_model_take_outside(struct frames_model *model, uint32_t bank,
						 uint32_t want)
{
	struct quire_frame_run expected = expected_in_power(model, bank, want), run = { 0, 0 };
	int32_t status = quire_frames_take_outside(&model->frames, bank, want, &run);

	if (!want)
		expected.count = 0;
	return judge(model, expected, status, run, want ? QUIRE_ENOPHYS : QUIRE_EINVAL);
}

static bool is_inside(const struct frames_model *model, uint32_t start, uint32_t count)
{
	return count && start < total(model) && count <= total(model) - start;
}

static bool switch_is_stuck(const struct frames_model *model, uint32_t start, uint32_t count)
{
	bool stuck = false;

	for (uint32_t frame = start; frame < start + count; frame++)
		stuck |= !model->on[frame / model->per_bank] &&
			 model->stuck[frame / model->per_bank];
	return stuck;
}

int32_t frames_model_take_at(struct frames_model *model, uint32_t start, uint32_t count)
{
	int32_t expected = QUIRE_OK;

	if (!is_inside(model, start, count))
		expected = QUIRE_EINVAL;
	else if (taken_in(model, start, count))
		expected = QUIRE_EBUSY;
	else if (switch_is_stuck(model, start, count))
		expected = QUIRE_EDRIVER;
	assert_status(quire_frames_take_at(&model->frames, start, count), expected);
	if (!expected)
		mark(model, start, count, true);
	return expected;
}

int32_t frames_model_give(struct frames_model *model, uint32_t start, uint32_t count)
{
	int32_t expected = QUIRE_OK;

	if (!is_inside(model, start, count))
		expected = QUIRE_EINVAL;
	else if (taken_in(model, start, count) < count)
		expected = QUIRE_EFREE;
	assert_status(quire_frames_give(&model->frames, start, count), expected);
	if (!expected)
		mark(model, start, count, false);
	return expected;
}
