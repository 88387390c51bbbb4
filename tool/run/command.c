/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * quire run: reads the card and the board, lets each set-up go through the schedule, prints.
 */
#include "run/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "setup/host.h"
#include "trace/trace.h"

/* ---- input ------------------------------------------------------------------------------------ */

static void set_image(struct run *run)
{
	struct board *board = &run->board;
	size_t page = board->page_bytes;

	if (!run->options.has_image)
		return;
	board->image_bytes = (run->options.image_bytes + page - 1) / page * page;
	if (board->image_bytes + board->system_heap_bytes + page <= board->sram_bytes)
		return;
	fprintf(stderr,
		"quire run: --image: %zu KiB and the system heap of %zu KiB leave nothing of the "
		"%zu KiB of board %s\n",
		board->image_bytes / 1024, board->system_heap_bytes / 1024,
		board->sram_bytes / 1024, board->name);
	exit(COMMAND_BAD_INPUT);
}

static void load_board(struct run *run)
{
	struct board_error error;

	if (board_load(run->options.board, &run->board, &error) != 0 ||
	    board_table_load(run->options.table, &run->table, &error) != 0) {
		board_error_print(stderr, &error);
		exit(COMMAND_BAD_INPUT);
	}
	set_image(run);
}

static void load_topology(struct run *run)
{
	struct topology_error error;

	if (topology_load(run->options.files, run->options.file_count, &run->topology, &error)) {
		topology_error_print(stderr, &error);
		exit(COMMAND_BAD_INPUT);
	}
	if (run->topology->stream_count == 0) {
		fprintf(stderr, "%s: there is no stream in it that could be started\n",
			run->options.files[0]);
		exit(COMMAND_BAD_INPUT);
	}
}

static bool has_stream(const struct topology *topology, const struct life_choice *choice)
{
	for (size_t i = 0; i < topology->stream_count; i++)
		if (life_choice_is_for(choice, &topology->streams[i]))
			return true;
	return false;
}

static void check_choices(const struct run *run)
{
	for (size_t i = 0; i < run->options.choice_count; i++) {
		const struct life_choice *choice = &run->options.choices[i];

		if (has_stream(run->topology, choice))
			continue;
		fprintf(stderr, "quire run: no PCM of this card is called or numbered '%s'\n",
			choice->pcm);
		exit(COMMAND_BAD_INPUT);
	}
}

/* ---- all of them ------------------------------------------------------------------------------ */

static void look_ahead(struct run *run)
{
	struct life_options options = run_life_options(run, SETUP_ELASTIC, run->regions);
	struct performer nobody = { NULL };
	struct life *life = life_new(run->topology, &options, &nobody);

	if (!life || life_demand(run->topology, &options, &run->demand) != 0)
		run_out_of_memory();
	run->taken = host_alloc(run->topology->stream_count, sizeof(*run->taken));
	for (size_t i = 0; i < run->topology->stream_count; i++)
		life_format_taken(life, i, &run->taken[i]);
	life_free(life);
}

static void describe_schedule(const struct run *run, struct trace *trace)
{
	const struct schedule_options *schedule = &run->options.schedule;

	trace_line(trace, "schedule");
	trace_word(trace, "kind", schedule_name(schedule->kind));
	if (schedule->kind == SCHEDULE_CHURN) {
		trace_number(trace, "streams", schedule->streams);
		trace_number(trace, "cycles", schedule->cycles);
		trace_number(trace, "seed", schedule->seed);
	}
	trace_word(trace, "regions", life_regions_name(run->regions));
	trace_end(trace);
}

static struct trace *open_trace(const struct run *run)
{
	struct trace *trace;

	if (!run->options.trace)
		return NULL;
	trace = trace_open(run->options.trace);
	if (!trace) {
		fprintf(stderr, "quire run: %s: %s\n", run->options.trace, strerror(errno));
		exit(COMMAND_BAD_INPUT);
	}
	describe_schedule(run, trace);
	return trace;
}

static bool close_trace(const struct run *run, struct trace *trace)
{
	int error = trace ? trace_close(trace) : 0;

	if (error)
		fprintf(stderr, "quire run: %s: %s: the trace is not complete\n",
			run->options.trace, strerror(error));
	return error == 0;
}

/* Today's firmware has regions for data processing or none; a classic heap knows nothing of them. */
static enum life_regions regions_of(const struct run *run, enum setup_kind kind)
{
	switch (kind) {
	case SETUP_TABLE:
		return run->board.dp_regions ? LIFE_REGIONS_DP : LIFE_REGIONS_NONE;
	case SETUP_CLASSIC:
		return LIFE_REGIONS_NONE;
	default:
		return run->regions;
	}
}

static void go(const struct run *run, struct column *column, struct progress *progress,
	       struct trace *trace)
{
	struct setup_error error;

	if (column_run(run, column, progress, trace, &error))
		return;
	progress_end(progress);
	fprintf(stderr, "quire run: %s\n", error.what);
	exit(COMMAND_BAD_INPUT);
}

static void run_setups(struct run *run, struct progress *progress, struct trace *trace)
{
	for (unsigned int kind = 0; kind < SETUP_KIND_COUNT; kind++) {
		struct column *column = &run->columns[kind];

		column->kind = (enum setup_kind)kind;
		column->regions = regions_of(run, column->kind);
		go(run, column, progress, kind == SETUP_ELASTIC ? trace : NULL);
		if (!run->options.fast && !run->options.quiet)
			column->smallest_pages = column_smallest(run, column, progress);
	}
}

static void run_regions(struct run *run, struct progress *progress)
{
	for (unsigned int i = 0; i < LIFE_REGIONS_COUNT; i++) {
		run->by_regions[i].kind = SETUP_ELASTIC;
		run->by_regions[i].regions = (enum life_regions)i;
		go(run, &run->by_regions[i], progress, NULL);
	}
}

/* @return false if the trace could not be written */
static bool run_all(struct run *run)
{
	struct trace *trace = open_trace(run);
	struct progress progress;

	progress_begin(&progress, !run->options.quiet);
	run_setups(run, &progress, trace);
	if (run->has_by_regions)
		run_regions(run, &progress);
	progress_end(&progress);
	return close_trace(run, trace);
}

static void choose_regions(struct run *run)
{
	run->regions = run->board.dp_regions ? LIFE_REGIONS_DP : LIFE_REGIONS_NONE;
	if (run->options.which_regions == RUN_REGIONS_ONE)
		run->regions = run->options.regions;
	run->has_by_regions = run->options.which_regions == RUN_REGIONS_ALL;
}

static void print(const struct run *run)
{
	if (run->options.json) {
		if (json_print(run) != 0)
			run_out_of_memory();
		return;
	}
	if (!run->options.quiet) {
		report_print(run);
		refusals_print(run);
		compare_print(run);
	}
	verdict_print(run);
}

static void run_fini(struct run *run)
{
	for (size_t i = 0; i < SETUP_KIND_COUNT; i++)
		figures_fini(&run->columns[i].figures);
	for (size_t i = 0; i < LIFE_REGIONS_COUNT; i++)
		figures_fini(&run->by_regions[i].figures);
	life_demand_free(&run->demand);
	free(run->taken);
	topology_free(run->topology);
	run_options_free(&run->options);
}

int command_run(int argc, char **argv)
{
	struct run run = { 0 };
	int status;

	run_options_parse(&run.options, argc, argv);
	load_board(&run);
	load_topology(&run);
	check_choices(&run);
	choose_regions(&run);
	look_ahead(&run);
	status = run_all(&run) ? COMMAND_OK : COMMAND_BAD_INPUT;
	print(&run);
	if (status == COMMAND_OK && !run_fits(&run))
		status = COMMAND_DOES_NOT_FIT;
	run_fini(&run);
	return status;
}
