/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One set-up goes through the schedule: the model's life asks, the set-up performs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "run/rehearsal.h"
#include "run/run.h"

struct life_options run_life_options(const struct run *run, enum setup_kind kind,
				     enum life_regions regions)
{
	struct life_options options = LIFE_OPTIONS_DEFAULT;

	options.format = run->options.format;
	options.choices = run->options.choices;
	options.choice_count = run->options.choice_count;
	options.regions = regions;
	options.dma_on_system_heap = kind == SETUP_TABLE && run->options.dma_on_system_heap;
	options.page_bytes = run->board.page_bytes;
	options.dma_address_align = run->board.dma_address_align;
	options.dma_size_align = run->board.dma_size_align;
	return options;
}

/* What the schedule calls back with. */
struct listener {
	struct setup *setup;
	struct progress *progress;
	const char *what;
};

static void on_progress(void *context, size_t done, size_t total)
{
	struct listener *listener = context;

	setup_at_step(listener->setup, done);
	progress_show(listener->progress, listener->what, done, total);
}

static void on_settled(void *context)
{
	struct listener *listener = context;

	setup_settled(listener->setup);
}

static void follow_schedule(const struct run *run, struct column *column,
			    const struct life_options *life_options, struct listener *listener)
{
	struct schedule_options options = run->options.schedule;
	struct life *life = life_new(run->topology, life_options, setup_performer(listener->setup));

	options.progress = on_progress;
	options.settled = on_settled;
	options.context = listener;
	if (!life || schedule_run(life, &options, &column->schedule) != 0)
		run_out_of_memory();
	life_free(life);
}

static void size_budgets(const struct run *run, struct column *column,
			 const struct life_options *life_options, struct setup_options *options)
{
	struct rehearsal rehearsal;

	if (rehearse_schedule(run->topology, life_options, &run->options.schedule,
			      run->board.page_bytes, &rehearsal) != 0)
		run_out_of_memory();
	options->needed_pages = rehearsal.needed_pages;
	options->deep_pages = rehearsal.deep_pages;
	options->region_pages = rehearsal.region_pages;
	column->guaranteed_pages = rehearsal.needed_pages + rehearsal.deep_pages;
}

bool column_run(const struct run *run, struct column *column, struct progress *progress,
		struct trace *trace, struct setup_error *error)
{
	struct life_options life_options = run_life_options(run, column->kind, column->regions);
	struct listener listener = { .progress = progress, .what = setup_name(column->kind) };
	struct setup_options options = {
		.kind = column->kind,
		.board = &run->board,
		.topology = run->topology,
		.table = &run->table,
		.spanning = run->options.spanning,
		.is_trial = column->is_trial,
		.trace = trace,
	};

	if (column->kind == SETUP_ELASTIC)
		size_budgets(run, column, &life_options, &options);
	listener.setup = setup_open(&options, error);
	if (!listener.setup)
		return false;
	follow_schedule(run, column, &life_options, &listener);
	column->figures = setup_close(listener.setup);
	return true;
}

/* ---- the least memory ------------------------------------------------------------------------- */

/* The same run on a board whose image leaves only so many pages. */
static bool fits_into(const struct run *run, const struct column *column, size_t pages,
		      struct progress *progress)
{
	struct run smaller = *run;
	struct column trial = { .kind = column->kind,
				.regions = column->regions,
				.is_trial = true };
	struct setup_error error;
	bool fits;

	smaller.board.image_bytes = run->board.sram_bytes - pages * run->board.page_bytes;
	if (!column_run(&smaller, &trial, progress, NULL, &error))
		return false;
	fits = figures_fit(&trial.figures);
	figures_fini(&trial.figures);
	return fits;
}

size_t column_smallest(const struct run *run, const struct column *column,
		       struct progress *progress)
{
	size_t too_small = 0, enough = run_memory_pages(run);

	if (!figures_fit(&column->figures))
		return 0;
	while (enough - too_small > 1) {
		size_t pages = too_small + (enough - too_small) / 2;

		if (fits_into(run, column, pages, progress))
			enough = pages;
		else
			too_small = pages;
	}
	return enough;
}
