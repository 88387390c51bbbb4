/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs of all calls of frames.h, with switches that stick, against a byte per frame
 * (support/frames_model.h). */
#include "input.h"

#include "support/frames_model.h"

#define MOST_STEPS 300

static const uint32_t bank_sizes[] = { 1, 2, 3, 5, 8, 31, 32, 33, 63, 64, 65 };

/* Anywhere, a little beyond the end included. */
static uint32_t some_frame(struct input *input, const struct frames_model *model)
{
	return input_below(input, model->banks * model->per_bank + 2);
}

static uint32_t some_count(struct input *input, const struct frames_model *model)
{
	uint32_t choice = input_byte(input);

	return choice < 160 ? choice % 6 : (choice - 160) % (2 * model->per_bank + 2);
}

/* A frame that is taken, at or after some frame. */
static uint32_t some_taken(struct input *input, const struct frames_model *model)
{
	uint32_t frame = some_frame(input, model);

	while (frame < model->banks * model->per_bank && !model->taken[frame])
		frame++;
	return frame;
}

static void empty_a_bank(struct frames_model *model)
{
	uint32_t bank = quire_frames_emptiest(&model->frames, QUIRE_NOWHERE);

	if (bank == QUIRE_NOWHERE)
		return;
	for (uint32_t frame = bank * model->per_bank; frame < (bank + 1) * model->per_bank;
	     frame++) {
		if (!model->taken[frame])
			continue;
		assert_int_equal(frames_model_take_outside(model, bank, 1).count, 1);
		assert_ok(frames_model_give(model, frame, 1));
	}
	assert_true(!model->on[bank] || model->stuck[bank]);
}

static void step(struct input *input, struct frames_model *model)
{
	uint32_t place;

	switch (input_below(input, 9)) {
	case 0:
	case 1:
		frames_model_take(model, some_count(input, model));
		break;
	case 2:
		place = input_below(input, model->banks + 1);
		frames_model_take_outside(model, place, some_count(input, model));
		break;
	case 3:
		place = some_frame(input, model);
		frames_model_take_at(model, place, some_count(input, model));
		break;
	case 4:
		place = some_frame(input, model);
		frames_model_give(model, place, some_count(input, model));
		break;
	case 5:
	case 6:
		place = some_taken(input, model);
		frames_model_give(model, place, 1 + input_below(input, 4));
		break;
	case 7:
		empty_a_bank(model);
		break;
	default:
		place = input_below(input, model->banks);
		model->stuck[place] ^= model->switched;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frames_model model;
	struct input input = { data, data + size };
	uint32_t banks = input_between(&input, 1, FRAMES_MOST_BANKS);
	uint32_t per_bank = input_pick(&input, bank_sizes);

	frames_model_open(&model, banks, per_bank, input_byte(&input) % 8);
	for (int steps = 0; steps < MOST_STEPS && !input_is_over(&input); steps++) {
		step(&input, &model);
		frames_model_check(&model);
	}
	frames_model_close(&model);
	return 0;
}
