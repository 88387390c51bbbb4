/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs of all calls of extent.h, against the array of owners of support/extent_model.h. */
#include "input.h"

#include "support/extent_model.h"

#define MOST_STEPS 250

static const uint32_t windows[] = { 1,  2,   7,   10,  31,  32,  33,  40,  63,  64,  65,
				    66, 100, 127, 128, 129, 150, 190, 193, 257, 300, 600 };

/* Short, or around a word, or what is left. */
static uint32_t some_count(struct input *input, const struct extent_model *model)
{
	uint32_t choice = input_byte(input);

	if (choice < 140)
		return choice % 10;
	if (choice < 230)
		return choice - 140 + 30;
	return choice < 250 ? (choice - 230) * 16 : model->units - (choice - 250);
}

static struct quire_extent_wish some_wish(struct input *input, const struct extent_model *model)
{
	static const uint32_t aligns[] = { 0, 1, 1, 1, 2, 4, 8, 16, 64, 256, 3 };
	struct quire_extent_wish wish = { .min = some_count(input, model) };
	uint32_t how = input_byte(input);

	wish.preferred = wish.min;
	if (how & 1)
		wish.preferred += some_count(input, model);
	if (how & 2)
		wish.step = input_below(input, 20);
	if (how & 4)
		wish.align = input_pick(input, aligns);
	if (how & 8)
		wish.phase = input_byte(input);
	return wish;
}

static uint32_t some_unit(struct input *input, const struct extent_model *model)
{
	return input_below(input, model->units + 1);
}

/* A live run at or after some unit. */
static uint32_t some_start(struct input *input, const struct extent_model *model)
{
	uint32_t unit = some_unit(input, model);

	while (unit < model->units && !extent_model_starts_live(model, unit))
		unit++;
	return unit;
}

/* What is sure to be had, and not one unit more. */
static void take_the_largest(struct extent_model *model)
{
	uint32_t largest = quire_extents_largest(&model->set);
	struct quire_extent_wish wish = { .min = largest, .preferred = largest };

	if (largest)
		assert_int_not_equal(extent_model_take(model, wish), QUIRE_NOWHERE);
	assert_false(quire_extents_largest(&model->set) > largest);
}

static void take_short(struct input *input, struct extent_model *model)
{
	uint32_t count = some_count(input, model);

	extent_model_take(model, (struct quire_extent_wish){ .min = count, .preferred = count });
}

static void step(struct input *input, struct extent_model *model)
{
	struct quire_extent_wish wish;
	uint32_t start;

	switch (input_below(input, 9)) {
	case 0:
		extent_model_take(model, some_wish(input, model));
		break;
	case 1:
		wish = some_wish(input, model);
		extent_model_take_low(model, wish, some_unit(input, model));
		break;
	case 2:
		start = some_unit(input, model);
		extent_model_take_at(model, start, some_count(input, model));
		break;
	case 3:
		start = some_start(input, model);
		extent_model_resize(model, start, some_count(input, model));
		break;
	case 4:
		start = some_start(input, model);
		extent_model_resize(model, start, extent_model_room(model, start));
		break;
	case 5:
		extent_model_free(model, some_unit(input, model));
		break;
	case 6:
		take_the_largest(model);
		break;
	case 7:
		take_short(input, model);
		break;
	default:
		extent_model_free(model, some_start(input, model));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	struct extent_model model;
	enum quire_extents_precision precision =
		input_byte(&input) % 2 ? QUIRE_EXACT : QUIRE_COMPACT;

	extent_model_open(&model, input_pick(&input, windows), precision);
	for (uint32_t steps = 0; steps < MOST_STEPS && !input_is_over(&input); steps++) {
		step(&input, &model);
		extent_model_check_runs(&model);
		extent_model_check_unit(&model, steps * 7 % model.units);
	}
	extent_model_check(&model);
	extent_model_close(&model);
	return 0;
}
