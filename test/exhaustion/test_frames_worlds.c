/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small pools exhaustively: every set of frames that can be taken, with every switch on, off or stuck,
 * times every operation with every argument, against the model of support/frames_model.h.
 *
 * Where no switch sticks a bank is on exactly while a frame of it is taken, so n frames have 2^n states.
 * A bank whose switch may stick has two more for each of its sets of frames but the empty one, which has
 * four: on or off, stuck or not.
 */
#include <string.h>

#include "support/frames_model.h"
#include "support/worlds.h"

enum kind { TAKE, TAKE_OUTSIDE, TAKE_AT, GIVE, STICK };

struct operation {
	enum kind kind;
	uint32_t where;
	uint32_t count;
};

struct small {
	struct frames_model model;
	struct worlds worlds;
	struct operation operation[1024];
};

static void add(struct small *small, enum kind kind, uint32_t where, uint32_t count)
{
	assert_true(small->worlds.operations < TEST_COUNT(small->operation));
	small->operation[small->worlds.operations++] = (struct operation){ kind, where, count };
}

static void add_everything(struct small *small, bool may_stick)
{
	const struct frames_model *model = &small->model;
	uint32_t frames = model->banks * model->per_bank;

	for (uint32_t want = 0; want <= model->per_bank + 1; want++) {
		add(small, TAKE, 0, want);
		for (uint32_t bank = 0; bank <= model->banks; bank++)
			add(small, TAKE_OUTSIDE, bank, want);
	}
	for (uint32_t start = 0; start <= frames; start++) {
		for (uint32_t count = 0; count <= frames + 1 - start; count++) {
			add(small, TAKE_AT, start, count);
			add(small, GIVE, start, count);
		}
	}
	for (uint32_t bank = 0; may_stick && bank < model->banks; bank++)
		add(small, STICK, bank, 0);
}

static void act(void *context, size_t number)
{
	struct small *small = context;
	struct frames_model *model = &small->model;
	struct operation operation = small->operation[number];

	if (operation.kind == TAKE)
		frames_model_take(model, operation.count);
	else if (operation.kind == TAKE_OUTSIDE)
		frames_model_take_outside(model, operation.where, operation.count);
	else if (operation.kind == TAKE_AT)
		frames_model_take_at(model, operation.where, operation.count);
	else if (operation.kind == GIVE)
		frames_model_give(model, operation.where, operation.count);
	else
		model->stuck[operation.where] ^= true;
	if (!worlds_unchanged(&small->worlds))
		frames_model_check(model);
}

static size_t name(void *context, unsigned char *name)
{
	const struct frames_model *model = &((struct small *)context)->model;
	size_t frames = model->banks * model->per_bank;

	for (size_t frame = 0; frame < frames; frame++)
		name[frame] = model->taken[frame];
	for (size_t bank = 0; bank < model->banks; bank++)
		name[frames + bank] = (unsigned char)(model->on[bank] + 2 * model->stuck[bank]);
	return frames + model->banks;
}

static size_t explore(uint32_t banks, uint32_t per_bank, bool switched, bool may_stick)
{
	static struct small small;
	struct frames_model *model = &small.model;

	memset(&small, 0, sizeof(small));
	small.worlds.context = &small;
	small.worlds.act = act;
	small.worlds.name = name;
	frames_model_open(model, banks, per_bank, switched);
	add_everything(&small, may_stick);
	worlds_add(&small.worlds, &model->frames, sizeof(model->frames));
	worlds_add(&small.worlds, model->storage.memory, model->storage.bytes);
	worlds_add(&small.worlds, model->taken, sizeof(model->taken));
	worlds_add(&small.worlds, model->on, sizeof(model->on));
	worlds_add(&small.worlds, model->stuck, sizeof(model->stuck));
	worlds_add(&small.worlds, &model->refused, sizeof(model->refused));
	worlds_explore(&small.worlds);
	frames_model_close(model);
	print_message("# %u banks of %u: %zu states, %zu operations\n", banks, per_bank,
		      small.worlds.states, small.worlds.steps);
	return small.worlds.states;
}

static void every_set_of_up_to_ten_frames_times_every_operation(void **state)
{
	static const uint32_t shapes[][2] = { { 1, 1 }, { 1, 7 }, { 1, 10 }, { 2, 2 }, { 2, 3 },
					      { 2, 5 }, { 3, 1 }, { 3, 2 },  { 3, 3 }, { 5, 2 } };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(shapes); i++) {
		size_t states = (size_t)1 << shapes[i][0] * shapes[i][1];

		assert_int_equal(explore(shapes[i][0], shapes[i][1], true, false), states);
		assert_int_equal(explore(shapes[i][0], shapes[i][1], false, false), states);
	}
}

static void every_state_of_switches_that_stick_times_every_operation(void **state)
{
	static const uint32_t shapes[][2] = { { 1, 4 }, { 2, 1 }, { 2, 3 }, { 3, 1 }, { 3, 2 } };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(shapes); i++) {
		size_t of_a_bank = 2 * (((size_t)1 << shapes[i][1]) - 1) + 4;
		size_t states = 1;

		for (uint32_t bank = 0; bank < shapes[i][0]; bank++)
			states *= of_a_bank;
		assert_int_equal(explore(shapes[i][0], shapes[i][1], true, true), states);
	}
}

/* Banks on either side of a word and two. */
static void every_run_of_a_bank_around_a_word_can_be_taken_and_given(void **state)
{
	static const uint32_t sizes[] = { 31, 32, 33, 63, 64, 65 };
	static struct frames_model model;
	size_t runs = 0;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
		frames_model_open(&model, 2, sizes[i], true);
		for (uint32_t start = 0; start < 2 * sizes[i]; start++) {
			for (uint32_t count = 1; count <= 2 * sizes[i] - start; count++, runs++) {
				assert_ok(frames_model_take_at(&model, start, count));
				frames_model_check(&model);
				assert_ok(frames_model_give(&model, start, count));
			}
		}
		for (uint32_t want = 1; want <= sizes[i] + 1; want++) {
			struct quire_frame_run run = frames_model_take(&model, want);

			assert_int_equal(run.count, want < sizes[i] ? want : sizes[i]);
			assert_ok(frames_model_give(&model, run.start, run.count));
			frames_model_check(&model);
		}
		frames_model_close(&model);
	}
	assert_int_equal(runs, 31 * 63 + 32 * 65 + 33 * 67 + 63 * 127 + 64 * 129 + 65 * 131);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_set_of_up_to_ten_frames_times_every_operation),
		cmocka_unit_test(every_state_of_switches_that_stick_times_every_operation),
		cmocka_unit_test(every_run_of_a_bank_around_a_word_can_be_taken_and_given),
	};

	return cmocka_run_group_tests_name("frames worlds", tests, NULL, NULL);
}
