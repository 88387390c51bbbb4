/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small windows exhaustively: every state that a set of up to ten units can reach, times every
 * operation with every argument, against the model of support/extent_model.h; a refusal where a run
 * fits fails there. Windows around one and two words of bits the same with the lengths around words,
 * where the records change their form; and the whole window for every number of units.
 *
 * A state is the layout of its live runs. There are F(2n + 1) of n units, F the numbers of Fibonacci:
 * of layouts in which no two free runs are neighbours, those that end in a live run and those that end
 * in a free one grow by that law. So the number of states says whether all were reached.
 */
#include <stdlib.h>
#include <string.h>

#include "support/extent_model.h"
#include "support/worlds.h"

static const enum quire_extents_precision precisions[] = { QUIRE_COMPACT, QUIRE_EXACT };

enum kind { TAKE, TAKE_LOW, TAKE_AT, RESIZE, FREE };

struct operation {
	enum kind kind;
	uint32_t start;
	uint32_t count;
	struct quire_extent_wish wish;
};

struct small {
	struct extent_model model;
	struct worlds worlds;
	struct operation *operation;
	size_t operations, room;
	uint32_t
		most_runs; /* not 0: runs are named by their number, and there are no more than this */
};

/* ---- operations ------------------------------------------------------------------------------ */

static void add(struct small *small, struct operation operation)
{
	if (small->operations == small->room) {
		small->room = small->room ? 2 * small->room : 256;
		small->operation =
			realloc(small->operation, small->room * sizeof(*small->operation));
		assert_non_null(small->operation);
	}
	small->operation[small->operations++] = operation;
}

static void add_fixed(struct small *small, uint32_t count)
{
	for (uint32_t align = 1; align <= 8 && align / 2 < small->model.units; align *= 2)
		for (uint32_t phase = 0; phase < align; phase++) {
			struct operation operation = {
				TAKE, 0, count, { count, count, 0, align, phase }
			};

			add(small, operation);
			operation.kind = TAKE_LOW;
			add(small, operation);
		}
}

static void add_ranges(struct small *small, uint32_t min, bool aligned)
{
	for (uint32_t preferred = min + 1; preferred <= small->model.units + 1; preferred++)
		for (uint32_t step = 1; step <= 3; step++)
			for (uint32_t align = 1; align <= (aligned ? 4 : 1); align *= 2)
				for (uint32_t phase = 0; phase < align; phase++)
					add(small, (struct operation){ TAKE,
								       0,
								       0,
								       { min, preferred, step,
									 align, phase } });
}

static void add_everything(struct small *small)
{
	uint32_t units = small->model.units;

	for (uint32_t count = 0; count <= units + 1; count++) {
		add_fixed(small, count);
		if (count)
			add_ranges(small, count, units <= 7);
	}
	for (uint32_t start = 0; start <= units; start++) {
		for (uint32_t count = 0; count <= units + 1; count++) {
			add(small, (struct operation){ TAKE_AT, start, count, { 0 } });
			add(small, (struct operation){ RESIZE, start, count, { 0 } });
		}
		add(small, (struct operation){ FREE, start, 0, { 0 } });
	}
}

/* ---- states ---------------------------------------------------------------------------------- */

/* Where the run of this number starts; past the window if there are not so many. */
static uint32_t start_of_run(const struct extent_model *model, uint32_t number)
{
	for (uint32_t unit = 0; unit < model->units; unit++)
		if (extent_model_starts_live(model, unit) && number-- == 0)
			return unit;
	return model->units;
}

static void act(void *context, size_t number)
{
	struct small *small = context;
	struct extent_model *model = &small->model;
	struct operation operation = small->operation[number];
	bool of_a_run = operation.kind == RESIZE || operation.kind == FREE;

	if (small->most_runs && of_a_run)
		operation.start = start_of_run(model, operation.start);
	if (small->most_runs && !of_a_run && quire_extents_live(&model->set) == small->most_runs)
		return;
	if (operation.kind == TAKE)
		extent_model_take(model, operation.wish);
	else if (operation.kind == TAKE_LOW)
		extent_model_take_low(model, operation.wish, 0);
	else if (operation.kind == TAKE_AT)
		extent_model_take_at(model, operation.start, operation.count);
	else if (operation.kind == RESIZE)
		extent_model_resize(model, operation.start, operation.count);
	else
		extent_model_free(model, operation.start);
	if (!worlds_unchanged(&small->worlds))
		extent_model_check(model);
}

/* A bit for each unit at which something begins, and whether that is live. */
static size_t name(void *context, unsigned char *name)
{
	const struct extent_model *model = &((struct small *)context)->model;
	size_t bytes = (2 * (size_t)model->units + 7) / 8;

	memset(name, 0, bytes);
	for (uint32_t unit = 0; unit < model->units; unit++) {
		unsigned bits = extent_model_starts_live(model, unit) +
				2u * extent_model_is_free(model, unit);

		name[unit / 4] |= (unsigned char)(bits << unit % 4 * 2);
	}
	return bytes;
}

static void open_small(struct small *small, uint32_t units, enum quire_extents_precision precision)
{
	memset(small, 0, sizeof(*small));
	extent_model_open(&small->model, units, precision);
	worlds_add(&small->worlds, &small->model.set, sizeof(small->model.set));
	worlds_add(&small->worlds, small->model.storage.memory, small->model.storage.bytes);
	worlds_add(&small->worlds, small->model.owner, units * sizeof(*small->model.owner));
}

static void explore(struct small *small)
{
	small->worlds.context = small;
	small->worlds.act = act;
	small->worlds.name = name;
	small->worlds.operations = small->operations;
	worlds_explore(&small->worlds);
	print_message("# %u units: %zu states, %zu operations\n", small->model.units,
		      small->worlds.states, small->worlds.steps);
	extent_model_close(&small->model);
	free(small->operation);
}

/* ---- up to ten units ------------------------------------------------------------------------- */

static size_t fibonacci(uint32_t n)
{
	size_t last = 0, number = 1;

	while (n-- > 1) {
		size_t next = last + number;

		last = number;
		number = next;
	}
	return number;
}

static void explore_windows(uint32_t least, uint32_t most, enum quire_extents_precision precision)
{
	for (uint32_t units = least; units <= most; units++) {
		struct small small;

		open_small(&small, units, precision);
		add_everything(&small);
		explore(&small);
		assert_int_equal(small.worlds.states, fibonacci(2 * units + 1));
	}
}

static void every_state_of_up_to_nine_units_times_every_operation(void **state)
{
	(void)state;
	for (size_t p = 0; p < TEST_COUNT(precisions); p++)
		explore_windows(1, 9, precisions[p]);
}

/* Up to a word there is no difference between the two but the name; one is enough here. */
static void every_state_of_ten_units_times_every_operation(void **state)
{
	(void)state;
	explore_windows(10, 10, QUIRE_EXACT);
}

/* ---- around words ---------------------------------------------------------------------------- */

/* Lengths and places; no place is beyond the window. */
static const uint32_t edges[] = { 1, 63, 64, 65, 127, 128, 129 };

/* Runs of this length: anywhere, aligned to a word, in steps of one, and at each place. */
static void add_edges(struct small *small, uint32_t count)
{
	struct quire_extent_wish wish = { count, count, 0, 1, 0 };

	add(small, (struct operation){ TAKE, 0, 0, wish });
	add(small, (struct operation){ TAKE_LOW, 0, 0, wish });
	wish.align = 64;
	add(small, (struct operation){ TAKE, 0, 0, wish });
	wish = (struct quire_extent_wish){ count, count + 129, count, 1, 0 };
	add(small, (struct operation){ TAKE, 0, 0, wish });
	for (size_t i = 0; i < TEST_COUNT(edges); i++)
		if (edges[i] < small->model.units)
			add(small, (struct operation){ TAKE_AT, edges[i], count, { 0 } });
	for (uint32_t run = 0; run <= small->most_runs; run++)
		add(small, (struct operation){ RESIZE, run, count, { 0 } });
}

/* Windows and lengths on either side of one word and two; the whole window is among them. */
static void explore_around_words(uint32_t units, enum quire_extents_precision precision,
				 size_t states)
{
	struct small small;

	open_small(&small, units, precision);
	small.most_runs = 2;
	for (size_t i = 0; i < TEST_COUNT(edges); i++)
		add_edges(&small, edges[i]);
	add_edges(&small, units);
	for (uint32_t run = 0; run <= small.most_runs; run++)
		add(&small, (struct operation){ FREE, run, 0, { 0 } });
	explore(&small);
	assert_int_equal(small.worlds.states, states);
}

static void every_state_of_two_runs_around_words_times_every_operation(void **state)
{
	static const struct {
		uint32_t units;
		size_t states[2]; /* which of equal runs is taken is a matter of words */
	} windows[] = {
		{ 63, { 642, 335 } },    { 64, { 773, 773 } },    { 65, { 910, 489 } },
		{ 127, { 4881, 4881 } }, { 128, { 5726, 5726 } }, { 129, { 6475, 6475 } },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(windows); i++)
		for (size_t p = 0; p < TEST_COUNT(precisions); p++)
			explore_around_words(windows[i].units, precisions[p],
					     windows[i].states[sizeof(quire_word) == 8]);
}

/* ---- the whole window ------------------------------------------------------------------------ */

static void the_whole_window_is_one_run_for_every_number_of_units(void **state)
{
	size_t windows = 0;

	(void)state;
	for (size_t p = 0; p < TEST_COUNT(precisions); p++) {
		for (uint32_t units = 1; units <= 1100; units++, windows++) {
			struct extent_model model;

			extent_model_open(&model, units, precisions[p]);
			for (uint32_t unit = 0; unit < units; unit += 2)
				extent_model_take_at(&model, unit, 1);
			for (uint32_t unit = 0; unit < units; unit += 2)
				extent_model_free(&model, unit);
			extent_model_check(&model);
			assert_int_equal(extent_model_take(&model,
							   (struct quire_extent_wish){ units, units,
										       0, 0, 0 }),
					 0);
			extent_model_check(&model);
			extent_model_close(&model);
		}
	}
	assert_int_equal(windows, 2200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_of_up_to_nine_units_times_every_operation),
		cmocka_unit_test(every_state_of_ten_units_times_every_operation),
		cmocka_unit_test(every_state_of_two_runs_around_words_times_every_operation),
		cmocka_unit_test(the_whole_window_is_one_run_for_every_number_of_units),
	};

	return cmocka_run_group_tests_name("extent worlds", tests, NULL, NULL);
}
