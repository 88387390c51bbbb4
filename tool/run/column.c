/* SPDX-License-Identifier: BSD-3-Clause */
/* One set-up goes through the schedule. */
#include "setup/follow.h"

#include "run/run.h"

struct life_options run_life_options(const struct run *run, enum setup_kind kind,
				     enum life_regions regions)
{
	struct life_options options = life_options_for(&run->board, regions);

	options.format = run->options.format;
	options.choices = run->options.choices;
	options.choice_count = run->options.choice_count;
	options.dma_on_system_heap = kind == SETUP_TABLE && run->options.dma_on_system_heap;
	return options;
}

/* What the schedule calls back with. */
struct listener {
	struct progress *progress;
	const char *what;
};

static void on_progress(void *context, size_t done, size_t total)
{
	const struct listener *listener = context;

	progress_show(listener->progress, listener->what, done, total);
}

bool column_run(const struct run *run, struct column *column, struct progress *progress,
		struct trace *trace, struct setup_error *error)
{
	struct life_options life_options = run_life_options(run, column->kind, column->regions);
	struct listener listener = { .progress = progress, .what = setup_name(column->kind) };
	struct schedule_options schedule = run->options.schedule;
	struct setup_options options = {
		.kind = column->kind,
		.board = &run->board,
		.topology = run->topology,
		.table = &run->table,
		.spanning = run->options.spanning,
		.evacuate = run->options.evacuate,
		.is_trial = column->is_trial,
		.trace = trace,
	};
	struct followed followed;

	schedule.progress = on_progress;
	schedule.context = &listener;
	if (!follow_schedule(&options, &life_options, &schedule, &followed, error))
		return false;
	column->guaranteed_pages = followed.guaranteed_pages;
	column->schedule = followed.schedule;
	column->figures = followed.figures;
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
